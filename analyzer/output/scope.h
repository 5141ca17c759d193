/* The part of what was recorded that a report is about, told. */
#ifndef MT_OUTPUT_SCOPE_H
#define MT_OUTPUT_SCOPE_H

#include "model/report.h"

#include <jansson.h>
#include <stdio.h>

bool scope_is_all(const struct report_scope *scope);

/* Whether places are left out, so that the peak is not one of what is left. */
bool scope_of_places(const struct report_scope *scope);

/* Lines of the summary; none for everything. */
void scope_print(FILE *out, const struct report_scope *scope);

json_t *scope_object(const struct report_scope *scope);

#endif
