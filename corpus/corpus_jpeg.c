/* corpus_jpeg.c: recipe -> planes -> libjpeg-turbo. See corpus_jpeg.h.
 *
 *     picture --(stored position, turned upright)--> R,G,B --> sample of component ci
 *                                                                    |  an iMCU row
 *                                                                    v  at a time
 *                                                            jpeg_write_raw_data
 *
 * libjpeg's own error_exit prints a message and exits: right for this program.
 */
#include "corpus_jpeg.h"

#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

enum {
    BLOCK = DCTSIZE,
    MAX_FACTOR = 4,
    MAX_BLOCKS_PER_MCU = 10 /* T.81, B.2.3 */
};

/* Traces are of no interest here; a warning means that a recipe is wrong. */
static void handle_message(j_common_ptr cinfo, int level)
{
    if (level < 0)
        cinfo->err->error_exit(cinfo);
}

static struct jpeg_error_mgr *set_errors(struct jpeg_error_mgr *errors)
{
    jpeg_std_error(errors);
    errors->emit_message = handle_message;
    return errors;
}

/* ---- one sample -------------------------------------------------------------------- */

/* BT.601 as JFIF has it, in 1/65536; the three rows of weights. */
static int mix_ycbcr(int component, const int rgb[3])
{
    static const int weights[3][3] = {
        {19595, 38470, 7471}, {-11059, -21709, 32768}, {32768, -27439, -5329}};
    const int *w = weights[component];
    int sum = w[0] * rgb[0] + w[1] * rgb[1] + w[2] * rgb[2];
    sum += component == 0 ? 32768 : 32768 + 128 * 65536;
    int value = sum / 65536; /* never negative: -128 + 128 at worst */
    return value > 255 ? 255 : value;
}

static int compute_sample(enum corpus_model model, int component, const int rgb[3])
{
    if (model == CORPUS_GRAY)
        return mix_ycbcr(0, rgb);
    if (model == CORPUS_YCBCR)
        return mix_ycbcr(component, rgb);
    if (model == CORPUS_RGB)
        return rgb[component];
    if (model == CORPUS_FIVE)
        return rgb[component % 3];

    /* inks: half of the gray part goes to black */
    int brightest = rgb[0] > rgb[1] ? rgb[0] : rgb[1];
    brightest = brightest > rgb[2] ? brightest : rgb[2];
    int black = (255 - brightest) / 2;
    int ink[3];
    for (int c = 0; c < 3; c++)
        ink[c] = 255 - rgb[c] - black;
    if (model == CORPUS_CMYK_PLAIN)
        return component == 3 ? black : ink[component];
    if (component == 3)
        return 255 - black;
    if (model == CORPUS_CMYK)
        return 255 - ink[component];
    /* YCCK: YCbCr of the inverted inks */
    const int light[3] = {255 - ink[0], 255 - ink[1], 255 - ink[2]};
    return mix_ycbcr(component, light);
}

/* Turns a stored position into an upright one. sizes are those of the upright picture. */
static void turn_upright(int orientation, int64_t width, int64_t height, int64_t *x,
                         int64_t *y)
{
    int64_t sx = *x, sy = *y;
    switch (orientation) {
    case 2: *x = width - sx; break;
    case 3: *x = width - sx, *y = height - sy; break;
    case 4: *y = height - sy; break;
    case 5: *x = sy, *y = sx; break;
    case 6: *x = width - sy, *y = sx; break;
    case 7: *x = width - sy, *y = height - sx; break;
    case 8: *x = sy, *y = height - sx; break;
    default: break;
    }
}

/* ---- planes ------------------------------------------------------------------------ */

struct plane {
    int h, v;              /* sampling factors */
    int width, height;     /* samples that belong to the picture */
    int stored_width;      /* whole blocks */
    unsigned char *colors; /* R, G, B at each sample of one iMCU row */
    const struct plane
        *twin; /* an earlier plane on the same grid: its colors serve both */
    JSAMPROW rows[MAX_FACTOR * BLOCK];
};

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (!memory)
        corpus_fail("out of memory", "planes");
    return memory;
}

static void plan_planes(struct plane *planes, const struct jpeg_compress_struct *cinfo)
{
    int h_max = cinfo->max_h_samp_factor, v_max = cinfo->max_v_samp_factor;
    for (int ci = 0; ci < cinfo->num_components; ci++) {
        const jpeg_component_info *info = &cinfo->comp_info[ci];
        struct plane *plane = &planes[ci];
        plane->h = info->h_samp_factor;
        plane->v = info->v_samp_factor;
        plane->width = divide_up((int)cinfo->image_width * plane->h, h_max);
        plane->height = divide_up((int)cinfo->image_height * plane->v, v_max);
        plane->stored_width = (int)info->width_in_blocks * BLOCK;
        plane->twin = NULL;
        for (int earlier = ci - 1; earlier >= 0; earlier--)
            if (planes[earlier].h == plane->h && planes[earlier].v == plane->v)
                plane->twin = &planes[earlier];
        size_t width = (size_t)plane->stored_width;
        size_t n_samples = width * (size_t)(plane->v * BLOCK);
        plane->colors = plane->twin ? plane->twin->colors : allocate(3 * n_samples);
        plane->rows[0] = allocate(n_samples);
        for (int y = 1; y < plane->v * BLOCK; y++)
            plane->rows[y] = plane->rows[y - 1] + width;
    }
}

/* Where sample `index` of `count` has its centre, in ticks. The last sample of an odd
 * size may have it past the edge; it is drawn at the edge, and so is padding. */
static int64_t locate_sample(int index, int count, int factor, int factor_max,
                             int64_t edge)
{
    int inside = index < count ? index : count - 1;
    int64_t centre = (int64_t)(2 * inside + 1) * (CORPUS_TICKS / 2) * factor_max / factor;
    return centre < edge ? centre : edge - 1;
}

static void draw_colors(const struct corpus_recipe *recipe, const struct plane *plane,
                        const struct jpeg_compress_struct *cinfo, int imcu)
{
    const struct corpus_picture *picture = &recipe->picture;
    unsigned char *color = plane->colors;
    for (int row = 0; row < plane->v * BLOCK; row++)
        for (int column = 0; column < plane->stored_width; column++, color += 3) {
            int64_t x =
                locate_sample(column, plane->width, plane->h, cinfo->max_h_samp_factor,
                              (int64_t)cinfo->image_width * CORPUS_TICKS);
            int64_t y = locate_sample(imcu * plane->v * BLOCK + row, plane->height,
                                      plane->v, cinfo->max_v_samp_factor,
                                      (int64_t)cinfo->image_height * CORPUS_TICKS);
            turn_upright(recipe->orientation, (int64_t)picture->width * CORPUS_TICKS,
                         (int64_t)picture->height * CORPUS_TICKS, &x, &y);
            int rgb[3];
            corpus_picture_rgb(picture, x, y, rgb);
            for (int c = 0; c < 3; c++)
                color[c] = (unsigned char)rgb[c];
        }
}

static void fill_rows(const struct corpus_recipe *recipe, const struct plane *plane,
                      int component, int imcu)
{
    const unsigned char *color = plane->colors;
    for (int row = 0; row < plane->v * BLOCK; row++)
        for (int x = 0; x < plane->stored_width; x++, color += 3) {
            const int rgb[3] = {color[0], color[1], color[2]};
            int sample = compute_sample(recipe->model, component, rgb);
            int y = imcu * plane->v * BLOCK + row;
            int is_padding = x >= plane->width || y >= plane->height;
            if (is_padding && recipe->flags & CORPUS_LOUD_PADDING)
                sample = sample < 128 ? 255 : 0;
            plane->rows[row][x] = (JSAMPLE)sample;
        }
}

/* Writes every iMCU row; the library takes 8 times the largest v rows at a time. */
static void write_planes(struct jpeg_compress_struct *cinfo,
                         const struct corpus_recipe *recipe)
{
    struct plane planes[MAX_COMPONENTS];
    JSAMPARRAY arrays[MAX_COMPONENTS];
    plan_planes(planes, cinfo);
    for (int ci = 0; ci < cinfo->num_components; ci++)
        arrays[ci] = planes[ci].rows;
    for (int imcu = 0; cinfo->next_scanline < cinfo->image_height; imcu++) {
        for (int ci = 0; ci < cinfo->num_components; ci++) {
            if (!planes[ci].twin)
                draw_colors(recipe, &planes[ci], cinfo, imcu);
            fill_rows(recipe, &planes[ci], ci, imcu);
        }
        jpeg_write_raw_data(cinfo, arrays,
                            (JDIMENSION)(cinfo->max_v_samp_factor * BLOCK));
    }
    for (int ci = 0; ci < cinfo->num_components; ci++) {
        if (!planes[ci].twin)
            free(planes[ci].colors);
        free(planes[ci].rows[0]);
    }
}

/* ---- settings ---------------------------------------------------------------------- */

static void set_model(struct jpeg_compress_struct *cinfo, enum corpus_model model)
{
    static const struct {
        J_COLOR_SPACE space;
        int n_components;
    } models[] = {[CORPUS_GRAY] = {JCS_GRAYSCALE, 1},  [CORPUS_YCBCR] = {JCS_YCbCr, 3},
                  [CORPUS_RGB] = {JCS_RGB, 3},         [CORPUS_CMYK] = {JCS_CMYK, 4},
                  [CORPUS_CMYK_PLAIN] = {JCS_CMYK, 4}, [CORPUS_YCCK] = {JCS_YCCK, 4},
                  [CORPUS_FIVE] = {JCS_UNKNOWN, 5}};
    cinfo->input_components = models[model].n_components;
    cinfo->in_color_space = models[model].space;
    jpeg_set_defaults(cinfo);
    jpeg_set_colorspace(cinfo, models[model].space);
}

static void set_sampling(struct jpeg_compress_struct *cinfo, const char *sampling)
{
    int n_blocks = 0;
    for (int ci = 0; ci < cinfo->num_components; ci++) {
        jpeg_component_info *info = &cinfo->comp_info[ci];
        info->h_samp_factor = sampling[3 * ci] - '0';
        info->v_samp_factor = sampling[3 * ci + 1] - '0';
        n_blocks += info->h_samp_factor * info->v_samp_factor;
    }
    if (n_blocks > MAX_BLOCKS_PER_MCU && cinfo->num_components > 1 && !cinfo->scan_info)
        corpus_fail("does not fit in one interleaved scan", sampling);
}

static void set_quantisers(struct jpeg_compress_struct *cinfo,
                           const struct corpus_recipe *recipe)
{
    if (recipe->flags & CORPUS_FLAT_QUANT) {
        static const unsigned ones[DCTSIZE2] = {
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        int step = 102 - recipe->quality;
        jpeg_add_quant_table(cinfo, 0, ones, step * 100, TRUE);
        jpeg_add_quant_table(cinfo, 1, ones, step * 100, TRUE);
        return;
    }
    jpeg_set_quality(cinfo, recipe->quality, !(recipe->flags & CORPUS_WIDE_QUANT));
}

static void write_markers(struct jpeg_compress_struct *cinfo,
                          const struct corpus_bytes *markers)
{
    if (!markers)
        return;
    for (size_t at = 0; at < markers->size;) {
        size_t size = corpus_bytes_segment_size(markers, at);
        jpeg_write_marker(cinfo, markers->data[at + 1], markers->data + at + 4,
                          (unsigned)size - 4);
        at += size;
    }
}

void corpus_jpeg_encode(struct corpus_bytes *out, const struct corpus_recipe *recipe)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    unsigned char *memory = NULL;
    unsigned long size = 0;
    unsigned flags = recipe->flags;

    cinfo.err = set_errors(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &memory, &size);
    int is_on_its_side = recipe->orientation >= 5;
    cinfo.image_width =
        (JDIMENSION)(is_on_its_side ? recipe->picture.height : recipe->picture.width);
    cinfo.image_height =
        (JDIMENSION)(is_on_its_side ? recipe->picture.width : recipe->picture.height);
    set_model(&cinfo, recipe->model);
    set_quantisers(&cinfo, recipe);
    cinfo.dct_method = JDCT_ISLOW;
    cinfo.raw_data_in = TRUE;
    cinfo.optimize_coding = flags & CORPUS_OPTIMIZE ? TRUE : FALSE;
    cinfo.arith_code = flags & CORPUS_ARITHMETIC ? TRUE : FALSE;
    if (flags & CORPUS_PROGRESSIVE)
        jpeg_simple_progression(&cinfo);
    jpeg_scan_info scans[MAX_COMPONENTS] = {{0}};
    if (flags & CORPUS_SEPARATE_SCANS) {
        for (int ci = 0; ci < cinfo.num_components; ci++)
            scans[ci] =
                (jpeg_scan_info){.comps_in_scan = 1, .component_index = {ci}, .Se = 63};
        cinfo.scan_info = scans;
        cinfo.num_scans = cinfo.num_components;
    }
    set_sampling(&cinfo, recipe->sampling);
    if (recipe->restart == CORPUS_RESTART_ROW)
        cinfo.restart_in_rows = 1;
    else
        cinfo.restart_interval = (unsigned)recipe->restart;
    if (flags & CORPUS_NO_JFIF)
        cinfo.write_JFIF_header = FALSE;
    if (flags & (CORPUS_ADOBE | CORPUS_NO_ADOBE))
        cinfo.write_Adobe_marker = flags & CORPUS_ADOBE ? TRUE : FALSE;
    if (flags & CORPUS_SMALL_DENSITY) {
        cinfo.density_unit = 1;
        cinfo.X_density = 72;
        cinfo.Y_density = 144;
    }
    if (recipe->model == CORPUS_CMYK_PLAIN)
        cinfo.write_Adobe_marker = FALSE;

    jpeg_start_compress(&cinfo, TRUE);
    write_markers(&cinfo, recipe->markers);
    write_planes(&cinfo, recipe);
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    corpus_bytes_put(out, memory, size);
    free(memory);
}

/* ---- coefficients ------------------------------------------------------------------ */

/* One block, turned as the whole picture is: mirroring negates the odd frequencies of
 * that axis, transposing swaps the two. */
static void turn_block(JCOEF *out, const JCOEF *in, int transpose, int mirror_x,
                       int mirror_y)
{
    for (int v = 0; v < BLOCK; v++)
        for (int u = 0; u < BLOCK; u++) {
            int value = transpose ? in[u * BLOCK + v] : in[v * BLOCK + u];
            int negate = (mirror_x & u & 1) ^ (mirror_y & v & 1);
            out[v * BLOCK + u] = (JCOEF)(negate ? -value : value);
        }
}

void corpus_jpeg_turn(struct corpus_bytes *out, const struct corpus_bytes *jpeg,
                      int orientation, const struct corpus_bytes *markers)
{
    /* From upright to stored: transpose first, then mirror; indexed by orientation. */
    static const struct {
        int transpose, mirror_x, mirror_y;
    } turns[9] = {{0, 0, 0}, {0, 0, 0}, {0, 1, 0}, {0, 1, 1}, {0, 0, 1},
                  {1, 0, 0}, {1, 0, 1}, {1, 1, 1}, {1, 1, 0}};
    int transpose = turns[orientation].transpose;
    int mirror_x = turns[orientation].mirror_x, mirror_y = turns[orientation].mirror_y;

    struct jpeg_decompress_struct src;
    struct jpeg_compress_struct dst;
    struct jpeg_error_mgr errors;
    src.err = dst.err = set_errors(&errors);
    jpeg_create_decompress(&src);
    jpeg_create_compress(&dst);
    jpeg_mem_src(&src, jpeg->data, jpeg->size);
    jpeg_read_header(&src, TRUE);
    jvirt_barray_ptr *from = jpeg_read_coefficients(&src);

    unsigned char *memory = NULL;
    unsigned long size = 0;
    jpeg_mem_dest(&dst, &memory, &size);
    jpeg_copy_critical_parameters(&src, &dst);
    dst.write_JFIF_header = FALSE;
    if (transpose) {
        dst.image_width = src.image_height;
        dst.image_height = src.image_width;
    }
    jvirt_barray_ptr to[MAX_COMPONENTS];
    for (int ci = 0; ci < src.num_components; ci++) {
        const jpeg_component_info *info = &src.comp_info[ci];
        JDIMENSION wide = transpose ? info->height_in_blocks : info->width_in_blocks;
        JDIMENSION high = transpose ? info->width_in_blocks : info->height_in_blocks;
        if (transpose) {
            dst.comp_info[ci].h_samp_factor = info->v_samp_factor;
            dst.comp_info[ci].v_samp_factor = info->h_samp_factor;
        }
        to[ci] = src.mem->request_virt_barray(
            (j_common_ptr)&src, JPOOL_IMAGE, FALSE, wide, high,
            (JDIMENSION)dst.comp_info[ci].v_samp_factor);
    }
    src.mem->realize_virt_arrays((j_common_ptr)&src);
    for (int ci = 0; ci < src.num_components; ci++) {
        int wide = (int)src.comp_info[ci].width_in_blocks;
        int high = (int)src.comp_info[ci].height_in_blocks;
        int to_wide = transpose ? high : wide, to_high = transpose ? wide : high;
        for (int y = 0; y < to_high; y++)
            for (int x = 0; x < to_wide; x++) {
                int turned_x = mirror_x ? to_wide - 1 - x : x;
                int turned_y = mirror_y ? to_high - 1 - y : y;
                int from_x = transpose ? turned_y : turned_x;
                int from_y = transpose ? turned_x : turned_y;
                JBLOCKARRAY in = src.mem->access_virt_barray(
                    (j_common_ptr)&src, from[ci], (JDIMENSION)from_y, 1, FALSE);
                JBLOCKARRAY block = src.mem->access_virt_barray(
                    (j_common_ptr)&src, to[ci], (JDIMENSION)y, 1, TRUE);
                turn_block(block[0][x], in[0][from_x], transpose, mirror_x, mirror_y);
            }
    }
    jpeg_write_coefficients(&dst, to);
    write_markers(&dst, markers);
    jpeg_finish_compress(&dst);
    jpeg_destroy_compress(&dst);
    jpeg_finish_decompress(&src);
    jpeg_destroy_decompress(&src);
    corpus_bytes_put(out, memory, size);
    free(memory);
}

void corpus_jpeg_encode_extreme(struct corpus_bytes *out, int n_blocks,
                                unsigned quantiser)
{
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    unsigned char *memory = NULL;
    unsigned long size = 0;
    cinfo.err = set_errors(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &memory, &size);
    cinfo.image_width = (JDIMENSION)(n_blocks * BLOCK);
    cinfo.image_height = BLOCK;
    set_model(&cinfo, CORPUS_GRAY);
    unsigned table[DCTSIZE2];
    for (int i = 0; i < DCTSIZE2; i++)
        table[i] = quantiser;
    jpeg_add_quant_table(&cinfo, 0, table, 100, FALSE);

    jvirt_barray_ptr blocks = cinfo.mem->request_virt_barray(
        (j_common_ptr)&cinfo, JPOOL_IMAGE, TRUE, (JDIMENSION)n_blocks, 1, 1);
    cinfo.mem->realize_virt_arrays((j_common_ptr)&cinfo);
    JBLOCKARRAY row =
        cinfo.mem->access_virt_barray((j_common_ptr)&cinfo, blocks, 0, 1, TRUE);
    for (int x = 0; x < n_blocks; x++)
        for (int i = 0; i < DCTSIZE2; i++)
            row[0][x][i] = corpus_hash(3, x, i) & 1 ? 1023 : -1023;
    jpeg_write_coefficients(&cinfo, &blocks);
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    corpus_bytes_put(out, memory, size);
    free(memory);
}
