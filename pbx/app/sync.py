"""Wires the node to the configuration bundle that it follows, if it follows one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pbx.core.ids import new_sip_password
from pbx.sync.service import Following, Sync
from pbx.sync.source import BundleSource

if TYPE_CHECKING:
    from pbx.app.ground import Ground
    from pbx.feature.documents import Documents
    from pbx.model.notice import Post
    from pbx.notify.http_client import HttpClient

__all__ = ["build_sync"]


def build_sync(ground: Ground, documents: Documents, *, client: HttpClient, post: Post) -> Sync:
    """Nothing runs yet."""
    config = ground.config
    following = None
    if config.sync_url:
        following = Following(
            source=BundleSource(client, config.sync_url, config.sync_key),
            url=config.sync_url,
            office=config.sync_office,
            interval_s=config.sync_interval_s,
            random=random.random,
        )
    return Sync(
        documents,
        ground.stores.sync,
        ground.clock,
        new_secret=new_sip_password,
        following=following,
        post=post,
        metrics=ground.metrics,
    )
