/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/sms.h
 * @brief Binary SMS to a port: user data header, splitting, numbers.
 *
 * One SMS carries 140 octets, header included.  The header has the element
 * for 16-bit ports and, where the data needs more than one SMS, a second one
 * that numbers the parts (8-bit reference).  The ports come first: phones of
 * the time look there.  We split ourselves, whatever the gateway could do: a
 * gateway that is not set up for it cuts long data and still says "accepted".
 */
#ifndef SYNCML_PUSH_SMS_H
#define SYNCML_PUSH_SMS_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#define SMS_PORT_WAP_PUSH      2948     /* destination */
#define SMS_PORT_WSP           9200     /* source */

#define SMS_MAX_OCTETS         140      /* header and data of one SMS */
#define SMS_MAX_SINGLE         133      /* data where there is one part */
#define SMS_MAX_PART           128      /* data of each of several parts */
#define SMS_MAX_PARTS          255
#define SMS_MAX_UDH            12       /* octets of header that we write */

/** Longest number, octets without NUL: a plus sign and E.164's 15 digits. */
#define SMS_MAX_NUMBER         16

typedef struct sms_part_t {
    unsigned char udh[SMS_MAX_UDH];     /* with its length octet */
    apr_size_t udh_len;
    const unsigned char *data;          /* into the data that was split */
    apr_size_t len;
} sms_part_t;

/**
 * Cut data into SMS.
 * @param parts  out: array of sms_part_t, in the order to be sent
 * @param reference  tells this message's parts from another's; a different
 *                   one for each message to a number
 * @return APR_SUCCESS; APR_EINVAL: no data, or more than 255 parts
 */
apr_status_t sms_split(apr_array_header_t **parts, const unsigned char *data,
                       apr_size_t len, apr_uint16_t destination,
                       apr_uint16_t source, unsigned char reference,
                       apr_pool_t *p);

/**
 * Bring a telephone number into the form that gateways take: digits with an
 * optional plus sign.  Blanks, hyphens, dots, slashes and parentheses are
 * left out; a leading 00 becomes a plus sign.
 * @param error  out: what is wrong with it; may be NULL
 * @return APR_SUCCESS; APR_EINVAL: other characters, fewer than 3 digits or
 *         more than 15
 */
apr_status_t sms_number(const char **out, const char *number,
                        const char **error, apr_pool_t *p);

#endif
