#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# Bad input of every kind: a clear answer, in good time, and nothing in the
# store is lost or changed; the next good sync works.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use IO::Socket::INET;
use Test::Httpd;
use Test::Samples qw(sample vcard server_items server_count names_of);
use Test::SyncML qw(:all);
use Test::SyncML::Codec qw(kid kids text encode);
use Test::SyncML::Phone;
use Time::HiRes qw(sleep time);

my $MAX = 65536;
my $h = Test::Httpd->syncml(push => 0,
    in_location => "SyncMLMaxMsgSize $MAX");
# What we do here is worth a warning each, but no error of the module's own.
$h->expect_log(qr/\[syncml:(?:warn|notice)\]/);
my $url = $h->url('/syncml');
my %TYPE = map { $_ => "application/vnd.syncml+$_" } qw(wbxml xml);

sub client { return Test::SyncML->new(url => $url, @_) }
sub hello { return alert(201, 'contacts', './c', undef, '1') }

# ---- the store, as it is ----------------------------------------------------

my $db = "$h->{dir}/state/syncml.db";

sub dump_store {
    my ($rc, $out, $err) = $h->run(\'', 'sqlite3', '-readonly', $db, '.dump');
    die "sqlite3: $rc $err" if $rc;
    $h->own("$h->{dir}/state");
    return $out;
}

my $phone = Test::SyncML::Phone->new(url => $url);
$phone->put(contacts => vcard($_)) for qw(Anna1 Bert2 Cora3);
ok $phone->sync(201, 'contacts')->{ok}, 'a phone with three contacts';
my $before = dump_store();
my $items = server_items($h, 'alice', 'contacts');

# Nothing at all has changed, not even a time or a session.
sub untouched {
    my ($what) = @_;
    my $now = dump_store();
    ok $now eq $before, "$what: the store is untouched";
    $before = $now;
    return;
}

sub items_untouched {
    my ($what) = @_;
    is_deeply server_items($h, 'alice', 'contacts'), $items,
        "$what: the items are untouched";
    return;
}

# Post; the HTTP status must be the expected one, the answer quick and never
# HTML with 200.
sub post {
    my ($what, $octets, $expected, %o) = @_;
    my $start = time;
    my $r = $h->http('POST', $o{url} || '/syncml', {
        content => $octets,
        headers => { defined $o{type} ? ('Content-Type' => $o{type}) : () } });
    my $took = time - $start;
    is $r->{status}, $expected, "$what: HTTP $expected"
        or diag substr($r->{content}, 0, 200) =~ s/[^ -~]/./gr;
    cmp_ok $took, '<', 2 * Test::Httpd::slow(), "$what: in good time";
    my $type = $r->{headers}{'content-type'} // '';
    isnt "$r->{status} $type" =~ /^200 text/ || 0, 1, "$what: no page with 200";
    return $r;
}

sub message {
    my ($f, @commands) = @_;
    my $c = client(format => $f);
    return $c->octets($c->message({}, @commands ? @commands : hello()));
}

# ---- HTTP -------------------------------------------------------------------

subtest 'methods and types' => sub {
    my $good = message('wbxml');
    my $get = $h->http('GET', '/syncml');
    is $get->{status}, 200, 'GET answers';
    like $get->{headers}{'content-type'}, qr{^text/html}, '... with a page';
    like $get->{content}, qr/SyncML/, '... about SyncML';
    for my $method (qw(PUT DELETE PROPFIND)) {
        my $r = $h->http($method, '/syncml', { content => $good,
            headers => { 'Content-Type' => $TYPE{wbxml} } });
        is $r->{status}, 405, "$method: 405";
        like $r->{headers}{allow} // '', qr/POST/, "$method: with Allow";
    }
    for my $type ('text/html', 'application/octet-stream',
                  'application/vnd.syncml+json', 'application/vnd.syncml',
                  'application/vnd.syncml.dm+wbxml', 'multipart/mixed; '
                  . 'boundary=x', '', 'x' x 3000) {
        post("type '" . substr($type, 0, 40) . "'", $good, 415,
             type => $type);
    }
    post('no type', $good, 415);
    post('empty body', '', 400, type => $TYPE{$_}) for qw(wbxml xml);
    post('the other encoding', $good, 400, type => $TYPE{xml});
    post('the other encoding', message('xml'), 400, type => $TYPE{wbxml});
    untouched('methods and types');
};

subtest 'too large' => sub {
    for my $f (qw(wbxml xml)) {
        my $big = message($f, hello(), cmd('Put', item(source => 'x',
            data => 'x' x ($MAX + 65536))));
        post("$f of " . length($big), $big, 413, type => $TYPE{$f});
    }
    # Said to be large, and said nothing but large.
    my $talk = sub {
        my ($head, $body, $pause) = @_;
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $h->port)
            or die "connect: $!\n";
        local $SIG{PIPE} = 'IGNORE';
        print $s "POST /syncml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            . "Content-Type: $TYPE{wbxml}\r\n$head\r\n$body";
        my $answer = '';
        local $SIG{ALRM} = sub { die "timeout\n" };
        alarm 20;
        1 while sysread $s, $answer, 65536, length $answer;
        alarm 0;
        return $answer =~ /^HTTP\/1.1 (\d+)/ ? $1 : 'nothing';
    };
    is $talk->("Content-Length: 4000000000\r\n", 'x'), 413,
        'a large Content-Length is refused before the body';
    is $talk->("Content-Length: 99999999999999999999\r\n", 'x'), 400,
        'an impossible Content-Length';
    my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
        ('x' x 10000) x 40;
    is $talk->("Transfer-Encoding: chunked\r\n", "${chunks}0\r\n\r\n"), 413,
        'chunked and too large';
    untouched('too large');
};

# ---- broken documents -------------------------------------------------------

subtest 'truncated' => sub {
    for my $f (qw(wbxml xml)) {
        my $c = client(format => $f);
        my $good = $c->octets($c->message({}, $c->put_devinf, hello()));
        my $n = length $good;
        my @wrong;
        for (my $cut = 1; $cut < $n; $cut += 1 + int $n / 150) {
            my $r = $h->http('POST', '/syncml', {
                content => substr($good, 0, $cut),
                headers => { 'Content-Type' => $TYPE{$f} } });
            push @wrong, "$cut: $r->{status}" if $r->{status} != 400;
        }
        is "@wrong", '', "$f cut anywhere in $n octets: HTTP 400";
        post("$f with more after its end", "$good\0garbage", 400,
             type => $TYPE{$f});
    }
    untouched('truncated');
};

# WBXML by hand: header, then body octets.
my $HEAD = "\x02\xa4\x01\x6a\x00";
my $OPEN = $HEAD . "\x6d\x6c\x71\x03" . "1.2\x00\x01";      # SyncML SyncHdr VerDTD

sub table_head {
    my ($table) = @_;
    return "\x02\xa4\x01\x6a" . mb(length $table) . $table;
}

sub mb {
    my ($n) = @_;
    my $s = chr($n & 0x7f);
    $s = chr(0x80 | $n & 0x7f) . $s while $n >>= 7;
    return $s;
}

subtest 'WBXML' => sub {
    my $good = message('wbxml');
    my $body = substr $good, length $HEAD;
    my $table = ('a' x 1023) . "\0";
    my %bad = (
        'version octet 0' => "\x00" . substr($good, 1),
        'version octet 9' => "\x09" . substr($good, 1),
        'public id of provisioning' => "\x03\x0b\x6a\x00$body",
        'public id of SyncML DM' => "\x02\xa4\x03\x6a\x00$body",
        'unknown public id' => "\x02\xff\xff\x03\x6a\x00$body",
        'public id of six octets' => "\x02\x8f\xff\xff\xff\xff\x01\x6a\x00$body",
        'public id outside the table' => "\x02\x00\x7f\x6a\x02ab$body",
        'unknown public id as text' => "\x02\x00\x00\x6a\x07nothing$body",
        'charset KOI8-R' => "\x02\xa4\x01\x8f\x34\x00$body",
        'charset 0xffffffff' => "\x02\xa4\x01\x8f\xff\xff\xff\x7f\x00$body",
        'string table past the end' => "\x02\xa4\x01\x6a\x7f$body",
        'string table of 4 GB' => "\x02\xa4\x01\x6a\x8f\xff\xff\xff\x7f$body",
        'string table of 100 kB' => table_head('x' x 60000) . $body,
        'reference outside the table' => "$HEAD\x6d\x6c\x71\x83\x05\x01\x01\x01",
        'table bomb' => table_head($table) . "\x6d\x6c\x71"
            . ("\x83\x00" x 30000) . "\x01\x01\x01",
        'depth 5000' => $HEAD . ("\x6d" x 5000),
        'depth 60000 and back' => $HEAD . ("\x6d" x 30000) . ("\x01" x 30000),
        'depth in Data' => $HEAD . "\x6d\x6b" . ("\x6a\x45" x 15000),
        '60000 empty elements' => $HEAD . "\x6d\x6b" . ("\x05" x 60000)
            . "\x01\x01",
        'entity of 2^32' => "$OPEN\x72\x02\x8f\xff\xff\xff\x7f\x01\x01\x01",
        'entity of a surrogate' => "$OPEN\x72\x02\x83\xb0\x00\x01\x01\x01",
        'entity beyond Unicode' => "$OPEN\x72\x02\xc4\x80\x00\x01\x01\x01",
        'opaque of 4 GB' => "$OPEN\x72\xc3\x8f\xff\xff\xff\x7fabc",
        'opaque past the end' => "$OPEN\x72\xc3\x7fabc",
        'number of many octets' => "$OPEN\x72\xc3" . ("\x80" x 60) . "\x01a",
        'LITERAL' => $HEAD . "\x44\x00\x01",
        'LITERAL_AC' => table_head("x\0") . "\xc4\x00\x01\x01",
        'PI' => $HEAD . "\x43\x04\x00\x01",
        'EXT tokens' => "$OPEN\x72\x40abc\0\x80\x01\xc0\x01",
        'attributes' => $HEAD . "\xed\x05\x03x\0\x01\x01",
        'code page 9' => $HEAD . "\x6d\x00\x09\x45\x01\x01",
        'unknown token' => $HEAD . "\x6d\x7f\x01\x01",
        'two roots' => $good . $body,
        'no root' => $HEAD,
        'another root' => $HEAD . "\x5a\x01",
        'string without end' => "$OPEN\x72\x03abc",
        'invalid UTF-8' => "$OPEN\x72\x03ab\xff\xfe\0\x01\x01\x01",
        'ends too early' => $HEAD . "\x01\x01",
        'random octets' => join('', map { chr(($_ * 7919) % 251) } 1 .. 5000),
    );
    post($_, $bad{$_}, 400, type => $TYPE{wbxml}) for sort keys %bad;
    untouched('WBXML');
    # "Unknown or missing public identifier": the message says what it is.
    post('public id 1', "\x02\x01\x6a\x00$body", 200, type => $TYPE{wbxml});
    $before = dump_store();
};

subtest 'XML' => sub {
    my $good = message('xml');
    my ($decl, $rest) = $good =~ /^(<\?xml[^>]*>\n)(.*)/s;
    my $secret = "$h->{dir}/tmp/secret";
    Test::Httpd::spew($secret, "TOP-SECRET\n");
    chmod 0644, $secret;
    my $laughs = join '', map { my $p = $_ - 1;
        "<!ENTITY l$_ '" . ("&l$p;" x 10) . "'>" } 1 .. 9;
    my $params = join '', map { my $p = $_ - 1;
        "<!ENTITY % p$_ '" . ("&#37;p$p;" x 20) . "'>" } 1 .. 9;
    my $in = sub { my ($x) = @_; return $rest =~ s/(<LocName>)/$1$x/r };
    my %bad = (
        'billion laughs' => "$decl<!DOCTYPE SyncML [<!ENTITY l0 'ha'>$laughs]>"
            . $in->('&l9;'),
        'parameter entity laughs' => "$decl<!DOCTYPE SyncML [<!ENTITY % p0 "
            . "'ha'>$params %p9;]>$rest",
        'entity that contains itself' => "$decl<!DOCTYPE SyncML [<!ENTITY a "
            . "'&b;'><!ENTITY b '&a;'>]>" . $in->('&a;'),
        'quadratic entity' => "$decl<!DOCTYPE SyncML [<!ENTITY a '"
            . 'x' x 20000 . "'>]>" . $in->('&a;' x 5000),
        'a file of ours' => "$decl<!DOCTYPE SyncML [<!ENTITY f SYSTEM "
            . "'file://$secret'>]>" . $in->('&f;'),
        'a URL' => "$decl<!DOCTYPE SyncML [<!ENTITY f SYSTEM "
            . "'http://127.0.0.1:$h->{port}/syncml'>]>" . $in->('&f;'),
        'parameter entity from a file' => "$decl<!DOCTYPE SyncML [<!ENTITY % f "
            . "SYSTEM 'file://$secret'> %f;]>$rest",
        'default attributes' => "$decl<!DOCTYPE SyncML [<!ATTLIST SyncML x "
            . "CDATA 'y'>]>$rest",
        'undefined entity' => $decl . $in->('&nothing;'),
        'depth 5000' => $decl . ('<SyncML>' x 5000),
        'depth 3000 and back' => $decl . ('<Data>' x 3000) . ('</Data>' x 3000),
        'attributes 5000' => "$decl<SyncML "
            . join(' ', map {"a$_='1'"} 1 .. 5000) . '/>',
        'namespaces 2000' => "$decl<SyncML "
            . join(' ', map {"xmlns:a$_='x'"} 1 .. 2000) . '/>',
        'empty elements 15000' => "$decl<SyncML>" . ('<a/>' x 15000)
            . '</SyncML>',
        'not well-formed' => "$decl<SyncML><SyncHdr></SyncML>",
        'two roots' => "$good$rest",
        'text only' => 'Hello, is this SyncML?',
        'HTML' => '<html><body>x</body></html>',
        'another root' => "$decl<Other xmlns='SYNCML:SYNCML1.2'/>",
        'invalid UTF-8' => $decl . $in->("\xff\xfe"),
        'overlong UTF-8' => $decl . $in->("\xc0\x80"),
        'NUL' => $decl . $in->("\0"),
        'charset KOI8-R' => $good =~ s/UTF-8/KOI8-R/r,
        'charset EBCDIC' => $good =~ s/UTF-8/EBCDIC-US/r,
        'charset nonsense' => $good =~ s/UTF-8/no-such-set/r,
    );
    for my $what (sort keys %bad) {
        my $r = post($what, $bad{$what}, 400, type => $TYPE{xml});
        unlike $r->{content}, qr/TOP-SECRET/, "$what: nothing leaks";
    }
    untouched('XML');
    post('a DOCTYPE without subset is fine', $decl
        . '<!DOCTYPE SyncML PUBLIC "-//SYNCML//DTD SyncML 1.2//EN" '
        . '"http://www.example.org/no.dtd">' . $rest, 200, type => $TYPE{xml});
    $before = dump_store();
};

# ---- documents that are no messages -----------------------------------------

# The tree with changes by $edit.
sub edited {
    my ($f, $edit, @commands) = @_;
    my $c = client(format => $f);
    my $node = $c->message({}, @commands ? @commands : hello());
    $edit->($node);
    return $c->octets($node);
}

sub without {
    my ($node, @path) = @_;
    my $name = pop @path;
    $node = kid($node, $_) for @path;
    @$node = grep { !(ref eq 'ARRAY' && $_->[0] eq $name) } @$node;
    return;
}

subtest 'missing parts of a message' => sub {
    for my $f (qw(wbxml xml)) {
        for my $name (qw(VerDTD VerProto SessionID MsgID Target Source)) {
            post("$f without $name",
                edited($f, sub { without($_[0], 'SyncHdr', $name) }), 400,
                type => $TYPE{$f});
        }
        for my $name (qw(SyncHdr SyncBody)) {
            post("$f without $name", edited($f, sub { without($_[0], $name) }),
                 400, type => $TYPE{$f});
        }
        for my $name (qw(Target Source)) {
            post("$f, $name without LocURI", edited($f, sub {
                without($_[0], 'SyncHdr', $name, 'LocURI') }), 400,
                type => $TYPE{$f});
        }
        for my $value ('', 'x', '-1', '1.5', '99999999999999999999') {
            post("$f, MsgID '$value'", edited($f, sub {
                @{ kid(kid($_[0], 'SyncHdr'), 'MsgID') } = ('MsgID', $value) }),
                400, type => $TYPE{$f});
        }
    }
    untouched('missing parts of a message');
};

subtest 'versions' => sub {
    for my $f (qw(wbxml xml)) {
        for ([ VerDTD => '2.0', 505 ], [ VerDTD => 'x', 505 ],
             [ VerProto => 'SyncML/3.0', 513 ], [ VerProto => 'HTTP/1.1', 513 ]) {
            my ($name, $value, $code) = @$_;
            my $c = client(format => $f);
            my $a = $c->send({ judge => 0, hdr => { $name => $value } },
                             hello());
            is $a->code, 200, "$f $name $value: HTTP 200";
            is $a->status('SyncHdr'), $code, "$f $name $value: $code";
            my ($said) = map { $_->{node} } $a->statuses('SyncHdr');
            is join(' ', map { text($_, 'Data') } kids($said, 'Item')),
                $code == 505 ? '1.0 1.1 1.2'
                             : 'SyncML/1.0 SyncML/1.1 SyncML/1.2',
                '... and what is spoken here';
            unlike $a->status('Alert') // '', qr/^2/,
                "$f $name $value: nothing done";
        }
    }
    untouched('versions');
};

# From here on with credentials: the items must stay as they are.
my $VCARD = 'text/vcard';

sub opened {
    my (%o) = @_;
    my $c = client(%o);
    my $a = $c->send(hello());
    $c->{opening} = [ status_cmd($a->msg, undef, 200),
        map { status_cmd($a->msg, $_->{node}, 200) } $a->alerts ];
    return $c;
}

subtest 'missing parts of commands' => sub {
    for my $f (qw(wbxml xml)) {
        my $c = client(format => $f);
        my $bare = sub { my ($name, @kids) = @_; [ $name, @kids ] };
        my %first = (
            'Alert without Data' => cmd('Alert', item(target => 'contacts',
                                                      source => 'x')),
            'Alert without Item' => cmd('Alert', [ 'Data', 201 ]),
            'Alert without anchors' => alert(201, 'contacts', 'x'),
            'Alert without Next' => alert(200, 'contacts', 'x', 'last'),
            'Alert without Target and Source' =>
                alert(201, undef, undef, undef, '1'),
            'Alert with a word for a code' =>
                alert('slow', 'contacts', 'x', undef, '1'),
            'Get without Item' => cmd('Get'),
            'Put without Item' => cmd('Put'),
            'Put without Data' => cmd('Put', meta(Type => $c->devinf_type),
                                      item(source => $c->devinf_uri)),
            'Put of a DevInf that is none' => cmd('Put',
                meta(Type => $c->devinf_type),
                item(source => $c->devinf_uri, data => \'garbage')),
            'Results for nothing' => cmd('Results', [ 'CmdRef', 77 ],
                item(source => 'x', data => 'y')),
        );
        for my $what (sort keys %first) {
            my $c2 = client(format => $f);
            my $a = $c2->send({ judge => 0 }, $first{$what});
            is $a->code, 200, "$f $what: HTTP 200" or next;
            like $a->status('SyncHdr') // '', qr/^2/, "$f $what: logged in";
            my ($name) = $what =~ /^(\w+)/;
            like $a->status($name) // '', qr/^[45]\d\d$/,
                "$f $what: refused";
        }
        my $one = opened(format => $f);
        my $a = $one->send({ final => 0, judge => 0 }, @{ $one->{opening} },
            sync_cmd('contacts', './c',
                cmd('Add', meta(Type => $VCARD)),
                cmd('Add', meta(Type => $VCARD), item(data => \vcard('No1'))),
                cmd('Replace', meta(Type => $VCARD), item(source => 'z')),
                cmd('Delete', item()), cmd('Delete')),
            cmd('Sync', add('q', $VCARD, vcard('Stray2'))),
            cmd('Map'), map_cmd('contacts', './c', '' => ''),
            map_cmd('contacts', './c', 'zzz' => 'x'),
            cmd('Status', [ 'MsgRef', 99 ], [ 'CmdRef', 99 ],
                [ 'Cmd', 'Add' ], [ 'Data', 200 ]));
        is $a->code, 200, "$f changes without their parts: HTTP 200";
        my @bad = grep { $_->{cmd} =~ /^(?:Add|Replace|Delete)$/
                         && $_->{data} !~ /^(?:4\d\d|5\d\d|211)$/ }
            $a->statuses;
        is join(' ', map {"$_->{cmd} $_->{data}"} @bad), '',
            "$f changes without their parts: refused";
        my @map = map { $_->{data} } $a->statuses('Map');
        is scalar(grep { /^[45]/ } @map), 3,
            "$f maps of nothing: refused (@map)";
        items_untouched($f);
    }
};

subtest 'commands without CmdID' => sub {
    for my $f (qw(wbxml xml)) {
        my $c = opened(format => $f);
        my $strip = add('1', $VCARD, vcard('Noid1'));
        splice @$strip, 1, 1;
        my $octets = $c->octets($c->message({ final => 0 },
            @{ $c->{opening} }, sync_cmd('contacts', './c', $strip)));
        my $r = $c->post($octets);
        if ($r->{status} == 200) {
            my $a = $c->take($r, undef);
            unlike $a->status('Add') // '', qr/^2/, "$f: not done";
            is scalar(grep { !length($_->{ref} // '') } $a->statuses), 0,
                "$f: no Status without CmdRef";
        } else {
            is $r->{status}, 400, "$f: HTTP 400";
        }
        items_untouched($f);
    }
};

subtest 'message ids' => sub {
    my $c = opened();
    my $put = sub { sync_cmd('contacts', './c', add('1', $VCARD,
                                                    vcard($_[0]))) };
    # A gap: something was lost, or the device counts in its own way.  Either
    # it is taken as any message, or refused; never half.
    my $count = server_count($h, 'alice', 'contacts');
    $c->{msg} = 5;
    my $a = $c->send({ final => 0, judge => 0 }, @{ $c->{opening} },
                     $put->('Gap5'));
    my $now = server_count($h, 'alice', 'contacts');
    if ($a->code == 200 && ($a->status('SyncHdr') // '') =~ /^2/) {
        is $a->status('Add'), 201, 'a gap: taken';
        is $now, $count + 1, '... as a whole';
    } else {
        is $now, $count, 'a gap: refused as a whole';
    }
    # Backwards, with other contents: no repetition, so not the old answer.
    $count = $now;
    $c->{msg} = 2;
    $a = $c->send({ final => 0, judge => 0 }, $put->('Back2'));
    unlike $a->code == 200 ? $a->status('SyncHdr') // '' : '', qr/^2/,
        'backwards: refused';
    is server_count($h, 'alice', 'contacts'), $count, '... and not done';
    $c->{msg} = 5;
    $a = $c->send({ final => 0, judge => 0 }, $put->('Same5'));
    unlike $a->code == 200 ? $a->status('SyncHdr') // '' : '', qr/^2/,
        'the same number with other contents: refused';
    is server_count($h, 'alice', 'contacts'), $count, '... and not done';
    $items = server_items($h, 'alice', 'contacts');
};

subtest 'sessions that are none' => sub {
    for my $s ('garbage', '', '0' x 40, 'x' x 5000, '%00', "'; drop table item")
    {
        my $c = client();
        my $q = $s =~ s/([^\w%])/sprintf '%%%02x', ord $1/ger;
        $c->{resp_uri} = "$url?s=$q";
        $c->{msg} = 2;
        my $a = $c->send({ judge => 0, no_cred => 1 },
            sync_cmd('contacts', './c', add('1', $VCARD, vcard('Ghost1'))));
        my $what = 'session ' . substr $s, 0, 20;
        if ($a->code == 200) {
            like $a->status('SyncHdr') // '', qr/^[45]\d\d$/, "$what: refused";
        } else {
            like $a->code, qr/^4\d\d$/, "$what: refused by HTTP";
        }
    }
    items_untouched('sessions');
};

subtest 'rubbish inside a good session' => sub {
    my $c = opened();
    for my $f (qw(wbxml xml)) {
        for my $rubbish ('rubbish', "\x02\xa4\x01\x6a\x00\x6d\x6c") {
            my $r = $c->post($rubbish, type => $TYPE{$f});
            is $r->{status}, 400, "$f rubbish under the RespURI: 400";
        }
    }
    my $a = $c->send({ final => 0 }, @{ $c->{opening} }, sync_cmd('contacts',
        './c', add('9', $VCARD, vcard('Still9'))));
    is $a->status('Add'), 201, 'the session goes on';
    is join("\n", $c->problems), '', '... with right answers';
    $items = server_items($h, 'alice', 'contacts');
};

subtest 'items' => sub {
    my $c = opened();
    my $a = $c->send({ final => 0 }, @{ $c->{opening} },
        sync_cmd('contacts', './c',
            add('1', $VCARD, "\0\1\2\3" x 100),
            add('2', $VCARD, 'BEGIN:VCARD'),
            add('3', $VCARD, "BEGIN:VCARD\r\nVERSION:3.0\r\n"),
            add('4', $VCARD, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
            add('5', 'text/calendar', sample(calendar => 'Event5')),
            add('6', $VCARD, "BEGIN:VCARD\r\n" x 2000)));
    is join("\n", $c->problems), '', 'answers are right';
    my %code = map { $_->{source} => $_->{data} } $a->statuses('Add');
    like $code{$_}, qr/^4(?:00|13|15|16)$/, "bad item $_: refused ($code{$_})"
        for sort keys %code;
    is scalar(keys %code), 6, 'each has its status';
    items_untouched('bad items');
};

# ---- the next good sync -----------------------------------------------------

my $r = $phone->sync(200, 'contacts');
ok $r->{ok}, 'after all that, the phone syncs' or diag $r->{why};
is $r->{alerts}{contacts}, 200, '... as it left, not slow';
is_deeply [ sort values %{ $phone->items('contacts') } ],
    [ sort values %{ server_items($h, 'alice', 'contacts') } ],
    '... and has what the server has';

done_testing;
