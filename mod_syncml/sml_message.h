/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_message.h
 * @brief A SyncML message as structs, built from the codec's events.
 *
 * Only what the protocol carries, nothing interpreted: numbers that are not
 * numbers, missing elements and the like are for the reader of the structs
 * to judge, so that each gets its own status.  Strings are NUL-terminated
 * copies in the pool, NULL where the element was absent, "" where empty.
 */
#ifndef SYNCML_SML_MESSAGE_H
#define SYNCML_SML_MESSAGE_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "codec/codec.h"

/** Commands and items together in one message: as many as a message of the
 * greatest size can be full of, one in so many octets (the shortest are the
 * items of a Map and the command and item of a Delete), but never fewer than
 * the first number; nested containers. */
#define SML_MAX_PARTS       20000
#define SML_PART_OCTETS     10
#define SML_MAX_NESTING     8

/** The message holds more than these limits. */
#define SML_ELIMIT      (APR_OS_START_USERERR + 6301)
/** SyncHdr, SyncBody or an element without which no answer can be
 * addressed is missing. */
#define SML_EINCOMPLETE (APR_OS_START_USERERR + 6302)

typedef struct sml_meta_t {
    const char *type, *format;
    const char *last, *next;            /* Anchor */
    const char *next_nonce;
    const char *max_msg_size, *max_obj_size;
    const char *size;
    const char *mark;
    const char *emi;                    /* the last one */
} sml_meta_t;

/** Filter in a Target: what of the datastore the client wants (OMA DS 1.2). */
typedef struct sml_filter_element_t {
    sml_meta_t meta;                    /* Type: of the items */
    sml_meta_t field, record;           /* Type: how their Data is written */
    const char *type;                   /* FilterType */
    const char *expression;             /* of Record; NULL: none */
    apr_array_header_t *properties;     /* const char *: PropName elements of
                                           Field; NULL: no Field */
    const char *data;                   /* of Field: a document, or NULL */
    apr_size_t len;
} sml_filter_element_t;

typedef struct sml_uri_t {
    const char *uri;                    /* LocURI */
    const char *name;                   /* LocName */
    sml_filter_element_t *filter;       /* or NULL */
} sml_uri_t;

typedef struct sml_cred_t {
    sml_meta_t meta;
    const char *data;                   /* raw octets in SyncML 1.0 WBXML */
    apr_size_t len;
} sml_cred_t;

typedef struct sml_item_t {
    sml_uri_t target, source;
    const char *source_parent, *target_parent;
    sml_meta_t meta;
    const char *data;                   /* NULL: no Data element */
    apr_size_t len;
    int more;                           /* MoreData */
    int devinf;                         /* data is a DevInf document, WBXML
                                           even if it came inside XML */
} sml_item_t;

typedef struct sml_command_t sml_command_t;
struct sml_command_t {
    int tag;                            /* SYNCML_ADD, ... */
    const char *cmdid;
    int no_resp, archive, sftdel;
    sml_meta_t meta;
    sml_uri_t target, source;           /* Sync, Map */
    sml_cred_t *cred;                   /* Sync, Put, ...: unused, kept */
    const char *number_of_changes;
    const char *data;                   /* Alert and Status: the code */
    apr_array_header_t *items;          /* of sml_item_t; Map: target and
                                           source of each MapItem */
    apr_array_header_t *commands;       /* Sync, Atomic, Sequence: of
                                           sml_command_t *; else NULL */
    /* Status and Results */
    const char *msgref, *cmdref, *cmd;
    apr_array_header_t *targetrefs, *sourcerefs;    /* of const char * */
    sml_meta_t *chal;
};

typedef struct sml_message_t {
    const char *verdtd, *verproto, *session_id, *msg_id;
    sml_uri_t target, source;
    const char *resp_uri;
    int no_resp;
    sml_cred_t *cred;
    sml_meta_t meta;
    apr_array_header_t *commands;       /* of sml_command_t * */
    int final;
    codec_version_e version;            /* of VerProto, else of the document;
                                           CODEC_V_UNKNOWN if neither */
    unsigned parts;                     /* commands and items in all */
} sml_message_t;

/**
 * Decode a message.
 * @param error  out: static words for what is wrong
 * @return APR_SUCCESS, CODEC_E*, SML_ELIMIT, SML_EINCOMPLETE
 */
apr_status_t sml_message_decode(sml_message_t **message,
                                codec_format_e format, const char *data,
                                apr_size_t len, apr_size_t max_octets,
                                const char **error, apr_pool_t *p);

/** The meta value of an item, or where it has none that of its command. */
#define SML_META(item, command, field) \
    ((item)->meta.field ? (item)->meta.field : (command)->meta.field)

#endif
