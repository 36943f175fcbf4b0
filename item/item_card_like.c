/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the store has in place of a line of the device: see item_card_int.h.
 *
 * The store's card is made into the device's form and read again; each line
 * that comes out is kept with the line of the store's that it came of.  When
 * the device's card is read by the same functions, a line that is among them
 * is the store's.
 */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_card_int.h"
#include "item/item_doc.h"
#include "item/item_norm.h"
#include "item/item_room.h"

/* How many lines with the same value are looked at. */
#define SAME  16

/* Octets of a number that are looked at for what a device has left out; a
 * longer one is no number, and many could be held against it. */
#define NUMBER  256

typedef struct entry_t {
    struct entry_t *next;       /* of the same bucket */
    apr_uint64_t hash;          /* of name and value as they are compared */
    item_span_t key, line, raw;
    item_span_t value, group;   /* of line */
    int slot;                   /* of a form with fields; -1 */
} entry_t;

struct card_like_t {
    apr_pool_t *p;
    const item_form_t *form;
    card_version_e version;
    entry_t **buckets;          /* made when all are known */
    apr_size_t mask;
    entry_t *all;               /* before that */
    int count;
    int nicknames;              /* lines of such that are not taken yet */
    item_buf_t key, line;       /* scratch */
    item_span_t birthday;       /* the store's BDAY */
    item_span_t made;           /* N that the store has not: made of its FN, */
    item_span_t fn;             /* which is there; */
    item_span_t cut;            /* what a device has left of the former, */
    item_span_t cut_fn;         /* and FN that is made of that */
    item_param_t params[2][ITEM_MAX_PARAMS];
};

card_like_t *card_like_make(card_version_e version, const item_form_t *form,
                            apr_pool_t *p)
{
    card_like_t *like = apr_palloc(p, sizeof(*like));

    memset(like, 0, sizeof(*like));
    like->p = like->key.p = like->line.p = p;
    like->version = version;
    like->form = form;
    return like;
}

apr_uint64_t card_hash(item_span_t s)
{
    apr_uint64_t h = APR_UINT64_C(14695981039346656037), eight;
    const char *at = s.s, *end = s.s + s.len;

    for (; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        h = (h ^ eight) * APR_UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    for (; at < end; at++)
        h = (h ^ (unsigned char)*at) * APR_UINT64_C(1099511628211);
    return h ^ h >> 32;
}

/** Cut a line. @return 0: that cannot be done */
static int cut(item_line_t *line, item_param_t *params, item_span_t text)
{
    memset(line, 0, sizeof(*line));
    line->params = params;
    return item_line_split(line, text) == APR_SUCCESS && !line->junk;
}

/** Name and value, as they are compared. */
static item_span_t key_of(card_like_t *like, const item_line_t *line)
{
    item_buf_t *b = &like->key;
    item_span_t data = item_data_base64(line->value, NULL);
    apr_size_t i;

    b->len = 0;
    item_buf_add(b, line->name.s, line->name.len);
    for (i = 0; i < b->len; i++)
        b->s[i] = (char)apr_toupper(b->s[i]);
    item_buf_putc(b, ':');
    if (data.len)
        item_value_base64(b, data);
    else
        item_prop_value(b, ITEM_VCARD30, line);
    if (item_span_is(line->name, "GENDER")
        || item_span_is(line->name, "X-GENDER"))
        while (b->s[b->len - 1] == ';' || b->s[b->len - 1] == '\\')
            b->len--;           /* "M;": nothing is said besides */
    return item_buf_span(b);
}

/** Of what parts of a number a character is one: 0 of what only parts the
 * digits, and of "p" and "w", which some say for pauses.  Others than those of
 * ASCII may be letters, or part digits as well (iOS: blanks without a break). */
static unsigned class_of(char c)
{
    return apr_isdigit(c) || c == '+' || c == '*' ? 1
        : apr_isalpha(c) ? !strchr("pwPW", c) * 2u
        : c == ',' || c == ';' ? 4 : c == '#' ? 8
        : (unsigned char)c >= 0x80 ? 16 : 0;
}

/** Whether a number is another one but for parts of which the device has none
 * in its own. */
static int is_rest(item_span_t number, item_span_t device)
{
    unsigned has = 0;
    apr_size_t i, at = 0;

    if (number.len > NUMBER)
        return 1;
    for (i = 0; i < device.len; i++)
        has |= class_of(device.s[i]);
    for (i = 0; i < device.len; i++) {
        if (!class_of(device.s[i]))
            continue;
        while (at < number.len && !(class_of(number.s[at]) & has))
            at++;
        if (at == number.len || number.s[at++] != device.s[i])
            return 0;
    }
    while (at < number.len && !(class_of(number.s[at]) & has))
        at++;
    return at == number.len;
}

/** What a device may leave of a number with words in it, pauses or blanks of
 * other kinds: its digits.
 * @param device  any number, as it came back
 * @return len 0: a number that devices can hold, or hardly one at all */
static item_span_t digits_of(card_like_t *like, const item_line_t *line,
                             int device)
{
    static const item_span_t none = { "", 0 };
    item_buf_t *b = &like->key;
    apr_size_t i;
    unsigned words = 0;

    if (!item_span_is(line->name, "TEL"))
        return none;
    b->len = 0;
    item_buf_puts(b, "TEL#");
    for (i = 0; i < line->value.len; i++) {
        char c = line->value.s[i];

        if (class_of(c) == 1)
            item_buf_putc(b, c);
        words |= class_of(c) & (2 | 4 | 16);
    }
    return (words || device) && b->len >= 4 + 3 ? item_buf_span(b) : none;
}

static item_span_t keep(card_like_t *like, item_span_t s)
{
    s.s = s.len ? apr_pmemdup(like->p, s.s, s.len) : "";
    return s;
}

static int is_nickname(const entry_t *entry)
{
    return entry->key.len >= 9 && !memcmp(entry->key.s, "NICKNAME:", 9);
}

void card_like_add(card_like_t *like, item_span_t line, item_span_t raw,
                   int slot)
{
    entry_t *entry;
    item_line_t parts;
    item_span_t key;

    if (!cut(&parts, like->params[0], line))
        return;
    entry = apr_palloc(like->p, sizeof(*entry));
    key = digits_of(like, &parts, 0);
    entry->key = keep(like, key.len ? key : key_of(like, &parts));
    entry->slot = slot;
    entry->hash = card_hash(entry->key);
    entry->line = keep(like, line);
    entry->value = entry->line;
    entry->value.s += parts.value.s - line.s;
    entry->value.len = parts.value.len;
    entry->group = entry->line;
    entry->group.len = parts.group.len;
    entry->raw = raw;
    entry->next = like->all;
    like->all = entry;
    like->count++;
    like->nicknames += is_nickname(entry);
    if (item_span_is(parts.name, "BDAY"))
        like->birthday = raw;
    if (!raw.len && item_span_is(parts.name, "N"))
        like->made = entry->value;
    if (item_span_is(parts.name, "FN"))
        like->fn = raw;
}

static void make_buckets(card_like_t *like)
{
    apr_size_t n = 16;
    entry_t *entry, *next;

    while (n < (apr_size_t)like->count)
        n *= 2;
    like->mask = n - 1;
    like->buckets = apr_pcalloc(like->p, n * sizeof(entry_t *));
    /* They come last first, so the first of a bucket is the first. */
    for (entry = like->all; entry; entry = next) {
        entry_t **bucket = &like->buckets[entry->hash & like->mask];

        next = entry->next;
        entry->next = *bucket;
        *bucket = entry;
    }
    like->all = NULL;
}

static int equal(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

/** How near an entry is to a device's line of the same key: an address may be
 * another but for its case, a label that of another group.
 * @return -1: it is another number, with pauses or words of the device */
static int nearness(const entry_t *entry, item_span_t line,
                    const item_line_t *device)
{
    if (equal(entry->line, line))
        return 3;
    if (entry->key.len > 4 && !memcmp(entry->key.s, "TEL#", 4)
        && !is_rest(entry->value, device->value))
        return -1;
    if (!equal(entry->value, device->value))
        return 0;
    return entry->group.len == device->group.len
           && (!device->group.len
               || !strncasecmp(entry->group.s, device->group.s,
                               device->group.len)) ? 2 : 1;
}

static entry_t *take_out(card_like_t *like, entry_t **at)
{
    entry_t *entry = *at;

    *at = entry->next;
    like->nicknames -= is_nickname(entry);
    return entry;
}

/** Take an entry out: the nearest one, of those the first. */
static entry_t *take(card_like_t *like, item_span_t key, item_span_t line,
                     const item_line_t *device)
{
    apr_uint64_t hash = card_hash(key);
    entry_t **at, **found = NULL;
    int looked = 0, near, most = -1;

    for (at = &like->buckets[hash & like->mask]; *at && looked < SAME;
         at = &(*at)->next) {
        if ((*at)->hash != hash || !equal((*at)->key, key))
            continue;
        looked++;
        near = nearness(*at, line, device);
        if (near > most) {
            found = at;
            most = near;
        }
    }
    return found ? take_out(like, found) : NULL;
}

/** Take an entry out by its field. */
static entry_t *take_slot(card_like_t *like, int slot)
{
    entry_t **at;
    apr_size_t i;

    for (i = 0; i <= like->mask; i++)
        for (at = &like->buckets[i]; *at; at = &(*at)->next)
            if ((*at)->slot == slot)
                return take_out(like, at);
    return NULL;
}

/** The store's line unfolded. */
static item_span_t unfold(card_like_t *like, item_span_t raw)
{
    const char *s = raw.s, *end = s + raw.len, *from;
    item_buf_t *b = &like->line;

    b->len = 0;
    while (s < end) {
        for (from = s; s < end && *s != '\r' && *s != '\n'; s++)
            ;
        if (from < s && b->len && (*from == ' ' || *from == '\t'))
            from++;
        item_buf_add(b, from, (apr_size_t)(s - from));
        while (s < end && (*s == '\r' || *s == '\n'))
            s++;
    }
    return item_buf_span(b);
}

static int is_type(const item_line_t *line, const item_param_t *param)
{
    return (!param->name.len && card_encoding(line, param) < 0)
           || item_span_is(param->name, "TYPE")
           || item_span_is(param->name, "PREF");
}

static void put_param(item_buf_t *b, const item_param_t *param)
{
    item_buf_putc(b, ';');
    if (param->name.len) {
        item_buf_add(b, param->name.s, param->name.len);
        item_buf_putc(b, '=');
    }
    item_buf_add(b, param->value.s, param->value.len);
}

/** Non-zero for data, whose type says how it is to be read, no more. */
static int is_data(const item_line_t *line)
{
    return item_line_param(line, "ENCODING") != NULL
           || item_data_base64(line->value, NULL).len != 0;
}

/** The store's value with the device's types, and the store's parameters
 * else. */
static void put_mixed(item_buf_t *b, card_like_t *like, const entry_t *entry,
                      const item_line_t *device)
{
    item_buf_t mixed = { NULL, NULL, 0, 0 };
    item_line_t ours;
    int i;

    if (!cut(&ours, like->params[1], unfold(like, entry->raw))
        || is_data(&ours)) {
        item_raw_add(b, entry->raw, "\r\n");
        return;
    }
    mixed.p = like->p;
    item_buf_add(&mixed, ours.group.s, ours.group.len);
    if (ours.group.len)
        item_buf_putc(&mixed, '.');
    item_buf_add(&mixed, ours.name.s, ours.name.len);
    for (i = 0; i < device->nparams; i++)
        if (is_type(device, &device->params[i]))
            put_param(&mixed, &device->params[i]);
    for (i = 0; i < ours.nparams; i++)
        if (!is_type(&ours, &ours.params[i]))
            put_param(&mixed, &ours.params[i]);
    item_buf_putc(&mixed, ':');
    item_buf_add(&mixed, ours.value.s, ours.value.len);
    item_fold_add(b, item_buf_span(&mixed), "\r\n");
}

/** Non-zero if a value is a list of several words. */
static int is_list(item_span_t value)
{
    item_span_t word;

    return item_value_next(&value, ',', &word) && value.s;
}

/** A field's text as the value of a line: of several nicknames the device has
 * but one text. */
static void put_field(item_buf_t *b, const item_line_t *ours,
                      item_span_t value)
{
    apr_size_t i;
    int list = item_span_is(ours->name, "NICKNAME") && is_list(ours->value);

    for (i = 0; i < value.len; i++) {
        int comma = list && value.s[i] == '\\' && i + 1 < value.len
                    && value.s[i + 1] == ',';

        if (!comma && value.s[i] == '\\' && i + 1 < value.len)
            item_buf_putc(b, value.s[i++]);
        if (!comma)
            item_buf_putc(b, value.s[i]);
    }
}

/** All that the store has of a line but the value, and what that is now. */
static int put_ours(item_buf_t *b, card_like_t *like, const entry_t *entry,
                    item_span_t value)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    item_line_t ours;
    int i;

    if (!entry || !entry->raw.len
        || !cut(&ours, like->params[1], unfold(like, entry->raw)))
        return 0;
    text.p = like->p;
    item_buf_add(&text, ours.group.s, ours.group.len);
    if (ours.group.len)
        item_buf_putc(&text, '.');
    item_buf_add(&text, ours.name.s, ours.name.len);
    for (i = 0; i < ours.nparams; i++)
        if (!item_span_is(ours.params[i].name, "VALUE"))
            put_param(&text, &ours.params[i]);
    item_buf_putc(&text, ':');
    put_field(&text, &ours, value);
    item_fold_add(b, item_buf_span(&text), "\r\n");
    return 1;
}

/** Take out the nicknames that are left, where they stand in one line. */
static entry_t *take_nicknames(card_like_t *like)
{
    entry_t **at;
    apr_size_t i;

    for (i = 0; like->nicknames == 1 && i <= like->mask; i++)
        for (at = &like->buckets[i]; *at; at = &(*at)->next)
            if (is_nickname(*at))
                return take_out(like, at);
    return NULL;
}

/** What stands in a field now, or in the one text that 2.1 has for nicknames.
 * @return 0: the store has no such line */
static int put_edited(item_buf_t *b, card_like_t *like,
                      const item_line_t *device, int slot)
{
    static const char *const named[] = {
        "TEL", "EMAIL", "ADR", "URL", "LABEL", "NICKNAME", NULL
    };
    int i = 0;

    while (named[i] && !item_span_is(device->name, named[i]))
        i++;
    if (!named[i] || !like->buckets)
        return 0;
    if (slot >= 0)
        return put_ours(b, like, take_slot(like, slot), device->value);
    return like->form->format == ITEM_FORMAT_VCARD21
           && item_span_is(device->name, "NICKNAME")
           && put_ours(b, like, take_nicknames(like), device->value);
}

/** Give a birthday back its year, of which the device was not told: another
 * day of what it took for 1980. @return 0: it is none such */
static int put_birthday(item_buf_t *b, card_like_t *like,
                        const item_line_t *device)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    item_span_t value = device->value;
    item_line_t ours;

    if (!(like->form->habits & ITEM_HABIT_DATE_1980) || !like->birthday.len
        || !item_span_is(device->name, "BDAY") || value.len < 8
        || memcmp(value.s, "1980", 4)
        || !cut(&ours, like->params[1], unfold(like, like->birthday))
        || ours.value.len < 8 || memcmp(ours.value.s, "1980", 4) >= 0
        || !apr_isdigit(*ours.value.s))
        return 0;
    text.p = like->p;
    item_buf_puts(&text, "BDAY:");
    item_buf_add(&text, ours.value.s, 4);
    item_buf_add(&text, value.s + 4, value.len - 4);
    item_fold_add(b, item_buf_span(&text), "\r\n");
    return 1;
}

static int is_in_word(char c)
{
    return apr_isalnum(c) || (unsigned char)c >= 0x80;
}

/** Non-zero if a part, as a text, is as long as any that came. */
static int is_longest(item_span_t part, item_longest_t longest)
{
    apr_size_t chars = 0, i;

    for (i = 0; i < part.len; i++)
        chars += ((unsigned char)part.s[i] & 0xc0) != 0x80;
    return part.len >= longest.octets || chars >= longest.chars;
}

int card_is_cut(item_span_t text, item_span_t part, item_longest_t longest)
{
    return part.len < text.len && part.len >= ITEM_ROOM_SHORT
           && !memcmp(part.s, text.s, part.len)
           && (longest.cuts || (is_in_word(text.s[part.len])
                                && is_in_word(part.s[part.len - 1])))
           && is_longest(part, longest);
}

/** Note what a device has left of a name that was made for it, and what FN it
 * would make of that: once, since a card has one name. */
static void judge_name(card_like_t *like, item_span_t value)
{
    item_span_t made = like->made, name = value, text, part;
    card_names_t names;
    card_prop_t n;
    int cuts = 0, i;

    like->made.len = 0;
    for (i = 0; i < ITEM_FORM_NAMES && item_value_next(&made, ';', &text);
         i++) {
        if (!item_value_next(&name, ';', &part))
            part.len = 0;
        if (card_is_cut(text, part, like->form->n[i]))
            cuts++;
        else if (!equal(text, part))
            return;
    }
    if (!cuts)
        return;
    like->cut = keep(like, value);
    card_names_init(&names, like->p);
    memset(&n, 0, sizeof(n));
    card_name_set(&n, "N");
    n.line.value = like->cut;
    card_names_note(&names, &n);
    like->cut_fn = item_buf_span(&names.fn);
}

void card_like_expect(card_like_t *like, item_span_t line)
{
    item_line_t device;

    if (like->made.len && cut(&device, like->params[0], line)
        && item_span_is(device.name, "N"))
        judge_name(like, device.value);
}

/** Non-zero for what a device has left of a name that was made for it. */
static int is_made(card_like_t *like, const item_line_t *device)
{
    if (!item_span_is(device->name, "N"))
        return 0;
    if (like->made.len)
        judge_name(like, device->value);
    return like->cut.len && equal(like->cut, device->value);
}

/** Put back FN, if there was one, that a device has made of what it has left of
 * the name that was made of it. */
static int put_fn(item_buf_t *b, card_like_t *like, const item_line_t *device)
{
    item_buf_t text = { NULL, NULL, 0, 0 };

    if (!like->cut_fn.len || !item_span_is(device->name, "FN"))
        return 0;
    text.p = like->p;
    item_unescape(&text, device->value);
    if (!equal(like->cut_fn, item_buf_span(&text)))
        return 0;
    if (like->fn.len)
        item_raw_add(b, like->fn, "\r\n");
    return 1;
}

/** The store's line where a phone writes a backslash and an n of its text as
 * it writes the end of a line. */
static entry_t *take_backslashes(card_like_t *like, item_span_t line)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    item_line_t device;
    apr_size_t i;
    int found = 0;

    if (like->form->format != ITEM_FORMAT_VCARD21
        || !memchr(line.s, '\\', line.len))
        return NULL;
    text.p = like->p;
    for (i = 0; i < line.len; i++) {
        if (line.s[i] == '\\' && i + 1 < line.len) {
            if (line.s[i + 1] == 'n' && ++found)
                item_buf_putc(&text, '\\');
            item_buf_putc(&text, line.s[i++]);
        }
        item_buf_putc(&text, line.s[i]);
    }
    line = item_buf_span(&text);
    return found && cut(&device, like->params[1], line)
           ? take(like, key_of(like, &device), line, &device) : NULL;
}

/** The store's line that a device's is. */
static entry_t *take_any(card_like_t *like, item_span_t line,
                         const item_line_t *device)
{
    entry_t *entry = take(like, key_of(like, device), line, device);
    item_span_t key;

    if (entry)
        return entry;
    key = digits_of(like, device, 1);
    if (key.len)
        return take(like, key, line, device);
    return take_backslashes(like, line);
}

void card_like_put(item_buf_t *b, card_like_t *like, item_span_t line,
                   int slot)
{
    item_line_t device;
    entry_t *entry = NULL;

    memset(&device, 0, sizeof(device));
    if (like && cut(&device, like->params[0], line)) {
        if (!like->buckets)
            make_buckets(like);
        entry = take_any(like, line, &device);
    }
    if (!entry && like && (is_made(like, &device) || put_fn(b, like, &device)
                           || put_birthday(b, like, &device)
                           || put_edited(b, like, &device, slot)))
        return;
    if (!entry)
        item_fold_add(b, line, "\r\n");
    else if (!entry->raw.len)
        return;                 /* the store has no such line */
    else if (equal(entry->line, line))
        item_raw_add(b, entry->raw, "\r\n");
    else
        put_mixed(b, like, entry, &device);
}
