# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Sif;

# A Windows Mobile device that speaks SIF: flat fields, each there once; it
# writes all that it has, empty ones and defaults as well, in its own order.
use strict;
use warnings;
use Exporter qw(import);
use Fidelity::Text qw(sif_parse sif_write);

our @EXPORT_OK = qw(read_sif write_sif);

my @address = map { my $k = $_; map {"${k}Address$_"} qw(PostOfficeBox
    Extended Street City State PostalCode Country) } qw(Home Business Other);

# What it has, by root; value: what it writes where nothing was said.
our %fields = (
    contact => [ [ Folder => 'DEFAULT_FOLDER' ],
        (map { [ $_ => '' ] } qw(FileAs FirstName MiddleName LastName Suffix
            Title NickName), @address, qw(HomeTelephoneNumber
            Home2TelephoneNumber BusinessTelephoneNumber
            Business2TelephoneNumber MobileTelephoneNumber HomeFaxNumber
            BusinessFaxNumber PagerNumber CarTelephoneNumber
            RadioTelephoneNumber AssistantTelephoneNumber
            CompanyMainTelephoneNumber Email1Address Email2Address
            Email3Address IMAddress WebPage CompanyName Department
            OfficeLocation JobTitle Birthday Anniversary Spouse Children
            ManagerName AssistantName Categories Body Photo)) ],
    appointment => [ (map { [ $_ => '' ] } qw(Subject Body Location Categories
            Start End)), [ AllDayEvent => 0 ], [ BusyStatus => 2 ],
        [ Importance => 1 ], [ Sensitivity => 0 ], [ MeetingStatus => 0 ],
        [ ReminderSet => 0 ], [ ReminderMinutesBeforeStart => '' ],
        [ ReminderSoundFile => '' ], [ IsRecurring => 0 ],
        [ Folder => 'DEFAULT_FOLDER' ] ],
    task => [ (map { [ $_ => '' ] } qw(Subject Body Categories StartDate
            DueDate DateCompleted)), [ Complete => 0 ],
        [ Importance => 1 ], [ Sensitivity => 0 ], [ ReminderSet => 0 ],
        [ ReminderTime => '' ], [ Status => 0 ], [ PercentComplete => 0 ],
        [ IsRecurring => 0 ], [ Folder => 'DEFAULT_FOLDER' ] ],
    note => [ map { [ $_ => '' ] } qw(Subject Body Date Categories Folder) ],
);

my @recurrence = qw(RecurrenceType Interval MonthOfYear DayOfMonth
    DayOfWeekMask Instance PatternStartDate NoEndDate PatternEndDate
    Occurrences);

# Characters, where it is little.
my %size = (Body => 20000, Photo => 60000, Categories => 500);

# @return { root, fields => { name => text }, exclude => [times],
# include => [...] }
sub read_sif {
    my ($p, $octets) = @_;
    my $e = sif_parse($octets) or return;
    my ($root, $children) = @$e;
    return unless $fields{$root} && ref $children;
    my %known = map { $_->[0] => 1 } @{ $fields{$root} };
    $known{$_} = 1 for @recurrence;
    my %r = (root => $root, fields => {}, exclude => [], include => []);
    for my $c (@$children) {
        my ($name, $v) = @$c;
        if ($name eq 'Exceptions' && ref $v) {
            push @{ $r{ $_->[0] eq 'ExcludeDate' ? 'exclude' : 'include' } },
                $_->[1] for grep { !ref $_->[1]
                    && $_->[0] =~ /^(?:Ex|In)cludeDate$/ } @$v;
        }
        next if ref $v || !$known{$name} || $v eq '';
        $v =~ s/\r?\n/\r\n/g;
        next if $name eq 'Photo' && length $v > $size{Photo};
        $v = substr $v, 0, $size{$name} if $size{$name};
        $r{fields}{$name} = $v;
    }
    return \%r;
}

sub write_sif {
    my ($p, $r) = @_;
    my $f = $r->{fields};
    my @out = [ SIFVersion => '1.0' ];
    for (@{ $fields{ $r->{root} } }) {
        my ($name, $default) = @$_;
        push @out, [ $name => $f->{$name} // $default ];
    }
    if ($f->{RecurrenceType} || ($f->{RecurrenceType} // '') eq '0') {
        push @out, map { [ $_ => $f->{$_} ] }
            grep { defined $f->{$_} } @recurrence;
        push @out, [ Exceptions => [
            (map { [ ExcludeDate => $_ ] } @{ $r->{exclude} }),
            (map { [ IncludeDate => $_ ] } @{ $r->{include} }) ] ];
    }
    my $xml = sif_write([ $r->{root} => \@out ]);
    return qq(<?xml version="1.0" encoding="UTF-8"?>\r\n$xml);
}

1;
