#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Several gateways: which takes what, another one's turn when one fails,
# limits of rate, one that hangs beside others and beside the phones' syncs.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Test::Gateway;
use Test::Httpd;
use Test::Push qw(until_true);
use Time::HiRes qw(sleep time);

my $slow = Test::Httpd::slow();

# gateway => "name url settings" of each; the first is that of syncml().
sub start {
    my ($gateways, %o) = @_;
    my ($first, @more) = @$gateways;
    my $conf = join '', map {"SyncMLPushGateway $_\n"} @more;
    my $h = Test::Httpd->syncml(gateway => $first, conf => $conf
            . ($o{more} // ''), %{ $o{httpd} // {} });
    return $h;
}

sub rows {
    my ($h) = @_;
    my ($rc, $out, $err) = $h->run(\'', 'sqlite3', '-readonly', '-json',
        "$h->{dir}/state/syncml.db", 'SELECT * FROM push_log ORDER BY id');
    die "sqlite3: $err\n" if $rc;
    return $out =~ /\S/ ? @{ JSON::PP::decode_json($out) } : ();
}

# ---- by number -------------------------------------------------------------------

{
    my ($any, $de) = map { Test::Gateway->new } 1, 2;
    my $h = start([ 'any ' . $any->gateway . ' price=0.1',
        'germany ' . $de->gateway . ' prefix=+49,+43 price=0.075' ]);
    ok $h->wait_log(qr/push worker \d+ for \S+ and any,germany starts/, 5),
        'both gateways are named at the start';
    my $p = Test::Push->new($h);
    $p->change;
    is $de->wait_requests(1, 5 * $slow), 1, 'a number with the prefix';
    is $any->requests, 0, '... goes to no other';
    ok $h->wait_log(qr/gateway=germany result=accepted/, 5),
        '... the log names the gateway';
    ok until_true(3, sub { (rows($h))[-1]{event} == 2 }), '... the row';
    is +(rows($h))[-1]{transport}, 'sms:germany', '... too';
    is +(rows($h))[-1]{cost}, 750, '... with its price';
    $p->answer;
    $h->ctl(qw(device set --account alice phone-second --number
        +33600000000));
    $p->change;
    is $any->wait_requests(1, 5 * $slow), 1, 'a number without it';
    is $de->requests, 1, '... goes to the other';
    $h->stop;
}

{
    my $de = Test::Gateway->new;
    my $h = start([ 'germany ' . $de->gateway . ' prefix=+49' ]);
    my $p = Test::Push->new($h, number => '+33600000000');
    $h->expect_log(qr/result=impossible/);
    $p->change;
    ok $h->wait_log(qr/result=impossible .*no SyncMLPushGateway takes the /, 5),
        'a number that no gateway takes';
    my ($line) = $p->attempts;
    like $line, qr/gateway=none .* next=20/, '... is tried again later';
    ok until_true(3, sub { $p->due =~ /no SyncMLPushGateway takes/ }),
        '... with the reason';
    is $de->requests, 0, '... and sent nowhere';
    $h->stop;
}

# ---- another one's turn ---------------------------------------------------------------

for my $case (
    [ 'answer 503 Temporal failure, try again later.', 'temporary' ],
    [ 'answer 403 Not routable. Do not try again.',    'temporary' ],
    [ 'answer 403 Authorization failed for sendsms',   'refused' ],
    [ 'answer 400 Number(s) has/have been denied by white- and/or '
        . 'black-lists.',                              'rejected' ],
    [ 'answer 200 <html>Hotel</html>',                 'temporary' ],
    [ 'stopped',                                       'unreachable' ],
) {
    my ($mode, $result) = @$case;
    my ($bad, $good) = map { Test::Gateway->new } 1, 2;
    $mode eq 'stopped' ? $bad->stop : $bad->mode($mode);
    my $h = start([ 'second ' . $good->gateway . ' priority=20',
        'first ' . $bad->gateway . ' priority=5' ]);
    $h->expect_log(qr/gateway=first result=$result/,
        qr/gateway first (?:fails|refuses our configuration)/);
    my $p = Test::Push->new($h);
    my $begin = time;
    $p->change;
    is $good->wait_requests(1, 5 * $slow), 1,
        "$result by the first: the second gets it";
    ok $h->wait_log(qr/gateway=second result=accepted/, 5), '... says the log';
    ok until_true(3, sub { $p->due =~ /"sent"/ }), '... the row is told';
    my @rows = rows($h);
    is_deeply [ map {"$_->{transport} $_->{event}"}
            sort { $a->{transport} cmp $b->{transport} } @rows ],
        [ 'sms:first 3', 'sms:second 2' ],
        '... the push log has both attempts';
    is scalar(grep { $_->{reason} eq $result } @rows), 1,
        "... and why the first did not: $result";
    is $bad->requests, ($mode eq 'stopped' ? 0 : 1), '... after one request';
    $h->stop;
}

# What may have gone out is never given to another.
{
    my ($bad, $good) = (Test::Gateway->new(mode => 'cut'),
        Test::Gateway->new);
    my $h = start([ 'first ' . $bad->gateway . ' priority=5',
        'second ' . $good->gateway ]);
    $h->expect_log(qr/result=unanswered/);
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/gateway=first result=unanswered/, 5), 'no answer';
    sleep 1;
    is $good->requests, 0, '... counts as sent: no other gateway gets it';
    $h->stop;
}

# All fail: what leaves most hope decides.
{
    my ($one, $two) = (
        Test::Gateway->new(mode => 'answer 400 Missing receiver number'),
        Test::Gateway->new(mode => 'answer 503 Later'));
    my $h = start([ 'one ' . $one->gateway . ' priority=1',
        'two ' . $two->gateway . ' priority=2' ]);
    $h->expect_log(qr/result=(?:rejected|temporary)/);
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/gateway=two result=temporary/, 5), 'both fail';
    ok until_true(3, sub { $p->due =~ /temporary: Later/ }),
        '... the row says what leaves hope';
    unlike $p->due, qr/suspended/, '... and is tried again';
    $one->mode('accept');
    is $one->wait_requests(2, 12 * $slow), 2, '... from the first on';
    ok $h->wait_log(qr/gateway=one result=accepted .*attempt=2/, 5),
        '... as the second attempt';
    $h->stop;
}

# ---- a paused one is gone round ------------------------------------------------------------

{
    my ($dead, $good) = map { Test::Gateway->new } 1, 2;
    my $h = start([ 'dead ' . $dead->gateway . ' priority=1 parallel=4',
        'good ' . $good->gateway ]);
    $h->expect_log(qr/gateway=dead result=unreachable/,
        qr/gateway dead fails/);
    my $p = Test::Push->new($h, devices => 30);
    $dead->stop;
    $p->change;
    is $good->wait_requests(30, 10 * $slow), 30,
        '30 devices, the first gateway is dead: the second tells all';
    ok $h->wait_log(qr/gateway dead fails: .*nothing is sent for/, 3),
        '... the first is paused';
    my $tried = () = $h->log =~ /gateway=dead result=unreachable/g;
    cmp_ok $tried, '<=', 30, "... after $tried attempts";
    sleep 1;
    is $good->requests, 30, '... nobody is told twice';
    $h->stop;
}

# ---- a limit of rate ---------------------------------------------------------------------------

{
    my $g = Test::Gateway->new;
    my $h = start([ 'limited ' . $g->gateway . ' rate=5/s parallel=20' ]);
    my $p = Test::Push->new($h, devices => 20);
    $p->change;
    my @r = $g->wait_requests(20, 20 * $slow);
    is @r, 20, '20 devices at 5 a second';
    my $took = $r[-1]{time} - $r[0]{time};
    cmp_ok $took, '>', 3.6, sprintf('... need four seconds (%.2f)', $took);
    cmp_ok $took, '<', 7 * $slow, '... and not much more';
    my %second;
    $second{ int($_->{time} - $r[0]{time}) }++ for @r;
    cmp_ok((sort { $b <=> $a } values %second)[0], '<=', 7,
        '... without a burst');
    sleep 1;
    is $g->requests, 20, '... each once';
    unlike $h->log, qr/attempt=[2-9]/, '... and no row counts another try';
    $h->stop;
}

# ---- a slow one touches neither others nor the phones ---------------------------------------------

{
    my ($stuck, $good) = (Test::Gateway->new(mode => 'hang'),
        Test::Gateway->new);
    my $h = start([ 'stuck ' . $stuck->gateway . ' prefix=+49 parallel=2',
        'good ' . $good->gateway ]);
    $h->expect_log(qr/gateway=stuck result=unanswered/,
        qr/gateway stuck fails/);
    my $p = Test::Push->new($h, devices => 25);
    my ($rc) = $h->ctl(qw(device set --account alice phone-second-7 --number
        +33600000007));
    my $begin = time;
    $p->change;
    cmp_ok time - $begin, '<', 2 * $slow, 'a phone syncs as ever';
    is $good->wait_requests(1, 5 * $slow), 1,
        '24 devices wait for a gateway that hangs: the other one works';
    cmp_ok(($good->requests)[0]{time} - $begin, '<', 3 * $slow, '... at once');
    is $good->requests, 1, '... for its own number only';
    is $stuck->requests, 2, '... two posts hang, as parallel=2 says';
    $h->stop;
    my $owed = () = $p->due =~ /"waiting"/g;
    cmp_ok $owed, '>=', 22, '... the others are kept';
}

# ---- a failure in the middle, and a budget -----------------------------------------

# Two SMS are planned, two are allowed. One is paid for when the first gateway
# fails: the second would make it three.
for my $limit (2, 3) {
    my ($one, $two) = (Test::Gateway->new(mode => 'first'),
        Test::Gateway->new);
    my $h = start([ 'one ' . $one->gateway . ' priority=10',
        'two ' . $two->gateway . ' priority=20' ],
        more => "SyncMLPushBudget device day $limit\nSyncMLServerID "
            . 'a-rather-long-name.of-a-server.in-some-department.'
            . "of-a-company.example.com\n");
    $h->expect_log(qr/need 2 SMS each/, qr/result=temporary/,
        qr/budget of the device for the day .* is used up/);
    my $p = Test::Push->new($h, names => [qw(contacts calendar tasks notes)]);
    $p->change;
    ok $h->wait_log(qr/parts=1\/2 gateway=one result=temporary/, 10),
        'one of two SMS is taken';
    if ($limit == 2) {
        ok until_true(15, sub { grep { $_->{event} == 4 } rows($h) }),
            '... no budget is left for the whole: it is held'
            or diag explain [ rows($h) ];
        is $two->requests, 0, '... and nothing is sent beyond it';
    }
    else {
        is $two->wait_requests(2, 15 * $slow), 2,
            '... the other gateway sends both, where the budget has room';
        my $paid = 0;
        ok until_true(5, sub {
                $paid = 0;
                $paid += $_->{parts} for rows($h);
                $paid == 3 }), '... and all three are counted'
            or diag explain [ rows($h) ];
    }
    $h->stop;
}

done_testing;
