#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Devices that are told without SMS: over TCP where they listen, over the
# connection that they hold open; SMS where that fails; what mod_status shows;
# the form of SyncML 1.1 as tshark reads it; the directives of all that.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Test::Httpd;
use Test::Places ();
use Test::Push qw(until_true san tshark_wsp);
use Test::Reach;
use Test::Soak;
use Time::HiRes qw(sleep time);

my $slow = Test::Httpd::slow();

sub stores_of { join ' ', map { $_->{uri} } @{ san("\1\6\0$_[0]")->{stores} } }

sub status {
    my ($h) = @_;
    my %s;
    for (split /\n/, $h->http(GET => '/server-status?auto')->{content}) {
        $s{$1} = $2 if /^SyncMLPush([^:]+): (.*)$/;
    }
    return \%s;
}

my $STATUS = "ExtendedStatus On\n<Location /server-status>\n"
    . "SetHandler server-status\n</Location>\n";

# ---- a device that listens -----------------------------------------------------------

subtest 'TCP' => sub {
    my $d = Test::Reach->listener;
    my $h = Test::Httpd->syncml(modules => ['status'], conf => $STATUS
            . "SyncMLPushTCPNetworks 127.0.0.0/8\nSyncMLPushTCPPort "
            . $d->port . "\n");
    $h->expect_log(qr/gateway=tcp result=(?:temporary|unreachable|rejected)/);
    my $p = Test::Push->new($h);
    my @ctl = qw(device set --account alice phone-second);
    is +($h->ctl(@ctl, 'tcp', '127.0.0.1:' . $d->port))[0], 0,
        'its address is set by hand';
    $p->change;
    my @got = $d->wait_got(1, 10);
    is @got, 1, 'a change: it is told over TCP';
    is stores_of($got[0]), 'contacts', '... of the datastore';
    is scalar($p->files), 0, '... and no SMS is sent';
    ok until_true(5, sub { grep {/gateway=tcp result=accepted status=200/}
        $p->attempts }), '... and the log says so';
    $p->answer;

    is +($h->ctl(@ctl, 'tcp', 'auto'))[0], 0, 'where it was seen';
    $p->change;
    sleep 0.5;
    is scalar($d->got), 1, '... which is not known yet';
    is scalar($p->wait_files(1, 5)), 1, '... so that it costs an SMS';
    $p->answer;
    $p->change;
    is scalar($d->wait_got(2, 10)), 2, 'after its sync it is';
    my (undef, $out) = $h->ctl(qw(device show --account alice phone-second));
    like $out, qr/TCP push\s+auto.*Seen at\s+127\.0\.0\.1/s,
        '... and shown';
    $p->answer;

    # it does not take it: SMS
    $d->answer("500 busy\n");
    $p->change;
    is scalar($d->wait_got(3, 10)), 3, 'it is busy';
    is scalar($p->wait_files(2, 5)), 2, '... and gets an SMS';
    ok grep({/gateway=tcp result=temporary status=500 answer="500 busy"/}
        $p->attempts), '... and the log says why';
    $p->answer;
    $d->stop;
    $p->change;
    is scalar($p->wait_files(3, 15)), 3, 'it is off: SMS';
    $p->answer;

    # what costs nothing is never over a budget
    my $free = Test::Reach->listener;
    is +($h->ctl(@ctl, 'tcp', '127.0.0.1:' . $free->port))[0], 0,
        'it listens elsewhere';
    is +($h->ctl(qw(push set --account alice budget.day 0)))[0], 0,
        'no SMS at all is allowed';
    $p->change;
    is scalar($free->wait_got(1, 10)), 1, '... it is told all the same';
    is scalar($p->files), 3, '... without an SMS';
    $p->answer;
    is +($h->ctl(qw(push set --account alice budget.day none)))[0], 0,
        'no limit any more';
    is +($h->ctl(@ctl, qw(tcp 192.0.2.1)))[0], 0, 'an address elsewhere';
    $p->change;
    is scalar($p->wait_files(4, 5)), 4, '... is not connected to: SMS';
    ok grep({/gateway=tcp result=rejected.*outside of SyncMLPushTCPNetworks/}
        $p->attempts), '... and the log names the directive';
    my $s = status($h);
    is $s->{'Gateway.tcp.Accepted'}, 3, 'mod_status: taken over TCP';
    is $s->{'Gateway.tcp.Rejected'}, 1, '... refused';
    is $s->{'Gateway.file.Accepted'}, 4, '... by SMS';
    is $s->{Sent}, 7, '... in all';
    like $h->http(GET => '/server-status')->{content},
        qr{<h2>SyncML push: sqlite:.*<td>tcp</td>.*SyncMLPushTCPNetworks}s,
        'its page has a section';
    like +($h->ctl(@ctl, qw(tcp phone.example.com)))[2],
        qr/tcp cannot be "phone.example.com": it is auto, off or ADDRESS/,
        'names are no addresses';
};

# ---- a device that connects ------------------------------------------------------------

subtest 'held' => sub {
    my ($port) = Test::Places::free_port();
    my $h = Test::Httpd->syncml(modules => ['status'], conf => $STATUS
            . "SyncMLPushListen 127.0.0.1:$port\n");
    $h->expect_log(qr/it has no number, and is not connected/,
        qr/number= suspended until it syncs: rejected/,
        qr/budget of the account for the day account alice is used up/);
    my $p = Test::Push->new($h);
    my $c = Test::Reach->client($port, 'phone-second', 'alice', 'secret');
    is $c->login, Test::Reach::OK, 'it logs in';
    isnt $c->{nonce}, 'of yore', '... and has a nonce for the next time';
    $c->say(Test::Reach::READY);
    is +($c->hear(5))[0], Test::Reach::OK, 'READY is answered';
    $p->change;
    my ($code, %param) = $c->hear(10);
    is $code, Test::Reach::SYNC, 'a change: it is told';
    is stores_of($param{7}), 'contacts', '... of the datastore';
    is scalar($p->files), 0, '... and no SMS is sent';
    ok until_true(5, sub { grep {/gateway=held result=accepted/}
        $p->attempts }), '... and the log says so';
    is status($h)->{HeldConnected}, 1, 'mod_status: one is connected';
    is status($h)->{HeldTold}, 1, '... and was told';
    $p->answer;

    # what costs nothing is never over a budget
    is +($h->ctl(qw(push set --account alice budget.day 0)))[0], 0,
        'no SMS at all is allowed';
    $p->change;
    is +($c->hear(10))[0], Test::Reach::SYNC, '... it is told all the same';
    sleep 0.5;
    my ($rc, $out) = $h->ctl(qw(push log --json));
    my ($row) = @{ JSON::PP::decode_json($out) };
    is "$row->{event} $row->{transport} $row->{parts} $row->{cost}",
        'sent held 0 0.00', '... and the ledger has no SMS of it' or diag $out;
    $p->answer;
    $c->hang_up;
    ok until_true(5, sub { !status($h)->{HeldConnected} }), 'it hangs up';
    $p->change;
    ok until_true(5, sub { $h->log =~ /budget of the account for the day/ }),
        '... and the budget counts';
    is scalar($p->files), 0, '... no SMS is sent';
    cmp_ok status($h)->{HeldBack}, '>=', 1, 'mod_status: held back';
    is $c->login, Test::Reach::OK, 'it is back';
    is +($c->hear(10))[0], Test::Reach::SYNC, '... and is told at once';
    $p->answer;
    is +($h->ctl(qw(push set --account alice budget.day none)))[0], 0,
        'no limit any more';

    # other clients
    my $wrong = Test::Reach->client($port, 'phone-second', 'alice', 'guess');
    is $wrong->login, Test::Reach::UNAUTHORIZED, 'a wrong password';
    $wrong = Test::Reach->client($port, 'phone-second', 'mallory', 'secret');
    is $wrong->login, Test::Reach::UNAUTHORIZED, 'a wrong user';
    $wrong = Test::Reach->client($port, 'unheard-of', 'alice', 'secret');
    is $wrong->login, Test::Reach::ERROR, 'a device that has never synced';
    is status($h)->{HeldFailedLogins}, 2, 'mod_status: logins that failed';
    unlike $h->log, qr/guess|secret/, 'no password in the log';

    # it hangs up: SMS
    $c->hang_up;
    ok until_true(5, sub { !status($h)->{HeldConnected} }), 'it hangs up';
    $p->change;
    is scalar($p->wait_files(1, 5)), 1, '... and is told by SMS';
    $p->answer;

    # without a number, and away: told when it comes back
    is +($h->ctl(qw(device set --account alice phone-second number none)))[0],
        0, 'it has no number';
    $p->change;
    ok until_true(5, sub { $h->log =~ /it has no number, and is not connec/ }),
        'it cannot be told';
    sleep 1;
    is $c->login, Test::Reach::OK, 'it comes back';
    ($code, %param) = $c->hear(10);
    is $code, Test::Reach::SYNC, '... and is told at once';
    is scalar($p->files), 1, '... and no SMS was sent';
    my $state = sub { JSON::PP::decode_json(($h->ctl(qw(push status
            phone-second --json)))[1])->[0]{state} };
    ok until_true(5, sub { $state->() eq 'sent' }),
        'push status knows it for one that can be told'
        or diag $state->();
    is +($h->ctl(qw(push now phone-second)))[0], 0, 'push now, too';
    is +($c->hear(10))[0], Test::Reach::SYNC, '... and it is told again';
    $p->answer;

    # who connects again is told by the rules
    $c->hang_up;
    until_true(5, sub { !status($h)->{HeldConnected} });
    is +($h->ctl(qw(push pause)))[0], 0, 'push is paused';
    $p->change;
    is $c->login, Test::Reach::OK, '... it comes back';
    is_deeply [ $c->hear(2) ], [-1], '... and is not told';
    is +($h->ctl(qw(push resume)))[0], 0, '... until push goes on';
    is +($c->hear(10))[0], Test::Reach::SYNC, '... and it is';
    $p->answer;

    # a graceful restart
    my $old = $p->worker;
    $h->graceful;
    is_deeply [ $c->hear(10) ], [], 'a restart ends the connection';
    ok until_true(5, sub { my $new = $p->worker; $new && $new != $old }),
        '... there is another worker';
    $p->change;
    is $c->login, Test::Reach::OK, '... it connects again';
    ($code, %param) = $c->hear(10);
    is $code, Test::Reach::SYNC, '... and is told what changed meanwhile';
    $p->answer;
    $c->say(Test::Reach::BYE);
    is +($c->hear(5))[0], Test::Reach::OK, 'a polite end';
    is_deeply [ $c->hear(5) ], [], '... is one';

    # garbage
    for my $octets ("GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\x02\x00\x01",
        "\0\0", "\0\2\x10\x29") {
        my $g = Test::Reach->client($port, 'x', 'x', 'x');
        $g->{socket} = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
        $g->say_octets($octets);
        is +($g->hear(5))[0], Test::Reach::ERROR, 'garbage is no login';
    }
    is $c->login, Test::Reach::OK, 'and then one that is';
};

# ---- while no gateway for SMS works ------------------------------------------------------

subtest 'held, and all gateways for SMS are paused' => sub {
    my ($port, $dead) = map { Test::Places::free_port() } 1, 2;
    my $h = Test::Httpd->syncml(
        gateway => "kannel:http://me:secret\@127.0.0.1:$dead/cgi-bin/sendsms",
        conf    => "SyncMLPushListen 127.0.0.1:$port\n");
    $h->expect_log(qr/result=unreachable/, qr/gateway \S+ fails: /);
    my $p = Test::Push->new($h, devices => 5);
    my $c = Test::Reach->client($port, 'phone-second', 'alice', 'secret');
    is $c->login, Test::Reach::OK, 'one of five devices is connected';
    my $failed = Test::Reach->client($port, 'phone-second-5', 'alice',
        'secret');
    is $failed->login, Test::Reach::OK, 'another was';
    $failed->hang_up;
    $p->change;
    is +($c->hear(5))[0], Test::Reach::SYNC, 'a change: it is told';
    ok $h->wait_log(qr/device=phone-second-5 .*result=unreachable/, 5),
        'the other is not connected any more, and its SMS fails';
    is $failed->login, Test::Reach::OK, '... it is back';
    is +($failed->hear(2))[0], Test::Reach::SYNC,
        '... and is told at once, before another SMS would be tried';
    ok $h->wait_log(qr/gateway \S+ fails: .*nothing is sent for 1\d s/, 20),
        '... and after the others the gateway is paused';
    $p->answer;
    $p->change;
    is +($c->hear(3))[0], Test::Reach::SYNC, 'a change: it is told at once';
    for my $n (2 .. 4) {
        my $late = Test::Reach->client($port, "phone-second-$n", 'alice',
            'secret');
        is $late->login, Test::Reach::OK,
            "device $n, whose SMS has failed or waits, connects";
        is +($late->hear(3))[0], Test::Reach::SYNC, '... and is told at once';
    }
};

# ---- killed as they arrive ------------------------------------------------------------------

# Arrivals are written together: those that the worker has answered and not
# written yet when it is killed must be told like the others.
subtest 'held, and the worker is killed as they arrive' => sub {
    my ($port) = Test::Places::free_port();
    my $h = Test::Httpd->syncml(conf => "SyncMLPushListen 127.0.0.1:$port\n");
    # where a lease of the killed one ends while they are away, as on a slow
    # machine: until they are back
    $h->expect_log(qr/push worker for \S+ died/, qr/exit signal Killed/,
        qr/it has no number, and is not connected/,
        qr/suspended until it syncs: rejected/);
    my $p = Test::Push->new($h, devices => 12);
    my @names = map { $_ == 1 ? 'phone-second' : "phone-second-$_" } 1 .. 12;
    is scalar(grep { ($h->ctl(qw(device set --account alice), $_,
            qw(number none)))[0] } @names), 0, 'none has a number';
    $p->change;
    my ($unwritten, %told) = 0;
    my $arrive = sub {
        my @c = map { Test::Reach->client($port, $_, 'alice', 'secret') } @names;
        for my $c (@c) {
            until_true(20, sub { ($c->login // 0) == Test::Reach::OK })
                or diag "$c->{device} cannot log in";
        }
        return @c;
    };
    for my $round (1 .. 3) {
        my $old = $p->worker;
        my @c = $arrive->();
        kill KILL => $old;
        my ($written) = Test::Soak::sql($h, 'SELECT count(*) FROM '
            . "device_settings WHERE name = 'push.held'");
        $unwritten += 12 - $written;
        ok until_true(20, sub { my $new = $p->worker; $new && $new != $old }),
            "killed, and another worker is there ($written of 12 written)";
        for my $c (@c) {
            my ($code) = $c->hear(0.2);
            $told{ $c->{device} } = 1 if ($code // 0) == Test::Reach::SYNC;
            $c->hang_up;
        }
    }
    cmp_ok $unwritten, '>', 0, 'killed before all arrivals were written';
    # one that was claimed just then waits for the end of the lease, 30 s
    for my $c (grep { !$told{ $_->{device} } } $arrive->()) {
        is +($c->hear(45))[0], Test::Reach::SYNC, "$c->{device} is told";
    }
};

# ---- all at once --------------------------------------------------------------------------

subtest 'held, so many each second' => sub {
    my ($port) = Test::Places::free_port();
    my $h = Test::Httpd->syncml(conf => "SyncMLPushListen 127.0.0.1:$port\n"
            . "SyncMLPushListenRate 1\n");
    my $p = Test::Push->new($h, devices => 3);
    my @c = map { Test::Reach->client($port, $_, 'alice', 'secret') }
        qw(phone-second phone-second-2 phone-second-3);
    is $_->login, Test::Reach::OK, 'it is connected' for @c;
    $p->change;
    is +($_->hear(10))[0], Test::Reach::SYNC, 'all are told' for @c;
    my @told;
    ok until_true(5, sub {
        3 == (@told = grep {/gateway=held result=accepted/} $p->attempts);
    }), '... says the log' or diag @told;
    my @at = sort map { /:(\d\d):(\d\d\.\d+) / && $1 * 60 + $2 } @told;
    cmp_ok +($at[-1] - $at[0]) % 3600, '>=', 1, '... but not at once' or diag @told;
};

# ---- only such devices -----------------------------------------------------------------

subtest 'without a gateway for SMS' => sub {
    my ($port) = Test::Places::free_port();
    my $b = Test::Places::build_dir();
    my $h = Test::Httpd->syncml(push => 0, conf =>
            "LoadModule syncml_push_module $b/mod_syncml_push.so\n"
            . "SyncMLPushDelay 0\nSyncMLPushListen $port\n");
    my $p = Test::Push->new($h);
    my $c = Test::Reach->client($port, 'phone-second', 'alice', 'secret');
    is $c->login, Test::Reach::OK, 'it logs in';
    $p->change;
    is +($c->hear(10))[0], Test::Reach::SYNC, '... and is told';
};

# ---- the form of SyncML 1.1 ---------------------------------------------------------------

subtest 'SyncML 1.1' => sub {
    my $h = Test::Httpd->syncml;
    $h->expect_log(qr/its notifications need 2 SMS each: \d+ octets too many/);
    my $p = Test::Push->new($h);
    is +($h->ctl(qw(device set --account alice phone-second san-form 1.1)))[0],
        0, 'the form is set';
    $p->change;
    my @sms = $p->wait_files(1, 5);
    cmp_ok scalar(@sms), '>=', 1, 'it is told';
    my $pdu = join '', map { $_->{data} } @sms;
    like $sms[0]{meaning}, qr/^Notification: SyncML 1\.1$/m, '... so';
    is unpack('H*', substr $pdu, 0, 9), '01060603020303af85',
        '... as application/vnd.syncml+wbxml for push.syncml';
    my $url = $h->url('/syncml');
    like $pdu, qr/\x67\x57\x03\Q$url\E\x00\x01\x01/, '... from the URL that it uses';
    is scalar(() = $pdu =~ /\x46\x4B\x03/g), 1, '... with one Alert';
    my ($rc, $out) = $h->ctl(qw(device set --account alice phone-second
        san-form 2.0));
    is $rc, 5, 'there is no form 2.0' or diag $out;

    # the type that the phone itself has, once it has said so
    is +($h->ctl(qw(device set --account alice phone-second
        format contacts=vcard21)))[0], 0, 'it has vCard 2.1';
    $p->answer;
    my $n = $p->files;
    $p->change;
    my @all = $p->wait_files($n + 1, 5);
    $pdu = join '', map { $_->{data} } @all[$n .. $#all];
    like $pdu, qr/\x53\x03text\/x-vcard\x00/, '... which Meta/Type says';
    is +($h->ctl(qw(device set --account alice phone-second san-form 1.2)))[0],
        0, 'the other form';
    $p->answer;
    $n = $p->files;
    $p->change;
    my ($sms) = ($p->wait_files($n + 1, 5))[$n];
    is san($sms->{data})->{stores}[0]{content}, 7, '... has its number';

    SKIP: {
        skip 'no tshark', 4
            unless grep { -x "$_/tshark" } split /:/, $ENV{PATH};
        # tshark knows the type by its name only
        my $text = substr($pdu, 0, 2) . pack('C/a',
            "application/vnd.syncml+wbxml\0\xAF\x85") . substr $pdu, 9;
        my $t = tshark_wsp($h->dir, $text);
        like $t, qr/SyncML 1\.1/, 'tshark: SyncML 1.1';
        like $t, qr/<VerProto>.*SyncML\/1\.1.*<Alert>.*206.*<Final/s,
            '... an Alert 206';
        like $t, qr/<LocURI>.*\Q$url\E/s, '... from our URL';
        unlike $t, qr/Malformed/, '... well-formed';
    }
};

# ---- directives ----------------------------------------------------------------------------

sub wrong {
    my ($what, $conf, $words) = @_;
    my $b = Test::Places::build_dir();
    my $h = Test::Httpd->new(conf => "LoadModule syncml_push_module "
            . "$b/mod_syncml_push.so\n$conf\n");
    like $h->start_fails, $words, $what;
    return;
}

wrong('no network', 'SyncMLPushTCPNetworks home',
    qr/SyncMLPushTCPNetworks: "home" is no network; right are private/);
wrong('a network with a name', 'SyncMLPushTCPNetworks private example.com',
    qr/SyncMLPushTCPNetworks: "example.com" is no network/);
wrong('too many bits', 'SyncMLPushTCPNetworks 10.0.0.0/33',
    qr/SyncMLPushTCPNetworks: .*0 to 32 bits/);
wrong('no port', 'SyncMLPushTCPPort 0', qr/SyncMLPushTCPPort: "0" is no port/);
wrong('nowhere to listen', 'SyncMLPushListen here',
    qr/SyncMLPushListen: "here" is no port and no address.*right are 4745/);
wrong('an address without port', 'SyncMLPushListen 127.0.0.1',
    qr/SyncMLPushListen: "127.0.0.1" is no port/);
wrong('a name', 'SyncMLPushListen localhost:4745', qr/SyncMLPushListen: /);
wrong('no connections', 'SyncMLPushListenMax 0',
    qr/SyncMLPushListenMax: "0" is no number from 1/);
wrong('nobody told', 'SyncMLPushListenRate 0',
    qr/SyncMLPushListenRate: "0" is no number from 1 to 1000/);
wrong('in a location', "<Location />\nSyncMLPushListen 4745\n</Location>",
    qr/SyncMLPushListen not allowed/);
{
    my $busy = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
    my $h = Test::Httpd->syncml(start => 0,
        conf => 'SyncMLPushListen 127.0.0.1:' . $busy->sockport);
    like $h->start_fails, qr/SyncMLPushListen: cannot listen to 127/,
        'a port that is taken';
}

done_testing;
