#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# A real Kannel whose bearerbox is killed, whose queue is full, which is slow,
# which takes connections and says nothing: each ends in sent, tried again or
# counted as sent, and never in silence or a second SMS.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Kannel;
use Test::Push qw(until_true);
use Time::HiRes qw(sleep time);
use Time::Local qw(timegm);

plan skip_all => Test::Kannel::missing() if Test::Kannel::missing();
my $slow = Test::Httpd::slow();

# ---- bearerbox is killed ----------------------------------------------------------

{
    my $k = Test::Kannel->new->start;
    my $h = Test::Httpd->syncml(gateway => $k->gateway);
    $h->expect_log(qr/result=unreachable/, qr/gateway \S+ fails/);
    my $p = Test::Push->new($h);
    $p->change;
    is $k->wait_sms(1, 10 * $slow), 1, 'it works';
    $p->answer;
    $k->kill_bearerbox;
    $p->change;
    ok $h->wait_log(qr/result=unreachable .*Connection refused/, 10),
        'bearerbox is killed, smsbox leaves: unreachable, said so';
    like $p->due, qr/phone-second/, '... the due is kept';
    $k->kill_smsc;
    $k->start_bearerbox;
    $k->start_smsbox;
    $k->start_smsc;
    is $k->wait_sms(2, 20 * $slow), 2, '... and sent when Kannel is back';
    sleep 1;
    is $k->sms, 2, '... once';

    # ---- half open: the connection is there, nobody answers -------------------
    $p->answer;
    $h->expect_log(qr/result=unanswered/);
    $k->signal(STOP => 'smsbox');
    my $begin = time;
    $p->change;
    ok $h->wait_log(qr/result=unanswered status=0/, 15),
        'smsbox stands still: no answer in time';
    cmp_ok time - $begin, '>', 8, '... after ten seconds';
    ok until_true(3, sub { $p->due =~ /"sent"/ }),
        '... which counts as sent';
    $k->signal(CONT => 'smsbox');
    # whether Kannel still reads it is Kannel's matter; nobody sends it again
    sleep 8;
    cmp_ok scalar($k->sms), '<=', 3, '... it arrives late or never, not twice';
    my ($line) = grep {/result=unanswered/} $p->attempts;
    my @t = $line =~ / next=(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)/;
    my $wait = timegm(@t[ 5, 4, 3, 2 ], $t[1] - 1, $t[0]) - time;
    ok $wait > 780 && $wait < 900,
        '... and the wait for the device\'s answer makes it good';
    $h->stop;
    $k->stop;
}

# ---- the queue is full -----------------------------------------------------------------

{
    my $k = Test::Kannel->new(core => { 'sms-outgoing-queue-limit' => 1 })
        ->start;
    my $h = Test::Httpd->syncml(gateway => $k->gateway);
    $h->expect_log(qr/result=temporary/, qr/gateway \S+ fails/);
    my $p = Test::Push->new($h, devices => 6);
    $k->kill_smsc;
    until_true(5, sub { $k->status !~ /FAKE1.*online/ });
    $p->change;
    ok $h->wait_log(
        qr/result=temporary status=503 answer="Temporal failure/, 10),
        'the queue is full: tried again later';
    my $queued = () = $h->log =~ /answer="3: Queued/g;
    cmp_ok $queued, '<', 6, '... while some were queued';
    $k->start_smsc;
    is $k->wait_sms(6, 60 * $slow), 6, '... and all arrive when it is not';
    sleep 1;
    is $k->sms, 6, '... once each';
    $h->stop;
    $k->stop;
}

done_testing;
