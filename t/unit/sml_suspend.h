/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Sessions that stop at a message, by Alert 224 or because the line breaks,
 * and go on with Alert 225: as DS 1.2 clients do it, which then send only
 * what had no Status, and Maps that may have been lost first of all.
 */
#ifndef T_UNIT_SML_SUSPEND_H
#define T_UNIT_SML_SUSPEND_H

#include "sml_world.h"

enum { STOP_SUSPEND, STOP_DEAF, STOP_BEFORE, STOP_AFTER, STOPS };

/** The datastore that is meant. */
static const char *stop_store = "contacts";

static inline const char *stop_name(int how)
{
    static const char *const names[] = {
        "suspended at", "suspended without reading the answer at",
        "broken before", "broken after"
    };

    return names[how];
}

static inline void stop_note_confirmed(client_t *c)
{
    int i;

    for (i = 0; i < c->ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(c->ph->sent, i, phone_sent_t);

        if (t->what != NULL && strcmp(t->name, "Alert") != 0
            && client_is_done(t->code)) {
            ((client_item_t *)t->what)->confirmed = 1;
        }
    }
}

/* A former session's confirmations are good now, or of no use any more. */
static inline void stop_forget(client_t *c, int good)
{
    int i, j;

    for (i = 0; i < c->nstores; i++) {
        for (j = 0; j < c->stores[i].items->nelts; j++) {
            client_item_t *item = APR_ARRAY_IDX(c->stores[i].items, j,
                                                client_item_t *);

            if (good && item->confirmed) {
                item->dirty = 0;
            }
            item->confirmed = 0;
        }
    }
}

/* Run a session that stops. @return 0: it was through before, and is good */
static inline int stopped(client_t *c, int code, unsigned at, int how)
{
    apr_status_t rv;

    if (how <= STOP_DEAF) {
        c->suspend_at = at;
        c->deaf = how == STOP_DEAF;
    }
    else {
        w->break_at = at;
        w->break_after = how == STOP_AFTER;
    }
    c->resuming = code == 225;
    rv = client_session(c, code, stop_store);
    w->break_at = c->suspend_at = 0;
    if (rv == APR_SUCCESS) {
        stop_forget(c, c->resuming);
        client_commit(c);
    }
    else {
        if (rv != APR_TIMEUP) {
            fail_msg("%s %u: %s", stop_name(how), at, c->ph->why);
        }
        stop_note_confirmed(c);
    }
    c->resuming = 0;
    return rv != APR_SUCCESS;
}

/* Has the server seen the client's Sync of the session that stopped? */
static inline int stop_had_begun(const client_t *c, int how)
{
    int i;

    for (i = 0; i < c->ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(c->ph->sent, i, phone_sent_t);

        if (strcmp(t->name, "Sync") == 0
            && (how != STOP_BEFORE || t->msg < c->ph->msg)) {
            return 1;
        }
    }
    return 0;
}

/* A sync in which the client says all begins anew where it had not begun. */
static inline int stop_goes_on(const client_t *c, int code, int how)
{
    return (code != 201 && (code != 203 || c->ph->model == NULL))
        || stop_had_begun(c, how);
}

/* Go on with Alert 225 to the end. */
static inline void resumed(client_t *c, const char *after)
{
    apr_status_t rv;

    c->resuming = 1;
    rv = client_session(c, 225, stop_store);
    c->resuming = 0;
    if (rv != APR_SUCCESS) {
        fail_msg("resumed, %s: %s", after, c->ph->why);
    }
    stop_forget(c, 1);
    client_commit(c);
}

/* Non-zero if the client may ask for a resume: it knows the sync type. */
static inline int may_resume(client_t *c)
{
    return client_store(c, stop_store)->code != 0;
}

/** The device's session has expired. */
static inline void suspend_expire(const char *devid)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *device;
    store_session_t *session;

    OK(store_device_find(tx, world_account_id(tx, w->account), devid,
                         &device));
    OK(store_session_of_device(tx, device->id, &session));
    session->expires = apr_time_now() - apr_time_from_sec(1);
    OK(store_session_put(tx, session));
    world_end(tx, p);
}

#endif
