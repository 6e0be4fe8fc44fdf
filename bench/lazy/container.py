"""Starts an image's command with runc in a given root, and waits for the line that says it is ready."""
import contextlib, json, os, select, subprocess, time

from rig import sh

CAPABILITIES = ["CAP_" + c for c in "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP "
                "NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE".split()]
MOUNTS = [("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
          ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
          ("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
          ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
          ("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"])]


def specification(root, config):
    """A runtime specification with docker's usual capabilities and a network of its own. These images run as root."""
    c = config["config"]
    return {"ociVersion": "1.0.2", "root": {"path": str(root), "readonly": False}, "hostname": "bench",
            "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "cwd": c.get("WorkingDir") or "/",
                        "args": (c.get("Entrypoint") or []) + (c.get("Cmd") or []), "env": c.get("Env") or [],
                        "noNewPrivileges": True, "capabilities": {s: CAPABILITIES for s in ("bounding", "effective", "permitted")}},
            "mounts": [{"destination": d, "type": t, "source": s, "options": o} for d, t, s, o in MOUNTS],
            "linux": {"namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount")],
                      "cgroupsPath": f"/lighter-bench-{os.getpid()}"}}


def until_ready(bundle, root, config, until, seconds, log, seen):
    """Runs the container until a line of its output begins with `until`, then removes it; returns what `seen` returned
    at that moment."""
    bundle.mkdir(parents=True)
    (bundle / "config.json").write_text(json.dumps(specification(root, config)))
    name = f"bench-{os.getpid()}"
    runc = ["runc", "--root", str(bundle / "state")]
    with open(log, "ab") as err:
        p = subprocess.Popen(runc + ["run", "--bundle", str(bundle), name], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=err)
        try:
            return wait_for_line(p.stdout, until, seconds, seen, f"{' '.join(config['config'].get('Entrypoint') or [])}; see {log}")
        finally:
            subprocess.run(runc + ["kill", name, "KILL"], stdout=err, stderr=err)
            p.wait(timeout=30)
            subprocess.run(runc + ["delete", "--force", name], stdout=err, stderr=err)


def wait_for_line(pipe, until, seconds, seen, what):
    """Reads until a line begins with `until`, and returns what `seen` returns then."""
    deadline, text = time.monotonic() + seconds, b""
    while time.monotonic() < deadline:
        readable, _, _ = select.select([pipe], [], [], deadline - time.monotonic())
        if not readable:
            break
        piece = os.read(pipe.fileno(), 1 << 16)
        text += piece
        if any(line.startswith(until.encode()) for line in text.split(b"\n")):
            return seen()
        if not piece:
            raise SystemExit(f"ended before it printed '{until}': {what}; it printed {text[-500:]!r}")
    raise SystemExit(f"no line '{until}' within {seconds} s: {what}; it printed {text[-500:]!r}")


@contextlib.contextmanager
def overlay(lower, at):
    """A writable root over read-only ones (topmost first)."""
    for name in ("upper", "work", "root"):
        (at / name).mkdir(parents=True)
    sh("mount", "-t", "overlay", "overlay", "-o",
       f"lowerdir={':'.join(map(str, lower))},upperdir={at / 'upper'},workdir={at / 'work'}", str(at / "root"))
    try:
        yield at / "root"
    finally:
        sh("umount", str(at / "root"))
