// streams return|exit|threads: uses the parts of the C++ library that allocate behind the caller's
// back, in its headers, which are instrumented, and in libstdc++.so, which is not. Ends by
// returning from main, by exit below live objects, or after threads that leave something behind.
#include <algorithm>
#include <any>
#include <chrono>
#include <codecvt>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iomanip>
#include <iostream>
#include <locale>
#include <map>
#include <memory>
#include <mutex>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <valarray>
#include <vector>

namespace {

// A facet of the program's own, owned by a locale of the library's.
struct grouping : std::numpunct<char> {
    char do_thousands_sep() const override {
        return '\'';
    }
    std::string do_grouping() const override {
        return "\3";
    }
};

struct kept {
    std::map<std::string, std::vector<std::shared_ptr<std::string>>> words;
    std::unordered_map<std::size_t, std::string> hashes;
    std::any anything;
    std::function<int(int)> function;
};

kept *leaked_on_purpose;
std::string long_static = "a static string that does not fit into the object itself";

std::string format() {
    std::ostringstream out;
    out.imbue(std::locale(std::locale::classic(), new grouping));
    out << std::setw(20) << 1234567 << std::put_money(123456.0L) << ' ' << std::fixed
        << std::setprecision(3) << 1e9 / 7;
    std::tm time = {};
    time.tm_year = 120;
    time.tm_mday = 29;
    out << std::put_time(&time, " %A %d %B %Y %c");
    return out.str();
}

void locales() {
    for (const char *name : {"C.UTF-8", "C", "POSIX", "C.UTF-8"}) {
        std::locale locale(name);
        std::locale::global(locale);
        std::wostringstream wide;
        wide.imbue(locale);
        wide << 3.5 << L" \u65e5\u672c"
             << std::use_facet<std::ctype<wchar_t>>(locale).toupper(L'x');
        const std::string word = "straight";
        std::cout << locale.name() << ' ' << wide.str().size() << ' '
                  << std::use_facet<std::collate<char>>(locale)
                         .transform(word.data(), word.data() + word.size())
                         .size()
                  << '\n';
    }
    try {
        std::locale("there is no such locale");
    } catch (const std::runtime_error &error) {
        std::cout << error.what() << '\n';
    }
    std::locale::global(std::locale::classic());
}

void expressions(kept &all) {
    const std::string text =
        "2020-01-29 alpha, 2021-12-31 beta; 1999-07-04 gamma delta@example.org";
    std::regex date(R"((\d{4})-(\d\d)-(\d\d)\s+(\w+))", std::regex::icase | std::regex::optimize);
    std::wregex wide(L"[[:alpha:]]+@([a-z.]+)");
    for (std::sregex_iterator i(text.begin(), text.end(), date), end; i != end; ++i)
        all.words[i->str(4)].push_back(std::make_shared<std::string>(i->str(0)));
    std::wstring copy(text.begin(), text.end());
    std::wsmatch found;
    std::cout << std::regex_search(copy, found, wide) << ' ' << found.length(1) << ' '
              << std::regex_replace(text, date, "$3.$2.$1") << '\n';
    try {
        std::regex wrong("(unbalanced[");
    } catch (const std::regex_error &error) {
        std::cout << "regex_error " << error.code() << '\n';
    }
}

void files() {
    char name[] = "/tmp/streamsXXXXXX";
    int file = mkstemp(name);
    if (file < 0)
        throw std::system_error(errno, std::generic_category(), "mkstemp");
    {
        std::ofstream out(name);
        for (int i = 0; i < 5000; i++)
            out << "line " << i << ' ' << std::string(i % 50, 'x') << '\n';
    }
    std::ifstream in(name);
    std::string line;
    std::size_t length = 0;
    while (std::getline(in, line))
        length += line.size();
    std::cout << "read " << length << '\n';
    std::filesystem::path path(name);
    std::cout << std::filesystem::exists(path) << path.extension()
              << std::filesystem::file_size(path) << '\n';
    std::size_t entries = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator("/etc/apt"))
        entries += !entry.path().filename().empty();
    std::cout << (entries > 0) << '\n';
    std::filesystem::remove(path);
    try {
        std::cout << std::filesystem::file_size(path);
    } catch (const std::filesystem::filesystem_error &error) {
        std::cout << error.code().message() << '\n';
    }
}

void exceptions() {
    std::exception_ptr stored;
    for (int i = 0; i < 20; i++) {
        try {
            try {
                throw std::runtime_error("thrown " + std::to_string(i) + std::string(i, '.'));
            } catch (...) {
                stored = std::current_exception();
                std::throw_with_nested(std::logic_error("around it"));
            }
        } catch (const std::exception &error) {
            if (i % 7 == 0)
                std::cout << error.what() << '\n';
        }
    }
}

void containers(kept &all) {
    std::deque<std::string> queue;
    std::multiset<std::string, std::greater<>> sorted;
    for (int i = 0; i < 2000; i++) {
        queue.push_back("element number " + std::to_string(i * 7919 % 2000));
        if (i % 3 == 0) {
            sorted.insert(queue.front());
            queue.pop_front();
        }
    }
    std::vector<std::string> copy(queue.begin(), queue.end());
    std::stable_sort(copy.begin(), copy.end()); // takes a temporary buffer
    for (const auto &word : copy)
        all.hashes.emplace(all.hashes.size() * 31, word);
    std::valarray<double> numbers(1.5, 1000);
    all.anything = numbers * 2.0;
    all.function = [big = std::string(200, 'b'), &all](int i) {
        return i + static_cast<int>(big.size() + all.hashes.size());
    };
    std::cout << *sorted.begin() << ' ' << copy.front() << ' ' << all.function(1) << '\n';
}

thread_local std::string of_thread;

void threads() {
    std::vector<std::thread> started;
    std::mutex mutex;
    std::map<int, std::string> results;
    for (int i = 0; i < 8; i++)
        started.emplace_back([i, &mutex, &results] {
            of_thread = "a string that the thread's end destroys " + std::to_string(i);
            std::lock_guard<std::mutex> lock(mutex);
            results[i] = of_thread + format();
        });
    for (auto &thread : started)
        thread.join();
    auto future = std::async(std::launch::async, [] { return format(); });
    std::promise<std::string> promise;
    std::thread last(
        [&promise] { promise.set_value_at_thread_exit("a value set at the very end"); });
    std::cout << results.size() << ' ' << future.get() << promise.get_future().get() << '\n';
    last.join();
}

} // namespace

int main(int argc, char **argv) {
    const std::string how = argc > 1 ? argv[1] : "return";
    leaked_on_purpose = new kept;

    std::cout << format() << '\n' << long_static.size() << '\n';
    locales();
    expressions(*leaked_on_purpose);
    files();
    exceptions();
    containers(*leaked_on_purpose);
    if (how == "threads")
        threads();
    if (how == "exit")
        std::exit(0);
    if (how == "return")
        delete leaked_on_purpose;
}
