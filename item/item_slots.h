/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_slots.h
 * @brief What is decided as one when items are merged.
 *
 * Private to item/.  A slot is a property, or several that belong together,
 * or one member of a set, with what each side has of it.  item_slots_rules.c
 * holds the table of which is which, item_slots.c sorts, item_decide.c says
 * which side wins, item_merge.c carries that out, item_write.c writes the
 * result.
 */
#ifndef SYNCML_ITEM_SLOTS_H
#define SYNCML_ITEM_SLOTS_H

#include <apr_hash.h>

#include "item/item_doc.h"
#include "item/item_merge.h"

typedef enum { ITEM_BASE, ITEM_OURS, ITEM_THEIRS, ITEM_SIDES } item_side_e;

typedef enum {
    MERGE_LOOSE,                /* nothing is known of it */
    MERGE_ONE,                  /* stands once */
    MERGE_MANY,                 /* usually once */
    MERGE_TEXT,                 /* likewise, and long */
    MERGE_SET, MERGE_LIST,      /* members; lists of words in lines */
    MERGE_NAME, MERGE_TIME, MERGE_STATE,        /* several that are one */
    MERGE_LABEL,                /* of a list, which stands in several */
    MERGE_NEWEST, MERGE_GREATEST, MERGE_KEEP,   /* never clash */
    MERGE_ALARM, MERGE_PART, MERGE_ZONE, MERGE_OTHER    /* components */
} item_how_e;

/** What is done with properties of a name. */
typedef struct item_slot_rule_t {
    const char *name;           /* NULL: nothing is known of it */
    int where;                  /* private */
    item_how_e how;
    const char *slot;           /* of several that are one, else NULL */
} item_slot_rule_t;

/** A property or component of one side, or one word of a list. */
typedef struct item_member_t {
    item_entry_t *entry;
    item_span_t word;
    int number;                 /* of the word, from 0; -1: no list */
    struct item_slot_t *set;    /* of the line of a set: whose member it is,
                                 * NULL: it says nothing */
    item_span_t detail;         /* likewise: what counts besides the value */
    struct item_member_t *next;
} item_member_t;

typedef struct item_slot_t {
    const char *name;           /* upper case */
    item_how_e how;
    int split;                  /* stands for its members, not for itself */
    int member;                 /* one of a set */
    int known;                  /* clients were not seen to drop it */
    item_member_t *first[ITEM_SIDES], *last[ITEM_SIDES];
    int n[ITEM_SIDES];
    item_span_t canon[ITEM_SIDES];      /* the sides as they are compared */
    int there[ITEM_SIDES];      /* the side has it */
} item_slot_t;

/** A merge under way. */
typedef struct item_merging_t {
    apr_pool_t *p;
    const item_doc_t *docs[ITEM_SIDES]; /* the base may be NULL */
    int theirs_first, spare;
    int not_ours, not_theirs;   /* the result says something else */
    int prefs;                  /* ITEM_TAKE_PREF_... */
    int preferred;              /* another one is the preferred one */
    apr_array_header_t *clashes;        /* const char * */
    apr_hash_t *zones;          /* TZID of lines from theirs; NULL: none */
    apr_hash_t *groups;         /* in use; NULL: not looked yet */
    apr_hash_t *renamed;        /* groups of theirs => their new names */
    int new_groups;
    const item_entry_t *uid;    /* ours' */
    int words;                  /* of lists */
    struct item_zones_t *looked_up;     /* time zones, NULL: none yet */
    apr_hash_t *texts;          /* of lines that are names; NULL: none yet */
} item_merging_t;

/**
 * Slots of a component.
 * @param parts  by side; NULL where a side has not got it
 * @param slots  out: item_slot_t *, those of ours first, in order
 * @return APR_SUCCESS, ITEM_ELIMIT (words)
 */
apr_status_t item_slots_make(apr_array_header_t **slots, item_merging_t *m,
                             item_part_t *const *parts);

/* ---- item_slots_rules.c --------------------------------------------------- */

/** The rule of a name in a component of that kind; never NULL. */
const item_slot_rule_t *item_slot_rule(int kind, item_span_t name);

/** Non-zero if a slot's values may be cut short by a phone. */
int item_slot_is_text(const item_slot_t *slot);

/* ---- item_slots.c --------------------------------------------------------- */

/** Non-zero if two sides have the same. */
int item_slot_same(const item_slot_t *slot, item_side_e a, item_side_e b);

/** Append what counts of a line besides its value: parameters, and what the
 * group says of it. */
void item_entry_detail(item_buf_t *b, int kind, const item_entry_t *entry);

/* ---- item_decide.c -------------------------------------------------------- */

/** Which side a slot is taken from; clashes are noted. */
item_side_e item_decide(item_merging_t *m, const item_slot_t *slot);

/** Ours of a slot is kept: the result is not theirs, unless they are the same
 * octets. */
void item_keeps_ours(item_merging_t *m, const item_slot_t *slot);

/** Non-zero if two lines or components are the same, but for folding. */
int item_same_octets(const item_entry_t *a, const item_entry_t *b,
                     apr_pool_t *p);

/** The side of the greatest number or newest time; ours where they cannot be
 * told apart. */
item_side_e item_greatest(const item_slot_t *slot);

/** Non-zero if a canonical value is another, cut short or with parts
 * missing. */
int item_is_poorer(item_span_t a, item_span_t b);

/** Note the name of a clash, once. */
void item_note_clash(item_merging_t *m, const char *name);

/* ---- item_revise.c -------------------------------------------------------- */

/**
 * Write theirs' value into ours' line, which keeps its group, and the
 * parameters that theirs did not change against the base.  Of N, ADR and ORG
 * only the components that theirs changed are taken.
 * @param clash  ours is not the base's: then theirs' is taken whole
 * @param base  NULL: not known, nothing is done
 * @return 0: not a case for it (encoded, in a time zone, a labelled group)
 */
int item_revise(item_merging_t *m, int kind, const item_entry_t *base,
                item_entry_t *ours, const item_entry_t *theirs);

/** Non-zero if what counts of two lines' parameters is the same. */
int item_same_detail(int kind, const item_entry_t *a, const item_entry_t *b,
                     apr_pool_t *p);

/** An FN of ours goes with an N of theirs that came without one: a part of the
 * name that was changed is changed in it, too, where it stands there.
 * @param was, now  lines of N, ours' and theirs' */
void item_revise_fn(item_merging_t *m, item_entry_t *fn,
                    const item_entry_t *was, const item_entry_t *now);

/** Ours' alarm with theirs' time.
 * @return 0: one of them has none, or several */
int item_revise_alarm(item_merging_t *m, item_entry_t *ours,
                      const item_entry_t *theirs);

/** Find members of sets that theirs has removed and those that it has added
 * which are one, edited; there must be a base. */
void item_pair_edited(item_merging_t *m, int kind, apr_array_header_t *slots);

/* ---- item_revise_params.c ------------------------------------------------- */

/** Walk through the words of all TYPE, those in quotes one by one. */
typedef struct item_types_t {
    const item_line_t *line;
    int at;
    item_span_t rest, quoted;
} item_types_t;

void item_types_begin(item_types_t *t, const item_line_t *line);
int item_types_next(item_types_t *t, item_span_t *word);

/** Non-zero if a line has that type. */
int item_has_type(const item_line_t *line, item_span_t type);

/** Append a word to a TYPE of which @p n stand there. @return how many then do:
 * one with a quote in it cannot be said */
int item_put_type(item_buf_t *b, item_span_t word, int n);

/** Append the parameters of a line: ours, but for what theirs has changed or
 * made. */
void item_put_params(item_buf_t *b, int kind, const item_entry_t *base,
                     const item_entry_t *ours, const item_entry_t *theirs);

/* ---- item_names.c --------------------------------------------------------- */

/** A side's only line of that name in a slot; NULL: none, or several. */
item_entry_t *item_only_line(const item_slot_t *slot, item_side_e side,
                             item_span_t name);

/** A side's line of a slot that has the name and value of another; NULL. */
item_entry_t *item_line_like(item_merging_t *m, const item_slot_t *slot,
                             item_side_e side, const item_entry_t *like);

/** Of several names, in other languages, say, the one of the base that a name
 * of theirs is or was.  @return NULL: that cannot be told */
const item_entry_t *item_name_before(item_merging_t *m,
                                     const item_slot_t *slot,
                                     const item_entry_t *theirs);

/** Of ours, all of which is to go, keep what theirs does not know: a card needs
 * FN and N, even of a device that sends but one of them, and has what a device
 * knows but one of. */
void item_keep_names(item_merging_t *m, const item_slot_t *slot);

/** N is theirs, and an FN with it: those of ours that theirs does not know go
 * with them.
 * @param name  the slot of N  @param slots  all */
void item_follow_names(item_merging_t *m, const item_slot_t *name,
                       const apr_array_header_t *slots);

/* ---- item_prefs.c --------------------------------------------------------- */

/** Where theirs has preferred another one of several, so does the result. */
void item_move_prefs(item_merging_t *m, const apr_array_header_t *slots,
                     const item_part_t *card);

/* ---- item_write.c --------------------------------------------------------- */

/** Lines to be added to a component, by the entry of ours behind which. */
typedef struct item_adds_t item_adds_t;

item_adds_t *item_adds_make(item_merging_t *m, const item_part_t *ours);

/** Add octets in ours' form behind an entry's index; -1: behind BEGIN. */
void item_adds_put(item_adds_t *adds, int index, item_span_t text);

/** Where a property or component that ours has not got is added: behind the
 * last of its name, else behind the last property (components: entry). */
int item_adds_place(item_adds_t *adds, const item_entry_t *entry);

/** Add an entry of theirs with its adjuncts. */
void item_adds_entry(item_adds_t *adds, int index, item_entry_t *entry);

/** Add a word of theirs to a list of ours, or a list for it. */
void item_adds_word(item_adds_t *adds, const item_member_t *member);

/** Mark a member of ours as not to be written. */
void item_member_drop(item_merging_t *m, item_member_t *member);

/** Write ours' component as it has become. */
void item_adds_write(item_buf_t *b, item_adds_t *adds);

/* ---- item_twins.c --------------------------------------------------------- */

/**
 * Merge several members that say the same but are of other kinds, say the
 * number of the mobile that is the one at work as well: what a side has added
 * stays, what one has removed goes.  Linear in the members.
 * @return 0: there are none, or none would be left; nothing is done then
 */
int item_merge_twins(item_merging_t *m, item_adds_t *adds, int kind,
                     const item_slot_t *slot);

#endif
