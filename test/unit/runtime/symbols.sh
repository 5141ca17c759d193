#!/bin/sh
# symbols.sh NM SHARED STATIC TABLE: the libraries export the table's entry points, the shared one
# what it has to see of libc and the unwinder besides, and nothing else, and ask for none of the
# functions that allocate, or that could end or block the program.
set -eu
nm=$1 shared=$2 static=$3 table=$4
export LC_ALL=C

expected=$(
  {
    sed -n 's/^MT_FUNCTION([^,]*, \([a-z_]*\),.*/__memtrack_\1/p' "$table"
    echo __memtrack_enter_allocator
    echo __memtrack_leave_allocator
    printf '__memtrack_pool_%s\n' alloc free free_all position realloc ticks
    echo __memtrack_context
    echo __memtrack_register_sites_v2
    echo __memtrack_unregister_sites_v2
  } | sort -u
)
for library in "$shared" "$static"; do
  case $library in
  *.so)
    set -- -D
    all=$(printf '%s\n' "$expected" _Unwind_SetIP __longjmp_chk _longjmp longjmp \
      pthread_exit setcontext siglongjmp swapcontext | sort)
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
  # What the C library may do behind these is known: no allocation, no lock that is held for long.
  unexpected=$(echo "$undefined" | grep -vxE '__errno_location|__stack_chk_fail|__tls_get_addr|_GLOBAL_OFFSET_TABLE_|(__)?(progname|environ)|program_invocation_short_name|__register_atfork|pthread_atfork|(__cxa_)?at_quick_exit|__cxa_thread_atexit_impl|_setjmp|clock_gettime|close|dl(addr1|close|open|sym)|dl_iterate_phdr|fallocate|fcntl|flock|fstat|fstatvfs|ftruncate|getauxval|getcwd|getenv|getpid|getppid|getrandom|getrlimit|gettid|lstat|madvise|mem(cmp|cpy|move|set)|mmap|munmap|open|prctl|pwrite|pthread_(attr_(destroy|init|setdetachstate|setstacksize)|create|key_create|setcancelstate|setspecific|sigmask)|read|readlink|sched_yield|sig(addset|delset|emptyset|fillset|ismember|pending|timedwait)|stat|str(cmp|cspn|errordesc_np|len|nlen|rchr|str)|syscall|sysconf|tgkill|time|uname|unlink|wcslen|write|__(memcpy|memset|memmove|strlen)_chk|_DYNAMIC|__dso_handle' || true)
  if [ -n "$unexpected" ]; then
    echo "$library asks for:"
    echo "$unexpected"
    exit 1
  fi
done
