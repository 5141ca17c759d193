// RUN: %cc -I%include -g -O1 -fno-builtin -pthread -c %S/truth.c -o %t.o
// RUN: %cxx -g -O1 -fno-builtin -pthread %s %t.o -o %t && %truth %t 1 2
// The same of C++: what containers and new do. `containers SEED`.
#include "truth.h"

#include <cstdio>
#include <cstring>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#define STEP static __attribute__((noinline)) void

static uint64_t state;
static unsigned rounds;
static volatile uint64_t sink;

static uint64_t draw(uint64_t low, uint64_t high) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return low + state % (high - low + 1);
}

// Growth: a list that is only added to.
struct event {
    char text[104];
};
TRUTH(remember, "growth");
static std::list<event> *history;

STEP remember(unsigned round) {
    if (round % 2)
        return;
    history->push_back({});
    truth_count(&remember_truth, 1, sizeof(event) + 2 * sizeof(void *), 0, 0);
}

// Churn.
struct message {
    char text[200];
};
TRUTH(post_message, "churn");

STEP post_message(unsigned round) {
    for (uint64_t i = draw(8, 12); i; i--) {
        message *posted = TRUTH_NEW(&post_message_truth, message);

        posted->text[0] = static_cast<char>(round);
        sink = sink + static_cast<uint64_t>(posted->text[0]);
        TRUTH_DELETE(posted);
    }
}

// A vector of always about the same length, and one that copies itself for every addition.
TRUTH(fill_samples, "realloc");
TRUTH(append_bytes, "realloc");

STEP fill_samples(unsigned round) {
    std::vector<uint64_t> samples;
    size_t capacity = 0;

    (void)round;
    for (uint64_t i = draw(600, 1000); i; i--) {
        samples.push_back(i);
        if (samples.capacity() == capacity)
            continue;
        truth_count(&fill_samples_truth, 1, samples.capacity() * sizeof(uint64_t), capacity != 0,
                    capacity * sizeof(uint64_t));
        capacity = samples.capacity();
    }
    truth_count(&fill_samples_truth, 0, 0, 1, capacity * sizeof(uint64_t));
}

STEP append_bytes(unsigned round) {
    size_t size = draw(10, 50);
    char *bytes = nullptr;

    for (uint64_t i = draw(10, 40); i; i--) {
        size_t more = draw(1, 20);
        char *copy = new char[size + more];

        truth_allocated(&append_bytes_truth, copy, size + more);
        std::memset(copy, static_cast<int>(round), size + more);
        if (bytes) {
            std::memcpy(copy, bytes, size);
            truth_replaced(&append_bytes_truth, bytes, size);
            truth_freed(bytes);
            delete[] bytes;
        }
        bytes = copy;
        size += more;
    }
    truth_freed(bytes);
    delete[] bytes;
}

// Tiny objects.
TRUTH(make_pixel, "tiny");
struct pixel {
    uint32_t color;
};

STEP make_pixel(unsigned round) {
    static pixel *pixels[256];
    static unsigned next;

    (void)round;
    for (uint64_t i = draw(8, 12); i; i--, next = (next + 1) % 256) {
        if (pixels[next])
            TRUTH_DELETE(pixels[next]);
        pixels[next] = TRUTH_NEW(&make_pixel_truth, pixel);
    }
}

// From here on, all is well. A map that levels off: keys come again.
TRUTH(look_up, nullptr);
static std::unordered_map<uint64_t, std::string> *table;

STEP look_up(unsigned round) {
    (void)round;
    for (int i = 0; i < 4; i++)
        (*table)[draw(0, 700)] = "a text that is too long to stand in the object";
}

// A queue in which much comes and goes.
TRUTH(queue_work, nullptr);
static std::deque<event> *queue;

STEP queue_work(unsigned round) {
    for (uint64_t i = draw(10, 20); i; i--)
        queue->push_back({});
    while (queue->size() > 100 + round % 50)
        queue->pop_front();
}

// A vector of any length, and one that says its length.
TRUTH(collect, nullptr);
TRUTH(reserve_first, nullptr);

STEP collect(unsigned round) {
    std::vector<uint64_t> found;

    if (round % 8)
        return;
    for (uint64_t i = draw(1, 3000); i; i--)
        found.push_back(i);
    sink = sink + found.size();
}

STEP reserve_first(unsigned round) {
    std::vector<uint64_t> found;

    if (round % 3)
        return;
    found.reserve(1000);
    for (uint64_t i = 0; i < 1000; i++)
        found.push_back(i);
    sink = sink + found[round % 1000];
}

struct step {
    struct truth *truth;
    void (*run)(unsigned round);
    bool counted;
};

static const step steps[] = {
    {&remember_truth, remember, true},
    {&post_message_truth, post_message, true},
    {&fill_samples_truth, fill_samples, true},
    {&append_bytes_truth, append_bytes, true},
    {&make_pixel_truth, make_pixel, true},
    {&look_up_truth, look_up, false},
    {&queue_work_truth, queue_work, false},
    {&collect_truth, collect, false},
    {&reserve_first_truth, reserve_first, false},
};

int main(int count, char **arguments) {
    (void)count;
    state = 0x9e3779b97f4a7c15u * (1 + std::strtoul(arguments[1], nullptr, 10));
    rounds = static_cast<unsigned>(draw(2000, 2500));
    history = new std::list<event>;
    table = new std::unordered_map<uint64_t, std::string>;
    queue = new std::deque<event>;
    for (const step &step : steps) {
        if (step.counted)
            truth_expect(step.truth);
    }
    for (unsigned round = 0; round < rounds; round++) {
        if (round == rounds / 2)
            truth_second_half();
        for (const step &step : steps)
            step.run(round);
    }
    delete history;
    truth_count(&remember_truth, 0, 0, (rounds + 1) / 2,
                (rounds + 1) / 2 * (sizeof(event) + 2 * sizeof(void *)));
    delete table;
    delete queue;
    truth_print();
    return 0;
}
