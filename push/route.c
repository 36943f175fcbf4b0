/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Which gateway takes which number: see route.h. */
#include "route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "credentials.h"

#define MAX_PRICE  (1000 * 10000)

/* What a setting is said to. */
typedef struct making_t {
    route_t *route;
    gateway_settings_t gateway;
    apr_table_t *values;
    const char *root;
    apr_pool_t *p;
} making_t;

/* ---- values -------------------------------------------------------------- */

static int get_int(const char *text, int least, int most, int *value)
{
    char *end;
    apr_int64_t n = apr_strtoi64(text, &end, 10);

    if (!apr_isdigit(*text) || *end || n < least || n > most) {
        return 0;
    }
    *value = (int)n;
    return 1;
}

apr_status_t route_price(apr_int64_t *price, const char *text)
{
    apr_int64_t whole = 0, part = 0, unit = 1000;
    const char *c = text;

    *price = -1;
    for (; apr_isdigit(*c) && whole <= MAX_PRICE; c++) {
        whole = whole * 10 + (*c - '0');
    }
    if (c == text) {
        return APR_EINVAL;
    }
    if (*c == '.') {
        for (c++; apr_isdigit(*c) && unit; c++, unit /= 10) {
            part += (*c - '0') * unit;
        }
    }
    whole = whole * 10000 + part;
    if (*c || whole > MAX_PRICE) {
        return APR_EINVAL;
    }
    *price = whole;
    return APR_SUCCESS;
}

static const char *set_rate(making_t *m, const char *value)
{
    char *end;
    double rate;

    errno = 0;
    rate = strtod(value, &end);
    if (!apr_isdigit(*value)) {
        rate = -1;
    }
    if (rate > 0 && strcmp(end, "/min") == 0) {
        rate /= 60;
    }
    else if (rate > 0 && strcmp(end, "/h") == 0) {
        rate /= 3600;
    }
    else if (rate > 0 && *end && strcmp(end, "/s") != 0) {
        rate = -1;
    }
    if (!(rate > 0.0001 && rate <= ROUTE_MAX_RATE)) {
        return apr_psprintf(m->p, "rate=%s: right are rate=10/s (or 10), "
                            "rate=30/min, rate=100/h", value);
    }
    m->route->rate = rate;
    return NULL;
}

static const char *set_prefixes(making_t *m, const char *value)
{
    char *last, *list = apr_pstrdup(m->p, value), *prefix;

    for (prefix = apr_strtok(list, ",", &last); prefix;
         prefix = apr_strtok(NULL, ",", &last)) {
        apr_size_t digits = strspn(prefix + (*prefix == '+'), "0123456789");

        if (!digits || prefix[digits + (*prefix == '+')]
            || strlen(prefix) > SMS_MAX_NUMBER
            || m->route->prefixes->nelts >= ROUTE_MAX_PREFIXES) {
            return apr_psprintf(m->p, "prefix=%s: right are beginnings of "
                                "numbers with commas between them, as in "
                                "prefix=+49,+43 (at most %d)", value,
                                ROUTE_MAX_PREFIXES);
        }
        if (strncmp(prefix, "00", 2) == 0) {
            prefix = apr_pstrcat(m->p, "+", prefix + 2, NULL);
        }
        APR_ARRAY_PUSH(m->route->prefixes, const char *) = prefix;
    }
    return m->route->prefixes->nelts ? NULL
        : "prefix= needs at least one prefix, as in prefix=+49";
}

static const char *file_name(making_t *m, const char *value)
{
    char *path = NULL;

    return m->root && apr_filepath_merge(&path, m->root, value, 0, m->p)
           == APR_SUCCESS ? path : value;
}

static const char *set_reports(making_t *m, const char *value)
{
    apr_size_t n = strlen(value), i;

    while (n && value[n - 1] == '/') {
        n--;
    }
    for (i = 0; i < n && (unsigned char)value[i] > 0x20
         && (unsigned char)value[i] < 0x7F && !strchr("?#\"<>{}", value[i]);
         i++) {
    }
    if (i < n || (strncmp(value, "http://", 7)
                  && strncmp(value, "https://", 8))) {
        return apr_psprintf(m->p, "reports=%s: right is the URL at which the "
                            "gateway reaches this server's SetHandler "
                            "syncml-dlr, as in "
                            "reports=http://sync.example.com/syncml-dlr",
                            value);
    }
    m->gateway.reports = apr_pstrmemdup(m->p, value, n);
    return NULL;
}

/* @return words for what is wrong, or NULL */
static const char *set(making_t *m, const char *key, const char *value)
{
    route_t *r = m->route;

    if (strcasecmp(key, "prefix") == 0) {
        return set_prefixes(m, value);
    }
    if (strcasecmp(key, "priority") == 0) {
        return get_int(value, 1, 100, &r->priority) ? NULL
            : apr_psprintf(m->p, "priority=%s: right is a number from 1 (the "
                           "first) to 100", value);
    }
    if (strcasecmp(key, "rate") == 0) {
        return set_rate(m, value);
    }
    if (strcasecmp(key, "parallel") == 0) {
        return get_int(value, 1, GATEWAY_MAX_PARALLEL, &r->parallel) ? NULL
            : apr_psprintf(m->p, "parallel=%s: right is a number from 1 to "
                           "%d", value, GATEWAY_MAX_PARALLEL);
    }
    if (strcasecmp(key, "price") == 0) {
        return route_price(&r->price, value) == APR_SUCCESS ? NULL
            : apr_psprintf(m->p, "price=%s: right is the price of one SMS "
                           "with at most four decimals, as in price=0.075",
                           value);
    }
    if (strcasecmp(key, "reports") == 0) {
        return set_reports(m, value);
    }
    if (strcasecmp(key, "ca") == 0) {
        m->gateway.ca_file = file_name(m, value);
        return credentials_readable(m->gateway.ca_file, m->p);
    }
    if (strcasecmp(key, "credentials") == 0) {
        return credentials_read(m->values, file_name(m, value), m->p);
    }
    if (apr_table_get(m->values, key)) {
        return apr_psprintf(m->p, "%s= is said twice", key);
    }
    apr_table_set(m->values, key, value);
    return NULL;
}

/* ---- a route ------------------------------------------------------------- */

static int is_name(const char *name)
{
    apr_size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= ROUTE_MAX_NAME && !name[n];
}

/* What a worker that tells devices without an SMS has beside its gateways, by
 * these names (glue_reach.c): nobody could tell their counts apart. */
static int is_reserved(const char *name)
{
    return strcmp(name, "tcp") == 0 || strcmp(name, "held") == 0;
}

/* @return words for what is wrong, or NULL */
static const char *check_name(const char *name, apr_pool_t *p)
{
    if (!is_name(name)) {
        return apr_psprintf(p, "\"%s\" is no name: right are up to %d of "
                            "a-z, 0-9, - and _, and then a URL", name,
                            ROUTE_MAX_NAME);
    }
    return is_reserved(name)
        ? apr_psprintf(p, "\"%s\" is what devices are told over without an "
                       "SMS: right is another name, such as sms-%s", name,
                       name) : NULL;
}

/* The scheme of a URL in lower case. */
static const char *scheme_of(const char *url, apr_pool_t *p)
{
    apr_size_t n = strcspn(url, ":");
    char *name = apr_pstrmemdup(p, url, n < ROUTE_MAX_NAME ? n
                                : ROUTE_MAX_NAME), *c;

    for (c = name; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return name;
}

static const char *set_all(making_t *m, const apr_array_header_t *settings)
{
    const char *wrong = NULL;
    int i;

    for (i = 0; settings && i < settings->nelts && !wrong; i++) {
        const char *said = APR_ARRAY_IDX(settings, i, const char *);
        const char *equals = strchr(said, '=');

        if (!equals || equals == said) {
            /* may be a password that slipped: it is not repeated */
            return apr_psprintf(m->p, "argument %d after the URL is no "
                                "key=value", i + 1);
        }
        m->route->said = apr_pstrcat(m->p, m->route->said, " ", said, NULL);
        wrong = set(m, apr_pstrmemdup(m->p, said, equals - said),
                    equals + 1);
    }
    return wrong;
}

apr_status_t route_create(route_t **route, const char *name, const char *url,
                          const apr_array_header_t *settings,
                          const char *root, const char **error,
                          apr_pool_t *p)
{
    route_t *r = apr_pcalloc(p, sizeof *r);
    making_t m = { .route = r, .root = root, .p = p };
    const char *wrong;

    *route = NULL;
    r->prefixes = apr_array_make(p, 2, sizeof(const char *));
    r->price = -1;
    r->name = name ? name : scheme_of(url, p);
    r->said = apr_pstrcat(p, r->name, " ", url, NULL);
    m.gateway.values = m.values = apr_table_make(p, 4);
    m.gateway.root = root;
    wrong = name ? check_name(name, p) : NULL;
    if (!wrong) {
        wrong = set_all(&m, settings);
    }
    if (!wrong) {
        gateway_configure(&r->gateway, url, &m.gateway, &wrong, p);
    }
    if (!wrong) {
        if (!r->priority) {
            r->priority = r->gateway->whole ? ROUTE_PRIORITY_WHOLE
                : ROUTE_PRIORITY;
        }
        r->label = name ? name : r->gateway->name;
        *route = r;
        return APR_SUCCESS;
    }
    if (error) {
        *error = wrong;
    }
    return APR_EINVAL;
}

/* ---- the choice ---------------------------------------------------------- */

int route_match(const route_t *route, const char *number)
{
    int best = route->prefixes->nelts ? -1 : 0, i;

    for (i = 0; i < route->prefixes->nelts; i++) {
        const char *prefix = APR_ARRAY_IDX(route->prefixes, i, const char *);
        int n = (int)strlen(prefix);

        if (n > best && strncmp(number, prefix, n) == 0) {
            best = n;
        }
    }
    return best;
}

/* What is no SMS goes before what is: before any prefix. */
#define WHOLE  1000

/* @return octets of prefix, or -1: not for this message */
static int fits(const route_t *route, const gateway_message_t *message)
{
    const gateway_t *gw = route->gateway;

    if (gw->whole) {
        return !gw->reaches || gw->reaches(gw, message) ? WHOLE : -1;
    }
    return message->to ? route_match(route, message->to) : -1;
}

int route_choose(const apr_array_header_t *routes,
                 const gateway_message_t *message, int *out, int max)
{
    int match[ROUTE_MAX];
    int n = 0, i, at;

    if (max > ROUTE_MAX) {
        max = ROUTE_MAX;
    }
    for (i = 0; i < routes->nelts && n < max; i++) {
        const route_t *route = APR_ARRAY_IDX(routes, i, route_t *);
        int octets = fits(route, message);

        if (octets < 0) {
            continue;
        }
        for (at = n++; at > 0; at--) {
            const route_t *before = APR_ARRAY_IDX(routes, out[at - 1],
                                                  route_t *);

            if (match[at - 1] > octets
                || (match[at - 1] == octets
                    && before->priority <= route->priority)) {
                break;
            }
            out[at] = out[at - 1];
            match[at] = match[at - 1];
        }
        out[at] = i;
        match[at] = octets;
    }
    return n;
}
