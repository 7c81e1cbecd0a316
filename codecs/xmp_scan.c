/* Tokens of XMP. The scanner goes forward only: `rest` shrinks with every token. */
#include "xmp_scan.h"

#include <limits.h>
#include <string.h>

int sct_bytes_equal(struct sct_bytes b, const char *text)
{
    return b.n_bytes == strlen(text) && !memcmp(b.data, text, b.n_bytes);
}

int sct_bytes_start_with(struct sct_bytes b, const char *text)
{
    return b.n_bytes >= strlen(text) && !memcmp(b.data, text, strlen(text));
}

static int is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* As XML has it for ASCII; any byte above it is taken for a letter. */
static int is_name(uint8_t c, int is_first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80 ||
           (!is_first && (c == ':' || c == '-' || c == '.' || (c >= '0' && c <= '9')));
}

static size_t measure_name(struct sct_bytes b)
{
    size_t n = 0;
    while (n < b.n_bytes && is_name(b.data[n], n == 0))
        n++;
    return n;
}

/* The length up to and with `end`, looked for from `from`; 0: it is not there. */
static size_t measure_to(struct sct_bytes b, size_t from, const char *end)
{
    const size_t n = strlen(end);
    while (from + n <= b.n_bytes) {
        const uint8_t *p = memchr(b.data + from, end[0], b.n_bytes - from);
        if (!p)
            return 0;
        from = (size_t)(p - b.data);
        if (from + n <= b.n_bytes && !memcmp(p, end, n))
            return from + n;
        from++;
    }
    return 0;
}

/* The length of a tag, whose values may contain ">"; 0: it does not end. */
static size_t measure_tag(struct sct_bytes b)
{
    for (size_t i = 1; i < b.n_bytes; i++) {
        const uint8_t c = b.data[i];
        if (c == '>')
            return i + 1;
        if (c == '<')
            return 0;
        if (c == '"' || c == '\'') {
            const uint8_t *end = memchr(b.data + i + 1, c, b.n_bytes - i - 1);
            if (!end)
                return 0;
            i = (size_t)(end - b.data);
        }
    }
    return 0;
}

void sct_xmp_scan_init(struct sct_xmp_scan *s, struct sct_bytes xmp)
{
    *s = (struct sct_xmp_scan){.token = SCT_XMP_TEXT, .rest = xmp, .rdf_depth = -1};
}

static enum sct_xmp_token end_token(struct sct_xmp_scan *s, enum sct_xmp_token token,
                                    size_t n_bytes)
{
    if (n_bytes == 0)
        token = s->n_open == 0 && s->rest.n_bytes == 0 ? SCT_XMP_END : SCT_XMP_BAD;
    s->whole = (struct sct_bytes){s->rest.data, n_bytes};
    if (n_bytes) {
        s->rest.data += n_bytes;
        s->rest.n_bytes -= n_bytes;
    }
    return s->token = token;
}

static enum sct_xmp_token scan_tag(struct sct_xmp_scan *s)
{
    const size_t n = measure_tag(s->rest);
    if (n < 3)
        return end_token(s, SCT_XMP_BAD, 0);
    const int is_close = s->rest.data[1] == '/';
    const int is_empty = !is_close && s->rest.data[n - 2] == '/';
    const size_t begin = is_close ? 2 : 1;
    const size_t end = n - (is_empty ? 2 : 1);
    const size_t name_bytes =
        measure_name((struct sct_bytes){s->rest.data + begin, end - begin});

    s->name = (struct sct_bytes){s->rest.data + begin, name_bytes};
    s->attributes =
        (struct sct_bytes){s->rest.data + begin + name_bytes, end - begin - name_bytes};
    if (name_bytes == 0 || (is_close && s->n_open == 0) || s->n_open == INT_MAX)
        return end_token(s, SCT_XMP_BAD, 0);
    if (is_close) {
        s->depth = --s->n_open;
        if (s->depth == s->rdf_depth)
            s->rdf_depth = -1;
        return end_token(s, SCT_XMP_CLOSE, n);
    }
    s->depth = s->n_open;
    if (is_empty)
        return end_token(s, SCT_XMP_EMPTY, n);
    s->n_open++;
    if (s->rdf_depth < 0 && sct_bytes_equal(s->name, "rdf:RDF"))
        s->rdf_depth = s->depth;
    return end_token(s, SCT_XMP_OPEN, n);
}

enum sct_xmp_token sct_xmp_scan_next(struct sct_xmp_scan *s)
{
    const struct sct_bytes b = s->rest;

    if (s->token == SCT_XMP_BAD || s->token == SCT_XMP_END)
        return s->token;
    s->depth = s->n_open;
    if (b.n_bytes == 0)
        return end_token(s, SCT_XMP_END, 0);
    if (b.data[0] != '<') {
        const uint8_t *tag = memchr(b.data, '<', b.n_bytes);
        return end_token(s, SCT_XMP_TEXT, tag ? (size_t)(tag - b.data) : b.n_bytes);
    }
    if (sct_bytes_start_with(b, "<?"))
        return end_token(s, SCT_XMP_OTHER, measure_to(b, 2, "?>"));
    if (sct_bytes_start_with(b, "<!--"))
        return end_token(s, SCT_XMP_OTHER, measure_to(b, 4, "-->"));
    if (sct_bytes_start_with(b, "<![CDATA["))
        return end_token(s, SCT_XMP_OTHER, measure_to(b, 9, "]]>"));
    return scan_tag(s); /* a document type is BAD there: it has no name */
}

int sct_xmp_attribute_next(struct sct_xmp_attribute *a, struct sct_bytes *rest)
{
    const uint8_t *p = rest->data;
    const size_t n = rest->n_bytes;
    size_t at = 0;

    while (at < n && is_space(p[at]))
        at++;
    if (at == n)
        return 0;
    const size_t name_bytes = measure_name((struct sct_bytes){p + at, n - at});
    if (at == 0 || name_bytes == 0)
        return -1;
    a->name = (struct sct_bytes){p + at, name_bytes};
    at += name_bytes;
    while (at < n && is_space(p[at]))
        at++;
    if (at == n || p[at] != '=')
        return -1;
    at++;
    while (at < n && is_space(p[at]))
        at++;
    if (at == n || (p[at] != '"' && p[at] != '\''))
        return -1;
    const uint8_t *end = memchr(p + at + 1, p[at], n - at - 1);
    if (!end)
        return -1;
    a->value = (struct sct_bytes){p + at + 1, (size_t)(end - p) - at - 1};
    at = (size_t)(end - p) + 1;
    a->whole = (struct sct_bytes){p, at};
    rest->data += at;
    rest->n_bytes -= at;
    return 1;
}

int sct_xmp_is_description(const struct sct_xmp_scan *s)
{
    return s->rdf_depth >= 0 && s->depth == s->rdf_depth + 1 &&
           sct_bytes_equal(s->name, "rdf:Description");
}

int sct_xmp_is_property(const struct sct_xmp_scan *s)
{
    return s->rdf_depth >= 0 && s->depth == s->rdf_depth + 2;
}
