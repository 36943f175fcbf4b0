/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SMS gateways, what the drivers have in common: see gateway.h. */
#include "gateway.h"

#include <string.h>

#include <apr_strings.h>

#include "gateway_driver.h"

static const gateway_driver_t *const drivers[] = {
    &gateway_kannel, &gateway_template, &gateway_smstools, &gateway_gammu,
    &gateway_file
};

apr_status_t gateway_parse(gateway_t **gateway, const char *url,
                           const char **error, apr_pool_t *p)
{
    return gateway_configure(gateway, url, NULL, error, p);
}

const char *gateway_unknown_setting(const gateway_settings_t *settings,
                                    const char *const *known, apr_pool_t *p)
{
    const apr_array_header_t *given = apr_table_elts(settings->values);
    const char *all = "";
    int i, k;

    for (i = 0; i < given->nelts; i++) {
        const char *key = APR_ARRAY_IDX(given, i, apr_table_entry_t).key;

        for (k = 0; known[k] && strcasecmp(known[k], key); k++) {
        }
        if (!known[k]) {
            for (k = 0; known[k]; k++) {
                all = apr_pstrcat(p, all, k ? ", " : "", known[k], NULL);
            }
            return apr_psprintf(p, "there is no setting \"%s\" for this "
                                "gateway; it has %s", key,
                                *all ? all : "none of its own");
        }
    }
    return NULL;
}

/* Words for all forms that a URL may have. */
static const char *all_forms(apr_pool_t *p)
{
    const int n = sizeof drivers / sizeof *drivers;
    const char *words = drivers[0]->form;
    int i;

    for (i = 1; i < n; i++) {
        words = apr_pstrcat(p, words, i < n - 1 ? ", " : " or ",
                            drivers[i]->form, NULL);
    }
    return words;
}

apr_status_t gateway_configure(gateway_t **gateway, const char *url,
                               const gateway_settings_t *settings,
                               const char **error, apr_pool_t *p)
{
    gateway_settings_t s = { .reports = NULL };
    gateway_t *gw = apr_pcalloc(p, sizeof *gw);
    const char *wrong = NULL;
    apr_size_t i;

    *gateway = NULL;
    gw->transport = "sms";
    if (settings) {
        s = *settings;
    }
    if (!s.values) {
        s.values = apr_table_make(p, 1);
    }
    for (i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        apr_size_t n = strlen(drivers[i]->scheme);

        if (strncasecmp(url, drivers[i]->scheme, n) == 0) {
            gw->driver = drivers[i];
            if (gw->driver->parse(gw, url + n, &s, &wrong, p) == APR_SUCCESS) {
                *gateway = gw;
                return APR_SUCCESS;
            }
            if (!gw->driver->explains) {
                wrong = apr_psprintf(p, "%s; right is %s", wrong,
                                     gw->driver->form);
            }
            break;
        }
    }
    if (!wrong) {
        wrong = apr_pstrcat(p, "no such gateway; right is ", all_forms(p),
                            NULL);
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
    if (l->options.parallel > GATEWAY_MAX_PARALLEL) {
        l->options.parallel = GATEWAY_MAX_PARALLEL;
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

void gateway_say(gateway_answer_t *answer, const char *words)
{
    char said[GATEWAY_MAX_WORDS];

    apr_cpystrn(said, answer->words, sizeof said);
    apr_snprintf(answer->words, sizeof answer->words, *said ? "%s (%s)"
                 : "%s", words, said);
}
