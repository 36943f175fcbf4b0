/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What clients say on connections that they hold open.  A message that can be
 * read is read the same when more follows, not at all while its end is
 * missing, and a parameter of it that fits is written and read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "push/ctp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

static void write_again(const ctp_param_t *param, int code)
{
    unsigned char out[CTP_MAX_OUT];
    ctp_message_t back;
    apr_size_t used, len;

    if (!param->code || param->len > CTP_MAX_SAN) {
        return;
    }
    len = ctp_write(out, code, param->code, param->value, param->len);
    check(ctp_read(&back, out, len, &used, NULL) == APR_SUCCESS);
    check(used == len && back.code == code && back.nparams == 1);
    check(back.params[0].code == param->code
          && back.params[0].len == param->len
          && memcmp(back.params[0].value, param->value, param->len) == 0);
}

/* @return octets of the first message, 0: there is none */
static apr_size_t one(const unsigned char *data, apr_size_t len)
{
    unsigned char *exact = malloc(len ? len : 1);
    const char *error = NULL;
    ctp_message_t m, shorter;
    apr_size_t used, ignored;
    apr_status_t rv;
    int i;

    memcpy(exact, data, len);
    rv = ctp_read(&m, exact, len, &used, &error);
    if (rv == APR_SUCCESS) {
        check(used >= 4 && used <= len && used <= CTP_MAX_IN);
        check(ctp_read(&shorter, exact, used, &ignored, NULL) == rv
              && shorter.nparams == m.nparams);
        check(ctp_read(&shorter, exact, used - 1, &ignored, NULL)
              == APR_INCOMPLETE);
        for (i = 0; i < m.nparams; i++) {
            check(ctp_param(&m, m.params[i].code) != NULL);
            ctp_digest_matches(&m.params[i], "user", "password", "nonce");
            write_again(&m.params[i], m.code);
        }
    }
    else {
        check(used == 0);
        check(rv == APR_INCOMPLETE ? len < CTP_MAX_IN : error != NULL);
    }
    free(exact);
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_size_t n;

    while ((n = one(data, size)) > 0) {
        data += n;
        size -= n;
    }
    return 0;
}
