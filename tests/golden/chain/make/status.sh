#!/bin/bash
# How far the run is: ./status.sh [--run DIR]
cd -P -- "$(dirname -- "$0")" || exit 1
run=run
[[ ${1-} != --run ]] || run=$2
missing=$(bash lib/check.sh "$run") || exit 1
count=0
[[ -z $missing ]] || count=$(wc -l <<<"$missing")
echo "workflow: $((14 - count)) of 14 nodes done"
((count == 0)) || head -n 10 <<<"$missing" | sed 's/^/not done: /'
