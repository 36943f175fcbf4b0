/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml.h
 * @brief The SyncML server as the HTTP side sees it: a message in, an answer
 * out.
 *
 * Knows nothing of httpd.  A call handles one message in one write
 * transaction of the store: what it changes, the session and the answer are
 * durable before sml_handle() returns, so any thread of any process may
 * handle the next message of the same session.
 */
#ifndef SYNCML_SML_H
#define SYNCML_SML_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "codec/codec.h"
#include "item/item_quirks.h"
#include "mod_syncml/sml_view.h"
#include "store/store.h"

/** Version of the modules and the command line tool. */
#define SYNCML_VERSION  "0.1"

/** The quirks file that is installed, see conf/quirks.conf. */
#define SML_DEFAULT_QUIRKS  "/etc/syncml/quirks.conf"

#define SML_AUTH_BASIC  1
#define SML_AUTH_MD5    2

#define SML_TYPE_WBXML  "application/vnd.syncml+wbxml"
#define SML_TYPE_XML    "application/vnd.syncml+xml"

/** So many octets more than max_msg_size are taken: the first message of a
 * session carries the DevInf of a client that has not heard of the limit. */
#define SML_MSG_SLACK   65536

/** Who wins where both sides have changed an item. */
typedef enum {
    SML_POLICY_MERGE = 0,       /* property by property; where one clashes,
                                   the fallback decides for it */
    SML_POLICY_SERVER,
    SML_POLICY_CLIENT,
    SML_POLICY_NEWEST,          /* the later REV or LAST-MODIFIED where both
                                   have one, else what came last */
    SML_POLICY_BOTH             /* keep both, as two items */
} sml_policy_e;

/** The syncs that may have policies of their own. */
typedef enum {
    SML_FIRST_SYNC = 0,         /* slow, and the device never synced the
                                   datastore before */
    SML_SLOW_SYNC,
    SML_NORMAL_SYNC,
    SML_SYNC_MODES
} sml_mode_e;

typedef struct sml_conflict_conf_t {
    sml_policy_e policy;
    sml_policy_e fallback;      /* of merge: SERVER, CLIENT or NEWEST */
    int delete_wins;            /* a delete against a change; default 0 */
} sml_conflict_conf_t;

/** What a guard does that stops a session. */
typedef enum {
    SML_GUARD_OFF = 0,
    SML_GUARD_SLOW,             /* nothing is deleted, the next sync is slow */
    SML_GUARD_HOLD              /* the deletes wait for the administrator */
} sml_guard_e;

typedef struct sml_guard_conf_t {
    sml_guard_e action;
    int deletes;                /* percent of the datastore's items that a
                                   session may delete; 100: all */
    int doubles;                /* percent that it may add although the device
                                   has them already */
    int least;                  /* so many are always let through */
} sml_guard_conf_t;

/** A datastore offered to clients. */
typedef struct sml_datastore_conf_t {
    const char *name;           /* canonical, as in the store: "contacts" */
    const char *display;        /* DevInf DisplayName */
    apr_array_header_t *aliases;        /* const char *: other names, ASCII,
                                   compared without case and leading "./" */
    apr_array_header_t *members;        /* const sml_datastore_conf_t *: it is
                                   a combination of these, each of another
                                   kind; NULL: it is one by itself */
    item_kind_e kind;           /* what its items are; of a combination those
                                   of its first member */
    const char *type;           /* media type received and sent */
    const char *type_version;   /* VerCT: "3.0" */
    apr_uint32_t content_code;  /* OMNA WSP content type of it, for SAN */
    sml_access_e access;        /* of devices that have no setting of their
                                   own for it */
    sml_conflict_conf_t conflict[SML_SYNC_MODES];
} sml_datastore_conf_t;

typedef struct sml_config_t {
    const char *server_id;      /* DevInf DevID */
    const char *software;       /* DevInf SwV: version of the module */
    apr_array_header_t *datastores;     /* of sml_datastore_conf_t * */
    int auth_schemes;           /* SML_AUTH_* */
    int other_accounts;         /* non-zero: accounts may exist that the store
                                   does not know; names it does not know are
                                   then asked for auth-basic where allowed */
    apr_size_t max_msg_size;    /* octets of a message, either way; see
                                   SML_MSG_SLACK */
    apr_size_t max_obj_size;    /* octets of an item */
    apr_interval_time_t session_timeout;
    sml_guard_conf_t guard;
    apr_interval_time_t keep;   /* former texts, deleted items, session log */
    apr_interval_time_t forget_devices; /* unseen so long; 0: never */
    const char *time_zone;      /* of users of whom nothing else is known, an
                                   Olson name; NULL: not set */
    /** The quirks in force, to be used until p is cleared.  NULL: there are
     * none. */
    const item_quirks_t *(*quirks)(void *baton, apr_pool_t *p);
    void *quirks_baton;
    apr_interval_time_t answer_within;  /* work on one answer ends then, the
                                   rest is done for the next ones; 0: when
                                   all is done */
    /** The time, NULL: apr_time_now().  Only answer_within goes by it. */
    apr_time_t (*clock)(void *baton);
    void *clock_baton;
    /** Non-zero if the process is about to end: answers leave as soon as
     * they can.  NULL: never. */
    int (*stopping)(void *baton);
    void *stop_baton;
    /** Check a clear-text password (auth-basic).  Called outside any
     * transaction, may be slow.  @return APR_SUCCESS granted, APR_EACCES
     * wrong password, APR_NOTFOUND no such user, else trouble (SyncML 500) */
    apr_status_t (*check_password)(void *baton, const char *user,
                                   const char *password);
    /** May a login be tried now?  Called before the password is looked at.
     * @return 0, or after how many seconds: SyncML 503.  NULL: always */
    int (*login_wait)(void *baton, const char *user, const char *device);
    void *check_baton;          /* of both */
    store_log_fn *log;          /* levels as in store.h */
    void *log_baton;
} sml_config_t;

/** Whether items of that kind may stand in a datastore: its own, and in one of
 * texts (notes) also journals, which are notes that are more than a text. */
int sml_datastore_takes(const sml_datastore_conf_t *d, item_kind_e kind);

/** The datastores that a server offers without a SyncMLDatastore: contacts,
 * calendar, tasks, notes, journal, and caltasks, which is calendar and tasks
 * together,
 * with the aliases that clients' templates use, and with the default policy:
 * merge, the newest where a property clashes.
 * @return array of sml_datastore_conf_t * */
apr_array_header_t *sml_default_datastores(apr_pool_t *p);

typedef struct sml_request_t {
    codec_format_e format;
    const char *body;
    apr_size_t len;
    const char *session;        /* value of "s" in the query, or NULL */
    const char *url;            /* URL of the request without query: only
                                   used where the message has no usable
                                   Target LocURI */
    const char *remote;         /* client address, for log lines */
} sml_request_t;

typedef struct sml_answer_t {
    int http_status;            /* 200, or 400, 413, 503 with error set */
    const char *body;           /* for 200 */
    apr_size_t len;
    const char *error;          /* one line for the client's owner */
    int owes_push;              /* the push worker should look */
    int resent;                 /* the stored answer of a repeated message */
    /* For log lines and dumps; "" where not known. */
    const char *account, *device, *session_id, *msg_id;
    int auth_status;            /* SyncHdr status: 200, 212, 401, 407, ... */
    const char *auth_error;     /* why a login failed (auth_status 401, 403)
                                   or was not tried (503); NULL: neither.  A
                                   first digest, made before the client can
                                   know its nonce, is no failure */
    int auth_new;               /* the message's Cred has been proved */
} sml_answer_t;

/**
 * Handle one message.
 * @param answer  out, filled in always
 * @param p  holds the answer
 * @return APR_SUCCESS if there is a SyncML answer (http_status 200)
 */
apr_status_t sml_handle(const sml_config_t *config, store_t *store,
                        const sml_request_t *request, sml_answer_t *answer,
                        apr_pool_t *p);

/**
 * Write a message for people, for SyncMLDump: indented XML with passwords,
 * digests, nonces and the data of items left out (only their sizes).
 * @return text, never NULL; undecodable messages say so
 */
const char *sml_describe(codec_format_e format, const char *data,
                         apr_size_t len, apr_pool_t *p);

/** Write what item_keys() computed into an item for the store. */
void sml_set_keys(store_item_t *item, const item_keys_t *keys);

/** Check a password against the one in the store (SyncMLAuthProvider
 * store). In constant time.  @return as sml_config_t.check_password */
apr_status_t sml_check_store_password(store_t *store, const char *user,
                                      const char *password, apr_pool_t *p);

/** The same from the row's own type and text.
 * @param p  scratch
 * @return as item_keys(); on failure the keys stay as they are */
apr_status_t sml_compute_keys(store_item_t *item, apr_pool_t *p);

/** When an item begins next: store_options_t.starts, for all who change items.
 * Times without a zone, of which nobody knows one, are taken for UTC. */
store_starts_fn sml_next_start;

typedef struct sml_rekey_t {
    store_t *store;
    store_log_fn *log;          /* NULL: silent */
    void *log_baton;
    void (*progress)(void *baton);      /* after each few hundred items */
    void *progress_baton;
} sml_rekey_t;

/**
 * Compute the keys of all items anew if those in the store are of other rules
 * than ITEM_KEYS_VERSION; to be called before the first request.  Others may
 * read and write meanwhile.  Cut off half-way it begins again the next time.
 * @return APR_SUCCESS also if there was nothing to do; the store's statuses
 */
apr_status_t sml_rekey(const sml_rekey_t *how, apr_pool_t *p);

/** Name of the store's setting that holds the server id. */
#define SML_SETTING_SERVER_ID STORE_SETTING_SERVER_ID

/** Habits of single devices that the protocol cannot tell us: settings of the
 * device by the name of SML_QUIRK_PREFIX and the quirk's, with the value
 * "on". */
#define SML_QUIRK_PREFIX  "quirk."
/** No Status for each Add, Replace or Delete that went well: some early
 * Sony Ericsson phones break over too many. */
#define SML_QUIRK_NO_ITEM_STATUS  "no-item-status"
/** Our id besides the device's own in Replace and Delete: some phones end the
 * session over a Replace of an item that they have lost, if they cannot tell
 * which it was. */
#define SML_QUIRK_SEND_GUID       "send-guid"

/** Other settings of a device: how it writes items, see item_quirks.h. */
#define SML_SETTING_CLOCK    "clock"
#define SML_SETTING_DAYS     "days"
#define SML_SETTING_CHARSET  "charset"
/** Its user's time zone.  That of an account is a setting of the store by this
 * prefix and the account's id; what was learned of it by the other. */
#define SML_SETTING_ZONE     "zone"
#define SML_ACCOUNT_ZONE     "zone."
#define SML_LEARNED_ZONE     "zone-seen."
/** For push: the form of its notifications, "1.1" or "1.2". */
#define SML_PUSH_SAN_FORM    "push.san-form"
#define SML_PUSH_SAN_BY      "push.san-quirk"   /* what a quirk made of it;
                                another value was set by hand */

/**
 * What quirks and settings together make of a device.
 * @param quirks  may be NULL
 * @param settings  names to values, const char *; NULL: none
 * @param wrong  out: settings that are wrong, each with what would be right
 *               (const char *); NULL: not asked for
 */
void sml_traits_make(item_traits_t *traits, const item_quirks_t *quirks,
                     const item_device_t *device, apr_hash_t *settings,
                     apr_array_header_t *wrong, apr_pool_t *p);
/** Take one setting in. @return 0: it is none of those, or wrong, then
 * error says so, which else is NULL */
int sml_traits_setting(item_traits_t *traits, const char *name,
                       const char *value, const char **error,
                       apr_pool_t *p);

/** The server id kept in the store, made on first use: "syncml-" and 8
 * random letters.  Also makes what else the server keeps there (the key of
 * its nonces), so it is called in a write transaction before the first
 * request. */
apr_status_t sml_server_id(store_tx_t *tx, const char **id, apr_pool_t *p);

#endif
