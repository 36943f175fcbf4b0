/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The line reader, times and recurrences, and the summaries for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_lines.h"
#include "item/item_time.h"

static apr_pool_t *pool;

/* ---- lines --------------------------------------------------------------- */

/** Lines as "group|name|param=value,...|value", one per row. */
static const char *dump(const char *data, apr_size_t len)
{
    const char *all = "";
    item_reader_t reader;
    item_line_t line;
    int i;

    assert_int_equal(item_reader_init(&reader, data, len, pool),
                     APR_SUCCESS);
    while (item_reader_next(&reader, &line) == APR_SUCCESS) {
        const char *params = "";

        for (i = 0; i < line.nparams; i++)
            params = apr_psprintf(pool, "%s[%.*s=%.*s]", params,
                                  (int)line.params[i].name.len,
                                  line.params[i].name.s,
                                  (int)line.params[i].value.len,
                                  line.params[i].value.s);
        all = apr_psprintf(pool, "%s%.*s|%.*s|%s|%.*s%s\n", all,
                           (int)line.group.len,
                           line.group.s ? line.group.s : "",
                           (int)line.name.len, line.name.s, params,
                           (int)line.value.len, line.value.s,
                           line.junk ? "|junk" : "");
    }
    return all;
}

static void check_lines(const char *text, const char *want)
{
    char exact[200];
    apr_size_t len = strlen(text);

    assert_true(len < sizeof(exact));
    memcpy(exact, text, len);
    memset(exact + len, ';', sizeof(exact) - len);
    assert_string_equal(dump(exact, len), want);
}

static void test_lines(void **state)
{
    check_lines("", "");
    check_lines("\r\n \r\n\t\n", "");
    check_lines("FN:a", "|FN||a\n");
    check_lines("FN:a\r\nN:b\nX:c\rY:d\r\r\nZ:e",
                "|FN||a\n|N||b\n|X||c\n|Y||d\n|Z||e\n");
    check_lines("FN:\n", "|FN||\n");
    check_lines("FN:a:b;c\n", "|FN||a:b;c\n");
    check_lines("item1.TEL:5\n", "item1|TEL||5\n");
    check_lines("a.b.TEL:5\n", "a|b.TEL||5\n");
    /* A line that is written again begins with neither dot nor space. */
    check_lines("...TEL:5\n. .TEL:6\n", "|TEL||5\n|TEL||6\n");
    check_lines("a..b:5\n", "a|.b||5\n");
    check_lines("URL:http://x.org/\n", "|URL||http://x.org/\n");
    check_lines("\xef\xbb\xbf" "FN:a\n", "|FN||a\n");
    check_lines("no colon here\nFN:a\n", "|||no colon here|junk\n|FN||a\n");
}

static void test_folding(void **state)
{
    check_lines("NOTE:a\r\n b\r\n\tc\n  d\r e\n", "|NOTE||abc de\n");
    check_lines("NO\r\n TE;X\r\n =y:\r\n z\r\n", "|NOTE|[X=y]|z\n");
    check_lines("NOTE:a\r\n \r\n b\r\n", "|NOTE||ab\n");
    check_lines("NOTE:\xc3\r\n \xa4\r\n", "|NOTE||\xc3\xa4\n");
    check_lines(" a fold of nothing:x\n", "|a fold of nothing||x\n");
    /* A blank line ends a line; what follows is no continuation of it. */
    check_lines("NOTE:a\r\n\r\n b:c\r\n", "|NOTE||a\n|b||c\n");
}

static void test_params(void **state)
{
    item_span_t rest = { "a,\"b,c\" ,, d", 12 }, value;
    item_reader_t reader;
    item_line_t line;
    const char *text = "T;TYPE=x:1\n";

    check_lines("TEL;CELL:1\n", "|TEL|[=CELL]|1\n");
    check_lines("TEL;TYPE=a,b;type=c:1\n", "|TEL|[TYPE=a,b][type=c]|1\n");
    check_lines("A;CN=\"x;y:z\":1\n", "|A|[CN=\"x;y:z\"]|1\n");
    check_lines("A;CN=\"x;y:z\n", "|A|[CN=\"x][=y]|z\n");     /* lone quote */
    check_lines("A;;B= ;=c;D:1\n", "|A|[B=][=c][=D]|1\n");
    check_lines("A ; B = c : 1\n", "|A|[B=c]| 1\n");
    check_lines("A;B\n", "|||A;B|junk\n");
    check_lines("A;X=a=b:1\n", "|A|[X=a=b]|1\n");

    assert_true(item_param_value(&rest, &value));
    assert_true(item_span_is(value, "a"));
    assert_true(item_param_value(&rest, &value));
    assert_true(item_span_is(value, "b,c"));
    assert_true(item_param_value(&rest, &value));
    assert_int_equal(value.len, 0);
    assert_true(item_param_value(&rest, &value));
    assert_true(item_span_is(value, "D"));
    assert_false(item_param_value(&rest, &value));

    assert_int_equal(item_reader_init(&reader, text, strlen(text), pool), 0);
    assert_int_equal(item_reader_next(&reader, &line), 0);
    assert_non_null(item_line_param(&line, "TYPE"));
    assert_null(item_line_param(&line, "TYP"));
    assert_int_equal(item_reader_next(&reader, &line), APR_EOF);
    assert_int_equal(item_reader_next(&reader, &line), APR_EOF);
}

/* ---- times --------------------------------------------------------------- */

static item_span_t span(const char *s)
{
    item_span_t result;

    result.s = s;
    result.len = strlen(s);
    return result;
}

static void check_time(const char *text, const char *zone, const char *want)
{
    item_time_t t;
    int ok = item_time_parse(&t, span(text), span(zone));

    if (ok != (want != NULL)
        || (ok && strcmp(item_time_canon(&t, pool), want)))
        fail_msg("%s: %s", text, ok ? item_time_canon(&t, pool) : "none");
}

static void test_times(void **state)
{
    check_time("20200229", "", "20200229");
    check_time(" 2020-02-29 ", "", "20200229");
    check_time("20200229T235959", "", "20200229T235959");
    check_time("2020-02-29T23:59:59Z", "", "20200229T235959Z");
    check_time("20200229T240000Z", "", "20200301T000000Z");
    check_time("20200229T100000", "Europe/Berlin",
               "20200229T100000@europe/berlin");
    check_time("20200229T100000", "/a.org/x/Europe/Berlin",
               "20200229T100000@europe/berlin");
    check_time("20200229T100000", "UTC", "20200229T100000Z");
    check_time("20200229T100000Z", "Europe/Berlin", "20200229T100000Z");
    check_time("00010101", "", "00010101");
    check_time("16010101T000000Z", "", "16010101T000000Z");
    check_time("99991231T235959", "", "99991231T235959");
    check_time("20190229", "", NULL);
    check_time("20200000", "", NULL);
    check_time("20201301", "", NULL);
    check_time("2020", "", NULL);
    check_time("", "", NULL);
    check_time("20200229T", "", NULL);
    check_time("20200229T1000", "", NULL);
    check_time("20200229T250000", "", NULL);
    check_time("20200229T100000Zx", "", NULL);
    check_time("20200229 100000", "", NULL);
}

/* Against counting day by day, over leap years and a century. */
static void test_civil(void **state)
{
    apr_int64_t days = item_civil_days(1583, 1, 1);
    int y, m, d, cy, cm, cd;

    assert_int_equal(item_civil_days(1970, 1, 1), 0);
    assert_int_equal(item_civil_days(2000, 3, 1), 11017);
    assert_int_equal(item_civil_days(1969, 12, 31), -1);
    for (y = 1583; y <= 2405; y++)
        for (m = 1; m <= 12; m++)
            for (d = 1; d <= item_civil_month_days(y, m); d++, days++) {
                item_civil_from_days(days, &cy, &cm, &cd);
                if (item_civil_days(y, m, d) != days || cy != y || cm != m
                    || cd != d)
                    fail_msg("%04d-%02d-%02d", y, m, d);
            }
}

static void check_duration(const char *text, int ok, apr_int64_t want)
{
    apr_int64_t secs;

    if (item_duration_parse(span(text), &secs) != ok || (ok && secs != want))
        fail_msg("%s", text);
}

static void test_durations(void **state)
{
    check_duration("PT15M", 1, 900);
    check_duration("-PT15M", 1, -900);
    check_duration("+P1W", 1, 604800);
    check_duration("P1DT2H3M4S", 1, 93784);
    check_duration("PT0S", 1, 0);
    check_duration("pt1h", 1, 3600);
    check_duration("P99999999999D", 0, 0);
    check_duration("P", 0, 0);
    check_duration("PT", 0, 0);
    check_duration("P1", 0, 0);
    check_duration("PT1D", 0, 0);
    check_duration("P1H", 0, 0);
    check_duration("15M", 0, 0);
    check_duration("", 0, 0);
    check_duration("20200101T100000Z", 0, 0);
}

static void check_rule(const char *rule, const char *start, const char *want)
{
    const char *canon;
    item_time_t t;

    item_time_parse(&t, span(start), span(""));
    canon = item_rrule_canon(span(rule), &t, pool);
    if (strcmp(canon, want))
        fail_msg("%s from %s: %s", rule, start, canon);
}

static void test_rules(void **state)
{
    check_rule("freq=weekly;wkst=su;interval=1;byday=tu,mo", "20200115",
               "BYDAY=MO,TU;FREQ=WEEKLY");
    check_rule("FREQ=DAILY;COUNT=1", "20200115", "END=20200115;FREQ=DAILY");
    check_rule("FREQ=DAILY;COUNT=3", "20200228", "END=20200301;FREQ=DAILY");
    check_rule("FREQ=DAILY;COUNT=3", "", "COUNT=3;FREQ=DAILY");
    check_rule("FREQ=WEEKLY;BYDAY=WE;COUNT=3", "20200115",
               "END=20200129;FREQ=WEEKLY");
    check_rule("FREQ=MONTHLY;COUNT=3", "20200131",
               "END=20200531;FREQ=MONTHLY");
    check_rule("FREQ=MONTHLY;BYDAY=2TU,4TU;COUNT=4", "20200114",
               "BYDAY=2TU,4TU;END=20200225;FREQ=MONTHLY");
    check_rule("FREQ=MONTHLY;BYDAY=-2MO;COUNT=2", "20200101",
               "BYDAY=-2MO;END=20200217;FREQ=MONTHLY");
    check_rule("FREQ=YEARLY;COUNT=2", "20200229", "END=20240229;FREQ=YEARLY");
    check_rule("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=2", "20200329",
               "BYDAY=-1SU;BYMONTH=3;END=20210328;FREQ=YEARLY");
    check_rule("FREQ=DAILY;UNTIL=20200201T120000Z", "20200115",
               "END=20200201;FREQ=DAILY");
    check_rule("FREQ=DAILY;UNTIL=nonsense", "20200115",
               "FREQ=DAILY;UNTIL=NONSENSE");
    check_rule("FREQ=DAILY;COUNT=0", "20200115", "COUNT=0;FREQ=DAILY");
    check_rule("FREQ=DAILY;COUNT=x", "20200115", "COUNT=X;FREQ=DAILY");
    check_rule("FREQ=DAILY;INTERVAL=0;COUNT=2", "20200115",
               "COUNT=2;FREQ=DAILY;INTERVAL=0");
    check_rule("FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31;COUNT=2", "20200415",
               "BYMONTH=4;BYMONTHDAY=31;COUNT=2;FREQ=YEARLY");
    check_rule("FREQ=WEEKLY;BYDAY=XX;COUNT=2", "20200115",
               "BYDAY=XX;COUNT=2;FREQ=WEEKLY");
    check_rule("FREQ=SECONDLY;BYSECOND=1,0;COUNT=2", "20200115",
               "BYSECOND=0,1;COUNT=2;FREQ=SECONDLY");
    check_rule("", "20200115", "");
    check_rule(";;;", "20200115", "");
    check_rule("nonsense", "20200115", "NONSENSE");
}

/* ---- summaries ----------------------------------------------------------- */

static void check_summary(const char *type, const char *data, apr_size_t max,
                          const char *want)
{
    assert_string_equal(item_summary(type, data, strlen(data), max, pool),
                        want);
}

#define CARD(body)  "BEGIN:VCARD\r\nVERSION:3.0\r\n" body "END:VCARD\r\n"
#define EVENT(body) "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nDTSTART:1\r\n" \
                    "END:VTIMEZONE\r\nBEGIN:VEVENT\r\n" body \
                    "END:VEVENT\r\nEND:VCALENDAR\r\n"

static void test_summaries(void **state)
{
    check_summary(NULL, CARD("N:Doe;John\r\nFN:John\\, D\r\n"), 40,
                  "John, D");
    check_summary(NULL, CARD("N:Doe;John;Q;Dr.;Jr.\r\nFN:\r\n"), 40,
                  "Dr. John Q Doe Jr.");
    check_summary(NULL, CARD("N:;;;;\r\nORG:Acme;Dept\r\n"), 40, "Acme Dept");
    check_summary(NULL, CARD("TEL:5\r\nEMAIL:a@b\r\n"), 40, "a@b");
    check_summary(NULL, CARD("FN:abcdef\r\n"), 3, "abc");
    check_summary(NULL, CARD("FN:abcdef\r\n"), 0, "");
    check_summary(NULL, CARD("FN:\xc3\xa4\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80"
                             "z\r\n"), 4,
                  "\xc3\xa4\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80");
    check_summary(NULL, CARD("FN:a\xff\xc3z\xed\xa0\x80\r\n"), 40,
                  "a??z???");
    check_summary(NULL, CARD("FN:a\\n\x1b[31m b\xc2\x9b\r\n"), 40,
                  "a [31m b");
    check_summary(NULL, EVENT("BEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\n"
                              "SUMMARY:yes\r\n"), 40, "yes");
    check_summary(NULL, EVENT("DTSTART:20200101T100000Z\r\n"), 40,
                  "20200101T100000Z");
    check_summary("text/plain", "\n\n  Title \r\nBody", 40, "Title");
    check_summary("text/plain", "", 40, "");
    check_summary("text/plain", " \n ", 40, "");
    check_summary("text/x-unknown", "<a>\nb", 40, "<a>");
    check_summary("text/vcard", "not a card", 40, "not a card");
    assert_string_equal(item_summary(NULL, NULL, 0, 10, pool), "");
}

static int setup(void **state)
{
    apr_pool_create(&pool, NULL);
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines), TEST(test_folding), TEST(test_params),
        TEST(test_times), TEST(test_civil), TEST(test_durations),
        TEST(test_rules), TEST(test_summaries)
    };
    int rv;

    apr_initialize();
    rv = cmocka_run_group_tests_name("item lines", tests, NULL, NULL);
    apr_terminate();
    return rv;
}
