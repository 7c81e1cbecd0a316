/* Origins: to attributes, from them, and side by side. */
#include "origin.h"

#include <stdio.h>
#include <string.h>

#include "event.h"
#include "sigv4.h"

enum { STORE_DIGITS = 16 };

int sct_origin_hash(char source[SCT_ORIGIN_SOURCE_BYTES], const char *store,
                    const char *key)
{
    char of_store[SCT_SHA256_HEX_BYTES], of_key[SCT_SHA256_HEX_BYTES];
    int status = sct_sha256_hex(of_store, store, strlen(store));
    if (status == SCT_OK)
        status = sct_sha256_hex(of_key, key, strlen(key));
    if (status == SCT_OK)
        snprintf(source, SCT_ORIGIN_SOURCE_BYTES, "%.*s-%.32s", STORE_DIGITS, of_store,
                 of_key);
    return status;
}

const char *sct_origin_key(const char *source)
{
    return strlen(source) > STORE_DIGITS ? source + STORE_DIGITS + 1 : "";
}

int sct_origin_is_same_store(const char *source, const char *other)
{
    return source[0] && strncmp(source, other, STORE_DIGITS + 1) == 0;
}

int sct_origin_write(const struct sct_origin *o, struct sct_attributes *a)
{
    const char *const pair[][2] = {{"scantling-source", o->source},
                                   {"scantling-etag", o->etag},
                                   {"scantling-settings", o->settings},
                                   {"scantling-sequencer", o->sequencer},
                                   {"scantling-version", o->version}};
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        const int status =
            pair[i][1][0] ? sct_attributes_set(a, pair[i][0], pair[i][1]) : SCT_OK;
        if (status != SCT_OK && pair[i][1] != o->version)
            return status;
    }
    return SCT_OK;
}

static void read_one(char *out, size_t n, const struct sct_attributes *a,
                     const char *name)
{
    const char *const value = sct_attributes_get(a, name);
    snprintf(out, n, "%s", strlen(value) < n ? value : "");
}

void sct_origin_read(struct sct_origin *o, const struct sct_attributes *a)
{
    read_one(o->source, sizeof o->source, a, "scantling-source");
    read_one(o->etag, sizeof o->etag, a, "scantling-etag");
    read_one(o->version, sizeof o->version, a, "scantling-version");
    read_one(o->sequencer, sizeof o->sequencer, a, "scantling-sequencer");
    read_one(o->settings, sizeof o->settings, a, "scantling-settings");
}

enum sct_relation sct_origin_compare(const struct sct_origin *there,
                                     const struct sct_origin *wanted)
{
    if (strcmp(there->source, wanted->source) != 0)
        return SCT_RELATION_OTHER;
    const int has_content =
        (wanted->etag[0] && strcmp(there->etag, wanted->etag) == 0) ||
        (wanted->version[0] && strcmp(there->version, wanted->version) == 0);
    if (has_content && strcmp(there->settings, wanted->settings) == 0)
        return SCT_RELATION_CURRENT;
    if (there->sequencer[0] && wanted->sequencer[0] &&
        sct_sequencer_compare(there->sequencer, wanted->sequencer) > 0)
        return SCT_RELATION_LATER;
    return SCT_RELATION_EARLIER;
}
