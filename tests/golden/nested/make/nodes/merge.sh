#!/bin/bash
# Node merge of the workflow workflow: step merge, nested/workflow.yml:9.
# Generated. By hand: bash nodes/merge.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=merge
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=merge
  parents=(sample_0/sum sample_1/sum)
  p_value=''"$root"'/sample_0/sum/out '"$root"'/sample_1/sum/out'
  p_out="$root"/merge/merged.txt
}
wfc_command() {
  printf %s 'cat '"$p_value"' > '"$p_out"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
