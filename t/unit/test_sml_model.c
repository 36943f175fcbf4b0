/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Three devices and the server side of an account under a random life, with
 * everything that lines and owners do to it, against a simple model of what
 * people did (sml_model.h).
 *
 * Each life runs in a process of its own.  When one fails, steps are taken
 * out of its history for as long as it still fails, and the short history is
 * printed, with the command that plays it again.
 *
 *   SESSIONS=10000 build/t/test_sml_model     so many sessions per store
 *   SEED=17 build/t/test_sml_model            one life, telling what it does
 *   SEED=17 KEEP=3,4,9 MODEL_STORE=memory ... these steps of it only
 *   SHRINK=0                                  do not look for a shorter one
 *
 * SML_TEST_LOG and SML_TEST_DUMP as in sml_world.h.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "sml_model_life.h"

#define SHORT_SESSIONS  900
#define DEADLINE        120     /* seconds of a life, in which it must end */

typedef struct outcome_t {
    int failed;
    int sessions;
    int faults[FAULTS];
    char words[1024];
} outcome_t;

static struct {
    const char *scratch;
    int memory;
    apr_uint32_t seed;
    step_t steps[LIFE_STEPS];
} run;

static void model_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static void make_steps(apr_uint32_t seed)
{
    int i;

    run.seed = seed;
    life.dice = seed * 2654435761u;
    life_dice(2);
    for (i = 0; i < LIFE_STEPS; i++) {
        run.steps[i] = life_step();
    }
}

/* ---- a process for a life ---------------------------------------------- */

static void child(const char *keep, int fd)
{
    void *state = run.memory ? &run : NULL;
    int sessions, i;

    if (!life.loud) {
        dup2(fd, STDERR_FILENO);
    }
    alarm(DEADLINE);
    if (world_setup(&state) != 0) {
        model_fail("no directory for a store");
    }
    sessions = life_live(run.steps, LIFE_STEPS, keep);
    world_teardown(&state);
    fprintf(stderr, "SESSIONS %d", sessions);
    for (i = 0; i < FAULTS; i++) {
        fprintf(stderr, " %d", faults[i]);
    }
    fputc('\n', stderr);
    exit(0);
}

static void read_words(int fd, outcome_t *o)
{
    size_t have = 0;
    char more[512];
    ssize_t n;

    while ((n = read(fd, more, sizeof(more))) > 0) {
        size_t room = sizeof(o->words) - 1 - have;

        if ((size_t)n < room) {
            room = (size_t)n;
        }
        memcpy(o->words + have, more, room);
        have += room;
    }
    o->words[have] = '\0';
}

static void clean_up(void)
{
    char command[256];

    snprintf(command, sizeof(command), "rm -rf '%s'/*", run.scratch);
    if (system(command) != 0) {
        fprintf(stderr, "# %s failed\n", command);
    }
}

static outcome_t live(const char *keep)
{
    outcome_t o = { 0 };
    int fds[2], status;
    char *at;
    pid_t pid;

    fflush(stdout);
    if (pipe(fds) != 0 || (pid = fork()) < 0) {
        perror("fork");
        exit(2);
    }
    if (pid == 0) {
        close(fds[0]);
        child(keep, fds[1]);
    }
    close(fds[1]);
    read_words(fds[0], &o);
    close(fds[0]);
    waitpid(pid, &status, 0);
    o.failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    if (WIFSIGNALED(status)) {
        snprintf(o.words, sizeof(o.words), "%s", WTERMSIG(status) == SIGALRM
                 ? "it does not end" : strsignal(WTERMSIG(status)));
    }
    at = strstr(o.words, "SESSIONS ");
    if (at != NULL) {
        int i;

        o.sessions = (int)strtol(at + 9, &at, 10);
        for (i = 0; i < FAULTS; i++) {
            o.faults[i] = (int)strtol(at, &at, 10);
        }
    }
    if (o.failed) {
        clean_up();
    }
    return o;
}

/* ---- a failure --------------------------------------------------------- */

/* Take out ever smaller runs of steps. */
static void shrink(char *keep, outcome_t *o)
{
    int size, at;

    for (size = LIFE_STEPS / 2; size > 0; size = size > 1 ? size / 2 : 0) {
        for (at = 0; at < LIFE_STEPS; at += size) {
            char fewer[LIFE_STEPS];
            int i, gone = 0;
            outcome_t again;

            memcpy(fewer, keep, LIFE_STEPS);
            for (i = at; i < at + size && i < LIFE_STEPS; i++) {
                gone += fewer[i];
                fewer[i] = 0;
            }
            if (gone == 0) {
                continue;
            }
            again = live(fewer);
            if (again.failed) {
                memcpy(keep, fewer, LIFE_STEPS);
                *o = again;
            }
        }
    }
}

static void tell(const char *keep, const outcome_t *o)
{
    int i, first = 1;

    printf("# %s\n", o->words);
    for (i = 0; i < LIFE_STEPS; i++) {
        if (keep[i]) {
            printf("#   %2d  %s %d\n", i, step_names[run.steps[i].kind],
                   run.steps[i].device);
        }
    }
    printf("# again: SEED=%u MODEL_STORE=%s KEEP=", (unsigned)run.seed,
           run.memory ? "memory" : "sqlite");
    for (i = 0; i < LIFE_STEPS; i++) {
        if (keep[i]) {
            printf("%s%d", first ? "" : ",", i);
            first = 0;
        }
    }
    printf(" build/t/test_sml_model\n");
}

static void failed(outcome_t *o)
{
    const char *wanted = getenv("SHRINK");
    char keep[LIFE_STEPS];

    memset(keep, 1, sizeof(keep));
    printf("# SEED=%u MODEL_STORE=%s build/t/test_sml_model\n",
           (unsigned)run.seed, run.memory ? "memory" : "sqlite");
    printf("# %s\n", o->words);
    if (wanted == NULL || atoi(wanted)) {
        shrink(keep, o);
        tell(keep, o);
    }
    fflush(stdout);
}

/* ---- all --------------------------------------------------------------- */

static int one_life(void)
{
    const char *only = getenv("KEEP");
    char keep[LIFE_STEPS];
    outcome_t o;

    memset(keep, only == NULL, sizeof(keep));
    while (only != NULL && *only != '\0') {
        int i = atoi(only);

        if (i >= 0 && i < LIFE_STEPS) {
            keep[i] = 1;
        }
        only += strcspn(only, ",");
        only += *only == ',';
    }
    life.loud = 1;
    o = live(keep);
    printf("%sok 1 - seed %u\n# %s\n", o.failed ? "not " : "",
           (unsigned)run.seed, o.words);
    return o.failed;
}

static int many_lives(int number, apr_uint32_t seed, int sessions)
{
    int done = 0, lives = 0, bad = 0, all[FAULTS] = { 0 }, i;

    while (done < sessions) {
        outcome_t o;

        make_steps(seed++);
        o = live(NULL);
        lives++;
        done += o.failed ? 20 : o.sessions;
        for (i = 0; i < FAULTS; i++) {
            all[i] += o.faults[i];
        }
        if (o.failed) {
            bad++;
            failed(&o);
        }
    }
    printf("%sok %d - %d lives, %d sessions in %s\n", bad ? "not " : "",
           number, lives, done, run.memory ? "memory" : "SQLite");
    for (i = 0; i < FAULTS; i++) {
        printf("#   %6d %s\n", all[i], fault_names[i]);
    }
    printf("#   %6d of %d lives failed\n", bad, lives);
    return bad;
}

/* Under a directory of our own, so that nothing is left of a life that was
 * ended. */
static const char *scratch(apr_pool_t *p)
{
    const char *tmp = "/dev/shm";
    char *dir;

    if (access(tmp, W_OK) != 0) {
        apr_temp_dir_get(&tmp, p);
    }
    dir = apr_pstrcat(p, tmp, "/sml-model-XXXXXX", NULL);
    if (mkdtemp(dir) == NULL) {
        perror(dir);
        exit(2);
    }
    setenv("TMPDIR", dir, 1);
    return dir;
}

int main(void)
{
    const char *sessions = getenv("SESSIONS"), *seed = getenv("SEED");
    const char *store = getenv("MODEL_STORE");
    int n = sessions ? atoi(sessions) : SHORT_SESSIONS, bad = 0;
    apr_uint32_t first = seed ? (apr_uint32_t)strtoul(seed, NULL, 10) : 1;
    apr_pool_t *p;

    apr_initialize();
    codec_init();
    apr_pool_create(&p, NULL);
    run.scratch = scratch(p);
    if (seed != NULL && sessions == NULL) {
        run.memory = store == NULL || strcmp(store, "memory") == 0;
        make_steps(first);
        printf("1..1\n");
        bad = one_life();
    }
    else {
        printf("1..2\n");
        run.memory = 1;
        bad = many_lives(1, first, n);
        run.memory = 0;
        /* Other lives: the stores are compared elsewhere. */
        bad += many_lives(2, first + 500000, sessions ? n : n / 5);
    }
    clean_up();
    rmdir(run.scratch);
    return bad != 0;
}
