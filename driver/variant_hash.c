/* The hash of a variant's settings: FNV-1a over their text, in which everything has its name, so
 * that settings which are to come change nothing where they are not used. */
#include "variant_hash.h"

#include <stdarg.h>
#include <stdio.h>

struct hash {
    uint64_t value;
};

__attribute__((format(printf, 2, 3))) static void add(struct hash *h, const char *format,
                                                      ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (const char *p = text; *p; p++)
        h->value = (h->value ^ (unsigned char)*p) * 0x100000001b3u;
}

void sct_variant_hash(char hash[17], const struct sct_variant *v, int is_linear,
                      int is_salvaged)
{
    struct hash h = {0xcbf29ce484222325u};
    add(&h, "size=%dx%d fit=%d enlarge=%d filter=%s ", v->width, v->height, (int)v->fit,
        v->enlarge, v->filter ? v->filter->name : "");
    add(&h, "format=%s quality=%d exact=%d subsampling=%d ",
        v->format ? v->format->name : "source", v->quality, v->quality_exact,
        (int)v->subsampling);
    add(&h, "progressive=%d optimize=%d effort=%d lossless=%d compression=%d ",
        v->progressive, v->optimize, v->effort, v->lossless, v->compression);
    add(&h, "icc=%d metadata=%d depth=%d background=%02x%02x%02x ", (int)v->icc,
        (int)v->metadata, v->depth, v->background[0], v->background[1], v->background[2]);
    add(&h, "linear=%d salvage=%d", is_linear, is_salvaged);
    if (v->score > 0)
        add(&h, " score=%d", v->score);
    if (v->max_bytes > 0)
        add(&h, " max_bytes=%zu", v->max_bytes);
    snprintf(hash, 17, "%016llx", (unsigned long long)h.value);
}
