#!/bin/bash
# Cancel the workflow's jobs: ./cancel.sh [--run DIR]; ./resume.sh goes on later.
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
run=run
[[ ${1-} != --run ]] || run=$2
[[ -s $run/slurm.jobs ]] || {
  echo "workflow: nothing was submitted from here" >&2
  exit 1
}
awk '{print $2}' "$run/slurm.jobs" | xargs scancel
