/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the SQLite store's statements cost, as SQLite itself plans them: a
 * sync costs what it changes, so no statement of a sync walks through a
 * table that grows with what is stored.
 */
#include "store/store_sqlite.h"

#include "store_fixture.h"

#define X(NAME, SQL) #NAME,
static const char *const names[SQ_COUNT] = { SQ_STATEMENTS(X) };
#undef X

/* These list all rows of a table, by their nature, or are for a table that
 * stays small.  Everything else searches. */
static const struct { const char *name, *step; } allowed[] = {
    { "SNAPSHOT", "SCAN settings" },            /* one row of it */
    { "ACCOUNT_LIST", "SCAN accounts USING INDEX" },
    { "ACCOUNT_SESSIONS", "SCAN sessions" },    /* an account is deleted */
    { "DEVICE_LIST_ALL", "SCAN d USING INDEX" },
    { "DUE_LIST", "SCAN u" },
    { "DUE_LAST", "SEARCH dues USING" },        /* one row */
    { "DUE_NEXT", "SCAN dues USING INDEX dues_planned" },   /* one row */
    { "DUE_NEXT", "SCAN dues USING INDEX dues_leased" },    /* of each */
    { "DUE_REPLAN", "SCAN dues" },              /* settings have changed */
    { "DUE_AHEAD", "SCAN dues" },               /* was it, perhaps */
    { "DUE_AHEAD_CHANGES", "SCAN due_changes" },
    { "DUE_AHEAD_STATES", "SCAN push_states" },
    { "DUE_CLOCK", "SCAN dues" },               /* the clock was put back */
    { "DUE_CLOCK_CHANGES", "SCAN due_changes" },
    { "DUE_CLOCK_STATES", "SCAN push_states" },
    { "PUSH_LOG_LIST", "SCAN push_log" },       /* by id, until the limit */
    { "DUE_RELEASE", "SCAN dues USING INDEX dues_leased" },     /* leased */
    { "PUSH_REQUEST_NEXT",                      /* one row */
      "SCAN push_requests USING INDEX push_requests_waiting" },
    { "PUSH_USE_LEASED",                        /* those being sent */
      "SCAN push_log USING INDEX push_log_sending" },
    { "PUSH_USE_GC", "SCAN push_uses" },
    { "PUSH_REQUEST_GC", "SCAN push_requests" },    /* those of a day */
};

static int is_allowed(const char *name, const char *step)
{
    size_t i;

    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (strcmp(allowed[i].name, name) == 0
            && strncmp(step, allowed[i].step, strlen(allowed[i].step)) == 0)
            return 1;
    }
    return 0;
}

/* The plan of a statement, its steps joined by '|'. */
static char *plan(sqlite3 *db, const char *sql, apr_pool_t *p)
{
    const char *text = apr_pstrcat(p, "EXPLAIN QUERY PLAN ", sql, NULL);
    sqlite3_stmt *st;
    char *all = apr_pstrdup(p, "");

    if (sqlite3_prepare_v2(db, text, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(st) == SQLITE_ROW)
        all = apr_pstrcat(p, all, sqlite3_column_text(st, 3), "|", NULL);
    sqlite3_finalize(st);
    return all;
}

static void no_scans(void **state)
{
    fixture_t *f = *state;
    sqlite3 *db;
    int i, planned = 0, bad = 0;

    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    for (i = SQ_SETTING_GET; i < SQ_COUNT; i++) {
        char *steps = plan(db, sq_sql[i], f->p), *last = NULL, *step;

        for (step = apr_strtok(steps, "|", &last); step;
             step = apr_strtok(NULL, "|", &last)) {
            planned++;
            if (strncmp(step, "SCAN", 4) == 0 && !is_allowed(names[i], step)
                && strcmp(step, "SCAN CONSTANT ROW") != 0) {
                print_error("%s: %s\n", names[i], step);
                bad++;
            }
        }
    }
    sqlite3_close(db);
    assert_true(planned > 60);
    assert_int_equal(bad, 0);
}

static void assert_plan(sqlite3 *db, fixture_t *f, int which,
                        const char *part)
{
    char *steps = plan(db, sq_sql[which], f->p);

    if (!strstr(steps, part))
        fail_msg("%s: \"%s\" is not in \"%s\"", names[which], part, steps);
}

static void assert_no_plan(sqlite3 *db, fixture_t *f, int which,
                           const char *part)
{
    char *steps = plan(db, sq_sql[which], f->p);

    if (strstr(steps, part))
        fail_msg("%s: \"%s\" is in \"%s\"", names[which], part, steps);
}

/* The searches that matter use the index that was made for them ... */
static const struct { int which; const char *part; } wanted[] = {
    { SQ_CHANGES, "items_change (datastore=? AND change>? AND change<?)" },
    { SQ_CHANGES, "m USING PRIMARY KEY (device=? AND item=?)" },
    { SQ_CHANGES_COUNT, "COVERING INDEX items_change" },
    { SQ_CHANGES_DOUBTFUL,
      "items_change (datastore=? AND change>? AND change<?)" },
    { SQ_CHANGES_SETTLED, "COVERING INDEX items_change" },
    { SQ_CHANGES_RETRY, "maps_retry (device=? AND datastore=? AND item>?)" },
    { SQ_CHANGES_MOVED, "items_ends (datastore=? AND ends>? AND ends<?)" },
    { SQ_CHANGES_MOVED,
      "items_starts (datastore=? AND starts>? AND starts<?)" },
    { SQ_CHANGES_MOVED, "i USING INTEGER PRIMARY KEY (rowid=?)" },
    { SQ_CHANGES_HELD, "m USING PRIMARY KEY (device=? AND item>?)" },
    { SQ_ANCHOR_DELETE, "PRIMARY KEY (device=? AND datastore=?)" },
    { SQ_DUE_LACKS, "items_change (datastore=? AND change>?)" },
    { SQ_ITEM_BY_KEY, "items_key (<expr>=?)" },
    { SQ_ITEM_BY_UID, "items_uid (<expr>=?)" },
    { SQ_ITEM_BY_NEAR, "items_near (<expr>=?)" },
    { SQ_ITEM_ARCHIVED, "items_archived (datastore=? AND rowid>?)" },
    { SQ_FORMER_GET, "former_maps_luid (device=? AND datastore=? AND luid=?)" },
    { SQ_FORMER_CLEAR, "former_maps_luid (device=? AND datastore=?)" },
    { SQ_GC_ITEMS, "items_deleted (modified<?)" },
    { SQ_GC_VERSIONS, "m USING PRIMARY KEY (device=? AND item=?)" },
    { SQ_GC_FORMER_MAPS, "former_maps_time (time<?)" },
    { SQ_GC_SOFT_MAPS, "PRIMARY KEY (device=? AND item=?)" },
    { SQ_SESSION_OF_DEVICE, "sessions_device (device=?)" },
    { SQ_SESSION_KEEP, "sessions_expires (expires<?)" },
    { SQ_SESSION_FORGET, "sessions_kept (expires<?)" },
    { SQ_DEVICE_UNSEEN, "devices_seen (last_seen>? AND last_seen<?)" },
    { SQ_ITEM_SINCE, "COVERING INDEX items_change (datastore=? AND change>?)" },
    { SQ_HISTORY, "(item=?)" },
    { SQ_LOG_RANGES, "PRIMARY KEY (log=?)" },
    { SQ_LOG_RANGE_GROW, "PRIMARY KEY (log=? AND datastore=?)" },
    { SQ_LOG_LIST_ACCOUNT, "logs_account (account=? AND rowid<?)" },
    { SQ_LOG_BREAK, "logs_open (device=?)" },
    { SQ_GC_LOGS, "logs_latest (latest<?)" },
    { SQ_ITEM_GET, "INTEGER PRIMARY KEY (rowid=?)" },
    { SQ_ITEM_LIST, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
    { SQ_ITEM_LIVE, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)" },
    { SQ_MAP_BY_LUID, "maps_luid (device=? AND datastore=? AND luid=?)" },
    { SQ_MAP_BY_ITEM, "PRIMARY KEY (device=? AND item=?)" },
    { SQ_MAP_CLEAR, "maps_luid (device=? AND datastore=?)" },
    { SQ_SESSION_BY_REQUEST, "sessions_hash (hash=?)" },
    { SQ_DUE_READY, "dues_planned (planned<?)" },
    { SQ_DUE_READY, "dues_leased (leased_until<?)" },
    { SQ_DUE_NEXT, "INDEX dues_planned" },
    { SQ_DUE_NEXT, "INDEX dues_leased" },
    { SQ_DUE_WAITS, "dues_planned (planned>? AND planned<?)" },
    { SQ_DUE_WAKE, "dues_planned (planned=?)" },
    { SQ_DUE_WAKE_OF, "dues_turns (account=? AND planned=?)" },
    { SQ_DUE_REPLAN_DEVICE, "INTEGER PRIMARY KEY (rowid=?)" },
    { SQ_PUSH_LOG_OF_TOKEN, "push_log_token (token=?)" },
    { SQ_PUSH_LOG_REPORT, "push_log_token (token=?)" },
    { SQ_PUSH_LOG_ANSWERED, "push_log_open (device=?)" },
    { SQ_PUSH_LOG_LIST, "PRIMARY KEY (rowid<?)" },
    { SQ_PUSH_LOG_LIST_ACCOUNT, "push_log_account (account=? AND rowid<?)" },
    { SQ_PUSH_LOG_LIST_DEVICE, "push_log_device (device=? AND rowid<?)" },
    { SQ_PUSH_LOG_GC, "push_log_time (time<?)" },
    { SQ_PUSH_LOG_SENDING, "push_log_sending (time>? AND time<?)" },
    { SQ_PUSH_USE_LEASED, "INDEX dues_leased" },
    { SQ_PUSH_USE_LEASED, "d USING INTEGER PRIMARY KEY (rowid=?)" },
    { SQ_PUSH_REQUEST_NEXT, "push_requests_waiting" },
    { SQ_DUE_RELEASE, "INDEX dues_leased" },
    { SQ_DUE_DERIVE, "(account=?)" }
};

/* ... and rows come in order without being sorted. */
static const int ordered[] = {
    SQ_ITEM_LIST, SQ_ITEM_BY_KEY, SQ_ITEM_BY_UID, SQ_CHANGES,
    SQ_CHANGES_SETTLED, SQ_CHANGES_RETRY, SQ_DUE_LACKS, SQ_DUE_READY,
    SQ_DUE_WAITS, SQ_DUE_WAKE, SQ_DUE_WAKE_OF,
    SQ_DUE_NEXT, SQ_PUSH_LOG_LIST, SQ_PUSH_LOG_LIST_ACCOUNT,
    SQ_PUSH_LOG_LIST_DEVICE, SQ_PUSH_LOG_GC, SQ_PUSH_REQUEST_NEXT,
    SQ_ITEM_LIVE, SQ_SESSION_EXPIRE, SQ_SESSION_KEEP, SQ_SESSION_FORGET,
    SQ_SESSION_OF_DEVICE, SQ_GC_ITEMS, SQ_GC_VERSIONS,
    SQ_GC_FORMER_MAPS, SQ_ITEM_BY_NEAR, SQ_ITEM_ARCHIVED,
    SQ_DEVICE_SETTING_LIST, SQ_CHANGES_HELD, SQ_DEVICE_UNSEEN,
    SQ_ITEM_SINCE, SQ_HISTORY, SQ_LOG_RANGES,
    SQ_LOG_LIST, SQ_LOG_LIST_ACCOUNT, SQ_LOG_LIST_DEVICE, SQ_GC_LOGS
};

static void right_indexes(void **state)
{
    fixture_t *f = *state;
    sqlite3 *db;
    size_t i;

    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        assert_plan(db, f, wanted[i].which, wanted[i].part);
    for (i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++)
        assert_no_plan(db, f, ordered[i], "TEMP B-TREE");
    sqlite3_close(db);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST_EMPTY(no_scans), TEST_EMPTY(right_indexes)
    };

    return RUN_SQLITE("store plans", tests);
}
