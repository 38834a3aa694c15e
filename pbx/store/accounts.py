"""All that is stored of accounts, as one value: users, what lets them in, what programs may do, and what was done."""

from __future__ import annotations

from typing import Self

import msgspec

from pbx.core.password import PasswordHash
from pbx.core.secret import SecretBox
from pbx.store.answers import AnswerStore
from pbx.store.audit import AuditStore
from pbx.store.database import Database
from pbx.store.grants import GrantStore
from pbx.store.invitations import InvitationStore
from pbx.store.provisioning import ProvisioningStore
from pbx.store.second_factor import SecondFactorStore
from pbx.store.tokens import TokenStore
from pbx.store.users import UserStore

__all__ = ["Accounts"]


class Accounts(msgspec.Struct, frozen=True):
    """The stores of accounts on one database. `key` signs what the node gives out (JWT)."""

    users: UserStore
    tokens: TokenStore
    second_factors: SecondFactorStore
    grants: GrantStore
    invitations: InvitationStore
    audit: AuditStore
    answers: AnswerStore
    provisioning: ProvisioningStore
    key: bytes

    @classmethod
    def of(cls, database: Database, box: SecretBox, hasher: PasswordHash | None = None) -> Self:
        hasher = hasher or PasswordHash()
        return cls(
            users=UserStore(database, hasher),
            tokens=TokenStore(database),
            second_factors=SecondFactorStore(database, box),
            grants=GrantStore(database, box),
            invitations=InvitationStore(database, hasher),
            audit=AuditStore(database),
            answers=AnswerStore(database, box),
            provisioning=ProvisioningStore(database),
            key=box.derive("jwt"),
        )
