/* A chain as a plain list of frames with all their names, for what looks at chains of traces and of
 * saved reports alike. */
#ifndef MT_MODEL_FRAME_LIST_H
#define MT_MODEL_FRAME_LIST_H

#include "model/report.h"

/* Frames further out are left out, as JSON does. */
enum { MT_LISTED_FRAMES = 512 };

struct listed_frame {
    const char *symbol; /* linkage name */
    const char *name;   /* the C++ name behind it, or the same */
    const char *file;   /* "" unknown, like the module */
    const char *module;
    uint32_t line;
    bool foreign; /* of code that is not instrumented */
};

struct frame_list {
    struct listed_frame items[MT_LISTED_FRAMES]; /* innermost first */
    size_t count;
    uint8_t api; /* enum memtrack_api, of the innermost; which function gave the memory */
};

/* C++ names, made once for each linkage name of a trace. */
struct name_cache {
    struct id_map of_symbol;
    MT_LIST(char *) names;
};

void name_cache_free(struct name_cache *cache);

/* The C++ name of a symbol that lives as long as the cache; NULL when memory is short. */
const char *name_cache_get(struct name_cache *cache, const char *symbol);

/* One frame of a site. False when memory is short. */
bool frame_list_frame(struct listed_frame *listed, const struct site *site, uint32_t index,
                      struct name_cache *cache);

/* The chain of a row. False when memory is short. */
bool frame_list_fill(struct frame_list *list, const struct chains *chains, uint32_t context,
                     struct name_cache *cache);

/* Hashes that are equal for chains that differ in lines, columns, files' paths and modules'
 * directories only: the same functions, inlined ones too, in the same modules. */
uint64_t frame_list_hash(const struct frame_list *list);

/* The same of a site's frames from the place on. */
uint64_t frame_site_hash(const struct chain_place *place);

/* The same of all contexts, by index; to be freed, NULL when memory is short. */
uint64_t *frame_chain_hashes(const struct defs *defs);

#endif
