"""What one Prepare costs, by the number of an image's layers; and images made for it."""
import gzip, hashlib, io, json, pathlib, shutil, statistics, subprocess, sys, tarfile

from daemon import snapshotter
from rig import IN_CLIENT, LIGHTER, TOP, cell, command_line, machine, publish, reference, run, sh


def layer_tar(seed, number, files):
    """A layer of many small files; the lowest has busybox, too."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        if number == 0:
            tar.add("/bin/busybox", "bin/busybox")
        for n in range(files):
            entry = tarfile.TarInfo(f"srv/{number}/{n // 500:03d}/a-file-{n:06d}")
            data = f"image {seed}, layer {number}, file {n}\n".encode() * (1 + n % 40)
            entry.size, entry.mtime = len(data), 1_700_000_000 + n
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def push_image(o, rig, name, layers, files, seed=0, command=("/bin/busybox", "true")):
    """Makes an image, converts it, pushes it; returns its reference."""
    layout = rig.work / "made" / name
    shutil.rmtree(layout, ignore_errors=True)
    (layout / "blobs/sha256").mkdir(parents=True)

    def put(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        (layout / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest, "size": len(data)}

    tars = [layer_tar(seed, n, files) for n in range(layers)]
    blobs = [put("layer.v1.tar+gzip", gzip.compress(tar, 1, mtime=0)) for tar in tars]
    config = put("config.v1+json", json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": list(command)}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]}}).encode())
    manifest = put("manifest.v1+json", json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                                                   "config": config, "layers": blobs}).encode())
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
        {**manifest, "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}))
    target = rig.work / "made-converted" / name
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    run([LIGHTER, "convert", "--root", str(rig.work / "prepare-root"), "--progress", "none", "--to", o.to,
         f"oci:{layout}:latest", f"oci:{target}:latest"], rig.log)
    rig.registry.push(target, name)
    return reference(name)


def manifest_of(rig, name):
    """Digest of the converted image's manifest, and of each layer its digest and chain id."""
    layout = rig.work / "made-converted" / name
    document = lambda digest: json.loads((layout / "blobs" / digest.replace(":", "/")).read_text())
    digest = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    manifest = document(digest)
    pairs, chain = [], None
    for layer, diff in zip(manifest["layers"], document(manifest["config"]["digest"])["rootfs"]["diff_ids"]):
        chain = "sha256:" + hashlib.sha256(f"{chain} {diff}".encode()).hexdigest() if chain else diff
        pairs.append(f"{layer['digest']}={chain}")
    return digest, pairs


def client():
    """The command of the program that calls Prepare; one that optimizes itself meanwhile would take a processor."""
    java = pathlib.Path(sh(LIGHTER, "--java-home").strip()) / "bin/java"
    return [str(java), "-XX:TieredStopAtLevel=1", "-cp", f"{TOP}/app/target/lighter/lib/lighter.jar:{TOP}/bench/target/classes",
            "io.lighterage.bench.PrepareLatency"]


WARM_UP = 20  # rounds


def measure(o, rig):
    rows = []
    for count in o.layers:
        name = f"layers{count}"
        ref = push_image(o, rig, name, count, 500)
        digest, layers = manifest_of(rig, name)
        with rig.disk.fresh() as d, snapshotter(d, rig.log, ["--no-background"]) as (socket, _):
            command = IN_CLIENT + client() + [str(socket), ref, digest]
            done = subprocess.run(command + [str(WARM_UP + o.rounds)] + layers, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                raise SystemExit(f"PrepareLatency failed: {done.stderr[-2000:]}")
        calls = [call for call in ([int(x) for x in line.split()] for line in done.stdout.splitlines()) if call[0] >= WARM_UP]
        first = [us / 1000 for _, layer, us in calls if layer == 0]
        later = [us / 1000 for _, layer, us in calls if 0 < layer < count]
        container = [us / 1000 for _, layer, us in calls if layer == count]
        rows.append((count, first, later, container))
        print(f"{count} layers: {len(calls)} calls", file=sys.stderr, flush=True)
    lines = ["# bench/containerd prepare", "", "Made by: `" + command_line("bench/containerd/run") + "`", machine() + ".",
             "Milliseconds of one Prepare at the socket, over unshaped links, of images of so many layers of 500 files: the"
             " first layer's, in which the whole image is resolved and opened; the others', which are answered from memory"
             " (and made durable); the container's, in which the tree is mounted. Before each round all snapshots are removed;"
             f" {WARM_UP} rounds before them warm up both the daemon and the program that calls it, which is a JVM, too.", "",
             "| layers | rounds | first layer | others: median (min – max) | others: p99 | n | container's |",
             "|--:|--:|--:|--:|--:|--:|--:|"]
    for count, first, later, container in rows:
        p99 = f"{statistics.quantiles(later, n=100)[98]:.2f}" if len(later) > 1 else ""
        lines.append(f"| {count} | {len(first)} | {cell(first)} | {cell(later) if later else ''} | {p99} | {len(later)} | {cell(container)} |")
    publish(lines, o.out)
