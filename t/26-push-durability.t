#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Nobody is forgotten, nobody is told twice: many devices are owed, the gateway
# fails at random, worker, children and all of httpd are killed with kill -9.
# This is the short part; `make soak' takes ten thousand devices.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Soak;

# What it takes for an explanation: claimed at 100, killed at 103 and 200.
{
    my @kills = ([ 50, 50.1 ], [ 103, 103.1 ], [ 200, 200.1 ]);
    my $lost = sub {
        my ($at, @rows) = @_;
        return Test::Soak::is_lost($at, \@rows, \@kills) ? 1 : 0;
    };
    is $lost->(102, [ 100, 1 ]), 1, 'killed a second after the message';
    is $lost->(102, [ 100, 0 ]), 0, '... but the result is there';
    is $lost->(100.5, [ 100, 1 ]), 0, '... or would have been by then';
    is $lost->(103.5, [ 100, 1 ]), 0, '... or the message came after it';
    is $lost->(199, [ 100, 0 ], [ 150, 1 ]), 1, 'the latest claim counts';
    is $lost->(199, [ 100, 1 ], [ 150, 0 ]), 0, '... that one only';
    is $lost->(199, [ 100, 1 ]), 0, '... and the first kill after it';
    is $lost->(99, [ 100, 1 ]), 0, 'a message that nobody claimed';
}

Test::Soak::run(devices => $ENV{SOAK_DEVICES} || 200,
    rate => $ENV{SOAK_RATE} // 25, kills => [ 3, 6 ],
    fail => $ENV{SOAK_FAIL} // 0.03);
done_testing;
