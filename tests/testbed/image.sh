# shellcheck shell=bash disable=SC2016 # texts in single quotes are meant for a shell inside the image
# Sourced by testbed: what the machine must offer, the image all hosts stand on, and the configuration laid over it.
# The image knows nothing of addresses and limits, so that one image serves any cluster.

PACKAGES=(
  ca-certificates iproute2 tini sudo procps psmisc python3 python-is-python3 nodejs rsync openssh-server openssh-client curl make
  unzip zip zstd strace environment-modules
  condor coop-computing-tools                         # HTCondor, chirp, parrot
  munge slurm-wlm slurmdbd mariadb-server             # Slurm with accounting
  charliecloud podman crun bubblewrap docker-registry # container runtimes beside Apptainer
  busybox-static squashfs-tools squashfuse fuse2fs fuse-overlayfs uidmap
  hdf5-tools
)
SUITE=trixie

# Asked before anything is changed. The overlay is tried for real: a root that is itself an overlay refuses it.
capable() {
  local tool
  ((EUID == 0)) || cannot "it takes root"
  for tool in unshare nsenter flock; do
    command -v "$tool" >/dev/null || cannot "there is no $tool (util-linux)"
  done
  unshare --mount --uts --ipc --pid --net --fork true 2>/dev/null || cannot "no mount, process or network namespaces"
  mkdir -p "$TOP" 2>/dev/null || cannot "$TOP is not writable"
  unshare --mount --propagation private bash -ec 'd=$(mktemp -d "$0/probe.XXXXXX")
    trap "umount -q \"\$d/m\" || :; rm -r \"\$d\"" EXIT
    mkdir "$d"/{l,u,w,m}
    mount -t overlay overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w" "$d/m"' "$TOP" 2>/dev/null ||
    cannot "no overlay mounts below $TOP"
}

# install COMMAND:PACKAGE...: what the host machine itself lacks
install() {
  local pair missing=()
  for pair in "$@"; do command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}"); done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || cannot "${missing[*]} missing, and no apt-get to install it with"
  say "installing ${missing[*]}"
  twice apt_install "${missing[@]}" >&2 || cannot "apt-get could not install ${missing[*]}"
}
apt_install() {
  apt-get update -q >/dev/null &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
}

# Is the image there, with these packages?
is_current() { [[ $(cat "$BASE/.complete" 2>/dev/null) == "${PACKAGES[*]}" ]]; }

# The image appears under its name only when it is whole. It is made in namespaces of its own, so that what
# debootstrap mounts and starts is gone, too, when the build is interrupted.
build() {
  local url new=$BASE.partial log=$TOP/build.log free
  is_current && { say "already built: $BASE" && return; }
  ! any_alive || die "an older image is in use (testbed down)"
  install debootstrap:debootstrap
  url=${TESTBED_MIRROR:-$(mirror)}
  [[ -n $url ]] || cannot "no Debian mirror in /etc/apt (set TESTBED_MIRROR)"
  free=$(df --output=avail -B1M "$TOP" | tail -n 1)
  ((free > 4000)) || cannot "less than 4 GB free below $TOP"
  rm -rf --one-file-system "$new" || die "cannot remove an unfinished image below $TOP"
  say "making the image, 1 to 3 minutes; log: $log"
  unshare --mount --propagation private --pid --mount-proc --fork --kill-child \
    "$SELF" make-image "$new" "$url" </dev/null >"$log" 2>&1 ||
    cannot "the image was not made: $(grep -E '^(E:|W: Fail|testbed:)' "$log" | tail -n 1) ($log)"
  rm -rf --one-file-system "$BASE"
  mv "$new" "$BASE"
  say "built $BASE"
}

# the first Debian mirror in apt's own sources, in either of its two formats
mirror() {
  local file
  for file in /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -r $file ]] || continue
    awk '/^URIs:/ { print $2 } /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^http/) print $i }' "$file"
  done | grep -E '/debian/?$' | head -n 1
}

bootstrap() {
  rm -rf --one-file-system "$1"
  debootstrap --variant=minbase "$SUITE" "$1" "$2"
}

packages() {
  chroot "$1" env DEBIAN_FRONTEND=noninteractive bash -ec 'dpkg --configure -a; apt-get update -q
    apt-get install -y -q --no-install-recommends "$@"; apt-get clean' - "${PACKAGES[@]}" apptainer/sid
}

make_image() {
  local root=$1 url=$2
  twice bootstrap "$root" "$url"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no package starts its daemon
  chmod +x "$root/usr/sbin/policy-rc.d"
  # Apptainer is in sid only; trixie has all it needs, so nothing else comes from there.
  echo "deb $url sid main" >"$root/etc/apt/sources.list.d/sid.list"
  printf 'Package: *\nPin: release n=sid\nPin-Priority: 50\n' >"$root/etc/apt/preferences.d/sid"
  echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/99valid" # a mirror may be a snapshot
  apt-config dump 2>/dev/null | grep -iE '^Acquire::[^ ]*proxy' >"$root/etc/apt/apt.conf.d/98proxy" || :
  cp /etc/resolv.conf "$root/etc/"
  twice packages "$root"
  rm -f "$root"/etc/condor/config.d/*
  # Sub-ids are what rootless container runtimes need, the key what `ssh node1` needs.
  chroot "$root" bash -ec 'useradd -m -u 2000 -s /bin/bash submitter
    for f in /etc/subuid /etc/subgid; do sed -i /^submitter:/d $f; echo submitter:2000000:65536 >>$f; done
    cd /home/submitter; install -d -m 700 .ssh
    ssh-keygen -q -t ed25519 -N "" -f .ssh/id_ed25519; cp .ssh/id_ed25519.pub .ssh/authorized_keys
    printf "%s\n" "StrictHostKeyChecking no" "UserKnownHostsFile /dev/null" "LogLevel ERROR" >.ssh/config
    chmod 600 .ssh/*; chown -R submitter: .ssh'
  echo "${PACKAGES[*]}" >"$root/.complete"
}

# configure DIR: what lies over the image's /etc, one text for all hosts, as Slurm wants it
configure() {
  local h cpus=${TESTBED_CPUS:-8}
  rm -rf "$1"
  cp -r "${SELF%/*}/etc" "$1"
  chmod 600 "$1/slurm/slurmdbd.conf" # slurmdbd insists
  for h in "${HOSTS[@]}"; do echo "${ADDRESS[$h]} $h $h.testbed"; done >"$1/hosts"
  echo "127.0.0.1 localhost" >>"$1/hosts"
  echo "NUM_CPUS = $cpus" >"$1/condor/config.d/10-size"
  cat >"$1/slurm/limits.conf" <<E
MaxJobCount=${TESTBED_MAXJOBS:-100000}
MaxArraySize=${TESTBED_MAXARRAY:-1001}
MinJobAge=${TESTBED_MINJOBAGE:-300}
NodeName=node1,node2 CPUs=$cpus RealMemory=16000 State=UNKNOWN
E
}
