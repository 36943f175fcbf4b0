# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::SyncML::Phone;

# A phone with items in datastores, that runs whole sync sessions: a
# Test::SyncML client (all its options) with a memory.
#
#   my $p = Test::SyncML::Phone->new(url => $url, stores => {
#               contacts => { type => 'text/vcard', version => '3.0' } });
#   my $luid = $p->put(contacts => $text);
#   my $r = $p->sync(200, 'contacts');
#   $r->{ok} or diag $r->{why};
#   $p->items('contacts');              # { luid => text }
#
# A sync takes the phone's edits since the last good one to the server and the
# server's to the phone.  Where the server asks for a slow sync it sends all.
# Options of new() besides those of Test::SyncML:
#   stores      { server's path => { type, version, local => our path } }
#   per_message changes in one message; 50
#   chunk       items above so many octets travel in pieces; 0: never
#   slow_op     'Replace' or 'Add': how items travel in a slow sync
#   inline      1: items' texts as inline strings instead of opaque data
#   put_devinf  1 (each session), 'once' (the default), 0

use strict;
use warnings;
use parent 'Test::SyncML';
use Test::SyncML qw(:all);
use Test::SyncML::Codec qw(kid text);

my %TYPE = (
    contacts => [ 'text/vcard', '3.0' ],
    calendar => [ 'text/calendar', '2.0' ],
    tasks    => [ 'text/calendar', '2.0' ],
    notes    => [ 'text/plain', '1.0' ],
    journal  => [ 'text/calendar', '2.0' ],
);

sub new {
    my ($class, %o) = @_;
    my $stores = delete $o{stores} || { contacts => {} };
    my $self = Test::SyncML::new($class, per_message => 50, chunk => 0,
                                 slow_op => 'Replace', put_devinf => 'once',
                                 %o);
    for my $name (keys %$stores) {
        my $known = $TYPE{$name} || [ 'text/vcard', '3.0' ];
        $self->{stores}{$name} = {
            name => $name, local => "./$name", type => $known->[0],
            version => $known->[1], items => {}, log => {}, last => undef,
            guid => {}, %{ $stores->{$name} }
        };
    }
    return $self;
}

# ---- items ------------------------------------------------------------------

sub items { my ($self, $store) = @_; return $self->{stores}{$store}{items} }

sub put {
    my ($self, $store, $text, $luid) = @_;
    my $s = $self->{stores}{$store};
    $luid //= 'p' . ++$s->{count};
    $s->{log}{$luid} = exists $s->{items}{$luid} ? 'Replace' : 'Add';
    $s->{items}{$luid} = $text;
    return $luid;
}

sub delete {
    my ($self, $store, $luid) = @_;
    my $s = $self->{stores}{$store};
    delete $s->{items}{$luid};
    $s->{log}{$luid} = 'Delete';
    return;
}

# ---- a session --------------------------------------------------------------

# sync($code, @stores); an options hash may come first:
#   init_only => 1       end after the first package
#   stop_after => n      the line breaks after n messages; the phone has done
#                        what the last answer said and keeps its Maps for the
#                        next session
#   lose => n            the line breaks and the n-th answer does not arrive
#   between => sub       called with ($phone, n) before each message after the
#                        first
#   status => sub        ($change) => code for a change of the server
#   no_map => 1          forget the Map
# Result: { ok, why, answers, alerts => { store => code of the server },
# status => { store => { luid => code } }, got => { store => [ change ] },
# number => { store => NumberOfChanges } }.
sub sync {
    my ($self, @args) = @_;
    my $o = ref $args[0] eq 'HASH' ? shift @args : {};
    my ($code, @names) = @args;
    my $run = { o => $o, code => $code, answers => [], alerts => {},
                status => {}, got => {}, number => {}, sent => {},
                stores => [ map { $self->{stores}{$_} } @names ] };
    my $ok = eval { $self->_session($run); 1 };
    my $why = $ok ? '' : $@ =~ s/\n\z//r;
    $self->begin;
    $self->_commit($run) if $ok && !$o->{init_only};
    return { ok => $ok ? 1 : 0, why => $why,
             map { $_ => $run->{$_} } qw(answers alerts status got number) };
}

sub _session {
    my ($self, $run) = @_;
    my $a = $self->_init($run);
    return if $run->{o}{init_only};
    my @wanted = grep { $run->{alerts}{ $_->{name} } } @{ $run->{stores} };
    @wanted or die "no datastore to sync\n";
    $a = $self->_changes($run, $a, @wanted);
    $self->_receive($run, $a);
    return;
}

sub _step {
    my ($self, $run, @commands) = @_;
    my $n = @{ $run->{answers} };
    my $limit = $run->{o}{stop_after};
    die "stopped after $limit messages\n" if defined $limit && $n >= $limit;
    $run->{o}{between}->($self, $n) if $run->{o}{between} && $n;
    $self->_note_sent($run, \@commands) if $run->{open};
    my $a = $self->send(@commands);
    push @{ $run->{answers} }, $a;
    die "answer $n lost\n" if ++$n == ($run->{o}{lose} // 0);
    $self->_mapped($run);
    $a->code == 200 && $a->node or die 'HTTP ' . $a->code . "\n";
    my $hdr = $a->status('SyncHdr') // 'none';
    die "SyncHdr status $hdr\n"
        if $hdr !~ /^2/ && !($hdr =~ /^40[17]$/ && !$run->{open});
    $self->_note_statuses($run, $a);
    return $a;
}

sub _init {
    my ($self, $run) = @_;
    my $a;
    for (1 .. 3) {
        my @first;
        push @first, $self->put_devinf(stores => $self->_stores),
            $self->get_devinf
            if $self->{put_devinf} && !$self->{devinf_known};
        for my $s (@{ $run->{stores} }) {
            $s->{next} = ++$s->{anchor} . 'x';
            push @first, alert($run->{code}, $s->{name}, $s->{local},
                               $s->{last}, $s->{next});
        }
        $a = $self->_step($run, @first);
        last if $a->status('SyncHdr') =~ /^2/;
    }
    my $hdr = $a->status('SyncHdr');
    die "SyncHdr status $hdr\n" unless $hdr =~ /^2/;
    $self->{devinf_known} = 1 if $self->{put_devinf} eq 'once';
    $run->{open} = 1;
    # The server's package may take several messages.
    $self->_note_alerts($run, $a);
    until ($a->final) {
        $a = $self->_step($run, { final => 0 },
                          $self->_statuses_for($run, $a), $self->_next);
        $self->_note_alerts($run, $a);
    }
    return $a;
}

sub _note_alerts {
    my ($self, $run, $a) = @_;
    my %by_local = map { $_->{local} => $_ } @{ $run->{stores} };
    for my $alert ($a->alerts) {
        next if $alert->{code} == 222;
        my $s = $by_local{ $alert->{target} // '' }
            or die 'Alert for ' . ($alert->{target} // 'nothing') . "\n";
        $run->{alerts}{ $s->{name} } = $alert->{code};
    }
    return;
}

# "Go on with your package."
sub _next {
    my ($self) = @_;
    return cmd('Alert', [ 'Data', 222 ],
               item(target => $self->{target}, source => $self->{id}));
}

# An answer has come, so the Maps that we sent have arrived.
sub _mapped {
    my ($self, $run) = @_;
    $_->{maps} = [] for @{ delete $run->{maps_sent} || [] };
    return;
}

# The Map of a datastore, if it owes one.
sub _map {
    my ($self, $run, $s) = @_;
    return () if !@{ $s->{maps} || [] } || $run->{o}{no_map};
    push @{ $run->{maps_sent} }, $s;
    return map_cmd($s->{name}, $s->{local}, @{ $s->{maps} });
}

# What our commands will be answered for: "msg.index" is not known before
# they are numbered, so remember the nodes.
sub _note_sent {
    my ($self, $run, $commands) = @_;
    push @{ $run->{sent_nodes}{ $self->{msg} } },
        map { $_, $_->[0] eq 'Sync' ? grep { kid($_, 'CmdID') }
              grep { ref eq 'ARRAY' } @$_[1 .. $#$_] : () }
        grep { ref eq 'ARRAY' } @$commands;
    return;
}

sub _note_statuses {
    my ($self, $run, $a) = @_;
    for my $s ($a->statuses) {
        my $nodes = $run->{sent_nodes}{ $s->{msg} // '' } or next;
        my ($node) = grep { text($_, 'CmdID') eq $s->{ref} } @$nodes;
        die "Sync status $s->{data}\n"
            if $node && $node->[0] eq 'Sync' && $s->{data} !~ /^2/;
        next unless $node && $run->{change_of}{$node};
        my ($name, $luid) = @{ $run->{change_of}{$node} };
        $run->{status}{$name}{$luid} = $s->{data};
    }
    return;
}

# ---- the client's package ---------------------------------------------------

# Statuses for what the server said, as nodes.
sub _statuses_for {
    my ($self, $run, $a) = @_;
    my @out = status_cmd($a->msg, undef, 200);
    for my $cmd ($a->commands) {
        if ($cmd->[0] eq 'Alert' && text($cmd, 'Data') ne '222') {
            my $next = text($cmd, qw(Item Meta Anchor Next));
            push @out, status_cmd($a->msg, $cmd, 200,
                item(data => [ 'Anchor', [ 'Next', $next ] ]));
        } elsif ($cmd->[0] =~ /^(?:Alert|Get|Put|Results)$/) {
            push @out, status_cmd($a->msg, $cmd, 200);
            push @out, $self->_results($a, $cmd) if $cmd->[0] eq 'Get';
        }
    }
    return @out;
}

# Our DevInf, asked for.
sub _results {
    my ($self, $a, $get) = @_;
    return cmd('Results', [ 'MsgRef', $a->msg ],
        [ 'CmdRef', text($get, 'CmdID') ], meta(Type => $self->devinf_type),
        item(source => $self->devinf_uri,
             data => { devinf => $self->devinf(stores => $self->_stores) }));
}

sub _stores {
    my ($self) = @_;
    return [ map { [ $_->{local}, $_->{type}, $_->{version} ] }
             map { $self->{stores}{$_} } sort keys %{ $self->{stores} } ];
}

sub _pending {
    my ($self, $run, $s) = @_;
    my $code = $run->{alerts}{ $s->{name} };
    return () if $code == 204 || $code == 205;
    if ($code == 201 || $code == 203) {
        return map { [ $self->{slow_op}, $_ ] } sort keys %{ $s->{items} };
    }
    return map { [ $s->{log}{$_}, $_ ] } sort keys %{ $s->{log} };
}

sub _changes {
    my ($self, $run, $a, @stores) = @_;
    my @head = ($self->_statuses_for($run, $a),
                map { $self->_map($run, $_) } @stores);
    my @batches;                # [ store, first?, [ change nodes ] ]
    for my $s (@stores) {
        my @all = $self->_pending($run, $s);
        my $total = @all;
        my $batch = [ $s, $total, [] ];
        push @batches, $batch;
        for my $change (@all) {
            for my $node ($self->_change_nodes($run, $s, @$change)) {
                if (@{ $batch->[2] } >= $self->{per_message}
                    || $batch->[3]) {
                    push @batches, $batch = [ $s, undef, [] ];
                }
                push @{ $batch->[2] }, $node;
                $batch->[3] = 1 if kid(kid($node, 'Item'), 'MoreData');
            }
        }
    }
    # Small batches share a message.
    while (@batches) {
        my ($n, $break, @syncs) = (0, 0);
        while (@batches && !$break) {
            my ($s, $total, $nodes, $more) = @{ $batches[0] };
            last if $n && $n + @$nodes > $self->{per_message};
            shift @batches;
            push @syncs, sync_cmd($s->{name}, $s->{local},
                defined $total && $self->{version} ne '1.0' ? $total : (),
                @$nodes);
            $n += @$nodes;
            $break = $more;
        }
        $a = $self->_step($run, { final => !@batches }, @head, @syncs);
        # Until our package is complete the server only acknowledges.
        @head = @batches ? (status_cmd($a->msg, undef, 200),
            map { status_cmd($a->msg, $_, 200) }
            map { $_->{node} } $a->alerts(222)) : ();
    }
    return $a;
}

sub _change_nodes {
    my ($self, $run, $s, $op, $luid) = @_;
    my @nodes;
    my $text = $s->{items}{$luid};
    my $chunk = $self->{chunk};
    if ($op eq 'Delete') {
        @nodes = delete_cmd($luid);
    } elsif ($chunk && length $text > $chunk) {
        my @pieces = unpack "(a$chunk)*", $text;
        for my $i (0 .. $#pieces) {
            push @nodes, add($luid, $s->{type}, $pieces[$i], name => $op,
                inline => $self->{inline}, more => $i < $#pieces,
                size => $i ? undef : length $text);
        }
    } else {
        @nodes = add($luid, $s->{type}, $text, name => $op,
                     inline => $self->{inline});
    }
    $run->{change_of}{$_} = [ $s->{name}, $luid ] for @nodes;
    push @{ $run->{keep} }, @nodes;
    return @nodes;
}

# ---- the server's package ---------------------------------------------------

sub _receive {
    my ($self, $run, $a) = @_;
    my $rounds = 0;
    for my $s (@{ $run->{stores} }) {
        $s->{items} = {} if ($run->{alerts}{ $s->{name} } // 0) == 205;
    }
    while (1) {
        ++$rounds < 1000 or die "the server's package does not end\n";
        my @out = $self->_apply($run, $a);
        my $final = $a->final;
        push @out, $self->_next unless $final;
        last if $final && $run->{said_last} && !$a->commands('Sync');
        $run->{said_last} = $final;
        $a = $self->_step($run, { final => $final }, @out);
    }
    return;
}

# Do what the server says; returns our statuses and the Maps.
sub _apply {
    my ($self, $run, $a) = @_;
    my @out = $self->_statuses_for($run, $a);
    my %by_local = map { $_->{local} => $_ } @{ $run->{stores} };
    for my $sync ($a->syncs) {
        my $s = $by_local{ $sync->{target} // '' }
            or die "Sync for $sync->{target}\n";
        $run->{number}{ $s->{name} } //= $sync->{number};
        push @out, status_cmd($a->msg, $sync->{node}, 200);
        push @out, $self->_apply_one($run, $s, $a, $_)
            for @{ $sync->{changes} };
    }
    return (@out, map { $self->_map($run, $_) } @{ $run->{stores} });
}

sub _apply_one {
    my ($self, $run, $s, $a, $change) = @_;
    my ($op, $data) = @$change{qw(op data)};
    my $answer = sub { status_cmd($a->msg, $change->{node}, @_) };
    if ($change->{more}) {
        $run->{partial} .= $data;
        $run->{partial_size} //= $change->{size};
        return $answer->(213);
    }
    if (defined $run->{partial}) {
        $change->{data} = $data = delete($run->{partial}) . $data;
        my $size = delete $run->{partial_size};
        push @{ $self->{problems} }, 'pieces of ' . length($data)
            . " octets, but Size was " . ($size // 'missing')
            unless defined $size && $size == length $data;
    }
    push @{ $run->{got}{ $s->{name} } }, $change;
    my $code = $run->{o}{status} ? $run->{o}{status}->($change) : undef;
    return $answer->($code) if defined $code;
    if ($op eq 'Add') {
        my $luid = 's' . ++$s->{count};
        push @{ $s->{maps} }, $change->{guid} => $luid
            unless $run->{o}{no_map};
        $s->{items}{$luid} = $data;
        $s->{guid}{$luid} = $change->{guid};
        return $answer->(201);
    }
    my $luid = $change->{luid};
    exists $s->{items}{$luid}
        or return $answer->($op eq 'Delete' ? 211 : 404);
    $op eq 'Delete' ? delete $s->{items}{$luid}
                    : ($s->{items}{$luid} = $data);
    return $answer->(200);
}

# The session ended well: anchors move, the log is done.
sub _commit {
    my ($self, $run) = @_;
    for my $s (@{ $run->{stores} }) {
        next unless $run->{alerts}{ $s->{name} };
        $s->{last} = $s->{next};
        $s->{log} = {};
    }
    return;
}

1;
