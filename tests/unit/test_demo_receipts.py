import struct
import zlib

from reintegration.demo.receipts import invoice_pdf, receipt_png


def _png_chunks(picture: bytes) -> dict[bytes, bytes]:
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        kind, body = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", picture, at + 8 + length) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += length + 12
    return chunks


def test_a_receipt_is_a_valid_png_that_differs_with_its_text() -> None:
    picture = receipt_png(["Mercado São Bento", "Total BRL 3,500.00"])
    chunks = _png_chunks(picture)
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (width, height, depth, colour) == (256, 30, 1, 0)
    rows = zlib.decompress(chunks[b"IDAT"])
    assert len(rows) == 30 * 33
    assert rows[6 * 33 : 13 * 33].count(b"\xff" * 33) == 0
    assert picture == receipt_png(["Mercado São Bento", "Total BRL 3,500.00"])
    long = "x" * 40
    assert receipt_png([long + "1"]) != receipt_png([long + "2"])
    assert len(picture) < 4_000


def test_an_invoice_is_a_pdf_whose_table_points_at_its_objects() -> None:
    document = invoice_pdf(
        supplier="Móveis (Silva)",
        number="7/2023",
        issued_on="2023-10-04",
        customer="IOM",
        lines=[("Oven", "BRL 1.00")],
        total="BRL 1.00",
    )
    assert document.startswith(b"%PDF-1.4\n")
    assert document.endswith(b"%%EOF\n")
    start = int(document.rsplit(b"startxref\n", 1)[1].split()[0])
    assert document[start:].startswith(b"xref\n0 6\n")
    for number, line in enumerate(document[start:].splitlines()[3:8], start=1):
        assert document[int(line[:10]) :].startswith(b"%d 0 obj\n" % number)
    assert rb"(Moveis \(Silva\)) Tj" in document
    assert b"(Invoice 7/2023) Tj" in document
    length = int(document.split(b"/Length ")[1].split()[0])
    assert document.split(b"stream\n")[1][:length].endswith(b"ET")
