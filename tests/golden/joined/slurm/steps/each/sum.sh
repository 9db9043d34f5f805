#!/bin/bash
# All nodes of step each/sum of the workflow workflow, inner.yml:17: each is a row of each/sum.*.rows,
# in rows/ or in a directory of the run. Generated. By hand: bash steps/each/sum.sh ROW [DIRECTORY]
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=each/sum
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_late() { wfc_late_values ${node_late[@]+"${node_late[@]}"}; }
wfc_command() {
  printf %s 'echo said '"$p_text"' | sed "s:/[^ ]*/::g" > '"$p_out"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/../..}/lib/node.sh"
wfc_rows each/sum 1000
wfc_main "$@"
