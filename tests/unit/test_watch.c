/* What a watch relies on: marks, keys, the queue's order, and
 * failures that are complete wherever the process was killed. */
#define _GNU_SOURCE 1
#include <errno.h>
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

#include "beneath.h"
#include "failures.h"
#include "keys.h"
#include "mark.h"
#include "move_file.h"
#include "status.h"
#include "tempfiles.h"
#include "variant_hash.h"
#include "walk.h"
#include "watch_queue.h"
#ifdef SCT_HAVE_STORES
#include "origin.h"
#include "watch_sources.h"
#endif

/* ---- a folder to work in ----------------------------------------------------------- */

static char folder[64];
static sct_tempfiles *tempfiles;

static int enter_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/scantling-watch-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 && mkdir("in", 0777) == 0
               ? sct_tempfiles_create_unguarded(&tempfiles)
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
    sct_tempfiles_free(tempfiles);
    return chdir("/") == 0 ? nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) : -1;
}

static void write_file(const char *path, const char *text)
{
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static const char *read_file(const char *path)
{
    static char text[8192];
    FILE *const f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static int is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* ---- moves ------------------------------------------------------------------------- */

int __wrap_renameat2(int from, const char *a, int to, const char *b, unsigned flags);
int __real_renameat2(int from, const char *a, int to, const char *b, unsigned flags);
int __wrap_linkat(int from, const char *a, int to, const char *b, int flags);
int __real_linkat(int from, const char *a, int to, const char *b, int flags);

static int rename_error; /* of every rename that must not overwrite; 0: none */
static int link_error;   /* of the next link */

int __wrap_renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
    if (!rename_error)
        return __real_renameat2(from, a, to, b, flags);
    errno = rename_error;
    return -1;
}

int __wrap_linkat(int from, const char *a, int to, const char *b, int flags)
{
    errno = link_error;
    link_error = 0;
    return errno ? -1 : __real_linkat(from, a, to, b, flags);
}

static void a_move_overwrites_nothing(void **state)
{
    static const struct {
        int rename_error, link_error;
    } cases[] = {
        {0, 0},
        {EINVAL, 0},     /* a file system that cannot promise it */
        {ENOSYS, 0},     /* or a kernel */
        {EINVAL, EPERM}, /* and the file is somebody else's */
    };
    const int source = open("in", O_RDONLY | O_DIRECTORY);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file("in/a", "new");
        write_file("there", "old");
        rename_error = cases[i].rename_error;
        assert_int_equal(sct_move_file(source, "a", "there", tempfiles), EEXIST);
        assert_string_equal(read_file("there"), "old");
        assert_string_equal(read_file("in/a"), "new");
        link_error = cases[i].link_error;
        assert_int_equal(sct_move_file(source, "a", "x/there", tempfiles), 0);
        assert_string_equal(read_file("x/there"), "new");
        assert_false(is_there("in/a"));
        assert_int_equal(link_error, 0);
        unlink("x/there");
    }
    rename_error = 0;
    close(source);
}

/* A folder on another file system, or NULL. */
static const char *make_folder_elsewhere(void)
{
    static const char *const roots[] = {"/dev/shm", "/run", "/var/tmp"};
    static char path[64];
    struct stat here, there;
    assert_int_equal(stat(".", &here), 0);
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        snprintf(path, sizeof path, "%s/scantling-watch-XXXXXX", roots[i]);
        if (stat(roots[i], &there) == 0 && there.st_dev != here.st_dev && mkdtemp(path))
            return path;
    }
    return NULL;
}

/* root may do everything. */
static void become_nobody(int is_nobody)
{
    enum { NOBODY = 65534 };
    if (getuid() == 0)
        assert_int_equal(seteuid(is_nobody ? NOBODY : 0), 0);
}

static void what_cannot_be_removed_leaves_no_copy(void **state)
{
    const char *const elsewhere = make_folder_elsewhere();
    const int source = open("in", O_RDONLY | O_DIRECTORY);
    char path[80];
    (void)state;
    if (!elsewhere) {
        close(source);
        skip();
        return; // which compilers do not know of skip()
    }
    snprintf(path, sizeof path, "%s/a", elsewhere);
    write_file("in/a", "bytes");
    assert_int_equal(chmod(elsewhere, 0777), 0);
    assert_int_equal(chmod("in", 0555), 0);
    become_nobody(1);
    const int error = sct_move_file(source, "a", path, tempfiles);
    become_nobody(0);
    assert_int_equal(chmod("in", 0777), 0);
    assert_int_equal(error, EACCES);
    assert_true(is_there("in/a"));
    assert_int_equal(rmdir(elsewhere), 0); /* there is nothing in it */
    close(source);
}

/* ---- marks and sources ------------------------------------------------------------- */

static void a_writer_is_noticed(void **state)
{
    write_file("a", "x");
    const int reader = open("a", O_RDONLY | O_CLOEXEC);
    const int other = open("a", O_RDONLY | O_CLOEXEC);
    (void)state;
    if (sct_mark_has_writer(reader) < 0) { /* no leases here */
        close(other);
        close(reader);
        skip();
    }
    assert_int_equal(sct_mark_has_writer(reader), 0);
    const int writer = open("a", O_WRONLY | O_CLOEXEC);
    assert_int_equal(sct_mark_has_writer(reader), 1);
    close(writer);
    assert_int_equal(sct_mark_has_writer(reader), 0);
    close(other);
    close(reader);
}

static void a_mark_is_that_of_one_version(void **state)
{
    char mark[SCT_MARK_BYTES];
    struct stat st;
    (void)state;
    write_file("in/a", "one");
    const int root = open("in", O_RDONLY | O_DIRECTORY);
    const int fd = sct_mark_open(root, "a", &st, mark);
    assert_true(fd >= 0);
    close(fd);
    assert_true(sct_mark_is_still(root, "a", mark));
    write_file("in/a", "four");
    assert_false(sct_mark_is_still(root, "a", mark));
    unlink("in/a");
    assert_false(sct_mark_is_still(root, "a", mark));
    assert_int_equal(sct_mark_open(root, "a", &st, mark), -ENOENT);
    assert_int_equal(sct_mark_open(root, "", &st, mark), -EISDIR);
    assert_int_equal(symlink("b", "in/a"), 0);
    assert_int_equal(sct_mark_open(root, "a", &st, mark), -ELOOP);
    close(root);
}

#ifdef SCT_HAVE_STORES
static void sources_are_known_by_their_hashes(void **state)
{
    char a[SCT_ORIGIN_SOURCE_BYTES], b[SCT_ORIGIN_SOURCE_BYTES],
        elsewhere[SCT_ORIGIN_SOURCE_BYTES], *missed;
    sct_sources *s;
    (void)state;
    assert_int_equal(mkdir("in/x", 0777), 0);
    write_file("in/x/a", "");
    write_file("in/c", "");
    assert_int_equal(sct_origin_hash(a, "file:///in", "x/a"), SCT_OK);
    assert_int_equal(sct_origin_hash(b, "file:///in", "x/b"), SCT_OK);
    assert_int_equal(sct_origin_hash(elsewhere, "file:///out", "x/a"), SCT_OK);
    const int root = open("in", O_RDONLY | O_DIRECTORY);
    assert_int_equal(sct_sources_create(&s, root, "file:///in", &missed), SCT_OK);
    assert_true(sct_sources_have(s, a));
    assert_false(sct_sources_have(s, b));
    assert_false(sct_sources_have(s, elsewhere));
    assert_false(sct_sources_have(s, ""));
    sct_sources_free(s);
    assert_false(sct_sources_may_have(root, "file:///in", b));
    assert_true(sct_sources_may_have(root, "file:///in", a));
    assert_true(sct_sources_may_have(-1, "file:///in", b)); /* cannot be found out */
    assert_true(sct_origin_is_same_store(a, b));
    assert_false(sct_origin_is_same_store(a, elsewhere));
    assert_false(sct_origin_is_same_store("", elsewhere));
    assert_string_equal(sct_origin_key(a), sct_origin_key(elsewhere));
    assert_string_equal(sct_origin_key(""), "");
    close(root);
}
#endif

/* ---- keys and hashes --------------------------------------------------------------- */

static void keys_are_filled_in(void **state)
{
    static const struct {
        const char *template, *source, *key;
    } cases[] = {
        {SCT_KEY_DEFAULT, "2024/summer/a.jpg", "2024/summer/a.jpg/large.jpg"},
        {SCT_KEY_DEFAULT, "a", "a/large.jpg"},
        {"{folder}{stem}-{name}.{ext}", "x/a.b.png", "x/a.b-large.jpg"},
        {"{{{stem}}}/{file}", "x/.hidden", "{.hidden}/.hidden"},
    };
    struct sct_variant v = sct_variant_default();
    (void)state;
    strcpy(v.name, "large");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[256];
        assert_int_equal(sct_key_check(cases[i].template, &v, 1, message, sizeof message),
                         SCT_OK);
        char *const key = sct_key_expand(cases[i].template, cases[i].source, &v,
                                         sct_encoder_find("jpeg"));
        assert_string_equal(key, cases[i].key);
        free(key);
    }
}

static void every_setting_changes_the_hash_and_the_name_does_not(void **state)
{
    const struct sct_variant v = sct_variant_default();
    struct sct_variant other[15];
    char hash[17], changed[17];
    (void)state;
    for (int i = 0; i < 15; i++)
        other[i] = v;
    other[0].width = 1;
    other[1].height = 1;
    other[2].fit = SCT_FIT_COVER;
    other[3].enlarge = 1;
    other[4].filter = sct_filter_find("area");
    other[5].format = sct_encoder_find("jpeg");
    other[6].quality--;
    other[7].subsampling = SCT_SUB_444;
    other[8].progressive = 1;
    other[9].icc = SCT_ICC_DROP;
    other[10].effort = 0;
    other[11].background[2] = 0;
    other[12].depth = 16;
    other[13].lossless = 1;
    other[14].max_bytes = 1000;
    sct_variant_hash(hash, &v, 0, 0);
    for (int i = 0; i < 15; i++) {
        sct_variant_hash(changed, &other[i], 0, 0);
        assert_string_not_equal(hash, changed);
    }
    sct_variant_hash(changed, &v, 1, 0);
    assert_string_not_equal(hash, changed);
    strcpy(other[0].name, "x");
    other[0].width = v.width;
    sct_variant_hash(changed, &other[0], 0, 0);
    assert_string_equal(hash, changed);
}

/* ---- the queue --------------------------------------------------------------------- */

static void keys_come_when_it_is_their_turn_and_once(void **state)
{
    sct_queue *q;
    char key[16];
    (void)state;
    assert_int_equal(sct_queue_create(&q), SCT_OK);
    const int64_t now = sct_queue_now();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            const int n = i * 7919 % 1000;
            snprintf(key, sizeof key, "%d", n);
            assert_int_equal(sct_queue_put(q, key, now - 1000 + n, SCT_SIGHT_FOUND),
                             SCT_OK);
        }
    }
    sct_queue_close(q);
    for (int i = 0; i < 1000; i++) {
        struct sct_entry *const e = sct_queue_take(q);
        assert_int_equal(atoi(e->key), i);
        sct_queue_finish(q, e);
    }
    assert_null(sct_queue_take(q));
    sct_queue_free(q);
}

static void what_is_put_while_it_runs_runs_again(void **state)
{
    sct_queue *q;
    (void)state;
    assert_int_equal(sct_queue_create(&q), SCT_OK);
    const int64_t now = sct_queue_now();
    sct_queue_put(q, "a", now, SCT_SIGHT_FOUND);
    struct sct_entry *e = sct_queue_take(q);
    assert_false(e->is_complete);
    sct_queue_put(q, "a", now, SCT_SIGHT_COMPLETE);
    sct_queue_return(q, e, now + 3600000); /* not that late, then */
    e = sct_queue_take(q);
    assert_true(e->is_complete);
    sct_queue_return(q, e, now + 3600000);
    sct_queue_put(q, "a", now, SCT_SIGHT_COMPLETE); /* somebody has just closed it */
    e = sct_queue_take(q);
    sct_queue_finish(q, e);
    sct_queue_close(q);
    assert_null(sct_queue_take(q));
    sct_queue_free(q);
}

static void what_comes_after_a_removal_is_not_complete(void **state)
{
    static const struct {
        enum sct_sight sight[3];
        int is_complete;
    } cases[] = {
        {{SCT_SIGHT_FOUND, SCT_SIGHT_GONE, SCT_SIGHT_FOUND}, 0},
        {{SCT_SIGHT_COMPLETE, SCT_SIGHT_GONE, SCT_SIGHT_FOUND}, 0},
        {{SCT_SIGHT_GONE, SCT_SIGHT_FOUND, SCT_SIGHT_COMPLETE}, 1},
        {{SCT_SIGHT_FOUND, SCT_SIGHT_COMPLETE, SCT_SIGHT_FOUND}, 1},
    };
    sct_queue *q;
    (void)state;
    assert_int_equal(sct_queue_create(&q), SCT_OK);
    const int64_t now = sct_queue_now();
    for (int runs = 0; runs < 2; runs++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            sct_queue_put(q, "a", runs ? now : now + 3600000, SCT_SIGHT_FOUND);
            struct sct_entry *const before = runs ? sct_queue_take(q) : NULL;
            for (int j = 0; j < 3; j++)
                sct_queue_put(q, "a", now, cases[i].sight[j]);
            if (before)
                sct_queue_finish(q, before);
            struct sct_entry *const e = sct_queue_take(q); /* at once */
            assert_int_equal(e->is_complete, cases[i].is_complete);
            sct_queue_finish(q, e);
        }
    }
    sct_queue_free(q);
}

static void a_queue_that_is_stopped_gives_nothing(void **state)
{
    sct_queue *q;
    (void)state;
    assert_int_equal(sct_queue_create(&q), SCT_OK);
    sct_queue_put(q, "a", 0, SCT_SIGHT_COMPLETE);
    sct_queue_stop(q);
    assert_null(sct_queue_take(q));
    sct_queue_free(q);
}

/* ---- failures ---------------------------------------------------------------------- */

static char mark[SCT_MARK_BYTES];

static sct_failures *open_failures(int source)
{
    sct_failures *f;
    char message[256];
    assert_int_equal(
        sct_failures_create(&f, "failed", source, tempfiles, message, sizeof message),
        SCT_OK);
    return f;
}

/* An input that fails, and what a process that was killed leaves of it: the intent, the
 * input where it was or where it goes, the line. */
static void leave_half_done(int is_here, int is_there_too, int has_line)
{
    static const char format[] = "{\"path\":\"a.jpg\",\"mark\":\"%s\",\"id\":\"x1\"}";
    struct stat st;
    char line[256];
    assert_int_equal(mkdir("failed", 0777) == 0 || errno == EEXIST, 1);
    assert_int_equal(mkdir("failed/.intents", 0777) == 0 || errno == EEXIST, 1);
    write_file("in/a.jpg", "broken");
    assert_int_equal(stat("in/a.jpg", &st), 0);
    sct_mark_print(mark, &st);
    snprintf(line, sizeof line, format, mark);
    FILE *const intent = fopen("failed/.intents/x1", "w");
    fwrite(line, 1, strlen(line) + 1, intent);
    fwrite("a.jpg", 1, 6, intent);
    fwrite("a.jpg", 1, 5, intent);
    fclose(intent);
    write_file("failed/failures.jsonl", "");
    if (has_line) {
        strcat(line, "\n");
        write_file("failed/failures.jsonl", line);
    }
    if (is_there_too) {
        const struct timespec times[2] = {st.st_atim, st.st_mtim};
        write_file("failed/a.jpg", "broken");
        assert_int_equal(utimensat(AT_FDCWD, "failed/a.jpg", times, 0), 0);
    }
    if (!is_here)
        unlink("in/a.jpg");
}

static void what_was_left_half_done_is_completed(void **state)
{
    static const struct {
        int here, there, line; /* as it was left */
        int is_here, is_there, has_line;
    } cases[] = {
        {1, 0, 0, 1, 0, 0}, /* only the intent: it will fail again */
        {1, 1, 0, 0, 1, 1}, /* copied, not yet removed */
        {0, 1, 0, 0, 1, 1}, /* moved, no line */
        {0, 1, 1, 0, 1, 1}, /* all but the intent's end */
        {0, 0, 0, 0, 0, 0}, /* somebody has taken it away since */
    };
    const int source = open("in", O_RDONLY | O_DIRECTORY);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        leave_half_done(cases[i].here, cases[i].there, cases[i].line);
        sct_failures_free(open_failures(source));
        sct_failures_free(open_failures(source)); /* and only once */
        assert_int_equal(is_there("in/a.jpg"), cases[i].is_here);
        assert_int_equal(is_there("failed/a.jpg"), cases[i].is_there);
        assert_false(is_there("failed/.intents/x1"));
        const char *const log = read_file("failed/failures.jsonl");
        const char *const line = strstr(log, "\"id\":\"x1\"}\n");
        assert_int_equal(line != NULL, cases[i].has_line);
        assert_true(!line || !strstr(line + 8, "x1"));
        unlink("in/a.jpg");
        unlink("failed/a.jpg");
    }
    close(source);
}

static void another_file_of_that_name_is_no_copy(void **state)
{
    const int source = open("in", O_RDONLY | O_DIRECTORY);
    (void)state;
    leave_half_done(1, 0, 0);
    write_file("failed/a.jpg", "somebody else's");
    sct_failures_free(open_failures(source));
    assert_string_equal(read_file("in/a.jpg"), "broken");
    assert_string_equal(read_file("failed/a.jpg"), "somebody else's");
    assert_string_equal(read_file("failed/failures.jsonl"), "");
    close(source);
}

static void what_has_changed_meanwhile_is_no_failure(void **state)
{
    const struct sct_failed_input failure = {"a.jpg", "1-1.1", "corrupt", "m", 1, NULL};
    const int source = open("in", O_RDONLY | O_DIRECTORY);
    char *where, message[256];
    (void)state;
    write_file("in/a.jpg", "new");
    sct_failures *const f = open_failures(source);
    assert_int_equal(sct_failures_take(f, &failure, &where, message, sizeof message),
                     SCT_DONE);
    assert_null(where);
    assert_true(is_there("in/a.jpg"));
    sct_failures_free(f);
    close(source);
}

static void a_torn_line_is_ended_first(void **state)
{
    struct stat st;
    const int source = open("in", O_RDONLY | O_DIRECTORY);
    char *where, message[256];
    (void)state;
    write_file("in/a.jpg", "broken");
    assert_int_equal(stat("in/a.jpg", &st), 0);
    sct_mark_print(mark, &st);
    const struct sct_failed_input failure = {"a.jpg", mark, "corrupt", "m", 1, NULL};
    sct_failures *const f = open_failures(source);
    write_file("failed/failures.jsonl", "{\"time\":");
    assert_int_equal(sct_failures_take(f, &failure, &where, message, sizeof message),
                     SCT_OK);
    assert_int_equal(
        strncmp(read_file("failed/failures.jsonl"), "{\"time\":\n{\"time\":", 17), 0);
    free(where);
    sct_failures_free(f);
    close(source);
}

static void nothing_leads_out_of_a_folder(void **state)
{
    (void)state;
    write_file("secret", "s");
    assert_int_equal(symlink("../secret", "in/link"), 0);
    assert_int_equal(symlink("..", "in/up"), 0);
    const int root = open("in", O_RDONLY | O_DIRECTORY);
    assert_int_equal(sct_beneath_open_unlinked(root, "link", O_RDONLY, 0), -ELOOP);
    assert_int_equal(sct_beneath_open_unlinked(root, "up/secret", O_RDONLY, 0), -ELOOP);
    assert_int_equal(sct_beneath_open_unlinked(root, "../secret", O_RDONLY, 0), -EINVAL);
    assert_int_equal(sct_beneath_open_unlinked(root, "..", O_RDONLY, 0), -EINVAL);
    assert_int_equal(sct_beneath_open_unlinked(root, "none", O_RDONLY, 0), -ENOENT);
    close(root);
    assert_int_equal(sct_walk_is_within(".", "in"), 1);
    assert_int_equal(sct_walk_is_within("in", "in/up"), 0); /* which is above it */
    assert_int_equal(sct_walk_is_within("in", "in"), 1);
    assert_int_equal(sct_walk_is_within("in", "none"), -1);
}

#define IN_A_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

static void what_was_moved_away_is_held_until_it_is_fine(void **state)
{
    char message[256], *where;
    struct stat st;
    (void)state;
    write_file("in/a.jpg", "x");
    const int source = open("in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(stat("in/a.jpg", &st), 0);
    sct_mark_print(mark, &st);
    const struct sct_failed_input failure = {"a.jpg", mark, "corrupt", "m", 1, "s-a"};
    sct_failures *f = open_failures(source);
    assert_false(sct_failures_holds(f, "s-a"));
    assert_int_equal(mkdir("failed/.held/s-a", 0777),
                     0); /* cannot be told from a marker */
    assert_true(sct_failures_holds(f, "s-a"));
    assert_int_equal(rmdir("failed/.held/s-a"), 0);
    assert_int_equal(sct_failures_take(f, &failure, &where, message, sizeof message),
                     SCT_OK);
    free(where);
    sct_failures_free(f);
    f = open_failures(source);
    assert_true(sct_failures_holds(f, "s-a"));
    assert_false(sct_failures_holds(f, "s-b"));
    assert_string_equal(read_file("failed/.held/s-a"), "a.jpg");
    assert_int_equal(sct_failures_release(f, "s-a"), 0);
    assert_int_equal(sct_failures_release(f, "s-a"), 0);
    assert_false(sct_failures_holds(f, "s-a"));
    sct_failures_free(f);
    close(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_move_overwrites_nothing),
        IN_A_FOLDER(what_cannot_be_removed_leaves_no_copy),
        IN_A_FOLDER(a_writer_is_noticed),
        IN_A_FOLDER(what_was_moved_away_is_held_until_it_is_fine),
        IN_A_FOLDER(a_mark_is_that_of_one_version),
#ifdef SCT_HAVE_STORES
        IN_A_FOLDER(sources_are_known_by_their_hashes),
#endif
        cmocka_unit_test(keys_are_filled_in),
        cmocka_unit_test(every_setting_changes_the_hash_and_the_name_does_not),
        cmocka_unit_test(keys_come_when_it_is_their_turn_and_once),
        cmocka_unit_test(what_is_put_while_it_runs_runs_again),
        cmocka_unit_test(what_comes_after_a_removal_is_not_complete),
        cmocka_unit_test(a_queue_that_is_stopped_gives_nothing),
        IN_A_FOLDER(what_was_left_half_done_is_completed),
        IN_A_FOLDER(another_file_of_that_name_is_no_copy),
        IN_A_FOLDER(what_has_changed_meanwhile_is_no_failure),
        IN_A_FOLDER(a_torn_line_is_ended_first),
        IN_A_FOLDER(nothing_leads_out_of_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
