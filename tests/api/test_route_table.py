"""The route table keeps its promises: nothing is served that it does not hold, and each row guards its door."""

from __future__ import annotations

import inspect
import re
from typing import get_type_hints

import msgspec
import pytest
from msgspec.structs import replace

from pbx.api.app import build
from pbx.api.route import Route
from pbx.api.scopes import ALL_SCOPES, Scope, scopes_of
from pbx.api.table import ROUTES
from pbx.core.metrics import Registry
from pbx.model.user import Role
from tests.api.conftest import ELSEWHERE, PASSWORD, Node

OPEN = {
    ("GET", "/api/v1/health"),
    ("GET", "/api/v1/"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/reference.css"),
    ("GET", "/api/v1/reference.js"),
    ("GET", "/api/v1/setup"),
    ("POST", "/api/v1/setup"),
    ("POST", "/api/v1/invitation"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/jwt"),
    ("POST", "/api/v1/jwt/refresh"),
    ("POST", "/api/v1/app/login"),
    ("POST", "/api/v1/app/push-calls/{id}/decline"),
    ("POST", "/api/v1/app/refresh"),
    ("GET", "/api/v1/provisioning/{secret}"),
}


def url(route: Route) -> str:
    return re.sub(r"\{\w+\}", "101", route.path)


def leads(route: Route, path: str) -> bool:
    """Whether a path is one of the route's: a fixed word may also be the name of a record."""
    return (
        re.fullmatch(
            re.sub(r"\{\w+\}", "[^/]+", re.escape(route.path).replace(r"\{", "{").replace(r"\}", "}")), path
        )
        is not None
    )


def test_open_routes_are_exactly_these() -> None:
    assert {(one.method, one.path) for one in ROUTES if one.scope is Scope.OPEN} == OPEN


def from_elsewhere(place: int) -> dict[str, str]:
    """Each asks from an address of its own, so that none is shut out for what another did."""
    return {"X-Forwarded-For": f"198.51.{place >> 8}.{place & 255}"}


async def test_without_a_credential_only_open_routes_answer(node: Node) -> None:
    browser = node.browser()
    for place, route in enumerate(ROUTES):
        async with browser.request(route.method, url(route), headers=from_elsewhere(place)) as answer:
            if (route.method, route.path) in OPEN:
                assert answer.status != 401, route.name
                continue
            assert answer.status == 401, route.name
            assert answer.headers["WWW-Authenticate"].startswith("Bearer "), route.name
            assert answer.content_type == "application/problem+json", route.name


WORTHLESS = (
    {"Authorization": "Bearer pbx_wrong"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer \xe9"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "x"},
    {"Cookie": "pbx_session=wrong"},
    {"Cookie": "pbx_session="},
)
GUARDED = [one for one in ROUTES if one.scope is not Scope.OPEN]


async def test_a_worthless_credential_is_401(node: Node) -> None:
    browser = node.browser()
    for place, route in enumerate(GUARDED):
        for credential in WORTHLESS:
            headers = from_elsewhere(place) | credential
            async with browser.request(route.method, url(route), headers=headers) as answer:
                assert answer.status == 401, (route.name, credential)


async def test_a_wrong_token_is_not_made_good_by_a_right_cookie(node: Node) -> None:
    browser, _ = await node.admin()
    headers = {"Authorization": "Bearer pbx_wrong"}
    for route in GUARDED:
        async with browser.request(route.method, url(route), headers=headers) as answer:
            assert answer.status == 401, route.name


async def test_with_a_cookie_every_change_needs_the_csrf_token(node: Node) -> None:
    browser, _ = await node.admin()
    attempts: tuple[dict[str, str], ...] = ({}, *({"X-CSRF-Token": one} for one in ("", "wrong", "\xe9")))
    for route in (each for each in GUARDED if each.unsafe):
        for headers in attempts:
            async with browser.request(route.method, url(route), headers=headers, json={}) as answer:
                assert answer.status == 403, (route.name, headers)
                assert (await answer.json(content_type=None))["type"] == "urn:bellwire:problem:csrf", (
                    route.name
                )


SCOPED = [one for one in GUARDED if one.scope is not Scope.SESSION]
GIVEN = sorted(ALL_SCOPES - {Scope.OPEN, Scope.SESSION}, key=lambda each: each.value)


async def test_a_credential_without_the_scope_is_403_and_with_it_alone_gets_in(node: Node) -> None:
    """One node for the whole walk: none of these requests has a body that changes anything."""
    browser = node.browser()
    owner = await node.deps.users.create("owner", PASSWORD, extension="199")
    for scope in GIVEN:
        without = await node.bearer(*(each.value for each in GIVEN if each is not scope))
        alone = await node.bearer(scope.value)
        if scope is Scope.APP:  # needs somebody whose phone it is
            made = await node.deps.tokens.create("app", scopes=[scope.value], user_id=owner.id)
            alone = {"Authorization": f"Bearer {made.secret}"}
        for route in (each for each in SCOPED if each.scope is scope):
            async with browser.request(route.method, url(route), headers=ELSEWHERE | without) as answer:
                problem = await answer.json(content_type=None)
                assert (answer.status, problem["type"]) == (403, "urn:bellwire:problem:scope"), route.name
            async with browser.request(route.method, url(route), headers=ELSEWHERE | alone) as answer:
                problem = await answer.json(content_type=None) if answer.status == 403 else {}
                # What is an app's alone, or not allowed in this office, says so; it is not the scope.
                beyond = problem.get("type", "").rpartition(":")[2] in ("no-device", "recordings")
                assert answer.status not in (401, 403) or beyond, route.name


@pytest.mark.parametrize("role", ["owner", "admin", "supervisor", "user"])
async def test_each_role_gets_in_where_its_scopes_lead(node: Node, role: Role) -> None:
    await node.deps.users.create("first", PASSWORD)
    browser, session = await node.admin(role=role, extension="199")
    headers = {"X-CSRF-Token": session.csrf_token}
    for route in SCOPED:
        async with browser.request(route.method, url(route), headers=headers) as answer:
            problem = await answer.json(content_type=None) if answer.status == 403 else {}
        may = route.scope in scopes_of(role) and (
            role != "user" or route.own is not None or route.scope is Scope.APP
        )
        assert (problem.get("type") != "urn:bellwire:problem:scope") is may, route.name


def test_every_rule_of_ones_own_is_come_to() -> None:
    for route in SCOPED:
        assert route.own is None or route.scope in scopes_of("user"), route.name


async def test_a_user_whose_extension_is_gone_sees_nothing(node: Node) -> None:
    await node.deps.users.create("first", PASSWORD)
    browser, session = await node.admin(role="user", extension="101")
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    await node.json("DELETE", "/api/v1/extensions/101", 204)
    for route in (each for each in SCOPED if each.own):
        headers = {"X-CSRF-Token": session.csrf_token}
        async with browser.request(route.method, url(route), headers=headers) as answer:
            assert answer.status == 403, route.name


async def test_the_router_serves_the_table_and_nothing_else(node: Node) -> None:
    app = build(replace(node.deps, metrics=Registry()))
    served = {(one.method, one.resource.canonical) for one in app.router.routes() if one.resource is not None}
    assert served == {(one.method, one.path) for one in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: one.name)
def test_handler_takes_what_the_row_declares(route: Route) -> None:
    hints = get_type_hints(route.handler)
    taken = inspect.signature(route.handler).parameters
    parameters = {name for name in taken if name not in ("exchange", "path")}
    # A resource's handlers take whatever their kind's key is called.
    declared = set() if "path" in taken else {name for name, _ in route.path_types}
    declared |= {"query"} if route.query else set()
    declared |= {"body"} if route.request else set()
    assert parameters == declared
    assert tuple(name for name, _ in route.path_types) == route.parameters
    if route.query and hints["query"] is not msgspec.Struct:
        assert hints["query"] is route.query
    if route.request and hints["body"] is not msgspec.Struct:
        assert hints["body"] is route.request


def test_names_and_places_are_unique() -> None:
    assert len({one.name for one in ROUTES}) == len(ROUTES)
    assert len({(one.method, one.path) for one in ROUTES}) == len(ROUTES)


async def test_other_methods_are_405_and_say_which_are_allowed(node: Node) -> None:
    for path in {url(one) for one in ROUTES}:
        async with node.ask("TRACE", path) as answer:
            assert answer.status == 405
            assert answer.content_type == "application/problem+json"
            assert answer.headers["Allow"] == ", ".join(
                sorted({one.method for one in ROUTES if leads(one, path)})
            )


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/extensions"])
async def test_unknown_api_path_is_404_never_the_site(node: Node, path: str) -> None:
    problem = await node.json("GET", path, 404)
    assert problem["type"] == "urn:bellwire:problem:not-found"
