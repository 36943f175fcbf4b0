#!/usr/bin/python3
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
"""Carries SyncML messages between SyncEvolution's D-Bus server and HTTP.

Run inside a session bus of its own: syncevo_wake.py PATH-OF-DBUS-SERVER.
Reads commands from standard input, one in a line, and answers each in a line:

    (start)     ready
    san HEX     done POSTS | failed POSTS REASON

"san" hands the octets of a Server Alerted Notification to the D-Bus server,
as a phone's push router would.  The server then makes the client's messages
and says with each where it belongs; they are posted from here and the answers
handed back, until the server ends the connection.
"""

import subprocess
import sys
import threading
import urllib.request

from gi.repository import Gio, GLib

BUS_NAME = 'org.syncevolution'
SAN_TYPE = 'application/vnd.syncml.ds.notification'
HTTP_TIMEOUT = 60
SESSION_TIMEOUT = 30


class Failure(Exception):
    pass


class Carrier:
    def __init__(self, bus):
        self.bus = bus
        self.loop = GLib.MainLoop()
        self.sessions = set()
        self.posts = 0

    def call(self, path, iface, method, args):
        return self.bus.call_sync(BUS_NAME, path, iface, method, args, None,
                                  Gio.DBusCallFlags.NONE, 60000, None)

    def process(self, data, content_type):
        """Answers come as signals; the call itself may take as long as the
        server likes, so it must not block the loop."""
        args = GLib.Variant.new_tuple(
            GLib.Variant.new_from_bytes(GLib.VariantType.new('ay'),
                                        GLib.Bytes.new(data), True),
            GLib.Variant.new_string(content_type))

        def done(bus, result):
            try:
                bus.call_finish(result)
            except GLib.Error as ex:
                self.end('Process: %s' % ex.message)

        self.bus.call(BUS_NAME, self.path, BUS_NAME + '.Connection',
                      'Process', args, None, Gio.DBusCallFlags.NONE, 600000,
                      None, done)

    def end(self, why):
        if self.why is None:
            self.why = why
        self.loop.quit()

    def on_signal(self, bus, sender, path, iface, name, args):
        if path != self.path:
            return
        if name == 'Abort':
            self.end('the D-Bus server gave up')
            return
        data, content_type, meta, final, _session = args.unpack()
        data = bytes(data)
        if final:
            self.end('')
            return
        try:
            reply, reply_type = self.post(meta['URL'], data, content_type)
        except (OSError, KeyError, ValueError) as ex:
            self.close(False, str(ex))
            self.end('HTTP: %s' % ex)
            return
        self.process(reply, reply_type)

    def on_session(self, bus, sender, path, iface, name, args):
        session, active = args.unpack()
        if active:
            self.sessions.add(session)
        else:
            self.sessions.discard(session)
            self.loop.quit()

    def wait_for_session(self):
        """The connection ends before the client has finished its own work
        (waiting for its files' next second, writing its report)."""
        late = []
        timer = GLib.timeout_add_seconds(
            SESSION_TIMEOUT, lambda: late.append(1) or self.loop.quit() or True)
        while self.sessions and not late:
            self.loop.run()
        GLib.source_remove(timer)
        if late:
            self.why = 'the session does not end'

    def post(self, url, data, content_type):
        self.posts += 1
        request = urllib.request.Request(
            url, data=data, headers={'Content-Type': content_type})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=HTTP_TIMEOUT) as answer:
            return answer.read(), answer.headers.get('Content-Type', '')

    def close(self, good, text):
        try:
            self.call(self.path, BUS_NAME + '.Connection', 'Close',
                      GLib.Variant('(bs)', (good, text)))
        except GLib.Error as ex:
            if 'UnknownMethod' not in ex.message:
                print('Close: %s' % ex.message, file=sys.stderr)

    def san(self, octets):
        """Returns '' or why it failed."""
        self.why = None
        watch = self.bus.signal_subscribe(
            BUS_NAME, BUS_NAME + '.Server', 'SessionChanged', None, None,
            Gio.DBusSignalFlags.NONE, self.on_session)
        self.path = self.call(
            '/org/syncevolution/Server', BUS_NAME + '.Server', 'Connect',
            GLib.Variant('(a{ss}bs)', ({'transport': 'WAP push',
                                        'description': 'SMS'}, True, ''))
        ).unpack()[0]
        signals = self.bus.signal_subscribe(
            BUS_NAME, BUS_NAME + '.Connection', None, self.path, None,
            Gio.DBusSignalFlags.NONE, self.on_signal)
        try:
            self.process(octets, SAN_TYPE)
            self.loop.run()
            if self.why is None:
                self.why = 'the session ended without a last word'
            elif self.why == '':
                self.close(True, '')
            self.wait_for_session()
        finally:
            self.bus.signal_unsubscribe(signals)
            self.bus.signal_unsubscribe(watch)
        return self.why


def start_server(bus, program):
    server = subprocess.Popen(
        [program, '--no-syslog', '--stdout', '--duration=unlimited'],
        stdin=subprocess.DEVNULL, stdout=sys.stderr)
    loop = GLib.MainLoop()
    Gio.bus_watch_name_on_connection(
        bus, BUS_NAME, Gio.BusNameWatcherFlags.NONE,
        lambda *args: loop.quit(), None)
    GLib.timeout_add_seconds(20, loop.quit)
    loop.run()
    if server.poll() is not None:
        raise Failure('the D-Bus server ended with %d' % server.returncode)
    return server


def main():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
    answers = sys.stdout
    server = start_server(bus, sys.argv[1])
    try:
        print('ready', file=answers, flush=True)
        for line in sys.stdin:
            command, _, argument = line.strip().partition(' ')
            carrier = Carrier(bus)
            try:
                if command != 'san':
                    raise Failure('unknown command %s' % command)
                why = carrier.san(bytes.fromhex(argument))
            except (Failure, GLib.Error, ValueError) as ex:
                why = str(ex)
            print('failed %d %s' % (carrier.posts, why.replace('\n', ' '))
                  if why else 'done %d' % carrier.posts,
                  file=answers, flush=True)
    finally:
        server.terminate()
        killer = threading.Timer(5, server.kill)
        killer.start()
        server.wait()
        killer.cancel()


if __name__ == '__main__':
    main()
