/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine in process, for programs that are not written in C: a store in
 * memory, an account per run, and phones (t/unit/sml_client.h) that speak
 * SyncML with sml_handle().  What the phones make of their items is the
 * caller's: the texts go to him and come back.
 *
 * On standard input "COMMAND ARGUMENT... LENGTH" in a line, then so many
 * octets; on standard output "ok LENGTH" or "no LENGTH", a line end and so
 * many octets.  Lists are records: "WORD... LENGTH", line end, octets, line
 * end.
 */
#include "item/item_quirks_file.h"
#include "t/unit/sml_world.h"

#include <apr_hash.h>

#define MAX_WORDS 16

typedef struct request_t {
    char *words[MAX_WORDS];
    int n;
    char *data;                 /* ends in NUL */
    apr_size_t len;
    apr_pool_t *p;              /* of the request */
} request_t;

/* A phone, and how it describes itself. */
typedef struct owner_t {
    client_t *client;
    char *devinf;               /* lines "+Tag", "=Tag text", "-" */
    apr_hash_t *types;          /* of the items that came: datastore and type
                                 * => itself */
    apr_hash_t *guids;          /* "DATASTORE LUID" => the server's id */
} owner_t;

static apr_hash_t *phones;      /* name => owner_t */

static void answer(int good, const char *data, apr_size_t len)
{
    printf("%s %lu\n", good ? "ok" : "no", (unsigned long)len);
    fwrite(data, 1, len, stdout);
    fflush(stdout);
}

static void say(int good, const char *text)
{
    answer(good, text, strlen(text));
}

static void add_record(apr_array_header_t *out, const char *head,
                       const char *data, apr_size_t len, apr_pool_t *p)
{
    APR_ARRAY_PUSH(out, const char *) =
        apr_psprintf(p, "%s %lu\n", head, (unsigned long)len);
    APR_ARRAY_PUSH(out, const char *) = apr_pstrmemdup(p, data, len);
    APR_ARRAY_PUSH(out, const char *) = "\n";
}

static void say_records(apr_array_header_t *out, apr_pool_t *p)
{
    say(1, apr_array_pstrcat(p, out, 0));
}

static owner_t *owner_of(const request_t *r)
{
    owner_t *o = apr_hash_get(phones, r->words[1], APR_HASH_KEY_STRING);

    if (o == NULL) {
        fprintf(stderr, "no phone %s\n", r->words[1]);
        exit(1);
    }
    return o;
}

/* ---- the server's side -------------------------------------------------- */

static void do_account(request_t *r)
{
    world_add_account(r->words[1]);
    say(1, "");
}

/* put DATASTORE ID: an edit, or with id 0 a new item. */
static void do_put(request_t *r)
{
    store_id_t id = apr_atoi64(r->words[2]);
    item_keys_t keys;

    if (item_keys(&keys, NULL, r->data, r->len, r->p) != APR_SUCCESS) {
        say(0, "not an item");
        return;
    }
    id = world_put(r->words[1], id, apr_pstrdup(w->pool, r->data));
    say(1, apr_psprintf(r->p, "%" APR_INT64_T_FMT, id));
}

typedef struct listing_t {
    apr_array_header_t *out;
    apr_pool_t *p;
} listing_t;

static apr_status_t on_listed(void *baton, const store_item_t *item)
{
    listing_t *l = baton;

    add_record(l->out, apr_psprintf(l->p, "%" APR_INT64_T_FMT " %s", item->id,
                                    item->type), item->data, item->len, l->p);
    return APR_SUCCESS;
}

static void do_list(request_t *r)
{
    listing_t l;
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, r->words[1]);

    l.p = r->p;
    l.out = apr_array_make(r->p, 64, sizeof(const char *));
    OK(store_item_list(tx, ds->account, ds->id, 0, 0, on_listed, &l));
    world_end(tx, p);
    say_records(l.out, r->p);
}

/* setting PHONE NAME, the value as octets: as the administrator sets it. */
static void do_setting(request_t *r)
{
    owner_t *o = owner_of(r);
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *device = NULL;

    if (store_device_find(tx, world_account_id(tx, w->account),
                          o->client->ph->devid, &device) != APR_SUCCESS) {
        device = apr_pcalloc(p, sizeof(*device));
        device->account = world_account_id(tx, w->account);
        device->devid = o->client->ph->devid;
        OK(store_device_add(tx, device));
    }
    OK(store_device_setting_set(tx, device->id, r->words[2], r->data));
    world_end(tx, p);
    say(1, "");
}

/* What was logged at warning or worse. */
static void do_log(request_t *r)
{
    apr_array_header_t *out = apr_array_make(r->p, 8, sizeof(const char *));
    int i;

    for (i = 0; i < w->log->nelts; i++) {
        const char *line = APR_ARRAY_IDX(w->log, i, const char *);

        if (atoi(line) <= 4) {
            APR_ARRAY_PUSH(out, const char *) =
                apr_pstrcat(r->p, line, "\n", NULL);
        }
    }
    apr_array_clear(w->log);
    say_records(out, r->p);
}

/* ---- phones ------------------------------------------------------------- */

/* The DevInf as it was told us. */
static void write_devinf(phone_t *ph, codec_writer_t *out)
{
    owner_t *o = ph->devinf_baton;
    char *lines = apr_pstrdup(ph->message_pool, o->devinf), *last = NULL;
    char *line, *text;

    while ((line = apr_strtok(lines, "\n", &last)) != NULL) {
        lines = NULL;
        if (*line == '-') {
            codec_close(out);
            continue;
        }
        text = strchr(line, ' ');
        if (text != NULL) {
            *text++ = '\0';
        }
        if (*line == '+') {
            codec_open(out, codec_tag_lookup(2, line + 1,
                                             (unsigned)strlen(line + 1)));
        }
        else {
            int tag = codec_tag_lookup(2, line + 1,
                                       (unsigned)strlen(line + 1));

            if (text == NULL) {
                codec_empty(out, tag);
            }
            else {
                codec_text(out, tag, text);
            }
        }
    }
}

/* The types of what comes, besides the texts, and which item it is. */
static int note_change(client_t *c, client_store_t *s,
                     const sml_command_t *change)
{
    owner_t *o = c->ph->devinf_baton;
    const sml_item_t *item = &APR_ARRAY_IDX(change->items, 0, sml_item_t);
    const char *type = SML_META(item, change, type);
    const char *key;

    if (type != NULL && change->tag != SYNCML_DELETE) {
        key = apr_pstrcat(c->pool, s->name, " ", type, NULL);
        apr_hash_set(o->types, key, APR_HASH_KEY_STRING, key);
    }
    if (change->tag == SYNCML_ADD) {
        /* The LUID that a new item gets. */
        key = apr_psprintf(c->pool, "%s %d", s->name, s->numbers + 1);
        apr_hash_set(o->guids, key, APR_HASH_KEY_STRING,
                     apr_pstrdup(c->pool, item->source.uri));
    }
    return 0;
}

/* phone NAME DEVID VERSION MAXMSG, its DevInf as octets. */
static void do_phone(request_t *r)
{
    owner_t *o = apr_pcalloc(w->pool, sizeof(*o));
    phone_t *ph = phone_create(w->pool, world_post, w,
                               apr_pstrdup(w->pool, r->words[2]));

    ph->version = strcmp(r->words[3], "1.0") == 0 ? CODEC_V10
                : strcmp(r->words[3], "1.1") == 0 ? CODEC_V11 : CODEC_V12;
    ph->max_msg = (apr_size_t)atol(r->words[4]);
    ph->user = w->account;
    ph->devinf = write_devinf;
    ph->devinf_baton = o;
    o->client = client_create(ph);
    o->client->judge = note_change;
    o->client->chunk = ph->version == CODEC_V10 ? 0 : 4000;
    o->devinf = apr_pstrdup(w->pool, r->data);
    o->types = apr_hash_make(w->pool);
    o->guids = apr_hash_make(w->pool);
    apr_hash_set(phones, apr_pstrdup(w->pool, r->words[1]),
                 APR_HASH_KEY_STRING, o);
    say(1, "");
}

/* store PHONE DATASTORE TYPE */
static void do_store(request_t *r)
{
    client_add_store(owner_of(r)->client, apr_pstrdup(w->pool, r->words[2]),
                     apr_pstrdup(w->pool, r->words[3]));
    say(1, "");
}

/* sync PHONE CODE DATASTORE...: a session. */
static void do_sync(request_t *r)
{
    client_t *c = owner_of(r)->client;
    const char *names = "";
    int i;

    for (i = 3; i < r->n - 1; i++) {
        names = apr_pstrcat(r->p, names, " ", r->words[i], NULL);
    }
    names = apr_pstrdup(w->pool, names);
    if (client_sync(c, atoi(r->words[2]), names) != APR_SUCCESS) {
        say(0, c->ph->why ? c->ph->why : "?");
        return;
    }
    say(1, "");
}

/* codes PHONE: what the server said to the changes of the latest session, if
 * not 200 or 201. */
static void do_codes(request_t *r)
{
    phone_t *ph = owner_of(r)->client->ph;
    apr_array_header_t *out = apr_array_make(r->p, 8, sizeof(const char *));
    int i;

    for (i = 0; i < ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(ph->sent, i, phone_sent_t);

        if (t->ref != NULL && t->code != 200 && t->code != 201
            && t->code != 213) {
            add_record(out, apr_psprintf(r->p, "%s %s %d", t->name, t->ref,
                                         t->code), "", 0, r->p);
        }
    }
    say_records(out, r->p);
}

/* items PHONE DATASTORE: "LUID GUID", GUID "-" where it is the phone's. */
static void do_items(request_t *r)
{
    owner_t *o = owner_of(r);
    client_store_t *s = client_store(o->client, r->words[2]);
    apr_array_header_t *out = apr_array_make(r->p, 64, sizeof(const char *));
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        const char *guid = apr_hash_get(o->guids,
                               apr_pstrcat(r->p, s->name, " ", item->luid,
                                           NULL), APR_HASH_KEY_STRING);

        if (!item->gone) {
            add_record(out, apr_pstrcat(r->p, item->luid, " ",
                                        guid ? guid : "-", NULL),
                       item->text, strlen(item->text), r->p);
        }
    }
    say_records(out, r->p);
}

/* types PHONE: "DATASTORE TYPE" of what came. */
static void do_types(request_t *r)
{
    apr_array_header_t *out = apr_array_make(r->p, 8, sizeof(const char *));
    apr_hash_index_t *hi;
    const void *key;

    for (hi = apr_hash_first(r->p, owner_of(r)->types); hi != NULL;
         hi = apr_hash_next(hi)) {
        apr_hash_this(hi, &key, NULL, NULL);
        add_record(out, key, "", 0, r->p);
    }
    say_records(out, r->p);
}

/* edit PHONE DATASTORE LUID */
static void do_edit(request_t *r)
{
    client_t *c = owner_of(r)->client;
    client_item_t *item = client_by(client_store(c, r->words[2]),
                                    r->words[3], r->words[3]);

    if (item == NULL) {
        say(0, "no such item");
        return;
    }
    client_edit(c, item, r->data);
    say(1, "");
}

/* add PHONE DATASTORE, @return its LUID */
static void do_add(request_t *r)
{
    say(1, client_put(owner_of(r)->client, r->words[2], r->data)->luid);
}

static const struct {
    const char *name;
    int words;                  /* at least, with the name and the length */
    void (*run)(request_t *r);
} commands[] = {
    { "account", 3, do_account }, { "put", 4, do_put },
    { "list", 3, do_list }, { "setting", 4, do_setting },
    { "log", 2, do_log }, { "phone", 6, do_phone }, { "store", 5, do_store },
    { "sync", 5, do_sync }, { "codes", 3, do_codes },
    { "items", 4, do_items }, { "types", 3, do_types },
    { "edit", 5, do_edit }, { "add", 4, do_add }
};

/* ---- requests ----------------------------------------------------------- */

static int read_request(request_t *r, apr_pool_t *p)
{
    char line[512], *words, *last = NULL, *word;

    memset(r, 0, sizeof(*r));
    r->p = p;
    if (fgets(line, sizeof(line), stdin) == NULL) {
        return 0;
    }
    words = apr_pstrdup(p, line);
    while ((word = apr_strtok(words, " \n", &last)) != NULL
           && r->n < MAX_WORDS) {
        r->words[r->n++] = word;
        words = NULL;
    }
    if (r->n < 2) {
        return 0;
    }
    r->len = (apr_size_t)atol(r->words[r->n - 1]);
    r->data = apr_pcalloc(p, r->len + 1);
    return fread(r->data, 1, r->len, stdin) == r->len;
}

static void run_request(request_t *r)
{
    unsigned i;

    for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, r->words[0]) == 0
            && r->n >= commands[i].words) {
            commands[i].run(r);
            return;
        }
    }
    say(0, "no such command");
}

static const item_quirks_t *quirks_in_force(void *baton, apr_pool_t *p)
{
    return baton;
}

/* The quirks that are installed. */
static void read_quirks(void)
{
    item_quirks_t *quirks;
    const char *error = NULL;

    if (item_quirks_load(&quirks, "conf/quirks.conf", &error, w->pool)
        != APR_SUCCESS) {
        fprintf(stderr, "conf/quirks.conf: %s\n", error ? error : "?");
        exit(1);
    }
    w->config.quirks = quirks_in_force;
    w->config.quirks_baton = quirks;
}

int main(void)
{
    void *state = &w;           /* a store in memory */
    request_t r;
    apr_pool_t *p;

    apr_initialize();
    codec_init();
    if (world_setup(&state) != 0) {
        return 1;
    }
    read_quirks();
    phones = apr_hash_make(w->pool);
    for (;;) {
        apr_pool_create(&p, NULL);
        if (!read_request(&r, p)) {
            break;
        }
        run_request(&r);
        apr_pool_destroy(p);
    }
    world_teardown(&state);
    return 0;
}
