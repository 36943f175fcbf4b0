/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Characters that a device does not have: see item_image.h. */
#include <string.h>

#include "item/item_image.h"

/* So many characters are looked at for what follows backslashes. */
#define ESCAPES  8

/* What stands for a character that is not there. */
typedef enum {
    SIGN_EACH, SIGN_UNIT, SIGN_OCTET, OCTETS, NOTHING, WAYS
} way_e;

void item_image_init(item_image_t *image, const char *charset, unsigned has,
                     apr_pool_t *p)
{
    item_span_t name = { charset ? charset : "", 0 };

    memset(image, 0, sizeof(*image));
    name.len = strlen(name.s);
    image->charset = item_charset_find(name);
    if (!image->charset)
        image->charset = item_charset_utf8();
    image->has = has;
    image->work = ITEM_IMAGE_WORK;
    image->iconv = ITEM_IMAGE_ICONV;
    image->sent.p = image->read.p = p;
}

/** Which block a character is of, as a bit: those that a device's character
 * set has all of, or hardly any. */
static unsigned block_of(unsigned c)
{
    static const unsigned last[] = {
        0xff, 0x24f, 0x36f, 0x3ff, 0x52f, 0x58f, 0x5ff, 0x8ff, 0x109f,
        0x1fff, 0x206f, 0x2e7f, 0xd7ff, 0xffff, 0x10ffff
    };
    unsigned i = 0;

    while (c > last[i])
        i++;
    return 1u << i;
}

unsigned item_image_blocks(item_span_t text)
{
    const char *s = text.s, *end = s + text.len;
    unsigned found = 0, c;
    int n;

    if (item_charset_is_ascii(text))
        return 0;
    for (; s < end; s += n) {
        c = item_charset_char(s, end, &n);
        /* Signs that stand for others say nothing. */
        if (c >= 0x80 && c != 0xfffd && c != 0xbf && c != 0x25a1)
            found |= block_of(c);
    }
    return found;
}

/* ---- one character ------------------------------------------------------ */

static item_span_t first_of(item_span_t text)
{
    apr_size_t n = 1;

    while (n < text.len && n < 4 && ((unsigned char)text.s[n] & 0xc0) == 0x80)
        n++;
    text.len = n;
    return text;
}

static item_span_t last_of(item_span_t text)
{
    apr_size_t n = 1;

    while (n < text.len && n < 4
           && ((unsigned char)text.s[text.len - n] & 0xc0) == 0x80)
        n++;
    text.s += text.len - n;
    text.len = n;
    return text;
}

/** Take octets off a text, at its beginning or at its end. */
static item_span_t less(item_span_t text, apr_size_t n, int back)
{
    if (!back)
        text.s += n;
    text.len -= n;
    return text;
}

/** Non-zero if a text begins, or ends, with a word. */
static int has(item_span_t text, item_span_t word, int back)
{
    return text.len >= word.len
           && !memcmp(back ? text.s + text.len - word.len : text.s, word.s,
                      word.len);
}

static void look_at(item_image_t *image, item_span_t whole)
{
    image->whole = whole;
    image->there_known = 0;
}

/** Non-zero if a character is in the text that is looked at. */
static int is_there(item_image_t *image, unsigned c)
{
    const char *s = image->whole.s, *end = s + image->whole.len;
    unsigned other;
    int n;

    for (; !image->there_known && s < end; s += n) {
        if (s == image->whole.s)
            memset(image->there, 0, sizeof(image->there));
        other = item_charset_char(s, end, &n) & 0xffff;
        image->there[other >> 3] |= (unsigned char)(1 << (other & 7));
    }
    image->there_known = 1;
    return image->whole.len && (image->there[(c & 0xffff) >> 3] >> (c & 7) & 1);
}

/** What a device is sent of a character, in UTF-8. */
static item_span_t as_sent(item_image_t *image, const item_charset_t *cs,
                           item_span_t c)
{
    image->sent.len = image->read.len = 0;
    item_charset_out(&image->sent, cs, c, 0);
    item_charset_in(&image->read, cs, item_buf_span(&image->sent));
    return item_buf_span(&image->read);
}

/** The same sign n times. @return its octets, -1: it is not there */
static int signs(item_span_t text, int n, int back)
{
    static const item_span_t marks[] = {
        { "?", 1 }, { "\xef\xbf\xbd", 3 }, { "\xc2\xbf", 2 }, { "_", 1 },
        { "\xe2\x96\xa1", 3 }
    };
    unsigned i;
    int k;

    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        item_span_t rest = text;

        for (k = 0; k < n && has(rest, marks[i], back); k++)
            rest = less(rest, marks[i].len, back);
        if (k == n)
            return (int)(text.len - rest.len);
    }
    return -1;
}

/** Is the beginning or end of a text the character, as the server wrote it
 * for lack of another one? @return its octets, -1: no */
static int as_written(item_image_t *image, item_span_t c, item_span_t text,
                      int back)
{
    item_span_t word;

    if (image->charset->how == ITEM_CHARSET_UTF8
        || (image->charset->how == ITEM_CHARSET_ICONV && image->iconv-- <= 0))
        return -1;
    word = as_sent(image, image->charset, c);
    return (word.len != c.len || memcmp(word.s, c.s, c.len))
           && has(text, word, back) ? (int)word.len : -1;
}

/** Is it the character's octets, each taken for a character? */
static int as_octets(item_image_t *image, item_span_t c, item_span_t text,
                     int back)
{
    image->read.len = 0;
    item_charset_in(&image->read,
                    item_charset_find((item_span_t){ "CP1252", 6 }), c);
    return has(text, item_buf_span(&image->read), back) ? (int)image->read.len
                                                        : -1;
}

/** Is it the letter without its mark? */
static int as_letter(item_image_t *image, item_span_t c, item_span_t text,
                     int back)
{
    static const item_charset_t ascii = { ITEM_CHARSET_ASCII, "", NULL };
    item_span_t word = as_sent(image, &ascii, c);

    return word.len && *word.s != '?' && has(text, word, back) ? (int)word.len
                                                               : -1;
}

/** How many octets at the beginning or end of a text are a character, or what
 * stands for it. @return -1: none are */
static int image_at(item_image_t *image, way_e way, item_span_t c,
                    item_span_t text, int back)
{
    unsigned code;
    int n;

    image->doubtful = 0;
    if (has(text, c, back))
        return (int)c.len;
    if (!((unsigned char)*c.s & 0x80) || image->work-- <= 0)
        return -1;
    n = as_written(image, c, text, back);
    if (n >= 0 || way == OCTETS)
        return n >= 0 ? n : as_octets(image, c, text, back);
    code = item_charset_char(c.s, c.s + c.len, &n);
    if (is_there(image, code))
        return -1;              /* the device has it */
    n = way == SIGN_OCTET ? (int)c.len : way == SIGN_UNIT && c.len == 4 ? 2 : 1;
    if (way != NOTHING && (n = signs(text, n, back)) >= 0)
        return n;
    if (image->has & block_of(code))
        return -1;              /* it would have that one, too */
    image->doubtful = 1;
    n = as_letter(image, c, text, back);
    image->letters += n > 0;
    return n < 0 && way == NOTHING ? 0 : n;
}

/* ---- texts -------------------------------------------------------------- */

/** Non-zero for a character of which the device is sent nothing. */
static int is_unsent(item_image_t *image, item_span_t c)
{
    static const item_span_t none = { "", 0 };

    return ((unsigned char)*c.s & 0x80) && as_written(image, c, none, 0) == 0;
}

/** A backslash that a device may take for an escape, and not show: one of
 * those before a comma or semicolon, as far as it is sent what is between.
 * @param end  of the text that it is in
 * @param text  at whose beginning, or end, it should be */
static int is_escape(item_image_t *image, item_span_t c, const char *end,
                     item_span_t text, int back)
{
    int i;

    if (*c.s != '\\' || has(text, c, back))
        return 0;
    for (i = 0; i < ESCAPES; i++) {
        item_span_t rest = { c.s + c.len, 0 };

        if (rest.s == end)
            return 0;
        rest.len = (apr_size_t)(end - rest.s);
        c = first_of(rest);
        if (*c.s != '\\' && !is_unsent(image, c))
            return *c.s == ',' || *c.s == ';';
    }
    return 0;
}

/** Non-zero if a text is the beginning of several characters that the server
 * wrote for one: it was cut among them. */
static int is_cut_among(item_image_t *image, item_span_t c, item_span_t text)
{
    item_span_t word;

    if (!text.len || !((unsigned char)*c.s & 0x80)
        || image->charset->how == ITEM_CHARSET_UTF8
        || (image->charset->how == ITEM_CHARSET_ICONV && image->iconv-- <= 0))
        return 0;
    word = as_sent(image, image->charset, c);
    return text.len < word.len && !memcmp(word.s, text.s, text.len);
}

static int reads_as(item_image_t *image, way_e way, item_span_t was,
                    item_span_t is, int *garbled)
{
    const char *end = was.s + was.len;
    int n, count = 0;

    image->letters = 0;
    for (; was.len; count += n) {
        item_span_t c = first_of(was);
        int octets = is_escape(image, c, end, is, 0)
                     ? 0 : image_at(image, way, c, is, 0);

        if (octets < 0) {
            if (is_cut_among(image, c, is)) {
                is.len = 0;
                count++;
            }
            break;
        }
        n = !has(is, c, 0);
        was = less(was, c.len, 0);
        is = less(is, (apr_size_t)octets, 0);
    }
    *garbled = count > 0;
    if (was.len && is.len)
        return 0;
    /* One letter without its mark may have been corrected. */
    return is.len || (count == 1 && image->letters == 1) ? 0 : was.len ? 1 : 2;
}

/** Ways in which two texts may be read: one, where they are the same. */
static way_e ways(item_span_t was)
{
    return item_charset_is_ascii(was) ? SIGN_UNIT : WAYS;
}

int item_image_reads(item_image_t *image, item_span_t was, item_span_t is,
                     int *garbled)
{
    way_e way, last = ways(was);
    int best = 0, some, n;

    *garbled = 0;
    look_at(image, is);
    for (way = SIGN_EACH; way < last && best < 2; way++) {
        n = reads_as(image, way, was, is, &some);
        if (n > best) {
            best = n;
            *garbled = some;
        }
    }
    return best;
}

/** How far two texts go together, from one end of both.
 * @param most  characters
 * @param was, is  in and out: what is left, with doubtful images before it
 * @param garbled  added to: octets that are not the same
 * @return characters */
static apr_size_t follow(item_image_t *image, way_e way, item_span_t *was,
                         item_span_t *is, int back, apr_size_t most,
                         apr_size_t *garbled)
{
    item_span_t sure_was = *was, sure_is = *is;
    apr_size_t count = 0, sure = 0, sure_garbled = *garbled;
    const char *end = was->s + was->len;
    int n;

    while (was->len && count < most && image->work-- > 0) {
        item_span_t c = back ? last_of(*was) : first_of(*was);

        if (is_escape(image, c, end, *is, back)) {
            image->doubtful = 1;
            n = 0;
        }
        else
            n = image_at(image, way, c, *is, back);
        if (n < 0)
            break;
        if (!has(*is, c, back))
            *garbled += c.len;
        *was = less(*was, c.len, back);
        *is = less(*is, (apr_size_t)n, back);
        count++;
        if (!image->doubtful || (!was->len && !is->len)) {
            sure_was = *was;
            sure_is = *is;
            sure = count;
            sure_garbled = *garbled;
        }
    }
    *was = sure_was;
    *is = sure_is;
    *garbled = sure_garbled;
    return sure;
}

/** What is the same before and behind an edit. */
typedef struct frame_t {
    apr_size_t front;           /* octets of what was */
    item_span_t was, is;        /* between */
    apr_size_t garbled;
} frame_t;

/** Where nothing stands for a character, most of the text has to be the same:
 * else it is another one. */
static int is_frame(const frame_t *f, way_e way, item_span_t was,
                    item_span_t is)
{
    apr_size_t same = was.len - f->was.len - f->garbled;

    return f->garbled && (way != NOTHING || same * 2 > is.len);
}

static void find_frame(item_image_t *image, way_e way, item_span_t was,
                       item_span_t is, frame_t *f)
{
    f->was = was;
    f->is = is;
    f->garbled = 0;
    follow(image, way, &f->was, &f->is, 0, was.len, &f->garbled);
    f->front = was.len - f->was.len;
    follow(image, way, &f->was, &f->is, 1, was.len, &f->garbled);
}

int item_image_restore(item_image_t *image, item_span_t was, item_span_t is,
                       item_buf_t *b)
{
    frame_t f, best = { 0 };
    way_e way, last = ways(was);
    apr_size_t behind;

    look_at(image, is);
    if (item_charset_is_ascii(was) && !memchr(was.s, '\\', was.len))
        return 0;               /* nothing that a device may lack */
    for (way = SIGN_EACH; way < last; way++) {
        find_frame(image, way, was, is, &f);
        if (is_frame(&f, way, was, is) && f.garbled > best.garbled)
            best = f;
    }
    if (!best.garbled)
        return 0;
    behind = best.front + best.was.len;
    item_buf_add(b, was.s, best.front);
    item_buf_add(b, best.is.s, best.is.len);
    item_buf_add(b, was.s + behind, was.len - behind);
    return 1;
}

/** A place where a text may end. */
typedef struct place_t {
    apr_size_t at;              /* octets before it; 0: several are as good */
    apr_size_t left;            /* of them those that the text has not */
    apr_size_t n;               /* characters before it that are the same */
} place_t;

/** Look at all places for one way: the best one has the most of what was
 * before it. */
static void find_place(item_image_t *image, way_e way, item_span_t was,
                       item_span_t is, place_t *best)
{
    item_span_t a = was, t = is;
    apr_size_t garbled = 0, front, n, left;

    follow(image, way, &a, &t, 0, was.len, &garbled);
    front = was.len - a.len;
    for (; was.len && image->work > 0; was = less(was, last_of(was).len, 1)) {
        a = was;
        t = is;
        n = follow(image, way, &a, &t, 1, was.len, &garbled);
        left = a.len > front ? a.len - front : 0;
        if (n < ITEM_IMAGE_PROBE || left > best->left
            || (left == best->left && n < best->n))
            continue;
        if (left < best->left || n > best->n)
            best->at = was.len;
        else if (best->at != was.len)
            best->at = 0;
        best->left = left;
        best->n = n;
    }
}

apr_size_t item_image_end(item_image_t *image, item_span_t was,
                          item_span_t is)
{
    place_t best = { 0, was.len, 0 };
    way_e way, last = ways(was);

    look_at(image, is);
    for (way = SIGN_EACH; way < last && way != NOTHING; way++)
        find_place(image, way, was, is, &best);
    return best.at;
}
