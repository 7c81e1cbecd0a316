/* bench_spectrum PHOTO.jpg...: the mean energy of every horizontal and vertical DCT frequency of
 * the blocks of each component, in squared sample levels. It is where the constants of
 * kernel/bank.c come from. Energies are those of an orthonormal 8-point DCT of one axis:
 * F(u, v)^2 / 8 summed over v (or u), averaged over blocks. */
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

static void print_energies(const char *axis, const double sums[DCTSIZE], double n)
{
    printf("  %s", axis);
    for (int u = 1; u < DCTSIZE; u++)
        printf(" %8.2f", sums[u] / n);
}

static void measure_component(j_decompress_ptr cinfo, jvirt_barray_ptr blocks,
                              const jpeg_component_info *component)
{
    double horizontal[DCTSIZE] = {0}, vertical[DCTSIZE] = {0};
    for (JDIMENSION by = 0; by < component->height_in_blocks; by++) {
        JBLOCKARRAY row =
            cinfo->mem->access_virt_barray((j_common_ptr)cinfo, blocks, by, 1, FALSE);
        for (JDIMENSION bx = 0; bx < component->width_in_blocks; bx++)
            for (int v = 0; v < DCTSIZE; v++)
                for (int u = 0; u < DCTSIZE; u++) {
                    const int k = v * DCTSIZE + u;
                    const double f =
                        (double)row[0][bx][k] * component->quant_table->quantval[k];
                    horizontal[u] += f * f / DCTSIZE;
                    vertical[v] += f * f / DCTSIZE;
                }
    }
    const double n = (double)component->width_in_blocks * component->height_in_blocks;
    printf("  %d", component->component_index);
    print_energies("u", horizontal, n);
    print_energies("v", vertical, n);
    printf("\n");
}

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
    jvirt_barray_ptr *blocks = jpeg_read_coefficients(&cinfo);
    printf("%s\n", path);
    for (int i = 0; i < cinfo.num_components; i++)
        measure_component(&cinfo, blocks[i], &cinfo.comp_info[i]);
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
