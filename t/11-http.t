#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
#
# HTTP around a SyncML message: methods, types, sizes, lengths, what phones
# rely on and what they must never see; who may log in; the page for people;
# log lines; readable copies of messages.
use strict;
use warnings;
use Compress::Zlib qw(memGzip);
use IO::Socket::INET;
use Test::More;
use Test::Httpd;
use Test::SyncML qw(:all);

my $WBXML = 'application/vnd.syncml+wbxml';
my $XML   = 'application/vnd.syncml+xml';

my $h = Test::Httpd->syncml(
    push     => 0,
    accounts => { alice => 'secret', both => 'of the store' },
    modules  => [qw(filter deflate brotli reqtimeout auth_basic
        authn_core authn_file authn_socache socache_shmcb authz_user)],
    conf => sub { my $d = $_[0]{dir}; <<"END" });
AddDefaultCharset utf-8
SetOutputFilter BROTLI_COMPRESS;DEFLATE
AuthnCacheEnable
<AuthnProviderAlias file staff>
    AuthUserFile $d/staff
</AuthnProviderAlias>
<Location />
    AuthUserFile $d/users
</Location>
<Location /small>
    SetHandler syncml
    SyncMLMaxMsgSize 4096
</Location>
<Location /limited>
    SetHandler syncml
    LimitRequestBody 2000
</Location>
<Location /inflate>
    SetHandler syncml
    SetInputFilter DEFLATE
</Location>
<Location /denied>
    SetHandler syncml
    Require all denied
</Location>
<Location /password>
    SetHandler syncml
    AuthType Basic
    AuthName x
    Require valid-user
</Location>
<Location /file>
    SetHandler syncml
    SyncMLAuthProvider file
</Location>
<Location /staff>
    SetHandler syncml
    SyncMLAuthProvider staff file store
</Location>
<Location /store-first>
    SetHandler syncml
    SyncMLAuthProvider store file
</Location>
<Location /cached>
    SetHandler syncml
    SyncMLAuthProvider socache file
    AuthnCacheProvideFor file
</Location>
<Location /broken>
    SetHandler syncml
    SyncMLAuthProvider file
    AuthUserFile $d/no-such-file
</Location>
<Location /dump>
    SetHandler syncml
    SyncMLDump IMEI:123 $d/state
</Location>
<Location /dump-dots>
    SetHandler syncml
    SyncMLDump ../../evil $d/state
</Location>
<VirtualHost *:*>
    ServerName localhost
</VirtualHost>
<VirtualHost *:*>
    ServerName slow.test
    RequestReadTimeout body=1
</VirtualHost>
END
Test::Httpd::spew("$h->{dir}/users", join '', map {"$_\n"}
    'bob:{SHA}' . 'fEqNCco3Yq9h5ZUglD3CZJT4lBs=',       # 123456
    'both:{SHA}' . 'fEqNCco3Yq9h5ZUglD3CZJT4lBs=');
Test::Httpd::spew("$h->{dir}/staff",
    'carol:{SHA}' . 'fEqNCco3Yq9h5ZUglD3CZJT4lBs=' . "\n");

sub client {
    my ($path, %o) = @_;
    return Test::SyncML->new(url => $h->url($path), %o);
}

# An ordinary first message, as octets.
sub message {
    my (%o) = @_;
    my $c = client('/syncml', id => 'http-test', auth => 'none', %o);
    return $c->octets($c->message({}, alert(200, 'contacts', './c', undef, 1)));
}

sub post {
    my ($path, $body, $type, %headers) = @_;
    return $h->http(POST => $path, { content => $body, headers => {
        defined $type ? ('Content-Type' => $type) : (), %headers } });
}

# All octets of the answers to octets on a connection of its own.
sub raw {
    my ($octets, %o) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', Timeout => 10,
        PeerPort => $h->port) or die "connect: $@";
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{ALRM} = sub { die "no answer\n" };
    alarm 30;
    print {$s} $octets;
    $s->flush;
    $s->shutdown(1) if $o{cut};
    my $got = '';
    while (sysread $s, my $piece, 65536) {
        $got .= $piece;
        if ($o{on} && $got =~ $o{on}) {
            print {$s} $o{then};
            delete $o{on};
        }
    }
    alarm 0;
    return $got;
}

sub is_plain {
    my ($r, $status, $what) = @_;
    subtest $what => sub {
        is $r->{status}, $status, 'status';
        is $r->{headers}{'content-type'}, 'text/plain; charset=utf-8',
            'plain text';
        is $r->{headers}{'content-length'}, length $r->{content}, 'length';
        like $r->{content}, qr/\A[^\n<>]+\n\z/, 'one line, no HTML';
    };
    return;
}

# ---- methods --------------------------------------------------------------------

my $get = $h->http(GET => '/syncml');
is $get->{status}, 200, 'GET';
my $head = $h->http(HEAD => '/syncml');
is $head->{status}, 200, 'HEAD';
is $head->{content} // '', '', '... without content';
is $head->{headers}{$_}, $get->{headers}{$_}, "... with the same $_"
    for qw(content-length content-type vary);
my $options = $h->http(OPTIONS => '/syncml');
is_deeply [ $options->{status}, $options->{content},
    $options->{headers}{allow} ], [ 200, '', 'GET, HEAD, POST, OPTIONS' ],
    'OPTIONS';
for my $method (qw(PUT DELETE PROPFIND PATCH FOO)) {
    my $r = $h->http($method, '/syncml', { content => 'x' });
    is_plain($r, 405, $method);
    is $r->{headers}{allow}, 'GET, HEAD, POST, OPTIONS', '... Allow';
}

# ---- types ------------------------------------------------------------------------

for (
    [ $WBXML, 'wbxml' ], [ $XML, 'xml' ],
    [ "$WBXML; charset=UTF-8", 'wbxml' ], [ "$XML;charset=\"utf-8\"", 'xml' ],
    [ 'Application/VND.SyncML+WBXML', 'wbxml' ], [ "$WBXML ;x=y", 'wbxml' ],
) {
    my ($type, $format) = @$_;
    my $r = post('/syncml', message(format => $format), $type);
    is $r->{status}, 200, "$type is taken";
    is $r->{headers}{'content-type'}, "application/vnd.syncml+$format",
        '... and answered with nothing but the type';
}
for my $type ('application/octet-stream', 'text/xml', "$WBXML+x", "x$WBXML",
    'application/vnd.syncml', "application/vnd.syncml+", '',
    'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x')
{
    is_plain(post('/syncml', message(), $type), 415, "'$type' is refused");
}
my $untyped = raw("POST /syncml HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
like $untyped, qr{^HTTP/1\.1 415.*not a message without Content-Type}s,
    'no type at all';

# ---- what phones rely on -------------------------------------------------------------

my $r = post('/syncml', message(), $WBXML,
    'Accept-Encoding' => 'gzip, deflate, br');
is $r->{headers}{'content-length'}, length $r->{content},
    'Content-Length, with mod_deflate and mod_brotli switched on';
ok !exists $r->{headers}{$_}, "... no $_"
    for qw(content-encoding transfer-encoding vary);
is $r->{headers}{'cache-control'}, 'no-store', 'not to be stored';
$r = $h->http(GET => '/syncml', { headers => { 'Accept-Encoding' => 'gzip' } });
is $r->{headers}{'content-encoding'}, 'gzip', 'a browser may have it compressed';

my $body = message();
my $request = "POST /syncml HTTP/1.0\r\nContent-Type: $WBXML\r\nContent-Length: "
    . length($body) . "\r\n";
my ($headers, $content) = split /\r\n\r\n/, raw("$request\r\n$body"), 2;
like $headers, qr{\AHTTP/1\.1 200 OK}, 'HTTP/1.0';
like $headers, qr/^Content-Length: @{[ length $content ]}\r?$/m, '... length';
unlike $headers, qr/Transfer-Encoding/i, '... not chunked';

my $one = "POST /syncml HTTP/1.1\r\nHost: x\r\nContent-Type: $WBXML\r\n"
    . 'Content-Length: ' . length($body) . "\r\n";
my $got = raw("$one\r\n$body$one\r\n$body${one}Connection: close\r\n\r\n$body");
is scalar(() = $got =~ m{HTTP/1\.1 200 OK}g), 3,
    'three messages on one connection';

my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
    unpack '(a100)*', $body;
my $chunked = "POST /syncml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    . "Content-Type: $WBXML\r\nTransfer-Encoding: chunked\r\n\r\n";
$got = raw("$chunked${chunks}0\r\n\r\n");
like $got, qr{\AHTTP/1\.1 200}, 'a chunked message';
like $got, qr/^Content-Length: \d+\r$/m, '... gets an answer with its length';

my $expect = "${one}Expect: 100-continue\r\nConnection: close\r\n\r\n";
$got = raw($expect, on => qr{\AHTTP/1\.1 100}, then => $body);
like $got, qr{\AHTTP/1\.1 100 Continue\r\n\r\nHTTP/1\.1 200}, 'Expect';
$got = raw($expect =~ s/\Q$WBXML\E/text\/plain/r);
like $got, qr{\AHTTP/1\.1 415}, '... of a wrong type: refused at once';
$got = raw($expect =~ s/Content-Length: \d+/Content-Length: 5000000/r);
like $got, qr{\AHTTP/1\.1 413}, '... and one that is too large';

# ---- sizes and broken bodies -----------------------------------------------------------

is_plain(post('/syncml', '', $WBXML), 400, 'an empty message');
is_plain(post('/syncml', "\2\xa4\1\x6a\0", $WBXML), 400, 'a torn message');
is_plain(post('/syncml', '<SyncML>', $XML), 400, 'torn XML');
is_plain(post('/syncml', 'x' x 1000, $WBXML), 400, 'noise');
my $limit = 4096 + 65536;
is_plain(post('/small', 'x' x $limit, $WBXML), 400, 'as large as can be');
is_plain(post('/small', 'x' x ($limit + 1), $WBXML), 413, 'one octet more');
is post('/small', 'x' x ($limit + 1), $WBXML)->{content},
    "Message too large: at most $limit octets are taken here.\n", '... words';
$got = raw($chunked =~ s{/syncml}{/small}r
    . join('', ("1000\r\n" . 'x' x 4096 . "\r\n") x 18) . "0\r\n\r\n");
like $got, qr{\AHTTP/1\.1 413}, 'chunked and too large';
like $got, qr{^Content-Type: text/plain; charset=utf-8\r$}m, '... plain text';
is_plain(post('/limited', 'x' x 2001, $WBXML), 413, "httpd's LimitRequestBody");
$got = raw("${chunked}zz\r\n");
like $got, qr{\AHTTP/1\.1 400}, 'a broken chunk';
unlike $got, qr/<html/i, '... without HTML';

my $handled = sub { scalar(() = $h->log =~ /syncml:info.* message: /g) };
my $before = $handled->();
$got = raw("$one\r\n" . substr($body, 0, -1), cut => 1);
ok defined $h->wait_log(qr/did not arrive whole: (\d+) octets came/, 10),
    'a message cut short';
is $handled->(), $before, '... is not handled';
unlike $got, qr/<html/i, '... without HTML';

my $slow = $one =~ s/Host: x/Host: slow.test/r;
$got = raw("$slow\r\n" . substr($body, 0, 10));
like $got, qr{\AHTTP/1\.1 408}, 'a message that does not come';
like $got, qr{^Content-Type: text/plain; charset=utf-8\r$}m, '... plain text';

for my $s ('s=' . 'a' x 129, 's=%zz', 's=%00') {
    is_plain(post("/syncml?$s", $body, $WBXML), 400,
        length $s < 20 ? $s : 'a session id too long');
}
is post('/syncml?x=1&s=unknown', $body, $WBXML)->{status}, 200,
    'an unknown session is answered in SyncML';

is post('/inflate', memGzip($body), $WBXML, 'Content-Encoding' => 'gzip')
    ->{status}, 200, 'a compressed message, where httpd inflates';
is_plain(post('/syncml', memGzip($body), $WBXML, 'Content-Encoding' => 'gzip'),
    415, '... and where it does not');
my $digits = join '', map { int rand 1e9 } 1 .. 60_000;
is_plain(post('/inflate', memGzip($digits), $WBXML,
    'Content-Encoding' => 'gzip'), 413, 'large only when inflated');

# ---- httpd's own errors -------------------------------------------------------------------

is_plain(post('/denied', $body, $WBXML), 403, 'Require all denied');
is_plain(post('/password', $body, $WBXML), 401, 'Require valid-user');
like $h->http(GET => '/denied')->{content}, qr/<html>/i,
    'a browser gets the page that it knows';
$h->expect_log(qr/AH01630: client denied/);

# ---- the page --------------------------------------------------------------------------------

my $page = $get->{content};
is $get->{headers}{'content-type'}, 'text/html; charset=utf-8', 'page: HTML';
for (
    [ 'text/html,application/xhtml+xml,*/*;q=0.8' => 'application/xhtml+xml' ],
    [ 'application/vnd.wap.xhtml+xml, text/vnd.wap.wml' =>
        'application/vnd.wap.xhtml+xml' ],
    [ '*/*' => 'text/html' ]
) {
    my ($accept, $type) = @$_;
    my $r = $h->http(GET => '/syncml', { headers => { Accept => $accept } });
    is $r->{headers}{'content-type'}, "$type; charset=utf-8", "Accept: $accept";
}
cmp_ok length($page), '<', 6000, 'small';
my ($url) = $page =~ m{Server address</th><td[^>]*><code>([^<]*)};
is $url, $h->url('/syncml'), 'the sync URL';
like $page, qr/syncURL=\Q$url\E /, '... in the commands too';
like $page, qr/>$_</, "the page names $_"
    for qw(contacts calendar tasks notes journal), 'Server ID', 'MD5 digest or basic';
unlike $page, qr/(?:\bsrc=|<link|\@import|url\(|<script)/i,
    'nothing is loaded from elsewhere';
is_deeply [ grep { !/^(?:html|head|title|meta|style|body|div|h[12]|p|table|tr
    |th|td|code|br|span|ol|li|pre|a)$/x } $page =~ /<([a-z]\w*)/g ], [],
    'only elements of XHTML Mobile Profile';
Test::Httpd::spew("$h->{dir}/page.xml", $page);
my ($rc, undef, $errors) = $h->run(\'', 'xmllint', '--noout', '--nonet',
    "$h->{dir}/page.xml");
is "$rc$errors", 0, 'well-formed';

my $evil = $h->http(GET => '/syncml/%22%3E%3Cscript%3E;reboot%27$(x)');
unlike $evil->{content}, qr/<script|;reboot|'|\$\(/, 'the path is escaped';
like $evil->{content},
    qr{<code>\Q$url\E/%22%3E%3Cscript%3E%3Breboot%27%24%28x%29</code>}i,
    '... and still the same URL';
$got = raw("GET /syncml HTTP/1.1\r\nHost: a\"><b>\r\nConnection: close\r\n\r\n");
unlike $got, qr/"><b>/, 'a host name cannot be markup';

# ---- who may log in ----------------------------------------------------------------------------

sub login {
    my ($path, $user, $password, %o) = @_;
    my $c = client($path, user => $user, password => $password, %o);
    return $c->send({ judge => 0 }, alert(200, 'contacts', './c', undef, 1))
        ->status('SyncHdr');
}

is login('/syncml', alice => 'secret'), 200, 'basic: the store';
is login('/syncml', alice => 'wrong'), 401, 'basic: wrong password';
is login('/syncml', nobody => 'secret'), 401, 'basic: no such user';
is login('/syncml', bob => '123456'), 401, 'a user of a provider not given';
is login('/file', bob => '123456'), 200, 'file: right';
is login('/file', bob => '12345'), 401, 'file: wrong';
is login('/file', alice => 'secret'), 401, 'file: a user of the store only';
is login('/staff', carol => '123456'), 200, 'three providers: the first';
is login('/staff', bob => '123456'), 200, '... the second';
is login('/staff', alice => 'secret'), 200, '... the third';
is login('/staff', nobody => 'x'), 401, '... none of them';
is login('/staff', both => '123456'), 200, 'the first that knows a user decides';
is login('/staff', both => 'of the store'), 401, '... against a later one';
is login('/store-first', both => 'of the store'), 200, '... whoever it is';
is login('/store-first', both => '123456'), 401, '... the other way round';
is login('/cached', bob => '123456'), 200, 'with socache: asks the file';
is login('/cached', bob => '123456'), 200, '... then its cache';
is login('/cached', bob => '1'), 401, '... which knows wrong ones too';
is login('/broken', bob => '123456'), 500, 'a provider in trouble';
$h->expect_log(qr/AH01620: Could not open password file/,
    qr/SyncMLAuthProvider file cannot tell/);

my $md5 = client('/syncml', auth => 'md5');
my $ask = alert(200, 'contacts', './c', undef, 1);
my $count = () = $h->log =~ /login failed/g;
is $md5->send({ judge => 0 }, $ask)->status('SyncHdr'), 401,
    'md5: the first digest has no nonce yet';
is scalar(() = $h->log =~ /login failed/g), $count, '... which is no failure';
$md5->begin;
is $md5->send({ judge => 0 }, $ask)->status('SyncHdr'), 212, '... the second';

# ---- log lines ------------------------------------------------------------------------------------

my $log = $h->log;
like $log, qr/\Q[syncml:info]\E.*\Q[client 127.0.0.1:\E\d+\]\ message:
    \ session=\d+\ account=alice\ device=\S+\ msg=1\ status=200\ http=200
    \ format=wbxml\ in=\d+\ out=\d+\ ms=\d+\.\d\d\d$/mx, 'a line for a message'
    or diag $log;
like $log, qr/\Q[syncml:notice]\E.*\ login\ failed:\ client=127\.0\.0\.1
    \ account=alice\ device=\S+:\ wrong\ password$/mx, 'a line for a failed login';
like $log, qr/refused: http=415: SyncML messages are taken here/,
    'a line for what is refused';
my $access = Test::Httpd::slurp("$h->{dir}/logs/access_log");
like $access, qr{^\S+ - alice .*POST /syncml .* 200 }m, 'who it was';
unlike $access, qr/ - nobody /, '... if it was';

login('/syncml', "x client=9.9.9.9 account=y\nz\"\\", 'wrong',
    id => "dev\nice x=y");
like $h->log, qr/login\ failed:\ client=127\.0\.0\.1\ account=x%20client%3D9\.9
    \.9\.9%20account%3Dy%0Az%22%5C\ device=dev%0Aice%20x%3Dy:/x,
    'nobody writes into the log';

# ---- copies of messages ------------------------------------------------------------------------------

my $dumps = "$h->{dir}/state/IMEI%3A123";
my $c = client('/dump', id => 'IMEI:123', auth => 'md5', format => 'xml');
$c->send({ judge => 0 }, $ask);
$c->begin;
my $a = $c->send({ judge => 0 }, $c->put_devinf,
    alert(201, 'contacts', './c', undef, 1));
$c->send({ judge => 0 }, status_cmd($a->msg, undef, 200),
    (map { status_cmd($a->msg, $_->{node}, 200) } $a->alerts),
    sync_cmd('contacts', './c', add('luid-1', 'text/vcard',
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Top Secret\r\nN:Secret;Top\r\n"
        . "END:VCARD\r\n")));
my @files = dumped($dumps, 6);
is @files, 6, 'three messages, three answers' or diag "@files";
like $files[0], qr{/\d{8}T\d{6}\.\d{6}Z-\d+-1-in\.xml$}, 'their names';
is_deeply [ map {/-(\w+)\.xml$/} @files ], [qw(in out) x 3], '... both ways';
is_deeply [ grep { ((stat)[2] & 07777) != 0600 } @files ], [],
    '... for the owner only';
is +(stat $dumps)[2] & 07777, 0700, '... as is their directory';
my $text = join '', map { Test::Httpd::slurp($_) } @files;
like $text, qr/<$_>/, "$_ is there"
    for qw(SyncHdr Alert Sync Add Status DevInf CTType Chal);
like $text, qr/luid-1/, 'ids are there';
unlike $text, qr/Top|Secret|VCARD/, 'contents are not';
is_deeply [ grep { length && $text =~ /\Q$_\E/ }
        b64($c->{nonce}), $c->{chal}{nonce}, $c->cred->[2][1], 'secret' ], [],
    'nor are credentials and nonces';
my ($token) = $c->{resp_uri} =~ /s=(\w+)/;
unlike $text, qr/$token/, 'nor is the session itself';

login('/dump', alice => 'secret', id => 'IMEI:124');
is_deeply [ glob "$h->{dir}/state/IMEI*" ], [$dumps], 'other devices: none';

login('/dump-dots', alice => 'secret', id => '../../evil');
ok -d "$h->{dir}/state/%2E%2E%2F%2E%2E%2Fevil", 'a name stays in its directory';
ok !-e "$h->{dir}/$_", '... indeed' for qw(evil ../evil);

# Bounds: of the number of files and of the size of each.
Test::Httpd::spew(sprintf("%s/20010101T000000.%06dZ-1-1-in.xml", $dumps, $_), '')
    for 1 .. 999;
Test::Httpd::spew("$dumps/notes.txt", 'mine');
my $large = client('/dump', id => 'IMEI:123', auth => 'basic');
$large->send({ judge => 0 }, map { alert(200, "contacts$_", './c', undef, 1) }
    1 .. 1500);
@files = dumped($dumps, 1000);
is scalar(@files), 1000, 'at most a thousand files';
is_deeply [ grep {/T000000\.00000[1-7]Z/} @files ], [], '... without the oldest';
ok -e "$dumps/notes.txt", '... and without touching others';
my ($in) = grep {/-in/} @files[ -2, -1 ];
cmp_ok -s $in, '<=', 256 * 1024, 'at most 256 KiB in one';
like Test::Httpd::slurp($in), qr/<!-- cut here: \d+ octets in all -->\n\z/,
    '... which says so';

SKIP: {
    skip 'only root', 3 if $>;
    my @st = stat $dumps;
    chown 0, 0, $dumps;
    is login('/dump', alice => 'secret', id => 'IMEI:123'), 200,
        'a directory that is closed hinders nobody';
    $h->expect_log(qr/SyncMLDump: cannot write in \Q$dumps\E/);
    ok $h->wait_log(qr/SyncMLDump: cannot write/, 10), '... the log says so';
    chown @st[ 4, 5 ], $dumps;
    $h->stop;
    mkdir "$h->{dir}/closed", 0700;
    my $conf = $h->{conf};
    $h->{conf} = sub {
        $conf->(@_) . "SyncMLDump x $h->{dir}/closed\n";
    };
    $h->write_conf;
    like $h->start_fails,
        qr/SyncMLDump on line \d+ of \S+: .* may not enter \S+closed/,
        'a closed directory is found at the start';
}
$h->stop;

done_testing;

# Room is made and both files of a message are written while its answer is on
# its way already.
sub dumped {
    my ($dir, $n) = @_;
    my @found;
    for (1 .. 200) {
        @found = sort glob "$dir/*.xml";
        last if @found == $n && $found[-1] =~ /-out/ && -s $found[-1];
        select undef, undef, undef, 0.05;
    }
    return @found;
}
