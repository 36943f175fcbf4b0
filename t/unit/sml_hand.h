/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Messages written command by command, for what no client of sml_run.h would
 * say.  All of them go through the one phone ph.
 */
#ifndef T_UNIT_SML_HAND_H
#define T_UNIT_SML_HAND_H

#include "sml_world.h"

static phone_t *ph;

static inline void start(void)
{
    ph = world_phone("IMEI:1")->ph;
    world_start(ph);
    phone_open(ph);
}

/* ---- commands written by hand ------------------------------------------ */

/* Open a command; see done(). */
static inline void begin(int tag)
{
    phone_command(ph, tag);
    phone_expect(ph, codec_tag_name(tag), NULL);
}

static inline void begin_item(const char *target, const char *source)
{
    codec_open(ph->w, SYNCML_ITEM);
    if (target != NULL) {
        phone_uri(ph, SYNCML_TARGET, target, NULL);
    }
    if (source != NULL) {
        phone_uri(ph, SYNCML_SOURCE, source, NULL);
    }
}

static inline void item(const char *target, const char *source,
                        const char *data)
{
    begin_item(target, source);
    if (data != NULL) {
        codec_text(ph->w, SYNCML_DATA, data);
    }
    codec_close(ph->w);
}

static inline void meta(int tag, const char *text)
{
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, tag, text);
    codec_close(ph->w);
}

static inline void done(void)
{
    codec_close(ph->w);
}

/* A command with one item. */
static inline void simple(int tag, const char *type, const char *source,
                          const char *data)
{
    begin(tag);
    if (type != NULL) {
        meta(METINF_TYPE, type);
    }
    item(NULL, source, data);
    done();
}

#define CODE(name, n) phone_code(ph, name, n)

static inline const char *of_octets(int n)
{
    char *s = apr_palloc(w->pool, (apr_size_t)n + 1);

    memset(s, 'x', (apr_size_t)n);
    s[n] = '\0';
    return s;
}

static inline void alert(const char *code, const char *target,
                         const char *source, const char *next)
{
    begin(SYNCML_ALERT);
    if (code != NULL) {
        codec_text(ph->w, SYNCML_DATA, code);
    }
    if (target != NULL || source != NULL) {
        begin_item(target, source);
        if (next != NULL) {
            codec_open(ph->w, SYNCML_META);
            codec_open(ph->w, METINF_ANCHOR);
            codec_text(ph->w, METINF_NEXT, next);
            codec_close(ph->w);
            codec_close(ph->w);
        }
        done();
    }
    done();
}

static inline void open_first(const char *devid)
{
    ph = world_phone(devid)->ph;
    ph->scheme = SML_AUTH_BASIC;
    phone_begin(ph);
    phone_open(ph);
}

#endif
