# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::SyncML::Codec;

# SyncML documents as Perl trees, to and from WBXML and XML.  Written apart
# from the server's codec, so that each checks the other; tables after the
# representation protocol's chapter on WBXML.
#
# A node is [ name, child... ]; a child is a node, a string (characters of
# UTF-8 octets: STR_I in WBXML), a reference to a string (octets: OPAQUE in
# WBXML, escaped text in XML) or { devinf => node } (a DevInf document: opaque
# WBXML of its own, or markup).  { raw => octets } goes out untouched, for
# those who want to misbehave.
#
# The decoders are strict, for they judge a server that old phones must
# understand: no LITERAL, no PI, no EXT, no second text token beside the first,
# no unknown element, nothing after the root.  They die with the reason.

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(encode decode node kids kid text path);

my @PAGE0 = qw(Add Alert Archive Atomic Chal Cmd CmdID CmdRef Copy Cred Data
    Delete Exec Final Get Item Lang LocName LocURI Map MapItem Meta MsgID
    MsgRef NoResp NoResults Put Replace RespURI Results Search Sequence
    SessionID SftDel Source SourceRef Status Sync SyncBody SyncHdr SyncML
    Target TargetRef Reserved VerDTD VerProto NumberOfChanges MoreData Field
    Filter Record FilterType SourceParent TargetParent Move Correlator);
my @PAGE1 = qw(Anchor EMI Format FreeID FreeMem Last Mark MaxMsgSize Mem
    MetInf Next NextNonce SharedMem Size Type Version MaxObjSize FieldLevel);
my @DEVINF = qw(CTCap CTType DataStore DataType DevID DevInf DevTyp
    DisplayName DSMem Ext FwV HwV Man MaxGUIDSize MaxID MaxMem Mod OEM
    ParamName PropName Rx Rx-Pref SharedMem Size SourceRef SwV SyncCap
    SyncType Tx Tx-Pref ValEnum VerCT VerDTD XNam XVal UTC
    SupportNumberOfChanges SupportLargeObjs Property PropParam MaxOccur
    NoTruncate Reserved Filter-Rx FilterCap FilterKeyword FieldLevel
    SupportHierarchicalSync);

sub _table {
    my (@names) = @_;
    my $token = 5;
    return { map { $_ => $token++ } @names };
}

my %SYNCML = ( names => [ \@PAGE0, \@PAGE1 ],
               tokens => [ _table(@PAGE0), _table(@PAGE1) ] );
my %DEVICE = ( names => [ \@DEVINF ], tokens => [ _table(@DEVINF) ] );

my %PUBLIC = (
    '1.0' => [ 0x0fd1, 0x0fd2 ],
    '1.1' => [ 0x0fd3, 0x0fd4 ],
    '1.2' => [ 0x1201, 0x1203 ],
);
my %FPI = (
    '1.0' => [ '-//SYNCML//DTD SyncML 1.0//EN', '-//SYNCML//DTD DevInf 1.0//EN' ],
    '1.1' => [ '-//SYNCML//DTD SyncML 1.1//EN', '-//SYNCML//DTD DevInf 1.1//EN' ],
    '1.2' => [ '-//SYNCML//DTD SyncML 1.2//EN', '-//SYNCML//DTD DevInf 1.2//EN' ],
);
my %DOC_OF;
for my $v (keys %PUBLIC) {
    for my $i (0, 1) {
        $DOC_OF{ $PUBLIC{$v}[$i] } = [ $v, $i ];
        $DOC_OF{ $FPI{$v}[$i] } = [ $v, $i ];
    }
}

# ---- walking trees ----------------------------------------------------------

# All child nodes, or those of a name.
sub kids {
    my ($node, $name) = @_;
    return () unless $node;
    return grep { ref eq 'ARRAY' && (!defined $name || $_->[0] eq $name) }
        @$node[1 .. $#$node];
}

sub kid { my ($node, $name) = @_; my ($first) = kids($node, $name); return $first }

# First node along names: path($item, qw(Source LocURI)).
sub path {
    my ($node, @names) = @_;
    $node = kid($node, $_) for @names;
    return $node;
}

# Octets of a node's text, undef without the node (names as for path).
sub text {
    my ($node, @names) = @_;
    $node = path($node, @names) if @names;
    return undef unless $node;
    return join '', map { ref eq 'SCALAR' ? $$_ : ref ? '' : $_ }
        @$node[1 .. $#$node];
}

# ---- encoding ---------------------------------------------------------------

# encode($node, format => 'wbxml'|'xml', version => '1.2', doc => 0 (SyncML) or
# 1 (DevInf), public => 'number' or 'string' or octets, charset => 0x6a).
sub encode {
    my ($node, %o) = @_;
    return $o{format} eq 'xml' ? _xml_document($node, %o)
                               : _wbxml_document($node, %o);
}

sub _mb {
    my ($n) = @_;
    my $octets = chr($n & 0x7f);
    $octets = chr(0x80 | $n & 0x7f) . $octets while $n >>= 7;
    return $octets;
}

sub _wbxml_document {
    my ($node, %o) = @_;
    my $doc = $o{doc} || 0;
    my $public = $o{public} || 'number';
    my $head = "\x02";
    if ($public eq 'number') {
        $head .= _mb($PUBLIC{ $o{version} }[$doc]) . _mb($o{charset} || 0x6a)
            . _mb(0);
    } elsif ($public eq 'string') {
        my $fpi = $FPI{ $o{version} }[$doc];
        $head .= "\0\0" . _mb($o{charset} || 0x6a) . _mb(length $fpi) . $fpi;
    } else {
        $head = $public;
    }
    my $state = { %o, page => 0, tables => $doc ? \%DEVICE : \%SYNCML };
    return $head . _wbxml_node($node, $state);
}

sub _wbxml_node {
    my ($node, $st) = @_;
    my ($name, @children) = @$node;
    my ($page) = grep { exists $st->{tables}{tokens}[$_]{$name} }
        0 .. $#{ $st->{tables}{tokens} };
    defined $page or die "no WBXML token for <$name>\n";
    my $out = '';
    if ($page != $st->{page}) {
        $out .= "\0" . chr $page;
        $st->{page} = $page;
    }
    my $token = $st->{tables}{tokens}[$page]{$name};
    @children = grep { defined && (ref || length) } @children;
    return $out . chr $token unless @children;
    $out .= chr($token | 0x40);
    for my $child (@children) {
        if (!ref $child) {
            $out .= "\x03$child\0";
        } elsif (ref $child eq 'SCALAR') {
            $out .= "\xc3" . _mb(length $$child) . $$child;
        } elsif (ref $child eq 'ARRAY') {
            $out .= _wbxml_node($child, $st);
        } elsif (exists $child->{raw}) {
            $out .= $child->{raw};
        } else {
            my $inner = _wbxml_document($child->{devinf}, %$st, doc => 1,
                public => $st->{public} && $st->{public} eq 'string'
                    ? 'string' : 'number');
            $out .= "\xc3" . _mb(length $inner) . $inner;
        }
    }
    return "$out\x01";
}

my %ESCAPE = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', "\r" => '&#13;');

sub _escape { my ($s) = @_; $s =~ s/([&<>\r])/$ESCAPE{$1}/g; return $s }

sub _xml_document {
    my ($node, %o) = @_;
    return qq{<?xml version="1.0" encoding="UTF-8"?>\n}
        . _xml_node($node, "SYNCML:SYNCML$o{version}", '');
}

sub _xml_node {
    my ($node, $outer, $now) = @_;
    my ($name, @children) = @$node;
    my $ns = $now eq 'syncml:devinf' ? $now
        : $name eq 'DevInf' ? 'syncml:devinf'
        : !exists $SYNCML{tokens}[0]{$name} ? 'syncml:metinf' : $outer;
    my $open = $ns eq $now ? $name : "$name xmlns='$ns'";
    @children = grep { defined && (ref || length) } @children;
    return "<$open/>" unless @children;
    my $out = "<$open>";
    for my $child (@children) {
        $out .= !ref $child ? _escape($child)
            : ref $child eq 'SCALAR' ? _escape($$child)
            : ref $child eq 'ARRAY' ? _xml_node($child, $outer, $ns)
            : exists $child->{raw} ? $child->{raw}
            : _xml_node($child->{devinf}, $outer, '');
    }
    return "$out</$name>";
}

# ---- decoding ---------------------------------------------------------------

# Returns the root node; in list context also { version, doc }.  Opaque data
# comes as a reference to a string, but DevInf inside WBXML or XML comes as
# { devinf => node }.
sub decode {
    my ($octets, $format) = @_;
    my ($node, $info) = $format eq 'xml' ? _xml_decode($octets)
                                         : _wbxml_decode($octets);
    return wantarray ? ($node, $info) : $node;
}

sub node { my ($octets, $format) = @_; return scalar decode($octets, $format) }

sub _wbxml_decode {
    my ($octets) = @_;
    my $st = { at => 0, data => $octets, page => 0 };
    my $version = _octet($st);
    $version >= 1 && $version <= 3 or die "WBXML version octet $version\n";
    my $public = _number($st);
    my $index = $public ? undef : _number($st);
    my $charset = _number($st);
    $charset == 0x6a or die sprintf "charset %d, not UTF-8\n", $charset;
    my $length = _number($st);
    $st->{table} = _take($st, $length);
    if (defined $index) {
        $index <= length $st->{table} or die "public id outside the table\n";
        ($public) = substr($st->{table}, $index) =~ /^([^\0]*)/;
    }
    my $known = $DOC_OF{$public} or die "unknown public id $public\n";
    my ($v, $doc) = @$known;
    $st->{tables} = $doc ? \%DEVICE : \%SYNCML;
    my $root = _wbxml_element($st, 0);
    $st->{at} == length $octets or die "octets after the root element\n";
    return ($root, { version => $v, doc => $doc, wbxml => $version,
                     strtbl => $length });
}

sub _octet {
    my ($st) = @_;
    $st->{at} < length $st->{data} or die "truncated at $st->{at}\n";
    return ord substr $st->{data}, $st->{at}++, 1;
}

sub _number {
    my ($st) = @_;
    my $n = 0;
    for (1 .. 5) {
        my $o = _octet($st);
        $n = $n << 7 | $o & 0x7f;
        return $n unless $o & 0x80;
    }
    die "number of more than five octets\n";
}

sub _take {
    my ($st, $length) = @_;
    $st->{at} + $length <= length $st->{data} or die "truncated data\n";
    my $data = substr $st->{data}, $st->{at}, $length;
    $st->{at} += $length;
    return $data;
}

sub _switch {
    my ($st) = @_;
    $st->{page} = _octet($st);
    $st->{tables}{names}[ $st->{page} ] or die "code page $st->{page}\n";
    return;
}

sub _wbxml_element {
    my ($st, $depth) = @_;
    my $token;
    _switch($st) while ($token = _octet($st)) == 0;
    $token & 0x80 and die "attributes\n";
    my $name = $st->{tables}{names}[ $st->{page} ][ ($token & 0x3f) - 5 ];
    ($token & 0x3f) >= 5 && defined $name && $name ne 'Reserved'
        or die sprintf "unknown token %02x on page %d\n", $token, $st->{page};
    my @node = ($name);
    return \@node unless $token & 0x40;
    my $texts = 0;
    while (1) {
        my $t = _octet($st);
        if ($t == 1) {
            last;
        } elsif ($t == 0) {
            _switch($st);
        } elsif ($t == 3) {
            my $end = index $st->{data}, "\0", $st->{at};
            $end >= 0 or die "string without end\n";
            push @node, _take($st, $end - $st->{at});
            $st->{at}++;
            $texts++;
        } elsif ($t == 0x83) {
            my ($s) = substr($st->{table}, _number($st)) =~ /^([^\0]*)/;
            push @node, $s;
            $texts++;
        } elsif ($t == 0xc3) {
            my $data = _take($st, _number($st));
            $texts++;
            push @node, _maybe_devinf($name, $data);
        } elsif ($t == 2 || $t == 4 || $t >= 0x40 && ($t & 0x3f) < 5) {
            die sprintf "token %02x is not for SyncML\n", $t;
        } else {
            $st->{at}--;
            $depth < 30 or die "too deep\n";
            push @node, _wbxml_element($st, $depth + 1);
        }
    }
    $texts <= 1 or die "<$name> has its text in $texts tokens\n";
    return \@node;
}

sub _maybe_devinf {
    my ($name, $data) = @_;
    return \$data unless $name eq 'Data' && $data =~ /^[\x01-\x03]/;
    my ($node, $info) = eval { _wbxml_decode($data) };
    return $node && $info->{doc} ? { devinf => $node } : \$data;
}

my %ENTITY = (lt => '<', gt => '>', amp => '&', quot => '"', apos => "'");

sub _unescape {
    my ($s) = @_;
    $s =~ s{&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));}
           {my $c = defined $1 ? chr $1 : defined $2 ? chr hex $2
                : $ENTITY{$3} // die "entity &$3;\n";
            utf8::encode($c) if ord $c > 127; $c}ge;
    return $s;
}

my $ATTRIBUTE = qr/(?:\s+[\w:]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))/;

sub _xml_decode {
    my ($xml) = @_;
    my $check = $xml;
    utf8::decode($check) or die "not UTF-8\n";
    my (@stack, $root, %info);
    pos($xml) = 0;
    $xml =~ /\G<\?xml\s[^?]*\?>\s*/gc or die "no XML declaration\n";
    $xml =~ /\G<!DOCTYPE\s[^>\[]*>\s*/gc;
    while (pos $xml < length $xml) {
        if ($xml =~ m{\G<([\w-]+)($ATTRIBUTE*)\s*(/?)>}gc) {
            my ($name, $attributes, $empty) = ($1, $2, $3);
            my ($ns) = $attributes =~ /\sxmlns\s*=\s*["']([^"']*)["']/;
            $ns //= @stack ? $stack[-1][1] : '';
            $root and !@stack and die "two root elements\n";
            my $node = [$name];
            _xml_check($name, $ns);
            _xml_add(\@stack, $ns, $node) if @stack;
            $root ||= $node;
            $info{version} //= $1 if $ns =~ /^syncml:syncml(1\.\d)$/i;
            push @stack, [ $node, $ns ] unless $empty;
        } elsif ($xml =~ m{\G</([\w-]+)\s*>}gc) {
            my $top = pop @stack or die "</$1> without start\n";
            $top->[0][0] eq $1 or die "</$1> ends <$top->[0][0]>\n";
        } elsif ($xml =~ /\G<!\[CDATA\[(.*?)\]\]>/gcs) {
            _xml_text($stack[-1] || die("CDATA outside the root\n"), $1);
        } elsif ($xml =~ /\G([^<]+)/gc) {
            my $t = $1;
            $t =~ /\]\]>/ and die "]]> in text\n";
            $t =~ /[\0-\x08\x0b\x0c\x0e-\x1f]/ and die "control character\n";
            $t =~ s/\r\n?/\n/g;
            if (@stack) {
                _xml_text($stack[-1], _unescape($t));
            } elsif ($t =~ /\S/) {
                die "text outside the root\n";
            }
        } else {
            die 'not well-formed at ' . pos($xml) . ': '
                . substr($xml, pos $xml, 40) . "\n";
        }
    }
    @stack and die "<$stack[-1][0][0]> does not end\n";
    $root or die "no root element\n";
    _xml_tidy($root);
    return ($root, { doc => $root->[0] eq 'DevInf' ? 1 : 0, %info });
}

sub _xml_check {
    my ($name, $ns) = @_;
    my $table = $ns =~ /^syncml:devinf$/i ? $DEVICE{tokens}[0]
        : $ns =~ /^syncml:metinf$/i ? $SYNCML{tokens}[1]
        : $ns =~ /^syncml:syncml1\.[012]$/i ? $SYNCML{tokens}[0]
        : die "namespace '$ns'\n";
    exists $table->{$name} or die "<$name> is not in $ns\n";
    return;
}

sub _xml_add {
    my ($stack, $ns, $node) = @_;
    my ($parent, $outer) = @{ $stack->[-1] };
    push @$parent, $node->[0] eq 'DevInf' && $outer !~ /devinf/i
        ? { devinf => $node } : $node;
    return;
}

# Neighbouring pieces of text are one text.
sub _xml_text {
    my ($top, $text) = @_;
    my $node = $top->[0];
    if (@$node > 1 && !ref $node->[-1]) {
        $node->[-1] .= $text;
    } else {
        push @$node, $text;
    }
    return;
}

# White space between elements is no text.
sub _xml_tidy {
    my ($node) = @_;
    if (grep { ref } @$node) {
        @$node = ($node->[0], grep { ref || /\S/ } @$node[1 .. $#$node]);
    }
    _xml_tidy(ref eq 'HASH' ? $_->{devinf} : $_) for grep { ref } @$node;
    return;
}

1;
