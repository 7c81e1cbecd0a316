/* What a program that uses libscantling looks like from outside: built against an
 * installed copy, with nothing of the build tree in sight. It calls two layers of the
 * library and compares the version of the header with that of the code. */
#include <stdio.h>
#include <string.h>

#include <scantling/scantling.h>

int main(void)
{
    struct sct_dsp dsp;
    printf("scantling %s\n", sct_version());
    return strcmp(sct_version(), SCT_VERSION) != 0 || sct_dsp_init(&dsp, NULL) != SCT_OK;
}
