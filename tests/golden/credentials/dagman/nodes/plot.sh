#!/bin/bash
# Node plot of the workflow workflow: step plot, workflow.yml:52.
# Generated. By hand: bash nodes/plot.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=plot
wfc_interpreter=''
wfc_workdir=''
wfc_image=/cvmfs/unpacked.cern.ch/gitlab-registry.cern.ch/org/plot:v1
wfc_image_key=_cvmfs_unpacked.cern.ch_gitlab-registry.cern.ch_org_plot_v1
wfc_unpacked=unpacked.cern.ch/gitlab-registry.cern.ch/org/plot:v1
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=plot
  parents=(fit_0 fit_1)
  p_fits=''"$root"'/fit_0/fit.txt '"$root"'/fit_1/fit.txt'
  p_outputfile="$root"/plot/plot.txt
}
wfc_command() {
  printf %s 'cat '"$p_fits"' > '"$p_outputfile"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
