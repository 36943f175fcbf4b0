/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_note.h
 * @brief Notes: texts, and what is more than a text.
 *
 * The store has a note as text/plain where it is a text and nothing else,
 * octet by octet as it came.  One with a subject that is not its first line,
 * with categories, a class, a colour or dates is a VJOURNAL (iCalendar), in
 * which nothing of it is lost.  Devices know notes as text/plain, vNote 1.1,
 * SIF-N, or VJOURNAL; each gets either kind of note in its own form.
 *
 * A VJOURNAL as a text is its description, preceded by its subject as the
 * first line unless the description begins with that anyway.  On the way
 * back the first line is the subject again where it was one before, so
 * the way there and back is a fixed point.
 *
 * For who merges: versions of one note may be of two kinds (a phone gave a
 * text a category).  item_note_align() brings them to one kind first.
 */
#ifndef SYNCML_ITEM_NOTE_H
#define SYNCML_ITEM_NOTE_H

#include "item/item_form.h"

/**
 * A device's note for the store.
 * @param form  format: ITEM_FORMAT_TEXT, _VNOTE, _SIFN, or _ICAL20 for a
 *              VJOURNAL, whose times must have been brought into the store's
 *              form before
 * @param type  out: "text/plain" or "text/calendar"
 * @param like  the store's version or NULL.  Of a VJOURNAL the result is one,
 *              whose first line is the subject if it was; a subject that the
 *              device does not show (no SUMMARY; or its own first line for
 *              one, as Outlook has it) stays
 * @param out  a text is @p in's octets, if that was one, in UTF-8
 * @return APR_SUCCESS; ITEM_EMALFORMED, ITEM_ETYPE (not of that format),
 * ITEM_ELIMIT
 */
apr_status_t item_note_import(const item_form_t *form, const char **type,
                              const item_text_t *in, const item_text_t *like,
                              item_text_t *out, apr_pool_t *p);

/**
 * A note for a device.
 * @param form  as item_note_import(); ITEM_FORMAT_AS_IS is _TEXT for a text
 *              and _ICAL20 for a VJOURNAL
 * @param type  in: of the store's text; out: of the result, which for
 *              _ICAL20 is the store's with a SUMMARY, for devices that show
 *              nothing else in lists
 * @return as item_note_import()
 */
apr_status_t item_note_export(const item_form_t *form, const char **type,
                              const item_text_t *in, item_text_t *out,
                              apr_pool_t *p);

/**
 * Bring versions of one note to one kind, so that they can be merged or
 * compared: if they are of both kinds, the texts become VJOURNALs with that
 * text as their description.
 * @param types  in and out, by version; NULL where there is no version
 * @param texts  in and out, likewise; new ones in the pool
 * @return APR_SUCCESS; ITEM_ELIMIT: as they were
 */
apr_status_t item_note_align(const char **types, item_text_t *texts, int n,
                             apr_pool_t *p);

/** A text as a VJOURNAL with that description, for a datastore that has no
 * texts. @return APR_SUCCESS; ITEM_ELIMIT: @p out is @p in */
apr_status_t item_note_promote(const item_text_t *in, item_text_t *out,
                               apr_pool_t *p);

/**
 * What text devices get of a VJOURNAL.
 * @param text  out: lines end in CRLF; in the pool
 * @return APR_SUCCESS, ITEM_E*; ITEM_ETYPE: it is none
 */
apr_status_t item_note_text(item_text_t *text, const char *data,
                            apr_size_t len, apr_pool_t *p);

#endif
