#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The closed loop: a change made on one device or on the server sends an SMS
# for the other device; that SMS, as its gateway delivers it, wakes the real
# client, which syncs and has the item.  The same over TCP, to a listener and
# over a connection held open, beside that client.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Test::More;
use Test::Httpd;
use Test::Places ();
use Test::Reach;
use Test::Samples qw(sample server_put server_edit server_delete server_items
    names_of);
use Test::SyncEvo;
use Time::HiRes qw(sleep time);

plan skip_all => 'not installed: ' . Test::SyncEvo::missing_for_wake()
    if Test::SyncEvo::missing_for_wake();

my $SERVER_ID = 'wake-test';
my $NUMBER = '+491701234567';

# ---- gateways: each gives the SMS that have come out, oldest first ----------

# What comes without SMS is as good as one for the number.
sub no_sms { map { { to => $NUMBER, san => $_ } } @_ }

my %GATEWAY = (
    file => sub {
        return (gateway => sub {"file:$_[0]{dir}/state/sms"},
                sms => sub { map { Test::SyncEvo::read_sms($_) }
                             sort glob "$_[0]{dir}/state/sms/*.txt" });
    },
    kannel => sub {
        eval { require Test::Kannel; 1 } or return ();
        return () if Test::Kannel->missing;
        my $k = Test::Kannel->new->start;
        return (gateway => $k->gateway, sms => sub { $k->sms }, keep => $k);
    },
    tcp => sub {
        my $d = Test::Reach->listener;
        return (conf => "SyncMLPushTCPNetworks 127.0.0.1\n",
            sms => sub { no_sms($d->got) },
            ready => sub { $_[0]->ctl(qw(device set device-b tcp),
                    '127.0.0.1:' . $d->port, qw(--account alice)) });
    },
    held => sub {
        my $port = Test::Places::free_port();
        my $c = Test::Reach->client($port, 'device-b', 'alice', 'secret');
        my @got;
        return (conf => "SyncMLPushListen 127.0.0.1:$port\n",
            sms => sub {
                while ((my ($code, %param) = $c->hear(0))[0] != -1) {
                    push @got, $param{7} if $code == Test::Reach::SYNC;
                }
                return no_sms(@got);
            },
            ready => sub { $c->login == Test::Reach::OK ? 0 : 1 });
    },
);

sub due {
    my ($h) = @_;
    my ($rc, $out, $err) = $h->ctl('--json', 'due', 'list');
    die "due list: $rc $err\n" if $rc;
    my $list = JSON::PP::decode_json($out);
    return @{ ref $list eq 'HASH' ? $list->{dues} // $list->{due} : $list };
}

sub loop {
    my ($name) = @_;
    my %g = $GATEWAY{$name}->();
    plan skip_all => "no $name here" unless %g;
    my $h = Test::Httpd->syncml($g{gateway} ? (gateway => $g{gateway}) : (),
        delay => 0, conf => "SyncMLServerID $SERVER_ID\n" . ($g{conf} // ''));
    my %common = (url => $h->url('/syncml'), name => $SERVER_ID);
    my $a = Test::SyncEvo->new(%common, id => 'device-a');
    my $b = Test::SyncEvo->new(%common, id => 'device-b');
    my $seen = 0;

    # The next SMS, all its parts: there must be one, within a few seconds.
    my $sms = sub {
        my ($what) = @_;
        my ($end, @new) = time + 10;
        while (time < $end) {
            my @all = $g{sms}->($h);
            @new = @all[ $seen .. $#all ];
            last if @new;
            sleep 0.02;
        }
        ok scalar(@new), "$what: an SMS leaves";
        $seen += @new;
        is_deeply [ grep { $_ ne $NUMBER } map { $_->{to} } @new ], [],
            "$what: for the number of B alone";
        return @new;
    };
    my $wake = sub {
        my ($what, @parts) = @_;
        my $san = $parts[0]{san}
            // eval { Test::SyncEvo::san_of_sms(@parts) };
        ok defined $san, "$what: it is a notification" or diag $@;
        return unless defined $san;
        my $r = $b->wake($san);
        ok $r->ok, "$what: B wakes and syncs" or diag $r->why;
        return $r;
    };

    ok $_->sync('slow')->ok, 'first sync of ' . $_->id for $a, $b;
    $b->put(addressbook => sample(addressbook => 'Early0'));
    ok $b->sync('two-way')->ok, "B's own change";
    my ($rc, $out, $err) = $h->ctl('device', 'set', 'device-b', 'number',
        $NUMBER, '--account', 'alice');
    is $rc, 0, 'B has a number' or diag "$out$err";
    ($rc, $out, $err) = $h->ctl('device', 'set', 'device-b', 'push', 'on',
        '--account', 'alice');
    is $rc, 0, 'B may be woken' or diag "$out$err";
    is scalar(due($h)), 0, 'nothing is due';
    is +($g{ready}->($h))[0], 0, 'B can be reached' if $g{ready};

    # A's change.
    $a->put(addressbook => sample(addressbook => 'Anna1'), 'anna');
    ok $a->sync('two-way')->ok, 'A adds a contact';
    my $r = $wake->('A adds', $sms->('A adds'));
    is names_of($b->items('addressbook')), 'Anna1 Early0', 'A adds: B has it';
    is join(' ', sort keys %{ $r->{sources} }), 'addressbook',
        'A adds: only that database was synced';
    is $r->mode('addressbook'), 'two-way', 'A adds: in a two-way sync';
    is scalar(due($h)), 0, 'A adds: nothing is due any more';

    # The server's side: several databases, one SMS.
    server_put($h, 'alice', contacts => sample(contacts => 'Bert2'));
    my @first = $sms->('server adds');
    server_put($h, 'alice', calendar => sample(calendar => 'Cora3'));
    server_put($h, 'alice', notes => sample(notes => 'Dora4'));
    $r = $wake->('server adds', @first);
    is names_of($b->items('addressbook')), 'Anna1 Bert2 Early0',
        'server adds: B has it';
    $r = $wake->('more', $sms->('more'));
    is names_of($b->items('calendar')) . ' ' . names_of($b->items('memo')),
        'Cora3 Dora4', 'more: B has the event and the note';
    is join(' ', sort keys %{ $r->{sources} }), 'calendar memo',
        'more: one SMS named both databases';
    is scalar(due($h)), 0, 'more: nothing is due any more';

    # An edit, a delete.
    $a->edit(addressbook => 'anna', sub { s/Anna1/Anita1/g });
    ok $a->sync('two-way')->ok, 'A edits';
    $wake->('A edits', $sms->('A edits'));
    is names_of($b->items('addressbook')), 'Anita1 Bert2 Early0',
        'A edits: B has the edit';
    my ($id) = grep { server_items($h, 'alice', 'contacts')->{$_} =~ /Bert2/ }
        keys %{ server_items($h, 'alice', 'contacts') };
    server_delete($h, 'alice', contacts => $id);
    $wake->('server deletes', $sms->('server deletes'));
    is names_of($b->items('addressbook')), 'Anita1 Early0',
        'server deletes: B has it no more';

    # B's own change wakes nobody, least of all B.
    $b->put(addressbook => sample(addressbook => 'Own5'));
    ok $b->sync('two-way')->ok, 'B adds a contact itself';
    sleep 1.5;
    is scalar(my @all = $g{sms}->($h)), $seen, "B's own change sends no SMS";
    is scalar(due($h)), 0, '... and owes nothing';

    # What phones only read: B fetches it, and keeps its own to itself.
    ($rc, $out, $err) = $h->ctl(qw(push set --device device-b --account alice
        sync-type.contacts one-way-from-server));
    is $rc, 0, 'contacts are one way for B' or diag "$out$err";
    $b->put(addressbook => sample(addressbook => 'Kept6'));
    server_put($h, 'alice', contacts => sample(contacts => 'Gina7'));
    $r = $wake->('one way', $sms->('one way'));
    # as this client calls it
    is $r->mode('addressbook'), 'one-way-from-remote',
        'one way: so B was asked';
    is names_of($b->items('addressbook')), 'Anita1 Early0 Gina7 Kept6 Own5',
        'one way: B has it';
    is names_of(server_items($h, 'alice', 'contacts')),
        'Anita1 Early0 Gina7 Own5', "one way: B's own stays there";
    is scalar(due($h)), 0, 'one way: nothing is due any more';
    $b->unlisten;
    is scalar(() = glob "$h->{dir}/state/sms/*.txt"), 0,
        'no SMS was sent besides' unless $g{gateway};
    return;
}

for my $name (qw(file kannel tcp held)) {
    subtest $name => sub { loop($name) };
}

done_testing;
