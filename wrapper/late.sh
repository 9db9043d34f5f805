# shellcheck shell=bash
# Values that are known only when jobs have ended: globs are resolved after the command, words before it.

# late_globs OWN: resolve what wfc_globs asks for in this node's directory; the members of "published" in $published.
# A pattern is data: only pathname expansion looks at it.
late_globs() {
  local globs=() i path items comma
  published=
  declare -F wfc_globs >/dev/null || return 0
  wfc_globs
  for ((i = 0; i < ${#globs[@]}; i += 3)); do
    late_matches "$1" "${globs[i + 2]}"
    items='' comma=''
    for path in ${matches[@]+"${matches[@]}"}; do
      late_token "$path"
      items+=$comma$quoted comma=,
    done
    if [[ -z $items && ${globs[i + 1]} == pattern ]]; then
      late_token "${globs[i + 2]}"
      items=$quoted
    else
      items="[$items]"
    fi
    json_quote "${globs[i]}"
    published+="${published:+,}$quoted:$items"
  done
}

# late_matches OWN PATTERN: sorted matches in $matches, as the command sees them.
late_matches() {
  local pattern=$2 prefix='' base=$1 path IFS='' restore LC_ALL='' LC_COLLATE=C
  # `?` is one character, not one byte; the order is that of the bytes.
  { local LC_CTYPE=C.UTF-8; } 2>/dev/null
  matches=()
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
  words=$(record_published "$WFC_RUN/$2/done.json" "$3" "$root" ' ' && printf '\001')
  [[ $words == *$'\001' ]] ||
    finish 65 upstream.late "node $2 published no value at $3; look at its directory and its log"
  printf -v "$1" %s "${words%$'\001'}"
}
