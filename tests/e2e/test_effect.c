/* The effect of records on two folders: once, whatever comes twice, late, at the same time, or
 * wrong. sct_store_get and sct_store_write are wrapped by the linker: the first is counted, and
 * before the second somebody else can be faster. */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "effect.h"
#include "images.h"
#include "origin.h"

enum { N_THREADS = 16 };

static char base[64], source_url[96], target_url[96];
static struct sct_recipe recipe;
static atomic_int n_gets;
static void (*before_write)(void), (*before_delete)(void); /* called once */

int __real_sct_store_get(sct_store *s, const char *key, const char *version,
                         sct_store_reader **reader, struct sct_object *out);
int __wrap_sct_store_get(sct_store *s, const char *key, const char *version,
                         sct_store_reader **reader, struct sct_object *out);
int __real_sct_store_write(sct_store *s, const char *key, const struct sct_put *put,
                           sct_store_writer **writer);
int __wrap_sct_store_write(sct_store *s, const char *key, const struct sct_put *put,
                           sct_store_writer **writer);

int __wrap_sct_store_get(sct_store *s, const char *key, const char *version,
                         sct_store_reader **reader, struct sct_object *out)
{
    n_gets++;
    return __real_sct_store_get(s, key, version, reader, out);
}

int __wrap_sct_store_write(sct_store *s, const char *key, const struct sct_put *put,
                           sct_store_writer **writer)
{
    void (*const act)(void) = before_write;
    before_write = NULL;
    if (act)
        act();
    return __real_sct_store_write(s, key, put, writer);
}

int __real_sct_store_delete(sct_store *s, const char *key, const char *version);
int __wrap_sct_store_delete(sct_store *s, const char *key, const char *version);

int __wrap_sct_store_delete(sct_store *s, const char *key, const char *version)
{
    void (*const act)(void) = before_delete;
    before_delete = NULL;
    if (act)
        act();
    return __real_sct_store_delete(s, key, version);
}

/* ---- stores -------------------------------------------------------------------------- */

static sct_store *open_store(const char *url)
{
    const struct sct_store_spec spec = {.makes_folder = 1};
    struct sct_report report = {.message = ""};
    sct_store *s;
    assert_int_equal(sct_store_open(&s, url, &spec, &report), SCT_OK);
    return s;
}

static int make_stores(void **state)
{
    static const char variants[] =
        "{\"defaults\": {\"quality\": 70}, \"variants\": ["
        "{\"name\": \"large\", \"size\": 60}, {\"name\": \"small\", \"size\": 30}]}";
    struct sct_report report = {.message = ""};
    (void)state;
    strcpy(base, "/tmp/scantling-effect-XXXXXX");
    if (!mkdtemp(base))
        return -1;
    snprintf(source_url, sizeof source_url, "file://%s/in", base);
    snprintf(target_url, sizeof target_url, "file://%s/out", base);
    sct_store_close(open_store(source_url));
    sct_store_close(open_store(target_url));
    sct_recipe_init(&recipe);
    before_write = NULL;
    return sct_recipe_load(&recipe, variants, NULL, &report) == SCT_OK &&
                   sct_recipe_seal(&recipe, &report) == SCT_OK
               ? 0
               : -1;
}

static int remove_stores(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", base);
    return system(command);
}

/* A picture of that size in the source; its etag. */
static const char *upload(const char *key, int size, int is_png)
{
    static struct sct_object object;
    struct image *const image = image_natural(size, size, 3, 0);
    struct image_file file = is_png
                                 ? image_to_png(image, IMAGE_PLAIN, 8, 0, NULL)
                                 : image_to_jpeg(image, IMAGE_YCC, IMAGE_420, 90, NULL);
    sct_store *const s = open_store(source_url);
    assert_int_equal(sct_store_put(s, key, file.bytes, file.n_bytes, NULL, &object),
                     SCT_OK);
    sct_store_close(s);
    image_file_free(&file);
    image_free(image);
    return object.etag;
}

/* "etag" of an output, or "" where there is none. */
static const char *look(const char *key, struct sct_object *object)
{
    sct_store *const s = open_store(target_url);
    if (sct_store_head(s, key, NULL, object) != SCT_OK)
        object->etag[0] = '\0';
    sct_store_close(s);
    return object->etag;
}

static int is_there(const char *key)
{
    struct sct_object object;
    return look(key, &object)[0] != '\0';
}

/* ---- running ------------------------------------------------------------------------- */

static struct sct_effect_result last;

static int (*may_replace)(void *ctx, const char *source);

static const struct sct_effect_result *run_within(const char *key, const char *etag,
                                                  const char *sequencer,
                                                  enum sct_event_kind kind,
                                                  int64_t deadline_ms)
{
    sct_store *const source = open_store(source_url), *const target =
                                                          open_store(target_url);
    const struct sct_effect_spec spec = {.source = source,
                                         .target = target,
                                         .deadline_ms = deadline_ms,
                                         .only = SCT_EFFECT_ALL,
                                         .may_replace = may_replace};
    const struct sct_event_record record = {.kind = kind,
                                            .store = source_url,
                                            .key = key,
                                            .etag = etag,
                                            .sequencer = sequencer,
                                            .size = -1};
    sct_effect *e;
    assert_int_equal(sct_effect_create(&e, &recipe), SCT_OK);
    last = *sct_effect_run(e, &spec, &record);
    sct_effect_free(e);
    sct_store_close(source);
    sct_store_close(target);
    return &last;
}

static const struct sct_effect_result *run(const char *key, const char *etag,
                                           const char *sequencer)
{
    return run_within(key, etag, sequencer, SCT_EVENT_CREATED, 0);
}

static void expect(const struct sct_effect_result *r, enum sct_effect_kind kind, int n)
{
    if (r->outcome.status != SCT_OK)
        print_error("%s\n", r->outcome.message);
    assert_int_equal(r->outcome.status, SCT_OK);
    assert_int_equal(r->kind, kind);
    assert_int_equal(r->outcome.n_outputs, n);
}

/* ---- once ---------------------------------------------------------------------------- */

static void an_upload_becomes_its_variants(void **state)
{
    struct sct_object object;
    (void)state;
    const char *const etag = upload("2024/a b.jpg", 120, 0);
    expect(run("2024/a b.jpg", etag, "0A"), SCT_EFFECT_MADE, 2);
    assert_string_equal(sct_effect_verdict(&last).word, "ok");
    assert_true(is_there("2024/a b.jpg/small.jpg"));
    assert_true(look("2024/a b.jpg/large.jpg", &object)[0]);
    assert_string_equal(object.content_type, "image/jpeg");
    assert_string_equal(object.cache_control, SCT_CACHE_CONTROL_DEFAULT);
    assert_string_equal(sct_attributes_get(&object.attributes, "scantling-etag"), etag);
    assert_string_equal(sct_attributes_get(&object.attributes, "scantling-sequencer"),
                        "0A");
    assert_int_equal(object.bytes, last.outcome.result.output[0].bytes);
}

static void what_is_there_is_not_read_again(void **state)
{
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    expect(run("a.jpg", etag, "0A"), SCT_EFFECT_MADE, 2);
    n_gets = 0;
    expect(run("a.jpg", etag, "0A"), SCT_EFFECT_CURRENT, 0);
    expect(run("a.jpg", NULL, NULL), SCT_EFFECT_CURRENT,
           0); /* as when a folder is listed */
    assert_int_equal(n_gets, 0);
    assert_string_equal(sct_effect_verdict(&last).word, "skipped");
}

static void one_missing_output_is_made_alone(void **state)
{
    char path[128];
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    run("a.jpg", etag, NULL);
    snprintf(path, sizeof path, "%s/out/a.jpg/small.jpg", base);
    assert_int_equal(unlink(path), 0);
    expect(run("a.jpg", etag, NULL), SCT_EFFECT_MADE, 1);
    assert_string_equal(last.outcome.name[0], "small");
}

static void an_older_event_changes_nothing(void **state)
{
    struct sct_object before, after;
    (void)state;
    upload("a.jpg", 120, 0);
    run("a.jpg", NULL, "0B");
    look("a.jpg/large.jpg", &before);
    n_gets = 0;
    expect(run("a.jpg", "another", "0A"), SCT_EFFECT_STALE, 0);
    assert_int_equal(n_gets, 0);
    assert_string_equal(look("a.jpg/large.jpg", &after), before.etag);
}

static void a_new_upload_replaces(void **state)
{
    struct sct_object before, after;
    (void)state;
    run("a.jpg", upload("a.jpg", 120, 0), "0A");
    look("a.jpg/large.jpg", &before);
    expect(run("a.jpg", upload("a.jpg", 140, 0), "0B"), SCT_EFFECT_MADE, 2);
    assert_string_not_equal(look("a.jpg/large.jpg", &after), before.etag);
}

static void other_settings_replace(void **state)
{
    struct sct_report report = {.message = ""};
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    run("a.jpg", etag, "0A");
    recipe.variant[1].quality = 40;
    assert_int_equal(sct_recipe_seal(&recipe, &report), SCT_OK);
    expect(run("a.jpg", etag, "0A"), SCT_EFFECT_MADE, 1);
}

static void an_event_may_speak_of_what_has_been_replaced(void **state)
{
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    expect(run("a.jpg", "older", "0A"), SCT_EFFECT_MADE, 2);
    n_gets = 0;
    expect(run("a.jpg", etag, "0B"), SCT_EFFECT_CURRENT, 0); /* is what has been read */
    assert_int_equal(n_gets, 0);
}

static void a_record_without_sequencer_keeps_the_one_that_is_there(void **state)
{
    struct sct_object object;
    struct sct_report report = {.message = ""};
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    run("a.jpg", etag, "0B");
    recipe.variant[0].quality = recipe.variant[1].quality = 40;
    assert_int_equal(sct_recipe_seal(&recipe, &report), SCT_OK);
    expect(run("a.jpg", etag, NULL), SCT_EFFECT_MADE, 2); /* a backfill */
    look("a.jpg/large.jpg", &object);
    assert_string_equal(sct_attributes_get(&object.attributes, "scantling-sequencer"),
                        "0B");
    expect(run("a.jpg", "older", "0A"), SCT_EFFECT_STALE, 0); /* sent once more */
}

/* ---- names --------------------------------------------------------------------------- */

static void names_follow_the_content(void **state)
{
    (void)state;
    expect(run("picture.jpg", upload("picture.jpg", 120, 1), NULL), SCT_EFFECT_MADE, 2);
    assert_true(is_there("picture.jpg/large.png"));
    expect(run("picture.jpg", NULL, NULL), SCT_EFFECT_CURRENT, 0);
}

static void two_sources_do_not_share_an_output(void **state)
{
    struct sct_object before, after;
    struct sct_report report = {.message = ""};
    (void)state;
    strcpy(recipe.key, "{stem}-{name}.{ext}");
    recipe.variant[0].format = recipe.variant[1].format = &sct_jpeg_encoder;
    assert_int_equal(sct_recipe_seal(&recipe, &report), SCT_OK);
    expect(run("a.jpg", upload("a.jpg", 120, 0), NULL), SCT_EFFECT_MADE, 2);
    look("a-large.jpg", &before);
    run("a.png", upload("a.png", 120, 1), NULL);
    assert_int_equal(last.outcome.status, SCT_ERR_PRECONDITION);
    assert_false(sct_effect_may_pass(&last));
    assert_non_null(strstr(last.outcome.message, "a-large.jpg"));
    assert_string_equal(look("a-large.jpg", &after), before.etag);
}

/* ---- at the same time ---------------------------------------------------------------- */

static void be_faster(void)
{
    expect(run("a.jpg", NULL, "0A"), SCT_EFFECT_MADE, 2);
}

static void be_faster_and_newer(void)
{
    expect(run("a.jpg", upload("a.jpg", 140, 0), "0B"), SCT_EFFECT_MADE, 2);
}

static void who_is_beaten_has_succeeded(void **state)
{
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    before_write = be_faster;
    expect(run("a.jpg", etag, "0A"), SCT_EFFECT_CURRENT, 0);
}

static void who_is_beaten_by_a_newer_one_is_stale(void **state)
{
    struct sct_object object;
    char etag[SCT_ETAG_BYTES];
    (void)state;
    snprintf(etag, sizeof etag, "%s", upload("a.jpg", 120, 0));
    before_write = be_faster_and_newer;
    expect(run("a.jpg", etag, "0A"), SCT_EFFECT_STALE, 0);
    look("a.jpg/large.jpg", &object);
    assert_string_equal(sct_attributes_get(&object.attributes, "scantling-sequencer"),
                        "0B");
}

struct racer {
    pthread_t thread;
    sct_effect *effect;
    const char *etag;
    const struct sct_effect_result *result;
    sct_store *source, *target;
};

static void *race(void *ctx)
{
    struct racer *const r = ctx;
    const struct sct_effect_spec spec = {
        .source = r->source, .target = r->target, .only = SCT_EFFECT_ALL};
    const struct sct_event_record record = {.kind = SCT_EVENT_CREATED,
                                            .store = source_url,
                                            .key = "a.jpg",
                                            .etag = r->etag,
                                            .sequencer = "0A",
                                            .size = -1};
    r->result = sct_effect_run(r->effect, &spec, &record);
    return NULL;
}

static void sixteen_at_once_all_succeed_and_one_writes(void **state)
{
    struct racer racer[N_THREADS];
    int n_written = 0;
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    for (int i = 0; i < N_THREADS; i++) {
        racer[i] = (struct racer){.etag = etag,
                                  .source = open_store(source_url),
                                  .target = open_store(target_url)};
        assert_int_equal(sct_effect_create(&racer[i].effect, &recipe), SCT_OK);
    }
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&racer[i].thread, NULL, race, &racer[i]), 0);
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(racer[i].thread, NULL);
        if (racer[i].result->outcome.status != SCT_OK)
            print_error("%s\n", racer[i].result->outcome.message);
        assert_int_equal(racer[i].result->outcome.status, SCT_OK);
        n_written += racer[i].result->outcome.n_outputs;
        sct_effect_free(racer[i].effect);
        sct_store_close(racer[i].source);
        sct_store_close(racer[i].target);
    }
    assert_int_equal(n_written, 2);
}

/* ---- what goes, and what fails ------------------------------------------------------- */

static void outputs_go_with_their_source_only_when_asked_to(void **state)
{
    char path[128];
    (void)state;
    run("a.jpg", upload("a.jpg", 120, 0), "0A");
    snprintf(path, sizeof path, "%s/in/a.jpg", base);
    assert_int_equal(unlink(path), 0);
    expect(run_within("a.jpg", NULL, "0C", SCT_EVENT_REMOVED, 0), SCT_EFFECT_IGNORED, 0);
    assert_true(is_there("a.jpg/large.jpg"));
    recipe.mirror_deletes = 1;
    expect(run_within("a.jpg", NULL, "0C", SCT_EVENT_REMOVED, 0), SCT_EFFECT_REMOVED, 2);
    assert_false(is_there("a.jpg/large.jpg"));
    assert_false(is_there("a.jpg/small.jpg"));
    expect(run("a.jpg", "late", "0A"), SCT_EFFECT_GONE, 0);
}

static void outputs_stay_when_the_source_is_there_again(void **state)
{
    (void)state;
    recipe.mirror_deletes = 1;
    run("a.jpg", upload("a.jpg", 120, 0), "0C");
    expect(run_within("a.jpg", NULL, "0B", SCT_EVENT_REMOVED, 0), SCT_EFFECT_REMOVED, 0);
    assert_true(is_there("a.jpg/large.jpg"));
}

static void come_back(void)
{
    recipe.mirror_deletes = 0;
    expect(run("a.jpg", upload("a.jpg", 140, 0), "0D"), SCT_EFFECT_MADE, 2);
    recipe.mirror_deletes = 1;
}

static void a_source_that_comes_back_keeps_its_outputs(void **state)
{
    char path[128];
    (void)state;
    recipe.mirror_deletes = 1;
    run("a.jpg", upload("a.jpg", 120, 0), "0A");
    snprintf(path, sizeof path, "%s/in/a.jpg", base);
    assert_int_equal(unlink(path), 0);
    before_delete = come_back; /* just as the first output is removed */
    run_within("a.jpg", NULL, "0C", SCT_EVENT_REMOVED, 0);
    assert_int_equal(last.outcome.status, SCT_OK);
    assert_true(is_there("a.jpg/large.jpg"));
    assert_true(is_there("a.jpg/small.jpg"));
}

static void a_broken_picture_leaves_nothing(void **state)
{
    struct image *const image = image_natural(200, 200, 3, 0);
    struct image_file file = image_to_jpeg(image, IMAGE_YCC, IMAGE_420, 90, NULL);
    sct_store *const s = open_store(source_url);
    (void)state;
    assert_int_equal(
        sct_store_put(s, "half.jpg", file.bytes, file.n_bytes / 2, NULL, NULL), SCT_OK);
    assert_int_equal(sct_store_put(s, "text.jpg", "no picture", 10, NULL, NULL), SCT_OK);
    assert_int_equal(run("half.jpg", NULL, NULL)->outcome.status, SCT_ERR_TRUNCATED);
    assert_false(sct_effect_may_pass(&last));
    assert_int_equal(run("text.jpg", NULL, NULL)->outcome.status, SCT_ERR_NOT_AN_IMAGE);
    assert_false(is_there("half.jpg/large.jpg"));
    sct_store_close(s);
    image_file_free(&file);
    image_free(image);
}

static void without_time_it_is_handed_back(void **state)
{
    struct timespec now;
    (void)state;
    const char *const etag = upload("a.jpg", 120, 0);
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    run_within("a.jpg", etag, NULL, SCT_EVENT_CREATED, now_ms + 300);
    assert_int_equal(last.outcome.status, SCT_ERR_TIMEOUT);
    assert_true(sct_effect_may_pass(&last));
    assert_false(is_there("a.jpg/large.jpg"));
    expect(run_within("a.jpg", etag, NULL, SCT_EVENT_CREATED, now_ms + 600000),
           SCT_EFFECT_MADE, 2);
}

static void a_bad_record_is_its_own_failure(void **state)
{
    const struct sct_event_record record = {.status = SCT_ERR_CORRUPT,
                                            .problem = "Records[0] is no object"};
    const struct sct_effect_spec spec = {.only = SCT_EFFECT_ALL};
    sct_effect *e;
    (void)state;
    assert_int_equal(sct_effect_create(&e, &recipe), SCT_OK);
    const struct sct_effect_result *const r = sct_effect_run(e, &spec, &record);
    assert_int_equal(r->outcome.status, SCT_ERR_CORRUPT);
    assert_string_equal(r->outcome.message, "Records[0] is no object");
    sct_effect_free(e);
}

static void looking_makes_nothing(void **state)
{
    int current[SCT_MAX_VARIANTS];
    struct sct_report report = {.message = ""};
    sct_store *const source = open_store(source_url), *const target =
                                                          open_store(target_url);
    const struct sct_effect_spec spec = {
        .source = source, .target = target, .only = SCT_EFFECT_ALL};
    const char *const etag = upload("a.jpg", 120, 0);
    const struct sct_event_record record = {.kind = SCT_EVENT_CREATED,
                                            .store = source_url,
                                            .key = "a.jpg",
                                            .etag = etag,
                                            .size = -1};
    sct_effect *e;
    (void)state;
    assert_int_equal(sct_effect_create(&e, &recipe), SCT_OK);
    assert_int_equal(sct_effect_look(e, &spec, &record, current, &report), SCT_OK);
    assert_int_equal(current[0] + current[1], 0);
    assert_string_equal(sct_effect_key(e, 1), "a.jpg/small.jpg");
    assert_false(is_there("a.jpg/small.jpg"));
    run("a.jpg", etag, NULL);
    assert_int_equal(sct_effect_look(e, &spec, &record, current, &report), SCT_OK);
    assert_int_equal(current[0] + current[1], 2);
    assert_int_equal(sct_store_delete(target, "a.jpg/large.jpg", NULL), SCT_OK);
    assert_int_equal(sct_effect_look(e, &spec, &record, current, &report), SCT_OK);
    assert_true(!current[0] && current[1]);
    sct_effect_free(e);
    sct_store_close(source);
    sct_store_close(target);
}

static void stores_must_be_apart(void **state)
{
    static const char *const apart[][2] = {{"s3://a", "s3://ab"},
                                           {"s3://a/in", "s3://a/out"},
                                           {"s3://a", "file:///a"},
                                           {"file:///tmp/in", "/tmp/inside"}};
    static const char *const overlap[][2] = {
        {"s3://a", "s3://a"},           {"s3://a", "s3://a/out"},
        {"s3://a/in/x", "s3://a/in"},   {"file:///tmp/", "/tmp/../tmp"},
        {"/tmp", "/tmp/out"},           {"/tmp/none/a", "/tmp/none/a/b/c"},
        {"/tmp", "file:///tmp/n%6fne"}, {".", "not there yet"}};
    struct sct_report report;
    (void)state;
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        assert_int_equal(sct_effect_check_apart(apart[i][0], apart[i][1], &report),
                         SCT_OK);
    for (size_t i = 0; i < sizeof overlap / sizeof *overlap; i++)
        assert_int_equal(sct_effect_check_apart(overlap[i][0], overlap[i][1], &report),
                         SCT_ERR_ARGUMENT);
}

/* ---- sources that are not what they were --------------------------------------------- */

static void write_into_the_source(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/in/a.jpg", base);
    FILE *const f = fopen(path, "a");
    assert_non_null(f);
    fputs("more", f);
    fclose(f);
}

static void what_was_read_while_it_changed_is_not_published(void **state)
{
    (void)state;
    upload("a.jpg", 120, 0);
    before_write = write_into_the_source;
    assert_int_equal(run("a.jpg", NULL, NULL)->outcome.status, SCT_ERR_IO);
    assert_true(sct_effect_may_pass(&last));
    assert_string_equal(last.outcome.message, "it has changed while it was read");
    assert_false(is_there("a.jpg/large.jpg"));
    assert_false(is_there("a.jpg/small.jpg"));
    expect(run("a.jpg", NULL, NULL), SCT_EFFECT_MADE, 2);
}

static char asked_about[SCT_ORIGIN_SOURCE_BYTES];

static int allow(void *ctx, const char *source)
{
    (void)ctx;
    snprintf(asked_about, sizeof asked_about, "%s", source);
    return 1;
}

static void who_knows_that_a_source_is_gone_may_replace_its_outputs(void **state)
{
    char first[SCT_ORIGIN_SOURCE_BYTES];
    (void)state;
    strcpy(recipe.key, "{stem}-{name}.{ext}");
    recipe.mirror_deletes = 1;
    upload("a.jpg", 120, 0);
    upload("x/a.jpg", 120, 0);
    expect(run("a.jpg", NULL, NULL), SCT_EFFECT_MADE, 2);
    assert_int_equal(run("x/a.jpg", NULL, NULL)->outcome.status, SCT_ERR_PRECONDITION);
    may_replace = allow;
    expect(run_within("y/a.jpg", NULL, NULL, SCT_EVENT_REMOVED, 0), SCT_EFFECT_REMOVED,
           0); /* which is not to remove them */
    expect(run("x/a.jpg", NULL, NULL), SCT_EFFECT_MADE, 2);
    assert_int_equal(sct_origin_hash(first, source_url, "a.jpg"), SCT_OK);
    assert_string_equal(asked_about, first);
    expect(run("x/a.jpg", NULL, NULL), SCT_EFFECT_CURRENT, 0);
    may_replace = NULL;
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, make_stores, remove_stores)
    const struct CMUnitTest tests[] = {
        FRESH(an_upload_becomes_its_variants),
        FRESH(what_is_there_is_not_read_again),
        FRESH(one_missing_output_is_made_alone),
        FRESH(an_older_event_changes_nothing),
        FRESH(a_new_upload_replaces),
        FRESH(other_settings_replace),
        FRESH(an_event_may_speak_of_what_has_been_replaced),
        FRESH(a_record_without_sequencer_keeps_the_one_that_is_there),
        FRESH(names_follow_the_content),
        FRESH(two_sources_do_not_share_an_output),
        FRESH(who_is_beaten_has_succeeded),
        FRESH(who_is_beaten_by_a_newer_one_is_stale),
        FRESH(sixteen_at_once_all_succeed_and_one_writes),
        FRESH(outputs_go_with_their_source_only_when_asked_to),
        FRESH(outputs_stay_when_the_source_is_there_again),
        FRESH(a_source_that_comes_back_keeps_its_outputs),
        FRESH(a_broken_picture_leaves_nothing),
        FRESH(without_time_it_is_handed_back),
        FRESH(a_bad_record_is_its_own_failure),
        FRESH(looking_makes_nothing),
        FRESH(what_was_read_while_it_changed_is_not_published),
        FRESH(who_knows_that_a_source_is_gone_may_replace_its_outputs),
        cmocka_unit_test(stores_must_be_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
