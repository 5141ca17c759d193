// stl [ROUNDS]: the containers of the standard library; what is live stays the same from round to
// round. A shop's records: names in maps, baskets in vectors that grow, customers and orders that
// share ownership, queues, and an index that is built and dropped.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

std::uint32_t state = 1;

std::uint32_t next_random(std::uint32_t limit) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

std::string name_of(std::uint32_t number) {
    return "a name too long for the string itself, number " + std::to_string(number);
}

struct order {
    std::uint32_t number;
    std::vector<std::string> items;
};

struct customer {
    std::string name;
    std::map<std::uint32_t, std::shared_ptr<order>> orders;
    std::list<std::weak_ptr<order>> late;
};

class shop {
  public:
    void serve(std::uint32_t number) {
        auto &who = customers[name_of(next_random(500))];
        if (!who) {
            who = std::make_shared<customer>();
            who->name = name_of(number);
        }
        auto made = std::make_shared<order>();
        made->number = number;
        for (std::uint32_t i = 1 + next_random(6); i > 0; i--)
            made->items.push_back(next_random(2) ? "short" : name_of(i));
        who->orders[next_random(8)] = made;
        if (next_random(4) == 0)
            who->late.push_back(made);
        // What programs do beside allocating.
        for (const auto &[key, one] : who->orders)
            total += std::hash<std::string>()(one->items.front()) % 8 + key;
        if (who->late.size() > 4)
            who->late.pop_front();
        waiting.push_back([made] { return made->items.size(); });
        if (waiting.size() > 200) {
            total += waiting.front()();
            waiting.pop_front();
        }
    }

    void take_stock() {
        std::map<std::string, std::set<std::uint32_t>> index;
        std::vector<std::string> names;
        for (const auto &entry : customers) {
            for (const auto &[key, one] : entry.second->orders)
                for (const auto &item : one->items)
                    index[item].insert(one->number % 64 + key);
            names.push_back(entry.first);
        }
        std::sort(names.begin(), names.end());
        for (const auto &entry : index)
            total += entry.second.size();
        total += names.front().size();
    }

    std::size_t result() const {
        return total;
    }

  private:
    std::unordered_map<std::string, std::shared_ptr<customer>> customers;
    std::deque<std::function<std::size_t()>> waiting;
    std::size_t total = 0;
};

} // namespace

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 40;
    shop one;

    for (int round = 0; round < rounds; round++) {
        for (std::uint32_t i = 0; i < 20000; i++)
            one.serve(i);
        one.take_stock();
    }
    std::cout << one.result() << '\n';
}
