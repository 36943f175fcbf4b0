# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::World;

# The engine in process (t/fidelity/world.c) and the expander of recurrences
# (t/fidelity/expand.c), at the other end of a pipe.
use strict;
use warnings;
use IPC::Open2 qw(open2);

sub new {
    my ($class, %opt) = @_;
    my $self = bless { program => $opt{program} // 'build/fidelity/world' },
        $class;
    -x $self->{program} or die "$self->{program}: not built\n";
    $self->{pid} = open2($self->{out}, $self->{in}, $self->{program});
    binmode $_ for @$self{qw(in out)};
    return $self;
}

# @return octets; dies with the reason, or returns undef if $may_fail
sub call {
    my ($self, $words, $data) = @_;
    my ($status, $answer) = $self->try_call($words, $data);
    die "@$words: $answer\n" unless $status;
    return $answer;
}

sub try_call {
    my ($self, $words, $data) = @_;
    $data //= '';
    my ($in, $out) = @$self{qw(in out)};
    print {$in} "@$words " . length($data) . "\n$data";
    $in->flush;
    my $head = <$out> // die "@$words: the engine ended\n";
    my ($status, $len) = $head =~ /^(ok|no) (\d+)$/
        or die "@$words: answer $head\n";
    my $answer = '';
    while ($len > length $answer) {
        read $out, $answer, $len - length $answer, length $answer
            or die "@$words: answer cut\n";
    }
    return ($status eq 'ok', $answer);
}

# Records: [word..., text]
sub records {
    my ($self, @words) = @_;
    my $answer = $self->call(\@words);
    my @out;
    my $at = 0;
    while ($at < length $answer) {
        my $end = index $answer, "\n", $at;
        my @w = split / /, substr $answer, $at, $end - $at;
        my $len = pop @w;
        push @out, [ @w, substr $answer, $end + 1, $len ];
        $at = $end + 2 + $len;
    }
    return @out;
}

sub close {
    my ($self) = @_;
    close $self->{in};
    close $self->{out};
    waitpid $self->{pid}, 0;
    return $?;
}

# ---- when it takes place ----------------------------------------------------

my ($expander, %known);

# After a fork: the other process goes on with its own.
sub forget_expander { undef $expander }

# @return [START, END, words...] each, or undef: cannot be told
sub expand {
    my ($ics, $zone, $years) = @_;
    my $key = "$zone $years $ics";
    return $known{$key} if exists $known{$key};
    %known = () if keys %known > 20000;
    $expander //= do {
        my %e;
        $e{pid} = open2($e{out}, $e{in}, 'build/fidelity/expand');
        binmode $_ for @e{qw(in out)};
        \%e;
    };
    local $SIG{PIPE} = 'IGNORE';
    print { $expander->{in} } "$zone $years " . length($ics) . "\n$ics";
    $expander->{in}->flush;
    my $out = $expander->{out};
    my $head = <$out>;
    if (!defined $head) {               # it did not come to an end
        waitpid $expander->{pid}, 0;
        undef $expander;
        return $known{$key} = undef;
    }
    my ($n) = $head =~ /^ok (\d+)/ or return $known{$key} = undef;
    my @list;
    for (1 .. $n) {
        chomp(my $line = <$out>);
        push @list, $line;
    }
    return $known{$key} = \@list;
}

1;
