/* The streaming entropy decoder, see jpeg_stream.h.
 *
 *     segment (no stuffing)
 *       -> 64-bit buffer -> table look-ups -> block, dequantised, in the resizer's layout
 *
 * A block is read in two loops over the zigzag position k:
 *
 *     1 .. last wanted   up to two coefficients a look-up
 *     .. 63              codes are only skipped, several a look-up
 *
 * What costs time is the way from one look-up to the next and branches that nobody can
 * predict, of which a block should have one: its end. So a look-up looks at nothing: it
 * may run past the block, and only then, after the fact, is it checked and perhaps undone.
 *
 * Invariants
 *   1. Before an MCU is decoded SCT_MCU_BYTES may be read at `p`: data, or zeros behind
 * its end. No loop has to look for the end; the position tells afterwards (is_past_end).
 *   2. Between MCUs, bits are in `buffer` from the top, n of them valid; more may be
 * there, and equal the bytes from p on.
 *   3. The wanted part of a block is zeroed before it is decoded; rows have one spare
 * block, as a look-up may write behind a block that is full, where the next one begins.
 *   4. What entries hold cannot leave 16 bits when it is dequantised: larger values are
 * not in the tables, and are saturated where they are searched for. */
#include "jpeg_stream.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "bits.h"
#include "jpeg_blocks.h"
#include "jpeg_edge.h"
#include "jpeg_huffman.h"
#include "jpeg_segment.h"
#include "mem.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE      __attribute__((noinline))

enum {
    BLOCK_SIDE = 8,
    N_COEFS = 64,
    N_OVERFLOW = 32,     /* how far two runs can lead past position 63 */
    MAX_MCU_BLOCKS = 10, /* T.81, B.2.3 */
    GROUP_COEFS = 16,
    OTHER_AC_BITS = 9 /* window of tables that luma, where most codes are, does not use */
};

struct bits {
    const uint8_t *p;
    uint64_t buffer, n;
};

/* What decoding needs to know of a component. */
struct lane {
    const struct sct_dc_table *dc;
    const struct sct_ac_table *ac;
    const struct sct_first_table *first;
    int32_t quant[N_COEFS + N_OVERFLOW];    /* by k */
    uint8_t position[N_COEFS + N_OVERFLOW]; /* in the block's layout, by k */
    struct sct_block_layout layout;
    size_t last_wanted; /* position k of the last coef in the corner */
    int n_groups;       /* of 16 int16 in a block */
    int predictor;
    int h, v;            /* blocks in an MCU */
    int16_t *rows;       /* v rows of blocks */
    ptrdiff_t row_coefs; /* int16 from a row to the next */
    int height_blocks;
    struct sct_jpeg_edge edge;
};

/* Where the blocks of an MCU go, in the order in which they come. */
struct mcu_block {
    struct lane *lane;
    int16_t *first; /* in the first MCU */
    ptrdiff_t step; /* int16 from an MCU to the next */
    int x, y;       /* its place in the MCU */
};

struct sct_jpeg_stream {
    struct sct_jpeg_stream_spec spec;
    struct sct_jpeg_segment segment;
    struct bits bits;
    int n_lanes;
    struct lane lane[SCT_MAX_COMPONENTS];
    int n_mcu_blocks;
    struct mcu_block mcu_block[MAX_MCU_BLOCKS];
    int edge_mcu,
        edge_row; /* MCUs with blocks that reach past an edge: this one of each row, and all of
                               this row; -1: none */
    int row_mcus, n_rows, next_row;
    int restart_interval, restarts_to_go, next_restart;
    int is_short;     /* libjpeg's insufficient_data: blocks stay gray until a restart */
    int has_bad_code; /* since the last MCU */
    int has_bad_dc;
    int is_stopped;
    int16_t *blocks;
    struct sct_dc_table dc_table[NUM_HUFF_TBLS];
    struct sct_ac_table ac_table[NUM_HUFF_TBLS];
    struct sct_first_table
        first_table[SCT_MAX_COMPONENTS]; /* number ci, or an equal one */
};

/* Natural order, v * 8 + u, of zigzag position k (T.81, figure A.6). */
static const uint8_t zigzag[N_COEFS] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* ---- bits -------------------------------------------------------------------------- */

/* At least 56 valid bits afterwards. */
static inline void refill(struct bits *b)
{
    uint64_t word;
    memcpy(&word, b->p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    b->buffer |= word >> b->n;
    b->p += (b->n ^ 63) >> 3;
    b->n |= 56;
}

static inline void consume(struct bits *b, unsigned n)
{
    b->buffer <<= n;
    b->n -= n;
}

static inline unsigned peek(const struct bits *b, int n)
{
    return (unsigned)(b->buffer >> (64 - n));
}

/* The value of a code of `size` bits, which may be 0; at most 15. */
static inline int take_value(struct bits *b, int size)
{
    const int v = (int)(b->buffer >> 1 >> (63 - size));
    consume(b, (unsigned)size);
    return sct_huffman_extend(v, size);
}

/* Bits that nobody wrote have been used. */
static int is_past_end(const struct sct_jpeg_segment *segment, const struct bits *b)
{
    return segment->marker && (b->p - segment->end) * 8 > (ptrdiff_t)b->n;
}

/* One code, bit by bit; needs 17 valid bits. Bits that are no code are taken for symbol 0
 * and 17 of them dropped, like libjpeg does. */
static NOINLINE int search_code(struct sct_jpeg_stream *s, struct bits *b,
                                const struct sct_code_lengths *codes)
{
    int length = 1;
    while ((int32_t)peek(b, length) > codes->max_code[length])
        length++;
    if (length > 16) {
        consume(b, 17);
        if (!is_past_end(&s->segment, b)) /* bits that nobody wrote are no news */
            s->has_bad_code = 1;
        return 0;
    }
    const int symbol =
        codes->symbol[((int)peek(b, length) + codes->offset[length]) & 255];
    consume(b, (unsigned)length);
    return symbol;
}

/* ---- a block ----------------------------------------------------------------------- */

/* The bit reader has to live in registers: functions that are not inlined get a copy of
 * it, so that its address is never taken. */

static NOINLINE int search_dc(struct sct_jpeg_stream *s, struct bits *b,
                              const struct sct_dc_table *t)
{
    return take_value(b, search_code(s, b, &t->codes));
}

/* Where decoding is in a block: at the code whose run begins at position k. */
struct cursor {
    struct bits bits;
    size_t k;
};

/* One AC code, bit by bit; its value is stored if block is not NULL. At least 56 valid
 * bits afterwards. */
static NOINLINE void search_ac(struct sct_jpeg_stream *s, struct cursor *at,
                               const struct lane *c, int16_t *block)
{
    struct bits *b = &at->bits;
    refill(b);
    const int symbol = search_code(s, b, &c->ac->codes);
    const int size = symbol & 15;
    const size_t k = at->k + (size_t)(symbol >> 4);
    at->k = k + 1;
    if (size) {
        const int value = take_value(b, size);
        if (block) /* a run past 63 lands on 63, as in libjpeg */
            block[c->position[k < N_COEFS ? k : N_COEFS - 1]] =
                sct_sat_i16(value * c->quant[k]);
    } else if (symbol >> 4 != 15) {
        at->k = SCT_END_OF_BLOCK;
    }
    refill(b);
}

/* Drops an entry's bits; its value0, with the bits that the window did not hold. */
static ALWAYS_INLINE int take_value0(struct bits *b, const struct sct_huffman_entry *e)
{
    const unsigned n_bits = e->n_bits; /* not 0 */
    const int missing = (int)(b->buffer >> (-n_bits & 63)) & e->missing;
    consume(b, n_bits);
    return e->value0 + missing;
}

static ALWAYS_INLINE void store(int16_t *block, const struct lane *c, size_t k, int value)
{
    block[c->position[k]] = (int16_t)(value * c->quant[k]);
}

/* The DC difference and, with some luck, the code behind it. Returns the next k. */
static ALWAYS_INLINE size_t take_first(struct sct_jpeg_stream *s, struct bits *b,
                                       struct lane *c, int16_t *block)
{
    const struct sct_huffman_entry *e = &c->first->entry[peek(b, SCT_FIRST_BITS)];
    int difference;
    size_t k = 1;
    if (__builtin_expect(e->n_bits != 0, 1)) {
        difference = take_value0(b, e);
        store(block, c, e->offset1, e->value1);
        k = e->advance;
    } else {
        struct bits copy = *b;
        difference = search_dc(s, &copy, c->dc);
        *b = copy;
    }
    if (__builtin_add_overflow(c->predictor, difference, &c->predictor))
        s->has_bad_dc = 1;
    block[0] = sct_sat_i16((int16_t)c->predictor * c->quant[0]);
    return k;
}

/* One look-up in c->ac, its values stored. *before is where it began. Returns whether to go
 * on. `bits` is c->ac->bits, in a register. */
static ALWAYS_INLINE int take_codes(struct cursor *now, struct cursor *before,
                                    const struct lane *c, int bits, int16_t *block,
                                    size_t last)
{
    const struct sct_huffman_entry *e = &c->ac->entry[peek(&now->bits, bits)];
    const size_t k = now->k;
    *before = *now;
    if (__builtin_expect(!e->n_bits, 0))
        return 0;
    store(block, c, k + e->offset0, take_value0(&now->bits, e));
    store(block, c, k + e->offset1, e->value1);
    now->k = k + e->advance;
    return now->k <= last;
}

/* The same for codes that nobody wants. */
static ALWAYS_INLINE int skip_codes(struct cursor *now, struct cursor *before,
                                    const struct lane *c)
{
    const struct sct_skip_entry *e = &c->ac->skip[peek(&now->bits, SCT_SKIP_BITS)];
    *before = *now;
    if (__builtin_expect(!e->n_bits, 0))
        return 0;
    consume(&now->bits, e->n_bits);
    now->k += e->advance;
    return now->k < N_COEFS;
}

/* Whether the last look-up said nothing, or more than belongs to this block: its first code
 * came to position 63, and the second is the next block's. */
static ALWAYS_INLINE int is_wrong(const struct cursor *now, const struct cursor *before)
{
    const size_t advance = now->k - before->k;
    return advance == 0 || (now->k >= N_COEFS && before->k + advance % SCT_END_OF_BLOCK +
                                                         advance / SCT_END_OF_BLOCK >
                                                     N_COEFS);
}

static ALWAYS_INLINE struct cursor search(struct sct_jpeg_stream *s, struct cursor from,
                                          const struct lane *c, int16_t *block)
{
    search_ac(s, &from, c, block);
    return from;
}

/* In pieces of a size that compilers do not make a call of. */
static ALWAYS_INLINE void clear_block(int16_t *block, int n_groups)
{
    for (int i = 0; i < n_groups; i++)
        memset(block + (ptrdiff_t)i * GROUP_COEFS, 0, GROUP_COEFS * sizeof *block);
}

/* A refill lasts for three look-ups, of SCT_ENTRY_BITS at most, or for two that skip, with
 * 12 + 15. */
static ALWAYS_INLINE struct bits decode_block(struct sct_jpeg_stream *s, struct bits b,
                                              struct lane *c, int16_t *block)
{
    const int bits = c->ac->bits;
    const size_t last = c->last_wanted;
    struct cursor now = {b, 1}, before;

    clear_block(block, c->n_groups);
    refill(&now.bits);
    now.k = take_first(s, &now.bits, c, block);
    while (now.k <= last) {
        if (take_codes(&now, &before, c, bits, block, last) &&
            take_codes(&now, &before, c, bits, block, last))
        {
            refill(&now.bits);
            if (take_codes(&now, &before, c, bits, block, last))
                continue;
        }
        if (__builtin_expect(is_wrong(&now, &before), 0))
            now = search(s, before, c, block);
    }
    if (now.k >= N_COEFS)
        return now.bits;
    do {
        refill(&now.bits);
        if (skip_codes(&now, &before, c) && skip_codes(&now, &before, c))
            continue;
        if (__builtin_expect(is_wrong(&now, &before), 0))
            now = search(s, before, c, NULL);
    } while (now.k < N_COEFS);
    return now.bits;
}

/* ---- MCUs -------------------------------------------------------------------------- */

static struct bits decode_mcu(struct sct_jpeg_stream *s, struct bits b, int mcu)
{
    const struct mcu_block *const end = s->mcu_block + s->n_mcu_blocks;
    for (const struct mcu_block *m = s->mcu_block; m < end; m++)
        b = decode_block(s, b, m->lane, m->first + mcu * m->step);
    return b;
}

/* A block whose padding is replaced, for which all of its coefs are needed. */
static struct bits decode_edge_block(struct sct_jpeg_stream *s, struct bits b,
                                     const struct mcu_block *m, int mcu)
{
    struct lane *c = m->lane;
    struct lane natural = *c;
    int16_t block[N_COEFS + 1];
    for (int k = 0; k < N_COEFS + N_OVERFLOW; k++)
        natural.position[k] = k < N_COEFS ? zigzag[k] : N_COEFS;
    natural.last_wanted = N_COEFS - 1;
    natural.n_groups = N_COEFS / GROUP_COEFS;
    b = decode_block(s, b, &natural, block);
    c->predictor = natural.predictor;
    sct_jpeg_edge_continue(&c->edge, mcu * c->h + m->x, s->next_row * c->v + m->y, block);
    sct_jpeg_block_lay_out(m->first + mcu * m->step, block, &c->layout);
    return b;
}

/* The same as decode_mcu where blocks may reach past an edge. */
static NOINLINE struct bits decode_edge_mcu(struct sct_jpeg_stream *s, struct bits b,
                                            int mcu)
{
    const struct mcu_block *const end = s->mcu_block + s->n_mcu_blocks;
    for (const struct mcu_block *m = s->mcu_block; m < end; m++) {
        struct lane *c = m->lane;
        if (sct_jpeg_edge_has(&c->edge, mcu * c->h + m->x, s->next_row * c->v + m->y))
            b = decode_edge_block(s, b, m, mcu);
        else
            b = decode_block(s, b, c, m->first + mcu * m->step);
    }
    return b;
}

static void clear_mcu(struct sct_jpeg_stream *s, int mcu)
{
    for (int i = 0; i < s->n_mcu_blocks; i++)
        clear_block(s->mcu_block[i].first + mcu * s->mcu_block[i].step,
                    s->mcu_block[i].lane->n_groups);
}

static void tell(struct sct_jpeg_stream *s, enum sct_jpeg_event event)
{
    if (!s->is_stopped && s->segment.status == SCT_OK &&
        !s->spec.on_event(s->spec.ctx, event, s->next_row, s->segment.at_end))
        s->is_stopped = 1;
}

static void begin_bits(struct sct_jpeg_stream *s, const uint8_t *p)
{
    s->bits = (struct bits){.p = p, .buffer = 0, .n = 0};
}

/* Goes to the next marker; how many whole bytes were not used on the way. */
static size_t seek_marker(struct sct_jpeg_stream *s)
{
    const ptrdiff_t unused = (ptrdiff_t)s->bits.n / 8 + (s->segment.end - s->bits.p);
    const size_t skipped = sct_jpeg_segment_seek(&s->segment);
    begin_bits(s, s->segment.end);
    return skipped + (unused > 0 ? (size_t)unused : 0);
}

/* libjpeg's jpeg_resync_to_restart: another marker than the expected one. */
static void resynchronise(struct sct_jpeg_stream *s, int expected)
{
    tell(s, SCT_JPEG_RESYNC);
    for (;;) {
        const int marker = s->segment.marker;
        const int ahead = (marker - 0xD0 - expected) & 7;
        const int is_restart = marker >= 0xD0 && marker <= 0xD7;
        if (marker < 0xC0) {
            /* no marker at all: look for the next */
        } else if (!is_restart || ahead == 1 || ahead == 2) {
            return; /* it stays: what comes until then is lost */
        } else if (ahead != 6 && ahead != 7) {
            begin_bits(s, sct_jpeg_segment_pass(&s->segment)); /* take it for ours */
            return;
        }
        begin_bits(s, sct_jpeg_segment_pass(&s->segment));
        if (seek_marker(s))
            tell(s, SCT_JPEG_EXTRA);
    }
}

static void restart(struct sct_jpeg_stream *s)
{
    if (seek_marker(s))
        tell(s, SCT_JPEG_EXTRA);
    if (s->segment.marker == 0xD0 + s->next_restart)
        begin_bits(s, sct_jpeg_segment_pass(&s->segment));
    else
        resynchronise(s, s->next_restart);
    s->next_restart = (s->next_restart + 1) & 7;
    s->restarts_to_go = s->restart_interval;
    for (int i = 0; i < s->n_lanes; i++)
        s->lane[i].predictor = 0;
    if (!s->segment.marker)
        s->is_short = 0;
}

static void read_mcu(struct sct_jpeg_stream *s, int mcu)
{
    if (s->segment.end - s->bits.p < SCT_MCU_BYTES && !s->segment.marker)
        s->bits.p = sct_jpeg_segment_fill(&s->segment, s->bits.p);
    const int is_edge = mcu == s->edge_mcu || s->next_row == s->edge_row;
    s->bits = is_edge ? decode_edge_mcu(s, s->bits, mcu) : decode_mcu(s, s->bits, mcu);
    if (__builtin_expect(s->has_bad_code | s->has_bad_dc, 0)) {
        tell(s, s->has_bad_code ? SCT_JPEG_BAD_CODE : SCT_JPEG_BAD_DC);
        s->has_bad_code = s->has_bad_dc = 0;
    }
    if (is_past_end(&s->segment, &s->bits)) {
        tell(s, SCT_JPEG_SHORT);
        s->is_short = 1;
        begin_bits(s, s->segment.end);
    }
}

int sct_jpeg_stream_read(sct_jpeg_stream *s, struct sct_band *band)
{
    if (s->next_row == s->n_rows)
        return SCT_DONE;
    for (int mcu = 0; mcu < s->row_mcus && !s->is_stopped; mcu++) {
        if (s->restart_interval && s->restarts_to_go == 0)
            restart(s);
        s->restarts_to_go--;
        if (s->is_short)
            clear_mcu(s, mcu);
        else
            read_mcu(s, mcu);
    }
    if (s->segment.status < 0)
        return s->segment.status;
    if (s->is_stopped)
        return SCT_ERR_CORRUPT;
    for (int ci = 0; ci < s->n_lanes; ci++) {
        const struct lane *c = &s->lane[ci];
        band->component[ci].blocks = c->rows;
        band->component[ci].stride_bytes = c->row_coefs * (ptrdiff_t)sizeof(int16_t);
        band->component[ci].n_rows = sct_min(c->v, c->height_blocks - s->next_row * c->v);
    }
    s->next_row++;
    return SCT_OK;
}

int sct_jpeg_stream_interval_rows(const sct_jpeg_stream *s)
{
    return sct_max(1, sct_div_up(s->restart_interval, s->row_mcus));
}

int sct_jpeg_stream_finish(sct_jpeg_stream *s, size_t *n_skipped, int *at_end)
{
    *n_skipped = seek_marker(s);
    *at_end = s->segment.at_end;
    return s->segment.marker;
}

/* ---- plan -------------------------------------------------------------------------- */

/* Tables that are missing libjpeg fills in, or refuses: that is left to it. */
static int has_tables(j_decompress_ptr cinfo, const jpeg_component_info *c)
{
    const int q = c->quant_tbl_no, dc = c->dc_tbl_no, ac = c->ac_tbl_no;
    return q >= 0 && q < NUM_QUANT_TBLS && cinfo->quant_tbl_ptrs[q] && dc >= 0 &&
           dc < NUM_HUFF_TBLS && cinfo->dc_huff_tbl_ptrs[dc] && ac >= 0 &&
           ac < NUM_HUFF_TBLS && cinfo->ac_huff_tbl_ptrs[ac];
}

int sct_jpeg_stream_can_read(j_decompress_ptr cinfo, const struct sct_picture *picture)
{
    int mcu_blocks = 0, seen = 0;
    if (cinfo->progressive_mode || cinfo->arith_code || cinfo->data_precision != 8 ||
        cinfo->comps_in_scan != cinfo->num_components)
        return 0;
    for (int i = 0; i < cinfo->comps_in_scan; i++) {
        const jpeg_component_info *c = cinfo->cur_comp_info[i];
        const struct sct_component *p = &picture->component[c->component_index];
        if (!has_tables(cinfo, c))
            return 0;
        mcu_blocks += p->h * p->v;
        seen |= 1 << c->component_index;
    }
    return mcu_blocks <= MAX_MCU_BLOCKS && seen == (1 << cinfo->num_components) - 1;
}

static int count_row_mcus(const struct sct_picture *p)
{
    return sct_div_up(p->width, p->h_max * BLOCK_SIDE);
}

/* Bytes from a row of blocks to the next. */
static size_t row_bytes(const struct sct_picture *p, int ci, int n_coefs)
{
    const size_t n_blocks = (size_t)count_row_mcus(p) * (size_t)p->component[ci].h + 1;
    return sct_size_align(n_blocks * (size_t)n_coefs * sizeof(int16_t)); /* invariant 3 */
}

static size_t band_bytes(const struct sct_picture *p, const struct lane *lanes)
{
    size_t n = 0;
    for (int ci = 0; ci < p->n_components; ci++)
        n += row_bytes(p, ci, lanes ? lanes[ci].layout.n_coefs : N_COEFS) *
             (size_t)p->component[ci].v;
    return n;
}

size_t sct_jpeg_stream_bytes(const struct sct_picture *picture)
{
    return sct_size_add(sct_size_align(sizeof(sct_jpeg_stream)),
                        band_bytes(picture, NULL));
}

/* What has no place in the layout, or lies behind a full block, goes where the next block
 * begins. */
static void plan_positions(struct lane *c, const JQUANT_TBL *table)
{
    for (int k = 0; k < N_COEFS + N_OVERFLOW; k++) {
        const int natural = zigzag[sct_min(k, N_COEFS - 1)];
        const int at =
            sct_block_position(&c->layout, natural % BLOCK_SIDE, natural / BLOCK_SIDE);
        c->quant[k] = table->quantval[natural];
        c->position[k] = (uint8_t)(k < N_COEFS && at >= 0 ? at : c->layout.n_coefs);
    }
}

/* Components that share both tables share this one. */
static void plan_first_table(struct sct_jpeg_stream *s, struct lane *c)
{
    for (int ci = 0; ci < s->n_lanes; ci++) {
        const struct lane *other = &s->lane[ci];
        if (other->first && other->dc == c->dc && other->ac == c->ac) {
            c->first = other->first;
            return;
        }
    }
    struct sct_first_table *t = &s->first_table[c - s->lane];
    sct_first_table_build(t, c->dc, c->ac);
    c->first = t;
}

/* The size that a table's values may have before a lane that uses it, dequantised, could
 * leave 16 bits. */
static int find_max_size(const struct sct_jpeg_stream *s, const struct sct_ac_table *t)
{
    int largest = 1, size = 15;
    for (int ci = 0; ci < s->n_lanes; ci++)
        for (int k = 1; k < N_COEFS && s->lane[ci].ac == t; k++)
            largest = sct_max(largest, s->lane[ci].quant[k]);
    while (size > 0 && largest > INT16_MAX >> size)
        size--;
    return size;
}

/* Each table once: an earlier lane may have it too. */
static int plan_tables(struct sct_jpeg_stream *s)
{
    const j_decompress_ptr cinfo = s->spec.cinfo;
    unsigned dc_done = 0, ac_done = 0;
    for (int ci = 0; ci < s->n_lanes; ci++) {
        const jpeg_component_info *info = &cinfo->comp_info[ci];
        const unsigned dc_bit = 1u << info->dc_tbl_no, ac_bit = 1u << info->ac_tbl_no;
        const JHUFF_TBL *dc = cinfo->dc_huff_tbl_ptrs[info->dc_tbl_no];
        const JHUFF_TBL *ac = cinfo->ac_huff_tbl_ptrs[info->ac_tbl_no];
        struct sct_ac_table *t = &s->ac_table[info->ac_tbl_no];
        int status = SCT_OK;
        if (!(dc_done & dc_bit))
            status =
                sct_dc_table_build(&s->dc_table[info->dc_tbl_no], dc->bits, dc->huffval);
        if (status == SCT_OK && !(ac_done & ac_bit))
            status = sct_ac_table_build(t, ac->bits, ac->huffval,
                                        ci == 0 ? SCT_MAX_AC_BITS : OTHER_AC_BITS,
                                        find_max_size(s, t));
        if (status < 0)
            return status;
        dc_done |= dc_bit;
        ac_done |= ac_bit;
        plan_first_table(s, &s->lane[ci]);
    }
    return SCT_OK;
}

static void plan_corner(struct lane *c, struct sct_corner corner)
{
    c->layout = sct_block_layout_for(corner);
    c->n_groups = c->layout.n_coefs / GROUP_COEFS;
    for (size_t k = 0; k < N_COEFS; k++)
        if (zigzag[k] % BLOCK_SIDE < corner.n_u && zigzag[k] / BLOCK_SIDE < corner.n_v)
            c->last_wanted = k;
}

static void plan_lanes(struct sct_jpeg_stream *s)
{
    const j_decompress_ptr cinfo = s->spec.cinfo;
    const struct sct_picture *p = s->spec.picture;
    int16_t *rows = s->blocks;
    s->edge_mcu = s->edge_row = -1;
    for (int ci = 0; ci < s->n_lanes; ci++) {
        const jpeg_component_info *info = &cinfo->comp_info[ci];
        struct lane *c = &s->lane[ci];
        c->dc = &s->dc_table[info->dc_tbl_no];
        c->ac = &s->ac_table[info->ac_tbl_no];
        c->h = p->component[ci].h;
        c->v = p->component[ci].v;
        c->height_blocks = p->component[ci].height_blocks;
        c->row_coefs = (ptrdiff_t)(row_bytes(p, ci, c->layout.n_coefs) / sizeof(int16_t));
        c->rows = rows;
        rows += c->row_coefs * c->v;
        plan_positions(c, cinfo->quant_tbl_ptrs[info->quant_tbl_no]);
        sct_jpeg_edge_init(&c->edge, &p->component[ci]);
        if (c->edge.last_x >= 0)
            s->edge_mcu = s->row_mcus - 1;
        if (c->edge.last_y >= 0)
            s->edge_row = s->n_rows - 1;
    }
}

static void plan_mcu(struct sct_jpeg_stream *s)
{
    const j_decompress_ptr cinfo = s->spec.cinfo;
    for (int i = 0; i < s->n_lanes; i++) {
        struct lane *c = &s->lane[cinfo->cur_comp_info[i]->component_index];
        const ptrdiff_t n_coefs = c->layout.n_coefs;
        for (int y = 0; y < c->v; y++)
            for (int x = 0; x < c->h; x++)
                s->mcu_block[s->n_mcu_blocks++] =
                    (struct mcu_block){.lane = c,
                                       .first = c->rows + y * c->row_coefs + x * n_coefs,
                                       .step = c->h * n_coefs,
                                       .x = x,
                                       .y = y};
    }
}

int sct_jpeg_stream_create(sct_jpeg_stream **out, const struct sct_jpeg_stream_spec *spec)
{
    *out = NULL;
    sct_jpeg_stream *s = sct_mem_alloc(sizeof *s);
    if (!s)
        return SCT_ERR_MEMORY;
    s->spec = *spec;
    s->n_lanes = spec->picture->n_components;
    s->row_mcus = count_row_mcus(spec->picture);
    s->n_rows = sct_div_up(spec->picture->height, spec->picture->v_max * BLOCK_SIDE);
    for (int ci = 0; ci < s->n_lanes; ci++)
        plan_corner(&s->lane[ci], spec->corner[ci]);
    s->restart_interval = s->restarts_to_go = (int)spec->cinfo->restart_interval;
    s->blocks = sct_mem_alloc(band_bytes(spec->picture, s->lane));
    int status = SCT_ERR_MEMORY;
    if (s->blocks) {
        plan_lanes(s);
        plan_mcu(s);
        status = plan_tables(s);
    }
    if (status < 0) {
        sct_jpeg_stream_free(s);
        return status;
    }
    sct_jpeg_source_give_back(spec->cinfo);
    sct_jpeg_segment_init(&s->segment, spec->reader);
    begin_bits(s, s->segment.data);
    *out = s;
    return SCT_OK;
}

void sct_jpeg_stream_free(sct_jpeg_stream *s)
{
    if (!s)
        return;
    sct_mem_free(s->blocks);
    sct_mem_free(s);
}
