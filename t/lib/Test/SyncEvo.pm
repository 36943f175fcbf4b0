# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::SyncEvo;

# A device: Debian's SyncEvolution client with a home of its own and file
# databases, driven from Perl.  One object is one device; it owns its
# directory (removed at the end unless given by the caller) and its child
# processes.  For tests, demonstrations and benches alike: nothing here knows
# of Test::More or of our server.
#
#   my $a = Test::SyncEvo->new(url => $url, user => 'alice',
#                              password => 'secret', id => 'device-a');
#   $a->put(addressbook => $vcard);
#   my $r = $a->sync('slow', stores => ['addressbook']);
#   $r->ok or die $r->why;
#   $r->counts('addressbook');          # "local 0/0/0 remote 1/0/0"
#
# Woken by a Server Alerted Notification, the real client's D-Bus server runs
# the sync and syncevo_wake.py carries its messages over HTTP:
#
#   my $r = $b->wake($san);             # octets of the notification
#   my $r = $b->wake(Test::SyncEvo::san_of_sms(@parts));
#
# Limits: the file backend waits until a second has passed since its last
# write, so a sync that writes takes at least that long.  A device runs one
# sync at a time.

use strict;
use warnings;
use Config ();
use Cwd ();
use Fcntl qw(:flock);
use File::Basename qw(dirname);
use File::Copy ();
use File::Path ();
use File::Temp ();
use IO::Handle;
use POSIX ();
use Time::HiRes qw(sleep time);

my $LIB = Cwd::abs_path(dirname(__FILE__) . '/..');
my $BUILD = $ENV{SYNCEVO_BUILD} || Cwd::abs_path("$LIB/../..") . '/build';

our @STORES = qw(addressbook calendar todo memo);
my %DATABASE_FORMAT = (
    addressbook => 'text/vcard',
    calendar    => 'text/calendar',
    todo        => 'text/calendar',
    memo        => 'text/plain',
);

# What is missing on this machine for these devices to work, or ''.
sub missing {
    my @need = ('syncevolution');
    push @need, 'cc' unless -e fix_path();
    my @absent = grep { my $n = $_; !grep { -x "$_/$n" }
                        split /:/, $ENV{PATH} } @need;
    return join ', ', @absent;
}

# The same for wake().
sub missing_for_wake {
    my @absent = missing() || ();
    push @absent, 'syncevolution-dbus' unless -x server_path();
    push @absent, 'dbus-daemon'
        unless grep { -x "$_/dbus-run-session" } split /:/, $ENV{PATH};
    push @absent, 'python3-gi'
        if system('/usr/bin/python3 -c "import gi" 2>/dev/null');
    return join ', ', @absent;
}

sub server_path {
    my ($path) = grep { -x } '/usr/libexec/syncevo-dbus-server',
                             '/usr/lib/syncevolution/syncevo-dbus-server';
    return $path || '/usr/libexec/syncevo-dbus-server';
}

# The repair of Debian's client (see syncevo_curlfix.c), built when missing or
# older than its source.  Several test files may come here at once.
sub fix_path { return "$BUILD/syncevo_curlfix.so" }

sub fix {
    my $so = fix_path();
    my $c = "$LIB/syncevo_curlfix.c";
    my $fresh = sub { -e $so && (stat _)[9] >= (stat $c)[9] };
    return $so if $fresh->();
    File::Path::make_path($BUILD);
    open my $lock, '>', "$so.lock" or die "$so.lock: $!\n";
    flock $lock, LOCK_EX;
    return $so if $fresh->();
    my $cc = $ENV{CC} || 'cc';
    system("$cc -std=gnu11 -O2 -Wall -Wextra -fPIC -shared -o '$so.new'"
           . " '$c' -ldl") == 0
        or die "cannot build $so with $cc\n";
    rename "$so.new", $so or die "$so: $!\n";
    return $so;
}

# Options, with their defaults:
#   url                     the server's SyncML URL (required)
#   user, password          'alice', 'secret'
#   id          device id (SyncHdr Source); 'sc-perl-' and the object's number
#   name        name of the client's configuration: a SAN finds it when the
#               name equals the SAN's server id; 'srv'
#   version     '1.0' '1.1' '1.2' (the client's default: 1.2), or with flags
#               as SyncEvolution knows them: '1.2,NOCTCAP,NORESTART'
#   format      'wbxml' or 'xml'
#   auth        'md5' or 'basic'
#   max_msg, max_obj        octets
#   stores      those configured: addressbook calendar todo memo
#   uri         { store => path on the server }; default: the store's name
#   wire        { store => media type on the wire }; by default the client and
#               the server agree on one
#   database_format         { store => media type of the files }
#   allow_slow  0: the client refuses an unexpected slow sync (22000); 1
#   props       [ 'prop=value', ... ]: any other property
#   dumps       1: keep each message as sent and received
#   timeout     seconds that a sync may take; 120
#   dir         where to live; made and removed by default
my $count = 0;

sub new {
    my ($class, %o) = @_;
    $count++;
    my $self = bless {
        user => 'alice', password => 'secret', id => "sc-perl-$$-$count",
        name => 'srv', format => 'wbxml', auth => 'md5', stores => [@STORES],
        uri => {}, wire => {}, database_format => {}, allow_slow => 1,
        props => [], dumps => 1, timeout => 120, owner => $$, next => 0, %o
    }, $class;
    defined $self->{url} or die "Test::SyncEvo: url is required\n";
    $self->{dir} ||= File::Temp::tempdir('syncevo-XXXXXX', TMPDIR => 1,
                                         CLEANUP => 1);
    File::Path::make_path("$self->{dir}/home", "$self->{dir}/logs",
                          map { $self->db($_) } @{ $self->{stores} });
    $self->configure;
    return $self;
}

sub dir { return $_[0]{dir} }
sub id  { return $_[0]{id} }
sub db  { my ($self, $store) = @_; return "$self->{dir}/db/$store" }

# ---- configuration ----------------------------------------------------------

# Write the client's configuration; options as of new() change it.
sub configure {
    my ($self, %o) = @_;
    @$self{keys %o} = values %o;
    my @props = (
        "syncURL=$self->{url}", "username=$self->{user}",
        "password=$self->{password}", "deviceId=$self->{id}",
        'preventSlowSync=' . ($self->{allow_slow} ? 0 : 1),
        'enableRefreshSync=1', 'maxlogdirs=0', "logdir=$self->{dir}/logs",
        'loglevel=' . ($self->{dumps} ? 5 : 3), 'printChanges=0',
        'dumpData=0', 'RetryInterval=0', 'RetryDuration=600',
        'enableWBXML=' . ($self->{format} eq 'xml' ? 0 : 1),
        "clientAuthType=$self->{auth}",
    );
    push @props, "SyncMLVersion=$self->{version}" if $self->{version};
    push @props, "maxMsgSize=$self->{max_msg}" if $self->{max_msg};
    push @props, "maxObjSize=$self->{max_obj}" if $self->{max_obj};
    for my $s (@{ $self->{stores} }) {
        my $format = $self->{database_format}{$s} || $DATABASE_FORMAT{$s};
        push @props, "$s/backend=file", "$s/databaseFormat=$format",
            "$s/database=file://" . $self->db($s),
            "$s/uri=" . ($self->{uri}{$s} || $s);
        push @props, "$s/syncFormat=$self->{wire}{$s}",
            "$s/forceSyncFormat=1" if $self->{wire}{$s};
    }
    my ($exit, $out) = $self->_run(60, '--configure', '--template',
        'SyncEvolution', '--keyring=no', @props, @{ $self->{props} },
        $self->{name}, @{ $self->{stores} });
    $exit == 0 or die "syncevolution --configure failed ($exit):\n$out\n";
    return $self;
}

# ---- items ------------------------------------------------------------------

# Add an item; returns its name (LUID).
sub put {
    my ($self, $store, $text, $name) = @_;
    $name = 'new' . ++$self->{next} unless defined $name;
    $self->_write($store, $name, $text);
    return $name;
}

# Replace an item's text; $text may be a sub that changes $_.
sub edit {
    my ($self, $store, $name, $text) = @_;
    if (ref $text) {
        local $_ = $self->get($store, $name);
        $text->();
        $text = $_;
    }
    $self->_write($store, $name, $text);
    return $name;
}

sub delete {
    my ($self, $store, @names) = @_;
    for my $name (@names) {
        unlink $self->db($store) . "/$name" or die "$store/$name: $!\n";
    }
    return;
}

sub get {
    my ($self, $store, $name) = @_;
    my $text = _slurp($self->db($store) . "/$name");
    defined $text or die "$store/$name: $!\n";
    return $text;
}

# { name => text } of all items.
sub items {
    my ($self, $store) = @_;
    opendir my $d, $self->db($store) or return {};
    return { map { $_ => $self->get($store, $_) }
             grep { !/^\.|~$/ } readdir $d };
}

# Names of the items whose text matches; how many, in scalar context.
sub find {
    my ($self, $store, $re) = @_;
    my $items = $self->items($store);
    my @found = sort grep { $items->{$_} =~ $re } keys %$items;
    return @found;
}

# The backend knows a change by the file's time in seconds: make it grow.
sub _write {
    my ($self, $store, $name, $text) = @_;
    my $path = $self->db($store) . "/$name";
    my $before = (stat $path)[9] || 0;
    open my $f, '>:raw', $path or die "$path: $!\n";
    print $f $text;
    close $f or die "$path: $!\n";
    my $now = int time;
    $now = $before + 1 if $now <= $before;
    utime $now, $now, $path or die "$path: $!\n";
    return;
}

# ---- syncs ------------------------------------------------------------------

# Modes: two-way slow refresh-from-remote refresh-from-local
# one-way-from-remote one-way-from-local (remote is the server).
# Options: stores => [...], props => ['prop=value', ...] for this run only.
sub sync {
    my ($self, $mode, %o) = @_;
    return $self->start_sync($mode, %o)->wait;
}

# The same in the background: ->wait gives the result.
sub start_sync {
    my ($self, $mode, %o) = @_;
    my $out = "$self->{dir}/sync.out";
    my $run = Test::SyncEvo::Run->new(device => $self, out => $out);
    $run->{pid} = $self->_spawn($out, [ LD_PRELOAD => fix() ],
        'syncevolution', '--daemon=no', '--sync', $mode, '--run',
        @{ $o{props} || [] }, $self->{name},
        @{ $o{stores} || $self->{stores} });
    return $run;
}

sub _env {
    my ($self) = @_;
    my $home = "$self->{dir}/home";
    delete @ENV{qw(http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY
                   ALL_PROXY DBUS_SESSION_BUS_ADDRESS DISPLAY LD_PRELOAD
                   LC_MESSAGES LANGUAGE)};
    %ENV = (%ENV, HOME => $home, XDG_CONFIG_HOME => "$home/.config",
            XDG_CACHE_HOME => "$home/.cache",
            XDG_DATA_HOME => "$home/.local/share",
            XDG_RUNTIME_DIR => $home, LC_ALL => 'C.UTF-8',
            SYNCEVOLUTION_DEBUG => '');
    delete $ENV{SYNCEVOLUTION_DEBUG};
    return;
}

sub _spawn {
    my ($self, $out, $env, @cmd) = @_;
    my $pid = fork;
    defined $pid or die "fork: $!\n";
    return $pid if $pid;
    $self->_env;
    %ENV = (%ENV, @$env);
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', $out;
    open STDERR, '>&', \*STDOUT;
    exec { $cmd[0] } @cmd or POSIX::_exit(127);
}

sub _run {
    my ($self, $timeout, @args) = @_;
    my $out = "$self->{dir}/cmd.out";
    my $pid = $self->_spawn($out, [], 'syncevolution', '--daemon=no', @args);
    my $exit = _wait($pid, $timeout);
    return ($exit, _slurp($out));
}

# Exit status as the shell says it, 124 after a timeout; undef where the client
# still runs and is not to be killed.
sub _wait {
    my ($pid, $timeout, $spare) = @_;
    my $end = time + $timeout;
    until (waitpid($pid, POSIX::WNOHANG()) == $pid) {
        return undef if $spare && time >= $end;
        if (time > $end) {
            kill KILL => $pid;
            waitpid $pid, 0;
            return 124;
        }
        sleep 0.01;
    }
    return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}

sub _slurp {
    my ($path) = @_;
    open my $f, '<:raw', $path or return undef;
    local $/;
    my $text = <$f>;
    return defined $text ? $text : '';
}

# Names of the session directories, oldest first.
sub sessions {
    my ($self) = @_;
    my @dirs = glob "$self->{dir}/logs/*/";
    my %at = map { $_ => (stat $_)[10] } @dirs;
    return map { s{/$}{}r } sort { $at{$a} <=> $at{$b} || $a cmp $b } @dirs;
}

# ---- woken by the server ----------------------------------------------------

# Start what a phone has running all the time: bus, D-Bus server and carrier.
# Comes by itself with the first wake().
sub listen {
    my ($self) = @_;
    return $self if $self->{wake_pid};
    pipe my $in, my $to or die "pipe: $!\n";
    pipe my $from, my $out or die "pipe: $!\n";
    my $pid = fork;
    defined $pid or die "fork: $!\n";
    if (!$pid) {
        $self->_env;
        open STDIN, '<&', $in;
        open STDOUT, '>&', $out;
        open STDERR, '>', "$self->{dir}/wake.log";
        close $_ for $to, $from;
        exec 'dbus-run-session', '--', '/usr/bin/python3',
            "$LIB/syncevo_wake.py", server_path() or POSIX::_exit(127);
    }
    close $_ for $in, $out;
    $to->autoflush(1);
    @$self{qw(wake_pid wake_to wake_from)} = ($pid, $to, $from);
    my $line = $self->_wake_answer(30);
    $line =~ /^ready/ or die "the device cannot listen: $line\n"
        . (_slurp("$self->{dir}/wake.log") || '');
    return $self;
}

sub _wake_answer {
    my ($self, $timeout) = @_;
    my $line = eval {
        local $SIG{ALRM} = sub { die "timeout\n" };
        alarm $timeout;
        my $l = readline $self->{wake_from};
        alarm 0;
        $l;
    };
    alarm 0;
    return defined $line ? $line : $@ ? "timeout after $timeout s"
                                      : 'the helper died';
}

# Give the notification to the client, let it sync.  Returns a result; its
# messages counts the HTTP posts.
sub wake {
    my ($self, $san) = @_;
    $self->listen;
    my $run = Test::SyncEvo::Run->new(device => $self,
                                      out => "$self->{dir}/wake.log");
    print { $self->{wake_to} } 'san ', unpack('H*', $san), "\n";
    my $line = $self->_wake_answer($self->{timeout});
    my ($how, $posts, $text) = $line =~ /^(done|failed) (\d+)(?: (.*))?$/;
    my $result = $run->result($how && $how eq 'done' ? 0 : 1);
    $result->{posts} = $posts || 0;
    $result->{why} = $text || $line unless $how && $how eq 'done';
    $self->unlisten unless $how;
    return $result;
}

sub unlisten {
    my ($self) = @_;
    my $pid = delete $self->{wake_pid} or return;
    local $SIG{PIPE} = 'IGNORE';
    close delete $self->{$_} for qw(wake_to wake_from);
    if (_wait($pid, 10) == 124) {
        warn "the wake helper of $self->{id} had to be killed\n";
    }
    return;
}

sub DESTROY {
    my ($self) = @_;
    return unless $$ == $self->{owner};
    local ($?, $@, $!);
    $self->unlisten;
    return;
}

# ---- what a phone's SMS stack does ------------------------------------------

# A file of the file: gateway as { to, udh, data }.
sub read_sms {
    my ($file) = @_;
    my $text = _slurp($file);
    defined $text or die "$file: $!\n";
    my %line = map { /^(\w+): ?(.*)$/ ? (lc $1 => $2) : () }
        split /\n/, $text =~ s/\n\n.*//sr;
    return { to => $line{to},
             map { $_ => pack 'H*', $line{$_} // '' } qw(udh data) };
}

# From the parts of a WAP push SMS, each { udh => octets with the length
# octet, data => octets }, to the notification inside.  Dies, saying why,
# where a phone would drop the message.
sub san_of_sms {
    my @parts = @_;
    my (%text, $total);
    for my $part (@parts) {
        my ($port, $seq, $of) = _udh($part->{udh});
        defined $port && $port == 2948
            or die "SMS for port " . ($port // 'none') . ", not 2948\n";
        $total //= $of;
        $total == $of or die "parts of different messages\n";
        exists $text{$seq} and die "part $seq twice\n";
        length($part->{udh}) + length($part->{data}) <= 140
            or die "part of more than 140 octets\n";
        $text{$seq} = $part->{data};
    }
    $total && keys %text == $total && !grep { !exists $text{$_} } 1 .. $total
        or die "parts missing\n";
    return san_of_push(join '', map { $text{$_} } 1 .. $total);
}

# Destination port, number of this part and of all.
sub _udh {
    my ($udh) = @_;
    my ($len, $rest) = unpack 'Ca*', $udh;
    length($rest) == $len or die "user data header of a wrong length\n";
    my ($port, $seq, $total) = (undef, 1, 1);
    while (length $rest) {
        (my $ie, my $value, $rest) = unpack 'CC/a*a*', $rest;
        $port = unpack 'n', $value if $ie == 5;
        (undef, $total, $seq) = unpack 'CCC', $value if $ie == 0;
        (undef, $total, $seq) = unpack 'nCC', $value if $ie == 8;
    }
    return ($port, $seq, $total);
}

# From a WSP push PDU to the body of a DS notification.
sub san_of_push {
    my ($pdu) = @_;
    my ($tid, $type, $len, $rest) = unpack 'CCCa*', $pdu;
    $type == 6 or die "WSP PDU of type $type, not push\n";
    $len < 0x80 && $len <= length $rest or die "WSP headers too long\n";
    my $headers = substr $rest, 0, $len, '';
    $headers =~ s/^\xce//
        or die "content type is not vnd.syncml.ds.notification\n";
    $headers =~ /\xaf\x85/ or die "no application id push.syncml\n";
    return $rest;
}

# ---- a sync under way -------------------------------------------------------

package Test::SyncEvo::Run;

use Time::HiRes qw(time);

sub new {
    my ($class, %o) = @_;
    my %known = map { $_ => 1 } $o{device}->sessions;
    return bless { known => \%known, begin => time, %o }, $class;
}

sub pid { return $_[0]{pid} }

sub wait {
    my ($self) = @_;
    if (!$self->over) {
        $self->{exit} = Test::SyncEvo::_wait($self->{pid},
                                             $self->{device}{timeout});
    }
    return $self->result($self->{exit});
}

# Has the client ended by itself?
sub over {
    my ($self) = @_;
    return 1 if defined $self->{exit};
    my $exit = Test::SyncEvo::_wait($self->{pid}, 0, 1);
    $self->{exit} = $exit if defined $exit;
    return defined $exit;
}

# A signal for the client: INT suspends the session, KILL is the battery.
sub signal { my ($self, $sig) = @_; return kill $sig, $self->{pid} }

# The directory that this sync writes to, once it exists.
sub session {
    my ($self) = @_;
    my @new = grep { !$self->{known}{$_} } $self->{device}->sessions;
    return $new[-1];
}

sub result {
    my ($self, $exit) = @_;
    my $r = bless {
        exit => $exit, status => undef, sources => {}, dir => $self->session,
        wall => time - $self->{begin}, out => Test::SyncEvo::_slurp($self->{out})
    }, 'Test::SyncEvo::Result';
    $r->_read_status if $r->{dir};
    return $r;
}

# ---- what came of it --------------------------------------------------------

package Test::SyncEvo::Result;

# exit    of the client: 0 or 1; 124 after a timeout
# status  overall: 200, 401, 404, 20043 (transport), 22002 (died)...
# sources { store => { mode, first, status, error, local, remote } }, where
#         local and remote are { added|updated|removed|any => { total, error,
#         sent, received, conflict, match... } }
# wall    seconds; out: what the client printed; dir: its session directory
sub _read_status {
    my ($self) = @_;
    my $ini = Test::SyncEvo::_slurp("$self->{dir}/status.ini");
    for (split /\n/, defined $ini ? $ini : '') {
        my ($key, $value) = /^(\S+) = (.*)$/ or next;
        if ($key eq 'status') {
            $self->{status} = $value;
        } elsif ($key eq 'error') {
            $self->{error} = $value;
        } elsif ($key =~ /^source-(\w+)-stat-(local|remote)-(\w+)-(\w+)$/) {
            $self->{sources}{$1}{$2}{$3}{$4} = $value;
        } elsif ($key =~ /^source-(\w+)-([a-z-]+)$/) {
            $self->{sources}{$1}{$2} = $value;
        }
    }
    return;
}

sub exit   { return $_[0]{exit} }
sub status { return $_[0]{status} }
sub dir    { return $_[0]{dir} }
sub out    { return $_[0]{out} }
sub wall   { return $_[0]{wall} }

sub ok {
    my ($self) = @_;
    return $self->{exit} == 0 && ($self->{status} || 0) == 200
        && !grep { ($_->{status} || 0) != 0 } values %{ $self->{sources} };
}

# What went wrong, in a line or two.
sub why {
    my ($self) = @_;
    my @why = ("exit $self->{exit}",
               'status ' . (defined $self->{status} ? $self->{status} : '?'));
    for (sort keys %{ $self->{sources} }) {
        my $s = $self->{sources}{$_};
        push @why, "$_ status $s->{status} mode $s->{mode}";
    }
    push @why, $self->{why} if $self->{why};
    push @why, $self->{error} if $self->{error};
    push @why, grep { /ERROR|WARNING/ } split /\n/, $self->{out} || '';
    return join '; ', @why;
}

sub source { my ($self, $s) = @_; return $self->{sources}{$s} || {} }
sub mode   { my ($self, $s) = @_; return $self->source($s)->{mode} }

# "local N/M/D remote N/M/D": items added, updated and removed on each side.
sub counts {
    my ($self, $store) = @_;
    my $src = $self->source($store);
    return join ' ', map {
        my $side = $_;
        "$side " . join '/', map { $src->{$side}{$_}{total} || 0 }
                             qw(added updated removed)
    } qw(local remote);
}

# Items that either side refused.
sub errors {
    my ($self, $store) = @_;
    my ($src, $n) = ($self->source($store), 0);
    for my $side (qw(local remote)) {
        $n += $_->{error} || 0 for values %{ $src->{$side} || {} };
    }
    return $n;
}

# Message dumps in order: [ { n, way => 'outgoing'|'incoming', type =>
# 'wbxml'|'xml', file } ], without the last message, which the client makes
# but never sends.
sub dumps {
    my ($self) = @_;
    my @all;
    for my $file (glob "$self->{dir}/syncevolution-log_msg*") {
        my ($n, $i, $way, $type) =
            $file =~ /_msg(\d+)_(\d+)_(outgoing|incoming)\.(\w+)$/ or next;
        push @all, { n => $n + 0, order => $i + 0, way => $way,
                     type => $type, file => $file };
    }
    @all = sort { $a->{order} <=> $b->{order} } @all;
    pop @all while @all && $all[-1]{way} eq 'outgoing';
    return @all;
}

# Messages that the client sent.
sub messages {
    my ($self) = @_;
    return $self->{posts} if defined $self->{posts};
    return scalar grep { $_->{way} eq 'outgoing' } $self->dumps;
}

sub octets { my ($self, $dump) = @_; return Test::SyncEvo::_slurp($dump->{file}) }

1;
