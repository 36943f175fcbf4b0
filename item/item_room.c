/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a device has been seen to hold: see item_room.h. */
#include "item/item_room_int.h"
#include "item/item_image.h"
#include "item/item_cal.h"
#include "item/item_qp.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* Kinds of numbers and addresses that count (item_norm.h). */
static const char *const kinds[] = {
    "HOME", "WORK", "CELL", "FAX", "PAGER", "CAR", NULL
};

item_room_t *item_room_make(apr_pool_t *p)
{
    item_room_t *room = apr_pcalloc(p, sizeof(*room));

    room->p = p;
    room->names = apr_hash_make(p);
    return room;
}

/** Non-zero for what may stand in the text that is kept. */
static int is_plain(const char *name)
{
    const char *c = name;

    while (apr_isalnum(*c) || *c == '-' || *c == '_' || *c == '*')
        c++;
    return c > name && !*c && c - name < 64;
}

room_seen_t *room_seen(item_room_t *room, const char *name)
{
    room_seen_t *seen = apr_hash_get(room->names, name, APR_HASH_KEY_STRING);

    if (!seen && is_plain(name)
        && apr_hash_count(room->names) < ITEM_ROOM_NAMES) {
        seen = apr_pcalloc(room->p, sizeof(*seen));
        seen->name = apr_pstrdup(room->p, name);
        apr_hash_set(room->names, seen->name, APR_HASH_KEY_STRING, seen);
    }
    return seen;
}

void item_room_speaks(item_room_t *room, const char *charset, int fields)
{
    room->charset = charset ? apr_pstrdup(room->p, charset) : NULL;
    room->fields = fields;
}

void item_room_deleted(item_room_t *room, apr_hash_t *names)
{
    room->deleted = names;
}

void item_room_limits(item_room_t *room, const item_limits_t *limits)
{
    room->limits = limits;
}

/* ---- values --------------------------------------------------------------- */

/** What says when something is, or who wrote it: never cut, never one of
 * several that a device drops. */
int room_is_other(item_span_t name)
{
    static const char *const names[] = {
        "UID", "REV", "PRODID", "VERSION", "DTSTAMP", "CREATED",
        "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "DUE", "DURATION",
        "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "COMPLETED",
        "STATUS", "PERCENT-COMPLETE", "PRIORITY", "CLASS", "TRANSP", "GEO",
        "TZ", NULL
    };
    int i;

    for (i = 0; names[i]; i++)
        if (item_span_is(name, names[i]))
            return 1;
    return 0;
}

/** What is refused whole if it is too large. */
int room_is_large(item_span_t name)
{
    return item_span_is(name, "PHOTO") || item_span_is(name, "LOGO")
           || item_span_is(name, "SOUND") || item_span_is(name, "KEY")
           || item_span_is(name, "ATTACH");
}

int room_has_parts(item_span_t name)
{
    return item_span_is(name, "N") || item_span_is(name, "ADR")
           || item_span_is(name, "ORG");
}

/** A telephone number without words that phones leave out ("ext. 12"). */
static void digits(item_buf_t *b, item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++)
        if (apr_isdigit(value.s[i]) || value.s[i] == '+'
            || value.s[i] == '*' || value.s[i] == '#')
            item_buf_putc(b, value.s[i]);
    if (!b->len)
        item_value_text(b, value);
}

/** A value's components, unescaped. */
void room_value_read(room_value_t *v, const item_line_t *line, apr_pool_t *p)
{
    item_span_t rest = line->value, word;

    memset(v, 0, sizeof(*v));
    if (!room_has_parts(line->name)) {
        item_buf_t b = { NULL, NULL, 0, 0 };

        b.p = p;
        if (item_span_is(line->name, "TEL"))
            digits(&b, line->value);
        else if (room_is_large(line->name)) {
            item_span_t data = item_data_base64(line->value, NULL);

            if (!data.len)
                data = line->value;
            item_buf_add(&b, data.s, data.len);
        }
        else
            item_value_text(&b, line->value);
        v->part[0] = item_buf_span(&b);
        v->n = 1;
        return;
    }
    while (v->n < ITEM_ROOM_PARTS && item_value_next(&rest, ';', &word)) {
        item_buf_t b = { NULL, NULL, 0, 0 };

        b.p = p;
        item_value_text(&b, word);
        v->part[v->n++] = item_buf_span(&b);
    }
}

item_span_t room_value_part(const room_value_t *v, int i)
{
    static const item_span_t none = { "", 0 };

    return i < v->n ? v->part[i] : none;
}

int room_value_same(const room_value_t *a, const room_value_t *b)
{
    int i;

    for (i = 0; i < ITEM_ROOM_PARTS; i++)
        if (!room_part_same(room_value_part(a, i), room_value_part(b, i)))
            return 0;
    return 1;
}

static void skip(item_span_t *text, apr_size_t n)
{
    text->s += n;
    text->len -= n;
}

int room_kinds(const item_line_t *line)
{
    int i, j, found = 0;

    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];
        item_span_t rest = param->value, word;

        if (param->name.len && !item_span_is(param->name, "TYPE"))
            continue;
        while (item_param_value(&rest, &word)) {
            /* "voice,home" in quotes is a list, too. */
            while (word.len) {
                const char *comma = memchr(word.s, ',', word.len);
                item_span_t one = word;

                one.len = comma ? (apr_size_t)(comma - word.s) : word.len;
                for (j = 0; kinds[j]; j++)
                    if (item_span_is(one, kinds[j]))
                        found |= 1 << j;
                skip(&word, one.len + (comma != NULL));
            }
        }
    }
    return found;
}

/** Octets of a blank, hyphen or mark of direction in UTF-8 (U+00A0, U+2000 to
 * U+206F), as iOS writes them into numbers. */
static apr_size_t blank_at(item_span_t value, apr_size_t i)
{
    const char *s = value.s + i;

    if (value.len - i >= 2 && !memcmp(s, "\xc2\xa0", 2))
        return 2;
    return value.len - i >= 3 && *s == '\xe2'
           && (s[1] == '\x80'
               || (s[1] == '\x81' && (unsigned char)s[2] < 0xb0)) ? 3 : 0;
}

int room_has_words(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        apr_size_t blank = blank_at(value, i);

        /* "p" and "w" are pauses to a phone. */
        if (blank)
            i += blank - 1;
        else if ((unsigned char)value.s[i] >= 0x80
                 || (apr_isalpha(value.s[i]) && !strchr("pPwW", value.s[i])))
            return 1;
    }
    return 0;
}

/* ---- learning ------------------------------------------------------------- */

int room_is_item(const item_part_t *part)
{
    return part->kind >= 0;
}

/** Which characters has it? */
static int note_blocks(item_room_t *room, item_span_t text)
{
    int blocks = (int)item_image_blocks(text);
    room_seen_t *all = blocks ? room_seen(room, ITEM_ROOM_ALL) : NULL;

    if (!all || !(blocks & ~all->kinds))
        return 0;
    all->kinds |= blocks;
    return 1;
}

/** How long is a component? */
static int note_length(room_seen_t *seen, int i, item_span_t text)
{
    apr_size_t chars = room_chars(text);
    int news = text.len > seen->octets[i] || chars > seen->chars[i];

    if (text.len > seen->octets[i])
        seen->octets[i] = text.len;
    if (chars > seen->chars[i])
        seen->chars[i] = chars;
    return news;
}

static int note_line(item_room_t *room, apr_hash_t *counts,
                     const item_line_t *line, apr_pool_t *p)
{
    const char *name = item_span_upper(line->name, p);
    room_seen_t *seen = room_seen(room, name);
    int *count = apr_hash_get(counts, name, APR_HASH_KEY_STRING);
    int i, news = 0, found = room_kinds(line);
    room_value_t v;

    if (!seen)
        return 0;
    if (!count) {       /* of all kinds, of each, and those preferred */
        count = apr_pcalloc(p, (2 + ROOM_KINDS) * sizeof(*count));
        apr_hash_set(counts, name, APR_HASH_KEY_STRING, count);
        news = seen->items < ITEM_ROOM_CERTAIN;
        seen->items += news;
    }
    count[1 + ROOM_KINDS] += item_is_preferred(line);
    if (++*count > seen->most) {
        seen->most = *count;
        news = 1;
    }
    if (++count[1 + found] > seen->alike) {
        seen->alike = count[1 + found];
        news = 1;
    }
    if (item_span_is(line->name, "TEL") && room_has_words(line->value))
        found |= ROOM_WORDS;
    if (found & ~seen->kinds) {
        seen->kinds |= found;
        news = 1;
    }
    room_value_read(&v, line, p);
    for (i = 0; i < v.n; i++)
        news |= note_length(seen, i, v.part[i])
                | note_blocks(room, v.part[i]);
    return news;
}

/** Non-zero if all words of a name are in another. */
static int is_made_of(item_span_t fn, item_span_t n, apr_pool_t *p)
{
    item_buf_t a = { NULL, NULL, 0, 0 }, b = { NULL, NULL, 0, 0 };
    char *words, *last, *word;

    a.p = b.p = p;
    item_value_text(&a, fn);
    item_value_text(&b, n);
    item_buf_putc(&a, '\0');
    item_buf_putc(&b, '\0');
    words = apr_pstrdup(p, a.s);
    while ((word = apr_strtok(words, " ,;", &last)) != NULL) {
        words = NULL;
        if (!strstr(b.s, word))
            return 0;
    }
    return 1;
}

static int is_separators(item_span_t value)
{
    apr_size_t i = 0;

    while (i < value.len && strchr("; ", value.s[i]))
        i++;
    return i == value.len;
}

/** Has it an FN that it did not make of N?  Noted as a kind of FN. */
static int note_fn(item_room_t *room, const item_part_t *card, apr_pool_t *p)
{
    const item_entry_t *fn = item_part_find(card, "FN");
    const item_entry_t *n = item_part_find(card, "N");
    room_seen_t *seen = fn && n ? room_seen(room, "FN") : NULL;

    /* Beside an empty N it may have made it of something else. */
    if (!seen || seen->kinds || is_separators(n->line.value)
        || is_made_of(fn->line.value, n->line.value, p))
        return 0;
    seen->kinds = 1;
    return 1;
}

/** A word of a rule: "BYDAY=MO,TH" in "FREQ=WEEKLY;BYDAY=MO,TH". */
static int rule_part(item_span_t rule, const char *name, item_span_t *value)
{
    item_span_t word;
    apr_size_t n = strlen(name);

    while (item_value_next(&rule, ';', &word)) {
        if (word.len > n && word.s[n] == '='
            && !strncasecmp(word.s, name, n)) {
            value->s = word.s + n + 1;
            value->len = word.len - n - 1;
            return 1;
        }
    }
    return 0;
}

apr_uint32_t item_room_rule(item_span_t rule)
{
    static const char *const freqs[] = {
        "DAILY", "WEEKLY", "MONTHLY", "YEARLY", NULL
    };
    static const char *const parts[] = {
        "BYDAY", "BYMONTHDAY", "BYMONTH", NULL
    };
    item_span_t freq, value;
    int kind = 0, several = 0, by = 0, one_of_set, i;

    if (!rule_part(rule, "FREQ", &freq))
        return 0;
    one_of_set = rule_part(rule, "BYSETPOS", &value)
                 && !memchr(value.s, ',', value.len);
    while (freqs[kind] && !item_span_is(freq, freqs[kind]))
        kind++;
    /* Each week is on a day of it; and each day that is one of these is such
     * a week. */
    if (kind == 0 && rule_part(rule, "BYDAY", &value))
        kind = 1;
    by = kind == 1;
    for (i = 0; parts[i]; i++) {
        if (rule_part(rule, parts[i], &value)) {
            /* "TH" of a month or year are all of its Thursdays; but of a set
             * of which one counts. */
            several |= memchr(value.s, ',', value.len) != NULL
                       || (i == 0 && kind > 1 && apr_isalpha(*value.s)
                           && !one_of_set);
            by |= i == 0;
        }
    }
    /* Days counted by the year are another list than "each year". */
    if (rule_part(rule, "BYYEARDAY", &value))
        return 1u << (16 + (memchr(value.s, ',', value.len) != NULL));
    /* Days of the week or of the month, one or several. */
    return 1u << (kind * 4 + by * 2 + several);
}

static int note_rule(item_room_t *room, const item_part_t *part)
{
    const item_entry_t *rule = item_part_find(part, "RRULE");
    room_seen_t *seen = rule ? room_seen(room, "RRULE") : NULL;
    apr_uint32_t kind = seen ? item_room_rule(rule->line.value) : 0;

    if (!seen || !(kind & ~(apr_uint32_t)seen->kinds))
        return 0;
    seen->kinds |= (int)kind;
    return 1;
}

apr_uint32_t item_room_rules(const item_room_t *room)
{
    const room_seen_t *seen = apr_hash_get(room->names, "RRULE",
                                           APR_HASH_KEY_STRING);

    return seen ? (apr_uint32_t)seen->kinds : 0;
}

/** Is a task due at a time of the clock?  (Midnight is what devices make of a
 * day.) */
static int note_due(item_room_t *room, const item_part_t *part)
{
    static const item_span_t no_zone = { "", 0 };
    const item_entry_t *due = item_part_find(part, "DUE");
    room_seen_t *seen = due ? room_seen(room, "DUE") : NULL;
    item_time_t t;

    if (!seen || seen->kinds
        || !item_time_parse(&t, item_span_trim(due->line.value), no_zone)
        || t.kind == ITEM_TIME_DATE || t.secs % ITEM_CAL_DAY == 0)
        return 0;
    seen->kinds = 1;
    return 1;
}

int item_room_due_times(const item_room_t *room)
{
    const room_seen_t *seen = apr_hash_get(room->names, "DUE",
                                           APR_HASH_KEY_STRING);

    return seen && seen->kinds;
}

/** Has a task an alarm, but no date? */
static int note_dateless(item_room_t *room, const item_part_t *part)
{
    room_seen_t *seen;

    if (part->kind != (int)ITEM_VTODO || item_part_find(part, "DTSTART")
        || item_part_find(part, "DUE"))
        return 0;
    seen = room_seen(room, ITEM_ROOM_ALARMS);
    if (!seen || seen->kinds)
        return 0;
    seen->kinds = 1;
    return 1;
}

int item_room_dateless_alarms(const item_room_t *room)
{
    const room_seen_t *seen = apr_hash_get(room->names, ITEM_ROOM_ALARMS,
                                           APR_HASH_KEY_STRING);

    return seen && seen->kinds;
}

item_longest_t item_room_longest(const item_room_t *room, const char *name,
                                 int part)
{
    const room_seen_t *seen = apr_hash_get(room->names, name,
                                           APR_HASH_KEY_STRING);
    item_longest_t longest = { 0, 0, 0 };

    if (seen) {
        longest.cuts = seen->cuts;
        longest.octets = seen->octets[part];
        longest.chars = seen->chars[part];
    }
    return longest;
}

static const struct {
    const char *name;
    int bit;
} preferring[] = {
    { "TEL", ITEM_TAKE_PREF_TEL }, { "EMAIL", ITEM_TAKE_PREF_EMAIL }
};

/** Has it several of which none is preferred? */
static int note_prefs(item_room_t *room, apr_hash_t *counts)
{
    room_seen_t *seen;
    const int *count;
    unsigned i;
    int news = 0;

    for (i = 0; i < sizeof(preferring) / sizeof(preferring[0]); i++) {
        count = apr_hash_get(counts, preferring[i].name, APR_HASH_KEY_STRING);
        seen = count ? room_seen(room, preferring[i].name) : NULL;
        if (seen && *count > 1 && !count[1 + ROOM_KINDS]
            && !(seen->kinds & ROOM_PREF_NONE)) {
            seen->kinds |= ROOM_PREF_NONE;
            news = 1;
        }
    }
    return news;
}

int item_room_prefers(const item_room_t *room)
{
    const room_seen_t *seen;
    unsigned i;
    int bits = 0, both = ROOM_PREF_KEPT | ROOM_PREF_NONE;

    for (i = 0; i < sizeof(preferring) / sizeof(preferring[0]); i++) {
        seen = apr_hash_get(room->names, preferring[i].name,
                            APR_HASH_KEY_STRING);
        if (seen && (seen->kinds & both) == both)
            bits |= preferring[i].bit;
    }
    return bits;
}

static int note_part(item_room_t *room, const item_part_t *part,
                     apr_pool_t *p)
{
    apr_hash_t *counts = apr_hash_make(p);
    int i, news = 0, alarms = 0;
    room_seen_t *seen;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part && room_is_item(part))
            alarms += item_span_is(entry->part->name, ITEM_ROOM_ALARMS);
        else if (entry->part)
            news += note_part(room, entry->part, p);
        else if (room_is_item(part) && !entry->line.junk
                 && entry->line.value.len
                 && !room_is_other(entry->line.name))
            news += note_line(room, counts, &entry->line, p);
    }
    if (part->kind == (int)ITEM_VCARD30)
        news += note_fn(room, part, p) + note_prefs(room, counts);
    else if (room_is_item(part))
        news += note_rule(room, part) + note_due(room, part);
    if (alarms)
        news += note_dateless(room, part);
    seen = alarms ? room_seen(room, ITEM_ROOM_ALARMS) : NULL;
    if (seen && (alarms > seen->most || seen->items < ITEM_ROOM_CERTAIN)) {
        seen->most = alarms > seen->most ? alarms : seen->most;
        seen->alike = seen->most;
        seen->items += seen->items < ITEM_ROOM_CERTAIN;
        news++;
    }
    return news;
}

int item_room_note(item_room_t *room, const char *data, apr_size_t len,
                   apr_pool_t *p)
{
    item_doc_t *doc;

    if (item_doc_read(&doc, NULL, data, len, p) != APR_SUCCESS || !doc->root)
        return 0;
    return note_part(room, doc->root, p) > 0;
}

/* ---- characters ----------------------------------------------------------- */

void room_image_init(item_image_t *image, const item_room_t *room,
                       apr_pool_t *p)
{
    const room_seen_t *all = apr_hash_get(room->names, ITEM_ROOM_ALL,
                                          APR_HASH_KEY_STRING);

    item_image_init(image, room->charset, all ? (unsigned)all->kinds : 0, p);
}

int room_complete_note(item_image_t *image, const item_text_t *base,
                         item_text_t *theirs, apr_pool_t *p)
{
    item_span_t was = { base->data, base->len };
    item_span_t is = { theirs->data, theirs->len };
    item_buf_t out = { NULL, NULL, 0, 0 };
    int garbled;

    if (item_image_reads(image, was, is, &garbled) == 2) {
        *theirs = *base;
        return garbled;
    }
    out.p = p;
    if (!item_image_restore(image, was, is, &out))
        return 0;
    item_buf_putc(&out, '\0');
    theirs->data = out.s;
    theirs->len = out.len - 1;
    return 1;
}
