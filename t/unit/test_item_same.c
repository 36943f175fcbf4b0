/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What devices say otherwise, and is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "card_text.h"
#include "item/item_sif.h"

/** What says in which format a picture is, or as what it is written, is none of
 * a user's edits where it is the same picture. */
static void test_pictures(void **unused)
{
    static const char *const stored[] = {
        "PHOTO;ENCODING=b:/9j/4AAQ\n",
        "PHOTO;VALUE=uri:data:image/png\\;base64\\,iVBORw0K\n",
        "X-MS-CARDPICTURE;TYPE=JPEG;ENCODING=b:/9j/4A==\n"
    };
    static const char *const tests[][2] = {
        { "PHOTO;JPEG;ENCODING=BASE64:\n /9j/4AAQ\n\n",
          "PHOTO:data:image/jpeg;base64,/9j/4AAQ\n" },
        { "PHOTO;PNG;ENCODING=BASE64:\n iVBORw0K\n\n",
          "PHOTO:data:image/png;base64,iVBORw0K\n" },
        { "X-MS-CARDPICTURE;ENCODING=BASE64:\n /9j/4A==\n\n",
          "X-MS-CARDPICTURE:data:image/jpeg;base64,/9j/4A==\n" }
    };
    unsigned i;

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        const char *card = wrap("3.0", apr_pstrcat(pool, N "TEL:1\n",
                                                   stored[i], NULL));

        expect(import_like(V21(NULL, 0), wrap("2.1", apr_pstrcat(
                               pool, N "TEL:2\n", tests[i][0], NULL)), card),
               wrap("3.0", apr_pstrcat(pool, N "TEL:2\n", stored[i], NULL)));
        expect(import_like(form_of(ITEM_FORMAT_VCARD40, NULL, 0),
                           wrap("4.0", apr_pstrcat(pool, N "TEL:2\n",
                                                   tests[i][1], NULL)), card),
               wrap("3.0", apr_pstrcat(pool, N "TEL:2\n", stored[i], NULL)));
    }
}

/** A phone writes a backslash and an n of a text as it writes the end of a
 * line. */
static void test_backslash_n(void **unused)
{
    static const char stored[] = "NOTE:two\\\\nlines\n";

    expect(import_like(V21(NULL, 0),
                       wrap("2.1", N "TEL:2\nNOTE:two\\nlines\n"),
                       wrap("3.0", apr_pstrcat(pool, N, stored, "TEL:1\n",
                                               NULL))),
           wrap("3.0", apr_pstrcat(pool, N "TEL:2\n", stored, NULL)));
    expect(import_like(V21(NULL, 0), wrap("2.1", N "NOTE:one\\ntwo\n"),
                       wrap("3.0", N "NOTE:two\n")),
           wrap("3.0", N "NOTE:one\\ntwo\n"));
}

/** An empty part at the end says nothing. */
static void test_gender(void **unused)
{
    expect(import_like(form_of(ITEM_FORMAT_VCARD40, NULL, 0),
                       wrap("4.0", N "GENDER:M;\nTEL:2\n"),
                       wrap("3.0", N "GENDER:M\nTEL:1\n")),
           wrap("3.0", N "GENDER:M\nTEL:2\n"));
}

/** A calendar that does not say who wrote it stays so on a device of SIF. */
static void test_no_prodid(void **unused)
{
    item_form_t form = form_of(ITEM_FORMAT_SIFT, NULL, 0);
    item_text_t in = text_of("<task><Subject>b</Subject></task>"), out;
    item_text_t like = text_of("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                               "BEGIN:VTODO\r\nSUMMARY:a\r\nEND:VTODO\r\n"
                               "END:VCALENDAR\r\n");

    assert_int_equal(item_sif_import(&form, &in, &like, &out, pool), 0);
    assert_null(strstr(apr_pstrmemdup(pool, out.data, out.len), "PRODID"));
    assert_int_equal(item_sif_import(&form, &in, NULL, &out, pool), 0);
    assert_non_null(strstr(apr_pstrmemdup(pool, out.data, out.len),
                           "PRODID"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_backslash_n),
        cmocka_unit_test(test_gender),
        cmocka_unit_test(test_no_prodid)
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
