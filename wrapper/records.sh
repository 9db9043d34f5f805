# shellcheck shell=bash
# Records of nodes are read by awk, because one may name 100 000 files and because collect.sh and check.sh read the records
# of 100 000 nodes in one process.

# What both awk programs below need. Standard input or files are bytes (LC_ALL=C).
# shellcheck disable=SC2016
record_awk='
function unescape(s,   out, c) {
  if (!index(s, "\\")) return s
  out = ""
  while (match(s, /\\./)) {
    c = substr(s, RSTART + 1, 1)
    out = out substr(s, 1, RSTART - 1)
    s = substr(s, RSTART + 2)
    if (c == "n") out = out "\n"
    else if (c == "t") out = out "\t"
    else if (c == "u") {
      out = out sprintf("%c", 16 * (index(hex, substr(s, 3, 1)) - 1) + index(hex, substr(s, 4, 1)) - 1)
      s = substr(s, 5)
    } else out = out c
  }
  return out s
}
BEGIN { hex = "0123456789abcdef" }
'

# record_states BASE [ID...]: a line "record<TAB>id" for every node below BASE that has no valid record, and
# "files<TAB>id" for one whose files are not all there with their sizes. Without IDs they are read from standard input
# and the whole of BASE is looked through. With record_sums_only=1 it prints instead what sha256sum -c reads. With
# record_touched=1 also "touched<TAB>id" for one of the IDs where something changed after the record was written; a
# copied run may look so, hence it is only a reason to compare.
record_states() {
  local base=$1 i
  shift
  (
    cd "$base" || exit
    {
      if (($#)); then
        printf '%s\n' "$@"
        printf '//\n'
        set -- "${@/#/./}" # a name may begin with a dash
        # 500 starting points fit into one argument list.
        for ((i = 1; i <= $#; i += 500)); do
          find "${@:i:500}" -printf '//%y %s %C@ %H//%P\n' 2>/dev/null
        done
      else
        cat
        printf '//\n'
        find . -mindepth 1 \( -path './.*' -o -path ./logs -o -path ./outputs \) -prune -o -printf '//%y %s 0 ./%P\n' 2>/dev/null
      fi
    } | awk -v sums="${record_sums_only-}" -v touched="${record_touched-}" "$record_awk$record_states_awk"
    # Of an awk that was killed, silence would mean that all is well; find fails when a job renames what it looks at.
    exit "${PIPESTATUS[1]}"
  )
}
# shellcheck disable=SC2016
record_states_awk='
function flush(   at, node) {
  if (path == "") return
  at = index(path, "//")
  if (at) {
    node = substr(path, 1, at - 1)
    path = node substr(path, at + 1)
    if (path == node "/done.json") written[node] = changed
    else if (path != node "/" && changed > latest[node]) latest[node] = changed
  }
  present[path] = size
  path = ""
}
# A line of the record, already read; 1 when the file is there as the line says.
function there(id, line,   name, rest, full) {
  if (!match(line, /^\{"name":"([^"\\]|\\.)*"/)) return -1
  rest = substr(line, RLENGTH + 1)
  name = unescape(substr(line, 10, RLENGTH - 10)) # changes RLENGTH
  full = id "/" name
  if (rest ~ /^,"link":"/) return full in present
  if (name ~ /\/$/) return 1   # an empty directory: not every transfer carries it
  if (!match(rest, /^,"size":[0-9]+,"sha256":"[0-9a-f]+"\}$/)) return -1
  if (sums) {
    match(rest, /"[0-9a-f]+"\}$/)
    print sumline(substr(rest, RSTART + 1, RLENGTH - 3), full)
  }
  match(rest, /[0-9]+/)
  return (full in present) && present[full] == "f " substr(rest, RSTART, RLENGTH)
}
function sumline(sum, name) {
  if (name !~ /[\\\n]/) return sum "  " name
  gsub(/\\/, "\\\\&", name)
  gsub(/\n/, "\\n", name)
  return "\\" sum "  " name
}
function state(id,   file, line, ended, found, good) {
  file = id "/done.json"
  if (!(file in present)) return "record"
  good = (getline line < file) > 0 && match(line, /^\{"version":1,"node":"([^"\\]|\\.)*"/) &&
    unescape(substr(line, 22, RLENGTH - 22)) == id && line ~ /,"files":\[$/
  found = 1
  while (good && !ended && (getline line < file) > 0) {
    if (line == "]}") { ended = 1; break }
    sub(/,$/, "", line)
    good = there(id, line)
    if (!good) { found = 0; good = 1 } else if (good < 0) good = 0
  }
  close(file)
  if (!good || !ended) return "record"
  return found ? "" : "files"
}
!listing && $0 == "//" { listing = 1; next }
!listing { ids[++n] = $0; next }
/^\/\// {
  flush()
  match($0, /^\/\/. [0-9]+ /)
  size = substr($0, 3, RLENGTH - 3)
  path = substr($0, RLENGTH + 1)
  changed = substr(path, 1, index(path, " ") - 1) + 0
  path = substr(path, index(path, " ") + 3)
  next
}
{ path = path "\n" $0 }
END {
  flush()
  for (i = 1; i <= n; i++) {
    s = state(ids[i])
    if (s == "" && touched && latest[ids[i]] > written[ids[i]]) s = "touched"
    if (s != "" && !sums) print s "\t" ids[i]
  }
}
'

# record_differences DIR: the names of what is not as its record says, one a line; needs the checksums of all its files.
# (Not every transfer carries empty directories.)
record_differences() (
  if [[ ! -f $1/done.json ]]; then
    printf 'done.json\n'
  elif ! { record_list "$1" && [[ -z $record_odd ]] && record_hash; }; then
    printf '%s\n' "${record_odd:-.}"
  else
    record_head=
    comm -3 <(record_entries <"$1/done.json") <(record_write /dev/stdout | record_entries) |
      sed 's/^\t*{"name":"\(\([^"\\]\|\\.\)*\)".*/\1/' | sort -u
  fi
)
record_entries() { sed -n '/^{"name"/{s/,$//;/\/","size":0}$/!p;}' | sort; }

# record_published FILE POINTER ROOT SEPARATOR: the published list, joined, or the published string.
# Fails when nothing is published there.
record_published() {
  WFC_CHECKED=${5-} WFC_POINTER=$2 WFC_ROOT_HERE=$3 WFC_SEPARATOR=$4 awk "$record_awk$record_published_awk" "$1"
}
# Strings are parted by quotes once the escaped ones are out of the way; the pieces at even places are the strings.
# shellcheck disable=SC2016
record_published_awk='
function text(s,   out, at) {
  out = ""
  while (at = index(s, "⦗run⦘")) {
    out = out unprotect(substr(s, 1, at - 1)) ENVIRON["WFC_ROOT_HERE"]
    s = substr(s, at + length("⦗run⦘"))
  }
  return out unprotect(s)
}
# A file name that a shell would read as more than a part of a word; a text alone is a pattern of the author.
function unsafe(s) {
  s = unprotect(s)
  if (s !~ /^⦗run⦘/ || s !~ /[ \t\n\r\v\f$`\\"\047;&|<>()*?!\001-\037\177]/) return 0
  print substr(s, length("⦗run⦘/") + 1) > "/dev/stderr"
  return 1
}
function unprotect(s) {
  gsub(/\001/, "\\\\\\\\", s)
  gsub(/\002/, "\\\"", s)
  return unescape(s)
}
NR == 1 {
  gsub(/\\\\/, "\001")
  gsub(/\\"/, "\002")
  n = split($0, part, "\"")
  for (i = 2; i < n; i += 2) if (part[i] == "published" && part[i + 1] ~ /^:\{/) break
  for (i += 2; i < n; i = k) {
    wanted = unprotect(part[i]) == ENVIRON["WFC_POINTER"]
    words = ""
    if (part[i + 1] ~ /^:\[\]/) k = i + 2
    else for (k = i + 2; ; k += 2) {
      if (wanted && ENVIRON["WFC_CHECKED"] != "" && part[i + 1] != ":" && unsafe(part[k])) { unsafe_name = 1; exit }
      if (wanted) words = words (k > i + 2 ? ENVIRON["WFC_SEPARATOR"] : "") text(part[k])
      if (part[i + 1] == ":" || part[k + 1] != ",") { k += 2; break }
    }
    if (wanted) { printf "%s", words; found = 1; exit }
    if (part[k - 1] ~ /\}/) exit
  }
}
END { exit unsafe_name ? 4 : !found }
'

# run_nodes RUN: the nodes that are known, also by expansions, one id a line.
run_nodes() {
  cat "$wfc_lib/nodes.txt"
  [[ ! -d $1/dynamic ]] || find "$1/dynamic" -name nodes.txt -exec cat {} + | awk length
}

# run_points RUN: the expansions that were not made. One without nodes has an empty line in its list, because a list of no
# bytes is what a full disk leaves.
run_points() {
  local name
  [[ -s $wfc_lib/points.txt ]] || return 0
  {
    cat "$wfc_lib/points.txt"
    [[ ! -d $1/dynamic ]] || find "$1/dynamic" -name points.txt -exec cat {} +
  } | while IFS= read -r name; do
    [[ -s $1/dynamic/$name/nodes.txt ]] || printf '%s\n' "$name"
  done
}
