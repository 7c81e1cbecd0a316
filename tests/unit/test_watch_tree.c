/* What a watch sees: the tree, and the second look of a sweep. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "origin.h"
#include "watch_log.h"
#include "watch_sweep.h"
#include "watch_tree.h"

/* ---- a folder to work in ----------------------------------------------------------- */

static char folder[64];

static int enter_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/scantling-tree-XXXXXX");
    return mkdtemp(folder) && chmod(folder, 0755) == 0 && chdir(folder) == 0
               ? mkdir("in", 0777)
               : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int leave_folder(void **state)
{
    (void)state;
    return chdir("/") == 0 ? nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) : -1;
}

static void make_file(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    close(fd);
}

/* ---- the tree ---------------------------------------------------------------------- */

static char seen[256]; /* "found a.jpg; gone b.jpg; " */

static void see(void *ctx, enum sct_sight sight, const char *key)
{
    static const char *const words[] = {"found",       "created",    "complete", "gone",
                                        "folder gone", "unreadable", "overflow"};
    const size_t n = strlen(seen);
    (void)ctx;
    snprintf(seen + n, sizeof seen - n, "%s %s; ", words[sight], key);
}

/* root may do everything. */
static void become_nobody(int is_nobody)
{
    enum { NOBODY = 65534 };
    if (getuid() == 0)
        assert_int_equal(seteuid(is_nobody ? NOBODY : 0), 0);
}

static void scan(sct_tree *tree)
{
    seen[0] = '\0';
    become_nobody(1);
    assert_int_equal(sct_tree_scan(tree, 1), SCT_OK);
    become_nobody(0);
}

static void read_events(sct_tree *tree)
{
    seen[0] = '\0';
    become_nobody(1);
    assert_int_equal(sct_tree_read(tree), SCT_OK);
    become_nobody(0);
}

static void what_cannot_be_read_is_said_once(void **state)
{
    char message[256];
    sct_tree *tree;
    (void)state;
    assert_int_equal(mkdir("in/x", 0755), 0);
    assert_int_equal(mkdir("in/x/locked", 0755), 0);
    make_file("in/x/locked/a.jpg");
    assert_int_equal(chmod("in/x/locked", 0), 0);
    assert_int_equal(sct_tree_create(&tree, "in", see, NULL, message, sizeof message),
                     SCT_OK);
    scan(tree);
    assert_string_equal(seen, "unreadable x/locked; ");
    assert_false(sct_tree_is_blind(tree));
    scan(tree);
    assert_string_equal(seen, "");
    assert_int_equal(chmod("in/x/locked", 0755), 0); /* and now it can */
    read_events(tree);
    assert_string_equal(seen, "found x/locked/a.jpg; ");
    make_file("in/x/locked/b.jpg");
    read_events(tree);
    assert_string_equal(seen, "created x/locked/b.jpg; complete x/locked/b.jpg; ");
    sct_tree_free(tree);
}

/* ---- the sweep --------------------------------------------------------------------- */

/* Between its two looks at the source, files come. */
int sct_watch_open_target(const struct sct_watch *watch, sct_store **out,
                          struct sct_report *report)
{
    make_file("in/new.jpg");
    make_file("in/new.jpg.part");
    make_file("in/.new.jpg");
    assert_int_equal(mkdir("in/.upload", 0777), 0);
    make_file("in/.upload/new.jpg");
    return sct_store_open(out, watch->target, NULL, report);
}

void sct_watch_log_event(const struct sct_options *o, const char *event, const char *text)
{
    (void)o;
    assert_string_equal(event, "removed");
    assert_string_equal(text, "out/gone.jpg/1.jpg");
}

void sct_watch_log_trouble(const struct sct_options *o, const char *format, ...)
{
    (void)o;
    fail_msg("%s", format);
}

static int wants_no_end(void *ctx)
{
    (void)ctx;
    return 0;
}

static void put_output_of(const char *url, const char *source)
{
    const struct sct_store_spec spec = {.makes_folder = 1};
    struct sct_report report;
    struct sct_origin origin = {.etag = "e"};
    struct sct_attributes attributes = {0};
    const struct sct_put put = {.attributes = &attributes};
    sct_store *s;
    assert_int_equal(sct_origin_hash(origin.source, url, source), SCT_OK);
    assert_int_equal(sct_origin_write(&origin, &attributes), SCT_OK);
    assert_int_equal(sct_store_open(&s, "out", &spec, &report), SCT_OK);
    assert_int_equal(sct_store_put(s, "gone.jpg/1.jpg", "x", 1, &put, NULL), SCT_OK);
    sct_store_close(s);
}

static void newcomers_with_ignored_names_are_not_queued(void **state)
{
    static const struct sct_watch_options options;
    struct sct_watch *const w = calloc(1, sizeof *w);
    (void)state;
    assert_non_null(w);
    w->options = &options;
    w->source_url = "file:///in";
    w->target = "out";
    w->source = open("in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(sct_queue_create(&w->queue), SCT_OK);
    put_output_of(w->source_url, "gone.jpg");
    assert_int_equal(sct_watch_sweep(w, "", 1, wants_no_end, NULL), SCT_OK);
    sct_queue_close(w->queue);
    struct sct_entry *const e = sct_queue_take(w->queue);
    assert_string_equal(e->key, "new.jpg");
    sct_queue_finish(w->queue, e);
    assert_null(sct_queue_take(w->queue));
    sct_queue_free(w->queue);
    close(w->source);
    free(w);
}

#define IN_A_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(what_cannot_be_read_is_said_once),
        IN_A_FOLDER(newcomers_with_ignored_names_are_not_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
