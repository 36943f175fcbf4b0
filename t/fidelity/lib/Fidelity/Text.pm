# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Text;

# vCard 2.1 to 4.0, vCalendar 1.0, iCalendar 2.0 and SIF, read and written
# without any of the project's code.
#
# parse() gives components:
#   { name => 'VCARD', props => [...], comps => [...] }
# with properties
#   { group => 'item1' or '', name => 'TEL', params => { TYPE => [...] },
#     raw => octets of the value as they stood, text => characters, decoded
#     from its encoding and charset, escapes still in it,
#     bin => octets, where it was base64 }
# Bare parameters of 2.1 are TYPE, but for encodings.
use strict;
use warnings;
use Encode ();
use Exporter qw(import);
use MIME::Base64 ();
use MIME::QuotedPrint ();

our @EXPORT_OK = qw(parse props first_prop escape unescape split_on
    fold unqp qp_line unfold_lines sif_parse sif_write all_comps entry);

# ---- lines ----------------------------------------------------------------

# Logical lines of a text.  Where quoted-printable is announced, "=" at the
# end goes on with the next line.
sub unfold_lines {
    my ($text, $old) = @_;
    my @lines = split /\r\n|\n|\r/, $text, -1;
    my @out;
    while (@lines) {
        my $line = shift @lines;
        if ($line =~ /^[^:]*;(?:ENCODING=)?QUOTED-?PRINTABLE[;:]/i) {
            while ($line =~ s/=[ \t]*$// && @lines) {
                $line .= shift @lines;
            }
        }
        elsif ($line =~ /^[^:]*;(?:ENCODING=)?(?:BASE64|B)[;:]/i) {
            while (@lines && $lines[0] =~ /^[ \t]+\S/) {
                my $next = shift @lines;
                $next =~ s/^[ \t]+//;
                $line .= $next;
            }
        }
        # 2.1 breaks a line before white space, which stays; later versions
        # put in the break together with one blank.
        while (@lines && $lines[0] =~ /^[ \t]/
               && ($lines[0] =~ /\S/ || !$old)) {
            my $next = shift @lines;
            $next =~ s/^[ \t]// unless $old;
            $line .= $next;
        }
        push @out, $line if length $line;
    }
    return @out;
}

sub unqp {
    my ($value) = @_;
    $value =~ s/=([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $value;
}

my %charset_of = ('UTF8' => 'UTF-8', 'LATIN1' => 'ISO-8859-1');

sub decode_charset {
    my ($octets, $charset) = @_;
    $charset = $charset_of{uc $charset} // $charset;
    my $enc = Encode::find_encoding($charset) // Encode::find_encoding('UTF-8');
    return $enc->decode($octets, Encode::FB_DEFAULT());
}

my %is_encoding = map { $_ => 1 } qw(QUOTED-PRINTABLE QUOTEDPRINTABLE BASE64
    8BIT 7BIT B);

sub parse_params {
    my ($text) = @_;
    my (%params, $value);
    while ($text =~ /\G;([^;=":]+)(?:=((?:"[^"]*"|[^;"])*))?/gc) {
        my ($name, $values) = (uc $1, $2);
        if (!defined $values) {
            ($name, $values) = $is_encoding{$name} ? (ENCODING => $name)
                                                   : (TYPE => $1);
        }
        while ($values =~ /\G(?:"([^"]*)"|([^,"]*))(?:,|$)/gc) {
            $value = $1 // $2;
            $value =~ s/\^(\^|n|')/{'^' => '^', 'n' => "\n", "'" => '"'}->{$1}/ge;
            push @{ $params{$name} }, decode_charset($value, 'UTF-8');
            last if pos($values) >= length $values;
        }
        # TYPE="voice,home": the quotes hold a list (RFC 6350).
        if ($name eq 'TYPE') {
            $params{TYPE} = [ map { split /,/ } @{ $params{TYPE} } ];
        }
    }
    return \%params;
}

sub parse_line {
    my ($line, $charset) = @_;
    my ($group, $name, $params, $raw)
        = $line =~ /^(?:([\w-]+)\.)?([\w-]+)((?:;(?:"[^"]*"|[^":])*)?):(.*)$/s
        or return;
    my %p = (group => lc($group // ''), name => uc $name, raw => $raw,
             params => parse_params($params));
    my $encoding = uc(($p{params}{ENCODING} || [''])->[0]);
    my $cs = ($p{params}{CHARSET} || [$charset])->[0];
    my $octets = $raw;
    if ($encoding =~ /^QUOTED-?PRINTABLE$/) {
        $octets = unqp($octets) =~ s/\r\n/\n/gr;
        $p{qp} = 1;
    }
    elsif ($encoding =~ /^(?:B|BASE64)$/) {
        $octets =~ s/\s+//g;
        $p{bin} = MIME::Base64::decode_base64($octets);
    }
    elsif ($raw =~ /^data:[^,]*;base64,(.*)$/si) {
        $p{bin} = MIME::Base64::decode_base64($1);
    }
    $p{text} = decode_charset($octets, $cs);
    delete @{ $p{params} }{qw(ENCODING CHARSET)};
    return \%p;
}

# @return the outermost components
sub parse {
    my ($octets, %opt) = @_;
    my $old = $octets =~ /^VERSION:(?:2\.1|1\.0)\s*$/mi ? 1 : 0;
    my @stack = ({ name => '', props => [], comps => [] });
    $octets =~ s/^\xef\xbb\xbf//;
    for my $line (unfold_lines($octets, $old)) {
        my $p = parse_line($line, $opt{charset} // 'UTF-8') or next;
        if ($p->{name} eq 'BEGIN') {
            my $c = { name => uc $p->{text}, props => [], comps => [],
                      old => $old };
            $c->{name} =~ s/\s+//g;
            push @{ $stack[-1]{comps} }, $c;
            push @stack, $c;
        }
        elsif ($p->{name} eq 'END') {
            pop @stack if @stack > 1;
        }
        else {
            push @{ $stack[-1]{props} }, $p;
        }
    }
    return @{ $stack[0]{comps} };
}

sub props {
    my ($c, @names) = @_;
    my %want = map { $_ => 1 } @names;
    return grep { $want{ $_->{name} } } @{ $c->{props} };
}

sub first_prop { my ($p) = props(@_); return $p }

# All components of those names, at any depth.
sub all_comps {
    my ($names, @tops) = @_;
    my @found;
    for my $c (@tops) {
        push @found, $c if $c->{name} =~ /^(?:$names)$/;
        push @found, all_comps($names, @{ $c->{comps} });
    }
    return @found;
}

# What a device has of it: of a series not one of its occurrences, whichever is
# written first.
sub entry {
    my @e = all_comps('VEVENT|VTODO|VJOURNAL', @_);
    my ($series) = grep { !first_prop($_, 'RECURRENCE-ID') } @e;
    return $series // $e[0];
}

# ---- values ---------------------------------------------------------------

sub unescape {
    my ($text, $old) = @_;
    if ($old) {
        # The old versions know a backslash before a semicolon only.
        $old > 1 ? $text =~ s/\\([;,])/$1/g : $text =~ s/\\(;)/$1/g;
        return $text;
    }
    $text =~ s/\\(.)/$1 eq 'n' || $1 eq 'N' ? "\n" : $1/ges;
    return $text;
}

sub escape {
    my ($text, $old) = @_;
    if ($old) {
        $text =~ s/;/\\;/g;
        return $text;
    }
    $text =~ s/([\\;,])/\\$1/g;
    $text =~ s/\r\n|\n|\r/\\n/g;
    return $text;
}

# Split at a character that has no backslash before it.
sub split_on {
    my ($sep, $text) = @_;
    my @out = ('');
    while ($text =~ /\G(\\.|\Q$sep\E|[^\\\Q$sep\E]+|\\$)/gcs) {
        if ($1 eq $sep) { push @out, '' }
        else            { $out[-1] .= $1 }
    }
    return @out;
}

# ---- writing --------------------------------------------------------------

# Break octets into lines of at most $max, not inside a character.
sub fold {
    my ($line, $max) = @_;
    my @out;
    while (length $line > $max) {
        my $n = $max;
        $n-- while $n > 1 && (ord(substr $line, $n, 1) & 0xC0) == 0x80;
        push @out, substr $line, 0, $n, '';
        $line = " $line";
    }
    return join("\r\n", @out, $line) . "\r\n";
}

# A quoted-printable line with soft breaks; value in octets.
sub qp_line {
    my ($head, $octets, $end) = @_;
    my $q = MIME::QuotedPrint::encode_qp($octets, '');
    $q =~ s/([;\r\n])/sprintf '=%02X', ord $1/ge;
    my $line = $head;
    my @out;
    while ($q =~ /\G(=[0-9A-F]{2}|[^=])/g) {
        if (length($line) + length($1) > 75) {
            push @out, "$line=";
            $line = '';
        }
        $line .= $1;
    }
    return join($end // "\r\n", @out, $line) . "\r\n";
}

# ---- SIF ------------------------------------------------------------------

# One level of elements, in their order: [name, text or children].
sub sif_parse {
    my ($xml) = @_;
    $xml = decode_charset($xml, $xml =~ /encoding="([\w-]+)"/ ? $1 : 'UTF-8');
    $xml =~ s/<\?.*?\?>//gs;
    $xml =~ s/<!--.*?-->//gs;
    my @stack = ([ '', [] ]);
    my $text = '';
    while ($xml =~ m{\G(?:<(/?)([\w:.-]+)([^>]*?)(/?)>|([^<]+))}gc) {
        my ($close, $name, $empty, $chars) = ($1, $2, $4, $5);
        if (defined $chars) { $text .= $chars; next }
        if ($close) {
            my $e = pop @stack;
            $e->[1] = sif_text($text) unless @{ $e->[1] };
            $text = '';
            next;
        }
        my $e = [ $name, [] ];
        push @{ $stack[-1][1] }, $e;
        $text = '';
        if ($empty) { $e->[1] = '' }
        else        { push @stack, $e }
    }
    return $stack[0][1][0];
}

my %entity = (lt => '<', gt => '>', amp => '&', quot => '"', apos => "'");

sub sif_text {
    my ($t) = @_;
    $t =~ s/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/
        defined $1 ? chr hex $1 : defined $2 ? chr $2 : $entity{$3} \/\/ ''/gei;
    return $t;
}

sub sif_write {
    my ($e, $depth) = @_;
    my ($name, $v) = @$e;
    my $attr = $depth ? '' : '';
    if (ref $v) {
        return "<$name>" . join('', map { sif_write($_, 1) } @$v) . "</$name>";
    }
    $v =~ s/&/&amp;/g;
    $v =~ s/</&lt;/g;
    $v =~ s/>/&gt;/g;
    return length $v ? "<$name>" . Encode::encode('UTF-8', $v) . "</$name>"
                     : "<$name/>";
}

1;
