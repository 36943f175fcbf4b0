/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_throttle.h
 * @brief Failed logins, counted for all processes of this httpd, and the
 * logins that are refused because of them.
 *
 * Who guesses passwords is slowed, who merely has the wrong one on his phone
 * is not locked out, and nobody can lock out somebody else:
 *
 * - an account and an address together may fail `limit` times at once, then
 *   once in `window / limit`;
 * - an address may fail THROTTLE_ADDRESS times as often in all, since many
 *   phones of an operator come from one (an IPv6 address counts by its /64);
 * - a device that has logged in to that account in the last 24 hours is
 *   counted apart, by account, device and address, so that strangers behind
 *   its address do not hinder it;
 * - nothing is counted by account alone: a stranger could use that to keep
 *   its owner out.
 *
 * Refused logins are answered at once (SyncML 503, without looking at the
 * password) and not counted.  Counts live in shared memory of a fixed size,
 * survive a graceful restart and are forgotten by a stop.  Under an attack
 * from more addresses than there are places the oldest give way.
 */
#ifndef SYNCML_THROTTLE_H
#define SYNCML_THROTTLE_H

#include "mod_syncml/syncml_config.h"

/** Failures by address in all, as a multiple of SyncMLLoginLimit. */
#define SYNCML_THROTTLE_ADDRESS  5

/** Make the table, in the parent, once: later calls keep it.
 * @return APR_SUCCESS, or why there is no shared memory (logged); logins are
 *         then not limited */
apr_status_t syncml_throttle_prepare(server_rec *s);

/**
 * May this login be tried?  Before the password is looked at.
 * @param account  as the client says, not proven
 * @param device   SyncHdr Source LocURI
 * @return 0, or the seconds after which the next try is allowed
 */
int syncml_throttle_wait(request_rec *r, const char *account,
                         const char *device);

/** It has failed (wrong password, no such account). */
void syncml_throttle_failed(request_rec *r, const char *account,
                            const char *device);

/** It has succeeded. */
void syncml_throttle_granted(request_rec *r, const char *account,
                             const char *device);

#endif
