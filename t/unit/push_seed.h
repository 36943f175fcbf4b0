/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A store with devices that are owed a notification, for the tests and
 * measures of push.  Every call ends the program with words if it fails.
 */
#ifndef SYNCML_TEST_PUSH_SEED_H
#define SYNCML_TEST_PUSH_SEED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "push/route.h"
#include "store/store.h"

static inline void seed_must(apr_status_t rv, const char *what)
{
    char buf[256];

    if (rv != APR_SUCCESS) {
        fprintf(stderr, "seed: %s: %s\n", what,
                store_strerror(rv, buf, sizeof buf));
        abort();
    }
}

static inline store_t *seed_open(const char *dir, int create, apr_pool_t *p)
{
    store_options_t options = {
        .key_file = apr_pstrcat(p, dir, "/syncml.key", NULL),
        .create = create
    };
    const char *error = "";
    store_t *store;

    seed_must(store_open(&store, apr_pstrcat(p, "sqlite:", dir, "/syncml.db",
                                             NULL), &options, &error, p),
              error);
    return store;
}

static inline store_id_t seed_account(store_tx_t *tx, const char *name)
{
    store_id_t id;

    seed_must(store_account_add(tx, name, "secret", &id), "account");
    return id;
}

/* A device that has synced the datastores (their names, then NULL). */
static inline store_id_t seed_device(store_tx_t *tx, store_id_t account,
                                     const char *devid, const char *number,
                                     const char *const *datastores)
{
    store_device_t d = { .account = account, .devid = devid,
        .manufacturer = "Nokia", .model = "E71", .firmware = "",
        .software = "", .hardware = "", .syncml_version = "1.2",
        .sync_url = "", .devinf = "", .nonce = "", .nonce_prev = "",
        .number = number, .push = 1 };

    seed_must(store_device_add(tx, &d), "device");
    for (; *datastores; datastores++) {
        store_datastore_t *ds;
        store_anchor_t a = { .device = d.id, .content_code = 7,
            .uri = *datastores, .former = { "", "", 0 }, .synced = 1 };

        seed_must(store_datastore_open(tx, account, *datastores, &ds),
                  "datastore");
        a.datastore = ds->id;
        a.last.client = "c1";
        a.last.server = "s1";
        a.last.seen = ds->change;
        seed_must(store_anchor_put(tx, &a), "anchor");
    }
    return d.id;
}

/* Somebody else's change, as the server side makes it. */
static inline void seed_change(store_tx_t *tx, store_id_t account,
                               const char *datastore)
{
    static const char text[] = "BEGIN:VCARD\r\nEND:VCARD\r\n";
    store_item_t item = { .type = "text/vcard", .data = text,
                          .len = sizeof text - 1 };
    store_datastore_t *ds;

    seed_must(store_datastore_open(tx, account, datastore, &ds),
              "datastore");
    item.datastore = ds->id;
    seed_must(store_item_add(tx, account, &item), "item");
}

/* One more route (to a new array where routes is NULL).
 * @param said  settings with blanks between them */
static inline apr_array_header_t *seed_route(apr_array_header_t *routes,
                                             const char *name,
                                             const char *url,
                                             const char *said, apr_pool_t *p)
{
    apr_array_header_t *settings = apr_array_make(p, 4,
                                                  sizeof(const char *));
    const char *error = "";
    char *last, *one, *list = apr_pstrdup(p, said);
    route_t *route;

    for (one = apr_strtok(list, " ", &last); one;
         one = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(settings, const char *) = one;
    }
    seed_must(route_create(&route, name, url, settings, NULL, &error, p),
              error);
    if (!routes) {
        routes = apr_array_make(p, 2, sizeof(route_t *));
    }
    APR_ARRAY_PUSH(routes, route_t *) = route;
    return routes;
}

static inline store_tx_t *seed_begin(store_t *store, apr_pool_t *p)
{
    store_tx_t *tx;

    seed_must(store_begin(&tx, store, STORE_WRITE, p), "begin");
    return tx;
}

static inline int seed_commit(store_tx_t *tx)
{
    int owes = 0;

    seed_must(store_commit(&tx, &owes), "commit");
    return owes;
}

#endif
