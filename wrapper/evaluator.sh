# shellcheck shell=bash
# What only the evaluator knows of a CWL tool's node: sourced by those that ask it.

# tool_ask QUESTION: what the evaluator says, in $scratch/answer. One process answers all questions of a node, because Python
# takes longer to start than to answer; it waits for the next one on a pipe, whose end is the wrapper's.
tool_ask() {
  [[ -n ${evaluator_pid-} ]] || tool_evaluator
  # Bash forgets the pipes of one that was killed.
  {
    printf '%s\n' "$1" >&"${evaluator[1]-}"
    read -r _ <&"${evaluator[0]-}" && return
  } 2>/dev/null
  wait "$evaluator_pid"
  tool_failed $?
}

tool_evaluator() {
  source "$wfc_lib/late.sh"
  find_python
  coproc evaluator {
    exec 8>&- 9>&-
    WFC_CODE=$WFC_RUN/.runtime exec "$python" -I -S "$wfc_lib/start.py" node \
      "$WFC_BUNDLE" "$WFC_RUN" "$root" "$job" "$own" "$id" "$wfc_tool" "$scratch/answer"
  }
  # shellcheck disable=SC2154 # set by coproc
  evaluator_pid=$evaluator_PID
  printf '%s\n' "$node_call" >&"${evaluator[1]}"
}

# tool_asked: there are no more questions.
tool_asked() {
  [[ -z ${evaluator[1]-} ]] || eval "exec ${evaluator[1]}>&-"
  wait "$evaluator_pid"
  evaluator_pid=
}

# tool_failed CODE: of the evaluator, which has said why.
tool_failed() {
  (($1 == 75)) || runtime_failed
  payload_last_line
  case $last_line in
    *'No space left'*) finish 75 enospc "the file system of $own or $scratch is full: $last_line" ;;
    *'quota exceeded'*) finish 75 edquot "the quota of $own or $scratch is used up: $last_line" ;;
  esac
  finish 75 javascript.none "$HOSTNAME cannot run JavaScript: ${last_line:-see the log}"
}

# A `when` that is false: the node publishes null for every output.
tool_skip() {
  published="\"\":$1"
  collect_files
  phase_publish
  finish 0 skipped
}
