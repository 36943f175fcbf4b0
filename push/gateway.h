/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway.h
 * @brief Gateways: where the parts of a notification are handed over.
 *
 * A gateway_t is what a URL and its settings say, read once and never
 * changed after:
 *
 *   kannel:http://user:password@host:13013/cgi-bin/sendsms   (or https)
 *   file:/directory     one text file per SMS, for dry runs
 *
 * A driver may carry something else than SMS (gateway_t.whole): it gets the
 * notification's PDU at once instead of its parts, needs no telephone number,
 * and says itself which devices it reaches.
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
#include <apr_tables.h>
#include <apr_time.h>

#include "sms.h"

typedef struct gateway_driver_t gateway_driver_t;
typedef struct gateway_message_t gateway_message_t;
typedef struct gateway_t gateway_t;

/** Whether a gateway that is not SMS can try this device now.  Called in the
 * worker's main thread for each message: must be quick and never block. */
typedef int gateway_reaches_fn(const gateway_t *gateway,
                               const gateway_message_t *message);

struct gateway_t {
    const gateway_driver_t *driver;
    const char *name;           /* the URL without credentials, for logs */
    const char *transport;      /* in one word, for logs: "sms", "tcp"... */
    const char *directory;      /* must be writable for the worker; or NULL */
    int wants_meaning;          /* fill in gateway_message_t.meaning */
    int whole;                  /* no SMS: see above */
    gateway_reaches_fn *reaches;    /* where whole; NULL: every device */
    void *conf;                 /* the driver's */
};

/** What a gateway may be told besides its URL. */
typedef struct gateway_settings_t {
    const char *reports;        /* URL at which delivery reports are taken,
                                   without the token; NULL: none wanted */
    const char *ca_file;        /* PEM; NULL: the system's authorities */
    const char *root;           /* for relative file names; NULL: the
                                   working directory */
    const apr_table_t *values;  /* the driver's own: user, password...; may
                                   be NULL. A driver refuses what it does
                                   not know. */
} gateway_settings_t;

/**
 * Read a gateway's URL.  Touches no network; of the disk only what the URL
 * names for reading.
 * @param settings  may be NULL
 * @param error  out: what is wrong and what would be right; never has the
 *               password
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t gateway_configure(gateway_t **gateway, const char *url,
                               const gateway_settings_t *settings,
                               const char **error, apr_pool_t *p);

/** gateway_configure() without settings. */
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
#define GATEWAY_MAX_ID     80

/** Octets of a message's token without NUL: 32 hexadecimal digits. */
#define GATEWAY_TOKEN      32

typedef struct gateway_answer_t {
    gateway_result_e result;
    int status;                 /* HTTP status, 0: none */
    char id[GATEWAY_MAX_ID];    /* the gateway's name for the message; "" */
    char words[GATEWAY_MAX_WORDS];  /* what the gateway said, or ours about
                                   it; one line of printable ASCII */
    apr_interval_time_t took;   /* microseconds from start to end */
} gateway_answer_t;

/** One SMS, or for a driver that is whole a notification.  It must live until
 * it is done.  Texts may be NULL where it says so. */
struct gateway_message_t {
    const char *to;             /* as from sms_number(); NULL: none known */
    const sms_part_t *part;     /* NULL for a driver that is whole */
    int number, count;          /* of the part, from 1, and of all parts */
    int validity;               /* minutes the network may keep it; 0: the
                                   gateway's default */
    const char *token;          /* by which a delivery report is known:
                                   GATEWAY_TOKEN digits nobody can guess;
                                   NULL: none */
    const char *meaning;        /* lines for people, or NULL */

    /* Whom it is for, and all of it. */
    apr_int64_t device, account;    /* ids in the store */
    const char *devid, *account_name;
    const unsigned char *pdu;   /* WSP push PDU */
    apr_size_t len;
    const unsigned char *package;   /* the notification of DS 1.2, for who
                                   carries no WSP */
    apr_size_t package_len;
    const char *address;        /* ADDRESS[:PORT] at which it listens; ""
                                   or NULL: it does not */
};

#define GATEWAY_MAX_PARALLEL  1024

typedef struct gateway_options_t {
    int parallel;               /* transfers at the same time, 1 to
                                   GATEWAY_MAX_PARALLEL */
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
