/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What phones write, and what they are written: a case for each habit.  Laws
 * over random cards: test_item_card_laws.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "card_text.h"

/* ---- from phones ----------------------------------------------------------- */

static void test_encodings(void **unused)
{
    static const char *const quoted[] = {
        "ENCODING=QUOTED-PRINTABLE", "ENCODING=QUOTEDPRINTABLE",
        "encoding=quoted-printable", "QUOTED-PRINTABLE", "ENCODING=Q",
        "ENCODING=QUOTED_PRINTABLE"
    };
    static const char *const base64[] = {
        "ENCODING=BASE64", "BASE64", "ENCODING=b", "ENCODING=B",
        "ENCODING=BASE-64", "B"
    };
    unsigned i;

    for (i = 0; i < sizeof(quoted) / sizeof(quoted[0]); i++)
        in21(apr_pstrcat(pool, N "NOTE;", quoted[i], ":a=3Db=0D=0Ac\n", NULL),
             N "NOTE:a=b\\nc\n");
    for (i = 0; i < sizeof(base64) / sizeof(base64[0]); i++)
        in21(apr_pstrcat(pool, N "PHOTO;TYPE=JPEG;", base64[i],
                         ":\n  /9j/\n  4AAQ\n\nTEL:1\n", NULL),
             N "PHOTO;TYPE=JPEG;ENCODING=b:/9j/4AAQ\nTEL:1\n");
    in21(N "NOTE;ENCODING=8BIT:x\nNOTE;7BIT:y\n", N "NOTE:x\nNOTE:y\n");
    /* Not folded, without a blank line, END behind it. */
    in21(N "PHOTO;GIF;BASE64:R0lG\nODlh\n", N "PHOTO;TYPE=GIF;ENCODING=b:R0l"
                                            "GODlh\n");
    /* What is folded before its colon is a property, whatever its name. */
    in21(N "PHOTO;GIF;BASE64:R0lG\nODlhODlh\n ;HOME:1\n",
         N "PHOTO;TYPE=GIF;ENCODING=b:R0lG\nODlhODlh;TYPE=HOME:1\n");
    in21(N "PHOTO;VALUE=URL;TYPE=GIF:http://a/b.gif\n",
         N "PHOTO;VALUE=uri;TYPE=GIF:http://a/b.gif\n");
}

static void test_quoted_lines(void **unused)
{
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:one =\ntwo=0D=0A=\n three=\n\n"
         "TEL:1\n", N "NOTE:one two\\n three\nTEL:1\n");
    /* Nokia N9 */
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:one==0A=0D=\ntwo==0A=0D=\n\n",
         N "NOTE:one\\ntwo\\n\n");
    /* Folded as well. */
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\n two=0D=0A=\n three\n",
         N "NOTE:one\\ntwo\\nthree\n");
    /* A break that nothing follows, and text without one. */
    /* But not here: a blank of the text, by what is before it, and by how
     * another value goes on. */
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:one,=\n two,=\n three\n",
         N "NOTE:one\\, two\\, three\n");
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:one=\n two=\n three\n"
         "TITLE;ENCODING=QUOTED-PRINTABLE:a=\n=41b\n",
         N "NOTE:one two three\nTITLE:aAb\n");
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:one=\n", N "NOTE:one\n");
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:one\nand two\nTEL:1\n",
         N "NOTE:one\\nand two\nTEL:1\n");
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:a=3d=XYb=\n", N "NOTE:a==XYb\n");
}

static void test_charsets(void **unused)
{
    in21("N;CHARSET=ISO-8859-1:M\xfcller;J\xf6rg\nFN:x\n",
         "N:M\xc3\xbcller;J\xc3\xb6rg\nFN:x\n");
    in21("N;CHARSET=UTF8:M\xc3\xbcller\nFN:x\n", "N:M\xc3\xbcller\nFN:x\n");
    in21("N;CHARSET=latin1;ENCODING=QUOTED-PRINTABLE:M=FCller\nFN:x\n",
         "N:M\xc3\xbcller\nFN:x\n");
    in21("N;CHARSET=windows-1252:\x80 5\nFN:x\n", "N:\xe2\x82\xac 5\nFN:x\n");
    in21("N;CHARSET=SHIFT_JIS:\x93\xfa\x83\x5c;a\nFN:x\n",
         "N:\xe6\x97\xa5\xe3\x82\xbd;a\nFN:x\n");
    in21("N;CHARSET=UTF-7:+ANw-ber\nFN:x\n", "N:\xc3\x9c" "ber\nFN:x\n");
    in21("N;CHARSET=KOI8-R:\xf6\nFN:x\n", "N:\xd0\x96\nFN:x\n");
    /* By other names. */
    in21("N;CHARSET=KOI8:\xf6\nFN;CHARSET=latin9:\xa4\n",
         "N:\xd0\x96\nFN:\xe2\x82\xac\n");
    in21("N;CHARSET=CP936:\xd6\xd0\nFN;CHARSET=GB_2312-80:\xd6\xd0\n",
         "N:\xe4\xb8\xad\nFN:\xe4\xb8\xad\n");
    in21("N;CHARSET=x-euc-jp:\xc6\xfc\nFN;CHARSET=MS_Kanji:\x93\xfa\n",
         "N:\xe6\x97\xa5\nFN:\xe6\x97\xa5\n");
    /* A soft break in a character. */
    in21("N;CHARSET=GB2312;ENCODING=QUOTED-PRINTABLE:=D6=\n=D0=B9\xfa=\n\nFN:x\n",
         "N:\xe4\xb8\xad\xe5\x9b\xbd\nFN:x\n");
    /* Not named, or wrongly: what is no UTF-8 is windows-1252. */
    in21("N:M\xfcller\nFN:x\n", "N:M\xc3\xbcller\nFN:x\n");
    in21("N;CHARSET=UTF-8:M\xfcller\nFN:x\n", "N:M\xc3\xbcller\nFN:x\n");
    in21("N;CHARSET=NONSENSE:M\xc3\xbc\nFN:x\n", "N:M\xc3\xbc\nFN:x\n");
    /* Two octets of another set that happen to be UTF-8; UTF-8 that was cut. */
    in21("N:\xc2\xb3\xf2\xe0\xeb\nFN:x\n",
         "N:\xc3\x82\xc2\xb3\xc3\xb2\xc3\xa0\xc3\xab\nFN:x\n");
    in21("N:\xd0\xb3\xe2\x82\nFN:x\n", "N:\xd0\xb3\xc3\xa2\xe2\x80\x9a\nFN:x\n");
}

static void test_parameters(void **unused)
{
    in21(N "TEL;CELL;HOME:1\nTEL;TYPE=WORK;TYPE=FAX:2\ntel;pref:3\n",
         N "TEL;TYPE=CELL,HOME:1\nTEL;TYPE=WORK,FAX:2\ntel;TYPE=pref:3\n");
    in21(N "EMAIL;INTERNET;X-A=b:a@b\nitem1.TEL;VOICE:4\n",
         N "EMAIL;TYPE=INTERNET;X-A=b:a@b\nitem1.TEL;TYPE=VOICE:4\n");
    in21(N "X-THING;X-P=1;Q:a;b\\;c\n", N "X-THING;X-P=1;TYPE=Q:a;b\\;c\n");
    in21(N "SOUND;X-IRMC-N:ya;ma\n", N "SOUND;TYPE=X-IRMC-N:ya;ma\n");
    /* Control characters, and what is nothing without them. */
    in21(N "TEL;\001=\002;HO\003ME:1\n", N "TEL;TYPE=HOME:1\n");
}

static void test_escapes(void **unused)
{
    in21("N:D\\;oe, jr;Jo\nFN:Jo\nORG:A, B\\; C;D\n",
         "N:D\\;oe\\, jr;Jo\nFN:Jo\nORG:A\\, B\\; C;D\n");
    in21(N "ADR;HOME:;;S 1, b;T;;;L\n",
         N "ADR;TYPE=HOME:;;S 1\\, b;T;;;L\n");
    in21(N "NOTE:a\\nb\\, c\n", N "NOTE:a\\nb\\, c\n");
    in21(N "NOTE:C:\\new\\x\n", N "NOTE:C:\\\\new\\\\x\n");
    in21(N "NOTE;ENCODING=QUOTED-PRINTABLE:a\\nb\n", N "NOTE:a\\\\nb\n");
    in21(N "CATEGORIES:A, B;C\\,d\nGEO:1.5,2.5\n",
         N "CATEGORIES:A,B,C\\,d\nGEO:1.5;2.5\n");
}

static void test_lines(void **unused)
{
    item_form_t form = V21(NULL, 0);
    item_text_t in = text_of("BEGIN:VCARD\nN:Doe;Jo\nFN:x\nTEL;CELL:1\n"
                             "END:VCARD"), out;

    /* LF, no VERSION, no line end at the end; CR; a terminator counted in. */
    assert_int_equal(item_card_import(&form, &in, NULL, &out, pool), 0);
    expect(out, wrap("3.0", "N:Doe;Jo\nFN:x\nTEL;TYPE=CELL:1\n"));
    in = text_of("BEGIN:VCARD\rVERSION:2.1\rN:Doe\rFN:x\rEND:VCARD\r");
    in.len++;
    assert_int_equal(item_card_import(&form, &in, NULL, &out, pool), 0);
    expect(out, wrap("3.0", "N:Doe\nFN:x\n"));
    in = text_of("BEGIN:VCARD\nVERSION:\nN:Doe\nFN:x\nEND:VCARD");
    assert_int_equal(item_card_import(&form, &in, NULL, &out, pool), 0);
    expect(out, wrap("3.0", "N:Doe\nFN:x\n"));
    /* Folded at a space, as 2.1 has it; within a word, as 3.0. */
    in21(N "NOTE:some words\n and more\n", N "NOTE:some words and more\n");
    in21(N "NOTE:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
         "0123456789\n ghi\n",
         N "NOTE:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"
         "0123456789\n ghi\n");
    in21(N "NOTE:one\nloose line\nTEL:1\n", N "NOTE:one\\nloose line\n"
                                            "TEL:1\n");
    in21(N "NOTE:he/she: see X-Ray\nX-talk/jabber:jo\nand/or: both\n",
         N "NOTE:he/she: see X-Ray\nX-talk/jabber:jo\\nand/or: both\n");
    in21(N "TEL:1\nitem1.X-talk/jabber:jo\nwww.he/she: both\n",
         N "TEL:1\nitem1.X-talk/jabber:jo\\nwww.he/she: both\n");
    in21("N:Doe;Jo;M;Dr.;jr\n", "N:Doe;Jo;M;Dr.;jr\nFN:Dr. Jo M Doe jr\n");
}

#define MANY  1000000           /* lines; if each looks at all that follow, it
                                 * takes minutes */

static int count(item_text_t text, const char *what)
{
    const char *at = text.data;
    int n = 0;

    for (; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static void test_many_lines(void **unused)
{
    static const char head[] = "BEGIN:VCARD\rVERSION:2.1\rN:A\r"
                               "PHOTO;ENCODING=BASE64:\r";
    char *text = apr_palloc(pool, MANY * 4), *w;
    item_form_t form = V21(NULL, 0);
    item_text_t in, out;

    /* CR alone. */
    w = put_lines(text, head, 1);
    w = put_lines(w, "zz\r", MANY);
    put_lines(w, "\rEND:VCARD\r", 1);
    in = text_of(text);
    assert_int_equal(item_card_import(&form, &in, NULL, &out, pool), 0);
    assert_true(count(out, "z") == MANY * 2);
    /* Each seems to be folded, but by a blank line. */
    w = put_lines(text, "BEGIN:VCARD\nVERSION:2.1\nN:A\n \n", 1);
    w = put_lines(w, " TEL:1\n \n", 19000);
    w = put_lines(w, " \n", MANY);
    put_lines(w, "END:VCARD\n", 1);
    in = text_of(text);
    assert_int_equal(item_card_import(&form, &in, NULL, &out, pool), 0);
    assert_int_equal(count(out, "TEL:1\r\n"), 19000);
}

static void test_agent(void **unused)
{
    in21(N "AGENT:\nBEGIN:VCARD\nVERSION:2.1\nN:B;A\nNOTE;ENCODING=QUOTED-"
         "PRINTABLE:x=0Ay\nEND:VCARD\nTEL:1\n",
         N "AGENT:BEGIN:VCARD\\nVERSION:3.0\\nN:B\\;A\\nNOTE:x\\\\ny\\nEND:V"
         "CARD\\n\nTEL:1\n");
    /* Its parameters are folded. */
    in21(N "AGENT;X-P=aaaaaaaaa\n  ;X-Q=bbbbb:BEGIN:VCARD \nN:B\n"
         "END:VCARD\nTEL:1\n",
         N "AGENT;X-P=aaaaaaaaa;X-Q=bbbbb:BEGIN:VCARD\\nVERSION:3.0\\n"
         "N:B\\nEND:VCARD\\n\nTEL:1\n");
    in21(N "AGENT:BEGIN:VCARD\nN:B\nEND:VCARD\nTEL:1\n",
         N "AGENT:BEGIN:VCARD\\nVERSION:3.0\\nN:B\\nEND:VCARD\\n\nTEL:1\n");
    /* The first line of a card alone is none, whatever is between. */
    in21(N "AGENT:BEGIN\002:VCARD\nTEL:1\n", N "TEL:1\n");
    in21(N "AGENT;QUOTED-PRINTABLE:=42EGIN:VCARD\nTEL:1\n", N "TEL:1\n");
    out_of(V21(NULL, 0), N "AGENT:BEGIN\\:VCARD\nTEL:1\n", N "TEL:1\n");
    out_of(V21(NULL, 0), N "AGENT:BEGIN:VCARD\\nVERSION:3.0\\nN:B\\;A\\nEND:V"
           "CARD\\n\n",
           N "AGENT:\nBEGIN:VCARD\nVERSION:2.1\nN:B;A\nEND:VCARD\n");
}

/** One that is folded is a text, whatever it begins with. */
static void test_folded_agent(void **unused)
{
    item_form_t form = V21(NULL, 0);
    item_text_t in = text_of(wrap("3.0", N "AGENT:BEGIN:VCARD\n VERSION:3.0\n"
                                  " FN:Bo\n END:VCARD\nTEL:1\n")), out;

    assert_int_equal(item_card_export(&form, &in, &out, pool), 0);
    assert_non_null(strstr(out.data, "\r\nTEL:1\r\nEND:VCARD\r\n"));
}

static void test_refused(void **unused)
{
    static const struct {
        const char *text;
        apr_status_t rv;
    } cases[] = {
        { "", ITEM_EMALFORMED }, { "hello", ITEM_EMALFORMED },
        { "BEGIN:VCARD\r\nN:A\r\n", ITEM_EMALFORMED },
        { "BEGIN:VCARD\r\nVERSION:9.9\r\nEND:VCARD\r\n", ITEM_ETYPE },
        { "BEGIN:VCARD\r\nAGENT:\r\nBEGIN:VCARD\r\nEND:VCARD\r\n",
          ITEM_EMALFORMED }
    };
    item_form_t form = V21(NULL, 0);
    item_text_t in, out;
    char *deep = apr_pstrdup(pool, "");
    unsigned i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        in = text_of(cases[i].text);
        assert_int_equal(item_card_import(&form, &in, NULL, &out, pool),
                         cases[i].rv);
        assert_true(!out.data && !out.len);
    }
    for (i = 0; i <= ITEM_CARD_MAX_DEPTH + 1; i++)
        deep = apr_pstrcat(pool, "BEGIN:VCARD\nAGENT:\n", deep, "END:VCARD\n",
                           NULL);
    in = text_of(deep);
    assert_int_equal(item_card_import(&form, &in, NULL, &out, pool),
                     ITEM_ELIMIT);
}

/* ---- to phones ----------------------------------------------------------------- */

static void test_out(void **unused)
{
    out_of(V21(NULL, 0), "N:M\xc3\xbcller;J;;;\nFN:J\n"
           "TEL;TYPE=\"home,voice\";VALUE=uri:1\nNOTE:a\\nb\\, c\n"
           "BDAY;VALUE=date:1980-02-03\nGEO:1;2\n",
           "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J;;;\nFN:J\n"
           "TEL;HOME;VOICE:1\nNOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab, c\n"
           "BDAY:19800203\nGEO:1,2\n");
    /* No characters of four octets where GBK is all that is sure. */
    out_of(V21("GB2312", 0), "N:\xe4\xb8\xad\xe9\x95\x95\xd7\xa9;;;;\nFN:J\n",
           "N;CHARSET=GB2312;ENCODING=QUOTED-PRINTABLE:=D6=D0=E9F?;;;;\nFN:J\n");
    out_of(V21("GB18030", 0), "N:\xd7\xa9;;;;\nFN:J\n",
           "N;CHARSET=GB18030;ENCODING=QUOTED-PRINTABLE:=810=FB7;;;;\nFN:J\n");
    out_of(V21("ISO-8859-1", 0), "N:M\xc3\xbc\xe2\x82\xac\xd0\x96;J;;;\nFN:J\n",
           "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCEUR?;J;;;\n"
           "FN:J\n");
    out_of(form_of(ITEM_FORMAT_VCARD30, "ISO-8859-1", 0),
           "N:\xc4\x8d\xc3\xa9;;;;\nFN:J\n", "N:c\xe9;;;;\nFN:J\n");
    /* What 2.1 must have. */
    out_of(V21(NULL, 0), "FN:Jo van Doe\n", "FN:Jo van Doe\nN:Doe;Jo van;;;\n");
    out_of(V21(NULL, 0), "FN:Acme Inc.\nORG:Acme Inc.;Sales\n",
           "FN:Acme Inc.\nORG:Acme Inc.;Sales\nN:Acme Inc.;;;;\n");
    out_of(V21(NULL, 0), N "PHOTO;ENCODING=b;TYPE=JPEG:/9j/\n",
           N "PHOTO;TYPE=JPEG;ENCODING=BASE64:\n /9j/\n");
}

static void test_habits(void **unused)
{
    out_of(V21(NULL, ITEM_HABIT_EMAIL_INTERNET), N "EMAIL;TYPE=WORK:a\n",
           N "EMAIL;INTERNET;WORK:a\n");
    out_of(V21(NULL, ITEM_HABIT_PHOTO_BLANK),
           N "PHOTO;ENCODING=b;TYPE=PNG:iVBO\nTEL:1\n",
           N "PHOTO;TYPE=PNG;ENCODING=BASE64:\n iVBO\n\nTEL:1\n");
    out_of(V21(NULL, ITEM_HABIT_NO_FOLD),
           N "NOTE:\xc3\xbc 0123456789 0123456789 0123456789 0123456789\n",
           N "NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=BC 0123456789 "
           "0123456789 0123456789 0123456789\n");
    out_of(V21(NULL, ITEM_HABIT_NO_EMPTY), N "TITLE:\nADR:;;;;;;\nTEL:1\n",
           N "TEL:1\n");
    out_of(V21(NULL, ITEM_HABIT_DATE_1980), N "BDAY:1969-02-03\n",
           N "BDAY:19800203\n");
    out_of(form_of(ITEM_FORMAT_VCARD30, NULL, ITEM_HABIT_BMP_ONLY),
           N "NOTE:\xf0\x9f\x98\x80 \xe2\x82\xac\n", N "NOTE:? \xe2\x82\xac\n");
    out_of(V21(NULL, ITEM_HABIT_TEXT_8BIT), N "NOTE:\xc3\xbc\\nC:\\\\x\n",
           N "NOTE;CHARSET=UTF-8:\xc3\xbc\\nC:\\\\x\n");
}

/** Categories that come back with X- before them; years that were clamped. */
static void test_habits_back(void **unused)
{
    const char *store = wrap("3.0", N "CATEGORIES:Friends,X-Files\n"
                                    "BDAY:1969-02-03\n");

    expect(import_like(V21(NULL, ITEM_HABIT_CATEGORY_X),
                       wrap("2.1", N "CATEGORIES:X-Friends,X-X-Files\n"),
                       wrap("3.0", N)),
           wrap("3.0", N "CATEGORIES:Friends,X-Files\n"));
    expect(import_like(V21(NULL, ITEM_HABIT_DATE_1980),
                       wrap("2.1", N "BDAY:19800203\n"), store),
           wrap("3.0", N "BDAY:1969-02-03\n"));
    expect(import_like(V21(NULL, ITEM_HABIT_DATE_1980),
                       wrap("2.1", N "BDAY:19800405\n"), store),
           wrap("3.0", N "BDAY:19690405\n"));
}

/** A group without a name is none, however many there are. */
static void test_dots(void **unused)
{
    in21(N "..TEL:1\n", N "TEL:1\n");
    out_of(V21(NULL, 0), N "..TEL:1\na..X-B:2\n", N "TEL:1\na..X-B:2\n");
}

/* ---- 4.0 ------------------------------------------------------------------------ */

#define FOUR \
    "FN:Jo Doe\nTEL;VALUE=uri;TYPE=\"cell,voice\";PREF=1:tel:+1-555\n" \
    "EMAIL;PREF=2:a@b\nPHOTO:data:image/jpeg;base64,/9j/\nBDAY:--0203\n" \
    "KIND:group\nMEMBER:urn:uuid:1\nLANG:de\nGENDER:F\n" \
    "RELATED;TYPE=spouse:urn:x\nGEO:geo:1.5,2.5\n"

static void test_four(void **unused)
{
    item_form_t three = form_of(ITEM_FORMAT_VCARD30, NULL, 0);
    item_text_t in = text_of(wrap("4.0", FOUR)), out;

    assert_int_equal(item_card_export(&three, &in, &out, pool), 0);
    expect(out, wrap("3.0",
           "FN:Jo Doe\nTEL;TYPE=cell,voice,PREF:+1-555\nEMAIL:a@b\n"
           "PHOTO;TYPE=JPEG;ENCODING=b:/9j/\n"
           "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03\n"
           "X-ADDRESSBOOKSERVER-KIND:group\n"
           "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\nX-LANG:de\nX-GENDER:F\n"
           "X-RELATED;TYPE=spouse:urn:x\nGEO:1.5;2.5\nN:Doe;Jo;;;\n"));
    /* And back, edited: a number and a new line; the year's mark is lost. */
    expect(import_like(three, wrap("3.0",
           "FN:Jo Doe\nTEL;TYPE=cell,voice,PREF:+1-666\nEMAIL:a@b\n"
           "PHOTO;TYPE=JPEG;ENCODING=b:/9j/\nBDAY:1604-02-03\n"
           "X-ADDRESSBOOKSERVER-KIND:group\n"
           "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\nX-LANG:de\nX-GENDER:F\n"
           "X-RELATED;TYPE=spouse:urn:x\nGEO:1.5;2.5\nN:Doe;Jo;;;\n"
           "TITLE:Boss\n"), wrap("4.0", FOUR)),
           wrap("4.0",
           "FN:Jo Doe\nTEL;TYPE=cell,voice;PREF=1:+1-666\nEMAIL;PREF=2:a@b\n"
           "PHOTO:data:image/jpeg;base64,/9j/\nBDAY:--0203\n"
           "KIND:group\nMEMBER:urn:uuid:1\nLANG:de\nGENDER:F\n"
           "RELATED;TYPE=spouse:urn:x\nGEO:geo:1.5,2.5\nTITLE:Boss\n"));
    /* 3.0 has whole dates: clients that got a year gave back none. */
    in = text_of(wrap("4.0", "FN:Jo\nBDAY:1970\nTITLE:a\n"));
    assert_int_equal(item_card_export(&three, &in, &out, pool), 0);
    expect(out, wrap("3.0", "FN:Jo\nTITLE:a\nN:Jo;;;;\n"));
    /* 4.0 in stays what it is. */
    in = text_of(wrap("4.0", FOUR));
    assert_int_equal(item_card_import(&three, &in, NULL, &out, pool), 0);
    expect(out, wrap("4.0", FOUR));
}

/** Parameters that a phone drops stay, and so does what its form cannot say. */
static void test_like(void **unused)
{
    const char *store = wrap("3.0",
        "N:\xd0\x96;Jo;;;\nFN:Jo\nTEL;TYPE=WORK,VOICE;X-A=b:+49 30-1\n"
        "TEL;TYPE=HOME:030 12 extension 5 please\n"
        "TEL;TYPE=CELL:030 34\\,\\,77\\;1\nBDAY:unknown\n");

    expect(import_like(V21("ISO-8859-1", 0),
                       wrap("2.1", "N:?;Jo;;;\nFN:Jo\nTEL;WORK:+49301\n"
                            "TEL;HOME:030125\nTEL;CELL:03034771\n"), store),
           wrap("3.0", "N:\xd0\x96;Jo;;;\nFN:Jo\nTEL;TYPE=WORK;X-A=b:"
                "+49 30-1\nTEL;TYPE=HOME:030 12 extension 5 please\n"
                "TEL;TYPE=CELL:030 34\\,\\,77\\;1\n"));
}

/** The store has no N, a phone had one made of FN: what it has cut in a word
 * is none of its own. */
static void test_cut_made_name(void **unused)
{
    static const char n[] = "N:;;;;\n";
    const char *store = wrap("3.0", "FN:Friends of the Botanic Garden "
                             "Saltholm\nTEL:1\n");
    const char *tests[][2] = {
        { "Saltholm;Friends of the Botan", "" },
        { "Saltholm;Friends of the Botanic Garden", "" },
        /* An end at a word, and a short one, may be the user's. */
        { "Saltholm;Friends of the Botanic",
          "N:Saltholm;Friends of the Botanic\n" },
        { "Saltholm;Friends of the Bath", "N:Saltholm;Friends of the Bath\n" },
        { "Saltholm;Friends of the Botanic-", "N:Saltholm;Friends of the "
          "Botanic-\n" },
        { "Saltholm;Frie", "N:Saltholm;Frie\n" },
        { "Salt;Friends of the Botan", "N:Salt;Friends of the Botan\n" },
        { "Friends of the Botanic Garden Saltholm",
          "N:Friends of the Botanic Garden Saltholm\n" }
    };
    unsigned i;

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        expect(import_like(V21(NULL, 0),
                           wrap("2.1", apr_pstrcat(pool, "N:", tests[i][0],
                                                   "\nTEL:2\n", NULL)),
                           store),
               wrap("3.0", apr_pstrcat(pool, tests[i][1], "TEL:2\n", NULL)));
    store = wrap("3.0", apr_pstrcat(pool, n, "FN:Friends of the Botanic "
                                    "Garden Saltholm\n", NULL));
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", "N:Saltholm;Friends of the Botan\n"),
                       store), wrap("3.0", ""));
    /* Then FN that is made of that is none, either. */
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", "N:Saltholm;Friends of the Botan\n"
                            "FN:Friends of the Botan Saltholm\n"), store),
           wrap("3.0", "FN:Friends of the Botanic Garden Saltholm\n"));
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", "FN:Friends of the Botan Saltholm\n"
                            "N:Saltholm;Friends of the Botan\n"), store),
           wrap("3.0", "FN:Friends of the Botanic Garden Saltholm\n"));
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", "N:Saltholm;Friends of the Botan\n"
                            "FN:Friends\n"), store),
           wrap("3.0", "FN:Friends\n"));
    /* What parts words does not go by a device's cut alone. */
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", "N:Hamburg;Wilhelm Maschinenbau\n"),
                       wrap("3.0", "FN:Wilhelm Maschinenbau\\, Hamburg\n")),
           wrap("3.0", "N:Hamburg;Wilhelm Maschinenbau\n"));
}

/** Pauses and words that a phone has itself are not what it has left out. */
static void test_pauses(void **unused)
{
    static const char stored[] = "TEL:030 34\\,\\,77\n"
                                 "TEL:040 5 extension 6\n"
                                /* Blanks of other kinds, as iOS has them. */
                                "TEL:+33\xc2\xa0" "6\xc2\xa0" "12\n"
                                "TEL:\xe2\x80\xaa+49\xe2\x80\xaf" "69\n";
    static const char *const tests[][2] = {
        { "TEL:03034,,77\n", "TEL:030 34\\,\\,77\n" },
        { "TEL:030 34,77\n", "TEL:030 34\\,77\n" },
        { "TEL:030 34,,77#\n", "TEL:030 34\\,\\,77#\n" },
        { "TEL:0303477\n", "TEL:030 34\\,\\,77\n" },
        { "TEL:03034pp77\n", "TEL:030 34\\,\\,77\n" },
        { "TEL:04056\n", "TEL:040 5 extension 6\n" },
        { "TEL:040 5 ext 6\n", "TEL:040 5 ext 6\n" },
        { "TEL:+33612\n", "TEL:+33\xc2\xa0" "6\xc2\xa0" "12\n" },
        { "TEL:+4969\n", "TEL:\xe2\x80\xaa+49\xe2\x80\xaf" "69\n" },
        { "TEL:+336127\n", "TEL:+336127\n" }
    };
    unsigned i;

    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        expect(import_like(V21(NULL, 0), wrap("2.1", apr_pstrcat(
                               pool, N, tests[i][0], NULL)),
                           wrap("3.0", apr_pstrcat(pool, N, stored, NULL))),
               wrap("3.0", apr_pstrcat(pool, N, tests[i][1], NULL)));
}

/** Bare words that say how a value is written are no types, which a phone may
 * change. */
static void test_bare_encoding(void **unused)
{
    expect(import_like(form_of(ITEM_FORMAT_VCARD40, NULL, 0),
                       wrap("4.0", "FN:Jo Doe\n"
                            "PHOTO:data:image/jpeg;base64,/9j/4AAQ\n"),
                       wrap("3.0", N "PHOTO;BASE64:\n  /9j/4AAQ\n")),
           wrap("3.0", "FN:Jo Doe\nPHOTO;TYPE=JPEG;BASE64: /9j/4AAQ\n"));
}

/** Two addresses that differ in case only, on a phone without types. */
static void test_twins(void **unused)
{
    const char *store = wrap("3.0", N "EMAIL;TYPE=HOME:A@b\n"
                                    "EMAIL;TYPE=WORK:a@b\n");

    expect(import_like(V21(NULL, 0), wrap("2.1", N "EMAIL:c@d\nEMAIL:a@b\n"),
                       store),
           wrap("3.0", N "EMAIL:c@d\nEMAIL:a@b\n"));
    expect(import_like(V21(NULL, 0), wrap("2.1", N "EMAIL;WORK:a@b\n"), store),
           wrap("3.0", N "EMAIL;TYPE=WORK:a@b\n"));
}

/** What comes back as it was sent is the store's line, octet by octet; but a
 * line behind it may belong to it. */
static void test_as_sent(void **unused)
{
    static const char body[] = N "TEL;TYPE=HOME;PID=1:+1 555-0\n"
        "TEL;PID=2;TYPE=WORK:+1 666-0\nNOTE;PID=3:first\nTITLE;PID=4:t\n";
    const char *store = wrap("3.0", body);

    expect(import_like(V21(NULL, 0),
                       wrap("2.1", N "TEL;HOME:+1 555-0\nTEL;WORK:+1 666-0\n"
                            "NOTE:first\nTITLE:u\n"), store),
           wrap("3.0", N "TEL;TYPE=HOME;PID=1:+1 555-0\n"
                "TEL;PID=2;TYPE=WORK:+1 666-0\nNOTE;PID=3:first\nTITLE:u\n"));
    /* The number at home is now the one at work: that one stays. */
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", N "TEL;HOME:+1 666-0\nTEL;WORK:+1 666-0\n"
                            "NOTE:first\nTITLE:t\n"), store),
           wrap("3.0", N "TEL;TYPE=HOME:+1 666-0\n"
                "TEL;PID=2;TYPE=WORK:+1 666-0\nNOTE;PID=3:first\n"
                "TITLE;PID=4:t\n"));
    /* Folded, and without a fold, and in the first line of all. */
    expect(import_like(V21(NULL, 0),
                       wrap("2.1", N "TEL;HOME:+1 555-0\n 1\n"
                            "TEL;WORK:+1 666-0\nNOTE:first\nand second\n"
                            "TITLE:t\n"), store),
           wrap("3.0", N "TEL;TYPE=HOME:+1 555-0 1\n"
                "TEL;PID=2;TYPE=WORK:+1 666-0\nNOTE:first\\nand second\n"
                "TITLE;PID=4:t\n"));
    expect(import_like(V21(NULL, 0),
                       "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;Jo\r\n x\r\n"
                       "END:VCARD\r\n", store),
           wrap("3.0", "N:Doe;Jo x\n"));
    /* The same octets of another version say something else. */
    expect(import_like(V21(NULL, 0),
                       wrap("3.0", N "NOTE:first\nTITLE:t\n"), store),
           wrap("3.0", N "NOTE;PID=3:first\nTITLE;PID=4:t\n"));
}

/* ---- SIF-C ---------------------------------------------------------------------- */

static void test_sif(void **unused)
{
    item_form_t sif = form_of(ITEM_FORMAT_SIFC, NULL, ITEM_HABIT_NO_EMPTY);
    const char *document =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<contact><SIFVersion>1.0</SIFVersion><LastName>Doe</LastName>"
        "<FirstName>J&amp;o</FirstName><FileAs>Doe, Jo</FileAs>"
        "<HomeAddressCity>T</HomeAddressCity>"
        "<Home2TelephoneNumber>2</Home2TelephoneNumber>"
        "<CompanyMainTelephoneNumber>3</CompanyMainTelephoneNumber>"
        "<BusinessFaxNumber>4</BusinessFaxNumber>"
        "<Email1Address>a@b</Email1Address><IMAddress>i</IMAddress>"
        "<CompanyName>C</CompanyName><Department>D</Department>"
        "<Birthday>1970-01-02</Birthday><Body>x\ny</Body>"
        "<Categories>A, B;C</Categories><Sensitivity>1</Sensitivity>"
        "<Photo>/9j/4A==</Photo><Children>Kim</Children>"
        "<Folder>DEFAULT_FOLDER</Folder><Unknown9>u</Unknown9></contact>";
    item_text_t in = text_of(document), out, again;
    const char *store = wrap("3.0",
        "N:Doe;J&o;;;\nFN:Doe\\, Jo\nADR;TYPE=HOME:;;;T;;;\n"
        "TEL;TYPE=VOICE,HOME;X-FUNAMBOL-FIELD=Home2TelephoneNumber:2\n"
        "TEL;TYPE=WORK,PREF;X-FUNAMBOL-FIELD=CompanyMainTelephoneNumber:3\n"
        "TEL;TYPE=FAX,WORK:4\nEMAIL;TYPE=INTERNET:a@b\n"
        "EMAIL;TYPE=INTERNET,HOME,X-FUNAMBOL-INSTANTMESSENGER:i\nORG:C;D;\n"
        "BDAY:1970-01-02\nNOTE:x\\ny\nCATEGORIES:A,B,C\n"
        "PHOTO;TYPE=JPEG;ENCODING=b:/9j/4A==\n"
        "CLASS;X-FUNAMBOL-PERSONAL=1:PRIVATE\n"
        "X-FUNAMBOL-Children:Kim\nX-FUNAMBOL-Unknown9:u\n");

    assert_int_equal(item_sifc_import(&sif, &in, NULL, &out, pool), 0);
    expect(out, store);
    assert_int_equal(item_sifc_export(&sif, &out, &again, pool), 0);
    assert_non_null(strstr(again.data, "<Home2TelephoneNumber>2<"));
    assert_non_null(strstr(again.data, "<CompanyMainTelephoneNumber>3<"));
    assert_non_null(strstr(again.data, "<Sensitivity>1<"));
    assert_non_null(strstr(again.data, "<Unknown9>u<"));
    assert_null(strstr(again.data, "<HomeTelephoneNumber>"));
    in = text_of("<appointment/>");
    assert_int_equal(item_sifc_import(&sif, &in, NULL, &out, pool),
                     ITEM_ETYPE);
    in = text_of("<!DOCTYPE c [<!ENTITY a \"b\">]><contact>&a;</contact>");
    assert_int_equal(item_sifc_import(&sif, &in, NULL, &out, pool),
                     ITEM_EMALFORMED);
}

/** What stands in a field that was edited keeps types and parameters. */
static void test_sif_edit(void **unused)
{
    const char *store = wrap("3.0", N "EMAIL;TYPE=WORK;X-A=b:a@b\n"
                             "TEL;TYPE=WORK,X-B:1\nX-OWN:z\n");

    expect(import_like(form_of(ITEM_FORMAT_SIFC, NULL, 0),
        "<contact><LastName>Doe</LastName><FirstName>Jo</FirstName>"
        "<FileAs>Jo Doe</FileAs><Email1Address>c@d</Email1Address>"
        "<BusinessTelephoneNumber>1</BusinessTelephoneNumber></contact>",
        store),
        wrap("3.0", N "TEL;TYPE=WORK,X-B:1\nEMAIL;TYPE=WORK;X-A=b:c@d\n"));
}

/** An element that is missing changes nothing on the device. */
static void test_sif_empty(void **unused)
{
    item_form_t sif = form_of(ITEM_FORMAT_SIFC, NULL, 0);
    item_text_t in = text_of(wrap("3.0", N)), out;

    assert_int_equal(item_sifc_export(&sif, &in, &out, pool), 0);
    assert_non_null(strstr(out.data, "<PagerNumber></PagerNumber>"));
}

#define HOME  "URL;TYPE=home:https://a.example\r\n"
#define BOTH  "URL;TYPE=home,work:https://b.example\r\n"

/** Which page is where does not hang on the order of lines. */
static void test_sif_order(void **unused)
{
    item_form_t sif = form_of(ITEM_FORMAT_SIFC, NULL, 0);
    item_text_t in = text_of(wrap("3.0", N HOME BOTH)), out;
    item_text_t other = text_of(wrap("3.0", N BOTH HOME)), same;
    item_text_t three = text_of(wrap("3.0", N BOTH "URL;TYPE=home,work:c:d\r\n"
                                     "URL;TYPE=home,work:e:f\r\n")), back;

    assert_int_equal(item_sifc_export(&sif, &in, &out, pool), 0);
    assert_int_equal(item_sifc_export(&sif, &other, &same, pool), 0);
    assert_non_null(strstr(out.data, "<HomeWebPage>https://a.example<"));
    assert_string_equal(same.data, out.data);
    /* Nor on that in which its fields are read. */
    assert_int_equal(item_sifc_export(&sif, &three, &out, pool), 0);
    assert_int_equal(item_sifc_import(&sif, &out, &three, &back, pool), 0);
    assert_int_equal(item_sifc_export(&sif, &back, &same, pool), 0);
    assert_string_equal(same.data, out.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_quoted_lines),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_agent),
        cmocka_unit_test(test_folded_agent),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_out),
        cmocka_unit_test(test_habits),
        cmocka_unit_test(test_habits_back),
        cmocka_unit_test(test_four),
        cmocka_unit_test(test_dots),
        cmocka_unit_test(test_like),
        cmocka_unit_test(test_cut_made_name),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_bare_encoding),
        cmocka_unit_test(test_as_sent),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_sif),
        cmocka_unit_test(test_sif_edit),
        cmocka_unit_test(test_sif_empty),
        cmocka_unit_test(test_sif_order),
    };
    int rv;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    rv = cmocka_run_group_tests_name("item card", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return rv;
}
