/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What a client (sml_phone.h) gets for an answer.  It is refused here,
 * whoever asked, if it cannot be decoded, is larger than the client's
 * MaxMsgSize, speaks another version or session, does not begin with the
 * Status of SyncHdr, counts CmdIDs wrongly, has a Status that answers nothing
 * or answers twice, has Results that nobody asked for or ids that are too
 * long, or breaks a rule of sml_judge.h.  The reason is in ph->why.
 */
#ifndef T_UNIT_SML_ANSWER_H
#define T_UNIT_SML_ANSWER_H

#include "sml_judge.h"
#include "sml_phone.h"

static inline apr_status_t phone_wrong(phone_t *ph, const char *why)
{
    ph->why = apr_psprintf(ph->pool, "session %u, message %u: %s",
                           ph->session, ph->msg, why);
    return APR_EGENERAL;
}

static inline int phone_same_ref(const phone_sent_t *t,
                                 const sml_command_t *status)
{
    if (t->ref == NULL) {
        return 1;
    }
    if (status->sourcerefs->nelts == 0) {
        return atoi(status->data) >= 400;   /* refused, whatever is in it */
    }
    return status->sourcerefs->nelts == 1
        && strcmp(APR_ARRAY_IDX(status->sourcerefs, 0, const char *),
                  t->ref) == 0;
}

/* @return what the Status answers, or NULL */
static inline phone_sent_t *phone_find_sent(phone_t *ph,
                                            const sml_command_t *status)
{
    unsigned msg = (unsigned)atoi(status->msgref);
    unsigned cmd = (unsigned)atoi(status->cmdref);
    phone_sent_t *all = (phone_sent_t *)ph->sent->elts;
    int i;

    while (ph->sent_at < ph->sent->nelts && all[ph->sent_at].code) {
        ph->sent_at++;
    }
    for (i = ph->sent_at; i < ph->sent->nelts; i++) {
        if (all[i].msg == msg && all[i].cmd == cmd && !all[i].code
            && phone_same_ref(&all[i], status)) {
            return &all[i];
        }
    }
    return NULL;
}

static inline apr_status_t phone_take_status(phone_t *ph,
                                             const sml_command_t *c)
{
    apr_pool_t *p = ph->message_pool;
    phone_sent_t *t;

    if (!c->msgref || !c->cmdref || !c->cmd || !c->data || !*c->data) {
        return phone_wrong(ph, "a Status without MsgRef, CmdRef, Cmd or Data");
    }
    t = phone_find_sent(ph, c);
    if (t == NULL) {
        return phone_wrong(ph, apr_psprintf(p, "Status %s for %s %s/%s%s%s, "
            "which was not sent or has one", c->data, c->cmd, c->msgref,
            c->cmdref, c->sourcerefs->nelts ? " " : "", c->sourcerefs->nelts
            ? APR_ARRAY_IDX(c->sourcerefs, 0, const char *) : ""));
    }
    if (strcmp(t->name, c->cmd) != 0) {
        return phone_wrong(ph, apr_psprintf(p, "Status for %s says %s",
                                            t->name, c->cmd));
    }
    t->code = atoi(c->data);
    return APR_SUCCESS;
}

static inline apr_status_t phone_take_chal(phone_t *ph,
                                           const sml_command_t *c)
{
    if (c->chal == NULL) {
        return ph->header_code == 401 || ph->header_code == 407
            ? phone_wrong(ph, "no Chal with 401 or 407") : APR_SUCCESS;
    }
    if (c->chal->type == NULL) {
        return phone_wrong(ph, "a Chal without Type");
    }
    if (strcmp(c->chal->type, "syncml:auth-md5") == 0) {
        if (c->chal->next_nonce == NULL) {
            return phone_wrong(ph, "a Chal without NextNonce");
        }
        ph->nonce = apr_pstrdup(ph->pool, c->chal->next_nonce);
        ph->scheme = SML_AUTH_MD5;
    }
    else {
        ph->scheme = SML_AUTH_BASIC;
    }
    return APR_SUCCESS;
}

/* The Status of SyncHdr. */
static inline apr_status_t phone_take_header_status(phone_t *ph)
{
    const sml_command_t *c;

    if (ph->in->commands->nelts == 0) {
        return phone_wrong(ph, "an answer without commands");
    }
    c = APR_ARRAY_IDX(ph->in->commands, 0, const sml_command_t *);
    if (c->tag != SYNCML_STATUS || c->cmd == NULL
        || strcmp(c->cmd, "SyncHdr") != 0) {
        return phone_wrong(ph, "the first command is not SyncHdr's Status");
    }
    if (strcmp(c->cmdref, "0") != 0 || (unsigned)atoi(c->msgref) != ph->msg) {
        return phone_wrong(ph, "SyncHdr's Status refers to something else");
    }
    ph->header_code = atoi(c->data);
    if (ph->header_code == 200 || ph->header_code == 212) {
        ph->authorised = 1;
    }
    return phone_take_chal(ph, c);
}

static inline apr_status_t phone_check_cmdids(phone_t *ph,
                                              apr_array_header_t *commands,
                                              int *last)
{
    int i;

    for (i = 0; i < commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(commands, i, const sml_command_t *);

        if (c->cmdid == NULL || atoi(c->cmdid) != ++*last) {
            return phone_wrong(ph, apr_psprintf(ph->message_pool, "CmdID %s, "
                               "%d was due", c->cmdid ? c->cmdid : "-",
                               *last));
        }
        if (c->commands != NULL
            && phone_check_cmdids(ph, c->commands, last) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
    }
    return APR_SUCCESS;
}

static inline apr_status_t phone_check_header(phone_t *ph)
{
    static const char *const proto[] = {
        "SyncML/1.0", "SyncML/1.1", "SyncML/1.2"
    };
    sml_message_t *in = ph->in;
    unsigned msg = in->msg_id ? (unsigned)atoi(in->msg_id) : 0;

    if (in->verproto == NULL || in->verdtd == NULL
        || strcmp(in->verproto, proto[ph->version]) != 0) {
        return phone_wrong(ph, "another protocol version");
    }
    if (in->session_id == NULL
        || (unsigned)atoi(in->session_id) != ph->session) {
        return phone_wrong(ph, "another SessionID");
    }
    if (msg <= ph->server_msg) {
        return phone_wrong(ph, "the server's MsgID does not grow");
    }
    ph->server_msg = msg;
    if (!in->target.uri || strcmp(in->target.uri, ph->devid) != 0
        || !in->source.uri || strncmp(in->source.uri, ph->url,
                                      strlen(ph->url)) != 0) {
        return phone_wrong(ph, "SyncHdr's Target or Source is not ours");
    }
    if (in->resp_uri != NULL) {
        ph->resp_uri = apr_pstrdup(ph->session_pool, in->resp_uri);
    }
    if (in->meta.max_msg_size == NULL) {
        return phone_wrong(ph, "no MaxMsgSize of the server");
    }
    ph->server_max = (apr_size_t)atoi(in->meta.max_msg_size);
    return APR_SUCCESS;
}

/* Ids that every phone can keep: at most eight octets (DevInf's MaxGUIDSize
 * of Nokia's; above 32 it crashes). */
static inline apr_status_t phone_check_ids(phone_t *ph,
                                           const sml_command_t *sync)
{
    int i;

    for (i = 0; i < sync->commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(sync->commands, i, const sml_command_t *);
        const char *guid = APR_ARRAY_IDX(c->items, 0, sml_item_t).source.uri;

        if (guid != NULL && (*guid == '\0' || strlen(guid) > 8)) {
            return phone_wrong(ph, apr_psprintf(ph->message_pool, "%s of an "
                               "item with id \"%s\"", codec_tag_name(c->tag),
                               guid));
        }
    }
    return APR_SUCCESS;
}

/* Results that nobody asked for end a session of Nokia's. */
static inline apr_status_t phone_check_results(phone_t *ph)
{
    int i, asked = 0;

    for (i = 0; i < ph->sent->nelts; i++) {
        asked += strcmp(APR_ARRAY_IDX(ph->sent, i, phone_sent_t).name,
                        "Get") == 0;
    }
    return ++ph->results > asked ? phone_wrong(ph, "Results without a Get")
                                 : APR_SUCCESS;
}

static inline apr_status_t phone_check(phone_t *ph)
{
    const char *error;
    int i, last = 0;

    if (ph->max_msg && ph->answer_len > ph->max_msg) {
        return phone_wrong(ph, apr_psprintf(ph->message_pool,
            "the answer has %" APR_SIZE_T_FMT " octets, MaxMsgSize is %"
            APR_SIZE_T_FMT, ph->answer_len, ph->max_msg));
    }
    if (sml_message_decode(&ph->in, ph->format, ph->answer, ph->answer_len,
                           ph->answer_len, &error, ph->message_pool)
        != APR_SUCCESS) {
        return phone_wrong(ph, apr_pstrcat(ph->message_pool,
                           "the answer cannot be decoded: ", error, NULL));
    }
    error = judge_answer(ph->format, ph->version, ph->answer, ph->answer_len,
                         ph->message_pool);
    if (error != NULL) {
        return phone_wrong(ph, error);
    }
    if (phone_check_header(ph) != APR_SUCCESS
        || phone_check_cmdids(ph, ph->in->commands, &last) != APR_SUCCESS
        || phone_take_header_status(ph) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    for (i = 1; i < ph->in->commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(ph->in->commands, i, const sml_command_t *);

        if (c->tag == SYNCML_STATUS
            && phone_take_status(ph, c) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        if (c->tag == SYNCML_SYNC && phone_check_ids(ph, c) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        if (c->tag == SYNCML_RESULTS
            && phone_check_results(ph) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
    }
    return APR_SUCCESS;
}

/** Close the message, send it, judge the answer.
 * @return APR_SUCCESS: ph->in is a sound answer; else ph->why */
static inline apr_status_t phone_post(phone_t *ph, int final)
{
    const char *body;
    apr_size_t len;
    apr_status_t rv;

    if (final) {
        codec_empty(ph->w, SYNCML_FINAL);
    }
    codec_close(ph->w);
    codec_close(ph->w);
    body = codec_writer_data(ph->w, &len);
    ph->posts++;
    rv = ph->post(ph, body, len, &ph->answer, &ph->answer_len);
    return rv == APR_SUCCESS ? phone_check(ph) : rv;
}

/** The first thing that never got a Status; NULL: all did. */
static inline const phone_sent_t *phone_unanswered(phone_t *ph)
{
    int i;

    for (i = 0; i < ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(ph->sent, i, phone_sent_t);

        if (t->code == 0) {
            return t;
        }
    }
    return NULL;
}

/** Code of the Status of the n-th (from 0) command of that name. */
static inline int phone_code(phone_t *ph, const char *name, int n)
{
    int i;

    for (i = 0; i < ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(ph->sent, i, phone_sent_t);

        if (strcmp(t->name, name) == 0 && n-- == 0) {
            return t->code;
        }
    }
    return -1;
}

/** The n-th (from 0) command of the answer with that tag, or NULL. */
static inline const sml_command_t *phone_got(phone_t *ph, int tag, int n)
{
    int i;

    for (i = 0; ph->in && i < ph->in->commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(ph->in->commands, i, const sml_command_t *);

        if (c->tag == tag && n-- == 0) {
            return c;
        }
    }
    return NULL;
}

#endif
