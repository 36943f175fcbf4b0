/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and devices of other formats than the store's: that each gets
 * and may send items in its own, and that an edit of one property on a poor
 * phone leaves all the others as they were.
 */
#include "sml_world.h"

#include "item/item_quirks_file.h"
#include "mod_syncml/sml_form.h"

/* ---- phones ---------------------------------------------------------------- */

static const item_quirks_t *quirks_of_file(void *baton, apr_pool_t *p)
{
    return baton;
}

/** The server knows what that file says; NULL: the shipped one. */
static void know(const char *text)
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

/** Names and sizes of one media type in CTCap: "N=40 TEL NOTE=100". */
typedef struct described_t {
    const char *local, *type, *version, *caps;
} described_t;

static const described_t *described;    /* up to one without local */

static void write_type(codec_writer_t *w_, int tag, const described_t *d)
{
    codec_open(w_, tag);
    codec_text(w_, DEVINF_CTTYPE, d->type);
    codec_text(w_, DEVINF_VERCT, d->version);
    codec_close(w_);
}

static void write_caps(phone_t *ph, codec_writer_t *w_, const described_t *d)
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
            codec_text(w_, DEVINF_SIZE, size);
        }
        if (own) {
            codec_close(w_);
        }
    }
    if (own) {
        codec_close(w_);
    }
}

static void describe(phone_t *ph, codec_writer_t *w_)
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
static client_t *s60(const char *maker, const described_t *what)
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
static const char *poor(const char *text, const char *names)
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
static const char *with(const char *text, const char *old, const char *new)
{
    const char *at = strstr(text, old);

    if (at == NULL) {
        fail_msg("\"%s\" is not in %s", old, text);
    }
    return apr_psprintf(w->pool, "%.*s%s%s", (int)(at - text), text, new,
                        at + strlen(old));
}

/** The only item of a datastore. */
static const char *stored(const char *datastore)
{
    world_items_t list = { 0 };

    world_list(&list, w->account, datastore);
    assert_int_equal(list.texts->nelts, 1);
    return APR_ARRAY_IDX(list.texts, 0, const char *);
}

/** The store has that text, but for one edit. */
static void edited(const char *datastore, const char *text, const char *old,
                   const char *new)
{
    const char *want = with(text, old, new), *is = stored(datastore);

    if (strcmp(is, want) != 0) {
        fail_msg("%s", item_diff("", want, strlen(want), "", is, strlen(is),
                                 w->pool));
    }
}

static client_item_t *item_of(client_t *c, const char *store)
{
    client_store_t *s = client_store(c, store);

    assert_int_equal(s->items->nelts, 1);
    return APR_ARRAY_IDX(s->items, 0, client_item_t *);
}

/* ---- one edit ----------------------------------------------------------------- */

#define KEPT_CARD "BEGIN VERSION N TEL EMAIL NOTE END"
#define KEPT_CAL  "BEGIN VERSION SUMMARY DTSTART DTEND LOCATION RRULE AALARM " \
                  "UID END"

/** The phone gets both, drops most of it, changes one word of each. */
static void edit_both(const char *maker, const described_t *what)
{
    client_t *c = s60(maker, what);
    client_item_t *card, *event;

    world_put("contacts", 0, FULL_CARD);
    world_put("calendar", 0, FULL_EVENT);
    SYNCED(c, client_sync(c, 205, "contacts calendar"));
    card = item_of(c, "contacts");
    event = item_of(c, "calendar");
    assert_non_null(strstr(card->text, "VERSION:2.1\r\n"));
    assert_non_null(strstr(event->text, "VERSION:1.0\r\n"));
    client_edit(c, card, with(poor(card->text, KEPT_CARD), "+491", "+4917"));
    client_edit(c, event, with(poor(event->text, KEPT_CAL), "Room 5",
                               "Room 6"));
    SYNCED(c, client_sync(c, 200, "contacts calendar"));
    edited("contacts", FULL_CARD, "+491", "+4917");
    edited("calendar", FULL_EVENT, "Room 5", "Room 6");

    /* Once more: what came back without them did so a second time. */
    client_edit(c, card, with(poor(card->text, KEPT_CARD), "+4917", "+4918"));
    client_edit(c, event, with(poor(event->text, KEPT_CAL), "Room 6",
                               "Room 7"));
    SYNCED(c, client_sync(c, 200, "contacts calendar"));
    edited("contacts", FULL_CARD, "+491", "+4918");
    edited("calendar", FULL_EVENT, "Room 5", "Room 7");
    SYNCED(c, client_sync(c, 200, "contacts calendar"));
    world_quiet(c, "contacts calendar");
}

static void test_one_edit(void **state)
{
    edit_both("Maker", both);
}

static void test_one_edit_by_a_known_phone(void **state)
{
    know(NULL);
    w->config.time_zone = "Europe/Berlin";
    edit_both("Nokia", both);
}

static void test_one_edit_without_ctcap(void **state)
{
    edit_both("Maker", no_caps);
}

static void test_one_edit_with_wrong_ctcap(void **state)
{
    edit_both("Maker", wrong_caps);
}

/* All items come in a slow sync, poor as they are: nothing is lost or doubled,
 * nothing goes back and forth. */
static void test_slow_sync(void **state)
{
    client_t *c = s60("Maker", both);

    world_put("contacts", 0, FULL_CARD);
    world_put("calendar", 0, FULL_EVENT);
    SYNCED(c, client_sync(c, 205, "contacts calendar"));
    item_of(c, "contacts")->text = poor(item_of(c, "contacts")->text,
                                        KEPT_CARD);
    item_of(c, "calendar")->text = poor(item_of(c, "calendar")->text,
                                        KEPT_CAL);
    SYNCED(c, client_sync(c, 201, "contacts calendar"));
    edited("contacts", FULL_CARD, "+491", "+491");
    edited("calendar", FULL_EVENT, "Room 5", "Room 5");
    /* And with a device that nobody has seen before. */
    c->ph->devid = "IMEI:2";
    client_store(c, "contacts")->last = client_store(c, "calendar")->last
        = NULL;
    SYNCED(c, client_sync(c, 201, "contacts calendar"));
    edited("contacts", FULL_CARD, "+491", "+491");
    edited("calendar", FULL_EVENT, "Room 5", "Room 5");
}

/* The server's edit of what the phone cannot hold does not disturb its own. */
static void test_edits_on_both_sides(void **state)
{
    client_t *c = s60("Maker", both);
    client_item_t *card;
    store_id_t id = world_put("contacts", 0, FULL_CARD);

    SYNCED(c, client_sync(c, 205, "contacts"));
    card = item_of(c, "contacts");
    client_edit(c, card, with(poor(card->text, KEPT_CARD), "+492", "+4922"));
    world_put("contacts", id, with(FULL_CARD, "Anni", "Annie"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edited("contacts", with(FULL_CARD, "Anni", "Annie"), "+492", "+4922");
}

/* What it deletes although it can hold it is deleted. */
static void test_a_delete_is_one(void **state)
{
    client_t *c = s60("Maker", both);
    client_item_t *card;
    const char *text;

    world_put("contacts", 0, FULL_CARD);
    SYNCED(c, client_sync(c, 205, "contacts"));
    card = item_of(c, "contacts");
    client_edit(c, card, with(poor(card->text, KEPT_CARD), "+491", "+4917"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    card = item_of(c, "contacts");
    text = poor(card->text, "BEGIN VERSION N TEL EMAIL END");
    client_edit(c, card, text);
    SYNCED(c, client_sync(c, 200, "contacts"));
    edited("contacts", with(FULL_CARD, "NOTE:Kommt gern\r\n", ""), "+491",
           "+4917");
}

/* ---- short fields ------------------------------------------------------------- */

#define LONG_NAME "Maria-Theresia-Wilhelmina"
#define LONG_NOTE "The first sentence of a long note. The second one of it. " \
                  "And the third which is far away."
#define LONG_CARD "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Sachsen;" LONG_NAME \
    ";;;\r\nFN:" LONG_NAME " Sachsen\r\nTEL;TYPE=CELL:+491\r\nNOTE:" \
    LONG_NOTE "\r\nPHOTO;ENCODING=b;TYPE=JPEG:" PHOTO "\r\nEND:VCARD\r\n"
#define PHOTO "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////"

static const described_t short_fields[] = {
    { "./contacts", "text/x-vcard", "2.1", "BEGIN VERSION N=10 TEL=20 NOTE=40 "
      "PHOTO=50 END" },
    { NULL, NULL, NULL, NULL }
};

/** As the phone has it: names cut at 10, the note at 40. */
static const char *cut(const char *text)
{
    return with(with(text, LONG_NAME, "Maria-Ther"), LONG_NOTE,
                "The first sentence of a long note. The s");
}

static void test_cut_values(void **state)
{
    client_t *c = s60("Maker", short_fields);
    client_item_t *card;
    const char *text, *want, *is;

    world_put("contacts", 0, LONG_CARD);
    SYNCED(c, client_sync(c, 205, "contacts"));
    card = item_of(c, "contacts");
    assert_null(strstr(card->text, "PHOTO"));   /* no room for it */
    text = cut(poor(card->text, "BEGIN VERSION N TEL NOTE END"));
    client_edit(c, card, with(text, "+491", "+4917"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edited("contacts", LONG_CARD, "+491", "+4917");
    /* An edit within what it shows: the rest stays behind it. */
    client_edit(c, card, with(with(text, "+491", "+4917"), "first sentence",
                              "very beginning"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    want = with(with(LONG_CARD, "+491", "+4917"), "first sentence",
                "very beginning");
    is = stored("contacts");
    assert_true(item_equal("", want, strlen(want), "", is, strlen(is),
                           w->pool));
    /* A note of its user's own is no cut one. */
    client_edit(c, card, with(with(text, "+491", "+4917"),
                              "The first sentence of a long note. The s",
                              "Something else"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edited("contacts", with(LONG_CARD, "+491", "+4917"), LONG_NOTE,
           "Something else");
}

/* The quirk knows better than such a DevInf. */
static void test_ignore_max_size(void **state)
{
    client_t *c = s60("Nokia", short_fields);

    know(NULL);
    world_put("contacts", 0, LONG_CARD);
    SYNCED(c, client_sync(c, 205, "contacts"));
    assert_non_null(strstr(item_of(c, "contacts")->text, "PHOTO"));
}

/* Lengths of the quirks file, and none at all. */
static void test_lengths_by_quirk(void **state)
{
    client_t *c = s60("Short", no_caps);
    client_item_t *card;

    know("[s]\nmatch manufacturer Short\nmax-length contacts N 10\n"
         "max-length contacts NOTE 40\nnot-held contacts PHOTO\n"
         "[l]\nmatch manufacturer Limited\nlimited-fields on\n");
    world_put("contacts", 0, LONG_CARD);
    SYNCED(c, client_sync(c, 205, "contacts"));
    card = item_of(c, "contacts");
    assert_null(strstr(card->text, "PHOTO"));
    client_edit(c, card, with(cut(poor(card->text, "BEGIN VERSION N TEL NOTE "
                                       "END")), "+491", "+4917"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edited("contacts", LONG_CARD, "+491", "+4917");

    c->ph->maker = "Limited";
    c->ph->devid = "IMEI:2";
    c->devinf_known = 0;
    SYNCED(c, client_sync(c, 205, "contacts"));
    card = item_of(c, "contacts");
    client_edit(c, card, with(with(with(poor(card->text, "BEGIN VERSION N TEL "
                                             "NOTE END"), LONG_NAME,
                                        "Maria-Theresi"), LONG_NOTE,
                                   "The first sentence of"), "+4917",
                              "+4918"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edited("contacts", LONG_CARD, "+491", "+4918");
}

/* ---- time ------------------------------------------------------------------- */

#define EVENT(start, end) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n" \
    "BEGIN:VEVENT\r\nUID:e\r\nSUMMARY:Meet\r\nDTSTART:" start "\r\nDTEND:" \
    end "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

static void test_local_time(void **state)
{
    client_t *c = s60("Local", no_caps);
    client_item_t *event;
    store_item_t item = { 0 };
    const char *text;

    know("[l]\nmatch manufacturer Local\nclock local\n");
    w->config.time_zone = "Europe/Berlin";
    world_put("calendar", 0, EVENT("20260701T080000Z", "20260701T090000Z"));
    SYNCED(c, client_sync(c, 205, "calendar"));
    event = item_of(c, "calendar");
    assert_non_null(strstr(event->text, "DTSTART:20260701T100000\r\n"));
    client_edit(c, event, with(event->text, "Meet", "Meet again"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    edited("calendar", EVENT("20260701T080000Z", "20260701T090000Z"), "Meet",
           "Meet again");
    /* Moved into the winter by its clock. */
    text = with(with(event->text, "20260701T100000", "20261201T100000"),
                "20260701T110000", "20261201T110000");
    client_edit(c, event, text);
    SYNCED(c, client_sync(c, 200, "calendar"));
    item.type = "text/calendar";
    item.data = stored("calendar");
    item.len = strlen(item.data);
    assert_true(item_equal("", with(EVENT("20261201T090000Z",
                                          "20261201T100000Z"), "Meet",
                                    "Meet again"),
                           strlen(EVENT("20261201T090000Z",
                                        "20261201T100000Z")) + 6,
                           item.type, item.data, item.len, w->pool));
    SYNCED(c, client_sync(c, 200, "calendar"));
    world_quiet(c, "calendar");
}

/* ---- which form ---------------------------------------------------------------- */

static const char *device_setting(const char *devid, const char *name)
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

static void set_device(const char *devid, const char *name, const char *value)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *d;

    OK(store_device_find(tx, world_account_id(tx, w->account), devid, &d));
    OK(store_device_setting_set(tx, d->id, name, value));
    world_end(tx, p);
}

/* A device without a word about itself: as it sends, so it gets. */
static void test_as_it_sends(void **state)
{
    client_t *c = world_phone("IMEI:1");

    client_store(c, "contacts")->type = "text/x-vcard";
    client_put(c, "contacts", "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Berg;Anna\r\n"
               "TEL;CELL:+491\r\nEND:VCARD\r\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "VERSION:3.0\r\n"));
    assert_non_null(strstr(stored("contacts"), "TEL;TYPE=CELL:+491\r\n"));
    assert_string_equal(device_setting("IMEI:1", "sent.contacts"), "vcard21");
    world_put("contacts", 0, world_card("New"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(client_find(c, "contacts", "N:New")->text,
                           "VERSION:2.1\r\n"));
    /* Somebody knows better. */
    set_device("IMEI:1", "format.contacts", "vcard30");
    world_put("contacts", 0, world_card("Newest"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(client_find(c, "contacts", "N:Newest")->text,
                           "VERSION:3.0\r\n"));
}

/* SIF travels in base64. */
static void test_sif(void **state)
{
    static const described_t sif[] = {
        { "./contacts", "text/x-s4j-sifc", "1.0", NULL },
        { NULL, NULL, NULL, NULL }
    };
    const char *xml = "<?xml version=\"1.0\"?><contact><SIFVersion>1.1"
        "</SIFVersion><FirstName>Anna</FirstName><LastName>Berg</LastName>"
        "<MobileTelephoneNumber>+491</MobileTelephoneNumber></contact>";
    client_t *c = s60("Maker", sif);
    const char *text;
    char *plain;
    int n;

    client_store(c, "contacts")->type = "text/x-s4j-sifc";
    client_put(c, "contacts", phone_base64(xml, (int)strlen(xml), w->pool));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "N:Berg;Anna"));
    assert_non_null(strstr(stored("contacts"), "+491"));
    world_put("contacts", 0, world_card("New"));
    c->ph->in = NULL;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 2);
    text = APR_ARRAY_IDX(client_store(c, "contacts")->items, 1,
                         client_item_t *)->text;
    plain = apr_palloc(w->pool, (apr_size_t)apr_base64_decode_len(text) + 1);
    n = apr_base64_decode(plain, text);
    plain[n] = '\0';
    assert_non_null(strstr(plain, "<LastName>New</LastName>"));
}

/* What push needs of the quirks is left for it with the device. */
static void test_push_is_told(void **state)
{
    client_t *c = s60("SonyEricsson", no_caps);

    know("[x]\nmatch manufacturer SonyEricsson\nwsp-minimal on\nsan 1.1\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(device_setting("IMEI:1", SML_PUSH_WSP), "minimal");
    assert_string_equal(device_setting("IMEI:1", SML_PUSH_SAN_FORM), "1.1");
    know("[x]\nmatch manufacturer SonyEricsson\nsan 1.2\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_null(device_setting("IMEI:1", SML_PUSH_WSP));
    assert_string_equal(device_setting("IMEI:1", SML_PUSH_SAN_FORM), "1.2");
    set_device("IMEI:1", SML_PUSH_SAN_FORM, "auto");    /* by hand */
    know("[x]\nsan 1.1\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(device_setting("IMEI:1", SML_PUSH_SAN_FORM), "auto");
}

/* A habit of the protocol by the file, taken back by a setting. */
static int says_status(client_t *c)
{
    phone_sent_t *add;

    world_start(c->ph);
    phone_open(c->ph);
    phone_open_sync(c->ph, "contacts", "./c");
    add = phone_change(c->ph, SYNCML_ADD, "1", "text/vcard", FULL_CARD,
                       strlen(FULL_CARD), 0, 0);
    codec_close(c->ph->w);
    SENT(c->ph, 1);
    assert_true(add->code == 0 || add->code == 201 || add->code == 200);
    return add->code != 0;
}

static void test_no_item_status_by_the_file(void **state)
{
    client_t *c = world_phone("IMEI:1");

    c->ph->maker = "Quiet";
    assert_true(says_status(c));
    know("[x]\nmatch manufacturer Quiet\nno-item-status on\n");
    assert_false(says_status(c));
    set_device("IMEI:1", "quirk.no-item-status", "off");
    assert_true(says_status(c));
    assert_string_equal(stored("contacts"), FULL_CARD);
}

/* The exported octets are what MaxObjSize is compared with. */
static void test_size_as_sent(void **state)
{
    client_t *c = s60("Maker", no_caps);
    const char *text = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lang;;;;\r\nFN:Lang\r\n"
        "NOTE:\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\r\n"
        "END:VCARD\r\n";

    c->ph->max_obj = strlen(text) + 10;         /* but not in quoted-printable */
    world_put("contacts", 0, text);
    c->counts_less = 1;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 0);
    c->ph->max_obj = 1000;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_one_edit),
        ON_EACH_STORE(test_one_edit_by_a_known_phone),
        ON_EACH_STORE(test_one_edit_without_ctcap),
        ON_EACH_STORE(test_one_edit_with_wrong_ctcap),
        ON_EACH_STORE(test_slow_sync),
        ON_EACH_STORE(test_edits_on_both_sides),
        ON_EACH_STORE(test_a_delete_is_one),
        ON_EACH_STORE(test_cut_values),
        ON_EACH_STORE(test_ignore_max_size),
        ON_EACH_STORE(test_lengths_by_quirk),
        ON_EACH_STORE(test_local_time),
        ON_EACH_STORE(test_as_it_sends),
        ON_EACH_STORE(test_sif),
        ON_EACH_STORE(test_push_is_told),
        ON_EACH_STORE(test_no_item_status_by_the_file),
        ON_EACH_STORE(test_size_as_sent)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_forms");
}
