/* corpus_bad.c: JPEGs with one thing wrong each, named after what they provoke.
 *
 * Every case starts from a sound little picture and damages it at a place found by
 * walking the markers, so a case still means the same should the encoder's output change:
 *
 *     SOI | APP0 | DQT... | SOF | DHT... | [DRI] | SOS entropy RST0 entropy ... | EOI
 */
#include "corpus_families.h"

#include "corpus_jpeg.h"
#include "corpus_metadata.h"

enum {
    SOF0 = 0xC0,
    SOF1 = 0xC1,
    SOF2 = 0xC2,
    SOF3 = 0xC3,
    DHT = 0xC4,
    SOF5 = 0xC5,
    RST0 = 0xD0,
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    DQT = 0xDB,
    DHP = 0xDE,
    APP0 = 0xE0
};

/* ---- the sound pictures ------------------------------------------------------------ */

static void put_picture(struct corpus_bytes *out, unsigned flags, int restart,
                        const struct corpus_bytes *markers)
{
    const struct corpus_recipe recipe = {.picture = {CORPUS_NATURAL, 120, 88},
                                         .model = CORPUS_YCBCR,
                                         .sampling = "22-11-11",
                                         .quality = 60,
                                         .flags = flags,
                                         .restart = restart,
                                         .markers = markers};
    corpus_jpeg_encode(out, &recipe);
}

static void put_baseline(struct corpus_bytes *out)
{
    put_picture(out, 0, 0, NULL);
}

static void put_restarting(struct corpus_bytes *out)
{
    put_picture(out, 0, 4, NULL);
}

static void put_progressive(struct corpus_bytes *out)
{
    put_picture(out, CORPUS_PROGRESSIVE, 0, NULL);
}

/* ---- tools ------------------------------------------------------------------------- */

static unsigned char *find(const struct corpus_bytes *jpeg, unsigned marker, int nth)
{
    return jpeg->data + corpus_bytes_find_marker(jpeg, marker, nth);
}

static void cut_after(struct corpus_bytes *jpeg, size_t size)
{
    corpus_bytes_splice(jpeg, size, jpeg->size - size, NULL, 0);
}

static void remove_segment(struct corpus_bytes *jpeg, unsigned marker)
{
    size_t at = corpus_bytes_find_marker(jpeg, marker, 0);
    corpus_bytes_splice(jpeg, at, corpus_bytes_segment_size(jpeg, at), NULL, 0);
}

static size_t middle_of_scan(const struct corpus_bytes *jpeg, int nth)
{
    return (corpus_bytes_scan_begin(jpeg, nth) + corpus_bytes_scan_end(jpeg, nth)) / 2;
}

static void set_u16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

/* SOF: FF Cn, length (2), precision, height (2), width (2), n, then id, factors, table
 * each. */
static void set_size(struct corpus_bytes *jpeg, unsigned sof, unsigned width,
                     unsigned height)
{
    unsigned char *at = find(jpeg, sof, 0);
    set_u16(at + 5, height);
    set_u16(at + 7, width);
}

/* ---- ends too early ---------------------------------------------------------------- */

static void make_truncated_in_header(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, corpus_bytes_find_marker(jpeg, DQT, 0) + 20);
}

static void make_truncated_in_exif(struct corpus_bytes *jpeg)
{
    struct corpus_bytes markers = {0};
    corpus_metadata_put_exif(&markers, CORPUS_LITTLE, 6, CORPUS_EXIF_GPS);
    put_picture(jpeg, CORPUS_NO_JFIF, 0, &markers);
    cut_after(jpeg, 60);
    corpus_bytes_free(&markers);
}

static void make_truncated_in_sof(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, corpus_bytes_find_marker(jpeg, SOF0, 0) + 8);
}

static void make_truncated_before_sos(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, corpus_bytes_find_marker(jpeg, SOS, 0));
}

static void make_truncated_after_sos(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, corpus_bytes_scan_begin(jpeg, 0));
}

static void make_truncated_mid_scan_420(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, middle_of_scan(jpeg, 0));
}

static void make_truncated_last_bytes(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, corpus_bytes_scan_end(jpeg, 0) - 24);
}

static void make_corrupt_early_eoi(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, middle_of_scan(jpeg, 0));
    corpus_bytes_put(jpeg, "\xFF\xD9", 2);
}

static void make_truncated_mid_scan_restarts(struct corpus_bytes *jpeg)
{
    put_restarting(jpeg);
    cut_after(jpeg, middle_of_scan(jpeg, 0));
}

static void make_truncated_at_restart(struct corpus_bytes *jpeg)
{
    put_restarting(jpeg);
    cut_after(jpeg, corpus_bytes_find_marker(jpeg, RST0 + 3, 0));
}

static void make_truncated_arithmetic(struct corpus_bytes *jpeg)
{
    put_picture(jpeg, CORPUS_ARITHMETIC, 0, NULL);
    cut_after(jpeg, middle_of_scan(jpeg, 0));
}

static void make_truncated_progressive_between_scans(struct corpus_bytes *jpeg)
{
    put_progressive(jpeg);
    cut_after(jpeg, corpus_bytes_scan_end(jpeg, 3));
}

static void make_progressive_fewer_scans(struct corpus_bytes *jpeg)
{
    make_truncated_progressive_between_scans(jpeg);
    corpus_bytes_put(jpeg, "\xFF\xD9", 2);
}

static void make_truncated_progressive_mid_scan(struct corpus_bytes *jpeg)
{
    put_progressive(jpeg);
    cut_after(jpeg, middle_of_scan(jpeg, 5));
}

static void make_truncated_progressive_mid_first_scan(struct corpus_bytes *jpeg)
{
    put_progressive(jpeg);
    cut_after(jpeg, middle_of_scan(jpeg, 0));
}

static void make_truncated_missing_component_scan(struct corpus_bytes *jpeg)
{
    put_picture(jpeg, CORPUS_SEPARATE_SCANS, 0, NULL);
    cut_after(jpeg, corpus_bytes_scan_end(jpeg, 1));
}

static void make_soi_only(struct corpus_bytes *jpeg)
{
    corpus_bytes_put(jpeg, "\xFF\xD8", 2);
}

static void make_soi_and_ff_only(struct corpus_bytes *jpeg)
{
    corpus_bytes_put(jpeg, "\xFF\xD8\xFF", 3);
}

/* ---- entropy-coded data is damaged ------------------------------------------------- */

static void make_corrupt_huffman_code(struct corpus_bytes *jpeg)
{
    /* stuffed FFs: 64 one bits; a code of ones only is never assigned (T.81, C.2) */
    put_baseline(jpeg);
    size_t at = middle_of_scan(jpeg, 0);
    corpus_bytes_splice(jpeg, at, 16, "\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0",
                        16);
}

static void make_corrupt_progressive_huffman_code(struct corpus_bytes *jpeg)
{
    put_progressive(jpeg);
    size_t at = middle_of_scan(jpeg, 1);
    corpus_bytes_splice(jpeg, at, 16, "\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0\xFF\0",
                        16);
}

static void make_corrupt_restart_sequence(struct corpus_bytes *jpeg)
{
    put_restarting(jpeg);
    find(jpeg, RST0 + 2, 0)[1] = RST0 + 6;
}

static void make_corrupt_restart_interval_lost(struct corpus_bytes *jpeg)
{
    put_restarting(jpeg);
    size_t from = corpus_bytes_find_marker(jpeg, RST0 + 2, 0);
    size_t to = corpus_bytes_find_marker(jpeg, RST0 + 3, 0);
    corpus_bytes_splice(jpeg, from, to - from, NULL, 0);
}

static void make_corrupt_restart_markers_lost(struct corpus_bytes *jpeg)
{
    put_restarting(jpeg);
    for (unsigned i = 0; i < 3; i++)
        corpus_bytes_splice(jpeg, corpus_bytes_find_marker(jpeg, RST0 + i, 0), 2, NULL,
                            0);
}

static void make_bit_flips_in_scan(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    size_t begin = corpus_bytes_scan_begin(jpeg, 0), end = corpus_bytes_scan_end(jpeg, 0);
    for (int i = 0; i < 24; i++) {
        unsigned char *at =
            jpeg->data + begin + corpus_hash(31, i, 0) % (end - begin - 1);
        unsigned flipped = *at ^ (1u << corpus_hash(32, i, 0) % 8);
        if (*at != 0xFF && flipped != 0xFF &&
            at[-1] != 0xFF) /* make and break no marker */
            *at = (unsigned char)flipped;
    }
}

static void make_corrupt_zeroed_scan(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    size_t begin = middle_of_scan(jpeg, 0), end = corpus_bytes_scan_end(jpeg, 0);
    for (size_t i = begin; i < end; i++)
        jpeg->data[i] = 0;
}

static void make_corrupt_marker_in_scan(struct corpus_bytes *jpeg)
{
    /* a second SOI where entropy-coded data should be, as after two files ran into each
     * other */
    put_baseline(jpeg);
    struct corpus_bytes other = {0};
    put_restarting(&other);
    cut_after(jpeg, middle_of_scan(jpeg, 0));
    corpus_bytes_put(jpeg, other.data, other.size);
    corpus_bytes_free(&other);
}

/* ---- headers are damaged ----------------------------------------------------------- */

static void make_zero_width(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    set_size(jpeg, SOF0, 0, 88);
}

static void make_soi_eoi(struct corpus_bytes *jpeg)
{
    corpus_bytes_put(jpeg, "\xFF\xD8\xFF\xD9", 4);
}

static void make_missing_sos(struct corpus_bytes *jpeg)
{
    make_truncated_before_sos(jpeg);
    corpus_bytes_put(jpeg, "\xFF\xD9", 2);
}

static void make_missing_dht(struct corpus_bytes *jpeg)
{
    /* progressive, because a baseline JPEG without tables is Motion JPEG and has the
     * usual ones */
    put_progressive(jpeg);
    remove_segment(jpeg, DHT);
}

static void make_missing_dqt(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    remove_segment(jpeg, DQT);
}

static void make_bad_dht_counts(struct corpus_bytes *jpeg)
{
    /* FF C4, length (2), class and index, 16 counts: more than 256 codes */
    put_baseline(jpeg);
    unsigned char *at = find(jpeg, DHT, 0);
    for (int i = 0; i < 16; i++)
        at[5 + i] = 255;
}

static void make_bad_dht_oversubscribed(struct corpus_bytes *jpeg)
{
    /* as many codes as before, but four of one bit */
    put_baseline(jpeg);
    unsigned char *at = find(jpeg, DHT, 0);
    unsigned n_codes = 0;
    for (int i = 0; i < 16; i++) {
        n_codes += at[5 + i];
        at[5 + i] = 0;
    }
    at[5] = 4;
    at[5 + 15] = (unsigned char)(n_codes - 4);
}

static void make_bad_dht_index(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, DHT, 0)[4] = 0x07;
}

static void make_bad_dht_dc_symbol(struct corpus_bytes *jpeg)
{
    /* a DC difference of 17 bits; the symbols follow the counts */
    put_baseline(jpeg);
    find(jpeg, DHT, 0)[5 + 16 + 11] = 17;
}

static void make_bad_dqt_index(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, DQT, 0)[4] = 0x05;
}

static void make_bad_dqt_length(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    set_u16(find(jpeg, DQT, 0) + 2, 1);
}

static void make_bad_sof_length(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    set_u16(find(jpeg, SOF0, 0) + 2, 14);
}

static void make_sos_before_sof(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    remove_segment(jpeg, SOF0);
}

static void make_two_sof(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    size_t at = corpus_bytes_find_marker(jpeg, SOF0, 0);
    unsigned char copy[19];
    for (size_t i = 0; i < sizeof copy; i++)
        copy[i] = jpeg->data[at + i];
    corpus_bytes_splice(jpeg, at, 0, copy, sizeof copy);
}

static void make_sampling_factor_0(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, SOF0, 0)[11] = 0x02;
}

static void make_sampling_factor_5(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, SOF0, 0)[11] = 0x52;
}

static void make_too_many_blocks_in_mcu(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, SOF0, 0)[11] = 0x44;
}

static void make_bad_sos_component(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, SOS, 0)[5] = 77;
}

static void make_bad_sos_table(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, SOS, 0)[6] = 0x33;
}

static void make_bad_spectral_selection(struct corpus_bytes *jpeg)
{
    /* second scan: FF DA, length (2), n, id, tables, Ss, Se, Ah and Al; Ss past Se */
    put_progressive(jpeg);
    find(jpeg, SOS, 1)[7] = 50;
    find(jpeg, SOS, 1)[8] = 3;
}

/* ---- kinds of JPEG that we do not read --------------------------------------------- */

static void make_zero_height(struct corpus_bytes *jpeg)
{
    /* the number of lines comes after the first scan (T.81, B.2.5), as from fax machines
     */
    put_baseline(jpeg);
    set_size(jpeg, SOF0, 120, 0);
    corpus_bytes_splice(jpeg, corpus_bytes_scan_end(jpeg, 0), 0, "\xFF\xDC\0\4\0\x58", 6);
}

static void make_12bit_precision(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    unsigned char *at = find(jpeg, SOF0, 0);
    at[1] = SOF1;
    at[4] = 12;
}

static void make_lossless_sof3(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, SOF0, 0)[1] = SOF3;
}

static void make_differential_sof5(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    find(jpeg, SOF0, 0)[1] = SOF5;
}

static void make_hierarchical_dhp(struct corpus_bytes *jpeg)
{
    /* DHP has the layout of SOF and comes before the first frame */
    put_baseline(jpeg);
    size_t at = corpus_bytes_find_marker(jpeg, SOF0, 0);
    unsigned char copy[19];
    for (size_t i = 0; i < sizeof copy; i++)
        copy[i] = jpeg->data[at + i];
    copy[1] = DHP;
    corpus_bytes_splice(jpeg, at, 0, copy, sizeof copy);
}

static void make_five_components(struct corpus_bytes *jpeg)
{
    const struct corpus_recipe recipe = {.picture = {CORPUS_RAMP, 24, 16},
                                         .model = CORPUS_FIVE,
                                         .sampling = "11-11-11-11-11",
                                         .quality = 60,
                                         .flags = CORPUS_SEPARATE_SCANS};
    corpus_jpeg_encode(jpeg, &recipe);
}

/* ---- beyond the limits ------------------------------------------------------------- */

static void make_huge_65500x65500(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    set_size(jpeg, SOF0, 65500, 65500);
}

static void make_huge_65535x65535(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    set_size(jpeg, SOF0, 65535, 65535);
}

static void make_progressive_huge_20000x20000(struct corpus_bytes *jpeg)
{
    put_progressive(jpeg);
    set_size(jpeg, SOF2, 20000, 20000);
}

static void make_progressive_huge_16000x16000(struct corpus_bytes *jpeg)
{
    const struct corpus_recipe recipe = {.picture = {CORPUS_NATURAL, 48, 48},
                                         .model = CORPUS_YCBCR,
                                         .sampling = "11-11-11",
                                         .quality = 60,
                                         .flags = CORPUS_PROGRESSIVE};
    corpus_jpeg_encode(jpeg, &recipe);
    set_size(jpeg, SOF2, 16000, 16000);
}

/* One block per component and 1354 scans, every one of them legal: the DC terms, then for
 * each component 41 coefficients, first in units of 1024 and refined ten times. */
static void make_progressive_bomb_many_scans(struct corpus_bytes *jpeg)
{
    static const unsigned char header[] = {
        0xFF, SOI,
        /* SOF2: 8 bits, 8x8, three components 1x1, table 0 */
        0xFF, SOF2, 0, 17, 8, 0, 8, 0, 8, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0,
        /* DHT: DC table 0 and AC table 0, one code each: '0' is "nothing" */
        0xFF, DHT, 0, 38, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        /* the DC terms of all three: three bits of 0, five of padding */
        0xFF, SOS, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0, 0x1F};
    struct corpus_bytes table = {0};
    corpus_bytes_put_u8(&table, 0);
    corpus_bytes_put_fill(&table, 16, 64);
    corpus_bytes_put(jpeg, header, 2);
    corpus_bytes_put_segment(jpeg, DQT, &table);
    corpus_bytes_put(jpeg, header + 2, sizeof header - 2);
    corpus_bytes_free(&table);
    for (unsigned component = 1; component <= 3; component++)
        for (unsigned k = 1; k <= 41; k++)
            for (unsigned bit = 11; bit-- > 0;) {
                unsigned before = bit == 10 ? 0 : bit + 1;
                const unsigned char scan[] = {0xFF,
                                              SOS,
                                              0,
                                              8,
                                              1,
                                              (unsigned char)component,
                                              0,
                                              (unsigned char)k,
                                              (unsigned char)k,
                                              (unsigned char)(before << 4 | bit),
                                              0x7F};
                corpus_bytes_put(jpeg, scan, sizeof scan);
            }
    corpus_bytes_put(jpeg, "\xFF\xD9", 2);
}

/* ---- fine, if one is not too strict ------------------------------------------------ */

static void make_coefficients_out_of_range(struct corpus_bytes *jpeg)
{
    corpus_jpeg_encode_extreme(jpeg, 4, 255);
}

static void make_coefficients_out_of_range_quant16(struct corpus_bytes *jpeg)
{
    corpus_jpeg_encode_extreme(jpeg, 4, 32767);
}

static void make_with_exif(struct corpus_bytes *jpeg, unsigned orientation,
                           unsigned parts)
{
    struct corpus_bytes markers = {0};
    corpus_metadata_put_exif(&markers, CORPUS_BIG, orientation, parts);
    put_picture(jpeg, CORPUS_NO_JFIF, 0, &markers);
    corpus_bytes_free(&markers);
}

static void make_exif_loop(struct corpus_bytes *jpeg)
{
    make_with_exif(jpeg, 1, CORPUS_EXIF_LOOP);
}

static void make_exif_huge_count(struct corpus_bytes *jpeg)
{
    make_with_exif(jpeg, 1, CORPUS_EXIF_HUGE_COUNT);
}

static void make_exif_orientation_9(struct corpus_bytes *jpeg)
{
    make_with_exif(jpeg, 9, 0);
}

static void make_exif_offset_past_end(struct corpus_bytes *jpeg)
{
    /* FF E1, length (2), "Exif\0\0", MM, 42, then the offset of IFD0 */
    make_with_exif(jpeg, 6, 0);
    set_u16(find(jpeg, 0xE1, 0) + 4 + 6 + 4, 0xFFFF);
}

static void make_with_icc(struct corpus_bytes *jpeg, enum corpus_icc_chunks chunks)
{
    struct corpus_bytes markers = {0};
    corpus_metadata_put_icc(&markers, chunks);
    put_picture(jpeg, 0, 0, &markers);
    corpus_bytes_free(&markers);
}

static void make_icc_missing_chunk(struct corpus_bytes *jpeg)
{
    make_with_icc(jpeg, CORPUS_ICC_MISSING);
}

static void make_icc_wrong_order_count(struct corpus_bytes *jpeg)
{
    make_with_icc(jpeg, CORPUS_ICC_WRONG_COUNT);
}

static void make_icc_chunk_twice(struct corpus_bytes *jpeg)
{
    make_with_icc(jpeg, CORPUS_ICC_TWICE);
}

static void make_missing_eoi(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    cut_after(jpeg, corpus_bytes_find_marker(jpeg, EOI, 0));
}

static void make_missing_eoi_progressive(struct corpus_bytes *jpeg)
{
    put_progressive(jpeg);
    cut_after(jpeg, corpus_bytes_find_marker(jpeg, EOI, 0));
}

static void make_trailing_garbage(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    for (int i = 0; i < 300; i++)
        corpus_bytes_put_u8(jpeg, corpus_hash(33, i, 0) & 0xFF);
}

static void make_second_picture_behind(struct corpus_bytes *jpeg)
{
    struct corpus_bytes markers = {0};
    corpus_metadata_put_mpf(&markers);
    put_picture(jpeg, 0, 0, &markers);
    put_restarting(jpeg);
    corpus_bytes_free(&markers);
}

static void make_fill_bytes_before_markers(struct corpus_bytes *jpeg)
{
    static const unsigned markers[5] = {APP0, DQT, SOF0, SOS, EOI};
    put_baseline(jpeg);
    for (int i = 4; i >= 0; i--) /* from the back: the walk knows no fill bytes */
        corpus_bytes_splice(jpeg, corpus_bytes_find_marker(jpeg, markers[i], 0), 0,
                            "\xFF\xFF\xFF", 3);
}

static void make_extraneous_bytes_before_marker(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    corpus_bytes_splice(jpeg, corpus_bytes_find_marker(jpeg, DQT, 0), 0, "\0\0\x12\x34",
                        4);
}

static void make_zeros_before_eoi(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    static const char zeros[16] = {0};
    corpus_bytes_splice(jpeg, corpus_bytes_find_marker(jpeg, EOI, 0), 0, zeros,
                        sizeof zeros);
}

static void make_app_length_too_short(struct corpus_bytes *jpeg)
{
    /* a comment that claims two bytes less than it has */
    struct corpus_bytes markers = {0};
    corpus_metadata_put_comment(&markers);
    put_picture(jpeg, 0, 0, &markers);
    unsigned char *at = find(jpeg, 0xFE, 0);
    set_u16(at + 2, (unsigned)at[2] * 256 + at[3] - 2);
    corpus_bytes_free(&markers);
}

static void make_missing_dht_mjpeg(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    for (int i = 0; i < 4; i++)
        remove_segment(jpeg, DHT);
}

static void make_restart_interval_unused(struct corpus_bytes *jpeg)
{
    /* longer than the picture: no RST marker ever comes */
    put_baseline(jpeg);
    corpus_bytes_splice(jpeg, corpus_bytes_find_marker(jpeg, SOS, 0), 0,
                        "\xFF\xDD\0\4\xFF\xFF", 6);
}

static void make_restart_last_marker_extra(struct corpus_bytes *jpeg)
{
    /* 48 MCUs make 12 intervals and 11 markers, RST0..RST7, RST0..RST2; one more at the
     * end */
    put_restarting(jpeg);
    corpus_bytes_splice(jpeg, corpus_bytes_find_marker(jpeg, EOI, 0), 0, "\xFF\xD3", 2);
}

static void make_component_ids_from_0(struct corpus_bytes *jpeg)
{
    put_baseline(jpeg);
    for (int i = 0; i < 3; i++) {
        find(jpeg, SOF0, 0)[10 + 3 * i] = (unsigned char)i;
        find(jpeg, SOS, 0)[5 + 2 * i] = (unsigned char)i;
    }
}

/* ---- the table --------------------------------------------------------------------- */

struct bad_case {
    const char *name, *verdict, *reason;
    void (*make)(struct corpus_bytes *jpeg);
};

/* clang-format off */
#define CASE(name, verdict, reason) {#name ".jpg", verdict, reason, make_##name}
#define TOLERATED(name, reason)     {"tolerated_" #name ".jpg", "ok", reason, make_##name}

static const struct bad_case cases[] = {
    CASE(truncated_in_header, "truncated", "ends inside a quantiser table"),
    CASE(truncated_in_exif, "truncated", "ends inside the Exif segment"),
    CASE(truncated_in_sof, "truncated", "ends inside the frame header"),
    CASE(truncated_before_sos, "truncated", "ends after the tables, before the first scan"),
    CASE(truncated_after_sos, "truncated", "ends before the first entropy-coded byte"),
    CASE(truncated_mid_scan_420, "truncated", "ends half way through the only scan"),
    CASE(truncated_last_bytes, "truncated", "the last 24 entropy-coded bytes and EOI are missing"),
    CASE(truncated_mid_scan_restarts, "truncated", "ends inside a restart interval"),
    CASE(truncated_at_restart, "truncated", "ends exactly between two restart intervals"),
    CASE(truncated_arithmetic, "truncated", "arithmetic coding, ends half way; such data never looks wrong"),
    CASE(truncated_progressive_between_scans, "truncated", "whole scans are missing; what is there is sound"),
    CASE(truncated_progressive_mid_scan, "truncated", "ends inside the sixth scan"),
    CASE(truncated_progressive_mid_first_scan, "truncated", "ends inside the first scan"),
    CASE(truncated_missing_component_scan, "truncated", "one scan per component, the third is missing"),
    CASE(soi_only, "truncated", "SOI and nothing else"),
    CASE(soi_and_ff_only, "truncated", "SOI and half a marker"),

    CASE(corrupt_huffman_code, "corrupt", "64 one bits in a row: no such code"),
    CASE(corrupt_progressive_huffman_code, "corrupt", "the same in a progressive AC scan"),
    CASE(corrupt_restart_sequence, "corrupt", "RST6 stands where RST2 should"),
    CASE(corrupt_restart_interval_lost, "corrupt", "one restart interval and its marker are missing"),
    CASE(corrupt_restart_markers_lost, "corrupt", "three RST markers are missing, their data is there"),
    CASE(bit_flips_in_scan, "corrupt", "about 20 single bits are flipped"),
    CASE(corrupt_zeroed_scan, "corrupt", "the second half of the scan is zero bytes"),
    CASE(corrupt_early_eoi, "corrupt", "half the scan is missing, but EOI is there: not a lost tail"),
    CASE(corrupt_marker_in_scan, "corrupt", "another file begins in the middle of the scan"),
    CASE(zero_width, "corrupt", "a width of 0 is never allowed"),
    CASE(soi_eoi, "corrupt", "SOI, EOI, nothing between"),
    CASE(missing_sos, "corrupt", "EOI comes before any scan"),
    CASE(missing_dht, "corrupt", "progressive, and a Huffman table is missing"),
    CASE(missing_dqt, "corrupt", "a quantiser table is missing"),
    CASE(bad_dht_counts, "corrupt", "a Huffman table with more than 256 codes"),
    CASE(bad_dht_oversubscribed, "corrupt", "a Huffman table with four codes of one bit"),
    CASE(bad_dht_index, "corrupt", "Huffman table number 7"),
    CASE(bad_dht_dc_symbol, "corrupt", "a DC difference of 17 bits"),
    CASE(bad_dqt_index, "corrupt", "quantiser table number 5"),
    CASE(bad_dqt_length, "corrupt", "a segment that is shorter than its own length field"),
    CASE(bad_sof_length, "corrupt", "the frame header's length does not fit three components"),
    CASE(sos_before_sof, "corrupt", "a scan without a frame"),
    CASE(two_sof, "corrupt", "two frame headers"),
    CASE(sampling_factor_0, "corrupt", "luma's horizontal sampling factor is 0"),
    CASE(sampling_factor_5, "corrupt", "luma's horizontal sampling factor is 5"),
    CASE(too_many_blocks_in_mcu, "corrupt", "18 blocks in an interleaved MCU, where 10 are allowed"),
    CASE(bad_sos_component, "corrupt", "the scan names a component that the frame does not have"),
    CASE(bad_sos_table, "corrupt", "the scan names Huffman tables that are not there"),
    CASE(bad_spectral_selection, "corrupt", "a progressive scan from coefficient 50 to 3"),

    CASE(zero_height, "unsupported", "height 0 in the frame header, the lines are counted by DNL later"),
    CASE(12bit_precision, "unsupported", "12 bits per sample"),
    CASE(lossless_sof3, "unsupported", "lossless JPEG (SOF3)"),
    CASE(differential_sof5, "unsupported", "a differential frame (SOF5)"),
    CASE(hierarchical_dhp, "unsupported", "a hierarchical sequence (DHP)"),
    CASE(five_components, "unsupported", "five components"),

    CASE(huge_65500x65500, "too_large", "4290 megapixels by its header, 2 KB of data"),
    CASE(huge_65535x65535, "too_large", "the same, past libjpeg's own limit"),
    CASE(progressive_huge_20000x20000, "too_large", "progressive, 400 megapixels: over the pixel limit"),
    CASE(progressive_huge_16000x16000, "too_large", "progressive 4:4:4, 256 megapixels: 1.5 GB of coefficients"),
    CASE(progressive_bomb_many_scans, "too_large", "8x8 pixels in 1354 scans"),

    CASE(coefficients_out_of_range, "ok", "dequantised values up to 260865: saturate, do not overflow"),
    CASE(coefficients_out_of_range_quant16, "ok", "dequantised values up to 33520641, past 16 bits by far"),
    CASE(exif_loop, "ok", "IFD0's successor is IFD0 itself; the picture is fine"),
    CASE(exif_huge_count, "ok", "IFD0 claims 65535 entries; the picture is fine"),
    CASE(exif_orientation_9, "ok", "no such orientation: as if there were none"),
    CASE(exif_offset_past_end, "ok", "IFD0 is said to lie past the end of the segment"),
    CASE(icc_missing_chunk, "ok", "ICC chunk 2 of 2 is missing: the profile is dropped"),
    CASE(icc_wrong_order_count, "ok", "ICC chunks 1 of 2 and 2 of 3: the profile is dropped"),
    CASE(icc_chunk_twice, "ok", "ICC chunk 1 of 2 comes twice: the profile is dropped"),

    TOLERATED(missing_eoi, "complete, without EOI"),
    TOLERATED(missing_eoi_progressive, "complete, without EOI"),
    TOLERATED(progressive_fewer_scans, "EOI after four sound scans: coarse, and meant to be"),
    TOLERATED(trailing_garbage, "300 random bytes after EOI"),
    TOLERATED(second_picture_behind, "MPF: a second JPEG after EOI, to be ignored"),
    TOLERATED(fill_bytes_before_markers, "FF FF FF before markers, which T.81 allows"),
    TOLERATED(extraneous_bytes_before_marker, "four stray bytes between two header segments"),
    TOLERATED(zeros_before_eoi, "16 zero bytes between the complete scan and EOI"),
    TOLERATED(app_length_too_short, "a comment longer than it says, by two bytes"),
    TOLERATED(missing_dht_mjpeg, "no Huffman tables: Motion JPEG, the tables of T.81 Annex K"),
    TOLERATED(restart_interval_unused, "a restart interval longer than the picture"),
    TOLERATED(restart_last_marker_extra, "an RST marker after the last interval, in sequence"),
    TOLERATED(component_ids_from_0, "component ids 0, 1, 2 instead of 1, 2, 3"),
};
/* clang-format on */

void corpus_bad_write(const char *folder, FILE *expected)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct corpus_bytes jpeg = {0};
        cases[i].make(&jpeg);
        corpus_case_save(&jpeg, folder, cases[i].name, cases[i].verdict, cases[i].reason,
                         expected);
        corpus_bytes_free(&jpeg);
    }
}
