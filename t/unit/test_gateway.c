/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Gateways: URLs, what Kannel's answers mean, the file: driver.
 */
#include <dirent.h>
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

#include "gateway_link.h"
#include "push/gateway_driver.h"

static apr_pool_t *pool;

/* ---- URLs ---------------------------------------------------------------- */

static gateway_t *parse(const char *url, const char *name)
{
    gateway_t *gw;
    const char *error = NULL;

    assert_int_equal(gateway_parse(&gw, url, &error, pool), APR_SUCCESS);
    assert_null(error);
    assert_string_equal(gw->name, name);
    return gw;
}

static void refuse(const char *url, const char *words)
{
    gateway_t *gw = (gateway_t *)pool;
    const char *error = NULL;

    assert_int_equal(gateway_parse(&gw, url, &error, pool), APR_EINVAL);
    assert_null(gw);
    assert_non_null(error);
    if (!strstr(error, words)) {
        fail_msg("%s: \"%s\" does not say \"%s\"", url, error, words);
    }
    assert_null(strstr(error, "s3cret"));
}

static void test_urls(void **state)
{
    gateway_t *gw;

    gw = parse("kannel:http://me:s3cret@127.0.0.1:13013/cgi-bin/sendsms",
               "kannel:http://127.0.0.1:13013/cgi-bin/sendsms");
    assert_null(gw->directory);
    assert_false(gw->wants_meaning);
    parse("kannel:https://me:s3cret@sms.example.com/x",
          "kannel:https://sms.example.com/x");
    parse("KANNEL:http://me:p%40ss%2F@[::1]:80",
          "kannel:http://[::1]:80/cgi-bin/sendsms");
    parse("kannel:http://me:s3cret@localhost:1/",
          "kannel:http://localhost:1/cgi-bin/sendsms");
    gw = parse("file:/var/spool/sms//", "file:/var/spool/sms");
    assert_string_equal(gw->directory, "/var/spool/sms");
    assert_true(gw->wants_meaning);
}

static void test_urls_refused(void **state)
{
    refuse("", "no such gateway");
    refuse("http://me:s3cret@h/", "kannel:http://user:password@host");
    refuse("smpp://me:s3cret@h/", "or file:/directory");
    refuse("kannel:", "no HTTP URL");
    refuse("kannel:me:s3cret@h", "no HTTP URL");
    refuse("kannel:ftp://me:s3cret@h/", "one of http or https");
    refuse("kannel:file:///etc/passwd", "one of http or https");
    refuse("kannel:http://h/cgi-bin/sendsms", "user and password");
    refuse("kannel:http://me@h/", "user and password");
    refuse("kannel:http://:s3cret@h/", "user and password");
    refuse("kannel:http://me:@h/", "user and password");
    refuse("kannel:http://me:s3cret%0d%0aX-Kannel-To:%201@h/",
           "user and password");
    refuse("kannel:http://me:s3cret%7f@h/", "user and password");
    refuse("kannel:http://me:s3cret%20@h/", "user and password");
    refuse("kannel:http://me:s3cret@h/x?to=1", "end with the path");
    refuse("kannel:http://me:s3cret@h/x#1", "end with the path");
    refuse("kannel:http://me:s3cret@h:99999/", "no HTTP URL");
    refuse("file:", "absolute");
    refuse("file:sms", "absolute");
    refuse("file:/", "absolute");
}

/* ---- what answers mean --------------------------------------------------- */

static void classify(int status, const char *body, gateway_result_e result,
                     const char *words)
{
    gateway_answer_t answer;

    memset(&answer, 'x', sizeof answer);
    gateway_kannel_classify(status, body, strlen(body), &answer);
    assert_int_equal(answer.status, status);
    if (answer.result != result || !strstr(answer.words, words)) {
        fail_msg("%d %s: %s, %s", status, body,
                 gateway_result_name(answer.result), answer.words);
    }
}

static void test_kannel_answers(void **state)
{
    classify(202, "0: Accepted for delivery", GATEWAY_ACCEPTED, "0: Acc");
    classify(202, "3: Queued for later delivery", GATEWAY_ACCEPTED, "3: Qu");
    classify(202, "Sent. Message splits: 2", GATEWAY_ACCEPTED, "Sent.");
    classify(403, "Authorization failed for sendsms", GATEWAY_REFUSED,
             "password");
    classify(403, "Not routable. Do not try again.", GATEWAY_TEMPORARY,
             "no SMSC");
    classify(503, "Temporal failure, try again later.", GATEWAY_TEMPORARY,
             "Temporal failure");
    classify(500, "Sending failed.", GATEWAY_TEMPORARY, "Sending failed.");
    classify(400, "Missing receiver number, rejected", GATEWAY_REJECTED,
             "Missing receiver");
    classify(400, "Number(s) has/have been denied by white- and/or "
             "black-lists.", GATEWAY_REJECTED, "denied");
    classify(404, "Unknown request.", GATEWAY_REFUSED, "not that of sendsms");
}

static void test_other_answers(void **state)
{
    classify(200, "0: Accepted for delivery", GATEWAY_TEMPORARY,
             "not an answer of Kannel's");
    classify(200, "<html>Log in to the hotel's network</html>",
             GATEWAY_TEMPORARY, "not an answer of Kannel's");
    classify(202, "<html>0: Accepted</html>", GATEWAY_TEMPORARY,
             "not an answer of Kannel's");
    /* Kannel says 202 of what it has taken, and of nothing else. */
    classify(202, "1: Something new", GATEWAY_UNANSWERED, "counts as sent");
    classify(202, "", GATEWAY_UNANSWERED, "counts as sent");
    classify(200, "", GATEWAY_TEMPORARY, "empty answer");
    classify(504, "<html>Gateway Time-out</html>", GATEWAY_UNANSWERED,
             "no answer of the gateway");
    classify(400, "<html>Bad Request</html>", GATEWAY_TEMPORARY,
             "not an answer");
    classify(400, "", GATEWAY_TEMPORARY, "empty answer");
    classify(401, "<html>", GATEWAY_REFUSED, "password");
    classify(403, "<html>Forbidden</html>", GATEWAY_REFUSED, "password");
    classify(407, "", GATEWAY_REFUSED, "password");
    classify(302, "", GATEWAY_REFUSED, "redirects");
    classify(405, "", GATEWAY_REFUSED, "not that of sendsms");
    classify(502, "<html>Bad Gateway</html>", GATEWAY_TEMPORARY,
             "not an answer");
    classify(429, "Slow down", GATEWAY_TEMPORARY, "Slow down");
}

static void test_binary_answer(void **state)
{
    static const char body[] = "0:\0\x01\xFF" "Acc\r\n\r\nepted";
    gateway_answer_t answer;

    gateway_kannel_classify(202, body, sizeof body - 1, &answer);
    assert_int_equal(answer.result, GATEWAY_TEMPORARY);
    assert_string_equal(answer.words, "not an answer of Kannel's sendsms "
                        "(0: Acc epted)");
    gateway_words(&answer, "\n \x80 ", 4);
    assert_string_equal(answer.words, "");
}

static void test_long_answer(void **state)
{
    char body[4096];
    gateway_answer_t answer;

    memset(body, 'x', sizeof body);
    gateway_kannel_classify(500, body, sizeof body, &answer);
    assert_int_equal(answer.result, GATEWAY_TEMPORARY);
    assert_in_range(strlen(answer.words), 100, GATEWAY_MAX_WORDS - 1);
}

/* ---- file: --------------------------------------------------------------- */

static char *slurp(const char *path)
{
    char buf[4096] = "";
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    buf[fread(buf, 1, sizeof buf - 1, f)] = '\0';
    fclose(f);
    return apr_pstrdup(pool, buf);
}

static void test_file(void **state)
{
    char dir[] = "/tmp/test_gateway.XXXXXX";
    outcome_t first, second;
    gateway_link_t *link;
    struct dirent **names;
    struct stat st;
    char *path;

    assert_non_null(mkdtemp(dir));
    link = open_link(parse(apr_pstrcat(pool, "file:", dir, NULL),
                           apr_pstrcat(pool, "file:", dir, NULL)), 2, 0, pool);
    send_and_wait(link, &first, pool);
    send_and_wait(link, &second, pool);
    assert_int_equal(first.answer.result, GATEWAY_ACCEPTED);
    assert_int_equal(second.answer.result, GATEWAY_ACCEPTED);
    /* two files and no others, in the order of sending */
    assert_int_equal(scandir(dir, &names, NULL, alphasort), 4);
    assert_string_equal(names[2]->d_name, first.answer.words);
    assert_string_equal(names[3]->d_name, second.answer.words);
    path = apr_pstrcat(pool, dir, "/", names[2]->d_name, NULL);
    assert_string_equal(slurp(path),
                        "To: +491701234567\n"
                        "UDH: 0605040B8423F0\n"
                        "Data: 010603CEAF85000A0D252BFF\n"
                        "\n"
                        "Notification: x\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0444, 0444);
    unlink(path);
    unlink(apr_pstrcat(pool, dir, "/", names[3]->d_name, NULL));
    while (names[0]) {
        free(names[0]);
        names[0] = names[1], names[1] = names[2], names[2] = names[3];
        names[3] = NULL;
    }
    free(names);

    /* a directory that went away is for an admin; when it is back, so is
     * the gateway */
    assert_int_equal(rmdir(dir), 0);
    send_and_wait(link, &first, pool);
    assert_int_equal(first.answer.result, GATEWAY_REFUSED);
    assert_non_null(strstr(first.answer.words, "No such file"));
    assert_int_equal(mkdir(dir, 0700), 0);
    send_and_wait(link, &first, pool);
    assert_int_equal(first.answer.result, GATEWAY_ACCEPTED);
    unlink(apr_pstrcat(pool, dir, "/", first.answer.words, NULL));
    assert_int_equal(rmdir(dir), 0);
    gateway_close(&link);
    assert_null(link);
}

/* A file that cannot be made, for another reason than a missing right. */
static void test_file_fails(void **state)
{
    outcome_t outcome;
    gateway_link_t *link = open_link(parse("file:/proc/self",
                                           "file:/proc/self"), 1, 0, pool);

    send_and_wait(link, &outcome, pool);
    assert_int_not_equal(outcome.answer.result, GATEWAY_ACCEPTED);
    assert_int_not_equal(outcome.answer.words[0], 0);
    gateway_close(&link);
}

static void test_file_abort(void **state)
{
    gateway_message_t m = message(0, pool);
    outcome_t a = { 0 }, b = { 0 };
    gateway_link_t *link = open_link(parse("file:/nowhere", "file:/nowhere"),
                                     2, 0, pool);

    gateway_send(link, &m, &a);
    gateway_send(link, &m, &b);
    assert_int_equal(gateway_room(link), 0);
    gateway_abort(link);
    assert_int_equal(a.answer.result, GATEWAY_NOT_TRIED);
    assert_int_equal(b.answer.result, GATEWAY_NOT_TRIED);
    gateway_close(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_urls_refused),
        cmocka_unit_test(test_kannel_answers),
        cmocka_unit_test(test_other_answers),
        cmocka_unit_test(test_binary_answer),
        cmocka_unit_test(test_long_answer),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_fails),
        cmocka_unit_test(test_file_abort),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
