/* The rules: which evidence is a finding. Used by findings.c only. */
#ifndef MT_MODEL_ADVICE_RULES_H
#define MT_MODEL_ADVICE_RULES_H

#include "model/advice/findings.h"

/* One context of one trace that the report is about. */
struct rule_place {
    const struct evidence *evidence;
    const struct context_evidence *context;
    const struct counters *counters; /* the report's */
};

/* Whether the context shows the pattern; then its figures and what it saves are set. Patterns of
 * contexts of one group are added up before rule_enough is asked. */
bool rule_applies(const struct rule_place *place, struct finding *finding);

/* Whether there is enough of it. */
bool rule_enough(const struct finding *finding);

/* The thread that holds the peak alone. */
bool rule_thread(const struct evidence *evidence, struct finding *finding);

#endif
