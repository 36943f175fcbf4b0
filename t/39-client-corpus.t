#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# The corpora of `make fidelity' through a real client: what the server has
# goes there, is sent back in a second slow sync, again as changes that change
# nothing, and with one field edited.  Nothing else may be another in the
# store.  SyncEvolution speaks vCard 3.0 and iCalendar, and once more, made to,
# vCard 2.1 and vCalendar: libsynthesis reads, keeps and writes all of it in
# its own way.  TEST_ALL=1 takes the whole corpora, else a fixed part;
# TEST_WILD=N takes N items of each kind of whatever the formats allow,
# TEST_SEED=N those of a seed.
use strict;
use warnings;
use utf8;
use FindBin;

BEGIN { chdir "$FindBin::Bin/.." or die $! }
use lib 't/lib', 't/fidelity/lib';
use Test::More;
use Test::Httpd;
use Test::Samples qw(server_items server_put);
use Test::SyncEvo;
use Fidelity::Compare qw(compare);
use Fidelity::Corpus ();
use Fidelity::Wild ();

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output
    todo_output);
plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

# ---- server and client ----------------------------------------------------------

my $seed = $ENV{TEST_SEED} || 1 + int rand 1e6;
my $corpus = $ENV{TEST_WILD}
    ? Fidelity::Wild::load($seed, $ENV{TEST_WILD})
    : Fidelity::Corpus::load(short => !$ENV{TEST_ALL});
diag "TEST_WILD=$ENV{TEST_WILD} TEST_SEED=$seed" if $ENV{TEST_WILD};
my %place = (addressbook => 'contacts', calendar => 'calendar',
             todo => 'tasks');
my @stores = sort keys %place;
my %field = (addressbook => 'TITLE', calendar => 'LOCATION',
             todo => 'LOCATION');
my %options = (
    new => { version => '1.2' },
    old => { version => '1.1', wire => {
        addressbook => 'text/x-vcard', calendar => 'text/x-vcalendar',
        todo => 'text/x-vcalendar' } },
);

sub in_store {
    my ($h) = @_;
    return { map { $_ => server_items($h, 'alice', $place{$_}) } @stores };
}

sub uid_of {
    my ($text) = @_;
    return $text =~ /^UID:(.*?)\r?$/m ? $1 : '';
}

# Findings as text; and how many items have the edit.
sub findings {
    my ($was, $is, $edit) = @_;
    my (@bad, %edited);
    for my $store (@stores) {
        my ($x, $y) = ($was->{$store}, $is->{$store});
        push @bad, map {"$store: a new item: $y->{$_}"}
            grep { !exists $x->{$_} } keys %$y;
        for my $id (sort keys %$x) {
            my $uid = uid_of($x->{$id});
            if (!exists $y->{$id}) {
                push @bad, "$store $uid is gone";
                next;
            }
            for my $f (compare($x->{$id}, $y->{$id})) {
                my $prop = $f->{prop};
                if ($edit && $prop =~ /(?:^|\.)$field{$store}$/
                    && ($f->{is} // '') =~ /:edited$/) {
                    $edited{$store}++;
                    next;
                }
                push @bad, "$store $uid $f->{what} $prop\n   was "
                    . ($f->{was} // '') . "\n   is  " . ($f->{is} // '');
            }
        }
    }
    return (\@bad, \%edited);
}

sub nothing_else {
    my ($what, $kind, $was, $is, $edit) = @_;
    my ($bad, $edited) = findings($was, $is, $edit);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is scalar @$bad, 0, "$kind, $what: nothing else is another"
        or diag join "\n", @$bad[ 0 .. ($#$bad > 19 ? 19 : $#$bad) ];
    return $edited;
}

sub set_field {
    my ($device, $store) = @_;
    my $field = $field{$store};
    $device->edit($store, $_, sub {
        s/^$field[^\r\n]*(\r?\n[ \t][^\r\n]*)*\r?\n//m;
        s/^(END:(?:VCARD|VEVENT|VTODO))/$field:edited\r\n$1/m;
    }) for keys %{ $device->items($store) };
    return;
}

# How many entries a client has of it: a series, and each changed occurrence.
sub entries_of {
    my ($text) = @_;
    my @events = $text
        =~ /^BEGIN:(?:VEVENT|VTODO)\r?$(.*?)^END:(?:VEVENT|VTODO)\r?$/msg;
    my @series = grep { !/^RECURRENCE-ID/m && /^UID:./m } @events;
    return 1 + (@series ? grep { /^RECURRENCE-ID(?!.*;RANGE)/m } @events : 0);
}

sub all_of {
    my ($store) = @_;
    my $n = 0;
    $n += entries_of($_) for @{ $corpus->{ $place{$store} } };
    return $n;
}

# ---- there and back ---------------------------------------------------------------

for my $kind (qw(new old)) {
    my $h = Test::Httpd->syncml(push => 0, accounts => { alice => 'secret' },
        in_location => 'SyncMLTimeZone Europe/Berlin');
    for my $store (@stores) {
        server_put($h, 'alice', $place{$store}, $_)
            for @{ $corpus->{ $place{$store} } };
    }
    my $was = in_store($h);
    my $device = Test::SyncEvo->new(url => $h->url('/syncml'), id => $kind,
        stores => \@stores, name => "srv$kind", timeout => 600,
        %{ $options{$kind} });

    $device->sync('slow');      # 22001 where it says that it was slow
    for my $store (@stores) {
        is scalar keys %{ $device->items($store) }, all_of($store),
            "$kind: all of $store are there";
    }
    $device->sync('slow');
    nothing_else('after another slow sync', $kind, $was, in_store($h));

    for my $store (@stores) {
        $device->edit($store, $_, sub { 1 })
            for keys %{ $device->items($store) };
    }
    my $r = $device->sync('two-way');
    ok $r->ok, "$kind: all of it comes as changed" or diag $r->why;
    nothing_else('all of it said again', $kind, $was, in_store($h));

    set_field($device, $_) for @stores;
    $r = $device->sync('two-way');
    ok $r->ok, "$kind: one field of each is edited" or diag $r->why;
    my $edited = nothing_else('one field edited', $kind, $was, in_store($h),
                              1);
    for my $store (@stores) {
        my @not = grep { !/:edited\r?$/m } values %{ in_store($h)->{$store} };
        is $edited->{$store}, all_of($store),
            "$kind: all of $store were edited"
            or diag join "\n", 'not edited:', @not;
    }
}

done_testing;
