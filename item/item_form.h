/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_form.h
 * @brief The form in which a device wants its items, and the way there and
 * back.
 *
 * The store holds vCard 3.0 (4.0 is kept as it came) and iCalendar 2.0; a
 * device may speak vCard 2.1, vCalendar 1.0, SIF, vNote.  Import turns a
 * device's text into one for the store, export the other way round.  Both
 * are functions of their arguments alone: the same text, form and zone
 * data give the same octets, in any process.
 *
 * That is what keeps safe whatever a form cannot say.  A text that a device
 * had is exported and imported again before it serves as the base of a
 * three-way merge (item_merge.h); what the conversion drops or alters is
 * then missing or altered in base and answer alike, so it is no edit, and
 * the store's own words stay.
 */
#ifndef SYNCML_ITEM_FORM_H
#define SYNCML_ITEM_FORM_H

#include "item/item_merge.h"

/** What a device's text is written in. */
typedef enum {
    ITEM_FORMAT_AS_IS = 0,      /* as the store has it */
    ITEM_FORMAT_VCARD21,        /* text/x-vcard */
    ITEM_FORMAT_VCARD30,        /* text/vcard */
    ITEM_FORMAT_VCARD40,        /* text/vcard, VERSION:4.0 */
    ITEM_FORMAT_VCAL10,         /* text/x-vcalendar: events and tasks */
    ITEM_FORMAT_ICAL20,         /* text/calendar: events, tasks, journals */
    ITEM_FORMAT_SIFC,           /* text/x-s4j-sifc, a contact */
    ITEM_FORMAT_SIFE,           /* text/x-s4j-sife, an event */
    ITEM_FORMAT_SIFT,           /* text/x-s4j-sift, a task */
    ITEM_FORMAT_SIFN,           /* text/x-s4j-sifn, a note */
    ITEM_FORMAT_VNOTE,          /* text/x-vnote */
    ITEM_FORMAT_TEXT            /* text/plain */
} item_format_e;

/** How a device writes times that have a zone. */
typedef enum {
    ITEM_CLOCK_DEFAULT = 0,     /* UTC in vCalendar 1.0 and SIF, in iCalendar
                                 * as the store has it, with its VTIMEZONE */
    ITEM_CLOCK_UTC,             /* UTC, with the Z */
    ITEM_CLOCK_UTC_BARE,        /* UTC, but without the Z (Nokia 9300) */
    ITEM_CLOCK_LOCAL,           /* local time, no Z (Nokia 6600, Siemens) */
    ITEM_CLOCK_LOCAL_Z          /* local time, yet with a Z (P800, P990) */
} item_clock_e;

/** How a device is to be told of whole days.  All are understood. */
typedef enum {
    ITEM_DAYS_DEFAULT = 0,      /* DTSTART;VALUE=DATE; in vCalendar 1.0 from
                                 * T000000 to T000000 of the next day */
    ITEM_DAYS_DATE,             /* DTSTART:20261128 */
    ITEM_DAYS_MIDNIGHT,         /* local T000000 to T000000 */
    ITEM_DAYS_LAST_SECOND       /* local T000000 to T235959 */
} item_days_e;

/** Habits of devices, as bits of item_form_t.habits.  Each is a flag of the
 * quirks file under the name in quotes. */
typedef enum {
    ITEM_HABIT_ALARM_ABSOLUTE = 1 << 0, /* "alarm-absolute": alarms as UTC
                                 * time only, never relative (all Nokia, SE) */
    ITEM_HABIT_EMAIL_INTERNET = 1 << 1, /* "email-internet": EMAIL is lost
                                 * without TYPE=INTERNET (Nokia E51) */
    ITEM_HABIT_EPOC_ENTRY = 1 << 2,     /* "epoc-entry-type": wants
                                 * X-EPOCAGENDAENTRYTYPE (Nokia) */
    ITEM_HABIT_CATEGORY_X = 1 << 3,     /* "category-x": categories come back
                                 * with X- before them (E series, P800) */
    ITEM_HABIT_PHOTO_BLANK = 1 << 4,    /* "photo-blank-line": BASE64 ends in
                                 * a blank line (Nokia) */
    ITEM_HABIT_SE_DST = 1 << 5,         /* "se-dst": X-SONYERICSSON-DST:4 on
                                 * events in summer time */
    ITEM_HABIT_NO_FOLD = 1 << 6,        /* "no-fold" (Motorola V3) */
    ITEM_HABIT_NO_EMPTY = 1 << 7,       /* "no-empty": crashes on empty
                                 * properties (Siemens SX1) */
    ITEM_HABIT_DATE_1980 = 1 << 8,      /* "date-min-1980": cannot show dates
                                 * before 1980 (all Nokia) */
    ITEM_HABIT_BMP_ONLY = 1 << 9,       /* "bmp-only": breaks on characters
                                 * above U+FFFF */
    ITEM_HABIT_NO_ZONE = 1 << 10,       /* "no-zone": no TZ and DAYLIGHT
                                 * lines, no VTIMEZONE */
    ITEM_HABIT_NO_RDATE = 1 << 11,      /* "no-rdate": series that its grammar
                                 * cannot say are sent without RDATE */
    ITEM_HABIT_TEXT_8BIT = 1 << 12,     /* "text-8bit": quoted-printable is not
                                 * understood; 8-bit text as it is */
    ITEM_HABIT_ZONE_CLOCK = 1 << 18,    /* "zone-clock": reads TZ and DAYLIGHT
                                 * and takes the days of a rule for those of
                                 * that zone, above a start in UTC too
                                 * (Synthesis) */
    ITEM_HABIT_COARSE_PRIORITY = 1 << 19,       /* "coarse-priority": sends 1, 2
                                 * or 3 for 1 to 4, 5, 6 to 9 (Synthesis) */
    ITEM_HABIT_WANTS_TITLE = 1 << 20,   /* "wants-title": refuses events and
                                 * tasks without SUMMARY (Synthesis) */
    ITEM_HABIT_ESCAPES_ALL = 1 << 21,   /* "escapes-all": of vCard 2.1, a
                                 * backslash means what is behind it, "n" a
                                 * line end, and each is written twice; of
                                 * vCalendar in addresses too (Synthesis) */
    ITEM_HABIT_X_TWINS = 1 << 17,       /* "x-twins": sends one thing under two
                                 * names: X-MANAGER and X-EVOLUTION-MANAGER,
                                 * likewise ASSISTANT, SPOUSE, ANNIVERSARY,
                                 * GENDER and X-GENDER (Synthesis) */
    /* The following are of readers of iCalendar, "one-event" also of
     * vCalendar. */
    ITEM_HABIT_PLAIN_END = 1 << 13,     /* "plain-end": knows neither DURATION
                                 * nor days without an end (Synthesis) */
    ITEM_HABIT_ONE_ALARM = 1 << 14,     /* "one-alarm": makes one alarm of
                                 * several, with words of each (Synthesis) */
    ITEM_HABIT_ONE_EVENT = 1 << 15,     /* "one-event": likewise of a series
                                 * and its changed occurrences (Synthesis) */
    ITEM_HABIT_SIMPLE_RULES = 1 << 16   /* "simple-rules": drops the parts of
                                 * rules that it does not know (Synthesis) */
} item_habit_e;

/** Habits that change nothing but events and tasks. */
#define ITEM_HABITS_ICAL \
    (ITEM_HABIT_PLAIN_END | ITEM_HABIT_ONE_ALARM | ITEM_HABIT_ONE_EVENT \
     | ITEM_HABIT_SIMPLE_RULES | ITEM_HABIT_WANTS_TITLE)

/** How long values of a device's own have been; all 0: that is not known. */
typedef struct item_longest_t {
    apr_size_t octets, chars;
    int cuts;                   /* others came back cut */
} item_longest_t;

/** Parts of a contact's N. */
#define ITEM_FORM_NAMES  5

typedef struct item_form_t {
    item_format_e format;
    const char *charset;        /* as iconv names it; NULL: UTF-8 */
    const char *zone;           /* Olson name of the user's time zone, for
                                 * local times and whole days; NULL: UTC */
    item_clock_e clock;
    item_days_e days;
    apr_uint32_t habits;        /* item_habit_e */
    int due_times;              /* it was seen to keep the time at which a task
                                 * is due: midnight is one (vCalendar) */
    int dateless_alarms;        /* it was seen to keep an alarm of a task that
                                 * has no date (vCalendar) */
    apr_uint32_t rules;         /* kinds of rules that it was seen to keep, as
                                 * item_room_rules(): one that is missing was
                                 * deleted (vCalendar) */
    item_longest_t n[ITEM_FORM_NAMES], fn;      /* names that it has sent: the
                                 * parts of N, and FN.  A shorter one is not
                                 * all that there is room for */
} item_form_t;

/** The media type in which a format travels, "text/x-vcard"; NULL for
 * ITEM_FORMAT_AS_IS. */
const char *item_format_type(item_format_e format);

/** Its version for DevInf's VerCT and CTCap, "2.1"; "" for text/plain. */
const char *item_format_version(item_format_e format);

/** Its name in settings, paths and the quirks file: "vcard21", "vcard30",
 * "vcard40", "vcal10", "ical20", "sifc", "sife", "sift", "sifn", "vnote",
 * "text"; "as-is". */
const char *item_format_name(item_format_e format);

/** The other way round, any case. @return ITEM_FORMAT_AS_IS: none of them */
item_format_e item_format_named(const char *name);

/** Non-zero if items of that kind can be written in it. */
int item_format_holds(item_format_e format, item_kind_e kind);

/**
 * A format by its media type and version.
 * @param type  parameters allowed, any case; @param version  NULL: any
 * @return ITEM_FORMAT_AS_IS where it is none
 */
item_format_e item_format_parse(const char *type, const char *version);

/** What a text is written in, whatever its type says (phones mislabel); only
 * text/plain is believed, since a note may begin with anything. */
item_format_e item_format_recognise(const char *type, const char *data,
                                    apr_size_t len);

/** Non-zero for a card or calendar without a VERSION: the store needs one, and
 * item_import() adds it. */
int item_format_is_unsaid(const char *data, apr_size_t len);

/** Non-zero if the store keeps texts of that format. */
int item_format_is_native(item_format_e format);

/** Non-zero if the form is that of the store's own texts: vCard 3.0 and
 * iCalendar 2.0 and plain text, without habits, in UTF-8. */
int item_form_is_plain(const item_form_t *form);

/** Non-zero if a text needs no conversion, either way, because it is written
 * as the store's are and the form is plain. */
int item_form_keeps(const item_form_t *form, const char *type,
                    const char *data, apr_size_t len);

/**
 * A device's text for the store.
 * @param form  of the device; format says what is expected, but a text that
 *              is clearly another one is taken as that
 * @param type  in: as the device said, NULL or "" allowed; out: of the result
 * @param in  the device's octets
 * @param like  the store's text of the same item, or NULL: what the device's
 *              form cannot say and the answer would look like a change only
 *              for that is written in its way (the zone of times, an alarm
 *              relative to the start, the version of a vCard)
 * @param out  in the pool, ends in NUL; or in's octets
 * @return APR_SUCCESS; ITEM_EMALFORMED, ITEM_ETYPE, ITEM_ELIMIT
 */
apr_status_t item_import(const item_form_t *form, const char **type,
                         const item_text_t *in, const item_text_t *like,
                         item_text_t *out, apr_pool_t *p);

/**
 * A store's text for a device.
 * @param type  in: of the store's text; out: the media type to be announced
 * @return as item_import(); ITEM_ETYPE also where the format has no such items
 */
apr_status_t item_export(const item_form_t *form, const char **type,
                         const item_text_t *in, item_text_t *out,
                         apr_pool_t *p);

/**
 * What a device has of a store's text, in the store's words: exported, and
 * come back as it was sent.
 * @param type  of the store's text
 * @param like  the item's whole text, of which @p text may be a part
 * @return as item_export() and item_import()
 */
apr_status_t item_echo(const item_form_t *form, const char *type,
                       const item_text_t *text, const item_text_t *like,
                       item_text_t *out, apr_pool_t *p);

#endif
