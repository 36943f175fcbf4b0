# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::ICal;

# The calendar of a device that speaks iCalendar 2.0.  Its record is the tree
# of components; it writes properties in its own order, with its own folding.
#
# A profile's {cal}:
#   hold    names that it has; absent: all
#   alarms  so many per entry; absent: all
#   zones   utc: writes times with a zone as UTC if they do not repeat
use strict;
use warnings;
use Encode ();
use Exporter qw(import);
use Fidelity::Text qw(parse fold);

our @EXPORT_OK = qw(read_ical write_ical);

sub keep {
    my ($p, $c) = @_;
    my $cal = $p->{cal};
    my %hold = map { $_ => 1 } @{ $cal->{hold} || [] };
    my $inner = $c->{name} =~ /^(?:VEVENT|VTODO|VJOURNAL)$/;
    my @props = grep { !$inner || !$cal->{hold} || $hold{ $_->{name} } }
        @{ $c->{props} };
    my (@comps, $alarms);
    for my $sub (@{ $c->{comps} }) {
        next if $sub->{name} eq 'VALARM' && defined $cal->{alarms}
            && ++$alarms > $cal->{alarms};
        push @comps, keep($p, $sub);
    }
    return { name => $c->{name}, props => \@props, comps => \@comps };
}

sub read_ical {
    my ($p, $octets) = @_;
    my ($top) = grep { $_->{name} eq 'VCALENDAR' } parse($octets) or return;
    return keep($p, $top);
}

sub line_of {
    my ($f) = @_;
    my $out = ($f->{group} ne '' ? "$f->{group}." : '') . $f->{name};
    for my $name (sort keys %{ $f->{params} }) {
        $out .= ";$name=" . join ',', map {
            my $v = $_;
            $v =~ s/\^/^^/g;
            $v =~ s/\n/^n/g;
            $v =~ s/"/^'/g;
            $v =~ /[:;,]/ ? "\"$v\"" : $v } @{ $f->{params}{$name} };
    }
    $out .= ';ENCODING=BASE64' if defined $f->{bin} && $f->{raw} !~ /^data:/;
    return fold(Encode::encode('UTF-8', "$out:")
        . (defined $f->{bin} ? $f->{raw}
           : Encode::encode('UTF-8', $f->{text} =~ s/\n/\\n/gr)), 70);
}

sub write_ical {
    my ($p, $c) = @_;
    my $out = "BEGIN:$c->{name}\r\n";
    my %rank = (VERSION => 0, PRODID => 1, UID => 2, SUMMARY => 3,
                DTSTART => 4, DTEND => 5, RRULE => 6);
    my @props = sort { ($rank{ $a->{name} } // 9) <=> ($rank{ $b->{name} } // 9)
        || $a->{name} cmp $b->{name} } @{ $c->{props} };
    $out .= line_of($_) for @props;
    $out .= write_ical($p, $_) for @{ $c->{comps} };
    return $out . "END:$c->{name}\r\n";
}

1;
