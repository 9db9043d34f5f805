#!/usr/bin/env bash
# Build the container image of this example from Debian packages.
#
#   build-image.sh [OUT.sif]
#
# OUT defaults to the place where wfcompile looks for the image. It appears by a rename once it is whole.
#
# As root on a machine with debootstrap: the Debian mirror is the one in the machine's apt sources (or
# $DEBIAN_MIRROR), reached with apt's proxy and certificate settings; packed by apptainer, or by
# mksquashfs where there is no apptainer (Apptainer runs a bare squashfs image just as well).
# Elsewhere: `apptainer build` of bsm-search.def (1.1 or newer; as a normal user with --fakeroot), which
# pulls Debian's base image from the registry.
set -euo pipefail

suite=trixie
here=$(cd "$(dirname "$0")" && pwd)
definition=$here/bsm-search.def
cache=${WFCOMPILE_IMAGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wfcompile/images}

say() { printf 'build-image: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; }

# The URIs of all enabled `deb` entries that are not security archives, in the order of the files.
apt_uris() {
  local f
  for f in /etc/apt/sources.list.d/*.sources; do
    [[ -e $f ]] || continue
    awk '
      function flush(  i, n, u) {
        if (types ~ /(^| )deb( |$)/ && enabled !~ /^(no|false|0)/) {
          n = split(uris, u, " ")
          for (i = 1; i <= n; i++) print u[i]
        }
        types = uris = enabled = field = ""
      }
      /^#/ { next }
      /^[ \t]*$/ { flush(); next }
      /^[^ \t]/ { field = tolower($1); sub(/^[^:]*:[ \t]*/, "") }
      field == "types:" { types = types " " $0 }
      field == "uris:" { uris = uris " " $0 }
      field == "enabled:" { enabled = enabled $0 }
      END { flush() }
    ' "$f"
  done
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -e $f ]] || continue
    sed -nE 's/#.*//; s/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]*)?([^[:space:]]+).*/\2/p' "$f"
  done
}

debian_mirror() {
  local uris
  if [[ -n ${DEBIAN_MIRROR:-} ]]; then
    printf '%s\n' "$DEBIAN_MIRROR"
    return
  fi
  uris=$(apt_uris | grep -E '^(https?|file)://?' | grep -v security || true)
  # a path that ends in /debian is the main archive for sure; otherwise the first one will do
  { grep -E '/debian/?$' <<<"$uris" || printf '%s\n' "$uris"; } | head -n 1
}

apt_setting() { # apt_setting Acquire::http::Proxy
  have apt-config || return 0
  local value=
  eval "$(apt-config shell value "$1")"
  [[ $value == DIRECT ]] || printf '%s' "$value"
}

# What debootstrap's downloader (wget) must know of apt's proxies and certificates.
use_apt_network_settings() { # use_apt_network_settings SCRATCH
  local http https ca
  http=$(apt_setting Acquire::http::Proxy)
  https=$(apt_setting Acquire::https::Proxy)
  ca=$(apt_setting Acquire::https::CaInfo)
  if [[ -n $http ]]; then export http_proxy=$http; fi
  if [[ -n $https ]]; then export https_proxy=$https; fi
  if [[ -n $ca ]]; then
    printf 'ca_certificate = %s\n' "$ca" >"$1/wgetrc"
    export WGETRC=$1/wgetrc
  fi
}

# The same for apt inside the new system: its network settings, with the files that they name.
copy_apt_network_settings() { # copy_apt_network_settings ROOT
  local root=$1 key value
  mkdir -p "$root/etc/apt/apt.conf.d" "$root/run/build-image"
  have apt-config || return 0
  apt-config dump | sed -nE '/::Proxy-Auto-Detect/d; /^Acquire::(https?|Check-|Retries)/p' |
    while read -r key value; do
      value=${value#\"}
      value=${value%\";}
      case $key in
        *::CaInfo | *::SslCert | *::SslKey)
          [[ -r $value ]] || continue
          cp "$value" "$root/run/build-image/${key##*::}"
          value=/run/build-image/${key##*::}
          ;;
      esac
      printf '%s "%s";\n' "$key" "$value"
    done >"$root/etc/apt/apt.conf.d/99build-image"
}

bootstrap() { # bootstrap SCRATCH: makes SCRATCH/root
  local root=$1/root mirror
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || die "no Debian mirror found in /etc/apt; set DEBIAN_MIRROR"
  use_apt_network_settings "$1"
  say "debootstrap $suite"
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$1/log" 2>&1 || {
    tail -n 20 "$1/log" >&2
    die "debootstrap failed"
  }
  say "install packages"
  copy_apt_network_settings "$root"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  if [[ -e /etc/resolv.conf ]]; then cp /etc/resolv.conf "$root/etc/resolv.conf"; fi
  if [[ -e /etc/hosts ]]; then cp /etc/hosts "$root/etc/hosts"; fi
  awk '/^%/ { inside = ($1 == "%post"); next } inside' "$definition" >"$root/run/build-image/post"
  # own mount namespace: /proc goes away with it, whatever happens
  # shellcheck disable=SC2016
  unshare --mount sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" sh /run/build-image/post' \
    build-image "$root" >"$1/log" 2>&1 || {
    tail -n 20 "$1/log" >&2
    die "the installation of packages failed"
  }
  rm -rf "$root/run/build-image" "$root/etc/apt/apt.conf.d/99build-image" "$root/usr/sbin/policy-rc.d"
  : >"$root/etc/resolv.conf"
  printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
}

main() {
  case ${1:-} in
    -h | --help)
      usage
      return
      ;;
    -*) die "unknown option $1 (try --help)" ;;
  esac
  local out=${1:-$cache/docker.io_wfcompile_bsm-search_1.0.sif}
  mkdir -p "$(dirname "$out")"
  scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/build-image.XXXXXX")
  part=$out.part.$$
  trap 'rm -rf --one-file-system "$scratch" "$part"' EXIT

  if [[ $(id -u) == 0 ]] && have debootstrap && { have apptainer || have mksquashfs; }; then
    bootstrap "$scratch"
    say "pack"
    if have apptainer; then
      apptainer --quiet build --force "$part" "$scratch/root"
    else
      mksquashfs "$scratch/root" "$part" -noappend -no-progress -all-root >"$scratch/log"
    fi
  elif have apptainer; then
    say "apptainer build from the Debian base image"
    if [[ $(id -u) == 0 ]]; then
      apptainer build --force "$part" "$definition"
    else
      apptainer build --force --fakeroot "$part" "$definition"
    fi
  else
    die "needs apptainer, or root with debootstrap and mksquashfs"
  fi
  chmod 644 "$part"
  mv -f "$part" "$out"
  say "$(du -h "$out" | cut -f1) $out"
}

main "$@"
