"""Messages arrive whole at a real mail server and a real webhook on loopback, and nothing secret is ever said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alignment_toolkit.delivery import ON_FAILURE, PEOPLE, deliver, of_failure, of_report, people
from alignment_toolkit.delivery.people import without_secrets
from alignment_toolkit.delivery.pictures import charts_of
from alignment_toolkit.errors import PublishError, UsageError

# on loopback a password goes without TLS, of which the server warns
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
HOSTILE = "2026Q3 </p><script>alert(1)</script> & co"
SVG = (
    "%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 width=%2272pt%22 height=%2236pt%22 viewBox=%220 0 72 36%22%3E"
    "%3Cstyle%3E@media (prefers-color-scheme:dark){rect{fill:%23000}}%3C/style%3E%3Crect width=%2272%22 height=%2236%22 fill=%22%23f00%22/%3E%3C/svg%3E"
)


def report(folder: Path) -> Path:
    published = folder / "2026Q3"
    published.mkdir()
    (published / "manifest.json").write_text("{}")
    (published / "summary.txt").write_text(f"Alignment report 2026Q3, as of 2026-10-01\nBookings were 464,704 EUR.\nOf {HOSTILE}.\n")
    (published / "index.html").write_text(
        f'<html><img src="data:image/svg+xml,{SVG}" alt="Red &amp; &lt;wide&gt;"><img src="x.png"></html>'
    )
    return published


def test_a_mail_holds_the_summary_and_the_charts_inside_its_text(inbox: tuple[Any, int], tmp_path: Path) -> None:
    kept, port = inbox
    address = f"mailto://report:s3cret@127.0.0.1:{port}?from=report@example.com&to=a@example.com,b@example.com"
    told = deliver(of_report(report(tmp_path), address="https://intranet.example.com/reports/"), people({PEOPLE: address}).report)
    assert told == ["mailto at 127.0.0.1"]
    assert sorted(envelope.rcpt_tos[0] for envelope in kept.envelopes) == ["a@example.com", "b@example.com"]
    parts = {part.get_content_type(): part for part in kept.mails[0].walk()}
    assert kept.mails[0]["Subject"] == "Alignment report 2026Q3, as of 2026-10-01"
    html = parts["text/html"].get_payload(decode=True).decode()
    assert "<p>Bookings were 464,704 EUR.</p>" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert 'href="https://intranet.example.com/reports/2026Q3/index.html"' in html
    assert '<img src="cid:chart-1.png" alt="Red &amp; &lt;wide&gt;"' in html
    picture = parts["image/png"]
    assert picture["Content-ID"] == "<chart-1.png>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_payload(decode=True).startswith(b"\x89PNG")
    assert "464,704" in parts["text/plain"].get_payload(decode=True).decode()
    assert "s3cret" not in kept.mails[0].as_string()


def test_a_webhook_gets_the_summary_as_text(webhook: tuple[list[dict], int], tmp_path: Path) -> None:
    received, port = webhook
    assert deliver(of_report(report(tmp_path)), people({PEOPLE: f"json://127.0.0.1:{port}/hook"}).report) == ["json at 127.0.0.1"]
    (said,) = received
    assert said["title"] == "Alignment report 2026Q3, as of 2026-10-01"
    assert said["message"].splitlines() == ["Bookings were 464,704 EUR.", f"Of {HOSTILE}."]


def test_a_failure_goes_to_the_same_people_unless_others_are_named(webhook: tuple[list[dict], int]) -> None:
    received, port = webhook
    same = people({PEOPLE: f"json://127.0.0.1:{port}/all"})
    assert same.failure == same.report
    others = people({PEOPLE: "json://127.0.0.1:9/all", ON_FAILURE: f"json://127.0.0.1:{port}/us"})
    deliver(of_failure("2026Q3", "the data of crm cannot be used: 1 fault"), others.failure)
    assert received[0]["title"] == "Alignment report 2026Q3: not published"
    assert received[0]["message"].splitlines() == ["the data of crm cannot be used: 1 fault", "The last published report is as it was."]


def test_one_that_cannot_be_reached_keeps_nobody_from_being_told(webhook: tuple[list[dict], int]) -> None:
    received, port = webhook
    named = {PEOPLE: f"json://user:s3cret@127.0.0.1:1/token-t0ken\njson://127.0.0.1:{port}/hook"}
    with pytest.raises(PublishError) as caught:
        deliver(of_failure("2026Q3", "x"), people(named).report)
    assert caught.value.exit_code == 8
    assert str(caught.value) == (
        "the message could not be delivered: 'json at 127.0.0.1'. 1 of 2 were told. Check the address, its password and whether the server"
        " is up, then send it with alignment notify."
    )
    assert len(received) == 1


def test_a_wrong_password_is_told_without_it(inbox: tuple[Any, int], caplog: pytest.LogCaptureFixture) -> None:
    kept, port = inbox
    address = f"mailto://report:wr0ng@127.0.0.1:{port}?from=report@example.com&to=a@example.com"
    with pytest.raises(PublishError) as caught:
        deliver(of_failure("2026Q3", "x"), people({PEOPLE: address}).report)
    assert "wr0ng" not in str(caught.value) + caplog.text
    assert kept.envelopes == []


@pytest.mark.parametrize("address", ["nonsense", "mailto://", "nosuch://user:s3cret@host", "json://a,json://b"])
def test_an_address_that_cannot_be_understood_is_told_by_its_place(address: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UsageError) as caught:
        people({PEOPLE: f"json://127.0.0.1/hook {address}"})
    assert str(caught.value).startswith(
        "address 2 of ALIGNMENT_NOTIFY cannot be understood. It is not shown, since it may hold a password."
    )
    assert "s3cret" not in str(caught.value) + caplog.text


def test_nobody_named_is_a_sentence() -> None:
    with pytest.raises(UsageError, match=r"^No notification recipients\. The environment variable ALIGNMENT_NOTIFY is empty\. Set "):
        people({})


def test_kernels_never_inherit_the_addresses() -> None:
    environment = {PEOPLE: "json://a", ON_FAILURE: "json://b", "HOME": "/home/x"}
    assert without_secrets(environment) == {PEOPLE: "json://a", ON_FAILURE: "json://b"}
    assert environment == {"HOME": "/home/x"}


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^no published report is there: "):
        of_report(tmp_path)


def test_charts_are_drawn_light_and_in_the_order_of_the_page() -> None:
    other = SVG.replace("%23f00", "%230f0")
    found = charts_of(f'<img alt="one" src="data:image/svg+xml,{SVG}"><p><img alt="two" src="data:image/svg+xml,{other}">')
    assert [text for _, text in found] == ["one", "two"]
    from io import BytesIO

    from matplotlib.image import imread

    pixels = [imread(BytesIO(png)) for png, _ in found]
    assert [image.shape[:2] for image in pixels] == [(72, 144), (72, 144)]  # 96 × 48 CSS pixels, half as large again
    assert [tuple(image[30, 30, :3]) for image in pixels] == [(1, 0, 0), (0, 1, 0)]
