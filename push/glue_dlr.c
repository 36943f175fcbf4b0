/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Where gateways say what became of a message: see glue_dlr.h. */
#include "push/glue_dlr.h"

#include <errno.h>
#include <unistd.h>

#include "apr_atomic.h"
#include "apr_strings.h"
#include "http_log.h"
#include "http_protocol.h"

#include "push/glue_worker.h"
#include "push/report.h"

/* @return OK, or an HTTP status */
static int read_body(request_rec *r, char **body, apr_size_t *len)
{
    int rc = ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK);
    long n = 0;

    *len = 0;
    *body = apr_palloc(r->pool, REPORT_MAX_BODY + 1);
    if (rc != OK || !ap_should_client_block(r)) {
        return rc;
    }
    while (*len <= REPORT_MAX_BODY
           && (n = ap_get_client_block(r, *body + *len, REPORT_MAX_BODY + 1
                                       - *len)) > 0) {
        *len += n;
    }
    return *len > REPORT_MAX_BODY ? HTTP_REQUEST_ENTITY_TOO_LARGE
        : n < 0 ? HTTP_BAD_REQUEST : OK;
}

/* Once a second at most: there may be thousands. */
static void warn_of_full(request_rec *r, apr_status_t rv)
{
    static apr_uint32_t latest;
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());

    if (apr_atomic_xchg32(&latest, now) != now) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, rv, r,
                      "delivery reports come faster than the push worker "
                      "takes them: the gateway is told to repeat them");
    }
}

/* @return whether all reports are on their way */
static int hand_over(request_rec *r, const apr_array_header_t *reports,
                     int fd)
{
    int i;

    for (i = 0; i < reports->nelts; i++) {
        const report_t *report = &APR_ARRAY_IDX(reports, i, report_t);
        ssize_t n;

        do {
            n = write(fd, report, sizeof *report);
        } while (n < 0 && errno == EINTR);
        if (n != sizeof *report) {
            warn_of_full(r, errno);
            return 0;
        }
    }
    return 1;
}

static int say_ok(request_rec *r)
{
    ap_set_content_type(r, "text/plain");
    ap_set_content_length(r, 3);
    if (!r->header_only) {
        ap_rputs("ok\n", r);
    }
    return OK;
}

int glue_dlr_handle(request_rec *r, int report_fd)
{
    apr_array_header_t *reports;
    apr_size_t len;
    char *body;
    int rc;

    r->allowed |= (AP_METHOD_BIT << M_GET) | (AP_METHOD_BIT << M_POST);
    if (r->method_number != M_GET && r->method_number != M_POST) {
        return HTTP_METHOD_NOT_ALLOWED;
    }
    rc = read_body(r, &body, &len);
    if (rc != OK) {
        return rc;
    }
    if (report_fd < 0) {
        return HTTP_NOT_FOUND;
    }
    if (r->header_only) {
        return say_ok(r);
    }
    switch (report_read(&reports, r->uri, r->args,
                        apr_table_get(r->headers_in, "Content-Type"), body,
                        len, r->pool)) {
    case REPORT_NO_TOKEN:
        return HTTP_NOT_FOUND;
    case REPORT_NO_STATE:
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "a delivery report whose state is not known is passed "
                      "over");
        return say_ok(r);
    default:
        return hand_over(r, reports, report_fd) ? say_ok(r)
            : HTTP_SERVICE_UNAVAILABLE;
    }
}
