/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_state.h
 * @brief What a sync session remembers between two messages.
 *
 * The whole of it is written into the session's row of the store with each
 * answer and read back for the next message, by whichever process gets it.
 * It stays small (names, counters, what is on its way): items are never in
 * it, but for one that is being received or sent in pieces.
 */
#ifndef SYNCML_SML_STATE_H
#define SYNCML_SML_STATE_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "codec/codec.h"
#include "mod_syncml/sml_view.h"
#include "store/store.h"

/** Where the session is; names are of the client's and server's packages. */
typedef enum {
    SML_INIT = 0,       /* package 1: alerts, DevInf */
    SML_CLIENT_SYNC,    /* package 3: the client's modifications */
    SML_SERVER_SYNC,    /* package 4: ours */
    SML_MAP,            /* package 5: statuses and maps are expected */
    SML_DONE
} sml_phase_e;

/** Datastores in one session; outgoing changes waiting for a Status; deletes
 * waiting for the package's end; statuses that did not fit into the answer. */
#define SML_MAX_DATASTORES   32
#define SML_MAX_OUTSTANDING  20000
#define SML_MAX_STAGED       200000
#define SML_MAX_OFFERED      20000
#define SML_MAX_PENDING      100000
#define SML_MAX_DOUBLED      20000
#define SML_MAX_RELATED      2000
#define SML_MAX_OWED         20000
/** Octets of messages that are not done yet: while there would be more, an
 * answer waits for the work instead of being sent before it. */
#define SML_MAX_BACKLOG      (2 * 1024 * 1024)

typedef struct sml_sync_t {
    store_id_t datastore;
    const char *name;           /* canonical */
    const char *client_uri;     /* the client's database */
    const char *server_uri;     /* ours, as the client wrote it */
    const char *combined;       /* name of the combination that it is a member
                                   of; NULL: of none */
    int member;                 /* its place there; 0: stands for all */
    int code;                   /* sync type in force: 200 to 205 */
    int asked;                  /* sync type that the client asked for */
    const char *client_last, *client_next;
    const char *server_last, *server_next;
    store_id_t seen;            /* the device had everything up to here */
    store_id_t upto;            /* the snapshot that is sent */
    store_id_t cursor;          /* changes sent so far */
    store_id_t retry_cursor;    /* before them: items that the device had no
                                   room for last time, sent so far */
    int retried;                /* all of those are sent */
    store_id_t unmapped;        /* an item due that waits for its Map */
    int alert_pending;          /* our Alert is still to be sent */
    apr_uint32_t alert_msg, alert_cmd;  /* MsgID and CmdID of our Alert */
    int client_began, client_ended;     /* Sync came; package ended */
    int opened;                 /* NumberOfChanges has been said */
    int server_ended;           /* nothing more to send */
    int committed;              /* anchors written */
    int failed;                 /* a status code: given up; 0 fine */
    store_id_t start;           /* counter when the client's items began to
                                   come */
    int first;                  /* the device never synced it before */
    apr_uint32_t conflicts;     /* in this session */
    apr_uint32_t doubles;       /* Adds of what the device has already */
    int passed;                 /* the administrator lets it through */
    apr_int64_t live;           /* items when the client's began to come */
    int alone;                  /* the datastore was empty then and has only
                                   this client's items: nothing to match
                                   others with */
    store_id_t left_at;         /* counter after the client's latest items */
    store_id_t resend_from;     /* lowest change that has to be sent again in
                                   the next sync; 0: none */
    apr_uint32_t received[4];   /* Add, Replace, Delete, refused */
    apr_uint32_t sent[4];
    apr_int64_t announced;      /* the client's NumberOfChanges, -1: not said */
    apr_int64_t came;           /* changes of the client so far */
    int resumed;                /* it goes on where a former session stopped,
                                   after the client's items had begun to come */
    store_id_t limit;           /* resumed: counter when the former session
                                   stopped; what others changed later is for
                                   the next sync; 0: none */
    store_id_t large;           /* resumed: item on its way in pieces, which
                                   is not to be begun again; 0: none */
    /* What the device sees of it: see sml_select.c. */
    const char *view, *view_had;        /* texts, of this sync and the last */
    const char *view_sent;      /* under which a sync that did not end has sent
                                   some items: they may be of this view or of
                                   view_had; NULL: none */
    const sml_view_t *view_parsed, *view_had_parsed, *view_sent_parsed;
                                /* or NULL; not written */
    sml_access_e access;
    apr_int64_t from, to;       /* its date window today, SML_WINDOW_* */
    apr_int64_t had_from, had_to;       /* and in the last sync */
    int review;                 /* another view than the last: all is to be
                                   looked at */
    int selected;               /* sending has begun */
    store_id_t moved_cursor;    /* items that came or went by themselves, sent
                                   so far */
    int moved;                  /* all of those are sent */
    apr_int64_t room;           /* items that may be added yet, where there is
                                   a maximum */
    int left_out;               /* some were not, for want of room */
    apr_uint32_t undone;        /* changes rolled back on the device */
    int large_is_newer;         /* it has changed after the limit */
    int taken;                  /* of state->former: this session has it */
    int waiting;                /* changes outstanding; counted anew for each
                                   message, not written */
} sml_sync_t;

/** A change on its way to the client: MsgID and CmdID of the command, by
 * which the list is in order. */
typedef struct sml_outstanding_t {
    apr_uint32_t msg, cmd;
    int sync;                   /* index of the datastore in the session */
    int tag;                    /* SYNCML_ADD, REPLACE, DELETE; 0: has got its
                                   Status in this message */
    store_id_t item;
    store_id_t version;
    const char *luid;           /* NULL for Add */
} sml_outstanding_t;

/** A delete by the client that waits for the end of its package: a session
 * that breaks off, or that a guard stops, has then deleted nothing. */
typedef struct sml_staged_t {
    int sync;                   /* index of the datastore in the session */
    store_id_t item;
    int archive;                /* it is to be kept for good */
    int told;                   /* an Add in this sync says that the device has
                                   it: not to be deleted */
    store_id_t version;         /* that the device had */
} sml_staged_t;

/** Items that were added although the device has them already, by id. */
typedef struct sml_range_t {
    int sync;                   /* index of the datastore in the session */
    store_id_t from, to;
} sml_range_t;

/** An item that a slow sync has added although we have one of the same name:
 * looked at again when the client has told all. */
typedef struct sml_related_t {
    int sync;                   /* index of the datastore in the session */
    store_id_t item;
} sml_related_t;

/** An Add of a session that broke off before its Status came: the device may
 * have the item, and then says so with a Map. */
typedef struct sml_offered_t {
    int sync;                   /* index of the datastore in the session */
    store_id_t item;
    store_id_t version;
} sml_offered_t;

/** A Status to be sent. */
typedef struct sml_status_t {
    const char *msgref, *cmdref, *cmd;
    const char *targetref, *sourceref;
    int code;
    const char *next_anchor;    /* Item/Data/Anchor/Next, for an Alert */
    int chal;                   /* with Chal */
} sml_status_t;

/** An item that travels in pieces (MoreData). */
typedef struct sml_object_t {
    int sync;
    int tag;
    const char *luid;
    const char *type;
    const char *format;         /* incoming: of the whole, may be NULL */
    apr_size_t size;            /* announced, 0 if not */
    int refused;                /* incoming: the status that it got; 0: none */
    const char *data;           /* incoming: so far; outgoing: the rest */
    apr_size_t len;
    apr_size_t room;            /* incoming: octets that data may have before
                                   it has to grow; not written */
    apr_size_t last;            /* octets of the latest piece: incoming, the
                                   client may not know that it came;
                                   outgoing, at the beginning of data, it has
                                   no Status yet */
    apr_size_t seam, twice;     /* incoming: so many octets before the seam
                                   may have come twice, because the session
                                   was resumed there without saying where */
    int resumed;                /* the next piece is the first since */
    int code;                   /* incoming: the Status of the whole; 0: not
                                   whole yet.  Then data is the last piece.
                                   Negative: refused, what follows of it has
                                   this Status */
    store_id_t item, version;   /* outgoing */
    int begun;                  /* outgoing: the first piece is sent */
    apr_uint32_t msg, cmd;      /* outgoing: of the latest piece */
} sml_object_t;

/** A message that could not be done within the time of its answer: see
 * sml_backlog.c. */
typedef struct sml_backlog_t {
    codec_format_e format;
    const char *body;
    apr_size_t len;
    apr_int64_t done;           /* units of its work that are done */
} sml_backlog_t;

typedef struct sml_state_t sml_state_t;
struct sml_state_t {
    codec_version_e version;
    const char *session_id;     /* the client's SessionID */
    apr_time_t began;
    int continued;              /* its client has answered our first message */
    const char *client_uri;     /* SyncHdr Source of the client */
    const char *client_name;    /* its LocName or NULL */
    const char *server_uri;     /* SyncHdr Target that it used */
    const char *resp_uri;
    const char *user;
    apr_uint32_t last_msg;      /* the client's latest MsgID */
    apr_uint32_t our_msg;       /* ours */
    apr_size_t client_max_msg;  /* octets, 0: not said */
    apr_size_t client_max_obj;
    int client_counts;          /* it takes NumberOfChanges */
    int client_large;           /* it takes objects in pieces */
    int client_filters;         /* it has shown that it knows filters */
    sml_phase_e phase;
    int final_sent;             /* our present package is complete */
    int idle;                   /* messages in a row that only asked for the
                                   next */
    int ending;                 /* the client's package is complete, but its
                                   end is not all done yet */
    int want_results;           /* the client's Get is to be answered */
    const char *results_msg, *results_cmd, *results_uri, *results_type;
    int get_sent;               /* the client's DevInf was asked for */
    store_id_t log;             /* its entry in the session log; 0: none */
    apr_array_header_t *syncs;          /* of sml_sync_t */
    apr_array_header_t *outstanding;    /* of sml_outstanding_t */
    apr_array_header_t *staged;         /* of sml_staged_t */
    apr_array_header_t *offered;        /* of sml_offered_t */
    apr_array_header_t *pending;        /* of sml_status_t */
    apr_array_header_t *doubled;        /* of sml_range_t */
    apr_array_header_t *related;        /* of sml_related_t */
    apr_array_header_t *owed;           /* of sml_range_t, of one item each:
                                   the client is to change them again, after
                                   an Atomic that was undone.  To 0: see
                                   sml_atomic_lack() */
    apr_array_header_t *backlog;        /* of sml_backlog_t, the oldest
                                   first; what is left of them is done before
                                   anything new */
    sml_object_t *incoming, *outgoing;  /* or NULL */
    sml_object_t *finished;     /* the latest incoming one that was whole, or
                                   was refused; or NULL */
    const char *no_end;         /* LUID of an item whose last piece did not
                                   come, to be told by Alert 223; or NULL */
    sml_state_t *former;        /* what the device's former sessions left over
                                   of datastores that this one has not been
                                   asked for yet: the lists from syncs to
                                   owed, but pending, and the objects
                                   count.  NULL:
                                   nothing.  See sml_resume.c */
};

sml_state_t *sml_state_make(apr_pool_t *p);

/** @return octets in the pool, length in *len; NULL if a list is longer than
 * its maximum */
const char *sml_state_pack(const sml_state_t *state, apr_size_t *len,
                           apr_pool_t *p);

/** @return APR_EINVAL if the octets are not a state of this version of the
 * program: the session is then to be treated as expired */
apr_status_t sml_state_unpack(sml_state_t **state, const char *data,
                              apr_size_t len, apr_pool_t *p);

#endif
