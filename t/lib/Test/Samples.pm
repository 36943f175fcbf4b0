# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Samples;

# Items for the sync tests, and the server's side of them by bin/syncmlctl.
#
# vcard(), event(), todo(), note() and journal() make items that differ in what
# they are told; kind() names the kinds with their databases on either side.
# server_items() and the like take a Test::Httpd and an account.

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();

our @EXPORT_OK = qw(vcard event todo note journal sample %DATASTORE server_items
    server_count server_names server_put server_edit server_delete server_has
    names_of);

# The client's database => the server's datastore.
our %DATASTORE = (addressbook => 'contacts', calendar => 'calendar',
                  todo => 'tasks', memo => 'notes');

sub _lines { return join '', map {"$_\r\n"} @_ }

sub vcard {
    my ($name, %o) = @_;
    my ($first, $last) = $name =~ /^(\S+) (.*)$/ ? ($1, $2) : ('', $name);
    return _lines('BEGIN:VCARD', 'VERSION:3.0', "N:$last;$first;;;",
        "FN:$name", 'TEL;TYPE=HOME,VOICE:' . ($o{tel} || '+49 30 1234'),
        ($o{note} ? "NOTE:$o{note}" : ()), 'END:VCARD');
}

my $day = 0;

sub event {
    my ($summary, %o) = @_;
    my $date = $o{date} || sprintf '202701%02d', ++$day % 28 + 1;
    return _lines('BEGIN:VCALENDAR', 'VERSION:2.0',
        'PRODID:-//tests//EN', 'BEGIN:VEVENT',
        ($o{uid} ? "UID:$o{uid}" : ()), 'DTSTAMP:20260101T000000Z',
        "DTSTART:${date}T100000Z", "DTEND:${date}T110000Z",
        "SUMMARY:$summary", 'END:VEVENT', 'END:VCALENDAR');
}

sub todo {
    my ($summary, %o) = @_;
    return _lines('BEGIN:VCALENDAR', 'VERSION:2.0',
        'PRODID:-//tests//EN', 'BEGIN:VTODO',
        ($o{uid} ? "UID:$o{uid}" : ()), 'DTSTAMP:20260101T000000Z',
        "SUMMARY:$summary", 'PRIORITY:5', 'STATUS:NEEDS-ACTION',
        'END:VTODO', 'END:VCALENDAR');
}

sub journal {
    my ($summary, %o) = @_;
    my $date = $o{date} || sprintf '202702%02d', ++$day % 28 + 1;
    return _lines('BEGIN:VCALENDAR', 'VERSION:2.0',
        'PRODID:-//tests//EN', 'BEGIN:VJOURNAL',
        ($o{uid} ? "UID:$o{uid}" : ()), 'DTSTAMP:20260101T000000Z',
        "DTSTART;VALUE=DATE:$date", "SUMMARY:$summary",
        'DESCRIPTION:a day like others', 'CATEGORIES:diary',
        'END:VJOURNAL', 'END:VCALENDAR');
}

sub note { my ($text) = @_; return "$text\nand a second line of it" }

my %MAKER = (addressbook => \&vcard, calendar => \&event, todo => \&todo,
             memo => \&note, contacts => \&vcard, tasks => \&todo,
             notes => \&note, journal => \&journal);

# An item for a database of either side.
sub sample { my ($store, $name, %o) = @_; return $MAKER{$store}->($name, %o) }

# Sorted names ("Anna1") that stand in the items ({ id => text } or texts): the
# tests give each item such a name.
sub names_of {
    my @texts = map { ref ? values %$_ : $_ } @_;
    return join ' ', sort map { /\b([A-Z][a-z]{2,}\d+)\b/ ? $1 : '?' } @texts;
}

# ---- the server's side ------------------------------------------------------

sub _ctl {
    my ($h, @args) = @_;
    my ($rc, $out, $err) = $h->ctl(@args);
    shift @args if ref $args[0];
    die "syncmlctl @args: exit $rc\n$out$err" if $rc;
    return $out;
}

sub _list {
    my ($h, $account, $datastore) = @_;
    my $list = JSON::PP::decode_json(_ctl($h, '--json', 'item', 'list',
        '--account', $account, '--datastore', $datastore));
    return ref $list eq 'HASH' ? $list->{items} : $list;
}

# { guid => text } of an account's datastore.
sub server_items {
    my ($h, $account, $datastore) = @_;
    my %items;
    for my $item (@{ _list($h, $account, $datastore) }) {
        $items{ $item->{id} } = _ctl($h, 'item', 'get', '--account',
            $account, '--datastore', $datastore, $item->{id});
    }
    return \%items;
}

# names_of() all items, by their summaries: one run of the tool.
sub server_names {
    my ($h, $account, $datastore) = @_;
    return names_of(map { $_->{summary} }
                    @{ _list($h, $account, $datastore) });
}

# How many items, without reading them.
sub server_count {
    my ($h, $account, $datastore) = @_;
    return scalar @{ _list($h, $account, $datastore) };
}

# Add; returns the guid.
sub server_put {
    my ($h, $account, $datastore, $text) = @_;
    my $out = JSON::PP::decode_json(_ctl($h, \$text, '--json', 'item', 'put',
        '--account', $account, '--datastore', $datastore));
    return $out->{id};
}

sub server_edit {
    my ($h, $account, $datastore, $id, $text) = @_;
    _ctl($h, \$text, 'item', 'put', '--account', $account, '--datastore',
         $datastore, $id);
    return;
}

sub server_delete {
    my ($h, $account, $datastore, @ids) = @_;
    _ctl($h, 'item', 'del', '--account', $account, '--datastore', $datastore,
         $_) for @ids;
    return;
}

# Ids of the items whose text matches.
sub server_has {
    my ($h, $account, $datastore, $re) = @_;
    my $items = server_items($h, $account, $datastore);
    my @found = sort grep { $items->{$_} =~ $re } keys %$items;
    return @found;
}

1;
