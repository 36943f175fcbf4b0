/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway_spool.h
 * @brief Gateways that are a directory into which a file is put for each
 * SMS: what they have in common.  Private to this room.
 *
 * A file appears whole: it is written under a name with a dot in front, which
 * those who look into such directories pass over, made durable and renamed.
 * Accepted means that it is there.
 */
#ifndef SYNCML_PUSH_GATEWAY_SPOOL_H
#define SYNCML_PUSH_GATEWAY_SPOOL_H

#include "gateway_driver.h"

#define SPOOL_NAME  120         /* octets of a file's name */

/** gateway_t.conf of these drivers. */
typedef struct spool_format_t {
    /** @param serial  another one for each message of a link */
    const char *(*name)(const gateway_message_t *message, unsigned serial,
                        apr_pool_t *p);
    const char *(*text)(const gateway_t *gateway,
                        const gateway_message_t *message, apr_pool_t *p);
    const char *reports;        /* URL without the token, or NULL */
} spool_format_t;

/** The directory; sets gateway_t.directory and name. */
apr_status_t gateway_spool_parse(gateway_t *gateway, const char *rest,
                                 const char **error, apr_pool_t *p);

/** The time (UTC), as strftime() has it. */
const char *gateway_spool_time(apr_pool_t *p, const char *format);
/** Octets in upper-case hexadecimal. */
const char *gateway_spool_hex(apr_pool_t *p, const unsigned char *data,
                              apr_size_t len);

/** The network's code for a time in minutes (TP-VP). */
int gateway_spool_validity(int minutes);

/** As the daemons of modems want them (gateway_modem.c). */
extern const spool_format_t gateway_smstools_format;
extern const spool_format_t gateway_gammu_format;

/* For the driver's table. */
apr_status_t gateway_spool_open(gateway_link_t *link);
void gateway_spool_send(gateway_link_t *link,
                        const gateway_message_t *message,
                        void *message_baton);
void gateway_spool_run(gateway_link_t *link, apr_interval_time_t wait);
void gateway_spool_wakeup(gateway_link_t *link);
void gateway_spool_abort(gateway_link_t *link);
void gateway_spool_close(gateway_link_t *link);

#endif
