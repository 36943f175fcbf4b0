# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::SyncML::Post;

# HTTP as a phone does it: POSTs over one kept connection, each in one write.
# (HTTP::Tiny sends header and body apart, which costs 40 ms in each message
# of a kept connection: Nagle against delayed acknowledgements.)
#
#   my $post = Test::SyncML::Post->new(timeout => 60);
#   my $r = $post->post($url, { 'Content-Type' => $type }, $octets);
#   $r->{status}, $r->{headers}{'content-length'}, $r->{content}
#
# Header names come in lower case; a repeated header's values are joined by a
# comma.  599 stands for no answer; content then says why.

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

sub new {
    my ($class, %o) = @_;
    return bless { timeout => 60, %o }, $class;
}

sub post {
    my ($self, $url, $headers, $octets) = @_;
    my ($peer, $path) = $url =~ m{^http://([^/?]+)(/[^#]*)?} or die "$url\n";
    my $head = join '', 'POST ' . ($path || '/') . " HTTP/1.1\r\n",
        "Host: $peer\r\n", map({"$_: $headers->{$_}\r\n"} sort keys %$headers),
        'Content-Length: ' . length($octets) . "\r\n\r\n";
    my $answer;
    for my $again (0, 1) {
        # A kept connection may have been closed meanwhile: once more, then.
        my $kept = $self->_connected($peer);
        $answer = eval { $self->_exchange($head . $octets) };
        last if $answer;
        my $why = $@;
        $self->close;
        $answer = { status => 599, headers => {}, content => $why };
        last unless $kept && $why =~ /^closed/;
    }
    $self->close if ($answer->{headers}{connection} // '') =~ /close/i;
    return $answer;
}

sub close {
    my ($self) = @_;
    my $s = delete $self->{socket};
    CORE::close $s if $s;
    return;
}

# Returns whether the connection was there already.
sub _connected {
    my ($self, $peer) = @_;
    my $key = "$peer $$";
    return 1 if $self->{socket} && $self->{key} eq $key;
    $self->{key} = $key;
    my ($host, $port) = $peer =~ /^(.*?)(?::(\d+))?$/;
    $self->{socket} = IO::Socket::INET->new(PeerAddr => $host,
        PeerPort => $port || 80, Timeout => $self->{timeout});
    setsockopt $self->{socket}, IPPROTO_TCP, TCP_NODELAY, 1
        if $self->{socket};
    return 0;
}

sub _exchange {
    my ($self, $request) = @_;
    my $s = $self->{socket} or die "no connection: $!\n";
    local $SIG{PIPE} = 'IGNORE';
    my $sent = 0;
    while ($sent < length $request) {
        my $n = syswrite $s, $request, length($request) - $sent, $sent;
        last unless $n;         # refused early: there may be an answer
        $sent += $n;
    }
    $self->{buffer} = '';
    $self->{end} = time + $self->{timeout};
    my $r;
    do {
        $self->_more until $self->{buffer} =~ s/^(.*?)\r\n\r\n//s;
        $r = _head($1);
    } while $r->{status} < 200;
    my $h = $r->{headers};
    if (($h->{'transfer-encoding'} // '') =~ /chunked/i) {
        $r->{content} = $self->_chunks;
    } elsif (defined $h->{'content-length'}) {
        $self->_more until length $self->{buffer} >= $h->{'content-length'};
        $r->{content} = substr $self->{buffer}, 0, $h->{'content-length'};
    } else {
        1 while eval { $self->_more };
        $r->{content} = $self->{buffer};
        $self->close;
    }
    return $r;
}

sub _more {
    my ($self) = @_;
    my $left = $self->{end} - time;
    die "timeout\n" if $left <= 0
        || !IO::Select->new($self->{socket})->can_read($left);
    my $n = sysread $self->{socket}, $self->{buffer}, 65536,
        length $self->{buffer};
    die "closed after " . length($self->{buffer}) . " octets\n" unless $n;
    return 1;
}

sub _head {
    my ($text) = @_;
    my ($line, @lines) = split /\r\n/, $text;
    my ($status, $reason) = $line =~ m{^HTTP/1\.[01] (\d{3}) ?(.*)$}
        or die "no HTTP: $line\n";
    my %headers;
    for (@lines) {
        my ($name, $value) = /^([^:\s]+):\s*(.*?)\s*$/ or die "header $_\n";
        $name = lc $name;
        $headers{$name} = exists $headers{$name} ? "$headers{$name}, $value"
                                                 : $value;
    }
    return { status => $status, reason => $reason, headers => \%headers };
}

sub _chunks {
    my ($self) = @_;
    my $content = '';
    while (1) {
        $self->_more until $self->{buffer} =~ s/^([0-9a-fA-F]+)[^\n]*\r\n//;
        my $n = hex $1;
        $self->_more until length $self->{buffer} >= $n + 2;
        $content .= substr $self->{buffer}, 0, $n, '';
        substr $self->{buffer}, 0, 2, '';
        return $content unless $n;
    }
}

1;
