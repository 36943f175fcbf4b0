/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * mod_syncml_push: tells devices that there is something to sync, by
 * SMS or over TCP.
 *
 * This file holds the directives and the hooks.  The work is done by a
 * process for each store (push/glue_worker.c starts and supervises it,
 * push/worker.c is what it does), which mod_syncml's children wake through
 * an eventfd.  Store, key and server id come from mod_syncml.
 */
#include "httpd.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"

#include <stdint.h>
#include <sys/eventfd.h>

#include "apr_lib.h"
#include "apr_optional.h"
#include "apr_strings.h"

#include "mod_syncml/mod_syncml.h"
#include "push/glue_dlr.h"
#include "push/glue_reach.h"
#include "push/glue_status.h"
#include "push/glue_rules.h"
#include "push/glue_worker.h"
#include "push/route.h"
#include "push/worker.h"

#define DEFAULT_KEEP     apr_time_from_sec(90 * 24 * 60 * 60)
#define DEFAULT_THREADS  2
#define MAX_THREADS      64
/* Requests that one of SyncMLPushThreads stands for. */
#define PER_THREAD       16

extern module AP_MODULE_DECLARE_DATA syncml_push_module;

typedef struct push_conf_t {
    int enabled;                /* -1: not given, on with a gateway */
    apr_array_header_t *routes; /* of route_t *; NULL: not given */
    glue_rules_t rules;
    int threads;                /* 0: not given */
    int wake_fd;                /* eventfd of the worker; -1: none */
    int report_fd;              /* pipe to it; -1: none */
    glue_reach_t reach;         /* otherwise than by SMS */
} push_conf_t;

/* ---- the configuration ------------------------------------------------- */

static void *create_conf(apr_pool_t *p, server_rec *s)
{
    push_conf_t *conf = apr_pcalloc(p, sizeof *conf);

    conf->enabled = -1;
    conf->rules.keep = -1;
    conf->wake_fd = conf->report_fd = -1;
    return conf;
}

/* A virtual host inherits each directive that it does not give itself. */
static void *merge_conf(apr_pool_t *p, void *base_, void *over_)
{
    const push_conf_t *base = base_, *over = over_;
    push_conf_t *conf = apr_pmemdup(p, over, sizeof *over);

    if (over->enabled < 0) {
        conf->enabled = base->enabled;
    }
    if (!over->routes) {
        conf->routes = base->routes;
    }
    conf->rules = glue_rules_merge(&base->rules, &over->rules, p);
    if (!over->threads) {
        conf->threads = base->threads;
    }
    glue_reach_merge(&conf->reach, &base->reach);
    return conf;
}

static push_conf_t *conf_of(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &syncml_push_module);
}

static const char *set_push(cmd_parms *cmd, void *dummy, int on)
{
    conf_of(cmd->server)->enabled = on;
    return NULL;
}

/* Put a route among those of the server: one without a name takes the place
 * of the one before it, as it always has. */
static const char *add_route(push_conf_t *conf, route_t *route, int named,
                             apr_pool_t *p)
{
    int i;

    if (!conf->routes) {
        conf->routes = apr_array_make(p, 2, sizeof(route_t *));
    }
    for (i = 0; i < conf->routes->nelts; i++) {
        route_t **at = &APR_ARRAY_IDX(conf->routes, i, route_t *);
        int at_named = (*at)->label == (*at)->name;

        if (!named && !at_named) {
            *at = route;
            return NULL;
        }
        if (strcmp((*at)->name, route->name) == 0) {
            return apr_psprintf(p, "there is a gateway %s already",
                                route->name);
        }
    }
    if (conf->routes->nelts >= ROUTE_MAX) {
        return apr_psprintf(p, "more than %d gateways", ROUTE_MAX);
    }
    APR_ARRAY_PUSH(conf->routes, route_t *) = route;
    return NULL;
}

static const char *set_gateway(cmd_parms *cmd, void *dummy, int argc,
                               char *const argv[])
{
    apr_array_header_t *settings = apr_array_make(cmd->pool, 8,
                                                  sizeof(const char *));
    const char *error = NULL;
    route_t *route;
    int named = argc > 0 && !strchr(argv[0], ':'), i;

    if (argc < 1 + named) {
        return "SyncMLPushGateway needs a URL, or a name and a URL";
    }
    for (i = 1 + named; i < argc; i++) {
        APR_ARRAY_PUSH(settings, const char *) = argv[i];
    }
    if (route_create(&route, named ? argv[0] : NULL, argv[named], settings,
                     ap_server_root_relative(cmd->pool, ""), &error,
                     cmd->pool) == APR_SUCCESS) {
        error = add_route(conf_of(cmd->server), route, named, cmd->pool);
    }
    return error ? apr_pstrcat(cmd->pool, "SyncMLPushGateway: ", error, NULL)
        : NULL;
}

/* cmd->info: the rule's name. */
static const char *set_rule(cmd_parms *cmd, void *dummy, int argc,
                            char *const argv[])
{
    return glue_rules_add(&conf_of(cmd->server)->rules, cmd, cmd->info, argc,
                          argv);
}

static const char *set_threads(cmd_parms *cmd, void *dummy, const char *arg)
{
    push_conf_t *conf = conf_of(cmd->server);
    char *end;
    apr_int64_t n = apr_strtoi64(arg, &end, 10);

    if (*end || end == arg || n < 1 || n > MAX_THREADS) {
        return apr_psprintf(cmd->pool, "SyncMLPushThreads: \"%s\" is no "
                            "number from 1 to %d", arg, MAX_THREADS);
    }
    conf->threads = (int)n;
    return NULL;
}

static const char *set_networks(cmd_parms *cmd, void *dummy,
                                const char *arg)
{
    return glue_reach_set_networks(&conf_of(cmd->server)->reach, arg,
                                   cmd->pool);
}

static const char *set_tcp_port(cmd_parms *cmd, void *dummy, const char *arg)
{
    return glue_reach_set_port(&conf_of(cmd->server)->reach, arg, cmd->pool);
}

static const char *set_listen(cmd_parms *cmd, void *dummy, const char *arg)
{
    return glue_reach_set_listen(&conf_of(cmd->server)->reach, arg,
                                 cmd->pool);
}

static const char *set_listen_max(cmd_parms *cmd, void *dummy,
                                  const char *arg)
{
    return glue_reach_set_max(&conf_of(cmd->server)->reach, arg, cmd->pool);
}

static const char *set_listen_rate(cmd_parms *cmd, void *dummy,
                                   const char *arg)
{
    return glue_reach_set_rate(&conf_of(cmd->server)->reach, arg, cmd->pool);
}

/* The command's data: the name of a rule. */
#define RULE(NAME)  (void *)(uintptr_t)NAME

static const command_rec commands[] = {
    AP_INIT_FLAG("SyncMLPush", set_push, NULL, RSRC_CONF,
                 "on or off: tell devices of changes (default: on where "
                 "there is a SyncMLPushGateway)"),
    AP_INIT_TAKE_ARGV("SyncMLPushGateway", set_gateway, NULL, RSRC_CONF,
                      "a name (optional), a URL such as "
                      "kannel:http://host:port/cgi-bin/sendsms or "
                      "file:/directory, and settings key=value"),
    AP_INIT_TAKE_ARGV("SyncMLPushDelay", set_rule, RULE("delay"),
                      RSRC_CONF,
                      "a datastore (optional) and the time without a further "
                      "change before a device is told, or off (default 10 "
                      "seconds; with unit: 500ms, 2min)"),
    AP_INIT_TAKE_ARGV("SyncMLPushMaxDelay", set_rule, RULE("max-delay"),
                      RSRC_CONF,
                      "a datastore (optional) and the time after which a "
                      "device is told although changes go on (default 10min)"),
    AP_INIT_TAKE_ARGV("SyncMLPushMinInterval", set_rule, RULE("min-interval"),
                      RSRC_CONF,
                      "time from one notification of a device to the next "
                      "(default 1min)"),
    AP_INIT_TAKE_ARGV("SyncMLPushUrgent", set_rule, RULE("urgent"),
                      RSRC_CONF,
                      "changes of events that start within this time are "
                      "told at once; off (default 2h)"),
    AP_INIT_TAKE_ARGV("SyncMLPushUnanswered", set_rule, RULE("unanswered"),
                      RSRC_CONF,
                      "times after which a device that does not sync is told "
                      "again (default 15min 1h 6h 24h)"),
    AP_INIT_TAKE_ARGV("SyncMLPushOwnSyncs", set_rule, RULE("own-syncs"),
                      RSRC_CONF,
                      "on or off: tell nothing to a device that syncs by "
                      "itself more often than the maximum delay (default on)"),
    AP_INIT_TAKE_ARGV("SyncMLPushQuietHours", set_rule, RULE("quiet-hours"),
                      RSRC_CONF,
                      "hours without notifications: 22:00-07:00, a time "
                      "zone, and the word urgent to hold urgent changes too "
                      "(default off)"),
    AP_INIT_TAKE_ARGV("SyncMLPushBudget", set_rule, RULE("budget"),
                      RSRC_CONF,
                      "server, account or device; day or month; a number of "
                      "SMS, cost=12.50 or none; hold or drop (default none, "
                      "hold)"),
    AP_INIT_TAKE_ARGV("SyncMLPushSyncType", set_rule, RULE("sync-type"),
                      RSRC_CONF,
                      "a datastore (optional) and the kind of sync that "
                      "notifications ask for: two-way, one-way-from-client, "
                      "refresh-from-client, one-way-from-server or "
                      "refresh-from-server (default two-way)"),
    AP_INIT_TAKE_ARGV("SyncMLPushPrice", set_rule, RULE("price"),
                      RSRC_CONF,
                      "prefix of numbers (optional) and what an SMS to them "
                      "costs (default 0)"),
    AP_INIT_TAKE_ARGV("SyncMLPushDryRun", set_rule, RULE("dry-run"),
                      RSRC_CONF,
                      "on or off: log what would be sent (default off)"),
    AP_INIT_TAKE_ARGV("SyncMLPushKeep", set_rule, RULE("keep"),
                      RSRC_CONF,
                      "how long the push log is kept (default 90d)"),
    AP_INIT_TAKE1("SyncMLPushThreads", set_threads, NULL, RSRC_CONF,
                  "requests that each gateway gets at a time, in sixteens, "
                  "where it has no parallel= (default 2)"),
    AP_INIT_ITERATE("SyncMLPushTCPNetworks", set_networks, NULL, RSRC_CONF,
                    "networks of devices that are told over TCP: private, "
                    "any, 10.0.0.0/8 and the like (default none)"),
    AP_INIT_TAKE1("SyncMLPushTCPPort", set_tcp_port, NULL, RSRC_CONF,
                  "port of devices that listen for notifications and name "
                  "none (default 745)"),
    AP_INIT_TAKE1("SyncMLPushListen", set_listen, NULL, RSRC_CONF,
                  "[address:]port at which devices hold connections open to "
                  "be told, 4745 by custom, or off (default off)"),
    AP_INIT_TAKE1("SyncMLPushListenMax", set_listen_max, NULL, RSRC_CONF,
                  "connections that may be held open (default 20000)"),
    AP_INIT_TAKE1("SyncMLPushListenRate", set_listen_rate, NULL, RSRC_CONF,
                  "devices told each second on connections that they hold "
                  "open (default 50)"),
    { .name = NULL }
};

/* ---- the workers of a configuration ------------------------------------ */

typedef struct peers_t {
    APR_OPTIONAL_FN_TYPE(syncml_store_url) *store_url;
    APR_OPTIONAL_FN_TYPE(syncml_key_file) *key_file;
    APR_OPTIONAL_FN_TYPE(syncml_server_id) *server_id;
} peers_t;

static int is_on(const push_conf_t *conf)
{
    return conf->enabled > 0
           || (conf->enabled < 0
               && (conf->routes || glue_reach_is_on(&conf->reach)));
}

static glue_worker_t *find_worker(apr_array_header_t *workers,
                                  const char *store_url)
{
    int i;

    for (i = 0; i < workers->nelts; i++) {
        glue_worker_t *w = APR_ARRAY_IDX(workers, i, glue_worker_t *);

        if (strcmp(w->store_url, store_url) == 0) {
            return w;
        }
    }
    return NULL;
}

static glue_worker_t *make_worker(const peers_t *peers,
                                  const char *store_url, server_rec *s,
                                  apr_pool_t *p)
{
    const push_conf_t *conf = conf_of(s);
    glue_worker_t *w = apr_pcalloc(p, sizeof *w);

    w->store_url = store_url;
    w->key_file = peers->key_file(s);
    w->server_id = peers->server_id(s);
    w->gateways = conf->routes;
    w->reach = &conf->reach;
    w->rules = conf->rules;
    if (w->rules.keep < 0) {
        w->rules.keep = DEFAULT_KEEP;
    }
    w->parallel = (conf->threads ? conf->threads : DEFAULT_THREADS)
        * PER_THREAD;
    w->server = s;
    return w;
}

static int same_routes(const apr_array_header_t *a,
                       const apr_array_header_t *b)
{
    int i;

    if (!a || !b) {
        return a == b;
    }
    for (i = 0; i < a->nelts && i < b->nelts
         && strcmp(APR_ARRAY_IDX(a, i, route_t *)->said,
                   APR_ARRAY_IDX(b, i, route_t *)->said) == 0; i++) {
    }
    return i == a->nelts && i == b->nelts;
}

/* Two servers with one store have one worker: do they want the same?
 * @return the directive in which they differ, or NULL */
static const char *difference(const glue_worker_t *a, const glue_worker_t *b)
{
    const char *what = !same_routes(a->gateways, b->gateways)
        ? "SyncMLPushGateway"
        : a->parallel != b->parallel ? "SyncMLPushThreads"
        : glue_rules_difference(&a->rules, &b->rules);

    return what ? what : glue_reach_difference(a->reach, b->reach);
}

static int add_worker(apr_array_header_t *workers, const peers_t *peers,
                      server_rec *s, apr_pool_t *p)
{
    const push_conf_t *conf = conf_of(s);
    const char *url = peers->store_url(s), *what;
    glue_worker_t *w, *known;

    if (!is_on(conf) || !url) {
        return OK;
    }
    if (!conf->routes && !glue_reach_is_on(&conf->reach)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "SyncMLPush is on, but "
                     "there is no SyncMLPushGateway (nor SyncMLPushListen or "
                     "SyncMLPushTCPNetworks)");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    w = make_worker(peers, url, s, p);
    known = find_worker(workers, url);
    if (!known) {
        APR_ARRAY_PUSH(workers, glue_worker_t *) = w;
    }
    else if ((what = difference(w, known)) != NULL) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "two servers use the "
                     "store %s with a different %s: give both the same, or "
                     "set SyncMLPush off in one", url, what);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* A budget that would never be used up. */
static void warn_of_prices(const glue_worker_t *w, apr_pool_t *p)
{
    const char *name = glue_rules_unpriced(&w->rules, w->gateways, p);

    if (name) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, w->server,
                     "SyncMLPushBudget has a sum of money, and an SMS by %s "
                     "has no price for some numbers: it counts as nothing; "
                     "give the gateway price=, or all numbers a "
                     "SyncMLPushPrice", name);
    }
}

/* Who shares a store wakes its worker, whatever its own directives say. */
static void find_wake_fds(server_rec *main_server, const peers_t *peers,
                          apr_array_header_t *workers)
{
    server_rec *s;

    for (s = main_server; s && peers->store_url; s = s->next) {
        const char *url = peers->store_url(s);

        if (url && find_worker(workers, url)) {
            conf_of(s)->wake_fd = glue_worker_wake_fd(main_server, url);
            conf_of(s)->report_fd = glue_worker_report_fd(main_server, url);
        }
    }
}

/* Push was asked for, and there is nothing to look into. */
static int without_store(server_rec *main_server, const peers_t *peers)
{
    server_rec *s;
    int wanted = 0;

    for (s = main_server; s; s = s->next) {
        wanted |= is_on(conf_of(s));
    }
    if (wanted) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server,
                     "SyncMLPush is on, but there is no store to look into: "
                     "%s", peers->store_url ? "mod_syncml needs a "
                     "SyncMLStore, or SetHandler syncml somewhere"
                     : "load mod_syncml");
    }
    return wanted ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

/* ---- hooks ------------------------------------------------------------- */

/* After mod_syncml's, which knows the server id only then. */
static int post_config(apr_pool_t *pconf, apr_pool_t *plog,
                       apr_pool_t *ptemp, server_rec *main_server)
{
    apr_array_header_t *workers =
        apr_array_make(pconf, 2, sizeof(glue_worker_t *));
    peers_t peers;
    server_rec *s;
    int i;

    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG
        || ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL) {
        return OK;      /* the pass that only tries the configuration */
    }
    peers.store_url = APR_RETRIEVE_OPTIONAL_FN(syncml_store_url);
    peers.key_file = APR_RETRIEVE_OPTIONAL_FN(syncml_key_file);
    peers.server_id = APR_RETRIEVE_OPTIONAL_FN(syncml_server_id);
    for (s = main_server; s && peers.store_url; s = s->next) {
        int rc = add_worker(workers, &peers, s, pconf);

        if (rc != OK) {
            return rc;
        }
    }
    if (!workers->nelts) {
        glue_reach_forget(main_server);
        return without_store(main_server, &peers);
    }
    find_wake_fds(main_server, &peers, workers);
    for (i = 0; i < workers->nelts; i++) {
        glue_worker_t *w = APR_ARRAY_IDX(workers, i, glue_worker_t *);
        int rc;

        w->counters = glue_worker_counters(main_server, w->store_url);
        rc = glue_reach_routes(w, main_server, pconf);
        if (rc != OK) {
            return rc;
        }
        glue_worker_directories(w);
        warn_of_prices(w, ptemp);
    }
    glue_reach_forget(main_server);
    glue_status_show(workers, pconf);
    return glue_workers_start(main_server, workers, pconf);
}

static void syncml_push_wake(server_rec *s)
{
    int fd = conf_of(s)->wake_fd;

    if (fd >= 0) {
        /* Full only at 2^64 - 1 unread wakes: then one is there already. */
        eventfd_write(fd, 1);
    }
}

static int handle(request_rec *r)
{
    if (!r->handler || strcmp(r->handler, GLUE_DLR_HANDLER) != 0) {
        return DECLINED;
    }
    return glue_dlr_handle(r, conf_of(r->server)->report_fd);
}

static void register_hooks(apr_pool_t *p)
{
    APR_REGISTER_OPTIONAL_FN(syncml_push_wake);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
    glue_status_register(p);
}

module AP_MODULE_DECLARE_DATA syncml_push_module = {
    STANDARD20_MODULE_STUFF,
    NULL,
    NULL,
    create_conf,
    merge_conf,
    commands,
    register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE
#endif
};
