# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Run;

# One device and one corpus: what is left of the store's texts when the
# device has had them and said something.
use strict;
use warnings;
use Fidelity::Compare qw(compare count_props);
use Fidelity::Edit ();
use Fidelity::Facts ();
use Fidelity::Profiles ();
use Fidelity::Screen ();
use MIME::Base64 ();

sub new {
    my ($class, %opt) = @_;
    my $p = Fidelity::Profiles::profile($opt{profile});
    my @stores = grep { $p->{types}{$_} && $opt{corpus}{$_} }
        qw(contacts calendar tasks notes journal);
    return bless { p => $p, world => $opt{world}, corpus => $opt{corpus},
        stores => \@stores, found => [], items => 0, props => 0,
        only => $opt{only}, phases => {}, screen => {}, zone => $p->{zone},
        shown => 0 }, $class;
}

sub is_sif { my ($self, $ds) = @_; return $self->{p}{types}{$ds}[0] =~ /sif/ }

sub guid { my ($id) = @_; return $id }

# ---- the store --------------------------------------------------------------

sub fill {
    my ($self) = @_;
    my $w = $self->{world};
    $w->call([ account => "acc-$self->{p}{name}-" . ++$self->{accounts} ]);
    for my $ds (@{ $self->{stores} }) {
        my %text;
        for my $t (@{ $self->{corpus}{$ds} }) {
            next if $self->{only} && $t !~ /$self->{only}/;
            my ($ok, $id) = $w->try_call([ put => $ds, 0 ], $t);
            if (!$ok) {
                $self->finding('fill', $ds, $t, { what => 'lost',
                    prop => 'ITEM', was => $id, is => '' });
                next;
            }
            $text{$id} = $t;
            $self->{items}++;
            $self->{props} += count_props($t);
        }
        $self->{text}{$ds} = \%text;
    }
}

sub now_in_store {
    my ($self, $ds) = @_;
    return { map { $_->[0] => $_->[2] } $self->{world}->records('list', $ds) };
}

sub title_of {
    my ($text) = @_;
    return $1 if $text =~ /^UID:(\S+)/m;
    return $1 if $text =~ /^(?:FN|SUMMARY)[^:]*:(.{1,30})/m;
    return substr $text =~ s/\r?\n.*//sr, 0, 30;
}

sub finding {
    my ($self, $phase, $ds, $text, @found) = @_;
    push @{ $self->{found} }, map { { %$_, phase => $phase, ds => $ds,
        profile => $self->{p}{name}, item => title_of($text) } } @found;
}

# What the store has against what it should have.
sub check {
    my ($self, $phase, $ds, $expected) = @_;
    my $now = $self->now_in_store($ds);
    for my $id (sort { $a <=> $b } keys %$expected) {
        my ($want, $edit) = ref $expected->{$id} ? @{ $expected->{$id} }
                                                 : $expected->{$id};
        if (!defined $now->{$id}) {
            $self->finding($phase, $ds, $want, { what => 'lost',
                prop => 'ITEM', was => 'the item', is => 'nothing' });
            next;
        }
        my @found = compare($want, $now->{$id});
        @found = $edit->{forgive}->($want, $now->{$id}, @found)
            if $edit && $edit->{forgive};
        $_->{edit} = $edit->{name} for grep {$edit} @found;
        $self->finding($phase, $ds, $want, @found);
        delete $now->{$id};
    }
    for my $id (sort keys %$now) {
        next if exists $expected->{$id};
        $self->finding($phase, $ds, $now->{$id}, { what => 'added',
            prop => 'ITEM', was => '', is => title_of($now->{$id}) });
    }
    $self->{text}{$ds} = $self->now_in_store($ds);
    $self->{phases}{$phase} = 1;
}

# ---- the device -------------------------------------------------------------

sub connect_phone {
    my ($self, $name, $p) = @_;
    my $w = $self->{world};
    $w->call([ phone => $name, "fid-$p->{name}-$self->{accounts}",
               @$p{qw(version max)} ], Fidelity::Profiles::devinf($p));
    $w->call([ store => $name, $_, $p->{types}{$_}[0] ]) for
        grep { $p->{types}{$_} } @{ $self->{stores} };
    $w->call([ setting => $name, 'zone' ], $p->{zone});
}

sub sync {
    my ($self, $phase, $name, $code) = @_;
    my ($ok, $why) = $self->{world}->try_call([ sync => $name, $code,
        @{ $self->{stores} } ]);
    $self->finding($phase, 'session', $why, { what => 'lost', prop => 'SYNC',
        was => $code, is => $why }) unless $ok;
    for my $r ($self->{world}->records('codes', $name)) {
        $self->finding($phase, 'session', "luid $r->[1]", { what => 'lost',
            prop => 'STATUS', was => "$r->[0] $r->[1]", is => $r->[2] })
            if $r->[0] ne 'Delete' && $r->[2] >= 300 && $r->[2] != 419;
    }
    return $ok;
}

# @return [ luid, id in the store or '-', octets ]
sub on_phone {
    my ($self, $name, $ds) = @_;
    my @items = $self->{world}->records('items', $name, $ds);
    for my $i (@items) {
        $i->[1] = from36($i->[1]) if $i->[1] ne '-';
        if ($self->is_sif($ds)) {
            my $plain = MIME::Base64::decode_base64($i->[2]);
            $i->[2] = $plain if $plain =~ /^\s*</;
        }
    }
    return @items;
}

sub from36 {
    my ($n) = (0);
    $n = $n * 36 + (/\d/ ? $_ : ord(lc) - 87) for split //, $_[0];
    return $n;
}

sub tell {
    my ($self, $name, $ds, $luid, $octets) = @_;
    $octets = MIME::Base64::encode_base64($octets, '') if $self->is_sif($ds);
    $self->{world}->call([ edit => $name, $ds, $luid ], $octets);
}

# ---- phases -----------------------------------------------------------------

sub first_sync {
    my ($self) = @_;
    $self->fill;
    $self->connect_phone('a', $self->{p});
    $self->sync('first', 'a', 201) or return 0;
    for my $ds (@{ $self->{stores} }) {
        my %expected = %{ $self->{text}{$ds} };
        my %left = %expected;
        for my $i ($self->on_phone('a', $ds)) {
            my $record = Fidelity::Profiles::take($self->{p}, $ds, $i->[2]);
            if (!$record) {
                $self->finding('first', $ds, $expected{ $i->[1] } // $i->[2], {
                    what => 'lost', prop => 'UNREADABLE', was => '',
                    is => substr $i->[2], 0, 200 });
                next;
            }
            my $was = delete $left{ $i->[1] } // next;
            Fidelity::Screen::look($self, $ds, $was,
                Fidelity::Profiles::give($self->{p}, $ds, $record));
        }
        # It is not there at all: on the screen only, the store has it.
        for my $t (values %left) {
            $self->{screen}{"$ds ITEM absent"}{ title_of($t) }
                = [ 'not sent', Fidelity::Screen::reason($self->{p}, $ds,
                    'ITEM', 'absent', $t) ];
        }
        $self->check('first', $ds, \%expected);
    }
    return 1;
}

# The device says everything again, as it has it.
sub say_all {
    my ($self, $phase, $code) = @_;
    for my $ds (@{ $self->{stores} }) {
        for my $i ($self->on_phone('a', $ds)) {
            my $record = Fidelity::Profiles::take($self->{p}, $ds, $i->[2])
                or next;
            $self->tell('a', $ds, $i->[0],
                        Fidelity::Profiles::give($self->{p}, $ds, $record));
        }
    }
    $self->sync($phase, 'a', $code);
    $self->check($phase, $_, { %{ $self->{text}{$_} } })
        for @{ $self->{stores} };
}

# One edit of one field of each item; with $both another one on the server.
sub edit_all {
    my ($self, $phase, $turn, $both) = @_;
    my %expected;
    for my $ds (@{ $self->{stores} }) {
        $expected{$ds} = { %{ $self->{text}{$ds} } };
        my $n = $turn;
        for my $i ($self->on_phone('a', $ds)) {
            my $was = $self->{text}{$ds}{ $i->[1] } // next;
            my $record = Fidelity::Profiles::take($self->{p}, $ds, $i->[2])
                or next;
            my $e = Fidelity::Edit::edit($self->{p}, $ds, $record, $was, $n++)
                or next;
            $self->{edits}{ $e->{name} }++;
            $self->{edits_done}++;
            $self->tell('a', $ds, $i->[0],
                        Fidelity::Profiles::give($self->{p}, $ds, $record));
            $expected{$ds}{ $i->[1] } = [ $e->{want}, $e ];
            next unless $both;
            my $s = Fidelity::Edit::server_edit($ds, $was, $e->{want}, $e)
                or next;
            $self->{world}->call([ put => $ds, $i->[1] ], $s->{text});
            $expected{$ds}{ $i->[1] } = [ $s->{want}, $e ];
        }
    }
    $self->sync($phase, 'a', 200);
    $self->check($phase, $_, $expected{$_}) for @{ $self->{stores} };
}

# What the device made itself, as a device that can hold all has it then.
sub own_items {
    my ($self) = @_;
    my %own;
    $self->{world}->call([ account => "own-$self->{p}{name}" ]);
    $self->{accounts}++;
    $self->connect_phone('b', $self->{p});
    for my $ds (@{ $self->{stores} }) {
        for my $octets (Fidelity::Edit::own_items($self->{p}, $ds)) {
            $own{$ds}{ Fidelity::Facts::title($self->{p}, $ds, $octets) }
                = $octets;
            $octets = MIME::Base64::encode_base64($octets, '')
                if $self->is_sif($ds);
            $self->{world}->call([ add => 'b', $ds ], $octets);
        }
    }
    $self->sync('own', 'b', 201);
    my $full = Fidelity::Profiles::profile('full');
    $self->connect_phone('f', { %$full, name => 'full2',
                                zone => $self->{p}{zone} });
    $self->sync('own', 'f', 201);
    for my $ds (@{ $self->{stores} }) {
        my %there;
        for my $r ($self->{world}->records('items', 'f', $ds)) {
            $there{ Fidelity::Facts::title($full, $ds, $r->[2]) } = $r->[2];
        }
        for my $title (sort keys %{ $own{$ds} }) {
            my @found = !defined $there{$title}
                ? { what => 'lost', prop => 'ITEM', was => $title, is => '' }
                : Fidelity::Facts::differ($self->{p}, $full, $ds,
                      $own{$ds}{$title}, $there{$title});
            $self->finding('own', $ds, $title, @found);
        }
    }
    $self->{phases}{own} = 1;
}

sub all {
    my ($self) = @_;
    $self->first_sync or return $self;
    $self->say_all('unedited', 200);
    $self->say_all('slow', 201);
    $self->edit_all("edit$_", $_ * 1, 0) for 0 .. 2;
    $self->edit_all('both', 3, 1);
    $self->own_items;
    return $self;
}

1;
