# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Main;

# scripts/fidelity: runs, tables, verdict.
use strict;
use warnings;
use Encode ();
use File::Temp ();
use POSIX ();
use Storable ();
use Fidelity::Corpus ();
use Fidelity::Profiles ();
use Fidelity::Run ();
use Fidelity::Wild ();
use Fidelity::World ();

my @kinds = qw(lost changed shifted added);

sub one_profile {
    my ($opt, $name, $corpus) = @_;
    my $world = Fidelity::World->new;
    my $run = Fidelity::Run->new(profile => $name, world => $world,
        corpus => $corpus, only => $opt->{only});
    $run->all;
    my @log = grep {/^[0-3] /} split /\n/, $world->call(['log']);
    $run->finding('log', 'server', 'log', map { { what => 'lost',
        prop => 'LOG', was => '', is => $_ } } @log);
    $world->close;
    return $run;
}

# Devices at the same time, each in a process of its own; in their order.
sub each_profile {
    my ($opt, $corpus, @names) = @_;
    my $jobs = $opt->{jobs} || 2;
    my $dir = File::Temp->newdir;
    my (%running, %done);
    my @todo = @names;
    while (@todo || %running) {
        while (@todo && keys %running < $jobs) {
            my $name = shift @todo;
            my $pid = fork // die "fork: $!\n";
            if (!$pid) {
                Fidelity::World::forget_expander();
                my $run = one_profile($opt, $name, $corpus);
                delete @$run{qw(world corpus text)};
                Storable::store({ %$run, p => { name => $name } },
                                "$dir/$name");
                POSIX::_exit(0);
            }
            $running{$pid} = $name;
        }
        my $pid = wait;
        my $name = delete $running{$pid} // next;
        die "$name: the run ended with $?\n" if $?;
    }
    return map {
        my $run = Storable::retrieve("$dir/$_");
        $run->{p} = Fidelity::Profiles::profile($_);
        bless $run, 'Fidelity::Run';
    } @names;
}

sub counts {
    my ($run) = @_;
    my %n = map { $_ => 0 } @kinds;
    $n{ $_->{what} }++ for @{ $run->{found} };
    return \%n;
}

sub line {
    my ($f) = @_;
    return "$f->{profile} $f->{phase}" . ($f->{edit} ? "($f->{edit})" : '')
        . " $f->{ds} $f->{item}\n    $f->{what} $f->{prop}\n"
        . "    was $f->{was}\n    is  $f->{is}\n";
}

# Findings by kind and property, the most frequent first.
sub print_found {
    my ($opt, $run) = @_;
    my %by;
    push @{ $by{"$_->{what} $_->{ds} $_->{prop}"} }, $_ for @{ $run->{found} };
    for my $k (sort { @{ $by{$b} } <=> @{ $by{$a} } || $a cmp $b } keys %by) {
        my @f = @{ $by{$k} };
        my %phase;
        $phase{ $_->{phase} }++ for @f;
        print "  $k: ", scalar @f, ' (', join(' ', map {"$_ $phase{$_}"}
            sort keys %phase), ")\n";
        my $show = $opt->{show} // 3;
        my %seen;
        for my $f (grep { !$seen{ $_->{item} }++ } @f) {
            last if $show-- <= 0;
            print "    $f->{item} [$f->{phase}", $f->{edit} ? " $f->{edit}"
                : '', "]\n      was $f->{was}\n      is  $f->{is}\n";
        }
    }
}

sub short {
    my ($v) = @_;
    $v =~ s/\n/\\n/g;
    return length $v > 100 ? substr($v, 0, 97) . '...' : $v;
}

# What the device does not show, by reason; and what it should have shown.
sub screen_rows {
    my ($run) = @_;
    my @rows;
    for my $k (sort keys %{ $run->{screen} }) {
        my $items = $run->{screen}{$k};
        my %why;
        $why{ $items->{$_}[1] // '?' }++ for keys %$items;
        push @rows, [ $k, scalar keys %$items, join '; ', sort keys %why ];
    }
    return @rows;
}

sub print_screen {
    my ($opt, $run) = @_;
    if ($opt->{screen}) {
        printf "  %-28s %4d  %s\n", @$_ for screen_rows($run);
    }
    my $show = $opt->{show} // 3;
    my %n;
    for my $u (@{ $run->{unexplained} || [] }) {
        next if ++$n{"$u->{ds} $u->{prop} $u->{how}"} > $show;
        print "  not shown, without a reason: $u->{ds} $u->{item} $u->{prop} ",
            "$u->{how}\n      was ", short($u->{was}), "\n      is  ",
            short($u->{is}), "\n";
    }
}

# ---- docs/fidelity.md -------------------------------------------------------

my $doc = 'docs/fidelity.md';

# Tables of the page: { heading => { first column => [further columns] } }.
sub tables {
    my (%t, $head);
    open my $f, '<:utf8', $doc or return {};
    while (<$f>) {
        $head = $1 if /^#+ (.*\S)/;
        next unless /^\| *(\S.*?) *\|(.*)\|\s*$/ && defined $head;
        my ($key, @rest) = ($1, map { s/^\s+|\s+$//gr } split /\|/, $2);
        $t{$head}{$key} = \@rest;
    }
    return \%t;
}

# Losses in the store that the page admits: "PROFILE what DATASTORE PROPERTY".
# Of devices that can hold everything none may be.
sub listed {
    my $t = tables()->{'Losses in the store'} || {};
    return { map { $_ => 1 } grep { !/^(?:full|syncevo) / } keys %$t };
}

sub unlisted {
    my ($run, $listed) = @_;
    return grep { !$listed->{"$_->{profile} $_->{what} $_->{ds} $_->{prop}"} }
        @{ $run->{found} };
}

sub undocumented {
    my ($run) = @_;
    my $t = tables()->{ $run->{p}{title} } || {};
    return grep { !$t->{$_} } sort keys %{ $run->{screen} };
}

# What the run found, behind this line of the page.
my $marker = '<!-- From here on written by scripts/fidelity --page; the reasons'
    . " of losses\nin the store are kept. -->\n";

sub page_of {
    my (@runs) = @_;
    my $reasons = tables()->{'Losses in the store'} || {};
    my $out = "## Numbers\n\n| device | items | properties | lost | changed | "
        . "shifted | added |\n|---|---|---|---|---|---|---|\n";
    my %loss;
    for my $run (@runs) {
        my $n = counts($run);
        $out .= '| ' . join(' | ', $run->{p}{title}, $run->{items},
            $run->{props}, @$n{@kinds}) . " |\n";
        $loss{"$_->{profile} $_->{what} $_->{ds} $_->{prop}"}++
            for @{ $run->{found} };
    }
    $out .= "\n## Losses in the store\n\n| loss | times | why |\n|---|---|---|\n";
    for my $k (sort keys %loss) {
        my $why = ($reasons->{$k} || [])->[1] // '?';
        $out .= "| $k | $loss{$k} | $why |\n";
    }
    $out .= "\n## What devices do not show\n";
    for my $run (@runs) {
        $out .= "\n### $run->{p}{title}\n\n| not shown | items | why |\n"
            . "|---|---|---|\n";
        $out .= '| ' . join(' | ', @$_) . " |\n" for screen_rows($run);
    }
    return $out;
}

sub write_page {
    my (@runs) = @_;
    my $new = page_of(@runs);
    open my $in, '<:utf8', $doc or die "$doc: $!\n";
    my $text = do { local $/; <$in> };
    my $at = index $text, $marker;
    $text = substr $text, 0, $at if $at >= 0;
    open my $out, '>:utf8', $doc or die "$doc: $!\n";
    print {$out} $text, $marker, "\n", $new;
}

sub corpus {
    my ($opt) = @_;
    return Fidelity::Corpus::given($opt->{corpus}) if $opt->{corpus};
    if ($opt->{wild}) {
        my $seed = $opt->{seed} // time % 1_000_000;
        print "wild items: --wild=$opt->{wild} --seed=$seed\n";
        return Fidelity::Wild::load($seed, $opt->{wild});
    }
    my $corpus = Fidelity::Corpus::load(short => $opt->{short},
        seed => $opt->{seed});
    return $corpus if $opt->{short};
    my $more = Fidelity::Corpus::installed();
    push @{ $corpus->{$_} }, @{ $more->{$_} } for keys %$more;
    return $corpus;
}

sub main {
    my ($opt, @names) = @_;
    @names = @Fidelity::Profiles::names unless @names;
    my $corpus = corpus($opt);
    my $bad = 0;
    my (@table, @runs);
    my $listed = listed();
    for my $run (each_profile($opt, $corpus, @names)) {
        my $name = $run->{p}{name};
        my $n = counts($run);
        push @table, [ $name, $run->{items}, $run->{props}, @$n{@kinds},
            scalar keys %{ $run->{screen} },
            scalar @{ $run->{unexplained} || [] } ];
        push @runs, $run;
        $bad += unlisted($run, $listed) + @{ $run->{unexplained} || [] };
        print "$name: $run->{p}{title}\n";
        print_found($opt, $run);
        print_screen($opt, $run);
        print '  edits: ', join(' ', map {"$_ $run->{edits}{$_}"}
            sort keys %{ $run->{edits} }), "\n";
        if ($opt->{losses} && @{ $run->{found} }) {
            open my $f, '>>:utf8', $opt->{losses} or die $!;
            print {$f} map { line($_) } @{ $run->{found} };
        }
    }
    printf "%-10s %6s %6s %6s %7s %7s %6s %7s %6s\n", qw(profile items props
        lost changed shifted added screen unsaid);
    printf "%-10s %6d %6d %6d %7d %7d %6d %7d %6d\n", @$_ for @table;
    write_page(@runs) if $opt->{page};
    return $bad ? 1 : 0;
}

1;
