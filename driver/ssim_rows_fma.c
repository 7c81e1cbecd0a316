/* The rows of SSIMULACRA2 for CPUs with AVX2 and FMA: this file is compiled for them. */
#include "ssim_rows.c"
