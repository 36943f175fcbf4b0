/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SMS gateways, what the drivers have in common: see gateway.h. */
#include "gateway.h"

#include <string.h>

#include <apr_strings.h>

#include "gateway_driver.h"

static const gateway_driver_t *const drivers[] = {
    &gateway_kannel, &gateway_file
};

#define MAX_PARALLEL  64

apr_status_t gateway_parse(gateway_t **gateway, const char *url,
                           const char **error, apr_pool_t *p)
{
    gateway_t *gw = apr_pcalloc(p, sizeof *gw);
    const char *wrong = NULL;
    apr_size_t i;

    *gateway = NULL;
    for (i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        apr_size_t n = strlen(drivers[i]->scheme);

        if (strncasecmp(url, drivers[i]->scheme, n) == 0) {
            gw->driver = drivers[i];
            if (gw->driver->parse(gw, url + n, &wrong, p) == APR_SUCCESS) {
                *gateway = gw;
                return APR_SUCCESS;
            }
            wrong = apr_psprintf(p, "%s; right is %s", wrong,
                                 gw->driver->form);
            break;
        }
    }
    if (!wrong) {
        wrong = apr_psprintf(p, "no such gateway; right is %s or %s",
                             gateway_kannel.form, gateway_file.form);
    }
    if (error) {
        *error = wrong;
    }
    return APR_EINVAL;
}

const char *gateway_result_name(gateway_result_e result)
{
    switch (result) {
    case GATEWAY_ACCEPTED: return "accepted";
    case GATEWAY_UNANSWERED: return "unanswered";
    case GATEWAY_TEMPORARY: return "temporary";
    case GATEWAY_UNREACHABLE: return "unreachable";
    case GATEWAY_REFUSED: return "refused";
    case GATEWAY_REJECTED: return "rejected";
    case GATEWAY_NOT_TRIED: return "not-tried";
    }
    return "unknown";
}

static apr_status_t link_cleanup(void *data)
{
    gateway_link_t *link = data;

    link->gateway->driver->close(link);
    return APR_SUCCESS;
}

apr_status_t gateway_open(gateway_link_t **link, const gateway_t *gateway,
                          const gateway_options_t *options,
                          gateway_done_fn *done, void *baton, apr_pool_t *p)
{
    gateway_link_t *l = apr_pcalloc(p, sizeof *l);
    apr_status_t rv;

    *link = NULL;
    l->gateway = gateway;
    l->options = *options;
    if (l->options.parallel < 1) {
        l->options.parallel = 1;
    }
    if (l->options.parallel > MAX_PARALLEL) {
        l->options.parallel = MAX_PARALLEL;
    }
    l->done = done;
    l->baton = baton;
    l->pool = p;
    rv = gateway->driver->open(l);
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(p, l, link_cleanup, apr_pool_cleanup_null);
        *link = l;
    }
    return rv;
}

int gateway_room(const gateway_link_t *link)
{
    return link->options.parallel - link->active;
}

void gateway_send(gateway_link_t *link, const gateway_message_t *message,
                  void *message_baton)
{
    link->active++;
    link->gateway->driver->send(link, message, message_baton);
}

void gateway_run(gateway_link_t *link, apr_interval_time_t wait)
{
    link->gateway->driver->run(link, wait);
}

void gateway_wakeup(gateway_link_t *link)
{
    link->gateway->driver->wakeup(link);
}

void gateway_abort(gateway_link_t *link)
{
    link->gateway->driver->abort(link);
}

void gateway_close(gateway_link_t **link)
{
    if (*link) {
        apr_pool_cleanup_run((*link)->pool, *link, link_cleanup);
        *link = NULL;
    }
}

void gateway_finish(gateway_link_t *link, void *message_baton,
                    const gateway_answer_t *answer)
{
    link->active--;
    link->done(link->baton, message_baton, answer);
}

void gateway_words(gateway_answer_t *answer, const char *text,
                   apr_size_t len)
{
    apr_size_t i, n = 0;
    int blank = 0;

    for (i = 0; i < len && n < sizeof answer->words - 2; i++) {
        if (text[i] > 0x20 && text[i] < 0x7F) {
            if (blank && n) {
                answer->words[n++] = ' ';
            }
            blank = 0;
            answer->words[n++] = text[i];
        }
        else {
            blank = 1;
        }
    }
    answer->words[n] = '\0';
}
