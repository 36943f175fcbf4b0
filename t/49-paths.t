#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The real client with paths: a window of dates, an address book of the
# account's own, and calendar and tasks as one database, which it knows as its
# virtual backend.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX qw(strftime);
use Test::More;
use Test::Httpd;
use Test::Samples qw(sample server_items server_put);
use Test::SyncEvo;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my $h = Test::Httpd->syncml(push => 0);

sub event {
    my ($name, $days) = @_;
    my $at = strftime '%Y%m%dT100000Z', gmtime(time + $days * 86400);
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
        . "BEGIN:VEVENT\r\nUID:$name\r\nDTSTART:$at\r\nDTEND:$at\r\n"
        . "SUMMARY:$name\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

sub names {
    my ($items) = @_;
    return join ' ', sort map { /^(?:SUMMARY|FN):(\S+)/m ? $1 : '?' }
        values %$items;
}

sub syncs {
    my ($dev, $mode, $store, $what) = @_;
    my $r = $dev->sync($mode, stores => [$store]);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok $r->ok, $what or diag $r->why;
    return $r;
}

subtest 'a window of dates' => sub {
    my $dev = Test::SyncEvo->new(url => $h->url('/syncml'), id => 'window',
        stores => ['calendar'],
        uri => { calendar => './Calendar/dr(-30,90)' });
    server_put($h, 'alice', 'calendar', event($_->[0], $_->[1]))
        for [ 'Past', -60 ], [ 'Now', 1 ], [ 'Future', 200 ];
    syncs($dev, 'slow', 'calendar', 'first sync');
    is names($dev->items('calendar')), 'Now', 'only what lies inside';
    $dev->put(calendar => event('Mine', 2));
    $dev->put(calendar => event('Old', -100));
    my $r = syncs($dev, 'two-way', 'calendar', 'a change on each side');
    is names(server_items($h, 'alice', 'calendar')),
        'Future Mine Now Old Past', 'what the client has is taken';
    syncs($dev, 'two-way', 'calendar', 'the next sync');
    is names($dev->items('calendar')), 'Mine Now',
        '... and goes from it where it lies outside';
    is names(server_items($h, 'alice', 'calendar')),
        'Future Mine Now Old Past', '... but not from the server';
    syncs($dev, 'slow', 'calendar', 'a slow sync');
    is names(server_items($h, 'alice', 'calendar')),
        'Future Mine Now Old Past', '... deletes and doubles nothing';
    $dev->configure(uri => { calendar => 'calendar' });
    syncs($dev, 'two-way', 'calendar', 'without the window');
    is names($dev->items('calendar')), 'Future Mine Now Old Past',
        'all is there';
};

subtest 'an address book of its own' => sub {
    my $dev = Test::SyncEvo->new(url => $h->url('/syncml'), id => 'own',
        stores => ['addressbook'],
        uri => { addressbook => 'contacts/Private' });
    $dev->put(addressbook => sample(addressbook => 'Secret'));
    ok !$dev->sync('slow')->ok, 'not before it is made';
    $h->expect_log(qr{account alice has no contacts/Private; `syncmlctl }
        . qr{datastore add --account alice contacts/Private' makes it});
    is +($h->ctl(qw(datastore add --account alice contacts/private)))[0], 0,
        'made';
    syncs($dev, 'slow', 'addressbook', 'synchronised');
    is scalar(keys %{ server_items($h, 'alice', 'contacts/private') }), 1,
        'it is in the right one';
    is scalar(keys %{ server_items($h, 'alice', 'contacts') }), 0,
        '... alone';
};

subtest 'calendar and tasks as one' => sub {
    my $both = 'calendar+todo';
    is +($h->ctl(\"secret\n", qw(account add bob)))[0], 0, 'an account';
    my $dev = Test::SyncEvo->new(url => $h->url('/syncml'), id => 'both',
        user => 'bob', stores => [qw(calendar todo)]);
    $dev->{props} = [ 'calendar+todo/backend=virtual',
        'calendar+todo/database=calendar,todo',
        'calendar+todo/sync=two-way' ];
    $dev->configure(stores => [ qw(calendar todo), $both ],
        database_format => { $both => 'text/calendar' },
        wire => { $both => 'text/calendar' });
    server_put($h, 'bob', 'calendar', sample(calendar => 'Lunch'));
    server_put($h, 'bob', 'tasks', sample(todo => 'Shop'));
    $dev->put(calendar => sample(calendar => 'Tea'));
    $dev->put(todo => sample(todo => 'Clean'));
    syncs($dev, 'slow', $both, 'a slow sync');
    is_deeply [ map { scalar keys %$_ } $dev->items('calendar'),
            $dev->items('todo'), server_items($h, 'bob', 'calendar'),
            server_items($h, 'bob', 'tasks') ],
        [ 2, 2, 2, 2 ], 'each item where it belongs, on both sides';
    my ($tea) = $dev->find(calendar => qr/Tea/);
    $dev->edit(calendar => $tea, sub { s/Tea/Coffee/g });
    $dev->delete(todo => $dev->find(todo => qr/Shop/));
    my $r = syncs($dev, 'two-way', $both, 'changes of both kinds');
    is scalar(grep { /Coffee/ }
            values %{ server_items($h, 'bob', 'calendar') }), 1, 'an edit';
    is scalar(keys %{ server_items($h, 'bob', 'tasks') }), 1, 'a delete';
};

$h->stop;
done_testing;
