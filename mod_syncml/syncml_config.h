/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_config.h
 * @brief The directives of mod_syncml: what they hold, their defaults, how
 * they merge.
 *
 * Two kinds.  What concerns a store (SyncMLStore, SyncMLKeyFile,
 * SyncMLServerID) belongs to a server or virtual host; a virtual host
 * inherits each directive that it does not give itself.  All others may also
 * stand in <Directory> and <Location>; the innermost section that gives one
 * wins, SyncMLDatastore datastore by datastore.
 *
 * Both structures belong to the configuration's pool and are not written
 * after post_config, except by the merging of httpd itself.
 */
#ifndef SYNCML_CONFIG_H
#define SYNCML_CONFIG_H

#include "httpd.h"
#include "http_config.h"
#include "http_log.h"
#include "mod_auth.h"

#include "mod_syncml/sml.h"

/* The one symbol that mod_syncml.so shows to httpd. */
#pragma GCC visibility push(default)
APLOG_USE_MODULE(syncml);
#pragma GCC visibility pop

/** What DevInf calls the version of the software. */
#define SYNCML_VERSION          "0.1"

/** Name of the handler: SetHandler syncml. */
#define SYNCML_HANDLER          "syncml"

#define SYNCML_DEFAULT_STORE    "sqlite:/var/lib/syncml/syncml.db"
#define SYNCML_DEFAULT_DIR      "/var/lib/syncml"
#define SYNCML_DEFAULT_KEY      "syncml.key"    /* beside the database */
#define SYNCML_SQLITE           "sqlite:"

/* Octets.  The least that a phone was seen to live with is 10000; messages
 * and items that arrive in parts are held in memory. */
#define SYNCML_MSG_DEFAULT      131072
#define SYNCML_MSG_MIN          4096
#define SYNCML_MSG_MAX          1048576
#define SYNCML_OBJ_DEFAULT      1048576
#define SYNCML_OBJ_MIN          4096
#define SYNCML_OBJ_MAX          4194304
/* Percent of the datastore's items, and how many are always let through. */
#define SYNCML_GUARD_DELETES    50
#define SYNCML_GUARD_DOUBLES    20
#define SYNCML_GUARD_LEAST      10
#define SYNCML_GUARD_LEAST_MAX  1000000
/* Phones think for minutes between two messages of a session. */
#define SYNCML_TIMEOUT_DEFAULT  apr_time_from_sec(30 * 60)
#define SYNCML_TIMEOUT_MIN      apr_time_from_sec(1)
#define SYNCML_TIMEOUT_MAX      apr_time_from_sec(24 * 60 * 60)
/* Failed logins at once, and the time in which as many more are allowed: a
 * phone whose owner mistyped the password tries four times in a session. */
#define SYNCML_LOGIN_LIMIT      10
#define SYNCML_LOGIN_LIMIT_MAX  10000
#define SYNCML_LOGIN_WINDOW     apr_time_from_sec(10 * 60)
/* Clients give up after a minute or so, other writers after 10 seconds; the
 * very short is for tests. */
#define SYNCML_ANSWER_DEFAULT   apr_time_from_sec(5)
#define SYNCML_ANSWER_MIN       apr_time_from_msec(1)
#define SYNCML_ANSWER_MAX       apr_time_from_sec(10 * 60)
/* PROVIDER-ID of a configuration SMS may have so many octets. */
#define SYNCML_SERVER_ID_MAX    150

struct syncml_store_t;

typedef struct syncml_server_conf_t {
    const char *store_url;      /* NULL: not given */
    const char *key_file;       /* NULL: not given */
    const char *server_id;      /* NULL: not given */
    const char *quirks_path;    /* NULL: not given; "": off */
    const char *quirks_in;      /* set in each process, with the next: the
                                   file that is used */
    struct item_quirks_file_t *quirks;  /* NULL: there are none */
    struct syncml_store_t *store;       /* set by syncml_stores_resolve();
                                   NULL: this server needs none */
} syncml_server_conf_t;

/** One SyncMLAuthProvider. */
typedef struct syncml_provider_t {
    const char *name;
    const authn_provider *provider;     /* NULL: the store itself */
} syncml_provider_t;

typedef struct syncml_dir_conf_t {
    int auth_schemes;           /* SML_AUTH_*; 0: not given */
    apr_array_header_t *providers;      /* of syncml_provider_t; or NULL */
    apr_array_header_t *datastores;     /* of syncml_datastore_set_t *,
                                   private to syncml_datastore.c; or NULL */
    apr_size_t max_msg_size;    /* 0: not given, as the next two */
    apr_size_t max_obj_size;
    apr_interval_time_t session_timeout;
    apr_interval_time_t keep;
    apr_interval_time_t forget_devices; /* -1: never */
    apr_interval_time_t answer_within;  /* 0: not given */
    int login_limit;            /* 0: not given; -1: off */
    apr_interval_time_t login_window;
    apr_array_header_t *conflicts;      /* of syncml_conflict_set_t, private
                                   to syncml_safety.c; or NULL */
    struct syncml_guard_set_t *guard;   /* likewise */
    const char *time_zone;      /* NULL: not given; "": none */
    int dump_given;
    const char *dump_device;    /* NULL: off */
    const char *dump_dir;
} syncml_dir_conf_t;

extern const command_rec syncml_commands[];

void *syncml_create_server_conf(apr_pool_t *p, server_rec *s);
void *syncml_merge_server_conf(apr_pool_t *p, void *base, void *over);
void *syncml_create_dir_conf(apr_pool_t *p, char *dir);
void *syncml_merge_dir_conf(apr_pool_t *p, void *base, void *over);

syncml_server_conf_t *syncml_server_conf(const server_rec *s);
const syncml_dir_conf_t *syncml_dir_conf(const request_rec *r);

/** SyncMLLoginLimit: failures, 0 for off, and the time for as many more. */
int syncml_login_limit(const syncml_dir_conf_t *conf);
apr_interval_time_t syncml_login_window(const syncml_dir_conf_t *conf);

/** Non-zero if passwords of the store may be used to log in. */
int syncml_conf_uses_store_passwords(const syncml_dir_conf_t *conf);

/**
 * The engine's configuration for a request: everything with its default
 * filled in, except server_id, check_password and log, which are the
 * caller's.
 * @return SML_AUTH_* in config->auth_schemes; 0 if the directives exclude
 *         each other (SyncMLAuthScheme md5 without the store's passwords)
 */
void syncml_conf_engine(const syncml_dir_conf_t *conf, sml_config_t *config,
                        apr_pool_t *p);

/** "SyncMLThing: " and the text, as the answer of a directive. */
const char *syncml_conf_error(cmd_parms *cmd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * A directive's argument that is a time: a number with ms, s, min or h, or
 * seconds.
 * @param range  for the error: "from 1s to 24h (default 30min)"
 * @return NULL, or the error */
const char *syncml_conf_time(cmd_parms *cmd, const char *arg,
                             apr_interval_time_t min,
                             apr_interval_time_t max, const char *range,
                             apr_interval_time_t *value);

/* ---- syncml_keep.c ----------------------------------------------------- */

#define SYNCML_KEEP_DEFAULT    30       /* days */
#define SYNCML_FORGET_DEFAULT  400
#define SYNCML_KEEP_MAX        3650     /* of both */

/** The directives SyncMLKeep and SyncMLForgetDevices, their merging and their
 * defaults. */
const char *syncml_set_keep(cmd_parms *cmd, void *conf, const char *arg);
const char *syncml_set_forget(cmd_parms *cmd, void *conf, const char *arg);
void syncml_merge_keep(syncml_dir_conf_t *m, const syncml_dir_conf_t *base);
void syncml_conf_keep(const syncml_dir_conf_t *conf, sml_config_t *config);

/* ---- syncml_quirks.c ---------------------------------------------------- */

#define SYNCML_DEFAULT_QUIRKS  SML_DEFAULT_QUIRKS

/** The directives SyncMLQuirks and SyncMLTimeZone. */
const char *syncml_set_quirks(cmd_parms *cmd, void *dummy, const char *arg);
const char *syncml_set_time_zone(cmd_parms *cmd, void *conf,
                                 const char *arg);
/** In each process, before there are threads. */
void syncml_quirks_open(server_rec *first, apr_pool_t *pchild);
/** Write what the two say into config. */
void syncml_conf_quirks(const syncml_dir_conf_t *conf, const server_rec *s,
                        sml_config_t *config);

/* ---- syncml_datastore.c ------------------------------------------------ */

/** The directives SyncMLDatastore and SyncMLAccess. */
const char *syncml_set_datastore(cmd_parms *cmd, void *conf, int argc,
                                 char *const argv[]);
const char *syncml_set_access(cmd_parms *cmd, void *conf, const char *name,
                              const char *word);
apr_array_header_t *syncml_merge_datastores(apr_pool_t *p,
                                            apr_array_header_t *base,
                                            apr_array_header_t *over);
/** @param sets  syncml_dir_conf_t.datastores, may be NULL
 * @return array of sml_datastore_conf_t *, in the order of the defaults */
apr_array_header_t *syncml_datastores(apr_pool_t *p,
                                      apr_array_header_t *sets);

/* ---- syncml_safety.c --------------------------------------------------- */

/** The directives SyncMLConflict and SyncMLGuard. */
const char *syncml_set_conflict(cmd_parms *cmd, void *conf, int argc,
                                char *const argv[]);
const char *syncml_set_guard(cmd_parms *cmd, void *conf, int argc,
                             char *const argv[]);
/** Into @p merged, which is a copy of @p over: both directives. */
void syncml_merge_safety(apr_pool_t *p, const syncml_dir_conf_t *base,
                         const syncml_dir_conf_t *over,
                         syncml_dir_conf_t *merged);
/** Write what the directives say, or the defaults, into config->datastores
 * and config->guard. */
void syncml_safety(const syncml_dir_conf_t *conf, sml_config_t *config);

/* ---- the configuration as a tree ---------------------------------------- */

/** Called with the arguments of a directive as they stand in the file. */
typedef void syncml_directive_fn(void *baton, const ap_directive_t *d);
/**
 * Visit every directive of that name that is in force for a server: those
 * outside of virtual hosts, and those inside of the server's own.  Only
 * while the configuration is fresh (check_config, post_config).
 * @param s  NULL: all of the configuration
 */
void syncml_each_directive(const server_rec *s, const char *name,
                           syncml_directive_fn *fn, void *baton);
/** Non-zero if SetHandler or AddHandler names our handler for that server. */
int syncml_handler_is_used(const server_rec *s);

#endif
