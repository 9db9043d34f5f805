# shellcheck shell=bash
# The directories of a node's parents are the results of others. A command that writes into them gets private copies when
# the step was compiled so (wfc_parents=copy); otherwise what it changed there never passes for their result.

# copy_parents: into $scratch/run, thrown away with it.
copy_parents() {
  local parent flags
  for parent in ${parents[@]+"${parents[@]}"}; do
    mkdir -p -- "$scratch/run/$parent"
    cp -a -- "$WFC_RUN/$parent/." "$scratch/run/$parent" ||
      finish 75 enospc "the parent $parent cannot be copied to $scratch"
  done
  [[ $runtime == none ]] || return 0
  # Absolute paths in data lead to the originals, so only a mount can hide them. With --keep-caps the user stays himself.
  for flags in '' '--map-current-user --keep-caps' '--map-root-user'; do
    read -ra namespace <<<"unshare --mount $flags"
    # shellcheck disable=SC2016
    ! "${namespace[@]}" sh -c 'mount --bind "$1" "$1"' sh "$scratch/run" 2>/dev/null </dev/null || return 0
  done
  finish 75 parents.copy "private copies of the parents need a container runtime or user namespaces, and $HOSTNAME has none"
}

# in_copies: $argv, the command, in a mount namespace where the copies are at the places of the originals.
in_copies() {
  local parent mounts=()
  for parent in ${parents[@]+"${parents[@]}"}; do mounts+=("$scratch/run/$parent" "$root/$parent"); done
  # shellcheck disable=SC2016
  argv=("${namespace[@]}" sh -c '
    while [ "$1" != // ]; do mount --bind "$1" "$2" || exit; shift 2; done
    shift; exec "$@"' sh ${mounts[@]+"${mounts[@]}"} // "${argv[@]}")
}

# parents_unchanged: ends the node when a parent is not as its record says. It may have been this command, or another one
# that ran beside it (make runs several; charliecloud binds nothing read-only); either way what was read may be wrong. The
# record of such a parent goes, so that `resume` makes it again. A command in containers on HTCondor has a sandbox to itself.
parents_unchanged() {
  local base=$WFC_RUN suspects parent files changed=''
  if [[ $returns == condor ]]; then
    [[ $runtime == none ]] || return 0
    [[ -n $workspace ]] || base=$root # who builds a workspace reads them where HTCondor put them
  fi
  suspects=$(record_touched=1 record_states "$base" "${parents[@]}") ||
    finish 75 upstream.unread 'the records of the parents cannot be read'
  while IFS=$'\t' read -r _ parent; do
    [[ -n $parent ]] || continue
    files=$(record_differences "$base/$parent")
    [[ -n $files ]] || continue
    changed+="${changed:+, }$parent (${files//$'\n'/, })"
    rm -f -- "$base/$parent/done.json"
  done <<<"$suspects"
  [[ -z $changed ]] ||
    finish 65 parent.changed "other steps' results are not as they were recorded: ${changed:0:300}; this command wrote \
there, or another step's, or a process that one left running; resume the run to make them again; if the command writes \
there, compile with --set '$wfc_step.parents=copy'"
}

# A parent's directory is read-only in a container; the program's own message does not say what to do about it.
read_only_advice() {
  [[ $runtime != none && -f /proc/$$/fd/1 ]] || return 0
  ! tail -c 4096 <"/proc/$$/fd/1" | grep -qiE 'read-only file system|EROFS' ||
    printf '%s' "; if it meant to write into the directory of another step, compile with --set '$wfc_step.parents=copy'"
}
