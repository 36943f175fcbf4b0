#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# What a device's session did, shown and taken back with the command line tool,
# against a running server; and what a device may do.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP ();
use Test::Httpd;
use Test::Places qw(bin_dir);
use Test::SyncML::Phone;

my ($OK, $USAGE, $NOT_FOUND) = (0, 2, 3);
my $h = Test::Httpd->syncml(accounts => { alice => 'secret', bob => 'other' });

# Must end with that status; its output and words.
sub ctl {
    my ($want, @args) = @_;
    my ($rc, $out, $err) = $h->ctl(@args);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $rc, $want, "status $want: @args" or diag "$out$err";
    isnt $err, '', '... with a reason' if $want;
    return wantarray ? ($out, $err) : $out;
}

sub json {
    my $out = ctl($OK, @_, '--json');
    my $data = eval { JSON::PP->new->utf8->decode($out) };
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok defined $data, '... as JSON' or diag "$@: $out";
    return $data;
}

sub vcard { return "BEGIN:VCARD\r\nVERSION:3.0\r\nN:$_[0]\r\nEND:VCARD\r\n" }

sub synced {
    my ($p, @args) = @_;
    my $r = $p->sync(@args);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok $r->{ok}, "sync @args" or diag $r->{why};
    return;
}

# Names that the server has, sorted.
sub names {
    return join ' ', sort map { $_->{summary} }
        @{ json(qw(item list --account alice)) };
}

# Names that a phone has.
sub has {
    my ($p) = @_;
    return join ' ', sort map { /^N:(\w+)/m ? $1 : '?' }
        values %{ $p->items('contacts') };
}

sub phone {
    my ($id) = @_;
    return Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => 'alice', password => 'secret', id => $id,
        stores => { contacts => {} });
}

my ($phone, $tablet) = (phone('phone-1'), phone('tablet-1'));

is_deeply json(qw(session list)), [], 'no sessions yet';
like ctl($OK, qw(session list)), qr/There are no sessions/, '... in words';

my %luid = map { $_ => $phone->put('contacts', vcard($_)) }
    qw(Ann Ben Cid);
synced($phone, 201, 'contacts');
synced($tablet, 201, 'contacts');
my $first = json(qw(session list))->[1];
is $first->{device}, 'phone-1', 'the first session, by device';
is $first->{state}, 'ended', '... has ended';
is $first->{account}, 'alice', '... with its account';
my ($ds) = @{ $first->{datastores} };
is_deeply [ @$ds{qw(datastore sync status)} ], [ 'contacts', 'slow', 200 ],
    '... its datastore';
is $ds->{received}{added} + $ds->{received}{replaced}, 3, '... what came';

# ---- a session that spoils things --------------------------------------------

$phone->put('contacts', vcard('Spoilt'), $luid{Ann});
$phone->delete('contacts', $luid{Ben});
$phone->put('contacts', vcard('Rubbish'));
synced($phone, 200, 'contacts');
is names(), 'Cid Rubbish Spoilt', 'the server follows';
my $bad = json(qw(session list --device phone-1 --limit 1))->[0]{id};
synced($tablet, 200, 'contacts');
is has($tablet), 'Cid Rubbish Spoilt', '... and so does the other device';

my $show = json(qw(session show), $bad);
is_deeply [ sort map { join ':', $_->{what}, ($_->{was} // {})->{summary}
        // '-', $_->{became}{summary}, $_->{undo} } @{ $show->{items} } ],
    [ 'added:-:Rubbish:done', 'changed:Ann:Spoilt:done',
    'deleted:Ben:Ben:done' ], 'show says what it did';
my $text = ctl($OK, qw(session show), $bad);
like $text, qr/changed \s+ Ann\ ->\ Spoilt/x, '... for people';
like $text, qr/^contacts two-way: received 1\+1-1/m, '... in numbers';

my $would = json(qw(session undo --yes --dry-run), $bad);
is scalar @{ $would->{items} }, 3, 'a dry run tells';
is names(), 'Cid Rubbish Spoilt', '... and changes nothing';

my $undo = json(qw(session undo --yes), $bad);
is names(), 'Ann Ben Cid', 'undo puts all back';
for my $p ($phone, $tablet) {
    synced($p, 200, 'contacts');
    is has($p), 'Ann Ben Cid', "... and $p->{id} follows";
}
my $list = ctl($OK, qw(session list));
like $list, qr/takes back $bad;/, 'the undo is a session';
like $list, qr/taken back by $undo->{session}/, '... and said of the other';
ctl($OK, qw(session undo --yes), $undo->{session});
is names(), 'Cid Rubbish Spoilt', 'the undo is undone';
ctl($OK, qw(session undo --yes --account alice), $bad);
is names(), 'Ann Ben Cid', '... and once more';

# ---- what others have changed since ------------------------------------------

synced($_, 200, 'contacts') for $phone, $tablet;
my ($ann) = grep { $phone->items('contacts')->{$_} =~ /Ann/ }
    keys %{ $phone->items('contacts') };
$phone->put('contacts', vcard('Wrong'), $ann);
synced($phone, 200, 'contacts');
$bad = json(qw(session list --device phone-1 --limit 1))->[0]{id};
synced($tablet, 200, 'contacts');
($ann) = grep { $tablet->items('contacts')->{$_} =~ /Wrong/ }
    keys %{ $tablet->items('contacts') };
$tablet->put('contacts', vcard('Mended'), $ann);
synced($tablet, 200, 'contacts');
like ctl($OK, qw(session undo --yes), $bad),
    qr/left\ alone:\ changed\ by\ others.*0\ items\ put\ back,\ 1\ left/xs,
    'an item that others have changed is left alone';
is names(), 'Ben Cid Mended', '... as it is';
ctl($OK, qw(session undo --yes --force), $bad);
is names(), 'Ann Ben Cid', '... unless forced';

# ---- a reader who takes his time ---------------------------------------------

# More than a pipe holds: nobody else waits until it is read.
$phone->put('contacts', vcard("Big$_\r\nNOTE:" . 'x' x 30_000)) for 1 .. 3;
synced($phone, 200, 'contacts');
$bad = json(qw(session list --device phone-1 --limit 1))->[0]{id};
for my $dry ('--dry-run', '--yes') {
    open my $slow, '-|', bin_dir() . '/syncmlctl', '--store', $h->store,
        qw(session undo --yes --json), $dry, $bad or die "syncmlctl: $!\n";
    my $bits = '';
    vec($bits, fileno $slow, 1) = 1;
    ok select($bits, undef, undef, 30), 'an undo begins to say what it does';
    my @put = $h->ctl(\vcard("Late$dry"),
        qw(item put --account alice --wait 1));
    is $put[0], 0, '... and others can write before that is read';
    my $all = JSON::PP->new->utf8->decode(do { local $/; <$slow> });
    is scalar @{ $all->{items} }, 3, '... it is all there';
    ok close $slow, '... and ends well';
}
unlike names(), qr/Big/, '... and was done';

# ---- wrong use ---------------------------------------------------------------

like +(ctl($NOT_FOUND, qw(session show 999)))[1], qr/no session 999/,
    'no such session';
like +(ctl($NOT_FOUND, qw(session show --account bob), $bad))[1],
    qr/of that account/, 'no session of another';
like +(ctl($USAGE, qw(session undo x)))[1], qr/"x" is no session/, 'no number';
like +(ctl($USAGE, qw(session list --limit -1)))[1], qr/no number/, 'no limit';
ctl($NOT_FOUND, qw(session list --device nobody));

# ---- access ------------------------------------------------------------------

ctl($OK, qw(device set phone-1 --access card=read-only));
is_deeply json(qw(device show phone-1))->{access},
    { contacts => 'read-only' }, 'access is shown, by the usual name';
ctl($OK, qw(device set phone-1 --access contacts=full));
is_deeply json(qw(device show phone-1))->{access}, {}, '... and lifted';
ctl($OK, qw(datastore add --account alice contacts/Private));
like ctl($OK, qw(device set phone-1 --access card/private=send-only)),
    qr{access contacts/Private=send-only}, 'of an own datastore';
ctl($OK, qw(device set phone-1 --access contacts/PRIVATE=full));
is_deeply json(qw(device show phone-1))->{access}, {}, '... and lifted';
like +(ctl($NOT_FOUND, qw(device set phone-1 --access contacts/x=read-only)))[1],
    qr/no datastore "contacts\/x".*datastore list/, '... that must be there';
like ctl($OK, qw(device set phone-1 --access contatcs=read-only)),
    qr/none of the usual/, 'a slip is told';
ctl($OK, qw(device set phone-1 --access contatcs=full));
like +(ctl($USAGE, qw(device set phone-1 --access contacts=none)))[1],
    qr/full, read-only or send-only/, '... or refused';

done_testing;
