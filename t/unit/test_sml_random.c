/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine under a random life: two phones and the server side edit the
 * same datastore, sessions of all kinds break off anywhere, Maps come when
 * they like.  Each item bears a number that stays with it through all edits.
 * When it has become calm, all three have the same texts, no number is there
 * twice, and every number that nobody deleted is there.
 */
#include "sml_world.h"

#define PHONES   2
#define NUMBERS  2000

static struct {
    apr_uint32_t seed;
    client_t *phones[PHONES];
    int numbers;                /* given out */
    int edits;
    char deleted[NUMBERS];      /* by anybody, at any time */
} life;

static apr_uint32_t dice(apr_uint32_t sides)
{
    life.seed = life.seed * 1664525u + 1013904223u;
    return (life.seed >> 8) % sides;
}

/* With a UID, by which a slow sync knows an edited item again. */
static const char *text_of(int number)
{
    return apr_psprintf(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u%d\r\n"
                        "N:Item%d.Edit%d;;;;\r\nEND:VCARD\r\n", number,
                        number, ++life.edits);
}

static int number_of(const char *text)
{
    return atoi(strstr(text, "N:Item") + 6);
}

static const char *new_text(void)
{
    assert_true(life.numbers < NUMBERS);
    return text_of(life.numbers++);
}

/* ---- edits --------------------------------------------------------------- */

static client_item_t *some_item(client_t *c)
{
    client_store_t *s = client_store(c, "contacts");
    apr_uint32_t n = (apr_uint32_t)s->items->nelts, i;

    for (i = 0; n > 0 && i < 5; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, dice(n),
                                            client_item_t *);

        if (!item->gone) {
            return item;
        }
    }
    return NULL;
}

static void edit_phone(client_t *c)
{
    client_item_t *item = some_item(c);

    switch (dice(4)) {
    case 0: case 1:
        client_put(c, "contacts", new_text());
        break;
    case 2:
        if (item != NULL) {
            client_edit(c, item, text_of(number_of(item->text)));
        }
        break;
    default:
        if (item != NULL) {
            life.deleted[number_of(item->text)] = 1;
            client_erase(item);
        }
    }
}

static void edit_server(void)
{
    world_items_t list = { 0 };
    const char *text;
    store_id_t id;

    world_list(&list, w->account, "contacts");
    if (list.texts->nelts == 0 || dice(4) < 2) {
        world_put("contacts", 0, new_text());
        return;
    }
    text = APR_ARRAY_IDX(list.texts, dice((apr_uint32_t)list.texts->nelts),
                         const char *);
    id = world_find("contacts", text);
    if (dice(2)) {
        world_put("contacts", id, text_of(number_of(text)));
    }
    else {
        life.deleted[number_of(text)] = 1;
        world_delete("contacts", id);
    }
}

static void edit_somewhere(client_t *c)
{
    if (dice(3) == 0) {
        edit_server();
    }
}

/* ---- syncs --------------------------------------------------------------------- */

static void some_habits(client_t *c)
{
    c->per_message = (int)dice(4);
    c->map_first = (int)dice(2);
    c->final_222 = (int)dice(2);
    c->slow_tag = dice(2) ? SYNCML_ADD : SYNCML_REPLACE;
    c->maps = dice(4) ? MAPS_NOW : MAPS_NEXT_SESSION;
    c->chunk = dice(3) ? 0 : 60;
    c->between = dice(2) ? edit_somewhere : NULL;
    c->counts_less = 1;
    c->ph->max_msg = c->ph->format == CODEC_XML ? 2500 + dice(3000)
                                                : 1200 + dice(3000);
}

/* A sync of any kind that may break anywhere. */
static void sync_wildly(client_t *c)
{
    static const int codes[] = { 200, 200, 200, 200, 201, 202, 204 };
    int code = codes[dice(7)];
    apr_status_t rv;

    some_habits(c);
    w->break_at = dice(3) ? 1 + dice(9) : 0;
    w->break_after = (int)dice(2);
    rv = client_session(c, code, "contacts");
    if (rv != APR_SUCCESS && rv != APR_TIMEUP) {
        fail_msg("sync %d: %s", code, c->ph->why);
    }
    if (rv == APR_SUCCESS) {
        client_commit(c);
    }
    w->break_at = 0;
}

/* ---- when it is calm ------------------------------------------------------ */

static void check_numbers(void)
{
    char there[NUMBERS] = { 0 };
    world_items_t list = { 0 };
    int i;

    world_list(&list, w->account, "contacts");
    for (i = 0; i < list.texts->nelts; i++) {
        int number = number_of(APR_ARRAY_IDX(list.texts, i, const char *));

        if (there[number] && !life.deleted[number]) {
            fail_msg("item %d is there twice", number);
        }
        there[number] = 1;
    }
    for (i = 0; i < life.numbers; i++) {
        if (!there[i] && !life.deleted[i]) {
            fail_msg("item %d is lost", i);
        }
    }
}

static void calm_down(void)
{
    int i;

    for (i = 0; i < 2 * PHONES + 1; i++) {
        client_t *c = life.phones[i % PHONES];

        c->between = NULL;
        c->maps = MAPS_NOW;
        SYNCED(c, client_sync(c, 200, "contacts"));
    }
    for (i = 0; i < PHONES; i++) {
        world_same(life.phones[i], "contacts");
        world_quiet(life.phones[i], "contacts");
    }
    check_numbers();
}

static void live(apr_uint32_t seed, int days)
{
    int day, i;

    memset(&life, 0, sizeof(life));
    life.seed = seed;
    world_add_account(apr_psprintf(w->pool, "life%u", (unsigned)seed));
    for (i = 0; i < PHONES; i++) {
        life.phones[i] = world_phone(i ? "IMEI:2" : "IMEI:1");
        life.phones[i]->ph->format = i ? CODEC_XML : CODEC_WBXML;
        life.phones[i]->ph->version = i ? CODEC_V11 : CODEC_V12;
    }
    for (day = 0; day < days; day++) {
        for (i = (int)dice(6); i > 0; i--) {
            if (dice(3)) {
                edit_phone(life.phones[dice(PHONES)]);
            }
            else {
                edit_server();
            }
        }
        sync_wildly(life.phones[dice(PHONES)]);
        if (dice(8) == 0) {
            calm_down();
        }
    }
    calm_down();
    assert_int_equal(w->loud, 0);
}

static void lives(apr_uint32_t from, apr_uint32_t n)
{
    const char *given = getenv("SML_TEST_SEED");
    apr_uint32_t seed;

    if (given != NULL) {
        live((apr_uint32_t)atoi(given), 40);
        return;
    }
    for (seed = from; seed < from + n; seed++) {
        apr_pool_t *outer = w->pool;

        print_message("# seed %u\n", (unsigned)seed);
        apr_pool_create(&w->pool, outer);
        live(seed, 40);
        apr_pool_destroy(w->pool);
        w->pool = outer;
    }
}

static void test_many_lives(void **state)
{
    lives(1, 60);
}

static void test_some_lives_on_disk(void **state)
{
    lives(1001, 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_MEMORY(test_many_lives),
        ON_SQLITE(test_some_lives_on_disk)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_random");
}
