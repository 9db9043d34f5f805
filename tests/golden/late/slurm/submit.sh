#!/bin/bash
# Submit the workflow workflow, 2 nodes. Generated.
#   ./submit.sh [--run DIR] [options of sbatch, for example --account=A --partition=P]
# Submits what is not done yet; when one submission fails, all before it are cancelled. Nothing waits here afterwards.
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
for name in .images .inputs; do
  [[ ! -e $bundle/run/$name || -e $run/$name ]] || ln -s -- "$bundle/run/$name" "$run/$name"
done
ledger=$run/slurm.jobs # number of the array (or `collect`), job id

refuse() {
  echo "workflow: $1" >&2
  exit 1
}

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
job=() picked=() submitted=()
if ((all == 0)); then
  not_done=$(bash lib/check.sh "$run") || refuse "the run directory $run cannot be read"
  while IFS= read -r node; do
    [[ -z $node ]] || missing[$node]=1
  done <<<"$not_done"
fi
: >"$ledger" || exit 1
interrupted=0
trap 'interrupted=1' INT TERM HUP

# withdraw: cancel what was submitted so far
withdraw() {
  trap '' INT TERM HUP
  ((${#submitted[@]} == 0)) || scancel "${submitted[@]}"
  rm -f -- "$ledger"
}

sbatch_or_cancel() { # the job's id in $id
  local said
  # A job must not be accepted behind our back: the signal waits until its id is known.
  if ! said=$(trap '' INT TERM HUP && sbatch --parsable --requeue --open-mode=append --chdir="$run" "$@" </dev/null); then
    withdraw
    refuse "a submission failed, so the ${#submitted[@]} before it were cancelled: see the message above"
  fi
  id=${said%%;*}
  if ! [[ $id =~ ^[0-9]+$ ]]; then
    withdraw
    refuse "sbatch answered '$said', which is no job"
  fi
  submitted+=("$id")
  if ((interrupted)); then
    withdraw
    refuse "interrupted: everything that was submitted is cancelled"
  fi
}

# rows STEP FIRST COUNT: in $list the elements that are not done, as --array takes them
rows() {
  local k from='' ids=()
  list=
  if ((all)); then
    list=0-$(($3 - 1))
    return
  fi
  mapfile -t -s "$2" -n "$3" ids <"rows/$1.ids"
  for ((k = 0; k <= $3; k++)); do
    if ((k < $3)) && [[ -n ${missing[${ids[k]}]-} ]]; then
      from=${from:-$k}
    elif [[ -n $from ]]; then
      list+=${list:+,}$from
      ((from == k - 1)) || list+=-$((k - 1))
      from=
    fi
  done
}

# array NUMBER STEP FIRST COUNT ELEMENTWISE WHOLE REQUEST...
array() {
  local number=$1 step=$2 first=$3 count=$4 any='' corr='' need list id dependency
  local elementwise=${5//,/ } whole=${6//,/ } name=workflow.${2//\//.}
  shift 6
  rows "$step" "$first" "$count"
  [[ -n $list ]] || return 0
  # Slurm takes 4095 characters; an element that is done ends at once.
  ((${#list} < 4000)) || list=0-$((count - 1))
  for need in ${elementwise//-/}; do
    [[ -n ${job[$need]-} ]] || continue # all its elements are done
    # Slurm takes an element without a counterpart as waiting for the whole array.
    if [[ ${picked[$need]} == "$list" ]]; then corr+=:${job[$need]}; else any+=:${job[$need]}; fi
  done
  for need in ${whole//-/}; do
    [[ -z ${job[$need]-} ]] || any+=:${job[$need]}
  done
  dependency=${corr:+aftercorr$corr}
  dependency+=${any:+${dependency:+,}afterany$any}
  sbatch_or_cancel ${dependency:+--dependency=$dependency} --array="$list" --job-name="$name" \
    --output="logs/$name.slurm.log" "$@" ${site[@]+"${site[@]}"} task.sh "$bundle" "$run" "$step" "$first"
  job[number]=$id picked[number]=$list
  echo "$number $id" >>"$ledger"
  [[ -z $corr ]] || sweep "$id" "$corr$any" "$name"
}

# sweep ID PARENTS NAME: a failed element leaves its counterpart pending for ever; this cancels those.
sweep() {
  local id swept=$1
  sbatch_or_cancel ${site[@]+"${site[@]}"} --dependency="afterany$2" --job-name="$3.sweep" \
    --output="logs/$3.slurm.log" --time=60 --mem=100M sweep.sh "$swept"
  echo "sweep $id" >>"$ledger"
}

array 0 make 0 1 - - --cpus-per-task=1 --mem=2000M --time=60
array 1 join 0 1 - 0 --cpus-per-task=1 --mem=2000M --time=60

ends=$(
  IFS=:
  echo "${submitted[*]-}"
)
sbatch_or_cancel ${site[@]+"${site[@]}"} ${ends:+--dependency=afterany:$ends} --job-name=workflow.collect \
  --output="logs/collect.slurm.log" --mem=500M collect.sh "$bundle" "$run"
echo "collect $id" >>"$ledger"
echo "workflow: ${#submitted[@]} submissions; the last job is $id; ./status.sh tells how far it is"
