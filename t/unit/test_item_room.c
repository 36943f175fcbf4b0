/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a device has been seen to hold, and how its texts are completed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_room.h"
#include "item/item_sif.h"

static apr_pool_t *pool;

static const char *card(const char *lines)
{
    return apr_pstrcat(pool, "BEGIN:VCARD\nVERSION:3.0\n", lines,
                       "END:VCARD\n", NULL);
}

static const char *event(const char *lines)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n",
                       lines, "END:VEVENT\nEND:VCALENDAR\n", NULL);
}

/* What it sent at first, of what it had: that is how it shows that it cuts. */
static const char *cut_of, *cut_as;

/* The device has sent @p seen (NULL: nothing else) and then @p theirs. */
static const char *completed(const char *seen, const char *base,
                             const char *theirs, int *certain)
{
    item_room_t *room = item_room_make(pool), *kept = item_room_make(pool);
    item_text_t b = { base, strlen(base) }, t = { theirs, strlen(theirs) };
    const char *text;
    int yes;

    if (cut_of) {
        item_text_t of = { cut_of, strlen(cut_of) };
        item_text_t as = { cut_as, strlen(cut_as) };

        item_room_note(room, as.data, as.len, pool);
        item_room_complete(room, NULL, &of, &as, &yes, pool);
        assert_int_equal(item_room_learned(room), 1);
    }
    if (seen != NULL) {
        item_room_note(room, seen, strlen(seen), pool);
    }
    assert_true(item_room_note(room, theirs, t.len, pool) || seen != NULL);
    text = item_room_text(room, pool);
    item_room_read(kept, text);
    assert_string_equal(item_room_text(kept, pool), text);
    item_room_complete(kept, NULL, &b, &t, certain ? certain : &yes, pool);
    return apr_pstrmemdup(pool, t.data, t.len);
}

#define COMPLETED(seen, base, theirs, want) \
    assert_string_equal(completed(seen, base, theirs, NULL), want)

/* What is known of the device is that. */
static const char *completed_by(const char *known, const char *base,
                                const char *theirs)
{
    item_room_t *room = item_room_make(pool);
    item_text_t b = { base, strlen(base) }, t = { theirs, strlen(theirs) };
    int certain;

    item_room_read(room, known);
    item_room_complete(room, NULL, &b, &t, &certain, pool);
    return apr_pstrmemdup(pool, t.data, t.len);
}

#define COMPLETED_BY(known, base, theirs, want) \
    assert_string_equal(completed_by(known, base, theirs), want)

static void test_numbers(void **state)
{
    const char *four = card("N:A\nTEL:1\nTEL:2\nTEL:3\ni.TEL:4\n"
                            "i.X-ABLabel:Boat\n");

    /* A label that it does not know is a matter of sml_held.h. */
    COMPLETED(NULL, four, card("N:A\nTEL:1\nTEL:2\n"),
              card("N:A\nTEL:1\nTEL:2\nTEL:3\ni.TEL:4\n"));
    COMPLETED(card("N:B\ni.TEL:8\ni.X-ABLabel:Car\nTEL:9\n"), four,
              card("N:A\nTEL:1\nTEL:2\n"),
              card("N:A\nTEL:1\nTEL:2\nTEL:3\ni.TEL:4\ni.X-ABLabel:Boat\n"));
    /* One of those that it has was deleted. */
    COMPLETED(card("N:B\nTEL:8\nTEL:9\n"), four, card("N:A\nTEL:2\n"),
              card("N:A\nTEL:2\nTEL:3\ni.TEL:4\n"));
    /* It could hold them all: deleted. */
    COMPLETED(card("N:B\nTEL:6\nTEL:7\nTEL:8\nTEL:9\n"), four,
              card("N:A\nTEL:1\nTEL:2\n"), card("N:A\nTEL:1\nTEL:2\n"));
    /* None at all is a matter of sml_held.h. */
    COMPLETED(NULL, four, card("N:A\n"), card("N:A\n"));
    /* What shares a group stands for itself. */
    COMPLETED(NULL, card("N:A\nTEL:1\ni.TEL:2\ni.EMAIL:a@b\n"
                         "i.X-ABLabel:Boat\n"),
              card("N:A\nTEL:1\nEMAIL:a@b\n"),
              card("N:A\nTEL:1\nEMAIL:a@b\ni.TEL:2\n"));
    COMPLETED(NULL, card("N:A\nEMAIL:c@d\ni.TEL:2\ni.EMAIL:a@b\n"
                         "i.X-ABLabel:Boat\n"),
              card("N:A\nEMAIL:c@d\nTEL:2\n"),
              card("N:A\nEMAIL:c@d\nTEL:2\ni.EMAIL:a@b\n"));
    /* It may have given the name of the group to another one. */
    COMPLETED_BY("TEL=1,3,0,1/1;1,2 X-ABLABEL=1,3,0,4/4",
                 card("N:A\nitem1.TEL:1\nitem1.X-ABLabel:Boat\n"
                      "item2.TEL:2\nitem2.X-ABLabel:Car\n"),
                 card("N:A\nitem1.TEL:2\nitem1.X-ABLabel:Car\n"),
                 card("N:A\nitem2.TEL:1\nitem2.X-ABLabel:Boat\n"
                      "item1.TEL:2\nitem1.X-ABLabel:Car\n"));
    /* A device that knows labels has as many as it can hold. */
    COMPLETED(NULL, card("N:A\ni.TEL:1\ni.X-ABLabel:Boat\nj.TEL:2\n"
                         "j.X-ABLabel:Car\n"),
              card("N:A\ni.TEL:1\ni.X-ABLabel:Boat\n"),
              card("N:A\ni.TEL:1\ni.X-ABLabel:Boat\nj.TEL:2\n"
                   "j.X-ABLabel:Car\n"));
    /* An empty one has no place anywhere, nor was it deleted. */
    COMPLETED(NULL, card("N:A\nADR:;;;;;;\nADR:;;Street 1;City;;;\n"),
              card("N:A\nADR:;;Street 1;Newtown;;;\n"),
              card("N:A\nADR:;;Street 1;Newtown;;;\nADR:;;;;;;\n"));
    COMPLETED(card("N:B\nADR:;;Street\n"), card("N:A\nADR:;;;;;;\n"),
              card("N:A\n"), card("N:A\nADR:;;;;;;\n"));
    /* But one of them was filled in. */
    COMPLETED(NULL, card("N:A\nADR;TYPE=WORK:;;;;;;\nADR;TYPE=HOME:;;;;;;\n"),
              card("N:A\nADR;TYPE=HOME:;;Street;;;;\n"),
              card("N:A\nADR;TYPE=HOME:;;Street;;;;\n"
                   "ADR;TYPE=WORK:;;;;;;\n"));
    COMPLETED(NULL, card("N:A\nORG:;\n"), card("N:A\nORG:Works\n"),
              card("N:A\nORG:Works\n"));
    COMPLETED(NULL, card("N:A\nADR:;;;;;;\n"), card("N:A\nADR:;\n"),
              card("N:A\nADR:;\n"));
    /* Written differently it is still the same. */
    COMPLETED(NULL, card("N:A\nTEL:+1 (2) 3\nTEL:4\n"),
              card("N:A\nTEL:+123\n"), card("N:A\nTEL:+123\nTEL:4\n"));
}

/* Each takes the place of the one before. */
static void test_last(void **state)
{
    const char *three = card("N:A\nNOTE:first\nNOTE:second\nNOTE:third\n");
    item_room_t *room = item_room_make(pool);
    item_text_t had = { three, strlen(three) }, has;
    int learned = item_room_learned(room), certain;

    COMPLETED(NULL, three, card("N:A\nNOTE:third\n"),
              three);
    /* Once that is known, what was edited is the last one, too. */
    has.data = card("N:A\nNOTE:third\n");
    has.len = strlen(has.data);
    item_room_note(room, has.data, has.len, pool);
    item_room_complete(room, NULL, &had, &has, &certain, pool);
    assert_int_not_equal(item_room_learned(room), learned);
    COMPLETED_BY(item_room_text(room, pool), three,
                 card("N:A\nNOTE:first and last\n"),
                 card("N:A\nNOTE:first\nNOTE:second\n"
                      "NOTE:first and last\n"));
}

/* It has one place for each kind. */
static void test_kinds_of_places(void **state)
{
    const char *five = card("N:A\nTEL;TYPE=HOME:1111\nTEL;TYPE=HOME:2222\n"
                            "TEL:3333\nTEL;TYPE=WORK:4444\nTEL:5555\n");
    const char *mine = card("N:B\nTEL;TYPE=HOME:8\nTEL:7\nTEL;TYPE=WORK:6\n"
                            "TEL;TYPE=CELL:5\n");

    COMPLETED(mine, five, card("N:A\nTEL;TYPE=HOME:1111\nTEL:3333\n"
                               "TEL;TYPE=WORK:4444\n"),
              card("N:A\nTEL;TYPE=HOME:1111\nTEL:3333\nTEL;TYPE=WORK:4444\n"
                   "TEL;TYPE=HOME:2222\nTEL:5555\n"));
    /* One of them was edited, one was deleted. */
    COMPLETED(mine, five, card("N:A\nTEL:3333\nTEL;TYPE=WORK:9876\n"),
              card("N:A\nTEL:3333\nTEL;TYPE=WORK:9876\nTEL;TYPE=HOME:2222\n"
                   "TEL:5555\n"));
    /* It has two of a kind: both were deleted. */
    COMPLETED(card("N:B\nTEL;TYPE=HOME:8\nTEL:7\nTEL:6\nTEL;TYPE=WORK:9\n"
                   "TEL:5\n"), five,
              card("N:A\nTEL;TYPE=HOME:1111\nTEL:3333\nTEL;TYPE=WORK:4444\n"),
              card("N:A\nTEL;TYPE=HOME:1111\nTEL:3333\n"
                   "TEL;TYPE=WORK:4444\n"));
    /* A number that is there as two. */
    COMPLETED(mine, card("N:A\nTEL;TYPE=HOME:1\nTEL;TYPE=CELL:1\n"
                         "TEL;TYPE=CELL:2\n"),
              card("N:A\nTEL;TYPE=CELL:1\n"),
              card("N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=CELL:2\n"));
    /* Former versions did not count how many of a kind came. */
    COMPLETED_BY("TEL=3,3,7,2/2",
                 card("N:A\nTEL;TYPE=HOME:11\nTEL;TYPE=HOME:12\n"
                      "TEL;TYPE=WORK:13\n"),
                 card("N:A\nTEL;TYPE=HOME:11\nTEL;TYPE=WORK:13\n"),
                 card("N:A\nTEL;TYPE=HOME:11\nTEL;TYPE=WORK:13\n"
                      "TEL;TYPE=HOME:12\n"));
}

/* What it had of a name was deleted; or there is a place for each. */
static void test_deleted(void **state)
{
    const char *two = card("N:A\nNOTE:first\nNOTE:second\n");
    item_text_t had = { two, strlen(two) }, has;
    item_room_t *room = item_room_make(pool);
    apr_hash_t *names = apr_hash_make(pool);
    int certain;

    item_room_read(room, "NOTE=1,3,0,9 TEL=2,3,0,9;1,0");
    has.data = card("N:A\n");
    has.len = strlen(has.data);
    item_room_complete(room, NULL, &had, &has, &certain, pool);
    assert_string_equal(apr_pstrmemdup(pool, has.data, has.len),
                        card("N:A\n"));
    apr_hash_set(names, "NOTE", APR_HASH_KEY_STRING, "");
    item_room_deleted(room, names);
    item_room_complete(room, NULL, &had, &has, &certain, pool);
    assert_string_equal(apr_pstrmemdup(pool, has.data, has.len),
                        card("N:A\nNOTE:second\n"));
    assert_false(certain);
    /* What is unknown there and has no place comes once. */
    item_room_read(room, "ADR=1,3,0,0,0,9");
    apr_hash_set(names, "ADR", APR_HASH_KEY_STRING, "");
    had.data = card("N:A\nADR:;;Street\nADR:;;;Town\n");
    had.len = strlen(had.data);
    has.data = card("N:A\n");
    has.len = strlen(has.data);
    item_room_complete(room, NULL, &had, &has, &certain, pool);
    assert_string_equal(apr_pstrmemdup(pool, has.data, has.len),
                        card("N:A\nADR:;;;Town\n"));
    had.data = two;
    had.len = strlen(two);
    item_room_speaks(room, NULL, 1);
    has.data = card("N:A\nNOTE:second\n");
    has.len = strlen(has.data);
    item_room_complete(room, NULL, &had, &has, &certain, pool);
    assert_string_equal(apr_pstrmemdup(pool, has.data, has.len),
                        card("N:A\nNOTE:second\n"));
}

/* People write words where numbers belong, of which most phones keep nothing,
 * or what are pauses to them. */
static void test_words_for_numbers(void **state)
{
    const char *words = card("N:A\nTEL:ask Bob\nTEL:+44 1\n"
                             "i.TEL:bizphone\ni.X-ABLabel:Boat\n");

    (void)state;
    COMPLETED(NULL, words, card("N:A\nTEL:p\nTEL:+441\n"),
              card("N:A\nTEL:+441\nTEL:ask Bob\ni.TEL:bizphone\n"));
    COMPLETED(card("N:B\nTEL:1\n"), card("N:A\nTEL:ask Bob\n"),
              card("N:A\n"), card("N:A\nTEL:ask Bob\n"));
    COMPLETED(card("N:B\nTEL:1\n"), card("N:A\nTEL:\xe7\x94\xb7\nTEL:1\n"),
              card("N:A\nTEL:1\n"),
              card("N:A\nTEL:1\nTEL:\xe7\x94\xb7\n"));
    /* Digits above the line. */
    COMPLETED(card("N:B\nTEL:1\n"),
              card("N:A\nTEL:\xe2\x81\xb4\xe2\x81\xb9\nTEL:1\n"),
              card("N:A\nTEL:1\n"),
              card("N:A\nTEL:1\nTEL:\xe2\x81\xb4\xe2\x81\xb9\n"));
    /* A blank without a break is no word: it has deleted the second. */
    COMPLETED(card("N:B\nTEL:1\nTEL:3\n"),
              card("N:A\nTEL:1\nTEL:2\xc2\xa0" "3\n"),
              card("N:A\nTEL:1\n"), card("N:A\nTEL:1\n"));
    /* A phone that keeps them can delete them. */
    COMPLETED(card("N:B\nTEL:the other one\nTEL:2\nTEL:3\n"), words,
              card("N:A\nTEL:+441\n"), card("N:A\nTEL:+441\n"));
    /* A code of the network's is a number. */
    COMPLETED(card("N:B\nTEL:1\nTEL:2\nTEL:3\n"),
              card("N:A\nTEL:*#06#\nTEL:1\nTEL:2\n"),
              card("N:A\nTEL:1\nTEL:2\n"), card("N:A\nTEL:1\nTEL:2\n"));
    /* They come back to it, which tells nothing of which of several it keeps:
     * what was deleted is. */
    COMPLETED_BY("TEL=2,3,0,2/2", card("N:A\nTEL:11\nTEL:22\nTEL:Bob\n"),
                 card("N:A\nTEL:11\n"), card("N:A\nTEL:11\nTEL:Bob\n"));
    COMPLETED_BY("TEL=1,3,0,1/1 X-ABLABEL=1,3,0,4/4",
                 card("N:A\ni.TEL:Bob\ni.X-ABLabel:Boat\n"),
                 card("N:A\ni.TEL:p\ni.X-ABLabel:Boat\n"),
                 card("N:A\ni.TEL:Bob\ni.X-ABLabel:Boat\n"));
    /* They may take a place. */
    COMPLETED_BY("TEL=2,3,0,2/2", card("N:A\nTEL:Bob\nTEL:11\nTEL:22\n"),
                 card("N:A\nTEL:11\n"),
                 card("N:A\nTEL:11\nTEL:Bob\nTEL:22\n"));
    {
        const char *three = card("N:A\nTEL:Bob\nTEL:11\nTEL:22\n");
        item_room_t *room = item_room_make(pool);
        item_text_t had = { three, strlen(three) }, has;
        int certain;

        item_room_read(room, "TEL=2,3,0,2/2");
        has.data = card("N:A\nTEL:11\nTEL:22\n");
        has.len = strlen(has.data);
        item_room_complete(room, NULL, &had, &has, &certain, pool);
        assert_string_equal(item_room_text(room, pool), "TEL=2,3,0,2/2");
    }
}

static void test_lengths(void **state)
{
    const char *whole = card("N:A\nTITLE:Head of the department of texts\n");
    const char *cut = card("N:A\nTITLE:Head of the departm\n");

    COMPLETED(NULL, whole, cut, whole);
    COMPLETED(card("N:B\nTITLE:Longer than what comes now\n"), whole, cut,
              cut);
    COMPLETED(NULL, whole, card("N:A\nTITLE:Head of\n"),
              card("N:A\nTITLE:Head of\n"));
    /* A blank at the end of what is left goes, too. */
    COMPLETED(card("N:B\nTITLE:Twenty-three octets are\n"), whole,
              card("N:A\nTITLE:Head of the department\n"), whole);
    COMPLETED(card("N:B\nTITLE:Twenty-five octets are it\n"), whole,
              card("N:A\nTITLE:Head of the department\n"),
              card("N:A\nTITLE:Head of the department\n"));
    /* Edited where the device shows it; whether that is all of it nobody
     * knows before one has come back cut. */
    COMPLETED(NULL, whole, card("N:A\nTITLE:Tail of the department o\n"),
              card("N:A\nTITLE:Tail of the department o\n"));
    cut_of = card("N:A\nTITLE:Some name of a company that is long\n");
    cut_as = card("N:A\nTITLE:Some name of a company \n");
    COMPLETED(NULL, whole, card("N:A\nTITLE:Tail of the department o\n"),
              card("N:A\nTITLE:Tail of the department of texts\n"));
    COMPLETED(card("N:B\nTITLE:Longer than all that comes now, and then more "
                   "of it\n"), whole,
              card("N:A\nTITLE:Tail of the department o\n"),
              card("N:A\nTITLE:Tail of the department o\n"));
    cut_of = NULL;
}

static void test_components(void **state)
{
    const char *five = card("N:A;B;C;D;E\n");

    COMPLETED(NULL, five, card("N:A;B;;;\n"), five);
    COMPLETED(NULL, five, card("N:A;B\n"), five);
    COMPLETED(card("N:F;G;H;;\n"), five, card("N:A;B;;;\n"),
              card("N:A;B;;D;E\n"));
    COMPLETED(card("N:F;G;H;I;J\n"), five, card("N:A;B;;;\n"),
              card("N:A;B;;;\n"));
    COMPLETED(NULL, five, card("N:A;Q;;;\n"), card("N:A;Q;C;D;E\n"));
    /* Nothing is left of a name without those that it knows. */
    COMPLETED(card("N:F;G;;;\n"), card("TEL:1\nN:;;C;D;\n"),
              card("TEL:1\n"), card("TEL:1\nN:;;C;D;\n"));
    COMPLETED(card("N:F;G;;;\n"), card("TEL:1\nN:;B;C;D;\n"),
              card("TEL:1\n"), card("TEL:1\n"));
}

static void test_alarms(void **state)
{
    const char *one = "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM\n";
    const char *two = "BEGIN:VALARM\nTRIGGER:-PT2M\nEND:VALARM\n";
    const char *both = event(apr_pstrcat(pool, "SUMMARY:a\n", one, two,
                                         NULL));

    COMPLETED(NULL, both, event(apr_pstrcat(pool, "SUMMARY:a\n", one, NULL)),
              both);
    COMPLETED(both, both, event(apr_pstrcat(pool, "SUMMARY:a\n", one, NULL)),
              event(apr_pstrcat(pool, "SUMMARY:a\n", one, NULL)));
    /* It keeps the last one. */
    COMPLETED(NULL, both, event(apr_pstrcat(pool, "SUMMARY:a\n", two, NULL)),
              event(apr_pstrcat(pool, "SUMMARY:a\n", two, one, NULL)));
}

static void test_certainty(void **state)
{
    const char *base = card("N:A\nEMAIL:1\nEMAIL:2\n");
    item_room_t *room = item_room_make(pool);
    int i, certain;

    for (i = 0; i < 4; i++) {
        const char *text = card(apr_psprintf(pool, "N:A\nEMAIL:%d\n", i));
        const char *is = card("N:A\nEMAIL:1\n");
        item_text_t b = { base, strlen(base) }, t = { is, strlen(is) };

        assert_int_equal(item_room_note(room, text, strlen(text), pool),
                         i < ITEM_ROOM_CERTAIN);
        assert_int_equal(item_room_complete(room, NULL, &b, &t, &certain,
                                            pool), 1);
        assert_int_equal(certain, i + 1 >= ITEM_ROOM_CERTAIN);
    }
}

static void test_nothing(void **state)
{
    item_room_t *room = item_room_make(pool);
    int certain;
    item_text_t bad = { "x", 1 }, note = { "y", 1 };

    assert_int_equal(item_room_note(room, "BEGIN:VCARD\n", 12, pool), 0);
    assert_int_equal(item_room_note(room, "text", 4, pool), 0);
    assert_string_equal(item_room_text(room, pool), "");
    /* No name that could be taken for something else when it is read again. */
    assert_int_equal(item_room_note(room, card("PHOT=OTO:1\n"),
                                    strlen(card("PHOT=OTO:1\n")), pool), 0);
    assert_string_equal(item_room_text(room, pool), "");
    item_room_read(room, "nonsense = =5 TEL=2,1,x A=,");
    assert_int_equal(item_room_complete(room, "text/plain", &bad, &note,
                                        &certain, pool), 0);
    assert_int_equal(certain, 1);
    assert_string_equal(note.data, "y");
}

/* SIF: an element that is not there was not emptied. */
static void test_elements(void **state)
{
    const char *had = "<contact><FileAs>a</FileAs><Body>b</Body>"
                      "<Spouse>c</Spouse></contact>";
    const char *sent = "<contact><FileAs>x</FileAs><Body/></contact>";
    item_text_t in = { sent, strlen(sent) }, was = { had, strlen(had) }, out;
    apr_hash_t *known = item_sif_names(&in, pool);

    assert_int_equal(apr_hash_count(known), 2);
    assert_int_equal(item_sif_fill(&in, &was, known, &out, pool),
                     APR_SUCCESS);
    assert_non_null(strstr(out.data, "<Spouse>c</Spouse>"));
    assert_non_null(strstr(out.data, "<FileAs>x</FileAs>"));
    assert_null(strstr(out.data, ">b<"));
    apr_hash_set(known, "spouse", APR_HASH_KEY_STRING, "");
    assert_int_equal(item_sif_fill(&in, &was, known, &out, pool),
                     APR_SUCCESS);
    assert_ptr_equal(out.data, sent);
    in.len = 5;
    assert_int_equal(item_sif_fill(&in, &was, known, &out, pool),
                     ITEM_EMALFORMED);
}

/* Characters that the device does not have, kinds that it does not know. */
static void test_characters(void **state)
{
    const char *greek = card("N:\xce\x91\xce\xb2;\xce\xb3\nTEL;TYPE=HOME:1\n");

    COMPLETED(NULL, greek, card("N:??;?\nTEL;TYPE=HOME:1\n"), greek);
    COMPLETED(NULL, greek, card("N:??;?\nTEL:1\n"), greek);
    COMPLETED(card("N:F\nTEL;TYPE=HOME:2\n"), greek, card("N:??;?\nTEL:1\n"),
              card("N:\xce\x91\xce\xb2;\xce\xb3\nTEL:1\n"));
    COMPLETED(NULL, greek, card("N:??;x\nTEL;TYPE=HOME:1\n"),
              card("N:\xce\x91\xce\xb2;x\nTEL;TYPE=HOME:1\n"));
    COMPLETED(NULL, card("N:A\nTEL:1 ext. 2\n"), card("N:A\nTEL:12\n"),
              card("N:A\nTEL:1 ext. 2\n"));
}

/* Of a value that was edited, what the device shows otherwise stays. */
static void test_edited(void **state)
{
    const char *was = card("N:\xce\x91\xce\xb2;Anna\n"
                           "NOTE:a\\, \xce\xb1 b c\n");

    COMPLETED(NULL, was, card("N:??;Anne\nNOTE:a\\, ? b d\n"),
              card("N:\xce\x91\xce\xb2;Anne\n"
                   "NOTE:a\\, \xce\xb1 b d\n"));
    /* A comma may have a backslash before it, or none. */
    COMPLETED(NULL, was, card("N:??;Anna\nNOTE:a, ? b d\n"),
              card("N:\xce\x91\xce\xb2;Anna\n"
                   "NOTE:a\\, \xce\xb1 b d\n"));
    /* The device has Greek letters. */
    COMPLETED(card("N:\xce\xb3\n"), card("N:\xce\x91\xce\xb2 and Co\n"),
              card("N:and Company\n"), card("N:and Company\n"));
}

/* A field of 24 characters, or of 24 octets. */
static void test_ends(void **state)
{
    const char *umlauts = "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"
                          "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc";
    const char *by_chars = card(apr_pstrcat(pool, "N:B\nTITLE:", umlauts,
                                            umlauts, "\n", NULL));
    const char *by_octets = card("N:B\nTITLE:Twenty-four octets wide\n");
    const char *plain = card("N:A\nTITLE:Head of the department of texts\n");
    const char *other = card(apr_pstrcat(pool, "N:A\nTITLE:", umlauts, " and ",
                                         umlauts, "\n", NULL));

    COMPLETED(by_chars, plain, card("N:A\nTITLE:Head of the department o\n"),
              plain);
    cut_of = plain;
    cut_as = card("N:A\nTITLE:Head of the department o\n");
    COMPLETED(by_chars, plain, card("N:A\nTITLE:Tail of the department o\n"),
              card("N:A\nTITLE:Tail of the department of texts\n"));
    /* More was typed than there is place for. */
    COMPLETED(by_chars, card("N:A\nTITLE:Head of all the texts\n"),
              card("N:A\nTITLE:Chief Head of all the te\n"),
              card("N:A\nTITLE:Chief Head of all the texts\n"));
    COMPLETED(by_chars, card("N:A\nTITLE:Head of all the texts\n"),
              card("N:A\nTITLE:Head of all the texts to\n"),
              card("N:A\nTITLE:Head of all the texts to\n"));
    COMPLETED(by_chars, card("N:A\nTITLE:Head of all the texts\n"),
              card("N:A\nTITLE:My Head of all the te\n"),
              card("N:A\nTITLE:My Head of all the te\n"));
    cut_of = NULL;
    COMPLETED(by_octets, other,
              card(apr_pstrcat(pool, "N:A\nTITLE:", umlauts, "\n", NULL)),
              other);
}

/* A device that makes FN of N. */
static void test_fn(void **state)
{
    const char *base = card("N:Clemens;Samuel\nFN:Mark Twain\n");
    const char *made = card("N:Clemens;Samuel\nFN:Samuel Clemens\n");

    COMPLETED(NULL, base, made, base);
    COMPLETED(card("N:A;B\nFN:Nick\n"), base, made, made);
    /* Beside no N it may make it of what else there is. */
    COMPLETED(card("N:;;;;\nFN:Acme\nORG:Acme\n"), base, made, base);
    /* One that it cuts is as it was. */
    COMPLETED(card("N:A;B\nFN:Nick\n"),
              card("N:Clemens;Samuel\nFN:Mark Twain of Hannibal\n"),
              card("N:Clemens;Samuel\nFN:Mark Twain of Han\n"),
              card("N:Clemens;Samuel\nFN:Mark Twain of Hannibal\n"));
    COMPLETED(card("N:A;B\nFN:Nick the Knife of Nowhere\n"),
              card("N:Clemens;Samuel\nFN:Mark Twain of Hannibal\n"),
              card("N:Clemens;Samuel\nFN:Mark Twain of Han\n"),
              card("N:Clemens;Samuel\nFN:Mark Twain of Han\n"));
    /* What is above an edited N is left to merging. */
    COMPLETED(NULL, base, card("N:Clemens;Sam\nFN:Sam Clemens\n"),
              card("N:Clemens;Sam\n"));
    COMPLETED(card("N:A;B\nFN:Nick\n"), base,
              card("N:Clemens;Sam\nFN:Sam Clemens\n"),
              card("N:Clemens;Sam\nFN:Sam Clemens\n"));
    /* But not what is N, and was. */
    COMPLETED(NULL, card("N:Clemens;Sam\nFN:Sam Clemens\n"),
              card("N:Twain;Sam\nFN:Sam Twain\n"),
              card("N:Twain;Sam\nFN:Sam Twain\n"));
    /* So it is where more of N than it shows was put back. */
    COMPLETED(NULL, card("N:Clemens;Samuel;Langhorne\nFN:Mark Twain\n"),
              card("N:Clemens;Sam\nFN:Sam Clemens\n"),
              card("N:Clemens;Sam;Langhorne\n"));
}

/* ... or of the number, where it knows nothing of N. */
static void test_fn_of_another(void **state)
{
    COMPLETED(card("N:A;B\nFN:B A\n"), card("N:;;C;;\nFN:Sea\nTEL:1\n"),
              card("FN:1\nTEL:1\n"), card("FN:Sea\nTEL:1\nN:;;C;;\n"));
    /* Also in the first card that it sends. */
    COMPLETED(NULL, card("N:;;C;;\nFN:Sea\nORG:D\nEMAIL:e@f\n"),
              card("FN:e@f\nEMAIL:e@f\n"), card("FN:Sea\nEMAIL:e@f\n"));
}

/* A phone without rules of that kind. */
/* Of several it has one, or makes one. */
static void test_names(void **state)
{
    const char *two = card("N:Ann;Bea\nFN:Bee\ni.FN:Queen Bea\n");

    COMPLETED(NULL, two, card("N:Ann;Bea\nFN:Bee\n"), two);
    COMPLETED(NULL, two, card("N:Ann;Bea\nFN:Queen Bea\n"),
              card("N:Ann;Bea\nFN:Bee\nFN:Queen Bea\n"));
    COMPLETED(NULL, two, card("N:Ann;Bea\nFN:Bob\n"),
              card("N:Ann;Bea\nFN:Bob\ni.FN:Queen Bea\n"));
    COMPLETED(NULL, two, card("N:Ann;Bea\nFN:Bea Ann\n"), two);
    /* They go with an edited N. */
    COMPLETED(NULL, two, card("N:Ann;Lea\nFN:Lea Ann\n"),
              card("N:Ann;Lea\n"));
    /* It had place for two. */
    COMPLETED(card("N:A;B\nFN:X\nFN:Y\n"), two, card("N:Ann;Bea\nFN:Bee\n"),
              card("N:Ann;Bea\nFN:Bee\n"));
}

/* Does it keep which number is the preferred one? */
static void test_prefers(void **state)
{
    const char *base = card("N:A\nTEL:1\nTEL;TYPE=PREF:2\n");
    item_room_t *room = item_room_make(pool), *kept = item_room_make(pool);
    item_text_t had = { base, strlen(base) }, has;
    int certain, learned;

    /* It marks the first one, or each. */
    has.data = card("N:A\nTEL;TYPE=PREF:1\nTEL:2\n");
    has.len = strlen(has.data);
    item_room_note(room, has.data, has.len, pool);
    item_room_complete(room, NULL, &had, &has, &certain, pool);
    has.data = card("N:A\nTEL:1\nTEL;TYPE=PREF:2\nNOTE:n\n");
    has.len = strlen(has.data);
    item_room_note(room, has.data, has.len, pool);
    learned = item_room_learned(room);
    item_room_complete(room, NULL, &had, &has, &certain, pool);
    assert_int_not_equal(item_room_learned(room), learned);
    assert_int_equal(item_room_prefers(room), 0);
    /* And none where there is none. */
    has.data = card("N:B\nTEL:8\nTEL:9\nEMAIL:a@b\nEMAIL:c@d\n");
    item_room_note(room, has.data, strlen(has.data), pool);
    item_room_read(kept, item_room_text(room, pool));
    assert_int_equal(item_room_prefers(kept), ITEM_TAKE_PREF_TEL);
}

static void test_rules(void **state)
{
    const char *series = event("DTSTART:20270104T080000Z\n"
                               "RRULE:FREQ=MONTHLY;BYDAY=1MO,-1MO\n"
                               "EXDATE:20270201T080000Z\n");
    const char *one = event("DTSTART:20270104T080000Z\n");
    const char *weekly = event("SUMMARY:w\nRRULE:FREQ=WEEKLY;BYDAY=MO\n");
    const char *twice = event("RRULE:FREQ=MONTHLY;BYDAY=1TU,2TU\n");
    const char *titled = event("SUMMARY:x\nDTSTART:20270104T080000Z\n");

    COMPLETED(weekly, series, one, series);
    COMPLETED(twice, series, one, one);
    /* The second of two is not the first. */
    {
        const char *two = event(
            "SUMMARY:a\nRRULE:FREQ=MONTHLY;BYDAY=1MO,-1MO\nEND:VEVENT\n"
            "BEGIN:VEVENT\nSUMMARY:b\n");

        COMPLETED(weekly, two, two, two);
    }
    COMPLETED(weekly, one, titled, titled);
    /* Yearly, and yearly by days counted from January, are two things. */
    series = event("DTSTART:20270101T140000Z\n"
                   "RRULE:FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200\n");
    one = event("DTSTART:20270101T150000Z\n");
    COMPLETED(event("RRULE:FREQ=YEARLY;BYMONTH=6,7\n"), series, one,
              event("DTSTART:20270101T150000Z\n"
                    "RRULE:FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200\n"));
    COMPLETED(event("RRULE:FREQ=YEARLY;BYYEARDAY=7,8\n"), series, one, one);
}

#define MANY  19000             /* lines, as many as there may be */

/** Lines with a number in them. */
static const char *many_lines(const char *before, const char *behind)
{
    char *text = apr_palloc(pool, MANY * 40), *w = text;
    int i;

    for (i = 0; i < MANY; i++)
        w += apr_snprintf(w, 40, "%s%05d%s\n", before, i, behind);
    return text;
}

static void test_many_lines(void **state)
{
    const char *lines = many_lines("X-", ":a");
    const char *dates = many_lines("EXDATE:20270201T0", "Z");
    const char *rule = "RRULE:FREQ=MONTHLY;BYDAY=1MO,-1MO\n";
    const char *weekly = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n"
                         "SUMMARY:w\nRRULE:FREQ=WEEKLY;BYDAY=MO\n"
                         "END:VEVENT\nEND:VCALENDAR\n";

    COMPLETED(card("N:A\nTEL:1\n"),
              card(apr_pstrcat(pool, "N:A\nTEL:1\nTEL:2\n", lines, NULL)),
              card("N:A\nTEL:1\n"), card("N:A\nTEL:1\nTEL:2\n"));
    COMPLETED(weekly, event(apr_pstrcat(pool, rule, dates, NULL)),
              event(lines), event(apr_pstrcat(pool, lines, rule, dates,
                                              NULL)));
}

static int setup(void **state)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_last, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kinds_of_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words_for_numbers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_components, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alarms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_certainty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_elements, setup, teardown),
        cmocka_unit_test_setup_teardown(test_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edited, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fn, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fn_of_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prefers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_lines, setup, teardown)
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
