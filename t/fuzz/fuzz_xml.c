/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Any octets to the XML decoder.
 */
#include "fuzz_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_init_once();
    fuzz_decode(CODEC_XML, data, size);
    return 0;
}
