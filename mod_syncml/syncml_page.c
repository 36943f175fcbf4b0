/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/syncml_page.h"

#include <string.h>

#include "apr_lib.h"
#include "apr_strings.h"
#include "http_core.h"
#include "http_protocol.h"

#define TYPE_WAP    "application/vnd.wap.xhtml+xml"
#define TYPE_XHTML  "application/xhtml+xml"
#define TYPE_HTML   "text/html"
#define CHARSET     "; charset=utf-8"

/* Elements and attributes are those that XHTML Mobile Profile 1.0 and XHTML
 * 1.0 Strict have in common; the style is for browsers that have colours. */
static const char head[] =
    "<!DOCTYPE html PUBLIC \"-//WAPFORUM//DTD XHTML Mobile 1.0//EN\"\n"
    "  \"http://www.wapforum.org/DTD/xhtml-mobile10.dtd\">\n"
    "<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\">\n"
    "<head>\n"
    "<title>SyncML server</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width,"
    " initial-scale=1\"/>\n"
    "<style type=\"text/css\">\n"
    "body { margin: 0; background: #eef1f4; color: #1d2733;"
    " font-family: sans-serif; line-height: 1.45; }\n"
    "div.page { max-width: 40em; margin: 0 auto; padding: 1em;"
    " background: #ffffff; }\n"
    "h1 { margin: 0 0 0.3em 0; font-size: 1.5em; color: #0b5c8c; }\n"
    "h2 { margin: 1.4em 0 0.4em 0; font-size: 1.1em; color: #0b5c8c;"
    " border-bottom: 1px solid #c9d4dd; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { padding: 0.3em 0.6em 0.3em 0; text-align: left;"
    " vertical-align: top; border-bottom: 1px solid #e3e9ee; }\n"
    "th { font-weight: normal; color: #4f6070; }\n"
    "code, pre { font-family: monospace; }\n"
    "td.url { word-wrap: break-word; overflow-wrap: anywhere; }\n"
    "pre { padding: 0.6em; background: #f3f6f8; white-space: pre-wrap;"
    " overflow-wrap: anywhere; }\n"
    ".small { font-size: 0.85em; color: #4f6070; }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<div class=\"page\">\n"
    "<h1>SyncML server</h1>\n";

static const char tail[] =
    "</div>\n"
    "</body>\n"
    "</html>\n";

/* The URL of this page as a client should get it, fit for a shell too: what
 * is not plain in a URL is there in hex. */
static const char *sync_url(request_rec *r)
{
    static const char hex[] = "0123456789ABCDEF";
    const char *url = ap_construct_url(r->pool, ap_escape_uri(r->pool,
                                                              r->uri), r);
    char *safe = apr_palloc(r->pool, 3 * strlen(url) + 1), *out = safe;

    for (; *url; url++) {
        if (apr_isalnum(*url) || strchr("-._~/:%[]@+,=", *url) != NULL) {
            *out++ = *url;
        } else {
            *out++ = '%';
            *out++ = hex[(unsigned char)*url >> 4];
            *out++ = hex[(unsigned char)*url & 15];
        }
    }
    *out = '\0';
    return safe;
}

static const char *html(request_rec *r, const char *text)
{
    return ap_escape_html(r->pool, text);
}

static void write_settings(request_rec *r, const sml_config_t *config,
                           const char *url)
{
    const char *id = config->server_id;
    int basic = config->auth_schemes & SML_AUTH_BASIC;
    int md5 = config->auth_schemes & SML_AUTH_MD5;

    ap_rvputs(r,
              "<h2>Settings for a client</h2>\n<table>\n"
              "<tr><th>Server address</th><td class=\"url\"><code>", html(r, url),
              "</code></td></tr>\n"
              "<tr><th>Server ID</th><td class=\"url\"><code>",
              id ? html(r, id) : "not known at the moment",
              "</code></td></tr>\n"
              "<tr><th>Protocol</th><td>SyncML (OMA DS) 1.0, 1.1 or 1.2,"
              " WBXML or XML</td></tr>\n"
              "<tr><th>User name, password</th><td>those of your account"
              " here</td></tr>\n"
              "<tr><th>Authentication</th><td>",
              basic && md5 ? "MD5 digest or basic"
              : md5 ? "MD5 digest" : basic ? "basic" : "none possible",
              "</td></tr>\n</table>\n", NULL);
}

static void write_datastores(request_rec *r, const sml_config_t *config)
{
    int i, j;

    ap_rputs("<h2>Databases</h2>\n"
             "<p>What can be synchronised, and the name to give a client for"
             " it. The names that clients come with are understood too.</p>\n"
             "<table>\n", r);
    if (config->datastores->nelts == 0) {
        ap_rputs("<tr><td>none</td></tr>\n", r);
    }
    for (i = 0; i < config->datastores->nelts; i++) {
        const sml_datastore_conf_t *d =
            APR_ARRAY_IDX(config->datastores, i, sml_datastore_conf_t *);

        ap_rvputs(r, "<tr><th>", html(r, d->display), "</th><td><code>",
                  html(r, d->name), "</code><br/><span class=\"small\">",
                  d->aliases->nelts ? "also " : "", NULL);
        for (j = 0; j < d->aliases->nelts; j++) {
            ap_rvputs(r, j ? ", " : "",
                      html(r, APR_ARRAY_IDX(d->aliases, j, const char *)),
                      NULL);
        }
        ap_rputs("</span></td></tr>\n", r);
    }
    ap_rputs("</table>\n", r);
}

static void write_how_to(request_rec *r, const char *url)
{
    url = html(r, url);
    ap_rvputs(r,
              "<h2>On a phone</h2>\n"
              "<ol>\n"
              "<li>Open Sync (often under Tools, Connectivity or Settings)"
              " and make a new profile; take version 1.2 where you are"
              " asked.</li>\n"
              "<li>Enter the server address, server ID, user name and"
              " password from above; the connection is Internet.</li>\n"
              "<li>Switch on what you want to synchronise and give each its"
              " database from above.</li>\n"
              "<li>Allow the server to start a sync, if the profile has such"
              " a setting: then changes come by themselves.</li>\n"
              "</ol>\n"
              "<h2>On a computer</h2>\n"
              "<p>With <a href=\"https://syncevolution.org/\">SyncEvolution"
              "</a> (it asks for the password):</p>\n"
              "<pre>syncevolution --configure --template SyncEvolution \\\n"
              "  syncURL=", url, " \\\n"
              "  username=NAME password=- server\n"
              "syncevolution --sync slow server   # the first time\n"
              "syncevolution server</pre>\n", NULL);
}

static const char *page_type(const char *accept)
{
    if (accept != NULL && strstr(accept, TYPE_WAP) != NULL) {
        return TYPE_WAP CHARSET;
    }
    if (accept != NULL && strstr(accept, TYPE_XHTML) != NULL) {
        return TYPE_XHTML CHARSET;
    }
    return TYPE_HTML CHARSET;
}

int syncml_page(request_rec *r, const sml_config_t *config)
{
    const char *url = sync_url(r);
    apr_interval_time_t minutes =
        (config->session_timeout + apr_time_from_sec(60) - 1)
        / apr_time_from_sec(60);

    ap_set_content_type(r, page_type(apr_table_get(r->headers_in, "Accept")));
    apr_table_setn(r->headers_out, "Vary", "Accept");
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    ap_rputs(head, r);
    ap_rputs("<p>This address is for phones and other SyncML clients: they"
             " keep their contacts, calendar, tasks and notes in step with"
             " this server. It is not for browsers, but here is what you"
             " need to set up a client.</p>\n", r);
    write_settings(r, config, url);
    write_datastores(r, config);
    write_how_to(r, url);
    ap_rprintf(r, "<p class=\"small\">Messages of up to %" APR_SIZE_T_FMT
               " octets and items of up to %" APR_SIZE_T_FMT " octets are"
               " taken. A session that was interrupted can go on for %"
               APR_TIME_T_FMT " minute%s.</p>\n",
               config->max_msg_size, config->max_obj_size, minutes,
               minutes == 1 ? "" : "s");
    ap_rputs(tail, r);
    return OK;
}
