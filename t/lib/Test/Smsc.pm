# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Smsc;

=head1 NAME

Test::Smsc - a short message service centre that speaks SMPP 3.4, for tests

=head1 SYNOPSIS

    my $c = Test::Smsc->new;
    my $k = Test::Kannel->new(smpp => $c->{port})->start;
    $c->mode('error 69');               # ESME_RSUBMITFAIL, for what comes
    my @sms = $c->wait_sms(1, 10);      # { id, to, udh, data, receipt }
    $c->receipt($sms[0], 'UNDELIV', '001');
    $c->stop;

=head1 DESCRIPTION

A process of its own with one connection at a time, as a transceiver.  It
answers submit_sm by its mode, as long as that is in force:

    ok            taken, with an id
    error N       refused with this command_status
    silent        no answer
    once N        refused once with this command_status, then ok

Receipts go out when the test asks for them, in the words of SMPP's appendix
B ("id:... stat:DELIVRD err:000 ...").

=cut

use strict;
use warnings;
use File::Path ();
use IO::Select ();
use IO::Socket::INET ();
use POSIX ();
use Test::Places qw(scratch slurp spew reserve_port);
use Time::HiRes qw(sleep time);

use constant {
    SUBMIT => 0x04, DELIVER => 0x05, UNBIND => 0x06, BIND => 0x09,
    ENQUIRE => 0x15, ANSWER => 0x80000000,
};

sub new {
    my ($class, %o) = @_;
    my $self = bless { dir => scratch(), owner => $$, %o }, $class;
    ($self->{port}, $self->{reserved}) = reserve_port();
    mkdir "$self->{dir}/$_" for qw(sms receipts);
    $self->mode('ok');
    $self->start;
    return $self;
}

sub mode {
    my ($self, $mode) = @_;
    spew("$self->{dir}/mode.new", $mode);
    rename "$self->{dir}/mode.new", "$self->{dir}/mode" or die $!;
    return $self;
}

sub start {
    my ($self) = @_;
    my $listen = IO::Socket::INET->new(Listen => 5, ReuseAddr => 1,
        LocalAddr => '127.0.0.1', LocalPort => $self->{port}) or die "$!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{PIPE} = 'IGNORE';
        while (my $c = $listen->accept) {
            $self->serve($c);
        }
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    return;
}

# ---- the centre's side --------------------------------------------------------

sub serve {
    my ($self, $c) = @_;
    my ($select, $buffer, $bound) = (IO::Select->new($c), '', 0);
    while (1) {
        if ($select->can_read(0.05)) {
            sysread($c, $buffer, 65536, length $buffer) or return;
        }
        while (length $buffer >= 16
            && length $buffer >= (my $length = unpack 'N', $buffer)) {
            my $pdu = substr $buffer, 0, $length, '';
            my (undef, $id, undef, $seq) = unpack 'N4', $pdu;
            $bound ||= $id == BIND;
            $self->answer($c, $id, $seq, substr $pdu, 16) or return;
        }
        $self->send_receipts($c) if $bound;
    }
    return;
}

sub pdu {
    my ($c, $id, $status, $seq, $body) = @_;
    return syswrite $c,
        pack('N4', 16 + length $body, $id, $status, $seq) . $body;
}

# @return false: the connection ends
sub answer {
    my ($self, $c, $id, $seq, $body) = @_;
    return pdu($c, BIND | ANSWER, 0, $seq, "centre\0") if $id == BIND;
    return pdu($c, ENQUIRE | ANSWER, 0, $seq, '') if $id == ENQUIRE;
    return 1 if $id & ANSWER;
    if ($id == UNBIND) {
        pdu($c, UNBIND | ANSWER, 0, $seq, '');
        return 0;
    }
    if ($id != SUBMIT) {
        return pdu($c, ANSWER, 3, $seq, '');    # generic_nack: no such command
    }
    my ($mode, $status) = split / /, slurp("$self->{dir}/mode");
    $self->mode('ok') if $mode eq 'once';
    return 1 if $mode eq 'silent';
    if ($mode ne 'ok') {
        return pdu($c, SUBMIT | ANSWER, $status, $seq, '');
    }
    my $name = $self->take($body);
    return pdu($c, SUBMIT | ANSWER, 0, $seq, "$name\0");
}

# Keep a message. @return its id
sub take {
    my ($self, $body) = @_;
    my ($service, $from_ton, $from_npi, $from, $to_ton, $to_npi, $to, $esm,
        $pid, $priority, $schedule, $validity, $receipt, $replace, $coding,
        $default, $text) = unpack 'Z* C2 Z* C2 Z* C3 Z* Z* C4 C/a', $body;
    my @before = glob "$self->{dir}/sms/*";
    my $id = 1001 + @before;
    my $udh = '';
    if ($esm & 0x40) {
        $udh = substr $text, 0, 1 + ord $text, '';
    }
    spew("$self->{dir}/new", join "\n", $id, $from, $to, $receipt, $coding,
        $validity, unpack('H*', $udh), unpack('H*', $text), '');
    rename "$self->{dir}/new", "$self->{dir}/sms/$id" or die $!;
    return $id;
}

sub send_receipts {
    my ($self, $c) = @_;
    for my $file (sort grep { !/\.new$/ } glob "$self->{dir}/receipts/*") {
        my ($id, $from, $to, $text) = split /\n/, slurp($file);
        pdu($c, DELIVER, 0, ++$self->{seq}, pack 'Z* C2 Z* C2 Z* C3 Z* Z* C4 C/a*',
            '', 1, 1, $to, 0, 1, $from, 4, 0, 0, '', '', 0, 0, 0, 0, $text);
        unlink $file;
    }
    return;
}

# ---- the test's side -------------------------------------------------------------

=head2 sms, wait_sms($n, $seconds)

What has been taken, in order.

=cut

sub sms {
    my ($self) = @_;
    my @sms;
    for my $file (sort glob "$self->{dir}/sms/*") {
        my %sms;
        @sms{qw(id from to receipt coding validity udh data)}
            = split /\n/, slurp($file), -1;
        $_ = pack 'H*', $_ for @sms{qw(udh data)};
        push @sms, \%sms;
    }
    return @sms;
}

sub wait_sms {
    my ($self, $n, $seconds) = @_;
    my $limit = time + $seconds;
    sleep 0.02 while $self->sms < $n && time < $limit;
    sleep 0.2;
    return $self->sms;
}

=head2 receipt($sms, $state, $error)

Report of a message: DELIVRD, UNDELIV, EXPIRED, ENROUTE, REJECTD...

=cut

sub receipt {
    my ($self, $sms, $state, $error) = @_;
    my $name = sprintf '%s/receipts/%.6f', $self->{dir}, time;
    my $done = $state eq 'DELIVRD' ? 1 : 0;
    my $date = POSIX::strftime('%y%m%d%H%M', gmtime);
    spew("$name.new", join "\n", $sms->{id}, $sms->{from}, $sms->{to},
        "id:$sms->{id} sub:001 dlvrd:00$done submit date:$date done date:$date"
            . " stat:$state err:$error text:");
    rename "$name.new", $name or die $!;
    return;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill KILL => $pid;
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
