/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* OMA's objects of emails and files: what is read, what is written, and what
 * the functions of item.h and item_merge.h do with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_object.h"

#define EMAIL  "application/vnd.omads-email+xml"
#define FILE_  "application/vnd.omads-file+xml"
#define HEAD   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"

#define MESSAGE "Message-ID: <1@x>\r\nFrom: Jo <jo@x>\r\n" \
    "Subject: =?ISO-8859-1?Q?M=FCll_=26?=\r\n =?UTF-8?B?IG1vcmU=?= end\r\n" \
    "\r\nHello & bye\r\n"

#define ITEM(s)  "<emailitem><![CDATA[" s "]]></emailitem>"

static apr_pool_t *pool;

static const char *email(const char *elements)
{
    return apr_pstrcat(pool, "<Email>", elements, "</Email>", NULL);
}

static item_object_t read_object(item_kind_e kind, const char *text)
{
    item_object_t object;

    assert_int_equal(item_object_read(&object, kind, text, strlen(text),
                                      pool), APR_SUCCESS);
    return object;
}

static const char *canon(item_kind_e kind, const char *text)
{
    item_object_t object = read_object(kind, text);
    item_text_t out, again;

    item_object_write(&out, &object, pool);
    object = read_object(kind, out.data);
    item_object_write(&again, &object, pool);
    assert_string_equal(again.data, out.data);
    return out.data;
}

static void refused(item_kind_e kind, const char *text)
{
    item_object_t object;

    assert_int_equal(item_object_read(&object, kind, text, strlen(text),
                                      pool), ITEM_EMALFORMED);
}

/* ---- emails --------------------------------------------------------------- */

static void test_email(void **state)
{
    item_object_t object;

    (void)state;
    object = read_object(ITEM_EMAIL, email(
        "<read>TRUE</read><flagged>0</flagged><deleted>perhaps</deleted>"
        "<received>20091128T101500Z</received>"
        "<emailitem><![CDATA[" MESSAGE "]]></emailitem>"
        "<Ext><XNam>x-funambol-size</XNam><XVal>12</XVal></Ext>"));
    assert_string_equal(item_object_get(&object, "read"), "true");
    assert_string_equal(item_object_get(&object, "flagged"), "false");
    assert_null(item_object_get(&object, "deleted"));
    assert_null(item_object_get(&object, "replied"));
    assert_null(item_object_get(&object, "size"));
    assert_string_equal(object.content.data, MESSAGE);
    assert_string_equal(item_object_header(&object, "subject", pool),
                        "M\xc3\xbcll & more end");
    assert_string_equal(item_object_header(&object, "To", pool), "");
    assert_string_equal(canon(ITEM_EMAIL, email(
        "<Ext><XNam>a</XNam><XVal>1</XVal><XVal>2</XVal></Ext>"
        "<emailitem>A: b&amp;c\n\nx</emailitem><read>1</read>")),
        HEAD "<Email><read>true</read>\r\n<emailitem>A: b&amp;c\r\n\r\nx"
        "</emailitem>\r\n<Ext><XNam>a</XNam>\r\n<XVal>1</XVal>\r\n"
        "<XVal>2</XVal>\r\n</Ext>\r\n</Email>\r\n");
    assert_string_equal(canon(ITEM_EMAIL, "<Email><read>false</read>"
                                          "</Email>"),
                        HEAD "<Email><read>false</read>\r\n</Email>\r\n");
}

/* What clients write at the end of CDATA, and what messages may hold. */
static void test_email_forms(void **state)
{
    static const char *const forms[] = {
        "<emailitem><![CDATA[A: b\r\n\r\nx]]&gt;</emailitem>",
        "<emailitem ENC=\"QUOTED-PRINTABLE\"><![CDATA[A:=20b=0D=0A=\r\n"
        "\r\nx]]></emailitem>",
        "<emailitem enc='base64'>QTogYg0K\r\nDQp4</emailitem>",
        "<emailitem>A: b\r\n\r\nx</emailitem>"
    };
    item_object_t object;
    item_text_t out;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        object = read_object(ITEM_EMAIL, email(forms[i]));
        assert_string_equal(object.content.data, "A: b\r\n\r\nx");
    }
    object = read_object(ITEM_EMAIL, email("<emailitem><![CDATA[A: b\r\n\r\n"
        "if (a[b[1]]]]><![CDATA[>2) </emailitem> &amp;]]></emailitem>"));
    assert_string_equal(object.content.data, "A: b\r\n\r\nif (a[b[1]]>2) "
                        "</emailitem> &amp;");
    /* Octets that XML cannot carry go in base64. */
    object.content.data = "A: b\r\n\r\n\xff\n";
    object.content.len = 10;
    item_object_write(&out, &object, pool);
    assert_non_null(strstr(out.data, "<emailitem enc=\"base64\">"
                                     "QTogYg0KDQr/Cg==</emailitem>"));
    assert_string_equal(read_object(ITEM_EMAIL, out.data).content.data,
                        "A: b\r\n\r\n\xff\n");
}

static void test_refused(void **state)
{
    (void)state;
    refused(ITEM_EMAIL, "");
    refused(ITEM_EMAIL, "<Email/>");
    refused(ITEM_EMAIL, "<File><name>x</name></File>");
    refused(ITEM_EMAIL, email("<emailitem>no header</emailitem>"));
    refused(ITEM_EMAIL, email("<emailitem enc='base64'>?</emailitem>"));
    refused(ITEM_EMAIL, email("<emailitem enc='base64'>QTogY</emailitem>"));
    refused(ITEM_FILE, "<File/>");
    refused(ITEM_FILE, "<File><name>..</name></File>");
    refused(ITEM_FILE, "<File><name>a/b</name></File>");
    refused(ITEM_FILE, "<File><name>a\\b</name></File>");
}

/* ---- files ---------------------------------------------------------------- */

static void test_file(void **state)
{
    item_object_t object;

    (void)state;
    object = read_object(ITEM_FILE, "<File><name>a b.txt</name>"
        "<modified>20091128T101500Z</modified><attributes><h>true</h>"
        "<e>1</e><w>false</w></attributes><cttype>text/plain</cttype>"
        "<body enc=\"base64\">AAEC</body><size>3</size><w>true</w></File>");
    assert_string_equal(item_object_get(&object, "name"), "a b.txt");
    assert_string_equal(item_object_get(&object, "x"), "true");
    assert_string_equal(item_object_get(&object, "w"), "false");
    assert_int_equal(object.content.len, 3);
    assert_memory_equal(object.content.data, "\0\1\2", 3);
    assert_string_equal(canon(ITEM_FILE, "<File><body> a\r\nb</body>"
        "<name>n</name><attributes><x>1</x><r>1</r></attributes>"
        "<size>9</size></File>"),
        HEAD "<File><name>n</name>\r\n<attributes><r>true</r>\r\n"
        "<x>true</x>\r\n</attributes>\r\n<body> a\r\nb</body>\r\n"
        "</File>\r\n");
    object = read_object(ITEM_FILE, "<File><name>n</name><body/></File>");
    assert_non_null(object.content.data);
    assert_int_equal(object.content.len, 0);
    object = read_object(ITEM_FILE, "<File><name>n</name><size>5</size>"
                                    "</File>");
    assert_null(object.content.data);
    assert_string_equal(item_object_get(&object, "size"), "5");
}

/* ---- among the items ------------------------------------------------------ */

static item_keys_t keys_of(const char *type, const char *text)
{
    item_keys_t keys;

    assert_int_equal(item_keys(&keys, type, text, strlen(text), pool),
                     APR_SUCCESS);
    return keys;
}

static void test_items(void **state)
{
    const char *a = email("<read>false</read><received>20091128T101500Z"
                          "</received>" ITEM(MESSAGE));
    const char *b = email(ITEM("Received: x\n" MESSAGE));
    const char *c = email("<read>true</read>" ITEM(MESSAGE));
    item_keys_t ka = keys_of(EMAIL, a), kb = keys_of(EMAIL, b);

    (void)state;
    assert_int_equal(ka.kind, ITEM_EMAIL);
    assert_true(ka.key == kb.key && ka.uid_key && ka.uid_key == kb.uid_key
                && ka.near_key && ka.near_key == kb.near_key);
    assert_int_equal(ka.starts, 1259403300);
    assert_int_equal(ka.ends, 1259403300);
    assert_int_equal(kb.ends, ITEM_WHEN_ALWAYS);
    assert_true(keys_of(EMAIL, c).key != ka.key);
    assert_int_equal(item_likeness(EMAIL, a, strlen(a), EMAIL, b, strlen(b),
                                   pool), ITEM_EQUAL);
    assert_int_equal(item_likeness(EMAIL, b, strlen(b), EMAIL, c, strlen(c),
                                   pool), ITEM_NEAR);
    assert_int_equal(item_likeness(EMAIL, a, strlen(a), EMAIL, c, strlen(c),
                                   pool), ITEM_RELATED);
    assert_string_equal(item_summary(EMAIL, a, strlen(a), 40, pool),
                        "M\xc3\xbcll & more end");
    assert_string_equal(item_diff(EMAIL, a, strlen(a), EMAIL, c, strlen(c),
                                  pool), "+ read: true\n");
    assert_string_equal(item_kind_type(ITEM_EMAIL), EMAIL);
    assert_string_equal(APR_ARRAY_IDX(item_values(EMAIL, a, strlen(a),
                        "from", pool), 0, const char *), "Jo <jo@x>");
    a = "<File><name>x.txt</name><modified>20091128T101500Z</modified>"
        "<body>1</body></File>";
    assert_int_equal(item_modified(FILE_, a, strlen(a), pool), 1259403300);
    assert_string_equal(item_summary(FILE_, a, strlen(a), 40, pool),
                        "x.txt");
    b = "<File><name>x.txt</name></File>";
    assert_int_equal(item_likeness(FILE_, a, strlen(a), FILE_, b, strlen(b),
                                   pool), ITEM_NEAR);
    assert_string_equal(APR_ARRAY_IDX(item_values(FILE_, b, strlen(b),
                        "SUMMARY", pool), 0, const char *), "x.txt");
}

static const char *merge(const char *type, const char *base,
                         const char *ours, const char *theirs, int prefer,
                         const char *clash)
{
    item_text_t b = { base, base ? strlen(base) : 0 };
    item_text_t o = { ours, strlen(ours) }, t = { theirs, strlen(theirs) };
    item_merge_t m;

    assert_int_equal(item_merge(&m, type, base ? &b : NULL, &o, &t, prefer,
                                pool), APR_SUCCESS);
    assert_string_equal(apr_array_pstrcat(pool, m.clashes, ','), clash);
    assert_true(!m.is_ours || m.text == ours);
    return apr_pstrmemdup(pool, m.text, m.len);
}

static void test_merge(void **state)
{
    const char *base = email("<read>false</read><flagged>false</flagged>"
                             ITEM(MESSAGE));
    const char *ours = email("<read>false</read><flagged>true</flagged>"
                             ITEM(MESSAGE));
    const char *flags = email("<read>true</read><flagged>false</flagged>");
    const char *cut = email("<read>false</read><flagged>false</flagged>"
                            "<emailitem>Message-ID: &lt;1@x&gt;"
                            "</emailitem>");
    const char *a, *b, *c;

    (void)state;
    /* Flags only, each changed by one side. */
    assert_string_equal(merge(EMAIL, base, ours, flags, 0, ""),
        canon(ITEM_EMAIL, email("<read>true</read><flagged>true</flagged>"
                                ITEM(MESSAGE))));
    assert_string_equal(merge(EMAIL, base, ours, base, 1, ""), ours);
    assert_string_equal(merge(EMAIL, NULL, ours, cut, 0, "FLAGGED"), ours);
    /* Without a base what was read stays read. */
    a = merge(EMAIL, NULL, email("<read>true</read>"),
              email("<read>false</read>"), ITEM_PREFER_THEIRS, "");
    assert_string_equal(a, email("<read>true</read>"));
    a = "<File><name>a</name><body>1</body></File>";
    b = "<File><name>b</name></File>";
    c = "<File><name>a</name><body>2</body></File>";
    /* Renamed there, changed here. */
    assert_string_equal(merge(FILE_, a, c, b, 0, ""),
        canon(ITEM_FILE, "<File><name>b</name><body>2</body></File>"));
    assert_string_equal(merge(FILE_, a, a, c, 0, ""), c);
    assert_string_equal(merge(FILE_, NULL, a, c, ITEM_PREFER_THEIRS,
                              "CONTENT"), c);
    assert_string_equal(merge(FILE_, NULL, a, c, 0, "CONTENT"), a);
}

static void test_reduce(void **state)
{
    char lines[4001];
    const char *text, *all;
    item_object_t object;
    apr_size_t len, i;

    (void)state;
    for (i = 0; i < 4000; i++)
        lines[i] = i % 40 == 39 ? '\n' : 'x';
    lines[4000] = '\0';
    all = text = email(apr_pstrcat(pool, "<emailitem>Subject: s\n\n", lines,
                                   "</emailitem>", NULL));
    len = strlen(text);
    assert_int_equal(item_reduce(EMAIL, &text, &len, 1000, pool),
                     APR_SUCCESS);
    assert_true(len <= 1000 && len > 800);
    object = read_object(ITEM_EMAIL, apr_pstrmemdup(pool, text, len));
    assert_int_equal(object.content.data[object.content.len - 1], '\n');
    assert_non_null(strstr(object.extensions,
        "<XNam>x-funambol-size</XNam>\r\n<XVal>4114</XVal>"));
    /* Cut short is no change. */
    assert_string_equal(merge(EMAIL, all, all, apr_pstrmemdup(pool, text,
                                                              len), 1, ""),
                        all);
    text = all;
    len = strlen(text);
    assert_int_equal(item_reduce(EMAIL, &text, &len, 100, pool),
                     ITEM_ELIMIT);
    assert_ptr_equal(text, all);
    text = apr_pstrcat(pool, "<File><name>n</name><body>", lines,
                       "</body></File>", NULL);
    len = strlen(text);
    assert_int_equal(item_reduce(FILE_, &text, &len, 200, pool),
                     APR_SUCCESS);
    assert_string_equal(apr_pstrmemdup(pool, text, len),
        HEAD "<File><name>n</name>\r\n<size>4000</size>\r\n</File>\r\n");
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
        cmocka_unit_test(test_email),
        cmocka_unit_test(test_email_forms),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_reduce)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, NULL);
}
