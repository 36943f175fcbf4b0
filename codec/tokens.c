/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/tokens.c
 * @brief The element names of the three code pages, both ways.
 *
 * A page is an array of names by token (its first token is 5, as in every
 * WBXML page) and a list of the same tokens in the order of their names, for
 * a binary search.  Constant data only.
 */
#include <stddef.h>
#include <string.h>

#include "codec_int.h"

/* DevInf 1.2 renamed Size and kept its token. */
#define DEVINF_SIZE_NAME_12 "MaxSize"

#define FIRST_TOKEN 0x05

typedef struct tag_name_t {
    const char *name;
    unsigned len;
} tag_name_t;

typedef struct tag_page_t {
    const tag_name_t *names;        /* by token - FIRST_TOKEN; gaps NULL */
    unsigned names_len;
    const unsigned char *sorted;    /* tokens in the order of their names */
    unsigned sorted_len;
} tag_page_t;

#define T(tag, word) \
    [CODEC_TOKEN(tag) - FIRST_TOKEN] = { word, sizeof(word) - 1 }
#define S(tag) CODEC_TOKEN(tag)

static const tag_name_t syncml_names[] = {
    T(SYNCML_ADD, "Add"),
    T(SYNCML_ALERT, "Alert"),
    T(SYNCML_ARCHIVE, "Archive"),
    T(SYNCML_ATOMIC, "Atomic"),
    T(SYNCML_CHAL, "Chal"),
    T(SYNCML_CMD, "Cmd"),
    T(SYNCML_CMDID, "CmdID"),
    T(SYNCML_CMDREF, "CmdRef"),
    T(SYNCML_COPY, "Copy"),
    T(SYNCML_CRED, "Cred"),
    T(SYNCML_DATA, "Data"),
    T(SYNCML_DELETE, "Delete"),
    T(SYNCML_EXEC, "Exec"),
    T(SYNCML_FINAL, "Final"),
    T(SYNCML_GET, "Get"),
    T(SYNCML_ITEM, "Item"),
    T(SYNCML_LANG, "Lang"),
    T(SYNCML_LOCNAME, "LocName"),
    T(SYNCML_LOCURI, "LocURI"),
    T(SYNCML_MAP, "Map"),
    T(SYNCML_MAPITEM, "MapItem"),
    T(SYNCML_META, "Meta"),
    T(SYNCML_MSGID, "MsgID"),
    T(SYNCML_MSGREF, "MsgRef"),
    T(SYNCML_NORESP, "NoResp"),
    T(SYNCML_NORESULTS, "NoResults"),
    T(SYNCML_PUT, "Put"),
    T(SYNCML_REPLACE, "Replace"),
    T(SYNCML_RESPURI, "RespURI"),
    T(SYNCML_RESULTS, "Results"),
    T(SYNCML_SEARCH, "Search"),
    T(SYNCML_SEQUENCE, "Sequence"),
    T(SYNCML_SESSIONID, "SessionID"),
    T(SYNCML_SFTDEL, "SftDel"),
    T(SYNCML_SOURCE, "Source"),
    T(SYNCML_SOURCEREF, "SourceRef"),
    T(SYNCML_STATUS, "Status"),
    T(SYNCML_SYNC, "Sync"),
    T(SYNCML_SYNCBODY, "SyncBody"),
    T(SYNCML_SYNCHDR, "SyncHdr"),
    T(SYNCML_SYNCML, "SyncML"),
    T(SYNCML_TARGET, "Target"),
    T(SYNCML_TARGETREF, "TargetRef"),
    T(SYNCML_VERDTD, "VerDTD"),
    T(SYNCML_VERPROTO, "VerProto"),
    T(SYNCML_NUMBEROFCHANGES, "NumberOfChanges"),
    T(SYNCML_MOREDATA, "MoreData"),
    T(SYNCML_FIELD, "Field"),
    T(SYNCML_FILTER, "Filter"),
    T(SYNCML_RECORD, "Record"),
    T(SYNCML_FILTERTYPE, "FilterType"),
    T(SYNCML_SOURCEPARENT, "SourceParent"),
    T(SYNCML_TARGETPARENT, "TargetParent"),
    T(SYNCML_MOVE, "Move"),
    T(SYNCML_CORRELATOR, "Correlator")
};

static const unsigned char syncml_sorted[] = {
    S(SYNCML_ADD), S(SYNCML_ALERT), S(SYNCML_ARCHIVE), S(SYNCML_ATOMIC),
    S(SYNCML_CHAL), S(SYNCML_CMD), S(SYNCML_CMDID), S(SYNCML_CMDREF),
    S(SYNCML_COPY), S(SYNCML_CORRELATOR), S(SYNCML_CRED), S(SYNCML_DATA),
    S(SYNCML_DELETE), S(SYNCML_EXEC), S(SYNCML_FIELD), S(SYNCML_FILTER),
    S(SYNCML_FILTERTYPE), S(SYNCML_FINAL), S(SYNCML_GET), S(SYNCML_ITEM),
    S(SYNCML_LANG), S(SYNCML_LOCNAME), S(SYNCML_LOCURI), S(SYNCML_MAP),
    S(SYNCML_MAPITEM), S(SYNCML_META), S(SYNCML_MOREDATA), S(SYNCML_MOVE),
    S(SYNCML_MSGID), S(SYNCML_MSGREF), S(SYNCML_NORESP),
    S(SYNCML_NORESULTS), S(SYNCML_NUMBEROFCHANGES), S(SYNCML_PUT),
    S(SYNCML_RECORD), S(SYNCML_REPLACE), S(SYNCML_RESPURI),
    S(SYNCML_RESULTS), S(SYNCML_SEARCH), S(SYNCML_SEQUENCE),
    S(SYNCML_SESSIONID), S(SYNCML_SFTDEL), S(SYNCML_SOURCE),
    S(SYNCML_SOURCEPARENT), S(SYNCML_SOURCEREF), S(SYNCML_STATUS),
    S(SYNCML_SYNC), S(SYNCML_SYNCBODY), S(SYNCML_SYNCHDR), S(SYNCML_SYNCML),
    S(SYNCML_TARGET), S(SYNCML_TARGETPARENT), S(SYNCML_TARGETREF),
    S(SYNCML_VERDTD), S(SYNCML_VERPROTO)
};

static const tag_name_t metinf_names[] = {
    T(METINF_ANCHOR, "Anchor"),
    T(METINF_EMI, "EMI"),
    T(METINF_FORMAT, "Format"),
    T(METINF_FREEID, "FreeID"),
    T(METINF_FREEMEM, "FreeMem"),
    T(METINF_LAST, "Last"),
    T(METINF_MARK, "Mark"),
    T(METINF_MAXMSGSIZE, "MaxMsgSize"),
    T(METINF_MEM, "Mem"),
    T(METINF_METINF, "MetInf"),
    T(METINF_NEXT, "Next"),
    T(METINF_NEXTNONCE, "NextNonce"),
    T(METINF_SHAREDMEM, "SharedMem"),
    T(METINF_SIZE, "Size"),
    T(METINF_TYPE, "Type"),
    T(METINF_VERSION, "Version"),
    T(METINF_MAXOBJSIZE, "MaxObjSize"),
    T(METINF_FIELDLEVEL, "FieldLevel")
};

static const unsigned char metinf_sorted[] = {
    S(METINF_ANCHOR), S(METINF_EMI), S(METINF_FIELDLEVEL), S(METINF_FORMAT),
    S(METINF_FREEID), S(METINF_FREEMEM), S(METINF_LAST), S(METINF_MARK),
    S(METINF_MAXMSGSIZE), S(METINF_MAXOBJSIZE), S(METINF_MEM),
    S(METINF_METINF), S(METINF_NEXT), S(METINF_NEXTNONCE),
    S(METINF_SHAREDMEM), S(METINF_SIZE), S(METINF_TYPE), S(METINF_VERSION)
};

static const tag_name_t devinf_names[] = {
    T(DEVINF_CTCAP, "CTCap"),
    T(DEVINF_CTTYPE, "CTType"),
    T(DEVINF_DATASTORE, "DataStore"),
    T(DEVINF_DATATYPE, "DataType"),
    T(DEVINF_DEVID, "DevID"),
    T(DEVINF_DEVINF, "DevInf"),
    T(DEVINF_DEVTYP, "DevTyp"),
    T(DEVINF_DISPLAYNAME, "DisplayName"),
    T(DEVINF_DSMEM, "DSMem"),
    T(DEVINF_EXT, "Ext"),
    T(DEVINF_FWV, "FwV"),
    T(DEVINF_HWV, "HwV"),
    T(DEVINF_MAN, "Man"),
    T(DEVINF_MAXGUIDSIZE, "MaxGUIDSize"),
    T(DEVINF_MAXID, "MaxID"),
    T(DEVINF_MAXMEM, "MaxMem"),
    T(DEVINF_MOD, "Mod"),
    T(DEVINF_OEM, "OEM"),
    T(DEVINF_PARAMNAME, "ParamName"),
    T(DEVINF_PROPNAME, "PropName"),
    T(DEVINF_RX, "Rx"),
    T(DEVINF_RXPREF, "Rx-Pref"),
    T(DEVINF_SHAREDMEM, "SharedMem"),
    T(DEVINF_SIZE, "Size"),
    T(DEVINF_SOURCEREF, "SourceRef"),
    T(DEVINF_SWV, "SwV"),
    T(DEVINF_SYNCCAP, "SyncCap"),
    T(DEVINF_SYNCTYPE, "SyncType"),
    T(DEVINF_TX, "Tx"),
    T(DEVINF_TXPREF, "Tx-Pref"),
    T(DEVINF_VALENUM, "ValEnum"),
    T(DEVINF_VERCT, "VerCT"),
    T(DEVINF_VERDTD, "VerDTD"),
    T(DEVINF_XNAM, "XNam"),
    T(DEVINF_XVAL, "XVal"),
    T(DEVINF_UTC, "UTC"),
    T(DEVINF_NOFM, "SupportNumberOfChanges"),
    T(DEVINF_LARGEOBJS, "SupportLargeObjs"),
    T(DEVINF_PROPERTY, "Property"),
    T(DEVINF_PROPPARAM, "PropParam"),
    T(DEVINF_MAXOCCUR, "MaxOccur"),
    T(DEVINF_NOTRUNCATE, "NoTruncate"),
    T(DEVINF_FILTERRX, "Filter-Rx"),
    T(DEVINF_FILTERCAP, "FilterCap"),
    T(DEVINF_FILTERKEYWORD, "FilterKeyword"),
    T(DEVINF_FIELDLEVEL, "FieldLevel"),
    T(DEVINF_HIERARCHICAL, "SupportHierarchicalSync")
};

static const unsigned char devinf_sorted[] = {
    S(DEVINF_CTCAP), S(DEVINF_CTTYPE), S(DEVINF_DSMEM), S(DEVINF_DATASTORE),
    S(DEVINF_DATATYPE), S(DEVINF_DEVID), S(DEVINF_DEVINF), S(DEVINF_DEVTYP),
    S(DEVINF_DISPLAYNAME), S(DEVINF_EXT), S(DEVINF_FIELDLEVEL),
    S(DEVINF_FILTERRX), S(DEVINF_FILTERCAP), S(DEVINF_FILTERKEYWORD),
    S(DEVINF_FWV), S(DEVINF_HWV), S(DEVINF_MAN), S(DEVINF_MAXGUIDSIZE),
    S(DEVINF_MAXID), S(DEVINF_MAXMEM), S(DEVINF_MAXOCCUR), S(DEVINF_MOD),
    S(DEVINF_NOTRUNCATE), S(DEVINF_OEM), S(DEVINF_PARAMNAME),
    S(DEVINF_PROPNAME), S(DEVINF_PROPPARAM), S(DEVINF_PROPERTY),
    S(DEVINF_RX), S(DEVINF_RXPREF), S(DEVINF_SHAREDMEM), S(DEVINF_SIZE),
    S(DEVINF_SOURCEREF), S(DEVINF_HIERARCHICAL), S(DEVINF_LARGEOBJS),
    S(DEVINF_NOFM), S(DEVINF_SWV), S(DEVINF_SYNCCAP), S(DEVINF_SYNCTYPE),
    S(DEVINF_TX), S(DEVINF_TXPREF), S(DEVINF_UTC), S(DEVINF_VALENUM),
    S(DEVINF_VERCT), S(DEVINF_VERDTD), S(DEVINF_XNAM), S(DEVINF_XVAL)
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE(p) { p##_names, COUNT(p##_names), p##_sorted, COUNT(p##_sorted) }

static const tag_page_t pages[] = {
    [CODEC_PAGE_SYNCML] = PAGE(syncml),
    [CODEC_PAGE_METINF] = PAGE(metinf),
    [CODEC_PAGE_DEVINF] = PAGE(devinf)
};

static const tag_name_t *tag_entry(int tag)
{
    unsigned page = (unsigned)CODEC_PAGE(tag);
    unsigned i = (unsigned)CODEC_TOKEN(tag) - FIRST_TOKEN;

    if (tag < 0 || page >= COUNT(pages) || i >= pages[page].names_len)
        return NULL;
    return pages[page].names[i].name ? &pages[page].names[i] : NULL;
}

const char *codec_tag_name(int tag)
{
    const tag_name_t *entry = tag_entry(tag);

    return entry ? entry->name : NULL;
}

/* Octet order; of two names where one begins the other, the shorter first. */
static int name_compare(const char *name, unsigned len, const tag_name_t *t)
{
    int order = memcmp(name, t->name, len < t->len ? len : t->len);

    if (order)
        return order;
    return len < t->len ? -1 : len > t->len;
}

const char *codec_tag_name_in(int tag, codec_version_e version,
                              unsigned *len)
{
    const tag_name_t *entry = tag_entry(tag);

    if (tag == DEVINF_SIZE && version == CODEC_V12) {
        *len = sizeof(DEVINF_SIZE_NAME_12) - 1;
        return DEVINF_SIZE_NAME_12;
    }
    *len = entry ? entry->len : 0;
    return entry ? entry->name : NULL;
}

int codec_tag_lookup(int page, const char *name, unsigned len)
{
    const tag_page_t *pg;
    unsigned low = 0, high;

    if (page < 0 || (unsigned)page >= COUNT(pages))
        return CODEC_UNKNOWN;
    pg = &pages[page];
    high = pg->sorted_len;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        int token = pg->sorted[mid];
        int order = name_compare(name, len, &pg->names[token - FIRST_TOKEN]);

        if (order == 0)
            return page << 8 | token;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    if (page == CODEC_PAGE_DEVINF && len == sizeof(DEVINF_SIZE_NAME_12) - 1
        && memcmp(name, DEVINF_SIZE_NAME_12, len) == 0)
        return DEVINF_SIZE;
    return CODEC_UNKNOWN;
}
