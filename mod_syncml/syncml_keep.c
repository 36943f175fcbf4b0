/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* How long things are kept: SyncMLKeep, SyncMLForgetDevices. */
#include "mod_syncml/syncml_config.h"

#include "apr_lib.h"
#include "apr_strings.h"

#define DAY(N)  apr_time_from_sec((apr_int64_t)(N) * 86400)

/* "30d", "30": days, from 1 to 3650. @return 0: it is none */
static apr_interval_time_t days(const char *arg)
{
    char *end;
    apr_int64_t n = apr_strtoi64(arg, &end, 10);

    if (*end == 'd') {
        end++;
    }
    return !apr_isdigit(*arg) || *end != '\0' || n < 1
           || n > SYNCML_KEEP_MAX ? 0 : DAY(n);
}

const char *syncml_set_keep(cmd_parms *cmd, void *c, const char *arg)
{
    syncml_dir_conf_t *conf = c;

    conf->keep = days(arg);
    return conf->keep != 0 ? NULL
        : syncml_conf_error(cmd, "'%s' will not do: give days, from 1d to"
                            " %dd (default %dd)", arg, SYNCML_KEEP_MAX,
                            SYNCML_KEEP_DEFAULT);
}

const char *syncml_set_forget(cmd_parms *cmd, void *c, const char *arg)
{
    syncml_dir_conf_t *conf = c;

    conf->forget_devices = ap_cstr_casecmp(arg, "never") == 0 ? -1
                                                              : days(arg);
    return conf->forget_devices != 0 ? NULL
        : syncml_conf_error(cmd, "'%s' will not do: give never, or days, from"
                            " 1d to %dd (default %dd)", arg, SYNCML_KEEP_MAX,
                            SYNCML_FORGET_DEFAULT);
}

void syncml_merge_keep(syncml_dir_conf_t *m, const syncml_dir_conf_t *base)
{
    if (m->keep == 0) {
        m->keep = base->keep;
    }
    if (m->forget_devices == 0) {
        m->forget_devices = base->forget_devices;
    }
}

void syncml_conf_keep(const syncml_dir_conf_t *conf, sml_config_t *config)
{
    config->keep = conf->keep ? conf->keep : DAY(SYNCML_KEEP_DEFAULT);
    config->forget_devices = conf->forget_devices < 0 ? 0
        : conf->forget_devices ? conf->forget_devices
                               : DAY(SYNCML_FORGET_DEFAULT);
}
