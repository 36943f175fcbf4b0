#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The rules of push with a real server, and what `syncmlctl push' shows of
# them: the log, the status, pause, budgets, quiet hours, dry runs, tests.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use POSIX ();
use Test::More;
use Test::Httpd;
use Test::Push qw(until_true);

my ($h, $p);

sub start {
    my (%o) = @_;
    $h->stop if $h;
    $h = Test::Httpd->syncml(gateway => sub {"file:$_[0]{dir}/state/sms"},
        delay => 0, %o);
    $p = Test::Push->new($h);
    return;
}

sub ctl {
    my ($want, @args) = @_;
    my ($rc, $out, $err) = $h->ctl(@args);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $rc, $want, "status $want: @args" or diag "$out$err";
    return $want ? $err : $out;
}

sub json {
    my (@args) = @_;
    my ($rc, $out, $err) = $h->ctl(@args, '--json');
    die "@args: $err\n" if $rc;
    return JSON::PP->new->utf8->decode($out);
}

sub events { return map {"$_->{event} $_->{reason}"} @{ json(qw(push log)) } }

# Until the log has a row like that.
sub event {
    my ($re, $what) = @_;
    my $found = until_true(10, sub { grep {/$re/} events() });
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok $found, $what or diag explain json(qw(push log));
    return;
}

sub files { return scalar @{ [ glob "$h->{dir}/state/sms/*" ] } }

sub state_of { return json(qw(push status phone-second))->[0] }

# ---- one notification, from the change to the answer ---------------------------

start(conf => "SyncMLServerID s\nSyncMLPushPrice 0.09\n"
    . "SyncMLPushPrice +49 0.06\nSyncMLPushPrice 0049170 0.075\n");
$h->expect_log(qr/need 2 SMS each/);
is ctl(0, qw(push log)), "Nothing was told, and nothing was held.\n",
    'an empty log';
is state_of()->{state}, 'told', 'a device that lacks nothing';
$p->change;
$p->wait_files(1, 5);
event(qr/^sent quiet/, 'a notification is in the log');
my $sent = json(qw(push log))->[0];
is_deeply [ @{$sent}{qw(account device number datastores parts cost)} ],
    [ 'alice', 'phone-second', '+491700000002', 'contacts', 1, '0.075' ],
    '... whose, what and for how much';
is $sent->{answered}, undef, '... not answered';
like ctl(0, qw(push log)), qr/phone-second +sent +quiet .*\bno\b/,
    '... for people';
my $s = state_of();
is "$s->{state} $s->{why}", 'sent unanswered', 'the status says why it waits';
is $s->{sms_today}, 1, '... and what was spent';
$p->answer;
$sent = json(qw(push log))->[0];
like $sent->{answered}, qr/^20/, 'the sync answers it';
is $sent->{event}, 'sent', '... and nothing else is said';
like ctl(0, qw(push log --event sent --since 1h --limit 1 --number),
    '+491700000002'), qr/\b\d+s\b/, '... how long it took, by filters';
is_deeply json(qw(push log --event held)), [], 'no decision to wait';
is_deeply json(qw(push log --number +4911)), [], 'another number';
ctl(2, qw(push log --event lost));
ctl(2, qw(push log --since then));

# ---- nothing while one is unanswered --------------------------------------------

$p->change;
event(qr/^sent quiet/, 'told');
until_true(10, sub { files() == 2 });
$p->change for 1 .. 3;
event(qr/^held unanswered/, 'a change while an answer is waited for');
is +(grep {/^held/} events()), 1, '... one decision, one row';
is files(), 2, '... and no SMS';
ctl(0, qw(device set phone-second quirk send-guid=on));
ok until_true(10, sub { state_of()->{why} eq 'unanswered' }),
    'a setting does not end the wait';
is ctl(0, qw(push now phone-second)), "device phone-second: is told now\n",
    'but if somebody wants it';
event(qr/^sent now/, '... it is sent, for that reason');
$p->answer;
ctl(3, qw(push now phone-second));
ctl(3, qw(push now phone-third));

# ---- pause ----------------------------------------------------------------------

for my $whose ([], [qw(--account alice)], [qw(--device phone-second)]) {
    my $n = files();
    ctl(0, qw(push pause), @$whose);
    $p->change;
    event(qr/^held paused/, "paused: @$whose");
    is state_of()->{why}, 'paused', '... the status says it';
    is files(), $n, '... nothing is sent';
    ctl(0, qw(push resume), @$whose);
    ok until_true(10, sub { files() > $n }), '... resumed: it is';
    $p->answer;
}

# one that is excepted
{
    my $n = files();
    ctl(0, qw(push set --device phone-second paused off));
    ctl(0, qw(push pause));
    $p->change;
    ok until_true(10, sub { files() > $n }),
        'paused, but for a device with a setting of its own: it is told';
    isnt state_of()->{why}, 'paused', '... and the status says so';
    ctl(0, qw(push resume));
    ctl(0, qw(push set --device phone-second paused default));
    $p->answer;
}

# ---- settings -------------------------------------------------------------------

my ($n, @phone) = (0, qw(--device phone-second));
ctl(0, qw(push set), @phone, qw(delay.contacts off));
$p->change;
event(qr/^held off/, 'no push for a datastore');
like state_of()->{rules}, qr/delay\.contacts off/, '... in the status';
ctl(0, qw(push set), @phone, qw(delay.contacts default));
like ctl(5, qw(push set), @phone, qw(delay.contact off)),
    qr/delay\.contact: "contact" is no datastore; there are contacts, cal/,
    'a datastore that there is not';
ctl(0, qw(push set), @phone, qw(delay.contact default));
event(qr/^sent quiet/, '... the default is back');
$p->answer;

sub latest_text {
    my ($file) = reverse sort glob "$h->{dir}/state/sms/*";
    open my $in, '<', $file or die "$file: $!\n";
    local $/ = undef;
    return scalar <$in>;
}

like latest_text(), qr/Datastore: contacts; sync 206 \(two-way\)/,
    'a two-way sync is asked for';
ctl(0, qw(push set --account alice sync-type.contacts one-way-from-server));
like state_of()->{rules}, qr/sync-type\.contacts one-way-from-server/,
    'another type of sync, in the status';
$n = files();
$p->change;
until_true(10, sub { files() > $n });
like latest_text(), qr/contacts; sync 209 \(one-way from server\)/,
    '... it is asked for';
like ctl(5, qw(push set --account alice sync-type.contacts slow)),
    qr/"slow" is no type of sync; there are two-way, one-way-from-client/,
    '... not one that there is not';
ctl(0, qw(push set --account alice sync-type.contacts default));
$p->answer;
ctl(0, qw(push set --account alice budget.day 1));
like state_of()->{rules}, qr/budget\.day 1 \(account\)/, 'of the account';
$h->expect_log(qr/budget of the account for the day account alice is used up/);
$p->change;
event(qr/^held budget of the account for the day/, 'a budget is used up');
my ($held) = @{ json(qw(push log --event held --limit 1)) };
like $held->{until}, qr/^20.*:00Z$/, '... until midnight';
ctl(0, qw(push set --account alice budget.day none));
$p->wait_files(files() + 1, 5);
$p->answer;
ctl(0, qw(push set), @phone, 'quiet-hours', '0:00-24:00');
ctl(0, qw(push set), @phone, 'quiet-hours', '0:01-0:00 Europe/Berlin');
$p->change;
event(qr/^held quiet-hours/, 'quiet hours');
ctl(0, qw(push set), @phone, qw(quiet-hours default));
event(qr/^sent quiet/, '... over');
$p->answer;
# The hour that it is in Auckland: quiet if the device is there.
my $hour = do {
    local $ENV{TZ} = 'Pacific/Auckland';
    POSIX::tzset();
    (localtime)[2];
};
POSIX::tzset();
$n = files();
ctl(0, qw(push set), @phone, 'quiet-hours',
    sprintf '%d:00-%d:00', $hour, ($hour + 2) % 24);
ctl(0, qw(device set phone-second zone Pacific/Auckland));
$p->change;
ok until_true(10, sub { 2 == grep {/^held quiet-hours/} events() }),
    'the hours are those of the place that is set for the device';
is files(), $n, '... nothing is sent';
ctl(0, qw(device set phone-second zone UTC));
ctl(0, qw(push set), @phone, qw(min-interval 0));
ok until_true(10, sub { files() > $n }), '... in another place it is';
$p->answer;
ctl(0, qw(push set), @phone, qw(quiet-hours default min-interval default));
like ctl(5, qw(push set), @phone, qw(delay soon)), qr/delay: "soon" is no time/,
    'a value that is none';
like ctl(5, qw(push set), @phone, qw(zone Moon/Crater)), qr/no time zone/,
    '... a zone';
like ctl(2, qw(push set), @phone, qw(colour red)), qr/no such rule/,
    'no such rule';
like ctl(2, qw(push set delay 5)), qr/say whose rules/, 'whose?';
like ctl(2, qw(push set), @phone, 'delay'), qr/RULE VALUE|value is missing/,
    'no value';

# ---- a test notification ---------------------------------------------------------

$n = files();
like ctl(0, qw(push test), '+49 170/12345'),
    qr/^\+4917012345: accepted by .*1 of 1 SMS$/, 'a test is sent';
is files(), $n + 1, '... is there when the command ends';
is json(qw(push log))->[0]{reason}, 'test', '... is in the log';
ctl(5, qw(push test nobody));

# ---- dry run ----------------------------------------------------------------------

start(conf => "SyncMLPushDryRun on\n");
$p->change;
event(qr/^dry-run/, 'a dry run is in the log');
is files(), 0, '... nothing is sent';
is state_of()->{state}, 'dry-run', '... the status says it';
like $h->log, qr/result=dry-run/, '... and the log line';
$p->change;
ok until_true(10, sub { 2 == grep {/^dry-run/} events() }),
    'the next change would be told as well';
like ctl(1, qw(push test +4917012345)), qr/not sent/, 'a test is not sent';
(my $conf = Test::Places::slurp("$h->{dir}/httpd.conf"))
    =~ s/SyncMLPushDryRun on/SyncMLPushDryRun off/;
Test::Places::spew("$h->{dir}/httpd.conf", $conf);
$h->graceful if $h->can('graceful');
SKIP: {
    skip 'no graceful restart here', 1 unless $h->can('graceful');
    ok until_true(10, sub { files() == 1 }), 'switched off: what is owed is told';
}

# ---- urgent changes ----------------------------------------------------------------

# @param zone  its name; undef: UTC.  @param more  lines
sub event_in {
    my ($seconds, $zone, @more) = @_;
    local $ENV{TZ} = $zone // 'UTC';
    POSIX::tzset();
    my $start = POSIX::strftime('%Y%m%dT%H%M%S', localtime(time + $seconds));
    delete local $ENV{TZ};
    POSIX::tzset();
    return join "\r\n", qw(BEGIN:VCALENDAR VERSION:2.0 BEGIN:VEVENT),
        'SUMMARY:Meet', $zone ? "DTSTART;TZID=$zone:$start"
        : "DTSTART:${start}Z", 'DURATION:PT1H', @more, 'END:VEVENT',
        'END:VCALENDAR', '';
}

start(delay => '1h');
my $q = Test::Push->new($h, names => ['calendar'], number => '+491700000003');
for ([ 'in three hours' => 3 * 3600, 0 ], [ 'in one hour' => 3600, 1 ]) {
    my ($when, $seconds, $told) = @$_;
    my ($rc, undef, $err) = $h->ctl(\event_in($seconds), qw(item put));
    is "$rc$err", '0', "an event $when";
    if ($told) {
        event(qr/^sent urgent/, '... is told at once');
        next;
    }
    sleep 1;
    ok !grep({/^sent/} events()), '... waits for the delay';
}
$q->answer;
ok !grep({/^fetched/} events()), 'what was told is not said to be fetched';

# of a series the next occurrence counts, and the clock where it takes place
my $DAY = 86400;
my $urgent = () = grep {/^sent urgent/} events();
for ([ 'weekly, in three hours' => -70 * $DAY + 10800, undef, 0,
        'RRULE:FREQ=WEEKLY' ],
    [ 'weekly, in one hour' => -70 * $DAY + 3600, undef, 1,
        'RRULE:FREQ=WEEKLY' ],
    [ 'in one hour, in Auckland' => 3600, 'Pacific/Auckland', 1 ],
    [ 'in 14 hours, in Berlin' => 14.5 * 3600, 'Europe/Berlin', 0 ],
    [ 'daily, in one hour, over since' => -70 * $DAY + 3600, undef, 0,
        'RRULE:FREQ=DAILY;COUNT=60' ])
{
    my ($when, $seconds, $zone, $told, @more) = @$_;
    my ($rc, $out, $err) = $h->ctl(\event_in($seconds, $zone, @more),
        qw(item put));
    is "$rc$err", '0', "an event $when";
    if ($told) {
        $urgent++;
        ok until_true(5, sub {
                $urgent == grep {/^sent urgent/} events() }),
            '... is told at once' or diag explain [ events() ];
        $q->answer;
    }
    else {
        sleep 1;
        is scalar(grep {/^sent urgent/} events()), $urgent,
            '... waits for the delay';
        $q->answer;
    }
}
{
    # its next occurrence is in an hour: all of it goes
    my ($rc, undef, $err) = $h->ctl(\event_in(-7 * $DAY + 3600, undef,
        'UID:gone', 'RRULE:FREQ=WEEKLY'), qw(item put));
    $urgent++;
    until_true(5, sub { $urgent == grep {/^sent urgent/} events() });
    $q->answer;
    my $items = json(qw(item list --account alice --datastore calendar));
    ($rc, undef, $err) = $h->ctl(qw(item del --account alice),
        $items->[-1]{id});
    is "$rc$err", '0', 'it is deleted';
    $urgent++;
    ok until_true(5, sub { $urgent == grep {/^sent urgent/} events() }),
        '... which is told at once too' or diag explain [ events() ];
    $q->answer;
}

# ---- suspension --------------------------------------------------------------------

start(conf => "SyncMLPushDelay contacts 300ms\n");
$p->change for 1 .. 3;
ok until_true(10, sub { files() == 1 }), 'a delay of its own';
is files(), 1, '... makes one SMS of three changes';
$h->stop;

# ---- money without prices ---------------------------------------------------------

for ([ "", 'file:', 1 ], [ 'SyncMLPushPrice 0.09', 'file:', 0 ],
    [ 'SyncMLPushPrice +43 0.09', 'file:', 1 ], [ '', 'price=0.09', 0 ],
    [ 'SyncMLPushPrice +49 0.09', 'prefix=+4917', 0 ],
    [ 'SyncMLPushPrice +4917 0.09', 'prefix=+49', 1 ])
{
    my ($price, $setting, $warned) = @$_;
    my $m = Test::Httpd->syncml(start => 0,
        gateway => sub {"a file:$_[0]{dir}/state/sms "
                . ($setting =~ /=/ ? $setting : '')},
        conf => "SyncMLPushBudget account month cost=5\n$price\n");
    my $words = qr/an SMS by a has no price .*SyncMLPushPrice/;
    $m->expect_log($words);
    $m->start;
    is scalar($m->log =~ $words), $warned ? 1 : '', "a budget of money, "
        . ($price || 'no price') . ", $setting: "
        . ($warned ? 'a warning' : 'all well');
    $m->stop;
}

# ---- virtual hosts ----------------------------------------------------------------

# One worker for the store: a rule of a virtual host takes the place of the
# main server's, and has to be the same.
for ([ 'SyncMLPushBudget device day 3', 'SyncMLPushBudget' ],
    [ 'SyncMLPushMaxDelay contacts 1h', 'SyncMLPushMaxDelay' ],
    [ 'SyncMLPushPrice 0.05', 'SyncMLPushPrice' ],
    [ 'SyncMLPushKeep 30d', 'SyncMLPushKeep' ],
    [ "SyncMLPushDelay 0\nSyncMLPushMinInterval 0", undef ])
{
    my ($rule, $wrong) = @$_;
    my $v = Test::Httpd->syncml(start => 0, delay => 0,
        gateway => sub {"file:$_[0]{dir}/state/sms"},
        conf => "<VirtualHost *:*>\nServerName v.test\n$rule\n</VirtualHost>\n");
    if ($wrong) {
        like $v->start_fails, qr/with a different $wrong:/, "another $wrong";
    }
    else {
        $v->start;
        ok 1, 'the same rules in other places';
        $v->stop;
    }
}

done_testing;
