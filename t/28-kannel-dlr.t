#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Every kind of delivery report of a real Kannel, from a centre that speaks
# SMPP: taken (8), buffered (4), delivered (1), undelivered (2), refused (16),
# and a centre that is busy, does not answer, or is gone.  Each ends in
# delivered, told again, or a permanent failure, and never in silence.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Test::Httpd;
use Test::Kannel;
use Test::Push qw(until_true);
use Test::Smsc;
use Time::HiRes qw(sleep time);

plan skip_all => Test::Kannel::missing() if Test::Kannel::missing();
my $slow = Test::Httpd::slow();

my $c = Test::Smsc->new;
my $k = Test::Kannel->new(smpp => $c->{port})->start;
my $h = Test::Httpd->syncml(
    conf => <<'END',
<Location "/syncml-dlr">
    SetHandler syncml-dlr
    Require all granted
</Location>
END
    gateway =>
        sub { $k->gateway . ' reports=' . $_[0]->url('/syncml-dlr') });
$h->expect_log(qr/refused by the network/, qr/the number is no good/);
my $p = Test::Push->new($h);
my $sent = 0;

sub row {
    my ($rc, $out, $err) = $h->run(\'', 'sqlite3', '-readonly', '-json',
        "$h->{dir}/state/syncml.db",
        'SELECT * FROM push_log WHERE token <> "" ORDER BY id DESC LIMIT 1');
    die "sqlite3: $err\n" if $rc;
    return $out =~ /\S/ ? JSON::PP::decode_json($out)->[0] : {};
}

sub due {
    my ($rc, $out, $err) = $h->run(\'', 'sqlite3', '-readonly', '-json',
        "$h->{dir}/state/syncml.db", 'SELECT * FROM dues');
    die "sqlite3: $err\n" if $rc;
    return $out =~ /\S/ ? JSON::PP::decode_json($out)->[0] : {};
}

my %report = (none => 0, accepted => 1, buffered => 2, delivered => 3,
    failed => 4);

sub reported {
    my ($state, $text, $what) = @_;
    ok until_true(10, sub { row()->{report} == $report{$state} }), $what
        or diag explain row();
    like row()->{report_text}, $text, '... in the words of the centre';
    return;
}

# A change, and the message that comes of it at the centre (if it takes it).
sub notify_by {
    my ($mode, $taken) = @_;
    $p->answer if $sent;
    $c->mode($mode);
    $p->change;
    $sent += $taken;
    my @sms = $c->wait_sms($sent, 15 * $slow);
    is @sms, $sent, $taken ? 'the centre gets a message'
        : 'the centre takes no message';
    return $sms[-1];
}

# ---- taken, buffered, delivered ----------------------------------------------------

my $sms = notify_by('ok', 1);
is $sms->{to}, '491700000002', '... to the number, as SMPP has it';
is unpack('H*', $sms->{udh}), '0605040b8423f0', '... to the WAP push port';
is $sms->{receipt} & 1, 1, '... with a receipt';
is $sms->{validity} ne '', 1, '... and a time after which it is not kept';
$c->receipt($sms, 'ENROUTE', '000');
reported('buffered', qr/^dlr=4 .*ENROUTE/, '4: the phone is off');
is due()->{state}, 1, '... an answer is waited for';
$c->receipt($sms, 'DELIVRD', '000');
reported('delivered', qr/^dlr=1 .*DELIVRD/, '1: the phone has it');
is due()->{state}, 1, '... and its sync is waited for';
cmp_ok due()->{not_before} / 1e6, '>', time + 600,
    '... and it is told again if it does not come';

# ---- undelivered -------------------------------------------------------------------

for my $state (qw(UNDELIV EXPIRED DELETED)) {
    $sms = notify_by('ok', 1);
    $c->receipt($sms, $state, '027');
    reported('failed', qr/^dlr=2 .*$state/, "2: $state");
    is due()->{state}, 1, '... it is told again after its back-off';
    my $wait = due()->{not_before} / 1e6 - time;
    ok $wait > 600 && $wait < 1000, '... of a quarter of an hour'
        or diag $wait;
}
$sms = notify_by('ok', 1);
$c->receipt($sms, 'REJECTD', '069');
reported('failed', qr/^dlr=2 .*REJECTD/, '2: REJECTD');
ok $h->wait_log(qr/refused by the network, it is told again in 5 min.*REJECTD/,
    5), '... which is the network\'s refusal: told again soon';
like due()->{last_error}, qr/undelivered: dlr=2/, '... with the reason';

# ---- refused -------------------------------------------------------------------------

notify_by('error 69', 0);
reported('failed', qr/^dlr=16 answer=NACK/, '16: the centre refuses it');
ok until_true(5, sub { (due()->{last_error} // '') =~ /undelivered: dlr=16/ }),
    '... it is told again soon';
my $wait = due()->{not_before} / 1e6 - time;
ok $wait > 200 && $wait < 310, '... in five minutes' or diag $wait;
notify_by('error 11', 0);
reported('failed', qr/^dlr=16 answer=NACK.*Invalid Destination/i,
    '16: there is no such number');
ok until_true(5, sub { due()->{state} == 2 }),
    '... it is left alone until it syncs';
ok $h->wait_log(qr/the number is no good, it is left alone/, 5),
    '... and said so';

# ---- busy, silent, gone ----------------------------------------------------------------

# (0x58: throttled; 0x14: its queue is full)
for my $status (88, 20) {
    $sms = notify_by("once $status", 1);
    $c->receipt($sms, 'DELIVRD', '000');
    reported('delivered', qr/^dlr=1/,
        "the centre is busy ($status): Kannel tries again");
}

$c->stop;
until_true(10, sub { $k->status !~ /SMPP1.*online/ });
$p->answer;
$p->change;
ok $h->wait_log(qr/answer="3: Queued/, 10),
    'the centre is gone: Kannel keeps it';
is row()->{report}, 0, '... no report yet';
is due()->{state}, 1, '... an answer is waited for';
$c->start;
$sent++;
my @sms = $c->wait_sms($sent, 30 * $slow);
is @sms, $sent, '... and sends it when it is back';
$c->receipt($sms[-1], 'DELIVRD', '000');
reported('delivered', qr/^dlr=1/, '... which is delivered');

# no answer to submit_sm: Kannel sends it again, the phone may get it twice
$p->answer;
$c->mode('silent');
$p->change;
ok $h->wait_log(qr/answer="0: Accepted/, 5), 'the centre says nothing';
sleep 2;
is row()->{report}, 0, '... nor does Kannel';
is due()->{state}, 1, '... it counts as sent';
$c->mode('ok');
$sent++;
@sms = $c->wait_sms($sent, 40 * $slow);
is @sms, $sent, '... Kannel sends it again';
$c->receipt($sms[-1], 'DELIVRD', '000');
reported('delivered', qr/^dlr=1/, '... until it is delivered');

$h->stop;

# ---- taken -------------------------------------------------------------------------------

# The centre's mere receipt is not asked for, since it says no more than
# Kannel's answer; who asks for it gets it into the push log.
{
    my $preset = Test::Places::slurp(
        "$Test::Places::ROOT/conf/gateways/kannel.conf");
    $preset =~ s/dlr-mask=23/dlr-mask=31/ or die;
    Test::Places::spew("$h->{dir}/kannel.conf", $preset);
    my $secret = "$h->{dir}/credentials";
    Test::Places::spew($secret,
        "user = $k->{user}\npassword = $k->{password}\n");
    chmod 0600, $secret;
    $h->{gateway} = sub { "kannel template:$h->{dir}/kannel.conf "
            . "base=http://127.0.0.1:$k->{sendsms} credentials=$secret"
            . ' reports=' . $_[0]->url('/syncml-dlr') };
    $h->write_conf;
    $h->start;
    $sms = notify_by('ok', 1);
    reported('accepted', qr/^dlr=8 answer=ACK/, '8: the centre has it');
    is due()->{state}, 1, '... an answer is waited for';
    $c->receipt($sms, 'DELIVRD', '000');
    reported('delivered', qr/^dlr=1/, '1: the phone has it');
}

my @rows = do {
    my ($rc, $out) = $h->run(\'', 'sqlite3', '-readonly',
        "$h->{dir}/state/syncml.db",
        'SELECT count(*) FROM push_log WHERE token <> "" AND report = 0');
    $out;
};
is $rows[0] + 0, 0, 'no message is left without a report';

$h->stop;
$k->stop;
$c->stop;
done_testing;
