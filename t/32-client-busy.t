#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The real client meets a store that another process holds locked: from the
# first message on, in the middle of a sync, now and then while two devices
# sync at once.  It is told so (510), and after its next sync all are equal.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Faults qw(lock_store unlock_store);
use Test::Httpd;
use Test::Proxy;
use Test::Samples qw(sample server_count server_names names_of);
use Test::SyncEvo;
use Time::HiRes qw(sleep time);

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my $h = Test::Httpd->syncml(push => 0);
my $listen = Test::Proxy::listener();
my $proxy = Test::Proxy->new(port => $h->port, listen => $listen);
my ($a, $b) = map { Test::SyncEvo->new(id => "device-$_->[0]", url => $_->[1],
    stores => ['addressbook'], max_msg => 5000, name => "srv$_->[0]") }
    [ a => $proxy->url('/syncml') ], [ b => $h->url('/syncml') ];
my $all = join ' ', map {"Name$_"} 10 .. 29;

sub good {
    my ($what, $r) = @_;
    ok $r->ok, $what or diag $r->why;
    return $r;
}

sub together {
    my ($what, $names) = @_;
    is names_of($_->[1]->items('addressbook')), $names, "$what: $_->[0]"
        for [ A => $a ], [ B => $b ];
    is server_names($h, 'alice', 'contacts'), $names, "$what: the server";
    return;
}

# Edits of both sides that take several messages.
sub edits {
    my ($n) = @_;
    for my $i (10 .. 19) {
        my ($id) = $a->find(addressbook => qr/Name$i\b/);
        $a->edit(addressbook => $id, sub { s/^NOTE:.*\n//mg;
            s/^(END:VCARD)/"NOTE:A$n" . 'a' x 700 . "\r\n$1"/me });
    }
    for my $i (20 .. 29) {
        my ($id) = $b->find(addressbook => qr/Name$i\b/);
        $b->edit(addressbook => $id, sub { s/^NOTE:.*\n//mg;
            s/^(END:VCARD)/"NOTE:B$n" . 'b' x 700 . "\r\n$1"/me });
    }
    return;
}

# Have both the edits of both?
sub has_edits {
    my ($what, $n) = @_;
    for ([ A => $a ], [ B => $b ]) {
        my $texts = join '', values %{ $_->[1]->items('addressbook') };
        $texts =~ s/\r?\n[ \t]//g;
        is scalar(() = $texts =~ /^NOTE:[AB]${n}[ab]{700}/mg), 20,
            "$what: $_->[0] has the edits of both";
    }
    return;
}

$a->put(addressbook => sample(addressbook => "Name$_")) for 10 .. 29;
good('A brings its items', $a->sync('slow'));
good('B gets them', $b->sync('slow'));
together('in step', $all);

subtest 'locked from the first message on' => sub {
    edits(1);
    $h->expect_log(qr/\[syncml:\w+\].*(?:lock|busy)/i);
    my $pid = lock_store($h, 300);
    my $r = $a->sync('two-way');
    ok !$r->ok, 'the client is told that it does not go';
    cmp_ok $r->wall, '<', 60 * Test::Httpd::slow(), '... soon';
    unlock_store($h, $pid);
    good('A again', $a->sync('two-way'));
    good('B', $b->sync('two-way'));
    good('A gets what B had', $a->sync('two-way'));
    together('afterwards', $all);
    has_edits('afterwards', 1);
};

subtest 'locked in the middle' => sub {
    for my $after (2, 3) {
        my $n = 2 + $after;
        edits($n);
        $proxy->stop;
        $proxy = Test::Proxy->new(port => $h->port, listen => $listen,
            rules => { $after => 'hold' });
        my $run = $a->start_sync('two-way');
        ok $proxy->wait_for($after, $run), "message $after comes";
        my $pid = lock_store($h, 300);
        $proxy->go;
        ok !$run->wait->ok, "message $after is refused";
        unlock_store($h, $pid);
        good("message $after: A again", $a->sync('two-way'));
        good("message $after: B", $b->sync('two-way'));
        good("message $after: A gets what B had", $a->sync('two-way'));
        together("message $after", $all);
        has_edits("message $after", $n);
    }
};

subtest 'two devices and a third writer at once' => sub {
    $proxy->stop;
    $proxy = Test::Proxy->new(port => $h->port, listen => $listen);
    edits(20);
    my @runs = map { $_->start_sync('two-way') } $a, $b;
    my $n = 0;
    while (grep { !$_->over } @runs) {
        my $pid = lock_store($h, 60);
        sleep 0.4;
        unlock_store($h, $pid);
        sleep 0.05;
        last if ++$n > 200;
    }
    good('A meanwhile', $runs[0]->wait);
    good('B meanwhile', $runs[1]->wait);
    cmp_ok $n, '>', 2, "... and the store was locked $n times";
    good('A gets what B had', $a->sync('two-way'));
    good('B gets what A had', $b->sync('two-way'));
    together('afterwards', $all);
    has_edits('afterwards', 20);
    is server_count($h, 'alice', 'contacts'), 20, 'nothing is there twice';
};

done_testing;
