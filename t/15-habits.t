#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# How a device writes items: what is set and shown with the command line tool,
# the quirks file that changes while httpd runs, and a telephone of another
# format than the store's against a running server.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use JSON::PP ();
use Test::Httpd;
use Test::Places qw(spew);
use Test::SyncML::Phone;

my ($OK, $USAGE, $BAD) = (0, 2, 5);
my $h = Test::Httpd->syncml(conf => sub {
    spew("$_[0]{dir}/live.conf", "[Nokia]\nmatch manufacturer nokia\n"
        . "format contacts vcard21\n");
    return "SyncMLQuirks live.conf\nLogLevel syncml:debug\n";
});

sub ctl {
    my ($want, @args) = @_;
    my ($rc, $out, $err) = $h->ctl(@args);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $rc, $want, "status $want: @args" or diag "$out$err";
    return wantarray ? ($out, $err) : $out;
}

sub words {
    my ($want, $re, @args) = @_;
    my (undef, $err) = ctl($want, @args);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    like $err, $re, '... the right one';
    return;
}

sub json { return JSON::PP->new->utf8->decode(scalar ctl($OK, @_, '--json')) }

sub synced {
    my ($p, @args) = @_;
    my $r = $p->sync(@args);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok $r->{ok}, "sync @args" or diag $r->{why};
    return;
}

sub phone {
    my ($id, %o) = @_;
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => 'alice', password => 'secret', id => $id,
        stores => { contacts => {}, notes => {} }, %o);
    synced($p, 201, 'contacts', 'notes');
    return $p;
}

sub card {
    return "BEGIN:VCARD\r\nVERSION:3.0\r\n" . join('', map {"$_\r\n"} @_)
        . "END:VCARD\r\n";
}

sub only { my ($p) = @_; return (values %{ $p->items('contacts') })[0] }

subtest 'set and shown' => sub {
    phone('phone-a');
    my @set  = qw(device set phone-a);
    my @show = qw(device show phone-a);
    ctl($OK, @set, qw(quirk alarm-absolute=off quirk send-guid=on
        format card=vcard21 format notes=vnote zone Europe/Berlin clock local
        days midnight charset ISO-8859-1));
    my $show = ctl($OK, @show);
    like $show, qr/^Quirks +alarm-absolute=off send-guid$/m, 'off is shown';
    like $show, qr/^Zone +Europe\/Berlin$/m, 'zone';
    like $show, qr/^Habits +send-guid clock=local days=midnight charset=ISO-8859-1$/m,
        'what comes of it';
    like $show, qr/^Formats +contacts: vcard21, as set$/m, 'formats';
    like $show, qr/^ +notes: vnote, as set$/m, '... of each kind';
    like $show, qr/^ +tasks: as-is, nothing is known$/m, '... and why';
    my $json = json(@show);
    is $json->{zone}, 'Europe/Berlin', 'zone in JSON';
    is_deeply $json->{forms}{contacts},
        { format => 'vcard21', why => 'as set' }, 'format in JSON';

    my $quirks = "$h->{dir}/quirks.conf";
    push @show, '--quirks-file', $quirks;
    spew($quirks, "[Any phone]\nalarm-absolute on\nclock utc\nno-zone on\n"
        . "format contacts sifc\nformat tasks vcal10\n");
    $show = ctl($OK, @show);
    like $show, qr/^Sections +Any phone$/m, 'which sections match';
    like $show, qr/^Habits +no-zone send-guid clock=local/m,
        'settings count before the file';
    like $show, qr/^Formats +contacts: vcard21, as set$/m, '... formats too';
    like $show, qr/^ +tasks: vcal10, by the quirks file$/m, '... which counts';
    is_deeply json(@show)->{sections}, ['Any phone'], 'sections in JSON';
    spew($quirks, "[x]\nclock never\n");
    words($BAD, qr/quirks\.conf, line 2: clock wants default, utc/, @show);
    splice @show, -2;

    ctl($OK, @set, map { ($_, 'default') } qw(clock days charset));
    ctl($OK, @set, qw(zone none format contacts=default format notes=default
        quirk alarm-absolute=default quirk send-guid=default));
    like ctl($OK, @show), qr/^Zone +-\n.*^Habits +-\n.*contacts: vcard30, by its DevInf/ms,
        'default forgets';
    words($BAD, qr/no time zone of this system/, @set, qw(zone Mars/Olympus));
    words($BAD, qr/no format for contacts/, @set, qw(format contacts=ical20));
    words($BAD, qr/clock wants default, utc/, @set, qw(clock noon));
    words($USAGE, qr/DATASTORE=FORMAT/, @set, qw(format vcard21));
    words($USAGE, qr/zone can/, qw(account set alice colour red));
    words($BAD, qr/no time zone/, qw(account set alice zone Nowhere));
    is ctl($OK, qw(account set alice zone Europe/Berlin)),
        "account alice: zone Europe/Berlin\n", "an account's zone";
    is ctl($OK, qw(account set alice zone none)),
        "account alice: zone removed\n", '... is removed';
};


subtest 'a quirks file that changes' => sub {
    my @put = (\card('N:Berg;Anna', 'FN:Anna Berg', 'NICKNAME:Anni',
        'TEL;TYPE=CELL:+491', 'NOTE:Grüße'), qw(item put));
    my $id = json(@put)->{id};
    my $p  = phone('nokia-1', man => 'Nokia', mod => 'N70');
    like only($p), qr/^VERSION:2\.1\r$/m, 'vCard 2.1 by the quirks file';
    like only($p), qr/^TEL;CELL:\+491\r$/m, '... as that version has it';
    like $h->log, qr/live\.conf read, 1 sections/, 'the log says what was read';

    # What vCard 2.1 has no word for stays when the phone edits the card.
    my ($luid) = keys %{ $p->items('contacts') };
    $p->put(contacts => only($p) =~ s/\+491/+492/r =~ s/^NICKNAME.*?\n//mr,
        $luid);
    synced($p, 200, 'contacts');
    my $text = ctl($OK, qw(item get), $id);
    like $text, qr/^TEL;TYPE=CELL:\+492\r$/m, 'the edit is in the store';
    like $text, qr/^NICKNAME:Anni\r$/m, '... which has what the phone has not';
    like $text, qr/^VERSION:3\.0\r$/m, '... in its own version';
    like $text, qr/^NOTE:Grüße\r$/m, '... with its letters';

    spew("$h->{dir}/live.conf", "[Nokia]\nmatch manufacturer nokia\n"
        . "format contacts vcard30\n[x]\n");
    sleep 3;
    ctl($OK, \card('N:Neu;Nora'), qw(item put));
    synced($p, 200, 'contacts');
    my ($new) = grep {/Nora/} values %{ $p->items('contacts') };
    like $new, qr/^VERSION:3\.0\r$/m, 'another format without a restart';
    spew("$h->{dir}/live.conf", "[Nokia]\nmatch model\n");
    sleep 3;
    ctl($OK, \card('N:Alt;Adam'), qw(item put));
    synced($p, 200, 'contacts');
    ($new) = grep {/Adam/} values %{ $p->items('contacts') };
    like $new, qr/^VERSION:3\.0\r$/m, 'a file with an error changes nothing';
    like $h->log, qr/live\.conf, line 2: match wants.*stay in force/,
        '... and is in the log';
};

subtest 'by the path, by a setting' => sub {
    my $q = Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => 'alice', password => 'secret', id => 'path-1',
        stores => { 'contacts/fo(vcard21)' => { local => './contacts' } });
    synced($q, 201, 'contacts/fo(vcard21)');
    is scalar(grep {/^VERSION:2\.1\r$/m}
        values %{ $q->items('contacts/fo(vcard21)') }), 3, 'fo(vcard21)';
    $q = Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => 'alice', password => 'secret', id => 'path-2',
        stores => { contacts => {} });
    synced($q, 204, 'contacts');
    is scalar(grep {/^VERSION:3\.0\r$/m} values %{ $q->items('contacts') }), 3,
        'without: by its DevInf';
    ctl($OK, qw(device set path-2 format contacts=vcard21));
    synced($q, 205, 'contacts');
    is scalar(grep {/^VERSION:2\.1\r$/m} values %{ $q->items('contacts') }), 3,
        'as set for the device';
};

$h->expect_log(qr{live\.conf, line 2: match wants});
$h->stop;
done_testing;
