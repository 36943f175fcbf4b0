/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A client that sends anything: one or several messages of a session, handled
 * by the engine over a fresh store in memory with one account (alice, whose
 * password is secret) and some items.  A message follows the RespURI of the
 * answer before it, as clients do.
 *
 * The input is '0' (WBXML) or '1' (XML), then the messages with FE FE FE FE
 * between them.  Whatever comes, each answer can be decoded, is no larger
 * than the server's and the client's limits, says in SyncHdr who it is for, is
 * fit for every old phone (sml_judge.h), and the store's own count of items is
 * right in the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "mod_syncml/sml.h"
#include "mod_syncml/sml_message.h"
#include "t/unit/sml_judge.h"

#define CHECK(what) do { if (!(what)) abort(); } while (0)

#define MAX_MESSAGES  12
#define MAX_MSG_SIZE  20000
/* A client's limit below this may be too small for the names that it uses
 * itself: of them up to 255 octets each come back several times, in XML
 * with five octets for some. */
#define MIN_MSG_SIZE  10000

static const char separator[4] = "\xfe\xfe\xfe\xfe";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the server -------------------------------------------------------- */

static apr_status_t check_password(void *baton, const char *user,
                                   const char *password)
{
    if (strcmp(user, "alice") != 0) {
        return APR_NOTFOUND;
    }
    return strcmp(password, "secret") == 0 ? APR_SUCCESS : APR_EACCES;
}

static void put(store_tx_t *tx, store_id_t account, const char *datastore,
                const char *text, int deleted)
{
    store_datastore_t *ds;
    store_item_t item = { 0 };
    item_keys_t keys;
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    CHECK(store_datastore_open(tx, account, datastore, &ds) == APR_SUCCESS);
    CHECK(item_keys(&keys, NULL, text, strlen(text), p) == APR_SUCCESS);
    item.datastore = ds->id;
    item.type = item_kind_type(keys.kind);
    sml_set_keys(&item, &keys);
    item.data = text;
    item.len = strlen(text);
    CHECK(store_item_add(tx, account, &item) == APR_SUCCESS);
    if (deleted) {
        CHECK(store_item_delete(tx, account, ds->id, item.id, 0, NULL)
              == APR_SUCCESS);
    }
    apr_pool_destroy(p);
}

#define CARD(name) \
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:" name ";;;;\r\nFN:" name "\r\n" \
    "END:VCARD\r\n"

static store_t *open_store(sml_config_t *config, apr_pool_t *p)
{
    store_options_t options = { .create = 1 };
    store_id_t account;
    store_tx_t *tx;
    store_t *store;

    CHECK(store_open(&store, "memory:", &options, NULL, p) == APR_SUCCESS);
    CHECK(store_begin(&tx, store, STORE_WRITE, p) == APR_SUCCESS);
    CHECK(sml_server_id(tx, &config->server_id, p) == APR_SUCCESS);
    CHECK(store_account_add(tx, "alice", NULL, &account) == APR_SUCCESS);
    put(tx, account, "contacts", CARD("One"), 0);
    put(tx, account, "contacts", CARD("Two"), 0);
    put(tx, account, "contacts", CARD("Gone"), 1);
    put(tx, account, "notes", "a note", 0);
    CHECK(store_commit(&tx, NULL) == APR_SUCCESS);
    config->software = "fuzz";
    config->datastores = sml_default_datastores(p);
    config->auth_schemes = SML_AUTH_BASIC | SML_AUTH_MD5;
    config->max_msg_size = MAX_MSG_SIZE;
    config->max_obj_size = 50000;
    config->session_timeout = apr_time_from_sec(600);
    config->keep = apr_time_from_sec(30 * 86400);
    config->check_password = check_password;
    return store;
}

/* ---- what must hold ---------------------------------------------------- */

static apr_status_t count_item(void *baton, const store_item_t *item)
{
    item_keys_t keys;
    apr_pool_t *p;

    /* What is kept is what its type says. */
    apr_pool_create(&p, NULL);
    CHECK(item_keys(&keys, item->type, item->data, item->len, p)
          == APR_SUCCESS);
    CHECK(keys.key == item->key);
    apr_pool_destroy(p);
    ++*(apr_int64_t *)baton;
    return APR_SUCCESS;
}

typedef struct listing_t {
    store_tx_t *tx;
} listing_t;

static apr_status_t check_datastore(void *baton, const store_datastore_t *ds)
{
    listing_t *l = baton;
    apr_int64_t n = 0;

    CHECK(store_item_list(l->tx, ds->account, ds->id, 0, 0, count_item, &n)
          == APR_SUCCESS);
    CHECK(n == ds->items);
    return APR_SUCCESS;
}

static apr_status_t check_account(void *baton, const store_account_t *a)
{
    listing_t *l = baton;

    CHECK(strcmp(a->name, "alice") == 0);
    return store_datastore_list(l->tx, a->id, check_datastore, l);
}

static void check_store(store_t *store, apr_pool_t *p)
{
    listing_t l;

    CHECK(store_begin(&l.tx, store, STORE_READ, p) == APR_SUCCESS);
    CHECK(store_account_list(l.tx, check_account, &l) == APR_SUCCESS);
    store_rollback(&l.tx);
}

/* The client's MaxMsgSize in force after this request, 0: none. */
static void note_limit(const sml_request_t *request, long *limit,
                       apr_pool_t *p)
{
    sml_message_t *m;
    const char *error;

    if (sml_message_decode(&m, request->format, request->body, request->len,
                           MAX_MSG_SIZE + SML_MSG_SLACK, &error, p)
        == APR_SUCCESS && m->meta.max_msg_size != NULL) {
        long n = atol(m->meta.max_msg_size);

        if (n > 0) {
            *limit = n;
        }
    }
}

/* @return the session of the next message, or NULL */
static const char *check_answer(const sml_request_t *request,
                                const sml_answer_t *answer, long limit,
                                apr_pool_t *p)
{
    sml_message_t *m;
    const char *error, *at;

    CHECK(answer->len <= MAX_MSG_SIZE);
    CHECK(limit < MIN_MSG_SIZE || answer->len <= (apr_size_t)limit);
    CHECK(sml_message_decode(&m, request->format, answer->body, answer->len,
                             answer->len, &error, p) == APR_SUCCESS);
    CHECK(m->target.uri != NULL && m->msg_id != NULL);
    CHECK(judge_answer(request->format, m->version, answer->body, answer->len,
                       p) == NULL);
    CHECK(answer->resent || strcmp(m->target.uri, answer->device) == 0);
    CHECK(m->commands->nelts > 0);
    CHECK(sml_describe(request->format, answer->body, answer->len, p)
          != NULL);
    at = m->resp_uri ? strstr(m->resp_uri, "s=") : NULL;
    while (at != NULL && strstr(at + 2, "s=") != NULL) {
        at = strstr(at + 2, "s=");
    }
    return at ? at + 2 : NULL;
}

/* ---- the client -------------------------------------------------------- */

static void send_one(const sml_config_t *config, store_t *store,
                     sml_request_t *request, long *limit, apr_pool_t *p)
{
    sml_answer_t answer;
    char *exact = malloc(request->len ? request->len : 1);
    apr_status_t rv;

    CHECK(exact != NULL);
    memcpy(exact, request->body, request->len);
    request->body = exact;
    rv = sml_handle(config, store, request, &answer, p);
    CHECK(answer.account && answer.device && answer.session_id
          && answer.msg_id);
    CHECK((rv == APR_SUCCESS) == (answer.http_status == 200));
    if (rv == APR_SUCCESS) {
        const char *session;

        note_limit(request, limit, p);
        session = check_answer(request, &answer, *limit, p);
        if (session != NULL) {
            request->session = session;
        }
    }
    else {
        CHECK(answer.error != NULL);
        CHECK(answer.http_status == 400 || answer.http_status == 413);
    }
    free(exact);
}

static void run(codec_format_e format, const char *data, size_t size,
                apr_pool_t *p)
{
    sml_config_t config = { 0 };
    store_t *store = open_store(&config, p);
    sml_request_t request = { 0 };
    long limit = 0;
    int n;

    request.format = format;
    request.url = "http://sync.example/syncml";
    request.remote = "192.0.2.1";
    for (n = 0; n < MAX_MESSAGES; n++) {
        const char *end = memmem(data, size, separator, sizeof(separator));

        request.body = data;
        request.len = end ? (apr_size_t)(end - data) : size;
        send_one(&config, store, &request, &limit, p);
        if (end == NULL) {
            break;
        }
        size -= (size_t)(end - data) + sizeof(separator);
        data = end + sizeof(separator);
    }
    check_store(store, p);
    store_close(&store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int initialised;
    apr_pool_t *p;

    if (!initialised) {
        CHECK(apr_initialize() == APR_SUCCESS);
        codec_init();
        initialised = 1;
    }
    if (size == 0) {
        return 0;
    }
    apr_pool_create(&p, NULL);
    run(data[0] == '1' ? CODEC_XML : CODEC_WBXML, (const char *)data + 1,
        size - 1, p);
    apr_pool_destroy(p);
    return 0;
}
