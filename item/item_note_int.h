/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_note_int.h
 * @brief A note taken apart. Private to item/.
 *
 * item_note.c puts notes together for the store; item_vnote.c and
 * item_sif_note.c read and write what devices have.
 */
#ifndef SYNCML_ITEM_NOTE_INT_H
#define SYNCML_ITEM_NOTE_INT_H

#include "item/item_doc.h"
#include "item/item_form.h"

typedef struct item_note_t {
    apr_pool_t *p;
    item_span_t subject;        /* unescaped; s NULL: there is none */
    item_span_t body;           /* likewise, lines end in LF */
    item_buf_t more;            /* import: further lines of the VJOURNAL */
    const item_part_t *part;    /* export: the VJOURNAL; NULL: a text */
} item_note_t;

/** Read a device's vNote or SIF-N. @return APR_SUCCESS, ITEM_E* */
apr_status_t item_vnote_read(item_note_t *note, const item_form_t *form,
                             const item_text_t *in);
apr_status_t item_sifn_read(item_note_t *note, const item_form_t *form,
                            const item_text_t *in);

/** Write a note as vNote 1.1 or SIF-N. */
void item_vnote_write(item_buf_t *b, const item_form_t *form,
                      const item_note_t *note);
void item_sifn_write(item_buf_t *b, const item_form_t *form,
                     const item_note_t *note);

/** A line with a time that is UTC in the store (CREATED); none if the value is
 * no full time. */
void item_note_put_time(item_buf_t *b, const char *head,
                        const item_form_t *form, item_span_t value);

/** Such a time as the device's clock has it, in its place. */
void item_note_device_time(item_buf_t *text, const item_form_t *form);

/** The first line that has anything, without white space at both ends. */
item_span_t item_note_title(item_span_t body);

/** Non-zero if a note's subject says what its body begins with anyway, or if
 * it has none. */
int item_note_titled(const item_note_t *note);

#endif
