#!/bin/bash
# Node make of the workflow workflow: step make, workflow.yml:3.
# Generated. By hand: bash nodes/make.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=make
wfc_interpreter=bash
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=make
  parents=()
  p_prefix="$root"/make/results/part
  p_names='b a c'
  node_globs=(/parts pattern ''"$root"'/make/results/part.*.txt')
}
wfc_globs() { globs=(${node_globs[@]+"${node_globs[@]}"}); }
wfc_command() {
  printf %s 'mkdir "$(dirname '"$p_prefix"')"
for name in '"$p_names"'; do echo "$name" > '"$p_prefix"'.$name.txt; done
'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
