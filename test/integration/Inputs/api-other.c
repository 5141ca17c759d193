/* A second file, since a program includes the header in many. */
#include "api-user.h"

int other(void);

int other(void) {
    return use_api();
}
