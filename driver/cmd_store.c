/* scantling store: the operations of a store by hand, one each. For people who look into one,
 * for scripts that know no S3, and for our tests. */
#define _GNU_SOURCE 1
#include "commands.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "mem.h"
#include "store.h"
#include "text.h"
#include "verdict.h"

enum {
    OPT_TYPE = 256,
    OPT_CACHE,
    OPT_ATTRIBUTE,
    OPT_IF_NONE,
    OPT_IF_MATCH,
    OPT_TRIES,
    OPT_STALL
};

static const struct option store_options[] = {
    {"content-type", required_argument, NULL, OPT_TYPE},
    {"cache-control", required_argument, NULL, OPT_CACHE},
    {"attribute", required_argument, NULL, OPT_ATTRIBUTE},
    {"if-none", no_argument, NULL, OPT_IF_NONE},
    {"if-match", required_argument, NULL, OPT_IF_MATCH},
    {"tries", required_argument, NULL, OPT_TRIES},
    {"stall", required_argument, NULL, OPT_STALL},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct work {
    sct_store *store, *other; /* other: where a copy goes */
    const char *key, *other_key;
    struct sct_put put;
    struct sct_attributes attributes;
    struct sct_object object;
};

/* Keys may be bytes of any kind, JSON may not. */
static int print_object(const struct sct_object *o, const char *key, int is_listed)
{
    char *const text = sct_text_utf8(key);
    json_t *const attributes = json_object();
    const char *name, *value;
    for (size_t at = 0; sct_attributes_next(&o->attributes, &at, &name, &value);)
        json_object_set_new(attributes, name, json_string(value));
    json_t *const root =
        json_pack("{s:s, s:I, s:s, s:I}", "key", text ? text : "", "bytes",
                  (json_int_t)o->bytes, "etag", o->etag, "mtime", (json_int_t)o->mtime_s);
    if (!is_listed) {
        json_object_set_new(root, "version", json_string(o->version));
        json_object_set_new(root, "content_type", json_string(o->content_type));
        json_object_set_new(root, "cache_control", json_string(o->cache_control));
        json_object_set(root, "attributes", attributes);
    }
    const int failed = !text || !root || json_dumpf(root, stdout, JSON_COMPACT) != 0;
    putchar('\n');
    json_decref(root);
    json_decref(attributes);
    free(text);
    return failed ? SCT_ERR_MEMORY : SCT_OK;
}

static int do_head(struct work *w)
{
    const int status = sct_store_head(w->store, w->key, NULL, &w->object);
    return status == SCT_OK ? print_object(&w->object, w->key, 0) : status;
}

static int do_get(struct work *w)
{
    char part[65536];
    size_t n = 1;
    sct_store_reader *reader;
    int status = sct_store_get(w->store, w->key, NULL, &reader, &w->object);
    if (status != SCT_OK)
        return status;
    const struct sct_source source = sct_store_reader_source(reader);
    while (status == SCT_OK && n > 0) {
        status = source.read(source.ctx, part, sizeof part, &n);
        fwrite(part, 1, n, stdout); /* that it failed is noticed when stdout is closed */
    }
    sct_store_reader_close(reader);
    return status;
}

static int do_put(struct work *w)
{
    char part[65536];
    sct_store_writer *writer;
    int status = sct_store_write(w->store, w->key, &w->put, &writer);
    if (status != SCT_OK)
        return status;
    const struct sct_sink sink = sct_store_writer_sink(writer);
    for (size_t n = fread(part, 1, sizeof part, stdin); n > 0 && status == SCT_OK;
         n = fread(part, 1, sizeof part, stdin))
        status = sink.write(sink.ctx, part, n);
    if (ferror(stdin)) {
        sct_store_writer_abort(writer);
        return SCT_ERR_IO;
    }
    status = sct_store_writer_commit(writer, &w->object);
    return status == SCT_OK ? print_object(&w->object, w->key, 1) : status;
}

static int do_list(struct work *w)
{
    sct_store_list *list;
    int status = sct_store_list_open(w->store, w->key ? w->key : "",
                                     w->other_key ? w->other_key : "", &list);
    if (status != SCT_OK)
        return status;
    while (status == SCT_OK) {
        status = sct_store_list_next(list, &w->object);
        if (status == SCT_OK)
            status = print_object(&w->object, w->object.key, 1);
    }
    sct_store_list_close(list);
    return status == SCT_DONE ? SCT_OK : status;
}

static int do_remove(struct work *w)
{
    return sct_store_delete(w->store, w->key, NULL);
}

static int do_copy(struct work *w)
{
    return sct_store_copy(w->store, w->key, NULL, w->other, w->other_key, NULL);
}

/* For an hour. */
static int do_presign(struct work *w)
{
    char *url;
    const int status = sct_store_presign(w->store, "GET", w->key, NULL, 0, 3600, &url);
    if (status == SCT_OK)
        puts(url);
    sct_mem_free(url);
    return status;
}

static const struct {
    const char *name;
    int (*act)(struct work *w);
    int min_words, max_words;
} actions[] = {
    {"ls", do_list, 1, 3},     {"head", do_head, 2, 2}, {"get", do_get, 2, 2},
    {"put", do_put, 2, 2},     {"rm", do_remove, 2, 2}, {"cp", do_copy, 4, 4},
    {"url", do_presign, 2, 2},
};

static int take_option(struct work *w, struct sct_store_spec *spec, int c)
{
    char *const equals = optarg && c == OPT_ATTRIBUTE ? strchr(optarg, '=') : NULL;
    switch (c) {
    case OPT_TYPE: w->put.content_type = optarg; break;
    case OPT_CACHE: w->put.cache_control = optarg; break;
    case OPT_IF_NONE: w->put.if_none = 1; break;
    case OPT_IF_MATCH: w->put.if_match = optarg; break;
    case OPT_TRIES: spec->n_tries = atoi(optarg); break;
    case OPT_STALL: spec->stall_s = atoi(optarg); break;
    case OPT_ATTRIBUTE:
        if (equals)
            *equals = '\0';
        w->put.attributes = &w->attributes;
        return equals ? sct_attributes_set(&w->attributes, optarg, equals + 1)
                      : SCT_ERR_ARGUMENT;
    default: return SCT_ERR_ARGUMENT;
    }
    return SCT_OK;
}

/* Opens what the words name, and acts. */
static int run_action(struct work *w, int action, char **word, int n_words,
                      struct sct_store_spec *spec)
{
    struct sct_report report = {.message = ""};
    const int is_copy = actions[action].act == do_copy;
    w->key = n_words > 1 ? word[1] : NULL;
    w->other_key = is_copy ? word[3] : n_words > 2 ? word[2] : NULL;
    spec->makes_folder = actions[action].act == do_put;
    int status = sct_store_open(&w->store, word[0], spec, &report);
    spec->makes_folder = 1;
    if (status == SCT_OK && is_copy)
        status = sct_store_open(&w->other, word[2], spec, &report);
    if (status == SCT_OK)
        status = actions[action].act(w);
    const sct_store *const failed = is_copy && w->other ? w->other : w->store;
    const char *message = report.message;
    if (!message[0] && failed)
        message = sct_store_message(failed);
    if (status != SCT_OK)
        sct_text_complain("%s%s%s: %s: %s", word[0], w->key ? " " : "",
                          w->key ? w->key : "", sct_verdict_of(status).word,
                          message[0] ? message : sct_verdict_explain(status));
    sct_store_close(w->other);
    sct_store_close(w->store);
    return status;
}

int sct_command_store(int argc, char **argv)
{
    struct work *const w = calloc(1, sizeof *w);
    struct sct_store_spec spec = {.credentials = NULL};
    int exit_status = SCT_EXIT_USAGE;
    if (!w)
        return SCT_EXIT_ALL;
    opterr = 0;
    for (int c = getopt_long(argc, argv, "h", store_options, NULL); c != -1;
         c = getopt_long(argc, argv, "h", store_options, NULL))
    {
        if (c == 'h') {
            fputs(sct_help_store(), stdout);
            exit_status = sct_command_close_stdout(SCT_EXIT_OK);
            goto done;
        }
        if (take_option(w, &spec, c) != SCT_OK) {
            sct_text_complain("store: '%s' makes no sense; see 'scantling store --help'",
                              argv[optind - 1]);
            goto done;
        }
    }
    const char *const name = optind < argc ? argv[optind] : "";
    const int n_words = argc - optind - 1;
    for (int i = 0; i < (int)(sizeof actions / sizeof *actions); i++) {
        if (strcmp(name, actions[i].name) != 0 || n_words < actions[i].min_words ||
            n_words > actions[i].max_words)
            continue;
        const int status = run_action(w, i, argv + optind + 1, n_words, &spec);
        exit_status =
            sct_command_close_stdout(status == SCT_OK ? SCT_EXIT_OK : SCT_EXIT_ALL);
        goto done;
    }
    sct_text_complain("store: what to do? see 'scantling store --help'");
done:
    free(w);
    return exit_status;
}
