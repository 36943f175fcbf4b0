#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Gateways that hang, cut, lie and fall over: what counts as sent, what is
# tried again, and that nothing is sent twice or lost for it.  A worker killed
# with a post in flight.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Gateway;
use Test::Httpd;
use Test::Push qw(until_true);
use Time::HiRes qw(sleep time);

my $slow = Test::Httpd::slow();

# ---- a worker killed with a post in flight (its lease runs beside the rest) --------

my $leased = do {
    my $g = Test::Gateway->new(mode => 'hang');
    my $h = Test::Httpd->syncml(gateway => $g->gateway);
    $h->expect_log(qr/push worker for \S+ died/,
        qr/1 notifications have no result/);     # once the lease is over
    my $p = Test::Push->new($h);
    $p->change;
    is $g->wait_requests(1, 5 * $slow), 1, 'a post is in flight';
    my $pid = $p->worker;
    kill KILL => $pid;
    $g->mode('accept');
    ok until_true(5, sub { my $new = $p->worker; $new && $new != $pid }),
        'its worker is killed, another one runs';
    sleep 1.5;
    is $g->requests, 1, '... and leaves the leased row alone';
    { g => $g, h => $h, p => $p };
};

# ---- one answer of each kind -------------------------------------------------------------

# Mode, result, what the log says, and whether it counts as sent.
my @cases = (
    [ 'cut', 'unanswered', qr/status=0/, 1 ],
    [ 'answer 500 Sending failed.', 'temporary', qr/Sending failed/, 0 ],
    [ 'answer 503 Temporal failure, try again later.', 'temporary',
        qr/Temporal failure/, 0 ],
    [ 'answer 200 <html><title>Hotel network</title>Log in!</html>',
        'temporary', qr/not an answer of Kannel's sendsms/, 0 ],
    [ "answer 202 \0\1\2\xFF\xFE\r\n<", 'temporary',
        qr/not an answer of Kannel's sendsms/, 0 ],
    [ 'raw SSH-2.0-OpenSSH_9.2\r\n', 'temporary', qr/not HTTP/, 0 ],
    [ 'flood', 'temporary', qr/longer than any gateway's/, 0 ],
    [ 'redirect http://127.0.0.1:1/', 'refused', qr/redirects elsewhere/, 0 ],
    [ 'answer 404 Unknown request.', 'refused', qr/not that of sendsms/, 0 ],
    [ 'answer 403 Authorization failed for sendsms', 'refused',
        qr/not allowed/, 0 ],
    [ 'answer 400 Number(s) has/have been denied by white- and/or '
        . 'black-lists.', 'rejected', qr/black-lists.* next=never/, 0 ],
    [ 'raw HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n\r\n0: Ac',
        'unanswered', qr/status=202/, 1 ],
);

for my $case (@cases) {
    my ($mode, $result, $words, $sent) = @$case;
    my $what = $mode =~ s/[^ -~]+/?/gr;
    my $g = Test::Gateway->new(mode => $mode);
    my $h = Test::Httpd->syncml(gateway => $g->gateway);
    $h->expect_log(qr/result=$result|suspended until it syncs: $result/,
        qr/refuses our configuration|gateway \S+ fails/);
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/ result=$result /, 10), "$what: $result";
    my ($line) = $p->attempts;
    like $line, $words, '... in clear words';
    my ($state) = $result eq 'rejected' ? 'suspended'
        : $sent ? 'sent' : 'waiting';
    # the line comes first, the store follows
    ok until_true(3, sub { $p->due =~ /"\Q$state\E"/ }),
        "... the row is $state" or diag $p->due;
    is $g->requests, 1, '... after one request';
    if ($sent) {
        my ($next) = $line =~ / next=(\S+)/;
        my @t = $next =~ /(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/;
        require Time::Local;
        my $wait = Time::Local::timegm(@t[ 5, 4, 3, 2 ], $t[1] - 1, $t[0])
            - time;
        ok $wait > 800 && $wait < 910, '... and is told again in 15 minutes';
    }
    unlike $h->log, qr/s3cret/, '... the password stays out of the log';
    $h->stop;
}

# ---- retry, until it works -------------------------------------------------------------------

{
    my $g = Test::Gateway->new(mode => 'answer 503 Later');
    my $h = Test::Httpd->syncml(gateway => $g->gateway);
    $h->expect_log(qr/result=temporary/);
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/result=temporary/, 10), 'a gateway without time';
    $p->change;
    $p->change;
    sleep 1;
    is $g->requests, 1, '... is not asked again for each further change';
    $g->mode('accept');
    my @r = $g->wait_requests(2, 12 * $slow);
    is @r, 2, '... but after some seconds';
    cmp_ok $r[1]{time} - $r[0]{time}, '>', 3.5, '... about five';
    ok $h->wait_log(qr/result=accepted.* attempt=2 /, 5), '... and it works';
    sleep 1;
    is $g->requests, 2, '... which is that';
    isnt $r[0]{data}, $r[1]{data}, 'each attempt is a session of its own';
    $h->stop;
}

# ---- a dead gateway is not hammered --------------------------------------------------------------

{
    my $g = Test::Gateway->new;
    my $h = Test::Httpd->syncml(gateway => $g->gateway);
    $h->expect_log(qr/result=unreachable/, qr/gateway \S+ fails/);
    my $p = Test::Push->new($h, devices => 40);
    $g->stop;
    $p->change;
    ok $h->wait_log(qr/gateway \S+ fails: .*refused.*nothing is sent for/,
        10), '40 devices, a dead gateway: it is left alone';
    sleep 1;
    my $tried = $p->attempts;
    cmp_ok $tried, '<=', 40, '... after one attempt for each at most';
    sleep 2;
    is $p->attempts, $tried, '... and nobody asks it for some seconds';
    my $owed = () = $p->due =~ /phone-second/g;
    is $owed, 40, '... and all are kept';
    $g->start;
    my @r = $g->wait_requests(40, 40 * $slow);
    is @r, 40, 'when it is back, all are told';
    my %to;
    sleep 1;
    is $g->requests, 40, '... once';
    like $h->log, qr/gateway \S+ works again/, '... and the log says so';
    $h->stop;
}

# ---- a slow gateway does not hold up the stop ----------------------------------------------------

{
    my $g = Test::Gateway->new(mode => 'hang');
    my $h = Test::Httpd->syncml(gateway => $g->gateway);
    $h->expect_log(qr/result=unanswered/);
    my $p = Test::Push->new($h);
    $p->change;
    is $g->wait_requests(1, 5 * $slow), 1, 'a post without an answer';
    my $begin = time;
    $h->stop;
    cmp_ok time - $begin, '<', 3 * $slow, '... does not hold up a stop';
    like $h->log, qr/result=unanswered .*given up at the end/,
        '... and counts as sent';
    $h->start;
    sleep 2;
    is $g->requests, 1, '... so the next start does not repeat it';
    $h->stop;
}

{
    my $g = Test::Gateway->new(mode => 'slow 0.5');
    my $h = Test::Httpd->syncml(gateway => $g->gateway);
    my $p = Test::Push->new($h);
    $p->change;
    is $g->wait_requests(1, 5 * $slow), 1, 'a slow answer';
    $h->stop;
    like $h->log, qr/result=accepted/, '... is waited for by a stop';
}

# ---- graceful restarts while many are told ------------------------------------------------------

{
    my $g = Test::Gateway->new(mode => 'slow 0.2');
    my $h = Test::Httpd->syncml(gateway => $g->gateway,
        conf => "SyncMLPushThreads 1\n");
    my $p = Test::Push->new($h, devices => 60);
    $p->change;
    $g->wait_requests(5, 5 * $slow);
    $h->graceful for 1 .. 2;
    my @r = $g->wait_requests(60, 30 * $slow);
    is @r, 60, '60 devices, two graceful restarts: each is told';
    sleep 1;
    is $g->requests, 60, '... once';
    $h->stop;
}

# ---- the lease has run out -------------------------------------------------------------------------

{
    my ($g, $h, $p) = @{$leased}{qw(g h p)};
    my @r = $g->wait_requests(2, 40);
    is @r, 2, 'the killed worker\'s row is told by its successor';
    cmp_ok $r[1]{time} - $r[0]{time}, '>', 25, '... after the lease';
    cmp_ok $r[1]{time} - $r[0]{time}, '<', 35 + 5 * $slow, '... soon after';
    sleep 1;
    is $g->requests, 2, '... once';
    $h->stop;
}

done_testing;
