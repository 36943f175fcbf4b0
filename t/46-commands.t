#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The rarer commands, through httpd, in each version and encoding: Atomic,
# Copy, Move, archived and soft deletes, device quirks; and what syncmlctl
# then finds.  Each answer is judged besides (Test::SyncML::Judge).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(vcard server_items);
use Test::SyncML qw(:all);
use Test::SyncML::Codec qw(kids kid text path);
use Test::SyncML::Judge ();

my $h = Test::Httpd->syncml(push => 0);
my $url = $h->url('/syncml');

sub fine {
    my ($c, $what) = @_;
    is join("\n", $c->problems), '', "$what: answers are right";
    $c->forgive;
    return;
}

# Statuses as "Add 201 1": command, code, SourceRef.
sub said {
    my ($a) = @_;
    return [ map { join ' ', $_->{cmd}, $_->{data}, $_->{source} // () }
             grep { $_->{cmd} !~ /^(?:SyncHdr|Alert|Sync)$/ } $a->statuses ];
}

sub card { return vcard($_[0]) }

sub named {
    my ($name) = @_;
    return scalar grep { /\b\Q$name\E\b/ } 
        values %{ server_items($h, 'alice', 'contacts') };
}

# A phone with cards One (its "1") and Two ("2") in a new two-way session.
sub in_step {
    my (%o) = @_;
    my $c = Test::SyncML->new(url => $url, %o);
    $c->send($c->put_devinf, alert(205, 'contacts', './c', undef, 'a'));
    $c->send(sync_cmd('contacts', './c'));
    $c->send(status_cmd(2, undef, 200));
    $h->ctl(qw(item del --all --yes));
    $c->begin;
    $c->send(alert(203, 'contacts', './c', undef, 'b'));
    $c->send(sync_cmd('contacts', './c',
        map { add($_->[0], 'text/vcard', card($_->[1])) }
        [ 1, 'One' ], [ 2, 'Two' ]));
    $c->send(status_cmd(2, undef, 200));
    $c->begin;
    $c->send(alert(200, 'contacts', './c', 'b', 'c'));
    return $c;
}

my @ALL = map { my $v = $_; map { [ $v, $_ ] } qw(wbxml xml) } qw(1.0 1.1 1.2);

for (@ALL) {
    my ($v, $f) = @$_;
    my @as = (version => $v, format => $f);
    subtest "Atomic, $v $f" => sub {
        my $c = in_step(@as);
        fine($c, 'sessions');
        my $a = $c->send(sync_cmd('contacts', './c',
            cmd('Atomic', add(3, 'text/vcard', card('Three')),
                delete_cmd(1), add(4, 'image/jpeg', 'x'), delete_cmd(2)),
            cmd('Atomic', add(5, 'text/vcard', card('Five')), delete_cmd(2))));
        fine($c, 'changes');
        is_deeply said($a), [ 'Atomic 507', 'Add 216 3', 'Delete 216 1',
            'Add 415 4', 'Delete 215 2', 'Atomic 200', 'Add 201 5',
            'Delete 200 2' ], 'statuses';
        is_deeply [ map { named($_) } qw(One Two Three Five) ],
            [ 1, 0, 0, 1 ], 'items';
    };
    subtest "Copy and Move, $v $f" => sub {
        my $c = in_step(@as);
        my $a = $c->send(sync_cmd('contacts', './c',
            cmd('Copy', item(target => 3, source => 1)),
            cmd('Copy', item(target => 4, source => 9)),
            cmd('Move', item(source => 2))));
        fine($c, 'changes');
        is_deeply said($a), [ 'Copy 200 1', 'Copy 404 9',
            'Move ' . ($v eq '1.2' ? 200 : 501) . ' 2' ], 'statuses';
        is named('One'), 2, 'two of the one';
        is named('Two'), 1, 'one of the other';
    };
}

subtest 'archived items' => sub {
    my $c = in_step();
    my $a = $c->send(sync_cmd('contacts', './c',
        cmd('Delete', ['Archive'], item(source => 1)),
        cmd('Delete', ['SftDel'], item(source => 2))));
    fine($c, 'changes');
    is_deeply said($a), [ 'Delete 200 1', 'Delete 200 2' ], 'statuses';
    $c->send(status_cmd(2, undef, 200));
    is named('One'), 0, 'one is away';
    is named('Two'), 1, 'the soft-deleted one is there';
    my ($rc, $out) = $h->ctl(qw(item list --archived));
    is $rc, 0, 'item list --archived';
    my ($id) = $out =~ /^(\w+) +contacts .*One/m;
    ok $id, '... shows it' or return;
    unlike $out, qr/Two/, '... and no other';
    is +($h->ctl(qw(item restore), $id))[0], 0, 'item restore';
    is named('One'), 1, '... brings it back';
    # It comes to the phone as a new item; what it soft-deleted does not.
    $c->begin;
    $c->send(alert(200, 'contacts', './c', 'c', 'd'));
    $a = $c->send(sync_cmd('contacts', './c'));
    fine($c, 'next session');
    my @changes = map { @{ $_->{changes} } } $a->syncs;
    is_deeply [ map { $_->{op} } @changes ], ['Add'], '... to the phone too';
    like $changes[0]{data}, qr/One/, '... with its text';
};

subtest 'a phone that breaks over many statuses' => sub {
    my $c = in_step();
    is +($h->ctl('device', 'set', $c->{id},
                 qw(--quirk no-item-status=on)))[0], 0, 'device set --quirk';
    my $a = $c->send(sync_cmd('contacts', './c',
        add(3, 'text/vcard', card('Three')), add(4, 'text/vcard', 'none')));
    fine($c, 'changes');
    is_deeply said($a), [ 'Add 400 4' ], 'only the bad one gets its Status';
    is named('Three'), 1, 'the good one is there';
};

subtest 'a phone that wants our id too' => sub {
    my $c = in_step();
    $h->ctl('device', 'set', $c->{id}, qw(quirk send-guid=on));
    my ($id) = map { /^(\w+) .*One/m } ($h->ctl(qw(item list)))[1];
    $h->ctl(qw(item del), $id);
    my $a = $c->send(sync_cmd('contacts', './c'));
    fine($c, 'changes');
    my ($delete) = map { @{ $_->{changes} } } $a->syncs;
    is $delete->{op}, 'Delete', 'a Delete';
    is text($delete->{node}, qw(Item Target LocURI)), 1, '... of its item';
    is text($delete->{node}, qw(Item Source LocURI)), $id, '... and of ours';
};

# The judge sees octets that would break a phone.
subtest 'judge of octets' => sub {
    my $head = "\x02\xa4\x01\x6a\x00\x6d";
    my $said = sub { return join ', ', Test::SyncML::Judge::octets(@_) };
    is $said->("$head\x4f\x03abc\0\x01\x01"), '', 'a text';
    is $said->("$head\x4f\x03a\0\x03b\0\x01\x01"),
        'a text in more than one token', 'a split text';
    is $said->("$head\x4f\x03a\0\xc3\x01b\x01\x01"),
        'a text in more than one token', '... of two kinds';
    like $said->("$head\x04\x00\x01"), qr/^token 04/, 'LITERAL';
    like $said->("$head\x43\x00\x01\x01"), qr/^token 43/, 'PI';
    like $said->("\x02\x00\x00\x6a\x00\x6d\x01"), qr/^public id 0/,
        'public id by the string table';
    like $said->("$head\x4f"), qr/END is missing/, 'cut off';
    like $said->("$head\x4f\xc3\x08\x02\xa4\x03\x6a\x00\x4a\x04\x01\x01\x01"),
        qr/^token 04/, 'a document inside';
};

done_testing;
