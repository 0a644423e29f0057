"""Who may talk to the sidecar: Host, origin, token, and the headers of every answer. One place, before any handler."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fujita import words

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OPEN_PATHS = ("/sign-in", "/sign-in.css", "/healthz")
"""What answers without the token: the way to give it, and a yes or no to "are you there"."""
HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?)(?::(?P<port>[0-9]{1,5}))?", re.I)
"""RFC 9112 §3.2: a host, and perhaps a port."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""On every answer, errors too: no inline code, no foreign hosts, no frames, no sniffing."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status and the sentence that explains it."""

    status: int
    sentence: str


def refusal(
    method: str, path: str, headers: Mapping[str, str], *, upgrades: bool, allowed_hosts: Collection[str]
) -> Refusal | None:
    """Why this request is not let in, or None. `upgrades`: it asks for a WebSocket."""
    host = headers.get("Host", "")
    if not host_is_ours(host, allowed_hosts):
        return Refusal(421, words.foreign_host(host))
    if (upgrades or method not in SAFE_METHODS) and not same_origin(headers):
        return Refusal(403, words.FOREIGN_ORIGIN)
    return None


def host_is_ours(host: str, allowed: Collection[str]) -> bool:
    """localhost, *.localhost, an IP literal, or one of `allowed`: a name that an attacker rebinds is none of them."""
    match = HOST.fullmatch(host)
    if not match or int(match["port"] or 0) > 65535:
        return False
    name = match["name"].lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost") or name in {one.lower() for one in allowed}:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of ours asks; what is no browser says nothing and passes (Fetch Metadata)."""
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("Origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("Host", "").lower()
    except ValueError:
        return False


def token_matches(token: str, headers: Mapping[str, str], cookie: str | None) -> bool:
    """Whether the request brings the token, as `Authorization: Bearer` or as the cookie that the sign-in page set."""
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and same(given.strip(), token):
        return True
    return cookie is not None and same(cookie, cookie_for(token))


def same(given: str, expected: str) -> bool:
    """Compared in constant time, as bytes: characters outside ASCII would be an error otherwise."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode("utf-8", "surrogateescape"))


def cookie_for(token: str) -> str:
    """What the cookie holds: not the token itself, so that it can't be read out of a browser."""
    return hmac.new(token.encode(), b"fujita console", hashlib.sha256).hexdigest()


def cookie_name(host: str) -> str:
    """Cookies don't know ports (RFC 6265 §8.5), so two consoles on one host tell theirs apart by name: by the port that
    the browser sees, since two boxes may well forward the same one."""
    match = HOST.fullmatch(host)
    return f"fujita-{match['port'] if match and match['port'] else 80}"


def path_of_ours(next_page: str) -> str:
    """`next_page` if it is a path of this console, else its start page: no open redirect, not by //, \\ or a tab."""
    return next_page if re.fullmatch(r"/(projects/[a-z0-9_-]+)?", next_page) else "/"
