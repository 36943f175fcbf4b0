# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Matrix;

# The proof with the real client: cases by name, and how one is run.
#
#   plain/SCENARIO              nothing happens; tells how many requests it takes
#   modes/CONFIG:EDITS:MODE     one sync of one combination of settings
#   fault/SCENARIO/FAULT/N      the network's fault at request N; the client
#                               gives up, then comes again
#   resend/SCENARIO/FAULT/N     the same; the client sends again by itself
#   device/SCENARIO/EVENT/N     the client is killed or interrupted
#   httpd/SCENARIO/EVENT/N      httpd is killed or restarted
#   two/SCENARIO/FAULT/N        another device syncs before the fault comes
#
# Scenarios: Test::Matrix::Scenario; faults: Test::Proxy; events: below.
#
#   my $result = Test::Matrix::run_case($slot, 'fault/twoway/drop-reply/2');
#   { name, outcome, requests, how, detail }
#
# outcome is "ok" or the worst of what was wrong: doubled, lost, resurrected,
# strange, changed, unequal (see Test::Matrix::Items), session (this sync must
# succeed, and did not), failed (the next one did not), slow (it was slow where
# a normal one is due), moved (the one after that moved something), noise
# (unexpected lines in the log), broken (the test itself could not go on), or
# "none": the sync had no such request.

use strict;
use warnings;
use Test::Faults qw(kill_children lock_store unlock_store);
use Test::Matrix::Items qw(compare);
use Test::Matrix::Scenario qw(scenario scenario_names modes_configs @MODES
    @EDITS);
use Test::Matrix::Slot;
use Test::Proxy;
use Test::SyncML::Codec qw(decode kid kids text);
use Time::HiRes qw(sleep);

our @OUTCOMES = qw(ok doubled lost resurrected strange changed unequal session
    failed slow moved noise broken none);

# ---- what there is ----------------------------------------------------------

# Faults after which the client that sends again must get through, unless the
# first message is hit: this client gives up there.
my @RESEND = qw(drop-request drop-reply reset-reply cut-short late-reply
    reorder 502 503);
# The client notices nothing.
my %HARMLESS = map { $_ => 1 } qw(twice twice-at-once);

# Place of the exchange where it waits for the event; what is done there; the
# fault that follows.  Events get the slot, the client's run and the number.
my %DEVICE = (
    # It has handled the last answer; this request is never sent.
    'kill-before' => [ 'hold', sub { $_[1]->signal('KILL') },
                       'drop-request' ],
    # httpd has handled the request.
    'kill-after' => [ 'answer', sub { $_[1]->signal('KILL') }, 'drop-reply' ],
    # It is handling the answer, or will have to.
    'kill-amid' => [ 'answer', sub {
        $_[0]{proxy}->go;
        sleep 0.004 * ($_[2] % 7);
        $_[1]->signal('KILL');
    } ],
    'interrupt-before' => [ 'hold', sub { $_[1]->signal('INT'); sleep 0.1 } ],
    'interrupt-after' => [ 'answer', sub { $_[1]->signal('INT'); sleep 0.1 } ],
);

my %HTTPD = (
    graceful => [ 'hold', sub { $_[0]{h}->graceful } ],
    'kill-child' => [ 'during', sub { kill_children($_[0]{h}) } ],
    # The store is locked, so that it is in the middle of the message.
    'kill-child-amid' => [ 'hold', sub {
        my ($slot) = @_;
        my $lock = lock_store($slot->{h}, 60);
        $slot->{proxy}->go;
        sleep 0.3;
        kill_children($slot->{h});
        unlock_store($slot->{h}, $lock);
    } ],
    'crash-before' => [ 'hold', \&_crash ],
    crash => [ 'during', \&_crash ],
    'crash-after' => [ 'answer', \&_crash, 'drop-reply' ],
);

sub _crash { my ($slot) = @_; $slot->{h}->crash; $slot->{h}->start; return }

# The real client calls its first message lost for good.
my %FIRST_TOO = map { $_ => 1 } qw(graceful crash-before);

my @TWO = qw(drop-request drop-reply cut-short twice 502);

# All cases, in the order of their scenarios' beginnings.  requests: { scenario
# => how many requests it takes }; those that are not known have no cases but
# the plain one.
sub cases {
    my ($requests) = @_;
    my @all = map {"plain/$_"} scenario_names();
    for my $s (scenario_names()) {
        my @n = 1 .. ($requests->{$s} || 0);
        if ($s eq 'pair') {
            for my $f ('none', @TWO) { push @all, map {"two/$s/$f/$_"} @n }
            next;
        }
        for my $f (@Test::Proxy::FAULTS) {
            push @all, map {"fault/$s/$f/$_"}
                grep { $_ > 1 || $f ne 'stale-reply' } @n;
        }
        for my $f (@RESEND) {
            push @all, map {"resend/$s/$f/$_"} grep { $_ > 1 } @n;
        }
        for my $e (sort keys %DEVICE) { push @all, map {"device/$s/$e/$_"} @n }
        for my $e (sort keys %HTTPD) {
            push @all, map {"httpd/$s/$e/$_"}
                grep { $_ > 1 || $FIRST_TOO{$e} } @n;
        }
    }
    for my $config (modes_configs()) {
        for my $edits (@EDITS) {
            push @all, map {"modes/$config:$edits:$_"} @MODES;
        }
    }
    return @all;
}

# The scenario of a case.
sub scenario_of { my ($name) = @_; return scenario((split m{/}, $name)[1]) }

# ---- one case ---------------------------------------------------------------

sub run_case {
    my ($slot, $name) = @_;
    my $x = { name => $name, slot => $slot, wrong => [], requests => 0 };
    @$x{qw(kind scenario what n)} = split m{/}, $name;
    my $run = { plain => \&_plain, modes => \&_modes, fault => \&_fault,
                resend => \&_fault, device => \&_event, httpd => \&_event,
                two => \&_two }->{ $x->{kind} } or die "no such case: $name\n";
    my $ok = eval {
        $x->{s} = scenario($x->{scenario});
        $slot->prepare($x->{s});
        $run->($x);
        1;
    };
    _wrong($x, broken => $@) if !$ok;
    my $proxy = $slot->{proxy};
    $x->{exchanges} = [ $proxy ? $proxy->exchanges : () ];
    $slot->{proxy} = undef;
    $slot->{h}->stop if $ok;
    _wrong($x, noise => $_) for $slot->noise;
    return _result($x);
}

sub _wrong {
    my ($x, $class, $words) = @_;
    push @{ $x->{wrong} }, [ $class, $words ];
    return;
}

sub _result {
    my ($x) = @_;
    my %rank = map { $OUTCOMES[$_] => $_ } 0 .. $#OUTCOMES;
    my @wrong = sort { $rank{ $a->[0] } <=> $rank{ $b->[0] } } @{ $x->{wrong} };
    return {
        name => $x->{name}, requests => $x->{requests}, how => $x->{how} || '',
        outcome => $x->{none} ? 'none' : @wrong ? $wrong[0][0] : 'ok',
        detail => [ map { "$_->[0]: " . $_->[1] =~ s/\s+\z//r } @wrong ],
        exchanges => $x->{exchanges},
    };
}

# Log lines that belong to what was done.
my %EXPECTED = (
    # Pieces that do not fit to those before, which the client refuses.
    'stale-reply' => [ qr/ refused item \d+ of \w+ with status 4(?:15|24)/ ],
    'httpd' => [ qr/exit signal Killed/, qr/\bAH\d{5}: (?:child|long lost|pid file)/ ],
);

# The disturbed sync: its result.
sub _disturbed {
    my ($x, %o) = @_;
    my $slot = $x->{slot};
    my $rule = join ' ', grep {$_} @o{qw(place fault)};
    $slot->{h}->expect_log(map { @{ $EXPECTED{$_} || [] } } $x->{kind},
                           $x->{what} // '');
    my $proxy = $slot->proxy(late => $o{late},
                             $x->{n} && $rule ? ($x->{n} => $rule) : ());
    my $run = $slot->{device}->start_sync($x->{s}{mode},
                                          props => $o{props} || []);
    if ($o{place} && $proxy->wait_for($x->{n}, $run)) {
        $o{event}->($slot, $run, $x->{n});
        $proxy->go;
    }
    my $r = $run->wait;
    $x->{requests} = () = $proxy->exchanges;
    $x->{none} = 1 if $x->{n} && $x->{requests} < $x->{n};
    $x->{how} = $r->ok ? 'ok' : 'status ' . ($r->status // 'none');
    $x->{whole} = $r->ok;
    _wrong($x, session => $r->why) if $o{must} && !$r->ok;
    return $r;
}

sub _plain {
    my ($x) = @_;
    _disturbed($x, must => 1);
    _partner($x) if $x->{s}{edits}{partner};
    _afterwards($x);
    return;
}

sub _fault {
    my ($x) = @_;
    my $fault = $x->{what};
    my $resend = $x->{kind} eq 'resend';
    my @props = $resend ? qw(RetryInterval=1 RetryDuration=10)
        : $fault =~ /^(?:late-reply|reorder)$/
        ? qw(RetryInterval=1 RetryDuration=2) : ();
    _disturbed($x, fault => $fault, props => \@props,
               must => $resend || $HARMLESS{$fault});
    _same_answers($x) if $HARMLESS{$fault} && !$x->{none};
    _afterwards($x);
    return;
}

# What came twice is answered twice in the same words.
sub _same_answers {
    my ($x) = @_;
    my ($one, $two) = map { s/^.*?\r\n\r\n//sr }
        @{ ($x->{slot}{proxy}->exchanges)[ $x->{n} - 1 ] }{qw(answer again)};
    return if $one eq $two && length $one;
    return if $x->{what} eq 'twice-at-once' && !length($one) != !length($two);
    _wrong($x, session => 'the repeated request has another answer: '
           . length($one) . ' and ' . length($two) . ' octets');
    return;
}

sub _event {
    my ($x) = @_;
    my $table = $x->{kind} eq 'device' ? \%DEVICE : \%HTTPD;
    my $e = $table->{ $x->{what} } or die "no such event: $x->{what}\n";
    my $httpd = $x->{kind} eq 'httpd';
    # The first message is not sent again: let the client wait for its answer.
    # A client killed between opening a file and writing to it has lost that
    # item by itself, and one killed while it notes what it has may say Delete
    # of items that it holds: that proves nothing, so kill it once more.
    for my $try (1 .. 5) {
        @{ $x->{wrong} } = ();
        _disturbed($x, place => $e->[0], event => $e->[1], fault => $e->[2],
            props => $httpd && $x->{n} > 1
                ? [qw(RetryInterval=1 RetryDuration=20)] : [],
            must => $httpd);
        if ($try == 5 || !_has_empty_items($x)) {
            _afterwards($x);
            last if !@{ $x->{wrong} } || !_denies_items($x);
        }
        $x->{slot}->prepare($x->{s}) if $try < 5;
    }
    return;
}

# Has a killed client said Delete of an item that it has?
sub _denies_items {
    my ($x) = @_;
    my $device = $x->{slot}{device};
    return 0 if $x->{kind} ne 'device' || $x->{what} !~ /^kill/;
    for my $exchange ($x->{slot}{proxy}->exchanges) {
        my ($head, $body) = split /\r\n\r\n/, $exchange->{request}, 2;
        my $root = eval { decode($body, $head =~ /wbxml/ ? 'wbxml' : 'xml') };
        for my $sync (kids(kid($root, 'SyncBody'), 'Sync')) {
            my $store = text($sync, qw(Source LocURI)) =~ s{^\./}{}r;
            my $items = $device->items($store);
            return 1 if grep { exists $items->{$_} }
                map { text($_, qw(Source LocURI)) }
                map { kids($_, 'Item') } kids($sync, 'Delete');
        }
    }
    return 0;
}

sub _has_empty_items {
    my ($x) = @_;
    my $device = $x->{slot}{device};
    return grep { my $store = $_;
                  grep { !length } values %{ $device->items($store) } }
        @{ $x->{s}{stores} };
}

sub _partner {
    my ($x) = @_;
    for my $who (qw(partner device partner)) {
        my $r = $x->{slot}{$who}->sync('two-way');
        _wrong($x, failed => "the $who: " . $r->why) if !$r->ok;
        $r->mode($_) eq 'two-way'
            or _wrong($x, slow => "the $who, $_: " . $r->mode($_))
            for $r->ok ? @{ $x->{s}{stores} } : ();
    }
    return;
}

sub _two {
    my ($x) = @_;
    my $slot = $x->{slot};
    my $partner = sub {
        my $r = $slot->{partner}->sync('two-way');
        _wrong($x, session => 'the partner: ' . $r->why) if !$r->ok;
    };
    _disturbed($x, place => 'hold', event => $partner,
        fault => $x->{what} eq 'none' ? '' : $x->{what},
        must => $x->{what} eq 'none' || $HARMLESS{ $x->{what} });
    return if $x->{none};
    _partner($x);
    _afterwards($x);
    return;
}

# ---- afterwards -------------------------------------------------------------

# What is asked next.  This client forgets its own changes when a refresh
# begins, or empties its database: killed then, it says in a normal sync that it
# has nothing new.  Only the refresh, once more, can be right.
sub _next_mode {
    my ($x) = @_;
    my $mode = $x->{s}{mode};
    return $x->{kind} eq 'device' && $x->{what} =~ /^kill/
        && $mode =~ /^refresh/ ? $mode : 'two-way';
}

# A normal sync, after which all are equal; one more, which has nothing to do.
sub _afterwards {
    my ($x) = @_;
    return if $x->{none};
    my ($slot, $s) = @$x{qw(slot s)};
    my $r = $slot->{device}->sync(_next_mode($x));
    return _wrong($x, failed => $r->why) if !$r->ok;
    $x->{how} .= ', then ' . join '/', map { $r->mode($_) } @{ $s->{stores} };
    if ($s->{mode} eq 'two-way') {
        $r->mode($_) eq 'two-way' or _wrong($x, slow => "$_ " . $r->mode($_))
            for @{ $s->{stores} };
    }
    $r->errors($_) and _wrong($x, failed => "$_: items refused")
        for @{ $s->{stores} };
    for my $store (@{ $s->{stores} }) {
        my $model = $s->model($store, $x->{whole}, undef,
                              $r->mode($store) eq 'slow');
        _compare($x, $store, $model, client => $slot->{device},
                 server => undef,
                 $s->{edits}{partner} ? (partner => $slot->{partner}) : ());
    }
    _nothing_more($x);
    return;
}

sub _compare {
    my ($x, $store, $model, %sides) = @_;
    my %texts = map { $_ => [ values %{ $sides{$_} ? $sides{$_}->items($store)
        : $x->{slot}->server_items($store) } ] } keys %sides;
    _wrong($x, @$_) for compare($store, \%texts, $model, $x->{s}{size});
    return;
}

sub _nothing_more {
    my ($x) = @_;
    my $r = $x->{slot}{device}->sync('two-way');
    return _wrong($x, failed => 'the third: ' . $r->why) if !$r->ok;
    for my $store (@{ $x->{s}{stores} }) {
        my $what = $r->mode($store) . ' ' . $r->counts($store);
        _wrong($x, moved => "$store $what")
            if $what ne 'two-way local 0/0/0 remote 0/0/0';
    }
    return;
}

# ---- combinations of settings -----------------------------------------------

sub _modes {
    my ($x) = @_;
    my ($slot, $s) = @$x{qw(slot s)};
    my $r = _disturbed($x, must => 1);
    return if !$r->ok;
    my $mode = $s->{mode};
    for my $store (@{ $s->{stores} }) {
        _wrong($x, slow => "$store " . $r->mode($store))
            if $r->mode($store) ne $mode;
        _wrong($x, failed => "$store: items refused") if $r->errors($store);
        for my $side ($mode =~ /^one-way/ ? qw(client server) : 'both') {
            _compare($x, $store, $s->model($store, 1, $side),
                $side ne 'server' ? (client => $slot->{device}) : (),
                $side ne 'client' ? (server => undef) : ());
        }
    }
    if ($mode =~ /^one-way/) {
        my $next = $slot->{device}->sync('two-way');
        _wrong($x, failed => $next->why) if !$next->ok;
    } else {
        _nothing_more($x);
    }
    return;
}

1;
