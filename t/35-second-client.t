#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# A second client, which shares nothing with libsynthesis, through whole lives:
# two phones of it with different versions, formats and habits on all four
# datastores, against a real httpd, on lines that break at every message.
#
# It is our own (Test::SyncML::Phone, with a codec of its own).  Debian has no
# other: php-horde-syncml answers clients and is none, libsmltk is
# libsynthesis's, libsyncml and opensync were removed.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(sample server_put server_names names_of);
use Test::SyncML::Phone;

my @STORES = qw(contacts calendar tasks notes);
my %HABITS = (
    '1.0 wbxml' => { auth => 'md5', slow_op => 'Add', max_msg => 6000 },
    '1.0 xml'   => { inline => 1, max_msg => 9000, per_message => 5 },
    '1.1 wbxml' => { chunk => 300, max_msg => 3000, max_obj => 100_000,
                     retarget => 1, per_message => 3 },
    '1.1 xml'   => { auth => 'md5', number_of_changes => 1, max_msg => 5000,
                     max_obj => 100_000 },
    '1.2 wbxml' => { auth => 'md5', number_of_changes => 1, max_msg => 2500,
                     max_obj => 100_000, retarget => 1, public => 'string' },
    '1.2 xml'   => { chunk => 500, max_msg => 4000, max_obj => 100_000,
                     slow_op => 'Add', per_message => 2 },
);

my $h = Test::Httpd->syncml(push => 0);
my ($user, $users) = ('', 0);

sub phone {
    my ($kind) = @_;
    my ($version, $format) = split ' ', $kind;
    return Test::SyncML::Phone->new(url => $h->url('/syncml'), user => $user,
        version => $version, format => $format,
        stores => { map { $_ => {} } @STORES }, %{ $HABITS{$kind} });
}

# Only 1.1 and later can take an item that is larger than a message.
sub long { my ($n) = @_; return join ' ', map {"word$_"} 1 .. $n }

# Both phones have the same texts, and the server the same items.
sub same {
    my ($what, $p, $q) = @_;
    for my $store (@STORES) {
        my ($mine, $other) = map { $_->items($store) } $p, $q;
        is join("\0", sort values %$mine), join("\0", sort values %$other),
            "$what: the same $store on both phones";
        is names_of($mine), server_names($h, $user, $store),
            "$what: the same $store on the server";
    }
    return;
}

# @return what moved either way
sub good {
    my ($what, $p, $o) = @_;
    my $r = $p->sync($o || {}, 200, @STORES);
    $r->{ok} or fail("$what: $r->{why}");
    is join("\n", $p->problems), '', "$what: answers are right";
    $p->forgive;
    my $n = 0;
    $n += keys(%{ $r->{status}{$_} || {} }) + @{ $r->{got}{$_} || [] }
        for @STORES;
    return wantarray ? ($n, $r) : $n;
}

sub settle {
    my ($what, @phones) = @_;
    good("$what, round $_->[0]", $phones[ $_->[1] ])
        for map { my $n = $_; map { [ $n, $_ ] } 0 .. $#phones } 1, 2;
    is good("$what, at rest", $_), 0, "$what: nothing moves any more"
        for @phones;
    same($what, @phones);
    return;
}

sub some { my ($p, $store, $n) = @_;
           return (sort keys %{ $p->items($store) })[$n] }

# What people do on both phones and on the server at the same time.
sub edit_all {
    my ($round, $p, $q) = @_;
    for my $store (@STORES) {
        my $made = sub { sample($store, ucfirst "$store$_[0]$round") };
        $p->put($store => $made->('new'));
        $q->put($store => $made->('other'));
        $p->put($store => $made->('edited'), some($p, $store, 0));
        $p->delete($store => some($p, $store, -1));
        $q->put($store => $made->('changed'), some($q, $store, 1));
        server_put($h, $user, $store => $made->('server'));
    }
    return;
}

# Two people edit the same contact, each another line of it: both are kept.
sub edit_same {
    my ($p, $q) = @_;
    my $luid = sub { my ($phone) = @_;
        my $items = $phone->items('contacts');
        return (grep { $items->{$_} =~ /FN:Contactsp3\r/ } keys %$items)[0] };
    $p->put(contacts => sample('contacts', 'Contactsp3',
                               note => 'written on p'), $luid->($p));
    $q->put(contacts => sample('contacts', 'Contactsp3', tel => '+49 30 99'),
            $luid->($q));
    settle('the same contact', $p, $q);
    my $text = $p->items('contacts')->{ $luid->($p) };
    like $text, qr/^NOTE:written on p\r$/m, 'the one edit is there';
    like $text, qr/^TEL.*99\r$/m, 'and the other';
    return;
}

# The line breaks after each message in turn, or the answer is lost; each time
# there is something to say.
sub break_everywhere {
    my ($how, $p) = @_;
    my ($n, $word) = (0, $how =~ tr/_//dr);
    while (++$n < 60) {
        $p->put($_ => sample($_, ucfirst "$_$word$n")) for @STORES;
        server_put($h, $user, contacts => sample('contacts',
                                                 "Server$word$n"));
        my $r = $p->sync({ $how => $n }, 200, @STORES);
        $p->forgive;
        last if $r->{ok};
        my (undef, $again) = good("$how $n, the next sync", $p);
        is join(' ', map { $again->{alerts}{$_} } @STORES),
            '200 200 200 200', "$how $n: no slow sync is needed";
    }
    cmp_ok $n, '>', 2, "$how: at each of " . ($n - 1) . ' messages';
    return;
}

my @kinds = sort keys %HABITS;
for my $i (0 .. $#kinds) {
    my ($one, $other) = @kinds[ $i, ($i + 3) % @kinds ];
    subtest "$one and $other" => sub {
        $user = 'user' . ++$users;
        $h->account($user => 'secret');
        my ($p, $q) = (phone($one), phone($other));
        for my $store (@STORES) {
            $p->put($store => sample($store, ucfirst "${store}p$_"))
                for 1 .. 5;
            $q->put($store => sample($store, ucfirst "${store}q$_"))
                for 1 .. 5;
        }
        $p->put(contacts => sample('contacts', 'Long1', note => long(400)))
            if "$one $other" !~ /1\.0/;
        settle('first', $p, $q);
        edit_all(1, $p, $q);
        settle('edits', $p, $q);
        edit_same($p, $q);
        break_everywhere($_, $p) for qw(stop_after lose);
        settle('broken lines', $p, $q);
    };
}

done_testing;
