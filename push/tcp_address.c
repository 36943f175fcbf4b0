/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Addresses and networks: see tcp_address.h. */
#include "tcp_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

typedef struct network_t {
    int any;                    /* all that are public or private */
    tcp_address_t base;
    int bits;
} network_t;

static const unsigned char mapped[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF
};

static int parse_octets(tcp_address_t *a, const char *text)
{
    if (inet_pton(AF_INET, text, a->octets) == 1) {
        a->v6 = 0;
        return 1;
    }
    if (inet_pton(AF_INET6, text, a->octets) != 1) {
        return 0;
    }
    a->v6 = memcmp(a->octets, mapped, sizeof mapped) != 0;
    if (!a->v6) {
        memmove(a->octets, a->octets + 12, 4);
        memset(a->octets + 4, 0, 12);
    }
    return 1;
}

/* A port's digits. @return 0 for what is none */
static int parse_port(const char *text)
{
    int n = 0;

    if (!*text || strlen(text) > 5) {
        return 0;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9') {
            return 0;
        }
        n = n * 10 + (*text - '0');
    }
    return n <= 65535 ? n : 0;
}

apr_status_t tcp_address_parse(tcp_address_t *address, const char *text,
                               int port, const char **error, apr_pool_t *p)
{
    char *host = apr_pstrdup(p, text), *colon = strrchr(host, ':');
    const char *wrong = NULL, *digits = NULL;

    memset(address, 0, sizeof *address);
    if (*host == '[') {
        char *end = strchr(host, ']');

        if (end && (!end[1] || end[1] == ':')) {
            digits = end[1] ? end + 2 : NULL;
            *end = '\0';
            host++;
        }
    }
    else if (colon && strchr(host, ':') == colon) {
        digits = colon + 1;
        *colon = '\0';
    }
    address->port = digits ? parse_port(digits) : port;
    if (!parse_octets(address, host)) {
        wrong = "an IPv4 or IPv6 address is wanted, in digits; before a "
                "port an IPv6 address stands in brackets";
    }
    else if (!address->port) {
        wrong = "a port is a number from 1 to 65535";
    }
    if (wrong && error) {
        *error = wrong;
    }
    return wrong ? APR_EINVAL : APR_SUCCESS;
}

const char *tcp_address_text(const tcp_address_t *address, apr_pool_t *p)
{
    char buf[INET6_ADDRSTRLEN];

    inet_ntop(address->v6 ? AF_INET6 : AF_INET, address->octets, buf,
              sizeof buf);
    return apr_psprintf(p, address->v6 ? "[%s]:%d" : "%s:%d", buf,
                        address->port);
}

socklen_t tcp_address_sockaddr(const tcp_address_t *address,
                               struct sockaddr_storage *to)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
    struct sockaddr_in *in = (struct sockaddr_in *)to;

    memset(to, 0, sizeof *to);
    if (address->v6) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((apr_uint16_t)address->port);
        memcpy(&in6->sin6_addr, address->octets, 16);
        return sizeof *in6;
    }
    in->sin_family = AF_INET;
    in->sin_port = htons((apr_uint16_t)address->port);
    memcpy(&in->sin_addr, address->octets, 4);
    return sizeof *in;
}

/* ---- networks ------------------------------------------------------------ */

static void push_network(apr_array_header_t *list, const char *text,
                         int bits)
{
    network_t *n = apr_array_push(list);

    memset(n, 0, sizeof *n);
    parse_octets(&n->base, text);
    n->bits = bits;
}

apr_status_t tcp_networks_add(apr_array_header_t **list, const char *word,
                              const char **error, apr_pool_t *p)
{
    char *host = apr_pstrdup(p, word), *slash = strchr(host, '/');
    tcp_address_t base;
    int most, bits;

    if (!*list) {
        *list = apr_array_make(p, 6, sizeof(network_t));
    }
    if (!strcasecmp(word, "none")) {
        apr_array_clear(*list);
        return APR_SUCCESS;
    }
    if (!strcasecmp(word, "any")) {
        push_network(*list, "0.0.0.0", 0);
        APR_ARRAY_IDX(*list, (*list)->nelts - 1, network_t).any = 1;
        return APR_SUCCESS;
    }
    if (!strcasecmp(word, "private")) {
        push_network(*list, "10.0.0.0", 8);
        push_network(*list, "172.16.0.0", 12);
        push_network(*list, "192.168.0.0", 16);
        push_network(*list, "100.64.0.0", 10);
        push_network(*list, "fc00::", 7);
        return APR_SUCCESS;
    }
    if (slash) {
        *slash++ = '\0';
    }
    memset(&base, 0, sizeof base);
    if (!parse_octets(&base, host)) {
        *error = apr_psprintf(p, "\"%s\" is no network; right are private, "
                              "any, none, 10.0.0.0/8, fd00::/8", word);
        return APR_EINVAL;
    }
    most = base.v6 ? 128 : 32;
    bits = slash ? parse_port(slash) : most;
    if (bits > most || (slash && !bits && strcmp(slash, "0"))) {
        *error = apr_psprintf(p, "\"%s\": a network of this kind has 0 to "
                              "%d bits", word, most);
        return APR_EINVAL;
    }
    push_network(*list, host, bits);
    return APR_SUCCESS;
}

static int is_within(const tcp_address_t *a, const tcp_address_t *base,
                     int bits)
{
    int i;

    if (a->v6 != base->v6) {
        return 0;
    }
    for (i = 0; i < bits; i++) {
        if ((a->octets[i / 8] ^ base->octets[i / 8]) & (0x80 >> i % 8)) {
            return 0;
        }
    }
    return 1;
}

/* Addresses that "any" does not mean: of this machine, of this link, of
 * nobody or of many. */
static int is_special(const tcp_address_t *a)
{
    static const struct { const char *text; int bits; } special[] = {
        { "0.0.0.0", 8 }, { "127.0.0.0", 8 }, { "169.254.0.0", 16 },
        { "224.0.0.0", 3 }, { "192.0.0.0", 24 }, { "::", 96 },
        { "64:ff9b::", 96 }, { "2002::", 16 }, { "fe80::", 10 },
        { "fec0::", 10 }, { "ff00::", 8 }
    };
    apr_size_t i;

    for (i = 0; i < sizeof special / sizeof *special; i++) {
        tcp_address_t base = { 0 };

        parse_octets(&base, special[i].text);
        if (is_within(a, &base, special[i].bits)) {
            return 1;
        }
    }
    return 0;
}

static int contains(const network_t *n, const tcp_address_t *a)
{
    return n->any ? !is_special(a) : is_within(a, &n->base, n->bits);
}

int tcp_networks_allow(const apr_array_header_t *list,
                       const tcp_address_t *address)
{
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        if (contains(&APR_ARRAY_IDX(list, i, network_t), address)) {
            return 1;
        }
    }
    return 0;
}
