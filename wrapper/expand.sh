#!/bin/bash
# Expand a point of the run, whose results are there: expand.sh POINT. Writes RUN/dynamic/POINT; logs as a node does.
# shellcheck source-path=SCRIPTDIR
set -uo pipefail
export LC_ALL=C

wfc_lib=${BASH_SOURCE[0]}
[[ $wfc_lib == /* ]] || wfc_lib=$PWD/$wfc_lib
wfc_lib=${wfc_lib%/*}
source "$wfc_lib/events.sh"
source "$wfc_lib/late.sh"

finish() { # CODE REASON ADVICE
  json_quote "$3"
  emit final "\"code\":$1,\"reason\":\"$2\",\"advice\":$quoted"
  say "$point: $3" | tee -a "$log.log"
  exit "$1"
}

point=$1
WFC_BUNDLE=${WFC_BUNDLE:-${wfc_lib%/*}}
WFC_RUN=${WFC_RUN:-$WFC_BUNDLE/run}
log=$WFC_RUN/logs/$point
mkdir -p -- "${log%/*}" || exit 75
exec 9>>"$log.events.jsonl"
clock
json_quote "$point" && event_who="\"node\":$quoted"
json_quote "$HOSTNAME" && event_who+=",\"host\":$quoted"
find_python
if message=$("$python" -I -S "$wfc_lib/start.py" expand "$WFC_BUNDLE" "$WFC_RUN" "$point" 2>&1); then
  [[ -z $message ]] || say "$point: ${message//$'\n'/$'\n'wfcompile: $point: }" | tee -a "$log.log"
  emit final '"code":0,"reason":"done"'
  exit 0
fi
finish 65 expand.failed "${message##*$'\n'}"
