#!/bin/bash
# Node reduce of the workflow workflow: step reduce, workflow.yml:17.
# Generated. By hand: bash nodes/reduce.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=reduce
wfc_interpreter=bash
wfc_workdir=''
wfc_image=docker.io/library/debian:12
wfc_image_key=docker.io_library_debian_12
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=reduce
  parents=(map_0 map_1 map_2)
  p_squares=''"$root"'/map_0/square.txt '"$root"'/map_1/square.txt '"$root"'/map_2/square.txt'
  p_outputfile="$root"/reduce/sum.txt
}
wfc_command() {
  printf %s 'sum=0
for file in '"$p_squares"'; do read -r square <"$file"; sum=$((sum + square)); done
echo $sum > '"$p_outputfile"'
'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
