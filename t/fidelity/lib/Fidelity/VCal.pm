# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::VCal;

# The calendar of a phone that speaks vCalendar 1.0.  It shows one entry per
# item: the first that it finds.
#
# A profile's {cal}:
#   hold      name => characters of it (0: any number); SUMMARY, LOCATION,
#             DESCRIPTION, CATEGORIES, CLASS, PRIORITY, STATUS
#   clock     utc: knows the Z; local: takes every time as it stands for the
#             time on the wall; local_z: the same, writes a Z
#   days      how it writes whole days: midnight, last_second, date
#   epoc      writes X-EPOCAGENDAENTRYTYPE
#   rules     frequencies that it has, with + if it takes several days:
#             { D => 1, W => '+' }; others leave a single entry
#   until     it has an end date only: counts become one
#   exdates   has exceptions
#   alarm     absolute (relative ones are refused), or none
#   alarms    names that it reads and writes, the first is written
#   category_x  writes X- before categories
#   qp        writes non-ASCII as quoted-printable
#   min_year  earlier dates become the first of that year
use strict;
use warnings;
use Encode ();
use Exporter qw(import);
use Fidelity::Card ();
use Fidelity::Text qw(parse props first_prop unescape split_on fold qp_line);
use Fidelity::Time qw(read_time wall_to_epoch epoch_to_wall epoch_to_utc
    wall_add parse_vcal_rule write_vcal_rule rule_to_ical);
use Fidelity::World ();

our @EXPORT_OK = qw(read_vcal write_vcal wall_of move_entry);

# ---- clocks -----------------------------------------------------------------

# What the phone's clock shows at a time: 'YYYYMMDDTHHMMSS' or a date.
sub wall_of {
    my ($p, $t) = @_;
    return unless $t;
    return $t->{date} if $t->{date};
    return $t->{wall} // epoch_to_wall($t->{at}, $p->{zone});
}

sub take_time {
    my ($p, $text) = @_;
    $text =~ s/^\s+|\s+$//g;
    $text =~ s/Z$// if $p->{cal}{clock} ne 'utc';
    my $t = read_time($text) or return;
    if ($p->{cal}{min_year}) {
        my $wall = wall_of($p, $t);
        if (substr($wall, 0, 4) < $p->{cal}{min_year}) {
            $wall =~ s/^\d{4}/$p->{cal}{min_year}/;
            return $t->{date} ? { date => $wall } : { wall => $wall };
        }
    }
    return $t;
}

# An appointment's time in the phone's words.
sub time_text {
    my ($p, $t) = @_;
    return $t->{date} . 'T000000' if $t->{date};
    my $clock = $p->{cal}{clock};
    return wall_of($p, $t) . ($clock eq 'local_z' ? 'Z' : '')
        if $clock ne 'utc';
    return epoch_to_utc($t->{at} // wall_to_epoch($t->{wall}, $p->{zone}));
}

# ---- reading ----------------------------------------------------------------

# The rule, if the phone has such; ends become what it can say.
sub take_rule {
    my ($p, $r, $text, $start) = @_;
    my $rule = parse_vcal_rule($text) or return;
    my $can = $p->{cal}{rules}{ $rule->{freq} } or return;
    return if $can ne '+' && @{ $rule->{list} } > 1
        && !($rule->{freq} eq 'MP' && @{ $rule->{list} } == 2);
    if (defined $rule->{until}) {
        my $t = read_time($rule->{until});
        $t = { wall => "$t->{date}T235959" } if $t && $t->{date};
        return unless $t;
        $rule->{until} = substr wall_of($p, $t), 0, 8;
    }
    elsif ($rule->{count} && $p->{cal}{until}) {
        my $ics = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:$start\r\nRRULE:"
            . rule_to_ical($rule, $start) . "\r\nEND:VEVENT\r\n"
            . "END:VCALENDAR\r\n";
        my $all = Fidelity::World::expand($ics, 'UTC', 150) or return;
        my ($last) = $all->[-1] =~ /^(\d+)/;
        $rule->{until} = substr length $last == 8 ? $last
            : epoch_to_wall($last, 'UTC'), 0, 8;
        delete $rule->{count};
    }
    return $rule;
}

sub is_whole_day {
    my ($p, $c, $s, $e) = @_;
    return 1 if $s->{date};
    my $epoc = first_prop($c, 'X-EPOCAGENDAENTRYTYPE');
    return 1 if $epoc && $epoc->{text} =~ /^(?:EVENT|ANNIVERSARY|DAY EVENT)/i
        && $p->{cal}{epoc};
    return 0 unless $e;
    my ($from, $to) = (wall_of($p, $s), wall_of($p, $e));
    return $from =~ /T000000$/ && $to =~ /T(?:000000|235959)$/ && $to gt $from;
}

sub take_times {
    my ($p, $c, $r) = @_;
    my %t;
    for my $name (qw(DTSTART DTEND DUE COMPLETED)) {
        my $f = first_prop($c, $name) or next;
        $t{$name} = take_time($p, $f->{text});
    }
    my ($s, $e) = @t{qw(DTSTART DTEND)};
    if ($s && is_whole_day($p, $c, $s, $e)) {
        my $from = wall_of($p, $s);
        my $to = $e ? wall_of($p, $e) : $from;
        $to = wall_add("${to}T000000", 86399) if $to !~ /T/ && $e;
        $to = wall_add($to, -1) if $to =~ /T000000$/ && $to gt $from;
        $s = { date => substr $from, 0, 8 };
        $e = { date => substr wall_add($to, 86400), 0, 8 };
        $r->{day} = 1;
    }
    $r->{start} = $s if $s;
    $r->{end} = $e if $e;
    $r->{due} = $t{DUE} if $t{DUE};
    $r->{completed} = $t{COMPLETED} if $t{COMPLETED};
}

sub take_alarm {
    my ($p, $c, $r) = @_;
    for my $name (@{ $p->{cal}{alarms} }) {
        my $f = first_prop($c, $name) or next;
        my ($run) = split_on(';', $f->{text});
        my $t = take_time($p, $run) or next;
        my $anchor = $r->{start} // $r->{due};
        if ($anchor && !$t->{date}) {
            my $wall = wall_of($p, $anchor);
            $wall .= 'T000000' if $wall !~ /T/;
            my $at = $t->{at} // wall_to_epoch($t->{wall}, $p->{zone});
            $r->{before} = wall_to_epoch($wall, $p->{zone}) - $at;
        }
        return;
    }
}

sub read_vcal {
    my ($p, $octets) = @_;
    my $cal = $p->{cal};
    my @top = parse($octets, charset => $p->{charset} // 'UTF-8');
    my ($c) = Fidelity::Text::all_comps('VEVENT|VTODO', @top);
    return unless $c;
    my %r = (kind => $c->{name}, text => {});
    my $old = $cal->{lenient} ? 2 : 1;
    for my $f (@{ $c->{props} }) {
        my $max = $cal->{hold}{ $f->{name} };
        next if !defined $max || exists $r{text}{ $f->{name} };
        my $v = Fidelity::Card::shown($p, unescape($f->{text}, $old));
        $v = substr $v, 0, $max if $max;
        $r{text}{ $f->{name} } = $v if length $v;
    }
    take_times($p, $c, \%r);
    if ($r{start}) {
        my $wall = wall_of($p, $r{start});
        my $f = first_prop($c, 'RRULE');
        $r{rule} = take_rule($p, \%r, $f->{text}, $wall) if $f;
        if ($r{rule} && $cal->{exdates}) {
            $r{exdates} = [ grep {defined} map { take_time($p, $_) }
                map { split /[;,]/, $_->{text} } props($c, 'EXDATE') ];
        }
    }
    take_alarm($p, $c, \%r) if $cal->{alarm};
    return \%r;
}

# ---- the owner --------------------------------------------------------------

sub move_entry {
    my ($p, $r, $seconds) = @_;
    for my $name (qw(start end due)) {
        my $t = $r->{$name} or next;
        $_ = { map { $_ => $_ eq 'at' ? $t->{at} + $seconds
                                      : wall_add($t->{$_}, $seconds) }
               keys %$t } for $r->{$name};
    }
}

# ---- writing ----------------------------------------------------------------

sub text_line {
    my ($p, $name, $value) = @_;
    my $charset = $p->{charset} // 'UTF-8';
    $value = join ';', map { /^X-/ ? $_ : "X-$_" } split /(?<!\\)[;,]/, $value
        if $name eq 'CATEGORIES' && $p->{cal}{category_x};
    my $octets = Encode::encode($charset, $value);
    if ($octets =~ /[\x80-\xff\r\n=]/ && $p->{cal}{qp}) {
        $octets =~ s/\r?\n/\r\n/g;
        return qp_line("$name;ENCODING=QUOTED-PRINTABLE;CHARSET=$charset:",
                       $octets);
    }
    $octets =~ s/\r?\n/ /g;
    return "$name" . ($octets =~ /[\x80-\xff]/ ? ";CHARSET=$charset" : '')
        . ":$octets\r\n";
}

sub rule_text {
    my ($p, $r) = @_;
    my %rule = %{ $r->{rule} };
    if (defined $rule{until}) {
        my $wall = wall_of($p, $r->{start});
        my $clock = $wall =~ /(T.*)/ ? $1 : 'T000000';
        $rule{until} = $p->{cal}{until_end} ? "$rule{until}T235959"
            : time_text($p, { wall => $rule{until} . $clock });
    }
    return write_vcal_rule(\%rule);
}

sub whole_day_lines {
    my ($p, $r) = @_;
    my ($from, $to) = ($r->{start}{date}, $r->{end} ? $r->{end}{date} : '');
    my $days = $p->{cal}{days};
    if ($days eq 'date') {
        return "DTSTART:$from\r\n" . ($to ? "DTEND:$to\r\n" : '');
    }
    $to = $days eq 'last_second' ? wall_add("${to}T000000", -1)
                                 : "${to}T000000" if $to;
    return "DTSTART:${from}T000000\r\n" . ($to ? "DTEND:$to\r\n" : '');
}

sub alarm_line {
    my ($p, $r) = @_;
    my $anchor = wall_of($p, $r->{start} // $r->{due}) // return '';
    $anchor .= 'T000000' if $anchor !~ /T/;
    my $at = wall_to_epoch($anchor, $p->{zone}) - $r->{before};
    my $text = $p->{cal}{clock} eq 'utc' ? epoch_to_utc($at)
        : time_text($p, { wall => epoch_to_wall($at, $p->{zone}) });
    my $name = $p->{cal}{alarms}[0];
    $name .= ';TYPE=X-EPOCSOUND' if $p->{cal}{epoc} && $name eq 'AALARM';
    return "$name:$text;;0;" . ($name eq 'DALARM'
        ? 'Alarm' : '') . "\r\n";
}

sub write_vcal {
    my ($p, $r) = @_;
    my $cal = $p->{cal};
    my $out = "BEGIN:VCALENDAR\r\nVERSION:1.0\r\n";
    $out .= $p->{tz_lines} if $p->{tz_lines};
    $out .= "BEGIN:$r->{kind}\r\n";
    $out .= text_line($p, $_, $r->{text}{$_}) for grep {
        defined $r->{text}{$_} } qw(SUMMARY DESCRIPTION LOCATION CATEGORIES);
    if ($r->{day}) {
        $out .= whole_day_lines($p, $r);
    }
    else {
        $out .= 'DTSTART:' . time_text($p, $r->{start}) . "\r\n" if $r->{start};
        $out .= 'DTEND:' . time_text($p, $r->{end}) . "\r\n" if $r->{end};
    }
    for my $name (qw(due completed)) {
        $out .= uc($name) . ':' . time_text($p, $r->{$name}) . "\r\n"
            if $r->{$name};
    }
    if ($cal->{epoc} && $r->{kind} eq 'VEVENT') {
        my $type = !$r->{day} ? 'APPOINTMENT'
            : $r->{rule} && $r->{rule}{freq} =~ /^Y/ ? 'ANNIVERSARY' : 'EVENT';
        $out .= "X-EPOCAGENDAENTRYTYPE:$type\r\n";
    }
    $out .= 'RRULE:' . rule_text($p, $r) . "\r\n" if $r->{rule};
    if ($r->{exdates} && @{ $r->{exdates} }) {
        $out .= 'EXDATE:' . join(';', map { time_text($p, $_) }
            @{ $r->{exdates} }) . "\r\n";
    }
    $out .= alarm_line($p, $r) if defined $r->{before};
    $out .= "$_:$r->{text}{$_}\r\n" for grep { defined $r->{text}{$_} }
        qw(CLASS PRIORITY STATUS);
    $out .= "LAST-MODIFIED:20261201T120000Z\r\n" if $cal->{modified};
    return $out . "END:$r->{kind}\r\nEND:VCALENDAR\r\n";
}

1;
