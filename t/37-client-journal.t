#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# A real client's journal; and notes that are VJOURNALs on one client, a text
# on another: edits on either side, and what no client knows stays.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(server_items server_count server_put journal);
use Test::SyncEvo;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my $h = Test::Httpd->syncml(push => 0, accounts => { alice => 'secret' });

sub device {
    my ($id, $store, $format, $uri) = @_;
    return Test::SyncEvo->new(url => $h->url('/syncml'), id => $id,
        stores => [$store], name => "srv$id", uri => { $store => $uri },
        database_format => { $store => $format },
        wire => { $store => $format });
}

sub good {
    my ($what, $r) = @_;
    ok $r->ok, $what or diag $r->why;
    return $r;
}

# The only one of these texts that matches, unfolded, with LF.
sub only {
    my ($what, $re, $items) = @_;
    my @found = grep {/$re/} map { s/\r?\n[ \t]//gr =~ s/\r//gr }
        values %$items;
    is scalar(@found), 1, $what;
    return $found[0] // '';
}

# ---- the journal --------------------------------------------------------------

my $one = device('one', 'journal', 'text/calendar', 'journal');
my $two = device('two', 'journal', 'text/calendar', './Diary');
server_put($h, 'alice', journal => journal('Anna1', uid => 'anna-1')
    =~ s/^(CATEGORIES)/X-COLOUR:red\r\nRELATED-TO:nobody\r\n$1/mr);
$one->put(journal => journal('Bert2', uid => 'bert-2'));
good('both sides have an entry', $one->sync('slow'));
is server_count($h, 'alice', 'journal'), 2, 'the server has both';
my $text = only('the client, too', qr/Anna1/, $one->items('journal'));
like $text, qr/^BEGIN:VJOURNAL$/m, '... as an entry of a journal';
like $text, qr/^DTSTART;VALUE=DATE:202702\d\d$/m, '... with its day';
like $text, qr/^DESCRIPTION:a day like others$/m, '... and its text';
good('another client, by another name', $two->sync('slow'));
only('... gets them', qr/$_/, $two->items('journal')) for qw(Anna1 Bert2);

my ($name) = $one->find(journal => qr/Anna1/);
$one->edit(journal => $name, sub { s/like others/unlike others/ });
good('an edit', $one->sync('two-way'));
$text = only('reaches the server', qr/Anna1/,
    server_items($h, 'alice', 'journal'));
like $text, qr/^DESCRIPTION:a day unlike others$/m, '... where it is';
like $text, qr/^X-COLOUR:red$/m, '... what the client does not know';
like $text, qr/^RELATED-TO:nobody$/m, '... nor this, stays';
good('... and the other', $two->sync('two-way'));
like only('... client', qr/Anna1/, $two->items('journal')),
    qr/unlike others/, '... has it';
$two->delete(journal => $two->find(journal => qr/Bert2/));
good('a delete', $two->sync('two-way'));
good('... goes the same way', $one->sync('two-way'));
is server_count($h, 'alice', 'journal'), 1, '... through the server';
is scalar keys %{ $one->items('journal') }, 1, '... to the first';
for ($one, $two) {
    my $r = good('a slow sync of ' . $_->id, $_->sync('slow'));
    is server_count($h, 'alice', 'journal'), 1, '... doubles nothing';
}

# ---- notes -----------------------------------------------------------------------

my $memo = device('memo', 'memo', 'text/plain', 'notes');
my $full = device('full', 'notes', 'text/calendar', 'notes/fo(ical20)');
server_put($h, 'alice', notes => journal('List3', uid => 'list-3')
    =~ s/^DTSTART.*\r\n//mr =~ s/a day like others/Milk\\nEggs/r);
$memo->put(memo => "Dora4\nsecond line");
good('a client of texts', $memo->sync('slow'));
like only('gets a note with a subject', qr/List3/, $memo->items('memo')),
    qr/\AList3\nMilk\nEggs\n?\z/, '... as a text';
good('a client of journals', $full->sync('slow'));
$text = only('gets a text', qr/Dora4/, $full->items('notes'));
like $text, qr/^SUMMARY:Dora4$/m, '... with a subject';
like $text, qr/^DESCRIPTION:Dora4\\nsecond line$/m, '... as a journal';
is server_count($h, 'alice', 'notes'), 2, 'there are two notes';

($name) = $memo->find(memo => qr/List3/);
$memo->edit(memo => $name, "List3\nMilk\nEggs\nHam");
good('the text is edited', $memo->sync('two-way'));
$text = only('the note', qr/List3/, server_items($h, 'alice', 'notes'));
like $text, qr/^SUMMARY:List3$/m, '... has its subject';
like $text, qr/^DESCRIPTION:Milk\\nEggs\\nHam$/m, '... the new text';
like $text, qr/^CATEGORIES:diary$/m, '... and its category';
good('the other client', $full->sync('two-way'));
like only('... sees it', qr/List3/, $full->items('notes')),
    qr/^DESCRIPTION:Milk\\nEggs\\nHam$/m, '... too';
($name) = $full->find(notes => qr/Dora4/);
$full->edit(notes => $name, sub { s/second line/second word/ });
good('... edits the other note', $full->sync('two-way'));
good('the client of texts', $memo->sync('two-way'));
like only('... gets that', qr/Dora4/, $memo->items('memo')),
    qr/\ADora4\nsecond word\n?\z/, '... as a text';
for ($memo, $full) {
    good('a slow sync of ' . $_->id, $_->sync('slow'));
    is server_count($h, 'alice', 'notes'), 2, '... doubles nothing';
}

done_testing;
