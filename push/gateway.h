/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway.h
 * @brief SMS gateways: where the parts of a notification are handed over.
 *
 * A gateway_t is what a URL says, read once and never changed after:
 *
 *   kannel:http://user:password@host:13013/cgi-bin/sendsms   (or https)
 *   file:/directory     one text file per SMS, for dry runs
 *
 * A gateway_link_t is one thread's way to it, with transfers in flight.  It
 * belongs to the thread that calls it; only gateway_wakeup() may be called
 * by others.  Messages end through a callback, which runs inside
 * gateway_run() and gateway_abort().
 *
 * The results say who is at fault, since that decides what happens next: a
 * number (give up on it), the gateway's configuration (wait for an admin),
 * the gateway's state (try again).  A message whose request went out and
 * whose answer never came is a result of its own, GATEWAY_UNANSWERED: it
 * counts as sent, because a second SMS costs money and annoys, while one
 * that was lost is made good by the back-off for unanswered notifications.
 *
 * Limits: 4 KiB of an answer are read, 16 KiB of its header; longer ones are
 * no gateway's.  Redirects are not followed, proxies of the environment not
 * used.  User and password never appear in a name, an error or an answer's
 * words.
 */
#ifndef SYNCML_PUSH_GATEWAY_H
#define SYNCML_PUSH_GATEWAY_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "sms.h"

typedef struct gateway_driver_t gateway_driver_t;

typedef struct gateway_t {
    const gateway_driver_t *driver;
    const char *name;           /* the URL without credentials, for logs */
    const char *directory;      /* must be writable for the worker; or NULL */
    int wants_meaning;          /* fill in gateway_message_t.meaning */
    void *conf;                 /* the driver's */
} gateway_t;

/**
 * Read a gateway's URL.  Touches neither network nor disk.
 * @param error  out: what is wrong and what would be right; never has the
 *               password
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t gateway_parse(gateway_t **gateway, const char *url,
                           const char **error, apr_pool_t *p);

typedef enum {
    GATEWAY_ACCEPTED = 0,   /* the gateway has taken it over */
    GATEWAY_UNANSWERED,     /* it went out, no answer: counts as sent */
    GATEWAY_TEMPORARY,      /* refused for now, or an answer without sense */
    GATEWAY_UNREACHABLE,    /* it did not go out */
    GATEWAY_REFUSED,        /* the configuration is wrong: every message
                               would be refused */
    GATEWAY_REJECTED,       /* this number or message: for good */
    GATEWAY_NOT_TRIED       /* stopped before it went out */
} gateway_result_e;

/** The result in one lower-case word. */
const char *gateway_result_name(gateway_result_e result);

#define GATEWAY_MAX_WORDS  160

typedef struct gateway_answer_t {
    gateway_result_e result;
    int status;                 /* HTTP status, 0: none */
    char words[GATEWAY_MAX_WORDS];  /* what the gateway said, or ours about
                                   it; one line of printable ASCII */
    apr_interval_time_t took;   /* microseconds from start to end */
} gateway_answer_t;

/** One SMS. It must live until it is done. */
typedef struct gateway_message_t {
    const char *to;             /* as from sms_number() */
    const sms_part_t *part;
    int validity;               /* minutes the network may keep it; 0: the
                                   gateway's default */
    const char *meaning;        /* lines for people, or NULL */
} gateway_message_t;

typedef struct gateway_options_t {
    int parallel;               /* transfers at the same time, 1 to 64 */
    apr_interval_time_t connect_timeout;
    apr_interval_time_t timeout;    /* connecting included */
} gateway_options_t;

typedef struct gateway_link_t gateway_link_t;

/** A message is done. May call gateway_send(). */
typedef void gateway_done_fn(void *baton, void *message_baton,
                             const gateway_answer_t *answer);

/**
 * Make a link.  Touches neither network nor disk yet.
 * @param p  the link is closed with it; used by the link's thread only
 * @return APR_SUCCESS; APR_ENOMEM
 */
apr_status_t gateway_open(gateway_link_t **link, const gateway_t *gateway,
                          const gateway_options_t *options,
                          gateway_done_fn *done, void *baton, apr_pool_t *p);

/** How many messages may be sent before one is done. */
int gateway_room(const gateway_link_t *link);

/** Start a message; gateway_room() must not be 0.  Every message ends in one
 * call of the callback, later and never from here. */
void gateway_send(gateway_link_t *link, const gateway_message_t *message,
                  void *message_baton);

/** Do what can be done, then wait for more, at most @p wait microseconds and
 * not at all where messages ended. */
void gateway_run(gateway_link_t *link, apr_interval_time_t wait);

/** Make gateway_run() return soon.  Any thread. */
void gateway_wakeup(gateway_link_t *link);

/** End everything in flight: GATEWAY_UNANSWERED where the request may have
 * gone out, GATEWAY_NOT_TRIED otherwise.  The callbacks must not send. */
void gateway_abort(gateway_link_t *link);

/** Close; messages in flight are forgotten without a callback.  Sets *link
 * to NULL. */
void gateway_close(gateway_link_t **link);

#endif
