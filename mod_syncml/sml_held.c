/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_held.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item_edit.h"
#include "item/item_occurrence.h"
#include "item/item_room.h"
#include "item/item_sif.h"
#include "mod_syncml/sml_ctcap.h"
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_occurrences.h"

/* States of a name. */
#define HELD     "+"
#define MISSED   "?"
#define LACKING  "-"

#define MAX_NAMES 512

/* Octets of a text that may have been cut: below, it is an edit. */
#define LONG_TEXT 60

/* A text's length as devices may count it: octets, characters, and characters
 * where the end of a line is two. */
#define LENGTHS 3

typedef struct held_t {
    const char *name;           /* the datastore's */
    apr_hash_t *states;         /* of names */
    item_room_t *room;          /* how much of each */
    apr_hash_t *caps;           /* CTCap, or NULL */
    apr_hash_t *not_held;       /* by the quirks file, or NULL */
    apr_size_t longest[LENGTHS];        /* of long texts that came */
    int as_long;                /* the present one was not the first so long */
} held_t;

static const char *long_name(item_kind_e kind)
{
    return kind == ITEM_VCARD30 ? "NOTE" : "DESCRIPTION";
}

/* The only value of the item's long text. @return NULL: none, or several */
static const char *long_text(sml_session_t *s, const char *type,
                             const char *data, apr_size_t len)
{
    return item_whole_value(type, data, len, strcmp(type, "text/vcard") == 0
                                             ? "NOTE" : "DESCRIPTION", s->p);
}

/* What every writer makes anew, or leaves out as it likes: neither an edit
 * nor a loss. */
static int is_form(const char *name)
{
    static const char *const names[] = {
        "UID", "REV", "PRODID", "VERSION", "DTSTAMP", "CREATED",
        "LAST-MODIFIED", "SEQUENCE", "CALSCALE", "METHOD", "RECURRENCE-ID",
        NULL
    };
    int i;

    for (i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

#define NAMES "held."
#define ROOM  "room."

/* @return "" where there is none */
static const char *setting(sml_session_t *s, const held_t *h,
                           const char *what)
{
    const char *value;

    if (s->rv != APR_SUCCESS) {
        return "";
    }
    s->rv = store_device_setting_get(s->tx, s->device->id,
                                     apr_pstrcat(s->p, what, h->name, NULL),
                                     &value);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        value = "";
    }
    return s->rv == APR_SUCCESS ? value : "";
}

static void set(sml_session_t *s, const held_t *h, const char *what,
                const char *value)
{
    if (s->rv == APR_SUCCESS) {
        s->rv = store_device_setting_set(s->tx, s->device->id,
                                         apr_pstrcat(s->p, what, h->name,
                                                     NULL), value);
    }
}

static void load(sml_session_t *s, held_t *h)
{
    const char *value = setting(s, h, NAMES);
    char *words, *word, *last;

    item_room_read(h->room, setting(s, h, ROOM));
    words = apr_pstrdup(s->p, value);
    while ((word = apr_strtok(words, " ", &last)) != NULL) {
        char *end = strchr(word, '='), *at = end;
        const char *state = *word == '?' ? MISSED : *word == '-' ? LACKING
                          : HELD;
        int i;

        for (i = 0; at && i < LENGTHS && *at == (i ? '/' : '='); i++) {
            h->longest[i] = (apr_size_t)apr_strtoi64(at + 1, &at, 10);
        }
        for (; i > 0 && i < LENGTHS; i++) {     /* former versions: octets */
            h->longest[i] = h->longest[0];
        }
        if (end != NULL) {
            *end = '\0';
        }
        apr_hash_set(h->states, word + (state[0] != '+'),
                     APR_HASH_KEY_STRING, state);
        words = NULL;
    }
}

static held_t *held_of(sml_session_t *s, const sml_sync_t *y,
                       item_kind_e kind)
{
    const char *name = sml_occurrences_calendar(y->name, s->p);
    held_t *h;

    if (s->held == NULL) {
        s->held = apr_hash_make(s->p);
    }
    h = apr_hash_get(s->held, name, APR_HASH_KEY_STRING);
    if (h == NULL) {
        h = apr_pcalloc(s->p, sizeof(*h));
        h->name = name;
        h->states = apr_hash_make(s->p);
        h->room = item_room_make(s->p);
        h->not_held = sml_traits(s)->not_held[item_class_of(kind)];
        if (!(sml_traits(s)->flags & ITEM_QUIRK_IGNORE_CTCAP)) {
            h->caps = sml_ctcap_read(s->device->devinf,
                                     s->device->devinf_len, kind, s->p);
        }
        load(s, h);
        apr_hash_set(s->held, h->name, APR_HASH_KEY_STRING, h);
    }
    return h;
}

static const char *lengths_text(const held_t *h, apr_pool_t *p)
{
    const char *text = "";
    int i;

    for (i = 0; i < LENGTHS; i++) {
        text = apr_psprintf(p, "%s%c%" APR_SIZE_T_FMT, text, i ? '/' : '=',
                            h->longest[i]);
    }
    return text;
}

static void save(sml_session_t *s, const held_t *h, item_kind_e kind)
{
    apr_array_header_t *words =
        apr_array_make(s->p, 32, sizeof(const char *));
    apr_hash_index_t *at;
    const void *name;
    void *state;

    for (at = apr_hash_first(s->p, h->states); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, &state);
        APR_ARRAY_PUSH(words, const char *) =
            apr_pstrcat(s->p, *(const char *)state == '+' ? "" : state, name,
                        h->longest[0] && strcmp(name, long_name(kind)) == 0
                            ? lengths_text(h, s->p) : "", NULL);
    }
    set(s, h, NAMES, apr_array_pstrcat(s->p, words, ' '));
}

static const char *state_of(const held_t *h, const char *name)
{
    const char *state = apr_hash_get(h->states, name, APR_HASH_KEY_STRING);

    return state ? state : "";
}

/* @return non-zero if that is news */
static int learn(sml_session_t *s, held_t *h, const char *name,
                 const char *state)
{
    if (strcmp(state_of(h, name), state) == 0
        || apr_hash_count(h->states) >= MAX_NAMES
        || strchr(name, ' ') != NULL) {
        return 0;
    }
    apr_hash_set(h->states, apr_pstrdup(s->p, name), APR_HASH_KEY_STRING,
                 state);
    return 1;
}

/* Without understanding the item: has it a line that such a text may be in? */
static int may_be_long(const char *data, apr_size_t len, const char *name)
{
    apr_size_t n = strlen(name), from = 0, to, i;

    while (from < len) {
        const char *lf = memchr(data + from, '\n', len - from);

        to = lf ? (apr_size_t)(lf - data) : len;
        if (data[from] == ' ' || data[from] == '\t') {
            return 1;           /* folded: look closely */
        }
        for (i = from; to - from >= LONG_TEXT && i + n <= to; i++) {
            if (strncasecmp(data + i, name, n) == 0) {
                return 1;
            }
        }
        from = to + 1;
    }
    return 0;
}

static void lengths_of(const char *text, apr_size_t n[LENGTHS])
{
    memset(n, 0, LENGTHS * sizeof(*n));
    for (; text != NULL && *text; text++) {
        int begins = ((unsigned char)*text & 0xc0) != 0x80;

        n[0]++;
        n[1] += begins;
        n[2] += begins + (*text == '\n');
    }
}

/* @return non-zero if it is longer than any before */
static int note_length(sml_session_t *s, held_t *h, item_kind_e kind,
                       const char *data, apr_size_t len)
{
    apr_size_t n[LENGTHS];
    int i, news = 0;

    lengths_of(may_be_long(data, len, long_name(kind))
               ? long_text(s, item_kind_type(kind), data, len) : NULL, n);
    h->as_long = 0;
    for (i = 0; i < LENGTHS; i++) {
        h->as_long |= n[i] == h->longest[i];
        if (n[0] >= LONG_TEXT && n[i] > h->longest[i]) {
            h->longest[i] = n[i];
            news = 1;
        }
    }
    return news;
}

void sml_held_note(sml_session_t *s, const sml_sync_t *y, item_kind_e kind,
                   const char *data, apr_size_t len)
{
    held_t *h;
    apr_hash_t *names;
    apr_hash_index_t *at;
    const void *name;
    int news = 0;

    if (kind == ITEM_TEXT || s->rv != APR_SUCCESS) {
        return;
    }
    h = held_of(s, y, kind);
    names = item_names(data, len, s->p);
    for (at = apr_hash_first(s->p, names); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (*state_of(h, name) != '+') {
            news += learn(s, h, name, HELD);
        }
    }
    if (apr_hash_get(names, long_name(kind), APR_HASH_KEY_STRING) != NULL) {
        news += note_length(s, h, kind, data, len);
    }
    if (news && s->rv == APR_SUCCESS) {
        save(s, h, kind);
    }
    if (item_room_note(h->room, data, len, s->p)) {
        set(s, h, ROOM, item_room_text(h->room, s->p));
    }
}

void sml_held_tell(sml_session_t *s, const sml_sync_t *y, item_kind_e kind,
                   item_form_t *form)
{
    const held_t *h;
    int i;

    if (kind != ITEM_VEVENT && kind != ITEM_VTODO && kind != ITEM_VCARD30) {
        return;
    }
    h = held_of(s, y, kind);
    if (kind != ITEM_VCARD30) {
        form->due_times = item_room_due_times(h->room);
        form->dateless_alarms = item_room_dateless_alarms(h->room);
        form->rules = item_room_rules(h->room);
        return;
    }
    for (i = 0; i < ITEM_FORM_NAMES; i++) {
        form->n[i] = item_room_longest(h->room, "N", i);
    }
    form->fn = item_room_longest(h->room, "FN", 0);
}

static apr_hash_t *absent_names(sml_session_t *s, const store_item_t *from,
                                apr_hash_t *there)
{
    apr_hash_t *absent = apr_hash_make(s->p);
    apr_hash_index_t *at;
    const void *name;

    at = apr_hash_first(s->p, item_names(from->data, from->len, s->p));
    for (; at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (apr_hash_get(there, name, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(absent, name, APR_HASH_KEY_STRING, "");
        }
    }
    return absent;
}

/* What the device has of it: a series without the occurrences that are items of
 * their own to it, and of occurrences without a series the one that it gets.
 * (What others have, that may lack.) */
static store_item_t alone(sml_session_t *s, const sml_sync_t *y,
                          const store_item_t *item)
{
    item_text_t whole = { item->data, item->len };
    store_item_t series = *item;

    if (sml_occurrences_of(s, y) != NULL) {
        whole = item_occurrences_without(&whole, s->p);
    }
    if (sml_form(s, y)->form.habits & ITEM_HABIT_ONE_EVENT) {
        whole = item_occurrence_first(&whole, s->p);
    }
    series.data = whole.data;
    series.len = whole.len;
    return series;
}

static int is_not_held(const held_t *h, const char *name)
{
    return h->not_held != NULL
        && apr_hash_get(h->not_held, name, APR_HASH_KEY_STRING) != NULL;
}

/* The user has deleted it. */
static int is_deleted(const held_t *h, const char *name)
{
    return !is_form(name) && !is_not_held(h, name)
        && *state_of(h, name) == '+';
}

/* Names of which its user has deleted all; in a slow sync nobody can tell. */
static apr_hash_t *deleted_names(sml_session_t *s, const sml_sync_t *y,
                                 const held_t *h, const store_item_t *base,
                                 const store_item_t *theirs)
{
    apr_hash_t *absent;
    apr_hash_index_t *at;
    const void *name;

    if (sml_sync_is_slow(y)) {
        return NULL;
    }
    absent = absent_names(s, base, item_names(theirs->data, theirs->len,
                                              s->p));
    for (at = apr_hash_first(s->p, absent); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (!is_deleted(h, name)) {
            apr_hash_set(absent, name, APR_HASH_KEY_STRING, NULL);
        }
    }
    return absent;
}

/* Each element of SIF says what is in its field. */
static int has_fields(item_format_e format)
{
    return format == ITEM_FORMAT_SIFC || format == ITEM_FORMAT_SIFE
        || format == ITEM_FORMAT_SIFT || format == ITEM_FORMAT_SIFN;
}

int sml_held_complete(sml_session_t *s, const sml_sync_t *y,
                      item_kind_e kind, const store_item_t *base,
                      store_item_t *theirs)
{
    item_text_t was = { base->data, base->len };
    item_text_t is = { theirs->data, theirs->len };
    held_t *h = held_of(s, y, kind);
    int certain, learned;

    if (was.len == is.len && memcmp(was.data, is.data, is.len) == 0) {
        return 1;
    }
    item_room_speaks(h->room, sml_form(s, y)->form.charset,
                     has_fields(sml_form(s, y)->form.format));
    item_room_deleted(h->room, kind == ITEM_TEXT ? NULL
                               : deleted_names(s, y, h, base, theirs));
    item_room_limits(h->room, &sml_form(s, y)->limits);
    learned = item_room_learned(h->room);
    item_room_complete(h->room, theirs->type, &was, &is, &certain, s->p);
    if (item_room_learned(h->room) != learned) {
        set(s, h, ROOM, item_room_text(h->room, s->p));
    }
    theirs->data = is.data;
    theirs->len = is.len;
    return certain;
}

static int cannot_hold(const held_t *h, const char *name)
{
    const char *state = state_of(h, name);

    return is_form(name) || is_not_held(h, name) || *state == '-'
        || (*state != '+' && h->caps != NULL
            && apr_hash_get(h->caps, name, APR_HASH_KEY_STRING) == NULL);
}

/* Has the device cut what it had? */
static void look_for_cut(sml_session_t *s, const held_t *h,
                         item_kind_e kind, const store_item_t *base,
                         const store_item_t *theirs, sml_missing_t *missing)
{
    const char *was = long_text(s, base->type, base->data, base->len);
    const char *is = long_text(s, theirs->type, theirs->data, theirs->len);
    apr_size_t n[LENGTHS], white;
    int i, cut = 0;

    lengths_of(is, n);
    if (was == NULL || n[0] < LONG_TEXT || strlen(was) <= n[0]
        || strncmp(was, is, n[0]) != 0) {
        return;
    }
    /* White space at the end of what it has left has gone, too. */
    white = strspn(was + n[0], " \t\n");
    for (i = 0; i < LENGTHS; i++) {
        cut |= n[i] + white >= h->longest[i];
    }
    if (!cut) {
        return;
    }
    apr_hash_set(missing->cut, long_name(kind), APR_HASH_KEY_STRING, "");
    if (h->as_long) {
        apr_hash_set(missing->silent, long_name(kind), APR_HASH_KEY_STRING,
                     "");
    }
}

/* Elements are remembered beside properties, with a "<" before them. */
void sml_held_fill(sml_session_t *s, const sml_sync_t *y, item_kind_e kind,
                   const item_text_t *had, item_text_t *raw)
{
    held_t *h = held_of(s, y, kind);
    apr_hash_t *known = apr_hash_make(s->p);
    apr_hash_index_t *at;
    const void *name;
    item_text_t whole;
    int news = 0;

    for (at = apr_hash_first(s->p, item_sif_names(raw, s->p)); at;
         at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        news += learn(s, h, apr_pstrcat(s->p, "<", name, NULL), HELD);
    }
    for (at = apr_hash_first(s->p, h->states); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (*(const char *)name == '<') {
            apr_hash_set(known, (const char *)name + 1, APR_HASH_KEY_STRING,
                         "");
        }
    }
    if (item_sif_fill(raw, had, known, &whole, s->p) == APR_SUCCESS) {
        *raw = whole;
    }
    if (news && s->rv == APR_SUCCESS) {
        save(s, h, kind);
    }
}

int sml_held_prefers(sml_session_t *s, const sml_sync_t *y, item_kind_e kind)
{
    return item_room_prefers(held_of(s, y, kind)->room);
}

item_likeness_e sml_held_likeness(sml_session_t *s, const sml_sync_t *y,
                                  const store_item_t *had,
                                  const sml_change_t *mine)
{
    sml_change_t like = *mine;
    store_item_t base = *had, whole;
    held_t *h = held_of(s, y, mine->keys.kind);
    apr_hash_t *absent;
    apr_hash_index_t *at;
    const void *name;

    sml_projection_had(s, &APR_ARRAY_IDX(s->state->syncs,
                                         sml_sync_index(s, y), sml_sync_t),
                       had, &base.data, &base.len);
    sml_form_import_like(s, y, &like, had);
    sml_form_unmake(s, y, &like, had, had);
    whole = like.item;
    sml_held_complete(s, y, mine->keys.kind, &base, &whole);
    base = alone(s, y, &base);
    whole = alone(s, y, &whole);
    absent = absent_names(s, &base, item_names(whole.data, whole.len, s->p));
    for (at = apr_hash_first(s->p, absent); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (is_deleted(h, name)) {
            apr_hash_set(absent, name, APR_HASH_KEY_STRING, NULL);
        }
    }
    base.data = item_without(base.data, &base.len, absent, s->p);
    return item_likeness(base.type, base.data, base.len, whole.type,
                         whole.data, whole.len, s->p);
}

/* A series that its user has made one event leaves no days out, even where the
 * device has never heard of them: the one may be among them. */
static void forget_series(apr_hash_t *absent, apr_hash_t *there,
                          apr_hash_t *keep)
{
    static const char *const names[] = { "EXDATE", "EXRULE", "RDATE" };
    unsigned i;

    if (apr_hash_get(absent, "RRULE", APR_HASH_KEY_STRING) == NULL
        || apr_hash_get(keep, "RRULE", APR_HASH_KEY_STRING) != NULL
        || apr_hash_get(there, "RDATE", APR_HASH_KEY_STRING) != NULL) {
        return;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        apr_hash_set(keep, names[i], APR_HASH_KEY_STRING, NULL);
    }
}

void sml_held_missing(sml_session_t *s, const sml_sync_t *y,
                      item_kind_e kind, const store_item_t *base,
                      const store_item_t *ours, const store_item_t *theirs,
                      int slow, int met, sml_missing_t *missing)
{
    store_item_t has = alone(s, y, theirs), lacks = alone(s, y, ours), had;
    apr_hash_t *there, *absent;
    apr_hash_index_t *at;
    const void *name;
    held_t *h;
    int news = 0;

    missing->keep = apr_hash_make(s->p);
    missing->silent = apr_hash_make(s->p);
    missing->cut = apr_hash_make(s->p);
    if (kind == ITEM_TEXT) {
        return;
    }
    h = held_of(s, y, kind);
    if (base != NULL) {
        had = alone(s, y, base);
    }
    there = item_names(has.data, has.len, s->p);
    absent = base ? absent_names(s, &had, there) : apr_hash_make(s->p);
    for (at = apr_hash_first(s->p, absent); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (!slow && is_deleted(h, name)) {
            continue;
        }
        apr_hash_set(missing->keep, name, APR_HASH_KEY_STRING, "");
        if (*state_of(h, name) != '+' && !cannot_hold(h, name)) {
            news += learn(s, h, name, *state_of(h, name) == '?' ? LACKING
                                                                : MISSED);
        }
    }
    forget_series(absent, there, missing->keep);
    at = apr_hash_first(s->p, absent_names(s, &lacks, there));
    for (; at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (cannot_hold(h, name)) {
            apr_hash_set(missing->silent, name, APR_HASH_KEY_STRING, "");
        }
        else if (met && !is_deleted(h, name)) {
            apr_hash_set(missing->keep, name, APR_HASH_KEY_STRING, "");
        }
    }
    if (base != NULL) {
        look_for_cut(s, h, kind, &had, &has, missing);
    }
    if (news && s->rv == APR_SUCCESS) {
        save(s, h, kind);
    }
}
