"""What is wrong in a config is said all at once, each with its place and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from fujita.config.load import ConfigError, load
from tests.config.written import config, mistakes, write

GOOD = "projects: {a: {directory: a}}\n"


def test_all_mistakes_are_said_at_once_sorted_by_place(tmp_path: Path) -> None:
    assert mistakes(
        tmp_path,
        """\
consle: {}
console:
  listen: 22:22
  token: "zweiundvierzig €"
defaults:
  cache: 8 MB
  directory: x
projects:
  blog:
    port: 8000
    autostart: yes
    options: --noreload
  A: {directory: x, url: "javascript:alert(1)"}
  shop: {directory: shop, environment: {E: ~}, command: {}, commands: {x: [], y: "a 'b", z: [a, [b]]}}
  twin: {directory: twin}
  none:
  list: []
""",
    ) == [
        "fujita.yml:1:1: consle: there is no such key: did you mean console?",
        "fujita.yml:3:11: console.listen: must be a port, or host:port, not '22:22': write 8000, 0.0.0.0:8000 or"
        ' "[::1]:8000"',
        "fujita.yml:4:10: console.token: must be 1 to 200 letters, digits and signs of ASCII, without spaces: such as"
        " openssl rand -hex 16 gives",
        "fujita.yml:6:10: defaults.cache: must be a size up to 1 GiB, not '8 MB': write 8 MiB, 512 KiB, or a number of"
        " bytes",
        "fujita.yml:7:3: defaults.directory: directory can't have a default: write it in each project",
        "fujita.yml:9:3: projects.blog: has no directory: add `directory: …` below it",
        "fujita.yml:10:5: projects.blog.port: there is no such key: did you mean address?",
        "fujita.yml:11:16: projects.blog.autostart: is 'yes': write true, without quotes",
        "fujita.yml:12:14: projects.blog.options: must be a list: write [one, two], or one a line, each after a dash",
        "fujita.yml:13:3: projects.A: has A (U+0041): a name is made of a-z, 0-9, - and _, and begins with a letter or"
        " digit",
        "fujita.yml:13:3: projects.A.address: port 8000 is also that of projects.blog (line 9, column 3): write"
        " another, such as 0.0.0.0:8001",
        "fujita.yml:13:26: projects.A.url: must be the address of a page, not 'javascript:alert(1)': write http://… or"
        " https://…",
        'fujita.yml:14:44: projects.shop.environment.E: has no value: write "" for an empty one',
        "fujita.yml:14:57: projects.shop.command: must be a text, or a list of texts such as [make, css]",
        "fujita.yml:14:75: projects.shop.commands.x: names no program: write a program and its arguments, such as"
        " [make, css]",
        "fujita.yml:14:82: projects.shop.commands.y: can't be taken apart (no closing quotation): close the quotes, or"
        " write a list",
        "fujita.yml:14:97: projects.shop.commands.z[1]: must be a text, not a list",
        "fujita.yml:15:3: projects.twin.address: port 8000 is also that of projects.blog (line 9, column 3): write"
        " another, such as 0.0.0.0:8002",
        "fujita.yml:16:3: projects.none: has no directory: add `directory: …` below it",
        "fujita.yml:16:3: projects.none.address: port 8000 is also that of projects.blog (line 9, column 3): write"
        " another, such as 0.0.0.0:8003",
        "fujita.yml:17:9: projects.list: must be a table: write one `key: value` a line, indented below it",
    ]


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("address: 22:22", "write 8000"),
        ("address: 8_000", "write 8000"),
        ("address: 010", "write 8000"),
        ("address: 1e3", "write 8000"),
        ("address: .inf", "write 8000"),
        ("address: 1.10", "write 8000"),
        ("address: '8000 '", "write 8000"),
        ("address: 0", "1 to 65535"),
        ("address: 0.0.0.0:0", "1 to 65535"),
        ("address: 65536", "1 to 65535"),
        ("address: 99999999999999999999", "1 to 65535"),
        ("address: -1", "write 8000"),
        ("address: 1.2.3:80", "write 8000"),
        ("address: 256.0.0.1:80", "write 8000"),
        ("address: '::1:80'", "write 8000"),
        ("address: '[::g]:80'", "write 8000"),
        ("address: ٨٠٠٠", "write 8000"),
        ("address: [8000]", "must be a text, not a list"),
        ("cache: 8 MB", "write 8 MiB"),
        ("cache: -1", "write 8 MiB"),
        ("cache: 010", "write 8 MiB"),
        ("cache: 0.5", "write 8 MiB"),
        ("cache: '4096'", "write 8 MiB"),
        ("cache: 2 GiB", "write 8 MiB"),
        ("cache: .inf", "write 8 MiB"),
        ("cache: 1e3", "write 8 MiB"),
        ("cache: no", "write 8 MiB"),
        ("stop_timeout: .inf", "write a number such as 5"),
        ("stop_timeout: .nan", "write a number such as 5"),
        ("stop_timeout: -1", "write a number such as 5"),
        ("stop_timeout: 1:30", "write a number such as 5"),
        ("stop_timeout: 05", "write a number such as 5"),
        ("stop_timeout: 5 s", "write a number such as 5"),
        ("stop_timeout: '5'", "without quotes"),
        ("stop_timeout: 3601", "from 0 to 3600"),
        ("autostart: yes", "write true"),
        ("autostart: off", "write false"),
        ("autostart: 'true'", "write true, without quotes"),
        ("autostart: 1", "write true"),
        ("autostart: maybe", "true or false"),
        ("restart: no", "on-change, always or never"),
        ("restart: on", "on-change, always or never"),
        ("settings: mysite/settings.py", "write mysite.settings"),
        ("settings: my-site", "write mysite.settings"),
        ("url: localhost:8000", "write http://"),
        ("url: 'http://'", "write http://"),
        ("url: 'http://[::1'", "write http://"),
        ("url: 'http://a b/'", "write http://"),
        ("url: ftp://example.com/", "write http://"),
        ("url: javascript://localhost/%0aalert(1)", "write http://"),
        ('title: "a\\nb"', "has U+000A"),
        ("title: ' '", "is empty"),
        ("title: [a]", "must be a text"),
        ("command: ' '", "is empty"),
        ("command: []", "names no program"),
        ("command: [~]", "must be a text, not nothing"),
        ("options: {a: b}", "must be a list"),
        ("environment: [A=1]", "must be a table"),
        ("environment: {A: [1]}", "must be a text, not a list"),
        ("environment: {'A=B': 1}", "without ="),
        ("environment: {'': 1}", "name of a variable"),
        ('environment: {A: "\\0"}', "has U+0000"),
        ('directory2: "\\ud800"', "no YAML"),
        ("commands: {' ': migrate}", "is empty"),
        ("commands: {x: }", "a text, or a list"),
        ("name: x", "a project's name is the key above it (blog): write title"),
        ("env: {}", "did you mean environment?"),
        ("autostrat: true", "did you mean autostart?"),
        ("xyzzy: 1", "choose from title, directory, python"),
        (
            "environment: !!python/object/apply:os.system {A: id}",
            "the tag '!!python/object/apply:os.system' means nothing",
        ),
        ("python: !Ref x", "the tag '!Ref' means nothing"),
        ("stop_timeout: !!int 5", "the tag '!!int' means nothing"),
        ("? [a]\n    : b", "a key must be a single text"),
        ("<<: 5", "<< takes the keys of another table"),
        ("python: *nobody", "names nothing above it"),
    ],
)
def test_a_wrong_value_is_one_mistake_with_its_place(tmp_path: Path, line: str, instead: str) -> None:
    found = mistakes(tmp_path, f"projects:\n  blog:\n    directory: blog\n    {line}\n")
    assert len(found) == 1
    assert found[0].startswith("fujita.yml:4:")
    if instead != "no YAML":
        assert instead in found[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: the file is empty"),
        ("# nothing\n", "1:1: the file is empty"),
        ("---\n", "1:1: the file is empty"),
        ("null", "1:1: the file is empty"),
        ("- projects", "1:1: the file must be a table"),
        ("projects", "1:1: the file must be a table"),
        ("projects: []", "1:11: projects: must be a table"),
        ("projects:\n", "1:1: projects: there are no projects"),
        ("projects: {}", "1:1: projects: there are no projects"),
        ("console: {}", "1:1: projects: there are no projects"),
        (f"{GOOD}---\n{GOOD}", "2:1: a second document begins here"),
        ("projects:\n\ta: 1", "2:1: a tab or another sign"),
        ("projects:\n  a: b: c", "2:7: a `key: value` can't stand here"),
        ("projects:\n  a:\n    directory: x\n   b: 1", "4:4: does not fit the lines above"),
        ("projects: 'a", "1:13: the quotes of line 1, column 11 are not closed"),
        ("projects: [a", "2:1: the list of line 1, column 11 goes on here: close it with ], or"),
        ("projects: {a: b", "2:1: the table of line 1, column 11 goes on here: close it with }, or"),
        ("projects:\n  a\n  b: c", "3:4: "),
        (b"\xff\xfep\0r\0", "1:1: is written in UTF-16"),
        (b"\xfe\xff\0p\0r", "1:1: is written in UTF-16"),
        (b"\xff\xfe\0\0p\0\0\0", "1:1: is written in UTF-32"),
        (b"p\0r\0o\0", "1:2: has U+0000"),
        (b"a: 1\nprojects: \xe9", "2:11: has byte 0xE9, which is no UTF-8"),
        ("a: ä\nprojects: \0".encode(), "2:11: has U+0000"),
        ("a: \x1b[31m", "1:4: has U+001B"),
    ],
)
def test_a_file_that_is_no_config_says_where_and_why(tmp_path: Path, text: str | bytes, said: str) -> None:
    found = mistakes(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(f"fujita.yml:{said}")


@pytest.mark.parametrize("again", ["a", '"a"', "'a'", '"\\x61"', "!!str a", "? a\n "])
def test_a_key_given_twice_is_said_with_both_places(tmp_path: Path, again: str) -> None:
    found = mistakes(tmp_path, f"projects:\n  a: {{directory: x}}\n  {again}: {{directory: y}}\n")
    assert found == ["fujita.yml:3:3: projects.a: is given already in line 2, column 3: remove one of them"] or (
        again.startswith("?") and "is given already in line 2, column 3" in found[0]
    )


@pytest.mark.parametrize("other", ["8000", "127.0.0.1:8000", "'[::]:8000'", "localhost:8000", "0:8000"])
def test_a_port_of_two_projects_is_said_with_both_places(tmp_path: Path, other: str) -> None:
    text = (
        f"projects:\n  a:\n    directory: a\n    address: 0.0.0.0:8000\n  b:\n    directory: b\n    address: {other}\n"
    )
    assert mistakes(tmp_path, text) == [
        "fujita.yml:7:14: projects.b.address: port 8000 is also that of projects.a (line 4, column 14):"
        " write another, such as 0.0.0.0:8001"
    ]


def test_a_port_from_elsewhere_is_said_where_the_project_is(tmp_path: Path) -> None:
    """There another one has to be written, not in the merged table or the defaults."""
    text = "projects:\n  a: &a {directory: a, address: 8000}\n  b:\n    <<: *a\n"
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(
        "fujita.yml:3:3: projects.b.address: port 8000 is also that of projects.a (line 2, column 33)"
    )
    text = "projects: {a: {directory: a}, b: {directory: b}}\ndefaults: {address: 8001}"
    (found,) = mistakes(tmp_path, text)
    assert found.startswith("fujita.yml:1:31: projects.b.address: port 8001 is also that of projects.a (line 1, col")


def test_the_consoles_port_is_taken_too(tmp_path: Path) -> None:
    project = "projects: {a: {directory: a, address: 9000}}"
    assert "port 9000 is also that of the console: write" in mistakes(tmp_path, project)[0]
    found = mistakes(tmp_path, f"console: {{listen: 8000}}\n{GOOD}")
    assert found[0].startswith(
        "fujita.yml:2:12: projects.a.address: port 8000 is also that of the console (line 1, col"
    )
    config(tmp_path, f"console: {{listen: 0.0.0.0:9001}}\n{project}")


def test_a_worker_takes_no_port(tmp_path: Path) -> None:
    config(tmp_path, "projects: {a: {directory: a}, b: {directory: b, command: [x]}, c: {directory: c, command: x}}")


def test_a_mistake_in_defaults_is_said_once_at_its_place(tmp_path: Path) -> None:
    text = "defaults: {cache: x, environment: {A: ~}}\nprojects:\n"
    text += "".join(f"  p{port}: {{directory: x, address: {port}}}\n" for port in range(8000, 8020))
    found = mistakes(tmp_path, text)
    assert [line.split(" must")[0].split(" has")[0] for line in found] == [
        "fujita.yml:1:19: defaults.cache:",
        "fujita.yml:1:39: defaults.environment.A:",
    ]


def test_a_mistake_in_a_merged_table_is_said_once(tmp_path: Path) -> None:
    text = "projects:\n  a: &a {directory: x, autostart: yes}\n  b: {<<: *a, address: 8001}\n"
    assert mistakes(tmp_path, text) == [
        "fujita.yml:2:35: projects.a.autostart: is 'yes': write true, without quotes",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("..", "has . (U+002E)"),
        ("a/b", "has / (U+002F)"),
        ("Api", "has A (U+0041)"),
        ("<b>", "has < (U+003C), > (U+003E)"),
        ("a b", "has   (U+0020)"),
        ("\\u202etxt", "has U+202E"),
        ("a\\u200bb", "has U+200B"),
        ("bl\\u043eg", "has U+043E"),
        ("\\u0661", "has U+0661"),
        ("_a", "begins with _"),
        ("", "a project needs a name"),
        ("a" * 300, "is 300 characters long: write 64 at most"),
    ],
)
def test_a_strange_name_is_said_by_its_code_points(tmp_path: Path, name: str, shown: str) -> None:
    (found,) = mistakes(tmp_path, f'projects: {{"{name}": {{directory: x}}}}')
    assert shown in found
    assert found.isprintable()


@pytest.mark.parametrize("name", ["api", "1", "no", "blog-2", "b_c", "a" * 64])
def test_other_names_are_fine(tmp_path: Path, name: str) -> None:
    assert list(config(tmp_path, f"projects: {{{name}: {{directory: x}}}}").projects) == [name]


def test_a_title_may_hold_what_a_page_isolates(tmp_path: Path) -> None:
    text = 'projects: {a: {directory: x, title: "<b>\\u202e\\u200b ☃"}}'
    assert config(tmp_path, text).projects["a"].title == "<b>\u202e\u200b ☃"


def test_a_report_is_short_whatever_is_wrong(tmp_path: Path) -> None:
    wrong = "".join(f"  {'Ä' * 500}{number}: [\U0001f382]\n" for number in range(1000))
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, f"projects:\n{wrong}"))
    report = str(caught.value)
    assert len(report.encode()) <= 16 * 1024
    lines = report.splitlines()
    assert len(lines) == len(caught.value.mistakes) + 1
    assert lines[-1] == f"and {2000 - len(caught.value.mistakes)} more mistakes"


def test_a_strange_file_name_stays_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a\nb\u202e.yml"
    path.write_text("")
    with pytest.raises(ConfigError, match=r"^'a\\nb\\u202e.yml':1:1: the file is empty"):
        load(path)
