/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A card that comes back, beside what the device was sent: see
 * item_card_int.h.
 *
 * Most of its properties come back as they were sent, octet by octet: those
 * are the store's lines, and need not be understood.  Only what is left on
 * both sides is compared by what it says (item_card_like.c).
 */
#include <string.h>

#include <apr_strings.h>

#include "item/item_card_int.h"
#include "item/item_doc.h"

/* What card_export() ends with. */
#define END  "END:VCARD\r\n"

/* How many properties with the same octets are looked at. */
#define SAME  16

/** A property that came. */
typedef struct came_t {
    const card_cut_t *cut;      /* as it was sent; or NULL: */
    item_span_t line;           /* what import made of it */
} came_t;

typedef struct beside_t {
    const item_form_t *form;
    item_span_t device;
    apr_array_header_t *cuts;
    int next;                   /* which of them is expected */
    card_cut_t **buckets;       /* of cuts, by their octets */
    apr_size_t mask;
    int version;                /* of the store's card */
    int empty_n;                /* an N came that says nothing */
    apr_pool_t *p;
} beside_t;

static card_cut_t *cut_at(const beside_t *k, int i)
{
    return &APR_ARRAY_IDX(k->cuts, i, card_cut_t);
}

/** What the device was sent of one. */
static item_span_t sent(const beside_t *k, const card_cut_t *cut)
{
    const card_cut_t *last = cut_at(k, k->cuts->nelts - 1);
    apr_size_t end = cut == last ? k->device.len - strlen(END) : cut[1].at;
    item_span_t octets;

    octets.s = k->device.s + cut->at;
    octets.len = end - cut->at;
    return octets;
}

static void make_buckets(beside_t *k)
{
    apr_size_t n = 16;
    card_cut_t *cut, **bucket;
    int i;

    while (n < (apr_size_t)k->cuts->nelts)
        n *= 2;
    k->mask = n - 1;
    k->buckets = apr_pcalloc(k->p, n * sizeof(card_cut_t *));
    for (i = k->cuts->nelts - 1; i >= 0; i--) {
        cut = cut_at(k, i);
        cut->hash = card_hash(sent(k, cut));
        bucket = &k->buckets[cut->hash & k->mask];
        cut->next = *bucket;
        *bucket = cut;
    }
}

/** The first that was sent in these octets and has not come yet. */
static card_cut_t *take(beside_t *k, item_span_t raw)
{
    apr_uint64_t hash = card_hash(raw);
    card_cut_t **at = &k->buckets[hash & k->mask], *cut;
    item_span_t octets;
    int looked = 0;

    while (looked < SAME && (cut = *at) != NULL) {
        octets = sent(k, cut);
        if (cut->came) {        /* with others at once: forget it here, too */
            *at = cut->next;
        }
        else if (cut->hash == hash && octets.len == raw.len
                 && !memcmp(octets.s, raw.s, raw.len)) {
            cut->came = 1;
            *at = cut->next;
            return cut;
        }
        else {
            looked++;
            at = &cut->next;
        }
    }
    return NULL;
}

/** Take what stands there as it was sent, one behind the other.  Each is
 * followed by what was sent behind it, so it ends where it did: nothing of it
 * need be read. */
static void take_run(beside_t *k, card_reader_t *r, apr_array_header_t *all)
{
    const card_cut_t *last = cut_at(k, k->cuts->nelts - 1);
    item_span_t octets, two;
    card_cut_t *cut;
    came_t came;

    for (; k->next < k->cuts->nelts; k->next++) {
        cut = cut_at(k, k->next);
        two = octets = sent(k, cut);
        two.len += cut == last ? strlen(END) : sent(k, cut + 1).len;
        if (cut->came || (apr_size_t)(r->end - r->pos) < two.len
            || memcmp(r->pos, two.s, two.len))
            return;
        cut->came = 1;
        memset(&came, 0, sizeof(came));
        came.cut = cut;
        APR_ARRAY_PUSH(all, came_t) = came;
        r->pos += octets.len;
    }
}

/** Pass over BEGIN and VERSION, where the first property follows as it was
 * sent. */
static void pass_head(const beside_t *k, card_reader_t *r, item_span_t in)
{
    const card_cut_t *first = cut_at(k, 0);
    apr_size_t len = first->at + sent(k, first).len;

    if (in.len >= len && !memcmp(in.s, k->device.s, len))
        r->pos = in.s + first->at;
}

/** All that came, in order.
 * @param same  the same octets mean the same as in what was sent */
static apr_status_t read_all(beside_t *k, card_conv_t *c,
                             card_reader_t *r, int same,
                             apr_array_header_t *all)
{
    card_prop_t prop;
    apr_status_t rv;
    came_t came;

    for (;;) {
        if (same)
            take_run(k, r, all);
        rv = card_read(r, &prop);
        if (rv != APR_SUCCESS)
            return rv == APR_EOF ? APR_SUCCESS : rv;
        came.cut = same ? take(k, prop.raw) : NULL;
        k->next = came.cut ? (int)(came.cut - cut_at(k, 0)) + 1
                           : k->next + 1;
        if (!came.cut) {
            rv = card_import_prop(c, &prop);
            k->empty_n |= rv == APR_EOF && item_span_is(prop.line.name, "N");
            if (rv == APR_EOF)
                continue;
            if (rv != APR_SUCCESS)
                return rv;
            came.line = item_buf_span(&c->line);
            came.line.s = apr_pmemdup(k->p, came.line.s, came.line.len);
        }
        APR_ARRAY_PUSH(all, came_t) = came;
    }
}

/** Lines that were sent and did not come as they were, as import makes them,
 * with the store's that they were made of. */
static card_like_t *make_like(const beside_t *k)
{
    card_like_t *like = card_like_make((card_version_e)k->version, k->form,
                                       k->p);
    const char *end;
    card_reader_t r;
    card_prop_t prop;
    card_conv_t c;
    int i;

    if (card_import_begin(&c, &r, k->form, k->device, k->version, 0, k->p)
        != APR_SUCCESS)
        return like;
    for (i = 0; i < k->cuts->nelts; i++) {
        const card_cut_t *cut = cut_at(k, i);
        item_span_t octets = sent(k, cut);

        if (cut->came)
            continue;
        end = octets.s + octets.len;
        r.pos = octets.s;
        while (r.pos < end && card_read(&r, &prop) == APR_SUCCESS
               && prop.raw.s < end)
            if (card_import_prop(&c, &prop) == APR_SUCCESS)
                card_like_add(like, item_buf_span(&c.line), cut->raw, -1);
    }
    return like;
}

/** From a line on that did not come as it was sent. */
static card_like_t *expect_all(const beside_t *k,
                               const apr_array_header_t *all, int i)
{
    card_like_t *like = make_like(k);

    for (; i < all->nelts; i++) {
        const came_t *came = &APR_ARRAY_IDX(all, i, const came_t);

        if (!came->cut)
            card_like_expect(like, came->line);
    }
    return like;
}

static void put_all(item_buf_t *b, const beside_t *k,
                    const apr_array_header_t *all)
{
    card_like_t *like = NULL;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const came_t *came = &APR_ARRAY_IDX(all, i, const came_t);

        if (came->cut) {
            item_raw_add(b, came->cut->raw, "\r\n");
            continue;
        }
        if (!like)
            like = expect_all(k, all, i);
        card_like_put(b, like, came->line, -1);
    }
}

/** The names in a device's card. @return 0: it cannot be read */
static int find_names(const beside_t *k, item_span_t card,
                      card_names_t *names)
{
    card_reader_t r;
    card_prop_t prop;
    card_conv_t c;

    card_names_init(names, k->p);
    if (card_import_begin(&c, &r, k->form, card, k->version, 0, k->p)
        != APR_SUCCESS)
        return 0;
    while (card_read(&r, &prop) == APR_SUCCESS)
        if (card_import_prop(&c, &prop) == APR_SUCCESS)
            card_names_note(names, &prop);
    return 1;
}

/** Non-zero if a device that has sent parts of names has emptied those that it
 * had, and calls the card otherwise.  Else an empty N says nothing: so do those
 * of devices that hold none. */
static int has_emptied_name(const beside_t *k, item_span_t in)
{
    card_names_t was, now;

    return k->empty_n && card_form_has_n(k->form)
           && find_names(k, k->device, &was) && find_names(k, in, &now)
           && was.has_n && !now.has_n && card_names_differ(&was, &now);
}

apr_status_t card_import_beside(item_buf_t *b, const item_form_t *form,
                                item_span_t in, item_span_t device,
                                int sent_as, apr_array_header_t *cuts,
                                int version, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 32, sizeof(came_t));
    card_reader_t r;
    card_conv_t c;
    beside_t k;
    apr_status_t rv;
    int same;

    rv = card_import_begin(&c, &r, form, in, version, 0, p);
    if (rv != APR_SUCCESS)
        return rv;
    memset(&k, 0, sizeof(k));
    k.form = form;
    k.device = device;
    k.cuts = cuts;
    k.next = 0;
    k.version = version;
    k.p = p;
    make_buckets(&k);
    same = cuts->nelts && (int)r.version == sent_as;
    if (same)
        pass_head(&k, &r, in);
    rv = read_all(&k, &c, &r, same, all);
    if (rv != APR_SUCCESS)
        return rv;
    card_begin(b, c.to);
    if (has_emptied_name(&k, in))
        item_buf_puts(b, CARD_EMPTY_N);
    put_all(b, &k, all);
    item_buf_puts(b, END);
    return APR_SUCCESS;
}
