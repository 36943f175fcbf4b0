/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The Filter element of OMA DS 1.2, on Alert and Sync: which items and which
 * of their properties a client gets.
 */
#include "sml_world.h"

/* What the next messages ask for. */
static struct {
    int tag;                    /* in this command */
    const char *type, *grammar, *expression, *kind;
    const char *properties;     /* words; NULL: no Field */
} ask;

static void write_type(codec_writer_t *x, const char *type)
{
    if (type != NULL) {
        codec_open(x, SYNCML_META);
        codec_text(x, METINF_TYPE, type);
        codec_close(x);
    }
}

/* In XML as elements, in WBXML as a document. */
static void write_properties(phone_t *ph)
{
    char *words = apr_pstrdup(w->pool, ask.properties), *last = NULL, *word;
    codec_writer_t *x = ph->w;

    if (ph->format == CODEC_WBXML) {
        x = codec_writer_create(CODEC_WBXML, CODEC_DOC_DEVINF, CODEC_V12,
                                w->pool);
        codec_open(x, DEVINF_DEVINF);
    }
    else {
        codec_open(x, SYNCML_DATA);
    }
    while ((word = apr_strtok(words, " ", &last)) != NULL) {
        words = NULL;
        codec_open(x, DEVINF_PROPERTY);
        codec_text(x, DEVINF_PROPNAME, word);
        codec_close(x);
    }
    codec_close(x);
    if (ph->format == CODEC_WBXML) {
        codec_embed(ph->w, SYNCML_DATA, x);
    }
}

static void write_filter(phone_t *ph, int tag)
{
    codec_writer_t *x = ph->w;

    if (tag != ask.tag) {
        return;
    }
    codec_open(x, SYNCML_FILTER);
    write_type(x, ask.type);
    if (ask.properties != NULL) {
        codec_open(x, SYNCML_FIELD);
        codec_open(x, SYNCML_ITEM);
        write_type(x, "application/vnd.syncml-devinf+xml");
        write_properties(ph);
        codec_close(x);
        codec_close(x);
    }
    if (ask.expression != NULL) {
        codec_open(x, SYNCML_RECORD);
        codec_open(x, SYNCML_ITEM);
        write_type(x, ask.grammar);
        codec_text(x, SYNCML_DATA, ask.expression);
        codec_close(x);
        codec_close(x);
    }
    if (ask.kind != NULL) {
        codec_text(x, SYNCML_FILTERTYPE, ask.kind);
    }
    codec_close(x);
}

static client_t *asking_phone(codec_format_e format)
{
    client_t *c = world_phone("IMEI:1");

    memset(&ask, 0, sizeof(ask));
    ask.tag = SYNCML_ALERT;
    ask.grammar = "syncml:filtertype-cgi";
    c->ph->format = format;
    c->ph->version = CODEC_V12;
    c->ph->filter = write_filter;
    return c;
}

static void put(const char *name, const char *org)
{
    world_put("contacts", 0, apr_psprintf(w->pool, "BEGIN:VCARD\r\n"
              "VERSION:3.0\r\nN:%s;;;;\r\nFN:%s\r\nORG:%s\r\nTEL:1\r\n"
              "NOTE:secret\r\nEND:VCARD\r\n", name, name, org));
}

static void came(client_t *c, int adds, int replaces, int deletes)
{
    client_store_t *s = client_store(c, "contacts");

    assert_int_equal(s->came[0], adds);
    assert_int_equal(s->came[1], replaces);
    assert_int_equal(s->came[2], deletes);
}

static void records(codec_format_e format)
{
    client_t *c = asking_phone(format);

    put("Ann", "Acme");
    put("Bob", "Other");
    put("Cid", "Third");
    ask.type = "text/x-vcard";
    ask.expression = "ORG&iEQ;acme&OR;N&CON;Bob";
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 2, 0, 0);
    /* EXCLUSIVE: what no longer matches goes, from there only. */
    ask.kind = "EXCLUSIVE";
    ask.expression = "ORG&iEQ;acme";
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 0, 0, 1);
    assert_int_equal(world_count("contacts"), 3);
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 0, 0, 0);
    /* INCLUSIVE: it comes besides what is there. */
    ask.kind = "INCLUSIVE";
    ask.expression = "ORG&EQ;Third";
    ask.grammar = "syncml::filtertype-cgi";
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 1, 0, 0);
    assert_int_equal(client_count(c, "contacts"), 2);
    /* No filter, no limits. */
    ask.tag = 0;
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 1, 0, 0);
    world_same(c, "contacts");
}

static void test_records_wbxml(void **state)
{
    records(CODEC_WBXML);
}

static void test_records_xml(void **state)
{
    records(CODEC_XML);
}

static void fields(codec_format_e format)
{
    client_t *c = asking_phone(format);

    put("Ann", "Acme");
    ask.properties = "TEL org";
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 1, 0, 0);
    assert_non_null(client_find(c, "contacts", "ORG:Acme"));
    assert_non_null(client_find(c, "contacts", "TEL:1"));
    assert_null(client_find(c, "contacts", "NOTE"));
    assert_true(world_find("contacts", "NOTE:secret") != 0);
    ask.properties = "org TEL";         /* the same */
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 0, 0, 0);
    ask.properties = "TEL";
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 0, 1, 0);
    assert_null(client_find(c, "contacts", "ORG"));
}

static void test_fields_wbxml(void **state)
{
    fields(CODEC_WBXML);
}

static void test_fields_xml(void **state)
{
    fields(CODEC_XML);
}

/* What was left out of an item is not deleted when the rest comes back. */
static void test_edit_of_a_part(void **state)
{
    client_t *c = asking_phone(CODEC_WBXML);
    client_item_t *item;
    const char *text;

    put("Ann", "Acme");
    ask.properties = "TEL";
    SYNCED(c, client_sync(c, 200, "contacts"));
    item = client_find(c, "contacts", "TEL:1");
    assert_null(strstr(item->text, "NOTE"));
    text = apr_psprintf(w->pool, "%.*sTEL:22\r\nEND:VCARD\r\n",
                        (int)(strstr(item->text, "TEL:1") - item->text),
                        item->text);
    client_edit(c, item, text);
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 0, 0, 0);
    assert_true(world_find("contacts", "NOTE:secret") != 0);
    assert_true(world_find("contacts", "TEL:22") != 0);
    assert_int_equal(world_find("contacts", "TEL:1\r"), 0);
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 0, 0, 0);
    assert_int_equal(world_count("contacts"), 1);
}

/* A Filter in the Sync takes the place of the Alert's. */
static void test_in_sync(void **state)
{
    client_t *c = asking_phone(CODEC_WBXML);

    put("Ann", "Acme");
    put("Bob", "Other");
    ask.tag = SYNCML_SYNC;
    ask.expression = "ORG&EQ;Other";
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, 1, 0, 0);
    assert_non_null(client_find(c, "contacts", "Bob"));
}

static void refused(client_t *c, int code, const char *why)
{
    client_session(c, 200, "contacts");
    assert_int_equal(client_store(c, "contacts")->alert_status, code);
    if (!world_logged(why)) {
        fail_msg("not logged: %s", why);
    }
}

static void test_refused(void **state)
{
    client_t *c = asking_phone(CODEC_WBXML);

    put("Ann", "Acme");
    ask.expression = "ORG&XX;acme";
    refused(c, 422, "status 422: an operator such as &EQ; or &CON; is "
            "missing, at octet 4");
    ask.expression = "ORG&EQ;acme";
    ask.grammar = "syncml:filtertype-xpath";
    refused(c, 415, "status 415: its grammar is not known here");
    ask.grammar = NULL;
    ask.type = "text/calendar";
    refused(c, 415, "it is for items of another type");
    ask.type = NULL;
    ask.kind = "PERHAPS";
    refused(c, 422, "neither INCLUSIVE nor EXCLUSIVE");
    ask.kind = NULL;
    ask.properties = "";
    refused(c, 422, "names no property");
    ask.properties = "a:b";
    refused(c, 422, "what can be no property");
    assert_int_equal(client_count(c, "contacts"), 0);
}

/* Our DevInf tells of filters only to who knows them. */
static void test_devinf(void **state)
{
    client_t *c = asking_phone(CODEC_XML);
    const char *text;

    ask.tag = 0;
    c->ph->scheme = SML_AUTH_BASIC;
    c->ph->filter = NULL;
    phone_begin(c->ph);
    phone_open(c->ph);
    phone_get_devinf(c->ph);
    SENT(c->ph, 1);
    text = apr_pstrmemdup(w->pool, w->answer.body, w->answer.len);
    assert_non_null(strstr(text, "SyncCap"));
    assert_null(strstr(text, "Filter"));

    c->ph->filter = write_filter;
    ask.tag = SYNCML_ALERT;
    ask.expression = "ORG&EQ;Acme";
    phone_begin(c->ph);
    phone_open(c->ph);
    phone_get_devinf(c->ph);
    phone_alert(c->ph, 200, "contacts", "./c", NULL, "1");
    SENT(c->ph, 1);
    text = apr_pstrmemdup(w->pool, w->answer.body, w->answer.len);
    assert_non_null(strstr(text, "<Filter-Rx>"));
    assert_non_null(strstr(text, "syncml:filtertype-cgi"));
    assert_non_null(strstr(text, "<FilterKeyword>SINCE"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_records_wbxml),
        ON_MEMORY(test_records_xml),
        ON_EACH_STORE(test_fields_wbxml),
        ON_MEMORY(test_fields_xml),
        ON_EACH_STORE(test_edit_of_a_part),
        ON_MEMORY(test_in_sync),
        ON_MEMORY(test_refused),
        ON_MEMORY(test_devinf)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_ds12");
}
