"""The daemon under measurement, and containerd in front of it."""
import contextlib, subprocess, time

from rig import IN_CLIENT, LIGHTER, containerd


@contextlib.contextmanager
def snapshotter(disk, log, options=()):
    """`lighter snapshotter` with everything on that disk; yields its socket and process."""
    socket = disk / "lighter.sock"
    with open(log, "ab") as out:
        p = subprocess.Popen(IN_CLIENT + [LIGHTER, "snapshotter", "--address", str(socket), "--root", str(disk / "lighter"),
                                          "--plain-http", *options], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + 30
            while not socket.exists():
                if p.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"lighter snapshotter did not start; see {log}")
                time.sleep(0.02)
            yield socket, p
        finally:
            p.terminate()
            try:
                p.wait(timeout=60)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()


@contextlib.contextmanager
def both(disk, log, options=()):
    """Yields containerd's socket and the snapshotter's process."""
    with snapshotter(disk, log, options) as (socket, p), containerd(disk, log, socket) as (address, _):
        yield address, p
