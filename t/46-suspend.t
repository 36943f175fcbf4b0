#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The real client is interrupted (SIGINT) at each message of a sync: it sends
# Alert 224 with its next one, and Alert 225 in its next sync, which goes on
# where this one stopped.  Nothing is lost, doubled or slow.  And: a server
# that has next to no time for an answer comes to the same result.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Proxy;
use Test::Samples qw(sample server_count);
use Test::SyncEvo;
use Test::SyncML::Phone;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my $ITEMS = 20;
my %SIZE = (max_msg => 8000, note => 'n' x 600);

# Both sides in step, then new items on both.
sub story {
    my ($at) = @_;
    my $h = Test::Httpd->syncml(push => 0, 
                                in_location => 'SyncMLMaxMsgSize 8000');
    my $other = Test::SyncML::Phone->new(url => $h->url('/syncml'));
    my $dev = Test::SyncEvo->new(url => $h->url('/syncml'),
        max_msg => $SIZE{max_msg}, stores => ['addressbook'],
        id => "device-suspend-$at");
    $dev->put(addressbook => sample(addressbook => 'First1'));
    ok $dev->sync('slow')->ok, "message $at: in step";
    $other->put(contacts => sample(contacts => "Server$_",
                                   note => $SIZE{note})) for 1 .. $ITEMS;
    $other->put(contacts => sample(contacts => 'ServerLarge',
                                   note => 'l' x 20000));
    ok $other->sync(201, 'contacts')->{ok}, "message $at: items from another";
    $dev->put(addressbook => sample(addressbook => "Client$_",
                                    note => $SIZE{note})) for 1 .. $ITEMS;
    $dev->put(addressbook => sample(addressbook => 'ClientLarge',
                                    note => 'l' x 20000));
    return ($h, $dev);
}

# @return 0: the sync was through before that message
sub suspended {
    my ($h, $dev, $at) = @_;
    my $proxy = Test::Proxy->new(port => $h->port, rules => { $at => 'hold' });
    $dev->configure(url => $proxy->url('/syncml'));
    my $run = $dev->start_sync('two-way');
    my $there = $proxy->wait_for($at, $run);
    if ($there) {
        kill INT => $run->{pid};
        $proxy->go;
    }
    my $r = $run->wait;
    $proxy->stop;
    $dev->configure(url => $h->url('/syncml'));
    return $there && !$r->ok;
}

my ($at, $on, $resumed) = (2, 1, 0);
for ($at = 2; $on && $at < 30; $at += 3) {
    my ($h, $dev) = story($at);
    $on = suspended($h, $dev, $at);
    my $r = $dev->sync('two-way');
    ok $r->ok, "message $at: the next sync" or diag $r->why;
    is $r->mode('addressbook'), 'two-way', "message $at: it is not slow";
    my $all = 2 * $ITEMS + 3;
    is scalar(keys %{ $dev->items('addressbook') }), $all,
        "message $at: the client has all, once";
    is server_count($h, 'alice', 'contacts'), $all,
        "message $at: the server has all, once";
    # This client tells once more what it had not told before it stopped.
    ok $dev->sync('two-way')->ok, "message $at: the one after";
    is server_count($h, 'alice', 'contacts'), $all,
        "message $at: ... doubles nothing";
    my $next = $dev->sync('two-way');
    is $next->mode('addressbook') . ' ' . $next->counts('addressbook'),
        'two-way local 0/0/0 remote 0/0/0', "message $at: then nothing moves";
    $resumed += $h->log =~ /resumes the two-way sync/;
}
cmp_ok $at, '>', 8, "interrupted at messages up to $at";
cmp_ok $resumed, '>', 0, "... and $resumed of them resumed";

# ---- next to no time for an answer --------------------------------------------

{
    my $h = Test::Httpd->syncml(push => 0, 
        in_location => "SyncMLAnswerWithin 1ms");
    my $other = Test::SyncML::Phone->new(url => $h->url('/syncml'));
    $other->put(contacts => sample(contacts => "Server$_")) for 1 .. 60;
    ok $other->sync(201, 'contacts')->{ok}, 'a budget of 1 ms: one device';
    my $dev = Test::SyncEvo->new(url => $h->url('/syncml'),
        stores => ['addressbook'], id => 'device-short');
    $dev->put(addressbook => sample(addressbook => "Client$_")) for 1 .. 60;
    my $r = $dev->sync('slow');
    ok $r->ok, '... the real client' or diag $r->why;
    is scalar(keys %{ $dev->items('addressbook') }), 120,
        '... has all, once';
    is server_count($h, 'alice', 'contacts'), 120, '... and so has the server';
    like $h->log, qr/goes on with its next message/,
        '... with interim answers';
    my $next = $dev->sync('two-way');
    is $next->mode('addressbook') . ' ' . $next->counts('addressbook'),
        'two-way local 0/0/0 remote 0/0/0', '... and is in step';
}

done_testing;
