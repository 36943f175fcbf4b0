/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Connections held open as a gateway: see gateway_held.h. */
#include "gateway_held.h"

#include <string.h>
#include <sys/resource.h>

#include <apr_strings.h>

#include "gateway_driver.h"

/* File descriptors that a worker needs besides the connections. */
#define OTHER_FILES  200

typedef struct held_conf_t {
    gateway_held_options_t o;
    held_t *held;               /* NULL: the link is not open */
} held_conf_t;

typedef struct held_state_t {
    gateway_link_t *link;
    held_conf_t *conf;
    held_login_t *login;
} held_state_t;

static void on_log(void *baton, int level, const char *message)
{
    const held_state_t *state = baton;

    if (state->conf->o.log) {
        state->conf->o.log(state->conf->o.log_baton, level, 0, message);
    }
}

static held_verdict_e on_login(void *baton, const char *devid,
                               const char *user, const ctp_param_t *cred,
                               const char *nonce, apr_int64_t *device)
{
    const held_state_t *state = baton;

    return held_login(state->login, devid, user, cred, nonce, device);
}

static int on_event(void *baton, apr_int64_t device, int connected)
{
    const held_state_t *state = baton;

    return !connected || held_login_arrived(state->login, device);
}

static void on_done(void *baton, void *message_baton,
                    const gateway_answer_t *answer)
{
    const held_state_t *state = baton;

    gateway_finish(state->link, message_baton, answer);
}

/* As many files as connections may be, as far as the system lets us. */
static void raise_limit(const held_state_t *state, int max)
{
    struct rlimit limit;
    char words[160];

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0
        || limit.rlim_cur >= (rlim_t)max + OTHER_FILES) {
        return;
    }
    limit.rlim_cur = (rlim_t)max + OTHER_FILES;
    if (limit.rlim_cur > limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        apr_snprintf(words, sizeof words, "this process may have %lu files "
                     "open: that is the limit of held connections, not %d "
                     "(ulimit -n)", (unsigned long)limit.rlim_max, max);
        on_log((void *)(uintptr_t)state, 5, words);
    }
    setrlimit(RLIMIT_NOFILE, &limit);
}

static apr_status_t held_open(gateway_link_t *link)
{
    held_state_t *state = apr_pcalloc(link->pool, sizeof *state);
    held_conf_t *conf = link->gateway->conf;
    held_options_t o = { .fds = conf->o.fds, .nfds = conf->o.nfds,
                         .max = conf->o.max ? conf->o.max : HELD_MAX,
                         .proxied = conf->o.proxied, .login = on_login, .event = on_event,
                         .log = on_log, .baton = state,
                         .done = on_done, .done_baton = state,
                         .counts = conf->o.counts };

    state->link = link;
    state->conf = conf;
    state->login = held_login_create(&conf->o, link->pool);
    link->state = state;
    raise_limit(state, o.max);
    return held_create(&conf->held, &o, link->pool);
}

static void held_send(gateway_link_t *link, const gateway_message_t *message,
                      void *message_baton)
{
    const held_conf_t *conf = link->gateway->conf;

    held_tell(conf->held, message, message_baton);
}

static void on_lost(void *baton, apr_int64_t device)
{
    const held_state_t *state = baton;

    held_drop(state->conf->held, device);
}

static void held_driver_run(gateway_link_t *link, apr_interval_time_t wait)
{
    held_state_t *state = link->state;

    held_run(state->conf->held, held_login_wait(state->login, wait));
    held_login_write(state->login, on_lost, state);
}

static void held_driver_wakeup(gateway_link_t *link)
{
    const held_conf_t *conf = link->gateway->conf;

    held_wakeup(conf->held);
}

static void held_driver_abort(gateway_link_t *link)
{
    const held_conf_t *conf = link->gateway->conf;

    held_abort(conf->held);
}

static void held_driver_close(gateway_link_t *link)
{
    held_conf_t *conf = link->gateway->conf;

    held_close(conf->held);
    conf->held = NULL;
}

static apr_status_t held_parse(gateway_t *gateway, const char *rest,
                               const gateway_settings_t *settings,
                               const char **error, apr_pool_t *p)
{
    *error = "held connections are configured by SyncMLPushListen";
    return APR_EINVAL;
}

static const gateway_driver_t gateway_held = {
    .scheme = "held:", .form = "SyncMLPushListen", .parse = held_parse,
    .open = held_open, .send = held_send, .run = held_driver_run,
    .wakeup = held_driver_wakeup, .abort = held_driver_abort,
    .close = held_driver_close
};

static int held_reaches(const gateway_t *gateway,
                        const gateway_message_t *message)
{
    const held_conf_t *conf = gateway->conf;

    return conf->held && message->package_len <= CTP_MAX_SAN
           && held_is_connected(conf->held, message->device);
}

gateway_t *gateway_held_create(const gateway_held_options_t *options,
                               apr_pool_t *p)
{
    gateway_t *gw = apr_pcalloc(p, sizeof *gw);
    held_conf_t *conf = apr_pcalloc(p, sizeof *conf);

    conf->o = *options;
    gw->driver = &gateway_held;
    gw->name = gw->transport = "held";
    gw->whole = 1;
    gw->reaches = held_reaches;
    gw->conf = conf;
    return gw;
}
