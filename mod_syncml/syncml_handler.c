/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/syncml_handler.h"

#include <string.h>

#include "ap_expr.h"
#include "apr_buckets.h"
#include "apr_lib.h"
#include "apr_optional.h"
#include "apr_strings.h"
#include "ap_mpm.h"
#include "http_core.h"
#include "http_protocol.h"
#include "http_request.h"
#include "util_filter.h"

#include "mod_syncml/mod_syncml.h"
#include "mod_syncml/syncml_auth.h"
#include "mod_syncml/syncml_dump.h"
#include "mod_syncml/syncml_page.h"
#include "mod_syncml/syncml_store.h"
#include "mod_syncml/syncml_throttle.h"

#define BODY_PIECE      16384
#define SESSION_MAX     128     /* octets of "s" in the query */
#define KV_MAX          255
#define ERROR_FILTER    "SYNCML_ERROR"
#define RETRY_AFTER     "10"    /* seconds, as text */
#define PLAIN_TEXT      "text/plain; charset=utf-8"
#define ALLOWED_METHODS "GET, HEAD, POST, OPTIONS"

static APR_OPTIONAL_FN_TYPE(syncml_push_wake) *wake_push;

void syncml_find_push(void)
{
    wake_push = APR_RETRIEVE_OPTIONAL_FN(syncml_push_wake);
}

/* ---- answers --------------------------------------------------------------- */

/* One line of text instead of httpd's HTML.  What is left of a message is
 * not read: the connection ends. */
static int answer_text(request_rec *r, int status, const char *text)
{
    if (r->method_number == M_POST) {
        r->connection->keepalive = AP_CONN_CLOSE;
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "refused: http=%d: %s",
                      status, text);
    }
    text = apr_pstrcat(r->pool, text, "\n", NULL);
    r->status = status;
    r->status_line = NULL;
    if (status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    }
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_set_content_type(r, PLAIN_TEXT);
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}

static void answer_message(request_rec *r, codec_format_e format,
                           const sml_answer_t *answer)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, alloc);

    /* Compressing would cost the Content-Length that phones rely on. */
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_set_content_type(r, format == CODEC_WBXML ? SML_TYPE_WBXML
                                                 : SML_TYPE_XML);
    ap_set_content_length(r, (apr_off_t)answer->len);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(answer->body,
                                                       answer->len, r->pool,
                                                       alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    /* Whether it arrives is the client's business: the answer is kept, and
     * the same message gets it again. */
    ap_pass_brigade(r->output_filters, bb);
}

/* ---- the request ------------------------------------------------------------ */

typedef struct body_t {
    char *data;
    apr_size_t len, size, limit;
} body_t;

static int body_append(request_rec *r, body_t *body, const char *data,
                       apr_size_t len)
{
    if (len > body->limit - body->len) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    if (body->len + len > body->size) {
        apr_size_t size = 2 * body->size;
        char *more;

        while (size < body->len + len) {
            size *= 2;
        }
        more = apr_palloc(r->pool, size);
        memcpy(more, body->data, body->len);
        body->data = more;
        body->size = size;
    }
    memcpy(body->data + body->len, data, len);
    body->len += len;
    return OK;
}

static int body_take(request_rec *r, body_t *body, apr_bucket_brigade *bb,
                     int *end)
{
    apr_bucket *b;
    int status = OK;

    for (b = APR_BRIGADE_FIRST(bb);
         b != APR_BRIGADE_SENTINEL(bb) && status == OK && !*end;
         b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t len;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(b)) {
            *end = 1;
        } else if (!APR_BUCKET_IS_METADATA(b)) {
            rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
            status = rv == APR_SUCCESS
                ? body_append(r, body, data, len)
                : ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
    }
    return status;
}

/**
 * Read the whole message, whatever its transfer coding.
 * @return OK, or a HTTP status: 413, 408, 400 for a message cut short;
 *         AP_FILTER_ERROR if a filter has answered already
 */
static int read_body(request_rec *r, body_t *body)
{
    const char *announced = apr_table_get(r->headers_in, "Content-Length");
    apr_bucket_brigade *bb;
    apr_off_t length = 0;
    int status = OK, end = 0;

    if (announced != NULL && ap_parse_strict_length(&length, announced)
        && length > (apr_off_t)body->limit) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    body->size = length > 0 ? (apr_size_t)length : BODY_PIECE;
    body->data = apr_palloc(r->pool, body->size);
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (!end && status == OK) {
        apr_status_t rv = ap_get_brigade(r->input_filters, bb,
                                         AP_MODE_READBYTES, APR_BLOCK_READ,
                                         BODY_PIECE);

        status = rv == APR_SUCCESS
            ? body_take(r, body, bb, &end)
            : ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        apr_brigade_cleanup(bb);
    }
    return status;
}

static int refuse_body(request_rec *r, int status, const body_t *body)
{
    const char *text;

    switch (status) {
    case HTTP_REQUEST_ENTITY_TOO_LARGE:
        text = apr_psprintf(r->pool, "Message too large: at most %"
                            APR_SIZE_T_FMT " octets are taken here.",
                            body->limit);
        break;
    case HTTP_REQUEST_TIME_OUT:
        text = apr_psprintf(r->pool, "The message did not arrive in time: %"
                            APR_SIZE_T_FMT " octets came.", body->len);
        break;
    default:
        text = apr_psprintf(r->pool, "The message did not arrive whole: %"
                            APR_SIZE_T_FMT " octets came.", body->len);
        break;
    }
    return status > 0 ? answer_text(r, status, text) : status;
}

/** @return non-zero if it is one of ours; parameters do not matter */
static int format_of(const char *type, codec_format_e *format)
{
    apr_size_t len;

    if (type == NULL) {
        return 0;
    }
    while (apr_isspace(*type)) {
        type++;
    }
    len = strcspn(type, "; \t");
    if (len == strlen(SML_TYPE_WBXML)
        && ap_cstr_casecmpn(type, SML_TYPE_WBXML, len) == 0) {
        *format = CODEC_WBXML;
        return 1;
    }
    if (len == strlen(SML_TYPE_XML)
        && ap_cstr_casecmpn(type, SML_TYPE_XML, len) == 0) {
        *format = CODEC_XML;
        return 1;
    }
    return 0;
}

/** The value of "s" in the query. @return 0 if it cannot be one of ours */
static int session_of(request_rec *r, const char **session)
{
    const char *args = r->args;

    *session = NULL;
    while (args != NULL && *args != '\0') {
        char *pair = ap_getword(r->pool, &args, '&');

        if (pair[0] == 's' && pair[1] == '=') {
            *session = pair + 2;
            return ap_unescape_urlencoded(pair + 2) == OK
                && strlen(*session) <= SESSION_MAX;
        }
    }
    return 1;
}

/* ---- log lines -------------------------------------------------------------- */

const char *syncml_kv(apr_pool_t *p, const char *name, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";
    char *text = apr_palloc(p, strlen(name) + 3 + 3 * KV_MAX), *out = text;
    int n;

    *out++ = ' ';
    while (*name) {
        *out++ = *name++;
    }
    *out++ = '=';
    if (value == NULL || *value == '\0') {
        value = "-";
    }
    for (n = 0; n < KV_MAX && value[n]; n++) {
        if (apr_isgraph(value[n]) && strchr("%\"\\=", value[n]) == NULL
            && !(value[n] & 0x80)) {
            *out++ = value[n];
        } else {
            *out++ = '%';
            *out++ = hex[(unsigned char)value[n] >> 4];
            *out++ = hex[(unsigned char)value[n] & 15];
        }
    }
    *out = '\0';
    return text;
}

static void log_request(void *baton, int level, apr_status_t rv,
                        const char *message)
{
    request_rec *r = baton;

    ap_log_rerror(APLOG_MARK, level, rv, r, "%s", message);
}

static void log_message(request_rec *r, const sml_request_t *request,
                        const sml_answer_t *a, apr_interval_time_t took)
{
    apr_pool_t *p = r->pool;

    if (a->auth_error != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r,
                      "login %s:%s%s%s: %s",
                      a->auth_status == 503 ? "refused" : "failed",
                      syncml_kv(p, "client", r->useragent_ip),
                      syncml_kv(p, "account", a->account),
                      syncml_kv(p, "device", a->device), a->auth_error);
    }
    if (!APLOG_R_IS_LEVEL(r, APLOG_INFO)) {
        return;
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "message:%s%s%s%s status=%d http=%d format=%s"
                  " in=%" APR_SIZE_T_FMT " out=%" APR_SIZE_T_FMT
                  " ms=%" APR_INT64_T_FMT ".%03d%s%s",
                  syncml_kv(p, "session", a->session_id),
                  syncml_kv(p, "account", a->account),
                  syncml_kv(p, "device", a->device),
                  syncml_kv(p, "msg", a->msg_id),
                  a->auth_status, a->http_status,
                  request->format == CODEC_WBXML ? "wbxml" : "xml",
                  request->len, a->http_status == HTTP_OK ? a->len : 0,
                  took / 1000, (int)(took % 1000),
                  a->resent ? " resent=1" : "",
                  a->owes_push ? " push=1" : "");
}

/* A child that is told to go, at a restart too, ends its answers early: the
 * phone's next message goes to another. */
static int is_stopping(void *baton)
{
    int state = 0;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS
        && state == AP_MPMQ_STOPPING;
}

/* ---- POST ------------------------------------------------------------------- */

static int handle_message(request_rec *r, const sml_config_t *base,
                          store_t *store, const sml_request_t *request)
{
    sml_config_t config = *base;
    syncml_auth_t auth = { r, store };
    apr_time_t begin = apr_time_now();
    sml_answer_t answer;

    config.check_password = syncml_auth_check;
    config.login_wait = syncml_auth_wait;
    config.check_baton = &auth;
    config.stopping = is_stopping;
    config.log = log_request;
    config.log_baton = r;
    memset(&answer, 0, sizeof(answer));
    sml_handle(&config, store, request, &answer, r->pool);
    if (answer.owes_push && wake_push != NULL) {
        wake_push(r->server);
    }
    if (answer.auth_new) {
        syncml_throttle_granted(r, answer.account, answer.device);
    } else if (answer.auth_error != NULL && answer.auth_status != 503) {
        syncml_throttle_failed(r, answer.account, answer.device);
    }
    if (answer.account != NULL && *answer.account != '\0'
        && (answer.auth_status == 200 || answer.auth_status == 212)) {
        r->user = apr_pstrdup(r->pool, answer.account);
        r->ap_auth_type = apr_pstrdup(r->pool, "SyncML");
    }
    if (answer.http_status == HTTP_OK) {
        answer_message(r, request->format, &answer);
    } else {
        answer_text(r, answer.http_status, answer.error);
    }
    log_message(r, request, &answer, apr_time_now() - begin);
    syncml_dump(r, request, &answer);
    return OK;
}

static int refuse_type(request_rec *r, const char *type)
{
    return answer_text(r, HTTP_UNSUPPORTED_MEDIA_TYPE,
                       apr_pstrcat(r->pool, "SyncML messages are taken here ("
                                   SML_TYPE_WBXML " or " SML_TYPE_XML
                                   "), not ", type, ".", NULL));
}

static int handle_post(request_rec *r, sml_config_t *config)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    sml_request_t request = { 0 };
    body_t body = { .limit = config->max_msg_size + SML_MSG_SLACK };
    store_t *store;
    int status;

    if (!format_of(type, &request.format)) {
        return refuse_type(r, type ? type : "a message without Content-Type");
    }
    if (!session_of(r, &request.session)) {
        return answer_text(r, HTTP_BAD_REQUEST, "The session in the URL (s=)"
                           " is none of this server's.");
    }
    if (config->auth_schemes == 0) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SyncMLAuthScheme md5"
                      " needs the passwords of the store, but"
                      " SyncMLAuthProvider has no store: give"
                      " SyncMLAuthScheme basic, or add the provider store");
        return answer_text(r, HTTP_INTERNAL_SERVER_ERROR, "This server's"
                           " configuration lets nobody log in; its log says"
                           " why.");
    }
    if (syncml_store_get(r->server, &store, &config->server_id)
        != APR_SUCCESS) {
        return answer_text(r, HTTP_SERVICE_UNAVAILABLE, "The store cannot be"
                           " reached at the moment. Please try again.");
    }
    status = read_body(r, &body);
    if (status != OK) {
        return refuse_body(r, status, &body);
    }
    type = apr_table_get(r->headers_in, "Content-Encoding");
    if (type != NULL && ap_cstr_casecmp(type, "identity") != 0) {
        return refuse_type(r, "compressed ones");
    }
    if (body.len == 0) {
        return answer_text(r, HTTP_BAD_REQUEST, "An empty message.");
    }
    request.body = body.data;
    request.len = body.len;
    request.url = ap_construct_url(r->pool, ap_escape_uri(r->pool, r->uri),
                                   r);
    request.remote = r->useragent_ip;
    return handle_message(r, config, store, &request);
}

/* ---- the handler ------------------------------------------------------------ */

int syncml_handler(request_rec *r)
{
    sml_config_t config = { 0 };
    store_t *store;

    if (r->handler == NULL || strcmp(r->handler, SYNCML_HANDLER) != 0) {
        return DECLINED;
    }
    config.software = SYNCML_VERSION;
    syncml_conf_engine(syncml_dir_conf(r), &config, r->pool);
    syncml_conf_quirks(syncml_dir_conf(r), r->server, &config);
    switch (r->method_number) {
    case M_POST:
        return handle_post(r, &config);
    case M_GET:                         /* HEAD too */
        syncml_store_get(r->server, &store, &config.server_id);
        return syncml_page(r, &config);
    case M_OPTIONS:
        apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
        ap_set_content_length(r, 0);
        return OK;
    default:
        apr_table_setn(r->headers_out, "Allow", ALLOWED_METHODS);
        return answer_text(r, HTTP_METHOD_NOT_ALLOWED, "This is a SyncML"
                           " server: POST synchronises, GET explains.");
    }
}

/* ---- httpd's own errors ------------------------------------------------------ */

/* Before the fixups, as with a 403, the handler is not set yet. */
static const char *handler_to_be(request_rec *r)
{
    const core_dir_config *core;
    const char *error = NULL;

    if (r->handler != NULL || r->per_dir_config == NULL) {
        return r->handler;
    }
    core = ap_get_core_module_config(r->per_dir_config);
    return core->expr_handler
        ? ap_expr_str_exec(r, core->expr_handler, &error) : core->handler;
}

/* Lets go of the page that httpd writes and sends its title. */
static apr_status_t error_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    request_rec *r = f->r;
    const char *text;

    apr_brigade_cleanup(bb);
    if (f->ctx != NULL) {
        return APR_SUCCESS;
    }
    f->ctx = f;
    text = apr_pstrcat(r->pool, ap_get_status_line(r->status), "\n", NULL);
    r->content_type = NULL;
    ap_set_content_type(r, PLAIN_TEXT);
    apr_table_unset(r->headers_out, "Content-Encoding");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(text, strlen(text),
                                                       r->pool,
                                                       bb->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    return ap_pass_brigade(f->next, bb);
}

void syncml_insert_error_filter(request_rec *r)
{
    const char *handler =
        r->method_number == M_POST ? handler_to_be(r) : NULL;

    if (handler != NULL && strcmp(handler, SYNCML_HANDLER) == 0) {
        ap_add_output_filter(ERROR_FILTER, NULL, r, r->connection);
    }
}

void syncml_register_error_filter(void)
{
    ap_register_output_filter(ERROR_FILTER, error_filter, NULL,
                              AP_FTYPE_CONTENT_SET);
}
