/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_image.h
 * @brief What becomes of a text on a device that lacks some of its characters.
 *
 * Private to item/.  A device says a character that it has not in one way
 * throughout a text: as a question mark or another sign (one for each
 * character, each unit of UTF-16 or each octet), as its octets taken for
 * windows-1252, not at all, or as the letter without its mark.  A text that
 * comes back as such an image of what it had is no edit, whatever the device
 * says of its character set; and of one that was edited, what is image
 * before and behind the edit is put back.
 *
 * Some take backslashes before a comma or semicolon for escapes: those that are
 * missing there are image, too.
 *
 * What might be meant by somebody is no image: a sign in place of a
 * character that stands elsewhere in the same text; a character missing, or a
 * letter without its mark, where the device has sent others of that kind, or
 * beside an edit; and a single letter without its mark.
 */
#ifndef SYNCML_ITEM_IMAGE_H
#define SYNCML_ITEM_IMAGE_H

#include "item/item_charset.h"

/** So many characters at its end tell where in a text another one ends. */
#define ITEM_IMAGE_PROBE  16

/** Characters that are compared for one item; of what comes behind nothing is
 * taken for an image. */
#define ITEM_IMAGE_WORK   (2 * 1024 * 1024)
/** Of them those that are converted by iconv. */
#define ITEM_IMAGE_ICONV  10000

typedef struct item_image_t {
    const item_charset_t *charset;      /* in which it is sent texts */
    unsigned has;                       /* blocks that it has sent */
    item_span_t whole;                  /* the text that is looked at */
    unsigned char there[8192];          /* its characters, modulo 65536 */
    int there_known;
    int work, iconv;                    /* still allowed */
    int letters;                /* without their marks, that were seen */
    int doubtful;               /* the last image: might be meant */
    item_buf_t sent, read;              /* scratch */
} item_image_t;

/**
 * @param charset  in which the device is sent texts; NULL: UTF-8
 * @param has  item_image_blocks() of all that it has sent
 */
void item_image_init(item_image_t *image, const char *charset, unsigned has,
                     apr_pool_t *p);

/** Blocks of characters beyond ASCII that are in a text, as bits. */
unsigned item_image_blocks(item_span_t text);

/**
 * How much of @p was @p is says, both in UTF-8.
 * @param garbled  out: not all of that in the same characters
 * @return 0: something else; 1: its beginning; 2: all of it
 */
int item_image_reads(item_image_t *image, item_span_t was, item_span_t is,
                     int *garbled);

/**
 * An edited text with characters in it as they were before.
 * @param b  appended to
 * @return 0: nothing of it is an image, nothing was appended
 */
int item_image_restore(item_image_t *image, item_span_t was, item_span_t is,
                       item_buf_t *b);

/**
 * Where the end of a text stands in what it was.
 * @return octets of @p was before that place; 0: nowhere, or at several
 * places, or the text has less than ITEM_IMAGE_PROBE characters
 */
apr_size_t item_image_end(item_image_t *image, item_span_t was,
                          item_span_t is);

#endif
