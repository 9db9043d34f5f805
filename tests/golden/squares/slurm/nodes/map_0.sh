#!/bin/bash
# Node map_0 of the workflow workflow: step map, workflow.yml:3.
# Generated. By hand: bash nodes/map_0.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=map
wfc_interpreter=''
wfc_workdir=''
wfc_image=docker.io/library/debian:12
wfc_image_key=docker.io_library_debian_12
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=map_0
  parents=()
  p_number=1
  p_outputfile="$root"/map_0/square.txt
}
wfc_command() {
  printf %s 'echo $(('"$p_number"' * '"$p_number"')) > '"$p_outputfile"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
