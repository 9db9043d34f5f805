#!/bin/bash
# check.sh RUN: print the nodes of a run that are not done, one id a line. `resume` submits these again.
# A node is done when its record is valid and every file it names is there with its size.
# shellcheck source-path=SCRIPTDIR
set -uo pipefail
export LC_ALL=C

wfc_lib=${BASH_SOURCE[0]}
[[ $wfc_lib == /* ]] || wfc_lib=$PWD/$wfc_lib
wfc_lib=${wfc_lib%/*}
source "$wfc_lib/records.sh"

[[ $# == 1 ]] || {
  printf 'usage: %s RUN\n' "$0" >&2
  exit 2
}
# A run that has not begun has no directory yet.
[[ -d $1 ]] || exec cat "$wfc_lib/nodes.txt"
record_states "$1" <"$wfc_lib/nodes.txt" | cut -f 2-
