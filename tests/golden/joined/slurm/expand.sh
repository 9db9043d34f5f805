#!/bin/bash
# Expand a point of the run and submit what it adds: expand.sh BUNDLE RUN POINT [options of sbatch]. Generated.
# Killed anywhere and started again, it submits only what it has not yet; its barrier waits for its end at least.
# shellcheck disable=SC1090,SC1091,SC2034,SC2154 # chain.sh, beside this file, reads and sets variables of ours
set -u
bundle=$1 run=$2 point=$3
site=("${@:4}")
cd -- "$bundle" || exit 75
WFC_BUNDLE=$bundle WFC_RUN=$run bash lib/expand.sh "$point" || exit
# What this job is must not become what its children are.
for name in ${!SLURM_*}; do
  [[ $name == SLURM_CONF || $name == SLURM_RESTART_COUNT ]] || unset "$name"
done
place=dynamic/$point
rows=$run/$place ledger=$run/$place.jobs all=0
barrier_of_point=$(
  find "$run/slurm.jobs" "$run/dynamic" -name '*.jobs' -exec cat {} + |
    awk -v name="$point:barrier" '$1 == name {id = $2} END {print id}'
)
[[ -n $barrier_of_point ]] || exit 75
declare -A missing=()
not_done=$(bash lib/check.sh "$run" "$rows/nodes.txt") || exit 75
while IFS= read -r node; do
  [[ -z $node ]] || missing[$node]=1
done <<<"$not_done"
: >"$ledger" || exit 75
source ./chain.sh
source "$rows/lines"
barriers=$(
  IFS=:
  echo "${submitted[*]-}"
)
[[ -z $barriers ]] || scontrol update JobId="$barrier_of_point" Dependency="afterany:$barriers" || {
  withdraw
  refuse "the barrier $barrier_of_point of $point cannot be moved; resume the run"
}
echo "workflow: $point: ${#submitted[@]} submissions"
