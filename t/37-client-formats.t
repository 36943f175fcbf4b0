#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# A real client that is made to speak vCard 2.1 and vCalendar 1.0, beside one
# that speaks vCard 3.0 and iCalendar 2.0: what either writes comes to the
# other, and an edit by the poorer one leaves all that it did not touch.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(server_items server_put);
use Test::SyncEvo;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my $h = Test::Httpd->syncml(push => 0, accounts => { alice => 'secret' },
    in_location => 'SyncMLTimeZone Europe/Berlin');
my @stores = qw(addressbook calendar todo);
my %place = %Test::Samples::DATASTORE;

sub device {
    my ($id, %o) = @_;
    return Test::SyncEvo->new(url => $h->url('/syncml'), id => $id,
        stores => \@stores, name => "srv$id", %o);
}

sub good {
    my ($what, $r) = @_;
    ok $r->ok, $what or diag $r->why;
    for (@stores) { is $r->errors($_), 0, "... $_ without errors" }
    return $r;
}

sub lines { return join '', map {"$_\r\n"} @_ }

# Properties as a set, unfolded; what is renewed with each writing is left out.
sub set {
    my ($text) = @_;
    $text =~ s/\r?\n[ \t]//g;
    return join "\n", sort grep { length
            && !/^(?:REV|LAST-MODIFIED|DTSTAMP|SEQUENCE|PRODID|CREATED)\b/ }
        split /\r?\n/, $text;
}

# The server's only item of a store that has those words.
sub on_server {
    my ($store, $re) = @_;
    my @found = grep {/$re/}
        values %{ server_items($h, 'alice', $place{$store}) };
    is scalar(@found), 1, "the server has one $store item with $re";
    return $found[0] // '';
}

sub only {
    my ($d, $store, $re) = @_;
    my @found = grep { $d->get($store, $_) =~ $re } keys %{ $d->items($store) };
    is scalar(@found), 1, $d->id . " has one $store item with $re";
    return $found[0];
}

# The texts of items in a session's messages.
sub wire {
    my ($r, $way) = @_;
    return join "\n", map { $r->octets($_) }
        grep { $_->{way} eq $way } $r->dumps;
}

# ---- what the server has goes to both ------------------------------------------

my $card = lines('BEGIN:VCARD', 'VERSION:3.0', 'UID:rich-1',
    'N:Müller;Jörg;Karl;Dr.;', 'FN:Dr. Jörg K. Müller', 'NICKNAME:Jogi',
    'TEL;TYPE=CELL,VOICE:+49 170 1', 'TEL;TYPE=WORK,FAX:+49 30 2',
    'EMAIL;TYPE=INTERNET:joerg@example.org', 'ORG:Firma;Abteilung;Gruppe',
    'TITLE:Leiter', 'ADR;TYPE=HOME:;;Straße 1;Köln;;50667;Deutschland',
    'NOTE:erste Zeile\nzweite\, mit Komma', 'CATEGORIES:Freunde,Arbeit',
    'KEY;ENCODING=b:AAECAwQFBgc=', 'X-MY-OWN:bleibt',
    'LABEL;TYPE=HOME:Straße 1\n50667 Köln', 'URL:http://example.org/joerg',
    'BDAY:1970-05-06', 'END:VCARD');
my $event = lines('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//tests//EN',
    'BEGIN:VTIMEZONE', 'TZID:Europe/Berlin', 'BEGIN:STANDARD',
    'DTSTART:19961027T030000', 'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
    'TZOFFSETFROM:+0200', 'TZOFFSETTO:+0100', 'TZNAME:CET', 'END:STANDARD',
    'BEGIN:DAYLIGHT', 'DTSTART:19810329T020000',
    'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3', 'TZOFFSETFROM:+0100',
    'TZOFFSETTO:+0200', 'TZNAME:CEST', 'END:DAYLIGHT', 'END:VTIMEZONE',
    'BEGIN:VEVENT', 'UID:rich-2', 'DTSTAMP:20260101T000000Z',
    'SUMMARY:Besprechung über alles', 'LOCATION:Raum 5',
    'DTSTART;TZID=Europe/Berlin:20261005T100000',
    'DTEND;TZID=Europe/Berlin:20261005T113000',
    'RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=MO', 'DESCRIPTION:Bitte kommen',
    'CATEGORIES:Arbeit', 'CLASS:PRIVATE', 'PRIORITY:3', 'X-MY-OWN:bleibt',
    'ATTENDEE;CN=Bert;PARTSTAT=ACCEPTED:mailto:bert@example.org',
    'BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT15M', 'DESCRIPTION:bald',
    'END:VALARM', 'END:VEVENT', 'END:VCALENDAR');
my $task = lines('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//tests//EN',
    'BEGIN:VTODO', 'UID:rich-3', 'DTSTAMP:20260101T000000Z',
    'SUMMARY:Steuer machen', 'DUE:20261001T100000Z', 'PRIORITY:1',
    'STATUS:NEEDS-ACTION', 'DESCRIPTION:alle Belege', 'X-MY-OWN:bleibt',
    'END:VTODO', 'END:VCALENDAR');
server_put($h, 'alice', contacts => $card);
server_put($h, 'alice', calendar => $event);
server_put($h, 'alice', tasks => $task);

my $old = device('old', version => '1.1', wire => {
    addressbook => 'text/x-vcard', calendar => 'text/x-vcalendar',
    todo => 'text/x-vcalendar' });
my $new = device('new');
my $r = good('the old client gets all', $old->sync('slow'));
my $got = wire($r, 'incoming');
like $got, qr/VERSION:2\.1\r\n/, 'vCard 2.1 on the wire';
like $got, qr/VERSION:1\.0\r\n/, 'vCalendar 1.0 on the wire';
unlike $got, qr/VERSION:(?:2\.0|3\.0)\r\n/, 'and nothing else';
like $got, qr/text\/x-vcard/, 'so called';
good('the new client gets all', $new->sync('slow'));
my %name = (addressbook => qr/M.*ller/, calendar => qr/Besprechung/,
            todo => qr/Steuer/);
is set(on_server($_ => $name{$_})),
    set({ addressbook => $card, calendar => $event, todo => $task }->{$_}),
    "$_: nothing has changed on the server" for @stores;

# ---- one edit by the old client ---------------------------------------------------

my %edit = (addressbook => [ '+49 170 1', '+49 170 17' ],
            calendar => [ 'Raum 5', 'Raum 6' ],
            todo => [ 'alle Belege', 'fast alle Belege' ]);
for my $store (@stores) {
    my ($from, $to) = @{ $edit{$store} };
    $old->edit($store, only($old, $store, qr/\Q$from\E/),
        sub { s/\Q$from\E/$to/ });
}
$r = good('the old client tells its edits', $old->sync('two-way'));
like wire($r, 'outgoing'), qr/VERSION:2\.1\r\n/, '... in vCard 2.1';
for my $store (@stores) {
    my ($from, $to) = @{ $edit{$store} };
    my $want = { addressbook => $card, calendar => $event,
                 todo => $task }->{$store} =~ s/\Q$from\E/$to/r;
    is set(on_server($store => qr/\Q$to\E/)), set($want),
        "$store: that and nothing else has changed on the server";
}
good('the new client gets them', $new->sync('two-way'));
only($new, $_ => qr/\Q$edit{$_}[1]\E/) for @stores;

# ---- new items both ways --------------------------------------------------------------

$old->put(addressbook => lines('BEGIN:VCARD', 'VERSION:3.0',
    'N:Østergård;Åse;;;', 'FN:Åse Østergård', 'TEL;TYPE=HOME:+45 1',
    'NOTE:æøå\nå', 'END:VCARD'));
$old->put(calendar => lines('BEGIN:VCALENDAR', 'VERSION:2.0',
    'PRODID:-//tests//EN', 'BEGIN:VEVENT', 'UID:from-old',
    'SUMMARY:Jeden Monat', 'DTSTART:20261110T090000Z',
    'DTEND:20261110T100000Z', 'RRULE:FREQ=MONTHLY;COUNT=6;BYMONTHDAY=10',
    'BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT30M', 'DESCRIPTION:x',
    'END:VALARM', 'END:VEVENT', 'END:VCALENDAR'));
$new->put(addressbook => lines('BEGIN:VCARD', 'VERSION:3.0', 'N:Neu;Nora;;;',
    'FN:Nora Neu', 'TEL;TYPE=CELL:+1 2', 'NOTE:a\nb', 'END:VCARD'));
$new->put(calendar => lines('BEGIN:VCALENDAR', 'VERSION:2.0',
    'PRODID:-//tests//EN', 'BEGIN:VEVENT', 'UID:from-new',
    'SUMMARY:Jedes Jahr', 'DTSTART;VALUE=DATE:20261224',
    'DTEND;VALUE=DATE:20261225', 'RRULE:FREQ=YEARLY', 'END:VEVENT',
    'END:VCALENDAR'));
good('the old client', $old->sync('two-way'));
good('the new one', $new->sync('two-way'));
good('the old one again', $old->sync('two-way'));
my $text = $new->get(addressbook => only($new, addressbook => qr/sterg/));
like $text, qr/^N:Østergård;Åse/m, 'letters survive vCard 2.1';
like $text, qr/^NOTE:æøå\\nå\r?$/m, '... lines too';
$text = $new->get(calendar => only($new, calendar => qr/Jeden Monat/));
like $text, qr/^RRULE:FREQ=MONTHLY;.*(?:COUNT=6|UNTIL=20270410T)/m,
    'a rule survives vCalendar 1.0';
like $text, qr/^DTSTART(?::20261110T090000Z|;TZID=\S+:20261110T[01][09]0000)/m,
    '... its time';
$text = $old->get(addressbook => only($old, addressbook => qr/Nora/));
like $text, qr/^NOTE:a\\nb\r?$/m, 'and the other way round';
$text = $old->get(calendar => only($old, calendar => qr/Jedes Jahr/));
like $text, qr/^DTSTART;VALUE=DATE:20261224/m, 'a whole day stays one';
like $text, qr/^RRULE:FREQ=YEARLY/m, '... each year';

# ---- nothing goes back and forth ---------------------------------------------------------

for my $d ($new, $old, $new) {
    $r = good($d->id . ' syncs once more', $d->sync('two-way'));
    is $r->counts($_), 'local 0/0/0 remote 0/0/0', "... $_: nothing to tell"
        for @stores;
}
for my $d ($old, $new) {
    $r = good($d->id . ' syncs slowly', $d->sync('slow'));
    is scalar(keys %{ $d->items($_) }), { addressbook => 3, calendar => 3,
        todo => 1 }->{$_}, "... $_: nothing is doubled" for @stores;
}
is scalar(keys %{ server_items($h, 'alice', $place{$_}) }),
    { addressbook => 3, calendar => 3, todo => 1 }->{$_},
    "$_: nor on the server" for @stores;
my $want = $card =~ s/\Q+49 170 1\E\b/+49 170 17/r;
is set(on_server(addressbook => qr/M.*ller/)), set($want),
    'the contact is as it was';
$want = $event =~ s/Raum 5/Raum 6/r;
is set(on_server(calendar => qr/Besprechung/)), set($want),
    'the event is as it was';

done_testing;
