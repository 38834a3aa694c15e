"""What the door says to people: who is kept out, why, and what to do."""

from __future__ import annotations

from pbx.model.ban import BanReason

__all__ = ["ban_notice", "refused_notice"]


def refused_notice(address: str, extension: str, *, known: bool, local: bool, agent: str) -> str:
    """One phone with wrong credentials."""
    what = f"The phone at {address}" if local else f"Somebody at {address}"
    named = f" ({agent})" if agent else ""
    if not known:
        return (
            f"{what}{named} signs in as {extension or 'nobody'}, and there is no such extension, or it is disabled. "
            "If the phone is yours, correct the user name in its settings."
        )
    said = f"{what}{named} has a wrong password for extension {extension}. "
    if local:
        return said + "Copy the password from the page Phones into the phone."
    return said + "If that is your phone, correct its password; if not, nothing needs to be done."


def ban_notice(
    reason: BanReason,
    address: str,
    *,
    local: bool,
    tried: tuple[str, ...] = (),
    agent: str = "",
    note: str = "",
) -> str:
    """Why an address is not listened to."""
    who = f"{address} ({agent})" if agent else address
    names = ", ".join(tried[:5]) + (" and others" if len(tried) > 5 else "")
    if reason == "by_hand":
        return f"{address} was banned by hand{f': {note}' if note else '.'}"
    if reason == "wrong_credentials":
        said = f"{who} has shown wrong passwords again and again, for {names or 'no extension'}. "
    elif reason == "unknown_extensions":
        said = f"{who} was looking for extensions, and tried names that nobody has: {names}. "
    else:
        said = f"{who} sends requests and never says who it is. "
    if local:
        return said + "It is in your own network: correct the phone's login, then lift the ban."
    return said + "If it is one of your phones, correct its login, then lift the ban; if not, leave it."
