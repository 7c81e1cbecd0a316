"""A job as Pillow's users do it, for those who measure it: bench/processes and bench/compare.

Image.thumbnail has the decoder shrink as far as twice the wanted size allows (draft), then resizes.
Several sizes share the decode that the widest of them needs.
"""
from PIL import Image, ImageOps


def make_outputs(source, widths, quality, open_output, to="jpg"):
    """Resizes a picture (a path or a file) to all widths, widest first, into open_output(width): a path or a file.

    to: jpg, webp or png.
    """
    how = {"jpg": {"format": "JPEG", "quality": quality, "subsampling": "4:2:0"},
           "webp": {"format": "WEBP", "quality": quality, "method": 4}, "png": {"format": "PNG"}}[to]
    with Image.open(source) as image:
        turned = image.getexif().get(0x0112, 1) >= 5
        if len(widths) > 1:
            box = (1 << 24, widths[0]) if turned else (widths[0], 1 << 24)
            image.draft(None, tuple(2 * side for side in box))
        for width in widths:
            copy = image.copy() if len(widths) > 1 else image
            # The stored side that becomes the width; the other follows.
            box = (1 << 24, width) if turned else (width, 1 << 24)
            copy.thumbnail(box, Image.Resampling.LANCZOS)
            ImageOps.exif_transpose(copy).save(open_output(width), **how)
