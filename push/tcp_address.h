/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/tcp_address.h
 * @brief Addresses that the server may connect to, and the networks that
 * they must be in.
 *
 * The address of a device comes from a request or from a person, and the
 * server connects to it: so it is limited to networks that an admin has
 * named.  Addresses are literal, never names: what was checked is what is
 * connected to, whatever a name server says a moment later.
 */
#ifndef SYNCML_PUSH_TCP_ADDRESS_H
#define SYNCML_PUSH_TCP_ADDRESS_H

#include <sys/socket.h>

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

typedef struct tcp_address_t {
    int v6;
    unsigned char octets[16];   /* network order; 4 of them for IPv4 */
    int port;
} tcp_address_t;

/**
 * Read ADDRESS[:PORT]; an IPv6 address with a port stands in brackets.  An
 * IPv4 address inside of IPv6 (::ffff:1.2.3.4) is the IPv4 address.
 * @param port  where there is none in the text, 1 to 65535
 * @param error  out: what is wrong; may be NULL
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t tcp_address_parse(tcp_address_t *address, const char *text,
                               int port, const char **error, apr_pool_t *p);

/** ADDRESS:PORT, as it is read. */
const char *tcp_address_text(const tcp_address_t *address, apr_pool_t *p);

/** For connect(). @return the length */
socklen_t tcp_address_sockaddr(const tcp_address_t *address,
                               struct sockaddr_storage *to);

/**
 * Add networks to a list (of a kind private to these calls).
 * @param list  *list may be NULL: it is made
 * @param word  "private": the networks of RFC 1918, 6598 and 4193; "any":
 *              every address that is not loopback, link-local, multicast,
 *              broadcast or unspecified; ADDRESS[/BITS]: these, whatever
 *              they are; "none": empties the list
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t tcp_networks_add(apr_array_header_t **list, const char *word,
                              const char **error, apr_pool_t *p);

/** Whether an address is in one of the networks. @param list  NULL: none */
int tcp_networks_allow(const apr_array_header_t *list,
                       const tcp_address_t *address);

#endif
