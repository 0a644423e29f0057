"""Keeps every project's log copied into the journal, whatever projects come and go."""

from __future__ import annotations

from fujita.project.tasks import Tasks
from fujita.stream.cache import Cache
from fujita.supervisor import Supervisor
from fujita.systemd.journal import Journal, JournalFollower


async def copy_logs(supervisor: Supervisor, journal: Journal) -> None:
    """Follows the log of each project until it is cancelled; then, and when a project goes, copies its last words."""
    following: dict[str, tuple[Cache, JournalFollower]] = {}
    tasks = Tasks()
    try:
        while True:
            cursor = supervisor.board.version
            logs = {name: project.cache for name, project in supervisor.projects.items()}
            for name in [name for name, (cache, _) in following.items() if logs.get(name) is not cache]:
                await tasks.end(name)
                following.pop(name)[1].finish()
            for name in logs.keys() - following.keys():
                follower = JournalFollower(logs[name], name, journal)
                following[name] = logs[name], follower
                tasks.start(name, follower.run())
            await supervisor.board.wait(cursor)
    finally:
        await tasks.close()
        for _, follower in following.values():
            follower.finish()
        journal.close()
