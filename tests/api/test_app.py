"""The app on a phone: let in, kept in, put out; one's own extension and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pbx.core.totp import code_at
from pbx.feature.push_phones import PushPhones
from pbx.model.extension_state import ExtensionState
from pbx.model.voicemail import Voicemail
from tests.api.conftest import PASSWORD, START, Node, live_call
from tests.api.test_listing import cdr

APP = "/api/v1/app"
LOGIN = {"login": "101", "password": PASSWORD, "device": "Alice's phone"}


@pytest.fixture
async def office(node: Node) -> Node:
    for number, name in (("101", "Alice"), ("102", "Bob"), ("105", "Carol")):
        body = {"number": number, "name": name}
        await node.json("POST", "/api/v1/extensions", 201, json=body)
    await node.json("POST", "/api/v1/mailboxes", 201, json={"number": "102", "name": "Bob"})
    await node.json("PATCH", "/api/v1/extensions/101", json={"mailbox": "102"})
    await node.deps.users.create("root", PASSWORD, extension="105")
    await node.deps.users.create("alice", PASSWORD, role="user", extension="101")
    return node


async def post(node: Node, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    async with node.browser().post(path, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


class App:
    """What one device holds."""

    def __init__(self, node: Node, tokens: Any) -> None:
        self.node = node
        self.tokens = tokens

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        url = path if path.startswith("/") else f"{APP}/{path}"
        async with self.node.browser().request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None) if answer.status != 204 else None

    async def get(self, path: str) -> Any:
        status, body = await self.ask("GET", path)
        assert status == 200, body
        return body


async def app(node: Node, **changes: str) -> App:
    status, tokens = await post(node, f"{APP}/login", LOGIN | changes)
    assert status == 201, tokens
    return App(node, tokens)


# -- in and out --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["101", "alice", "ALICE"])
async def test_the_extension_or_the_name_of_its_user_lets_in(office: Node, login: str) -> None:
    phone = await app(office, login=login)
    assert phone.tokens["extension"] == "101"
    assert phone.tokens["device"]["device"] == "Alice's phone"
    assert (await phone.get("profile"))["username"] == "alice"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"password": "wrong wrong"}, 401),
        ({"login": "102"}, 401),  # has no user
        ({"login": "nobody"}, 401),
        ({"login": ""}, 401),
        ({"password": "1234"}, 401),
        ({"device": ""}, 422),
    ],
)
async def test_nothing_else_does(office: Node, changes: dict[str, str], status: int) -> None:
    await office.json("PATCH", "/api/v1/mailboxes/102", json={"pin": "1234"})
    assert (await post(office, f"{APP}/login", LOGIN | changes))[0] == status


async def test_a_user_without_an_extension_has_no_phone(office: Node) -> None:
    await office.deps.users.create("boss", PASSWORD, role="admin")
    status, problem = await post(office, f"{APP}/login", LOGIN | {"login": "boss"})
    assert (status, problem["type"]) == (403, "urn:bellwire:problem:no-extension")


async def test_guessing_is_slowed_down(office: Node) -> None:
    bad = LOGIN | {"password": "wrong wrong"}
    statuses = [(await post(office, f"{APP}/login", bad))[0] for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2


async def test_the_second_factor_is_asked_for(office: Node) -> None:
    user = await office.deps.users.named("alice")
    assert user is not None
    factors = office.deps.accounts.second_factors
    secret = await factors.begin(user)
    step = int(office.time.now().timestamp() // 30)
    assert await factors.confirm(user, code_at(secret, step))
    status, problem = await post(office, f"{APP}/login", LOGIN)
    assert (status, problem["type"]) == (401, "urn:bellwire:problem:second-factor")
    await app(office, code=code_at(secret, step + 1))


async def test_a_link_lets_one_device_in_and_makes_the_user_it_needs(office: Node) -> None:
    link = await office.json("POST", "/api/v1/app-links", 201, json={"extension": "102"})
    assert (link["user"]["username"], link["user"]["role"]) == ("102", "user")
    assert link["secret"] in link["uri"]
    assert link["qr_svg"].startswith("<svg")
    body = {"link": link["secret"], "device": "Bob's phone"}
    status, tokens = await post(office, f"{APP}/login", body)
    assert (status, tokens["extension"]) == (201, "102")
    assert (await post(office, f"{APP}/login", body))[0] == 401
    for guess in ("102", ""):  # it has no password
        assert (await post(office, f"{APP}/login", LOGIN | {"login": "102", "password": guess}))[0] == 401


async def test_a_link_ends_after_a_day_and_with_the_next(office: Node) -> None:
    first = await office.json("POST", "/api/v1/app-links", 201, json={"extension": "101"})
    second = await office.json("POST", "/api/v1/app-links", 201, json={"extension": "101"})
    body = {"device": "x"}
    assert (await post(office, f"{APP}/login", body | {"link": first["secret"]}))[0] == 401
    office.time.pass_s(86_400)
    assert (await post(office, f"{APP}/login", body | {"link": second["secret"]}))[0] == 401
    await office.json("POST", "/api/v1/app-links", 422, json={"extension": "999"})


async def test_an_administrator_makes_no_link_for_an_owners_phone(office: Node) -> None:
    browser, session = await office.admin("boss", role="admin")
    headers = {"X-CSRF-Token": session.csrf_token}
    for extension, status in (("105", 403), ("101", 201)):
        async with browser.post(
            "/api/v1/app-links", json={"extension": extension}, headers=headers
        ) as answer:
            assert answer.status == status


async def test_it_is_refreshed_for_months_and_revoked_device_by_device(office: Node) -> None:
    one, two = await app(office), await app(office, device="tablet")
    office.time.pass_s(60 * 86400)
    status, tokens = await post(office, f"{APP}/refresh", {"refresh_token": one.tokens["refresh_token"]})
    assert status == 200
    phone = App(office, tokens)
    assert (await one.ask("GET", "profile"))[0] == 401
    devices = await phone.get("devices")
    assert sorted(each["device"] for each in devices["items"]) == ["Alice's phone", "tablet"]
    tablet = two.tokens["device"]["id"]
    assert (await phone.ask("DELETE", f"devices/{tablet}"))[0] == 204
    assert (await phone.ask("DELETE", f"devices/{tablet}"))[0] == 404
    assert (await post(office, f"{APP}/refresh", {"refresh_token": two.tokens["refresh_token"]}))[0] == 401
    assert (await phone.ask("DELETE", "login"))[0] == 204
    assert (await phone.ask("GET", "profile"))[0] == 401


async def test_a_device_of_somebody_else_is_not_revoked(office: Node) -> None:
    mine, theirs = await app(office), await app(office, login="root")
    assert (await mine.ask("DELETE", f"devices/{theirs.tokens['device']['id']}"))[0] == 404
    assert (await theirs.ask("GET", "profile"))[0] == 200


async def test_an_apps_tokens_open_nothing_but_the_app_even_an_owners(office: Node) -> None:
    phone = await app(office, login="root")
    assert (await phone.get("profile"))["extension"] == "105"
    for path in ("cdrs", "users", "extensions/105", "voicemails", "calls", "settings"):
        assert (await phone.ask("GET", f"/api/v1/{path}"))[0] == 403
    password = {"old": PASSWORD, "new": "another horse"}
    assert (await phone.ask("PUT", "/api/v1/session/password", password))[0] == 403
    assert (await phone.ask("POST", "/api/v1/session/second-factor"))[0] == 403
    refresh = {"refresh_token": phone.tokens["refresh_token"]}
    assert (await post(office, "/api/v1/jwt/refresh", refresh))[0] == 401
    async with office.browser().get(
        "/api/v1/session", headers={"Authorization": f"Bearer {phone.tokens['access_token']}"}
    ) as answer:
        assert (await answer.json())["scopes"] == ["app"]


@pytest.mark.parametrize(("method", "path"), [("PUT", "push"), ("POST", "push-token")])
async def test_push_tokens_are_stored_sealed(office: Node, method: str, path: str) -> None:
    phone = await app(office)
    body = {"service": "fcm", "token": "planted-push-token", "instance": '"<urn:uuid:1>"'}
    status, state = await phone.ask(method, path, body)
    assert (status, state["stored"], state["delivering"]) == (200, True, False)
    assert "no key for fcm" in state["detail"]
    device = phone.tokens["device"]["id"]
    assert isinstance(office.deps.push, PushPhones)
    store = office.deps.push._store
    assert await store.token(device) == "planted-push-token"
    assert (await phone.get("devices"))["items"][0]["push_service"] == "fcm"
    (listed,) = (await office.json("GET", "/api/v1/push-phones"))["items"]
    assert (listed["id"], listed["extension"], listed["instance"]) == (device, "101", "<urn:uuid:1>")
    assert "planted" not in str(listed)
    office.deps.push.services = lambda: ("fcm", "webpush")
    office.deps.push.vapid_key = lambda: "BKey"
    assert (await phone.ask(method, path, body))[1]["delivering"] is True
    assert await phone.get("push") == {"services": ["fcm", "webpush"], "vapid_key": "BKey"}
    database = office.deps.users._database
    stored = b"".join(file.read_bytes() for file in database.path.parent.glob("*.sqlite3*"))
    assert b"planted-push-token" not in stored
    assert (await phone.ask("DELETE", "push"))[0] == 204
    assert await store.token(device) is None
    assert (await phone.get("devices"))["items"][0]["push_service"] == ""
    assert (await office.json("PUT", f"{APP}/push", 403, json={"service": "fcm", "token": "x"}))[
        "type"
    ].endswith("no-extension")


async def test_a_device_whose_log_in_is_taken_back_is_woken_no_more(office: Node) -> None:
    phone = await app(office)
    await phone.ask("PUT", "push", {"service": "webpush", "token": "{}"})
    push = office.deps.push
    assert isinstance(push, PushPhones)
    push.services = lambda: ("webpush",)
    (device,) = push.of("101")
    assert await push.token(device) == "{}"
    assert (await phone.ask("DELETE", "login"))[0] == 204
    assert await push.token(device) is None
    assert push.of("101") == []


async def test_a_call_is_declined_with_what_its_push_carried(office: Node) -> None:
    push, asked = office.deps.push, []
    assert isinstance(push, PushPhones)

    def decline(push_id: str, secret: str) -> bool:
        asked.append((push_id, secret))
        return secret == "right"

    push.decline = decline
    path = f"{APP}/push-calls/01CALL-1/decline"
    assert (await post(office, path, {"decline": "wrong"}))[0] == 404
    assert (await post(office, path, {"decline": "right"}))[0] == 204
    assert asked == [("01CALL-1", "wrong"), ("01CALL-1", "right")]
    assert (await post(office, path, {"decline": "right"}, Origin="https://elsewhere.example"))[0] == 403


async def test_a_browser_that_is_signed_in_becomes_a_device(office: Node) -> None:
    browser, session = await office.admin("anna", extension="102")
    headers = {"X-CSRF-Token": session.csrf_token}
    async with browser.post(f"{APP}/devices", json={"device": "Chrome on Android"}) as answer:
        assert answer.status == 403, "a page elsewhere cannot make one"
    async with browser.post(
        f"{APP}/devices", json={"device": "Chrome on Android"}, headers=headers
    ) as answer:
        assert answer.status == 201
        phone = App(office, await answer.json())
    assert phone.tokens["extension"] == "102"
    assert (await phone.get("devices"))["items"][0]["device"] == "Chrome on Android"
    assert (await phone.ask("GET", "/api/v1/users"))[0] == 403, "no more than any app, though she is an owner"
    assert (await phone.ask("POST", "devices", {"device": "another"}))[0] == 403
    async with browser.delete("/api/v1/session", headers=headers) as answer:
        assert answer.status == 204
    assert (await phone.get("profile"))["extension"] == "102"
    nobody, session = await office.admin("nobody")
    async with nobody.post(
        f"{APP}/devices", json={"device": "x"}, headers={"X-CSRF-Token": session.csrf_token}
    ) as answer:
        assert answer.status == 403


async def test_an_administrator_may_have_a_phone_woken_no_more(office: Node) -> None:
    phone = await app(office)
    await phone.ask("PUT", "push", {"service": "webpush", "token": "{}"})
    device = phone.tokens["device"]["id"]
    assert (await phone.ask("GET", "/api/v1/push-phones"))[0] == 403
    await office.json("DELETE", f"/api/v1/push-phones/{device}", 204)
    await office.json("DELETE", f"/api/v1/push-phones/{device}", 404)
    assert (await office.json("GET", "/api/v1/push-phones"))["total"] == 0


# -- one's own phone ---------------------------------------------------------------------------------------------------


async def test_the_profile_says_how_one_is_reached_and_changes_it(office: Node) -> None:
    phone = await app(office)
    assert (await phone.get("profile"))["settings"]["do_not_disturb"] is False
    status, profile = await phone.ask(
        "PATCH",
        "profile",
        {"do_not_disturb": True, "forward": {"busy": "102"}, "follow_me": {"numbers": [{"number": "102"}]}},
    )
    assert status == 200, profile
    assert (await phone.ask("PATCH", "profile", {"forward": {"no_answer": "105"}}))[0] == 200
    stored = await office.json("GET", "/api/v1/extensions/101")
    assert stored["do_not_disturb"] is True
    assert (stored["forward"]["busy"], stored["forward"]["no_answer"]) == ("102", "105")
    assert (stored["name"], stored["mailbox"]) == ("Alice", "102")
    (entry, *_) = (await office.json("GET", "/api/v1/audit?kind=extension&actor=alice"))["items"]
    assert list(entry["after"]) == ["forward"]


@pytest.mark.parametrize(
    "body", [{"may_call": "premium"}, {"name": "x"}, {"sip_password": "x" * 10}, {"forward": {"busy": "x y"}}]
)
async def test_what_is_the_offices_cannot_be_changed_from_the_app(office: Node, body: Any) -> None:
    phone = await app(office)
    before = await office.json("GET", "/api/v1/extensions/101")
    assert (await phone.ask("PATCH", "profile", body))[0] == 422
    assert await office.json("GET", "/api/v1/extensions/101") == before


async def test_the_directory_shows_who_is_free_but_not_with_whom_one_talks(office: Node) -> None:
    office.states.append(
        ExtensionState(number="102", state="talking", registered=True, with_number="+41445556677")
    )
    await office.json("PATCH", "/api/v1/extensions/105", json={"enabled": False})
    found = await (await app(office)).get("directory")
    assert [(each["number"], each["state"], each["registered"]) for each in found["items"]] == [
        ("101", "free", False),
        ("102", "talking", True),
    ]
    assert "5556677" not in str(found)
    assert (await (await app(office)).get("directory?q=bo"))["total"] == 1


async def test_the_history_is_ones_own_from_ones_own_side(office: Node) -> None:
    out = msgspec.structs.replace(
        cdr(1), from_extension="101", dialled="102", to_extension="102", to_name="Bob"
    )
    into = msgspec.structs.replace(
        cdr(2), from_extension=None, from_number="+41445556677", to_extension="101", answered_by="101"
    )
    other = msgspec.structs.replace(cdr(3), from_extension="102", to_extension="105")
    for each in (out, into, other):
        await office.deps.cdrs.put(each)
    found = (await (await app(office)).get("history"))["items"]
    assert {(each["direction"], each["number"]) for each in found} == {("out", "102"), ("in", "+41445556677")}


async def test_voice_messages_are_heard_marked_and_deleted(office: Node) -> None:
    shelf = office.deps.voicemail
    assert shelf is not None
    for id_, box in (("01J9ZQ4V7N3T8K2M5R6W1X0102", "102"), ("01J9ZQ4V7N3T8K2M5R6W1X0105", "105")):
        message = Voicemail(
            id=id_,
            mailbox=box,
            from_number="105",
            from_name="",
            received_at=START,
            duration_s=1.0,
            call="c",
            complete=True,
        )
        await shelf._store.put(message)
    path = shelf.path(
        message := msgspec.structs.replace(message, mailbox="102", id="01J9ZQ4V7N3T8K2M5R6W1X0102")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF....")
    phone = await app(office)
    assert [each["id"] for each in (await phone.get("voicemails"))["items"]] == [message.id]
    headers = {"Authorization": f"Bearer {phone.tokens['access_token']}"}
    async with office.browser().get(f"{APP}/voicemails/{message.id}/audio", headers=headers) as answer:
        assert (answer.status, await answer.read()) == (200, b"RIFF....")
    assert (await phone.ask("PATCH", f"voicemails/{message.id}", {"read": True}))[1]["read"] is True
    assert (await phone.ask("DELETE", f"voicemails/{message.id}"))[0] == 204
    assert (await phone.get("voicemails"))["items"] == []
    theirs = "voicemails/01J9ZQ4V7N3T8K2M5R6W1X0105"
    for method, body in (("PATCH", {"read": True}), ("DELETE", None)):
        assert (await phone.ask(method, theirs, body))[0] == 404
    assert (await phone.ask("GET", f"{theirs}/audio"))[0] == 404


async def test_ones_own_texts_and_recordings(office: Node) -> None:
    phone = await app(office)
    assert (await phone.get("messages"))["items"] == []
    assert (await phone.ask("GET", "messages?extension=102"))[0] == 403
    text = {"to_extension": "105", "text": "Lunch?"}
    assert (await phone.ask("POST", "messages", text | {"from_extension": "102"}))[0] == 403
    assert (await phone.ask("GET", "recordings"))[0] == 403
    await office.json("PATCH", "/api/v1/settings", json={"users_hear_recordings": True})
    assert (await phone.get("recordings"))["items"] == []
    assert (await phone.ask("GET", "recordings?extension=102"))[0] == 403


async def test_one_calls_from_ones_own_phone(office: Node) -> None:
    asked: list[tuple[str, str]] = []

    def call(extension: str, to: str) -> Any:
        asked.append((extension, to))
        return live_call("A")

    object.__setattr__(office.deps.control, "call", call)
    phone = await app(office)
    status, made = await phone.ask("POST", "calls", {"to": "102"})
    assert (status, made["id"]) == (201, "A")
    assert asked == [("101", "102")]


async def test_a_browser_of_the_same_user_may_use_it_too_with_its_csrf_token(office: Node) -> None:
    browser, session = await office.admin("carol", role="supervisor", extension="102")
    async with browser.get(f"{APP}/profile") as answer:
        assert (await answer.json())["extension"] == "102"
    body = {"do_not_disturb": True}
    async with browser.patch(f"{APP}/profile", json=body) as answer:
        assert answer.status == 403
    async with browser.patch(
        f"{APP}/profile", json=body, headers={"X-CSRF-Token": session.csrf_token}
    ) as answer:
        assert answer.status == 200
