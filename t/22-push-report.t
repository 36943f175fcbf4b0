#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Delivery reports: from a real Kannel through SetHandler syncml-dlr into the
# push log; forged, repeated, reordered, huge and senseless ones; what follows
# from a report that says "not delivered"; thousands at once.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Test::Gateway;
use Test::Httpd;
use Test::Kannel;
use Test::Push qw(until_true);
use Time::HiRes qw(sleep time);

my $slow = Test::Httpd::slow();

my $DLR = <<'END';
<Location "/syncml-dlr">
    SetHandler syncml-dlr
    Require all granted
</Location>
END

# The rows of the push log, latest last.
sub rows {
    my ($h) = @_;
    my ($rc, $out, $err) = $h->run(\'', 'sqlite3', '-readonly', '-json',
        "$h->{dir}/state/syncml.db", 'SELECT * FROM push_log ORDER BY id');
    die "sqlite3: $err\n" if $rc;
    return $out =~ /\S/ ? @{ JSON::PP::decode_json($out) } : ();
}

my %report = (none => 0, accepted => 1, buffered => 2, delivered => 3,
    failed => 4);

# The latest row gets this report within some seconds.
sub reported {
    my ($h, $name, $what) = @_;
    ok until_true(5, sub { (rows($h))[-1]{report} == $report{$name} }), $what
        or diag explain +(rows($h))[-1];
    return (rows($h))[-1];
}

# httpd needs its address before Kannel or a stand-in knows it.
sub start {
    my ($gateway, %o) = @_;
    my $h = Test::Httpd->syncml(%o, conf => $DLR . ($o{more} // ''),
        gateway => sub {
            "$gateway reports=" . $_[0]->url('/syncml-dlr') });
    return ($h, Test::Push->new($h, devices => $o{devices} // 1));
}

# ---- a real Kannel ---------------------------------------------------------------

SKIP: {
    skip Test::Kannel::missing(), 1 if Test::Kannel::missing();
    my $k = Test::Kannel->new->start;
    my ($h, $p) = start($k->gateway);
    $p->change;
    is $k->wait_sms(1, 10 * $slow), 1, 'Kannel sends the SMS';
    my $row = reported($h, 'delivered', 'its report comes into the push log');
    like $row->{report_text}, qr/^dlr=1\b/, '... in Kannel\'s words';
    like $row->{token}, qr/^[0-9a-f]{32}$/, '... by a token of 128 bits';
    like $row->{transport}, qr/^sms:kannel$/, '... the gateway is named';
    is $row->{number}, '+491700000002', '... and the number';
    like $h->log, qr/report device=phone-second .* state=delivered/,
        'the log has a line of it';
    unlike $h->log, qr/$row->{token}/, '... without the token';

    # the centre cannot be reached, then Kannel is told to give up
    $p->answer;
    $k->kill_smsc;
    until_true(5, sub { $k->status !~ /FAKE1.*online/ });
    $p->change;
    ok $h->wait_log(qr/answer="3: Queued/, 10), 'queued by Kannel';
    is +(rows($h))[-1]{report}, 0, '... no report yet';
    $k->start_smsc;
    reported($h, 'delivered', '... and one when it has left');
    isnt +(rows($h))[-1]{token}, $row->{token}, '... by another token';
    $h->stop;
    $k->stop;
}

# ---- every kind, by a stand-in's hand -----------------------------------------------

my $g = Test::Gateway->new;
my ($h, $p) = start($g->gateway, more => "MaxKeepAliveRequests 0\n");

sub call {
    my ($path, @more) = @_;
    return $h->http(GET => $path, @more)->{status};
}

$p->change;
my ($r) = $g->wait_requests(1, 5 * $slow);
my $url = $r->{headers}{'x-kannel-dlr-url'};
is $r->{headers}{'x-kannel-dlr-mask'}, 23, 'reports are asked for';
like $url, qr{/syncml-dlr/[0-9a-f]{32}\?dlr=%d&answer=%A&smsc=%F$},
    '... with a URL';
my ($path) = $url =~ m{(/syncml-dlr/[0-9a-f]{32})};

is call("$path?dlr=8&answer=ACK%2F"), 200, 'a report is answered with 200';
reported($h, 'accepted', '... and kept');
is call("$path?dlr=4"), 200, 'the phone is off';
reported($h, 'buffered', '... kept');
is call("$path?dlr=1"), 200, 'the phone has it';
reported($h, 'delivered', '... kept');
is call("$path?dlr=8"), 200, 'an older one comes late';
is call("$path?dlr=1"), 200, '... and one is repeated';
sleep 1;
reported($h, 'delivered', '... which changes nothing');

# ---- what is no report ------------------------------------------------------------------

my @log_before = grep {/\S/} split /\n/, $h->log;
is call('/syncml-dlr/'), 404, 'no token: 404';
is call('/syncml-dlr/' . '0' x 31 . '?dlr=1'), 404, 'a short one: 404';
is call('/syncml-dlr/' . '0' x 32 . '?dlr=2'), 200,
    'a forged one is answered like any other';
is call("$path?dlr=two"), 200, 'no number';
is call("$path?dlr=" . '9' x 4000), 200, 'a long number';
is call("$path?answer=" . 'x' x 6000 . '&dlr=1'), 200, 'a long answer';
is $h->http(POST => $path, { content => 'a=b&' x 20000 })->{status}, 413,
    'above 64 KiB: 413';
is $h->http(POST => $path, { content => "\0\1\2" x 1000, headers =>
        { 'Content-Type' => 'application/json' } })->{status}, 200,
    'binary nonsense';
is $h->http(PUT => $path, { content => 'dlr=2' })->{status}, 405, 'PUT: 405';
is $h->http(HEAD => "$path?dlr=2")->{status}, 200, 'HEAD';
sleep 1;
is +(rows($h))[-1]{report}, $report{delivered}, '... change nothing';
ok $h->wait_log(qr/a delivery report for no message of ours/, 3),
    'the forged one is in the log';
is scalar(rows($h)), 1, '... and in no row';

# POST, in a form and in JSON
is $h->http(POST => $path, { content => 'status=failed&err-code=2', headers =>
        { 'Content-Type' => 'application/x-www-form-urlencoded' } })->{status},
    200, 'a form, as Vonage has it';
my $row = reported($h, 'failed', '... kept');
like $row->{report_text}, qr/status=failed err-code=2/, '... in its words';

# ---- not delivered: what follows ---------------------------------------------------------

unlike $p->due, qr/suspended/, 'a phone that is off is not given up';
$p->answer;
my $n = $g->requests;
$p->change;
my @r = $g->wait_requests($n + 1, 5 * $slow);
($path) = $r[-1]{headers}{'x-kannel-dlr-url'} =~ m{(/syncml-dlr/\w{32})};
until_true(3, sub { $p->due =~ /"sent"/ });
$h->expect_log(qr/refused by the network/, qr/the number is no good/);
is call("$path?dlr=16&answer=NACK%2F11%2Fthrottled"), 200,
    'refused by the network';
ok $h->wait_log(qr/refused by the network, it is told again in 5 minutes/, 5),
    '... is told again soon';
my ($when) = $p->due =~ /"notBefore":"([^"]+)"|"not_before":"([^"]+)"/;
like $p->due, qr/undelivered: dlr=16/, '... with the reason';
$p->answer;
$p->change;
@r = $g->wait_requests($n + 2, 5 * $slow);
($path) = $r[-1]{headers}{'x-kannel-dlr-url'} =~ m{(/syncml-dlr/\w{32})};
until_true(3, sub { $p->due =~ /"sent"/ });
is call("$path?dlr=2&answer=unknown%20subscriber"), 200, 'no such number';
ok until_true(5, sub { $p->due =~ /"suspended"/ }),
    '... is left alone until the device syncs';
like $p->due, qr/undelivered: dlr=2 answer=unknown subscriber/,
    '... with the reason';
is_deeply [ @{ (rows($h))[-1] }{qw(event reason number)} ],
    [ 5, 'undelivered', '+491700000002' ], '... and a row of the push log';
$p->answer;
unlike $p->due, qr/phone-second/, '... and then nothing is owed';

# one that is faster than the answer to the message that it is about
{
    my $before = $g->requests;
    $g->mode('slow 2');
    $p->change;
    my $limit = time + 5 * $slow;
    sleep 0.02 while $g->requests == $before && time < $limit;
    my ($early) = ($g->requests)[-1]{headers}{'x-kannel-dlr-url'}
        =~ m{(/syncml-dlr/\w{32})};
    is call("$early?dlr=16&answer=NACK"), 200,
        'a report before the answer to its message';
    ok $h->wait_log(qr/report device=phone-second .* text="dlr=16/, 2),
        '... is noted';
    unlike $p->due, qr/undelivered/, '... there is nothing to do yet';
    ok until_true(5 * $slow, sub {
            $p->due =~ /undelivered: dlr=16 answer=NACK/ }),
        '... and acted on when the answer is there';
    is +(rows($h))[-1]{event}, 2, '... the message counts as sent';
    is +(rows($h))[-1]{report}, $report{failed}, '... and as undelivered';
    $g->mode('accept');
    $p->answer;
    $n++;
}

# a late one, about a message that the device has answered
$p->change;
@r = $g->wait_requests($n + 3, 5 * $slow);
my ($late) = $r[-2]{headers}{'x-kannel-dlr-url'} =~ m{(/syncml-dlr/\w{32})};
until_true(3, sub { $p->due =~ /"sent"/ });
is call("$late?dlr=2&answer=unknown%20subscriber"), 200, 'a late one';
sleep 1;
like $p->due, qr/"sent"/, '... says nothing of the message that is out';

# ---- thousands at once, while the worker stands still ---------------------------------------

{
    my ($token) = $late =~ /(\w{32})/;
    my $pid = $p->worker;
    kill STOP => $pid;
    my $http = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $h->{port}) or die $!;
    my ($sent, %got) = (0);
    my $begin = time;
    for (1 .. 60) {
        my $request = "GET /syncml-dlr/$token?dlr=1 HTTP/1.1\r\n"
            . "Host: localhost\r\n\r\n";
        syswrite $http, $request x 90;
        my $answers = '';
        while ((() = $answers =~ /^HTTP\/1\.1 /mg) < 90) {
            sysread $http, $answers, 65536, length $answers or last;
        }
        $answers =~ /ok\n\z|<\/html>\s*\z/
            or sysread $http, $answers, 65536, length $answers or last;
        my @status = $answers =~ /^HTTP\/1\.1 (\d+)/mg;
        $got{$_}++ for @status;
        $sent += @status;
        last if @status < 90;
    }
    my $took = time - $begin;
    $h->expect_log(qr/delivery reports come faster/);
    cmp_ok $sent, '>', 4000, 'thousands of reports';
    cmp_ok $took, '<', 20 * $slow, '... are answered, though the worker stands '
        . "still ($sent in " . sprintf('%.1f', $took) . ' s)';
    is_deeply [ grep { !/^(?:200|503)$/ } keys %got ], [],
        '... with 200, or 503 where there is no room'
        or diag explain \%got;
    cmp_ok $got{200} // 0, '>=', 200, '... some are kept';
    kill CONT => $pid;
    ok until_true(10, sub { call("/syncml-dlr/$token?dlr=1") == 200 }),
        'when it goes on there is room again';
}
$h->stop;
$g->stop;

# ---- not here --------------------------------------------------------------------------------

{
    my $h = Test::Httpd->new(conf => sub { 'LoadModule syncml_push_module '
            . Test::Httpd::build_dir() . "/mod_syncml_push.so\n$DLR" });
    $h->start;
    is $h->http(GET => '/syncml-dlr/' . '0' x 32 . '?dlr=1')->{status}, 404,
        'where push is off: 404';
    $h->stop;
}

done_testing;
