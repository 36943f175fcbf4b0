/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * One message through a link to a gateway, for the tests of gateways.
 * Include after <cmocka.h>.
 */
#ifndef SYNCML_TEST_GATEWAY_LINK_H
#define SYNCML_TEST_GATEWAY_LINK_H

#include <string.h>

#include "push/gateway.h"

typedef struct outcome_t {
    int done;
    gateway_answer_t answer;
} outcome_t;

static inline void on_done(void *baton, void *message_baton,
                    const gateway_answer_t *answer)
{
    outcome_t *outcome = message_baton;

    assert_int_equal(outcome->done, 0);
    outcome->done++;
    outcome->answer = *answer;
}

static inline gateway_link_t *open_link(const gateway_t *gw, int parallel,
                                        apr_interval_time_t timeout,
                                        apr_pool_t *pool)
{
    gateway_options_t options = { parallel, timeout, timeout };
    gateway_link_t *link;

    assert_int_equal(gateway_open(&link, gw, &options, on_done, NULL, pool),
                     APR_SUCCESS);
    assert_int_equal(gateway_room(link), parallel);
    return link;
}

static inline gateway_message_t message(int validity, apr_pool_t *pool)
{
    static const unsigned char data[] = { 1, 6, 3, 0xCE, 0xAF, 0x85, 0, 10,
                                          13, 0x25, 0x2B, 0xFF };
    gateway_message_t m = { .to = "+491701234567", .validity = validity,
                            .meaning = "Notification: x\n" };
    apr_array_header_t *parts;

    assert_int_equal(sms_split(&parts, data, sizeof data, 2948, 9200, 1,
                               pool), APR_SUCCESS);
    m.part = &APR_ARRAY_IDX(parts, 0, sms_part_t);
    return m;
}

static inline void send_and_wait(gateway_link_t *link, outcome_t *outcome,
                                 apr_pool_t *pool)
{
    gateway_message_t m = message(15, pool);
    int room = gateway_room(link), i;

    memset(outcome, 0, sizeof *outcome);
    gateway_send(link, &m, outcome);
    assert_int_equal(outcome->done, 0);         /* later, never at once */
    assert_int_equal(gateway_room(link), room - 1);
    for (i = 0; i < 1000 && !outcome->done; i++) {
        gateway_run(link, 20000);
    }
    assert_int_equal(outcome->done, 1);
    assert_int_equal(gateway_room(link), room);
}

#endif
