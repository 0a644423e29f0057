"""`pip install` brings everything: a wheel and an sdist, each in an environment that knows nothing of this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sidecar import ROOT

CONFIG = "console: {listen: '127.0.0.1:0'}\nprojects: {quiet: {directory: ., command: [sleep, '600']}}\n"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """A wheel and an sdist, made as for a release, but of a copy: setuptools leaves its marks where it builds."""
    checkout, dist = tmp_path_factory.mktemp("checkout") / "fujita", tmp_path_factory.mktemp("dist")
    kept_out = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "tests", "node_modules")
    shutil.copytree(ROOT, checkout, ignore=kept_out)
    subprocess.run([sys.executable, "-m", "build", "--outdir", dist, checkout], check=True, capture_output=True)
    yield {"wheel": next(dist.glob("*.whl")), "sdist": next(dist.glob("*.tar.gz"))}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_an_installed_fujita_has_everything(packages: dict[str, Path], kind: str, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    site = next(home.glob("lib/python3*/site-packages"))
    # The dependencies are those of this environment; only Fujita itself is new.
    (site / "dependencies.pth").write_text(f"{next(Path(sys.prefix).glob('lib/python3*/site-packages'))}\n")
    install: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        home / "bin/python",
        "install",
        "--quiet",
        "--no-deps",
    ]
    subprocess.run([*install, "--ignore-installed", packages[kind]], check=True, env=clean(), cwd=tmp_path)
    fujita = home / "bin/fujita"

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [fujita, *arguments], env=clean(), cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout

    where = subprocess.run(
        [home / "bin/python", "-c", "import fujita; print(fujita.__file__)"],
        env=clean(), cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert str(home) in where, "it is the installed one that is tested"
    page = ROOT / "fujita/web/page"
    served = {str(file.relative_to(page)) for file in page.rglob("*") if file.is_file()}
    installed = site / "fujita/web/page"
    assert served == {str(file.relative_to(installed)) for file in installed.rglob("*") if file.is_file()}
    for file in ("systemd/fujita.service", "systemd/fujita.socket", "vagrant/fujita.rb", "vagrant/provision.sh"):
        assert (home / "share/fujita" / file).read_bytes() == (ROOT / "deploy" / file).read_bytes()
    assert run("help", "api") == (ROOT / "docs/api.md").read_text()
    assert run("schema") == (ROOT / "config/fujita.schema.json").read_text()
    (tmp_path / "site").mkdir()
    (tmp_path / "site/manage.py").write_text('import django  # "DJANGO_SETTINGS_MODULE", "x.settings"\n')
    assert "wrote .fujita/provision.sh" in run("init", "site")
    answers_on_its_own(fujita, tmp_path)


def answers_on_its_own(fujita: Path, folder: Path) -> None:
    """The installed sidecar serves the console's page."""
    (folder / "fujita.yml").write_text(CONFIG)
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    process = subprocess.Popen(
        [fujita, "serve"],
        cwd=folder,
        env={**clean(), "RUNTIME_DIRECTORY": str(runtime)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr
        line = process.stderr.readline()
        assert "listening on http://127.0.0.1:" in line, line
        url = line.split()[-1]
        opened = subprocess.run(
            [fujita, "open", "--url", url], env=clean(), cwd=folder, capture_output=True, text=True, check=True
        )
        assert opened.stdout.strip() == url
    finally:
        process.terminate()
        process.communicate(timeout=20)


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("FUJITA_", "PYTHON", "PIP_"))}
