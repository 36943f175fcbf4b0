#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Notifications through a real Kannel: what its SMSC gets, octet for octet;
# longer ones in parts; wrong passwords; Kannel's parts coming and going.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Kannel;
use Test::Push qw(until_true san tshark_sms);
use Time::HiRes qw(sleep time);

plan skip_all => Test::Kannel::missing() if Test::Kannel::missing();
my $slow = Test::Httpd::slow();
my $have_tshark = grep { -x "$_/tshark" } split /:/, $ENV{PATH};

my $k = Test::Kannel->new->start;

# ---- one SMS, octet for octet ------------------------------------------------------

{
    my $h = Test::Httpd->syncml(gateway => $k->gateway,
        conf => "SyncMLServerID sync.example.com\n");
    my $p = Test::Push->new($h);
    $p->change;
    my @sms = $k->wait_sms(1, 10 * $slow);
    is @sms, 1, 'one change: one SMS';
    is $sms[0]{to}, '+491700000002', '... to the number of the device';
    is unpack('H*', $sms[0]{udh}), '0605040b8423f0', '... to port 2948';
    my $san = san($sms[0]{data});
    is unpack('H*', $sms[0]{data}),
        '010603ceaf85' . unpack('H*', $san->{digest})
        . '0318000000' . sprintf('%04x', $san->{session})
        . '10' . unpack('H*', 'sync.example.com')
        . '10' . '60000000' . '08' . unpack('H*', 'contacts'),
        '... byte for byte what it should be';
    my ($line) = $p->attempts;
    like $line,
        qr/result=accepted status=202 answer="0: Accepted for delivery"/,
        'the log has the answer';
    unlike $h->log, qr/se cret|se%20cret/, '... and no password of Kannel';
    like $k->access_log, qr/sender:syncml:.* target:\+491700000002 .*UDH/,
        'Kannel has it in its log as a binary SMS of that user';

    # the same through the bytes that are special somewhere
    $p->answer;
    my $n = @sms;
    for my $round (1 .. 3) {
        $p->change;
        @sms = $k->wait_sms($n + $round, 10 * $slow);
        is @sms, $n + $round, "again ($round)";
        is length $sms[-1]{data}, length $sms[0]{data}, '... as long';
        is substr($sms[-1]{data}, 29), substr($sms[0]{data}, 29),
            '... and the same after the session id';
        $p->answer;
    }
    $h->stop;
}

# ---- several parts -------------------------------------------------------------------

{
    my $before = $k->sms;
    my $id = 'a-rather-long-name.of-a-server.in-some-department.'
        . 'of-a-company.example.com';
    my $h = Test::Httpd->syncml(gateway => $k->gateway,
        conf => "SyncMLServerID $id\n");
    $h->expect_log(qr/notifications need 2 SMS each/);
    my $p = Test::Push->new($h,
        names => [qw(contacts calendar tasks notes)]);
    $p->change;
    my @sms = $k->wait_sms($before + 2, 10 * $slow);
    splice @sms, 0, $before;
    is @sms, 2, 'a notification above 133 octets: two SMS';
    my ($ref) = unpack 'x9 C', $sms[0]{udh};
    for my $n (1, 2) {
        is unpack('H*', $sms[ $n - 1 ]{udh}),
            sprintf('0b05040b8423f00003%02x02%02x', $ref, $n),
            "part $n: ports, then its place";
    }
    is length $sms[0]{data}, 128, '... the first one full';
    my $san = san($sms[0]{data} . $sms[1]{data});
    is $san->{server}, $id, 'joined they have the server id';
    is @{ $san->{stores} }, 4, '... and all datastores';
    like +($p->attempts)[0], qr/ parts=2\/2 .*result=accepted/,
        'one line for both';
    like $h->log, qr/phone-second: its notifications need 2 SMS each/,
        '... and a warning of the price';
    SKIP: {
        skip 'tshark is not installed', 1 unless $have_tshark;
        like tshark_sms("$h->{dir}/tmp", $sms[1]{udh}, $sms[1]{data}),
            qr/Message part number: 2/i, 'tshark: part 2';
    }
    $h->stop;
}

# ---- refused -----------------------------------------------------------------------------

{
    my $before = $k->sms;
    my $h = Test::Httpd->syncml(gateway => $k->gateway('syncml', 'wrong'));
    $h->expect_log(qr/result=refused/, qr/refuses our configuration/);
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/result=refused status=403 answer="user, password or/,
        10), 'a wrong password: said so';
    like $h->log, qr/not allowed \(Authorization failed for sendsms\)/,
        '... in Kannel\'s words too';
    ok $h->wait_log(
        qr/refuses our configuration: .* nothing is sent for \d\d s/, 5),
        '... and the gateway is left alone for a time';
    like $p->due, qr/phone-second/, '... the due stays';
    ok until_true(3, sub { $p->due =~ /Authorization failed/ }),
        '... with the reason';
    # repaired by the administrator
    $h->{gateway} = $k->gateway;
    $h->write_conf;
    $h->graceful;
    is $k->wait_sms($before + 1, 15 * $slow), $before + 1,
        'after the repair and a graceful restart it is sent';
    $h->stop;
}

# A number that Kannel does not take.
{
    my $before = $k->sms;
    my $h = Test::Httpd->syncml(gateway => $k->gateway);
    $h->expect_log(qr/result=impossible|suspended until it syncs/);
    my $p = Test::Push->new($h);
    my ($rc, $out, $err) = $h->ctl(qw(device set --account alice
        phone-second --number 12));
    SKIP: {
        skip 'syncmlctl refuses such numbers', 1 if $rc;
        $p->change;
        ok $h->wait_log(qr/result=impossible .*at least 3 digits.* next=never/,
            10), 'an impossible number is given up on';
    }
    is $k->wait_sms($before + 1, 0.5), $before, '... and nothing is sent';
    $h->stop;
}

# ---- Kannel's parts come and go -----------------------------------------------------------

{
    my $before = $k->sms;
    my $h = Test::Httpd->syncml(gateway => $k->gateway);
    $h->expect_log(qr/result=unreachable/, qr/gateway \S+ fails/);
    my $p = Test::Push->new($h);
    $k->kill_smsbox;
    $p->change;
    ok $h->wait_log(qr/result=unreachable .*Connection refused/, 10),
        'smsbox is dead: said so';
    is $k->sms, $before, '... nothing is sent';
    $k->start_smsbox;
    is $k->wait_sms($before + 1, 20 * $slow), $before + 1,
        'it is back: the notification is sent';
    sleep 1;
    is $k->sms, $before + 1, '... exactly once';

    # the SMSC's connection is down: Kannel queues, which is not our matter
    $p->answer;
    $k->kill_smsc;
    until_true(5, sub { $k->status !~ /FAKE1.*online/ });
    $p->change;
    ok $h->wait_log(qr/result=accepted status=202 answer="3: Queued/, 10),
        'no connection to the SMSC: queued by Kannel';
    $k->start_smsc;
    is $k->wait_sms($before + 2, 10 * $slow), $before + 2,
        '... and delivered when there is one';

    # the operator has stopped all SMSCs
    $p->answer;
    $k->admin('stop-smsc', smsc => 'FAKE1');
    until_true(5, sub { $k->status !~ /FAKE1.*online/ });
    $h->expect_log(qr/result=temporary status=403/);
    $p->change;
    ok $h->wait_log(
        qr/result=temporary status=403 answer="the gateway has no SMSC in/,
        10), 'all SMSCs stopped: tried again later';
    $k->admin('start-smsc', smsc => 'FAKE1');
    $k->kill_smsc;
    $k->start_smsc;
    is $k->wait_sms($before + 3, 20 * $slow), $before + 3,
        '... and sent when there is one'
        or diag $h->log, $k->status;
    $h->stop;
}

# ---- kill -9 of the worker, many devices --------------------------------------------------

{
    my $before = $k->sms;
    my $h = Test::Httpd->syncml(gateway => $k->gateway);
    $h->expect_log(qr/push worker for \S+ died/);
    my $p = Test::Push->new($h, devices => 12);
    my $pid = $p->worker;
    kill STOP => $pid;              # it cannot have begun
    $p->change;
    kill KILL => $pid;
    is $k->wait_sms($before + 12, 15 * $slow), $before + 12,
        'the worker is killed before it looked: its successor tells all';
    my %to;
    $to{ $_->{data} }++ for $k->sms;
    $h->graceful for 1 .. 3;
    sleep 1;
    is $k->sms, $before + 12, '... once, whatever restarts follow';
    $h->stop;
}

$k->stop;
done_testing;
