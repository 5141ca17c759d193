#include "hidden.h"

#include "address_set.h"

static struct mt_address_set hidden;
_Atomic bool mt_hidden_any;

void mt_hidden_add(const void *block) {
    atomic_store_explicit(&mt_hidden_any, true, memory_order_relaxed);
    mt_address_set_add(&hidden, block);
}

bool mt_hidden_remove(const void *block) {
    return mt_address_set_remove(&hidden, block);
}
