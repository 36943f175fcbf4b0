/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What Nokia's S60 client makes of a push: an independent reader of WSP, of
 * the package of DS 1.2 and of the message of SyncML 1.1, by the rules of
 * that client's published source and by nothing of ours.  It says what the
 * phone would sync, or why it would do nothing.
 *
 *  - The push is looked at where X-Wap-Application-Id is 5 (push.syncml).
 *  - The form is told by octets 16 and 17 of the body: version 12, or WBXML.
 *  - 1.2: the server id equals the profile's.  Each datastore listed must
 *    have the path of the profile's and a content type that the adapter
 *    knows, or 0; others are skipped.  None listed: nothing is synced.
 *  - 1.1: SyncHdr's Source is the profile's whole URL, with or without the
 *    port 80.  The first Item of each Alert counts: path and type, the type
 *    in lower case.  An element that it does not expect, one that stands
 *    there twice, a LITERAL, an instruction: the message is refused.  What
 *    would crash it (no VerDTD, VerProto, MsgID; an Alert without Item) is
 *    refused too.  Of a text in several tokens it keeps the last one: that
 *    is refused here, since it is never what was meant.
 */
#ifndef T_UNIT_SAN_JUDGE_H
#define T_UNIT_SAN_JUDGE_H

#include <string.h>

#define JUDGE_MAX  16

typedef struct judge_store_t {
    const char *path, *type;
    unsigned code;              /* of the type, in the phone's table */
} judge_store_t;

typedef struct judge_profile_t {
    const char *server_id;
    const char *url;
    judge_store_t stores[JUDGE_MAX];
    int n;
} judge_profile_t;

typedef struct judge_t {
    const char *refused;        /* NULL: it was taken */
    int form;                   /* 12 or 11 */
    int synced[JUDGE_MAX];      /* the kind of sync for each store, or 0 */
    int nsynced;
    int skipped;                /* listed, but not the profile's */
} judge_t;

#define REFUSE(words) do { j->refused = (words); return; } while (0)

/* ---- DS 1.2 -------------------------------------------------------------- */

static void judge_12(judge_t *j, const unsigned char *b, size_t len,
                     const judge_profile_t *profile)
{
    size_t at, n;
    int i, k, count;

    if (len < 24 || 24 + (size_t)b[23] > len)
        REFUSE("the server id is cut short");
    if (strlen(profile->server_id) != b[23]
        || memcmp(profile->server_id, b + 24, b[23]))
        REFUSE("no profile has this server id");
    at = 24 + (size_t)b[23];
    if (at == len)
        REFUSE("no number of datastores");
    count = b[at++] >> 4;
    for (i = 0; i < count; i++) {
        int type, hit = 0;
        unsigned code;

        if (at + 5 > len || at + 5 + b[at + 4] > len)
            REFUSE("a datastore is cut short");
        type = 200 + (b[at] >> 4);
        if (type < 206 || type > 210)
            REFUSE("a sync type that it does not know");
        code = (unsigned)b[at + 2] << 8 | b[at + 3];
        n = b[at + 4];
        for (k = 0; k < profile->n; k++) {
            const judge_store_t *s = &profile->stores[k];

            if (strlen(s->path) == n && !memcmp(s->path, b + at + 5, n)
                && (code == 0 || code == s->code) && !j->synced[k]) {
                j->synced[k] = type;
                j->nsynced++;
                hit = 1;
            }
        }
        j->skipped += !hit;
        at += 5 + n;
    }
    if (!j->nsynced)
        REFUSE("nothing to sync");
}

/* ---- SyncML 1.1 ---------------------------------------------------------- */

enum { J_ALERT = 0x06, J_CMDID = 0x0B, J_CRED = 0x0E, J_DATA = 0x0F,
       J_FINAL = 0x12, J_ITEM = 0x14, J_LOCNAME = 0x16, J_LOCURI = 0x17,
       J_META = 0x1A, J_MSGID = 0x1B, J_NORESP = 0x1D, J_RESPURI = 0x21,
       J_SESSIONID = 0x25, J_SOURCE = 0x27, J_SYNCBODY = 0x2B,
       J_SYNCHDR = 0x2C, J_SYNCML = 0x2D, J_TARGET = 0x2E,
       J_VERDTD = 0x31, J_VERPROTO = 0x32,
       J_TYPE = 0x113, J_FORMAT = 0x107, J_END = -1 };

/* Who may stand in whom, once each unless it is an Alert or an Item. */
static const short judge_children[][12] = {
    { J_SYNCML, J_SYNCHDR, J_SYNCBODY, J_END },
    { J_SYNCHDR, J_VERDTD, J_VERPROTO, J_SESSIONID, J_MSGID, J_TARGET,
      J_SOURCE, J_RESPURI, J_NORESP, J_CRED, J_META, J_END },
    { J_SYNCBODY, J_ALERT, J_FINAL, J_END },
    { J_ALERT, J_CMDID, J_NORESP, J_CRED, J_DATA, J_ITEM, J_END },
    { J_ITEM, J_TARGET, J_SOURCE, J_META, J_DATA, J_END },
    { J_TARGET, J_LOCURI, J_LOCNAME, J_END },
    { J_SOURCE, J_LOCURI, J_LOCNAME, J_END },
    { J_META, J_TYPE, J_FORMAT, J_END },
    { J_CRED, J_META, J_DATA, J_END },
    { J_END }
};

typedef struct judge_open_t {
    int tag;
    unsigned seen;              /* bits by place in judge_children */
    int texts;
} judge_open_t;

typedef struct judge_message_t {
    judge_open_t open[10];
    int depth;
    int items;                  /* of the Alert that is open */
    int alert_type;
    int have;                   /* bits: VerDTD, VerProto, MsgID, Session */
    int finals;
    char url[256], path[256], type[256];
} judge_message_t;

static int judge_child(judge_open_t *parent, int tag)
{
    int i, k;

    for (i = 0; judge_children[i][0] != J_END; i++) {
        if (judge_children[i][0] != parent->tag)
            continue;
        for (k = 1; judge_children[i][k] != J_END; k++) {
            int again = parent->seen >> k & 1;

            if (judge_children[i][k] != tag)
                continue;
            parent->seen |= 1u << k;
            return !again || tag == J_ALERT || tag == J_ITEM;
        }
    }
    return 0;
}

static void judge_text(judge_message_t *m, const char *text)
{
    int tag = m->open[m->depth - 1].tag;
    int in = m->depth > 1 ? m->open[m->depth - 2].tag : 0;
    int above = m->depth > 2 ? m->open[m->depth - 3].tag : 0;
    char *to = tag == J_LOCURI && in == J_SOURCE && above == J_SYNCHDR
        ? m->url
        : tag == J_LOCURI && in == J_SOURCE && above == J_ITEM
          && m->items == 1 ? m->path
        : tag == J_TYPE && above == J_ITEM && m->items == 1 ? m->type
        : NULL;

    if (to)
        strncpy(to, text, 255);
    if (tag == J_DATA && in == J_ALERT)
        m->alert_type = (text[0] - '0') * 100 + (text[1] - '0') * 10
                        + (text[2] - '0');
    m->have |= in != J_SYNCHDR ? 0 : tag == J_VERDTD ? 1
        : tag == J_VERPROTO && !strcmp(text, "SyncML/1.1") ? 2
        : tag == J_MSGID ? 4 : tag == J_SESSIONID ? 8 : 0;
}

static void judge_alert(judge_t *j, const judge_message_t *m,
                        const judge_profile_t *profile)
{
    int k, hit = 0;

    if (!m->items)
        REFUSE("an Alert without Item crashes it");
    if (m->alert_type < 206 || m->alert_type > 210)
        REFUSE("an Alert of another kind");
    for (k = 0; k < profile->n; k++) {
        if (!strcmp(profile->stores[k].path, m->path)
            && !strcmp(profile->stores[k].type, m->type)
            && !j->synced[k]) {
            j->synced[k] = m->alert_type;
            j->nsynced++;
            hit = 1;
        }
    }
    j->skipped += !hit;
}

static int judge_same_url(const char *a, const char *b)
{
    size_t host = strcspn(b, ":") + 3, end = host + strcspn(b + host, "/");
    size_t n = strlen(b) - end;

    return !strcmp(a, b)
           || (!strncmp(a, b, end) && !strncmp(a + end, ":80", 3)
               && strlen(a) == end + 3 + n && !strcmp(a + end + 3, b + end));
}

static void judge_start(judge_t *j, judge_message_t *m, int octet, int page)
{
    judge_open_t *o = m->depth ? &m->open[m->depth - 1] : NULL;
    int tag = (octet & 0x3F) | page << 8;

    if (octet & 0x80 || (octet & 0x3F) < 5 || page > 1)
        REFUSE("a token that it does not know");
    if (m->depth == 10 || (o ? !judge_child(o, tag)
                           : tag != J_SYNCML || m->finals))
        REFUSE("an element that does not belong there");
    if (tag == J_ALERT)
        m->items = m->alert_type = m->path[0] = m->type[0] = 0;
    m->items += tag == J_ITEM && o && o->tag == J_ALERT;
    m->finals += tag == J_FINAL;
    if (octet & 0x40) {
        memset(&m->open[m->depth], 0, sizeof *m->open);
        m->open[m->depth++].tag = tag;
    }
}

static void judge_11(judge_t *j, const unsigned char *b, size_t len,
                     const judge_profile_t *profile)
{
    judge_message_t m;
    const unsigned char *end = b + len, *nul;
    judge_open_t *o;
    int page = 0;

    memset(&m, 0, sizeof m);
    if (len < 6 || b[1] != 0x9F || b[2] != 0x53 || b[3] != 0x6A || b[4])
        REFUSE("not a header of SyncML 1.1 in UTF-8 without string table");
    for (b += 5; b < end; ) {
        o = m.depth ? &m.open[m.depth - 1] : NULL;
        if (*b == 0x00) {
            if (end - b < 3)
                REFUSE("ends in a page switch");
            page = b[1];
            b += 2;
        }
        else if (*b == 0x01) {
            if (!m.depth)
                REFUSE("an end too many");
            if (o->tag == J_ALERT) {
                judge_alert(j, &m, profile);
                if (j->refused)
                    return;
            }
            m.depth--;
            b++;
        }
        else if (*b == 0x03) {
            nul = memchr(b, 0, (size_t)(end - b));
            if (!nul || !m.depth)
                REFUSE("a text without end or element");
            if (++o->texts > 1)
                REFUSE("a text in several tokens");
            judge_text(&m, (const char *)b + 1);
            b = nul + 1;
        }
        else {
            judge_start(j, &m, *b++, page);
            if (j->refused)
                return;
        }
    }
    if (m.depth)
        REFUSE("elements are left open");
    if (m.have != 15)
        REFUSE("VerDTD, VerProto, SessionID or MsgID is missing");
    if (!judge_same_url(m.url, profile->url))
        REFUSE("no profile has this URL");
    if (!j->nsynced)
        REFUSE("nothing to sync");
}

/* ---- WSP ----------------------------------------------------------------- */

/* The push as SMS brings it, the parts joined. */
static void judge_push(judge_t *j, const unsigned char *pdu, size_t len,
                       const judge_profile_t *profile)
{
    const unsigned char *h, *body;

    memset(j, 0, sizeof *j);
    if (len < 6 || pdu[1] != 0x06 || pdu[2] & 0x80
        || 3 + (size_t)pdu[2] > len)
        REFUSE("not a WSP push");
    body = pdu + 3 + pdu[2];
    /* content type: one octet, or a length and so many */
    h = pdu + 3;
    h += *h & 0x80 ? 1 : 1 + *h;
    if (h + 2 > body || h[0] != 0xAF || h[1] != 0x85)
        REFUSE("X-Wap-Application-Id is not push.syncml");
    if (h + 2 != body)
        REFUSE("more headers than Sony Ericsson's K800i takes");
    len -= (size_t)(body - pdu);
    j->form = len > 17 && (body[16] << 2 | body[17] >> 6) == 12 ? 12 : 11;
    (j->form == 12 ? judge_12 : judge_11)(j, body, len, profile);
}

#endif
