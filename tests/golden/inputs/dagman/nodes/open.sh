#!/bin/bash
# Node open of the workflow workflow: step open, workflow.yml:19.
# Generated. By hand: bash nodes/open.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=open
wfc_interpreter=bash
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=open
  parents=(list)
  p_listing="$root"/list/listing.txt
  p_found="$root"/open/found.txt
}
wfc_command() {
  printf %s 'while IFS= read -r path; do cat "$path"; done < '"$p_listing"' > '"$p_found"'
'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
