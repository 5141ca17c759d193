#!/bin/sh
# The drivers' command lines, seen by a compiler that prints them, and their work as a compiler.
# Usage: driver.sh BUILD_DIR LIBDIR LLVM_VERSION
set -u
build=$1 libdir=$2 version=$3
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset MEMTRACK_CC MEMTRACK_CXX
export MEMTRACK_OPTIONS=mode=off
failures=0

report() {
  failures=$((failures + 1))
  printf 'FAIL: %s\n' "$*"
}

# A tree with the drivers and stub products, its path full of trouble.
prefix="$work/a prefix, 'quoted'"
mkdir -p "$prefix/bin" "$prefix/$libdir" "$prefix/include/memtrack/config" "$work/links" \
  "$work/in" "$work/path"
cp "$build/bin/memtrack-cc" "$build/bin/memtrack-c++" "$prefix/bin/"
: >"$prefix/$libdir/MemTrackPass.so"
: >"$prefix/$libdir/libmemtrack.so"
: >"$prefix/$libdir/libmemtrack.a"
: >"$prefix/include/memtrack/config/context-site.h"
: >"$prefix/include/memtrack/config/allocators.h"
context_header=$(cd -P "$prefix/include" && pwd -P)/memtrack/config/context-site.h
lib=$(cd -P "$prefix/$libdir" && pwd -P)
cat >"$work/fake" <<'EOF'
#!/bin/sh
for argument; do printf '<%s>' "$argument"; done
exit "${FAKE_STATUS:-0}"
EOF
chmod +x "$work/fake"
cd "$work/in" || exit 1
printf 'main.o -o program -lm\n' >link.rsp
printf '"-c"\nmain.c' >compile.rsp

driver=$prefix/bin/memtrack-cc
fake() {
  MEMTRACK_CC=$work/fake MEMTRACK_CXX=$work/fake "$driver" "$@"
}

# wants PLUGIN RUNTIME ARGUMENT...: the command line has the plugin (plugin or none), the runtime
# (shared, static, as-needed or none), and the arguments in one piece, in order.
wants() {
  want_plugin=$1 want_runtime=$2
  shift 2
  got=$(fake "$@")
  plain=$("$work/fake" "$@")
  has_plugin=none has_runtime=none
  case $got in *"<-fpass-plugin=$lib/MemTrackPass.so>"*) has_plugin=plugin ;; esac
  case $got in
  *"<--no-as-needed><-Xlinker><$lib/libmemtrack.so>"*"$plain"*) has_runtime=shared ;;
  *"$plain"*"<--as-needed><-Xlinker><$lib/libmemtrack.so>"*) has_runtime=as-needed ;;
  *"$plain"*"<-Xlinker><$lib/libmemtrack.a>"*) has_runtime=static ;;
  *"<--whole-archive><-Xlinker><$lib/libmemtrack.a>"*"$plain"*) has_runtime=whole ;;
  *libmemtrack*) has_runtime=misplaced ;;
  esac
  case $got in *"$plain"*) ;; *) report "arguments changed: $plain became $got" ;; esac
  [ "$has_plugin $has_runtime" = "$want_plugin $want_runtime" ] ||
    report "$plain: got $has_plugin, $has_runtime; want $want_plugin, $want_runtime"
}

wants plugin none -c main.c
wants plugin none main.c -o main.o -c
wants plugin none -o main.o main.c -c -MD -MF main.d -MT main.o
wants plugin none -E main.c
wants plugin none -S main.c
wants plugin none -M main.c
wants plugin none -MM main.c
wants plugin none -c start.S
wants plugin none -fsyntax-only main.c
wants plugin none -r a.o b.o -o c.o
wants plugin none -Wl,-r a.o b.o -o c.o
wants plugin none -Xlinker -r a.o b.o -o c.o
wants plugin none -nostdlib -Wl,-x,-r a.o
wants plugin none all.h
wants plugin none -x c-header all
wants plugin none -xc++-header -o all.pch all
wants plugin none -E -x c -
wants plugin none -c @link.rsp
wants plugin none @compile.rsp
wants plugin shared main.c
wants plugin shared -MD main.c -o main
wants plugin shared main.o
wants plugin shared -shared main.o -o libmain.so
wants plugin shared -x c -
wants plugin shared -xc - -o main
wants plugin shared -x c-header a.h -x c main.c
wants plugin shared @link.rsp
wants plugin shared @nonexistent.rsp
wants plugin shared -Wl,-rpath,/x main.o
wants plugin shared -Wl,--whole-archive,libx.a -shared -o libx.so
wants plugin shared -- main.c
wants plugin shared -### main.c
wants plugin shared -o 'a name' 'main file.c' "-DTEXT=\"it's\"" '-DLINES=1
2' ''
wants plugin static -static main.o
wants plugin static main.o -static-pie -o main
wants plugin static -static -nostdlib main.o
wants plugin whole -static -- main.c
wants plugin as-needed -nostdlib main.o
wants plugin as-needed -shared -nodefaultlibs main.o
wants none none
wants none none -v
wants none none -V
wants none none --version
wants none none -dumpversion
wants none none -dumpmachine
wants none none -print-prog-name=ld
wants none none -print-search-dirs
wants none none -### -O2
wants none none -cc1 -emit-obj main.c
wants none none -cc1as start.s

# An option's argument is no input. The real compiler is the judge of which options have one.
compiler=clang-$version
printf 'int one;\n' >one.c
for option in -o -I -D -U -L -F -B -A -G -T -b -e -u -MF -MT -MQ -MJ -include -include-pch \
  -imacros -isystem -isystem-after -iquote -idirafter -iprefix -iwithprefix -iwithprefixbefore \
  -iwithsysroot -isysroot -iframework -iframeworkwithsysroot -ivfsoverlay -cxx-isystem -Xclang \
  -Xassembler -Xpreprocessor -Xanalyzer -target -arch --param -mllvm -rpath -install_name --sysroot \
  -Ttext -Tbss -Tdata -resource-dir -working-directory -serialize-diagnostics -dependency-dot \
  -dependency-file --output --include --include-directory --define-macro --undefine-macro \
  --library-directory --prefix --std --rtlib --stdlib -init -undefined; do
  wants none none "$option" operand
  : >operand.c
  case $("$compiler" '-###' -c "$option" operand.c one.c 2>&1 | grep -c '"-cc1"') in
  2) report "$option has no separate argument for $compiler" ;;
  esac
done
for option in -l -z -Xlinker; do
  wants plugin shared "$option" operand
done

# Where the drivers find themselves.
ln -s "$prefix/bin/memtrack-cc" "$work/links/cc"
ln -s ../links/cc "$work/in/cc"
ln -s "$prefix/bin" "$work/links/bin"
for driver in ./cc "$work/links/cc" "$work/links/bin/memtrack-c++"; do
  wants plugin shared main.c
done
(
  cd "$prefix/bin" || exit 1
  driver=./memtrack-cc
  wants plugin none -c main.c
  exit "$failures"
) || report "called as ./memtrack-cc"
got=$(PATH="$prefix/bin:$PATH" MEMTRACK_CC=$work/fake memtrack-cc -c main.c)
case $got in *"<-fpass-plugin=$lib/"*) ;; *) report "found by PATH: $got" ;; esac
driver=$prefix/bin/memtrack-cc

# Which compiler they run.
got=$(MEMTRACK_CC="env X=1 $work/fake" "$driver" -c main.c)
case $got in *'<-c><main.c>') ;; *) report "MEMTRACK_CC of several words: $got" ;; esac
for tool in sh cat env; do
  ln -s "$(command -v "$tool")" "$work/path/$tool"
done
if got=$(PATH=$work/path "$driver" -c main.c 2>&1); then
  report "no compiler: success"
fi
case $got in
*'
'*) report "no compiler: more than one line: $got" ;;
*"clang-$version is not installed"*"apt install clang-$version"*) ;;
*) report "no compiler: $got" ;;
esac
for major in 7 "$version"; do
  cat >"$work/path/clang" <<EOF
#!/bin/sh
[ "\$1" = -dumpversion ] && echo $major.0.6 || echo "ran clang \$*"
EOF
  chmod +x "$work/path/clang"
  got=$(PATH=$work/path "$driver" -c main.c 2>&1)
  case $major:$?:$got in
  7:1:*'version 7.0.6'*) ;;
  "$version:0:ran clang "*) ;;
  *) report "clang of version $major: $got" ;;
  esac
done

# An incomplete installation.
mv "$lib/libmemtrack.so" "$lib/elsewhere"
fake main.c 2>err && report "no runtime: success"
grep -q 'no runtime .*libmemtrack.so' err || report "no runtime: $(cat err)"
wants plugin none -c main.c
mv "$lib/elsewhere" "$lib/libmemtrack.so"
mv "$lib/MemTrackPass.so" "$lib/elsewhere"
fake -c main.c 2>err && report "no plugin: success"
grep -q 'no plugin .*MemTrackPass.so' err || report "no plugin: $(cat err)"
mv "$lib/elsewhere" "$lib/MemTrackPass.so"

# Their own arguments.
FAKE_STATUS=42 fake -c main.c >/dev/null
[ $? -eq 42 ] || report "the compiler's exit status is lost"
got=$(fake --memtrack-verbose -c "it's here.c" 2>err)
case $got in *memtrack-verbose*) report "--memtrack-verbose reaches the compiler" ;; esac
again=$(sh -c "$(cat err)")
[ "$got" = "$again" ] || report "--memtrack-verbose printed another command: $(cat err)"
"$driver" --memtrack-help | grep -q MEMTRACK_CC || report "--memtrack-help"
fake --memtrack-nonsense main.c 2>/dev/null && report "--memtrack-nonsense is accepted"

# carries COUNT ARGUMENT...: the command line forces the header of context=site in that many times.
carries() {
  want_count=$1
  shift
  got=$(fake "$@" 2>&1)
  case $got in *memtrack-context*) report "--memtrack-context reaches the compiler: $got" ;; esac
  got=$(printf '%s\n' "$got" | grep -oF "<-Xclang><-include><-Xclang><$context_header>" | wc -l)
  [ "$got" -eq "$want_count" ] ||
    report "$*: the header of context=site is there $got times, want $want_count"
}
site=--memtrack-context=site stack=--memtrack-context=stack
carries 0 -c main.c
carries 0 "$stack" -c main.c
carries 1 "$site" -c main.c
carries 1 -c main.c "$site"
carries 1 "$site" "$site" -c main.c
carries 1 "$stack" "$site" -c main.c
carries 0 "$site" "$stack" -c main.c
carries 1 "$site" main.c other.o
carries 1 "$site" -E -x c -
carries 1 "$site" -x c-header all
carries 1 "$site" @compile.rsp
carries 1 "$site" -- main.c
carries 0 "$site" main.o libother.a libother.so libother.so.1 -lm -o program
carries 0 "$site" --version
for wrong in --memtrack-context=both --memtrack-context= --memtrack-context; do
  if got=$(fake "$wrong" -c main.c 2>&1); then
    report "$wrong: success"
  fi
  case $got in
  *'
'*) report "$wrong: more than one line: $got" ;;
  "memtrack-cc: $wrong: wants "*"=stack or "*"=site") ;;
  *) report "$wrong: $got" ;;
  esac
done
mv "$context_header" "$lib/elsewhere"
fake "$site" -c main.c 2>err && report "no header: success"
grep -q 'no header .*context-site.h' err || report "no header: $(cat err)"
wants plugin none -c main.c
mv "$lib/elsewhere" "$context_header"

# Lists of allocators, as the inside of a C string.
printf '# a "list", of \\ trouble\n\n  alloc f size=1' >'a list.txt'
printf 'free g ptr=1 name=x\n' >more.txt
got=$(fake '--memtrack-allocators=a list.txt' --memtrack-allocators=more.txt -c main.c)
case $got in
*'<-Xclang><-fdepfile-entry=a list.txt><-Xclang><-fdepfile-entry=more.txt>'*) ;;
*) report "lists of allocators: no dependencies: $got" ;;
esac
case $got in
*'<-Xclang><-DMEMTRACK_CONFIG_ALLOCATOR_LIST="allocators=a list.txt\n# a \"list\", of \\ trouble\n\nalloc f size=1\n\0allocators=more.txt\nfree g ptr=1 name=x\n\0"><-Xclang><-include><-Xclang>'*"/memtrack/config/allocators.h>"*) ;;
*) report "lists of allocators: $got" ;;
esac
got=$(fake --memtrack-allocators=more.txt main.o -o program)
case $got in *ALLOCATOR_LIST* | *depfile*) report "a list of allocators where nothing is compiled: $got" ;; esac
for wrong in --memtrack-allocators --memtrack-allocators= --memtrack-allocators=missing.txt \
  --memtrack-allocators=.; do
  got=$(fake "$wrong" -c main.c 2>&1) && report "$wrong: success"
  case $got in
  "memtrack-cc: $wrong: wants --memtrack-allocators=FILE") ;;
  "memtrack-cc: cannot read the list of allocators ${wrong#*=}") ;;
  *) report "$wrong: $got" ;;
  esac
done

# With the real compiler, plugin and runtime: no warning with anything.
cc=$build/bin/memtrack-cc cxx=$build/bin/memtrack-c++
check() {
  "$@" >out 2>&1 || report "$* failed: $(cat out)"
}
silent() {
  if ! "$@" >out 2>&1 || [ -s out ]; then
    report "$* failed or warned: $(cat out)"
  fi
}
printf '#include <stdlib.h>\nvoid *make(void);\nvoid *make(void) { return malloc(3); }\n' >make.c
printf '#include <stdlib.h>\nvoid *make(void);\nint main(void) { free(make()); return 0; }\n' >main.c
printf 'int main() { delete new int; return 0; }\n' >main.cpp
printf '#ifdef __ASSEMBLER__\n.text\n.globl nothing\nnothing: ret\n.section .note.GNU-stack,"",@progbits\n#endif\n' >start.S
printf '.text\n.section .note.GNU-stack,"",@progbits\n' >plain.s
warn='-Wall -Werror'
# shellcheck disable=SC2086 # several words are meant
{
  silent "$cc" $warn -c make.c
  silent "$cc" $warn -O2 -g -c main.c -o main.o
  silent "$cc" $warn -E make.c -o /dev/null
  silent "$cc" $warn -S make.c -o make.s
  silent "$cc" $warn -M -MF make.d make.c
  silent "$cc" $warn -fsyntax-only make.c
  silent "$cc" $warn -c start.S
  silent "$cc" $warn -c plain.s
  silent "$cc" $warn main.o make.o -o program
  check ./program
  silent "$cc" $warn -Wl,--as-needed plain.o main.o make.s -o program
  check ./program
  silent "$cc" $warn -shared -fPIC make.c -o libmake.so
  silent "$cc" $warn main.c -L. -lmake -Wl,-rpath,"$PWD" -o program
  check ./program
  silent "$cc" $warn -static main.c make.c -o program
  check ./program
  silent "$cc" $warn -r main.o make.o -o both.o
  silent "$cc" $warn -- main.c make.c
  check ./a.out
  silent "$cxx" $warn main.cpp -o program
  check ./program
  check "$cc" -v
  "$cc" -x c -Werror - -o program <main.c 2>/dev/null && report "an undefined function links"
  printf 'int main(void) { return 7; }\n' >seven.c
  silent "$cc" -x c $warn - -o program <seven.c
  ./program
  [ $? -eq 7 ] || report "compiled from standard input"
}

# What an object refers to follows --memtrack-context, and nothing else in it tells.
cat >calls.c <<'EOF'
void *inner(void);
void *outer(void);
void *outer(void) {
    char *block = inner();
    block[0] = 1;
    return block;
}
EOF
sed 's/inner();/static_cast<char *>(inner());/' calls.c >calls.cpp
# context_is stack|site FILE
context_is() {
  found=site
  ! nm -u "$2" | grep -q '__memtrack_context$' || found=stack
  [ "$found" = "$1" ] || report "$2 was compiled with context=$found, want $1"
  ! readelf -SW "$2" | grep -F memtrack.cfg || report "$2 has a section memtrack.cfg"
  ! nm "$2" | grep __memtrack_config || report "$2 has the option's array"
}
all='-Weverything -Werror -pedantic'
# A list of a thousand lines works in every language, without a warning, and leaves no trace but the
# hooks.
i=0
while [ $i -lt 1000 ]; do
  echo "alloc function_number_$i size=1 name=pool $i"
  i=$((i + 1))
done >long.txt
echo 'alloc inner bytes=8' >>long.txt
# shellcheck disable=SC2086 # several words are meant
for standard in c89 c11 gnu17; do
  silent "$cc" $all -std=$standard --memtrack-allocators=long.txt -MD -c calls.c
  nm -u calls.o | grep -q __memtrack_pool_alloc || report "long.txt names inner in vain"
  grep -q long.txt calls.d || report "long.txt is no dependency: $(cat calls.d)"
  ! readelf -SW calls.o | grep -F memtrack.cfg || report "calls.o has a section memtrack.cfg"
done
# shellcheck disable=SC2086 # several words are meant
{
  silent "$cxx" $all -std=c++98 --memtrack-allocators=long.txt -c calls.cpp
  silent "$cc" $warn --memtrack-allocators=long.txt -c start.S
  silent "$cc" $warn --memtrack-allocators=long.txt -c plain.s
  silent "$cc" $warn --memtrack-allocators=long.txt main.o make.o -o program
}
# shellcheck disable=SC2086 # several words are meant
{
  for level in -O0 -O2 '-O2 -g'; do
    silent "$cc" $level -c calls.c
    context_is stack calls.o
    silent "$cc" $level "$stack" -c calls.c
    context_is stack calls.o
    for standard in c89 c11 gnu17; do
      silent "$cc" $level $all -std=$standard "$site" -c calls.c
      context_is site calls.o
    done
  done
  silent "$cxx" -c calls.cpp
  context_is stack calls.o
  for standard in c++98 c++11 c++20; do
    silent "$cxx" $all -std=$standard "$site" -c calls.cpp
    context_is site calls.o
  done
  silent "$cc" $warn "$site" -c start.S
  silent "$cc" $warn "$site" -c plain.s
  silent "$cc" $warn "$site" -no-integrated-as -c start.S
  silent "$cc" $warn "$site" -E calls.c -o calls.i
  silent "$cc" $warn -c calls.i
  context_is site calls.o
  silent "$cc" $warn "$site" main.c make.c plain.s -o program
  check ./program
  silent "$cc" $warn "$site" main.o make.o -o program

  # Precompiled headers, with the option where they are made, where they are used, and in both.
  printf '#define UNUSED 1\n' >all.h
  for made in stack site; do
    silent "$cc" $warn "--memtrack-context=$made" -x c-header all.h -o all.h.pch
    for used in stack site; do
      want=site
      [ "$made$used" != stackstack ] || want=stack
      for use in '-include all.h' '-include-pch all.h.pch'; do
        silent "$cc" $warn "--memtrack-context=$used" $use -c calls.c
        context_is $want calls.o
      done
    done
  done
}

readelf -d a.out | grep -q 'NEEDED.*libmemtrack' || report "the runtime is not needed by the program"
printf 'int main(void) { return 0; }\n' >quiet.c
"$cc" -Wl,--as-needed quiet.c -o program
readelf -d program | grep -q 'NEEDED.*libmemtrack' || report "--as-needed drops the runtime"

if [ "$failures" -ne 0 ]; then
  echo "$failures checks failed"
  exit 1
fi
echo "all checks passed"
