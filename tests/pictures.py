"""Pictures for tests, as bytes."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def picture(colour="teal", size=(64, 48), mode="RGB"):
    return Image.new("RGB", size, colour).convert(mode)


def as_bytes(image, picture_format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()


def jpeg(colour="teal", size=(64, 48), mode="RGB", **options):
    return as_bytes(picture(colour, size, mode), "JPEG", **options)


def png(colour="teal", size=(64, 48), mode="RGB"):
    return as_bytes(picture(colour, size, mode))


def noise(size=(64, 48), seed=1):
    """A JPEG that hardly compresses."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return as_bytes(Image.fromarray(pixels), "JPEG")


def huge_png(side=20_000):
    """A grey PNG of side × side pixels in a file of a few hundred kB."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    # All-zero rows: one block is packed once and repeated.
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(100 * (side + 1))) + packer.flush(zlib.Z_FULL_FLUSH)
    adler = (side * (side + 1) % 65521) << 16 | 1
    packed = b"\x78\xda" + block * (side // 100) + b"\x03\x00" + struct.pack(">I", adler)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", packed),
            chunk(b"IEND", b""),
        ]
    )
