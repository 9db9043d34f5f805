#!/bin/bash
# Node work_2 of the workflow workflow: step work, workflow.cwl:24.
# Generated. By hand: bash nodes/work_2.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=work
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=work_2
  parents=(write_2)
  p_command='export '\''HOME='"$root"'/work_2'\'' '\''TMPDIR='"$job"'/tmp'\'' && exec echo 1 384 '\'''"$root"'/write_2/written.txt'\'' < /dev/null > worked.txt'$'\n'''
  node_files=(worked.txt)
}
wfc_tool=1
wfc_source=workflow.cwl:24
wfc_success=0
wfc_again=''
wfc_command() {
  printf %s "$p_command"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
