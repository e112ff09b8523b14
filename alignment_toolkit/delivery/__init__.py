"""A published report, or why there is none, to the people who wait for it: by e-mail, chat or webhook."""

from alignment_toolkit.delivery.message import Message, Picture, of_failure, of_report
from alignment_toolkit.delivery.people import ON_FAILURE, PEOPLE, REPORTS_URL, People, people
from alignment_toolkit.delivery.send import deliver
from alignment_toolkit.delivery.telling import telling

__all__ = ["ON_FAILURE", "PEOPLE", "REPORTS_URL", "Message", "People", "Picture", "deliver", "of_failure", "of_report", "people", "telling"]
