#!/bin/bash
# Remove the workflow and its jobs from the queue: ./cancel.sh [--run DIR]; ./resume.sh goes on later.
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
where=$PWD
[[ ${1-} != --run ]] || where=$(cd -P -- "$2" && pwd)/.dag || exit 1
cluster=$(sed -n 's/^000 (0*\([0-9]*\)\..*/\1/p' "$where/workflow.dag.dagman.log" 2>/dev/null | tail -n 1)
[[ -n $cluster ]] || {
  echo "workflow: nothing was submitted from here" >&2
  exit 1
}
exec condor_rm "$cluster"
