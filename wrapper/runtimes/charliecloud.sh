# shellcheck shell=bash
# Charliecloud: unprivileged, needs user namespaces. Its binds are always writable.

charliecloud_detect() {
  runtime_path=$(type -P ch-run) || return
  # Not even --version works without USER, and HTCondor gives none.
  ch_run=(env "USER=${USER:-$(id -un 2>/dev/null || echo "$UID")}" "HOME=${HOME:-/}" "$runtime_path")
  runtime_version=$("${ch_run[@]}" --version 2>&1 </dev/null)
}

charliecloud_image() {
  for image in "$1.sqfs" "$1"; do
    [[ ! -e $image ]] || return 0
  done
  return 1
}

charliecloud_argv() {
  local i
  argv=("${ch_run[@]}" --unset-env='*' --set-env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  # By default all jobs of a user mount image files at one place.
  [[ -d $image ]] || argv+=("--mount=$scratch/mnt")
  # A missing mount point can be made in a writable overlay only. That hides the host's /srv, and old versions have none.
  charliecloud_has_mountpoints || argv+=(--write-fake)
  for ((i = 0; i < ${#binds[@]}; i += 3)); do
    argv+=("--bind=${binds[i]}:${binds[i + 1]}")
  done
  argv+=("$image" --)
}

# What is mounted below /wfc has its mount point there; /cvmfs and the like need one in the image.
charliecloud_has_mountpoints() {
  local i place look=:
  for ((i = 1; i < ${#binds[@]}; i += 3)); do
    place=${binds[i]}
    [[ $place != /wfc/* && $place != /tmp ]] || continue
    [[ ! -d $image || -e $image$place ]] || return 1
    look+=" && [ -e $place ]"
  done
  [[ -d $image ]] || "${argv[@]}" "$image" -- sh -c "$look" >/dev/null 2>&1 </dev/null
}

# The image's own variables: ch-run reads them only when told, and fails when there are none.
# shellcheck disable=SC2016
charliecloud_prelude() {
  printf '%s\n' \
    'if [ -f /ch/environment ]; then' \
    '  while IFS= read -r line; do case $line in [A-Za-z_]*=*) export "$line" ;; esac; done </ch/environment' \
    'fi' \
    'for file in /.singularity.d/env/10-*.sh /.singularity.d/env/90-*.sh; do [ ! -f "$file" ] || . "$file"; done'
}
