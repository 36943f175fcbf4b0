/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* How a device wants to be told: see push_device.h. */
#include "push_device.h"

#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "tcp_address.h"

void push_device_setting(push_settings_t *s, const char *name,
                         const char *value, apr_pool_t *p)
{
    const struct { const char *name, **value; } known[] = {
        { PUSH_DEVICE_SAN_FORM, &s->san_form },
        { PUSH_DEVICE_UI_MODE, &s->ui_mode },
        { PUSH_DEVICE_VENDOR, &s->vendor },
        { PUSH_DEVICE_NONCE, &s->nonce },
        { PUSH_DEVICE_TCP, &s->tcp },
        { PUSH_DEVICE_TCP_SEEN, &s->tcp_seen },
        { PUSH_DEVICE_HELD, &s->held },
        { PUSH_DEVICE_SAN_SENT, &s->sent },
        { PUSH_DEVICE_SAN_ANSWER, &s->answer }
    };
    apr_size_t i;

    for (i = 0; i < sizeof known / sizeof *known; i++) {
        if (!strcmp(name, known[i].name)) {
            *known[i].value = apr_pstrdup(p, value);
        }
    }
}

static int is_form(const char *text)
{
    return text && (!strcmp(text, "1.1") || !strcmp(text, "1.2"));
}

static notification_form_e form_of(const char *text)
{
    return strcmp(text, "1.1") ? NOTIFICATION_DS12 : NOTIFICATION_DS11;
}

notification_form_e push_device_choose(const char *set, const char *answer,
                                       const char *version,
                                       const char *sync_url, int unanswered)
{
    notification_form_e form;

    if (!sync_url || !*sync_url) {
        return NOTIFICATION_DS12;
    }
    if (is_form(set)) {
        return form_of(set);
    }
    form = is_form(answer) ? form_of(answer)
        : !strcmp(version, "1.1") || !strcmp(version, "1.0")
        ? NOTIFICATION_DS11 : NOTIFICATION_DS12;
    if (unanswered % 2) {
        form = form == NOTIFICATION_DS12 ? NOTIFICATION_DS11
                                         : NOTIFICATION_DS12;
    }
    return form;
}

/* ---- from the store ------------------------------------------------------ */

/* Has it synced soon after it was told?  "1.1 1700000000000000" */
static int was_answered(const char *sent, apr_time_t last_seen)
{
    apr_time_t at = strlen(sent) > 4 ? apr_atoi64(sent + 4) : 0;

    return at > 0 && last_seen > at && last_seen - at < PUSH_DEVICE_ANSWER;
}

/* The row says that it has synced since: was that an answer? */
static apr_status_t learn(push_settings_t *s, store_tx_t *tx,
                          const store_due_t *due, apr_pool_t *p)
{
    const char *form = apr_pstrmemdup(p, s->sent, 3);
    apr_status_t rv = APR_SUCCESS;

    if (is_form(form) && was_answered(s->sent, due->last_seen)) {
        s->answer = form;
        rv = store_device_setting_set(tx, due->device,
                                      PUSH_DEVICE_SAN_ANSWER, form);
    }
    if (rv == APR_SUCCESS) {
        rv = store_device_setting_set(tx, due->device, PUSH_DEVICE_SAN_SENT,
                                      NULL);
    }
    s->sent = NULL;
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static san_ui_e ui_mode_of(const char *text)
{
    return !text ? SAN_UI_UNSPECIFIED
        : !strcmp(text, "informative") ? SAN_UI_INFORMATIVE
        : !strcmp(text, "interaction") ? SAN_UI_INTERACTION
        : SAN_UI_BACKGROUND;
}

const char *push_device_address(const char *tcp, const char *seen)
{
    return !tcp || !strcmp(tcp, "off") ? "" : strcmp(tcp, "auto") ? tcp
        : seen ? seen : "";
}

static void fill_in(push_device_t *d, const push_settings_t *s,
                    apr_pool_t *p)
{
    d->form_set = is_form(s->san_form);
    d->form_known = is_form(s->answer)
                    && form_of(s->answer) == d->form.form;
    d->form.ui_mode = ui_mode_of(s->ui_mode);
    d->form.nonce = s->nonce;
    if (s->vendor && !push_device_check(PUSH_DEVICE_VENDOR, s->vendor, p)) {
        d->form.vendor = apr_punescape_hex(p, s->vendor, 0,
                                           &d->form.vendor_len);
    }
    d->tcp = push_device_address(s->tcp, s->tcp_seen);
    d->held = s->held != NULL;
}

apr_status_t push_device_make(push_device_t **device, store_tx_t *tx,
                              const store_due_t *due, push_settings_t *s,
                              apr_pool_t *p)
{
    push_device_t *d = apr_pcalloc(p, sizeof *d);
    apr_status_t rv = s->sent && !due->unanswered ? learn(s, tx, due, p)
        : APR_SUCCESS;

    *device = d;
    d->form.sync_url = apr_pstrdup(p, due->sync_url);
    d->form.form = push_device_choose(s->san_form, s->answer,
                                      due->syncml_version, d->form.sync_url,
                                      due->unanswered);
    fill_in(d, s, p);
    return rv;
}

apr_status_t push_device_told(store_tx_t *tx, store_id_t device,
                              notification_form_e form, apr_time_t now,
                              apr_pool_t *p)
{
    apr_status_t rv = store_device_setting_set(tx, device,
        PUSH_DEVICE_SAN_SENT, apr_psprintf(p, "%s %" APR_TIME_T_FMT,
                                           notification_form_name(form),
                                           now));

    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

/* ---- by hand ------------------------------------------------------------- */

static int is_one_of(const char *value, const char *const *words)
{
    for (; *words; words++) {
        if (!strcmp(value, *words)) {
            return 1;
        }
    }
    return 0;
}

static const char *check_tcp(const char *value, apr_pool_t *p)
{
    static const char *const words[] = { "auto", "off", NULL };
    const char *error = NULL;
    tcp_address_t address;

    if (is_one_of(value, words)
        || tcp_address_parse(&address, value, 1, &error, p)
           == APR_SUCCESS) {
        return NULL;
    }
    return apr_psprintf(p, "it is auto, off or ADDRESS[:PORT]: %s", error);
}

const char *push_device_check(const char *name, const char *value,
                              apr_pool_t *p)
{
    static const char *const forms[] = { "auto", "1.2", "1.1", NULL };
    static const char *const modes[] = { "background", "informative",
                                         "interaction", NULL };
    apr_size_t n;

    if (!strcmp(name, PUSH_DEVICE_SAN_FORM)) {
        return is_one_of(value, forms) ? NULL : "it is auto, 1.2 or 1.1";
    }
    if (!strcmp(name, PUSH_DEVICE_UI_MODE)) {
        return is_one_of(value, modes) ? NULL
            : "it is background, informative or interaction";
    }
    if (!strcmp(name, PUSH_DEVICE_VENDOR)) {
        n = strlen(value);
        return n && n % 2 == 0 && n <= 2 * PUSH_DEVICE_MAX_VENDOR
               && strspn(value, "0123456789abcdefABCDEF") == n
            ? NULL : "it is 1 to 64 octets as pairs of hex digits";
    }
    if (!strcmp(name, PUSH_DEVICE_NONCE)) {
        return strlen(value) <= PUSH_DEVICE_MAX_NONCE
            ? NULL : "it has at most 128 octets";
    }
    if (!strcmp(name, PUSH_DEVICE_TCP)) {
        return check_tcp(value, p);
    }
    if (!strcmp(name, PUSH_DEVICE_POLL)) {
        return !strcmp(value, "off")
               || (strspn(value, "0123456789") == strlen(value)
                   && strtol(value, NULL, 10) >= 1
                   && strtol(value, NULL, 10) <= 10080
                   && strlen(value) < 6)
            ? NULL : "it is off, or 1 to 10080 minutes";
    }
    return "there is no such setting";
}

int push_device_poll(const char *number, int push, const char *tcp,
                     const char *held, const char *poll)
{
    if (poll && *poll) {
        return strcmp(poll, "off") ? (int)strtol(poll, NULL, 10) : 0;
    }
    if (push && (*number || (tcp && *tcp && strcmp(tcp, "off"))
                 || (held && *held))) {
        return 0;
    }
    return PUSH_DEVICE_POLL_DEFAULT;
}
