#!/bin/bash
# Submit the workflow: ./submit.sh [--run DIR] [options of condor_submit_dag]
# Without --run it is `condor_submit_dag workflow.dag` here, with its files in run/. With --run DIR the bundle is only
# read: DIR/.dag is a farm of links to its files, and all that DAGMan and the nodes write is in DIR.
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
if [[ ${1-} == --run ]]; then
  mkdir -p -- "$2/.dag/run" || exit 1
  run=$(cd -P -- "$2" && pwd) || exit 1
  shift 2
  # HTCondor transfers links to files, but nothing behind a link to a directory; and it gives a directory in the
  # sandbox the mode of this one, so these must be writable though the bundle is not.
  for name in *; do
    [[ $name == run || $name == workflow.dag.* ]] || cp -rsf -- "$PWD/$name" "$run/.dag/" || exit 1
  done
  find "$run/.dag" -type d -exec chmod u+w {} +
  for name in .images .inputs; do
    [[ ! -e run/$name ]] || cp -rsf -- "$PWD/run/$name" "$run/.dag/run/" || exit 1
  done
  for name in outputs logs record.json; do
    ln -sfn -- ".dag/run/$name" "$run/$name"
  done
  cd -- "$run/.dag" || exit 1
fi
run=$PWD/run
exec condor_submit_dag "$@" workflow.dag
