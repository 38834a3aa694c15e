"""An office to ask for."""

from __future__ import annotations

from edge.ai.directory import Choice, Directory
from edge.ai.facts import facts_from_text
from edge.ai.words import OPERATORS

ALICE = Choice("person", ("Alice Example",), "7101")
COOPER = Choice("person", ("Alice Cooper",), "7102")
BOB = Choice("person", ("Bob Smith",), "7103")
ZOE = Choice("person", ("Zoë Müller",), "7104")
STEPHEN = Choice("person", ("Stephen Meyer",), "7105")
LUKASZ = Choice("person", ("Łukasz Wójcik",), "7106")
SALES = Choice("sales", ("Sales department",))
SUPPORT = Choice("support", ("Technical support",))
BILLING = Choice("billing", ("Accounting",))
VOICEMAIL = Choice("voicemail", (), kind="voicemail")
GOODBYE = Choice("goodbye", (), kind="goodbye")
OPERATOR = Choice("operator", OPERATORS)
HOURS, ADDRESS, PARKING = facts_from_text(
    "Opening hours: Monday to Friday, 9 to 5\nAddress: 1 Main Street\nParking: behind the house"
)
CHOICES = (
    ALICE, COOPER, BOB, ZOE, STEPHEN, LUKASZ, SALES, SUPPORT, BILLING, VOICEMAIL, GOODBYE, OPERATOR,
)  # fmt: skip
OFFICE = Directory(CHOICES, (HOURS, ADDRESS, PARKING))
