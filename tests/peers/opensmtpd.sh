#!/bin/bash
# A real OpenSMTPD on 127.0.0.1 that demands TLS, keeps what it gets for *.example and sends nothing anywhere.
#
#   usage: opensmtpd.sh --fetch | DIR PORT PKI [starttls | smtps]
#
# --fetch: no more than that.
# Debian's package cannot be installed beside Postfix, and has its folders compiled in. So it is fetched once (apt checks
# the signature), unpacked into a cache, and run in a mount namespace of its own, in which /etc/passwd, /run, /var/spool,
# /var/lib and /usr/libexec are private: nothing on the machine changes. Needs root and the right to make namespaces.
#
# PORT 0 takes a free one. PKI is what certs-example/make left. Prints "port N" and "ready"; ends on SIGTERM, or when its
# standard input is a pipe and ends. Mail for anybody@front-door.example arrives in the Maildir DIR/mail/new; refused@
# gets 550 and later@ gets 450, at RCPT. AUTH is offered: user gateway, password "CANARY-secret-01632".
# WARDGATE_PEER_CACHE: where the package is kept (/var/cache/wardgate-peers); WARDGATE_PEER_MIRROR: whence it
# comes; nothing said: from where this machine has its packages.
set -euo pipefail

die() {
	printf 'opensmtpd.sh: %s\n' "$1" >&2
	exit "${2:-70}"
}

((EUID == 0)) || die "needs root" 77
cache=${WARDGATE_PEER_CACHE:-/var/cache/wardgate-peers}
package=$cache/opensmtpd-bpo12
mirror=${WARDGATE_PEER_MIRROR:-$(apt-get indextargets --format '$(SITE) $(CODENAME)' | awk '$2 == "bookworm" { print $1; exit }')}

# From bookworm-backports: TLS of the one in bookworm (6.8) fails under OpenSSL 3 (OpenSMTPD issues 1171, 1239). With lists
# of its own, so that the machine's apt is not told of backports; the archive's key, which apt checks, is the machine's.
fetch() {
	local work
	[[ -n $mirror ]] || die "whence should OpenSMTPD come? This machine's apt knows no mirror of bookworm: WARDGATE_PEER_MIRROR" 69
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.fetch.XXXXXX")
	chmod 755 "$work"
	(
		cd "$work"
		mkdir -p lists/partial cache/archives/partial
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" >sources
		own=(-q -o Dir::Etc::sourcelist="$PWD/sources" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$PWD/lists"
			-o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root)
		{ apt-get "${own[@]}" update && apt-get "${own[@]}" download opensmtpd; } >fetch.log 2>&1 ||
			die "the package opensmtpd could not be fetched from $mirror: $(tail -n 2 fetch.log)" 69
		dpkg -x opensmtpd_*.deb root
	)
	# two that fetch at once: the first one wins
	mv -T "$work/root" "$package" 2>/dev/null || [[ -x $package/usr/sbin/smtpd ]] || die "$package cannot be made"
	rm -rf -- "$work"
}

if [[ -z ${WG_OPENSMTPD_INSIDE:-} ]]; then
	[[ -x $package/usr/sbin/smtpd ]] || fetch
	[[ $* != --fetch ]] || exit 0
	missing=$(ldd "$package/usr/sbin/smtpd" | grep 'not found' || true)
	[[ -z $missing ]] || die "OpenSMTPD lacks libraries: $missing" 69
	unshare --mount true 2>/dev/null || die "no right to make a mount namespace (unshare --mount)" 77
	WG_OPENSMTPD_INSIDE=1 exec unshare --mount --propagation private "$0" "$@"
fi

(($# == 3 || $# == 4)) || die "usage: opensmtpd.sh --fetch | DIR PORT PKI [starttls | smtps]" 64
[[ $2 =~ ^[0-9]{1,5}$ ]] || die "PORT: a number, not \"$2\"" 64
mkdir -p "$1"
dir=$(cd "$1" && pwd)
pki=$(cd "$3" && pwd)
how=${4:-starttls}
port=$2

# ---- in the namespace

chmod 755 "$dir"
mkdir -p "$dir"/{etc,mail,log}
mkdir -p "$dir/private"
cp /etc/passwd /etc/group "$dir/etc"
printf '%s\n' 'opensmtpd:x:64011:64011::/var/lib/opensmtpd/empty:/usr/sbin/nologin' \
	'opensmtpq:x:64012:64012::/var/lib/opensmtpd/empty:/usr/sbin/nologin' \
	"wgmail:x:64013:64013::$dir/mail:/bin/sh" >>"$dir/etc/passwd"
printf '%s\n' 'opensmtpd:x:64011:' 'opensmtpq:x:64012:' 'wgmail:x:64013:' >>"$dir/etc/group"
mount --bind "$dir/etc/passwd" /etc/passwd
mount --bind "$dir/etc/group" /etc/group
for folder in /run /var/spool /var/lib /usr/libexec; do
	mount -t tmpfs -o mode=755 none "$folder"
done
mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd
chmod 711 /var/spool/smtpd
cp -a "$package/usr/libexec/opensmtpd" /usr/libexec/
chown wgmail:wgmail "$dir/mail"
# it takes no key that its group may read
install -m 600 "$pki/mail/server.key" "$dir/etc/server.key"
cp "$pki/mail/server.pem" "$dir/etc/server.pem"

if ((port == 0)); then
	port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
fi
tls=tls-require
[[ $how == starttls ]] || tls=smtps
secret=$(openssl passwd -6 CANARY-secret-01632)
cat >"$dir/etc/smtpd.conf" <<CF
pki mail cert "$dir/etc/server.pem"
pki mail key "$dir/etc/server.key"
table logins { gateway = "$secret" }
table everybody { "@" = "wgmail" }
table busy { "later@front-door.example" }
table nobody { "refused@front-door.example" }
filter "busy" phase rcpt-to match rcpt-to <busy> reject "450 4.2.1 this desk is busy"
filter "nobody" phase rcpt-to match rcpt-to <nobody> reject "550 5.1.1 no such desk"
filter "desks" chain { "busy", "nobody" }
smtp max-message-size "64M"
listen on 127.0.0.1 port $port $tls pki mail hostname mail.example auth-optional <logins> filter "desks"
action "keep" maildir "$dir/mail" virtual <everybody>
match from any for domain "front-door.example" action "keep"
CF
"$package/usr/sbin/smtpd" -n -f "$dir/etc/smtpd.conf" >"$dir/log/check" 2>&1 || die "configuration: $(cat "$dir/log/check")"

setsid "$package/usr/sbin/smtpd" -d -f "$dir/etc/smtpd.conf" </dev/null >"$dir/log/smtpd" 2>&1 &
server=$!
stop() {
	trap - EXIT
	kill "$server" 2>/dev/null || true
	wait "$server" 2>/dev/null || true
	exit "${1:-0}"
}
trap 'stop $?' EXIT
trap 'stop 0' TERM INT

for ((i = 0; ; i++)); do
	kill -0 "$server" 2>/dev/null || die "it did not start: $(tail -n 5 "$dir/log/smtpd")"
	if { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null; then
		[[ $how == starttls ]] || break
		if read -r -t 10 greeting <&3 && [[ $greeting == 220* ]]; then
			printf 'QUIT\r\n' >&3
			break
		fi
	fi
	exec 3>&- || true
	((i < 300)) || die "it does not answer: $(tail -n 5 "$dir/log/smtpd")"
	sleep 0.1
done
exec 3>&- || true
printf 'port %d\nready\n' "$port"

if [[ -p /dev/stdin ]]; then
	cat <&0 >/dev/null &
	wait -n "$!" "$server" || true
else
	wait "$server"
fi
