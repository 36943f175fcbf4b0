# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Faults;

# What goes wrong around a server under test: killed children, a store that
# another process holds locked.  All functions take a Test::Httpd.

use strict;
use warnings;
use Exporter 'import';
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(kill_children lock_store unlock_store);

# httpd's own children.
sub _children {
    my ($h) = @_;
    my $parent = $h->pid;
    return map { $_->{pid} } grep { $_->{ppid} == $parent }
        @{ $h->processes };
}

# kill -9 all of them; returns when httpd has replaced them.
sub kill_children {
    my ($h) = @_;
    my @old = _children($h);
    kill KILL => @old or die "no children to kill\n";
    $h->expect_log(qr/exit signal Killed/);
    my $end = time + 10;
    while (time < $end) {
        my %now = map { $_ => 1 } _children($h);
        return scalar @old if %now && !grep { $now{$_} } @old;
        sleep 0.02;
    }
    die "the killed children are not replaced\n";
}

# Another process with a write transaction open for so many seconds; returns
# when it has begun.  unlock_store() ends it early.
sub lock_store {
    my ($h, $seconds) = @_;
    my $mark = "$h->{dir}/tmp/locked";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        exec '/bin/sh', '-c', '(echo ".timeout 9000"; '
            . 'echo "BEGIN IMMEDIATE;"; echo ".shell touch '
            . qq{$mark"; sleep $seconds; echo "ROLLBACK;") | }
            . "sqlite3 $h->{dir}/state/syncml.db";
        die "exec: $!\n";
    }
    my $end = time + 10;
    until (-e $mark) {
        die "sqlite3 gets no lock\n" if time > $end;
        sleep 0.01;
    }
    unlink $mark;
    return $pid;
}

sub unlock_store {
    my ($h, $pid) = @_;
    kill TERM => -$pid;
    waitpid $pid, 0;
    $h->own("$h->{dir}/state");
    return;
}

1;
