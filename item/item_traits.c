/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What may be said of a device: see item_quirks.h. */
#include "item/item_quirks.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define FLAGS  (sizeof(flags) / sizeof(flags[0]) - 1)

static const struct {
    apr_uint32_t habit, flag;
} flags[] = {
    { ITEM_HABIT_ALARM_ABSOLUTE, 0 }, { ITEM_HABIT_EMAIL_INTERNET, 0 },
    { ITEM_HABIT_EPOC_ENTRY, 0 }, { ITEM_HABIT_CATEGORY_X, 0 },
    { ITEM_HABIT_PHOTO_BLANK, 0 }, { ITEM_HABIT_SE_DST, 0 },
    { ITEM_HABIT_NO_FOLD, 0 }, { ITEM_HABIT_NO_EMPTY, 0 },
    { ITEM_HABIT_DATE_1980, 0 }, { ITEM_HABIT_BMP_ONLY, 0 },
    { ITEM_HABIT_NO_ZONE, 0 }, { ITEM_HABIT_NO_RDATE, 0 },
    { ITEM_HABIT_TEXT_8BIT, 0 }, { ITEM_HABIT_PLAIN_END, 0 },
    { ITEM_HABIT_ONE_ALARM, 0 }, { ITEM_HABIT_ONE_EVENT, 0 },
    { ITEM_HABIT_SIMPLE_RULES, 0 }, { ITEM_HABIT_X_TWINS, 0 },
    { ITEM_HABIT_ZONE_CLOCK, 0 }, { ITEM_HABIT_COARSE_PRIORITY, 0 },
    { ITEM_HABIT_WANTS_TITLE, 0 }, { ITEM_HABIT_ESCAPES_ALL, 0 },
    { 0, ITEM_QUIRK_NO_ITEM_STATUS }, { 0, ITEM_QUIRK_SEND_GUID },
    { 0, ITEM_QUIRK_IGNORE_MAX_SIZE }, { 0, ITEM_QUIRK_IGNORE_CTCAP },
    { 0, ITEM_QUIRK_COMBINED }, { 0, ITEM_QUIRK_LIMITED },
    { 0, ITEM_QUIRK_NO_OCCURRENCES },
    { 0, 0 }
};

/* In the same order. */
static const char *const flag_names[] = {
    "alarm-absolute", "email-internet", "epoc-entry-type", "category-x",
    "photo-blank-line", "se-dst", "no-fold", "no-empty", "date-min-1980",
    "bmp-only", "no-zone", "no-rdate", "text-8bit", "plain-end", "one-alarm",
    "one-event", "simple-rules", "x-twins", "zone-clock", "coarse-priority",
    "wants-title", "escapes-all", "no-item-status", "send-guid",
    "ignore-max-size", "ignore-ctcap", "combined-calendar",
    "limited-fields", "no-occurrences", NULL
};

static const char *const clock_names[] = {
    "default", "utc", "utc-bare", "local", "local-z", NULL
};

static const char *const days_names[] = {
    "default", "date", "midnight", "last-second", NULL
};

static const char *const class_names[] = {
    "contacts", "calendar", "tasks", "notes", "journal", NULL
};

const char *const *item_flag_names(void)
{
    return flag_names;
}

const char *item_clock_name(item_clock_e clock)
{
    return clock_names[clock];
}

const char *item_days_name(item_days_e days)
{
    return days_names[days];
}

item_class_e item_class_of(item_kind_e kind)
{
    switch (kind) {
    case ITEM_VCARD30: return ITEM_CLASS_CONTACTS;
    case ITEM_VEVENT:  return ITEM_CLASS_CALENDAR;
    case ITEM_VTODO:   return ITEM_CLASS_TASKS;
    case ITEM_TEXT:    return ITEM_CLASS_NOTES;
    default:           return ITEM_CLASS_JOURNAL;
    }
}

void item_traits_init(item_traits_t *traits, apr_pool_t *p)
{
    memset(traits, 0, sizeof(*traits));
    traits->sections = apr_array_make(p, 2, sizeof(const char *));
}

static int find_word(const char *const *words, const char *word)
{
    int i;

    for (i = 0; words[i] != NULL; i++) {
        if (strcasecmp(words[i], word) == 0)
            return i;
    }
    return -1;
}

int item_traits_flag(const item_traits_t *traits, const char *name)
{
    int i = find_word(flag_names, name);

    return i >= 0 && ((traits->habits & flags[i].habit) != 0
                      || (traits->flags & flags[i].flag) != 0);
}

/* ---- statements ---------------------------------------------------------- */

typedef struct set_t {
    item_traits_t *t;
    const char *const *words;
    int n;
    const char *error;
    apr_pool_t *p;
} set_t;

static const char *or_list(const char *const *words, apr_pool_t *p)
{
    const char *all = words[0];
    int i;

    for (i = 1; words[i] != NULL; i++)
        all = apr_pstrcat(p, all, words[i + 1] ? ", " : " or ", words[i],
                          NULL);
    return all;
}

static int bad(set_t *s, const char *wants)
{
    s->error = apr_psprintf(s->p, "%s wants %s", s->words[0], wants);
    return 0;
}

static int set_flag(set_t *s, int i)
{
    int on = s->n == 2 && strcasecmp(s->words[1], "on") == 0;

    if (!on && (s->n != 2 || strcasecmp(s->words[1], "off") != 0))
        return bad(s, "on or off");
    s->t->habits &= ~flags[i].habit;
    s->t->flags &= ~flags[i].flag;
    if (on) {
        s->t->habits |= flags[i].habit;
        s->t->flags |= flags[i].flag;
    }
    return 1;
}

static int one_of(set_t *s, const char *const *names)
{
    int i = s->n == 2 ? find_word(names, s->words[1]) : -1;

    return i < 0 ? bad(s, or_list(names, s->p)) - 1 : i;
}

static int set_clock(set_t *s)
{
    int i = one_of(s, clock_names);

    if (i >= 0)
        s->t->clock = (item_clock_e)i;
    return i >= 0;
}

static int set_days(set_t *s)
{
    int i = one_of(s, days_names);

    if (i >= 0)
        s->t->days = (item_days_e)i;
    return i >= 0;
}

/** Non-zero for what may be a name of iconv's. */
static int is_charset(const char *name)
{
    const char *c;

    for (c = name; *c; c++) {
        if (!apr_isalnum(*c) && strchr("-_.:+", *c) == NULL)
            return 0;
    }
    return c > name && c - name <= 40;
}

static int set_charset(set_t *s)
{
    if (s->n != 2 || !is_charset(s->words[1]))
        return bad(s, "the name of a character set, such as ISO-8859-1, or "
                   "default");
    s->t->charset = strcasecmp(s->words[1], "default") == 0
                    || strcasecmp(s->words[1], "UTF-8") == 0
                    ? NULL : apr_pstrdup(s->p, s->words[1]);
    return 1;
}

static int set_san(set_t *s)
{
    static const char *const names[] = { "default", "1.1", "1.2", NULL };
    int i = one_of(s, names);

    if (i >= 0)
        s->t->san = i ? names[i] : NULL;
    return i >= 0;
}

/** The class that the second word names; -1: none, error is set. */
static int items_of(set_t *s, int least, int most, const char *wants)
{
    int i = s->n >= least && s->n <= most
            ? find_word(class_names, s->words[1]) : -1;

    if (i < 0)
        bad(s, wants);
    return i;
}

static int set_format(set_t *s)
{
    static const item_kind_e kinds[] = {
        ITEM_VCARD30, ITEM_VEVENT, ITEM_VTODO, ITEM_TEXT, ITEM_VJOURNAL
    };
    const char *wants = "contacts, calendar, tasks, notes or journal, and a "
        "format of theirs: vcard21, vcard30, vcard40 or sifc; vcal10, ical20 "
        "or sife; vcal10, ical20 or sift; text, vnote or sifn; or default";
    int i = items_of(s, 3, 3, wants), none;
    item_format_e format;

    if (i < 0)
        return 0;
    none = strcasecmp(s->words[2], "default") == 0;
    format = item_format_named(s->words[2]);
    if (!none && (format == ITEM_FORMAT_AS_IS
                  || !item_format_holds(format, kinds[i])))
        return bad(s, wants);
    s->t->formats[i] = none ? ITEM_FORMAT_AS_IS : format;
    return 1;
}

/** A property's name in capitals; NULL: it cannot be one. */
static const char *property(const char *name, apr_pool_t *p)
{
    char *upper = apr_pstrdup(p, name), *c;

    for (c = upper; *c; c++) {
        if (!apr_isalnum(*c) && *c != '-')
            return NULL;
        *c = (char)apr_toupper(*c);
    }
    return c > upper && c - upper <= 63 ? upper : NULL;
}

/** A list of its own, not one that another section has. */
static apr_hash_t *own_list(apr_hash_t **list, apr_pool_t *p)
{
    *list = *list ? apr_hash_copy(p, *list) : apr_hash_make(p);
    return *list;
}

static int set_not_held(set_t *s)
{
    const char *wants = "contacts, calendar, tasks, notes or journal, and "
                        "names of properties";
    int i = items_of(s, 3, ITEM_QUIRKS_MAX_WORDS, wants), w;
    apr_hash_t *list;

    if (i < 0)
        return 0;
    for (w = 2; w < s->n; w++) {
        if (property(s->words[w], s->p) == NULL)
            return bad(s, wants);
    }
    list = own_list(&s->t->not_held[i], s->p);
    for (w = 2; w < s->n && apr_hash_count(list) < ITEM_QUIRKS_MAX_NAMES; w++)
        apr_hash_set(list, property(s->words[w], s->p), APR_HASH_KEY_STRING,
                     "");
    return 1;
}

static int set_length(set_t *s)
{
    const char *wants = "contacts, calendar, tasks, notes or journal, a "
                        "property, and octets from 1 to 999999";
    int i = items_of(s, 4, 4, wants);
    const char *name;
    apr_size_t *octets;
    long n;

    if (i < 0)
        return 0;
    name = property(s->words[2], s->p);
    n = strtol(s->words[3], NULL, 10);
    if (name == NULL || strlen(s->words[3]) > 6
        || strspn(s->words[3], "0123456789") != strlen(s->words[3])
        || n < 1)
        return bad(s, wants);
    octets = apr_palloc(s->p, sizeof(*octets));
    *octets = (apr_size_t)n;
    own_list(&s->t->lengths[i], s->p);
    if (apr_hash_count(s->t->lengths[i]) < ITEM_QUIRKS_MAX_NAMES)
        apr_hash_set(s->t->lengths[i], name, APR_HASH_KEY_STRING, octets);
    return 1;
}

static const struct {
    const char *name;
    int (*set)(set_t *s);
} statements[] = {
    { "clock", set_clock }, { "days", set_days }, { "charset", set_charset },
    { "san", set_san }, { "format", set_format },
    { "not-held", set_not_held }, { "max-length", set_length }
};

int item_traits_set(item_traits_t *traits, const char *const *words, int n,
                    const char **error, apr_pool_t *p)
{
    set_t s = { traits, words, n, NULL, p };
    int i = find_word(flag_names, words[0]), done = 0;
    unsigned j;

    if (i >= 0)
        done = set_flag(&s, i);
    for (j = 0; i < 0 && j < sizeof(statements) / sizeof(statements[0]);
         j++) {
        if (strcasecmp(statements[j].name, words[0]) == 0) {
            done = statements[j].set(&s);
            i = 0;
        }
    }
    if (i < 0)
        s.error = apr_psprintf(p, "\"%.40s\" is not known; there are the "
                               "flags %s, and clock, days, charset, format, "
                               "not-held, max-length and san", words[0],
                               or_list(flag_names, p));
    *error = s.error;
    return done;
}
