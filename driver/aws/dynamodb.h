/* A table of Amazon DynamoDB, for a log of failures: single items, written with conditions.
 *
 * A table belongs to one thread at a time. Statuses are those of store.h: SCT_ERR_PRECONDITION when
 * a condition does not hold, SCT_ERR_NOT_FOUND for a table that is not there. */
#ifndef SCT_DYNAMODB_H
#define SCT_DYNAMODB_H

#include "credentials.h"
#include "io.h"

typedef struct sct_dynamodb sct_dynamodb;

/* An attribute of an item, or a value in an expression (":v"). */
struct sct_dynamodb_value {
    const char *name, *type; /* "S": a text; "N": a number; "SS": a set of one text */
    const char *text;
};

/* What is to be done to the item with this key. Expressions are DynamoDB's. */
struct sct_dynamodb_request {
    const struct sct_dynamodb_value *key;
    int n_keys;
    const char *update;    /* an update expression */
    const char *condition; /* NULL: none */
    const struct sct_dynamodb_value
        *name; /* "#n" -> text, of both; type is not looked at */
    int n_names;
    const struct sct_dynamodb_value *value;
    int n_values;
};

/* Opens like sct_sqs_open; AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL. */
int sct_dynamodb_open(sct_dynamodb **out, const char *table, sct_credentials *credentials,
                      struct sct_report *report);
void sct_dynamodb_close(sct_dynamodb *d); /* accepts NULL */

/* UpdateItem: makes the item where there is none. */
int sct_dynamodb_update(sct_dynamodb *d, const struct sct_dynamodb_request *request,
                        struct sct_report *report);

#endif
