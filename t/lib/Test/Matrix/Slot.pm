# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Matrix::Slot;

# A place where cases of the matrix run, one after the other: a directory, an
# httpd with its store, a proxy's port, a real client and perhaps a second one.
#
#   my $slot = Test::Matrix::Slot->new;
#   $slot->prepare(scenario('twoway'));    # everything as before the sync
#   my $proxy = $slot->proxy(2 => 'drop-reply');
#   my $r = $slot->{device}->sync(...);
#   $slot->texts('contacts');              # the server's items
#   my @noise = $slot->noise;              # unexpected log lines since prepare
#
# What comes before the disturbed sync is done once per scenario and kept as a
# copy of the files: the next case begins with these.

use strict;
use warnings;
use Exporter 'import';
use File::Path qw(make_path remove_tree);
use Test::Matrix::Items qw(item canonical);
use Test::Places ();
use Test::Proxy;
use Test::Samples qw(%DATASTORE server_put server_edit server_delete);
use Test::SyncEvo;

sub new {
    my ($class) = @_;
    my $listen = Test::Proxy::listener();
    my $h = Test::Matrix::Httpd->syncml(push => 0, start => 0,
                                        accounts => {});
    my $self = bless { h => $h, listen => $listen, owner => $$,
        url => 'http://127.0.0.1:' . $listen->sockport . '/syncml',
        dir => Test::Places::scratch(), ready => {} }, $class;
    return $self;
}

# ---- before the sync --------------------------------------------------------

sub prepare {
    my ($self, $s) = @_;
    my $kept = $self->_kept($s);
    $self->{proxy} = undef;
    $self->{h}->stop;
    $self->{h}->forget;
    if (!$self->{ready}{ $s->snapshot }) {
        remove_tree($kept);
        delete $self->{devices}{ $s->snapshot };
        $self->_make($s);
        $self->{h}->stop;
        my @noise = $self->{h}->noise;
        die "before the sync: @noise\n" if @noise;
        make_path($kept);
        $self->_copy($_, $kept) for $self->_parts($s);
        $self->{ready}{ $s->snapshot } = 1;
    } else {
        for my $part ($self->_parts($s)) {
            remove_tree($part);
            $self->_copy("$kept/" . $part =~ s{.*/}{}r,
                         $part =~ s{/[^/]*$}{}r);
        }
    }
    @$self{qw(device partner)} = @{ $self->{devices}{ $s->snapshot } };
    $self->{h}->start;
    return;
}

# A scenario that comes no more.
sub forget {
    my ($self, $s) = @_;
    delete $self->{ready}{ $s->snapshot };
    remove_tree($self->_kept($s));
    return;
}

sub _kept {
    my ($self, $s) = @_;
    return "$self->{dir}/" . $s->snapshot =~ tr/:/_/r;
}

sub _parts {
    my ($self, $s) = @_;
    return ("$self->{dir}/client", "$self->{h}{dir}/state",
            $s->{edits}{partner} ? "$self->{dir}/partner" : ());
}

sub _copy {
    my ($self, $from, $to) = @_;
    system('cp', '-a', $from, $to) == 0 or die "cp $from $to\n";
    return;
}

sub _make {
    my ($self, $s) = @_;
    my $h = $self->{h};
    remove_tree($_) for $self->_parts($s);
    mkdir "$h->{dir}/state", 0700;
    $h->own("$h->{dir}/state");
    $h->account(alice => 'secret');
    $h->start;
    my @who = ('client', $s->{edits}{partner} ? 'partner' : ());
    my %device = map { $_ => Test::SyncEvo->new(url => $self->{url},
        dir => "$self->{dir}/$_", id => "matrix-$_", name => "srv$_",
        stores => $s->{stores}, dumps => 0, timeout => 60,
        %{ $s->{client} }) } @who;
    $device{partner}->configure(url => $h->url('/syncml'))
        if $device{partner};
    $self->{devices}{ $s->snapshot } = [ @device{qw(client partner)} ];
    for my $store (@{ $s->{stores} }) {
        my %items = %{ $s->{base}{client}{$store} || {} };
        $device{client}->put($store, item($store, $_, $items{$_}, $s->{size}),
                             $_) for sort keys %items;
    }
    $self->_server_edits($s, $s->{base}{server});
    if (!$s->{fresh}) {
        my $proxy = $self->proxy;
        for (@who) {
            my $r = $device{$_}->sync('slow');
            die "before the sync, $_: " . $r->why . "\n" if !$r->ok;
        }
    }
    $self->_server_edits($s, $s->{edits}{server});
    $self->_device_edits($s, $device{$_}, $s->{edits}{$_}) for @who;
    remove_tree(glob "$self->{dir}/*/logs/*");
    return;
}

sub _device_edits {
    my ($self, $s, $device, $edits) = @_;
    for my $store (sort keys %{ $edits || {} }) {
        my $there = $device->items($store);
        my %file = map { (canonical($store, $there->{$_}))[0] => $_ }
            keys %$there;
        for my $name (sort keys %{ $edits->{$store} }) {
            my $tag = $edits->{$store}{$name};
            if ($tag eq '') {
                $device->delete($store, $file{$name});
            } else {
                $device->put($store, item($store, $name, $tag, $s->{size}),
                             $file{$name} // $name);
            }
        }
    }
    return;
}

sub _server_edits {
    my ($self, $s, $edits) = @_;
    for my $store (sort keys %{ $edits || {} }) {
        my @at = ($self->{h}, 'alice', $DATASTORE{$store});
        my $there = $self->server_items($store);
        my %id = map { (canonical($store, $there->{$_}))[0] => $_ }
            keys %$there;
        for my $name (sort keys %{ $edits->{$store} }) {
            my $tag = $edits->{$store}{$name};
            my $text = item($store, $name, $tag, $s->{size});
            if ($tag eq '') {
                server_delete(@at, $id{$name});
            } elsif ($id{$name}) {
                server_edit(@at, $id{$name}, $text);
            } else {
                server_put(@at, $text);
            }
        }
    }
    return;
}

# ---- during and after -------------------------------------------------------

# A proxy with these rules in front of the httpd, in the place of the last one.
sub proxy {
    my ($self, %rules) = @_;
    my $late = delete $rules{late} || 2;
    $self->{proxy} = undef;
    return $self->{proxy} = Test::Proxy->new(port => $self->{h}->port,
        listen => $self->{listen}, late => $late, rules => {%rules});
}

# { guid => text } of the client's store as the server has it: one process for
# all of them.
sub server_items {
    my ($self, $store) = @_;
    my $h = $self->{h};
    my $tool = Test::Places::bin_dir() . '/syncmlctl --store ' . $h->store
        . " --key-file $h->{dir}/state/syncml.key";
    my $where = "--account alice --datastore $DATASTORE{$store}";
    my ($rc, $out, $err) = $h->run(\'', 'sh', '-ec',
        "$tool item list --json $where >$self->{dir}/list;"
        . " grep -o '\"id\": *\"[^\"]*\"' $self->{dir}/list | cut -d'\"' -f4"
        . " | while read -r id; do echo \"item \$id\";"
        . " $tool item get $where \"\$id\"; echo; echo \"end \$id\"; done");
    die "the server's items: $out$err\n" if $rc;
    $h->own("$h->{dir}/state");
    return { $out =~ /^item (\S+)\n(.*?)\nend \1$/msg };
}

sub noise { my ($self) = @_; return $self->{h}->noise }

# What one wants to see of a failed case goes to that directory.
sub keep {
    my ($self, $dir) = @_;
    make_path($dir);
    $self->{h}->stop;
    system('cp', '-a', "$self->{dir}/client", "$self->{h}{dir}/state",
           "$self->{h}{dir}/logs/error_log",
           (-d "$self->{dir}/partner" ? "$self->{dir}/partner" : ()), $dir);
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $@, $!);
    $self->{proxy} = undef;
    $self->{h} = undef;
    remove_tree($self->{dir});
    return;
}

# ---- its httpd --------------------------------------------------------------

# An httpd whose troubles are results, not failures of a test file.
package Test::Matrix::Httpd;

use parent -norequire => 'Test::Httpd';
use Test::Httpd;
use Time::HiRes qw(sleep);

sub trouble {
    my ($self, @text) = @_;
    push @{ $self->{noise} }, join "\n", @text;
    return;
}

sub noise {
    my ($self) = @_;
    $self->check_log;
    return splice @{ $self->{noise} ||= [] };
}

# Begin a new case: nothing is expected, nothing was said.
sub forget {
    my ($self) = @_;
    Test::Places::spew("$self->{dir}/logs/error_log", '');
    @$self{qw(noise expected checked)} = ([], [], 0);
    return;
}

# kill -9 of all its processes, in one moment.
sub crash {
    my ($self) = @_;
    my @all = ($self->{child}, map { $_->{pid} } @{ $self->processes });
    kill STOP => @all;
    kill KILL => @all;
    sleep 0.01 while $self->alive;
    return;
}

1;
