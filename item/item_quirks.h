/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_quirks.h
 * @brief The habits of phones as data: which devices a section of the quirks
 * file means, and what it says of them.
 *
 * The file, line by line:
 *
 *   # a comment; also behind a blank
 *   [name of a section]
 *   match WHAT PATTERN ...     the section is for devices of which WHAT is one
 *                              of these shell patterns, in any case of letters;
 *                              of several match lines each must hold
 *   NAME VALUE ...             what is so with them
 *
 * WHAT is manufacturer, model, firmware, software, hardware, device (its id,
 * "IMEI:35...") or syncml (the version that it speaks, "1.1").  Words with
 * blanks stand in double quotes.  All sections that match count, in their
 * order; what a later one says takes the place of what an earlier one said.
 *
 *   FLAG on|off                a habit of item_form.h, or one of these below
 *   clock default|utc|utc-bare|local|local-z
 *   days default|date|midnight|last-second
 *   charset NAME|default       as iconv knows it
 *   format ITEMS NAME|default  ITEMS are contacts, calendar, tasks, notes,
 *                              journal; NAME as item_format_named()
 *   not-held ITEMS PROPERTY ...        what it cannot keep, whatever it says
 *   max-length ITEMS PROPERTY N        octets of UTF-8 after which it cuts
 *   san 1.1|1.2|default        the form of notifications that it takes
 *
 * The same names and values, with one word, are settings of single devices.
 * A set of quirks is never changed once it is read: any number of threads may
 * use it, as long as its pool lives.
 */
#ifndef SYNCML_ITEM_QUIRKS_H
#define SYNCML_ITEM_QUIRKS_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "item/item_form.h"

/** Limits of the file; above them it is refused. */
#define ITEM_QUIRKS_MAX_OCTETS    (1024 * 1024)
#define ITEM_QUIRKS_MAX_SECTIONS  1000
#define ITEM_QUIRKS_MAX_WORDS     256   /* of a line */
#define ITEM_QUIRKS_MAX_PATTERN   128   /* octets of a pattern */
#define ITEM_QUIRKS_MAX_NAMES     256   /* in all lists of a kind of items */

/** Flags that are none of item_habit_e, as bits of item_traits_t.flags. */
typedef enum {
    ITEM_QUIRK_NO_ITEM_STATUS = 1 << 0, /* "no-item-status": no Status for
                                 * each change that went well (P800) */
    ITEM_QUIRK_SEND_GUID = 1 << 1,      /* "send-guid": our id in Replace and
                                 * Delete too */
    ITEM_QUIRK_IGNORE_MAX_SIZE = 1 << 2,        /* "ignore-max-size": the sizes
                                 * in its CTCap are nonsense (Nokia 5800) */
    ITEM_QUIRK_IGNORE_CTCAP = 1 << 3,   /* "ignore-ctcap": all of it is */
    ITEM_QUIRK_COMBINED = 1 << 4,       /* "combined-calendar": its calendar
                                 * holds tasks as well */
    ITEM_QUIRK_LIMITED = 1 << 5,        /* "limited-fields": values are cut at
                                 * lengths that it does not say */
    ITEM_QUIRK_NO_OCCURRENCES = 1 << 6  /* "no-occurrences": of "one-event",
                                 * changed occurrences are not sent as events
                                 * of their own */
} item_quirk_e;

/** Classes of items that formats and lists are given for. */
typedef enum {
    ITEM_CLASS_CONTACTS = 0, ITEM_CLASS_CALENDAR, ITEM_CLASS_TASKS,
    ITEM_CLASS_NOTES, ITEM_CLASS_JOURNAL, ITEM_CLASSES
} item_class_e;

/** Who it is that the sections are compared with; NULL counts as "". */
typedef struct item_device_t {
    const char *manufacturer, *model, *firmware, *software, *hardware;
    const char *id, *syncml;
} item_device_t;

/** What is known of a device. */
typedef struct item_traits_t {
    apr_uint32_t habits;        /* item_habit_e */
    apr_uint32_t flags;         /* item_quirk_e */
    item_clock_e clock;
    item_days_e days;
    const char *charset;        /* NULL: UTF-8 */
    const char *san;            /* "1.1", "1.2"; NULL: by its SyncML version */
    item_format_e formats[ITEM_CLASSES];        /* AS_IS: not said */
    apr_hash_t *not_held[ITEM_CLASSES];         /* names in capitals; NULL:
                                 * none */
    apr_hash_t *lengths[ITEM_CLASSES];          /* apr_size_t * by name */
    apr_array_header_t *sections;       /* const char *: those that match */
} item_traits_t;

typedef struct item_quirks_t item_quirks_t;

/** Traits of a device of which nothing is known. */
void item_traits_init(item_traits_t *traits, apr_pool_t *p);

/**
 * Take in what a line of the file, or a setting, says.
 * @param words  of the line, n of them, the first is the name
 * @param error  out: what is wrong and what would be right
 * @return 0 if something is wrong: traits are as they were
 */
int item_traits_set(item_traits_t *traits, const char *const *words, int n,
                    const char **error, apr_pool_t *p);

/** The names of all flags, in the order of the manual; the last is NULL. */
const char *const *item_flag_names(void);

/** Is that flag on?  @param name  of item_flag_names(); else 0 */
int item_traits_flag(const item_traits_t *traits, const char *name);

/** "default", "utc", ...: the words of the file. */
const char *item_clock_name(item_clock_e clock);
const char *item_days_name(item_days_e days);

/** The class of a kind of items. */
item_class_e item_class_of(item_kind_e kind);

/**
 * Read quirks.
 * @param text  need not end in NUL
 * @param error  out: on failure "line N: ..." and what would be right
 * @return APR_SUCCESS; ITEM_EMALFORMED, ITEM_ELIMIT with *quirks NULL
 */
apr_status_t item_quirks_parse(item_quirks_t **quirks, const char *text,
                               apr_size_t len, const char **error,
                               apr_pool_t *p);

/** What the quirks say of a device; @param quirks  NULL: none
 * @param traits  out; refers to quirks */
void item_quirks_match(const item_quirks_t *quirks,
                       const item_device_t *device, item_traits_t *traits,
                       apr_pool_t *p);

/** How many sections there are. */
int item_quirks_count(const item_quirks_t *quirks);

#endif
