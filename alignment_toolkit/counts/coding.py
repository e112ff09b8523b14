"""Counts with their words coded: hundreds of thousands of rows say the same few words, and numbers are sorted and added up much faster.

A coded column is a pandas category whose words are in order, so that sorting by codes is sorting by words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


def coded(table: pa.Table) -> pd.DataFrame:
    """The counts as a frame, every column of text coded; a null is no category.

    Args:
        table: As the engine gives it.
    """
    import pyarrow as pa

    words = [name for name in table.column_names if pa.types.is_string(table[name].type) or pa.types.is_large_string(table[name].type)]
    frame = table.to_pandas(categories=words)
    return frame.assign(**{name: frame[name].cat.reorder_categories(sorted(frame[name].cat.categories)) for name in words})


def said(word: str, n: int) -> pd.Categorical:
    """A coded column that says one word in all of its n rows."""
    return pd.Categorical([word]).repeat(n)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The counts with their words written out, None where there is none."""
    words = [name for name, kind in frame.dtypes.items() if isinstance(kind, pd.CategoricalDtype)]
    return frame.assign(**{str(name): _written(frame[name]) for name in words})


def _written(column: pd.Series) -> NDArray[np.object_]:
    words: NDArray[np.object_] = np.array([*column.cat.categories, None], dtype=object)
    return words[column.cat.codes.to_numpy()]
