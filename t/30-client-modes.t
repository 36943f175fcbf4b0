#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The real client in every sync mode, with changes on both sides, in all four
# databases at once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(sample %DATASTORE server_items server_put
    server_edit server_delete server_has server_names names_of);
use Test::SyncEvo;
use Test::SyncML::Judge;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my @STORES = @Test::SyncEvo::STORES;
my $h = Test::Httpd->syncml(push => 0);
my $dev = Test::SyncEvo->new(url => $h->url('/syncml'), id => 'device-modes');

# ---- helpers ----------------------------------------------------------------

sub on_client {
    my ($re) = @_;
    return map { [ $_, $dev->find($_, $re) ] } @STORES;
}

sub client_add {
    my ($name) = @_;
    $dev->put($_, sample($_, $name), lc $name) for @STORES;
    return;
}

sub client_edit {
    my ($name) = @_;
    for (on_client(qr/\b$name\b/)) {
        my ($store, @ids) = @$_;
        @ids == 1 or die "$store: $name is in " . @ids . " items\n";
        $dev->edit($store, $ids[0], sub { s/\b$name\b/$name edited/g });
    }
    return;
}

sub client_delete {
    my ($name) = @_;
    $dev->delete(@$_) for on_client(qr/\b$name\b/);
    return;
}

sub server_add {
    my ($name) = @_;
    server_put($h, 'alice', $DATASTORE{$_}, sample($_, $name)) for @STORES;
    return;
}

sub server_change {
    my ($name) = @_;
    for (@STORES) {
        my $d = $DATASTORE{$_};
        my ($id) = server_has($h, 'alice', $d, qr/\b$name\b/);
        my $text = server_items($h, 'alice', $d)->{$id};
        server_edit($h, 'alice', $d, $id, $text =~ s/\b$name\b/$name edited/gr);
    }
    return;
}

sub server_remove {
    my ($name) = @_;
    for (@STORES) {
        my $d = $DATASTORE{$_};
        server_delete($h, 'alice', $d,
                      server_has($h, 'alice', $d, qr/\b$name\b/));
    }
    return;
}

# Every message from the server, against the DTD.
sub judge {
    my ($r) = @_;
    my @wrong;
    for my $dump ($r->dumps) {
        next unless $dump->{way} eq 'incoming';
        my ($node, $info) = eval {
            Test::SyncML::Codec::decode($r->octets($dump), $dump->{type}) };
        push @wrong, map {"message $dump->{n}: $_"}
            $node ? Test::SyncML::Judge::document($node, $info->{version})
                  : $@;
    }
    return @wrong;
}

# One sync: it succeeds in that mode, and moves so much in every database.
sub sync {
    my ($what, $mode, $counts, $actual) = @_;
    my $r = $dev->sync($mode);
    ok $r->ok, "$what: $mode succeeds" or diag $r->why;
    for my $store (@STORES) {
        is $r->mode($store), $actual || $mode, "$what: $store in that mode";
        is $r->counts($store), $counts, "$what: $store moves $counts"
            if defined $counts;
        is $r->errors($store), 0, "$what: $store without errors";
    }
    is join("\n", judge($r)), '', "$what: the server's messages are right";
    return $r;
}

sub is_on {
    my ($what, $client, $server) = @_;
    for my $store (@STORES) {
        is names_of($dev->items($store)), $client, "$what: client's $store";
        is server_names($h, 'alice', $DATASTORE{$store}), $server,
            "$what: server's $DATASTORE{$store}";
    }
    return;
}

sub edited {
    my ($what, @names) = @_;
    for my $store (@STORES) {
        for my $name (@names) {
            is scalar($dev->find($store, qr/$name edited/)), 1,
                "$what: $name in $store is edited on the client";
            is scalar(() = server_has($h, 'alice', $DATASTORE{$store},
                                      qr/$name edited/)), 1,
                "$what: $name in $store is edited on the server";
        }
    }
    return;
}

# ---- slow -------------------------------------------------------------------

client_add($_) for qw(Anna1 Bert2 Cora3);
server_add($_) for qw(Dora4 Emil5 Finn6);
sync('first', 'slow', 'local 3/0/0 remote 3/0/0');
is_on('first', ('Anna1 Bert2 Cora3 Dora4 Emil5 Finn6') x 2);

# ---- two-way ----------------------------------------------------------------

client_add('Gina7');
client_edit('Anna1');
client_edit('Dora4');
client_delete('Bert2');
server_add('Hugo8');
server_change('Cora3');
server_remove('Emil5');
sync('both', 'two-way', 'local 1/1/1 remote 1/2/1');
is_on('both', ('Anna1 Cora3 Dora4 Finn6 Gina7 Hugo8') x 2);
edited('both', qw(Anna1 Cora3 Dora4));

sync('nothing', 'two-way', 'local 0/0/0 remote 0/0/0');

# ---- one way ----------------------------------------------------------------

client_add('Ida9');
client_edit('Finn6');
server_add('Jan10');
sync('up', 'one-way-from-local', 'local 0/0/0 remote 1/1/0');
is_on('up', 'Anna1 Cora3 Dora4 Finn6 Gina7 Hugo8 Ida9',
      'Anna1 Cora3 Dora4 Finn6 Gina7 Hugo8 Ida9 Jan10');
edited('up', 'Finn6');

# What one way left behind comes with the next sync the other way.
client_add('Kai11');
server_change('Gina7');
server_remove('Hugo8');
sync('down', 'one-way-from-remote', 'local 1/1/1 remote 0/0/0');
is_on('down', 'Anna1 Cora3 Dora4 Finn6 Gina7 Ida9 Jan10 Kai11',
      'Anna1 Cora3 Dora4 Finn6 Gina7 Ida9 Jan10');
edited('down', 'Gina7');

# ---- refresh ----------------------------------------------------------------

client_delete('Anna1');
server_add('Lea12');
sync('refresh', 'refresh-from-remote', undef);
is_on('refresh', ('Anna1 Cora3 Dora4 Finn6 Gina7 Ida9 Jan10 Lea12') x 2);
sync('after it', 'two-way', 'local 0/0/0 remote 0/0/0');

client_add('Max13');
client_delete('Cora3');
server_add('Nora14');
server_remove('Dora4');
sync('replace', 'refresh-from-local', undef);
is_on('replace', ('Anna1 Dora4 Finn6 Gina7 Ida9 Jan10 Lea12 Max13') x 2);
sync('after that', 'two-way', 'local 0/0/0 remote 0/0/0');

# ---- slow again doubles nothing ---------------------------------------------

sync('slow again', 'slow', undef);
is_on('slow again',
      ('Anna1 Dora4 Finn6 Gina7 Ida9 Jan10 Lea12 Max13') x 2);

done_testing;
