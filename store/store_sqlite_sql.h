/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_sqlite_sql.h
 * @brief Every statement that the SQLite driver prepares, in one place: a
 * test asks SQLite for the plan of each and finds full scans.
 */
#ifndef SYNCML_STORE_SQLITE_SQL_H
#define SYNCML_STORE_SQLITE_SQL_H

/* The item's own id within its row id, see SQ_ITEM(). */
#define SQL_ITEM(ROWID)  "(" ROWID " & 0xfffffffff)"

/* What the indexes of the keys have: datastore and 36 bits of the key in one
 * number, as in a row id.  So the rows of a datastore are together; whoever
 * finds one looks at its whole key.  Part of the schema: never to be edited. */
#define SQL_HASHED(DATASTORE, KEY) \
    "((" DATASTORE " << 36) | (" KEY " & 68719476735))"

#define SQL_ITEM_COLUMNS \
    SQL_ITEM("i.id") ", i.datastore, i.change, i.origin, i.deleted, " \
    "i.archived, i.type, i.key, i.uid_key, i.near_key, i.starts, i.ends, " \
    "i.modified, i.data"
#define SQL_ITEM_N  14          /* so many columns */

#define SQL_DEVICE_COLUMNS \
    "d.id, d.account, d.devid, d.manufacturer, d.model, d.firmware, " \
    "d.software, d.hardware, d.syncml_version, d.sync_url, f.data, " \
    "d.nonce, d.nonce_prev, d.number, d.push, d.first_seen, d.last_seen " \
    "FROM devices d LEFT JOIN devinfs f ON f.device = d.id "

#define SQL_DATASTORE_COLUMNS "id, account, name, change, items"

/* What a device (?1) lacks of a datastore (?2) above a change counter (?3).
 * A live item without a map row has a NULL version, which is not the
 * item's.  What the device has soft-deleted it does not lack. */
#define SQL_LACKS \
    "FROM items i LEFT JOIN maps m " \
    "ON m.device = ?1 AND m.item = " SQL_ITEM("i.id") " " \
    "WHERE i.datastore = ?2 AND i.change > ?3 " \
    "AND CASE WHEN i.deleted = 0 THEN m.version IS NOT i.change " \
    "ELSE m.item IS NOT NULL END AND m.soft IS NOT 1 "

/* An item within a window of an anchor (FROM, TO; 0: no limit), or one that
 * the device has: of an empty window none at all. */
#define SQL_CONCERNS(FROM, TO) \
    "AND (" FROM " = 0 OR " TO " = 0 OR " FROM " <= " TO ") " \
    "AND (m.item IS NOT NULL " \
    "OR (" FROM " = 0 OR i.ends = 0 OR i.ends >= " FROM ") " \
    "AND (" TO " = 0 OR i.starts = 0 OR i.starts <= " TO ")) "

#define SQL_SESSION_COLUMNS \
    "id, account, device, state, hash, answer, answer_type, expires " \
    "FROM sessions "

/* A log (?1) and a datastore (?2) of one account. */
#define SQL_LOG_OF_DATASTORE \
    "FROM logs l JOIN datastores s ON s.id = ?2 AND s.account = l.account " \
    "WHERE l.id = ?1"

#define SQL_LOG_COLUMNS \
    "id, account, device, state, started, latest, undoes, undone_by, " \
    "devid, session FROM logs "

#define SQL_DUE_COLUMNS \
    "u.device, u.account, a.name, d.devid, d.number, d.syncml_version, " \
    "d.manufacturer, d.model, d.san_session, u.state, u.attempts, " \
    "u.unanswered, u.first_change, u.last_change, u.not_before, " \
    "u.leased_until, u.last_error, " SQL_IS_REACHABLE ", u.planned, " \
    "u.plan, u.logged, u.now, p.last_sent, p.last_sync, p.own_sync, " \
    "CASE WHEN min(p.gap_0, p.gap_1, p.gap_2, p.gap_3) > 0 " \
    "THEN max(p.gap_0, p.gap_1, p.gap_2, p.gap_3) END, " \
    "(SELECT max(l.latest) FROM logs l " \
    "WHERE l.device = u.device AND l.state = 0), " \
    "d.sync_url, d.last_seen " \
    "FROM dues u JOIN devices d ON d.id = u.device " \
    "JOIN accounts a ON a.id = u.account " \
    "LEFT JOIN push_states p ON p.device = u.device "

/* A row that nobody is telling, as the indexes dues_planned and dues_turns
 * have them. */
#define SQL_DUE_FREE  "state < 2 AND leased_until = 0 "

/* A device that can be told: see STORE_DEVICE_TCP. */
#define SQL_REACHABLE \
    "d.push <> 0 AND (d.number <> '' OR EXISTS (SELECT 1 " \
    "FROM device_settings t WHERE t.device = d.id AND t.value <> 'off' " \
    "AND t.name IN ('" STORE_DEVICE_TCP "', '" STORE_DEVICE_HELD "'))) "

/* The same as a value: SQLite leaves the second half of an OR out in a
 * condition only. */
#define SQL_IS_REACHABLE  "CASE WHEN " SQL_REACHABLE "THEN 1 ELSE 0 END"

/* The devices (of account ?1) that owe a sync for a change of a datastore
 * (?2) by a device (?3). */
#define SQL_DUE_DEVICES \
    "FROM devices d CROSS JOIN anchors a " \
    "ON a.device = d.id AND a.datastore = ?2 " \
    "WHERE d.account = ?1 AND d.id <> ?3 AND " SQL_REACHABLE \
    "AND a.synced <> 0 "

#define SQL_PUSH_LOG_COLUMNS \
    "id, account, device, devid, time, event, reason, transport, number, " \
    "datastores, parts, cost, answer, message_id, token, first_change, " \
    "until, report, report_text, report_time, answered FROM push_log "
/* ?1 below which id, ?2 how many, ?3 since, ?4 bits of events, ?5 number or
 * NULL. */
#define SQL_PUSH_LOG_FILTER \
    "id < ?1 AND time >= ?3 AND (?4 >> event) & 1 " \
    "AND ifnull(number = ?5, 1) ORDER BY id DESC LIMIT ?2"

/* A row referred to by a map row, present or former (TABLE), of some device
 * of its account. ROW: its row id, EXTRA: a further condition. */
#define SQL_MAPPED(TABLE, ROW, EXTRA) \
    "EXISTS (SELECT 1 FROM datastores s " \
    "CROSS JOIN devices d ON d.account = s.account " \
    "CROSS JOIN " TABLE " m ON m.device = d.id " \
    "AND m.item = " SQL_ITEM(ROW) " " \
    EXTRA "WHERE s.id = " ROW " >> 36)"

#define SQ_STATEMENTS(X) \
X(BEGIN_READ, "BEGIN") \
X(BEGIN_WRITE, "BEGIN IMMEDIATE") \
X(COMMIT, "COMMIT") \
X(ROLLBACK, "ROLLBACK") \
X(SAVEPOINT, "SAVEPOINT s") \
X(SAVEPOINT_BACK, "ROLLBACK TO s") \
X(SAVEPOINT_END, "RELEASE s") \
X(SNAPSHOT, "SELECT 1 FROM settings LIMIT 1") \
X(DATA_VERSION, "PRAGMA data_version") \
\
X(SETTING_GET, "SELECT value FROM settings WHERE name = ?1") \
X(SETTING_SET, "INSERT INTO settings (name, value) VALUES (?1, ?2) " \
  "ON CONFLICT (name) DO UPDATE SET value = excluded.value") \
X(SETTING_DELETE, "DELETE FROM settings WHERE name = ?1") \
\
X(ACCOUNT_ADD, "INSERT INTO accounts (name, created) VALUES (?1, ?2) " \
  "RETURNING id") \
X(ACCOUNT_FIND, "SELECT id, name, secret IS NOT NULL, created " \
  "FROM accounts WHERE name = ?1") \
X(ACCOUNT_GET, "SELECT id, name, secret IS NOT NULL, created " \
  "FROM accounts WHERE id = ?1") \
X(ACCOUNT_LIST, "SELECT id, name, secret IS NOT NULL, created " \
  "FROM accounts ORDER BY name") \
X(ACCOUNT_SECRET, "SELECT secret FROM accounts " \
  "WHERE id = ?1 AND secret IS NOT NULL") \
X(ACCOUNT_SET_SECRET, "UPDATE accounts SET secret = ?2 WHERE id = ?1") \
X(ACCOUNT_NO_SECRET, "UPDATE accounts SET secret = NULL WHERE id = ?1") \
X(ACCOUNT_COUNTER, "SELECT last_item FROM accounts WHERE id = ?1") \
X(ACCOUNT_COUNT, "UPDATE accounts SET last_item = ?2 WHERE id = ?1") \
X(ACCOUNT_DELETE, "DELETE FROM accounts WHERE id = ?1") \
X(ACCOUNT_DEVICES, "SELECT id FROM devices WHERE account = ?1") \
X(ACCOUNT_DATASTORES, "SELECT id FROM datastores WHERE account = ?1") \
X(ACCOUNT_SESSIONS, "DELETE FROM sessions WHERE account = ?1") \
\
X(DEVICE_ADD, "INSERT INTO devices (account, devid, manufacturer, model, " \
  "firmware, software, hardware, syncml_version, sync_url, nonce, " \
  "nonce_prev, number, push, first_seen, last_seen) VALUES (?1, ?2, ?3, " \
  "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) " \
  "RETURNING id") \
X(DEVICE_UPDATE, "UPDATE devices SET manufacturer = ?3, model = ?4, " \
  "firmware = ?5, software = ?6, hardware = ?7, syncml_version = ?8, " \
  "sync_url = ?9, nonce = ?10, nonce_prev = ?11, number = ?12, " \
  "push = ?13, first_seen = ?14, last_seen = ?15 " \
  "WHERE id = ?1 AND account = ?2") \
X(DEVICE_EXISTS, "SELECT 1 FROM devices " \
  "WHERE account = ?1 AND devid = ?2") \
X(DEVICE_FIND, "SELECT " SQL_DEVICE_COLUMNS \
  "WHERE d.account = ?1 AND d.devid = ?2") \
X(DEVICE_GET, "SELECT " SQL_DEVICE_COLUMNS \
  "WHERE d.id = ?1 AND d.account = ?2") \
X(DEVICE_LIST, "SELECT " SQL_DEVICE_COLUMNS \
  "WHERE d.account = ?1 ORDER BY d.devid") \
X(DEVICE_LIST_ALL, "SELECT " SQL_DEVICE_COLUMNS \
  "ORDER BY d.account, d.devid") \
X(DEVICE_ACCOUNT, "SELECT account FROM devices WHERE id = ?1") \
X(DEVICE_DELETE, "DELETE FROM devices WHERE id = ?1") \
X(DEVICE_UNSEEN, "SELECT " SQL_DEVICE_COLUMNS \
  "WHERE d.last_seen > 0 AND d.last_seen < ?1 " \
  "AND EXISTS (SELECT 1 FROM anchors a WHERE a.device = d.id) " \
  "ORDER BY d.last_seen LIMIT ?2") \
X(DEVICE_MAPS, "DELETE FROM maps WHERE device = ?1") \
X(DEVICE_FORMER_MAPS, "DELETE FROM former_maps WHERE device = ?1") \
X(DEVICE_SETTINGS, "DELETE FROM device_settings WHERE device = ?1") \
X(DEVICE_ANCHORS, "DELETE FROM anchors WHERE device = ?1") \
X(DEVICE_SESSIONS, "DELETE FROM sessions WHERE device = ?1") \
X(DEVINF_SET, "INSERT INTO devinfs (device, data) VALUES (?1, ?2) " \
  "ON CONFLICT (device) DO UPDATE SET data = excluded.data " \
  "WHERE data <> excluded.data") \
X(DEVINF_DELETE, "DELETE FROM devinfs WHERE device = ?1") \
X(DEVICE_SETTING_GET, "SELECT value FROM device_settings " \
  "WHERE device = ?1 AND name = ?2") \
X(DEVICE_SETTING_SET, "INSERT OR REPLACE INTO device_settings " \
  "(device, name, value) VALUES (?1, ?2, ?3)") \
X(DEVICE_SETTING_DELETE, "DELETE FROM device_settings " \
  "WHERE device = ?1 AND name = ?2") \
X(DEVICE_SETTING_LIST, "SELECT name, value FROM device_settings " \
  "WHERE device = ?1 ORDER BY name") \
\
X(DATASTORE_ADD, "INSERT INTO datastores (account, name) VALUES (?1, ?2) " \
  "RETURNING id") \
X(DATASTORE_FIND, "SELECT " SQL_DATASTORE_COLUMNS " FROM datastores " \
  "WHERE account = ?1 AND name = ?2") \
X(DATASTORE_GET, "SELECT " SQL_DATASTORE_COLUMNS " FROM datastores " \
  "WHERE id = ?1") \
X(DATASTORE_LIST, "SELECT " SQL_DATASTORE_COLUMNS " FROM datastores " \
  "WHERE account = ?1 ORDER BY name") \
X(DATASTORE_COUNT, "UPDATE datastores SET change = ?2, items = ?3 " \
  "WHERE id = ?1") \
X(DATASTORE_DELETE, "DELETE FROM datastores WHERE id = ?1") \
X(DATASTORE_ITEMS, "DELETE FROM items WHERE id >= ?1 AND id < ?2") \
X(DATASTORE_VERSIONS, "DELETE FROM versions " \
  "WHERE item >= ?1 AND item < ?2") \
\
X(ITEM_ADD, "INSERT INTO items (id, datastore, change, written, added, " \
  "origin, deleted, type, key, uid_key, near_key, starts, ends, modified, " \
  "data) VALUES (?1, ?2, ?3, ?3, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, " \
  "?12)") \
X(ITEM_UPDATE, "UPDATE items SET change = ?2, written = ?2, origin = ?3, " \
  "deleted = 0, archived = 0, type = ?4, key = ?5, uid_key = ?6, " \
  "near_key = ?7, starts = ?8, ends = ?9, modified = ?10, data = ?11 " \
  "WHERE id = ?1") \
X(ITEM_STARTS, "SELECT starts, ends FROM items WHERE id = ?1") \
X(ITEM_STARTS_TEXT, "SELECT type, data FROM items WHERE id = ?1") \
X(ITEM_DELETE, "UPDATE items SET change = ?2, origin = ?3, deleted = 1, " \
  "archived = ?5, modified = ?4 WHERE id = ?1 AND deleted = 0 " \
  "RETURNING 1") \
X(ITEM_REKEY, "UPDATE items SET key = ?3, uid_key = ?4, near_key = ?5, " \
  "starts = ?6, ends = ?7 WHERE id = ?1 AND change = ?2") \
X(ITEM_GET, "SELECT " SQL_ITEM_COLUMNS " FROM items i WHERE i.id = ?1") \
X(ITEM_EXISTS, "SELECT 1 FROM items WHERE id = ?1") \
X(ITEM_LIST, "SELECT " SQL_ITEM_COLUMNS " FROM items i " \
  "WHERE i.id > ?1 AND i.id < ?2 AND i.deleted = 0 " \
  "ORDER BY i.id LIMIT ?3") \
X(ITEM_ARCHIVED, "SELECT " SQL_ITEM_COLUMNS " FROM items i " \
  "WHERE i.datastore = ?1 AND i.id > ?2 AND i.archived <> 0 " \
  "ORDER BY i.id LIMIT ?3") \
X(ITEM_BY_KEY, "SELECT " SQL_ITEM_COLUMNS " FROM items i " \
  "WHERE " SQL_HASHED("i.datastore", "i.key") " = " \
  SQL_HASHED("?1", "?2") " " \
  "AND i.key = ?2 AND i.deleted = 0 " \
  "AND NOT EXISTS (SELECT 1 FROM maps m WHERE m.device = ?3 " \
  "AND m.item = " SQL_ITEM("i.id") ") ORDER BY i.id") \
X(ITEM_BY_UID, "SELECT " SQL_ITEM_COLUMNS " FROM items i " \
  "WHERE " SQL_HASHED("i.datastore", "i.uid_key") " = " \
  SQL_HASHED("?1", "?2") " " \
  "AND i.uid_key = ?2 AND i.uid_key <> 0 " \
  "AND i.deleted = 0 " \
  "AND NOT EXISTS (SELECT 1 FROM maps m WHERE m.device = ?3 " \
  "AND m.item = " SQL_ITEM("i.id") ") ORDER BY i.id") \
X(ITEM_BY_NEAR, "SELECT " SQL_ITEM_COLUMNS " FROM items i " \
  "WHERE " SQL_HASHED("i.datastore", "i.near_key") " = " \
  SQL_HASHED("?1", "?2") " " \
  "AND i.near_key = ?2 AND i.near_key <> 0 " \
  "AND i.deleted = 0 " \
  "AND NOT EXISTS (SELECT 1 FROM maps m WHERE m.device = ?3 " \
  "AND m.item = " SQL_ITEM("i.id") ") ORDER BY i.id") \
X(ITEM_LIVE, "SELECT i.id FROM items i " \
  "WHERE i.id > ?1 AND i.id < ?2 AND i.deleted = 0 AND i.change <= ?4 " \
  "AND NOT EXISTS (SELECT 1 FROM maps m WHERE m.device = ?3 " \
  "AND m.item = " SQL_ITEM("i.id") ") ORDER BY i.id LIMIT 1000") \
X(ITEM_REMOVE, "DELETE FROM items WHERE id = ?1") \
X(ITEM_VERSIONS, "DELETE FROM versions WHERE item = ?1") \
X(VERSION_ADD, "INSERT INTO versions (item, change, until, deleted, " \
  "archived, time, type, modified, data) SELECT id, written, ?4, " \
  "CASE WHEN deleted = 0 THEN 0 ELSE change END, archived, ?3, type, " \
  "modified, data FROM items WHERE id = ?1 AND deleted = ?2") \
X(VERSION_PRESENT, "SELECT change, type, modified, data FROM items " \
  "WHERE id = ?1 AND (change = ?2 OR written = ?2)") \
X(VERSION_GET, "SELECT change, type, modified, data FROM versions " \
  "WHERE item = ?1 AND change = ?2") \
X(ITEM_SINCE, "SELECT " SQL_ITEM("i.id") ", i.change FROM items i " \
  "WHERE i.datastore = ?1 AND i.change > ?2 ORDER BY i.change") \
X(HISTORY_PRESENT, "SELECT written, change, deleted, archived, added " \
  "FROM items WHERE id = ?1") \
X(HISTORY, "SELECT change, until, deleted, archived FROM versions " \
  "WHERE item = ?1 ORDER BY change") \
\
X(LOG_ADD, "INSERT INTO logs (account, device, state, started, latest, " \
  "undoes, devid, session) VALUES (?1, ?2, 0, ?3, ?3, ?4, ?5, ?6) " \
  "RETURNING id") \
X(LOG_BREAK, "UPDATE logs SET state = 2 WHERE device = ?1 AND state = 0") \
X(LOG_UNDONE, "UPDATE logs SET undone_by = ?2 WHERE id = ?1") \
X(LOG_END, "UPDATE logs SET state = ?2, latest = ?3 WHERE id = ?1") \
X(LOG_RANGE_GROW, "UPDATE log_ranges SET upto = ?4 " \
  "WHERE log = ?1 AND datastore = ?2 AND upto = ?3") \
X(LOG_RANGE_ADD, "INSERT OR REPLACE INTO log_ranges (log, datastore, " \
  "after, upto) SELECT l.id, s.id, ?3, ?4 " SQL_LOG_OF_DATASTORE) \
X(LOG_RANGES, "SELECT datastore, after, upto FROM log_ranges " \
  "WHERE log = ?1 ORDER BY datastore, after") \
X(LOG_DATASTORE_PUT, "INSERT OR REPLACE INTO log_datastores (log, " \
  "datastore, sync, status, received_0, received_1, received_2, " \
  "received_3, sent_0, sent_1, sent_2, sent_3, conflicts) " \
  "SELECT l.id, s.id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 " \
  SQL_LOG_OF_DATASTORE) \
X(LOG_DATASTORES, "SELECT l.datastore, s.name, l.sync, l.status, " \
  "l.received_0, l.received_1, l.received_2, l.received_3, l.sent_0, " \
  "l.sent_1, l.sent_2, l.sent_3, l.conflicts FROM log_datastores l " \
  "JOIN datastores s ON s.id = l.datastore WHERE l.log = ?1 " \
  "ORDER BY l.datastore") \
X(LOG_GET, "SELECT " SQL_LOG_COLUMNS "WHERE id = ?1") \
X(LOG_LIST, "SELECT " SQL_LOG_COLUMNS "WHERE id < ?1 " \
  "ORDER BY id DESC LIMIT ?2") \
X(LOG_LIST_ACCOUNT, "SELECT " SQL_LOG_COLUMNS \
  "WHERE account = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2") \
X(LOG_LIST_DEVICE, "SELECT " SQL_LOG_COLUMNS \
  "WHERE device = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2") \
X(LOG_DELETE, "DELETE FROM logs WHERE id = ?1") \
X(LOG_DELETE_DATASTORES, "DELETE FROM log_datastores WHERE log = ?1") \
X(LOG_DELETE_RANGES, "DELETE FROM log_ranges WHERE log = ?1") \
X(GC_LOGS, "SELECT id FROM logs WHERE latest < ?1 " \
  "ORDER BY latest LIMIT ?2") \
X(ACCOUNT_LOGS, "SELECT id FROM logs WHERE account = ?1") \
\
X(GC_ITEMS, "SELECT i.id FROM items i " \
  "WHERE i.deleted <> 0 AND i.archived = 0 AND i.modified < ?1 AND NOT " \
  SQL_MAPPED("maps", "i.id", "AND m.soft = 0 ") " AND NOT " \
  SQL_MAPPED("former_maps", "i.id", "") " ORDER BY i.modified LIMIT ?2") \
X(GC_SOFT_MAPS, "DELETE FROM maps WHERE item = ?2 AND soft <> 0 " \
  "AND device IN (SELECT d.id FROM datastores s CROSS JOIN devices d " \
  "ON d.account = s.account WHERE s.id = ?1)") \
X(GC_FORMER_MAPS, "SELECT device, item FROM former_maps " \
  "WHERE time < ?1 ORDER BY time LIMIT ?2") \
X(FORMER_DELETE, "DELETE FROM former_maps WHERE device = ?1 AND item = ?2") \
X(GC_VERSIONS, "DELETE FROM versions WHERE id IN (SELECT v.id " \
  "FROM versions v WHERE v.time < ?1 AND NOT " \
  SQL_MAPPED("maps", "v.item", "AND m.version = v.change ") " AND NOT " \
  SQL_MAPPED("former_maps", "v.item", "AND m.version = v.change ") \
  " ORDER BY v.time LIMIT ?2)") \
\
X(MAP_PUT, "INSERT OR REPLACE INTO maps (device, item, datastore, luid, " \
  "version, retry, soft) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
X(MAP_BY_LUID, "SELECT item, luid, version, retry, soft FROM maps " \
  "WHERE device = ?1 AND datastore = ?2 AND luid = ?3") \
X(MAP_BY_ITEM, "SELECT item, luid, version, retry, soft FROM maps " \
  "WHERE device = ?1 AND item = ?2 AND datastore = ?3") \
X(MAP_DELETE, "DELETE FROM maps " \
  "WHERE device = ?1 AND item = ?2 AND datastore = ?3") \
X(MAP_CLEAR, "DELETE FROM maps WHERE device = ?1 AND datastore = ?2") \
X(MAP_LIST, "SELECT item, luid, version, retry, soft FROM maps " \
  "WHERE device = ?1 AND datastore = ?2") \
X(MAP_TO_FORMER, "INSERT OR REPLACE INTO former_maps (device, datastore, " \
  "luid, item, version, time) SELECT device, datastore, luid, item, " \
  "version, ?3 FROM maps " \
  "WHERE device = ?1 AND datastore = ?2 AND luid IS NOT NULL") \
X(FORMER_GET, "SELECT item, version FROM former_maps " \
  "WHERE device = ?1 AND datastore = ?2 AND luid = ?3") \
X(FORMER_CLEAR, "DELETE FROM former_maps " \
  "WHERE device = ?1 AND datastore = ?2") \
X(CHANGES, "SELECT " SQL_ITEM_COLUMNS ", m.item IS NOT NULL, m.luid, " \
  "m.version " SQL_LACKS "AND i.change <= ?4 ORDER BY i.change") \
X(CHANGES_RETRY, "SELECT " SQL_ITEM_COLUMNS ", 1, m.luid, m.version " \
  "FROM maps m INDEXED BY maps_retry CROSS JOIN items i " \
  "ON i.id = (m.datastore << 36) + m.item " \
  "WHERE m.device = ?1 AND m.datastore = ?2 AND m.retry <> 0 " \
  "AND m.soft = 0 " \
  "AND m.item > ?3 AND i.change <= ?4 " \
  "AND (i.deleted = 0 OR m.luid IS NOT NULL OR m.version > 0) " \
  "ORDER BY m.item") \
X(CHANGES_MOVED, "SELECT " SQL_ITEM_COLUMNS ", m.item IS NOT NULL, " \
  "m.luid, m.version FROM items i LEFT JOIN maps m " \
  "ON m.device = ?1 AND m.item = " SQL_ITEM("i.id") " WHERE i.id IN (" \
  "SELECT e.id FROM items e WHERE e.datastore = ?2 AND e.deleted = 0 " \
  "AND e.ends <> 0 AND e.ends >= ?3 AND e.ends < ?4 UNION " \
  "SELECT b.id FROM items b WHERE b.datastore = ?2 AND b.deleted = 0 " \
  "AND b.starts <> 0 AND b.starts > ?5 AND b.starts <= ?6) " \
  "AND " SQL_ITEM("i.id") " > ?7 AND i.change <= ?8 " \
  "AND m.retry IS NOT 1 AND m.soft IS NOT 1 ORDER BY i.id") \
X(CHANGES_HELD, "SELECT " SQL_ITEM_COLUMNS ", 1, m.luid, m.version " \
  "FROM maps m CROSS JOIN items i " \
  "ON i.id = (m.datastore << 36) + m.item " \
  "WHERE m.device = ?1 AND m.item > ?3 AND m.datastore = ?2 " \
  "AND m.soft = 0 AND i.deleted = 0 AND i.change <= ?4 " \
  "AND m.version = i.change ORDER BY m.item") \
X(CHANGES_COUNT, "SELECT count(*) " SQL_LACKS "AND i.change <= ?4") \
X(CHANGES_DOUBTFUL, "SELECT " SQL_ITEM_COLUMNS ", m.item IS NOT NULL, " \
  "m.luid, m.version " SQL_LACKS "AND i.change <= ?4 " \
  "AND CASE WHEN m.item IS NOT NULL AND m.luid IS NULL " \
  "AND (i.deleted <> 0 OR m.version > 0) THEN 1 " \
  "WHEN i.deleted <> 0 OR ?5 < 0 THEN 0 ELSE length(i.data) > ?5 END " \
  "ORDER BY i.change") \
X(CHANGES_SETTLED, "SELECT i.change " SQL_LACKS \
  "ORDER BY i.change LIMIT 1") \
\
X(ANCHOR_GET, "SELECT device, datastore, last_client, last_server, " \
  "last_seen, former_client, former_server, former_seen, uri, " \
  "content_code, synced, view, window_from, window_to FROM anchors " \
  "WHERE device = ?1 AND datastore = ?2") \
X(ANCHOR_DELETE, "DELETE FROM anchors " \
  "WHERE device = ?1 AND datastore = ?2") \
X(ANCHOR_PUT, "INSERT OR REPLACE INTO anchors (device, datastore, " \
  "last_client, last_server, last_seen, former_client, former_server, " \
  "former_seen, uri, content_code, synced, view, window_from, window_to) " \
  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)") \
X(ANCHOR_LIST, "SELECT a.device, a.datastore, a.last_client, " \
  "a.last_server, a.last_seen, a.former_client, a.former_server, " \
  "a.former_seen, a.uri, a.content_code, a.synced, a.view, " \
  "a.window_from, a.window_to, s.account, s.name, " \
  "s.change, s.items FROM anchors a JOIN datastores s " \
  "ON s.id = a.datastore WHERE a.device = ?1 ORDER BY s.name") \
\
X(SESSION_GET, "SELECT " SQL_SESSION_COLUMNS \
  "WHERE id = ?1 AND expires > ?2") \
X(SESSION_BY_REQUEST, "SELECT " SQL_SESSION_COLUMNS \
  "WHERE hash = ?1 AND expires > ?2 ORDER BY expires DESC, n DESC LIMIT 1") \
X(SESSION_PUT, "INSERT INTO sessions (id, account, device, state, hash, " \
  "answer, answer_type, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) " \
  "ON CONFLICT (id) DO UPDATE SET account = excluded.account, " \
  "device = excluded.device, state = excluded.state, " \
  "hash = excluded.hash, answer = excluded.answer, " \
  "answer_type = excluded.answer_type, expires = excluded.expires, " \
  "kept = 0") \
X(SESSION_OF_DEVICE, "SELECT " SQL_SESSION_COLUMNS \
  "WHERE device = ?1 ORDER BY expires DESC, n DESC LIMIT 1") \
X(SESSION_DELETE, "DELETE FROM sessions WHERE id = ?1") \
X(SESSION_EXPIRE, "DELETE FROM sessions WHERE device = 0 AND n IN " \
  "(SELECT n FROM sessions WHERE kept = 0 AND expires <= ?1 " \
  "ORDER BY expires LIMIT ?2)") \
X(SESSION_KEEP, "UPDATE sessions SET kept = 1, hash = NULL, answer = x'', " \
  "answer_type = '' WHERE n IN (SELECT n FROM sessions " \
  "WHERE kept = 0 AND expires <= ?1 ORDER BY expires LIMIT ?2)") \
X(SESSION_FORGET, "DELETE FROM sessions WHERE n IN (SELECT n " \
  "FROM sessions WHERE kept <> 0 AND expires <= ?1 " \
  "ORDER BY expires LIMIT ?2)") \
X(SESSION_OTHERS, "DELETE FROM sessions WHERE device = ?1 AND id <> ?2 " \
  "AND n < coalesce((SELECT n FROM sessions WHERE id = ?2), n + 1)") \
\
X(DUE_DERIVE, "INSERT INTO dues (device, account, first_change, " \
  "last_change) SELECT d.id, d.account, ?4, ?4 " SQL_DUE_DEVICES \
  "ON CONFLICT (device) DO UPDATE " \
  "SET last_change = max(last_change, excluded.last_change), " \
  "first_change = CASE state WHEN 3 THEN ?4 ELSE first_change END, " \
  "state = CASE state WHEN 3 THEN 0 ELSE state END, " \
  "planned = CASE WHEN state = 3 OR (state = 1 AND logged & 1 = 0) " \
  "OR (state = 0 AND (?5 <> 0 OR logged & 256 <> 0 " \
  "OR NOT EXISTS (SELECT 1 FROM due_changes c " \
  "WHERE c.device = dues.device AND c.datastore = ?2))) " \
  "THEN 0 ELSE planned END RETURNING state, planned") \
X(DUE_CHANGED, "INSERT INTO due_changes (device, datastore, " \
  "first_change, last_change, changes, starts) " \
  "SELECT d.id, ?2, ?4, ?4, ?6, ?5 " SQL_DUE_DEVICES \
  "ON CONFLICT (device, datastore) DO UPDATE " \
  "SET last_change = max(last_change, excluded.last_change), " \
  "changes = changes + excluded.changes, " \
  "starts = CASE WHEN excluded.starts <> 0 " \
  "AND (starts <= ?7 OR excluded.starts < starts) " \
  "THEN excluded.starts ELSE starts END") \
X(DUE_OWED, "SELECT s.name, a.uri, a.content_code, a.datastore, " \
  "a.last_seen, a.window_from, a.window_to, c.first_change, " \
  "c.last_change, c.changes, c.starts, a.synced, c.unfetched " \
  "FROM anchors a JOIN datastores s ON s.id = a.datastore " \
  "LEFT JOIN due_changes c ON c.device = a.device " \
  "AND c.datastore = a.datastore " \
  "WHERE a.device = ?1 AND a.synced <> 0 AND s.change > a.last_seen") \
X(DUE_LACKS, "SELECT i.change, i.modified, i.starts " SQL_LACKS "AND i.origin <> ?1 " \
  SQL_CONCERNS("?4", "?5") \
  "ORDER BY i.change LIMIT 1") \
X(DUE_PUSHABLE, "SELECT account FROM devices d " \
  "WHERE id = ?1 AND " SQL_REACHABLE) \
X(DUE_RESET, "INSERT INTO dues (device, account, first_change, " \
  "last_change) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (device) DO UPDATE " \
  "SET state = 0, attempts = 0, unanswered = 0, not_before = 0, " \
  "first_change = ?3, last_change = ?4, planned = 0, plan = '', " \
  "logged = logged & ?5, now = 0, last_error = ''") \
X(DUE_DELETE, "DELETE FROM dues WHERE device = ?1") \
X(DUE_CHANGES_DELETE, "DELETE FROM due_changes WHERE device = ?1") \
X(DUE_CHANGES_OF, "DELETE FROM due_changes " \
  "WHERE device = ?1 AND datastore = ?2") \
X(DUE_CHANGES_SYNCED, "DELETE FROM due_changes WHERE device = ?1 " \
  "AND datastore IN (SELECT a.datastore FROM anchors a " \
  "WHERE a.device = ?1 AND a.synced = ?2)") \
X(DUE_CHANGES_ADD, "INSERT INTO due_changes (device, " \
  "datastore, first_change, last_change, changes, starts, unfetched) " \
  "VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)") \
X(DUE_CHANGES_UNFETCHED, "UPDATE due_changes SET unfetched = ?3 " \
  "WHERE device = ?1 AND datastore = ?2") \
X(DUE_READY, "SELECT device, planned, first_change FROM dues " \
  "WHERE " SQL_DUE_FREE "AND planned <= ?1 " \
  "UNION ALL SELECT device, leased_until, first_change FROM dues " \
  "WHERE state < 2 AND leased_until <> 0 AND leased_until <= ?1 " \
  "ORDER BY 2, 3 LIMIT ?2") \
X(DUE_TURN, "SELECT device, account, planned FROM dues " \
  "WHERE " SQL_DUE_FREE "AND account > ?1 " \
  "ORDER BY account, planned, first_change LIMIT 1") \
X(DUE_LAST, "SELECT max(account) FROM dues WHERE " SQL_DUE_FREE) \
X(DUE_NEXT, "SELECT min(ifnull((SELECT planned FROM dues " \
  "WHERE " SQL_DUE_FREE "ORDER BY planned LIMIT 1), 1 << 62), " \
  "ifnull((SELECT leased_until FROM dues WHERE leased_until <> 0 " \
  "AND state < 2 ORDER BY leased_until LIMIT 1), 1 << 62))") \
X(DUE_GET, "SELECT " SQL_DUE_COLUMNS "WHERE u.device = ?1") \
X(DUE_LIST, "SELECT " SQL_DUE_COLUMNS "WHERE ?1 IN (0, u.account) " \
  "ORDER BY a.name, d.devid") \
X(DUE_PLAN, "UPDATE dues SET planned = ?2, planned_at = ?3, plan = ?4, " \
  "logged = ?5, leased_until = 0, " \
  "state = CASE WHEN ?2 = 0 THEN 2 ELSE state END WHERE device = ?1") \
X(DUE_LEASE, "UPDATE dues SET owner = ?2, leased_until = ?3, " \
  "planned = ?4, planned_at = ?4, plan = ?5, logged = ?6, parts = ?7 " \
  "WHERE device = ?1") \
X(DUE_SAN_SESSION, "UPDATE devices SET san_session = ?2 WHERE id = ?1") \
X(DUE_SENT, "UPDATE dues SET state = CASE WHEN ?3 = 0 THEN 2 ELSE 1 END, " \
  "attempts = 0, unanswered = unanswered + 1, not_before = ?3, " \
  "planned = ?3, planned_at = ?4, plan = 'unanswered', logged = 0, " \
  "now = 0, owner = '', leased_until = 0, last_error = '' " \
  "WHERE device = ?1 AND owner = ?2") \
X(DUE_DRY, "UPDATE dues SET state = 3, attempts = 0, not_before = 0, " \
  "planned = 0, planned_at = ?3, plan = 'dry-run', logged = 0, now = 0, " \
  "owner = '', leased_until = 0, last_error = '' " \
  "WHERE device = ?1 AND owner = ?2") \
X(DUE_FAILED, "UPDATE dues SET " \
  "state = CASE WHEN ?3 = 0 THEN 2 ELSE state END, " \
  "attempts = attempts + 1, not_before = ?3, planned = ?3, " \
  "planned_at = ?5, plan = 'retry', owner = '', " \
  "leased_until = 0, last_error = ?4 WHERE device = ?1 AND owner = ?2") \
X(DUE_LATER, "UPDATE dues SET planned = ?3, planned_at = ?4, " \
  "plan = 'gateway', owner = '', leased_until = 0 " \
  "WHERE device = ?1 AND owner = ?2") \
X(DUE_UNDELIVERED, "UPDATE dues SET " \
  "state = CASE WHEN ?3 = 0 THEN 2 ELSE state END, not_before = ?3, " \
  "planned = ?3, planned_at = ?5, plan = 'undelivered', last_error = ?4 " \
  "WHERE device = ?1 AND state = 1 AND not_before = ?2 AND owner = ''") \
X(DUE_RELEASE, "UPDATE dues SET owner = '', leased_until = 0 " \
  "WHERE owner = ?1 AND leased_until <> 0") \
X(DUE_STATE, "SELECT state, first_change, ifnull((SELECT last_sent " \
  "FROM push_states p WHERE p.device = ?1), 0) " \
  "FROM dues WHERE device = ?1") \
X(DUE_NOW, "UPDATE dues SET state = 0, now = 1, planned = 0, " \
  "not_before = 0, attempts = 0 WHERE device = ?1") \
X(DUE_REPLAN, "UPDATE dues SET planned = 0, " \
  "state = CASE state WHEN 3 THEN 0 ELSE state END WHERE state <> 2 " \
  "AND ?1 IN (0, account)") \
X(DUE_REPLAN_DEVICE, "UPDATE dues SET planned = 0, " \
  "state = CASE state WHEN 3 THEN 0 ELSE state END WHERE state <> 2 " \
  "AND device = ?1") \
X(DUE_PORTION, "SELECT device FROM dues WHERE device > ?1 " \
  "ORDER BY device LIMIT ?2") \
X(DUE_REPLAN_SOME, "UPDATE dues SET planned = 0, " \
  "state = CASE state WHEN 3 THEN 0 ELSE state END WHERE state <> 2 " \
  "AND device > ?1 AND device <= ?2 AND (planned <> 0 OR state = 3)") \
X(DUE_REPLAN_GATEWAY, "UPDATE dues SET planned = 0 " \
  "WHERE " SQL_DUE_FREE "AND planned > ?1 AND planned <= ?2 " \
  "AND plan = 'gateway'") \
X(DUE_WAITS, "SELECT planned FROM dues " \
  "WHERE " SQL_DUE_FREE "AND planned > ?1 AND planned < ?2 " \
  "ORDER BY planned LIMIT 1") \
X(DUE_WAKE, "UPDATE dues SET planned = 0 WHERE device IN (" \
  "SELECT device FROM dues WHERE " SQL_DUE_FREE "AND planned = ?1 " \
  "ORDER BY first_change LIMIT ?2)") \
X(DUE_WAKE_OF, "UPDATE dues SET planned = 0 WHERE device = (" \
  "SELECT device FROM dues WHERE " SQL_DUE_FREE \
  "AND account = ?2 AND planned = ?1 ORDER BY first_change LIMIT 1)") \
X(DUE_CLOCK, "UPDATE dues SET " \
  "not_before = CASE WHEN not_before > ?1 AND planned_at > ?1 " \
  "THEN ?1 + max(0, not_before - planned_at) ELSE not_before END, " \
  "planned = CASE WHEN planned_at > ?1 OR last_change > ?1 THEN 0 " \
  "ELSE planned END, planned_at = min(planned_at, ?1), " \
  "first_change = min(first_change, ?1), " \
  "last_change = min(last_change, ?1), " \
  "leased_until = min(leased_until, ?1 + 60000000) " \
  "WHERE planned_at > ?1 OR last_change > ?1 " \
  "OR leased_until > ?1 + 60000000") \
X(DUE_CLOCK_CHANGES, "UPDATE due_changes SET " \
  "first_change = min(first_change, ?1), last_change = ?1 " \
  "WHERE last_change > ?1") \
X(DUE_CLOCK_STATES, "UPDATE push_states SET " \
  "last_sent = min(last_sent, ?1), last_sync = min(last_sync, ?1), " \
  "own_sync = min(own_sync, ?1) " \
  "WHERE max(last_sent, last_sync, own_sync) > ?1") \
X(DUE_AHEAD, "SELECT 1 FROM dues WHERE planned_at > ?1 " \
  "OR last_change > ?1 OR leased_until > ?1 + 60000000 LIMIT 1") \
X(DUE_AHEAD_CHANGES, "SELECT 1 FROM due_changes " \
  "WHERE last_change > ?1 LIMIT 1") \
X(DUE_AHEAD_STATES, "SELECT 1 FROM push_states " \
  "WHERE max(last_sent, last_sync, own_sync) > ?1 LIMIT 1") \
X(PUSH_STATE_SENT, "INSERT INTO push_states (device, last_sent) " \
  "VALUES (?1, ?2) ON CONFLICT (device) DO UPDATE SET last_sent = ?2") \
X(PUSH_STATE_SYNCED, "INSERT INTO push_states (device, last_sync, " \
  "own_sync) VALUES (?1, ?2, CASE WHEN ?3 <> 0 THEN ?2 ELSE 0 END) " \
  "ON CONFLICT (device) DO UPDATE SET last_sync = ?2") \
X(PUSH_STATE_OWN, "UPDATE push_states SET own_sync = ?2, " \
  "gap_3 = gap_2, gap_2 = gap_1, gap_1 = gap_0, gap_0 = ?2 - own_sync " \
  "WHERE device = ?1 AND own_sync > 0 AND ?2 - own_sync >= 60000000") \
X(PUSH_STATE_FIRST, "UPDATE push_states SET own_sync = ?2 " \
  "WHERE device = ?1 AND (own_sync = 0 OR own_sync > ?2)") \
X(PUSH_STATE_DELETE, "DELETE FROM push_states WHERE device = ?1") \
\
X(PUSH_LOG_ADD, "INSERT INTO push_log (account, device, devid, time, " \
  "event, reason, transport, number, datastores, parts, cost, answer, " \
  "message_id, token, first_change, until) VALUES (?1, ?2, ?3, ?4, ?5, " \
  "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) " \
  "ON CONFLICT (token) WHERE token <> '' DO NOTHING") \
X(PUSH_LOG_OPEN, "SELECT account, device, report, report_text, answered " \
  "FROM push_log WHERE id = ?1 AND event = 1") \
X(PUSH_LOG_OF_TOKEN, "SELECT " SQL_PUSH_LOG_COLUMNS \
  "WHERE token = ?1 AND token <> ''") \
X(PUSH_LOG_RESULT, "UPDATE push_log SET event = ?2, reason = ?3, " \
  "transport = ?4, number = ?5, parts = ?6, cost = ?7, answer = ?8, " \
  "message_id = ?9, until = ?10, " \
  "datastores = ifnull(?11, datastores) " \
  "WHERE id = ?1 AND event = 1") \
X(PUSH_LOG_SENDING, "SELECT " SQL_PUSH_LOG_COLUMNS \
  "WHERE time >= ?1 AND time < ?2 AND event = 1 ORDER BY time LIMIT ?3") \
X(PUSH_LOG_DROP, "DELETE FROM push_log WHERE id = ?1 AND event = 1") \
X(PUSH_LOG_REPORT, "UPDATE push_log SET report = ?2, report_text = ?3, " \
  "report_time = ?4 WHERE token = ?1 AND token <> '' AND report < ?2") \
X(PUSH_LOG_ANSWERED, "UPDATE push_log SET answered = ?2 " \
  "WHERE device = ?1 AND answered = 0 AND event IN (1, 2)") \
X(PUSH_LOG_LIST, "SELECT " SQL_PUSH_LOG_COLUMNS "WHERE " \
  SQL_PUSH_LOG_FILTER) \
X(PUSH_LOG_LIST_ACCOUNT, "SELECT " SQL_PUSH_LOG_COLUMNS \
  "WHERE account = ?6 AND " SQL_PUSH_LOG_FILTER) \
X(PUSH_LOG_LIST_DEVICE, "SELECT " SQL_PUSH_LOG_COLUMNS \
  "WHERE device = ?6 AND " SQL_PUSH_LOG_FILTER) \
X(PUSH_LOG_GC, "DELETE FROM push_log WHERE id IN (SELECT id " \
  "FROM push_log WHERE time < ?1 ORDER BY time LIMIT ?2)") \
X(PUSH_LOG_OF_ACCOUNT, "DELETE FROM push_log WHERE account = ?1") \
X(PUSH_USE_ADD, "INSERT INTO push_uses (scope, id, period, sms, cost) " \
  "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (scope, id, period) " \
  "DO UPDATE SET sms = sms + excluded.sms, cost = cost + excluded.cost") \
X(PUSH_USE, "SELECT sum(sms), sum(cost) FROM push_uses " \
  "WHERE scope = ?1 AND id = ?2 AND period >= ?3 AND period <= ?4") \
X(PUSH_USE_LEASED, "SELECT (SELECT ifnull(sum(max(parts, 1)), 0) FROM dues " \
  "WHERE leased_until <> 0 AND leased_until > ?1 " \
  "AND CASE ?2 WHEN 0 THEN 1 WHEN 1 THEN account = ?3 " \
  "ELSE device = ?3 END) + (SELECT ifnull(sum(max(parts, 1)), 0) " \
  "FROM push_log INDEXED BY push_log_sending WHERE event = 1 " \
  "AND CASE ?2 WHEN 0 THEN 1 WHEN 1 THEN account = ?3 " \
  "ELSE device = ?3 END AND NOT EXISTS (SELECT 1 FROM dues d WHERE " \
  "d.device = push_log.device AND d.leased_until > ?1))") \
X(PUSH_USE_GC, "DELETE FROM push_uses WHERE period < ?1 " \
  "OR (period > 999999 AND period < ?2)") \
X(ACCOUNT_SETTING_GET, "SELECT value FROM account_settings " \
  "WHERE account = ?1 AND name = ?2") \
X(ACCOUNT_SETTING_SET, "INSERT OR REPLACE INTO account_settings " \
  "(account, name, value) VALUES (?1, ?2, ?3)") \
X(ACCOUNT_SETTING_DELETE, "DELETE FROM account_settings " \
  "WHERE account = ?1 AND name = ?2") \
X(ACCOUNT_SETTING_LIST, "SELECT name, value FROM account_settings " \
  "WHERE account = ?1 ORDER BY name") \
X(ACCOUNT_SETTINGS, "DELETE FROM account_settings WHERE account = ?1") \
X(PUSH_REQUEST_ADD, "INSERT INTO push_requests (created, number, uri) " \
  "VALUES (?1, ?2, ?3) RETURNING id") \
X(PUSH_REQUEST_NEXT, "SELECT id, leased_until FROM push_requests " \
  "WHERE done = 0 ORDER BY leased_until LIMIT 1") \
X(PUSH_REQUEST_LEASE, "UPDATE push_requests SET leased_until = ?2 " \
  "WHERE id = ?1") \
X(PUSH_REQUEST_CLOCK, "UPDATE push_requests SET leased_until = ?1 " \
  "WHERE leased_until > ?1 + 60000000 AND done = 0") \
X(PUSH_REQUEST_AHEAD, "SELECT 1 FROM push_requests " \
  "WHERE leased_until > ?1 + 60000000 AND done = 0 LIMIT 1") \
X(PUSH_REQUEST_DONE, "UPDATE push_requests SET done = ?2, ok = ?3, " \
  "result = ?4 WHERE id = ?1 AND done = 0") \
X(PUSH_REQUEST_GET, "SELECT id, number, uri, created, done, ok, result " \
  "FROM push_requests WHERE id = ?1") \
X(PUSH_REQUEST_GC, "DELETE FROM push_requests WHERE created < ?1")

#endif
