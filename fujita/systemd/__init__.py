"""What passes between the sidecar and systemd, by protocols used as written: sd_notify(3), sd_listen_fds(3),
and the journal's own. Outside of systemd all of it does nothing. Knows nothing of what is supervised."""

from fujita.systemd.journal import Journal, JournalFollower
from fujita.systemd.notify import Notifier
from fujita.systemd.sockets import Passed, PassedSocketError, passed

__all__ = ["Journal", "JournalFollower", "Notifier", "Passed", "PassedSocketError", "passed"]
