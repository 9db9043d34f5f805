#!/bin/bash
# Node generate of the workflow workflow: step generate, workflow.yml:3.
# Generated. By hand: bash nodes/generate.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=generate
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=generate
  parents=()
  p_n=3
  node_globs=(/parts list ''"$root"'/generate/part_*.txt')
}
wfc_globs() { globs=(${node_globs[@]+"${node_globs[@]}"}); }
wfc_command() {
  printf %s 'i=0; while [ $i -lt '"$p_n"' ]; do echo $i > part_$i.txt; i=$((i+1)); done'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
