# shellcheck shell=bash
# What a node's directory holds, and done.json, the record of a finished node: written once and last.

# record_list DIR: what the directory holds, in the arrays $record_files and $record_sizes, $record_links and
# $record_targets, $record_empty (directories). $record_odd: a name that is none of these. Fails when it cannot look.
record_list() {
  local entry rest entries=() sorted=()
  record_dir=$1
  record_files=() record_links=() record_empty=() record_sizes=() record_targets=() record_odd=
  # No path holds two slashes in a row, so they part a name from what follows it. By way of a file, because of a pipe bash
  # would read byte by byte.
  find -H "$1" -mindepth 1 ! \( -type d ! -empty \) -printf '%P//%y%s/%l\0' >"$scratch/listing" || return 1
  while IFS= read -r -d '' entry; do
    [[ $entry == done.json//* ]] || entries+=("$entry")
  done <"$scratch/listing"
  if ((${#entries[@]} > 1)); then
    while IFS= read -r -d '' entry; do sorted+=("$entry"); done < <(printf '%s\0' "${entries[@]}" | sort -z)
    ((${#sorted[@]} == ${#entries[@]})) || return 1
    entries=("${sorted[@]}")
  fi
  for entry in ${entries[@]+"${entries[@]}"}; do
    rest=${entry#*//}
    entry=${entry%%//*}
    case $rest in
      f*) record_files+=("$entry") record_sizes+=("${rest//[!0-9]/}") ;;
      l*) record_links+=("$entry") record_targets+=("${rest#*/}") ;;
      d*) record_empty+=("$entry") ;;
      *) record_odd=$entry ;;
    esac
  done
}

# record_hash: the checksums of $record_files, in $record_sums.
record_hash() {
  local i entry
  record_sums=()
  # 200 names of the greatest length fit into one argument list.
  for ((i = 0; i < ${#record_files[@]}; i += 200)); do
    (cd "$record_dir" && exec sha256sum -z -- "${record_files[@]:i:200}") >"$scratch/checksums" || return 1
    while IFS= read -r -d '' entry; do
      record_sums+=("${entry%% *}")
    done <"$scratch/checksums"
  done
  ((${#record_sums[@]} == ${#record_files[@]}))
}

# record_write FILE: the record of this node, from the arrays above and what the phases found out.
record_write() {
  local i comma='' lines=() line
  for ((i = 0; i < ${#record_files[@]}; i++)); do
    json_quote "${record_files[i]}"
    lines+=("{\"name\":$quoted,\"size\":${record_sizes[i]},\"sha256\":\"${record_sums[i]}\"}")
  done
  for ((i = 0; i < ${#record_links[@]}; i++)); do
    json_quote "${record_links[i]}"
    line="{\"name\":$quoted"
    json_quote "${record_targets[i]}"
    lines+=("$line,\"link\":$quoted}")
  done
  for ((i = 0; i < ${#record_empty[@]}; i++)); do
    json_quote "${record_empty[i]}/"
    lines+=("{\"name\":$quoted,\"size\":0}")
  done
  {
    printf '%s' "$record_head"
    for line in ${lines[@]+"${lines[@]}"}; do
      printf '%s\n%s' "$comma" "$line"
      comma=,
    done
    printf '\n]}\n'
  } >"$1"
}
