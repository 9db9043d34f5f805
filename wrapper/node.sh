# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# The node wrapper: everything that happens on a compute node around one command. A generated script describes the
# node, sources this file and calls wfc_main. Needs bash 4.2, coreutils 8.25, find, awk; PATH and HOME may be unset.
#
# fd 1 is the node's log, fd 9 the event log, fd 8 the terminal of `make`.

set -uo pipefail

wfc_lib=${BASH_SOURCE[0]%/*}
[[ $wfc_lib == /* ]] || wfc_lib=$PWD/$wfc_lib
source "$wfc_lib/events.sh"
source "$wfc_lib/locks.sh"
source "$wfc_lib/stage.sh"
source "$wfc_lib/payload.sh"
source "$wfc_lib/listing.sh"
source "$wfc_lib/publish.sh"
# What only some steps need. Bash takes a millisecond for 500 lines, and has a thousand nodes to start.
! { declare -F wfc_late || declare -F wfc_globs; } >/dev/null || source "$wfc_lib/late.sh"
[[ -z ${wfc_workspace-} ]] || source "$wfc_lib/workspace.sh"
[[ -z ${wfc_tool-} ]] || source "$wfc_lib/tool.sh"

wfc_main() {
  begin "$@"
  phase memo     # a valid record: nothing to do
  phase upstream # every parent has a valid record
  phase scratch  # a private directory on this host
  site_needs     # what the step asks for beside: /cvmfs, credentials
  phase runtime  # which container runtimes are here
  phase image    # the first of them that runs `true` in the image
  phase stagein  # parents, inputs and the own directory at their places below $root
  phase run      # the command
  phase collect  # what it left: names, sizes, checksums, published globs
  phase publish  # the own directory into the run, done.json last
  finish 0 'done'
}

# wfc_rows STEP SHARD: the node's assignments are a line of a file of rows. Row k is line k % SHARD of
# STEP.<k / SHARD>.rows, in rows/ of the bundle or in the directory of the run that an expansion wrote.
wfc_rows() {
  rows_step=$1 rows_shard=$2 row_text=
  # The rows are text of our own, fully quoted, made with the bundle.
  # shellcheck disable=SC2317,SC2329 # describe calls it
  wfc_node() { eval "$row_text"; }
}

read_row() {
  local file=$WFC_BUNDLE/rows line
  [[ -z ${2-} ]] || file=$WFC_RUN/$2
  file+=/$rows_step.$(($1 / rows_shard)).rows
  mapfile -t -s $(($1 % rows_shard)) -n 1 line <"$file"
  [[ -n ${line-} ]] || finish 65 row.missing "there is no row $1 in $file"
  row_text=$line
}

# ---- the beginning

begin() {
  outcome='' requeued='' phase=init child='' caught='' runtime='' own='' scratch='' new_tree='' lease='' workspace=''
  payload='' advice='' last_line='' watchdog='' timer='' waited='' terminal='' id='' event_who='"node":null' returns=shared locks=()
  caller_locale=${LC_ALL-} caller_has_locale=${LC_ALL+yes}
  export LC_ALL=C PATH="${PATH:-/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin}"
  exec 9>&2 2>&1
  unset GLOBIGNORE
  clock
  began=$now
  trap on_exit EXIT
  trap 'on_signal TERM 15' TERM
  trap 'on_signal INT 2' INT
  trap 'on_signal HUP 1' HUP
  trap 'on_signal USR2 12' USR2
  trap 'on_signal XCPU 24' XCPU
  find_bundle
  WFC_RUN=${WFC_RUN:-$WFC_BUNDLE/run}
  absolute WFC_RUN WFC_IMAGES WFC_INPUTS WFC_LOGS X509_USER_PROXY RUCIO_CONFIG RUCIO_HOME
  returns=${WFC_RETURN:-${wfc_return:-shared}}
  root=/wfc/run job=/wfc/tool
  [[ -z ${rows_step-} ]] || read_row "$@"
  describe
  who_am_i
  # A scheduler's job that makes it itself, be it for the logs, would hide that the directory is not shared.
  [[ -d $WFC_RUN ]] || ! is_slurm_element ||
    finish 75 run.missing "there is no $WFC_RUN on $HOSTNAME: the run must be on a shared file system"
  open_logs
  [[ -d $WFC_RUN ]] || mkdir -p -- "$WFC_RUN" || finish 75 run.missing "the run directory $WFC_RUN cannot be made"
  # Everything from here on starts in the run directory, under its real name.
  cd -P -- "$WFC_RUN" || finish 75 run.missing "the run directory $WFC_RUN cannot be entered"
  WFC_RUN=$PWD
  json_quote "$WFC_RUN"
  emit init "\"d\":{\"return\":\"$returns\",\"run\":$quoted,\"bash\":\"$BASH_VERSION\"}"
  fault init:after
}

# The bundle is above the script's nodes/ or steps/; a job that got its script alone has it as working directory.
find_bundle() {
  local dir=$0
  [[ -z ${WFC_BUNDLE-} ]] || { absolute WFC_BUNDLE && return; }
  [[ $dir == /* ]] || dir=$PWD/$dir
  WFC_BUNDLE=$PWD
  while [[ $dir == */* ]]; do
    dir=${dir%/*}
    case ${dir##*/} in
      nodes | steps) [[ ! -d ${dir%/*}/lib ]] || { WFC_BUNDLE=${dir%/*} && return; } ;;
    esac
  done
}

# absolute NAME...: variables that hold relative paths get absolute ones; empty ones stay empty.
absolute() {
  local name
  for name; do
    [[ -z ${!name-} || ${!name} == /* ]] || printf -v "$name" '%s/%s' "$PWD" "${!name}"
  done
}

# The node's values, for the $root of the moment. A row leaves out what its node has not.
describe() {
  # shellcheck disable=SC2034 # the generated script reads them
  parents=() inputs=() node_late=() node_globs=() node_mounts=() later=
  p_command='' node_call='' node_stage=() node_limit=0
  unset -v node_files
  wfc_node
}

# The job's name and number, and $me, which tells a process of this host from all others, dead ones too.
who_am_i() {
  local name job=local:$$ ns=
  namespace_number
  here=$HOSTNAME.$ns
  start_time $$
  me=$here.$$.$started
  attempt=${WFC_ATTEMPT:-}
  if [[ -n ${SLURM_JOB_ID-} ]]; then
    job=slurm:${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
    attempt=${attempt:-$((${SLURM_RESTART_COUNT:-0} + 1))}
  elif [[ $returns == condor ]]; then
    source "$wfc_lib/root.sh"
    condor_ad
    job=condor:$condor_job
  fi
  if [[ -z $attempt ]]; then
    attempt=1
    [[ -z ${WFC_LOGS-} || ! -s $WFC_LOGS/$id.events.jsonl ]] ||
      attempt=$(($(grep -c '"ev":"init"' "$WFC_LOGS/$id.events.jsonl") + 1))
  fi
  json_quote "$id"
  name=$quoted
  json_quote "$HOSTNAME"
  event_who="\"node\":$name,\"attempt\":$attempt,\"job\":\"$job\",\"host\":$quoted"
}

# namespace_number: that of the process ids, in $ns, empty where there is none; without a process where Linux is 5.14 or newer.
namespace_number() {
  local key value
  while read -r key value; do
    [[ $key != ino: ]] || ns=$value
  done 3</proc/self/ns/pid </proc/self/fdinfo/3
  [[ -n $ns ]] || ns=$(readlink /proc/self/ns/pid)
  ns=${ns//[!0-9]/}
} 2>/dev/null

# Did task.sh start this? In an allocation of the user's own, `make` or a script by hand has no job to itself.
is_slurm_element() { [[ -n ${SLURM_JOB_ID-} && ${WFC_REQUEUE:-0} == 1 && ${WFC_LOCAL:-0} != 1 ]]; }

open_logs() {
  local log=${WFC_LOGS-}/$id
  [[ -n ${WFC_LOGS-} ]] || return 0
  [[ -d ${log%/*} ]] || mkdir -p -- "${log%/*}"
  [[ ${WFC_LOCAL:-0} != 1 ]] || { exec 8>&1 && terminal=yes; }
  exec >>"$log.log" 2>&1 9>>"$log.events.jsonl" </dev/null
}

# ---- phases that need no file of their own

# phase NAME: run phase_NAME between its two events. A phase that cannot go on calls finish.
phase() {
  phase=$1
  [[ -z ${EPOCHREALTIME-} ]] || clock
  phase_began=$now
  fault "$1:before"
  emit phase.start "\"phase\":\"$phase\""
  "phase_$1" || finish 75 wrapper.bug "phase $1 ended unexpectedly; please report this log"
  phase_ended 0
  fault "$1:after"
}

phase_ended() {
  clock
  emit phase.end "\"phase\":\"$phase\",\"rc\":$1,\"ms\":$((now - phase_began))"
  phase=
}

phase_memo() {
  local base candidates name
  lock_name "$WFC_RUN/.locks" "$id"
  if [[ -L $name ]]; then
    # Another attempt runs, or was killed: it may have done the work, and left things behind.
    node_lock "$WFC_RUN/.locks"
    scratch_candidates
    for base in "${candidates[@]}"; do sweep_scratch "$base"; done
    [[ ${WFC_LOCAL:-0} == 1 ]] || { source "$wfc_lib/root.sh" && root_find; }
    memo
  else
    memo
    [[ $returns != shared ]] || node_lock "$WFC_RUN/.locks"
    [[ -z $waited ]] || memo
  fi
}

memo() {
  local states
  [[ -f $WFC_RUN/$id/done.json ]] || return 0
  source "$wfc_lib/records.sh"
  states=$(record_states "$WFC_RUN" "$id") && [[ -z $states ]] || return 0
  emit memo.hit
  finish 0 kept
}

# A parent without a record has failed or was never run. One whose files are not all visible may be late on a network
# file system. (What HTCondor brought is checked in stagein, with checksums.)
phase_upstream() {
  local states patience=${WFC_LATENCY:-60}
  [[ ${WFC_LOCAL:-0} != 1 ]] || patience=${WFC_LATENCY:-0}
  [[ -z $later ]] || { source "$wfc_lib/late.sh" && late_row; }
  ((${#parents[@]})) || return 0
  source "$wfc_lib/records.sh"
  while :; do
    states=$(record_states "$WFC_RUN" "${parents[@]}") || finish 75 upstream.unread 'the records of the parents cannot be read'
    [[ $returns == shared ]] || states=$(grep '^record' <<<"$states")
    [[ -n $states ]] || return 0
    [[ $states != record* && $states != *$'\n'record* && $SECONDS -lt $patience ]] || break
    sleep 1
  done
  states=${states//record$'\t'/}
  states=${states//files$'\t'/}
  states=${states//$'\n'/ }
  finish 65 upstream.failed "these parents are not done: ${states:0:300}; see their logs, then resume the run"
}

site_needs() {
  [[ -z ${wfc_needs-}${wfc_unpacked-} ]] || source "$wfc_lib/credentials.sh"
  [[ -z ${wfc_needs-} ]] || phase credentials
}

phase_runtime() {
  local order=${WFC_CONTAINER:-${wfc_containers:-auto}}
  runtime=none runtime_label=none
  [[ -n $wfc_image && $order != none ]] || return 0
  source "$wfc_lib/container.sh"
  runtime=
  container_detect "$order"
}

phase_image() {
  [[ $runtime == none ]] || container_choose
}

# ---- the end

# finish CODE REASON [WHAT TO DO]: the one way out.
finish() {
  outcome=$1 reason=$2 advice=${3-}
  exit "$1"
}

on_signal() {
  caught=$1
  emit signal "\"d\":{\"name\":\"$1\"}"
  if [[ -n $child ]]; then
    payload_signal "$1"
  else
    finish $((128 + $2)) "signal.$1" "ended by SIG$1; the scheduler or \`resume\` starts it again"
  fi
}

on_exit() {
  trap '' TERM INT HUP USR2 XCPU
  trap - EXIT
  if [[ -z $outcome ]]; then
    outcome=75 reason=wrapper.bug advice="the wrapper ended unexpectedly in phase ${phase:-end}; please report this log"
  fi
  phase_of_end=$phase
  [[ -z $phase || $phase == init ]] || phase_ended "$outcome"
  clean
  if ((outcome == 75)) && is_slurm_element; then
    source "$wfc_lib/slurm.sh"
    slurm_requeue
  fi
  report
  exit "$outcome"
}

# Scratch goes whatever happened; the own directory goes unless it is published; the lock goes last.
clean() {
  local doomed=() last lock
  # A signal may have come after the command was started and before that was noted.
  set +u # before bash 4.4 even ${!-} is unbound when nothing was ever started
  last=$!
  set -u
  [[ -z $last || $phase_of_end != run ]] || kill -s KILL -- "-$last" 2>/dev/null
  [[ -z $new_tree ]] || doomed+=("$new_tree")
  if [[ ${WFC_KEEP:-0} == 1 && -n $scratch ]]; then
    say "kept (WFC_KEEP=1): $scratch${own:+ $own}"
  else
    [[ -z $scratch ]] || doomed+=("$scratch")
    [[ -z $own ]] || doomed+=("$own")
    [[ -z $workspace ]] || doomed+=("$workspace")
  fi
  for lock in ${locks[@]+"${locks[@]}"}; do doomed+=("$lock.child" "$lock"); done
  cd / || :
  ((${#doomed[@]} == 0)) || remove "${doomed[@]}"
  [[ -z $lease ]] || root_retire "${lease%/.leases/*}" "$lease"
  # HTCondor holds a job for ever whose transfer_output_files entry is missing.
  [[ $returns != condor || -z $id || -d $WFC_RUN/$id ]] || mkdir -p -- "$WFC_RUN/$id"
}

# remove PATH...: also what a command made unwritable.
remove() {
  rm -rf -- "$@" 2>/dev/null && return
  chmod -R u+rwX -- "$@" 2>/dev/null
  rm -rf -- "$@"
}

# sweep PATH...: leftovers of attempts that are dead; the arguments may be patterns that matched nothing.
sweep() {
  local path doomed=()
  for path; do
    [[ ! -e $path && ! -L $path ]] || doomed+=("$path")
  done
  ((${#doomed[@]} == 0)) || remove "${doomed[@]}"
}

report() {
  local what=$reason seconds members
  clock
  printf -v seconds '%d.%d s' $(((now - began) / 1000)) $(((now - began) % 1000 / 100))
  what+=${payload:+ $payload}
  members="\"code\":$outcome,\"reason\":\"$reason\",\"ms\":$((now - began))"
  [[ -z $payload ]] || members+=",\"payload\":$payload"
  [[ -z $requeued ]] || members+=',"requeued":true'
  if ((outcome)); then
    json_quote "${last_line:0:1000}"
    members+=",\"error\":$quoted"
    json_quote "${advice:0:1000}"
    members+=",\"advice\":$quoted"
    say "node $id failed ($what)${wfc_source:+ at step $wfc_step, $wfc_source}: $advice"
  fi
  emit final "$members"
  [[ -n $terminal ]] || return 0
  case $reason in
    done) printf 'done  %s  %s\n' "$id" "$seconds" >&8 ;;
    kept | surplus) printf 'kept  %s\n' "$id" >&8 ;;
    *) printf 'FAILED %s %s, see %s\n' "$id" "$what" "${WFC_LOGS#"$WFC_BUNDLE/"}/$id.log" >&8 ;;
  esac
}
