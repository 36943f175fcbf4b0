/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Phones and contacts for the tests of what a device sees.
 */
#ifndef T_UNIT_SML_VIEWS_H
#define T_UNIT_SML_VIEWS_H

#include "sml_world.h"

static inline client_t *phone_with(const char *path, const char *type)
{
    client_t *c = world_phone("IMEI:1");

    c->stores[0].name = path;   /* "contacts" */
    c->stores[0].type = type;
    return c;
}

/* The device takes another path for what it has. */
static inline void rename_store(client_t *c, const char *from, const char *to)
{
    client_store(c, from)->name = to;
}

static inline const char *card_of(const char *name, const char *org,
                                  const char *more)
{
    return apr_psprintf(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:%s;;;;\r\n"
                        "FN:%s\r\nORG:%s\r\n%sEND:VCARD\r\n", name, name,
                        org, more);
}

#endif
