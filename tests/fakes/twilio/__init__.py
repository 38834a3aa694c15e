"""A Twilio that runs in the test: REST with state, signed webhooks, calls that follow TwiML, streams at real pace.

async with FakeTwilio() as twilio:
    twilio.reach("https://edge.example.com", "http://127.0.0.1:8090")
    twilio.add_number("+12025550100", sms_url="https://edge.example.com/twilio/sms")
    answer = await twilio.receive_text("+13105550123", "+12025550100", "hello")
    call = await twilio.call("+13105550123", "+12025550100")
    await call.press("1")
    await call.hang_up()
"""

from tests.fakes.twilio.call import FakeCall
from tests.fakes.twilio.faults import Fault, Faults
from tests.fakes.twilio.media_stream import MediaStream
from tests.fakes.twilio.server import FakeTwilio
from tests.fakes.twilio.state import FakeMessage, FakeNumber, FakeRecording, ForSale

__all__ = [
    "FakeCall",
    "FakeMessage",
    "FakeNumber",
    "FakeRecording",
    "FakeTwilio",
    "Fault",
    "Faults",
    "ForSale",
    "MediaStream",
]
