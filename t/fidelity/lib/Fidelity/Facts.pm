# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Facts;

# What an item says to people, whatever its format: for what a device shows
# of a store's item, and for what another device has of a device's own item.
#
# Facts are { name => [values] }; of lists each word is one; TEL digits only;
# TIMES the instances by libical, ALARM seconds before the start.
use strict;
use warnings;
use Encode ();
use Fidelity::Compare ();
use Fidelity::Profiles ();
use Fidelity::Text qw(parse props first_prop split_on unescape entry);
use Fidelity::Time qw(duration_seconds rule_to_ical epoch_to_utc read_time
    wall_to_epoch wall_add epoch_to_wall);
use Fidelity::VCal ();
use Fidelity::World ();

my %structured = (N => 5, ADR => 7, ORG => 9);
# Not for people, or of the form only.
my %form = map { $_ => 1 } qw(VERSION PRODID REV UID DTSTAMP CREATED
    LAST-MODIFIED SEQUENCE CALSCALE METHOD TZ DAYLIGHT X-EPOCAGENDAENTRYTYPE
    DTSTART DTEND DUE DURATION RRULE EXRULE RDATE EXDATE RECURRENCE-ID AALARM
    DALARM MALARM PALARM X-LIC-LOCATION SORT-STRING SOURCE MAILER CLIENTPIDMAP
    X-ABUID);
my %default = (CLASS => 'PUBLIC', STATUS => '', PRIORITY => '0',
    TRANSP => 'OPAQUE', 'PERCENT-COMPLETE' => '0');
my %status = ('NEEDS ACTION' => 'NEEDS-ACTION', DECLINED => 'CANCELLED',
    ACCEPTED => 'IN-PROCESS');
my %telephone_type = map { $_ => 1 } qw(HOME WORK CELL FAX PAGER CAR VIDEO);

sub tidy {
    my ($v) = @_;
    $v =~ s/\r\n?/\n/g;
    $v =~ s/^\s+|\s+$//g;
    return $v;
}

sub types {
    my ($f) = @_;
    return join ',', sort grep { $telephone_type{$_} }
        map {uc} @{ $f->{params}{TYPE} || [] };
}

# ---- contacts ---------------------------------------------------------------

sub card_facts {
    my ($c, $old) = @_;
    my %facts;
    for my $f (@{ $c->{props} }) {
        my ($name, $text) = @$f{qw(name text)};
        next if $form{$name};
        my @values;
        if (defined $f->{bin}) {
            @values = length($f->{bin}) . ':' . unpack '%32C*', $f->{bin};
        }
        elsif ($structured{$name}) {
            my @v = map { tidy(unescape($_, $old)) } split_on(';', $text);
            pop @v while @v && $v[-1] eq '';
            @values = join ';', @v;
        }
        elsif ($name eq 'CATEGORIES' || $name eq 'NICKNAME') {
            @values = map { tidy(unescape($_, $old)) }
                $old ? split(/[,;]/, $text) : split_on(',', $text);
        }
        else {
            @values = tidy($old ? $text =~ s/\\;/;/gr : unescape($text));
        }
        if ($name =~ /^(?:X-)?ANNIVERSARY$|^BDAY$/) {
            $name =~ s/^X-//;
            # Apple's year stands for none.
            s/^(\d{4})-(\d\d)-(\d\d)/$1$2$3/, s/^1604/--/ for @values;
        }
        $name =~ s/^X-ADDRESSBOOKSERVER-(KIND|MEMBER)$/$1/;
        if ($name eq 'GENDER') { s/;$// for @values }
        if ($name eq 'GEO') { s/^geo:([^,]*),/$1;/ for @values }
        if ($name eq 'TEL') {
            s/^tel://, s/[^0-9+*#]//g for @values;
            $_ .= ' ' . types($f) for @values;
        }
        s/^\s*$// for @values;
        push @{ $facts{$name} }, grep {length} @values;
    }
    return \%facts;
}

# ---- calendars --------------------------------------------------------------

sub ical_alarms {
    my ($c) = @_;
    my @out;
    my $start = first_prop($c, 'DTSTART') // first_prop($c, 'DUE');
    for my $a (grep { $_->{name} eq 'VALARM' } @{ $c->{comps} }) {
        my $t = first_prop($a, 'TRIGGER') or next;
        my $n = duration_seconds($t->{text});
        my $end = ($t->{params}{RELATED} || [''])->[0] eq 'END'
            && first_prop($c, 'DTSTART');
        push @out, !defined $n ? "at $t->{text}"
            : $end ? "end " . -$n : -$n;
    }
    return @out;
}

# A task is due on a day or at midnight: devices show the same.
sub due_text {
    my ($at, $zone) = @_;
    return epoch_to_wall($at, $zone) =~ s/T000000$//r;
}

sub ical_facts {
    my ($octets, $zone) = @_;
    my $c = entry(parse($octets));
    return { TEXT => [ tidy(Encode::decode('UTF-8', $octets)) ] } unless $c;
    my %facts;
    for my $f (@{ $c->{props} }) {
        my $name = $f->{name};
        next if $form{$name};
        my @v = $name eq 'CATEGORIES' || $name eq 'RESOURCES'
            ? map { tidy(unescape($_)) } split_on(',', $f->{text})
            : tidy(unescape($f->{text}));
        @v = grep {/\S/} @v;    # nothing is nothing to see
        next if defined $default{$name} && uc($v[0] // '') eq $default{$name};
        push @{ $facts{$name} }, @v;
    }
    $facts{TIMES} = $c->{name} eq 'VTODO' ? []
        : Fidelity::World::expand($octets, $zone, 10) // [];
    $facts{ALARM} = [ ical_alarms($c) ];
    for my $name (qw(DUE)) {
        my $f = first_prop($c, $name) or next;
        my $t = read_time($f->{text}) or next;
        my $tzid = ($f->{params}{TZID} || [$zone])->[0];
        $tzid = 'Europe/Berlin' if $tzid eq 'W. Europe Standard Time';
        $facts{$name} = [ due_text($t->{at} // wall_to_epoch($t->{wall}
            // "$t->{date}T000000", $t->{date} ? $zone : $tzid), $zone) ];
    }
    return \%facts;
}

# A vCalendar entry as its phone understands it.
sub entry_ics {
    my ($p, $r) = @_;
    my $text = sub {
        my ($name, $t) = @_;
        return $t->{date} ? "$name;VALUE=DATE:$t->{date}\r\n"
            : "$name:" . Fidelity::VCal::wall_of($p, $t) . "\r\n";
    };
    my $out = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:$r->{kind}\r\n";
    $out .= $text->('DTSTART', $r->{start});
    $out .= $text->('DTEND', $r->{end}) if $r->{end};
    $out .= $text->('DUE', $r->{due}) if $r->{kind} eq 'VTODO' && $r->{due};
    if ($r->{rule}) {
        my $wall = Fidelity::VCal::wall_of($p, $r->{start});
        my %rule = %{ $r->{rule} };
        if (defined $rule{until} && $wall =~ /T/) {
            $rule{until} .= 'T235959';
        }
        $out .= 'RRULE:' . rule_to_ical(\%rule, $wall) . "\r\n";
        $out .= $text->('EXDATE', $r->{day} && !$_->{date}
            ? { date => substr Fidelity::VCal::wall_of($p, $_), 0, 8 } : $_)
            for @{ $r->{exdates} || [] };
    }
    return $out . "END:$r->{kind}\r\nEND:VCALENDAR\r\n";
}

sub vcal_facts {
    my ($p, $octets) = @_;
    my $r = Fidelity::VCal::read_vcal($p, $octets) or return {};
    my %facts;
    for my $name (keys %{ $r->{text} }) {
        my $v = $r->{text}{$name};
        my @v = map { s/^X-//r } $name eq 'CATEGORIES' ? split /[;,]/, $v : $v;
        # vCalendar's words for it.
        @v = ('') unless @v;
        $v[0] = $status{ $v[0] } // $v[0] if $name eq 'STATUS';
        next if defined $default{$name} && uc($v[0] // '') eq $default{$name};
        $facts{$name} = [ map { tidy($_) } @v ];
    }
    # A task's days are told by its due time.
    $facts{TIMES} = $r->{start} && $r->{kind} ne 'VTODO'
        ? Fidelity::World::expand(entry_ics($p, $r), $p->{zone}, 10) // [] : [];
    $facts{ALARM} = defined $r->{before} ? [ $r->{before} ] : [];
    if (my $t = $r->{due}) {
        $facts{DUE} = [ due_text($t->{at} // wall_to_epoch($t->{wall}
            // "$t->{date}T000000", $p->{zone}), $p->{zone}) ];
    }
    if (my $t = $r->{completed}) {
        $facts{COMPLETED} = [ epoch_to_utc($t->{at} // wall_to_epoch(
            $t->{wall} // "$t->{date}T000000", $p->{zone})) ];
    }
    return \%facts;
}

# ---- SIF --------------------------------------------------------------------

my %sif = (Subject => 'SUMMARY', Body => 'DESCRIPTION',
    Location => 'LOCATION', NickName => 'NICKNAME', JobTitle => 'TITLE',
    WebPage => 'URL', Birthday => 'BDAY', Photo => 'PHOTO');
my %sif_tel = (Home => 'HOME', Home2 => 'HOME', Business => 'WORK',
    Business2 => 'WORK', Mobile => 'CELL', Pager => 'PAGER', Car => 'CAR',
    CompanyMain => 'WORK');

sub sif_times {
    my ($p, $f, $r) = @_;
    my ($s, $e) = @$f{qw(Start End)};
    return [] unless $s;
    my @t = map { defined && $_ ne '' ? read_time($_) : undef } $s, $e;
    return [] unless $t[0];
    my $day = $f->{AllDayEvent} || $t[0]{date};
    for my $t (grep {defined} @t) {
        my $wall = Fidelity::VCal::wall_of($p, $t);
        $t = $day ? { date => substr $wall, 0, 8 } : { wall => $wall };
    }
    # The end of whole days is the last of them.
    $t[1] = { date => substr wall_add("$t[1]{date}T000000", 86400), 0, 8 }
        if $day && $t[1];
    my %r = (kind => 'VEVENT', start => $t[0], end => $t[1], day => $day);
    my $ics = entry_ics($p, \%r);
    if ($f->{IsRecurring}) {
        my $rule = sif_rule($f, $day, Fidelity::VCal::wall_of($p, $t[0]));
        my $more = "RRULE:$rule\r\n";
        for my $x (@{ $r->{exclude} }) {
            my $t = read_time($x) or next;
            my $wall = Fidelity::VCal::wall_of($p, $t);
            $wall .= substr Fidelity::VCal::wall_of($p, $t[0]), 8
                if $t->{date} && !$day;
            $more .= $day ? 'EXDATE;VALUE=DATE:' . substr($wall, 0, 8) . "\r\n"
                          : "EXDATE:$wall\r\n";
        }
        for my $x (@{ $r->{include} }) {
            my $t = read_time($x) or next;
            my $wall = Fidelity::VCal::wall_of($p, $t);
            $more .= $day ? 'RDATE;VALUE=DATE:' . substr($wall, 0, 8) . "\r\n"
                          : "RDATE:$wall\r\n";
        }
        $ics =~ s/(?=END:VEVENT)/$more/;
    }
    return Fidelity::World::expand($ics, $p->{zone}, 10) // [];
}

sub sif_rule {
    my ($f, $day, $wall) = @_;
    my @name = qw(SU MO TU WE TH FR SA);
    my @days = map { $name[$_] } grep { ($f->{DayOfWeekMask} || 0) >> $_ & 1 }
        0 .. 6;
    my $type = $f->{RecurrenceType} // 0;
    my $nth = ($f->{Instance} || 1) == 5 ? -1 : $f->{Instance} || 1;
    my %rule = (0 => 'FREQ=DAILY', 1 => 'FREQ=WEEKLY', 2 => 'FREQ=MONTHLY',
                3 => 'FREQ=MONTHLY', 5 => 'FREQ=YEARLY', 6 => 'FREQ=YEARLY');
    my $out = $rule{$type} // return 'FREQ=DAILY;COUNT=1';
    $out = 'FREQ=WEEKLY' if $type eq '0' && @days;
    $out .= ";INTERVAL=$f->{Interval}" if ($f->{Interval} || 1) > 1;
    $out .= ';BYMONTH=' . $f->{MonthOfYear} if $type =~ /^[56]/;
    if ($type =~ /^[36]/) {
        $out .= @days == 1 ? ";BYDAY=$nth$days[0]"
            : ';BYDAY=' . join(',', @days) . ";BYSETPOS=$nth";
    }
    elsif (@days) { $out .= ';BYDAY=' . join ',', @days }
    $out .= ";BYMONTHDAY=$f->{DayOfMonth}" if $type =~ /^[25]/;
    my $end = $f->{PatternEndDate} || '';
    if (!($f->{NoEndDate} || 0) && $end =~ /^(\d{4})-?(\d\d)-?(\d\d)/) {
        $out .= ";UNTIL=$1$2$3" . ($day ? '' : 'T235959');
    }
    elsif ($f->{Occurrences}) { $out .= ";COUNT=$f->{Occurrences}" }
    return $out;
}

sub sif_facts {
    my ($p, $octets) = @_;
    my $r = Fidelity::Sif::read_sif($p, $octets) or return {};
    my %f = %{ $r->{fields} };
    my %facts;
    return { TEXT => [ tidy($f{Body} // $f{Subject} // '') ] }
        if $r->{root} eq 'note';
    for my $name (grep { $sif{$_} && defined $f{$_} } keys %f) {
        my $to = $name eq 'Body' && $r->{root} eq 'contact' ? 'NOTE'
            : $sif{$name};
        push @{ $facts{$to} }, tidy($f{$name});
    }
    if ($f{Photo}) {
        my $bin = MIME::Base64::decode_base64($f{Photo});
        $facts{PHOTO} = [ length($bin) . ':' . unpack '%32C*', $bin ];
    }
    $facts{FN} = [ tidy($f{FileAs}) ] if defined $f{FileAs};
    if ($r->{root} eq 'note') {
        return { TEXT => [ tidy($f{Body} // $f{Subject} // '') ] };
    }
    s/^(\d{4})-(\d\d)-(\d\d)$/$1$2$3/ for @{ $facts{BDAY} || [] };
    @{ $facts{NICKNAME} } = map { tidy($_) } split /,/, $f{NickName}
        if defined $f{NickName};
    push @{ $facts{CATEGORIES} }, map { tidy($_) } split /[,;]/,
        $f{Categories} if defined $f{Categories};
    if ($r->{root} eq 'contact') { sif_card_facts(\%f, \%facts) }
    $facts{TIMES} = sif_times($p, \%f, $r) if $r->{root} eq 'appointment';
    $facts{ALARM} = $f{ReminderSet}
        ? [ 60 * ($f{ReminderMinutesBeforeStart} || 0) ] : []
        if $r->{root} eq 'appointment';
    return \%facts;
}

sub sif_card_facts {
    my ($f, $facts) = @_;
    my $join = sub {
        my @v = map { tidy($f->{$_} // '') } @_;
        pop @v while @v && $v[-1] eq '';
        return @v ? [ join ';', @v ] : [];
    };
    $facts->{N} = $join->(qw(LastName FirstName MiddleName Title Suffix));
    $facts->{ORG} = $join->(qw(CompanyName Department OfficeLocation));
    for my $kind (qw(Home Business Other)) {
        push @{ $facts->{ADR} }, @{ $join->(map {"${kind}Address$_"} qw(
            PostOfficeBox Extended Street City State PostalCode Country)) };
    }
    for my $name (sort keys %$f) {
        push @{ $facts->{EMAIL} }, $f->{$name} if $name =~ /^Email\dAddress$/;
        next unless $name =~ /^(\w+?)(Telephone|Fax|Pager)?Number$/;
        my $t = join ',', sort grep {length} $sif_tel{ $1 } // '',
            ($2 // '') eq 'Fax' ? 'FAX' : '';
        my $v = $f->{$name} =~ s/[^0-9+*#]//gr;
        push @{ $facts->{TEL} }, "$v $t" if length $v;
    }
}

# ---- both -------------------------------------------------------------------

# Notes have no word for their charset.
sub utf8_or {
    my ($charset, $octets) = @_;
    my $text = eval { Encode::decode('UTF-8', my $copy = $octets,
                                     Encode::FB_CROAK()) };
    return $text // Encode::decode($charset // 'UTF-8', $octets);
}

sub facts {
    my ($p, $ds, $octets, $zone) = @_;
    return { TEXT => [ tidy(utf8_or($p->{charset}, $octets)) ] } if $octets !~ /^\s*(?:BEGIN:|<)/i;
    return sif_facts($p, $octets) if $octets =~ /^\s*</;
    if ($octets =~ /^BEGIN:VCARD/i) {
        my $old = $octets =~ /^VERSION:2\.1/m;
        my ($c) = parse($octets, charset => $old && $p->{charset} || 'UTF-8');
        return card_facts($c, !$old ? 0 : $p->{card}{lenient} ? 2 : 1);
    }
    return $octets =~ /^VERSION:1\.0/m ? vcal_facts($p, $octets)
                                       : ical_facts($octets, $zone);
}

# Facts of the one that the other has not: [name, how, value]
sub missing {
    my ($was, $is) = @_;
    my @out;
    for my $name (sort keys %$was) {
        if ($name eq 'TIMES') {
            my ($x, $y) = (@$was{TIMES}, $is->{TIMES} // []);
            push @out, [ $name, 'differs', @$x . ' instances, ' . @$y
                . ' on the other side: ' . ($x->[0] // '') . ' / '
                . ($y->[0] // '') ] if "@$x" ne "@$y";
            next;
        }
        my @there = @{ $is->{$name} || [] };
        for my $v (@{ $was->{$name} }) {
            my ($i) = grep { $there[$_] eq $v } 0 .. $#there;
            if (defined $i) { splice @there, $i, 1; next }
            my $how = how($name, $v, @there);
            push @out, [ $name, $how, $v ];
        }
    }
    return @out;
}

sub how {
    my ($name, $v, @there) = @_;
    return 'absent' unless @there;
    if ($name eq 'TEL') {
        my ($digits) = $v =~ /^(\S*)/;
        return 'types' if grep { /^(\S*)/ && $1 eq $digits } @there;
    }
    return 'cut' if grep { length && length $_ < length $v
        && index($v, $_) == 0 } @there;
    # Components of N or ADR, each absent or cut.
    if ($structured{$name}) {
        my @v = split /;/, $v, -1;
        for my $t (@there) {
            my @t = split /;/, $t, -1;
            return 'cut' if !grep { index($v[$_] // '', $t[$_] // '') != 0 }
                0 .. $#v;
        }
    }
    return $name =~ /^(?:TEL|EMAIL|ADR|URL|ATTENDEE|CATEGORIES|ALARM)$/
        ? 'absent' : 'differs';
}

sub title {
    my ($p, $ds, $octets) = @_;
    my $f = facts($p, $ds, $octets, $p->{zone});
    for my $name (qw(SUMMARY N FN TEXT)) {
        my $v = ($f->{$name} || [])->[0] // next;
        return (split /\n/, $v)[0] // '';
    }
    return '?';
}

# What a device said, and another has not.
sub differ {
    my ($p, $q, $ds, $said, $has) = @_;
    my $x = facts($p, $ds, $said, $p->{zone});
    my $y = facts($q, $ds, $has, $p->{zone});
    return map { { what => $_->[0] eq 'TIMES' ? 'shifted' : 'lost',
        prop => $_->[0], was => $_->[2], is => join ' | ',
        grep {defined} @{ $y->{ $_->[0] } || [] }[0 .. 2] } } missing($x, $y);
}

1;
