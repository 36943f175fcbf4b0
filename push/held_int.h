/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The structures of connections held open, for the held*.c files only. */
#ifndef SYNCML_PUSH_HELD_INT_H
#define SYNCML_PUSH_HELD_INT_H

#include <stddef.h>
#include <stdint.h>

#include <apr_thread_mutex.h>

#include "held.h"

/* A place in a list that goes round through its head. */
typedef struct link_t {
    struct link_t *prev, *next;
} link_t;

typedef enum {
    CONN_NEW = 0,               /* nothing heard yet */
    CONN_CHALLENGED,            /* it has our nonce */
    CONN_HELD,                  /* logged in */
    CONN_GONE                   /* closed; to be reused after this round */
} conn_state_e;

/* Part of a message that has not come to its end. */
typedef struct buffer_t {
    struct buffer_t *next;      /* unused ones */
    apr_size_t len;
    unsigned char data[CTP_MAX_IN];
} buffer_t;

typedef struct conn_t {
    link_t all;                 /* strangers or friends, the longest silent
                                   first */
    link_t busy;                /* owes something that waits for its time */
    struct conn_t *chain;       /* others in its device's bucket */
    int fd;
    conn_state_e state;
    int owes_ok;
    unsigned char address[16];
    apr_time_t heard;           /* or accepted: for strangers */
    apr_time_t said;            /* our latest message */
    apr_int64_t device;
    buffer_t *in;               /* NULL: nothing begun */
    char nonce[CTP_NONCE + 1];

    /* A notification on its way. */
    const gateway_message_t *message;   /* NULL: none */
    void *baton;
    apr_time_t begun;
    int written;
} conn_t;

typedef struct failure_t {
    unsigned char address[16];
    int count;
    apr_time_t since;
} failure_t;

#define BUCKETS   16384
#define FAILURES  1024

struct held_t {
    held_options_t o;
    apr_pool_t *pool;
    int epoll, wake;
    int deaf;                   /* the listeners are not listened to */
    apr_time_t deaf_until;
    apr_time_t said_deaf;       /* the latest time that it had to be */
    apr_time_t window;          /* ROUND: since when... */
    int let_in;                 /* ...so many have been let in */
    apr_time_t now;             /* of a clock that only goes forward */

    link_t strangers, friends, busy, gone;
    int nopen, nstrangers, nfriends;
    conn_t *unused_conns;       /* by chain */
    buffer_t *unused_buffers;

    apr_thread_mutex_t *mutex;  /* of the buckets */
    conn_t **buckets;
    failure_t *failures;

    struct { const gateway_message_t *message; void *baton; }
        tells[GATEWAY_MAX_PARALLEL];
    int ntells;
};

#define CONN_OF(place, member) \
    ((conn_t *)((uintptr_t)(place) - offsetof(conn_t, member)))

void held_log(held_t *h, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void list_init(link_t *head);
void list_put(link_t *head, link_t *link);      /* last */
void list_cut(link_t *link);
int list_empty(const link_t *head);

/* held_conn.c: one connection's life. */

/* Take a new connection in. */
void held_accept(held_t *h, int fd, const unsigned char address[16]);
/* Something has come, or its end. */
void held_read(held_t *h, conn_t *c);
/* Close; a notification on its way ends with @p result. */
void held_hang_up(held_t *h, conn_t *c, gateway_result_e result,
                  const char *why);
/* Do what a busy one owes and may do now. */
void held_go_on(held_t *h, conn_t *c);
/* Give a connected device a notification. */
void held_give(held_t *h, conn_t *c, const gateway_message_t *message,
               void *baton);
/* The end of a notification. */
void held_done(held_t *h, void *baton, apr_time_t begun,
               gateway_result_e result, const char *words);

/* held.c */
conn_t *held_find(held_t *h, apr_int64_t device);
/* Into the bucket of its device and out of it; with the mutex. */
void held_enter(held_t *h, conn_t *c);
void held_leave(held_t *h, conn_t *c);
void held_count(held_t *h);
/* Logins that failed from an address. @return how many lately */
int held_failures(held_t *h, const unsigned char address[16], int one_more);

#endif
