# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Corpus;

# Contacts, events, tasks, journals and notes as groupware stores them: those
# written by hand (t/fidelity/corpus), rules of recurrence in several zones,
# and made-up ones from a seed.  Plus what installed packages ship.
use strict;
use warnings;
use Encode ();
use File::Find ();
use MIME::Base64 ();
use Fidelity::Time qw(wall_add);
use POSIX ();
use Time::Local ();
use utf8;

my $dir = 't/fidelity/corpus';

# ---- numbers that are the same everywhere -----------------------------------

sub rng { my ($seed) = @_; my $s = $seed || 1; return \$s }

sub pick {
    my ($r, $n) = @_;
    # MINSTD: exact in 53 bits.
    $$r = ($$r * 48271) % 2147483647;
    return $$r % $n;
}

sub one { my ($r, @list) = @_; return $list[ pick($r, scalar @list) ] }

# ---- pieces -----------------------------------------------------------------

sub slurp {
    open my $f, '<:raw', "$dir/$_[0]" or die "$dir/$_[0]: $!\n";
    local $/;
    return <$f>;
}

sub crlf { my ($t) = @_; $t =~ s/\r?\n/\r\n/g; return $t }

sub blob {
    my ($n, $seed) = @_;
    my $r = rng($seed);
    return join '', map { chr pick($r, 256) } 1 .. $n;
}

sub folded_b64 {
    my ($head, $octets) = @_;
    my $line = "$head:" . MIME::Base64::encode_base64($octets, '');
    my $out = substr($line, 0, 75, '') . "\n";
    while (length $line) { $out .= ' ' . substr($line, 0, 74, '') . "\n" }
    return $out;
}

my @lorem = map { Encode::encode('UTF-8', $_) } (
    'The quick brown fox jumps over the lazy dog\, twice.',
    'Heizölrückstoßabdämpfung\; Übergröße.', 'Ξεσκεπάζω την ψυχοφθόρα.',
    'Съешь же ещё этих мягких булок.', 'いろはにほへと', '😀 done');

sub long_text {
    my ($name, $n, $seed) = @_;
    my $r = rng($seed);
    my $line = "$name:";
    $line .= one($r, @lorem) . (pick($r, 5) ? ' ' : '\n')
        while length $line < $n;
    return fold_octets("${line}end");
}

sub fold_octets {
    my ($line) = @_;
    my $out = '';
    while (length $line > 75) {
        my $n = 75;
        $n-- while (ord(substr $line, $n, 1) & 0xC0) == 0x80;
        $out .= substr($line, 0, $n, '') . "\n ";
    }
    return "$out$line\n";
}

# "@PHOTO 3000" and the like.
sub fill_in {
    my ($text) = @_;
    my $n = 0;
    $text =~ s{^\@(\w+) (\d+)\n}{
        my ($name, $size) = ($1, $2);
        $name =~ /^(?:NOTE|DESCRIPTION)$/ ? long_text($name, $size, ++$n)
            : folded_b64("$name;ENCODING=b" . ($name eq 'PHOTO'
                ? ';TYPE=JPEG' : $name eq 'LOGO' ? ';TYPE=GIF'
                : $name eq 'KEY' ? ';TYPE=PGP' : ';TYPE=BASIC'),
                ($name eq 'PHOTO' ? "\xff\xd8\xff\xe0" : '')
                . blob($size, ++$n + $size))
    }gem;
    return $text;
}

my %zones;

sub vtimezone {
    my ($name) = @_;
    if (!%zones) {
        for my $z (split /^%%\n/m, slurp('zones.txt')) {
            my ($n, $body) = $z =~ /^(.*?)\n(.*)$/s;
            $zones{$n} = "BEGIN:VTIMEZONE\nTZID:$n\n${body}END:VTIMEZONE\n";
        }
    }
    return $zones{$name} // die "no zone $name\n";
}

# Components become a calendar, with the zones that they name.
sub calendar {
    my ($body) = @_;
    my $flat = $body =~ s/\n[ \t]//gr;
    my %seen;
    my $tz = join '', map { vtimezone($_) } grep { !$seen{$_}++ }
        $flat =~ /;TZID="?([^":;\n]+)/g;
    return crlf("BEGIN:VCALENDAR\nPRODID:-//Example//Groupware 5//EN\n"
        . "VERSION:2.0\n$tz${body}END:VCALENDAR\n");
}

# ---- by hand ----------------------------------------------------------------

sub written_contacts {
    my $text = fill_in(slurp('contacts.vcf'));
    return map { crlf($_) } $text =~ /^(BEGIN:VCARD\n.*?^END:VCARD\n)/gmsi;
}

sub written_calendar {
    my ($file) = @_;
    return map { calendar($_) } split /^%%\n/m, fill_in(slurp($file));
}

# ---- rules ------------------------------------------------------------------

my @rule_zones = ('Europe/Berlin', 'America/New_York', 'Australia/Sydney',
    'America/Santiago', 'Asia/Kolkata');

sub rule_event {
    my ($n, $start, $rule, $zone) = @_;
    my $dtstart = $zone eq 'date' ? ';VALUE=DATE:' . substr $start, 0, 8
        : $zone eq 'UTC' ? ":${start}Z" : $zone eq 'floating' ? ":$start"
        : ";TZID=$zone:$start";
    my $clock = substr $start, 8;
    $rule =~ s/UNTIL=\*(\d{8})/'UNTIL=' . ($zone eq 'date' ? $1
        : $zone eq 'floating' ? "$1$clock" : "$1T235959Z")/e;
    my $end = $zone eq 'date' ? 'DURATION:P1D' : 'DURATION:PT45M';
    if ($n % 2) {
        my $h = substr $start, 9, 2;
        $end = $dtstart =~ s/^/DTEND/r;
        if ($zone eq 'date') {
            my @t = (substr($start, 0, 4), substr($start, 4, 2),
                     substr $start, 6, 2);
            my $next = POSIX::strftime('%Y%m%d', gmtime(
                Time::Local::timegm_modern(0, 0, 0, $t[2], $t[1] - 1, $t[0])
                + 86400));
            $end = "DTEND;VALUE=DATE:$next";
        }
        else { $end =~ s/(\d{8}T\d{6})/wall_add($1, 1200)/e }
    }
    return calendar("BEGIN:VEVENT\nUID:rule-$n\@example.com\n"
        . "DTSTAMP:20261101T120000Z\nSUMMARY:Rule $n $zone\n"
        . "DTSTART$dtstart\n$end\nRRULE:$rule\n"
        . ($n % 3 ? '' : "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT10M\n"
            . "DESCRIPTION:Rule $n\nEND:VALARM\n") . "END:VEVENT\n");
}

# Each rule in two zones, and as whole days or in UTC or without a zone.
sub rules {
    my @lines = grep {/^\d/} split /\n/, slurp('rules.txt');
    my (@out, $n);
    for my $line (@lines) {
        my ($start, $rule) = split ' ', $line;
        my @z = ($rule_zones[ $n++ % 5 ], $rule_zones[ ($n + 1) % 5 ]);
        push @z, $rule =~ /HOUR|MINUTE/ ? () : qw(date UTC floating)[ $n % 3 ];
        push @out, rule_event(scalar(@out) + 1, $start, $rule, $_) for @z;
    }
    return @out;
}

# ---- made up ----------------------------------------------------------------

my @given = qw(Anna Björn Chloé Dimitra Эльвира François Γιάννης Hélène İbrahim
    José 健一 Łukasz Māra Noël Øyvind Přemysl Renée Søren Tomáš Ümit Владимир
    Yağmur Zoë);
my @family = qw(Ångström Brontë Čapek D'Angelo Εμμανουήλ García-López Hüber
    Иванова Jørgensen Kowalski L'Hôpital Müller Núñez O'Brien Petőfi Quesnel
    Šťastný Tōkyō 王 Zieliński Smith);
my @tel_types = ('HOME', 'WORK', 'CELL', 'HOME,FAX', 'WORK,FAX', 'PAGER',
    'HOME,VOICE', 'WORK,VOICE,PREF', 'CELL,VOICE', 'CAR', 'VIDEO', '');

sub contact {
    my ($r, $n) = @_;
    my ($g, $f) = (one($r, @given), one($r, @family));
    my @l = ("BEGIN:VCARD", "VERSION:3.0", "UID:gen-$n\@example.com",
             "N:$f;$g;;;", "FN:" . (pick($r, 4) ? "$g $f" : "$f, $g" =~
             s/,/\\,/r));
    for my $i (0 .. pick($r, 5)) {
        my $t = one($r, @tel_types);
        push @l, 'TEL' . ($t ne '' ? ";TYPE=$t" : '') . ':+' . (20 + pick($r, 60))
            . ' ' . one($r, '', '(0)') . (100 + pick($r, 900)) . one($r, ' ',
            '-', '/', '') . (1000 + pick($r, 9000)) . $i;
    }
    for (1 .. pick($r, 4)) {
        push @l, 'EMAIL' . one($r, ';TYPE=INTERNET', ';TYPE=INTERNET,HOME',
            ';TYPE=WORK', '') . ":user$n.$_\@" . one($r, 'mail', 'Work')
            . '.example';
    }
    for my $t (grep { !pick($r, 2) } qw(HOME WORK)) {
        push @l, "ADR;TYPE=$t:;;" . one($r, 'Ulica Długa ', 'Rua do Ouro ',
            'Main St. ', 'Лесная ул. ') . (1 + pick($r, 200)) . ';'
            . one($r, 'Łódź', 'São Paulo', 'Springfield', 'Тула') . ';;'
            . (10000 + pick($r, 89999)) . ';' . one($r, 'PL', 'BR', 'US', '');
    }
    push @l, 'ORG:' . one($r, 'Acme', 'Müller\, Söhne', 'ООО Ромашка')
        . one($r, '', ';R&D', ';Sales;EMEA') if pick($r, 2);
    push @l, 'TITLE:' . one($r, 'Engineer', 'Geschäftsführer', 'Врач')
        if pick($r, 2);
    push @l, 'BDAY:' . sprintf '%04d-%02d-%02d', 1940 + pick($r, 70),
        1 + pick($r, 12), 1 + pick($r, 28) unless pick($r, 3);
    push @l, 'URL:https://example.com/' . one($r, '~u', 'p?q=1&r=2') . $n
        unless pick($r, 3);
    push @l, 'CATEGORIES:' . join ',', map { one($r, 'Work', 'Friends',
        'Familie', 'Друзья', 'C\,D') . $_ } 1 .. 1 + pick($r, 3)
        unless pick($r, 3);
    push @l, 'NOTE:' . join one($r, ' ', '\n', '\, '), map { one($r, 'note',
        'ümläut', 'Σημείωση', 'заметка', '備考', '😀', 'a\;b') }
        1 .. 1 + pick($r, 12) unless pick($r, 2);
    push @l, "item1.TEL:+1 555 777 $n", 'item1.X-ABLabel:' . one($r, 'Boat',
        'Büro 2', 'Дача') unless pick($r, 5);
    push @l, one($r, 'X-SPOUSE:Kim', 'X-ASSISTANT:Jo', 'X-CUSTOM;X-A=b:c',
        'ROLE:Boss', 'NICKNAME:Nick', 'GEO:48.1;11.5', 'TZ:+01:00')
        unless pick($r, 2);
    my $text = Encode::encode('UTF-8', join("\n", @l) . "\n");
    $text .= folded_b64('PHOTO;ENCODING=b;TYPE=JPEG', "\xff\xd8" . blob(200
        + pick($r, 2000), $n)) unless pick($r, 8);
    return crlf(join('', map { length > 76 && !/^ / ? fold_octets($_ =~
        s/\n$//r) : $_ } split /^/, $text) . "END:VCARD\n");
}

sub event {
    my ($r, $n) = @_;
    my $zone = one($r, @rule_zones, 'UTC', 'date', 'floating');
    my $day = sprintf '2027%02d%02d', 1 + pick($r, 12), 1 + pick($r, 28);
    my $start = sprintf '%sT%02d%02d00', $day, pick($r, 22), 15 * pick($r, 4);
    my $rule = pick($r, 2) ? one($r, 'FREQ=DAILY;COUNT=5', 'FREQ=WEEKLY',
        'FREQ=WEEKLY;INTERVAL=2;COUNT=6', 'FREQ=MONTHLY;COUNT=12',
        'FREQ=YEARLY') : '';
    my $text = rule_event($n, $start, $rule || 'X', $zone);
    my $more = '';
    $more .= 'LOCATION:' . one($r, 'Büro', 'Кафе\, угол', 'Room 5') . "\n"
        if pick($r, 2);
    $more .= 'DESCRIPTION:' . join('\n', map { one($r, 'agenda', 'пункт',
        'Punkt ä', '😀', 'x\; y\, z') } 1 .. 1 + pick($r, 4)) . "\n"
        if pick($r, 2);
    $more .= 'CATEGORIES:' . one($r, 'Work', 'Home,Kids', 'Αργία') . "\n"
        unless pick($r, 3);
    $more .= 'CLASS:' . one($r, qw(PUBLIC PRIVATE CONFIDENTIAL)) . "\n"
        unless pick($r, 3);
    $more .= 'PRIORITY:' . pick($r, 10) . "\n" unless pick($r, 3);
    $more .= "ATTENDEE;CN=Person $n;PARTSTAT=" . one($r, qw(ACCEPTED DECLINED
        NEEDS-ACTION)) . ":mailto:p$n\@example.com\n" unless pick($r, 4);
    $more = crlf(Encode::encode('UTF-8', $more));
    $text =~ s/RRULE:X\r\n//;
    my $subject = Encode::encode('UTF-8', one($r, 'Meeting', 'Обед',
        'Zahnarzt ü', '会議', 'Party 🎉') . " $n");
    $text =~ s/^(SUMMARY):.*?\r\n/$1:$subject\r\n$more/m;
    return $text;
}

sub task {
    my ($r, $n) = @_;
    my @l = ("BEGIN:VTODO", "UID:gentask-$n\@example.com",
             "DTSTAMP:20261101T120000Z", 'SUMMARY:' . one($r, 'Buy', 'Кефир',
             'Wäsche', '書類') . " $n");
    my $day = sprintf '2027%02d%02d', 1 + pick($r, 12), 1 + pick($r, 28);
    push @l, one($r, "DUE;VALUE=DATE:$day", "DUE:${day}T120000Z",
        "DUE;TZID=Europe/Berlin:${day}T173000", 'COMMENT:none');
    push @l, one($r, 'STATUS:NEEDS-ACTION',
        "STATUS:IN-PROCESS\nPERCENT-COMPLETE:" . 10 * pick($r, 10),
        "STATUS:COMPLETED\nPERCENT-COMPLETE:100\nCOMPLETED:20261101T101500Z",
        'CLASS:PRIVATE');
    push @l, 'PRIORITY:' . (1 + pick($r, 9)) if pick($r, 2);
    push @l, 'DESCRIPTION:' . one($r, 'text\, more', 'строка\nдве', 'ß')
        if pick($r, 2);
    push @l, 'CATEGORIES:' . one($r, 'Home', 'Work,Später')
        unless pick($r, 3);
    return calendar(Encode::encode('UTF-8', join("\n", @l)
        . "\nEND:VTODO\n"));
}

sub note {
    my ($r, $n) = @_;
    my @l = map { one($r, 'line', 'Zeile ü', 'строка', 'γραμμή', '行', '😀 x',
        '', '  indented', 'a;b,c\\d=e') . " $_" } 1 .. 1 + pick($r, 8);
    return Encode::encode('UTF-8', "Note $n\r\n" . join "\r\n", @l);
}

# ---- all --------------------------------------------------------------------

# @return { contacts => [texts], calendar => ..., tasks, notes, journal }
sub load {
    my (%opt) = @_;
    my %c = (
        contacts => [ written_contacts() ],
        calendar => [ written_calendar('events.ics'), rules() ],
        tasks    => [ written_calendar('tasks.ics') ],
        journal  => [ written_calendar('journals.ics') ],
        notes    => [ map { crlf($_ =~ s/\n\z//r) } split /^%%\n/m,
                      slurp('notes.txt') ],
    );
    my %want = (contacts => 220, calendar => 260, tasks => 70, notes => 50);
    %want = (contacts => 40, calendar => 60, tasks => 16, notes => 18)
        if $opt{short};
    my %make = (contacts => \&contact, calendar => \&event, tasks => \&task,
                notes => \&note);
    # Each from its own numbers, so that the short part is one of the whole.
    my $k = 0;
    for my $ds (qw(contacts calendar tasks notes)) {
        my $r = rng(($opt{seed} // 20261128) + 7919 * $k++);
        my $n = 1000;
        push @{ $c{$ds} }, $make{$ds}->($r, $n++) while @{ $c{$ds} } < $want{$ds};
    }
    if ($opt{short}) {          # all that is written by hand, some rules
        my $written = () = slurp('events.ics') =~ /^%%/mg;
        my @cal = @{ $c{calendar} };
        my @rules = @cal[ $written + 1 .. $#cal ];
        $c{calendar} = [ @cal[ 0 .. $written ],
                         @rules[ grep { $_ % 9 == 0 } 0 .. $#rules ] ];
    }
    return \%c;
}

# Put the items of a text into %$c: cards of the versions that stores have, and
# calendars of one item each.
sub add_items {
    my ($c, $text) = @_;
    $text = crlf($text);
    push @{ $c->{contacts} }, grep {/^VERSION:[34]/mi}
        $text =~ /^(BEGIN:VCARD\r\n.*?^END:VCARD\r\n)/gmsi;
    for my $cal ($text =~ /^(BEGIN:VCALENDAR\r\n.*?^END:VCALENDAR\r\n)/gmsi) {
        next unless $cal =~ /^VERSION:2/mi;
        my @kinds = map {uc} $cal =~ /^BEGIN:(VEVENT|VTODO|VJOURNAL)\r/gmi;
        my %uids = map { $_ => 1 } $cal =~ /^UID[:;](.*)/gmi;
        next unless @kinds == 1 || @kinds && keys %uids == 1;
        push @{ $c->{ { VEVENT => 'calendar', VTODO => 'tasks',
                        VJOURNAL => 'journal' }->{ $kinds[0] } } }, $cal;
    }
}

# @return what was put into a corpus from all files for which @p want is true
sub from_files {
    my ($want, @dirs) = @_;
    my %c = map { $_ => [] } qw(contacts calendar tasks journal notes);
    my @files;
    File::Find::find({ no_chdir => 1, wanted => sub {
        push @files, $_ if -f && -s _ < 500_000 && $want->();
    } }, @dirs) if @dirs;
    for my $file (sort @files) {
        open my $f, '<:raw', $file or next;
        my $text = do { local $/; <$f> } . "\n";
        # In sources they are strings: "BEGIN:VCARD\r\n"
        if ($file =~ /\.(?:c|cpp|h|py)$/) {
            $text = join '', map { my $s = $_; $s =~ s/\\r//g; $s =~
                s/\\n/\n/g; $s =~ s/\\(["\\])/$1/g; $s }
                $text =~ /"((?:[^"\\\n]|\\.)*)"/g;
        }
        add_items(\%c, $text);
    }
    return \%c;
}

# What SyncEvolution's and libical's packages ship, where they are installed.
sub installed {
    return from_files(sub {/\.(?:vcf|ics|ical|vcs|txt|tem|h|c|cpp|py)$/},
        grep {-d} (glob('/usr/share/doc/libical*'),
        glob('/usr/share/doc/*syncevolution*'), '/usr/share/syncevolution',
        glob('/usr/lib/*/syncevolution'), '/usr/lib/syncevolution',
        '/usr/share/libical', glob('/usr/share/evolution*/tests')));
}

# The files of a directory, as groupware or other programs wrote them.
sub given {
    my ($path) = @_;
    -d $path or die "$path: no directory\n";
    return from_files(sub {/\.(?:vcf|ics)$/i}, $path);
}

1;
