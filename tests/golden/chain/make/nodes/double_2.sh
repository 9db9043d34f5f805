#!/bin/bash
# Node double_2 of the workflow workflow: step double, workflow.yml:9.
# Generated. By hand: bash nodes/double_2.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=double
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=double_2
  parents=(seed_2)
  p_value="$root"/seed_2/out
  p_out="$root"/double_2/out
}
wfc_command() {
  printf %s 'cat '"$p_value"' > '"$p_out"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
