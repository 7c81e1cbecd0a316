/* corpusgen.c: writes the test pictures.
 *
 *     corpusgen FOLDER           every undamaged JPEG
 *     corpusgen --bad FOLDER     the contents of corpus/bad, with its table EXPECTED
 *
 * FOLDER must exist. The bytes depend on nothing but this program and libjpeg-turbo's
 * encoder: MANIFEST.sha256 holds their hashes, README.md says what each file is for.
 */
#include <stdio.h>
#include <string.h>

#include "corpus_families.h"

void corpus_case_save(const struct corpus_bytes *bytes, const char *folder,
                      const char *name, const char *verdict, const char *reason,
                      FILE *expected)
{
    corpus_bytes_save(bytes, folder, name);
    fprintf(expected, "%s\t%s\t%s\n", name, verdict, reason);
}

static void write_bad(const char *folder)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/EXPECTED", folder);
    if (length < 0 || (size_t)length >= sizeof path)
        corpus_fail("path too long", folder);
    FILE *expected = fopen(path, "wb");
    if (!expected)
        corpus_fail("cannot be created", path);
    fputs("# file\tverdict\treason\n", expected);
    corpus_bad_write(folder, expected);
    corpus_heads_write(folder, expected);
    int has_failed = ferror(expected);
    if (fclose(expected) != 0 || has_failed)
        corpus_fail("cannot be written", path);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--bad") == 0)
        write_bad(argv[2]);
    else if (argc == 2 && argv[1][0] != '-')
        corpus_good_write(argv[1]);
    else {
        fputs("usage: corpusgen FOLDER | corpusgen --bad FOLDER\n", stderr);
        return 2;
    }
    return 0;
}
