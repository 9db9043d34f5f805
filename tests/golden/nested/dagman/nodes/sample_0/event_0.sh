#!/bin/bash
# Node sample_0/event_0 of the workflow workflow: step sample/event, nested/sample.yml:2.
# Generated. By hand: bash nodes/sample_0/event_0.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=sample/event
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=sample_0/event_0
  parents=()
  p_value=1
  p_out="$root"/sample_0/event_0/out
}
wfc_command() {
  printf %s 'echo '"$p_value"' > '"$p_out"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/../..}/lib/node.sh"
wfc_main "$@"
