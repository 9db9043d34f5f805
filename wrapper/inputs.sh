# shellcheck shell=bash
# Large inputs are no part of the bundle: a link of the run leads to each. A result must not come from other data than
# what was compiled, so their sizes are compared; their checksums would have to be read again by every node.
#
# On a compute node, sourced by node.sh. At submission, by itself: inputs.sh RUN
# lib/inputs.tsv    size in bytes, name

# inputs_fault LIST DIRECTORY INPUT...: what is wrong in the directory with a file that the inputs need, in $fault.
inputs_fault() {
  local line name names=() paths=() sizes=() found=() i list=$1 directory=$2
  shift 2
  fault=
  while IFS= read -r line; do
    name=${line#*$'\t'}
    inputs_need "$name" "$@" || continue
    names+=("$name") sizes+=("${line%%$'\t'*}") paths+=("$directory/$name")
  done <"$list"
  for ((i = 0; i < ${#names[@]}; i++)); do
    [[ ! -f ${paths[i]} || ! -r ${paths[i]} ]] || continue
    fault="the input ${names[i]} is not at ${paths[i]}, where a link to it should be: its file was moved, or the \
bundle; link it (ln -sfn FILE LINK, a file of ${sizes[i]} bytes), or compile again"
    return
  done
  ((${#paths[@]} == 0)) || mapfile -t found < <(printf '%s\0' "${paths[@]}" | xargs -0 stat -L -c %s --)
  for ((i = 0; i < ${#names[@]}; i++)); do
    [[ ${found[i]-} != "${sizes[i]}" ]] || continue
    fault="the input ${names[i]} has ${found[i]-no} bytes at ${paths[i]}, and had ${sizes[i]} when it was compiled; put \
the file back, or compile again"
    return
  done
}

# inputs_need FILE INPUT...: is the file one of the inputs, or in one?
inputs_need() {
  local input
  for input in "${@:2}"; do
    [[ $input != . && $1 != "$input" && $1 != "$input"/* ]] || return 0
  done
  return 1
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -uo pipefail
  bundle=$(cd -- "${BASH_SOURCE[0]%/*}/.." && pwd) || exit 1
  # A run in another place begins with the links that compiling made.
  if [[ ! -e $1/.inputs && -d $bundle/run/.inputs && -z ${WFC_INPUTS-} ]]; then
    mkdir -p -- "$1" && ln -sfn -- "$bundle/run/.inputs" "$1/.inputs" || exit 1
  fi
  inputs_fault "$bundle/lib/inputs.tsv" "${WFC_INPUTS:-$1/.inputs}" .
  [[ -z $fault ]] || {
    printf 'wfcompile: %s\n' "$fault" >&2
    exit 1
  }
fi
