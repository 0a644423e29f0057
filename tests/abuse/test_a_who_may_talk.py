"""Who may talk to the sidecar: no page of another origin, no rebound name, nobody without the token."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path

import pytest

from tests.abuse.wire import CHANGES, PAGES, SLEEPER, STREAMS, Answer, alive, ask, handshake, request, tell, until, wire
from tests.sidecar import sidecar

FOREIGN_HOSTS = (
    "evil.example", "localhost.evil.example", "notlocalhost", "127.0.0.1.evil.example", "evil.example:9000",
    "evil.example.", "fujita.test.evil.example",
)  # fmt: skip
OUR_HOSTS = (
    "localhost", "LOCALHOST", "localhost.", "a.b.localhost:1", "127.0.0.1", "[::1]:9000", "10.0.2.15",
    "10.0.2.15:2200", "FUJITA.test", "fujita.test:9000",
)  # fmt: skip
NO_HOSTS = (
    "local host", "user@localhost", "localhost/", "localhost,evil.example", "local\x01host", "[::1", "localhost:99999",
    "localhost:", "localhost:9000:9000", "", "\udcff", "localhost:٣",
)  # fmt: skip
EVERY_REQUEST = (
    *(("GET", path) for path in PAGES),
    *(("HEAD", path) for path in ("/", "/api/projects")),
    *(("POST", path) for path in CHANGES),
    *(("OPTIONS", path) for path in ("/", *CHANGES)),
    ("DELETE", "/api/projects/one"),
)


def named(config: str) -> str:
    return config.replace("projects:", "  allowed_hosts: [fujita.test]\nprojects:", 1)


def is_refused(answer: Answer, *statuses: int) -> bool:
    """One of `statuses` with a sentence, unless Tornado itself answered or hung up."""
    if answer.status in (0, 400) and not answer.body:
        return True
    return answer.status in (400, *statuses) and bool(json.loads(answer.body)["error"])


async def test_a_name_that_an_attacker_rebinds_is_refused_on_every_path(tmp_path: Path) -> None:
    wrong = []
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for host in FOREIGN_HOSTS:
            for method, path in EVERY_REQUEST if host == "evil.example" else EVERY_REQUEST[:4]:
                body = b"" if method == "POST" else None
                answer = await tell(fujita, request(method, path, host=host, body=body))
                if answer.status != 421:
                    wrong.append((host, method, path, answer.status))
            for path in STREAMS:
                if (answer := await tell(fujita, handshake(path, host=host))).status != 421:
                    wrong.append((host, "WebSocket", path, answer.status))
        assert wrong == []
        sentence = json.loads((await tell(fujita, request("GET", "/", host="evil.example"))).body)["error"]
        assert "allowed_hosts" in sentence
        assert "evil.example" in sentence


async def test_the_names_of_this_machine_and_the_allowed_ones_are_let_in(tmp_path: Path) -> None:
    async with sidecar(tmp_path, named(SLEEPER)) as fujita:
        answers = {host: (await tell(fujita, request("GET", "/healthz", host=host))).status for host in OUR_HOSTS}
        assert answers == dict.fromkeys(OUR_HOSTS, 200)


async def test_what_is_no_host_is_refused(tmp_path: Path) -> None:
    wrong = {}
    async with sidecar(tmp_path, SLEEPER) as fujita:
        sent = {host: request("GET", "/healthz", host=host) for host in NO_HOSTS}
        sent["none"] = request("GET", "/healthz", host=None)
        sent["two"] = request("GET", "/healthz", "Host: evil.example")
        sent["two of ours"] = request("GET", "/healthz", "Host: 127.0.0.1")
        for host, data in sent.items():
            answer = await tell(fujita, data)
            if answer.status not in (0, 400, 421):
                wrong[host] = answer.status
    assert wrong == {}


async def test_a_target_with_another_authority_is_no_page_and_forwarding_headers_change_nothing(
    tmp_path: Path,
) -> None:
    forwarded = (
        "X-Forwarded-Host: evil.example", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https",
        "Forwarded: for=6.6.6.6;host=evil.example;proto=https", "X-Real-IP: 6.6.6.6", "X-Scheme: https",
    )  # fmt: skip
    async with sidecar(tmp_path, SLEEPER) as fujita:
        await fujita.until("one", lambda status: status["state"] == "running" and status["usage"])
        assert (await ask(fujita, "GET", "http://evil.example/")).status != 200
        assert (await ask(fujita, "GET", "http://evil.example/healthz")).status != 200
        plain = await ask(fujita, "GET", "/api/projects")
        assert (await ask(fujita, "GET", "/api/projects", *forwarded)).body == plain.body
        refused = request("GET", "/", "X-Forwarded-Host: localhost", host="evil.example")
        assert (await tell(fujita, refused)).status == 421
        assert not any("6.6.6.6" in line or "evil" in line for line in fujita.stderr)


FOREIGN_ORIGINS: tuple[tuple[str, ...], ...] = (
    ("Sec-Fetch-Site: cross-site",),
    ("Sec-Fetch-Site: same-site",),
    ("Sec-Fetch-Site: whatever",),
    ("Sec-Fetch-Site:",),
    ("Sec-Fetch-Site: cross-site", "Origin: http://localhost"),
    ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
    ("Origin: http://evil.example",),
    ("Origin: null",),
    ("Origin: http://localhost:8000",),
    ("Origin: http://localhost.evil",),
    ("Origin: http://localhost:9000.evil",),
    ("Origin: http://[::1",),
    ("Origin:",),
)
OUR_ORIGINS: tuple[tuple[str, ...], ...] = (
    ("Sec-Fetch-Site: same-origin",),
    ("Sec-Fetch-Site: none",),
    ("Sec-Fetch-Site: same-origin", "Origin: https://evil.example"),
    ("Origin: http://localhost",),
    ("Origin: HTTP://LOCALHOST",),
    (),
)


async def test_a_page_of_another_origin_presses_no_button(tmp_path: Path) -> None:
    wrong = []
    async with sidecar(tmp_path, SLEEPER) as fujita:
        before = await fujita.until_state("one", "running")
        for headers in FOREIGN_ORIGINS:
            for path in CHANGES:
                answer = await ask(fujita, "POST", path, *headers)
                if not is_refused(answer, 403):
                    wrong.append((path, headers, answer.status))
        after = await fujita.status("one")
        assert (after["pid"], after["state"]) == (before["pid"], "running")
        assert wrong == []
        for headers in OUR_ORIGINS:
            assert (await ask(fujita, "POST", "/api/projects/one/start", *headers)).status == 200, headers


async def test_a_page_of_another_origin_opens_no_websocket(tmp_path: Path) -> None:
    wrong = []
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for path in STREAMS:
            for headers in FOREIGN_ORIGINS:
                answer = await tell(fujita, handshake(path, *headers))
                if not is_refused(answer, 403):
                    wrong.append((path, headers, answer.status))
            for headers in OUR_ORIGINS:
                assert (await tell(fujita, handshake(path, *headers))).status == 101
    assert wrong == []


async def test_what_only_looks_changes_nothing(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita:
        before = await fujita.until_state("one", "running")
        for path in (path for path in CHANGES if path != "/sign-in"):
            for target in (path, f"{path}?_method=POST"):
                for method in ("GET", "HEAD"):
                    answer = await ask(fujita, method, target, "X-HTTP-Method-Override: POST")
                    assert (answer.status, answer.headers.get("allow")) == (405, "POST"), (method, target)
        after = await fujita.status("one")
        assert (after["pid"], after["state"]) == (before["pid"], "running")


async def test_a_form_cannot_send_json(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita:
        await fujita.until_state("one", "running")
        for path, body in (("run", b'{"command": "hello"}'), ("input", b'{"text": "n\\n"}')):
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"):
                answer = await ask(fujita, "POST", f"/api/projects/one/{path}", f"Content-Type: {kind}", body=body)
                assert is_refused(answer, 415), (kind, answer)
            with_parameter = "Content-Type: Application/JSON; charset=utf-8"
            assert (await ask(fujita, "POST", f"/api/projects/one/{path}", with_parameter, body=body)).status < 300


async def test_no_answer_ever_allows_another_origin(tmp_path: Path) -> None:
    asks = (
        "Origin: http://evil.example", "Access-Control-Request-Method: POST",
        "Access-Control-Request-Private-Network: true", "Access-Control-Request-Local-Network: true",
    )  # fmt: skip
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for path in (*PAGES, *CHANGES, *STREAMS):
            for method in ("OPTIONS", "GET"):
                answer = await ask(fujita, method, path, *asks)
                assert not [name for name in answer.headers if name.startswith("access-control")], path
                assert method == "GET" or answer.status in (403, 404, 405), (path, answer.status)


SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


async def test_every_answer_forbids_frames_foreign_code_and_sniffing(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita:
        answers = {f"GET {path}": await ask(fujita, "GET", path) for path in (*PAGES, *CHANGES, *STREAMS)}
        answers |= {f"POST {path}": await ask(fujita, "POST", path) for path in ("/", "/api/projects/two/stop")}
        answers["421"] = await tell(fujita, request("GET", "/", host="evil.example"))
        answers["403"] = await ask(fujita, "POST", CHANGES[0], "Origin: null")
        answers["415"] = await ask(fujita, "POST", "/api/projects/one/run", body=b"x")
        answers["422"] = await ask(fujita, "POST", "/api/projects/one/run", "Content-Type: application/json", body=b"x")
        for asked, answer in answers.items():
            assert {name: answer.headers.get(name) for name in SAFE_HEADERS} == SAFE_HEADERS, asked
            policy = answer.headers["content-security-policy"]
            assert "default-src 'self'" in policy or "default-src 'none'" in policy, asked
            assert "frame-ancestors 'none'" in policy, asked
            assert "unsafe" not in policy, asked


TOKEN = "a-token-" + secrets.token_hex(8)
GUARDED = [path for path in PAGES if path not in ("/healthz", "/sign-in")]


def with_token(config: str) -> str:
    return config.replace("projects:", f"  token: {TOKEN}\nprojects:", 1)


NO_TOKENS: tuple[tuple[str, ...], ...] = (
    (),
    ("Authorization: Bearer",),
    ("Authorization: bearer  x",),
    (f"Authorization: Bearer {TOKEN[:-1]}",),
    (f"Authorization: Bearer {TOKEN}x",),
    (f"Authorization: Basic {TOKEN}",),
    (f"Authorization: {TOKEN}",),
    ("Authorization: Bearer " + "x" * 60_000,),
    ("Authorization: Bearer tökén",),
    ("Authorization: Bearer \udcff\udcfe",),
    (f"Cookie: fujita-PORT={TOKEN}",),
    ("Cookie: fujita-PORT=" + "0" * 64,),
    ("Cookie: fujita-PORT=é",),
    (f"X-Token: {TOKEN}",),
)


async def test_nothing_is_told_without_the_token(tmp_path: Path) -> None:
    wrong = []
    async with sidecar(tmp_path, with_token(SLEEPER)) as fujita:
        for given in NO_TOKENS:
            headers = [one.replace("PORT", str(fujita.port)) for one in given]
            asked = [request("GET", path, *headers) for path in GUARDED]
            asked += [handshake(path, *headers) for path in STREAMS]
            asked += [request("POST", path, *headers, body=b"") for path in CHANGES if path != "/sign-in"]
            for sent in asked:
                answer = await tell(fujita, sent)
                if not is_refused(answer, 401):
                    wrong.append((sent[:200], answer.status))
        assert wrong == []
        assert (await ask(fujita, "GET", "/healthz")).status == 200
        assert (await ask(fujita, "GET", "/sign-in")).status == 200


async def test_the_token_opens_everything_and_is_then_kept_in_a_cookie_that_does_not_show_it(tmp_path: Path) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    async with sidecar(tmp_path, with_token(SLEEPER)) as fujita:
        bearer = f"Authorization: Bearer {TOKEN}"
        assert (await ask(fujita, "GET", "/api/projects", bearer)).status == 200
        assert (await tell(fujita, handshake(STREAMS[0], bearer))).status == 101
        assert (await ask(fujita, "POST", "/sign-in", form, body=b"token=wrong")).status == 401
        body = f"token={TOKEN}&next=/projects/one".encode()
        signed_in = await tell(fujita, request("POST", "/sign-in", form, host=f"localhost:{fujita.port}", body=body))
        assert (signed_in.status, signed_in.headers["location"]) == (303, "/projects/one")
        cookie, *attributes = signed_in.headers["set-cookie"].split("; ")
        assert cookie.startswith(f"fujita-{fujita.port}=")
        assert TOKEN not in cookie
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
        here = f"localhost:{fujita.port}"
        asked = request("GET", "/api/projects", f"Cookie: {cookie}", host=here)
        assert (await tell(fujita, asked)).status == 200
        assert (await tell(fujita, handshake(STREAMS[0], f"Cookie: {cookie}", host=here))).status == 101


async def test_the_token_is_in_nothing_that_anybody_sees(tmp_path: Path) -> None:
    config = with_token("projects: {one: {directory: ., command: 'env; cat /proc/$PPID/cmdline'}}")
    async with sidecar(tmp_path, config, environment={"FUJITA_TOKEN": TOKEN}) as fujita:
        bearer = f"Authorization: Bearer {TOKEN}"
        answers = [await ask(fujita, "GET", path, bearer) for path in (*PAGES, *CHANGES)]
        answers += [await ask(fujita, "GET", path) for path in (*PAGES, f"/{'x' * 10}?token=1")]
        assert not [answer for answer in answers if TOKEN in f"{answer.headers} {answer.body!r}"]
        log = (await ask(fujita, "GET", "/api/projects/one/log", bearer)).body.decode()
        assert "FUJITA_PROJECT=one" in log
        assert TOKEN not in log
        fujita.config.write_text(fujita.config.read_text() + "\nnonsense: 1\n")
        refused = await ask(fujita, "POST", "/api/reload", bearer)
        assert refused.status == 422
        assert TOKEN not in refused.body.decode()
    assert TOKEN not in "".join(fujita.stderr)


FOREIGN_PAGES = ("//evil.example", "/%5C%5Cevil", "%5C%5Cevil", "http:evil", "%09//evil", "/%09/evil", "/%0d%0aX:evil")


async def test_signing_in_leads_to_pages_of_ours_only(tmp_path: Path) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    async with sidecar(tmp_path, with_token(SLEEPER)) as fujita:
        for next_page in FOREIGN_PAGES:
            body = f"token={TOKEN}&next={next_page}".encode()
            answer = await ask(fujita, "POST", "/sign-in", form, body=body)
            assert (answer.status, answer.headers["location"]) == (303, "/"), next_page
            asked = (await ask(fujita, "GET", f"/sign-in?next={next_page}")).body
            assert b"evil" not in asked


async def test_cookies_of_other_programs_on_this_host_change_nothing_and_cost_nothing(tmp_path: Path) -> None:
    cookies = (
        'x="' + "\\" * 60_000,
        "a=" + "b" * 60_000,
        "[x]=1; {y}=2; fujita=3; fujita=4",
        "; ".join(["a=b"] * 9000),
    )
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for cookie in cookies:
            began = time.monotonic()
            assert (await ask(fujita, "GET", "/api/projects", f"Cookie: {cookie}")).status == 200
            assert time.monotonic() - began < 1


@pytest.mark.slow
async def test_a_thousand_wrong_tokens_are_refused_and_are_no_news(tmp_path: Path) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    async with sidecar(tmp_path, with_token(SLEEPER)) as fujita, alive(fujita), wire(fujita) as one:
        await until(lambda: "is running" in "".join(fujita.stderr), "the project did not run")
        said = len(fujita.stderr)
        for number in range(1000):
            await one.say(request("POST", "/sign-in", form, body=f"token={TOKEN}{number}".encode()))
            assert (await one.answer()).status == 401
        assert len(fujita.stderr) == said
