/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The XML decoder: names, white space, character sets, limits, and the
 * attacks that XML parsers are known for.  What an attack costs is told by
 * how far into the document the decoder went and what the sink was given.
 */
#include <libxml/xmlIO.h>

#include "codec_events.h"

static apr_pool_t *pool;
static codec_info_t info;
static events_t *events;
static unsigned opened;         /* inputs that libxml2 has asked for */

#define DOC(s) (s), sizeof(s) - 1

static apr_status_t decode_with(const char *doc, apr_size_t len,
                                const codec_limits_t *limits)
{
    events = events_create(pool);
    return events_decode(events, CODEC_XML, doc, len, limits, &info);
}

static apr_status_t decode(const char *doc)
{
    return decode_with(doc, strlen(doc), NULL);
}

static void expect_octets(const char *doc, apr_size_t len, const char *log)
{
    if (decode_with(doc, len, NULL) != APR_SUCCESS)
        fail_msg("%s at %lu", info.error, (unsigned long)info.error_offset);
    assert_string_equal(events->log, log);
    assert_null(info.error);
    assert_int_equal(events->depth, 0);
    assert_int_equal(opened, 0);
}

static void expect(const char *doc, const char *log)
{
    expect_octets(doc, strlen(doc), log);
}

static void refuse_octets(const char *doc, apr_size_t len,
                          apr_status_t status)
{
    assert_int_equal(decode_with(doc, len, NULL), status);
    assert_non_null(info.error);
    assert_true(info.error_offset <= len);
    assert_int_equal(opened, 0);
}

static void refuse(const char *doc, apr_status_t status)
{
    refuse_octets(doc, strlen(doc), status);
}

/* ---- names ---------------------------------------------------------------- */

static void test_namespaces(void **state)
{
    expect("<SyncML xmlns='SYNCML:SYNCML1.1'><SyncBody><Meta>"
           "<Type xmlns='syncml:metinf'>t</Type></Meta><Data>"
           "<DevInf xmlns='syncml:devinf'><SourceRef/><Size>1</Size>"
           "</DevInf></Data><SourceRef/></SyncBody></SyncML>",
           "(SyncML(SyncBody(Meta(m:Type't'))(Data(d:DevInf(d:SourceRef)"
           "(d:Size'1')))(SourceRef)))");
    /* prefixes; case of the names of namespaces */
    expect("<s:SyncML xmlns:s='syncml:syncml1.2' xmlns:m='SYNCML:METINF' "
           "xmlns:d='Syncml:DevInf'><s:Meta><m:Anchor><m:Next>1</m:Next>"
           "</m:Anchor></s:Meta><d:DevInf><d:UTC/></d:DevInf></s:SyncML>",
           "(SyncML(Meta(m:Anchor(m:Next'1')))(d:DevInf(d:UTC)))");
    /* declared outside of their elements: Meta is no name of MetInf */
    expect("<SyncML xmlns='SYNCML:SYNCML1.0'><Meta xmlns='syncml:metinf'>"
           "<Type>t</Type></Meta></SyncML>", "(SyncML(Meta(m:Type't')))");
    /* a prefix that is not declared */
    expect("<SyncML><Meta><x:Type>t</x:Type></Meta></SyncML>",
           "(SyncML(Meta(m:Type't')))");
}

static void test_names_by_place(void **state)
{
    expect("<SyncML><Meta><Type>t</Type><Mem><FreeID>1</FreeID><SharedMem/>"
           "</Mem></Meta><Type/><Data><DevInf><Ext><XNam>n</XNam></Ext>"
           "<DSMem><SharedMem/></DSMem></DevInf></Data></SyncML>",
           "(SyncML(Meta(m:Type't')(m:Mem(m:FreeID'1')(m:SharedMem)))(?)"
           "(Data(d:DevInf(d:Ext(d:XNam'n'))(d:DSMem(d:SharedMem)))))");
    /* one namespace for all, as some clients have it */
    expect("<SyncML xmlns='SYNCML:SYNCML1.1'><Meta><Type>t</Type></Meta>"
           "<Data><DevInf><VerDTD>1.1</VerDTD></DevInf></Data></SyncML>",
           "(SyncML(Meta(m:Type't'))(Data(d:DevInf(d:VerDTD'1.1'))))");
    expect("<SyncML xmlns='urn:other'><Meta><Type>t</Type></Meta></SyncML>",
           "(SyncML(Meta(m:Type't')))");
    /* the wrapper */
    expect("<SyncML><Meta><MetInf xmlns='syncml:metinf'><Type>t</Type>"
           "</MetInf></Meta><Meta><MetInf><Size>2</Size></MetInf></Meta>"
           "</SyncML>",
           "(SyncML(Meta(m:MetInf(m:Type't')))(Meta(m:MetInf(m:Size'2'))))");
    /* two names for one thing */
    expect("<DevInf><Size>1</Size><MaxSize>2</MaxSize></DevInf>",
           "(d:DevInf(d:Size'1')(d:Size'2'))");
    /* names of no table, with their content; letters count */
    expect("<SyncML><Bogus a='1'><Add/>x</Bogus><add/></SyncML>",
           "(SyncML(?(Add)'x')(?))");
}

static void expect_version(const char *doc, codec_doc_e type,
                           codec_version_e version)
{
    assert_int_equal(decode(doc), APR_SUCCESS);
    assert_int_equal(info.doc, type);
    assert_int_equal(info.version, version);
}

#define DOCTYPE(root, fpi) "<!DOCTYPE " root " PUBLIC \"" fpi "\" \"u\">"

static void test_versions(void **state)
{
    expect_version("<SyncML xmlns='SYNCML:SYNCML1.0'/>", CODEC_DOC_SYNCML,
                   CODEC_V10);
    expect_version("<SyncML xmlns='SYNCML:SYNCML1.1'/>", CODEC_DOC_SYNCML,
                   CODEC_V11);
    expect_version("<SyncML xmlns='SYNCML:SYNCML1.2'/>", CODEC_DOC_SYNCML,
                   CODEC_V12);
    expect_version("<SyncML xmlns='SYNCML:SYNCML1.3'/>", CODEC_DOC_SYNCML,
                   CODEC_V_UNKNOWN);
    expect_version("<SyncML/>", CODEC_DOC_SYNCML, CODEC_V_UNKNOWN);
    expect_version(DOCTYPE("SyncML", "-//SYNCML//DTD SyncML 1.1//EN")
                   "<SyncML/>", CODEC_DOC_SYNCML, CODEC_V11);
    expect_version(DOCTYPE("DevInf", "-//SYNCML//DTD DevInf 1.2//EN")
                   "<DevInf/>", CODEC_DOC_DEVINF, CODEC_V12);
    expect_version("<DevInf xmlns='syncml:devinf'/>", CODEC_DOC_DEVINF,
                   CODEC_V_UNKNOWN);
    /* the namespace wins; it is the root's that counts */
    expect_version(DOCTYPE("SyncML", "-//SYNCML//DTD SyncML 1.1//EN")
                   "<SyncML xmlns='SYNCML:SYNCML1.2'/>", CODEC_DOC_SYNCML,
                   CODEC_V12);
    expect_version("<SyncML><Add xmlns='SYNCML:SYNCML1.2'/></SyncML>",
                   CODEC_DOC_SYNCML, CODEC_V_UNKNOWN);
    expect_version(DOCTYPE("SyncML", "-//W3C//DTD XHTML 1.0//EN")
                   "<SyncML/>", CODEC_DOC_SYNCML, CODEC_V_UNKNOWN);
    expect_version("<!DOCTYPE SyncML><SyncML/>", CODEC_DOC_SYNCML,
                   CODEC_V_UNKNOWN);
}

static void test_root_elements(void **state)
{
    refuse("<html><body/></html>", CODEC_EDOCTYPE);
    assert_int_equal(events->calls, 0);
    refuse("<SyncBody/>", CODEC_EDOCTYPE);
    refuse("<Type xmlns='syncml:metinf'/>", CODEC_EDOCTYPE);
    refuse("<MetInf xmlns='syncml:metinf'/>", CODEC_EDOCTYPE);
    refuse("<VerDTD xmlns='syncml:devinf'/>", CODEC_EDOCTYPE);
}

/* ---- text ----------------------------------------------------------------- */

static void test_white_space(void **state)
{
    expect("\n <SyncML>\n  <SyncBody>\r\n\t<Final/> </SyncBody>\n</SyncML>\n",
           "(SyncML(SyncBody(Final)))");
    /* a leaf's text is kept as it is, blank or not */
    expect("<SyncML><Data>  a b  </Data><Data>   </Data><Data>\n</Data>"
           "<Data></Data></SyncML>",
           "(SyncML(Data'  a b  ')(Data'   ')(Data'\n')(Data))");
    expect("<SyncML><Data><![CDATA[ \n ]]></Data><Data> <![CDATA[ ]]>x"
           "</Data></SyncML>", "(SyncML(Data' \n ')(Data'  x'))");
    /* between elements it is none, references and sections included */
    expect("<SyncML> <![CDATA[  ]]> &#32; <Final/>&#10; </SyncML>",
           "(SyncML(Final))");
    /* comments do not make an element a parent */
    expect("<SyncML><Data> <!-- c --> </Data></SyncML>",
           "(SyncML(Data'  '))");
    /* mixed content: from the first character on all is text */
    expect("<SyncML><Data> a <Final/> b </Data></SyncML>",
           "(SyncML(Data' a '(Final)' b '))");
    expect("<SyncML><Data><Final/> b </Data></SyncML>",
           "(SyncML(Data(Final)' b '))");
}

static void test_long_white_space(void **state)
{
    char *blanks = apr_palloc(pool, 100001);

    memset(blanks, ' ', 100000);
    blanks[100000] = 0;
    expect(apr_pstrcat(pool, "<SyncML><Data>", blanks, "</Data></SyncML>",
                       NULL),
           apr_pstrcat(pool, "(SyncML(Data'", blanks, "'))", NULL));
    expect(apr_pstrcat(pool, "<SyncML>", blanks, "<Data>", blanks,
                       "<Final/>", blanks, "</Data></SyncML>", NULL),
           "(SyncML(Data(Final)))");
}

static void test_characters(void **state)
{
    expect("<SyncML><Data>&lt;&gt;&amp;&quot;&apos;&#13;&#10;&#x20ac;"
           "</Data></SyncML>",
           "(SyncML(Data'<>&\"'\r\n\xe2\x82\xac'))");
    /* A raw CR LF is one LF to a parser by the book.  libxml2 leaves it as
     * it is in sections, which suits us: that is how clients send items. */
    expect("<SyncML><Data>a\r\nb\rc<![CDATA[d\r\ne\rf]]></Data></SyncML>",
           "(SyncML(Data'a\nb\ncd\r\ne\rf'))");
    expect("<SyncML><Data><![CDATA[<a>&b;]]]]><![CDATA[>]]></Data></SyncML>",
           "(SyncML(Data'<a>&b;]]>'))");
    refuse("<SyncML>&#0;</SyncML>", CODEC_EMALFORMED);
    refuse("<SyncML>&#1;</SyncML>", CODEC_EMALFORMED);
    refuse("<SyncML>&#xd800;</SyncML>", CODEC_EMALFORMED);
    refuse("<SyncML>&#x110000;</SyncML>", CODEC_EMALFORMED);
    refuse("<SyncML>\x01</SyncML>", CODEC_EMALFORMED);
    refuse_octets(DOC("<SyncML>a\0b</SyncML>"), CODEC_EMALFORMED);
    refuse("<SyncML>a &nbsp; b</SyncML>", CODEC_EMALFORMED);
    refuse("<SyncML>a & b</SyncML>", CODEC_EMALFORMED);
}

static void test_encodings(void **state)
{
    expect("<?xml version='1.0' encoding='UTF-8'?><SyncML>\xc3\xa9</SyncML>",
           "(SyncML'\xc3\xa9')");
    expect("\xef\xbb\xbf<?xml version='1.0'?><SyncML>\xc3\xa9</SyncML>",
           "(SyncML'\xc3\xa9')");
    expect("<?xml version='1.0' encoding='us-ascii'?><SyncML>e</SyncML>",
           "(SyncML'e')");
    expect("<?xml version=\"1.0\" encoding = \"iso-8859-1\" ?>"
           "<SyncML>\xe9\x80</SyncML>", "(SyncML'\xc3\xa9\xc2\x80')");
    expect_octets(DOC("\xff\xfe<\0S\0y\0n\0c\0M\0L\0>\0\xac\x20\x3d\xd8\x00"
                      "\xde<\0/\0S\0y\0n\0c\0M\0L\0>\0"),
                  "(SyncML'\xe2\x82\xac\xf0\x9f\x98\x80')");
    expect_octets(DOC("\xfe\xff\0<\0S\0y\0n\0c\0M\0L\0>\x20\xac\xd8\x3d\xde"
                      "\x00\0<\0/\0S\0y\0n\0c\0M\0L\0>"),
                  "(SyncML'\xe2\x82\xac\xf0\x9f\x98\x80')");
    /* without a mark */
    expect_octets(DOC("<\0S\0y\0n\0c\0M\0L\0/\0>\0"), "(SyncML)");
    expect_octets(DOC("\0<\0S\0y\0n\0c\0M\0L\0/\0>"), "(SyncML)");

    refuse("<?xml version='1.0' encoding='windows-1252'?><SyncML/>",
           CODEC_ECHARSET);
    refuse("<?xml version='1.0' encoding='UTF-7'?><SyncML/>",
           CODEC_ECHARSET);
    refuse("<?xml version='1.0' encoding='UTF-32'?><SyncML/>",
           CODEC_ECHARSET);
    /* says UTF-16 and is not */
    refuse("<?xml version='1.0' encoding='UTF-16'?><SyncML/>",
           CODEC_ECHARSET);
}

static void test_encodings_broken(void **state)
{
    refuse("<SyncML>Jos\xe9</SyncML>", CODEC_EMALFORMED);
    assert_int_equal(events->calls, 0);
    assert_int_equal(info.error_offset, 11);
    refuse("<?xml version='1.0' encoding='UTF-8'?><SyncML>\xc0\x80</SyncML>",
           CODEC_EMALFORMED);
    refuse("<SyncML>\xed\xa0\x80</SyncML>", CODEC_EMALFORMED);
    /* UTF-16: odd, half a pair, the wrong half, NUL */
    refuse_octets(DOC("<\0S\0y"), CODEC_EMALFORMED);
    refuse_octets(DOC("<\0S\0\x3d\xd8"), CODEC_EMALFORMED);
    refuse_octets(DOC("<\0S\0\x3d\xd8>\0"), CODEC_EMALFORMED);
    refuse_octets(DOC("<\0S\0\x00\xde>\0"), CODEC_EMALFORMED);
    refuse_octets(DOC("<\0S\0y\0n\0c\0M\0L\0>\0\0\0<\0/\0S\0y\0n\0c\0M\0L\0"
                      ">\0"), CODEC_EMALFORMED);
    /* UTF-32 and EBCDIC */
    refuse_octets(DOC("<\0\0\0S\0\0\0/\0\0\0>\0\0\0"), CODEC_EMALFORMED);
    refuse_octets(DOC("\0\0\0<\0\0\0S\0\0\0/\0\0\0>"), CODEC_EMALFORMED);
    refuse_octets(DOC("\x4c\x6f\xa7\x94\x93"), CODEC_EMALFORMED);
}

static void test_around_the_root(void **state)
{
    expect_octets(DOC("<SyncML/>\0"), "(SyncML)");
    expect_octets(DOC("<SyncML/>\n\0\0\0"), "(SyncML)");
    expect("\r\n<?xml version='1.0'?><SyncML/>", "(SyncML)");
    expect("<?xml version='1.0'?><!-- a --><?p q?><SyncML/><!-- b -->",
           "(SyncML)");
    refuse("<SyncML/>x", CODEC_EMALFORMED);
    refuse("<SyncML/><SyncML/>", CODEC_EMALFORMED);
    refuse("x<SyncML/>", CODEC_EMALFORMED);
    refuse("", CODEC_EMALFORMED);
    refuse("   ", CODEC_EMALFORMED);
    refuse("<", CODEC_EMALFORMED);
    refuse("<!-- nothing -->", CODEC_EMALFORMED);
    refuse("<SyncML><Add></SyncML></Add>", CODEC_EMALFORMED);
    refuse("<SyncML", CODEC_EMALFORMED);
    refuse("<SyncML a='>'", CODEC_EMALFORMED);
    refuse("<SyncML><Add <Add/></SyncML>", CODEC_EMALFORMED);
    refuse("<SyncML><![CDATA[", CODEC_EMALFORMED);
    refuse("<SyncML><!-- ", CODEC_EMALFORMED);
    refuse("<SyncML><![IGNORE[]]></SyncML>", CODEC_EMALFORMED);
    refuse("<SyncML a='1' a='2'/>", CODEC_EMALFORMED);
    refuse_octets(DOC("\x02\x9f\x53\x6a\x00\x6d\x01"), CODEC_EMALFORMED);
}

/* ---- limits --------------------------------------------------------------- */

static void test_limit_octets(void **state)
{
    codec_limits_t limits = { .max_octets = 9 };

    assert_int_equal(decode_with(DOC("<SyncML/>"), &limits), APR_SUCCESS);
    assert_int_equal(decode_with(DOC("<SyncML/>\n"), &limits), CODEC_ELIMIT);
    assert_int_equal(events->calls, 0);
}

static const char *repeat(const char *s, unsigned n)
{
    apr_size_t len = strlen(s);
    char *out = apr_palloc(pool, len * n + 1);
    unsigned i;

    for (i = 0; i < n; i++)
        memcpy(out + i * len, s, len);
    out[n * len] = 0;
    return out;
}

static const char *nested(unsigned n)
{
    return apr_pstrcat(pool, "<SyncML>", repeat("<Data>", n - 1),
                       repeat("</Data>", n - 1), "</SyncML>", NULL);
}

static void check_depth(unsigned asked, unsigned allowed)
{
    codec_limits_t limits = { .max_depth = asked };
    const char *doc = nested(allowed);

    assert_int_equal(decode_with(doc, strlen(doc), &limits), APR_SUCCESS);
    assert_int_equal(events->deepest, allowed);
    doc = nested(allowed + 1);
    assert_int_equal(decode_with(doc, strlen(doc), &limits), CODEC_ELIMIT);
    assert_int_equal(events->deepest, allowed);
    assert_int_equal(events->calls, allowed);
}

static void test_limit_depth(void **state)
{
    check_depth(0, 32);
    check_depth(3, 3);
    check_depth(128, 128);
    check_depth(4000000, 128);
}

static void test_limit_events(void **state)
{
    static const char doc[] = "<SyncML><Data>x</Data></SyncML>";
    static const char quiet[] = "<SyncML><!-- --><?a b?><!-- --></SyncML>";
    codec_limits_t limits = { .max_events = 5 };

    assert_int_equal(decode_with(DOC(doc), &limits), APR_SUCCESS);
    limits.max_events = 4;
    assert_int_equal(decode_with(DOC(doc), &limits), CODEC_ELIMIT);
    assert_int_equal(events->calls, 4);
    /* comments and instructions count, though the sink gets none */
    limits.max_events = 5;
    assert_int_equal(decode_with(DOC(quiet), &limits), APR_SUCCESS);
    limits.max_events = 3;
    assert_int_equal(decode_with(DOC(quiet), &limits), CODEC_ELIMIT);
    assert_int_equal(events->calls, 1);
}

static void test_limit_tag(void **state)
{
    codec_limits_t limits = { .max_tag = 20 };

    assert_int_equal(decode_with(DOC("<SyncML a='90123456'/>"), &limits),
                     CODEC_ELIMIT);
    assert_int_equal(decode_with(DOC("<SyncML a='901234'/>"), &limits),
                     APR_SUCCESS);
    assert_int_equal(decode_with(DOC("<SyncML a='9012345'/>"), &limits),
                     CODEC_ELIMIT);
    assert_int_equal(decode_with(DOC("<SyncML>01234567890123456789</SyncML>"),
                                 &limits), APR_SUCCESS);
    /* declarations and instructions alike; comments are not tags */
    assert_int_equal(decode_with(DOC("<!DOCTYPE SyncML    ><SyncML/>"),
                                 &limits), CODEC_ELIMIT);
    assert_int_equal(decode_with(DOC("<?p 4567890123456 7?><SyncML/>"),
                                 &limits), CODEC_ELIMIT);
    assert_int_equal(decode_with(DOC("<?p 4567890123456?><SyncML/>"),
                                 &limits), APR_SUCCESS);
    assert_int_equal(decode_with(DOC("<!-- 4567890123456 --><SyncML/>"),
                                 &limits), APR_SUCCESS);
}

static const char *with_attributes(unsigned n)
{
    const char *attributes = "";
    unsigned i;

    for (i = 0; i < n; i++)
        attributes = apr_psprintf(pool, "%s a%u='='", attributes, i);
    return apr_pstrcat(pool, "<SyncML", attributes, "/>", NULL);
}

static void test_limit_attributes(void **state)
{
    expect(with_attributes(16), "(SyncML)");
    refuse(with_attributes(17), CODEC_ELIMIT);
    assert_int_equal(events->calls, 0);
}

/* ---- attacks -------------------------------------------------------------- */

static void refuse_at_once(const char *doc)
{
    refuse(doc, CODEC_EMALFORMED);
    assert_int_equal(events->calls, 0);
    assert_true(info.error_offset < 200);
}

static void test_attack_entities(void **state)
{
    const char *lol = "<?xml version='1.0'?><!DOCTYPE SyncML [";
    int i;

    for (i = 1; i < 10; i++)
        lol = apr_psprintf(pool, "%s<!ENTITY l%d '&l%d;&l%d;&l%d;&l%d;'>",
                           lol, i, i - 1, i - 1, i - 1, i - 1);
    refuse_at_once(apr_pstrcat(pool, lol, "]><SyncML>&l9;</SyncML>", NULL));
    refuse_at_once(apr_pstrcat(pool, lol, "]><SyncML a='&l9;'/>", NULL));
    /* quadratic */
    refuse_at_once(apr_pstrcat(pool, "<!DOCTYPE SyncML [<!ENTITY a '",
                               repeat("a", 50000), "'>]><SyncML>",
                               repeat("&a;", 50000), "</SyncML>", NULL));
    /* an entity of itself; parameter entities */
    refuse_at_once("<!DOCTYPE SyncML [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>"
                   "<SyncML>&a;</SyncML>");
    refuse_at_once("<!DOCTYPE SyncML [<!ENTITY % a '&#37;b;&#37;b;'>"
                   "<!ENTITY % b '&#37;c;&#37;c;'> %a;]><SyncML/>");
    /* default attributes, and what else a subset can hold */
    refuse_at_once("<!DOCTYPE SyncML [<!ATTLIST SyncML xmlns CDATA 'x'>]>"
                   "<SyncML/>");
    refuse_at_once("<!DOCTYPE SyncML [<!ELEMENT SyncML ANY>]><SyncML/>");
    refuse_at_once("<!DOCTYPE SyncML []><SyncML/>");
    refuse_at_once("<!DOCTYPE SyncML PUBLIC \"[\" \"x\" [ ]><SyncML/>");
    /* a bracket in quotes is none */
    expect("<!DOCTYPE SyncML PUBLIC \"a\" \"[\"><SyncML/>", "(SyncML)");
}

static void test_attack_external(void **state)
{
    refuse("<!DOCTYPE SyncML SYSTEM 'file:///etc/passwd'>"
           "<SyncML>&x;</SyncML>", CODEC_EMALFORMED);
    refuse_at_once("<!DOCTYPE SyncML [<!ENTITY x SYSTEM "
                   "'file:///etc/passwd'>]><SyncML>&x;</SyncML>");
    refuse_at_once("<!DOCTYPE SyncML [<!ENTITY % x SYSTEM "
                   "'http://127.0.0.1:9/x'> %x;]><SyncML/>");
    /* a DTD is named and not fetched */
    expect("<!DOCTYPE SyncML SYSTEM 'file:///etc/passwd'><SyncML/>",
           "(SyncML)");
    expect("<!DOCTYPE SyncML PUBLIC '-//SYNCML//DTD SyncML 1.1//EN' "
           "'http://127.0.0.1:9/x.dtd'><SyncML/>", "(SyncML)");
    expect("<SyncML xmlns:xi='http://www.w3.org/2001/XInclude'>"
           "<xi:include href='/etc/passwd'/></SyncML>", "(SyncML(?))");
}

static void test_attack_attributes(void **state)
{
    codec_limits_t limits = { .max_octets = 4 << 20, .max_tag = 4 << 20 };
    const char *doc = with_attributes(5000);

    refuse(doc, CODEC_ELIMIT);
    assert_int_equal(events->calls, 0);
    /* however long a tag may be */
    assert_int_equal(decode_with(doc, strlen(doc), &limits), CODEC_ELIMIT);
    assert_int_equal(events->calls, 0);
    /* without a blank between them, and not closed */
    doc = apr_pstrcat(pool, "<SyncML><Data ", repeat("x='", 40), "</SyncML>",
                      NULL);
    refuse(doc, CODEC_ELIMIT);
    /* in a comment they are none */
    doc = apr_pstrcat(pool, "<!--", repeat("a='b' ", 5000), "--><SyncML/>",
                      NULL);
    expect(doc, "(SyncML)");
}

static void test_attack_size(void **state)
{
    refuse(repeat("<SyncML>", 100000), CODEC_ELIMIT);
    assert_int_equal(events->calls, 32);
    refuse(apr_pstrcat(pool, "<SyncML>", repeat("<a/>", 250001), "</SyncML>",
                       NULL), CODEC_ELIMIT);
    assert_int_equal(events->calls, 500000);
    /* one element name or instruction over all */
    refuse(apr_pstrcat(pool, "<SyncML><", repeat("a", 500000), "/></SyncML>",
                       NULL), CODEC_ELIMIT);
    assert_int_equal(events->calls, 0);
    refuse(apr_pstrcat(pool, "<?", repeat("a", 500000), "?><SyncML/>", NULL),
           CODEC_ELIMIT);
    /* a section or text of that size is an item's data */
    assert_int_equal(decode(apr_pstrcat(pool, "<SyncML><![CDATA[",
                                        repeat("a", 900000), "]]></SyncML>",
                                        NULL)), APR_SUCCESS);
    assert_int_equal(events->octets, 900000);
    assert_int_equal(decode(apr_pstrcat(pool, "<SyncML>", repeat("a", 900000),
                                        "</SyncML>", NULL)), APR_SUCCESS);
    assert_int_equal(events->octets, 900000);
}

/* The scan for tags must not see another document than the parser: a tag
 * with many attributes hidden from one of them. */
static void test_attack_hidden_tags(void **state)
{
    const char *bomb = with_attributes(40);
    static const char *const before[] = {
        "<SyncML><!--><!-- --->", "<SyncML><!---->", "<SyncML><!-->-->",
        "<SyncML><Data a=\"'\"/>", "<SyncML><Data a='\"'/>",
        "<SyncML><Data>'</Data>", "<SyncML><Data>\"</Data>",
        "<SyncML><?a ' ?>", "<SyncML><?a?>", "<SyncML><![CDATA[']]>",
        "<SyncML><![CDATA[<!--]]>", "<SyncML><Data a='>'/>",
        "<SyncML><Data a='<!--'/>", "<SyncML><Data '>", "<SyncML></Data '>",
        "<SyncML><!-- -- >", "<SyncML><Data a=b'/>", "<SyncML>]]>"
    };
    unsigned i;

    for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        const char *doc = apr_pstrcat(pool, before[i], bomb, "</SyncML>",
                                      NULL);
        apr_status_t rv = decode(doc);

        assert_true(rv == CODEC_ELIMIT || rv == CODEC_EMALFORMED);
        assert_null(strstr(events->log, "?"));
    }
}

/* ---- the sink, truncation ------------------------------------------------- */

static const char whole[] =
    "<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE SyncML PUBLIC "
    "'-//SYNCML//DTD SyncML 1.1//EN' 'x'><SyncML xmlns='SYNCML:SYNCML1.1'>"
    "<SyncBody> <!-- c --><Data> a&#13;<![CDATA[b]]>\xc3\xa9</Data><Final/>"
    "</SyncBody></SyncML>";

static void test_sink_fails(void **state)
{
    codec_sink_t sink = { events_start, events_end, events_text, NULL };
    unsigned at, calls;

    expect(whole, "(SyncML(SyncBody(Data' a\rb\xc3\xa9')(Final)))");
    calls = events->calls;
    for (at = 1; at <= calls; at++) {
        events_t *e = events_create(pool);

        e->fail_at = at;
        sink.baton = e;
        assert_int_equal(codec_decode(CODEC_XML, DOC(whole), NULL, &sink,
                                      &info, pool), EVENTS_FAILURE);
        assert_int_equal(e->calls, at);
    }
}

static void test_truncated(void **state)
{
    apr_size_t len;

    for (len = 0; len < sizeof(whole) - 1; len++)
        refuse_octets(whole, len, CODEC_EMALFORMED);
}

/* ---- other users of libxml2 in the process -------------------------------- */

static int count_open(const char *name)
{
    opened++;
    return 0;
}

static void *no_open(const char *name)
{
    return NULL;
}

static int no_read(void *context, char *buffer, int len)
{
    return -1;
}

static void count_error(void *baton, xmlErrorPtr error)
{
    ++*(unsigned *)baton;
}

static void count_message(void *baton, const char *format, ...)
{
    ++*(unsigned *)baton;
}

static void test_settings_of_others(void **state)
{
    unsigned errors = 0, messages = 0;
    int blanks = xmlKeepBlanksDefault(0);
    int substitute = xmlSubstituteEntitiesDefault(1);

    xmlSetStructuredErrorFunc(&errors, count_error);
    xmlSetGenericErrorFunc(&messages, count_message);
    expect("<SyncML><Data> <Final/> </Data><Data> </Data></SyncML>",
           "(SyncML(Data(Final))(Data' '))");
    refuse("<SyncML><Data></SyncML>", CODEC_EMALFORMED);
    refuse("<!DOCTYPE SyncML SYSTEM 'x'><SyncML>&a;</SyncML>",
           CODEC_EMALFORMED);
    assert_int_equal(errors, 0);
    assert_int_equal(messages, 0);
    /* and they are as they were */
    assert_ptr_equal(xmlStructuredError, count_error);
    assert_ptr_equal(xmlGenericError, count_message);
    assert_int_equal(xmlKeepBlanksDefault(blanks), 0);
    assert_int_equal(xmlSubstituteEntitiesDefault(substitute), 1);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlSetGenericErrorFunc(NULL, NULL);
}

static int make_pool(void **state)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int end_pool(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_pool, end_pool)
    const struct CMUnitTest tests[] = {
        TEST(test_namespaces),
        TEST(test_names_by_place),
        TEST(test_versions),
        TEST(test_root_elements),
        TEST(test_white_space),
        TEST(test_long_white_space),
        TEST(test_characters),
        TEST(test_encodings),
        TEST(test_encodings_broken),
        TEST(test_around_the_root),
        TEST(test_limit_octets),
        TEST(test_limit_depth),
        TEST(test_limit_events),
        TEST(test_limit_tag),
        TEST(test_limit_attributes),
        TEST(test_attack_entities),
        TEST(test_attack_external),
        TEST(test_attack_attributes),
        TEST(test_attack_size),
        TEST(test_attack_hidden_tags),
        TEST(test_sink_fails),
        TEST(test_truncated),
        TEST(test_settings_of_others)
    };

    apr_initialize();
    codec_init();
    /* Whatever libxml2 wants to open is seen here first. */
    if (xmlRegisterInputCallbacks(count_open, no_open, no_read, NULL) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
