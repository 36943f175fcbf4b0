/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * One contact, on a phone and here: what either side makes of it, and what both
 * have of it afterwards.
 */
#ifndef T_UNIT_SML_CONTACT_H
#define T_UNIT_SML_CONTACT_H

#include "sml_world.h"

/* Code of the Status for the phone's n-th command of that name. */
#define CODE(c, name, n) phone_code((c)->ph, name, n)

static inline sml_conflict_conf_t *policy(const char *datastore,
                                          sml_mode_e mode)
{
    int i;

    for (i = 0; i < w->config.datastores->nelts; i++) {
        sml_datastore_conf_t *d = APR_ARRAY_IDX(w->config.datastores, i,
                                                sml_datastore_conf_t *);

        if (strcmp(d->name, datastore) == 0) {
            return &d->conflict[mode];
        }
    }
    abort();
}

/* A contact with these lines besides its name. */
static inline const char *card(const char *name, const char *lines)
{
    return apr_psprintf(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:%s;;;;\r\n"
                        "FN:%s\r\n%sEND:VCARD\r\n", name, name, lines);
}

#define TEL1   "TEL;TYPE=CELL:111\r\n"
#define TEL2   "TEL;TYPE=CELL:222\r\n"
#define TEL3   "TEL;TYPE=CELL:333\r\n"
#define NOTE1  "NOTE:first\r\n"
#define NOTE2  "NOTE:second\r\n"
#define ORG1   "ORG:Works\r\n"
#define TITLE1 "TITLE:Boss\r\n"

/* A phone and the server with one contact in step: the phone's own. */
static inline client_t *in_step(const char *devid, const char *text)
{
    client_t *c = world_phone(devid);

    if (world_count("contacts") == 0) {
        client_put(c, "contacts", text);
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    return c;
}

/* The phone changes its only contact, and so does the server. */
static inline void both_change(client_t *c, const char *phone,
                               const char *server)
{
    client_edit(c, client_find(c, "contacts", ""), phone);
    world_put("contacts", world_find("contacts", ""), server);
}

static inline void has(client_t *c, const char *part)
{
    if (client_find(c, "contacts", part) == NULL) {
        fail_msg("the phone has no %s but %s", part,
                 client_find(c, "contacts", "")->text);
    }
    if (!world_find("contacts", part)) {
        fail_msg("the server has no %s", part);
    }
}

static inline void lacks(client_t *c, const char *part)
{
    if (client_find(c, "contacts", part) != NULL
        || world_find("contacts", part)) {
        fail_msg("somebody still has %s", part);
    }
}

static inline void synced_with(client_t *c, int code)
{
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(CODE(c, "Replace", 0), code);
    world_same(c, "contacts");
}

static inline void in_peace(client_t *c)
{
    world_quiet(c, "contacts");
    assert_int_equal(w->loud, 0);
}

#endif
