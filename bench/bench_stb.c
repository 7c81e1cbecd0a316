/* stb_image_resize, a peer of bench_planes: a header that somebody has to compile. Apart,
 * because it is quickest at -O2 (CMakeLists.txt), and so that its warnings are not ours. */
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image_resize.h>
