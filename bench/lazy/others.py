"""Beside the start: the mounted tree once its bytes are here, memory with many files, and the speed of convert."""
import contextlib, hashlib, io, json, os, pathlib, re, subprocess, sys, tarfile, time, zlib

import container
from mounted import mounted
from rig import (LIGHTER, cell, command_line, containerd, cpu_of, machine, memory_of, publish, reference, run)

PASSES = {"find": "find . -xdev > /dev/null",
          "stat": "find . -xdev -printf '%i %s %T@\\n' > /dev/null",
          "read": "find . -xdev -type f -print0 | xargs -0 -n 1000 cat > /dev/null"}


def timed(script, at):
    t = time.monotonic()
    subprocess.run(["bash", "-c", "set -o pipefail; " + script], cwd=at, check=True)
    return time.monotonic() - t


def warm(o, rig):
    """Passes over a tree whose bytes have all been read once, beside overlayfs over the unpacked layers."""
    lines = ["# bench/lazy warm", "", "Made by: `" + command_line("bench/lazy/run") + "`", machine() + ".",
             "Passes over the whole tree after everything in it was read once: the lazy mount beside overlayfs over"
             " `lighter unpack --layers`, alternating.", "",
             "| image | pass | n | overlayfs s | lazy mount s | ratio |", "|---|---|--:|--:|--:|--:|"]
    for image in o.images:
        work = rig.work / "converted" / image
        work.mkdir(parents=True, exist_ok=True)
        run([LIGHTER, "convert", "--root", str(rig.work / "prepare-root"), "--progress", "none", "--to", o.to,
             f"oci:{rig.layouts.at / image}:latest", f"oci:{work}:plain"], rig.log)
        rig.registry.push(rig.layouts.at / image, image)
        rig.registry.push(work, image, "plain")
        with rig.disk.fresh() as d:
            run([LIGHTER, "unpack", "--layers", "--root", str(d / "root"), "--plain-http", "--progress", "none",
                 reference(image), str(d / "layers")], rig.log)
            lower = sorted((d / "layers").iterdir(), reverse=True)
            with container.overlay(lower, d / "local") as local, \
                    mounted(d / "lazy-root", reference(image, "plain"), d / "lazy", rig.log, o.mount_options):
                rows = {name: [] for name in PASSES}
                for at in (local, d / "lazy"):
                    first = {name: timed(script, at) for name, script in PASSES.items()}
                    print(f"first {image} {at.name}: {first}", file=sys.stderr, flush=True)
                for _ in range(o.reps):
                    for name, script in PASSES.items():
                        rows[name].append((timed(script, local), timed(script, d / "lazy")))
        for name, pairs in rows.items():
            lines.append(f"| {image} | {name} | {len(pairs)} | {cell([a for a, _ in pairs])} | {cell([b for _, b in pairs])} "
                         f"| {cell([b / a for a, b in pairs])} |")
    publish(lines, o.out)


def many_files(layout, seed, files):
    """An OCI layout of one layer with that many small files, different for every seed."""
    (layout / "blobs/sha256").mkdir(parents=True)

    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        (layout / "blobs/sha256" / digest).write_bytes(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as out:
        for n in range(files):
            entry = tarfile.TarInfo(f"srv/{n // 1000:03d}/a-file-with-a-name-{n:06d}")
            data = f"image {seed}, file {n}\n".encode() * (1 + n % 40)
            entry.size, entry.mtime = len(data), 1_700_000_000 + n
            out.addfile(entry, io.BytesIO(data))
    raw = tar.getvalue()
    gzip = zlib.compressobj(1, zlib.DEFLATED, 31)
    layer = put(gzip.compress(raw) + gzip.flush())
    config = put(json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(raw).hexdigest()]}}).encode())
    kind = "application/vnd.oci.image."
    manifest = put(json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
                               "config": {"mediaType": kind + "config.v1+json", **config},
                               "layers": [{"mediaType": kind + "layer.v1.tar+gzip", **layer}]}).encode())
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": kind + "manifest.v1+json", **manifest, "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}))


def memory(o, rig):
    """What the processes of many mounts hold, after every file's attributes were read."""
    tags = []
    for n in range(o.mounts):
        layout = rig.work / "many" / f"{n}-{o.files}"
        if not (layout / "index.json").exists():
            many_files(layout, n, o.files)
        target = rig.work / "many-converted" / str(n)
        run([LIGHTER, "convert", "--root", str(rig.work / "prepare-root"), "--progress", "none", "--to", o.to,
             f"oci:{layout}:latest", f"oci:{target}:latest"], rig.log)
        rig.registry.push(target, f"many{n}")
        tags.append(f"many{n}")
    rows = []
    with rig.disk.fresh() as d, contextlib.ExitStack() as mounts:
        for image in tags:
            at = d / "mounts" / image
            mounts.enter_context(mounted(d / "root", reference(image), at, rig.log, o.mount_options))
            timed(PASSES["stat"], at)
        pids = [int(s.stem) for s in (d / "root/run").glob("*.sock")]
        for pid in pids:
            rows.append({f: memory_of(pid, f) for f in ("VmRSS", "VmHWM", "RssAnon", "RssFile", "Pss")} | {"heap": heap(pid)})
    lines = ["# bench/lazy memory", "", "Made by: `" + command_line("bench/lazy/run") + "`", machine() + ".",
             f"{o.mounts} images of {o.files} files, each mounted and every file's attributes read; {len(rows)} processes,"
             " MiB. Pss counts a page that several processes share once for all of them.", "",
             "| | one process | all |", "|---|--:|--:|"]
    for field in rows[0]:
        lines.append(f"| {field} | {cell([r[field] for r in rows])} | {sum(r[field] for r in rows):.0f} |")
    publish(lines, o.out)


def heap(pid):
    """MiB in use on the Java heap (the serial collector's) after a collection; 0 when no jcmd answers."""
    java = os.readlink(f"/proc/{pid}/exe")
    jcmd = str(pathlib.Path(java).parent / "jcmd")
    try:
        subprocess.run([jcmd, str(pid), "GC.run"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        text = subprocess.run([jcmd, str(pid), "GC.heap_info"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return sum(int(kib) for kib in re.findall(r"^ *(?:DefNew|Tenured) .*used (\d+)K", text, re.M)) / 1024


def convert(o, rig):
    """Beside `ctr-remote image convert` of stargz-snapshotter, from a local store to a local store."""
    rows = {(i, p): [] for i in o.images for p in ("lighter", "ctr-remote")}
    for image in o.images:
        rig.registry.push(rig.layouts.at / image, image)
    for rep in range(-1, o.reps):
        for image in o.images if rep >= 0 else o.images[:1]:
            for peer in ("lighter", "ctr-remote"):
                with rig.disk.fresh() as d:
                    os.sync()
                    row = CONVERTERS[peer](o, rig, image, d)
                if rep >= 0:
                    rows[image, peer].append(row)
                print(f"{'warm-up' if rep < 0 else rep} {image} {peer}: wall={row[0]:.2f} cpu={row[1]:.2f} rss={row[2]:.0f}",
                      file=sys.stderr, flush=True)
    lines = ["# bench/lazy convert", "", "Made by: `" + command_line("bench/lazy/run") + "`", machine() + ".",
             f"To {o.to}, from a local image to a local image; CPU and memory with containerd's, which stores the peer's result.", "",
             "| image | program | n | wall s | CPU s | peak RSS MiB | wall lighter / peer |", "|---|---|--:|--:|--:|--:|--:|"]
    for (image, peer), rs in rows.items():
        ratio = cell([a[0] / b[0] for a, b in zip(rows[image, "lighter"], rs)]) if peer != "lighter" else ""
        lines.append(f"| {image} | {peer} | {len(rs)} | " + " | ".join(cell([r[n] for r in rs]) for n in range(3)) + f" | {ratio} |")
    publish(lines, o.out)


def convert_lighter(o, rig, image, d):
    return run([LIGHTER, "convert", "--root", str(d / "root"), "--progress", "none", "--to", o.to,
                f"oci:{rig.layouts.at / image}:latest", f"oci:{d / 'out'}:latest"], rig.log)


def convert_ctr_remote(o, rig, image, d):
    with containerd(d, rig.log) as (socket, pid):
        run(["ctr", "--address", socket, "content", "fetch", "--plain-http", reference(image)], rig.log)
        before = cpu_of(pid)
        form = {"estargz": "--estargz", "zstd-chunked": "--zstdchunked"}[o.to]
        wall, cpu, rss = run(["ctr-remote", "--address", socket, "image", "convert", form, "--oci", "--all-platforms",
                              reference(image), "converted:latest"], rig.log)
        return wall, cpu + cpu_of(pid) - before, rss + memory_of(pid)


CONVERTERS = {"lighter": convert_lighter, "ctr-remote": convert_ctr_remote}
