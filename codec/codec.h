/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/codec.h
 * @brief SyncML documents to and from one event interface, in WBXML and XML.
 *
 * Decoding turns a whole message in memory into start, text and end events;
 * encoding is a writer with the same vocabulary.  Neither makes a tree, and
 * neither format passes through the other.  The decoder faces the network
 * before anybody has authenticated, so each limit is stated at its call and
 * a document over a limit ends the decoding with an error that says so.
 */
#ifndef SYNCML_CODEC_H
#define SYNCML_CODEC_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "tokens.h"

typedef enum { CODEC_WBXML = 0, CODEC_XML = 1 } codec_format_e;
typedef enum { CODEC_DOC_SYNCML = 0, CODEC_DOC_DEVINF = 1 } codec_doc_e;
/** Protocol versions; CODEC_V_UNKNOWN only comes out of a decoder. */
typedef enum {
    CODEC_V_UNKNOWN = -1, CODEC_V10 = 0, CODEC_V11 = 1, CODEC_V12 = 2
} codec_version_e;

/** The document is not what it should be (truncated, not well-formed, an
 * unknown token form, invalid UTF-8 in a name or text). */
#define CODEC_EMALFORMED  (APR_OS_START_USERERR + 6101)
/** A limit of codec_limits_t was passed. */
#define CODEC_ELIMIT      (APR_OS_START_USERERR + 6102)
/** Public id, version or root element of no known SyncML document. */
#define CODEC_EDOCTYPE    (APR_OS_START_USERERR + 6103)
/** A character set that is not supported. */
#define CODEC_ECHARSET    (APR_OS_START_USERERR + 6104)

/** Zero means the default given in brackets. */
typedef struct codec_limits_t {
    apr_size_t max_octets;      /* of the document [1 MiB] */
    unsigned max_depth;         /* of elements [32], at most 128 */
    unsigned max_events;        /* start, end and text calls; comments and
                                 * instructions of XML too [500,000] */
    apr_size_t max_strtbl;      /* WBXML string table [4 KiB] */
    apr_size_t max_strtbl_out;  /* all references to it together [64 KiB] */
    apr_size_t max_tag;         /* XML: octets of one tag, DOCTYPE or
                                 * instruction [2 KiB] */
} codec_limits_t;

/**
 * Where events go.  A result other than APR_SUCCESS ends the decoding and is
 * its result.  Text may come in several pieces; pieces live for the call.
 * WBXML: text of an inline string, entity or table reference is checked
 * UTF-8 (Latin-1 documents are converted); opaque octets come unchecked with
 * opaque = 1.  XML: text is UTF-8, opaque is 0, CDATA and character data are
 * not told apart, white space between elements is not reported where an
 * element contains elements.  CR LF in character data is LF by the rules of
 * XML; a CDATA section keeps it.
 *
 * An element that no table knows is CODEC_UNKNOWN at its start and end, its
 * content between them.  DevInf inside of a SyncML document is opaque text
 * in WBXML (decode that once more) and elements in XML.  Some clients put a
 * METINF_METINF element around the children of Meta; it is reported.
 */
typedef struct codec_sink_t {
    apr_status_t (*start)(void *baton, int tag);
    apr_status_t (*end)(void *baton, int tag);
    apr_status_t (*text)(void *baton, const char *data, apr_size_t len,
                         int opaque);
    void *baton;
} codec_sink_t;

typedef struct codec_info_t {
    codec_doc_e doc;
    codec_version_e version;    /* from public id, DOCTYPE or namespace */
    apr_size_t error_offset;    /* where decoding stopped, octets */
    const char *error;          /* static words for an error, or NULL */
} codec_info_t;

/**
 * Decode one document.  NUL octets behind it are ignored; some clients send
 * their string's terminator.  An XML start tag may have 16 attributes; a
 * DOCTYPE may not have an internal subset.
 * @param limits  NULL: all defaults
 * @param info  out, always filled in; may be NULL
 * @param p  scratch (XML parser only); may be NULL for WBXML
 * @return APR_SUCCESS, CODEC_E*, or what the sink returned
 */
apr_status_t codec_decode(codec_format_e format, const void *data,
                          apr_size_t len, const codec_limits_t *limits,
                          const codec_sink_t *sink, codec_info_t *info,
                          apr_pool_t *p);

/** Words for a CODEC_E* status; NULL for others. */
const char *codec_strerror(apr_status_t rv);

/** Once per process before threads start (libxml2's own initialisation). */
void codec_init(void);

/* ---- writing ----------------------------------------------------------- */

typedef struct codec_writer_t codec_writer_t;

/** A place to go back to: see codec_writer_rollback(). */
typedef struct codec_mark_t {
    apr_size_t size;
    unsigned depth;
    int page;
} codec_mark_t;

/**
 * Start a document: header and, for XML, declaration; the caller opens the
 * root element.  The buffer grows in @p p as needed.
 * @param version  CODEC_V_UNKNOWN is written as 1.2
 */
codec_writer_t *codec_writer_create(codec_format_e format, codec_doc_e doc,
                                    codec_version_e version, apr_pool_t *p);

codec_format_e codec_writer_format(const codec_writer_t *w);

/** <tag> ... */
void codec_open(codec_writer_t *w, int tag);
/** Close the innermost open element. */
void codec_close(codec_writer_t *w);
/** <tag/> */
void codec_empty(codec_writer_t *w, int tag);
/** <tag>text</tag>; text is UTF-8, written as one token in WBXML.  NULL or
 * "" writes the empty element.  A text with NUL or octets that are no UTF-8
 * does not break the document: WBXML keeps them as opaque data, in XML each
 * becomes U+FFFD. */
void codec_text(codec_writer_t *w, int tag, const char *text);
void codec_textn(codec_writer_t *w, int tag, const char *text,
                 apr_size_t len);
void codec_number(codec_writer_t *w, int tag, apr_int64_t value);
/**
 * <tag>octets</tag> with every octet kept: opaque in WBXML; in XML character
 * data, CR kept, and octets that XML cannot carry are the caller's business
 * (write base64 with Meta/Format b64): such octets become U+FFFD.
 */
void codec_opaque(codec_writer_t *w, int tag, const void *data,
                  apr_size_t len);
/**
 * <tag>document</tag>: put a finished document of codec_writer_data() inside
 * this one.  WBXML: as opaque data.  XML: markup without its declaration.
 */
void codec_embed(codec_writer_t *w, int tag, codec_writer_t *inner);

/** Octets so far, open elements' ends included. */
apr_size_t codec_writer_size(const codec_writer_t *w);
void codec_writer_mark(const codec_writer_t *w, codec_mark_t *mark);
/** Forget all that was written since the mark.  No element that was open at
 * the mark may have been closed since. */
void codec_writer_rollback(codec_writer_t *w, const codec_mark_t *mark);

/** The finished octets; valid until the next call on the writer or its
 * pool's end.  All elements must be closed, else NULL and 0. */
const char *codec_writer_data(codec_writer_t *w, apr_size_t *len);

#endif
