/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The quirks file and whom its sections mean: see item_quirks.h. */
#include "item/item_quirks.h"

#include <string.h>
#include <strings.h>

#include <apr_fnmatch.h>
#include <apr_lib.h>
#include <apr_strings.h>

static const char *const match_names[] = {
    "manufacturer", "model", "firmware", "software", "hardware", "device",
    "syncml"
};
#define MATCHES  (sizeof(match_names) / sizeof(match_names[0]))

/** A line: of a match the words behind "match". */
typedef struct words_t {
    int n;
    const char *const *words;
} words_t;

typedef struct section_t {
    const char *name;
    apr_array_header_t *matches;        /* words_t */
    apr_array_header_t *sets;           /* words_t */
} section_t;

struct item_quirks_t {
    apr_array_header_t *sections;       /* section_t * */
};

typedef struct reader_t {
    item_quirks_t *q;
    section_t *section;
    apr_pool_t *p;
    apr_pool_t *scratch;        /* where values are tried out */
    const char *error;
    apr_status_t rv;
} reader_t;

static void fail(reader_t *r, apr_status_t rv, const char *error)
{
    if (r->rv == APR_SUCCESS) {
        r->rv = rv;
        r->error = error;
    }
}

/* ---- lines --------------------------------------------------------------- */

/** The next word of a line, which is cut up. @return NULL: there is none */
static const char *take_word(reader_t *r, char **line)
{
    char *s = *line, *word, *w;

    while (*s == ' ' || *s == '\t' || *s == '\r')
        s++;
    if (*s == '\0' || *s == '#') {
        *line = s + strlen(s);
        return NULL;
    }
    if (*s != '"') {
        word = s;
        s += strcspn(s, " \t\r");
    }
    else {
        word = w = ++s;
        while (*s != '\0' && *s != '"') {
            s += *s == '\\' && s[1] != '\0';
            *w++ = *s++;
        }
        if (*s != '"')
            fail(r, ITEM_EMALFORMED, "the closing quotation mark is missing");
        else if (strchr(" \t\r", s[1]) == NULL)
            fail(r, ITEM_EMALFORMED, "a blank is missing behind the closing "
                 "quotation mark");
        *line = s + (*s != '\0');
        *w = '\0';
        return word;
    }
    *line = s + (*s != '\0');
    *s = '\0';
    return word;
}

static void begin_section(reader_t *r, char *line)
{
    char *end = strchr(line, ']');
    const char *rest = end ? end + 1 + strspn(end + 1, " \t\r") : NULL;
    section_t *s;

    if (end == NULL || end == line + 1 || (*rest != '\0' && *rest != '#')) {
        fail(r, ITEM_EMALFORMED, "a section begins with its name in "
             "brackets, as in [Nokia S60]");
        return;
    }
    if (r->q->sections->nelts >= ITEM_QUIRKS_MAX_SECTIONS) {
        fail(r, ITEM_ELIMIT, "there are too many sections: 1000 may be");
        return;
    }
    s = apr_pcalloc(r->p, sizeof(*s));
    s->name = apr_pstrmemdup(r->p, line + 1, (apr_size_t)(end - line - 1));
    s->matches = apr_array_make(r->p, 2, sizeof(words_t));
    s->sets = apr_array_make(r->p, 4, sizeof(words_t));
    APR_ARRAY_PUSH(r->q->sections, section_t *) = s;
    r->section = s;
}

static int find_match(const char *name)
{
    unsigned i;

    for (i = 0; i < MATCHES; i++) {
        if (strcasecmp(match_names[i], name) == 0)
            return (int)i;
    }
    return -1;
}

static void add_match(reader_t *r, const words_t *line)
{
    words_t m = { line->n - 1, line->words + 1 };
    int i;

    if (m.n < 2 || find_match(m.words[0]) < 0) {
        fail(r, ITEM_EMALFORMED, "match wants manufacturer, model, firmware, "
             "software, hardware, device or syncml, and patterns, as in match "
             "model N70 \"E6?\"");
        return;
    }
    for (i = 1; i < m.n; i++) {
        if (strlen(m.words[i]) > ITEM_QUIRKS_MAX_PATTERN)
            fail(r, ITEM_ELIMIT, "a pattern is longer than 128 octets");
    }
    APR_ARRAY_PUSH(r->section->matches, words_t) = m;
}

static void add_set(reader_t *r, const words_t *line)
{
    const char *error;
    item_traits_t traits;

    apr_pool_clear(r->scratch);
    item_traits_init(&traits, r->scratch);
    if (!item_traits_set(&traits, line->words, line->n, &error, r->scratch))
        fail(r, ITEM_EMALFORMED, apr_pstrdup(r->p, error));
    else
        APR_ARRAY_PUSH(r->section->sets, words_t) = *line;
}

static void take_line(reader_t *r, char *line)
{
    const char *words[ITEM_QUIRKS_MAX_WORDS], *word;
    words_t all = { 0, NULL };

    line += strspn(line, " \t\r");
    if (*line == '[') {
        begin_section(r, line);
        return;
    }
    while ((word = take_word(r, &line)) != NULL) {
        if (all.n == ITEM_QUIRKS_MAX_WORDS) {
            fail(r, ITEM_ELIMIT, "there are too many words: 256 may be");
            return;
        }
        words[all.n++] = word;
    }
    if (all.n == 0 || r->rv != APR_SUCCESS)
        return;
    if (r->section == NULL) {
        fail(r, ITEM_EMALFORMED, "a section has to begin first, as in "
             "[Nokia S60]");
        return;
    }
    all.words = apr_pmemdup(r->p, words, sizeof(words[0]) * (size_t)all.n);
    if (strcasecmp(words[0], "match") == 0)
        add_match(r, &all);
    else
        add_set(r, &all);
}

apr_status_t item_quirks_parse(item_quirks_t **quirks, const char *text,
                               apr_size_t len, const char **error,
                               apr_pool_t *p)
{
    reader_t r = { NULL, NULL, p, NULL, NULL, APR_SUCCESS };
    char *copy, *line, *next;
    int number = 0;

    *quirks = NULL;
    *error = NULL;
    if (len > ITEM_QUIRKS_MAX_OCTETS) {
        *error = "the file is larger than 1 MB";
        return ITEM_ELIMIT;
    }
    if (len && memchr(text, '\0', len)) {
        *error = "there is a NUL octet in the file";
        return ITEM_EMALFORMED;
    }
    r.q = apr_pcalloc(p, sizeof(*r.q));
    r.q->sections = apr_array_make(p, 32, sizeof(section_t *));
    apr_pool_create(&r.scratch, p);
    copy = apr_pstrmemdup(p, len ? text : "", len);
    if (len >= 3 && !memcmp(copy, "\xef\xbb\xbf", 3))
        copy += 3;
    for (line = copy; line != NULL && r.rv == APR_SUCCESS; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        number++;
        take_line(&r, line);
    }
    apr_pool_destroy(r.scratch);
    if (r.rv != APR_SUCCESS)
        *error = apr_psprintf(p, "line %d: %s", number, r.error);
    else
        *quirks = r.q;
    return r.rv;
}

/* ---- devices ------------------------------------------------------------- */

static int holds(const words_t *m, const item_device_t *d)
{
    const char *const values[MATCHES] = {
        d->manufacturer, d->model, d->firmware, d->software, d->hardware,
        d->id, d->syncml
    };
    const char *value = values[find_match(m->words[0])];
    int i;

    for (i = 1; i < m->n; i++) {
        if (apr_fnmatch(m->words[i], value ? value : "", APR_FNM_CASE_BLIND)
            == APR_SUCCESS)
            return 1;
    }
    return 0;
}

static int is_meant(const section_t *s, const item_device_t *d)
{
    int i;

    for (i = 0; i < s->matches->nelts; i++) {
        if (!holds(&APR_ARRAY_IDX(s->matches, i, words_t), d))
            return 0;
    }
    return 1;
}

void item_quirks_match(const item_quirks_t *quirks,
                       const item_device_t *device, item_traits_t *traits,
                       apr_pool_t *p)
{
    const char *error;
    int i, j;

    item_traits_init(traits, p);
    for (i = 0; quirks && i < quirks->sections->nelts; i++) {
        const section_t *s = APR_ARRAY_IDX(quirks->sections, i, section_t *);

        if (!is_meant(s, device))
            continue;
        APR_ARRAY_PUSH(traits->sections, const char *) = s->name;
        for (j = 0; j < s->sets->nelts; j++) {
            const words_t *w = &APR_ARRAY_IDX(s->sets, j, words_t);

            item_traits_set(traits, w->words, w->n, &error, p);
        }
    }
}

int item_quirks_count(const item_quirks_t *quirks)
{
    return quirks ? quirks->sections->nelts : 0;
}
