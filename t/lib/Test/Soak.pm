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
# claimed, with the token that the message carries.  A row without a result
# ("sending", or closed as "unknown" when the lease was over) is one whose worker
# was killed before it could write it.  So a device may have been told once more
# for such a row, if the first kill after the claim hit between the time of the
# message and that at which its result would have been written.  The gateway
# notes when it has read a message: LATE seconds after that the result is there;
# and it reads what was sent before the kill within READS seconds after it, since
# the dead send nothing.  Everything else that is told twice is not explained.
#
# Options: devices; rate (SMS a second, so that there is something to kill;
# 0: none), fail (chances of the gateway's failures; 0.05), kills (seconds
# between them, from and to; [4, 12]), whole (chance that a kill is of all
# httpd; 0.2), patience (seconds without progress, and nobody waiting for another
# try, that end it; 150).

use strict;
use warnings;
use POSIX ();
use Test::Gateway;
use Test::Httpd;
use Test::More;
use Test::Push qw(until_true);
use Time::HiRes qw(sleep time);

# From the gateway's reading to the commit: it answers within 0.3 s, results
# wait for others 20 ms, and the machine is loaded.
use constant LATE => 2;
# A process for each connection, which reads octet by octet, among others.
use constant READS => 3;
# The longest wait before another try, 15 minutes and a fifth (push/schedule.c):
# whom the gateway failed four times in a row has to wait for five.
use constant RETRY => 18 * 60;

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

# When the last of those who are owed will have been tried again, seconds.
sub next_try {
    my ($h) = @_;
    my ($at) = sql($h,
        'SELECT max(max(not_before, leased_until)) FROM dues WHERE state = 0');
    return ($at || 0) / 1e6;
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
        # nobody answers: no second notification as long as this takes
        conf => "SyncMLPushUnanswered 24h\n",
        # reports, which nobody sends, for the tokens
        gateway => $g->gateway . ' reports=http://127.0.0.1:1/dlr'
            . ($o{rate} ? " rate=$o{rate}" : ''));
    $h->expect_log(qr/push worker for \S+ died/, qr/ result=\w+ /,
        qr/\d+ notifications have no result/,
        qr/gateway \S+ fails/, qr/clock was put back/, qr/AH00052|AH00051/,
        qr/exit signal/, qr/AH00098/, qr/AH00049|AH00045|AH00046/, qr/long lost child/,
        # a child that was just being born holds the port for a moment
        qr/AH00072/, qr/no listening sockets available/, qr/AH00015/);
    my $p = Test::Push->new($h, number => '+491701000001');
    my $second = $p->{second};
    copy_devices($h, $o{devices});
    $p->change;
    my ($begin, $kill_at) = (time, time + 1);
    my (%kills, @kills, $n);
    $n = 0;
    my ($told, $moved) = (0, time);
    while ($told < $o{devices}) {
        last if time - $moved > $o{patience} + RETRY
            || (time - $moved > $o{patience}
                && time > next_try($h) + $o{patience});
        sleep 0.2;
        my $now = keys %{ $g->taken };
        ($told, $moved) = ($now, time) if $now != $told;
        next if time < $kill_at || $told >= $o{devices};
        my $before = time;
        my $killed = kill_one($h, $p, $o{whole}, $n++);
        $kills{$killed}++;
        # with the worker; from and to, since it takes a moment
        push @kills, [ $before, time ] if $killed =~ /worker|httpd/;
        my ($from, $to) = @{ $o{kills} };
        $kill_at = time + $from + rand($to - $from);
    }
    my $took = time - $begin;
    # what is still in flight ends, and its results are written
    sleep 2;
    $h->stop;
    report($h, $g, \%o, \%kills, \@kills, $took);
    $g->stop;
    return;
}

# The rows of the push log by token: [ when it was claimed, whether its result
# was lost ].
sub rows {
    my ($h) = @_;
    return { map { my ($token, $time, $lost) = split /\|/;
            $token => [ $time / 1e6, $lost ] }
        sql($h, "SELECT token, time, event = 1 OR reason = 'unknown' "
            . "FROM push_log WHERE token <> ''") };
}

# Is a message that was read then of a row whose worker was killed before it
# could write the result, and when?
# @param row  as rows() has it; undef: of none
# @param kills  [ from, to ], in order
sub is_lost {
    my ($at, $row, $kills) = @_;
    return 0 unless $row && $row->[1] && $row->[0] <= $at;
    my ($kill) = grep { $_->[1] >= $row->[0] } @$kills;
    return $kill && $at <= $kill->[1] + READS && $kill->[0] <= $at + LATE;
}

sub report {
    my ($h, $g, $o, $kills, $times, $took) = @_;
    my $taken = $g->taken;
    my $rows  = rows($h);
    my @none  = grep { !$taken->{ '+49170' . (1000000 + $_) } }
        1 .. $o->{devices};
    my @twice = grep { @{ $taken->{$_} } > 1 } sort keys %$taken;
    # of all its messages at most one may be one whose result is known
    my @unexplained = grep {
        1 < grep { !is_lost($_->[0], $rows->{ $_->[1] }, $times) }
            @{ $taken->{$_} }
    } @twice;
    my %read;
    $read{ $_->[1] }++ for map {@$_} values %$taken;
    my @again = grep { $read{$_} > 1 || !$rows->{$_} } sort keys %read;
    my ($waiting) = sql($h, "SELECT count(*) FROM dues WHERE state = 0");
    my ($lost) = sql($h, 'SELECT count(*) FROM push_log WHERE event = 1 '
            . "OR reason = 'unknown'");
    my ($closed) = sql($h, 'SELECT count(*) FROM push_log WHERE event = 2 '
            . "AND reason = 'unknown'");
    my ($old) = sql($h, 'SELECT count(*) FROM push_log WHERE event = 1 AND '
            . 'time < (SELECT max(time) FROM push_log) - 700 * 1000000');
    my ($failed) = sql($h, 'SELECT count(*) FROM push_log WHERE event = 3');
    my $all = join ', ', map {"$_ $kills->{$_}"} sort grep {$_} keys %$kills;
    diag sprintf '%d devices in %.0f s; killed: %s; %d attempts failed; '
        . '%d results lost, %d of them closed; %d told twice, %d of them '
        . 'unexplained', $o->{devices}, $took, $all || 'nothing', $failed,
        $lost, $closed, scalar @twice, scalar @unexplained;
    is scalar(@none), 0, "each of $o->{devices} devices is told"
        or owed($h, @none[ 0 .. ($#none < 9 ? $#none : 9) ]);
    is scalar(@unexplained), 0,
        'nobody twice but for a kill between answer and commit'
        or explain_not(\@unexplained, $taken, $rows, $times);
    is "@again", '', 'each message is one of the push log, and read once';
    is $old, 0, 'no row of a killed worker stays open';
    is $waiting, 0, 'nobody is owed anything any more';
    return;
}

# What the store has of devices that were not told, by their numbers.
sub owed {
    my ($h, @devices) = @_;
    diag "not told: $_: ", join ' ', sql($h, 'SELECT attempts || " attempts, '
            . 'not before " || not_before || ", " || last_error '
            . "FROM dues WHERE device = 100000 + $_")
        for @devices;
    return;
}

sub explain_not {
    my ($numbers, $taken, $rows, $kills) = @_;
    for my $number (@$numbers[ 0 .. ($#$numbers < 9 ? $#$numbers : 9) ]) {
        for my $message (@{ $taken->{$number} }) {
            my ($at, $token) = @$message;
            my ($time, $lost) = @{ $rows->{$token} || [ 0, 0 ] };
            my ($kill) = grep { $_->[1] >= $time } @$kills;
            diag sprintf '%s claimed %.3f read +%.3f result %s kill %s',
                $number, $time, $at - $time, $lost ? 'lost' : 'there',
                $kill ? sprintf('+%.3f-%.3f', map { $_ - $time } @$kill)
                      : 'none';
        }
    }
    return;
}

1;
