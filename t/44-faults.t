#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The store fails under a sync: locked by another process, disk full, file
# taken away.  The client is told so in SyncML, nothing is half done, and a
# retry works.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Faults qw(lock_store unlock_store);
use Test::Httpd;
use Test::Samples qw(vcard server_items server_count server_names names_of);
use Test::SyncML qw(:all);
use Test::SyncML::Phone;
use Time::HiRes qw(sleep time);

my $VCARD = 'text/vcard';
my $mounted;
END { system("umount -l $mounted") if $mounted }

sub opened {
    my ($h, %o) = @_;
    my $c = Test::SyncML->new(url => $h->url('/syncml'), %o);
    my $a = $c->send(alert(201, 'contacts', './c', undef, '1'));
    $c->{opening} = [ status_cmd($a->msg, undef, 200),
        map { status_cmd($a->msg, $_->{node}, 200) } $a->alerts ];
    return $c;
}

# The status that says no: of the header, or of the Add.
sub refusal {
    my ($a) = @_;
    my $hdr = $a->status('SyncHdr') // '';
    return $hdr =~ /^2/ ? $a->status('Add') : $hdr;
}

# ---- locked -----------------------------------------------------------------

subtest 'another process writes for a second' => sub {
    my $h = Test::Httpd->syncml(push => 0);
    my $c = opened($h);
    my $pid = lock_store($h, 1);
    my $start = time;
    my $a = $c->send({ final => 0 }, @{ $c->{opening} },
        sync_cmd('contacts', './c', add('1', $VCARD, vcard('Waits1'))));
    is $a->status('Add'), 201, 'the item is taken';
    cmp_ok time - $start, '>', 0.7, '... after the wait';
    unlock_store($h, $pid);
    is server_names($h, 'alice', 'contacts'), 'Waits1', 'it is there';
    is join("\n", $c->problems), '', 'answers are right';
};

subtest 'another process does not stop writing' => sub {
    my $h = Test::Httpd->syncml(push => 0);
    $h->expect_log(qr/\[syncml:\w+\].*(?:lock|busy)/i);
    my $c = opened($h);
    my $pid = lock_store($h, 120);
    my $start = time;
    my $a = $c->send({ final => 0 }, @{ $c->{opening} },
        sync_cmd('contacts', './c', add('1', $VCARD, vcard('Waits1'))));
    my $took = time - $start;
    is $a->code, 200, 'HTTP 200';
    is refusal($a), 510, 'data store failure: 510';
    cmp_ok $took, '<', 20 * Test::Httpd::slow(), 'the phone waits ' . int($took)
        . ' s for it';
    is join("\n", $c->problems), '', 'the answer is right';
    unlock_store($h, $pid);
    is server_count($h, 'alice', 'contacts'), 0, 'nothing is half done';

    # The phone tries again: the same message.
    $a = $c->resend;
    is $a->status('Add'), 201, 'the same message again is done now';
    is server_names($h, 'alice', 'contacts'), 'Waits1', 'it is there';
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'));
    ok $p->sync(201, 'contacts')->{ok}, 'other devices sync';
};

# ---- disk full --------------------------------------------------------------

subtest 'disk full' => sub {
    plan skip_all => 'needs root to mount a small file system' if $>;
    my $h = Test::Httpd->syncml(push => 0, start => 0);
    my $dir = "$h->{dir}/state";
    system("mount -t tmpfs -o size=3m,mode=0700 tmpfs $dir 2>/dev/null") == 0
        or plan skip_all => 'cannot mount a tmpfs here';
    $mounted = $dir;
    # What was made in the directory is hidden now: make it again.
    $h->own($dir);
    $h->account(alice => 'secret');
    $h->start;
    $h->expect_log(qr/\[syncml:\w+\].*(?:no room|disk is full)/i);
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'));
    $p->put(contacts => vcard($_)) for qw(Anna1 Bert2);
    ok $p->sync(201, 'contacts')->{ok}, 'two contacts fit';
    my $c = opened($h);
    my $stuffed = sub {
        my ($n, $last) = (0, undef);
        while ($n < 200) {
            $last = $c->send({ final => 0 }, splice(@{ $c->{opening} }),
                sync_cmd('contacts', './c', add('big' . ++$n, $VCARD,
                    vcard("Big$n", note => 'x' x 50000))));
            last if $last->code != 200
                || ($last->status('SyncHdr') // '') !~ /^2/
                || $last->status('Add') ne '201';
        }
        return ($n, $last);
    };
    my ($n, $a) = $stuffed->();
    cmp_ok $n, '>', 5, 'then contacts of 50 kB, until the disk is full';
    cmp_ok $n, '<', 100, '... which it is';
    is $a->code, 200, 'HTTP 200';
    is refusal($a), 420, 'device full: 420';
    is join("\n", $c->problems), '', 'the answer is right';
    is server_count($h, 'alice', 'contacts'), 2 + $n - 1,
        'what was accepted is there, the refused one is not';
    is_deeply [ grep { !/Big/ } sort values
        %{ server_items($h, 'alice', 'contacts') } ],
        [ map { vcard($_) } qw(Anna1 Bert2) ], 'the old contacts are all there';

    # Room again: the same message is taken.
    system("mount -o remount,size=30m $dir") == 0 or die "remount\n";
    $a = $c->resend;
    is $a->status('Add'), 201, 'room again: the same message is done now';
    is server_count($h, 'alice', 'contacts'), 2 + $n, '... once';
    my $r = $p->sync(200, 'contacts');
    ok $r->{ok}, 'and the phone syncs' or diag $r->{why};
    is scalar(keys %{ $p->items('contacts') }), 2 + $n, '... and has all';
    $h->stop;
};

# ---- the file is taken away -------------------------------------------------

subtest 'the store cannot be read' => sub {
    my $h = Test::Httpd->syncml(push => 0);
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'));
    $p->put(contacts => vcard('Anna1'));
    ok $p->sync(201, 'contacts')->{ok}, 'a contact';
    $h->stop;
    my $db = "$h->{dir}/state/syncml.db";
    # The database is these three files.
    my @files = grep { -e } map {"$db$_"} '', '-wal', '-shm';
    rename $_, "$_.good" or die "rename: $!\n" for @files;
    my $garbage = "this is no database\n" x 1000;
    Test::Httpd::spew($db, $garbage);
    $h->own("$h->{dir}/state");
    my $words = $h->start_fails;
    like $words, qr/syncml\.db/, 'httpd refuses to start and says why';
    unlike $words, qr/secret/, '... without passwords';
    ok Test::Httpd::slurp($db) eq $garbage, '... and leaves the file alone';
    unlink $db;
    rename "$_.good", $_ or die "rename: $!\n" for @files;
    $h->start;
    my $r = $p->sync(200, 'contacts');
    ok $r->{ok} && $r->{alerts}{contacts} == 200, 'with the good file it goes on'
        or diag $r->{why};
};

done_testing;
