/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How fast messages are read and written, against copying the same octets:
 * 1, 10 and 100 Adds of vCards of 500 octets, in WBXML (the cards as opaque
 * data, and as text, which is checked to be UTF-8) and in XML.
 *
 * Prints one line `name value unit' for each figure and a table in comment
 * lines.  A figure is the least of many rounds' processor time, so that what
 * else the machine does matters little.  Status 1: an aim was missed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "bench/measure.h"
#include "codec/codec.h"

#define ROUNDS       40
#define CARD_OCTETS  500

/* Aims, at 100 Adds: times a memcpy of the message. */
#define AIM_WBXML_DECODE  12.0
#define AIM_WBXML_ENCODE  12.0
#define AIM_XML_DECODE    400.0

typedef struct form_t {
    const char *name;
    codec_format_e format;
    int opaque;
} form_t;

static const form_t forms[] = {
    { "wbxml", CODEC_WBXML, 1 },
    { "wbxml_text", CODEC_WBXML, 0 },
    { "xml", CODEC_XML, 1 }
};
static const int adds[] = { 1, 10, 100 };
#define FORMS (sizeof(forms) / sizeof(forms[0]))
#define SIZES (sizeof(adds) / sizeof(adds[0]))

typedef struct job_t {
    const form_t *form;
    int adds;
    const char *message;
    apr_size_t len;
    char *copy;
    apr_pool_t *pool;           /* cleared for each message */
    unsigned long sum;          /* what the sink saw; keeps work alive */
} job_t;

static char card[CARD_OCTETS + 1];

static void make_card(void)
{
    static const char start[] =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Miller;Anna;;;\r\n"
        "FN:Anna Miller\r\nTEL;TYPE=CELL:+49 170 1234567\r\n"
        "TEL;TYPE=WORK:+49 30 7654321\r\nEMAIL:anna@example.com\r\n"
        "ADR;TYPE=HOME:;;Some Street 12;Berlin;;10115;Germany\r\nNOTE:";
    static const char end[] = "\r\nEND:VCARD\r\n";

    memset(card, 'n', CARD_OCTETS);
    memcpy(card, start, sizeof(start) - 1);
    memcpy(card + CARD_OCTETS - (sizeof(end) - 1), end, sizeof(end) - 1);
}

static void put_place(codec_writer_t *w, int tag, const char *uri)
{
    codec_open(w, tag);
    codec_text(w, SYNCML_LOCURI, uri);
    codec_close(w);
}

static void put_header(codec_writer_t *w)
{
    codec_open(w, SYNCML_SYNCHDR);
    codec_text(w, SYNCML_VERDTD, "1.2");
    codec_text(w, SYNCML_VERPROTO, "SyncML/1.2");
    codec_text(w, SYNCML_SESSIONID, "17");
    codec_number(w, SYNCML_MSGID, 2);
    put_place(w, SYNCML_TARGET, "http://sync.example.com/syncml?s=123456");
    put_place(w, SYNCML_SOURCE, "IMEI:350123451234567");
    codec_open(w, SYNCML_META);
    codec_number(w, METINF_MAXMSGSIZE, 150000);
    codec_close(w);
    codec_close(w);
}

static void put_status(codec_writer_t *w)
{
    codec_open(w, SYNCML_STATUS);
    codec_number(w, SYNCML_CMDID, 1);
    codec_number(w, SYNCML_MSGREF, 1);
    codec_number(w, SYNCML_CMDREF, 0);
    codec_text(w, SYNCML_CMD, "SyncHdr");
    codec_text(w, SYNCML_TARGETREF, "IMEI:350123451234567");
    codec_text(w, SYNCML_SOURCEREF, "http://sync.example.com/syncml");
    codec_number(w, SYNCML_DATA, 200);
    codec_close(w);
}

static void put_add(codec_writer_t *w, const form_t *form, int n)
{
    codec_open(w, SYNCML_ADD);
    codec_number(w, SYNCML_CMDID, n + 3);
    codec_open(w, SYNCML_META);
    codec_text(w, METINF_TYPE, "text/vcard");
    codec_close(w);
    codec_open(w, SYNCML_ITEM);
    codec_open(w, SYNCML_SOURCE);
    codec_number(w, SYNCML_LOCURI, 1000 + n);
    codec_close(w);
    if (form->opaque)
        codec_opaque(w, SYNCML_DATA, card, CARD_OCTETS);
    else
        codec_textn(w, SYNCML_DATA, card, CARD_OCTETS);
    codec_close(w);
    codec_close(w);
}

static const char *encode(const form_t *form, int n, apr_size_t *len,
                          apr_pool_t *p)
{
    codec_writer_t *w = codec_writer_create(form->format, CODEC_DOC_SYNCML,
                                            CODEC_V12, p);
    int i;

    codec_open(w, SYNCML_SYNCML);
    put_header(w);
    codec_open(w, SYNCML_SYNCBODY);
    put_status(w);
    codec_open(w, SYNCML_SYNC);
    codec_number(w, SYNCML_CMDID, 2);
    put_place(w, SYNCML_TARGET, "./contacts");
    put_place(w, SYNCML_SOURCE, "./contacts");
    for (i = 0; i < n; i++)
        put_add(w, form, i);
    codec_close(w);
    codec_empty(w, SYNCML_FINAL);
    codec_close(w);
    codec_close(w);
    return codec_writer_data(w, len);
}

/* ---- what is timed ------------------------------------------------------- */

static apr_status_t count_tag(void *baton, int tag)
{
    ((job_t *)baton)->sum += (unsigned long)tag;
    return APR_SUCCESS;
}

static apr_status_t count_text(void *baton, const char *text, apr_size_t len,
                               int opaque)
{
    ((job_t *)baton)->sum += len;
    return APR_SUCCESS;
}

static void do_memcpy(void *baton)
{
    job_t *job = baton;
    memcpy(job->copy, job->message, job->len);
    __asm__ volatile("" : : "r"(job->copy) : "memory");
}

static void do_decode(void *baton)
{
    job_t *job = baton;
    codec_sink_t sink = { count_tag, count_tag, count_text, job };

    if (codec_decode(job->form->format, job->message, job->len, NULL, &sink,
                     NULL, job->pool) != APR_SUCCESS)
        abort();
    apr_pool_clear(job->pool);
}

static void do_encode(void *baton)
{
    job_t *job = baton;
    apr_size_t len;

    if (!encode(job->form, job->adds, &len, job->pool) || len != job->len)
        abort();
    apr_pool_clear(job->pool);
}

/* Nanoseconds of one call: the least mean of a round. */
/* ---- report -------------------------------------------------------------- */

static int missed;

static void aim(const char *what, double ratio, double limit)
{
    printf("# aim: %s at 100 Adds below %.0f times memcpy: %.1f, %s\n", what,
           limit, ratio, ratio < limit ? "met" : "MISSED");
    missed |= ratio >= limit;
}

static void report(const job_t *job, const char *what, double ns,
                   double copy_ns)
{
    printf("codec_%s_%s_%d %.3f us\n", job->form->name, what, job->adds,
           ns / 1000);
    printf("codec_%s_%s_%d_rate %.0f MB/s\n", job->form->name, what,
           job->adds, (double)job->len / ns * 1000);
    printf("codec_%s_%s_%d_ratio %.2f x_memcpy\n", job->form->name, what,
           job->adds, ns / copy_ns);
}

typedef struct row_t {
    apr_size_t len;
    double copy, decode, encode;
} row_t;

static row_t measure_one(const form_t *form, int n, apr_pool_t *p)
{
    job_t job = { .form = form, .adds = n };
    row_t row;

    job.message = encode(form, n, &job.len, p);
    job.copy = apr_palloc(p, job.len);
    apr_pool_create(&job.pool, p);
    row.len = job.len;
    row.copy = measure_call(do_memcpy, &job, ROUNDS);
    row.decode = measure_call(do_decode, &job, ROUNDS);
    row.encode = measure_call(do_encode, &job, ROUNDS);
    printf("codec_%s_octets_%d %lu octets\n", form->name, n,
           (unsigned long)job.len);
    printf("codec_%s_memcpy_%d %.3f us\n", form->name, n, row.copy / 1000);
    report(&job, "decode", row.decode, row.copy);
    report(&job, "encode", row.encode, row.copy);
    if (job.sum == 0)
        abort();
    return row;
}

static void print_table(row_t rows[FORMS][SIZES])
{
    unsigned f, s;

    printf("#\n# %-12s %5s %8s %11s %11s %8s %11s %8s\n", "format", "Adds",
           "octets", "memcpy us", "decode us", "ratio", "encode us",
           "ratio");
    for (f = 0; f < FORMS; f++) {
        for (s = 0; s < SIZES; s++) {
            const row_t *r = &rows[f][s];

            printf("# %-12s %5d %8lu %11.3f %11.3f %8.1f %11.3f %8.1f\n",
                   forms[f].name, adds[s], (unsigned long)r->len,
                   r->copy / 1000, r->decode / 1000, r->decode / r->copy,
                   r->encode / 1000, r->encode / r->copy);
        }
    }
    aim("reading WBXML", rows[0][2].decode / rows[0][2].copy,
        AIM_WBXML_DECODE);
    aim("writing WBXML", rows[0][2].encode / rows[0][2].copy,
        AIM_WBXML_ENCODE);
    aim("reading XML", rows[2][2].decode / rows[2][2].copy, AIM_XML_DECODE);
}

int main(void)
{
    row_t rows[FORMS][SIZES];
    apr_pool_t *p;
    unsigned f, s;

    apr_initialize();
    codec_init();
    apr_pool_create(&p, NULL);
    make_card();
    for (f = 0; f < FORMS; f++) {
        for (s = 0; s < SIZES; s++)
            rows[f][s] = measure_one(&forms[f], adds[s], p);
    }
    print_table(rows);
    apr_pool_destroy(p);
    apr_terminate();
    return missed;
}
