#!/bin/sh
# symbols.sh NM SHARED LINK STATIC TABLE INTERPOSED HEADER: the libraries export the entry points of
# TABLE and what the public HEADER refers to; the shared ones what they have to see of libc and the
# unwinder besides; the one that programs run with the allocator's symbols in INTERPOSED; and nothing
# else. They ask for none of the functions that allocate, or that could end or block the program.
set -eu
nm=$1 shared=$2 link=$3 static=$4 table=$5 interposed=$6 header=$7
export LC_ALL=C

expected=$(
  {
    sed -n 's/^MT_FUNCTION([^,]*, \([a-z_]*\),.*/__memtrack_\1/p' "$table"
    echo __memtrack_enter_allocator
    echo __memtrack_leave_allocator
    printf '__memtrack_pool_%s\n' alloc free free_all position realloc ticks
    echo __memtrack_context
    sed -n 's/^MEMTRACK_RUNTIME_FUNCTION([^,]*, \([a-z_]*\),.*/__memtrack_\1/p' "$header"
    echo __memtrack_register_sites_v3
    echo __memtrack_unregister_sites_v3
  } | sort -u
)
allocator=$(sed -n 's/^MT_C(\([a-z_]*\),.*/\1/p; s/^MT_OPERATOR([a-z_]*, \([A-Za-z0-9_]*\),.*/\1/p' \
  "$interposed")
# What the C library may do behind these is known: no allocation, no lock that is held for long.
allowed=$(
  tr -s ' \n' '||' <<'EOF' | sed 's/|$//'
(__)?(progname|environ) bcmp _DYNAMIC _GLOBAL_OFFSET_TABLE_ clock_gettime close
__cxa_(thread_)?atexit(_impl)? (__cxa_)?at_quick_exit dl(addr1|close|open|sym) _dl_find_object
dl_iterate_phdr dladdr __dso_handle __errno_location fallocate fcntl flock fstat fstatvfs
ftruncate getauxval getcwd getenv getpid getppid getrandom getrlimit gettid lstat madvise
mem(chr|cmp|cpy|move|set) __(memcpy|memset|memmove|strlen)_chk mmap mprotect munmap open prctl
program_invocation_short_name
pthread_(attr_(destroy|init|setdetachstate|setstacksize)|create|key_create|setcancelstate|setspecific|sigmask)
pthread_atfork pread process_vm_readv pwrite read readlink __register_atfork sched_(getaffinity|yield) __sched_cpucount _setjmp
sig(addset|delset|emptyset|fillset|ismember|pending|timedwait) __stack_chk_fail stat
str(n?cmp|ncpy|cspn|errordesc_np|len|nlen|rchr|str) syscall sysconf tgkill time __tls_get_addr
uname unlink wcslen write
EOF
)
for library in "$shared" "$link" "$static"; do
  case $library in
  *.so | *.so.0)
    set -- -D
    all=$(printf '%s\n' "$expected" _Unwind_SetIP __longjmp_chk _longjmp longjmp \
      pthread_exit setcontext siglongjmp swapcontext)
    [ "$library" = "$link" ] || all=$(printf '%s\n' "$all" "$allocator" dlclose)
    all=$(printf '%s\n' "$all" | sort)
    ;;
  *)
    set -- -g
    all=$expected
    ;;
  esac
  exported=$("$nm" "$@" --defined-only "$library" | sed -n 's/^[0-9a-f]* [A-Z] //p' | sort -u)
  if [ "$exported" != "$all" ]; then
    echo "$library exports:"
    echo "$exported"
    echo "and should:"
    echo "$all"
    exit 1
  fi
  undefined=$("$nm" "$@" --undefined-only "$library" | sed -n 's/.* U \([^@]*\).*/\1/p' | sort -u)
  [ -n "$undefined" ]
  unexpected=$(echo "$undefined" | grep -vxE "$allowed" || true)
  if [ -n "$unexpected" ]; then
    echo "$library asks for:"
    echo "$unexpected"
    exit 1
  fi
done
