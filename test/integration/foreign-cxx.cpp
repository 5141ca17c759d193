// What libstdc++ allocates in functions of its own, and by operator new.
// RUN: %cxx -g -O1 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
//
// One that a program has linked to itself is its own.
// RUN: %cxx -g -O1 %s -o %t -static-libstdc++ -static-libgcc && %run %t.mtrace %t
// RUN: %check %t.mtrace 's.unmatched_frees == 0 and s.missed_frees == 0 and not errors' \
// RUN:   's.allocations > 20 and s.leaked_blocks <= 3'
//
// EXPECT: s.unmatched_frees == 0 and s.missed_frees == 0 and not errors
// The emergency pool and stdout's buffer are left.
// EXPECT: total(library("libstdc++"), "leaked_bytes") == 72704
// EXPECT: s.leaked_blocks <= 2
// EXPECT: [c["frees"] for c in library("libstdc++") if callers(c)[-2:] == ["append", "main"] and c["allocated_bytes"] == 101] == [1]
// EXPECT: any(callers(c)[-2:] == ["read_lines", "main"] for c in library("libstdc++"))
// EXPECT: any("imbue" in chain(c) for c in library("libstdc++"))
// EXPECT: total([c for c in contexts if "fail" in chain(c)], "allocations") == 2
#include <iostream>
#include <locale>
#include <regex>
#include <sstream>
#include <string>

static void *volatile sink;

__attribute__((noinline)) static void append() {
    std::string text;

    text.append(100, 'x');
    sink = &text;
}

__attribute__((noinline)) static void read_lines() {
    std::istringstream in("a line that is too long to stand in the object\nanother one, as long\n");
    std::string line;

    while (std::getline(in, line))
        sink = &line;
}

__attribute__((noinline)) static void imbue() {
    std::ostringstream out;

    out.imbue(std::locale(std::locale::classic(), new std::numpunct<char>));
    out << 1234.5 << ' ' << 1234567;
    std::string text = out.str();
    sink = &text;
}

__attribute__((noinline)) static void match() {
    std::regex pattern("([a-z]+)-([0-9]+)");
    std::smatch found;
    std::string text = "a word-42 in a text";

    if (!std::regex_search(text, found, pattern))
        abort();
}

// The exception and its text.
__attribute__((noinline)) static void fail() {
    try {
        throw std::runtime_error("a reason that is too long to stand in the object");
    } catch (const std::exception &error) {
        sink = const_cast<char *>(error.what());
    }
}

int main() {
    append();
    read_lines();
    imbue();
    match();
    fail();
    std::cout << "done" << std::endl;
}
