/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * One message in, one answer out.
 *
 *   decode -> resend? -> session or login -> one write transaction:
 *   commands, answer, session row -> commit
 *
 * Whatever fails before the commit leaves nothing behind: the transaction is
 * rolled back and the client is told, by a SyncHdr status that makes it end
 * the session, so that it sends the same changes again next time.
 */
#include "mod_syncml/sml_resume.h"
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#define MAX_SESSION_ID  64
#define TOKEN_OCTETS    16

typedef struct handling_t {
    const sml_config_t *config;
    store_t *store;
    const sml_request_t *request;
    sml_answer_t *answer;
    sml_message_t *in;
    unsigned char hash[16];
    apr_time_t until;           /* see sml_session_t */
    apr_pool_t *p;
} handling_t;

/* ---- answers without a session ------------------------------------------ */

static apr_status_t http_error(sml_answer_t *answer, int status,
                               const char *error)
{
    answer->http_status = status;
    answer->error = error;
    return APR_EGENERAL;
}

static const char *strip_token(const char *url, apr_pool_t *p)
{
    const char *query = strchr(url, '?'), *at;

    if (query == NULL) {
        return url;
    }
    for (at = query + 1; at != NULL && *at; at = strchr(at, '&')) {
        at += *at == '&';
        if (strncmp(at, "s=", 2) == 0) {
            const char *rest = strchr(at, '&');
            const char *head = apr_pstrmemdup(p, url,
                                              (apr_size_t)(at - url - 1));

            return rest ? apr_pstrcat(p, head,
                                      at - 1 == query ? "?" : "&", rest + 1,
                                      NULL)
                        : head;
        }
    }
    return url;
}

/* The URL that the client used: what it wrote into the message, because a
 * proxy in between may have changed the one of the request. */
static const char *url_of(const handling_t *h)
{
    const char *target = h->in->target.uri;

    if (strncasecmp(target, "http://", 7) == 0
        || strncasecmp(target, "https://", 8) == 0) {
        return strip_token(target, h->p);
    }
    return h->request->url;
}

static sml_state_t *first_state(const handling_t *h)
{
    sml_state_t *state = sml_state_make(h->p);
    const sml_message_t *in = h->in;

    state->version = in->version == CODEC_V_UNKNOWN ? CODEC_V12
                                                    : in->version;
    state->session_id = in->session_id;
    state->client_uri = in->source.uri;
    if (in->source.name != NULL
        && strlen(in->source.name) <= STORE_MAX_NAME) {
        state->client_name = in->source.name;
    }
    state->server_uri = in->target.uri;
    /* Counted with the client: an answer to a login that failed is not
     * remembered, and numbers must not come twice in a session. */
    state->our_msg = (apr_uint32_t)sml_number(in->msg_id);
    return state;
}

static void sizes_of_client(sml_session_t *s)
{
    long n = sml_number(s->in->meta.max_msg_size);

    if (n > 0) {
        s->state->client_max_msg = (apr_size_t)n;
    }
    n = sml_number(s->in->meta.max_obj_size);
    if (n > 0) {
        s->state->client_max_obj = (apr_size_t)n;
    }
}

static void begin(sml_session_t *s, const handling_t *h, sml_state_t *state)
{
    memset(s, 0, sizeof(*s));
    s->config = h->config;
    s->request = h->request;
    s->in = h->in;
    s->p = h->p;
    s->now = apr_time_now();
    s->state = state;
    s->final = h->in->final;
    s->until = h->until;
    sizes_of_client(s);
}

/* Each command gets the same status; nothing was done. */
static void refuse_all(sml_session_t *s, apr_array_header_t *commands,
                       int code)
{
    int i;

    for (i = 0; i < commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(commands, i, const sml_command_t *);

        if (c->tag == SYNCML_STATUS || c->tag == SYNCML_RESULTS) {
            continue;
        }
        sml_status(s, c, code, NULL, NULL);
        if (c->commands != NULL) {
            refuse_all(s, c->commands, code);
        }
    }
}

static apr_status_t refuse(handling_t *h, int code, int scheme,
                           const char *nonce)
{
    sml_session_t s;

    begin(&s, h, first_state(h));
    s.chal_scheme = scheme;
    s.nonce = nonce;
    sml_status_header(&s, code, scheme != 0);
    refuse_all(&s, h->in->commands, code);
    sml_reply_begin(&s);
    sml_reply_refusal(&s);
    h->answer->auth_status = code;
    h->answer->body = sml_reply_end(&s, &h->answer->len);
    return APR_SUCCESS;
}

static apr_status_t store_failed(handling_t *h, apr_status_t rv,
                                 const char *words)
{
    char buf[128];

    sml_log(h->config, 3, rv, "message %s of session %s, device %s, was not "
            "handled and nothing of it is kept: %s%s%s. The device will send "
            "it again with its next sync.", h->in->msg_id,
            h->in->session_id, h->in->source.uri,
            store_strerror(rv, buf, sizeof(buf)), *words ? ": " : "", words);
    return refuse(h, rv == STORE_EFULL ? 420 : 510, 0, NULL);
}

/* ---- the transaction ---------------------------------------------------- */

static apr_status_t save(handling_t *h, sml_session_t *s, const char *token)
{
    store_session_t row;

    memset(&row, 0, sizeof(row));
    row.id = token;
    row.account = s->account;
    row.device = s->device->id;
    row.state = sml_state_pack(s->state, &row.state_len, h->p);
    if (row.state == NULL || row.state_len > STORE_MAX_STATE) {
        sml_log(h->config, 4, 0, "device %s: there is more in session %s than "
                "can be remembered until its next message",
                s->device->devid, s->state->session_id);
        return APR_EINVAL;
    }
    memcpy(row.request_hash, h->hash, sizeof(row.request_hash));
    row.answer = h->answer->body;
    row.answer_len = h->answer->len;
    row.answer_type = h->request->format == CODEC_WBXML ? SML_TYPE_WBXML
                                                        : SML_TYPE_XML;
    row.expires = s->now + h->config->session_timeout;
    return store_session_put(s->tx, &row);
}

/* Do the message and commit. */
static apr_status_t finish(handling_t *h, sml_session_t *s,
                           const char *token)
{
    const char *words;

    sml_journal_open(s);
    if (s->rv == APR_SUCCESS) {
        sml_backlog_work(s);
    }
    if (s->rv == APR_SUCCESS) {
        sml_reply_begin(s);
        sml_reply_fill(s);
        h->answer->body = sml_reply_end(s, &h->answer->len);
    }
    if (s->rv == APR_SUCCESS && s->device != NULL
        && (s->devinf_came || s->is_new)) {
        sml_traits_tell_push(s);
    }
    if (s->rv == APR_SUCCESS && s->devinf_came) {
        s->rv = store_device_update(s->tx, s->device);
    }
    sml_journal_write(s);
    if (s->rv == APR_SUCCESS) {
        s->rv = save(h, s, token);
    }
    words = apr_pstrdup(h->p, store_error(s->tx));
    if (s->rv == APR_SUCCESS) {
        s->rv = store_commit(&s->tx, &h->answer->owes_push);
    }
    else {
        store_rollback(&s->tx);
    }
    if (s->rv != APR_SUCCESS) {
        h->answer->owes_push = 0;
        return store_failed(h, s->rv, words);
    }
    return APR_SUCCESS;
}

static void resend(handling_t *h, const store_session_t *row)
{
    h->answer->body = row->answer;
    h->answer->len = row->answer_len;
    h->answer->resent = 1;
    h->answer->auth_status = 200;
}

/* Before the write lock is asked for: strangers must not take it with tokens
 * that they made up, and a repeated message does not need it.
 * @return APR_NOTFOUND, APR_EEXIST: answered; else to be looked at */
static apr_status_t glance(handling_t *h)
{
    store_session_t *row;
    store_tx_t *tx;
    apr_status_t rv = store_begin(&tx, h->store, STORE_READ, h->p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = store_session_get(tx, h->request->session, &row);
    store_rollback(&tx);
    if (rv == APR_SUCCESS
        && memcmp(row->request_hash, h->hash, sizeof(h->hash)) == 0) {
        resend(h, row);
        rv = APR_EEXIST;
    }
    return rv;
}

/* @return APR_NOTFOUND if the session is not the one that the client means */
static apr_status_t unpack_own(const handling_t *h,
                               const store_session_t *row,
                               sml_state_t **state)
{
    return sml_state_unpack(state, row->state, row->state_len, h->p)
               == APR_SUCCESS
           && strcmp((*state)->client_uri, h->in->source.uri) == 0
           && strcmp((*state)->session_id, h->in->session_id) == 0
           ? APR_SUCCESS : APR_NOTFOUND;
}

/* @param user  whom the message's Cred proved, NULL without a Cred
 * @return APR_NOTFOUND if there is no such session of this client */
static apr_status_t continue_session(handling_t *h, const char *user)
{
    const char *token = h->request->session;
    store_session_t *row;
    sml_state_t *state;
    sml_session_t s;
    store_tx_t *tx;
    apr_status_t rv;
    long msg = sml_number(h->in->msg_id);

    rv = store_begin(&tx, h->store, STORE_WRITE, h->p);
    if (rv != APR_SUCCESS) {
        return store_failed(h, rv, "");
    }
    rv = store_session_get(tx, token, &row);
    if (rv == APR_SUCCESS
        && memcmp(row->request_hash, h->hash, sizeof(h->hash)) == 0) {
        store_rollback(&tx);
        resend(h, row);
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = unpack_own(h, row, &state);
    }
    if (rv == APR_SUCCESS) {
        begin(&s, h, state);
        s.tx = tx;
        s.account = row->account;
        rv = store_device_get(tx, row->account, row->device, &s.device);
    }
    if (rv != APR_SUCCESS) {
        const char *words = apr_pstrdup(h->p, store_error(tx));

        store_rollback(&tx);
        return rv == APR_NOTFOUND ? rv : store_failed(h, rv, words);
    }
    if (user != NULL && strcmp(user, state->user) != 0) {
        store_rollback(&tx);
        h->answer->account = user;
        h->answer->auth_error = "the session is another account's";
        return refuse(h, 401, 0, NULL);
    }
    h->answer->account = state->user;
    if ((apr_uint32_t)msg <= state->last_msg) {
        store_rollback(&tx);
        sml_log(h->config, 5, 0, "device %s sent message %ld of session %s "
                "again with other contents; refused", h->in->source.uri,
                msg, h->in->session_id);
        return refuse(h, 400, 0, NULL);
    }
    store_set_now(tx, s.now);
    /* One that was told 510 left no trace, but its answer had a number. */
    state->our_msg += (apr_uint32_t)msg - state->last_msg;
    state->last_msg = (apr_uint32_t)msg;
    s.rv = sml_resume_continue(&s, token);
    sml_status_header(&s, 200, 0);
    h->answer->auth_status = 200;
    return finish(h, &s, token);
}

/* ---- the first message -------------------------------------------------- */

static const char *make_token(apr_pool_t *p)
{
    unsigned char random[TOKEN_OCTETS];
    char *token = apr_palloc(p, 2 * TOKEN_OCTETS + 1);
    int i;

    if (apr_generate_random_bytes(random, sizeof(random)) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < TOKEN_OCTETS; i++) {
        apr_snprintf(token + 2 * i, 3, "%02x", random[i]);
    }
    return token;
}

static apr_status_t find_account(sml_session_t *s, const char *user)
{
    store_account_t *account;
    apr_status_t rv = store_account_find(s->tx, user, &account);

    if (rv == APR_NOTFOUND) {
        /* Known to one of httpd's providers only, until now. */
        return store_account_add(s->tx, user, NULL, &s->account);
    }
    if (rv == APR_SUCCESS) {
        s->account = account->id;
    }
    return rv;
}

static apr_status_t find_device(sml_session_t *s)
{
    const char *devid = s->in->source.uri;
    apr_status_t rv = store_device_find(s->tx, s->account, devid,
                                        &s->device);

    if (rv == APR_NOTFOUND) {
        store_device_t *d = s->device = apr_pcalloc(s->p, sizeof(*d));

        d->account = s->account;
        d->devid = devid;
        d->manufacturer = d->model = d->firmware = d->software = "";
        d->hardware = d->syncml_version = d->sync_url = d->nonce = "";
        d->nonce_prev = d->number = "";
        d->push = 1;
        d->first_seen = s->now;
        rv = store_device_add(s->tx, d);
        if (rv == APR_SUCCESS) {
            sml_log(s->config, 5, 0, "new device %s of account %s", devid,
                    s->state->user);
        }
    }
    return rv;
}

/* The nonce moves on with a login by digest, and only then.  A login with the
 * former one gets the present one again: the client has missed it, or it is
 * a copied message, which then does not take the client's nonce away. */
static apr_status_t note_login(handling_t *h, sml_session_t *s,
                               const sml_login_t *login)
{
    static const char *const versions[] = { "1.0", "1.1", "1.2" };
    store_device_t *d = s->device;

    d->syncml_version = versions[s->state->version];
    d->sync_url = url_of(h);
    d->last_seen = s->now;
    if (login->code == 212) {
        if (*d->nonce == '\0'
            || strcmp(login->used_nonce, d->nonce_prev) != 0) {
            d->nonce_prev = login->used_nonce;
            d->nonce = sml_nonce(h->p);
        }
        s->nonce = d->nonce;
        s->chal_scheme = SML_AUTH_MD5;
        if (s->nonce == NULL) {
            return APR_EGENERAL;
        }
    }
    return store_device_update(s->tx, d);
}

static apr_status_t open_session(handling_t *h, sml_session_t *s,
                                 const sml_login_t *login,
                                 const char **token)
{
    sml_state_t *state = s->state;
    const char *url = url_of(h);
    apr_status_t rv;

    state->user = login->user;
    state->began = s->now;
    state->last_msg = state->our_msg;
    *token = make_token(h->p);
    if (*token == NULL) {
        return APR_EGENERAL;
    }
    state->resp_uri = apr_pstrcat(h->p, url, strchr(url, '?') ? "&s=" : "?s=",
                                  *token, NULL);
    rv = find_account(s, login->user);
    if (rv == APR_SUCCESS) {
        rv = find_device(s);
    }
    if (rv == APR_SUCCESS) {
        rv = note_login(h, s, login);
    }
    if (rv == APR_SUCCESS) {
        rv = sml_note_address(s, h->request->remote);
    }
    if (rv == APR_SUCCESS) {
        rv = sml_resume_load(s);
    }
    if (rv == APR_SUCCESS) {
        rv = sml_resume_expire(s);
    }
    if (rv == APR_SUCCESS) {
        rv = sml_upkeep(s->config, s->tx, s->now, s->p);
    }
    return rv;
}

static apr_status_t new_session(handling_t *h, const sml_login_t *login)
{
    store_session_t *row;
    sml_session_t s;
    const char *token, *words;
    apr_status_t rv;

    begin(&s, h, first_state(h));
    rv = store_begin(&s.tx, h->store, STORE_WRITE, h->p);
    if (rv != APR_SUCCESS) {
        return store_failed(h, rv, "");
    }
    store_set_now(s.tx, s.now);
    if (store_session_by_request(s.tx, h->hash, &row) == APR_SUCCESS) {
        /* The same message arrived twice at once; the other was faster. */
        store_rollback(&s.tx);
        resend(h, row);
        return APR_SUCCESS;
    }
    rv = open_session(h, &s, login, &token);
    if (rv != APR_SUCCESS) {
        words = apr_pstrdup(h->p, store_error(s.tx));
        store_rollback(&s.tx);
        return store_failed(h, rv, words);
    }
    sml_devinf_apply(&s);
    s.is_new = 1;
    sml_status_header(&s, login->code, login->code == 212);
    h->answer->account = login->user;
    h->answer->auth_status = login->code;
    return finish(h, &s, token);
}

static int granted(const sml_login_t *login)
{
    return login->code == 200 || login->code == 212;
}

static void check(handling_t *h, sml_login_t *login)
{
    sml_cred_check(h->config, h->store, h->in, login, h->p);
    h->answer->auth_new = granted(login);
}

/* A repeated message gets the answer that it got before, without a login: its
 * nonce has moved on since. */
static int resent(handling_t *h)
{
    store_session_t *row;
    store_tx_t *tx;
    int found;

    if (store_begin(&tx, h->store, STORE_READ, h->p) != APR_SUCCESS) {
        return 0;
    }
    found = store_session_by_request(tx, h->hash, &row) == APR_SUCCESS;
    store_rollback(&tx);
    if (found) {
        resend(h, row);
    }
    return found;
}

static apr_status_t deny(handling_t *h, const sml_login_t *login)
{
    h->answer->account = login->user ? login->user : "";
    if (login->code != 407 && login->code != 500) {
        h->answer->auth_error = login->why;
    }
    if (login->code != 401 && login->code != 407) {
        return refuse(h, login->code, 0, NULL);
    }
    return refuse(h, login->code, login->scheme, login->nonce);
}

static apr_status_t log_in(handling_t *h, const sml_login_t *login)
{
    return granted(login) ? new_session(h, login) : deny(h, login);
}

/* ---- entry -------------------------------------------------------------- */

/* What has to be there before anything can be answered. */
static const char *missing(const sml_message_t *in)
{
    if (in->verdtd == NULL) {
        return "SyncHdr has no VerDTD";
    }
    if (in->verproto == NULL) {
        return "SyncHdr has no VerProto";
    }
    if (in->target.uri == NULL) {
        return "SyncHdr has no Target LocURI";
    }
    if (strlen(in->target.uri) > STORE_MAX_URI) {
        return "the Target LocURI of SyncHdr is too long";
    }
    if (in->source.uri == NULL || *in->source.uri == '\0') {
        return "SyncHdr has no Source LocURI";
    }
    if (strlen(in->source.uri) > STORE_MAX_NAME) {
        return "the Source LocURI of SyncHdr is too long";
    }
    if (in->session_id == NULL || *in->session_id == '\0'
        || strlen(in->session_id) > MAX_SESSION_ID) {
        return "SyncHdr has no usable SessionID";
    }
    if (sml_number(in->msg_id) < 0
        || sml_number(in->msg_id) >= SML_NUMBER_MAX) {
        return "SyncHdr has no usable MsgID";
    }
    return NULL;
}

static int known_version(const sml_message_t *in)
{
    return strcmp(in->verdtd, "1.0") == 0 || strcmp(in->verdtd, "1.1") == 0
        || strcmp(in->verdtd, "1.2") == 0;
}

static apr_status_t handle(handling_t *h)
{
    sml_login_t login = { 0 };
    apr_status_t rv;

    if (!known_version(h->in)) {
        return refuse(h, 505, 0, NULL);
    }
    if (h->in->version == CODEC_V_UNKNOWN) {
        return refuse(h, 513, 0, NULL);
    }
    if (h->request->session != NULL && *h->request->session) {
        /* Its number is enough; but who gives credentials as well must give
         * the right ones. */
        if (h->in->cred != NULL) {
            check(h, &login);
            if (!granted(&login)) {
                return resent(h) ? APR_SUCCESS : deny(h, &login);
            }
        }
        rv = glance(h);
        if (rv == APR_EEXIST) {
            return APR_SUCCESS;
        }
        if (rv != APR_NOTFOUND) {
            rv = continue_session(h, login.user);
        }
        if (rv != APR_NOTFOUND) {
            return rv;
        }
    }
    if (resent(h)) {
        return APR_SUCCESS;
    }
    if (login.code == 0) {
        check(h, &login);
    }
    return log_in(h, &login);
}

/* SHA-256, cut: the fastest good one on machines that compute it themselves,
 * and nobody can make a message that passes for another's. */
static void hash_request(handling_t *h)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = sizeof(digest);

    EVP_Digest(h->request->body, h->request->len, digest, &n, EVP_sha256(),
               NULL);
    memcpy(h->hash, digest, sizeof(h->hash));
}

apr_status_t sml_handle(const sml_config_t *config, store_t *store,
                        const sml_request_t *request, sml_answer_t *answer,
                        apr_pool_t *p)
{
    handling_t h;
    const char *error;
    apr_status_t rv;

    memset(answer, 0, sizeof(*answer));
    answer->http_status = 200;
    answer->account = answer->device = "";
    answer->session_id = answer->msg_id = "";
    memset(&h, 0, sizeof(h));
    h.config = config;
    h.store = store;
    h.request = request;
    h.answer = answer;
    h.p = p;
    if (config->answer_within > 0) {
        h.until = config->answer_within
                + (config->clock ? config->clock(config->clock_baton)
                                 : apr_time_now());
    }
    rv = sml_message_decode(&h.in, request->format, request->body,
                            request->len,
                            config->max_msg_size + SML_MSG_SLACK, &error, p);
    if (rv == APR_SUCCESS) {
        error = strlen(request->url) > STORE_MAX_URI
              ? "its URL is too long" : missing(h.in);
    }
    if (error != NULL || rv != APR_SUCCESS) {
        return http_error(answer, request->len
                                      > config->max_msg_size + SML_MSG_SLACK
                                      ? 413 : 400,
                          apr_pstrcat(p, "This is no SyncML message: ",
                                      error ? error : "?", NULL));
    }
    answer->device = h.in->source.uri;
    answer->session_id = h.in->session_id;
    answer->msg_id = h.in->msg_id;
    hash_request(&h);
    return handle(&h);
}
