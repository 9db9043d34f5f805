#!/bin/bash
# Node step_2 of the workflow workflow: step step_2, reana.yaml:20.
# Generated. By hand: bash nodes/step_2.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=step_2
wfc_interpreter=''
wfc_workdir=''
wfc_image=docker.io/library/debian:12-slim
wfc_image_key=docker.io_library_debian_12-slim
wfc_return=shared
wfc_workspace=yes
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=step_2
  parents=(prepare_words)
  inputs=(code/count.sh data)
}
wfc_command() {
  printf %s 'bash -c '\''sh code/count.sh results/parts >results/count.txt
rm results/parts/two
'\'' || exit
bash -c '\''ln -s parts/ONE results/first && pwd >results/here'\'''
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
