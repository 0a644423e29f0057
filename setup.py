"""What Fujita is made of, and why each part that is not its own is there."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = (HERE / "fujita" / "__init__.py").read_text().split('"')[-2]

setup(
    name="fujita",
    version=VERSION,
    description="A development console for Django: runserver, supervised, with its output in every browser",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10",
    packages=find_packages(include=["fujita", "fujita.*"]),
    include_package_data=True,
    data_files=[  # what `fujita init`, `fujita help` and provision.sh take from an installed Fujita
        ("share/fujita/systemd", ["deploy/systemd/fujita.service", "deploy/systemd/fujita.socket"]),
        ("share/fujita/vagrant", ["deploy/vagrant/fujita.rb", "deploy/vagrant/provision.sh"]),
        ("share/fujita/docs", [f"docs/{page.name}" for page in sorted(HERE.glob("docs/*.md"))]),
    ],
    install_requires=[
        "tornado>=6.5",  # HTTP and WebSockets
        "pyyaml>=6.0",  # fujita.yml, with the place of every value
        "sdnotify>=0.3",  # READY, STATUS and WATCHDOG to systemd
        "pydantic>=2.7",  # the config's types, defaults, errors and JSON Schema from one model
        "psutil>=7.1",  # process trees, their memory and CPU; 7.1 knows them whatever the clock does
        "orjson>=3.10",  # the JSON of a flood in a third of the time that pydantic takes: nothing else costs as much
    ],
    extras_require={
        "test": [
            "pytest>=8",  # the promises
            "pytest-asyncio>=0.24",  # tests that talk to a sidecar are coroutines
            "pytest-xdist>=3.6",  # most tests wait for something: several at a time wait together
            "hypothesis>=6",  # random cuts, random bytes, random buttons
            "build>=1",  # the wheel and the sdist, installed by a test
            "jsonschema>=4",  # the example validates against the published schema
            "playwright>=1.45",  # drives Debian's chromium
            "ruff>=0.6",
            "mypy>=1.11",
            "types-PyYAML",
            "types-jsonschema",
            "types-psutil",
        ]
    },
    entry_points={"console_scripts": ["fujita = fujita.cli:main"]},
)
