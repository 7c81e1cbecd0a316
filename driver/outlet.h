/* An outlet: the way of one variant's planes out, and what becomes of its file.
 *
 *     rows --> outplanes --(convert)--> encoder --> target's sink
 *
 *     plan      which format, which planes, whether anything has to be encoded at all
 *     open      the target and the encoder; which planes it wants
 *     allocate  the planes
 *     write     the bands that are complete, again and again
 *     finish    the file is whole
 *     publish   the target is told so
 *     close     always
 *
 * What need not change is the file itself, copied (is_copied). Where it is to be encoded anyway,
 * the smaller of the two is published, and where damage may turn up that is to be salvaged, the one
 * that is whole (has_rival): then what the encoder makes stays in memory until finish. */
#ifndef SCT_OUTLET_H
#define SCT_OUTLET_H

#include "convert.h"
#include "intake.h"
#include "memsink.h"
#include "metadata.h"
#include "outplanes.h"
#include "scantling.h"

/* What all outlets of a job share; borrowed. */
struct sct_outlet_shared {
    const struct sct_job *job;
    const struct sct_picture *picture;
    const struct sct_dsp *dsp;
    struct sct_intake *intake;
    size_t max_memory_bytes;
    struct sct_result *result;
};

struct sct_outlet {
    const struct sct_outlet_shared *shared;
    struct sct_output *output;  /* in the result: counts the bytes */
    int index;                  /* of the variant */
    struct sct_variant variant; /* with a format */
    struct sct_route route;
    struct sct_geometry geometry;
    int is_copied, has_rival;
    struct sct_metadata metadata;
    sct_encoder *encoder;
    struct sct_memsink encoded;  /* with a rival: what the encoder writes */
    struct sct_convert convert;  /* unless the route is direct */
    struct sct_outplanes planes; /* unless it is copied */
    struct sct_sink sink;        /* the target's, ... */
    int is_target_open;          /* ...then */
};

/* Statuses of all of these: those of routes, metadata, encoders, targets and sinks, SCT_ERR_MEMORY;
 * the report has a message, but for the last. */

/* `o` is zeroed. Tells the output what is going to be made. */
int sct_outlet_plan(struct sct_outlet *o, const struct sct_outlet_shared *shared,
                    int index);

/* What of the metadata goes along. Outputs are upright, copied ones too. */
int sct_outlet_plan_metadata(struct sct_outlet *o);

/* Bytes that the encoder and planes kept whole will take; rings of rows are small beside them. */
size_t sct_outlet_bytes(const struct sct_outlet *o);

/* Unless it is copied, *planes is the layout of the planes that are wanted. */
int sct_outlet_open(struct sct_outlet *o, struct sct_encoder_layout *planes);

/* ring_rows: as in outplanes.h. Not of one that is copied. */
int sct_outlet_allocate(struct sct_outlet *o, const struct sct_encoder_layout *planes,
                        const int ring_rows[SCT_MAX_COMPONENTS]);

/* Encodes the bands of o->planes that are complete. SCT_OK. */
int sct_outlet_write(struct sct_outlet *o);

/* Makes the file whole, and holds it to its limit. SCT_ERR_TOO_LARGE. */
int sct_outlet_finish(struct sct_outlet *o);

int sct_outlet_publish(struct sct_outlet *o);

/* Frees everything. A target that is still open is closed with the job's status. Accepts one that
 * has an output and nothing else. */
void sct_outlet_close(struct sct_outlet *o, int status);

#endif
