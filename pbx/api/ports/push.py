"""What the API asks of the phones that can be woken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from pbx.core.errors import UserError

if TYPE_CHECKING:
    from pbx.model.push_phone import PushPhone, WakeTest

__all__ = ["NoPush", "PushDesk"]


class PushDesk(Protocol):
    """The phones that can be woken. Implemented by `pbx.feature.push_phones`."""

    @property
    def services(self) -> Callable[[], Collection[str]]: ...

    @property
    def vapid_key(self) -> Callable[[], str]: ...

    @property
    def decline(self) -> Callable[[str, str], bool]: ...

    def all(self) -> Sequence[PushPhone]: ...

    async def put(self, phone: PushPhone, token: str, alert_token: str = "") -> None: ...

    async def remove(self, id_: str) -> bool: ...

    async def try_out(self, id_: str) -> WakeTest:
        """Wake it now. Raises `UserError` 404."""
        ...


class NoPush:
    """A place that wakes no phones."""

    services: Callable[[], Collection[str]] = tuple
    vapid_key: Callable[[], str] = str
    decline: Callable[[str, str], bool] = staticmethod(lambda _push, _secret: False)

    def all(self) -> Sequence[PushPhone]:
        return ()

    async def put(self, _phone: PushPhone, _token: str, _alert_token: str = "") -> None:
        raise UserError("this node wakes no phones", http_status=503)

    async def remove(self, _id: str) -> bool:
        return False

    async def try_out(self, id_: str) -> WakeTest:
        raise UserError(f"there is no phone {id_} that can be woken", http_status=404)
