/* libc return|exit|threads: calls functions of the C library that allocate, frees what has to be
 * freed or, without return, leaves some of it; in the end exits below main, or after threads. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fnmatch.h>
#include <fts.h>
#include <glob.h>
#include <grp.h>
#include <iconv.h>
#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <netdb.h>
#include <obstack.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wordexp.h>

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

static bool keep;

static void drop(void *block) {
    if (!keep)
        free(block);
}

static void strings(void) {
    char *text = NULL;
    wchar_t *wide = wcsdup(L"wide characters");
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);

    for (int i = 0; memory != NULL && i < 3000; i++)
        fprintf(memory, "line %d\n", i);
    fclose(memory);
    drop(text);
    if (asprintf(&text, "%s %d", "formatted", 42) > 0)
        drop(text);
    drop(strdup("copied"));
    drop(strndup("copied in part", 6));
    drop(wide);
    drop(realpath("/usr/bin/../lib", NULL));
    drop(getcwd(NULL, 0));
    printf("%zu\n", size);
}

static void streams(void) {
    char *line = NULL;
    size_t size = 0, lines = 0;
    FILE *file = tmpfile();

    setvbuf(file, NULL, _IOFBF, 30000);
    for (int i = 0; i < 1000; i++)
        fprintf(file, "%*d\n", i % 300 + 1, i);
    rewind(file);
    while (getline(&line, &size, file) >= 0)
        lines++;
    free(line);
    line = NULL;
    rewind(file);
    if (fscanf(file, "%ms", &line) == 1)
        drop(line);
    if (!keep)
        fclose(file);
    file = popen("echo from a child", "r");
    fwide(file, 1);
    wchar_t word[20];
    if (fwscanf(file, L"%19ls", word) == 1)
        printf("%zu %ls\n", lines, word);
    pclose(file);
}

static void directories(void) {
    struct dirent **names = NULL;
    glob_t found;
    wordexp_t words;
    char *const roots[] = {(char *)"/usr/share/common-licenses", NULL};
    size_t entries = 0;
    DIR *directory = opendir("/");
    int count = scandir("/usr/share/common-licenses", &names, NULL, alphasort);

    while (directory != NULL && readdir(directory) != NULL)
        entries++;
    if (!keep)
        closedir(directory);
    for (int i = 0; i < count; i++)
        drop(names[i]);
    drop(names);
    if (glob("/usr/share/*/GPL*", 0, NULL, &found) == 0 && !keep)
        globfree(&found);
    if (wordexp("$HOME/* ~ 'a b' c", &words, WRDE_NOCMD) == 0 && !keep)
        wordfree(&words);
    FTS *tree = fts_open(roots, FTS_PHYSICAL, NULL);
    while (fts_read(tree) != NULL)
        entries++;
    if (!keep)
        fts_close(tree);
    printf("%d %d\n", count > 0, entries > 0);
}

static void locales(void) {
    char in[] = "caf\xe9", out[64], *from = in, *to = out;
    size_t left = strlen(in), room = sizeof out;
    iconv_t converter = iconv_open("UTF-16", "ISO-8859-15");
    locale_t locale = newlocale(LC_ALL_MASK, "C.UTF-8", NULL);

    if (converter != (iconv_t)-1) {
        iconv(converter, &from, &left, &to, &room);
        if (!keep)
            iconv_close(converter);
    }
    printf("%s %zu\n", setlocale(LC_ALL, "C.UTF-8"), sizeof out - room);
    printf("%s %s\n", nl_langinfo(CODESET), gettext("File exists"));
    textdomain("memtrack");
    bindtextdomain("memtrack", "/usr/share/locale");
    if (locale != NULL && !keep)
        freelocale(locale);
    setlocale(LC_ALL, "C");
}

static void patterns(void) {
    regex_t expression;
    regmatch_t match[2];

    if (regcomp(&expression, "\\([a-z]*\\)[0-9]\\{1,20\\}x*\\1", REG_ICASE) == 0) {
        printf("%d\n", regexec(&expression, "abc123xxabc", 2, match, 0));
        if (!keep)
            regfree(&expression);
    }
    printf("%d\n", fnmatch("*[[:alpha:]]?(x|y)", "123abx", FNM_EXTMATCH));
}

static int compare(const void *one, const void *other) {
    return strcmp(one, other);
}

static int compare_long(const void *one, const void *other) {
    return memcmp(one, other, 64);
}

static void tables(void) {
    static char sorted[4096][64];
    struct obstack stack;
    void *root = NULL;

    for (int i = 0; i < 4096; i++)
        snprintf(sorted[i], sizeof sorted[i], "%d", i * 7919 % 4096);
    qsort(sorted, 4096, sizeof sorted[0], compare_long); /* takes memory for merging */
    for (int i = 0; i < 100; i++)
        tsearch(sorted[i], &root, compare);
    if (!keep)
        tdestroy(root, (void (*)(void *))strlen);
    hcreate(500);
    if (!keep)
        hdestroy();
    obstack_init(&stack);
    for (int i = 0; i < 2000; i++)
        obstack_grow(&stack, sorted[i], 8);
    printf("%s %zu\n", sorted[1], (size_t)obstack_object_size(&stack));
    if (!keep)
        obstack_free(&stack, NULL);
}

static void never_called(void) {
}

static void system_data(void) {
    /* setenv copies it, and valgrind adds to what there is. */
    static char *variables[] = {(char *)"HOME=/", (char *)"PATH=/usr/bin:/bin", NULL};
    struct addrinfo *addresses = NULL;
    struct passwd *user = getpwuid(0);
    struct group *group = getgrgid(0);

    printf("%s %s\n", user != NULL ? user->pw_name : "", group != NULL ? group->gr_name : "");
    if (getaddrinfo("127.0.0.1", "80", NULL, &addresses) == 0 && !keep)
        freeaddrinfo(addresses);
    environ = variables;
    setenv("MEMTRACK_BALANCE", "a new variable of the environment", 1);
    putenv(strdup("MEMTRACK_OTHER=another"));
    unsetenv("MEMTRACK_BALANCE");
    tzset();
    setenv("TZ", "Europe/Berlin", 1);
    time_t zero = 0;
    printf("%s", asctime(localtime(&zero)));
    for (int i = 0; i < 100; i++)
        atexit(never_called);
    void *library = dlopen("libm.so.6", RTLD_NOW);
    printf("%d %d\n", library != NULL, dlopen("there-is-none.so", RTLD_NOW) == NULL);
    printf("%zu\n", strlen(dlerror()) > 0 ? (size_t)1 : 0);
    if (library != NULL && !keep)
        dlclose(library);
}

static pthread_key_t key;
static __thread char *of_thread;

static void *run(void *argument) {
    of_thread = strdup("found by nobody");
    pthread_setspecific(key, malloc(100));
    pthread_setname_np(pthread_self(), "worker");
    printf("%d\n", strerror(12345) != NULL); /* keeps its text in memory of the thread */
    return argument != NULL ? argument : strdup("result");
}

static void threads(void) {
    pthread_t all[6];

    pthread_key_create(&key, free);
    for (int i = 0; i < 6; i++)
        pthread_create(&all[i], NULL, run, NULL);
    for (int i = 0; i < 6; i++) {
        void *result;
        pthread_join(all[i], &result);
        drop(result);
    }
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "return";

    keep = strcmp(how, "return") != 0;
    strings();
    streams();
    directories();
    locales();
    patterns();
    tables();
    system_data();
    if (strcmp(how, "threads") == 0)
        threads();
    if (strcmp(how, "exit") == 0)
        exit(0);
    return 0;
}
