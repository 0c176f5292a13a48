#!/bin/bash
# Prometheus's own checker of metrics, for `promtool check metrics`. Debian's package would bring a server that starts at
# boot; so it is fetched once (apt checks the signature) and unpacked into a cache.
#
#   usage: promtool.sh --fetch | ARGUMENTS...
#
# --fetch: no more than that. WARDGATE_PEER_CACHE: where the package is kept (/var/cache/wardgate-peers, below ~/.cache for who is not root).
set -euo pipefail

cache=${WARDGATE_PEER_CACHE:-/var/cache/wardgate-peers}
[[ -w $(dirname "$cache") || -w $cache ]] || cache=${XDG_CACHE_HOME:-$HOME/.cache}/wardgate-peers
package=$cache/prometheus

if [[ ! -x $package/usr/bin/promtool ]]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.fetch.XXXXXX")
	trap 'rm -rf -- "$work"' EXIT
	cd "$work"
	if ! apt-get -q -o APT::Sandbox::User=root download prometheus >fetch.log 2>&1; then
		apt-get -q update >>fetch.log 2>&1 || true
		apt-get -q -o APT::Sandbox::User=root download prometheus >>fetch.log 2>&1 || {
			echo "promtool.sh: the package prometheus could not be fetched: $(tail -n 2 fetch.log)" >&2
			exit 69
		}
	fi
	dpkg -x prometheus_*.deb root
	mv -T root "$package" 2>/dev/null || [[ -x $package/usr/bin/promtool ]] # two at once: the first one wins
	cd /
	rm -rf -- "$work"
	trap - EXIT
fi
if [[ ${1-} != --fetch ]]; then
	exec "$package/usr/bin/promtool" "$@"
fi
