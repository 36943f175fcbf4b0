# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::SyncML::Judge;

# Says what is wrong with a server's answer: against the DTDs (content models
# of SyncML, MetInf and DevInf), the rules of the sync protocol about ids and
# references, and what old phones need beyond both (content type, length, one
# Item in each Alert, SyncType 1 to 7, ids of at most eight octets, WBXML with
# one token for each text and none that phones do not know).
#
#   my @wrong = Test::SyncML::Judge::answer($asked, $answer);
#
# $asked: { node, format, version, max_msg, number_of_changes, server (the
# first Target), sync_open, gets (reference to the number of Gets not answered
# yet) } of the request;
# $answer: { http, node, info }.  document() judges a document alone.

use strict;
use warnings;
use Test::SyncML::Codec qw(decode kids kid text path);

# Content models, as regular expressions over child names each followed by a
# blank.  Missing here: elements with text only.
my $COMMANDS = '(?:Add|Alert|Atomic|Copy|Delete|Exec|Get|Map|Move|Put|Replace'
    . '|Results|Search|Sequence|Status|Sync) ';
my $CHANGES = '(?:Add|Atomic|Copy|Delete|Move|Replace|Sequence) ';
my $EDIT = 'CmdID (?:NoResp )?(?:Cred )?(?:Meta )?(?:Item )+';
my %MODEL = (
    SyncML   => 'SyncHdr SyncBody ',
    SyncHdr  => 'VerDTD VerProto SessionID MsgID Target Source (?:RespURI )?'
              . '(?:NoResp )?(?:Cred )?(?:Meta )?',
    SyncBody => "(?:$COMMANDS)+(?:Final )?",
    Status   => 'CmdID MsgRef CmdRef Cmd (?:TargetRef )*(?:SourceRef )*'
              . '(?:Cred )?(?:Chal )?Data (?:Item )*',
    Alert    => 'CmdID (?:NoResp )?(?:Cred )?(?:Data )?(?:Correlator )?'
              . '(?:Item )*',
    Sync     => 'CmdID (?:NoResp )?(?:Cred )?(?:Target )?(?:Source )?'
              . "(?:Meta )?(?:NumberOfChanges )?(?:$CHANGES)*",
    Add      => $EDIT,
    Replace  => $EDIT,
    Delete   => 'CmdID (?:NoResp )?(?:Archive )?(?:SftDel )?(?:Cred )?'
              . '(?:Meta )?(?:Item )+',
    Get      => 'CmdID (?:NoResp )?(?:Lang )?(?:Cred )?(?:Meta )?(?:Item )+',
    Put      => 'CmdID (?:NoResp )?(?:Lang )?(?:Cred )?(?:Meta )?(?:Item )+',
    Results  => 'CmdID (?:MsgRef )?CmdRef (?:Meta )?(?:TargetRef )?'
              . '(?:SourceRef )?(?:Item )+',
    Item     => '(?:Target )?(?:Source )?(?:SourceParent )?(?:TargetParent )?'
              . '(?:Meta )?(?:Data )?(?:MoreData )?',
    Target   => 'LocURI (?:LocName )?(?:Filter )?',
    Source   => 'LocURI (?:LocName )?',
    Chal     => 'Meta ',
    # Any order (the specification's own examples differ), nothing twice.
    Meta     => '(?!.*\b(\w+) (?:.* )?\g{-1} )(?:(?:FieldLevel|Format|Type|Mark'
              . '|Size|Anchor|Version|NextNonce|MaxMsgSize|MaxObjSize|EMI'
              . '|Mem) )+',
    Anchor   => '(?:Last )?Next ',
    DevInf   => 'VerDTD (?:Man )?(?:Mod )?(?:OEM )?(?:FwV )?(?:SwV )?'
              . '(?:HwV )?DevID DevTyp (?:UTC )?(?:SupportLargeObjs )?'
              . '(?:SupportNumberOfChanges )?(?:DataStore )+(?:CTCap )?'
              . '(?:Ext )*',
    DataStore => 'SourceRef (?:DisplayName )?(?:MaxGUIDSize )?Rx-Pref '
              . '(?:Rx )*Tx-Pref (?:Tx )*(?:CTCap )*(?:DSMem )?'
              . '(?:SupportHierarchicalSync )?SyncCap (?:Filter-Rx )*'
              . '(?:FilterCap )*',
    SyncCap  => '(?:SyncType ){1,9}',
    map { $_ => 'CTType VerCT ' } qw(Rx Rx-Pref Tx Tx-Pref),
);
# In the DTDs an order; libsynthesis and the DTD of 1.2 let UTC and the two
# Support elements come in any, so these are checked as a set.
my $DEVINF_FLAGS = qr/(?:UTC |SupportLargeObjs |SupportNumberOfChanges )*/;
$MODEL{DevInf} =~ s/\(\?:UTC .*?\(\?:DataStore/$DEVINF_FLAGS(?:DataStore/;

# Elements that a version does not have.
my %NOT_IN = (
    '1.0' => { map { $_ => 1 } qw(NumberOfChanges MoreData MaxObjSize UTC
               SupportLargeObjs SupportNumberOfChanges Move Correlator Field
               Filter SourceParent TargetParent SupportHierarchicalSync
               FieldLevel) },
    '1.1' => { map { $_ => 1 } qw(Move Correlator Field Filter SourceParent
               TargetParent SupportHierarchicalSync FieldLevel) },
    '1.2' => {},
);

my %MUST_HAVE_TEXT = map { $_ => 1 } qw(VerDTD VerProto SessionID MsgID CmdID
    MsgRef CmdRef Cmd LocURI Next NextNonce MaxMsgSize MaxObjSize SyncType
    NumberOfChanges DevID DevTyp CTType VerCT TargetRef SourceRef);

sub document {
    my ($node, $version) = @_;
    my @wrong;
    _document($node, $version, $node->[0], \@wrong);
    return @wrong;
}

sub _document {
    my ($node, $version, $where, $wrong) = @_;
    my $name = $node->[0];
    my @children = @$node[1 .. $#$node];
    if (my $model = $MODEL{$name}) {
        my $names = join '', map { ref eq 'ARRAY' ? "$_->[0] " : '#text ' }
            @children;
        push @$wrong, "$where: content is [$names]"
            unless $names =~ /^(?:$model)$/;
    }
    push @$wrong, "$where is empty"
        if $MUST_HAVE_TEXT{$name} && !length(text($node) // '');
    push @$wrong, "$where is " . text($node)
        if $name eq 'SyncType' && text($node) !~ /^[1-7]$/
        || $name eq 'VerDTD' && text($node) ne $version;
    push @$wrong, "$where is not in SyncML $version"
        if $NOT_IN{$version}{$name};
    for my $child (@children) {
        $child = $child->{devinf} if ref $child eq 'HASH';
        _document($child, $version, "$where/$child->[0]", $wrong)
            if ref $child eq 'ARRAY';
    }
    return;
}

sub answer {
    my ($asked, $answer) = @_;
    my @wrong = _http($asked, $answer);
    return @wrong unless $answer->{node};
    push @wrong, document($answer->{node}, $asked->{version}),
        _header($asked, $answer), _commands($answer),
        _statuses($asked, $answer), _to_phone($asked, $answer);
    return @wrong;
}

# The octets of a WBXML document: one token for each text, none that old
# parsers do not know (LITERAL, PI, entities, string table, attributes).
# Returns what is wrong, or nothing.
sub octets {
    my ($data) = @_;
    my ($at, @open) = (1, 0);           # texts of each open element
    my $uint = sub {
        my $n = 0;
        while ($at < length $data) {
            my $c = ord substr $data, $at++, 1;
            $n = $n << 7 | $c & 0x7f;
            return $n if $c < 0x80;
        }
        return -1;
    };
    my ($id, $charset, $table) = map { $uint->() } 1 .. 3;
    return "public id $id, character set $charset, string table of $table"
        unless $id > 0 && $charset == 106 && $table == 0;
    while ($at < length $data) {
        my $token = ord substr $data, $at++, 1;
        if ($token == 0x01) {
            pop @open;
            return 'an END too many' unless @open;
        } elsif ($token == 0x00) {
            return 'an unknown page' if ord(substr $data, $at++, 1) > 2;
        } elsif ($token == 0x03 || $token == 0xc3) {
            return 'a text in more than one token' if $open[-1]++;
            if ($token == 0x03) {
                $at = 1 + index $data, "\0", $at;
                next;
            }
            my $n = $uint->();
            my $inner = substr $data, $at, $n;
            $at += $n;
            my @wrong = $inner =~ /\A[\x01-\x03].{4}/s ? octets($inner) : ();
            return @wrong if @wrong;
        } elsif ($token >= 0x80 || ($token & 0x3f) < 5) {
            return sprintf 'token %02X, which phones do not know', $token;
        } elsif ($token & 0x40) {
            push @open, 0;
        }
    }
    return @open == 1 ? () : 'an END is missing';
}

sub _http {
    my ($asked, $answer) = @_;
    my ($http, @wrong) = $answer->{http};
    my $h = $http->{headers};
    return ("HTTP $http->{status}") if $http->{status} != 200;
    my $type = "application/vnd.syncml+$asked->{format}";
    push @wrong, 'Content-Type ' . ($h->{'content-type'} // 'missing')
        unless ($h->{'content-type'} // '') eq $type;
    push @wrong, 'Content-Length ' . ($h->{'content-length'} // 'missing')
        . ' for ' . length($http->{content}) . ' octets'
        unless ($h->{'content-length'} // '') eq length $http->{content};
    push @wrong, map { "$_: $h->{$_}" } grep { exists $h->{$_} }
        qw(transfer-encoding content-encoding);
    push @wrong, 'answer of ' . length($http->{content}) . " octets, above the"
        . " client's MaxMsgSize $asked->{max_msg}"
        if $asked->{max_msg} && length $http->{content} > $asked->{max_msg};
    push @wrong, "undecodable: $answer->{error}" unless $answer->{node};
    push @wrong, octets($http->{content})
        if $asked->{format} eq 'wbxml' && $answer->{node};
    return @wrong;
}

sub _header {
    my ($asked, $answer) = @_;
    my @wrong;
    my ($q, $a) = map { kid($_->{node}, 'SyncHdr') } $asked, $answer;
    push @wrong, 'document of version ' . ($answer->{info}{version} // '?')
        unless ($answer->{info}{version} // '') eq $asked->{version};
    my $same = sub {
        my ($what, $expected, @path) = @_;
        my $got = text($a, @path) // 'missing';
        push @wrong, "$what is $got, not $expected"
            if defined $expected && $got ne $expected;
    };
    $same->('VerDTD', $asked->{version}, 'VerDTD');
    $same->('VerProto', "SyncML/$asked->{version}", 'VerProto');
    $same->('SessionID', text($q, 'SessionID'), 'SessionID');
    $same->('Target', text($q, qw(Source LocURI)), qw(Target LocURI));
    # The server is who the client says it is: under the Target of this
    # message or of the session's first (libsynthesis goes on with RespURI).
    $same->('Source', text($q, qw(Target LocURI)), qw(Source LocURI))
        unless (text($a, qw(Source LocURI)) // '') eq $asked->{server};
    # Phones go on there: the same scheme, host, port and path.
    my ($to) = (text($q, qw(Target LocURI)) // '') =~ m{^(https?://[^?]+)};
    my $resp_uri = text($a, 'RespURI');
    push @wrong, "RespURI $resp_uri"
        if $to && defined $resp_uri && index($resp_uri, $to);
    push @wrong, 'MsgID ' . (text($a, 'MsgID') // '')
        if (text($a, 'MsgID') // '') !~ /^[1-9]\d*$/;
    return @wrong;
}

sub _body { return kids(kid($_[0], 'SyncBody')) }

# All commands of a message, those inside Sync, Atomic and Sequence too.
sub commands {
    my ($node) = @_;
    return map { ($_, _nested($_)) } grep { $_->[0] ne 'Final' } _body($node);
}

sub _nested {
    my ($node) = @_;
    return () unless $node->[0] =~ /^(?:Sync|Atomic|Sequence)$/;
    return map { ($_, _nested($_)) } grep { kid($_, 'CmdID') } kids($node);
}

sub _commands {
    my ($answer) = @_;
    my (@wrong, %seen);
    for my $cmd (commands($answer->{node})) {
        my $id = text($cmd, 'CmdID') // 'missing';
        push @wrong, "$cmd->[0]: CmdID $id" if $id !~ /^[1-9]\d*$/;
        push @wrong, "CmdID $id twice" if $seen{$id}++;
    }
    return @wrong;
}

sub _statuses {
    my ($asked, $answer) = @_;
    my (@wrong, %want, %count);
    my $msg = text($asked->{node}, qw(SyncHdr MsgID));
    %want = (0 => 'SyncHdr');
    for my $cmd (commands($asked->{node})) {
        $want{ text($cmd, 'CmdID') // '' } = $cmd->[0];
    }
    my @statuses = grep { $_->[0] eq 'Status' } _body($answer->{node});
    my $first = (_body($answer->{node}))[0];
    push @wrong, 'the first command is not the Status of SyncHdr'
        unless $first && $first->[0] eq 'Status'
            && (text($first, 'CmdRef') // '') eq '0';
    # Old phones give up over Results that they did not ask for.
    my $gets = ${ $asked->{gets} || \0 };
    push @wrong, 'Results without a Get'
        if $gets < grep { $_->[0] eq 'Results' } _body($answer->{node});
    for my $s (@statuses) {
        my ($ref, $cmd, $msgref) = map { text($s, $_) // '' }
            qw(CmdRef Cmd MsgRef);
        my $code = text($s, 'Data') // '';
        push @wrong, "Status of $cmd: Data '$code'" if $code !~ /^\d{3}$/;
        # Statuses of earlier messages may follow later: only the form.
        next if $msgref ne $msg && $msgref =~ /^[1-9]\d*$/ && $msgref < $msg;
        push @wrong, "Status $ref has MsgRef '$msgref', not $msg"
            if $msgref ne $msg;
        push @wrong, "Status of $cmd $ref, but we sent "
            . ($want{$ref} // 'none') if ($want{$ref} // '') ne $cmd;
        push @wrong, "Status for a $cmd"
            if $cmd eq 'Status' || $cmd eq 'Results' && $asked->{no_results};
        push @wrong, "second Status for SyncHdr"
            if $ref eq '0' && $count{$ref}++;
    }
    return @wrong;
}

# Our DevInf, if it is in the answer, lists what is synchronised, under the
# very path that is used: Nokia's client looks for it.
sub _listed {
    my ($answer) = @_;
    my @results = grep { $_->[0] eq 'Results' } _body($answer->{node});
    my ($data) = map { path($_, qw(Item Data)) } @results;
    my ($devinf) = map { ref eq 'HASH' ? $_->{devinf} : $_ }
        grep { ref } $data ? @$data[1 .. $#$data] : ();
    return unless $devinf;
    my %listed = map { text($_, 'SourceRef') => 1 } kids($devinf, 'DataStore');
    return map { "$_ is not in the DevInf" } grep { !$listed{$_} }
        map { text($_, qw(Item Source LocURI)) }
        grep { $_->[0] eq 'Alert' && text($_, 'Data') =~ /^20\d$/ }
        _body($answer->{node});
}

# What phones need beyond the DTD.
sub _to_phone {
    my ($asked, $answer) = @_;
    my @wrong = _listed($answer);
    for my $cmd (commands($answer->{node})) {
        my $name = $cmd->[0];
        my @items = kids($cmd, 'Item');
        push @wrong, "Alert with " . @items . " Items"
            if $name eq 'Alert' && @items != 1;
        if ($name eq 'Add') {
            for (@items) {
                my $id = text($_, qw(Source LocURI)) // '';
                push @wrong, "Add with id '$id'" unless $id =~ /^\S{1,8}$/;
            }
        }
        if ($name eq 'Replace' || $name eq 'Delete') {
            push @wrong, "$name without Target" for grep {
                !length(text($_, qw(Target LocURI)) // '') } @items;
        }
        if ($name eq 'Sync' && $asked->{number_of_changes}
            && $asked->{version} ne '1.0') {
            my $open = $asked->{sync_open}{ text($cmd, qw(Target LocURI)) }++;
            push @wrong, 'Sync without NumberOfChanges'
                unless $open || kid($cmd, 'NumberOfChanges');
        }
    }
    return @wrong;
}

1;
