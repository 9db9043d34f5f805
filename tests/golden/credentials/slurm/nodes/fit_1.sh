#!/bin/bash
# Node fit_1 of the workflow workflow: step fit, workflow.yml:21.
# Generated. By hand: bash nodes/fit_1.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=fit
wfc_interpreter=bash
wfc_workdir=''
wfc_image=debian:12
wfc_image_key=debian_12
wfc_unpacked=unpacked.cern.ch/registry.hub.docker.com/library/debian:12
wfc_needs='proxy kerberos rucio'
wfc_return=shared
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=fit_1
  parents=(fetch)
  p_list="$root"/fetch/list.txt
  p_outputfile="$root"/fit_1/fit.txt
}
wfc_command() {
  printf %s '. /recast_auth/getkrb.sh
cat '"$p_list"' > '"$p_outputfile"'
'
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
