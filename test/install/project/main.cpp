#include <cstdlib>

extern "C" void *part_make(std::size_t size);

int main() {
    int *volatile leaked = new int[25];
    void *volatile kept = part_make(1000);
    std::free(kept);
    return leaked == nullptr;
}
