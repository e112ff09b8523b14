"""Which file is which canonical table and which column is which, guessed from headers, uniqueness, value shapes and shared ids.

A guess is sure when the header says the same as the values, else it is marked for a person to check. Nothing is decided by a value alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from alignment_toolkit.border.profile import Profile

# what headers and file names say, in English and German
_FILES = {
    "stage_events": r"stage|status|histor|verlauf|journey|pipeline.?log|transition|movement|phase|step",
    "leads": r"lead|contact|prospect|inquir|enquir|anfrage|kontakt|interessent|signup|sign_up|person|visitor|request",
    "deals": r"deal|opportunit|order|sale|quote|offer|angebot|auftr|chance",
    "subscriptions": r"subscri|contract|plan|abo|vertrag|mrr",
    "touches": r"touch|activit|interaction|engagement|call|mail|meeting|task",
    "campaign_costs": r"cost|spend|spent|budget|kosten|ausgab",
    "campaigns": r"campaign|kampagne",
}
_SOURCE = r"source|channel|origin|herkunft|quelle|kanal|how.*hear|utm"
_CREATED = r"creat|regist|received|arriv|signup|sign.?up|eingang|angelegt|erstellt|^date$|first.?seen|since"
_COLUMNS: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "leads": {
        "source": (_SOURCE, ("text",)),
        "campaign_id": (r"campaign|kampagne", ("text", "number")),
        "persona": (r"persona|role|rolle|job", ("text",)),
        "segment": (r"segment|industr|branche|size|sector", ("text",)),
        "region": (r"region|country|\bland\b|gebiet|territor|\bstate\b", ("text",)),
        "score": (r"score|rating|punkte", ("number",)),
        "account_id": (r"account|company|firma|organi[sz]ation", ("text", "number")),
        "owner_id": (r"owner|agent|rep\b|assignee|bearbeiter|verantwort", ("text", "number")),
        "assigned_at": (r"assign|handed|zugewiesen|uebergeben|übergeben", ("date",)),
    },
    "stage_events": {"reason": (r"reason|grund|why", ("text",))},
    "deals": {
        "created_at": (_CREATED + r"|open", ("date",)),
        "closed_at": (r"close|won|end|abschluss|geschlossen|decided|finish", ("date",)),
        "outcome": (r"outcome|status|state|result|stage|zustand|ergebnis", ("text",)),
        "amount": (r"amount|value|revenue|price|total|betrag|wert|summe|umsatz", ("number",)),
        "product": (r"product|produkt|item", ("text",)),
        "currency": (r"currency|w(ä|ae)hrung", ("text",)),
        "owner_id": (r"owner|agent|rep\b|seller|bearbeiter", ("text", "number")),
        "loss_reason": (r"reason|grund", ("text",)),
    },
    "subscriptions": {
        "started_on": (r"start|begin|from|von", ("date",)),
        "ended_on": (r"end|cancel|until|bis|churn|k(ü|ue)ndig", ("date",)),
        "mrr": (r"mrr|amount|price|monthly|fee|betrag|preis", ("number",)),
        "currency": (r"currency|w(ä|ae)hrung", ("text",)),
        "is_trial": (r"trial|test", ("flag",)),
    },
    "touches": {
        "side": (r"side|team", ("text",)),
        "channel": (r"channel|type|kind|kanal|art\b|medium", ("text",)),
        "campaign_id": (r"campaign|kampagne", ("text", "number")),
    },
    "campaigns": {
        "name": (r"name|title|titel", ("text",)),
        "channel": (r"channel|type|kanal|medium", ("text",)),
        "started_on": (r"start|begin|from", ("date",)),
        "ended_on": (r"end|until", ("date",)),
    },
    "campaign_costs": {"cost": (r"cost|spend|spent|amount|kosten|betrag", ("number",)), "currency": (r"currency", ("text",))},
}
_KEYS = {"leads": "lead_id", "deals": "deal_id", "touches": "touch_id", "subscriptions": "subscription_id", "campaigns": "campaign_id"}
_OF_LEADS = ("deals", "subscriptions", "touches")
_TIMES = {"leads": "created_at", "stage_events": "entered_at", "touches": "occurred_at", "campaign_costs": "spent_on"}
_NEEDS = {
    "deals": ("outcome",),
    "subscriptions": ("customer_id", "started_on", "mrr"),
    "touches": ("side", "channel"),
    "campaigns": ("name", "channel"),
    "campaign_costs": ("campaign_id", "spent_on", "cost"),
    "leads": ("created_at", "source"),
}
_STAGE_WORDS = {
    "mql": r"mql|marketing.?qualif",
    "sal": r"\bsal\b|accept",
    "sql": r"\bsql\b|sales.?qualif|^qualif",
    "opportunity": r"opportunit|proposal|quote|offer|negotiat|demo|angebot|convert",
    "won": r"won\b|win\b|customer|paid|signed|gewonnen|kunde|closed.?won|success",
    "lost": r"lost|reject|disqualif|unqualif|dead|verloren|abgelehnt|closed.?lost|cancel|dropped|no.?go",
    "lead": r"^lead|^new|^open|neu|received|inquiry|enquiry|created",
}
_OUTCOMES = {"won": _STAGE_WORDS["won"], "lost": _STAGE_WORDS["lost"], "open": r"open|progress|engag|prospect|offen|pending|active|new"}
_STAGE_COLUMN = r"stage|status|state|phase|step|zustand|stufe|milestone|to\b|new"
UNSURE = "?"


@dataclass(frozen=True)
class Guess:
    """One column of a canonical table.

    Attributes:
        column: Canonical column.
        header: Header of the file; `?` where none was found.
        sure: Whether header and values agree.
        words: Label of the file -> our word, where the column has agreed words; `?` where none is near.
        why: What speaks for it.
        person: Whether its values look like names of people.
        marks: Decimal mark and mark between groups of digits where numbers are written otherwise than 1234.50.
    """

    column: str
    header: str
    sure: bool = True
    words: dict[str, str] = field(default_factory=dict)
    why: str = ""
    person: bool = False
    marks: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class TableGuess:
    """One canonical table.

    Attributes:
        table: Canonical name.
        file: Name of the file.
        columns: Its columns.
        wide: Stage -> header, where there is one column per stage.
        left_out: Headers that are taken nowhere, with what they look like.
    """

    table: str
    file: str
    columns: tuple[Guess, ...]
    wide: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def guess_tables(files: dict[str, list[Profile]]) -> list[TableGuess]:
    """The canonical tables that these files may be, leads first."""
    free = {name: columns for name, columns in files.items() if columns and columns[0].n}
    leads = _leads_file(free)
    if leads is None:
        return []
    key = _key(free[leads])
    history = _history_file(free, leads, key)
    guesses = [_leads(leads, free[leads], key)]
    guesses.append(_history(history, free[history], key) if history else _wide(leads, free[leads], guesses[0]))
    taken = {leads, history}
    for table in ("deals", "subscriptions", "touches", "campaigns", "campaign_costs"):
        name = _best(table, {name: columns for name, columns in free.items() if name not in taken}, key)
        if name:
            guesses.append(_other(table, name, free[name], key))
            taken.add(name)
    return guesses


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text.casefold()) is not None


def _words_of(header: str) -> str:
    """A header with its words apart: `createdAt` and `created_at` are `created at`."""
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header)).strip()


def _key(columns: list[Profile]) -> Profile | None:
    """The column whose values are unique, one that is called an id before others."""
    unique = [column for column in columns if column.is_unique and column.shape not in ("mail", "phone", "date")]
    named = [column for column in unique if _says(r"\b(id|nr|no|number|key|code|ref)\b|id$|nr$|#", _words_of(column.name))]
    return next(iter(named or unique), None)


def _linked(columns: list[Profile], leads: Profile | None) -> Profile | None:
    """The column whose values are mostly ids of leads: one that is called as theirs before others, since numbers may agree by chance."""
    ids = set(leads.values) if leads else set()

    def share(column: Profile) -> float:
        return len(ids & set(column.values)) / max(len(column.values), 1)

    def likeness(column: Profile) -> tuple[bool, bool, float]:
        words = _words_of(column.name)
        return (leads is not None and words == _words_of(leads.name), _says(_FILES["leads"], words), share(column))

    return max((column for column in columns if column.filled and share(column) >= 0.5), key=likeness, default=None) if ids else None


def _leads_file(files: dict[str, list[Profile]]) -> str | None:
    """The file of one row per lead: a unique id and a date; named so, else the one whose ids the other files share most."""
    possible = [name for name, columns in files.items() if _key(columns) and any(column.shape == "date" for column in columns)]
    if not possible:
        return None

    def score(name: str) -> tuple[int, int, int]:
        key = _key(files[name])
        shared = sum(_linked(columns, key) is not None for other, columns in files.items() if other != name)
        sourced = any(_says(_SOURCE, _words_of(column.name)) for column in files[name])
        return (_says(_FILES["leads"], name) + sourced - _says(_FILES["deals"], name), shared, len(files[name]))

    return max(possible, key=score)


def _history_file(files: dict[str, list[Profile]], leads: str, key: Profile | None) -> str | None:
    """The file of one row per change: ids of leads that repeat, a date, and few labels."""

    def score(columns: list[Profile], name: str) -> int:
        link = _linked(columns, key)
        labels = [c for c in columns if c.is_label and c is not link and not _says(_SOURCE, _words_of(c.name))]
        if link is None or not labels or not any(column.shape == "date" for column in columns):
            return 0
        repeats = len(link.values) < link.filled
        return (
            1
            + 2 * repeats
            + 2 * _says(_FILES["stage_events"], name)
            + any(_says(_STAGE_COLUMN, _words_of(column.name)) for column in labels)
        )

    scores = {name: score(columns, name) for name, columns in files.items() if name != leads}
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best and scores[best] >= 3 else None


def _best(table: str, files: dict[str, list[Profile]], leads: Profile | None) -> str | None:
    named = [name for name in files if _says(_FILES[table], name)]
    fits = [
        name
        for name in named
        if any(
            _says(pattern, _words_of(column.name)) and column.shape in shapes
            for pattern, shapes in _COLUMNS[table].values()
            for column in files[name]
        )
    ]
    return next(iter(sorted(fits, key=lambda name: _linked(files[name], leads) is None)), None)


def _first(columns: Iterable[Profile], pattern: str, shapes: tuple[str, ...], used: set[str]) -> Profile | None:
    return next((c for c in columns if c.name not in used and c.shape in shapes and _says(pattern, _words_of(c.name))), None)


def _time(columns: list[Profile], pattern: str, used: set[str]) -> Guess | None:
    """A date whose header says so, else the first date that is always filled, to be checked."""
    named = _first(columns, pattern, ("date",), used)
    if named:
        return Guess("", named.name, why="its name and dates")
    dates = sorted((c for c in columns if c.shape == "date" and c.name not in used), key=lambda c: -c.filled)
    return Guess("", dates[0].name, sure=False, why="the best filled date") if dates else None


def _described(table: str, columns: list[Profile], used: set[str]) -> list[Guess]:
    """Columns that are told by their headers and shapes."""
    guesses = []
    for column, (pattern, shapes) in _COLUMNS[table].items():
        found = _first(columns, pattern, shapes, used)
        if found:
            used.add(found.name)
            words = _mapped(found.values, _OUTCOMES) if column == "outcome" else {}
            sure = not words or UNSURE not in words.values()
            is_person = column == "owner_id" and _are_names(found)
            guesses.append(Guess(column, found.name, sure=sure, words=words, why="its name", person=is_person, marks=found.marks))
    return guesses


def _are_names(column: Profile) -> bool:
    """Whether the values are names of people rather than ids: words of letters with a blank between."""
    names = [value for value in column.values if re.fullmatch(r"[^\W\d_][^\d_]*[ ,][^\d_]+", value)]
    return len(names) * 2 > len(column.values)


def _mapped(labels: Iterable[str], words: dict[str, str]) -> dict[str, str]:
    """Each label with the word that it resembles."""
    return {label: next((word for word, pattern in words.items() if _says(pattern, _words_of(label))), UNSURE) for label in labels}


def _leads(file: str, columns: list[Profile], key: Profile | None) -> TableGuess:
    used = {key.name} if key else set()
    created = _time(columns, _CREATED, used)
    guesses = [Guess("lead_id", key.name if key else UNSURE, sure=key is not None, why="unique in every row")]
    if created:
        used.add(created.header)
        guesses.append(Guess("created_at", created.header, sure=created.sure, why=created.why))
    return _finished("leads", file, columns, guesses + _described("leads", columns, used), used)


def _history(file: str, columns: list[Profile], leads: Profile | None) -> TableGuess:
    link = _linked(columns, leads)
    used = {link.name} if link else set()
    labels = [c for c in columns if c.is_label and c.name not in used]  # at least one: else this would not be the history
    stage = next(
        (c for c in labels if _says(_STAGE_COLUMN, _words_of(c.name)) and not _says(r"from|old|prev|alt", _words_of(c.name))), labels[0]
    )
    used.add(stage.name)
    at = _time(columns, r"\bat\b|\bon\b|date|time|when|am\b|datum|changed|entered|since", used)
    guesses = [Guess("lead_id", link.name if link else UNSURE, why="its values are ids of leads")]
    words = _mapped(stage.values, _STAGE_WORDS)
    guesses.append(Guess("stage", stage.name, sure=UNSURE not in words.values(), words=words, why="few labels, often"))
    if at:
        used.add(at.header)
        guesses.append(Guess("entered_at", at.header, sure=at.sure, why=at.why))
    return _finished("stage_events", file, columns, guesses + _described("stage_events", columns, used), used)


def _wide(file: str, columns: list[Profile], leads: TableGuess) -> TableGuess:
    """One column per stage: the other dates of the leads' file, by what their headers resemble."""
    used = {guess.header for guess in leads.columns}
    dates = [c for c in columns if c.shape == "date" and c.name not in used]
    wide: dict[str, str] = {}
    for stage, pattern in _STAGE_WORDS.items():
        found = next((c for c in dates if stage != "lead" and c.name not in wide.values() and _says(pattern, _words_of(c.name))), None)
        if found:
            wide[stage] = found.name
    return TableGuess("stage_events", file, (Guess("lead_id", leads.columns[0].header),), wide or {"won": UNSURE})


def _other(table: str, file: str, columns: list[Profile], leads: Profile | None) -> TableGuess:
    link = _linked(columns, leads) if table in _OF_LEADS else None
    key, used = _key([column for column in columns if column is not link]) or _key(columns), set()  # of one row per lead: the lead's id
    guesses = []
    if table in _KEYS and key:
        used.add(key.name)
        guesses.append(Guess(_KEYS[table], key.name, why="unique in every row"))
    if link:
        used.add(link.name)
        guesses.append(Guess("lead_id", link.name, why="its values are ids of leads"))
    if table == "subscriptions":
        customer = _first(columns, r"customer|kunde|account|client", ("text", "number"), used) or link
        guesses.append(Guess("customer_id", customer.name if customer else UNSURE, sure=customer is not None))
    if table in _TIMES and (at := _time(columns, r"date|time|at\b|on\b|am\b|day", used)):
        used.add(at.header)
        guesses.append(Guess(_TIMES[table], at.header, sure=at.sure, why=at.why))
    if table == "campaign_costs" and (campaign := _first(columns, r"campaign|kampagne", ("text", "number"), used)):
        used.add(campaign.name)
        guesses.append(Guess("campaign_id", campaign.name))
    return _finished(table, file, columns, guesses + _described(table, columns, used), used)


def _finished(table: str, file: str, columns: list[Profile], guesses: list[Guess], used: set[str]) -> TableGuess:
    """The table with a line for each needed column that was not found, and what is left out."""
    known = {guess.column for guess in guesses}
    missing = [Guess(name, UNSURE, sure=False, why="needed") for name in _NEEDS.get(table, ()) if name not in known]
    looks = {"mail": "e-mail addresses", "phone": "phone numbers"}
    left = tuple(f"{c.name}{f' ({looks[c.shape]})' if c.shape in looks else ''}" for c in columns if c.name not in used)
    return TableGuess(table, file, tuple(guesses + missing), left_out=left)
