#!/bin/bash
# check.sh RUN [FILE]: print the nodes of a run (or those that FILE lists) that are not done, one id a line, and the
# expansions that were not made. `resume` submits these again.
# A node is done when its record is valid and every file it names is there with its size.
# shellcheck source-path=SCRIPTDIR
set -uo pipefail
export LC_ALL=C

wfc_lib=${BASH_SOURCE[0]}
[[ $wfc_lib == /* ]] || wfc_lib=$PWD/$wfc_lib
wfc_lib=${wfc_lib%/*}
source "$wfc_lib/records.sh"

[[ $# == 1 || $# == 2 ]] || {
  printf 'usage: %s RUN [FILE]\n' "$0" >&2
  exit 2
}
# A run that has not begun has no directory yet.
[[ -d $1 ]] || exec cat "${2:-$wfc_lib/nodes.txt}"
if [[ -n ${2-} ]]; then
  awk length <"$2" | record_states "$1" | cut -f 2-
else
  run_nodes "$1" | record_states "$1" | cut -f 2- || exit
  run_points "$1"
fi
