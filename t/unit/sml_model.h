/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What people did, and what must therefore be there in the end.
 *
 * Each item bears a number that stays with it, and in each of its properties
 * a value that is made up of the number of the edit that wrote it.  So the
 * text of an item says which edits it has, and an edit knows which value its
 * author had before his eyes: his edit supersedes that one and no other.
 *
 * The model knows nothing of SyncML: only edits, deletes, and what became
 * uncertain (a device was lost together with what it had not told anybody).
 */
#ifndef T_UNIT_SML_MODEL_H
#define T_UNIT_SML_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#define MODEL_STORES   4
#define MODEL_PROPS    3        /* of an item; notes have one */
#define MODEL_LINES    6        /* of a property */
#define MODEL_ITEMS    2000
#define MODEL_EDITS    10000
#define MODEL_DELETES  2000

enum { MODEL_CONTACTS, MODEL_CALENDAR, MODEL_TASKS, MODEL_NOTES };

static const char *const model_stores[MODEL_STORES] = {
    "contacts", "calendar", "tasks", "notes"
};
static const char *const model_types[MODEL_STORES] = {
    "text/vcard", "text/calendar", "text/calendar", "text/plain"
};
static const char *const model_versions[MODEL_STORES] = {
    "3.0", "2.0", "2.0", "1.0"
};
/* The first may be long. */
static const char *const model_props[MODEL_STORES][MODEL_PROPS] = {
    { "NOTE", "TITLE", "ORG" }, { "DESCRIPTION", "LOCATION", "URL" },
    { "DESCRIPTION", "LOCATION", "URL" }, { "", NULL, NULL }
};

/* What an item's text says: its number and the edits in its properties, the
 * latest first.  Long texts are merged line by line: such a property may have
 * several. */
typedef struct model_text_t {
    int item;
    int value[MODEL_PROPS][MODEL_LINES];        /* 0: no more */
} model_text_t;

typedef struct model_edit_t {
    int item, prop;
    int parents[MODEL_LINES];   /* the values that its author saw */
    int maybe;                  /* it may never have left its device */
} model_edit_t;

typedef struct model_delete_t {
    model_text_t seen;          /* what was deleted */
    int maybe;
} model_delete_t;

typedef struct model_item_t {
    int store;
    int dead;                   /* was away at the last rest */
    model_text_t base;          /* values at the last rest; 0: made since */
    int free;                   /* may be there or not */
    int loose;                  /* may have any value that it ever had */
    int apart;                  /* sides may differ in what keys leave out */
    int twins;                  /* may be there twice, and then nothing more
                                   can be said of it */
    int there;                  /* found, while looking */
} model_item_t;

typedef struct model_t {
    model_item_t items[MODEL_ITEMS];
    model_edit_t edits[MODEL_EDITS];        /* from 1 */
    model_delete_t deletes[MODEL_DELETES];  /* since the last rest */
    int nitems, nedits, ndeletes;
    int rested;                 /* edits up to this one are from before */
    int strange;                /* a device brought old versions since */
} model_t;

/** Ends the program with words about what is wrong. */
static void model_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* ---- texts ------------------------------------------------------------- */

static inline int model_has_uid(int store, int item)
{
    return store != MODEL_NOTES && item % 3 != 0;
}

static inline int model_nprops(int store)
{
    return store == MODEL_NOTES ? 1 : MODEL_PROPS;
}

/* Some of the long properties are larger than a message. */
static inline const char *model_value(int edit, int prop, apr_pool_t *p)
{
    int i, n = prop != 0 ? 0 : edit % 11 == 0 ? 1500 : edit % 4 == 0 ? 120 : 0;
    char *more = apr_palloc(p, (apr_size_t)n + 1);

    for (i = 0; i < n; i++) {
        more[i] = (char)('a' + (edit + i) % 26);
    }
    more[n] = '\0';
    return apr_psprintf(p, "v%dv%s", edit, more);
}

/* Some have a UID, by which they are known again, others have none; notes
 * are known by their first line. */
static inline const char *model_uid(int store, int item, apr_pool_t *p)
{
    return model_has_uid(store, item)
         ? apr_psprintf(p, "UID:u%d@model\r\n", item) : "";
}

static inline const char *model_frame(const model_text_t *t, int store,
                                      const char *props, apr_pool_t *p)
{
    const char *uid = model_uid(store, t->item, p);
    int day = 1 + t->item % 28, month = 1 + t->item / 28 % 12;

    switch (store) {
    case MODEL_CONTACTS:
        return apr_psprintf(p, "BEGIN:VCARD\r\nVERSION:3.0\r\n%sN:Item%04d;;;;"
                            "\r\nFN:Item%04d\r\n%sEND:VCARD\r\n", uid, t->item,
                            t->item, props);
    case MODEL_CALENDAR:
        return apr_psprintf(p, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:m"
                            "\r\nBEGIN:VEVENT\r\n%sSUMMARY:Item%04d\r\nDTSTART:"
                            "2026%02d%02dT100000Z\r\n%sEND:VEVENT\r\n"
                            "END:VCALENDAR\r\n", uid, t->item, month, day,
                            props);
    case MODEL_TASKS:
        return apr_psprintf(p, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:m"
                            "\r\nBEGIN:VTODO\r\n%sSUMMARY:Item%04d\r\n%s"
                            "END:VTODO\r\nEND:VCALENDAR\r\n", uid, t->item,
                            props);
    default:
        return apr_psprintf(p, "Item%04d\r\n%s", t->item, props);
    }
}

static inline const char *model_write(const model_text_t *t, int store,
                                      apr_pool_t *p)
{
    const char *props = "";
    int i;

    for (i = 0; i < model_nprops(store); i++) {
        props = apr_pstrcat(p, props, model_props[store][i],
                            store == MODEL_NOTES ? "" : ":",
                            model_value(t->value[i][0], i, p), "\r\n",
                            NULL);
    }
    return model_frame(t, store, props, p);
}

/* Without folding and with one kind of line end, CRLF also before the
 * first line and after the last. */
static inline const char *model_unfold(const char *text, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(text) * 2 + 5), *o = out;

    *o++ = '\r';
    *o++ = '\n';
    for (; *text != '\0'; text++) {
        if (*text == '\r') {
            continue;
        }
        if (*text == '\n' && (text[1] == ' ' || text[1] == '\t')) {
            text++;
            continue;
        }
        if (*text == '\n') {
            *o++ = '\r';
        }
        *o++ = *text;
    }
    if (o[-1] != '\n') {
        *o++ = '\r';
        *o++ = '\n';
    }
    *o = '\0';
    return out;
}

static inline int model_later(const void *a, const void *b)
{
    return *(const int *)b - *(const int *)a;
}

/* The lines of one property. */
static inline void model_read_lines(model_text_t *t, int prop,
                                    const char *text, apr_pool_t *p)
{
    int n = 0;
    char *rest = apr_pstrdup(p, text), *line;

    while ((line = rest) != NULL) {
        int value = line[0] == 'v' ? atoi(line + 1) : 0;

        rest = strchr(line, '\n');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        if (value < 1 || n == MODEL_LINES
            || strcmp(line, model_value(value, prop, p)) != 0) {
            model_fail("item %d: damaged: %.400s", t->item, text);
        }
        t->value[prop][n++] = value;
    }
    qsort(t->value[prop], (size_t)n, sizeof(int), model_later);
}

/* The value of a property, its lines parted by LF. */
static inline const char *model_find(const char *flat, const char *name,
                                     apr_pool_t *p)
{
    const char *key = apr_pstrcat(p, "\r\n", name, ":", NULL);
    const char *at = strstr(flat, key);
    char *value, *o;

    if (at == NULL || strstr(at + 1, key) != NULL) {
        return NULL;
    }
    at += strlen(key);
    o = value = apr_pstrmemdup(p, at, strcspn(at, "\r"));
    for (at = value; *at != '\0'; at++) {
        int newline = at[0] == '\\' && (at[1] == 'n' || at[1] == 'N');

        *o++ = newline ? '\n' : *at;
        at += newline;
    }
    *o = '\0';
    return value;
}

/* The lines after the first. */
static inline const char *model_note(const char *flat, apr_pool_t *p)
{
    const char *at = strstr(flat + 2, "\r\n");
    char *value, *o;

    o = value = apr_pstrdup(p, at ? at + 2 : "");
    for (at = value; *at != '\0'; at++) {
        if (*at != '\r') {
            *o++ = *at;
        }
    }
    o[o > value ? -1 : 0] = '\0';
    return value;
}

/** Read an item's text; a value that is not whole, or a property that is
 * there twice or not at all, ends the program. */
static inline void model_read(model_text_t *t, int store, const char *text,
                              apr_pool_t *p)
{
    static const char *const name[] = {
        "\r\nN:Item", "\r\nSUMMARY:Item", "\r\nSUMMARY:Item", "\r\nItem"
    };
    const char *flat = model_unfold(text, p), *at = strstr(flat, name[store]);
    int i;

    memset(t, 0, sizeof(*t));
    if (at == NULL) {
        model_fail("an item without its name: %.200s", text);
    }
    t->item = atoi(at + strlen(name[store]));
    for (i = 0; i < model_nprops(store); i++) {
        const char *value = store == MODEL_NOTES ? model_note(flat, p)
                          : model_find(flat, model_props[store][i], p);

        if (value == NULL) {
            model_fail("item %d has not one %s: %.400s", t->item,
                       model_props[store][i], text);
        }
        model_read_lines(t, i, value, p);
    }
}

/* ---- what people do ---------------------------------------------------- */

static inline int model_new_edit(model_t *m, int item, int prop,
                                 const int *parents)
{
    model_edit_t *e = &m->edits[++m->nedits];

    if (m->nedits >= MODEL_EDITS) {
        model_fail("more edits than this program can hold");
    }
    memset(e, 0, sizeof(*e));
    e->item = item;
    e->prop = prop;
    if (parents != NULL) {
        memcpy(e->parents, parents, sizeof(e->parents));
    }
    return m->nedits;
}

/** A new item. @return its text */
static inline const char *model_make(model_t *m, int store, apr_pool_t *p)
{
    model_text_t t = { 0 };
    int i;

    if (m->nitems >= MODEL_ITEMS) {
        model_fail("more items than this program can hold");
    }
    t.item = m->nitems++;
    memset(&m->items[t.item], 0, sizeof(m->items[t.item]));
    m->items[t.item].store = store;
    for (i = 0; i < model_nprops(store); i++) {
        t.value[i][0] = model_new_edit(m, t.item, i, NULL);
    }
    return model_write(&t, store, p);
}

/** Somebody who sees that text writes one property anew.
 * @return the new text */
static inline const char *model_edit(model_t *m, int store, const char *text,
                                     int prop, apr_pool_t *p)
{
    model_text_t t;
    int edit;

    model_read(&t, store, text, p);
    prop %= model_nprops(store);
    edit = model_new_edit(m, t.item, prop, t.value[prop]);
    memset(t.value[prop], 0, sizeof(t.value[prop]));
    t.value[prop][0] = edit;
    return model_write(&t, store, p);
}

/** Somebody who sees that text deletes the item.
 * @return the delete, as long as nothing else is done */
static inline model_delete_t *model_delete(model_t *m, int store,
                                           const char *text, apr_pool_t *p)
{
    model_delete_t *d = &m->deletes[m->ndeletes++];

    if (m->ndeletes >= MODEL_DELETES) {
        model_fail("more deletes than this program can hold");
    }
    d->maybe = 0;
    model_read(&d->seen, store, text, p);
    return d;
}

static inline void model_lose_edit(model_t *m, int edit)
{
    int i;

    if (edit > m->rested && !m->edits[edit].maybe) {
        m->edits[edit].maybe = 1;
        for (i = 0; i < MODEL_LINES; i++) {
            model_lose_edit(m, m->edits[edit].parents[i]);
        }
    }
}

/** Nobody may ever hear of what was edited on a device: the values of its
 * text were perhaps never told. */
static inline void model_lose_edits(model_t *m, const model_text_t *t)
{
    int i, j;

    for (i = 0; i < MODEL_PROPS; i++) {
        for (j = 0; j < MODEL_LINES; j++) {
            model_lose_edit(m, t->value[i][j]);
        }
    }
}

/** Nor of that it was deleted there. */
static inline void model_lose_delete(model_t *m, int item)
{
    int i;

    for (i = 0; i < m->ndeletes; i++) {
        if (m->deletes[i].seen.item == item) {
            m->deletes[i].maybe = 1;
        }
    }
}

static inline int model_was_deleted(const model_t *m, int item)
{
    int i, n = m->items[item].dead;

    for (i = 0; i < m->ndeletes; i++) {
        n += m->deletes[i].seen.item == item;
    }
    return n;
}

/* ---- what must be there ------------------------------------------------ */

/* Had the author of one of these values seen @p edit? */
static inline int model_saw(const model_t *m, const int *values, int edit)
{
    int i;

    for (i = 0; i < MODEL_LINES && values[i] != 0; i++) {
        if (values[i] == edit || (values[i] > edit && model_saw(m,
                                  m->edits[values[i]].parents, edit))) {
            return 1;
        }
    }
    return 0;
}

static inline int model_deleter_saw(const model_t *m, int edit)
{
    const model_edit_t *e = &m->edits[edit];
    int i;

    for (i = 0; i < m->ndeletes; i++) {
        const model_delete_t *d = &m->deletes[i];

        if (d->seen.item == e->item
            && model_saw(m, d->seen.value[e->prop], edit)) {
            return 1;
        }
    }
    return 0;
}

/* Somebody who saw the value wrote another, and it was told. */
static inline int model_superseded(const model_t *m, int value)
{
    int i;

    for (i = m->rested + 1; i <= m->nedits; i++) {
        if (i > value && !m->edits[i].maybe
            && m->edits[i].item == m->edits[value].item
            && m->edits[i].prop == m->edits[value].prop
            && model_saw(m, m->edits[i].parents, value)
            && !model_deleter_saw(m, i)) {
            return i;
        }
    }
    return 0;
}

static inline const char *model_wrong_value(const model_t *m,
                                            const model_text_t *t, int prop,
                                            int value, apr_pool_t *p)
{
    const model_item_t *item = &m->items[t->item];
    const char *name = model_props[item->store][prop];
    int by;

    if (value > m->nedits || m->edits[value].item != t->item
        || m->edits[value].prop != prop) {
        return apr_psprintf(p, "item %d has a value v%d that it never had",
                            t->item, value);
    }
    if (item->loose) {
        return NULL;
    }
    if (value <= m->rested && !model_saw(m, item->base.value[prop], value)) {
        return apr_psprintf(p, "item %d: %s has v%d again, which was gone",
                            t->item, name, value);
    }
    by = model_superseded(m, value);
    if (by != 0) {
        return apr_psprintf(p, "item %d: %s has v%d, but somebody who saw "
                            "that wrote v%d", t->item, name, value, by);
    }
    return NULL;
}

/* Somebody deleted it who had seen all that was done to it. */
static inline int model_must_be_away(const model_t *m, int item)
{
    int i, j;

    if (m->items[item].free) {
        return 0;
    }
    for (i = 0; i < m->ndeletes; i++) {
        const model_delete_t *d = &m->deletes[i];
        int all = d->seen.item == item && !d->maybe;

        for (j = m->rested + 1; all && j <= m->nedits; j++) {
            if (m->edits[j].item == item) {
                all = model_saw(m, d->seen.value[m->edits[j].prop], j);
            }
        }
        if (all) {
            return 1;
        }
    }
    return m->items[item].dead;
}

/* Somebody deleted the item with another value in place of this edit's, one
 * that knew nothing of it: the two clashed, and this one lost. */
static inline int model_clashed(const model_t *m, int edit)
{
    const model_edit_t *e = &m->edits[edit];
    int i, j;

    for (i = 0; i < m->ndeletes; i++) {
        const int *seen = m->deletes[i].seen.value[e->prop];

        if (m->deletes[i].seen.item != e->item
            || model_saw(m, seen, edit)) {
            continue;
        }
        for (j = 0; j < MODEL_LINES && seen[j] != 0; j++) {
            if (!model_saw(m, e->parents, seen[j])) {
                return 1;
            }
        }
    }
    return 0;
}

/* Nobody deleted it, or somebody edited it who knew nothing of a delete and
 * of whom no deleter knew. */
static inline int model_must_be_there(const model_t *m, int item)
{
    const model_item_t *it = &m->items[item];
    int i, deleted = 0, made = it->base.value[0][0] != 0;

    if (it->free || it->dead || it->twins) {
        return 0;
    }
    for (i = 0; i < m->ndeletes; i++) {
        deleted |= m->deletes[i].seen.item == item;
    }
    for (i = m->rested + 1; i <= m->nedits; i++) {
        if (m->edits[i].item == item && !m->edits[i].maybe) {
            if (deleted && !model_deleter_saw(m, i) && !model_clashed(m, i)) {
                return 1;
            }
            made = 1;
        }
    }
    return made && !deleted;
}

/** Judge one item that was found. @return NULL, or what is wrong */
static inline const char *model_judge(model_t *m, int store,
                                      const model_text_t *t, apr_pool_t *p)
{
    const char *wrong = NULL;
    int i, j;

    if (t->item < 0 || t->item >= m->nitems
        || m->items[t->item].store != store) {
        return apr_psprintf(p, "an item %d that nobody made", t->item);
    }
    if (m->items[t->item].twins) {
        return NULL;
    }
    if (m->items[t->item].there++) {
        return apr_psprintf(p, "item %d is there twice", t->item);
    }
    if (model_must_be_away(m, t->item)) {
        return apr_psprintf(p, "item %d was deleted and is there", t->item);
    }
    for (i = 0; wrong == NULL && i < model_nprops(store); i++) {
        for (j = 0; j < MODEL_LINES && t->value[i][j] && !wrong; j++) {
            wrong = model_wrong_value(m, t, i, t->value[i][j], p);
        }
    }
    return wrong;
}

/* An event's URL is no part of its keys: a slow sync takes items for equal
 * that differ in it. */
static inline void model_leave_out(const model_t *m, model_text_t *t)
{
    const model_item_t *item = &m->items[t->item];

    if (item->apart && (item->store == MODEL_CALENDAR
                        || item->store == MODEL_TASKS)) {
        memset(t->value[2], 0, sizeof(t->value[2]));
    }
}

/** Items of a datastore with which something was done since the last rest. */
static inline int model_touched(const model_t *m, int store)
{
    char *seen = calloc(MODEL_ITEMS, 1);
    int i, n = 0;

    for (i = 0; i < m->nitems; i++) {
        seen[i] = (char)(m->items[i].free || m->items[i].loose
                         || m->items[i].twins);
    }
    for (i = m->rested + 1; i <= m->nedits; i++) {
        seen[m->edits[i].item] = 1;
    }
    for (i = 0; i < m->ndeletes; i++) {
        seen[m->deletes[i].seen.item] = 1;
    }
    for (i = 0; i < m->nitems; i++) {
        n += seen[i] && m->items[i].store == store;
    }
    free(seen);
    return n;
}

/** Begin to look at what is there. */
static inline void model_look(model_t *m)
{
    int i;

    for (i = 0; i < m->nitems; i++) {
        m->items[i].there = 0;
    }
}

/** After all items were judged. @return NULL, or what is missing */
static inline const char *model_missing(const model_t *m, apr_pool_t *p)
{
    int i;

    for (i = 0; i < m->nitems; i++) {
        if (!m->items[i].there && model_must_be_there(m, i)) {
            return apr_psprintf(p, "item %d of %s is lost", i,
                                model_stores[m->items[i].store]);
        }
    }
    return NULL;
}

/** All sides are at rest: what is there is what there is. */
static inline void model_rest(model_t *m)
{
    int i;

    for (i = 0; i < m->nitems; i++) {
        m->items[i].dead = !m->items[i].there;
        m->items[i].free = m->items[i].loose = 0;
    }
    m->ndeletes = m->strange = 0;
    m->rested = m->nedits;
}

static inline void model_set_base(model_t *m, const model_text_t *t)
{
    m->items[t->item].base = *t;
}

#endif
