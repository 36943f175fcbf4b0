/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The answer: header, statuses, results, alerts, our modifications, Final -
 * in this order, and of each only what fits into the client's MaxMsgSize,
 * counted in encoded octets.  What does not fit waits in the session for the
 * client's next message.
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_strings.h>

/* Longer CmdID and code page switches than where the tail was measured. */
#define TAIL_SLACK  16
/* A client that says less than this is not believed: no header would fit. */
#define LIMIT_MIN   1024

static const char *const verdtd[] = { "1.0", "1.1", "1.2" };
static const char *const verproto[] = {
    "SyncML/1.0", "SyncML/1.1", "SyncML/1.2"
};

/* ---- queueing statuses -------------------------------------------------- */

static sml_status_t *queue(sml_session_t *s, const char *cmdref,
                           const char *cmd, int code)
{
    sml_status_t *t = apr_array_push(s->state->pending);

    memset(t, 0, sizeof(*t));
    t->msgref = s->in->msg_id;
    t->cmdref = cmdref ? cmdref : "";
    t->cmd = cmd;
    t->code = code;
    return t;
}

void sml_status(sml_session_t *s, const sml_command_t *c, int code,
                const char *targetref, const char *sourceref)
{
    sml_status_anchor(s, c, code, targetref, sourceref, NULL);
}

void sml_status_anchor(sml_session_t *s, const sml_command_t *c, int code,
                       const char *targetref, const char *sourceref,
                       const char *next)
{
    sml_status_t *t;

    sml_atomic_note(s, code);
    if (c->no_resp || s->in->no_resp) {
        return;
    }
    t = queue(s, c->cmdid, sml_command_name(c->tag), code);
    t->targetref = targetref;
    t->sourceref = sourceref;
    t->next_anchor = next;
}

/* Before those that are left of former messages. */
void sml_status_header(sml_session_t *s, int code, int chal)
{
    apr_array_header_t *list = s->state->pending;
    sml_status_t *t = queue(s, "0", "SyncHdr", code);
    sml_status_t header;

    t->targetref = s->in->target.uri;
    t->sourceref = s->in->source.uri;
    t->chal = chal;
    header = *t;
    t = (sml_status_t *)list->elts;
    memmove(t + 1, t, (size_t)(list->nelts - 1) * sizeof(*t));
    *t = header;
}

/* ---- writing ------------------------------------------------------------ */

static void write_uri(codec_writer_t *w, int tag, const char *uri,
                      const char *name)
{
    codec_open(w, tag);
    codec_text(w, SYNCML_LOCURI, uri ? uri : "");
    if (name != NULL) {
        codec_text(w, SYNCML_LOCNAME, name);
    }
    codec_close(w);
}

int sml_reply_fits(const sml_session_t *s)
{
    return codec_writer_size(s->w) + s->tail <= s->limit;
}

apr_uint32_t sml_reply_cmdid(sml_session_t *s)
{
    return ++s->cmdid;
}

static void write_header(sml_session_t *s)
{
    const sml_state_t *state = s->state;
    codec_writer_t *w = s->w;

    codec_open(w, SYNCML_SYNCHDR);
    codec_text(w, SYNCML_VERDTD, verdtd[state->version]);
    codec_text(w, SYNCML_VERPROTO, verproto[state->version]);
    codec_text(w, SYNCML_SESSIONID, state->session_id);
    codec_number(w, SYNCML_MSGID, state->our_msg);
    write_uri(w, SYNCML_TARGET, state->client_uri, state->client_name);
    write_uri(w, SYNCML_SOURCE, state->server_uri, NULL);
    if (state->resp_uri != NULL) {
        codec_text(w, SYNCML_RESPURI, state->resp_uri);
    }
    codec_open(w, SYNCML_META);
    codec_number(w, METINF_MAXMSGSIZE, (apr_int64_t)s->config->max_msg_size);
    if (state->version != CODEC_V10) {
        codec_number(w, METINF_MAXOBJSIZE,
                     (apr_int64_t)s->config->max_obj_size);
    }
    codec_close(w);
    codec_close(w);
}

/* "Go on": asked for while the client's package is not complete. */
static void write_next_message(sml_session_t *s)
{
    codec_open(s->w, SYNCML_ALERT);
    codec_number(s->w, SYNCML_CMDID, sml_reply_cmdid(s));
    codec_number(s->w, SYNCML_DATA, 222);
    codec_open(s->w, SYNCML_ITEM);
    write_uri(s->w, SYNCML_TARGET, s->state->client_uri, NULL);
    write_uri(s->w, SYNCML_SOURCE, s->state->server_uri, NULL);
    codec_close(s->w);
    codec_close(s->w);
}

/* Octets to be kept free for what may follow all else: Final, or Alert 222
 * where the client's package goes on. */
static apr_size_t measure_tail(sml_session_t *s)
{
    apr_size_t before = codec_writer_size(s->w), tail;
    codec_mark_t mark;

    codec_writer_mark(s->w, &mark);
    if (s->late || (!s->final && s->state->phase != SML_SERVER_SYNC)) {
        write_next_message(s);
    }
    codec_empty(s->w, SYNCML_FINAL);
    tail = codec_writer_size(s->w) - before + TAIL_SLACK;
    codec_writer_rollback(s->w, &mark);
    s->cmdid = 0;
    return tail;
}

void sml_reply_begin(sml_session_t *s)
{
    s->limit = s->config->max_msg_size;
    if (s->state->client_max_msg && s->state->client_max_msg < s->limit) {
        s->limit = s->state->client_max_msg;
    }
    if (s->limit < LIMIT_MIN) {
        s->limit = LIMIT_MIN;
    }
    s->w = codec_writer_create(s->request->format, CODEC_DOC_SYNCML,
                               s->state->version, s->p);
    codec_open(s->w, SYNCML_SYNCML);
    write_header(s);
    codec_open(s->w, SYNCML_SYNCBODY);
    s->head = codec_writer_size(s->w);
    s->tail = measure_tail(s);
}

static void write_chal(sml_session_t *s)
{
    codec_writer_t *w = s->w;
    int digest = s->chal_scheme == SML_AUTH_MD5;

    codec_open(w, SYNCML_CHAL);
    codec_open(w, SYNCML_META);
    codec_text(w, METINF_TYPE, digest ? "syncml:auth-md5"
                                      : "syncml:auth-basic");
    codec_text(w, METINF_FORMAT, "b64");
    if (digest && s->nonce != NULL) {
        codec_text(w, METINF_NEXTNONCE, s->nonce);
    }
    codec_close(w);
    codec_close(w);
}

/* To a version that is not spoken here belongs which are. */
static void write_supported(codec_writer_t *w, const sml_status_t *t)
{
    const char *const *all = t->code == 505 ? verdtd : verproto;
    int i;

    if (strcmp(t->cmd, "SyncHdr") != 0 || (t->code != 505 && t->code != 513)) {
        return;
    }
    for (i = CODEC_V10; i <= CODEC_V12; i++) {
        codec_open(w, SYNCML_ITEM);
        codec_text(w, SYNCML_DATA, all[i]);
        codec_close(w);
    }
}

static void write_status(sml_session_t *s, const sml_status_t *t)
{
    codec_writer_t *w = s->w;

    codec_open(w, SYNCML_STATUS);
    codec_number(w, SYNCML_CMDID, sml_reply_cmdid(s));
    codec_text(w, SYNCML_MSGREF, t->msgref);
    codec_text(w, SYNCML_CMDREF, t->cmdref);
    codec_text(w, SYNCML_CMD, t->cmd);
    if (t->targetref != NULL) {
        codec_text(w, SYNCML_TARGETREF, t->targetref);
    }
    if (t->sourceref != NULL) {
        codec_text(w, SYNCML_SOURCEREF, t->sourceref);
    }
    if (t->chal && s->chal_scheme) {
        write_chal(s);
    }
    codec_number(w, SYNCML_DATA, t->code);
    if (t->next_anchor != NULL) {
        codec_open(w, SYNCML_ITEM);
        codec_open(w, SYNCML_DATA);
        codec_open(w, METINF_ANCHOR);
        codec_text(w, METINF_NEXT, t->next_anchor);
        codec_close(w);
        codec_close(w);
        codec_close(w);
    }
    write_supported(w, t);
    codec_close(w);
}

/* Undo what has been written since the mark if there is no room for it. */
static int keep(sml_session_t *s, const codec_mark_t *mark,
                apr_uint32_t cmdid)
{
    if (sml_reply_fits(s)) {
        return 1;
    }
    codec_writer_rollback(s->w, mark);
    s->cmdid = cmdid;
    return 0;
}

/* SyncHdr's Status: an answer without it is none.  Its references may be
 * left out. */
static void write_header_status(sml_session_t *s, sml_status_t *t)
{
    codec_mark_t mark;

    codec_writer_mark(s->w, &mark);
    write_status(s, t);
    if (!keep(s, &mark, 0)) {
        t->targetref = t->sourceref = NULL;
        write_status(s, t);
    }
}

static int write_statuses(sml_session_t *s)
{
    apr_array_header_t *list = s->state->pending;
    int i;

    write_header_status(s, (sml_status_t *)list->elts);
    for (i = 1; i < list->nelts; i++) {
        apr_uint32_t cmdid = s->cmdid;
        codec_mark_t mark;

        codec_writer_mark(s->w, &mark);
        write_status(s, &APR_ARRAY_IDX(list, i, sml_status_t));
        if (!keep(s, &mark, cmdid)) {
            if (cmdid > 1) {
                break;
            }
            /* After SyncHdr's alone: no message has room for it. */
            sml_log(s->config, 4, 0, "device %s: its MaxMsgSize has no room "
                    "for a Status with references so long; left out",
                    s->state->client_uri);
        }
    }
    memmove(list->elts, list->elts + i * list->elt_size,
            (size_t)(list->nelts - i) * (size_t)list->elt_size);
    list->nelts -= i;
    return list->nelts == 0;
}

static const char *devinf_type(const sml_session_t *s)
{
    return s->request->format == CODEC_WBXML
        ? "application/vnd.syncml-devinf+wbxml"
        : "application/vnd.syncml-devinf+xml";
}

static const char *devinf_uri(const sml_session_t *s)
{
    static const char *const uris[] = {
        "./devinf10", "./devinf11", "./devinf12"
    };

    return uris[s->state->version];
}

/* @return non-zero if it fitted */
static int try_results(sml_session_t *s, int brief)
{
    sml_state_t *state = s->state;
    apr_uint32_t cmdid = s->cmdid;
    codec_mark_t mark;

    codec_writer_mark(s->w, &mark);
    codec_open(s->w, SYNCML_RESULTS);
    codec_number(s->w, SYNCML_CMDID, sml_reply_cmdid(s));
    codec_text(s->w, SYNCML_MSGREF, state->results_msg);
    codec_text(s->w, SYNCML_CMDREF, state->results_cmd);
    codec_open(s->w, SYNCML_META);
    codec_text(s->w, METINF_TYPE, devinf_type(s));
    codec_close(s->w);
    codec_open(s->w, SYNCML_ITEM);
    write_uri(s->w, SYNCML_SOURCE, state->results_uri, NULL);
    codec_embed(s->w, SYNCML_DATA, sml_devinf_write(s, brief));
    codec_close(s->w);
    codec_close(s->w);
    return keep(s, &mark, cmdid);
}

/* Where no message of the client's can hold the whole DevInf, it gets one
 * of the datastores in this session, and none if that is too long as well:
 * a session without it is better than none. */
static int write_results(sml_session_t *s)
{
    /* Not more before it than the Statuses of SyncHdr and Alert 222. */
    int alone = s->cmdid <= 2;

    if (!s->state->want_results) {
        return 1;
    }
    if (!try_results(s, 0)) {
        if (!alone) {
            return 0;
        }
        if (!try_results(s, 1)) {
            sml_log(s->config, 4, 0, "device %s: its MaxMsgSize has no room "
                    "for our DevInf; it was left out", s->device->devid);
        }
    }
    s->state->want_results = 0;
    return 1;
}

/* The client's DevInf is asked for where it has neither come nor is known. */
static int write_get(sml_session_t *s)
{
    apr_uint32_t cmdid = s->cmdid;
    codec_mark_t mark;

    if (s->device->devinf_len > 0 || s->state->get_sent
        || s->state->syncs->nelts == 0) {
        return 1;
    }
    codec_writer_mark(s->w, &mark);
    codec_open(s->w, SYNCML_GET);
    codec_number(s->w, SYNCML_CMDID, sml_reply_cmdid(s));
    codec_open(s->w, SYNCML_META);
    codec_text(s->w, METINF_TYPE, devinf_type(s));
    codec_close(s->w);
    codec_open(s->w, SYNCML_ITEM);
    write_uri(s->w, SYNCML_TARGET, devinf_uri(s), NULL);
    codec_close(s->w);
    codec_close(s->w);
    if (!keep(s, &mark, cmdid)) {
        return 0;
    }
    s->state->get_sent = 1;
    return 1;
}

static void write_alert(sml_session_t *s, sml_sync_t *y)
{
    codec_writer_t *w = s->w;

    y->alert_msg = s->state->our_msg;
    y->alert_cmd = sml_reply_cmdid(s);
    codec_open(w, SYNCML_ALERT);
    codec_number(w, SYNCML_CMDID, y->alert_cmd);
    codec_number(w, SYNCML_DATA, y->code);
    codec_open(w, SYNCML_ITEM);
    write_uri(w, SYNCML_TARGET, y->client_uri, NULL);
    write_uri(w, SYNCML_SOURCE, y->server_uri, NULL);
    codec_open(w, SYNCML_META);
    codec_open(w, METINF_ANCHOR);
    if (*y->server_last) {
        codec_text(w, METINF_LAST, y->server_last);
    }
    codec_text(w, METINF_NEXT, y->server_next);
    codec_close(w);
    codec_close(w);
    codec_close(w);
    codec_close(w);
}

static int write_alerts(sml_session_t *s)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);
        apr_uint32_t cmdid = s->cmdid;
        codec_mark_t mark;

        if (!y->alert_pending) {
            continue;
        }
        codec_writer_mark(s->w, &mark);
        write_alert(s, y);
        if (!keep(s, &mark, cmdid)) {
            return 0;
        }
        y->alert_pending = 0;
    }
    return 1;
}

/* "Where is the rest?": another command came before an item's last piece. */
static int write_no_end(sml_session_t *s)
{
    apr_uint32_t cmdid = s->cmdid;
    codec_mark_t mark;

    if (s->state->no_end == NULL) {
        return 1;
    }
    codec_writer_mark(s->w, &mark);
    codec_open(s->w, SYNCML_ALERT);
    codec_number(s->w, SYNCML_CMDID, sml_reply_cmdid(s));
    codec_number(s->w, SYNCML_DATA, 223);
    codec_open(s->w, SYNCML_ITEM);
    write_uri(s->w, SYNCML_SOURCE, s->state->no_end, NULL);
    codec_close(s->w);
    codec_close(s->w);
    if (!keep(s, &mark, cmdid)) {
        return 0;
    }
    s->state->no_end = NULL;
    return 1;
}

/* ---- phases ------------------------------------------------------------- */

static void commit_rest(sml_session_t *s)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_commit(s, &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t));
    }
}

static void final(sml_session_t *s)
{
    codec_empty(s->w, SYNCML_FINAL);
    s->state->final_sent = 1;
}

void sml_reply_fill(sml_session_t *s)
{
    sml_state_t *state = s->state;
    int complete;

    if (s->suspended) {
        write_statuses(s);
        codec_empty(s->w, SYNCML_FINAL);
        return;
    }
    complete = write_statuses(s) && write_no_end(s) && write_results(s)
               && write_get(s) && write_alerts(s);
    if (s->late) {
        write_next_message(s);
        return;
    }
    switch (state->phase) {
    case SML_INIT:
        if (complete && s->final) {
            final(s);
        }
        else if (!s->final) {
            write_next_message(s);
        }
        break;
    case SML_CLIENT_SYNC:
        if (complete && !state->final_sent) {
            final(s);
        }
        else if (complete && !s->final) {
            write_next_message(s);
        }
        break;
    case SML_SERVER_SYNC:
        if (complete && sml_send(s)) {
            final(s);
            state->phase = SML_MAP;
        }
        break;
    case SML_MAP:
    case SML_DONE:
        if (complete && s->final) {
            commit_rest(s);
            state->phase = SML_DONE;
            final(s);
        }
        else if (complete && s->only_asks) {
            /* It waits for more of our package, which was complete. */
            final(s);
        }
        else if (complete) {
            write_next_message(s);
        }
        break;
    }
}

void sml_reply_refusal(sml_session_t *s)
{
    write_statuses(s);
    codec_empty(s->w, SYNCML_FINAL);
}

const char *sml_reply_end(sml_session_t *s, apr_size_t *len)
{
    codec_close(s->w);
    codec_close(s->w);
    return codec_writer_data(s->w, len);
}
