#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# The push worker's process: what leaves as tshark understands it, restarts of
# every kind, kill -9 of worker and parent, the three MPMs, directives that
# are wrong, the directory of the file: gateway.
use strict;
use warnings;
use Digest::MD5 qw(md5 md5_base64);
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Push qw(until_true san tshark_wsp tshark_sms);
use Time::HiRes qw(sleep time);

my $DEATH = qr/push worker for \S+ died \(\w+ \d+\), another one starts/;
my $have_tshark = grep { -x "$_/tshark" } split /:/, $ENV{PATH};

# The digest as the specification has it, independent of our code.
sub digest {
    my ($server, $password, $nonce, $body) = @_;
    my $b64 = sub { md5_base64($_[0]) . '==' };
    return md5($b64->("$server:$password") . ":$nonce:" . $b64->($body));
}

# ---- what leaves -----------------------------------------------------------------

{
    my $h = Test::Httpd->syncml(conf => "SyncMLServerID sync.example.com\n");
    my $p = Test::Push->new($h, names => [qw(contacts calendar)]);
    $p->change;
    my @sms = $p->wait_files(1, 5);
    is @sms, 1, 'two datastores change: one SMS';
    is $sms[0]{to}, '+491700000002', '... to the number of the device';
    is unpack('H*', $sms[0]{udh}), '0605040b8423f0', '... to port 2948';
    is unpack('H*', substr $sms[0]{data}, 0, 6), '010603ceaf85',
        '... with the minimum of WSP headers';
    my $san = san($sms[0]{data});
    is "$san->{version} $san->{ui_mode} $san->{initiator}", '12 1 1',
        '... a notification of DS 1.2, in the background, by the server';
    is $san->{server}, 'sync.example.com', '... with the server id';
    is_deeply [ sort { $a->{uri} cmp $b->{uri} } @{ $san->{stores} } ],
        [ { sync => 206, content => 0x305, uri => 'calendar' },
          { sync => 206, content => 0, uri => 'contacts' } ],
        '... that names both datastores as the device knows them';
    is $san->{digest},
        digest('sync.example.com', 'secret', '', $san->{body}),
        '... with the digest of the account\'s password';
    is $san->{rest}, '', '... and nothing after it';
    like $sms[0]{meaning}, qr/^Server-Id: sync\.example\.com$/m,
        'the file says what it means';
    SKIP: {
        skip 'tshark is not installed', 5 unless $have_tshark;
        my $wsp = tshark_wsp("$h->{dir}/tmp", $sms[0]{data});
        like $wsp, qr/PDU Type: Push/, 'tshark: a WSP push';
        like $wsp, qr/X-Wap-Application-Id: x-wap-application:push\.syncml/,
            '... for the sync client';
        my $tpdu = tshark_sms("$h->{dir}/tmp", $sms[0]{udh}, $sms[0]{data});
        like $tpdu, qr/Destination port: .*\(2948\)/, 'tshark: a SMS to the port';
        like $tpdu, qr/Originator port: .*\(9200\)/, '... from the other';
        unlike $wsp . $tpdu, qr/[Mm]alformed/, '... both well-formed';
    }
    # the phone answers; the next change is told with another session id
    $p->answer;
    $p->change('contacts');
    @sms = $p->wait_files(2, 5);
    is @sms, 2, 'after the sync the next change is told';
    isnt san($sms[1]{data})->{session}, $san->{session},
        '... in another session';
    is @{ san($sms[1]{data})->{stores} }, 1, '... which names what changed';
    # no answer: further changes send nothing
    $p->change;
    $p->change;
    is $p->wait_files(3, 1.5), 2, 'while it is unanswered nothing is sent';
    my ($rc, $out) = $h->ctl(qw(due list));
    like $out, qr/phone-second/, '... and due list knows it';
    my @attempts = $p->attempts;
    is @attempts, 2, 'one line for each attempt';
    like $attempts[0], qr/syncml_push:notice.*
        \ account=alice\ device=phone-second\ number=\+491700000002
        \ datastores=(?:contacts,calendar|calendar,contacts)
        \ .*result=accepted\ .*ms=[\d.]+\ .*next=20\d\d-/x,
        '... with what an admin wants to know';
    unlike $h->log, qr/secret/, 'no password in the log';
    $h->stop;
}

# ---- from another process -----------------------------------------------------------

{
    my $h = Test::Httpd->syncml;
    my $p = Test::Push->new($h);
    my ($rc, $out, $err) = $h->ctl(\Test::Samples::vcard('Server Side'),
        qw(item put --account alice --datastore contacts));
    is $rc, 0, 'an item by syncmlctl' or diag $err;
    my $begin = time;
    my @sms = $p->wait_files(1, 5);
    is @sms, 1, '... is noticed';
    my $limit = 1.5 * Test::Httpd::slow();
    cmp_ok time - $begin, '<', 0.3 + $limit, '... within about a second';
}

# ---- the delay --------------------------------------------------------------------------

{
    my $h = Test::Httpd->syncml(delay => '1500ms');
    my $p = Test::Push->new($h);
    my $begin = time;
    $p->change;
    sleep 0.7;
    $p->change;
    my $last = time;
    my @sms = $p->wait_files(1, 10);
    my $took = time - $last;
    is @sms, 1, 'two changes within the delay: one SMS';
    cmp_ok $took, '>', 1.3, '... counted from the last of them';
    sleep 1;
    is $p->files, 1, '... and no other';
}

# ---- who dies, who starts ------------------------------------------------------------------

sub works {
    my ($p, $what) = @_;
    my $before = $p->files;
    $p->answer;
    $p->change;
    my @sms = $p->wait_files($before + 1, 8);
    is @sms, $before + 1, "$what: a change is told, once";
    return;
}

for my $mpm (qw(event worker prefork)) {
    my $h = Test::Httpd->syncml(mpm => $mpm, conf => "KeepAlive Off\n");
    $h->expect_log($DEATH);
    my $p = Test::Push->new($h);
    $p->change;
    is $p->wait_files(1, 5), 1, "$mpm: a change is told";

    my $old = $p->worker;
    my $begin = time;
    kill KILL => $old;
    my $new = until_true(5, sub {
        my $pid = $p->worker;
        $pid != $old && $pid;
    });
    ok $new, "$mpm: after kill -9 another worker runs";
    cmp_ok time - $begin, '<', 1.5 * Test::Httpd::slow(),
        "$mpm: ... within about a second";
    works($p, "$mpm, after kill -9");

    kill TERM => $new;
    ok until_true(5, sub { my $pid = $p->worker; $pid != $new && $pid }),
        "$mpm: also where somebody told it to end";

    for my $signal (qw(USR1 HUP)) {
        my $was = $p->worker;
        my $count = () = $h->log =~ /resuming normal oper/g;
        $h->signal($signal);
        ok until_true(10, sub {
            my $now = () = $h->log =~ /resuming normal oper/g;
            my $pid = $p->worker;
            $now > $count && $pid && $pid != $was && !kill 0, $was;
        }), "$mpm: SIG$signal changes the worker";
        works($p, "$mpm, after SIG$signal");
    }

    # a change in the middle of a graceful restart is told once
    $p->answer;
    my $before = $p->files;
    $h->signal('USR1');
    $p->change;
    is $p->wait_files($before + 1, 8), $before + 1,
        "$mpm: a change during a graceful restart is told, once";
    ok $h->stop, "$mpm: stops";         # and leaves nothing: checked there
    is $p->worker, 0, "$mpm: without a worker left";
    $h->start;
    ok until_true(5, sub { $p->worker }), "$mpm: starts again";
    ok $h->stop('WINCH'), "$mpm: stops gracefully";
    is $p->worker, 0, "$mpm: ... without a worker left";
}

# ---- a worker that dies at once -------------------------------------------------------------

{
    my $h = Test::Httpd->syncml;
    $h->expect_log($DEATH);
    my $p = Test::Push->new($h);
    my $begin = time;
    for (1 .. 3) {
        my $pid = until_true(15, sub { $p->worker });
        kill KILL => $pid;
        until_true(5, sub { !kill 0, $pid });
    }
    ok until_true(15, sub { $p->worker }), 'killed three times: runs again';
    cmp_ok time - $begin, '>', 2, '... not without a pause';
    like $h->log, qr/another one starts after a while/, '... which is said';
    works($p, 'after that');
    kill KILL => $p->worker;
    sleep 1.2;
    # the next one waits now: it must hear a stop
    $begin = time;
    $h->stop;
    cmp_ok time - $begin, '<', 3 * Test::Httpd::slow(),
        'a waiting worker stops too';
}

# ---- kill -9 of the parent ----------------------------------------------------------------

{
    my $h = Test::Httpd->syncml(mpm => 'worker');
    my $p = Test::Push->new($h);
    my $pid = $p->worker;
    ok $pid, 'a worker runs';
    kill KILL => $h->pid;
    # (dead, if nobody has waited for it either)
    ok until_true(3, sub { !grep { $_->{pid} == $pid } @{ $h->processes } }),
        'the worker does not outlive a parent that was killed';
    # httpd's own children do; they are not ours to judge
    kill KILL => map { $_->{pid} } @{ $h->processes };
    $h->stop('KILL');
}

# ---- two stores, two workers --------------------------------------------------------------

{
    my $h = Test::Httpd->syncml(conf => sub {
        my $d = $_[0]{dir};
        mkdir "$d/state/other";
        $_[0]->own("$d/state");
        return <<"END" });
<VirtualHost *:*>
    ServerName localhost
</VirtualHost>
<VirtualHost *:*>
    ServerName other.test
    SyncMLStore sqlite:$d/state/other/syncml.db
    SyncMLKeyFile $d/state/other/syncml.key
    SyncMLPushGateway file:$d/state/sms-other
</VirtualHost>
<VirtualHost *:*>
    ServerName silent.test
    SyncMLStore sqlite:$d/state/other/third.db
    SyncMLKeyFile $d/state/other/third.key
    SyncMLPush off
</VirtualHost>
END
    my $p = Test::Push->new($h);
    my $workers = () = $h->log =~ /push worker \d+ for \S+ and \S+ starts/g;
    is $workers, 2, 'two stores with push on: two workers';
    like $h->log, qr{push worker \d+ for \S+/other/syncml\.db and \S+sms-other},
        '... each with its gateway';
    works($p, 'two workers');
    ok -d "$h->{dir}/state/sms-other", 'the gateway\'s directory was made';
}

# ---- the directory ----------------------------------------------------------------------------

SKIP: {
    skip 'only root gives directories away', 3 if $>;
    my ($name) = Test::Places::child_user();
    my $sub = sub { "file:$_[0]{dir}/tmp/sms" };
    my $h = Test::Httpd->syncml(gateway => $sub);
    is +(getpwuid((stat "$h->{dir}/tmp/sms")[4]))[0], $name,
        'a directory that is made belongs to the user of the workers';
    $h->stop;
    $h = Test::Httpd->syncml(gateway => $sub, start => 0);
    mkdir "$h->{dir}/tmp/sms";
    Test::Places::spew("$h->{dir}/tmp/sms/somebody's", '');
    $h->expect_log(qr/must be allowed to write there/);
    $h->expect_log(qr/result=refused|refuses our configuration/);
    $h->start;
    is +(stat "$h->{dir}/tmp/sms")[4], 0,
        'one that holds anything is not given away';
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/result=refused .*Permission denied/, 5),
        '... and what happens is said at each attempt';
    $h->stop;
}

# ---- configurations that are wrong ---------------------------------------------------------------

sub wrong {
    my ($what, $conf, $words) = @_;
    my $b = Test::Httpd::build_dir();
    my $h = Test::Httpd->new(conf => "LoadModule syncml_push_module "
            . "$b/mod_syncml_push.so\n$conf");
    like $h->start_fails, $words, $what;
    return;
}

wrong('a gateway that does not exist', "SyncMLPushGateway smpp://x\n",
    qr/SyncMLPushGateway: no such gateway; right is kannel:/);
wrong('a gateway without password',
    "SyncMLPushGateway kannel:http://127.0.0.1:1/\n",
    qr/SyncMLPushGateway: .*user and password.*right is kannel:http/);
wrong('a relative directory', "SyncMLPushGateway file:sms\n",
    qr/SyncMLPushGateway: the directory must be an absolute path/);
wrong('a delay that is none', "SyncMLPushDelay soon\n",
    qr/SyncMLPushDelay: "soon" is no time/);
wrong('a negative delay', "SyncMLPushDelay -1\n",
    qr/SyncMLPushDelay: "-1" is no time/);
wrong('a delay without end', "SyncMLPushDelay 99h\n",
    qr/SyncMLPushDelay: "99h" is no time from 0 to 24h/);
wrong('no threads', "SyncMLPushThreads 0\n",
    qr/SyncMLPushThreads: "0" is no number from 1 to 64/);
wrong('too many threads', "SyncMLPushThreads 65\n",
    qr/SyncMLPushThreads: "65"/);
wrong('threads in words', "SyncMLPushThreads two\n",
    qr/SyncMLPushThreads: "two"/);
wrong('neither on nor off', "SyncMLPush maybe\n",
    qr/SyncMLPush must be On or Off/i);
wrong('in a location', "<Location />\nSyncMLPush on\n</Location>\n",
    qr/SyncMLPush not allowed/);
wrong('without mod_syncml', "SyncMLPushGateway file:/tmp/sms-never\n",
    qr/SyncMLPush is on, but there is no store to look into: load mod_syncml/);

{
    my $h = Test::Httpd->syncml(start => 0, conf => <<'END');
<VirtualHost *:*>
    ServerName other.test
    SyncMLPushDelay 5
</VirtualHost>
END
    like $h->start_fails,
        qr/two servers use the store \S+ with a different SyncMLPushDelay/,
        'two wishes for one store';
    $h = Test::Httpd->syncml(push => 0, start => 0, conf => sub {
        'LoadModule syncml_push_module ' . Test::Httpd::build_dir()
            . "/mod_syncml_push.so\nSyncMLPush on\n" });
    like $h->start_fails,
        qr/SyncMLPush is on, but there is no SyncMLPushGateway/,
        'push without a gateway';
    $h = Test::Httpd->syncml(push => 0, conf => sub {
        'LoadModule syncml_push_module ' . Test::Httpd::build_dir()
            . "/mod_syncml_push.so\n" });
    unlike $h->log, qr/push worker/, 'the module alone does nothing';
    $h->stop;
}

done_testing;
