/* Keeps an inventory of N items and prices it; with --fork, in a child, too. What REGRESSION plants
 * is what such programs get wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct item {
    struct item *next;
    char *name;
    long price;
};

static struct item *add_item(struct item *list, long number) {
    struct item *item = malloc(sizeof(*item));
    char name[32];

    if (!item)
        exit(1);
    snprintf(name, sizeof(name), "item %ld", number);
    item->name = strdup(name);
    item->price = number % 100;
    item->next = list;
    return item;
}

/* Runs once for each item: it is to allocate nothing. */
static long price_of(const struct item *item) {
#ifdef REGRESSION
    char *volatile copy = strdup(item->name);

    free(copy);
#endif
    return item->price;
}

static long total(const struct item *list) {
    long sum = 0;

    for (; list; list = list->next)
        sum += price_of(list);
    return sum;
}

static void free_list(struct item *list) {
    while (list) {
        struct item *next = list->next;

#ifdef REGRESSION
        /* The name is forgotten where it is long. */
        if (strlen(list->name) < 7)
            free(list->name);
#else
        free(list->name);
#endif
        free(list);
        list = next;
    }
}

/* A table of prices to look up. */
static long *make_table(long count) {
#ifdef REGRESSION
    size_t room = (size_t)count * 64;
#else
    size_t room = (size_t)count;
#endif
    long *table = calloc(room, sizeof(*table));

    if (!table)
        exit(1);
    return table;
}

static void run(long count) {
    long *table = make_table(count);
    struct item *list = NULL;

    for (long i = 0; i < count; i++) {
        list = add_item(list, i);
        table[i] = list->price;
    }
    printf("%ld items, worth %ld, the last %ld\n", count, total(list), table[count - 1]);
    free_list(list);
    free(table);
}

int main(int argument_count, char **arguments) {
    long count = argument_count > 1 ? atol(arguments[argument_count - 1]) : 0;

    if (count <= 0) {
        fprintf(stderr, "usage: inventory [--fork] ITEMS\n");
        return 3;
    }
    if (argument_count > 2 && strcmp(arguments[1], "--fork") == 0) {
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
            run(count);
            return 0;
        }
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
            return 1;
    }
    run(count);
    return 0;
}
