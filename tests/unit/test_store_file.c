/* The folder store: keys and links that lead out, conditions, what is there while others write,
 * and the order of lists. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "beneath.h"
#include "store.h"

static char base[64], folder[80], outside[80];

static void run(const char *format, ...)
{
    char command[512];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

static int make_folders(void **state)
{
    (void)state;
    strcpy(base, "/tmp/scantling-store-XXXXXX");
    if (!mkdtemp(base))
        return -1;
    snprintf(folder, sizeof folder, "%s/store", base);
    snprintf(outside, sizeof outside, "%s/outside", base);
    run("mkdir '%s' && echo secret > '%s/file'", outside, outside);
    return 0;
}

static int remove_folders(void **state)
{
    (void)state;
    run("rm -rf '%s'", base);
    return 0;
}

static sct_store *open_store_as(int is_durable)
{
    const struct sct_store_spec spec = {.makes_folder = 1, .is_durable = is_durable};
    struct sct_report report = {.message = ""};
    char url[128];
    sct_store *s;
    snprintf(url, sizeof url, "file://%s", folder);
    assert_int_equal(sct_store_open(&s, url, &spec, &report), SCT_OK);
    return s;
}

static sct_store *open_store(void)
{
    return open_store_as(0);
}

static int put_text(sct_store *s, const char *key, const char *text,
                    const struct sct_put *put)
{
    return sct_store_put(s, key, text, strlen(text), put, NULL);
}

/* The whole text of an object, or its status in words. */
static const char *get_text(sct_store *s, const char *key, struct sct_object *object)
{
    static _Thread_local char text[4096];
    sct_store_reader *reader;
    size_t n_bytes = 0, n = 1;
    const int status = sct_store_get(s, key, NULL, &reader, object);
    if (status != SCT_OK)
        return sct_status_name(status);
    const struct sct_source source = sct_store_reader_source(reader);
    for (; n > 0; n_bytes += n)
        assert_int_equal(
            source.read(source.ctx, text + n_bytes, sizeof text - 1 - n_bytes, &n),
            SCT_OK);
    text[n_bytes] = '\0';
    sct_store_reader_close(reader);
    return text;
}

static void an_object_comes_back_as_it_went(void **state)
{
    sct_store *const s = open_store();
    struct sct_attributes attributes = {0};
    const struct sct_put put = {.content_type = "image/jpeg",
                                .cache_control = "max-age=1",
                                .attributes = &attributes};
    struct sct_object object, written;
    (void)state;
    assert_int_equal(sct_attributes_set(&attributes, "source-etag", "abc"), SCT_OK);
    assert_int_equal(sct_attributes_set(&attributes, "variant", "x=1; y"), SCT_OK);
    assert_int_equal(sct_store_put(s, "a/b c/\xc3\xa4.jpg", "hello", 5, &put, &written),
                     SCT_OK);
    assert_string_equal(get_text(s, "a/b c/\xc3\xa4.jpg", &object), "hello");
    assert_string_equal(object.content_type, "image/jpeg");
    assert_string_equal(object.cache_control, "max-age=1");
    assert_string_equal(sct_attributes_get(&object.attributes, "source-etag"), "abc");
    assert_string_equal(sct_attributes_get(&object.attributes, "variant"), "x=1; y");
    assert_string_equal(object.etag, written.etag);
    assert_int_equal(object.bytes, 5);
    /* What is put again has nothing of the old one. */
    assert_int_equal(put_text(s, "a/b c/\xc3\xa4.jpg", "again", NULL), SCT_OK);
    assert_int_equal(sct_store_head(s, "a/b c/\xc3\xa4.jpg", NULL, &object), SCT_OK);
    assert_string_not_equal(object.etag, written.etag);
    assert_string_equal(object.content_type, "");
    assert_int_equal(object.attributes.n_bytes, 0);
    assert_int_equal(sct_store_delete(s, "a/b c/\xc3\xa4.jpg", NULL), SCT_OK);
    assert_string_equal(get_text(s, "a/b c/\xc3\xa4.jpg", &object), "not_found");
    assert_int_equal(sct_store_delete(s, "a/b c/\xc3\xa4.jpg", NULL), SCT_OK);
    sct_store_close(s);
}

static void attributes_are_limited(void **state)
{
    struct sct_attributes a = {0};
    char long_value[SCT_ATTRIBUTES_BYTES];
    (void)state;
    memset(long_value, 'x', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = '\0';
    assert_int_equal(sct_attributes_set(&a, "n", "v"), SCT_OK);
    assert_int_equal(sct_attributes_set(&a, "Upper", "v"), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_attributes_set(&a, "", "v"), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_attributes_set(&a, "m", "a\nb"), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_attributes_set(&a, "m", " a"), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_attributes_set(&a, "m", "\xc3\xa4"), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_attributes_set(&a, "m", long_value), SCT_ERR_TOO_LARGE);
    assert_int_equal(sct_attributes_set(&a, "n", "w"), SCT_OK);
    assert_string_equal(sct_attributes_get(&a, "n"), "w");
    assert_int_equal(a.n_bytes, 4);
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t n, int flags);
int __real_fsetxattr(int fd, const char *name, const void *value, size_t n, int flags);

int __wrap_fsync(int fd);
int __real_fsync(int fd);

static int lacks_attributes, notes_steps;
static char steps[16]; /* 'a': attributes, 's': synced */

static void note_step(char step)
{
    const size_t n = strlen(steps);
    if (notes_steps && n + 1 < sizeof steps)
        steps[n] = step;
}

int __wrap_fsync(int fd)
{
    note_step('s');
    return __real_fsync(fd);
}

int __wrap_fsetxattr(int fd, const char *name, const void *value, size_t n, int flags)
{
    note_step('a');
    if (!lacks_attributes)
        return __real_fsetxattr(fd, name, value, n, flags);
    errno = ENOTSUP;
    return -1;
}

/* What a file says after somebody has done something to it. */
static const char *note_after(const char *command)
{
    static char note[8];
    sct_store *const s = open_store();
    struct sct_attributes attributes = {0};
    const struct sct_put put = {.attributes = &attributes};
    struct sct_object object;
    sct_attributes_set(&attributes, "note", "v");
    assert_int_equal(put_text(s, "a/k", "bytes", &put), SCT_OK);
    run("cd '%s/a' && %s", folder, command);
    get_text(s, "a/k", &object);
    snprintf(note, sizeof note, "%s", sct_attributes_get(&object.attributes, "note"));
    assert_int_equal(sct_store_delete(s, "a/k", NULL), SCT_OK);
    run("test ! -e '%s/a'", folder);
    sct_store_close(s);
    return note;
}

static void attributes_are_those_of_the_bytes(void **state)
{
    (void)state;
    for (lacks_attributes = 0; lacks_attributes < 2; lacks_attributes++) {
        assert_string_equal(note_after("true"), "v");
        assert_string_equal(note_after("mv k l && mv l k"), "v");
        assert_string_equal(note_after("echo more >> k"), "");
        assert_string_equal(note_after("printf other > l && mv l k && rm -rf "
                                       "../.scantling/attributes/*/*"),
                            "");
    }
    lacks_attributes = 0;
}

static void what_is_durable_is_synced_with_its_attributes(void **state)
{
    sct_store *const s = open_store_as(1);
    struct sct_attributes attributes = {0};
    const struct sct_put put = {.attributes = &attributes};
    (void)state;
    sct_attributes_set(&attributes, "note", "v");
    notes_steps = 1;
    for (lacks_attributes = 0; lacks_attributes < 2; lacks_attributes++) {
        memset(steps, 0, sizeof steps);
        assert_int_equal(put_text(s, "k", "bytes", &put), SCT_OK);
        /* The file and its folder; before them, what is kept beside it. */
        assert_string_equal(steps, lacks_attributes ? "asss" : "ass");
    }
    lacks_attributes = notes_steps = 0;
    sct_store_close(s);
}

static void what_changes_while_it_is_read_is_noticed(void **state)
{
    sct_store *const s = open_store();
    sct_store_reader *reader;
    struct sct_object object;
    (void)state;
    assert_int_equal(put_text(s, "k", "bytes", NULL), SCT_OK);
    assert_int_equal(sct_store_get(s, "k", NULL, &reader, &object), SCT_OK);
    assert_true(sct_store_reader_is_current(reader));
    assert_int_equal(put_text(s, "k", "other", NULL), SCT_OK);
    assert_true(sct_store_reader_is_current(reader)); /* the old one, whole */
    sct_store_reader_close(reader);
    assert_int_equal(sct_store_get(s, "k", NULL, &reader, &object), SCT_OK);
    run("echo more >> '%s/k'", folder);
    assert_false(sct_store_reader_is_current(reader));
    sct_store_reader_close(reader);
    sct_store_close(s);
}

static void keys_that_lead_out_are_refused(void **state)
{
    static const char *const bad[] = {"",      "/",          "/etc/passwd",     "..",
                                      ".",     "../x",       "a/../x",          "a/..",
                                      "a//b",  "a/",         "a/./b",           "./a",
                                      "a/b/.", ".scantling", ".scantling/tmp/x"};
    char long_key[SCT_MAX_KEY_BYTES + 2];
    sct_store *const s = open_store();
    struct sct_object object;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(put_text(s, bad[i], "x", NULL), SCT_ERR_ARGUMENT);
        assert_string_equal(get_text(s, bad[i], &object), "argument");
        assert_int_equal(sct_store_delete(s, bad[i], NULL), SCT_ERR_ARGUMENT);
    }
    memset(long_key, 'k', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    assert_int_equal(put_text(s, long_key, "x", NULL), SCT_ERR_ARGUMENT);
    long_key[SCT_MAX_KEY_BYTES] = '\0'; /* a key, and no name of a file */
    assert_int_equal(put_text(s, long_key, "x", NULL), SCT_ERR_ARGUMENT);
    for (int i = 200; i < SCT_MAX_KEY_BYTES; i += 200)
        long_key[i] = '/';
    assert_int_equal(put_text(s, long_key, "x", NULL), SCT_OK);
    assert_string_equal(get_text(s, long_key, &object), "x");
    assert_int_equal(put_text(s, ".scantlingx", "x", NULL), SCT_OK);
    assert_int_equal(put_text(s, "...", "x", NULL), SCT_OK);
    sct_store_close(s);
}

static void links_that_lead_out_are_refused(void **state)
{
    sct_store *const s = open_store();
    struct sct_object object;
    sct_store_list *list;
    (void)state;
    assert_int_equal(put_text(s, "in/file", "inside", NULL), SCT_OK);
    run("cd '%s' && ln -s '%s' absolute && ln -s ../outside relative && "
        "ln -s '%s/file' leaf && ln -s /proc/self/root magic && mkfifo pipe",
        folder, outside, outside);
    assert_string_equal(get_text(s, "absolute/file", &object), "denied");
    assert_string_equal(get_text(s, "relative/file", &object), "denied");
    assert_string_equal(get_text(s, "leaf", &object), "denied");
    assert_string_equal(get_text(s, "magic/etc/passwd", &object), "denied");
    assert_string_equal(get_text(s, "pipe", &object), "not_found");
    assert_string_equal(get_text(s, "in", &object), "not_found");
    assert_string_equal(get_text(s, "in/file/x", &object), "not_found");
    assert_int_equal(put_text(s, "absolute/new", "x", NULL), SCT_ERR_DENIED);
    assert_int_equal(put_text(s, "relative/new/er", "x", NULL), SCT_ERR_DENIED);
    assert_int_equal(sct_store_delete(s, "absolute/file", NULL), SCT_ERR_DENIED);
    assert_int_equal(put_text(s, "in", "x", NULL), SCT_ERR_ARGUMENT);
    assert_int_equal(put_text(s, "in/file/x", "x", NULL), SCT_ERR_ARGUMENT);
    /* A link as an object's name is replaced, not followed. */
    assert_int_equal(put_text(s, "leaf", "mine", NULL), SCT_OK);
    assert_string_equal(get_text(s, "leaf", &object), "mine");
    run("test \"$(cat '%s/file')\" = secret", outside);
    run("test \"$(ls '%s')\" = file", outside);
    /* Neither lists nor what stands in for openat2 follow any. */
    assert_int_equal(sct_store_list_open(s, "", "", &list), SCT_OK);
    assert_int_equal(sct_store_list_next(list, &object), SCT_OK);
    assert_string_equal(object.key, "in/file");
    assert_int_equal(sct_store_list_next(list, &object), SCT_OK);
    assert_string_equal(object.key, "leaf");
    assert_int_equal(sct_store_list_next(list, &object), SCT_DONE);
    sct_store_list_close(list);
    const int root = open(folder, O_PATH | O_DIRECTORY);
    assert_int_equal(sct_beneath_open_unlinked(root, "absolute/file", O_RDONLY, 0),
                     -ELOOP);
    assert_int_equal(sct_beneath_open_unlinked(root, "relative/file", O_RDONLY, 0),
                     -ELOOP);
    assert_int_equal(sct_beneath_open_unlinked(root, "in/file/x", O_RDONLY, 0), -ENOTDIR);
    const int fd = sct_beneath_open_unlinked(root, "in/file", O_RDONLY, 0);
    assert_true(fd >= 0);
    close(fd);
    close(root);
    sct_store_close(s);
}

static void conditions_decide(void **state)
{
    sct_store *const s = open_store();
    const struct sct_put if_none = {.if_none = 1};
    struct sct_object first, second;
    (void)state;
    assert_int_equal(sct_store_put(s, "k", "1", 1, &if_none, &first), SCT_OK);
    assert_int_equal(put_text(s, "k", "2", &if_none), SCT_ERR_PRECONDITION);
    assert_int_equal(put_text(s, "folder/k", "1", &if_none), SCT_OK);
    assert_int_equal(put_text(s, "folder", "2", &if_none), SCT_ERR_ARGUMENT);
    assert_string_equal(get_text(s, "k", &second), "1");
    const struct sct_put if_match = {.if_match = first.etag};
    assert_int_equal(put_text(s, "k", "2", &if_match), SCT_OK);
    assert_int_equal(put_text(s, "k", "3", &if_match), SCT_ERR_PRECONDITION);
    assert_int_equal(put_text(s, "elsewhere", "3", &if_match), SCT_ERR_PRECONDITION);
    assert_string_equal(get_text(s, "k", &second), "2");
    sct_store_close(s);
}

static void what_is_aborted_leaves_no_trace(void **state)
{
    sct_store *const s = open_store();
    struct sct_object object;
    sct_store_writer *writer;
    sct_store_list *list;
    (void)state;
    assert_int_equal(sct_store_write(s, "new", NULL, &writer), SCT_OK);
    const struct sct_sink sink = sct_store_writer_sink(writer);
    assert_int_equal(sink.write(sink.ctx, "x", 1), SCT_OK);
    assert_int_equal(sct_store_list_open(s, "", "", &list), SCT_OK);
    assert_int_equal(sct_store_list_next(list, &object), SCT_DONE); /* not there yet */
    sct_store_list_close(list);
    sct_store_writer_abort(writer);
    assert_string_equal(get_text(s, "new", &object), "not_found");
    run("test -z \"$(find '%s' -type f ! -name lock)\"", folder);
    sct_store_close(s);
}

static void what_was_killed_is_swept_away(void **state)
{
    sct_store *s = open_store();
    (void)state;
    assert_int_equal(put_text(s, "k", "1", NULL), SCT_OK);
    sct_store_close(s);
    run("cd '%s/.scantling/tmp' && echo x > old && touch -d '2 hours ago' old && "
        "echo x > new",
        folder);
    s = open_store();
    assert_int_equal(put_text(s, "k", "2", NULL), SCT_OK);
    run("test \"$(ls '%s/.scantling/tmp')\" = new", folder);
    sct_store_close(s);
}

static int compare_texts(const void *a, const void *b)
{
    const char *const *const x = a, *const *const y = b;
    return strcmp(*x, *y);
}

static void lists_are_in_the_order_of_bytes(void **state)
{
    const char *keys[] = {"a/b",   "a-b", "a0",       "a/c/d", "a.txt",    "b/",
                          "b/x/y", "b/x", "\xc3\xa4", "B",     "a/b-c/d.e"};
    static const char *const prefixes[] = {"", "a", "a/", "a/b", "b/x/", "none"};
    sct_store *const s = open_store();
    int n = 0;
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (put_text(s, keys[i], "x", NULL) == SCT_OK)
            keys[n++] = keys[i]; /* "b/" and what lies below a file cannot be */
    }
    assert_int_equal(n, 9);
    qsort(keys, (size_t)n, sizeof *keys, compare_texts);
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++) {
        for (int from = -1; from < n; from++) {
            const char *const after = from < 0 ? "" : keys[from];
            sct_store_list *list;
            struct sct_object object;
            assert_int_equal(sct_store_list_open(s, prefixes[p], after, &list), SCT_OK);
            for (int i = 0; i < n; i++) {
                if (strncmp(keys[i], prefixes[p], strlen(prefixes[p])) != 0 ||
                    strcmp(keys[i], after) <= 0)
                    continue;
                assert_int_equal(sct_store_list_next(list, &object), SCT_OK);
                assert_string_equal(object.key, keys[i]);
                assert_int_equal(object.bytes, 1);
            }
            assert_int_equal(sct_store_list_next(list, &object), SCT_DONE);
            assert_int_equal(sct_store_list_next(list, &object), SCT_DONE);
            sct_store_list_close(list);
        }
    }
    sct_store_close(s);
}

static void copies_keep_what_is_known(void **state)
{
    sct_store *const s = open_store();
    struct sct_attributes attributes = {0};
    const struct sct_put put = {.content_type = "image/png", .attributes = &attributes};
    struct sct_object object;
    (void)state;
    sct_attributes_set(&attributes, "n", "v");
    assert_int_equal(put_text(s, "from", "bytes", &put), SCT_OK);
    assert_int_equal(sct_store_head(s, "from", NULL, &object), SCT_OK);
    assert_int_equal(sct_store_copy(s, "from", &object, s, "to/it", NULL), SCT_OK);
    assert_string_equal(get_text(s, "to/it", &object), "bytes");
    assert_string_equal(object.content_type, "image/png");
    assert_string_equal(sct_attributes_get(&object.attributes, "n"), "v");
    assert_int_equal(sct_store_copy(s, "from", &object, s, "to/it", NULL),
                     SCT_ERR_PRECONDITION); /* the etag is that of the copy */
    assert_int_equal(sct_store_copy(s, "none", NULL, s, "to/it", NULL),
                     SCT_ERR_NOT_FOUND);
    assert_true(sct_store_message(s)[0] != '\0');
    sct_store_close(s);
}

enum { N_THREADS = 4, N_ROUNDS = 100 };

static void *count_up(void *p)
{
    sct_store *const s = open_store();
    (void)p;
    for (int i = 0; i < N_ROUNDS;) {
        struct sct_object object;
        char text[16];
        snprintf(text, sizeof text, "%04d", atoi(get_text(s, "count", &object)) + 1);
        const struct sct_put put = {.if_match = object.etag};
        const int status = put_text(s, "count", text, &put);
        assert_true(status == SCT_OK || status == SCT_ERR_PRECONDITION);
        i += status == SCT_OK;
    }
    sct_store_close(s);
    return NULL;
}

static void no_update_is_lost(void **state)
{
    pthread_t thread[N_THREADS];
    sct_store *const s = open_store();
    struct sct_object object;
    (void)state;
    assert_int_equal(put_text(s, "count", "0000", NULL), SCT_OK);
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, count_up, NULL), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(atoi(get_text(s, "count", &object)), N_THREADS * N_ROUNDS);
    sct_store_close(s);
}

static void *create_first(void *wins)
{
    const struct sct_put put = {.if_none = 1};
    sct_store *const s = open_store();
    for (int i = 0; i < N_ROUNDS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        const int status = put_text(s, key, "x", &put);
        assert_true(status == SCT_OK || status == SCT_ERR_PRECONDITION);
        __atomic_fetch_add((int *)wins, status == SCT_OK, __ATOMIC_SEQ_CST);
    }
    sct_store_close(s);
    return NULL;
}

static void one_of_several_wins(void **state)
{
    pthread_t thread[N_THREADS];
    int wins = 0;
    (void)state;
    sct_store_close(open_store()); /* the folder */
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, create_first, &wins), 0);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(wins, N_ROUNDS);
}

/* Objects whose text and attribute say the same number. */
static void write_numbers(void)
{
    sct_store *const s = open_store();
    for (int i = 0;; i++) {
        char text[2000];
        struct sct_attributes attributes = {0};
        const struct sct_put put = {.attributes = &attributes};
        snprintf(text, sizeof text, "%01999d", i);
        sct_attributes_set(&attributes, "number", text + 1980);
        if (put_text(s, "number", text, &put) != SCT_OK)
            _exit(1);
    }
}

static void killed_writers_leave_whole_objects(void **state)
{
    sct_store *const s = open_store();
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct sct_object object;
        const pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
            write_numbers();
        for (int i = 0; i < 50; i++) { /* while it writes */
            const char *const text = get_text(s, "number", &object);
            if (strcmp(text, "not_found") == 0)
                continue;
            assert_int_equal(strlen(text), 1999);
            assert_string_equal(sct_attributes_get(&object.attributes, "number"),
                                text + 1980);
        }
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        const char *const text = get_text(s, "number", &object);
        if (strcmp(text, "not_found") != 0)
            assert_string_equal(sct_attributes_get(&object.attributes, "number"),
                                text + 1980);
    }
    sct_store_close(s);
}

static void urls_name_folders(void **state)
{
    struct sct_report report = {.message = ""};
    const struct sct_store_spec durable = {.makes_folder = 1, .is_durable = 1};
    char url[128];
    sct_store *s;
    (void)state;
    assert_int_equal(sct_store_open(&s, "file://host/x", NULL, &report),
                     SCT_ERR_ARGUMENT);
    assert_int_equal(sct_store_open(&s, "file:///%zz", NULL, &report), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_store_open(&s, "file:///%00", NULL, &report), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_store_open(&s, "ftp://x", NULL, &report), SCT_ERR_ARGUMENT);
    assert_int_equal(sct_store_open(&s, "/none/where", NULL, &report), SCT_ERR_NOT_FOUND);
    assert_null(s);
    snprintf(url, sizeof url, "file://localhost%s/a%%20b/c", folder);
    assert_int_equal(sct_store_open(&s, url, &durable, &report), SCT_OK);
    assert_int_equal(put_text(s, "k/l", "x", NULL), SCT_OK);
    assert_int_equal(sct_store_delete(s, "k/l", NULL), SCT_OK);
    sct_store_close(s);
    run("test -d '%s/a b/c' && test ! -e '%s/a b/c/k'", folder, folder);
    snprintf(url, sizeof url, "%s/a b", folder);
    assert_int_equal(sct_store_open(&s, url, NULL, &report), SCT_OK);
    sct_store_close(s);
}

#define STORE_TEST(name)                                                                 \
    cmocka_unit_test_setup_teardown(name, make_folders, remove_folders)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_object_comes_back_as_it_went),
        STORE_TEST(attributes_are_limited),
        STORE_TEST(attributes_are_those_of_the_bytes),
        STORE_TEST(what_is_durable_is_synced_with_its_attributes),
        STORE_TEST(what_changes_while_it_is_read_is_noticed),
        STORE_TEST(keys_that_lead_out_are_refused),
        STORE_TEST(links_that_lead_out_are_refused),
        STORE_TEST(conditions_decide),
        STORE_TEST(what_is_aborted_leaves_no_trace),
        STORE_TEST(what_was_killed_is_swept_away),
        STORE_TEST(lists_are_in_the_order_of_bytes),
        STORE_TEST(copies_keep_what_is_known),
        STORE_TEST(no_update_is_lost),
        STORE_TEST(one_of_several_wins),
        STORE_TEST(killed_writers_leave_whole_objects),
        STORE_TEST(urls_name_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
