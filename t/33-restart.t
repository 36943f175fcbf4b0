#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# Sessions live in the store: the phone does not notice what happens to httpd
# between two of its messages, and a lost answer or a killed child costs it a
# repeated message at most.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Faults qw(kill_children lock_store unlock_store);
use Test::Httpd;
use Test::Proxy;
use Test::Samples qw(sample server_count);
use Test::SyncEvo;
use Test::SyncML::Phone;
use Time::HiRes qw(sleep);

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

# ---- the things that happen -------------------------------------------------

my %HAPPENS = (
    graceful => sub { $_[0]->graceful },
    'kill -9 of the children' => \&kill_children,
    'stop and start' => sub { $_[0]->restart },
    # The message is passed on and waits for the store: killed in the middle.
    'kill -9 in the middle' => sub {
        my ($h, $proxy) = @_;
        my $lock = lock_store($h, 60);
        $proxy->go;
        sleep 0.3;
        kill_children($h);
        unlock_store($h, $lock);
    },
);

# A session with enough items for many messages, held at some of them.
sub session {
    my ($what, $items, $rules, @events) = @_;
    my $h = Test::Httpd->syncml(push => 0,
                                in_location => 'SyncMLMaxMsgSize 12000');
    my $other = Test::SyncML::Phone->new(url => $h->url('/syncml'));
    $other->put(contacts => sample(contacts => "Server$_", note => 'n' x 800))
        for 1 .. $items;
    ok $other->sync(201, 'contacts')->{ok}, "$what: $items from another device";

    my $proxy = Test::Proxy->new(port => $h->port, rules => $rules);
    my $dev = Test::SyncEvo->new(url => $proxy->url('/syncml'),
        max_msg => 12000, stores => ['addressbook'], id => 'device-restart',
        props => ['RetryInterval=1', 'RetryDuration=30']);
    $dev->put(addressbook => sample(addressbook => "Client$_",
                                    note => 'n' x 800)) for 1 .. $items;
    my $run = $dev->start_sync('slow');
    for my $event (@events) {
        my ($n, $name) = @$event;
        $proxy->wait_for($n);
        ok eval { $HAPPENS{$name}->($h, $proxy); 1 },
            "$what: $name at message $n" or diag $@;
        $proxy->go unless $name =~ /middle/;
    }
    my $r = $run->wait;
    ok $r->ok, "$what: the session ends well" or diag $r->why;
    is $r->mode('addressbook'), 'slow', "$what: in one sync";
    is $r->errors('addressbook'), 0, "$what: without errors";
    is scalar(keys %{ $dev->items('addressbook') }), 2 * $items,
        "$what: the client has all, once";
    is server_count($h, 'alice', 'contacts'), 2 * $items,
        "$what: the server has all, once";
    my $next = $dev->sync('two-way');
    ok $next->ok, "$what: the next sync" or diag $next->why;
    is $next->mode('addressbook') . ' ' . $next->counts('addressbook'),
        'two-way local 0/0/0 remote 0/0/0', "$what: is not slow, moves nothing";
    is scalar(grep { $_->{answer} =~ /^HTTP\/1\.\d (?!200|100)/ }
              $proxy->exchanges), 0, "$what: no HTTP error on the way";
    is join("\n", $other->problems), '', "$what: answers are right";
    $proxy->stop;
    return;
}

# Requests 1 and 2 log in, 3 and the next bring the client's items, later ones
# fetch the server's.
session('between messages', 60,
    { map { $_ => 'hold' } 2, 4, 8, 10 },
    [ 2, 'graceful' ], [ 4, 'kill -9 of the children' ],
    [ 8, 'kill -9 of the children' ], [ 10, 'graceful' ]);

session('whole httpd', 40, { 3 => 'hold', 7 => 'hold' },
    [ 3, 'stop and start' ], [ 7, 'stop and start' ]);

# The message has been handled, or not, or half: the client cannot know, and
# sends it again (but not its very first, there this client gives up).
session('lost answers', 60,
    { map { $_ => 'drop-reply' } 2, 4, 7, 11, 14, 16 });

session('killed at work', 60,
    { map({ $_ => 'hold' } 2, 4, 8), map { $_ => 'during' } 6, 11 },
    map { [ $_ => $_ == 6 || $_ == 11 ? 'kill -9 of the children'
                                      : 'kill -9 in the middle' ] }
    2, 4, 6, 8, 11);

# ---- graceful while a request is handled ------------------------------------

{
    my $h = Test::Httpd->syncml(push => 0);
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'),
                                     per_message => 5);
    $p->put(contacts => sample(contacts => "Item$_")) for 1 .. 30;
    my $gracefuls = 0;
    my $r = $p->sync({ between => sub { $h->signal('USR1'); $gracefuls++ } },
                     201, 'contacts');
    ok $r->{ok}, "a session of $gracefuls gracefuls" or diag $r->{why};
    is server_count($h, 'alice', 'contacts'), 30, '... brings its items';
    is join("\n", $p->problems), '', '... and its answers are right';
}

done_testing;
