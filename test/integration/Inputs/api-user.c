#include "api-user.h"

int other(void);

int main(void) {
    return use_api() + other();
}
