/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Notes as devices have them and as the store has them: literal samples, and
 * what must hold for each of many notes in each form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_note.h"

static apr_pool_t *pool;

static item_form_t form_of(item_format_e format)
{
    item_form_t form;

    memset(&form, 0, sizeof(form));
    form.format = format;
    return form;
}

static item_text_t text_of(const char *s)
{
    item_text_t text;

    text.data = s;
    text.len = strlen(s);
    return text;
}

static const char *import(item_format_e format, const char *s,
                          const char *like, const char **type)
{
    item_text_t in = text_of(s), old, out;
    item_form_t form = form_of(format);

    if (like)
        old = text_of(like);
    assert_int_equal(item_note_import(&form, type, &in, like ? &old : NULL,
                                      &out, pool), APR_SUCCESS);
    return apr_pstrmemdup(pool, out.data, out.len);
}

static const char *export(item_format_e format, const char *s)
{
    const char *type = strncmp(s, "BEGIN:VCALENDAR", 15) ? "text/plain"
                                                        : "text/calendar";
    item_text_t in = text_of(s), out;
    item_form_t form = form_of(format);

    assert_int_equal(item_note_export(&form, &type, &in, &out, pool),
                     APR_SUCCESS);
    return apr_pstrmemdup(pool, out.data, out.len);
}

static const char *journal(const char *lines)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                       "PRODID:-//mod_syncml//EN\r\nBEGIN:VJOURNAL\r\n",
                       lines, "END:VJOURNAL\r\nEND:VCALENDAR\r\n", NULL);
}

static const char *vnote(const char *lines)
{
    return apr_pstrcat(pool, "BEGIN:VNOTE\r\nVERSION:1.1\r\n", lines,
                       "END:VNOTE\r\n", NULL);
}

static const char *sif(const char *elements)
{
    return apr_pstrcat(pool, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
                       "<note><SIFVersion>1.1</SIFVersion>\r\n", elements,
                       "</note>\r\n", NULL);
}

/* ---- literal samples ------------------------------------------------------ */

static void check_import(item_format_e format, const char *in,
                         const char *like, const char *want)
{
    const char *type;

    assert_string_equal(import(format, in, like, &type), want);
    assert_string_equal(type, strncmp(want, "BEGIN:VCALENDAR", 15)
                              ? "text/plain" : "text/calendar");
}

static void test_vnote_in(void **state)
{
    (void)state;
    check_import(ITEM_FORMAT_VNOTE, vnote("BODY:just a line\r\n"), NULL,
                 "just a line");
    /* A Sony Ericsson. */
    check_import(ITEM_FORMAT_VNOTE,
                 vnote("BODY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
                       "M=C3=BCll=0D=0A =\r\n\t tab=3D=\r\n=0Dz\r\n"
                       "X-IRMC-LUID:000300000001\r\n"), NULL,
                 "M\xc3\xbcll\n \t tab=\nz");
    /* A subject that is the first line, and one that is not. */
    check_import(ITEM_FORMAT_VNOTE,
                 vnote("SUMMARY:Milk\r\nBODY;QUOTED-PRINTABLE:Milk=0A2\r\n"),
                 NULL, "Milk\n2");
    check_import(ITEM_FORMAT_VNOTE,
                 vnote("SUMMARY:List\r\nBODY:Milk\\n, Eggs\r\n"), NULL,
                 journal("SUMMARY:List\r\n"
                         "DESCRIPTION:Milk\\\\n\\, Eggs\r\n"));
    check_import(ITEM_FORMAT_VNOTE,
                 vnote("BODY;CHARSET=ISO-8859-1:\xfc\r\n"
                       "CATEGORIES:A;B, C\r\nCLASS:PRIVATE\r\n"
                       "DCREATED:20040102T030405Z\r\n"
                       "LAST-MODIFIED:20050102T030405Z\r\n"
                       "X-COLOR;ENCODING=BASE64:eWVsbG93\r\n"), NULL,
                 journal("DESCRIPTION:\xc3\xbc\r\nCATEGORIES:A,B,C\r\n"
                         "CLASS:PRIVATE\r\nCREATED:20040102T030405Z\r\n"
                         "LAST-MODIFIED:20050102T030405Z\r\n"
                         "X-COLOR:yellow\r\n"));
    /* Nokia N9's broken escapes. */
    check_import(ITEM_FORMAT_VNOTE,
                 vnote("BODY;ENCODING=QUOTED-PRINTABLE:a==0A=0D=\r\n\r\n"),
                 NULL, "a\n");
}

static void test_vnote_out(void **state)
{
    (void)state;
    assert_string_equal(export(ITEM_FORMAT_VNOTE, "a=b; c"),
                        vnote("BODY:a=b; c\r\n"));
    assert_string_equal(export(ITEM_FORMAT_VNOTE, "\xef\xbb\xbf" "a \r\nb"),
        vnote("BODY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:a =0D=0Ab\r\n"));
    assert_string_equal(
        export(ITEM_FORMAT_VNOTE, journal(
            "UID:1\r\nDTSTAMP:20200101T000000Z\r\nSUMMARY:Sub\\, ject\r\n"
            "DESCRIPTION:1\\n2\r\nCATEGORIES:A\\,B,C\r\nCATEGORIES:D\r\n"
            "CREATED:20200101T000000Z\r\nX-Color:y\r\nDTSTART:20200101\r\n")),
        vnote("SUMMARY:Sub, ject\r\nBODY;CHARSET=UTF-8;"
              "ENCODING=QUOTED-PRINTABLE:1=0D=0A2\r\nCATEGORIES:A,B;C;D\r\n"
              "DCREATED:20200101T000000Z\r\nX-Color:y\r\n"));
}

static void test_sif(void **state)
{
    (void)state;
    check_import(ITEM_FORMAT_SIFN,
                 "<note><Subject>Milk</Subject><Body>Milk\r\nEggs</Body>"
                 "</note>", NULL, "Milk\nEggs");
    check_import(ITEM_FORMAT_SIFN,
                 sif("<Body>Milk &amp; more</Body><Subject>List</Subject>"
                     "<Date>20071103T120000Z</Date><Color>3</Color>"
                     "<Height>166</Height><Width/><Left> </Left>"
                     "<Folder>DEFAULT_FOLDER</Folder>"
                     "<Categories>A, B</Categories>"), NULL,
                 journal("SUMMARY:List\r\nDESCRIPTION:Milk & more\r\n"
                         "LAST-MODIFIED:20071103T120000Z\r\n"
                         "X-FUNAMBOL-Color:3\r\nX-FUNAMBOL-Height:166\r\n"
                         "X-FUNAMBOL-Folder:DEFAULT_FOLDER\r\n"
                         "CATEGORIES:A,B\r\n"));
    assert_string_equal(
        export(ITEM_FORMAT_SIFN, journal(
            "SUMMARY:List\r\nDESCRIPTION:1\\n2\r\nDTSTART;VALUE=DATE:20071103"
            "\r\nX-FUNAMBOL-Color:3\r\nCATEGORIES:A,B\r\n")),
        sif("<Subject>List</Subject>\r\n<Body>1\r\n2</Body>\r\n"
            "<Date>2007-11-03</Date>\r\n<Categories>A, B</Categories>\r\n"
            "<Color>3</Color>\r\n"));
    assert_string_equal(export(ITEM_FORMAT_SIFN, "\n Milk \nEggs"),
                        sif("<Subject>Milk</Subject>\r\n"
                            "<Body>\r\n Milk \r\nEggs</Body>\r\n"));
}

static void test_refused(void **state)
{
    static const struct {
        item_format_e format;
        const char *text;
        apr_status_t rv;
    } bad[] = {
        { ITEM_FORMAT_VNOTE, "", ITEM_EMALFORMED },
        { ITEM_FORMAT_VNOTE, "hello", ITEM_EMALFORMED },
        { ITEM_FORMAT_VNOTE, "BEGIN:VNOTE\r\nBODY:x\r\n", ITEM_EMALFORMED },
        { ITEM_FORMAT_VNOTE, "BEGIN:VCARD\r\nEND:VCARD\r\n",
          ITEM_EMALFORMED },
        { ITEM_FORMAT_SIFN, "", ITEM_EMALFORMED },
        { ITEM_FORMAT_SIFN, "<contact/>", ITEM_ETYPE },
        { ITEM_FORMAT_ICAL20, "hello", ITEM_EMALFORMED },
        { ITEM_FORMAT_ICAL20, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
          "BEGIN:VTODO\r\nEND:VTODO\r\nEND:VCALENDAR\r\n", ITEM_ETYPE }
    };
    item_text_t in, out;
    const char *type;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        item_form_t form = form_of(bad[i].format);

        in = text_of(bad[i].text);
        assert_int_equal(item_note_import(&form, &type, &in, NULL, &out,
                                          pool), bad[i].rv);
        assert_null(out.data);
    }
}

/* ---- what a text device gets and gives ------------------------------------ */

static void test_text(void **state)
{
    const char *list = journal("SUMMARY:List\r\nDESCRIPTION:Milk\\nEggs\r\n"
                               "CATEGORIES:x\r\n");
    const char *plain = journal("SUMMARY:Milk\r\nDESCRIPTION:Milk\\nEggs\r\n"
                                "CLASS:PRIVATE\r\n");
    const char *bare = journal("DESCRIPTION:Milk\\nEggs\r\n");

    (void)state;
    assert_string_equal(export(ITEM_FORMAT_TEXT, list),
                        "List\r\nMilk\r\nEggs");
    assert_string_equal(export(ITEM_FORMAT_TEXT, plain), "Milk\r\nEggs");
    assert_string_equal(export(ITEM_FORMAT_TEXT, " as\nit\r\nis "),
                        " as\nit\r\nis ");
    check_import(ITEM_FORMAT_TEXT, " as\nit\r\nis ", NULL, " as\nit\r\nis ");
    check_import(ITEM_FORMAT_TEXT, "List2\nMilk", list,
                 journal("SUMMARY:List2\r\nDESCRIPTION:Milk\r\n"));
    check_import(ITEM_FORMAT_TEXT, "Milk2\nEggs", plain,
                 journal("SUMMARY:Milk2\r\nDESCRIPTION:Milk2\\nEggs\r\n"));
    check_import(ITEM_FORMAT_TEXT, "Milk2\nEggs", bare,
                 journal("DESCRIPTION:Milk2\\nEggs\r\n"));
    check_import(ITEM_FORMAT_TEXT, "Milk2\nEggs",
                 journal("SUMMARY:Milk\r\n"),
                 journal("SUMMARY:Milk2\r\nDESCRIPTION:Eggs\r\n"));
    /* Would be taken for one line else. */
    check_import(ITEM_FORMAT_TEXT, "a\na\nb", list,
                 journal("SUMMARY:a\r\nDESCRIPTION:a\\na\\nb\r\n"));
}

/* Devices that show no subject, or their own. */
static void test_subject_stays(void **state)
{
    const char *list = journal("SUMMARY:List\r\nDESCRIPTION:Milk\r\n");

    (void)state;
    check_import(ITEM_FORMAT_VNOTE, vnote("BODY:Eggs\r\n"), list,
                 journal("SUMMARY:List\r\nDESCRIPTION:Eggs\r\n"));
    check_import(ITEM_FORMAT_SIFN, sif("<Subject>Eggs</Subject>"
                                       "<Body>Eggs</Body>"), list,
                 journal("SUMMARY:List\r\nDESCRIPTION:Eggs\r\n"));
    check_import(ITEM_FORMAT_SIFN, sif("<Subject>Shop</Subject>"
                                       "<Body>Eggs</Body>"), list,
                 journal("SUMMARY:Shop\r\nDESCRIPTION:Eggs\r\n"));
}

static void test_journal_device(void **state)
{
    (void)state;
    assert_string_equal(export(ITEM_FORMAT_ICAL20, "Milk\nEggs"),
        journal("SUMMARY:Milk\r\nDESCRIPTION:Milk\\nEggs\r\n"));
    check_import(ITEM_FORMAT_ICAL20,
        journal("UID:1\r\nSUMMARY:Milk\r\nDESCRIPTION:Milk\\nEggs\r\n"),
        "Milk\nHam", "Milk\r\nEggs");
    check_import(ITEM_FORMAT_ICAL20,
        journal("SUMMARY:List\r\nDESCRIPTION:Milk\\nEggs\r\n"), "Milk\nHam",
        journal("SUMMARY:List\r\nDESCRIPTION:Milk\\nEggs\r\n"));
    check_import(ITEM_FORMAT_ICAL20,
        journal("UID:1\r\nSUMMARY:Milk\r\n"), NULL,
        journal("UID:1\r\nSUMMARY:Milk\r\n"));
    assert_string_equal(export(ITEM_FORMAT_ICAL20,
                               journal("DESCRIPTION:Milk\\nEggs\r\n")),
        journal("SUMMARY:Milk\r\nDESCRIPTION:Milk\\nEggs\r\n"));
}

/* Phones with a character set and a clock of their own. */
static void test_charset_and_clock(void **state)
{
    item_text_t in = text_of(journal("DESCRIPTION:\xc3\xbc\xf0\x9f\x98\x80\r\n"
                                     "CREATED:20200701T120000Z\r\n"));
    item_form_t form = form_of(ITEM_FORMAT_VNOTE);
    const char *type = "text/calendar", *text;
    item_text_t out, back;

    (void)state;
    form.charset = "ISO-8859-1";
    form.clock = ITEM_CLOCK_LOCAL;
    form.zone = "Europe/Berlin";
    assert_int_equal(item_note_export(&form, &type, &in, &out, pool),
                     APR_SUCCESS);
    assert_string_equal(type, "text/x-vnote");
    text = apr_pstrmemdup(pool, out.data, out.len);
    assert_string_equal(text, vnote("BODY;CHARSET=ISO-8859-1;"
        "ENCODING=QUOTED-PRINTABLE:=FC?\r\nDCREATED:20200701T140000\r\n"));
    assert_int_equal(item_note_import(&form, &type, &out, &in, &back, pool),
                     APR_SUCCESS);
    assert_string_equal(apr_pstrmemdup(pool, back.data, back.len),
        journal("DESCRIPTION:\xc3\xbc?\r\nCREATED:20200701T120000Z\r\n"));
}

static void test_text_charset(void **state)
{
    item_form_t form = form_of(ITEM_FORMAT_TEXT);
    item_text_t in = text_of("M\xfcll\r\n\x80"), out, back;
    const char *type = NULL;

    (void)state;
    form.charset = "ISO-8859-1";
    assert_int_equal(item_note_import(&form, &type, &in, NULL, &out, pool),
                     APR_SUCCESS);
    assert_string_equal(apr_pstrmemdup(pool, out.data, out.len),
                        "M\xc3\xbcll\r\n\xe2\x82\xac");
    assert_int_equal(item_note_export(&form, &type, &out, &back, pool),
                     APR_SUCCESS);
    assert_string_equal(apr_pstrmemdup(pool, back.data, back.len),
                        "M\xfcll\r\nEUR");
}

/* ---- laws ----------------------------------------------------------------- */

static const char *const words[] = {
    "", "Milk", " Eggs ", "a,b;c\\d", "\xc3\xbc\xf0\x9f\x98\x80", "x=y",
    "BEGIN:VNOTE", "\tTab", "<b>&amp;</b>", "=0A", "\\n",
    "a line that is rather long, longer than what is folded or broken softly "
    "by any of the forms, \xe4\xb8\xad\xe6\x96\x87 and so on"
};

static unsigned seed;

static unsigned dice(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static const char *word(void)
{
    return words[dice(sizeof(words) / sizeof(words[0]))];
}

static const char *some_text(const char *eol)
{
    const char *text = word();
    unsigned n = dice(4);

    while (n--)
        text = apr_pstrcat(pool, text, eol, word(), NULL);
    return text;
}

static const char *escaped(const char *s)
{
    char *out = apr_palloc(pool, 2 * strlen(s) + 1), *w = out;

    for (; *s; s++) {
        if (strchr(",;\\\n", *s))
            *w++ = '\\';
        *w++ = *s == '\n' ? 'n' : *s;
    }
    *w = '\0';
    return out;
}

static const char *some_journal(void)
{
    return journal(apr_pstrcat(pool,
        "UID:u\r\nDTSTAMP:20200101T000000Z\r\n",
        dice(3) ? apr_pstrcat(pool, "SUMMARY:", escaped(word()), "\r\n",
                              NULL) : "",
        dice(4) ? apr_pstrcat(pool, "DESCRIPTION:", escaped(some_text("\n")),
                              "\r\n", NULL) : "",
        dice(2) ? "CATEGORIES:A,B\\,C\r\n" : "",
        dice(2) ? "X-FUNAMBOL-Color:3\r\n" : "",
        dice(2) ? "CREATED:20200101T000000Z\r\n" : "",
        dice(2) ? "DTSTART;VALUE=DATE:20200102\r\n" : "",
        dice(2) ? "ATTENDEE;CN=\"x\":mailto:a@b\r\n" : "", NULL));
}

static item_merge_t merge(const char *type, const char *base,
                          const char *ours, const char *theirs)
{
    item_text_t b = text_of(base), o = text_of(ours), t = text_of(theirs);
    item_merge_t m;

    assert_int_equal(item_merge(&m, type, &b, &o, &t, ITEM_PREFER_THEIRS,
                                pool), APR_SUCCESS);
    return m;
}

/** A device that has an item and changes nothing changes nothing; and the
 * conversions come to rest at once. */
static void check_law(item_format_e format, const char *stored)
{
    const char *there = export(format, stored), *type, *again;
    const char *back = import(format, there, stored, &type);
    item_merge_t m;

    assert_string_equal(export(format, stored), there);
    assert_string_equal(import(format, there, stored, &type), back);
    m = merge(type, back, stored, back);
    assert_true(m.is_ours);
    assert_int_equal(m.clashes->nelts, 0);
    again = import(format, export(format, back), back, &type);
    assert_true(item_equal(type, again, strlen(again), type, back,
                           strlen(back), pool));
}

static void test_laws(void **state)
{
    static const item_format_e formats[] = {
        ITEM_FORMAT_TEXT, ITEM_FORMAT_VNOTE, ITEM_FORMAT_SIFN,
        ITEM_FORMAT_ICAL20
    };
    apr_pool_t *all = pool;
    unsigned i, f;

    (void)state;
    for (seed = 1, i = 0; i < 3000; i++) {
        apr_pool_create(&pool, all);
        for (f = 0; f < 4; f++) {
            check_law(formats[f], some_journal());
            check_law(formats[f], some_text(dice(2) ? "\n" : "\r\n"));
        }
        apr_pool_destroy(pool);
        pool = all;
    }
}

/* An edit of a text device reaches the VJOURNAL, and nothing else does. */
static void test_edit(void **state)
{
    const char *stored = journal("UID:7\r\nSUMMARY:List\r\nCATEGORIES:A\r\n"
                                 "DESCRIPTION:Milk\\nEggs\r\n"
                                 "ATTENDEE:mailto:a@b\r\n");
    const char *base, *answer, *type;
    item_merge_t m;

    (void)state;
    base = import(ITEM_FORMAT_TEXT, export(ITEM_FORMAT_TEXT, stored), stored,
                  &type);
    answer = import(ITEM_FORMAT_TEXT, "List\nMilk\nEggs\nHam", stored, &type);
    m = merge(type, base, stored, answer);
    assert_string_equal(apr_pstrmemdup(pool, m.text, m.len),
        journal("UID:7\r\nSUMMARY:List\r\nCATEGORIES:A\r\n"
                "DESCRIPTION:Milk\\nEggs\\nHam\r\n"
                "ATTENDEE:mailto:a@b\r\n"));
}

/* ---- two kinds ------------------------------------------------------------ */

static void test_align(void **state)
{
    const char *types[3] = { "text/plain", "text/plain", "text/calendar" };
    item_text_t texts[3];
    item_merge_t m;

    (void)state;
    texts[0] = text_of("Milk");
    texts[1] = text_of("Milk\r\nEggs");
    texts[2] = text_of(journal("DESCRIPTION:Milk\r\nCATEGORIES:A\r\n"));
    assert_int_equal(item_note_align(types, texts, 2, pool), APR_SUCCESS);
    assert_string_equal(types[0], "text/plain");
    assert_int_equal(item_note_align(types, texts, 3, pool), APR_SUCCESS);
    assert_string_equal(types[0], "text/calendar");
    assert_string_equal(types[1], "text/calendar");
    assert_int_equal(item_merge(&m, types[0], &texts[0], &texts[1],
                                &texts[2], 0, pool), APR_SUCCESS);
    assert_string_equal(apr_pstrmemdup(pool, m.text, m.len),
        journal("DESCRIPTION:Milk\\nEggs\r\nCATEGORIES:A\r\n"));
    types[0] = NULL;
    types[1] = "text/plain";
    texts[1] = text_of("x");
    assert_int_equal(item_note_align(types, texts, 3, pool), APR_SUCCESS);
    assert_null(types[0]);
    assert_string_equal(apr_pstrmemdup(pool, texts[1].data, texts[1].len),
                        journal("DESCRIPTION:x\r\n"));
}

static item_likeness_e likeness(const char *a, const char *b)
{
    return item_likeness(NULL, a, strlen(a), NULL, b, strlen(b), pool);
}

static void test_likeness(void **state)
{
    const char *list = journal("SUMMARY:List\r\nDESCRIPTION:Milk\r\n"
                               "CATEGORIES:A\r\n");
    item_keys_t a, b;

    (void)state;
    assert_int_equal(likeness(list, "List\nMilk\n"), ITEM_NEAR);
    assert_int_equal(likeness("List\r\nMilk", list), ITEM_NEAR);
    assert_int_equal(likeness("List\r\nEggs", list), ITEM_RELATED);
    assert_int_equal(likeness("Other\r\nMilk", list), ITEM_DIFFERENT);
    assert_int_equal(likeness(list, list), ITEM_EQUAL);
    item_keys(&a, NULL, list, strlen(list), pool);
    item_keys(&b, NULL, "List\nMilk", 9, pool);
    assert_int_equal(a.near_key, b.near_key);
    assert_true(a.key != b.key);
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
        cmocka_unit_test(test_vnote_in),
        cmocka_unit_test(test_vnote_out),
        cmocka_unit_test(test_sif),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_subject_stays),
        cmocka_unit_test(test_journal_device),
        cmocka_unit_test(test_charset_and_clock),
        cmocka_unit_test(test_text_charset),
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_align),
        cmocka_unit_test(test_likeness)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, NULL);
}
