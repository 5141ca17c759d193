/* memtrack: the analyzer's commands. */
#include "commands.h"
#include "util/interrupt.h"

#include <signal.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(int count, char **arguments);
    const char *summary;
};

static const struct command commands[] = {
    {"run", cmd_run, "run an instrumented program, then report"},
    {"report", cmd_report, "what a trace says: peak, leaks, top calling contexts"},
    {"annotate", cmd_annotate, "source lines with what was allocated on them"},
    {"flame", cmd_flame, "folded stacks for flame graphs"},
    {"peak", cmd_peak, "who held the memory at the peak or any other moment"},
    {"timeline", cmd_timeline, "live bytes and allocations over time"},
    {"threads", cmd_threads, "what each thread allocates, and who frees it"},
    {"lifetimes", cmd_lifetimes, "how long blocks live and how large they are"},
    {"leaks", cmd_leaks, "what was live at the end, unreachable apart from reachable"},
    {"diff", cmd_diff, "what changed from one recording to another"},
    {"check", cmd_check, "whether a recording keeps to limits and rules, for CI"},
    {"errors", cmd_errors, "double, invalid and mismatched frees"},
    {"advise", cmd_advise, "what could be better: growth, churn, reallocs, contention"},
    {"info", cmd_info, "what a trace consists of and whether it is whole"},
    {"dump", cmd_dump, "the events of a trace, one a line"},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int print_help(void) {
    printf("Usage: memtrack COMMAND [OPTION]... [ARGUMENT]...\n"
           "\n"
           "Finds out where a program built with memtrack-cc gets its memory.\n"
           "\n"
           "Commands:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-9s %s\n", commands[i].name, commands[i].summary);
    printf("\n"
           "memtrack COMMAND --help tells a command's options; memtrack --version the version.\n"
           "\n"
           "Exit status: 0 done, 1 a check failed, 2 an error; memtrack run: the program's.\n");
    return STATUS_OK;
}

static int run_command(int count, char **arguments) {
    const char *name = count > 1 ? arguments[1] : NULL;

    if (!name)
        return command_error("no command given; see memtrack --help");
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return print_help();
    if (strcmp(name, "--version") == 0) {
        printf("memtrack %s, reads traces of versions %d to %d\n", MEMTRACK_VERSION,
               MT_TRACE_VERSION_MIN, MT_TRACE_VERSION);
        return STATUS_OK;
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(count - 1, arguments + 1);
    }
    return command_error("unknown %s '%s'; see memtrack --help",
                         name[0] == '-' ? "option" : "command", name);
}

int main(int count, char **arguments) {
    struct command_output output = {.file = stdout, .removed = -1};
    int status;

    /* So that a reader that goes away is a write error like any other. */
    signal(SIGPIPE, SIG_IGN);
    interrupt_catch();
    status = run_command(count, arguments);
    if (status == STATUS_OK && !command_output_close(&output))
        status = STATUS_ERROR;
    return status;
}
