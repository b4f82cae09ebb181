import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.choices import ImportFormat
from reviewapp.domain.imports import ImportUnreadable
from reviewapp.services.imports.labels import read_labels
from reviewapp.services.imports.tables import open_table

CHALLENGE = (
    ",designation,description,productid,imageid\n"
    '0,"Livre, broché",,101,201\n'
    "1,Poupée,<b>Jolie</b>,102,202\n"
)


def rows(tmp_path, content, table_format=ImportFormat.CSV):
    path = tmp_path / "table"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(open_table(path, table_format).rows())


def test_the_challenge_layout_is_read(tmp_path):
    first, second = rows(tmp_path, CHALLENGE)

    assert (first.number, first.index, first.external_id) == (1, "0", "101")
    assert (first.designation, first.description) == ("Livre, broché", "")
    assert second.picture_name == "image_202_product_102.jpg"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_tables_of_real_spreadsheets_are_read(tmp_path, delimiter, encoding):
    lines = [["SKU", "Name", "Description", "Image"], ["A-1", "Théière", "Crème à l’eau", "a.png"]]
    text = "\r\n".join(delimiter.join(cells) for cells in lines)

    (row,) = rows(tmp_path, text.encode(encoding))

    assert (row.external_id, row.designation) == ("A-1", "Théière")
    assert (row.description, row.picture_name) == ("Crème à l’eau", "a.png")


def test_windows_1252_is_told_apart(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("sku,name\n1,Théière\n".encode("cp1252"))

    assert open_table(path, ImportFormat.CSV).encoding == "cp1252"


def test_a_bad_row_sinks_no_other(tmp_path):
    content = 'sku,name\n1,Un\n2\n3,Trois,zuviel\n"4,Quatre\n'

    first, short, long, unclosed = rows(tmp_path, content)

    assert (first.problem, first.designation) == ("", "Un")
    assert "1" in short.problem
    assert "3" in long.problem
    assert unclosed.problem


def test_a_quote_that_never_closes_costs_bounded_memory(tmp_path):
    filler = "x" * 80 + "\n"
    content = 'sku,name\n1,Un\n2,"open\n' + filler * 60_000 + "9,Neuf\n"

    found = rows(tmp_path, content)

    assert found[0].designation == "Un"
    assert found[1].problem
    assert found[-1].external_id == "9"


def test_a_quote_too_many_costs_its_own_line_alone(tmp_path):
    lines = [f'{n},"Titre {n}",desc' for n in range(1, 40)]
    lines[5] = '6,"Titre ouvert,desc'
    lines[9:11] = ['10,"Bad title,desc', '11,"Good",desc']
    lines[20] = '21,Titre,"desc'

    found = rows(tmp_path, "sku,name,description\n" + "\n".join(lines) + "\n")

    assert [row.external_id for row in found if not row.problem] == [
        str(n) for n in range(1, 40) if n not in {6, 10, 21}
    ]
    assert [(row.number, row.problem) for row in found if row.problem] == [
        (n, f"Line {n + 1} of the file has a quotation mark too many or too few.")
        for n in (6, 10, 21)
    ]
    assert found[10].designation == "Good"


def test_cells_of_several_lines_and_quotes_inside_are_read(tmp_path):
    content = 'sku,name,description\n1,"24"" écran","a\nb\r\nc"\n2,"24" écran",x\n3,24" écran,y\n'

    found = rows(tmp_path, content)

    assert [row.problem for row in found] == ["", "", ""]
    assert [row.designation for row in found] == ['24" écran', '24 écran"', '24" écran']
    assert found[0].description == "a\nb\r\nc"


def test_a_line_too_long_for_any_row_is_refused_and_the_next_is_read(tmp_path):
    found = rows(tmp_path, "sku,name\n1," + "x" * (5 * 2**20) + "\n2,Deux\n")

    assert [(row.external_id, bool(row.problem)) for row in found] == [("", True), ("2", False)]
    assert "too long" in found[0].problem


def test_empty_cells_at_the_end_and_blank_lines_do_no_harm(tmp_path):
    (row,) = rows(tmp_path, "sku,name\n\n1,Un,,\n\n")

    assert (row.number, row.designation) == (1, "Un")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "empty"),
        ("a,b\n1,2\n", "external_id"),
        ("productid;description\n1;2\n", "designation"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "column"),
    ],
)
def test_a_file_that_is_no_product_table_is_refused_with_the_reason(tmp_path, content, word):
    with pytest.raises(ImportUnreadable) as refused:
        rows(tmp_path, content)

    assert word in refused.value.message


def test_json_lines_are_read_one_by_one(tmp_path):
    lines = [
        json.dumps({"external_id": 7, "designation": "Lampe 💡", "prdtypecode": 2060}),
        "{broken",
        "[" * 100_000,
        "[1]",
        json.dumps({"external_id": "8", "designation": {"fr": "x"}}),
        json.dumps({"external_id": "9"}),
        "",
        json.dumps({"external_id": "10", "designation": None}),
    ]

    found = rows(tmp_path, "\n".join(lines), ImportFormat.JSONL)

    assert (found[0].external_id, found[0].designation) == ("7", "Lampe 💡")
    assert found[0].given_code == "2060"
    assert [bool(row.problem) for row in found] == [False, True, True, True, True, True, False]
    assert (found[6].external_id, found[6].designation) == ("10", "")


def test_a_json_line_without_end_is_a_problem_not_a_full_memory(tmp_path):
    content = '{"external_id": "1", "designation": "' + "x" * 9_000_000 + '"}\n'
    content += '{"external_id": "2", "designation": "ok"}'

    found = rows(tmp_path, content, ImportFormat.JSONL)

    assert found[0].problem
    assert [row.external_id for row in found[1:]] == ["2"]


def test_parquet_is_read(tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table(
        {
            "productid": pa.array([101, 102]),
            "designation": ["Un", "Deux"],
            "description": [None, "d"],
            "prdtypecode": pa.array([10.0, float("nan")]),
        }
    )
    pq.write_table(table, path)

    first, second = open_table(path, ImportFormat.PARQUET).rows()

    assert (first.external_id, first.description, first.given_code) == ("101", "", "10")
    assert (second.external_id, second.given_code) == ("102", "")


@pytest.mark.parametrize("content", [b"", b"PAR1 but no more", b"PAR1" + bytes(99) + b"PAR1"])
def test_a_broken_parquet_file_is_refused(tmp_path, content):
    with pytest.raises(ImportUnreadable, match="Parquet"):
        rows(tmp_path, content, ImportFormat.PARQUET)


def test_labels_are_matched_by_index_in_any_order(tmp_path):
    path = tmp_path / "y.csv"
    path.write_text(",prdtypecode\n5,10\n0,2705\n3,1280\n")

    labels = read_labels(path, lambda: None)

    assert [labels.code(index) for index in ("0", "3", "5", "4", "", "x")] == [
        "2705",
        "1280",
        "10",
        None,
        None,
        None,
    ]
    assert not labels.counts_rows


def test_a_code_that_is_none_concerns_its_row_alone(tmp_path):
    path = tmp_path / "y.csv"
    path.write_text(",prdtypecode\n0,10\n1,abc\n2,\n")

    labels = read_labels(path, lambda: None)

    assert [labels.code(index) for index in ("0", "1", "2", "3")] == ["10", "abc", "", None]
    assert labels.counts_rows


@pytest.mark.parametrize("content", ["", "a,b,c\n", ",prdtypecode\nx,10\n", ",prdtypecode\n1\n"])
def test_a_broken_file_of_labels_is_refused(tmp_path, content):
    path = tmp_path / "y.csv"
    path.write_text(content)

    with pytest.raises(ImportUnreadable):
        read_labels(path, lambda: None)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_what_python_writes_as_csv_comes_back(tmp_path_factory, products):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["external_id", "designation", "description"])
    writer.writerows((f"p{n}", *texts) for n, texts in enumerate(products))

    found = rows(tmp_path_factory.mktemp("round"), buffer.getvalue())

    assert [(row.designation, row.description) for row in found] == products
