/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Laws of contacts in devices' forms, over random cards, formats, character
 * sets and habits: what went out and came back goes out the same; with the
 * store's card beside it comes back in the store's octets; and an edit on the
 * device changes that property and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_card.h"

/* ROUNDS=n in the environment: as many. */
#define ROUNDS  4000

static apr_pool_t *pool, *round_pool;
static apr_uint64_t state;

static unsigned rnd(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state * APR_UINT64_C(2685821657736338717)) >> 33) % n;
}

#define PICK(list)  list[rnd(sizeof(list) / sizeof(list[0]))]

/* ---- random cards ---------------------------------------------------------- */

typedef struct text_t {
    char s[1 << 15];
    size_t len;
} text_t;

static void put(text_t *t, const char *s)
{
    size_t n = strlen(s);

    if (t->len + n < sizeof(t->s)) {
        memcpy(t->s + t->len, s, n + 1);
        t->len += n;
    }
}

static const char *const bits[] = {
    "a", "B", "z", "0", "7", " ", " ", "-", "+", ":", "=", "\"", "/", ".",
    "@", "(", "<", "&", "'", "%", "~", "\\n", "\\n", "\\,", "\\;", "\\\\",
    "\\N", ",", "\xc3\xbc", "\xc3\x9f", "\xe2\x82\xac", "\xd0\x96",
    "\xe6\x97\xa5", "\xf0\x9f\x98\x80", "\xe2\x80\x93", "\xc2\xa0",
    "\xcc\x88", "\xc4\x8d", "\t", "=0A", "X-", "long enough to be folded ",
    "C:\\new", "\\x", "=3D", "\xc2\x85", "\xef\xbb\xbf", "\xff"
};

static void put_value(text_t *t, int structured)
{
    unsigned n = rnd(4) ? rnd(8) : rnd(60);

    while (n--) {
        if (structured && rnd(4) == 0)
            put(t, ";");
        put(t, PICK(bits));
    }
}

static const char *const type_words[] = {
    "HOME", "WORK", "CELL", "FAX", "VOICE", "PREF", "pref", "PAGER", "CAR",
    "X-OWN", "INTERNET", "MSG", "\"home,voice\"", "work,cell", "URL",
    "BASE64", "Two Words"
};

static void put_params(text_t *t)
{
    static const char *const others[] = {
        ";X-A=b", ";LANGUAGE=de", ";X-Q=\"a;b:c\"", ";ALTID=1",
        ";PREF=1", ";PREF=7", ";VALUE=uri", ";X-E=", ";SORT-AS=\"x,y\"",
        ";X-U=\xc3\xbc", ";VALUE=text"
    };

    while (rnd(2)) {
        if (rnd(3)) {
            put(t, rnd(4) ? ";TYPE=" : ";");
            put(t, PICK(type_words));
        }
        else
            put(t, PICK(others));
    }
}

static void put_line(text_t *t)
{
    static const char *const names[] = {
        "TEL", "EMAIL", "TEL", "EMAIL", "NOTE", "TITLE", "ROLE", "URL",
        "NICKNAME", "LABEL", "X-FOO", "X-FUNAMBOL-Children", "CLASS", "UID",
        "IMPP", "REV", "TZ", "KEY", "SORT-STRING", "X-ANNIVERSARY", "RELATED",
        "LANG", "GENDER", "MAILER", "X-EVOLUTION-SPOUSE", "SOURCE", "SOUND"
    };
    static const char *const structured[] = {
        "ADR", "ADR", "ORG", "X-STRUCT", "SOUND;TYPE=X-IRMC-N", "MEMBER"
    };
    static const char *const whole[] = {
        "BDAY:1975-04-05", "BDAY:19800203", "BDAY:--0203", "BDAY:1985",
        "BDAY;VALUE=date:1969-12-31", "BDAY:1970-01-01T00:00:00Z",
        "BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-06", "BDAY:unknown",
        "GEO:37.4;-122.1", "GEO:geo:37.4,-122.1",
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==",
        "PHOTO;VALUE=uri:http://example.com/a\\,b.jpg",
        "PHOTO:data:image/png;base64,iVBORw0KGgo=",
        "KEY;ENCODING=b:QUJD", "LOGO;TYPE=GIF;ENCODING=B:R0lGODlh",
        "TEL;VALUE=uri:tel:+1-555-0100", "TEL:tel:+1-555-0101;ext=5",
        "AGENT:BEGIN:VCARD\\nVERSION:3.0\\nFN:J\\\\, A\\nTEL:5\\nEND:VCARD\\n",
        "AGENT:no card", "AGENT;VALUE=uri:CID:x@y", "KIND:group",
        "X-ADDRESSBOOKSERVER-KIND:group", "CLASS:PRIVATE", "KIND:individual",
        "item1.X-ABLabel:_$!<Other>!$_", "item1.URL:http://example.com/;x=1,2"
    };
    unsigned how = rnd(10);

    if (how < 6) {
        put(t, PICK(names));
        put_params(t);
        put(t, ":");
        put_value(t, rnd(4) == 0);
    }
    else if (how < 8) {
        put(t, PICK(structured));
        put_params(t);
        put(t, ":");
        put_value(t, 1);
    }
    else if (how == 8) {
        put(t, "CATEGORIES:");
        put_value(t, 0);
        put(t, rnd(2) ? ",X-Files" : "");
    }
    else
        put(t, PICK(whole));
    put(t, "\r\n");
}

static void make_card(text_t *t)
{
    unsigned n = rnd(12);

    t->len = 0;
    put(t, rnd(3) ? "BEGIN:VCARD\r\nVERSION:3.0\r\n"
                  : "BEGIN:VCARD\r\nVERSION:4.0\r\n");
    if (rnd(5)) {
        put(t, "N:");
        put_value(t, 1);
        put(t, "\r\n");
    }
    if (rnd(5)) {
        put(t, "FN:");
        put_value(t, 0);
        put(t, "\r\n");
    }
    while (n--)
        put_line(t);
    put(t, "END:VCARD\r\n");
}

/* ---- forms ------------------------------------------------------------------ */

static void make_form(item_form_t *form)
{
    static const item_format_e formats[] = {
        ITEM_FORMAT_VCARD21, ITEM_FORMAT_VCARD21, ITEM_FORMAT_VCARD30,
        ITEM_FORMAT_VCARD40, ITEM_FORMAT_SIFC, ITEM_FORMAT_AS_IS
    };
    static const char *const sets[] = {
        NULL, NULL, NULL, "UTF-8", "ISO-8859-1", "windows-1252", "US-ASCII",
        "ISO-8859-2", "KOI8-R", "Shift_JIS", "GB2312", "UTF-7", "ISO-2022-JP"
    };
    static const apr_uint32_t habits[] = {
        ITEM_HABIT_EMAIL_INTERNET, ITEM_HABIT_CATEGORY_X,
        ITEM_HABIT_PHOTO_BLANK, ITEM_HABIT_NO_FOLD, ITEM_HABIT_NO_EMPTY,
        ITEM_HABIT_DATE_1980, ITEM_HABIT_BMP_ONLY, ITEM_HABIT_TEXT_8BIT,
        ITEM_HABIT_X_TWINS
    };

    memset(form, 0, sizeof(*form));
    form->format = PICK(formats);
    /* Shifting sets are of no use where values are not marked one by one. */
    form->charset = sets[rnd(form->format == ITEM_FORMAT_VCARD21 ? 13 : 11)];
    while (rnd(2))
        form->habits |= PICK(habits);
}

static item_text_t export_card(const item_form_t *form, item_text_t in)
{
    item_text_t out;

    assert_int_equal((form->format == ITEM_FORMAT_SIFC ? item_sifc_export
                      : item_card_export)(form, &in, &out, round_pool), 0);
    return out;
}

static item_text_t import_card(const item_form_t *form, item_text_t in,
                               const item_text_t *like)
{
    item_text_t out;

    assert_int_equal((form->format == ITEM_FORMAT_SIFC ? item_sifc_import
                      : item_card_import)(form, &in, like, &out, round_pool),
                     0);
    return out;
}

static int equal(item_text_t a, item_text_t b)
{
    return a.len == b.len && !memcmp(a.data, b.data, a.len);
}

static void show(const char *what, item_text_t t)
{
    print_error("--- %s\n%.*s", what, (int)t.len, t.data);
}

/* ---- laws -------------------------------------------------------------------- */

static void law_fixed(const item_form_t *form, item_text_t card)
{
    item_text_t one = export_card(form, card);
    item_text_t back = import_card(form, one, NULL);
    item_text_t two = export_card(form, back);

    if (equal(one, two))
        return;
    print_error("format %d, charset %s, habits %x\n", (int)form->format,
                form->charset ? form->charset : "-", form->habits);
    show("card", card);
    show("export", one);
    show("import", back);
    show("export again", two);
    fail();
}

/** Each line of a is one of b. */
static int lines_within(item_text_t a, item_text_t b)
{
    const char *s = a.data, *end = s + a.len, *lf;
    size_t n;

    for (; s < end; s = lf + 1) {
        const char *t = b.data;

        lf = memchr(s, '\n', (size_t)(end - s));
        assert_non_null(lf);
        n = (size_t)(lf + 1 - s);
        while (t && ((size_t)(b.data + b.len - t) < n || memcmp(s, t, n))) {
            t = memchr(t, '\n', (size_t)(b.data + b.len - t));
            t = t && t + 1 < b.data + b.len ? t + 1 : NULL;
        }
        if (!t)
            return 0;
    }
    return 1;
}

/** The device's card with a property of its own at the end. */
static item_text_t with_own(item_text_t t)
{
    static const char own[] = "X-OWN-LINE:1\r\nEND:VCARD\r\n";
    item_text_t out;
    char *s = apr_palloc(round_pool, t.len + sizeof(own));

    memcpy(s, t.data, t.len - 11);
    memcpy(s + t.len - 11, own, sizeof(own));
    out.data = s;
    out.len = t.len - 11 + sizeof(own) - 1;
    return out;
}

/** What came back just as it went out is taken by a shorter way: it must be
 * what line by line makes of it. */
static int is_same_edited(const item_form_t *form, item_text_t card,
                          item_text_t device, item_text_t back)
{
    item_text_t edited;

    if (form->format == ITEM_FORMAT_SIFC)
        return 1;
    edited = import_card(form, with_own(device), &card);
    return lines_within(edited, with_own(back))
           && lines_within(with_own(back), edited);
}

static void law_like(const item_form_t *form, item_text_t card)
{
    item_text_t device = export_card(form, card);
    item_text_t back = import_card(form, device, &card);
    item_merge_t m;

    if (lines_within(back, card)
        && is_same_edited(form, card, device, back)) {
        assert_int_equal(item_merge(&m, "text/vcard", &back, &card, &back,
                                    ITEM_PREFER_THEIRS, round_pool), 0);
        assert_true(m.is_ours);
        return;
    }
    print_error("format %d, charset %s, habits %x\n", (int)form->format,
                form->charset ? form->charset : "-", form->habits);
    show("card", card);
    show("export", device);
    show("import like it", back);
    if (form->format != ITEM_FORMAT_SIFC)
        show("edited", import_card(form, with_own(device), &card));
    fail();
}

static void test_laws(void **unused)
{
    static text_t text;
    item_text_t card;
    item_form_t form;
    const char *wanted = getenv("ROUNDS");
    unsigned i, rounds = wanted ? (unsigned)atoi(wanted) : ROUNDS;

    for (i = 0; i < rounds; i++) {
        state = APR_UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
        make_card(&text);
        make_form(&form);
        card.data = text.s;
        card.len = text.len;
        law_fixed(&form, card);
        law_like(&form, card);
        apr_pool_clear(round_pool);
    }
}

/* ---- edits ----------------------------------------------------------------- */

/** A card's usual properties, two of which a device then changes. */
static const char plain[] =
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u1\r\n"
    "N:M\xc3\xbcller;\xd0\x96;;;\r\nFN:\xd0\x96. M\xc3\xbcller\r\n"
    "TEL;TYPE=WORK;X-A=b:+49 30 1\r\nTEL;TYPE=CELL:+49 170 2\r\n"
    "EMAIL;TYPE=WORK:\xd0\x96@example.com\r\nEMAIL:b@example.com\r\n"
    "ADR;TYPE=HOME:;;\xe6\x97\xa5 1;Town;;;\r\n"
    "NOTE:\xf0\x9f\x98\x80 one\\ntwo\\, three\r\n"
    "BDAY:1969-12-31\r\nCATEGORIES:X-Files,A\\,b\r\n"
    "X-EVOLUTION-SPOUSE:\xc4\x8d\r\nKEY;ENCODING=b:QUJD\r\n"
    "END:VCARD\r\n";

static int has(item_text_t t, const char *part)
{
    size_t n = strlen(part), i;

    for (i = 0; i + n <= t.len; i++)
        if (!memcmp(t.data + i, part, n))
            return 1;
    return 0;
}

/** Replace a part of a text. */
static item_text_t swap(item_text_t t, const char *from, const char *to)
{
    const char *at = strstr(apr_pstrmemdup(round_pool, t.data, t.len), from);
    item_text_t out;

    assert_non_null(at);
    out.data = apr_pstrcat(round_pool,
                           apr_pstrmemdup(round_pool, t.data, t.len
                                          - strlen(at)),
                           to, at + strlen(from), NULL);
    out.len = strlen(out.data);
    return out;
}

static void check_edit(const item_form_t *form)
{
    item_text_t card = { plain, sizeof(plain) - 1 }, want, got;
    item_text_t device = export_card(form, card);
    item_text_t base = import_card(form, device, &card), theirs;
    item_merge_t m;

    device = swap(device, "+49 30 1", "+49 30 99");
    device = swap(device, "b@example.com", "c@example.com");
    theirs = import_card(form, device, &card);
    assert_int_equal(item_merge(&m, "text/vcard", &base, &card, &theirs,
                                ITEM_PREFER_THEIRS, round_pool), 0);
    got.data = m.text;
    got.len = m.len;
    assert_true(has(got, "+49 30 99") && has(got, "c@example.com"));
    assert_false(has(got, "+49 30 1\r") || has(got, "b@example.com"));
    /* All else is there, in the store's octets. */
    want = swap(card, "TEL;TYPE=WORK;X-A=b:+49 30 1\r\n", "");
    want = swap(want, "EMAIL:b@example.com\r\n", "");
    if (!lines_within(want, got)) {
        show("device", device);
        show("base", base);
        show("theirs", theirs);
        show("got", got);
        fail();
    }
}

static void test_edits(void **unused)
{
    item_form_t form;
    unsigned i;

    for (i = 0; i < 300; i++) {
        state = APR_UINT64_C(0x9e3779b97f4a7c15) * (i + 77);
        make_form(&form);
        if (form.charset && !strcmp(form.charset, "UTF-7"))
            continue;           /* a plus sign is not one in it */
        check_edit(&form);
        apr_pool_clear(round_pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_edits),
    };
    int rv;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&round_pool, pool);
    rv = cmocka_run_group_tests_name("item card laws", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return rv;
}
