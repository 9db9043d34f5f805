#!/bin/bash
# Run what is not done: ./resume.sh [--run DIR] [options of sbatch]
# submit.sh looks at every output: a node is done when its record and all its files are there.
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
exec ./submit.sh "$@"
