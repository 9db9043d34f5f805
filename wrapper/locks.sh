# shellcheck shell=bash
# Who is alive on this host, and who may work on a node.

# start_time PID: $started, in ticks since boot; with the pid it names a process for good. Fails when there is none.
start_time() {
  local stat fields
  { IFS= read -r -d '' stat <"/proc/$1/stat"; } 2>/dev/null
  [[ -n ${stat-} ]] || return 1
  # The second field is the program's name, which may hold anything.
  # shellcheck disable=SC2206 # a letter and numbers; of a here-string, bash would read byte by byte
  fields=(${stat##*) })
  started=${fields[19]}
  [[ ${fields[0]} != [ZX] ]] # some hosts are slow to bury their dead
}

# alive TOKEN: host.namespace.pid.start. Of another host or pid namespace nothing is known: alive.
alive() {
  local pid started
  [[ $1 == "$here".*.* ]] || return 0
  pid=${1#"$here".}
  start_time "${pid%.*}" && [[ $started == "${pid#*.}" ]]
}

# take LOCK SECONDS: a symbolic link, made with its owner in one step. Sets $waited when somebody alive had it.
take() {
  local owner last=$((SECONDS + $2))
  waited=
  until ln -sT "$me" "$1" 2>/dev/null; do
    [[ -w ${1%/*} ]] && ((SECONDS <= last)) || return 1
    owner=$(readlink "$1") || continue # just released
    if alive "$owner"; then
      waited=yes
      sleep 0.1
    else
      break_lock "$1" "$owner" || return 1
    fi
  done
}

# break_lock LOCK OWNER: only who holds the second lock may remove one that is not his own, so that two who found the same
# dead owner do not remove each other's new lock.
break_lock() {
  if ! ln -sT "$me" "$1.break" 2>/dev/null; then
    alive "$(readlink "$1.break")" || rm -f -- "$1.break"
    sleep 0.1
    return 0
  fi
  [[ $(readlink "$1") != "$2" ]] || {
    end_orphan "$1"
    rm -f -- "$1"
  }
  rm -f -- "$1.break"
}

# A wrapper that was killed leaves its command running, and that would write into the directory of the next attempt.
end_orphan() {
  local token pid
  [[ -f $1.child ]] || return 0
  read -r token <"$1.child"
  if alive "$token" && [[ $token == "$here".*.* ]]; then
    pid=${token#"$here".}
    warn orphan "the command of a killed attempt was still running (process ${pid%.*}) and is ended"
    kill -s KILL -- "-${pid%.*}" 2>/dev/null
    while alive "$token"; do sleep 0.05; done
  fi
  rm -f -- "$1.child"
}

# lock_name DIR ID: $name; of one host, because nothing is known about the processes of another.
lock_name() { name=$1/${2//\//%}@$HOSTNAME; }

# node_lock DIR [NAME]: one attempt of a node at a time on a host, or one user of what NAME stands for.
node_lock() {
  local name
  [[ -d $1 ]] || mkdir -p -- "$1"
  lock_name "$1" "${2:-$id}"
  take "$name" 31536000 || finish 75 lock.failed "no lock can be made in $1"
  locks+=("$name")
}
