/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A SyncML client, message by message: what it writes.  Knows no transport
 * (the caller gives a function that takes octets and brings octets back), no
 * cmocka, no session.  Its answers are judged in sml_answer.h, its sessions
 * are in sml_run.h.
 */
#ifndef T_UNIT_SML_PHONE_H
#define T_UNIT_SML_PHONE_H

#include <stdlib.h>
#include <string.h>

#include <apr_base64.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "mod_syncml/sml.h"
#include "mod_syncml/sml_message.h"

typedef struct phone_t phone_t;

/** Brings a message to the server.  @return APR_SUCCESS with the answer;
 * else the line broke and ph->why says how */
typedef apr_status_t phone_post_fn(phone_t *ph, const char *body,
                                   apr_size_t len, const char **answer,
                                   apr_size_t *answer_len);

/** What a Status is expected for. */
typedef struct phone_sent_t {
    unsigned msg, cmd;
    const char *name;           /* of the command */
    const char *ref;            /* SourceRef of the item, or NULL */
    void *what;                 /* the caller's */
    int code;                   /* of the Status that came, 0: none yet */
} phone_sent_t;

struct phone_t {
    apr_pool_t *pool;           /* as long as the phone */
    apr_pool_t *session_pool;   /* of the session */
    apr_pool_t *message_pool;   /* of the latest message and its answer */
    phone_post_fn *post;
    void *baton;                /* of post */

    /* how it is; set by the caller */
    codec_format_e format;
    codec_version_e version;
    const char *url, *devid, *user, *password;
    int scheme;                 /* SML_AUTH_*, 0: no Cred */
    apr_size_t max_msg;         /* MaxMsgSize that it says, 0: none */
    const char *max_msg_text;   /* said instead, to be odd */
    apr_size_t max_obj;
    int large, counts;          /* of its DevInf */
    const char *caps;           /* names of properties, for CTCap; or NULL */
    const char *caps_type;      /* of them: "text/x-vcard" */
    const char *model;          /* likewise, NULL: "Model" */
    const char *maker;          /* NULL: "Maker" */
    void (*describe)(phone_t *ph, codec_writer_t *w);   /* writes DataStores
                                   and CTCap into its DevInf; NULL: none */
    void (*devinf)(phone_t *ph, codec_writer_t *w);     /* writes what is in
                                   its DevInf, if that is to be more; or NULL */
    void *devinf_baton;         /* of devinf */
    apr_size_t max_out;         /* its own limit for what it sends, 0: the
                                   server's MaxMsgSize */
    void (*filter)(phone_t *ph, int tag);       /* writes a Filter into the
                                   Target of an Alert or Sync; NULL: none */

    /* the session */
    const char *nonce;          /* base64, "" for none; outlives it */
    unsigned session, msg, cmd;
    int authorised;
    const char *resp_uri;       /* of the latest answer, or NULL */
    apr_size_t server_max;      /* the server's MaxMsgSize */
    apr_size_t datapos;         /* Meta EMI of the next change, 0: none */
    codec_writer_t *w;
    apr_array_header_t *sent;   /* of phone_sent_t */
    int sent_at;                /* the oldest without a Status, about */
    sml_message_t *in;          /* the latest answer */
    const char *answer;
    apr_size_t answer_len;
    int header_code;            /* its SyncHdr status */
    unsigned server_msg;        /* the server's latest MsgID */
    unsigned posts;             /* messages of this session */
    int results;                /* Results of this session */
    const char *why;            /* what is wrong */
};

static inline phone_t *phone_create(apr_pool_t *p, phone_post_fn *post,
                                    void *baton, const char *devid)
{
    phone_t *ph = apr_pcalloc(p, sizeof(*ph));

    ph->pool = p;
    apr_pool_create(&ph->session_pool, p);
    apr_pool_create(&ph->message_pool, ph->session_pool);
    ph->post = post;
    ph->baton = baton;
    ph->format = CODEC_WBXML;
    ph->version = CODEC_V12;
    ph->url = "http://sync.example/syncml";
    ph->devid = devid;
    ph->user = "alice";
    ph->password = "secret";
    ph->scheme = SML_AUTH_MD5;
    ph->large = ph->counts = 1;
    ph->nonce = "";
    return ph;
}

/** A new session: nothing of the former is left but the nonce. */
static inline void phone_begin(phone_t *ph)
{
    apr_pool_clear(ph->session_pool);
    apr_pool_create(&ph->message_pool, ph->session_pool);
    ph->session++;
    ph->msg = 0;
    ph->authorised = 0;
    ph->resp_uri = NULL;
    ph->server_max = 0;
    ph->sent = apr_array_make(ph->session_pool, 64, sizeof(phone_sent_t));
    ph->sent_at = 0;
    ph->in = NULL;
    ph->w = NULL;
    ph->server_msg = 0;
    ph->posts = 0;
    ph->results = 0;
    ph->why = NULL;
}

/* ---- credentials ------------------------------------------------------- */

static inline const char *phone_base64(const void *data, int len,
                                       apr_pool_t *p)
{
    char *text = apr_palloc(p, (apr_size_t)apr_base64_encode_len(len));

    apr_base64_encode_binary(text, data, len);
    return text;
}

/** MD5(text ":" nonce), the nonce being base64. */
static inline void phone_md5(unsigned char digest[16], const char *text,
                             const char *nonce, apr_pool_t *p)
{
    unsigned char *raw =
        apr_palloc(p, (apr_size_t)apr_base64_decode_len(nonce) + 1);
    int n = apr_base64_decode_binary(raw, nonce);
    apr_md5_ctx_t ctx;

    apr_md5_init(&ctx);
    apr_md5_update(&ctx, text, strlen(text));
    apr_md5_update(&ctx, ":", 1);
    apr_md5_update(&ctx, raw, (apr_size_t)n);
    apr_md5_final(digest, &ctx);
}

/** The digest of this phone's version, as octets. */
static inline void phone_digest(phone_t *ph, unsigned char digest[16])
{
    const char *pair = apr_pstrcat(ph->message_pool, ph->user, ":",
                                   ph->password, NULL);

    if (ph->version != CODEC_V10) {
        unsigned char inner[16];

        apr_md5(inner, pair, strlen(pair));
        pair = phone_base64(inner, 16, ph->message_pool);
    }
    phone_md5(digest, pair, ph->nonce, ph->message_pool);
}

static inline void phone_write_cred(phone_t *ph)
{
    int raw = ph->version == CODEC_V10 && ph->format == CODEC_WBXML;
    codec_writer_t *w = ph->w;

    codec_open(w, SYNCML_CRED);
    codec_open(w, SYNCML_META);
    codec_text(w, METINF_TYPE, ph->scheme == SML_AUTH_MD5
                               ? "syncml:auth-md5" : "syncml:auth-basic");
    if (ph->scheme == SML_AUTH_BASIC || !raw) {
        codec_text(w, METINF_FORMAT, "b64");
    }
    codec_close(w);
    if (ph->scheme == SML_AUTH_MD5) {
        unsigned char digest[16];

        phone_digest(ph, digest);
        if (raw) {
            codec_opaque(w, SYNCML_DATA, digest, 16);
        }
        else {
            codec_text(w, SYNCML_DATA, phone_base64(digest, 16,
                                                    ph->message_pool));
        }
    }
    else {
        const char *pair = apr_pstrcat(ph->message_pool, ph->user, ":",
                                       ph->password, NULL);

        codec_text(w, SYNCML_DATA, phone_base64(pair, (int)strlen(pair),
                                                ph->message_pool));
    }
    codec_close(w);
}

/* ---- writing ----------------------------------------------------------- */

static inline void phone_uri(phone_t *ph, int tag, const char *uri,
                             const char *name)
{
    codec_open(ph->w, tag);
    codec_text(ph->w, SYNCML_LOCURI, uri);
    if (name != NULL) {
        codec_text(ph->w, SYNCML_LOCNAME, name);
    }
    codec_close(ph->w);
}

/** The Target of an Alert or Sync. */
static inline void phone_target(phone_t *ph, int tag, const char *uri)
{
    codec_open(ph->w, SYNCML_TARGET);
    codec_text(ph->w, SYNCML_LOCURI, uri);
    if (ph->filter != NULL) {
        ph->filter(ph, tag);
    }
    codec_close(ph->w);
}

/** Open a message: all up to the commands. */
static inline void phone_open(phone_t *ph)
{
    static const char *const proto[] = {
        "SyncML/1.0", "SyncML/1.1", "SyncML/1.2"
    };
    codec_writer_t *w;

    apr_pool_clear(ph->message_pool);
    ph->in = NULL;
    ph->w = w = codec_writer_create(ph->format, CODEC_DOC_SYNCML,
                                    ph->version, ph->message_pool);
    ph->msg++;
    ph->cmd = 0;
    codec_open(w, SYNCML_SYNCML);
    codec_open(w, SYNCML_SYNCHDR);
    codec_text(w, SYNCML_VERDTD, proto[ph->version] + 7);
    codec_text(w, SYNCML_VERPROTO, proto[ph->version]);
    codec_number(w, SYNCML_SESSIONID, ph->session);
    codec_number(w, SYNCML_MSGID, ph->msg);
    phone_uri(ph, SYNCML_TARGET, ph->resp_uri ? ph->resp_uri : ph->url,
              NULL);
    phone_uri(ph, SYNCML_SOURCE, ph->devid, ph->user);
    if (!ph->authorised && ph->scheme) {
        phone_write_cred(ph);
    }
    if (ph->max_msg || ph->max_obj || ph->max_msg_text) {
        codec_open(w, SYNCML_META);
        if (ph->max_msg_text) {
            codec_text(w, METINF_MAXMSGSIZE, ph->max_msg_text);
        }
        else if (ph->max_msg) {
            codec_number(w, METINF_MAXMSGSIZE, (apr_int64_t)ph->max_msg);
        }
        if (ph->max_obj && ph->version != CODEC_V10) {
            codec_number(w, METINF_MAXOBJSIZE, (apr_int64_t)ph->max_obj);
        }
        codec_close(w);
    }
    codec_close(w);
    codec_open(w, SYNCML_SYNCBODY);
}

/** Non-zero if @p more octets would still fit into the message. */
static inline int phone_has_room(const phone_t *ph, apr_size_t more)
{
    apr_size_t limit = ph->max_out ? ph->max_out : ph->server_max;

    return limit == 0 || codec_writer_size(ph->w) + more <= limit;
}

static inline phone_sent_t *phone_expect(phone_t *ph, const char *name,
                                         const char *ref)
{
    phone_sent_t *t = apr_array_push(ph->sent);

    memset(t, 0, sizeof(*t));
    t->msg = ph->msg;
    t->cmd = ph->cmd;
    t->name = name;
    t->ref = ref ? apr_pstrdup(ph->session_pool, ref) : NULL;
    return t;
}

/** Open a command and number it. */
static inline void phone_command(phone_t *ph, int tag)
{
    codec_open(ph->w, tag);
    codec_number(ph->w, SYNCML_CMDID, ++ph->cmd);
}

static inline void phone_alert(phone_t *ph, int code, const char *target,
                               const char *source, const char *last,
                               const char *next)
{
    codec_writer_t *w = ph->w;

    phone_command(ph, SYNCML_ALERT);
    codec_number(w, SYNCML_DATA, code);
    codec_open(w, SYNCML_ITEM);
    phone_target(ph, SYNCML_ALERT, target);
    phone_uri(ph, SYNCML_SOURCE, source, NULL);
    if (next != NULL) {
        codec_open(w, SYNCML_META);
        codec_open(w, METINF_ANCHOR);
        if (last != NULL) {
            codec_text(w, METINF_LAST, last);
        }
        codec_text(w, METINF_NEXT, next);
        codec_close(w);
        codec_close(w);
    }
    codec_close(w);
    codec_close(w);
    phone_expect(ph, "Alert", NULL);
}

/** Alert 222: "next message, please". */
static inline void phone_next_message(phone_t *ph, const char *target,
                                      const char *source)
{
    phone_alert(ph, 222, target, source, NULL, NULL);
}

static inline void phone_open_sync(phone_t *ph, const char *target,
                                   const char *source)
{
    phone_command(ph, SYNCML_SYNC);
    phone_target(ph, SYNCML_SYNC, target);
    phone_uri(ph, SYNCML_SOURCE, source, NULL);
    phone_expect(ph, "Sync", NULL);
}

/** One Add, Replace or Delete with one item.
 * @param size  Meta Size, 0: none;  @param more  MoreData follows */
static inline phone_sent_t *phone_change(phone_t *ph, int tag,
                                         const char *luid, const char *type,
                                         const char *data, apr_size_t len,
                                         apr_size_t size, int more)
{
    codec_writer_t *w = ph->w;

    phone_command(ph, tag);
    if (type != NULL) {
        codec_open(w, SYNCML_META);
        codec_text(w, METINF_TYPE, type);
        if (strncmp(type, "text/x-s4j-sif", 14) == 0) {
            codec_text(w, METINF_FORMAT, "b64");    /* the caller's work */
        }
        if (size) {
            codec_number(w, METINF_SIZE, (apr_int64_t)size);
        }
        if (ph->datapos) {
            codec_text(w, METINF_EMI,
                       apr_psprintf(ph->message_pool, "datapos=%lu",
                                    (unsigned long)ph->datapos));
            ph->datapos = 0;
        }
        codec_close(w);
    }
    codec_open(w, SYNCML_ITEM);
    phone_uri(ph, SYNCML_SOURCE, luid, NULL);
    if (data != NULL) {
        codec_opaque(w, SYNCML_DATA, data, len);
    }
    if (more) {
        codec_empty(w, SYNCML_MOREDATA);
    }
    codec_close(w);
    codec_close(w);
    return phone_expect(ph, codec_tag_name(tag), luid);
}

static inline void phone_status(phone_t *ph, const char *msgref,
                                const char *cmdref, const char *cmd,
                                const char *targetref, const char *sourceref,
                                int code)
{
    codec_writer_t *w = ph->w;

    phone_command(ph, SYNCML_STATUS);
    codec_text(w, SYNCML_MSGREF, msgref);
    codec_text(w, SYNCML_CMDREF, cmdref);
    codec_text(w, SYNCML_CMD, cmd);
    if (targetref != NULL) {
        codec_text(w, SYNCML_TARGETREF, targetref);
    }
    if (sourceref != NULL) {
        codec_text(w, SYNCML_SOURCEREF, sourceref);
    }
    codec_number(w, SYNCML_DATA, code);
    codec_close(w);
}

static inline void phone_open_map(phone_t *ph, const char *target,
                                  const char *source)
{
    phone_command(ph, SYNCML_MAP);
    phone_uri(ph, SYNCML_TARGET, target, NULL);
    phone_uri(ph, SYNCML_SOURCE, source, NULL);
    phone_expect(ph, "Map", NULL);
}

static inline void phone_map_item(phone_t *ph, const char *guid,
                                  const char *luid)
{
    codec_open(ph->w, SYNCML_MAPITEM);
    phone_uri(ph, SYNCML_TARGET, guid, NULL);
    phone_uri(ph, SYNCML_SOURCE, luid, NULL);
    codec_close(ph->w);
}

/* ---- DevInf ------------------------------------------------------------ */

static inline const char *phone_devinf_uri(const phone_t *ph)
{
    static const char *const uris[] = {
        "./devinf10", "./devinf11", "./devinf12"
    };

    return uris[ph->version];
}

/** One datastore's CTCap in 1.2, all in one in 1.0 and 1.1. */
static inline void phone_write_caps(phone_t *ph, codec_writer_t *w)
{
    char *words = apr_pstrdup(ph->message_pool, ph->caps), *last = NULL;
    int own = ph->version == CODEC_V12;
    const char *name;

    if (own) {
        codec_open(w, DEVINF_DATASTORE);
        codec_text(w, DEVINF_SOURCEREF, "./local");
    }
    codec_open(w, DEVINF_CTCAP);
    codec_text(w, DEVINF_CTTYPE, ph->caps_type);
    if (own) {
        codec_text(w, DEVINF_VERCT, "2.1");
    }
    while ((name = apr_strtok(words, " ", &last)) != NULL) {
        if (own) {
            codec_open(w, DEVINF_PROPERTY);
        }
        codec_text(w, DEVINF_PROPNAME, name);
        if (own) {
            codec_close(w);
        }
        words = NULL;
    }
    codec_close(w);
    if (own) {
        codec_close(w);
    }
}

static inline void phone_write_devinf(phone_t *ph, codec_writer_t *w)
{
    codec_text(w, DEVINF_VERDTD, phone_devinf_uri(ph) + 8);
    codec_text(w, DEVINF_MAN, ph->maker ? ph->maker : "Maker");
    codec_text(w, DEVINF_MOD, ph->model ? ph->model : "Model");
    codec_text(w, DEVINF_DEVID, ph->devid);
    codec_text(w, DEVINF_DEVTYP, "phone");
    if (ph->large && ph->version != CODEC_V10) {
        codec_empty(w, DEVINF_LARGEOBJS);
    }
    if (ph->counts && ph->version != CODEC_V10) {
        codec_empty(w, DEVINF_NOFM);
    }
    if (ph->caps != NULL) {
        phone_write_caps(ph, w);
    }
    if (ph->describe != NULL) {
        ph->describe(ph, w);
    }
}

static inline void phone_devinf_item(phone_t *ph)
{
    codec_writer_t *w = codec_writer_create(ph->format, CODEC_DOC_DEVINF,
                                            ph->version, ph->message_pool);

    codec_open(w, DEVINF_DEVINF);
    if (ph->devinf != NULL) {
        ph->devinf(ph, w);
    }
    else {
        phone_write_devinf(ph, w);
    }
    codec_close(w);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_TYPE, ph->format == CODEC_WBXML
               ? "application/vnd.syncml-devinf+wbxml"
               : "application/vnd.syncml-devinf+xml");
    codec_close(ph->w);
    codec_open(ph->w, SYNCML_ITEM);
    phone_uri(ph, SYNCML_SOURCE, phone_devinf_uri(ph), NULL);
    codec_embed(ph->w, SYNCML_DATA, w);
    codec_close(ph->w);
}

static inline void phone_put_devinf(phone_t *ph)
{
    phone_command(ph, SYNCML_PUT);
    phone_devinf_item(ph);
    codec_close(ph->w);
    phone_expect(ph, "Put", NULL);
}

static inline void phone_results_devinf(phone_t *ph, const char *msgref,
                                        const char *cmdref)
{
    phone_command(ph, SYNCML_RESULTS);
    codec_text(ph->w, SYNCML_MSGREF, msgref);
    codec_text(ph->w, SYNCML_CMDREF, cmdref);
    phone_devinf_item(ph);
    codec_close(ph->w);
    phone_expect(ph, "Results", NULL);
}

static inline void phone_get_devinf(phone_t *ph)
{
    phone_command(ph, SYNCML_GET);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_TYPE, ph->format == CODEC_WBXML
               ? "application/vnd.syncml-devinf+wbxml"
               : "application/vnd.syncml-devinf+xml");
    codec_close(ph->w);
    codec_open(ph->w, SYNCML_ITEM);
    phone_uri(ph, SYNCML_TARGET, phone_devinf_uri(ph), NULL);
    codec_close(ph->w);
    codec_close(ph->w);
    phone_expect(ph, "Get", NULL);
}

#endif
