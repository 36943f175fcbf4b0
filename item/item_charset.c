/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Character sets of devices: see item_charset.h. */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include <apr_lib.h>

#include "item/item_charset.h"

#define BAD  0xfffdu            /* what could not be read */

/* By letters and digits in upper case.  Some names mean less than what those
 * who use them write: GB2312 is GB18030, Shift_JIS has Microsoft's additions
 * (and a backslash where the standard has a yen). */
static const struct {
    const char *alias;
    item_charset_t set;
} sets[] = {
    { "UTF8",        { ITEM_CHARSET_UTF8, "UTF-8", NULL } },
    { "UNICODE11UTF8", { ITEM_CHARSET_UTF8, "UTF-8", NULL } },
    { "ASCII",       { ITEM_CHARSET_ASCII, "US-ASCII", NULL } },
    { "USASCII",     { ITEM_CHARSET_ASCII, "US-ASCII", NULL } },
    { "ISO88591",    { ITEM_CHARSET_LATIN1, "ISO-8859-1", NULL } },
    { "88591",       { ITEM_CHARSET_LATIN1, "ISO-8859-1", NULL } },
    { "LATIN1",      { ITEM_CHARSET_LATIN1, "ISO-8859-1", NULL } },
    { "ISOLATIN1",   { ITEM_CHARSET_LATIN1, "ISO-8859-1", NULL } },
    { "WINDOWS1252", { ITEM_CHARSET_CP1252, "WINDOWS-1252", NULL } },
    { "CP1252",      { ITEM_CHARSET_CP1252, "WINDOWS-1252", NULL } },
    { "WIN1252",     { ITEM_CHARSET_CP1252, "WINDOWS-1252", NULL } },
    { "ANSI",        { ITEM_CHARSET_CP1252, "WINDOWS-1252", NULL } },
    { "XCP1252",     { ITEM_CHARSET_CP1252, "WINDOWS-1252", NULL } },
    { "LATIN2",      { ITEM_CHARSET_ICONV, "ISO-8859-2", "ISO-8859-2" } },
    { "LATIN5",      { ITEM_CHARSET_ICONV, "ISO-8859-9", "ISO-8859-9" } },
    { "LATIN9",      { ITEM_CHARSET_ICONV, "ISO-8859-15", "ISO-8859-15" } },
    { "UTF7",        { ITEM_CHARSET_ICONV, "UTF-7", "UTF-7" } },
    { "SHIFTJIS",    { ITEM_CHARSET_ICONV, "SHIFT_JIS", "CP932" } },
    { "SJIS",        { ITEM_CHARSET_ICONV, "SHIFT_JIS", "CP932" } },
    { "XSJIS",       { ITEM_CHARSET_ICONV, "SHIFT_JIS", "CP932" } },
    { "CP932",       { ITEM_CHARSET_ICONV, "SHIFT_JIS", "CP932" } },
    { "WINDOWS31J",  { ITEM_CHARSET_ICONV, "SHIFT_JIS", "CP932" } },
    { "MS932",       { ITEM_CHARSET_ICONV, "SHIFT_JIS", "CP932" } },
    { "MSKANJI",     { ITEM_CHARSET_ICONV, "SHIFT_JIS", "CP932" } },
    { "EUCJP",       { ITEM_CHARSET_ICONV, "EUC-JP", "EUC-JP" } },
    { "XEUCJP",      { ITEM_CHARSET_ICONV, "EUC-JP", "EUC-JP" } },
    { "ISO2022JP",   { ITEM_CHARSET_ICONV, "ISO-2022-JP", "ISO-2022-JP" } },
    { "GB2312",      { ITEM_CHARSET_ICONV, "GB2312", "GB18030" } },
    { "GB231280",    { ITEM_CHARSET_ICONV, "GB2312", "GB18030" } },
    { "EUCCN",       { ITEM_CHARSET_ICONV, "GB2312", "GB18030" } },
    { "GBK",         { ITEM_CHARSET_ICONV, "GBK", "GB18030" } },
    { "XGBK",        { ITEM_CHARSET_ICONV, "GBK", "GB18030" } },
    { "CP936",       { ITEM_CHARSET_ICONV, "GBK", "GB18030" } },
    { "MS936",       { ITEM_CHARSET_ICONV, "GBK", "GB18030" } },
    { "GB18030",     { ITEM_CHARSET_ICONV, "GB18030", "GB18030" } },
    { "BIG5",        { ITEM_CHARSET_ICONV, "BIG5", "CP950" } },
    { "CP950",       { ITEM_CHARSET_ICONV, "BIG5", "CP950" } },
    { "EUCKR",       { ITEM_CHARSET_ICONV, "EUC-KR", "CP949" } },
    { "KSC56011987", { ITEM_CHARSET_ICONV, "EUC-KR", "CP949" } },
    { "KSC5601",     { ITEM_CHARSET_ICONV, "EUC-KR", "CP949" } },
    { "CP949",       { ITEM_CHARSET_ICONV, "EUC-KR", "CP949" } },
    { "KOI8",        { ITEM_CHARSET_ICONV, "KOI8-R", "KOI8-R" } },
    { "KOI8R",       { ITEM_CHARSET_ICONV, "KOI8-R", "KOI8-R" } },
    { "KOI8U",       { ITEM_CHARSET_ICONV, "KOI8-U", "KOI8-U" } },
    { "CP866",       { ITEM_CHARSET_ICONV, "CP866", "CP866" } },
    { "IBM866",      { ITEM_CHARSET_ICONV, "CP866", "CP866" } },
    { "TIS620",      { ITEM_CHARSET_ICONV, "TIS-620", "TIS-620" } },
    { "MACINTOSH",   { ITEM_CHARSET_ICONV, "MACINTOSH", "MACINTOSH" } },
    { "CP437",       { ITEM_CHARSET_ICONV, "CP437", "CP437" } },
    { "CP850",       { ITEM_CHARSET_ICONV, "CP850", "CP850" } },
#define ISO(n) \
    { "ISO8859" #n, { ITEM_CHARSET_ICONV, "ISO-8859-" #n, "ISO-8859-" #n } }
#define WIN(n) \
    { "WINDOWS" #n, { ITEM_CHARSET_ICONV, "WINDOWS-" #n, "CP" #n } }, \
    { "CP" #n, { ITEM_CHARSET_ICONV, "WINDOWS-" #n, "CP" #n } }
    ISO(2), ISO(3), ISO(4), ISO(5), ISO(6), ISO(7), ISO(8), ISO(9), ISO(10),
    ISO(11), ISO(13), ISO(14), ISO(15), ISO(16),
    WIN(1250), WIN(1251), WIN(1253), WIN(1254), WIN(1255), WIN(1256),
    WIN(1257), WIN(1258), WIN(874)
};

const item_charset_t *item_charset_find(item_span_t name)
{
    char letters[24];
    apr_size_t i, n = 0;

    for (i = 0; i < name.len; i++) {
        if (!apr_isalnum(name.s[i]))
            continue;
        if (n == sizeof(letters) - 1)
            return NULL;
        letters[n++] = (char)apr_toupper(name.s[i]);
    }
    letters[n] = '\0';
    for (i = 0; n && i < sizeof(sets) / sizeof(sets[0]); i++)
        if (!strcmp(letters, sets[i].alias))
            return &sets[i].set;
    return NULL;
}

const item_charset_t *item_charset_utf8(void)
{
    return &sets[0].set;
}

int item_charset_is_ascii(item_span_t text)
{
    const char *s = text.s, *end;
    apr_uint64_t eight;

    if (!text.len)
        return 1;
    end = s + text.len;
    for (; end - s >= 8; s += 8) {
        memcpy(&eight, s, 8);
        if (eight & APR_UINT64_C(0x8080808080808080))
            return 0;
    }
    for (; s < end; s++)
        if ((unsigned char)*s >= 0x80)
            return 0;
    return 1;
}

unsigned item_charset_char(const char *s, const char *end, int *n)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = (unsigned char)*s;
    int len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3
              : c < 0xf5 ? 4 : 0, i;
    unsigned value;

    *n = 1;
    if (len < 2)
        return len ? c : BAD;
    if (end - s < len)
        return BAD;
    value = c & (0x7fu >> len);
    for (i = 1; i < len; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80)
            return BAD;
        value = value << 6 | ((unsigned char)s[i] & 0x3f);
    }
    if (value < least[len] || value > 0x10ffff
        || (value >= 0xd800 && value < 0xe000))
        return BAD;
    *n = len;
    return value;
}

apr_size_t item_utf8_len(const char *text, apr_size_t left)
{
    int n;

    if (!left || (item_charset_char(text, text + left, &n) == BAD && n == 1))
        return 0;
    return (apr_size_t)n;
}

int item_charset_is_utf8(item_span_t text)
{
    const char *s = text.s, *end;
    int n;

    if (item_charset_is_ascii(text))
        return 1;
    end = s + text.len;
    for (; s < end; s += n) {
        n = 1;
        if ((unsigned char)*s >= 0x80
            && item_charset_char(s, end, &n) == BAD && n == 1)
            return 0;
    }
    return 1;
}

void item_charset_put(item_buf_t *b, unsigned c)
{
    char s[4];
    int n = 0;

    if (c < 0x80)
        s[n++] = (char)c;
    else {
        if (c >= 0x10000) {
            s[n++] = (char)(0xf0 | c >> 18);
            s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        }
        else if (c >= 0x800)
            s[n++] = (char)(0xe0 | c >> 12);
        if (c >= 0x800)
            s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        else
            s[n++] = (char)(0xc0 | c >> 6);
        s[n++] = (char)(0x80 | (c & 0x3f));
    }
    item_buf_add(b, s, (apr_size_t)n);
}

/* ---- windows-1252 ------------------------------------------------------ */

/* 0x80 to 0x9f; those that it has not are the control characters. */
static const unsigned short upper_1252[32] = {
    0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
    0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178
};

static void from_1252(item_buf_t *b, item_span_t octets)
{
    apr_size_t i, from = 0;

    for (i = 0; i < octets.len; i++) {
        unsigned char c = (unsigned char)octets.s[i];

        if (c < 0x80)
            continue;
        item_buf_add(b, octets.s + from, i - from);
        from = i + 1;
        item_charset_put(b, c < 0xa0 ? upper_1252[c - 0x80] : c);
    }
    item_buf_add(b, octets.s + from, i - from);
}

/** Non-zero at the beginning of a character at the end of a text. */
static int is_cut_char(const char *s, const char *end)
{
    if ((unsigned char)*s < 0xc2 || end - s > 3)
        return 0;
    while (++s < end && ((unsigned char)*s & 0xc0) == 0x80)
        ;
    return s == end;
}

/** Whether more octets are no UTF-8 than characters are; a last one that was
 * cut does not count. */
static int is_another(item_span_t text)
{
    const char *s = text.s, *end = s + text.len;
    int n, good = 0, bad = 0;

    for (; s < end; s += n) {
        if (item_charset_char(s, end, &n) != BAD || n != 1)
            good += n > 1;
        else if (is_cut_char(s, end))
            break;
        else
            bad++;
    }
    return bad > good;
}

/** UTF-8 with octets in it that are none: those alone are windows-1252. */
static void mend(item_buf_t *b, item_span_t text)
{
    const char *s = text.s, *end = s + text.len;
    int n;

    if (is_another(text)) {
        from_1252(b, text);
        return;
    }
    for (; s < end; s += n) {
        item_span_t one = { s, 1 };

        if (item_charset_char(s, end, &n) == BAD && n == 1)
            from_1252(b, one);
        else
            item_buf_add(b, s, (apr_size_t)n);
    }
}

/** @return the octet, 0: it has none */
static unsigned to_1252(unsigned c)
{
    unsigned i;

    if (c >= 0xa0 && c < 0x100)
        return c;
    for (i = 0; i < 32; i++)
        if (upper_1252[i] == c)
            return c < 0xa0 ? 0 : 0x80 + i;
    return 0;
}

/* ---- what a character set lacks ---------------------------------------- */

/* U+00C0 to U+017F without their marks; a dot: see below. */
static const char base_letters[] =
    "AAAAAA.CEEEEIIII" "DNOOOOOxOUUUUY.." "aaaaaa.ceeeeiiii" "dnooooo/ouuuuy.y"
    "AaAaAaCcCcCcCcDd" "DdEeEeEeEeEeGgGg" "GgGgHhHhIiIiIiIi" "Ii..JjKkkLlLlLlL"
    "lLlNnNnNnnNnOoOo" "Oo..RrRrRrSsSsSs" "SsTtTtTtUuUuUuUu" "UuUuWwYyYZzZzZzs";

/** A character in ASCII. */
static const char *in_ascii(unsigned c, char *one)
{
    static const struct {
        unsigned first, last;
        const char *text;
    } others[] = {
        { 0xa0, 0xa0, " " }, { 0xa1, 0xa1, "!" }, { 0xa9, 0xa9, "(c)" },
        { 0xab, 0xab, "\"" }, { 0xad, 0xad, "" }, { 0xae, 0xae, "(R)" },
        { 0xb4, 0xb4, "'" }, { 0xbb, 0xbb, "\"" }, { 0xc6, 0xc6, "AE" },
        { 0xde, 0xde, "Th" }, { 0xdf, 0xdf, "ss" }, { 0xe6, 0xe6, "ae" },
        { 0xfe, 0xfe, "th" }, { 0x132, 0x132, "IJ" }, { 0x133, 0x133, "ij" },
        { 0x152, 0x152, "OE" }, { 0x153, 0x153, "oe" },
        { 0x218, 0x218, "S" }, { 0x219, 0x219, "s" }, { 0x21a, 0x21a, "T" },
        { 0x21b, 0x21b, "t" }, { 0x300, 0x36f, "" }, { 0x1e9e, 0x1e9e, "SS" },
        { 0x2000, 0x200a, " " }, { 0x200b, 0x200f, "" },
        { 0x2010, 0x2015, "-" }, { 0x2018, 0x201b, "'" },
        { 0x201c, 0x201f, "\"" }, { 0x2022, 0x2022, "*" },
        { 0x2026, 0x2026, "..." }, { 0x202f, 0x202f, " " },
        { 0x2032, 0x2032, "'" }, { 0x2033, 0x2033, "\"" },
        { 0x2039, 0x203a, "'" }, { 0x20ac, 0x20ac, "EUR" },
        { 0x2122, 0x2122, "TM" }, { 0x2212, 0x2212, "-" },
        { 0xfe00, 0xfe0f, "" }, { 0xfeff, 0xfeff, "" }
    };
    unsigned i;

    if (c >= 0xc0 && c < 0x180 && base_letters[c - 0xc0] != '.') {
        one[0] = base_letters[c - 0xc0];
        one[1] = '\0';
        return one;
    }
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (c >= others[i].first && c <= others[i].last)
            return others[i].text;
    return "?";
}

/* ---- iconv ------------------------------------------------------------- */

#define ICONV_FAILED  ((size_t)-1)

/** Convert; what cannot be is handed to instead().
 * @param state  out of a stateful set, too */
static void convert(item_buf_t *b, iconv_t cd, item_span_t text,
                    const char *(*instead)(const char *s, const char *end,
                                           size_t *skip, char *one))
{
    /* iconv() does not write to its input, whatever its prototype says. */
    union { const char *c; char *v; } in = { text.s };
    const char *end = text.s + text.len, *put = NULL;
    char out[512], one[2];
    size_t left = text.len, rv, skip = 0;

    for (;;) {
        char *to = out;
        size_t room = sizeof(out);

        if (put) {
            union { const char *c; char *v; } word = { put };
            size_t n = strlen(put);

            iconv(cd, &word.v, &n, &to, &room);
            item_buf_add(b, out, (apr_size_t)(to - out));
            put = NULL;
            in.c += skip;
            left -= skip;
            continue;
        }
        rv = iconv(cd, left ? &in.v : NULL, &left, &to, &room);
        item_buf_add(b, out, (apr_size_t)(to - out));
        if (rv != ICONV_FAILED && !left) {
            to = out;
            room = sizeof(out);
            iconv(cd, NULL, NULL, &to, &room);
            item_buf_add(b, out, (apr_size_t)(to - out));
            return;
        }
        if (rv == ICONV_FAILED && errno != E2BIG)
            put = instead(in.c, end, &skip, one);
    }
}

static const char *unreadable(const char *s, const char *end, size_t *skip,
                              char *one)
{
    *skip = 1;
    return "?";
}

static const char *unwritable(const char *s, const char *end, size_t *skip,
                              char *one)
{
    int n;
    unsigned c = item_charset_char(s, end, &n);

    *skip = (size_t)n;
    return in_ascii(c, one);
}

/* ---- both ways --------------------------------------------------------- */

void item_charset_in(item_buf_t *b, const item_charset_t *cs,
                     item_span_t octets)
{
    iconv_t cd;

    if (!octets.len)
        return;
    if (!cs || cs->how == ITEM_CHARSET_UTF8 || cs->how == ITEM_CHARSET_ASCII) {
        mend(b, octets);
        return;
    }
    cd = cs->iconv ? iconv_open("UTF-8", cs->iconv) : (iconv_t)-1;
    if (cd == (iconv_t)-1) {
        from_1252(b, octets);
        return;
    }
    convert(b, cd, octets, unreadable);
    iconv_close(cd);
}

/** Append a character to a set of one octet each, or to UTF-8. */
static void out_char(item_buf_t *b, item_charset_e how, unsigned c)
{
    unsigned octet = how == ITEM_CHARSET_CP1252 ? to_1252(c)
                     : how == ITEM_CHARSET_LATIN1 && c >= 0xa0 && c < 0x100
                       ? c : 0;
    char one[2];

    if (octet)
        item_buf_putc(b, (char)octet);
    else
        item_buf_puts(b, in_ascii(c, one));
}

static void out_simple(item_buf_t *b, const item_charset_t *cs,
                       item_span_t text, int bmp)
{
    const char *s = text.s, *end = s + text.len, *from = s;
    unsigned c;
    int n;

    while (s < end) {
        if ((unsigned char)*s < 0x80) {
            s++;
            continue;
        }
        c = item_charset_char(s, end, &n);
        if (cs->how != ITEM_CHARSET_UTF8 || (bmp && c > 0xffff)) {
            item_buf_add(b, from, (apr_size_t)(s - from));
            from = s + n;
            if (cs->how == ITEM_CHARSET_UTF8)
                item_buf_putc(b, '?');
            else
                out_char(b, cs->how, c);
        }
        s += n;
    }
    item_buf_add(b, from, (apr_size_t)(s - from));
}

/** What says GB2312 or GBK is read as GB18030, but a phone that says so need
 * not know its characters of four octets. */
static const char *written_as(const item_charset_t *cs)
{
    return !strcmp(cs->iconv, "GB18030") && strcmp(cs->name, "GB18030")
           ? "GBK" : cs->iconv;
}

void item_charset_out(item_buf_t *b, const item_charset_t *cs,
                      item_span_t text, int bmp)
{
    iconv_t cd = (iconv_t)-1;

    if (!text.len)
        return;
    if (cs->how == ITEM_CHARSET_ICONV)
        cd = iconv_open(written_as(cs), "UTF-8");
    if (cd == (iconv_t)-1) {
        item_charset_t ascii = { ITEM_CHARSET_ASCII, "", NULL };

        out_simple(b, cs->how == ITEM_CHARSET_ICONV ? &ascii : cs, text, bmp);
        return;
    }
    if (bmp) {
        item_buf_t less = { NULL, NULL, 0, 0 };

        less.p = b->p;
        out_simple(&less, item_charset_utf8(), text, 1);
        text = item_buf_span(&less);
    }
    convert(b, cd, text, unwritable);
    iconv_close(cd);
}
