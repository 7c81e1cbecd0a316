/* What is in a picture, for people. */
#include "info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* J:a:b describes a strip of 4x2 luma samples: a chroma samples in its first row, b in
 * its second that are new. It needs chroma components that are alike and whose factors
 * divide those of luma. */
void sct_info_sampling(char out[32], const struct sct_picture *p)
{
    if (p->n_components == 1) {
        snprintf(out, 32, "4:0:0");
        return;
    }
    const int h0 = p->component[0].h, v0 = p->component[0].v;
    const int h1 = p->component[1].h, v1 = p->component[1].v;
    int says_it = p->n_components == 3 && h1 == p->component[2].h &&
                  v1 == p->component[2].v && h0 % h1 == 0 && v0 % v1 == 0;
    const int across = says_it ? h0 / h1 : 0, down = says_it ? v0 / v1 : 0;
    says_it = says_it && across != 3 && (down == 1 || down == 2);
    if (says_it) {
        snprintf(out, 32, "4:%d:%d", 4 / across, down == 1 ? 4 / across : 0);
        return;
    }
    size_t n = 0;
    for (int ci = 0; ci < p->n_components && n < 32; ci++)
        n += (size_t)snprintf(out + n, 32 - n, "%s%dx%d", ci > 0 ? "," : "",
                              p->component[ci].h, p->component[ci].v);
}

static void print_extras(const struct sct_picture *p)
{
    const struct {
        int is_there;
        const char *name;
    } extra[] = {
        {p->has_exif, "EXIF"},           {p->has_gps, "GPS position"},
        {p->has_thumbnail, "thumbnail"}, {p->has_xmp, "XMP"},
        {p->has_iptc, "IPTC"},           {p->has_comment, "comment"},
        {p->has_gain_map, "gain map"},   {p->has_mpf, "MPF"},
    };
    const char *between = "";
    printf("  metadata     ");
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        if (extra[i].is_there) {
            printf("%s%s", between, extra[i].name);
            between = ", ";
        }
    }
    puts(between[0] ? "" : "none");
}

void sct_info_print(const struct sct_info *info)
{
    const struct sct_picture *const p = &info->picture;
    char sampling[32];
    sct_info_sampling(sampling, p);
    char *const name = sct_text_escape(info->input);
    printf("%s\n", name ? name : "?");
    free(name);
    printf("  format       %s, %s\n", p->format,
           p->coding ? p->coding : "unknown coding");
    printf("  size         %dx%d, %.1f megapixels\n", p->width, p->height,
           (double)p->width * p->height / 1e6);
    if (p->orientation >= 5)
        printf("  orientation  %d, upright it is %dx%d\n", p->orientation, p->height,
               p->width);
    else
        printf("  orientation  %d\n", p->orientation);
    printf("  model        %s\n", sct_model_name(p->model));
    printf("  sampling     %s\n", sampling);
    if (p->quality > 0)
        printf("  quality      about %d\n", p->quality);
    else
        puts("  quality      unknown");
    if (info->n_scans > 0)
        printf("  scans        %d\n", info->n_scans);
    if (p->restart_interval > 0)
        printf("  restart      every %d MCUs\n", p->restart_interval);
    else
        puts("  restart      none");
    if (p->icc_bytes > 0)
        printf("  ICC profile  %zu bytes\n", p->icc_bytes);
    else
        puts("  ICC profile  none");
    print_extras(p);
    if (info->report.n_warnings > 0)
        printf("  warning      %s\n", info->report.warning);
}
