/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Help: made of the tables of commands and options. See ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "syncmlctl/ctl.h"

const char *ctl_usage_line(const ctl_command_t *c, apr_pool_t *p)
{
    const char *line = apr_pstrcat(p, "syncmlctl ", c->group,
                                   c->verb ? " " : "",
                                   c->verb ? c->verb : "", NULL);
    int i;

    for (i = 0; i < OPT_COUNT; i++)
        if (c->options & CTL_BIT(i))
            line = apr_pstrcat(p, line, " [--", ctl_options[i].name,
                               ctl_options[i].value ? " " : "",
                               ctl_options[i].value ? ctl_options[i].value
                                                    : "", "]", NULL);
    return *c->arguments ? apr_pstrcat(p, line, " ", c->arguments, NULL)
                         : line;
}

/** Words from column 22 on, in lines of up to 79. */
static void print_wrapped(const char *words)
{
    int column = 22;

    while (*words) {
        int n = (int)strcspn(words, " ");

        if (column > 22 && column + 1 + n > 79) {
            printf("\n%22s", "");
            column = 22;
        }
        else if (column > 22) {
            putchar(' ');
            column++;
        }
        printf("%.*s", n, words);
        column += n;
        words += n + (words[n] == ' ');
    }
    putchar('\n');
}

static void print_options(unsigned which)
{
    char left[40];
    int i;

    for (i = 0; i < OPT_COUNT; i++) {
        if (!(which & CTL_BIT(i)))
            continue;
        snprintf(left, sizeof(left), "--%s%s%s", ctl_options[i].name,
                 ctl_options[i].value ? " " : "",
                 ctl_options[i].value ? ctl_options[i].value : "");
        printf("  %-18s  ", left);
        print_wrapped(ctl_options[i].help);
    }
}

static void print_list(const char *group)
{
    char left[40];
    const ctl_command_t *c;

    for (c = ctl_commands; c->group; c++) {
        if (group && strcmp(group, c->group))
            continue;
        snprintf(left, sizeof(left), "%s%s%s", c->group, c->verb ? " " : "",
                 c->verb ? c->verb : "");
        printf("  %-18s  %s\n", left, c->summary);
    }
}

static void print_command(const ctl_command_t *c)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    printf("Usage: %s\n\n%s\n", ctl_usage_line(c, p), c->details);
    apr_pool_destroy(p);
    if (c->options) {
        puts("\nOptions:");
        print_options(c->options);
    }
    puts("\nOptions of all commands:");
    print_options(CTL_BIT(OPT_ACCOUNT) - 1);
}

void ctl_help(const char *group, const char *verb)
{
    const ctl_command_t *c;
    int known = 0;

    for (c = ctl_commands; group && c->group; c++) {
        if (strcmp(group, c->group))
            continue;
        known = 1;
        if (!c->verb || (verb && !strcmp(verb, c->verb))) {
            print_command(c);
            return;
        }
    }
    puts("Usage: syncmlctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
         "Works on the store of mod_syncml, whether httpd runs or not.\n\n"
         "Commands:");
    print_list(known ? group : NULL);
    puts("\nOptions of all commands:");
    print_options(CTL_BIT(OPT_ACCOUNT) - 1);
    puts("\n`syncmlctl COMMAND --help' tells about one; `man syncmlctl' has "
         "it all.");
}
