#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# The directives of mod_syncml: what they accept, what they say about anything
# else, their defaults and merging, and what httpd does with a store over
# start and restart.
use strict;
use warnings;
use File::Path qw(make_path);
use IO::Handle;
use Test::More;
use Test::Httpd;
use Test::Places;
use Test::SyncML qw(:all);

my $so = Test::Httpd::build_dir() . '/mod_syncml.so';

# ---- httpd -t -----------------------------------------------------------------

my $syntax = Test::Httpd->new(modules => [qw(authn_core authn_file)]);
my $dir    = $syntax->dir;
make_path("$dir/dumps");
Test::Httpd::spew("$dir/plain", "not a directory\n");
Test::Httpd::spew("$dir/bad-quirks", "[x]\nclock now\n");

sub check {
    my ($conf) = @_;
    $syntax->{conf} = "LoadModule syncml_module $so\n$conf\n";
    $syntax->write_conf;
    my (undef, $out, $err) = httpd('-t');
    return "$out$err" =~ s/\s+/ /gr;
}

sub httpd {
    local %ENV = %ENV;
    $syntax->httpd_env;
    return $syntax->run(\'', $syntax->{bin}, '-d', $dir,
        '-f', "$dir/httpd.conf", @_);
}

for my $good (
    'SyncMLStore sqlite:state/syncml.db',
    "SyncMLStore SQLite:$dir/state/syncml.db",
    'SyncMLKeyFile state/other.key',
    'SyncMLServerID sync.example.org',
    'SyncMLServerID http://sync.example.org:8080/syncml',
    (map {"SyncMLAuthScheme $_"} qw(any basic MD5)),
    'SyncMLAuthProvider store',
    'SyncMLAuthProvider file store',
    "SyncMLAuthProvider file\nSyncMLAuthProvider store",
    'SyncMLDatastore notes off',
    'SyncMLDatastore Contacts alias=./people,kontakte "display=Address book"',
    'SyncMLDatastore contacts on display=Kontakte alias=card',
    'SyncMLDatastore caltasks members=tasks,calendar alias=both',
    'SyncMLDatastore pim members=calendar,tasks,notes "display=All"',
    "SyncMLDatastore pim members=calendar,notes\nSyncMLDatastore pim off",
    (map {"SyncMLAccess Contacts $_"} qw(full read-only Send-Only)),
    "SyncMLQuirks $Test::Places::ROOT/conf/quirks.conf",
    'SyncMLQuirks off',
    (map {"SyncMLTimeZone $_"} qw(none Europe/Berlin America/St_Johns UTC)),
    'SyncMLMaxMsgSize 4096',
    'SyncMLMaxMsgSize 1048576',
    'SyncMLMaxObjSize 4096',
    'SyncMLMaxObjSize 4194304',
    (map {"SyncMLSessionTimeout $_"} qw(1 90 5min 24h 1s)),
    (map {"SyncMLKeep $_"} qw(1d 30 3650d)),
    (map {"SyncMLForgetDevices $_"} qw(never NEVER 1 3650d)),
    (map {"SyncMLAnswerWithin $_"} qw(1ms 1 20s 10min)),
    (map {"SyncMLLoginLimit $_"} 'off', 'OFF', 1, 10000, '3 1h', '5 90'),
    'SyncMLConflict * merge',
    'SyncMLConflict notes first SLOW merge:Server delete=wins',
    "SyncMLConflict * both\nSyncMLConflict contacts normal delete=loses",
    'SyncMLGuard delete=0 double=100% least=0 action=hold',
    'SyncMLGuard action=off',
    'SyncMLDump IMEI:350000000000001 dumps',
    'SyncMLDump off',
    "<Location /a>\nSetHandler syncml\nSyncMLAuthScheme basic\n"
        . "SyncMLDatastore tasks off\nSyncMLDump x dumps\n</Location>",
    "<Directory /tmp>\nSyncMLMaxMsgSize 10000\n</Directory>"
) {
    is check($good), 'Syntax OK ', $good =~ s/\n/; /gr;
}

for (
    # directive and arguments => what is said
    [ 'SyncMLStore' => 'takes one argument' ],
    [ 'SyncMLStore memory:' => 'each httpd process would have one' ],
    [ "SyncMLStore $dir/state/syncml.db" => 'use sqlite:/path/of/syncml.db' ],
    [ 'SyncMLStore pgsql:host=db' => "'pgsql:host=db' names no kind of store" ],
    [ 'SyncMLStore sqlite:' => "'' is no name of a file" ],
    [ 'SyncMLStore sqlite:/state/' => "'/state/' is no name of a file" ],
    [ 'SyncMLStore sqlite:/no/such/syncml.db' =>
        'the directory /no/such does not exist: make it' ],
    [ "SyncMLStore sqlite:$dir/state" => "$dir/state is a directory" ],
    [ "SyncMLStore sqlite:$dir/plain/syncml.db" =>
        "(?:$dir/plain is no directory|does not exist)" ],
    [ 'SyncMLKeyFile /no/such/key' => 'the directory /no/such does not exist' ],
    [ 'SyncMLKeyFile state' => "$dir/state is a directory" ],
    [ 'SyncMLServerID ""' => 'takes one argument' ],
    [ 'SyncMLServerID "my server"' => "'my server' cannot be a server id: give 1 to 150" ],
    [ 'SyncMLServerID ' . 'x' x 151 => 'cannot be a server id' ],
    [ "SyncMLServerID \xc3\xa4" => 'cannot be a server id' ],
    [ 'SyncMLAuthScheme digest' =>
        "'digest' is unknown: give any \\(default\\), basic or md5" ],
    [ 'SyncMLAuthProvider ldap' => "there is no provider 'ldap': give store"
        . ' \\(default\\), or one of httpd\'s after the LoadModule' ],
    [ 'SyncMLAuthProvider file file' => 'file is given twice' ],
    [ 'SyncMLDatastore' => 'give a datastore \\(contacts, calendar, tasks,'
        . ' notes, journal, caltasks\\) and then on, off' ],
    [ 'SyncMLDatastore contacts' => 'give a datastore' ],
    [ 'SyncMLDatastore photos on' => "there is no datastore 'photos': the ones"
        . ' known here are contacts, calendar, tasks, notes' ],
    [ 'SyncMLAccess contacts' => 'takes two arguments' ],
    [ 'SyncMLAccess photos full' => "there is no datastore 'photos'" ],
    [ 'SyncMLAccess caltasks full' => "there is no datastore 'caltasks'" ],
    [ 'SyncMLAccess contacts none' => "'none' is no access: give full" ],
    [ 'SyncMLDatastore pim alias=x' => "there is no datastore 'pim'" ],
    [ 'SyncMLDatastore p/m members=calendar,tasks' =>
        "there is no datastore 'p/m'" ],
    [ 'SyncMLDatastore Card members=calendar,tasks' =>
        "there is no datastore 'Card'" ],
    [ 'SyncMLDatastore slow members=calendar,tasks' =>
        "there is no datastore 'slow'" ],
    [ 'SyncMLDatastore pim members=calendar' => 'wants two datastores' ],
    [ 'SyncMLDatastore pim members=calendar,photos' =>
        "'photos' cannot be a member" ],
    [ 'SyncMLDatastore pim members=calendar,caltasks' =>
        "'caltasks' cannot be a member" ],
    [ 'SyncMLDatastore pim members=calendar,calendar' =>
        "another one takes the same kind" ],
    [ 'SyncMLDatastore contacts members=calendar,tasks' =>
        'contacts has items of its own' ],
    [ "SyncMLDatastore pim members=calendar,tasks alias=x\n"
        . 'SyncMLDatastore notes alias=X' => "'X' already means pim" ],
    [ 'SyncMLDatastore notes of' => "'of' is unknown: after the name may come"
        . ' on, off, alias=' ],
    [ 'SyncMLDatastore notes alias=' => "'' cannot be an alias" ],
    [ 'SyncMLDatastore notes alias=a,,b' => "'' cannot be an alias" ],
    [ 'SyncMLDatastore notes alias=./' => "'./' cannot be an alias" ],
    [ 'SyncMLDatastore notes "alias=a, b"' => "' b' cannot be an alias" ],
    [ 'SyncMLDatastore notes alias=a?b' => "'a\\?b' cannot be an alias" ],
    [ 'SyncMLDatastore notes alias=./CARD' => "'./CARD' already means contacts" ],
    [ "SyncMLDatastore notes alias=x\nSyncMLDatastore tasks alias=X" =>
        "'X' already means notes" ],
    [ 'SyncMLDatastore notes alias=' . join(',', map {"a$_"} 1 .. 33) =>
        'more than 32 aliases for notes' ],
    [ 'SyncMLDatastore notes display=' => 'display= wants 1 to 255 octets' ],
    [ "SyncMLDatastore notes display=\xff" => 'text in UTF-8' ],
    [ 'SyncMLMaxMsgSize 4095' => "'4095' will not do: give a number of octets"
        . ' from 4096 to 1048576 \\(default 131072\\)' ],
    [ 'SyncMLMaxMsgSize 1048577' => 'from 4096 to 1048576' ],
    [ 'SyncMLMaxMsgSize 64k' => "'64k' will not do" ],
    [ 'SyncMLMaxMsgSize -5000' => "'-5000' will not do" ],
    [ 'SyncMLMaxMsgSize 99999999999999999999' => 'will not do' ],
    [ 'SyncMLMaxObjSize 4194305' =>
        'from 4096 to 4194304 \\(default 1048576\\)' ],
    [ 'SyncMLSessionTimeout 0' => "'0' will not do: give seconds, or a number"
        . ' with s, min or h, from 1s to 24h \\(default 30min\\)' ],
    [ 'SyncMLQuirks no-such-file' => 'no-such-file cannot be read: No such' ],
    [ 'SyncMLQuirks bad-quirks' => 'bad-quirks, line 2: clock wants default,'
            . ' utc, utc-bare, local or local-z; give a file of quirks, or off' ],
    [ 'SyncMLTimeZone Europe/Atlantis' => "'Europe/Atlantis' is no time zone"
            . ' of this system: give one such as Europe/Berlin, or none' ],
    [ 'SyncMLTimeZone ../passwd' => 'is no time zone of this system' ],
    [ 'SyncMLKeep 0' => "'0' will not do: give days, from 1d to 3650d" ],
    [ 'SyncMLKeep 3651d' => "'3651d' will not do" ],
    [ 'SyncMLKeep 5h' => "'5h' will not do" ],
    [ 'SyncMLKeep never' => "'never' will not do" ],
    [ 'SyncMLForgetDevices 0d' => "'0d' will not do: give never, or days" ],
    [ 'SyncMLForgetDevices always' => "'always' will not do" ],
    [ 'SyncMLSessionTimeout 25h' => 'from 1s to 24h' ],
    [ 'SyncMLSessionTimeout 5x' => "'5x' will not do" ],
    [ 'SyncMLAnswerWithin 0' => 'from 1ms to 10min' ],
    [ 'SyncMLAnswerWithin 11min' => 'from 1ms to 10min' ],
    [ 'SyncMLSessionTimeout -1' => "'-1' will not do" ],
    [ 'SyncMLLoginLimit 0' => "'0' will not do: give off, or how many logins"
      . ' may fail, from 1 to 10000' ],
    [ 'SyncMLLoginLimit many' => "'many' will not do" ],
    [ 'SyncMLLoginLimit off 1h' => "'off' will not do" ],
    [ 'SyncMLLoginLimit 3 0' => "'0' will not do: give seconds" ],
    [ 'SyncMLConflict *' => 'give a datastore or \\*, and what' ],
    [ 'SyncMLConflict photos merge' => "there is no datastore 'photos': give"
        . ' one of \\*, contacts, calendar, tasks, notes' ],
    [ 'SyncMLConflict * phone' => "'phone' is unknown: after the datastore" ],
    [ 'SyncMLConflict * merge:both' => "'merge:both' is unknown: after merge:"
        . ' may come newest \\(default\\), server or client' ],
    [ 'SyncMLConflict * slow' => 'it does not say what is to happen' ],
    [ 'SyncMLGuard' => 'give at least one of delete=percent' ],
    [ 'SyncMLGuard delete=101%' => "'delete=101%' is unknown: give"
        . ' delete=percent \\(default 50%\\), double=percent \\(default 20%\\)' ],
    [ 'SyncMLGuard double=' => "'double=' is unknown" ],
    [ 'SyncMLGuard least=1000001' => 'up to 1000000' ],
    [ 'SyncMLGuard least=-1' => "'least=-1' is unknown" ],
    [ 'SyncMLGuard action=stop' => "'action=stop' is unknown" ],
    [ 'SyncMLDump x' => 'give a device id and a directory, or off' ],
    [ 'SyncMLDump ' . 'x' x 256 . ' dumps' => 'a device id has 1 to 255' ],
    [ 'SyncMLDump x /no/such' => '/no/such is no directory: make it' ],
    [ 'SyncMLDump x plain' => "$dir/plain is no directory" ],
) {
    my ($conf, $words) = @$_;
    my ($name, $said) = ($conf =~ /(\w+)[^\n]*\z/, check($conf));
    my $label = length $conf < 60 ? $conf =~ s/\n/; /gr : "$name ...";
    ok $said =~ /Syntax error on line \d+.*\Q$name\E:? .*?$words/, "$label is refused"
        or diag $said;
}

for my $directive (qw(SyncMLStore SyncMLKeyFile SyncMLServerID SyncMLQuirks)) {
    like check("<Location /a>\n$directive x\n</Location>"),
        qr/$directive not allowed in <Location> context/,
        "$directive belongs to a server";
}

# ---- the rules of push ------------------------------------------------------------

{
    my $push = "LoadModule syncml_push_module "
        . Test::Httpd::build_dir() . "/mod_syncml_push.so\n";
    for my $good (
        'Delay 0', 'Delay 500ms', 'Delay contacts 5min', 'Delay notes off',
        'MaxDelay 10min', 'MaxDelay calendar 1h', 'MinInterval 0',
        'Urgent off', 'Urgent 48h', 'Unanswered 15min', 'OwnSyncs off',
        'Unanswered 15min 1h 6h 24h 7d', 'QuietHours off',
        'QuietHours 22:00-07:00', 'QuietHours 22-7 Europe/Berlin urgent',
        'Budget device day 50', 'Budget server month cost=12.50 drop',
        'Budget account month none hold', 'Price 0.09', 'Price +49 0.075',
        'DryRun on', 'Keep 24h', 'Keep forever', 'SyncType two-way',
        'SyncType calendar one-way-from-server',
        'SyncType calendar/team refresh-from-server'
    ) {
        like check("${push}SyncMLPush$good"), qr/Syntax OK/,
            "SyncMLPush$good";
    }
    for my $bad (
        [ 'Delay' => 'needs a value: a datastore \(optional\) and the time' ],
        [ 'Unanswered' => 'needs a value: times after which .*15min 1h 6h' ],
        [ 'Budget' => 'needs a value: server, account or device; day or' ],
        [ 'Delay contacts' => '"contacts" is no time from 0 to 24h; right are' ],
        [ 'Delay contacts soon' => '"soon" is no time' ],
        [ 'Delay contact 5min' => '"contact" is no datastore; there are cont' ],
        [ 'MaxDelay caltasks 5min' => '"caltasks" is no datastore; there are' ],
        [ 'SyncType agenda two-way' => '"agenda" is no datastore; there are' ],
        [ 'MaxDelay off' => '"off" is no time from 0 to 24h' ],
        [ 'MinInterval 25h' => '"25h" is no time from 0 to 24h' ],
        [ 'Urgent 72h' => '"72h" is no time from 0 to 48h; right are 2h' ],
        [ 'Unanswered 10s' => 'one to 8 times from 1min to 30d; right is' ],
        [ 'QuietHours 22' => '"22" are no hours; right are 22:00-07:00, off' ],
        [ 'QuietHours 22-7 Moon' => '"Moon" is no time zone of this machine' ],
        [ 'OwnSyncs perhaps' => '"perhaps" is neither on nor off' ],
        [ 'DryRun perhaps' => '"perhaps" is neither on nor off' ],
        [ 'Budget device day' => 'needs server, account or device, then day' ],
        [ 'Budget phone day 3' => 'of the server, of each account or of each' ],
        [ 'Budget device week 3' => 'for a day or a month' ],
        [ 'Budget device day many' => '"many" is no budget; right are 50' ],
        [ 'Budget device day 3 weep' => '"weep" is neither hold nor drop' ],
        [ 'Price cheap' => '"cheap" is no price; right are 0.09, \\+49' ],
        [ 'Price abc 0.09' => '"abc 0.09" is no price' ],
        [ 'SyncType' => 'needs a value: a datastore \(optional\) and the kind' ],
        [ 'SyncType 209' => '"209" is no type of sync; there are two-way, one-' ],
        [ 'SyncType calendar slow' => '"slow" is no type .*refresh-from-server' ],
        [ 'Keep 5min' => '"5min" is no time from 1h to 3660d; right are 90d' ],
    ) {
        my ($directive) = split / /, $bad->[0];
        like check("${push}SyncMLPush$bad->[0]"),
            qr/SyncMLPush$directive:? .*?$bad->[1]/, "SyncMLPush$bad->[0]";
    }
}

# ---- who shares a store must agree ----------------------------------------------

sub vhosts {
    my ($first, $second) = @_;
    return join '', map {"<VirtualHost *:80>\n$_\n</VirtualHost>\n"}
        $first, $second;
}
my $one = 'SyncMLStore sqlite:state/one.db';
like check(vhosts("$one\nSyncMLServerID a", "$one\nSyncMLServerID b")),
    qr/SyncMLServerID\ is\ [ab]\ for\ the\ virtual\ host\ at\ \S+:\d+,
       \ but\ [ab]\ for\ the\ virtual\ host\ at\ \S+:\d+,
       \ and\ both\ use\ the\ store
       \ sqlite:\Q$dir\E\/state\/one\.db:\ give\ one\ SyncMLServerID/x,
    'two server ids for one store';
like check(vhosts($one, "$one\nSyncMLKeyFile state/b.key")),
    qr/SyncMLKeyFile is \S+\.key for .*, but \S+\.key for .* both use/,
    'two keys for one store';
is check(vhosts("$one\nSyncMLServerID a", $one)), 'Syntax OK ',
    'one of them may leave it to the other';
is check(vhosts("$one\nSyncMLServerID a",
        "SyncMLStore sqlite:state/two.db\nSyncMLServerID b")), 'Syntax OK ',
    'two stores, two ids';

# ---- dumps of the configuration ---------------------------------------------------

$syntax->{conf} = "LoadModule syncml_module $so\n$one\n";
$syntax->write_conf;
for my $what (qw(VHOSTS RUN_CFG MODULES)) {
    is +(httpd("-DDUMP_$what"))[0], 0, "-DDUMP_$what";
}
ok !-e "$dir/state/one.db", 'none of that made a store';

# ---- defaults and merging, as the page shows them -----------------------------------

sub page {
    my ($h, $path, $host) = @_;
    my $r = $host
        ? $h->http(GET => "http://$host:" . $h->port . $path,
            { peer => '127.0.0.1' })
        : $h->http(GET => $path);
    return { status => $r->{status} } if $r->{status} != 200;
    my $html = $r->{content};
    my ($id)   = $html =~ m{Server ID</th><td[^>]*><code>([^<]*)};
    my ($auth) = $html =~ m{Authentication</th><td>([^<]*)};
    my ($msg, $obj, $min) = $html =~
        m{up to (\d+) octets and items of up to (\d+) octets .* for (\d+) min}s;
    my %stores;
    $stores{$2} = "$1: $3" while $html =~ m{<tr><th>([^<]*)</th><td><code>
        ([^<]*)</code><br/><span\ class="small">also\ ([^<]*)}gx;
    return { id => $id, auth => $auth, msg => $msg, obj => $obj,
        min => $min, stores => \%stores };
}

my $h = Test::Httpd->syncml(
    push     => 0,
    accounts => {},
    modules  => [qw(authn_core authn_file)],
    in_location => 'SyncMLDatastore notes off',
    conf     => sub { my $d = $_[0]{dir}; <<"END" });
<Location /syncml/tight>
    SyncMLAuthScheme basic
    SyncMLMaxMsgSize 10000
    SyncMLDatastore contacts alias=people "display=Tom & Jerry's <contacts>"
</Location>
<Location /syncml/tight/er>
    SyncMLDatastore contacts alias=folk
    SyncMLDatastore tasks alias=people off
    SyncMLDatastore notes on
    SyncMLMaxObjSize 5000
    SyncMLSessionTimeout 90
</Location>
<Location /syncml/digest>
    SyncMLAuthScheme md5
    SyncMLAuthProvider file
</Location>
<Location /syncml/providers>
    SyncMLAuthProvider file
</Location>
<VirtualHost *:*>
    ServerName first.test
</VirtualHost>
<VirtualHost *:*>
    ServerName second.test
    SyncMLStore sqlite:$d/state/second.db
    SyncMLServerID second
    SyncMLAuthScheme md5
    SyncMLMaxMsgSize 20000
    SyncMLSessionTimeout 2h
    SyncMLDatastore calendar off
    <Location /syncml/tight>
        SyncMLAuthScheme any
    </Location>
</VirtualHost>
END

my $p = page($h, '/syncml');
like $p->{id}, qr/^syncml-[a-z2-9]{8}$/, 'a server id is made';
my $id = $p->{id};
is_deeply [ @$p{qw(auth msg obj min)} ],
    [ 'MD5 digest or basic', 131072, 1048576, 30 ], 'the defaults';
is_deeply [ sort keys %{ $p->{stores} } ], [qw(calendar caltasks contacts journal tasks)],
    'a datastore switched off';
like $p->{stores}{contacts}, qr/^Contacts: contact, card, .*addressbook/,
    'the usual names';

$p = page($h, '/syncml/tight');
is_deeply [ @$p{qw(auth msg obj min)} ], [ 'basic', 10000, 1048576, 30 ],
    'a location overrides what it gives';
is_deeply [ sort keys %{ $p->{stores} } ], [qw(calendar caltasks contacts journal tasks)],
    '... and inherits the rest';
like $p->{stores}{contacts},
    qr/^Tom &amp; Jerry(?:'|&#39;)s &lt;contacts&gt;: contact, .*, people$/,
    'display and alias, escaped';

$p = page($h, '/syncml/tight/er');
is_deeply [ @$p{qw(auth msg obj min)} ], [ 'basic', 10000, 5000, 2 ],
    'a location inside of it';
is_deeply [ sort keys %{ $p->{stores} } ], [qw(calendar contacts journal notes)],
    '... merges datastore by datastore';
like $p->{stores}{contacts}, qr/^Tom .*, folk$/, '... aliases add up';
unlike $p->{stores}{contacts}, qr/people/,
    '... an alias given anew moves, even to a datastore that is off';

is page($h, '/syncml/providers')->{auth}, 'basic',
    'providers of httpd know no digests';
is page($h, '/syncml/digest')->{auth}, 'none possible', 'nothing is left';
my $r = $h->http(POST => '/syncml/digest', { content => 'x',
    headers => { 'Content-Type' => 'application/vnd.syncml+wbxml' } });
is $r->{status}, 500, 'a configuration that lets nobody in';
$h->expect_log(qr/SyncMLAuthScheme md5 needs the passwords of the store/);

is_deeply page($h, '/syncml', 'first.test'), page($h, '/syncml'),
    'a virtual host inherits everything';
$p = page($h, '/syncml', 'second.test');
is_deeply [ @$p{qw(id auth msg obj min)} ],
    [ 'second', 'MD5 digest', 20000, 1048576, 120 ],
    '... or has its own store, id and limits';
is_deeply [ sort keys %{ $p->{stores} } ], [qw(contacts journal tasks)],
    '... the location that all share is inside of it';
$p = page($h, '/syncml/tight', 'second.test');
is_deeply [ @$p{qw(auth msg min)} ], [ 'MD5 digest or basic', 10000, 120 ],
    '... and its own locations inside of that';

# ---- files and server id -------------------------------------------------------------

my $state = "$h->{dir}/state";
for my $file (qw(syncml.db syncml.key second.db)) {
    my @st = stat "$state/$file";
    ok @st, "$file was made";
    my @pw = Test::Httpd::child_user();
    is $st[4], $pw[2] // $>, "$file belongs to the user of the children";
}
is((stat "$state/syncml.key")[2] & 0777, 0600, 'only that user reads the key');

$h->restart;
is page($h, '/syncml')->{id}, $id, 'the server id is kept';
$h->graceful;
is page($h, '/syncml')->{id}, $id, 'over a graceful restart too';

my $conf = $h->{conf};
$h->{conf} = sub { $conf->(@_) . "SyncMLServerID mine\n" };
$h->write_conf;
$h->graceful;
is page($h, '/syncml')->{id}, 'mine', 'SyncMLServerID';
$h->expect_log(qr/SyncMLServerID changes from \Q$id\E to mine: devices know/);
$h->{conf} = $conf;
$h->write_conf;
$h->graceful;
is page($h, '/syncml')->{id}, 'mine', '... is kept when it is no longer given';

# Another program may be writing for a long time: a restart only reads.
my $writer = "$h->{dir}/state/syncml.db";
my $sqlite = open(my $hold, '|-', 'sqlite3', '-batch', $writer);
SKIP: {
    skip 'no sqlite3', 2 unless $sqlite;
    $hold->autoflush(1);
    print {$hold} "BEGIN IMMEDIATE;\n.shell touch $h->{dir}/tmp/held\n";
    for (1 .. 500) { last if -e "$h->{dir}/tmp/held"; select undef, undef, undef, 0.01 }
    my $begin = time;
    $h->graceful;
    is page($h, '/syncml')->{id}, 'mine', 'a restart beside a long write';
    cmp_ok time - $begin, '<', 5, '... does not wait for its end';
    print {$hold} "ROLLBACK;\n";
    close $hold;
}

# ---- a store that is out of order -----------------------------------------------------

sub post_status {
    my ($h) = @_;
    my $c = Test::SyncML->new(url => $h->url('/syncml'), auth => 'none');
    my $r = $c->post($c->octets($c->message({}, alert(200, 'contacts', './c',
        undef, '1'))));
    return $r;
}

SKIP: {
    skip 'only root can make a directory that the children cannot reach', 11
        if $>;
    is post_status($h)->{status}, 200, 'well';
    my ($uid, $gid) = (stat $state)[ 4, 5 ];
    chown 0, 0, $state;
    $h->graceful;
    $h->expect_log(qr/cannot be used: .*may not enter \Q$state\E/,
        qr/httpd goes on without/, qr/SyncMLStore \S+ cannot be opened/,
        qr/cannot use \Q$state\E\S+: Permission denied/);
    is page($h, '/syncml')->{id}, 'not known at the moment',
        'a restart with a store out of order goes on';
    my $r = post_status($h);
    is $r->{status}, 503, '... clients hear of it';
    like $r->{headers}{'content-type'}, qr{^text/plain}, '... in plain text';
    is $r->{headers}{'retry-after'}, 10, '... and when to try again';
    like $r->{content}, qr/^The store cannot be reached[^<>]*\n\z/, '... kindly';
    like $h->log, qr/httpd goes on without/, '... the admin too';
    chown $uid, $gid, $state;
    sleep 2;
    is post_status($h)->{status}, 200, '... it heals without a restart';
    is page($h, '/syncml')->{id}, 'mine', '... completely';

    chown 0, 0, $state;
    $h->stop;
    like $h->start_fails, qr/user www-data \(uid \d+\)|may not enter \Q$state\E/,
        'a first start refuses';
    chown $uid, $gid, $state;
    $h->start;
    is post_status($h)->{status}, 200, 'and starts once it can';
}

# What root made with the command line tool becomes the children's.
SKIP: {
    skip 'not root', 2 if $>;
    $h->stop;
    chown 0, 0, "$state/syncml.db", "$state/syncml.key";
    link "$state/second.db", "$state/link";
    chown 0, 0, "$state/link";
    $h->expect_log(qr/SyncMLStore \S+second\.db cannot be used/);
    like $h->start_fails, qr/second\.db/,
        'a file with another name is not given away';
    is((stat "$state/syncml.db")[4], (Test::Httpd::child_user())[2],
        'a plain file of root is');
    unlink "$state/link";
    $h->start;
}
$h->stop;

# ---- a module that nobody uses ----------------------------------------------------------

my $idle = Test::Httpd->new(conf => "LoadModule syncml_module $so\n");
$idle->start;
is $idle->http(GET => '/')->{status}, 404, 'loaded and not used: no store';
unlike $idle->log, qr/SyncMLStore/, '... and no word about one';
$idle->stop;

# ---- restarts leave nothing behind --------------------------------------------------------

for my $mpm (qw(event worker prefork)) {
    my $h = Test::Httpd->syncml(push => 0, accounts => {}, mpm => $mpm);
    my $fds = sub { scalar(() = glob "/proc/" . $h->pid . "/fd/*") };
    is post_status($h)->{status}, 200, "$mpm answers";
    $h->graceful for 1 .. 2;
    my $before = $fds->();
    for (1 .. 10) {
        $h->graceful;
        post_status($h);
    }
    is post_status($h)->{status}, 200, '... after many graceful restarts';
    is $fds->(), $before, '... with as many files open in the parent';
    my @open = map { readlink } glob '/proc/' . $h->pid . '/fd/*';
    is_deeply [ grep {m{/state/}} grep {defined} @open ], [],
        '... none of them of the store';
    $h->stop;
    ok !-s "$h->{dir}/state/syncml.db-wal" || $mpm eq 'prefork',
        '... and a store that is one file after the stop';
}

done_testing;
