/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Three texts: the one that the device had (base), the server's (ours), the
 * device's (theirs).  What the device cannot hold is taken out of the base
 * first: then it looks like something that only the server has added, and
 * stays (sml_held.c).
 *
 * A policy other than merge makes one of the two sides the base: with the
 * server's text as the base, all that the device's says otherwise is new, and
 * wins.  So what a device cannot hold stays with every policy.
 */
#include "mod_syncml/sml_conflict.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "item/item_edit.h"
#include "item/item_merge.h"
#include "item/item_note.h"
#include "item/item_occurrence.h"
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_held.h"
#include "mod_syncml/sml_occurrences.h"

sml_conflict_conf_t sml_policy(const sml_session_t *s, const sml_sync_t *y)
{
    const sml_datastore_conf_t *d = sml_sync_conf(s, y);
    sml_conflict_conf_t conf = { SML_POLICY_MERGE, SML_POLICY_NEWEST, 0 };

    if (y->code == 203) {
        conf.policy = SML_POLICY_CLIENT;
    }
    else if (d != NULL) {
        conf = d->conflict[!sml_sync_is_slow(y) ? SML_NORMAL_SYNC
                           : y->first ? SML_FIRST_SYNC : SML_SLOW_SYNC];
    }
    return conf;
}

/* ---- comparing ---------------------------------------------------------- */

typedef struct sides_t {
    sml_session_t *s;
    sml_sync_t *y;
    const char *type;
    item_text_t base, ours, theirs;
    item_text_t sent;           /* theirs, as the device really has it, as far
                                 * as that matters */
    const item_text_t *had;     /* &base, or NULL */
    sml_missing_t missing;
    apr_hash_t *stamps;         /* names of properties that writers renew */
    int apart;                  /* see set_apart() */
    int prefs;                  /* ITEM_TAKE_PREF_... */
    item_merge_t m;
} sides_t;

static apr_hash_t *stamp_names(apr_pool_t *p)
{
    static const char *const names[] = {
        "REV", "LAST-MODIFIED", "DTSTAMP", "SEQUENCE", "PRODID", "CREATED"
    };
    apr_hash_t *stamps = apr_hash_make(p);
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        apr_hash_set(stamps, names[i], APR_HASH_KEY_STRING, "");
    }
    return stamps;
}

static item_text_t text_of(const store_item_t *item)
{
    item_text_t text;

    text.data = item->data;
    text.len = item->len;
    return text;
}

/* What the device was, or will be, sent of a text: what its view leaves out
 * it has not deleted. */
static item_text_t projected(sides_t *sides, item_text_t text, int had)
{
    store_item_t item = { 0 };

    item.type = sides->type;
    item.data = text.data;
    item.len = text.len;
    if (had) {
        sml_projection_had(sides->s, sides->y, &item, &text.data, &text.len);
    }
    else {
        sml_projection(sides->s, sides->y, &item, &text.data, &text.len);
    }
    return text;
}

/* A series as the device has it, whose occurrences are others of its items. */
static item_text_t series_of(const sides_t *sides, item_text_t text)
{
    return sides->apart ? item_occurrences_without(&text, sides->s->p) : text;
}

/* What such a device says of a series says nothing of changed occurrences; but
 * where its owner made one event of it, they are gone. */
static void set_apart(sides_t *sides, const sml_sync_t *y)
{
    apr_hash_t *keep = sides->missing.keep;

    sides->apart = sml_occurrences_of(sides->s, y) != NULL
        && (item_occurrence_likely(sides->ours.data, sides->ours.len)
            || item_occurrence_likely(sides->theirs.data, sides->theirs.len))
        && (item_is_series(&sides->theirs, sides->s->p)
            || apr_hash_get(keep, "RRULE", APR_HASH_KEY_STRING)
            || apr_hash_get(keep, "RDATE", APR_HASH_KEY_STRING));
    sides->theirs = series_of(sides, sides->theirs);
}

static item_text_t without(sides_t *sides, item_text_t text,
                           apr_hash_t *names)
{
    text.data = item_without(text.data, &text.len, names, sides->s->p);
    return text;
}

/* Non-zero if b says nothing that a does not say, and the other way round,
 * whatever the order of properties; when it was written does not count. */
static int same(sides_t *sides, item_text_t a, item_text_t b)
{
    item_merge_t m;

    if (a.len == b.len && memcmp(a.data, b.data, a.len) == 0) {
        return 1;
    }
    a = without(sides, a, sides->stamps);
    b = without(sides, b, sides->stamps);
    return item_merge(&m, sides->type, &a, &a, &b, ITEM_PREFER_THEIRS,
                      sides->s->p) == APR_SUCCESS && m.is_ours;
}

/* Does a text say all that another says otherwise than a third, its base?
 * @param base  NULL: all that it says at all */
static int has_news(const char *type, const item_text_t *base,
                    const item_text_t *newer, const item_text_t *theirs,
                    apr_pool_t *p)
{
    item_merge_t m;

    return item_merge(&m, type, base, theirs, newer, ITEM_PREFER_OURS, p)
               == APR_SUCCESS && m.is_ours && m.clashes->nelts == 0;
}

/* Take out the properties that neither of two others has any of. */
static void leave_out(item_text_t *text, const item_text_t *a,
                      const item_text_t *b, apr_pool_t *p)
{
    apr_hash_t *in_a = item_names(a->data, a->len, p);
    apr_hash_t *in_b = a == b ? in_a : item_names(b->data, b->len, p);
    apr_hash_t *absent = apr_hash_make(p);
    apr_hash_index_t *at;
    const void *name;

    at = apr_hash_first(p, item_names(text->data, text->len, p));
    for (; at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (apr_hash_get(in_a, name, APR_HASH_KEY_STRING) == NULL
            && apr_hash_get(in_b, name, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(absent, name, APR_HASH_KEY_STRING, "");
        }
    }
    text->data = item_without(text->data, &text->len, absent, p);
}

void sml_leave_unheard(store_item_t *newer, const store_item_t *base,
                       const store_item_t *theirs, apr_pool_t *p)
{
    item_text_t text = text_of(newer), a = text_of(base),
                b = text_of(theirs);

    if (strcmp(newer->type, "text/plain") != 0) {
        leave_out(&text, &a, &b, p);
        newer->data = text.data;
        newer->len = text.len;
    }
}

int sml_builds_on(const store_item_t *base, const store_item_t *newer,
                  const store_item_t *theirs, apr_pool_t *p)
{
    const store_item_t *items[] = { base, newer, theirs };
    const char *type = theirs->type;
    apr_hash_t *stamps = stamp_names(p);
    item_text_t texts[3];
    apr_size_t whole;
    int i;

    for (i = 0; i < 3; i++) {
        if (strcmp(items[i]->type, type) != 0) {
            return 0;
        }
        texts[i].len = items[i]->len;
        texts[i].data = item_without(items[i]->data, &texts[i].len, stamps,
                                     p);
    }
    if (has_news(type, &texts[0], &texts[1], &texts[2], p)) {
        return 1;
    }
    if (strcmp(type, "text/vcard") != 0
        && strcmp(type, "text/calendar") != 0) {
        return 0;               /* it has no properties */
    }
    /* What the device has not at all it cannot hold, or has deleted, or never
     * got: the rest must tell, and so must have news; that something is gone
     * is none, since the device may have deleted the same. */
    whole = texts[0].len + texts[1].len;
    leave_out(&texts[0], &texts[2], &texts[2], p);
    leave_out(&texts[1], &texts[2], &texts[2], p);
    return texts[0].len + texts[1].len != whole
        && !has_news(type, NULL, &texts[1], &texts[0], p)
        && has_news(type, &texts[0], &texts[1], &texts[2], p);
}

/* Would the device learn anything from that text?  What it cannot hold does
 * not count. */
static int tells_nothing(sides_t *sides, item_text_t text)
{
    return same(sides, without(sides, sides->sent, sides->missing.silent),
                without(sides, projected(sides, text, 0),
                        sides->missing.silent));
}

/* Nothing contradicts: one side has more, that is all. */
static int is_near(sides_t *sides)
{
    return item_likeness(sides->type, sides->ours.data, sides->ours.len,
                         sides->type, sides->theirs.data, sides->theirs.len,
                         sides->s->p) >= ITEM_NEAR;
}

int sml_other_url(const store_item_t *a, const store_item_t *b, apr_pool_t *p)
{
    const apr_array_header_t *x, *y;
    apr_size_t n, m;

    x = item_values(a->type, a->data, a->len, "URL", p);
    y = item_values(b->type, b->data, b->len, "URL", p);
    if (x->nelts != 1 || y->nelts != 1) {
        return 0;
    }
    n = strlen(APR_ARRAY_IDX(x, 0, const char *));
    m = strlen(APR_ARRAY_IDX(y, 0, const char *));
    return strncasecmp(APR_ARRAY_IDX(x, 0, const char *),
                       APR_ARRAY_IDX(y, 0, const char *), n < m ? n : m) != 0;
}

/* In a slow sync a device that cuts texts and drops values sends again what it
 * had: it is no edit of its user's, and it could not hold more if it were
 * sent again (unless it has only lost its place: see has_lost_place()). */
static int take_poorer(sides_t *sides, const sml_change_t *c,
                       const store_item_t *had)
{
    item_text_t base = sides->base;
    item_merge_t m;

    if (item_likeness(sides->type, base.data, base.len, c->item.type,
                      c->item.data, c->item.len, sides->s->p) < ITEM_NEAR
        || sml_other_url(had, &c->item, sides->s->p)
        || item_merge(&m, sides->type, NULL, &base, &sides->theirs,
                      ITEM_PREFER_OURS, sides->s->p) != APR_SUCCESS
        || !m.is_ours) {
        return 0;
    }
    sides->had = &sides->theirs;
    return 1;
}

/* It asked for the changes only, but by an anchor that is not ours: it came
 * back from a backup, say, and with its items of then. */
static int has_lost_place(const sml_sync_t *y)
{
    return y->code == 201 && y->asked != 201;
}

/* A text that came with a backup is shorter because it is old: the device may
 * have place for the whole one. */
static void send_cut_again(const sml_sync_t *y, sml_missing_t *missing,
                           apr_pool_t *p)
{
    apr_hash_index_t *at;
    const void *name;

    if (!has_lost_place(y)) {
        return;
    }
    for (at = apr_hash_first(p, missing->cut); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        apr_hash_set(missing->silent, name, APR_HASH_KEY_STRING, NULL);
    }
}

/* ---- who wins ----------------------------------------------------------- */

/* The side that was changed last: by what the texts say themselves where both
 * do, else by what came last, which is what has come just now. */
static sml_policy_e newest(sides_t *sides)
{
    apr_pool_t *p = sides->s->p;
    apr_int64_t ours = item_modified(sides->type, sides->ours.data,
                                     sides->ours.len, p);
    apr_int64_t theirs = item_modified(sides->type, sides->theirs.data,
                                       sides->theirs.len, p);

    return ours != 0 && theirs != 0 && ours > theirs ? SML_POLICY_SERVER
                                                     : SML_POLICY_CLIENT;
}

static sml_policy_e decide(sides_t *sides, sml_policy_e policy)
{
    return policy == SML_POLICY_NEWEST ? newest(sides) : policy;
}

/* Put the texts together. @return who wins */
static apr_status_t merge(sides_t *sides, const sml_conflict_conf_t *conf,
                          int conflict, sml_policy_e *winner)
{
    int prefer;

    *winner = conflict ? decide(sides, conf->policy) : SML_POLICY_MERGE;
    if (*winner == SML_POLICY_CLIENT || *winner == SML_POLICY_BOTH) {
        sides->base = series_of(sides, projected(sides, sides->ours, 1));
        sides->base = without(sides, sides->base, sides->missing.keep);
        sides->base = without(sides, sides->base, sides->missing.silent);
        sides->base = without(sides, sides->base, sides->missing.cut);
        sides->had = &sides->base;
    }
    else if (*winner == SML_POLICY_SERVER) {
        sides->had = &sides->theirs;
    }
    prefer = decide(sides, conf->fallback) == SML_POLICY_SERVER
           ? ITEM_PREFER_OURS : ITEM_PREFER_THEIRS;
    return item_merge(&sides->m, sides->type, sides->had, &sides->ours,
                      &sides->theirs, prefer | sides->prefs, sides->s->p);
}

static const char *clash_names(const item_merge_t *m, apr_pool_t *p)
{
    return m->clashes != NULL && m->clashes->nelts > 0
        ? apr_array_pstrcat(p, m->clashes, ',') : "";
}

/* Keys of the result; it is made of two texts that had keys. */
static apr_status_t fill(sides_t *sides, const store_item_t *old,
                         const sml_change_t *c, sml_outcome_t *out)
{
    item_keys_t keys;
    apr_status_t rv;

    out->item = c->item;
    out->item.id = old->id;
    if (out->keep_ours) {
        out->item = *old;
    }
    else if (sides->m.len != c->item.len
             || memcmp(sides->m.text, c->item.data, c->item.len) != 0) {
        out->item.data = sides->m.text;
        out->item.len = sides->m.len;
        rv = item_keys(&keys, c->item.type, out->item.data, out->item.len,
                       sides->s->p);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        sml_set_keys(&out->item, &keys);
    }
    return APR_SUCCESS;
}

/* Where the texts cannot be merged (too large together, or one is damaged),
 * the device's is taken whole, and the server's stays as a version. */
static void take_theirs(const store_item_t *old, const sml_change_t *c,
                        sml_outcome_t *out)
{
    out->item = c->item;
    out->item.id = old->id;
    out->theirs_fine = 1;
    out->winner = SML_POLICY_CLIENT;
    out->clashes = "all";
}

/* @param base  the text that the device had; NULL: that is not known
 * @return what may serve as the base */
static const store_item_t *known_base(sides_t *sides, const sml_change_t *c,
                                      const store_item_t *old,
                                      const store_item_t *base)
{
    if (sides->y->code == 203) {
        return NULL;            /* all of the client's is to be taken */
    }
    if (base == NULL && c->raw_type != NULL
        && same(sides, projected(sides, sides->ours, 0), sides->theirs)) {
        return old;             /* it has ours, in its own words */
    }
    return base;
}

/* What the device has no place for it has not deleted.
 * @param base  what it had; @param full  of which that is the projection */
static void complete(sides_t *sides, item_kind_e kind,
                     const store_item_t *base, const store_item_t *full,
                     store_item_t *theirs)
{
    item_text_t whole = sml_form_uncut(sides->s, sides->y, theirs->type,
                                       text_of(base), text_of(theirs));

    theirs->data = whole.data;
    theirs->len = whole.len;
    sides->sent = whole;        /* its fields end there: that is certain */
    if (sml_held_complete(sides->s, sides->y, kind, base, theirs)) {
        sides->sent = text_of(theirs);
    }
    whole = sml_form_unshrink(sides->s, theirs->type, text_of(full),
                              text_of(base), text_of(theirs));
    theirs->data = whole.data;
    theirs->len = whole.len;
    sides->theirs = text_of(theirs);
}

static void take_text(store_item_t *item, const char *type, item_text_t text,
                      apr_pool_t *p)
{
    item_keys_t keys;

    item->type = type;
    item->data = text.data;
    item->len = text.len;
    if (item_keys(&keys, type, text.data, text.len, p) == APR_SUCCESS) {
        sml_set_keys(item, &keys);
    }
}

/* A note may be a text on one side, and more than that on the other: then all
 * of them are that. @param base  may be NULL */
static void align_notes(sml_change_t *c, store_item_t *old,
                        store_item_t *base, apr_pool_t *p)
{
    store_item_t *items[] = { &c->item, old, base };
    const char *types[3];
    item_text_t texts[3];
    int i;

    for (i = 0; i < 3; i++) {
        types[i] = items[i] ? items[i]->type : NULL;
        texts[i] = items[i] ? text_of(items[i]) : (item_text_t){ "", 0 };
    }
    if (item_note_align(types, texts, 3, p) != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < 3; i++) {
        if (items[i] != NULL && types[i] != items[i]->type) {
            take_text(items[i], types[i], texts[i], p);
        }
    }
    if (types[0] != NULL && strcmp(types[0], "text/calendar") == 0
        && c->keys.kind == ITEM_TEXT) {
        c->keys.kind = ITEM_VJOURNAL;
    }
}

/* Nothing differs from what the device had, of what it can tell. */
static int is_as_it_had(sides_t *sides, item_text_t base)
{
    sides->base = without(sides, base, sides->missing.keep);
    sides->base = without(sides, sides->base, sides->missing.cut);
    sides->theirs = without(sides, sides->theirs, sides->missing.cut);
    sides->sent = without(sides, sides->sent, sides->missing.cut);
    sides->had = &sides->base;
    return same(sides, sides->base, sides->theirs);
}

/* Is what became of it what the device has, with the name that it would be
 * sent?  @param base  what it had before its edit; NULL: there was none */
static int needs_nothing(sides_t *sides, const sml_change_t *c,
                         const store_item_t *base)
{
    item_text_t merged = { sides->m.text, sides->m.len }, had;

    if (!tells_nothing(sides, merged)) {
        return 0;
    }
    if (base == NULL) {
        return 1;
    }
    had = text_of(base);
    return !sml_form_renames(sides->s, sides->y, c, &had, &merged);
}

static apr_status_t resolve(sml_session_t *s, const sml_sync_t *y,
                            const sml_change_t *c, const store_item_t *old,
                            const store_item_t *base, store_id_t known,
                            sml_outcome_t *out)
{
    sml_conflict_conf_t conf = sml_policy(s, y);
    int slow = sml_sync_is_slow(y), edited, poorer = 0;
    int by_policy = c->met && conf.policy != SML_POLICY_MERGE;
    sides_t sides = { 0 };
    store_item_t had, theirs = c->item;

    memset(out, 0, sizeof(*out));
    out->clashes = "";
    sides.s = s;
    sides.y = &APR_ARRAY_IDX(s->state->syncs, sml_sync_index(s, y),
                             sml_sync_t);
    sides.stamps = stamp_names(s->p);
    sides.type = c->item.type;
    sides.ours = text_of(old);
    sides.theirs = sides.sent = text_of(&c->item);
    base = known_base(&sides, c, old, base);
    if (base != NULL) {
        had = *base;            /* what it was not sent teaches nothing */
        sml_projection_had(s, sides.y, base, &had.data, &had.len);
        complete(&sides, c->keys.kind, &had, base, &theirs);
        base = &had;
        sides.prefs = sml_held_prefers(s, y, c->keys.kind);
    }
    sml_held_missing(s, y, c->keys.kind, base, old, &theirs, slow,
                     c->met, &sides.missing);
    if (s->rv != APR_SUCCESS) {
        return s->rv;
    }
    send_cut_again(y, &sides.missing, s->p);
    set_apart(&sides, y);
    if (base != NULL) {
        out->unchanged = is_as_it_had(&sides, series_of(&sides,
                                                        text_of(base)));
    }
    if (old->deleted) {
        conf.policy = SML_POLICY_MERGE;
        conf.fallback = SML_POLICY_CLIENT;
    }
    if (slow && base != NULL && !out->unchanged) {
        out->unchanged = poorer = take_poorer(&sides, c, base);
    }
    edited = y->code == 203 || (known != 0 ? known != old->change
                                : (slow || by_policy) && !is_near(&sides));
    out->conflict = edited && !out->unchanged
        && !same(&sides, series_of(&sides, sides.ours), sides.theirs);
    if (merge(&sides, &conf, out->conflict, &out->winner) != APR_SUCCESS) {
        take_theirs(old, c, out);
        return APR_SUCCESS;
    }
    out->both = out->winner == SML_POLICY_BOTH;
    out->clashes = clash_names(&sides.m, s->p);
    sides.ours = text_of(old);
    out->keep_ours = sides.m.is_ours
        || (!sides.m.preferred
            && same(&sides, sides.ours, (item_text_t){ sides.m.text,
                                                       sides.m.len }));
    out->theirs_fine = (poorer && known == old->change && !has_lost_place(y))
        || needs_nothing(&sides, c, out->unchanged ? NULL : base);
    return fill(&sides, old, c, out);
}

apr_status_t sml_resolve(sml_session_t *s, const sml_sync_t *y,
                         const sml_change_t *c, const store_item_t *old,
                         const store_item_t *base, store_id_t known,
                         sml_outcome_t *out)
{
    store_item_t ours = *old, had;
    sml_change_t change = *c;
    apr_status_t rv;

    if (base != NULL) {
        had = *base;
    }
    align_notes(&change, &ours, base ? &had : NULL, s->p);
    rv = resolve(s, y, &change, &ours, base ? &had : NULL, known, out);
    if (out->keep_ours) {
        out->item = *old;       /* octet by octet */
    }
    return rv;
}

void sml_conflict_log(sml_session_t *s, sml_sync_t *y, store_id_t item,
                      const char *clashes, const char *done)
{
    y->conflicts++;
    sml_log(s->config, 6, 0, "conflict account=%s device=%s datastore=%s "
            "item=%" APR_INT64_T_FMT " clashes=%s: %s", s->state->user,
            s->device->devid, y->name, item, *clashes ? clashes : "none",
            done);
}
