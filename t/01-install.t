#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# `make install' puts everything where apxs says, into a DESTDIR; what is
# installed loads; a changed configuration survives; `make uninstall' leaves
# nothing else behind.
use strict;
use warnings;
use File::Find ();
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::Httpd;
use Test::Places qw(apxs httpd_bin modules_dir load_modules slurp spew);

my $h = Test::Httpd->new;       # for its directory; not started
my $dest = "$h->{dir}/dest";
chdir $Test::Places::ROOT or die $!;

sub make {
    my ($target) = @_;
    delete local @ENV{qw(MAKEFLAGS MAKELEVEL VARIANT)};
    my ($rc, $out, $err) = $h->run(\'', 'make', '--no-print-directory',
        'VARIANT=', $target, "DESTDIR=$dest");
    is $rc, 0, "make $target" or diag $out, $err;
    return $out;
}

sub files {
    my %found;
    File::Find::find({ no_chdir => 1, wanted => sub {
        $found{ substr $_, length $dest } = (stat)[2] & 07777 if -f;
    } }, $dest) if -d $dest;
    return \%found;
}

my $modules = modules_dir();
my $etc     = apxs('SYSCONFDIR');
my $debian  = -d "$etc/mods-available" || -e '/etc/debian_version';
my $conf    = $debian ? "$etc/conf-available/syncml.conf"
                      : "$etc/extra/httpd-syncml.conf";
my $tool    = apxs('SBINDIR') . '/syncmlctl';

like make('install'), qr/syncmlctl/, '... names what it installed';
my $files = files();
my %want  = (
    "$modules/mod_syncml.so"      => 0644,
    "$modules/mod_syncml_push.so" => 0644,
    $tool                         => 0755,
    $conf                         => 0644,
    '/etc/syncml/quirks.conf'     => 0644,
    (map { ("/etc/syncml/gateways/$_.conf" => 0644) }
            qw(clickatell gammu infobip kannel nowsms ozeki sinch smstools
            vonage)),
    $debian ? map { ("$etc/mods-available/$_.load" => 0644) }
        qw(syncml syncml_push) : (),
);
my %man = map { $_ => $files->{$_} } grep {m{/man/man\d/}} keys %$files;
is_deeply $files, { %want, %man }, 'files and modes';
ok scalar(grep {/syncmlctl\.\d$/} keys %man), 'a man page of syncmlctl';
is_deeply [ grep { $_ != 0644 } values %man ], [], '... readable by all';

my ($rc, $out, $err) = $h->run(\'', "$dest$tool", '--help');
is $rc, 0, 'the installed syncmlctl runs';
like $out, qr/account/, '... and helps';

SKIP: {
    skip 'no man-db here', 1 unless -x '/usr/bin/man';
    for my $page (sort keys %man) {
        local $ENV{MANWIDTH} = 80;
        ($rc, $out, $err) = $h->run(\'', 'man', '--warnings', '-l', '-P',
            'cat', "$dest$page");
        is "$rc$err", '0', "man renders $page without a warning";
    }
}

# The installed files make an httpd that starts.
my $loads = $debian
    ? join('', map { slurp("$dest$etc/mods-available/$_.load") }
        qw(syncml syncml_push))
    : join('', map {"LoadModule ${_}_module $modules/mod_$_.so\n"}
        qw(syncml syncml_push));
is scalar(() = $loads =~ /^LoadModule syncml\w* /mg), 2, 'LoadModule lines';
$loads =~ s/ \Q$modules\E/ $dest$modules/g;
$h->{conf} = "${loads}Define SYNCML_STATE $h->{dir}/state\n"
    . "Include $dest$conf\n";
$h->write_conf;
$h->start;
is $h->http(GET => '/syncml')->{status}, 200, 'it answers at /syncml';
$h->stop;

# A configuration of one's own is kept, at install and at uninstall.
spew("$dest$conf", "# mine\n");
like make('install'), qr/kept/, '... says that the configuration is kept';
is slurp("$dest$conf"), "# mine\n", 'it is unchanged';
is slurp("$dest$conf.new"), slurp('conf/syncml.conf'), 'ours is beside it';
make('uninstall');
is_deeply [ keys %{ files() } ], [$conf], 'only that remains';

done_testing;
