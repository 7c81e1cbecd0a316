/* The texts of --help. */
#include "help.h"

const char *sct_help_main(void)
{
    return "Smaller pictures, resized while they are still DCT coefficients.\n"
           "\n"
           "Usage:\n"
           "  scantling resize [OPTION]... INPUT...   make smaller pictures\n"
           "  scantling info [OPTION]... FILE...      say what is in a picture\n"
           "  scantling help [resize | info]          say more\n"
           "\n"
           "  --version   versions of the libraries, kernels available, kernel chosen\n"
           "  -h, --help  this text\n"
           "\n"
           "Example: scantling resize --size 1600 --output small/ photos/*.jpg\n";
}

const char *sct_help_resize(void)
{
    return "Usage: scantling resize [OPTION]... INPUT...\n"
           "\n"
           "Makes one or more smaller pictures of every INPUT; - is stdin.\n"
           "\n"
           "What to make\n"
           "  -s, --size SIZE        1600 (longest side), 1600x (width), x900 (height),\n"
           "                         400x400 (box); several times: several pictures\n"
           "      --fit MODE         inside (default), cover (crops), fill (stretches)\n"
           "      --enlarge          let small pictures grow; otherwise they do not\n"
           "  -q, --quality N        1 to 100; default 80\n"
           "  -f, --format FMT       jpeg\n"
           "      --subsampling SUB  4:2:0 (default), 4:2:2, 4:4:4, source\n"
           "      --filter NAME      lanczos3 (default), lanczos2, catmull-rom,\n"
           "                         mitchell, triangle, area\n"
           "      --progressive      progressive JPEG: slower, about 3 % smaller\n"
           "      --optimize         own Huffman tables: slower, about 1 % smaller\n"
           "      --variants FILE    take all of this from variants.json instead\n"
           "\n"
           "Where to put it\n"
           "  -o, --output TARGET    a file, a folder/, a pattern with {stem} {name}\n"
           "                         {width} {height} {ext}, or - for stdout; default\n"
           "                         {stem}-{name}.{ext} next to the input; {name} is\n"
           "                         the SIZE: photo-1600.jpg\n"
           "      --skip-existing    make only what is not there yet\n"
           "      --dry-run          say what would be written, write nothing\n"
           "\n"
           "How to work\n"
           "  -j, --jobs N           files in parallel; default 1, 0 means one per CPU\n"
           "      --cpu NAME         kernel, all with the same bytes: auto, c, hwy,\n"
           "                         avx2, neon, dotprod; default: SCANTLING_CPU in\n"
           "                         the environment, or auto\n"
           "      --fail-fast        take no new inputs after a failure\n"
           "      --salvage          publish damaged pictures as far as they go\n"
           "      --max-pixels N     refuse larger pictures; default 268M\n"
           "      --max-scans N      refuse JPEGs with more scans; default 500\n"
           "      --max-memory N     refuse what takes more bytes; default 1G\n"
           "\n"
           "What to say\n"
           "      --json             one JSON object per input, one per line, on stdout\n"
           "      --quiet            only failures, on stderr\n"
           "  -h, --help             this text\n"
           "\n"
           "Exit status: 0 all fine, 1 some inputs failed, 2 usage, 3 all failed.\n";
}

const char *sct_help_info(void)
{
    return "Usage: scantling info [OPTION]... FILE...\n"
           "\n"
           "Says what is in a picture, from its header; - is stdin.\n"
           "\n"
           "      --json             one JSON object per file, one per line\n"
           "      --max-pixels N     refuse larger pictures; default 268M\n"
           "      --max-scans N      refuse JPEGs with more scans; default 500\n"
           "      --max-memory N     refuse what takes more bytes; default 1G\n"
           "  -h, --help             this text\n"
           "\n"
           "Exit status: 0 all fine, 1 some files failed, 2 usage, 3 all failed.\n";
}
