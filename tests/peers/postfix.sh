#!/bin/bash
# A real Postfix on 127.0.0.1 that demands STARTTLS, keeps what it gets for *.example and sends nothing anywhere. All of it
# lives in DIR; the machine's own Postfix is not touched.
#
#   usage: postfix.sh DIR PORT [PKI [smtps] [sasl]]
#
# PORT 0 takes a free one. PKI is what certs-example/make left; without it one is made in DIR/pki, and the authority to trust
# is DIR/pki/ca.pem. The certificate is for localhost and mail.example. Prints "port N" and "ready"; ends on SIGTERM, or when its
# standard input is a pipe and ends. Needs root, like every Postfix; the folders above DIR must be open to other users (x).
#
# WG_LMTP in the environment names a Unix socket: mail for WG_LMTP_FOR (a domain or an address; gateway.example) is handed over there by LMTP, and what is
# deferred is tried again every two seconds.
#
# WG_SMTPD_TIMEOUT in the environment: after that many seconds without a command it says 421 and closes.
#
# Mail for anybody@anything.example arrives in the Maildir DIR/mail/all/new, with the recipient in X-Original-To. Two
# local parts behave otherwise: refused@ gets 550 and later@ gets 450, at RCPT.
#
# smtps: TLS from the first byte. sasl: nobody may send without a login, which Dovecot checks: user gateway, password
# "CANARY-secret-01632" by PLAIN and SCRAM-SHA-256, the token in DIR/token by XOAUTH2 (Dovecot knows its key).
set -euo pipefail

die() {
	printf 'postfix.sh: %s\n' "$1" >&2
	exit "${2:-70}"
}

(($# >= 2 && $# <= 5)) || die "usage: postfix.sh DIR PORT [PKI [smtps] [sasl]]" 64
[[ $2 =~ ^[0-9]{1,5}$ ]] || die "PORT: a number, not \"$2\"" 64
((EUID == 0)) || die "needs root" 77
[[ -x /usr/lib/postfix/sbin/master ]] || die "Postfix is missing: apt-get install postfix" 69
mkdir -p "$1"
dir=$(cd "$1" && pwd)
port=$2
here=$(cd "$(dirname "$0")" && pwd)

smtps=no
sasl=no
for option in "${@:4}"; do
	case $option in
	smtps | sasl) declare "$option=yes" ;;
	*) die "unknown option $option" 64 ;;
	esac
done
if (($# >= 3)); then
	pki=$(cd "$3" && pwd)
else
	pki=$dir/pki
	"$here/../../certs-example/make" "$pki" --smime-key ec >/dev/null
fi
if ((port == 0)); then
	port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
fi

master=
dovecot=
stop() {
	trap - EXIT
	kill ${master:+"$master"} ${dovecot:+"$dovecot"} 2>/dev/null || true
	wait ${master:+"$master"} ${dovecot:+"$dovecot"} 2>/dev/null || true
	exit "${1:-0}"
}
trap 'stop $?' EXIT
trap 'stop 0' TERM INT

base64url() {
	openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# Dovecot as nothing but the judge of logins.
start_dovecot() {
	local head body
	[[ -x /usr/sbin/dovecot ]] || die "Dovecot is missing: apt-get install dovecot-core" 69
	mkdir -p "$dir"/{dovecot,etc/keys/default/HS256}
	printf 'gateway:{PLAIN}CANARY-secret-01632\n' >etc/users
	printf 'a key of the tests, for nothing else' | openssl base64 -A >etc/keys/default/HS256/default
	head=$(printf '{"alg":"HS256","typ":"JWT","kid":"default"}' | base64url)
	body=$(printf '{"sub":"gateway","iat":%d,"exp":%d}' "$(date +%s)" "$(($(date +%s) + 3600))" | base64url)
	(
		umask 077
		printf '%s.%s.%s\n' "$head" "$body" "$(printf '%s.%s' "$head" "$body" |
			openssl dgst -sha256 -hmac 'a key of the tests, for nothing else' -binary | base64url)" >"$dir/token"
	)
	cat >etc/oauth2.conf <<CF
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=$dir/etc/keys/
username_attribute = sub
CF
	cat >etc/dovecot.conf <<CF
base_dir = $dir/dovecot
state_dir = $dir/dovecot
log_path = $dir/log/dovecot
protocols =
ssl = no
auth_mechanisms = plain scram-sha-256 xoauth2
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
passdb {
  driver = passwd-file
  mechanisms = plain scram-sha-256
  args = $dir/etc/users
}
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = $dir/etc/oauth2.conf
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener $dir/spool/private/auth {
    mode = 0600
    user = postfix
  }
}
CF
	setsid /usr/sbin/dovecot -F -c "$dir/etc/dovecot.conf" </dev/null >log/dovecot.start 2>&1 &
	dovecot=$!
	for ((i = 0; ; i++)); do
		[[ -S spool/private/auth ]] && break
		kill -0 "$dovecot" 2>/dev/null || die "Dovecot did not start: $(cat log/dovecot*)"
		((i < 300)) || die "Dovecot does not answer: $(cat log/dovecot*)"
		sleep 0.1
	done
}

chmod 755 "$dir"
cd "$dir"
mkdir -p etc spool data mail log
mkdir -p spool/{pid,active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace,maildrop,public}
chown -R postfix spool/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace,maildrop,public} data
chown postfix:postdrop spool/{maildrop,public}
chmod 700 spool/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace} data
chmod 730 spool/maildrop
chmod 710 spool/public
chown nobody mail

cat >etc/main.cf <<CF
compatibility_level = 3.6
queue_directory = $dir/spool
data_directory = $dir/data
maillog_file = $dir/log/mail.log
maillog_file_prefixes = $dir/log
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
myhostname = mail.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = $pki/mail/server.pem
smtpd_tls_key_file = $pki/mail/server.key
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:$dir/etc/recipients
smtpd_client_connection_count_limit = 0
smtpd_forbid_bare_newline = yes
message_size_limit = 67108864
virtual_mailbox_limit = 0
virtual_mailbox_domains = regexp:$dir/etc/domains
virtual_mailbox_maps = static:all/
virtual_mailbox_base = $dir/mail
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
local_transport = error:nobody lives here
notify_classes =
CF
if [[ -n ${WG_LMTP:-} ]]; then
	cat >>etc/main.cf <<CF
transport_maps = inline:{${WG_LMTP_FOR:-gateway.example}=lmtp:unix:$WG_LMTP}
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 2s
CF
fi
if [[ -n ${WG_SMTPD_TIMEOUT:-} ]]; then
	printf 'smtpd_timeout = %ss\n' "$WG_SMTPD_TIMEOUT" >>etc/main.cf
fi
printf '%s\n' '/^refused@/ 550 5.1.1 no such desk' '/^later@/ 450 4.2.1 this desk is busy' >etc/recipients
printf '%s\n' '/^[a-z0-9.-]+\.example$/ ours' >etc/domains
service="smtpd"
if [[ $smtps == yes ]]; then
	service="smtpd -o smtpd_tls_wrappermode=yes"
fi
if [[ $sasl == yes ]]; then
	cat >>etc/main.cf <<CF
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = yes
smtpd_sasl_security_options = noanonymous
smtpd_sender_restrictions = permit_sasl_authenticated, reject
smtpd_delay_reject = no
CF
	start_dovecot
fi
cat >etc/master.cf <<CF
127.0.0.1:$port inet n - n - - $service
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
CF

# A session, hence a process group, of its own: the master ends its children through that.
setsid /usr/lib/postfix/sbin/master -c "$dir/etc" -d </dev/null >log/master 2>&1 &
master=$!

for ((i = 0; ; i++)); do
	kill -0 "$master" 2>/dev/null || die "it did not start: $(tail -n 5 log/master log/mail.log 2>/dev/null)"
	if { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
		if [[ $smtps == yes ]]; then
			exec 3>&-
			break
		fi
		if read -r -t 10 greeting <&3 && [[ $greeting == 220* ]]; then
			printf 'QUIT\r\n' >&3
			exec 3>&-
			break
		fi
		exec 3>&-
	fi
	((i < 300)) || die "it does not answer: $(tail -n 5 log/master log/mail.log 2>/dev/null)"
	sleep 0.1
done
printf 'port %d\nready\n' "$port"

if [[ -p /dev/stdin ]]; then
	cat <&0 >/dev/null &
	wait -n "$!" "$master" || true
else
	wait "$master"
fi
