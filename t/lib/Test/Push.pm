# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Push;

# For the tests of push: two phones of one account, of which the second has a
# number and is told what the first one changes; what the file: gateway wrote;
# the worker's process; what tshark makes of octets.
#
#   my $p = Test::Push->new($h);        # a started Test::Httpd->syncml
#   $p->change;                         # the first phone adds a contact
#   my @sms = $p->wait_files(1, 5);     # { to, udh, data, text, name }
#   my $pid = $p->worker;

use strict;
use warnings;
use Exporter qw(import);
use Test::Places qw(slurp spew);
use Test::Samples ();
use Test::SyncML::Phone;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(until_true san tshark_wsp tshark_sms);

# Options: number (default +491700000002), devices (how many phones are told;
# 1), server.
sub new {
    my ($class, $h, %o) = @_;
    my $self = bless { h => $h, number => '+491700000002', devices => 1,
        names => ['contacts'], %o }, $class;
    $self->{first} = $self->phone('phone-first');
    for my $n (1 .. $self->{devices}) {
        my $id = $n == 1 ? 'phone-second' : "phone-second-$n";
        my $phone = $self->phone($id);
        push @{ $self->{phones} }, $phone;
        my ($rc, $out, $err) = $h->ctl(qw(device set --account alice), $id,
            '--number', $self->{number}, qw(--push on));
        die "device set: $err\n" if $rc;
    }
    $self->{second} = $self->{phones}[0];
    return $self;
}

# A phone that has synced.
sub phone {
    my ($self, $id) = @_;
    my $phone = Test::SyncML::Phone->new(url => $self->{h}->url('/syncml'),
        id => $id, stores => { map { $_ => {} } @{ $self->{names} } });
    my $r = $phone->sync(201, @{ $self->{names} });
    die "$id: $r->{why}\n" unless $r->{ok};
    return $phone;
}

# Something for the second phone to fetch.
sub change {
    my ($self, @stores) = @_;
    @stores = @{ $self->{names} } unless @stores;
    $self->{first}->put($_ => Test::Samples::sample($_,
            'Change ' . ++$self->{changes})) for @stores;
    my $r = $self->{first}->sync(200, @stores);
    die "change: $r->{why}\n" unless $r->{ok};
    return $self;
}

# The second phone does what it was told to do.
sub answer {
    my ($self) = @_;
    my $r = $self->{second}->sync(200, @{ $self->{names} });
    die "answer: $r->{why}\n" unless $r->{ok};
    return $r;
}

sub until_true {
    my ($seconds, $test) = @_;
    my $limit = time + $seconds * Test::Httpd::slow();
    while (1) {
        my $r = $test->();
        return $r if $r || time > $limit;
        sleep 0.01;
    }
}

# ---- the file: gateway -------------------------------------------------------

sub files {
    my ($self) = @_;
    my @sms;
    for my $name (sort glob "$self->{h}{dir}/state/sms/*") {
        my $text = slurp($name);
        my ($to, $udh, $data, $meaning) = $text =~
            /\ATo: (\S+)\nUDH: ([0-9A-F]+)\nData: ([0-9A-F]+)\n\n(.*)\z/s
            or die "$name: not a SMS file:\n$text\n";
        push @sms, { name => $name, text => $text, to => $to,
            udh => pack('H*', $udh), data => pack('H*', $data),
            meaning => $meaning };
    }
    return @sms;
}

sub wait_files {
    my ($self, $n, $seconds) = @_;
    until_true($seconds, sub { $self->files >= $n });
    sleep 0.3;
    return $self->files;
}

# ---- the worker ---------------------------------------------------------------

# Its process id: the one that was started last and lives.
sub worker {
    my ($self) = @_;
    my @pids = $self->{h}->log =~ /push worker (\d+) for \S+ and \S+ starts/g;
    return 0 unless @pids;
    # A zombie is dead: process 1 of a container may not wait for orphans.
    my ($state) = Test::Httpd::slurp("/proc/$pids[-1]/stat") =~ /\) (\S)/;
    return $state && $state ne 'Z' ? $pids[-1] : 0;
}

# What syncmlctl says of the rows, as JSON.
sub due {
    my ($self) = @_;
    my ($rc, $out, $err) = $self->{h}->ctl(qw(due list --json));
    die "due list: $err\n" if $rc;
    return $out;
}

sub attempts {
    my ($self) = @_;
    return grep {/ push account=.* result=/} split /\n/, $self->{h}->log;
}

# ---- what others make of it -----------------------------------------------------

# A SAN 1.2 push taken apart by the specification, independent of our code.
sub san {
    my ($pdu) = @_;
    my ($tid, $type, $length) = unpack 'CCC', $pdu;
    die "not a push\n" if $type != 6;
    my $san = substr $pdu, 3 + $length;
    my ($digest, $bits, $future, $session, $n) = unpack 'a16 n a3 n C', $san;
    my $server = substr $san, 24, $n;
    my $at = 24 + $n;
    my $count = ord(substr $san, $at++, 1) >> 4;
    my @stores;
    for (1 .. $count) {
        my ($sync, $c1, $c2, $uri) = unpack 'C C n C/a', substr $san, $at;
        push @stores, { sync => 200 + ($sync >> 4), content => $c1 << 16 | $c2,
            uri => $uri };
        $at += 5 + length $uri;
    }
    return { headers => substr($pdu, 3, $length), version => $bits >> 6,
        ui_mode => $bits >> 4 & 3, initiator => $bits >> 3 & 1,
        session => $session, server => $server, stores => \@stores,
        digest => $digest, rest => substr($san, $at), future => $future,
        body => substr($san, 16) };
}

sub dump_octets {
    my ($file, $octets) = @_;
    spew($file, '0000 ' . join(' ', map { sprintf '%02x', $_ }
                unpack 'C*', $octets) . "\n");
    return;
}

sub tshark {
    my ($dir, $octets, $link, @options) = @_;
    dump_octets("$dir/octets", $octets);
    my @link = @$link;
    system("text2pcap -q @link $dir/octets $dir/pcap >$dir/err 2>&1") == 0
        or die 'text2pcap: ' . slurp("$dir/err");
    my $out = "$dir/tshark";
    system('env', '-u', 'LD_PRELOAD', 'sh', '-c',
        'o=$1; shift; exec tshark "$@" >"$o" 2>&1', '-', $out,
        '-r', "$dir/pcap", '-V', @options) == 0
        or die 'tshark: ' . slurp($out);
    return slurp($out);
}

# The data of a SMS to port 2948, as tshark understands it.
sub tshark_wsp {
    my ($dir, $pdu) = @_;
    return tshark($dir, $pdu, ['-u', '40000,2948'], '-d',
        'udp.port==2948,wsp');
}

# A whole SMS-DELIVER as the phone's network side would get it.
sub tshark_sms {
    my ($dir, $udh, $data) = @_;
    my $tpdu = pack('H*', '44' . '0C91947110325476' . '00' . '04'
            . '62117190000000') . pack('C', length($udh) + length $data)
        . $udh . $data;
    return tshark($dir, $tpdu, [qw(-l 147)], '-o',
        'uat:user_dlts:"User 0 (DLT=147)","gsm_sms","0","","0",""');
}

1;
