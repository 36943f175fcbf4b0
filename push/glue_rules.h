/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/glue_rules.h
 * @brief The directives that are rules of policy.h: kept as text in the order
 * in which they were given, checked at once, applied when a worker starts.
 */
#ifndef SYNCML_PUSH_GLUE_RULES_H
#define SYNCML_PUSH_GLUE_RULES_H

#include "httpd.h"
#include "http_config.h"

#include "policy.h"

/** The rules of a server; all zero: none given. */
typedef struct glue_rules_t {
    apr_array_header_t *rules;  /* of glue_rule_t; NULL: none */
    apr_array_header_t *prices; /* of policy_price_t; NULL: none */
    apr_interval_time_t keep;   /* of the push log; -1: not given */
} glue_rules_t;

typedef struct glue_rule_t {
    const char *directive, *name, *value;
} glue_rule_t;

/** Add a directive's arguments.  @param rule  its name in policy_set()
 * @return what is wrong, with the directive's name, or NULL */
const char *glue_rules_add(glue_rules_t *to, cmd_parms *cmd,
                           const char *rule, int argc, char *const argv[]);

/** A virtual host has its server's rules, and its own above them. */
glue_rules_t glue_rules_merge(const glue_rules_t *base,
                              const glue_rules_t *over, apr_pool_t *p);

/** Apply them to the defaults. */
void glue_rules_apply(const glue_rules_t *from, policy_rules_t *rules,
                      apr_pool_t *p);

/** Is there a budget of money, and an SMS for which no price is known?  Such a
 * budget would never be used up.
 * @param routes  of route_t *; NULL: none
 * @return the gateway's name, or NULL */
const char *glue_rules_unpriced(const glue_rules_t *from,
                                const apr_array_header_t *routes,
                                apr_pool_t *p);

/** @return the first directive in which two servers differ, or NULL */
const char *glue_rules_difference(const glue_rules_t *a,
                                  const glue_rules_t *b);

#endif
