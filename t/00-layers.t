#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# The rules of the house: who may include whom, who may know httpd, what a
# module exports, no writable globals in the libraries, sizes of files and
# functions.  Rooms that do not exist (yet) are passed over.
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Find ();
use Test::More;

chdir dirname($0) . '/..' or die $!;

# Room => what it may include besides its own headers.
my %may = (
    codec     => [],
    item      => [],
    store     => [],
    mod_syncml => [qw(codec item store)],
    groupware => [qw(item store)],
    push      => [qw(codec store)],
    ota       => [qw(codec push)],
    admin     => [qw(codec item store push ota groupware)],
    syncmlctl => [qw(codec item store push ota groupware mod_syncml)],
);

# Glue: what is linked against httpd.  Besides its room's table it may use the
# optional functions by which the two modules find each other.
sub is_glue {
    return $_[0] =~ m{^(?:mod_\w+\.[ch]|mod_syncml/(?:mod_syncml|syncml_\w+)
                         \.[ch]|(?:push|admin)/glue_\w+\.[ch])$}x;
}

# Writable data that a library may have: symbol => reason.
my %writable = ();

my @sources;
File::Find::find({ no_chdir => 1, wanted => sub {
    $File::Find::prune = 1, return if m{^\./(?:build|bin|run|\.git)$};
    push @sources, s{^\./}{}r if -f && /\.[ch]$/;
} }, '.');
@sources = sort @sources;
cmp_ok scalar(@sources), '>', 10, 'sources found';

sub lines { open my $f, '<', $_[0] or die "$_[0]: $!"; return <$f> }

# ---- includes -----------------------------------------------------------------

my $httpd_header = qr/^(?:httpd|http_\w+|ap_\w+|mod_\w+|mpm_\w+|scoreboard
                          |util_\w+|unixd)\.h$/x;
my @wrong;
for my $file (grep { !m{^(?:t|bench)/} } @sources) {
    my ($room) = $file =~ m{^(\w+)/} or next;
    my %ok = map { $_ => 1 } $room, @{ $may{$room} || [] };
    push @wrong, "$file: a room without rules" unless $may{$room};
    for (lines($file)) {
        my ($header) = /^\s*#\s*include\s*[<"]([^>"]+)[>"]/ or next;
        my ($theirs, $name) = $header =~ m{^(?:(\w+)/)?([^/]+)$};
        next if $header eq 'mod_syncml/mod_syncml.h' && is_glue($file);
        push @wrong, "$file includes $header"
            if defined $theirs && -d $theirs && !$ok{$theirs};
        push @wrong, "$file includes httpd's $header"
            if $header =~ $httpd_header && !is_glue($file)
            && !-e "$room/$header";
    }
}
is_deeply \@wrong, [], 'nobody includes against the table';

# ---- symbols ------------------------------------------------------------------

my @archives = glob 'build/lib*.a';
cmp_ok scalar(@archives), '>=', 4, 'archives are built';
for my $a (@archives) {
    my @ap = grep {/ U (?:ap|unixd)_/} qx(nm -A -u $a 2>/dev/null);
    is_deeply \@ap, [], basename($a) . ' knows nothing of httpd';
}

# Constant tables of pointers are in .data.rel.ro, which the linker protects.
for my $a (@archives) {
    my @data;
    my $member = '';
    for (qx(objdump -t $a 2>/dev/null)) {
        $member = $1 if /^(\S+\.o):/;
        my ($section, $symbol)
            = /^[0-9a-f]+ .{7} (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$/
            or next;
        next if $section !~ /^(?:\.t?(?:data|bss)\b|\*COM\*)/
            || $section =~ /^\.data\.rel\.ro/
            || $symbol =~ /^\./
            || $writable{$symbol};
        push @data, "$member $symbol in $section";
    }
    is_deeply \@data, [], basename($a) . ' has no writable globals';
}

for my $so (grep {-e} map {"build/$_.so"} qw(mod_syncml mod_syncml_push)) {
    my $want = basename($so, '.so') =~ s/^mod_//r . '_module';
    my @exported = map { (split)[-1] } qx(nm -D --defined-only $so);
    is_deeply \@exported, [$want], basename($so) . ' exports its module only';
    my $dynamic = qx(readelf -dW $so);
    like $dynamic, qr/NODELETE/, '... stays loaded';
    like $dynamic, qr/BIND_NOW|FLAGS.*NOW/, '... is bound at load';
    like $dynamic, qr/libsqlite3\.so/, '... shares libsqlite3'
        if $so =~ /mod_syncml\.so/;
    unlike qx(nm -D -u $so), qr/\bwbxml_/, '... does without libwbxml';
}

# ---- form ---------------------------------------------------------------------

my (@long, @wide, @functions, @license, @tabs);
my @scripts = (glob('t/*.t t/lib/Test/*.pm scripts/* t/run'), '.ci/run');
for my $file (@sources, @scripts) {
    my @l = lines($file);
    push @long, "$file: " . @l if @l > 700;
    push @license, $file
        if "@l[0 .. ($#l < 2 ? $#l : 2)]" !~ /Apache License, Version 2\.0/;
    next unless $file =~ /\.[ch]$/;
    my $begin;
    for my $n (1 .. @l) {
        my $line = $l[ $n - 1 ];
        chomp $line;
        push @wide, "$file:$n" if length $line > 90;
        push @tabs, "$file:$n" if $line =~ /\t|\s$/;
        $begin = $n if $line eq '{';
        if ($line =~ /^\}$/ && defined $begin) {
            push @functions, "$file:$begin: " . ($n - $begin - 1)
                if $n - $begin - 1 > 60;
            undef $begin;
        }
    }
}
is_deeply \@long,      [], 'files of at most 700 lines';
is_deeply \@functions, [], 'functions of at most 60 lines';
is_deeply \@wide,      [], 'no line beyond 90 columns';
is_deeply \@tabs,      [], 'no tabs, no trailing blanks';
is_deeply \@license,   [], 'every file names its licence';

done_testing;
