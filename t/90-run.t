#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# `make run' as a new user tries it: as root and as an ordinary user, a second
# start, a busy port, wrong directories, Ctrl-C, SIGTERM and worse.
use strict;
use warnings;
use POSIX ();
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::Httpd;
use Test::Places qw(child_user free_port slurp spew);
use Time::HiRes qw(sleep time);

plan skip_all => 'runs what make builds without a variant' if $ENV{VARIANT};

my $h    = Test::Httpd->new;    # for its directory and run(); not started
my $base = "$h->{dir}/htdocs";
my $tree = $Test::Places::ROOT;
my @as;                         # prefix that makes us an ordinary user
my $runs = 0;

# Starts `make run', in a process group of its own as a shell would.
sub make_run {
    my (%vars) = @_;
    my $out = "$base/out" . ++$runs;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        setpgrp;
        chdir $tree;
        delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS VARIANT PORT STATE GATEWAY
            PERL5LIB)};
        $ENV{SYNCML_TEST_DIR} = $h->{dir};
        $ENV{HOME} = $base if @as;
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', $out;
        open STDERR, '>&', \*STDOUT;
        exec @as, 'make', 'run', map {"$_=$vars{$_}"} sort keys %vars
            or POSIX::_exit(127);
    }
    return { pid => $pid, out => $out };
}

sub said { slurp($_[0]{out}) }

sub ended {
    my ($r, $seconds) = @_;
    my $limit = time + ($seconds || 0);
    do {
        return 1 if defined $r->{status};
        if (waitpid($r->{pid}, POSIX::WNOHANG()) == $r->{pid}) {
            $r->{status} = $?;
            return 1;
        }
        sleep 0.02;
    } while (time < $limit);
    return 0;
}

# Waits until it says that it is ready.
sub ready {
    my ($r) = @_;
    my $limit = time + 60;
    until (said($r) =~ /Ctrl-C stops it/) {
        return 0 if ended($r) || time > $limit;
        sleep 0.05;
    }
    return 1;
}

sub get {
    my ($port) = @_;
    return $h->http(GET => "http://127.0.0.1:$port/syncml");
}

sub accounts {
    my ($state) = @_;
    my ($rc, $out, $err) = $h->run(\'', "$tree/bin/syncmlctl", '--store',
        "sqlite:$state/syncml.db", '--key-file', "$state/syncml.key",
        qw(account list));
    return $rc ? "failed: $err" : join ' ', $out =~ /\b(alice|bob)\b/g;
}

sub nothing_left {
    my ($name) = @_;
    my ($left, $limit) = ([], time + 3);
    do {
        sleep 0.05;
        $left = $h->processes;
    } while (@$left && time < $limit);
    is_deeply [ map {"$_->{pid} $_->{command}"} @$left ], [], $name;
    kill KILL => map { $_->{pid} } @$left;
    return;
}

# One whole life of a state directory.
sub story {
    my ($who) = @_;
    my $state = "$base/state-$who";
    my $port  = free_port();
    my %vars  = (PORT => $port, STATE => $state);

    my $r = make_run(%vars);
    ok ready($r), "$who: make run starts" or diag said($r);
    my $text = said($r);
    like $text, qr{http://\S+:$port/syncml\b}, '... tells the sync URL';
    like $text, qr/alice.*secret/,              '... and the account';
    like $text, qr{\Q$state\E/sms},             '... and where SMS go';
    like $text, qr/^ *tasks, notes, journal\. .*: syncml-\w{8}$/m, '... the server id';
    like $text, qr/account add/,                '... how to add accounts';
    like $text, qr/--number/,                   '... and numbers';
    is get($port)->{status}, 200, '... answers';
    is accounts($state), 'alice', '... has made the account';
    ok -d "$state/sms" && -e "$state/logs/error_log", '... and directories';
    is scalar(grep { $_->{comm} =~ /apache2|httpd/ } @{ $h->processes }) > 1,
        1, '... with children';

    my $second = make_run(%vars, PORT => free_port());
    ok ended($second, 30) && $second->{status}, 'a second one is refused';
    like said($second), qr/runs already/, '... with the reason';
    my $busy = make_run(PORT => $port, STATE => "$base/other-$who");
    ok ended($busy, 30) && $busy->{status}, 'a busy port is refused';
    like said($busy), qr/port $port: Address already in use/, '... clearly';
    is get($port)->{status}, 200, 'the first one is not disturbed';

    my ($rc, undef, $err) = $h->run(\"other\n", @as, "$tree/bin/syncmlctl",
        '--store', "sqlite:$state/syncml.db", '--key-file',
        "$state/syncml.key", qw(account add bob));
    is $rc, 0, 'an account is added meanwhile' or diag $err;

    kill INT => -$r->{pid};
    ok ended($r, 20), 'Ctrl-C stops it';
    like said($r), qr/has stopped/, '... and it says so';
    nothing_left('... with everything');

    $r = make_run(%vars);
    ok ready($r), 'it starts again' or diag said($r);
    is accounts($state), 'alice bob', '... with the same store';
    kill TERM => $r->{pid};
    ok ended($r, 20), 'SIGTERM to make stops it';
    nothing_left('... with everything');
    unlike slurp("$state/logs/error_log"), qr/\b(?:warn|error|crit|alert|emerg)\]/,
        'the error log has nothing bad';
    return $state;
}

chmod 01777, $base;
my $state = story($> ? 'user' : 'root');

# ---- a start that is killed --------------------------------------------------

my $port = free_port();
my $r = make_run(PORT => $port, STATE => $state);
ok ready($r), 'started once more' or diag said($r);
my ($script) = grep { $_->{command} =~ m{\bscripts/run\b} } @{ $h->processes };
ok $script, 'the script is there';
kill KILL => $script->{pid} if $script;
ok ended($r, 20), 'killed, make ends';
nothing_left('httpd with all its processes too');

# ---- what it must refuse -------------------------------------------------------

mkdir "$base/foreign";
spew("$base/foreign/letter.txt", "dear\n");
my $mode = (stat "$base/foreign")[2];
for my $case (
    [ { STATE => "$base/foreign" }, qr/neither empty nor/ ],
    [ { STATE => "$base/out1/x" },  qr/cannot make the directory/ ],
    [ { STATE => "$base/a b" },     qr/without blanks/ ],
    [ { STATE => "$base/s", PORT => 'http' }, qr/not a port number/ ],
    [ { STATE => "$base/s", PORT => 70000 },  qr/not a port number/ ],
    [ { STATE => "$base/s", GATEWAY => 'smoke:signals' }, qr/gateway/i ],
) {
    my ($vars, $want) = @$case;
    $r = make_run(PORT => free_port(), %$vars);
    ok ended($r, 30) && $r->{status},
        'refused: ' . join ' ', map {"$_=$vars->{$_}"} sort keys %$vars;
    like said($r), $want, '... with the reason';
}
is((stat "$base/foreign")[2], $mode, 'a foreign directory is left alone');
nothing_left('nothing remains of these');

# ---- as an ordinary user --------------------------------------------------------

SKIP: {
    my ($user, $group, $uid, $gid) = child_user()
        or skip 'we are an ordinary user already', 1;
    my $copy = "$base/tree";
    mkdir $copy;
    system(qw(cp -a), (map {"$tree/$_"} grep { -e "$tree/$_" }
        qw(Makefile scripts conf build bin codec store item push mod_syncml
           syncmlctl mod_syncml_push.c t docs)), $copy) == 0 or die;
    system('chown', '-R', "$uid:$gid", $copy) == 0 or die;
    $tree = $copy;
    @as = ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups');
    story('user');

    # Without STATE, run/ in the tree.
    $r = make_run(PORT => $port = free_port());
    ok ready($r), 'without STATE' or diag said($r);
    ok -e "$copy/run/syncml.db", '... the state is run/ in the tree';
    kill TERM => $r->{pid};
    ok ended($r, 20), '... stopped';
    nothing_left('... with everything');
}

done_testing;
