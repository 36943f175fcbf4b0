# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Proxy;

# Stands between a client and an httpd: lets a test do something in the middle
# of a session, and is the bad network itself.
#
#   my $proxy = Test::Proxy->new(port => $h->port, rules => { 2 => 'hold' });
#   my $run = $device->start_sync(...);       # its url is $proxy->url
#   $proxy->wait_for(2);                      # the second request is here
#   $h->graceful;
#   $proxy->go;                               # let it pass
#
# Rules, by the number of the request (from 1), are one of these places, where
# the exchange waits for go():
#   hold     before the request is passed on
#   during   when it has been passed on, before its answer is read
#   answer   when its answer has come, before that is passed on
# or one of these faults, or both: "hold drop-request".
#   drop-request   not passed on; the connection is closed
#   drop-reply     passed on; the answer is dropped, the connection closed
#   reset-reply    the connection is reset in the middle of the answer
#   cut-short      half the answer's body, less than its Content-Length says
#   cut-exact      half the answer's body, and a Content-Length that agrees
#   twice-at-once  passed on twice at once; the first answer is delivered
#   twice          passed on twice, one after the other; the second answer
#   late-reply     the answer comes after late seconds
#   reorder        passed on after the next request has been answered, or after
#                  late seconds if none comes; its own answer goes nowhere
#   stale-reply    passed on; the answer before it is delivered
#   500 503        not passed on; an HTML page of an intermediary
#   502            passed on; the answer is such a page
#
# Options: port (of httpd); rules; listen (a listening socket to take over,
# default: a new one); late, seconds, default 2; timeout of wait_for(), seconds.
#
# One connection carries one request here, in both directions; each request is
# handled in a process of its own.  They are numbered as they come, and end
# with the object.  Every request and answer is kept: exchanges().

use strict;
use warnings;
use File::Path ();
use File::Temp ();
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC SOL_SOCKET SO_LINGER);
use Time::HiRes qw(sleep time);

our @FAULTS = qw(drop-request drop-reply reset-reply cut-short cut-exact
    twice-at-once twice late-reply reorder stale-reply 500 502 503);
my %KNOWN = map { $_ => 1 } @FAULTS, qw(hold during answer);

sub listener {
    return IO::Socket::INET->new(Listen => 16, ReuseAddr => 1,
        LocalAddr => '127.0.0.1') || die "no port: $!\n";
}

sub new {
    my ($class, %o) = @_;
    my $listen = delete $o{listen} || listener();
    my $dir = File::Temp::tempdir('proxy-XXXXXX', TMPDIR => 1);
    socketpair(my $mine, my $its, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
        or die "socketpair: $!\n";
    my $self = bless { rules => {}, dir => $dir, owner => $$, late => 2,
        timeout => 60, listen_port => $listen->sockport, %o }, $class;
    for my $rule (values %{ $self->{rules} }) {
        $KNOWN{$_} or die "no such rule: $_\n" for split / /, $rule;
    }
    my $pid = fork;
    defined $pid or die "fork: $!\n";
    if (!$pid) {
        close $mine;
        setpgrp;
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
        $SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
        $its->autoflush(1);
        eval { $self->_serve($listen, $its); 1 } or print STDERR "proxy: $@";
        POSIX::_exit(0);
    }
    setpgrp $pid, $pid;
    close $its;
    $mine->autoflush(1);
    @$self{qw(pid control)} = ($pid, $mine);
    return $self;
}

sub port { return $_[0]{listen_port} }
sub url  { return "http://127.0.0.1:$_[0]{listen_port}$_[1]" }

# Until the request of that number has reached its rule's place; 0 if a run is
# given that ends before.
sub wait_for {
    my ($self, $n, $run) = @_;
    my $end = time + $self->{timeout};
    my $select = IO::Select->new($self->{control});
    while (time < $end) {
        if (!$select->can_read(0.2)) {
            next unless $run && $run->over && !$select->can_read(0);
            return 0;
        }
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
                     qw(request answer again) };
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
    kill TERM => -$pid;
    waitpid $pid, 0;
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@, $!);
    $self->stop;
    File::Path::remove_tree($self->{dir}, { error => \my $ignored });
    return;
}

# ---- the process ------------------------------------------------------------

sub _serve {
    my ($self, $listen, $control) = @_;
    my $n = 0;
    while (my $client = $listen->accept) {
        my $request = _read_message($client);
        next unless length $request;
        $n++;
        _spew("$self->{dir}/$n.request", $request);
        my $pid = fork;
        defined $pid or die "fork: $!\n";
        if ($pid) {
            close $client;
            next;
        }
        $SIG{CHLD} = 'DEFAULT';
        my $rule = $self->{rules}{$n} || '';
        my $x = { self => $self, n => $n, client => $client,
                  request => _outward($request), control => $control,
                  at => $rule =~ /\b(hold|during|answer)\b/ ? $1 : '' };
        my ($fault) = grep { !/^(?:hold|during|answer)$/ } split / /, $rule;
        eval { _exchange($x, $fault || ''); 1 } or print STDERR "proxy: $@";
        POSIX::_exit(0);
    }
    return;
}

sub _outward {
    my ($request) = @_;
    $request =~ s/\r\nConnection:[^\r]*//i;
    $request =~ s/\r\nExpect:[^\r]*//i;
    $request =~ s/\r\n\r\n/\r\nConnection: close\r\n\r\n/;
    return $request;
}

sub _hold {
    my ($x, $place) = @_;
    return if $x->{at} ne $place;
    syswrite $x->{control}, "held $x->{n}\n";
    my $line = '';
    while ($line !~ /\n/) {
        sysread $x->{control}, $line, 1, length $line or POSIX::_exit(0);
    }
    return;
}

sub _send {
    my ($x) = @_;
    my $up = IO::Socket::INET->new(
        PeerAddr => "127.0.0.1:$x->{self}{port}") or return undef;
    print $up $x->{request};
    return $up;
}

sub _exchange {
    my ($x, $fault) = @_;
    my $kept = "$x->{self}{dir}/$x->{n}";
    _hold($x, 'hold');
    return close $x->{client} if $fault eq 'drop-request';
    return _page($x, $fault) if $fault =~ /^50[03]$/;
    _wait_for_next($x) if $fault eq 'reorder';
    my @up = _send($x);
    push @up, _send($x) if $fault eq 'twice-at-once';
    _hold($x, 'during');
    my ($answer, $again) = map { $_ ? _read_message($_, 1) : '' } @up;
    if ($fault eq 'twice') {
        $again = $answer;
        my $up = _send($x);
        $answer = $up ? _read_message($up, 1) : '';
    }
    _spew("$kept.again", $again) if defined $again;
    _spew("$kept.answer", $answer);
    _hold($x, 'answer');
    _deliver($x, $fault, $answer);
    return;
}

sub _wait_for_next {
    my ($x) = @_;
    my $next = "$x->{self}{dir}/" . ($x->{n} + 1) . '.answer';
    my $end = time + $x->{self}{late};
    sleep 0.02 until -e $next || time > $end;
    return;
}

sub _deliver {
    my ($x, $fault, $answer) = @_;
    my ($head, $body) = $answer =~ /^(.*?\r\n\r\n)(.*)$/s ? ($1, $2) : ('', '');
    my $half = substr $body, 0, length($body) / 2;
    return close $x->{client} if $fault =~ /^(?:drop-reply|reorder)$/;
    return _page($x, $fault) if $fault eq '502';
    sleep $x->{self}{late} if $fault eq 'late-reply';
    if ($fault eq 'stale-reply') {
        $answer = _slurp("$x->{self}{dir}/" . ($x->{n} - 1) . '.answer');
    } elsif ($fault eq 'cut-exact') {
        my $length = length $half;
        $head =~ s/(\r\nContent-Length: *)\d+/$1$length/i;
        $answer = $head . $half;
    } elsif ($fault =~ /^(?:cut-short|reset-reply)$/) {
        $answer = $head . $half;
    }
    print { $x->{client} } $answer;
    $x->{client}->flush;
    # Closed with time 0 to linger: reset.  What was written is to be read
    # before that.
    if ($fault eq 'reset-reply') {
        sleep 0.1;
        setsockopt $x->{client}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    }
    close $x->{client};
    return;
}

sub _page {
    my ($x, $code) = @_;
    my $html = "<html><head><title>Error $code</title></head>\n"
        . "<body><h1>The gateway could not do it</h1></body></html>\n";
    print { $x->{client} } "HTTP/1.1 $code Error\r\nContent-Type: text/html"
        . "\r\nConnection: close\r\nContent-Length: " . length($html)
        . "\r\n\r\n$html";
    close $x->{client};
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
