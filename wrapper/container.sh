# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# Containers: which runtime, which binds, and the script that starts the command inside.
#
# A runtime is a file runtimes/NAME.sh and its name in the list below. The file has three functions:
#   NAME_detect          is it here: sets $runtime_path and $runtime_version, or fails
#   NAME_image BASE      a form of the image it can run: sets $image from BASE.sif, BASE.sqfs or the directory BASE, or fails
#   NAME_argv            sets $argv, the command line up to the program, from $image and $binds
# and, when the runtime leaves out the image's own variables, NAME_prelude, which prints shell text that sets them.
# $binds are triples: source, destination, ro or rw; a destination may lie in an earlier one.

container_runtimes=(apptainer singularity charliecloud)

# container_detect LIST: those of the list that are installed, in $installed.
container_detect() {
  local names
  installed=() why=
  read -ra names <<<"${1//,/ }"
  [[ ${names[0]-} != auto ]] || names=("${container_runtimes[@]}")
  for runtime in ${names[@]+"${names[@]}"}; do
    runtime_path='' runtime_version=''
    if [[ $runtime == none ]]; then
      installed+=(none)
    elif [[ ! -f $wfc_lib/runtimes/$runtime.sh ]]; then
      container_probed "$runtime" false 'unknown to this wrapper'
    else
      # shellcheck source=runtimes/apptainer.sh
      source "$wfc_lib/runtimes/$runtime.sh"
      if "${runtime}_detect"; then installed+=("$runtime"); else container_probed "$runtime" false 'not installed'; fi
    fi
  done
  runtime=
  ((${#installed[@]})) || finish 75 runtime.none "none of the container runtimes (${names[*]-}) is installed on $HOSTNAME"
}

# container_probed NAME OK WHY: for the log, and for the advice when nothing works.
container_probed() {
  local members
  json_quote "$1"
  members="\"name\":$quoted,\"ok\":$2"
  json_quote "$runtime_path"
  members+=",\"path\":$quoted"
  json_quote "$runtime_version"
  members+=",\"version\":$quoted"
  json_quote "${3:0:1000}"
  emit runtime.probe "\"d\":{$members,\"why\":$quoted}"
  [[ $2 == true ]] || why+="${why:+; }$1: ${3:0:300}"
}

# The first runtime counts that has a form of the image and runs `true` in it, with the binds of a job.
container_choose() {
  local name images=${WFC_IMAGES:-$WFC_RUN/.images} missing=0 no_mountpoint=0
  for name in "${installed[@]}"; do
    if [[ $name == none ]]; then
      runtime=none runtime_label=none
      return 0
    fi
    runtime_path='' runtime_version='' image=''
    "${name}_detect"
    if ! { [[ -n ${wfc_unpacked-} ]] && unpacked_image; } && ! "${name}_image" "$images/$wfc_image_key"; then
      ((missing += 1))
      container_probed "$name" false "the image is not there as $images/$wfc_image_key.*"
    elif container_probe "$name"; then
      container_probed "$name" true "$image"
      runtime=$name runtime_label="$name $runtime_version"
      return 0
    elif [[ $probe_error == mountpoint ]]; then
      ((no_mountpoint += 1))
      container_probed "$name" false 'the image has no directory /wfc and it cannot be made'
    else
      container_probed "$name" false "$probe_error"
    fi
  done
  ((missing < ${#installed[@]})) || [[ -z ${wfc_unpacked-} ]] || unpacked_missing
  ((missing < ${#installed[@]})) || finish 65 image.missing "the image $wfc_image is not in $images; fetch it, then resume the run"
  ((no_mountpoint == 0)) || finish 75 runtime.mountpoint "no runtime can mount /wfc in $wfc_image on $HOSTNAME: $why"
  finish 75 runtime.none "no container runtime works on $HOSTNAME: $why"
}

# container_probe NAME: does `true` run with a job's binds? Otherwise $probe_error is the last the runtime said.
container_probe() {
  own=$scratch/own
  container_frame
  "$1_argv"
  own=
  # An image may have no `true` of its own; every image that can run a command has sh.
  probe_error=$(timeout -k 5 120 "${argv[@]}" sh -c true 2>&1 </dev/null) && return 0
  probe_error=${probe_error:-ended with no message, or hung}
  probe_error=${probe_error##*$'\n'}
  case $probe_error in
    *write-fake* | *overmounted* | *"can't mkdir"*/wfc* | *'mount point'*/wfc* | */wfc*"doesn't exist"*) probe_error=mountpoint ;;
  esac
  return 1
}

# The binds every container has. The image needs one mount point, /wfc, for all that is ours; the others are below it in
# a directory of ours. The run comes read-only (or the copies of the parents, as a run of their own), with the own
# directory on top: as few mounts for one parent as for a thousand.
container_frame() {
  # The mount points for what comes on top.
  local run=$WFC_RUN mode=ro
  [[ ${wfc_parents-} != copy ]] || run=$scratch/run mode=rw
  mkdir -p -- "$run/init" "$run/$id" "$own" "$scratch/mnt" "$scratch"/wfc/{run,job,state,home,tool/tmp,tool/stage}
  [[ -z ${wfc_workspace-} ]] || mkdir -p -- "$run/workspace"
  binds=("$scratch/wfc" /wfc rw "$scratch/wfc/job" /wfc/job ro "$scratch/tmp" /tmp rw)
  binds+=("$run" /wfc/run "$mode" "$own" "/wfc/run/$id" rw)
  if [[ -d $run/.credentials ]]; then # copies for those who asked for them
    mkdir -p -- "$scratch/empty"
    binds+=("$scratch/empty" /wfc/run/.credentials ro)
  fi
  ! declare -F credential_binds >/dev/null || credential_binds
  [[ -n ${wfc_outdir-} ]] || return 0
  container_mountpoint "$own" "$wfc_outdir"
  binds+=("$own" "$wfc_outdir" rw)
}

# container_mountpoint SOURCE DESTINATION: runtimes make it in the image, but not in what is bound there.
container_mountpoint() {
  local there=$scratch$2
  [[ $2 == /tmp/* ]] || return 0
  if [[ -d $1 ]]; then mkdir -p -- "$there"; else mkdir -p -- "${there%/*}" && : >>"$there"; fi
}

# container_binds: the binds of this node, and $argv.
container_binds() {
  container_frame
  if [[ -n $workspace ]]; then binds+=("$workspace" /wfc/run/workspace rw); else container_inputs; fi
  container_mounts
  "${runtime}_argv"
}

# The bundle's inputs in one bind when they are all there is; otherwise each in a directory made of mount points.
container_inputs() {
  local input sources
  ((${#inputs[@]})) || return 0
  if [[ -n $input_base ]]; then
    binds+=("$input_base" /wfc/run/init ro)
    return
  fi
  mkdir -- "$scratch/init"
  binds+=("$scratch/init" /wfc/run/init ro)
  for input in "${inputs[@]}"; do
    in_bases "$input" "${input_bases[@]}"
    if [[ $input == . ]]; then
      each_entry container_input '' "${sources[@]%/.}"
    else
      container_input "/$input" "${sources[@]}"
    fi
  done
}

# container_input PATH SOURCE...: what is behind a link to another place of the host needs a bind of its own.
container_input() {
  local there=$scratch/init$1
  if [[ ! -d $2 ]]; then
    [[ -d ${there%/*} ]] || mkdir -p -- "${there%/*}"
    : >"$there"
  else
    mkdir -p -- "$there"
    if (($# > 2)) || [[ -n $(find -H "$2" -type l -lname '/*' -print -quit) ]]; then
      each_entry container_input "$@"
      return
    fi
  fi
  binds+=("$2" "/wfc/run/init$1" ro)
}

# Files whose text follows from the node's parameters, at the places that the author named.
container_mounts() {
  local i mounts=()
  ! declare -F wfc_mounts >/dev/null || wfc_mounts
  for ((i = 0; i < ${#mounts[@]}; i += 2)); do
    binds+=("$scratch/mount.$i" "${mounts[i]}" ro)
  done
}

# Their text, when all late values in it are known.
container_mounted() {
  local i mounts=()
  ! declare -F wfc_mounts >/dev/null || wfc_mounts
  for ((i = 0; i < ${#mounts[@]}; i += 2)); do
    printf '%s\n' "${mounts[i + 1]}" >"$scratch/mount.$i" || finish 75 enospc "a file cannot be written to $scratch"
  done
}

# The script that starts the command inside. It sets the environment itself, because no two runtimes agree on how to,
# and leaves marks from which a failure of the runtime can be told from one of the command.
container_job() {
  local name command='sh /wfc/job/command </dev/null'
  {
    printf ': >/wfc/state/started || exit\n'
    ! declare -F "${runtime}_prelude" >/dev/null || "${runtime}_prelude"
    container_variables
    shell_quote "${wfc_workdir:-${wfc_outdir:-/wfc/run/$id}}"
    printf 'cd -- %s || exit\n' "$quoted"
    if [[ -n $wfc_interpreter ]]; then
      shell_quote "$wfc_interpreter"
      command="sh -c $quoted </wfc/job/command"
    fi
    # shellcheck disable=SC2016
    printf '%s\nrc=$?\necho $rc >/wfc/state/rc\nexit $rc\n' "$command"
  } >"$scratch/wfc/job/start"
}

# The variables a job may see, as export commands. What the image sets stays.
container_variables() {
  local name pattern patterns variables=()
  set -f
  # shellcheck disable=SC2206 # a list of patterns
  patterns=('SLURM_*' 'PMI*' 'OMP_*' 'CUDA_VISIBLE_DEVICES' 'ROCR_VISIBLE_DEVICES' LANG 'LC_*' TERM TZ ${WFC_ENV_PASS-})
  set +f
  [[ -z $caller_has_locale ]] || export_quoted LC_ALL "$caller_locale"
  while read -r name; do
    [[ $name != LC_ALL ]] || continue
    for pattern in "${patterns[@]}"; do
      # shellcheck disable=SC2053 # a pattern
      [[ $name == $pattern ]] || continue
      export_quoted "$name" "${!name-}"
      break
    done
  done < <(compgen -e)
  ! declare -F credential_variables >/dev/null || credential_variables /wfc/auth
  for name in ${variables[@]+"${variables[@]}"}; do export_quoted "${name%%=*}" "${name#*=}"; done
  export_quoted HOME /wfc/home
  export_quoted WFC_STARTED_BY "$me"
  export_quoted TMPDIR /tmp
  export_quoted HDF5_USE_FILE_LOCKING "${HDF5_USE_FILE_LOCKING-FALSE}" # safe: nobody else writes to the own directory
}

export_quoted() {
  shell_quote "$2"
  printf 'export %s=%s\n' "$1" "$quoted"
}

# shell_quote TEXT: for any POSIX shell, in $quoted.
shell_quote() {
  local apostrophe="'\\''"
  quoted="'${1//\'/$apostrophe}'"
}

container_progress() {
  if [[ -e $scratch/wfc/state/started ]]; then
    printf 'was killed with it: memory or time used up, or the node failed'
  else
    printf 'never started; what the runtime said is above'
  fi
}
