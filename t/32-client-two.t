#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# Two devices of one account come together; two accounts never do; and what
# the real client says to a wrong password, an unknown datastore, an item
# larger than a message.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(sample server_items server_count server_has server_names
    names_of);
use Test::SyncEvo;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my $h = Test::Httpd->syncml(push => 0,
    accounts => { alice => 'secret', bob => 'builder', carl => 'carlsson' });
my $url = $h->url('/syncml');

my ($a, $b) = map { Test::SyncEvo->new(url => $url, id => "device-$_",
    stores => [qw(addressbook calendar)], name => "srv$_") } qw(a b);
my $bob = Test::SyncEvo->new(url => $url, id => 'device-a', user => 'bob',
    password => 'builder', stores => [qw(addressbook calendar)]);

sub good {
    my ($what, $r, %counts) = @_;
    ok $r->ok, $what or diag $r->why;
    is $r->counts($_), $counts{$_}, "$what: $_ moves $counts{$_}"
        for sort keys %counts;
    return $r;
}

sub together {
    my ($what, %expected) = @_;
    for my $store (sort keys %expected) {
        is names_of($_->[1]->items($store)), $expected{$store},
            "$what: $store of $_->[0]" for [ A => $a ], [ B => $b ];
    }
    is_deeply normal($a), normal($b), "$what: both have the same texts";
    return;
}

# Texts without what each client writes in its own way.
sub normal {
    my ($device) = @_;
    my @all;
    for my $store (qw(addressbook calendar)) {
        for my $text (values %{ $device->items($store) }) {
            push @all, join ' ', sort grep {
                /^(?:FN|TEL|NOTE|SUMMARY|DTSTART)[;:]./ }
                map { s/\s+\z//r } split /\n/, $text;
        }
    }
    return [ sort @all ];
}

# ---- two devices ------------------------------------------------------------

$a->put(addressbook => sample(addressbook => 'Anna1'), 'anna');
$a->put(addressbook => sample(addressbook => 'Bert2'), 'bert');
$a->put(calendar => sample(calendar => 'Cora3'), 'cora');
good('A brings its items', $a->sync('slow'),
     addressbook => 'local 0/0/0 remote 2/0/0');
$b->put(addressbook => sample(addressbook => 'Dora4'), 'dora');
$b->put(addressbook => $a->get(addressbook => 'anna'), 'same');
good('B has one of them already', $b->sync('slow'));
good('A gets what B had', $a->sync('two-way'),
     addressbook => 'local 1/0/0 remote 0/0/0',
     calendar => 'local 0/0/0 remote 0/0/0');
together('both', addressbook => 'Anna1 Bert2 Dora4', calendar => 'Cora3');

# Edits of different items on both sides at once.
$a->edit(addressbook => 'anna', sub { s/Anna1/Anna1 of A/g });
my ($bert) = $b->find(addressbook => qr/Bert2/);
$b->edit(addressbook => $bert, sub { s/Bert2/Bert2 of B/g });
my ($cora) = $b->find(calendar => qr/Cora3/);
$b->delete(calendar => $cora);
good('A edits', $a->sync('two-way'),
     addressbook => 'local 0/0/0 remote 0/1/0');
good('B edits', $b->sync('two-way'),
     addressbook => 'local 0/1/0 remote 0/1/0',
     calendar => 'local 0/0/0 remote 0/0/1');
good('A follows', $a->sync('two-way'),
     addressbook => 'local 0/1/0 remote 0/0/0',
     calendar => 'local 0/0/1 remote 0/0/0');
together('edits', addressbook => 'Anna1 Bert2 Dora4', calendar => '');
ok scalar($b->find(addressbook => qr/Anna1 of A/)), 'edits: B has the edit of A';
ok scalar($a->find(addressbook => qr/Bert2 of B/)), 'edits: A has the edit of B';

# The same item on both sides: one text wins, on both.
my ($anna_b) = $b->find(addressbook => qr/Anna1/);
$a->edit(addressbook => 'anna', sub { s/Anna1 of A/Anna1 first/g });
$b->edit(addressbook => $anna_b, sub { s/Anna1 of A/Anna1 second/g });
good('A edits the same', $a->sync('two-way'));
good('B edits the same', $b->sync('two-way'));
good('A again', $a->sync('two-way'));
good('B again', $b->sync('two-way'));
together('conflict', addressbook => 'Anna1 Bert2 Dora4', calendar => '');
is scalar(grep { /Anna1 (?:first|second)/ } values %{ $a->items('addressbook') }),
    1, 'conflict: one of the two texts is there';

# Deleted here, edited there: nothing typed is lost, and both agree.
my ($dora_a) = $a->find(addressbook => qr/Dora4/);
$a->delete(addressbook => $dora_a);
$b->edit(addressbook => 'dora', sub { s/Dora4/Dora4 lives/g });
good('A deletes', $a->sync('two-way'));
good('B edited what A deleted', $b->sync('two-way'));
good('A after that', $a->sync('two-way'));
together('delete and edit', addressbook => 'Anna1 Bert2 Dora4',
         calendar => '');
ok scalar($a->find(addressbook => qr/Dora4 lives/)),
    'delete and edit: the edit is what both have';

good("$_->[0]: nothing to do", $_->[1]->sync('two-way'),
     addressbook => 'local 0/0/0 remote 0/0/0') for [ A => $a ], [ B => $b ];

# ---- two accounts -----------------------------------------------------------

# Bob's device even has the same id as one of Alice's, and an equal item.
$bob->put(addressbook => sample(addressbook => 'Eve5'));
$bob->put(addressbook => $a->get(addressbook => 'bert'));
my $before = server_items($h, 'alice', 'contacts');
good("Bob's first sync", $bob->sync('slow'),
     addressbook => 'local 0/0/0 remote 2/0/0',
     calendar => 'local 0/0/0 remote 0/0/0');
is_deeply server_items($h, 'alice', 'contacts'), $before,
    "Alice's contacts are as before";
is server_names($h, 'bob', 'contacts'), 'Bert2 Eve5',
    "Bob's contacts are his own";
good('Alice is where she was', $a->sync('two-way'),
     addressbook => 'local 0/0/0 remote 0/0/0');
good('Bob empties his', do { $bob->delete(addressbook =>
     keys %{ $bob->items('addressbook') }); $bob->sync('two-way') },
     addressbook => 'local 0/0/0 remote 0/0/2');
is_deeply server_items($h, 'alice', 'contacts'), $before,
    "Bob's deletes are not Alice's";
is server_count($h, 'bob', 'contacts'), 0, 'Bob has none left';

# ---- wrong password, unknown user -------------------------------------------

for my $auth (qw(md5 basic)) {
    for my $user (qw(alice mallory)) {
        my $d = Test::SyncEvo->new(url => $url, id => "thief-$auth-$user",
            user => $user, password => 'wrong', auth => $auth,
            stores => ['addressbook']);
        $d->put(addressbook => sample(addressbook => 'Mallory6'));
        my $r = $d->sync('two-way');
        is $r->exit, 1, "$user with a wrong password ($auth) fails";
        is $r->status, 401, "... with 401";
        is names_of($d->items('addressbook')), 'Mallory6', '... and gets nothing';
    }
}
is_deeply server_items($h, 'alice', 'contacts'), $before, '... and changes nothing';
$h->expect_log(qr/\b(?:alice|mallory)\b/);      # the failed logins

# ---- unknown datastore ------------------------------------------------------

{
    my $d = Test::SyncEvo->new(url => $url, id => 'astray',
        stores => [qw(addressbook memo)], uri => { memo => 'nosuchplace' });
    $d->put(memo => sample(memo => 'Lost7'));
    my $r = $d->sync('two-way');
    is $r->exit, 1, 'an unknown datastore fails';
    is $r->source('memo')->{status}, 404, '... with 404 for it';
    is names_of($d->items('memo')), 'Lost7', '... and the client keeps its items';
    $h->expect_log(qr/nosuchplace/);
}

# ---- large items ------------------------------------------------------------

for my $version (qw(1.1 1.2)) {
    my @pair = map { Test::SyncEvo->new(url => $url, id => "large-$version-$_",
        user => 'carl', password => 'carlsson', version => $version,
        stores => ['addressbook'], max_msg => 20000, max_obj => 4000000)
        } 1, 2;
    my $big = 'Lorem ipsum dolor sit amet. ' x 5000;        # 140 kB
    my $name = 'Large' . ($version =~ tr/.//dr);
    $pair[0]->put(addressbook => sample(addressbook => $name, note => $big));
    good("$version: 140 kB in pieces of 20 kB", $pair[0]->sync('slow'));
    my ($id) = server_has($h, 'carl', 'contacts', qr/$name/);
    my $text = $id ? server_items($h, 'carl', 'contacts')->{$id} : '';
    ok index($text =~ s/\r?\n[ \t]//gr, $big =~ s/ \z//r) >= 0,
        "$version: the server has it whole" or diag substr $text, 0, 300;
    my $r = good("$version: and down again", $pair[1]->sync('slow'));
    is_deeply [ grep { $_->{way} eq 'incoming' && -s $_->{file} > 20000 }
                $r->dumps ], [], "$version: in messages of 20000 octets";
    my ($got) = $pair[1]->find(addressbook => qr/FN:$name/);
    ok defined $got && index($pair[1]->get(addressbook => $got)
        =~ s/\r?\n[ \t]//gr, $big =~ s/ \z//r) >= 0,
        "$version: the other device has it whole";
}

done_testing;
