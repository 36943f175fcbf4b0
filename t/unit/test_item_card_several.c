/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Contacts with several of what a phone has one of, and with parts that it has
 * as one text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "card_text.h"

static void goes_as(item_form_t form, const char *version, const char *lines,
                    const char *to, const char *want)
{
    item_text_t in = text_of(wrap(version, lines)), out;

    assert_int_equal(item_card_export(&form, &in, &out, pool), 0);
    expect(out, wrap(to, want));
}

/** Of alternatives, and of several names, the preferred one goes to who cannot
 * tell them apart, else the first. */
static void test_alternatives(void **unused)
{
    item_form_t three = form_of(ITEM_FORMAT_VCARD30, NULL, 0);
    const char *four = "FN:Jo\nFN;PREF=2:Joe\nx.FN;PREF=1:Jo Doe\n"
                       "N:Doe;Jo;;;\nTITLE;ALTID=1;PREF=3:a\n"
                       "TITLE;ALTID=1;PREF=2;LANGUAGE=fr:b\n"
                       "TITLE;ALTID=2:c\nTITLE:d\n";
    item_form_t sif = form_of(ITEM_FORMAT_SIFC, NULL, 0);
    item_text_t in, out;

    goes_as(V21(NULL, 0), "4.0", "FN;ALTID=1:Jo\nFN;ALTID=1;LANGUAGE=fr:M. Jo\n"
            "N;ALTID=1:Doe;Jo;;;\n", "2.1", "FN:Jo\nN:Doe;Jo;;;\n");
    goes_as(V21(NULL, 0), "4.0", four, "2.1", "x.FN;PREF:Jo Doe\nN:Doe;Jo;;;\n"
            "TITLE;LANGUAGE=fr:b\nTITLE:c\nTITLE:d\n");
    goes_as(three, "4.0", four, "3.0", "x.FN;TYPE=PREF:Jo Doe\nN:Doe;Jo;;;\n"
            "TITLE;ALTID=1;LANGUAGE=fr:b\nTITLE;ALTID=2:c\nTITLE:d\n");
    goes_as(three, "3.0", "N:Doe;Jo;;;\nFN:Jo\nFN;TYPE=pref:Joe\n", "3.0",
            "N:Doe;Jo;;;\nFN;TYPE=pref:Joe\n");
    goes_as(form_of(ITEM_FORMAT_VCARD40, NULL, 0), "4.0", four, "4.0", four);
    in = text_of(wrap("4.0", four));
    assert_int_equal(item_sifc_export(&sif, &in, &out, pool), 0);
    assert_non_null(strstr(out.data, "<FileAs>Jo Doe</FileAs>"));
    assert_non_null(strstr(out.data, "<JobTitle>b</JobTitle>"));
    /* No phone has another calendar. */
    goes_as(V21(NULL, 0), "4.0", N "BDAY;ALTID=1;CALSCALE=x-a:00740102\n"
            "BDAY;ALTID=1:19800203\n", "2.1", N "BDAY:19800203\n");
    goes_as(three, "4.0", N "BDAY;CALSCALE=x-a:00740102\n"
            "ANNIVERSARY;CALSCALE=gregorian:20000203\n", "3.0",
            N "X-ANNIVERSARY;CALSCALE=gregorian:20000203\n");
}

/** Several nicknames are one text in SIF and 2.1, and several again. */
static void test_nicknames(void **unused)
{
    item_form_t sif = form_of(ITEM_FORMAT_SIFC, NULL, 0);
    item_text_t two = import_like(sif, "<contact><LastName>Doe</LastName>"
        "<NickName>Jay,B\\o</NickName></contact>",
        wrap("3.0", "N:Doe;;;;\nFN:Doe\nNICKNAME:Jo,Bo\n"));
    item_text_t one = import_like(sif, "<contact><LastName>Doe</LastName>"
        "<NickName>Jay, the first</NickName></contact>",
        wrap("3.0", "N:Doe;;;;\nFN:Doe\nNICKNAME:Jo\\, the first\n"));

    assert_non_null(strstr(two.data, "NICKNAME:Jay,B\\\\o\r\n"));
    assert_non_null(strstr(one.data, "NICKNAME:Jay\\, the first\r\n"));
    expect(import_like(V21(NULL, 0), wrap("2.1", N "NICKNAME:Jay,B\\o\n"),
                       wrap("3.0", N "NICKNAME;X-A=1:Jo,Bo\n")),
           wrap("3.0", N "NICKNAME;X-A=1:Jay,B\\\\o\n"));
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", N "NICKNAME:Jay, the first\n"),
                       wrap("3.0", N "NICKNAME:Jo\\, the first\n")),
           wrap("3.0", N "NICKNAME:Jay\\, the first\n"));
    expect(import_like(V21(NULL, 0), wrap("2.1", N "NICKNAME:Jay,Bo\n"),
                       wrap("3.0", N "NICKNAME:Jo,Bo\nNICKNAME:Jo Jo,Bo\n")),
           wrap("3.0", N "NICKNAME:Jay\\,Bo\n"));
}

/** The sex and what is said of it, which some take for one text. */
static void test_gender(void **unused)
{
    item_form_t three = form_of(ITEM_FORMAT_VCARD30, NULL, 0);

    expect(import_like(three, wrap("3.0", N "X-GENDER:O\\;it\\, too\n"),
                       wrap("4.0", N "GENDER:O;it\\, too\n")),
           wrap("4.0", N "GENDER:O;it\\, too\n"));
    expect(import_like(three, wrap("3.0", N "X-GENDER:\\;they\n"),
                       wrap("4.0", N "GENDER:O;it\n")),
           wrap("4.0", N "GENDER:;they\n"));
}

/** What is text though its name is not of the standard. */
static void test_known_texts(void **unused)
{
    in21(N "X-SPOUSE:Ann, or Bea; C\\D\ni.X-ABLabel:a, b\n",
         N "X-SPOUSE:Ann\\, or Bea\\; C\\\\D\ni.X-ABLabel:a\\, b\n");
    out_of(V21(NULL, 0), N "X-MANAGER:Ann\\, or Bea\nX-OTHER:a\\,b\n",
           N "X-MANAGER:Ann, or Bea\nX-OTHER:a\\,b\n");
}

/** A picture in a URI goes to devices as one that is there, and is the store's
 * own when it comes back. */
static void test_data_uris(void **unused)
{
    static const char uri[] = N "PHOTO;VALUE=uri:data:image/jpeg;base64,"
                              "/9j/4AAQ\n";
    static const char inlined[] = N "PHOTO;TYPE=JPEG;ENCODING=b:/9j/4AAQ\n";
    static const char other[] = N "LOGO;VALUE=uri:http://x/data:a.jpg\n"
                                "PHOTO;VALUE=uri:data:,abc\n";
    item_form_t three = form_of(ITEM_FORMAT_VCARD30, NULL, 0);
    item_form_t sif = form_of(ITEM_FORMAT_SIFC, NULL, 0);
    const char *a = wrap("3.0", uri), *b = wrap("3.0", inlined);
    item_text_t in = text_of(a), out;

    out_of(three, uri, inlined);
    out_of(form_of(ITEM_FORMAT_AS_IS, NULL, 0), uri, inlined);
    out_of(V21(NULL, 0), uri,
           N "PHOTO;TYPE=JPEG;ENCODING=BASE64:\n /9j/4AAQ\n");
    out_of(form_of(ITEM_FORMAT_VCARD40, NULL, 0), uri,
           N "PHOTO:data:image/jpeg;base64,/9j/4AAQ\n");
    out_of(three, N "SOUND;X-A=1:data:audio/ogg\\;base64\\,T2dn\n",
           N "SOUND;X-A=1;TYPE=OGG;ENCODING=b:T2dn\n");
    out_of(three, other, other);
    /* Some say twice that it is base64. */
    out_of(three, N "PHOTO;ENCODING=b;TYPE=PNG:data:image/png;base64,iVBOR\n",
           N "PHOTO;TYPE=PNG;ENCODING=b:iVBOR\n");
    out_of(V21(NULL, 0),
           N "PHOTO;VALUE=uri:\\data:image/png\\;bas\\ne\\64\\,iVBO\n",
           N "PHOTO;TYPE=PNG;ENCODING=BASE64:\n iVBO\n");
    assert_int_equal(item_sifc_export(&sif, &in, &out, pool), 0);
    assert_non_null(strstr(out.data, "<Photo>/9j/4AAQ</Photo>"));

    expect(import_like(three, b, a), a);
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", N "PHOTO;TYPE=JPEG;ENCODING=BASE64:\n"
                            " /9j/\n 4AAQ\n\nTEL:1\n"), a),
           wrap("3.0", apr_pstrcat(pool, uri, "TEL:1\n", NULL)));
    expect(import_like(sif, "<contact><LastName>Doe</LastName><FirstName>Jo"
                       "</FirstName><FileAs>Jo Doe</FileAs>"
                       "<Photo>/9j/4AAQ</Photo></contact>", a), a);
    assert_true(item_equal(NULL, a, strlen(a), NULL, b, strlen(b), pool));
    b = wrap("3.0", N "PHOTO;ENCODING=b:data:image/jpeg;base64,/9j/4AAQ\n");
    assert_true(item_equal(NULL, a, strlen(a), NULL, b, strlen(b), pool));
    /* So do phones say it, too. */
    in21(N "PHOTO;VALUE=URL:data:image/gif;base64,R0lG\n",
         N "PHOTO;TYPE=GIF;ENCODING=b:R0lG\n");
}

/** What a device has cut is not shorter than what it has sent. */
static void test_longer_names(void **unused)
{
    item_form_t form = V21(NULL, 0);
    const char *store = wrap("3.0", "FN:Friends of the Botanic Garden "
                             "Saltholm\nTEL:1\n");
    const char *phone = wrap("2.1", "N:Saltholm;Friends of the Botan\n"
                             "TEL:2\n");

    form.n[1].octets = form.n[1].chars = 20;
    expect(import_like(form, phone, store), wrap("3.0", "TEL:2\n"));
    form.n[1].octets = 21;      /* of 20 characters */
    expect(import_like(form, phone, store), wrap("3.0", "TEL:2\n"));
    form.n[1].chars = 21;
    expect(import_like(form, phone, store),
           wrap("3.0", "N:Saltholm;Friends of the Botan\nTEL:2\n"));
    /* One that cuts ends anywhere. */
    phone = wrap("2.1", "N:Saltholm;Friends of the\nTEL:2\n");
    form.n[1].octets = form.n[1].chars = 14;
    expect(import_like(form, phone, store),
           wrap("3.0", "N:Saltholm;Friends of the\nTEL:2\n"));
    form.n[1].cuts = 1;
    expect(import_like(form, phone, store),
           wrap("3.0", "N:Saltholm;Friends of the\nTEL:2\n"));
    phone = wrap("2.1", "N:Saltholm;Friends of the Botanic\nTEL:2\n");
    form.n[1].octets = form.n[1].chars = 22;
    expect(import_like(form, phone, store), wrap("3.0", "TEL:2\n"));
}

/** An N that a device empties beside another FN is gone. */
static void test_emptied(void **unused)
{
    item_form_t form = V21(NULL, 0), sif = form_of(ITEM_FORMAT_SIFC, NULL, 0);
    const char *store = wrap("3.0", N "TEL:1\nORG:Acme\n");

    form.n[0].octets = form.n[0].chars = sif.n[0].octets = sif.n[0].chars = 3;
    expect(import_like(form, wrap("2.1", "N:;;;;\nFN:Taxi\nORG:Acme\n"), store),
           wrap("3.0", "N:;;;;\nFN:Taxi\nORG:Acme\n"));
    expect(import_like(sif, "<contact><FirstName/><LastName/><FileAs>Taxi"
                       "</FileAs></contact>", store),
           wrap("3.0", "FN:Taxi\nN:;;;;\n"));
    /* Not of one that makes FN of something else then, or calls it as before,
     * has none, or never had any. */
    expect(import_like(form, wrap("2.1", "N:;;;;\nFN:Acme\nORG:Acme\n"), store),
           wrap("3.0", "FN:Acme\nORG:Acme\n"));
    expect(import_like(form, wrap("2.1", "N:\nFN:Jo Doe\nORG:Acme\n"), store),
           wrap("3.0", "FN:Jo Doe\nORG:Acme\n"));
    expect(import_like(form, wrap("2.1", "FN:Taxi\nORG:Acme\n"), store),
           wrap("3.0", "FN:Taxi\nORG:Acme\n"));
    /* Nor is one made up beside a card that cannot be read. */
    expect(import_like(form, wrap("2.1", "N:Doe;Jo\nTEL:1\n"),
                       wrap("3.0", N "AGENT:BEGIN:VCARD\nFN:Bo\n")),
           wrap("3.0", "N:Doe;Jo\nTEL:1\n"));
    form.n[0].octets = 0;
    expect(import_like(form, wrap("2.1", "N:;;;;\nFN:Taxi\nORG:Acme\n"), store),
           wrap("3.0", "FN:Taxi\nORG:Acme\n"));
}

/** The same label of two groups, the first of which is gone. */
static void test_labels(void **unused)
{
    const char *store = wrap("3.0", N "a.TEL:1\na.X-ABLabel:Boat\n"
                             "b.URL:http://x/\nb.X-ABLabel:Boat\n");

    expect(import_like(V21(NULL, 0), wrap("2.1", N "B.URL:http://x/\n"
                                          "B.X-ABLABEL:Boat\n"), store),
           wrap("3.0", N "b.URL:http://x/\nb.X-ABLabel:Boat\n"));
}

static char *many(const char *name)
{
    char *text = apr_palloc(pool, 18000 * 40), *w = text;
    int i;

    for (i = 0; i < 18000; i++)
        w += apr_snprintf(w, 40, "%s:%d\n", name, i);
    return text;
}

/** None of which the store has, which is not looked through for each. */
static void test_many_nicknames(void **unused)
{
    clock_t start = clock();

    import_like(V21(NULL, 0), wrap("2.1", apr_pstrcat(
                    pool, N, many("NICKNAME"), NULL)),
                wrap("3.0", apr_pstrcat(pool, N, many("X-A"), NULL)));
    if (clock() - start > CLOCKS_PER_SEC / 2)
        fail_msg("%.2f s", (double)(clock() - start) / CLOCKS_PER_SEC);
}

/** All of them would be held against a long one. */
static void test_many_cut_names(void **unused)
{
    char *name = apr_palloc(pool, 200002), *text = apr_palloc(pool, 500000);
    char *w;
    clock_t start;

    memset(name, 'y', 200000);
    name[200000] = 0;
    w = put_lines(text, apr_pstrcat(pool, "N:Z;", name + 1, "\n", NULL), 1);
    put_lines(w, "FN:a\n", 2000);
    start = clock();
    import_like(V21(NULL, 0), wrap("2.1", text),
                wrap("3.0", apr_pstrcat(pool, "FN:", name, " Z\n", NULL)));
    if (clock() - start > CLOCKS_PER_SEC / 2)
        fail_msg("%.2f s", (double)(clock() - start) / CLOCKS_PER_SEC);
}

/** Likewise numbers. */
static void test_many_numbers(void **unused)
{
    char *number = apr_palloc(pool, 100002), *text = apr_palloc(pool, 3000000);
    char *w = text;
    clock_t start;
    int i;

    memset(number, 'y', 100000);
    number[100000] = 0;
    for (i = 0; i < 16; i++)
        w = put_lines(w, apr_psprintf(pool, "TEL;TYPE=X%d:123456%s\n", i,
                                      number), 1);
    *w = '\0';
    start = clock();
    w = apr_palloc(pool, 200000);
    put_lines(w, "TEL:123456,\n", 5000);
    import_like(V21(NULL, 0), wrap("2.1", w), wrap("3.0", text));
    if (clock() - start > CLOCKS_PER_SEC)
        fail_msg("%.2f s", (double)(clock() - start) / CLOCKS_PER_SEC);
}

/** A word is looked for in a text of which each letter could begin it. */
static void test_capitals(void **unused)
{
    char *data = apr_palloc(pool, 800001);
    item_form_t form = V21(NULL, 0);
    item_text_t in, out;
    clock_t start;

    memset(data, 'A', 800000);
    data[800000] = '\0';
    in = text_of(wrap("3.0", apr_pstrcat(pool, N "PHOTO;ENCODING=b:", data,
                                         "\n", NULL)));
    start = clock();
    assert_int_equal(item_card_export(&form, &in, &out, pool), 0);
    if (clock() - start > CLOCKS_PER_SEC)
        fail_msg("%.2f s", (double)(clock() - start) / CLOCKS_PER_SEC);
}

/** Of each of many older texts it is asked what name was made of it: nothing
 * of that stays. */
static void test_many_made(void **unused)
{
    item_form_t form = V21(NULL, 0);
    item_text_t had = text_of(wrap("3.0", many("TEL"))), is;
    struct rusage before, after;
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, pool);
    getrusage(RUSAGE_SELF, &before);
    for (i = 0; i < 16; i++) {
        is = text_of(wrap("3.0", apr_pstrcat(pool, N, "TEL:1\n", NULL)));
        assert_true(item_card_unmake(&form, &had, &had, &is, p));
    }
    getrusage(RUSAGE_SELF, &after);
    apr_pool_destroy(p);
    assert_true(after.ru_maxrss - before.ru_maxrss < 100 * 1024);
}

/** A word of how a value is written does not come of one that is none. */
static void test_broken_coding(void **unused)
{
    item_form_t form = form_of(ITEM_FORMAT_VCARD30, "Shift_JIS",
                               ITEM_HABIT_NO_EMPTY);

    out_of(form, N "X-A;ENCODING=QUOTED-PRIN\xc3\xbfTABLE:=41\n",
           N "X-A:=41\n");
    expect(import_like(form, wrap("3.0", N "X-A:=41\n"),
                       wrap("3.0", N "X-A;ENCODING=QUOTED-PRIN\xc3\xbfTABLE:"
                            "=41\n")),
           wrap("3.0", N "X-A;ENCODING=QUOTED-PRIN\xc3\xbfTABLE:=41\n"));
    out_of(form, N "X-A;CHARSET=UTF\xc3\xbf-8;X-B=1:a\n", N "X-A;X-B=1:a\n");
}

/** A card that is cut off in another is kept as it came where it can be. */
static void test_cut_off(void **unused)
{
    const char *cut = wrap("3.0", N "AGENT:BEGIN:VCARD\nTEL:1\n");
    item_form_t three = form_of(ITEM_FORMAT_VCARD30, NULL, 0);
    item_form_t two = V21(NULL, 0);
    item_text_t in = text_of(cut), out;

    assert_int_equal(item_card_import(&three, &in, NULL, &out, pool), 0);
    expect(out, cut);
    expect(import_like(three, cut, wrap("3.0", N)), cut);
    assert_int_equal(item_card_import(&two, &in, NULL, &out, pool),
                     ITEM_EMALFORMED);
    assert_null(out.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_nicknames),
        cmocka_unit_test(test_gender),
        cmocka_unit_test(test_known_texts),
        cmocka_unit_test(test_data_uris),
        cmocka_unit_test(test_longer_names),
        cmocka_unit_test(test_emptied),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_many_nicknames),
        cmocka_unit_test(test_many_cut_names),
        cmocka_unit_test(test_many_numbers),
        cmocka_unit_test(test_capitals),
        cmocka_unit_test(test_many_made),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_broken_coding)
    };
    int rv;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    rv = cmocka_run_group_tests_name("item card several", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return rv;
}
