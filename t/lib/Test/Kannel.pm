# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Kannel;

=head1 NAME

Test::Kannel - a private Kannel with a fake SMSC, for one test file

=head1 SYNOPSIS

    plan skip_all => Test::Kannel::missing() if Test::Kannel::missing();
    my $k = Test::Kannel->new->start;
    ... SyncMLPushGateway @{[ $k->gateway ]} ...
    my @sms = $k->wait_sms(1, 10);      # { from, to, udh, data }
    $k->kill_smsbox; $k->start_smsbox;
    $k->stop;

=head1 DESCRIPTION

bearerbox, smsbox and fakesmsc on free ports of the loopback, with a directory
of their own.  fakesmsc prints what it gets url-encoded, so every octet is
seen.  Nothing outlives the object.

=cut

use strict;
use warnings;
use File::Path   ();
use HTTP::Tiny   ();
use IO::Socket::INET ();
use POSIX        ();
use Test::Places qw(scratch reserve_port slurp spew);
use Time::HiRes  qw(sleep time);

my $FAKESMSC = '/usr/lib/kannel/test/fakesmsc';

# What is not installed, or ''.
sub missing {
    for my $program (qw(bearerbox smsbox)) {
        return "$program is not installed (Debian: kannel)"
            unless grep { -x "$_/$program" } split(/:/, $ENV{PATH}),
            '/usr/sbin';
    }
    return -x $FAKESMSC ? ''
        : "$FAKESMSC is not installed (Debian: kannel-extras)";
}

=head1 METHODS

=head2 new(%options)

    user, password   of the sendsms-user; 'syncml', 'se cret%'
    smsc             0: the SMSC's group is there, nothing connects to it
    smpp             port of a Test::Smsc: that one instead of fakesmsc
    core             { name => value }: more lines of the core group

=cut

sub new {
    my ($class, %o) = @_;
    my $self = bless { user => 'syncml', password => 'se cret%', smsc => 1,
        dir => scratch(), owner => $$, pid => {}, %o }, $class;
    for my $name (qw(admin box smsc_port sendsms)) {
        ($self->{$name}, $self->{"reserved_$name"}) = reserve_port();
    }
    mkdir "$self->{dir}/log";
    $self->write_conf;
    return $self;
}

sub smsc_group {
    my ($self) = @_;
    return $self->{smpp} ? [
        smsc                    => 'smpp',
        'smsc-id'               => 'SMPP1',
        host                    => '127.0.0.1',
        port                    => $self->{smpp},
        'smsc-username'         => 'kannel',
        'smsc-password'         => 'kannel',
        'system-type'           => 'VMA',
        'transceiver-mode'      => 'true',
        'reconnect-delay'       => 1,
        'wait-ack'              => 5,
    ] : [
        smsc               => 'fake',
        'smsc-id'          => 'FAKE1',
        port               => $self->{smsc_port},
        'our-host'         => '127.0.0.1',
        'connect-allow-ip' => '"127.0.0.1"',
    ];
}

# Kannel's file has groups, and an empty line ends one: keep them together.
sub write_conf {
    my ($self) = @_;
    my $d = $self->{dir};
    my @groups = (
        [
            core                 => '',
            'admin-port'         => $self->{admin},
            'admin-password'     => 'adm',
            'status-password'    => 'sta',
            'admin-interface'    => '127.0.0.1',
            'smsbox-port'        => $self->{box},
            'smsbox-interface'   => '127.0.0.1',
            'log-file'           => "\"$d/log/bearerbox.log\"",
            'log-level'          => 1,
            'dlr-storage'        => 'internal',
            $self->{smpp} ? ('sms-resend-freq' => 1) : (),
            %{ $self->{core} || {} },
        ],
        $self->smsc_group,
        [
            smsbox               => '',
            'smsbox-id'          => 'box1',
            'bearerbox-host'     => '127.0.0.1',
            'bearerbox-port'     => $self->{box},
            'sendsms-port'       => $self->{sendsms},
            'sendsms-interface'  => '127.0.0.1',
            'global-sender'      => 13013,
            'log-file'           => "\"$d/log/smsbox.log\"",
            'log-level'          => 0,
            'access-log'         => "\"$d/log/access.log\"",
            'sendsms-chars'      => '"0123456789 +-"',
        ], [
            'sendsms-user'       => '',
            username             => $self->{user},
            password             => "\"$self->{password}\"",
            'user-deny-ip'       => '"*.*.*.*"',
            'user-allow-ip'      => '"127.0.0.1"',
        ], [
            'sms-service'        => '',
            keyword              => 'default',
            text                 => '"no service"',
            'max-messages'       => 0,
        ]
    );
    my $text = '';
    for my $group (@groups) {
        my ($name, $kind, @rest) = @$group;
        $text .= "group = $name\n" . ($kind ? "$name = $kind\n" : '');
        while (my ($key, $value) = splice @rest, 0, 2) {
            $text .= "$key = $value\n";
        }
        $text .= "\n";
    }
    spew("$d/kannel.conf", $text);
    return $self;
}

=head2 gateway($user, $password)

The URL for SyncMLPushGateway.

=cut

sub gateway {
    my ($self, $user, $password) = @_;
    my ($u, $p) = map { s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger }
        $user // $self->{user}, $password // $self->{password};
    return "kannel:http://$u:$p\@127.0.0.1:$self->{sendsms}/cgi-bin/sendsms";
}

# ---- processes --------------------------------------------------------------

sub spawn {
    my ($self, $name, @cmd) = @_;
    local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        chdir $self->{dir};
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$self->{dir}/log/$name.out";
        open STDERR, '>&', \*STDOUT;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        exec @cmd or POSIX::_exit(127);
    }
    $self->{pid}{$name} = $pid;
    return;
}

sub end {
    my ($self, $name) = @_;
    my $pid = delete $self->{pid}{$name} or return;
    kill KILL => $pid;
    waitpid $pid, 0;
    return;
}

sub wait_until {
    my ($what, $seconds, $test) = @_;
    my $limit = time + $seconds;
    until ($test->()) {
        die "$what: not within $seconds s\n" if time > $limit;
        sleep 0.02;
    }
    return;
}

sub connects {
    my ($port) = @_;
    return !!IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
}

sub start {
    my ($self) = @_;
    $self->start_bearerbox;
    $self->start_smsbox;
    if ($self->{smpp}) {
        wait_until('SMPP', 20, sub { $self->status =~ /SMPP1.*online/ });
    }
    elsif ($self->{smsc}) {
        $self->start_smsc;
    }
    return $self;
}

=head2 kill_smsbox, start_smsbox, kill_smsc, start_smsc

As in real life: the SMSC's connection and the HTTP interface come and go.

=cut

sub start_smsbox {
    my ($self) = @_;
    $self->spawn(smsbox => 'smsbox', '-v', 4, 'kannel.conf');
    wait_until('smsbox', 20, sub { connects($self->{sendsms}) });
    wait_until('smsbox at bearerbox', 20,
        sub { $self->status =~ /smsbox:box1/ });
    return;
}

sub start_smsc {
    my ($self) = @_;
    $self->spawn(fakesmsc => $FAKESMSC, '-H', '127.0.0.1', '-r',
        $self->{smsc_port}, '-m', 0, '-v', 0, '1 2 text x');
    wait_until('fakesmsc', 20, sub { $self->status =~ /FAKE1.*online/ });
    return;
}

sub kill_smsbox { $_[0]->end('smsbox');   return }

# smsbox ends by itself when its bearerbox is gone.
sub kill_bearerbox {
    my ($self) = @_;
    $self->end('bearerbox');
    my $pid = delete $self->{pid}{smsbox} or return;
    for (1 .. 500) {
        return if waitpid($pid, POSIX::WNOHANG()) == $pid;
        sleep 0.02;
    }
    kill KILL => $pid;
    waitpid $pid, 0;
    return;
}

sub start_bearerbox {
    my ($self) = @_;
    $self->spawn(bearerbox => 'bearerbox', '-v', 4, 'kannel.conf');
    wait_until('bearerbox', 20, sub { $self->status ne '' });
    return;
}
sub kill_smsc   { $_[0]->end('fakesmsc'); return }

=head2 admin($command, %parameters), status

Kannel's administration: C<admin('stop-smsc', smsc =E<gt> 'FAKE1')>.

=cut

sub admin {
    my ($self, $command, %o) = @_;
    my $query = join '&', 'password=adm', map {"$_=$o{$_}"} sort keys %o;
    return HTTP::Tiny->new(timeout => 5, proxy => undef, http_proxy => undef)
        ->get("http://127.0.0.1:$self->{admin}/$command?$query")->{content};
}

sub status {
    my ($self) = @_;
    my $r = HTTP::Tiny->new(timeout => 5, proxy => undef,
        http_proxy => undef)
        ->get("http://127.0.0.1:$self->{admin}/status.txt?password=sta");
    return $r->{success} ? $r->{content} : '';
}

=head2 sms, wait_sms($n, $seconds)

What has arrived at the SMSC, in order: { from, to, udh, data }, the last two
as octets.  wait_sms waits until there are $n, and then a moment for any more.

=cut

sub unescape {
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

sub sms {
    my ($self) = @_;
    my @sms;
    for (split /\n/, slurp("$self->{dir}/log/fakesmsc.out")) {
        my ($from, $to, $rest) = /Got message \d+: <(\S+) (\S+) (.*)>$/
            or next;
        my ($udh, $data) = $rest =~ /^udh (\S*) data (\S*)$/;
        push @sms, { from => $from, to => $to, line => $_,
            udh => unescape($udh // ''), data => unescape($data // $rest) };
    }
    return @sms;
}

sub wait_sms {
    my ($self, $n, $seconds) = @_;
    my $limit = time + $seconds;
    sleep 0.02 while $self->sms < $n && time < $limit;
    sleep 0.3;
    return $self->sms;
}

# What sendsms was asked, one line each.
sub access_log { slurp("$_[0]{dir}/log/access.log") }

sub stop {
    my ($self) = @_;
    return if $self->{owner} != $$;
    $self->end($_) for qw(fakesmsc smsbox bearerbox);
    return;
}

# Stop and go on: SIGSTOP, SIGCONT.
sub signal {
    my ($self, $signal, $name) = @_;
    kill $signal => $self->{pid}{$name};
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@, $!);
    $self->stop;
    File::Path::remove_tree($self->{dir}, { error => \my $ignored })
        unless $ENV{KEEP};
    return;
}

1;
