/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The fixture's phone, as push sees it: its settings, number and last sight. */
#ifndef T_UNIT_PUSH_PHONE_H
#define T_UNIT_PUSH_PHONE_H

#include "store_dues.h"

#define NOW  (1000 * SEC)

static inline void set(fixture_t *f, const char *name, const char *value)
{
    store_tx_t *tx = begin_write(f);

    OK(store_device_setting_set(tx, f->phone, name, value));
    commit(tx);
}

static inline const char *get(fixture_t *f, const char *name)
{
    store_tx_t *tx = begin(f, STORE_READ);
    const char *value = NULL;
    apr_status_t rv = store_device_setting_get(tx, f->phone, name, &value);

    value = rv == APR_SUCCESS ? apr_pstrdup(f->p, value) : "";
    roll_back(tx);
    return value;
}

/* The phone's number, switch, last sight and URL. */
static inline void make_phone(fixture_t *f, const char *number, int push,
                       apr_time_t seen, const char *url)
{
    store_tx_t *tx = begin_write(f);
    store_device_t *d;

    OK(store_device_get(tx, f->alice, f->phone, &d));
    d->number = number;
    d->push = push;
    d->last_seen = seen;
    d->sync_url = url;
    OK(store_device_update(tx, d));
    commit(tx);
}

#endif
