/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: who is it?  Both schemes in each version, nonces and what
 * moves them, wrong passwords, strangers, and the URL that holds a session.
 */
#include "sml_world.h"

/* A first message with an Alert, and Final. @return SyncHdr's Status */
static int knock(phone_t *ph)
{
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 201, "contacts", "./c", NULL, "a1");
    SENT(ph, 1);
    return ph->header_code;
}

static phone_t *make_phone(const char *devid, int scheme)
{
    phone_t *ph = world_phone(devid)->ph;

    ph->scheme = scheme;
    return ph;
}

static const store_device_t *device(const char *devid)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);
    store_device_t *d;
    apr_status_t rv;

    rv = store_device_find(tx, world_account_id(tx, w->account), devid, &d);
    store_rollback(&tx);
    return rv == APR_SUCCESS ? d : NULL;
}

static void test_basic(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_BASIC);

    assert_int_equal(knock(ph), 200);
    assert_int_equal(phone_code(ph, "Alert", 0), 200);
    assert_null(APR_ARRAY_IDX(ph->in->commands, 0, sml_command_t *)->chal);
    assert_string_equal(w->answer.account, "alice");
    assert_string_equal(w->answer.device, "IMEI:1");
    assert_non_null(device("IMEI:1"));
}

static void test_digest_at_first_contact(void **state)
{
    int version, format;

    for (version = CODEC_V10; version <= CODEC_V12; version++) {
        for (format = CODEC_WBXML; format <= CODEC_XML; format++) {
            const char *devid = apr_psprintf(w->pool, "IMEI:%d%d", version,
                                             format);
            phone_t *ph = make_phone(devid, SML_AUTH_MD5);

            ph->version = (codec_version_e)version;
            ph->format = (codec_format_e)format;
            assert_int_equal(knock(ph), 401);
            assert_null(w->answer.auth_error);
            assert_int_equal(phone_code(ph, "Alert", 0), 401);
            assert_null(device(devid));
            assert_int_equal(knock(ph), 212);
            assert_non_null(device(devid));
            assert_string_equal(device(devid)->nonce, ph->nonce);
            /* And on with the nonce that came with 212. */
            assert_int_equal(knock(ph), 212);
        }
    }
}

/* A stranger's nonce is not kept, and is the same for a while. */
static void test_derived_nonce(void **state)
{
    phone_t *a = make_phone("IMEI:1", SML_AUTH_MD5);
    phone_t *b = make_phone("IMEI:1", SML_AUTH_MD5);
    phone_t *c = make_phone("IMEI:2", SML_AUTH_MD5);
    const char *first;

    assert_int_equal(knock(a), 401);
    first = a->nonce;
    a->nonce = "";
    assert_int_equal(knock(a), 401);
    assert_string_equal(a->nonce, first);
    assert_int_equal(knock(b), 401);
    assert_string_equal(b->nonce, first);
    assert_int_equal(knock(c), 401);
    assert_string_not_equal(c->nonce, first);
}

/* A client that keeps it as text must not lose the end. */
static void assert_printable(const char *nonce)
{
    unsigned char octets[64];
    int i, n = apr_base64_decode_binary(octets, nonce);

    assert_int_equal(n, 12);
    for (i = 0; i < n; i++) {
        assert_in_range(octets[i], 0x21, 0x7e);
    }
}

static void test_nonces_are_text(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_MD5);
    int i;

    assert_int_equal(knock(ph), 401);
    assert_printable(ph->nonce);
    for (i = 0; i < 50; i++) {
        assert_int_equal(knock(ph), 212);
        assert_printable(ph->nonce);
    }
}

static void test_failure_moves_no_nonce(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_MD5);
    const char *nonce;
    int i;

    knock(ph);
    assert_int_equal(knock(ph), 212);
    nonce = ph->nonce;
    ph->password = "wrong";
    for (i = 0; i < 5; i++) {
        assert_int_equal(knock(ph), 401);
        assert_string_equal(ph->nonce, nonce);
        assert_string_equal(w->answer.auth_error,
                            "wrong digest (password or nonce)");
        assert_string_equal(device("IMEI:1")->nonce, nonce);
    }
    ph->password = "secret";
    assert_int_equal(knock(ph), 212);
    assert_string_not_equal(ph->nonce, nonce);
}

/* The answer with the new nonce was lost: the old one is still good, until
 * the new one has been used. */
static void test_former_nonce(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_MD5);
    const char *first, *second;

    knock(ph);
    first = ph->nonce;          /* derived */
    assert_int_equal(knock(ph), 212);
    ph->nonce = first;
    assert_int_equal(knock(ph), 212);
    second = ph->nonce;
    assert_int_equal(knock(ph), 212);
    ph->nonce = second;
    assert_int_equal(knock(ph), 212);
    ph->nonce = first;
    assert_int_equal(knock(ph), 401);
    assert_string_equal(ph->nonce, device("IMEI:1")->nonce);
    assert_int_equal(knock(ph), 212);
}

/* Whoever sends a copy of an old digest does not take the phone's nonce away,
 * and has no use for the copy once the phone has been here again. */
static void test_copied_digest(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_MD5);
    const char *copied, *own;
    int i;

    knock(ph);
    copied = ph->nonce;
    assert_int_equal(knock(ph), 212);
    own = ph->nonce;
    for (i = 0; i < 3; i++) {
        ph->nonce = copied;
        assert_int_equal(knock(ph), 212);
        assert_string_equal(ph->nonce, own);
    }
    assert_int_equal(knock(ph), 212);
    assert_string_not_equal(ph->nonce, own);
    ph->nonce = copied;
    assert_int_equal(knock(ph), 401);
}

static void test_wrong_password(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_BASIC);

    ph->password = "wrong";
    assert_int_equal(knock(ph), 401);
    assert_string_equal(w->answer.auth_error, "wrong password");
    assert_int_equal(ph->scheme, SML_AUTH_BASIC);
    ph->password = "";
    assert_int_equal(knock(ph), 401);
    ph->password = "secret2";
    assert_int_equal(knock(ph), 401);
    assert_null(device("IMEI:1"));
    assert_int_equal(w->loud, 0);
}

static void test_strangers(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_BASIC);

    ph->user = "nobody";
    assert_int_equal(knock(ph), 401);
    assert_string_equal(w->answer.auth_error, "no such account");
    ph->scheme = SML_AUTH_MD5;
    assert_int_equal(knock(ph), 401);
    assert_int_equal(knock(ph), 401);
    ph->user = "";
    ph->scheme = SML_AUTH_BASIC;
    assert_int_equal(knock(ph), 401);
    ph->user = memset(apr_pcalloc(w->pool, 301), 'x', 300);
    assert_int_equal(knock(ph), 401);
    ph->scheme = SML_AUTH_MD5;
    assert_int_equal(knock(ph), 401);
    assert_int_equal(w->loud, 0);
}

static void test_without_credentials(void **state)
{
    phone_t *ph = make_phone("IMEI:1", 0);

    assert_int_equal(knock(ph), 407);
    assert_int_equal(ph->scheme, SML_AUTH_MD5);
    assert_null(w->answer.auth_error);
    assert_int_equal(knock(ph), 212);
}

static void test_offered_schemes(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_BASIC);

    w->config.auth_schemes = SML_AUTH_MD5;
    assert_int_equal(knock(ph), 401);
    assert_int_equal(ph->scheme, SML_AUTH_MD5);
    assert_int_equal(knock(ph), 212);
    w->config.auth_schemes = SML_AUTH_BASIC;
    assert_int_equal(knock(ph), 401);
    assert_int_equal(ph->scheme, SML_AUTH_BASIC);
    assert_int_equal(knock(ph), 200);
}

/* The challenge is given once in a session. */
static void test_insists_on_a_scheme(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_BASIC);
    const sml_command_t *header;

    w->config.auth_schemes = SML_AUTH_MD5;
    assert_int_equal(knock(ph), 401);
    ph->scheme = SML_AUTH_BASIC;
    phone_open(ph);
    phone_alert(ph, 201, "contacts", "./c", NULL, "a1");
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 403);
    header = APR_ARRAY_IDX(ph->in->commands, 0, sml_command_t *);
    assert_null(header->chal);
    assert_non_null(w->answer.auth_error);
    ph->scheme = SML_AUTH_BASIC;
    assert_int_equal(knock(ph), 401);
    assert_int_equal(ph->scheme, SML_AUTH_MD5);
}

/* Its password is not in the store: a digest cannot be checked. */
static void test_account_of_another_provider(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_MD5);
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_id_t id;

    OK(store_account_add(tx, "bob", NULL, &id));
    world_end(tx, p);
    ph->user = "bob";
    assert_int_equal(knock(ph), 401);
    assert_int_equal(ph->scheme, SML_AUTH_BASIC);
}

static apr_status_t broken_provider(void *baton, const char *user,
                                    const char *password)
{
    return APR_EGENERAL;
}

static apr_status_t willing_provider(void *baton, const char *user,
                                     const char *password)
{
    return strcmp(password, "secret") == 0 ? APR_SUCCESS : APR_EACCES;
}

static void test_providers(void **state)
{
    phone_t *ph = make_phone("IMEI:1", SML_AUTH_BASIC);

    w->config.check_password = broken_provider;
    phone_begin(ph);
    phone_open(ph);
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 500);
    /* An account that only the provider knows comes into being. */
    w->config.check_password = willing_provider;
    ph->user = "carol";
    assert_int_equal(knock(ph), 200);
    w->account = "carol";
    assert_non_null(device("IMEI:1"));
    ph->user = "dave";
    ph->password = "x";
    assert_int_equal(knock(ph), 401);
}

/* Two accounts of which neither sees anything of the other. */
static void test_two_accounts(void **state)
{
    client_t *a = world_phone("IMEI:1"), *b;

    client_put(a, "contacts", world_card("OfAlice"));
    SYNCED(a, client_sync(a, 200, "contacts"));
    world_add_account("bob");
    b = world_phone("IMEI:1");  /* one phone, handed on */
    client_put(b, "contacts", world_card("OfBob"));
    SYNCED(b, client_sync(b, 200, "contacts"));
    world_same(b, "contacts");
    assert_int_equal(world_count("contacts"), 1);
    SYNCED(a, client_sync(a, 200, "contacts"));
    assert_int_equal(client_store(a, "contacts")->code, 200);
    assert_int_equal(client_count(a, "contacts"), 1);
    w->account = "alice";
    world_same(a, "contacts");
}

/* ---- the URL of the session -------------------------------------------- */

static void test_session_url(void **state)
{
    static const char *const urls[][2] = {
        { "http://h.example/syncml", "http://h.example/syncml?s=" },
        { "HTTPS://h.example:8443/s", "HTTPS://h.example:8443/s?s=" },
        { "http://h.example/s?a=1", "http://h.example/s?a=1&s=" },
        { "http://h.example/s?s=00ff", "http://h.example/s?s=" },
        { "http://h.example/s?a=1&s=00ff", "http://h.example/s?a=1&s=" },
        { "http://h.example/s?s=00ff&a=1", "http://h.example/s?a=1&s=" },
        { "http://h.example/s?a=1&s=0&b=2",
          "http://h.example/s?a=1&b=2&s=" },
        { "http://h.example/s?ts=1", "http://h.example/s?ts=1&s=" },
        { "http://h.example/s?", "http://h.example/s?&s=" },
        { "/syncml", "http://request.example/syncml?s=" },
        { "", "http://request.example/syncml?s=" },
        { "ftp://h.example/", "http://request.example/syncml?s=" }
    };
    unsigned i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        phone_t *ph = make_phone("IMEI:1", SML_AUTH_BASIC);
        sml_request_t request = { 0 };
        sml_answer_t answer;
        sml_message_t *m;
        const char *error, *token;

        ph->session = i;
        phone_begin(ph);
        ph->url = urls[i][0];
        phone_open(ph);
        phone_alert(ph, 201, "contacts", "./c", NULL, "a1");
        codec_close(ph->w);
        codec_close(ph->w);
        request.format = CODEC_WBXML;
        request.body = codec_writer_data(ph->w, &request.len);
        request.url = "http://request.example/syncml";
        request.remote = "192.0.2.1";
        OK(sml_handle(&w->config, w->store, &request, &answer, w->pool));
        OK(sml_message_decode(&m, CODEC_WBXML, answer.body, answer.len,
                              answer.len, &error, w->pool));
        assert_non_null(m->resp_uri);
        assert_int_equal(strncmp(m->resp_uri, urls[i][1],
                                 strlen(urls[i][1])), 0);
        token = m->resp_uri + strlen(urls[i][1]);
        assert_int_equal(strlen(token), 32);
        assert_int_equal(strspn(token, "0123456789abcdef"), 32);
        /* It is the name that the phone used, in full, that comes back. */
        assert_string_equal(m->source.uri, urls[i][0]);
        assert_non_null(device("IMEI:1"));
        assert_null(strstr(device("IMEI:1")->sync_url, "s=0"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_basic),
        ON_EACH_STORE(test_digest_at_first_contact),
        ON_EACH_STORE(test_derived_nonce),
        ON_EACH_STORE(test_nonces_are_text),
        ON_EACH_STORE(test_failure_moves_no_nonce),
        ON_EACH_STORE(test_former_nonce),
        ON_EACH_STORE(test_copied_digest),
        ON_EACH_STORE(test_wrong_password),
        ON_EACH_STORE(test_strangers),
        ON_EACH_STORE(test_without_credentials),
        ON_EACH_STORE(test_offered_schemes),
        ON_EACH_STORE(test_insists_on_a_scheme),
        ON_EACH_STORE(test_account_of_another_provider),
        ON_EACH_STORE(test_providers),
        ON_EACH_STORE(test_two_accounts),
        ON_EACH_STORE(test_session_url)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_auth");
}
