#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh TARGET CORPUS: every input of the corpus, then FUZZ_SECONDS (0) of new ones. The inputs that
# led to something new are dropped unless FUZZ_KEEP is set: then they go into the corpus.
set -eu
target=$1
corpus=$2
seconds=${FUZZ_SECONDS:-0}

"$target" -runs=0 "$corpus"
[ "$seconds" != 0 ] || exit 0

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
"$target" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
	-artifact_prefix="$target-" "$new" "$corpus"
[ -z "${FUZZ_KEEP-}" ] || "$target" -merge=1 "$corpus" "$new"
