#!/usr/bin/perl
# Licensed to you under the Apache License, Version 2.0: see LICENSE.
# Credentials, challenges and nonces, with a client of our own.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use MIME::Base64 qw(encode_base64 decode_base64);
use Test::Httpd;
use Test::Samples qw(vcard server_count server_names server_items);
use Test::SyncML qw(:all);
use Test::SyncML::Phone;

my $h = Test::Httpd->syncml(push => 0,
    accounts => { alice => 'secret', bob => 'p:w w ö' , "j\xc3\xb6rg" => 'x' },
    modules  => [qw(authn_file authn_core)],
    conf     => sub { <<"END" });
SyncMLLoginLimit off
<Location "/basic">
    SetHandler syncml
    SyncMLAuthScheme basic
</Location>
<Location "/md5">
    SetHandler syncml
    SyncMLAuthScheme md5
</Location>
<Location "/file">
    SetHandler syncml
    SyncMLAuthProvider file
    AuthUserFile $_[0]{dir}/users
</Location>
END
$h->expect_log(qr/\b(?:alice|bob|nobody|mallory)\b/);   # failed logins

my @ALL = map { my $v = $_; map { [ $v, $_ ] } qw(wbxml xml) } qw(1.0 1.1 1.2);
my $url = $h->url('/syncml');

sub client { return Test::SyncML->new(url => $url, @_) }
sub hello { return alert(201, 'contacts', './c', undef, '1') }

sub fine {
    my ($c, $what) = @_;
    is join("\n", $c->problems), '', "$what: answers are right";
    $c->forgive;
    return;
}

sub good { my ($a) = @_; return $a->status('SyncHdr') =~ /^2(?:00|12)$/ }

# A challenge is complete and of that scheme; nothing else was done.
sub challenged {
    my ($a, $code, $scheme, $what) = @_;
    is $a->code, 200, "$what: HTTP 200";
    is $a->status('SyncHdr'), $code, "$what: $code";
    is $a->status('Alert'), $code, "$what: $code for its commands too";
    my $chal = $a->chal || {};
    is $chal->{type}, "syncml:auth-$scheme", "$what: a challenge for $scheme";
    is $chal->{format} // 'b64', 'b64', "$what: in base64";
    if ($scheme eq 'md5') {
        ok length decode_base64($chal->{nonce} // ''), "$what: with a nonce";
    }
    is scalar($a->alerts) // 0, 0, "$what: and no sync begins";
    is $a->hdr('RespURI'), undef, "$what: no session either";
    return;
}

# ---- missing and wrong credentials, in all versions -------------------------

for (@ALL) {
    my ($v, $f) = @$_;
    subtest "$v $f" => sub {
        my @vf = (version => $v, format => $f);
        my $c = client(@vf, auth => 'none');
        challenged($c->send(hello()), 407, 'md5', 'no credentials');
        $c->{auth} = 'md5';
        ok good($c->send(hello())), 'then with its nonce, MsgID 2';
        fine($c, 'md5 after 407');

        $c = client(@vf, auth => 'md5', password => 'wrong');
        challenged($c->send(hello()), 401, 'md5', 'wrong password (md5)');
        challenged($c->send(hello()), 401, 'md5', '... and again');
        $c->{password} = 'secret';
        ok good($c->send(hello())), 'the right one at last, MsgID 3';
        fine($c, 'md5 after 401');

        $c = client(@vf, auth => 'basic', password => 'wrong');
        challenged($c->send(hello()), 401, 'basic', 'wrong password (basic)');
        $c->{password} = 'secret';
        ok good($c->send(hello())), 'basic, right';
        fine($c, 'basic');

        # As libsynthesis does: another session with every attempt.
        $c = client(@vf, auth => 'md5');
        my $a = $c->send(hello());
        if (!good($a)) {
            $c->begin;
            $a = $c->send(hello());
        }
        ok good($a), 'md5 in a new session';
        my $nonce = $a->chal && $a->chal->{nonce};
        ok defined $nonce, 'success brings the next nonce';
        $c->begin;
        $a = $c->send(hello());
        ok good($a), 'the next session logs in at once with it';
        fine($c, 'md5');
    };
}

# ---- credentials that are none ----------------------------------------------

subtest 'odd credentials' => sub {
    my $cred = sub { Test::SyncML::node_cred(@_) };
    my %odd = (
        'unknown user' => $cred->('b64', 'syncml:auth-basic',
                                  b64('mallory:secret')),
        'empty' => $cred->('b64', 'syncml:auth-basic', ''),
        'no colon' => $cred->('b64', 'syncml:auth-basic', b64('alice')),
        'no base64' => $cred->('b64', 'syncml:auth-basic', '%%%!!'),
        'empty user' => $cred->('b64', 'syncml:auth-basic', b64(':secret')),
        'long user' => $cred->('b64', 'syncml:auth-basic',
                               b64('nobody' x 1000 . ':secret')),
        'NUL in user' => $cred->('b64', 'syncml:auth-basic',
                                 b64("alice\0:secret")),
        'md5 of a wrong length' => $cred->('b64', 'syncml:auth-md5',
                                           b64('short')),
        'empty md5' => $cred->('b64', 'syncml:auth-md5', ''),
        'unknown scheme' => $cred->('b64', 'syncml:auth-sha256', b64('x')),
        'no type' => $cred->('b64', undef, b64('alice:wrong')),
    );
    for my $what (sort keys %odd) {
        my $c = client();
        my $a = $c->send({ cred => $odd{$what} }, hello());
        is $a->code, 200, "$what: HTTP 200";
        like $a->status('SyncHdr'), qr/^40[17]$/, "$what: refused";
        ok $a->chal, "$what: with a challenge";
        is $a->status('Alert'), $a->status('SyncHdr'), "$what: nothing done";
        fine($c, $what);
    }
    my $c = client();
    my $a = $c->send({ cred => [ 'Cred', meta(Type => 'syncml:auth-basic'),
                                 [ 'Data', b64('alice:secret') ] ] }, hello());
    ok good($a), 'basic without Format is base64 all the same';
};

subtest 'colons and UTF-8' => sub {
    for my $auth (qw(basic md5)) {
        my $c = client(user => 'bob', password => 'p:w w ö', auth => $auth);
        my $a = $c->send(hello());
        $a = $c->send(hello()) unless good($a);
        ok good($a), "$auth: a password with colon, blank and umlaut";
        $c = client(user => "j\xc3\xb6rg", password => 'x', auth => $auth,
                    loc_name => "j\xc3\xb6rg");
        $a = $c->send(hello());
        $a = $c->send(hello()) unless good($a);
        ok good($a), "$auth: a user with umlaut";
    }
};

# md5 has no user name inside: LocName says it.
subtest 'the user of a digest' => sub {
    my $c = client(auth => 'md5', loc_name => '');
    $c->send(hello());
    my $a = $c->send(hello());
    is $a->status('SyncHdr'), 401, 'md5 without LocName cannot be checked';
    fine($c, 'no LocName');
    my $eve = client(auth => 'md5', user => 'bob', password => 'p:w w ö',
                     loc_name => 'alice');
    $eve->send(hello());
    is $eve->send(hello())->status('SyncHdr'), 401,
        "Bob's digest in Alice's name fails";
};

# ---- nonces -----------------------------------------------------------------

subtest 'nonces of a known device' => sub {
    my $c = client(auth => 'md5');
    $c->send(hello());
    ok good($c->send(hello())), 'known now';
    my $first = $c->{nonce};
    # A stranger fails in its name, often.
    for my $n (1 .. 5) {
        my $s = client(auth => 'md5', password => "guess$n", id => $c->{id});
        my $a = $s->send(hello());
        is $a->status('SyncHdr'), 401, "guess $n fails";
    }
    $c->begin;
    $c->{nonce} = $first;
    ok good($c->send(hello())), 'its nonce is still good';
    isnt $c->{nonce}, $first, '... and has moved now';

    # The answer with the new nonce was lost: the one before serves.
    $c->begin;
    $c->{nonce} = $first;
    ok good($c->send(hello())), 'the one before still serves';

    # Long forgotten: challenged, then fine.
    for (1 .. 3) {
        $c->begin;
        ok good($c->send(hello())), 'another session';
    }
    $c->begin;
    $c->{nonce} = $first;
    my $a = $c->send(hello());
    is $a->status('SyncHdr'), 401, 'an old nonce is refused';
    ok good($c->send(hello())), 'the one of the challenge is taken';
    fine($c, 'all of it');
};

subtest 'a nonce is for one device' => sub {
    my ($one, $two) = map { client(auth => 'md5') } 1, 2;
    for ($one, $two) {
        $_->send(hello());
        ok good($_->send(hello())), 'logged in';
        $_->begin;
    }
    $one->{nonce} = $two->{nonce};
    is $one->send(hello())->status('SyncHdr'), 401,
        "the nonce of another device does not serve";
};

# ---- what the administrator allows ------------------------------------------

subtest 'SyncMLAuthScheme' => sub {
    my $c = client(url => $h->url('/basic'), auth => 'md5');
    my $a = $c->send(hello());
    challenged($a, 401, 'basic', 'md5 where only basic is allowed');
    $c->{auth} = 'basic';
    ok good($c->send(hello())), 'then basic';
    $c = client(url => $h->url('/md5'), auth => 'basic');
    $a = $c->send(hello());
    challenged($a, 401, 'md5', 'basic where only md5 is allowed');
    $c->{auth} = 'md5';
    ok good($c->send(hello())), 'then md5';
    $c = client(url => $h->url('/basic'), auth => 'none');
    challenged($c->send(hello()), 407, 'basic', 'none where basic is asked');
    fine($c, 'challenges');
};

subtest "httpd's own providers" => sub {
    plan skip_all => 'no htpasswd' if system 'command -v htpasswd >/dev/null';
    my ($rc, $out, $err) = $h->run(\'', 'htpasswd', '-bcm',
                                   "$h->{dir}/users", 'carla', 'filed');
    die "htpasswd: $err" if $rc;
    chmod 0644, "$h->{dir}/users";
    my $c = client(url => $h->url('/file'), user => 'carla',
                   password => 'filed');
    my $a = $c->send(hello());
    ok good($a), 'a user of AuthUserFile logs in';
    is $a->status('Alert'), 200, '... and syncs';
    $c = client(url => $h->url('/file'), user => 'carla',
                password => 'wrong');
    is $c->send(hello())->status('SyncHdr'), 401, 'not with a wrong password';
    $c = client(url => $h->url('/file'));
    is $c->send(hello())->status('SyncHdr'), 401,
        "nor with a password of the store";
    $h->expect_log(qr/carla/);
};

# ---- within a session -------------------------------------------------------

subtest 'the session knows who it is' => sub {
    my $c = client();
    my $a = $c->send(hello());
    ok good($a), 'begun';
    my ($alert) = $a->alerts;
    $a = $c->send({ final => 0, no_cred => 1 },
        status_cmd($a->msg, undef, 200), status_cmd($a->msg, $alert->{node}, 200),
        sync_cmd('contacts', './c', add('1', 'text/vcard', vcard('Known1'))));
    is $a->status('Add'), 201, 'later messages need no credentials';
    # Credentials that come all the same are checked.
    my $before = server_count($h, 'alice', 'contacts');
    $c->{authenticated} = 0;
    $c->{password} = 'wrong';
    $a = $c->send({ final => 0, cred => $c->cred(auth => 'basic') },
        status_cmd($a->msg, undef, 200),
        sync_cmd('contacts', './c', add('2', 'text/vcard', vcard('Wrong2'))));
    is $a->status('SyncHdr'), 401, 'wrong ones are refused';
    is server_count($h, 'alice', 'contacts'), $before, '... nothing is stored';
};

subtest 'a session belongs to its device and account' => sub {
    my $alice = client();
    my $a = $alice->send(hello());
    my ($alert) = $a->alerts;
    my $before = server_items($h, 'alice', 'contacts');
    my @bad = (
        [ 'another device id', client(id => 'not-alice', no_cred => 1) ],
        [ "Bob's credentials", client(user => 'bob', password => 'p:w w ö') ],
        [ "Bob's credentials, Alice's device",
          client(user => 'bob', password => 'p:w w ö', id => $alice->{id}) ],
    );
    for (@bad) {
        my ($what, $c) = @$_;
        $c->{resp_uri} = $alice->{resp_uri};
        $c->{msg} = 2;
        $c->{session} = $alice->{session};
        my $a = $c->send({ no_cred => $c->{no_cred}, judge => 0 },
            sync_cmd('contacts', './c', add('1', 'text/vcard',
                                            vcard('Thief1'))));
        if ($a->code == 200) {
            # With credentials of its own it may begin a session of its own.
            like $a->status('SyncHdr') // '',
                $c->{id} eq $alice->{id} || $c->{no_cred} ? qr/^[45]\d\d$/
                    : qr/^[245]\d\d$/, "$what: refused";
            unlike $a->status('Add') // '', qr/^2/, "$what: nothing added";
        } else {
            like $a->code, qr/^4\d\d$/, "$what: refused by HTTP";
        }
    }
    is_deeply server_items($h, 'alice', 'contacts'), $before,
        "Alice's contacts are untouched";
    unlike server_names($h, 'bob', 'contacts'), qr/Thief/,
        "nothing in Bob's either";
    # Alice goes on.
    $a = $alice->send({ final => 0 }, status_cmd(1, undef, 200),
        status_cmd(1, $alert->{node}, 200),
        sync_cmd('contacts', './c', add('1', 'text/vcard',
                                        vcard('Alice1'))));
    is $a->status('Add'), 201, "Alice's session goes on";
    fine($alice, 'Alice');
};

done_testing;
