#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# Directives, configuration and manual agree: every directive that the modules
# offer is in conf/syncml.conf and in docs/manual.md, with the same default;
# the file runs as shipped.
use strict;
use warnings;
use FindBin;
use Test::More;
use lib "$FindBin::Bin/lib";
use Test::Httpd;
use Test::Places qw(slurp);

chdir $Test::Places::ROOT or die $!;

# ---- the file as shipped ------------------------------------------------------

my $b = Test::Httpd::build_dir();
my $h = Test::Httpd->new(
    modules => ['info'],
    conf    => sub { <<"END" }
LoadModule syncml_module $b/mod_syncml.so
LoadModule syncml_push_module $b/mod_syncml_push.so
Define SYNCML_STATE $_[0]{dir}/state
Include $Test::Places::ROOT/conf/syncml.conf
<Location /bare>
    SetHandler syncml
</Location>
<Location /info>
    SetHandler server-info
</Location>
END
);
$h->start;
my %page = map { $_ => $h->http(GET => "/$_") } qw(syncml bare);
is $page{syncml}{status}, 200, 'conf/syncml.conf runs';
s{/bare\b}{/syncml}g for $page{bare}{content};
is $page{syncml}{content}, $page{bare}{content},
    'what it says are the defaults: its page is that of a bare SetHandler';

# ---- what the modules offer -----------------------------------------------------

sub directives {
    my ($module) = @_;
    my $page = $h->http(GET => "/info?$module")->{content};
    my ($table) = $page =~ /Module Directives:(.*)/s or return ();
    return $table =~ m{<tt>(\w+) - }g;
}
my @names = map { directives("mod_$_.c") } qw(syncml syncml_push);
cmp_ok scalar(@names), '>=', 13, 'directives found: ' . join ' ', @names;
my %known = map { $_ => 1 } @names;
for my $wanted (qw(SyncMLStore SyncMLAuthScheme SyncMLAuthProvider
        SyncMLDatastore SyncMLServerID SyncMLKeyFile SyncMLMaxMsgSize
        SyncMLSessionTimeout SyncMLDump SyncMLPush SyncMLPushGateway
        SyncMLPushDelay SyncMLPushThreads)) {
    ok $known{$wanted}, "$wanted exists";
}
$h->stop;

# ---- what is written about them ---------------------------------------------------

# A directive in the configuration, commented out or not.
my %conf;
for (split /\n/, slurp('conf/syncml.conf')) {
    $conf{$1} //= $2 if /^\s*#?(SyncML\w+)\s+(.*?)\s*$/;
}

# In the manual: a heading of its own, then a list with Default and Context.
my %manual;
for my $part (split /^### /m, slurp('docs/manual.md')) {
    my ($name) = $part =~ /\A(SyncML\w+)/ or next;
    my ($default) = $part =~ /^\* Default: (.*)$/m;
    my ($context) = $part =~ /^\* Context: (.*)$/m;
    $manual{$name} = { default => $default, context => $context };
}

# The contexts, from the command tables; a macro may stand for several.
my (%context, %macro);
for my $file (glob('mod_syncml/*.[ch] push/glue_*.c mod_syncml_push.c')) {
    my $text = slurp($file);
    $macro{$1} = $2 while $text =~ /^#define\s+(\w+)\s+\(([A-Z_ |]+)\)$/mg;
    $context{$1} = $macro{$2} // $2 while $text =~
        /AP_INIT_\w+\(\s*"(SyncML\w+)"\s*,\s*\w+\s*,[^,]+,\s*([^,"]+?)\s*,/g;
}

sub contexts {
    my ($flags) = @_;
    my @where;
    push @where, 'server config, virtual host' if $flags =~ /RSRC_CONF/;
    push @where, 'directory' if $flags =~ /ACCESS_CONF|OR_/;
    push @where, '.htaccess' if $flags =~ /OR_/;
    return join ', ', @where;
}

sub plain { my ($v) = @_; $v =~ s/`//g; return $v }

for my $name (@names) {
    my $m = $manual{$name};
    ok defined $conf{$name}, "$name is in conf/syncml.conf";
    ok $m, "$name is in docs/manual.md" or next;
    if (ok defined $m->{default}, '... with its default') {
        my $default = plain($m->{default});
        # Paths below the state directory are written with its variable.
        my $conf = ($conf{$name} // '')
            =~ s{\$\{SYNCML_STATE\}}{/var/lib/syncml}r;
        is $conf, $default, '... the same as in conf/syncml.conf'
            unless $default =~ /^(?:none|see below)/;
    }
    is plain($m->{context} // ''), contexts($context{$name} // ''),
        '... with its context';
}
is_deeply [ sort grep { !$known{$_} } keys %conf ], [],
    'conf/syncml.conf has nothing that does not exist';
is_deeply [ sort grep { !$known{$_} } keys %manual ], [],
    'nor has the manual';

done_testing;
