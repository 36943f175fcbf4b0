/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_ical_in.h
 * @brief A component of iCalendar on its way from a device to the store.
 *
 * Private to item/: item_ical_import.c goes through the lines, and
 * item_ical_alike.c knows which of them say what the store's text says
 * already.  What the device was not sent comes back here.
 */
#ifndef SYNCML_ITEM_ICAL_IN_H
#define SYNCML_ITEM_ICAL_IN_H

#include <apr_hash.h>

#include "item/item_ical_form.h"
#include "item/item_vcal_back.h"

/** A component from the device. */
typedef struct item_in_t {
    item_back_t k;
    const item_part_t *part;
    item_cal_t *cal;            /* as it came */
    item_cal_t *was;            /* of like, or NULL */
    const item_cal_t *had;      /* the same as it was sent */
    const apr_array_header_t *others;   /* item_cal_t *: of like, which the
                                 * device never had; NULL: none */
    apr_hash_t *sent;           /* what like's lines were sent as, by text:
                                 * item_entry_t of like, or an empty one for
                                 * a line that was added */
    int exdates;                /* 1: like's, in other words; -1: others; 0:
                                 * not known yet */
    int all_day;                /* written as times */
    item_time_t first, last;    /* then: the days */
    item_dest_t dest;
    int by;                     /* DTSTART is so many days later there */
    item_time_t start;          /* ... and this */
} item_in_t;

/** Write an unfolded line. */
void item_in_put(item_in_t *in, const char *text);

/**
 * Write what a line or alarm says as like says it: a length as DURATION, a
 * rule with the same occurrences, an alarm at the same time, exceptions
 * without those that stand for occurrences which the device never had.
 * @return 0: nothing of like says that
 */
int item_in_alike(item_in_t *in, const item_entry_t *entry);

/** Write like's exceptions, once, where those that came are the same instants.
 * @return 0: others came */
int item_in_exdates(item_in_t *in);

/** Write what the device was not sent of the component, but for a rule in
 * whose place it has one of its own. Needs in->was. */
void item_in_unsent(item_in_t *in);

#endif
