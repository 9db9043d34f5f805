# shellcheck shell=bash
# The stable root: the run's path on every node and attempt, for jobs that run without a container; sourced where it is needed.

# root_find: where the run root of this run is on every node and attempt; $root, and $lease where it is made for the run.
root_find() {
  local base bases key
  if [[ -n ${WFC_ROOT-} ]]; then
    root=$WFC_ROOT
    root_join || finish 75 scratch.none "WFC_ROOT=$WFC_ROOT cannot be used: it must be a directory of yours with mode 700"
    return
  fi
  if [[ $returns == condor ]]; then
    root_key "$condor_iwd $condor_schedd"
  else
    root_kept_key
  fi
  IFS=: read -ra bases <<<"${WFC_SCRATCH-}"
  for base in ${bases[@]+"${bases[@]}"} /tmp; do
    [[ $base == /* && $base != *[!A-Za-z0-9_./+-]* && -d $base && -w $base ]] || continue
    root=${base%/}/wfc-$UID-$key
    root_join && return
    warn root.refused "$root is not ours alone"
  done
  finish 75 scratch.none 'no scratch directory for the run root; set WFC_SCRATCH or WFC_ROOT to a path without special characters'
}

# The key of a shared run is kept in it, so that absolute paths in its data hold when it has been moved. All jobs of a
# run that was not moved yet compute the same one, and the link is made by one of them.
root_kept_key() {
  key=$(readlink -- "$WFC_RUN/.root") && [[ $key =~ ^[0-9a-f]{16}$ ]] && return
  root_key "$WFC_RUN"
  ln -s -- "$key" "$WFC_RUN/.root" 2>/dev/null || :
}

# root_key TEXT: $key, a hash without a process. Collisions would only let two runs of one user share a directory.
root_key() {
  local i c hash=14695981039346656037
  for ((i = 0; i < ${#1}; i++)); do
    printf -v c %d "'${1:i:1}"
    ((hash = (hash ^ (c & 255)) * 1099511628211))
  done
  printf -v key %016x "$hash"
}

# root_join: make the root, or join those who use it. All joins and departures of a host happen one after the other.
root_join() {
  local token mode
  take "$root.lock" 60 || return 1
  [[ -e $root || -L $root ]] || mkdir -m 700 -- "$root"
  mode=$(stat -c %a -- "$root")
  if [[ -L $root || ! -d $root || ! -O $root || $mode != 700 ]]; then
    rm -f -- "$root.lock"
    return 1
  fi
  mkdir -p -- "$root/.leases" "$root/.locks"
  lease=$root/.leases/$me
  : >"$lease"
  for token in "$root/.leases"/*; do
    alive "${token##*/}" || rm -f -- "$token"
  done
  sweep "$root.gone".*
  rm -f -- "$root.lock"
  # Roots of runs whose jobs here were all killed.
  for token in "${root%/*}/wfc-$UID-"*; do
    [[ $token == *.* || ! -d $token/.leases || ! -O $token ]] || root_used "$token" || root_retire "$token"
  done
}

# root_retire ROOT [LEASE]: give the lease back; a root that nobody alive has a lease of is removed.
root_retire() {
  local gone=''
  if ! take "$1.lock" 60; then
    [[ -z ${2-} ]] || rm -f -- "$2"
    return
  fi
  [[ -z ${2-} ]] || rm -f -- "$2"
  # Renamed under the lock, removed after it.
  root_used "$1" || { mv -T -- "$1" "$1.gone.$me" && gone=$1.gone.$me; }
  rm -f -- "$1.lock"
  [[ -z $gone ]] || remove "$gone"
}

root_used() {
  local token
  for token in "$1/.leases"/*; do
    [[ ! -e $token ]] || ! alive "${token##*/}" || return 0
  done
  return 1
}

# place_parent ID: at $root/ID; a link into the run, or a copy when the sandbox with the original ends with its job.
place_parent() {
  local there=$root/$1 source=$WFC_RUN/$1 copy
  [[ ! $there -ef $source ]] || return 0
  if [[ -d $there ]] && cmp -s -- "$there/done.json" "$source/done.json"; then
    return 0
  elif [[ -e $there || -L $there ]]; then
    parent_leftover "$1"
  fi
  [[ -d ${there%/*} ]] || mkdir -p -- "${there%/*}"
  if [[ $returns == shared ]]; then
    ln -sT -- "$source" "$there" 2>/dev/null || [[ $there -ef $source ]] ||
      finish 75 stage.failed "$there cannot be made"
  else
    copy=$root/.new.$me
    cp -a -- "$source" "$copy" || finish 75 enospc "the parent $1 cannot be copied to $root"
    # Another job of this host may have been faster.
    mv -T -- "$copy" "$there" 2>/dev/null || remove "$copy"
    cmp -s -- "$there/done.json" "$source/done.json" ||
      finish 75 stage.corrupt "another job on this host has a different result of $1 at $there"
  fi
}

# What a dead attempt of the parent, or an older result, left at its place.
parent_leftover() {
  local owner name dir
  for dir in "$root/.locks" "$WFC_RUN/.locks"; do
    lock_name "$dir" "$1"
    owner=$(readlink "$name") && alive "$owner" &&
      finish 75 stage.failed "an attempt of the parent $1 is still running on this host"
  done
  remove "$root/$1"
}

# What the job's ClassAd says about where it came from.
condor_ad() {
  local name equals value cluster=0 proc=0 file=${_CONDOR_JOB_AD:-.job.ad}
  condor_iwd=$PWD condor_schedd='' condor_job=0.0
  [[ -r $file ]] || return 0
  while read -r name equals value; do
    case $name in
      OrigIwd) condor_iwd=${value//\"/} ;; # Iwd is the sandbox here
      GlobalJobId) condor_schedd=${value%%#*} ;;
      ClusterId) cluster=$value ;;
      ProcId) proc=$value ;;
      NumJobStarts) attempt=${attempt:-$((value + 1))} ;;
    esac
  done <"$file"
  condor_job=$cluster.$proc
}
