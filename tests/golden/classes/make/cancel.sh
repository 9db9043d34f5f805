#!/bin/bash
# Stop a run that is going on: ./cancel.sh [--run DIR]
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
run=run
[[ ${1-} != --run ]] || run=$2
run=$(cd -P -- "$run" && pwd) || exit 1
stopped=0
for process in /proc/[0-9]*; do
  pid=${process#/proc/}
  [[ -O $process && $pid != "$$" ]] || continue
  if tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -qxF "WFC_RUN=$run"; then
    kill -TERM "$pid" 2>/dev/null && stopped=$((stopped + 1))
  fi
done
echo "workflow: $stopped processes were told to stop"
