"""Wires the node to the configuration bundle that it follows, if it follows one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from pbx.core.ids import new_sip_password
from pbx.sync.service import Following, Post, Sync
from pbx.sync.source import BundleSource

if TYPE_CHECKING:
    from pbx.core.clock import Clock
    from pbx.core.config import NodeConfig
    from pbx.core.metrics import Registry
    from pbx.feature.documents import Documents
    from pbx.notify.http_client import HttpClient
    from pbx.store.sync import SyncStore

__all__ = ["build_sync"]


def build_sync(
    config: NodeConfig,
    documents: Documents,
    store: SyncStore,
    clock: Clock,
    *,
    client: HttpClient,
    post: Post,
    metrics: Registry,
) -> Sync:
    """Nothing runs yet."""
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
        documents, store, clock, new_secret=new_sip_password, following=following, post=post, metrics=metrics
    )
