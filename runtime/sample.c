#include "sample.h"

#include "address_set.h"
#include "clock.h"
#include "guard.h"
#include "live.h"
#include "options.h"
#include "process.h"
#include "record.h"
#include "stamp.h"
#include "text.h"
#include "thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/random.h>

__thread struct mt_sampler mt_sampler __attribute__((tls_model("initial-exec")));

/* Random numbers: wyrand (Wang Yi). No floating point anywhere, whose flags are the program's. */

static uint64_t base_seed;
static _Atomic uint64_t seeded_threads;

static uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t mt_sample_random(struct mt_sampler *sampler) {
    sampler->random += UINT64_C(0xa0761d6478bd642f);
    return mix(sampler->random, sampler->random ^ UINT64_C(0xe7037ed1a0b428db));
}

void mt_sample_seed(struct mt_sampler *sampler, uint64_t seed) {
    sampler->random = mix(seed ^ UINT64_C(0x9fb21c651e98df25), UINT64_C(0x9e3779b97f4a7c15));
    sampler->random = mt_sample_random(sampler);
    sampler->seeded = true;
}

static uint64_t fresh_seed(void) {
    uint64_t seed = 0;
    int saved = errno;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = mt_clock_ticks() ^ (uintptr_t)&mt_sampler;
    errno = saved;
    return seed;
}

/* Threads are told apart by the order of their first draws, so that a fixed seed gives one thread's
 * draws again. */
static MT_COLD void seed_thread(struct mt_sampler *sampler) {
    uint64_t number = atomic_fetch_add_explicit(&seeded_threads, 1, memory_order_relaxed);

    mt_sample_seed(sampler, mix(base_seed + number, UINT64_C(0xd6e8feb86659fd93)) + base_seed);
}

/* A bit of the logarithm for each squaring: 50 ns, once a sample. */
uint64_t mt_sample_log(uint64_t bits) {
    const uint64_t ln2 = UINT64_C(0xb17217f7d1cf79ac); /* of 2^64 */
    const unsigned digits = 40;
    unsigned zeros = (unsigned)__builtin_clzll(bits | 1);
    uint64_t mantissa = (bits | 1) << zeros, fraction = 0;
    uint64_t log2;

    for (unsigned i = 0; i < digits; i++) {
        mantissa = (uint64_t)((__uint128_t)mantissa * mantissa >> 64);
        fraction <<= 1;
        if (mantissa >> 63)
            fraction |= 1;
        else
            mantissa <<= 1;
    }
    log2 = ((uint64_t)(zeros + 1) << digits) - fraction;
    return (uint64_t)((__uint128_t)log2 * ln2 >> 64);
}

int64_t mt_sample_draw(struct mt_sampler *sampler, uint64_t mean) {
    return (int64_t)((__uint128_t)mt_sample_log(mt_sample_random(sampler)) * mean >> 40) + 1;
}

/* Tiers */

enum { LARGE, MEDIUM, SMALL, TIERS };

static bool is_tiered;
static struct mt_sample_rule rule;
static uint64_t boosted_from; /* allocations */
static struct {
    uint64_t rate;    /* of 2^24 */
    uint32_t plain;   /* probability without a boost */
    uint32_t boosted; /* with the whole of it */
} tiers[TIERS];

#define BOOST 10u

struct mt_sample_rule mt_sample_preset(int preset) {
    static const struct mt_sample_rule presets[] = {
        [MT_SAMPLE_DEFAULT] = {10 << 10, 1 << 10, {1000000, 100000, 10000}, 10},
        [MT_SAMPLE_HIGH_PRECISION] = {4 << 10, 512, {1000000, 500000, 100000}, 5},
        [MT_SAMPLE_PERFORMANCE] = {50 << 10, 5 << 10, {1000000, 50000, 1000}, 50},
        [MT_SAMPLE_LEAKS] = {1 << 10, 256, {1000000, 800000, 10000}, 3},
        [MT_SAMPLE_DEMO] = {8 << 10, 256, {1000000, 1000000, 1000000}, 1},
    };

    return presets[preset];
}

/* Never 0: what could not be kept would be missing from every estimate. */
static uint32_t rounded(uint64_t rate) {
    uint64_t probability = (rate + 128) >> 8;

    if (probability < 1)
        return 1;
    return probability < MT_SAMPLE_CERTAIN ? (uint32_t)probability : MT_SAMPLE_CERTAIN;
}

void mt_sample_use_rule(const struct mt_sample_rule *chosen) {
    rule = *chosen;
    boosted_from = rule.boost_threshold * BOOST;
    for (int i = 0; i < TIERS; i++) {
        tiers[i].rate = ((rule.rates[i] << 24) + 500000) / 1000000;
        tiers[i].plain = rounded(tiers[i].rate);
        tiers[i].boosted = rounded(tiers[i].rate * BOOST);
    }
}

static inline uint32_t probability_of(uint64_t size, uint32_t count) {
    int tier = size >= rule.large ? LARGE : size >= rule.medium ? MEDIUM : SMALL;

    if (MT_LIKELY(count >= boosted_from && count > MT_SAMPLE_FIRST))
        return tiers[tier].boosted;
    if (count <= MT_SAMPLE_FIRST)
        return MT_SAMPLE_CERTAIN;
    if (count <= rule.boost_threshold)
        return tiers[tier].plain;
    return rounded(tiers[tier].rate * count / rule.boost_threshold);
}

uint32_t mt_sample_probability(uint64_t size, uint32_t count) {
    return probability_of(size, count);
}

uint32_t mt_sample_choose(struct mt_sample_count *counts, struct mt_context_id context,
                          uint64_t size) {
    struct mt_sample_count *entry = &counts[context.value % MT_SAMPLE_COUNTS];
    struct mt_sampler *sampler = &mt_sampler;
    uint32_t probability;

    if (MT_UNLIKELY(entry->context != context.value))
        *entry = (struct mt_sample_count){context.value, 0};
    entry->count += entry->count != UINT32_MAX;
    probability = probability_of(size, entry->count);
    if (probability == MT_SAMPLE_CERTAIN)
        return probability;
    if (MT_UNLIKELY(!sampler->seeded))
        seed_thread(sampler);
    return mt_sample_random(sampler) >> 48 < probability ? probability : 0;
}

/* Blocks that are kept. The program gives an address from thread to thread as it likes, and orders
 * these with it. A count that has reached its end stays there. */

#define FILTER_FULL UINT8_MAX

static struct mt_address_set kept;
_Atomic uint8_t mt_sample_filter[1u << MT_SAMPLE_FILTER_BITS];

static void filter_change(const void *block, int step) {
    _Atomic uint8_t *place = mt_sample_place(block);
    uint8_t value = atomic_load_explicit(place, memory_order_relaxed);

    while (value != FILTER_FULL &&
           !atomic_compare_exchange_weak_explicit(place, &value, (uint8_t)(value + step),
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

bool mt_sample_add(const void *block) {
    struct mt_thread *thread = mt_local.thread;

    /* What is in there already had a free that was missed. */
    if (MT_UNLIKELY(mt_sample_may_have(block)))
        mt_sample_take(block);
    if (MT_LIKELY(mt_address_set_add(&kept, block))) {
        filter_change(block, 1);
        return true;
    }
    if (thread) {
        atomic_fetch_add_explicit(&thread->lost, 1, memory_order_relaxed);
        mt_live_note_loss(MT_LOSS_BUFFERS_FULL, 1);
    }
    return false;
}

bool mt_sample_take(const void *block) {
    if (!mt_address_set_remove(&kept, block))
        return false;
    filter_change(block, -1);
    return true;
}

/* Events */

/* The first event of the process: what it is to be recorded is not known yet. In a signal handler
 * that has come while that is being found out, it stays so. */
static MT_COLD int learn_state(void) {
    struct mt_local *local = &mt_local;

    if (!(local->busy & 1)) {
        int saved = errno;

        local->busy |= 1;
        MT_SIGNAL_FENCE();
        mt_process_prepare();
        MT_SIGNAL_FENCE();
        local->busy &= ~1u;
        MT_SIGNAL_FENCE();
        if (atomic_load_explicit(&local->nested, memory_order_relaxed))
            mt_thread_drain_nested(local);
        errno = saved;
    }
    return mt_record_state();
}

/* What is allocated inside another allocator is no event, and no block that is kept. */
static bool is_inside_guard(struct mt_local *local) {
    if (MT_LIKELY(!local->busy))
        return false;
    mt_guard_drop_dead(local);
    return local->guard || (local->busy >= MT_LOCAL_OWN && !mt_interposed);
}

static void *keep(void *memory, size_t size, uintptr_t call) {
    if (is_inside_guard(&mt_local) || !mt_sample_add(memory))
        return memory;
    return mt_record_alloc(memory, size, call);
}

static __attribute__((noinline)) void *alloc_slow(void *memory, size_t size, uintptr_t call) {
    struct mt_sampler *sampler = &mt_sampler;
    int64_t bytes = (int64_t)(size + !size), before = sampler->left + bytes;
    int state = mt_record_state();

    if (MT_UNLIKELY(state == MT_RECORDING_UNKNOWN)) {
        state = learn_state();
        if (state == MT_RECORDING_ALL || state == MT_RECORDING_UNKNOWN)
            return mt_record_alloc(memory, size, call);
        before = 0;
    }
    if (state != MT_RECORDING_SAMPLED)
        return memory;
    if (is_tiered)
        return mt_record_tiered(memory, size, call);
    /* Nobody has drawn yet; or this is a handler, and who it has interrupted is about to draw. Then
     * this allocation gets a draw of its own. */
    if (before <= 0) {
        if (!sampler->seeded)
            seed_thread(sampler);
        before = mt_sample_draw(sampler, mt_options.sample_bytes);
    }
    if (before > bytes) {
        sampler->left = before - bytes;
        return memory;
    }
    sampler->left = mt_sample_draw(sampler, mt_options.sample_bytes);
    return keep(memory, size, call);
}

void *mt_sample_alloc(void *memory, size_t size, uintptr_t call) {
    /* One instruction, so that a handler comes before or after it. */
    if (MT_LIKELY((mt_sampler.left -= (int64_t)(size + !size)) > 0))
        return memory;
    if (is_tiered)
        return mt_record_tiered(memory, size, call);
    return alloc_slow(memory, size, call);
}

void mt_sample_free(void *memory, uintptr_t call) {
    if (mt_sample_take(memory))
        mt_record_free(memory, call);
}

uint64_t mt_sample_before(const void *old) {
    int state = mt_record_state();

    if (MT_UNLIKELY(state == MT_RECORDING_UNKNOWN))
        state = learn_state();
    if (state >= MT_RECORDING_OFF || state == MT_RECORDING_UNKNOWN)
        return state == MT_RECORDING_OFF ? 0 : mt_stamp(&mt_local, old);
    return mt_sample_may_have(old) && mt_sample_take(old) ? mt_stamp(&mt_local, old) : 0;
}

void *mt_sample_reallocated(void *old, uint64_t before, void *memory, size_t size, uintptr_t call) {
    if (before) {
        if (memory || size == 0)
            mt_record_events(&(struct mt_event){MT_OP_FREE, old, 0, call, before}, 1);
        else
            mt_sample_add(old);
    }
    return memory && mt_record_state() <= MT_RECORDING_SAMPLED ? mt_sample_alloc(memory, size, call)
                                                               : memory;
}

/* Life cycle */

static char description[256] = "all";

static void add_rate(struct mt_text *text, const char *name, uint64_t millionths) {
    mt_text_add(text, name);
    mt_text_add_number(text, millionths);
    mt_text_add(text, "ppm");
}

static void describe(void) {
    struct mt_text text = MT_TEXT(description);

    if (mt_options.sample == MT_SAMPLE_POISSON) {
        mt_text_add(&text, "poisson:");
        mt_text_add_number(&text, mt_options.sample_bytes);
        return;
    }
    mt_text_add(&text, "tiered:large=");
    mt_text_add_number(&text, rule.large);
    mt_text_add(&text, ",medium=");
    mt_text_add_number(&text, rule.medium);
    add_rate(&text, ",large_rate=", rule.rates[LARGE]);
    add_rate(&text, ",medium_rate=", rule.rates[MEDIUM]);
    add_rate(&text, ",small_rate=", rule.rates[SMALL]);
    mt_text_add(&text, ",boost_threshold=");
    mt_text_add_number(&text, rule.boost_threshold);
}

const char *mt_sample_description(void) {
    return description;
}

static uint64_t given_or(uint64_t given, uint64_t preset) {
    return given ? given : preset;
}

bool mt_sample_start(void) {
    struct mt_sample_rule preset;

    if (mt_options.sample == MT_SAMPLE_ALL)
        return false;
    preset = mt_sample_preset(mt_options.sample_preset);
    preset.large = given_or(mt_options.sample_large, preset.large);
    preset.medium = given_or(mt_options.sample_medium, preset.medium);
    preset.rates[LARGE] = given_or(mt_options.sample_large_rate, preset.rates[LARGE]);
    preset.rates[MEDIUM] = given_or(mt_options.sample_medium_rate, preset.rates[MEDIUM]);
    preset.rates[SMALL] = given_or(mt_options.sample_small_rate, preset.rates[SMALL]);
    preset.boost_threshold = given_or(mt_options.sample_boost_threshold, preset.boost_threshold);
    mt_sample_use_rule(&preset);
    is_tiered = mt_options.sample == MT_SAMPLE_TIERED;
    base_seed = mt_options.sample_seed ? mt_options.sample_seed : fresh_seed();
    describe();
    return true;
}

void mt_sample_after_fork(bool child) {
    static uint64_t forks;

    forks++;
    if (!child)
        return;
    base_seed = mt_options.sample_seed ? mix(base_seed + forks, UINT64_C(0x9fb21c651e98df25))
                                       : fresh_seed();
    mt_sampler = (struct mt_sampler){0};
}
