# shellcheck shell=bash
# Values that are known only when jobs have ended: globs are resolved after the command, words before it.

# late_globs OWN: resolve what wfc_globs asks for in this node's directory; the members of "published" in $published.
# A pattern is data: only pathname expansion looks at it.
late_globs() {
  local globs=() others=() i path items comma
  wfc_globs
  for ((i = 0; i < ${#globs[@]}; i += 3)); do
    if [[ ${globs[i + 1]} != @(pattern|relative|list) ]]; then
      others+=("${globs[@]:i:3}")
      continue
    fi
    late_matches "$1" "${globs[i + 2]}"
    items='' comma=''
    for path in ${matches[@]+"${matches[@]}"}; do
      late_token "$path"
      items+=$comma$quoted comma=,
    done
    if [[ -z $items && ${globs[i + 1]} != list ]]; then
      if [[ ${globs[i + 1]} == relative ]]; then
        json_quote "${globs[i + 2]#"$root/$id/"}"
      else
        late_token "${globs[i + 2]}"
      fi
      items=$quoted
    else
      items="[$items]"
    fi
    json_quote "${globs[i]}"
    published+="${published:+,}$quoted:$items"
  done
  ((${#others[@]} == 0)) || late_published "$1" "${others[@]}"
}

# late_published OWN (POINTER MODE ARGUMENT)...: what needs more than bash.
late_published() {
  local members own=$1
  shift
  find_python
  members=$(printf '%s\0' "$@" | runtime publish "$WFC_RUN" "$own" "$root" "$id" && printf .) || runtime_failed
  published+=${published:+,}${members%.}
}

# late_matches OWN PATTERN: sorted matches in $matches, as the command sees them.
late_matches() {
  local pattern=$2 prefix='' base=$1 path IFS='' restore LC_ALL='' LC_COLLATE=C
  # `?` is one character, not one byte; the order is that of the bytes.
  { local LC_CTYPE=C.UTF-8; } 2>/dev/null
  matches=()
  [[ /$pattern/ != */../* ]] || finish 65 output.escape "the glob $pattern leads out of the node's directory"
  case $pattern in
    "$root/$id/"*) prefix=$root/$id/ ;;
    "$root/"*) prefix=$root/ base=$WFC_RUN ;;
    *) return 0 ;;
  esac
  pattern=${pattern#"$prefix"}
  pattern=${pattern//\\/\\\\} # Python's glob knows no escapes, and [^x] is no negation in it
  pattern=${pattern//\[^/[\\^}
  restore=$(shopt -p nullglob globstar dotglob)
  shopt -s nullglob globstar
  shopt -u dotglob
  pushd "$base" >/dev/null || return 1
  # shellcheck disable=SC2206 # the one expansion that is wanted; IFS is empty
  matches=($pattern)
  IFS=$' \t\n' # bash 4.2 joins "${matches[@]}" by it
  popd >/dev/null || return 1
  eval "$restore"
  late_existing "$base" "$prefix"
}

# A pattern without wildcards expands to itself, whether such a file exists or not; `.*` finds `.` and `..` before bash 5.2.
late_existing() {
  local path found=()
  for path in ${matches[@]+"${matches[@]}"}; do
    [[ /${path%/} != */. && /${path%/} != */.. ]] || continue
    [[ ! -e $1/$path && ! -L $1/$path ]] || found+=("$2$path")
  done
  matches=(${found[@]+"${found[@]}"})
}

# late_token PATH: the path as a JSON string in $quoted, the run root replaced by its token.
late_token() {
  case $1 in
    "$root" | "$root"/*)
      json_quote "${1#"$root"}"
      quoted="\"⦗run⦘${quoted#\"}"
      ;;
    *) json_quote "$1" ;;
  esac
}

# wfc_late_words VARIABLE NODE POINTER: what NODE published, joined by single blanks, for this node's view of the run.
wfc_late_words() {
  local words
  # The last byte says whether awk found it; nothing else ends with the byte 1 by accident of $().
  words=$(record_published "$WFC_RUN/$2/done.json" "$3" "$root" ' ' checked && printf '\001')
  (($? != 4)) || runtime_failed "a file name that $2 published holds what a shell would read: rename it there"
  [[ $words == *$'\001' ]] ||
    finish 65 upstream.late "node $2 published no value at $3; look at its directory and its log"
  printf -v "$1" %s "${words%$'\001'}"
}

# wfc_late_values (VARIABLE NODE POINTER)...: with `=` for NODE, the third word is an expression (runtime.late).
wfc_late_values() {
  local names=() expressions='' value k=0
  while (($# >= 3)); do
    if [[ $2 == = ]]; then
      names+=("$1") expressions+=$3$'\n'
    else
      wfc_late_words "$1" "$2" "$3"
    fi
    shift 3
  done
  ((${#names[@]})) || return 0
  find_python
  while IFS= read -r -d '' value; do
    ((k < ${#names[@]})) && printf -v "${names[k]}" %s "$value"
    ((k += 1))
  done < <(printf %s "$expressions" | runtime late "$WFC_RUN" "$root")
  ((k == ${#names[@]})) || runtime_failed
}

# late_row: the row of a node that a bound allowed, now that the lists are known. A run may not have the node.
late_row() {
  local rc
  find_python
  row_text=$(runtime row "$WFC_BUNDLE" "$WFC_RUN" "$id")
  rc=$?
  ((rc != 3)) || late_surplus
  ((rc == 0)) || runtime_failed
  describe
}

# The node ends at once, with an empty directory and a record.
late_surplus() {
  own=$WFC_RUN/$id published=''
  runtime_label=none
  phase_scratch
  mkdir -p -- "$own" || finish 75 publish.failed "$own cannot be made"
  collect_files
  phase_publish
  finish 0 surplus
}

# Its messages go to the log.
runtime() { WFC_CODE=$WFC_RUN/.runtime "$python" -I -S "$wfc_lib/start.py" "$@"; }

runtime_failed() {
  payload_last_line
  finish 65 late.failed "${1:+$1: }${last_line:-a value that a job published cannot be used}"
}

# The runtime is Python's standard library; batch nodes have it under one of these names. To ask for the version takes a
# process, so what was found is kept for the other nodes of this host.
find_python() {
  local name looked_in kept=$WFC_RUN/.python@$HOSTNAME
  [[ -z ${python-} ]] || return 0
  # shellcheck disable=SC1091 # generated from the site profile
  [[ ! -f $wfc_lib/programs.sh ]] || source "$wfc_lib/programs.sh"
  looked_in=${WFC_PYTHON-}:$PATH
  { read -r name && read -r python && [[ $name == "$looked_in" ]] && type "$python" >&2; } 2>/dev/null <"$kept" && return
  for name in "${WFC_PYTHON-}" python3 /usr/libexec/platform-python python; do
    [[ -n $name ]] || continue
    if [[ $("$name" -V 2>/dev/null) =~ ^Python\ 3\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 6)); then
      python=$name
      { printf '%s\n' "$looked_in" "$name" >"$kept.$$" && mv -fT -- "$kept.$$" "$kept"; } 2>/dev/null
      return 0
    fi
  done
  finish 75 python.none "no Python 3.6 or newer on $HOSTNAME; set WFC_PYTHON"
}
