/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Messages written command by command, for what no client of sml_run.h would
 * say.  All of them go through the one phone ph.
 */
#ifndef T_UNIT_SML_HAND_H
#define T_UNIT_SML_HAND_H

#include "sml_world.h"

static phone_t *ph;

static inline void start(void)
{
    ph = world_phone("IMEI:1")->ph;
    world_start(ph);
    phone_open(ph);
}

/* ---- commands written by hand ------------------------------------------ */

/* Open a command; see done(). */
static inline void begin(int tag)
{
    phone_command(ph, tag);
    phone_expect(ph, codec_tag_name(tag), NULL);
}

static inline void begin_item(const char *target, const char *source)
{
    codec_open(ph->w, SYNCML_ITEM);
    if (target != NULL) {
        phone_uri(ph, SYNCML_TARGET, target, NULL);
    }
    if (source != NULL) {
        phone_uri(ph, SYNCML_SOURCE, source, NULL);
    }
}

static inline void item(const char *target, const char *source,
                        const char *data)
{
    begin_item(target, source);
    if (data != NULL) {
        codec_text(ph->w, SYNCML_DATA, data);
    }
    codec_close(ph->w);
}

static inline void meta(int tag, const char *text)
{
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, tag, text);
    codec_close(ph->w);
}

static inline void done(void)
{
    codec_close(ph->w);
}

/* A command with one item. */
static inline void simple(int tag, const char *type, const char *source,
                          const char *data)
{
    begin(tag);
    if (type != NULL) {
        meta(METINF_TYPE, type);
    }
    item(NULL, source, data);
    done();
}

/* An Add in pieces. @param size  0: it is not the first */
static inline void piece(const char *luid, const char *text, int size,
                         int more)
{
    begin(SYNCML_ADD);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_TYPE, "text/vcard");
    if (size) {
        codec_number(ph->w, METINF_SIZE, size);
    }
    done();
    begin_item(NULL, luid);
    codec_text(ph->w, SYNCML_DATA, text);
    if (more) {
        codec_empty(ph->w, SYNCML_MOREDATA);
    }
    done();
    done();
}

#define CODE(name, n) phone_code(ph, name, n)

static inline const char *of_octets(int n)
{
    char *s = apr_palloc(w->pool, (apr_size_t)n + 1);

    memset(s, 'x', (apr_size_t)n);
    s[n] = '\0';
    return s;
}

static inline void alert(const char *code, const char *target,
                         const char *source, const char *next)
{
    begin(SYNCML_ALERT);
    if (code != NULL) {
        codec_text(ph->w, SYNCML_DATA, code);
    }
    if (target != NULL || source != NULL) {
        begin_item(target, source);
        if (next != NULL) {
            codec_open(ph->w, SYNCML_META);
            codec_open(ph->w, METINF_ANCHOR);
            codec_text(ph->w, METINF_NEXT, next);
            codec_close(ph->w);
            codec_close(ph->w);
        }
        done();
    }
    done();
}

static inline void open_first(const char *devid)
{
    ph = world_phone(devid)->ph;
    ph->scheme = SML_AUTH_BASIC;
    phone_begin(ph);
    phone_open(ph);
}

/* ---- sessions ---------------------------------------------------------- */

static inline void open_sync(void)
{
    phone_open_sync(ph, "contacts", "./c");
}

/* A phone in step with the server: its "1" is One, "2" is Two.  A new two-way
 * session is open for its changes. */
static inline void in_step(codec_version_e version)
{
    ph = world_phone("IMEI:1")->ph;
    ph->version = version;
    world_start(ph);
    phone_open(ph);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
    done();
    SENT(ph, 1);
    phone_open(ph);
    SENT(ph, 1);
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a1", "a2");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    phone_open(ph);
}

/* Send the Sync and the session's end. */
static inline void finish(void)
{
    done();
    SENT(ph, 1);
    phone_open(ph);
    SENT(ph, 1);
}

/* ---- the store --------------------------------------------------------- */

/* How many items with that name there are. */
static inline int named(const char *name)
{
    world_items_t list = { 0 };
    int i, n = 0;

    world_list(&list, w->account, "contacts");
    for (i = 0; i < list.texts->nelts; i++) {
        n += strstr(APR_ARRAY_IDX(list.texts, i, const char *), name) != NULL;
    }
    return n;
}

static inline store_map_t *map_of(const char *luid)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, "contacts");
    store_device_t *d;
    store_map_t *map = NULL;

    OK(store_device_find(tx, ds->account, "IMEI:1", &d));
    store_map_by_luid(tx, d->id, ds->id, luid, &map);
    store_rollback(&tx);
    return map;
}

/* A setting of the phone's, as syncmlctl makes it. */
static inline void quirk(const char *name)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *d;

    OK(store_device_find(tx, world_account_id(tx, w->account), ph->devid,
                         &d));
    OK(store_device_setting_set(tx, d->id,
                                apr_pstrcat(p, SML_QUIRK_PREFIX, name, NULL),
                                "on"));
    world_end(tx, p);
}

#endif
