# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Fidelity::Profiles;

# The devices of `make fidelity': what each says of itself in its DevInf, and
# what it does to items (Fidelity::Card, VCal, ICal, Sif).
use strict;
use warnings;
use Encode ();
use Fidelity::Card qw(read_card write_card);
use Fidelity::ICal qw(read_ical write_ical);
use Fidelity::Sif qw(read_sif write_sif);
use Fidelity::VCal qw(read_vcal write_vcal);

my @nokia_types = qw(HOME WORK CELL FAX PAGER VOICE VIDEO CAR PREF);

sub s60_card {
    my (%more) = @_;
    return {
        version => '2.1', qp => 1, blank => 1, rebuild_fn => 'none',
        order => [qw(N TITLE ORG TEL EMAIL URL ADR BDAY NOTE PHOTO)],
        hold => {
            N    => { n => 1, comps => 5, size => 50 },
            TEL  => { types => \@nokia_types, size => 48, strip => 1 },
            EMAIL => { types => [qw(HOME WORK INTERNET)], size => 150,
                       need => 'INTERNET' },
            URL  => { types => [qw(HOME WORK)], size => 1000 },
            ADR  => { types => [qw(HOME WORK)], n => 3, size => 256 },
            ORG  => { n => 1, comps => 2, size => 50 },
            TITLE => { n => 1, size => 50 }, BDAY => { n => 1 },
            NOTE => { n => 1, size => 1000 },
            PHOTO => { n => 1, bin => 30000 },
            'X-ASSISTANT' => { n => 1 }, 'X-SPOUSE' => { n => 1 },
            'X-ANNIVERSARY' => { n => 1 },
        },
        %more,
    };
}

sub s60_cal {
    my (%more) = @_;
    return {
        hold => { SUMMARY => 160, LOCATION => 80, DESCRIPTION => 3000,
                  CLASS => 0, PRIORITY => 0, STATUS => 0, CATEGORIES => 0 },
        clock => 'utc', days => 'midnight', epoc => 1, qp => 1,
        rules => { D => 1, W => '+', MP => 1, MD => '+', YM => 1, YD => 1 },
        until => 1, exdates => 1, alarm => 'absolute',
        alarms => [qw(AALARM DALARM)], min_year => 1980, modified => 1,
        %more,
    };
}

my @s60_caps_card = qw(BEGIN END VERSION N TITLE ORG TEL EMAIL URL ADR BDAY
    NOTE PHOTO X-ASSISTANT X-SPOUSE X-ANNIVERSARY REV);
my @s60_caps_cal = qw(BEGIN END VERSION UID SUMMARY DESCRIPTION LOCATION
    DTSTART DTEND DUE COMPLETED STATUS CLASS PRIORITY CATEGORIES RRULE EXDATE AALARM
    X-EPOCAGENDAENTRYTYPE LAST-MODIFIED);

my %se_card = (
    version => '2.1', qp => 1, lenient => 1, voice => 1, rev => 1,
    rebuild_fn => 'yes',
    order => [qw(N FN ORG TITLE TEL EMAIL URL ADR BDAY NOTE)],
    hold => {
        N    => { n => 1, comps => 2, size => 30 },
        TEL  => { n => 5, types => [qw(HOME WORK CELL FAX VOICE PREF)],
                  size => 40, strip => 1 },
        EMAIL => { n => 3, types => [qw(INTERNET)], size => 120 },
        URL  => { n => 1, types => [], size => 120 },
        ADR  => { n => 1, types => [qw(HOME)], size => 80 },
        ORG  => { n => 1, comps => 1, size => 60 },
        TITLE => { n => 1, size => 60 }, BDAY => { n => 1 },
        NOTE => { n => 1, size => 256 },
    });

my @profiles = (
    { name => 's60', title => 'Nokia S60, CTCap', zone => 'Europe/Helsinki',
      man => 'NOKIA', mod => 'Nokia E51', version => '1.2', max => 10000,
      types => { contacts => [ 'text/x-vcard', '2.1' ],
                 calendar => [ 'text/x-vcalendar', '1.0' ],
                 tasks => [ 'text/x-vcalendar', '1.0' ],
                 notes => [ 'text/plain', '1.0' ] },
      caps => { contacts => [ [@s60_caps_card], {} ],
                calendar => [ [@s60_caps_cal], {} ] },
      card => s60_card(), cal => s60_cal(category_x => 1) },
    { name => 's60-nocap', title => 'Nokia S60, no CTCap',
      zone => 'America/New_York',
      man => 'NOKIA', mod => 'Nokia N95', version => '1.2', max => 10000,
      types => { contacts => [ 'text/x-vcard', '2.1' ],
                 calendar => [ 'text/x-vcalendar', '1.0' ],
                 tasks => [ 'text/x-vcalendar', '1.0' ],
                 notes => [ 'text/plain', '1.0' ] },
      card => s60_card(), cal => s60_cal() },
    { name => 's40', title => 'Nokia S40, local time',
      zone => 'Europe/Berlin',
      man => 'NOKIA', mod => '6230', version => '1.1', max => 3500,
      types => { contacts => [ 'text/x-vcard', '2.1' ],
                 calendar => [ 'text/x-vcalendar', '1.0' ],
                 tasks => [ 'text/x-vcalendar', '1.0' ],
                 notes => [ 'text/plain', '1.0' ] },
      caps => { contacts => [ [qw(BEGIN END VERSION N TEL EMAIL ADR NOTE URL)],
                              {} ],
                calendar => [ [qw(BEGIN END VERSION SUMMARY DTSTART DTEND DUE
                              COMPLETED STATUS PRIORITY RRULE EXDATE AALARM
                              DALARM LOCATION)], {} ] },
      bmp => 1,
      card => { version => '2.1', qp => 1, rebuild_fn => 'none',
          order => [qw(N TEL EMAIL ADR URL NOTE)],
          hold => { N => { n => 1, comps => 2, size => 40 },
                    TEL => { n => 5, types => [qw(HOME WORK CELL FAX VOICE
                             PREF)], size => 48, strip => 1 },
                    EMAIL => { n => 1, types => [qw(INTERNET)], size => 60,
                               need => 'INTERNET' },
                    ADR => { n => 1, types => [], size => 60 },
                    URL => { n => 1, types => [], size => 120 },
                    NOTE => { n => 1, size => 120 } } },
      cal => { hold => { SUMMARY => 160, LOCATION => 80, STATUS => 0,
                         PRIORITY => 0 },
          clock => 'local', days => 'midnight', qp => 1,
          rules => { D => 1, W => '+', MP => 1, MD => 1, YM => 1, YD => 1 },
          until => 1, exdates => 1, alarm => 'absolute',
          alarms => [qw(DALARM AALARM)], min_year => 1980 } },
    { name => 'se', title => 'Sony Ericsson, ISO-8859-1',
      zone => 'Europe/Stockholm', charset => 'ISO-8859-1',
      man => 'Sony Ericsson', mod => 'K750i', version => '1.1', max => 6000,
      types => { contacts => [ 'text/x-vcard', '2.1' ],
                 calendar => [ 'text/x-vcalendar', '1.0' ],
                 tasks => [ 'text/x-vcalendar', '1.0' ],
                 notes => [ 'text/plain', '1.0' ] },
      caps => { contacts => [ [qw(BEGIN END VERSION N FN ORG TITLE TEL EMAIL
                              URL ADR BDAY NOTE REV)], {} ],
                calendar => [ [qw(BEGIN END VERSION SUMMARY DESCRIPTION
                              LOCATION CATEGORIES CLASS DTSTART DTEND DUE
                              COMPLETED STATUS PRIORITY RRULE EXDATE AALARM
                              DALARM LAST-MODIFIED)], {} ] },
      bmp => 1, card => \%se_card,
      cal => { hold => { SUMMARY => 100, LOCATION => 50, DESCRIPTION => 400,
                         CLASS => 0, PRIORITY => 0, STATUS => 0,
                         CATEGORIES => 60 },
          clock => 'utc', days => 'last_second', qp => 1, lenient => 1,
          until_end => 1, modified => 1,
          rules => { D => 1, W => '+', MP => 1, MD => '+', YM => 1, YD => 1 },
          exdates => 1, alarm => 'absolute', alarms => [qw(DALARM AALARM)] } },
    { name => 'wm', title => 'Windows Mobile, SIF', zone => 'America/Chicago',
      man => 'Funambol', mod => 'Funambol Windows Mobile Client',
      version => '1.2', max => 20000,
      types => { contacts => [ 'text/x-s4j-sifc', '1.0' ],
                 calendar => [ 'text/x-s4j-sife', '1.0' ],
                 tasks => [ 'text/x-s4j-sift', '1.0' ],
                 notes => [ 'text/x-s4j-sifn', '1.0' ] } },
    { name => 'syncevo', title => 'SyncEvolution, vCard 3.0 and iCalendar',
      zone => 'Europe/Berlin', man => 'Patrick Ohly', mod => 'SyncEvolution',
      version => '1.2', max => 150000,
      types => { contacts => [ 'text/vcard', '3.0' ],
                 calendar => [ 'text/calendar', '2.0' ],
                 tasks => [ 'text/calendar', '2.0' ],
                 notes => [ 'text/plain', '1.0' ],
                 journal => [ 'text/calendar', '2.0' ] },
      caps => { contacts => [ [qw(BEGIN END VERSION N FN NICKNAME TITLE ROLE
                    CATEGORIES ORG CALURI FBURL URL EMAIL TEL ADR NOTE BDAY
                    PHOTO REV PRODID IMPP GEO X-EVOLUTION-FILE-AS
                    X-EVOLUTION-SPOUSE X-EVOLUTION-MANAGER
                    X-EVOLUTION-ASSISTANT X-EVOLUTION-ANNIVERSARY
                    X-EVOLUTION-BLOG-URL X-AIM X-GROUPWISE X-ICQ X-YAHOO X-MSN
                    X-JABBER X-SKYPE X-SIP X-ABDATE X-ABRELATEDNAMES
                    X-MOZILLA-HTML)], {} ],
                calendar => [ [qw(BEGIN END VERSION PRODID TZID UID SUMMARY
                    DESCRIPTION LOCATION URL CLASS CATEGORIES CREATED
                    LAST-MODIFIED DTSTAMP SEQUENCE DTSTART DTEND DUE COMPLETED
                    DURATION STATUS PERCENT-COMPLETE PRIORITY TRANSP GEO RRULE
                    RDATE EXDATE RECURRENCE-ID ATTENDEE ORGANIZER ACTION
                    TRIGGER ATTACH)], {} ] },
      card => { version => '3.0', groups => 1, params => 0, order => [qw(N FN
            ORG TITLE)],
          hold => { (map { $_ => {} } qw(N FN NICKNAME TITLE ROLE CATEGORIES
              ORG CALURI FBURL URL EMAIL TEL ADR NOTE BDAY PHOTO IMPP GEO
              X-ABLABEL X-EVOLUTION-FILE-AS X-EVOLUTION-SPOUSE
              X-EVOLUTION-MANAGER X-EVOLUTION-ASSISTANT
              X-EVOLUTION-ANNIVERSARY X-EVOLUTION-BLOG-URL X-AIM X-GROUPWISE
              X-ICQ X-YAHOO X-MSN X-JABBER X-SKYPE X-SIP X-ABDATE
              X-ABRELATEDNAMES X-MOZILLA-HTML)) } },
      cal => { ical => 1, alarms => 1, hold => [qw(UID SUMMARY DESCRIPTION
            LOCATION URL CLASS CATEGORIES CREATED LAST-MODIFIED DTSTAMP
            SEQUENCE DTSTART DTEND DUE COMPLETED DURATION STATUS
            PERCENT-COMPLETE PRIORITY TRANSP GEO RRULE RDATE EXDATE
            RECURRENCE-ID ATTENDEE ORGANIZER ATTACH)] } },
    { name => 'full', title => 'all of vCard 4.0 and iCalendar',
      zone => 'Australia/Sydney', man => 'Example', mod => 'Everything',
      version => '1.2', max => 100000,
      types => { contacts => [ 'text/vcard', '4.0' ],
                 calendar => [ 'text/calendar', '2.0' ],
                 tasks => [ 'text/calendar', '2.0' ],
                 notes => [ 'text/plain', '1.0' ],
                 journal => [ 'text/calendar', '2.0' ] },
      card => { version => '4.0', groups => 1, params => 1, lists => 1,
                empty => 1 },
      cal => { ical => 1 } },
    { name => 'moto', title => 'Motorola, few and short fields',
      zone => 'America/Denver', man => 'Motorola', mod => 'V3',
      version => '1.1', max => 4000,
      types => { contacts => [ 'text/x-vcard', '2.1' ],
                 calendar => [ 'text/x-vcalendar', '1.0' ] },
      caps => { contacts => [ [qw(BEGIN END VERSION N TEL EMAIL)],
                              { N => 24, TEL => 32, EMAIL => 50 } ],
                calendar => [ [qw(BEGIN END VERSION SUMMARY DTSTART DTEND
                              RRULE AALARM)], { SUMMARY => 40 } ] },
      bmp => 1, charset => 'ISO-8859-1',
      card => { version => '2.1', qp => 1, rebuild_fn => 'none',
          order => [qw(N TEL EMAIL)],
          hold => { N => { n => 1, comps => 2, size => 24 },
                    TEL => { n => 4, types => [qw(HOME WORK CELL FAX PAGER
                             VOICE)], size => 32, strip => 1 },
                    EMAIL => { n => 1, types => [], size => 50 } } },
      cal => { hold => { SUMMARY => 40 }, clock => 'local',
          days => 'midnight', qp => 1, until => 1,
          rules => { D => 1, W => 1, MP => 1, MD => 1, YM => 1, YD => 1 },
          alarm => 'absolute', alarms => ['AALARM'] } },
    { name => 'liar', title => 'a CTCap that is not true',
      zone => 'Australia/Adelaide', man => 'Acme', mod => 'Phone 3000',
      version => '1.2', max => 8000,
      types => { contacts => [ 'text/x-vcard', '2.1' ],
                 calendar => [ 'text/x-vcalendar', '1.0' ],
                 tasks => [ 'text/x-vcalendar', '1.0' ],
                 notes => [ 'text/plain', '1.0' ] },
      caps => { contacts => [ [qw(BEGIN END VERSION N FN TITLE ROLE ORG TEL
                              EMAIL URL ADR BDAY NOTE PHOTO CATEGORIES
                              NICKNAME X-IRMC-LUID)], { PHOTO => 256 } ],
                calendar => [ [qw(BEGIN END VERSION SUMMARY DESCRIPTION
                              LOCATION CATEGORIES CLASS PRIORITY STATUS DTSTART
                              DTEND DUE COMPLETED RRULE EXDATE AALARM ATTENDEE
                              TRANSP RDATE)], {} ] },
      card => s60_card(hold => {
          N   => { n => 1, comps => 5 },
          TEL => { types => \@nokia_types, strip => 1 },
          EMAIL => { types => [qw(HOME WORK INTERNET)] },
          BDAY => { n => 1 }, PHOTO => { n => 1, bin => 100000 },
          'X-ASSISTANT' => { n => 1 } }),
      cal => s60_cal(epoc => 0, min_year => 0, hold => { SUMMARY => 160, DESCRIPTION => 3000,
          LOCATION => 0 }) },
);

my %by_name = map { $_->{name} => $_ } @profiles;
our @names = map { $_->{name} } @profiles;

sub profile { return $by_name{ $_[0] } // die "no profile $_[0]\n" }

# ---- DevInf -----------------------------------------------------------------

# Lines for t/fidelity/world.c.
sub cap_lines {
    my ($p, $ds) = @_;
    my $caps = $p->{caps}{$ds} or return ();
    my ($names, $sizes) = @$caps;
    my ($type, $version) = @{ $p->{types}{$ds} };
    my $own = $p->{version} eq '1.2';
    my @out = ("=CTType $type", $own ? "=VerCT $version" : ());
    for my $name (@$names) {
        push @out, '+Property' if $own;
        push @out, "=PropName $name";
        if ($name eq 'BEGIN' || $name eq 'END') {
            push @out, map {"=ValEnum $_"} $ds eq 'contacts' ? 'VCARD'
                : qw(VCALENDAR VEVENT VTODO);
        }
        push @out, "=ValEnum $version" if $name eq 'VERSION';
        push @out, '=Size ' . $sizes->{$name}
            if $sizes->{$name};
        push @out, '-' if $own;
    }
    return @out;
}

sub devinf {
    my ($p) = @_;
    my @out = ("=VerDTD $p->{version}", "=Man $p->{man}", "=Mod $p->{mod}",
               '=FwV ', '=SwV ', '=HwV ', "=DevID fid-$p->{name}",
               '=DevTyp phone', '=UTC', '=SupportLargeObjs',
               '=SupportNumberOfChanges');
    @out = grep { $_ ne '=UTC' } @out
        if ($p->{cal}{clock} || '') eq 'local';
    my @stores = grep { $p->{types}{$_} } qw(contacts calendar tasks notes
        journal);
    for my $ds (@stores) {
        my ($type, $version) = @{ $p->{types}{$ds} };
        push @out, '+DataStore', "=SourceRef ./local-$ds", '=MaxGUIDSize 8';
        for my $tag (qw(Rx-Pref Tx-Pref)) {
            push @out, "+$tag", "=CTType $type", "=VerCT $version", '-';
        }
        my $caps = $p->{caps}{ $ds eq 'tasks' ? 'calendar' : $ds };
        push @out, '+CTCap', cap_lines($p, $ds eq 'tasks' ? 'calendar' : $ds),
            '-' if $caps && $p->{version} eq '1.2';
        push @out, '+SyncCap', (map {"=SyncType $_"} 1 .. 7), '-', '-';
    }
    if ($p->{caps} && $p->{version} ne '1.2') {
        push @out, '+CTCap', (map { cap_lines($p, $_) } sort keys
            %{ $p->{caps} }), '-';
    }
    return join "\n", @out, '';
}

# ---- what it makes of items -------------------------------------------------

sub take {
    my ($p, $ds, $octets) = @_;
    return read_sif($p, $octets) if $p->{types}{$ds}[0] =~ /sif/;
    return read_card($p, $octets) if $ds eq 'contacts';
    if ($ds eq 'notes') {
        my $text = Encode::decode($p->{charset} // 'UTF-8', $octets);
        $text = Fidelity::Card::shown($p, $text);
        return { note => $text };
    }
    return $p->{cal}{ical} ? read_ical($p, $octets) : read_vcal($p, $octets);
}

sub give {
    my ($p, $ds, $record) = @_;
    return write_sif($p, $record) if $p->{types}{$ds}[0] =~ /sif/;
    return write_card($p, $record) if $ds eq 'contacts';
    return Encode::encode($p->{charset} // 'UTF-8', $record->{note})
        if $ds eq 'notes';
    return $p->{cal}{ical} ? write_ical($p, $record) : write_vcal($p, $record);
}

1;
