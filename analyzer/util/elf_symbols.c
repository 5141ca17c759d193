#define _GNU_SOURCE
#include "util/elf_symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char debug_root[] = "/usr/lib/debug";

enum {
    MAX_NAME = 16384,
    MAX_ID = 64,         /* bytes of a build ID */
    MAX_OFFERS = 1 << 26 /* what a file costs whose symbols all span all of it */
};

struct elf_file {
    int fd;
    Elf *elf;
};

struct search {
    struct elf_wanted *wanted;
    size_t count;
    size_t offers;
    bool has_table; /* a full symbol table was seen */
};

static void close_file(struct elf_file *file) {
    elf_end(file->elf);
    if (file->fd >= 0)
        close(file->fd);
}

/* Reading, not mapping: a file may shrink. */
static bool open_file(struct elf_file *file, const char *path) {
    struct stat status;

    *file = (struct elf_file){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file->fd >= 0 && fstat(file->fd, &status) == 0 && S_ISREG(status.st_mode) &&
        elf_version(EV_CURRENT) != EV_NONE)
        file->elf = elf_begin(file->fd, ELF_C_READ, NULL);
    if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
        return true;
    close_file(file);
    return false;
}

static size_t first_at(const struct search *search, uint64_t address) {
    size_t low = 0;
    size_t high = search->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (search->wanted[middle].address >= address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Of several names for one function, that which people know it by: __strdup is strdup, too. */
static bool is_better(const struct elf_wanted *wanted, uint64_t start, const char *name,
                      size_t size, unsigned binding) {
    size_t underscores = strspn(name, "_");
    size_t others;

    if (!wanted->name || start != wanted->start)
        return !wanted->name || start > wanted->start;
    others = strspn(wanted->name, "_");
    if (underscores != others)
        return underscores < others;
    if (binding != wanted->binding)
        return binding == STB_GLOBAL || (binding == STB_WEAK && wanted->binding == STB_LOCAL);
    if (size != strlen(wanted->name))
        return size < strlen(wanted->name);
    return strncmp(name, wanted->name, size) < 0;
}

static void offer(struct search *search, const GElf_Sym *symbol, const char *name) {
    /* Names may have a version. */
    size_t size = strcspn(name, "@");
    unsigned binding = GELF_ST_BIND(symbol->st_info);

    if (size == 0 || size > MAX_NAME)
        return;
    for (size_t i = first_at(search, symbol->st_value);
         i < search->count && search->wanted[i].address - symbol->st_value < symbol->st_size &&
         search->offers < MAX_OFFERS;
         i++, search->offers++) {
        struct elf_wanted *wanted = &search->wanted[i];
        char *copy;

        if (!is_better(wanted, symbol->st_value, name, size, binding))
            continue;
        copy = strndup(name, size);
        if (!copy)
            return;
        free(wanted->name);
        wanted->name = copy;
        wanted->start = symbol->st_value;
        wanted->binding = binding;
    }
}

static bool is_function(const GElf_Sym *symbol) {
    unsigned type = GELF_ST_TYPE(symbol->st_info);

    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
           symbol->st_size != 0;
}

static void search_table(struct search *search, Elf *elf, Elf_Scn *section,
                         const GElf_Shdr *header) {
    Elf_Data *data = elf_getdata(section, NULL);
    uint64_t first = search->wanted[0].address;
    uint64_t last = search->wanted[search->count - 1].address;
    GElf_Sym symbol;

    for (int i = 0; data && gelf_getsym(data, i, &symbol) && i < INT32_MAX; i++) {
        const char *name;

        if (!is_function(&symbol) || symbol.st_value > last ||
            (symbol.st_value < first && first - symbol.st_value >= symbol.st_size))
            continue;
        name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (name)
            offer(search, &symbol, name);
    }
}

static void search_file(struct search *search, Elf *elf) {
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while ((section = elf_nextscn(elf, section))) {
        if (!gelf_getshdr(section, &header) ||
            (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
            continue;
        search->has_table |= header.sh_type == SHT_SYMTAB;
        search_table(search, elf, section, &header);
    }
}

struct build_id {
    uint8_t bytes[MAX_ID];
    size_t size; /* 0 none */
};

static bool read_notes(struct build_id *id, Elf_Data *data) {
    GElf_Nhdr note;
    size_t at = 0, name, content;

    while (data && (at = gelf_getnote(data, at, &note, &name, &content)) > 0) {
        const char *bytes = data->d_buf;

        if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") ||
            memcmp(bytes + name, "GNU", sizeof("GNU")) != 0 || note.n_descsz < 2 ||
            note.n_descsz > MAX_ID)
            continue;
        memcpy(id->bytes, bytes + content, note.n_descsz);
        id->size = note.n_descsz;
        return true;
    }
    return false;
}

static void find_build_id(struct build_id *id, Elf *elf) {
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    id->size = 0;
    while ((section = elf_nextscn(elf, section))) {
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_NOTE &&
            read_notes(id, elf_getdata(section, NULL)))
            return;
    }
}

/* The name of the debug file that the section .gnu_debuglink gives; false if there is none. */
static bool find_debug_link(Elf *elf, char *link, size_t size) {
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    size_t names;

    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    while ((section = elf_nextscn(elf, section))) {
        const char *name;
        Elf_Data *data;

        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS)
            continue;
        name = elf_strptr(elf, names, header.sh_name);
        if (!name || strcmp(name, ".gnu_debuglink") != 0)
            continue;
        data = elf_rawdata(section, NULL);
        if (!data || !data->d_buf || !memchr(data->d_buf, '\0', data->d_size))
            return false;
        /* A name, not a path. */
        return !strchr(data->d_buf, '/') &&
               snprintf(link, size, "%s", (const char *)data->d_buf) < (int)size;
    }
    return false;
}

/* True if there is a debug file of that name for the build. */
static bool search_debug_file(struct search *search, const char *path, const struct build_id *id) {
    struct elf_file file;
    struct build_id other;
    bool same;

    if (!open_file(&file, path))
        return false;
    find_build_id(&other, file.elf);
    same = other.size == id->size && memcmp(other.bytes, id->bytes, id->size) == 0;
    if (same)
        search_file(search, file.elf);
    close_file(&file);
    return same;
}

static bool search_by_id(struct search *search, const struct build_id *id) {
    char path[sizeof(debug_root) + 2 * MAX_ID + 32];
    int used = snprintf(path, sizeof(path), "%s/.build-id/%02x/", debug_root, id->bytes[0]);

    for (size_t i = 1; i < id->size; i++)
        used += snprintf(path + used, sizeof(path) - (size_t)used, "%02x", id->bytes[i]);
    snprintf(path + used, sizeof(path) - (size_t)used, ".debug");
    return search_debug_file(search, path, id);
}

static void search_by_link(struct search *search, const char *module, const char *link,
                           const struct build_id *id) {
    const char *slash = strrchr(module, '/');
    int size = slash ? (int)(slash - module) : 0;
    const struct {
        const char *root, *subdirectory;
    } places[] = {{"", ""}, {"", ".debug/"}, {debug_root, ""}};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char *path;
        bool found;

        if (asprintf(&path, "%s%.*s/%s%s", places[i].root, size, module, places[i].subdirectory,
                     link) < 0)
            return;
        found = strcmp(path, module) != 0 && search_debug_file(search, path, id);
        free(path);
        if (found)
            return;
    }
}

/* Without an ID nothing says that a debug file belongs to the module. */
static void search_debug_files(struct search *search, const char *path, Elf *elf) {
    struct build_id id;
    char link[256];

    find_build_id(&id, elf);
    if (id.size && !search_by_id(search, &id) && find_debug_link(elf, link, sizeof(link)))
        search_by_link(search, path, link, &id);
}

void elf_symbols_find(const char *path, struct elf_wanted *wanted, size_t count) {
    struct search search = {.wanted = wanted, .count = count};
    struct elf_file file;

    if (!count || path[0] != '/' || !open_file(&file, path))
        return;
    search_file(&search, file.elf);
    if (!search.has_table)
        search_debug_files(&search, path, file.elf);
    close_file(&file);
}
