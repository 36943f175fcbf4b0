# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Gateway;

# A stand-in for Kannel's sendsms that does what it is told: answers, errs,
# hangs, cuts, talks nonsense.  A process of its own; each connection has one
# too.
#
#   my $g = Test::Gateway->new;             # accepts everything
#   SyncMLPushGateway @{[ $g->gateway ]}
#   $g->mode('hang');
#   my @r = $g->wait_requests(1, 5);        # { time, to, udh, data, headers }
#
# Modes: accept; answer STATUS TEXT; raw OCTETS (\r \n escaped); hang (reads,
# says nothing); cut (reads, closes); slow SECONDS (then accepts); flood (an
# answer without end); first (accepts one, no more); chaos RATE (see below).
#
# chaos takes most messages, and with about RATE each: refuses one, reads one
# and closes without an answer, answers late, answers a page of HTML.  It keeps
# no requests but a list of what it has taken, which costs little for
# thousands: $g->taken is { number => [ [ when, token ], ... ] }, the token that
# of the delivery report's URL, if one is asked for.

use strict;
use warnings;
use File::Path ();
use IO::Socket::INET ();
use POSIX ();
use Test::Places qw(scratch slurp spew reserve_port);
use Time::HiRes qw(sleep time);

sub new {
    my ($class, %o) = @_;
    my $self = bless { dir => scratch(), owner => $$, %o }, $class;
    ($self->{port}, $self->{reserved}) = reserve_port();
    mkdir "$self->{dir}/requests";
    $self->mode($self->{mode} // 'accept');
    $self->start;
    return $self;
}

sub gateway {
    my ($self, $path) = @_;
    return "kannel:http://me:s3cret\@127.0.0.1:$self->{port}"
        . ($path // '/cgi-bin/sendsms');
}

sub mode {
    my ($self, $mode) = @_;
    spew("$self->{dir}/mode.new", $mode);
    rename "$self->{dir}/mode.new", "$self->{dir}/mode" or die $!;
    return $self;
}

sub start {
    my ($self) = @_;
    my $listen = IO::Socket::INET->new(Listen => 128, ReuseAddr => 1,
        LocalAddr => '127.0.0.1', LocalPort => $self->{port}) or die "$!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        $SIG{CHLD} = 'IGNORE';
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        while (1) {
            my $c = $listen->accept or next;
            next if fork // 1;
            close $listen;
            $self->serve($c);
            POSIX::_exit(0);
        }
    }
    # Here too: a stop that comes before the child has done it would miss.
    eval { setpgrp $pid, $pid };
    $self->{pid} = $pid;
    return;
}

sub serve {
    my ($self, $c) = @_;
    binmode $c;
    $SIG{PIPE} = 'IGNORE';
    srand($$ ^ int(time * 1000));
    while (my $r = read_request($c)) {
        my ($mode, $rest) = split / /, slurp("$self->{dir}/mode"), 2;
        my $handler = __PACKAGE__->can("do_$mode") or die "mode $mode\n";
        $self->note($r) if $mode ne 'chaos';
        $handler->($self, $c, $rest // '', $r) or return;
    }
    return;
}

sub read_request {
    my ($c) = @_;
    my $head = '';
    until ($head =~ /\r\n\r\n/) {
        sysread($c, $head, 1, length $head) or return undef;
    }
    my ($line, @lines) = split /\r\n/, $head;
    my %h = map { /^([^:]+): ?(.*)/ ? (lc $1 => $2) : () } @lines;
    my $body = '';
    my $length = $h{'content-length'} || 0;
    while (length $body < $length) {
        sysread($c, $body, $length - length $body, length $body)
            or return undef;
    }
    return { line => $line, headers => \%h, data => $body };
}

sub note {
    my ($self, $r) = @_;
    my $name = sprintf '%s/requests/%.6f-%d-%d', $self->{dir}, time, $$,
        ++$self->{count};
    spew("$name.new", join '', "$r->{line}\n", map({"$_: $r->{headers}{$_}\n"}
            sort keys %{ $r->{headers} }), "\n", $r->{data});
    rename "$name.new", $name;
    return;
}

sub answer {
    my ($c, $status, $text, @headers) = @_;
    syswrite $c, join("\r\n", "HTTP/1.1 $status x",
        'Content-Length: ' . length $text, 'Content-Type: text/html',
        @headers, '', $text);
    return 1;
}

sub do_accept { return answer($_[1], 202, '0: Accepted for delivery') }

sub do_first {
    my ($self, $c) = @_;
    return $self->requests == 1 ? do_accept($self, $c)
        : answer($c, 503, 'Temporal failure, try again later.');
}

sub do_answer {
    my ($self, $c, $rest) = @_;
    my ($status, $text) = split / /, $rest, 2;
    return answer($c, $status, $text // '');
}

sub do_redirect {
    my ($self, $c, $rest) = @_;
    return answer($c, 302, '', "Location: $rest");
}

sub do_raw {
    my ($self, $c, $rest) = @_;
    $rest =~ s/\\r/\r/g;
    $rest =~ s/\\n/\n/g;
    syswrite $c, $rest;
    return 0;
}

sub do_hang { 1 while sysread $_[1], my $byte, 1; return 0 }
sub do_cut  { return 0 }
sub do_slow { sleep $_[2]; return do_accept(@_) }

sub do_flood {
    my ($self, $c) = @_;
    syswrite $c, "HTTP/1.1 202 x\r\nConnection: close\r\n\r\n0: ";
    1 while syswrite $c, 'x' x 65536;
    return 0;
}

sub do_chaos {
    my ($self, $c, $rate, $r) = @_;
    my $dice = rand;
    return answer($c, 503, 'Temporal failure, try again later.')
        if $dice < $rate;
    return answer($c, 200, '<html>Maintenance</html>') if $dice < 1.5 * $rate;
    open my $f, '>>', "$self->{dir}/taken" or die $!;
    my ($token) = ($r->{headers}{'x-kannel-dlr-url'} // '') =~ m{/(\w{32})\b};
    # one write: whole
    syswrite $f, sprintf "%s %.6f %s\n", $r->{headers}{'x-kannel-to'}, time,
        $token // '';
    close $f;
    return 0 if $dice < 2 * $rate;
    sleep 0.3 if $dice < 3 * $rate;
    return do_accept($self, $c);
}

sub taken {
    my ($self) = @_;
    my %at;
    for (split /\n/, slurp("$self->{dir}/taken")) {
        my ($number, $time, $token) = split / /;
        push @{ $at{$number} }, [ $time, $token ];
    }
    return \%at;
}

# What has been asked, in order.
sub requests {
    my ($self) = @_;
    my @r;
    for my $file (sort grep { !/\.new$/ } glob "$self->{dir}/requests/*") {
        my ($head, $data) = split /\n\n/, slurp($file), 2;
        my ($line, @lines) = split /\n/, $head;
        my %h = map { split /: /, $_, 2 } @lines;
        my ($time) = $file =~ m{/([\d.]+)-};
        push @r, { line => $line, headers => \%h, data => $data,
            time => $time, to => $h{'x-kannel-to'},
            udh => pack 'H*', $h{'x-kannel-udh'} // '' };
    }
    return @r;
}

sub wait_requests {
    my ($self, $n, $seconds) = @_;
    my $limit = time + $seconds;
    sleep 0.02 while $self->requests < $n && time < $limit;
    sleep 0.2;
    return $self->requests;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill KILL => -$pid;
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

1;
