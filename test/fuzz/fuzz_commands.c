/* Every command of memtrack that reads traces, called as main calls it, on a file of arbitrary
 * bytes and with options that the input chooses. What it says is done must be: exit statuses are
 * the three there are, and JSON is JSON.
 *
 * A new command is a line of the table, a new option one of the choices. */
#define XXH_INLINE_ALL
#include "commands.h"
#include "fuzz_input.h"
#include "memtrack/trace_format.h"
#include "trace/crew.h"
#include "util/elf_symbols.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
const char *__asan_default_options(void);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an option may be; "" is no option. */
enum { VALUES = 8 };
static const char *const choices[][VALUES] = {
#define FORMAT 0
    {"", "--format=json", "--format=json", "--format=text", "--format=json", "", "", "--format=x"},
#define BY 1
    {"", "--by=context", "--by=site", "--by=function", "--by=file", "--by=type", "--by=thread",
     "--by=name"},
#define SORT 2
    {"", "--sort=peak", "--sort=leaked", "--sort=allocated", "--sort=count", "--sort=temporary",
     "--sort=lifetime", ""},
#define LIMIT 3
    {"", "--limit=0", "--limit=1", "--limit=3", "", "", "", ""},
#define FOLD 4
    {"", "--no-fold", "", "", "--no-fold", "", "", ""},
#define PLACES 5
    {"", "--match=main", "--match=a|e", "--tag=request 17", "--module=program", "--match=^$", "",
     ""},
#define SINCE 6
    {"", "--since=1us", "--since=1ms", "--since=2ms", "", "", "", ""},
#define UNTIL 7
    {"", "--until=1500us", "--until=3ms", "--until=1h", "", "", "", ""},
#define WHO 8
    {"", "--thread=1", "--thread=worker", "--phase=load", "--phase=serve", "", "", ""},
#define MIN_BYTES 9
    {"", "--min-bytes=1", "--min-bytes=1K", "--min-bytes=1G", "", "", "", ""},
#define VIEW 10
    {"", "--view=top-down", "--view=bottom-up", "--view=contexts", "--pools", "--pool=arena", "",
     ""},
#define SHARE 11
    {"", "--min-share=0", "--min-share=10", "--min-share=100", "", "", "", ""},
#define COST 12
    {"", "--cost=peak", "--cost=allocated", "--cost=leaked", "--cost=temporary", "--cost=count", "",
     ""},
#define UNIT 13
    {"", "--unit=count", "--unit=bytes", "", "", "", "", ""},
#define VERIFY 14
    {"", "--verify", "", "", "--verify", "", "", ""},
#define LINES 15
    {"", "--function=main", "--file=main.c", "--file=src/load.cc", "--function=grow", "--file=c",
     "", ""},
#define SHOWN 16
    {"", "--full", "--context=0", "--source=/usr/include", "", "", "", ""},
#define AT 17
    {"", "--at=end", "--at=50%", "--at=2ms", "--at=1us", "--at=peak", "", ""},
#define POINTS 18
    {"", "--points=1", "--points=7", "--width=20", "--height=1", "--ascii", "--width=300", ""},
#define LIMITS 19
    {"", "--large=1", "--small=1K", "--soon=1h", "--stay=1us", "", "", ""},
};
enum { CHOICES = sizeof(choices) / sizeof(choices[0]) };
_Static_assert(3 * CHOICES <= 64, "the input's choices have room for them");

#define HAS(choice) (1u << (choice))
#define SCOPE (HAS(PLACES) | HAS(SINCE) | HAS(UNTIL) | HAS(WHO))

static const struct {
    const char *name;
    int (*run)(int count, char **arguments);
    unsigned choices;
    unsigned traces; /* at most; 2 is any number */
    bool lines;      /* its JSON is one value a line */
} commands[] = {
    {"report", cmd_report,
     SCOPE | HAS(FORMAT) | HAS(BY) | HAS(SORT) | HAS(LIMIT) | HAS(FOLD) | HAS(MIN_BYTES) |
         HAS(VIEW) | HAS(SHARE),
     2, false},
    {"annotate", cmd_annotate,
     SCOPE | HAS(FORMAT) | HAS(SORT) | HAS(LIMIT) | HAS(FOLD) | HAS(MIN_BYTES) | HAS(LINES) |
         HAS(SHOWN),
     2, false},
    {"flame", cmd_flame, SCOPE | HAS(COST) | HAS(UNIT) | HAS(FOLD), 2, false},
    {"peak", cmd_peak,
     SCOPE | HAS(FORMAT) | HAS(BY) | HAS(LIMIT) | HAS(FOLD) | HAS(MIN_BYTES) | HAS(AT), 2, false},
    {"timeline", cmd_timeline, SCOPE | HAS(FORMAT) | HAS(BY) | HAS(LIMIT) | HAS(FOLD) | HAS(POINTS),
     2, false},
    {"threads", cmd_threads,
     SCOPE | HAS(FORMAT) | HAS(BY) | HAS(SORT) | HAS(LIMIT) | HAS(MIN_BYTES), 2, false},
    {"lifetimes", cmd_lifetimes,
     SCOPE | HAS(FORMAT) | HAS(BY) | HAS(SORT) | HAS(LIMIT) | HAS(FOLD) | HAS(MIN_BYTES) |
         HAS(LIMITS),
     2, false},
    {"errors", cmd_errors, HAS(FORMAT) | HAS(LIMIT) | HAS(FOLD), 2, false},
    {"info", cmd_info, HAS(VERIFY), 1, false},
    {"dump", cmd_dump, HAS(FORMAT), 1, true},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* What costs most and finds least: filling what is allocated, keeping much of what is freed. */
const char *__asan_default_options(void) {
    return "max_malloc_fill_size=0:quarantine_size_mb=8:malloc_context_size=6:"
           "detect_stack_use_after_return=0";
}

/* In place of the machine's libraries, which fuzz_elf does without: the inputs mean the same
 * everywhere. */
void elf_symbols_find(const char *path, struct elf_wanted *wanted, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (wanted[i].address & 4 && !(wanted[i].name = strdup(path)))
            abort();
    }
}

static char directory[64], first[96], second[96], live[96 + sizeof(MT_LIVE_SUFFIX)];

static void remove_files(void) {
    unlink(first);
    unlink(second);
    unlink(live);
    rmdir(directory);
}

/* Files in memory, and no word on the terminal but the fuzzer's, which knows the stream by its
 * address. */
int LLVMFuzzerInitialize(int *count, char ***arguments) {
    (void)count;
    (void)arguments;
    snprintf(directory, sizeof(directory), "/dev/shm/memtrack-fuzz.XXXXXX");
    if (!mkdtemp(directory)) {
        snprintf(directory, sizeof(directory), "/tmp/memtrack-fuzz.XXXXXX");
        if (!mkdtemp(directory))
            abort();
    }
    snprintf(first, sizeof(first), "%s/first.mtrace", directory);
    snprintf(second, sizeof(second), "%s/second.mtrace", directory);
    snprintf(live, sizeof(live), "%s%s", first, MT_LIVE_SUFFIX);
    atexit(remove_files);
    stderr = fopen("/dev/null", "we");
    if (!stderr)
        abort();
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        abort();
    close(fd);
}

/* The same trace, as of a process that the first one's forked; unless it is too short to say so. */
static bool write_second(const uint8_t *trace, size_t size) {
    struct mt_file_header header;
    uint8_t *copy;

    if (size < sizeof(header))
        return false;
    copy = malloc(size);
    if (!copy)
        abort();
    memcpy(copy, trace, size);
    memcpy(&header, copy, sizeof(header));
    header.parent_trace_id = header.trace_id;
    header.trace_id++;
    header.checksum = XXH3_64bits(&header, offsetof(struct mt_file_header, checksum));
    memcpy(copy, &header, sizeof(header));
    write_file(second, copy, size);
    free(copy);
    return true;
}

static void write_live(const uint8_t *trace, size_t trace_size, const uint8_t *data, size_t size) {
    struct mt_file_header file;
    struct mt_live_header header = {
        .version = MT_TRACE_VERSION, .segment_size = MT_LIVE_SEGMENT, .pid = 1};
    int fd = open(live, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off_t at = MT_LIVE_SEGMENT;

    if (fd < 0)
        abort();
    memcpy(header.magic, MT_LIVE_MAGIC, MT_FILE_MAGIC_SIZE);
    if (trace_size >= sizeof(file)) {
        memcpy(&file, trace, sizeof(file));
        header.trace_id = file.trace_id;
        header.version = file.version;
        header.pid = file.pid;
    }
    if (pwrite(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
        abort();
    while (size >= MT_LIVE_HEAD) {
        struct mt_live_head head;
        size_t used;

        memcpy(&head, data, sizeof(head));
        used = head.kind == MT_LIVE_EVENTS ? (size_t)head.used * 8 : head.used;
        used = used < size - MT_LIVE_HEAD ? used : size - MT_LIVE_HEAD;
        used = used < MT_LIVE_SEGMENT - MT_LIVE_HEAD ? used : MT_LIVE_SEGMENT - MT_LIVE_HEAD;
        if (pwrite(fd, data, MT_LIVE_HEAD + used, at) != (ssize_t)(MT_LIVE_HEAD + used))
            abort();
        data += MT_LIVE_HEAD + used;
        size -= MT_LIVE_HEAD + used;
        at += MT_LIVE_SEGMENT;
    }
    if (ftruncate(fd, at) != 0)
        abort();
    close(fd);
}

/* The JSON of a run that says it succeeded. */
static void check_json(const char *text, size_t size, bool lines) {
    const size_t flags = JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY;
    size_t at = 0;
    json_error_t error;

    do {
        json_t *value;

        if (at == size && lines)
            return;
        value = json_loadb(text + at, size - at, lines ? flags : 0, &error);
        if (!value) {
            fprintf(stdout, "%s in %.2000s\n", error.text, text + at);
            abort();
        }
        at += (size_t)error.position;
        while (at < size && text[at] == '\n')
            at++;
        json_decref(value);
    } while (lines);
}

static void run(const struct fuzz_head *head, bool has_second) {
    unsigned which = head->command % COMMANDS;
    char *arguments[CHOICES + 4] = {(char *)commands[which].name};
    FILE *terminal = stdout;
    bool json = false;
    int count = 1;
    char *text = NULL;
    size_t size = 0;
    int status;

    for (unsigned i = 0; i < CHOICES; i++) {
        const char *value = choices[i][head->choices >> 3 * i & 7];

        if (!(commands[which].choices & HAS(i)) || !value[0])
            continue;
        arguments[count++] = (char *)value;
        json |= strcmp(value, "--format=json") == 0;
    }
    arguments[count++] = first;
    if (has_second && commands[which].traces > 1)
        arguments[count++] = second;
    /* With threads that decode ahead, which are for traces of some size, or without. */
    crew_set_least(head->flags & FUZZ_CREW ? 1 : UINT64_MAX);
    stdout = open_memstream(&text, &size);
    if (!stdout)
        abort();
    status = commands[which].run(count, arguments);
    fclose(stdout);
    stdout = terminal;
    if (status < 0 || status > 2)
        abort();
    if (json && status != STATUS_ERROR)
        check_json(text, size, commands[which].lines);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_head head;
    size_t trace_size;
    bool has_second;

    if (size < sizeof(head))
        return -1;
    memcpy(&head, data, sizeof(head));
    data += sizeof(head);
    size -= sizeof(head);
    trace_size = head.trace_size < size ? head.trace_size : size;
    write_file(first, data, trace_size);
    has_second = head.flags & FUZZ_SECOND && write_second(data, trace_size);
    if (head.flags & FUZZ_LIVE)
        write_live(data, trace_size, data + trace_size, size - trace_size);
    run(&head, has_second);
    if (head.flags & FUZZ_LIVE)
        unlink(live);
    return 0;
}
