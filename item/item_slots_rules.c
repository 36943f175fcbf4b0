/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Which properties are merged how: see item_slots.h. */
#include <string.h>

#include <apr_lib.h>

#include "item/item_slots.h"

#define CARD   1
#define CAL    2                /* events, tasks and journals */
#define ROOT   4

static const item_slot_rule_t rules[] = {
    { "N",              CARD, MERGE_NAME, "N" },
    { "FN",             CARD, MERGE_NAME, "N" },
    { "TEL",            CARD, MERGE_SET, NULL },
    { "EMAIL",          CARD, MERGE_SET, NULL },
    { "ADR",            CARD, MERGE_SET, NULL },
    { "URL",            CARD, MERGE_SET, NULL },
    { "IMPP",           CARD, MERGE_SET, NULL },
    { "LABEL",          CARD, MERGE_SET, NULL },
    { "MEMBER",         CARD, MERGE_SET, NULL },
    { "RELATED",        CARD, MERGE_SET, NULL },
    { "LANG",           CARD, MERGE_SET, NULL },
    { "ORG",            CARD, MERGE_MANY, NULL },
    { "TITLE",          CARD, MERGE_MANY, NULL },
    { "ROLE",           CARD, MERGE_MANY, NULL },
    { "NICKNAME",       CARD, MERGE_MANY, NULL },
    { "PHOTO",          CARD, MERGE_MANY, NULL },
    { "LOGO",           CARD, MERGE_MANY, NULL },
    { "SOUND",          CARD, MERGE_MANY, NULL },
    { "KEY",            CARD, MERGE_MANY, NULL },
    { "AGENT",          CARD, MERGE_MANY, NULL },
    { "GEO",            CARD, MERGE_MANY, NULL },
    { "TZ",             CARD, MERGE_MANY, NULL },
    { "NOTE",           CARD, MERGE_TEXT, NULL },
    { "BDAY",           CARD, MERGE_MANY, NULL },
    { "ANNIVERSARY",    CARD, MERGE_MANY, NULL },
    { "GENDER",         CARD, MERGE_MANY, NULL },
    { "KIND",           CARD, MERGE_ONE, NULL },
    { "SORT-STRING",    CARD, MERGE_ONE, NULL },
    { "CLASS",          CARD | CAL, MERGE_ONE, NULL },
    { "MAILER",         CARD, MERGE_ONE, NULL },
    { "REV",            CARD, MERGE_NEWEST, NULL },
    { "UID",            CARD | CAL, MERGE_KEEP, NULL },
    { "VERSION",        CARD | ROOT, MERGE_KEEP, NULL },
    { "PRODID",         CARD | ROOT, MERGE_KEEP, NULL },
    { "CALSCALE",       ROOT, MERGE_ONE, NULL },
    { "METHOD",         ROOT, MERGE_ONE, NULL },
    { "CATEGORIES",     CARD | CAL, MERGE_LIST, NULL },

    { "DTSTART",        CAL, MERGE_TIME, "DTSTART" },
    { "DTEND",          CAL, MERGE_TIME, "DTSTART" },
    { "DUE",            CAL, MERGE_TIME, "DTSTART" },
    { "DURATION",       CAL, MERGE_TIME, "DTSTART" },
    { "RRULE",          CAL, MERGE_TIME, "DTSTART" },
    { "EXRULE",         CAL, MERGE_TIME, "DTSTART" },
    { "EXDATE",         CAL, MERGE_LIST, NULL },
    { "RDATE",          CAL, MERGE_LIST, NULL },
    { "RESOURCES",      CAL, MERGE_LIST, NULL },
    { "STATUS",         CAL, MERGE_STATE, "STATUS" },
    { "COMPLETED",      CAL, MERGE_STATE, "STATUS" },
    { "PERCENT-COMPLETE", CAL, MERGE_STATE, "STATUS" },
    { "SUMMARY",        CAL, MERGE_ONE, NULL },
    { "DESCRIPTION",    CAL, MERGE_TEXT, NULL },
    { "LOCATION",       CAL, MERGE_ONE, NULL },
    { "TRANSP",         CAL, MERGE_ONE, NULL },
    { "PRIORITY",       CAL, MERGE_ONE, NULL },
    { "GEO",            CAL, MERGE_ONE, NULL },
    { "URL",            CAL, MERGE_ONE, NULL },
    { "ORGANIZER",      CAL, MERGE_ONE, NULL },
    { "ATTENDEE",       CAL, MERGE_SET, NULL },
    { "ATTACH",         CAL, MERGE_SET, NULL },
    { "COMMENT",        CAL, MERGE_SET, NULL },
    { "CONTACT",        CAL, MERGE_SET, NULL },
    { "RELATED-TO",     CAL, MERGE_SET, NULL },
    { "DTSTAMP",        CAL, MERGE_NEWEST, NULL },
    { "LAST-MODIFIED",  CAL, MERGE_NEWEST, NULL },
    { "SEQUENCE",       CAL, MERGE_GREATEST, NULL },
    { "CREATED",        CAL, MERGE_KEEP, NULL },
    { "RECURRENCE-ID",  CAL, MERGE_ONE, NULL },
    { NULL, 0, MERGE_LOOSE, NULL }
};

/* Not cut by phones, though they are no sets: numbers, times, choices. */
static const char *const not_texts[] = {
    "BDAY", "ANNIVERSARY", "GENDER", "KIND", "CLASS", "GEO", "TZ", "TRANSP",
    "PRIORITY", "ORGANIZER", "CALSCALE", "METHOD", "DTSTART", "STATUS", NULL
};

const item_slot_rule_t *item_slot_rule(int kind, item_span_t name)
{
    int where = kind == (int)ITEM_VCARD30 ? CARD
                : kind >= 0 ? CAL : kind == ITEM_PART_ROOT ? ROOT : 0;
    char first = name.len ? (char)apr_toupper(*name.s) : '\0';
    const item_slot_rule_t *rule;

    for (rule = rules; rule->name; rule++)
        if (*rule->name == first && (rule->where & where)
            && item_span_is(name, rule->name))
            break;
    return rule;
}

int item_slot_is_text(const item_slot_t *slot)
{
    const char *const *name = not_texts;

    while (*name && strcmp(*name, slot->name))
        name++;
    return !*name && !slot->member && slot->how <= MERGE_NAME;
}
