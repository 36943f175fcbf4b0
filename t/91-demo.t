#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# `make demo' succeeds and shows its steps; where a step fails, so does it.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::Httpd;
use Test::Places;
use Test::SyncEvo;

plan skip_all => 'runs what make builds without a variant' if $ENV{VARIANT};

my $h = Test::Httpd->new;       # for its directory and run(); not started
chdir $Test::Places::ROOT or die $!;
delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

my ($rc, $out, $err) = $h->run(\'', qw(make demo));
is $rc, 0, 'make demo' or diag $out, $err;
for my $step (qr/Device A adds a contact and syncs/, qr/An SMS leaves/,
    qr/^ *To: \+491700000002$/m, qr/^ *UDH: [0-9A-F]+$/m,
    qr/Device B is woken by that SMS/, qr/FN:Grace Hopper/,
    qr/All of it worked/) {
    like $out, $step, "it shows $step";
}
is scalar(() = $out =~ /done in \d+\.\d\d s/g),
    scalar(() = $out =~ /^\[ *\d+\.\d\d s\] (?!All)/mg), 'each step has its time';

# A client that cannot run is a step that fails.
{
    local $ENV{PATH} = "$h->{dir}/bin:$ENV{PATH}";
    mkdir "$h->{dir}/bin";
    Test::Places::spew("$h->{dir}/bin/syncevolution", "#!/bin/sh\nexit 1\n");
    chmod 0755, "$h->{dir}/bin/syncevolution";
    ($rc, $out, $err) = $h->run(\'', 'scripts/demo');
    isnt $rc, 0, 'a demo that fails says so by its status';
    like $out, qr/FAILED/, '... and where';
}

done_testing;
