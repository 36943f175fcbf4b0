/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What old phones need of every answer, beyond what makes it decodable: one
 * WBXML token for each text, no token that their parsers do not know, each
 * element where the DTD has it and no oftener, and the small rules that
 * Nokia's and others' clients crash or give up without.  sml_answer.h refuses
 * an answer that breaks one.
 */
#ifndef T_UNIT_SML_JUDGE_H
#define T_UNIT_SML_JUDGE_H

#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "codec/codec.h"

/* ---- the octets (WBXML) ------------------------------------------------ */

typedef struct judge_octets_t {
    const unsigned char *at, *end;
    apr_pool_t *p;
} judge_octets_t;

static inline const char *judge_wbxml(const char *data, apr_size_t len,
                                      apr_pool_t *p);

static inline int judge_uint(judge_octets_t *o, apr_size_t *value)
{
    for (*value = 0; o->at < o->end;) {
        unsigned char c = *o->at++;

        *value = *value << 7 | (c & 0x7f);
        if (!(c & 0x80)) {
            return 1;
        }
    }
    return 0;
}

/* Does it begin as a DevInf document does (1.0, 1.1, 1.2)? */
static inline int judge_is_devinf(const char *data, apr_size_t len)
{
    return len > 5 && data[0] > 0 && data[0] < 4
        && (memcmp(data + 1, "\x9f\x52\x6a", 3) == 0
            || memcmp(data + 1, "\x9f\x54\x6a", 3) == 0
            || memcmp(data + 1, "\xa4\x03\x6a", 3) == 0);
}

/* Opaque data; a document of its own is looked into. */
static inline const char *judge_opaque(judge_octets_t *o)
{
    const unsigned char *data;
    apr_size_t len;

    if (!judge_uint(o, &len) || len > (apr_size_t)(o->end - o->at)) {
        return "opaque data runs over the end";
    }
    data = o->at;
    o->at += len;
    return judge_is_devinf((const char *)data, len)
        ? judge_wbxml((const char *)data, len, o->p) : NULL;
}

/* One token inside an element that has had so many texts and children.
 * @return NULL, or what is wrong */
static inline const char *judge_token(judge_octets_t *o, int texts,
                                      int *opens, int *is_text)
{
    unsigned char token = *o->at++;

    *opens = *is_text = 0;
    switch (token) {
    case 0x00:                  /* SWITCH_PAGE */
        return o->at < o->end && *o->at++ <= 2 ? NULL : "an unknown page";
    case 0x03:                  /* STR_I */
        *is_text = 1;
        while (o->at < o->end && *o->at) {
            o->at++;
        }
        if (o->at++ >= o->end) {
            return "a text without its end";
        }
        return texts ? "a text in more than one token" : NULL;
    case 0xc3:                  /* OPAQUE */
        *is_text = 1;
        return texts ? "a text in more than one token" : judge_opaque(o);
    default:
        if ((token & 0x3f) < 5) {
            return apr_psprintf(o->p, "token %02X, which phones do not know",
                                token);
        }
        if (token & 0x80) {
            return "an element with attributes";
        }
        *opens = 1 + (token >> 6 & 1);
        return NULL;
    }
}

/** @return NULL: a document that is plain enough for every phone */
static inline const char *judge_wbxml(const char *data, apr_size_t len,
                                      apr_pool_t *p)
{
    judge_octets_t o = { (const unsigned char *)data,
                         (const unsigned char *)data + len, p };
    int texts[40] = { 0 }, children[40] = { 0 }, depth = 0, opens, text;
    apr_size_t n[3], i;
    const char *wrong = NULL;

    o.at++;                     /* version */
    for (i = 0; i < 3; i++) {
        if (!judge_uint(&o, &n[i])) {
            return "no WBXML header";
        }
    }
    if (n[0] == 0 || n[1] != 0x6a || n[2] != 0) {
        return "no public id, not UTF-8, or a string table";
    }
    while (o.at < o.end && wrong == NULL) {
        if (*o.at == 0x01) {    /* END */
            o.at++;
            texts[depth] = children[depth] = 0;
            if (--depth < 0) {
                return "an END too many";
            }
            continue;
        }
        wrong = judge_token(&o, texts[depth], &opens, &text);
        texts[depth] += text;
        children[depth] += opens != 0;
        if (texts[depth] && children[depth]) {
            return "an element with text and elements";
        }
        if (opens == 2 && ++depth == 40) {
            return "40 elements deep";
        }
    }
    return wrong ? wrong : depth ? "an END is missing" : NULL;
}

/* ---- the elements ------------------------------------------------------ */

#define JUDGE_ONE   0x10000     /* else: may be absent */
#define JUDGE_MANY  0x20000

/* Content models in the order of the DTDs of SyncML 1.2 and DevInf 1.2, of
 * what a server sends; 0 ends one.  What is not listed holds only text. */
static const int judge_models[][20] = {
    { SYNCML_SYNCML, SYNCML_SYNCHDR | JUDGE_ONE, SYNCML_SYNCBODY | JUDGE_ONE,
      0 },
    { SYNCML_SYNCHDR, SYNCML_VERDTD | JUDGE_ONE, SYNCML_VERPROTO | JUDGE_ONE,
      SYNCML_SESSIONID | JUDGE_ONE, SYNCML_MSGID | JUDGE_ONE,
      SYNCML_TARGET | JUDGE_ONE, SYNCML_SOURCE | JUDGE_ONE, SYNCML_RESPURI,
      SYNCML_META, 0 },
    /* Ours keep this order, so that statuses are read first. */
    { SYNCML_SYNCBODY, SYNCML_STATUS | JUDGE_ONE | JUDGE_MANY,
      SYNCML_ALERT | JUDGE_MANY, SYNCML_RESULTS | JUDGE_MANY,
      SYNCML_GET, SYNCML_ALERT | JUDGE_MANY, SYNCML_SYNC | JUDGE_MANY,
      SYNCML_ALERT, SYNCML_FINAL, 0 },
    { SYNCML_STATUS, SYNCML_CMDID | JUDGE_ONE, SYNCML_MSGREF | JUDGE_ONE,
      SYNCML_CMDREF | JUDGE_ONE, SYNCML_CMD | JUDGE_ONE,
      SYNCML_TARGETREF | JUDGE_MANY, SYNCML_SOURCEREF | JUDGE_MANY,
      SYNCML_CHAL, SYNCML_DATA | JUDGE_ONE, SYNCML_ITEM | JUDGE_MANY, 0 },
    /* Exactly one Item: without it Nokia's client crashes, and of several it
     * takes the first. */
    { SYNCML_ALERT, SYNCML_CMDID | JUDGE_ONE, SYNCML_DATA | JUDGE_ONE,
      SYNCML_ITEM | JUDGE_ONE, 0 },
    { SYNCML_RESULTS, SYNCML_CMDID | JUDGE_ONE, SYNCML_MSGREF | JUDGE_ONE,
      SYNCML_CMDREF | JUDGE_ONE, SYNCML_META | JUDGE_ONE,
      SYNCML_ITEM | JUDGE_ONE, 0 },
    { SYNCML_GET, SYNCML_CMDID | JUDGE_ONE, SYNCML_META | JUDGE_ONE,
      SYNCML_ITEM | JUDGE_ONE, 0 },
    /* Replace and Delete stand where Add does. */
    { SYNCML_SYNC, SYNCML_CMDID | JUDGE_ONE, SYNCML_TARGET | JUDGE_ONE,
      SYNCML_SOURCE | JUDGE_ONE, SYNCML_NUMBEROFCHANGES,
      SYNCML_ADD | JUDGE_MANY, 0 },
    { SYNCML_ADD, SYNCML_CMDID | JUDGE_ONE, SYNCML_META | JUDGE_ONE,
      SYNCML_ITEM | JUDGE_ONE, 0 },
    { SYNCML_REPLACE, SYNCML_CMDID | JUDGE_ONE, SYNCML_META | JUDGE_ONE,
      SYNCML_ITEM | JUDGE_ONE, 0 },
    { SYNCML_DELETE, SYNCML_CMDID | JUDGE_ONE, SYNCML_ITEM | JUDGE_ONE, 0 },
    { SYNCML_ITEM, SYNCML_TARGET, SYNCML_SOURCE, SYNCML_META, SYNCML_DATA,
      SYNCML_MOREDATA, 0 },
    { SYNCML_TARGET, SYNCML_LOCURI | JUDGE_ONE, SYNCML_LOCNAME, 0 },
    { SYNCML_SOURCE, SYNCML_LOCURI | JUDGE_ONE, SYNCML_LOCNAME, 0 },
    { SYNCML_CHAL, SYNCML_META | JUDGE_ONE, 0 },
    { METINF_ANCHOR, METINF_LAST, METINF_NEXT | JUDGE_ONE, 0 },
    /* Of one level: no MetInf around them, nothing twice. */
    { SYNCML_META, METINF_TYPE, METINF_FORMAT, METINF_SIZE, METINF_EMI,
      METINF_ANCHOR,
      METINF_NEXTNONCE, METINF_MAXMSGSIZE, METINF_MAXOBJSIZE, 0 },
    { DEVINF_DEVINF, DEVINF_VERDTD | JUDGE_ONE, DEVINF_MAN, DEVINF_MOD,
      DEVINF_OEM, DEVINF_FWV, DEVINF_SWV, DEVINF_HWV,
      DEVINF_DEVID | JUDGE_ONE, DEVINF_DEVTYP | JUDGE_ONE, DEVINF_UTC,
      DEVINF_LARGEOBJS, DEVINF_NOFM, DEVINF_DATASTORE | JUDGE_MANY,
      DEVINF_CTCAP | JUDGE_MANY, 0 },
    { DEVINF_DATASTORE, DEVINF_SOURCEREF | JUDGE_ONE, DEVINF_DISPLAYNAME,
      DEVINF_MAXGUIDSIZE, DEVINF_RXPREF | JUDGE_ONE, DEVINF_RX | JUDGE_MANY,
      DEVINF_TXPREF | JUDGE_ONE, DEVINF_TX | JUDGE_MANY,
      DEVINF_CTCAP | JUDGE_MANY, DEVINF_DSMEM, DEVINF_HIERARCHICAL,
      DEVINF_SYNCCAP | JUDGE_ONE, DEVINF_FILTERRX | JUDGE_MANY,
      DEVINF_FILTERCAP | JUDGE_MANY, 0 },
    { DEVINF_RXPREF, DEVINF_CTTYPE | JUDGE_ONE, DEVINF_VERCT | JUDGE_ONE, 0 },
    { DEVINF_TXPREF, DEVINF_CTTYPE | JUDGE_ONE, DEVINF_VERCT | JUDGE_ONE, 0 },
    { DEVINF_RX, DEVINF_CTTYPE | JUDGE_ONE, DEVINF_VERCT | JUDGE_ONE, 0 },
    { DEVINF_TX, DEVINF_CTTYPE | JUDGE_ONE, DEVINF_VERCT | JUDGE_ONE, 0 },
    { DEVINF_SYNCCAP, DEVINF_SYNCTYPE | JUDGE_ONE | JUDGE_MANY, 0 },
    { 0 }
};

/* An open element. */
typedef struct judge_frame_t {
    int tag;
    const int *model;           /* NULL: it has none here */
    int at, here;               /* place in it, and how often it has come */
    int synctypes;
    char text[16];              /* its beginning */
    apr_size_t len;
} judge_frame_t;

typedef struct judge_t {
    codec_version_e version;
    apr_pool_t *p;
    judge_frame_t stack[40];
    int depth;
    const char *wrong;
} judge_t;

static inline apr_status_t judge_blame(judge_t *j, int tag, const char *why)
{
    const char *name = codec_tag_name(tag);

    j->wrong = apr_psprintf(j->p, "%s: %s", name ? name : "?", why);
    return APR_EGENERAL;
}

/* Next child of an element that has a content model. */
static inline int judge_child(judge_frame_t *f, int tag)
{
    if (f->tag == SYNCML_SYNC
        && (tag == SYNCML_REPLACE || tag == SYNCML_DELETE)) {
        tag = SYNCML_ADD;
    }
    while (f->model[f->at]) {
        int rule = f->model[f->at];

        if ((rule & 0xffff) == tag && (!f->here || (rule & JUDGE_MANY))) {
            f->here++;
            return 1;
        }
        if ((rule & JUDGE_ONE) && !f->here) {
            return 0;
        }
        f->at++;
        f->here = 0;
    }
    return 0;
}

static inline int judge_in_version(const judge_t *j, int tag)
{
    switch (tag) {
    case SYNCML_NUMBEROFCHANGES: case SYNCML_MOREDATA:
    case METINF_MAXOBJSIZE: case DEVINF_UTC: case DEVINF_LARGEOBJS:
    case DEVINF_NOFM:
        return j->version != CODEC_V10;
    case SYNCML_MOVE: case SYNCML_SOURCEPARENT: case SYNCML_TARGETPARENT:
    case DEVINF_HIERARCHICAL: case DEVINF_FILTERRX: case DEVINF_FILTERCAP:
        return j->version == CODEC_V12;
    case DEVINF_SIZE: case DEVINF_DATATYPE:     /* Siemens S55 crashes */
        return j->version != CODEC_V10;
    default:
        return 1;
    }
}

static inline apr_status_t judge_start(void *baton, int tag)
{
    judge_t *j = baton;
    judge_frame_t *f;
    int i;

    f = j->depth ? &j->stack[j->depth - 1] : NULL;
    if (f != NULL && f->model != NULL && !judge_child(f, tag)) {
        return judge_blame(j, f->tag, apr_pstrcat(j->p, codec_tag_name(tag)
                           ? codec_tag_name(tag) : "an unknown element",
                           " has no place there", NULL));
    }
    if (!judge_in_version(j, tag)) {
        return judge_blame(j, tag, "not in this version");
    }
    f = &j->stack[j->depth++];
    memset(f, 0, sizeof(*f));
    f->tag = tag;
    for (i = 0; judge_models[i][0]; i++) {
        if (judge_models[i][0] == tag) {
            f->model = judge_models[i] + 1;
        }
    }
    return APR_SUCCESS;
}

/* The rules about values. */
static inline apr_status_t judge_value(judge_t *j, const judge_frame_t *f)
{
    judge_frame_t *parent = j->depth ? &j->stack[j->depth - 1] : NULL;

    switch (f->tag) {
    case DEVINF_SYNCTYPE:
        if (f->len != 1 || f->text[0] < '1' || f->text[0] > '7') {
            return judge_blame(j, f->tag, "none from 1 to 7");
        }
        return ++parent->synctypes > 9
            ? judge_blame(j, parent->tag, "more than nine entries")
            : APR_SUCCESS;
    case SYNCML_DATA:
        return parent->tag == SYNCML_STATUS && f->len != 3
            ? judge_blame(j, parent->tag, "Data is no status code")
            : APR_SUCCESS;
    case SYNCML_VERDTD: case SYNCML_VERPROTO: case SYNCML_SESSIONID:
    case SYNCML_MSGID: case SYNCML_CMDID: case SYNCML_MSGREF: case SYNCML_CMD:
    case METINF_NEXT: case METINF_TYPE: case DEVINF_DEVID: case DEVINF_DEVTYP:
    case DEVINF_SOURCEREF: case DEVINF_CTTYPE:
        return f->len == 0 ? judge_blame(j, f->tag, "empty") : APR_SUCCESS;
    default:
        return APR_SUCCESS;
    }
}

static inline apr_status_t judge_end(void *baton, int tag)
{
    judge_t *j = baton;
    judge_frame_t *f = &j->stack[--j->depth];

    while (f->model != NULL && f->model[f->at]) {
        if ((f->model[f->at] & JUDGE_ONE) && !f->here) {
            const char *name = codec_tag_name(f->model[f->at] & 0xffff);

            return judge_blame(j, tag, apr_pstrcat(j->p, name, " is missing",
                                                   NULL));
        }
        f->at++;
        f->here = 0;
    }
    return judge_value(j, f);
}

static inline const char *judge_elements(codec_format_e format,
                                         codec_version_e version,
                                         const char *data, apr_size_t len,
                                         apr_pool_t *p);

static inline apr_status_t judge_text(void *baton, const char *data,
                                      apr_size_t len, int opaque)
{
    judge_t *j = baton;
    judge_frame_t *f = &j->stack[j->depth - 1];
    apr_size_t n = sizeof(f->text) - f->len;

    if (f->model != NULL && len > 0) {
        return judge_blame(j, f->tag, "text has no place there");
    }
    if (opaque && judge_is_devinf(data, len)) {
        j->wrong = judge_elements(CODEC_WBXML, j->version, data, len, j->p);
        return j->wrong ? APR_EGENERAL : APR_SUCCESS;
    }
    if (n > 0) {
        memcpy(f->text + f->len, data, len < n ? len : n);
    }
    f->len += len < n ? len : n;
    return APR_SUCCESS;
}

static inline const char *judge_elements(codec_format_e format,
                                         codec_version_e version,
                                         const char *data, apr_size_t len,
                                         apr_pool_t *p)
{
    judge_t j = { 0 };
    codec_sink_t sink = { judge_start, judge_end, judge_text, NULL };
    codec_limits_t limits = { 0 };

    j.version = version;
    j.p = p;
    sink.baton = &j;
    limits.max_octets = len + 1;
    limits.max_events = 10000000;
    if (codec_decode(format, data, len, &limits, &sink, NULL, p)
        == APR_SUCCESS) {
        return NULL;
    }
    return j.wrong ? j.wrong : "it cannot be decoded";
}

/** @return NULL: an answer that every phone can read; else what is wrong */
static inline const char *judge_answer(codec_format_e format,
                                       codec_version_e version,
                                       const char *data, apr_size_t len,
                                       apr_pool_t *p)
{
    const char *wrong = format == CODEC_WBXML ? judge_wbxml(data, len, p)
                                              : NULL;

    return wrong ? wrong : judge_elements(format, version, data, len, p);
}

#endif
