#!/bin/bash
# Node write_3 of the workflow workflow: step write, workflow.cwl:12.
# Generated. By hand: bash nodes/write_3.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=write
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=write_3
  parents=()
  p_command='export '\''HOME='"$root"'/write_3'\'' '\''TMPDIR='"$job"'/tmp'\'' && exec echo four < /dev/null > written.txt'$'\n'''
  node_files=(written.txt)
}
wfc_tool=0
wfc_source=workflow.cwl:12
wfc_success=0
wfc_again=''
wfc_command() {
  printf %s "$p_command"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
