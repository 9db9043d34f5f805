# shellcheck shell=bash
# Submits the lines of a chain of jobs; read by submit.sh. Generated.
# Set before: $bundle $run, $site (options of sbatch), $ledger, $rows (directory of the ids), $all (1: nothing is done
# yet) or $missing.
# shellcheck disable=SC2034,SC2154 # they are set by whoever reads this
job=() picked=() submitted=() interrupted=0 number_of_submissions=0 barrier_of_point=${barrier_of_point-} point=${point-}
advice=''
trap 'interrupted=1' INT TERM HUP

refuse() {
  echo "workflow: $1" >&2
  exit 1
}

# note NAME JOB: a line of the ledger.
note() { echo "$1 $2" >>"$ledger"; }

# already_submitted COMMENT: was this done before the expansion's job was killed? The job's id in $id.
already_submitted() {
  [[ -n $1 && ${SLURM_RESTART_COUNT:-0} != 0 ]] || return 1
  id=$(squeue --me -h -t all -o '%A %k' 2>/dev/null | awk -v comment="$1" '$2 == comment {print $1; exit}')
  [[ -n $id ]]
}

# withdraw: cancel what was submitted so far
withdraw() {
  trap '' INT TERM HUP
  ((${#submitted[@]} == 0)) || scancel "${submitted[@]}"
  rm -f -- "$ledger"
}

# sbatch_or_cancel OPTION...: the job's id in $id
sbatch_or_cancel() {
  local said comment
  # A job must not be accepted behind our back: the signal waits until its id is known.
  number_of_submissions=$((number_of_submissions + 1))
  comment=${barrier_of_point:+wfc:$barrier_of_point:$number_of_submissions}
  already_submitted "$comment" && submitted+=("$id") && return
  if ! said=$(
    trap '' INT TERM HUP
    sbatch --parsable --requeue --open-mode=append --chdir="$run" ${comment:+--comment="$comment"} "$@" </dev/null
  ); then
    withdraw
    refuse "${point:+$point: }a submission failed, so the ${#submitted[@]} before it were cancelled: see the message above$advice"
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

# rows STEP FIRST COUNT [LIST]: in $list the elements (of the list) that are not done, as --array takes them
rows() {
  local k from='' ids=()
  list=
  if ((all)); then
    list=${4:-0-$(($3 - 1))}
    return
  fi
  members "${4:-0-$(($3 - 1))}"
  mapfile -t -s "$2" -n "$3" ids <"$rows/$1.ids"
  for ((k = 0; k <= $3; k++)); do
    if ((k < $3)) && [[ -n ${member[$k]-} && -n ${missing[${ids[k]}]-} ]]; then
      from=${from:-$k}
    elif [[ -n $from ]]; then
      list+=${list:+,}$from
      ((from == k - 1)) || list+=-$((k - 1))
      from=
    fi
  done
}

# members LIST: its elements, as the keys of $member
members() {
  local range k
  declare -gA member=()
  for range in ${1//,/ }; do
    for ((k = ${range%-*}; k <= ${range#*-}; k++)); do member[$k]=1; done
  done
}

# within LIST OTHER: is every element of the list one of the other?
within() {
  local k wanted
  [[ $1 != "$2" ]] || return 0
  members "$1"
  wanted=("${!member[@]}")
  members "$2"
  for k in "${wanted[@]}"; do
    [[ -n ${member[$k]-} ]] || return 1
  done
}

# array NUMBER STEP FIRST ELEMENTS ELEMENTWISE WHOLE REQUEST...
array() {
  local number=$1 step=$2 first=$3 count=${4%:*} some='' any='' corr='' need list id dependency
  local elementwise=${5//,/ } whole=${6//,/ } name=workflow.${2//\//.}
  [[ $4 != *:* ]] || some=${4#*:}
  shift 6
  rows "$step" "$first" "$count" "$some"
  [[ -n $list ]] || return 0
  # Slurm takes 4095 characters; an element that is done ends at once.
  [[ ${#list} -lt 4000 || -n $some ]] || list=0-$((count - 1))
  for need in ${elementwise//-/}; do
    [[ -n ${job[$need]-} ]] || continue # all its elements are done
    # Slurm takes an element without a counterpart as waiting for the whole array.
    if within "$list" "${picked[$need]}"; then corr+=:${job[$need]}; else any+=:${job[$need]}; fi
  done
  for need in ${whole//-/}; do
    [[ -z ${job[$need]-} ]] || any+=:${job[$need]}
  done
  dependency=${corr:+aftercorr$corr}
  dependency+=${any:+${dependency:+,}afterany$any}
  sbatch_or_cancel ${dependency:+--dependency=$dependency} --array="$list" --job-name="$name" \
    --output="logs/$name.slurm.log" "$@" ${site[@]+"${site[@]}"} task.sh "$bundle" "$run" "$step" "$first" ${point:+"$place"}
  job[number]=$id picked[number]=$list
  note "$number" "$id"
  [[ -z $corr ]] || sweep "$id" "$corr$any" "$name"
}

# sweep ID PARENTS NAME: a failed element leaves its counterpart pending for ever; this cancels those.
sweep() {
  local id swept=$1
  sbatch_or_cancel ${site[@]+"${site[@]}"} --dependency="afterany$2" --job-name="$3.sweep" \
    --output="logs/$3.slurm.log" --time=60 --mem=100M sweep.sh "$swept"
  note sweep "$id"
}
