# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Wild;

# Items made of whatever the formats allow, from a seed: properties,
# parameters, values, folding, rules.  What comes out for a seed and a number
# is the same everywhere, so a finding can be run again by itself.
use strict;
use warnings;
use Encode ();
use Fidelity::Corpus ();
use Fidelity::Time qw(wall_add);
use Fidelity::World ();
use utf8;

*pick = \&Fidelity::Corpus::pick;
*one = \&Fidelity::Corpus::one;

my @bits = ('a', 'Zz', '0', ' ', '-', '.', '\\;', '\\,', '\\\\', '\\n', ':',
    '=', '=3D', '"', '&', '<b>', '%41', '^', "'", 'ä', 'ß', 'é', 'é', 'Ω',
    'я', 'ש', 'ع', '漢', '字', '😀', '𠮷', '👩‍👧', "\t", '(', ')', '@', '#',
    '/', '|', '~', '…', '€', "\x{a0}", "\x{200d}");

sub text {
    my ($r, $max) = @_;
    my $t = join '', map { one($r, @bits) } 1 .. 1 + pick($r, $max // 24);
    $t = "x${t}x";              # no blanks at the ends
    return $t;
}

sub word { my ($r) = @_; return join '', map { one($r, 'a' .. 'z', 'ü', 'Ж',
    '語') } 1 .. 1 + pick($r, 9) }

sub params {
    my ($r, $v4) = @_;
    my $out = '';
    $out .= ';LANGUAGE=' . one($r, qw(en de-AT el ja)) unless pick($r, 9);
    $out .= ';X-P' . pick($r, 5) . '=' . one($r, 'plain', '"a;b"', '"c:d,e"',
        'ü') unless pick($r, 7);
    $out .= ';PREF=' . (1 + pick($r, 100)) if $v4 && !pick($r, 6);
    $out .= ';PID=' . (1 + pick($r, 9)) . '.1' if $v4 && !pick($r, 12);
    return $out;
}

# Lines of at most so many octets, broken at odd places between characters.
sub fold_oddly {
    my ($r, $line) = @_;
    my @out;
    while (length $line > 10 && !pick($r, 3)) {
        my $n = 5 + pick($r, 70);
        last if $n >= length $line;
        $n++ while $n < length $line
            && (ord(substr $line, $n, 1) & 0xC0) == 0x80;
        push @out, substr $line, 0, $n, '';
    }
    push @out, $line;
    my @cut = map { Fidelity::Corpus::fold_octets($_) =~ s/\n\z//r } @out;
    return join("\n ", @cut) . "\n";
}

my @phone_types = qw(home work cell fax pager voice video car text msg isdn);

sub types {
    my ($r, $v4, @of) = @_;
    my %t = map { one($r, @of) => 1 } 1 .. pick($r, 4);
    $t{pref} = 1 if !$v4 && !pick($r, 6);
    return '' unless %t;
    my @t = map { pick($r, 2) ? uc : $_ } sort keys %t;
    return ';TYPE=' . (@t > 1 && $v4 && pick($r, 2) ? '"' . join(',', @t) . '"'
        : !$v4 && pick($r, 3) == 0 ? join(';TYPE=', @t) : join ',', @t);
}

sub contact {
    my ($seed, $n) = @_;
    my $r = Fidelity::Corpus::rng(($seed * 7919 + $n * 104729) % 2147483646 + 1);
    pick($r, 2) for 1 .. 5;
    my $v4 = !pick($r, 4);
    my @l = ('VERSION:' . ($v4 ? '4.0' : '3.0'), "UID:wild-$seed-$n");
    push @l, 'N:' . join ';', map { pick($r, 3) ? text($r, 8) : '' } 1 .. 5;
    $l[-1] = 'N:' . text($r, 6) . ';' . word($r) . ';;;' if $l[-1] eq 'N:;;;;';
    push @l, 'FN' . params($r) . ':' . text($r, 16);
    my $tel = 1000 + pick($r, 1000);
    my @more = (
        sub { 'TEL' . types($r, $v4, @phone_types) . params($r, $v4) . ':+'
            . $tel++ . one($r, ' ', '-', '/', ' (0)') . pick($r, 99999) },
        sub { 'EMAIL' . types($r, $v4, qw(home work internet)) . params($r,
            $v4) . ':u' . $tel++ . '@' . one($r, 'x', 'Y') . '.example' },
        sub { 'ADR' . types($r, $v4, qw(home work postal)) . params($r, $v4)
            . ':' . join ';', map { pick($r, 2) ? text($r, 10) : '' } 1 .. 7 },
        sub { 'URL' . types($r, $v4, qw(home work)) . ':https://e.example/'
            . $tel++ . one($r, '', '?a=1&b=2', '#x') },
        sub { my $g = 'item' . pick($r, 99) . pick($r, 99);
              ("$g.TEL:+7" . $tel++ . '00', "$g.X-ABLabel:" . text($r, 9)) },
        sub { 'NICKNAME:' . join ',', map { word($r) } 0 .. pick($r, 3) },
        sub { 'CATEGORIES:' . join ',', map { word($r) . $_ } 0 .. pick($r, 4) },
        sub { 'ORG:' . join ';', map { text($r, 9) } 0 .. pick($r, 3) },
        sub { 'TITLE' . params($r) . ':' . text($r) },
        sub { 'ROLE:' . text($r) },
        sub { 'NOTE' . params($r) . ':' . text($r, 200) },
        sub { $v4 ? 'BDAY:' . one($r, '19700203', '--0203', '1970') : 'BDAY:'
            . one($r, '1970-02-03', '19700203', '1970-02-03T01:02:03Z') },
        sub { $v4 ? 'GEO:geo:1.5,-2.25' : 'GEO:1.5;-2.25' },
        sub { 'TZ:' . one($r, '+01:00', '-0500') },
        sub { "IMPP:xmpp:u$tel\@x.example" },
        sub { 'X-' . one($r, qw(SPOUSE ASSISTANT MANAGER AIM SKYPE CUSTOM-A))
            . params($r) . ':' . text($r) },
        sub { 'REV:2026' . (10 + pick($r, 3)) . '01T101010Z' },
    );
    my %single = map { $_ => 1 } 9 .. 13, 16;
    my %had;
    for (1 .. 2 + pick($r, 14)) {
        my $k = pick($r, scalar @more);
        next if $had{$k}++ && ($single{$k} || $k == 5 || $k == 6 || $k == 7
            || $k == 8 || $k == 15);
        push @l, $more[$k]->();
    }
    return Fidelity::Corpus::crlf("BEGIN:VCARD\n" . join('', map {
        fold_oddly($r, Encode::encode('UTF-8', $_)) } @l) . "END:VCARD\n");
}

my @days = qw(MO TU WE TH FR SA SU);

sub rule {
    my ($r, $start) = @_;
    my $f = one($r, qw(DAILY WEEKLY WEEKLY MONTHLY MONTHLY YEARLY));
    my @p = "FREQ=$f";
    push @p, 'INTERVAL=' . (1 + pick($r, 4)) unless pick($r, 2);
    push @p, 'WKST=' . one($r, qw(MO SU)) unless pick($r, 5);
    my %d = map { one($r, @days) => 1 } 0 .. pick($r, 3);
    my $d = join ',', grep { $d{$_} } @days;
    push @p, "BYDAY=$d" if $f eq 'WEEKLY' && pick($r, 2);
    if ($f eq 'MONTHLY') {
        push @p, one($r, 'BYDAY=' . one($r, 1 .. 4, -1, -2) . one($r, @days),
            "BYMONTHDAY=" . one($r, 1 .. 31, -1, -2), "BYDAY=$d;BYSETPOS="
            . one($r, 1, 2, -1), 'BYMONTHDAY=1,15', '');
    }
    if ($f eq 'YEARLY') {
        push @p, one($r, '', 'BYMONTH=' . (1 + pick($r, 12)), 'BYMONTH='
            . (1 + pick($r, 12)) . ';BYDAY=' . one($r, 1, 2, -1)
            . one($r, @days), 'BYYEARDAY=' . (1 + pick($r, 365)),
            'BYWEEKNO=' . (1 + pick($r, 52)) . ';BYDAY=MO');
    }
    push @p, one($r, '', '', 'COUNT=' . (2 + pick($r, 30)), 'UNTIL*');
    return join ';', grep {length} @p;
}

sub alarm_lines {
    my ($r) = @_;
    return "BEGIN:VALARM\nACTION:" . one($r, "DISPLAY\nDESCRIPTION:"
        . Encode::encode('UTF-8', text($r)), 'AUDIO')
        . "\nTRIGGER" . one($r, ':-PT' . (1 + pick($r, 90)) . 'M',
        ':-P' . (1 + pick($r, 3)) . 'D', ':PT0S', ';RELATED=END:-PT5M',
        ':PT10M', ';RELATED=START:-PT1H') . "\nEND:VALARM\n";
}

# Make DTSTART the first instance of its own rule.
sub aligned {
    my ($start, $rule, $form) = @_;
    my $bare = $rule =~ s/;(?:COUNT|UNTIL)[^;]*//r;
    my $ics = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:$start\r\nRRULE:"
        . "$bare\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    my $all = Fidelity::World::expand($ics, 'UTC', 12) or return $start;
    return $start if @$all < 2;
    my ($at) = $all->[1] =~ /^(\d+)/;
    return Fidelity::Time::epoch_to_wall($at, 'UTC');
}

# Some of the first instances of a rule, as the clock shows them.
sub some_instances {
    my ($r, $start, $rule) = @_;
    my $ics = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:$start\r\nRRULE:"
        . "$rule\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    my $all = Fidelity::World::expand($ics, 'UTC', 8) || [];
    my @first = grep {defined} @$all[ 0 .. 8 ];
    pop @first if @first < 9;           # something is left of any
    return map { Fidelity::Time::epoch_to_wall(/^(\d+)/, 'UTC') }
        grep { !pick($r, 3) } @first;
}

# What a series leaves out, and what it has besides and otherwise.
# @return lines of the series, and components beside it
sub exceptions {
    my ($r, $kind, $e) = @_;
    my ($when, $date) = @$e{qw(when date)};
    my (@lines, @more);
    for my $at (some_instances($r, $e->{start}, $e->{rule})) {
        my $what = pick($r, 3);
        if ($what < 2 && $at ne $e->{start}) {
            push @lines, $when->('EXDATE', $at);
            next;
        }
        next if $what < 2 || @more > 1;
        my $to = wall_add($at, $date ? 86400 * pick($r, 2)
            : one($r, 0, 3600, -5400, 86400));
        push @more, "BEGIN:$kind\nUID:$e->{uid}\nDTSTAMP:20261101T120000Z\n"
            . $when->('RECURRENCE-ID', $at) . "\nSUMMARY:"
            . Encode::encode('UTF-8', text($r)) . "\n"
            . $when->('DTSTART', $to) . "\n" . $when->($kind eq 'VEVENT'
                ? 'DTEND' : 'DUE', wall_add($to, $date ? 86400 : 2700)) . "\n"
            . join('', map { "$_:" . Encode::encode('UTF-8', text($r))
                . "\n" } grep { pick($r, 2) } qw(LOCATION DESCRIPTION URL))
            . (pick($r, 3) ? '' : "STATUS:CANCELLED\n") . "END:$kind\n";
    }
    push @lines, $when->('RDATE', wall_add($e->{start}, 86400 * 11))
        unless pick($r, 9);
    return (\@lines, join '', @more);
}

sub entry {
    my ($seed, $n, $kind) = @_;
    my $r = Fidelity::Corpus::rng(($seed * 6841 + $n * 15485863) % 2147483646
        + 1);
    pick($r, 2) for 1 .. 5;
    # Of series, apart: what was made of a seed before is still the same.
    my $of_series = Fidelity::Corpus::rng(($seed * 4409 + $n * 49979687)
        % 2147483646 + 1);
    pick($of_series, 2) for 1 .. 5;
    my $form = one($r, 'Europe/Berlin', 'America/New_York', 'Australia/Sydney',
        'America/Santiago', 'Asia/Kolkata', 'UTC', 'date', 'floating');
    my $start = sprintf '20%02d%02d%02dT%02d%02d00', 26 + pick($r, 4),
        1 + pick($r, 12), 1 + pick($r, 28), pick($r, 24), 5 * pick($r, 12);
    my $rule = $kind eq 'VEVENT' ? pick($r, 2) ? rule($r) : ''
        : pick($of_series, 4) ? '' : rule($of_series);
    $start = aligned($start, $rule) if $rule;
    my $when = sub {
        my ($name, $wall) = @_;
        return $form eq 'date' ? "$name;VALUE=DATE:" . substr $wall, 0, 8
            : $form eq 'UTC' ? "$name:${wall}Z"
            : $form eq 'floating' ? "$name:$wall" : "$name;TZID=$form:$wall";
    };
    $rule =~ s/UNTIL\*/'UNTIL=' . (substr($start, 0, 4) + 1) . '0615'
        . ($form eq 'date' ? '' : 'T120000' . ($form eq 'floating' ? '' : 'Z'))
        /e;
    my $uid = "wild-$kind-$seed-$n";
    my @l = ("UID:$uid", 'DTSTAMP:20261101T120000Z',
        'SUMMARY' . params($r) . ':' . text($r));
    my $end = wall_add($start, $form eq 'date' ? 86400 * (1 + pick($r, 3))
        : 900 * (1 + pick($r, 12)));
    if ($kind eq 'VEVENT') {
        push @l, $when->('DTSTART', $start);
        push @l, one($r, $when->('DTEND', $end), $when->('DTEND', $end),
            'DURATION:' . ($form eq 'date' ? 'P2D' : 'PT1H15M'));
        push @l, "RRULE:$rule" if $rule;
    }
    else {
        push @l, $when->('DTSTART', $start), "RRULE:$rule" if $rule;
        push @l, $when->('DUE', $end) if pick($r, 4);
        push @l, one($r, 'STATUS:IN-PROCESS', "STATUS:COMPLETED\nCOMPLETED:"
            . '20261102T080000Z', 'STATUS:NEEDS-ACTION');
        push @l, 'PERCENT-COMPLETE:' . 5 * pick($r, 20) unless pick($r, 3);
    }
    push @l, 'LOCATION:' . text($r) if pick($r, 2);
    push @l, 'DESCRIPTION' . params($r) . ':' . text($r, 150) if pick($r, 2);
    push @l, 'CATEGORIES:' . join ',', map { word($r) . $_ } 0 .. pick($r, 3)
        unless pick($r, 3);
    push @l, 'PRIORITY:' . pick($r, 10) unless pick($r, 3);
    push @l, 'CLASS:' . one($r, qw(PUBLIC PRIVATE CONFIDENTIAL))
        unless pick($r, 3);
    push @l, 'TRANSP:' . one($r, qw(OPAQUE TRANSPARENT)) unless pick($r, 4);
    push @l, 'URL:https://e.example/' . $n unless pick($r, 5);
    push @l, 'X-WILD' . params($r) . ':' . text($r) unless pick($r, 3);
    push @l, "ATTENDEE;CN=" . word($r) . ';PARTSTAT=' . one($r, qw(ACCEPTED
        DECLINED)) . ":mailto:a$n\@example.com" unless pick($r, 4);
    my ($lines, $more) = $rule && !pick($of_series, 3)
        ? exceptions($of_series, $kind, { when => $when, start => $start,
            rule => $rule, uid => $uid, date => $form eq 'date' })
        : ([], '');
    my $body = join '', map { fold_oddly($r, Encode::encode('UTF-8', $_)) }
        map { split /\n/ } @l;
    $body .= join '', map {"$_\n"} @$lines;
    $body .= alarm_lines($r) for 1 .. pick($r, 3);
    return Fidelity::Corpus::calendar("BEGIN:$kind\n${body}END:$kind\n$more");
}

sub note {
    my ($seed, $n) = @_;
    my $r = Fidelity::Corpus::rng(($seed * 5279 + $n * 32452843) % 2147483646
        + 1);
    return Encode::encode('UTF-8', "Wild $seed $n\r\n" . join "\r\n", map {
        my $t = text($r, 60); $t =~ s/\\(.)/$1/g; $t } 0 .. pick($r, 9));
}

sub load {
    my ($seed, $n) = @_;
    return {
        contacts => [ map { contact($seed, $_) } 1 .. $n ],
        calendar => [ map { entry($seed, $_, 'VEVENT') } 1 .. $n ],
        tasks    => [ map { entry($seed, $_, 'VTODO') } 1 .. $n / 3 ],
        notes    => [ map { note($seed, $_) } 1 .. $n / 3 ],
    };
}

1;
