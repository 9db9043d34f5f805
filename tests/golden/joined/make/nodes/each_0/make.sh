#!/bin/bash
# Node each_0/make of the workflow workflow: step each/make, inner.yml:2.
# Generated. By hand: bash nodes/each_0/make.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=each/make
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=each_0/make
  parents=()
  p_count=2
  node_globs=(/parts list ''"$root"'/each_0/make/part_*.txt')
}
wfc_globs() { globs=(${node_globs[@]+"${node_globs[@]}"}); }
wfc_command() {
  printf %s 'for i in $(seq '"$p_count"'); do echo file $i > part_$i.txt; done'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/../..}/lib/node.sh"
wfc_main "$@"
