/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_doc.h
 * @brief An item as a tree of lines that knows each line's own octets.
 *
 * Private to item/.  Written out again unchanged it is the same text; merging
 * and reducing replace lines and leave the others alone.  Lives in its pool.
 */
#ifndef SYNCML_ITEM_DOC_H
#define SYNCML_ITEM_DOC_H

#include <apr_tables.h>

#include "item/item_norm.h"

/** A component's kind where it is none of item_kind_e. */
#define ITEM_PART_ROOT   (-1)   /* VCALENDAR */
#define ITEM_PART_OTHER  (-2)   /* VALARM, VTIMEZONE, ... */

typedef struct item_part_t item_part_t;

/** A property, or a component inside another. */
typedef struct item_entry_t {
    item_span_t raw;            /* a property's octets, with its line end and
                                 * with blank lines before it */
    item_line_t line;           /* the property, unfolded */
    item_part_t *part;          /* the component; NULL: a property */
    int index;                  /* in its part, from 0 */
    int gone;                   /* not to be written */
    int words;                  /* of a list, once they were counted */
    char *lost;                 /* by word: not to be written; NULL: none */
    item_buf_t more;            /* words to be added */
    item_span_t instead;        /* to be written in its place; s NULL: none */
    struct item_entry_t *lead;  /* of its group, of which it is an adjunct */
    struct item_entry_t *adjuncts, *next;   /* and the other way round */
    struct item_entry_t *mates; /* that are in its group and no adjuncts */
} item_entry_t;

struct item_part_t {
    int kind;                   /* item_kind_e or ITEM_PART_* */
    item_span_t name;           /* as written */
    item_span_t begin, end;     /* the octets of these lines */
    apr_array_header_t *entries;        /* item_entry_t *, in order */
};

typedef struct item_doc_t {
    item_kind_e kind;
    item_span_t text;           /* all of it */
    item_span_t rest;           /* blank lines behind the last END */
    const char *eol;            /* how its first line ends */
    item_part_t *root;          /* NULL: plain text, or an object */
    int lines;
} item_doc_t;

/** Read an item. @return APR_SUCCESS, ITEM_E* as item_keys() */
apr_status_t item_doc_read(item_doc_t **doc, const char *type,
                           const char *data, apr_size_t len, apr_pool_t *p);

/** A copy in ASCII upper case. */
char *item_span_upper(item_span_t name, apr_pool_t *p);

/** A whole component as it is compared, but for what says nothing of it:
 * UID, RECURRENCE-ID, and when and by whom it was written. */
item_span_t item_part_canon(const item_part_t *part, apr_pool_t *p);

/** The first property of that name, NULL: none. */
item_entry_t *item_part_find(const item_part_t *part, const char *name);

/** The last one, which counts where VERSION or UID stands twice. */
item_entry_t *item_part_find_last(const item_part_t *part, const char *name);

/** A line's octets with other line ends, without blank lines before it, and
 * with a line end whatever happens. */
void item_raw_add(item_buf_t *b, item_span_t raw, const char *eol);

/** Write an unfolded line, folded at 75 octets between characters. */
void item_fold_add(item_buf_t *b, item_span_t line, const char *eol);

/** A property for a device: its octets, but folded anew where it is folded
 * early, since parsers look for names, parameters and VERSION before they
 * unfold (measured: libsynthesis loses such a property, or the item). */
void item_entry_add(item_buf_t *b, const item_entry_t *entry, const char *eol);

/** Non-zero if a line of a text is folded before its colon, or after a few
 * octets. */
int item_is_folded_early(item_span_t text);

/** Group, name and parameters of a property, with the colon, unfolded. */
item_span_t item_line_head(const item_line_t *line);

/** A component as it is, octet by octet. */
void item_part_keep(item_buf_t *b, const item_part_t *part);

/** A component without the properties that are gone, and with those that are
 * to be written in the place of others. */
void item_part_put(item_buf_t *b, const item_part_t *part);

/** Make the lines of a card named X- that are in a group the adjuncts of its
 * first other line. @param p  scratch */
void item_part_adjuncts(const item_part_t *part, apr_pool_t *p);

#endif
