/* corpus_picture.c: colour as a function of position. See corpus_picture.h.
 *
 * All divisions are of non-negative numbers, or go through floor_div, so that nothing
 * depends on how a negative number is shifted.
 */
#include "corpus_picture.h"

static int clamp_to_byte(int64_t value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (int)value;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

uint32_t corpus_hash(uint32_t seed, int64_t x, int64_t y)
{
    uint32_t h =
        seed * 0x9E3779B9u + (uint32_t)x * 0x85EBCA77u + (uint32_t)y * 0xC2B2AE3Du;
    h ^= h >> 16;
    h *= 0x7FEB352Du;
    h ^= h >> 15;
    h *= 0x846CA68Bu;
    return h ^ (h >> 16);
}

/* sin(2 pi turns / 65536) * 16384: an odd polynomial of degree 5 on a quarter turn, off
 * by less than 2e-4 of full scale. */
static int sine_q14(int64_t turns_q16)
{
    int64_t t = turns_q16 & 0xFFFF;
    int negative = t >= 0x8000;
    t &= 0x7FFF;
    if (t > 0x4000)
        t = 0x8000 - t;
    /* z = t / 16384 in 0..1; sin(z pi / 2) = z (1.57063 - z^2 (0.64323 - z^2 0.07271)) */
    int64_t z2 = t * t / 16384;
    int64_t value = t * (25733 - z2 * (10539 - z2 * 1191 / 16384) / 16384) / 16384;
    if (value > 16384)
        value = 16384;
    return (int)(negative ? -value : value);
}

/* Three independent fields of value noise on lattice cells of `cell` ticks: smooth,
 * -1024..1023. One hash a corner serves all three: 11, 11 and 10 of its bits. x and y are
 * not negative. */
static void compute_value_noise(uint32_t seed, int x, int y, int cell, int noise[3])
{
    int cx = x / cell, cy = y / cell;
    int fx = (x - cx * cell) * 256 / cell, fy = (y - cy * cell) * 256 / cell;
    fx = fx * fx * (3 * 256 - 2 * fx) / 65536; /* smoothstep, in Q8 */
    fy = fy * fy * (3 * 256 - 2 * fy) / 65536;
    const uint32_t corner[4] = {corpus_hash(seed, cx, cy), corpus_hash(seed, cx + 1, cy),
                                corpus_hash(seed, cx, cy + 1),
                                corpus_hash(seed, cx + 1, cy + 1)};
    for (int field = 0; field < 3; field++) {
        int value[4];
        for (int i = 0; i < 4; i++)
            value[i] = field < 2 ? (int)(corner[i] >> (11 * field) & 2047)
                                 : (int)(corner[i] >> 22) * 2;
        int top = value[0] * (256 - fx) + value[1] * fx;
        int bottom = value[2] * (256 - fx) + value[3] * fx;
        noise[field] = (top * (256 - fy) + bottom * fy) / 65536 - 1024;
    }
}

static void draw_zone(const struct corpus_picture *p, int64_t x, int64_t y, int rgb[3])
{
    int64_t dx = x - (int64_t)p->width * CORPUS_TICKS / 2;
    int64_t dy = y - (int64_t)p->height * CORPUS_TICKS / 2;
    int64_t radius = (p->width > p->height ? p->width : p->height) / 2 + 1; /* pixels */
    /* phase = r^2 / (4 radius) turns, so that the frequency r / (2 radius) ends at 1/2 */
    int64_t turns =
        (dx * dx + dy * dy) * 65536 / ((int64_t)CORPUS_TICKS * CORPUS_TICKS * 4 * radius);
    /* a little colour: the three phases are apart by 1/16 of a turn */
    for (int c = 0; c < 3; c++)
        rgb[c] = clamp_to_byte(
            128 + floor_div((int64_t)sine_q14(turns + c * 4096) * 120, 16384));
}

static int64_t ramp(int64_t position, int64_t size_px)
{
    return clamp_to_byte(floor_div(position * 255, size_px * CORPUS_TICKS));
}

static void draw_ramp(const struct corpus_picture *p, int64_t x, int64_t y, int rgb[3])
{
    int64_t right = ramp(x, p->width), down = ramp(y, p->height);
    int64_t gray = p->pattern == CORPUS_RAMP_H   ? right
                   : p->pattern == CORPUS_RAMP_V ? down
                                                 : (right + down) / 2;
    rgb[0] = rgb[1] = rgb[2] = (int)gray;
    if (p->pattern == CORPUS_RAMP) {
        rgb[0] = (int)right;
        rgb[1] = (int)down;
        rgb[2] = (int)(255 - (right + down) / 2);
    }
}

static void draw_text(int64_t x, int64_t y, int rgb[3])
{
    enum { ADVANCE = 6, LEADING = 10, GLYPH_W = 5, GLYPH_H = 7 };
    static const int inks[4][3] = {{16, 16, 16}, {16, 16, 16}, {200, 0, 0}, {0, 0, 190}};
    int64_t px = floor_div(x, CORPUS_TICKS), py = floor_div(y, CORPUS_TICKS);
    int64_t column = floor_div(px, ADVANCE), line = floor_div(py, LEADING);
    int64_t gx = px - column * ADVANCE, gy = py - line * LEADING;
    uint32_t letter = corpus_hash(7, column, line) % 26;
    int is_space = corpus_hash(8, column, line) % 6 == 0;
    /* strokes: a pixel of the letter's own 5x7 grid is on in half the cases, edges more
     * often */
    int on_edge = gx == 0 || gx == GLYPH_W - 1 || gy == 0 || gy == GLYPH_H - 1;
    uint32_t dice = corpus_hash(900 + letter, gx, gy) % 8;
    int is_ink = gx < GLYPH_W && gy < GLYPH_H && !is_space && dice < (on_edge ? 5u : 3u);
    const int *ink = inks[corpus_hash(9, 0, line) % 4];
    for (int c = 0; c < 3; c++)
        rgb[c] = is_ink ? ink[c] : 250 - 4 * c;
}

static void draw_noise(int64_t x, int64_t y, int rgb[3])
{
    uint32_t h = corpus_hash(11, floor_div(x, CORPUS_TICKS), floor_div(y, CORPUS_TICKS));
    for (int c = 0; c < 3; c++)
        rgb[c] = (int)(h >> (8 * c) & 0xFF);
}

static void draw_natural(const struct corpus_picture *p, int64_t x, int64_t y, int rgb[3])
{
    /* luma: one octave per cell size from 128 pixels down to 2; colour: the three largest
     */
    static const int amplitude[7] = {44, 34, 26, 20, 15, 11, 8};
    int luma = 0, blue = 0, red = 0;
    for (int octave = 0; octave < 7; octave++) {
        int noise[3];
        compute_value_noise(20 + (uint32_t)octave, (int)x, (int)y,
                            CORPUS_TICKS * (128 >> octave), noise);
        luma += noise[0] * amplitude[octave];
        if (octave < 3) {
            blue += noise[1] * amplitude[octave] / 2;
            red += noise[2] * amplitude[octave] / 2;
        }
    }
    luma = 118 + luma / 1024;
    blue /= 1024;
    red /= 1024;

    int64_t w = (int64_t)p->width * CORPUS_TICKS, h = (int64_t)p->height * CORPUS_TICKS;
    if (16 * w * y < h * (9 * w - 2 * x)) /* above a tilted horizon: sky */ {
        luma = luma / 3 + 130;
        blue += 24;
    }
    /* objects: discs with a hard edge; place and radius in 1/1024 of the picture */
    static const struct {
        int x, y, radius, luma, blue, red;
    } discs[7] = {{150, 700, 110, 20, -30, 35}, {420, 610, 75, 90, 10, -40},
                  {480, 660, 60, 125, 0, 0},    {700, 820, 120, 45, 38, -12},
                  {805, 240, 80, 120, -40, 20}, {930, 590, 45, 5, 0, 38},
                  {300, 930, 95, 70, -20, -25}};
    for (int i = 0; i < 7; i++) {
        int64_t dx = x - w * discs[i].x / 1024, dy = y - h * discs[i].y / 1024;
        int64_t radius = (w < h ? w : h) * discs[i].radius / 1024;
        if (dx * dx + dy * dy > radius * radius)
            continue;
        luma = luma / 2 + discs[i].luma;
        blue = discs[i].blue;
        red = discs[i].red;
    }
    rgb[0] = clamp_to_byte(luma + red * 7 / 5);
    rgb[1] = clamp_to_byte(luma - blue / 3 - red * 5 / 7);
    rgb[2] = clamp_to_byte(luma + blue * 7 / 4);
}

static void draw_corners(const struct corpus_picture *p, int64_t x, int64_t y, int rgb[3])
{
    /* the picture on a grid of 16x16 cells, row by row; one digit is one colour */
    static const char cells[16][17] = {
        "1111000000002222", "1111000000002222", "1111000000002222", "0000555555550000",
        "0000555555550000", "0000550000000000", "0000550000000000", "0000555555000000",
        "0000555555000000", "0000550000000000", "0000550000000000", "0000550000000000",
        "3333550000004444", "3333000000004444", "3333000000004444", "3333000000004444"};
    static const int colors[6][3] = {{224, 224, 216}, {208, 32, 32},  {32, 160, 48},
                                     {40, 56, 200},   {232, 200, 32}, {24, 24, 24}};
    int64_t column = x * 16 / ((int64_t)p->width * CORPUS_TICKS);
    int64_t row = y * 16 / ((int64_t)p->height * CORPUS_TICKS);
    column = column < 0 ? 0 : column > 15 ? 15 : column;
    row = row < 0 ? 0 : row > 15 ? 15 : row;
    const int *color = colors[cells[row][column] - '0'];
    int64_t shade = ramp(x, p->width) / 10 + ramp(y, p->height) / 20;
    for (int c = 0; c < 3; c++)
        rgb[c] = clamp_to_byte(color[c] - shade + 18);
}

const char *corpus_pattern_name(enum corpus_pattern pattern)
{
    static const char *const names[CORPUS_N_PATTERNS] = {
        "zone", "ramph", "rampv",    "rampd",   "ramp",
        "text", "noise", "constant", "natural", "corners"};
    return names[pattern];
}

void corpus_picture_rgb(const struct corpus_picture *picture, int64_t x, int64_t y,
                        int rgb[3])
{
    switch (picture->pattern) {
    case CORPUS_ZONE: draw_zone(picture, x, y, rgb); return;
    case CORPUS_RAMP_H:
    case CORPUS_RAMP_V:
    case CORPUS_RAMP_D:
    case CORPUS_RAMP: draw_ramp(picture, x, y, rgb); return;
    case CORPUS_TEXT: draw_text(x, y, rgb); return;
    case CORPUS_NOISE: draw_noise(x, y, rgb); return;
    case CORPUS_NATURAL: draw_natural(picture, x, y, rgb); return;
    case CORPUS_CORNERS: draw_corners(picture, x, y, rgb); return;
    case CORPUS_CONSTANT:
    case CORPUS_N_PATTERNS: break;
    }
    rgb[0] = 180;
    rgb[1] = 120;
    rgb[2] = 75;
}
