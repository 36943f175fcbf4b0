/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Local modems: gateway.h over the directories in which SMS Server Tools 3 and
 * gammu-smsd (with service = files) look for SMS to be sent.
 *
 *   smstools:/var/spool/sms/outgoing
 *   gammu:/var/spool/gammu/outbox
 *
 * smsd and gammu-smsd split and join nothing of binary messages: our own user
 * data header goes through.  Both run as users of their own, which must be
 * able to take the files away: the directory's matter.
 */
#include <unistd.h>

#include <apr_strings.h>

#include "gateway_spool.h"

/* ---- SMS Server Tools 3 --------------------------------------------------- */

static const char *smstools_name(const gateway_message_t *message,
                                 unsigned serial, apr_pool_t *p)
{
    return apr_psprintf(p, "syncml.%s-%ld-%06u",
                        gateway_spool_time(p, "%Y%m%d%H%M%S"),
                        (long)gettid(), serial % 1000000);
}

/* The network's code for a time (TP-VP): steps of 5 minutes up to 12 hours, of
 * half an hour up to a day, of a day. */
int gateway_spool_validity(int minutes)
{
    int days = (minutes + 1439) / 1440;

    return minutes <= 720 ? (minutes + 4) / 5 - 1
        : minutes <= 1440 ? 143 + (minutes - 720 + 29) / 30
        : 166 + (days < 30 ? days : 30);
}

static const char *spaced(const unsigned char *data, apr_size_t len,
                          apr_pool_t *p)
{
    char *out = apr_palloc(p, 3 * len + 1);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        apr_snprintf(out + 3 * i, 4, "%02X ", data[i]);
    }
    return out;
}

static const char *smstools_text(const gateway_t *gateway,
                                 const gateway_message_t *message,
                                 apr_pool_t *p)
{
    const spool_format_t *format = gateway->conf;
    const sms_part_t *part = message->part;
    const char *text = apr_pstrcat(p, "To: ",
        message->to + (*message->to == '+'),
        "\nAlphabet: binary\nUDH: true\nHex: yes\n", NULL);

    if (message->validity > 0) {
        text = apr_psprintf(p, "%sValidity: %d\n", text,
                            gateway_spool_validity(message->validity));
    }
    if (format->reports && message->token) {
        /* smsd passes over a header that it does not know; an event handler
         * finds it in the file when the report comes. */
        text = apr_pstrcat(p, text, "Report: yes\nSyncML-Report: ",
                           format->reports, "/", message->token, "\n", NULL);
    }
    return apr_pstrcat(p, text, "\n", spaced(part->udh, part->udh_len, p),
                       "\n", spaced(part->data, part->len, p), "\n", NULL);
}

/* ---- gammu-smsd ----------------------------------------------------------- */

static const char *gammu_name(const gateway_message_t *message,
                              unsigned serial, apr_pool_t *p)
{
    /* priority C, time, number in the second, whom to, a note */
    return apr_psprintf(p, "OUTC%s_%02u_%s_syncml%ld%06u.smsbackup",
                        gateway_spool_time(p, "%Y%m%d_%H%M%S"), serial % 100,
                        message->to, (long)gettid(), serial % 1000000);
}

static const char *gammu_text(const gateway_t *gateway,
                              const gateway_message_t *message, apr_pool_t *p)
{
    const sms_part_t *part = message->part;

    return apr_psprintf(p, "[SMSBackup000]\nPDU = Submit\nState = UnSent\n"
        "Number = \"%s\"\nCoding = 8bit\nClass = -1\nUDH = %s\n"
        "Text00 = %s\nLength = %" APR_SIZE_T_FMT "\nRejectDuplicates = "
        "False\nReplaceMessage = 0\nMessageReference = 0\n", message->to,
        gateway_spool_hex(p, part->udh, part->udh_len),
        gateway_spool_hex(p, part->data, part->len), part->len);
}

const spool_format_t gateway_smstools_format = { smstools_name, smstools_text,
                                                 NULL };
const spool_format_t gateway_gammu_format = { gammu_name, gammu_text, NULL };

/* ---- both ----------------------------------------------------------------- */

static apr_status_t parse(gateway_t *gateway, const char *rest,
                          const gateway_settings_t *settings,
                          spool_format_t *format, const char **error,
                          apr_pool_t *p)
{
    static const char *const none[] = { NULL };

    *error = gateway_unknown_setting(settings, none, p);
    if (*error) {
        return APR_EINVAL;
    }
    format->reports = settings->reports;
    gateway->conf = format;
    return gateway_spool_parse(gateway, rest, error, p);
}

static apr_status_t smstools_parse(gateway_t *gateway, const char *rest,
                                   const gateway_settings_t *settings,
                                   const char **error, apr_pool_t *p)
{
    spool_format_t *format = apr_pcalloc(p, sizeof *format);

    *format = gateway_smstools_format;
    return parse(gateway, rest, settings, format, error, p);
}

static apr_status_t gammu_parse(gateway_t *gateway, const char *rest,
                                const gateway_settings_t *settings,
                                const char **error, apr_pool_t *p)
{
    spool_format_t *format = apr_pcalloc(p, sizeof *format);

    if (settings->reports) {
        *error = "gammu-smsd has no delivery reports for us: leave reports= "
            "away";
        return APR_EINVAL;
    }
    *format = gateway_gammu_format;
    return parse(gateway, rest, settings, format, error, p);
}

const gateway_driver_t gateway_smstools = {
    "smstools:", "smstools:/var/spool/sms/outgoing", 0, smstools_parse,
    gateway_spool_open, gateway_spool_send, gateway_spool_run,
    gateway_spool_wakeup, gateway_spool_abort, gateway_spool_close
};

const gateway_driver_t gateway_gammu = {
    "gammu:", "gammu:/var/spool/gammu/outbox", 0, gammu_parse,
    gateway_spool_open, gateway_spool_send, gateway_spool_run,
    gateway_spool_wakeup, gateway_spool_abort, gateway_spool_close
};
