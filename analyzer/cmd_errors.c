/* memtrack errors */
#include "commands.h"
#include "view_options.h"

static const char help[] =
    "Usage: memtrack errors [OPTION]... TRACE...\n"
    "\n"
    "Lists what a program did wrong with memory: frees of blocks that were freed already, of what\n"
    "never was a block, and by other functions than the allocation's.\n"
    "\n"
    "  --format text|json   default text; json: summary, process and errors of memtrack report\n"
    "  -o, --output FILE    write there instead of to standard output\n"
    "  --limit N            errors in the text; 0 for all (default 100)\n"
    "  --no-fold            show every frame\n" COMMAND_HELP_JOBS
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

static bool write_errors(FILE *out, struct session *session, const void *data,
                         struct error *error) {
    const struct view_options *view = data;

    return view->format->errors(out, &session->report, &view->options, error);
}

int cmd_errors(int count, char **arguments) {
    struct view_options view = {.format = &output_text, .options = {.limit = 100}};
    struct session_request request = {0};
    int status =
        view_options_parse("errors", count, arguments, &view,
                           VIEW_FORMAT | VIEW_OUTPUT | VIEW_LIMIT | VIEW_NO_FOLD, NULL, NULL, NULL);

    if (status != STATUS_OK)
        return status;
    if (view.help) {
        fputs(help, stdout);
        return STATUS_OK;
    }
    return session_write("errors", arguments + optind, (size_t)(count - optind), view.output,
                         &request, write_errors, &view);
}
