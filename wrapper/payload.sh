# shellcheck shell=bash
# The command itself: started in a process group of its own, signals passed on, its end told from a runtime's failure.

phase_run() {
  local rc command=$scratch/command
  [[ $runtime == none ]] || command=$scratch/wfc/job/command
  [[ $runtime != none ]] || ! declare -F wfc_mounts >/dev/null ||
    finish 65 runtime.none "parameter mounts need a container; compile without --container none"
  wfc_command >"$command" || finish 75 enospc "the command cannot be written to $scratch"
  [[ $runtime == none ]] || container_job
  say "node $id, attempt $attempt on $HOSTNAME, ${runtime_label}"
  emit payload.start
  # Job control puts the child into a group of its own and leaves SIGINT alone, without a process for setsid.
  payload_second=$SECONDS
  set -m
  payload_child &
  child=$!
  set +m
  ((node_limit == 0)) || payload_timer
  # A signal ends `wait` early, with the child alive.
  while :; do
    wait "$child" 2>/dev/null
    rc=$?
    kill -0 "$child" 2>/dev/null || break
  done
  payload_end "$rc"
}

# In the background shell: note who we are before anything of the command runs, so that whoever finds the lock of a
# killed wrapper can end its command.
payload_child() {
  local lock
  ((${#locks[@]} == 0)) || start_time "$BASHPID"
  for lock in ${locks[@]+"${locks[@]}"}; do
    printf '%s\n' "$here.$BASHPID.$started" >"$lock.child"
  done
  exec 8>&- 9>&-
  unset WFC_REQUEUE # the command may run a workflow of its own
  if [[ -n $caller_has_locale ]]; then LC_ALL=$caller_locale; else unset LC_ALL; fi
  if [[ $runtime != none ]]; then
    exec "${argv[@]}" sh /wfc/job/start </dev/null
  fi
  local argv=(sh "$command") input=/dev/null
  [[ -z $wfc_interpreter ]] || argv=(sh -c "$wfc_interpreter") input=$command
  [[ ${wfc_parents-} != copy ]] || in_copies
  cd -- "${wfc_workdir:-$root/$id}" || exit
  unset X509_USER_PROXY KRB5CCNAME RUCIO_CONFIG # the submitter's, which only steps that ask for them get, as copies
  if declare -F credential_variables >/dev/null; then
    credential_variables "$scratch/wfc/auth"
    ((${#variables[@]} == 0)) || export "${variables[@]}"
  fi
  export WFC_STARTED_BY="$me"
  export HDF5_USE_FILE_LOCKING=${HDF5_USE_FILE_LOCKING-FALSE} # safe: nobody else writes here
  exec "${argv[@]}" <"$input"
}

# payload_signal NAME: to the whole group; what is still there after the grace is killed. Schedulers, as they come, kill
# us 30 seconds after their first signal, and cleaning up takes time.
payload_signal() {
  kill -s "$1" -- "-$child" 2>/dev/null
  [[ -z $watchdog ]] || return 0
  set -m
  {
    sleep "${WFC_GRACE:-20}"
    kill -s KILL -- "-$child"
  } >/dev/null 2>&1 8>&- 9>&- &
  watchdog=$!
  set +m
}

# A command that takes longer than its tool allows is ended as by a signal.
payload_timer() {
  set -m
  {
    sleep "$node_limit"
    : >"$scratch/timed-out"
    kill -s TERM -- "-$child"
    sleep "${WFC_GRACE:-20}"
    kill -s KILL -- "-$child"
  } >/dev/null 2>&1 8>&- 9>&- &
  timer=$!
  set +m
}

payload_end() {
  local rc=$1 members="\"rc\":$1,\"signal\":\"$caught\"" group=$child read_only=''
  # A signal goes to all of the group, and its first process may be gone before the others have seen to it.
  while [[ -n $caught || -e $scratch/timed-out ]] && group_lives "$group"; do sleep 0.05; done
  # What the command left running would write into a directory that is being published.
  kill -s KILL -- "-$group" 2>/dev/null
  payload_strays "$group"
  child=
  [[ -z $watchdog ]] || kill -s KILL -- "-$watchdog" 2>/dev/null
  [[ -z $timer ]] || kill -s KILL -- "-$timer" 2>/dev/null
  emit payload.exit "$members"
  if [[ -n $caught ]]; then
    finish $((128 + $(kill -l "$caught"))) "signal.$caught" "ended by SIG$caught; the scheduler or \`resume\` starts it again"
  fi
  [[ ! -e $scratch/timed-out ]] ||
    finish 65 time.limit "the command took longer than the $node_limit s that its tool's ToolTimeLimit allows"
  if [[ $runtime != none ]]; then
    [[ -e $scratch/wfc/state/rc ]] || finish 75 runtime.failed "$runtime_label ended with $rc and the command $(container_progress)"
    read -r rc <"$scratch/wfc/state/rc"
  fi
  ((rc == 0)) || payload=$rc
  ((${#parents[@]} == 0)) || parents_unchanged
  payload_code=$rc
  if [[ -n ${wfc_tool-} ]]; then tool_ended "$rc" && return; else ((rc)) || return 0; fi
  payload_last_line
  ((${#parents[@]} == 0)) || read_only=$(read_only_advice)
  finish 65 payload.exit "the command failed; its output is above${WFC_LOGS:+ and in $WFC_LOGS/$id.log}$read_only"
}

# A daemon has left the group, and is told by a variable. It would go on changing this node's results after they were
# recorded. To look at all processes takes longer than most of what a short command does: within a second or two its own
# have the numbers after its first one, because 30 000 others would have to begin before smaller ones are given again.
payload_strays() {
  local round files oldest=0 strays=()
  ((SECONDS - payload_second > 1)) || oldest=$1
  for ((round = 0; round < 20; round++)); do
    younger "$oldest"
    started_by_us
    ((${#files[@]})) || break
    strays=("${files[@]//[!0-9]/}")
    kill -s KILL "${strays[@]}" 2>/dev/null
    sleep 0.05
  done
  ((${#strays[@]} == 0)) || warn payload.strays "the command left processes running, which were ended: ${strays[*]}"
}

# younger PID: in $files the environments of processes with larger numbers.
younger() {
  local process
  files=()
  for process in /proc/[0-9]*; do
    ((${process#/proc/} <= $1)) || files+=("$process/environ")
  done
}

# started_by_us: of $files, those with the variable. To start grep takes as long as to read six of them.
started_by_us() {
  local file variable candidates=(${files[@]+"${files[@]}"})
  files=()
  if ((${#candidates[@]} > 6)); then
    mapfile -t files < <(grep -lszxF -- "WFC_STARTED_BY=$me" "${candidates[@]}")
    return
  fi
  for file in ${candidates[@]+"${candidates[@]}"}; do
    while IFS= read -r -d '' variable; do
      [[ $variable != "WFC_STARTED_BY=$me" ]] || files+=("$file")
    done 2>/dev/null <"$file"
  done
}

# kill -0 would also find the dead that nobody has waited for.
group_lives() {
  local file stat state group
  for file in /proc/[0-9]*/stat; do
    { IFS= read -r -d '' stat <"$file"; } 2>/dev/null
    IFS=' ' read -r state _ group _ <<<"${stat##*) }"
    [[ $group != "$1" || $state == [ZX] ]] || return 0
  done
  return 1
}

# The last line of the log, when the log is a file; never our own first line.
payload_last_line() {
  [[ -f /proc/$$/fd/1 ]] || return 0
  last_line=$(tail -c 4096 <"/proc/$$/fd/1" | tr -d '\000' | awk 'NF { last = $0 } END { print last }')
  [[ $last_line != 'wfcompile: node '* ]] || last_line=
}
