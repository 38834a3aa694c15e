"""What Twilio refuses, in plain words, and what is worth another try.

The codes are those of https://www.twilio.com/docs/api/errors. `TwilioError` is what the client raises; a message that
fails later carries the same codes in its status callback (`ErrorCode`), so `meaning` serves both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edge.errors import EdgeError

__all__ = ["Blame", "Meaning", "TwilioError", "meaning", "refusal"]


class Blame(Enum):
    """Whose matter it is, and so who can mend it."""

    RECIPIENT = "recipient"
    SENDER = "sender"
    MESSAGE = "message"
    ACCOUNT = "account"
    REGISTRATION = "registration"
    ADDRESS = "address"
    CARRIER = "carrier"
    TWILIO = "twilio"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`again`: the same request may succeed a little later, without anybody changing anything."""

    words: str
    blame: Blame
    again: bool = False


MEANINGS: dict[int, Meaning] = {
    # the account
    10001: Meaning("The Twilio account is not active.", Blame.ACCOUNT),
    20003: Meaning("Twilio refuses the account SID or the auth token.", Blame.ACCOUNT),
    20005: Meaning("The Twilio account is suspended.", Blame.ACCOUNT),
    20404: Meaning("Twilio has nothing under this name.", Blame.ACCOUNT),
    20429: Meaning("Twilio asks to slow down.", Blame.TWILIO, again=True),
    20500: Meaning("Twilio had a fault of its own.", Blame.TWILIO, again=True),
    20503: Meaning("Twilio is not available for the moment.", Blame.TWILIO, again=True),
    30001: Meaning("Twilio's queue for this number is full.", Blame.SENDER, again=True),
    30002: Meaning("The account was suspended between queueing and sending.", Blame.ACCOUNT),
    30010: Meaning("The text costs more than the limit that was set.", Blame.MESSAGE),
    # the phone that should have had the text
    30003: Meaning("The phone is switched off or out of reach.", Blame.RECIPIENT, again=True),
    30004: Meaning("The recipient's phone or carrier blocks texts from this number.", Blame.RECIPIENT),
    30005: Meaning("The number is unknown, or nobody has it any more.", Blame.RECIPIENT),
    30006: Meaning("The number is a landline, or its carrier takes no texts.", Blame.RECIPIENT),
    30011: Meaning("The recipient's network takes no picture messages.", Blame.RECIPIENT),
    21610: Meaning("The recipient has opted out of texts from this number.", Blame.RECIPIENT),
    21611: Meaning("The sending number has too many texts waiting.", Blame.SENDER, again=True),
    21612: Meaning("This number cannot send a text to that recipient.", Blame.SENDER),
    21614: Meaning("The number is no mobile phone.", Blame.RECIPIENT),
    21211: Meaning("The number to text or call is not valid.", Blame.RECIPIENT),
    21217: Meaning("The number to call is not valid.", Blame.RECIPIENT),
    21265: Meaning("The recipient may not be a short code.", Blame.RECIPIENT),
    21635: Meaning("The recipient may not be a landline.", Blame.RECIPIENT),
    60200: Meaning("A value that was sent is not valid.", Blame.MESSAGE),
    # what was sent
    12300: Meaning("The file type of the picture or recording is not allowed.", Blame.MESSAGE),
    11751: Meaning(
        "The pictures of this message are larger than the recipient's network allows.", Blame.MESSAGE
    ),
    21602: Meaning("The text is empty.", Blame.MESSAGE),
    21603: Meaning("The sending number is missing.", Blame.MESSAGE),
    21604: Meaning("The recipient is missing.", Blame.MESSAGE),
    21605: Meaning("The text is too long.", Blame.MESSAGE),
    21617: Meaning("The text is longer than 1,600 characters.", Blame.MESSAGE),
    21619: Meaning("A text or a picture is needed.", Blame.MESSAGE),
    21620: Meaning("The address of the picture is not valid.", Blame.MESSAGE),
    21623: Meaning("Too many pictures for one message.", Blame.MESSAGE),
    30007: Meaning("The carrier took the text for spam and did not deliver it.", Blame.CARRIER),
    30008: Meaning("The carrier gave no reason.", Blame.CARRIER),
    30009: Meaning("A part of the message did not arrive.", Blame.CARRIER, again=True),
    30019: Meaning("The message is larger than the carrier allows.", Blame.MESSAGE),
    30410: Meaning("The carrier did not answer in time.", Blame.CARRIER, again=True),
    # who may send where
    21212: Meaning("The calling number is not valid, or not ours.", Blame.SENDER),
    21210: Meaning("The calling number is not verified.", Blame.SENDER),
    21215: Meaning("Calls to this country are not allowed for the account.", Blame.ACCOUNT),
    21219: Meaning("A trial account calls verified numbers only.", Blame.ACCOUNT),
    21408: Meaning("Texts to this country are not allowed for the account.", Blame.ACCOUNT),
    21606: Meaning("The sending number cannot send texts, or is not ours.", Blame.SENDER),
    21608: Meaning("A trial account texts verified numbers only.", Blame.ACCOUNT),
    21659: Meaning("The sending number is not one of this account's.", Blame.SENDER),
    21660: Meaning("The sending number belongs to another account.", Blame.SENDER),
    # registration with the carriers
    30022: Meaning("The daily limit of the registered campaign is reached.", Blame.REGISTRATION),
    30023: Meaning("The daily limit of the registered brand is reached.", Blame.REGISTRATION),
    30024: Meaning("The sending number is not yet known to the carriers.", Blame.REGISTRATION, again=True),
    30032: Meaning("The toll-free number is not verified for texts.", Blame.REGISTRATION),
    30033: Meaning("The registered campaign is suspended.", Blame.REGISTRATION),
    30034: Meaning("The number is not registered for business texts (10DLC).", Blame.REGISTRATION),
    30035: Meaning(
        "The number is being registered; texts may be sent when that is done.", Blame.REGISTRATION
    ),
    30038: Meaning("The recipient's carrier takes no texts from this kind of number.", Blame.CARRIER),
    # numbers
    21404: Meaning("A trial account may have one number only.", Blame.ACCOUNT),
    21421: Meaning("The phone number is not valid.", Blame.MESSAGE),
    21422: Meaning("The phone number is not for sale any more.", Blame.TWILIO),
    21452: Meaning("There is no number for sale in this area code.", Blame.TWILIO),
    21451: Meaning("The area code is not valid.", Blame.MESSAGE),
    21615: Meaning("Numbers of this country need a registered address.", Blame.ADDRESS),
    21631: Meaning("Numbers of this country need a registered address.", Blame.ADDRESS),
    21649: Meaning("Numbers of this country need a regulatory bundle.", Blame.ADDRESS),
    21650: Meaning("The regulatory bundle is not approved.", Blame.ADDRESS),
    22102: Meaning("The number's trunk cannot be set.", Blame.ACCOUNT),
    # calls
    11200: Meaning("Twilio could not fetch our answer.", Blame.TWILIO, again=True),
    11205: Meaning("Twilio could not connect to our public address.", Blame.TWILIO, again=True),
    11210: Meaning("Twilio cannot find the host of our public address.", Blame.TWILIO),
    12100: Meaning("Twilio could not read our answer.", Blame.MESSAGE),
    13224: Meaning("The number to call is not valid.", Blame.RECIPIENT),
    13227: Meaning("Calls to this place are not allowed for the account.", Blame.ACCOUNT),
    21220: Meaning("The call has ended already.", Blame.MESSAGE),
    31920: Meaning("Twilio could not open the audio connection.", Blame.TWILIO, again=True),
    31921: Meaning("The audio connection broke.", Blame.TWILIO, again=True),
}


def meaning(code: int | None, message: str = "") -> Meaning:
    """What a code says. An unknown one keeps Twilio's own words."""
    known = MEANINGS.get(code) if code is not None else None
    if known is not None:
        return known
    said = message.strip() or "Twilio gave no reason."
    return Meaning(f"{said} (Twilio error {code})" if code is not None else said, Blame.TWILIO)


class TwilioError(Exception):
    """A request that Twilio refused, or that got no answer.

    `status` is the HTTP status, 0 without an answer. `uncertain`: the request may have been carried out all the same,
    so it must be settled by listing before anybody sends it again.
    """

    def __init__(self, status: int, code: int | None, message: str, *, uncertain: bool | None = None) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.uncertain = status >= 500 if uncertain is None else uncertain

    @property
    def words(self) -> str:
        """One sentence for the admin."""
        if self.status == 0:
            return self.message
        return meaning(self.code, self.message).words

    @property
    def again(self) -> bool:
        """Whether the same request may succeed later. Whether it is safe to send it is another matter: `uncertain`."""
        return self.status in {0, 429} or self.status >= 500 or meaning(self.code).again

    def __str__(self) -> str:
        number = f", code {self.code}" if self.code is not None else ""
        return f"{self.words} (HTTP {self.status}{number})" if self.status else self.words


def refusal(error: TwilioError, *, field: str = "") -> EdgeError:
    """The same as the edge's own refusal. That Twilio does not let the account in is for the admin to mend: 409."""
    if error.status in {401, 403} or (meaning(error.code).blame is Blame.ACCOUNT and error.code != 20404):
        return EdgeError(409, f"Twilio: {error.words}")
    if error.again or error.uncertain:
        return EdgeError(503, f"Twilio: {error.words}", headers={"Retry-After": "30"})
    if error.status == 404:
        return EdgeError(404, f"Twilio: {error.words}")
    return EdgeError(422, f"Twilio: {error.words}", field=field)
