/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Gateways by a template: what a file may say, how messages are written, what
 * answers mean; and the templates of conf/gateways, as shipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "push/gateway_spool.h"
#include "push/gateway_template.h"

#define TOKEN  "0123456789abcdef0123456789abcdef"
#define TAIL   "\naccepted = 200\n"

static apr_pool_t *pool;

/* Settings from "key=value key=value". */
static gateway_settings_t *settings(const char *said)
{
    gateway_settings_t *s = apr_pcalloc(pool, sizeof *s);
    apr_table_t *values = apr_table_make(pool, 4);
    char *last, *one, *list = apr_pstrdup(pool, said);

    for (one = apr_strtok(list, " ", &last); one;
         one = apr_strtok(NULL, " ", &last)) {
        char *equals = strchr(one, '=');

        *equals = '\0';
        apr_table_set(values, one, equals + 1);
    }
    s->reports = "http://s/dlr";
    s->values = values;
    return s;
}

static template_t *parse(const char *text, const char *said)
{
    const char *error = "";
    template_t *t;

    if (template_parse(&t, text, "x.conf", settings(said), &error, pool)
        != APR_SUCCESS) {
        fail_msg("%s", error);
    }
    return t;
}

static void refuse(const char *text, const char *said, const char *words)
{
    const char *error = NULL;
    template_t *t = (template_t *)pool;

    assert_int_equal(template_parse(&t, text, "x.conf", settings(said),
                                    &error, pool), APR_EINVAL);
    assert_null(t);
    assert_non_null(error);
    if (!strstr(error, words)) {
        fail_msg("\"%s\" does not say \"%s\"", error, words);
    }
    assert_null(strstr(error, "s3cret"));
}

static const gateway_message_t *message(void)
{
    static const unsigned char data[] = { 1, 6, 0, 10, 0x25, 0x2B, 0xFF };
    gateway_message_t *m = apr_pcalloc(pool, sizeof *m);
    apr_array_header_t *parts;

    assert_int_equal(sms_split(&parts, data, sizeof data, 2948, 9200, 1,
                               pool), APR_SUCCESS);
    m->to = "+491701234567";
    m->part = &APR_ARRAY_IDX(parts, 0, sms_part_t);
    m->number = 2;
    m->count = 3;
    m->validity = 15;
    m->token = TOKEN;
    return m;
}

/* A template whose body is the text, rendered. */
static const char *body(const char *type, const char *text, const char *said)
{
    http_request_t r = { .headers = apr_array_make(pool, 4,
                                                   sizeof(const char *)) };
    template_t *t = parse(apr_pstrcat(pool, "url = http://h/\nsetting = from\n"
        "setting = odd a\"<&\\b\nheader = Content-Type: ", type,
        "\nbody = ", text, TAIL, NULL), said);

    template_build(t, message(), &r, pool);
    assert_int_equal(strlen(r.body), r.len);
    return r.body;
}

#define FORM  "application/x-www-form-urlencoded"
#define JSON  "application/json"

static void test_variables(void **state)
{
    assert_string_equal(body("text/plain", "{to} {token} {validity} "
        "{validity-seconds} {validity-ms} {part}/{parts}", ""),
        "+491701234567 " TOKEN " 15 900 900000 2/3");
    assert_string_equal(body("text/plain", "{dlr-url}", ""),
                        "http://s/dlr/" TOKEN);
    assert_string_equal(body(FORM, "to={to}&u={dlr-url}", ""),
                        "to=%2B491701234567&u=http%3A%2F%2Fs%2Fdlr%2F" TOKEN);
    assert_string_equal(body("text/plain", "{udh|hex} {data|HEX}", ""),
                        "0605040b8423f0 0106000A252BFF");
    assert_string_equal(body("text/plain", "{udh+data|spaced}", ""),
                        "06 05 04 0b 84 23 f0 01 06 00 0a 25 2b ff");
    assert_string_equal(body("text/plain", "{data|base64} {data|percent}",
                             ""), "AQYACiUr/w== %01%06%00%0A%25%2B%FF");
    assert_string_equal(body(JSON, "{\"o\":\"{odd}\"}", ""),
                        "{\"o\":\"a\\u0022<&\\u005Cb\"}");
    assert_string_equal(body("text/xml", "<o>{odd}</o>", ""),
                        "<o>a&#x22;&#x3C;&#x26;\\b</o>");
    assert_string_equal(body(FORM, "{odd} {odd|raw} {odd|hex}", ""),
                        "a%22%3C%26%5Cb a\"<&\\b 61223c265c62");
}

static void test_braces(void **state)
{
    assert_string_equal(body(JSON, "{ } {} {1} {\"a\":{\"b\":1}} {{to}", ""),
                        "{ } {} {1} {\"a\":{\"b\":1}} {to}");
    assert_string_equal(body("text/plain", "a{?from}&f={from}{/}b", ""),
                        "ab");
    assert_string_equal(body("text/plain", "a{?from}&f={from}{/}b",
                             "from=me"), "a&f=meb");
    assert_string_equal(body("text/plain", "{?dlr-url}d{/}{?validity}v{/}",
                             ""), "dv");
}

static void test_lines(void **state)
{
    http_request_t r = { .headers = apr_array_make(pool, 4,
                                                   sizeof(const char *)) };
    apr_size_t len;
    template_t *t = parse("# comment\n\nmethod=GET\r\n"
                          "url = http://h/?a=1\n"
                          "   &b=2\n"
                          "\t&c={to}\n"
                          "\n"
                          "url = &d=4\n"
                          "header = X-One: 1\nheader = X-Two: {to}\n"
                          "number = 00" TAIL, "");

    assert_string_equal(template_render(t, t->url, message(), &len, pool),
                        "http://h/?a=1&b=2&c=00491701234567&d=4");
    template_build(t, message(), &r, pool);
    assert_string_equal(r.method, "GET");
    assert_null(r.body);
    assert_int_equal(r.headers->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(r.headers, 1, const char *),
                        "X-Two: 00491701234567");
    /* no validity, no report: nothing of them */
    t = parse("url = http://h/{?validity}v{/}{?dlr-url}d{/}{?token}t{/}x" TAIL,
              "");
    {
        gateway_message_t m = *message();

        m.validity = 0;
        m.token = NULL;
        assert_string_equal(template_render(t, t->url, &m, &len, pool),
                            "http://h/x");
    }
}

static void test_refused(void **state)
{
    refuse("", "", "x.conf: there is no url");
    refuse("url = http://h/\n", "", "x.conf: there is no accepted");
    refuse("url = http://h/\nrejected = 400\ntemporary = any\n", "",
           "x.conf: there is no accepted");
    refuse("# a\n\nurl = http://h/{number}" TAIL, "",
           "x.conf line 3: there is no variable {number}; there are to, udh, "
           "data, udh+data, token, dlr-url, validity, validity-seconds, "
           "validity-ms, validity-code, part, parts, length");
    refuse("need = user\nurl = http://h/{usr}" TAIL, "user=me",
           "length, user (settings are declared");
    refuse("url = http://h/{to|rot13}" TAIL, "", "no encoding \"rot13\"; "
           "there are percent, hex, HEX, spaced, base64, json, xml, raw");
    refuse("url = http://h/{udh}" TAIL, "", "{udh} is octets: right are "
           "{udh|hex}");
    refuse("url = http://h/{udh|json}" TAIL, "", "{udh} is octets");
    refuse("url = http://h/{data|raw}" TAIL, "", "cannot stand in a URL");
    refuse("url = http://h/\nheader = X: {data|raw}" TAIL, "",
           "x.conf line 2: control characters");
    refuse("url = http://h/{to" TAIL, "", "no } soon");
    refuse("url = http://h/{?to}x" TAIL, "", "{?name} without a {/}");
    refuse("url = http://h/{/}x" TAIL, "", "{/} without a {?name}");
    refuse("url = http://h/{?to}{?udh}x{/}{/}" TAIL, "", "inside of another");
    refuse("url = http://h/{?what}x{/}" TAIL, "", "no variable {what}");
    refuse("colour = red\n", "", "line 1: no \"keyword = value\"; the "
           "keywords are need, setting");
    refuse("url http://h/\n", "", "line 1: no \"keyword = value\"");
    refuse("method = DELETE\n", "", "GET, POST or PUT");
    refuse("number = -\n", "", "number is +, none, or what");
    refuse("header = no line\n", "", "header is a line");
    refuse("method = GET\nurl = http://h/\nbody = x" TAIL, "",
           "a GET has no body");
    refuse("need = user\n", "", "this gateway needs user=");
    refuse("need = user\n", "user=", "this gateway needs user=");
    refuse("need = to\n", "to=x", "is a variable of the message");
    refuse("need = User\n", "User=x", "no name for a setting");
    refuse("need = a a\n", "a=x", "declared twice");
    refuse("url = http://h/" TAIL, "colour=s3cret", "no setting \"colour\"");
    refuse("accepted = ok\n", "", "begins with its HTTP status");
    refuse("accepted = 20\n", "", "begins with its HTTP status");
    refuse("accepted =\n", "", "begins with its HTTP status");
    refuse("accepted = 200 (\n", "", "no regular expression");
    refuse("id = abc\n", "", "with one (group)");
    refuse("id = (a)(b)\n", "", "with one (group)");
}

static void test_limits(void **state)
{
    char *big = apr_palloc(pool, 80000);
    int i;

    memset(big, '#', 70000);
    big[70000] = '\0';
    refuse(big, "", "more than 64 KiB");
    strcpy(big, "url = http://h/");
    for (i = 0; i < 501; i++) {
        strcat(big, "{to}");
    }
    refuse(big, "", "more than 500 variables");
    *big = '\0';
    for (i = 0; i < 101; i++) {
        strcat(big, "accepted = 200\n");
    }
    refuse(big, "", "more than 100 answers");
    *big = '\0';
    for (i = 0; i < 17; i++) {
        strcat(big, "header = A: b\n");
    }
    refuse(big, "", "more than 16 headers");
    strcpy(big, "url = gammu:/x\n");
    for (i = 0; i < 33; i++) {
        strcat(big, "line = a\n");
    }
    refuse(big, "", "more than 32 lines");
    *big = '\0';
    for (i = 0; i < 33; i++) {
        strcat(big, apr_psprintf(pool, "setting = a%d\n", i));
    }
    refuse(big, "", "more than 32 settings");
}

/* ---- answers ------------------------------------------------------------- */

static void expect(const template_t *t, int status, const char *text,
                   gateway_result_e result, const char *id, const char *words)
{
    gateway_answer_t a = { .status = status };

    template_classify(t, text, strlen(text), &a);
    if (a.result != result || strcmp(a.id, id) || !strstr(a.words, words)) {
        fail_msg("%d %s: %s, id \"%s\", words \"%s\"", status, text,
                 gateway_result_name(a.result), a.id, a.words);
    }
}

static void test_answers(void **state)
{
    template_t *t = parse("url = http://h/\nneed = password\n"
                          "rejected = 200,400 no such number\n"
                          "accepted = 2xx (?i)ok\n"
                          "id = id=(\\w+)\n"
                          "refused = 5xx licence\n"
                          "temporary = any busy\n", "password=s3cret");

    expect(t, 200, "OK id=abc1", GATEWAY_ACCEPTED, "abc1", "OK id=abc1");
    expect(t, 202, "ok", GATEWAY_ACCEPTED, "", "ok");
    expect(t, 200, "OK? no such number", GATEWAY_REJECTED, "", "no such");
    expect(t, 400, "no such number", GATEWAY_REJECTED, "", "no such");
    expect(t, 500, "no licence", GATEWAY_REFUSED, "", "no licence");
    expect(t, 418, "busy", GATEWAY_TEMPORARY, "", "busy");
    /* most likely it is on its way: not to be paid for twice */
    expect(t, 200, "<html>", GATEWAY_UNANSWERED, "",
           "an answer that x.conf does not know: counts as sent (<html>)");
    expect(t, 200, "", GATEWAY_UNANSWERED, "", "an answer that x.conf");
    expect(t, 299, "new", GATEWAY_UNANSWERED, "", "counts as sent");
    expect(t, 504, "x", GATEWAY_UNANSWERED, "", "no answer of the gateway");
    expect(t, 524, "x", GATEWAY_UNANSWERED, "", "no answer of the gateway");
    expect(t, 409, "x", GATEWAY_TEMPORARY, "", "does not know (x)");
    expect(t, 502, "x", GATEWAY_TEMPORARY, "", "x");
    expect(t, 302, "", GATEWAY_REFUSED, "", "redirects");
    expect(t, 401, "", GATEWAY_REFUSED, "", "credentials not accepted");
    expect(t, 404, "", GATEWAY_REFUSED, "", "nothing takes messages");
    expect(t, 429, "slow down", GATEWAY_TEMPORARY, "", "slow down");
    expect(t, 503, "x", GATEWAY_TEMPORARY, "", "x");
}

static void test_secrets(void **state)
{
    template_t *t = parse("url = http://h/\nneed = user password key\n"
                          "secret = key\naccepted = 2xx id=(\\S+)\n"
                          "id = id=(\\S+)\n"
                          "header = Authorization: Basic {basic-auth}\n",
                          "user=me password=p\"s3cret key=k%y");
    http_request_t r = { .headers = apr_array_make(pool, 4,
                                                   sizeof(const char *)) };
    gateway_answer_t a = { .status = 200 };
    char text[] = "p\"s3cret p%22s3cret p\\u0022s3cret k%y "
                  "bWU6cCJzM2NyZXQ=";
    char id[] = "id=a-k%y-b";

    gateway_http_mask(&t->http, text);
    assert_string_equal(text, "******** ********** ************* *** "
                        "****************");
    template_classify(t, id, strlen(id), &a);
    assert_string_equal(a.id, "a-***-b");
    template_build(t, message(), &r, pool);
    assert_string_equal(APR_ARRAY_IDX(r.headers, 0, const char *),
                        "Authorization: Basic bWU6cCJzM2NyZXQ=");
}

/* A pattern that never ends does not fit. */
static void test_endless_pattern(void **state)
{
    template_t *t = parse("url = http://h/\naccepted = 200 ^(a+)+$\n", "");
    char text[4001];

    memset(text, 'a', 4000);
    text[3999] = 'b';
    text[4000] = '\0';
    expect(t, 200, text, GATEWAY_UNANSWERED, "", "does not know");
}

/* ---- as shipped ---------------------------------------------------------- */

static template_t *shipped(const char *name, const char *said)
{
    const char *error = "";
    gateway_t *gw;

    if (gateway_configure(&gw, apr_pstrcat(pool, "template:conf/gateways/",
                                           name, ".conf", NULL),
                          settings(said), &error, pool) != APR_SUCCESS) {
        fail_msg("%s", error);
    }
    assert_null(strchr(gw->name, '?'));
    assert_null(strstr(gw->name, "s3cret"));
    return gw->conf;
}

static void test_shipped(void **state)
{
    template_t *t = shipped("kannel", "user=me password=s3cret");

    expect(t, 202, "0: Accepted for delivery", GATEWAY_ACCEPTED, "", "0:");
    expect(t, 202, "3: Queued for later delivery", GATEWAY_ACCEPTED, "", "");
    expect(t, 202, "<html>0: Accepted", GATEWAY_TEMPORARY, "", "");
    expect(t, 200, "<html>Log in", GATEWAY_TEMPORARY, "", "");
    expect(t, 202, "7: Something new", GATEWAY_UNANSWERED, "", "not know");
    expect(t, 403, "Authorization failed for sendsms", GATEWAY_REFUSED, "",
           "");
    expect(t, 403, "Not routable. Do not try again.", GATEWAY_TEMPORARY, "",
           "");
    expect(t, 503, "Temporal failure", GATEWAY_TEMPORARY, "", "");
    expect(t, 400, "Missing receiver number, rejected", GATEWAY_REJECTED, "",
           "");
    expect(t, 400, "<html>Bad Request", GATEWAY_TEMPORARY, "", "");

    t = shipped("vonage", "user=k password=s3cret from=x");
    expect(t, 200, "{\"messages\":[{\"message-id\":\"0A00\",\"status\":"
           "\"0\"}]}", GATEWAY_ACCEPTED, "0A00", "");
    expect(t, 200, "{\"messages\":[{\"status\": \"1\",\"error-text\":"
           "\"Throughput Rate Exceeded\"}]}", GATEWAY_TEMPORARY, "", "");
    expect(t, 200, "{\"messages\":[{\"status\":\"4\"}]}", GATEWAY_REFUSED, "",
           "");
    expect(t, 200, "{\"messages\":[{\"status\":\"7\"}]}", GATEWAY_REJECTED,
           "", "");
    expect(t, 200, "{\"messages\":[{\"status\":\"10\"}]}", GATEWAY_TEMPORARY,
           "", "");
    expect(t, 200, "{\"messages\":[{\"status\":\"99\"}]}", GATEWAY_TEMPORARY,
           "", "99");
    expect(t, 200, "<!DOCTYPE html>Log in", GATEWAY_TEMPORARY, "", "");
    expect(t, 200, "{\"messages\":[]}", GATEWAY_UNANSWERED, "", "not know");

    t = shipped("clickatell", "user=k password=s3cret api_id=1");
    expect(t, 200, "ID: 205e85d0578314037a96175249fc6a2b", GATEWAY_ACCEPTED,
           "205e85d0578314037a96175249fc6a2b", "");
    expect(t, 200, "ERR: 001, Authentication failed", GATEWAY_REFUSED, "",
           "");
    expect(t, 200, "ERR: 301, No Credit Left", GATEWAY_REFUSED, "", "");
    expect(t, 200, "ERR: 105, Invalid Destination Address", GATEWAY_REJECTED,
           "", "");
    expect(t, 200, "ERR: 106, Invalid Source Address", GATEWAY_REFUSED, "",
           "");
    expect(t, 200, "ERR: 901, Internal error", GATEWAY_TEMPORARY, "", "");
    expect(t, 200, "<html>Log in", GATEWAY_TEMPORARY, "", "");
    expect(t, 202, "Thank you", GATEWAY_UNANSWERED, "", "");
}

static void test_shipped_too(void **state)
{
    template_t *t = shipped("nowsms", "user=k password=s3cret");

    expect(t, 200, "<html>Message Submitted MessageID=485F1E21.req",
           GATEWAY_ACCEPTED, "485F1E21.req", "");
    expect(t, 401, "", GATEWAY_REFUSED, "", "");
    expect(t, 200, "Error: no modem", GATEWAY_TEMPORARY, "", "");

    t = shipped("infobip", "key=s3cret from=x base=https://x.example");
    expect(t, 200, "{\"messages\":[{\"to\":\"4917\",\"status\":{\"groupId\":1"
           ",\"groupName\":\"PENDING\",\"id\":26,\"name\":"
           "\"PENDING_ACCEPTED\"},\"messageId\":\"2033247207850523791\"}]}",
           GATEWAY_ACCEPTED, "2033247207850523791", "");
    expect(t, 200, "{\"messages\":[{\"status\":{\"groupName\":\"REJECTED\","
           "\"name\":\"REJECTED_DESTINATION\"}}]}", GATEWAY_REJECTED, "", "");
    expect(t, 200, "{\"messages\":[{\"status\":{\"groupName\":\"REJECTED\","
           "\"name\":\"REJECTED_NOT_ENOUGH_CREDITS\"}}]}", GATEWAY_REFUSED,
           "", "");
    expect(t, 401, "{}", GATEWAY_REFUSED, "", "");
    expect(t, 503, "", GATEWAY_TEMPORARY, "", "");
    expect(t, 504, "", GATEWAY_UNANSWERED, "", "");
    expect(t, 200, "<html>Log in", GATEWAY_TEMPORARY, "", "");
    expect(t, 200, "{\"messages\":[{\"status\":{\"groupName\":\"NEW\"}}]}",
           GATEWAY_UNANSWERED, "", "");

    t = shipped("sinch", "key=s3cret from=x plan=p");
    expect(t, 201, "{\"id\":\"01FC66621XXXXX119Z8PMV1QPQ\",\"to\":[]}",
           GATEWAY_ACCEPTED, "01FC66621XXXXX119Z8PMV1QPQ", "");
    expect(t, 400, "{\"code\":\"syntax_invalid_parameter_format\"}",
           GATEWAY_REJECTED, "", "");
    expect(t, 429, "", GATEWAY_TEMPORARY, "", "");
    expect(t, 200, "<html>Log in", GATEWAY_TEMPORARY, "", "");
    expect(t, 201, "{}", GATEWAY_UNANSWERED, "", "");

    t = shipped("ozeki", "user=k password=s3cret");
    expect(t, 200, "<statuscode>0</statuscode><messageid>ab-1</messageid>",
           GATEWAY_ACCEPTED, "ab-1", "");
    expect(t, 200, "Status code: 0 Message ID: 77", GATEWAY_ACCEPTED, "77",
           "");
    expect(t, 200, "<statuscode>10</statuscode>", GATEWAY_TEMPORARY, "", "");
}

/* ---- modems of this machine ---------------------------------------------- */

static gateway_t *configure(const char *url, const char *said,
                            const char *reports, const char **error)
{
    gateway_settings_t *s = settings(said);
    gateway_t *gw;

    s->reports = reports;
    *error = "";
    gateway_configure(&gw, url, s, error, pool);
    return gw;
}

/* Blanks and line ends count as one blank each, however many; the digits of
 * octets are upper or lower case. */
static const char *compact(const char *text)
{
    char *out = apr_pstrdup(pool, text), *d = out;

    for (; *text; text++) {
        if (*text != ' ' && *text != '\n') {
            *d++ = (char)apr_tolower(*text);
        }
        else if (d > out && d[-1] != ' ') {
            *d++ = ' ';
        }
    }
    *d = '\0';
    return out;
}

static const char *text_of(const gateway_t *gw, int validity)
{
    gateway_message_t m = *message();

    m.validity = validity;
    return ((const spool_format_t *)gw->conf)->text(gw, &m, pool);
}

/* What the driver writes the template does. */
static void same_file(const char *name, const char *reports, int validity)
{
    const char *error;
    gateway_t *driver = configure(apr_pstrcat(pool, name, ":/var/spool/x",
                                              NULL), "", reports, &error);
    gateway_t *gw = configure(apr_pstrcat(pool, "template:conf/gateways/",
                                          name, ".conf", NULL),
                              "directory=/var/spool/x/", reports, &error);

    if (!driver || !gw) {
        fail_msg("%s", error);
    }
    assert_string_equal(gw->directory, "/var/spool/x");
    assert_string_equal(gw->name, apr_psprintf(pool, "template:%s.conf:"
                                               "/var/spool/x", name));
    assert_ptr_equal(gw->driver, driver->driver);
    assert_string_equal(compact(text_of(gw, validity)),
                        compact(text_of(driver, validity)));
    assert_true(((const spool_format_t *)gw->conf)->name
                == ((const spool_format_t *)driver->conf)->name);
}

static void test_shipped_modems(void **state)
{
    const char *error;
    gateway_t *gw;

    same_file("smstools", NULL, 0);
    same_file("smstools", "https://sync.example.com/dlr", 15);
    same_file("smstools", NULL, 1441);
    same_file("gammu", NULL, 15);
    gw = configure("template:conf/gateways/smstools.conf",
                   "directory=/d queue=o2 priority=yes", NULL, &error);
    assert_string_equal(text_of(gw, 0), "To: 491701234567\n"
        "Alphabet: binary\nUDH: true\nHex: yes\nQueue: o2\nPriority: yes\n"
        "\n06 05 04 0b 84 23 f0 01 06 00 0a 25 2b ff\n");
    gw = configure("template:conf/gateways/smstools.conf", "", NULL, &error);
    assert_string_equal(gw->directory, "/var/spool/sms/outgoing");
    gw = configure("template:conf/gateways/gammu.conf", "", NULL, &error);
    assert_string_equal(gw->directory, "/var/spool/gammu/outbox");
    assert_null(configure("template:conf/gateways/gammu.conf", "",
                          "http://s/dlr", &error));
    assert_non_null(strstr(error, "gammu.conf: url: this daemon has no "
                           "delivery reports for us"));
    assert_null(configure("template:conf/gateways/gammu.conf",
                          "directory=sms", NULL, &error));
    assert_non_null(strstr(error, "must be an absolute path"));
}

static void test_lines_refused(void **state)
{
    refuse("url = smstools:/x\n", "", "there is no line =");
    refuse("url = smstools:/x\nline = a\nbody = b\n", "",
           "x.conf line 1: a url of smstools: or gammu: is a directory");
    refuse("url = gammu:/x\nline = a\nheader = A: b\n", "", "is a directory");
    refuse("url = gammu:/x\nline = a" TAIL, "", "is a directory");
    refuse("url = gammu:/x\nline = a\nid = (a)\n", "", "is a directory");
    refuse("url = http://h/\nline = a" TAIL, "", "line = is for files");
    refuse("url = gammu:/x\nline = {udh|raw}\n", "",
           "x.conf line 2: control characters");
    refuse("url = gammu:/x\nline = {udh}\n", "", "{udh} is octets");
}

static void test_files(void **state)
{
    gateway_settings_t *s = settings("");
    const char *error = NULL;
    gateway_t *gw;

    assert_int_equal(gateway_configure(&gw, "template:", s, &error, pool),
                     APR_EINVAL);
    assert_non_null(strstr(error, "needs the file"));
    error = NULL;
    assert_int_equal(gateway_configure(&gw, "template:/nowhere.conf", s,
                                       &error, pool), APR_EINVAL);
    assert_string_equal(error, "/nowhere.conf: No such file or directory");
    error = NULL;
    assert_int_equal(gateway_configure(&gw, "template:/dev/zero", s, &error,
                                       pool), APR_EINVAL);
    assert_non_null(strstr(error, "no text file"));
    error = NULL;
    s->root = "conf";
    assert_int_equal(gateway_configure(&gw, "template:gateways/vonage.conf",
                                       s, &error, pool), APR_EINVAL);
    assert_non_null(strstr(error, "conf/gateways/vonage.conf line "));
    s = settings("user=a password=b from=c base=ftp://x");
    error = NULL;
    assert_int_equal(gateway_configure(&gw,
        "template:conf/gateways/vonage.conf", s, &error, pool), APR_EINVAL);
    assert_non_null(strstr(error, "url: the URL must be one of http"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_braces),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_endless_pattern),
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_shipped_too),
        cmocka_unit_test(test_shipped_modems),
        cmocka_unit_test(test_lines_refused),
        cmocka_unit_test(test_files),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
