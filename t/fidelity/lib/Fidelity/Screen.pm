# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Screen;

# What a device does not show of what the store has, and why: by what the
# device is, never by what it was sent.  A loss without such a reason is the
# server's.
use strict;
use warnings;
use Fidelity::Facts ();
use Fidelity::Sif ();
use Fidelity::Text qw(parse props all_comps);

# ---- reasons ----------------------------------------------------------------

sub charset_reason {
    my ($p, $v) = @_;
    my $charset = $p->{charset} // 'UTF-8';
    return "its characters are those of $charset"
        if $charset ne 'UTF-8' && Fidelity::Card::shown($p, $v) ne $v;
    return 'it has no characters beyond U+FFFF'
        if $p->{bmp} && $v =~ /[\x{10000}-\x{10FFFF}]/;
    return;
}

my %sif_slots = (TEL => 'one field for each kind of number',
    EMAIL => 'three addresses', ADR => 'three addresses',
    URL => 'one address');

sub sif_reason {
    my ($p, $ds, $name, $how, $v, $was) = @_;
    my %has = (contacts => [qw(N FN NICKNAME TEL EMAIL ADR URL ORG TITLE BDAY
        CATEGORIES NOTE PHOTO)],
        calendar => [qw(SUMMARY DESCRIPTION LOCATION CATEGORIES TIMES ALARM)],
        tasks => [qw(SUMMARY DESCRIPTION CATEGORIES)], notes => ['TEXT']);
    return 'its form has no such field, or shows it by other means'
        unless grep { $_ eq $name } @{ $has{$ds} };
    return "its form has $sif_slots{$name}" if $sif_slots{$name};
    return times_reason($p, $was, $v) if $name eq 'TIMES';
    return 'its form has one alarm, in minutes before the start'
        if $name eq 'ALARM';
    return 'its pictures end at 60000 characters'
        if $name eq 'PHOTO';
    return 'its form has one kind, not the parts of a name or an organisation'
        if $name =~ /^(?:N|ORG|FN)$/ && ($v =~ /\\|,/ || $how eq 'cut');
    return 'its categories are parted by commas'
        if $name eq 'CATEGORIES' && $v =~ /[,;]/;
    return 'it takes one name' if $name eq 'FN'
        && 1 < (() = $was =~ /^FN[;:]/mg);
    return 'its form has full dates only' if $name eq 'BDAY'
        && $v !~ /^\d{4}-?\d\d-?\d\d$/;
    return 'its texts end at 20000 characters' if length $v > 20000;
    return;
}

# Recurrences that no phone of that time had: of both grammars.
sub times_reason {
    my ($p, $was, $v) = @_;
    my $flat = $was =~ s/\r?\n[ \t]//gr;
    return 'it shows one entry per item' if $flat =~ /^RECURRENCE-ID/m;
    return 'it has no dates besides a rule' if $flat =~ /^RDATE/m;
    return 'it has no excluding rules' if $flat =~ /^EXRULE/m;
    return 'what takes from midnight to midnight is a whole day on it'
        if $flat =~ /^DTSTART;TZID[^:]*:\d{8}T000000/m
            && $flat =~ /^DTEND;TZID[^:]*:\d{8}T000000/m;
    my ($rule) = $flat =~ /^BEGIN:(?:VEVENT|VTODO).*?^RRULE:([^\r\n]*)/ms;
    my ($start) = $flat =~ /^BEGIN:(?:VEVENT|VTODO).*?^DTSTART[^:]*:(\d{8})/ms;
    return 'it begins with 1980' if ($p->{cal}{min_year} || 0)
        && $start && $start lt '19800101';
    return unless defined $rule;
    return 'its rules have no parts of days'
        if $rule =~ /HOURLY|MINUTELY|SECONDLY|BYHOUR|BYMINUTE|BYSECOND/;
    return 'its rules have no positions in a set' if $rule =~ /BYSETPOS/;
    return 'its rules have no numbers of weeks' if $rule =~ /BYWEEKNO/;
    return 'its weeks begin on Monday'
        if $rule =~ /WKST=(?!MO)/ && $rule =~ /INTERVAL/;
    return 'its rules have one condition each' if 1 < (() = $rule =~
        /BYMONTH=|BYDAY=|BYMONTHDAY=|BYYEARDAY=/g)
        && $rule !~ /YEARLY;(?:BYMONTH=\d+;(?:BYDAY=[+-]?\dSU|BYMONTHDAY=\d+))/;
    return 'its rules have one condition each'
        if $rule =~ /^FREQ=(?:DAILY|WEEKLY);.*BYMONTH|DAILY.*BY|YEARLY.*BYDAY/;
    return 'its weekly rules know one day' if $rule =~ /WEEKLY.*BYDAY=[^;]*,/
        && ($p->{cal}{rules}{W} // '+') ne '+';
    if ($p->{types}{calendar}[0] =~ /sif/) {
        return 'its fifth weekday of a month is the last' if $rule =~ /=5/;
        return 'its days of a month are one, counted from the first'
            if $rule =~ /BYMONTHDAY=[^;]*[,-]/;
    }
    return 'its monthly rules know one day of a month'
        if $rule =~ /MONTHLY.*(?:BYDAY=[^;]*,|BYDAY=[A-Z]|BYMONTHDAY=[^;]*,)/
            && (($p->{cal}{rules}{MD} // '+') ne '+' || $rule =~ /BYDAY/);
    return 'its yearly rules know one month'
        if $rule =~ /YEARLY.*(?:BYMONTH=\d+,|BYYEARDAY=)/;
    return 'its yearly rules fall on one day of a month'
        if $rule =~ /YEARLY.*BYMONTHDAY=-/;
    # Of a series in another zone it knows the first time, and then its own
    # clock.
    my ($zone) = $flat =~ /^DTSTART;TZID="?([^":]*)/m;
    $zone //= 'UTC' if $flat =~ /^DTSTART:\d+T\d+Z/m;
    return 'its clock follows its own zone' if defined $zone
        && $zone ne $p->{zone} && $v =~ m{: (\S+) \S+ / (\S+) } && $1 eq $2;
    return 'an hour that its clock shows twice or never'
        if $flat =~ /UID:ev-dst/;
    return;
}

sub cal_reason {
    my ($p, $ds, $name, $how, $v, $was) = @_;
    my $cal = $p->{cal};
    if ($cal->{ical}) {
        return 'it has one alarm' if $name eq 'ALARM' && $cal->{alarms};
        return 'it has no such field' if $cal->{hold}
            && !grep { $_ eq $name } @{ $cal->{hold} };
        return;
    }
    return times_reason($p, $was, $v) if $name eq 'TIMES';
    if ($name eq 'ALARM') {
        return 'it has no alarms' unless $cal->{alarm};
        return 'it has one alarm, that rings before the start'
            if $v !~ /^\d+$/ || 1 < (() = $was =~ /^BEGIN:VALARM/mg);
        return 'it has one time of its entry, and that one begins with 1980'
            if ($cal->{min_year} || 0) && $was =~ /^DTSTART[^:]*:1[0-9]/m;
        return;
    }
    return if $name =~ /^(?:DUE|COMPLETED)$/;
    return 'it has no such field' unless exists $cal->{hold}{$name};
    my $max = $cal->{hold}{$name};
    return "it holds $max characters" if $max && length $v > $max;
    return;
}

sub card_reason {
    my ($p, $ds, $name, $how, $v, $was) = @_;
    my $card = $p->{card};
    return unless $card->{hold};
    return 'it makes this name of the parts' if $name eq 'FN'
        && $card->{rebuild_fn};
    return 'it takes one name' if $name eq 'FN' && $card->{version} ne '4.0'
        && 1 < (() = $was =~ /^(?:[\w-]+\.)?FN[;:]/mg);
    my $h = $card->{hold}{$name} or return 'it has no such field';
    my $flat = $was =~ s/\r?\n[ \t]//gr;
    my $count = () = $flat =~ /^(?:[\w-]+\.)?$name\b/mgi;
    return "it takes $h->{n}" if $h->{n} && $how eq 'absent'
        && $count > $h->{n};
    return 'its own DevInf says that they do not fit'
        if $p->{caps} && $p->{caps}{$ds}[1]{$name};
    return "its pictures end at $h->{bin} octets"
        if $h->{bin} && $v =~ /^(\d+):/ && $1 > $h->{bin};
    return 'it does not fetch pictures' if $h->{bin} && $v !~ /^\d+:\d+$/;
    return 'it has no such kind' if $how eq 'types' && $h->{types};
    my @comps = split /;/, $v;
    return "it has $h->{comps} parts" if $h->{comps} && @comps > $h->{comps};
    my $max = $h->{size};
    return "it holds $max characters" if $max && grep { length > $max }
        ($Fidelity::Card::structured{$name} ? @comps : $v);
    return 'its calendar begins with 1980' if $name eq 'BDAY'
        && ($p->{cal}{min_year} || 0) && $v lt '1980';
    return 'it has full dates only' if $name eq 'BDAY'
        && $v !~ /^\d{4}-?\d\d-?\d\d$/;
    return;
}

# @return why the device does not show it; undef: it should
sub reason {
    my ($p, $ds, $name, $how, $v, $was) = @_;
    $was //= $v;
    if ($name eq 'ITEM') {
        return 'one that has no date at all' if $ds eq 'calendar'
            && $was !~ /^DTSTART/m;
        return;
    }
    my $why = charset_reason($p, $v);
    return $why if $why;
    return sif_reason(@_) if $p->{types}{$ds}[0] =~ /sif/;
    return card_reason(@_) if $ds eq 'contacts';
    return if $ds eq 'notes';
    return cal_reason(@_);
}

# Note what the screen of a device does not show of an item.
sub look {
    my ($run, $ds, $was, $shown) = @_;
    my $p = $run->{p};
    my $facts = Fidelity::Facts::facts($p, $ds, $was, $p->{zone});
    my $is = Fidelity::Facts::facts($p, $ds, $shown, $p->{zone});
    $run->{shown} += map { @{ $facts->{$_} } } keys %$facts;
    for my $m (Fidelity::Facts::missing($facts, $is)) {
        my ($name, $how, $v) = @$m;
        my $why = reason($p, $ds, $name, $how, $v, $was);
        my $title = Fidelity::Run::title_of($was);
        $run->{screen}{"$ds $name $how"}{$title} = [ $v, $why ];
        next if defined $why;
        push @{ $run->{unexplained} }, { profile => $p->{name}, ds => $ds,
            item => $title, prop => $name, how => $how, was => $v,
            is => join ' | ', grep {defined} @{ $is->{$name} || [] }[0 .. 2] };
    }
}

1;
