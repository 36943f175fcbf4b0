/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a guard stopped, and what the administrator decides: see sml_guard.h.
 * Works on the store alone, so the command line tool has it as well. */
#include "mod_syncml/sml_guard.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store/store_log.h"

#define NOTE "guard."

/* "held 1700000000 120 200 3-17,20", as sml_guard.c writes it.
 * @return 0 if it is none */
static int read_note(sml_guard_note_t *note, const char *name,
                     const char *value, apr_pool_t *p)
{
    char *text = apr_pstrdup(p, value), *last = NULL;
    const char *words[5];
    int i;

    for (i = 0; i < 5; i++) {
        words[i] = apr_strtok(i ? NULL : text, " ", &last);
    }
    if (strncmp(name, NOTE, sizeof(NOTE) - 1) != 0 || words[3] == NULL) {
        return 0;
    }
    note->datastore = apr_pstrdup(p, name + sizeof(NOTE) - 1);
    note->what = words[0];
    note->when = apr_time_from_sec(apr_atoi64(words[1]));
    note->count = apr_atoi64(words[2]);
    note->of = apr_atoi64(words[3]);
    note->ids = words[4] ? words[4] : "";
    return 1;
}

typedef struct lister_t {
    sml_guard_fn *fn;
    void *baton;
    apr_pool_t *p;
} lister_t;

static apr_status_t on_setting(void *baton, const char *name,
                               const char *value)
{
    const lister_t *l = baton;
    sml_guard_note_t note;

    return read_note(&note, name, value, l->p) ? l->fn(l->baton, &note)
                                               : APR_SUCCESS;
}

apr_status_t sml_guard_list(store_tx_t *tx, store_id_t device,
                            sml_guard_fn *fn, void *baton, apr_pool_t *p)
{
    lister_t l;

    l.fn = fn;
    l.baton = baton;
    l.p = p;
    return store_device_setting_list(tx, device, on_setting, &l);
}

/* ---- deciding ------------------------------------------------------------ */

typedef struct decision_t {
    store_tx_t *tx;
    store_id_t account, device, datastore;
    apr_int64_t count;
    apr_pool_t *scratch;        /* of one item */
} decision_t;

/* It goes to the device again, as a new item: the device lacks it. */
static apr_status_t give_back(decision_t *d, store_map_t *map)
{
    map->luid = NULL;
    map->version = 0;
    map->soft = 0;
    map->retry = 1;
    return store_map_put(d->tx, map);
}

static apr_status_t decide_item(decision_t *d, store_id_t id, int release)
{
    store_item_t *item;
    store_map_t *map;
    apr_status_t rv = store_map_by_item(d->tx, d->device, id, d->datastore,
                                        &map);

    if (rv == APR_SUCCESS && !map->soft) {
        rv = APR_NOTFOUND;      /* the device has it again */
    }
    if (rv == APR_SUCCESS) {
        apr_pool_clear(d->scratch);
        rv = store_item_get_into(d->tx, d->account, d->datastore, id,
                                 d->scratch, &item);
    }
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    if (item->deleted) {
        return store_map_delete(d->tx, d->device, d->datastore, id);
    }
    if (!release || item->change != map->version) {
        /* Released, but changed meanwhile: the change wins. */
        d->count += !release;
        return give_back(d, map);
    }
    d->count++;
    rv = store_item_delete(d->tx, d->account, d->datastore, id, d->device,
                           NULL);
    return rv == APR_SUCCESS
        ? store_map_delete(d->tx, d->device, d->datastore, id) : rv;
}

/* "3-17,20" */
static apr_status_t decide_ids(decision_t *d, const char *ids, int release)
{
    apr_status_t rv = APR_SUCCESS;

    while (*ids != '\0' && rv == APR_SUCCESS) {
        char *end;
        store_id_t id = apr_strtoi64(ids, &end, 10), to = id;

        if (end == ids) {
            return APR_EINVAL;
        }
        if (*end == '-') {
            to = apr_strtoi64(end + 1, &end, 10);
        }
        for (; id <= to && rv == APR_SUCCESS; id++) {
            rv = decide_item(d, id, release);
        }
        ids = *end == ',' ? end + 1 : end;
    }
    return rv;
}

/* What was deleted by this is a session of the server's own, which can be
 * taken back. */
static apr_status_t write_log(const decision_t *d, store_id_t before,
                              store_id_t after)
{
    store_log_t log = { 0 };
    store_log_datastore_t summary = { 0 };
    apr_status_t rv;

    if (after == before) {
        return APR_SUCCESS;
    }
    log.account = d->account;
    summary.datastore = d->datastore;
    summary.status = 200;
    summary.received[2] = (apr_uint32_t)d->count;
    rv = store_log_begin(d->tx, &log);
    if (rv == APR_SUCCESS) {
        rv = store_log_range(d->tx, log.id, d->datastore, before, after);
    }
    if (rv == APR_SUCCESS) {
        rv = store_log_datastore(d->tx, log.id, &summary);
    }
    return rv == APR_SUCCESS
        ? store_log_end(d->tx, log.id, STORE_LOG_ENDED) : rv;
}

static apr_status_t decide_held(decision_t *d, const char *name,
                                const char *ids, int release, apr_pool_t *p)
{
    store_datastore_t *ds;
    store_id_t before = 0;
    apr_status_t rv = store_datastore_open(d->tx, d->account, name, &ds);

    if (rv == APR_SUCCESS) {
        d->datastore = ds->id;
        before = ds->change;
        apr_pool_create(&d->scratch, p);
        rv = decide_ids(d, ids, release);
        apr_pool_destroy(d->scratch);
    }
    if (rv == APR_SUCCESS) {
        rv = store_datastore_open(d->tx, d->account, name, &ds);
    }
    return rv == APR_SUCCESS ? write_log(d, before, ds->change) : rv;
}

static apr_status_t decide(store_tx_t *tx, store_id_t account,
                           store_id_t device, const char *name, int release,
                           apr_int64_t *count, apr_pool_t *p)
{
    decision_t d = { tx, account, device, 0, 0, NULL };
    const char *setting = apr_pstrcat(p, NOTE, name, NULL), *value;
    sml_guard_note_t note;
    apr_status_t rv;

    *count = 0;
    rv = store_device_setting_get(tx, device, setting, &value);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!read_note(&note, setting, value, p)) {
        return APR_NOTFOUND;
    }
    if (strcmp(note.what, SML_GUARD_HELD) == 0) {
        rv = decide_held(&d, name, note.ids, release, p);
    }
    else if (release) {
        rv = store_device_setting_set(tx, device,
                                      apr_pstrcat(p, "guard-pass.", name,
                                                  NULL), "1");
    }
    *count = d.count;
    return rv == APR_SUCCESS
        ? store_device_setting_set(tx, device, setting, NULL) : rv;
}

apr_status_t sml_guard_release(store_tx_t *tx, store_id_t account,
                               store_id_t device, const char *name,
                               apr_int64_t *count, apr_pool_t *p)
{
    return decide(tx, account, device, name, 1, count, p);
}

apr_status_t sml_guard_drop(store_tx_t *tx, store_id_t account,
                            store_id_t device, const char *name,
                            apr_int64_t *count, apr_pool_t *p)
{
    return decide(tx, account, device, name, 0, count, p);
}
