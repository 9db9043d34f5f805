#!/bin/bash
# Node fetch of the workflow workflow: step fetch, workflow.yml:3.
# Generated. By hand: bash nodes/fetch.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=fetch
wfc_interpreter=bash
wfc_workdir=''
wfc_image=docker.io/library/debian:12
wfc_image_key=docker.io_library_debian_12
wfc_needs='cvmfs proxy'
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=fetch
  parents=()
  p_outputfile="$root"/fetch/list.txt
}
wfc_command() {
  printf %s 'grep -c BEGIN "$X509_USER_PROXY" > '"$p_outputfile"'
stat -c %a "$X509_USER_PROXY" >> '"$p_outputfile"'
'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
