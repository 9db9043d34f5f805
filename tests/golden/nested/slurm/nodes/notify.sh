#!/bin/bash
# Node notify of the workflow workflow: step notify, nested/workflow.yml:15.
# Generated. By hand: bash nodes/notify.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=notify
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=notify
  parents=()
  p_value='it is done'
  p_out="$root"/notify/note.txt
}
wfc_command() {
  printf %s 'echo '"$p_value"' > '"$p_out"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
