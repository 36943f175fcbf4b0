/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_resume.h
 * @brief Suspend and resume: what a session takes over from the device's
 * former one, which was suspended, broke off or expired.
 *
 * Sources: OMA DS Protocol 1.2, suspend and resume; and what real clients do:
 * libsynthesis and Nokia S60 send Last of the last sync that ended well and a
 * new Next with Alert 225, and want the interrupted sync type as the server's
 * Alert (they refuse a 225 there), or status 508 with Alert 201.
 */
#ifndef SYNCML_SML_RESUME_H
#define SYNCML_SML_RESUME_H

#include "mod_syncml/sml_session.h"

/** A session begins: read what the device's former one left over into
 * state->former.  Before its row is deleted.
 * @return APR_SUCCESS also if there is nothing; else the store's failure */
apr_status_t sml_resume_load(sml_session_t *s);
/** Forget expired sessions that are too old to be resumed. */
apr_status_t sml_resume_expire(sml_session_t *s);
/** Forget the device's older sessions: the client goes on with this one.
 * They stay until then, because a login may be a message that was held up on
 * its way, or a copy of one, while the client goes on with another; and newer
 * ones stay, because this message may have been held up.
 * @param token  of this one */
apr_status_t sml_resume_forget_others(sml_session_t *s, const char *token);
/** The client goes on with this session: what it has taken over is its own
 * now, and the device's other sessions are forgotten.
 * @param token  of this one */
apr_status_t sml_resume_continue(sml_session_t *s, const char *token);
/**
 * The client alerts a datastore: use what is left over of it.
 * @param y  as the Alert says it, with y->code in force unless it is resumed
 * @param resume  non-zero for Alert 225
 * @return non-zero if the interrupted sync goes on: y is filled in with it
 */
int sml_resume_datastore(sml_session_t *s, sml_sync_t *y, int resume);
/** It does not go on after all: another member of its combination cannot, and
 * so all begin a slow sync. */
void sml_resume_not(sml_session_t *s, sml_sync_t *y);
/** The version of the item that an Add without Status offered in a former
 * session; 0: none did. */
store_id_t sml_resume_offered(const sml_session_t *s, store_id_t item);
/** The datastore's sync has ended: forget what was offered. */
void sml_resume_end(sml_session_t *s, const sml_sync_t *y);

#endif
