/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_room_int.h
 * @brief What item_room*.c share.
 */
#ifndef SYNCML_ITEM_ROOM_INT_H
#define SYNCML_ITEM_ROOM_INT_H

#include <string.h>

#include <apr_hash.h>

#include "item/item_doc.h"
#include "item/item_image.h"
#include "item/item_room.h"
#include "item/item_value.h"

#define ITEM_ROOM_ALARMS  "VALARM"

/** What was seen of properties of one name. */
typedef struct room_seen_t {
    const char *name;
    int most;                   /* in one item */
    int alike;                  /* of one kind in one item */
    int order;                  /* which of several it keeps: ROOM_FIRST... */
    int items;
    int cuts;                   /* a value came back as the beginning of what
                                 * it was */
    int kinds;                  /* of it that came, as bits; of FN: 1, it has
                                 * one that it did not make of N; of RRULE:
                                 * item_room_rule(); of DUE: 1, a time */
    apr_size_t octets[ITEM_ROOM_PARTS];         /* of the longest */
    apr_size_t chars[ITEM_ROOM_PARTS];
} room_seen_t;

/** Bits of room_seen_t.order: what was seen. */
enum { ROOM_FIRST = 1, ROOM_LAST = 2, ROOM_OTHER = 4 };

/** So many values room_kinds() has. */
#define ROOM_KINDS  64

/** Bits of room_seen_t.kinds: it has left a preference where it was, and none
 * where none was. */
enum { ROOM_PREF_KEPT = 64, ROOM_PREF_NONE = 128 };

/** A bit of room_seen_t.kinds, of TEL: one that came had words in it. */
#define ROOM_WORDS  256

/** The name of all properties together: its kinds are blocks of characters. */
#define ITEM_ROOM_ALL  "*"

struct item_room_t {
    apr_pool_t *p;
    apr_hash_t *names;          /* name => room_seen_t */
    const char *charset;        /* of what it is sent; NULL: UTF-8 */
    int fields;                 /* it has a place for each */
    apr_hash_t *deleted;        /* names; NULL: none */
    const item_limits_t *limits;        /* NULL: none are known */
};

/** A value as it is compared: its components, unescaped. */
typedef struct room_value_t {
    item_span_t part[ITEM_ROOM_PARTS];
    int n;
} room_value_t;

/** Non-zero if two components say the same. */
static inline int room_part_same(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

/** Characters of a text in UTF-8. */
static inline apr_size_t room_chars(item_span_t text)
{
    apr_size_t n = 0, i;

    for (i = 0; i < text.len; i++)
        n += ((unsigned char)text.s[i] & 0xc0) != 0x80;
    return n;
}

/** What was seen of a name; made if need be.
 * @return NULL if the name cannot be kept: odd, or one too many */
room_seen_t *room_seen(item_room_t *room, const char *name);

void room_value_read(room_value_t *v, const item_line_t *line, apr_pool_t *p);
int room_value_same(const room_value_t *a, const room_value_t *b);

/** Component i; empty where there is none. */
item_span_t room_value_part(const room_value_t *v, int i);

/** Non-zero for what says when something is, or who wrote it: never cut,
 * never one of several that a device drops. */
int room_is_other(item_span_t name);

/** Non-zero for what is refused whole if it is too large. */
int room_is_large(item_span_t name);

/** Non-zero for names with components: N, ADR, ORG. */
int room_has_parts(item_span_t name);

/** Which kinds a line names (home, work, cell, fax, pager, car), as bits. */
int room_kinds(const item_line_t *line);

/** Non-zero if a number has letters in it that are no pauses. */
int room_has_words(item_span_t value);

/** Non-zero if a component is a card, event, task or journal. */
int room_is_item(const item_part_t *part);

/** What is known of the device's characters. */
void room_image_init(item_image_t *image, const item_room_t *room,
                     apr_pool_t *p);

/** Complete a note whose characters the device does not have.
 * @return non-zero if it was */
int room_complete_note(item_image_t *image, const item_text_t *base,
                       item_text_t *theirs, apr_pool_t *p);

/* ---- item_room_fill.c ---------------------------------------------------- */

/** So many properties of one name are compared. */
#define ROOM_LIKES  64

/** Of room_likes_t.used: put back, whether it had a place or not. */
#define ROOM_ASIDE  2

/** The properties of one name, or the alarms. */
typedef struct room_likes_t {
    item_entry_t *entry[ROOM_LIKES];
    room_value_t value[ROOM_LIKES];
    int used[ROOM_LIKES];       /* found on the other side; or ROOM_ASIDE */
    char hidden[ROOM_LIKES];    /* of the base: has no place there */
    int former[ROOM_LIKES];     /* of theirs: which of the base it was; -1 */
    int n;
} room_likes_t;

/** A text that is being completed. */
typedef struct room_job_t {
    item_room_t *room;
    const char *eol;
    apr_hash_t *more;           /* item_part_t * => item_buf_t * */
    const item_part_t *groups_of;       /* of which the next two are; NULL */
    apr_hash_t *groups;         /* in use, in upper case */
    apr_hash_t *renamed;        /* groups of the base => their names there */
    int new_groups;
    int done, uncertain;
    item_image_t image;         /* of what the device does not show */
    /* Room for one name after the other: all, and one of them. */
    room_likes_t *base, *theirs, *was, *is;
    apr_pool_t *p;
} room_job_t;

/** Non-zero for NOTE and DESCRIPTION: that they were cut is known to the
 * caller. */
int room_is_long(item_span_t name);

/** Non-zero if component i is what it was, as far as the device has place
 * and characters. */
int room_is_cut_part(item_image_t *image, room_seen_t *seen, int i,
                     item_span_t name, item_span_t was, item_span_t is);

/** Write theirs' line anew, with the parameters of one line and the value of
 * another. */
void room_rewrite(room_job_t *job, const item_entry_t *head_of,
                  const item_entry_t *value_of, item_entry_t *theirs);

/** Non-zero if theirs lacks kinds of number only that the device never had. */
int room_lacks_kinds(room_seen_t *seen, const item_entry_t *base,
                     const item_entry_t *theirs);

/* ---- item_room_add.c ------------------------------------------------------ */

/** Write the whole of an entry into a part, with its label, in a group of its
 * own. */
void room_add(room_job_t *job, const item_part_t *to,
              const item_entry_t *entry);

/** The same before one of theirs: of a device that keeps the last of several,
 * so that this one stays it. */
void room_add_before(room_job_t *job, const item_part_t *to,
                     item_entry_t *theirs, const item_entry_t *entry);

/* ---- item_room_place.c ---------------------------------------------------- */

/** Find out which of the base have no place, once those that have come are
 * marked as used; learns in which order it keeps them. */
void room_find_hidden(room_seen_t *seen, room_likes_t *b,
                      const room_likes_t *t);

/** Which of the base those of theirs were that are not as before; they become
 * used. */
void room_find_former(const room_seen_t *seen, room_likes_t *b,
                      room_likes_t *t);

/* ---- item_room_edit.c ---------------------------------------------------- */

/** What was edited has kept what the device cannot say.
 * @param b, t  what there was and is of a name; room_find_former() has told
 *              what is an edit of what */
void room_complete_edited(room_job_t *job, room_seen_t *seen,
                          room_likes_t *b, room_likes_t *t);

/* ---- item_room_words.c --------------------------------------------------- */

/** Numbers that are words, of which nothing is left on a phone that keeps
 * digits: what it made of them goes, they come back.
 * @param b, t  the numbers that there were and are */
void room_complete_words(room_job_t *job, const room_seen_t *seen,
                         const item_part_t *theirs, room_likes_t *b,
                         room_likes_t *t);

#endif
