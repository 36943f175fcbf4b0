/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_card_int.h
 * @brief How the files behind item_card.h share their work.
 *
 * Private to item/.  A property is read (item_card_read.c: folding,
 * encodings, characters), turned from one version into another by way of 3.0
 * (item_card_up.c into it, item_card_down.c out of it), and written
 * (item_card_write.c).  What the store's text says of the same property is
 * found in item_card_like.c.
 */
#ifndef SYNCML_ITEM_CARD_INT_H
#define SYNCML_ITEM_CARD_INT_H

#include "item/item_card.h"
#include "item/item_charset.h"
#include "item/item_lines.h"
#include "item/item_qp.h"
#include "item/item_value.h"

typedef enum { CARD_21 = 21, CARD_30 = 30, CARD_40 = 40 } card_version_e;

/** A property; its spans last until the next one is read. */
typedef struct card_prop_t {
    item_line_t line;           /* without ENCODING and CHARSET; the value is
                                 * decoded, in UTF-8, escaped as its version
                                 * has it, but may hold LF */
    item_param_t params[ITEM_MAX_PARAMS];       /* line.params */
    item_span_t raw;            /* its octets in the text */
    int literal;                /* was quoted-printable: \n is two characters */
    int binary;                 /* value is base64, letters only */
    item_span_t nested;         /* a card in it, from BEGIN to END */
} card_prop_t;

/** What a value is made of. */
typedef enum {
    CARD_RAW = 0,               /* unknown: kept but for line ends */
    CARD_TEXT, CARD_STRUCT, CARD_LIST, CARD_URI, CARD_GEO, CARD_AGENT
} card_value_e;

/** Non-zero with VALUE=uri. */
int card_is_uri(const item_line_t *line);

card_value_e card_value_kind(const card_prop_t *prop);

/* ---- reading: item_card_read.c ----------------------------------------- */

typedef struct card_reader_t {
    const char *pos, *end;
    const char *seen, *seen_next;       /* where a line was looked for last, */
    item_span_t seen_line;      /* the line there, and where the next begins */
    char *out;                  /* room for unfolded lines */
    item_buf_t utf8;            /* converted values */
    card_version_e version;
    const item_charset_t *charset;      /* of values without CHARSET; NULL */
    int count;
    item_qp_doc_t quoted;       /* the text, for its soft line breaks */
} card_reader_t;

/**
 * Find the card in a text, and its version.
 * @param none  the version of a card without VERSION
 * @param p  for the reader's room, which grows with the text
 * @return APR_SUCCESS; ITEM_EMALFORMED (does not begin with one, does not
 * end), ITEM_ETYPE, ITEM_ELIMIT
 */
apr_status_t card_reader_init(card_reader_t *r, item_span_t text,
                              card_version_e none,
                              const item_charset_t *charset, apr_pool_t *p);

/** Read a property; VERSION is passed over. @return APR_SUCCESS; APR_EOF
 * behind END:VCARD; ITEM_EMALFORMED: there is none; ITEM_ELIMIT */
apr_status_t card_read(card_reader_t *r, card_prop_t *prop);

/** Non-zero if a property's name is made of what names are made of.  Of 2.1
 * no others are read: they are lines of a text. */
int card_is_known_name(item_span_t name);

/** What encoding a parameter of a line says: 0 for none at all, -1: it says
 * something else. */
int card_encoding(const item_line_t *line, const item_param_t *param);

/** Non-zero for an AGENT of which nothing but the first line of a card is
 * left once it is written, without control characters: a reader would take
 * all that follows it for that card. */
int card_is_open(item_span_t name, item_span_t value);

/* ---- a conversion ------------------------------------------------------ */

typedef struct card_conv_t {
    apr_pool_t *p;
    const item_form_t *form;
    const item_charset_t *charset;      /* of the device; never NULL */
    card_version_e from, to;
    int depth;                  /* of AGENT */
    item_buf_t tmp;             /* values of the property at hand.  Grows into
                                 * new memory, so older spans stay valid */
    item_buf_t line;            /* a property as it is written */
} card_conv_t;

/** Start with a property: nothing of the one before is needed any more. */
#define card_conv_next(c)  ((c)->tmp.len = (c)->line.len = 0)

/** Walk through TYPE and parameters without a name, word by word.
 * @param at  0 at first @param rest  the walk's own */
typedef struct card_types_t {
    const item_line_t *line;
    int at;
    item_span_t outer, inner;
} card_types_t;

void card_types_begin(card_types_t *t, const item_line_t *line);
int card_types_next(card_types_t *t, item_span_t *word);

/** Non-zero if it has that type. */
int card_has_type(const item_line_t *line, const char *type);

/** Set a parameter's value, adding it where there is none. @param value lasts
 * as long as the property; "" removes it */
void card_param_set(card_prop_t *prop, const char *name, const char *value);

/** Add a type, in upper case. */
void card_type_add(card_prop_t *prop, const char *type);

/** Take a type away, wherever it stands. */
void card_type_drop(card_conv_t *c, card_prop_t *prop, const char *type);

/** What was appended from there on; s is never NULL. */
item_span_t card_since(item_buf_t *b, apr_size_t from);

void card_name_set(card_prop_t *prop, const char *name);

/** The value is what was put into c->tmp from there on. */
void card_value_set(card_conv_t *c, card_prop_t *prop, apr_size_t from);

/** A property of any version as one of 3.0, as devices know those.
 * @return APR_SUCCESS, APR_EOF: it says nothing, ITEM_E* of a nested card */
apr_status_t card_up(card_conv_t *c, card_prop_t *prop);

/** A picture or the like in a "data:" URI as one that is there. @return 0: it
 * is none such */
int card_inline(card_conv_t *c, card_prop_t *prop);

/** A property of 3.0 as one of c->to, 3.0 or 4.0; 2.1 is made where it is
 * written. @return 0: it cannot be said */
int card_down(card_conv_t *c, card_prop_t *prop);

/** N or FN. */
int card_is_name(item_span_t name);

/** Non-zero if nothing but separators and white space is there. */
int card_is_empty(item_span_t value);

/** Habits of a device, on the way to it. @return 0: not to be sent */
int card_habits_out(card_conv_t *c, card_prop_t *prop);

/** On the way from it. */
void card_habits_in(card_conv_t *c, card_prop_t *prop);

/* ---- writing: item_card_write.c ---------------------------------------- */

/** Non-zero if quotes enclose whole words of a parameter's list, or there are
 * none. */
int card_is_quoted_well(item_span_t list);

/** Put into c->line the property unfolded, for the store or a device of 3.0
 * or 4.0, in UTF-8. */
void card_line(card_conv_t *c, const card_prop_t *prop);

/** Fold c->line for a device and append it, in its characters. */
void card_write_line(item_buf_t *b, card_conv_t *c);

/** Append a property of 3.0 to a card of 2.1. @return APR_SUCCESS, APR_EOF:
 * it cannot be said; ITEM_E* of a nested card */
apr_status_t card_write_21(item_buf_t *b, card_conv_t *c,
                           const card_prop_t *prop);

/* ---- whole cards: item_card.c ------------------------------------------ */

/** Where in a text for a device a property of the store's text went. */
typedef struct card_cut_t {
    apr_size_t at;              /* octets before it */
    item_span_t raw;            /* in the store's text; len 0: made up */
    int came;                   /* it came back as it was sent */
    apr_uint64_t hash;          /* for item_card_beside.c, as is: */
    struct card_cut_t *next;
} card_cut_t;

/**
 * Export.
 * @param cuts  of card_cut_t, appended to; or NULL
 * @param depth  cards around it, in whose AGENT it is
 */
apr_status_t card_export(item_buf_t *b, const item_form_t *form,
                         item_span_t in, apr_array_header_t *cuts, int depth,
                         apr_pool_t *p);

/** Non-zero if no device stumbles over a property's name, and it says
 * something where that matters. */
int card_is_sendable(const card_conv_t *c, const card_prop_t *prop);

/** Non-zero if a word, in upper case, is in a text, in any case. */
int card_has_word(item_span_t text, const char *word);

/** Begin to read a device's card. @param to  card_version_e; 0: 4.0 where it
 * came as that, else 3.0 @return as card_reader_init(); ITEM_ELIMIT */
apr_status_t card_import_begin(card_conv_t *c, card_reader_t *r,
                               const item_form_t *form, item_span_t in,
                               int to, int depth, apr_pool_t *p);

/** A device's property as the store has it, in c->line. @return APR_SUCCESS;
 * APR_EOF: it says nothing; ITEM_E* of a nested card */
apr_status_t card_import_prop(card_conv_t *c, card_prop_t *prop);

/** Import, and nothing is known of the card. @param to  as
 * card_import_begin() */
apr_status_t card_import(item_buf_t *b, const item_form_t *form,
                         item_span_t in, int to, int depth, apr_pool_t *p);

/** A conversion at its beginning; from and to are still to be set. */
void card_conv_init(card_conv_t *c, const item_form_t *form, int depth,
                    apr_pool_t *p);

/** BEGIN and VERSION. @param version  card_version_e */
void card_begin(item_buf_t *b, int version);

/** The version of a card, 0: it is none. @param none  of one without
 * VERSION */
int card_version_of(item_span_t text, int none, apr_pool_t *p);

/** FN made of N, or of what else there is; N made of FN. */
typedef struct card_names_t {
    item_buf_t fn;              /* of N, unescaped */
    item_buf_t other;           /* ORG, NICKNAME, EMAIL or TEL */
    item_buf_t given, org;      /* FN as it is; ORG's first part */
    item_buf_t n;               /* card_names_n() */
    int has_fn, has_n;
} card_names_t;

void card_names_init(card_names_t *names, apr_pool_t *p);

/** N made of FN, escaped as in 3.0; len 0: there is none. */
item_span_t card_names_n(card_names_t *names);

/** Non-zero for an N or FN that says nothing, in whose place one is made. */
int card_no_name(const card_prop_t *prop);

/** Look at a property of 3.0 or 4.0. */
void card_names_note(card_names_t *names, const card_prop_t *prop);

/** An N that says nothing, as a line of the store. */
#define CARD_EMPTY_N  "N:;;;;\r\n"

/** Non-zero if the FN of a device is another than it was, and none that it has
 * made of what else there is. */
int card_names_differ(const card_names_t *was, const card_names_t *now);

/** Non-zero if a device was seen to hold parts of N. */
int card_form_has_n(const item_form_t *form);

/** Append an FN to a card for the store that has none. */
void card_put_fn(item_buf_t *b, card_conv_t *c, const card_names_t *names);

/* ---- of several one: item_card_once.c ------------------------------------ */

/** So many groups of properties of which one is said are told apart. */
#define CARD_RIVALS  32

typedef struct card_rivals_t {
    const char *group;
    int count, best;            /* so many have come; the one that is said */
    int pref;                   /* of that */
} card_rivals_t;

typedef struct card_once_t {
    card_rivals_t rivals[CARD_RIVALS];
    int n;
} card_once_t;

/** Non-zero if N or FN stands several times in a card, roughly. */
int card_has_names(item_span_t text);

/** Begin with a card, on its way to a device. */
void card_once_init(card_once_t *once, card_conv_t *c, item_span_t text);

/** Look at the next property that can be sent. @return non-zero if another
 * one is said in its place */
int card_is_again(card_once_t *once, const card_conv_t *c,
                  const card_prop_t *prop);

/* ---- beside what was sent: item_card_beside.c --------------------------- */

/**
 * Import a card that may be one that the device was sent.
 * @param device  what it was sent, as card_export() has made it
 * @param sent_as  the version of that, card_version_e
 * @param cuts  card_cut_t: of @p device; used up
 * @param version  card_version_e of the store's card
 */
apr_status_t card_import_beside(item_buf_t *b, const item_form_t *form,
                                item_span_t in, item_span_t device,
                                int sent_as, apr_array_header_t *cuts,
                                int version, apr_pool_t *p);

/* ---- the store's own words: item_card_like.c --------------------------- */

typedef struct card_like_t card_like_t;

/** A number for octets that tells most of them apart. */
apr_uint64_t card_hash(item_span_t s);

/** @param version  of the store's card */
card_like_t *card_like_make(card_version_e version, const item_form_t *form,
                            apr_pool_t *p);

/** A line that import made of the device's form of a line of the store's.
 * @param raw  that line's octets; len 0: it had none
 * @param slot  the field of the form in which it stands; -1: there are none */
void card_like_add(card_like_t *like, item_span_t line, item_span_t raw,
                   int slot);

/** Non-zero for the beginning of a text that is cut in a word, or by a device
 * that cuts such, and too long for people to have done that.
 * @param longest  that the device has sent: it does not cut before that */
int card_is_cut(item_span_t text, item_span_t part, item_longest_t longest);

/** Before the first is put: what the device says of its name may be said behind
 * FN, which is made of that. */
void card_like_expect(card_like_t *like, item_span_t line);

/** Append to a card for the store the line that import made, or what the
 * store has in its place. @param like  NULL: nothing is known */
void card_like_put(item_buf_t *b, card_like_t *like, item_span_t line,
                   int slot);

/* ---- one thing under two names: item_card_twin.c ------------------------ */

/**
 * For devices of "x-twins": leave out lines that say under another name what
 * a line of the store's text says, or what theirs says under the store's name
 * as well; dates are the same with and without hyphens.  So is a PRODID where
 * the store's text has none.
 * @param text  in and out: a card in the store's form; one that cannot be read
 *              stays as it is
 * @param like  the store's text
 */
void card_untwin(item_text_t *text, item_span_t like, apr_pool_t *p);

#endif
