/* memtrack flame */
#include "commands.h"
#include "output/flame.h"
#include "view_options.h"

#include <string.h>

static const char help[] =
    "Usage: memtrack flame [OPTION]... TRACE...\n"
    "\n"
    "Writes folded stacks, the input of flamegraph.pl, inferno and speedscope: one line for each\n"
    "distinct stack, `outermost;...;innermost value`. Several traces are added up.\n"
    "\n"
    "  --cost WHAT          peak (default), allocated, leaked or temporary; count is the same as\n"
    "                       allocated in blocks. See memtrack report --help for what they mean\n"
    "  --at T               what was held at T instead of at the peak: a time since the start, as\n"
    "                       of --since; a share of the duration, as 50%; or end\n"
    "  --unit bytes|count   bytes (default), or how many blocks\n"
    "  --no-fold            keep wrappers, library frames and recursion, which are folded as in\n"
    "                       memtrack report\n"
    "  -o, --output FILE    write there instead of to standard output\n" VIEW_HELP_SCOPE
        COMMAND_HELP_JOBS "  --help               this text\n"
    "\n"
    "Inlined frames end with _[i], the mark that flamegraph.pl --colors java knows. The values\n"
    "add up to the figure of the report's summary; stacks that cost nothing are left out. Of a\n"
    "stack deeper than 1,000 frames, the innermost frame is kept behind [deeper calls].\n"
    "\n"
    "  memtrack flame TRACE | flamegraph.pl --countname bytes > flame.svg\n";

struct arguments {
    struct flame_options options;
    bool bytes; /* asked for */
    bool count;
};

static bool parse_cost(const char *name, struct arguments *parsed) {
    static const struct {
        const char *name;
        enum flame_cost cost;
    } costs[] = {
        {"peak", FLAME_PEAK},           {"allocated", FLAME_ALLOCATED}, {"leaked", FLAME_LEAKED},
        {"temporary", FLAME_TEMPORARY}, {"count", FLAME_ALLOCATED},
    };

    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        if (strcmp(costs[i].name, name) == 0) {
            parsed->options.cost = costs[i].cost;
            parsed->count = strcmp(name, "count") == 0;
            return true;
        }
    }
    command_error("flame: --cost does not know '%s'; see memtrack flame --help", name);
    return false;
}

static bool parse_unit(const char *name, struct arguments *parsed) {
    parsed->bytes = strcmp(name, "bytes") == 0;
    parsed->options.blocks = strcmp(name, "count") == 0;
    if (!parsed->bytes && !parsed->options.blocks)
        command_error("flame: --unit does not know '%s': bytes and count are known", name);
    return parsed->bytes || parsed->options.blocks;
}

enum { COST = VIEW_OWN, UNIT };

static int take(void *data, int option, const char *value) {
    bool good = option == COST ? parse_cost(value, data) : parse_unit(value, data);

    return good ? STATUS_OK : STATUS_ERROR;
}

static bool write_flame(FILE *out, struct session *session, const void *data, struct error *error) {
    return flame_write(out, &session->report, data, error);
}

int cmd_flame(int count, char **argument_list) {
    static const struct option own[] = {{"cost", required_argument, NULL, COST},
                                        {"unit", required_argument, NULL, UNIT},
                                        {NULL, 0, NULL, 0}};
    struct arguments arguments = {.options = {.cost = FLAME_PEAK}};
    struct view_options view = {0};
    struct session_request request;
    int status = view_options_parse("flame", count, argument_list, &view,
                                    VIEW_OUTPUT | VIEW_NO_FOLD | VIEW_PLACES | VIEW_TIMES | VIEW_AT,
                                    own, take, &arguments);

    if (status != STATUS_OK)
        return status;
    if (view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    if (arguments.count && arguments.bytes)
        return command_error("flame: --cost count has no bytes: leave out --unit bytes");
    if (view.at.kind != MOMENT_PEAK && arguments.options.cost != FLAME_PEAK)
        return command_error("flame: --at is a moment at which memory is held: leave out --cost");
    arguments.options.blocks |= arguments.count;
    arguments.options.no_fold = view.options.no_fold;
    request = (struct session_request){.scope = view.scope, .at = view.at};
    return session_write("flame", argument_list + optind, (size_t)(count - optind), view.output,
                         &request, write_flame, &arguments.options);
}
