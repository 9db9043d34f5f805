# shellcheck shell=bash
# The places of a node on this host: scratch, its own directory, its parents and inputs below $root.

# The first candidate that is there, writable, local and large enough.
phase_scratch() {
  local base candidates=() need=1048576
  # Only a command file goes there when the command works in its final place.
  [[ ${WFC_LOCAL:-0} != 1 && $returns == shared ]] || need=1024
  scratch_candidates
  for base in "${candidates[@]}"; do
    [[ $base == /* && -d $base && -w $base && -x $base ]] || continue
    [[ $need == 1024 ]] || scratch_good "$base" || continue
    sweep_scratch "$base"
    scratch=${base%/}/wfc.$UID.$me
    (umask 077 && mkdir -- "$scratch" "$scratch"/{tmp,own,mnt,wfc} "$scratch"/wfc/{run,job,state,home}) && return 0
    scratch=
  done
  fail 75 scratch.none "no scratch directory with $((need / 1024)) MiB among: ${candidates[*]}; set WFC_SCRATCH"
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
  find_inputs
  [[ $returns != condor ]] || check_transferred
  place_own
  if [[ $runtime == none ]]; then
    # In the run itself the parents are where they should be.
    [[ $root == "$WFC_RUN" ]] || for parent in ${parents[@]+"${parents[@]}"}; do place_parent "$parent"; done
    place_inputs
  else
    container_binds
  fi
  describe # once more: now $root is known
  ! declare -F wfc_late >/dev/null || wfc_late
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
    root_find
    [[ $returns == shared ]] || node_lock "$root/.locks"
    own=$root/$id
  fi
  [[ ! -e $own && ! -L $own ]] || remove "$own"
  mkdir -p -- "$own" || fail 75 enospc "$own cannot be made"
}

# HTCondor's transfers are not atomic: what came is compared with the parents' records, to the byte.
check_transferred() {
  local bad sums=$scratch/sums
  ((${#parents[@]})) || return 0
  bad=$(record_states "$WFC_RUN" "${parents[@]}")
  [[ -n $bad ]] || {
    record_sums_only=1 record_states "$WFC_RUN" "${parents[@]}" >"$sums"
    [[ ! -s $sums ]] || sha256sum --status -c "$sums" || bad='checksums differ'
  }
  [[ -z $bad ]] || fail 75 stage.corrupt "parents arrived damaged: ${bad//$'\n'/ }"
}

# find_inputs: where each init input is on this host, in $input_paths. $input_base: the directory that holds all, or nothing.
find_inputs() {
  local input base bases=("$WFC_BUNDLE/inputs" "$WFC_RUN/.inputs") found
  [[ -z ${WFC_INPUTS-} ]] || bases=("$WFC_INPUTS")
  input_paths=() input_base=
  for input in ${inputs[@]+"${inputs[@]}"}; do
    found=
    for base in "${bases[@]}"; do
      [[ -z $found && -e $base/$input ]] || continue
      found=$base/$input
      [[ -z $input_base || $input_base == "$base" ]] || input_base=mixed
      [[ $input_base == mixed ]] || input_base=$base
    done
    [[ -n $found ]] || fail 65 input.missing "the input $input is in none of: ${bases[*]}"
    input_paths+=("$found")
  done
}

place_inputs() {
  local i
  for ((i = 0; i < ${#input_paths[@]}; i++)); do
    place_input "$root/init/${inputs[i]}" "${input_paths[i]}"
  done
}

# place_input TARGET SOURCE: several nodes share the places, one may need a directory and another a file in it.
place_input() {
  local entry
  [[ ! $1 -ef $2 ]] || return 0
  if [[ ! -e $1 && ! -L $1 ]]; then
    [[ -d ${1%/*} ]] || mkdir -p -- "${1%/*}"
    if [[ $returns == shared ]]; then
      ln -sT -- "$2" "$1" 2>/dev/null && return
    else
      cp -aL -- "$2" "$root/.new.$me" || fail 75 enospc "the input $2 cannot be copied"
      mv -T -- "$root/.new.$me" "$1" 2>/dev/null && return
      remove "$root/.new.$me"
    fi
  fi
  if [[ -d $1 && ! -L $1 && -d $2 ]]; then
    for entry in "$2"/* "$2"/.[!.]*; do
      [[ ! -e $entry ]] || place_input "$1/${entry##*/}" "$entry"
    done
  elif [[ ! -e $1 || $returns == shared && ! $1 -ef $2 ]]; then
    fail 75 stage.failed "the input $2 cannot be placed at $1"
  fi
}
