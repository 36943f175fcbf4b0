# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Httpd;

=head1 NAME

Test::Httpd - a private httpd for one test file

=head1 SYNOPSIS

    use Test::More;
    use Test::Httpd;

    my $h = Test::Httpd->syncml(push => 1, delay => 0);   # started
    my $r = $h->http(GET => '/syncml');
    my ($rc, $out, $err) = $h->ctl(qw(account list));
    $h->expect_log(qr/wrong password/);     # this warning is wanted
    $h->graceful;                           # returns when it has happened
    $h->stop;
    done_testing;

=head1 DESCRIPTION

Each object has a directory of its own ($h->{dir}, removed at the end unless
KEEP=1) and a free port that stays reserved while the object lives, so test
files run beside each other.  httpd runs in the foreground as our child, in a
process session of its own.  Started by root, its children run as www-data (or
$SYNCML_TEST_USER); by an ordinary user, as that user.

A test fails, whatever it checks itself, if

=over

=item * the error log has a line of level warn or worse, a child that died by
a signal, or a line without a level, that no expect_log() pattern matches;

=item * httpd ends with another status than 0 or by a signal;

=item * two seconds after httpd's end one of its processes is still there;

=item * with VARIANT=asan, a sanitizer reported anything.

=back

stop() does these checks; the end of the test file calls it for objects that
still run.

Environment: VARIANT (asan, cov: take the modules from build/$VARIANT), MPM
(event, worker, prefork: the default for tests that do not choose), HTTPD,
APXS, KEEP, SYNCML_TEST_USER.

=cut

use strict;
use warnings;
use File::Path   ();
use HTTP::Tiny   ();
use IO::Socket::INET ();
use POSIX        ();
use Scalar::Util ();
use Test::More   ();
use Test::Places qw(variant build_dir bin_dir httpd_bin load_modules
    child_user scratch reserve_port free_port slurp spew);
use Time::HiRes qw(sleep time);

our $ROOT = $Test::Places::ROOT;

my %live;           # address => weak reference: what END has to stop
my $failed = 0;     # troubles found; END turns them into the exit status
my $main   = $$;

$SIG{$_} ||= sub { exit 130 } for qw(INT TERM HUP);

# ---- construction ---------------------------------------------------------

=head1 METHODS

=head2 new(%options)

Writes the configuration, starts nothing.

    modules    names without mod_: [qw(auth_basic authn_file)]
    mpm        event, worker, prefork; default $MPM or event
    conf       server-level directives: text, or sub ($h) that returns it
    loglevel   default "info"
    env        { NAME => value } for httpd
    wrap       [command, ...] to run httpd under

=cut

sub new {
    my ($class, %o) = @_;
    my $dir = scratch();
    my ($port, $reserved) = reserve_port();
    my $self = bless {
        mpm      => $ENV{MPM} || 'event',
        loglevel => 'info',
        %o,
        bin      => httpd_bin(),
        dir      => $dir,
        port     => $port,
        reserved => $reserved,
        owner    => $$,
        expected => [ @{ $o{expected} || [] } ],
    }, $class;
    Scalar::Util::weaken($live{ 0 + $self } = $self);

    mkdir "$dir/$_" for qw(logs htdocs state tmp);
    $self->own("$dir/state");
    chmod 0700, "$dir/state";
    chmod 01777, "$dir/tmp";
    $self->write_conf;
    return $self;
}

# The children's user gets this file or tree; nothing to do for non-root.
sub own {
    my ($self, $path) = @_;
    my (undef, undef, $uid, $gid) = child_user() or return;
    my @todo = ($path);
    while (defined(my $p = shift @todo)) {
        lchown_one($uid, $gid, $p);
        push @todo, glob("\Q$p\E/*"), glob("\Q$p\E/.[!.]*")
            if -d $p && !-l $p;
    }
    return;
}

sub lchown_one {
    my ($uid, $gid, $path) = @_;
    return if -l $path;
    chown $uid, $gid, $path or warn "chown $path: $!\n";
    return;
}

sub mpm_conf {
    my ($self) = @_;
    return "StartServers 2\nMinSpareServers 1\nMaxRequestWorkers 16\n"
        if $self->{mpm} eq 'prefork';
    return "StartServers 1\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
        . "MinSpareThreads 1\nMaxSpareThreads 64\n";
}

=head2 write_conf

Writes the configuration anew, for instance after a change of $h->{conf};
graceful() or a restart makes httpd read it.

=cut

sub write_conf {
    my ($self) = @_;
    my $dir = $self->{dir};
    my ($user, $group) = child_user();
    my $conf = ref $self->{conf} ? $self->{conf}->($self) : $self->{conf};
    spew("$dir/httpd.conf", <<"END");
ServerRoot $dir
ServerName localhost
PidFile $dir/httpd.pid
DefaultRuntimeDir $dir
Listen 127.0.0.1:$self->{port}
ErrorLog $dir/logs/error_log
LogLevel $self->{loglevel}
DocumentRoot $dir/htdocs
GracefulShutdownTimeout 5
@{[ load_modules("mpm_$self->{mpm}", qw(authz_core unixd log_config),
                 @{ $self->{modules} || [] }) ]}
@{[ $user ? "User $user\nGroup $group" : '' ]}
@{[ $self->mpm_conf ]}
LogFormat "%h %l %u %t \\"%r\\" %>s %B %D" test
CustomLog $dir/logs/access_log test
@{[ $conf // '' ]}
END
    return $self;
}

=head2 syncml(%options)

An httpd with mod_syncml and, unless push => 0, mod_syncml_push, on a fresh
SQLite store, started.  Besides the options of new():

    accounts   { name => password }; default { alice => 'secret' }
    store      default sqlite:DIR/state/syncml.db
    push       default 1
    gateway    default file:DIR/state/sms; a sub ($h) may return it
    delay      SyncMLPushDelay, default 0
    location   default /syncml
    in_location  more directives inside that <Location>
    conf       more server-level directives: text or sub ($h)
    start      0: do not start

=cut

sub syncml {
    my ($class, %o) = @_;
    my $more = delete $o{conf};
    my $self = $class->new(
        accounts => { alice => 'secret' },
        push     => 1,
        delay    => 0,
        location => '/syncml',
        start    => 1,
        gateway  => sub { "file:$_[0]{dir}/state/sms" },
        %o,
        conf => sub {
            my ($h) = @_;
            return $h->syncml_conf . (ref $more ? $more->($h) : $more // '')
                . "\n";
        }
    );
    $self->write_conf;
    for my $name (sort keys %{ $self->{accounts} }) {
        $self->account($name, $self->{accounts}{$name});
    }
    $self->start if $self->{start};
    return $self;
}

sub store { $_[0]{store} || "sqlite:$_[0]{dir}/state/syncml.db" }

sub syncml_conf {
    my ($h) = @_;
    my $b = build_dir();
    for my $so ('mod_syncml.so', $h->{push} ? 'mod_syncml_push.so' : ()) {
        die "$b/$so is not built: make"
            . (variant() ? ' VARIANT=' . variant() : '') . "\n"
            unless -f "$b/$so";
    }
    my $gateway = ref $h->{gateway} ? $h->{gateway}->($h) : $h->{gateway};
    my $conf = <<"END";
LoadModule syncml_module $b/mod_syncml.so
SyncMLStore @{[ $h->store ]}
SyncMLKeyFile $h->{dir}/state/syncml.key
SyncMLQuirks $Test::Places::ROOT/conf/quirks.conf
<Location "$h->{location}">
    SetHandler syncml
    @{[ $h->{in_location} // '' ]}
</Location>
END
    $conf .= <<"END" if $h->{push};
LoadModule syncml_push_module $b/mod_syncml_push.so
SyncMLPush on
SyncMLPushGateway $gateway
SyncMLPushDelay $h->{delay}
SyncMLPushMinInterval 0
END
    return $conf;
}

# ---- the command line tool ------------------------------------------------

=head2 ctl(@arguments), ctl(\$stdin, @arguments)

Runs bin/syncmlctl on this httpd's store; returns (exit status, standard
output, standard error).  What it makes is given to httpd's children.

=cut

sub ctl {
    my ($self, @args) = @_;
    my $stdin = ref $args[0] ? ${ shift @args } : '';
    my @r = $self->run(\$stdin, bin_dir() . '/syncmlctl',
        '--store', $self->store,
        '--key-file', "$self->{dir}/state/syncml.key", @args);
    $self->own("$self->{dir}/state");
    return @r;
}

=head2 account($name, $password), number($account, $device, $number)

=cut

sub account {
    my ($self, $name, $password) = @_;
    my ($rc, $out, $err)
        = $self->ctl(\"$password\n", 'account', 'add', $name);
    die "account add $name: $rc $out$err\n" if $rc;
    return;
}

=head2 run(\$stdin, @command)

Returns (exit status, standard output, standard error); 128 + number for a
signal.

=cut

sub run {
    my ($self, $stdin, @cmd) = @_;
    my $base = "$self->{dir}/tmp/run$$." . $self->{runs}++;
    spew("$base.in", $$stdin);
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN,  '<', "$base.in"  or POSIX::_exit(126);
        open STDOUT, '>', "$base.out" or POSIX::_exit(126);
        open STDERR, '>', "$base.err" or POSIX::_exit(126);
        $self->sanitizer_env;
        exec { $cmd[0] } @cmd or do {
            print STDERR "$cmd[0]: $!\n";
            POSIX::_exit(127);
        };
    }
    waitpid $pid, 0;
    my $rc = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    my @r = ($rc, slurp("$base.out"), slurp("$base.err"));
    unlink map {"$base.$_"} qw(in out err);
    return @r;
}

# Reports go to files, which the checks at the end read.
sub sanitizer_env {
    my ($self) = @_;
    return if variant() ne 'asan';
    my $log = "log_path=$self->{dir}/tmp/sanitizer";
    $ENV{ASAN_OPTIONS} = "$log:detect_leaks=0:abort_on_error=0:"
        . 'detect_stack_use_after_return=1:' . ($ENV{ASAN_OPTIONS} // '');
    $ENV{UBSAN_OPTIONS} = "$log:print_stacktrace=1:"
        . ($ENV{UBSAN_OPTIONS} // '');
    return;
}

# ---- start and stop -------------------------------------------------------

=head2 start

Returns when the port answers; dies with httpd's own words if it does not
start.  start_fails() is for configurations that must be refused: it returns
what httpd printed and logged.

=cut

sub start {
    my ($self) = @_;
    $self->spawn;
    my $limit = time + 20 * slow();
    while (time < $limit) {
        if (!$self->alive) {
            die 'httpd ended at start (' . status_text($self->{status})
                . "):\n" . $self->words . "\n";
        }
        return $self if $self->answers && $self->pid;
        sleep 0.01;
    }
    die "httpd does not answer:\n" . $self->words . "\n";
}

sub start_fails {
    my ($self) = @_;
    $self->spawn;
    my $limit = time + 10 * slow();
    sleep 0.01 while $self->alive && time < $limit;
    die "httpd started although it should not:\n" . $self->words . "\n"
        if $self->alive;
    $self->{checked} = -s "$self->{dir}/logs/error_log" || 0;
    $self->trouble('httpd ended with status 0 although it must refuse')
        if !$self->{status};
    my $words = $self->words;
    unlink "$self->{dir}/logs/stderr";
    return $words;
}

sub spawn {
    my ($self) = @_;
    die "httpd runs already\n" if $self->alive;
    delete $self->{status};
    pipe my $in, my $out or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        POSIX::setsid();
        open STDIN,  '<',  '/dev/null';
        open STDOUT, '>>', "$self->{dir}/logs/stderr";
        open STDERR, '>&', \*STDOUT;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        $self->httpd_env;
        exec @{ $self->{wrap} || [] }, $self->{bin}, '-d', $self->{dir},
            '-f', "$self->{dir}/httpd.conf", '-DFOREGROUND'
            or POSIX::_exit(127);
    }
    close $out;
    $self->{child} = $pid;
    sysread $in, my $byte, 1;       # end of file: the exec has happened
    return;
}

sub httpd_env {
    my ($self) = @_;
    delete @ENV{qw(http_proxy https_proxy all_proxy LD_PRELOAD)};
    $ENV{LC_ALL} = 'C';
    $ENV{SYNCML_TEST_DIR} = $self->{dir};
    $self->sanitizer_env;
    if (variant() eq 'asan') {
        my @lib = map { my $l = qx(gcc -print-file-name=$_); chomp $l; $l }
            qw(libasan.so libubsan.so);
        $ENV{LD_PRELOAD} = join ' ', @lib;
    }
    my %env = %{ $self->{env} || {} };
    @ENV{ keys %env } = values %env;
    return;
}

sub slow { variant() eq 'asan' ? 4 : variant() ? 2 : 1 }

sub alive {
    my ($self) = @_;
    my $pid = $self->{child} or return 0;
    return 1 if waitpid($pid, POSIX::WNOHANG()) == 0;
    $self->{status} = $?;
    delete $self->{child};
    return 0;
}

sub answers {
    my ($self) = @_;
    return !!IO::Socket::INET->new(
        PeerAddr => "127.0.0.1:$self->{port}",
        Timeout  => 2
    );
}

sub status_text {
    my ($status) = @_;
    return 'status unknown' unless defined $status;
    return 'signal ' . ($status & 127) if $status & 127;
    return 'status ' . ($status >> 8);
}

# What httpd said outside and inside its log.
sub words { slurp("$_[0]{dir}/logs/stderr") . $_[0]->log }

=head2 pid, signal($name), graceful

graceful() returns when the new generation serves; signal() at once.

=cut

sub pid {
    my ($pid) = slurp("$_[0]{dir}/httpd.pid") =~ /^(\d+)/;
    return $pid || 0;
}

sub signal { my ($self, $sig) = @_; return kill $sig, $self->pid }

sub graceful {
    my ($self) = @_;
    my $resumed = sub { scalar(() = $self->log =~ /resuming normal oper/g) };
    my $before = $resumed->();
    $self->signal('USR1');
    my $limit = time + 10 * slow();
    while (time < $limit) {
        return $self if $resumed->() > $before;
        sleep 0.01;
    }
    die "no graceful restart:\n" . $self->words . "\n";
}

=head2 stop, restart

=cut

sub stop {
    my ($self, $sig) = @_;
    return 1 if $self->{owner} != $$;
    if ($self->alive) {
        # The event MPM closes, at an ungraceful stop, the socket of a request
        # that its worker is just done with: AH03092, AH03093 or a fault, with
        # no module of ours involved.  Let the workers come to rest first.
        sleep 0.1 unless $sig;
        kill $sig || 'TERM', $self->{child};
        my $limit = time + 15 * slow();
        sleep 0.01 while $self->alive && time < $limit;
        if ($self->alive) {
            $self->trouble('httpd did not stop within '
                    . 15 * slow() . ' seconds');
            kill KILL => $self->{child};
            sleep 0.01 while $self->alive;
        }
        my $status = $self->{status};
        $self->trouble('httpd ended with ' . status_text($status))
            if $status && ($sig // '') ne 'KILL';
    }
    $self->check_processes;
    $self->check_log;
    return 1;
}

sub restart { my ($self) = @_; $self->stop; return $self->start }

# ---- the checks -----------------------------------------------------------

sub trouble {
    my ($self, @text) = @_;
    $failed++;
    Test::More::diag(join "\n", "$self->{dir}: $text[0]", @text[ 1 .. $#text ]);
    return;
}

=head2 processes

Every process of this httpd: [{ pid, ppid, command }, ...], whatever became of
its parent or process group; the inherited environment tells.

=cut

sub processes {
    my ($self) = @_;
    my @found;
    for my $proc (glob '/proc/[0-9]*') {
        my ($pid) = $proc =~ /(\d+)$/;
        next if $pid == $$;
        my $env = slurp("$proc/environ");
        next unless "\0$env" =~ /\0SYNCML_TEST_DIR=\Q$self->{dir}\E\0/;
        my $stat = slurp("$proc/stat");
        my ($comm, $state, $ppid) = $stat =~ /\((.*)\) (\S) (\d+)/ or next;
        next if $state eq 'Z';
        (my $cmd = slurp("$proc/cmdline")) =~ tr/\0/ /;
        push @found,
            { pid => $pid, ppid => $ppid, comm => $comm, command => $cmd };
    }
    return \@found;
}

sub check_processes {
    my ($self) = @_;
    my $limit = time + 2 * slow();
    my $left  = $self->processes;
    while (@$left && time < $limit) {
        sleep 0.02;
        $left = $self->processes;
    }
    return unless @$left;
    $self->trouble('processes left after httpd stopped:',
        map {"  $_->{pid} (parent $_->{ppid}) $_->{comm}: $_->{command}"}
            @$left);
    kill KILL => map { $_->{pid} } @$left;
    return;
}

=head2 expect_log(@patterns)

Log lines that match are wanted; call it before stop.

=head2 log, wait_log($pattern, $seconds)

The error log's text; wait_log returns the match (its first group) or undef.

=cut

sub expect_log { my $self = shift; push @{ $self->{expected} }, @_; return }

sub log { slurp("$_[0]{dir}/logs/error_log") }

sub wait_log {
    my ($self, $pattern, $seconds) = @_;
    my $limit = time + ($seconds || 10) * slow();
    while (1) {
        return $1 // $& if $self->log =~ $pattern;
        return undef if time > $limit;
        sleep 0.01;
    }
}

# The log lines of level warn or worse, and those that nobody should see.
sub bad_lines {
    my ($self, $text) = @_;
    return grep {
        my $line = $_;
        my ($level) = $line =~ /^\[[^]]+\] \[\w*:(\w+)\]/;
        my $bad = !defined $level
            || $level =~ /^(?:warn|error|crit|alert|emerg)$/
            || $line =~ /exit signal|memory leak|SUMMARY: /;
        $bad && !grep { $line =~ $_ } @{ $self->{expected} };
    } split /\n/, $text;
}

sub check_log {
    my ($self) = @_;
    my $seen = $self->{checked} || 0;
    my $log = $self->log;
    $self->{checked} = length $log;
    my @bad = $self->bad_lines(substr $log, $seen);
    push @bad, $self->bad_lines(slurp("$self->{dir}/logs/stderr"));
    unlink "$self->{dir}/logs/stderr";
    $self->trouble('unexpected lines in the error log:',
        map {"  $_"} @bad > 20 ? (@bad[ 0 .. 19 ], '...') : @bad)
        if @bad;
    for my $file (glob "\Q$self->{dir}\E/tmp/sanitizer.*") {
        $self->trouble("sanitizer report $file:", slurp($file));
        unlink $file;
    }
    return;
}

# ---- talking to it --------------------------------------------------------

=head2 url($path), http($method, $path, \%options)

http() is HTTP::Tiny's request() without a proxy.

=cut

sub port { $_[0]{port} }
sub dir  { $_[0]{dir} }

sub url {
    my ($self, $path) = @_;
    return "http://127.0.0.1:$self->{port}"
        . ($path // $self->{location} // '/');
}

sub http {
    my ($self, $method, $path, $o) = @_;
    my $http = HTTP::Tiny->new(
        timeout     => 30 * slow(),
        proxy       => undef,
        http_proxy  => undef,
        https_proxy => undef
    );
    $path = $self->url($path) unless ($path // '') =~ /^http:/;
    return $http->request($method, $path, $o || {});
}

# ---- the end --------------------------------------------------------------

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$ || $self->{gone}++;
    local ($?, $@, $!);
    delete $live{ 0 + $self };
    eval { $self->stop; 1 } or $self->trouble("stop: $@");
    if ($ENV{KEEP}) {
        Test::More::diag("kept: $self->{dir}");
    } else {
        File::Path::remove_tree($self->{dir}, { error => \my $ignored });
    }
    return;
}

END {
    if ($$ == $main) {
        my $status = $?;
        for my $h (values %live) { $h->DESTROY if $h }
        $? = $status || ($failed ? 1 : 0);
    }
}

1;
