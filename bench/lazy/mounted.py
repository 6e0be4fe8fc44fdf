"""Lazy mounts of the benchmark: one foreground `lighter mount` each."""
import contextlib, signal, subprocess, time

from container import wait_for_line
from rig import IN_CLIENT, LIGHTER


@contextlib.contextmanager
def mounted(root, reference, at, log, options=()):
    """Mounts and unmounts; yields the process when the tree can be read."""
    at.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as err:
        p = subprocess.Popen(
            IN_CLIENT + [LIGHTER, "mount", "--root", str(root), "--plain-http", "--progress", "none", *options, reference, str(at)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
        try:
            wait_for_line(p.stdout, "sha256:", 600, time.monotonic, f"lighter mount {reference}; see {log}")
            yield p
        finally:
            subprocess.run(["umount", str(at)], stderr=err)
            try:
                p.wait(timeout=20)
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGTERM)
                subprocess.run(["umount", "-l", str(at)], stderr=err)
                p.wait(timeout=20)
