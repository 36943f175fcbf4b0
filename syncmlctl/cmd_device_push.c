/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * syncmlctl: how a device is told, besides its number: the words of `device
 * set' behind which settings of push/push_device.h stand, and their part of
 * `device show'.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "push/push_device.h"

/* What people may set, by the word that they write. */
static const struct {
    const char *word, *name, *title;
} words[] = {
    { "tcp", PUSH_DEVICE_TCP, "TCP push" },
    { "san-form", PUSH_DEVICE_SAN_FORM, "SAN form" },
    { "ui-mode", PUSH_DEVICE_UI_MODE, "UI mode" },
    { "vendor", PUSH_DEVICE_VENDOR, "Vendor data" },
    { "nonce", PUSH_DEVICE_NONCE, "SAN nonce" },
    { "poll", PUSH_DEVICE_POLL, "Polling" }
};

#define WORDS  ((int)(sizeof(words) / sizeof(words[0])))

int ctl_device_push_word(ctl_t *ctl, const char *word, const char *value,
                         int *status)
{
    const char *wrong;
    int i;

    for (i = 0; i < WORDS && strcmp(word, words[i].word); i++) {
    }
    if (i == WORDS)
        return 0;
    *status = CTL_OK;
    wrong = !strcmp(value, "none") ? NULL
        : push_device_check(words[i].name, value, ctl->p);
    if (wrong)
        *status = ctl_fail(ctl, CTL_BAD_DATA, "%s cannot be \"%s\": %s, or "
                           "none", word, value, wrong);
    else if (!ctl->push_settings)
        ctl->push_settings = apr_table_make(ctl->p, 4);
    if (!wrong)
        apr_table_setn(ctl->push_settings, words[i].name, value);
    return 1;
}

apr_status_t ctl_device_push_set(ctl_t *ctl, store_id_t device)
{
    const apr_array_header_t *list;
    const apr_table_entry_t *e;
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (!ctl->push_settings)
        return APR_SUCCESS;
    list = apr_table_elts(ctl->push_settings);
    e = (const apr_table_entry_t *)(const void *)list->elts;
    for (i = 0; i < list->nelts; i++) {
        int none = !strcmp(e[i].val, "none");

        rv = store_device_setting_set(ctl->tx, device, e[i].key,
                                      none ? NULL : e[i].val);
        /* A form set by hand is learnt anew when it is taken back. */
        if (rv == APR_SUCCESS && !strcmp(e[i].key, PUSH_DEVICE_SAN_FORM))
            rv = store_device_setting_set(ctl->tx, device,
                                          PUSH_DEVICE_SAN_ANSWER, NULL);
        if (rv == APR_NOTFOUND && none)
            rv = APR_SUCCESS;
        if (rv != APR_SUCCESS)
            return rv;
    }
    return rv;
}

/* ---- show ---------------------------------------------------------------- */

typedef struct found_t {
    apr_table_t *table;
} found_t;

static apr_status_t on_setting(void *baton, const char *name,
                               const char *value)
{
    found_t *found = baton;

    if (!strncmp(name, "push.", 5))
        apr_table_set(found->table, name, value);
    return APR_SUCCESS;
}

static void show_json(ctl_t *ctl, ctl_json_t *j, const found_t *found,
                      int poll)
{
    int i;

    ctl_json_open(j, "reach", '{');
    for (i = 0; i < WORDS; i++) {
        const char *value = apr_table_get(found->table, words[i].name);

        if (value)
            ctl_json_string(j, words[i].word, value);
    }
    ctl_json_string(j, "tcp_seen", apr_table_get(found->table,
                                                 PUSH_DEVICE_TCP_SEEN));
    ctl_json_bool(j, "held", apr_table_get(found->table, PUSH_DEVICE_HELD)
                  != NULL);
    ctl_json_string(j, "san_answered", apr_table_get(found->table,
                                                     PUSH_DEVICE_SAN_ANSWER));
    ctl_json_int(j, "poll_minutes", poll);
    ctl_json_close(j, '}');
}

static void show_lines(ctl_t *ctl, const found_t *found, int poll,
                       ctl_line_fn *line)
{
    const char *value;
    int i;

    for (i = 0; i < WORDS; i++) {
        value = apr_table_get(found->table, words[i].name);
        if (value && strcmp(words[i].word, "poll"))
            line(ctl, words[i].title, value);
    }
    value = apr_table_get(found->table, PUSH_DEVICE_TCP_SEEN);
    if (value)
        line(ctl, "Seen at", value);
    value = apr_table_get(found->table, PUSH_DEVICE_SAN_ANSWER);
    if (value)
        line(ctl, "Answers SAN", value);
    if (apr_table_get(found->table, PUSH_DEVICE_HELD))
        line(ctl, "Connection", "has held one open");
    line(ctl, "Polling", poll ? apr_psprintf(ctl->p, "advised: every %d "
                                             "minutes", poll)
         : "not needed");
}

apr_status_t ctl_device_reached(ctl_t *ctl, const store_device_t *d,
                                int *reached)
{
    static const char *const names[] = { PUSH_DEVICE_TCP, PUSH_DEVICE_HELD };
    apr_status_t rv = APR_NOTFOUND;
    const char *value;
    int i;

    *reached = *d->number != '\0';
    for (i = 0; i < 2 && !*reached; i++) {
        rv = store_device_setting_get(ctl->tx, d->id, names[i], &value);
        if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
            return rv;
        *reached = rv == APR_SUCCESS && strcmp(value, "off");
    }
    return APR_SUCCESS;
}

apr_status_t ctl_device_push_show(ctl_t *ctl, const store_device_t *d,
                                  ctl_json_t *j, ctl_line_fn *line)
{
    found_t found = { apr_table_make(ctl->p, 8) };
    apr_status_t rv = store_device_setting_list(ctl->tx, d->id, on_setting,
                                                &found);
    int poll;

    if (rv != APR_SUCCESS)
        return rv;
    poll = push_device_poll(d->number, d->push,
                            apr_table_get(found.table, PUSH_DEVICE_TCP),
                            apr_table_get(found.table, PUSH_DEVICE_HELD),
                            apr_table_get(found.table, PUSH_DEVICE_POLL));
    if (ctl->json)
        show_json(ctl, j, &found, poll);
    else
        show_lines(ctl, &found, poll, line);
    return rv;
}
