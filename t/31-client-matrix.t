#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The real client in every version, encoding and authentication; packages of
# many messages; what a repeated sync must not do.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Samples qw(sample server_count names_of);
use Test::SyncEvo;
use Test::SyncML::Codec qw(decode text path);
use Test::SyncML::Judge;
use Test::SyncML::Phone;

plan skip_all => 'not installed: ' . Test::SyncEvo::missing()
    if Test::SyncEvo::missing();

my @combos;
for my $version (qw(1.0 1.1 1.2)) {
    for my $format (qw(wbxml xml)) {
        push @combos, map { { version => $version, format => $format,
            auth => $_, name => "$version $format $_",
            account => "u$version-$format-$_" =~ tr/.//dr } } qw(md5 basic);
    }
}
my @extra = map { { version => '1.2', format => 'wbxml', path => "/only-$_->[1]",
    auth => $_->[0], only => $_->[1], name => "$_->[0] where only $_->[1]",
    account => "only-$_->[1]" } } [ md5 => 'basic' ], [ basic => 'md5' ];
# The client without CTCap in its DevInf, without its own extensions.
my @plain = map { { version => '1.2', format => 'wbxml', auth => 'md5',
    flags => $_, name => "1.2 $_", account => lc } } qw(NOCTCAP NORESTART);

my $h = Test::Httpd->syncml(
    push     => 0,
    accounts => { map { $_->{account} => "pass $_->{account}" }
                  @combos, @extra, @plain, { account => 'many' } },
    conf     => join '', map {
        qq{<Location "/only-$_">\nSetHandler syncml\nSyncMLAuthScheme $_\n}
        . "</Location>\n" } qw(basic md5)
);

for my $c (@combos, @extra, @plain) {
    my $path = $c->{path} || '/syncml';
    # A phone of the same account, so that the server has something to say.
    $c->{phone} = Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => $c->{account}, password => "pass $c->{account}",
        stores => { contacts => {}, notes => {} });
    $c->{phone}->put(contacts => sample(contacts => 'Paul1'));
    $c->{phone}->put(notes => sample(notes => 'Paul2'));
    my $r = $c->{phone}->sync(201, 'contacts', 'notes');
    ok $r->{ok}, "$c->{name}: the other device syncs" or diag $r->{why};

    $c->{device} = Test::SyncEvo->new(url => $h->url($path),
        user => $c->{account}, password => "pass $c->{account}",
        stores => [qw(addressbook memo)], id => "device $c->{account}",
        version => join(',', grep { defined } @$c{qw(version flags)}),
        map { $_ => $c->{$_} } qw(format auth));
    $c->{device}->put(addressbook => sample(addressbook => 'Anna1'), 'a1');
    $c->{device}->put(addressbook => sample(addressbook => 'Bert2'), 'a2');
    $c->{device}->put(memo => sample(memo => 'Cora3'), 'm1');
}

# All of them at once: they wait for their own clocks most of the time.
sub sync_all {
    my ($mode, $what) = @_;
    my @runs = map { $_->{device}->start_sync($mode) } @combos, @extra, @plain;
    for my $c (@combos, @extra, @plain) {
        my $r = $c->{result} = (shift @runs)->wait;
        ok $r->ok, "$c->{name}: $what" or diag $r->why;
        for (qw(addressbook memo)) {
            is $r->mode($_), $mode, "$c->{name}: $what: $_ in mode $mode";
            is $r->errors($_), 0, "$c->{name}: $what: $_ without errors";
        }
        judge($c, $what);
    }
    return;
}

sub judge {
    my ($c, $what) = @_;
    my @wrong;
    for my $dump ($c->{result}->dumps) {
        if ($dump->{type} ne $c->{format}) {
            push @wrong, "message $dump->{n} $dump->{way} is $dump->{type}";
        }
        my ($node) = eval { decode($c->{result}->octets($dump),
                                   $dump->{type}) };
        if (!$node) {
            push @wrong, "message $dump->{n} $dump->{way}: $@";
            next;
        }
        my $proto = text($node, qw(SyncHdr VerProto)) // '';
        push @wrong, "message $dump->{n} $dump->{way} says $proto"
            if $proto ne "SyncML/$c->{version}";
        $c->{types}{ text($node, qw(SyncHdr Cred Meta Type)) // '' }++;
        push @wrong, map {"message $dump->{n}: $_"}
            Test::SyncML::Judge::document($node, $c->{version})
            if $dump->{way} eq 'incoming';
    }
    is join("\n", @wrong), '', "$c->{name}: $what: messages are right";
    return;
}

sub is_everywhere {
    my ($what, $contacts, $notes) = @_;
    for my $c (@combos, @extra, @plain) {
        is names_of($c->{device}->items('addressbook')), $contacts,
            "$c->{name}: $what: the client's contacts";
        is names_of($c->{device}->items('memo')), $notes,
            "$c->{name}: $what: the client's notes";
        my $r = $c->{phone}->sync(200, 'contacts', 'notes');
        ok $r->{ok}, "$c->{name}: $what: the other device syncs"
            or diag $r->{why};
        is names_of($c->{phone}->items('contacts')), $contacts,
            "$c->{name}: $what: the other device's contacts";
        is names_of($c->{phone}->items('notes')), $notes,
            "$c->{name}: $what: the other device's notes";
    }
    return;
}

sub counts {
    my ($what, $contacts, $notes) = @_;
    is $_->{result}->counts('addressbook'), $contacts,
        "$_->{name}: $what: contacts moved" for @combos, @extra, @plain;
    is $_->{result}->counts('memo'), $notes,
        "$_->{name}: $what: notes moved" for @combos, @extra, @plain;
    return;
}

sync_all('slow', 'first sync');
counts('first sync', 'local 1/0/0 remote 2/0/0', 'local 1/0/0 remote 1/0/0');
is_everywhere('first sync', 'Anna1 Bert2 Paul1', 'Cora3 Paul2');
for my $c (@combos) {
    my $type = "syncml:auth-$c->{auth}";
    ok $c->{types}{$type}, "$c->{name}: it did authenticate by $type";
}
for my $c (@extra) {
    ok $c->{types}{"syncml:auth-$c->{only}"},
        "$c->{name}: it was challenged with $c->{only} and used it";
}

sync_all('two-way', 'nothing to do');
counts('nothing to do', 'local 0/0/0 remote 0/0/0',
       'local 0/0/0 remote 0/0/0');

for my $c (@combos, @extra, @plain) {
    my $d = $c->{device};
    $d->edit(addressbook => 'a1', sub { s/Anna1/Anita1/g });
    $d->delete(addressbook => 'a2');
    $d->put(memo => sample(memo => 'Dora4'), 'm2');
    my ($luid) = grep { $c->{phone}->items('contacts')->{$_} =~ /Paul1/ }
        keys %{ $c->{phone}->items('contacts') };
    $c->{phone}->put(contacts => sample(contacts => 'Paula1'), $luid);
    $c->{phone}->put(contacts => sample(contacts => 'Emil5'));
    my ($note) = grep { $c->{phone}->items('notes')->{$_} =~ /Paul2/ }
        keys %{ $c->{phone}->items('notes') };
    $c->{phone}->delete(notes => $note);
    my $r = $c->{phone}->sync(200, 'contacts', 'notes');
    ok $r->{ok}, "$c->{name}: the other device edits" or diag $r->{why};
}
sync_all('two-way', 'changes on both sides');
counts('changes on both sides', 'local 1/1/0 remote 0/1/1',
       'local 0/0/1 remote 1/0/0');
is_everywhere('changes', 'Anita1 Emil5 Paula1', 'Cora3 Dora4');

sync_all('slow', 'slow again');
is_everywhere('slow again', 'Anita1 Emil5 Paula1', 'Cora3 Dora4');

is join("\n", map { my $c = $_; map {"$c->{name}: $_"} $c->{phone}->problems }
        @combos, @extra, @plain), '',
    'the other devices had nothing to complain of';

# ---- many messages ----------------------------------------------------------

my $other = Test::SyncML::Phone->new(url => $h->url('/syncml'),
    user => 'many', password => 'pass many', max_msg => 30000);
$other->put(contacts => sample(contacts => "Server$_", note => 'n' x 100))
    for 1 .. 250;
ok $other->sync(201, 'contacts')->{ok}, 'many: 250 contacts from another device';

for my $c ({ version => '1.2', format => 'wbxml' },
           { version => '1.1', format => 'xml' }) {
    my $what = "$c->{version} $c->{format}, maxMsgSize 20000";
    my $d = Test::SyncEvo->new(url => $h->url('/syncml'), user => 'many',
        password => 'pass many', max_msg => 20000, stores => ['addressbook'],
        id => "many $c->{format}", %$c);
    $d->put(addressbook => sample(addressbook => "Client$_",
                                  note => 'n' x 100)) for 1 .. 200;
    my $r = $d->sync('slow');
    ok $r->ok, "$what: 200 up, 250 and more down" or diag $r->why;
    is $r->errors('addressbook'), 0, "$what: without errors";
    my @in = grep { $_->{way} eq 'incoming' } $r->dumps;
    cmp_ok scalar(@in), '>', 6, "$what: took " . @in . ' messages';
    is_deeply [ grep { -s $_->{file} > 20000 } @in ], [],
        "$what: no answer is above 20000 octets";
    cmp_ok scalar(grep { -s $_->{file} > 15000 } @in), '>=', 2,
        "$what: answers are well filled";
    is scalar(keys %{ $d->items('addressbook') }), 450,
        "$what: the client has all, once";
    $c->{result} = $r;
    $c->{name} = $what;
    judge($c, 'many');

    $r = $d->sync('two-way');
    ok $r->ok, "$what: the next sync" or diag $r->why;
    is $r->mode('addressbook'), 'two-way', "$what: is not slow";
    is $r->counts('addressbook'), 'local 0/0/0 remote 0/0/0',
        "$what: moves nothing";
    cmp_ok $r->messages, '<=', 4, "$what: in " . $r->messages . ' messages';
}
is server_count($h, 'many', 'contacts'), 450,
    'the server has all, once';

done_testing;
