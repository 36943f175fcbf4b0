/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Small XML documents: what is read, repaired and refused, and what is
 * written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_sif_xml.h"

static apr_pool_t *pool;

static const item_xml_t *read_all(const char *text)
{
    item_xml_t *root;

    assert_int_equal(item_xml_read(&root, text, strlen(text), pool),
                     APR_SUCCESS);
    return root;
}

static void refused(const char *text, apr_status_t why)
{
    item_xml_t *root;

    assert_int_equal(item_xml_read(&root, text, strlen(text), pool), why);
    assert_null(root);
}

static const char *text_of(const item_xml_t *root, const char *name)
{
    item_span_t text = item_xml_text(root, name);

    return apr_pstrmemdup(pool, text.s, text.len);
}

static void test_tree(void **state)
{
    const item_xml_t *root, *a;

    (void)state;
    root = read_all("\xef\xbb\xbf\r\n<?xml version=\"1.0\"?>\r\n"
                    "<!DOCTYPE note><!-- <x> --><note a='1'>\r\n"
                    " <A Enc=\"Base64\"> x </A>\n <b/><s:A xmlns:s='u'>2"
                    "</s:A><C><D>4</D></C></note>\n");
    assert_string_equal(root->name, "note");
    assert_string_equal(root->text, "");
    a = item_xml_find(root, "a");
    assert_string_equal(a->text, " x ");
    assert_int_equal(a->len, 3);
    assert_string_equal(a->enc, "Base64");
    assert_ptr_equal(a->parent, root);
    assert_string_equal(text_of(root, "A"), "x");
    assert_string_equal(text_of(root, "B"), "");
    assert_string_equal(a->next->next->name, "A");
    assert_null(a->next->enc);
    assert_string_equal(text_of(item_xml_find(root, "C"), "D"), "4");
    assert_string_equal(text_of(root, "D"), "");
    assert_string_equal(text_of(item_xml_find(root, "no"), "D"), "");
    assert_null(item_xml_find(NULL, "A"));
}

/* What Outlook and telephones write. */
static void test_repaired(void **state)
{
    const item_xml_t *root;

    (void)state;
    root = read_all("<n><a>x\vy\x01z</a><b>A & B &amp; C &nbsp; &#1;&#x41;"
                    "&#11;</b><c><![CDATA[a & <b> ]] \f]]></c>"
                    "<d>1\r\n2\r3</d><e>\xef\xbf\xbf.</e></n>");
    assert_string_equal(text_of(root, "a"), "x\nyz");
    assert_string_equal(text_of(root, "b"), "A & B & C &nbsp; A");
    assert_string_equal(text_of(root, "c"), "a & <b> ]]");
    assert_string_equal(text_of(root, "d"), "1\n2\n3");
    assert_string_equal(text_of(root, "e"), ".");
    root = read_all("<n><a>M\xfcller \x80</a></n>");
    assert_string_equal(text_of(root, "a"), "M\xc3\xbcller \xe2\x82\xac");
    root = read_all("<?xml version='1.0' encoding='ISO-8859-1'?>"
                    "<n><a>\xc3\xbc</a></n>");
    assert_string_equal(text_of(root, "a"), "\xc3\x83\xc2\xbc");
    root = read_all("<?xml version='1.0' encoding=\"utf-8\"?>"
                    "<n><a>\xc3\xbc</a></n>");
    assert_string_equal(text_of(root, "a"), "\xc3\xbc");
}

static void test_base64(void **state)
{
    (void)state;
    assert_string_equal(text_of(read_all("PG4+PGE+eDwvYT48\r\nL24+"), "a"),
                        "x");
    assert_string_equal(text_of(read_all("77u/PG4+PGE+eDwvYT48L24+"), "a"),
                        "x");
    refused("PG4+PGE+eDwvYT48L2", ITEM_EMALFORMED);
    refused("AAAAAAAAAAAA", ITEM_EMALFORMED);
}

static char *repeat(const char *a, const char *word, int n, const char *b)
{
    apr_size_t len = strlen(word);
    char *text = apr_palloc(pool, strlen(a) + strlen(b)
                                  + len * (apr_size_t)n + 1);
    char *w = text;

    for (w = stpcpy(w, a); n; n--)
        w = stpcpy(w, word);
    strcpy(w, b);
    return text;
}

static void test_refused(void **state)
{
    (void)state;
    refused("", ITEM_EMALFORMED);
    refused("BEGIN:VCALENDAR\r\n", ITEM_EMALFORMED);
    refused("<n>", ITEM_EMALFORMED);
    refused("<n></m>", ITEM_EMALFORMED);
    refused("<n/><m/>", ITEM_EMALFORMED);
    refused("<n/>x", ITEM_EMALFORMED);
    refused("<n", ITEM_EMALFORMED);
    refused("<!-- <n/>", ITEM_EMALFORMED);
    refused("<n><![CDATA[</n>", ITEM_EMALFORMED);
    refused("<?xml version='1.0' encoding='UTF-16'?><n/>", ITEM_EMALFORMED);
    refused("<!DOCTYPE n [<!ENTITY a \"b\">]><n>&a;</n>", ITEM_EMALFORMED);
    refused("<!DOCTYPE n SYSTEM 'file:///etc/passwd'", ITEM_EMALFORMED);
    refused(repeat("", "<a>", 9, ""), ITEM_ELIMIT);
    refused(repeat("<a>", "<b/>", ITEM_XML_MAX_ELEMENTS, "</a>"),
            ITEM_ELIMIT);
    read_all(repeat("<a>", "<b/>", ITEM_XML_MAX_ELEMENTS - 1, "</a>"));
    refused(repeat("<a", " x='1'", ITEM_XML_MAX_ATTRS + 1, "/>"),
            ITEM_ELIMIT);
    refused(repeat("<a ", "x", ITEM_XML_MAX_TAG, "='1'/>"), ITEM_ELIMIT);
}

/* What is written is read again, whatever the octets. */
static void test_written(void **state)
{
    static const char octets[] = "a<b>&\"' ]]> \x01\x0b\xff\xc3 \xc3\xbc"
                                 "\xef\xbf\xbf\xf0\x9f\x98\x80\n1\r\n2\r3\t";
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t text;

    (void)state;
    b.p = pool;
    text.s = octets;
    text.len = sizeof(octets) - 1;
    item_xml_begin(&b);
    item_xml_open(&b, "note");
    item_xml_put(&b, "Body", text);
    item_xml_close(&b, "note");
    assert_string_equal(b.s,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<note><Body>"
        "a&lt;b&gt;&amp;\"' ]]&gt; \xef\xbf\xbd\xef\xbf\xbd \xc3\xbc"
        "\xf0\x9f\x98\x80\r\n1\r\n2\r\n3\t</Body>\r\n</note>\r\n");
    assert_string_equal(item_xml_find(read_all(b.s), "Body")->text,
        "a<b>&\"' ]]> \xef\xbf\xbd\xef\xbf\xbd \xc3\xbc\xf0\x9f\x98\x80"
        "\n1\n2\n3\t");
}

static int set_up(void **state)
{
    (void)state;
    return apr_initialize() != APR_SUCCESS
           || apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_repaired),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_written)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, NULL);
}
