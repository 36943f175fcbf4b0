# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::Places;

# Where things are for a test: the tree and its variant, httpd and its
# modules, an unprivileged user, directories that this user can reach, free
# ports.  Nothing here starts or keeps anything but the socket that
# reserve_port() returns.

use strict;
use warnings;
use Cwd            ();
use Exporter       qw(import);
use File::Basename ();
use File::Path     ();
use File::Spec     ();
use File::Temp     ();
use IO::Socket::INET ();

our @EXPORT_OK = qw(variant build_dir bin_dir apxs httpd_bin modules_dir
    load_modules child_user reachable scratch reserve_port free_port slurp
    spew);

our $ROOT = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');

# ---- where things are -----------------------------------------------------

sub variant   { $ENV{VARIANT} || '' }
sub build_dir { $ROOT . '/build' . (variant() ? '/' . variant() : '') }
sub bin_dir   { (variant() ? build_dir() : $ROOT) . '/bin' }

my %apxs;

sub apxs {
    my ($name) = @_;
    my ($apxs) = grep { $_ && -x } $ENV{APXS}, '/usr/bin/apxs',
        '/usr/bin/apxs2';
    return '' unless $apxs;
    return $apxs{$name} //= do { my $v = qx($apxs -q $name); chomp $v; $v };
}

# httpd's program: $HTTPD, what apxs says, or Debian's.
sub httpd_bin {
    my ($bin) = grep { defined && -x } $ENV{HTTPD},
        apxs('SBINDIR') . '/' . (apxs('PROGNAME') || 'httpd'),
        '/usr/sbin/apache2', '/usr/sbin/httpd';
    return $bin || die "no httpd found: set HTTPD\n";
}

sub modules_dir {
    my ($dir) = grep { $_ && -d } apxs('LIBEXECDIR'),
        '/usr/lib/apache2/modules';
    return $dir || die "no directory with httpd's modules found\n";
}

my %static;

sub load_modules {
    my ($bin, $dir) = (httpd_bin(), modules_dir());
    %static = map { /^\s+(mod_\w+)\.c/ ? ($1 => 1) : () } qx($bin -l)
        unless %static;
    my %seen;
    return join '', map {"LoadModule ${_}_module $dir/mod_$_.so\n"}
        grep { !$static{"mod_$_"} && !$seen{$_}++ } @_;
}

# ---- directories and ports ------------------------------------------------

# The user that httpd's children run as, or () if they run as we do.
sub child_user {
    return () if $>;
    for my $name (grep {$_} $ENV{SYNCML_TEST_USER}, 'www-data', 'nobody') {
        my @pw = getpwnam $name or next;
        return ($name, scalar getgrgid($pw[3]), @pw[2, 3]);
    }
    die "no unprivileged user for httpd's children: set SYNCML_TEST_USER\n";
}

# Can everybody pass through all parents of this path?
sub reachable {
    my ($path) = @_;
    $path = Cwd::abs_path($path) or return 0;
    while ($path ne '/') {
        return 0 unless (stat $path)[2] & 0001;
        $path = File::Basename::dirname($path);
    }
    return 1;
}

# A directory for one test, that httpd's children can reach; it goes with the
# process that asked for it, unless KEEP=1.
my %scratch;

sub scratch {
    my $top = File::Spec->tmpdir;
    $top = '/tmp' if !$> && !reachable($top);
    my $dir = File::Temp::tempdir('syncml-XXXXXX', DIR => $top);
    chmod 0755, $dir;
    $scratch{$dir} = $$;
    return $dir;
}

END {
    my $status = $?;
    for my $dir (grep { $scratch{$_} == $$ && -d } keys %scratch) {
        File::Path::remove_tree($dir, { error => \my $ignored })
            unless $ENV{KEEP};
    }
    $? = $status;
}

# A port of our own.  The socket stays bound without listening, so the kernel
# gives the port to nobody else, while httpd, with SO_REUSEADDR, may have it.
sub reserve_port {
    my $s = IO::Socket::INET->new(
        Proto     => 'tcp',
        LocalAddr => '127.0.0.1',
        LocalPort => 0,
        ReuseAddr => 1
    ) or die "no free port: $!\n";
    return ($s->sockport, $s);
}

sub free_port { my ($port) = reserve_port(); return $port }

sub slurp {
    my ($file) = @_;
    open my $f, '<', $file or return '';
    local $/;
    return scalar(<$f>) // '';
}

sub spew {
    my ($file, $text) = @_;
    open my $f, '>', $file or die "$file: $!\n";
    print {$f} $text;
    close $f or die "$file: $!\n";
}

1;
