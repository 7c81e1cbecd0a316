/* Outcomes: what is noted in them. */
#include "outcome.h"

#include <stdio.h>

#include "verdict.h"

void sct_outcome_fail(struct sct_outcome *o, int status, const char *message)
{
    o->status = status;
    snprintf(o->message, sizeof o->message, "%s",
             message[0] ? message : sct_verdict_explain(status));
}
