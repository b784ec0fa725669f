"""Pictures as tests compare them: rows of bytes R, G, B. Read from PPM, PNG and the XWD file that Xvfb keeps its screen in."""
import struct
import zlib


class Picture:
    def __init__(self, width, height, rgb):
        self.width, self.height, self.rgb = width, height, bytes(rgb)

    def __eq__(self, other):
        return (self.width, self.height, self.rgb) == (other.width, other.height, other.rgb)

    def pixel(self, x, y):
        at = 3 * (y * self.width + x)
        return tuple(self.rgb[at:at + 3])

    def part(self, x, y, width, height):
        rows = (self.rgb[3 * (row * self.width + x):3 * (row * self.width + x + width)] for row in range(y, y + height))
        return Picture(width, height, b"".join(rows))

    def difference(self, other):
        """In words, for a failure."""
        if (self.width, self.height) != (other.width, other.height):
            return f"{self.width}x{self.height}, not {other.width}x{other.height}"
        places = [i // 3 for i in range(0, len(self.rgb), 3) if self.rgb[i:i + 3] != other.rgb[i:i + 3]]
        if not places:
            return "the same"
        x, y = places[0] % self.width, places[0] // self.width
        return f"{len(places)} pixels differ, the first at {x},{y}: {self.pixel(x, y)}, not {other.pixel(x, y)}"

    def save(self, path):
        """As PNG, for somebody to look at."""
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        stride = 3 * self.width
        rows = b"".join(b"\0" + self.rgb[at:at + stride] for at in range(0, len(self.rgb), stride))
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)) +
                       chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def read_ppm(path):
    with open(path, "rb") as file:
        data = file.read()
    kind, size, most, rgb = data.split(b"\n", 3)
    width, height = map(int, size.split())
    assert (kind, most, len(rgb)) == (b"P6", b"255", 3 * width * height), f"{path}: {data[:20]}, {len(rgb)} bytes"
    return Picture(width, height, rgb)


def read_png(path):
    """One with 8 bits a colour and no filters: all chunks must be there and whole."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path}: no PNG"
    chunks, at = [], 8
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body, (checksum,) = data[at + 8:at + 8 + size], struct.unpack_from(">I", data, at + 8 + size)
        assert checksum == zlib.crc32(kind + body), f"{path}: {kind} is damaged"
        chunks.append((kind, body))
        at += 12 + size
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"], f"{path}: {chunks}"
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    rows, stride = zlib.decompress(chunks[1][1]), 1 + 3 * width
    assert rest == [8, 2, 0, 0, 0] and len(rows) == stride * height and not any(rows[::stride]), f"{path}: {rest}"
    return Picture(width, height, b"".join(rows[at + 1:at + stride] for at in range(0, len(rows), stride)))


def read_xwd(path):
    """Of 32 bits a pixel, blue first."""
    with open(path, "rb") as file:
        data = file.read()
    header = struct.unpack_from(">25I", data)
    width, height, bits, stride, colors = header[4], header[5], header[11], header[12], header[19]
    assert bits == 32, f"{path}: {bits} bits a pixel"
    start = header[0] + 12 * colors
    rgb = bytearray(3 * width * height)
    for color in range(3):  # of rows that are as wide as the picture
        assert stride == 4 * width
        rgb[color::3] = data[start + 2 - color:start + stride * height:4]
    return Picture(width, height, rgb)
