#!/bin/bash
# Says, as JSON, whether a file is OpenAPI 3.1: @seriousme/openapi-schema-validator, which Debian does not have. npm fetches it
# once into a cache; none of its install scripts is run.
#
#   usage: openapi-lint.sh --fetch | FILE
#
# --fetch: no more than that. WARDGATE_PEER_CACHE: where it is kept (/var/cache/wardgate-peers, below ~/.cache for who is
# not root).
set -euo pipefail

linter=@seriousme/openapi-schema-validator@2.11.0
cache=${WARDGATE_PEER_CACHE:-/var/cache/wardgate-peers}
[[ -w $(dirname "$cache") || -w $cache ]] || cache=${XDG_CACHE_HOME:-$HOME/.cache}/wardgate-peers
package=$cache/openapi-lint-${linter##*@}
program=$package/node_modules/.bin/validate-api

if [[ ! -x $program ]]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.fetch.XXXXXX")
	trap 'rm -rf -- "$work"' EXIT
	chmod 755 "$work"
	if ! said=$(npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$work" "$linter" 2>&1); then
		echo "openapi-lint.sh: $linter could not be fetched by npm: $(tail -n 2 <<<"$said")" >&2
		exit 69
	fi
	mv -T "$work" "$package" 2>/dev/null || [[ -x $program ]] # two at once: the first one wins
	rm -rf -- "$work"
	trap - EXIT
fi
if [[ ${1-} != --fetch ]]; then
	exec "$program" "$@"
fi
