#!/bin/bash
# A real Dovecot on 127.0.0.1: IMAP with STARTTLS on one port and TLS from the first byte on another, LMTP on DIR/run/lmtp.
# All of it lives in DIR; the machine's own Dovecot is not touched.
#
#   usage: dovecot.sh DIR [PKI [STARTTLS IMPLICIT]]
#
# PKI is what certs-example/make left; without it one is made in DIR/pki. STARTTLS and IMPLICIT
# are the ports; without them free ones are taken. The certificate is for localhost and mail.example.
# Prints "port STARTTLS IMPLICIT" and "ready"; ends on SIGTERM, or when its standard input is a pipe and ends. Needs root;
# the folders above DIR must be open to other users (x), and DIR's path short (sockets).
#
# Any user may log in with the password letmein-2026; mails are in
# DIR/mail/USER/Maildir.
set -euo pipefail

die() {
	printf 'dovecot.sh: %s\n' "$1" >&2
	exit "${2:-70}"
}

(($# == 1 || $# == 2 || $# == 4)) || die "usage: dovecot.sh DIR [PKI [STARTTLS IMPLICIT]]" 64
((EUID == 0)) || die "needs root" 77
[[ -x /usr/sbin/dovecot ]] || die "Dovecot is missing: apt-get install dovecot-imapd dovecot-lmtpd" 69
mkdir -p "$1"
dir=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
if (($# >= 2)); then
	pki=$(cd "$2" && pwd)
else
	pki=$dir/pki
	"$here/../../certs-example/make" "$pki" --smime-key ec >/dev/null
fi
((${#dir} < 70)) || die "the path of DIR is too long for sockets below it: $dir" 64

free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
starttls=${3:-$(free_port)}
implicit=${4:-$(free_port)}
chmod 755 "$dir"
mkdir -p "$dir"/{run,state,mail,log}
chown nobody:nogroup "$dir/mail"

cat >"$dir/dovecot.conf" <<CF
base_dir = $dir/run
state_dir = $dir/state
instance_name = wardgate-test-$starttls
log_path = $dir/log/dovecot.log
auth_verbose = yes
auth_failure_delay = 0
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <$pki/mail/server.pem
ssl_key = <$pki/mail/server.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
first_valid_uid = 1
passdb {
  driver = static
  args = password=letmein-2026
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$dir/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = ${WG_SEPARATOR:-.}
}
service imap-login {
  inet_listener imap {
    port = $starttls
  }
  inet_listener imaps {
    port = $implicit
    ssl = yes
  }
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
CF

setsid /usr/sbin/dovecot -F -c "$dir/dovecot.conf" </dev/null >"$dir/log/master" 2>&1 &
master=$!
stop() {
	trap - EXIT
	kill "$master" 2>/dev/null || true
	wait "$master" 2>/dev/null || true
	exit "${1:-0}"
}
trap 'stop $?' EXIT
trap 'stop 0' TERM INT
for ((i = 0; ; i++)); do
	kill -0 "$master" 2>/dev/null || die "it did not start: $(tail -n 5 "$dir/log/master" "$dir/log/dovecot.log" 2>/dev/null)"
	if { exec 3<>"/dev/tcp/127.0.0.1/$starttls"; } 2>/dev/null; then
		if read -r -t 10 greeting <&3 && [[ $greeting == '* OK'* ]]; then
			printf 'a LOGOUT\r\n' >&3
			exec 3>&-
			break
		fi
		exec 3>&-
	fi
	((i < 300)) || die "it does not answer: $(tail -n 5 "$dir/log/dovecot.log" 2>/dev/null)"
	sleep 0.1
done
printf 'port %s %s\nready\n' "$starttls" "$implicit"
if [[ -p /dev/stdin ]]; then
	cat >/dev/null || true
	stop 0
fi
wait "$master"
