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
        return Test::Soak::is_lost($_[0], $_[1], \@kills) ? 1 : 0;
    };
    is $lost->(102, [ 100, 1 ]), 1, 'killed a second after the message';
    is $lost->(104, [ 100, 1 ]), 1, '... or before it was read';
    is $lost->(102, [ 100, 0 ]), 0, '... but the result is there';
    is $lost->(100.5, [ 100, 1 ]), 0, '... or would have been by then';
    is $lost->(110, [ 100, 1 ]), 0, '... or the message came after it';
    is $lost->(199, [ 100, 1 ]), 0, '... and the first kill after it counts';
    is $lost->(199, [ 150, 1 ]), 1, '... of the claim of this message';
    is $lost->(250, [ 240, 1 ]), 0, 'no kill at all';
    is $lost->(99, [ 100, 1 ]), 0, 'a message from before its claim';
    is $lost->(102, undef), 0, 'a message of nobody';
}

Test::Soak::run(devices => $ENV{SOAK_DEVICES} || 200,
    rate => $ENV{SOAK_RATE} // 25, kills => [ 3, 6 ],
    fail => $ENV{SOAK_FAIL} // 0.03);
done_testing;
