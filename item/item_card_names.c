/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Words of vCard 4.0: see item_card_names.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_card_names.h"

/* RFC 6350, 6474, 6715, 8605 and 9554.  Groups have names of Apple's, which
 * all programs of 3.0 know. */
static const struct {
    const char *v4, *v3;
    int up_only;                /* others mean something else by v3 */
} names[] = {
    { "KIND", "X-ADDRESSBOOKSERVER-KIND", 0 },
    { "MEMBER", "X-ADDRESSBOOKSERVER-MEMBER", 0 },
    { "ANNIVERSARY", "X-ANNIVERSARY", 0 }, { "GENDER", "X-GENDER", 0 },
    { "LANG", "X-LANG", 0 }, { "RELATED", "X-RELATED", 0 },
    { "CLIENTPIDMAP", "X-CLIENTPIDMAP", 0 }, { "XML", "X-XML", 0 },
    { "BIRTHPLACE", "X-BIRTHPLACE", 0 }, { "DEATHPLACE", "X-DEATHPLACE", 0 },
    { "DEATHDATE", "X-DEATHDATE", 0 }, { "EXPERTISE", "X-EXPERTISE", 0 },
    { "HOBBY", "X-HOBBY", 0 }, { "INTEREST", "X-INTEREST", 0 },
    { "ORG-DIRECTORY", "X-ORG-DIRECTORY", 0 },
    { "CONTACT-URI", "X-CONTACT-URI", 0 }, { "CREATED", "X-CREATED", 1 },
    { "GRAMGENDER", "X-GRAMGENDER", 0 }, { "LANGUAGE", "X-LANGUAGE", 1 },
    { "PRONOUNS", "X-PRONOUNS", 0 },
    { "SOCIALPROFILE", "X-SOCIALPROFILE", 1 }
};

const char *card_name_up(item_span_t name)
{
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (item_span_is(name, names[i].v4))
            return names[i].v3;
    return NULL;
}

const char *card_name_down(item_span_t name)
{
    unsigned i;

    if (name.len < 3 || name.s[1] != '-')
        return NULL;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!names[i].up_only && item_span_is(name, names[i].v3))
            return names[i].v4;
    return NULL;
}

int card_is_media(item_span_t name)
{
    return item_span_is(name, "PHOTO") || item_span_is(name, "LOGO")
           || item_span_is(name, "SOUND") || item_span_is(name, "KEY");
}

static const struct {
    const char *media, *type;
} media_types[] = {
    { "application/pgp-keys", "PGP" }, { "application/pkix-cert", "X509" },
    { "application/x-x509-ca-cert", "X509" },
    { "application/octet-stream", "" }
};

void card_media_type(item_buf_t *b, item_span_t media)
{
    const char *semi = memchr(media.s, ';', media.len), *slash;
    apr_size_t i, from = b->len;

    if (semi)
        media.len = (apr_size_t)(semi - media.s);
    for (i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++) {
        if (item_span_is(media, media_types[i].media)) {
            item_buf_puts(b, media_types[i].type);
            return;
        }
    }
    slash = memchr(media.s, '/', media.len);
    if (!slash)
        return;
    item_buf_add(b, slash + 1, media.len - (apr_size_t)(slash + 1 - media.s));
    for (i = from; i < b->len; i++)
        b->s[i] = (char)apr_toupper(b->s[i]);
}

void card_media_name(item_buf_t *b, item_span_t type, item_span_t name)
{
    apr_size_t i, from;

    for (i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++) {
        if (item_span_is(type, media_types[i].type)) {
            item_buf_puts(b, media_types[i].media);
            return;
        }
    }
    item_buf_puts(b, item_span_is(name, "SOUND") ? "audio/"
                     : item_span_is(name, "KEY") ? "application/" : "image/");
    from = b->len;
    item_buf_add(b, type.s, type.len);
    for (i = from; i < b->len; i++)
        b->s[i] = (char)apr_tolower(b->s[i]);
}
