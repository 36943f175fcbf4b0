/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and whole messages: headers in which something is missing or
 * strange, messages cut at each octet, and what dumps show of a message.
 */
#include "sml_world.h"

static const char *of_octets(int n)
{
    char *s = apr_palloc(w->pool, (apr_size_t)n + 1);

    memset(s, 'x', (apr_size_t)n);
    s[n] = '\0';
    return s;
}

/* ---- headers ----------------------------------------------------------- */

/* A first message in XML with the given header; @return the SyncHdr status,
 * or the HTTP status if there was no SyncML answer. */
static int header(const char *fields)
{
    sml_request_t request = { 0 };
    sml_answer_t answer;
    apr_pool_t *p;
    const char *error;
    sml_message_t *m;
    int code;

    apr_pool_create(&p, w->pool);
    request.format = CODEC_XML;
    memset(&w->answer, 0, sizeof(w->answer));
    request.body = apr_pstrcat(p, "<SyncML><SyncHdr>", fields,
        "<Cred><Meta><Type>syncml:auth-basic</Type></Meta>"
        "<Data>YWxpY2U6c2VjcmV0</Data></Cred></SyncHdr><SyncBody><Alert>"
        "<CmdID>1</CmdID><Data>201</Data><Item><Target><LocURI>contacts"
        "</LocURI></Target><Source><LocURI>c</LocURI></Source><Meta><Anchor>"
        "<Next>1</Next></Anchor></Meta></Item></Alert><Final/></SyncBody>"
        "</SyncML>", NULL);
    request.len = strlen(request.body);
    request.url = "http://sync.example/syncml";
    request.remote = "192.0.2.1";
    if (sml_handle(&w->config, w->store, &request, &answer, p)
        != APR_SUCCESS) {
        assert_non_null(answer.error);
        assert_null(answer.body);
        return answer.http_status;
    }
    w->answer.len = answer.len;
    OK(sml_message_decode(&m, CODEC_XML, answer.body, answer.len, answer.len,
                          &error, p));
    code = atoi(APR_ARRAY_IDX(m->commands, 0, sml_command_t *)->data);
    assert_int_equal(code, answer.auth_status);
    apr_pool_destroy(p);
    return code;
}

#define V12  "<VerDTD>1.2</VerDTD><VerProto>SyncML/1.2</VerProto>"
#define SID  "<SessionID>1</SessionID>"
#define MID  "<MsgID>1</MsgID>"
#define TGT  "<Target><LocURI>http://x.example/s</LocURI></Target>"
#define SRC  "<Source><LocURI>IMEI:9</LocURI></Source>"

static void test_headers(void **state)
{
    assert_int_equal(header(V12 SID MID TGT SRC), 200);
    assert_int_equal(header("<VerDTD>1.1</VerDTD>"
                            "<VerProto>SyncML/1.1</VerProto>" SID MID TGT
                            SRC), 200);
    assert_int_equal(header(V12 SID MID SRC), 400);
    assert_int_equal(header("<VerProto>SyncML/1.1</VerProto>" SID MID TGT
                            SRC), 400);
    assert_int_equal(header("<VerDTD>1.2</VerDTD>" SID MID TGT SRC), 400);
    assert_int_equal(header("<VerDTD>1.3</VerDTD>"
                            "<VerProto>SyncML/1.2</VerProto>" SID MID TGT
                            SRC), 505);
    assert_int_equal(header("<VerDTD>1.2</VerDTD>"
                            "<VerProto>SyncML/2.0</VerProto>" SID MID TGT
                            SRC), 513);
    assert_int_equal(header("<VerDTD>1.2</VerDTD>"
                            "<VerProto>SomeML/1.2</VerProto>" SID MID TGT
                            SRC), 513);
    assert_int_equal(header(V12 MID TGT SRC), 400);
    assert_int_equal(header(V12 "<SessionID/>" MID TGT SRC), 400);
    assert_int_equal(header(V12 SID TGT SRC), 400);
    assert_int_equal(header(V12 SID "<MsgID>x</MsgID>" TGT SRC), 400);
    assert_int_equal(header(V12 SID "<MsgID>-1</MsgID>" TGT SRC), 400);
    assert_int_equal(header(V12 SID "<MsgID>99999999999</MsgID>" TGT SRC),
                     400);
    assert_int_equal(header(V12 SID MID TGT), 400);
    assert_int_equal(header(V12 SID MID TGT "<Source><LocURI/></Source>"),
                     400);
    assert_int_equal(header(apr_pstrcat(w->pool, V12 SID MID TGT
                     "<Source><LocURI>", of_octets(255),
                     "</LocURI></Source>", NULL)), 200);
    assert_int_equal(header(apr_pstrcat(w->pool, V12 SID MID TGT
                     "<Source><LocURI>", of_octets(256),
                     "</LocURI></Source>", NULL)), 400);
    assert_int_equal(header(apr_pstrcat(w->pool, V12 SID MID
                     "<Target><LocURI>http://x.example/", of_octets(300),
                     "</LocURI></Target>" SRC, NULL)), 400);
    assert_int_equal(header(apr_pstrcat(w->pool, V12 SID MID TGT
                     "<Source><LocURI>IMEI:9</LocURI><LocName>",
                     of_octets(5000), "</LocName></Source>", NULL)), 200);
    assert_true(w->answer.len < 2000);
    assert_int_equal(w->loud, 0);
}

/* ---- truncated messages ------------------------------------------------ */

static apr_status_t cut_post(phone_t *phone, const char *body,
                             apr_size_t len, const char **answer,
                             apr_size_t *answer_len)
{
    apr_size_t n;

    for (n = 0; n < len; n++) {
        assert_int_not_equal(world_handle(phone, body, n, &w->answer),
                             APR_SUCCESS);
        assert_int_equal(w->answer.http_status, 400);
        assert_non_null(w->answer.error);
    }
    return world_post(phone, body, len, answer, answer_len);
}

/* Cut at each octet: refused, and the whole message is good afterwards. */
static void test_truncated(void **state)
{
    int format;

    for (format = CODEC_WBXML; format <= CODEC_XML; format++) {
        client_t *c;

        world_add_account(format ? "xml" : "wbxml");
        c = world_phone("IMEI:1");
        c->ph->format = (codec_format_e)format;
        c->ph->post = cut_post;
        client_put(c, "contacts", world_card("Phone"));
        world_put("contacts", 0, world_card("Server"));
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        world_quiet(c, "contacts");
    }
    assert_int_equal(w->loud, 0);
}

/* ---- for people -------------------------------------------------------- */

/* Dumps may be sent around: no password, no digest, no nonce, no session, no
 * item is in them. */
static apr_status_t tell_post(phone_t *phone, const char *body,
                              apr_size_t len, const char **answer,
                              apr_size_t *answer_len)
{
    apr_status_t rv = world_post(phone, body, len, answer, answer_len);
    const char *told;
    int i;

    assert_int_equal(rv, APR_SUCCESS);
    for (i = 0; i < 2; i++) {
        told = i ? sml_describe(phone->format, *answer, *answer_len, w->pool)
                 : sml_describe(phone->format, body, len, w->pool);
        assert_non_null(strstr(told, "<SyncBody>"));
        assert_non_null(strstr(told, "IMEI:1"));
        assert_null(strstr(told, "Hidden"));
        assert_null(strstr(told, "YWxpY2U6c2VjcmV0"));
        if (*phone->nonce) {
            assert_null(strstr(told, phone->nonce));
        }
        if (world_token(phone) != NULL) {
            assert_null(strstr(told, world_token(phone)));
        }
    }
    return rv;
}

static void test_dumps(void **state)
{
    int n;

    for (n = 0; n < 4; n++) {
        client_t *c = world_phone("IMEI:1");

        c->ph->session = (unsigned)n * 10;
        c->ph->post = tell_post;
        c->ph->format = n % 2 ? CODEC_XML : CODEC_WBXML;
        c->ph->scheme = n / 2 ? SML_AUTH_MD5 : SML_AUTH_BASIC;
        client_put(c, "contacts", world_card("Hidden"));
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_non_null(strstr(sml_describe(CODEC_WBXML, "\x02\x9f", 2,
                                            w->pool), "not decodable"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_headers),
        ON_EACH_STORE(test_truncated),
        ON_EACH_STORE(test_dumps)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_messages");
}
