"""Evidence for the demo: a receipt as a PNG picture and an invoice as a PDF, drawn from text with nothing but zlib.

Same text, same bytes; other text, other bytes. The receipt's letters are a 5 by 7 cash-register font in which each character is
one byte of a row of a 1-bit picture, so that a row of text is one `bytes.translate`.
"""

import struct
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Final

_COLUMNS: Final = 32
_MARGIN_ROWS: Final = 6
_ROW_GAP: Final = 2
_GLYPH_ROWS: Final = 7
_FIRST_GLYPH: Final = 0x20
_MAX_LINES: Final = 60

# Five columns of a glyph as ten hexadecimal digits, the lowest bit on top; from the space to Z.
_FONT: Final = (
    "0000000000 00005F0000 0007000700 147F147F14 242A7F2A12 2313086462 3649562050 0008070300 001C224100 0041221C00 2A1C7F1C2A "
    "08083E0808 0040300000 0808080808 0000606000 2010080402 3E5149453E 00427F4000 7249494946 2141494D33 1814127F10 2745454539 "
    "3C4A494931 4121110907 3649494936 464949291E 0000140000 0040340000 0008142241 1414141414 0041221408 0201590906 3E415D594E "
    "7C1211127C 7F49494936 3E41414122 7F4141413E 7F49494941 7F09090901 3E41415173 7F0808087F 00417F4100 2040413F01 7F08142241 "
    "7F40404040 7F021C027F 7F0408107F 3E4141413E 7F09090906 3E4151215E 7F09192946 2649494932 03017F0103 3F4040403F 1F2040201F "
    "3F4038403F 6314081463 0304780403 6159494D43"
)


def _row_tables() -> tuple[bytes, ...]:
    """For each of the seven rows a table from character code to the byte of that row; a set bit is paper."""
    tables = [bytearray(b"\xff" * 256) for _ in range(_GLYPH_ROWS)]
    for offset, glyph in enumerate(_FONT.split()):
        columns = bytes.fromhex(glyph)
        for row, table in enumerate(tables):
            ink = sum(0x40 >> place for place, column in enumerate(columns) if column >> row & 1)
            table[_FIRST_GLYPH + offset] = 0xFF ^ ink
    return tuple(bytes(table) for table in tables)


_ROW_TABLES: Final = _row_tables()
_BLANK_ROW: Final = b"\x00" + b"\xff" * _COLUMNS


def _ascii(text: str) -> str:
    """`text` without accents; what has no Latin letter becomes a question mark, what isn't printable a space."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).encode("ascii", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def receipt_png(lines: Sequence[str]) -> bytes:
    """A picture of a till receipt: at most 60 lines of 30 characters (the rest is cut), upper case, accents dropped.

    The uncut text stands in the picture's iTXt chunk, so that two receipts that look alike still differ.
    """
    rows = [_BLANK_ROW * _MARGIN_ROWS]
    for line in lines[:_MAX_LINES]:
        text = _ascii(line).upper()[: _COLUMNS - 2].center(_COLUMNS).encode("ascii")
        rows += [b"\x00" + text.translate(table) for table in _ROW_TABLES]
        rows.append(_BLANK_ROW * _ROW_GAP)
    rows.append(_BLANK_ROW * _MARGIN_ROWS)
    picture = b"".join(rows)
    header = struct.pack(">IIBBBBB", _COLUMNS * 8, len(picture) // (_COLUMNS + 1), 1, 0, 0, 0, 0)
    text_chunk = b"Description\x00\x00\x00\x00\x00" + "\n".join(lines).encode()
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"iTXt", text_chunk),
            _chunk(b"IDAT", zlib.compress(picture, 1)),
            _chunk(b"IEND", b""),
        )
    )


def _pdf_string(text: str) -> str:
    return "(" + _ascii(text).replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")"


def invoice_pdf(
    *, supplier: str, number: str, issued_on: str, customer: str, lines: Sequence[tuple[str, str]], total: str
) -> bytes:
    """An invoice of one A4 page (PDF 1.4); `lines` are (description, amount with currency), all text is given ready to print.

    At most 60 lines are printed. Accents are dropped, for the page uses a built-in font.
    """
    printed = [
        f"BT /F1 16 Tf 56 780 Td {_pdf_string(supplier)} Tj ET",
        f"BT /F1 11 Tf 56 752 Td {_pdf_string(f'Invoice {number}')} Tj 0 -15 Td {_pdf_string(f'Date {issued_on}')} Tj",
        f"0 -15 Td {_pdf_string(f'For {customer}')} Tj ET",
    ]
    height = 690
    for description, amount in [*lines[:_MAX_LINES], ("Total", total)]:
        printed.append(f"BT /F1 10 Tf 56 {height} Td {_pdf_string(description)} Tj 340 0 Td {_pdf_string(amount)} Tj ET")
        height -= 11
    content = "\n".join(printed).encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number_of, entry in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number_of, entry)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(body)
