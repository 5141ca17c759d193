/* Allocates in 36 contexts of different sizes and frequencies, the same in each run. Of what each
 * has allocated, up to 64 blocks are live at a time; those of every second context leak. */
#include <stdint.h>
#include <stdlib.h>

enum { CONTEXTS = 36, LIVE = 64 };

#define NEAR(name)                                                                                 \
    __attribute__((noinline)) static void *name(size_t size) {                                     \
        void *volatile memory = malloc(size);                                                      \
        return memory;                                                                             \
    }
NEAR(near_0)
NEAR(near_1)
NEAR(near_2)
NEAR(near_3)
NEAR(near_4)
NEAR(near_5)

/* By way of each, another context of every function above. */
#define FAR(name)                                                                                  \
    __attribute__((noinline)) static void *name(int which, size_t size) {                          \
        switch (which) {                                                                           \
        case 0:                                                                                    \
            return near_0(size);                                                                   \
        case 1:                                                                                    \
            return near_1(size);                                                                   \
        case 2:                                                                                    \
            return near_2(size);                                                                   \
        case 3:                                                                                    \
            return near_3(size);                                                                   \
        case 4:                                                                                    \
            return near_4(size);                                                                   \
        default:                                                                                   \
            return near_5(size);                                                                   \
        }                                                                                          \
    }
FAR(far_0)
FAR(far_1)
FAR(far_2)
FAR(far_3)
FAR(far_4)
FAR(far_5)

static void *(*const ways[6])(int, size_t) = {far_0, far_1, far_2, far_3, far_4, far_5};

/* Mean size in bytes, and kilobytes that are allocated. */
static const struct {
    uint32_t mean, volume;
} plan[CONTEXTS] = {
    {16, 2000},    {24, 3000},    {32, 4000},    {40, 2500},    {48, 5000},     {64, 6000},
    {80, 3000},    {100, 4000},   {128, 8000},   {200, 5000},   {256, 2000},    {333, 7000},
    {400, 9000},   {512, 6000},   {700, 3000},   {900, 8000},   {1100, 12000},  {1500, 9000},
    {2000, 15000}, {3000, 6000},  {4096, 20000}, {6000, 9000},  {8000, 25000},  {10000, 12000},
    {12000, 8000}, {16000, 9000}, {20000, 9999}, {30000, 7000}, {50000, 20000}, {100000, 30000},
    {16, 50},      {64, 100},     {500, 200},    {2000, 300},   {9000, 400},    {70000, 700},
};

static void *live[CONTEXTS][LIVE];
static uint64_t allocated[CONTEXTS];

static uint32_t next_random(void) {
    static uint64_t state = 1;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static void allocate(int context) {
    static unsigned turn;
    uint32_t mean = plan[context].mean;
    void **place = &live[context][turn++ % LIVE];
    size_t size = mean / 2 + next_random() % mean + 1;

    free(*place);
    *place = ways[context / 6](context % 6, size);
    allocated[context] += size;
}

int main(void) {
    /* Rounds, so that all go on to the end. */
    for (uint64_t round = 1; round <= 100; round++) {
        for (int c = 0; c < CONTEXTS; c++) {
            while (allocated[c] < plan[c].volume * 1000u * round / 100)
                allocate(c);
        }
    }
    for (int c = 0; c < CONTEXTS; c += 2) {
        for (int i = 0; i < LIVE; i++)
            free(live[c][i]);
    }
    return 0;
}
