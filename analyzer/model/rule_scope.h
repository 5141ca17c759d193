/* Which rows of a report a rule is about. */
#ifndef MT_MODEL_RULE_SCOPE_H
#define MT_MODEL_RULE_SCOPE_H

#include "model/frame_list.h"
#include "model/rules.h"

/* By row of the report's contexts; to be freed, NULL when memory is short. */
bool *rule_scope_rows(const struct rule_scope *scope, const struct report *report,
                      struct name_cache *cache);

#endif
