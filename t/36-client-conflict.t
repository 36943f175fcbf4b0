#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# Two real clients change different and the same properties of one contact,
# event, task and note; slow syncs of many items again and again, also with a
# client that keeps less than it is given; a client emptied by mistake.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(sample server_items server_count server_names server_put
    server_edit server_has names_of);
use Test::SyncEvo;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my $h = Test::Httpd->syncml(push => 0, accounts => {
    map { $_ => 'secret' } qw(alice many empty) });
my @stores = qw(addressbook calendar todo memo);
my %place = %Test::Samples::DATASTORE;

sub device {
    my ($id, %o) = @_;
    return Test::SyncEvo->new(url => $h->url('/syncml'), id => $id,
        stores => \@stores, name => "srv$id", %o);
}

sub good {
    my ($what, $r) = @_;
    ok $r->ok, $what or diag $r->why;
    return $r;
}

# The only item of a store whose text matches, unfolded.
sub text {
    my ($d, $store, $re) = @_;
    my @found = grep {/$re/} map { s/\r?\n[ \t]//gr }
        values %{ $d->items($store) };
    is scalar(@found), 1, "one $store item of " . $d->id . " has $re";
    return $found[0] // '';
}

# ---- both change one item ------------------------------------------------------

my ($one, $two) = (device('one'), device('two'));
my %start = (
    addressbook => sample(addressbook => 'Anna1', tel => '+49 30 1',
                          note => 'old words'),
    calendar => sample(calendar => 'Bert2', uid => 'bert-2')
        =~ s/^(SUMMARY)/LOCATION:here\r\nDESCRIPTION:old words\r\n$1/mr,
    todo => sample(todo => 'Cora3', uid => 'cora-3')
        =~ s/^(SUMMARY)/DESCRIPTION:old words\r\n$1/mr,
    memo => "Dora4\nsecond line\nin between\nthird line",
);
my %luid = map { $_ => $one->put($_ => $start{$_}) } @stores;
good('the first has one of each', $one->sync('slow'));
good('the second gets them', $two->sync('slow'));
my %other = map { $_ => ($two->find($_ => qr/\d/))[0] } @stores;

# Each changes something else.
my %first = (
    addressbook => [ qr/old words/, 'new words' ],
    calendar => [ qr/old words/, 'new words' ],
    todo => [ qr/old words/, 'new words' ],
    memo => [ qr/second line/, 'second line of one' ],
);
my %second = (
    addressbook => [ qr/\+49 30 1\b/, '+49 30 2' ],
    calendar => [ qr/LOCATION:here/, 'LOCATION:there' ],
    todo => [ qr/PRIORITY:5/, 'PRIORITY:1' ],
    memo => [ qr/third line/, 'third line of two' ],
);

sub change {
    my ($d, $luids, $what) = @_;
    for my $store (@stores) {
        my ($from, $to) = @{ $what->{$store} };
        my $n = 0;
        $d->edit($store => $luids->{$store}, sub { $n += s/$from/$to/ });
        is $n, 1, $d->id . " changes its $store item";
    }
    return;
}

sub in_turn {
    my ($what) = @_;
    good("$what: the first", $one->sync('two-way'));
    good("$what: the second", $two->sync('two-way'));
    good("$what: the first again", $one->sync('two-way'));
    for my $d ($one, $two) {
        my $r = good("$what: " . $d->id . ' has nothing more to do',
                     $d->sync('two-way'));
        is $r->counts($_), 'local 0/0/0 remote 0/0/0',
            "$what: ... in its $_" for @stores;
        is names_of(map { $d->items($_) } @stores), 'Anna1 Bert2 Cora3 Dora4',
            "$what: one of each";
    }
    return;
}

change($one, \%luid, \%first);
change($two, \%other, \%second);
in_turn('different properties');
for my $d ($one, $two) {
    my $card = text($d, addressbook => qr/Anna1/);
    like $card, qr/new words/, '... the note of the first';
    like $card =~ s/[ -]//gr, qr/\+?49302\b/, '... the number of the second';
    unlike $card =~ s/[ -]//gr, qr/\+?49301\b/, '... not the former one';
    my $event = text($d, calendar => qr/Bert2/);
    like $event, qr/new words/, '... the description of the first';
    like $event, qr/there/, '... the place of the second';
    my $task = text($d, todo => qr/Cora3/);
    like $task, qr/new words/, '... the description of the first';
    like $task, qr/PRIORITY:1\b/, '... the priority of the second';
    my $note = text($d, memo => qr/Dora4/);
    like $note, qr/of one\b.*of two\b/s, '... the lines of both';
}
$h->wait_log(qr/conflict account=alice device=two datastore=contacts item=\w+
                \ clashes=none: merged/x);

# Both change the same: the one that comes last is what all have.
change($one, \%luid, { addressbook => [ qr/new words/, 'words of one' ],
    calendar => [ qr/there/, 'place of one' ],
    todo => [ qr/new words/, 'words of one' ],
    memo => [ qr/line of one/, 'line by one' ] });
change($two, \%other, { addressbook => [ qr/new words/, 'words of two' ],
    calendar => [ qr/there/, 'place of two' ],
    todo => [ qr/new words/, 'words of two' ],
    memo => [ qr/line of one/, 'line by two' ] });
in_turn('the same property');
for my $store (@stores) {
    my @texts = map { text($_, $store => qr/[A-Z][a-z]+\d/) } $one, $two;
    my @who = map { /\b(?:of|by) (one|two)\b/ ? $1 : '?' } @texts;
    is $who[0], $who[1], "the same property: both $store items agree";
    like $who[0], qr/^(?:one|two)$/, '... and somebody has won';
}

# ---- slow syncs, many times ------------------------------------------------------

# Of each kind some without UID, and with what the client does not keep.
my $many = device('many', user => 'many');
my $n = 0;
for my $store (@stores) {
    for my $i (1 .. 25) {
        my $name = sprintf 'Item%d', ++$n;
        $many->put($store => sample($store => $name, uid => "u-$n"));
        my $text = sample($store => 'Other' . $n, ($store eq 'addressbook'
            ? (tel => "+49 30 7$n", note => "about $n") : ()));
        $text =~ s/^(END:VCARD)/X-PET:dog $n\r\nORG:Works $n\r\n$1/m;
        $text =~ s/^(END:VEVENT)/X-PET:dog $n\r\n$1/m;
        server_put($h, 'many', $place{$store}, $text);
    }
}
my %all = map { $_ => 50 } @stores;
for my $round (1 .. 4) {
    my $r = good("slow sync $round", $many->sync('slow'));
    for my $store (@stores) {
        is server_count($h, 'many', $place{$store}), 50,
            "... the server has 50 in $store";
        is scalar(keys %{ $many->items($store) }), 50, '... and the client';
        like $r->counts($store), qr{^local 0/0/0 }, '... which gets nothing'
            if $round > 1;
    }
}
ok scalar(server_has($h, 'many', 'contacts', qr/X-PET:dog $_\b/)),
    "what the client did not keep, is kept: $_" for 1, 25;
# A second client with the same, under other names.
my $twin = device('twin', user => 'many');
for my $store (@stores) {
    $twin->put($store => $_) for values %{ $many->items($store) };
}
for my $round (1 .. 2) {
    good("slow sync $round of a twin", $twin->sync('slow'));
    is server_count($h, 'many', $place{$_}), 50, "... still 50 in $_"
        for @stores;
}
good('the first client after that', $many->sync('slow'));
is scalar(keys %{ $many->items($_) }), 50, "... has 50 in $_" for @stores;

# ---- emptied by mistake ------------------------------------------------------------

my $e = device('emptied', user => 'empty');
$e->put(addressbook => sample(addressbook => "Name$_")) for 1 .. 30;
good('thirty contacts', $e->sync('slow'));
$e->delete(addressbook => keys %{ $e->items('addressbook') });
$e->sync('two-way');
is server_count($h, 'empty', 'contacts'), 30, 'emptied: nothing is deleted';
$h->wait_log(qr/guard\ account=empty\ device=emptied\ datastore=contacts:\ it
                \ deletes\ 30\ of\ 30/x);
$h->expect_log(qr/guard account=empty/);
good('the next sync', $e->sync('two-way'));
is scalar(keys %{ $e->items('addressbook') }), 30, '... brings them back';
is( ($h->ctl(qw(guard release emptied contacts --account empty)))[0], 0,
    'it was meant: released');
$e->delete(addressbook => keys %{ $e->items('addressbook') });
good('emptied once more', $e->sync('two-way'));
is server_count($h, 'empty', 'contacts'), 0, '... and so is the server';

done_testing;
