/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For tests of devices that hold less than the store, in another format: a
 * server with quirks, phones with a DevInf, full items and poor copies.
 */
#ifndef T_UNIT_SML_POOR_H
#define T_UNIT_SML_POOR_H

#include "sml_world.h"

#include "item/item_quirks_file.h"
#include "mod_syncml/sml_form.h"

/* ---- phones ---------------------------------------------------------------- */

static inline const item_quirks_t *quirks_of_file(void *baton, apr_pool_t *p)
{
    return baton;
}

/** The server knows what that file says; NULL: the shipped one. */
static inline void know(const char *text)
{
    item_quirks_t *q;
    const char *error;

    if ((text ? item_quirks_parse(&q, text, strlen(text), &error, w->pool)
              : item_quirks_load(&q, "conf/quirks.conf", &error, w->pool))
        != APR_SUCCESS) {
        fail_msg("%s", error);
    }
    w->config.quirks = quirks_of_file;
    w->config.quirks_baton = q;
}

/** ...of the phones that Maker makes: lines of flags. */
static inline void know_maker(const char *flags)
{
    know(apr_pstrcat(w->pool, "[Phone]\nmatch manufacturer Maker\n", flags,
                     NULL));
}

/** Names and sizes of one media type in CTCap: "N=40 TEL NOTE=100!", the last
 * one with NoTruncate. */
typedef struct described_t {
    const char *local, *type, *version, *caps;
} described_t;

static const described_t *described;    /* up to one without local */

static inline void write_type(codec_writer_t *w_, int tag, const described_t *d)
{
    codec_open(w_, tag);
    codec_text(w_, DEVINF_CTTYPE, d->type);
    codec_text(w_, DEVINF_VERCT, d->version);
    codec_close(w_);
}

static inline void write_caps(phone_t *ph, codec_writer_t *w_, const described_t *d)
{
    char *words = apr_pstrdup(ph->message_pool, d->caps), *last, *word;
    int own = ph->version == CODEC_V12;

    if (own) {
        codec_open(w_, DEVINF_CTCAP);
    }
    codec_text(w_, DEVINF_CTTYPE, d->type);
    if (own) {
        codec_text(w_, DEVINF_VERCT, d->version);
    }
    while ((word = apr_strtok(words, " ", &last)) != NULL) {
        char *size = strchr(word, '=');

        words = NULL;
        if (size != NULL) {
            *size++ = '\0';
        }
        if (own) {
            codec_open(w_, DEVINF_PROPERTY);
        }
        codec_text(w_, DEVINF_PROPNAME, word);
        if (size != NULL) {
            codec_text(w_, DEVINF_SIZE,
                       apr_pstrndup(ph->message_pool, size,
                                    strspn(size, "0123456789")));
        }
        if (size != NULL && strchr(size, '!') != NULL) {
            codec_empty(w_, DEVINF_NOTRUNCATE);
        }
        if (own) {
            codec_close(w_);
        }
    }
    if (own) {
        codec_close(w_);
    }
}

static inline void describe(phone_t *ph, codec_writer_t *w_)
{
    const described_t *d;
    int any = 0, i;

    for (d = described; d->local != NULL; d++) {
        codec_open(w_, DEVINF_DATASTORE);
        codec_text(w_, DEVINF_SOURCEREF, d->local);
        write_type(w_, DEVINF_RXPREF, d);
        write_type(w_, DEVINF_TXPREF, d);
        if (d->caps != NULL && ph->version == CODEC_V12) {
            write_caps(ph, w_, d);
        }
        codec_open(w_, DEVINF_SYNCCAP);
        for (i = 1; i <= 7; i++) {
            codec_number(w_, DEVINF_SYNCTYPE, i);
        }
        codec_close(w_);
        codec_close(w_);
        any |= d->caps != NULL;
    }
    if (any && ph->version != CODEC_V12) {
        codec_open(w_, DEVINF_CTCAP);
        for (d = described; d->local != NULL; d++) {
            if (d->caps != NULL) {
                write_caps(ph, w_, d);
            }
        }
        codec_close(w_);
    }
}

/** A phone as Series 60 is: WBXML, SyncML 1.1, vCard 2.1, vCalendar 1.0. */
static inline client_t *s60(const char *maker, const described_t *what)
{
    client_t *c = world_phone("IMEI:1");

    described = what;
    c->ph->version = CODEC_V11;
    c->ph->format = CODEC_WBXML;
    c->ph->maker = maker;
    c->ph->model = "N70";
    c->ph->describe = describe;
    client_store(c, "contacts")->type = "text/x-vcard";
    client_add_store(c, "calendar", "text/x-vcalendar");
    return c;
}

#define CARD_CAPS "BEGIN VERSION N TEL EMAIL NOTE TITLE ORG ADR URL BDAY END"
#define CAL_CAPS  "BEGIN VERSION SUMMARY DTSTART DTEND LOCATION DESCRIPTION " \
                  "AALARM RRULE CLASS UID END"

static const described_t both[] = {
    { "./contacts", "text/x-vcard", "2.1", CARD_CAPS },
    { "./calendar", "text/x-vcalendar", "1.0", CAL_CAPS },
    { NULL, NULL, NULL, NULL }
};
static const described_t no_caps[] = {
    { "./contacts", "text/x-vcard", "2.1", NULL },
    { "./calendar", "text/x-vcalendar", "1.0", NULL },
    { NULL, NULL, NULL, NULL }
};
/* It says that it holds everything. */
static const described_t wrong_caps[] = {
    { "./contacts", "text/x-vcard", "2.1", CARD_CAPS " FN NICKNAME PHOTO "
      "CATEGORIES LABEL KEY SOUND GEO TZ ROLE X-SPOUSE UID IMPP" },
    { "./calendar", "text/x-vcalendar", "1.0", CAL_CAPS " CATEGORIES ATTENDEE "
      "ORGANIZER GEO PRIORITY URL TRANSP STATUS COMMENT X-MINE" },
    { NULL, NULL, NULL, NULL }
};

/* ---- texts ------------------------------------------------------------------ */

#define FULL_CARD "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card-1\r\n" \
    "FN:Dr. Anna B. Berg (Hamburg)\r\nN:Berg;Anna;Beate;Dr.;\r\n" \
    "NICKNAME:Anni\r\nTEL;TYPE=CELL,PREF:+491\r\nTEL;TYPE=WORK,VOICE:+492\r\n" \
    "EMAIL;TYPE=INTERNET:anna@example.org\r\n" \
    "ADR;TYPE=HOME:;;Gasse 1;Hamburg;;20095;Germany\r\n" \
    "LABEL;TYPE=HOME:Gasse 1\\n20095 Hamburg\r\nORG:Firma;Abteilung\r\n" \
    "TITLE:Ingenieurin\r\nROLE:Leiterin\r\nBDAY:1970-05-06\r\n" \
    "NOTE:Kommt gern\r\nURL:http://example.org/\r\nCATEGORIES:Friends,Work\r\n" \
    "GEO:53.5;10.0\r\nKEY;ENCODING=b:AAEC\r\nSOUND;ENCODING=b:AwQF\r\n" \
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r\n" \
    "IMPP:xmpp:anna@example.org\r\nX-SPOUSE:Bert\r\n" \
    "item1.X-ABLABEL:Mine\r\nEND:VCARD\r\n"

#define FULL_EVENT "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n" \
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n" \
    "DTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n" \
    "TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n" \
    "BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\n" \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nTZOFFSETFROM:+0100\r\n" \
    "TZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n" \
    "BEGIN:VEVENT\r\nUID:event-1\r\nDTSTAMP:20261101T000000Z\r\n" \
    "SUMMARY:Planning\r\nDTSTART;TZID=Europe/Berlin:20261005T100000\r\n" \
    "DTEND;TZID=Europe/Berlin:20261005T110000\r\n" \
    "RRULE:FREQ=WEEKLY;COUNT=12;BYDAY=MO\r\nLOCATION:Room 5\r\n" \
    "DESCRIPTION:All of us\r\nCATEGORIES:Work,Plan\r\nCLASS:PRIVATE\r\n" \
    "PRIORITY:3\r\nGEO:53.5;10.0\r\nURL:http://example.org/plan\r\n" \
    "ORGANIZER;CN=Anna:mailto:anna@example.org\r\n" \
    "ATTENDEE;CN=Bert;PARTSTAT=ACCEPTED:mailto:bert@example.org\r\n" \
    "COMMENT:Bring cake\r\nX-MINE:kept\r\n" \
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\n" \
    "DESCRIPTION:soon\r\nEND:VALARM\r\n" \
    "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-P1D\r\nSUMMARY:s\r\n" \
    "DESCRIPTION:tomorrow\r\nATTENDEE:mailto:x@example.org\r\nEND:VALARM\r\n" \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"

/** A phone's copy: only lines of these names (words between spaces). */
static inline const char *poor(const char *text, const char *names)
{
    const char *out = "", *next;
    int keep = 0;

    for (; *text; text = next) {
        next = strstr(text, "\r\n");
        next = next ? next + 2 : text + strlen(text);
        if (*text != ' ' && *text != '\t') {
            const char *word = apr_psprintf(w->pool, " %.*s ",
                                            (int)strcspn(text, ";:\r"), text);

            keep = strstr(apr_psprintf(w->pool, " %s ", names), word) != NULL;
        }
        if (keep) {
            out = apr_psprintf(w->pool, "%s%.*s", out, (int)(next - text),
                               text);
        }
    }
    return out;
}

/** The text with one word in place of another; it must be there. */
static inline const char *with(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);

    if (at == NULL) {
        fail_msg("\"%s\" is not in %s", old, text);
    }
    return apr_psprintf(w->pool, "%.*s%s%s", (int)(at - text), text, new,
                        at + strlen(old));
}

/** The only item of a datastore. */
static inline const char *stored(const char *datastore)
{
    world_items_t list = { 0 };

    world_list(&list, w->account, datastore);
    assert_int_equal(list.texts->nelts, 1);
    return APR_ARRAY_IDX(list.texts, 0, const char *);
}

/** The store has that text, but for one edit. */
static inline void edited(const char *datastore, const char *text, const char *old,
                   const char *new)
{
    const char *want = with(text, old, new), *is = stored(datastore);

    if (strcmp(is, want) != 0) {
        fail_msg("%s", item_diff("", want, strlen(want), "", is, strlen(is),
                                 w->pool));
    }
}

static inline client_item_t *item_of(client_t *c, const char *store)
{
    client_store_t *s = client_store(c, store);

    assert_int_equal(s->items->nelts, 1);
    return APR_ARRAY_IDX(s->items, 0, client_item_t *);
}

/* ---- settings ---------------------------------------------------------------- */

static inline const char *device_setting(const char *devid, const char *name)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *d;
    const char *value = NULL;
    apr_status_t rv;

    OK(store_device_find(tx, world_account_id(tx, w->account), devid, &d));
    rv = store_device_setting_get(tx, d->id, name, &value);
    value = rv == APR_SUCCESS ? apr_pstrdup(w->pool, value) : NULL;
    world_end(tx, p);
    return value;
}

static inline void set_device(const char *devid, const char *name, const char *value)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *d;

    OK(store_device_find(tx, world_account_id(tx, w->account), devid, &d));
    OK(store_device_setting_set(tx, d->id, name, value));
    world_end(tx, p);
}

#endif
