# shellcheck shell=bash
# Sourced by ops/packages, ops/demo and ops/test: a long step says its name when it starts and its seconds when it ends; on
# a terminal it shows beside its name what it is just doing. What it prints goes to a log.

stage_ticker=
exec {stage_out}>&1 # a trap may run while a step's output goes to its log

stage_tick() { # LOG TEXT: until it is killed, or the script that started it is gone
	local columns doing start=$SECONDS
	columns=$(stty size <&"$stage_out" 2>/dev/null | cut -d ' ' -f 2)
	while sleep 1 && kill -0 $$ 2>/dev/null; do
		doing=$(tail -n 1 "$1" 2>/dev/null | tr -cd '[:print:]') || true
		doing="$2 ... $((SECONDS - start)) s  $doing"
		printf '\r%s\033[K' "${doing:0:${columns:-80}-1}"
	done
}

# Ends the line of a step that did not come to its own end; for a script's EXIT trap.
stage_stop() {
	if [[ -n $stage_ticker ]]; then
		kill "$stage_ticker" 2>/dev/null || true
		wait "$stage_ticker" 2>/dev/null || true
		stage_ticker=
		printf '\r\033[K' >&"$stage_out"
	fi
}

stage() { # LOG TEXT COMMAND...
	local log=$1 text=$2 start=$SECONDS status=0
	shift 2
	printf '%s ... ' "$text"
	if [[ -t 1 && ${TERM:-dumb} != dumb ]]; then
		stage_tick "$log" "$text" &
		stage_ticker=$!
	fi
	"$@" </dev/null >>"$log" 2>&1 || status=$?
	if [[ -n $stage_ticker ]]; then
		stage_stop
		printf '%s ... ' "$text"
	fi
	if ((status == 0)); then
		printf '%d s\n' $((SECONDS - start))
	else
		printf 'failed after %d s\n' $((SECONDS - start))
	fi
	return "$status"
}

# What a build says besides the steps that went well.
stage_build_errors() { # LOG
	sed '/^\[[0-9]*\/[0-9]*\] /d; /^-- /d' "$1" | tail -n 40 >&2
}
