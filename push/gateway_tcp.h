/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway_tcp.h
 * @brief Notifications to devices that listen on a TCP port: a gateway that
 * is no SMS (gateway.h).
 *
 * The server connects, writes the notification of DS 1.2 as it is, and the
 * device answers with a line that begins with its status: "200" for taken.
 * (So do the servers and clients that call this server-to-client TCP push.)
 * A device that cannot be connected to is tried once more a second later.
 * Whatever else happens, no answer included, is no delivery: the next
 * gateway's turn.
 *
 * Only addresses within the networks given are connected to: see
 * tcp_address.h.  The address is checked here again, each time, whatever was
 * checked when it was set.
 */
#ifndef SYNCML_PUSH_GATEWAY_TCP_H
#define SYNCML_PUSH_GATEWAY_TCP_H

#include "gateway.h"

/** The port of devices that do not name one. */
#define GATEWAY_TCP_PORT     745
/** Devices that are talked to at a time. */
#define GATEWAY_TCP_PARALLEL 64

/**
 * @param networks  from tcp_networks_add()
 * @param port  where an address has none
 */
gateway_t *gateway_tcp_create(const apr_array_header_t *networks, int port,
                              apr_pool_t *p);

#endif
