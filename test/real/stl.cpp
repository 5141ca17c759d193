// stl [ROUNDS]: maps, strings and shared pointers, about 1.2 million events a round (default 40),
// in many different contexts; what is live stays the same from round to round.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct node {
    std::string name;
    std::vector<std::shared_ptr<node>> children;
    std::map<int, std::string> properties;
};

std::uint32_t state = 1;

std::uint32_t next_random() {
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

// Recursion of random depth makes contexts by the thousand.
std::shared_ptr<node> build(unsigned depth) {
    auto made = std::make_shared<node>();
    made->name = "a name that is long enough to be on the heap " + std::to_string(depth);
    for (unsigned i = next_random() % 4; i > 0; i--)
        made->properties[static_cast<int>(next_random() % 100)] = made->name + '.';
    for (unsigned i = next_random() % 3 + 1; depth > 0 && i > 0; i--)
        made->children.push_back(build(depth - 1));
    return made;
}

std::size_t count(const std::unordered_map<std::string, std::shared_ptr<node>> &all) {
    std::map<std::string, std::size_t> sorted;
    std::size_t total = 0;
    for (const auto &entry : all)
        sorted[entry.first + std::string(20, '-')] += entry.second->children.size();
    for (const auto &entry : sorted)
        total += entry.second;
    return total;
}

} // namespace

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 40;
    std::unordered_map<std::string, std::shared_ptr<node>> all;
    std::size_t total = 0;

    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < 500; i++)
            all["the key of entry number " + std::to_string(i % 100)] = build(7);
        total += count(all);
    }
    std::cout << total << '\n';
}
