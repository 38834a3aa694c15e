"""The phones that offices keep here. A registration is on disk before it is confirmed."""

from __future__ import annotations

from mobile_push.clock import Clock
from mobile_push.model import Device, DeviceWrite
from mobile_push.store import Row, Store

_SELECT = "SELECT id, platform, token, app, sandbox, registered_at FROM push_device"


class Devices:
    """Those of all offices."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def put(self, office: str, id: str, device: DeviceWrite) -> Device:
        now = self._clock.time()
        await self._store.run(
            "INSERT INTO push_device (office, id, platform, token, app, sandbox, registered_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (office, id) DO UPDATE SET "
            "platform=excluded.platform, token=excluded.token, app=excluded.app, sandbox=excluded.sandbox, "
            "registered_at=excluded.registered_at",
            office,
            id,
            device.platform,
            device.token,
            device.app,
            int(device.sandbox),
            now,
        )
        return Device(
            id=id,
            platform=device.platform,
            token=device.token,
            app=device.app,
            sandbox=device.sandbox,
            registered_at=now,
        )

    async def get(self, office: str, id: str) -> Device | None:
        row = await self._store.one(f"{_SELECT} WHERE office=$1 AND id=$2", office, id)
        return None if row is None else _device(row)

    async def of(self, office: str) -> list[Device]:
        rows = await self._store.all(f"{_SELECT} WHERE office=$1 ORDER BY id", office)
        return [_device(row) for row in rows]

    async def count(self, office: str) -> int:
        row = await self._store.one("SELECT COUNT(*) AS n FROM push_device WHERE office=$1", office)
        return 0 if row is None else int(row["n"])

    async def remove(self, office: str, id: str) -> bool:
        return await self._store.run("DELETE FROM push_device WHERE office=$1 AND id=$2", office, id) > 0

    async def forget(self, platform: str, token: str, dead_since: float) -> int:
        """A token is dead for everybody; a registration made after its death stays. How many phones it was."""
        return await self._store.run(
            "DELETE FROM push_device WHERE platform=$1 AND token=$2 AND registered_at<=$3",
            platform,
            token,
            dead_since,
        )


def _device(row: Row) -> Device:
    return Device(
        id=row["id"],
        platform=row["platform"],
        token=row["token"],
        app=row["app"],
        sandbox=bool(row["sandbox"]),
        registered_at=row["registered_at"],
    )
