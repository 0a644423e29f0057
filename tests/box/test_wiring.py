"""fujita.rb reads fujita.yml as the sidecar does: the same ports, and the same words at the same places."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fujita.config.load import ConfigError, load
from tests.box.box import HERE, ROOT

pytestmark = pytest.mark.box

READ = f"""
require "json"
require "vagrant"
require "{ROOT}/deploy/vagrant/fujita"
puts JSON.dump(ARGV.map {{ |path|
  settings = Fujita::Settings.new(path, "fujita.yml")
  [settings.console_port, settings.sites.map(&:to_a), settings.mistakes]
}})
"""

RIGHT = {
    "least": "projects:\n  blog: {directory: blog}\n",
    "ports": "projects:\n  a: {directory: a, address: 8000}\n  b: {directory: b, address: '[::]:8001'}\n"
    "  c: {directory: c, address: 0:8002, title: The c}\n  d: {directory: d, address: localhost:8003}\n",
    "command": "projects:\n  a: {directory: a}\n  b: {directory: b, command: make}\n"
    "  c: {directory: c, command: [x], address: 8009}\n",
    "console": "console: {listen: 0.0.0.0:9123}\nprojects:\n  a: {directory: a}\n",
    "no console": "console:\nprojects:\n  a: {directory: a, address: ~}\n",
    "defaults": "defaults: {address: 127.0.0.1:8100}\nprojects:\n  a: {directory: a}\n"
    "  b: {directory: b, address: null}\n",
    "default command": "defaults: {command: make}\nprojects:\n  a: {directory: a}\n"
    "  b: {directory: b, command: null}\n",
    "merges": "defaults: &base {address: 8100}\nprojects:\n  a: &a {<<: *base, directory: a}\n"
    "  b: {<<: [{address: 8101}, *a], directory: b}\n  c: {directory: c, address: '8102'}\n",
    "byte order mark": "\ufeffprojects:\r\n  blog: {directory: blog}\r\n",
}
WRONG = {
    "empty": "",
    "comment": "# nothing\n",
    "null": "~\n",
    "list": "- a\n",
    "no projects": "console: {listen: 9000}\n",
    "null projects": "console: {listen: 9000}\nprojects:\n",
    "empty projects": "projects: {}\n",
    "projects a list": "projects: [a]\n",
    "project a text": "projects:\n  a: 5\n  b: {directory: b}\n",
    "two defaults": "projects:\n  a: {directory: a}\n  b: {directory: b}\n  c: {directory: c}\n",
    "two addresses": "projects:\n  a:\n    directory: a\n    address: 0.0.0.0:8001\n"
    "  b:\n    directory: b\n    address: '[::]:8001'\n",
    "address of defaults": "defaults: {address: 8001}\nprojects:\n  a: {directory: a}\n  b: {directory: b}\n",
    "the console's own": "projects:\n  a: {directory: a, address: 9000}\n",
    "the console's": "console: {listen: 0.0.0.0:8000}\nprojects:\n  a: {directory: a}\n",
    "no address": "console: {listen: hello}\nprojects:\n  a: {directory: a, address: 22:22}\n",
    "two at one place": "projects: {a: {directory: a}, b: {directory: b, address: hello}, c: {directory: c}}\n",
    "bad ports": "projects:\n  a: {directory: a, address: 0}\n  b: {directory: b, address: 65536}\n"
    "  c: {directory: c, address: 08000}\n  d: {directory: d, address: 8_000}\n",
}
UNREADABLE = {
    "open bracket": "projects:\n  a: [\n",
    "tab": "projects:\n\ta: {directory: a}\n",
    "half a key": "projects:\n  a: {directory: a}\n  b\n",
    "bad indent": "projects:\n  a:\n    directory: a\n   address: 8000\n",
    "open quote": 'projects:\n  a: {directory: "a}\n',
    "two colons": "projects:\n  a: b: c\n",
}
ALL = {**RIGHT, **WRONG, **UNREADABLE}


@pytest.fixture(scope="module")
def read(base: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    """Every config: its file, and what Ruby says of it. All in one go, as Vagrant takes its time to load."""
    subprocess.run([HERE / "vagrant-box", "setup"], check=True, timeout=600)
    paths = []
    for name, text in ALL.items():
        folder = tmp_path_factory.mktemp(name.replace(" ", "-").replace("'", ""))
        paths.append(folder / "fujita.yml")
        paths[-1].write_bytes(text.encode())
    output = subprocess.run(["ruby", "-e", READ, *paths], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    return dict(zip(ALL, zip(paths, json.loads(output), strict=True), strict=True))


@pytest.mark.parametrize("name", RIGHT)
def test_ports_are_those_of_the_sidecar(name: str, read: dict[str, tuple[Path, Any]]) -> None:
    path, (console_port, sites, mistakes) = read[name]
    assert mistakes == []
    config = load(path)
    assert console_port == config.console.port
    assert sites == [[one.title, one.host, one.port] for one in config.projects.values() if one.port]


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_those_of_the_sidecar(name: str, read: dict[str, tuple[Path, Any]]) -> None:
    path, (_, _, mistakes) = read[name]
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert mistakes == str(caught.value).split("\n")


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_yaml_is_said_with_its_line(name: str, read: dict[str, tuple[Path, Any]]) -> None:
    """The parser that both use tells Ruby only where it began to read the part that went wrong."""
    path, (_, _, (mistake,)) = read[name]
    with pytest.raises(ConfigError) as caught:
        load(path)
    line = re.match(r"fujita.yml:(\d+):\d+: can't be read: ", mistake)
    assert line and int(line[1]) <= caught.value.mistakes[0].line
