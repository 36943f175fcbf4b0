#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# What others notice when 10,000 held connections come back at once: starts an
# httpd and lets bench/bench_storm.c measure.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib";
use Test::Httpd;
use Test::Places;

my $held = Test::Places::free_port();
my $h = Test::Httpd->syncml(
    mpm      => 'event',
    loglevel => 'warn',
    delay    => 600,            # nobody is told before he connects
    expected => [ qr/push account=storm/ ],  # of clients that are ended
    accounts => { map { ($_ => 'secret') } 'storm1', 'storm2', 'storm3',
        map {"bench$_"} 0 .. 8 },
    conf     => "SyncMLPushListen 127.0.0.1:$held\nMaxKeepAliveRequests 0\n"
        . "KeepAliveTimeout 600\nThreadsPerChild 16\nMaxRequestWorkers 16\n"
        . "ServerLimit 1\nStartServers 1\nMinSpareThreads 1\n"
        . "MaxSpareThreads 16\nMaxConnectionsPerChild 0\n",
);
my $missed = system "$Test::Places::ROOT/build/bench/bench_storm", $h->{port},
    $held, "$h->{dir}/state";
$h->stop;
exit($missed ? 1 : 0);
