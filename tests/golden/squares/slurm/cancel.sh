#!/bin/bash
# Cancel the workflow's jobs: ./cancel.sh [--run DIR]; ./resume.sh goes on later.
cd -P -- "$(dirname -- "$0")" || exit 1
run=run
[[ ${1-} != --run ]] || run=$2
[[ -s $run/slurm.jobs ]] || {
  echo "workflow: nothing was submitted from here" >&2
  exit 1
}
awk '{print $2}' "$run/slurm.jobs" | xargs scancel
