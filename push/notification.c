/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Notifications: see notification.h. */
#include "notification.h"

#include <string.h>

#include <apr_strings.h>

#include "san.h"
#include "sms.h"
#include "wsp.h"

/* The transaction id has no meaning in a push; 1 is what phones have seen
 * most. */
#define TID  1

/* Several datastores here may be one of the phone's (events and tasks). */
static int is_listed(const san_t *san, const char *uri)
{
    int i;

    for (i = 0; i < san->ndatastores; i++) {
        if (strcmp(san->datastores[i].uri, uri) == 0)
            return 1;
    }
    return 0;
}

static void list_datastores(san_t *san, notification_t *n,
                            const apr_array_header_t *datastores,
                            apr_pool_t *p)
{
    int i;

    n->datastores = "";
    for (i = 0; i < datastores->nelts; i++) {
        const store_due_datastore_t *from =
            &APR_ARRAY_IDX(datastores, i, store_due_datastore_t);
        const char *uri = from->uri && *from->uri ? from->uri : from->name;
        int listed = is_listed(san, uri);
        san_datastore_t *to;

        if (!listed && san->ndatastores == SAN_MAX_DATASTORES) {
            n->left_out = datastores->nelts - i;
            break;
        }
        n->datastores = apr_pstrcat(p, n->datastores, i ? "," : "",
                                    from->name, NULL);
        if (listed)
            continue;
        to = &san->datastores[san->ndatastores++];
        to->sync_type = SAN_SYNC_TWO_WAY;
        to->content_code = from->content_code;
        to->uri = uri;
    }
}

apr_status_t notification_create(notification_t **notification,
                                 const store_due_t *due,
                                 const char *server_id,
                                 const char *password, const char **error,
                                 apr_pool_t *p)
{
    notification_t *n = apr_pcalloc(p, sizeof *n);
    san_t san = { .ui_mode = SAN_UI_BACKGROUND, .by_server = 1,
                  .session = due->san_session, .server_id = server_id };
    wsp_push_t push = { .tid = TID,
                        .content_type = WSP_TYPE_SYNCML_DS_NOTIFICATION,
                        .application = WSP_APP_SYNCML_DS };
    apr_status_t rv;

    *notification = NULL;
    list_datastores(&san, n, due->datastores, p);
    rv = san_encode(&push.body, &push.body_len, &san, password, "", error,
                    p);
    if (rv == APR_SUCCESS) {
        rv = wsp_encode(&n->pdu, &n->len, &push, p);
    }
    if (rv == APR_SUCCESS) {
        rv = sms_split(&n->parts, n->pdu, n->len, SMS_PORT_WAP_PUSH,
                       SMS_PORT_WSP, due->san_session & 0xFF, p);
    }
    if (rv == APR_SUCCESS) {
        *notification = n;
    }
    return rv;
}

const char *notification_describe(const unsigned char *pdu, apr_size_t len,
                                  apr_pool_t *p)
{
    const char *wrong = NULL, *head, *type;
    wsp_push_t *push;
    san_t *san;

    if (wsp_decode(&push, pdu, len, &wrong, p) != APR_SUCCESS) {
        return apr_psprintf(p, "Not a WSP push: %s\n", wrong);
    }
    type = wsp_type_name(push->content_type);
    head = apr_psprintf(p, "Push: content type %s, application %d\n",
                        type ? type : "unknown", push->application);
    if (san_decode(&san, push->body, push->body_len, &wrong, p)
        != APR_SUCCESS) {
        return apr_psprintf(p, "%sNot a notification of OMA DS 1.2: %s\n",
                            head, wrong);
    }
    return apr_pstrcat(p, head, san_describe(san, p), NULL);
}
