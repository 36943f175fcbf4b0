/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* For tests of vCalendar: texts, and what must be in them. */
#ifndef T_UNIT_VCAL_TEXT_H
#define T_UNIT_VCAL_TEXT_H

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_vcal.h"

#define BERLIN  "Europe/Berlin"
#define LOCAL   ITEM_CLOCK_LOCAL
#define LOCAL_Z ITEM_CLOCK_LOCAL_Z
#define BARE    ITEM_CLOCK_UTC_BARE

#define WEEKLY  "UID:1\r\nSUMMARY:S\r\n" \
    "DTSTART;TZID=Europe/Berlin:20260706T100000\r\n" \
    "DTEND;TZID=Europe/Berlin:20260706T110000\r\nRRULE:FREQ=WEEKLY\r\n"
#define ONCE    "UID:1\r\nSUMMARY:S\r\n" \
    "DTSTART;TZID=Europe/Berlin:20260706T100000\r\n" \
    "DTEND;TZID=Europe/Berlin:20260706T110000\r\n"
#define A_DAY   "UID:1\r\nDTSTART;VALUE=DATE:20260706\r\n" \
    "DTEND;VALUE=DATE:20260708\r\n"
#define BORN    "UID:1\r\nSUMMARY:Eva\r\nDTSTART;VALUE=DATE:19570304\r\n" \
    "RRULE:FREQ=YEARLY\r\n"
#define ALARM   "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\n" \
    "DESCRIPTION:Up\r\nEND:VALARM\r\n"

static apr_pool_t *pool;

static inline item_text_t text_of(const char *s)
{
    item_text_t text;

    text.data = s;
    text.len = strlen(s);
    return text;
}

static inline item_form_t form_of(const char *zone, item_clock_e clock,
                           item_days_e days, apr_uint32_t habits)
{
    item_form_t form;

    memset(&form, 0, sizeof(form));
    form.format = ITEM_FORMAT_VCAL10;
    form.zone = zone;
    form.clock = clock;
    form.days = days;
    form.habits = habits;
    return form;
}

static inline const char *vcal(const char *head, const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:1.0\r\n", head,
                       "BEGIN:VEVENT\r\n", body,
                       "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
}

static inline const char *ical(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                       "BEGIN:VEVENT\r\n", body,
                       "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
}

static inline const char *import(const item_form_t *form, const char *in,
                          const char *like)
{
    item_text_t text = text_of(in), known = text_of(like ? like : ""), out;

    assert_int_equal(item_vcal_import(form, &text, like ? &known : NULL,
                                      &out, pool), APR_SUCCESS);
    return out.data;
}

static inline const char *export(const item_form_t *form, const char *in)
{
    item_text_t text = text_of(in), out;

    assert_int_equal(item_vcal_export(form, &text, &out, pool),
                     APR_SUCCESS);
    return out.data;
}

/** Lines parted by "|", each must be there; after "!" none may begin so. */
static inline void has(const char *text, const char *lines)
{
    char *last, *line = apr_strtok(apr_pstrdup(pool, lines), "|", &last);

    for (; line; line = apr_strtok(NULL, "|", &last)) {
        int no = *line == '!';
        const char *want = apr_pstrcat(pool, "\r\n", line + no,
                                       no ? "" : "\r\n", NULL);

        if ((strstr(text, want) == NULL) != no)
            fail_msg("%s \"%s\" in\n%s", no ? "there is" : "no", line + no,
                     text);
    }
}

/** A text with one word in place of another, wherever that is. */
static inline const char *replace(const char *text, const char *find,
                                  const char *put)
{
    const char *at;
    char *out = apr_pstrdup(pool, "");

    while ((at = strstr(text, find)) != NULL) {
        out = apr_pstrcat(pool, out, apr_pstrmemdup(
                              pool, text, (apr_size_t)(at - text)), put,
                          NULL);
        text = at + strlen(find);
    }
    return apr_pstrcat(pool, out, text, NULL);
}

static int set_up(void **state)
{
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int tear_down(void **state)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

#endif
