/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A phone (sml_phone.h) with items in datastores: what its owner does, and
 * what it makes of the server's commands.  An Add of a GUID that it has
 * already gets 418.  Its sessions are in sml_run.h.
 */
#ifndef T_UNIT_SML_CLIENT_H
#define T_UNIT_SML_CLIENT_H

#include "sml_answer.h"

#define CLIENT_STORES     8
#define CLIENT_MAX_POSTS  5000      /* of a session */

enum { MAPS_NOW, MAPS_NEXT_SESSION, MAPS_NEVER };

typedef struct client_item_t {
    const char *luid, *text;
    const char *guid;           /* the server's id, where it told one */
    int gone;                   /* deleted here */
    int dirty;                  /* tag of what is to be told, 0: nothing */
    int told;                   /* it was sent, whatever became of that */
    apr_size_t at;              /* so much of it has got a Status in pieces,
                                   in the session that is to be resumed */
    int confirmed;              /* its Status came in the session that is to
                                   be resumed */
    int map;                    /* a Map: 0 none, 1 owed, 2 on its way */
    int clashed;                /* its delete was refused (419): the server may
                                   still call it by its LUID */
    int unheard;                /* the server changed it in a session that has
                                   not ended well: perhaps it knows nothing of
                                   our Status */
} client_item_t;

typedef struct client_store_t {
    const char *name, *local, *type;
    apr_array_header_t *items;  /* of client_item_t * */
    const char *last;           /* anchor, or NULL */
    int numbers;                /* LUIDs given out */
    apr_array_header_t *spare;  /* const char *: LUIDs of items that are gone,
                                   as both sides know */
    int anchors;                /* anchors given out: never the same again */
    /* of the latest session */
    const char *next;
    int wanted;                 /* in this session */
    int alert_status;           /* of our Alert */
    int resumed;                /* it goes on: not if the server has begun a
                                   sync of its own (508) */
    int code;                   /* the server's Alert, 0: none came */
    long announced;             /* NumberOfChanges, -1: none */
    int came[3];                /* Add, Replace, Delete from the server */
    int pieces;                 /* messages with a piece of a large object */
    int refreshed;              /* emptied for a refresh from the server */
} client_store_t;

typedef struct client_reply_t {
    const char *msgref, *cmdref, *cmd, *targetref, *sourceref;
    int code;
    int results;                /* DevInf is to be sent as well */
} client_reply_t;

typedef struct client_t client_t;
struct client_t {
    phone_t *ph;
    apr_pool_t *pool;
    client_store_t stores[CLIENT_STORES];
    int nstores;
    /* how it works */
    int per_message;            /* changes in one message, 0: what fits */
    apr_size_t chunk;           /* items above go in pieces, 0: none do */
    int slow_tag;               /* how items travel in a slow sync */
    int maps;                   /* MAPS_* */
    int map_first;              /* Map before Status */
    int final_222;              /* Final also with Alert 222 */
    int devinf_known;           /* Put it no more */
    int forgets_guids;          /* takes the same Add twice */
    int spares_luids;           /* gives LUIDs again that are gone */
    int knows_replace;          /* says Replace of new items, too */
    int atomic;                 /* its changes of a message are an Atomic */
    int in_atomic;              /* one is open */
    int spoils;                 /* one command more in each Atomic, that the
                                   server refuses: 1: the first, 2: the last */
    int atomic_pieces;          /* of an item in pieces an Atomic has 0: none;
                                   1: the last; 2: the first, which the server
                                   refuses, and it is said again outside; 3:
                                   the same, but it is not said again */
    int counts_less;            /* fewer changes than announced are fine */
    int sync_code;              /* said to the server's Sync, 0: 200; from
                                   300 on, its changes are not taken */
    int mute;                   /* says no Status of single changes */
    int patient;                /* answers without news are fine */
    unsigned suspend_at;        /* Alert 224 goes with this message of a
                                   session, 0: none */
    int deaf;                   /* its answer is not read */
    int resuming;               /* the session goes on with the former */
    int says_datapos;           /* ... and says where a piece belongs */
    int (*judge)(client_t *c, client_store_t *s, const sml_command_t *change);
                                /* a Status code, 0: as it should be */
    void (*between)(client_t *c);       /* before each message */
    void *baton;
    /* the session */
    apr_array_header_t *replies;        /* of client_reply_t */
    char *partial;              /* a large object from the server */
    const char *partial_of;     /* its LUID or GUID */
    const client_store_t *partial_in;
    apr_size_t partial_len, partial_size;
    int idle;                   /* answers without anything new */
    int server_final;           /* its package is complete */
};

static inline client_t *client_create(phone_t *ph)
{
    client_t *c = apr_pcalloc(ph->pool, sizeof(*c));

    c->ph = ph;
    c->pool = ph->pool;
    c->slow_tag = SYNCML_REPLACE;
    return c;
}

static inline client_store_t *client_add_store(client_t *c, const char *name,
                                               const char *type)
{
    client_store_t *s = &c->stores[c->nstores++];

    s->name = name;
    s->local = apr_pstrcat(c->pool, "./local-", name, NULL);
    s->type = type;
    s->items = apr_array_make(c->pool, 8, sizeof(client_item_t *));
    s->spare = apr_array_make(c->pool, 8, sizeof(const char *));
    return s;
}

static inline client_store_t *client_store(client_t *c, const char *name)
{
    int i;

    for (i = 0; i < c->nstores; i++) {
        if (strcmp(c->stores[i].name, name) == 0) {
            return &c->stores[i];
        }
    }
    abort();
}

/* ---- the phone's owner ------------------------------------------------- */

static inline client_item_t *client_new_item(client_t *c, client_store_t *s,
                                             const char *text)
{
    client_item_t *item = apr_pcalloc(c->pool, sizeof(*item));

    item->luid = c->spares_luids && s->spare->nelts > 0
               ? *(const char **)apr_array_pop(s->spare)
               : apr_psprintf(c->pool, "%d", ++s->numbers);
    item->text = text;
    APR_ARRAY_PUSH(s->items, client_item_t *) = item;
    return item;
}

static inline client_item_t *client_put(client_t *c, const char *store,
                                        const char *text)
{
    client_item_t *item = client_new_item(c, client_store(c, store),
                                          apr_pstrdup(c->pool, text));

    item->dirty = SYNCML_ADD;
    return item;
}

static inline void client_edit(client_t *c, client_item_t *item,
                               const char *text)
{
    item->text = apr_pstrdup(c->pool, text);
    item->at = 0;
    if (item->dirty != SYNCML_ADD) {
        item->dirty = SYNCML_REPLACE;
    }
}

static inline void client_erase(client_item_t *item)
{
    item->gone = 1;
    item->dirty = item->dirty == SYNCML_ADD && !item->told ? 0
                                                           : SYNCML_DELETE;
}

/** The live item whose text contains that, or NULL. */
static inline client_item_t *client_find(client_t *c, const char *store,
                                         const char *part)
{
    client_store_t *s = client_store(c, store);
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        if (!item->gone && strstr(item->text, part) != NULL) {
            return item;
        }
    }
    return NULL;
}

static inline int client_count(client_t *c, const char *store)
{
    client_store_t *s = client_store(c, store);
    int i, n = 0;

    for (i = 0; i < s->items->nelts; i++) {
        n += !APR_ARRAY_IDX(s->items, i, client_item_t *)->gone;
    }
    return n;
}

/* ---- messages ---------------------------------------------------------- */

static inline client_reply_t *client_reply(client_t *c,
                                           const sml_command_t *command,
                                           int code)
{
    apr_pool_t *p = c->ph->session_pool;
    client_reply_t *r = apr_array_push(c->replies);

    memset(r, 0, sizeof(*r));
    r->msgref = apr_pstrdup(p, c->ph->in->msg_id);
    r->cmdref = apr_pstrdup(p, command->cmdid);
    r->cmd = codec_tag_name(command->tag);
    r->code = code;
    return r;
}

static inline void client_open(client_t *c)
{
    phone_t *ph = c->ph;
    const char *msg = apr_psprintf(ph->session_pool, "%u", ph->server_msg);

    if (c->between != NULL && ph->posts > 0) {
        c->between(c);
    }
    phone_open(ph);
    if (ph->server_msg > 0) {
        phone_status(ph, msg, "0", "SyncHdr", ph->devid, ph->url, 200);
    }
}

/* Forget what was written since the mark. */
static inline void client_undo(client_t *c, const codec_mark_t *mark,
                               unsigned cmd)
{
    codec_writer_rollback(c->ph->w, mark);
    while (c->ph->sent->nelts > 0
           && APR_ARRAY_IDX(c->ph->sent, c->ph->sent->nelts - 1,
                            phone_sent_t).msg == c->ph->msg
           && APR_ARRAY_IDX(c->ph->sent, c->ph->sent->nelts - 1,
                            phone_sent_t).cmd > cmd) {
        c->ph->sent->nelts--;
    }
    c->ph->cmd = cmd;
}

/* As many of the waiting replies as fit. */
static inline void client_write_replies(client_t *c)
{
    int i;

    for (i = 0; i < c->replies->nelts; i++) {
        const client_reply_t *r =
            &APR_ARRAY_IDX(c->replies, i, client_reply_t);
        unsigned cmd = c->ph->cmd;
        codec_mark_t mark;

        codec_writer_mark(c->ph->w, &mark);
        phone_status(c->ph, r->msgref, r->cmdref, r->cmd, r->targetref,
                     r->sourceref, r->code);
        if (r->results) {
            phone_results_devinf(c->ph, r->msgref, r->cmdref);
        }
        if (!phone_has_room(c->ph, 300)) {
            client_undo(c, &mark, cmd);
            break;
        }
    }
    memmove(c->replies->elts, c->replies->elts + i * c->replies->elt_size,
            (size_t)(c->replies->nelts - i) * sizeof(client_reply_t));
    c->replies->nelts -= i;
}

static inline int client_maps_owed(client_store_t *s)
{
    int i, n = 0;

    for (i = 0; i < s->items->nelts; i++) {
        n += APR_ARRAY_IDX(s->items, i, client_item_t *)->map == 1;
    }
    return n;
}

/* A Map for as many items as fit. */
static inline void client_write_map(client_t *c, client_store_t *s)
{
    unsigned cmd = c->ph->cmd;
    codec_mark_t mark;
    int i, n = 0;

    codec_writer_mark(c->ph->w, &mark);
    phone_open_map(c->ph, s->name, s->local);
    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        if (item->map != 1) {
            continue;
        }
        if (!phone_has_room(c->ph, 500)) {
            break;
        }
        phone_map_item(c->ph, item->guid, item->luid);
        item->map = 2;
        n++;
    }
    if (n == 0) {
        client_undo(c, &mark, cmd);
        return;
    }
    codec_close(c->ph->w);
}

static inline void client_write_maps(client_t *c)
{
    int i;

    for (i = 0; i < c->nstores && c->maps == MAPS_NOW; i++) {
        if (c->stores[i].wanted && client_maps_owed(&c->stores[i])) {
            client_write_map(c, &c->stores[i]);
        }
    }
}

/* Non-zero if replies or maps wait. */
static inline int client_waiting(client_t *c)
{
    int i, n = c->replies->nelts;

    for (i = 0; i < c->nstores && c->maps == MAPS_NOW; i++) {
        n += c->stores[i].wanted ? client_maps_owed(&c->stores[i]) : 0;
    }
    return n;
}

/* ---- the server's commands --------------------------------------------- */

static inline client_store_t *client_by_paths(client_t *c, const char *target,
                                              const char *source)
{
    int i;

    for (i = 0; i < c->nstores && target && source; i++) {
        if (strcmp(c->stores[i].local, target) == 0
            && strcmp(c->stores[i].name, source) == 0) {
            return &c->stores[i];
        }
    }
    return NULL;
}

static inline client_item_t *client_by(client_store_t *s, const char *luid,
                                       const char *guid)
{
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        if (luid ? strcmp(item->luid, luid) == 0
                 : item->guid != NULL && !item->gone
                   && strcmp(item->guid, guid) == 0) {
            return item;
        }
    }
    return NULL;
}

static inline int client_apply(client_t *c, client_store_t *s, int tag,
                               const char *luid, const char *guid,
                               const char *data, apr_size_t len)
{
    client_item_t *item = client_by(s, luid, guid);

    switch (tag) {
    case SYNCML_ADD:
        if (item != NULL && !c->forgets_guids && s->code != 201) {
            item->map = 1;
            return 418;
        }
        item = client_new_item(c, s, apr_pstrmemdup(c->pool, data, len));
        item->guid = apr_pstrdup(c->pool, guid);
        item->map = 1;
        return 201;
    case SYNCML_REPLACE:
        if (item == NULL || item->gone) {
            return 404;
        }
        item->text = apr_pstrmemdup(c->pool, data, len);
        item->dirty = 0;
        item->unheard = 1;
        return 200;
    default:
        if (item == NULL) {
            return 211;
        }
        item->gone = 1;
        item->dirty = 0;
        return 200;
    }
}

/* A piece of a large object.  @return 213: more comes; 0: whole now */
static inline int client_take_piece(client_t *c, const client_store_t *s,
                                    const sml_command_t *change,
                                    const sml_item_t *item)
{
    const char *size = SML_META(item, change, size);
    const char *at = SML_META(item, change, emi);

    /* It begins (anew); one that says where pieces belong adds to those that
     * it has as long as nothing is said. */
    if (size != NULL
        && (at == NULL ? c->partial == NULL || !c->says_datapos
                       : strcmp(at, "datapos=0") == 0)) {
        c->partial = NULL;
    }
    else if (at != NULL && (c->partial == NULL || !c->says_datapos)) {
        phone_wrong(c->ph, "Meta EMI for a client that knows none, or where "
                    "nothing is resumed");
        return -1;
    }
    if (c->partial != NULL && at != NULL) {
        /* A resumed session says where the piece belongs. */
        if (strncmp(at, "datapos=", 8) != 0 || size != NULL
            || (apr_size_t)atol(at + 8) > c->partial_len) {
            phone_wrong(c->ph, "a piece that does not fit to those before");
            return -1;
        }
        c->partial_len = (apr_size_t)atol(at + 8);
    }
    if (c->partial == NULL) {
        if (size == NULL) {
            phone_wrong(c->ph, "the first piece says no Size");
            return -1;
        }
        c->partial_size = (apr_size_t)atol(size);
        c->partial = apr_palloc(c->pool, c->partial_size + 1);
        c->partial_of = apr_pstrdup(c->pool, item->target.uri
                                    ? item->target.uri : item->source.uri);
        c->partial_in = s;
        c->partial_len = 0;
    }
    if (c->partial_len + item->len > c->partial_size) {
        phone_wrong(c->ph, "more octets than the Size that was said");
        return -1;
    }
    memcpy(c->partial + c->partial_len, item->data, item->len);
    c->partial_len += item->len;
    if (item->more) {
        return 213;
    }
    if (c->partial_len != c->partial_size) {
        phone_wrong(c->ph, "fewer octets than the Size that was said");
        return -1;
    }
    return 0;
}

static inline apr_status_t client_take_change(client_t *c, client_store_t *s,
                                              const sml_command_t *change)
{
    const sml_item_t *item;
    const char *data, *luid, *guid;
    apr_size_t len;
    client_reply_t *r;
    int code = 0;

    if (change->items->nelts != 1) {
        return phone_wrong(c->ph, "a change without exactly one Item");
    }
    item = &APR_ARRAY_IDX(change->items, 0, sml_item_t);
    luid = item->target.uri;
    guid = item->source.uri;
    data = item->data;
    len = item->len;
    if ((change->tag == SYNCML_ADD) != (guid != NULL)
        || (change->tag != SYNCML_ADD) != (luid != NULL)
        || (change->tag == SYNCML_DELETE) != (data == NULL)) {
        return phone_wrong(c->ph, "a change with the wrong ids or Data");
    }
    if (c->partial != NULL && c->resuming
        && strcmp(c->partial_of, luid ? luid : guid) != 0) {
        c->partial = NULL;      /* not gone on with */
    }
    if (c->partial != NULL || item->more) {
        s->pieces++;
        code = client_take_piece(c, s, change, item);
        if (code < 0) {
            return APR_EGENERAL;
        }
        data = c->partial;
        len = c->partial_len;
        c->partial = code ? c->partial : NULL;
    }
    if (code == 0) {
        s->came[change->tag == SYNCML_ADD ? 0
                : change->tag == SYNCML_REPLACE ? 1 : 2]++;
        code = c->judge ? c->judge(c, s, change) : 0;
        if (code == 0) {
            code = client_apply(c, s, change->tag, luid, guid, data, len);
        }
    }
    if (c->mute) {
        return APR_SUCCESS;
    }
    r = client_reply(c, change, code);
    r->targetref = luid ? apr_pstrdup(c->ph->session_pool, luid) : NULL;
    r->sourceref = guid ? apr_pstrdup(c->ph->session_pool, guid) : NULL;
    return APR_SUCCESS;
}

static inline apr_status_t client_take_sync(client_t *c,
                                            const sml_command_t *sync)
{
    client_store_t *s = client_by_paths(c, sync->target.uri,
                                        sync->source.uri);
    client_reply_t *r;
    int i;

    if (s == NULL || !s->wanted || s->code == 0) {
        return phone_wrong(c->ph, "a Sync for something else");
    }
    r = client_reply(c, sync, c->sync_code ? c->sync_code : 200);
    r->targetref = s->local;
    r->sourceref = s->name;
    if (s->code == 202 || s->code == 203) {
        return phone_wrong(c->ph, "a Sync where only the client sends");
    }
    if (sync->number_of_changes != NULL) {
        if (s->announced >= 0 || !c->ph->counts
            || c->ph->version == CODEC_V10) {
            return phone_wrong(c->ph, "NumberOfChanges twice or unasked");
        }
        s->announced = atol(sync->number_of_changes);
    }
    if (s->code == 205 && !s->refreshed && c->sync_code < 300) {
        s->refreshed = 1;
        s->last = NULL;
        apr_array_clear(s->items);
    }
    for (i = 0; i < sync->commands->nelts && c->sync_code < 300; i++) {
        const sml_command_t *change =
            APR_ARRAY_IDX(sync->commands, i, const sml_command_t *);

        if (change->tag != SYNCML_ADD && change->tag != SYNCML_REPLACE
            && change->tag != SYNCML_DELETE) {
            return phone_wrong(c->ph, "an unknown command inside Sync");
        }
        if (client_take_change(c, s, change) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
    }
    return APR_SUCCESS;
}

static inline apr_status_t client_take_alert(client_t *c,
                                             const sml_command_t *alert)
{
    int code = alert->data ? atoi(alert->data) : 0;
    const sml_item_t *item = alert->items->nelts
        ? &APR_ARRAY_IDX(alert->items, 0, sml_item_t) : NULL;
    client_store_t *s;

    client_reply(c, alert, 200);
    if (code == 222) {
        return APR_SUCCESS;
    }
    if (code < 200 || code > 205 || alert->items->nelts != 1) {
        return phone_wrong(c->ph, "an Alert that is none");
    }
    s = client_by_paths(c, item->target.uri, item->source.uri);
    if (s == NULL || !s->wanted || s->code != 0) {
        return phone_wrong(c->ph, "an Alert for something else, or twice");
    }
    if (item->meta.next == NULL || *item->meta.next == '\0') {
        return phone_wrong(c->ph, "an Alert without Next anchor");
    }
    s->code = code;
    return APR_SUCCESS;
}

static inline apr_status_t client_take_other(client_t *c,
                                             const sml_command_t *command)
{
    const sml_item_t *item;

    if (command->tag == SYNCML_GET) {
        client_reply(c, command, 200)->results = 1;
        return APR_SUCCESS;
    }
    if (command->tag != SYNCML_RESULTS) {
        return phone_wrong(c->ph, "a command that nobody asked for");
    }
    client_reply(c, command, 200);
    item = command->items->nelts
         ? &APR_ARRAY_IDX(command->items, 0, sml_item_t) : NULL;
    if (item == NULL || item->len == 0 || item->source.uri == NULL
        || strcmp(item->source.uri, phone_devinf_uri(c->ph)) != 0) {
        return phone_wrong(c->ph, "Results without our DevInf");
    }
    return APR_SUCCESS;
}

/* Read the answer. */
static inline apr_status_t client_take(client_t *c)
{
    apr_array_header_t *commands = c->ph->in->commands;
    apr_status_t rv = APR_SUCCESS;
    int i, news = 0;

    for (i = 0; i < commands->nelts && rv == APR_SUCCESS; i++) {
        const sml_command_t *command =
            APR_ARRAY_IDX(commands, i, const sml_command_t *);

        if (command->tag == SYNCML_STATUS) {
            news += i > 0;
        }
        else if (command->tag == SYNCML_ALERT) {
            rv = client_take_alert(c, command);
        }
        else if (command->tag == SYNCML_SYNC) {
            rv = client_take_sync(c, command);
            news++;
        }
        else {
            rv = client_take_other(c, command);
            news++;
        }
    }
    c->server_final = c->ph->in->final;
    c->idle = news || c->server_final ? 0 : c->idle + 1;
    if (rv == APR_SUCCESS && c->idle > 3 && !c->patient) {
        rv = phone_wrong(c->ph, "the session does not come forward");
    }
    if (rv == APR_SUCCESS && c->ph->posts > CLIENT_MAX_POSTS) {
        rv = phone_wrong(c->ph, "the session does not end");
    }
    return rv;
}

/* The session ends here, to go on another time. */
static inline apr_status_t client_suspend(client_t *c)
{
    apr_array_header_t *sent = c->ph->sent, *before;
    apr_status_t rv;
    int last;

    phone_alert(c->ph, 224, c->ph->url, c->ph->devid, NULL, NULL);
    last = sent->nelts - 1;
    before = apr_array_copy(c->ph->session_pool, sent);
    rv = phone_post(c->ph, 1);
    if (rv == APR_SUCCESS
        && (c->ph->header_code != 200 || !c->ph->in->final
            || APR_ARRAY_IDX(sent, last, phone_sent_t).code != 200)) {
        return phone_wrong(c->ph, "the answer to Alert 224 is wrong");
    }
    if (c->deaf) {
        c->ph->sent = before;
    }
    if (rv == APR_SUCCESS) {
        c->ph->why = "the session was suspended";
        rv = APR_TIMEUP;
    }
    return rv;
}

static inline apr_status_t client_post(client_t *c, int final)
{
    apr_status_t rv;

    if (c->suspend_at != 0 && c->ph->posts + 1 >= c->suspend_at) {
        return client_suspend(c);
    }
    rv = phone_post(c->ph, final);

    if (rv == APR_SUCCESS && c->ph->header_code != 200
        && c->ph->header_code != 212) {
        rv = phone_wrong(c->ph, apr_psprintf(c->ph->message_pool,
                         "SyncHdr has status %d", c->ph->header_code));
    }
    return rv == APR_SUCCESS ? client_take(c) : rv;
}

#endif
