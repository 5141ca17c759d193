/* memtrack flame */
#include "commands.h"
#include "output/flame.h"
#include "session.h"

#include <getopt.h>
#include <string.h>

static const char help[] =
    "Usage: memtrack flame [OPTION]... TRACE...\n"
    "\n"
    "Writes folded stacks, the input of flamegraph.pl, inferno and speedscope: one line for each\n"
    "distinct stack, `outermost;...;innermost value`. Several traces are added up.\n"
    "\n"
    "  --cost WHAT          peak (default), allocated, leaked or temporary; count is the same as\n"
    "                       allocated in blocks. See memtrack report --help for what they mean\n"
    "  --unit bytes|count   bytes (default), or how many blocks\n"
    "  --no-fold            keep wrappers, library frames and recursion, which are folded as in\n"
    "                       memtrack report\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --help               this text\n"
    "\n"
    "Inlined frames end with _[i], the mark that flamegraph.pl --colors java knows. The values\n"
    "add up to the figure of the report's summary; stacks that cost nothing are left out. Of a\n"
    "stack deeper than 1,000 frames, the innermost frame is kept behind [deeper calls].\n"
    "\n"
    "  memtrack flame TRACE | flamegraph.pl --countname bytes > flame.svg\n";

struct arguments {
    struct flame_options options;
    const char *output;
    bool bytes; /* asked for */
    bool count;
    bool help;
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

static int parse(int count, char **arguments, struct arguments *parsed) {
    enum { COST = 256, UNIT, NO_FOLD, HELP };
    static const struct option options[] = {
        {"cost", required_argument, NULL, COST}, {"unit", required_argument, NULL, UNIT},
        {"no-fold", no_argument, NULL, NO_FOLD}, {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, HELP},       {NULL, 0, NULL, 0},
    };

    optind = 1;
    for (;;) {
        int option = getopt_long(count, arguments, ":o:", options, NULL);

        switch (option) {
        case -1:
            if (parsed->count && parsed->bytes)
                return command_error("flame: --cost count has no bytes: leave out --unit bytes");
            parsed->options.blocks |= parsed->count;
            return STATUS_OK;
        case COST:
            if (!parse_cost(optarg, parsed))
                return STATUS_ERROR;
            break;
        case UNIT:
            if (!parse_unit(optarg, parsed))
                return STATUS_ERROR;
            break;
        case NO_FOLD:
            parsed->options.no_fold = true;
            break;
        case 'o':
            parsed->output = optarg;
            break;
        case HELP:
            parsed->help = true;
            return STATUS_OK;
        default:
            return command_bad_option("flame", arguments, option);
        }
    }
}

static bool write_flame(FILE *out, struct report *report, const void *data, struct error *error) {
    const struct arguments *arguments = data;

    return flame_write(out, report, &arguments->options, error);
}

int cmd_flame(int count, char **argument_list) {
    struct arguments arguments = {.options = {.cost = FLAME_PEAK}};
    int status = parse(count, argument_list, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    return session_write("flame", argument_list + optind, (size_t)(count - optind),
                         arguments.output, write_flame, &arguments);
}
