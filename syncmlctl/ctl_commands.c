/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The commands: see ctl.h. What is here is also in syncmlctl.8. */
#include "syncmlctl/ctl.h"

#define ACCOUNT  CTL_BIT(OPT_ACCOUNT)
#define IN_STORE (CTL_BIT(OPT_ACCOUNT) | CTL_BIT(OPT_DATASTORE))

#define SET_DETAILS \
    "Sets a device's telephone number, and whether it is told of changes\n" \
    "by SMS.  Both can be said as options or as words:\n" \
    "  syncmlctl device set phone-1 --number +491701234567 --push on\n" \
    "  syncmlctl device set phone-1 number +491701234567 push on\n" \
    "The number has 3 to 15 digits, with a + before the country code;\n" \
    "spaces, dashes, dots, slashes and parentheses are removed; \"none\"\n" \
    "forgets it.\n" \
    "What the device is owed is worked out anew.\n" \
    "Words, each as often as it is needed, say how the device writes items,\n" \
    "where it is another way than the quirks file or the device says:\n" \
    "  quirk NAME=on|off|default   a flag of the quirks file\n" \
    "  format DATASTORE=NAME       vcard21, vcard30, vcard40, sifc, vcal10,\n" \
    "                              ical20, sife, sift, sifn, vnote, text\n" \
    "  zone Europe/Berlin          where its user lives; none forgets it\n" \
    "  clock, days, charset        as in the quirks file\n" \
    "\"default\" forgets what was set.\n" \
    "Access says what the device may do in a datastore: full, read-only (its\n" \
    "changes are not taken), send-only (it gets none).  \"full\" forgets it."

#define PUSH_RULES \
    "Sets rules of push for --device, or for --account and its devices; the\n" \
    "device's come before the account's, and these before the directives.\n" \
    "\"default\" forgets one.  They have the values of the directives:\n" \
    "  delay, max-delay  5min; of one datastore: delay.contacts 1h, off\n" \
    "  min-interval, urgent, unanswered\n" \
    "                    10min, 2h, \"15min 1h 6h 24h\"\n" \
    "  quiet-hours, zone 22:00-07:00, Europe/Berlin\n" \
    "  own-syncs, dry-run, paused\n" \
    "                    on, off\n" \
    "  budget.day, budget.month, over-budget\n" \
    "                    20 (SMS), cost=1.50, none; hold, drop\n" \
    "  sync-type         two-way, one-way-from-server, one-way-from-client;\n" \
    "                    of one datastore: sync-type.calendar.  Also\n" \
    "                    refresh-from-client, refresh-from-server: they DELETE\n" \
    "                    what else is on the server, or on the device"

const ctl_command_t ctl_commands[] = {
    { "account", "add", "NAME", 1, 1, CTL_BIT(OPT_NO_PASSWORD),
      CTL_NEEDS_KEY | CTL_MAKES_STORE, ctl_account_prepare, ctl_account_add,
      "add an account; the password comes from standard input",
      "Adds an account.  The password is read from standard input, on a\n"
      "terminal without echo and twice.  It is kept encrypted under the key\n"
      "file.  The store and the key file are made if they do not exist; by\n"
      "root they are made as the owner of their directory." },
    { "account", "passwd", "NAME", 1, 1, CTL_BIT(OPT_NO_PASSWORD),
      CTL_NEEDS_KEY, ctl_account_prepare, ctl_account_passwd,
      "change an account's password",
      "Changes the password of an account.  It is read as in `account add'." },
    { "account", "del", "NAME", 1, 1, CTL_BIT(OPT_YES), 0, NULL,
      ctl_account_del, "delete an account with its devices and items",
      "Deletes an account and everything that is its: devices, items, and\n"
      "the deleted and overwritten texts that are kept for a time.  There is\n"
      "no way back.  Asks on a terminal." },
    { "account", "list", "", 0, 0, 0, 0, NULL, ctl_account_list,
      "list the accounts",
      "Lists the accounts: whether the store has a password, how many devices\n"
      "and items." },
    { "account", "set", "NAME zone ZONE", 3, 3, 0, 0, ctl_account_set_prepare,
      ctl_account_set, "say where an account's user lives",
      "Sets the time zone of an account, such as Europe/Berlin, for devices\n"
      "that write times without one.  \"none\" forgets it." },
    { "device", "list", "", 0, 0, ACCOUNT, 0, NULL, ctl_device_list,
      "list the devices",
      "Lists the devices of all accounts, or of one.  A device is known after\n"
      "its first sync." },
    { "device", "show", "DEVICE", 1, 1,
      ACCOUNT | CTL_BIT(OPT_QUIRKS_FILE), 0, NULL, ctl_device_show,
      "show what is known of a device",
      "Shows a device: what it says it is, its number, which sections of the\n"
      "quirks file mean it and what comes of that, and for each datastore when\n"
      "it was synced and how many changes it lacks." },
    { "device", "set", "DEVICE [number NUMBER] [push on|off] "
      "[quirk NAME=on|off] [WORD VALUE]...", 1, 41,
      ACCOUNT | CTL_BIT(OPT_NUMBER) | CTL_BIT(OPT_PUSH)
      | CTL_BIT(OPT_QUIRK) | CTL_BIT(OPT_ACCESS), 0,
      ctl_device_prepare, ctl_device_set,
      "set a device's telephone number, push, habits, access", SET_DETAILS },
    { "device", "del", "DEVICE", 1, 1, ACCOUNT | CTL_BIT(OPT_YES), 0, NULL,
      ctl_device_del, "forget a device",
      "Forgets a device, what it has, and what it is owed.  The items stay.\n"
      "If it comes again, it is a new device and syncs slowly." },
    { "datastore", "list", "", 0, 0, ACCOUNT, 0, NULL, ctl_datastore_list,
      "list an account's datastores",
      "Lists the datastores of an account: the usual ones that a device has\n"
      "synced, and those made by `datastore add'." },
    { "datastore", "add", "NAME", 1, 1, ACCOUNT, 0, NULL, ctl_datastore_add,
      "make a further address book, calendar ...",
      "Makes a datastore of the account's own below one of the usual ones,\n"
      "for instance contacts/private or calendar/work.  It takes the same\n"
      "kind of items; clients use it by that path." },
    { "datastore", "del", "NAME", 1, 1, ACCOUNT | CTL_BIT(OPT_YES), 0, NULL,
      ctl_datastore_del, "delete such a datastore with its items",
      "Deletes a datastore that `datastore add' made, with its items.  There\n"
      "is no way back.  Asks on a terminal." },
    { "due", "list", "", 0, 0, ACCOUNT, 0, NULL, ctl_due_list,
      "list who is to be told of changes",
      "Lists the devices that are owed a notification: for which datastores,\n"
      "since when, what was tried, when it is tried next, the last error.\n"
      "States: waiting (not told yet), in delivery (a worker is at it), sent\n"
      "(told, it has not synced yet), suspended (given up until it syncs)." },
    { "guard", "list", "", 0, 0, ACCOUNT, 0, NULL, ctl_guard_list,
      "list the sessions that were stopped",
      "Lists what SyncMLGuard has stopped and nobody has decided yet: sessions\n"
      "that would have deleted or doubled more than a share of a datastore." },
    { "guard", "release", "DEVICE DATASTORE", 2, 2, ACCOUNT, 0, NULL,
      ctl_guard_release, "it was meant: carry it out",
      "Carries out deletes that are held; items that were changed meanwhile\n"
      "go back to the device instead.  Where the session was stopped, the\n"
      "device's next one is let through, once." },
    { "guard", "drop", "DEVICE DATASTORE", 2, 2, ACCOUNT, 0, NULL,
      ctl_guard_drop, "it was not meant: give the items back",
      "Forgets deletes that are held: the device gets the items back with its\n"
      "next sync." },
    { "item", "list", "", 0, 0, IN_STORE | CTL_BIT(OPT_ARCHIVED), 0, NULL,
      ctl_item_list, "list an account's items",
      "Lists the items of an account, or of one of its datastores, with their\n"
      "ids as devices see them.  With --archived those that a device has put\n"
      "away: all devices have lost them, the store keeps them for good." },
    { "item", "get", "ID", 1, 1, IN_STORE | CTL_BIT(OPT_DELETED), 0, NULL,
      ctl_item_get, "print an item's text",
      "Prints the text of an item, octet by octet as it is stored." },
    { "item", "put", "[ID]", 0, 1,
      IN_STORE | CTL_BIT(OPT_ID) | CTL_BIT(OPT_FILE) | CTL_BIT(OPT_TYPE)
      | CTL_BIT(OPT_CREATE), 0,
      ctl_item_put_prepare, ctl_item_put, "add an item, or replace one",
      "Adds an item, or with ID replaces its text.  The text is read from\n"
      "standard input or a file: vCard 3.0, iCalendar 2.0 with an event, task\n"
      "or journal, or plain text.  Without --datastore it goes to contacts,\n"
      "calendar, tasks, journal or notes.  It is a change by the server: all\n"
      "devices that sync the datastore get it, and are told of it." },
    { "item", "del", "[ID...]", 0, -1,
      IN_STORE | CTL_BIT(OPT_ALL) | CTL_BIT(OPT_YES), 0,
      ctl_item_del_prepare, ctl_item_del, "delete items",
      "Deletes items: all of those given, or none if one of them is not\n"
      "there.  Devices are told.  `item get --deleted' shows a deleted item's\n"
      "last text while the store keeps it." },
    { "item", "restore", "ID...", 1, -1, IN_STORE, 0, NULL, ctl_item_restore,
      "bring archived or deleted items back",
      "Brings items back that were archived, or deleted not too long ago, with\n"
      "their last text: all of those given, or none if one of them cannot be.\n"
      "All devices that sync the datastore get them." },
    { "push", "log", "", 0, 0,
      ACCOUNT | CTL_BIT(OPT_DEVICE) | CTL_BIT(OPT_EVENT)
      | CTL_BIT(OPT_NUMBER) | CTL_BIT(OPT_SINCE) | CTL_BIT(OPT_LIMIT), 0,
      ctl_push_prepare, ctl_push_log, "list what was told, and what was not",
      "Lists notifications and decisions not to send one, the latest first,\n"
      "with reason, gateway, SMS, cost, delivery report, and how long it took\n"
      "until the phone synced.  They are kept as long as SyncMLPushKeep says." },
    { "push", "status", "[DEVICE]", 0, 1, ACCOUNT, 0, NULL, ctl_push_status,
      "show when and why devices are told",
      "Shows each device, or one: whether it is to be told, when and why then,\n"
      "when it was told last and whether it synced, its SMS of this day and\n"
      "month, and the rules that are its own or its account's." },
    { "push", "set", "RULE VALUE [RULE VALUE]...", 2, 40,
      ACCOUNT | CTL_BIT(OPT_DEVICE), 0, ctl_push_set_prepare, ctl_push_set,
      "set rules of an account or a device", PUSH_RULES },
    { "push", "now", "DEVICE", 1, 1, ACCOUNT, 0, NULL, ctl_push_now,
      "tell a device at once",
      "Tells a device that lacks something at once, whatever the rules say:\n"
      "delays, quiet hours and budgets, a missing answer, a suspension." },
    { "push", "pause", "", 0, 0, ACCOUNT | CTL_BIT(OPT_DEVICE), 0, NULL,
      ctl_push_pause, "tell nobody, until it is resumed",
      "Pauses push for the whole server, for --account or for --device.  What\n"
      "is owed stays owed." },
    { "push", "resume", "", 0, 0, ACCOUNT | CTL_BIT(OPT_DEVICE), 0, NULL,
      ctl_push_resume, "let it go on",
      "Lets push go on, for the server, --account or --device as it was\n"
      "paused." },
    { "push", "test", "NUMBER", 1, 1, 0, 0, ctl_push_test_prepare,
      ctl_push_test, "send a test notification",
      "Sends a notification to a number through the gateway, and waits for the\n"
      "answer.  The worker sends it, so httpd must be running.  A phone that\n"
      "knows this server will sync." },
    { "session", "list", "", 0, 0,
      ACCOUNT | CTL_BIT(OPT_DEVICE) | CTL_BIT(OPT_LIMIT), 0,
      ctl_session_prepare, ctl_session_list, "list the latest sync sessions",
      "Lists sync sessions, the latest first: whose, when, how they ended, and\n"
      "for each datastore what came and went (added+replaced-deleted).  They\n"
      "are kept as long as SyncMLKeep says." },
    { "session", "show", "ID", 1, 1, ACCOUNT, 0, ctl_session_prepare,
      ctl_session_show, "show what a session did to each item",
      "Shows a session and each item that it changed: what the item was, and\n"
      "what it became.  Says of which somebody else has changed since, so that\n"
      "`session undo' would leave them alone." },
    { "session", "undo", "ID", 1, 1,
      ACCOUNT | CTL_BIT(OPT_FORCE) | CTL_BIT(OPT_DRY_RUN)
      | CTL_BIT(OPT_YES), 0, ctl_session_prepare, ctl_session_undo,
      "take a session back",
      "Puts each item that the session changed back to what it was before: what\n"
      "it added is deleted, what it changed or deleted is as it was.  Items that\n"
      "somebody else has changed since are left alone, unless --force is given.\n"
      "All devices get the changes.  The undo is a session of its own and can\n"
      "be taken back as well.  Asks on a terminal." },
    { "server-id", NULL, "", 0, 0, 0, 0, NULL, ctl_server_id,
      "print the server's name to devices",
      "Prints the server id: what DevInf and notifications say, and what a\n"
      "phone's sync profile must have as its server id.  It is settled by\n"
      "httpd's first start (SyncMLServerID, else a random name)." },
    { NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL }
};
