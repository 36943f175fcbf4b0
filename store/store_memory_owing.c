/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: who owes a sync, for those who ask.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

static int by_names(const void *va, const void *vb)
{
    const store_due_t *a = *(store_due_t *const *)va;
    const store_due_t *b = *(store_due_t *const *)vb;
    int order = strcmp(a->account_name, b->account_name);

    return order ? order : strcmp(a->devid, b->devid);
}

apr_status_t mem_due_get(store_tx_t *tx, store_id_t device,
                         store_due_t **due)
{
    mem_due_t key = { .device = device };
    mem_due_t *row = mem_find(tx, MEM_DUES, &key);

    if (!row)
        return APR_NOTFOUND;
    *due = mem_give_due(tx, row);
    (*due)->datastores->nelts = 0;
    return APR_SUCCESS;
}

apr_status_t mem_due_list(store_tx_t *tx, store_id_t account,
                          store_due_fn *fn, void *baton)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DUES];
    store_due_t **list = apr_palloc(tx->p, (t->n + 1) * sizeof(*list));
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_due_t *row = t->rows[i];

        if (!account || row->account == account)
            list[n++] = mem_give_due(tx, row);
    }
    qsort(list, n, sizeof(*list), by_names);
    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = fn(baton, list[i]);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}
