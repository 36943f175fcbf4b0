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

Test::Soak::run(devices => $ENV{SOAK_DEVICES} || 200,
    rate => $ENV{SOAK_RATE} // 25, kills => [ 3, 6 ],
    fail => $ENV{SOAK_FAIL} // 0.03);
done_testing;
