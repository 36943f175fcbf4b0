/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A life of the model test: three devices and the server side of one
 * account, and what happens to them, step by step.
 *
 * A step carries dice of its own, so that a history keeps its meaning when
 * steps are taken out of it (see the shrinker in test_sml_model.c).
 */
#ifndef T_UNIT_SML_MODEL_LIFE_H
#define T_UNIT_SML_MODEL_LIFE_H

#include "mod_syncml/sml_guard.h"
#include "sml_model_fate.h"

#define LIFE_DEVICES  3
#define LIFE_STEPS    36

typedef enum {
    STEP_DEVICE_EDIT, STEP_SERVER_EDIT, STEP_SYNC, STEP_CLEAN_SYNC,
    STEP_OFF, STEP_BACKUP, STEP_RESTORE, STEP_WIPE, STEP_GUARD, STEP_REST
} step_e;

static const char *const step_names[] = {
    "edits on device", "edits on the server", "sync of device",
    "good sync of device", "off for a while: device", "backup of device",
    "restore device", "wipe device", "guard on or off", "rest"
};

typedef struct step_t {
    step_e kind;
    int device;
    apr_uint32_t dice;
} step_t;

static struct {
    model_t m;
    device_t *devices[LIFE_DEVICES];
    apr_uint32_t dice;
    int inside;                 /* a session is between two messages */
    int loud;                   /* tell what happens */
} life;

static inline apr_uint32_t life_dice(apr_uint32_t sides)
{
    life.dice = life.dice * 1664525u + 1013904223u;
    return (life.dice >> 8) % sides;
}

static inline step_t life_step(void)
{
    static const step_e kinds[] = {
        STEP_DEVICE_EDIT, STEP_DEVICE_EDIT, STEP_DEVICE_EDIT,
        STEP_DEVICE_EDIT, STEP_DEVICE_EDIT, STEP_DEVICE_EDIT,
        STEP_SERVER_EDIT, STEP_SERVER_EDIT, STEP_SERVER_EDIT,
        STEP_SYNC, STEP_SYNC, STEP_SYNC, STEP_SYNC, STEP_SYNC, STEP_SYNC,
        STEP_SYNC, STEP_CLEAN_SYNC, STEP_CLEAN_SYNC, STEP_REST
    };
    static const step_e rare[] = {
        STEP_OFF, STEP_BACKUP, STEP_BACKUP, STEP_RESTORE, STEP_RESTORE,
        STEP_WIPE, STEP_GUARD
    };
    step_t s;

    s.kind = life_dice(9) ? kinds[life_dice(sizeof(kinds)
                                             / sizeof(kinds[0]))]
                           : rare[life_dice(sizeof(rare)
                                            / sizeof(rare[0]))];
    s.device = (int)life_dice(LIFE_DEVICES);
    s.dice = life_dice(1u << 23);
    return s;
}

/* ---- the server side --------------------------------------------------- */

static inline void life_server_edit(apr_uint32_t (*dice)(apr_uint32_t))
{
    int store = (int)dice(MODEL_STORES), prop;
    const char *name = model_stores[store], *text;
    world_items_t list = { 0 };
    store_id_t id;

    world_list(&list, w->account, name);
    if (list.texts->nelts == 0 || dice(8) < 2) {
        world_put(name, 0, model_make(&life.m, store, w->pool));
        return;
    }
    text = APR_ARRAY_IDX(list.texts, dice((apr_uint32_t)list.texts->nelts),
                         const char *);
    id = world_find(name, text);
    if (dice(3) == 0) {
        model_delete(&life.m, store, text, w->pool);
        world_delete(name, id);
        return;
    }
    prop = (int)dice(MODEL_PROPS);
    world_put(name, id, model_edit(&life.m, store, text, prop, w->pool));
}

/* ---- the administrator ------------------------------------------------- */

static inline void life_guard(apr_uint32_t dice)
{
    static const sml_guard_e actions[] = {
        SML_GUARD_OFF, SML_GUARD_OFF, SML_GUARD_SLOW, SML_GUARD_HOLD
    };
    sml_guard_conf_t guard = { actions[dice % 4], 1, 100, 0 };

    w->config.guard = guard;
}

static inline apr_status_t life_take_note(void *baton,
                                          const sml_guard_note_t *note)
{
    sml_guard_note_t copy = *note;

    copy.datastore = apr_pstrdup(w->pool, note->datastore);
    copy.ids = apr_pstrdup(w->pool, note->ids);
    copy.what = apr_pstrdup(w->pool, note->what);
    APR_ARRAY_PUSH((apr_array_header_t *)baton, sml_guard_note_t) = copy;
    return APR_SUCCESS;
}

/* Deletes that are held may be void later, or dropped. */
static inline void life_held(store_tx_t *tx, store_id_t account,
                             const sml_guard_note_t *note)
{
    const char *ids = note->ids;
    store_datastore_t *ds;
    int store = 0;

    OK(store_datastore_open(tx, account, note->datastore, &ds));
    while (strcmp(model_stores[store], note->datastore) != 0) {
        store++;
    }
    while (*ids != '\0') {
        char *end;
        store_id_t id = apr_strtoi64(ids, &end, 10), to = id;

        if (*end == '-') {
            to = apr_strtoi64(end + 1, &end, 10);
        }
        for (; id <= to; id++) {
            store_item_t *item;
            model_text_t t;

            if (store_item_get(tx, account, ds->id, id, &item)
                == APR_SUCCESS) {
                model_read(&t, store, apr_pstrmemdup(w->pool, item->data,
                           item->len), w->pool);
                model_lose_delete(&life.m, t.item);
            }
        }
        ids = *end == ',' ? end + 1 : end;
    }
}

/* A sync that was stopped has deleted nothing, and the next is slow. */
static inline void life_stopped(device_t *d, const sml_guard_note_t *note)
{
    int i, store = (int)(client_store(d->c, note->datastore) - d->c->stores);

    for (i = 0; i < life.m.nitems; i++) {
        if (life.m.items[i].store == store) {
            model_lose_delete(&life.m, i);
        }
    }
    d->may_slow[store] = 1;
}

/* Decide about what a device has left behind. */
static inline void life_decide(device_t *d, int late)
{
    apr_array_header_t *notes = apr_array_make(w->pool, 4,
                                               sizeof(sml_guard_note_t));
    store_device_t *device;
    apr_int64_t count;
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_id_t account = world_account_id(tx, w->account);
    int i;

    if (store_device_find(tx, account, d->c->ph->devid, &device)
        == APR_SUCCESS) {
        OK(sml_guard_list(tx, device->id, life_take_note, notes, p));
    }
    for (i = 0; i < notes->nelts; i++) {
        const sml_guard_note_t *note = &APR_ARRAY_IDX(notes, i,
                                                      sml_guard_note_t);
        int what = (int)device_dice(d, late ? 2 : 4);

        if (strcmp(note->what, SML_GUARD_HELD) == 0) {
            life_held(tx, account, note);
        }
        else {
            life_stopped(d, note);
        }
        if (what < 2) {
            OK(what ? sml_guard_release(tx, account, device->id,
                                        note->datastore, &count, p)
                    : sml_guard_drop(tx, account, device->id, note->datastore,
                                     &count, p));
            faults[FAULT_HELD]++;
        }
    }
    world_end(tx, p);
}

/* ---- syncs ------------------------------------------------------------- */

static inline const char *life_names(device_t *d)
{
    const char *names = "";
    int i;

    for (i = 0; i < MODEL_STORES; i++) {
        if (device_dice(d, 2)) {
            names = apr_pstrcat(w->pool, names, " ", model_stores[i], NULL);
        }
    }
    return *names ? names : "contacts";
}

/* Between two messages of a session somebody edits, another device has a
 * session, or the same one, or so much time goes by that the session has
 * expired. */
static inline void life_between(device_t *d)
{
    device_t *other = life.devices[device_dice(d, LIFE_DEVICES)];

    if (device_dice(d, 8) == 0 && !life.inside) {
        life.inside = 1;
        device_overlap(d);
        life_decide(d, 0);
        life.inside = 0;
        return;
    }
    if (device_dice(d, 12) == 0) {
        device_expire(d);
        return;
    }
    if (device_dice(d, 3) || other == d || life.inside) {
        life.dice = device_dice(d, 1u << 23);
        life_server_edit(life_dice);
        return;
    }
    life.inside = 1;
    other->dice = device_dice(d, 1u << 23);
    device_behave(other);
    device_habits(other);
    device_sync(other, 200, life_names(d));
    life_decide(other, 0);
    life.inside = 0;
}

/* Suspended datastores are resumed, or not. */
static inline int life_code(device_t *d)
{
    static const int codes[] = { 200, 200, 200, 200, 200, 200, 201, 202,
                                 204 };
    int i, suspended = 0;

    for (i = 0; i < MODEL_STORES; i++) {
        suspended |= d->suspended[i];
    }
    if (suspended && device_resumes(d) && device_dice(d, 3)) {
        return 225;
    }
    if (device_dice(d, 30) == 0) {
        return device_dice(d, 2) ? 203 : 205;
    }
    return codes[device_dice(d, 9)];
}

static inline const char *life_suspended(device_t *d)
{
    const char *names = "";
    int i;

    for (i = 0; i < MODEL_STORES; i++) {
        if (d->suspended[i]) {
            names = apr_pstrcat(w->pool, names, " ", model_stores[i], NULL);
        }
    }
    return names;
}

static inline void life_sync(device_t *d, const step_t *step)
{
    int code, done;
    const char *names;

    d->dice = step->dice;
    if (d->off > 0) {
        d->off--;
        return;
    }
    device_behave(d);
    device_habits(d);
    code = 200;
    names = life_names(d);
    if (step->kind == STEP_SYNC) {
        d->rough = device_dice(d, 5) ? 2 + (int)device_dice(d, 9) : 0;
        d->suspend_at = device_dice(d, 6) ? 0 : 2 + device_dice(d, 5);
        d->refuses = device_dice(d, 5) ? 0 : 1 + (int)device_dice(d, 4);
        d->between = device_dice(d, 2) ? life_between : NULL;
        d->c->mute = device_dice(d, 15) == 0;
        d->c->sync_code = device_dice(d, 15) == 0 ? 503 : 0;
        code = life_code(d);
        names = code == 225 ? life_suspended(d) : names;
    }
    done = device_sync(d, code, names);
    life_decide(d, 0);
    if (life.loud) {
        printf("#     %d of%s: %s\n", code, names, done ? "done"
                                                        : d->c->ph->why);
    }
}

/* ---- rest -------------------------------------------------------------- */

static inline int life_moved(const client_t *c)
{
    int i, n = 0;

    for (i = 0; i < c->nstores; i++) {
        n += c->stores[i].came[0] + c->stores[i].came[1]
           + c->stores[i].came[2];
    }
    for (i = 0; i < c->ph->sent->nelts; i++) {
        const char *name = APR_ARRAY_IDX(c->ph->sent, i, phone_sent_t).name;

        n += strcmp(name, "Add") == 0 || strcmp(name, "Replace") == 0
          || strcmp(name, "Delete") == 0;
    }
    return n;
}

/* A good session after one that ended well as well: it brings what others did,
 * each once or as a delete and a new item, and nothing of the device's own.
 * (Where the server keeps its text against an old one, all get it again.) */
static inline void life_bounds(const device_t *d)
{
    int i;

    for (i = 0; i < d->c->nstores; i++) {
        const client_store_t *s = &d->c->stores[i];
        int n = s->came[0] + s->came[1] + s->came[2];

        if (n > 2 * model_touched(&life.m, i)) {
            model_fail("%s, %s: %d changes came, but only %d items had any",
                       d->c->ph->devid, s->name, n,
                       model_touched(&life.m, i));
        }
    }
    if (d->echoes > 0 && !life.m.strange) {
        model_fail("%s: an item came back as it was", d->c->ph->devid);
    }
}

/* All devices synchronise until nothing moves: what was edited reaches the
 * server in the first round and all others in the second, so there is
 * nothing for a third. */
static inline void life_settle(void)
{
    int round, i, moved = 1;

    for (round = 0; moved > 0; round++) {
        moved = 0;
        for (i = 0; i < LIFE_DEVICES; i++) {
            device_t *d = life.devices[i];
            int n;

            d->off = 0;
            device_behave(d);
            if (!device_sync(d, 200, "contacts calendar tasks notes")) {
                model_fail("%s: %s", d->c->ph->devid, d->c->ph->why);
            }
            life_decide(d, 1);
            n = life_moved(d->c);
            if (life.loud) {
                printf("#     round %d, device %d: %d\n", round + 1, i, n);
            }
            if (round > 0) {
                life_bounds(d);
            }
            if (round >= 2 && n > 0) {
                model_fail("round %d: %s does not come to rest", round + 1,
                           d->c->ph->devid);
            }
            moved += n;
        }
    }
}

/* In some order that is the same for all sides. */
static inline int life_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(model_text_t));
}

static inline apr_array_header_t *life_read_server(int store)
{
    apr_array_header_t *all = apr_array_make(w->pool, 16,
                                             sizeof(model_text_t));
    world_items_t list = { 0 };
    int i;

    world_list(&list, w->account, model_stores[store]);
    for (i = 0; i < list.texts->nelts; i++) {
        model_text_t *t = apr_array_push(all);

        model_read(t, store, APR_ARRAY_IDX(list.texts, i, const char *),
                   w->pool);
        model_leave_out(&life.m, t);
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(model_text_t),
          life_order);
    return all;
}

static inline apr_array_header_t *life_read_device(device_t *d, int store)
{
    const client_store_t *s = &d->c->stores[store];
    apr_array_header_t *all = apr_array_make(w->pool, 16,
                                             sizeof(model_text_t));
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        const client_item_t *item = APR_ARRAY_IDX(s->items, i,
                                                  client_item_t *);

        if (!item->gone) {
            model_text_t *t = apr_array_push(all);

            model_read(t, store, item->text, w->pool);
            model_leave_out(&life.m, t);
        }
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(model_text_t),
          life_order);
    return all;
}

static inline const char *life_words(const model_text_t *t)
{
    const char *words = apr_itoa(w->pool, t->item);
    int i, j;

    for (i = 0; i < MODEL_PROPS; i++) {
        for (j = 0; j < MODEL_LINES && t->value[i][j]; j++) {
            words = apr_psprintf(w->pool, "%s%sv%d", words, j ? "+" : " ",
                                 t->value[i][j]);
        }
    }
    return words;
}

static inline void life_compare(device_t *d, int store,
                                const apr_array_header_t *server)
{
    apr_array_header_t *mine = life_read_device(d, store);
    int i;

    for (i = 0; i < mine->nelts && i < server->nelts; i++) {
        const model_text_t *a = &APR_ARRAY_IDX(mine, i, model_text_t);
        const model_text_t *b = &APR_ARRAY_IDX(server, i, model_text_t);

        if (memcmp(a, b, sizeof(*a)) != 0) {
            model_fail("%s, %s: %d items, the server has %d; item %s on the "
                       "device, item %s on the server", d->c->ph->devid,
                       model_stores[store], mine->nelts, server->nelts,
                       life_words(a), life_words(b));
        }
    }
    if (mine->nelts != server->nelts) {
        model_fail("%s, %s: %d items, the server has %d",
                   d->c->ph->devid, model_stores[store], mine->nelts,
                   server->nelts);
    }
}

static inline void life_judge(void)
{
    const char *wrong = NULL;
    int store, i;

    model_look(&life.m);
    for (store = 0; store < MODEL_STORES; store++) {
        apr_array_header_t *all = life_read_server(store);

        for (i = 0; i < LIFE_DEVICES; i++) {
            life_compare(life.devices[i], store, all);
        }
        for (i = 0; i < all->nelts && wrong == NULL; i++) {
            wrong = model_judge(&life.m, store,
                                &APR_ARRAY_IDX(all, i, model_text_t),
                                w->pool);
        }
        if (wrong == NULL) {
            for (i = 0; i < all->nelts; i++) {
                model_set_base(&life.m, &APR_ARRAY_IDX(all, i,
                                                       model_text_t));
            }
        }
    }
    wrong = wrong ? wrong : model_missing(&life.m, w->pool);
    if (wrong != NULL) {
        model_fail("%s", wrong);
    }
    if (w->loud) {
        model_fail("the engine has logged an error: %s",
                   APR_ARRAY_IDX(w->log, w->log->nelts - 1, const char *));
    }
    model_rest(&life.m);
}

/* ---- all together ------------------------------------------------------ */

static inline void life_take(const step_t *step)
{
    device_t *d = life.devices[step->device];
    int n;

    life.dice = d->dice = step->dice;
    n = 1 + (int)life_dice(4);
    switch (step->kind) {
    case STEP_DEVICE_EDIT:
        for (; n > 0; n--) {
            device_change(d);
        }
        break;
    case STEP_SERVER_EDIT:
        for (; n > 0; n--) {
            life_server_edit(life_dice);
        }
        break;
    case STEP_SYNC: case STEP_CLEAN_SYNC:
        life_sync(d, step);
        break;
    case STEP_OFF:
        d->off = n;
        faults[FAULT_OFF]++;
        break;
    case STEP_BACKUP:
        device_save(d);
        break;
    case STEP_RESTORE:
        faults[FAULT_RESTORED] += d->backup != NULL;
        device_restore(d);
        break;
    case STEP_WIPE:
        faults[FAULT_WIPED]++;
        device_wipe(d);
        break;
    case STEP_GUARD:
        life_guard(life_dice(4));
        break;
    case STEP_REST:
        life_settle();
        life_judge();
    }
}

/** Live the steps that @p keep has (NULL: all), and rest. @return sessions */
static inline int life_live(const step_t *steps, int n, const char *keep)
{
    static const step_t rest = { STEP_REST, 0, 0 };
    int i, sessions = 0;

    for (i = 0; i < LIFE_DEVICES; i++) {
        life.devices[i] = device_make(&life.m, w->pool, i);
    }
    life_guard(steps[0].dice);
    for (i = 0; i < n; i++) {
        if (keep == NULL || keep[i]) {
            if (life.loud) {
                printf("# %3d %s %d\n", i, step_names[steps[i].kind],
                       steps[i].device);
                fflush(stdout);
            }
            life_take(&steps[i]);
        }
    }
    life_take(&rest);
    for (i = 0; i < LIFE_DEVICES; i++) {
        sessions += life.devices[i]->sessions;
    }
    return sessions;
}

#endif
