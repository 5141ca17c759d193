/* Errors of the program, one by one. Used by the formats only. */
#ifndef MT_OUTPUT_ERRORS_H
#define MT_OUTPUT_ERRORS_H

#include "output/output.h"

/* The text. */
bool errors_print(FILE *out, struct report *report, const struct report_options *options,
                  struct error *error);

/* Functions of a family, as text and JSON name them: how memory is got, and given back. */
const char *errors_allocator(uint8_t api);
const char *errors_deallocator(uint8_t api);

/* The family of the place, MT_API_UNKNOWN if it is not known. */
uint8_t errors_api(const struct report_place *place);

#endif
