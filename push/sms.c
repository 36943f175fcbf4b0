/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Binary SMS: see sms.h. */
#include "sms.h"

#include <string.h>

#include <apr_strings.h>

#define IE_PORTS16   0x05
#define IE_CONCAT8   0x00
#define UDH_PORTS    7              /* octets with the length octet */
#define UDH_CONCAT   5              /* octets that concatenation adds */

#define MIN_DIGITS   3
#define MAX_DIGITS   15

static void write_udh(sms_part_t *part, apr_uint16_t destination,
                      apr_uint16_t source)
{
    unsigned char *d = part->udh;

    *d++ = UDH_PORTS - 1;
    *d++ = IE_PORTS16;
    *d++ = 4;
    *d++ = destination >> 8;
    *d++ = destination & 0xFF;
    *d++ = source >> 8;
    *d++ = source & 0xFF;
    part->udh_len = d - part->udh;
}

static void add_concat(sms_part_t *part, unsigned char reference, int total,
                       int sequence)
{
    unsigned char *d = part->udh + part->udh_len;

    *d++ = IE_CONCAT8;
    *d++ = 3;
    *d++ = reference;
    *d++ = (unsigned char)total;
    *d++ = (unsigned char)sequence;
    part->udh[0] += UDH_CONCAT;
    part->udh_len = d - part->udh;
}

apr_status_t sms_split(apr_array_header_t **parts, const unsigned char *data,
                       apr_size_t len, apr_uint16_t destination,
                       apr_uint16_t source, unsigned char reference,
                       apr_pool_t *p)
{
    apr_size_t room = len <= SMS_MAX_SINGLE ? SMS_MAX_SINGLE : SMS_MAX_PART;
    int total = (int)((len + room - 1) / room), i;

    *parts = NULL;
    if (len == 0 || len > SMS_MAX_PARTS * SMS_MAX_PART) {
        return APR_EINVAL;
    }
    *parts = apr_array_make(p, total, sizeof(sms_part_t));
    for (i = 0; i < total; i++) {
        sms_part_t *part = apr_array_push(*parts);

        write_udh(part, destination, source);
        if (total > 1) {
            add_concat(part, reference, total, i + 1);
        }
        part->data = data + i * room;
        part->len = i < total - 1 ? room : len - i * room;
    }
    return APR_SUCCESS;
}

/* The digits of a number, without what people put between them.
 * @return words for what is wrong, or NULL */
static const char *get_digits(char digits[MAX_DIGITS + 3], int *plus,
                              const char *number)
{
    int n = 0;

    *plus = 0;
    for (; *number; number++) {
        if (*number >= '0' && *number <= '9') {
            if (n == MAX_DIGITS + 2) {      /* room for a leading 00 */
                return "a telephone number has at most 15 digits";
            }
            digits[n++] = *number;
        }
        else if (*number == '+' && n == 0 && !*plus) {
            *plus = 1;
        }
        else if (!strchr(" -./()", *number)) {
            return "a telephone number has only digits, with a plus sign "
                   "before the country code";
        }
    }
    digits[n] = '\0';
    return NULL;
}

apr_status_t sms_number(const char **out, const char *number,
                        const char **error, apr_pool_t *p)
{
    char buf[MAX_DIGITS + 3] = "", *digits = buf;
    int plus;
    const char *wrong = get_digits(buf, &plus, number);

    *out = NULL;
    if (!wrong) {
        if (!plus && strncmp(digits, "00", 2) == 0) {
            plus = 1;
            digits += 2;
        }
        if (strlen(digits) > MAX_DIGITS) {
            wrong = "a telephone number has at most 15 digits";
        }
        else if (strlen(digits) < MIN_DIGITS) {
            wrong = "a telephone number has at least 3 digits";
        }
        else if (plus && *digits == '0') {
            wrong = "no country code begins with 0";
        }
    }
    if (wrong) {
        if (error) {
            *error = wrong;
        }
        return APR_EINVAL;
    }
    *out = apr_pstrcat(p, plus ? "+" : "", digits, NULL);
    return APR_SUCCESS;
}
