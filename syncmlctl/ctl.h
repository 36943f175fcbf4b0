/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file syncmlctl/ctl.h
 * @brief The command line tool: what its commands share.
 *
 * main.c finds the command in the table of ctl_commands.c and parses its
 * options; a command then prepares (checks its arguments, reads its input)
 * before the store is opened, and runs.  All output for people goes through
 * ctl_table.c, all JSON through ctl_json.c.  One process, one command, one
 * pool: nothing is freed on the way.
 */
#ifndef SYNCML_CTL_H
#define SYNCML_CTL_H

#include <stdio.h>

#include <apr_pools.h>
#include <apr_tables.h>

#include "mod_syncml/sml.h"
#include "store/store.h"

#define CTL_DEFAULT_STORE  "sqlite:/var/lib/syncml/syncml.db"
#define CTL_SQLITE         "sqlite:"
#define CTL_KEY_NAME       "syncml.key"     /* beside the database */

/** Exit statuses, as in the manual page. */
enum {
    CTL_OK = 0,
    CTL_FAILURE = 1,            /* none of the below */
    CTL_USAGE = 2,              /* the command line is wrong */
    CTL_NOT_FOUND = 3,          /* no such account, device, item */
    CTL_EXISTS = 4,             /* there is one already */
    CTL_BAD_DATA = 5,           /* password, number or item refused */
    CTL_BUSY = 6,               /* another writer: try again */
    CTL_NO_STORE = 7,           /* store or key file cannot be used */
    CTL_FULL = 8                /* no room in the store */
};

/** Options; values are in ctl_t.options, "" for those without. */
typedef enum {
    OPT_STORE, OPT_KEY_FILE, OPT_WAIT, OPT_JSON, OPT_HELP, OPT_VERSION,
    OPT_ACCOUNT, OPT_DATASTORE, OPT_NUMBER, OPT_PUSH, OPT_ID, OPT_FILE,
    OPT_TYPE, OPT_ALL, OPT_YES, OPT_NO_PASSWORD, OPT_DELETED, OPT_CREATE,
    OPT_ARCHIVED, OPT_QUIRK,
    OPT_DEVICE, OPT_FORCE, OPT_DRY_RUN, OPT_LIMIT, OPT_ACCESS,
    OPT_QUIRKS_FILE, OPT_EVENT, OPT_SINCE,
    OPT_COUNT
} ctl_option_e;

#define CTL_BIT(option)  (1u << (option))

/** What a command needs of the store. */
#define CTL_NEEDS_KEY     1     /* passwords are written */
#define CTL_MAKES_STORE   2     /* a store that is not there is made */

typedef struct ctl_t ctl_t;

/** A setting to be written. */
typedef struct ctl_setting_t {
    const char *name;
    const char *value;          /* NULL: it is removed */
} ctl_setting_t;

typedef struct ctl_command_t {
    const char *group, *verb;   /* "account", "add"; verb NULL: none */
    const char *arguments;      /* for the usage line, "NAME" */
    int min, max;               /* positional arguments; max -1: any */
    unsigned options;           /* CTL_BIT()s beside the ones of all */
    int store;                  /* CTL_NEEDS_KEY ... */
    int (*prepare)(ctl_t *ctl); /* may be NULL; before the store is open */
    int (*run)(ctl_t *ctl);
    const char *summary;        /* a line for the list of commands */
    const char *details;        /* for --help of the command */
} ctl_command_t;

struct ctl_t {
    apr_pool_t *p;
    const ctl_command_t *command;
    const char *options[OPT_COUNT];     /* NULL: not given */
    int json;
    int argc;                   /* positional arguments behind the command */
    const char *const *argv;
    const char *url, *key_file;
    apr_interval_time_t wait;   /* for the write lock */
    store_t *store;
    store_tx_t *tx;
    int made_store;             /* the database did not exist before */
    FILE *held;                 /* output that waits; stdout_fd: its way out */
    int stdout_fd;
    /* What prepare() leaves for run(). */
    char *password;
    const char *number;         /* normalised; "" to forget it */
    int push;                   /* -1: not given */
    const char *access;         /* "contacts=read-only", checked */
    store_id_t log;             /* number of a session */
    int limit;                  /* of a list; 0: all */
    apr_array_header_t *settings;       /* of ctl_setting_t; NULL: none */
    apr_table_t *push_settings; /* of a device; NULL: none to be set */
    const char *data;           /* text of an item */
    apr_size_t data_len;
};

/* ---- ctl_commands.c, ctl_options.c, ctl_help.c --------------------------- */

/** The table; ends with a row without group. */
extern const ctl_command_t ctl_commands[];

/** Parse the command line into ctl. @return CTL_OK, CTL_USAGE (said why), or
 * -1: help or version was asked for and printed */
int ctl_parse(ctl_t *ctl, int argc, const char *const *argv);

typedef struct ctl_option_t {
    const char *name;           /* without "--" */
    const char *value;          /* what it takes, "FILE"; NULL: nothing */
    const char *help;
} ctl_option_t;

extern const ctl_option_t ctl_options[OPT_COUNT];

/** Print help on a group and verb, either may be NULL. */
void ctl_help(const char *group, const char *verb);

/** "syncmlctl item get [--json] ... ID" */
const char *ctl_usage_line(const ctl_command_t *command, apr_pool_t *p);

/* ---- ctl_store.c --------------------------------------------------------- */

/** Open ctl->url; says on failure what is wrong and what would help.
 * @return exit status */
int ctl_open(ctl_t *ctl);

/** Begin a transaction, and end it; on failure say why.
 * @return exit status */
int ctl_begin(ctl_t *ctl, int mode);
int ctl_commit(ctl_t *ctl);

/** Say "syncmlctl: ..." on standard error. @return status */
int ctl_fail(const ctl_t *ctl, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for a status of the store, with the database's own words.
 * @return the exit status that it means */
int ctl_fail_store(const ctl_t *ctl, apr_status_t rv, const char *what);

/* ---- ctl_find.c ---------------------------------------------------------- */

/** The account of --account, or the only one that there is. */
int ctl_account(ctl_t *ctl, store_account_t **account);

/** Begin a reading transaction for a list of all accounts, or of --account.
 * @param account  out: NULL for all */
int ctl_begin_list(ctl_t *ctl, store_account_t **account);

/** The device of that id, in --account or the only account that has one. */
int ctl_device(ctl_t *ctl, const char *devid, store_device_t **device);

/** Datastores of an account: all, or the one of --datastore, which may be
 * one of its usual other names.
 * @param list  out: array of store_datastore_t * */
int ctl_datastores(ctl_t *ctl, const store_account_t *account,
                   apr_array_header_t **list);

/** The server's own name and kind for a datastore's usual name or alias.
 * @return NULL for a name that is none of the usual ones */
const sml_datastore_conf_t *ctl_known_datastore(const char *name,
                                                apr_pool_t *p);

/** The name that an account's own datastore ("contacts/private") is kept by.
 * @param given  in any case of letters, an alias before the slash will do
 * @return CTL_NOT_FOUND (said why): the account has none of that name */
int ctl_own_datastore(ctl_t *ctl, const store_account_t *account,
                      const char *given, const char **name);

/** The item of a GUID in those datastores, deleted or not. */
int ctl_item(ctl_t *ctl, const store_account_t *account,
             const apr_array_header_t *datastores, const char *guid,
             store_item_t **item, store_datastore_t **datastore);

/** A copy of the account's name, "?" if it is gone. */
const char *ctl_account_name(ctl_t *ctl, store_id_t id);

/* ---- ctl_input.c --------------------------------------------------------- */

/** Read a password from standard input: asked for twice without echo on a
 * terminal, else the first line. @return exit status */
int ctl_read_password(ctl_t *ctl, char **password);

/** Read all of a file, or of standard input for NULL.  @return exit status;
 * CTL_BAD_DATA above limit octets */
int ctl_read_all(ctl_t *ctl, const char *file, apr_size_t limit,
                 const char **data, apr_size_t *len);

/** On a terminal ask whether to go on, unless --yes. @return non-zero: yes */
int ctl_confirm(ctl_t *ctl, const char *question);

/** A telephone number of "+" and digits, or digits.  Spaces, dashes, dots,
 * slashes and parentheses are removed.  @return NULL: it is none */
const char *ctl_number(const char *text, apr_pool_t *p);

/* ---- ctl_output.c -------------------------------------------------------- */

/** Keep what is printed from now on: whoever reads it may be slow, such as a
 * pager, and all other writers would wait for him while a write transaction
 * is open.  @return exit status */
int ctl_output_hold(ctl_t *ctl);
/** Print what was kept, or with a status that is no CTL_OK forget it.
 * @return that status, or the one of what cannot be written */
int ctl_output_release(ctl_t *ctl, int status);

/* ---- ctl_json.c ---------------------------------------------------------- */

typedef struct ctl_json_t {
    int depth;
    int filled[16];             /* something stands there already */
} ctl_json_t;

void ctl_json_open(ctl_json_t *j, const char *name, char bracket);
void ctl_json_close(ctl_json_t *j, char bracket);
/** Octets that are no UTF-8 become U+FFFD; NULL becomes null. */
void ctl_json_string(ctl_json_t *j, const char *name, const char *value);
/** Text as "name", or where it is no UTF-8 "name_base64". */
void ctl_json_data(ctl_json_t *j, const char *name, const char *data,
                   apr_size_t len, apr_pool_t *p);
void ctl_json_int(ctl_json_t *j, const char *name, apr_int64_t value);
void ctl_json_bool(ctl_json_t *j, const char *name, int value);
/** "2020-01-31T10:00:00Z"; 0 becomes null. */
void ctl_json_time(ctl_json_t *j, const char *name, apr_time_t value);

/** Octets of the UTF-8 character at @p text, 0 if it is none. */
apr_size_t ctl_utf8(const char *text, apr_size_t left);

/* ---- ctl_table.c --------------------------------------------------------- */

typedef struct ctl_table_t {
    apr_pool_t *p;
    int columns;
    apr_array_header_t *cells;  /* of const char *, row by row */
} ctl_table_t;

/** @param heads  column names, up to a NULL */
ctl_table_t *ctl_table_make(apr_pool_t *p, const char *const *heads);
/** Add a cell; copied, control characters made harmless. */
void ctl_table_add(ctl_table_t *t, const char *text);
/** Print, or say `none' if there is no row. */
void ctl_table_print(const ctl_table_t *t, const char *none);

/** Local time for people; "-" for 0. */
const char *ctl_time(apr_time_t when, apr_pool_t *p);
/** Text that cannot move a terminal's cursor. */
const char *ctl_clean(const char *text, apr_pool_t *p);

/* ---- cmd_habits.c -------------------------------------------------------- */

/** Take "NAME=on|off|default" of a quirk. @return exit status, said why */
int ctl_take_quirk(ctl_t *ctl, const char *text);
/** Take a zone's name, or none. @return exit status */
int ctl_take_zone(ctl_t *ctl, const char *text);
/** Take a word of `device set' with its value: quirk, format, zone, charset,
 * clock, days. @return exit status; -1: it is none of them */
int ctl_take_habit(ctl_t *ctl, const char *word, const char *value);
/** Write what was taken. */
apr_status_t ctl_habits_set(ctl_t *ctl, const store_device_t *d);
/** Show what is set, which sections of the quirks file mean the device, and
 * what comes of it.
 * @param j  as members of the open object; NULL: as lines
 * @return exit status */
int ctl_habits_show(ctl_t *ctl, const store_device_t *d, ctl_json_t *j);

/* ---- commands ------------------------------------------------------------ */

int ctl_account_prepare(ctl_t *ctl);
int ctl_account_add(ctl_t *ctl);
int ctl_account_passwd(ctl_t *ctl);
int ctl_account_del(ctl_t *ctl);
int ctl_account_list(ctl_t *ctl);
int ctl_account_set_prepare(ctl_t *ctl);
int ctl_account_set(ctl_t *ctl);
int ctl_device_list(ctl_t *ctl);
int ctl_device_show(ctl_t *ctl);
int ctl_device_prepare(ctl_t *ctl);
int ctl_device_set(ctl_t *ctl);
int ctl_device_del(ctl_t *ctl);

/* cmd_device_push.c: how a device is told. */

/** A word of `device set' with its value. @param status  out: exit status
 * @return 0: it is none of these words */
int ctl_device_push_word(ctl_t *ctl, const char *word, const char *value,
                         int *status);
/** Write what such words said. */
apr_status_t ctl_device_push_set(ctl_t *ctl, store_id_t device);
typedef void ctl_line_fn(ctl_t *ctl, const char *what, const char *value);
/** Whether there is a way to tell the device: a number, an address, a
 * connection. */
apr_status_t ctl_device_reached(ctl_t *ctl, const store_device_t *d,
                                int *reached);
/** Its part of `device show': an object "reach", or lines. */
apr_status_t ctl_device_push_show(ctl_t *ctl, const store_device_t *d,
                                  ctl_json_t *j, ctl_line_fn *line);
int ctl_datastore_list(ctl_t *ctl);
int ctl_datastore_add(ctl_t *ctl);
int ctl_datastore_del(ctl_t *ctl);
int ctl_due_list(ctl_t *ctl);
int ctl_guard_list(ctl_t *ctl);
int ctl_guard_release(ctl_t *ctl);
int ctl_guard_drop(ctl_t *ctl);
int ctl_push_prepare(ctl_t *ctl);
int ctl_push_log(ctl_t *ctl);
int ctl_push_status(ctl_t *ctl);
int ctl_push_set_prepare(ctl_t *ctl);
int ctl_push_set(ctl_t *ctl);
int ctl_push_now(ctl_t *ctl);
int ctl_push_pause(ctl_t *ctl);
int ctl_push_resume(ctl_t *ctl);
int ctl_push_test_prepare(ctl_t *ctl);
int ctl_push_test(ctl_t *ctl);
/** Whose push is meant: of --device, of --account, or of the whole server.
 * @param key  out: "device", "account" or "server"; whose: the name, or "" */
int ctl_push_scope(ctl_t *ctl, store_id_t *account, store_id_t *device,
                   const char **key, const char **whose);
int ctl_item_list(ctl_t *ctl);
int ctl_item_get(ctl_t *ctl);
int ctl_item_put_prepare(ctl_t *ctl);
int ctl_item_put(ctl_t *ctl);
int ctl_item_del_prepare(ctl_t *ctl);
int ctl_item_del(ctl_t *ctl);
int ctl_item_restore(ctl_t *ctl);
int ctl_session_list(ctl_t *ctl);
int ctl_session_prepare(ctl_t *ctl);
int ctl_session_show(ctl_t *ctl);
int ctl_session_undo(ctl_t *ctl);
int ctl_server_id(ctl_t *ctl);

#endif
