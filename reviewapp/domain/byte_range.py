"""The Range header of HTTP (RFC 9110, 14.2), for one range of bytes: resuming a download. Pure."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


@dataclass(eq=False)
class Unsatisfiable(Exception):
    """The range begins behind the end of the file."""

    size: int


def byte_range(header: str, size: int) -> ByteRange | None:
    """Return the range that `header` asks for of a file of `size` bytes.

    None stands for the whole file: no header, several ranges, or one that makes no sense, which a
    server may leave aside. Raises Unsatisfiable.
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        wanted = min(int(last), size)
        if wanted == 0:
            raise Unsatisfiable(size)
        return ByteRange(size - wanted, size - 1)
    if int(first) >= size:
        raise Unsatisfiable(size)
    if last and int(last) < int(first):
        return None
    return ByteRange(int(first), min(int(last), size - 1) if last else size - 1)
