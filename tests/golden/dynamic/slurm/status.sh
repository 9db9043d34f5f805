#!/bin/bash
# How far the run is: ./status.sh [--run DIR]
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
run=run
[[ ${1-} != --run ]] || run=$2
missing=$(bash lib/check.sh "$run") || exit 1
count=0
[[ -z $missing ]] || count=$(wc -l <<<"$missing")
total=$({ cat lib/nodes.txt && find "$run/dynamic" -name nodes.txt -exec cat {} + 2>/dev/null; } | grep -c .)
expansions=$(grep -c -E '(^|/)expand[.][^/]*$' <<<"$missing")
echo "workflow: $((total + expansions - count)) of $total nodes done; expansions to come: $expansions"
((count == 0)) || head -n 10 <<<"$missing" | sed 's/^/not done: /'
