/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and devices of other formats than the store's: that each gets
 * and may send items in its own, and that an edit of one property on a poor
 * phone leaves all the others as they were.
 */
#include <sys/resource.h>

#include "sml_poor.h"

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

/* A device that may only read tells in a slow sync what it was given: nothing
 * is to be put right on it. */
static void test_read_only(void **state)
{
    client_t *c = s60("Maker", both);
    client_store_t *cal = client_store(c, "calendar");

    world_put("contacts", 0, FULL_CARD);
    world_put("calendar", 0, FULL_EVENT);
    SYNCED(c, client_sync(c, 205, "contacts calendar"));
    set_device("IMEI:1", "access.contacts", "read-only");
    set_device("IMEI:1", "access.calendar", "read-only");
    SYNCED(c, client_sync(c, 201, "contacts calendar"));
    assert_int_equal(client_store(c, "contacts")->came[1], 0);
    assert_int_equal(cal->came[1], 0);
    client_edit(c, item_of(c, "contacts"),
                with(item_of(c, "contacts")->text, "+491", "+4917"));
    SYNCED(c, client_sync(c, 200, "contacts calendar"));
    assert_int_equal(client_store(c, "contacts")->came[1], 1);
    edited("contacts", FULL_CARD, "+491", "+491");
    assert_non_null(strstr(item_of(c, "contacts")->text, "+491\r\n"));
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

static void test_ignore_ctcap(void **state)
{
    client_t *c = s60("Liar", short_fields);

    know("[l]\nmatch manufacturer Liar\nignore-ctcap on\n");
    world_put("contacts", 0, LONG_CARD);
    SYNCED(c, client_sync(c, 205, "contacts"));
    assert_non_null(strstr(item_of(c, "contacts")->text, "PHOTO"));
    /* Nor is what it lists believed. */
    client_edit(c, item_of(c, "contacts"),
                with(poor(item_of(c, "contacts")->text,
                          "BEGIN VERSION N TEL NOTE END"), LONG_NOTE,
                     "The first sentence of a long note. The s"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "PHOTO"));
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

/* Nobody says where the user lives, but an event of another device does. */
static void test_zone_is_learned(void **state)
{
    client_t *other = world_phone("IMEI:9"), *c = s60("Local", no_caps);

    know("[l]\nmatch manufacturer Local\nclock local\n");
    client_add_store(other, "calendar", "text/calendar");
    client_put(other, "calendar", FULL_EVENT);
    SYNCED(other, client_sync(other, 200, "calendar"));
    world_put("calendar", 0, EVENT("20260701T080000Z", "20260701T090000Z"));
    SYNCED(c, client_sync(c, 205, "calendar"));
    assert_non_null(strstr(client_find(c, "calendar", "SUMMARY:Meet")->text,
                           "DTSTART:20260701T100000\r\n"));
}

static void set_account_zone(const char *zone)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);

    OK(store_setting_set(tx, apr_psprintf(p, "%s%" APR_INT64_T_FMT,
                                          SML_ACCOUNT_ZONE,
                                          world_account_id(tx, w->account)),
                         zone));
    world_end(tx, p);
}

/** The hour at which the phone has the event at eight in UTC. */
static const char *hour_of(client_t *c)
{
    const char *text;

    SYNCED(c, client_sync(c, 205, "calendar"));
    text = strstr(item_of(c, "calendar")->text, "DTSTART:20260701T");
    assert_non_null(text);
    return apr_pstrmemdup(w->pool, text + 17, 2);
}

/* Whose word counts of the user's zone. */
static void test_whose_zone(void **state)
{
    client_t *c = s60("Local", no_caps);

    know("[l]\nmatch manufacturer Local\nclock local\n");
    world_put("calendar", 0, EVENT("20260701T080000Z", "20260701T090000Z"));
    w->config.time_zone = "Europe/Berlin";
    assert_string_equal(hour_of(c), "10");
    set_account_zone("Europe/Helsinki");
    assert_string_equal(hour_of(c), "11");
    set_device("IMEI:1", SML_SETTING_ZONE, "America/New_York");
    assert_string_equal(hour_of(c), "04");
    set_device("IMEI:1", SML_SETTING_ZONE, NULL);
    set_account_zone(NULL);
    assert_string_equal(hour_of(c), "10");
    /* And whose of its clock. */
    set_device("IMEI:1", SML_SETTING_CLOCK, "utc-bare");
    assert_string_equal(hour_of(c), "08");
}

/* ---- which form ---------------------------------------------------------------- */

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

/* Its calendar has the tasks in it; where its DevInf has two, it has not. */
static void test_combined_calendar(void **state)
{
    static const described_t two[] = {
        { "./calendar", "text/x-vcalendar", "1.0", NULL },
        { "./tasks", "text/x-vcalendar", "1.0", NULL },
        { NULL, NULL, NULL, NULL }
    };
    const char *task = "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VTODO\r\n"
        "SUMMARY:To do\r\nDUE:20261201T100000Z\r\nEND:VTODO\r\n"
        "END:VCALENDAR\r\n";
    client_t *c = s60("Nokia", no_caps);

    know(NULL);
    world_put("calendar", 0, FULL_EVENT);
    client_put(c, "calendar", task);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(world_count("tasks"), 1);
    assert_int_equal(world_count("calendar"), 1);
    assert_int_equal(client_count(c, "calendar"), 2);
    assert_non_null(strstr(stored("tasks"), "SUMMARY:To do"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    world_quiet(c, "calendar");

    c = s60("Nokia", two);
    c->ph->devid = "IMEI:2";
    client_add_store(c, "tasks", "text/x-vcalendar");
    SYNCED(c, client_sync(c, 201, "calendar tasks"));
    assert_int_equal(client_count(c, "calendar"), 1);
    assert_int_equal(client_count(c, "tasks"), 1);
}

/* SIF travels in base64. */
/* The type of its items, as notifications have it. */
static apr_uint32_t content_code(const char *datastore)
{
    apr_uint32_t code;
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, datastore);
    store_anchor_t *a;
    store_device_t *d;

    OK(store_device_find(tx, ds->account, "IMEI:1", &d));
    OK(store_anchor_get(tx, d->id, ds->id, &a));
    code = a->content_code;
    world_end(tx, p);
    return code;
}

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
    assert_int_equal(content_code("contacts"), STORE_CONTENT_SIFC);
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

    know("[x]\nmatch manufacturer SonyEricsson\nsan 1.1\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(device_setting("IMEI:1", SML_PUSH_SAN_FORM), "1.1");
    know("[x]\nmatch manufacturer SonyEricsson\nsan 1.2\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
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
        "ROLE:\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
        "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\r\n"
        "END:VCARD\r\n";

    c->ph->max_obj = strlen(text) + 10;         /* but not in quoted-printable */
    world_put("contacts", 0, text);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 0);
    c->ph->max_obj = 1000;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 1);
}

/* Octets that the process has had at most. */
static apr_size_t had(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (apr_size_t)usage.ru_maxrss * 1024;
}

/* However many there are that the phone is not sent, an answer needs no more
 * memory for them than for one. */
static void test_many_passed_over(void **state)
{
    enum { MANY = 600, OCTETS = 20000 };
    client_t *c = s60("Maker", no_caps);
    apr_size_t before;
    int i;

    c->ph->max_obj = 1000;
    for (i = 0; i < MANY; i++) {
        world_put("contacts", 0, world_large_role(
                      apr_psprintf(w->pool, "Large%d", i), OCTETS));
    }
    before = had();
    SYNCED(c, client_sync(c, 200, "contacts"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 0);
    if (getenv("SML_TEST_LOG") != NULL) {
        print_message("# %lu octets\n", (unsigned long)(had() - before));
    }
    assert_true(had() - before < (apr_size_t)MANY * OCTETS / 2);
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
        ON_EACH_STORE(test_read_only),
        ON_EACH_STORE(test_cut_values),
        ON_EACH_STORE(test_ignore_max_size),
        ON_EACH_STORE(test_ignore_ctcap),
        ON_EACH_STORE(test_lengths_by_quirk),
        ON_EACH_STORE(test_local_time),
        ON_EACH_STORE(test_zone_is_learned),
        ON_EACH_STORE(test_whose_zone),
        ON_EACH_STORE(test_as_it_sends),
        ON_EACH_STORE(test_combined_calendar),
        ON_EACH_STORE(test_sif),
        ON_EACH_STORE(test_push_is_told),
        ON_EACH_STORE(test_no_item_status_by_the_file),
        ON_EACH_STORE(test_size_as_sent),
        ON_EACH_STORE(test_many_passed_over)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_forms");
}
