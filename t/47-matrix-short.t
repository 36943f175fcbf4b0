#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The most telling cases of the matrix (make matrix, Test::Matrix): the real
# client, the network's faults, killed processes; afterwards both sides equal
# item by item, and the next sync not slow.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Places;
use Test::SyncEvo;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my @cases = qw(
    modes/1.0-xml-basic-20000:both:two-way
    modes/1.1-wbxml-md5-5000:both:refresh-from-remote
    modes/1.2-xml-md5-0:both:one-way-from-local
    fault/twoway/drop-request/2
    fault/twoway/drop-reply/3
    fault/many/stale-reply/3
    fault/first/cut-short/2
    fault/refresh-remote/drop-request/2
    fault/refresh-local/drop-reply/2
    fault/many-first/twice-at-once/4
    fault/large/twice/4
    resend/twoway/drop-request/2
    resend/twoway/drop-reply/3
    resend/large/late-reply/3
    resend/many/reorder/3
    device/twoway/kill-after/2
    device/twoway/kill-amid/3
    device/twoway/kill-before/3
    device/twoway/interrupt-after/2
    device/large/interrupt-before/4
    device/first/interrupt-after/2
    httpd/twoway/kill-child-amid/2
    httpd/many/crash/3
    httpd/large/crash-after/4
    two/pair/none/2
    two/pair/drop-reply/2
);

my $dir = Test::Places::scratch();
open my $out, '-|', "$FindBin::Bin/../scripts/matrix", "--dir=$dir/matrix",
    '-j4', @cases or die "scripts/matrix: $!\n";
my @said = <$out>;
close $out;

my %result;
open my $f, '<', "$dir/matrix/results" or die "no results:\n@said";
while (<$f>) {
    chomp;
    my ($name, $outcome, $seconds, $requests, $how, $detail) = split /\t/;
    $result{$name} = [ $outcome, "$how; $detail" ];
}
for my $name (@cases) {
    my $r = $result{$name} || ['not run', ''];
    is $r->[0], 'ok', $name or diag $r->[1];
}
done_testing;
