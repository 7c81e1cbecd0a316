/* Golden hashes: what comes out of the resizers for every file of the generated corpus,
 * three sizes each, is the same under every implementation and on every architecture, and
 * the same as it was when golden.txt was written. Planes are hashed, not files, so that
 * another release of libjpeg-turbo's encoder does not matter.
 *
 * A change that is meant to change pictures is recorded with
 *     SCT_GOLDEN_UPDATE=1 build/release/tests/test_golden */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"

enum { MAX_FILES = 512, N_SIZES = 3 };

struct line {
    char name[256]; /* as long as a file's name may be */
    uint64_t hash[N_SIZES];
};

static const char *folder;
static char golden_path[4096];
static struct line golden[MAX_FILES];
static int n_golden;

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(uint64_t h, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ bytes[i]) * 1099511628211u;
    return h;
}

/* A size that shrinks hard, one that shrinks a little or enlarges, and a crop. */
static void make_variants(struct sct_variant v[N_SIZES])
{
    for (int i = 0; i < N_SIZES; i++) {
        v[i] = sct_variant_default();
        v[i].format = &capture_planes;
    }
    v[0].width = v[0].height = 100;
    v[1].width = 411;
    v[1].enlarge = 1;
    v[1].subsampling = SCT_SUB_444;
    v[1].filter = sct_filter_find("mitchell");
    v[2].width = 64;
    v[2].height = 48;
    v[2].fit = SCT_FIT_COVER;
    v[2].subsampling = SCT_SUB_422;
    v[2].filter = sct_filter_find("area");
}

static void hash_file(const char *name, const struct sct_dsp *dsp, struct line *line)
{
    char path[4096];
    size_t n_bytes;
    struct sct_variant variants[N_SIZES];
    struct capture_files files;
    struct sct_result *result = calloc(1, sizeof *result);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    uint8_t *bytes = capture_read_file(path, &n_bytes);
    if (!bytes)
        fail_msg("%s is in golden.txt, not in the corpus", name);
    struct capture_input in = {bytes, n_bytes, 0, 0, SIZE_MAX};
    make_variants(variants);
    const struct sct_job job = {.source = capture_source(&in),
                                .variants = variants,
                                .n_variants = N_SIZES,
                                .target = capture_target(&files),
                                .dsp = dsp};
    snprintf(line->name, sizeof line->name, "%s", name);
    if (sct_job_run(&job, result) != SCT_OK)
        fail_msg("%s: %s", name, result->report.message);
    for (int i = 0; i < N_SIZES; i++)
        line->hash[i] =
            hash_bytes(14695981039346656037u, files.file[i].bytes, files.file[i].n_bytes);
    capture_free_files(&files);
    free(result);
    free(bytes);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->name, ((const struct line *)b)->name);
}

static int update_golden(void)
{
    struct sct_dsp dsp;
    DIR *dir = opendir(folder);
    FILE *file = fopen(golden_path, "w");
    if (!dir || !file || sct_dsp_init(&dsp, "c") != SCT_OK)
        return 1;
    for (struct dirent *e; (e = readdir(dir)) && n_golden < MAX_FILES;)
        if (strlen(e->d_name) > 4 &&
            strcmp(e->d_name + strlen(e->d_name) - 4, ".jpg") == 0)
            snprintf(golden[n_golden++].name, sizeof golden->name, "%s", e->d_name);
    closedir(dir);
    qsort(golden, (size_t)n_golden, sizeof *golden, compare_lines);
    for (int i = 0; i < n_golden; i++) {
        struct line line;
        hash_file(golden[i].name, &dsp, &line);
        fprintf(file, "%s %016llx %016llx %016llx\n", line.name,
                (unsigned long long)line.hash[0], (unsigned long long)line.hash[1],
                (unsigned long long)line.hash[2]);
    }
    fclose(file);
    printf("%d lines written to %s\n", n_golden, golden_path);
    return 0;
}

static void read_golden(void)
{
    FILE *file = fopen(golden_path, "r");
    unsigned long long h[N_SIZES];
    if (!file)
        return;
    while (n_golden < MAX_FILES &&
           fscanf(file, "%255s %llx %llx %llx", golden[n_golden].name, &h[0], &h[1],
                  &h[2]) == 4)
    {
        for (int i = 0; i < N_SIZES; i++)
            golden[n_golden].hash[i] = h[i];
        n_golden++;
    }
    fclose(file);
}

static void check_implementation(const char *name)
{
    struct sct_dsp dsp;
    const int status = sct_dsp_init(&dsp, name);
    if (status == SCT_ERR_UNSUPPORTED)
        skip();
    assert_int_equal(status, SCT_OK);
    assert_string_equal(dsp.name, name);
    assert_true(n_golden > 50);
    for (int i = 0; i < n_golden; i++) {
        struct line line;
        hash_file(golden[i].name, &dsp, &line);
        for (int k = 0; k < N_SIZES; k++)
            if (line.hash[k] != golden[i].hash[k])
                fail_msg("%s, size %d, differs under %s", line.name, k, name);
    }
}

static void planes_equal_the_golden_hashes_under_c(void **state)
{
    (void)state;
    check_implementation("c");
}

static void planes_equal_the_golden_hashes_under_hwy(void **state)
{
    (void)state;
    check_implementation("hwy");
}

static void planes_equal_the_golden_hashes_under_avx2(void **state)
{
    (void)state;
    check_implementation("avx2");
}

static void planes_equal_the_golden_hashes_under_neon(void **state)
{
    (void)state;
    check_implementation("neon");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_equal_the_golden_hashes_under_c),
        cmocka_unit_test(planes_equal_the_golden_hashes_under_hwy),
        cmocka_unit_test(planes_equal_the_golden_hashes_under_avx2),
        cmocka_unit_test(planes_equal_the_golden_hashes_under_neon),
    };
    const char *source = getenv("SCT_SOURCE_DIR");
    folder = getenv("SCT_CORPUS");
    if (!folder || !source) {
        fprintf(stderr, "SCT_CORPUS and SCT_SOURCE_DIR have to be set; ctest does\n");
        return 1;
    }
    snprintf(golden_path, sizeof golden_path, "%s/tests/golden/golden.txt", source);
    if (getenv("SCT_GOLDEN_UPDATE"))
        return update_golden();
    read_golden();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
