# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Matrix::Items;

# Items of the matrix, and whether what is there is what should be.
#
# An item is known by its store, a name ("Anna1") and a tag, which is its
# version: the same name with another tag is the same thing, edited.  What an
# item says is compared property by property, whatever the two sides do with
# folding, order, parameters and properties of their own.

use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Exporter 'import';
use MIME::Base64 qw(encode_base64 decode_base64);

our @EXPORT_OK = qw(item canonical compare);

# The text of an item; size: octets of a photo in contacts, of text elsewhere.
# The same arguments give the same text.
sub item {
    my ($store, $name, $tag, $size) = @_;
    my ($n) = $name =~ /(\d+)$/;
    $n //= 0;
    my $words = "tag $tag of $name" . _filler($size && $store ne 'addressbook'
                                              ? $size : 0);
    if ($store eq 'memo') {
        return "$name\n$words\n";
    } elsif ($store eq 'addressbook') {
        my @photo = $size ? _folded('PHOTO;ENCODING=B;TYPE=JPEG:'
            . encode_base64(_noise("$name$tag", $size), '')) : ();
        return _lines('BEGIN:VCARD', 'VERSION:3.0', "N:$name;Given;;;",
            "FN:$name", sprintf('TEL;TYPE=HOME,VOICE:+49 30 %04d', $n),
            _folded("NOTE:$words"), @photo, 'END:VCARD');
    }
    my ($what, @own) = ('VTODO', 'PRIORITY:5', 'STATUS:NEEDS-ACTION');
    if ($store eq 'calendar') {
        my $date = sprintf '2027%02d%02d', $n / 28 % 12 + 1, $n % 28 + 1;
        ($what, @own) = ('VEVENT', "DTSTART:${date}T100000Z",
                         "DTEND:${date}T110000Z");
    }
    return _lines('BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//tests//EN',
        "BEGIN:$what", "UID:$name-uid", 'DTSTAMP:20260101T000000Z', @own,
        "SUMMARY:$name", _folded("DESCRIPTION:$words"), "END:$what",
        'END:VCALENDAR');
}

sub _lines { return join '', map {"$_\r\n"} @_ }

sub _folded {
    my ($line) = @_;
    my @parts = substr $line, 0, 74, '';
    push @parts, ' ' . substr $line, 0, 73, '' while length $line;
    return join "\r\n", @parts;
}

sub _filler {
    my ($size) = @_;
    return '' unless $size;
    return substr ' and then some more words' x ($size / 25 + 1), 0, $size;
}

# Octets that nothing makes smaller.
sub _noise {
    my ($seed, $size) = @_;
    my $noise = '';
    $noise .= pack 'H*', $seed = md5_hex($seed) while length $noise < $size;
    return substr $noise, 0, $size;
}

# ---- what an item says ------------------------------------------------------

my %SAYS = (
    addressbook => [qw(N FN TEL NOTE PHOTO)],
    calendar    => [qw(DTSTART DTEND SUMMARY DESCRIPTION)],
    todo        => [qw(PRIORITY STATUS SUMMARY DESCRIPTION)],
);

# (name, what it says) of a text.
sub canonical {
    my ($store, $text) = @_;
    $text =~ s/\r\n?/\n/g;
    if ($store eq 'memo') {
        $text =~ s/\s+\z//;
        my ($name) = $text =~ /^(\S*)/;
        return ($name, $text);
    }
    $text =~ s/\n[ \t]//g;
    my %value;
    for (split /\n/, $text) {
        my ($property, $parameters, $value)
            = /^(?:\w+\.)?([A-Za-z-]+)((?:;[^:"]*(?:"[^"]*"[^:"]*)*)?):(.*)$/
            or next;
        next if $value eq '';
        $value = 'md5 ' . md5_hex(decode_base64($value))
            if $parameters =~ /ENCODING=B(?:ASE64)?\b/i;
        $value =~ s/\\n/\n/gi;
        $value =~ s/\\(.)/$1/g;
        $value =~ s/;+$// if uc $property eq 'N';
        push @{ $value{ uc $property } }, $value;
    }
    my $name = ($value{FN} || $value{SUMMARY} || ['?'])->[0];
    return ($name, join "\n", map { my $p = $_;
        map {"$p:$_"} sort @{ $value{$p} || [] } } @{ $SAYS{$store} });
}

# ---- what is there, and what should be --------------------------------------

# Compares { texts } of the sides, { side => [texts] }, with each other and with
# the model, { name => [tags allowed, '' where it may be absent] }.  Returns
# [class, words] of everything that is wrong, worst first; classes: doubled,
# lost, resurrected, changed, strange, unequal.  ghosts: names that were
# deleted, to tell the resurrected from the strange.
sub compare {
    my ($store, $sides, $model, $size) = @_;
    my (%seen, @wrong);
    my $expected = sub {
        my ($name, $tag) = @_;
        return (canonical($store, item($store, $name, $tag, $size)))[1];
    };
    for my $side (sort keys %$sides) {
        for my $text (@{ $sides->{$side} }) {
            my ($name, $says) = canonical($store, $text);
            push @{ $seen{$name}{$side} }, $says;
        }
    }
    for my $name (sort keys %seen, grep { !$seen{$_} } keys %$model) {
        my $allowed = $model->{$name} || [''];
        my %say = map { $_ ne '' ? ($expected->($name, $_) => 1) : () }
            @$allowed;
        my $absent = grep { $_ eq '' } @$allowed;
        for my $side (sort keys %$sides) {
            my @there = @{ $seen{$name}{$side} || [] };
            my $what = "$store $name, $side: ";
            push @wrong, [ doubled => $what . @there . ' times' ] if @there > 1;
            push @wrong, [ lost => "${what}not there" ]
                if !@there && !$absent;
            push @wrong, [ ($model->{$name} ? 'resurrected' : 'strange')
                           => "${what}there" ]
                if @there && !%say;
            push @wrong, [ changed => $what . _inline($there[0])
                           . ', not ' . _inline((sort keys %say)[0]) ]
                if @there && %say && grep { !$say{$_} } @there;
        }
        my %all = map { join("\1", sort @{ $seen{$name}{$_} || [] }) => $_ }
            sort keys %$sides;
        push @wrong, [ unequal => "$store $name: " . join ' / ', map {
            "$_: " . join ' and ', map { _inline($_) }
                @{ $seen{$name}{$_} || ['nothing'] } } sort keys %$sides ]
            if keys %all > 1;
    }
    my %rank = (doubled => 1, lost => 2, resurrected => 3, strange => 4,
                changed => 5, unequal => 6);
    return sort { $rank{ $a->[0] } <=> $rank{ $b->[0] } } @wrong;
}

sub _inline {
    my ($says) = @_;
    return substr($says =~ s/\n/ | /gr, 0, 200);
}

1;
