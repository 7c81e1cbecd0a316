/* A failed object, moved out of the uploads: copied, looked at, and only then deleted.
 *
 *     uploads/a.jpg --copy if it is still that content--> failed/a.jpg --looks right?--> delete
 *                                                                        that version
 *
 * What is there says in its attributes which content it was made of: failed-etag, failed-version, failed-verdict,
 * failed-message. So whatever happens in between, the next delivery of the failure goes on from
 * there. Another content under the same key gets a key of its own, "a.jpg.ETAG", also when both
 * come at once: a copy is made only where there is nothing. Servers. */
#ifndef SCT_FAILED_MOVE_H
#define SCT_FAILED_MOVE_H

#include "failure.h"
#include "store.h"

enum sct_failed_end {
    SCT_FAILED_MOVED,
    SCT_FAILED_REPLACED, /* another content has its place: left alone */
    SCT_FAILED_GONE,     /* neither there nor here */
    SCT_FAILED_NOTHING /* not about an object that was made, or without etag and version, so
                            that any other upload might be meant: only told */
};

struct sct_failed_place {
    enum sct_failed_end end;
    char key[SCT_MAX_KEY_BYTES + 1]; /* where it is in `to`; "" */
};

/* SCT_OK with *place; the statuses of store.h with a message. The failure's record is fine. */
int sct_failed_move(sct_store *from, sct_store *to, const struct sct_failure *failure,
                    struct sct_failed_place *place, struct sct_report *report);

#endif
