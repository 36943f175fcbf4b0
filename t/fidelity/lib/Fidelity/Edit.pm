# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Edit;

# What people do: one edit of one field, done to a device's record and, by
# itself, to the store's text, which then is what the store should have.
# Only what the device shows as the store has it is edited, at most cut short:
# nobody corrects "????".
use strict;
use warnings;
use Encode ();
use Fidelity::ICal qw(write_ical);
use Fidelity::Profiles ();
use Fidelity::Series ();
use Fidelity::Text qw(parse props first_prop split_on escape unescape
    all_comps entry);
use Fidelity::Time qw(read_time wall_add duration_seconds seconds_duration
    wall_to_epoch);
use Fidelity::VCal ();
use utf8;

# ---- the store's text -------------------------------------------------------

sub tree { my ($c) = parse($_[0]); return $c }
sub text_of { return write_ical(undef, $_[0]) }

sub set_prop {
    my ($c, $name, $text, %params) = @_;
    my $f = first_prop($c, $name);
    if ($f) { $f->{text} = $text; return $f }
    $f = { group => '', name => $name, params => \%params, text => $text,
           raw => '' };
    push @{ $c->{props} }, $f;
    return $f;
}

# ---- contacts ---------------------------------------------------------------

sub digits { return $_[0] =~ s/[^0-9+*#pw]//gir }

# The store's property that a field of the record is, if it is certain.
sub origin {
    my ($c, $f, $seen) = @_;
    return if $f->{bin} || $f->{list};
    my $mine = $f->{comps}[0];
    my @same = grep { my $v = unescape($_->{text});
        $f->{name} eq 'TEL' ? digits($v) eq digits($mine) && length digits($v)
            : $v eq $mine || (length $mine >= 10 && index($v, $mine) == 0) }
        grep { !defined $_->{bin} } props($c, $f->{name});
    return @same == 1 ? $same[0] : undef;
}

my $added = 0;

my %card_edit = (
    tel => sub {
        my ($p, $record, $c) = @_;
        for my $f (grep { $_->{name} eq 'TEL' } reverse @$record) {
            my $o = origin($c, $f) or next;
            next if $f->{comps}[0] !~ /\d$/ || $o->{text} =~ /^tel:/
                || digits($o->{text}) ne digits($f->{comps}[0]);
            $f->{comps}[0] =~ s/(\d)$/($1 + 1) % 10 . '7'/e;
            $o->{text} = $f->{comps}[0];
            return 1;
        }
    },
    note => sub {
        my ($p, $record, $c) = @_;
        my ($f) = grep { $_->{name} eq 'NOTE' } @$record or return;
        my $o = origin($c, $f) or return;
        $f->{comps}[0] = "Edited. $f->{comps}[0]";
        my $size = $p->{card}{hold} && $p->{card}{hold}{NOTE}{size};
        $f->{comps}[0] = substr $f->{comps}[0], 0, $size if $size;
        $o->{text} = "Edited. $o->{text}";
        return 1;
    },
    email => sub {
        my ($p, $record, $c) = @_;
        for my $f (grep { $_->{name} eq 'EMAIL' } @$record) {
            my $o = origin($c, $f) or next;
            next if $o->{text} ne $f->{comps}[0];
            $f->{comps}[0] = "new.$f->{comps}[0]";
            $o->{text} = $f->{comps}[0];
            return 1;
        }
    },
    given => sub {
        my ($p, $record, $c) = @_;
        my ($f) = grep { $_->{name} eq 'N' } @$record or return;
        my $o = first_prop($c, 'N') or return;
        my @v = split_on(';', $o->{text});
        return unless length($v[1] // '')
            && unescape($v[1]) eq ($f->{comps}[1] // '')
            && unescape($v[0]) eq $f->{comps}[0];
        # What stands over the card says it, too, where it says it once and
        # the device has no such field.
        my $edge = qr/[ ,.;()"'\\-]/;
        for my $fn ($p->{card}{rebuild_fn} ? props($c, 'FN') : ()) {
            my $word = qr/(?:(?<=$edge)|^)\Q$v[1]\E(?=$edge|$)/;
            my $n = () = $fn->{text} =~ /$word/g;
            $fn->{text} =~ s/$word/Q$v[1]/
                if $n == 1 || $fn->{text} eq "$v[1] $v[0]";
        }
        $f->{comps}[1] = 'Q' . $f->{comps}[1];
        $v[1] = "Q$v[1]";
        $o->{text} = join ';', @v;
        return 1;
    },
    addtel => sub {
        my ($p, $record, $c) = @_;
        my $h = $p->{card}{hold} ? $p->{card}{hold}{TEL} : {};
        my @tel = grep { $_->{name} eq 'TEL' } @$record;
        return if !@tel || ($h->{n} && @tel >= $h->{n})
            || @tel < (() = props($c, 'TEL'));
        my $new = sprintf '+1555%07d', ++$added;
        push @$record, { name => 'TEL', types => ['CELL'], params => {},
            comps => [$new], group => '' };
        push @{ $c->{props} }, { group => '', name => 'TEL', raw => '',
            params => { TYPE => ['CELL'] }, text => $new };
        return 1;
    },
    deltel => sub {
        my ($p, $record, $c) = @_;
        for my $i (reverse 0 .. $#$record) {
            next unless $record->[$i]{name} eq 'TEL';
            # Of a number that is words nothing is shown as it is.
            next if $record->[$i]{comps}[0] !~ /\d/;
            my $o = origin($c, $record->[$i]) or next;
            my ($f) = splice @$record, $i, 1;
            @$record = grep { $_->{group} eq '' || $_->{group}
                ne $f->{group} } @$record;
            $c->{props} = [ grep { $_ != $o && !($o->{group} ne ''
                && $_->{group} eq $o->{group}) } @{ $c->{props} } ];
            return 1;
        }
    },
    title => sub {
        my ($p, $record, $c) = @_;
        my ($f) = grep { $_->{name} eq 'TITLE' } @$record or return;
        my $o = origin($c, $f) or return;
        return if unescape($o->{text}) ne $f->{comps}[0];
        # Nobody types more than the field takes.
        my $size = $p->{card}{hold} && $p->{card}{hold}{TITLE}{size};
        return if $size && length "Chief $f->{comps}[0]" > $size;
        $f->{comps}[0] = 'Chief ' . $f->{comps}[0];
        $o->{text} = 'Chief ' . $o->{text};
        return 1;
    },
    city => sub {
        my ($p, $record, $c) = @_;
        for my $f (grep { $_->{name} eq 'ADR' } @$record) {
            my @same = grep {
                my @v = map { unescape($_) } split_on(';', $_->{text});
                $#v >= 6 && !grep { ($f->{comps}[$_] // '') ne $v[$_] } 0 .. 6
            } props($c, 'ADR');
            next if @same != 1 || !length($f->{comps}[3] // '');
            my @v = split_on(';', $same[0]{text});
            $f->{comps}[3] = $v[3] = 'Newtown';
            $same[0]{text} = join ';', @v;
            return 1;
        }
    },
    bday => sub {
        my ($p, $record, $c) = @_;
        my ($f) = grep { $_->{name} eq 'BDAY' } @$record or return;
        my $o = first_prop($c, 'BDAY');
        return if $f->{comps}[0] !~ /^\d{4}-?\d\d-?\d\d$/;
        $f->{comps}[0] =~ s/^\d{4}/1971/;
        $o->{text} =~ s/^\d{4}/1971/;
        return 1;
    },
);
my @card_edits = qw(tel note email given addtel deltel title city bday);

# What an edit may bring along or cannot say.
sub forgive_card {
    my ($name, $p) = @_;
    return sub {
        my ($want, $is, @found) = @_;
        # A new number's kinds are the device's words.
        @found = grep { !($_->{what} eq 'changed' && $_->{prop} eq 'TEL'
            && $_->{was} =~ /(\+1555\d{7})$/ && $_->{is} =~ /\Q$1\E$/
            && $_->{is} =~ /cell/i) } @found if $name eq 'addtel';
        # A birthday's dashes; the hour of another day goes with that.
        @found = grep { $_->{prop} ne 'BDAY' || $_->{is} !~
            /:1971(?:-?\d\d){2}/ } @found if $name eq 'bday';
        return @found;
    };
}

# ---- entries ----------------------------------------------------------------

sub shift_text {
    my ($text, $seconds) = @_;
    my $t = read_time($text) or return $text;
    return wall_add($text =~ s/Z$//r, $seconds) . ($text =~ /Z$/ ? 'Z' : '');
}

# A time that was edited is written as it must be: a day with its type, and no
# zone beside that or UTC.
sub well_typed {
    my ($f) = @_;
    my $day = $f->{text} =~ /^\d{8}$/;
    $f->{params}{VALUE} = ['DATE'] if $day;
    delete $f->{params}{TZID} if $day || $f->{text} =~ /Z$/;
}

sub shift_times {
    my ($e, $by) = @_;
    for my $f (props($e, qw(DTSTART DTEND DUE))) {
        $f->{text} = shift_text($f->{text}, $by);
        well_typed($f);
    }
}

sub movable {
    my ($p, $e, $wall) = @_;
    return 0 if props($e, qw(EXDATE RDATE EXRULE RECURRENCE-ID));
    my $rule = first_prop($e, 'RRULE');
    my $start = first_prop($e, 'DTSTART') or return 0;
    return 0 if $rule && $rule->{text} =~ /UNTIL|BYHOUR|HOURLY|MINUTELY/;
    return 0 if $start->{text} =~ /^\d{8}$/ && $rule;
    return 0 if $start->{text} =~ /T(?:2[23])/ || $wall =~ /T(?:2[23])/;
    for my $a (@{ $e->{comps} }) {
        my $t = first_prop($a, 'TRIGGER');
        return 0 if $t && $t->{text} =~ /^\d{8}T/;
    }
    return 1;
}

sub one_relative_alarm {
    my ($e) = @_;
    my @a = grep { $_->{name} eq 'VALARM' } @{ $e->{comps} };
    return if @a != 1;
    my $t = first_prop($a[0], 'TRIGGER') or return;
    return if !defined duration_seconds($t->{text})
        || ($t->{params}{RELATED} || [''])->[0] eq 'END';
    return ($a[0], $t);
}

sub number_of_entries { return scalar(() = all_comps('VEVENT|VTODO', $_[0])) }

my $edited = 0;

my %cal_edit = (
    summary => sub {
        my ($p, $r, $c, $e) = @_;
        my $o = first_prop($e, 'SUMMARY') or return;
        my $mine = $r->{text}{SUMMARY} // return;
        return if index(unescape($o->{text}), $mine) != 0;
        my $word = 'Ed' . $edited++ % 89;   # not the same again and again
        my $text = "$word $mine";
        my $max = $p->{cal}{hold}{SUMMARY} || length $text;
        # There is no room for more of what is shown whole.
        return if length $text > $max && unescape($o->{text}) eq $mine;
        $r->{text}{SUMMARY} = substr $text, 0, $max;
        $o->{text} = "$word $o->{text}";
        return 1;
    },
    location => sub {
        my ($p, $r, $c, $e) = @_;
        return unless exists $p->{cal}{hold}{LOCATION};
        return if defined $r->{text}{LOCATION};
        return if first_prop($e, 'LOCATION');
        $r->{text}{LOCATION} = 'Elsewhere';
        set_prop($e, 'LOCATION', 'Elsewhere');
        return 1;
    },
    move => sub {
        my ($p, $r, $c, $e) = @_;
        return if number_of_entries($c) > 1 || !$r->{start};
        return if first_prop($e, 'RRULE') && !$r->{rule};
        my $wall = Fidelity::VCal::wall_of($p, $r->{start});
        return unless movable($p, $e, $wall);
        return if $p->{cal}{min_year} && $wall lt '1981';
        my $by = $r->{start}{date} ? 86400 : 3600;
        return if ($r->{day} // 0)
            != (first_prop($e, 'DTSTART')->{text} =~ /^\d{8}$/ ? 1 : 0);
        Fidelity::VCal::move_entry($p, $r, $by);
        shift_times($e, $by);
        return 1;
    },
    alarm => sub {
        my ($p, $r, $c, $e) = @_;
        my ($a, $t) = one_relative_alarm($e) or return;
        return if !defined $r->{before} || $r->{before} < 0
            || !first_prop($e, 'DTSTART');
        $r->{before} += 600;
        $t->{text} = seconds_duration(-$r->{before});
        return 1;
    },
    delalarm => sub {
        my ($p, $r, $c, $e) = @_;
        my ($a) = one_relative_alarm($e) or return;
        return unless defined $r->{before};
        delete $r->{before};
        $e->{comps} = [ grep { $_ != $a } @{ $e->{comps} } ];
        return 1;
    },
    description => sub {
        my ($p, $r, $c, $e) = @_;
        my $o = first_prop($e, 'DESCRIPTION') or return;
        my $mine = $r->{text}{DESCRIPTION} // return;
        return if index(unescape($o->{text}), $mine) != 0;
        # There is no room for more of what is shown whole.
        my $size = $p->{cal}{hold}{DESCRIPTION} || length "Edited. $mine";
        return if length "Edited. $mine" > $size
            && unescape($o->{text}) eq $mine;
        $r->{text}{DESCRIPTION} = substr "Edited. $mine", 0, $size;
        $o->{text} = "Edited. $o->{text}";
        return 1;
    },
    priority => sub {
        my ($p, $r, $c, $e) = @_;
        return unless exists $p->{cal}{hold}{PRIORITY};
        my $o = first_prop($e, 'PRIORITY') or return;
        return if ($r->{text}{PRIORITY} // '') ne $o->{text}
            || $o->{text} !~ /^\d$/;
        $r->{text}{PRIORITY} = $o->{text} == 1 ? 2 : 1;
        $o->{text} = $r->{text}{PRIORITY};
        return 1;
    },
    due => sub {
        my ($p, $r, $c, $e) = @_;
        my $o = first_prop($e, 'DUE') or return;
        return if !$r->{due} || first_prop($e, 'DTSTART')
            || grep { (first_prop($_, 'TRIGGER') || { text => '' })->{text}
                      =~ /^\d{8}T/ } @{ $e->{comps} };
        return if $o->{text} =~ /^\d{8}$/ || $o->{text} =~ /T2[23]/;
        my $t = $r->{due};
        $_ = $t->{at} ? $_ + 3600 : wall_add($_, 3600)
            for $t->{ (keys %$t)[0] };
        $o->{text} = shift_text($o->{text}, 3600);
        return 1;
    },
    done => sub {
        my ($p, $r, $c, $e) = @_;
        return if $e->{name} ne 'VTODO' || !exists $p->{cal}{hold}{STATUS};
        return if first_prop($e, 'RRULE');
        return if first_prop($e, 'COMPLETED') || ($r->{text}{STATUS} // '')
            =~ /^(?:COMPLETED|CANCELLED)$/;
        my $o = first_prop($e, 'STATUS');
        return if $o && $o->{text} eq 'CANCELLED';
        $r->{text}{STATUS} = 'COMPLETED';
        $r->{completed} = { at => wall_to_epoch('20261201T100000', 'UTC') };
        set_prop($e, 'STATUS', 'COMPLETED');
        set_prop($e, 'COMPLETED', '20261201T100000Z');
        # What is done is done as a whole.
        set_prop($e, 'PERCENT-COMPLETE', '100')
            if first_prop($e, 'PERCENT-COMPLETE');
        return 1;
    },
    exdate => sub {
        my ($p, $r, $c, $e) = @_;
        return if number_of_entries($c) > 1 || !$r->{rule}
            || !$p->{cal}{exdates} || props($e, qw(RDATE EXRULE));
        my $start = first_prop($e, 'DTSTART');
        return if grep { index($_->{text}, $start->{text}) >= 0 }
            props($e, 'EXDATE');
        # The last day that a rule names is one of it; the first is enough.
        my $wall = Fidelity::VCal::wall_of($p, $r->{start});
        return if $wall lt '1981';
        push @{ $r->{exdates} }, $r->{start};
        push @{ $e->{props} }, { group => '', name => 'EXDATE', raw => '',
            params => $start->{text} =~ /T/ ? { %{ $start->{params} } }
                : { VALUE => ['DATE'] }, text => $start->{text} };
        return 1;
    },
);
%cal_edit = (%cal_edit, %Fidelity::Series::edits);
my @cal_edits = (qw(summary move alarm description location exdate delalarm
    priority done due), @Fidelity::Series::names);

# Devices with iCalendar have the tree itself.
my %ical_edit = (
    summary => sub {
        my ($e) = @_;
        my $o = first_prop($e, 'SUMMARY') or return;
        $o->{text} = "Ed $o->{text}";
    },
    location => sub {
        my ($e) = @_;
        my $o = first_prop($e, 'LOCATION');
        return if $o;
        set_prop($e, 'LOCATION', 'Elsewhere');
    },
    move => sub {
        my ($e, $top) = @_;
        return if number_of_entries($top) > 1 || !movable(undef, $e, '');
        my $by = first_prop($e, 'DTSTART')->{text} =~ /^\d{8}$/ ? 86400 : 3600;
        $_->{text} = shift_text($_->{text}, $by)
            for props($e, qw(DTSTART DTEND DUE));
        return 1;
    },
    description => sub {
        my ($e) = @_;
        my $o = first_prop($e, 'DESCRIPTION') or return;
        $o->{text} = "Edited. $o->{text}";
    },
    alarm => sub {
        my ($e) = @_;
        my ($a, $t) = one_relative_alarm($e) or return;
        $t->{text} = seconds_duration(duration_seconds($t->{text}) - 600);
    },
    done => sub {
        my ($e) = @_;
        return if $e->{name} ne 'VTODO' || first_prop($e, 'COMPLETED');
        set_prop($e, 'STATUS', 'COMPLETED');
        set_prop($e, 'COMPLETED', '20261201T100000Z');
    },
);
my @ical_edits = qw(summary move alarm description location done);

# ---- SIF --------------------------------------------------------------------

my @sif_edits = (
    [ Subject => 'SUMMARY' ], [ Body => 'DESCRIPTION' ],
    [ Location => 'LOCATION' ], [ Body => 'NOTE' ], [ JobTitle => 'TITLE' ],
    [ MobileTelephoneNumber => 'TEL' ], [ Email1Address => 'EMAIL' ],
    [ HomeTelephoneNumber => 'TEL' ], [ NickName => 'NICKNAME' ],
);

sub edit_sif {
    my ($p, $r, $was, $turn) = @_;
    my $c = tree($was);
    my $e = entry($c) || $c;
    for my $n (0 .. $#sif_edits) {
        my ($field, $prop) = @{ $sif_edits[ ($turn + $n) % @sif_edits ] };
        my $mine = $r->{fields}{$field} // next;
        $mine =~ s/\r\n/\n/g;
        my @same = grep { index(unescape($_->{text}), $mine) == 0 }
            props($e, $prop);
        next if @same != 1;
        next if $prop =~ /^(?:TEL|EMAIL)$/ && $same[0]{text} ne $mine;
        if ($prop eq 'TEL') {
            next if $mine !~ /\d$/;
            $r->{fields}{$field} = "${mine}7";
            $same[0]{text} .= '7';
        }
        else {
            $r->{fields}{$field} = "Ed$mine";
            $same[0]{text} = "Ed$same[0]{text}";
        }
        return { name => "sif-\L$prop", want => text_of($c) };
    }
    return;
}

# ---- which ------------------------------------------------------------------

# Edit the record in place.  @return { name, want => the store's text,
# forgive }, or nothing: the device holds nothing that could be edited
sub edit {
    my ($p, $ds, $record, $was, $turn) = @_;
    if ($ds eq 'notes') {
        my $text = $p->{types}{notes}[0] =~ /sif/ ? undef : $record->{note};
        return unless defined $text;
        return if Encode::decode('UTF-8', $was) ne $text;
        $record->{note} = "Edited. $text";
        return { name => 'text', want => Encode::encode('UTF-8',
            $record->{note}) };
    }
    return edit_sif($p, $record, $was, $turn)
        if ref $record eq 'HASH' && $record->{root};
    my $c = tree($was);
    my @names = $ds eq 'contacts' ? @card_edits
        : $p->{cal}{ical} ? @ical_edits : @cal_edits;
    for my $n (0 .. $#names) {
        my $name = $names[ ($turn + $n) % @names ];
        my $done;
        if ($ds eq 'contacts') {
            $done = $card_edit{$name}->($p, $record, $c);
        }
        elsif ($p->{cal}{ical}) {
            $done = $ical_edit{$name}->(entry($c), $c)
                && ($ical_edit{$name}->(entry($record), $record) // 1);
        }
        else {
            $done = $cal_edit{$name}->($p, $record, $c, entry($c));
        }
        next unless $done;
        return { name => $name, want => text_of($c), forgive =>
            $ds eq 'contacts' ? forgive_card($name, $p)
            : $Fidelity::Series::edits{$name} ? \&Fidelity::Series::forgive
            : undef };
    }
    return;
}

# An edit on the server of something that the device's does not touch.
# @return { text, the server's, want, with both }
sub server_edit {
    my ($ds, $was, $want, $edit) = @_;
    return if $ds eq 'notes' || ($edit->{name} // '') eq 'exdate';
    my @out;
    for my $text ($was, $want) {
        my $c = tree($text);
        my $e = $ds eq 'contacts' ? $c : entry($c);
        if ($ds eq 'contacts') { set_prop($e, 'ROLE', 'Set by the server') }
        else { set_prop($e, 'X-SERVER', 'set meanwhile') }
        push @out, text_of($c);
    }
    return { text => $out[0], want => $out[1] };
}

# ---- items of the device's own ----------------------------------------------

sub own_items {
    my ($p, $ds) = @_;
    return own_sif($p, $ds) if $p->{types}{$ds}[0] =~ /sif/;
    return map { Encode::encode($p->{charset} // 'UTF-8', $_) }
        "Own note\r\nwith two lines; and, signs=3D", 'Ärger mit Öl'
        if $ds eq 'notes';
    return own_cards($p) if $ds eq 'contacts';
    return $p->{cal}{ical} ? own_ical($ds) : own_entries($p, $ds);
}

sub own_cards {
    my ($p) = @_;
    my $text = sub { my ($name, $types, @v) = @_;
        return { name => $name, types => $types, params => {}, group => '',
                 comps => [@v] } };
    my @out;
    for my $n (1 .. 6) {
        my @r = ($text->('N', [], "Própria$n", 'Ána', '', '', ''),
            $text->('TEL', ['CELL'], "+35191000000$n"),
            $text->('TEL', ['HOME'], "+35121000000$n"));
        push @r, $text->('TEL', [ 'WORK', 'FAX' ], "+35122000000$n")
            if $n > 1;
        push @r, $text->('EMAIL', ['INTERNET'], "own$n\@example.com");
        push @r, $text->('ADR', ['HOME'], '', '', 'Rua; 5, 2º', 'Évora', '',
            '7000', 'PT') if $n > 2;
        push @r, $text->('NOTE', [], "a line\nanother; with, signs = \\n")
            if $n > 3;
        push @r, $text->('ORG', [], 'Firma, Lda'), $text->('TITLE', [],
            'Chefe') if $n > 4;
        push @r, $text->('URL', [], 'http://example.com/?a=1;b=2,3')
            if $n > 4;
        push @r, $text->('BDAY', [], $p->{card}{version} eq '4.0'
            ? '19800102' : '1980-01-02') if $n > 5;
        my $octets = Fidelity::Profiles::give($p, 'contacts', \@r);
        # As the device really has it.
        push @out, Fidelity::Profiles::give($p, 'contacts',
            Fidelity::Profiles::take($p, 'contacts', $octets));
    }
    return @out;
}

my @own_rules = ('D1 #10', 'D2 20270131T235959', 'W1 MO WE #0', 'W2 #4',
    'MP1 1+ MO #6', 'MP1 1- MO #6', 'MD1 4 #10', 'MD1 LD #4', 'YM1 1 #5',
    'YD1 #0', 'W1 MO 20270301T235959');

sub own_entries {
    my ($p, $ds) = @_;
    my @out;
    my $n = 0;
    my $kind = $ds eq 'tasks' ? 'VTODO' : 'VEVENT';
    for my $rule ('', $kind eq 'VEVENT' ? @own_rules : ()) {
        for my $day (0, 1) {
            $n++;
            my %r = (kind => $kind, text => { SUMMARY => "Próprio $n" });
            my $on = $rule =~ /LD|1-/ ? '20270125' : '20270104';
            $on = '20270131' if $rule =~ /LD/;
            if ($kind eq 'VTODO') {
                $r{due} = { wall => "${on}T120000" };
                $r{text}{PRIORITY} = 2 if exists $p->{cal}{hold}{PRIORITY};
                $r{text}{STATUS} = 'NEEDS-ACTION';
            }
            elsif ($day) {
                $r{start} = { date => $on };
                $r{end} = { date => substr wall_add("${on}T000000", 86400),
                            0, 8 };
                $r{day} = 1;
            }
            else {
                $r{start} = { wall => "${on}T083000" };
                $r{end} = { wall => "${on}T091500" };
            }
            $r{before} = 900 if $kind eq 'VEVENT' && $p->{cal}{alarm}
                && $n % 2;
            $r{text}{LOCATION} = 'Café, esquina; 2'
                if exists $p->{cal}{hold}{LOCATION};
            $r{text}{DESCRIPTION} = "uma\nduas; linhas, = fim"
                if exists $p->{cal}{hold}{DESCRIPTION};
            my $octets = Fidelity::VCal::write_vcal($p, \%r);
            $octets =~ s/(?=^END:VEVENT)/RRULE:$rule\r\n/m if $rule;
            push @out, Fidelity::Profiles::give($p, $ds,
                Fidelity::Profiles::take($p, $ds, $octets));
        }
    }
    return @out;
}

sub own_ical {
    my ($ds) = @_;
    my $name = { tasks => 'VTODO', journal => 'VJOURNAL' }->{$ds} // 'VEVENT';
    my @out;
    for my $n (1 .. 3) {
        my $when = $name eq 'VTODO' ? 'DUE:20270105T090000Z'
            : $name eq 'VJOURNAL' ? 'DTSTART;VALUE=DATE:20270105'
            : "DTSTART:20270105T090000Z\r\nDTEND:20270105T100000Z\r\n"
                . "RRULE:FREQ=WEEKLY;COUNT=$n";
        push @out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:$name\r\n"
            . "UID:own-$ds-$n\r\nSUMMARY:Own $ds $n\r\n$when\r\n"
            . "DESCRIPTION:a\\, b\\; c\\nd\r\nEND:$name\r\nEND:VCALENDAR\r\n";
    }
    return @out;
}

sub own_sif {
    my ($p, $ds) = @_;
    my %root = (contacts => 'contact', calendar => 'appointment',
                tasks => 'task', notes => 'note');
    my @sets = (
        contacts => { LastName => 'Própria', FirstName => 'Ána',
            FileAs => 'Própria, Ána', MobileTelephoneNumber => '+351910000001',
            HomeTelephoneNumber => '+351210000001', Body => "a\r\nb; c, d",
            BusinessFaxNumber => '+351220000001',
            Email1Address => 'own@example.com', JobTitle => 'Chefe',
            CompanyName => 'Firma, Lda', Department => 'R;D',
            HomeAddressStreet => 'Rua 5', HomeAddressCity => 'Évora',
            Birthday => '1980-01-02', Categories => 'A, B' },
        calendar => { Subject => 'Próprio', Start => '20270104T143000Z',
            End => '20270104T153000Z', Body => "x\r\ny", ReminderSet => 1,
            ReminderMinutesBeforeStart => 15, Location => 'Café' },
        calendar => { Subject => 'Dia inteiro', AllDayEvent => 1,
            Start => '2027-01-04', End => '2027-01-05' },
        calendar => { Subject => 'Semanal', Start => '20270104T143000Z',
            End => '20270104T153000Z', IsRecurring => 1, RecurrenceType => 1,
            Interval => 2, DayOfWeekMask => 10, NoEndDate => 0,
            Occurrences => 6, PatternStartDate => '20270104T143000Z' },
        calendar => { Subject => 'Mensal', Start => '20270104T143000Z',
            End => '20270104T153000Z', IsRecurring => 1, RecurrenceType => 3,
            Interval => 1, DayOfWeekMask => 2, Instance => 1, NoEndDate => 1,
            PatternStartDate => '20270104T143000Z' },
        calendar => { Subject => 'Anual', AllDayEvent => 1,
            Start => '2027-01-04', End => '2027-01-04', IsRecurring => 1,
            RecurrenceType => 5, Interval => 1, DayOfMonth => 4,
            MonthOfYear => 1, NoEndDate => 1,
            PatternStartDate => '20270104T000000' },
        tasks => { Subject => 'Tarefa', Body => 'z', DueDate => '2027-01-05',
            Importance => 2, Status => 0 },
        notes => { Subject => 'Nota', Body => "Nota\r\nlinha" });
    my @out;
    while (my ($of, $f) = splice @sets, 0, 2) {
        push @out, Fidelity::Profiles::give($p, $ds, { root => $root{$ds},
            fields => $f, exclude => [], include => [] }) if $of eq $ds;
    }
    return @out;
}

1;
