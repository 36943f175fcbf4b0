# Licensed to you under the Apache License, Version 2.0: see LICENSE.
package Test::SyncML;

# A small SyncML client of our own, independent of the server's code: makes
# messages, posts them, takes answers apart, and keeps what a session needs
# (session and message ids, RespURI, nonce).  It behaves, and can be told in
# each message to misbehave.  Every answer is judged (Test::SyncML::Judge);
# verdicts gather in problems().
#
#   my $c = Test::SyncML->new(url => $url, user => 'alice',
#                             password => 'secret', id => 'phone-1');
#   my $a = $c->send(alert(200, 'contacts', './c', undef, '1'));
#   $a->status('SyncHdr');          # "212"
#   $a->status('Alert');
#
# Commands are made by the exported functions; they get their CmdID when they
# are sent.  Whole sync sessions of a phone with items: Test::SyncML::Phone.

use strict;
use warnings;
use Digest::MD5 qw(md5);
use Exporter 'import';
use MIME::Base64 qw(encode_base64 decode_base64);
use Test::SyncML::Codec qw(encode decode kids kid text path);
use Test::SyncML::Judge ();
use Test::SyncML::Post ();

our @EXPORT_OK = qw(alert put_devinf get_devinf sync_cmd add replace delete_cmd
    map_cmd status_cmd cmd item meta b64 devinf);
our %EXPORT_TAGS = (all => \@EXPORT_OK);

my $count = 0;

# Options and defaults:
#   url                 where to post
#   user, password      'alice', 'secret'
#   id                  SyncHdr Source LocURI
#   version             '1.2'; '1.0', '1.1'
#   format              'wbxml'; 'xml'
#   auth                'basic'; 'md5', 'none'
#   target              SyncHdr Target LocURI; default: url
#   retarget            0: the Target of all messages is the same; 1: it is the
#                       RespURI once there is one, as libsynthesis does
#   max_msg, max_obj    what we announce; 0: nothing
#   loc_name            SyncHdr Source LocName (default the user name; '': none)
#   number_of_changes   0; 1: expect it, as a device whose DevInf says so
#   public              WBXML public id as 'number' or 'string'
#   session             first SessionID
#   headers             { more HTTP headers }
sub new {
    my ($class, %o) = @_;
    $count++;
    my $self = bless {
        user => 'alice', password => 'secret', id => "perl-$$-$count",
        version => '1.2', format => 'wbxml', auth => 'basic',
        max_msg => 64000, max_obj => 0, session => $count * 10, retarget => 0,
        nonce => '', problems => [], headers => {}, public => 'number',
        keep => [], %o
    }, $class;
    $self->{target} //= $self->{url};
    $self->{loc_name} //= $self->{user};
    $self->begin;
    return $self;
}

# A new session: next SessionID, MsgID from 1 (or as given), no RespURI.
sub begin {
    my ($self, %o) = @_;
    $self->{session}++ if $self->{msg} && $self->{session} =~ /^\d+$/;
    $self->{session} = $o{session} if defined $o{session};
    $self->{msg} = $o{msg} // 1;
    $self->{resp_uri} = undef;
    $self->{authenticated} = 0;
    $self->{sync_open} = {};
    $self->{gets} = 0;
    $self->{last_server_msg} = 0;
    return $self;
}

sub problems { my ($self) = @_; return @{ $self->{problems} } }
sub forgive  { my ($self) = @_; $self->{problems} = []; return }

# ---- credentials ------------------------------------------------------------

sub b64 { return encode_base64($_[0], '') }

sub cred {
    my ($self, %o) = @_;
    my ($user, $password, $auth, $nonce) =
        map { $o{$_} // $self->{$_} } qw(user password auth nonce);
    return undef if $auth eq 'none';
    return node_cred('b64', 'syncml:auth-basic', b64("$user:$password"))
        if $auth eq 'basic';
    if ($self->{version} eq '1.0') {
        my $digest = md5("$user:$password:$nonce");
        return $self->{format} eq 'wbxml'
            ? node_cred(undef, 'syncml:auth-md5', \$digest)
            : node_cred('b64', 'syncml:auth-md5', b64($digest));
    }
    return node_cred('b64', 'syncml:auth-md5',
                     b64(md5(b64(md5("$user:$password")) . ":$nonce")));
}

sub node_cred {
    my ($format, $type, $data) = @_;
    return [ 'Cred', meta(Format => $format, Type => $type),
             [ 'Data', $data ] ];
}

# ---- commands ---------------------------------------------------------------

# [ Meta, [name, value]... ] without those of no value; undef if none is left.
sub meta {
    my (@pairs, @children) = @_;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @children, ref $value eq 'ARRAY' ? $value : [ $name, $value ]
            if defined $value;
    }
    return @children ? [ 'Meta', @children ] : undef;
}

# Any command: children of no value are left out.
sub cmd {
    my ($name, @children) = @_;
    return [ $name, ['CmdID'], grep { defined } @children ];
}

# target, source, meta, data, more: strings or nodes.
sub item {
    my (%o) = @_;
    return [ 'Item',
        (map { defined $o{lc $_} ? [ $_, [ 'LocURI', $o{lc $_} ] ] : () }
             qw(Target Source)),
        ($o{meta} || ()), (defined $o{data} ? [ 'Data', $o{data} ] : ()),
        ($o{more} ? ['MoreData'] : ()) ];
}

sub alert {
    my ($code, $target, $source, $last, $next) = @_;
    my $anchor = defined $next || defined $last
        ? [ 'Anchor', (defined $last ? [ 'Last', $last ] : ()),
            (defined $next ? [ 'Next', $next ] : ()) ] : undef;
    return cmd('Alert', [ 'Data', $code ],
        item(target => $target, source => $source,
             meta => meta(Anchor => $anchor)));
}

sub sync_cmd {
    my ($target, $source, @changes) = @_;
    my $number = @changes && !ref $changes[0] ? shift @changes : undef;
    return cmd('Sync', [ 'Target', [ 'LocURI', $target ] ],
        [ 'Source', [ 'LocURI', $source ] ],
        (defined $number ? [ 'NumberOfChanges', $number ] : ()), @changes);
}

sub add {
    my ($luid, $type, $data, %o) = @_;
    return cmd($o{name} || 'Add', meta(Type => $type, Size => $o{size}),
        item(source => $luid, more => $o{more},
             data => ref $data || $o{inline} ? $data : \$data));
}

sub replace {
    my ($luid, $type, $data, %o) = @_;
    return add($luid, $type, $data, %o, name => 'Replace');
}

sub delete_cmd { my ($luid) = @_; return cmd('Delete', item(source => $luid)) }

# map_cmd($target, $source, guid => luid, ...)
sub map_cmd {
    my ($target, $source, @pairs) = @_;
    my @items;
    while (my ($guid, $luid) = splice @pairs, 0, 2) {
        push @items, [ 'MapItem', [ 'Target', [ 'LocURI', $guid ] ],
                       [ 'Source', [ 'LocURI', $luid ] ] ];
    }
    return cmd('Map', [ 'Target', [ 'LocURI', $target ] ],
               [ 'Source', [ 'LocURI', $source ] ], @items);
}

# Our Status for a command of the server ($node) or its SyncHdr (undef), both
# of message $msg.
sub status_cmd {
    my ($msg, $node, $code, @more) = @_;
    my $refs = sub {
        my ($of, $where) = @_;
        return $of ? map { [ "${where}Ref", $_ ] } grep { defined }
            text($of, $where, 'LocURI') : ();
    };
    my ($ref, $name) = $node && $node->[0] ne 'SyncHdr'
        ? (text($node, 'CmdID'), $node->[0]) : (0, 'SyncHdr');
    my $where = !$node ? undef : kid($node, 'Item') || $node;
    return cmd('Status', [ 'MsgRef', $msg ], [ 'CmdRef', $ref ],
        [ 'Cmd', $name ], $refs->($where, 'Target'), $refs->($where, 'Source'),
        [ 'Data', $code ], @more);
}

sub devinf_uri { my ($self) = @_; return './devinf' . $self->{version} =~ s/\.//r }

# A DevInf document; stores: [ [ './contacts', 'text/vcard', '3.0' ], ... ].
sub devinf {
    my ($self, %o) = @_;
    my $v = $o{version} || $self->{version};
    my @stores = map {
        my ($uri, $type, $ver) = @$_;
        my @type = ([ 'CTType', $type ], [ 'VerCT', $ver ]);
        [ 'DataStore', [ 'SourceRef', $uri ], [ 'MaxGUIDSize', 8 ],
          [ 'Rx-Pref', @type ], [ 'Tx-Pref', @type ],
          [ 'SyncCap', map { [ 'SyncType', $_ ] } 1 .. 7 ] ]
    } @{ $o{stores} || [ [ './c', 'text/vcard', '3.0' ] ] };
    return [ 'DevInf', [ 'VerDTD', $v ], [ 'Man', $o{man} // $self->{man} // 'Perl' ],
        [ 'Mod', $o{mod} // $self->{mod} // 'Test::SyncML' ], [ 'SwV', '1' ],
        [ 'DevID', $o{id} // $self->{id} ], [ 'DevTyp', 'phone' ],
        ($v eq '1.0' ? () : ([ 'UTC' ], [ 'SupportLargeObjs' ],
                             [ 'SupportNumberOfChanges' ])), @stores ];
}

sub put_devinf {
    my ($self, %o) = @_;
    $self->{number_of_changes} = 1 if $self->{version} ne '1.0';
    return cmd('Put', meta(Type => $self->devinf_type),
        item(source => $self->devinf_uri,
             data => { devinf => $self->devinf(%o) }));
}

sub get_devinf {
    my ($self) = @_;
    return cmd('Get', meta(Type => $self->devinf_type),
               item(target => $self->devinf_uri));
}

sub devinf_type {
    my ($self) = @_;
    return "application/vnd.syncml-devinf+$self->{format}";
}

# ---- messages ---------------------------------------------------------------

# The tree of the next message, its commands numbered.  Options:
#   final => 0          without Final
#   no_cred => 1        without Cred; cred => node: that one
#   hdr => { name => value }   instead of the right one; undef leaves it out
#   no_resp => 1        in SyncHdr
sub message {
    my ($self, $o, @commands) = @_;
    my $id = 0;
    $self->_number($_, \$id) for @commands;
    my %hdr = (
        VerDTD => $self->{version}, VerProto => "SyncML/$self->{version}",
        SessionID => $self->{session}, MsgID => $self->{msg},
        Target => [ 'LocURI', $self->{retarget} && $self->{resp_uri}
                              || $self->{target} ],
        Source => [ [ 'LocURI', $self->{id} ],
                    length $self->{loc_name}
                        ? [ 'LocName', $self->{loc_name} ] : () ],
        RespURI => undef,
        NoResp => $o->{no_resp} ? '' : undef,
        Cred => $o->{no_cred} || $self->{authenticated} ? undef
            : $o->{cred} || $self->cred,
        Meta => meta(MaxMsgSize => $self->{max_msg} || undef,
                     MaxObjSize => $self->{version} eq '1.0' ? undef
                                   : $self->{max_obj} || undef),
        %{ $o->{hdr} || {} }
    );
    my @header = ('SyncHdr');
    for my $name (qw(VerDTD VerProto SessionID MsgID Target Source RespURI
                     NoResp Cred Meta)) {
        my $value = $hdr{$name};
        next unless defined $value;
        push @header, !ref $value ? [ $name, $value ]
            : $name =~ /^(?:Cred|Meta)$/ ? $value
            : ref $value->[0] ? [ $name, @$value ] : [ $name, $value ];
    }
    return [ 'SyncML', \@header, [ 'SyncBody', @commands,
             (exists $o->{final} && !$o->{final} ? () : ['Final']) ] ];
}

sub _number {
    my ($self, $node, $id) = @_;
    my $cmdid = kid($node, 'CmdID');
    @$cmdid = ('CmdID', ++$$id) if $cmdid && @$cmdid == 1;
    $self->_number($_, $id) for grep { kid($_, 'CmdID') } kids($node);
    return;
}

# Octets of a tree as this client writes them.
sub octets {
    my ($self, $node) = @_;
    return encode($node, format => $self->{format},
                  version => $self->{version}, public => $self->{public});
}

sub type { my ($self) = @_; return "application/vnd.syncml+$self->{format}" }

# RespURI is made from the Target LocURI, which need not be an address that
# this machine can reach: keep path and query, post to the url's host.
sub post_url {
    my ($self) = @_;
    return $self->{url} unless defined $self->{resp_uri};
    my ($base) = $self->{url} =~ m{^(http://[^/]+)};
    my ($path) = $self->{resp_uri} =~ m{^https?://[^/]+(/.*)$};
    $path //= $self->{resp_uri} =~ m{^/} ? $self->{resp_uri}
        : die "RespURI $self->{resp_uri}\n";
    return "$base$path";
}

# Post octets; returns { status, headers, content }.
sub post {
    my ($self, $octets, %o) = @_;
    my $post = $self->{post} ||= Test::SyncML::Post->new;
    return $post->post($o{url} || $self->post_url, {
        'Content-Type' => $o{type} || $self->type,
        %{ $self->{headers} }, %{ $o{headers} || {} } }, $octets);
}

# Send the next message and judge the answer.  An options hash may come first
# (as for message(), and judge => 0).
sub send {
    my ($self, @commands) = @_;
    my $o = @commands && ref $commands[0] eq 'HASH' ? shift @commands : {};
    my $node = $self->message($o, @commands);
    $self->{gets} += grep { $_->[0] eq 'Get' } @commands;
    my $octets = $self->octets($node);
    $octets = $o->{mangle}->($octets) if $o->{mangle};
    $self->{last_octets} = $octets;
    $self->{last_url} = $self->post_url;
    my $answer = $self->take($self->post($octets), $node);
    push @{ $self->{problems} },
        map { "message $self->{msg}: $_" } $answer->judge
            unless exists $o->{judge} && !$o->{judge};
    $self->learn($answer);
    $self->{msg}++;
    return $answer;
}

# Send the last message again, octet by octet.
sub resend {
    my ($self, %o) = @_;
    return $self->take($self->post($self->{last_octets},
                                   url => $self->{last_url}, %o), undef);
}

# An HTTP response as an answer to the message $node.
sub take {
    my ($self, $http, $node) = @_;
    my $a = bless { http => $http, client => $self, asked => {
        node => $node, format => $self->{format}, version => $self->{version},
        max_msg => $self->{max_msg}, sync_open => $self->{sync_open},
        server => $self->{target}, gets => \$self->{gets},
        number_of_changes => $self->{number_of_changes} } },
        'Test::SyncML::Answer';
    if ($http->{status} == 200) {
        @$a{qw(node info)} = eval { decode($http->{content},
                                           $self->{format}) };
        $a->{error} = $@ =~ s/\n.*//sr unless $a->{node};
    }
    return $a;
}

# What a session goes on with.
sub learn {
    my ($self, $a) = @_;
    return unless $a->{node};
    $self->{gets} -= () = $a->commands('Results');
    my $uri = $a->hdr('RespURI');
    $self->{resp_uri} = $uri if defined $uri;
    my $code = $a->status('SyncHdr') // 0;
    $self->{authenticated} = 1 if $code == 212;
    my $chal = $a->chal;
    if ($chal) {
        $self->{nonce} = decode_base64($chal->{nonce})
            if defined $chal->{nonce};
        $self->{chal} = $chal;
    }
    return;
}

package Test::SyncML::Answer;

use Test::SyncML::Codec qw(kids kid text path);

sub judge {
    my ($self) = @_;
    return Test::SyncML::Judge::answer($self->{asked}, $self);
}

sub http { return $_[0]{http} }
sub code { return $_[0]{http}{status} }
sub body { return $_[0]{http}{content} }
sub node { return $_[0]{node} }
sub hdr  { my ($self, @path) = @_; return text($self->{node}, 'SyncHdr', @path) }
sub msg  { my ($self) = @_; return $self->hdr('MsgID') }

# The message as XML for people: diag($a->xml).
sub xml {
    my ($self) = @_;
    return "HTTP $self->{http}{status} $self->{http}{content}"
        unless $self->{node};
    my $xml = Test::SyncML::Codec::encode($self->{node}, format => 'xml',
        version => $self->{info}{version} // '1.2');
    $xml =~ s/(?<=>)(?=<(?:Status|Alert|Sync|Add|Replace|Delete|Results|Final
                          |Map)\b)/\n/gx;
    return "$xml\n";
}

# Top-level commands, all or of a name; Final is none.
sub commands {
    my ($self, $name) = @_;
    return grep { $_->[0] ne 'Final' } kids(kid($self->{node}, 'SyncBody'), $name);
}

sub final { my ($self) = @_; return !!kid(kid($self->{node}, 'SyncBody'), 'Final') }

# Statuses as hashes: msg, ref, cmd, data, target, source, node.
sub statuses {
    my ($self, $cmd) = @_;
    return grep { !defined $cmd || $_->{cmd} eq $cmd } map { {
        node => $_, msg => text($_, 'MsgRef'), ref => text($_, 'CmdRef'),
        cmd => text($_, 'Cmd') // '', data => text($_, 'Data'),
        target => text($_, 'TargetRef'), source => text($_, 'SourceRef')
    } } $self->commands('Status');
}

# Code of the only (or n-th, from 0) Status for a command name; undef: none.
sub status {
    my ($self, $cmd, $n) = @_;
    my @s = $self->statuses($cmd);
    return undef unless @s;
    return join ',', map { $_->{data} } @s if !defined $n && @s > 1;
    return $s[$n || 0] && $s[$n || 0]{data};
}

# The challenge in SyncHdr's Status: { type, format, nonce } or undef.
sub chal {
    my ($self) = @_;
    my ($s) = $self->statuses('SyncHdr');
    my $meta = $s && path($s->{node}, qw(Chal Meta)) or return undef;
    return { type => text($meta, 'Type'), format => text($meta, 'Format'),
             nonce => text($meta, 'NextNonce') };
}

# Alerts as hashes: code, target, source, last, next, node.
sub alerts {
    my ($self, $code) = @_;
    return grep { !defined $code || $_->{code} eq $code } map {
        my $item = kid($_, 'Item');
        { node => $_, code => text($_, 'Data'),
          target => text($item, qw(Target LocURI)),
          source => text($item, qw(Source LocURI)),
          last => text($item, qw(Meta Anchor Last)),
          next => text($item, qw(Meta Anchor Next)) }
    } $self->commands('Alert');
}

# The server's Syncs: { node, target, source, number, changes => [ { node, op,
# guid, luid, type, data, more, size } ] }.
sub syncs {
    my ($self) = @_;
    return map {
        my $sync = $_;
        { node => $sync, target => text($sync, qw(Target LocURI)),
          source => text($sync, qw(Source LocURI)),
          number => text($sync, 'NumberOfChanges'),
          changes => [ map { _changes($_) }
                       grep { $_->[0] =~ /^(?:Add|Replace|Delete)$/ }
                       kids($sync) ] }
    } $self->commands('Sync');
}

sub _changes {
    my ($cmd) = @_;
    return map { {
        node => $cmd, op => $cmd->[0], guid => text($_, qw(Source LocURI)),
        luid => text($_, qw(Target LocURI)), data => text($_, 'Data'),
        type => text($_, qw(Meta Type)) // text($cmd, qw(Meta Type)),
        size => text($_, qw(Meta Size)) // text($cmd, qw(Meta Size)),
        more => !!kid($_, 'MoreData')
    } } kids($cmd, 'Item');
}

# The DevInf document of the Results, or undef.
sub devinf {
    my ($self) = @_;
    my ($results) = $self->commands('Results');
    my $data = path($results, qw(Item Data)) or return undef;
    my ($devinf) = map { ref eq 'HASH' ? $_->{devinf}
                         : ref eq 'ARRAY' && $_->[0] eq 'DevInf' ? $_ : () }
        @$data[1 .. $#$data];
    return $devinf;
}

1;
