/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The command line: see ctl.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "syncmlctl/ctl.h"

#define FOR_ALL  (CTL_BIT(OPT_STORE) | CTL_BIT(OPT_KEY_FILE) \
                  | CTL_BIT(OPT_WAIT) | CTL_BIT(OPT_JSON) \
                  | CTL_BIT(OPT_HELP) | CTL_BIT(OPT_VERSION))

const ctl_option_t ctl_options[OPT_COUNT] = {
    { "store", "URL", "the store, as SyncMLStore has it; default: "
      "$SYNCML_STORE, else " CTL_DEFAULT_STORE },
    { "key-file", "FILE", "as SyncMLKeyFile; default: " CTL_KEY_NAME
      " beside the database" },
    { "wait", "SECONDS", "for other writers, at most; default: 10" },
    { "json", NULL, "print JSON" },
    { "help", NULL, "print help and do nothing" },
    { "version", NULL, "print the version and do nothing" },
    { "account", "NAME", "the account; not needed if there is only one" },
    { "datastore", "NAME", "contacts, calendar, tasks, notes, journal" },
    { "number", "NUMBER", "telephone number for SMS, or none" },
    { "push", "on|off", "whether the device is told of changes" },
    { "id", "ID", "replace this item instead of adding one" },
    { "file", "FILE", "read the text from there, not from standard input" },
    { "type", "TYPE", "media type of the text; default: recognised" },
    { "all", NULL, "all items (of the datastore, if one is given)" },
    { "yes", NULL, "do not ask" },
    { "no-password", NULL, "keep no password: httpd's providers know it" },
    { "deleted", NULL, "also the last text of a deleted item" },
    { "create", NULL, "make the datastore, if the account has none of that "
      "name" },
    { "archived", NULL, "those that a device has put away for good" },
    { "quirk", "NAME=on|off", "a habit of the device; or NAME=default" },
    { "device", "DEVICE", "only of this device" },
    { "force", NULL, "also what others have changed since" },
    { "dry-run", NULL, "only say what would be done" },
    { "limit", "NUMBER", "so many at most; 0: all; default: 50" },
    { "access", "NAME=WORD", "what the device may do in a datastore: full, "
      "read-only or send-only" },
    { "quirks-file", "FILE", "as SyncMLQuirks; default: "
      SML_DEFAULT_QUIRKS },
    { "event", "WORD", "only sending, sent, failed, held, suspended, "
      "dry-run, fetched or undone" },
    { "since", "TIME", "only of the last 2h, 7d ..." }
};

/** Say what is wrong with the command line, and where help is. */
static int usage(ctl_t *ctl, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int usage(ctl_t *ctl, const char *format, ...)
{
    const ctl_command_t *c = ctl->command;
    va_list args;

    va_start(args, format);
    ctl_fail(ctl, CTL_USAGE, "%s", apr_pvsprintf(ctl->p, format, args));
    va_end(args);
    if (c)
        fprintf(stderr, "Usage: %s\n", ctl_usage_line(c, ctl->p));
    fprintf(stderr, "`syncmlctl %s%s%s%s--help' tells more.\n",
            c ? c->group : "", c ? " " : "", c && c->verb ? c->verb : "",
            c && c->verb ? " " : "");
    return CTL_USAGE;
}

static int find_option(const char *name, size_t len)
{
    int i;

    for (i = 0; i < OPT_COUNT; i++)
        if (strlen(ctl_options[i].name) == len
            && !strncmp(name, ctl_options[i].name, len))
            return i;
    return -1;
}

/** One option. @param next  the word behind it, or NULL
 * @return words used (1 or 2), 0: usage, said why */
static int take_option(ctl_t *ctl, const char *word, const char *next)
{
    const char *name = word + 2, *eq = strchr(name, '=');
    int i;

    if (!strcmp(word, "-h"))
        name = "help";
    else if (!strcmp(word, "-V"))
        name = "version";
    else if (strncmp(word, "--", 2)) {
        usage(ctl, "unknown option %s", word);
        return 0;
    }
    i = find_option(name, eq ? (size_t)(eq - name) : strlen(name));
    if (i < 0) {
        usage(ctl, "unknown option %s", word);
        return 0;
    }
    if (!ctl_options[i].value) {
        if (eq) {
            usage(ctl, "--%s takes no value", ctl_options[i].name);
            return 0;
        }
        ctl->options[i] = "";
        return 1;
    }
    if (!eq && (!next || !strncmp(next, "--", 2))) {
        usage(ctl, "--%s needs a value: %s", ctl_options[i].name,
              ctl_options[i].value);
        return 0;
    }
    ctl->options[i] = eq ? eq + 1 : next;
    return eq ? 1 : 2;
}

/** Find the command of the first words. @return words used, 0: none */
static int find_command(ctl_t *ctl, const apr_array_header_t *rest)
{
    const char *const *words = (const char *const *)rest->elts;
    const ctl_command_t *c;

    for (c = ctl_commands; rest->nelts && c->group; c++) {
        if (strcmp(words[0], c->group))
            continue;
        if (!c->verb || (rest->nelts > 1 && !strcmp(words[1], c->verb))) {
            ctl->command = c;
            return c->verb ? 2 : 1;
        }
    }
    return 0;
}

/** Sort the words into options and the rest. @return CTL_OK, CTL_USAGE */
static int take_words(ctl_t *ctl, int argc, const char *const *argv,
                      apr_array_header_t *rest)
{
    int i = 1, used, only_words = 0;

    while (i < argc) {
        if (only_words || argv[i][0] != '-' || !argv[i][1]) {
            APR_ARRAY_PUSH(rest, const char *) = argv[i++];
            continue;
        }
        if (!strcmp(argv[i], "--")) {
            only_words = 1;
            i++;
            continue;
        }
        if (!ctl->command)
            find_command(ctl, rest);    /* so that usage can name it */
        used = take_option(ctl, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (!used)
            return CTL_USAGE;
        i += used;
    }
    return CTL_OK;
}

static int no_command(ctl_t *ctl, const apr_array_header_t *rest)
{
    const char *const *words = (const char *const *)rest->elts;
    const char *verbs = "";
    const ctl_command_t *c;

    if (!rest->nelts)
        return usage(ctl, "what is to be done? A command is missing");
    for (c = ctl_commands; c->group; c++)
        if (!strcmp(words[0], c->group))
            verbs = apr_pstrcat(ctl->p, verbs, *verbs ? ", " : "", c->verb,
                                NULL);
    if (!*verbs)
        return usage(ctl, "unknown command \"%s\"", words[0]);
    if (rest->nelts == 1)
        return usage(ctl, "%s what? One of: %s", words[0], verbs);
    return usage(ctl, "unknown command \"%s %s\"; there is: %s", words[0],
                 words[1], verbs);
}

static int check_options(ctl_t *ctl)
{
    unsigned allowed = ctl->command->options | FOR_ALL;
    char *end;
    long seconds;
    int i;

    for (i = 0; i < OPT_COUNT; i++)
        if (ctl->options[i] && !(allowed & CTL_BIT(i)))
            return usage(ctl, "--%s is no option of this command",
                         ctl_options[i].name);
    if (ctl->argc < ctl->command->min)
        return usage(ctl, "an argument is missing");
    if (ctl->command->max >= 0 && ctl->argc > ctl->command->max)
        return usage(ctl, "one argument too many: \"%s\"",
                     ctl->argv[ctl->command->max]);
    if (ctl->options[OPT_WAIT]) {
        seconds = strtol(ctl->options[OPT_WAIT], &end, 10);
        if (end == ctl->options[OPT_WAIT] || *end || seconds < 0
            || seconds > 3600)
            return usage(ctl, "--wait takes a number of seconds from 0 to "
                         "3600");
        /* 0 would be the library's default. */
        ctl->wait = seconds ? apr_time_from_sec(seconds) : 1;
    }
    return CTL_OK;
}

static void set_globals(ctl_t *ctl)
{
    const char *env = getenv("SYNCML_STORE");

    ctl->json = ctl->options[OPT_JSON] != NULL;
    ctl->url = ctl->options[OPT_STORE];
    if (!ctl->url)
        ctl->url = env && *env ? env : CTL_DEFAULT_STORE;
    ctl->key_file = ctl->options[OPT_KEY_FILE];
    ctl->push = -1;
}

int ctl_parse(ctl_t *ctl, int argc, const char *const *argv)
{
    apr_array_header_t *rest = apr_array_make(ctl->p, 8, sizeof(char *));
    const char *const *words;
    int used, status = take_words(ctl, argc, argv, rest);

    if (status != CTL_OK)
        return status;
    words = (const char *const *)rest->elts;
    if (ctl->options[OPT_VERSION]) {
        puts("syncmlctl " SYNCML_VERSION);
        return -1;
    }
    if (rest->nelts && !strcmp(words[0], "help")) {
        ctl->options[OPT_HELP] = "";
        words++;
        rest->nelts--;
    }
    if (ctl->options[OPT_HELP]) {
        ctl_help(rest->nelts ? words[0] : NULL,
                 rest->nelts > 1 ? words[1] : NULL);
        return -1;
    }
    used = find_command(ctl, rest);
    if (!used)
        return no_command(ctl, rest);
    ctl->argv = words + used;
    ctl->argc = rest->nelts - used;
    set_globals(ctl);
    return check_options(ctl);
}
