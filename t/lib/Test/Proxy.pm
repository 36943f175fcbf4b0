# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Proxy;

# Stands between a client and an httpd and lets a test do something in the
# middle of a session: hold a request or an answer, or lose the answer.
#
#   my $proxy = Test::Proxy->new(port => $h->port, rules => { 2 => 'hold' });
#   my $run = $device->start_sync(...);       # its url is $proxy->url
#   $proxy->wait_for(2);                      # the second request is here
#   $h->graceful;
#   $proxy->go;                               # let it pass
#
# Rules, by the number of the request (from 1):
#   hold     before it is passed on
#   during   when it has been passed on, before its answer is read
#   answer   when its answer has come, before that is passed on
#   lose     passed on; its answer is dropped and the connection closed
# The first three wait for go().
#
# One connection carries one request here, in both directions; requests are
# handled one after another.  The proxy is a process of its own and ends with
# the object.  Every request and answer is kept: exchanges().

use strict;
use warnings;
use File::Temp ();
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC SHUT_WR);
use Time::HiRes qw(time);

sub new {
    my ($class, %o) = @_;
    my $listen = IO::Socket::INET->new(Listen => 16, ReuseAddr => 1,
        LocalAddr => '127.0.0.1') or die "no port: $!\n";
    my $dir = File::Temp::tempdir('proxy-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    socketpair(my $mine, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
        or die "socketpair: $!\n";
    my $self = bless { rules => {}, dir => $dir, owner => $$, seen => 0,
        timeout => 60, listen_port => $listen->sockport, %o }, $class;
    my $pid = fork;
    defined $pid or die "fork: $!\n";
    if (!$pid) {
        close $mine;
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
        $SIG{PIPE} = 'IGNORE';
        $its->autoflush(1);
        eval { $self->_serve($listen, $its); 1 } or print STDERR "proxy: $@";
        POSIX::_exit(0);
    }
    close $its;
    close $listen;
    $mine->autoflush(1);
    @$self{qw(pid control)} = ($pid, $mine);
    return $self;
}

sub port { return $_[0]{listen_port} }
sub url  { return "http://127.0.0.1:$_[0]{listen_port}$_[1]" }

# Until the request of that number has reached its rule's place.
sub wait_for {
    my ($self, $n) = @_;
    my $end = time + $self->{timeout};
    my $select = IO::Select->new($self->{control});
    while ($select->can_read($end - time > 0 ? $end - time : 0)) {
        my $line = '';
        while ($line !~ /\n/) {
            sysread $self->{control}, $line, 1, length $line
                or die "the proxy died\n";
        }
        return 1 if $line =~ /^held $n$/;
    }
    die "request $n did not come to the proxy\n";
}

sub go { my ($self) = @_; syswrite $self->{control}, "go\n"; return }

# [ { request, answer } ] as octets, headers included; answer '' where none
# came.
sub exchanges {
    my ($self) = @_;
    my @all;
    for (my $n = 1; -e "$self->{dir}/$n.request"; $n++) {
        push @all, { map { $_ => _slurp("$self->{dir}/$n.$_") }
                     qw(request answer) };
    }
    return @all;
}

sub _slurp {
    my ($file) = @_;
    open my $f, '<:raw', $file or return '';
    local $/;
    return scalar(<$f>) // '';
}

sub _spew {
    my ($file, $data) = @_;
    open my $f, '>:raw', "$file.new" or die "$file: $!\n";
    print $f $data;
    close $f;
    rename "$file.new", $file;
    return;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill TERM => $pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@, $!);
    $self->stop;
    return;
}

# ---- the process ------------------------------------------------------------

sub _serve {
    my ($self, $listen, $control) = @_;
    my $n = 0;
    while (my $client = $listen->accept) {
        my $request = _read_message($client);
        next unless length $request;
        my $rule = $self->{rules}{ ++$n } || '';
        _spew("$self->{dir}/$n.request", $request);
        my $hold = sub {
            syswrite $control, "held $n\n";
            my $line = '';
            while ($line !~ /\n/) {
                sysread $control, $line, 1, length $line or POSIX::_exit(0);
            }
        };
        $hold->() if $rule eq 'hold';
        $request =~ s/\r\nConnection:[^\r]*//i;
        $request =~ s/\r\nExpect:[^\r]*//i;
        $request =~ s/\r\n\r\n/\r\nConnection: close\r\n\r\n/;
        my $answer = '';
        if (my $up = IO::Socket::INET->new(
                PeerAddr => "127.0.0.1:$self->{port}")) {
            print $up $request;
            $hold->() if $rule eq 'during';
            $answer = _read_message($up, 1);
        }
        _spew("$self->{dir}/$n.answer", $answer);
        $hold->() if $rule eq 'answer';
        print $client $answer if $rule ne 'lose';
        close $client;
    }
    return;
}

# A whole HTTP message by Content-Length; '' if it does not come whole.
sub _read_message {
    my ($socket, $to_end) = @_;
    my ($data, $need) = ('');
    $socket->autoflush(1);
    my $continued = 0;
    while (1) {
        if (!defined $need && $data =~ /\r\n\r\n/) {
            my $head = $+[0];
            my ($length) = $data =~ /\r\nContent-Length:\s*(\d+)/i;
            $need = $head + ($length || 0) if defined $length || !$to_end;
            print $socket "HTTP/1.1 100 Continue\r\n\r\n"
                if $data =~ /\r\nExpect: *100-continue/i && !$continued++;
        }
        return $data if defined $need && length $data >= $need;
        my $got = sysread $socket, $data, 65536, length $data;
        next if $got;
        return $to_end && !defined $need && $data =~ /\r\n\r\n/ ? $data : '';
    }
}

1;
