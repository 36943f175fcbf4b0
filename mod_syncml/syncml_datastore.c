/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * SyncMLDatastore name [on|off] [alias=a[,b...]] [display=text]
 *                      [members=a,b[,...]]
 * SyncMLAccess    name full|read-only|send-only
 *
 * Each directive says something about one of the datastores that the engine
 * knows, or makes a combination of them; what is not said stays as it is.
 * Sections merge by datastore: aliases add up, everything else is overridden.
 */
#include "mod_syncml/sml_path.h"
#include "mod_syncml/syncml_config.h"

#include <string.h>

#include <libxml/xmlstring.h>

#include "apr_lib.h"
#include "apr_strings.h"

#define ALIASES_MAX 32          /* of one directive */

typedef struct syncml_datastore_set_t {
    const char *name;           /* canonical */
    int given, off;             /* given: on or off was said */
    const char *display;        /* NULL: not given */
    apr_array_header_t *aliases;        /* const char * */
    apr_array_header_t *members;        /* const char *; NULL: not given */
    int has_access;
    sml_access_e access;
} syncml_datastore_set_t;

static const char *skip_root(const char *path)
{
    while (path[0] == '.' && path[1] == '/') {
        path += 2;
    }
    while (*path == '/') {
        path++;
    }
    return path;
}

static int same_name(const char *a, const char *b)
{
    return ap_cstr_casecmp(skip_root(a), skip_root(b)) == 0;
}

static int has_name(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (same_name(APR_ARRAY_IDX(names, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

static syncml_datastore_set_t *find_set(const apr_array_header_t *sets,
                                        const char *name)
{
    int i;

    for (i = 0; sets != NULL && i < sets->nelts; i++) {
        syncml_datastore_set_t *set =
            APR_ARRAY_IDX(sets, i, syncml_datastore_set_t *);

        if (strcmp(set->name, name) == 0) {
            return set;
        }
    }
    return NULL;
}

static syncml_datastore_set_t *add_set(apr_pool_t *p,
                                       apr_array_header_t *sets,
                                       const char *name)
{
    syncml_datastore_set_t *set = apr_pcalloc(p, sizeof(*set));

    set->name = name;
    set->aliases = apr_array_make(p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(sets, syncml_datastore_set_t *) = set;
    return set;
}

/* ---- the directive ------------------------------------------------------- */

/* Which datastore has that name or alias already, by default or by this
 * section's directives? */
static const char *whose_name(const apr_array_header_t *defaults,
                              const apr_array_header_t *sets,
                              const char *name)
{
    int i;

    for (i = 0; i < defaults->nelts; i++) {
        const sml_datastore_conf_t *d =
            APR_ARRAY_IDX(defaults, i, sml_datastore_conf_t *);
        const syncml_datastore_set_t *set = find_set(sets, d->name);

        if (same_name(d->name, name) || has_name(d->aliases, name)
            || (set != NULL && has_name(set->aliases, name))) {
            return d->name;
        }
    }
    for (i = 0; sets != NULL && i < sets->nelts; i++) {
        const syncml_datastore_set_t *set =
            APR_ARRAY_IDX(sets, i, syncml_datastore_set_t *);

        if (same_name(set->name, name) || has_name(set->aliases, name)) {
            return set->name;
        }
    }
    return NULL;
}

static const sml_datastore_conf_t *find_default(
    const apr_array_header_t *defaults, const char *name)
{
    int i;

    for (i = 0; i < defaults->nelts; i++) {
        const sml_datastore_conf_t *d =
            APR_ARRAY_IDX(defaults, i, sml_datastore_conf_t *);

        if (ap_cstr_casecmp(d->name, name) == 0) {
            return d;
        }
    }
    return NULL;
}

/* Each item goes to the member that takes its kind, so there may be but one
 * of each kind. */
static const char *set_members(cmd_parms *cmd,
                               const apr_array_header_t *defaults,
                               syncml_datastore_set_t *set, const char *list)
{
    char *words = apr_pstrdup(cmd->pool, list), *last = NULL, *word;
    unsigned kinds = 0;

    set->members = apr_array_make(cmd->pool, 2, sizeof(const char *));
    while ((word = apr_strtok(words, ",", &last)) != NULL) {
        const sml_datastore_conf_t *d = find_default(defaults, word);

        words = NULL;
        if (d == NULL || d->members != NULL) {
            return syncml_conf_error(cmd, "'%s' cannot be a member: there is"
                                     " no such datastore", word);
        }
        if (kinds & 1U << d->kind) {
            return syncml_conf_error(cmd, "'%s' cannot be a member: another"
                                     " one takes the same kind of item",
                                     word);
        }
        kinds |= 1U << d->kind;
        APR_ARRAY_PUSH(set->members, const char *) = d->name;
    }
    if (set->members->nelts < 2) {
        return syncml_conf_error(cmd, "members= wants two datastores or more,"
                                 " separated by commas only");
    }
    return NULL;
}

static const char *add_aliases(cmd_parms *cmd, syncml_dir_conf_t *conf,
                               const apr_array_header_t *defaults,
                               syncml_datastore_set_t *set, const char *list)
{
    char *rest = apr_pstrdup(cmd->pool, list), *alias;

    do {
        const char *c, *owner;

        alias = rest;
        rest = strchr(alias, ',');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        for (c = alias; apr_isgraph(*c) && *c != '?' && *c != '"'; c++) {
        }
        if (*c != '\0' || *skip_root(alias) == '\0'
            || c - alias > STORE_MAX_URI) {
            return syncml_conf_error(cmd, "'%s' cannot be an alias: give"
                                     " names of printable ASCII without"
                                     " blanks, quotes and '?', separated by"
                                     " commas only", alias);
        }
        owner = whose_name(defaults, conf->datastores, alias);
        if (owner != NULL && strcmp(owner, set->name) != 0) {
            return syncml_conf_error(cmd, "'%s' already means %s", alias,
                                     owner);
        }
        if (owner == NULL) {
            APR_ARRAY_PUSH(set->aliases, const char *) = alias;
        }
        if (set->aliases->nelts > ALIASES_MAX) {
            return syncml_conf_error(cmd, "more than %d aliases for %s",
                                     ALIASES_MAX, set->name);
        }
    } while (rest != NULL);
    return NULL;
}

static const char *set_argument(cmd_parms *cmd, syncml_dir_conf_t *conf,
                                const apr_array_header_t *defaults,
                                syncml_datastore_set_t *set, const char *arg)
{
    if (ap_cstr_casecmp(arg, "on") == 0 || ap_cstr_casecmp(arg, "off") == 0) {
        set->given = 1;
        set->off = ap_cstr_casecmp(arg, "off") == 0;
        return NULL;
    }
    if (ap_cstr_casecmpn(arg, "alias=", 6) == 0) {
        return add_aliases(cmd, conf, defaults, set, arg + 6);
    }
    if (ap_cstr_casecmpn(arg, "display=", 8) == 0) {
        const char *c = arg + 8;

        while (*c != '\0' && !apr_iscntrl(*c)) {
            c++;
        }
        if (*c != '\0' || arg[8] == '\0' || c - arg - 8 > STORE_MAX_NAME
            || !xmlCheckUTF8((const unsigned char *)arg + 8)) {
            return syncml_conf_error(cmd, "display= wants 1 to %d octets of"
                                     " text in UTF-8", STORE_MAX_NAME);
        }
        set->display = arg + 8;
        return NULL;
    }
    if (ap_cstr_casecmpn(arg, "members=", 8) == 0) {
        const sml_datastore_conf_t *d = find_default(defaults, set->name);

        if (d != NULL && d->members == NULL) {
            return syncml_conf_error(cmd, "%s has items of its own and no"
                                     " members", set->name);
        }
        return set_members(cmd, defaults, set, arg + 8);
    }
    return syncml_conf_error(cmd, "'%s' is unknown: after the name may come"
                             " on, off, alias=name[,name...],"
                             " display=text and members=name,name[,...]",
                             arg);
}

/* The name of a new combination. @return NULL: it will not do */
static const char *new_name(cmd_parms *cmd,
                            const apr_array_header_t *defaults,
                            const syncml_dir_conf_t *conf, int argc,
                            char *const argv[])
{
    const char *c = argv[0];
    int i, members = 0;

    for (i = 1; i < argc; i++) {
        members |= ap_cstr_casecmpn(argv[i], "members=", 8) == 0;
    }
    while (apr_isalnum(*c) || (*c != '\0' && strchr("+-_.", *c) != NULL)) {
        c++;
    }
    if (find_set(conf->datastores, argv[0]) != NULL) {
        return argv[0];
    }
    return members && *c == '\0' && c - argv[0] <= STORE_MAX_NAME
           && sml_path_sub_ok(argv[0])
           && whose_name(defaults, conf->datastores, argv[0]) == NULL
           ? apr_pstrdup(cmd->pool, argv[0]) : NULL;
}

static syncml_datastore_set_t *open_set(cmd_parms *cmd,
                                        syncml_dir_conf_t *conf,
                                        const char *name)
{
    syncml_datastore_set_t *set;

    if (conf->datastores == NULL) {
        conf->datastores = apr_array_make(cmd->pool, 4,
                                          sizeof(syncml_datastore_set_t *));
    }
    set = find_set(conf->datastores, name);
    return set ? set : add_set(cmd->pool, conf->datastores, name);
}

static const char *known_names(cmd_parms *cmd,
                               const apr_array_header_t *defaults)
{
    const char *known = "";
    int i;

    for (i = 0; i < defaults->nelts; i++) {
        known = apr_pstrcat(cmd->pool, known, *known ? ", " : "",
                            APR_ARRAY_IDX(defaults, i,
                                          sml_datastore_conf_t *)->name,
                            NULL);
    }
    return known;
}

const char *syncml_set_datastore(cmd_parms *cmd, void *c, int argc,
                                 char *const argv[])
{
    syncml_dir_conf_t *conf = c;
    apr_array_header_t *defaults = sml_default_datastores(cmd->pool);
    const sml_datastore_conf_t *d;
    syncml_datastore_set_t *set;
    const char *name, *error = NULL;
    int i;

    if (argc < 2) {
        return syncml_conf_error(cmd, "give a datastore (%s) and then on,"
                                 " off, alias=name[,name...], display=text"
                                 " or members=name,name[,...]",
                                 known_names(cmd, defaults));
    }
    d = find_default(defaults, argv[0]);
    name = d ? d->name : new_name(cmd, defaults, conf, argc, argv);
    if (name == NULL) {
        return syncml_conf_error(cmd, "there is no datastore '%s': the ones"
                                 " known here are %s; a name not used yet,"
                                 " with members=, makes a combination",
                                 argv[0], known_names(cmd, defaults));
    }
    set = open_set(cmd, conf, name);
    for (i = 1; i < argc && error == NULL; i++) {
        error = set_argument(cmd, conf, defaults, set, argv[i]);
    }
    return error;
}

const char *syncml_set_access(cmd_parms *cmd, void *c, const char *name,
                              const char *word)
{
    syncml_dir_conf_t *conf = c;
    apr_array_header_t *defaults = sml_default_datastores(cmd->pool);
    const sml_datastore_conf_t *d = find_default(defaults, name);
    syncml_datastore_set_t *set;
    sml_access_e access;

    if (d == NULL || d->members != NULL) {
        return syncml_conf_error(cmd, "there is no datastore '%s' with items"
                                 " of its own: the ones known here are %s",
                                 name, known_names(cmd, defaults));
    }
    if (!sml_access_parse(word, &access)) {
        return syncml_conf_error(cmd, "'%s' is no access: give full,"
                                 " read-only or send-only", word);
    }
    set = open_set(cmd, conf, d->name);
    set->has_access = 1;
    set->access = access;
    return NULL;
}

/* ---- merging and use ------------------------------------------------------ */

/* Whether an inner section gives this alias to another datastore. */
static int taken_elsewhere(const apr_array_header_t *sets, const char *name,
                           const char *alias)
{
    int i;

    for (i = 0; i < sets->nelts; i++) {
        const syncml_datastore_set_t *set =
            APR_ARRAY_IDX(sets, i, syncml_datastore_set_t *);

        if (strcmp(set->name, name) != 0 && has_name(set->aliases, alias)) {
            return 1;
        }
    }
    return 0;
}

static void copy_aliases(const apr_array_header_t *from,
                         const syncml_datastore_set_t *to,
                         const apr_array_header_t *over)
{
    int i;

    for (i = 0; i < from->nelts; i++) {
        const char *alias = APR_ARRAY_IDX(from, i, const char *);

        if (!has_name(to->aliases, alias)
            && !taken_elsewhere(over, to->name, alias)) {
            APR_ARRAY_PUSH(to->aliases, const char *) = alias;
        }
    }
}

apr_array_header_t *syncml_merge_datastores(apr_pool_t *p,
                                            apr_array_header_t *base,
                                            apr_array_header_t *over)
{
    apr_array_header_t *layers[2], *merged;
    int l, i;

    if (base == NULL || over == NULL) {
        return over ? over : base;
    }
    layers[0] = base;
    layers[1] = over;
    merged = apr_array_make(p, 4, sizeof(syncml_datastore_set_t *));
    for (l = 0; l < 2; l++) {
        for (i = 0; i < layers[l]->nelts; i++) {
            const syncml_datastore_set_t *from =
                APR_ARRAY_IDX(layers[l], i, syncml_datastore_set_t *);
            syncml_datastore_set_t *to = find_set(merged, from->name);

            if (to == NULL) {
                to = add_set(p, merged, from->name);
            }
            if (from->given) {
                to->given = 1;
                to->off = from->off;
            }
            if (from->display != NULL) {
                to->display = from->display;
            }
            if (from->members != NULL) {
                to->members = from->members;
            }
            if (from->has_access) {
                to->has_access = 1;
                to->access = from->access;
            }
            copy_aliases(from->aliases, to, over);
        }
    }
    return merged;
}

static void apply_set(apr_pool_t *p, sml_datastore_conf_t *d,
                      const syncml_datastore_set_t *set)
{
    d->aliases = apr_array_append(p, d->aliases, set->aliases);
    d->display = set->display ? set->display : d->display;
    d->access = set->has_access ? set->access : d->access;
}

/* The members of a combination that are switched on.
 * @return NULL: fewer than two are left */
static apr_array_header_t *active_members(apr_pool_t *p,
                                          const apr_array_header_t *active,
                                          const apr_array_header_t *names)
{
    apr_array_header_t *members =
        apr_array_make(p, names->nelts, sizeof(sml_datastore_conf_t *));
    int i, j;

    for (i = 0; i < names->nelts; i++) {
        for (j = 0; j < active->nelts; j++) {
            sml_datastore_conf_t *d =
                APR_ARRAY_IDX(active, j, sml_datastore_conf_t *);

            if (strcmp(d->name, APR_ARRAY_IDX(names, i, const char *)) == 0) {
                APR_ARRAY_PUSH(members, sml_datastore_conf_t *) = d;
            }
        }
    }
    return members->nelts < 2 ? NULL : members;
}

static apr_array_header_t *names_of(apr_pool_t *p,
                                    const apr_array_header_t *members)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    int i;

    for (i = 0; i < members->nelts; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(members, i, sml_datastore_conf_t *)->name;
    }
    return names;
}

/* What a directive has made, of the looks of its first member. */
static void add_combinations(apr_pool_t *p, const apr_array_header_t *all,
                             const apr_array_header_t *sets,
                             apr_array_header_t *active)
{
    int i;

    for (i = 0; i < sets->nelts; i++) {
        const syncml_datastore_set_t *set =
            APR_ARRAY_IDX(sets, i, syncml_datastore_set_t *);
        apr_array_header_t *members;
        sml_datastore_conf_t *d;

        if (set->members == NULL || (set->given && set->off)
            || find_default(all, set->name) != NULL
            || (members = active_members(p, active, set->members)) == NULL) {
            continue;
        }
        d = apr_pmemdup(p, APR_ARRAY_IDX(members, 0, sml_datastore_conf_t *),
                        sizeof(*d));
        d->name = d->display = set->name;
        d->aliases = apr_array_make(p, 2, sizeof(const char *));
        d->members = members;
        d->access = SML_ACCESS_FULL;
        apply_set(p, d, set);
        APR_ARRAY_PUSH(active, sml_datastore_conf_t *) = d;
    }
}

apr_array_header_t *syncml_datastores(apr_pool_t *p,
                                      apr_array_header_t *sets)
{
    apr_array_header_t *all = sml_default_datastores(p), *active;
    int i;

    if (sets == NULL) {
        return all;
    }
    active = apr_array_make(p, all->nelts, sizeof(sml_datastore_conf_t *));
    for (i = 0; i < all->nelts; i++) {
        sml_datastore_conf_t *d =
            APR_ARRAY_IDX(all, i, sml_datastore_conf_t *);
        const syncml_datastore_set_t *set = find_set(sets, d->name);

        if (set != NULL && set->given && set->off) {
            continue;
        }
        if (d->members != NULL) {
            d->members = active_members(p, active,
                                        set && set->members
                                            ? set->members
                                            : names_of(p, d->members));
            if (d->members == NULL) {
                continue;
            }
        }
        if (set != NULL) {
            apply_set(p, d, set);
        }
        APR_ARRAY_PUSH(active, sml_datastore_conf_t *) = d;
    }
    add_combinations(p, all, sets, active);
    return active;
}
