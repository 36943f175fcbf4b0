# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Reach;

# Devices that are told otherwise than by SMS: one that listens on a TCP port,
# and one that holds a connection open (CTP 1.0), as their clients do it.
#
#   my $d = Test::Reach->listener;          # answers "200 OK"
#   my @san = $d->wait_got(1, 5);
#   my $c = Test::Reach->client($port, 'phone-second', 'alice', 'secret');
#   $c->login or die;
#   my ($code, %param) = $c->hear(5);

use strict;
use warnings;
use Digest::MD5 qw(md5_base64);
use IO::Select;
use IO::Socket::INET;
use Test::Places qw(slurp);
use Time::HiRes qw(sleep time);

use constant { AUTH => 1, READY => 2, BYE => 3, OK => 0x20, SYNC => 0x29,
    NOT_AUTHENTICATED => 0x41, UNAUTHORIZED => 0x42, ERROR => 0x50 };

# ---- one that listens ------------------------------------------------------------

# Each notification becomes a file; mode is a file too: the line it answers.
sub listener {
    my ($class, %o) = @_;
    my $dir = Test::Places::scratch();
    my $listen = IO::Socket::INET->new(Listen => 8, LocalAddr => '127.0.0.1',
        ReuseAddr => 1, LocalPort => $o{port} // 0) or die "listen: $!\n";
    my $self = bless { dir => $dir, port => $listen->sockport,
        owner => $$ }, $class;
    $self->answer($o{answer} // "200 OK\n");
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{TERM} = 'DEFAULT';
        eval { serve($listen, $dir); 1 } or warn $@;
        require POSIX;
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return $self;
}

sub serve {
    my ($listen, $dir) = @_;
    my $n = 0;
    while (my $s = $listen->accept) {
        my $octets = '';
        # a notification has no end that one could see: all that comes at once
        while (IO::Select->new($s)->can_read($octets eq '' ? 5 : 0.1)) {
            sysread($s, $octets, 4096, length $octets) or last;
        }
        my $name = sprintf '%s/%04d', $dir, $n++;
        Test::Places::spew("$name.tmp", $octets);
        rename "$name.tmp", "$name.san";
        print $s slurp("$dir/answer");
        close $s;
    }
    return;
}

sub answer {
    my ($self, $line) = @_;
    Test::Places::spew("$self->{dir}/answer.new", $line);
    rename "$self->{dir}/answer.new", "$self->{dir}/answer";
    return $self;
}

sub port { $_[0]{port} }

sub got { map { slurp($_) } sort glob "$_[0]{dir}/*.san" }

sub wait_got {
    my ($self, $n, $seconds) = @_;
    my $limit = time + $seconds * Test::Httpd::slow();
    my @got;
    sleep 0.01 until (@got = $self->got) >= $n || time > $limit;
    return @got;
}

sub stop {
    my ($self) = @_;
    kill TERM => $self->{pid} and waitpid $self->{pid}, 0 if $self->{pid};
    delete $self->{pid};
    return $self;
}

# ---- one that connects -------------------------------------------------------------

sub client {
    my ($class, $port, $device, $user, $password) = @_;
    return bless { port => $port, device => $device, user => $user,
        password => $password, in => '', nonce => 'of yore' }, $class;
}

sub say_octets {
    my ($self, $octets) = @_;
    return syswrite $self->{socket}, $octets;
}

sub say {
    my ($self, $code, @params) = @_;
    my $text = pack 'CC', 0x10, $code;
    while (my ($p, $value) = splice @params, 0, 2) {
        $text .= pack 'C C/a', $p, $value;
    }
    return $self->say_octets(pack 'n/a', $text);
}

# The next message: its code, then code => value of its parameters; () if the
# connection has ended; (-1) if nothing came in time.
sub hear {
    my ($self, $seconds) = @_;
    my $limit = time + $seconds * Test::Httpd::slow();
    while (1) {
        if (length $self->{in} >= 2
            && length $self->{in} >= 2 + unpack 'n', $self->{in}) {
            my $text = unpack 'n/a', $self->{in};
            substr($self->{in}, 0, 2 + length $text) = '';
            my (undef, $code, $rest) = unpack 'CCa*', $text;
            my @params;
            while (length $rest) {
                push @params, unpack 'C C/a', $rest;
                substr($rest, 0, 2 + length $params[-1]) = '';
            }
            return ($code, @params);
        }
        IO::Select->new($self->{socket})->can_read($limit - time) or return -1;
        sysread($self->{socket}, $self->{in}, 4096, length $self->{in})
            or return;
    }
}

sub digest {
    my ($user, $password, $nonce) = @_;
    my $first = md5_base64("$user:$password") . '==';
    return md5_base64("$first:$nonce") . '==';
}

sub auth {
    my ($self) = @_;
    $self->say(AUTH, 1, $self->{device}, 2, $self->{user}, 3,
        digest(@$self{qw(user password nonce)}));
    my ($code, %param) = $self->hear(10);
    $self->{nonce} = $param{6} if defined $param{6};
    return $code;
}

# Over TLS where it has {authority}, a file, and the {name} that it expects of
# the server: openssl does it, and ends where either is not as it should be.
sub connect_tls {
    my ($self) = @_;
    socketpair my $ours, my $theirs, Socket::AF_UNIX(),
        Socket::SOCK_STREAM(), 0 or die "socketpair: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        close $ours;
        open STDIN,  '<&', $theirs;
        open STDOUT, '>&', $theirs;
        open STDERR, '>', '/dev/null';
        require POSIX;
        exec qw(openssl s_client -quiet -verify_return_error -CAfile),
            $self->{authority}, '-verify_hostname', $self->{name},
            '-connect', "127.0.0.1:$self->{port}"
            or POSIX::_exit(127);
    }
    push @{ $self->{openssl} }, $pid;
    return $ours;
}

# With the nonce that it has, then with the one it is given. @return the last
# status, or undef
sub login {
    my ($self) = @_;
    $self->{in} = '';
    $self->{socket} = $self->{authority} ? $self->connect_tls
        : IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $self->{port}, Timeout => 5) or return;
    my $code = $self->auth;
    $code = $self->auth if defined $code && $code == NOT_AUTHENTICATED;
    return $code;
}

sub hang_up {
    my ($self) = @_;
    close $self->{socket};
    for my $pid (splice @{ $self->{openssl} || [] }) {
        kill KILL => $pid;
        waitpid $pid, 0;
    }
    return;
}

sub DESTROY {
    my ($self) = @_;
    local ($?, $@);
    $self->hang_up if $self->{openssl};
    $self->stop if $self->{pid} && $self->{owner} == $$;
    return;
}

1;
