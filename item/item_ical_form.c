/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* iCalendar in a device's form: see item_vcal.h. */
#include <string.h>

#include "item/item_cal.h"
#include "item/item_vcal.h"

apr_status_t item_ical_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p)
{
    *out = *in;
    return APR_SUCCESS;
}

apr_status_t item_ical_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p)
{
    *out = *in;
    return APR_SUCCESS;
}
