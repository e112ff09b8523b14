"""One look, the same bytes in every process, and no name that breaks it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment_toolkit.charts.style import (
    DARK,
    GRID,
    INK,
    LONGEST_LABEL,
    PALETTE,
    describe,
    description,
    new_axes,
    safe_label,
    style,
    title,
    to_svg,
)

ROOT = Path(__file__).resolve().parents[2]
LABELS = {
    "web": "web",
    "$5k - $10k": "$5k - $10k",
    "a\nb": "a↵b",
    "\u202egpj.exe": "⇤gpj.exe",
    "\x07": "□",
    "漢字": "□□",
    "x" * 32: "x" * 32,
    "x" * 5000: "x" * 31 + "…",
    "_private": "\u200a_private",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), LABELS.items(), ids=[repr(text[:12]) for text in LABELS])
def test_a_label_no_chart_breaks_on(text: str, expected: str) -> None:
    assert safe_label(text) == expected


@pytest.mark.no_cover
@given(st.text(max_size=80))
def test_any_name_is_short_drawable_and_kept_by_a_legend(text: str) -> None:
    label = safe_label(text)
    assert len(label) <= LONGEST_LABEL
    assert not label.startswith("_")
    assert safe_label(label) == label


def test_hostile_names_draw_without_a_warning_and_without_mathematics() -> None:
    ax = new_axes()
    for at, text in enumerate(LABELS):
        ax.plot([0, 1], [at, at + 1], label=safe_label(text) or "(empty)")
    ax.legend()
    ax.set_title("漢字 $a$ against $b$")
    ax.text(0, 0, "$\\frac{1}{0}$")
    ax.bar(["漢", "$x$"], [1, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg = to_svg(ax)
    assert len(ax.get_legend().get_texts()) == len(LABELS)
    assert len(svg) < 120_000
    assert title(ax) == "□□ $a$ against $b$"


def test_svg_is_bare_and_carries_no_text_of_the_data() -> None:
    ax = new_axes()
    ax.set_title("secret --> name")
    svg = to_svg(ax)
    assert svg.startswith("<svg ")
    assert "secret" not in svg
    assert not any(mark in svg for mark in ("<!--", "<!DOCTYPE", "<metadata>", "<?xml", "http://matplotlib"))


def test_places_have_two_decimals_and_glyphs_keep_their_scale() -> None:
    ax = new_axes()
    ax.plot([0, 1 / 3, 1], [0, 1e-7, 2 / 3])
    svg = to_svg(ax)
    assert not [path for path in re.findall(r'\bd="([^"]*)"', svg) if re.search(r"\.\d{3}", path)]
    assert "scale(0.015625)" in svg or "scale(0.1 -0.1)" in svg


SCRIPT = """
import sys
from alignment_toolkit.charts.style import new_axes, to_svg
ax = new_axes()
ax.plot([0, 1, 2], [0.1, 0.3, 0.2], label="web")
ax.fill_between([0, 1, 2], [0, 0.2, 0.1], [0.2, 0.4, 0.3], alpha=0.2)
ax.legend()
ax.set_title("Rate")
sys.stdout.write(to_svg(ax))
"""


def test_the_same_chart_is_the_same_bytes_in_another_process_with_other_settings(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nlines.linewidth: 9\nsvg.fonttype: none\n")
    made = []
    for seed, folder in (("1", ROOT), ("2", tmp_path)):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, env=env, capture_output=True, check=True)
        made.append(done.stdout)
    assert made[0] == made[1]
    assert len(made[0]) > 5000


def test_a_description_stays_with_its_axes() -> None:
    first, second = new_axes(), new_axes()
    assert describe(first, "It  rises.\nThen falls.") is first
    assert description(first) == "It rises. Then falls."
    assert description(second) == ""


def test_a_title_stands_at_the_left_in_the_house_style() -> None:
    ax = new_axes()
    ax.set_title("Rate")
    assert ax.get_title(loc="left") == title(ax) == "Rate"


def test_text_is_drawn_as_paths_and_never_parsed() -> None:
    assert style()["svg.fonttype"] == "path"
    assert style()["text.parse_math"] is False


@pytest.mark.parametrize("colour", [*PALETTE, INK])
def test_each_colour_stands_out_from_its_page(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(DARK[colour], "#151b22") >= 3


def test_text_colours_are_readable() -> None:
    assert contrast(INK, "#ffffff") >= 7
    assert contrast(DARK[INK], "#151b22") >= 7
    assert GRID in DARK


# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_first_three_colours_are_told_apart_without_full_colour_vision(deficiency: str) -> None:
    seen = [lab(transformed(linear(colour), DEFICIENCIES[deficiency])) for colour in PALETTE[:3]]
    assert min(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 for one, other in combinations(seen, 2)) > 20


def linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    light, dark = sorted(
        (sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True)) for colour in (one, other)), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


def transformed(rgb: list[float], matrix: tuple) -> list[float]:
    return [min(max(sum(w * c for w, c in zip(row, rgb, strict=True)), 0), 1) for row in matrix]


def lab(rgb: list[float]) -> tuple[float, float, float]:
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [sum(w * c for w, c in zip(row, rgb, strict=True)) / white for row, white in zip(rows, (0.9505, 1, 1.089), strict=True)]
    f = [value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in xyz]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])
