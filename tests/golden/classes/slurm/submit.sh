#!/bin/bash
# Submit the workflow workflow, 8 nodes. Generated.
#   ./submit.sh [--run DIR] [options of sbatch, for example --account=A --partition=P]
# Submits what is not done yet; when one submission fails, all before it are cancelled. Nothing waits here afterwards.
# shellcheck disable=SC1091,SC2034,SC2154 # chain.sh, beside this file, reads and sets variables of ours
set -u
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
bundle=$PWD run=$PWD/run
if [[ ${1-} == --run ]]; then
  mkdir -p -- "$2" && run=$(cd -P -- "$2" && pwd) || exit 1
  shift 2
fi
site=("$@")
env_file=${WFC_SITE_ENV:-${XDG_CONFIG_HOME:-$HOME/.config}/wfcompile/site.env}
if [[ -f $env_file ]]; then
  set -a
  # shellcheck disable=SC1090 # the user's own
  source "$env_file"
  set +a
fi
all=1
[[ ! -d $run/logs ]] || all=0
mkdir -p -- "$run/logs" || exit 1
[[ ! -e $bundle/run/.images || -e $run/.images ]] || ln -s -- "$bundle/run/.images" "$run/.images"
ledger=$run/slurm.jobs # number of the array (or `collect`), job id
rows=rows
source ./chain.sh

# One submission at a time; the lock of one that was killed is broken.
lock=$run/.submitting
until ln -s "$HOSTNAME.$$" "$lock" 2>/dev/null; do
  [[ -w $run ]] || refuse "the run directory $run is not writable"
  owner=$(readlink "$lock") || continue
  [[ $owner == "$HOSTNAME."* && ! -d /proc/${owner##*.} ]] ||
    refuse "another submission is going on (process $owner); if it is not, remove $lock"
  rm -f -- "$lock"
done
trap 'rm -f -- "$lock"' EXIT

if [[ -s $ledger ]]; then
  old=$(awk '{print $2}' "$ledger" | paste -sd, -)
  going=$(squeue -h -o %A -j "$old" 2>/dev/null | sort -u | paste -sd' ' -)
  [[ -z $going ]] || refuse "the run is going on (jobs $going): ./status.sh, or ./cancel.sh first"
fi
declare -A missing=()
if ((all == 0)); then
  not_done=$(bash lib/check.sh "$run") || refuse "the run directory $run cannot be read"
  while IFS= read -r node; do
    [[ -z $node ]] || missing[$node]=1
  done <<<"$not_done"
fi
: >"$ledger" || exit 1
array 0 write 0 4 - - --cpus-per-task=1 --mem=2000M --time=60
array 1 work 0 3:0,2 0 - --cpus-per-task=1 --mem=384M --time=60
array 2 work 0 4:1,3 0 - --cpus-per-task=4 --mem=768M --time=60

ends=$(
  IFS=:
  echo "${submitted[*]-}"
)
sbatch_or_cancel ${site[@]+"${site[@]}"} ${ends:+--dependency=afterany:$ends} --job-name=workflow.collect \
  --output="logs/collect.slurm.log" --mem=500M collect.sh "$bundle" "$run"
echo "collect $id" >>"$ledger"
echo "workflow: ${#submitted[@]} submissions; the last job is $id; ./status.sh tells how far it is"
