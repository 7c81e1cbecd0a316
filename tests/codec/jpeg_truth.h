/* What libjpeg makes of a JPEG, as a hash, so that two files can be compared. */
#ifndef JPEG_TRUTH_H
#define JPEG_TRUTH_H

#include "codec_test.h"

#include <jpeglib.h>

struct truth_errors {
    struct jpeg_error_mgr manager;
    jmp_buf jump;
};

static inline void jump_out(j_common_ptr cinfo)
{
    longjmp(((struct truth_errors *)cinfo->err)->jump, 1);
}

static inline void say_nothing(j_common_ptr cinfo, int level)
{
    if (level < 0)
        cinfo->err->num_warnings++;
}

enum { MAX_TRUTH_PIXELS = 16 * 1000 * 1000 };

/* What libjpeg makes of a file: a hash over all coefs and tables, and how it felt. */
struct truth {
    int is_readable;
    long n_warnings;
    uint64_t hash;
    size_t icc_bytes;
};

static inline void hash_bytes(uint64_t *hash, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < n; i++)
        *hash = (*hash ^ p[i]) * 0x100000001B3u;
}

static inline void hash_coefs(struct truth *t, struct jpeg_decompress_struct *cinfo)
{
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(cinfo);
    const int numbers[] = {(int)cinfo->image_width, (int)cinfo->image_height,
                           cinfo->num_components,   (int)cinfo->jpeg_color_space,
                           cinfo->saw_JFIF_marker,  cinfo->saw_Adobe_marker,
                           cinfo->X_density,        cinfo->Y_density,
                           cinfo->density_unit};
    hash_bytes(&t->hash, numbers, sizeof numbers);
    for (int ci = 0; ci < cinfo->num_components; ci++) {
        const jpeg_component_info *c = &cinfo->comp_info[ci];
        if (c->quant_table)
            hash_bytes(&t->hash, c->quant_table->quantval, 64 * sizeof(UINT16));
        for (JDIMENSION y = 0; y < c->height_in_blocks; y++) {
            JBLOCKARRAY row = cinfo->mem->access_virt_barray((j_common_ptr)cinfo,
                                                             arrays[ci], y, 1, FALSE);
            hash_bytes(&t->hash, row[0], c->width_in_blocks * sizeof(JBLOCK));
        }
    }
}

static inline struct truth read_truth(const struct bytes *file)
{
    struct truth t = {.hash = 0xCBF29CE484222325u};
    struct jpeg_decompress_struct cinfo;
    struct truth_errors errors;
    JOCTET *icc = NULL;
    unsigned icc_bytes = 0;

    cinfo.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = jump_out;
    errors.manager.emit_message = say_nothing;
    jpeg_create_decompress(&cinfo);
    if (!setjmp(errors.jump) && file->size) {
        jpeg_mem_src(&cinfo, file->data, file->size);
        jpeg_save_markers(&cinfo, JPEG_APP0 + 2, 0xFFFF);
        jpeg_read_header(&cinfo, TRUE);
        if ((uint64_t)cinfo.image_width * cinfo.image_height > MAX_TRUTH_PIXELS)
            jump_out((j_common_ptr)&cinfo); /* a damaged header asks for gigabytes */
        if (jpeg_read_icc_profile(&cinfo, &icc, &icc_bytes)) {
            hash_bytes(&t.hash, icc, icc_bytes);
            t.icc_bytes = icc_bytes;
            free(icc);
        }
        hash_coefs(&t, &cinfo);
        t.is_readable = 1;
    }
    t.n_warnings = errors.manager.num_warnings;
    jpeg_destroy_decompress(&cinfo);
    return t;
}

#endif
