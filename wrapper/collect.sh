#!/bin/bash
# The last job of a run: collect the workflow's outputs into RUN/outputs, write RUN/record.json, report.
# Ends with 0 only when every node is done and every output is there; otherwise collects what there is and ends with 65.
#
# lib/nodes.txt    every node's id, one a line
# lib/object.txt   there for a workflow that gives an output object: the name of the file with it in outputs/
# lib/outputs.tsv  node, path in the node's directory, destination below outputs/
#                  node, @POINTER, destination directory: what the node published there, with its path in the node's
#                  directory
#                  node, /PATH, destination: a path of the workspace as this node left it, or the last of those before it
#                  that are done; the workspace is that of all nodes in lib/nodes.txt, in their order
#                  Backslash, tab and newline in a field are written \\, \t and \n.
# shellcheck source-path=SCRIPTDIR
set -uo pipefail
export LC_ALL=C

wfc_lib=${BASH_SOURCE[0]}
[[ $wfc_lib == /* ]] || wfc_lib=$PWD/$wfc_lib
wfc_lib=${wfc_lib%/*}
source "$wfc_lib/events.sh"
source "$wfc_lib/records.sh"
source "$wfc_lib/late.sh"
source "$wfc_lib/workspace.sh"

finish() { # as late.sh calls it: CODE REASON ADVICE
  say "$3"
  exit "$1"
}

main() {
  WFC_BUNDLE=${WFC_BUNDLE:-${wfc_lib%/*}}
  WFC_RUN=${WFC_RUN:-$WFC_BUNDLE/run}
  [[ ${WFC_LOGS:-/} == /* ]] || WFC_LOGS=$PWD/$WFC_LOGS
  mkdir -p -- "$WFC_RUN" && cd -P -- "$WFC_RUN" || exit 75
  WFC_RUN=$PWD
  WFC_LOGS=${WFC_LOGS:-$WFC_RUN/logs}
  rm -rf -- "$WFC_RUN/.credentials" # nobody needs the copies any more
  look_at_expansions
  look_at_nodes
  collect_outputs
  write_record
  report
}

# Where jobs decided what nodes there are, the run says what its outputs are.
look_at_expansions() {
  outputs_list=$wfc_lib/outputs.tsv unexpanded=()
  [[ -e $wfc_lib/points.txt ]] || return 0
  mapfile -t unexpanded < <(run_points "$WFC_RUN")
  if have_python && runtime outputs "$WFC_BUNDLE" "$WFC_RUN"; then
    outputs_list=$WFC_RUN/dynamic/outputs.tsv
  else
    ((${#unexpanded[@]})) || unexpanded=(outputs)
  fi
}

# have_python: $python; else says what to do. The record is written all the same.
have_python() { python=$(find_python >&2 && printf %s "$python"); }

# $total; the nodes that are not done in $undone and as keys of $is_undone.
look_at_nodes() {
  local states node
  declare -gA is_undone=()
  undone=()
  states=$(run_nodes "$WFC_RUN" | record_states "$WFC_RUN") || exit 75
  while IFS=$'\t' read -r _ node; do
    [[ -n $node ]] || continue
    undone+=("$node")
    is_undone[$node]=1
  done <<<"$states"
  for node in ${unexpanded[@]+"${unexpanded[@]}"}; do undone+=("$node"); done
  total=$(($(run_nodes "$WFC_RUN" | wc -l) + ${#unexpanded[@]}))
}

# Into a new directory, renamed when all is there.
collect_outputs() {
  local node path destination old=$WFC_RUN/outputs.old.$$
  collected=0 missing=() left_out=() batch=() batch_to='' view=''
  outputs_new=$WFC_RUN/outputs.new.$$
  rm -rf -- "$WFC_RUN"/outputs.new.* "$WFC_RUN"/outputs.old.* "$WFC_RUN"/.view.*
  mkdir -- "$outputs_new" || exit 75
  [[ ! -e $wfc_lib/object.txt ]] || give_outputs
  while IFS=$'\t' read -r node path destination; do
    printf -v path %b "$path"
    printf -v destination %b "$destination"
    if [[ $path == /* ]]; then
      collect_workspace "$node" "$path" "$outputs_new/$destination"
    elif [[ -n ${is_undone[$node]-} ]]; then
      missing+=("$node/$path")
    elif [[ $path == @* ]]; then
      collect_published "$node" "${path#@}" "$outputs_new/$destination"
    else
      collect_file "$WFC_RUN/$node/$path" "$outputs_new/$destination"
    fi
  done <"$outputs_list"
  flush_batch
  [[ -z $view ]] || rm -rf -- "$view"
  [[ ! -e outputs ]] || mv -T -- outputs "$old" || exit 75
  mv -T -- "$outputs_new" outputs || exit 75
  rm -rf -- "$old"
}

# A CWL workflow says itself what it gives; cwl.output.json tells of it.
give_outputs() {
  local said
  if ((${#undone[@]})); then
    missing+=('all, because not all nodes are done')
  elif ! have_python; then
    missing+=('all, because the last job needs Python')
  elif said=$(runtime give "$WFC_BUNDLE" "$WFC_RUN" "$outputs_new" 2>&1); then
    collected=$(grep -c '"class"' "$outputs_new/cwl.output.json")
  else
    printf '%s\n' "$said"
    missing+=("${said##*$'\n'}")
  fi
}

# collect_published NODE POINTER DIRECTORY
collect_published() {
  local words path
  # No path holds two slashes in a row, so they part the published ones.
  words=$(record_published "$WFC_RUN/$1/done.json" "$2" "$WFC_RUN" // && printf //) || {
    missing+=("$1$2")
    return
  }
  while [[ -n $words ]]; do
    path=${words%%//*}
    words=${words#*//}
    # nothing is written outside of the outputs, whatever a record says
    [[ -z $path || /$path/ == */../* ]] || collect_file "$path" "$3/${path#"$WFC_RUN/$1/"}"
  done
}

# collect_workspace NODE /PATH DESTINATION
collect_workspace() {
  local path
  [[ -n $view ]] || view_workspace "$1"
  for path in ${astray[@]+"${astray[@]}"}; do
    [[ $path/ != "${2%/.}"/* ]] || missing+=("${path#/} (a link that leads out of the workspace)")
  done
  for path in ${dangling[@]+"${dangling[@]}"}; do
    if [[ $path == "$2" ]]; then
      missing+=("${path#/} (a link that leads to nothing)")
    elif [[ $path == "${2%/.}"/* ]]; then
      left_out+=("${path#/}")
    fi
  done
  if [[ -e $view$2 ]]; then
    collect_file "$view$2" "$3"
  elif [[ -n ${ws_node[$2]-} && -z ${ws_entry[$2]} ]]; then
    missing+=("${2#/} (deleted by ${ws_node[$2]})")
  elif [[ ! -L $view$2 && -z ${ws_node[$2]-} ]]; then
    missing+=("${2#/} (no node that is done made it)")
  fi
}

# view_workspace NODE: the workspace as it was left, in $view: names of the files, not copies, but without the links that
# lead to nothing, which are in $dangling, or out of it, which are in $astray: in a container they mean other files than
# here.
view_workspace() {
  local node layers=() path link base bases=("$WFC_BUNDLE/inputs" "$WFC_RUN/.inputs")
  [[ -z ${WFC_INPUTS-} ]] || bases=("$WFC_INPUTS")
  view=$WFC_RUN/.view.$$ astray=() dangling=()
  while IFS= read -r node && [[ -z ${is_undone[$node]-} ]]; do
    layers+=("$node")
    [[ $node != "$1" ]] || break
  done <"$wfc_lib/nodes.txt"
  workspace_read "$WFC_RUN" ${layers[@]+"${layers[@]}"} || exit 75
  view_layers -l 2>/dev/null || view_layers --preserve=mode,timestamps --reflink=auto || exit 75
  for path in "${!ws_entry[@]}"; do
    [[ ${ws_entry[$path]} == [lw]* ]] || continue
    link=$(realpath -m -- "$view$path")
    [[ $link == "$view"/* ]] || { astray+=("$path") && rm -f -- "$view$path"; }
  done
  # Inputs that no node has touched.
  for base in "${bases[@]}"; do
    [[ -d $base ]] || continue
    while IFS= read -r -d '' path; do
      [[ -z ${ws_node[$path]-} && ! -e $view$path ]] || continue
      if [[ -d $base$path ]]; then
        mkdir -p -- "$view$path" || exit 75
      else
        mkdir -p -- "$(dirname -- "$view$path")" && ln -sT -- "$base$path" "$view$path" || exit 75
      fi
    done < <(find -L "$base" \( -type f -o -type d -empty \) -printf '/%P\0')
  done
  for path in "${!ws_entry[@]}"; do
    [[ ! -L $view$path || -e $view$path ]] || { dangling+=("$path") && rm -f -- "$view$path"; }
  done
}

view_layers() {
  rm -rf -- "$view"
  mkdir -- "$view" && (workspace_build "$WFC_RUN" "$view" "$view" "$@")
}

# collect_file SOURCE DESTINATION: neighbours that go to one directory under their own names are copied together.
collect_file() {
  if [[ ! -e $1 ]]; then
    missing+=("${1#"$WFC_RUN/"}")
    return
  fi
  ((collected += 1))
  if [[ ${1##*/} != "${2##*/}" ]]; then
    mkdir -p -- "${2%/*}" && copy_followed -T -- "$1" "$2" || exit 75
    return
  fi
  [[ ${2%/*} == "$batch_to" && ${#batch[@]} -lt 200 ]] || flush_batch
  batch_to=${2%/*}
  batch+=("$1")
}

flush_batch() {
  ((${#batch[@]} == 0)) || { mkdir -p -- "$batch_to" && copy_followed -t "$batch_to" -- "${batch[@]}"; } || exit 75
  batch=()
}

# copy_followed -T -- SOURCE DESTINATION, or -t DIRECTORY -- SOURCE...: cp, what links lead to in their place; links that
# lead to nothing are left out. With them cp fails, though it has copied all else: that must be all that it failed of.
copy_followed() {
  local said sources=("${@:4}") link links=()
  [[ $1 != -T ]] || sources=("$3")
  said=$(cp -RLp "$@" 2>&1) && return
  while IFS= read -r -d '' link; do
    links+=("${link#"$WFC_RUN/"}")
  done < <(find -L "${sources[@]}" -type l -print0 2>/dev/null)
  if ((${#links[@]} == 0)) || (($(wc -l <<<"$said") != ${#links[@]})); then
    printf '%s\n' "$said" >&2
    return 1
  fi
  left_out+=("${links[@]}")
}

# failure_of NODE: why it is not done, in $failure, from the last line of its event log; its log in $see, if there is one.
failure_of() {
  local line log=$WFC_LOGS/$1
  see=
  [[ ! -e $log.log ]] || see=$log.log
  failure='never started'
  [[ -s $log.events.jsonl ]] || return 0
  failure='killed (out of memory, time-out, node failure or cancelled)'
  line=$(tail -n 1 -- "$log.events.jsonl")
  [[ $line == *'"ev":"final"'*'"reason":"'* ]] || return 0
  line=${line#*'"reason":"'}
  failure=${line%%\"*}
  [[ $failure != 'done' && $failure != kept ]] || failure='lost or damaged after it was done'
}

write_record() {
  local i comma=''
  utc "$(date +%s%3N)"
  {
    printf '{"version":1,"ended":"%sZ","nodes":%d,"done":%d,"failed":%d,"outputs":%d,"missing":%d,"failures":[' \
      "$utc" "$total" $((total - ${#undone[@]})) "${#undone[@]}" "$collected" "${#missing[@]}"
    for ((i = 0; i < ${#undone[@]} && i < 50; i++)); do
      failure_of "${undone[i]}"
      json_quote "${undone[i]}"
      printf '%s\n{"node":%s,"reason":"%s"}' "$comma" "$quoted" "$failure"
      comma=,
    done
    comma=
    printf '],"missing_outputs":['
    for ((i = 0; i < ${#missing[@]} && i < 50; i++)); do
      json_quote "${missing[i]}"
      printf '%s\n%s' "$comma" "$quoted"
      comma=,
    done
    printf ']}\n'
  } >"record.json.new.$$"
  mv -T -- "record.json.new.$$" record.json
}

report() {
  local i
  say "$((total - ${#undone[@]})) of $total nodes are done, $collected outputs are in $WFC_RUN/outputs"
  for ((i = 0; i < ${#undone[@]} && i < 10; i++)); do
    failure_of "${undone[i]}"
    say "not done: ${undone[i]} ($failure)${see:+, see $see}"
  done
  ((${#undone[@]} <= 10)) || say "and $((${#undone[@]} - 10)) more, see $WFC_RUN/record.json"
  for ((i = 0; i < ${#missing[@]} && i < 10; i++)); do
    say "missing output: ${missing[i]}"
  done
  for ((i = 0; i < ${#left_out[@]} && i < 10; i++)); do
    say "left out: ${left_out[i]} (a link that leads to nothing)"
  done
  ((${#undone[@]} == 0 && ${#missing[@]} == 0)) || exit 65
}

main "$@"
