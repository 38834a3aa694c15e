"""The texts of an edge: its parts put together, and what they bring along for the application."""

from __future__ import annotations

from collections.abc import Sequence

from edge.ai.chat import ChatServer
from edge.area import Area
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.events import Events
from edge.offices import Offices
from edge.store import Store
from edge.texts.answering import PAUSE_MS, Answering
from edge.texts.api import operations
from edge.texts.carrier import STATUS_PATH, TwilioSender
from edge.texts.chat import TextChat
from edge.texts.consent import ConsentRecords
from edge.texts.erasing import Eraser, Erasing
from edge.texts.figures import Figures
from edge.texts.inbox import Inbox
from edge.texts.incoming import Incoming
from edge.texts.knowledge import KnowledgeOf
from edge.texts.live import Live
from edge.texts.mails import Mails, SendMail, smtp_sender
from edge.texts.outbox import LEASE_MS, Outbox
from edge.texts.pictures import Pictures
from edge.texts.sending import Outcome, Outgoing, Refused, Seen, Sender
from edge.texts.settings import Settings, TextTemplateShelf
from edge.texts.writing import Writing
from edge.twilio.client import TwilioClient
from edge.twilio.errors import meaning
from edge.twilio.webhooks import Webhook

__all__ = ["INCOMING_PATH", "Texts"]

INCOMING_PATH = "/twilio/sms"


class _NoTwilio:
    """Without credentials nothing is sent, and that is said."""

    async def send(self, message: Outgoing) -> Outcome:
        return Refused(0, "Twilio is not set up at this edge.")

    async def seen(self, ours: str, theirs: str, *, since_ms: int) -> Sequence[Seen]:
        return ()


class Texts:
    """`twilio` None: no credentials. `consent` and `outbox` are what campaigns build on. `pause_ms` is how long the AI
    waits for another text before it answers; `lease_ms` how long a text may be under way."""

    def __init__(
        self,
        config: EdgeConfig,
        store: Store,
        clock: Clock,
        offices: Offices,
        events: Events,
        *,
        twilio: TwilioClient | None,
        knowledge: KnowledgeOf,
        model: ChatServer | None = None,
        erasers: Sequence[Eraser] = (),
        send_mail: SendMail | None = None,
        pause_ms: int = PAUSE_MS,
        lease_ms: int = LEASE_MS,
    ) -> None:
        secret = config.twilio_auth_token.encode()
        sender: Sender = TwilioSender(twilio, config.base) if twilio is not None else _NoTwilio()
        self.live = live = Live(store, clock, events)
        self.knowledge = knowledge
        self.consent = ConsentRecords(store, clock)
        self.settings = Settings(store)
        self.templates = TextTemplateShelf(store, clock)
        self.pictures = Pictures(store, clock, twilio, live, secret=secret, base=config.base)
        self.outbox = Outbox(
            store,
            clock,
            sender,
            self.consent,
            media=self.pictures.addresses,
            words=explain,
            lease_ms=lease_ms,
        )
        self.outbox.listen(live.told)
        self.mails = Mails(store, clock, send_mail or smtp_sender(config), sender=config.smtp_from)
        self.chat = TextChat(model)
        self.answering = Answering(
            store, clock, chat=self.chat, consent=self.consent, outbox=self.outbox, knowledge=knowledge, live=live,
            pause_ms=pause_ms,
        )  # fmt: skip
        self.incoming = Incoming(
            store, clock, consent=self.consent, outbox=self.outbox, settings=self.settings, knowledge=knowledge,
            live=live, wake=self._wake,
        )  # fmt: skip
        self.inbox = Inbox(store, clock, live)
        self.writing = Writing(
            store, clock, offices, consent=self.consent, outbox=self.outbox, pictures=self.pictures, live=live
        )
        self.figures = Figures(store, clock, knowledge, explain)
        self.erasing = Erasing(
            store, clock, self.settings, live, offices=offices, deleter=twilio, secret=secret, others=erasers
        )
        self.offices = offices
        self.store = store

    def area(self) -> Area:
        """For `edge.app`."""
        return Area(
            operations=operations(self),
            webhooks=(
                Webhook(INCOMING_PATH, self.incoming.take),
                Webhook(STATUS_PATH, self.incoming.reported, nobody="", remembered=False),
            ),
            routes=self.pictures.routes(),
            work={
                "texts: sending": self.outbox.run,
                "texts: answering": self.answering.run,
                "texts: pictures": self.pictures.run,
                "texts: mails": self.mails.run,
                "texts: erasing": self.erasing.run,
            },
        )

    def _wake(self) -> None:
        self.answering.wake()
        self.pictures.wake()
        self.mails.wake()


def explain(code: int, message: str) -> str:
    """Twilio's code in plain words."""
    return meaning(code or None, message).words
