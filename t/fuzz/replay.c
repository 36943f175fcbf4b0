/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Feeds files to one fuzz target, as a test program: each file is one test
 * of the TAP on standard output.  Linked with t/fuzz/fuzz_NAME.c into
 * replay_NAME, which without arguments takes t/fuzz/corpus/NAME.  A finding
 * ends the process, so the count of tests is announced first.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads a whole file; NULL with errno set. The caller frees it. */
static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t room = 0, n;

    *size = 0;
    if (!f)
        return NULL;
    do {
        if (room - *size < 4096) {
            room = room * 2 + 8192;
            data = realloc(data, room);
            if (!data)
                abort();
        }
        n = fread(data + *size, 1, room - *size, f);
        *size += n;
    } while (n > 0);
    if (ferror(f)) {
        free(data);
        data = NULL;
    }
    fclose(f);
    return data;
}

static int replay(int number, const char *path)
{
    size_t size;
    uint8_t *data = read_file(path, &size);

    if (!data) {
        printf("not ok %d - %s: %s\n", number, path, strerror(errno));
        return 1;
    }
    printf("# %s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    printf("ok %d - %zu octets\n", number, size);
    free(data);
    return 0;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The corpus of the target that this program is named after. */
static int replay_corpus(const char *program)
{
    const char *name = strstr(program, "replay_");
    struct dirent **entries;
    char dir[512], path[1024];
    int i, n, bad = 0;

    snprintf(dir, sizeof dir, "t/fuzz/corpus/%s", name ? name + 7 : "");
    n = scandir(dir, &entries, visible, alphasort);
    if (n <= 0) {
        printf("1..1\nnot ok 1 - no corpus in %s\n", dir);
        return 1;
    }
    printf("1..%d\n", n);
    for (i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        bad += replay(i + 1, path);
        free(entries[i]);
    }
    free(entries);
    return bad != 0;
}

int main(int argc, char **argv)
{
    int i, bad = 0;

    if (argc == 1)
        return replay_corpus(argv[0]);
    printf("1..%d\n", argc - 1);
    for (i = 1; i < argc; i++)
        bad += replay(i, argv[i]);
    return bad != 0;
}
