#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# What sessions cost a real httpd (event MPM, one child process): starts it
# and lets bench/bench_session.c and bench/bench_sync.c measure.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib";
use Test::Httpd;
use Test::Places;

my $h = Test::Httpd->syncml(
    push     => 0,
    mpm      => 'event',
    loglevel => 'warn',
    accounts => { map { ("bench$_" => 'secret') } 0 .. 39 },
    conf     => <<'END',
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
END
);
my $dir = "$h->{dir}/state";
my $parent = $h->pid;
my @children = grep { /\d/ } split ' ',
    Test::Places::slurp("/proc/$parent/task/$parent/children");
@children == 1 or die "httpd has not one child but: @children\n";
my $missed = 0;
for my $program (qw(bench_session bench_sync)) {
    $missed |= system "$Test::Places::ROOT/build/bench/$program", $h->{port},
        $children[0], "$dir/syncml.db", $dir;
}
$h->stop;
exit($missed ? 1 : 0);
