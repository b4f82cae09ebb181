import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.domain.spreadsheet import guarded

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_becomes_text(text):
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Roman", "l'école", "1+1", "３＝４"])
def test_other_texts_stay_as_they_are(text):
    assert guarded(text) == text


@given(CELLS)
def test_the_guard_is_undone_without_loss(text):
    assert guarded(text).removeprefix("'") == text


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5))
def test_guarded_cells_come_back_from_a_csv_file(rows):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([guarded(cell) for cell in row] for row in rows)

    file.seek(0)
    back = [[cell.removeprefix("'") for cell in row] for row in csv.reader(file)]

    assert back == rows
