#!/bin/bash
# Node list of the workflow workflow: step list, workflow.yml:3.
# Generated. By hand: bash nodes/list.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=list
wfc_interpreter=sh
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=list
  parents=()
  inputs=(code 'my text.txt')
  p_code="$root"/init/code
  p_text=''"$root"'/init/my text.txt'
  p_listing="$root"/list/listing.txt
}
wfc_command() {
  printf %s 'sh '"$p_code"'/list.sh '"$p_text"' '"$p_listing"'
'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
