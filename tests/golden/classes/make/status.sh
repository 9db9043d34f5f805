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
echo "workflow: $((8 - count)) of 8 nodes done"
((count == 0)) || head -n 10 <<<"$missing" | sed 's/^/not done: /'
