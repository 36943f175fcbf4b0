/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Which field of SIF-C is which property: see item_sifc_int.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_sifc_int.h"

#define ONE(element, name, kind) { element, name, NULL, kind, -1, 1, 0, 0 }
#define PART(element, name, types, part, parts, bits) \
    { element, name, types, SIFC_TEXT, part, parts, bits, 0 }
#define ADDRESS(where, types, bits) \
    PART(where "AddressPostOfficeBox", "ADR", types, 0, 7, bits), \
    PART(where "AddressExtended", "ADR", types, 1, 0, bits), \
    PART(where "AddressStreet", "ADR", types, 2, 0, bits), \
    PART(where "AddressCity", "ADR", types, 3, 0, bits), \
    PART(where "AddressState", "ADR", types, 4, 0, bits), \
    PART(where "AddressPostalCode", "ADR", types, 5, 0, bits), \
    PART(where "AddressCountry", "ADR", types, 6, 0, bits)
#define TYPED(element, name, types, kind, bits) \
    { element, name, types, kind, -1, 1, bits, 0 }
#define MARKED(element, name, types, bits) \
    { element, name, types, SIFC_TEXT, -1, 1, bits, 1 }

/* Of fields for the same kind of number those stand first that every phone
 * shows. */
const sifc_field_t sifc_fields[] = {
    PART("LastName", "N", NULL, 0, 5, 0),
    PART("FirstName", "N", NULL, 1, 0, 0),
    PART("MiddleName", "N", NULL, 2, 0, 0),
    PART("Title", "N", NULL, 3, 0, 0),
    PART("Suffix", "N", NULL, 4, 0, 0),
    ONE("FileAs", "FN", SIFC_TEXT),
    ONE("NickName", "NICKNAME", SIFC_TEXT),
    ADDRESS("Home", "HOME", SIFC_HOME),
    ADDRESS("Business", "WORK", SIFC_WORK),
    ADDRESS("Other", NULL, 0),
    TYPED("HomeLabel", "LABEL", "HOME", SIFC_TEXT, SIFC_HOME),
    TYPED("BusinessLabel", "LABEL", "WORK", SIFC_TEXT, SIFC_WORK),
    TYPED("OtherLabel", "LABEL", NULL, SIFC_TEXT, 0),
    TYPED("HomeTelephoneNumber", "TEL", "VOICE,HOME", SIFC_TEXT, SIFC_HOME),
    MARKED("Home2TelephoneNumber", "TEL", "VOICE,HOME", SIFC_HOME),
    TYPED("BusinessTelephoneNumber", "TEL", "VOICE,WORK", SIFC_TEXT,
          SIFC_WORK),
    MARKED("Business2TelephoneNumber", "TEL", "VOICE,WORK", SIFC_WORK),
    MARKED("CompanyMainTelephoneNumber", "TEL", "WORK,PREF", SIFC_WORK),
    TYPED("OtherTelephoneNumber", "TEL", "VOICE", SIFC_TEXT, 0),
    MARKED("PrimaryTelephoneNumber", "TEL", "PREF,VOICE", 0),
    TYPED("MobileTelephoneNumber", "TEL", "CELL", SIFC_TEXT, SIFC_CELL),
    TYPED("MobileHomeTelephoneNumber", "TEL", "CELL,HOME", SIFC_TEXT,
          SIFC_CELL | SIFC_HOME),
    TYPED("MobileBusinessTelephoneNumber", "TEL", "CELL,WORK", SIFC_TEXT,
          SIFC_CELL | SIFC_WORK),
    TYPED("MobileDCTelephoneNumber", "TEL", "CELL,X-DC", SIFC_TEXT,
          SIFC_CELL | SIFC_DC),
    TYPED("HomeFaxNumber", "TEL", "FAX,HOME", SIFC_TEXT,
          SIFC_FAX | SIFC_HOME),
    TYPED("BusinessFaxNumber", "TEL", "FAX,WORK", SIFC_TEXT,
          SIFC_FAX | SIFC_WORK),
    TYPED("OtherFaxNumber", "TEL", "FAX", SIFC_TEXT, SIFC_FAX),
    TYPED("PagerNumber", "TEL", "PAGER", SIFC_TEXT, SIFC_PAGER),
    TYPED("CarTelephoneNumber", "TEL", "CAR,VOICE", SIFC_TEXT, SIFC_CAR),
    TYPED("CallbackTelephoneNumber", "TEL", "X-FUNAMBOL-CALLBACK",
          SIFC_TEXT, SIFC_CALLBACK),
    TYPED("RadioTelephoneNumber", "TEL", "X-FUNAMBOL-RADIO", SIFC_TEXT,
          SIFC_RADIO),
    TYPED("TelexNumber", "TEL", "X-FUNAMBOL-TELEX", SIFC_TEXT, SIFC_TELEX),
    TYPED("DCOnlyTelephoneNumber", "TEL", "X-DC", SIFC_TEXT, SIFC_DC),
    TYPED("Email1Address", "EMAIL", "INTERNET", SIFC_TEXT, 0),
    MARKED("Email2Address", "EMAIL", "INTERNET,HOME", 0),
    MARKED("Email3Address", "EMAIL", "INTERNET,WORK", 0),
    TYPED("IMAddress", "EMAIL", "INTERNET,HOME,X-FUNAMBOL-INSTANTMESSENGER",
          SIFC_TEXT, SIFC_IM),
    TYPED("MobileEmailAddress", "EMAIL", "INTERNET,X-CELL", SIFC_TEXT,
          SIFC_CELL),
    TYPED("HomeWebPage", "URL", "HOME", SIFC_URI, SIFC_HOME),
    TYPED("BusinessWebPage", "URL", "WORK", SIFC_URI, SIFC_WORK),
    TYPED("WebPage", "URL", NULL, SIFC_URI, 0),
    PART("CompanyName", "ORG", NULL, 0, 3, 0),
    PART("Department", "ORG", NULL, 1, 0, 0),
    PART("OfficeLocation", "ORG", NULL, 2, 0, 0),
    ONE("JobTitle", "TITLE", SIFC_TEXT),
    ONE("Profession", "ROLE", SIFC_TEXT),
    ONE("Birthday", "BDAY", SIFC_DATE),
    ONE("Body", "NOTE", SIFC_TEXT),
    ONE("Categories", "CATEGORIES", SIFC_LIST),
    ONE("Photo", "PHOTO", SIFC_PHOTO),
    ONE("Uid", "UID", SIFC_RAW),
    ONE("Revision", "REV", SIFC_RAW),
    ONE("Timezone", "TZ", SIFC_TEXT),
    ONE("Sensitivity", "CLASS", SIFC_CLASS),
    ONE("Anniversary", "X-ANNIVERSARY", SIFC_DATE),
    ONE("Spouse", "X-SPOUSE", SIFC_TEXT),
    ONE("ManagerName", "X-MANAGER", SIFC_TEXT),
    ONE("AssistantName", "X-ASSISTANT", SIFC_TEXT),
    ONE("InternetFreeBusyAddress", "FBURL", SIFC_URI)
};

const int sifc_count = (int)(sizeof(sifc_fields) / sizeof(sifc_fields[0]));

int sifc_find(item_span_t element)
{
    int i;

    for (i = 0; i < sifc_count; i++)
        if (item_span_is(element, sifc_fields[i].element))
            return i;
    return -1;
}

int sifc_bits(const item_line_t *line)
{
    static const struct {
        const char *type;
        int bit;
    } words[] = {
        { "HOME", SIFC_HOME }, { "WORK", SIFC_WORK }, { "CELL", SIFC_CELL },
        { "FAX", SIFC_FAX }, { "PAGER", SIFC_PAGER }, { "CAR", SIFC_CAR },
        { "X-DC", SIFC_DC }, { "X-CELL", SIFC_CELL },
        { "X-FUNAMBOL-CALLBACK", SIFC_CALLBACK },
        { "X-FUNAMBOL-RADIO", SIFC_RADIO },
        { "X-FUNAMBOL-TELEX", SIFC_TELEX },
        { "X-FUNAMBOL-INSTANTMESSENGER", SIFC_IM }
    };
    card_types_t t;
    item_span_t word;
    unsigned i;
    int bits = 0;

    for (card_types_begin(&t, line); card_types_next(&t, &word);)
        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (item_span_is(word, words[i].type))
                bits |= words[i].bit;
    return bits;
}

/** Non-zero if no field of a group has a value. */
static int is_free(const sifc_t *s, int first)
{
    int i;

    for (i = first; i < first + sifc_fields[first].parts; i++)
        if (s->slots[i].value.s)
            return 0;
    return 1;
}

static int free_field(const sifc_t *s, const item_line_t *line, int bits)
{
    int i;

    for (i = 0; i < sifc_count; i++) {
        const sifc_field_t *f = &sifc_fields[i];

        if (f->parts && f->bits == bits && item_span_is(line->name, f->name)
            && is_free(s, i))
            return i;
    }
    return -1;
}

int sifc_knows(item_span_t name)
{
    int i;

    for (i = 0; i < sifc_count; i++)
        if (sifc_fields[i].parts && item_span_is(name, sifc_fields[i].name))
            return 1;
    return 0;
}

int sifc_place(const sifc_t *s, const item_line_t *line)
{
    const item_param_t *mark = item_line_param(line, SIFC_FIELD);
    int bits = sifc_bits(line), at = -1;

    if (mark) {
        at = sifc_find(mark->value);
        if (at >= 0 && sifc_fields[at].parts && is_free(s, at)
            && item_span_is(line->name, sifc_fields[at].name))
            return at;
    }
    if (item_span_is(line->name, "EMAIL"))
        bits &= SIFC_IM | SIFC_CELL;
    if (bits & SIFC_IM)
        bits = SIFC_IM;
    if ((bits & SIFC_HOME) && (bits & SIFC_WORK))
        bits &= ~SIFC_WORK;
    at = free_field(s, line, bits);
    /* A mobile that is also someone's at work is a mobile first; other kinds
     * of a thing that has none here are just such things. */
    if (at < 0 && (bits & ~(SIFC_HOME | SIFC_WORK)))
        at = free_field(s, line, bits & ~(SIFC_HOME | SIFC_WORK));
    if (at < 0 && !item_span_is(line->name, "TEL")
        && !item_span_is(line->name, "ADR")
        && !item_span_is(line->name, "LABEL"))
        at = free_field(s, line, 0);
    return at;
}
