"""The Date header against the standard library's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.date import sip_date


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(9998, 1, 1)),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_every_moment_is_written_in_english_and_gmt(moment: datetime, zone: timezone) -> None:
    at = moment.replace(tzinfo=zone)

    assert sip_date(at) == format_datetime(at.astimezone(UTC), usegmt=True)
