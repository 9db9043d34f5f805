# shellcheck shell=bash
# The places of a node on this host: scratch, its own directory, its parents and inputs below $root.

# The first candidate that is there, writable, local and large enough.
phase_scratch() {
  local base candidates=() need=1048576
  # Only a command file goes there when the command works in its final place.
  [[ ${WFC_LOCAL:-0} != 1 && $returns == shared || ${wfc_parents-} == copy ]] || need=1024
  scratch_candidates
  for base in "${candidates[@]}"; do
    [[ $base == /* && -d $base && -w $base && -x $base ]] || continue
    [[ $need == 1024 ]] || scratch_good "$base" || continue
    sweep_scratch "$base"
    scratch=${base%/}/wfc.$UID.$me
    (umask 077 && mkdir -- "$scratch" "$scratch/tmp") && return 0
    scratch=
  done
  finish 75 scratch.none "no scratch directory with $((need / 1024)) MiB among: ${candidates[*]}; set WFC_SCRATCH"
}

scratch_candidates() {
  local name
  IFS=: read -ra candidates <<<"${WFC_SCRATCH-}"
  for name in _CONDOR_SCRATCH_DIR SLURM_TMPDIR LOCAL_SCRATCH LSCRATCH JOBFS PBS_JOBFS TMPDIR_LOCAL DW_JOB_STRIPED \
    DW_JOB_PRIVATE TMPDIR; do
    [[ -z ${!name-} ]] || candidates+=("${!name}")
  done
  candidates+=(/tmp /var/tmp)
}

# scratch_good DIR: local and with room. A dead network file system would block, hence the time-out.
scratch_good() {
  local kind free block
  read -r kind free block < <(timeout 10 stat -f -c '%T %a %S' -- "$1" 2>/dev/null) || return 1
  case $kind in
    nfs* | lustre | gpfs | panfs | beegfs | ceph | cifs | smb* | afs | fuse*)
      warn scratch.network "$1 is on a network file system ($kind)"
      return 1
      ;;
  esac
  ((free * (block / 512) / 2 >= need)) || {
    warn scratch.full "$1 has too little room"
    return 1
  }
}

# Scratch of jobs that were killed.
sweep_scratch() {
  local path dead=()
  for path in "${1%/}/wfc.$UID.$here".*; do
    [[ ! -d $path ]] || alive "${path##*/wfc."$UID".}" || dead+=("$path")
  done
  sweep ${dead[@]+"${dead[@]}"}
}

phase_stagein() {
  local parent
  [[ ${#parents[@]} == 0 && ${wfc_parents-} != copy ]] || source "$wfc_lib/parents.sh"
  find_inputs
  check_linked
  [[ $returns != condor ]] || check_transferred
  place_own
  if [[ $runtime == none ]]; then job=$scratch tool_dir=$scratch; else tool_dir=$scratch/wfc/tool; fi
  [[ ${wfc_parents-} != copy ]] || copy_parents
  [[ -z ${wfc_workspace-} ]] || workspace_stage
  if [[ $runtime != none ]]; then
    container_binds
  elif [[ -z $workspace ]]; then
    # In the run itself the parents are where they should be.
    [[ $root == "$WFC_RUN" ]] || for parent in ${parents[@]+"${parents[@]}"}; do place_parent "$parent"; done
    place_inputs
  fi
  describe # once more: now $root is known
  ! declare -F wfc_late >/dev/null || wfc_late
  [[ -z ${wfc_tool-} ]] || tool_stage_in
  [[ $runtime == none ]] || container_mounted
}

# The own directory: always a real one, so that getcwd() gives the path that is the same everywhere.
place_own() {
  own=
  if [[ $runtime != none ]]; then
    root=/wfc/run
    own=$scratch/own
    [[ $returns != condor && ${WFC_LOCAL:-0} != 1 ]] || own=$WFC_RUN/$id
  elif [[ ${WFC_LOCAL:-0} == 1 && -z ${WFC_ROOT-} && $WFC_RUN != *[!A-Za-z0-9_./+-]* ]]; then
    root=$WFC_RUN
    own=$root/$id
  else
    source "$wfc_lib/root.sh"
    root_find
    [[ $returns == shared ]] || node_lock "$root/.locks"
    own=$root/$id
  fi
  [[ ! -e $own && ! -L $own ]] || remove "$own"
  [[ $own == "$WFC_RUN/$id" ]] || sweep "$WFC_RUN/$id".wfc-new.* "$WFC_RUN/$id".wfc-old.* # what publish_tree left
  mkdir -p -- "$own" || finish 75 enospc "$own cannot be made"
}

# HTCondor's transfers are not atomic: what came is compared with the parents' records, to the byte.
check_transferred() {
  local bad sums=$scratch/sums
  ((${#parents[@]})) || return 0
  bad=$(record_states "$WFC_RUN" "${parents[@]}") || bad='records cannot be read'
  [[ -n $bad ]] || {
    record_sums_only=1 record_states "$WFC_RUN" "${parents[@]}" >"$sums"
    [[ ! -s $sums ]] || sha256sum --status -c "$sums" || bad='checksums differ'
  }
  [[ -z $bad ]] || finish 75 stage.corrupt "parents arrived damaged: ${bad//$'\n'/ }"
}

# find_inputs: the directories where the init inputs of this run may be, in $input_bases; $input_base: the one that the
# bundle brought, when nothing is needed from another.
find_inputs() {
  local input sources
  input_bases=("$WFC_BUNDLE/inputs" "$WFC_RUN/.inputs") input_base=
  [[ -z ${WFC_INPUTS-} ]] || input_bases=("$WFC_INPUTS")
  ((${#inputs[@]})) || return 0
  input_base=$WFC_BUNDLE/inputs
  for input in "${inputs[@]}"; do
    in_bases "$input" "${input_bases[@]}"
    ((${#sources[@]})) || finish 65 input.missing "the input $input is in none of: ${input_bases[*]}"
    [[ ${sources[*]} == "$WFC_BUNDLE/inputs/$input" ]] || input_base=
  done
}

# Those that are no part of the bundle are still what was compiled.
check_linked() {
  local fault
  [[ -e $wfc_lib/inputs.tsv ]] && ((${#inputs[@]})) || return 0
  source "$wfc_lib/inputs.sh"
  inputs_fault "$wfc_lib/inputs.tsv" "${WFC_INPUTS:-$WFC_RUN/.inputs}" "${inputs[@]}"
  [[ -z $fault ]] || finish 65 input.changed "$fault; then resume the run"
}

# in_bases NAME DIRECTORY...: where NAME is, in $sources: the first file, or every directory, because the small files of
# one directory are in one base and the large ones in another.
in_bases() {
  local base
  sources=()
  for base in "${@:2}"; do
    if [[ -d $base/$1 ]]; then
      sources+=("$base/$1")
    elif [[ -e $base/$1 ]] && ((${#sources[@]} == 0)); then
      sources=("$base/$1")
      return
    fi
  done
}

# each_entry FUNCTION PATH DIRECTORY...: FUNCTION PATH/NAME SOURCE... for every name in the directories.
each_entry() {
  local call=$1 path=$2 dir entry name sources
  shift 2
  for dir; do
    for entry in "$dir"/* "$dir"/.[!.]* "$dir"/..?*; do
      name=${entry##*/}
      in_bases "$name" "$@"
      # What an earlier directory has was there before.
      [[ ${sources[0]-} != "$entry" ]] || "$call" "$path/$name" "${sources[@]}"
      [[ -e $entry || ! -L $entry ]] || warn input.dangling "the input $entry leads to nothing"
    done
  done
}

place_inputs() {
  local input sources
  for input in ${inputs[@]+"${inputs[@]}"}; do
    in_bases "$input" "${input_bases[@]}"
    if [[ $input == . ]]; then
      mkdir -p -- "$root/init"
      each_entry place_input "$root/init" "${sources[@]%/.}"
    else
      place_input "$root/init/$input" "${sources[@]}"
    fi
  done
}

# place_input TARGET SOURCE...: several nodes share the places, one may need a directory and another a file in it.
place_input() {
  if (($# > 2)); then
    # A link to one of them would hide the others.
    [[ ! -L $1 ]] || rm -f -- "$1"
    mkdir -p -- "$1" || finish 75 stage.failed "$1 cannot be made"
  elif [[ $1 -ef $2 ]] || place_whole "$1" "$2"; then
    return 0
  fi
  if [[ -d $1 && ! -L $1 && -d $2 ]]; then
    each_entry place_input "$@"
  elif [[ ! -e $1 || $returns == shared && ! $1 -ef $2 ]]; then
    finish 75 stage.failed "the input $2 cannot be placed at $1"
  fi
}

# place_whole TARGET SOURCE: fails when something is there.
place_whole() {
  [[ ! -e $1 && ! -L $1 ]] || return 1
  [[ -d ${1%/*} ]] || mkdir -p -- "${1%/*}"
  if [[ $returns == shared ]]; then
    ln -sT -- "$2" "$1" 2>/dev/null
  else
    cp -aL -- "$2" "$root/.new.$me" || finish 75 enospc "the input $2 cannot be copied"
    mv -T -- "$root/.new.$me" "$1" 2>/dev/null && return
    remove "$root/.new.$me"
    return 1
  fi
}
