/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How long a contact and an event take: recognised with their keys, compared,
 * and merged from three versions, against reading those three alone.
 *
 * Prints one line `name value unit' for each figure.  A figure is the least
 * of many rounds' processor time.  Status 1: an aim was missed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "bench/measure.h"
#include "item/item_card.h"
#include "item/item_merge.h"

#define ROUNDS    40

/* Merging reads each version, compares and writes: so many times the reading
 * of all three alone; and with reading, so many microseconds for a contact. */
#define AIM_RATIO  3.0
#define AIM_US     20.0
/* Twice the lines, at most so many times the time. */
#define AIM_GROWTH 2.4

#define CARD(n, tel, note) \
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a1b2c3d4@example.com\r\n" \
    "REV:20200102T101112Z\r\nN:" n ";Anna;;;\r\nFN:Anna " n "\r\n" \
    "ORG:Example GmbH;Sales\r\nTITLE:Head of Sales\r\n" \
    "TEL;TYPE=CELL:+49 170 1234567\r\nTEL;TYPE=WORK:" tel "\r\n" \
    "EMAIL:anna@example.com\r\nEMAIL;TYPE=HOME:anna@example.org\r\n" \
    "ADR;TYPE=HOME:;;Some Street 12;Berlin;;10115;Germany\r\n" \
    "BDAY:1980-02-03\r\nCATEGORIES:Friends,Work\r\n" \
    "NOTE:" note "\\nlikes tea\r\nEND:VCARD\r\n"
#define EVENT(summary, start, place) \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n" \
    "BEGIN:VEVENT\r\nUID:e1@example.com\r\nSUMMARY:" summary "\r\n" \
    "DTSTART:202001" start "T100000Z\r\nDTEND:202001" start "T110000Z\r\n" \
    "RRULE:FREQ=WEEKLY;COUNT=10\r\nLOCATION:" place "\r\n" \
    "DESCRIPTION:first\\nsecond\r\nCATEGORIES:Work\r\n" \
    "ATTENDEE;CN=A:mailto:a@example.com\r\nCLASS:PUBLIC\r\n" \
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n" \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"

typedef struct job_t {
    item_text_t text[3];
    apr_pool_t *pool;           /* cleared for each */
    unsigned long sum;          /* keeps work alive */
} job_t;

static void do_keys(void *baton)
{
    job_t *job = baton;
    item_keys_t keys;
    int i;

    for (i = 0; i < 3; i++) {
        if (item_keys(&keys, NULL, job->text[i].data, job->text[i].len,
                      job->pool) != APR_SUCCESS)
            abort();
        job->sum += (unsigned long)keys.key;
    }
    apr_pool_clear(job->pool);
}

static void do_merge(void *baton)
{
    job_t *job = baton;
    item_merge_t m;

    if (item_merge(&m, NULL, &job->text[0], &job->text[1], &job->text[2],
                   ITEM_PREFER_OURS, job->pool) != APR_SUCCESS || m.is_ours
        || m.is_theirs)
        abort();
    job->sum += m.len;
    apr_pool_clear(job->pool);
}

static void do_likeness(void *baton)
{
    job_t *job = baton;
    job->sum += (unsigned long)item_likeness(NULL, job->text[1].data,
                                             job->text[1].len, NULL,
                                             job->text[2].data,
                                             job->text[2].len, job->pool);
    apr_pool_clear(job->pool);
}

static int missed;

static void aim(const char *what, double value, double limit)
{
    printf("# aim: %s below %.1f: %.2f, %s\n", what, limit, value,
           value < limit ? "met" : "MISSED");
    missed |= value >= limit;
}

static item_text_t text_of(const char *data)
{
    item_text_t text;

    text.data = data;
    text.len = strlen(data);
    return text;
}

/** @return microseconds of reading one version and merging three */
static double measure_item(const char *name, job_t *job, double *ratio)
{
    double keys = measure_call(do_keys, job, ROUNDS);
    double merge = measure_call(do_merge, job, ROUNDS);
    double likeness = measure_call(do_likeness, job, ROUNDS);

    *ratio = merge / keys;
    printf("item_%s_octets %lu octets\n", name,
           (unsigned long)job->text[0].len);
    printf("item_%s_keys %.3f us\n", name, keys / 3000);
    printf("item_%s_likeness %.3f us\n", name, likeness / 1000);
    printf("item_%s_merge %.3f us\n", name, merge / 1000);
    printf("item_%s_merge_ratio %.2f x_reading_three\n", name, *ratio);
    return (keys / 3 + merge) / 1000;
}

/** The way of a contact to a device and back. */
typedef struct trip_t {
    item_form_t form;
    item_text_t store, device;
} trip_t;

static trip_t trip;

static void do_export(void *baton)
{
    job_t *job = baton;
    item_text_t out = { NULL, 0 };

    if ((trip.form.format == ITEM_FORMAT_SIFC ? item_sifc_export
         : item_card_export)(&trip.form, &trip.store, &out, job->pool)
        != APR_SUCCESS)
        abort();
    job->sum += out.len;
    apr_pool_clear(job->pool);
}

static void do_import(void *baton)
{
    job_t *job = baton;
    item_text_t out = { NULL, 0 };

    if ((trip.form.format == ITEM_FORMAT_SIFC ? item_sifc_import
         : item_card_import)(&trip.form, &trip.device, &trip.store, &out,
                             job->pool) != APR_SUCCESS)
        abort();
    job->sum += out.len;
    apr_pool_clear(job->pool);
}

/** @return microseconds of both ways */
static double measure_trip(const char *name, job_t *job, item_format_e format,
                           const char *charset, apr_pool_t *p)
{
    double to, same, edited;

    memset(&trip, 0, sizeof(trip));
    trip.form.format = format;
    trip.form.charset = charset;
    trip.store = job->text[0];
    if ((format == ITEM_FORMAT_SIFC ? item_sifc_export : item_card_export)
        (&trip.form, &trip.store, &trip.device, p) != APR_SUCCESS)
        abort();
    to = measure_call(do_export, job, ROUNDS) / 1000;
    same = measure_call(do_import, job, ROUNDS) / 1000;
    trip.store = job->text[1];  /* so the device's is another one */
    edited = measure_call(do_import, job, ROUNDS) / 1000;
    printf("item_%s_to_device %.3f us\n", name, to);
    printf("item_%s_from_device_unchanged %.3f us\n", name, same);
    printf("item_%s_from_device_edited %.3f us\n", name, edited);
    return to + edited;
}

/** A contact with many numbers, every other changed on one side. */
static double measure_many(job_t *job, int n, apr_pool_t *p)
{
    int side, i;
    double ns;

    for (side = 0; side < 3; side++) {
        char *text = apr_palloc(p, (apr_size_t)n * 24 + 100), *w = text;

        w += sprintf(w, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:A;B\r\n");
        for (i = 0; i < n; i++)
            w += sprintf(w, "TEL:%d\r\n", i % 2 ? i : 100000 * side + i);
        sprintf(w, "END:VCARD\r\n");
        job->text[side] = text_of(text);
    }
    ns = measure_call(do_merge, job, ROUNDS);
    printf("item_many_%d_merge %.1f us\n", n, ns / 1000);
    return ns;
}

int main(void)
{
    double card, event, card_ratio, event_ratio, few, many, way;
    job_t job = { .sum = 0 };
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    apr_pool_create(&job.pool, p);
    job.text[0] = text_of(CARD("Miller", "+49 30 7654321", "met in 2010"));
    job.text[1] = text_of(CARD("Miller", "+49 30 7654321", "met in 2011"));
    job.text[2] = text_of(CARD("Miller", "+49 30 1111111", "met in 2010"));
    card = measure_item("card", &job, &card_ratio);
    way = measure_trip("vcard21", &job, ITEM_FORMAT_VCARD21, NULL, p);
    measure_trip("vcard21_latin1", &job, ITEM_FORMAT_VCARD21, "ISO-8859-1",
                 p);
    measure_trip("vcard40", &job, ITEM_FORMAT_VCARD40, NULL, p);
    measure_trip("sifc", &job, ITEM_FORMAT_SIFC, NULL, p);
    job.text[0] = text_of(EVENT("Weekly", "02", "Room 1"));
    job.text[1] = text_of(EVENT("Weekly meeting", "02", "Room 1"));
    job.text[2] = text_of(EVENT("Weekly", "03", "Room 2"));
    event = measure_item("event", &job, &event_ratio);
    few = measure_many(&job, 500, p);
    many = measure_many(&job, 1000, p);
    printf("item_event_read_and_merge %.3f us\n", event);
    aim("merging a contact, times reading three", card_ratio, AIM_RATIO);
    aim("merging an event, times reading three", event_ratio, AIM_RATIO);
    aim("microseconds for reading and merging a contact", card, AIM_US);
    aim("microseconds for a contact to a phone of 2.1 and back", way,
        AIM_US);
    aim("twice the lines, times the time", many / few, AIM_GROWTH);
    if (!job.sum)
        abort();
    apr_pool_destroy(p);
    apr_terminate();
    return missed;
}
