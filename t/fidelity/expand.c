/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * When does it take place: the instances of an iCalendar object, by libical
 * and the system's zone data alone.  Knows nothing of the project.
 *
 * On standard input "ZONE YEARS LENGTH" in a line, then so many octets of
 * iCalendar; on standard output "ok N", then N lines "START END": seconds
 * since 1970 UTC, or a date (20261128) for whole days; of an override "!"
 * and the words of its SUMMARY behind it.  ZONE is taken for floating times
 * and where the item has no definition for a TZID.  "no REASON" where it
 * cannot be told.  Ends by SIGALRM where libical does not come to an end.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libical/ical.h>

#define MAX_INSTANCES 4000
#define MAX_SECONDS   20
#define YEAR          (366 * 86400L)

typedef struct instance_t {
    time_t start, end;      /* in UTC */
    int date;                   /* numbers are those of a date's midnight */
    char words[48];             /* of an override */
    int gone;
} instance_t;

typedef struct run_t {
    icalcomponent *top;
    icaltimezone *zone;
    time_t limit;
    instance_t all[MAX_INSTANCES];
    int n;
} run_t;

static run_t run;

static icaltimezone *zone_of(const char *tzid)
{
    icaltimezone *zone = icalcomponent_get_timezone(run.top, tzid);
    const char *name = tzid;

    if (zone != NULL) {
        return zone;
    }
    /* "/citadel.org/20210210_1/Europe/Berlin" and the like */
    while (name != NULL && *name != '\0') {
        zone = icaltimezone_get_builtin_timezone(name);
        if (zone != NULL) {
            return zone;
        }
        name = strchr(name + 1, '/');
        name = name ? name + 1 : NULL;
    }
    return run.zone;
}

static icaltimezone *zone_of_property(icalproperty *prop)
{
    icalparameter *tzid =
        icalproperty_get_first_parameter(prop, ICAL_TZID_PARAMETER);

    return tzid ? zone_of(icalparameter_get_tzid(tzid)) : run.zone;
}

/* Seconds UTC of a property's time; of a date its midnight as in UTC. */
static time_t instant(struct icaltimetype t, icalproperty *prop)
{
    if (t.is_date || icaltime_is_utc(t)) {
        return icaltime_as_timet(t);
    }
    return icaltime_as_timet_with_zone(t, zone_of_property(prop));
}

static void add(time_t start, time_t end, int date)
{
    instance_t *i;

    if (run.n < MAX_INSTANCES && start <= run.limit) {
        i = &run.all[run.n++];
        memset(i, 0, sizeof(*i));
        i->start = start;
        i->end = end;
        i->date = date;
    }
}

static time_t length_of(icalcomponent *c, icalproperty *start,
                            struct icaltimetype first)
{
    icalproperty *end = icalcomponent_get_first_property(c,
                            ICAL_DTEND_PROPERTY);
    icalproperty *due = icalcomponent_get_first_property(c,
                            ICAL_DUE_PROPERTY);
    icalproperty *duration = icalcomponent_get_first_property(c,
                            ICAL_DURATION_PROPERTY);

    if (end != NULL) {
        return instant(icalproperty_get_dtend(end), end)
             - instant(first, start);
    }
    if (due != NULL) {
        return instant(icalproperty_get_due(due), due)
             - instant(first, start);
    }
    if (duration != NULL) {
        return icaldurationtype_as_int(icalproperty_get_duration(duration));
    }
    return first.is_date ? 86400 : 0;
}

/* The rule's instances; an exclusion takes them away. */
static void expand_rule(struct icalrecurrencetype rule,
                        struct icaltimetype first, icalproperty *start,
                        time_t length, int exclude)
{
    icalrecur_iterator *it = icalrecur_iterator_new(rule, first);
    struct icaltimetype t;
    int n = 0, i;

    while (it != NULL && n++ < MAX_INSTANCES
           && !icaltime_is_null_time(t = icalrecur_iterator_next(it))) {
        time_t at = instant(t, start);

        if (at > run.limit) {
            break;
        }
        if (!exclude) {
            if (icaltime_compare(t, first) != 0) {
                add(at, at + length, first.is_date);
            }
            continue;
        }
        for (i = 0; i < run.n; i++) {
            run.all[i].gone |= run.all[i].start == at;
        }
    }
    if (it != NULL) {
        icalrecur_iterator_free(it);
    }
}

static void expand_dates(icalcomponent *c, time_t length)
{
    icalproperty *p;
    int i;

    for (p = icalcomponent_get_first_property(c, ICAL_RDATE_PROPERTY);
         p != NULL;
         p = icalcomponent_get_next_property(c, ICAL_RDATE_PROPERTY)) {
        struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);

        if (!icaltime_is_null_time(d.time)) {
            add(instant(d.time, p), instant(d.time, p) + length,
                d.time.is_date);
        }
        else {
            time_t at = instant(d.period.start, p);

            add(at, icaltime_is_null_time(d.period.end)
                    ? at + icaldurationtype_as_int(d.period.duration)
                    : instant(d.period.end, p), 0);
        }
    }
    for (p = icalcomponent_get_first_property(c, ICAL_EXDATE_PROPERTY);
         p != NULL;
         p = icalcomponent_get_next_property(c, ICAL_EXDATE_PROPERTY)) {
        time_t at = instant(icalproperty_get_exdate(p), p);

        for (i = 0; i < run.n; i++) {
            run.all[i].gone |= run.all[i].start == at;
        }
    }
}

static void expand(icalcomponent *c)
{
    icalproperty *start = icalcomponent_get_first_property(c,
                              ICAL_DTSTART_PROPERTY), *p;
    struct icaltimetype first;
    time_t at, length;

    if (start == NULL) {
        return;
    }
    first = icalproperty_get_dtstart(start);
    at = instant(first, start);
    length = length_of(c, start, first);
    if (!first.is_date && !icaltime_is_utc(first)) {
        /* An UNTIL in UTC is compared by it. */
        icaltime_set_timezone(&first, zone_of_property(start));
    }
    run.limit += run.n == 0 ? at : 0;
    add(at, at + length, first.is_date);
    for (p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
         p != NULL;
         p = icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY)) {
        expand_rule(icalproperty_get_rrule(p), first, start, length, 0);
    }
    for (p = icalcomponent_get_first_property(c, ICAL_EXRULE_PROPERTY);
         p != NULL;
         p = icalcomponent_get_next_property(c, ICAL_EXRULE_PROPERTY)) {
        expand_rule(icalproperty_get_exrule(p), first, start, length, 1);
    }
    expand_dates(c, length);
}

static void override(icalcomponent *c)
{
    icalproperty *id = icalcomponent_get_first_property(c,
                           ICAL_RECURRENCEID_PROPERTY);
    icalproperty *start = icalcomponent_get_first_property(c,
                              ICAL_DTSTART_PROPERTY);
    const char *words = icalcomponent_get_summary(c);
    time_t was = instant(icalproperty_get_recurrenceid(id), id), at;
    struct icaltimetype first;
    char *out;
    int i;

    for (i = 0; i < run.n; i++) {
        run.all[i].gone |= run.all[i].start == was;
    }
    if (start == NULL || run.n == MAX_INSTANCES) {
        return;
    }
    first = icalproperty_get_dtstart(start);
    at = instant(first, start);
    i = run.n;
    run.limit = at > run.limit ? at : run.limit;
    add(at, at + length_of(c, start, first), first.is_date);
    if (run.n == i) {
        return;
    }
    out = run.all[i].words;
    *out++ = '!';
    for (; words && *words && out < run.all[i].words + 46; words++) {
        *out++ = isspace((unsigned char)*words) ? '_' : *words;
    }
    *out = '\0';
}

static int by_start(const void *a, const void *b)
{
    const instance_t *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start ? 1
         : x->end < y->end ? -1 : x->end > y->end ? 1
         : strcmp(x->words, y->words);
}

static void print_time(time_t at, int date)
{
    if (date) {
        struct icaltimetype t = icaltime_from_timet_with_zone(at, 0,
                                    icaltimezone_get_utc_timezone());

        printf("%04d%02d%02d", t.year, t.month, t.day);
    }
    else {
        printf("%lld", (long long)at);
    }
}

static void print(void)
{
    int i, n = 0, last = -1;

    qsort(run.all, (size_t)run.n, sizeof(run.all[0]), by_start);
    for (i = 0; i < run.n; i++) {
        /* What is said twice takes place once. */
        run.all[i].gone |= last >= 0
            && by_start(&run.all[last], &run.all[i]) == 0;
        last = run.all[i].gone ? last : i;
        n += !run.all[i].gone;
    }
    printf("ok %d\n", n);
    for (i = 0; i < run.n; i++) {
        if (!run.all[i].gone) {
            print_time(run.all[i].start, run.all[i].date);
            putchar(' ');
            print_time(run.all[i].end, run.all[i].date);
            printf("%s%s\n", *run.all[i].words ? " " : "",
                   run.all[i].words);
        }
    }
}

static int is_item(icalcomponent *c)
{
    icalcomponent_kind kind = icalcomponent_isa(c);

    return kind == ICAL_VEVENT_COMPONENT || kind == ICAL_VTODO_COMPONENT
        || kind == ICAL_VJOURNAL_COMPONENT;
}

static void each(icalcomponent *top, int overrides,
                 void (*fn)(icalcomponent *c))
{
    icalcomponent *c;

    for (c = icalcomponent_get_first_component(top, ICAL_ANY_COMPONENT);
         c != NULL;
         c = icalcomponent_get_next_component(top, ICAL_ANY_COMPONENT)) {
        int is = icalcomponent_get_first_property(c,
                     ICAL_RECURRENCEID_PROPERTY) != NULL;

        if (is_item(c) && is == overrides) {
            fn(c);
        }
    }
}

int main(void)
{
    char zone[128];
    unsigned long len;
    int years;

    icaltimezone_set_tzid_prefix("");
    while (scanf("%127s %d %lu", zone, &years, &len) == 3
           && getchar() == '\n') {
        char *text = calloc(1, len + 1);

        if (text == NULL || fread(text, 1, len, stdin) != len) {
            return 1;
        }
        alarm(MAX_SECONDS);
        run.n = 0;
        run.limit = years * YEAR;
        run.zone = icaltimezone_get_builtin_timezone(zone);
        run.top = icalparser_parse_string(text);
        if (run.top == NULL || run.zone == NULL) {
            printf("no %s\n", run.top ? "zone" : "calendar");
        }
        else {
            each(run.top, 0, expand);
            each(run.top, 1, override);
            print();
        }
        if (run.top != NULL) {
            icalcomponent_free(run.top);
        }
        free(text);
        fflush(stdout);
        alarm(0);
    }
    return 0;
}
