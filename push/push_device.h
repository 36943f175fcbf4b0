/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/push_device.h
 * @brief How one device wants to be told: which form of notification, and
 * over what besides SMS.  Kept in the device's settings.
 *
 * | setting         | value                                              |
 * | push.san-form   | auto, 1.2, 1.1: the form of notifications by SMS   |
 * | push.ui-mode    | background, informative, interaction               |
 * | push.vendor     | vendor data, hex, at most 64 octets                |
 * | push.nonce      | text in the digest; "" where it is missing         |
 * | push.tcp        | off, auto, or ADDRESS[:PORT]                       |
 * | push.tcp-seen   | the address of its latest sync (with auto)         |
 * | push.held       | it has held a connection open: when, in seconds    |
 * | push.poll       | advice: minutes between its own syncs, or off      |
 * | push.san-sent   | FORM TIME: what it was told last; the worker's     |
 * | push.san-answer | the form that it answered; the worker's            |
 *
 * The form.  What is set counts.  With auto: the form that it has answered
 * before, else that of its SyncML version (1.2 where that is not known), and
 * each time that it does not answer, the other one in turn.  A sync within
 * PUSH_DEVICE_ANSWER of a notification counts as its answer; the notification
 * is nothing that a sync names.  The form of SyncML 1.1 needs the device's
 * sync URL; without one it is 1.2.
 */
#ifndef SYNCML_PUSH_DEVICE_H
#define SYNCML_PUSH_DEVICE_H

#include "notification.h"

#define PUSH_DEVICE_SAN_FORM    "push.san-form"
#define PUSH_DEVICE_UI_MODE     "push.ui-mode"
#define PUSH_DEVICE_VENDOR      "push.vendor"
#define PUSH_DEVICE_NONCE       "push.nonce"
#define PUSH_DEVICE_TCP         STORE_DEVICE_TCP
#define PUSH_DEVICE_TCP_SEEN    STORE_DEVICE_TCP_SEEN
#define PUSH_DEVICE_HELD        STORE_DEVICE_HELD
#define PUSH_DEVICE_POLL        "push.poll"
#define PUSH_DEVICE_SAN_SENT    "push.san-sent"
#define PUSH_DEVICE_SAN_ANSWER  "push.san-answer"

/** So long after a notification a sync is taken for its answer. */
#define PUSH_DEVICE_ANSWER      apr_time_from_sec(15 * 60)

#define PUSH_DEVICE_MAX_VENDOR  64
#define PUSH_DEVICE_MAX_NONCE   128

/** The advice where nothing is set: minutes between the syncs of a device
 * that cannot be told. */
#define PUSH_DEVICE_POLL_DEFAULT  60

typedef struct push_device_t {
    notification_form_t form;
    int form_set;               /* by hand or by a quirk */
    int form_known;             /* it has answered this form */
    const char *tcp;            /* ADDRESS[:PORT]; "": it does not listen */
    int held;                   /* it has held a connection before */
} push_device_t;

/** The settings above, as they are; NULL: not set. */
typedef struct push_settings_t {
    const char *san_form, *ui_mode, *vendor, *nonce, *tcp, *tcp_seen, *held,
               *sent, *answer;
} push_settings_t;

/** Note one of the device's settings, if it is one of those. */
void push_device_setting(push_settings_t *settings, const char *name,
                         const char *value, apr_pool_t *p);

/**
 * What the settings of a claimed row's device say; remembers (in a write
 * transaction) which form it has answered.
 * @param settings  all that the store has; what is remembered is noted there
 * @param p  as long as the settings' own
 * @return APR_SUCCESS; a store's status
 */
apr_status_t push_device_make(push_device_t **device, store_tx_t *tx,
                              const store_due_t *due,
                              push_settings_t *settings, apr_pool_t *p);

/** Where it listens: ADDRESS[:PORT], "" if it does not.
 * @param tcp, seen  push.tcp and push.tcp-seen; NULL: not set */
const char *push_device_address(const char *tcp, const char *seen);

/** It was told in this form, now: kept until it answers. */
apr_status_t push_device_told(store_tx_t *tx, store_id_t device,
                              notification_form_e form, apr_time_t now,
                              apr_pool_t *p);

/**
 * The rule for the form.
 * @param set  push.san-form; NULL or anything but "1.1" and "1.2": auto
 * @param answer  push.san-answer; NULL: none yet
 * @param version  of SyncML, as from the store
 * @param sync_url  "" or NULL: not known
 * @param unanswered  notifications since its last sync
 */
notification_form_e push_device_choose(const char *set, const char *answer,
                                       const char *version,
                                       const char *sync_url,
                                       int unanswered);

/**
 * Whether a value may be set, for who lets people set it.
 * @param name  a setting of those that people set
 * @return NULL, or what would be right
 */
const char *push_device_check(const char *name, const char *value,
                              apr_pool_t *p);

/**
 * The advice for the device: how often it had better sync by itself.
 * @param number  "" if it has none
 * @param push  non-zero: it may be told
 * @return minutes; 0: it need not, since it is told
 */
int push_device_poll(const char *number, int push, const char *tcp,
                     const char *held, const char *poll);

#endif
