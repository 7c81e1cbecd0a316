/* The words of events. What other programs put into them is checked here, before anything makes
 * a path or a URL of it. */
#include "event_words.h"

#include <ctype.h>
#include <string.h>

#include "text.h"

static int read_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const int letter = tolower((unsigned char)c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

const char *sct_event_check_key(const char *key, size_t max_bytes)
{
    if (!key[0])
        return "is empty";
    if (strlen(key) > max_bytes)
        return "is too long";
    return sct_text_is_utf8(key) ? NULL : "is no UTF-8";
}

int sct_event_bucket_is_valid(const char *name)
{
    const size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-");
    return n >= 1 && n <= 255 && !name[n] && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

int sct_event_store_is_valid(const char *url)
{
    if (strlen(url) > 4096)
        return 0;
    if (strncmp(url, "file:///", 8) == 0)
        return 1;
    if (strncmp(url, "s3://", 5) != 0)
        return 0;
    char bucket[256];
    const size_t n = strcspn(url + 5, "/");
    if (n >= sizeof bucket)
        return 0;
    memcpy(bucket, url + 5, n);
    bucket[n] = '\0';
    return sct_event_bucket_is_valid(bucket);
}

int sct_event_sequencer_is_valid(const char *text)
{
    const size_t n = strspn(text, "0123456789abcdefABCDEF");
    return n >= 1 && n <= SCT_EVENT_SEQUENCER_DIGITS && !text[n];
}

static int has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

enum sct_event_kind sct_event_kind_of(const char *name)
{
    if (has_prefix(name, "s3:"))
        name += 3;
    if (has_prefix(name, "ObjectCreated:") || strcmp(name, "Object Created") == 0)
        return SCT_EVENT_CREATED;
    if (has_prefix(name, "ObjectRemoved:") || has_prefix(name, "LifecycleExpiration:") ||
        strcmp(name, "Object Deleted") == 0)
        return SCT_EVENT_REMOVED;
    return SCT_EVENT_OTHER;
}

int sct_sequencer_compare(const char *a, const char *b)
{
    if (!a || !b)
        return 0;
    while (*a || *b) {
        const int x = *a ? read_digit(*a++) : 0;
        const int y = *b ? read_digit(*b++) : 0;
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}
