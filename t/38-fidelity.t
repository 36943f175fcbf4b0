#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# What of the store's items survives devices: the fixed short part of `make
# fidelity'.  First the judge: it must see what is lost.
use strict;
use warnings;
use utf8;
use File::Basename qw(dirname);
use Test::More;

BEGIN { chdir dirname($0) . '/..' or die $! }
use lib 't/fidelity/lib';
use Encode ();
use Fidelity::Compare qw(compare);
use Fidelity::Corpus ();
use Fidelity::Main ();
use Fidelity::Profiles ();
use Fidelity::World ();

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output
    todo_output);

sub crlf { return Encode::encode('UTF-8', $_[0] =~ s/\n/\r\n/gr) }

# ---- the comparator ---------------------------------------------------------

my $card = crlf(<<'END');
BEGIN:VCARD
VERSION:3.0
UID:1
N:Lovelace;Ada;King,Byron;;
FN:Ada
TEL;TYPE=CELL,PREF:+44 1
item1.TEL:+44 2
item1.X-ABLabel:Boat
ADR;TYPE=HOME:;;Street\, 1;City;;;
CATEGORIES:a,b
NOTE:one\ntwo\\n
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ
REV:20260101T000000Z
END:VCARD
END

sub judged {
    my ($was, $is) = @_;
    return join ' ', sort map {"$_->{what}:$_->{prop}"} compare($was, $is);
}

sub edited {
    my ($text, $from, $to) = @_;
    my $out = $text;
    $out =~ s/$from/$to/ or die "no $from";
    return $out;
}

is judged($card, $card), '', 'the same card is the same';
my @card_cases = (
    [ qr/TEL;TYPE=CELL,PREF/, 'tel;type=pref;type=cell', '' ],
    [ qr/NOTE:one\\ntwo/, "NOTE:one\\n\r\n two", '' ],
    [ qr/REV:2026/, 'REV:2027', '' ],
    [ qr/REV:2026/, 'REV:2025', 'changed:REV' ],
    [ qr/REV:.*\r\n/, '', 'lost:REV' ],
    [ qr/item1(?=\.TEL)/, 'item7', 'changed:TEL changed:X-ABLABEL' ],
    [ qr/\+44 1/, '+441', 'changed:TEL' ],
    [ qr/CELL,PREF/, 'CELL', 'changed:TEL' ],
    [ qr/TEL;TYPE=CELL.*\r\n/, '', 'lost:TEL' ],
    [ qr/item1\.X-ABLabel.*\r\n/, '', 'changed:TEL lost:X-ABLABEL' ],
    [ qr/King,Byron/, 'King\\,Byron', 'changed:N' ],
    [ qr/Street\\,/, 'Street', 'changed:ADR' ],
    [ qr/two\\\\n/, 'two\\n', 'changed:NOTE' ],
    [ qr/AAQ/, 'AAR', 'changed:PHOTO' ],
    [ qr/CATEGORIES:a,b/, 'CATEGORIES:b,a', '' ],
    [ qr/CATEGORIES:a,b/, 'CATEGORIES:a', 'changed:CATEGORIES' ],
    [ qr/(?=END)/, "X-NEW:1\r\n", 'added:X-NEW' ],
);
for my $c (@card_cases) {
    my ($from, $to, $want) = @$c;
    is judged($card, edited($card, $from, $to)), $want,
        "judged: $from becomes $to";
}

my $event = crlf(<<'END');
BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
SUMMARY:s
DTSTART;TZID=Europe/Berlin:20261201T090000
DTEND;TZID=Europe/Berlin:20261201T100000
RRULE:FREQ=WEEKLY;COUNT=30;BYDAY=TU
EXDATE;TZID=Europe/Berlin:20261208T090000
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT30M
END:VALARM
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT10M
END:VALARM
END:VEVENT
END:VCALENDAR
END

my $zone = "BEGIN:VTIMEZONE\r\nTZID:Asia/Kolkata\r\nBEGIN:STANDARD\r\n"
    . "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0530\r\n"
    . "TZOFFSETTO:+0530\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
my $berlin = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n"
    . "DTSTART:20261025T030000\r\nTZOFFSETFROM:+0200\r\n"
    . "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
    . "END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:20260329T020000\r\n"
    . "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    . "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"
    . "END:VTIMEZONE\r\n";
my @event_cases = (
    [ qr/FREQ=WEEKLY;COUNT=30/, 'COUNT=30;FREQ=WEEKLY', '' ],
    [ qr/DTSTART;TZID=Europe\/Berlin:20261201T090000/,
      'DTSTART:20261201T080000Z', 'changed:VEVENT.DTSTART shifted:times' ],
    [ qr/COUNT=30/, 'COUNT=29', 'changed:VEVENT.RRULE shifted:times' ],
    [ qr/COUNT=30/, 'UNTIL=20270622T070000Z', 'changed:VEVENT.RRULE' ],
    [ qr/COUNT=30;/, '', 'changed:VEVENT.RRULE shifted:times' ],
    [ qr/EXDATE.*\r\n/, '', 'lost:VEVENT.EXDATE shifted:times' ],
    [ qr/(?<=1208T090000)/, ',20261215T090000',
      'added:VEVENT.EXDATE shifted:times' ],
    [ qr/20261201T100000/, '20261201T103000',
      'changed:VEVENT.DTEND shifted:times' ],
    [ qr/-PT10M/, '-PT15M', 'changed:VEVENT.VALARM.TRIGGER' ],
    [ qr/(?<=SUMMARY:s)/, "\r\nDESCRIPTION: ", '' ],
    [ qr/DTEND;/, 'DTEND;VALUE=DATE-TIME;', '' ],
    [ qr/EXDATE;TZID=Europe\/Berlin/, 'EXDATE',
      'changed:VEVENT.EXDATE shifted:times' ],
    [ qr/(?=BEGIN:VEVENT)/, $zone, 'added:VTIMEZONE' ],
    [ qr/(?=BEGIN:VEVENT)/, $berlin, '' ],
    [ qr/(?=BEGIN:VEVENT)/, $berlin x 2, 'added:VTIMEZONE' ],
    [ qr/BEGIN:VALARM\r\nACTION:AUDIO.*?END:VALARM\r\n/s, '',
      'lost:VEVENT.VALARM' ],
);
for my $c (@event_cases) {
    my ($from, $to, $want) = @$c;
    is judged($event, edited($event, $from, $to)), $want,
        "judged: $from becomes $to";
}
is judged(edited($event, qr/(?<=1208T090000)/, ',20261215T090000'),
    edited($event, qr/(?<=1208T090000)/, "\r\nEXDATE;TZID=Europe/Berlin:"
        . '20261215T090000')), '', 'a list is as many lines';
my $day = edited($event, qr/EXDATE.*/, 'EXDATE;VALUE=DATE:20261208');
is judged($day, edited($day, qr/(?<=EXDATE)/, ';TZID=Europe/Berlin')), '',
    'a day is in no zone';
is judged("a\r\nb", "a\nb"), '', 'line ends of notes do not count';
is judged("a\r\nb", "a\r\nc"), 'changed:TEXT', 'words of notes do';

# ---- the devices ------------------------------------------------------------

my $s60 = Fidelity::Profiles::profile('s60');
my $there = Fidelity::Profiles::take($s60, 'contacts', crlf(<<'END'));
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=
ller;A\;b
NICKNAME:gone
TEL;CELL;X-FOO:+49 (1) 2-3
EMAIL:lost@example.com
EMAIL;INTERNET:kept@example.com
END:VCARD
END
is join('|', map {"$_->{name} @{ $_->{types} }:" . join ';', @{ $_->{comps} }}
    @$there), 'N :Müller;A;b|TEL CELL:+49123|EMAIL INTERNET:kept@example.com',
    'a phone of S60 has what it can hold';
my $s40 = Fidelity::Profiles::profile('s40');
my $entry = Fidelity::Profiles::take($s40, 'calendar', crlf(<<'END'));
BEGIN:VCALENDAR
VERSION:1.0
BEGIN:VEVENT
SUMMARY:x
DTSTART:20261201T080000Z
DTEND:20261201T090000Z
RRULE:W1 TU #3
END:VEVENT
END:VCALENDAR
END
is $entry->{start}{wall}, '20261201T080000', 'a phone of S40 knows no Z';
is $entry->{rule}{until}, '20261215', '... and no counts';

# ---- what survives ----------------------------------------------------------

my $corpus = Fidelity::Corpus::load(short => 1);
my $listed = Fidelity::Main::listed();
for my $name (@Fidelity::Profiles::names) {
    my $run = Fidelity::Main::one_profile({}, $name, $corpus);
    my @new = Fidelity::Main::unlisted($run, $listed);
    is scalar @new, 0, "$name: " . $run->{items} . ' items, nothing lost, '
        . 'changed, shifted or added';
    diag Fidelity::Main::line($_) for @new[ 0 .. ($#new > 9 ? 9 : $#new) ];
    my @unsaid = @{ $run->{unexplained} || [] };
    is scalar @unsaid, 0, "$name: shows what it can";
    diag join ' ', @$_{qw(ds item prop how was)}
        for @unsaid[ 0 .. ($#unsaid > 9 ? 9 : $#unsaid) ];
    my @undocumented = Fidelity::Main::undocumented($run);
    is_deeply \@undocumented, [], "$name: docs/fidelity.md says what it "
        . 'does not show';
    cmp_ok $run->{edits_done} // 0, '>', 30, "$name: edits were made";
}

done_testing;
