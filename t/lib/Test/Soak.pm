# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Soak;

# Very many devices that are owed a notification, a gateway that fails at
# random, and a hand that kills processes: does everybody hear, and nobody
# twice but for a kill between the gateway's answer and the commit?
#
#   Test::Soak::run(devices => 10000, rate => 60);   # a test, in Test::More
#
# A device counts as told when the gateway has read its message, whether it
# answered or not.  The push log has a row for each message, written when it is
# claimed; a row that is still "sending" at the end (event 1) is one whose
# worker was killed before it could write the result.  So a device may have
# been told once more for each such row, and not otherwise.
#
# Options: devices; rate (SMS a second, so that there is something to kill;
# 0: none), fail (chances of the gateway's failures; 0.05), kills (seconds
# between them, from and to; [4, 12]), whole (chance that a kill is of all
# httpd; 0.2), patience (seconds without progress that end it; 150).

use strict;
use warnings;
use POSIX ();
use Test::Gateway;
use Test::Httpd;
use Test::More;
use Test::Push qw(until_true);
use Time::HiRes qw(sleep time);

sub sql {
    my ($h, $sql) = @_;
    my ($rc, $out, $err) = $h->run(\$sql, 'sqlite3',
        '-cmd', '.timeout 20000', "$h->{dir}/state/syncml.db");
    die "sqlite3: $err\n" if $rc;
    return split /\n/, $out;
}

# So many copies of the device that has synced, each with a number of its own.
sub copy_devices {
    my ($h, $n) = @_;
    sql($h, <<"END");
BEGIN IMMEDIATE;
CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 2 UNION ALL
    SELECT i + 1 FROM c WHERE i < $n) SELECT i FROM c;
CREATE TEMP TABLE d AS SELECT * FROM devices, n WHERE devid = 'phone-second';
UPDATE d SET id = 100000 + i, devid = 'copy-' || i,
    number = '+49170' || (1000000 + i);
ALTER TABLE d DROP COLUMN i;
CREATE TEMP TABLE a AS SELECT * FROM anchors, n
    WHERE device = (SELECT id FROM devices WHERE devid = 'phone-second');
UPDATE a SET device = 100000 + i;
ALTER TABLE a DROP COLUMN i;
INSERT INTO devices SELECT * FROM d;
INSERT INTO anchors SELECT * FROM a;
COMMIT;
END
    return;
}

# ---- the hand that kills -----------------------------------------------------------

sub kill_whole {
    my ($h) = @_;
    kill KILL => $h->pid;
    # and those that were just being born, which would hold the port
    for (1 .. 100) {
        my @left = map { $_->{pid} } @{ $h->processes } or last;
        kill KILL => @left;
        select undef, undef, undef, 0.02;
    }
    $h->stop('KILL');
    $h->start;
    return 'httpd';
}

sub kill_one {
    my ($h, $p, $whole, $n) = @_;
    # every kind in the first five, then as chance has it
    my $dice = $n < 5 ? (1, 0, 1, $whole + 0.2, $whole + 0.05)[$n] : rand;
    if ($dice < $whole) {
        return kill_whole($h);
    }
    if ($dice < $whole + 0.1) {
        $h->graceful;
        return 'graceful';
    }
    my $worker = $p->worker or return '';
    if ($dice < $whole + 0.25) {
        my @children = grep { $_ != $worker && $_ != $h->pid }
            map { $_->{pid} } @{ $h->processes };
        kill KILL => $children[ rand @children ] if @children;
        return 'child';
    }
    kill KILL => $worker;
    return 'worker';
}

# ---- the whole --------------------------------------------------------------------------

sub run {
    my (%o) = (devices => 300, rate => 60, fail => 0.05, kills => [4, 12],
        whole => 0.2, patience => 150, @_);
    my $g = Test::Gateway->new(mode => "chaos $o{fail}");
    my $h = Test::Httpd->syncml(mpm => 'worker',
        gateway => $g->gateway . ($o{rate} ? " rate=$o{rate}" : ''));
    $h->expect_log(qr/push worker for \S+ died/, qr/ result=\w+ /,
        qr/gateway \S+ fails/, qr/clock was put back/, qr/AH00052|AH00051/,
        qr/exit signal/, qr/AH00098/, qr/AH00049|AH00045|AH00046/, qr/long lost child/,
        # a child that was just being born holds the port for a moment
        qr/AH00072/, qr/no listening sockets available/, qr/AH00015/);
    my $p = Test::Push->new($h, number => '+491701000001');
    my $second = $p->{second};
    copy_devices($h, $o{devices});
    $p->change;
    my ($begin, $kill_at) = (time, time + 1);
    my (%kills, $n);
    $n = 0;
    my ($told, $moved) = (0, time);
    while ($told < $o{devices} && time - $moved < $o{patience}) {
        sleep 0.2;
        my $now = keys %{ $g->taken };
        ($told, $moved) = ($now, time) if $now != $told;
        next if time < $kill_at || $told >= $o{devices};
        $kills{ kill_one($h, $p, $o{whole}, $n++) }++;
        my ($from, $to) = @{ $o{kills} };
        $kill_at = time + $from + rand($to - $from);
    }
    my $took = time - $begin;
    # what is still in flight ends, and its results are written
    sleep 2;
    $h->stop;
    report($h, $g, \%o, \%kills, $took);
    $g->stop;
    return;
}

sub report {
    my ($h, $g, $o, $kills, $took) = @_;
    my $taken = $g->taken;
    my %open;       # messages whose result nobody wrote, by number
    $open{$_}++ for sql($h, 'SELECT d.number FROM push_log l JOIN devices d '
            . 'ON d.id = l.device WHERE l.event = 1');
    my @none  = grep { !$taken->{ '+49170' . (1000000 + $_) } }
        1 .. $o->{devices};
    my @twice = grep { $taken->{$_} > 1 } keys %$taken;
    my @unexplained = grep { $taken->{$_} > 1 + ($open{$_} || 0) } @twice;
    my ($waiting) = sql($h, "SELECT count(*) FROM dues WHERE state = 0");
    my ($lost) = sql($h, 'SELECT count(*) FROM push_log WHERE event = 1');
    my ($failed) = sql($h, 'SELECT count(*) FROM push_log WHERE event = 3');
    my $all = join ', ', map {"$_ $kills->{$_}"} sort grep {$_} keys %$kills;
    diag sprintf '%d devices in %.0f s; killed: %s; %d attempts failed; '
        . '%d results lost; %d told twice, %d of them unexplained',
        $o->{devices}, $took, $all || 'nothing', $failed, $lost,
        scalar @twice, scalar @unexplained;
    is scalar(@none), 0, "each of $o->{devices} devices is told"
        or diag "not told: @none[0 .. ($#none < 9 ? $#none : 9)]";
    is scalar(@unexplained), 0,
        'nobody twice but for a kill between answer and commit'
        or diag join ' ', map {"$_ $taken->{$_}/" . ($open{$_} || 0)}
        @unexplained[0 .. ($#unexplained < 9 ? $#unexplained : 9)];
    is $waiting, 0, 'nobody is owed anything any more';
    return;
}

1;
