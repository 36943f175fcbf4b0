#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# Many at once: phones of one account and of several that sync at the same
# time, one session over two httpds with one store, sessions that grow old.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use POSIX ();
use Test::Httpd;
use Test::Samples qw(vcard server_items server_count server_names names_of);
use Test::SyncML qw(:all);
use Test::SyncML::Phone;
use Time::HiRes qw(sleep time);

# Run each of the subs in a process of its own, at the same time; returns what
# they returned, undef where one failed.
sub at_once {
    my ($dir, @subs) = @_;
    my (@pids, @results);
    for my $i (0 .. $#subs) {
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            my $text = eval { $subs[$i]->() } // "failed: $@";
            Test::Httpd::spew("$dir/tmp/at-once.$i", $text);
            POSIX::_exit(0);
        }
        push @pids, $pid;
    }
    for my $i (0 .. $#subs) {
        waitpid $pids[$i], 0;
        push @results, Test::Httpd::slurp("$dir/tmp/at-once.$i");
    }
    return @results;
}

# ---- phones at the same time ------------------------------------------------

subtest 'phones at the same time' => sub {
    my @users = map {"user$_"} 1 .. 3;
    my $h = Test::Httpd->syncml(push => 0,
        accounts => { map { $_ => 'secret' } @users });
    my @phones;
    for my $user (@users) {
        push @phones, map { Test::SyncML::Phone->new(url => $h->url('/syncml'),
            user => $user, id => "$user-$_", per_message => 4,
            auth => $_ == 1 ? 'md5' : 'basic', max_msg => 6000) } 1 .. 3;
    }
    # Each brings ten contacts, edits two, deletes one, in three syncs.
    my @results = at_once($h->{dir}, map { my $p = $_; sub {
        my $tag = ucfirst $p->{id} =~ tr/a-z0-9//cdr =~ tr/0-9/a-j/r;
        my @luids = map { $p->put(contacts => vcard("$tag$_")) } 1 .. 10;
        my $code = 201;
        my @slow;
        for my $round (1 .. 3) {
            my $r = $p->sync($code, 'contacts');
            $r->{ok} or die "round $round: $r->{why}\n";
            push @slow, $round if $code == 200
                && $r->{alerts}{contacts} != 200;
            $p->put(contacts => vcard("$tag$_", tel => "+$round"),
                    $luids[$_ - 1]) for 1, 2;
            $p->delete(contacts => $luids[9]) if $round == 1;
            $code = 200;
        }
        my $r = $p->sync(200, 'contacts');
        $r->{ok} or die "at last: $r->{why}\n";
        die "slow in round @slow\n" if @slow;
        die join("; ", $p->problems) . "\n" if $p->problems;
        return 'fine';
    } } @phones);
    is $results[$_], 'fine', "$phones[$_]{id}" for 0 .. $#phones;
    for my $user (@users) {
        my $tag = ucfirst $user =~ tr/0-9/a-j/r;
        is server_count($h, $user, 'contacts'), 27,
            "$user has what its three phones have, nothing of others";
        my @other = grep { !/FN:$tag/ }
            values %{ server_items($h, $user, 'contacts') };
        is scalar(@other), 0, "$user: all are its own";
        my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'),
                                         user => $user);
        ok $p->sync(201, 'contacts')->{ok}, "$user: a new phone";
        is scalar(grep { /TEL.*:\+3/ } values %{ $p->items('contacts') }), 6,
            "$user: with the latest edit of each";
    }
};

# ---- two httpds, one store --------------------------------------------------

subtest 'two httpds with one store' => sub {
    my $one = Test::Httpd->syncml(push => 0);
    my $two = Test::Httpd->syncml(push => 0, accounts => {},
        store => $one->store,
        conf => "SyncMLKeyFile $one->{dir}/state/syncml.key\n");
    for my $auth (qw(basic md5)) {
        my $p = Test::SyncML::Phone->new(url => $one->url('/syncml'),
            target => 'http://pool.example.org/syncml', auth => $auth,
            per_message => 2, max_msg => 2000);
        my $other = Test::SyncML::Phone->new(url => $two->url('/syncml'),
            auth => $auth, target => 'http://pool.example.org/syncml');
        $other->put(contacts => vcard("Other$_ $auth")) for 1 .. 6;
        ok $other->sync(201, 'contacts')->{ok}, "$auth: another device";
        my $all = keys %{ $other->items('contacts') };
        $p->put(contacts => vcard("Mine$_ $auth")) for 1 .. 6;
        my @url = map { $_->url('/syncml') } $one, $two;
        my $r = $p->sync({ between => sub {
            my ($self, $n) = @_;
            $self->{url} = $url[ $n % 2 ];
        } }, 201, 'contacts');
        ok $r->{ok}, "$auth: a session of " . @{ $r->{answers} }
            . ' messages, to each in turn' or diag $r->{why};
        is scalar(keys %{ $p->items('contacts') }), $all + 6,
            "$auth: the phone has all";
        $r = $p->sync(200, 'contacts');
        ok $r->{ok} && $r->{alerts}{contacts} == 200,
            "$auth: and the next sync is not slow";
        is join("\n", $p->problems, $other->problems), '',
            "$auth: answers are right";
    }
    is server_count($one, 'alice', 'contacts'), 24, 'each item once';
    my $devinf = sub {
        my ($h) = @_;
        my $c = Test::SyncML->new(url => $h->url('/syncml'));
        my $a = $c->send($c->get_devinf);
        return Test::SyncML::Codec::text($a->devinf, 'DevID');
    };
    is $devinf->($one), $devinf->($two), 'both are the same server to a phone';
};

# ---- time -------------------------------------------------------------------

subtest 'a session grows old' => sub {
    my $h = Test::Httpd->syncml(push => 0,
        in_location => 'SyncMLSessionTimeout 1');
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'));
    $p->put(contacts => vcard('Anna1'));
    my $r = $p->sync({ between => sub { sleep 0.6 } }, 201, 'contacts');
    ok $r->{ok}, 'slow messages, each within the limit' or diag $r->{why};
    $p->put(contacts => vcard('Bert2'));
    $r = $p->sync({ between => sub { sleep 2.2 if $_[1] == 1 } }, 200,
                  'contacts');
    ok !$r->{ok}, 'a session left for too long is over';
    unlike $r->{why}, qr/HTTP 5/, "... and the phone is told ($r->{why})";
    is server_names($h, 'alice', 'contacts'), 'Anna1',
        '... nothing was done';
    $r = $p->sync(200, 'contacts');
    ok $r->{ok}, 'the next sync' or diag $r->{why};
    is $r->{alerts}{contacts}, 200, '... is not slow';
    is server_names($h, 'alice', 'contacts'), 'Anna1 Bert2',
        '... and brings it';
};

done_testing;
