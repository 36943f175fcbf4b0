#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# Failed logins: who guesses is slowed, nobody is locked out by somebody else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Places qw(slurp);
use Test::SyncML qw(:all);

# Addresses come from a header, as behind a proxy.
my $h = Test::Httpd->syncml(push => 0, modules => ['remoteip'],
    accounts => { alice => 'secret', bob => 'secret' },
    conf     => <<'END');
RemoteIPHeader X-Client
RemoteIPInternalProxy 127.0.0.1
<Location "/strict">
    SetHandler syncml
    SyncMLLoginLimit 3 1h
</Location>
<Location "/quick">
    SetHandler syncml
    SyncMLLoginLimit 2 4s
</Location>
<Location "/off">
    SetHandler syncml
    SyncMLLoginLimit off
</Location>
END
$h->expect_log(qr/login (?:failed|refused):/);

sub client {
    my ($where, $from, %o) = @_;
    return Test::SyncML->new(url => $h->url($where),
        headers => { 'X-Client' => $from }, %o);
}

# One login in a session of its own: SyncHdr's status.
sub login {
    my ($c, %o) = @_;
    local @$c{keys %o} = values %o;
    $c->begin;
    my $a = $c->send(alert(201, 'contacts', './c', undef, '1'));
    is join("\n", $c->problems), '', 'the answer is right' if $c->problems;
    $c->forgive;
    return $a->status('SyncHdr');
}

sub several { my ($n, @login) = @_; return join ' ', map { login(@login) } 1 .. $n }

subtest 'guessing is slowed' => sub {
    my $eve = client('/strict', '192.0.2.1');
    is several(5, $eve, password => 'guess'), '401 401 401 503 503',
        'the third failure was the last that was looked at';
    is login($eve), 503, 'not even the right password is looked at then';
    my $a = do {
        $eve->begin;
        $eve->send(alert(201, 'contacts', './c', undef, '1'));
    };
    is $a->code, 200, 'the refusal is SyncML';
    is $a->chal, undef, '... without a challenge';
    is $a->status('Alert'), 503, '... for each command';
    is login(client('/strict', '192.0.2.2')), 200,
        'the account itself is not locked: its owner logs in elsewhere';
    is login(client('/strict', '192.0.2.1', user => 'bob')), 200,
        'nor is the address: another account logs in from there';
    my $md5 = client('/strict', '192.0.2.3', auth => 'md5');
    is several(2, $md5), '401 212', 'a digest without a nonce is no failure';
    is several(5, $md5, password => 'guess'), '401 401 401 503 503',
        'digests are counted as well';
};

subtest 'an address in all' => sub {
    my $n = 0;
    my $eve = client('/strict', '192.0.2.10');
    my @codes = map { login($eve, user => 'nobody' . ++$n) } 1 .. 17;
    is "@codes", join(' ', (401) x 15, 503, 503),
        'five times as many for all accounts together';
    is login(client('/strict', '192.0.2.11', user => 'nobody1')), 401,
        'other addresses are not concerned';
};

subtest 'devices that are known' => sub {
    my $phone = client('/strict', '192.0.2.20');
    is login($phone), 200, 'a phone logs in';
    my $eve = client('/strict', '192.0.2.20');
    is several(5, $eve, password => 'guess'), '401 401 401 503 503',
        'somebody guesses from the same address';
    is login($phone), 200, 'the phone is not hindered';
    is several(4, $phone, password => 'typo'), '401 401 401 503',
        'its own failures are counted too';
};

subtest 'IPv6 counts by the network' => sub {
    my @eves = map { client('/strict', "2001:db8:0:7::$_") } 1 .. 4;
    is join(' ', map { login($_, password => 'guess') } @eves),
        '401 401 401 503', 'four hosts of one /64';
    is login(client('/strict', '2001:db8:0:8::1')), 200, 'another /64';
};

subtest 'time heals' => sub {
    my $c = client('/quick', '192.0.2.30');
    is several(3, $c, password => 'typo'), '401 401 503', 'two and no more';
    my $line = (grep { /login refused/ } split /\n/, $h->log)[-1];
    my ($seconds) = $line =~ /the next try is allowed in (\d+) s/;
    ok $seconds, 'the log tells when the next try is allowed' or diag $line;
    sleep $seconds;
    is login($c), 200, '... and then it is';
};

is several(12, client('/off', '192.0.2.40'), password => 'guess'),
    join(' ', (401) x 12), 'off: no limit';

subtest 'a graceful restart forgets nothing' => sub {
    my $eve = client('/strict', '192.0.2.50');
    several(3, $eve, password => 'guess');
    $h->graceful;
    is login($eve), 503, 'still refused';
};

# ---- fail2ban -----------------------------------------------------------------

subtest 'the filter for fail2ban' => sub {
    my $filter = "$Test::Places::ROOT/conf/fail2ban/filter.d/mod_syncml.conf";
    my ($regex) = slurp($filter) =~ /^failregex = (.*)$/m;
    # What apache-common.conf and fail2ban itself put in; fail2ban has cut
    # the time off before.
    $regex =~ s/\Q%(_apache_error_client)s\E/\\[(?::error|\\S+:\\S+)\\]( \\[pid \\d+(:\\S+ \\d+)?\\])? \\[client (?<host>[0-9a-fA-F.:]+?)(:\\d{1,5})?\\]/;
    login(client('/strict', '192.0.2.60', id => 'x client=198.51.100.1',
                 user => "alice\n[client 198.51.100.1]"), password => 'x');
    my @lines = grep { /login (?:failed|refused)/ } split /\n/, $h->log;
    cmp_ok scalar(@lines), '>', 30, 'there are lines of failed logins';
    my %hosts;
    for (@lines) {
        s/^\[[^\]]*\] //;
        $hosts{ /$regex/ ? $+{host} : "no match: $_" }++;
    }
    is_deeply [ grep { !/^(?:192\.0\.2\.|2001:db8:)/ } sort keys %hosts ], [],
        'each is matched, with the address of the client';
    is $hosts{'192.0.2.60'}, 1, 'names do not pass for addresses';

  SKIP: {
        skip 'no fail2ban', 1 if system 'command -v fail2ban-regex >/dev/null';
        my $dir = "$h->{dir}/fail2ban/filter.d";
        mkdir $_ for $dir =~ s{/filter.d$}{}r, $dir;
        system('cp', $filter, glob('/etc/fail2ban/filter.d/apache-common.*'),
               $dir) and die 'cp';
        my ($rc, $out) = $h->run(\'', 'fail2ban-regex',
            "$h->{dir}/logs/error_log", "$dir/mod_syncml.conf");
        like $out, qr/^Failregex: @{[ scalar @lines ]} total/m,
            'fail2ban itself matches as many';
    }
};

done_testing;
