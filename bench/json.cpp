// json [ROUNDS]: nlohmann's JSON library parses a document of some 400 KB, changes it, and writes
// it out again; each round the same work.
#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using nlohmann::json;

std::uint32_t state = 1;

std::uint32_t next_random(std::uint32_t limit) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

json make_record(std::uint32_t number) {
    json record = {{"id", number},
                   {"name", "a name of some length, number " + std::to_string(next_random(10000))},
                   {"active", next_random(2) == 0},
                   {"nested", {{"x", next_random(1000) / 8.0}, {"y", nullptr}}}};
    for (std::uint32_t i = next_random(12); i > 0; i--)
        record["values"].push_back(next_random(1000));
    for (std::uint32_t i = next_random(4); i > 0; i--)
        record["tags"].push_back("tag " + std::to_string(next_random(50)));
    return record;
}

void change(json &document) {
    for (auto &record : document) {
        record["seen"] = true;
        record["nested"]["z"] = record["name"];
        record.erase("active");
        if (record.contains("tags"))
            record["tags"].push_back("one more");
        if (record.contains("values"))
            record["sorted"] = record["values"];
    }
    document.erase(document.begin() + 10, document.begin() + 20);
    document.push_back(document.front());
}

} // namespace

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 10;
    json made = json::array();
    for (std::uint32_t i = 0; i < 3000; i++)
        made.push_back(make_record(i));
    const std::string text = made.dump();
    std::size_t total = 0;

    for (int round = 0; round < rounds; round++) {
        json document = json::parse(text);
        change(document);
        total += document.dump(2).size();
    }
    std::cout << text.size() << ' ' << total << '\n';
}
