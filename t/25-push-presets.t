#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# The shipped templates: Kannel's through the real one, octet for octet; the
# others against stand-ins that check what the gateways' documentation asks
# for.  Local modems through the real gammu-smsd and smsd.  TLS: certificates
# that are good, of somebody else, for another name.  Configurations that are
# wrong.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use POSIX ();
use MIME::Base64 qw(decode_base64);
use Test::More;
use Test::Gateway;
use Test::Httpd;
use Test::Kannel;
use Test::Places qw(spew slurp);
use Test::Push qw(until_true san);
use Time::HiRes qw(sleep time);

my $slow    = Test::Httpd::slow();
my $presets = "$Test::Places::ROOT/conf/gateways";
my $UDH     = '0605040b8423f0';

sub secret {
    my ($text) = @_;
    my $file = Test::Places::scratch() . '/secret';
    spew($file, $text);
    chmod 0600, $file;
    return $file;
}

sub unescape {
    my ($text) = @_;
    $text =~ tr/+/ /;
    return $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger;
}

sub form { return map { unescape($_) } map { split /=/, $_, 2 }
        split /&/, $_[0] }

# ---- Kannel's template, the real Kannel ------------------------------------------

SKIP: {
    skip Test::Kannel::missing(), 1 if Test::Kannel::missing();
    my $k = Test::Kannel->new->start;
    my $h = Test::Httpd->syncml(gateway => sub {
            "kannel template:$presets/kannel.conf base=http://127.0.0.1:"
                . "$k->{sendsms} credentials="
                . secret("user = $k->{user}\npassword = $k->{password}\n")
                . ' reports=' . $_[0]->url('/syncml-dlr') },
        conf => qq{SyncMLServerID sync.example.com\n<Location "/syncml-dlr">}
            . "\nSetHandler syncml-dlr\nRequire all granted\n</Location>\n");
    my $p = Test::Push->new($h);
    for my $n (1 .. 3) {
        $p->change;
        my @sms = $k->wait_sms($n, 10 * $slow);
        is @sms, $n, "Kannel by the template: SMS $n";
        is unpack('H*', $sms[-1]{udh}), $UDH, '... with its header';
        my $san = san($sms[-1]{data});
        is unpack('H*', $sms[-1]{data}),
            '010603ceaf85' . unpack('H*', $san->{digest})
            . '0318000000' . sprintf('%04x', $san->{session})
            . '10' . unpack('H*', 'sync.example.com')
            . '10' . '60000000' . '08' . unpack('H*', 'contacts'),
            '... byte for byte';
        $p->answer;
    }
    ok $h->wait_log(qr/report device=phone-second .* state=delivered/, 5),
        '... and a delivery report';
    unlike $h->log, qr/se cret|se%20cret/, '... no password in the log';
    $h->stop;
    $k->stop;
}

# ---- the others: what the stand-in is asked, by the documentation -------------------

# name => { settings, secret, answer, id, check }; check dies with words.
sub need {
    my ($form, %want) = @_;
    for (sort keys %want) {
        die "$_ is " . ($form->{$_} // 'missing') . "\n"
            unless ($form->{$_} // '') =~ $want{$_};
    }
    return;
}

my %case = (
    vonage => {
        settings => 'from=SyncML',
        secret   => "user = key1\npassword = s3cret\n",
        answer   => '200 {"message-count":"1","messages":[{"to":"4917",'
            . '"message-id":"0A0000000123ABCD1","status":"0"}]}',
        id    => '0A0000000123ABCD1',
        check => sub {
            my ($r) = @_;
            $r->{line} =~ m{^POST /sms/json HTTP} or die "$r->{line}\n";
            my %f = form($r->{data});
            need(\%f, api_key => qr/^key1$/, api_secret => qr/^s3cret$/,
                from => qr/^SyncML$/, to => qr/^491700000002$/,
                type => qr/^binary$/, udh => qr/^\U$UDH\E$/,
                body => qr/^(?:[0-9A-F]{2})+$/, ttl => qr/^900000$/,
                'status-report-req' => qr/^1$/, callback => qr/^http/);
            return pack 'H*', $f{body};
        },
    },
    clickatell => {
        settings => 'api_id=77',
        secret   => "user = u\npassword = s3cret\n",
        answer   => '200 ID: 205e85d0578314037a96175249fc6a2b',
        id       => '205e85d0578314037a96175249fc6a2b',
        check    => sub {
            my ($r) = @_;
            $r->{line} =~ m{^POST /http/sendmsg HTTP} or die "$r->{line}\n";
            my %f = form($r->{data});
            need(\%f, api_id => qr/^77$/, user => qr/^u$/, password =>
                    qr/^s3cret$/, to => qr/^491700000002$/,
                udh => qr/^$UDH$/i, data => qr/^(?:[0-9A-F]{2})+$/i,
                req_feat => qr/^6$/,    # 8-bit (2), header (4)
                callback => qr/^3$/, deliv_ack => qr/^1$/,
                cliMsgId => qr/^[0-9a-f]{32}$/);
            return pack 'H*', $f{data};
        },
    },
    nowsms => {
        settings => '',
        secret   => "user = u\npassword = s3cret\n",
        answer   => '200 <html>Message Submitted MessageID=485F1E21.req</html>',
        id       => '485F1E21.req',
        check    => sub {
            my ($r) = @_;
            my ($query) = $r->{line} =~ m{^GET /\?(\S+) HTTP} or
                die "$r->{line}\n";
            my %f = form($query);
            need(\%f, User => qr/^u$/, Password => qr/^s3cret$/, PhoneNumber =>
                    qr/^\+491700000002$/, Binary => qr/^1$/,
                UDH => qr/^$UDH$/i, Data => qr/^(?:[0-9A-F]{2})+$/,
                pid => qr/^00$/, dcs => qr/^F5$/);
            return pack 'H*', $f{Data};
        },
    },
    infobip => {
        settings => 'from=SyncML',
        secret   => "key = s3cret\n",
        answer   => '200 {"messages":[{"to":"491700000002","status":{"groupId"'
            . ':1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED"},'
            . '"messageId":"2033247207850523791"}]}',
        id    => '2033247207850523791',
        check => sub {
            my ($r) = @_;
            $r->{line} =~ m{^POST /sms/2/binary/advanced HTTP}
                or die "$r->{line}\n";
            need($r->{headers}, authorization => qr/^App s3cret$/,
                'content-type' => qr{^application/json$});
            my $m = JSON::PP::decode_json($r->{data})->{messages}[0];
            need($m, from => qr/^SyncML$/, notifyUrl => qr/^http/,
                callbackData => qr/^[0-9a-f]{32}$/, validityPeriod =>
                    qr/^15$/);
            need($m->{destinations}[0], to => qr/^491700000002$/);
            need($m->{binary}, dataCoding => qr/^4$/, esmClass => qr/^64$/,
                hex => qr/^(?:[0-9a-f]{2} )+[0-9a-f]{2}$/);
            my $all = pack 'H*', $m->{binary}{hex} =~ s/ //gr;
            unpack('H14', $all) eq $UDH or die "header\n";
            return substr $all, 7;
        },
    },
    sinch => {
        settings => 'from=12025550123 plan=plan9',
        secret   => "key = s3cret\n",
        answer   => '201 {"id":"01FC66621XXXXX119Z8PMV1QPQ","to":["4917"]}',
        id       => '01FC66621XXXXX119Z8PMV1QPQ',
        check    => sub {
            my ($r) = @_;
            $r->{line} =~ m{^POST /xms/v1/plan9/batches HTTP}
                or die "$r->{line}\n";
            need($r->{headers}, authorization => qr/^Bearer s3cret$/);
            my $m = JSON::PP::decode_json($r->{data});
            need($m, type => qr/^mt_binary$/, udh => qr/^$UDH$/,
                from => qr/^12025550123$/, callback_url => qr/^http/,
                client_reference => qr/^[0-9a-f]{32}$/);
            $m->{to}[0] eq '491700000002' or die "to\n";
            return decode_base64($m->{body});
        },
    },
    ozeki => {
        settings => '',
        secret   => "user = u\npassword = s3cret\n",
        answer   => '200 <response><data><acceptreport><statuscode>0'
            . '</statuscode><messageid>KGFUYGW</messageid></acceptreport>',
        id    => 'KGFUYGW',
        check => sub {
            my ($r) = @_;
            my ($query) = $r->{line} =~ m{^GET /api\?(\S+) HTTP} or
                die "$r->{line}\n";
            my %f = form($query);
            need(\%f, action => qr/^sendmessage$/, username => qr/^u$/,
                password => qr/^s3cret$/, recipient => qr/^\+491700000002$/,
                messagetype => qr/^SMS:BINARY:XML$/,
                messagedata => qr{^<sms><pid>00</pid><dcs>F5</dcs><udh>
                    \U$UDH\E</udh><ud>([0-9A-F]+)</ud></sms>$}x);
            return pack 'H*', $f{messagedata} =~ m{<ud>(\w+)}
                ? $1 : '';
        },
    },
);

for my $name (sort keys %case) {
    my $c = $case{$name};
    my $g = Test::Gateway->new(mode => "answer $c->{answer}");
    my $h = Test::Httpd->syncml(gateway =>
            "$name template:$presets/$name.conf $c->{settings} "
            . "base=http://127.0.0.1:$g->{port} credentials="
            . secret($c->{secret}) . ' reports=http://sync.example.com/dlr');
    my $p = Test::Push->new($h);
    $p->change;
    my ($r) = $g->wait_requests(1, 5 * $slow);
    my $data = eval { $c->{check}->($r) };
    is $@, '', "$name: the request is as documented" or diag explain $r;
    my $san = eval { san($data // '') };
    is $san && $san->{stores}[0]{uri}, 'contacts', '... with our notification';
    ok $h->wait_log(qr/gateway=$name result=accepted/, 5),
        '... and its answer is understood';
    my $out = '';
    until_true(3, sub {
        (undef, $out) = $h->run(\'', 'sqlite3', '-readonly',
            "$h->{dir}/state/syncml.db", 'SELECT message_id FROM push_log');
        return $out =~ /\S/ });
    like $out, qr/^\Q$c->{id}\E$/m, '... its name for the message';
    unlike $h->log, qr/s3cret/, '... no secret in the log';
    # an answer that says the secret
    $p->answer;
    $g->mode('answer 401 wrong key s3cret');
    $h->expect_log(qr/result=refused/, qr/refuses our configuration/);
    $p->change;
    ok $h->wait_log(qr/gateway=$name result=refused/, 5),
        '... 401: our configuration';
    unlike $h->log, qr/s3cret/, '... and none in what it answers';
    $h->stop;
}

# ---- modems of this machine: the real daemons ------------------------------------------------

# A daemon of its own process group, stopped at the end.
my @daemons;

sub daemon {
    my (@cmd) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>&', \*STDOUT;
        exec @cmd or POSIX::_exit(127);
    }
    eval { setpgrp $pid, $pid };
    push @daemons, $pid;
    return;
}

sub end_daemons {
    for my $pid (splice @daemons) {
        kill KILL => -$pid;
        waitpid $pid, 0;
    }
    return;
}

END { local $?; end_daemons() }

sub installed { return grep { -x "$_/$_[0]" } split(/:/, $ENV{PATH}), '/usr/sbin' }

# By the driver and by the template that is shipped.
sub through_gammu {
    my ($gateway) = @_;
    my $d = Test::Places::scratch();
    mkdir "$d/$_" for qw(phone in out sent err);
    chmod 0777, "$d/out";
    spew("$d/smsdrc", <<"END");
[gammu]
model = dummy
connection = none
port = $d/phone
gammuloc = /dev/null
[smsd]
service = files
logfile = $d/log
debuglevel = 255
inboxpath = $d/in/
outboxpath = $d/out/
sentsmspath = $d/sent/
errorsmspath = $d/err/
commtimeout = 1
loopsleep = 1
END
    my $h = Test::Httpd->syncml(gateway => "modem " . $gateway->("$d/out"));
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/gateway=modem result=accepted/, 5),
        $gateway->('') . ' the SMS is in the outbox';
    my ($file) = glob "$d/out/OUT*";
    my ($hex) = slurp($file // '/dev/null') =~ /^Text00 = (\w+)$/m;
    is san(pack 'H*', $hex)->{stores}[0]{uri}, 'contacts',
        '... with the notification';
    daemon('gammu-smsd', '-c', "$d/smsdrc");
    ok until_true(20, sub { (() = glob "$d/sent/*") == 1 }),
        'the real gammu-smsd sends it'
        or diag slurp("$d/log");
    my $log = slurp("$d/log");
    my $octets = length($hex) / 2;
    like $log, qr/UDL: 7, UDHL: 6/, '... with our header';
    like $log, qr/8 bit SMS, length $octets$/m,
        '... as so many octets';
    is_deeply [ glob "$d/err/*" ], [], '... without an error';
    end_daemons();
    $h->stop;
    return;
}

SKIP: {
    skip 'gammu-smsd is not installed', 1 unless installed('gammu-smsd');
    through_gammu(sub {"gammu:$_[0]"});
    through_gammu(sub {"template:$presets/gammu.conf directory=$_[0]"});
}

# The event handler of docs/gateways.md, called as smsd does: with the report
# that it has received (as in fileformat.html), which names the message that it
# is about by number and message id only; the file sent has our URL.
sub reports_of_smsd {
    my ($d, $text) = @_;
    my ($script) = slurp("$Test::Places::ROOT/docs/gateways.md")
        =~ /^smsd calls its `eventhandler`(?:.+\n)+\n((?: {4}.*\n|\n)+)/m;
    $script =~ s/^ {4}//mg;
    $script =~ s{/var/spool/sms}{$d}g;
    my $g = Test::Gateway->new(mode => 'answer 200 ok');
    $text =~ s{//sync\.example\.com/}{//127.0.0.1:$g->{port}/} or die;
    my ($token) = $text =~ /([0-9a-f]{32})$/m;
    # the same id again, after 256 messages; and somebody else's
    spew("$d/sent/old", $text =~ s/$token/'0' x 32/er
            =~ s/^Report/Message_id: 117\nReport/mr);
    utime 1, 1, "$d/sent/old";
    spew("$d/sent/ours", $text =~ s/^Report/Message_id: 117\nReport/mr);
    spew("$d/sent/other", "To: 4999\nMessage_id: 117\n\ntext\n");
    my $n = 0;
    for ([ '0,Ok,short message received by the SME', 'delivered' ],
        [ '48,Still trying,congestion', 'buffered' ],
        [ '70,Error,SM validity period expired', 'failed' ])
    {
        my ($status, $state) = @$_;
        spew("$d/report/1", "From: 491700000002\nSubject: GSM1\n\n"
                . "SMS STATUS REPORT\nMessage_id: 117\n"
                . "Discharge_timestamp: 02-01-21 22:27:02\n"
                . "Status: $status\n");
        system('sh', '-c', $script, 'handler', 'REPORT', "$d/report/1");
        my @r = $g->wait_requests(++$n, 5);
        like @r ? $r[-1]{line} : '', qr{^GET /dlr/$token\?status=$state&},
            "smsd's report $status: $state";
    }
    system('sh', '-c', $script, 'handler', 'FAILED', "$d/sent/ours");
    my ($r) = reverse $g->wait_requests(++$n, 5);
    like $r->{line} // '', qr{$token\?status=failed},
        'smsd gives up: failed';
    system('sh', '-c', $script, 'handler', 'SENT', "$d/sent/ours", 117);
    is scalar($g->wait_requests($n, 1)), $n, 'sent is no news';
    $g->stop;
    return;
}

sub through_smsd {
    my ($gateway) = @_;
    my $d = Test::Places::scratch();
    mkdir "$d/$_" for qw(outgoing checked failed incoming sent report);
    chmod 0777, "$d/outgoing";
    spew("$d/smsd.conf", "devices = GSM1\n" . join('', map {"$_ = $d/$_\n"}
            qw(outgoing checked failed incoming sent report)) . <<"END");
logfile = $d/log
infofile = $d/info
pidfile = $d/pid
loglevel = 7
delaytime = 1
errorsleeptime = 1
[GSM1]
device = $d/nothing
incoming = no
END
    my $h = Test::Httpd->syncml(gateway => 'modem '
            . $gateway->("$d/outgoing") . ' reports=http://sync.example.com/dlr');
    my $p = Test::Push->new($h);
    $p->change;
    ok $h->wait_log(qr/gateway=modem result=accepted/, 5),
        $gateway->('') . ' the SMS is in outgoing';
    my ($file) = glob "$d/outgoing/*";
    my $text = slurp($file // '/dev/null');
    like $text, qr/\ATo:\ 491700000002\nAlphabet:\ binary\nUDH:\ true\n
        Hex:\ yes\nValidity:\ 2\nReport:\ yes\n
        SyncML-Report:\ http:\S+[0-9a-f]{32}\n\n
        06\ 05\ 04\ 0B\ 84\ 23\ F0\ \n?(?:[0-9A-F]{2}\s)+\n?\z/xi,
        '... as its documentation says';
    daemon('smsd', '-t', '-c', "$d/smsd.conf");
    ok until_true(20, sub { (() = glob "$d/checked/*") == 1 }),
        'the real smsd takes it over for its modem'
        or diag slurp("$d/log");
    ok until_true(5, sub { !glob "$d/outgoing/*" }), '... and away';
    is_deeply [ glob "$d/failed/*" ], [],
        '... and finds nothing wrong with it';
    end_daemons();
    $h->stop;
    reports_of_smsd($d, $text) if installed('curl');
    return;
}

SKIP: {
    skip 'smsd is not installed', 1 unless installed('smsd');
    through_smsd(sub {"smstools:$_[0]"});
    through_smsd(sub {"template:$presets/smstools.conf directory=$_[0]"});
}

# ---- TLS ------------------------------------------------------------------------------------------

# An httpd with that certificate before a stand-in.
sub tls {
    my ($g, $dir, $name) = @_;
    my ($port, $reserved) = Test::Places::reserve_port();
    my $h = Test::Httpd->new(modules => [qw(socache_shmcb ssl proxy
                proxy_http)], conf => sub { <<"END" });
Listen 127.0.0.1:$port
<VirtualHost *:$port>
    SSLEngine on
    SSLCertificateFile $dir/$name.pem
    SSLCertificateKeyFile $dir/$name.key
    ProxyPass / http://127.0.0.1:$g->{port}/
</VirtualHost>
END
    $h->expect_log(qr/\[ssl:warn\]/);  # of certificates made here
    $h->start;
    return ($h, $port, $reserved);
}

sub certificate {
    my ($dir, $name, $subject) = @_;
    system('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days',
        2, '-subj', '/CN=test', '-addext', "subjectAltName=$subject", '-out',
        "$dir/$name.pem", '-keyout', "$dir/$name.key") == 0
        or die "openssl req\n";
    chmod 0644, "$dir/$name.pem";
    return;
}

SKIP: {
    skip 'openssl or mod_ssl is not installed', 1 unless installed('openssl')
        && -e Test::Places::modules_dir() . '/mod_ssl.so';
    my $d = Test::Places::scratch();
    chmod 0711, $d;
    open my $stderr, '>&', \*STDERR;
    open STDERR, '>', '/dev/null';
    certificate($d, 'good',  'IP:127.0.0.1,DNS:localhost');
    certificate($d, 'other', 'DNS:somebody.example.com');
    open STDERR, '>&', $stderr;
    for my $case (
        [ good => "ca=$d/good.pem", 'accepted', qr/./ ],
        [ good => '', 'refused', qr/certificate|SSL/i ],
        [ good => "ca=$d/other.pem", 'refused', qr/certificate|SSL/i ],
        [ other => "ca=$d/other.pem", 'refused',
            qr/subject|host name|SSL/i ],
    ) {
        my ($name, $ca, $result, $words) = @$case;
        my $g = Test::Gateway->new;
        my ($tls, $port, $reserved) = tls($g, $d, $name);
        my $h = Test::Httpd->syncml(gateway =>
                "kannel:https://me:s3cret\@127.0.0.1:$port $ca");
        $h->expect_log(qr/result=refused/, qr/refuses our configuration/);
        my $p = Test::Push->new($h);
        $p->change;
        ok $h->wait_log(qr/result=$result /, 10), 'a certificate '
            . ($name eq 'good' ? 'of its name' : 'of another name') . ', '
            . ($ca ? 'ca=' . $ca =~ s{.*/}{}r : 'no ca=') . ": $result"
            or diag $h->log;
        like +($p->attempts)[0], $words, '... in words';
        is scalar($g->requests), ($result eq 'accepted' ? 1 : 0),
            '... and ' . ($result eq 'accepted' ? 'it went' : 'nothing was')
            . ' through';
        unlike $h->log, qr/s3cret/, '... no password in the log';
        $h->stop;
        $tls->stop;
    }
}

# ---- wrong configurations -----------------------------------------------------------------

sub wrong {
    my ($what, $gateway, $words) = @_;
    my $b = Test::Httpd::build_dir();
    my $h = Test::Httpd->new(conf => "LoadModule syncml_push_module "
            . "$b/mod_syncml_push.so\nSyncMLPushGateway $gateway\n");
    my $said = $h->start_fails;
    like $said, $words, $what;
    unlike $said, qr/s3cret/, '... no secret in the error';
    return;
}

my $dir = Test::Places::scratch();
spew("$dir/bad.conf", "url = http://h/\n\n# x\nbody = a={number}\n"
        . "accepted = 200\n");
wrong('a variable that there is not', "template:$dir/bad.conf",
    qr/SyncMLPushGateway: \Q$dir\E\/bad\.conf line 4: there is no variable \{n/
);
wrong('a template that is missing', 'template:nowhere.conf',
    qr/SyncMLPushGateway: \S+nowhere\.conf: No such file/);
spew("$dir/open", "password = s3cret\n");
chmod 0644, "$dir/open";
wrong('credentials that others can read',
    "kannel:http://h credentials=$dir/open", qr/chmod 0600/);
wrong('a setting that it does not have',
    "kannel:http://me:s3cret\@h colour=s3cret", qr/no setting "colour"/);
wrong('no URL', 'name', qr/needs a URL, or a name and a URL/);
wrong('two of one name', "a file:/tmp/x\nSyncMLPushGateway a file:/tmp/y",
    qr/there is a gateway a already/);
wrong('a rate in words', 'a file:/tmp/x rate=fast', qr/right are rate=10/);
wrong('a prefix in words', 'a file:/tmp/x prefix=Germany',
    qr/prefix=\+49,\+43/);
wrong('reports without a URL', 'a kannel:http://me:s3cret@h reports=/dlr',
    qr/SetHandler syncml-dlr/);
wrong('reports from gammu', "gammu:/tmp/x reports=http://h/dlr",
    qr/gammu-smsd has no delivery reports/);

done_testing;
