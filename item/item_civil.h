/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_civil.h
 * @brief The Gregorian calendar as arithmetic. Private to item/.
 */
#ifndef SYNCML_ITEM_CIVIL_H
#define SYNCML_ITEM_CIVIL_H

#include <apr.h>

/** Days from 1970-01-01 to that day (month 1 to 12, day 1 to 31). */
apr_int64_t item_civil_days(int year, int month, int day);

/** The other way round. */
void item_civil_from_days(apr_int64_t days, int *year, int *month, int *day);

/** How many days a month has. */
int item_civil_month_days(int year, int month);

#endif
