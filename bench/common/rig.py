"""What the benchmarks share: a client and a registry in network namespaces of their own, a link between them, fresh
disks, and what a program used. Needs root and Debian's iproute2, e2fsprogs, docker-registry and skopeo."""
import contextlib, json, os, pathlib, re, shutil, statistics, subprocess, sys, time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
LIGHTER = str(TOP / "lighter")
CLI, REG, ADDR, CLIENT = "lb-cli", "lb-reg", "10.98.0.1", "10.98.0.2"
IN_CLIENT = ["nsenter", f"--net=/run/netns/{CLI}"]
IN_REGISTRY = ["nsenter", f"--net=/run/netns/{REG}"]
# Of a full frame's 1538 bytes on the wire (MTU 1500 and 38 of Ethernet) TCP with timestamps carries so many.
PAYLOAD = 1448 / 1538


def sh(*cmd, **kw):
    done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)
    if done.returncode != 0:
        raise SystemExit(f"failed ({done.returncode}): {' '.join(cmd)}\n{done.stderr[-2000:]}")
    return done.stdout


def reference(image, tag="latest"):
    return f"{ADDR}:5000/{image}:{tag}"


class Net:
    """Two namespaces joined by a veth pair, whose registry side can be shaped with tbf, or by a slower link. The
    addresses are the same over any of them."""

    def __init__(self):
        self.carrier = self.inside = None

    def up(self):
        self.down()
        for n in (CLI, REG):
            sh("ip", "netns", "add", n)
            sh("ip", "-n", n, "link", "set", "lo", "up")
        sh("ip", "link", "add", "lbv", "netns", CLI, "type", "veth", "peer", "name", "lbv", "netns", REG)
        for n, a in ((REG, ADDR), (CLI, CLIENT)):
            sh("ip", "-n", n, "addr", "add", a + "/32", "dev", "lo")
            sh("ip", "-n", n, "link", "set", "lbv", "up")
        self.route("lbv")
        self.inside = subprocess.Popen(IN_CLIENT + ["sleep", "infinity"])  # its /proc shows the client's devices

    def route(self, device):
        sh("ip", "-n", CLI, "route", "replace", ADDR + "/32", "dev", device, "src", CLIENT)
        sh("ip", "-n", REG, "route", "replace", CLIENT + "/32", "dev", device, "src", ADDR)
        for n in (CLI, REG):  # else a connection would begin with what the last one learned of another link
            subprocess.run(["ip", "-n", n, "tcp_metrics", "flush", "all"], stderr=subprocess.DEVNULL)

    def shape(self, rate):
        subprocess.run(["tc", "-n", REG, "qdisc", "del", "dev", "lbv", "root"], stderr=subprocess.DEVNULL)
        if rate:
            if shutil.which("ethtool"):
                sh("ip", "netns", "exec", REG, "ethtool", "-K", "lbv", "tso", "off", "gso", "off")
            sh("tc", "-n", REG, "qdisc", "add", "dev", "lbv", "root", "tbf", "rate", rate, "burst", "128kb", "latency", "60ms")

    def link(self, mbit=None, rtt_ms=0.0):
        """The veth pair, or a line of that rate and round trip; see link.py."""
        self.unlink()
        if mbit is None:
            return self.route("lbv")
        self.carrier = subprocess.Popen(
            [sys.executable, str(TOP / "bench/common/link.py"), CLI, REG, "--rate", str(mbit), "--rtt", str(rtt_ms),
             "--device", "lbt"], stdout=subprocess.PIPE, text=True)
        if self.carrier.stdout.readline().strip() != "up":
            raise SystemExit("the link did not come up; it needs /dev/net/tun")
        for n in (CLI, REG):
            sh("ip", "-n", n, "link", "set", "lbt", "mtu", "1500", "txqueuelen", "1000", "up")
        self.route("lbt")

    def unlink(self):
        if self.carrier:
            self.carrier.terminate()
            self.carrier.wait()
            self.carrier = None
            for _ in range(100):  # the devices go with the last process that holds them
                if "lbt" not in sh("ip", "-n", CLI, "-br", "link"):
                    break
                time.sleep(0.05)

    def received(self):
        """Bytes that came to the client: whole packets, without Ethernet headers where the line is slow."""
        devices = pathlib.Path(f"/proc/{self.inside.pid}/net/dev").read_text()
        return sum(int(n) for n in re.findall(r"^ *lb.: *(\d+)", devices, re.M))

    def measure(self, url):
        """What one connection gets: Mbit/s of payload, and the shortest of ten handshakes in ms."""
        speed = sh(*IN_CLIENT, "curl", "-sfL", "-o", "/dev/null", "-w", "%{speed_download}", url)
        connects = [float(sh(*IN_CLIENT, "curl", "-sf", "-o", "/dev/null", "-w", "%{time_connect}",
                             f"http://{ADDR}:5000/v2/")) for _ in range(10)]
        return float(speed) * 8 / 1e6, min(connects) * 1000

    def down(self):
        self.unlink()
        if self.inside:
            self.inside.kill()
            self.inside.wait()
            self.inside = None
        for n in (CLI, REG):
            subprocess.run(["ip", "netns", "del", n], stderr=subprocess.DEVNULL)


class Disk:
    """A fresh ext4 a run: recently freed inodes on a long-lived one make later unpacking up to four times slower."""

    def __init__(self, work, gib):
        self.file, self.at, self.gib = work / "disk.img", work / "disk", gib

    @contextlib.contextmanager
    def fresh(self):
        if not self.file.exists():
            sh("fallocate", "-l", f"{self.gib}G", str(self.file))
        sh("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self.file))
        self.at.mkdir(exist_ok=True)
        for attempt in range(20):  # a free loop device may be taken between being found and being used
            if subprocess.run(["mount", "-o", "loop", str(self.file), str(self.at)]).returncode == 0:
                break
            time.sleep(0.1)
        else:
            raise SystemExit(f"cannot mount {self.file}")
        try:
            yield self.at
        finally:
            for _ in range(50):
                if subprocess.run(["umount", str(self.at)], stderr=subprocess.DEVNULL).returncode == 0:
                    break
                time.sleep(0.1)
            else:
                raise SystemExit(f"cannot unmount {self.at}")


class Layouts:
    """A folder of OCI layouts, one an image, tagged latest."""

    def __init__(self, at):
        self.at = at

    def blob(self, image, digest):
        return self.at / image / "blobs" / digest.replace(":", "/")

    def document(self, image, digest):
        return json.loads(self.blob(image, digest).read_text())

    def manifest(self, image):
        index = json.loads((self.at / image / "index.json").read_text())
        return self.document(image, index["manifests"][0]["digest"])

    def config(self, image):
        return self.document(image, self.manifest(image)["config"]["digest"])

    def layers(self, image):
        return [self.blob(image, layer["digest"]) for layer in self.manifest(image)["layers"]]

    def compressed(self, image):
        """MB of its layers."""
        return sum(f.stat().st_size for f in self.layers(image)) / 1e6


def cpu_of(pid):
    """user + system seconds of a process and its reaped children."""
    f = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(x) for x in f[11:15]) / os.sysconf("SC_CLK_TCK")


def memory_of(pid, field="VmHWM"):
    """A line of its status or smaps_rollup, in MiB; 0 when there is none."""
    for name in ("status", "smaps_rollup"):
        m = re.search(field + r":\s+(\d+)", pathlib.Path(f"/proc/{pid}/{name}").read_text())
        if m:
            return int(m.group(1)) / 1024
    return 0


def run(cmd, log, prefix=IN_CLIENT):
    """Runs a command in the client's namespace; returns wall, cpu, rss in MiB."""
    t = time.monotonic()
    with open(log, "ab") as out:
        p = subprocess.Popen(prefix + cmd, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, use = os.wait4(p.pid, 0)
    p.returncode = status
    if status != 0:
        raise SystemExit(f"failed ({status}): {' '.join(cmd)}; see {log}")
    return time.monotonic() - t, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024


@contextlib.contextmanager
def containerd(disk, log, snapshotter=None):
    """A containerd with everything on that disk; yields its socket and pid. A snapshotter, if there is one, is the
    socket of what it calls `lighter`."""
    conf = disk / "config.toml"
    plugin = f'[proxy_plugins.lighter]\n type = "snapshot"\n address = "{snapshotter}"\n' if snapshotter else ""
    conf.write_text(f'version = 2\nroot = "{disk}/containerd"\nstate = "{disk}/run"\ndisabled_plugins = '
                    '["io.containerd.grpc.v1.cri"]\n[grpc]\n address = "%s/c.sock"\n' % disk + plugin)
    with open(log, "ab") as out:
        d = subprocess.Popen(IN_CLIENT + ["containerd", "--config", str(conf)], stdout=out, stderr=out)
        while not (disk / "c.sock").exists():
            time.sleep(0.02)
        time.sleep(0.3)
        try:
            yield str(disk / "c.sock"), d.pid
        finally:
            d.terminate()
            d.wait()


class Registry:
    """Debian's docker-registry in the registry's namespace, with nothing in it at first."""

    def __init__(self, work):
        data, conf = work / "registry", work / "registry.yml"
        shutil.rmtree(data, ignore_errors=True)
        conf.write_text(f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage:\n  filesystem: "
                        f"{{rootdirectory: {data}}}\n  cache: {{blobdescriptor: inmemory}}\nhttp: {{addr: '0.0.0.0:5000'}}\n")
        self.process = subprocess.Popen(IN_REGISTRY + ["docker-registry", "serve", str(conf)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if subprocess.run(IN_REGISTRY + ["curl", "-sf", "http://127.0.0.1:5000/v2/"], stdout=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.1)
        raise SystemExit("docker-registry does not answer")

    def push(self, layout, image, tag="latest"):
        """A layout's image of that tag, as it is."""
        sh(*IN_REGISTRY, "skopeo", "copy", "-q", "--dest-tls-verify=false", "--preserve-digests",
           f"oci:{layout}:{tag}", f"docker://{reference(image, tag)}")

    def close(self):
        self.process.kill()
        self.process.wait()


def spread(xs):
    return {"median": round(statistics.median(xs), 3), "min": round(min(xs), 3), "max": round(max(xs), 3), "n": len(xs)}


def cell(xs):
    s = spread(xs)
    return f"{s['median']} ({s['min']} – {s['max']})"


def command_line(name):
    """As it was given, with the folders of this machine left out."""
    return " ".join([name] + ["…" if a.startswith("/") else a for a in sys.argv[1:]])


def machine():
    return f"Machine: {os.cpu_count()} cores, Linux {os.uname().release}; date {time.strftime('%Y-%m-%d')}"


def publish(lines, out):
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if out:
        out.write_text(text)
