# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Matrix::Scenario;

# What is synced in the matrix: who has which items before, and what should be
# there at the end.
#
#   my $s = scenario('twoway');
#   base      { side => { store => { name => tag } } } before the first sync
#   edits     the same, after it; tag '' is a deletion
#   mode      of the sync that is disturbed
#   fresh     1: there was no sync before, so the next one may be slow too
#   client    options of Test::SyncEvo
#   size      octets of a large property; large: names of those items
#   touched() the last word of each side about each item
#
# Sides are client, server, and partner: another device.

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(scenario scenario_names modes_configs @MODES @EDITS);

our @MODES = qw(two-way slow refresh-from-remote refresh-from-local
    one-way-from-remote one-way-from-local);
our @EDITS = qw(none client server both);

my @ALL = qw(addressbook calendar todo memo);

sub _stores {
    my ($stores, %items) = @_;
    return { map { $_ => {%items} } @$stores };
}

# Names that differ in their beginnings too.
my @WORDS = qw(Anna Bert Cora Dora Emil Frida Gerd Hanna Ida Jens Karl Lena
    Mona Nils Olga Paul Quint Rosa Sven Tina Udo Vera Wim Xenia Yves Zora);
sub _names {
    my ($from, $to) = @_;
    return map { $WORDS[ $_ % @WORDS ] . $_ } $from .. $to;
}
sub _tagged { my ($tag, @names) = @_; return map { $_ => $tag } @names }

# Three of its own on each side, two that both have.
sub _first {
    my ($stores, %o) = @_;
    return { stores => $stores, mode => 'slow', fresh => 1, edits => {},
        base => {
            client => _stores($stores, _tagged(1, _names(1, 3), _names(7, 8))),
            server => _stores($stores, _tagged(1, _names(4, 8)))
        }, %o };
}

# Each side adds, changes and deletes.
sub _changes {
    my ($stores, $mode, %o) = @_;
    my @n = _names(0, 20);
    return { stores => $stores, mode => $mode,
        base => { client => _stores($stores, _tagged(1, @n[1 .. 6])),
                  server => {} },
        edits => {
            client => _stores($stores, $n[11] => 1, $n[1] => 2, $n[2] => ''),
            server => _stores($stores, $n[12] => 1, $n[3] => 2, $n[4] => '')
        }, %o };
}

my %SCENARIO = (
    first => sub { _first(\@ALL) },
    'first-old' => sub { _first([qw(addressbook memo)], client =>
        { version => '1.0', format => 'xml', auth => 'basic' }) },
    twoway => sub { _changes(\@ALL, 'two-way') },
    'twoway-old' => sub { _changes([qw(addressbook memo)], 'two-way',
        client => { version => '1.1', format => 'xml', auth => 'basic' }) },
    'refresh-remote' => sub { _changes([qw(addressbook calendar)],
                                       'refresh-from-remote') },
    'refresh-local' => sub { _changes([qw(addressbook calendar)],
                                      'refresh-from-local') },
    'large-first' => sub { _first(['addressbook'], size => 9000,
        client => { max_msg => 10000, max_obj => 4000000 }) },
    large => sub { _changes(['addressbook'], 'two-way', size => 14000,
        client => { max_msg => 10000, max_obj => 4000000 }) },
    'many-first' => sub {
        my @stores = qw(addressbook calendar);
        return { stores => \@stores, mode => 'slow', fresh => 1, edits => {},
            client => { max_msg => 8000 }, base => {
                client => _stores(\@stores, _tagged(1, _names(1, 25),
                                                    _names(51, 55))),
                server => _stores(\@stores, _tagged(1, _names(26, 55))) } };
    },
    many => sub {
        my $stores = ['calendar', 'memo'];
        return { stores => $stores, mode => 'two-way',
            client => { max_msg => 8000 },
            base => { client => _stores($stores, _tagged(1, _names(1, 30))),
                      server => {} },
            edits => {
                client => _stores($stores, _tagged(1, _names(51, 70)),
                    _tagged(2, _names(1, 5)), _tagged('', _names(6, 10))),
                server => _stores($stores, _tagged(1, _names(71, 90)),
                    _tagged(2, _names(11, 15)), _tagged('', _names(16, 20)))
            } };
    },
    pair => sub {
        my $s = _changes([qw(addressbook calendar)], 'two-way');
        $s->{edits}{partner} = _stores($s->{stores}, Partner13 => 1,
                                       Emil4 => '', Frida5 => 2, Gerd6 => '');
        delete $s->{edits}{server}{$_}{Emil4} for @{ $s->{stores} };
        return $s;
    },
);

sub scenario_names { return sort keys %SCENARIO }

# ---- the combinations of settings -------------------------------------------

my @SIZES = (0, 20000, 5000);

# "1.2-wbxml-md5-20000", and so on; 0 is the client's default size.
sub modes_configs {
    my @all;
    for my $v (qw(1.0 1.1 1.2)) {
        for my $f (qw(wbxml xml)) {
            for my $a (qw(basic md5)) {
                push @all, map {"$v-$f-$a-$_"} @SIZES;
            }
        }
    }
    return @all;
}

# A scenario by its name: of the table above, or "CONFIG:EDITS:MODE".
sub scenario {
    my ($name) = @_;
    my $s;
    if ($name =~ /:/) {
        my ($config, $edits, $mode) = split /:/, $name;
        $s = _config($config, $edits, $mode);
    } else {
        my $make = $SCENARIO{$name} or die "no such scenario: $name\n";
        $s = $make->();
    }
    return bless { name => $name, edits => {}, client => {}, %$s }, __PACKAGE__;
}

sub _config {
    my ($config, $edits, $mode) = @_;
    my ($version, $format, $auth, $max) = split /-/, $config;
    my $s = _changes(\@ALL, $mode, client => { version => $version,
        format => $format, auth => $auth, $max ? (max_msg => $max) : () });
    my %keep = map { $_ => 1 } $edits eq 'both' ? qw(client server) : $edits;
    delete $s->{edits}{$_} for grep { !$keep{$_} } keys %{ $s->{edits} };
    $s->{snapshot} = "$config:$edits";
    return $s;
}

# ---- what should be there ---------------------------------------------------

# The name under which its beginning is kept.
sub snapshot { my ($s) = @_; return $s->{snapshot} || $s->{name} }

sub _touched {
    my ($s, $side, $store) = @_;
    return ($s->{edits}{$side} || {})->{$store} || {};
}

sub _base {
    my ($s, $store) = @_;
    return { map { %{ $s->{base}{$_}{$store} || {} } } qw(server client) };
}

# { name => [tags allowed] } of a store at the end.  whole: the sync reached its
# end, else it may have stopped anywhere and a normal one followed.  side: after
# a one-way sync the two are not equal: of which of them.  slow: a slow sync was
# among them, because the client wanted it.
sub model {
    my ($s, $store, $whole, $side, $slow) = @_;
    $slow ||= $s->{mode} eq 'slow';
    my $base = $s->_base($store);
    my %model = map { $_ => [ $base->{$_} ] } keys %$base;
    for my $by (qw(client server partner)) {
        my $edits = $s->_touched($by, $store);
        for my $name (keys %$edits) {
            my ($new, $old) = ($edits->{$name}, $base->{$name} // '');
            $model{$name} = _passed_over($s->{mode}, $by, $side)
                ? $whole ? [$old] : [ $new, $old ]
                # A slow sync knows nothing of deletions, and not which of two
                # texts is the older one.
                : $slow && $old ne '' ? [ $new, $old ] : [$new];
        }
    }
    return \%model;
}

# Does the mode undo the edits of that side, or not carry them to the other?
sub _passed_over {
    my ($mode, $by, $side) = @_;
    my $by_client = $by eq 'client';
    return 0 if $mode !~ /-from-(remote|local)$/
        || ($1 eq 'remote') != $by_client;
    return 1 if $mode =~ /^refresh/ || !$side;
    return ($side eq 'client') != $by_client;
}

1;
