# shellcheck shell=bash
# Apptainer; Singularity is the same program under its old name.

apptainer_detect() { apptainer_find apptainer; }
apptainer_image() { apptainer_form "$1"; }
apptainer_argv() { apptainer_exec; }

# apptainer_find PROGRAM
apptainer_find() {
  runtime_path=$(type -P "$1") || return
  runtime_version=$("$runtime_path" --version 2>/dev/null </dev/null)
  runtime_version=${runtime_version##* version }
  runtime_version=${runtime_version%%[-+ ]*}
}

apptainer_form() {
  for image in "$1.sif" "$1.sqfs" "$1"; do
    [[ ! -e $image ]] || return 0
  done
  return 1
}

apptainer_exec() {
  local i name
  # The user's or the site's settings must not add binds or change what is run.
  for name in BIND BINDPATH MOUNT HOME PWD WORKDIR CONTAIN CLEANENV OVERLAY; do
    unset "APPTAINER_$name" "SINGULARITY_$name"
  done
  for name in "${!APPTAINERENV_@}" "${!SINGULARITYENV_@}"; do
    unset "$name"
  done
  argv=("$runtime_path" --silent exec --contain --cleanenv --no-home --pwd /)
  [[ -z ${wfc_gpus-} ]] || apptainer_gpus
  for ((i = 0; i < ${#binds[@]}; i += 3)); do
    apptainer_bind "${binds[@]:i:3}"
  done
  argv+=("$image")
}

# The devices and the driver's libraries of the host: AMD's where it has no others.
apptainer_gpus() {
  if [[ -e /dev/kfd && ! -e /dev/nvidiactl ]]; then argv+=(--rocm); else argv+=(--nv); fi
}

# apptainer_bind SOURCE DESTINATION MODE: --bind is known to all versions; only --mount, which takes a CSV record, can
# carry a path with commas, colons or backslashes.
apptainer_bind() {
  local spec
  if [[ $1$2 != *[,:\\]* ]]; then
    argv+=(--bind "$1:$2:$3")
    return
  fi
  apptainer_field "source=$1"
  spec=type=bind,$field
  apptainer_field "destination=$2"
  spec+=,$field
  [[ $3 == rw ]] || spec+=,ro
  argv+=(--mount "$spec")
}

apptainer_field() {
  field=$1
  [[ $field != *[,\"]* ]] || field="\"${field//\"/\"\"}\""
}
