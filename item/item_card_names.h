/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_card_names.h
 * @brief Words of vCard 4.0 and how 3.0 and 2.1 have them. Private to item/.
 */
#ifndef SYNCML_ITEM_CARD_NAMES_H
#define SYNCML_ITEM_CARD_NAMES_H

#include "item/item_value.h"

/** The parameter of a BDAY whose year is not meant (Apple's). */
#define CARD_OMIT_YEAR  "X-APPLE-OMIT-YEAR"

/** What a property that is 4.0's alone is called in 3.0; NULL: the same. */
const char *card_name_up(item_span_t name);

/** And back. */
const char *card_name_down(item_span_t name);

/** PHOTO, LOGO, SOUND, KEY. */
int card_is_media(item_span_t name);

/** Append what TYPE is of a media type, "JPEG". */
void card_media_type(item_buf_t *b, item_span_t media);

/** And back. @param type  len 0: none @param name  of the property */
void card_media_name(item_buf_t *b, item_span_t type, item_span_t name);

#endif
