/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Which datastores of the store a client's path means: one; one of the
 * account's own below it ("contacts/private"); or, for a combination such as
 * events and tasks in one database of the phone, several, whose syncs are
 * linked as a group.  The group's first stands for all towards the client: it
 * has the Alert and the NumberOfChanges.
 */
#include "mod_syncml/sml_offer.h"
#include "mod_syncml/sml_receive.h"

#include <string.h>

#include <apr_strings.h>

const char *sml_server_path(const sml_uri_t *target, const sml_uri_t *source)
{
    return target->uri && *target->uri ? target->uri : source->uri;
}

/* ---- paths to datastores ------------------------------------------------ */

typedef struct search_t {
    const char *name;
    const char *found;
    apr_pool_t *p;
} search_t;

static apr_status_t on_datastore(void *baton, const store_datastore_t *ds)
{
    search_t *search = baton;

    if (strcasecmp(ds->name, search->name) != 0) {
        return APR_SUCCESS;
    }
    search->found = apr_pstrdup(search->p, ds->name);
    return APR_EOF;
}

/* @return the store's name of one of the account's own, in whatever case it
 * was made; NULL: there is none */
static const char *find_sub(sml_session_t *s, const sml_path_t *path)
{
    search_t search = { NULL, NULL, s->p };

    search.name = apr_pstrcat(s->p, path->conf->name, "/", path->sub, NULL);
    s->rv = store_datastore_list(s->tx, s->account, on_datastore, &search);
    return search.found;
}

static void push_name(apr_array_header_t **names, const char *name,
                      apr_pool_t *p)
{
    if (*names == NULL) {
        *names = apr_array_make(p, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(*names, const char *) = name;
}

apr_array_header_t *sml_path_names(sml_session_t *s, const sml_path_t *path)
{
    const apr_array_header_t *members = path->conf ? path->conf->members
                                                   : NULL;
    apr_array_header_t *names = NULL;
    int i;

    if (path->conf == NULL || (path->sub != NULL && members != NULL)) {
        return NULL;
    }
    if (path->sub != NULL) {
        const char *name = find_sub(s, path);

        if (name != NULL) {
            push_name(&names, name, s->p);
        }
        return names;
    }
    if (members == NULL) {
        push_name(&names, path->conf->name, s->p);
    }
    for (i = 0; members != NULL && i < members->nelts; i++) {
        push_name(&names,
                  APR_ARRAY_IDX(members, i, sml_datastore_conf_t *)->name,
                  s->p);
    }
    return names;
}

void sml_path_log_unknown(sml_session_t *s, const char *uri,
                          const sml_path_t *path)
{
    if (path->conf != NULL && path->sub != NULL
        && path->conf->members == NULL && sml_path_sub_ok(path->sub)) {
        sml_log(s->config, 5, 0, "device %s asked for datastore \"%s\": "
                "account %s has no %s/%s; `syncmlctl datastore add --account "
                "%s %s/%s' makes it", s->device->devid, uri, s->state->user,
                path->conf->name, path->sub, s->state->user,
                path->conf->name, path->sub);
        return;
    }
    sml_log(s->config, 5, 0, "device %s asked for datastore \"%s\", "
            "which is not offered here", s->device->devid, uri ? uri : "");
}

/* A combination that begins with the calendar and has the tasks as well. */
static const sml_datastore_conf_t *with_tasks(const sml_config_t *config,
                                              const sml_datastore_conf_t *d)
{
    int i, j;

    for (i = 0; i < config->datastores->nelts; i++) {
        const sml_datastore_conf_t *c =
            APR_ARRAY_IDX(config->datastores, i, sml_datastore_conf_t *);

        for (j = 1; c->members != NULL && j < c->members->nelts; j++) {
            if (APR_ARRAY_IDX(c->members, 0, sml_datastore_conf_t *) == d
                && APR_ARRAY_IDX(c->members, j, sml_datastore_conf_t *)->kind
                   == ITEM_VTODO) {
                return c;
            }
        }
    }
    return NULL;
}

/* Some of these phones have databases for each; their DevInf says so. */
static int has_two_calendars(sml_session_t *s)
{
    const apr_array_header_t *offers =
        sml_offers_read(s->device->devinf, s->device->devinf_len, s->p);
    const char *type;
    int i, n = 0;

    for (i = 0; i < offers->nelts; i++) {
        apr_array_header_t *one =
            apr_array_make(s->p, 1, sizeof(sml_offer_t));

        APR_ARRAY_PUSH(one, sml_offer_t) = APR_ARRAY_IDX(offers, i,
                                                         sml_offer_t);
        n += sml_offer_format(one, NULL, ITEM_VEVENT, &type)
                 != ITEM_FORMAT_AS_IS
             || sml_offer_format(one, NULL, ITEM_VTODO, &type)
                != ITEM_FORMAT_AS_IS;
    }
    return n > 1;
}

void sml_path_take(sml_session_t *s, const char *uri, sml_path_t *path)
{
    const sml_datastore_conf_t *both;

    sml_path_parse(s->config, uri, path, s->p);
    if (path->conf == NULL || path->conf->kind != ITEM_VEVENT
        || path->conf->members != NULL || path->sub != NULL
        || s->device == NULL || s->tx == NULL
        || !(sml_traits(s)->flags & ITEM_QUIRK_COMBINED)) {
        return;
    }
    both = with_tasks(s->config, path->conf);
    if (both != NULL && !has_two_calendars(s)) {
        path->conf = both;
    }
}

/* ---- the session's syncs ------------------------------------------------ */

const sml_datastore_conf_t *sml_sync_conf(const sml_session_t *s,
                                          const sml_sync_t *y)
{
    const apr_array_header_t *all = s->config->datastores;
    int i;

    /* Asked several times for each item, so first by its very name. */
    for (i = 0; i < all->nelts; i++) {
        const sml_datastore_conf_t *d =
            APR_ARRAY_IDX(all, i, const sml_datastore_conf_t *);

        if (strcmp(d->name, y->name) == 0) {
            return d;
        }
    }
    return sml_datastore_lookup(s->config, y->name);
}

int sml_sync_index(const sml_session_t *s, const sml_sync_t *y)
{
    return (int)(y - (sml_sync_t *)s->state->syncs->elts);
}

sml_sync_t *sml_sync_by_name(sml_session_t *s, const char *name)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (strcasecmp(y->name, name) == 0) {
            return y;
        }
    }
    return NULL;
}

static sml_sync_t *head_of(sml_session_t *s, const char *combination)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (y->combined != NULL && y->member == 0
            && strcmp(y->combined, combination) == 0) {
            return y;
        }
    }
    return NULL;
}

sml_sync_t *sml_sync_find(sml_session_t *s, const sml_uri_t *target,
                          const sml_uri_t *source)
{
    sml_path_t path;
    sml_sync_t *y;

    sml_path_take(s, sml_server_path(target, source), &path);
    if (path.conf == NULL) {
        return NULL;
    }
    if (path.conf->members != NULL) {
        return path.sub ? NULL : head_of(s, path.conf->name);
    }
    y = sml_sync_by_name(s, path.sub
                                ? apr_pstrcat(s->p, path.conf->name, "/",
                                              path.sub, NULL)
                                : path.conf->name);
    return y && sml_combination(y) == NULL ? y : NULL;
}

const char *sml_combination(const sml_sync_t *y)
{
    return y->combined && strcmp(y->combined, y->name) == 0 ? NULL
                                                            : y->combined;
}

sml_sync_t *sml_sync_next(const sml_session_t *s, const sml_sync_t *y)
{
    int i;

    if (y->combined == NULL) {
        return NULL;
    }
    /* A later cycle of the session may have begun them in another order. */
    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *next = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (next->combined != NULL && next->member == y->member + 1
            && strcmp(next->combined, y->combined) == 0) {
            return next;
        }
    }
    return NULL;
}

sml_sync_t *sml_sync_head(sml_session_t *s, sml_sync_t *y)
{
    sml_sync_t *head = y->combined ? head_of(s, y->combined) : NULL;

    return head ? head : y;
}

/* ---- items among the members -------------------------------------------- */

sml_sync_t *sml_sync_for_kind(sml_session_t *s, sml_sync_t *head,
                              item_kind_e kind)
{
    sml_sync_t *y, *other = NULL;

    for (y = head; y != NULL; y = sml_sync_next(s, y)) {
        const sml_datastore_conf_t *d = sml_sync_conf(s, y);

        if (d != NULL && d->kind == kind) {
            return y;
        }
        if (d != NULL && other == NULL && sml_datastore_takes(d, kind)) {
            other = y;
        }
    }
    return other;
}

sml_sync_t *sml_sync_with_luid(sml_session_t *s, sml_sync_t *head, int tag,
                               const char *luid, const char *guid,
                               const sml_sync_t *but, store_map_t **map)
{
    sml_sync_t *y;
    apr_status_t rv;

    for (y = head; y != NULL; y = sml_sync_next(s, y)) {
        if (y == but) {
            continue;
        }
        rv = sml_find_map(s, y, tag, luid, guid, map);
        if (rv == APR_SUCCESS) {
            return y;
        }
        if (rv != APR_NOTFOUND) {
            s->rv = rv;
            return NULL;
        }
    }
    return NULL;
}

/* An event became a task, or the other way round: it goes from the one
 * datastore here, and comes into the other as a new item. */
void sml_leave_other(sml_session_t *s, sml_sync_t *head, const sml_sync_t *y,
                     const sml_change_t *c)
{
    store_map_t *map;
    sml_sync_t *old;

    if (head->combined == NULL
        || (old = sml_sync_with_luid(s, head, c->tag, c->luid, c->guid, y,
                                     &map)) == NULL) {
        return;
    }
    sml_unstage(s, map->item);
    s->rv = store_item_delete(s->tx, s->account, old->datastore, map->item,
                              s->device->id, NULL);
    if (s->rv == APR_SUCCESS || s->rv == APR_NOTFOUND) {
        s->rv = store_map_delete(s->tx, s->device->id, old->datastore,
                                 map->item);
    }
    sml_log(s->config, 6, 0, "account=%s device=%s: item %" APR_INT64_T_FMT
            " went from %s to %s", s->state->user, s->device->devid,
            map->item, old->name, y->name);
}
