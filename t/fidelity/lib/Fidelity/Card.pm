# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Card;

# The address book of a phone that speaks vCard.  What its model has no place
# for is gone when it reads; it writes in its own order and its own way.
#
# A profile's {card}:
#   version   2.1, 3.0 or 4.0
#   hold      name => { n => how many of it, size => characters of the value
#             (or of each component), comps => so many components, types =>
#             [those that it knows], need => a type without which it is lost,
#             strip => 1: only digits and +*# of numbers stay, bin => octets
#             of a picture, date => 1 }; absent: it holds everything
#   order     names, in which it writes; the rest behind
#   rebuild_fn  FN is what it makes of N
#   lenient   2.1: knows a backslash before a comma, too
#   groups    keeps groups
#   params    keeps parameters besides TYPE
#   lists     knows lists in components of N and ADR
#   empty     keeps empty properties
#   voice     writes TEL without a kind as VOICE
#   qp        writes non-ASCII as quoted-printable
#   blank     ends base64 with an empty line
#   bare_base64  its lines do not begin with a blank
use strict;
use warnings;
use Encode ();
use Exporter qw(import);
use Fidelity::Text qw(parse escape unescape split_on fold qp_line);
use MIME::Base64 ();

our @EXPORT_OK = qw(read_card write_card);

# How many components, each a list in later versions.
our %structured = (N => 5, ADR => 7, ORG => 0, GENDER => 2,
    CLIENTPIDMAP => 2);
# Not text, so never escaped.
my %plain = map { $_ => 1 } qw(URL GEO TZ BDAY REV KEY SOUND IMPP);
my %is_list = map { $_ => 1 } qw(CATEGORIES NICKNAME);

# What the display can show: characters outside its charset are gone.
sub shown {
    my ($p, $text) = @_;
    $text =~ s/[\x{10000}-\x{10FFFF}]/?/g if $p->{bmp};
    if (($p->{charset} // 'UTF-8') ne 'UTF-8') {
        $text = Encode::decode($p->{charset},
                               Encode::encode($p->{charset}, $text));
    }
    return $text;
}

sub value_of {
    my ($p, $card, $h, $f) = @_;
    my $old = $card->{version} ne '2.1' ? 0 : $card->{lenient} ? 2 : 1;
    my $name = $f->{name};
    return if ($h->{need} || '') && !grep { uc eq $h->{need} }
        @{ $f->{params}{TYPE} || [] };
    if (defined $f->{bin}) {
        return if $h->{bin} && length $f->{bin} > $h->{bin};
        return { bin => $f->{bin} };
    }
    my @comps;
    if ($plain{$name}) {
        @comps = (shown($p, $f->{text}));
    }
    elsif (exists $structured{$name}) {
        # Where lists in components are known, a comma between words stays one.
        @comps = map { shown($p, join $card->{lists} ? "\x1f" : ',', map {
            unescape($_, $old) } $old ? $_ : split_on(',', $_)) }
            split_on(';', $f->{text});
        splice @comps, $h->{comps} if $h->{comps} && @comps > $h->{comps};
    }
    elsif ($is_list{$name} && $card->{version} ne '2.1') {
        return { list => [ map { shown($p, unescape($_)) }
                           split_on(',', $f->{text}) ] };
    }
    else {
        @comps = (shown($p, unescape($f->{text}, $old)));
    }
    if ($h->{strip}) { s/[^0-9+*#pw]//gi for @comps }
    if ($h->{size}) { $_ = substr $_, 0, $h->{size} for @comps }
    return unless $card->{empty} || grep {length} @comps;
    return { comps => \@comps };
}

# @return the record: a list of { name, types, comps | list | bin, group,
# params }
sub read_card {
    my ($p, $octets) = @_;
    my $card = $p->{card};
    my ($c) = grep { $_->{name} eq 'VCARD' } parse($octets,
        charset => $p->{charset} // 'UTF-8');
    return unless $c;
    my (@record, %n);
    for my $f (@{ $c->{props} }) {
        my $name = $f->{name};
        next if $name eq 'VERSION'
            || (!$card->{empty} && $name =~ m{^(?:PRODID|REV)$});
        my $h = $card->{hold} ? $card->{hold}{$name} : {};
        next unless $h;
        next if $card->{rebuild_fn} && $name eq 'FN';
        next if $h->{n} && ($n{$name} // 0) >= $h->{n};
        my $v = value_of($p, $card, $h, $f) or next;
        $n{$name}++;
        my @types = @{ $f->{params}{TYPE} || [] };
        push @types, 'PREF' if $f->{params}{PREF}
            && $card->{version} ne '4.0';
        if ($h->{types}) {
            my %know = map { $_ => 1 } @{ $h->{types} };
            @types = grep { $know{ uc $_ } } @types;
        }
        my %params = $card->{hold} && !$card->{params} ? ()
            : %{ $f->{params} };
        delete $params{TYPE};
        delete $params{VALUE} if $v->{bin};
        push @record, { %$v, name => $name, types => \@types,
            params => \%params, group => $card->{groups} ? $f->{group} : '' };
    }
    return \@record;
}

# ---- writing ----------------------------------------------------------------

sub composed_name {
    my ($record) = @_;
    for my $f (@$record) {
        next unless $f->{name} eq 'N';
        my @n = map { $_ // '' } @{ $f->{comps} }[0 .. 4];
        return join ' ', grep {length} @n[3, 1, 2, 0, 4];
    }
    for my $name (qw(ORG EMAIL TEL)) {
        for my $f (@$record) { return $f->{comps}[0] if $f->{name} eq $name }
    }
    return '?';
}

sub head_of {
    my ($card, $f, $encoding) = @_;
    my $head = ($f->{group} ne '' ? "$f->{group}." : '') . $f->{name};
    my @types = map { Encode::encode('UTF-8', $_) } @{ $f->{types} };
    push @types, 'VOICE' if $f->{name} eq 'TEL' && $card->{voice}
        && !grep {/^(?:VOICE|FAX|PAGER|CELL)$/i} @types;
    if ($card->{version} eq '2.1') {
        $head .= join '', map { ';' . uc } @types;
    }
    else {
        my @pref = grep { $card->{version} eq '4.0' && uc eq 'PREF' } @types;
        @types = map { $card->{version} eq '4.0' ? lc : uc }
            grep { !@pref || uc ne 'PREF' } @types;
        $head .= ';TYPE=' . join ',', @types if @types;
        $head .= ';PREF=1' if @pref && !$f->{params}{PREF};
    }
    for my $name (sort keys %{ $f->{params} }) {
        $head .= ";$name=" . join ',', map {
            my $v = Encode::encode('UTF-8', $_);
            $v =~ /[:;,]/ ? "\"$v\"" : $v } @{ $f->{params}{$name} };
    }
    return $head . ($encoding ? ";$encoding" : '');
}

sub write_bin {
    my ($card, $f) = @_;
    my $b64 = MIME::Base64::encode_base64($f->{bin}, '');
    if ($card->{version} eq '4.0') {
        return fold(head_of($card, { %$f, types => [] })
            . ":data:image/jpeg;base64,$b64", 75);
    }
    if ($card->{version} eq '3.0') {
        return fold(head_of($card, $f, 'ENCODING=b') . ":$b64", 75);
    }
    my $blank = $card->{bare_base64} ? '' : ' ';
    $b64 = join "\r\n", map {"$blank$_"} $b64 =~ /(.{1,72})/g;
    return head_of($card, $f, 'ENCODING=BASE64') . ":\r\n$b64"
        . "\r\n" . ($card->{blank} ? "\r\n" : '');
}

sub write_text {
    my ($p, $card, $f) = @_;
    my $old = $card->{version} eq '2.1';
    my $value;
    if ($f->{list}) {
        $value = join ',', map { escape($_) } @{ $f->{list} };
    }
    elsif (exists $structured{ $f->{name} }) {
        $value = join ';', map { join ',', map { escape($_, $old) }
            split /\x1f/, $_ // '', -1 } @{ $f->{comps} };
        if ($structured{ $f->{name} }) {
            my $lack = $structured{ $f->{name} } - @{ $f->{comps} };
            $value .= ';' x $lack if $lack > 0;
        }
    }
    else {
        $value = $old || $plain{ $f->{name} } ? $f->{comps}[0]
                                              : escape($f->{comps}[0]);
    }
    my $charset = $p->{charset} // 'UTF-8';
    my $octets = Encode::encode($charset, $value);
    if ($old && $octets =~ /[\x80-\xff\r\n=]/ && $card->{qp}) {
        $octets =~ s/\r?\n/\r\n/g;
        return qp_line(head_of($card, $f, "ENCODING=QUOTED-PRINTABLE;CHARSET="
            . $charset) . ':', $octets);
    }
    $octets =~ s/\r?\n/ /g if $old;
    my $line = head_of($card, $f, $old && $octets =~ /[\x80-\xff]/
        ? "CHARSET=$charset" : '') . ":$octets";
    return $old ? "$line\r\n" : fold($line, $card->{fold} // 75);
}

sub write_card {
    my ($p, $record) = @_;
    my $card = $p->{card};
    my @record = @$record;
    if ($card->{rebuild_fn} && $card->{rebuild_fn} ne 'none') {
        push @record, { name => 'FN', types => [], params => {},
                        comps => [ composed_name($record) ], group => '' };
    }
    my %rank;
    my $i = 0;
    $rank{$_} = ++$i for @{ $card->{order} || [] };
    my @order = sort {
        ($rank{ $record[$a]{name} } // 99) <=> ($rank{ $record[$b]{name} } // 99)
            || $a <=> $b } 0 .. $#record;
    my $out = "BEGIN:VCARD\r\nVERSION:$card->{version}\r\n";
    for my $f (@record[@order]) {
        $out .= defined $f->{bin} ? write_bin($card, $f)
                                  : write_text($p, $card, $f);
    }
    $out .= "REV:20261201T120000Z\r\n" if $card->{rev};
    return $out . "END:VCARD\r\n";
}

1;
