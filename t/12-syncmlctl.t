#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# The command line tool: every command, what it prints for people and as JSON,
# its exit statuses, passwords, other writers.  Devices come from a real server,
# which they sync with.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use IPC::Open2;
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use POSIX ();
use Time::HiRes qw(sleep time);
use Test::Httpd;
use Test::Places qw(bin_dir slurp spew);
use Test::SyncML::Phone;

my $CTL = bin_dir() . '/syncmlctl';
my ($OK, $FAILURE, $USAGE, $NOT_FOUND, $EXISTS, $BAD, $BUSY) = (0 .. 6);

# One httpd, whose worker would tell devices of changes in an hour.
my $h = Test::Httpd->syncml(accounts => { alice => 'secret', bob => 'other' },
    delay => 3600, conf => "SyncMLServerID test-server\n");
my $db  = "$h->{dir}/state/syncml.db";
my $key = "$h->{dir}/state/syncml.key";

# ---- helpers -----------------------------------------------------------------

# ([\$stdin,] @arguments): must end with that status; its output and words.
sub ctl {
    my ($want, @args) = @_;
    my ($rc, $out, $err) = $h->ctl(@args);
    my $stdin = ref $args[0] ? shift @args : undef;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $rc, $want, "status $want: @args" or diag "$out$err";
    is $err, '', '... without complaint' if !$want && $err ne '';
    isnt $err, '', '... with a reason' if $want;
    return wantarray ? ($out, $err) : $out;
}

sub words {
    my ($want, $re, @args) = @_;
    my (undef, $err) = ctl($want, @args);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    like $err, $re, '... the right one';
    return;
}

sub json {
    my (@args) = @_;
    my $out = ctl($OK, @args, '--json');
    my $data = eval { JSON::PP->new->utf8->decode($out) };
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok defined $data, '... as JSON' or diag "$@: $out";
    return $data;
}

sub vcard { return "BEGIN:VCARD\r\nVERSION:3.0\r\n@_\r\nEND:VCARD\r\n" }

sub event {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:$_[0]"
        . "\r\nDTSTART:20200101T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

sub phone {
    my ($user, $password, $id) = @_;
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => $user, password => $password, id => $id,
        stores => { contacts => {}, notes => {} });
    my $r = $p->sync(201, 'contacts', 'notes');
    ok $r->{ok}, "$id of $user syncs" or diag $r->{why};
    return $p;
}

# ---- command line and help ---------------------------------------------------

subtest 'help and version' => sub {
    my $all = ctl($OK, '--help');
    my @commands = $all
        =~ /^  ((?:account|device|datastore|due|guard|item|push|session) \w+|server-id)/gm;
    is scalar(@commands), 32, 'help lists the commands';
    my $man = slurp("$FindBin::Bin/../syncmlctl/syncmlctl.8");
    for my $command (@commands) {
        my $help = ctl($OK, split(/ /, $command), '--help');
        like $help, qr/^Usage: syncmlctl \Q$command\E\b/, '... of its own';
        my ($own) = $help =~ /\nOptions:\n(.*?)\n\n/s;
        my ($entry) = $man =~ /^\.(?:It )?Ic \Q$command\E$(.*?)^\.(?:It|El)/ms;
        ok defined $entry, "$command is in the manual page";
        my @missing = grep { $entry !~ /Fl -\Q$_\E\b/ }
            ($own // '') =~ /^  --(\S+)/gm;
        # Both forms of this one have an entry.
        @missing = grep { !/^(?:all|yes)$/ } @missing
            if $command eq 'item del';
        is "@missing", '', '... with its options';
    }
    is +(grep { length > 79 } split /\n/, $all), 0, 'lines fit a terminal';
    like ctl($OK, '--version'), qr/^syncmlctl \d+\.\d+$/m, 'version';
    is ctl($OK, qw(help item put)), ctl($OK, qw(item put -h)), 'help, -h';
};

subtest 'datastores' => sub {
    my @alice = qw(--account alice);
    is ctl($OK, qw(datastore add), @alice, 'Card/Private'),
        "datastore contacts/Private of alice: added\n", 'add, by an alias';
    words(4, qr/has a datastore "contacts\/Private" already/,
        qw(datastore add), @alice, 'contacts/PRIVATE');
    for my $bad (qw(contacts photos/x contacts/ contacts/slow caltasks/x),
        'contacts/a b') {
        words($USAGE, qr/cannot be a datastore of an account's own/,
            qw(datastore add), @alice, $bad);
    }
    like ctl($OK, qw(datastore list), @alice),
        qr{^contacts/Private +0$}m, 'list';
    ctl($OK, \vcard('N:A;B'), qw(item put --datastore contacts/Private),
        @alice);
    words(5, qr/an item of contacts\/Private is a vCard/, \event('x'),
        qw(item put --datastore contacts/Private), @alice);
    is_deeply [ map {"@$_{qw(datastore items)}"}
            @{ json(qw(datastore list), @alice) } ],
        ['contacts/Private 1'], 'list as JSON';
    is ctl($OK, qw(datastore del --yes), @alice, 'contacts/private'),
        "datastore contacts/Private of alice: deleted\n", 'del';
    words(3, qr/has no datastore "contacts\/private"/,
        qw(datastore del --yes), @alice, 'contacts/private');
    words($USAGE, qr/cannot be a datastore/, qw(datastore del --yes), @alice,
        'contacts');
};

subtest 'wrong command lines' => sub {
    words($USAGE, qr/command is missing.*--help/s);
    words($USAGE, qr/unknown command "frob"/, 'frob');
    words($USAGE, qr/One of: add, passwd, del, list/, 'account');
    words($USAGE, qr/"item frob"; there is: list, get, put, del, restore/,
        qw(item frob));
    words($USAGE, qr/unknown option --frob.*Usage: syncmlctl item get/s,
        qw(item get --frob));
    words($USAGE, qr/unknown option -x/, qw(item -x));
    words($USAGE, qr/--all is no option of this command/,
        qw(item list --all));
    words($USAGE, qr/--json takes no value/, qw(item list --json=1));
    words($USAGE, qr/--account needs a value/, qw(item list --account));
    words($USAGE, qr/--account needs a value/,
        qw(item list --account --json));
    words($USAGE, qr/argument is missing/, qw(item get));
    words($USAGE, qr/too many: "3"/, qw(item get 1 3));
    words($USAGE, qr/--wait takes a number/, qw(item list --wait soon));
    words($USAGE, qr/named as sqlite:/, qw(account list --store memory:));
    words($USAGE, qr/named as sqlite:/, qw(account list --store sqlite:x.db));
};

# ---- accounts ----------------------------------------------------------------

subtest 'accounts' => sub {
    my $list = json(qw(account list));
    is_deeply [ map { $_->{name} } @$list ], [qw(alice bob)], 'list';
    is_deeply [ sort keys %{ $list->[0] } ],
        [qw(created devices has_password items name)], '... fields';
    like $list->[0]{created}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
        '... time';

    is ctl($OK, \"pw\n", qw(account add carol)), "account carol: added\n",
        'add';
    words($EXISTS, qr/"carol" already.*account passwd/, \"pw\n",
        qw(account add carol));
    is_deeply json(\"pw\n", qw(account add dave)),
        { account => 'dave', done => 'added' }, 'add, JSON';
    ctl($OK, qw(account add --no-password eve));
    like ctl($OK, qw(account list)), qr/^eve +by httpd +0 +0 /m, 'table';
    ctl($OK, \"pw2\r\n", qw(account passwd eve));
    ok +(grep { $_->{name} eq 'eve' && $_->{has_password} }
        @{ json(qw(account list)) }), 'a password for eve';
    ctl($OK, qw(account passwd eve --no-password));
    words($NOT_FOUND, qr/no account "nobody"/, \"pw\n",
        qw(account passwd nobody));

    # What cannot be.
    words($BAD, qr/no password came/, \'', qw(account add frank));
    words($BAD, qr/password is empty/, \"\n", qw(account add frank));
    words($BAD, qr/NUL/, \"a\0b\n", qw(account add frank));
    words($BAD, qr/longer than 1024/, \('x' x 1025), qw(account add frank));
    words($BAD, qr/colon/, \"pw\n", 'account', 'add', 'a:b');
    words($BAD, qr/UTF-8/, \"pw\n", 'account', 'add', "a\xff");
    words($BAD, qr/control/, \"pw\n", 'account', 'add', "a\nb");
    words($BAD, qr/1 to 255/, \"pw\n", 'account', 'add', '');
    words($BAD, qr/1 to 255/, \"pw\n", 'account', 'add', 'x' x 256);
    ctl($OK, \('y' x 1024), 'account', 'add', 'x' x 255);
    ctl($OK, \"pw\n", 'account', 'add', "J\xc3\xb6rg \"q\" \\");
    ctl($OK, \"pw\n", qw(account add -- --json));
    is_deeply [ map { $_->{name} } @{ json(qw(account list)) } ],
        [ sort '--json', "J\x{f6}rg \"q\" \\", 'x' x 255,
          qw(alice bob carol dave eve) ], 'names come back as they were';

    ctl($OK, qw(account del), $_) for qw(carol dave eve), 'x' x 255,
        "J\xc3\xb6rg \"q\" \\";
    ctl($OK, qw(account del -- --json));
    words($NOT_FOUND, qr/no account "carol"/, qw(account del carol));
    is_deeply [ map { $_->{name} } @{ json(qw(account list)) } ],
        [qw(alice bob)], 'the others are gone';
};

# The server takes a changed password at once.
subtest 'passwords' => sub {
    phone('alice', 'secret', 'phone-a');
    ctl($OK, \"n\xc3\xa4w:pq w\n", qw(account passwd alice));
    my $p = Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => 'alice', password => 'secret', id => 'phone-a');
    $h->expect_log(qr/phone-a.*(?:login|password|401)/i,
        qr/(?:login|password|401).*phone-a/i);
    ok !$p->sync(200, 'contacts')->{ok}, 'the old one is refused';
    $p = Test::SyncML::Phone->new(url => $h->url('/syncml'),
        user => 'alice', password => "n\xc3\xa4w:pq w", id => 'phone-a');
    ok $p->sync(200, 'contacts')->{ok}, 'the new one is taken';
    # Sessions, with what the devices sent, are in there as well.
    my $kept = join '', map { slurp($_) } glob "$db*";
    is index($kept, "n\xc3\xa4w:pq w"), -1, 'no password is in the database';
    is index($kept, MIME::Base64::encode_base64("n\xc3\xa4w:pq w", '')), -1,
        '... nor in base64';
    is index($kept, slurp($key)), -1, '... nor the key';
    is -s $key, 32, 'the key file has its 32 octets';
    is((stat $key)[2] & 07777, 0600, '... for its owner alone');
    is((stat $db)[2] & 07, 0, 'the database is not for everybody');
    ctl($OK, \'secret', qw(account passwd alice));
};

subtest 'a password is not shown' => sub {
    # While it waits for the password it can be looked at.
    pipe my $r, my $w or die;
    my $pid = fork // die;
    if (!$pid) {
        open STDIN, '<&', $r or POSIX::_exit(1);
        close $w;
        open STDOUT, '>', '/dev/null';
        exec $CTL, '--store', "sqlite:$db", '--key-file', $key,
            qw(account add zoe) or POSIX::_exit(1);
    }
    close $r;
    syswrite $w, 'topsecret';
    my $end = time + 10;
    sleep 0.02 until slurp("/proc/$pid/cmdline") =~ /zoe/ || time > $end;
    sleep 0.1;
    my $seen = slurp("/proc/$pid/cmdline");
    like $seen, qr/account\0add\0zoe/, 'ps shows the command';
    unlike $seen, qr/topsecret/, '... without password';
    syswrite $w, "\n";
    close $w;
    waitpid $pid, 0;
    is $?, 0, 'it goes on';
    $h->own("$h->{dir}/state");
    ctl($OK, qw(account del zoe));
};

# On a terminal: no echo, and twice the same.
sub on_terminal {
    my ($lines, @args) = @_;
    open my $pty, '+<', '/dev/ptmx' or return;
    my $n = pack 'i', 0;
    ioctl $pty, 0x40045431, $n or return;       # TIOCSPTLCK
    ioctl $pty, 0x80045430, $n or return;       # TIOCGPTN
    my $tty = '/dev/pts/' . unpack 'i', $n;
    my $pid = fork // die;
    if (!$pid) {
        POSIX::setsid();
        open my $t, '+<', $tty or POSIX::_exit(99);
        POSIX::dup2(fileno $t, $_) for 0 .. 2;
        exec $CTL, '--store', "sqlite:$db", '--key-file', $key, @args
            or POSIX::_exit(99);
    }
    my $shown = '';
    my $until = sub {
        my ($re, $end) = ($_[0], time + 10);
        while ($shown !~ $re) {
            if (time > $end) {
                kill KILL => $pid;
                last;
            }
            my $in = '';
            vec($in, fileno $pty, 1) = 1;
            select $in, undef, undef, 0.1 or next;
            sysread $pty, $shown, 4096, length $shown or last;
        }
    };
    for my $line (@$lines) {
        $until->($line->[0]);
        syswrite $pty, $line->[1];
    }
    $until->(qr/\0/);           # until it closes the terminal
    waitpid $pid, 0;
    return ($?, $shown);
}

subtest 'terminal' => sub {
    my ($status, $shown) = on_terminal([ [ qr/Password: $/, "hush1\n" ],
            [ qr/again: $/, "hush1\n" ] ], qw(account add tim));
    plan skip_all => 'no pseudo terminal' unless defined $status;
    is $status >> 8, $OK, 'a password typed twice' or diag $shown;
    unlike $shown, qr/hush1/, '... is not shown';
    ($status, $shown) = on_terminal([ [ qr/Password: $/, "hush1\n" ],
            [ qr/again: $/, "hush2\n" ] ], qw(account passwd tim));
    is $status >> 8, $BAD, 'two different ones are refused';
    like $shown, qr/not the same/, '... with a reason';
    ($status, $shown) = on_terminal([ [ qr/Password: $/, "hu\x03" ] ],
        qw(account passwd tim));
    is $status & 127, POSIX::SIGINT, 'Ctrl-C ends it';
    ($status, $shown) = on_terminal([ [ qr/\[y\/N\] $/, "n\n" ] ],
        qw(account del tim));
    is $status >> 8, $FAILURE, 'a deletion is asked for: no';
    like $shown, qr/tim with 0 devices and 0 items/, '... with what goes';
    ($status, $shown) = on_terminal([ [ qr/\[y\/N\] $/, "y\n" ] ],
        qw(account del tim));
    is $status >> 8, $OK, '... yes';
    $h->own("$h->{dir}/state");
};

# ---- items -------------------------------------------------------------------

subtest 'items' => sub {
    my $ada = vcard("N:Lovelace;Ada\r\nTEL:1\r\nX-ODD:\xff\x01");
    words($USAGE, qr/2 accounts: say which/, \$ada, qw(item put));
    my @a = qw(--account alice);
    my $put = json(\$ada, qw(item put), @a);
    is_deeply { map { $_ => $put->{$_} } qw(done datastore type summary) },
        { done => 'added', datastore => 'contacts', type => 'text/vcard',
          summary => 'Ada Lovelace' }, 'put: recognised';
    my $id = $put->{id};
    is ctl($OK, qw(item get), @a, $id), $ada, 'get: the same octets';
    my $got = json(qw(item get), @a, $id);
    is decode_base64($got->{data_base64}), $ada, 'get: JSON, in base64';
    is $got->{size}, length $ada, '... size';
    is $got->{origin}, undef, '... by the server';

    my %id = ($id => 'contacts');
    for (
        [ calendar => event("T\xc3\xa4st") ],
        [ tasks => event('x') =~ s/VEVENT/VTODO/gr ],
        [ notes => "A note\nof two lines" ],
    ) {
        my $r = json(\$_->[1], qw(item put), @a);
        is $r->{datastore}, $_->[0], "put: to $_->[0]";
        $id{ $r->{id} } = $_->[0];
    }
    my $list = json(qw(item list), @a);
    is_deeply { map { $_->{id} => $_->{datastore} } @$list }, \%id, 'list';
    is +(grep { $_->{datastore} eq 'calendar' } @$list)[0]{summary},
        "T\x{e4}st", '... summary';
    is_deeply json(qw(item list), @a, qw(--datastore addressbook)),
        json(qw(item list), @a, qw(--datastore contacts)),
        '... of one datastore, by another name';
    like ctl($OK, qw(item list), @a), qr/^\Q$id\E +contacts +20.* server +Ada/m,
        '... table';
    is ctl($OK, qw(item list --account bob)), "There are no items.\n",
        'none for people';
    is_deeply json(qw(item list --account bob)), [], '... and in JSON';

    # Replacing.
    my $byron = vcard('N:Byron;Ada');
    spew("$h->{dir}/tmp/byron.vcf", $byron);
    is ctl($OK, qw(item put), @a, '--id', $id, '--file',
        "$h->{dir}/tmp/byron.vcf"),
        "item $id: replaced in contacts of alice: Ada Byron\n", 'put: replace';
    is ctl($OK, qw(item get), @a, lc $id), $byron, '... it is';
    ctl($OK, \$ada, qw(item put), @a, $id);
    is ctl($OK, qw(item get), @a, $id), $ada, 'put: id as a word';
    words($USAGE, qr/twice/, \$ada, qw(item put), @a, '--id', $id, $id);
    words($NOT_FOUND, qr/no item ZZ/, \$ada, qw(item put), @a, 'ZZ');
    words($NOT_FOUND, qr/no item \?/, \$ada, qw(item put), @a, '?');
    words($BAD, qr/contacts is a vCard, but this is plain text/,
        \'text', qw(item put), @a, $id);

    # What is refused, and where to.
    words($BAD, qr/empty/, \'', qw(item put), @a);
    words($BAD, qr/BEGIN, END or VERSION/, \"BEGIN:VCARD\r\nFN:x\r\n",
        qw(item put), @a);
    words($BAD, qr/not supported/, \(vcard('N:x') =~ s/3\.0/2.1/r),
        qw(item put), @a);
    words($BAD, qr/not supported/, \'x', qw(item put), @a,
        qw(--type text/x-s4j-sifc));
    words($BAD, qr/NUL/, \"a\0b", qw(item put), @a);
    words($BAD, qr/calendar is an iCalendar event, but this is a vCard/,
        \$ada, qw(item put), @a, qw(--datastore calendar));
    words($NOT_FOUND, qr/no datastore "conatcts"/, \$ada, qw(item put), @a,
        qw(--datastore conatcts));
    words($NOT_FOUND, qr/no datastore "conatcts"/, qw(item list), @a,
        qw(--datastore conatcts));
    is json(\$ada, qw(item put), @a, qw(--datastore special --create))
        ->{datastore}, 'special', 'a datastore of another name';
    is json(\$ada, qw(item put), @a, qw(--type text/plain))->{datastore},
        'notes', 'a vCard as a plain text';
    words($NOT_FOUND, qr/cannot read .*nothing/, qw(item put), @a, '--file',
        "$h->{dir}/nothing");
    words($FAILURE, qr/cannot read/, qw(item put), @a, '--file', $h->{dir});
    {
        my $big = "$h->{dir}/tmp/big";
        open my $f, '>', $big or die;
        truncate $f, 16 * 1024 * 1024 + 1;
        close $f;
        words($BAD, qr/more than 16777216/, qw(item put), @a, '--file', $big);
        unlink $big;
    }

    # Deleting: all or none.
    my ($note) = map { $_->{id} } @{ json(qw(item list), @a,
            qw(--datastore notes)) };
    words($NOT_FOUND, qr/no item ZZ/, qw(item del), @a, $note, 'ZZ');
    ctl($OK, qw(item get), @a, $note);
    words($NOT_FOUND, qr/deleted already; nothing was changed/,
        qw(item del), @a, $note, $note);
    is_deeply json(qw(item del), @a, $note), { account => 'alice',
        deleted => 1 }, 'del';
    words($NOT_FOUND, qr/was deleted on 20.*--deleted/, qw(item get), @a,
        $note);
    is ctl($OK, qw(item get --deleted), @a, $note), "A note\nof two lines",
        'its last text';
    words($NOT_FOUND, qr/without an id/, \'text', qw(item put), @a, $note);
    is ctl($OK, qw(item restore), @a, $note), "1 item restored\n", 'restore';
    is ctl($OK, qw(item get), @a, $note), "A note\nof two lines",
        '... its text is back';
    words($NOT_FOUND, qr/is not deleted; nothing was changed/,
        qw(item restore), @a, $note);
    ctl($OK, qw(item del), @a, $note);
    words($NOT_FOUND, qr/no item ZZ/, qw(item restore), @a, $note, 'ZZ');
    words($NOT_FOUND, qr/was deleted/, qw(item get), @a, $note);
    is_deeply json(qw(item restore), @a, $note), { account => 'alice',
        restored => 1 }, '... in JSON';
    ctl($OK, qw(item del), @a, $note);
    is ctl($OK, qw(item list --archived), @a),
        "There are no archived items.\n", 'none is archived';
    words($USAGE, qr/which items/, qw(item del), @a);
    words($USAGE, qr/do not go together/, qw(item del), @a, '--all', $id);
    is ctl($OK, qw(item del --all --datastore special), @a),
        "1 item deleted\n", 'del --all of a datastore';
    is scalar @{ json(qw(item list), @a) }, 4, '... the others are there';
};

subtest 'one account does not see the other' => sub {
    my $id = json(\"bob's", qw(item put --account bob))->{id};
    my $alice = json(\'alices', qw(item put --account alice))->{id};
    unlike ctl($OK, qw(item list --account alice)), qr/bob's/, 'list';
    # Ids are counted in each account: these are two items.
    my ($rc, $out) = $h->ctl(qw(item get --account alice), $id);
    unlike $out, qr/bob's/, 'get';
    words($NOT_FOUND, qr/no item \Q$alice\E/, \'x',
        qw(item put --account bob), $alice);
    words($NOT_FOUND, qr/no item \Q$alice\E/, qw(item del --account bob),
        $alice);
    ctl($OK, qw(item del --all --account alice));
    is scalar @{ json(qw(item list --account bob)) }, 1, 'del --all';
    ctl($OK, qw(item del --all --account bob));
};

# ---- devices and what is due -------------------------------------------------

subtest 'devices' => sub {
    my $p = phone('alice', 'secret', 'phone-a');
    phone('alice', 'secret', "evil\x{1b}[31m\"");
    phone('bob', 'other', 'phone-a');
    phone('bob', 'other', 'phone-b');
    my $list = json(qw(device list));
    is join(' ', map {"$_->{account}/$_->{device}"} @$list),
        "alice/evil\e[31m\" alice/phone-a bob/phone-a bob/phone-b", 'list';
    like ctl($OK, qw(device list)), qr/^alice +evil\?\[31m" +- +o/m,
        '... cannot move the cursor';
    is scalar @{ json(qw(device list --account bob)) }, 2, '... of one';
    words($NOT_FOUND, qr/no account "x"/, qw(device list --account x));

    words($USAGE, qr/2 accounts have a device "phone-a"/,
        qw(device show phone-a));
    my $show = json(qw(device show phone-a --account alice));
    is join(' ', map {"$_->{datastore}:$_->{lacks}"} @{ $show->{datastores} }),
        'contacts:0 notes:0', 'show';
    ok exists $show->{devinf} || exists $show->{devinf_base64}, '... DevInf';
    is $show->{syncml_version}, '1.2', '... version';
    like ctl($OK, qw(device show phone-b)), qr/^Account +bob$/m,
        'show: the account is found';
    unlike ctl($OK, qw(--json device show phone-b)), qr/nonce/i,
        '... no nonce is shown';
    words($NOT_FOUND, qr/no device "x".*device list/, qw(device show x));
    words($NOT_FOUND, qr/no device "phone-b" of account alice/,
        qw(device show phone-b --account alice));

    my @set = qw(device set --account alice phone-a);
    is json(@set, '--number', '+49 (170) 123-45.67', qw(--push on))->{number},
        '+491701234567', 'number as an option';
    is json(@set, qw(number 0170/1234567 push off))->{number}, '01701234567',
        '... in words';
    my $out = ctl($OK, @set, '--number=+491701234567');
    like $out, qr/number \+491701234567, push off\nit is not told/,
        'without push it says so';
    is json(@set, qw(push on))->{push}, JSON::PP::true, 'push on';
    for my $bad ('+', '12', '1' x 16, '+49x', '12+34', "1234\n", '++1234',
                 "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4") {
        words($BAD, qr/no telephone number/, @set, '--number', $bad);
    }
    words($USAGE, qr/on or off/, @set, qw(push maybe));
    words($USAGE, qr/on or off/, @set, qw(--push maybe));
    words($USAGE, qr/nothing to set/, @set);
    words($USAGE, qr/value is missing/, @set, 'number');
    words($USAGE, qr/cannot be set/, @set, qw(colour red));
    words($NOT_FOUND, qr/no device/, qw(device set x number 1234));
    ctl($OK, @set, qw(quirk no-item-status=on quirk send-guid=on));
    is_deeply json(qw(device show --account alice phone-a))->{quirks},
        [qw(no-item-status send-guid)], 'quirks in words';
    ctl($OK, @set, qw(--quirk no-item-status=default));
    like ctl($OK, qw(device show --account alice phone-a)),
        qr/^Quirks +send-guid$/m, '... and as an option';
    words($BAD, qr/no quirk "frob"; there is: alarm-absolute, .*send-guid/,
        @set, qw(--quirk frob=on));
    words($BAD, qr/no quirk "clock"/, @set, qw(--quirk clock=on));
    words($USAGE, qr/NAME=on, NAME=off or NAME=default/, @set, qw(--quirk send-guid));
    words($USAGE, qr/NAME=on, NAME=off or NAME=default/, @set, qw(--quirk send-guid=1));
    ctl($OK, @set, qw(--quirk send-guid=default));
    is json(qw(device show --account bob phone-a))->{number}, '',
        "bob's phone of that name has none";
    is json(qw(device show --account alice phone-a))->{number},
        '+491701234567', 'wrong ones changed nothing';

    # What is due.
    is ctl($OK, qw(due list)), "Nothing is due: all devices are told.\n",
        'nothing is due';
    is_deeply json(qw(due list)), [], '... in JSON';
    my $id = json(\vcard('N:One;Due'), qw(item put --account alice))->{id};
    my $due = json(qw(due list));
    is scalar @$due, 1, 'a change by the server is due';
    is join(' ', @{ $due->[0] }{qw(account device number state attempts)}),
        'alice phone-a +491701234567 waiting 0', '... to whom';
    is_deeply $due->[0]{datastores}, ['contacts'], '... of what';
    like $due->[0]{since}, qr/^20.*Z$/, '... since when';
    like ctl($OK, qw(due list)),
        qr/^alice +phone-a +\+491701234567 +contacts +20.* waiting +0 +0 /m,
        '... table';
    is_deeply json(qw(due list --account bob)), [], '... not to bob';
    is json(qw(device show --account alice phone-a))->{datastores}[0]{lacks},
        1, 'the device lacks it';
    ctl($OK, @set, qw(push off));
    is_deeply json(qw(due list)), [], 'push off: not due';
    ctl($OK, @set, qw(push on));
    is scalar @{ json(qw(due list)) }, 1, 'push on: due again';
    ctl($OK, @set, qw(number none));
    is_deeply json(qw(due list)), [], 'no number: not due';
    ctl($OK, @set, qw(number 12345));
    ok $p->sync(200, 'contacts')->{ok}, 'the device syncs';
    is_deeply json(qw(due list)), [], '... and is owed nothing';
    is join('', values %{ $p->items('contacts') }), vcard('N:One;Due'),
        '... and has it';
    ctl($OK, \vcard('N:Two;Due'), qw(item put --account alice), $id);
    ctl($OK, qw(item del --account alice), $id);
    is_deeply json(qw(due list))->[0]{datastores}, ['contacts'],
        'replacing and deleting are due';

    # An item that a device made, and the device's end.
    $p->put(notes => 'from the phone');
    ok $p->sync(200, 'contacts', 'notes')->{ok}, 'a note by the device';
    is json(qw(item list --account alice --datastore notes))->[0]{origin},
        'phone-a', 'where it came from';
    is ctl($OK, qw(device del --account alice phone-a)),
        "device phone-a: deleted\n", 'del';
    words($NOT_FOUND, qr/no device/,
        qw(device del --account alice phone-a));
    like ctl($OK, qw(item list --account alice)), qr/from the phone/,
        '... its note stays';
    is scalar @{ json(qw(device list --account bob)) }, 2,
        "... bob's are there";
    # As the server learns it from an event.
    (undef, $out) = $h->run(\"INSERT INTO settings SELECT 'zone-seen.' || id,
        'Europe/Berlin' FROM accounts WHERE name = 'alice'; SELECT changes();",
        'sqlite3', $db);
    is $out, "1\n", 'a zone is known';
    ctl($OK, qw(account del alice));
    (undef, $out) = $h->run(\"SELECT name FROM settings
        WHERE name LIKE 'zone%';", 'sqlite3', $db);
    is $out, '', 'an account goes with its zone';
    is_deeply [ map { $_->{account} } @{ json(qw(device list)) } ],
        [qw(bob bob)], '... and with its devices';
};

subtest 'server id' => sub {
    is ctl($OK, 'server-id'), "test-server\n", 'for people';
    is_deeply json('server-id'), { server_id => 'test-server' }, 'as JSON';
};

# ---- others at work ----------------------------------------------------------

subtest 'another writer' => sub {
    ctl($OK, \"secret\n", qw(account add alice));
    my $pid = open2(my $from, my $to, 'sqlite3', $db);
    print {$to} "BEGIN IMMEDIATE;\n.print locked\n";
    is scalar(<$from>), "locked\n", 'somebody holds the write lock';
    my $begin = time;
    words($BUSY, qr/try again/, \'x', qw(item put --account alice --wait 1));
    my $took = time - $begin;
    ok $took > 0.9 && $took < 5, '... we waited a second' or diag $took;
    words($BUSY, qr/--wait SECONDS/, \'x',
        qw(item put --account alice --wait 0));
    is_deeply json(qw(item list --account alice)), [], 'reading goes on';
    my $child = fork // die;
    if (!$child) {
        sleep 1;
        print {$to} "ROLLBACK;\n";
        close $to;
        POSIX::_exit(0);
    }
    is ctl($OK, \'x', qw(item put --account alice)),
        "item 1: added to notes of alice: x\n", 'it waits for its turn';
    waitpid $child, 0;
    close $to;
    waitpid $pid, 0;
};

subtest 'many at once' => sub {
    my @pids;
    for my $n (1 .. 12) {
        my $pid = fork // die;
        if (!$pid) {
            spew("$h->{dir}/tmp/put$n", vcard("N:Name$n"));
            open STDOUT, '>', '/dev/null';
            exec $CTL, '--store', "sqlite:$db", qw(item put --account alice
                --file), "$h->{dir}/tmp/put$n" or POSIX::_exit(99);
        }
        push @pids, $pid;
    }
    my $failed = 0;
    for (@pids) { waitpid $_, 0; $failed++ if $? }
    $h->own("$h->{dir}/state");
    is $failed, 0, 'none fails';
    my $list = json(qw(item list --account alice --datastore contacts));
    is scalar @$list, 12, 'all items are there';
    my %ids = map { $_->{id} => 1 } @$list;
    is scalar keys %ids, 12, '... each with its id';
};

# ---- output ------------------------------------------------------------------

subtest 'output that cannot be written' => sub {
    my $pid = fork // die;
    if (!$pid) {
        open STDOUT, '>', '/dev/full' or POSIX::_exit(99);
        open STDERR, '>', "$h->{dir}/tmp/full" or POSIX::_exit(99);
        exec $CTL, '--store', "sqlite:$db", qw(account list);
    }
    waitpid $pid, 0;
    is $? >> 8, $FAILURE, 'is a failure';
    like slurp("$h->{dir}/tmp/full"), qr/cannot write the output/, '... said';
};

$h->stop;

# ---- what the worker notes ---------------------------------------------------

# With a gateway, and a change for a phone: the due row once it matches.
sub worked {
    my ($gateway, $until) = @_;
    my $own = $h;               # ctl() and phone() use this one
    $h = Test::Httpd->syncml(delay => 0, gateway => $gateway);
    $h->expect_log(qr/127\.0\.0\.1:1\b/);
    phone('alice', 'secret', 'phone-w');
    ctl($OK, qw(device set phone-w number +491701234567 push on));
    ctl($OK, \'x', qw(item put));
    my ($due, $end) = ({}, time + 10);
    until ($until->($due) || time > $end) {
        sleep 0.1;
        my ($rc, $out) = $h->ctl(qw(due list --json));
        $due = JSON::PP->new->utf8->decode($out)->[0] || {};
    }
    my $table = ctl($OK, qw(due list));
    $h->stop;
    $h = $own;
    return ($due, $table);
}

subtest 'due: sent' => sub {
    my ($due, $table) = worked(sub {"file:$_[0]{dir}/state/sms"},
        sub { ($_[0]{state} // '') eq 'sent' });
    is $due->{state}, 'sent', 'an SMS has left';
    is $due->{unanswered}, 1, '... is not answered yet';
    is $due->{last_error}, '', '... without error';
    like $due->{next}, qr/^20.*Z$/, '... when the next would be';
    like $table, qr/ sent +0 +1 +20/, '... for people';
};

subtest 'due: failed' => sub {
    my ($due, $table) = worked('kannel:http://u:p@127.0.0.1:1/cgi-bin/sendsms',
        sub { ($_[0]{last_error} // '') ne '' });
    is $due->{state}, 'waiting', 'no SMS could leave';
    cmp_ok $due->{attempts}, '>=', 1, '... was tried';
    isnt $due->{last_error}, '', '... why not';
    unlike $due->{last_error}, qr/u:p|password=p/, '... without the password';
    like $due->{next}, qr/^20.*Z$/, '... when the next try is';
    like $table, qr/ waiting +\d+ +0 +20.*\Q$due->{last_error}\E/,
        '... for people';
};

done_testing;
