/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Which gateway takes which number; what SyncMLPushGateway may say; files
 * with credentials.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/credentials.h"
#include "push/route.h"
#include "push_seed.h"

static apr_pool_t *pool;

static const char *const urls[] = { "file:/tmp/a", "file:/tmp/b",
                                    "file:/tmp/c", "file:/tmp/d" };

static int all_reached;

static int reaches(const gateway_t *gateway, const gateway_message_t *message)
{
    return all_reached;
}

/* The names of the routes for a number, with blanks between them. */
static const char *chosen(const apr_array_header_t *routes,
                          const char *number)
{
    gateway_message_t m = { .to = number };
    int out[ROUTE_MAX], n = route_choose(routes, &m, out, ROUTE_MAX), i;
    const char *names = "";

    for (i = 0; i < n; i++) {
        names = apr_pstrcat(pool, names, i ? " " : "",
            APR_ARRAY_IDX(routes, out[i], route_t *)->name, NULL);
    }
    return names;
}

static void test_prefixes(void **state)
{
    apr_array_header_t *r = seed_route(NULL, "any", urls[0], "", pool);

    seed_route(r, "de", urls[1], "prefix=+49", pool);
    seed_route(r, "mobile", urls[2], "prefix=+4917,+4916", pool);
    seed_route(r, "at", urls[3], "prefix=0043,+41", pool);
    assert_string_equal(chosen(r, "+491701"), "mobile de any");
    assert_string_equal(chosen(r, "+491601"), "mobile de any");
    assert_string_equal(chosen(r, "+49301"), "de any");
    assert_string_equal(chosen(r, "+4366"), "at any");
    assert_string_equal(chosen(r, "+4179"), "at any");
    assert_string_equal(chosen(r, "+33"), "any");
    assert_string_equal(chosen(r, "0170"), "any");
    assert_string_equal(chosen(r, "+4"), "any");
    assert_string_equal(chosen(r, NULL), "");
}

static void test_priority(void **state)
{
    apr_array_header_t *r = seed_route(NULL, "late", urls[0], "priority=11",
                                       pool);

    seed_route(r, "first", urls[1], "priority=1", pool);
    seed_route(r, "middle", urls[2], "", pool);
    seed_route(r, "same", urls[3], "priority=10", pool);
    assert_string_equal(chosen(r, "+49"), "first middle same late");
    /* the longer prefix comes before any priority */
    seed_route(r, "named", urls[0], "priority=100 prefix=+4", pool);
    assert_string_equal(chosen(r, "+49"), "named first middle same late");
}

static void test_no_gateway_for_it(void **state)
{
    apr_array_header_t *r = seed_route(NULL, "de", urls[0], "prefix=+49",
                                       pool);

    assert_string_equal(chosen(r, "+43123"), "");
}

/* What is no SMS needs no number, and says itself whom it reaches. */
static void test_whole(void **state)
{
    apr_array_header_t *r = seed_route(NULL, "sms", urls[0], "", pool);
    route_t *tcp;

    seed_route(r, "free", urls[1], "priority=1", pool);
    tcp = APR_ARRAY_IDX(r, 1, route_t *);
    tcp->gateway->whole = 1;
    tcp->gateway->reaches = reaches;
    all_reached = 1;
    assert_string_equal(chosen(r, "+49170"), "free sms");
    assert_string_equal(chosen(r, NULL), "free");
    all_reached = 0;
    assert_string_equal(chosen(r, "+49170"), "sms");
    assert_string_equal(chosen(r, NULL), "");
    tcp->gateway->reaches = NULL;
    assert_string_equal(chosen(r, NULL), "free");
}

/* ---- settings ------------------------------------------------------------ */

static void refuse(const char *name, const char *url, const char *said,
                   const char *words)
{
    apr_array_header_t *settings = apr_array_make(pool, 4,
                                                  sizeof(const char *));
    char *last, *one, *list = apr_pstrdup(pool, said);
    route_t *route = (route_t *)pool;
    const char *error = NULL;

    for (one = apr_strtok(list, " ", &last); one;
         one = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(settings, const char *) = one;
    }
    assert_int_equal(route_create(&route, name, url, settings, NULL, &error,
                                  pool), APR_EINVAL);
    assert_null(route);
    if (!error || !strstr(error, words)) {
        fail_msg("%s %s: \"%s\" does not say \"%s\"", url, said,
                 error ? error : "(none)", words);
    }
    assert_null(strstr(error, "s3cret"));
}

static void test_settings(void **state)
{
    apr_array_header_t *r = seed_route(NULL, "a-1_b",
        "kannel:http://me:s3cret@127.0.0.1:1",
        "prefix=+49,0043 priority=3 rate=2.5/s parallel=7 price=0.075 "
        "reports=https://sync.example.com/dlr/ from=13013 smsc=one", pool);
    route_t *route = APR_ARRAY_IDX(r, 0, route_t *);

    assert_string_equal(route->name, "a-1_b");
    assert_string_equal(route->label, "a-1_b");
    assert_int_equal(route->prefixes->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(route->prefixes, 1, const char *),
                        "+43");
    assert_int_equal(route->priority, 3);
    assert_true(route->rate > 2.4 && route->rate < 2.6);
    assert_int_equal(route->parallel, 7);
    assert_int_equal(route->price, 750);

    r = seed_route(NULL, NULL, "KANNEL:http://me:s3cret@127.0.0.1:1",
                   "rate=60/min", pool);
    route = APR_ARRAY_IDX(r, 0, route_t *);
    assert_string_equal(route->name, "kannel");
    assert_string_equal(route->label,
                        "kannel:http://127.0.0.1:1/cgi-bin/sendsms");
    assert_int_equal(route->priority, ROUTE_PRIORITY);
    assert_int_equal(route->price, -1);
    assert_true(route->rate > 0.9 && route->rate < 1.1);
}

static void test_settings_refused(void **state)
{
    static const char kannel[] = "kannel:http://me:s3cret@h";

    refuse("Big", kannel, "", "\"Big\" is no name");
    refuse("", kannel, "", "is no name");
    refuse("abcdefghijklmnopqrstuvwxyz0123456", kannel, "", "is no name");
    /* what mod_status calls those without an SMS */
    refuse("tcp", kannel, "", "right is another name, such as sms-tcp");
    refuse("held", kannel, "", "right is another name, such as sms-held");
    refuse("x", "nothing:", "", "no such gateway");
    refuse("x", kannel, "s3cret", "argument 1 after the URL is no key=value");
    refuse("x", kannel, "=s3cret", "argument 1 after");
    refuse("x", kannel, "prefix=", "at least one prefix");
    refuse("x", kannel, "prefix=49a", "prefix=+49,+43");
    refuse("x", kannel, "prefix=+", "prefix=+49,+43");
    refuse("x", kannel, "prefix=+12345678901234567", "prefix=+49,+43");
    refuse("x", kannel, "priority=0", "from 1 (the first) to 100");
    refuse("x", kannel, "priority=101", "from 1 (the first) to 100");
    refuse("x", kannel, "priority=-1", "from 1 (the first) to 100");
    refuse("x", kannel, "rate=0", "rate=10/s");
    refuse("x", kannel, "rate=-1", "rate=10/s");
    refuse("x", kannel, "rate=fast", "rate=10/s");
    refuse("x", kannel, "rate=1/day", "rate=10/s");
    refuse("x", kannel, "rate=nan", "rate=10/s");
    refuse("x", kannel, "rate=1e9", "rate=10/s");
    refuse("x", kannel, "parallel=0", "from 1 to 1024");
    refuse("x", kannel, "parallel=1025", "from 1 to 1024");
    refuse("x", kannel, "price=a", "price=0.075");
    refuse("x", kannel, "price=0.12345", "price=0.075");
    refuse("x", kannel, "price=1001", "price=0.075");
    refuse("x", kannel, "reports=sync.example.com", "SetHandler syncml-dlr");
    refuse("x", kannel, "reports=http://h/?a", "SetHandler syncml-dlr");
    refuse("x", kannel, "colour=red", "no setting \"colour\"");
    refuse("x", kannel, "from=a from=b", "from= is said twice");
    refuse("x", kannel, "ca=/nowhere/ca.pem", "/nowhere/ca.pem: No such");
    refuse("x", "file:/tmp/a", "user=me", "it has none of its own");
}

/* ---- credentials --------------------------------------------------------- */

static const char *put_file(const char *text, mode_t mode)
{
    static char path[40];
    FILE *f;
    int fd;

    strcpy(path, "/tmp/test_route.XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static void test_credentials(void **state)
{
    apr_table_t *t = apr_table_make(pool, 2);
    const char *path = put_file("# mine\n\n user = me \npassword=s3 =c#ret \n",
                                0600);

    assert_null(credentials_read(t, path, pool));
    assert_string_equal(apr_table_get(t, "user"), "me");
    assert_string_equal(apr_table_get(t, "password"), "s3 =c#ret");
    seed_route(NULL, "x", "kannel:http://127.0.0.1:1",
               apr_pstrcat(pool, "credentials=", path, NULL), pool);
    unlink(path);
    refuse("x", "kannel:http://h", apr_pstrcat(pool, "credentials=", path,
                                               NULL), "No such file");
}

static void bad_credentials(const char *text, mode_t mode, const char *words)
{
    apr_table_t *t = apr_table_make(pool, 2);
    const char *path = put_file(text, mode);
    const char *wrong = credentials_read(t, path, pool);

    unlink(path);
    assert_non_null(wrong);
    if (!strstr(wrong, words)) {
        fail_msg("\"%s\" does not say \"%s\"", wrong, words);
    }
    assert_null(strstr(wrong, "s3cret"));
}

static void test_credentials_refused(void **state)
{
    char *big = malloc(9001);
    apr_table_t *t = apr_table_make(pool, 2);
    int i;

    bad_credentials("user = me\n", 0640, "chmod 0600");
    bad_credentials("user = me\n", 0604, "chmod 0600");
    bad_credentials("user = me\ns3cret\n", 0600, "line 2 is no");
    bad_credentials("= s3cret\n", 0600, "line 1 is no");
    bad_credentials("a = s3cret\na = s3cret\n", 0600, "line 2: a is said");
    memset(big, '#', 9000);
    big[9000] = '\0';
    bad_credentials(big, 0600, "more than 8192 octets");
    for (i = 0; i < 40; i++) {
        sprintf(big + i * 6, "k%02d=1\n", i);
    }
    bad_credentials(big, 0600, "more than 32 keys");
    free(big);
    assert_non_null(strstr(credentials_read(t, "/tmp", pool),
                           "no ordinary file"));
    if (geteuid() == 0) {
        const char *path = put_file("a=b\n", 0600);

        assert_int_equal(chown(path, 12345, 0), 0);
        assert_non_null(strstr(credentials_read(t, path, pool),
                               "chown root"));
        unlink(path);
    }
}

static void test_price(void **state)
{
    apr_int64_t n;

    assert_int_equal(route_price(&n, "0"), APR_SUCCESS);
    assert_int_equal(n, 0);
    assert_int_equal(route_price(&n, "1"), APR_SUCCESS);
    assert_int_equal(n, 10000);
    assert_int_equal(route_price(&n, "0.0001"), APR_SUCCESS);
    assert_int_equal(n, 1);
    assert_int_equal(route_price(&n, "12.5"), APR_SUCCESS);
    assert_int_equal(n, 125000);
    assert_int_equal(route_price(&n, "1000"), APR_SUCCESS);
    assert_int_equal(route_price(&n, "1000.1"), APR_EINVAL);
    assert_int_equal(route_price(&n, "99999999999999999999999"), APR_EINVAL);
    assert_int_equal(route_price(&n, ""), APR_EINVAL);
    assert_int_equal(route_price(&n, ".5"), APR_EINVAL);
    assert_int_equal(route_price(&n, "1,5"), APR_EINVAL);
    assert_int_equal(route_price(&n, "-1"), APR_EINVAL);
    assert_int_equal(n, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_no_gateway_for_it),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_settings_refused),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_credentials_refused),
        cmocka_unit_test(test_price),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
