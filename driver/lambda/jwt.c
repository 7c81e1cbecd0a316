/* A token: header.payload.signature, each in base64url.
 *
 *     header    {"alg": one of ours, "kid": ...}        only chooses among our keys
 *     signature of the bytes "header.payload"           by a key for that algorithm
 *     payload   {"iss", "aud", "sub", "exp", "nbf"}     read once the signature is right */
#define _GNU_SOURCE 1
#include "jwt.h"

#include <jansson.h>
#include <string.h>

#include "base64.h"

enum { N_PARTS = 3 };

struct part {
    const char *text;
    size_t n_bytes;
};

static int deny(struct sct_report *report, const char *why)
{
    return sct_report_fail(report, SCT_ERR_DENIED, "%s", why);
}

static int split(struct part part[N_PARTS], const char *token, size_t n_bytes)
{
    const char *const end = token + n_bytes;
    for (int i = 0; i < N_PARTS; i++) {
        const char *const dot = memchr(token, '.', (size_t)(end - token));
        const char *const part_end = dot ? dot : end;
        part[i].text = token;
        part[i].n_bytes = (size_t)(part_end - token);
        if ((i < N_PARTS - 1) != (dot != NULL))
            return 0;
        token = dot ? dot + 1 : end;
    }
    return 1;
}

/* The object in a part; NULL: there is none. Of two values with one name readers differ about which
 * counts, so there may not be two. */
static json_t *read_object(const struct part *part)
{
    struct sct_buffer text = {0};
    json_t *object = NULL;
    if (sct_base64_decode(&text, SCT_BASE64_URL, part->text, part->n_bytes) == SCT_OK &&
        text.data)
        object = json_loadb(text.data, text.n_bytes, JSON_REJECT_DUPLICATES, NULL);
    sct_buffer_free(&text);
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static int find_algorithm(const json_t *header, enum sct_jwt_algorithm *algorithm)
{
    static const struct {
        const char *name;
        enum sct_jwt_algorithm algorithm;
    } known[] = {
        {"RS256", SCT_JWT_RS256}, {"ES256", SCT_JWT_ES256}, {"EdDSA", SCT_JWT_EDDSA}};
    const char *const name = json_string_value(json_object_get(header, "alg"));
    for (size_t i = 0; name && i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i].name) == 0) {
            *algorithm = known[i].algorithm;
            return 1;
        }
    }
    return 0;
}

static int check_signature(const struct part part[N_PARTS], const sct_jwt_keys *keys,
                           struct sct_report *report)
{
    const size_t signed_bytes = (size_t)(part[1].text + part[1].n_bytes - part[0].text);
    struct sct_buffer signature = {0};
    enum sct_jwt_algorithm algorithm;
    int status = SCT_OK;
    json_t *const header = read_object(&part[0]);
    const json_t *const id = json_object_get(header, "kid");
    if (!header)
        status = deny(report, "the token's header is no JSON object in base64url");
    else if (!find_algorithm(header, &algorithm))
        status = deny(report, "the token's alg is not RS256, ES256 or EdDSA");
    else if (json_object_get(header, "crit"))
        status = deny(report, "the token wants extensions (crit) that we do not know");
    else if (id && !json_is_string(id))
        status = deny(report, "the token's kid is no text");
    else if (sct_base64_decode(&signature, SCT_BASE64_URL, part[2].text,
                               part[2].n_bytes) != SCT_OK ||
             signature.n_bytes == 0)
        status = deny(report, "the token's signature is not base64url");
    else if (!sct_jwt_keys_verify(keys, algorithm, json_string_value(id), part[0].text,
                                  signed_bytes, signature.data, signature.n_bytes))
        status = deny(report, "the token's signature is not by any of the keys");
    json_decref(header);
    sct_buffer_free(&signature);
    return status;
}

static int is_meant_for(const json_t *aud, const char *audience)
{
    const json_t *entry;
    size_t i;
    int is_there = 0;
    if (json_is_string(aud))
        return strcmp(json_string_value(aud), audience) == 0;
    json_array_foreach(aud, i, entry)
    {
        if (!json_is_string(entry))
            return 0;
        is_there |= strcmp(json_string_value(entry), audience) == 0;
    }
    return is_there;
}

static int check_times(const json_t *payload, const struct sct_jwt_rules *rules,
                       int64_t now_s, struct sct_report *report)
{
    const json_t *const exp = json_object_get(payload, "exp");
    const json_t *const nbf = json_object_get(payload, "nbf");
    const double now = (double)now_s;
    if (!json_is_number(exp) || (nbf && !json_is_number(nbf)))
        return deny(report, "the token's times (exp, nbf) are missing or no numbers");
    if (now >= json_number_value(exp) + rules->leeway_s)
        return deny(report, "the token has expired");
    if (nbf && now < json_number_value(nbf) - rules->leeway_s)
        return deny(report, "the token is not valid yet");
    return SCT_OK;
}

static int check_claims(struct sct_jwt_claims *claims, const json_t *payload,
                        const struct sct_jwt_rules *rules, int64_t now_s,
                        struct sct_report *report)
{
    const char *const iss = json_string_value(json_object_get(payload, "iss"));
    const char *const sub = json_string_value(json_object_get(payload, "sub"));
    if (!iss || strcmp(iss, rules->issuer) != 0)
        return deny(report, "the token is from another issuer (iss)");
    if (!is_meant_for(json_object_get(payload, "aud"), rules->audience))
        return deny(report, "the token is for another audience (aud)");
    const int status = check_times(payload, rules, now_s, report);
    if (status != SCT_OK)
        return status;
    if (!sub || !sub[0] || strlen(sub) >= sizeof claims->subject)
        return deny(report, "the token names no subject (sub), or a very long one");
    strcpy(claims->subject, sub);
    claims->expires_s = json_number_value(json_object_get(payload, "exp"));
    return SCT_OK;
}

int sct_jwt_verify(struct sct_jwt_claims *claims, const char *token, size_t n_bytes,
                   const struct sct_jwt_rules *rules, int64_t now_s,
                   struct sct_report *report)
{
    struct part part[N_PARTS];
    if (n_bytes > SCT_JWT_MAX_BYTES)
        return deny(report, "the token is too long");
    if (!split(part, token, n_bytes))
        return deny(report, "a token is three parts with dots between them");
    int status = check_signature(part, rules->keys, report);
    if (status != SCT_OK)
        return status;
    json_t *const payload = read_object(&part[1]);
    status = payload ? check_claims(claims, payload, rules, now_s, report)
                     : deny(report, "the token's payload is no JSON object");
    json_decref(payload);
    return status;
}
