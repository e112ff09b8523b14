"""The credit of each channel or campaign for the bookings of the quarter, by every model at once.

Question: how much of the bookings does each model give to each channel? Unit: the deal won in the report quarter; its touches are those of
all leads of its account before the win (or of its own lead). Denominator: the bookings of the quarter; deals without a touch keep theirs
under "(no touch)". It does not answer what a channel caused.

The chain of the Markov model is made of the steps that journeys took inside the study's window; journeys still open have no last step, so
they are neither lost nor left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alignment_toolkit.arguments import Flag, OneOf, checked
from alignment_toolkit.counts.catalogue import counted
from alignment_toolkit.counts.small import small_groups
from alignment_toolkit.coverage import not_on_record
from alignment_toolkit.figures import OTHER
from alignment_toolkit.stats.credit import PARTS, RULES, touch_weights
from alignment_toolkit.stats.markov import removal_effects
from alignment_toolkit.stats.risk import N_BUCKETS, Array, ratio
from alignment_toolkit.study import Study
from alignment_toolkit.touches import LOST, NO_TOUCH, START, WON, Of, Unit

MODELS = (*RULES, "decay", "markov")


@dataclass(frozen=True, eq=False)
class Credits:
    """What every model gives to every segment, M models and S segments, "(no touch)" the last of them where there is any.

    Attributes:
        of: `channel` or `campaign_id`.
        unit: `account` or `lead`.
        labels: The segments.
        share: Shares of the bookings, shape (M, S), each row adds up to 1; null without bookings, or where a model cannot be made.
        left_out: The same without each jackknife bucket, shape (M, S, 256); empty (M, S, 0) when no intervals are asked for.
        wins: Shares of the won deals times their number, shape (M, S).
        present: Buckets that hold a won deal or a step, shape (256,).
        cents: Bookings of the quarter.
        deals: Deals won in it.
        touched: Deals with a touch of the segment, shape (S,).
    """

    of: str
    unit: str
    labels: tuple[str, ...]
    share: Array
    left_out: Array
    wins: Array
    present: NDArray[np.bool_]
    cents: int
    deals: int
    touched: Array


@checked(of=OneOf(get_args(Of), "recipient of credit"), unit=OneOf(get_args(Unit), "unit"), intervals=Flag("intervals"))
def credit_shares(study: Study, *, of: str = "channel", unit: str = "account", intervals: bool = True) -> Credits:
    """The shares of every model, with what each would be without each bucket of accounts.

    Args:
        study: Quarter, as-of and cohort rule; for leaders segments of fewer than `min_cell` leads are counted as "(other)".
        of: `channel` or `campaign_id`.
        unit: `account` or `lead`.
        intervals: Whether shares without each bucket are wanted; they take most of the time.

    Returns:
        The credits; without a segment where no deals or no touches are on record.
    """
    if not_on_record(study, "deals", "touches"):
        return _no_credit(of, unit)
    touches = relabelled(study, counted("touch_credits", study, of=of, unit=unit), of=of)
    steps = relabelled(study, counted("journey_steps", study, of=of, unit=unit), of=of)
    origins = counted("won_origins", study, unit=unit)
    roles = relabelled(study, counted("won_roles", study, of=of, unit=unit), of=of)
    bare = origins["first_side"] == NO_TOUCH
    labels = tuple(sorted(touches["segment"].unique()))
    chain = Chain.of(steps, labels, buckets=intervals)
    share, left_out = shares(by_rules(touches, labels, money=True), chain, _pot(origins, bare, "amount"), intervals=intervals)
    won, _ = shares(by_rules(touches, labels, money=False), chain, _pot(origins, bare, "n"), intervals=False)
    kept = roles[roles["role"] == "touched"].groupby("segment")["n"].sum().reindex(list(labels), fill_value=0).to_numpy(dtype=float)
    has_bare = bool(bare.any())
    rows = len(labels) + has_bare
    return Credits(
        of=of,
        unit=unit,
        labels=(*labels, *([NO_TOUCH] if has_bare else [])),
        share=share[:, :rows],
        left_out=left_out[:, :rows],
        wins=won[:, :rows] * origins["n"].sum(),
        present=(by_bucket(origins, "n") > 0) | chain.present,
        cents=int(origins["amount"].sum()),
        deals=int(origins["n"].sum()),
        touched=np.append(kept, origins.loc[bare, "n"].sum())[:rows],
    )


def _no_credit(of: str, unit: str) -> Credits:
    """Credits of nothing to nobody."""
    nothing = np.zeros((len(MODELS), 0))
    return Credits(of, unit, (), nothing, nothing[..., None][..., :0], nothing, np.zeros(N_BUCKETS, dtype=bool), 0, 0, np.zeros(0))


class Pot(NamedTuple):
    """What is shared out, by bucket: everything, and the part of it that has a touch."""

    total: Array
    touched: Array


def _pot(origins: pd.DataFrame, bare: pd.Series, column: str) -> Pot:
    return Pot(by_bucket(origins, column), by_bucket(origins[~bare], column))


def relabelled(study: Study, frame: pd.DataFrame, *, of: str) -> pd.DataFrame:
    """Counts with the segments that leaders are not shown by themselves as "(other)"."""
    small = hidden_segments(study, of=of)
    places = [name for name in ("segment", "origin", "target") if name in frame]
    return frame.assign(**{name: frame[name].where(~frame[name].isin(small), OTHER) for name in places}) if small else frame


def hidden_segments(study: Study, *, of: str) -> list[str]:
    """The channels or campaigns of fewer than `min_cell` leads, for leaders; none for analysts."""
    if not study.is_for_leaders:
        return []
    if of == "campaign_id":
        return list(small_groups(study, of))
    sizes = counted("touched_leads", study, of=of)
    return list(sizes.loc[sizes["n"] < study.config.min_cell, "segment"])


def by_bucket(frame: pd.DataFrame, column: str) -> Array:
    """The sum of a column in each bucket, shape (256,)."""
    return np.asarray(
        np.bincount(frame["bucket"].to_numpy(dtype=np.int64), weights=frame[column].to_numpy(dtype=float), minlength=N_BUCKETS), dtype=float
    )


def by_rules(touches: pd.DataFrame, labels: tuple[str, ...], *, money: bool) -> Array:
    """Credit by each rule and time decay, shape (M − 1, S, 256): cents of money, or wins."""
    whole = touches["amount" if money else "n"].to_numpy(dtype=float)
    weights = [touch_weights(touches, rule=rule) * whole for rule in RULES]
    weights.append(touches["parts_amount" if money else "parts"].to_numpy(dtype=float) / PARTS)
    segment = pd.Index(labels).get_indexer(pd.Index(touches["segment"]))
    where = segment * N_BUCKETS + touches["bucket"].to_numpy(dtype=np.int64)
    size = len(labels) * N_BUCKETS
    return np.array([np.bincount(where, weights=weight, minlength=size).reshape(-1, N_BUCKETS) for weight in weights], dtype=float)


@dataclass(frozen=True, eq=False)
class Chain:
    """The shares of the removal effects, over all steps and without each bucket.

    Attributes:
        share: Shape (S,), adding up to 1; null where nobody is won in the chain.
        left_out: Shape (S, 256) or (S, 0).
        present: Buckets that hold a step, shape (256,).
    """

    share: Array
    left_out: Array
    present: NDArray[np.bool_]

    @classmethod
    def of(cls, steps: pd.DataFrame, labels: tuple[str, ...], *, buckets: bool) -> Chain:
        """The chain of the steps counted, its shares in the order of the labels; other channels take part and get no share."""
        names = [*labels, *sorted({*steps["origin"], *steps["target"]} - {START, WON, LOST, *labels})]
        counts = step_counts(steps, names)
        total = counts.sum(axis=-1)
        share = chain_shares(total, len(labels))
        present = np.asarray(counts.any(axis=(0, 1)))
        if not buckets:
            return cls(share, np.zeros((len(labels), 0)), present)
        left_out = [chain_shares(total - counts[:, :, at], len(labels)) if present[at] else share for at in range(N_BUCKETS)]
        return cls(share, np.array(left_out).T.reshape(len(labels), N_BUCKETS), present)


def step_counts(steps: pd.DataFrame, names: list[str]) -> Array:
    """Steps as an array of shape (names + 1, names + 2, 256): from the start and each name, to each name, won and lost."""
    origin = pd.Index([START, *names]).get_indexer(pd.Index(steps["origin"]))
    target = pd.Index([*names, WON, LOST]).get_indexer(pd.Index(steps["target"]))
    counts = np.zeros((len(names) + 1, len(names) + 2, N_BUCKETS))
    np.add.at(counts, (origin, target, steps["bucket"].to_numpy(dtype=np.int64)), steps["n"].to_numpy(dtype=float))
    return counts


def chain_shares(counts: Array, n: int) -> Array:
    """The removal effects of the first `n` channels as shares of their sum; null where there is none."""
    effect = removal_effects(counts).effect[:n]
    return ratio(effect, effect.sum(keepdims=True))


def shares(rules: Array, chain: Chain, pot: Pot, *, intervals: bool) -> tuple[Array, Array]:
    """Shares of every model; a last row holds what has no touch.

    Args:
        rules: Credit by rules, shape (M − 1, S, 256).
        chain: Shares of the removal effects; what they share out is what has a touch.
        pot: What is shared out.
        intervals: Whether shares without each bucket are wanted.

    Returns:
        Shape (M, S + 1), and without each bucket (M, S + 1, 256) or (M, S + 1, 0); null where nothing is shared out or, by the chain, where
        nobody is won in it.
    """
    share = _split(rules.sum(axis=-1), chain.share, total=pot.total.sum(), touched=pot.touched.sum())
    if not intervals:
        return share, np.zeros((*share.shape, 0))
    left_rules = rules.sum(axis=-1, keepdims=True) - rules
    return share, _split(left_rules, chain.left_out, total=pot.total.sum() - pot.total, touched=pot.touched.sum() - pot.touched)


def _split(rules: Array, chain: Array, *, total: Array, touched: Array) -> Array:
    """Credits of rules (M − 1, S, …) and of the chain (S, …) as shares of the total (…), with a last row for what has no touch."""
    credit = np.concatenate([rules, (chain * touched)[None]])
    bare = np.broadcast_to(total - touched, (len(credit), 1, *np.shape(total)))
    return ratio(np.concatenate([credit, bare], axis=1), np.asarray(total, dtype=float))
