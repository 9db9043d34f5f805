# shellcheck shell=bash
# A CWL tool: what must be there before its command, which exit codes mean success, and the outputs that it left.
# The generated script says which tool it is (wfc_tool) and what its exit codes mean (wfc_success, wfc_again); the row has
# the command, or in node_call what the evaluator needs to make it.

# tool_stage_in: the command, if only this node can make it, and what it needs.
tool_stage_in() {
  local words=() value placed=()
  [[ -z ${wfc_outdir-} || $runtime != none ]] ||
    finish 65 runtime.none "the tool works in $wfc_outdir (dockerOutputDirectory), which only a container has; compile without --container none"
  if [[ -z $p_command ]]; then
    source "$wfc_lib/evaluator.sh"
    tool_ask command
    while IFS= read -r -d '' value; do words+=("$value"); done <"$scratch/answer"
    [[ -z ${node_files+set} ]] || tool_asked
    case ${words[0]-} in
      run) p_command=${words[1]} node_limit=${words[2]} node_stage=(${words[@]+"${words[@]:3}"}) ;;
      skip) tool_skip "${words[1]}" ;;
      *) tool_failed 65 ;;
    esac
  fi
  local i
  for ((i = 0; i < ${#node_stage[@]}; i += 3)); do tool_stage "${node_stage[@]:i:3}"; done
  ((${#placed[@]} == 0)) || "${runtime}_argv"
}

# tool_stage ACTION TARGET SOURCE: paths as the command sees them.
tool_stage() {
  tool_here "$2"
  if [[ $here_path == "$own"/* || $here_path == "$tool_dir"/* ]]; then
    tool_make "$1" "$here_path" "$3"
  else
    tool_place "$@"
  fi
}

# tool_make ACTION TARGET SOURCE: the target is a path of this host.
tool_make() {
  mkdir -p -- "${2%/*}" || finish 75 enospc "${2%/*} cannot be made"
  case $1 in
    link) ln -sT -- "$3" "$2" ;;
    text) printf %s "$3" >"$2" ;;
    directory) mkdir -p -- "$2" ;;
    copy)
      tool_here "$3"
      cp -RL --preserve=timestamps -T -- "$here_path" "$2" && chmod -R u+w -- "$2"
      ;;
    *) false ;;
  esac || finish 75 stage.failed "$2 cannot be staged"
}

# tool_place ACTION TARGET SOURCE: somewhere in the image, where a file or directory of this host is bound.
tool_place() {
  local place=$tool_dir/placed/${#placed[@]} mode=rw
  [[ $runtime != none && $2 != /wfc/* ]] ||
    finish 65 stage.outside "$2, where the tool wants a file, is no place of this node; name one in the working directory"
  if [[ $1 == link ]]; then
    tool_here "$3"
    place=$here_path mode=ro
  else
    tool_make "$1" "$place" "$3"
  fi
  container_mountpoint "$place" "$2"
  binds+=("$place" "$2" "$mode")
  placed+=("$2" "$place")
}

# tool_here PATH: in $here_path, where a path that the command sees is on this host.
tool_here() {
  local sources i
  for ((i = 0; i < ${#placed[@]}; i += 2)); do
    [[ $1 != "${placed[i]}"/* ]] || { here_path=${placed[i + 1]}${1#"${placed[i]}"} && return; }
  done
  case $1 in
    "$root/$id" | "$root/$id"/*) here_path=$own${1#"$root/$id"} ;;
    "${wfc_outdir:-$root/$id}" | "${wfc_outdir:-$root/$id}"/*) here_path=$own${1#"$wfc_outdir"} ;;
    "$job" | "$job"/*) here_path=$tool_dir${1#"$job"} ;;
    "$root/init"/*)
      in_bases "${1#"$root/init/"}" "${input_bases[@]}"
      here_path=${sources[0]-$1}
      ;;
    "$root"/*) here_path=$WFC_RUN${1#"$root"} ;;
    *) here_path=$1 ;;
  esac
}

# tool_ended CODE: 0 when the tool says that this is success; 75 when it says that it may try again.
tool_ended() {
  case " $wfc_success " in *" $1 "*) return 0 ;; esac
  case " $wfc_again " in *" $1 "*) finish 75 payload.again "the command ended with $1, which the tool calls a temporary failure" ;; esac
  (($1)) || finish 65 payload.exit 'the command ended with 0, which the tool calls a failure'
  return 1
}

# tool_collect CODE: what the tool gives, in $tool_published; which files and directories of its own that is, in
# $tool_given.
tool_collect() {
  local file placed=()
  tool_published='' tool_given=()
  [[ $runtime == none ]] || tool_relink
  if [[ -n ${node_call-} && -z ${node_files+set} ]]; then
    [[ -n ${evaluator_pid-} ]] || source "$wfc_lib/evaluator.sh"
    tool_ask "results $1"
    {
      IFS= read -r -d '' tool_published
      while IFS= read -r -d '' file; do tool_given+=("$file"); done
    } <"$scratch/answer"
    tool_asked
  else
    # Later nodes were made with the names that the tool's globs give.
    [[ ! -e $own/cwl.output.json || -z ${node_files-} ]] ||
      finish 65 output.declared "the command wrote cwl.output.json, but the tool's outputs name files (${node_files[*]}); leave out one of the two"
    tool_given=(${node_files[@]+"${node_files[@]}"})
    for file in ${node_files[@]+"${node_files[@]}"}; do
      [[ ! -L $own/$file ]] || tool_resolve "$own/$file"
      [[ -e $own/$file ]] || finish 65 output.missing "the command made no $file"
    done
  fi
}

# Absolute links to the tool's directory, as it was called in the container, lead nowhere on this host.
tool_relink() {
  local link target inside up
  while IFS= read -r -d '' link && IFS= read -r -d '' target; do
    case $target in
      "$root/$id" | "$root/$id"/*) inside=${target#"$root/$id"} ;;
      "${wfc_outdir:-$root/$id}" | "${wfc_outdir:-$root/$id}"/*) inside=${target#"$wfc_outdir"} ;;
      *) continue ;;
    esac
    up=${link//[!\/]/}
    ln -sfT -- "${up//\//../}.$inside" "$own/$link" || finish 75 enospc "the link $link cannot be replaced"
  done < <(find "$own" -type l -lname '/*' -printf '%P\0%l\0')
}

# tool_resolve LINK: others look for a file at this place; a link to another place of the run becomes what it leads to.
tool_resolve() {
  local target here_path
  target=$(readlink -- "$1")
  tool_elsewhere "$target" || return 0
  tool_here "$target"
  [[ -e $here_path ]] ||
    finish 65 output.missing "the link ${1#"$own"/} leads to nothing (${here_path/#"$WFC_RUN/"/})"
  { cp -RL -- "$here_path" "$1.wfc-new" && rm -- "$1" && mv -T -- "$1.wfc-new" "$1"; } ||
    finish 75 enospc "$1 cannot be replaced by a copy"
}

# Links to the rest of the run, after collect_files: in a directory that the tool gives they become what they lead to,
# the others go, because the outputs name the places that they lead to.
tool_unlink() {
  local i again='' placed=()
  for ((i = 0; i < ${#record_links[@]}; i++)); do
    tool_elsewhere "${record_targets[i]}" || continue
    if tool_gives "${record_links[i]}"; then
      tool_resolve "$own/${record_links[i]}"
      again=collect_files
    else
      rm -f -- "$own/${record_links[i]}"
      again=${again:-record_list}
    fi
  done
  [[ -z $again ]] || "$again" "$own" || finish 75 collect.failed "$own cannot be read"
}

# tool_gives NAME: is it, or a directory that it is in, an output?
tool_gives() {
  local file
  for file in ${tool_given[@]+"${tool_given[@]}"}; do
    [[ $1/ != "$file"/* ]] || return 0
  done
  return 1
}

# Outputs are copied with what their links lead to: a directory that is in itself would have no end.
tool_loops() {
  local given said
  for given in ${tool_given[@]+"${tool_given[@]}"}; do
    [[ -d $own/$given ]] || continue
    said=$(find -L "$own/$given" 2>&1 >/dev/null)
    [[ $said == *'system loop detected; '* ]] || continue
    said=${said#*"$own"/}
    finish 65 output.loop "the link ${said%%"' "*} leads to a directory that it is in, and $given is an output; remove it"
  done
}

# tool_elsewhere TARGET: does a link lead to another node's results, an input, or what was staged? `cp -r` of an input
# that is placed by a link copies the link.
tool_elsewhere() {
  local base
  case $1 in
    "$root/$id"/* | */../* | */..) return 1 ;;
    "$root"/* | "$job"/* | "$WFC_RUN"/*) return 0 ;;
  esac
  for base in ${input_bases[@]+"${input_bases[@]}"}; do
    [[ $1 != "$base"/* ]] || return 0
  done
  return 1
}
