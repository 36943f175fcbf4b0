/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Templates for a modem of this machine: each SMS becomes a file in the
 * directory of its daemon, named as the daemon wants it, with the lines of
 * the template. */
#include <string.h>

#include <apr_strings.h>

#include "gateway_spool.h"
#include "gateway_template.h"

/** gateway_t.conf */
typedef struct local_t {
    spool_format_t format;      /* first: as the drivers' */
    const template_t *t;
} local_t;

static const struct {
    const gateway_driver_t *driver;
    const spool_format_t *format;
    int reports;                /* there is a way for them */
} daemons[] = {
    { &gateway_smstools, &gateway_smstools_format, 1 },
    { &gateway_gammu, &gateway_gammu_format, 0 }
};

#define DAEMONS  (int)(sizeof daemons / sizeof *daemons)

/* @return which it is, or -1 */
static int find(const char *url)
{
    int i;

    for (i = 0; i < DAEMONS; i++) {
        const char *scheme = daemons[i].driver->scheme;

        if (strncmp(url, scheme, strlen(scheme)) == 0) {
            return i;
        }
    }
    return -1;
}

int template_is_local(const char *url)
{
    return find(url) >= 0;
}

/* A line that ends up empty but for its variables has nothing to say. */
static int is_left_out(const apr_array_header_t *pieces, apr_size_t len)
{
    return !len && pieces->nelts;
}

static const char *file_text(const gateway_t *gateway,
                             const gateway_message_t *message, apr_pool_t *p)
{
    const local_t *local = gateway->conf;
    const apr_array_header_t *lines = local->t->lines;
    const char *text = "";
    int i;

    for (i = 0; i < lines->nelts; i++) {
        const apr_array_header_t *pieces
            = APR_ARRAY_IDX(lines, i, apr_array_header_t *);
        apr_size_t len;
        const char *line = template_render(local->t, pieces, message, &len,
                                           p);

        if (!is_left_out(pieces, len)) {
            text = apr_pstrcat(p, text, line, "\n", NULL);
        }
    }
    return text;
}

apr_status_t template_spool(gateway_t *gateway, const template_t *t,
                            const char *url, const char **error,
                            apr_pool_t *p)
{
    local_t *local = apr_pcalloc(p, sizeof *local);
    int i = find(url);
    apr_status_t rv;

    if (t->reports && !daemons[i].reports) {
        *error = "this daemon has no delivery reports for us: leave reports= "
            "away";
        return APR_EINVAL;
    }
    local->format = *daemons[i].format;
    local->format.text = file_text;
    local->t = t;
    gateway->driver = daemons[i].driver;
    gateway->conf = local;
    rv = gateway_spool_parse(gateway, url + strlen(gateway->driver->scheme),
                             error, p);
    gateway->name = apr_pstrcat(p, gateway_template.scheme, t->file, ":",
                                gateway->directory, NULL);
    return rv;
}
