#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# The peer: what SyncEvolution's own HTTP server needs for an upload and for
# a session without changes, its client being the real one.  Only with
# BENCH_PEER=1 (100 items, half a minute) or BENCH_PEER=2 (5000 as well,
# minutes); needs syncevolution-http, syncevolution-dbus, python3-twisted,
# python3-openssl and dbus-run-session.
#
# Processor time is that of the HTTP server, the D-Bus server and the helpers
# that it starts, in ticks of 10 ms, over several sessions.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../t/lib";
use POSIX ();
use Test::Places qw(free_port slurp);
use Test::SyncEvo;
use Time::HiRes qw(sleep);

my $SESSIONS = 10;
my $HTTP = '/usr/bin/syncevo-http-server';

if (!$ENV{BENCH_PEER}) {
    print "# the peer is measured with BENCH_PEER=1\n";
    exit 0;
}
for my $program ($HTTP, Test::SyncEvo::server_path()) {
    -x $program or print("# $program is not installed\n"), exit 0;
}

# ---- processes ----------------------------------------------------------------

my ($server, $base);

sub children {
    my ($pid) = @_;
    return map { ($_, children($_)) }
        split ' ', slurp("/proc/$pid/task/$pid/children");
}

# Ticks of a process and all that came of it, waited for or alive.
sub ticks {
    my $sum = 0;
    for my $pid ($server, children($server)) {
        my $stat = slurp("/proc/$pid/stat") || next;
        my @f = split ' ', $stat =~ s/^.*\) //sr;
        $sum += $_ for @f[ 11 .. 14 ];
    }
    return $sum;
}

sub stop {
    my @all = ($server // return, children($server));
    kill TERM => @all;
    sleep 0.5;
    kill KILL => @all;
    waitpid $server, 0;
    undef $server;
    return;
}
END { my $status = $?; stop(); $? = $status }

# A server with an empty database for one client.
sub start {
    my ($home, $id, $port) = @_;
    mkdir $home;
    mkdir "$home/db";
    $server = fork // die "fork: $!\n";
    return if $server;
    delete @ENV{qw(DBUS_SESSION_BUS_ADDRESS http_proxy DISPLAY)};
    @ENV{qw(HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME LC_ALL)}
        = ($home, map({"$home/$_"} qw(config cache data)), 'C.UTF-8');
    open STDOUT, '>', "$home/log";
    open STDERR, '>&', \*STDOUT;
    system('syncevolution', '--daemon=no', '--configure', '--keyring=no',
        '--template', 'SyncEvolution', 'PeerIsClient=1', 'username=alice',
        'password=secret', "remoteDeviceId=$id", 'syncURL=', 'logdir=none',
        'loglevel=0', 'printChanges=0', 'dumpData=0', 'preventSlowSync=0',
        'addressbook/backend=file',
        'addressbook/databaseFormat=text/vcard',
        "addressbook/database=file://$home/db",
        'addressbook/uri=addressbook', 'client', 'addressbook') == 0
        or POSIX::_exit(1);
    exec 'dbus-run-session', '--', 'sh', '-c', Test::SyncEvo::server_path()
        . " & exec /usr/bin/python3 $HTTP --quiet http://127.0.0.1:$port/s"
        or POSIX::_exit(127);
}

# ---- measuring -------------------------------------------------------------------

sub card {
    my ($n) = @_;
    return join "\r\n", 'BEGIN:VCARD', 'VERSION:3.0', "N:Family$n;Given;;;",
        "FN:Given Family$n", 'ORG:Example Company;Department',
        "TEL;TYPE=CELL:+49 170 $n", "EMAIL:given$n\@example.org",
        'END:VCARD', '';
}

sub measure {
    my ($items) = @_;
    my $port = free_port();
    my $id = "bench-$items";
    start("$base/peer$items", $id, $port);
    my $client = Test::SyncEvo->new(
        url => "http://127.0.0.1:$port/s", id => $id, dumps => 0,
        stores => ['addressbook'], timeout => 600,
        props => ['preventSlowSync=0']);
    $client->put(addressbook => card($_)) for 1 .. $items;
    sleep 3;
    my $before = ticks();
    my $r = $client->sync('slow', stores => ['addressbook']);
    $r->ok or die 'the upload failed: ' . $r->why . "\n"
        . slurp("$base/peer$items/log");
    printf "peer_upload_%d %.2f s\n", $items, (ticks() - $before) / 100;
    $client->sync('two-way', stores => ['addressbook'])->ok
        or die "the second sync failed\n";
    $before = ticks();
    for (1 .. $SESSIONS) {
        $r = $client->sync('two-way', stores => ['addressbook']);
        $r->ok or die 'a sync failed: ' . $r->why . "\n";
    }
    printf "peer_quiet_%d %.0f us/session\n", $items,
        (ticks() - $before) * 10_000 / $SESSIONS;
    stop();
    return;
}

$| = 1;
$base = File::Temp::tempdir('bench-peer-XXXXXX', TMPDIR => 1, CLEANUP => 1);
measure($_) for 100, $ENV{BENCH_PEER} > 1 ? 5000 : ();
