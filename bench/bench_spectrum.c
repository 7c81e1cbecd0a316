/* bench_spectrum PHOTO.jpg...: the mean energy of every horizontal and vertical DCT
 * frequency of the luma blocks, in squared sample levels. It is where the constants of
 * choose_n_freqs in kernel/bank.c come from. Energies are those of an orthonormal 8-point
 * DCT of one axis: F(u, v)^2 / 8 summed over v (or u), averaged over blocks. */
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

static int measure(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&cinfo);
    jpeg_stdio_src(&cinfo, file);
    (void)jpeg_read_header(&cinfo, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&cinfo);
    const jpeg_component_info *luma = &cinfo.comp_info[0];

    double horizontal[DCTSIZE] = {0}, vertical[DCTSIZE] = {0};
    for (JDIMENSION by = 0; by < luma->height_in_blocks; by++) {
        JBLOCKARRAY row =
            cinfo.mem->access_virt_barray((j_common_ptr)&cinfo, arrays[0], by, 1, FALSE);
        for (JDIMENSION bx = 0; bx < luma->width_in_blocks; bx++)
            for (int v = 0; v < DCTSIZE; v++)
                for (int u = 0; u < DCTSIZE; u++) {
                    const int k = v * DCTSIZE + u;
                    const double f =
                        (double)row[0][bx][k] * luma->quant_table->quantval[k];
                    horizontal[u] += f * f / DCTSIZE;
                    vertical[v] += f * f / DCTSIZE;
                }
    }
    const double n = (double)luma->width_in_blocks * luma->height_in_blocks;
    printf("%s\n  u", path);
    for (int u = 1; u < DCTSIZE; u++)
        printf(" %8.2f", horizontal[u] / n);
    printf("\n  v");
    for (int v = 1; v < DCTSIZE; v++)
        printf(" %8.2f", vertical[v] / n);
    printf("\n");
    jpeg_destroy_decompress(&cinfo);
    fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= measure(argv[i]);
    return failed;
}
