/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Merging items: cases of contacts and texts, refusals and limits.  Calendars:
 * test_item_merge_cal.c; laws and random edits: test_item_merge_laws.c. */
#include <sys/resource.h>

#include "item_merge_cases.h"

/* ---- contacts ------------------------------------------------------------- */

static const case_t cards[] = {
    /* Nothing, one side, both the same. */
    { "N:A;B\n", "N:A;B\n", "N:A;B\n", O, "", OURS },
    { "N:A;B\n", "N:A;B\nTEL:1\n", "N:A;B\n", T, "", OURS },
    { "N:A;B\n", "N:A;B\n", "N:A;B\nTEL:1\n", O, "", THEIRS },
    /* One name in two properties: it has both then. */
    { "N:A B\n", "N:A B\n", "FN:A B\nTEL:1\n", O, "",
      "N:A B\nFN:A B\nTEL:1\n" },
    { "FN:A B\n", "N:A B\n", "FN:A B\n", T, "", OURS },
    { "N:A;B\nTEL:1\n", "N:A;B\n", "N:A;B\n", T, "", OURS },
    /* Different properties. */
    { "N:A;B\nTEL:1\n", "N:A;B\nTEL:1\nNOTE:x\n", "N:A;B\nTEL:1\nTITLE:y\n",
      O, "", "N:A;B\nTEL:1\nNOTE:x\nTITLE:y\n" },
    { "N:A;B\nTEL:1\nNOTE:n\n", "N:A;C\nTEL:1\nNOTE:n\n",
      "N:A;B\nNOTE:n\n", O, "", "N:A;C\nNOTE:n\n" },
    /* Reformatting is no change. */
    { "N:A;B\nTEL:+49 1\nX-A:1\n", "N:A;B\nTEL:+49 1\nX-A:1\nTITLE:t\n",
      "X-A:1\nTEL;TYPE=VOICE:+491\nN:A;B;;;\nFN:B A\n", T, "", OURS },
    /* Sets. */
    { "N:A\nTEL:1\nTEL:2\n", "N:A\nTEL:1\nTEL:2\nTEL:3\n",
      "N:A\nTEL:2\nTEL:4\n", O, "", "N:A\nTEL:4\nTEL:2\nTEL:3\n" },
    /* One of two with the same value. */
    { "N:A\nTEL;TYPE=HOME:1\nTEL;TYPE=WORK:1\nNOTE:n\n",
      "N:A\nTEL;TYPE=HOME:1\nTEL;TYPE=WORK:1\nNOTE:m\n",
      "N:A\nTEL;TYPE=HOME:2\nTEL;TYPE=WORK:1\nNOTE:n\n", O, "",
      "N:A\nTEL;TYPE=HOME:2\nTEL;TYPE=WORK:1\nNOTE:m\n" },
    { "N:A\nEMAIL;TYPE=HOME:X\nEMAIL;TYPE=WORK:x\nNOTE:n\n",
      "N:A\nEMAIL;TYPE=HOME:X\nEMAIL;TYPE=WORK:x\nNOTE:m\n",
      "N:A\nEMAIL;TYPE=HOME:X\nNOTE:n\n", O, "",
      "N:A\nEMAIL;TYPE=HOME:X\nNOTE:m\n" },
    { "N:A\nTEL:1\n", "N:A\nTEL:2\n", "N:A\nTEL:3\n", O, "",
      "N:A\nTEL:2\nTEL:3\n" },
    { "N:A\nTEL:1\nEMAIL:x\n", "N:A\nTEL;TYPE=HOME:1\nEMAIL:x\n",
      "N:A\nTEL:1\n", O, "", "N:A\nTEL;TYPE=HOME:1\n" },
    { "N:A\nTEL:1\n", "N:A\nTEL;TYPE=HOME:1\n", "N:A\nTEL;TYPE=WORK:1\n",
      T, "TEL", THEIRS },
    { "N:A\nTEL:1\n", "N:A\nTEL;TYPE=HOME:1\n", "N:A\n", T, "TEL", OURS },
    /* Clashes. */
    { "N:A\nTITLE:x\n", "N:A\nTITLE:y\n", "N:A\nTITLE:z\n", O, "TITLE",
      OURS },
    { "N:A\nTITLE:x\n", "N:A\nTITLE:y\n", "N:A\nTITLE:z\nROLE:r\n", O,
      "TITLE", "N:A\nTITLE:y\nROLE:r\n" },
    { "N:A\nTITLE:x\n", "N:A\nTITLE:y\nROLE:r\n", "N:A\nTITLE:z\n", T,
      "TITLE", "N:A\nTITLE:z\nROLE:r\n" },
    { "N:A\nTITLE:x\n", "N:A\nTITLE:y\n", "N:A\n", T, "TITLE", OURS },
    { "N:A\nTITLE:long\n", "N:A\nTITLE:longer\n", "N:A\nTITLE:lo\n", T,
      "TITLE", OURS },
    /* N and FN together. */
    { "N:A;B\nFN:B A\nTEL:1\n", "N:A;C\nFN:C A\nTEL:1\n",
      "N:A;B\nFN:Bob\nTEL:1\n", T, "N", THEIRS },
    /* An N alone takes the FN along, as far as it says the same. */
    { "N:Ann;Bea\nFN:Bea Ann\n", "N:Ann;Bea\nFN:Bea Ann\nTEL:1\n",
      "N:Ann;Cora;Maria;Dr.\n", O, "",
      "N:Ann;Cora;Maria;Dr.\nFN:Dr. Cora Maria Ann\nTEL:1\n" },
    { "N:Ann;Bea\nFN;X-A=1:Ann\\, Bea (work)\n",
      "N:Ann;Bea\nFN;X-A=1:Ann\\, Bea (work)\nTEL:1\n", "N:Bea;Ann\n", O, "",
      "N:Bea;Ann\nFN;X-A=1:Bea\\, Ann (work)\nTEL:1\n" },
    { "N:Ann;Bea\nFN:Bee Ann\n", "N:Ann;Bea\nFN:Bee Ann\nTEL:1\n",
      "N:Ann;Cora\n", O, "", "N:Ann;Cora\nFN:Bee Ann\nTEL:1\n" },
    /* Of several a device has one. */
    { "N:Ann;Bea\nFN:Bea Ann\n",
      "N:Ann;Bea\nFN;PID=1.1:Bea Ann\nFN;LANGUAGE=fr:Mme Bea Ann\n",
      "N:Ann;Cora\nFN:Cora Ann\n", T, "",
      "N:Ann;Cora\nFN;PID=1.1:Cora Ann\nFN;LANGUAGE=fr:Mme Cora Ann\n" },
    { "N;ALTID=1:Ann;Bea\nN;ALTID=1;LANGUAGE=ja:A;B\nFN:x\n",
      "N;ALTID=1:Ann;Bea\nN;ALTID=1;LANGUAGE=ja:A;B\nFN:x\n",
      "N:Ann;Bea\nN:A;C\nFN:x\n", T, "",
      "N;ALTID=1:Ann;Bea\nN;ALTID=1;LANGUAGE=ja:A;C\nFN:x\n" },
    { "N:Ann;Bea\nFN:Bee\n", "N:Ann;Bea\nN;LANGUAGE=ja:A;B\nFN:Bee\n",
      "N:Ann;Bea\nFN:Bob\n", T, "N",
      "N:Ann;Bea\nN;LANGUAGE=ja:A;B\nFN:Bob\n" },
    { "N:Ann;Bea\nFN:Bee\n", "N:Ann;Lea\nN;LANGUAGE=ja:A;B\nFN:Bee\n",
      "N:Ann;Cora\nFN:Bee\n", T, "N",
      "N:Ann;Cora\nN;LANGUAGE=ja:A;B\nFN:Bee\n" },
    /* Of several FN each stands for itself: edited, added, removed. */
    { "N:A\nFN:Bea\nFN:Bee\n", "N:A\nFN;PREF=2:Bea\nFN;X-A=1:Bee\n",
      "N:A\nFN:Bea\nFN:Bob\n", T, "", "N:A\nFN;PREF=2:Bea\nFN;X-A=1:Bob\n" },
    { "N:A\nFN:Bea\n", "N:A\nFN;PREF=2:Bea\nFN;X-A=1:Bee\n", "N:A\nFN:Bob\n",
      T, "", "N:A\nFN;PREF=2:Bob\nFN;X-A=1:Bee\n" },
    { "N:A\nFN:Bea\n", "N:A\nFN:Bea\nTEL:1\n", "N:A\nFN:Bea\nFN:Bee\n", T,
      "", "N:A\nFN:Bea\nFN:Bee\nTEL:1\n" },
    { "N:A\nFN:Bea\nFN:Bee\n", "N:A\nFN:Bea\nFN:Bee\nTEL:1\n",
      "N:A\nFN:Bee\n", T, "", "N:A\nFN:Bee\nTEL:1\n" },
    { "N:A\nFN:Bea\nFN:Bee\n", "N:A\nFN:Bea\nFN:Bee\nTEL:1\n",
      "N:A\nTEL:2\n", T, "", "N:A\nFN:Bea\nFN:Bee\nTEL:1\nTEL:2\n" },
    /* N alone was edited, beside an FN: so none follows. */
    { "N:Ann;Bea\nFN:Bea\n", "N:Ann;Bea\nFN:Bea\nFN:Mme Bea\n",
      "N:Ann;Lea\nFN:Bea\n", T, "", "N:Ann;Lea\nFN:Bea\nFN:Mme Bea\n" },
    /* Two of them say the same; theirs had one. */
    { "N:A\nFN:Bea\n",
      "N:A\nFN;LANGUAGE=de:Bea\nFN;LANGUAGE=fr:Bea\nFN:Bee\n",
      "N:A\nFN:Lea\n", T, "",
      "N:A\nFN;LANGUAGE=de:Lea\nFN;LANGUAGE=fr:Bea\nFN:Bee\n" },
    /* A birthday in another calendar is one more. */
    { "N:A\nBDAY:19800203\n",
      "N:A\nBDAY;ALTID=1:19800203\nBDAY;ALTID=1;CALSCALE=x:0074\n",
      "N:A\nBDAY:19800204\n", T, "",
      "N:A\nBDAY;ALTID=1:19800204\nBDAY;ALTID=1;CALSCALE=x:0074\n" },
    { "N:A\nBDAY:19800203\n",
      "N:A\nBDAY;ALTID=1:19800203\nBDAY;ALTID=1;CALSCALE=x:0074\n", "N:A\n",
      T, "", "N:A\nBDAY;ALTID=1;CALSCALE=x:0074\n" },
    { "N:A\n", "N:A\nTEL:1\n", "N:B\nN:C\n", T, "", "N:B\nN:C\nTEL:1\n" },
    /* However either is escaped; no comma is left over. */
    { "N:Ann;Bea\\;C\nFN:Ann, Bea;C\n", "N:Ann;Bea\\;C\nFN:Ann, Bea;C\nTEL:1\n",
      "N:Ann;Cora\n", O, "", "N:Ann;Cora\nFN:Ann\\, Cora\nTEL:1\n" },
    { "N:Ann;Bea\nFN:Ann, Bea\n", "N:Ann;Bea\nFN:Ann, Bea\nTEL:1\n",
      "N:Ann;\n", O, "", "N:Ann;\nFN:Ann\nTEL:1\n" },
    { "N:Ann;Bea\nFN:Ann\\, Bea\n", "N:Ann;Bea\nFN:Ann\\, Bea\nTEL:1\n",
      "N:;Bea\n", O, "", "N:;Bea\nFN:Bea\nTEL:1\n" },
    { "N:A;B\nFN:Bob\n", "N:A;B\nFN:Bob\nTEL:1\n", "N:A;B\nFN:B A\n", O,
      "", "N:A;B\nFN:B A\nTEL:1\n" },
    { "N:A;B\nFN:Bob\n", "N:A;B\nFN:Bob\nTEL:1\n", "N:A;B\nFN:B A\n", S,
      "", OURS },
    /* So is one that is made of words of N; but not where N was edited here,
     * nor of who may have made it up. */
    { "N:Ann;Bea;Cora\nFN:Bea Ann\n", "N:Ann;Bea;Cora\nFN:Bea Ann\nTEL:1\n",
      "N:Ann;Bea;Cora\nFN:Ann\\, Cora\n", T, "",
      "N:Ann;Bea;Cora\nFN:Ann\\, Cora\nTEL:1\n" },
    { "N:Ann;Bea\nFN;X-A=1:Bea Ann\n", "N:Ann;Bea\nFN;X-A=1:Bea Ann\n",
      "N:Ann;Bea;;;\nFN:Ann Bea\n", O, "",
      "N:Ann;Bea;;;\nFN;X-A=1:Ann Bea\n" },
    { "N:Ann;Bea;Cora\nFN:Bea Ann\n", "N:Ann;Bea;Doris\nFN:Bea Ann\n",
      "N:Ann;Bea;Cora\nFN:Cora Ann\n", T, "", OURS },
    { "N:Ann;Bea;Cora\nFN:Bea Ann\n", "N:Ann;Bea;Cora\nFN:Cora Ann\n",
      "N:Ann;Bea;Cora\nFN:Bea Ann\nTEL:1\n", T, "",
      "N:Ann;Bea;Cora\nFN:Cora Ann\nTEL:1\n" },
    { "N:Ann;Bea;Cora\nFN:Bea Ann\n", "N:Ann;Bea;Cora\nFN:Bea Ann\nTEL:1\n",
      "N:Ann;Bea;Cora\nFN:Cora Ann\n", S, "", OURS },
    /* Unknown properties: removed, or spared. */
    { "N:A\nX-A:1\nX-B:2\n", "N:A\nX-A:1\nX-B:2\nTEL:1\n", "N:A\nX-B:3\n",
      O, "", "N:A\nX-B:3\nTEL:1\n" },
    { "N:A\nX-A:1\nX-B:2\n", "N:A\nX-A:1\nX-B:2\nTEL:1\n", "N:A\nX-B:3\n",
      S, "", "N:A\nX-A:1\nX-B:3\nTEL:1\n" },
    { "N:A\nX-A:1\n", "N:A\nX-A:2\n", "N:A\nX-A:3\n", O, "X-A", OURS },
    /* An edited value stays in its line: what the device has dropped of
     * parameters and groups is no edit. */
    { "N:A\nTEL;TYPE=CELL:12\nTEL;TYPE=HOME:34\n",
      "N:A\nTEL;TYPE=CELL,IPHONE;X-A=1:12\nTEL;TYPE=HOME;PREF=1:34\n",
      "N:A\nTEL;TYPE=CELL:12\nTEL;TYPE=HOME:35\n", T, "",
      "N:A\nTEL;TYPE=CELL,IPHONE;X-A=1:12\nTEL;TYPE=HOME;PREF=1:35\n" },
    { "N:A\nTEL:12\n", "N:A\ni.TEL:12\ni.X-ABLabel:Boat\n",
      "N:A\nTEL:123\n", T, "", "N:A\ni.TEL:123\ni.X-ABLabel:Boat\n" },
    { "N:A\nTEL;VALUE=uri:tel:+12\nTITLE;LANGUAGE=en;X-B=2:a\n",
      "N:A\nTEL;VALUE=uri:tel:+12\nTITLE;LANGUAGE=en;X-B=2:a\n",
      "N:A\nTEL;VALUE=uri:tel:+13\nTITLE;LANGUAGE=de:b\n", T, "",
      "N:A\nTEL;VALUE=uri:tel:+13\nTITLE;X-B=2;LANGUAGE=de:b\n" },
    { "N:A\nTEL;VALUE=uri:tel:+12\n", "N:A\nTEL;VALUE=uri;PID=1:tel:+12\n",
      "N:A\nTEL:+13\n", T, "", "N:A\nTEL;PID=1:+13\n" },
    { "N:A\nTEL:12\nTEL:34\n", "N:A\ni.TEL:12\ni.X-ABLabel:Boat\nTEL:34\n",
      "N:A\nTEL:34\n", T, "", THEIRS },
    { "N:A\nURL;TYPE=HOME:u\n", "N:A\nx.URL;TYPE=HOME:u\nx.X-ABLabel:L\n",
      "N:A\nx.URL;TYPE=WORK:u\n", T, "URL",
      "N:A\nx.URL;TYPE=WORK:u\nx.X-ABLabel:L\n" },
    /* Another one is preferred: an edit of who keeps such. */
    { "N:A\nTEL;TYPE=PREF:1\nTEL:2\n", "N:A\nTEL;TYPE=PREF:1\nTEL:2\n",
      "N:A\nTEL:1\nTEL;TYPE=PREF:2\n", T, "", OURS },
    { "N:A\nTEL;TYPE=PREF,HOME:1\nTEL;TYPE=HOME:2\n",
      "N:A\nTEL;X-A=1;TYPE=\"home,pref\":1\ni.TEL;TYPE=HOME:2\n"
      "i.X-ABLabel:Boat\nEMAIL;TYPE=PREF:x\n",
      "N:A\nTEL;TYPE=HOME:1\nTEL;TYPE=HOME,PREF:2\n",
      T | ITEM_TAKE_PREF_TEL, "",
      "N:A\nTEL;TYPE=home;X-A=1:1\ni.TEL;TYPE=HOME,PREF:2\n"
      "i.X-ABLabel:Boat\nEMAIL;TYPE=PREF:x\n" },
    { "N:A\nEMAIL:a@b\nEMAIL:c@d\n", "N:A\nEMAIL:a@b\nEMAIL:c@d\n",
      "N:A\nEMAIL:a@b\nEMAIL;TYPE=PREF:c@d\n", T | ITEM_TAKE_PREF_EMAIL, "",
      "N:A\nEMAIL:a@b\nEMAIL;TYPE=PREF:c@d\n" },
    /* As the other version says it. */
    { "N:A\nEMAIL;TYPE=pref:a@b\n", "N:A\nEMAIL;TYPE=pref:a@b\nTEL:1\n",
      "N:A\nEMAIL;PREF=1:c@b\n", T, "",
      "N:A\nEMAIL;TYPE=pref:c@b\nTEL:1\n" },
    { "N:A\nTEL;TYPE=PREF:1\nTEL:2\n", "N:A\nTEL;TYPE=PREF:1\nTEL:2\n",
      "N:A\nTEL:1\nTEL:2\nTEL;TYPE=PREF:3\n", T | ITEM_TAKE_PREF_TEL, "",
      "N:A\nTEL:1\nTEL:2\nTEL;TYPE=PREF:3\n" },
    { "N:A\nTEL;TYPE=PREF:1\n", "N:A\nTEL;TYPE=PREF:1\n", "N:A\nTEL:1\n",
      T | ITEM_TAKE_PREF_TEL, "", OURS },
    /* Another kind of number is an edit of that. */
    { "N:A\nTEL;TYPE=HOME:12\n", "N:A\nTEL;TYPE=HOME;X-A=1:12\n",
      "N:A\nTEL;TYPE=WORK:12\n", T, "", "N:A\nTEL;X-A=1;TYPE=WORK:12\n" },
    /* Types that it drops, or always adds, are no matter of that. */
    { "N:A\nTEL;TYPE=HOME,TEXT:12\n",
      "N:A\nTEL;TYPE=\"home,text\",isdn,\"a;b\";X-A=1:12\n",
      "N:A\nTEL;TYPE=WORK,VOICE,X-B:12\n", T, "",
      "N:A\nTEL;X-A=1;TYPE=text,isdn,\"a;b\",WORK,X-B:12\n" },
    /* A number that is of another kind, too; without a base as well. */
    { "N:A\nTEL;TYPE=CELL:1\n", "N:A\nTEL;TYPE=CELL;X-A=1:1\n",
      "N:A\nTEL;TYPE=WORK:1\nTEL;TYPE=CELL:1\n", T, "",
      "N:A\nTEL;TYPE=CELL;X-A=1:1\nTEL;TYPE=WORK:1\n" },
    { NULL, "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=HOME:1\n",
      "N:A\nTEL;TYPE=WORK:1\nTEL;TYPE=CELL:1\n", T, "",
      "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=HOME:1\nTEL;TYPE=WORK:1\n" },
    { NULL, "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=HOME:1\n",
      "N:A\nTEL:1\nTEL:1\n", T, "", OURS },
    { "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=HOME:1\n",
      "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=HOME;X-A=1:1\n",
      "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=WORK:1\n", O, "",
      "N:A\nTEL;TYPE=CELL:1\nTEL;X-A=1;TYPE=WORK:1\n" },
    { "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=HOME:1\n",
      "N:A\nTEL;TYPE=HOME:1\nTEL;TYPE=FAX:1\n",
      "N:A\nTEL;TYPE=CELL:1\nTEL;TYPE=WORK:1\n", O, "",
      "N:A\nTEL;TYPE=WORK:1\nTEL;TYPE=FAX:1\n" },
    /* Two removed, one added that is like neither: three members. */
    { "N:A\nTEL:1111\nTEL:2222\n", "N:A\nTEL;X-A=1:1111\nTEL;X-A=2:2222\n",
      "N:A\nTEL:3333\n", T, "", THEIRS },
    /* Components that theirs writes in its own way. */
    { "N:A;B;C,D;E;\n", "N:A;B;C,D;E;\nX-A:1\n", "N:A;Q;C\\,D;E;\n", T, "",
      "N:A;Q;C,D;E;\nX-A:1\n" },
    /* What never clashes. */
    { "UID:u\nREV:20200101T000000Z\nN:A\n",
      "UID:u\nREV:20200103T000000Z\nN:A\nTEL:1\n",
      "REV:20200102T000000Z\nUID:v\nN:A\nTITLE:t\n", T, "",
      "UID:u\nREV:20200103T000000Z\nN:A\nTEL:1\nTITLE:t\n" },
    { "N:A\nTITLE:a\n", "N:A\nREV:20200101T000000Z\nTITLE:a\nTEL:1\n",
      "N:A\nREV:20200102T000000Z\nTITLE:b\n", O, "",
      "N:A\nREV:20200102T000000Z\nTITLE:b\nTEL:1\n" },
    { "UID:u\nN:A\n", "UID:u\nN:A\n", "UID:u\nN:A\nREV:20200101T000000Z\n",
      O, "", OURS },
    { "UID:u\nN:A\n", "UID:u\nN:A\n", "UID:v\nN:A\nTEL:1\n", O, "",
      "UID:u\nN:A\nTEL:1\n" },
    /* Lists, word by word. */
    { "N:A\nCATEGORIES:a,b\n", "N:A\nCATEGORIES:a,b,c\n",
      "N:A\nCATEGORIES:b,d\n", O, "", "N:A\nCATEGORIES:b,c,d\n" },
    { "N:A\n", "N:A\nTEL:1\n", "N:A\nCATEGORIES:b\nCATEGORIES:a\n", O, "",
      "N:A\nTEL:1\nCATEGORIES:b,a\n" },
    { "N:A\nCATEGORIES:a\n", "N:A\nCATEGORIES:a\nTEL:1\n", "N:A\n", O, "",
      "N:A\nTEL:1\n" },
    /* Groups: adjuncts go with their property, names stay apart. */
    { "N:A\n", "N:A\nitem1.TEL:1\nitem1.X-ABLabel:one\n",
      "N:A\nitem1.TEL:2\nitem1.X-ABLabel:two\n", O, "",
      "N:A\nitem1.TEL:1\nitem1.X-ABLabel:one\nitem2.TEL:2\n"
      "item2.X-ABLabel:two\n" },
    { "N:A\nx.TEL:1\nx.X-ABLabel:one\n",
      "N:A\nx.TEL:1\nx.X-ABLabel:one\nTITLE:t\n", "N:A\n", O, "",
      "N:A\nTITLE:t\n" },
    /* A label stays with what is left of its group. */
    { "N:A\nTEL:1\nEMAIL:a@b\n",
      "N:A\nx.TEL:1\nx.EMAIL:a@b\nx.X-ABLabel:one\n",
      "N:A\nEMAIL:a@b\n", O, "", "N:A\nx.EMAIL:a@b\nx.X-ABLabel:one\n" },
    { "N:A\nTEL:1\nEMAIL:a@b\n",
      "N:A\nx.TEL:1\nx.EMAIL:a@b\nx.X-ABLabel:one\nTITLE:t\n", "N:A\n", O, "",
      "N:A\nTITLE:t\n" },
    { "N:A\nx.TEL:1\nx.X-ABLabel:one\n",
      "N:A\nx.TEL:1\nx.X-ABLabel:one\nTITLE:t\n",
      "N:A\nx.TEL:1\nx.X-ABLabel:two\n", O, "",
      "N:A\nitem1.TEL:1\nitem1.X-ABLabel:two\nTITLE:t\n" },
    /* The label of a list. */
    { "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nNOTE:m\n", O, "", THEIRS },
    { "N:A\nx.CATEGORIES:a,b\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nNOTE:m\n", O, "",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:m\n" },
    { "N:A\nx.CATEGORIES:a\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nCATEGORIES:a\nNOTE:m\n", O, "",
      "N:A\nx.CATEGORIES:a\nx.X-ABLabel:L\nNOTE:m\n" },
    { "N:A\nCATEGORIES:a,b\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nCATEGORIES:a,b\nNOTE:m\n", O, "",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:m\n" },
    { "N:A\nx.CATEGORIES:a,b\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,c\nNOTE:n\n", O, "",
      "N:A\nx.CATEGORIES:a,c\nx.X-ABLabel:L\nNOTE:n\n" },
    { "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:M\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:m\n", T, "",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:M\nNOTE:m\n" },
    { "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:M\nNOTE:m\n", O, "", THEIRS },
    /* Changed, taken away or added there, beside another edit here. */
    { "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\ny.CATEGORIES:a,b\ny.X-ABLabel:M\n", O, "",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:M\nNOTE:n\n" },
    { "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel;X-A=1:L\nNOTE:n\n",
      "N:A\ny.CATEGORIES:a,c\ny.X-ABLabel:M\n", O, "",
      "N:A\nx.CATEGORIES:a,c\nx.X-ABLabel;X-A=1:M\nNOTE:n\n" },
    { "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n",
      "N:A\nCATEGORIES:a,b\n", O, "",
      "N:A\nx.CATEGORIES:a,b\nNOTE:n\n" },
    { "N:A\nx.CATEGORIES:a,b\n", "N:A\nx.CATEGORIES:a,b\nNOTE:n\n",
      "N:A\ny.CATEGORIES:a,b\ny.X-ABLabel:M\n", O, "",
      "N:A\nx.CATEGORIES:a,b\nNOTE:n\nx.X-ABLabel:M\n" },
    { "N:A\nCATEGORIES:a,b\n", "N:A\nCATEGORIES:a,b\nNOTE:n\n",
      "N:A\ny.CATEGORIES:a,b\ny.X-ABLabel:M\n", O, "",
      OURS },
    { "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:M\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:O\n", T, "X-ABLABEL",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:O\n" },
    /* Nothing is left that it says something of. */
    { "N:A\nCATEGORIES:a,b\n",
      "N:A\nx.CATEGORIES:a,b\nx.X-ABLabel:L\nNOTE:n\n", "N:A\n", O, "",
      "N:A\nNOTE:n\n" },
    /* Of two that say the same but for it, too. */
    { "N:A\nx.URL:u\nx.X-ABLabel:long\n",
      "N:A\nx.URL:u\nx.X-ABLabel:long\nTITLE:t\n",
      "N:A\nURL:u\nx.URL:u\nx.X-ABLabel:two\n", O, "",
      "N:A\nURL:u\nitem1.URL:u\nitem1.X-ABLabel:two\nTITLE:t\n" },
    { "N:A\nx.URL:u\nx.X-ABLabel:one\nURL:u\n",
      "N:A\nx.URL:u\nx.X-ABLabel:one\nURL:u\nTITLE:t\n",
      "N:A\nx.URL:u\nx.X-ABLabel:two\nURL:u\n", O, "",
      "N:A\nitem1.URL:u\nitem1.X-ABLabel:two\nURL:u\nTITLE:t\n" },
    { "N:A\nURL:u\nURL:u\n", "N:A\nURL:u\nx.URL:u\nx.X-ABLabel:one\n",
      "N:A\nURL:u\nURL:u\nTEL:1\n", O, "",
      "N:A\nURL:u\nx.URL:u\nx.X-ABLabel:one\nTEL:1\n" },
    { "N:A\nx.TEL:1\nx.X-A:1\nx.X-B:2\n",
      "N:A\nx.TEL:1\nx.X-A:1\nx.X-B:2\nTITLE:t\n",
      "N:A\ny.X-B:2\ny.TEL:1\ny.x-a:1\n", O, "", OURS },
    /* Untouched lines keep folding and form; theirs take our line ends. */
    { "N:A\nNOTE:one\n t\\,wo\n", "n:A\nNOTE:one\n t\\,wo\nTEL:1\n",
      "N:A\r\nNOTE:onet,wo\r\nTITLE:a\r\n b\r\n", O, "",
      "n:A\nNOTE:one\n t\\,wo\nTEL:1\nTITLE:a\n b\n" },
    /* Notes, line by line. */
    { "N:A\nNOTE:a\\nb\\nc\n", "N:A\nNOTE:A\\nb\\nc\n",
      "N:A\nNOTE:a\\nb\\nC\\, d\n", O, "", "N:A\nNOTE:A\\nb\\nC\\, d\n" },
    { "N:A\nNOTE:a\\nb\\nc\n", "N:A\nNOTE:a\\nB\\nc\n",
      "N:A\nNOTE:a\\nx\\nc\\nd\n", T, "NOTE",
      THEIRS },
    { "N:A\nNOTE:a\n", "N:A\nNOTE:a\\nb\n", "N:A\nNOTE:a\\nc\n", O, "",
      "N:A\nNOTE:a\\nb\\nc\n" },
    { NULL, NULL, NULL, 0, NULL, NULL }
};

static const case_t unions[] = {
    { NULL, "N:A\nTEL:1\n", "N:A\nEMAIL:x\n", O, "",
      "N:A\nTEL:1\nEMAIL:x\n" },
    { NULL, "N:A\nTEL;TYPE=HOME:1\nX-A:1\n", "N:A\nTEL:1\n", T, "", OURS },
    { NULL, "N:A\nTEL:1\n", "N:A\nTEL;TYPE=HOME:1\nX-A:1\n", O, "", THEIRS },
    { NULL, "N:A\nTITLE:a long title\n", "N:A\nTITLE:a long\nTEL:1\n", T,
      "", "N:A\nTITLE:a long title\nTEL:1\n" },
    { NULL, "N:A\nTITLE:a\nTEL:1\n", "N:A\nTITLE:b\nTEL:2\n", O, "TITLE",
      "N:A\nTITLE:a\nTEL:1\nTEL:2\n" },
    { NULL, "N:Mil;An;\n", "N:Miller;Anna;;Dr.\nTEL:1\n", O, "", THEIRS },
    { NULL, "N:A\nADR:;;Long Street 1;Town;;12;X\nTEL:1\n",
      "N:A\nADR:;;Long Str;Town\nTEL:2\n", T, "",
      "N:A\nADR:;;Long Street 1;Town;;12;X\nTEL:1\nTEL:2\n" },
    { NULL, "N:A\nADR:;;Long Str;Town\nTEL:2\n",
      "N:A\nADR:;;Long Street 1;Town;;12;X\n", O, "",
      "N:A\nADR:;;Long Street 1;Town;;12;X\nTEL:2\n" },
    { NULL, "N:A\nNOTE:a\\nb\n", "N:A\nNOTE:a\\nc\n", O, "NOTE",
      "N:A\nNOTE:a\\nb\\nc\n" },
    { NULL, "N:A\nX-A:1\n", "N:A\nX-A:2\n", O, "", "N:A\nX-A:1\nX-A:2\n" },
    { NULL, "N:A;B\nFN:Bea\nFN:Bee\n", "N:A;B\nFN:B A\n", T, "", OURS },
    { NULL, "N:A;B\nFN:Bea\nFN:Bee\n", "N:A;B\nFN:Bob\n", T, "",
      "N:A;B\nFN:Bea\nFN:Bee\nFN:Bob\n" },
    { NULL, NULL, NULL, 0, NULL, NULL }
};

static void test_cards(void **state)
{
    check_cases(cards, wrap_card);
    check_cases(unions, wrap_card);
}

/* ---- texts ---------------------------------------------------------------- */

static const case_t texts[] = {
    { "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", O, "", "A\nb\nC\n" },
    { "a\nb\nc\n", "a\nb\nc\n", "a\nx\n", O, "", THEIRS },
    { "a\nb\n", "a\nb\n", "a\r\nb  \r\n\r\n", O, "", OURS },
    { "a\nb\nc", "a\nB\nc", "a\nx\nc\nd", O, "TEXT", "a\nB\nc\nd" },
    { "a\nb\nc", "a\nB\nc", "a\nc\nd", T, "TEXT", "a\nB\nc\nd" },
    { "a", "a\nb", "a\nc", T, "", "a\nc\nb" },
    { NULL, "a\nb", "a\nb\nc", O, "", THEIRS },
    { NULL, "a\nb", "a\nc", O, "TEXT", "a\nb\nc" },
    { NULL, "a\nlong li", "x\na\nlong line", O, "", THEIRS },
    { "a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n", "x\na\nb\nc\n", O, "",
      "x\r\na\r\nB\r\nc\r\n" },
    { NULL, NULL, NULL, 0, NULL, NULL }
};

static void test_texts(void **state)
{
    check_cases(texts, wrap_text);
}

/* ---- refusals and limits -------------------------------------------------- */

static apr_status_t try_merge(const char *type, const char *ours,
                              const char *theirs)
{
    item_text_t o = text_of(ours), t = text_of(theirs);
    item_merge_t m;
    apr_status_t rv = item_merge(&m, type, NULL, &o, &t, O, pool);

    assert_non_null(m.clashes);
    if (rv != APR_SUCCESS)
        assert_true(!m.text && !m.len && !m.is_ours && !m.clashes->nelts);
    return rv;
}

static void test_refusals(void **state)
{
    const char *card = wrap_card("N:A\n");
    item_text_t bad = text_of("BEGIN:VCARD\n"), o = text_of(card);
    item_text_t t = text_of(wrap_card("N:A\nTEL:1\n"));
    item_merge_t m;

    assert_int_equal(try_merge(NULL, card, wrap_event("SUMMARY:a\n")),
                     ITEM_ETYPE);
    assert_int_equal(try_merge(NULL, wrap_todo("SUMMARY:a\n"),
                               wrap_event("SUMMARY:a\n")), ITEM_ETYPE);
    assert_int_equal(try_merge("text/vcard", card, "BEGIN:VCARD\nN:A\n"),
                     ITEM_EMALFORMED);
    assert_int_equal(try_merge("text/vcard", "BEGIN:VCARD\nN:A\nEND:VCARD\n",
                               card), ITEM_EMALFORMED);
    assert_int_equal(try_merge("image/png", card, card), ITEM_ETYPE);
    assert_int_equal(try_merge("text/calendar", wrap_calendar(""),
                               wrap_calendar("")), ITEM_ETYPE);
    /* A base that is of no use counts as none. */
    assert_int_equal(item_merge(&m, NULL, &bad, &o, &t, O, pool),
                     APR_SUCCESS);
    assert_true(m.is_theirs && !m.is_ours);
}

static char *many(const char *before, const char *after, int n, int step)
{
    char *text = apr_palloc(pool, (apr_size_t)n * 40 + 100), *w = text;
    int i;

    for (i = 0; i < n; i++)
        w += apr_snprintf(w, 40, "%s%d%s\n", before, i * step, after);
    *w = '\0';
    return text;
}

/** Twelve thousand lines on each side, and no more than a blink for it. */
static void test_limits(void **state)
{
    static const char *const lines[][2] = {
        { "TEL:", "" }, { "X-A:", "" }, { "X-", ":a" }, { "NOTE:", "" },
        { "CATEGORIES:", "" }, { "item", ".X-A:b" }, { "FN:", "" },
        { "item", ".TEL:1" }
    };
    item_text_t o, t;
    item_merge_t m;
    unsigned i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        o = text_of(wrap_card(many(lines[i][0], lines[i][1], 9000, 1)));
        t = text_of(wrap_card(many(lines[i][0], lines[i][1], 9000, 2)));
        assert_int_equal(item_merge(&m, NULL, &o, &o, &t, O, pool),
                         APR_SUCCESS);
        assert_int_equal(item_merge(&m, NULL, NULL, &o, &t, O, pool),
                         APR_SUCCESS);
    }
    o = text_of(wrap_card(many("TEL:", "", 15000, 2)));
    t = text_of(wrap_card(many("TEL:1", "", 15000, 1)));
    assert_int_equal(item_merge(&m, NULL, NULL, &o, &t, O, pool),
                     ITEM_ELIMIT);
    o = text_of(many("", "", 150000, 1));
    t = text_of(many("", "", 150000, 2));
    assert_int_equal(item_merge(&m, NULL, NULL, &o, &t, O, pool),
                     APR_SUCCESS);
}

/* Sixteen long names are compared with each other, and take little room. */
static void test_long_names(void **state)
{
    char *name = apr_palloc(pool, 20001);
    const char *text;
    struct rusage before, after;
    item_text_t sides[3];
    item_merge_t m;
    int side, i;

    memset(name, 'x', 20000);
    name[20000] = '\0';
    for (side = 0; side < 3; side++) {
        for (text = "", i = 0; i < 16; i++)
            text = apr_psprintf(pool, "%sN:%d %d%s\n", text, side, i, name);
        sides[side] = text_of(wrap_card(text));
    }
    getrusage(RUSAGE_SELF, &before);
    assert_int_equal(item_merge(&m, NULL, &sides[0], &sides[1], &sides[2], T,
                                pool), APR_SUCCESS);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 100 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cards), TEST(test_texts),
        TEST(test_refusals), TEST(test_limits), TEST(test_long_names)
    };
    int rv;

    apr_initialize();
    rv = cmocka_run_group_tests_name("item merge", tests, NULL, NULL);
    apr_terminate();
    return rv;
}
