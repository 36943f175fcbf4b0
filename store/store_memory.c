/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: tables, states and transactions.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

/* ---- rows -------------------------------------------------------------- */

#define MAX_TEXTS  12

/* Where a row has pointers, and how rows are ordered. */
typedef struct mem_type_t {
    size_t size;
    int n_texts, n_blobs;
    size_t texts[MAX_TEXTS];
    struct { size_t data, len; } blobs[2];
    int (*compare)(const void *a, const void *b);
} mem_type_t;

#define ORDER(A, B)  ((A) < (B) ? -1 : (A) > (B))
#define COMPARE(NAME, TYPE, RESULT) \
    static int NAME(const void *va, const void *vb) \
    { \
        const TYPE *a = va, *b = vb; \
        return RESULT; \
    }
#define PAIR(X, Y)  (ORDER(a->X, b->X) ? ORDER(a->X, b->X) \
                                       : ORDER(a->Y, b->Y))

COMPARE(compare_settings, mem_setting_t, strcmp(a->name, b->name))
COMPARE(compare_accounts, mem_account_t, ORDER(a->v.id, b->v.id))
COMPARE(compare_devices, mem_device_t, ORDER(a->v.id, b->v.id))
COMPARE(compare_datastores, mem_datastore_t, ORDER(a->v.id, b->v.id))
COMPARE(compare_items, mem_item_t, PAIR(v.datastore, v.id))
COMPARE(compare_maps, mem_map_t, PAIR(v.device, v.item))
COMPARE(compare_anchors, mem_anchor_t, PAIR(v.device, v.datastore))
COMPARE(compare_sessions, mem_session_t, strcmp(a->v.id, b->v.id))
COMPARE(compare_dues, mem_due_t, ORDER(a->device, b->device))
COMPARE(compare_former, mem_former_t,
        PAIR(v.device, v.datastore) ? PAIR(v.device, v.datastore)
                                    : strcmp(a->v.luid, b->v.luid))
COMPARE(compare_device_settings, mem_device_setting_t,
        ORDER(a->device, b->device) ? ORDER(a->device, b->device)
                                    : strcmp(a->name, b->name))
COMPARE(compare_logs, mem_log_t, ORDER(a->v.id, b->v.id))
COMPARE(compare_log_datastores, mem_log_datastore_t, PAIR(log, v.datastore))
COMPARE(compare_log_ranges, mem_log_range_t,
        PAIR(log, v.datastore) ? PAIR(log, v.datastore)
                               : ORDER(a->v.after, b->v.after))
COMPARE(compare_due_changes, mem_due_change_t, PAIR(device, datastore))
COMPARE(compare_push_states, mem_push_state_t, ORDER(a->device, b->device))
COMPARE(compare_push_log, mem_push_log_t, ORDER(a->v.id, b->v.id))
COMPARE(compare_push_uses, mem_push_use_t,
        PAIR(scope, id) ? PAIR(scope, id) : ORDER(a->period, b->period))
COMPARE(compare_account_settings, mem_account_setting_t,
        ORDER(a->account, b->account) ? ORDER(a->account, b->account)
                                      : strcmp(a->name, b->name))
COMPARE(compare_push_requests, mem_push_request_t, ORDER(a->v.id, b->v.id))
COMPARE(compare_versions, mem_version_t,
        ORDER(a->v.datastore, b->v.datastore)
        ? ORDER(a->v.datastore, b->v.datastore) : PAIR(v.id, v.change))

#define AT(TYPE, FIELD)  offsetof(TYPE, FIELD)

static const mem_type_t types[MEM_TABLES] = {
    { sizeof(mem_setting_t), 2, 0,
      { AT(mem_setting_t, name), AT(mem_setting_t, value) }, { { 0, 0 } },
      compare_settings },
    { sizeof(mem_account_t), 1, 1, { AT(mem_account_t, v.name) },
      { { AT(mem_account_t, secret), AT(mem_account_t, secret_len) } },
      compare_accounts },
    { sizeof(mem_device_t), 11, 1,
      { AT(mem_device_t, v.devid), AT(mem_device_t, v.manufacturer),
        AT(mem_device_t, v.model), AT(mem_device_t, v.firmware),
        AT(mem_device_t, v.software), AT(mem_device_t, v.hardware),
        AT(mem_device_t, v.syncml_version), AT(mem_device_t, v.sync_url),
        AT(mem_device_t, v.nonce), AT(mem_device_t, v.nonce_prev),
        AT(mem_device_t, v.number) },
      { { AT(mem_device_t, v.devinf), AT(mem_device_t, v.devinf_len) } },
      compare_devices },
    { sizeof(mem_datastore_t), 1, 0, { AT(mem_datastore_t, v.name) },
      { { 0, 0 } }, compare_datastores },
    { sizeof(mem_item_t), 1, 1, { AT(mem_item_t, v.type) },
      { { AT(mem_item_t, v.data), AT(mem_item_t, v.len) } },
      compare_items },
    { sizeof(mem_version_t), 1, 1, { AT(mem_version_t, v.type) },
      { { AT(mem_version_t, v.data), AT(mem_version_t, v.len) } },
      compare_versions },
    { sizeof(mem_map_t), 1, 0, { AT(mem_map_t, v.luid) }, { { 0, 0 } },
      compare_maps },
    { sizeof(mem_anchor_t), 6, 0,
      { AT(mem_anchor_t, v.last.client), AT(mem_anchor_t, v.last.server),
        AT(mem_anchor_t, v.former.client),
        AT(mem_anchor_t, v.former.server), AT(mem_anchor_t, v.uri),
        AT(mem_anchor_t, v.view) },
      { { 0, 0 } }, compare_anchors },
    { sizeof(mem_session_t), 2, 2,
      { AT(mem_session_t, v.id), AT(mem_session_t, v.answer_type) },
      { { AT(mem_session_t, v.state), AT(mem_session_t, v.state_len) },
        { AT(mem_session_t, v.answer), AT(mem_session_t, v.answer_len) } },
      compare_sessions },
    { sizeof(mem_due_t), 3, 0,
      { AT(mem_due_t, owner), AT(mem_due_t, last_error),
        AT(mem_due_t, plan) }, { { 0, 0 } }, compare_dues },
    { sizeof(mem_former_t), 1, 0, { AT(mem_former_t, v.luid) }, { { 0, 0 } },
      compare_former },
    { sizeof(mem_device_setting_t), 2, 0,
      { AT(mem_device_setting_t, name), AT(mem_device_setting_t, value) },
      { { 0, 0 } }, compare_device_settings },
    { sizeof(mem_log_t), 2, 0,
      { AT(mem_log_t, v.devid), AT(mem_log_t, v.session) }, { { 0, 0 } },
      compare_logs },
    { sizeof(mem_log_datastore_t), 1, 0, { AT(mem_log_datastore_t, v.name) },
      { { 0, 0 } }, compare_log_datastores },
    { sizeof(mem_log_range_t), 0, 0, { 0 }, { { 0, 0 } },
      compare_log_ranges },
    { sizeof(mem_due_change_t), 0, 0, { 0 }, { { 0, 0 } },
      compare_due_changes },
    { sizeof(mem_push_state_t), 0, 0, { 0 }, { { 0, 0 } },
      compare_push_states },
    { sizeof(mem_push_log_t), 9, 0,
      { AT(mem_push_log_t, v.devid), AT(mem_push_log_t, v.reason),
        AT(mem_push_log_t, v.transport), AT(mem_push_log_t, v.number),
        AT(mem_push_log_t, v.datastores), AT(mem_push_log_t, v.answer),
        AT(mem_push_log_t, v.message_id), AT(mem_push_log_t, v.token),
        AT(mem_push_log_t, v.report_text) }, { { 0, 0 } },
      compare_push_log },
    { sizeof(mem_push_use_t), 0, 0, { 0 }, { { 0, 0 } },
      compare_push_uses },
    { sizeof(mem_account_setting_t), 2, 0,
      { AT(mem_account_setting_t, name), AT(mem_account_setting_t, value) },
      { { 0, 0 } }, compare_account_settings },
    { sizeof(mem_push_request_t), 3, 0,
      { AT(mem_push_request_t, v.number), AT(mem_push_request_t, v.uri),
        AT(mem_push_request_t, v.result) }, { { 0, 0 } },
      compare_push_requests }
};

/* Memory that is not there ends the process: this driver serves tests. */
static void *get_memory(size_t size)
{
    void *m = malloc(size ? size : 1);

    if (!m)
        abort();
    return m;
}

static const char **text_at(void *row, size_t offset)
{
    return (const char **)(void *)((char *)row + offset);
}

static size_t length_at(const void *row, size_t offset)
{
    return *(const apr_size_t *)(const void *)((const char *)row + offset);
}

/* Room for the count before a row, which stays aligned. */
#define BEFORE  16

static int *refs_of(void *row)
{
    return (int *)(void *)((char *)row - BEFORE);
}

/* A copy of a row in one piece with its texts and blobs; blobs get a NUL.
 * In a pool, or counted. */
static void *pack(const mem_type_t *type, const void *row, apr_pool_t *p)
{
    size_t size = type->size;
    char *copy, *to;
    const char *from;
    int i;

    for (i = 0; i < type->n_texts; i++) {
        memcpy(&from, (const char *)row + type->texts[i], sizeof(from));
        size += from ? strlen(from) + 1 : 0;
    }
    for (i = 0; i < type->n_blobs; i++)
        size += length_at(row, type->blobs[i].len) + 1;
    copy = p ? apr_palloc(p, size) : (char *)get_memory(BEFORE + size)
                                     + BEFORE;
    memcpy(copy, row, type->size);
    to = copy + type->size;
    for (i = 0; i < type->n_texts; i++) {
        const char **at = text_at(copy, type->texts[i]);

        if (*at) {
            size_t n = strlen(*at) + 1;

            memcpy(to, *at, n);
            *at = to;
            to += n;
        }
    }
    for (i = 0; i < type->n_blobs; i++) {
        const char **at = text_at(copy, type->blobs[i].data);
        size_t n = length_at(copy, type->blobs[i].len);

        if (n)
            memcpy(to, *at, n);
        to[n] = '\0';
        *at = to;
        to += n + 1;
    }
    return copy;
}

void *mem_copy(int table, const void *row, apr_pool_t *p)
{
    return pack(&types[table], row, p);
}

/* ---- counts; the mutex is held ----------------------------------------- */

static void release_row(void *row)
{
    if (--*refs_of(row) == 0)
        free(refs_of(row));
}

static void release_table(mem_table_t *t)
{
    int i;

    if (!t || --t->refs > 0)
        return;
    for (i = 0; i < t->n; i++)
        release_row(t->rows[i]);
    free(t->rows);
    free(t);
}

static void release_state(mem_state_t *s)
{
    int i;

    if (--s->refs > 0)
        return;
    for (i = 0; i < MEM_TABLES; i++)
        release_table(s->tables[i]);
    free(s);
}

static mem_table_t *new_table(int room)
{
    mem_table_t *t = get_memory(sizeof(*t));

    t->refs = 1;
    t->n = 0;
    t->room = room;
    t->rows = get_memory(room * sizeof(void *));
    return t;
}

static mem_state_t *copy_state(const mem_state_t *from)
{
    mem_state_t *s = get_memory(sizeof(*s));
    int i;

    *s = *from;
    s->refs = 1;
    for (i = 0; i < MEM_TABLES; i++)
        s->tables[i]->refs++;
    return s;
}

/* The writer's own copy of a table, made before its first change. */
static mem_table_t *own_table(mem_state_t *s, int table)
{
    mem_table_t *old = s->tables[table], *t;
    int i;

    if (old->refs == 1)
        return old;
    t = new_table(old->n + 16);
    for (i = 0; i < old->n; i++) {
        t->rows[i] = old->rows[i];
        ++*refs_of(t->rows[i]);
    }
    t->n = old->n;
    release_table(old);
    s->tables[table] = t;
    return t;
}

/* ---- tables ------------------------------------------------------------ */

static void lock(mem_store_t *s)
{
    apr_thread_mutex_lock(s->mutex);
}

static void unlock(mem_store_t *s)
{
    apr_thread_mutex_unlock(s->mutex);
}

int mem_lower(const mem_table_t *t, int table, const void *key)
{
    int from = 0, to = t->n;

    while (from < to) {
        int middle = from + (to - from) / 2;

        if (types[table].compare(t->rows[middle], key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static int at_key(const mem_table_t *t, int table, int i, const void *key)
{
    return i < t->n && types[table].compare(t->rows[i], key) == 0;
}

void *mem_find_in(const mem_table_t *t, int table, const void *key)
{
    int i = mem_lower(t, table, key);

    return at_key(t, table, i, key) ? t->rows[i] : NULL;
}

void *mem_find(store_tx_t *tx, int table, const void *key)
{
    return mem_find_in(MEM_STATE(tx)->tables[table], table, key);
}

void mem_put(store_tx_t *tx, int table, const void *row)
{
    void *copy = pack(&types[table], row, NULL);
    mem_table_t *t;
    int i;

    *refs_of(copy) = 1;
    lock(MEM_TX(tx)->store);
    t = own_table(MEM_STATE(tx), table);
    i = mem_lower(t, table, copy);
    if (at_key(t, table, i, copy)) {
        release_row(t->rows[i]);
    }
    else {
        if (t->n == t->room) {
            t->room = t->room * 2 + 16;
            t->rows = realloc(t->rows, t->room * sizeof(void *));
            if (!t->rows)
                abort();
        }
        memmove(t->rows + i + 1, t->rows + i, (t->n - i) * sizeof(void *));
        t->n++;
    }
    t->rows[i] = copy;
    unlock(MEM_TX(tx)->store);
}

int mem_remove(store_tx_t *tx, int table, const void *key)
{
    mem_table_t *t = MEM_STATE(tx)->tables[table];
    int i = mem_lower(t, table, key);

    if (!at_key(t, table, i, key))
        return 0;
    lock(MEM_TX(tx)->store);
    t = own_table(MEM_STATE(tx), table);
    release_row(t->rows[i]);
    t->n--;
    memmove(t->rows + i, t->rows + i + 1, (t->n - i) * sizeof(void *));
    unlock(MEM_TX(tx)->store);
    return 1;
}

int mem_remove_if(store_tx_t *tx, int table, mem_match_fn *match,
                  const void *baton)
{
    mem_table_t *t;
    int i, kept = 0, removed;

    lock(MEM_TX(tx)->store);
    t = own_table(MEM_STATE(tx), table);
    for (i = 0; i < t->n; i++) {
        if (match(t->rows[i], baton))
            release_row(t->rows[i]);
        else
            t->rows[kept++] = t->rows[i];
    }
    removed = t->n - kept;
    t->n = kept;
    unlock(MEM_TX(tx)->store);
    return removed;
}

mem_table_t *mem_hold(store_tx_t *tx, int table)
{
    mem_table_t *t = MEM_STATE(tx)->tables[table];

    lock(MEM_TX(tx)->store);
    t->refs++;
    unlock(MEM_TX(tx)->store);
    return t;
}

void mem_release(store_tx_t *tx, mem_table_t *t)
{
    lock(MEM_TX(tx)->store);
    release_table(t);
    unlock(MEM_TX(tx)->store);
}

/* ---- the store --------------------------------------------------------- */

apr_status_t mem_open(store_t *store, const char *rest, const char **error)
{
    mem_store_t *s = apr_pcalloc(store->p, sizeof(*s));
    apr_status_t rv;
    int i;

    if (*rest) {
        *error = "nothing follows memory: in a store's URL";
        return APR_EINVAL;
    }
    rv = apr_thread_mutex_create(&s->mutex, APR_THREAD_MUTEX_DEFAULT,
                                 store->p);
    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&s->turn, store->p);
    if (rv != APR_SUCCESS)
        return rv;
    s->state = get_memory(sizeof(*s->state));
    memset(s->state, 0, sizeof(*s->state));
    s->state->refs = 1;
    for (i = 0; i < MEM_TABLES; i++)
        s->state->tables[i] = new_table(0);
    store->impl = s;
    return APR_SUCCESS;
}

void mem_close(store_t *store)
{
    mem_store_t *s = store->impl;

    lock(s);
    release_state(s->state);
    s->state = NULL;
    unlock(s);
}

apr_status_t mem_data_version(store_t *store, apr_int64_t *version)
{
    mem_store_t *s = store->impl;

    lock(s);
    *version = s->commits;
    unlock(s);
    return APR_SUCCESS;
}

/* ---- transactions ------------------------------------------------------ */

/* Wait for the writer to go; the mutex is held. */
static apr_status_t wait_turn(mem_store_t *s, apr_interval_time_t timeout)
{
    apr_time_t give_up = apr_time_now() + timeout;

    while (s->writing) {
        apr_interval_time_t left = give_up - apr_time_now();

        if (left <= 0)
            return STORE_EBUSY;
        apr_thread_cond_timedwait(s->turn, s->mutex, left);
    }
    return APR_SUCCESS;
}

apr_status_t mem_begin(store_tx_t *tx)
{
    mem_tx_t *t = apr_pcalloc(tx->p, sizeof(*t));
    mem_store_t *s = tx->store->impl;
    apr_status_t rv = APR_SUCCESS;

    t->store = s;
    t->touched = apr_array_make(tx->p, 4, sizeof(mem_touch_t));
    t->synced = apr_array_make(tx->p, 2, sizeof(store_id_t));
    lock(s);
    if (tx->mode == STORE_WRITE) {
        rv = wait_turn(s, tx->store->busy_timeout);
        if (rv == APR_SUCCESS) {
            s->writing = 1;
            t->state = copy_state(s->state);
        }
        else {
            tx->error = "another writer is under way";
        }
    }
    else {
        t->state = s->state;
        t->state->refs++;
    }
    unlock(s);
    if (rv == APR_SUCCESS)
        tx->impl = t;
    return rv;
}

/* ---- savepoints -------------------------------------------------------- */

/* The writer goes on with a copy of its state, of which every table is made
 * its own before it changes; what is saved stays as it is. */
apr_status_t mem_savepoint(store_tx_t *tx)
{
    mem_tx_t *t = MEM_TX(tx);
    mem_saved_t *s = &t->saved[t->n_saved++];

    s->touched = apr_array_copy(tx->p, t->touched);
    s->synced = apr_array_copy(tx->p, t->synced);
    s->owes_push = t->owes_push;
    s->state = t->state;
    lock(t->store);
    t->state = copy_state(s->state);
    unlock(t->store);
    return APR_SUCCESS;
}

apr_status_t mem_savepoint_release(store_tx_t *tx)
{
    mem_tx_t *t = MEM_TX(tx);

    lock(t->store);
    release_state(t->saved[--t->n_saved].state);
    unlock(t->store);
    return APR_SUCCESS;
}

apr_status_t mem_savepoint_rollback(store_tx_t *tx)
{
    mem_tx_t *t = MEM_TX(tx);
    mem_saved_t *s = &t->saved[--t->n_saved];

    lock(t->store);
    release_state(t->state);
    unlock(t->store);
    t->state = s->state;
    t->touched = s->touched;
    t->synced = s->synced;
    t->owes_push = s->owes_push;
    return APR_SUCCESS;
}

/* ---- ends -------------------------------------------------------------- */

/* @param publish  non-zero: the writer's state becomes everybody's */
static void end(store_tx_t *tx, int publish)
{
    mem_tx_t *t = MEM_TX(tx);
    mem_store_t *s = t->store;

    lock(s);
    while (t->n_saved > 0)
        release_state(t->saved[--t->n_saved].state);
    if (publish) {
        release_state(s->state);
        s->state = t->state;
        s->commits++;
    }
    else {
        release_state(t->state);
    }
    t->state = NULL;
    if (tx->mode == STORE_WRITE) {
        s->writing = 0;
        apr_thread_cond_signal(s->turn);
    }
    unlock(s);
}

apr_status_t mem_commit(store_tx_t *tx, int *owes_push)
{
    mem_tx_t *t = MEM_TX(tx);

    if (tx->mode == STORE_WRITE)
        mem_derive_dues(tx);
    *owes_push = t->owes_push;
    end(tx, tx->mode == STORE_WRITE);
    return APR_SUCCESS;
}

void mem_rollback(store_tx_t *tx)
{
    end(tx, 0);
}

#define X(NAME) .NAME = mem_##NAME,
const store_driver_t store_memory_driver = {
    .scheme = "memory:", STORE_DRIVER_CALLS(X)
};
#undef X
