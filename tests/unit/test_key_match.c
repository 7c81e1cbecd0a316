/* Keys of outputs, read backwards: every key that is made leads to its source and variant, and what
 * was never made leads nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "key_match.h"

static struct sct_recipe recipe;

static void set_recipe(const char *template, const char *const *names, int n)
{
    memset(&recipe, 0, sizeof recipe);
    strcpy(recipe.key, template);
    recipe.n_variants = n;
    for (int i = 0; i < n; i++)
        strcpy(recipe.variant[i].name, names[i]);
}

static void check_match(const char *key, const char *name, const char *source)
{
    char *found;
    int variant = -1;
    assert_int_equal(sct_key_match(&recipe, key, &variant, &found), SCT_OK);
    assert_string_equal(recipe.variant[variant].name, name);
    assert_string_equal(found, source);
    free(found);
}

static void check_nothing(const char *key)
{
    char *found;
    int variant;
    assert_int_equal(sct_key_match(&recipe, key, &variant, &found), SCT_ERR_NOT_FOUND);
    assert_null(found);
}

static const char *const sizes[] = {"large", "x-large", "s"};

/* Punctuation means itself, also what GNU's regular expressions make operators of. */
static void what_is_made_is_found(void **state)
{
    static const char *const templates[] = {SCT_KEY_DEFAULT,
                                            "{folder}{file}'{name}`{ext}",
                                            "{folder}<{name}>/{file}.{ext}",
                                            "b{ext}/w{name}B{folder}W{file}",
                                            "{folder}{{{name}}}.{ext}/{file}",
                                            "{stem}/{folder}{stem}-{name}/{file}.{ext}",
                                            "{name}/{folder}{file}/{file}/{stem}.{ext}",
                                            "^{folder}{file}$({name})[{ext}]*+?|\\"};
    static const char *const sources[] = {"a.jpg",      "2024/summer/a b.jpg",
                                          ".hidden",    "a",
                                          "a.b.c",      "ä/漢字/😀.png",
                                          "large.jpg",  "a-large.jpg",
                                          "a/a/a",      "s.jpg.s",
                                          "/a",         "a//b",
                                          "'`<>\\b.jpg"};
    (void)state;
    for (size_t t = 0; t < sizeof templates / sizeof *templates; t++) {
        set_recipe(templates[t], sizes, 3);
        assert_true(sct_key_is_reversible(templates[t]));
        for (size_t s = 0; s < sizeof sources / sizeof *sources; s++) {
            for (int i = 0; i < 3 * 2; i++) {
                const struct sct_variant *const v = &recipe.variant[i / 2];
                char *const key =
                    sct_key_expand(templates[t], sources[s], v, sct_encoder_at(i % 2));
                assert_non_null(key);
                check_match(key, v->name, sources[s]);
                free(key);
            }
        }
    }
}

static void the_longest_name_has_it(void **state)
{
    (void)state;
    for (int is_last = 0; is_last < 2; is_last++) {
        const char *const names[] = {sizes[!is_last], sizes[is_last]};
        set_recipe("{folder}{file}-{name}.{ext}", names, 2);
        check_match("f/a.png-x-large.jpg", "x-large", "f/a.png");
        check_match("f/a.png-large.jpg", "large", "f/a.png");
        check_match("a-large-large.jpg", "large", "a-large");
        check_match("x-large.jpg", "large", "x"); /* no file has an empty name */
        check_match("-x-large.jpg", "large", "-x");
    }
}

static void what_is_not_made_is_not_found(void **state)
{
    (void)state;
    set_recipe(SCT_KEY_DEFAULT, sizes, 3);
    check_nothing("a.jpg/medium.jpg");
    check_nothing("a.jpg/large.gif");
    check_nothing("a.jpg/large.jpg/");
    check_nothing("large.jpg");
    check_nothing("/large.jpg");
    check_nothing("");
    recipe.variant[0].format = sct_encoder_find("jpeg");
    check_match("a/large.jpg", "large", "a");
    check_nothing("a/large.webp");
    check_match("a/s.webp", "s", "a");
    set_recipe("{stem}/{name}/{file}.{ext}", sizes, 3);
    check_match("a/s/a.png.jpg", "s", "a.png");
    check_nothing("a/s/b.png.jpg");
    check_nothing("a.png/s/a.png.jpg");
}

static void without_the_file_no_source_is_known(void **state)
{
    (void)state;
    assert_false(sct_key_is_reversible("{folder}{stem}/{name}.{ext}"));
    assert_false(sct_key_is_reversible("{{file}}/{stem}"));
    set_recipe("{folder}{stem}/{name}.{ext}", sizes, 3);
    check_nothing("a/s.jpg");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_found),
        cmocka_unit_test(the_longest_name_has_it),
        cmocka_unit_test(what_is_not_made_is_not_found),
        cmocka_unit_test(without_the_file_no_source_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
