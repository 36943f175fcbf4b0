/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How whole syncs grow, in one run; everything is a ratio of two figures of
 * that run, processor time of the server unless said otherwise:
 *
 *  - a slow sync of 1,000, 10,000 and 50,000 contacts, per contact: again,
 *    where both sides have them, and the first, into an empty account; that
 *    one against the growth of raw SQLite, since every new row of a larger
 *    table touches pages of its own in each index;
 *  - a repeated slow sync of 20,000 contacts of one and the same name,
 *    against 20,000 of different names;
 *  - 50,000 contacts that stream out to a second device, per contact against
 *    1,000, and how much memory the server has more at their end than after
 *    their first tenth;
 *  - an edit of a contact that another device has edited as well, against
 *    one that nobody else has.
 *
 * Alone it measures the engine in this process; bench/session.pl calls it
 * with an httpd as it calls bench_session, see there.  BENCH_ONLY=growth,
 * names or conflict measures nothing else.  Status 1: an aim was missed.
 */
#include "session_raw.h"

#define FEW        1000
#define FEW_ROUNDS 5
#define MANY       50000
#define NAMESAKES  20000
#define EDITED     3000
#define MAX_MSG    20000        /* of the devices, octets */

#define AIM_GROWTH  1.3         /* per contact, 50,000 against 1,000 */
#define AIM_RAW     1.3         /* that of the first, against raw SQLite's */
#define AIM_NAMES   2.0         /* one name against many */
#define AIM_MEMORY  4.0         /* MB */

/* ---- devices ----------------------------------------------------------- */

typedef apr_size_t maker_t(char *buf, apr_size_t size, unsigned n);

static struct {
    unsigned came;              /* changes from the server */
    unsigned expected;
    double early, late;         /* MB of the server: a tenth has come; all */
} stream;

static int accounts = 20;       /* the first are bench_session's */

static load_t *device(const char *user, const char *devid)
{
    load_t *l = client(user, devid);

    l->ph->max_msg = MAX_MSG;
    return l;
}

static const char *new_account(void)
{
    if (accounts == BENCH_ACCOUNTS) {
        load_die("accounts", "there are no more");
    }
    return apr_psprintf(pool, "bench%d", accounts++);
}

static double megabytes(void)
{
    char path[64];
    long all, resident;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/statm",
             bench.port ? bench.pid : (int)getpid());
    f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%ld %ld", &all, &resident) != 2) {
        load_die(path, "cannot be read");
    }
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void count(void)
{
    stream.came++;
    if (stream.came == stream.expected / 10) {
        stream.early = megabytes();
    }
    if (stream.came == stream.expected) {
        stream.late = megabytes();
    }
}

/* ---- one session ------------------------------------------------------- */

typedef struct got_t {
    const char *cmdref, *guid;
    int tag;
} got_t;

static void keep(apr_array_header_t *got, const sml_command_t *c,
                 apr_pool_t *p)
{
    got_t *g = apr_array_push(got);
    const sml_item_t *item = c->items->nelts
        ? &APR_ARRAY_IDX(c->items, 0, sml_item_t) : NULL;

    g->cmdref = apr_pstrdup(p, c->cmdid);
    g->tag = c->tag;
    g->guid = c->tag == SYNCML_ADD && item ? apr_pstrdup(p, item->source.uri)
                                           : NULL;
}

/* What of the answer asks for a Status. */
static apr_array_header_t *read_answer(load_t *l, apr_pool_t *p)
{
    apr_array_header_t *got = apr_array_make(p, 64, sizeof(got_t));
    apr_array_header_t *all = l->ph->in->commands;
    int i, j;

    for (i = 0; i < all->nelts; i++) {
        const sml_command_t *c = APR_ARRAY_IDX(all, i, sml_command_t *);

        if (c->tag != SYNCML_STATUS && c->tag != SYNCML_RESULTS) {
            keep(got, c, p);
        }
        for (j = 0; c->tag == SYNCML_SYNC && j < c->commands->nelts; j++) {
            keep(got, APR_ARRAY_IDX(c->commands, j, sml_command_t *), p);
            count();
        }
    }
    return got;
}

static void write_map(load_t *l, const apr_array_header_t *got)
{
    int i, open = 0;

    for (i = 0; i < got->nelts; i++) {
        const got_t *g = &APR_ARRAY_IDX(got, i, got_t);

        if (g->guid != NULL) {
            char luid[32];

            if (!open++) {
                phone_open_map(l->ph, l->datastore, "./c");
            }
            snprintf(luid, sizeof(luid), "g%s", g->guid);
            phone_map_item(l->ph, g->guid, luid);
        }
    }
    if (open) {
        codec_close(l->ph->w);
    }
}

/* Open a message that says all that the last answer asks for. */
static void open_reply(load_t *l)
{
    phone_t *ph = l->ph;
    apr_array_header_t *got;
    apr_pool_t *p;
    char msg[16];
    int i;

    apr_pool_create(&p, l->pool);
    got = read_answer(l, p);
    snprintf(msg, sizeof(msg), "%u", ph->server_msg);
    phone_open(ph);
    phone_status(ph, msg, "0", "SyncHdr", NULL, NULL, 200);
    for (i = 0; i < got->nelts; i++) {
        const got_t *g = &APR_ARRAY_IDX(got, i, got_t);

        phone_status(ph, msg, g->cmdref, codec_tag_name(g->tag), NULL, NULL,
                     g->tag == SYNCML_ADD ? 201 : 200);
    }
    write_map(l, got);
    apr_pool_destroy(p);
}

/* The client's package: n contacts, LUIDs from 1. */
static void send_contacts(load_t *l, unsigned n, maker_t *make)
{
    phone_t *ph = l->ph;
    unsigned i = 0;

    do {
        unsigned end = n - i > PER_MESSAGE ? i + PER_MESSAGE : n;

        open_reply(l);
        phone_open_sync(ph, l->datastore, "./c");
        for (; i < end; i++) {
            char card[1024], luid[16];
            apr_size_t len = make(card, sizeof(card), i);

            snprintf(luid, sizeof(luid), "%u", i + 1);
            phone_change(ph, SYNCML_REPLACE, luid, "text/vcard", card, len,
                         0, 0);
        }
        codec_close(ph->w);
        send_message(l, i == n);
    } while (i < n);
}

/** A session: n contacts go to the server, and what it has comes.
 * @return the server's processor time, us */
static double sync_all(load_t *l, int code, unsigned n, maker_t *make)
{
    phone_t *ph = l->ph;
    double before = server_ns(l);
    int end;

    stream.came = 0;
    begin_session(l, code, *l->last == '\0');
    send_contacts(l, n, make);
    do {
        end = ph->in->final;
        open_reply(l);
        if (!end) {
            phone_next_message(ph, ph->url, ph->devid);
        }
        send_message(l, end);
    } while (!end);
    memcpy(l->last, l->next, sizeof(l->last));
    return (server_ns(l) - before) / 1000;
}

/* Statuses of that code. */
static unsigned said(const load_t *l, int code)
{
    unsigned n = 0;
    int i;

    for (i = 0; i < l->ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(l->ph->sent, i, phone_sent_t);

        n += t->code == code && strcmp(t->name, "Replace") == 0;
    }
    return n;
}

/* ---- growth ------------------------------------------------------------ */

typedef struct figures_t {
    double first, again, out;   /* us per contact */
    double raw;                 /* the first, by raw SQLite */
} figures_t;

/* us per row */
static double raw_rows(unsigned n, int transactions)
{
    static int runs;
    raw_t raw;
    double us;

    raw_open(&raw, apr_psprintf(pool, "rows%d.db", ++runs), 1);
    us = raw_insert(&raw, runs, (int)n, transactions) / 1000;
    sqlite3_close_v2(raw.db);
    return us;
}

/* n contacts into an empty account, then once more, then out to another
 * device. */
static figures_t measure_size(unsigned n)
{
    const char *user = new_account();
    load_t *a = device(user, "IMEI:1"), *b = device(user, "IMEI:2");
    figures_t f;

    f.first = sync_all(a, 201, n, make_card) / n;
    f.raw = raw_rows(n, (int)a->posts);
    if (said(a, 201) != n) {
        load_die("slow sync", "not every contact was added");
    }
    f.again = sync_all(a, 201, n, make_card) / n;
    if (said(a, 201) != 0 || stream.came != 0) {
        load_die("repeated slow sync", "it is no repetition");
    }
    stream.expected = n;
    f.out = sync_all(b, 201, 0, make_card) / n;
    if (stream.came != n) {
        load_die("second device", "it did not get every contact");
    }
    load_destroy(a);
    load_destroy(b);
    return f;
}

static figures_t measure_few(void)
{
    double first[FEW_ROUNDS], again[FEW_ROUNDS], out[FEW_ROUNDS];
    double raw[FEW_ROUNDS];
    figures_t f;
    int i;

    for (i = 0; i < FEW_ROUNDS; i++) {
        f = measure_size(FEW);
        first[i] = f.first;
        again[i] = f.again;
        out[i] = f.out;
        raw[i] = f.raw;
    }
    f.first = median(first, FEW_ROUNDS);
    f.again = median(again, FEW_ROUNDS);
    f.out = median(out, FEW_ROUNDS);
    f.raw = median(raw, FEW_ROUNDS);
    return f;
}

static void compare(const char *what, const char *name, double few,
                    double middle, double many)
{
    figure(apr_pstrcat(pool, name, "_1000", NULL), few, "us/contact");
    figure(apr_pstrcat(pool, name, "_10000", NULL), middle, "us/contact");
    figure(apr_pstrcat(pool, name, "_50000", NULL), many, "us/contact");
    row(apr_psprintf(pool, "%s, 50,000", what), many, "the same of 1,000",
        few);
}

static void aim_growth(const char *what, double few, double many)
{
    aim(apr_psprintf(pool, "%s, a contact of 50,000 against one of 1,000",
                     what), many / few, AIM_GROWTH);
}

static void measure_growth(void)
{
    figures_t few = measure_few(), middle = measure_size(10000);
    figures_t many = measure_size(MANY);
    double grown = stream.late - stream.early;

    compare("raw SQLite", "raw", few.raw, middle.raw, many.raw);
    compare("slow sync", "slow", few.first, middle.first, many.first);
    aim("that growth against the growth of raw SQLite",
        many.first / few.first / (many.raw / few.raw), AIM_RAW);
    compare("slow sync again", "slow_again", few.again, middle.again,
            many.again);
    aim_growth("slow sync again", few.again, many.again);
    compare("to a second device", "out", few.out, middle.out, many.out);
    aim_growth("to a second device", few.out, many.out);
    figure("memory_early", stream.early, "MB");
    figure("memory_growth", grown, "MB");
    aim("memory more at the end of 50,000 that stream out, MB", grown,
        AIM_MEMORY);
}

/* ---- one name ---------------------------------------------------------- */

static apr_size_t make_namesake(char *buf, apr_size_t size, unsigned n)
{
    return (apr_size_t)snprintf(buf, size, "BEGIN:VCARD\r\nVERSION:3.0\r\n"
        "N:Smith;John;;;\r\nFN:John Smith\r\nTEL;TYPE=CELL:+49 170 %07u\r\n"
        "NOTE:number %u\r\nEND:VCARD\r\n", n, n);
}

static apr_size_t make_other(char *buf, apr_size_t size, unsigned n)
{
    return (apr_size_t)snprintf(buf, size, "BEGIN:VCARD\r\nVERSION:3.0\r\n"
        "N:Smith%u;John;;;\r\nFN:John Smith%u\r\nTEL;TYPE=CELL:+49 170 %07u"
        "\r\nNOTE:number %u\r\nEND:VCARD\r\n", n, n, n, n);
}

static double repeat(maker_t *make)
{
    load_t *l = device(new_account(), "IMEI:1");
    double us;

    sync_all(l, 201, NAMESAKES, make);
    us = sync_all(l, 201, NAMESAKES, make) / NAMESAKES;
    if (said(l, 201) != 0 || stream.came != 0) {
        load_die("repeated slow sync", "contacts were doubled");
    }
    us = (us + sync_all(l, 201, NAMESAKES, make) / NAMESAKES) / 2;
    load_destroy(l);
    return us;
}

static void measure_names(void)
{
    double many = repeat(make_other), one = repeat(make_namesake);

    figure("names_different", many, "us/contact");
    figure("names_equal", one, "us/contact");
    row("slow again, one name", one, "slow again, 20,000 names", many);
    aim("repeated slow sync of 20,000 contacts of one name against as many "
        "names", one / many, AIM_NAMES);
}

/* ---- conflicts --------------------------------------------------------- */

static unsigned edition;

static apr_size_t make_edit(char *buf, unsigned n, const char *title,
                            const char *note)
{
    return (apr_size_t)snprintf(buf, 1024, "BEGIN:VCARD\r\nVERSION:3.0\r\n"
        "UID:e%u\r\nN:Family%u;Given;;;\r\nFN:Given Family%u\r\nORG:Example "
        "Company;Department\r\nTITLE:%s\r\nTEL;TYPE=CELL:+49 170 %07u\r\n"
        "EMAIL;TYPE=INTERNET:given%u@example.org\r\nNOTE:%s\r\n"
        "END:VCARD\r\n", n, n, n, title, n, n, note);
}

static apr_size_t make_old(char *buf, apr_size_t size, unsigned n)
{
    return make_edit(buf, n, "old", "old");
}

static apr_size_t make_title(char *buf, apr_size_t size, unsigned n)
{
    char text[32];

    snprintf(text, sizeof(text), "title %u", edition);
    return make_edit(buf, n, text, "old");
}

static apr_size_t make_note(char *buf, apr_size_t size, unsigned n)
{
    char text[32];

    snprintf(text, sizeof(text), "note %u", edition);
    return make_edit(buf, n, "old", text);
}

static void measure_conflicts(void)
{
    const char *user = new_account();
    load_t *a = device(user, "IMEI:1"), *b = device(user, "IMEI:2");
    load_t *alone = device(new_account(), "IMEI:1");
    double plain, conflict;

    sync_all(alone, 201, EDITED, make_old);
    sync_all(a, 201, EDITED, make_old);
    sync_all(b, 201, EDITED, make_old);
    edition++;
    plain = sync_all(alone, 200, EDITED, make_note) / EDITED;
    sync_all(b, 200, EDITED, make_title);
    conflict = sync_all(a, 200, EDITED, make_note) / EDITED;
    figure("edit", plain, "us/contact");
    figure("edit_conflict", conflict, "us/contact");
    figure("conflicts_answered", stream.came, "contacts");
    row("a conflicting edit", conflict, "an edit", plain);
    load_destroy(a);
    load_destroy(b);
    load_destroy(alone);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/bench-sync-XXXXXX";
    const char *only = getenv("BENCH_ONLY");

    bench_begin(argc, argv, dir);
    if (only == NULL || strcmp(only, "growth") == 0) {
        measure_growth();
    }
    if (only == NULL || strcmp(only, "names") == 0) {
        measure_names();
    }
    if (only == NULL || strcmp(only, "conflict") == 0) {
        measure_conflicts();
    }
    return bench_end(dir);
}
