/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The file: driver of gateway.h: one text file per SMS in a directory, for
 * dry runs and for people who want to see what would be sent.
 *
 *   To: +491701234567
 *   UDH: 0605040B8423F0
 *   Data: 010603CEAF85...
 *
 *   (the message in words)
 *
 * Names sort by time: date, time with microseconds, thread, a running number.
 * Who may read them is the directory's matter.
 */
#include <unistd.h>

#include <apr_strings.h>

#include "gateway_spool.h"

static const char *file_name(const gateway_message_t *message,
                             unsigned serial, apr_pool_t *p)
{
    apr_time_t now = apr_time_now();
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, now);
    return apr_psprintf(p, "%04d%02d%02dT%02d%02d%02d.%06dZ-%ld-%06u.txt",
                        t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                        t.tm_hour, t.tm_min, t.tm_sec, t.tm_usec,
                        (long)gettid(), serial % 1000000);
}

static const char *file_text(const gateway_t *gateway,
                             const gateway_message_t *message, apr_pool_t *p)
{
    const sms_part_t *part = message->part;

    return apr_pstrcat(p, "To: ", message->to,
        "\nUDH: ", gateway_spool_hex(p, part->udh, part->udh_len),
        "\nData: ", gateway_spool_hex(p, part->data, part->len),
        "\n\n", message->meaning, NULL);
}

static apr_status_t file_parse(gateway_t *gateway, const char *rest,
                               const gateway_settings_t *settings,
                               const char **error, apr_pool_t *p)
{
    static const char *const none[] = { NULL };
    spool_format_t *format = apr_pcalloc(p, sizeof *format);

    *error = gateway_unknown_setting(settings, none, p);
    if (*error) {
        return APR_EINVAL;
    }
    format->name = file_name;
    format->text = file_text;
    gateway->conf = format;
    gateway->transport = "file";
    gateway->wants_meaning = 1;
    return gateway_spool_parse(gateway, rest, error, p);
}

const gateway_driver_t gateway_file = {
    "file:", "file:/directory", 0, file_parse, gateway_spool_open,
    gateway_spool_send, gateway_spool_run, gateway_spool_wakeup,
    gateway_spool_abort, gateway_spool_close
};
