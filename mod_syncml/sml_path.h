/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_path.h
 * @brief The path under which a client names a datastore, with its options.
 *
 *   ["./" | "/"] name *("/" sub) *("/" option) ["?" rest]
 *
 * Names and aliases are those of the configuration, compared without case; a
 * longer name is looked for before a shorter one.  Segments after the name
 * that are no option name one of the account's own datastores under it:
 * "contacts/private".  After the "?" options may stand too, with or without
 * the first "/" (some clients of the field append "?/dr(-30,90)" by
 * themselves), or a filter that uses operators such as &EQ;.  Anything else
 * there is passed over, as servers of the field do.
 *
 * Options, as the Synthesis server has them (its configuration reference,
 * 7.4 and 7.5); in any case of letters:
 *
 *   dr(-30,90)  only what lies between 30 days ago and 90 days ahead
 *   li(5)       no item above 5 kilobytes: what is too much is left out
 *   max(100)    at most 100 items on the device
 *   na          no attachments
 *   fo(vcard21) the format in which items travel, whatever the device says:
 *               also as "?format=vcard21"; names as in item_form.h
 *   slow        a slow sync, once: when the path first has it
 *   fi(filter)  only items that match; what does not goes from the device
 *   tf(filter)  of new items only those that match
 *   o(text)     for other servers; passed over
 */
#ifndef SYNCML_SML_PATH_H
#define SYNCML_SML_PATH_H

#include "mod_syncml/sml.h"
#include "mod_syncml/sml_view.h"

typedef struct sml_path_t {
    const sml_datastore_conf_t *conf;   /* NULL: no such datastore */
    const char *sub;            /* below it, as written: "private"; or NULL */
    sml_view_t view;            /* what the options say */
    const char *error;          /* malformed options: what is wrong, for a log
                                   line; NULL: all is well */
    const char *passed_over;    /* the first option that is not known here, or
                                   NULL */
} sml_path_t;

/**
 * Take a path apart.
 * @param uri  as the client wrote it; NULL is no path: conf is NULL then
 * @param path  out, filled in always
 */
void sml_path_parse(const sml_config_t *config, const char *uri,
                    sml_path_t *path, apr_pool_t *p);

/** Non-zero if a datastore of the account may have this name below another:
 * one or more segments of printable ASCII that are no option. */
int sml_path_sub_ok(const char *sub);

#endif
