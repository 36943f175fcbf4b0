/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * In which form a device has the items of a datastore: what somebody has said
 * counts before what is known of its model, that before what it says itself,
 * that before what it did.
 */
#include "mod_syncml/sml_form.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "mod_syncml/sml_ctcap.h"
#include "mod_syncml/sml_offer.h"

const char *sml_form_why(sml_form_why_e why)
{
    static const char *const words[] = {
        "by its path", "as set", "by the quirks file", "by its DevInf",
        "as it sent last", "by its SyncML version", "nothing is known"
    };

    return words[why];
}

/* Where nothing at all is known.  Who speaks SyncML 1.0 is as old as that. */
static item_format_e by_version(item_kind_e kind, const char *version)
{
    int old = version != NULL && strcmp(version, "1.0") == 0;

    switch (kind) {
    case ITEM_TEXT:
        return ITEM_FORMAT_TEXT;
    case ITEM_VCARD30:
        return old ? ITEM_FORMAT_VCARD21 : ITEM_FORMAT_AS_IS;
    case ITEM_VEVENT: case ITEM_VTODO:
        return old ? ITEM_FORMAT_VCAL10 : ITEM_FORMAT_AS_IS;
    default:
        return ITEM_FORMAT_AS_IS;
    }
}

/* @return non-zero if that is a format for such items */
static int take(sml_form_t *form, item_format_e format, item_kind_e kind,
                sml_form_why_e why)
{
    if (!item_format_holds(format, kind)
        && (kind != ITEM_TEXT || format != ITEM_FORMAT_ICAL20
            || why == SML_FORM_DEVINF)) {
        return 0;
    }
    form->form.format = format;
    form->why = why;
    return 1;
}

void sml_form_choose(sml_form_t *form, item_kind_e kind,
                     const item_traits_t *traits, const char *said,
                     const char *sent, const char *devinf,
                     apr_size_t devinf_len, const char *uri,
                     const char *version, apr_pool_t *p)
{
    const char *type = NULL;

    form->form.charset = traits->charset;
    form->form.clock = traits->clock;
    form->form.days = traits->days;
    form->form.habits = traits->habits;
    form->sent = sent ? item_format_named(sent) : ITEM_FORMAT_AS_IS;
    if ((said != NULL
         && take(form, item_format_named(said), kind, SML_FORM_SET))
        || take(form, traits->formats[item_class_of(kind)], kind,
                SML_FORM_QUIRK)) {
        return;
    }
    if (devinf_len > 0
        && take(form, sml_offer_format(sml_offers_read(devinf, devinf_len, p),
                                       uri, kind, &type), kind,
                SML_FORM_DEVINF)) {
        /* "text/x-vcard" with 3.0, and the like. */
        form->type = strcasecmp(type, item_format_type(form->form.format))
                     ? type : NULL;
        return;
    }
    if (take(form, form->sent, kind, SML_FORM_SENT)) {
        return;
    }
    form->form.format = by_version(kind, version);
    form->why = form->form.format == ITEM_FORMAT_AS_IS ? SML_FORM_UNKNOWN
                                                       : SML_FORM_VERSION;
}

/* The device's setting for a datastore, for the one above it, or for the
 * combination. */
static const char *setting_for(sml_session_t *s, const sml_sync_t *y,
                               const char *prefix)
{
    const sml_datastore_conf_t *d = sml_sync_conf(s, y);
    const char *value =
        sml_device_setting(s, apr_pstrcat(s->p, prefix, y->name, NULL));

    if (value == NULL && d != NULL) {
        value = sml_device_setting(s, apr_pstrcat(s->p, prefix, d->name,
                                                  NULL));
    }
    if (value == NULL && y->combined != NULL) {
        value = sml_device_setting(s, apr_pstrcat(s->p, prefix, y->combined,
                                                  NULL));
    }
    return value;
}

static const char *version_name(const sml_session_t *s)
{
    static const char *const versions[] = { "1.0", "1.1", "1.2" };

    return versions[s->state->version];
}

/* The session's own, not one of the copies that are made of it. */
static sml_sync_t *own(sml_session_t *s, const sml_sync_t *y)
{
    sml_sync_t *mine = sml_sync_by_name(s, y->name);

    return mine ? mine : apr_pmemdup(s->p, y, sizeof(*y));
}

static void set_limits(sml_session_t *s, sml_form_t *f, item_kind_e kind)
{
    const item_traits_t *t = sml_traits(s);
    apr_hash_t *lengths = t->lengths[item_class_of(kind)];
    apr_hash_t *names = t->not_held[item_class_of(kind)];
    apr_hash_index_t *at;

    if (!(t->flags & (ITEM_QUIRK_IGNORE_MAX_SIZE | ITEM_QUIRK_IGNORE_CTCAP))) {
        f->limits.sizes = sml_ctcap_sizes(s->device->devinf,
                                          s->device->devinf_len, kind, s->p);
        f->limits.whole = sml_ctcap_whole(s->device->devinf,
                                          s->device->devinf_len, kind, s->p);
    }
    if (lengths != NULL) {
        f->limits.sizes = f->limits.sizes
            ? apr_hash_overlay(s->p, lengths, f->limits.sizes) : lengths;
    }
    f->limits.any = (t->flags & ITEM_QUIRK_LIMITED) != 0;
    if (names != NULL) {
        f->not_held = apr_array_make(s->p, 8, sizeof(const char *));
        for (at = apr_hash_first(s->p, names); at; at = apr_hash_next(at)) {
            APR_ARRAY_PUSH(f->not_held, const char *) = apr_hash_this_key(at);
        }
    }
}

static sml_form_t *make(sml_session_t *s, sml_sync_t *y)
{
    const sml_datastore_conf_t *d = sml_sync_conf(s, y);
    item_kind_e kind = d ? d->kind : ITEM_TEXT;
    item_format_e asked = sml_sync_view(s, y)->format;
    sml_form_t *f = apr_pcalloc(s->p, sizeof(*f));

    f->datastore = y->datastore;
    sml_form_choose(f, kind, sml_traits(s),
                    setting_for(s, y, SML_FORM_SETTING),
                    setting_for(s, y, SML_FORM_SENT_AS), s->device->devinf,
                    s->device->devinf_len, y->client_uri,
                    version_name(s), s->p);
    if (take(f, asked, kind, SML_FORM_PATH)) {
        f->type = NULL;
    }
    /* vCalendar has no word for a changed occurrence, and phones make one
     * entry of an item. */
    if (f->form.format == ITEM_FORMAT_VCAL10
        && !(sml_traits(s)->flags & ITEM_QUIRK_NO_OCCURRENCES)) {
        f->form.habits |= ITEM_HABIT_ONE_EVENT;
    }
    f->form.zone = sml_user_zone(s);
    if (f->form.clock == ITEM_CLOCK_DEFAULT && f->form.zone != NULL
        && f->form.format != ITEM_FORMAT_ICAL20
        && strcmp(s->device->syncml_version, "1.0") != 0
        && !sml_ctcap_utc(s->device->devinf, s->device->devinf_len, s->p)) {
        f->form.clock = ITEM_CLOCK_LOCAL;
    }
    set_limits(s, f, kind);
    return f;
}

const sml_form_t *sml_form(sml_session_t *s, const sml_sync_t *y)
{
    sml_form_t *f;

    if (s->forms == NULL) {
        s->forms = apr_hash_make(s->p);
    }
    f = apr_hash_get(s->forms, &y->datastore, sizeof(y->datastore));
    if (f == NULL) {
        f = make(s, own(s, y));
        apr_hash_set(s->forms, &f->datastore, sizeof(f->datastore), f);
    }
    return f;
}

const sml_form_t *sml_form_for(sml_session_t *s,
                               const sml_datastore_conf_t *d)
{
    const sml_sync_t *y = sml_sync_by_name(s, d->name);
    sml_form_t *f;

    if (y != NULL) {
        return sml_form(s, y);
    }
    f = apr_pcalloc(s->p, sizeof(*f));
    sml_form_choose(f, d->kind, sml_traits(s),
                    sml_device_setting(s, apr_pstrcat(s->p, SML_FORM_SETTING,
                                                      d->name, NULL)),
                    sml_device_setting(s, apr_pstrcat(s->p, SML_FORM_SENT_AS,
                                                      d->name, NULL)),
                    s->device->devinf, s->device->devinf_len, NULL,
                    version_name(s), s->p);
    return f;
}

void sml_form_learn(sml_session_t *s, const sml_sync_t *y,
                    item_format_e format)
{
    const sml_form_t *f = sml_form(s, y);
    const sml_datastore_conf_t *d = sml_sync_conf(s, y);

    if (f->why < SML_FORM_SENT || format == f->form.format || d == NULL
        || !item_format_holds(format, d->kind)
        || (f->form.format == ITEM_FORMAT_AS_IS
            && item_format_is_native(format))) {
        return;                 /* no news, or nothing that would count */
    }
    sml_device_set(s, apr_pstrcat(s->p, SML_FORM_SENT_AS, y->name, NULL),
                   item_format_name(format));
    s->forms = NULL;            /* it may count from now on */
}
