/* Small integer helpers: the arithmetic that all layers share, defined for every input.
 */
#ifndef SCT_BITS_H
#define SCT_BITS_H

#include <stdint.h>

static inline int sct_min(int a, int b)
{
    return a < b ? a : b;
}

static inline int sct_max(int a, int b)
{
    return a > b ? a : b;
}

static inline int sct_clamp(int x, int lo, int hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* a / b rounded up, for a >= 0 and b > 0, without overflow near INT_MAX. */
static inline int sct_div_up(int a, int b)
{
    return a / b + (a % b != 0);
}

/* Saturates to 16 bits, as packssdw and sqxtn do. */
static inline int16_t sct_sat_i16(int32_t x)
{
    return (int16_t)(x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x);
}

static inline uint8_t sct_sat_u8(int32_t x)
{
    return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

static inline uint16_t sct_sat_u16(int32_t x)
{
    return (uint16_t)(x < 0 ? 0 : x > UINT16_MAX ? UINT16_MAX : x);
}

/* Sums modulo 2^32, as every SIMD instruction set adds: the reference must agree with
 * them on damaged input as well, where sums overflow. */
static inline int32_t sct_add_wrap(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

#endif
