/* memtrack errors */
#include "commands.h"
#include "session.h"

#include <getopt.h>

static const char help[] =
    "Usage: memtrack errors [OPTION]... TRACE...\n"
    "\n"
    "Lists what a program did wrong with memory: frees of blocks that were freed already, of what\n"
    "never was a block, and by other functions than the allocation's.\n"
    "\n"
    "  --format text|json   default text; json: summary, process and errors of memtrack report\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --limit N            errors in the text; 0 for all (default 100)\n"
    "  --no-fold            show every frame\n"
    "  --help               this text\n"
    "\n"
    "  double free      of a block that a recorded free had ended, however long ago; a realloc of\n"
    "                   one, too. Where the first free was, is told as well\n"
    "  invalid free     of an address where no block ever began: on the stack, static, garbage, "
    "or\n"
    "                   inside a live block, which is then named\n"
    "  mismatched free  new with free, new[] with delete, malloc with delete, and so on\n"
    "\n"
    "Occurrences that have the same contexts of allocation and free are one error; address, time\n"
    "and thread are those of the first. A free's context is its call site without callers.\n"
    "\n"
    "Double and invalid frees can be told from frees of memory that was not recorded only where\n"
    "all of it was: not in statically linked programs and traces of older versions, after a "
    "pause,\n"
    "or where events were lost. There they are counted as frees of other memory. So are those of\n"
    "memory that a forked process inherited, unless its parent's trace is given, too.\n"
    "\n"
    "This is a report: the exit status is 0 whether there are errors or not, 2 if it could not be\n"
    "made.\n";

struct arguments {
    struct report_options options;
    const struct output_ops *format;
    const char *output;
    bool help;
};

static int parse(int count, char **arguments, struct arguments *parsed) {
    enum { FORMAT = 256, LIMIT, NO_FOLD, HELP };
    static const struct option options[] = {
        {"format", required_argument, NULL, FORMAT}, {"output", required_argument, NULL, 'o'},
        {"limit", required_argument, NULL, LIMIT},   {"no-fold", no_argument, NULL, NO_FOLD},
        {"help", no_argument, NULL, HELP},           {NULL, 0, NULL, 0},
    };

    optind = 1;
    for (;;) {
        int option = getopt_long(count, arguments, ":o:", options, NULL);

        switch (option) {
        case -1:
            return STATUS_OK;
        case FORMAT:
            if (!command_format(optarg, &parsed->format))
                return STATUS_ERROR;
            break;
        case 'o':
            parsed->output = optarg;
            break;
        case LIMIT:
            if (!command_limit("errors", optarg, &parsed->options.limit))
                return STATUS_ERROR;
            break;
        case NO_FOLD:
            parsed->options.no_fold = true;
            break;
        case HELP:
            parsed->help = true;
            return STATUS_OK;
        default:
            return command_bad_option("errors", arguments, option);
        }
    }
}

static bool write_errors(FILE *out, struct report *report, const void *data, struct error *error) {
    const struct arguments *arguments = data;

    return arguments->format->errors(out, report, &arguments->options, error);
}

int cmd_errors(int count, char **argument_list) {
    struct arguments arguments = {.format = &output_text, .options = {.limit = 100}};
    int status = parse(count, argument_list, &arguments);

    if (status != STATUS_OK)
        return status;
    if (arguments.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    return session_write("errors", argument_list + optind, (size_t)(count - optind),
                         arguments.output, write_errors, &arguments);
}
