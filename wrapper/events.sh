# shellcheck shell=bash
# What the wrapper says: JSON text, the event log (fd 9) and lines for people (fd 1).

# json_quote TEXT: a JSON string in $quoted. The text is bytes: what is not UTF-8 is written as \u00XX, one
# byte each, and so is a literal ⦗run⦘, because that means the run root. Valid UTF-8 stays as it is, so the
# form can be read back exactly. Needs LC_ALL=C.
json_quote() {
  local text=$1
  if [[ $text == *[\\\"$'\001'-$'\037'$'\177'-$'\377']* ]]; then
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\n'/\\n}
    text=${text//$'\t'/\\t}
    if [[ $text == *[$'\001'-$'\037'$'\177'-$'\377']* ]]; then
      json_bytes "$text"
      text=${bytes//⦗run⦘/$'\\u00e2\\u00a6\\u0097run⦘'}
    fi
  fi
  quoted="\"$text\""
}

# json_bytes TEXT: control characters and bytes outside of UTF-8 replaced, in $bytes.
json_bytes() {
  local text=$1 i=0 k c d length low high escaped
  bytes=
  while ((i < ${#text})); do
    printf -v c %d "'${text:i:1}"
    ((c &= 255)) # old versions of bash count bytes above 127 as negative
    length=1 low=128 high=191
    ((c >= 32 && c < 127)) || length=$(((c >= 194) + (c >= 194) + (c >= 224) + (c >= 240)))
    ((c <= 244)) || length=0
    case $c in # neither overlong forms nor surrogates nor beyond U+10FFFF
      224) low=160 ;;
      237) high=159 ;;
      240) low=144 ;;
      244) high=143 ;;
    esac
    for ((k = 1; k < length; k++)); do
      d=0
      ((i + k < ${#text})) && printf -v d %d "'${text:i+k:1}"
      ((d &= 255, d >= low && d <= high)) || length=0
      low=128 high=191
    done
    if ((length)); then
      bytes+=${text:i:length}
      ((i += length))
    else
      printf -v escaped '\\u%04x' "$c"
      bytes+=$escaped
      ((i += 1))
    fi
  done
}

# clock: milliseconds since the epoch in $now. Before bash 5 it needs a process, so it is called once a phase.
clock() {
  if [[ -n ${EPOCHREALTIME-} ]]; then
    now=${EPOCHREALTIME/[.,]/}
    now=${now%???}
  else
    now=$(date +%s%3N)
  fi
}

# utc MILLISECONDS: $utc in the form of ISO 8601, seconds only. The zone is read from a file each time.
utc() {
  [[ ${1%???} != "${utc_second-}" ]] || return 0
  utc_second=${1%???}
  TZ=UTC printf -v utc '%(%Y-%m-%dT%H:%M:%S)T' "$utc_second"
}

# emit EVENT [MEMBERS]: one line, one write, so that lines of two writers never mix.
emit() {
  [[ -z ${EPOCHREALTIME-} ]] || clock
  utc "$now"
  printf '{"v":1,"t":"%s.%sZ",%s,"ev":"%s"%s}\n' "$utc" "${now: -3}" "$event_who" "$1" "${2:+,$2}" >&9
} 2>/dev/null

# warn NAME TEXT: something a person may want to know; the node goes on.
warn() {
  json_quote "${2:0:1000}"
  emit "warn.$1" "\"d\":{\"text\":$quoted}"
}

say() { printf 'wfcompile: %s\n' "$*"; }

# fault POINT: tests end the wrapper here by WFC_FAULT=POINT:SIGNAL.
fault() {
  [[ ${WFC_FAULT-} != "$1":* ]] || kill -s "${WFC_FAULT##*:}" $$
}
