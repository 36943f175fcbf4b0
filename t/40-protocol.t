#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# SyncML by the letter, with a client of our own: statuses and references,
# DevInf, versions, the session's URI, repeated messages, and the HTTP around
# it that old phones need.  Each answer is judged besides (Test::SyncML::Judge).
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Encode ();
use Test::More;
use IO::Socket::INET;
use Test::Httpd;
use Test::Samples qw(sample vcard server_items server_count server_names);
use Test::SyncML qw(:all);
use Test::SyncML::Codec qw(kids kid text path);
use Test::SyncML::Phone;

my $h = Test::Httpd->syncml(push => 0,
    modules => [qw(filter deflate)], conf => <<'END');
SyncMLServerID the-server
<Location "/deflate">
    SetHandler syncml
    SetOutputFilter DEFLATE
</Location>
END
my $url = $h->url('/syncml');

sub by_number { return $main::a <=> $main::b }

sub client { return Test::SyncML->new(url => $url, @_) }

# The client's verdicts on all that it got.
sub fine {
    my ($c, $what) = @_;
    is join("\n", $c->problems), '', "$what: answers are right";
    $c->forgive;
    return;
}

my @ALL = map { my $v = $_; map { [ $v, $_ ] } qw(wbxml xml) } qw(1.0 1.1 1.2);

# ---- the first package, in every version and encoding -----------------------

for (@ALL) {
    my ($v, $f) = @$_;
    subtest "first package, $v $f" => sub {
        my $c = client(version => $v, format => $f, max_obj => 100000);
        my $a = $c->send($c->put_devinf, $c->get_devinf,
            alert(201, 'contacts', './c', undef, 'one'),
            alert(200, './Notes', './n', undef, 'two'));
        fine($c, 'message 1');
        like $a->status('SyncHdr'), qr/^2(?:00|12)$/, 'SyncHdr accepted';
        is_deeply [ map {"$_->{ref} $_->{cmd} $_->{data}"}
                    grep { $_->{cmd} ne 'SyncHdr' } $a->statuses ],
            [ '1 Put 200', '2 Get 200', '3 Alert 200', '4 Alert 508' ],
            'statuses; a two-way sync without history becomes slow';
        my @hdr = $a->statuses('SyncHdr');
        is $hdr[0]{target}, $url, 'TargetRef of SyncHdr';
        is $hdr[0]{source}, $c->{id}, 'SourceRef of SyncHdr';
        my @st = $a->statuses('Alert');
        is_deeply [ map { [ @$_{qw(target source)} ] } @st ],
            [ [ 'contacts', './c' ], [ './Notes', './n' ] ],
            'an Alert is answered under the names that it used';
        is_deeply [ map { text($_->{node}, qw(Item Data Anchor Next)) } @st ],
            [ 'one', 'two' ], 'its Status repeats the Next anchor';
        my @alerts = $a->alerts;
        is_deeply [ map { [ @$_{qw(code target source)} ] } @alerts ],
            [ [ 201, './c', 'contacts' ], [ 201, './n', './Notes' ] ],
            'the server alerts the same datastores, both for a slow sync';
        ok !(grep { !length($_->{next} // '') } @alerts), 'with Next anchors';
        ok $a->final, 'the package is complete';
        is $a->msg, 1, 'MsgID 1';
        like $a->hdr('RespURI'), qr/^\Q$url\E\?./, 'RespURI continues the Target';

        my ($results) = $a->commands('Results');
        ok $results, 'Results came';
        is text($results, 'CmdRef'), 2, '... for the Get';
        is text($results, 'MsgRef'), 1, '... of this message';
        is text($results, qw(Meta Type)),
            "application/vnd.syncml-devinf+$f", '... in the encoding asked for';
        is text($results, qw(Item Source LocURI)), $c->devinf_uri,
            '... as ' . $c->devinf_uri;
        my $d = $a->devinf;
        ok $d, '... with a DevInf' or return;
        is text($d, 'VerDTD'), $v, 'DevInf: of the same version';
        is text($d, 'DevID'), 'the-server', 'DevInf: DevID is the server id';
        is text($d, 'DevTyp'), 'server', 'DevInf: DevTyp';
        for (qw(UTC SupportLargeObjs SupportNumberOfChanges)) {
            is !!kid($d, $_), $v ne '1.0', "DevInf: $_ from 1.1 on";
        }
        my @stores = kids($d, 'DataStore');
        is scalar(@stores), 5, 'DevInf: five datastores';
        for my $s (@stores) {
            my $name = text($s, 'SourceRef');
            is_deeply [ map { text($_) } kids(kid($s, 'SyncCap')) ],
                [ 1 .. 7 ], "DevInf: $name does all seven sync types";
            ok length text($s, $_, 'CTType'), "DevInf: $name has $_"
                for qw(Rx-Pref Tx-Pref);
        }
        my %seen = map { lc(text($_, 'SourceRef') =~ s{^\./}{}r) => 1 } @stores;
        ok $seen{$_}, "DevInf: $_ is offered"
            for qw(contacts calendar tasks notes journal);

        # The next message goes to the RespURI.
        $a = $c->send(status_cmd(1, undef, 200),
            map { status_cmd(1, $_->{node}, 200) } @alerts);
        fine($c, 'message 2');
        like $a->status('SyncHdr'), qr/^2(?:00|12)$/, 'message 2 is accepted';
        is $a->msg, 2, '... as the second';
    };
}

# ---- statuses ---------------------------------------------------------------

# A session in which changes may come: returns the client and the answer.
sub opened {
    my (%o) = @_;
    my $c = client(%o);
    my $a = $c->send($c->put_devinf, alert(201, 'contacts', './c', undef, 'a'),
                     alert(201, 'notes', './n', undef, 'a'));
    $c->{server_alerts} = [ map { status_cmd($a->msg, $_->{node}, 200) }
                            $a->alerts ];
    $c->{server_msg} = $a->msg;
    return $c;
}

# One message of changes with all that belongs to it.
sub change {
    my ($c, $o, @commands) = @_;
    return $c->send({ final => 0, %$o },
        status_cmd($c->{server_msg}, undef, 200), splice(@{ $c->{server_alerts} }),
        @commands);
}

my $VCARD = 'text/vcard';

for (@ALL) {
    my ($v, $f) = @$_;
    subtest "statuses of changes, $v $f" => sub {
        my $c = opened(version => $v, format => $f);
        my $a = change($c, {}, sync_cmd('contacts', './c',
            add('1', $VCARD, vcard("Anna1 $v$f")),
            replace('2', $VCARD, vcard("Bert2 $v$f")),
            delete_cmd('3'),
            add('4', 'image/png', 'not a contact'),
            add('5', $VCARD, 'no contact either'),
            add('6', $VCARD, ''),
            cmd('Copy', item(source => '1', target => '7')),
            replace('1', $VCARD, vcard("Anna1 $v$f again"))),
            sync_cmd('notes', './n', add('1', 'text/plain', "note $v$f")));
        fine($c, 'the message');
        my %code;
        push @{ $code{$_->{cmd}} }, $_->{data} for $a->statuses;
        is_deeply $code{Sync}, [ 200, 200 ], 'Sync: 200 for each datastore';
        is $code{Add}[0], 201, 'Add: 201';
        is $code{Replace}[0], 201, 'Replace of what the server never had: 201';
        is $code{Delete}[0], 211, 'Delete of what the server never had: 211';
        is $code{Add}[1], 415, 'Add of a type that is not the datastore\'s: 415';
        like $code{Add}[2], qr/^4(?:00|15)$/, 'Add of a broken item: refused';
        like $code{Add}[3], qr/^4(?:00|15)$/, 'Add of nothing: refused';
        is $code{Copy}[0], 200, 'Copy of what has just been added: 200';
        is $code{Replace}[1], 200, 'Replace of what has just been added: 200';
        is $code{Add}[4], 201, 'Add of a note: 201';
        my @refs = map { $_->{ref} } $a->statuses;
        is_deeply [ sort by_number @refs ], \@refs,
            'statuses come in the order of the commands';
        is_deeply [ map { $_->{source} } $a->statuses('Add') ],
            [ 1, 4, 5, 6, 1 ], 'SourceRef names the item';
        ok !$a->final, 'the server waits for the rest of the package';
    };
}

{
    # Six sessions have left two contacts with a copy of one and one note each,
    # two of which look the same only to a careless server.
    my $contacts = server_items($h, 'alice', 'contacts');
    is scalar(keys %$contacts), 18, 'the good changes are in the store';
    is scalar(grep { /again/ } values %$contacts), 6, 'so are the replaced ones';
    is server_count($h, 'alice', 'notes'), 6, 'so are the notes';
}

subtest 'statuses of other commands' => sub {
    my $c = client();
    my $a = $c->send(
        cmd('Get', meta(Type => $c->devinf_type), item(target => './nothing')),
        alert(100, undef, undef),
        cmd('Alert', [ 'Data', 999 ], item(target => 'x', source => 'y')),
        alert(200, 'nosuchplace', './x', undef, 'a'),
        cmd('Exec', item(target => 'rm -rf')),
        cmd('Search', meta(Type => 'text/vcard'), item(target => 'contacts')),
        cmd('Put', meta(Type => 'text/plain'), item(source => './what',
                                                   data => 'ever')),
        sync_cmd('contacts', './c', add('1', $VCARD, vcard('Early1'))),
        map_cmd('contacts', './c', 'abc' => 'def'));
    fine($c, 'the message');
    my %code = map { $_->{cmd} => $_->{data} } $a->statuses;
    my @alerts = map { $_->{data} } $a->statuses('Alert');
    is $code{Get}, 404, 'Get of something unknown: 404';
    is $alerts[0], 200, 'Alert 100: 200';
    is $alerts[1], 406, 'an unknown alert: 406';
    is $alerts[2], 404, 'Alert for an unknown datastore: 404';
    like $code{Exec}, qr/^(?:406|501)$/, 'Exec is not supported';
    like $code{Search}, qr/^(?:406|501)$/, 'Search is not supported';
    like $code{Put}, qr/^[45]\d\d$/, 'Put of something else is refused';
    like $code{Sync}, qr/^4\d\d$/, 'Sync before its Alert is refused';
    like $code{Add}, qr/^[45]\d\d$/, '... and so is what it holds';
    like $code{Map}, qr/^[45]\d\d$/, 'Map before its Alert is refused';
    is scalar(grep { /Early1/ } values %{ server_items($h, 'alice', 'contacts') }),
        0, 'nothing of it is in the store';
};

subtest 'Atomic and Sequence' => sub {
    for my $name (qw(Atomic Sequence)) {
        my $c = opened();
        my $a = change($c, {}, sync_cmd('contacts', './c', cmd($name,
            add('1', $VCARD, vcard("Inner1 $name")))));
        fine($c, $name);
        my $code = $a->status($name) // '';
        my ($add) = $a->statuses('Add');
        my $stored = grep { /Inner1 $name/ }
            values %{ server_items($h, 'alice', 'contacts') };
        is $code, 200, "$name: done";
        is $add && $add->{data}, 201, '... and its Add too';
        is $stored, 1, '... the item is there';
    }
};

subtest 'several items in one command' => sub {
    my $c = opened();
    my @items = map { item(source => "m$_", data => \vcard("Many$_")) } 1 .. 3;
    my $a = change($c, {}, sync_cmd('contacts', './c',
        cmd('Add', meta(Type => $VCARD), @items)));
    fine($c, 'Add');
    my @statuses = $a->statuses('Add');
    my @refs = map { map { text($_) } kids($_->{node}, 'SourceRef') } @statuses;
    is_deeply [ sort @refs ], [qw(m1 m2 m3)], 'each item is answered';
    is join(' ', grep { $_ ne 201 } map { $_->{data} } @statuses), '',
        'with 201';
    $a = $c->send({ final => 0 }, status_cmd($a->msg, undef, 200),
        sync_cmd('contacts', './c', cmd('Delete',
            map { item(source => "m$_") } 1 .. 3)));
    is join(' ', grep { $_ ne 200 } map { $_->{data} } $a->statuses('Delete')),
        '', 'Delete of three items: 200';
};

subtest 'NoResp' => sub {
    my $c = opened();
    my $quiet = add('1', $VCARD, vcard('Quiet1'));
    splice @$quiet, 2, 0, ['NoResp'];
    my $a = change($c, {}, sync_cmd('contacts', './c', $quiet,
        add('2', $VCARD, vcard('Loud2'))));
    is_deeply [ map { $_->{source} } $a->statuses('Add') ], [2],
        'a command with NoResp gets no Status';
    like server_names($h, 'alice', 'contacts'), qr/Quiet1/,
        '... but is done';
};

subtest 'an unknown element is passed over' => sub {
    my $c = client(format => 'xml');
    my $a = $c->send({ mangle => sub {
        $_[0] =~ s{<Alert>}{<Alert><Surprise>1</Surprise>}r } },
        alert(201, 'contacts', './c', undef, 'a'));
    is $a->code, 200, 'HTTP 200';
    is $a->status('Alert'), 200, 'the Alert is understood';
};

# ---- names ------------------------------------------------------------------

subtest 'names of datastores' => sub {
    my %alias = (
        contacts => [qw(contacts contact Contact card scard card3 con
                        addressbook ./Contact/Unfiled)],
        calendar => [qw(calendar cal scal cal2 event events
                        ./calendar/events)],
        tasks    => [qw(tasks task stask todo jobs task2 ./calendar/tasks
                        ./EventTask/Tasks)],
        notes    => [qw(notes note snote memo pnote ./notes)],
        journal  => [qw(journal Journals vjournal sjournal diary
                        ./calendar/journal)],
    );
    my %type = (contacts => $VCARD, calendar => 'text/calendar',
                tasks => 'text/calendar', notes => 'text/plain',
                journal => 'text/calendar');
    my %text = map { $_ => sample($_, "Alias1 $_") } keys %alias;
    for my $name (sort keys %alias) {
        # Each name as it is, and in one of its disguises.
        my ($n, @try) = 0;
        for my $path (@{ $alias{$name} }) {
            push @try, $path, (uc $path, "./$path" =~ s{^\./\./}{./}r,
                               "$path?x=1&y=2")[ $n++ % 3 ];
        }
        for my $path (@try) {
            my $c = client();
            my $a = $c->send($c->get_devinf,
                             alert(201, $path, './x', undef, '1'));
            is $a->status('Alert'), 200, "$path is $name";
            my ($alert) = $a->alerts;
            is $alert->{source}, $path, "... and the server calls it so";
            my $b = $c->send(status_cmd(1, undef, 200),
                status_cmd(1, $alert->{node}, 200),
                sync_cmd($path, './x', add('1', $type{$name}, $text{$name})));
            like $b->status('Add'), qr/^20[01]$/, '... and takes an item';
            is join("\n", $c->problems), '', '... with right answers'
                or last;
        }
        is scalar(grep { /Alias1 $name/ }
                  values %{ server_items($h, 'alice', $name) }), 1,
            "the $name item is there once, under all its names";
    }
};

subtest 'an empty Target' => sub {
    my $c = client();
    my $a = $c->send(alert(201, '', 'contacts', undef, '1'));
    is $a->status('Alert'), 200, "the device's own name serves";
};

# ---- the session's URI, its ids ---------------------------------------------

subtest 'RespURI' => sub {
    for my $target ('http://phones.example.org:8443/sync/here',
                    'https://other.example.net/syncml',
                    'http://127.0.0.1/syncml/', "$url?user=x") {
        my $c = client(target => $target);
        my $a = $c->send(alert(201, 'contacts', './c', undef, '1'));
        my $uri = $a->hdr('RespURI') // '';
        my ($base) = $target =~ /^([^?]*)/;
        like $uri, qr/^\Q$base\E\?/, "$target goes on as $uri";
        fine($c, $target);
    }
    my $one = client();
    my @uris = map { $one->begin; $one->send(alert(201, 'contacts', './c',
        undef, '1'))->hdr('RespURI') } 1 .. 3;
    my %seen = map { $_ => 1 } @uris;
    is scalar(keys %seen), 3, 'each session has one of its own';
    ok !(grep { length > 250 } @uris), 'not too long for a phone';
};

subtest 'the whole session under the RespURI or under the first Target' => sub {
    for my $retarget (0, 1) {
        my $p = Test::SyncML::Phone->new(url => $url, retarget => $retarget);
        $p->put(contacts => vcard("Target$retarget"));
        my $r = $p->sync(201, 'contacts');
        ok $r->{ok}, "retarget $retarget" or diag $r->{why};
        fine($p, "retarget $retarget");
    }
};

subtest 'MsgID' => sub {
    my $p = Test::SyncML::Phone->new(url => $url);
    $p->begin(msg => 7);
    $p->put(contacts => vcard('Seven7'));
    my $r = $p->sync(201, 'contacts');
    ok $r->{ok}, 'a session may begin with MsgID 7' or diag $r->{why};
    fine($p, 'MsgID 7');

    # Ids are texts to the device: they come back as they are.
    for my $session ('007', 'FFFF', '4294967295', 'a-b_c.d') {
        my $c = client(session => $session);
        $c->begin(session => $session);
        my $a = $c->send(alert(201, 'contacts', './c', undef, '1'));
        is $a->hdr('SessionID'), $session, "SessionID $session";
    }
};

subtest 'a message again' => sub {
    for my $f (qw(wbxml xml)) {
        my $c = client(format => $f, auth => 'md5');
        my $count = server_count($h, 'alice', 'contacts');
        # Nonce of an unknown device: the first message is challenged.
        $c->send(alert(201, 'contacts', './c', undef, '1'));
        my $same = sub {
            my ($a, $what) = @_;
            for my $n (1, 2) {
                my $b = $c->resend;
                is $b->code, 200, "$f: $what: HTTP 200 for repetition $n";
                ok $b->body eq $a->body, "$f: $what: the same octets";
            }
        };
        my $a = $c->send($c->put_devinf,
                         alert(201, 'contacts', './c', undef, '1'));
        is $a->status('Alert'), 200, "$f: logged in";
        $same->($a, 'first package');
        my ($alert) = $a->alerts;
        $a = $c->send({ final => 0 }, status_cmd($a->msg, undef, 200),
            status_cmd($a->msg, $alert->{node}, 200),
            sync_cmd('contacts', './c', add('1', $VCARD, vcard("Again1$f"))));
        $same->($a, 'changes');
        is server_count($h, 'alice', 'contacts'), $count + 1,
            "$f: the item is there once";
        $a = $c->send(status_cmd($a->msg, undef, 200));
        $same->($a, 'end of the package');
        fine($c, $f);
    }
};

# ---- HTTP -------------------------------------------------------------------

subtest 'content types' => sub {
    my @types = map { my $t = "application/vnd.syncml+$_";
        map { [ $_, $t =~ /(\w+)$/ ] } $t, "$t; charset=UTF-8",
            "$t;charset=\"utf-8\"", uc $t, "$t ; x=y; charset=utf-8" }
        qw(wbxml xml);
    for (@types) {
        my ($type, $f) = @$_;
        my $c = client(format => $f);
        my $octets = $c->octets($c->message({},
            alert(201, 'contacts', './c', undef, '1')));
        my $r = $c->post($octets, type => $type);
        is $r->{status}, 200, $type;
        is $r->{headers}{'content-type'}, "application/vnd.syncml+$f",
            '... answered as exactly its type';
    }
};

subtest 'XML in other character sets' => sub {
    my %to = (
        'ISO-8859-1' => sub { Encode::encode('ISO-8859-1', $_[0]) },
        'US-ASCII' => sub { $_[0] =~ s/\xf6/&#246;/gr },
        'UTF-16' => sub { Encode::encode('UTF-16', $_[0]) },
    );
    for my $set (sort keys %to) {
        my $c = client(format => 'xml');
        my $a = $c->send({ mangle => sub {
            $to{$set}->(Encode::decode('UTF-8', $_[0]) =~ s/UTF-8/$set/r) } },
            alert(201, 'contacts', "./J\xc3\xb6rg", undef, '1'));
        my ($alert) = $a->alerts;
        is $alert && $alert->{target}, "./J\xc3\xb6rg", "$set is understood";
        fine($c, $set);
    }
};

subtest 'public id as a string' => sub {
    for my $v (qw(1.0 1.1 1.2)) {
        my $c = client(version => $v, public => 'string');
        my $a = $c->send($c->put_devinf,
                         alert(201, 'contacts', './c', undef, '1'));
        is $a->status('Alert'), 200, "$v by name";
        is $a->status('Put'), 200, "$v by name, DevInf too";
        fine($c, $v);
    }
};

# Decoders that are neither the server's nor ours: libwbxml, libxml2.
subtest 'other decoders read the answers' => sub {
    my %tool = (wbxml => 'wbxml2xml', xml => 'xmllint');
    for (@ALL) {
        my ($v, $f) = @$_;
        my $tool = $tool{$f};
        SKIP: {
            skip "$tool is not installed", 1
                unless grep { -x "$_/$tool" } split /:/, $ENV{PATH};
            my $p = Test::SyncML::Phone->new(url => $url, version => $v,
                                             format => $f);
            my $r = $p->sync(201, 'contacts');
            my ($bad, $items) = ('', 0);
            for my $a (@{ $r->{answers} }) {
                my $file = "$h->{dir}/tmp/answer.$f";
                Test::Httpd::spew($file, $a->body);
                my ($rc, $out, $err) = $f eq 'xml'
                    ? $h->run(\'', 'xmllint', '--nonet', $file)
                    : $h->run(\'', 'wbxml2xml', '-k', '-o', '-', $file);
                $bad .= "$err\n" if $rc;
                $items += () = $out =~ /<Add>/g;
                $bad .= "version\n" if $out !~ m{<VerDTD>\Q$v\E</VerDTD>};
            }
            is $bad, '', "$tool reads all of $v $f";
            is $items, scalar(keys %{ $p->items('contacts') }),
                "... and sees all $items items";
        }
    }
};

subtest 'length, never compressed or chunked' => sub {
    for my $path ('/syncml', '/deflate') {
        my $p = Test::SyncML::Phone->new(url => $h->url($path),
            headers => { 'Accept-Encoding' => 'gzip, deflate',
                         'Accept' => '*/*' });
        my $r = $p->sync(201, 'contacts');
        ok $r->{ok}, $path or diag $r->{why};
        ok scalar(keys %{ $p->items('contacts') }), "$path: items came";
        fine($p, $path);
    }
};

subtest 'requests as HTTP allows them' => sub {
    my $c = client();
    my $octets = $c->octets($c->message({},
        alert(201, 'contacts', './c', undef, '1')));
    my $talk = sub {
        my ($head, $body) = @_;
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $h->port)
            or die "connect: $!\n";
        print $s "POST /syncml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            . "Content-Type: application/vnd.syncml+wbxml\r\n$head\r\n$body";
        local $/;
        return readline $s;
    };
    my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
        unpack '(a50)*', $octets;
    like $talk->("Transfer-Encoding: chunked\r\n", "${chunks}0\r\n\r\n"),
        qr{^HTTP/1.1 200 }, 'a chunked request';
    like $talk->('Content-Length: ' . length($octets) . "\r\nExpect: "
                 . "100-continue\r\n", $octets),
        qr{HTTP/1.1 200 }, 'Expect: 100-continue';
};

# ---- size -------------------------------------------------------------------

subtest 'MaxMsgSize' => sub {
    my $source = Test::SyncML::Phone->new(url => $url, per_message => 20);
    $source->put(contacts => vcard("Size$_", note => 'x' x (40 * ($_ % 20))))
        for 1 .. 60;
    ok $source->sync(200, 'contacts')->{ok}, '60 contacts more';
    my $all = server_count($h, 'alice', 'contacts');
    for my $f (qw(wbxml xml)) {
        for my $max (1500, 4000, 10000, 63999) {
            my $p = Test::SyncML::Phone->new(url => $url, format => $f,
                max_msg => $max, put_devinf => $max < 4000 ? 0 : 'once');
            my $r = $p->sync(201, 'contacts');
            ok $r->{ok}, "$f in $max octets" or diag $r->{why};
            is scalar(keys %{ $p->items('contacts') }), $all,
                "$f in $max octets: all items";
            is $r->{number}{contacts}, $all, "$f in $max octets: NumberOfChanges"
                if $max >= 4000;
            fine($p, "$f in $max octets");
            my @full = grep { length $_->body > 0.6 * $max } @{ $r->{answers} };
            cmp_ok scalar(@full), '>', 1, "$f in $max octets: well filled"
                if $max <= 10000;
        }
    }
};

done_testing;
