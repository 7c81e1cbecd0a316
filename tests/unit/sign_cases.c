/* Signs what stdin asks for, for sigv4_test.py. Each line has twelve fields, in hexadecimal
 * and separated by spaces, "-" for an empty one:
 *
 *     method host path query headers hash region service time_s access secret token
 *
 * Query and headers are lists "name\0value\0name\0value\0". The answer to each line is
 * three: the target, the value of Authorization, and the URL presigned for 3600 s. */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sigv4.h"
#include "status.h"

enum { N_FIELDS = 12, FIELD_BYTES = 1 << 16, MAX_PAIRS = 16 };

static char field[N_FIELDS][FIELD_BYTES];
static size_t field_bytes[N_FIELDS];

static int read_field(int i)
{
    static char word[2 * FIELD_BYTES];
    if (scanf("%131000s", word) != 1)
        return 0;
    size_t n = 0;
    for (const char *s = word; s[0] && s[1]; s += 2) {
        const char digits[3] = {s[0], s[1], '\0'};
        field[i][n++] = (char)strtol(digits, NULL, 16);
    }
    field[i][n] = '\0';
    field_bytes[i] = n;
    return 1;
}

static int split_pairs(struct sct_pair *pair, int i)
{
    int n = 0;
    for (const char *s = field[i]; s < field[i] + field_bytes[i] && n < MAX_PAIRS; n++) {
        pair[n].name = s;
        pair[n].value = s + strlen(s) + 1;
        s = pair[n].value + strlen(pair[n].value) + 1;
    }
    return n;
}

int main(void)
{
    for (;;) {
        struct sct_pair query[MAX_PAIRS], header[MAX_PAIRS];
        for (int i = 0; i < N_FIELDS; i++) {
            if (!read_field(i))
                return i == 0 ? 0 : 1;
        }
        const struct sct_aws_keys keys = {
            .access_key = field[9], .secret_key = field[10], .token = field[11]};
        const struct sct_sigv4_request request = {.method = field[0],
                                                  .host = field[1],
                                                  .path = field[2],
                                                  .query = query,
                                                  .header = header,
                                                  .n_query = split_pairs(query, 3),
                                                  .n_headers = split_pairs(header, 4),
                                                  .payload_hash = field[5],
                                                  .region = field[6],
                                                  .service = field[7],
                                                  .time_s = strtoll(field[8], NULL, 10)};
        struct sct_signed s;
        char *url;
        if (sct_sigv4_sign(&s, &request, &keys) != SCT_OK ||
            sct_sigv4_presign(&url, &request, &keys, "https", 3600) != SCT_OK)
            return 1;
        printf("%s\n%s\n%s\n", s.target, s.authorization, url);
        sct_signed_free(&s);
        sct_mem_free(url);
    }
}
