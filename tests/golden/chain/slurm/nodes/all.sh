#!/bin/bash
# Node all of the workflow workflow: step all, workflow.yml:24.
# Generated. By hand: bash nodes/all.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=all
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=all
  parents=(pairs_0 pairs_1 pairs_2)
  p_value=''"$root"'/pairs_0/out '"$root"'/pairs_1/out '"$root"'/pairs_2/out'
  p_out="$root"/all/all.txt
}
wfc_command() {
  printf %s 'cat '"$p_value"' > '"$p_out"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
