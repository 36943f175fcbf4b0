# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Series;

# What people do to a series on a phone: end it earlier, make it rarer, make
# one of a single event or the other way round; and make an event longer.
#
# Each as those of Fidelity::Edit: done to the device's record and to the
# store's text.  How the store says a rule is its own affair, as long as the
# instances are those.
use strict;
use warnings;
use Fidelity::Text qw(props first_prop all_comps);
use Fidelity::Time qw(wall_add wall_to_epoch epoch_to_wall epoch_to_utc
    read_time duration_seconds seconds_duration rule_to_ical day_name
    is_zone);
use Fidelity::VCal ();
use Fidelity::World ();

# Hours between which no clock is changed.
my $by_day = qr/T(?:0[6-9]|1\d|20)/;

sub is_one_event {
    my ($c, $e) = @_;
    return $e->{name} eq 'VEVENT'
        && 1 == (() = all_comps('VEVENT|VTODO', $c))
        && !props($e, qw(RDATE EXRULE));
}

# The start, if it is the same on the device's clock and the series' own.
sub common_start {
    my ($p, $r, $e) = @_;
    my $start = first_prop($e, 'DTSTART');
    return if !$start || !$r->{start};
    my $wall = Fidelity::VCal::wall_of($p, $r->{start});
    return if $start->{text} ne $wall
        || ($wall =~ /T/ && $wall !~ $by_day)
        || ($p->{cal}{min_year} && $wall lt '1981');
    return $wall;
}

sub instances {
    my ($start, $rule) = @_;
    my $value = $start =~ /T/ ? '' : ';VALUE=DATE';
    my $all = Fidelity::World::expand("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
        . "DTSTART$value:$start\r\nRRULE:$rule\r\nEND:VEVENT\r\n"
        . "END:VCALENDAR\r\n", 'UTC', 20) or return;
    return map { /^(\d{8}) / ? $1 : epoch_to_wall(/^(\d+)/, 'UTC') } @$all;
}

sub endless { return $_[0] =~ s/;?(?:COUNT|UNTIL)=[^;]*//gr }

# The rule of both, if they mean the same.
sub common_rule {
    my ($r, $e, $start) = @_;
    my $rule = first_prop($e, 'RRULE');
    return if !$rule || !$r->{rule};
    my %mine = %{ $r->{rule} };
    delete $mine{until};
    $mine{count} = 0;
    my @theirs = instances($start, endless($rule->{text}));
    my @mine = instances($start, rule_to_ical(\%mine, $start));
    return if "@mine" ne "@theirs" || @mine < 8;
    return ($rule, @mine);
}

our %edits = (
    longer => sub {
        my ($p, $r, $c, $e) = @_;
        return if !is_one_event($c, $e) || !$r->{end} || $r->{day}
            || !common_start($p, $r, $e)
            || Fidelity::VCal::wall_of($p, $r->{end}) !~ $by_day;
        # An alarm before the end goes along in the store only.
        return if grep { grep { $_->{params}{RELATED} } props($_, 'TRIGGER') }
            @{ $e->{comps} };
        my $end = first_prop($e, 'DTEND');
        my $length = first_prop($e, 'DURATION');
        if ($end) {
            my ($wall, $z) = $end->{text} =~ /^(.*?)(Z?)$/;
            $end->{text} = wall_add($wall, 1800) . $z;
        }
        elsif ($length) {
            $length->{text} = seconds_duration(1800
                + duration_seconds($length->{text}));
        }
        else { return }
        $r->{end} = { map { $_ => $_ eq 'at' ? $r->{end}{at} + 1800
            : wall_add($r->{end}{$_}, 1800) } keys %{ $r->{end} } };
        return 1;
    },
    ends => sub {
        my ($p, $r, $c, $e) = @_;
        my $start = is_one_event($c, $e) && common_start($p, $r, $e)
            or return;
        my ($rule, @all) = common_rule($r, $e, $start) or return;
        my @had = instances($start, $rule->{text});
        return if @had < 6;
        # A day is in no zone; and of one that the system does not know nobody
        # can say here when it ends.
        my $zone = $start =~ /T/ && first_prop($e, 'DTSTART')->{params}{TZID};
        return if $zone && !is_zone($zone->[0]);
        $r->{rule}{until} = substr $all[3], 0, 8;
        delete $r->{rule}{count};
        $rule->{text} = endless($rule->{text}) . ';UNTIL=' . ($zone
            ? epoch_to_utc(wall_to_epoch($all[3], $zone->[0])) : $all[3]);
        return 1;
    },
    rarer => sub {
        my ($p, $r, $c, $e) = @_;
        my $start = is_one_event($c, $e) && common_start($p, $r, $e)
            or return;
        return if !$r->{rule} || !defined $r->{rule}{count}
            || $r->{rule}{count}
            || $r->{rule}{freq} !~ /^(?:D|W|MD)$/;
        my ($rule) = common_rule($r, $e, $start) or return;
        my $freq = { D => 'DAILY', W => 'WEEKLY', MD => 'MONTHLY' }
            ->{ $r->{rule}{freq} };
        return if $rule->{text} =~ /WKST/ || $rule->{text} !~ /FREQ=$freq/;
        $r->{rule}{n}++;
        $rule->{text} =~ s/;INTERVAL=\d+//;
        $rule->{text} .= ";INTERVAL=$r->{rule}{n}";
        return 1;
    },
    repeats => sub {
        my ($p, $r, $c, $e) = @_;
        my $start = is_one_event($c, $e) && common_start($p, $r, $e)
            or return;
        return if first_prop($e, 'RRULE') || $r->{rule};
        $r->{rule} = { freq => 'W', n => 1, list => [ day_name($start) ],
            $p->{cal}{until}
                ? (until => substr wall_add($start, 5 * 7 * 86400), 0, 8)
                : (count => 6) };
        push @{ $e->{props} }, { group => '', name => 'RRULE', raw => '',
            params => {}, text => 'FREQ=WEEKLY;COUNT=6' };
        return 1;
    },
    once => sub {
        my ($p, $r, $c, $e) = @_;
        return if !is_one_event($c, $e) || !$r->{rule}
            || !first_prop($e, 'RRULE') || !common_start($p, $r, $e);
        delete @$r{qw(rule exdates)};
        $e->{props} = [ grep { $_->{name} !~ /^(?:RRULE|EXDATE)$/ }
            @{ $e->{props} } ];
        return 1;
    },
);

our @names = qw(longer ends rarer repeats once);

# What was found, less how a rule is said: the times are compared besides.
sub forgive {
    my ($want, $is, @found) = @_;
    return grep { $_->{what} ne 'changed' || $_->{prop} !~ /\.RRULE$/ } @found;
}

1;
