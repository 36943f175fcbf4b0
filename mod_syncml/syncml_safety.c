/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * SyncMLConflict datastore|* [first|slow|normal ...]
 *                [merge[:fallback]|server|client|newest|both]
 *                [delete=wins|delete=loses]
 * SyncMLGuard [delete=percent] [double=percent] [least=number]
 *             [action=slow|hold|off]
 *
 * Each says something; what it does not say stays as it is.  Directives are
 * applied in their order, those of outer sections first.
 */
#include "mod_syncml/syncml_config.h"

#include <stdlib.h>
#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"

typedef struct syncml_conflict_set_t {
    const char *name;           /* canonical; NULL: all datastores */
    int modes;                  /* bits, 1 << sml_mode_e */
    int policy;                 /* sml_policy_e; -1: not given */
    int fallback;
    int delete_wins;
} syncml_conflict_set_t;

struct syncml_guard_set_t {     /* -1: not given */
    int action, deletes, doubles, least;
};

typedef struct word_t {
    const char *word;
    int value;
} word_t;

static const word_t modes[] = {
    { "first", 1 << SML_FIRST_SYNC },
    { "slow", 1 << SML_SLOW_SYNC },
    { "normal", 1 << SML_NORMAL_SYNC },
    { NULL, 0 }
};
#define ALL_MODES ((1 << SML_SYNC_MODES) - 1)

static const word_t policies[] = {
    { "merge", SML_POLICY_MERGE },
    { "server", SML_POLICY_SERVER },
    { "client", SML_POLICY_CLIENT },
    { "newest", SML_POLICY_NEWEST },
    { "both", SML_POLICY_BOTH },
    { NULL, -1 }
};

static const word_t deletes[] = {
    { "delete=loses", 0 },
    { "delete=wins", 1 },
    { NULL, -1 }
};

static const word_t actions[] = {
    { "slow", SML_GUARD_SLOW },
    { "hold", SML_GUARD_HOLD },
    { "off", SML_GUARD_OFF },
    { NULL, -1 }
};

/* @return its value, or that of the list's end */
static int find_word(const word_t *list, const char *word)
{
    while (list->word != NULL && ap_cstr_casecmp(list->word, word) != 0) {
        list++;
    }
    return list->value;
}

/* ---- SyncMLConflict ------------------------------------------------------ */

static const char *conflict_argument(cmd_parms *cmd,
                                     syncml_conflict_set_t *set,
                                     const char *arg)
{
    int value;

    if ((value = find_word(modes, arg)) != 0) {
        set->modes |= value;
    }
    else if ((value = find_word(deletes, arg)) >= 0) {
        set->delete_wins = value;
    }
    else if (ap_cstr_casecmpn(arg, "merge:", 6) == 0) {
        set->policy = SML_POLICY_MERGE;
        set->fallback = find_word(policies, arg + 6);
        if (set->fallback <= SML_POLICY_MERGE
            || set->fallback == SML_POLICY_BOTH) {
            return syncml_conf_error(cmd, "'%s' is unknown: after merge: may"
                                     " come newest (default), server or"
                                     " client", arg);
        }
    }
    else if ((value = find_word(policies, arg)) >= 0) {
        set->policy = value;
    }
    else {
        return syncml_conf_error(cmd, "'%s' is unknown: after the datastore"
                                 " may come first, slow, normal; merge"
                                 " (default), merge:newest, merge:server,"
                                 " merge:client, server, client, newest or"
                                 " both; delete=wins or delete=loses"
                                 " (default)", arg);
    }
    return NULL;
}

static const char *find_datastore(cmd_parms *cmd, const char *arg,
                                  const char **name)
{
    apr_array_header_t *all = sml_default_datastores(cmd->pool);
    const char *known = "*";
    int i;

    *name = NULL;
    if (strcmp(arg, "*") == 0) {
        return NULL;
    }
    for (i = 0; i < all->nelts; i++) {
        const sml_datastore_conf_t *d =
            APR_ARRAY_IDX(all, i, sml_datastore_conf_t *);

        if (d->members != NULL) {
            continue;           /* its items belong to its members */
        }
        if (ap_cstr_casecmp(d->name, arg) == 0) {
            *name = d->name;
            return NULL;
        }
        known = apr_pstrcat(cmd->pool, known, ", ", d->name, NULL);
    }
    return syncml_conf_error(cmd, "there is no datastore '%s': give one of"
                             " %s", arg, known);
}

const char *syncml_set_conflict(cmd_parms *cmd, void *c, int argc,
                                char *const argv[])
{
    syncml_dir_conf_t *conf = c;
    syncml_conflict_set_t set = { NULL, 0, -1, -1, -1 };
    const char *error;
    int i;

    if (argc < 2) {
        return syncml_conf_error(cmd, "give a datastore or *, and what is to"
                                 " happen where both sides changed an item:"
                                 " merge (default), server, client, newest"
                                 " or both");
    }
    error = find_datastore(cmd, argv[0], &set.name);
    for (i = 1; i < argc && error == NULL; i++) {
        error = conflict_argument(cmd, &set, argv[i]);
    }
    if (error == NULL && set.policy < 0 && set.delete_wins < 0) {
        error = syncml_conf_error(cmd, "it does not say what is to happen:"
                                  " give merge (default), server, client,"
                                  " newest or both, or delete=wins");
    }
    if (error != NULL) {
        return error;
    }
    if (set.modes == 0) {
        set.modes = ALL_MODES;
    }
    if (conf->conflicts == NULL) {
        conf->conflicts = apr_array_make(cmd->pool, 4,
                                         sizeof(syncml_conflict_set_t));
    }
    APR_ARRAY_PUSH(conf->conflicts, syncml_conflict_set_t) = set;
    return NULL;
}

static void apply_conflict(const syncml_conflict_set_t *set,
                           sml_datastore_conf_t *d)
{
    int mode;

    if (set->name != NULL && strcmp(set->name, d->name) != 0) {
        return;
    }
    for (mode = 0; mode < SML_SYNC_MODES; mode++) {
        sml_conflict_conf_t *c = &d->conflict[mode];

        if ((set->modes & 1 << mode) == 0) {
            continue;
        }
        if (set->policy >= 0) {
            c->policy = (sml_policy_e)set->policy;
        }
        if (set->fallback >= 0) {
            c->fallback = (sml_policy_e)set->fallback;
        }
        if (set->delete_wins >= 0) {
            c->delete_wins = set->delete_wins;
        }
    }
}

/* ---- SyncMLGuard --------------------------------------------------------- */

/* "50%" or "50". @return -1 if it is none */
static int percent(const char *text)
{
    int n = 0, digits = 0;

    for (; apr_isdigit(*text) && digits < 4; text++, digits++) {
        n = 10 * n + (*text - '0');
    }
    if (digits == 0 || n > 100 || (*text != '\0'
                                   && strcmp(text, "%") != 0)) {
        return -1;
    }
    return n;
}

static const char *guard_argument(cmd_parms *cmd,
                                  struct syncml_guard_set_t *set,
                                  const char *arg)
{
    int ok = 0;

    if (ap_cstr_casecmpn(arg, "delete=", 7) == 0) {
        ok = (set->deletes = percent(arg + 7)) >= 0;
    }
    else if (ap_cstr_casecmpn(arg, "double=", 7) == 0) {
        ok = (set->doubles = percent(arg + 7)) >= 0;
    }
    else if (ap_cstr_casecmpn(arg, "least=", 6) == 0) {
        apr_size_t digits = strspn(arg + 6, "0123456789");

        set->least = digits > 0 && digits < 8 && arg[6 + digits] == '\0'
                   ? (int)strtol(arg + 6, NULL, 10) : -1;
        ok = set->least >= 0 && set->least <= SYNCML_GUARD_LEAST_MAX;
    }
    else if (ap_cstr_casecmpn(arg, "action=", 7) == 0) {
        ok = (set->action = find_word(actions, arg + 7)) >= 0;
    }
    return ok ? NULL
         : syncml_conf_error(cmd, "'%s' is unknown: give delete=percent"
                             " (default %d%%), double=percent (default"
                             " %d%%), least=number (default %d, up to %d),"
                             " action=slow (default), hold or off", arg,
                             SYNCML_GUARD_DELETES, SYNCML_GUARD_DOUBLES,
                             SYNCML_GUARD_LEAST, SYNCML_GUARD_LEAST_MAX);
}

const char *syncml_set_guard(cmd_parms *cmd, void *c, int argc,
                             char *const argv[])
{
    syncml_dir_conf_t *conf = c;
    const char *error = NULL;
    int i;

    if (argc < 1) {
        return syncml_conf_error(cmd, "give at least one of delete=percent,"
                                 " double=percent, least=number, action=slow,"
                                 " hold or off");
    }
    if (conf->guard == NULL) {
        conf->guard = apr_palloc(cmd->pool, sizeof(*conf->guard));
        conf->guard->action = conf->guard->deletes = -1;
        conf->guard->doubles = conf->guard->least = -1;
    }
    for (i = 0; i < argc && error == NULL; i++) {
        error = guard_argument(cmd, conf->guard, argv[i]);
    }
    return error;
}

static void take(int *value, int given)
{
    if (given >= 0) {
        *value = given;
    }
}

/* ---- merging and use ------------------------------------------------------ */

void syncml_merge_safety(apr_pool_t *p, const syncml_dir_conf_t *base,
                         const syncml_dir_conf_t *over,
                         syncml_dir_conf_t *merged)
{
    const struct syncml_guard_set_t *g = over->guard;

    if (base->conflicts != NULL) {
        merged->conflicts = over->conflicts == NULL ? base->conflicts
            : apr_array_append(p, base->conflicts, over->conflicts);
    }
    if (base->guard == NULL) {
        return;
    }
    merged->guard = apr_pmemdup(p, base->guard, sizeof(*base->guard));
    if (g != NULL) {
        take(&merged->guard->action, g->action);
        take(&merged->guard->deletes, g->deletes);
        take(&merged->guard->doubles, g->doubles);
        take(&merged->guard->least, g->least);
    }
}

void syncml_safety(const syncml_dir_conf_t *conf, sml_config_t *config)
{
    int action = SML_GUARD_SLOW, i, j;

    for (i = 0; conf->conflicts != NULL && i < conf->conflicts->nelts; i++) {
        for (j = 0; j < config->datastores->nelts; j++) {
            apply_conflict(&APR_ARRAY_IDX(conf->conflicts, i,
                                          syncml_conflict_set_t),
                           APR_ARRAY_IDX(config->datastores, j,
                                         sml_datastore_conf_t *));
        }
    }
    config->guard.deletes = SYNCML_GUARD_DELETES;
    config->guard.doubles = SYNCML_GUARD_DOUBLES;
    config->guard.least = SYNCML_GUARD_LEAST;
    if (conf->guard != NULL) {
        take(&action, conf->guard->action);
        take(&config->guard.deletes, conf->guard->deletes);
        take(&config->guard.doubles, conf->guard->doubles);
        take(&config->guard.least, conf->guard->least);
    }
    config->guard.action = (sml_guard_e)action;
}
