/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For the engine's tests: a store with an account in a directory of its own,
 * the engine's configuration, and a line between phones and sml_handle()
 * that breaks where a test wants it to.
 *
 * For a closer look, in the environment: SML_TEST_ONLY=test_x*,
 * SML_TEST_LOG=1 (the engine's log), SML_TEST_DUMP=1 (each message).
 *
 * Each test runs in a world of its own, w; its initial state says which kind
 * of store it has, see ON_EACH_STORE().
 */
#ifndef T_UNIT_SML_WORLD_H
#define T_UNIT_SML_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_general.h>

#include "sml_run.h"

typedef struct world_t {
    apr_pool_t *pool;
    const char *dir;            /* temporary */
    const char *url;            /* of the store */
    store_t *store;
    sml_config_t config;
    const char *account;        /* whose items the functions below mean */
    apr_array_header_t *log;    /* of const char *: "level text" */
    int loud;                   /* lines of level 3 and above so far */
    /* the line */
    unsigned break_at;          /* this message of a session, 0: none */
    int break_after;            /* the server still gets it */
    int twice;                  /* each message arrives twice */
    const char *token;          /* session of the next request; NULL: the one
                                   of the RespURI */
    sml_answer_t answer;        /* the latest */
    apr_size_t largest;         /* answer so far, octets */
} world_t;

static world_t *w;

#define OK(call) assert_int_equal(call, APR_SUCCESS)

/* What was expected to be good, with the phone's reason if it was not. */
#define SYNCED(client, call) \
    do { \
        apr_status_t rv_ = (call); \
        if (rv_ != APR_SUCCESS) { \
            fail_msg("%s: %s", #call, (client)->ph->why); \
        } \
    } while (0)

/* Send the message; the answer must be sound. */
#define SENT(phone, final) \
    do { \
        if (phone_post(phone, final) != APR_SUCCESS) { \
            fail_msg("%s", (phone)->why); \
        } \
    } while (0)

static inline void world_log(void *baton, int level, apr_status_t rv,
                             const char *message)
{
    world_t *world = baton;
    char buf[128];

    APR_ARRAY_PUSH(world->log, const char *) =
        apr_psprintf(world->pool, "%d %s%s%s", level, message, rv ? ": " : "",
                     rv ? store_strerror(rv, buf, sizeof(buf)) : "");
    world->loud += level <= 3;
    if (getenv("SML_TEST_LOG") != NULL) {
        print_message("# log %d %s\n", level, message);
    }
}

/** Non-zero if a log line has that text. */
static inline int world_logged(const char *text)
{
    int i;

    for (i = 0; i < w->log->nelts; i++) {
        if (strstr(APR_ARRAY_IDX(w->log, i, const char *), text) != NULL) {
            return 1;
        }
    }
    return 0;
}

static inline apr_status_t world_check_password(void *baton,
                                                const char *user,
                                                const char *password)
{
    world_t *world = baton;
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, world->pool);
    rv = sml_check_store_password(world->store, user, password, p);
    apr_pool_destroy(p);
    return rv;
}

/* ---- the store --------------------------------------------------------- */

static inline store_tx_t *world_begin(int mode, apr_pool_t **p)
{
    store_tx_t *tx;

    apr_pool_create(p, w->pool);
    OK(store_begin(&tx, w->store, mode, *p));
    return tx;
}

static inline void world_end(store_tx_t *tx, apr_pool_t *p)
{
    OK(store_commit(&tx, NULL));
    apr_pool_destroy(p);
}

/** A new account with the password "secret" becomes the one that is meant. */
static inline void world_add_account(const char *name)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_id_t id;

    OK(store_account_add(tx, name, "secret", &id));
    world_end(tx, p);
    w->account = apr_pstrdup(w->pool, name);
}

/** Open (again) what is at w->url. */
static inline void world_open(int create)
{
    store_options_t options = { 0 };
    const char *error = NULL;
    apr_status_t rv;

    options.key_file = apr_pstrcat(w->pool, w->dir, "/key", NULL);
    options.create = create;
    options.busy_timeout = apr_time_from_msec(200);
    options.log = world_log;
    options.log_baton = w;
    rv = store_open(&w->store, w->url, &options, &error, w->pool);
    if (rv != APR_SUCCESS) {
        fail_msg("%s: %s", w->url, error ? error : "?");
    }
}

static inline void world_make_server(void)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    const char *id;

    OK(sml_server_id(tx, &id, p));
    w->config.server_id = apr_pstrdup(w->pool, id);
    world_end(tx, p);
    w->config.software = "test";
    w->config.datastores = sml_default_datastores(w->pool);
    w->config.auth_schemes = SML_AUTH_BASIC | SML_AUTH_MD5;
    w->config.max_msg_size = 100000;
    w->config.max_obj_size = 4 * 1024 * 1024;
    w->config.session_timeout = apr_time_from_sec(600);
    w->config.keep = apr_time_from_sec(30 * 86400);
    w->config.check_password = world_check_password;
    w->config.check_baton = w;
    w->config.log = world_log;
    w->config.log_baton = w;
}

static inline int world_setup(void **state)
{
    const char *tmp;
    apr_pool_t *p;
    char *dir;

    apr_pool_create(&p, NULL);
    w = apr_pcalloc(p, sizeof(*w));
    w->pool = p;
    w->log = apr_array_make(p, 16, sizeof(const char *));
    /* In memory where there is such a place: thousands of transactions that
     * wait for a disk say nothing about the engine. */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) {
        tmp = "/dev/shm";
    }
    else if (apr_temp_dir_get(&tmp, p) != APR_SUCCESS) {
        return -1;
    }
    dir = apr_pstrcat(p, tmp, "/sml-test-XXXXXX", NULL);
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    w->dir = dir;
    w->url = *state ? "memory:"
                    : apr_pstrcat(p, "sqlite:", dir, "/syncml.db", NULL);
    world_open(1);
    world_add_account("alice");
    world_make_server();
    *state = w;
    return 0;
}

static inline int world_teardown(void **state)
{
    apr_dir_t *dir;
    apr_finfo_t info;

    store_close(&w->store);
    if (apr_dir_open(&dir, w->dir, w->pool) == APR_SUCCESS) {
        while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir)
               == APR_SUCCESS) {
            if (info.filetype != APR_DIR) {
                apr_file_remove(apr_pstrcat(w->pool, w->dir, "/", info.name,
                                            NULL), w->pool);
            }
        }
        apr_dir_close(dir);
    }
    apr_dir_remove(w->dir, w->pool);
    apr_pool_destroy(w->pool);
    w = NULL;
    return 0;
}

/** One test, run with each kind of store. */
#define ON_EACH_STORE(f) \
    { #f " in SQLite", f, world_setup, world_teardown, NULL }, \
    { #f " in memory", f, world_setup, world_teardown, &w }
#define ON_SQLITE(f) \
    { #f, f, world_setup, world_teardown, NULL }
#define ON_MEMORY(f) \
    { #f, f, world_setup, world_teardown, &w }

/* ---- the line ---------------------------------------------------------- */

static inline const char *world_token(const phone_t *ph)
{
    const char *at;

    if (w->token != NULL) {
        return w->token;
    }
    at = ph->resp_uri ? strstr(ph->resp_uri, "?s=") : NULL;
    return at ? apr_pstrdup(ph->message_pool, at + 3) : NULL;
}

static inline apr_status_t world_handle(phone_t *ph, const char *body,
                                        apr_size_t len, sml_answer_t *answer)
{
    sml_request_t request = { 0 };
    char *exact = malloc(len ? len : 1);    /* so that overruns are seen */
    apr_status_t rv;

    memcpy(exact, body, len);
    request.format = ph->format;
    request.body = exact;
    request.len = len;
    request.session = world_token(ph);
    request.url = ph->url;
    request.remote = "192.0.2.1";
    rv = sml_handle(&w->config, w->store, &request, answer,
                    ph->message_pool);
    free(exact);
    if (getenv("SML_TEST_DUMP") != NULL) {
        fprintf(stderr, ">>> %s<<< %s", sml_describe(ph->format, body, len,
                ph->message_pool), answer->body ? sml_describe(ph->format,
                answer->body, answer->len, ph->message_pool) : "none\n");
    }
    assert_int_equal(rv == APR_SUCCESS, answer->http_status == 200);
    if (answer->len > w->largest) {
        w->largest = answer->len;
    }
    return rv;
}

static inline apr_status_t world_post(phone_t *ph, const char *body,
                                      apr_size_t len, const char **answer,
                                      apr_size_t *answer_len)
{
    int breaks = ph->posts == w->break_at;
    sml_answer_t again;
    apr_status_t rv;

    if (breaks && !w->break_after) {
        ph->why = "the line broke before the server got it";
        return APR_TIMEUP;
    }
    rv = world_handle(ph, body, len, &w->answer);
    if (rv != APR_SUCCESS) {
        ph->why = apr_psprintf(ph->pool, "HTTP %d: %s",
                               w->answer.http_status, w->answer.error);
        return rv;
    }
    if (w->twice && (w->answer.auth_status == 200
                     || w->answer.auth_status == 212)) {
        OK(world_handle(ph, body, len, &again));
        assert_true(again.resent);
        assert_int_equal(again.len, w->answer.len);
        assert_memory_equal(again.body, w->answer.body, again.len);
    }
    if (breaks) {
        ph->why = "the line broke before the answer came";
        return APR_TIMEUP;
    }
    *answer = w->answer.body;
    *answer_len = w->answer.len;
    return APR_SUCCESS;
}

/** A phone of this world with datastores "contacts" and "notes". */
static inline client_t *world_phone(const char *devid)
{
    phone_t *ph = phone_create(w->pool, world_post, w, devid);
    client_t *c = client_create(ph);

    ph->user = w->account;
    client_add_store(c, "contacts", "text/vcard");
    client_add_store(c, "notes", "text/plain");
    return c;
}

/** Begin a session by hand: the datastore "contacts" under the name "./c",
 * slow. */
static inline void world_start(phone_t *ph)
{
    phone_begin(ph);
    ph->scheme = SML_AUTH_BASIC;
    phone_open(ph);
    phone_put_devinf(ph);
    phone_alert(ph, 201, "contacts", "./c", NULL, "a1");
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 200);
    assert_int_equal(phone_code(ph, "Alert", 0), 200);
}

/* ---- items ------------------------------------------------------------- */

static inline const char *world_card(const char *name)
{
    return apr_psprintf(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:%s;;;;\r\n"
                        "FN:%s\r\nEND:VCARD\r\n", name, name);
}

/** A card of about that many octets. */
static inline const char *world_large_card(const char *name, apr_size_t size)
{
    char *note = apr_palloc(w->pool, size + 1);
    apr_size_t i;

    for (i = 0; i < size; i++) {
        note[i] = (char)('a' + i % 26);
    }
    note[size] = '\0';
    return apr_psprintf(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:%s;;;;\r\n"
                        "FN:%s\r\nNOTE:%s\r\nEND:VCARD\r\n", name, name,
                        note);
}

/** One that is large in what a device with a MaxObjSize is not spared. */
static inline const char *world_large_role(const char *name, apr_size_t size)
{
    char *text = apr_pstrdup(w->pool, world_large_card(name, size));

    memcpy(strstr(text, "NOTE"), "ROLE", 4);
    return text;
}

static inline store_id_t world_account_id(store_tx_t *tx, const char *name)
{
    store_account_t *account;

    OK(store_account_find(tx, name, &account));
    return account->id;
}

/** The store forgets what the client's sessions left over, as it does in
 * time. */
static inline void world_forget_sessions(const client_t *c)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *d;

    OK(store_device_find(tx, world_account_id(tx, w->account), c->ph->devid,
                         &d));
    OK(store_session_delete_others(tx, d->id, ""));
    world_end(tx, p);
}

static inline store_datastore_t *world_datastore(store_tx_t *tx,
                                                 const char *account,
                                                 const char *name)
{
    store_datastore_t *ds;

    OK(store_datastore_open(tx, world_account_id(tx, account), name, &ds));
    return ds;
}

static inline void world_fill(store_item_t *item, const char *text,
                              apr_pool_t *p)
{
    item_keys_t keys;

    OK(item_keys(&keys, NULL, text, strlen(text), p));
    item->type = item_kind_type(keys.kind);
    sml_set_keys(item, &keys);
    item->data = text;
    item->len = strlen(text);
}

/** An edit on the server side; id 0: a new item. */
static inline store_id_t world_put(const char *datastore, store_id_t id,
                                   const char *text)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, datastore);
    store_item_t item = { 0 };

    item.id = id;
    item.datastore = ds->id;
    world_fill(&item, text, p);
    OK(id ? store_item_update(tx, ds->account, &item)
          : store_item_add(tx, ds->account, &item));
    world_end(tx, p);
    return item.id;
}

static inline void world_delete(const char *datastore, store_id_t id)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, datastore);

    OK(store_item_delete(tx, ds->account, ds->id, id, 0, NULL));
    world_end(tx, p);
}

typedef struct world_items_t {
    apr_array_header_t *texts;  /* of const char * */
    const char *part;
    store_id_t found;
    apr_pool_t *p;
} world_items_t;

static inline apr_status_t world_on_item(void *baton,
                                         const store_item_t *item)
{
    world_items_t *list = baton;
    const char *text = apr_pstrmemdup(list->p, item->data, item->len);

    APR_ARRAY_PUSH(list->texts, const char *) = text;
    if (list->part != NULL && strstr(text, list->part) != NULL) {
        assert_int_equal(list->found, 0);
        list->found = item->id;
    }
    return APR_SUCCESS;
}

static inline void world_list(world_items_t *list, const char *account,
                              const char *datastore)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, account, datastore);

    list->p = w->pool;
    list->texts = apr_array_make(w->pool, 16, sizeof(const char *));
    OK(store_item_list(tx, ds->account, ds->id, 0, 0, world_on_item, list));
    assert_int_equal(list->texts->nelts, ds->items);
    world_end(tx, p);
}

static inline int world_count(const char *datastore)
{
    world_items_t list = { 0 };

    world_list(&list, w->account, datastore);
    return list.texts->nelts;
}

/** The one live item whose text has that, 0: none. */
static inline store_id_t world_find(const char *datastore, const char *part)
{
    world_items_t list = { 0 };

    list.part = part;
    world_list(&list, w->account, datastore);
    return list.found;
}

static inline int world_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** Both sides have the same texts, each as often.  @return NULL, or what
 * differs */
static inline const char *world_differs(client_t *c, const char *datastore)
{
    client_store_t *s = client_store(c, datastore);
    apr_array_header_t *mine = apr_array_make(w->pool, 16,
                                              sizeof(const char *));
    world_items_t list = { 0 };
    int i;

    world_list(&list, c->ph->user, datastore);
    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        if (!item->gone) {
            APR_ARRAY_PUSH(mine, const char *) = item->text;
        }
    }
    qsort(mine->elts, (size_t)mine->nelts, sizeof(char *), world_compare);
    qsort(list.texts->elts, (size_t)list.texts->nelts, sizeof(char *),
          world_compare);
    for (i = 0; i < mine->nelts && i < list.texts->nelts; i++) {
        const char *a = APR_ARRAY_IDX(mine, i, const char *);
        const char *b = APR_ARRAY_IDX(list.texts, i, const char *);

        if (strcmp(a, b) != 0) {
            return apr_psprintf(w->pool, "%d and %d items; phone: %.80s "
                                "server: %.80s", mine->nelts,
                                list.texts->nelts, a, b);
        }
    }
    return mine->nelts == list.texts->nelts ? NULL
         : apr_psprintf(w->pool, "the phone has %d items, the server %d",
                        mine->nelts, list.texts->nelts);
}

static inline void world_same(client_t *c, const char *datastore)
{
    const char *difference = world_differs(c, datastore);

    if (difference != NULL) {
        fail_msg("%s: %s", datastore, difference);
    }
}

/** A sync that carries nothing in either direction. */
static inline void world_quiet(client_t *c, const char *names)
{
    int i;

    SYNCED(c, client_sync(c, 200, names));
    for (i = 0; i < c->nstores; i++) {
        const client_store_t *s = &c->stores[i];

        if (s->wanted) {
            assert_int_equal(s->code, 200);
            assert_int_equal(s->came[0] + s->came[1] + s->came[2], 0);
        }
    }
}

/** Run the sync of a datastore, broken at a message.
 * @return 0: it was through before */
static inline int world_broken(client_t *c, int code, const char *name,
                               unsigned at, int after)
{
    apr_status_t rv;

    w->break_at = at;
    w->break_after = after;
    rv = client_session(c, code, name);
    w->break_at = 0;
    if (rv == APR_SUCCESS) {
        client_commit(c);
        return 0;
    }
    if (rv != APR_TIMEUP) {
        fail_msg("broken at %u: %s", at, c->ph->why);
    }
    return 1;
}

static inline int world_main(const struct CMUnitTest *tests, size_t n,
                             const char *name)
{
    apr_initialize();
    codec_init();
    if (getenv("SML_TEST_ONLY") != NULL) {
        cmocka_set_test_filter(getenv("SML_TEST_ONLY"));
    }
    return _cmocka_run_group_tests(name, tests, n, NULL, NULL);
}

#endif
