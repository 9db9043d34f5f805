#!/bin/bash
# Node right of the workflow workflow: step right, workflow.yml:9.
# Generated. By hand: bash nodes/right.sh
# shellcheck disable=SC1091,SC2016,SC2034,SC2154,SC2209 # values are quoted words; lib/node.sh sets and reads variables

wfc_step=right
wfc_interpreter=''
wfc_workdir=''
wfc_image=''
wfc_image_key=''
wfc_return=condor
wfc_containers=auto
wfc_node() { # $root is the run's directory as the command sees it
  id=right
  parents=()
  p_count=5
  p_file="$root"/right/list.yml
  node_globs=('' yaml "$root"/right/list.yml)
}
wfc_globs() { globs=(${node_globs[@]+"${node_globs[@]}"}); }
wfc_command() {
  printf %s 'echo "{''label: of '"$p_count"', nested: {''items: [$(seq -s, '"$p_count"')]}''}''" > '"$p_file"
}

wfc_here=${BASH_SOURCE[0]}
[[ $wfc_here == */* ]] || wfc_here=./$wfc_here
source "${WFC_BUNDLE:-${wfc_here%/*}/..}/lib/node.sh"
wfc_main "$@"
