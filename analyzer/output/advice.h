/* Advice as text and as JSON. */
#ifndef MT_OUTPUT_ADVICE_H
#define MT_OUTPUT_ADVICE_H

#include "model/advice/findings.h"
#include "output/output.h"

#include <stdio.h>

/* `limit`: findings shown, 0 for all. */
void advice_print(FILE *out, const struct report *report, const struct advice *advice,
                  const struct report_options *options);

/* False when memory is short. */
bool advice_write_json(FILE *out, const struct report *report, const struct advice *advice,
                       const struct report_options *options);

/* In words, for both: what it is called, what was found, in one or two sentences, and what to do
 * about it. */
const char *advice_title(enum finding_kind kind);
void advice_say_what(FILE *out, const struct finding *finding);
void advice_say_what_to_do(FILE *out, const struct finding *finding);

/* "high", "medium" or "low", by what it saves. */
const char *advice_severity(const struct finding *finding);

#endif
