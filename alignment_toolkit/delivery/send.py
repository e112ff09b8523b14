"""Sending a message to every target; one that cannot be reached keeps nobody else from being told."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from alignment_toolkit.delivery.message import Message
from alignment_toolkit.errors import PublishError


def deliver(message: Message, targets: Iterable[Any]) -> list[str]:
    """Send a message to each target.

    Args:
        message: What to say.
        targets: Apprise plugins.

    Returns:
        Where it went, such as `mailto at mail.example.com`, without users, passwords and tokens.

    Raises:
        PublishError: When a target could not be reached, after all the others were told.
    """
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its messages name addresses
    verdicts = [(_shown(target), _sent(message, target)) for target in targets]
    if missed := [name for name, sent in verdicts if not sent]:
        told = f"{len(verdicts) - len(missed)} of {len(verdicts)} were told"
        way_out = "Check the address, its password and whether the server is up, then send it with alignment notify"
        raise PublishError("the message could not be delivered", value=", ".join(missed), rule=told, way_out=way_out)
    return [name for name, _ in verdicts]


def _sent(message: Message, target: Any) -> bool:
    from apprise.attachment.memory import AttachMemory
    from apprise.plugins.email import NotifyEmail

    if not isinstance(target, NotifyEmail):
        return bool(target.notify(body=message.text, title=message.title, body_format="text"))
    pictures = [AttachMemory(content=picture.png, name=picture.name, mimetype="image/png") for picture in message.pictures]
    return bool(target.notify(body=message.html, title=message.title, body_format="html", attach=pictures or None))


def _shown(target: Any) -> str:
    scheme = getattr(target, "schema", None) or target.__class__.__name__.removeprefix("Notify").lower()
    return f"{scheme} at {target.host}" if getattr(target, "host", None) else str(scheme)
