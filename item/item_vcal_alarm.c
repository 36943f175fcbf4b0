/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Alarms: DALARM, AALARM, MALARM, PALARM and VALARM: see item_cal.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "item/item_cal.h"

#define DAY  ITEM_CAL_DAY
#define MAX_REPEAT  99

const char *item_duration_text(apr_int64_t secs, apr_pool_t *p)
{
    const char *sign = secs < 0 ? "-" : "", *time = "", *days = "";
    int h, m, s;

    if (secs < 0)
        secs = -secs;
    if (secs && secs % (7 * DAY) == 0)
        return apr_psprintf(p, "%sP%" APR_INT64_T_FMT "W", sign,
                            secs / (7 * DAY));
    if (secs >= DAY)
        days = apr_psprintf(p, "%" APR_INT64_T_FMT "D", secs / DAY);
    secs %= DAY;
    h = (int)(secs / 3600);
    m = (int)(secs / 60 % 60);
    s = (int)(secs % 60);
    if (secs || !*days)
        time = apr_pstrcat(p, "T", h ? apr_psprintf(p, "%dH", h) : "",
                           m ? apr_psprintf(p, "%dM", m) : "",
                           s || !secs ? apr_psprintf(p, "%dS", s) : "",
                           NULL);
    return apr_pstrcat(p, sign, "P", days, time, NULL);
}

/* ---- to the device ------------------------------------------------------ */

static item_span_t value_of(const item_part_t *part, const char *name)
{
    const item_entry_t *entry = item_part_find(part, name);
    item_span_t none = { "", 0 };

    return entry ? entry->line.value : none;
}

/** What stands for a text that iCalendar wants and that says nothing. */
static int says_nothing(item_span_t text, item_span_t summary)
{
    return !text.len || item_span_is(text, "Reminder")
           || (text.len == summary.len
               && !memcmp(text.s, summary.s, text.len));
}

/** A field of an alarm: text with its semicolons escaped. */
static item_span_t field(item_span_t escaped, apr_pool_t *p)
{
    item_span_t plain = item_vcal_plain(escaped, p), result;
    char *out = apr_palloc(p, 2 * plain.len + 1), *w = out;
    apr_size_t i;

    for (i = 0; i < plain.len; i++) {
        if (plain.s[i] == ';' || plain.s[i] == '\\')
            *w++ = '\\';
        *w++ = plain.s[i];
    }
    result.s = out;
    result.len = (apr_size_t)(w - out);
    return result;
}

static void put_alarm(item_cal_ctx_t *c, item_buf_t *b, const char *name,
                      const char *run, const item_cal_alarm_t *alarm,
                      item_span_t content)
{
    item_buf_t value = { NULL, NULL, 0, 0 };

    value.p = c->p;
    item_buf_puts(&value, run);
    item_buf_putc(&value, ';');
    if (alarm->repeat > 0 && alarm->snooze > 0)
        item_buf_puts(&value, apr_psprintf(
            c->p, "%s;%d", item_duration_text(alarm->snooze, c->p),
            alarm->repeat));
    else
        item_buf_putc(&value, ';');
    item_buf_putc(&value, ';');
    item_buf_add(&value, content.s, content.len);
    item_vcal_line(c, b, name, item_buf_span(&value));
}

static void alarm_out(item_cal_ctx_t *c, const item_plan_t *plan,
                      const item_cal_alarm_t *alarm, item_buf_t *b)
{
    item_time_t at = item_plan_alarm(c, plan, alarm);
    item_span_t summary = value_of(plan->cal->part, "SUMMARY");
    item_span_t text = alarm->text, none = { "", 0 }, attach = alarm->attach;
    item_buf_t both = { NULL, NULL, 0, 0 };
    const char *run;

    both.p = c->p;
    if (at.kind != ITEM_TIME_LOCAL && at.kind != ITEM_TIME_UTC)
        return;
    run = item_wire_text(c, &at);
    if (says_nothing(text, summary))
        text = none;
    text = field(text, c->p);
    if (attach.len > 7 && !strncasecmp(attach.s, "mailto:", 7)) {
        attach.s += 7;
        attach.len -= 7;
    }
    attach = field(attach, c->p);
    switch (alarm->action) {
    case ITEM_ALARM_EMAIL:
        item_buf_add(&both, attach.s, attach.len);
        item_buf_putc(&both, ';');
        item_buf_add(&both, text.s, text.len);
        put_alarm(c, b, "MALARM", run, alarm, item_buf_span(&both));
        break;
    case ITEM_ALARM_PROCEDURE:
        put_alarm(c, b, "PALARM", run, alarm, attach);
        break;
    case ITEM_ALARM_DISPLAY:
        /* and the one of which phones take notice */
        put_alarm(c, b, "DALARM", run, alarm, text);
        put_alarm(c, b, "AALARM", run, alarm, none);
        break;
    default:
        put_alarm(c, b, "AALARM", run, alarm, attach);
    }
}

void item_vcal_alarms_out(item_cal_ctx_t *c, const item_plan_t *plan,
                          item_buf_t *b)
{
    int i;

    for (i = 0; i < plan->cal->alarms->nelts; i++)
        alarm_out(c, plan, &APR_ARRAY_IDX(plan->cal->alarms, i,
                                          item_cal_alarm_t), b);
}

/* ---- from the device ---------------------------------------------------- */

/** -1: none */
static int action_of(const item_line_t *line)
{
    return item_span_is(line->name, "DALARM") ? (int)ITEM_ALARM_DISPLAY
           : item_span_is(line->name, "AALARM") ? (int)ITEM_ALARM_AUDIO
           : item_span_is(line->name, "MALARM") ? (int)ITEM_ALARM_EMAIL
           : item_span_is(line->name, "PALARM") ? (int)ITEM_ALARM_PROCEDURE
           : -1;
}

static item_span_t next_field(item_span_t *rest)
{
    item_span_t word = { "", 0 };

    item_value_next(rest, ';', &word);
    return item_span_trim(word);
}

int item_vcal_alarm_in(item_cal_ctx_t *c, const item_line_t *line,
                       item_span_t value, item_cal_alarm_t *alarm)
{
    static const item_span_t no_zone = { "", 0 };
    int action = action_of(line);
    item_span_t rest = value, run, word;

    memset(alarm, 0, sizeof(*alarm));
    alarm->text.s = alarm->attach.s = "";
    if (action < 0)
        return 0;
    alarm->action = (item_alarm_e)action;
    run = next_field(&rest);
    word = next_field(&rest);
    item_duration_parse(word, &alarm->snooze);
    word = next_field(&rest);
    if (word.len && word.len < 4)
        alarm->repeat = (int)strtol(apr_pstrmemdup(c->p, word.s, word.len),
                                    NULL, 10);
    if (alarm->repeat < 0 || alarm->repeat > MAX_REPEAT
        || alarm->snooze <= 0)
        alarm->repeat = 0;
    word = next_field(&rest);
    if (alarm->action == ITEM_ALARM_DISPLAY)
        alarm->text = item_vcal_escape(item_vcal_plain(word, c->p), c->p);
    else
        alarm->attach = item_vcal_plain(word, c->p);
    if (alarm->action == ITEM_ALARM_EMAIL) {
        word = next_field(&rest);
        alarm->text = item_vcal_escape(item_vcal_plain(word, c->p), c->p);
    }
    if (item_duration_parse(run, &alarm->secs)) {
        alarm->relative = 1;
        return 1;
    }
    return item_time_parse(&alarm->at, run, no_zone)
           && alarm->at.kind != ITEM_TIME_DATE;
}

static void put(item_buf_t *b, const char *name, item_span_t value)
{
    item_buf_t line = { NULL, NULL, 0, 0 };

    line.p = b->p;
    item_buf_puts(&line, name);
    item_buf_add(&line, value.s, value.len);
    item_fold_add(b, item_buf_span(&line), "\r\n");
}

static int is_uri(item_span_t text)
{
    const char *colon = memchr(text.s, ':', text.len);

    return colon && colon > text.s + 1 && !memchr(text.s, ' ', text.len);
}

void item_cal_alarm_write(item_buf_t *b, const item_cal_alarm_t *alarm,
                          item_span_t summary)
{
    static const char *const actions[] = {
        "DISPLAY", "AUDIO", "EMAIL", "PROCEDURE"
    };
    item_span_t text = alarm->text;

    item_buf_puts(b, apr_pstrcat(b->p, "BEGIN:VALARM\r\nACTION:",
                                 actions[alarm->action], "\r\n", NULL));
    item_buf_puts(b, alarm->relative
        ? apr_pstrcat(b->p, "TRIGGER", alarm->from_end ? ";RELATED=END" : "",
                      ":", item_duration_text(alarm->secs, b->p), "\r\n",
                      NULL)
        : apr_pstrcat(b->p, "TRIGGER;VALUE=DATE-TIME:",
                      item_time_canon(&alarm->at, b->p), "\r\n", NULL));
    if (alarm->repeat)
        item_buf_puts(b, apr_psprintf(b->p, "REPEAT:%d\r\nDURATION:%s\r\n",
                                      alarm->repeat,
                                      item_duration_text(alarm->snooze,
                                                         b->p)));
    if (!text.len)
        text = summary;
    if (!text.len) {
        text.s = "Reminder";
        text.len = 8;
    }
    if (alarm->action == ITEM_ALARM_DISPLAY
        || alarm->action == ITEM_ALARM_EMAIL)
        put(b, "DESCRIPTION:", text);
    if (alarm->action == ITEM_ALARM_EMAIL) {
        put(b, "SUMMARY:", summary.len ? summary : text);
        if (alarm->attach.len)
            put(b, "ATTENDEE:mailto:", alarm->attach);
    }
    else if (alarm->attach.len && is_uri(alarm->attach))
        put(b, "ATTACH:", alarm->attach);
    item_buf_puts(b, "END:VALARM\r\n");
}
