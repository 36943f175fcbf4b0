/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_calls.h
 * @brief The frame of every call of store.h, for store_calls*.c only: is the
 * transaction sound, are the arguments within limits, then the driver.
 */
#ifndef SYNCML_STORE_CALLS_H
#define SYNCML_STORE_CALLS_H

#include <string.h>

#include "store_driver.h"

static inline int good_id(store_id_t id)
{
    return id > 0;
}

static inline int good_item(store_id_t id)
{
    return id > 0 && id < STORE_ITEM_LIMIT;
}

/* A text that may be empty, but not absent or too long. */
static inline int good_text(const char *text, apr_size_t max)
{
    return text && strnlen(text, max + 1) <= max;
}

static inline int good_name(const char *text)
{
    return good_text(text, STORE_MAX_NAME) && *text;
}

static inline int good_data(const char *data, apr_size_t len, apr_size_t max)
{
    return len <= max && (data || len == 0);
}

static inline const char *or_empty(const char *text)
{
    return text ? text : "";
}

static inline apr_status_t bad(store_tx_t *tx, const char *words)
{
    return store_fail(tx, APR_EINVAL, words);
}

/* The frame of every call: check, the driver's part, result. */
#define BEGIN(MODE) \
    const int mode_ = (MODE); \
    apr_status_t rv_ = store_tx_check(tx, mode_); \
    if (rv_ != APR_SUCCESS) \
        return rv_
#define NEED(CONDITION, WORDS) \
    do { if (!(CONDITION)) return bad(tx, WORDS); } while (0)
#define CALL(FUNCTION, ...) \
    return store_tx_result(tx, mode_, tx->driver->FUNCTION(tx, __VA_ARGS__))

#define BAD_ACCOUNT    "no account was given"
#define BAD_DEVICE     "no device was given"
#define BAD_DATASTORE  "no datastore was given"
#define BAD_ITEM       "the item id is out of range"
#define BAD_SETTING    "a setting's name is empty or too long"
#define BAD_CALLBACK   "no function was given for the rows"

#endif
