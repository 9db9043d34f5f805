# shellcheck shell=bash
# The workspace: one directory that the steps of a serial workflow use one after the other. Each node finds it as its
# predecessors left it, at one path on every host, and publishes what it changed as a layer in its own directory:
#   layer/    the contents of new and changed files, at their paths in the workspace
#   changes   an entry for each new, changed or deleted path, in this form, ended by a NUL byte:
#             f MODE MTIME//PATH//     a file, its contents are in layer/; mode in octal, seconds since the epoch
#             h//PATH//OTHER           a hard link to the file OTHER of this layer
#             d MODE//PATH//           a directory
#             l//PATH//TARGET          a symbolic link as it stands
#             w//PATH//OTHER           a symbolic link to the absolute path of OTHER in the workspace
#             x//PATH//                deleted, and what was in it has entries of its own
# No path holds two slashes in a row. Links, modes, times and empty directories are told there because not every transfer
# keeps them.

# ---- what a node does, around its command

# workspace_stage: inputs and the layers of all parents at $workspace, which is $root/workspace to the command.
workspace_stage() {
  local error
  workspace_make
  wfc_workdir=$root/workspace
  error=$(workspace_inputs 2>&1) || workspace_failed "$error"
  workspace_read "$WFC_RUN" ${parents[@]+"${parents[@]}"} || workspace_failed 'the changes of a parent cannot be read'
  error=$(workspace_build "$WFC_RUN" "$workspace" "$wfc_workdir" --preserve=mode,timestamps --reflink=auto 2>&1) ||
    workspace_failed "$error"
  workspace_settle
  workspace_tick
}

# In a container what will be the layer is mounted at the stable path. Without one it has to be there, for one attempt
# of one node at a time: a node that was killed may have left its command working in it.
workspace_make() {
  if [[ $runtime != none ]]; then
    workspace=$own/layer
  else
    node_lock "$root/.locks" workspace
    workspace=$root/workspace
    [[ ! -e $workspace && ! -L $workspace ]] || remove "$workspace"
  fi
  mkdir -- "$workspace" || finish 75 enospc "$workspace cannot be made"
}

# Copies, because a command may change its inputs in place.
workspace_inputs() {
  local input sources i
  for input in ${inputs[@]+"${inputs[@]}"}; do
    in_bases "$input" "${input_bases[@]}"
    # What an earlier directory has comes last and stays.
    for ((i = ${#sources[@]} - 1; i >= 0; i--)); do
      if [[ -d ${sources[i]} ]]; then
        mkdir -p -- "$workspace/$input" &&
          cp -RL --preserve=mode,timestamps --reflink=auto -- "${sources[i]}/." "$workspace/$input" || return
      else
        mkdir -p -- "$(dirname -- "$workspace/$input")" &&
          cp -LT --preserve=mode,timestamps --reflink=auto -- "${sources[i]}" "$workspace/$input" || return
      fi
    done
  done
  chmod -R u+rwX -- "$workspace"
}

workspace_failed() {
  case $1 in
    *'No space left'*) finish 75 enospc "no space for the workspace at $workspace" ;;
    *'quota exceeded'*) finish 75 edquot "the quota is used up by the workspace at $workspace" ;;
    *) finish 75 stage.failed "the workspace cannot be made: ${1:0:500}" ;;
  esac
}

# workspace_settle: modes and times as they were published; $before, what the command finds.
workspace_settle() {
  local path kind mode mtime seen_mode seen_mtime times=() modes=() closed=()
  declare -gA before=() ws_closed=()
  workspace_scan || workspace_failed "$workspace cannot be read"
  for path in "${!ws_entry[@]}"; do
    IFS=' ' read -r kind mode mtime <<<"${ws_entry[$path]%%//*}"
    IFS=' ' read -r _ seen_mode seen_mtime _ <<<"${ws_now[$path]-}"
    [[ $kind != f || $mtime == "$seen_mtime" ]] || times+=("$mtime/$path")
    [[ $kind != f || $mode == "$seen_mode" ]] || modes+=("$mode/$path")
    [[ $kind != d || $mode == "$seen_mode" ]] || closed+=("$path"$'\001'"$mode")
  done
  workspace_same set_time ${times[@]+"${times[@]}"}
  workspace_same set_mode ${modes[@]+"${modes[@]}"}
  ((${#times[@]} + ${#modes[@]} == 0)) || workspace_scan || workspace_failed "$workspace cannot be read"
  # Last and from the innermost out, because no way may lead through a closed directory: no byte sorts before \001.
  while IFS= read -r -d '' path; do
    mode=${path##*$'\001'}
    path=${path%$'\001'*}
    set_mode "$mode" "$workspace$path" || workspace_failed "$path cannot get its mode"
    ws_now[$path]="d $mode"
  done < <(((${#closed[@]} == 0)) || printf '%s\0' "${closed[@]}" | sort -rz)
  for path in "${!ws_now[@]}"; do before[$path]=${ws_now[$path]}; done
}

set_time() { touch -cd "@$1" -- "${@:2}"; }
set_mode() { chmod "$1" -- "${@:2}"; }

# workspace_same FUNCTION VALUE//PATH...: FUNCTION VALUE PATH... for the paths of one value: many are written in one tick of
# the clock, and a process for each were too many.
workspace_same() {
  local call=$1 entry value='' paths=()
  shift
  while IFS= read -r -d '' entry; do
    if [[ ${entry%%//*} != "$value" ]] || ((${#paths[@]} == 200)); then
      ((${#paths[@]} == 0)) || "$call" "$value" "${paths[@]}" || workspace_failed 'a file cannot get its mode or time'
      value=${entry%%//*} paths=()
    fi
    paths+=("$workspace/${entry#*//}")
  done < <((($# == 0)) || printf '%s\0' "$@" | sort -z && printf '//\0')
}

# workspace_tick: wait until the clock of the file system, which may count in seconds, is past every file's last change:
# then each change from here on can be told by the file's ctime, which no program can set.
workspace_tick() {
  local probe=$workspace/.wfc-tick.$me changed last=$((SECONDS + 10))
  while :; do
    # The times that programs set lie; a file system whose ctime follows them never gets past this loop.
    { : >"$probe" && touch -d @0 -- "$probe"; } || workspace_failed "$probe cannot be written"
    workspace_time "$(find "$probe" -printf %C@)"
    changed=$time
    rm -f -- "$probe"
    ((changed <= ws_newest)) || return 0
    ((SECONDS <= last)) || finish 75 stage.failed "the file system of $workspace keeps no times of change; set WFC_SCRATCH"
    sleep 0.01
  done
}

# workspace_collect: what the command changed, as this node's layer and changes.
workspace_collect() {
  [[ -d $workspace && ! -L $workspace ]] || finish 65 output.workspace 'the command removed the workspace'
  # In the node's own directory nothing but the layer counts.
  find "$own" -mindepth 1 -maxdepth 1 ! -path "$workspace" -exec rm -rf -- {} +
  workspace_open
  workspace_scan || finish 75 collect.failed "$workspace cannot be read"
  [[ -z $ws_odd ]] || finish 65 output.special "$ws_odd in the workspace is neither a file nor a directory nor a link"
  # A file that is not named there would be lost: cat, unlike printf, tells when there was no room.
  workspace_changes | cat >"$own/changes" || finish 75 enospc "$own/changes cannot be written"
  workspace_prune || finish 75 collect.failed "$workspace cannot be made a layer"
  workspace=
}

# workspace_open: directories that the command closed are opened; their modes are kept in $ws_closed.
workspace_open() {
  local entry path found=yes
  declare -gA ws_closed=()
  chmod u+rwx -- "$workspace"
  while [[ -n $found ]]; do
    found=
    while IFS= read -r -d '' entry; do
      path=/${entry#* }
      ws_closed[$path]=${entry%% *}
      chmod u+rwx -- "$workspace$path" && found=yes
    done < <(find "$workspace" -mindepth 1 -type d ! -perm -u=rwx -printf '%m %P\0' 2>/dev/null)
  done
}

# workspace_changes: the entries of all that differs from $before.
workspace_changes() {
  local path now kind mode mtime links inode target
  local -A first=()
  for path in ${ws_paths[@]+"${ws_paths[@]}"}; do
    now=${ws_now[$path]}
    [[ $now != "${before[$path]-}" ]] || continue
    IFS=' ' read -r kind mode mtime _ inode _ links <<<"${now%%//*}"
    case $kind in
      d) printf 'd %s/%s//\0' "$mode" "$path" ;;
      l)
        target=${now#*//}
        case $target in
          "$root/workspace"/*) printf 'w/%s//%s\0' "$path" "${target#"$root/workspace/"}" ;;
          *) printf 'l/%s//%s\0' "$path" "$target" ;;
        esac
        ;;
      f)
        if ((links > 1)) && [[ -n ${first[$inode]-} ]]; then
          printf 'h/%s//%s\0' "$path" "${first[$inode]}"
        else
          first[$inode]=${path#/}
          printf 'f %s %s/%s//\0' "$mode" "$mtime" "$path"
        fi
        ;;
    esac
  done
  for path in "${!before[@]}"; do
    [[ -n ${ws_now[$path]-} ]] || printf 'x/%s//\0' "$path"
  done | sort -z
}

# workspace_prune: of the workspace only the contents that $own/changes names stay, and become the layer.
workspace_prune() {
  local path
  workspace_read "${own%/*}" "${own##*/}" || return
  (
    cd -- "$workspace" || exit
    for path in ${ws_paths[@]+"${ws_paths[@]}"}; do
      [[ ${ws_now[$path]} == d* || ${ws_entry[$path]-} == f* ]] || printf '%s\0' "${path#/}"
    done | xargs -0 -r rm -f -- || exit
    find . -mindepth 1 -type d -empty -delete &&
      find . -type f ! -perm -u=r -exec chmod u+r -- {} +
  ) || return
  [[ $workspace == "$own/layer" ]] || mv -T -- "$workspace" "$own/layer" || return
  # Not every transfer carries an empty directory.
  rmdir -- "$own/layer" 2>/dev/null || [[ -d $own/layer ]]
}

# ---- looking

# workspace_scan: all that is in the workspace: sorted "/PATH"s in $ws_paths, and in $ws_now, by path, "d MODE", "l//TARGET"
# or, for a file, "f MODE MTIME SIZE INODE CTIME LINKS"; the latest ctime of a file in $ws_newest, in nanoseconds.
workspace_scan() {
  local entry path rest
  ws_paths=() ws_odd='' ws_newest=0
  declare -gA ws_now=()
  while IFS= read -r -d '' entry; do
    path=/${entry%%//*}
    rest=${entry#*//}
    case $rest in
      f*)
        rest=${rest%%//*}
        workspace_time "${rest#* * * * * }"
        ((time <= ws_newest)) || ws_newest=$time
        ;;
      d*)
        rest=${rest#d }
        rest="d ${ws_closed[$path]-${rest%% *}}"
        ;;
      l*) rest=l//${rest#*//} ;;
      '') return 0 ;; # the mark that find and sort came to their end
      *) ws_odd=${path#/} ;;
    esac
    ws_paths+=("$path")
    ws_now[$path]=$rest
  done < <(
    find "$workspace" -mindepth 1 -printf '%P//%y %m %T@ %s %i %C@ %n//%l\0' | sort -z && printf '//\0'
  )
  return 1
}

# workspace_time SECONDS.FRACTION…: nanoseconds since the epoch in $time.
workspace_time() {
  local seconds=${1%% *}
  time=${seconds#*.}000000000
  time=$((${seconds%%.*} * 1000000000 + 10#${time:0:9}))
}

# ---- layers, for nodes and for the last job

# workspace_read BASE NODE...: what the changes of the nodes, in this order, amount to: the last entry of each "/PATH" in
# $ws_entry (empty: deleted) and its node in $ws_node.
workspace_read() {
  local base=$1 node entry path
  declare -gA ws_entry=() ws_node=()
  shift
  for node; do
    while IFS= read -r -d '' entry; do
      path=${entry#*//}
      path=/${path%%//*}
      [[ $entry != x* ]] || entry=
      ws_entry[$path]=$entry
      ws_node[$path]=$node
    done <"$base/$node/changes" || return
  done
}

# workspace_build BASE TARGET PLACE CP-OPTION...: what workspace_read found, over what TARGET holds. Files come by cp with
# these options from the layers below BASE; links that named the workspace's own path name PLACE.
workspace_build() {
  local base=$1 target=$2 place=$3 path entry node
  shift 3
  cd -- "$target" || return
  for path in "${!ws_entry[@]}"; do
    [[ ${ws_entry[$path]} == d* && -d ${path#/} && ! -L ${path#/} ]] || printf '%s\0' "${path#/}"
  done | xargs -0 -r rm -rf -- || return
  for path in "${!ws_entry[@]}"; do
    [[ ${ws_entry[$path]} != d* ]] || printf '%s\0' "${path#/}"
  done | xargs -0 -r mkdir -p -- || return
  for node in $(printf '%s\n' ${ws_node[@]+"${ws_node[@]}"} | sort -u); do
    # From the layer's directory, because --parents keeps the path as it is named.
    for path in "${!ws_entry[@]}"; do
      [[ ${ws_entry[$path]} != f* || ${ws_node[$path]} != "$node" ]] || printf '%s\0' "${path#/}"
    done | (cd -- "$base/$node/layer" 2>/dev/null || cd / && xargs -0 -r cp "$@" --parents -t "$target" --) || return
  done
  for path in "${!ws_entry[@]}"; do
    entry=${ws_entry[$path]#*//*//}
    case ${ws_entry[$path]} in
      h*) ln -T -- "$entry" "${path#/}" || return ;;
      l*) ln -sT -- "$entry" "${path#/}" || return ;;
      w*) ln -sT -- "$place/$entry" "${path#/}" || return ;;
    esac
  done
}
