/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A small story that has everything: a phone and the server side add, edit
 * and delete.  For tests that let it go wrong at each of its points.
 */
#ifndef T_UNIT_SML_STORY_H
#define T_UNIT_SML_STORY_H

#include "sml_world.h"

/* Items that each side adds and begins with. */
#define CARDS 4

static inline const char *name_of(const char *what, int i)
{
    return world_card(apr_psprintf(w->pool, "%s%d", what, i));
}

static inline client_item_t *item_of(client_t *c, const char *what, int i)
{
    return client_find(c, "contacts",
                       apr_psprintf(w->pool, "FN:%s%d\r", what, i));
}

static inline store_id_t id_of(const char *what, int i)
{
    return world_find("contacts",
                      apr_psprintf(w->pool, "FN:%s%d\r", what, i));
}

/* A new account, and a phone in step with it. */
static inline client_t *fresh_phone(int sync_first)
{
    static int accounts;
    client_t *c;
    int i;

    world_add_account(apr_psprintf(w->pool, "account%d", ++accounts));
    c = world_phone("IMEI:1");
    c->per_message = 2;
    c->ph->max_msg = 1500;
    for (i = 0; i < CARDS; i++) {
        client_put(c, "contacts", name_of("Phone", i));
        world_put("contacts", 0, name_of("Server", i));
    }
    if (sync_first) {
        SYNCED(c, client_sync(c, 200, "contacts"));
    }
    return c;
}

/* Adds, edits and deletes on both sides. */
static inline void edit_both(client_t *c)
{
    int i;

    for (i = 0; i < CARDS; i++) {
        client_put(c, "contacts", name_of("PhoneNew", i));
        world_put("contacts", 0, name_of("ServerNew", i));
    }
    client_edit(c, item_of(c, "Phone", 0), name_of("PhoneEdit", 0));
    client_edit(c, item_of(c, "Server", 0), name_of("PhoneEdit", 1));
    client_erase(item_of(c, "Phone", 1));
    client_erase(item_of(c, "Server", 1));
    world_put("contacts", id_of("Phone", 2), name_of("ServerEdit", 0));
    world_put("contacts", id_of("Server", 2), name_of("ServerEdit", 1));
    world_delete("contacts", id_of("Phone", 3));
    world_delete("contacts", id_of("Server", 3));
}

/** So many items both sides have after edit_both() and a sync. */
#define STORY_ITEMS (4 * CARDS - 4)

/** What the server said it has taken is in the store. @return NULL, or the
 * text that is not */
static inline const char *story_promised(client_t *c)
{
    int i;

    for (i = 0; i < c->ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(c->ph->sent, i, phone_sent_t);
        const client_item_t *item = t->what;

        if ((strcmp(t->name, "Add") == 0 || strcmp(t->name, "Replace") == 0)
            && item != NULL && (t->code == 200 || t->code == 201)
            && world_find("contacts", item->text) == 0) {
            return item->text;
        }
    }
    return NULL;
}

/* Run the sync, broken at a message.  @return 0: it was through before */
static inline int broken(client_t *c, int code, unsigned at, int after)
{
    return world_broken(c, code, "contacts", at, after);
}

#endif
