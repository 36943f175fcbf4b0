# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Time;

# Clocks of the system's zones, dates, and both grammars of recurrence.
#
# A time is { date => 'YYYYMMDD' } for a whole day, { at => epoch seconds }
# for an instant, or { wall => 'YYYYMMDDTHHMMSS' } without a zone.
use strict;
use warnings;
use Exporter qw(import);
use POSIX ();
use Time::Local qw(timegm_modern);

our @EXPORT_OK = qw(wall_to_epoch epoch_to_wall epoch_to_utc read_time
    wall_add parse_vcal_rule write_vcal_rule rule_to_ical duration_seconds
    day_name is_time is_zone seconds_duration);

my $tz = '';

sub in_zone {
    my ($zone, $code) = @_;
    if ($tz ne $zone) {
        $ENV{TZ} = $zone;
        POSIX::tzset();
        $tz = $zone;
    }
    return $code->();
}

# Does the system know it?
sub is_zone {
    my ($name) = @_;
    return $name =~ m{^[A-Za-z][\w+-]*(?:/[\w+-]+)*$}a
        && -f "/usr/share/zoneinfo/$name";
}

sub parts {
    my ($text) = @_;
    my @p = $text =~ /^(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(\d\d)?)?/
        or return;
    $_ //= 0 for @p[3 .. 5];
    return @p;
}

sub gm_of {
    my ($y, $mo, $d, $h, $mi, $s) = parts($_[0]) or return;
    my $days = eval { timegm_modern(0, 0, 0, $d, $mo - 1, $y) } // return;
    return $days + $h * 3600 + $mi * 60 + $s;
}

# Times that a clock shows twice are its first; that it never shows, as if it
# had not been put forward.
sub wall_to_epoch {
    my ($wall, $zone) = @_;
    my $gm = gm_of($wall) // return;
    return $gm if $zone eq 'UTC';
    return in_zone($zone, sub {
        my @before = localtime($gm - 86400);
        my $offset = POSIX::floor(Time::Local::timegm_modern(
            @before[0 .. 4], $before[5] + 1900)) - ($gm - 86400);
        my $at = $gm - $offset;
        return $at if epoch_to_wall_in($at) eq gm_wall($gm);
        my @after = localtime($gm + 86400);
        my $later = Time::Local::timegm_modern(
            @after[0 .. 4], $after[5] + 1900) - ($gm + 86400);
        return $gm - $later if epoch_to_wall_in($gm - $later) eq gm_wall($gm);
        return $at;
    });
}

sub gm_wall { return POSIX::strftime('%Y%m%dT%H%M%S', gmtime $_[0]) }
sub epoch_to_utc { return gm_wall($_[0]) . 'Z' }

sub epoch_to_wall_in {
    my @t = localtime $_[0];
    return sprintf '%04d%02d%02dT%02d%02d%02d', $t[5] + 1900, $t[4] + 1,
        @t[3, 2, 1, 0];
}

sub epoch_to_wall {
    my ($at, $zone) = @_;
    return gm_wall($at) if $zone eq 'UTC';
    return in_zone($zone, sub { epoch_to_wall_in($at) });
}

sub wall_add {
    my ($text, $seconds) = @_;
    my $gm = gm_of($text) // return $text;
    my $out = gm_wall($gm + $seconds);
    return $text =~ /T/ ? $out : substr $out, 0, 8;
}

sub is_time { return $_[0] =~ /^\d{8}(?:T\d{6}Z?)?$/ }

sub read_time {
    my ($text) = @_;
    return if $text !~ /^(\d{4}-?\d\d-?\d\d)(?:(T\d\d:?\d\d(?::?\d\d)?)(Z?))?$/;
    my ($date, $clock, $z) = ($1, $2, $3);
    s/[-:]//g for grep { defined } $date, $clock;
    return { date => $date } unless defined $clock;
    $clock .= '00' if length $clock == 5;
    return $z ? { at => gm_of("$date$clock") } : { wall => "$date$clock" };
}

sub duration_seconds {
    my ($text) = @_;
    my ($sign, $w, $d, $h, $m, $s) = $text =~ /^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?
        (?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/x or return;
    $_ //= 0 for $w, $d, $h, $m, $s;
    my $n = (($w * 7 + $d) * 24 + $h) * 3600 + $m * 60 + $s;
    return $sign eq '-' ? -$n : $n;
}

sub seconds_duration {
    my ($n) = @_;
    my $sign = $n < 0 ? '-' : '';
    $n = abs $n;
    return "${sign}P" . $n / 86400 . 'D' if $n && $n % 86400 == 0;
    return "${sign}PT" . $n / 3600 . 'H' if $n && $n % 3600 == 0;
    return "${sign}PT" . $n / 60 . 'M'   if $n % 60 == 0;
    return "${sign}PT${n}S";
}

my @days = qw(SU MO TU WE TH FR SA);

sub day_name {
    my ($text) = @_;
    return $days[ (gmtime gm_of($text))[6] ];
}

# ---- vCalendar 1.0 ----------------------------------------------------------

# @return { freq => D W MP MD YM YD, n => interval, list => [words],
#           count => n (0: for ever), until => text }, or undef
sub parse_vcal_rule {
    my ($text) = @_;
    $text =~ s/^\s+|\s+$//g;
    my ($freq, $n, $rest) = $text =~ /^(D|W|MP|MD|YM|YD)(\d+)(?:\s+(.*))?$/i
        or return;
    my %r = (freq => uc $freq, n => $n, list => []);
    for my $w (split ' ', $rest // '') {
        if    ($w =~ /^#(\d+)$/)   { $r{count} = $1 }
        elsif ($w =~ /^\d{8}(?:T\d{4,6}Z?)?$/) { $r{until} = $w }
        elsif ($w =~ /^(?:\d+[+-]?|LD|SU|MO|TU|WE|TH|FR|SA)$/i) {
            push @{ $r{list} }, uc $w;
        }
        else { return }
    }
    $r{count} = 2 if !defined $r{count} && !defined $r{until};
    return \%r;
}

sub write_vcal_rule {
    my ($r) = @_;
    return join ' ', "$r->{freq}$r->{n}", @{ $r->{list} },
        defined $r->{until} ? $r->{until} : "#$r->{count}";
}

# MP lists: an occurrence goes for all days up to the next one.
sub nth_days {
    my ($r, $start) = @_;
    my (@occ, @out);
    my $fresh = 1;
    for my $w (@{ $r->{list} }) {
        if ($w =~ /^(\d+)([+-]?)$/) {
            @occ = () if $fresh;
            $fresh = 0;
            push @occ, $2 eq '-' ? -$1 : $1;
        }
        else {
            push @out, map {"$_$w"} @occ ? @occ : 1;
            $fresh = 1;
        }
    }
    if (!@out) {
        my $nth = int((substr($start, 6, 2) - 1) / 7) + 1;
        push @out, ($nth == 5 ? -1 : $nth) . day_name($start);
    }
    return @out;
}

# The RRULE that says the same. @param start  its first day, as a clock shows
sub rule_to_ical {
    my ($r, $start) = @_;
    my ($f, @l) = ($r->{freq}, @{ $r->{list} });
    my ($month, $day) = (0 + substr($start, 4, 2), 0 + substr $start, 6, 2);
    my %part = (D => 'FREQ=DAILY', W => 'FREQ=WEEKLY', MP => 'FREQ=MONTHLY',
                MD => 'FREQ=MONTHLY', YM => 'FREQ=YEARLY', YD => 'FREQ=YEARLY');
    my $out = $part{$f};
    $out .= ";INTERVAL=$r->{n}" if $r->{n} != 1;
    $out .= ';BYDAY=' . join ',', @l ? @l : day_name($start) if $f eq 'W';
    $out .= ';BYDAY=' . join ',', nth_days($r, $start) if $f eq 'MP';
    if ($f eq 'MD') {
        my @d = map { $_ eq 'LD' ? -1 : /^(\d+)-$/ ? -$1 : /^(\d+)/ } @l;
        $out .= ';BYMONTHDAY=' . join ',', @d ? @d : $day;
    }
    if ($f eq 'YM') {
        $out .= ';BYMONTH=' . join(',', @l ? @l : $month) . ";BYMONTHDAY=$day";
    }
    if ($f eq 'YD') {
        $out .= @l ? ';BYYEARDAY=' . join(',', @l)
                   : ";BYMONTH=$month;BYMONTHDAY=$day";
    }
    $out .= ";UNTIL=$r->{until}" if defined $r->{until};
    $out .= ";COUNT=$r->{count}" if !defined $r->{until} && $r->{count};
    return $out;
}

1;
