#!/bin/bash
# Run what is not done: ./resume.sh [--run DIR] [options of condor_submit_dag]
# Every output is looked at, whatever DAGMan believes: a node is done when its record and all its files are there.
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
where=$PWD arguments=()
if [[ ${1-} == --run ]]; then
  where=$(cd -P -- "$2/.dag" && pwd) || exit 1
  arguments=(--run "$2")
  shift 2
fi
cluster=$(sed -n 's/^000 (0*\([0-9]*\)\..*/\1/p' "$where/workflow.dag.dagman.log" 2>/dev/null | tail -n 1)
running=
[[ -z $cluster ]] || running=$(condor_q "$cluster" -af ClusterId) || exit 1
if [[ -n $running ]]; then
  echo "the workflow is running (cluster $running): ./status.sh, or ./cancel.sh first" >&2
  exit 1
fi
missing=$(bash lib/check.sh "$where/run") || exit 1
# DAGMan reads the newest rescue file; what is done is said in one of our own, so the old ones go. A lock that a
# killed DAGMan left would make it trust its old log instead.
rm -f -- "$where"/workflow.dag.rescue* "$where/workflow.dag.lock" || exit 1
{
  echo "# Nodes with a record and all their files"
  awk 'NR == FNR {missing[$0]; next} !($0 in missing) {print "DONE " $0}' <(printf '%s\n' "$missing") lib/nodes.txt
} >"$where/workflow.dag.rescue001" || exit 1
exec ./submit.sh ${arguments[@]+"${arguments[@]}"} "$@"
