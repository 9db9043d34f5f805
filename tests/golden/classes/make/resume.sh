#!/bin/bash
# Run what is not done: ./resume.sh [--run DIR] [make options, for example -j8]
# Unlike plain `make`, it looks at every output: a node whose files were damaged or removed runs again.
if [[ ${1-} == --run ]]; then # relative to where it was typed
  [[ ${2:?--run needs a directory} == /* ]] || set -- "$1" "$PWD/$2" "${@:3}"
fi
cd -P -- "$(dirname -- "$0")" || exit 1
run=run
if [[ ${1-} == --run ]]; then
  run=$2
  shift 2
fi
missing=$(bash lib/check.sh "$run") || exit 1
while IFS= read -r node; do
  [[ -z $node ]] || rm -f -- "$run/$node/done.json"
done <<<"$missing"
(($#)) || set -- -j4
exec make -k RUN="$run" "$@"
