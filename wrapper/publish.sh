# shellcheck shell=bash
# What the command left behind, and its way into the run: nothing partial ever counts.

phase_collect() {
  [[ -z $workspace ]] || workspace_collect
  [[ -z ${wfc_tool-} ]] || tool_collect "$payload_code"
  collect_files
  [[ -z ${wfc_tool-} ]] || tool_unlink
  [[ -z $record_odd ]] || finish 65 output.special "$record_odd is neither a file nor a directory nor a link"
  [[ ! -e $own/done.json && ! -L $own/done.json ]] ||
    finish 65 output.reserved 'the command wrote done.json, a name the run keeps for its own records'
  if ((${#record_links[@]})); then
    collect_links
    collect_relative
    [[ -z ${wfc_tool-} ]] || tool_loops
    # HTCondor follows links to files and leaves out links to directories: it gets the files themselves.
    [[ $returns != condor ]] || collect_linked
  fi
  published=
  ! declare -F wfc_globs >/dev/null || late_globs "$own"
  [[ -z ${wfc_tool-} ]] || published=$tool_published
}

collect_files() {
  record_list "$own" && record_hash && return
  chmod -R u+rwX -- "$own" # the command made something unreadable
  record_list "$own" && record_hash && return
  finish 75 collect.failed "$own cannot be read"
}

# A link that leaves the directory would point to nothing, or to something else, on another host.
collect_links() {
  local i real paths=("$own")
  for ((i = 0; i < ${#record_links[@]}; i++)); do
    case ${record_targets[i]} in
      "$root/$id"/*) paths+=("$own/${record_targets[i]#"$root/$id"/}") ;;
      /*) paths+=("${record_targets[i]}") ;;
      *) paths+=("$own/${record_links[i]}") ;;
    esac
  done
  local own_real=''
  i=-1
  while IFS= read -r -d '' real; do
    own_real=${own_real:-$real}
    [[ $real/ == "$own_real"/* ]] ||
      finish 65 output.escape "the link ${record_links[i]} leads to ${record_targets[i]}, outside of the node's directory"
    ((i += 1))
  done < <(realpath -z -m -- "${paths[@]}")
}

# An absolute link into the own directory goes through the run root, which is not there for those who read the run.
collect_relative() {
  local i link target up
  for ((i = 0; i < ${#record_links[@]}; i++)); do
    link=${record_links[i]} target=${record_targets[i]}
    [[ $target == "$root/$id"/* ]] || continue
    up=${link//[!\/]/}
    target=${up//\//../}${target#"$root/$id"/}
    ln -sfT -- "$target" "$own/$link" || finish 75 enospc "the link $link cannot be replaced"
    record_targets[i]=$target
  done
}

collect_linked() {
  local i link
  for ((i = 0; i < ${#record_links[@]}; i++)); do
    link=$own/${record_links[i]}
    if [[ -e $link ]]; then
      cp -RL -- "$link" "$link.wfc-new" || finish 75 enospc "the link $link cannot be replaced by a copy"
      rm -- "$link"
      mv -T -- "$link.wfc-new" "$link"
    else
      warn link.dangling "${record_links[i]} leads to nothing and is not returned"
      rm -- "$link"
    fi
  done
  collect_files
}

phase_publish() {
  local members
  clock
  record_header
  if [[ $own == "$WFC_RUN/$id" ]]; then
    publish_here
  else
    publish_tree
  fi
  own=
  members="\"files\":${#record_files[@]},\"links\":${#record_links[@]}"
  emit publish "\"d\":{$members}"
}

# The line of the record that says what ran where; ends where the files begin.
record_header() {
  local head=''
  head+="{\"version\":1,\"node\":"
  json_quote "$id" && head+=$quoted
  json_quote "$wfc_step" && head+=",\"step\":$quoted,\"attempt\":$attempt"
  json_quote "$HOSTNAME" && head+=",\"host\":$quoted"
  json_quote "$runtime_label" && head+=",\"runtime\":$quoted"
  json_quote "$wfc_image" && head+=",\"image\":$quoted"
  utc "$began"
  head+=",\"started\":\"${utc}Z\",\"seconds\":$(((now - began) / 1000)).$(((now - began) % 1000 / 100))"
  record_head="$head,\"published\":{$published},\"files\":["
}

# The command worked in its final place: the record alone makes it count. What a killed attempt left goes with all the rest.
publish_here() {
  new_tree=$own/.wfc-new.$me
  record_write "$new_tree" || publish_failed 'No space left on device'
  publish_sync "$own" "$new_tree"
  fault publish:written
  mv -T -- "$new_tree" "$own/done.json" || publish_failed "cannot rename to $own/done.json"
  new_tree=
}

# Copied beside the final place, looked at again, renamed.
publish_tree() {
  local error old=$WFC_RUN/$id.wfc-old.$me before
  new_tree=$WFC_RUN/$id.wfc-new.$me
  [[ -d ${new_tree%/*} ]] || mkdir -p -- "${new_tree%/*}"
  error=$(mv -T -- "$own" "$new_tree" 2>&1) || publish_failed "$error"
  fault publish:moved
  record_write "$new_tree/done.json" || publish_failed 'No space left on device'
  publish_sync "$new_tree" "$new_tree/done.json"
  before="${record_files[*]-} ${record_sizes[*]-}"
  record_list "$new_tree" || before=unreadable
  [[ "${record_files[*]-} ${record_sizes[*]-}" == "$before" ]] ||
    publish_failed "the copy in $new_tree differs from what the command wrote"
  fault publish:written
  [[ ! -e $WFC_RUN/$id ]] || mv -T -- "$WFC_RUN/$id" "$old" || publish_failed "cannot move the old $WFC_RUN/$id aside"
  fault publish:aside
  error=$(mv -T -- "$new_tree" "$WFC_RUN/$id" 2>&1) || publish_failed "$error"
  new_tree=
  [[ ! -e $old ]] || remove "$old"
}

# To the disk, before the record or the name says that it is there. Not every file system or coreutils can.
# publish_sync DIRECTORY RECORD: of what record_list found in the directory.
publish_sync() {
  local names=(${record_files[@]+"${record_files[@]}"} ${record_empty[@]+"${record_empty[@]}"})
  if ((${#names[@]} < 100)) && [[ ${names[*]-} != */* ]]; then # no need to look for directories
    sync -- "$@" ${names[@]+"${names[@]/#/$1/}"} 2>/dev/null || :
  else
    find "$@" ! -type l -exec sync -- {} + 2>/dev/null || :
  fi
}

publish_failed() {
  # Another attempt may have published meanwhile, and taken our copy for a leftover.
  memo
  case $1 in
    *'No space left'*) finish 75 enospc "the file system of $WFC_RUN is full" ;;
    *'quota exceeded'*) finish 75 edquot "the quota of $WFC_RUN is used up" ;;
    *) finish 75 publish.failed "$1" ;;
  esac
}
