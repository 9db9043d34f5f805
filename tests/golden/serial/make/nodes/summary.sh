#!/bin/bash
# Node summary of the workflow workflow: step summary, reana.yaml:27.
# Generated. By hand: bash nodes/summary.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=summary
wfc_interpreter=''
wfc_workdir=''
wfc_image=docker.io/library/debian:12-slim
wfc_image_key=docker.io_library_debian_12-slim
wfc_return=shared
wfc_workspace=yes
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=summary
  parents=(prepare_words step_2)
  inputs=(code/count.sh data)
}
wfc_command() {
  printf %s 'bash -c '\''[ "$(pwd)" = "$(cat results/here)" ] && test -d empty && rm results/here'\'' || exit
bash -c '\''{'' echo "it'\''"'\''"'\''s a {''list}''"; cat results/count.txt results/first data/words.txt; }'' >summary.txt'\'''
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
