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
# An expansion may be submitting: once more, with what it noted meanwhile.
for _ in 1 2; do
  find "$run/slurm.jobs" "$run/dynamic" -name '*.jobs' -exec cat {} + 2>/dev/null | awk '{print $2}' | xargs scancel
  squeue --me -h -o '%A %k' | awk -v barriers="$(find "$run/slurm.jobs" "$run/dynamic" -name '*.jobs' -exec awk '/:barrier/ {print $2}' {} + 2>/dev/null | paste -sd' ')" '
    BEGIN { n = split(barriers, list, " "); for (i = 1; i <= n; i++) ours["wfc:" list[i]] }
    { comment = $2; sub(/:[0-9]+$/, "", comment); if (comment in ours) print $1 }' | xargs -r scancel
  sleep 1
done
