#!/bin/bash
# Node join of the workflow workflow: step join, workflow.yml:16.
# Generated. By hand: bash nodes/join.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=join
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=join
  parents=(make)
  p_joined="$root"/join/joined.txt
  node_late=(p_parts make /parts)
}
wfc_late() { wfc_late_values ${node_late[@]+"${node_late[@]}"}; }
wfc_command() {
  printf %s 'cat '"$p_parts"' > '"$p_joined"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
