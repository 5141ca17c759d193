#include "api-user.h"

int main() {
    memtrack::tag tag("tag");
    memtrack::paused paused;

    return use_api();
}
