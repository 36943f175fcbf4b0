# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Compare;

# Are two texts of the store the same?  Property by property: name, group,
# every parameter and its values, the value without its escapes; what takes
# place when, by libical, over ten years in five zones.  Order, folding, case
# of names and of TYPE do not count, nor does a newer REV, LAST-MODIFIED,
# DTSTAMP or a higher SEQUENCE.
#
# A finding is { what => lost | changed | shifted | added, prop, was, is }.
use strict;
use warnings;
use Encode ();
use Exporter qw(import);
use Fidelity::Text qw(parse split_on unescape);
use Fidelity::Time qw(duration_seconds);
use Fidelity::World ();

our @EXPORT_OK = qw(compare count_props props_of);
our @zones = qw(Europe/Berlin America/New_York Australia/Sydney
    America/Santiago Asia/Kolkata);
our $years = 10;

my %structured = map { $_ => 1 } qw(N ADR ORG GENDER CLIENTPIDMAP
    REQUEST-STATUS);
my %list = map { $_ => 1 } qw(CATEGORIES NICKNAME RESOURCES EXDATE RDATE
    FREEBUSY);
my %stamp = map { $_ => 1 } qw(REV LAST-MODIFIED DTSTAMP SEQUENCE);
# Not text: no escapes.
my %plain = map { $_ => 1 } qw(URL TZOFFSETFROM TZOFFSETTO RRULE EXRULE GEO
    DTSTART DTEND DUE UID VERSION);

sub value_of {
    my ($f) = @_;
    my ($name, $text) = @$f{qw(name text)};
    return 'base64:' . length($f->{bin}) . ':' . unpack('%32C*', $f->{bin})
        if defined $f->{bin};
    if ($structured{$name}) {
        my @c = map { join "\x1f", map { unescape($_) } split_on(',', $_) }
            split_on(';', $text);
        pop @c while @c > 1 && $c[-1] eq '';
        return join "\x1e", @c;
    }
    if ($list{$name}) {
        return join "\x1f", sort map { unescape($_) } split_on(',', $text);
    }
    if ($name =~ /^(?:RRULE|EXRULE)$/) {
        return join ';', sort map {
            my ($k, $v) = split /=/, uc, 2;
            "$k=" . join ',', sort split /,/, $v // '' } split /;/, $text;
    }
    # PT2880M is P2D.
    if ($name =~ /^(?:TRIGGER|DURATION)$/) {
        return duration_seconds($text) // $text;
    }
    return $text if $plain{$name};
    return unescape($text);
}

# Parameters that say nothing: the type that a value has anyhow, and a zone
# beside a day, which is in none.
my $date = qr/\d{8}/;
sub said_anyhow {
    my ($f, $name) = @_;
    return 0 if $f->{name}
        !~ /^(?:DTSTART|DTEND|DUE|RECURRENCE-ID|EXDATE|RDATE)$/;
    return uc($f->{params}{VALUE}[0] // '') eq 'DATE-TIME' if $name eq 'VALUE';
    return $name eq 'TZID' && $f->{text} =~ /^$date(?:,$date)*$/;
}

sub params_of {
    my ($f) = @_;
    my %p = %{ $f->{params} };
    delete $p{$_} for grep { said_anyhow($f, $_) } keys %p;
    my @out;
    for my $name (sort keys %p) {
        my @v = @{ $p{$name} };
        @v = map {lc} @v if $name eq 'TYPE' || $name eq 'VALUE';
        my %seen;
        push @out, "$name=" . join ',', sort grep { !$seen{$_}++ } @v;
    }
    return join ';', @out;
}

# What belongs to a group besides the property itself, as words.
sub labels {
    my ($c) = @_;
    my %group;
    for my $f (@{ $c->{props} }) {
        push @{ $group{ $f->{group} } }, $f if $f->{group} ne '';
    }
    my %label;
    for my $g (values %group) {
        for my $f (@$g) {
            $label{$f} = join '|', sort map {"$_->{name}:" . value_of($_)}
                grep { $_ != $f } @$g;
        }
    }
    return \%label;
}

# [ name, value, rest ] each; of a list of times each by itself, since some
# write a line for each.  One without a value and parameters says nothing.
sub props_of {
    my ($c) = @_;
    my $label = labels($c);
    return grep { $_->[1] =~ /\S/ || $_->[2] ne '' } map {
        my ($name, $value, $rest) = ($_->{name}, value_of($_), params_of($_)
            . ($label->{$_} ? " <$label->{$_}>" : ''));
        map { [ $name, $_, $rest ] } $name =~ /^(?:EXDATE|RDATE)$/
            ? split /\x1f/, $value : $value;
    } @{ $c->{props} };
}

sub show {
    my ($p) = @_;
    my $v = "$p->[0]" . ($p->[2] ne '' ? ";$p->[2]" : '') . ":$p->[1]";
    $v =~ s/\x1e/;/g;
    $v =~ s/\x1f/,/g;
    $v =~ s/\n/\\n/g;
    return length $v > 160 ? substr($v, 0, 157) . '...' : $v;
}

sub newer {
    my ($was, $is) = @_;
    return $is->[1] >= $was->[1] if $was->[0] eq 'SEQUENCE';
    my ($a, $b) = map { my $t = $_->[1]; $t =~ tr/0-9//cd; $t } $was, $is;
    return $b ge $a;
}

# Take equal ones out of both lists.
sub without_equal {
    my ($same, $was, $is) = @_;
    my @rest;
    for my $x (@$was) {
        my ($i) = grep { $same->($x, $is->[$_]) } 0 .. $#$is;
        if (defined $i) { splice @$is, $i, 1 }
        else            { push @rest, $x }
    }
    @$was = @rest;
}

sub compare_props {
    my ($where, $was, $is) = @_;
    my @was = props_of($was);
    my @is = props_of($is);
    my @found;
    without_equal(sub { $_[0][0] eq $_[1][0] && $_[0][1] eq $_[1][1]
        && $_[0][2] eq $_[1][2] }, \@was, \@is);
    without_equal(sub { $_[0][0] eq $_[1][0] && $stamp{ $_[0][0] }
        && newer($_[0], $_[1]) }, \@was, \@is);
    my $say = sub {
        my ($what, $x, $y) = @_;
        push @found, { what => $what, prop => $where . ($x || $y)->[0],
            was => $x ? show($x) : '', is => $y ? show($y) : '' };
    };
    my @rest;
    for my $x (@was) {
        my ($i) = (grep { $is[$_][0] eq $x->[0] && $is[$_][1] eq $x->[1] }
            0 .. $#is);
        ($i) = grep { $is[$_][0] eq $x->[0] } 0 .. $#is unless defined $i;
        if (defined $i) { $say->('changed', $x, splice @is, $i, 1) }
        else            { $say->('lost', $x) }
    }
    # A stamp where there was none is a note of the server's.
    $say->('added', undef, $_) for grep { !$stamp{ $_->[0] } } @is;
    return @found;
}

sub id_of {
    my ($c) = @_;
    return $c->{name} if $c->{name} eq 'VCALENDAR';
    if ($c->{name} eq 'VTIMEZONE') {
        my ($f) = Fidelity::Text::props($c, 'TZID');
        return "VTIMEZONE $f->{text}" if $f;
    }
    my ($f) = Fidelity::Text::props($c, 'RECURRENCE-ID');
    return $c->{name} . ($f ? " $f->{text}" : '');
}

# The zones that its times name.
sub zones_of {
    my ($c) = @_;
    return (map { @{ $_->{params}{TZID} || [] } } @{ $c->{props} }),
        map { zones_of($_) } @{ $c->{comps} };
}

sub compare_comps {
    my ($where, $was, $is) = @_;
    my @found = compare_props($where, $was, $is);
    my @is = @{ $is->{comps} };
    my @later;
    for my $x (@{ $was->{comps} }) {
        my ($i) = grep { id_of($is[$_]) eq id_of($x)
            && !compare_comps('', $x, $is[$_]) } 0 .. $#is;
        if (defined $i) { splice @is, $i, 1 }
        else            { push @later, $x }
    }
    for my $x (@later) {
        my ($i) = grep { id_of($is[$_]) eq id_of($x) } 0 .. $#is;
        if (!defined $i) {
            push @found, { what => 'lost', prop => $where . $x->{name},
                           was => id_of($x), is => '' };
            next;
        }
        push @found, compare_comps("$where$x->{name}.", $x,
                                   splice @is, $i, 1);
    }
    # A zone that is named must be there (RFC 5545, 3.2.19): it may be put in
    # where it was missing, but not twice.
    my %missing = map { ("VTIMEZONE $_" => 1) } zones_of($is);
    delete $missing{ id_of($_) } for @{ $was->{comps} };
    push @found, map { { what => 'added', prop => $where . $_->{name},
        was => '', is => id_of($_) } }
        grep { !delete $missing{ id_of($_) } } @is;
    return @found;
}

# The same instances, in each zone?
sub compare_times {
    my ($was, $is) = @_;
    for my $zone (@zones) {
        my $x = Fidelity::World::expand($was, $zone, $years);
        my $y = Fidelity::World::expand($is, $zone, $years);
        next if !defined $x;
        if (!defined $y) {
            return { what => 'shifted', prop => 'times', was => "@$x[0]",
                     is => "cannot be told in $zone" };
        }
        next if "@$x" eq "@$y";
        my ($i) = grep { ($x->[$_] // '') ne ($y->[$_] // '') }
            0 .. (@$x > @$y ? $#$x : $#$y);
        return { what => 'shifted', prop => 'times',
            was => "$zone, instance $i of " . @$x . ': ' . ($x->[$i] // '-'),
            is => 'of ' . @$y . ': ' . ($y->[$i] // '-') };
    }
    return;
}

sub compare {
    my ($was, $is) = @_;
    return if $was eq $is;
    if ($was !~ /^\s*BEGIN:/i) {
        s/\r\n/\n/g for my ($x, $y) = ($was, $is);
        return if $x eq $y;
        return { what => 'changed', prop => 'TEXT',
                 was => Encode::decode('UTF-8', substr $x, 0, 80),
                 is => Encode::decode('UTF-8', substr $y, 0, 80) };
    }
    my ($x) = parse($was);
    my ($y) = parse($is);
    return { what => 'lost', prop => 'ITEM', was => '', is => $is }
        if !$y || $x->{name} ne $y->{name};
    my @found = compare_comps('', $x, $y);
    if ($x->{name} eq 'VCALENDAR') {
        push @found, compare_times($was, $is);
    }
    return @found;
}

sub count_props {
    my ($text) = @_;
    return 1 if $text !~ /^\s*BEGIN:/i;
    my $count;
    $count = sub {
        my $n = @{ $_[0]{props} };
        $n += $count->($_) for @{ $_[0]{comps} };
        return $n;
    };
    my $n = 0;
    $n += $count->($_) for parse($text);
    return $n;
}

1;
