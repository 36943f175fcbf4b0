/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Telling devices otherwise than by SMS: see glue_reach.h. */
#include "push/glue_reach.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ap_listen.h"
#include "apr_strings.h"
#include "http_core.h"

#include "push/counters.h"
#include "push/gateway_held.h"
#include "push/gateway_tcp.h"
#include "push/route.h"
#include "push/tcp_address.h"

#define BACKLOG  4096
#define MAX_MAX  1000000
#define RATE_MAX 1000

/* ---- directives ---------------------------------------------------------- */

void glue_reach_merge(glue_reach_t *reach, const glue_reach_t *base)
{
    if (!reach->networks) {
        reach->networks = base->networks;
        reach->networks_said = base->networks_said;
    }
    if (!reach->port) {
        reach->port = base->port;
    }
    if (!reach->listen) {
        reach->listen = base->listen;
    }
    if (!reach->max) {
        reach->max = base->max;
    }
    if (!reach->rate) {
        reach->rate = base->rate;
    }
}

const char *glue_reach_set_networks(glue_reach_t *reach, const char *arg,
                                    apr_pool_t *p)
{
    const char *error = NULL;

    if (tcp_networks_add(&reach->networks, arg, &error, p) != APR_SUCCESS) {
        return apr_pstrcat(p, "SyncMLPushTCPNetworks: ", error, NULL);
    }
    reach->networks_said = apr_pstrcat(p, reach->networks_said
                                       ? reach->networks_said : "", " ", arg,
                                       NULL);
    return NULL;
}

/* @return 0 for what is no number in the range */
static int number(const char *arg, int most)
{
    char *end;
    apr_int64_t n = apr_strtoi64(arg, &end, 10);

    return *end || end == arg || n < 1 || n > most ? 0 : (int)n;
}

const char *glue_reach_set_port(glue_reach_t *reach, const char *arg,
                                apr_pool_t *p)
{
    reach->port = number(arg, 65535);
    return reach->port ? NULL
        : apr_psprintf(p, "SyncMLPushTCPPort: \"%s\" is no port from 1 to "
                       "65535", arg);
}

const char *glue_reach_set_max(glue_reach_t *reach, const char *arg,
                               apr_pool_t *p)
{
    reach->max = number(arg, MAX_MAX);
    return reach->max ? NULL
        : apr_psprintf(p, "SyncMLPushListenMax: \"%s\" is no number from 1 "
                       "to %d", arg, MAX_MAX);
}

const char *glue_reach_set_rate(glue_reach_t *reach, const char *arg,
                                apr_pool_t *p)
{
    reach->rate = number(arg, RATE_MAX);
    return reach->rate ? NULL
        : apr_psprintf(p, "SyncMLPushListenRate: \"%s\" is no number from 1 "
                       "to %d: devices to be told each second", arg,
                       RATE_MAX);
}

/* [address:]port. @return 0 for what is none */
static int parse_listen(tcp_address_t *address, const char *arg,
                        apr_pool_t *p)
{
    const char *text = strspn(arg, "0123456789") == strlen(arg) && *arg
        ? apr_pstrcat(p, "[::]:", arg, NULL) : arg;

    return tcp_address_parse(address, text, 0, NULL, p) == APR_SUCCESS;
}

const char *glue_reach_set_listen(glue_reach_t *reach, const char *arg,
                                  apr_pool_t *p)
{
    tcp_address_t address;

    if (strcasecmp(arg, "off") && !parse_listen(&address, arg, p)) {
        return apr_psprintf(p, "SyncMLPushListen: \"%s\" is no port and no "
                            "address with a port; right are 4745, "
                            "192.0.2.1:4745, [2001:db8::1]:4745, off", arg);
    }
    reach->listen = arg;
    return NULL;
}

/* ---- what is on ---------------------------------------------------------- */

static int tells_tcp(const glue_reach_t *reach)
{
    return reach->networks && reach->networks->nelts > 0;
}

static int listens(const glue_reach_t *reach)
{
    return reach->listen && strcasecmp(reach->listen, "off");
}

int glue_reach_is_on(const glue_reach_t *reach)
{
    return tells_tcp(reach) || listens(reach);
}

static int same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

const char *glue_reach_difference(const glue_reach_t *a,
                                  const glue_reach_t *b)
{
    return !same(a->networks_said, b->networks_said)
        ? "SyncMLPushTCPNetworks"
        : a->port != b->port ? "SyncMLPushTCPPort"
        : !same(a->listen, b->listen) ? "SyncMLPushListen"
        : a->max != b->max ? "SyncMLPushListenMax"
        : a->rate != b->rate ? "SyncMLPushListenRate" : NULL;
}

/* ---- the listening sockets ----------------------------------------------- */

/* In the process pool. */
typedef struct listener_t {
    struct listener_t *next;
    const char *said;
    int fd;                     /* -1: closed */
    const char *store_url;      /* that has it now; NULL: none */
} listener_t;

typedef struct listeners_t {
    listener_t *first;
} listeners_t;

#define RETAINED_KEY  "mod_syncml_push_listen"

static listeners_t *get_listeners(void)
{
    listeners_t *all = ap_retained_data_get(RETAINED_KEY);

    return all ? all : ap_retained_data_create(RETAINED_KEY, sizeof *all);
}

static int bind_socket(int fd, const tcp_address_t *address)
{
    struct sockaddr_storage to;
    socklen_t len = tcp_address_sockaddr(address, &to);
    int on = 1, off = 0, error;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->v6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (bind(fd, (struct sockaddr *)&to, len) == 0
        && listen(fd, BACKLOG) == 0) {
        return fd;
    }
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* @return -1, and errno says why */
static int open_socket(const tcp_address_t *address)
{
    static const unsigned char anybody[16];
    int fd = socket(address->v6 ? AF_INET6 : AF_INET,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        fd = bind_socket(fd, address);
    }
    if (fd < 0 && address->v6 && !memcmp(address->octets, anybody, 16)
        && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        tcp_address_t v4 = { .port = address->port };

        return open_socket(&v4);        /* a system without IPv6 */
    }
    return fd;
}

static listener_t *get_listener(const char *said, server_rec *main_server)
{
    listeners_t *all = get_listeners();
    apr_pool_t *p = main_server->process->pool;
    tcp_address_t address;
    listener_t *l;

    for (l = all->first; l && strcmp(l->said, said); l = l->next) {
    }
    if (!l) {
        l = apr_pcalloc(p, sizeof *l);
        l->said = apr_pstrdup(p, said);
        l->fd = -1;
        l->next = all->first;
        all->first = l;
    }
    if (l->fd < 0) {
        parse_listen(&address, said, p);
        l->fd = open_socket(&address);
    }
    return l;
}

void glue_reach_forget(server_rec *main_server)
{
    listener_t *l;

    for (l = get_listeners()->first; l; l = l->next) {
        if (!l->store_url && l->fd >= 0) {
            close(l->fd);
            l->fd = -1;
        }
        l->store_url = NULL;    /* the next configuration says so anew */
    }
}

/* ---- routes -------------------------------------------------------------- */

static void on_log(void *baton, int level, apr_status_t rv,
                   const char *message)
{
    ap_log_error(APLOG_MARK, level, rv < APR_OS_START_USERERR ? rv : 0,
                 (server_rec *)baton, "%s", message);
}

static route_t *add_route(apr_array_header_t *routes, gateway_t *gateway,
                          int parallel, const char *said, apr_pool_t *p)
{
    route_t *route = apr_pcalloc(p, sizeof *route);

    route->name = route->label = gateway->name;
    route->gateway = gateway;
    route->prefixes = apr_array_make(p, 1, sizeof(const char *));
    route->priority = ROUTE_PRIORITY_WHOLE;
    route->parallel = parallel;
    route->price = 0;
    route->said = said;
    APR_ARRAY_PUSH(routes, route_t *) = route;
    return route;
}

/* Only who is on this machine can connect there: a proxy. */
static int is_loopback(const char *said, apr_pool_t *p)
{
    static const unsigned char v6[16] = { [15] = 1 };
    tcp_address_t address;

    return parse_listen(&address, said, p)
           && (address.v6 ? !memcmp(address.octets, v6, sizeof v6)
                          : address.octets[0] == 127);
}

static int add_held(apr_array_header_t *routes, const glue_worker_t *worker,
                    const glue_reach_t *reach, server_rec *main_server,
                    apr_pool_t *p)
{
    listener_t *l = get_listener(reach->listen, main_server);
    gateway_held_options_t o = { .nfds = 1, .max = reach->max,
        .proxied = is_loopback(reach->listen, p),
        .store_url = worker->store_url, .key_file = worker->key_file,
        .look_fd = glue_worker_wake_fd(main_server, worker->store_url),
        .log = on_log, .log_baton = worker->server,
        .counts = worker->counters ? &worker->counters->held : NULL };

    if (l->fd < 0) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, errno, worker->server,
                     "SyncMLPushListen: cannot listen to %s", l->said);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (l->store_url && strcmp(l->store_url, worker->store_url)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, worker->server,
                     "SyncMLPushListen: %s is for the store %s already: give "
                     "the servers of another store another port, or off",
                     l->said, l->store_url);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    l->store_url = worker->store_url;
    o.fds = &l->fd;
    add_route(routes, gateway_held_create(&o, p), GATEWAY_HELD_PARALLEL,
              reach->listen, p)->rate = reach->rate ? reach->rate
                                                  : GATEWAY_HELD_RATE;
    return OK;
}

int glue_reach_routes(glue_worker_t *worker, server_rec *main_server,
                      apr_pool_t *p)
{
    const glue_reach_t *reach = worker->reach;
    apr_array_header_t *all = worker->gateways
        ? apr_array_copy(p, worker->gateways)
        : apr_array_make(p, 2, sizeof(route_t *));
    int rc = OK;

    if (listens(reach)) {
        rc = add_held(all, worker, reach, main_server, p);
    }
    if (rc == OK && tells_tcp(reach)) {
        add_route(all, gateway_tcp_create(reach->networks, reach->port
                                          ? reach->port : GATEWAY_TCP_PORT,
                                          p),
                  GATEWAY_TCP_PARALLEL, reach->networks_said, p);
    }
    worker->routes = all;
    return rc;
}
