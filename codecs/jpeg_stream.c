/* The streaming entropy decoder, see jpeg_stream.h.
 *
 *     segment (no stuffing) -> 64-bit buffer -> table look-ups -> block, dequantised, in
 * the resizer's layout
 *
 * A block is read in up to three loops over the zigzag position k:
 *
 *     1 .. 31             two coefficients a look-up, no checks: they cannot pass 63
 *     32 .. last wanted   the same, with a check; single codes at the very end
 *     .. 63               codes are only skipped, several a look-up
 *
 * Invariants
 *   1. Before an MCU is decoded SCT_MCU_BYTES may be read at `p`: data, or zeros behind
 * its end. No loop has to look for the end; the position tells afterwards (is_past_end).
 *   2. Between MCUs, bits are in `buffer` from the top, n of them valid; more may be
 * there, and equal the bytes from p on.
 *   3. A block's corner is zeroed before it is decoded; rows have one spare block, as a
 * look-up may write a zero behind a block that is full. */
#include "jpeg_stream.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "bits.h"
#include "jpeg_huffman.h"
#include "jpeg_segment.h"
#include "mem.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE      __attribute__((noinline))

enum {
    BLOCK_SIDE = 8,
    N_COEFS = 64,
    N_OVERFLOW = 16,     /* how far a run can lead past position 63 */
    MAX_MCU_BLOCKS = 10, /* T.81, B.2.3 */
    GROUP_COEFS = 16
};

struct bits {
    const uint8_t *p;
    uint64_t buffer;
    int n;
};

/* What decoding needs to know of a component. */
struct lane {
    const struct sct_dc_table *dc;
    const struct sct_ac_table *ac;
    const struct sct_first_table *first;
    int32_t quant[N_COEFS + N_OVERFLOW];    /* by k */
    uint8_t position[N_COEFS + N_OVERFLOW]; /* in the block's layout, by k */
    int may_overflow; /* the largest value, times quant, does not fit in 16 bits */
    int predictor;
    int h, v;            /* blocks in an MCU */
    int16_t *rows;       /* v rows of blocks */
    ptrdiff_t row_coefs; /* int16 from a row to the next */
    int height_blocks;
};

struct sct_jpeg_stream {
    struct sct_jpeg_stream_spec spec;
    struct sct_jpeg_segment segment;
    struct bits bits;
    int n_lanes;
    int order[SCT_MAX_COMPONENTS]; /* lanes in the scan's order */
    struct lane lane[SCT_MAX_COMPONENTS];
    int last_wanted; /* position k of the last coef in the corner */
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
    b->p += (63 - b->n) >> 3;
    b->n |= 56;
}

static inline void consume(struct bits *b, int n)
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
    consume(b, size);
    return sct_huffman_extend(v, size);
}

/* Bits that nobody wrote have been used. */
static int is_past_end(const struct sct_jpeg_segment *segment, const struct bits *b)
{
    return segment->marker && (b->p - segment->end) * 8 > b->n;
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
    consume(b, length);
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

/* One AC code, bit by bit: for codes longer than a window, and where a window might hold
 * codes of the next block. Returns the next k; values are stored if block is not NULL. */
static NOINLINE int decode_one(struct sct_jpeg_stream *s, struct bits *b,
                               const struct lane *c, int k, int16_t *block)
{
    refill(b);
    const int symbol = search_code(s, b, &c->ac->codes);
    const int run = symbol >> 4, size = symbol & 15;
    if (!size)
        return run == 15 ? k + 16 : SCT_END_OF_BLOCK;
    const int value = take_value(b, size);
    if (block) { /* a run past 63 lands on 63, as in libjpeg */
        const int at = c->position[sct_min(k + run, N_COEFS - 1)];
        block[at] = sct_sat_i16(value * c->quant[k + run]);
    }
    return k + run + 1;
}

/* Whether an entry's codes all belong to the block of which k positions are done. */
static inline int is_within(int k, int advance)
{
    return k + (advance & (SCT_END_OF_BLOCK - 1)) + advance / SCT_END_OF_BLOCK <= N_COEFS;
}

/* A byte of an entry, at its first bit. */
static ALWAYS_INLINE int field(sct_huffman_entry e, int at)
{
    return (uint8_t)(e >> at);
}

enum {
    N_MISSING = 8,
    ADVANCE = 16,
    OFFSET0 = 24,
    OFFSET1 = 32,
    VALUE1 = 40,
    VALUE0 = 48
};

/* Drops an entry's bits from the buffer; its value0, with the bits of it that the window did
 * not hold, which are the last of them. */
static ALWAYS_INLINE int take_value0(struct bits *b, sct_huffman_entry e)
{
    const int n_bits = field(e, 0), n_missing = field(e, N_MISSING);
    const uint64_t missing = b->buffer << (n_bits - n_missing) >> 1 >> (63 - n_missing);
    b->buffer <<= e & 63; /* the entry itself is the count */
    b->n -= n_bits;
    return (int16_t)(e >> VALUE0) + (int)missing;
}

static ALWAYS_INLINE int16_t dequantise(const struct lane *c, int k, int value,
                                        int may_overflow)
{
    const int product = value * c->quant[k];
    return may_overflow ? sct_sat_i16(product) : (int16_t)product;
}

static ALWAYS_INLINE int take_entry(struct bits *b, const struct lane *c, int k,
                                    int16_t *block, sct_huffman_entry e, int may_overflow)
{
    const int value0 = take_value0(b, e), value1 = (int8_t)(e >> VALUE1);
    const int k0 = k + field(e, OFFSET0), k1 = k + field(e, OFFSET1);
    block[c->position[k0]] = dequantise(c, k0, value0, may_overflow);
    block[c->position[k1]] = dequantise(c, k1, value1, may_overflow);
    return k + field(e, ADVANCE);
}

/* The DC difference and, with some luck, the code behind it. */
static ALWAYS_INLINE int take_first(struct sct_jpeg_stream *s, struct bits *b,
                                    struct lane *c, int16_t *block, int may_overflow)
{
    const sct_huffman_entry e = c->first->entry[peek(b, SCT_FIRST_BITS)];
    const int value1 = (int8_t)(e >> VALUE1), k1 = field(e, OFFSET1);
    int difference = take_value0(b, e), k = field(e, ADVANCE);
    block[c->position[k1]] = dequantise(c, k1, value1, may_overflow);
    if (__builtin_expect(!e, 0)) {
        struct bits copy = *b;
        difference = search_dc(s, &copy, c->dc);
        *b = copy;
        k = 1;
    }
    if (__builtin_add_overflow(c->predictor, difference, &c->predictor))
        s->has_bad_dc = 1;
    block[0] = dequantise(c, 0, (int16_t)c->predictor, 1);
    return k;
}

/* Two look-ups a refill: an entry stands for up to 11 + 15 bits, a skipping one for 12 + 15. */
static ALWAYS_INLINE struct bits decode_block(struct sct_jpeg_stream *s, struct bits b,
                                              struct lane *c, int16_t *block,
                                              int may_overflow)
{
    const struct sct_ac_table *t = c->ac;
    const int last = s->last_wanted;
    const int n_unchecked = sct_min(last + 1, N_COEFS / 2);

    memset(block, 0, N_COEFS * sizeof *block);
    refill(&b);
    int k = take_first(s, &b, c, block, may_overflow);
    while (k < n_unchecked) {
        refill(&b);
        sct_huffman_entry e = t->entry[peek(&b, SCT_AC_BITS)];
        if (__builtin_expect(e != 0, 1)) {
            k = take_entry(&b, c, k, block, e, may_overflow);
            if (k >= n_unchecked)
                break;
            e = t->entry[peek(&b, SCT_AC_BITS)];
            if (__builtin_expect(e != 0, 1)) {
                k = take_entry(&b, c, k, block, e, may_overflow);
                continue;
            }
        }
        struct bits copy = b;
        k = decode_one(s, &copy, c, k, block);
        b = copy;
    }
    while (k <= last) {
        refill(&b);
        const sct_huffman_entry e = t->entry[peek(&b, SCT_AC_BITS)];
        if (e && is_within(k, field(e, ADVANCE))) {
            k = take_entry(&b, c, k, block, e, may_overflow);
        } else {
            struct bits copy = b;
            k = decode_one(s, &copy, c, k, block);
            b = copy;
        }
    }
    while (k < N_COEFS) {
        refill(&b);
        for (int i = 0;; i++) {
            const sct_skip_entry e = t->skip[peek(&b, SCT_SKIP_BITS)];
            if (__builtin_expect(!e || !is_within(k, e >> 8), 0)) {
                struct bits copy = b;
                k = decode_one(s, &copy, c, k, NULL);
                b = copy;
                break;
            }
            b.buffer <<= e & 63;
            b.n -= e & 255;
            k += e >> 8;
            if (i == 1 || k >= N_COEFS)
                break;
        }
    }
    return b;
}

/* ---- MCUs -------------------------------------------------------------------------- */

static struct bits decode_mcu(struct sct_jpeg_stream *s, struct bits b, int mcu)
{
    for (int i = 0; i < s->n_lanes; i++) {
        struct lane *c = &s->lane[s->order[i]];
        for (int y = 0; y < c->v; y++) {
            int16_t *block = c->rows + y * c->row_coefs + (ptrdiff_t)mcu * c->h * N_COEFS;
            for (int x = 0; x < c->h; x++, block += N_COEFS)
                b = c->may_overflow ? decode_block(s, b, c, block, 1)
                                    : decode_block(s, b, c, block, 0);
        }
    }
    return b;
}

static void clear_mcu(struct sct_jpeg_stream *s, int mcu)
{
    for (int i = 0; i < s->n_lanes; i++) {
        struct lane *c = &s->lane[i];
        for (int y = 0; y < c->v; y++)
            memset(c->rows + y * c->row_coefs + (ptrdiff_t)mcu * c->h * N_COEFS, 0,
                   (size_t)c->h * N_COEFS * sizeof(int16_t));
    }
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
    const ptrdiff_t unused = s->bits.n / 8 + (s->segment.end - s->bits.p);
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
    s->bits = decode_mcu(s, s->bits, mcu);
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

static size_t row_blocks(const struct sct_picture *p, int ci)
{
    return (size_t)count_row_mcus(p) * (size_t)p->component[ci].h + 1; /* invariant 3 */
}

static size_t band_blocks(const struct sct_picture *p)
{
    size_t n = 0;
    for (int ci = 0; ci < p->n_components; ci++)
        n += row_blocks(p, ci) * (size_t)p->component[ci].v;
    return n;
}

size_t sct_jpeg_stream_bytes(const struct sct_picture *picture)
{
    return sct_size_add(sct_size_align(sizeof(sct_jpeg_stream)),
                        sct_size_mul(band_blocks(picture), N_COEFS * sizeof(int16_t)));
}

/* Natural order, v * 8 + u, of zigzag position k (T.81, figure A.6). */
static const uint8_t zigzag[N_COEFS] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

static void plan_lane(struct lane *c, const JQUANT_TBL *table)
{
    const int largest = (1 << c->ac->max_size) - 1;
    c->may_overflow = 0;
    for (int k = 0; k < N_COEFS + N_OVERFLOW; k++) {
        const int natural = zigzag[sct_min(k, N_COEFS - 1)];
        const int u = natural % 8, v = natural / 8;
        c->quant[k] = table->quantval[natural];
        c->position[k] =
            k < N_COEFS ? (uint8_t)(u / 2 * GROUP_COEFS + v * 2 + u % 2) : N_COEFS;
        c->may_overflow |= c->quant[k] > INT16_MAX / sct_max(1, largest);
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

static int plan_tables(struct sct_jpeg_stream *s, struct lane *c,
                       const jpeg_component_info *info)
{
    const j_decompress_ptr cinfo = s->spec.cinfo;
    const JHUFF_TBL *dc = cinfo->dc_huff_tbl_ptrs[info->dc_tbl_no];
    const JHUFF_TBL *ac = cinfo->ac_huff_tbl_ptrs[info->ac_tbl_no];
    int status = SCT_OK;
    c->dc = &s->dc_table[info->dc_tbl_no];
    c->ac = &s->ac_table[info->ac_tbl_no];
    int is_built_dc = 0, is_built_ac = 0; /* by an earlier component */
    for (int ci = 0; ci < s->n_lanes; ci++) {
        is_built_dc |= &s->lane[ci] != c && s->lane[ci].dc == c->dc;
        is_built_ac |= &s->lane[ci] != c && s->lane[ci].ac == c->ac;
    }
    if (!is_built_dc)
        status = sct_dc_table_build(&s->dc_table[info->dc_tbl_no], dc->bits, dc->huffval);
    if (status == SCT_OK && !is_built_ac)
        status = sct_ac_table_build(&s->ac_table[info->ac_tbl_no], ac->bits, ac->huffval);
    if (status == SCT_OK)
        plan_first_table(s, c);
    return status;
}

static int plan_lanes(struct sct_jpeg_stream *s)
{
    const j_decompress_ptr cinfo = s->spec.cinfo;
    const struct sct_picture *p = s->spec.picture;
    int16_t *rows = s->blocks;
    for (int i = 0; i < s->n_lanes; i++) {
        const jpeg_component_info *info = cinfo->cur_comp_info[i];
        const int ci = info->component_index;
        struct lane *c = &s->lane[ci];
        s->order[i] = ci;
        const int status = plan_tables(s, c, info);
        if (status < 0)
            return status;
        plan_lane(c, cinfo->quant_tbl_ptrs[info->quant_tbl_no]);
    }
    for (int ci = 0; ci < s->n_lanes; ci++) {
        struct lane *c = &s->lane[ci];
        c->h = p->component[ci].h;
        c->v = p->component[ci].v;
        c->height_blocks = p->component[ci].height_blocks;
        c->row_coefs = (ptrdiff_t)row_blocks(p, ci) * N_COEFS;
        c->rows = rows;
        rows += c->row_coefs * c->v;
    }
    return SCT_OK;
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
    s->restart_interval = s->restarts_to_go = (int)spec->cinfo->restart_interval;
    s->blocks = sct_mem_alloc(
        sct_size_mul(band_blocks(spec->picture), N_COEFS * sizeof(int16_t)));
    const int status = s->blocks ? plan_lanes(s) : SCT_ERR_MEMORY;
    if (status < 0) {
        sct_jpeg_stream_free(s);
        return status;
    }
    sct_jpeg_source_give_back(spec->cinfo);
    sct_jpeg_segment_init(&s->segment, spec->reader);
    begin_bits(s, s->segment.data);
    sct_jpeg_stream_corner(s, 8, 8);
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

void sct_jpeg_stream_corner(sct_jpeg_stream *s, int n_u, int n_v)
{
    s->last_wanted = 0;
    for (int k = 0; k < N_COEFS; k++)
        if (zigzag[k] % 8 < n_u && zigzag[k] / 8 < n_v)
            s->last_wanted = k;
}
