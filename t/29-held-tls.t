#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Connections held open over TLS, as the manual says: its own lines for stunnel,
# with this test's ports and certificate, and a client that verifies both.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Places qw(slurp spew scratch reserve_port free_port);
use Test::Push qw(until_true);
use Test::Reach;
use Time::HiRes qw(sleep time);

for my $program (qw(stunnel openssl)) {
    plan skip_all => "$program is not installed"
        unless grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

my $dir = scratch();
my ($tls, $reserved) = reserve_port();
my $plain = free_port();

sub certificate {
    my ($name) = @_;
    my $file = "$dir/$name.pem";
    system "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$name "
        . "-addext subjectAltName=DNS:$name -keyout $dir/key -out $dir/cert "
        . '2>/dev/null';
    spew("$dir/$name.crt", slurp("$dir/cert"));
    spew($file, slurp("$dir/key") . slurp("$dir/cert"));
    chmod 0600, $file;
    return $file;
}

my $cert = certificate('sync.example.org');
certificate('other.example.org');

# ---- the proxy, as the manual has it ------------------------------------------------

my ($recipe) = slurp("$Test::Places::ROOT/docs/manual.md")
    =~ /for instance stunnel:\n\n((?:    .*\n)+)/;
ok $recipe, 'the manual has lines for stunnel';
$recipe =~ s/^    //mg;
my $said = $recipe;
$recipe =~ s/^accept = 4746$/accept = 127.0.0.1:$tls/m or die $said;
$recipe =~ s/^connect = 127\.0\.0\.1:4745$/connect = 127.0.0.1:$plain/m
    or die $said;
$recipe =~ s/^cert = \S+$/cert = $cert/m or die $said;
spew("$dir/stunnel.conf", "foreground = yes\npid =\n$recipe");

my $stunnel = fork // die "fork: $!\n";
if (!$stunnel) {
    open STDOUT, '>', "$dir/stunnel.log";
    open STDERR, '>&', \*STDOUT;
    exec 'stunnel', "$dir/stunnel.conf" or POSIX::_exit(127);
}
END {
    local $?;
    if ($stunnel) { kill KILL => $stunnel; waitpid $stunnel, 0 }
}

my $h = Test::Httpd->syncml(conf => "SyncMLPushListen 127.0.0.1:$plain\n");
$h->expect_log(qr/a login to a held connection failed/,
    # while it is not connected
    qr/it has no number, and is not connected/, qr/suspended until it syncs/);
my $p = Test::Push->new($h, number => '');
ok until_true(10, sub {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$tls") }),
    'stunnel listens' or diag slurp("$dir/stunnel.log");

sub client {
    my (%o) = @_;
    my $c = Test::Reach->client($o{port} // $tls, 'phone-second', 'alice',
        $o{password} // 'secret');
    $c->{authority} = "$dir/" . ($o{authority} // 'sync.example.org')
        . '.crt';
    $c->{name} = $o{name} // 'sync.example.org';
    return $c;
}

# ---- told over it ---------------------------------------------------------------------

my $c = client();
is $c->login, Test::Reach::OK, 'a client logs in over TLS';
$p->change;
my ($code, %param) = $c->hear(10);
is $code, Test::Reach::SYNC, '... and is told';
like $param{7}, qr/contacts/, '... by a notification as it should be';
ok $h->wait_log(qr/gateway=held result=accepted/, 5), '... which counts';
$p->answer;
$c->say(Test::Reach::READY);
is +($c->hear(5))[0], Test::Reach::OK, 'it says that it is there';
$p->change;
is +($c->hear(10))[0], Test::Reach::SYNC, '... and is told again';
$p->answer;

# ---- who is not let in ------------------------------------------------------------------

is client(authority => 'other.example.org')->login, undef,
    'a client that does not know the authority: no connection';
is client(name => 'other.example.org')->login, undef,
    '... nor one that expects another name';
my $blank = Test::Reach->client($tls, 'phone-second', 'alice', 'secret');
$blank->login;
isnt $blank->{nonce}, undef, 'a client without TLS';
is_deeply [ $blank->hear(5) ], [], '... is not talked to';
is client(password => 'wrong')->login, Test::Reach::UNAUTHORIZED,
    'a wrong password';

# All have one address, the proxy's: who guesses shuts nobody out.
my %answers;
for (1 .. 55) {
    my $guess = Test::Reach->client($plain, 'phone-second', 'alice',
        "guess $_");
    $answers{ $guess->login // 'closed' }++;
    $guess->hang_up;
}
is_deeply \%answers, { Test::Reach::UNAUTHORIZED, 55 },
    'many wrong passwords are answered as such';
my $again = client();
is $again->login, Test::Reach::OK, '... and the right one still logs in';
is_deeply [ $c->hear(5) ], [], '... in the place of the former connection';

# ---- over a restart ---------------------------------------------------------------------

$h->graceful;
is_deeply [ $again->hear(20) ], [], 'httpd is restarted: connections end';
$p->change;
ok until_true(20, sub { ($again->login // 0) == Test::Reach::OK }),
    '... and come back over TLS';
is +($again->hear(10))[0], Test::Reach::SYNC,
    '... where they are told what changed meanwhile';
$again->hang_up;
$h->stop;
done_testing;
