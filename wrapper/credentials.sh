# shellcheck shell=bash
# /cvmfs and the credentials that steps ask for: an X.509 proxy certificate, a Kerberos ticket, a configuration of Rucio.
#
# On a compute node, sourced by node.sh: private copies in the node's scratch, seen by the command alone.
# At submission, by itself: credentials.sh [--copy] RUN KIND...
#   Of these kinds, are those that nodes still need there and valid? Warns of one that ends before the run may.
#   --copy: to RUN/.credentials, mode 0700, for jobs that do not see the user's own; the last job removes the copies.
# lib/credentials.tsv    node (* for those that expansions add), seconds after the start of a run when it may end, kinds
# The lifetime is looked at where there is openssl or klist; elsewhere a credential counts as valid.

cvmfs_there() {
  local cvmfs=${WFC_CVMFS:-/cvmfs} mounts
  [[ -d $cvmfs ]] || return 1
  # An automounter's directory is empty until somebody looks for a repository by name.
  mounts=$(</proc/self/mountinfo)
  [[ $mounts == *" $cvmfs"[\ /]* || -n $(find -H "$cvmfs" -mindepth 1 -maxdepth 1 -print -quit) ]]
}

# credential_place KIND: where the user's own is, in $place: a file, or the name of a Kerberos cache.
credential_place() {
  case $1 in
    proxy) place=${X509_USER_PROXY:-/tmp/x509up_u$UID} ;;
    rucio) place=${RUCIO_CONFIG:-${RUCIO_HOME:-${VIRTUAL_ENV:-/opt/rucio}}/etc/rucio.cfg} ;;
    kerberos)
      place=${KRB5CCNAME-}
      [[ -n $place ]] || place=$(klist 2>/dev/null | sed -n 's/^[A-Z][a-z]* cache: //p')
      place=${place:-FILE:/tmp/krb5cc_$UID}
      ;;
  esac
}

# credential_left KIND PLACE: seconds until it ends, in $left; empty when nobody knows. Fails when it is none.
credential_left() {
  local end=''
  left=
  case $1 in
    proxy)
      type -P openssl >/dev/null || return 0
      end=$(openssl x509 -in "$2" -noout -enddate 2>/dev/null) || return 1
      end=${end#*=}
      ;;
    kerberos)
      type -P klist >/dev/null || return 0
      # begin date and time, end date and time, service: the ticket that others are got with
      end=$(LC_ALL=C klist -c "$2" 2>/dev/null | awk '$5 ~ "^krbtgt/" {print $3, $4; exit}')
      [[ -n $end ]] || {
        klist -s -c "$2" 2>/dev/null
        return
      }
      ;;
  esac
  [[ -z $end ]] || end=$(date -d "$end" +%s 2>/dev/null) && [[ -n $end ]] || return 0
  left=$((end - $(date +%s)))
}

# credential_copy FILE COPY: readable by its owner only.
credential_copy() {
  (umask 077 && cat -- "$1" >"$2.new" && mv -f -- "$2.new" "$2")
}

# credential_words KIND: $what it is called, and $how to get one.
credential_words() {
  case $1 in
    proxy) what='proxy certificate' how='make one with voms-proxy-init, or name yours in X509_USER_PROXY' ;;
    kerberos) what='Kerberos ticket' how='get one in a file: export KRB5CCNAME=FILE:PATH; kinit' ;;
    rucio) what='configuration of Rucio' how='name your rucio.cfg in RUCIO_CONFIG' ;;
  esac
}

# ---- on a compute node

phase_credentials() {
  local kind from copies=$scratch/wfc/auth place left what how
  (umask 077 && mkdir -p -- "$copies") || finish 75 enospc "$copies cannot be made"
  for kind in ${wfc_needs-}; do
    if [[ $kind == cvmfs ]]; then
      cvmfs_there || finish 75 cvmfs.missing "there is no ${WFC_CVMFS:-/cvmfs} on $HOSTNAME, which the step asks for"
      continue
    fi
    credential_words "$kind"
    from=$WFC_RUN/.credentials/$kind
    if [[ ! -e $from ]]; then
      credential_place "$kind"
      from=${place#FILE:}
    fi
    [[ -f $from && -r $from ]] ||
      finish 65 credential.missing "there is no $what at $from; $how, then resume the run"
    credential_copy "$from" "$copies/$kind" || finish 75 enospc "the $what cannot be copied to $scratch"
    credential_left "$kind" "$copies/$kind" ||
      finish 65 credential.missing "$from is no $what; $how, then resume the run"
    ((${left:-1} > 0)) || finish 65 credential.expired "the $what has expired; renew it, then resume the run"
  done
  # yadage's commands call this to get what is there already.
  printf '#!/bin/sh\n# The credentials are there: X509_USER_PROXY and KRB5CCNAME name them.\n' >"$copies/getkrb.sh"
  chmod 700 "$copies/getkrb.sh"
}

# credential_variables DIRECTORY: NAME=VALUE words for copies that are seen there, in $variables.
credential_variables() {
  local kind
  variables=()
  for kind in ${wfc_needs-}; do
    case $kind in
      proxy) variables+=("X509_USER_PROXY=$1/proxy" "KRB_SETUP_SCRIPT=$1/getkrb.sh") ;;
      kerberos) variables+=("KRB5CCNAME=FILE:$1/kerberos" "KRB_SETUP_SCRIPT=$1/getkrb.sh") ;;
      rucio) variables+=("RUCIO_CONFIG=$1/rucio") ;;
    esac
  done
}

# What a container gets beside the binds that all have. /recast_auth is where yadage has the credentials.
credential_binds() {
  [[ " ${wfc_needs-} " != *' cvmfs '* ]] || binds+=("${WFC_CVMFS:-/cvmfs}" /cvmfs rw)
  [[ -z ${wfc_needs-} || $(declare -f wfc_command) != */recast_auth* ]] || binds+=("$scratch/wfc/auth" /recast_auth rw)
}

# unpacked_image: the image as a directory below /cvmfs, in $image.
unpacked_image() {
  image=${WFC_CVMFS:-/cvmfs}/$wfc_unpacked
  [[ -d $image ]]
}

# Neither there nor among the image files.
unpacked_missing() {
  cvmfs_there || finish 75 cvmfs.missing "there is no ${WFC_CVMFS:-/cvmfs} on $HOSTNAME, where the image $wfc_image is"
  finish 65 image.missing "the image $wfc_image is neither ${WFC_CVMFS:-/cvmfs}/$wfc_unpacked nor a file; correct its name"
}

# ---- at submission

credentials_submit() {
  local kind seconds copy='' run needed place left what how bad=0 places=()
  if [[ $1 == --copy ]]; then
    copy=1
    shift
  fi
  run=$1
  shift
  needed=$(credentials_needed "$run") || exit 1
  while IFS=$'\t' read -r kind seconds; do
    [[ -n $kind && " $* " == *" $kind "* ]] || continue
    credential_words "$kind"
    credential_place "$kind"
    credential_look "$kind" "$seconds" || bad=1
    places+=("$kind" "$place")
  done <<<"$needed"
  ((bad == 0)) || exit 1
  [[ -z $copy ]] || ((${#places[@]} == 0)) || credentials_into "$run/.credentials" "${places[@]}"
}

# credentials_needed RUN: by the nodes that are not done: kind, seconds after the start when the last of them may end.
credentials_needed() {
  local lib
  lib=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd) || exit 1
  {
    bash "$lib/check.sh" "$1" || exit
    [[ -d $1 || ! -e $lib/points.txt ]] || cat -- "$lib/points.txt" # of a run that has not begun
  } | awk -F '\t' '
    part == "undone" {undone[$0]; left++; next}
    part == "nodes" {if ($0 in undone) left--; next}
    $1 in undone || $1 == "*" && left > 0 {
      for (k = split($3, kinds, " "); k; k--) if ($2 > last[kinds[k]] + 0) last[kinds[k]] = $2
    }
    END {for (kind in last) print kind "\t" last[kind]}
    ' part=undone - part=nodes "$lib/nodes.txt" part=needs "$lib/credentials.tsv" | sort
}

# credential_look KIND SECONDS
credential_look() {
  local file=$place
  [[ $1 != kerberos ]] || file=${place#FILE:}
  # A cache that is no file is asked by its name.
  if ! [[ $1 == kerberos && $file != /* || -f $file && -r $file ]] || ! credential_left "$1" "$place"; then
    complain "there is no valid $what at $place; $how"
    return 1
  elif ((${left:-1} <= 0)); then
    complain "the $what at $place has expired; renew it"
    return 1
  elif [[ -n $left ]] && ((left < $2)); then
    complain "warning: the $what at $place ends in $(duration "$left"), and the run may need it for $(duration "$2")" \
      'beside the time in the queue; nodes that find it expired fail and can be resumed'
  fi
}

# credentials_into DIRECTORY [KIND PLACE]...
credentials_into() {
  local directory=$1 what how
  shift
  (umask 077 && mkdir -p -- "$directory") && chmod 700 -- "$directory" || exit 1
  while (($#)); do
    credential_words "$1"
    if [[ $1 == kerberos && ${2#FILE:} != /* ]]; then
      complain "the Kerberos cache $2 is no file that can be copied; $how"
      exit 1
    fi
    credential_copy "${2#FILE:}" "$directory/$1" || exit 1
    shift 2
  done
}

complain() { printf 'wfcompile: %s\n' "$*" >&2; }

# duration SECONDS: as people say it
duration() {
  if (($1 >= 172800)); then
    echo "$(($1 / 86400)) days"
  elif (($1 >= 7200)); then
    echo "$(($1 / 3600)) hours"
  else
    echo "$((($1 + 59) / 60)) minutes"
  fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -uo pipefail
  credentials_submit "$@"
fi
