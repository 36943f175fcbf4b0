/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_sif_field.h
 * @brief Fields that all SIF documents of the calendar's kind share.
 *
 * Private to item/.  Elements that iCalendar has no property for are kept as
 * X-FUNAMBOL-Name, and given back from there.
 */
#ifndef SYNCML_ITEM_SIF_FIELD_H
#define SYNCML_ITEM_SIF_FIELD_H

#include "item/item_doc.h"
#include "item/item_put.h"
#include "item/item_sif_xml.h"

#define ITEM_SIF_KEPT  "X-FUNAMBOL-"

/** Non-zero if an element has that name (any case). */
int item_sif_is(const item_xml_t *element, const char *name);

/** Keep an element that has no property of its own; empty ones, ones with
 * children and ones whose name will not do for a property are left out. */
void item_sif_keep(item_buf_t *b, const item_xml_t *element);

/** Give back what item_sif_keep() kept in a component.
 * @param own  names that the caller writes by itself, NULL at the end */
void item_sif_give_back(item_buf_t *b, const item_part_t *part,
                        const char *const *own);

/** Non-zero if a name is among some (any case). */
int item_sif_among(const char *name, const char *const *names);

/** An element with the words of lists, parted by ", "; none without words. */
void item_sif_words(item_buf_t *b, const char *element,
                    const item_part_t *part, const char *property);

/** Append a day as 2009-10-16. */
void item_sif_day(item_buf_t *b, const item_time_t *t);

#endif
