#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The command line tool and files: stores that are not there, key files that
# are missing or wrong, files that cannot be used, and whose files it makes
# when root runs it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Test::Httpd;
use Test::Places qw(bin_dir child_user scratch slurp spew);

my $CTL = bin_dir() . '/syncmlctl';
my ($OK, $NOT_FOUND, $NO_STORE) = (0, 3, 7);
my $h = Test::Httpd->new;       # runs commands; no httpd is started

sub bare {
    my ($stdin, @args) = @_;
    return $h->run(\$stdin, $CTL, @args);
}

my $other = scratch();
mkdir "$other/state";
my @own = child_user();         # empty unless root
chown $own[2], $own[3], "$other/state" if @own;
my @store = ('--store', "sqlite:$other/state/new.db");

subtest 'a new store' => sub {
    my ($rc, $out, $err) = bare('', @store, qw(account list));
    is $rc, $NO_STORE, 'no store';
    like $err, qr/no database.*account add NAME/, '... what to do';
    ok !-e "$other/state/new.db", '... none is made';
    ($rc, $out, $err) = bare('pw', @store, qw(account add anna));
    is "$rc$err", '0', 'the first account makes it';
    like $out, qr/^made the store/, '... and says so';
    ok -s "$other/state/syncml.key", 'the key file is beside it';
    if (@own) {
        is_deeply [ map { (stat $_)[4] } glob "$other/state/*" ],
            [ ($own[2]) x @{[ glob "$other/state/*" ]} ],
            "by root: the files are the directory's owner's";
    }
    ($rc, $out, $err) = bare('', @store, 'server-id');
    is $rc, $NOT_FOUND, 'no server id yet';
    like $err, qr/httpd's first start/, '... who makes it';

    local $ENV{SYNCML_STORE} = "sqlite:$other/state/new.db";
    ($rc, $out) = bare('', qw(account list));
    like $out, qr/^anna/m, '$SYNCML_STORE';
    ($rc, $out, $err) = bare('', '--store', "sqlite:$other/nowhere/x.db",
        qw(account list));
    is $rc, $NO_STORE, 'no directory';
    like $err, qr/no directory .*nowhere.*install -d/, '... what to do';
};

subtest 'key files' => sub {
    my ($rc, undef, $err) = bare('pw', @store, '--key-file',
        "$other/state/other.key", qw(account add otto));
    is $rc, $NO_STORE, 'a missing key file is not made anew';
    like $err, qr/other\.key.*restore/s, '... where it is to come from';
    ok !-e "$other/state/other.key", '... indeed';
    spew("$other/state/other.key", 'x' x 32);
    chmod 0600, "$other/state/other.key";
    chown $own[2], $own[3], "$other/state/other.key" if @own;
    ($rc, undef, $err) = bare('pw', @store, '--key-file',
        "$other/state/other.key", qw(account passwd anna));
    is $rc, $NO_STORE, 'another key file is refused';
    like $err, qr/not the key file/, '... with the reason';
    chmod 0644, "$other/state/other.key";
    ($rc, undef, $err) = bare('pw', @store, '--key-file',
        "$other/state/other.key", qw(account passwd anna));
    is $rc, $NO_STORE, 'one that is open to others is refused';
    like $err, qr/chmod 600/, '... what to do';
    ($rc) = bare('', @store, '--key-file', "$other/state/other.key",
        qw(account list));
    is $rc, $OK, 'without a password the key does not matter';
    unlink "$other/state/other.key";

    # A store without passwords gets its key with the first one.
    my @late = ('--store', "sqlite:$other/state/late.db", '--key-file',
        "$other/state/late.key");
    ($rc) = bare('', @late, qw(account add --no-password lea));
    is $rc, $OK, 'an account without password';
    ok !-e "$other/state/late.key", '... needs no key file';
    ($rc, undef, $err) = bare('pw', @late, qw(account passwd lea));
    is "$rc$err", '0', 'its first password';
    is -s "$other/state/late.key", 32, '... makes it';
};

subtest 'files that cannot be used' => sub {
    my $file = "$other/state/odd.db";
    my $list = sub {
        return bare('', '--store', "sqlite:$file", qw(account list));
    };
    spew($file, "not a database at all\n" x 100);
    chown $own[2], $own[3], $file if @own;
    my ($rc, undef, $err) = $list->();
    is $rc, $NO_STORE, 'another file';
    is slurp($file), "not a database at all\n" x 100, '... is left alone';
    unlink $file;
    mkdir $file;
    ($rc, undef, $err) = $list->();
    is $rc, $NO_STORE, 'a directory';
    rmdir $file;
    system('sqlite3', $file, 'CREATE TABLE t (x)') == 0 or die;
    ($rc, undef, $err) = $list->();
    is $rc, $NO_STORE, 'another database';
    like $err, qr/not a SyncML store/, '... is seen';
    unlink $file;
  SKIP: {
        skip 'the directory is root\'s here', 2 if !@own && !$>;
        system('cp', "$other/state/new.db", $file);
        chown $own[2], $own[3], $file if @own;
        chmod 0000, $file;
        ($rc, undef, $err) = $list->();
        is $rc, $NO_STORE, 'a file that may not be read';
        like $err, qr/as root or as the owner/, '... what to do' or diag $err;
        unlink $file;
    }
};

subtest 'root does not touch what is not the store\'s' => sub {
    plan skip_all => 'needs root' if $> || !@own;
    my $mine = "$other/mine";
    spew($mine, 'x' x 32);
    chmod 0600, $mine;
    symlink $mine, "$other/state/link.key";
    link $mine, "$other/state/hard.db";
    my ($rc) = bare('pw', @store, '--key-file', "$other/state/link.key",
        qw(account passwd anna));
    is $rc, $NO_STORE, 'a symbolic link is not followed with root\'s rights';
    ($rc) = bare('', '--store', "sqlite:$other/state/hard.db",
        qw(account list));
    is $rc, $NO_STORE, 'nor a file with another name';
    is((stat $mine)[4], 0, '... both stay root\'s');
    is slurp($mine), 'x' x 32, '... as they were';

    # What root made before the directory was given away comes along.
    chown 0, 0, map { "$other/state/$_" } qw(new.db new.db-queue syncml.key);
    my ($out, $err);
    ($rc, $out, $err) = bare('pw', @store, qw(account passwd anna));
    is "$rc$err", '0', 'files of root in the owner\'s directory';
    is((stat "$other/state/$_")[4], $own[2], "... $_ is given to the owner")
        for qw(new.db new.db-queue syncml.key);
};

done_testing;
