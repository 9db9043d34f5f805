#!/bin/bash
# Node sample_1/sum of the workflow workflow: step sample/sum, nested/sample.yml:11.
# Generated. By hand: bash nodes/sample_1/sum.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=sample/sum
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=sample_1/sum
  parents=(sample_1/event_0 sample_1/event_1 sample_1/event_2)
  p_value=''"$root"'/sample_1/event_0/out '"$root"'/sample_1/event_1/out '"$root"'/sample_1/event_2/out'
  p_out="$root"/sample_1/sum/out
}
wfc_command() {
  printf %s 'cat '"$p_value"' > '"$p_out"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/../..}/lib/node.sh"
wfc_main "$@"
