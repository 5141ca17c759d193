// The frame of a coroutine is an allocation of the function that starts it.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clangxx -std=c++20 -Wno-everything -g -O0 %s %t.runtime.o -o %t && %t | FileCheck %s
// RUN: %clangxx -std=c++20 -Wno-everything -g -O2 %s %t.runtime.o -o %t && %t | FileCheck %s

#if __clang_major__ < 15
#define COROUTINES std::experimental
#else
#define COROUTINES std
#endif
namespace COROUTINES {
template <class R, class... A> struct coroutine_traits {
  using promise_type = typename R::promise_type;
};
template <class P = void> struct coroutine_handle {
  void *frame = nullptr;
  static coroutine_handle from_address(void *p) noexcept { return {p}; }
  static coroutine_handle from_promise(P &p) {
    return {__builtin_coro_promise(&p, alignof(P), true)};
  }
  void *address() const noexcept { return frame; }
  void resume() const { __builtin_coro_resume(frame); }
  void destroy() const { __builtin_coro_destroy(frame); }
  operator coroutine_handle<>() const noexcept;
};
template <> struct coroutine_handle<void> {
  void *frame = nullptr;
  static coroutine_handle from_address(void *p) noexcept { return {p}; }
};
template <class P>
coroutine_handle<P>::operator coroutine_handle<>() const noexcept {
  return {frame};
}
} // namespace COROUTINES

struct Suspend {
  bool await_ready() noexcept { return false; }
  void await_suspend(COROUTINES::coroutine_handle<>) noexcept {}
  void await_resume() noexcept {}
};

struct Task {
  struct promise_type {
    Task get_return_object() {
      return {COROUTINES::coroutine_handle<promise_type>::from_promise(*this)};
    }
    Suspend initial_suspend() noexcept { return {}; }
    Suspend final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  COROUTINES::coroutine_handle<promise_type> handle;
};

int *volatile sink;

// CHECK-DAG: site hash={{.*}} api=2 {{.*}}| _Z5startPi {{.*}}coroutine.cpp:[[@LINE+2]]:
// CHECK-DAG: site hash={{.*}} api=2 {{.*}}| _Z5startPi.destroy {{.*}}coroutine.cpp:[[@LINE+1]]:
Task start(int *out) {
  // CHECK-DAG: site hash={{.*}} api=2 {{.*}} type=int | _Z5startPi.resume {{.*}}coroutine.cpp:[[@LINE+1]]:
  int *p = new int(1);
  sink = p;
  *out = *p;
  co_await Suspend();
  delete p;
}

// CHECK: registered
// CHECK: unregistered
int main() {
  int out = 0;
  Task task = start(&out);
  task.handle.resume();
  task.handle.resume();
  task.handle.destroy();
  return out != 1;
}
