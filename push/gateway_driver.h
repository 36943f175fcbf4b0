/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway_driver.h
 * @brief What a gateway driver fills in; private to this room (and its
 * tests).  The calls mean what their namesakes in gateway.h say.
 */
#ifndef SYNCML_PUSH_GATEWAY_DRIVER_H
#define SYNCML_PUSH_GATEWAY_DRIVER_H

#include "gateway.h"

struct gateway_link_t {
    const gateway_t *gateway;
    gateway_options_t options;
    gateway_done_fn *done;
    void *baton;
    apr_pool_t *pool;
    int active;                 /* messages not done yet */
    void *state;                /* the driver's */
};

struct gateway_driver_t {
    const char *scheme;         /* with its colon */
    const char *form;           /* of the URL, for errors */
    int explains;               /* its errors need no such addition */
    /** @param rest  the URL after the scheme
     * @param settings  never NULL, nor its values */
    apr_status_t (*parse)(gateway_t *gateway, const char *rest,
                          const gateway_settings_t *settings,
                          const char **error, apr_pool_t *p);
    apr_status_t (*open)(gateway_link_t *link);
    void (*send)(gateway_link_t *link, const gateway_message_t *message,
                 void *message_baton);
    void (*run)(gateway_link_t *link, apr_interval_time_t wait);
    void (*wakeup)(gateway_link_t *link);
    void (*abort)(gateway_link_t *link);
    void (*close)(gateway_link_t *link);
};

extern const gateway_driver_t gateway_kannel;
extern const gateway_driver_t gateway_file;
extern const gateway_driver_t gateway_template;
extern const gateway_driver_t gateway_smstools;
extern const gateway_driver_t gateway_gammu;

/** Words for a setting that none of the given names, or NULL if all are known.
 * @param known  names, then NULL */
const char *gateway_unknown_setting(const gateway_settings_t *settings,
                                    const char *const *known, apr_pool_t *p);

/** Put our own words before an answer's, which follow in brackets. */
void gateway_say(gateway_answer_t *answer, const char *words);

/** Call back with the end of a message. */
void gateway_finish(gateway_link_t *link, void *message_baton,
                    const gateway_answer_t *answer);

/** Set an answer's words: printable ASCII of text, runs of other octets as
 * one blank, cut to fit. */
void gateway_words(gateway_answer_t *answer, const char *text,
                   apr_size_t len);

/**
 * What an HTTP answer of Kannel's sendsms means.
 * @param body, len  its content, binary or not
 * @param answer  out: result and words; status is set, took is not touched
 */
void gateway_kannel_classify(int status, const char *body, apr_size_t len,
                             gateway_answer_t *answer);

#endif
