#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The tools of the protocol tests themselves: the own codec against libwbxml,
# the judge against answers that are wrong in one way each.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use File::Temp ();
use Test::SyncML qw(:all);
use Test::SyncML::Codec qw(encode decode kid kids text path);
use Test::SyncML::Judge;

my @ALL = map { my $v = $_; map { [ $v, $_ ] } qw(wbxml xml) } qw(1.0 1.1 1.2);

# ---- codec ---------------------------------------------------------------------

# XML does not say which texts are opaque.
sub flat {
    my ($x) = @_;
    return ref $x eq 'SCALAR' ? $$x : ref $x eq 'ARRAY' ? [ map { flat($_) } @$x ]
        : ref $x eq 'HASH' ? { map { $_ => flat($x->{$_}) } keys %$x } : $x;
}

subtest 'codec' => sub {
    my $dir = File::Temp::tempdir(CLEANUP => 1);
    my $tool = grep { -x "$_/xml2wbxml" } split /:/, $ENV{PATH};
    for my $v (qw(1.0 1.1 1.2)) {
        my $c = Test::SyncML->new(url => 'http://x/', version => $v,
                                  auth => 'basic', max_obj => 9);
        my $node = $c->message({}, $c->put_devinf,
            alert(200, 'a', 'b', '1', '2'),
            sync_cmd('a', 'b', add('1', 'text/x', "<&>\xc3\xbc"),
                     delete_cmd('2')), map_cmd('a', 'b', g => 'l'));
        my %octets = map { $_ => encode($node, format => $_, version => $v) }
            qw(wbxml xml);
        for my $f (qw(wbxml xml)) {
            my ($again, $info) = decode($octets{$f}, $f);
            is_deeply flat($again), flat($node), "$v $f there and back";
            is $info->{version}, $v, "$v $f says its version";
        }
        SKIP: {
            skip 'xml2wbxml is not installed', 1 unless $tool;
            open my $f, '>:raw', "$dir/m.xml" or die $!;
            print $f $octets{xml};
            close $f;
            system("xml2wbxml -n -k -v 1.2 -o $dir/m.wbxml $dir/m.xml "
                   . '>/dev/null 2>&1') == 0 or die "xml2wbxml: $?\n";
            open $f, '<:raw', "$dir/m.wbxml" or die $!;
            my $theirs = do { local $/; <$f> };
            ok $theirs eq $octets{wbxml},
                "$v: libwbxml makes the same octets of the XML";
        }
    }
    my %bad = (
        'two texts' => "\x02\xa4\x01\x6a\x00\x6d\x6c\x71\x03a\0\x03b\0\x01\x01\x01",
        'LITERAL' => "\x02\xa4\x01\x6a\x02x\0\x44\x00\x01",
        'octets after the root' => "\x02\xa4\x01\x6a\x00\x2dx",
        'unknown element' => "\x02\xa4\x01\x6a\x00\x6d\x3f\x01",
        'truncated' => "\x02\xa4\x01\x6a\x00\x6d\x6c",
    );
    for (sort keys %bad) {
        ok !eval { decode($bad{$_}, 'wbxml'); 1 }, "refused: $_ ($@)" =~ s/\n//r;
    }
};

# ---- judge ---------------------------------------------------------------------

# A right answer to a right message, as parts that can be spoilt.
sub exchange {
    my ($v, $f) = @_;
    my $c = Test::SyncML->new(url => 'http://x/', version => $v,
                              format => $f, id => 'phone', session => 5);
    my $node = $c->message({}, alert(200, 'contacts', './c', undef, '1'));
    my $hdr = sub {
        my ($name, $target, $source) = @_;
        return [ $name, [ VerDTD => $v ], [ VerProto => "SyncML/$v" ],
            [ SessionID => 5 ], [ MsgID => 1 ],
            [ Target => [ LocURI => $target ] ],
            [ Source => [ LocURI => $source ] ] ];
    };
    my $status = sub {
        my ($id, $ref, $cmd, $code) = @_;
        return [ Status => [ CmdID => $id ], [ MsgRef => 1 ],
            [ CmdRef => $ref ], [ Cmd => $cmd ], [ Data => $code ] ];
    };
    my $answer = [ SyncML => $hdr->('SyncHdr', 'phone', 'http://x/'),
        [ SyncBody => $status->(1, 0, 'SyncHdr', 200),
          $status->(2, 1, 'Alert', 200),
          [ Alert => [ CmdID => 3 ], [ Data => 200 ],
            [ Item => [ Target => [ LocURI => './c' ] ],
                      [ Source => [ LocURI => 'contacts' ] ] ] ],
          [ Sync => [ CmdID => 4 ], [ Target => [ LocURI => './c' ] ],
            [ Source => [ LocURI => 'contacts' ] ],
            ($v eq '1.0' ? () : [ NumberOfChanges => 1 ]),
            [ Add => [ CmdID => 5 ], [ Meta => [ Type => 'text/vcard' ] ],
              [ Item => [ Source => [ LocURI => 'g1' ] ],
                        [ Data => \'x' ] ] ] ],
          ['Final'] ] ];
    return ($c, $node, $answer);
}

# The judge's words about the answer after $spoil has had it.
sub verdict {
    my ($v, $f, $spoil, $spoil_http) = @_;
    my ($c, $node, $tree) = exchange($v, $f);
    $c->{number_of_changes} = $v ne '1.0';
    $spoil->($tree, $c) if $spoil;
    my $content = encode($tree, format => $f, version => $v);
    my $http = { status => 200, content => $content, headers => {
        'content-type' => "application/vnd.syncml+$f",
        'content-length' => length $content } };
    $spoil_http->($http) if $spoil_http;
    return join '; ', $c->take($http, $node)->judge;
}

sub body { my ($tree) = @_; return kid($tree, 'SyncBody') }
sub set { my ($node, $value) = @_; @$node = ($node->[0], $value); return }

my %tree = (
    'Status without Data' => sub { pop @{ (kids(body($_[0]), 'Status'))[1] } },
    'wrong MsgRef' => sub { set(path(body($_[0]), qw(Status MsgRef)), 2) },
    'Status for nothing' => sub { set(kid((kids(body($_[0]), 'Status'))[1],
                                          'CmdRef'), 9) },
    'Status of another command' => sub {
        set(kid((kids(body($_[0]), 'Status'))[1], 'Cmd'), 'Put') },
    'no Status of SyncHdr' => sub { splice @{ body($_[0]) }, 1, 1 },
    'CmdID twice' => sub { set(path(body($_[0]), qw(Alert CmdID)), 2) },
    'CmdID 0' => sub { set(path(body($_[0]), qw(Alert CmdID)), 0) },
    'Alert without Item' => sub { pop @{ kid(body($_[0]), 'Alert') } },
    'long id' => sub { set(path(body($_[0]), qw(Sync Add Item Source LocURI)),
                           '123456789') },
    'other SessionID' => sub { set(path($_[0], qw(SyncHdr SessionID)), 6) },
    'other Target' => sub { set(path($_[0], qw(SyncHdr Target LocURI)), 'x') },
    'other Source' => sub { set(path($_[0], qw(SyncHdr Source LocURI)), 'x') },
    'other VerProto' => sub { set(path($_[0], qw(SyncHdr VerProto)), 'x') },
    'header out of order' => sub {
        my $h = kid($_[0], 'SyncHdr'); @$h[1, 2] = @$h[2, 1] },
    'empty body' => sub { @{ body($_[0]) } = ('SyncBody') },
    'Results unasked' => sub { splice @{ body($_[0]) }, 3, 0,
        [ Results => [ CmdID => 9 ], [ MsgRef => 1 ], [ CmdRef => 1 ],
          [ Item => [ Data => 'x' ] ] ] },
    'Replace without Target' => sub {
        kid(kid(body($_[0]), 'Sync'), 'Add')->[0] = 'Replace' },
    'above MaxMsgSize' => sub { $_[1]{max_msg} = 100 },
);
my %http = (
    'HTTP 500' => sub { $_[0]{status} = 500 },
    'HTML' => sub { $_[0]{headers}{'content-type'} = 'text/html' },
    'type with parameter' => sub {
        $_[0]{headers}{'content-type'} .= '; charset=UTF-8' },
    'no length' => sub { delete $_[0]{headers}{'content-length'} },
    'chunked' => sub { $_[0]{headers}{'transfer-encoding'} = 'chunked' },
    'compressed' => sub { $_[0]{headers}{'content-encoding'} = 'gzip' },
    'undecodable' => sub { $_[0]{content} = 'x';
                           $_[0]{headers}{'content-length'} = 1 },
);

for (@ALL) {
    my ($v, $f) = @$_;
    subtest "judge, $v $f" => sub {
        is verdict($v, $f), '', 'a right answer';
        for (sort keys %tree) {
            isnt verdict($v, $f, $tree{$_}), '', "seen: $_";
        }
        for (sort keys %http) {
            isnt verdict($v, $f, undef, $http{$_}), '', "seen: $_";
        }
        isnt verdict($v, $f, sub { my $s = kid(body($_[0]), 'Sync');
            @$s = grep { !ref || $_->[0] ne 'NumberOfChanges' } @$s }),
            '', 'seen: no NumberOfChanges' if $v ne '1.0';
        isnt verdict('1.0', $f, sub { splice @{ kid(body($_[0]), 'Sync') },
            4, 0, [ NumberOfChanges => 1 ] }), '',
            'seen: NumberOfChanges in 1.0' if $v eq '1.0';
    };
}

done_testing;
