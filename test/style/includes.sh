#!/bin/sh
# Includes follow the arrows that CONTRIBUTING.md draws.
set -u
# shellcheck source=test/style/files.sh
. "$(dirname "$0")/files.sh"
status=0

# For each include of a project's header: the including file, and where the header is.
edges() {
  headers=$(list_files 'include/*.h' 'include/*.def' 'pass/*.h' 'runtime/*.h' 'runtime/*.def' \
    'analyzer/*.h')
  list_files '*.c' '*.h' '*.cpp' '*.def' |
    xargs grep -n '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' /dev/null |
    sed 's/^\([^:]*\):\([0-9]*\):[^"]*"\([^"]*\)".*/\1 \2 \3/' |
    HEADERS=$headers awk '
      function flat(path) {
        while (sub(/[^\/]+\/\.\.\//, "", path)) {}
        return path
      }
      BEGIN {
        count = split(ENVIRON["HEADERS"], list, "\n")
        for (i = 1; i <= count; i++) known[list[i]] = 1
      }
      {
        directory = $1
        sub(/[^\/]*$/, "", directory)
        part = $1
        sub(/\/.*/, "", part)
        target = ""
        # As the compiler looks: beside the file, then in the include directories.
        if (known[flat(directory $3)]) target = flat(directory $3)
        else if (known[part "/" $3]) target = part "/" $3
        else if (known["include/" $3]) target = "include/" $3
        else for (p in known) {
          if (p == "runtime/" $3 || p == "analyzer/" $3 || p == "pass/" $3) target = p
        }
        print $1 ":" $2, target == "" ? $3 : target
      }'
}

# forbid FROM TO REASON: no file whose path matches FROM includes a header whose path matches TO.
forbid() {
  found=$(printf '%s\n' "$edges" | awk -v from="$1" -v to="$2" '$1 ~ from && $2 ~ to')
  if [ -n "$found" ]; then
    printf '%s:\n%s\n' "$3" "$found"
    status=1
  fi
}

edges=$(edges)
if [ -z "$edges" ]; then
  echo "no includes found: this check is broken"
  exit 1
fi

forbid '^pass/' '^(runtime|analyzer)/' 'the pass includes only include/ and itself'
forbid '^runtime/' '^(pass|analyzer)/' 'the runtime includes only include/ and itself'
forbid '^analyzer/' '^(pass|runtime)/' 'the analyzer includes only include/ and itself'
forbid '^pass/' '/trace_format\.h$' 'the pass knows no traces'
forbid '^analyzer/' '^include/memtrack/entry_points\.def$' 'the analyzer knows no entry points'
forbid '^include/' '^(pass|runtime|analyzer)/' 'include/ stands alone'
forbid '^analyzer/trace/' '^analyzer/(model|output|export)/' 'trace/ knows no report'
forbid '^analyzer/util/' '^analyzer/(trace|model|output|export)/' 'util/ knows no traces'
forbid '^analyzer/model/' '^analyzer/(output|export)/' 'model/ prints nothing'
forbid '^analyzer/export/' '^analyzer/output/' 'exports and outputs do not meet'
forbid '^analyzer/output/' '^analyzer/trace/(reader|scan|parse|recover|merge)\.h$' 'output/ reads no files'
forbid '' '\.c(pp)?$' 'no source file is included'

# zstd is the business of one file of the runtime.
found=$(list_files 'runtime/*.c' 'runtime/*.h' | grep -v '/block\.c$' |
  xargs grep -n '#include <zstd' /dev/null)
if [ -n "$found" ]; then
  printf 'zstd only behind block.c:\n%s\n' "$found"
  status=1
fi
found=$(list_files 'analyzer/model/*' | xargs grep -nE '\b(printf|puts|fprintf)\(' /dev/null)
if [ -n "$found" ]; then
  printf 'model/ prints nothing:\n%s\n' "$found"
  status=1
fi
found=$(list_files 'analyzer/output/*' 'analyzer/export/*' | xargs grep -nE '\b(fopen|open)\(' /dev/null)
if [ -n "$found" ]; then
  printf 'output/ opens no files:\n%s\n' "$found"
  status=1
fi
found=$(list_files 'analyzer/*.c' | grep -v '^analyzer/main\.c$' |
  xargs grep -nE '\b(_?exit|abort)\(' /dev/null)
if [ -n "$found" ]; then
  printf 'only main.c exits:\n%s\n' "$found"
  status=1
fi
exit "$status"
