#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The sync itself, with phones of our own: sync types, broken lines, maps,
# refused items, items in pieces, deletes.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(sample vcard server_items server_names server_count
    server_put server_edit server_delete server_has names_of);
use Test::SyncML qw(:all);
use Test::SyncML::Codec qw(kid text);
use Test::SyncML::Phone;

# Each subtest has an account of its own.
my $users = 0;
my $h = Test::Httpd->syncml(push => 0, conf => <<'END');
<Location "/small">
    SetHandler syncml
    SyncMLMaxObjSize 20000
</Location>
END
my $url = $h->url('/syncml');
my $user;
$h->expect_log(qr/refused item \d+ of contacts/,
               qr/has an item of 1000000000 octets/);

sub account {
    $user = 'user' . ++$users;
    $h->account($user => 'secret');
    return $user;
}

sub phone { return Test::SyncML::Phone->new(url => $url, user => $user, @_) }
sub server { return server_names($h, $user, $_[0] || 'contacts') }

sub on { my ($p, $store) = @_; return names_of($p->items($store || 'contacts')) }

sub luid {
    my ($p, $re, $store) = @_;
    my $items = $p->items($store || 'contacts');
    my ($luid) = grep { $items->{$_} =~ $re } sort keys %$items;
    return $luid // die "no item $re\n";
}

# One sync that must end well; checks what moved: "up/down".
sub good {
    my ($what, $p, $code, $moved, @stores) = @_;
    my $o = ref $stores[0] eq 'HASH' ? shift @stores : {};
    @stores = ('contacts') unless @stores;
    my $r = $p->sync($o, $code, @stores);
    ok $r->{ok}, "$what: succeeds" or diag $r->{why},
        map { $_->xml } @{ $r->{answers} };
    is join("\n", $p->problems), '', "$what: answers are right";
    $p->forgive;
    my ($up, $down) = (0, 0);
    $up += keys %{ $r->{status}{$_} || {} } for @stores;
    $down += @{ $r->{got}{$_} || [] } for @stores;
    is "$up/$down", $moved, "$what: moved $moved" if defined $moved;
    my @refused = grep { !/^2/ } map { values %{ $r->{status}{$_} || {} } } @stores;
    is "@refused", '', "$what: nothing was refused" if !$o->{refused};
    return $r;
}

# ---- sync types -------------------------------------------------------------

# Alert code from the client => what it means; the codes of a notification
# mean the same.
for my $alias (0, 1) {
    my %code = $alias
        ? (two => 206, up => 207, put => 208, down => 209, get => 210)
        : (two => 200, up => 202, put => 203, down => 204, get => 205);
    subtest "sync types by " . join(' ', sort values %code) => sub {
        account();
        my ($p, $q) = (phone(), phone());
        $p->put(contacts => vcard($_)) for qw(Anna1 Bert2 Cora3);
        my $r = good('first', $p, $code{two}, '3/0');
        is $r->{alerts}{contacts}, 201, 'first: without history it is slow';
        good('other', $q, 201, '0/3');

        $p->put(contacts => vcard('Anita1'), luid($p, qr/Anna1/));
        $p->delete(contacts => luid($p, qr/Bert2/));
        $p->put(contacts => vcard('Dora4'));
        server_put($h, $user, contacts => vcard('Emil5'));
        $r = good('two-way', $p, $code{two}, '3/1');
        is $r->{alerts}{contacts}, 200, 'two-way: alerted as 200';
        is $r->{number}{contacts}, 1, 'two-way: NumberOfChanges';
        is on($p), 'Anita1 Cora3 Dora4 Emil5', 'two-way: the phone';
        is server(), on($p), 'two-way: the server';
        good('nothing', $p, $code{two}, '0/0');
        $r = good('other follows', $q, $code{two}, '0/4');
        is_deeply [ sort map { $_->{op} } @{ $r->{got}{contacts} } ],
            [qw(Add Add Delete Replace)], 'other follows: as changes';
        is on($q), server(), 'other follows: has all';

        $p->put(contacts => vcard('Finn6'));
        server_put($h, $user, contacts => vcard('Gina7'));
        $r = good('up', $p, $code{up}, '1/0');
        is $r->{alerts}{contacts}, 202, 'up: alerted as 202';
        is server(), 'Anita1 Cora3 Dora4 Emil5 Finn6 Gina7', 'up: the server';

        $r = good('down', $p, $code{down}, '0/1');
        is $r->{alerts}{contacts}, 204, 'down: alerted as 204';
        is on($p), server(), 'down: what up had left';
        good('nothing again', $p, $code{two}, '0/0');

        $p->delete(contacts => luid($p, qr/Anita1/));
        $p->put(contacts => vcard('Hugo8'));
        $r = good('get', $p, $code{get}, '0/6');
        is $r->{alerts}{contacts}, 205, 'get: alerted as 205';
        is on($p), 'Anita1 Cora3 Dora4 Emil5 Finn6 Gina7',
            "get: the server's, and nothing else";
        is server(), on($p), 'get: the server is as it was';
        good('nothing after get', $p, $code{two}, '0/0');

        server_put($h, $user, contacts => vcard('Ida9'));
        server_delete($h, $user, 'contacts',
                      server_has($h, $user, 'contacts', qr/Cora3/));
        $p->delete(contacts => luid($p, qr/Gina7/));
        $r = good('put', $p, $code{put}, '5/0');
        is $r->{alerts}{contacts}, 203, 'put: alerted as 203';
        is server(), 'Anita1 Cora3 Dora4 Emil5 Finn6',
            "put: the phone's, and nothing else";
        good('nothing after put', $p, $code{two}, '0/0');
        good('other at last', $q, $code{two}, undef);
        is on($q), server(), 'other at last: has the same';
    };
}

subtest 'slow sync doubles nothing' => sub {
    account();
    my @all = qw(contacts calendar tasks notes);
    my $p = phone(stores => { map { $_ => {} } @all });
    for my $store (@all) {
        $p->put($store => sample($store, $_)) for qw(Anna1 Bert2 Cora3);
    }
    good('first', $p, 201, '12/0', @all);
    for my $op (qw(Replace Add)) {
        $p->{slow_op} = $op;
        good("slow by $op", $p, 201, '12/0', @all);
        is server($_), 'Anna1 Bert2 Cora3', "slow by $op: $_" for @all;
    }
    # Another phone with the same items in another dress.
    my $q = phone();
    $q->put(contacts => vcard('Anna1') =~ s/\r\n/\n/gr);
    $q->put(contacts => vcard('Bert2')
                =~ s/TEL;TYPE=HOME,VOICE/tel;type=voice;type=home/r);
    $q->put(contacts => vcard('Cora3')
                =~ s/VERSION/REV:20260101T000000Z\r\nVERSION/r);
    good('another dress', $q, 201, '3/0');
    is server(), 'Anna1 Bert2 Cora3', 'another dress: the same people';
    # Two equal items stay two.
    my $r = phone();
    $r->put(contacts => vcard('Twin4')) for 1, 2;
    good('twins', $r, 201, '2/3');
    is server(), 'Anna1 Bert2 Cora3 Twin4 Twin4', 'twins: both are there';
    good('twins again', $r, 201, '5/0');
    is server(), 'Anna1 Bert2 Cora3 Twin4 Twin4', 'twins again: still two';
};

subtest 'anchors' => sub {
    account();
    my $p = phone();
    $p->put(contacts => vcard('Anna1'));
    good('first', $p, 201, '1/0');
    $p->{stores}{contacts}{last} = 'never heard of';
    my $r = good('wrong anchor', $p, 200, '1/0');
    is $r->{alerts}{contacts}, 201, 'wrong anchor: slow';
    is server(), 'Anna1', 'wrong anchor: nothing doubled';

    # The phone missed the end: it comes with the anchor before.
    my $before = $p->{stores}{contacts}{last};
    $p->put(contacts => vcard('Bert2'));
    server_put($h, $user, contacts => vcard('Cora3'));
    good('end missed', $p, 200, '1/1');
    $p->{stores}{contacts}{last} = $before;
    $r = good('the anchor before', $p, 200, undef);
    is $r->{alerts}{contacts}, 200, 'the anchor before: not slow';
    is on($p), 'Anna1 Bert2 Cora3', 'the anchor before: nothing doubled here';
    is server(), 'Anna1 Bert2 Cora3', '... nor there';

    $r = $p->sync({ init_only => 1 }, 200, 'contacts');
    is $r->{alerts}{contacts}, 200, 'a sync begun and left';
    $r = good('after it', $p, 200, '0/0');
    is $r->{alerts}{contacts}, 200, '... costs nothing';
};

# ---- broken lines -----------------------------------------------------------

# For every place where the line can break, in a slow and in a two-way sync:
# the next sync brings both together, nothing doubled, nothing lost.  The last
# answer may have been lost, or done by the phone without a word back.
sub broken {
    my ($kind, $how, $n) = @_;
    my $what = "$kind, $how $n";
    account();
    my $p = phone(per_message => 2, max_msg => 1500);
    my @old;
    if ($kind eq 'two-way') {
        $p->put(contacts => vcard("Old$_")) for 1 .. 4;
        $p->sync(201, 'contacts')->{ok} or die 'first sync';
        $p->delete(contacts => luid($p, qr/Old1/));
        $p->put(contacts => vcard('New2'), luid($p, qr/Old2/));
        server_delete($h, $user, 'contacts',
                      server_has($h, $user, 'contacts', qr/Old3/));
        @old = qw(New2 Old4);
    }
    $p->put(contacts => vcard("Phone$_")) for 1 .. 4;
    server_put($h, $user, contacts => vcard("Server$_")) for 1 .. 4;
    my $r = $p->sync({ $how => $n }, $kind eq 'slow' ? 201 : 200, 'contacts');
    return 0 if $r->{ok};
    like $r->{why}, qr/^stopped|lost$/, "$what: the line breaks";
    $r = $p->sync(200, 'contacts');
    ok $r->{ok}, "$what: the next sync" or diag $r->{why};
    my $expected = join ' ', @old, map({"Phone$_"} 1 .. 4),
        map {"Server$_"} 1 .. 4;
    is server(), $expected, "$what: the server";
    is on($p), $expected, "$what: the phone";
    $r = $p->sync(200, 'contacts');
    is $r->{alerts}{contacts}, 200, "$what: healed";
    is scalar(@{ $r->{got}{contacts} || [] }), 0, "$what: and quiet";
    is join("\n", $p->problems), '', "$what: answers are right";
    return 1;
}

subtest 'broken lines' => sub {
    for my $kind (qw(slow two-way)) {
        for my $how (qw(stop_after lose)) {
            my $n = 1;
            $n++ while $n < 20 && broken($kind, $how, $n);
            cmp_ok $n, '<', 20, "$kind: the session ends after $n messages";
            cmp_ok $n, '>=', 4, "$kind: ... not too early";
        }
    }
};

subtest 'suspend and resume' => sub {
    for my $n (1 .. 3) {
        account();
        my $p = phone(per_message => 2, max_msg => 1500);
        server_put($h, $user, contacts => vcard("Server$_")) for 1 .. 4;
        $p->put(contacts => vcard("Phone$_")) for 1 .. 4;
        my $r = $p->sync({ between => sub {
            my ($self, $i) = @_;
            return if $i != $n;
            my $a = $self->send(status_cmd($i, undef, 200),
                cmd('Alert', [ 'Data', 224 ], item(target => 'contacts',
                                                   source => './contacts')));
            is $a->status('Alert'), 200, "suspended at message $i";
            die "suspended\n";
        } }, 201, 'contacts');
        is $r->{why}, 'suspended', 'the session ends there' or next;
        $r = good("resumed after $n", $p, 225, undef);
        like $r->{answers}[0]->status('Alert'), qr/^(?:200|508)$/,
            'resume: granted, or a refresh asked for';
        my $all = join ' ', map({"Phone$_"} 1 .. 4), map {"Server$_"} 1 .. 4;
        is server(), $all, "resumed after $n: the server";
        is on($p), $all, "resumed after $n: the phone";
        good('nothing after that', $p, 200, '0/0');
    }
};

subtest 'deletes wait for the end of the package' => sub {
    account();
    my $p = phone();
    $p->put(contacts => vcard("Keep$_")) for 1 .. 3;
    good('first', $p, 201, '3/0');
    my $a = $p->send(alert(200, 'contacts', './contacts',
                           $p->{stores}{contacts}{last}, 'next'));
    my ($alert) = $a->alerts;
    $a = $p->send({ final => 0 }, status_cmd($a->msg, undef, 200),
        status_cmd($a->msg, $alert->{node}, 200),
        sync_cmd('contacts', './contacts', map { delete_cmd($_) }
                 keys %{ $p->items('contacts') }));
    is $a->status('Delete'), '200,200,200', 'the deletes are taken';
    is server(), 'Keep1 Keep2 Keep3', '... but not done before Final';
    # The line breaks.  A phone that has got our 200 does not tell these
    # deletes again; of what it tells as there nothing is deleted.
    $p->begin;
    $p->put(contacts => vcard('Keep1'), luid($p, 'Keep1'));
    my $items = $p->items('contacts');
    delete $items->{$_} for luid($p, 'Keep2'), luid($p, 'Keep3');
    my $r = good('the next sync', $p, 200, '1/0');
    is server(), 'Keep1', 'what the phone deleted is gone, and no more';
};

subtest 'changes at a wrong time' => sub {
    account();
    my $p = phone();
    $p->put(contacts => vcard('Anna1'));
    my $late = sub { sync_cmd('contacts', './contacts',
        add('l' . $_[0], 'text/vcard', vcard("Late$_[0]"))) };
    my $r = good('a whole sync', $p, 201, '1/0', { between => sub {
        my ($self, $n) = @_;
        # After our Final the package is over: no more changes.
        return if $n != 2;
        my $a = $self->send({ final => 0 }, status_cmd(2, undef, 200),
                            $late->(1));
        like $a->status('Sync'), qr/^4/, 'a Sync after our Final: refused';
        like $a->status('Add'), qr/^4/, '... and its Add';
    } });
    is server(), 'Anna1', 'nothing of it is stored';
};

# Alert and Sync in the first message: synchronisation without a separate
# initialisation.
subtest 'without separate initialisation' => sub {
    account();
    server_put($h, $user, contacts => vcard('Server1'));
    my $p = phone();
    my $a = $p->send($p->put_devinf, alert(201, 'contacts', './c', undef, '1'),
        sync_cmd('contacts', './c', 1, add('1', 'text/vcard',
                                           vcard('Phone1'))));
    is $a->status('Alert'), 200, 'the Alert is answered';
    is $a->status('Add'), 201, 'the item is taken';
    my ($sync) = $a->syncs;
    $a = $p->send(status_cmd($a->msg, undef, 200), $p->get_devinf) unless $sync;
    ($sync) = $a->syncs;
    is names_of(map { $_->{data} } @{ $sync->{changes} }), 'Server1',
        "the server's item comes";
    $a = $p->send(status_cmd($a->msg, undef, 200),
        map({ status_cmd($a->msg, $_->{node}, 200) } $a->alerts, $sync),
        status_cmd($a->msg, $sync->{changes}[0]{node}, 201),
        map_cmd('contacts', './c', $sync->{changes}[0]{guid} => '2'));
    is $a->status('Map'), 200, 'the Map is taken';
    is join("\n", $p->problems), '', 'answers are right';
    is server(), 'Phone1 Server1', 'the server has both';
    $p->begin;
    $a = $p->send(alert(200, 'contacts', './c', '1', '2'));
    is $a->status('Alert'), 200, 'and remembers it: two-way next';
};

subtest 'an item too large' => sub {
    account();
    my $c = Test::SyncML->new(url => $h->url('/small'), user => $user);
    my $a = $c->send(alert(201, 'contacts', './c', undef, '1'));
    is text($a->node, qw(SyncHdr Meta MaxObjSize)), 20000,
        'the server says how large items may be';
    my ($alert) = $a->alerts;
    $a = $c->send({ final => 0 }, status_cmd($a->msg, undef, 200),
        status_cmd($a->msg, $alert->{node}, 200), sync_cmd('contacts', './c',
            add('1', 'text/vcard', vcard('Small1')),
            add('2', 'text/vcard', vcard('Large2', note => 'x' x 30000)),
            add('3', 'text/vcard', vcard('Small3'))));
    my @codes = map { $_->{data} } $a->statuses('Add');
    is $codes[0], 201, 'the one before is taken';
    like $codes[1], qr/^41[36]$/, 'the large one is refused';
    is $codes[2], 201, 'the one after is taken';
    is join("\n", $c->problems), '', 'answers are right';
    is server(), 'Small1 Small3', 'the store has what was taken';
};

subtest 'a new session ends the one before' => sub {
    account();
    my $p = phone();
    my $a = $p->send(alert(201, 'contacts', './contacts', undef, 'x'));
    my $old = $p->{resp_uri};
    $p->begin;
    $p->put(contacts => vcard('Anna1'));
    good('another session', $p, 201, '1/0');
    $p->{resp_uri} = $old;
    $p->{msg} = 2;
    $a = $p->send({ judge => 0, final => 0 }, sync_cmd('contacts', './contacts',
        add('9', 'text/vcard', vcard('Late9'))));
    unlike $a->code == 200 ? $a->status('Add') // '' : '', qr/^2/,
        'the old one takes nothing more';
    is server(), 'Anna1', '... and the store is as it was';
};

# ---- maps and statuses ------------------------------------------------------

subtest 'maps' => sub {
    account();
    server_put($h, $user, contacts => vcard($_)) for qw(Anna1 Bert2);
    my $p = phone();
    good('without Map', $p, 201, '0/2', { no_map => 1 });
    my $r = good('the next sync', $p, 200, undef);
    is on($p), 'Anna1 Bert2', 'the phone has each item once';
    is server(), 'Anna1 Bert2', 'the server too';

    # The Map comes early, beside the statuses, or in a session of its own
    # after a broken line: both are taken.
    my $q = phone();
    good('with Map', $q, 201, '0/2');
    $q->put(contacts => vcard('Anita1'), luid($q, qr/Anna1/));
    $q->delete(contacts => luid($q, qr/Bert2/));
    good('edits of mapped items', $q, 200, '2/0');
    is server(), 'Anita1', 'they reach the right items';
};

subtest 'odd LUIDs' => sub {
    account();
    my $p = phone();
    my @luids = ('1', 'a b', 'x/y', 'Ü', '<&">', '0', 'l' x 200, '%00', "'");
    my $n = 0;
    $p->put(contacts => vcard('Luid' . ++$n), $_) for @luids;
    good('first', $p, 201, scalar(@luids) . '/0');
    $n = 0;
    $p->put(contacts => vcard('Neu' . ++$n), $_) for @luids;
    good('edits', $p, 200, scalar(@luids) . '/0');
    is server_count($h, $user, 'contacts'), scalar @luids, 'each is one item';
    for (server_has($h, $user, 'contacts', qr/Neu/)) {
        server_edit($h, $user, 'contacts', $_,
            server_items($h, $user, 'contacts')->{$_} =~ s/Neu/Back/gr);
    }
    good('and back', $p, 200, '0/' . @luids);
    is scalar(grep { /Back/ } values %{ $p->items('contacts') }),
        scalar @luids, 'the phone knows them again';
};

subtest 'what the phone refuses' => sub {
    account();
    my $p = phone();
    $p->put(contacts => vcard('Mine0'));
    good('first', $p, 201, '1/0');
    server_put($h, $user, contacts => vcard($_)) for qw(Good1 Bad2 Good3);
    my $refuse = sub { $_[0]{data} =~ /Bad2/ ? 415 : undef };
    good('it refuses one', $p, 200, '0/3', { status => $refuse });
    is on($p), 'Good1 Good3 Mine0', 'it has the others';
    my $r = good('next', $p, 200, undef, { status => $refuse });
    cmp_ok scalar(@{ $r->{got}{contacts} || [] }), '<=', 1,
        'the others are not sent again';
    is server(), 'Bad2 Good1 Good3 Mine0', 'the server keeps all';
    # Full for a while: the item comes later.
    server_put($h, $user, contacts => vcard('Later4'));
    my $full = sub { $_[0]{data} =~ /Later4/ ? 420 : $refuse->(@_) };
    good('full', $p, 200, undef, { status => $full });
    good('room again', $p, 200, undef, { status => $refuse });
    like on($p), qr/\bLater4\b/, 'what did not fit comes with a later sync';
    # 418: it has it already; that is as good as success.
    server_put($h, $user, contacts => vcard('Twice5'));
    good('418', $p, 200, undef,
         { status => sub { $_[0]{data} =~ /Twice5/ ? 418 : $refuse->(@_) } });
    $r = good('after 418', $p, 200, undef, { status => $refuse });
    is scalar(grep { $_->{data} =~ /Twice5/ } @{ $r->{got}{contacts} || [] }),
        0, '418 for an Add: it is not sent again';
};

subtest 'changes during a session' => sub {
    account();
    my ($p, $q) = (phone(per_message => 2), phone());
    $p->put(contacts => vcard("Item$_")) for 1 .. 6;
    my $r = good('while another device syncs', $p, 201, '6/1', { between => sub {
        my ($self, $n) = @_;
        return if $n != 2;
        $q->put(contacts => vcard('Meanwhile1'));
        $q->sync(201, 'contacts')->{ok} or die 'other device';
    } });
    is on($p), server(), 'it has what came meanwhile';
    good('and the other', $q, 200, undef);
    is on($q), server(), 'has the rest';
};

# ---- items in pieces --------------------------------------------------------

for my $v (qw(1.1 1.2)) {
    for my $f (qw(wbxml xml)) {
        subtest "items in pieces, $v $f" => sub {
            account();
            my @vf = (version => $v, format => $f, max_msg => 5000,
                      max_obj => 1000000);
            my ($p, $q) = map { phone(@vf, chunk => 3000) } 1, 2;
            my $note = join '', map { chr(97 + $_ % 26) } 1 .. 20000;
            $p->put(contacts => vcard('Large1', note => $note));
            $p->put(contacts => vcard('Small2'));
            $p->put(contacts => vcard('Large3', note => scalar reverse $note));
            my $r = good('up', $p, 201, '3/0');
            is $r->{status}{contacts}{p1}, 201, 'up: the last piece gets 201';
            is_deeply [ sort values %{ server_items($h, $user, 'contacts') } ],
                [ sort values %{ $p->items('contacts') } ],
                'up: octet by octet';
            good('down', $q, 201, '0/3');
            is_deeply [ sort values %{ $q->items('contacts') } ],
                [ sort values %{ $p->items('contacts') } ],
                'down: octet by octet';
            cmp_ok scalar(@{ $r->{answers} }), '>', 10, 'in many messages';
        };
    }
}

subtest 'a broken item in pieces' => sub {
    account();
    my $p = phone(max_msg => 5000);
    my $a = $p->send(alert(201, 'contacts', './contacts', undef, 'x'));
    my ($alert) = $a->alerts;
    my @head = (status_cmd($a->msg, undef, 200),
                status_cmd($a->msg, $alert->{node}, 200));
    my $piece = sub {
        my ($data, %o) = @_;
        my $r = $p->send({ final => 0 }, splice(@head),
            sync_cmd('contacts', './contacts',
                     add('1', 'text/vcard', $data, %o)));
        return $r->status('Add');
    };
    is $piece->('BEGIN:VCARD', size => 5000, more => 1), 213,
        'the first piece: 213';
    is $piece->("\r\nEND:VCARD\r\n"), 424,
        'an end that does not fit the announced size: 424';
    is $piece->('BEGIN:VCARD', size => 500, more => 1), 213, 'again';
    $a = $p->send({ final => 0 }, sync_cmd('contacts', './contacts',
        add('2', 'text/vcard', vcard('Other2'))));
    is $a->status('Add'), 201, 'another item in between is taken';
    is scalar(my @missing = $a->alerts(223)), 1,
        '... and the missing end of the first is told (Alert 223)';
    is server(), 'Other2', 'nothing of the unfinished one is stored';
    is $piece->('x', size => 999_999_999_999, more => 1), 416,
        'an item announced as too large: 416';
};

# ---- text as it came --------------------------------------------------------

subtest 'texts are kept octet by octet' => sub {
    account();
    my %text = (
        crlf  => [ 'N:Crlf1;;;;', 'FN:Crlf1', 'NOTE:a\nb' ],
        utf8  => [ "N:Utf2;\xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80;;;", 'FN:Utf2' ],
        blank => [ 'N:Blank3;;;;', 'FN:  Blank3  ', 'NOTE: x ' ],
        mark  => [ q(N:Mark4;<&>"']]>;;;), 'FN:Mark4' ],
    );
    $_ = join '', map {"$_\r\n"} 'BEGIN:VCARD', 'VERSION:3.0', @$_, 'END:VCARD'
        for values %text;
    for my $f (qw(wbxml xml)) {
        my $p = phone(format => $f);
        $p->put(contacts => $text{$_}, $_) for keys %text;
        good("$f up", $p, 201, '4/0');
        is_deeply [ sort values %{ server_items($h, $user, 'contacts') } ],
            [ sort values %text ], "$f: the server has the same octets";
        my $q = phone(format => $f);
        good("$f down", $q, 201, '0/4');
        is_deeply [ sort values %{ $q->items('contacts') } ],
            [ sort values %text ], "$f: another phone too";
    }
    my $inline = phone(inline => 1);
    $inline->put(contacts => $text{$_}, $_) for keys %text;
    good('inline strings', $inline, 201, '4/0');
    is server_count($h, $user, 'contacts'), 4,
        'inline strings: the same items';

    # Phones that write Latin-1 without saying so: kept, and XML stays XML.
    my $latin = phone();
    my $text = vcard("J\xf6rg5") =~ s/FN:.*\r\n/FN:J\xf6rg5\r\n/r;
    $latin->put(contacts => $text);
    good('Latin-1 up', $latin, 201, '1/4');
    my $x = phone(format => 'xml');
    good('Latin-1 in XML', $x, 201, '0/5');
    my $w = phone(format => 'wbxml');
    good('Latin-1 in WBXML', $w, 201, '0/5');
    is scalar(grep { $_ eq $text } values %{ $w->items('contacts') }), 1,
        'Latin-1 comes back as it was';

    # Notes are texts without a form.
    my $p = phone(stores => { notes => {} });
    my @notes = ('x', "two\nlines\r\nof\rit", ' blanks ', "\xc3\xbc");
    $p->put(notes => $_) for @notes;
    good('notes up', $p, 201, '4/0', 'notes');
    my $q = phone(stores => { notes => {} });
    good('notes down', $q, 201, '0/4', 'notes');
    is_deeply [ sort values %{ $q->items('notes') } ], [ sort @notes ],
        'notes come back as they were';
};

done_testing;
