"""Lines in batches: whole lines, whatever their lengths are."""

from __future__ import annotations

import io
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from aoai_finetune.dataset.rows import _files

LINES = st.lists(st.integers(0, 70) | st.sampled_from([15, 16, 17, 31, 32, 48, 49, 50, 51]), max_size=12)


@given(LINES, st.booleans())
def test_batches_hold_the_lines_of_a_file(lengths: list[int], last_ends: bool) -> None:
    """Each line once and whole; an empty one stands for what is too long."""
    data = b"".join(b"%c" % (97 + number % 26) * size + b"\n" for number, size in enumerate(lengths))
    data = data if last_ends else data[:-1]
    expected = [
        raw if len(raw) < 50 or (len(raw) == 50 and raw.endswith(b"\n")) else b"" for raw in io.BytesIO(data)
    ]
    with patch.multiple(_files, MAX_ROW=50, _PIECE=16, _AT_A_TIME=4):
        batches = [*_files.batches_of(io.BytesIO(data))]
        buffered = [*_files.batches_of(io.BufferedReader(io.BytesIO(data), 8))]
    assert [raw for batch in batches for raw in batch] == expected
    assert buffered == batches
    assert all(batches)
