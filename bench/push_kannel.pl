#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# SMS per second through a real Kannel whose SMSC takes everything, against
# what the same Kannel takes from ab in the same run: see bench/bench_push.c.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib";
use Test::Kannel;
use Test::Places;

if (my $missing = Test::Kannel::missing()) {
    print "# $missing\n";
    exit 0;
}
my $k = Test::Kannel->new(user => 'me', password => 'secret')->start;
my $status = system "$Test::Places::ROOT/build/bench/bench_push", '-g',
    $k->gateway, '-k', join(',', values %{ $k->{pid} }),
    $Test::Places::ROOT . '/build';
$k->stop;
exit($status ? 1 : 0);
