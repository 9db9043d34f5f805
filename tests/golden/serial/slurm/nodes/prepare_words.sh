#!/bin/bash
# Node prepare_words of the workflow workflow: step prepare_words, reana.yaml:14.
# Generated. By hand: bash nodes/prepare_words.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=prepare_words
wfc_interpreter=''
wfc_workdir=''
wfc_image=docker.io/library/debian:12-slim
wfc_image_key=docker.io_library_debian_12-slim
wfc_return=shared
wfc_workspace=yes
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=prepare_words
  parents=()
  inputs=(code/count.sh data)
}
wfc_command() {
  printf %s 'bash -c '\''mkdir -p results/parts empty && sed -i s/one/ONE/ "data/words.txt"'\'' || exit
bash -c '\''for word in $(cat "data/words.txt"); do echo $word >results/parts/$word; done'\'''
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
