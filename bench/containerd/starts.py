"""From the pull command to the line that says ready, behind containerd: its own overlayfs beside the snapshotter."""
import os, subprocess, sys, threading, time

from container import wait_for_line
from daemon import both
from prepared import alternate, prepare
from rig import IN_CLIENT, LIGHTER, cell, command_line, machine, memory_of, publish, reference, run, sh

MODES = {"overlayfs": "latest", "lazy": "plain", "prioritized": "prioritized"}  # and the tags they use


def pull(address, mode, ref, log):
    if mode == "overlayfs":
        run(["ctr", "--address", address, "image", "pull", "--plain-http", "--snapshotter", "overlayfs", ref], log)
    else:
        run(["ctr-remote", "--address", address, "image", "rpull", "--plain-http", "--snapshotter", "lighter", ref], log)


def until_ready(address, mode, ref, name, o, log, seen):
    """Runs the image's own command until its line comes, and kills it; returns what `seen` returned then."""
    snapshotter = "overlayfs" if mode == "overlayfs" else "lighter"
    ctr = ["ctr", "--address", address]
    with open(log, "ab") as err:
        p = subprocess.Popen(IN_CLIENT + ctr + ["run", "--snapshotter", snapshotter, ref, name],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err)
        try:
            return wait_for_line(p.stdout, o.until, o.patience, seen, f"{name}; see {log}")
        finally:
            subprocess.run(ctr + ["task", "kill", "--signal", "KILL", name], stdout=err, stderr=err)
            p.wait(timeout=60)
            subprocess.run(ctr + ["container", "rm", name], stdout=err, stderr=err)


def start(mode, image, o, rig, d):
    """One pull and start on an empty disk, of daemons that run already."""
    ref = reference(image, MODES[mode])
    with both(d, rig.log) as (address, p):
        os.sync()
        before, began = rig.net.received(), time.monotonic()
        pull(address, mode, ref, rig.log)
        pulled = time.monotonic() - began
        return {"pull": pulled} | until_ready(address, mode, ref, f"{image}-{mode}", o, rig.log, lambda: {
            "ready": time.monotonic() - began, "wire": (rig.net.received() - before) / 1e6,
            "rss": memory_of(p.pid)})


def measure(o, rig):
    prepare(o, rig)
    rows, links = alternate(o, rig, start)
    report(o, rig, rows, links)


def report(o, rig, rows, links):
    lines = ["# bench/containerd start", "", "Made by: `" + command_line("bench/containerd/run") + "`", machine() + ".",
             sh("containerd", "--version").strip() + ".", "",
             "From the start of the pull command, on an empty containerd, to the line READY of the image's own command in"
             " a container of it: overlayfs is `ctr image pull` and `ctr run`, the others `ctr-remote image rpull` and"
             " `ctr run` on this snapshotter, without and with a recorded list. Figures are medians (minimum – maximum);"
             " a ratio is the median of the ratios within one repetition.", ""]
    for name, measured in links.items():
        lines += [f"## {name}", "", f"Measured: {measured[-1]}.", "",
                  "| image | start | n | pull s | ready s | MB received by then | peak RSS of the daemon MiB | ready / overlayfs |",
                  "|---|---|--:|--:|--:|--:|--:|--:|"]
        for image in o.images:
            base = rows.get((name, image, "overlayfs"))
            for mode in o.modes:
                rs = rows[name, image, mode]
                ratio = cell([a["ready"] / b["ready"] for a, b in zip(rs, base)]) if base else ""
                lines.append(f"| {image} ({rig.layouts.compressed(image):.0f} MB) | {mode} | {len(rs)} | "
                             + " | ".join(cell([r[k] for r in rs]) for k in ("pull", "ready", "wire", "rss")) + f" | {ratio} |")
        lines.append("")
    publish(lines, o.out)


def together(o, rig):
    """So many names of one image cannot share anything, so each is an image of its own: see `calls.image`."""
    import calls
    refs = [calls.push_image(o, rig, f"many{n}", 3, 2000, n, command=["/bin/busybox", "echo", o.until])
            for n in range(o.mounts)]
    rows = {}
    for rep in range(-1, o.reps):
        for word in o.links if rep >= 0 else o.links[:1]:
            name = "unshaped" if word == "none" else "{} Mbit/s, {} ms".format(*word.split("/"))
            rig.net.link(*(() if word == "none" else (float(x) for x in word.split("/"))))
            for count in (1, o.mounts):
                with rig.disk.fresh() as d, both(d, rig.log) as (address, p):
                    seconds = [0.0] * count

                    def one(n):
                        began = time.monotonic()
                        pull(address, "lazy", refs[n], rig.log)
                        seconds[n] = until_ready(address, "lazy", refs[n], f"c{n}", o, rig.log, lambda: time.monotonic() - began)

                    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
                    for t in threads:
                        t.start()
                    for t in threads:
                        t.join()
                    if min(seconds) <= 0:
                        raise SystemExit(f"a start failed; see {rig.log}")
                    row = {"mean": sum(seconds) / count, "last": max(seconds), "rss": memory_of(p.pid)}
                if rep >= 0:
                    rows.setdefault((name, count), []).append(row)
                print(f"{rep} {name} {count}: {row}", file=sys.stderr, flush=True)
    lines = ["# bench/containerd together", "", "Made by: `" + command_line("bench/containerd/run") + "`", machine() + ".",
             "So many different images of three layers and 6000 files each, pulled by `ctr-remote image rpull` and started"
             " at the same moment, until each printed its line.", "",
             "| link | images at once | n | mean s | last s | peak RSS of the daemon MiB |", "|---|--:|--:|--:|--:|--:|"]
    for (name, count), rs in rows.items():
        lines.append(f"| {name} | {count} | {len(rs)} | " + " | ".join(cell([r[k] for r in rs]) for k in ("mean", "last", "rss")) + " |")
    publish(lines, o.out)


def memory(o, rig):
    """The daemon's memory with nothing, and with so many images of many files mounted whose attributes were all read."""
    from others import many_files
    refs = []
    for n in range(o.mounts):
        layout, target = rig.work / "many" / f"{n}-{o.files}", rig.work / "many-converted" / f"{n}-{o.files}"
        if not (layout / "index.json").exists():
            many_files(layout, n, o.files)
        if not (o.reuse and (target / "index.json").exists()):
            run([LIGHTER, "convert", "--root", str(rig.work / "prepare-root"), "--progress", "none", "--to", o.to,
                 f"oci:{layout}:latest", f"oci:{target}:latest"], rig.log)
        rig.registry.push(target, f"many{n}")
        refs.append(reference(f"many{n}"))
    fields, rows = ("VmRSS", "VmHWM", "RssAnon", "RssFile"), []
    with rig.disk.fresh() as d, both(d, rig.log) as (address, p):
        rows.append((0, {f: memory_of(p.pid, f) for f in fields}))
        seen_before = set()
        for n, ref in enumerate(refs):
            pull(address, "lazy", ref, rig.log)
            at = d / "mounts" / str(n)
            at.mkdir(parents=True)
            snapshots = ["ctr", "--address", address, "snapshot", "--snapshotter", "lighter"]
            names = {line.split()[0] for line in sh(*snapshots, "ls").splitlines()[1:]} - seen_before
            top, = names  # such an image has one layer; of the views made below all are known
            seen_before |= {top, f"view{n}"}
            sh("sh", "-c", sh(*snapshots, "view", "--target", str(at), f"view{n}", top))
            seen = int(sh("bash", "-c", f"find {at} -xdev -printf '%i %s %T@\\n' | wc -l"))
            if seen < o.files:
                raise SystemExit(f"{ref} shows {seen} names; expected {o.files}")
            rows.append((n + 1, {f: memory_of(p.pid, f) for f in fields}))
            print(rows[-1], file=sys.stderr, flush=True)
        for n in range(len(refs)):
            sh("umount", str(d / "mounts" / str(n)))
    lines = ["# bench/containerd memory", "", "Made by: `" + command_line("bench/containerd/run") + "`", machine() + ".",
             f"Memory of the daemon in MiB, by the number of images of {o.files} files that are mounted through containerd"
             " and whose every file's attributes were read; the background fetches all of them meanwhile.", "",
             "| images | " + " | ".join(fields) + " |", "|--:|" + "--:|" * len(fields)]
    lines += [f"| {count} | " + " | ".join(f"{row[f]:.0f}" for f in fields) + " |" for count, row in rows]
    publish(lines, o.out)
