/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Notifications: see notification.h. */
#include "notification.h"

#include <string.h>

#include <apr_strings.h>

#include "san11.h"
#include "sms.h"
#include "wsp.h"

/* The transaction id has no meaning in a push; 1 is what phones have seen
 * most. */
#define TID  1
#define WSP_OCTETS  9           /* in front of SyncML 1.1's */

const char *notification_form_name(notification_form_e form)
{
    return form == NOTIFICATION_DS11 ? "1.1" : "1.2";
}

static const char *uri_of(const store_due_datastore_t *ds)
{
    return ds->uri && *ds->uri ? ds->uri : ds->name;
}

/* Several datastores here may be one of the phone's (events and tasks). */
static san_datastore_t *find_listed(san_t *san, const char *uri)
{
    int i;

    for (i = 0; i < san->ndatastores; i++) {
        if (strcmp(san->datastores[i].uri, uri) == 0)
            return &san->datastores[i];
    }
    return NULL;
}

/* @param types  out: theirs in words, also of those without a number */
static void list_datastores(san_t *san, const char **types,
                            notification_t *n,
                            const apr_array_header_t *datastores,
                            const int *sync_types, apr_pool_t *p)
{
    int i;

    n->datastores = "";
    for (i = 0; i < datastores->nelts; i++) {
        const store_due_datastore_t *from =
            &APR_ARRAY_IDX(datastores, i, store_due_datastore_t);
        const char *uri = uri_of(from);
        int type = sync_types ? sync_types[i] : SAN_SYNC_TWO_WAY;
        san_datastore_t *to = find_listed(san, uri);

        if (!to && san->ndatastores == SAN_MAX_DATASTORES) {
            n->left_out = datastores->nelts - i;
            break;
        }
        n->datastores = apr_pstrcat(p, n->datastores, i ? "," : "",
                                    from->name, NULL);
        if (to) {
            if (to->sync_type != type)
                to->sync_type = SAN_SYNC_TWO_WAY;
            continue;
        }
        types[san->ndatastores] = san11_type(from->content_code);
        to = &san->datastores[san->ndatastores++];
        to->sync_type = type;
        to->content_code = from->content_code <= SAN_MAX_CONTENT
            ? from->content_code : 0;
        to->uri = uri;
    }
}

static int sms_needed(apr_size_t body_len)
{
    apr_size_t len = body_len + WSP_OCTETS;

    return len <= SMS_MAX_SINGLE ? 1
        : (int)((len + SMS_MAX_PART - 1) / SMS_MAX_PART);
}

/* A type that has no number is said in words only here. */
static void leave_out_words(san11_t *s)
{
    int i;

    for (i = 0; i < s->ndatastores; i++) {
        if (!s->datastores[i].content_code) {
            s->types[i] = "";
        }
    }
}

/* The message of SyncML 1.1.  Phones do not look at its Target: the device's
 * id stands there, but "/" where the id would cost another SMS; and if that
 * is not enough, types go that the form of DS 1.2 cannot have at all. */
static apr_status_t make_ds11(wsp_push_t *push, const san_t *san,
                              const char *const *types,
                              const store_due_t *due,
                              const notification_form_t *form,
                              const char **error, apr_pool_t *p)
{
    san11_t s = { .server_url = form->sync_url, .device = due->devid,
                  .ndatastores = san->ndatastores };
    const unsigned char *body;
    apr_size_t len;
    apr_status_t rv = APR_SUCCESS;
    int i;

    push->content_type = WSP_TYPE_SYNCML_WBXML;
    s.session = apr_itoa(p, due->san_session);
    memcpy(s.datastores, san->datastores, sizeof s.datastores);
    memcpy(s.types, types, sizeof s.types);
    for (i = 0; i < 3 && rv == APR_SUCCESS
         && (!i || sms_needed(push->body_len) > 1); i++) {
        if (i) {
            s.device = "/";
        }
        if (i == 2) {
            leave_out_words(&s);
        }
        rv = san11_encode(&body, &len, &s, error, p);
        if (rv == APR_SUCCESS
            && (!i || sms_needed(len) < sms_needed(push->body_len))) {
            push->body = body;
            push->body_len = len;
        }
    }
    return rv;
}

static apr_status_t make_push(notification_t *n, const wsp_push_t *push,
                              unsigned char reference, apr_pool_t *p)
{
    apr_status_t rv = wsp_encode(&n->pdu, &n->len, push, p);

    if (rv == APR_SUCCESS) {
        rv = sms_split(&n->parts, n->pdu, n->len, SMS_PORT_WAP_PUSH,
                       SMS_PORT_WSP, reference, p);
    }
    n->too_long = n->len > SMS_MAX_SINGLE
        ? (int)(n->len - SMS_MAX_SINGLE) : 0;
    return rv;
}

apr_status_t notification_create(notification_t **notification,
                                 const store_due_t *due,
                                 const notification_form_t *form,
                                 const char *server_id,
                                 const char *password, const char **error,
                                 apr_pool_t *p)
{
    notification_t *n = apr_pcalloc(p, sizeof *n);
    san_t san = { .ui_mode = form->ui_mode ? form->ui_mode
                             : SAN_UI_BACKGROUND,
                  .by_server = 1, .session = due->san_session,
                  .server_id = server_id, .vendor = form->vendor,
                  .vendor_len = form->vendor_len };
    wsp_push_t push = { .tid = TID,
                        .content_type = WSP_TYPE_SYNCML_DS_NOTIFICATION,
                        .application = WSP_APP_SYNCML_DS };
    const char *types[SAN_MAX_DATASTORES] = { NULL };
    apr_status_t rv;

    *notification = NULL;
    n->form = form->form;
    list_datastores(&san, types, n, due->datastores, form->sync_types, p);
    rv = san_encode(&n->package, &n->package_len, &san, password,
                    form->nonce ? form->nonce : "", error, p);
    push.body = n->package;
    push.body_len = n->package_len;
    if (rv == APR_SUCCESS && form->form == NOTIFICATION_DS11) {
        rv = make_ds11(&push, &san, types, due, form, error, p);
    }
    if (rv == APR_SUCCESS) {
        rv = make_push(n, &push, due->san_session & 0xFF, p);
    }
    if (rv == APR_SUCCESS) {
        *notification = n;
    }
    return rv;
}

const char *notification_shorten(const notification_t *n,
                                 const store_due_t *due,
                                 const notification_form_t *form,
                                 const char *server_id, apr_pool_t *p)
{
    const char *longest = "";
    int i;

    for (i = 0; i < due->datastores->nelts; i++) {
        const char *uri = uri_of(&APR_ARRAY_IDX(due->datastores, i,
                                                store_due_datastore_t));

        if (strlen(uri) > strlen(longest)) {
            longest = uri;
        }
    }
    return n->form == NOTIFICATION_DS11
        ? apr_psprintf(p, "%d octets too many for one SMS: the form of "
                       "SyncML 1.1 has the sync URL (%d octets) and %d "
                       "datastores (the longest path \"%s\"); the form of "
                       "DS 1.2 is shorter (push.san-form 1.2)", n->too_long,
                       (int)strlen(form->sync_url),
                       due->datastores->nelts, longest)
        : apr_psprintf(p, "%d octets too many for one SMS: the server id "
                       "\"%s\" has %d, the longest of %d datastore paths is "
                       "\"%s\"; shorter datastore paths or a shorter server "
                       "id would make them cheaper", n->too_long, server_id,
                       (int)strlen(server_id), due->datastores->nelts,
                       longest);
}

/* ---- in words ---------------------------------------------------------- */

const char *notification_describe_package(const unsigned char *package,
                                          apr_size_t len, apr_pool_t *p)
{
    const char *wrong12 = NULL, *wrong11 = NULL;
    san_t *san;
    san11_t *san11;

    if (san_decode(&san, package, len, &wrong12, p) == APR_SUCCESS) {
        return san_describe(san, p);
    }
    if (san11_decode(&san11, package, len, &wrong11, p) == APR_SUCCESS) {
        return san11_describe(san11, p);
    }
    return apr_psprintf(p, "Not a notification of OMA DS 1.2: %s\n"
                        "Not a notification of SyncML 1.1: %s\n", wrong12,
                        wrong11);
}

const char *notification_describe(const unsigned char *pdu, apr_size_t len,
                                  apr_pool_t *p)
{
    const char *wrong = NULL, *type;
    wsp_push_t *push;

    if (wsp_decode(&push, pdu, len, &wrong, p) != APR_SUCCESS) {
        return apr_psprintf(p, "Not a WSP push: %s\n", wrong);
    }
    type = wsp_type_name(push->content_type);
    return apr_psprintf(p, "Push: content type %s, application %d\n%s",
                        type ? type : "unknown", push->application,
                        notification_describe_package(push->body,
                                                      push->body_len, p));
}
