"""Who stands behind the ids? Invented persons whose names, e-mail addresses and telephone numbers must not get through an ingest.

Unit: one person per id. The same id is the same person in every export and under every seed. The addresses end in ``.example``, which
nobody can own; the names are rare enough to be searched for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

FIRST_NAMES = (
    "Adalind",
    "Bertwin",
    "Clothilde",
    "Dietbald",
    "Edeltrud",
    "Friedewald",
    "Gerlinde",
    "Hadubert",
    "Irmhild",
    "Jorinde",
    "Kunibert",
)
LAST_NAMES = (
    "Abendroth-Quast",
    "Birkenfels",
    "Cramersdorf",
    "Dornquast",
    "Eschenloh",
    "Falkwerder",
    "Grimmelstein",
    "Hollerbusch",
    "Iffezheimer",
)
COMPANIES = ("Vogelweide", "Quellmoos", "Tannhorst", "Silbergrund", "Wolkenried")


def people(ids: pd.Series | np.ndarray, *, domain: str = "") -> pd.DataFrame:
    """The persons of ids.

    Args:
        ids: Ids that end in seven digits.
        domain: Second level of their addresses; empty: that of their company.

    Returns:
        Columns first_name, last_name, name, company, email, phone (str), row for row, on a fresh index.
    """
    number = pd.Series(np.asarray(ids, dtype=object)).str[-7:].astype(np.int64)
    first = number.mod(len(FIRST_NAMES)).map(dict(enumerate(FIRST_NAMES)))
    last = number.mod(len(LAST_NAMES)).map(dict(enumerate(LAST_NAMES)))
    company = number.mod(len(COMPANIES)).map(dict(enumerate(COMPANIES)))
    place = domain or company.str.lower()
    return pd.DataFrame(
        {
            "first_name": first,
            "last_name": last,
            "name": first + " " + last,
            "company": company + " GmbH",
            "email": first.str.lower() + "." + last.str.lower() + number.astype(str) + "@" + place + ".example",
            "phone": "+49 30 " + (5_550_000 + number).astype(str),
        }
    )
