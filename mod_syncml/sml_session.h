/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_session.h
 * @brief One message of one session in the making: what the parts of the
 * engine share.
 *
 * A sml_session_t lives for one message, in the pool of the request, inside
 * one write transaction.  The parts: sml_cred (who is it), sml_alert (which
 * datastores, which sync type), sml_receive (the client's changes), sml_match
 * (items that both sides have), sml_send (ours), sml_confirm (statuses and
 * maps), sml_reply (the answer).
 */
#ifndef SYNCML_SML_SESSION_H
#define SYNCML_SML_SESSION_H

#include <apr_hash.h>

#include "item/item_quirks.h"
#include "mod_syncml/sml.h"
#include "mod_syncml/sml_message.h"
#include "mod_syncml/sml_path.h"
#include "mod_syncml/sml_state.h"
#include "store/store_views.h"

typedef struct sml_journal_t sml_journal_t;

typedef struct sml_session_t {
    const sml_config_t *config;
    const sml_request_t *request;
    const sml_message_t *in;
    apr_pool_t *p;
    apr_time_t now;             /* of the transaction */
    store_tx_t *tx;             /* NULL while an answer is built without */
    store_id_t account;
    store_device_t *device;     /* NULL: not authenticated */
    sml_state_t *state;
    const char *nonce;          /* for the Chal of this answer, base64 */
    int chal_scheme;            /* SML_AUTH_*: 0, no Chal */
    int is_new;                 /* this message begins the session */
    int devinf_came;            /* this message brought it */
    int suspended;              /* it has Alert 224: nothing is complete */
    int final;                  /* the client's package ends here: by its
                                   Final, or because it only ever asks */
    int asks;                   /* it has Alert 222 */
    int works;                  /* it has more than Status and Alert 222 */
    int only_asks;              /* it has Alert 222 and says nothing new */
    int owed;                   /* something was left over from the answer
                                   before */
    struct sml_atomic_t *atomic;        /* while inside Atomic, else NULL */
    int undone;                 /* Atomics that have failed */
    /* the time of this answer: sml_backlog.c */
    apr_time_t until;           /* work ends then; 0: when all is done */
    apr_int64_t unit;           /* of the present message's work: the next */
    apr_int64_t done;           /* before it: done for former answers */
    int worked;                 /* something was done for this answer */
    int sent;                   /* it carries a change of ours */
    int late;                   /* its time is used up: the rest waits */
    apr_hash_t *staged;         /* item to index in state->staged; NULL: not
                                   looked for yet */
    apr_hash_t *sent_adds;      /* item to sml_outstanding_t of an Add; NULL:
                                   not looked for yet */
    apr_hash_t *owed_at;        /* item to index in state->owed; NULL: not
                                   looked for yet */
    int lacking;                /* of them, those of which only the LUID is
                                   known; counted with owed_at */
    apr_hash_t *candidates;     /* see sml_match.c */
    const item_traits_t *traits;        /* see sml_traits(); NULL: not read
                                   yet */
    apr_hash_t *settings;       /* the device's, likewise */
    const char *zone;           /* see sml_user_zone(); "": not known; NULL:
                                   not looked for yet */
    apr_hash_t *held;           /* see sml_held.c */
    apr_hash_t *forms;          /* see sml_form.c */
    int doubling;               /* see sml_guard.c */
    store_id_t related;         /* see sml_match.c */
    int settled;                /* outstanding changes that have got a Status
                                   in this message */
    long heard;                 /* our latest message that it has a Status
                                   for; 0: none */
    sml_journal_t *journal;     /* how things were before the message */
    apr_status_t rv;            /* first failure of the store: all is undone */
    /* the answer */
    codec_writer_t *w;
    apr_uint32_t cmdid;
    apr_size_t limit;           /* octets that the answer may have */
    apr_size_t head;            /* of them, those of its header */
    apr_size_t tail;            /* of them, kept for its end */
} sml_session_t;

/** Words of the protocol. */
const char *sml_command_name(int tag);
/** @return the configured datastore that a path begins with, or NULL: of the
 * account's own "contacts/private" that is "contacts" */
const sml_datastore_conf_t *sml_datastore_lookup(const sml_config_t *config,
                                                 const char *uri);
/** A decimal number. @return -1 if it is none, SML_NUMBER_MAX if it has more
 * than 9 digits */
#define SML_NUMBER_MAX 1000000000L
long sml_number(const char *text);
void sml_log(const sml_config_t *config, int level, apr_status_t rv,
             const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Where a device was seen, for one that is told over TCP. @param remote  its
 * address, may be NULL */
apr_status_t sml_note_address(sml_session_t *s, const char *remote);
/** Once an hour: forget deleted items, former texts and the log of sessions
 * that are older than config->keep and that nobody needs, and devices unseen
 * for config->forget_devices. */
apr_status_t sml_upkeep(const sml_config_t *config, store_tx_t *tx,
                        apr_time_t now, apr_pool_t *p);

/** Queue a Status for a command of the message, or for one item of it. */
void sml_status(sml_session_t *s, const sml_command_t *c, int code,
                const char *targetref, const char *sourceref);
/** The same for an Alert, with the client's Next anchor sent back. */
void sml_status_anchor(sml_session_t *s, const sml_command_t *c, int code,
                       const char *targetref, const char *sourceref,
                       const char *next);
/** The Status of SyncHdr; always the first. */
void sml_status_header(sml_session_t *s, int code, int chal);

/* ---- sml_journal.c ----------------------------------------------------- */

/** Note how the account's datastores are before the message. */
void sml_journal_open(sml_session_t *s);
/** Write what the message did into the session log. */
void sml_journal_write(sml_session_t *s);

/* ---- sml_commands.c ---------------------------------------------------- */

/** Do the commands of s->in and, where it ends the client's package, what that
 * brings about; s->rv says whether the store failed, s->late whether it has
 * to be called for the same message again. */
void sml_commands(sml_session_t *s);
/** A command and all inside it get that status, one for each item; nothing of
 * it is done.  It counts as much as if it were done, see sml_turn().  (Nobody
 * answers a Status.) */
void sml_refuse(sml_session_t *s, const sml_command_t *c, int code);
/** How often in a row a client may ask for the next message without anything
 * to be told on either side, until that counts as the end of its package:
 * some resuming Symbian clients would go on for ever. */
#define SML_MAX_IDLE  3
/** One-way from the client: nothing to wait for once its package is in. */
void sml_commit_received(sml_session_t *s);

/* ---- sml_backlog.c ----------------------------------------------------- */

/** Do what is left of former messages, then the present one, as far as the
 * time of the answer reaches; the rest is kept in the state. */
void sml_backlog_work(sml_session_t *s);
/**
 * May the next unit of work be done now?  To be asked before each command, or
 * each item of one, always in the same order: a message that is taken up
 * again passes over as many units as were done before.  The first unit of an
 * answer is done however late it is, so each answer brings the sync forward.
 * @return 0: it was done for a former answer, or has to wait (s->late)
 */
int sml_turn(sml_session_t *s);
/** The same for a unit that is too quick to count as work: it never is what
 * the time is used up by, and waits only behind others. */
int sml_turn_quick(sml_session_t *s);
/** The same for work that needs no count, because what is done of it can be
 * seen in the state. */
int sml_go_on(sml_session_t *s);
/** Non-zero if the time of this answer is used up. */
int sml_is_late(sml_session_t *s);

/* ---- sml_quirks.c ------------------------------------------------------ */

/** What is known of the device: by the quirks file, then by its own settings.
 * Never NULL; s->rv tells that the store failed. */
const item_traits_t *sml_traits(sml_session_t *s);
/** A setting of the device. @return NULL: it has none of that name */
const char *sml_device_setting(sml_session_t *s, const char *name);
/** The same is written, where it is another. @param value  NULL: remove it */
void sml_device_set(sml_session_t *s, const char *name, const char *value);
/** Does the device have that quirk (SML_QUIRK_*)? */
int sml_quirk(sml_session_t *s, const char *name);
/** The device's description has changed: all that was made of it is made
 * anew. */
void sml_traits_forget(sml_session_t *s);
/** Leave for push what the quirks say of notifications: settings of the device,
 * since push reads nothing else. */
void sml_traits_tell_push(sml_session_t *s);
/** The time zone of the device's user, an Olson name; NULL: not known. */
const char *sml_user_zone(sml_session_t *s);
/** A calendar's text has come: where nobody knows the user's zone, that of the
 * first event that names one is taken. */
void sml_learn_zone(sml_session_t *s, const item_text_t *text);

/* ---- sml_atomic.c ------------------------------------------------------ */

/** While a session is inside an Atomic. */
typedef struct sml_atomic_t {
    int failed;                 /* a command has got a status from 300 on */
    apr_array_header_t *journal;        /* of sml_restage_t */
    apr_array_header_t *known;  /* of sml_range_t: see sml_atomic_know() */
} sml_atomic_t;

typedef void sml_child_fn(sml_session_t *s, const sml_command_t *child,
                          void *baton);
/** Do an Atomic.
 * @param y  the datastore of the Sync around it; NULL: it is not in one
 * @param child  does one of its commands */
void sml_atomic(sml_session_t *s, const sml_command_t *c, sml_sync_t *y,
                sml_child_fn *child, void *baton);
/** An item, or number of sml_atomic_luid(), of which an Atomic that was undone
 * had a change that is to come again: it has come. */
void sml_atomic_paid(sml_session_t *s, store_id_t item);
/** Non-zero if a slow sync has left such items without a row: only another one
 * will say what the client has of them. */
int sml_atomic_left(sml_session_t *s, sml_sync_t *y);
/** In a slow sync the client has something under that LUID of which nobody can
 * tell what it is of ours, because not all of its pieces are here: it is to
 * come again. */
void sml_atomic_lack(sml_session_t *s, const sml_sync_t *y, const char *luid);
/** Non-zero if a change is not to be sent yet: what an undone Atomic had of the
 * item is to come again, or the device has no row of it, so that it may be what
 * a LUID of sml_atomic_lack() is. */
int sml_atomic_holds(sml_session_t *s, sml_sync_t *y,
                     const store_change_t *c);
/** What the client calls by that LUID has come again. */
void sml_atomic_paid_luid(sml_session_t *s, sml_sync_t *y, const char *luid);
/** What the client calls by that LUID in a slow sync, whatever it is of ours:
 * a number that stands for an item's in sml_atomic_paid(). */
store_id_t sml_atomic_luid(store_id_t datastore, const char *luid);
/** In a slow sync, inside an Atomic: the client has that item, or perhaps has
 * it.  Should the Atomic be undone, it is to come again. */
void sml_atomic_know(sml_session_t *s, store_id_t datastore, store_id_t item);
/** Non-zero inside an Atomic of which a command has failed. */
#define sml_atomic_failed(s)  ((s)->atomic != NULL && (s)->atomic->failed)
/** A command gets that status. */
void sml_atomic_note(sml_session_t *s, int code);
/** Inside an Atomic: answer a command that is not to be done, because one
 * before it has failed (215) or because it may not be there (500).
 * @return non-zero if it was one */
int sml_atomic_skips(sml_session_t *s, const sml_command_t *c);

/* ---- sml_alert.c ------------------------------------------------------- */

void sml_alert(sml_session_t *s, const sml_command_t *c);
/** The generation of anchors of the sync that the client names as its last.
 * @param a  may be NULL @return NULL: none of both */
const store_anchor_gen_t *sml_anchor_matching(const store_anchor_t *a,
                                              const char *client_last);

/* ---- sml_group.c ------------------------------------------------------- */

/** The combination that a client knows of; NULL: none, or only that of a
 * calendar with its own occurrences. */
const char *sml_combination(const sml_sync_t *y);

/** Our path in a command of the client's: its Target, or where that is empty
 * (Sony Ericsson C510) its Source, since the client's own name of the
 * database is then all there is.  May be NULL. */
const char *sml_server_path(const sml_uri_t *target, const sml_uri_t *source);
/** Take a path apart, as sml_path_parse(); the calendar of a device that has
 * its tasks in it (quirk "combined-calendar") is the combination of both. */
void sml_path_take(sml_session_t *s, const char *uri, sml_path_t *path);
/** The names, in the store, of the datastores that a path means: one, or all
 * of a combination. @return array of const char *; NULL: the account has no
 * such datastore, or s->rv tells that the store failed */
apr_array_header_t *sml_path_names(sml_session_t *s, const sml_path_t *path);
/** Log that there are none, and what would help. */
void sml_path_log_unknown(sml_session_t *s, const char *uri,
                          const sml_path_t *path);
/** How the datastore is configured; of the account's own, how the one above
 * it is. */
const sml_datastore_conf_t *sml_sync_conf(const sml_session_t *s,
                                          const sml_sync_t *y);
/** The datastore's place in the session's list. */
int sml_sync_index(const sml_session_t *s, const sml_sync_t *y);
/** The session's datastore of that name in the store; NULL. */
sml_sync_t *sml_sync_by_name(sml_session_t *s, const char *name);
/** The session's datastore for a Sync or Map, by its two paths; NULL.  Of a
 * combination the first. */
sml_sync_t *sml_sync_find(sml_session_t *s, const sml_uri_t *target,
                          const sml_uri_t *source);
/** The next member of a combination; NULL: there is none, or it is not one. */
sml_sync_t *sml_sync_next(const sml_session_t *s, const sml_sync_t *y);
/** The first member of a combination, or the datastore itself. */
sml_sync_t *sml_sync_head(sml_session_t *s, sml_sync_t *y);
/** The member that takes items of that kind, its own kind first; NULL: none
 * does. */
sml_sync_t *sml_sync_for_kind(sml_session_t *s, sml_sync_t *head,
                              item_kind_e kind);
/** The member in which the device has that LUID, see sml_find_map().
 * @param but  is not looked at; may be NULL
 * @return NULL: none, or s->rv tells that the store failed */
sml_sync_t *sml_sync_with_luid(sml_session_t *s, sml_sync_t *head, int tag,
                               const char *luid, const char *guid,
                               const sml_sync_t *but, store_map_t **map);

/* ---- sml_filter_element.c ---------------------------------------------- */

/** Make the client's Filter part of its view of a datastore.
 * @return a status code (415: a type that is not known, 422: it is wrong), 0:
 * done */
int sml_filter_element(sml_session_t *s, sml_view_t *view,
                       const sml_filter_element_t *f,
                       const sml_datastore_conf_t *d);

/** The same for a Filter in the Target of a Sync, for all members: it takes
 * the place of that of the Alert. @param f  NULL: there is none */
int sml_filter_of_sync(sml_session_t *s, sml_sync_t *head,
                       const sml_filter_element_t *f);

/* ---- sml_select.c ------------------------------------------------------ */

/** The steps in which our modifications are sent. */
typedef enum {
    SML_STAGE_RETRY,            /* what could not be given last time */
    SML_STAGE_MOVED,            /* what a date window has passed over */
    SML_STAGE_HELD,             /* another view: what the device has */
    SML_STAGE_CHANGES           /* what has changed */
} sml_stage_e;

/** The view of this sync, never NULL. */
const sml_view_t *sml_sync_view(sml_session_t *s, sml_sync_t *y);
/** Settle what the device sees in this sync, after y->code is known: it may
 * become a slow sync.
 * @param view  of the path and the client's Filter, with the access
 * @param a  of the last sync, or NULL */
void sml_select_begin(sml_session_t *s, sml_sync_t *y, const sml_view_t *view,
                      const store_anchor_t *a);
/** The device's former sync of the datastore did not end: what it was sent
 * there counts as well. It may become a slow sync.
 * @return non-zero if the device may have items of three views: the former
 *         sync cannot be resumed */
int sml_select_after(sml_session_t *s, sml_sync_t *y, const sml_sync_t *r);
/** Write the view into the anchor of a sync that has ended well. */
void sml_select_commit(sml_session_t *s, sml_sync_t *y, store_anchor_t *a);
/** Non-zero if the device sees everything, and did so last time. */
int sml_select_all(sml_session_t *s, sml_sync_t *y);
/** Non-zero if the device may have that item.
 * @param luid  its id there; NULL: it has none yet */
int sml_sees(sml_session_t *s, sml_sync_t *y, const store_item_t *item,
             const char *luid);
/** What the device is to have of an item, a present or a former text, in the
 * store's words: pinned to nothing, made anew each time.
 * @param data, len  out: may be the item's own */
void sml_select_part(sml_session_t *s, sml_sync_t *y, const store_item_t *item,
                     const char **data, apr_size_t *len);
/** What of that is left when it has been sent and has come back: its echo,
 * see sml_form.h. */
void sml_projection(sml_session_t *s, sml_sync_t *y, const store_item_t *item,
                    const char **data, apr_size_t *len);
/** Non-zero if a projection still has more octets than the view allows. */
int sml_too_large(sml_session_t *s, sml_sync_t *y, apr_size_t len);
/** What it was sent in its last sync, under the view that it had then: the
 * base of what it now makes of it. */
void sml_projection_had(sml_session_t *s, sml_sync_t *y,
                        const store_item_t *item, const char **data,
                        apr_size_t *len);
/** How an item goes to the device. @return SYNCML_ADD, REPLACE or DELETE; 0:
 * not at all */
int sml_select(sml_session_t *s, sml_sync_t *y, const store_change_t *c,
               sml_stage_e stage);
/** Sending begins. */
void sml_select_open(sml_session_t *s, sml_sync_t *y);
/** What comes or goes although it has not changed, by item; as the listings
 * of the store. */
apr_status_t sml_select_moved(sml_session_t *s, sml_sync_t *y,
                              store_id_t after, store_change_fn *fn,
                              void *baton);
/** Non-zero for a live item that the device sees, but has not sent in its
 * refresh. */
int sml_select_unsent(sml_session_t *s, sml_sync_t *y,
                      const store_change_t *c);
/** A refresh from the client has ended: what it sees and did not send is
 * deleted here.
 * @param limit  so many at most: to be called again while it reaches that
 * @param deleted  in and out: grows by those deleted */
void sml_select_delete_unmapped(sml_session_t *s, sml_sync_t *y, int limit,
                                apr_int64_t *deleted);

/* ---- sml_access.c ------------------------------------------------------ */

/** What the device may do with a datastore: by its own setting
 * "access.NAME" (the datastore's, that of the one above it, or of the
 * combination), else as configured.
 * @param combined  may be NULL */
sml_access_e sml_access_of(sml_session_t *s, const char *name,
                           const char *combined);
/** Non-zero (and logged) if a sync of that type is not allowed at all. */
int sml_access_forbids(sml_session_t *s, sml_access_e access, int code,
                       const char *name);
/** Log how much was rolled back. */
void sml_undo_log(sml_session_t *s, const sml_sync_t *y);

/* ---- sml_sync.c -------------------------------------------------------- */

/** Sync types that begin by forgetting what the device has. */
#define SML_FORGETS(code)  ((code) == 201 || (code) == 203 || (code) == 205)
/** Non-zero if items travel in that direction. */
int sml_sync_from_client(const sml_sync_t *y);
int sml_sync_to_client(const sml_sync_t *y);
/** Non-zero if the client sends all its items: slow, refresh from it. */
int sml_sync_is_slow(const sml_sync_t *y);
/** "two-way", ... for log lines. */
const char *sml_sync_name(int code);
/** The client's items begin to come: forget maps where the type asks it. */
void sml_sync_begin(sml_session_t *s, sml_sync_t *y);
/** Maps become former ones, and the anchors are forgotten with them: the
 * datastore's next sync is slow.  s->rv tells a failure. */
void sml_sync_forget(sml_session_t *s, const sml_sync_t *y);
/** The client's package has ended.  To be called again if s->late. */
void sml_sync_client_done(sml_session_t *s, sml_sync_t *y);
/** All has been confirmed, or will not be: write the anchors. */
void sml_sync_commit(sml_session_t *s, sml_sync_t *y);

/* ---- sml_receive.c ----------------------------------------------------- */

/** The Sync command with all its children. */
void sml_receive(sml_session_t *s, const sml_command_t *c);
/** The last piece of an item that came in pieces will not come any more. */
void sml_receive_no_end(sml_session_t *s);
/** An Atomic, or a part of it, is going to be undone: which items of ours does
 * the client have, by what it says there in slow syncs?  Those of its commands
 * that were not done are matched as well, so the savepoint and what the session
 * was before have to be restored after this.  See sml_atomic_know().
 * @param y  the datastore of the Sync around it; NULL: it is not in one */
void sml_receive_known(sml_session_t *s, sml_sync_t *y,
                       const sml_command_t *c);
/** Carry out the deletes of a datastore that were staged. */
void sml_receive_deletes(sml_session_t *s, sml_sync_t *y);

/* ---- sml_send.c -------------------------------------------------------- */

/** Write as many of our changes as fit. @return non-zero when all datastores
 * are through */
int sml_send(sml_session_t *s);

/* ---- sml_large.c ------------------------------------------------------- */

/** Is it a client that knows from Meta EMI "datapos=N" where a piece belongs?
 * Others may refuse an element that they do not know: to them the object is
 * sent anew. */
int sml_large_says_where(const sml_session_t *s);
/** Step over the latest piece, if it has got no Status: not every client gives
 * one.  But where the client has answered an older message only, it has never
 * seen the piece, which then is the next once more. */
void sml_large_next(const sml_session_t *s, sml_object_t *o);
/**
 * A Status: is it the latest piece's?
 * @param refused  out: the change that the client does not take; tag 0: none
 * @return non-zero if it is
 */
int sml_large_confirm(sml_session_t *s, long msg, long cmd, long code,
                      sml_outstanding_t *refused);
/** Before the first piece of a resumed session: forget the object if the
 * device does not lack it any more. */
void sml_large_check(sml_session_t *s);

/* ---- sml_confirm.c ----------------------------------------------------- */

void sml_confirm(sml_session_t *s, const sml_command_t *c);
void sml_map(sml_session_t *s, const sml_command_t *c);
/** After all commands of a message: forget what has got its Status. */
void sml_confirm_end(sml_session_t *s);
/** Number of changes of a datastore that still wait for a Status. */
int sml_outstanding(const sml_session_t *s, const sml_sync_t *y);

/* ---- sml_devinf.c ------------------------------------------------------ */

/** Our DevInf, in the format and version of the session.
 * @param brief  only with the datastores of the session */
codec_writer_t *sml_devinf_write(sml_session_t *s, int brief);
/** Take the client's DevInf (Put or Results). @return a status code */
int sml_devinf_take(sml_session_t *s, const sml_item_t *item);
/** Read the capabilities that matter here out of the stored DevInf. */
void sml_devinf_apply(sml_session_t *s);

/* ---- sml_reply.c ------------------------------------------------------- */

/** Open the answer: header and body. */
void sml_reply_begin(sml_session_t *s);
/** Non-zero if what has been written leaves room for the end. */
int sml_reply_fits(const sml_session_t *s);
/** CmdID of the next command. */
apr_uint32_t sml_reply_cmdid(sml_session_t *s);
/** Write everything that is due and fits; moves the phase on. */
void sml_reply_fill(sml_session_t *s);
/** Instead of sml_reply_fill() where nothing was done: statuses only. */
void sml_reply_refusal(sml_session_t *s);
const char *sml_reply_end(sml_session_t *s, apr_size_t *len);

/* ---- sml_cred.c -------------------------------------------------------- */

typedef struct sml_login_t {
    int code;                   /* 200 basic, 212 md5, 401, 403, 407, 500, 503 */
    int scheme;                 /* to be challenged with */
    const char *user;
    const char *nonce;          /* for the Chal of a failure */
    const char *used_nonce;     /* with which the digest was right */
    const char *why;            /* of a failure, for the log; NULL for a
                                   digest without nonce at first contact */
} sml_login_t;

/** Check the message's Cred.  Reads the store, never writes. */
void sml_cred_check(const sml_config_t *config, store_t *store,
                    const sml_message_t *in, sml_login_t *login,
                    apr_pool_t *p);
/** Name of the store's setting with the key of derived nonces. */
#define SML_NONCE_KEY_SETTING "nonce-key"
/** A fresh nonce, base64 of printable characters. */
const char *sml_nonce(apr_pool_t *p);

#endif
