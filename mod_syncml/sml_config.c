/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_session.h"

#include <stdarg.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

/* OMNA's WSP content type numbers, as they stand in a SAN. */
#define CODE_VCARD      0x000007        /* the phones' table knows no other */
#define CODE_CALENDAR   0x000305
#define CODE_TEXT       0x000003

/* How long deleted items and former texts are kept at least, how often it is
 * looked for what may go, and how much goes at once. */
#define DEVICES_AT_ONCE 10
#define UPKEEP_EVERY    apr_time_from_sec(3600)
#define UPKEEP_SETTING  "upkeep"
#define FORGET_AT_ONCE  1000

/* Paths that clients' templates and servers of the field use; compared
 * without case, leading "./" and whatever follows a "?". */
static const struct {
    const char *name, *display;
    item_kind_e kind;
    const char *type, *type_version;
    apr_uint32_t content_code;
    const char *aliases, *members;
} defaults[] = {
    { "contacts", "Contacts", ITEM_VCARD30, "text/vcard", "3.0", CODE_VCARD,
      "contact card scard card3 con addressbook contact/unfiled", NULL },
    { "calendar", "Calendar", ITEM_VEVENT, "text/calendar", "2.0",
      CODE_CALENDAR, "cal scal cal2 event events calendar/events", NULL },
    { "tasks", "Tasks", ITEM_VTODO, "text/calendar", "2.0", CODE_CALENDAR,
      "task stask todo jobs task2 calendar/tasks eventtask/tasks", NULL },
    { "notes", "Notes", ITEM_TEXT, "text/plain", "1.0", CODE_TEXT,
      "note snote memo pnote", NULL },
    { "journal", "Journal", ITEM_VJOURNAL, "text/calendar", "2.0",
      CODE_CALENDAR, "journals vjournal sjournal diary calendar/journal",
      NULL },
    /* Phones (Nokia) that have both in one database. */
    { "caltasks", "Calendar and tasks", ITEM_VEVENT, "text/calendar", "2.0",
      CODE_CALENDAR, "calendar+todo calendar+tasks caltask cal+task "
      "eventtask eventtasks", "calendar tasks" }
};

static apr_array_header_t *words_of(const char *text, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 8, sizeof(const char *));
    char *words = apr_pstrdup(p, text), *last = NULL, *word;

    while ((word = apr_strtok(words, " ", &last)) != NULL) {
        APR_ARRAY_PUSH(list, const char *) = word;
        words = NULL;
    }
    return list;
}

/* Members come before what they are members of. */
static apr_array_header_t *members_of(const apr_array_header_t *list,
                                      const char *text, apr_pool_t *p)
{
    apr_array_header_t *names = words_of(text, p);
    apr_array_header_t *members =
        apr_array_make(p, names->nelts, sizeof(sml_datastore_conf_t *));
    int i, j;

    for (i = 0; i < names->nelts; i++) {
        for (j = 0; j < list->nelts; j++) {
            sml_datastore_conf_t *d =
                APR_ARRAY_IDX(list, j, sml_datastore_conf_t *);

            if (strcmp(d->name, APR_ARRAY_IDX(names, i, const char *)) == 0) {
                APR_ARRAY_PUSH(members, sml_datastore_conf_t *) = d;
            }
        }
    }
    return members;
}

apr_array_header_t *sml_default_datastores(apr_pool_t *p)
{
    unsigned n = sizeof(defaults) / sizeof(defaults[0]), i, mode;
    apr_array_header_t *list =
        apr_array_make(p, (int)n, sizeof(sml_datastore_conf_t *));

    for (i = 0; i < n; i++) {
        sml_datastore_conf_t *d = apr_pcalloc(p, sizeof(*d));

        d->name = defaults[i].name;
        d->display = defaults[i].display;
        d->kind = defaults[i].kind;
        d->type = defaults[i].type;
        d->type_version = defaults[i].type_version;
        d->content_code = defaults[i].content_code;
        for (mode = 0; mode < SML_SYNC_MODES; mode++) {
            d->conflict[mode].fallback = SML_POLICY_NEWEST;
        }
        d->aliases = words_of(defaults[i].aliases, p);
        if (defaults[i].members != NULL) {
            d->members = members_of(list, defaults[i].members, p);
        }
        APR_ARRAY_PUSH(list, sml_datastore_conf_t *) = d;
    }
    return list;
}

int sml_datastore_takes(const sml_datastore_conf_t *d, item_kind_e kind)
{
    return d->kind == kind || (d->kind == ITEM_TEXT && kind == ITEM_VJOURNAL);
}

long sml_number(const char *text)
{
    long n = 0;
    int digits = 0;

    if (text == NULL) {
        return -1;
    }
    while (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n') {
        text++;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        if (++digits <= 9) {
            n = n * 10 + (*text - '0');
        }
        else {
            n = SML_NUMBER_MAX;
        }
    }
    while (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n') {
        text++;
    }
    return digits && *text == '\0' ? n : -1;
}

void sml_log(const sml_config_t *config, int level, apr_status_t rv,
             const char *format, ...)
{
    char line[1024];
    va_list args;

    if (config->log == NULL) {
        return;
    }
    va_start(args, format);
    apr_vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    /* APR has no words for statuses of ours; the line has. */
    config->log(config->log_baton, level,
                rv >= APR_OS_START_USERERR ? APR_SUCCESS : rv, line);
}

const char *sml_command_name(int tag)
{
    const char *name = codec_tag_name(tag);

    return name ? name : "";
}

/* For the nonces of devices that have not logged in yet: see sml_cred.c. */
static apr_status_t make_nonce_key(store_tx_t *tx, apr_pool_t *p)
{
    const char *a = sml_nonce(p), *b = sml_nonce(p);

    if (a == NULL || b == NULL) {
        return APR_EGENERAL;
    }
    return store_setting_set(tx, SML_NONCE_KEY_SETTING,
                             apr_pstrcat(p, a, b, NULL));
}

static apr_status_t make_server_id(store_tx_t *tx, const char **id,
                                   apr_pool_t *p)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    unsigned char random[8];
    char *made = apr_pstrdup(p, "syncml-xxxxxxxx");
    apr_status_t rv = apr_generate_random_bytes(random, sizeof(random));
    int i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i < 8; i++) {
        made[7 + i] = letters[random[i] % 32];
    }
    *id = made;
    return store_setting_set(tx, SML_SETTING_SERVER_ID, made);
}

apr_status_t sml_server_id(store_tx_t *tx, const char **id, apr_pool_t *p)
{
    const char *key;
    apr_status_t rv = store_setting_get(tx, SML_SETTING_SERVER_ID, id);

    if (rv == APR_NOTFOUND) {
        rv = make_server_id(tx, id, p);
    }
    if (rv == APR_SUCCESS) {
        rv = store_setting_get(tx, SML_NONCE_KEY_SETTING, &key);
        if (rv == APR_NOTFOUND) {
            rv = make_nonce_key(tx, p);
        }
    }
    return rv;
}

static apr_status_t log_forgotten(void *baton, const store_device_t *d)
{
    const sml_config_t *config = baton;

    sml_log(config, 5, 0, "device %s has not been seen for %d days and is "
            "forgotten: should it come again, its sync will be slow",
            d->devid, (int)(apr_time_sec(config->forget_devices) / 86400));
    return APR_SUCCESS;
}

static apr_status_t forget_devices(const sml_config_t *config,
                                   store_tx_t *tx, apr_time_t now)
{
    union { const void *in; void *out; } baton = { config };

    return store_device_forget(tx, now - config->forget_devices,
                               DEVICES_AT_ONCE, log_forgotten, baton.out);
}

/* Not with every login: what an absent device still needs is looked at each
 * time and may be much. */
apr_status_t sml_upkeep(const sml_config_t *config, store_tx_t *tx,
                        apr_time_t now, apr_pool_t *p)
{
    const char *last;
    apr_status_t rv = store_setting_get(tx, UPKEEP_SETTING, &last);

    if (rv == APR_SUCCESS && apr_atoi64(last) <= now
        && apr_atoi64(last) > now - UPKEEP_EVERY) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND) {
        rv = store_setting_set(tx, UPKEEP_SETTING,
                               apr_psprintf(p, "%" APR_INT64_T_FMT, now));
    }
    if (rv == APR_SUCCESS && config->forget_devices > 0) {
        rv = forget_devices(config, tx, now);
    }
    return rv == APR_SUCCESS
        ? store_gc(tx, now - config->keep, FORGET_AT_ONCE, NULL) : rv;
}
