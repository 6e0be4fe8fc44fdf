"""From reference to the line that says ready: pulled and unpacked whole, or mounted lazily."""
import os, time

import container
from mounted import mounted
from prepared import alternate, prepare
from rig import LIGHTER, cell, command_line, machine, memory_of, publish, reference, run

MODES = {"eager": "latest", "lazy": "plain", "prioritized": "prioritized"}  # and the tags they use


def start(mode, image, o, rig, d):
    """One start on an empty disk; seconds since the command began, bytes that had come by then, memory of lighter."""
    config, at, until = rig.layouts.config(image), d / "run", o.until
    os.sync()
    before, began = rig.net.received(), time.monotonic()

    def ready(root):
        return container.until_ready(at / "bundle", root, config, until, o.patience, rig.log, lambda: {
            "ready": time.monotonic() - began, "wire": (rig.net.received() - before) / 1e6})

    if mode == "eager":
        _, _, rss = run([LIGHTER, "unpack", "--root", str(d / "root"), "--plain-http", "--progress", "none",
                         reference(image), str(d / "tree")], rig.log)
        return ready(d / "tree") | {"rss": rss}
    with mounted(d / "root", reference(image, MODES[mode]), d / "lazy", rig.log, o.mount_options) as p, \
            container.overlay([d / "lazy"], at) as root:
        return ready(root) | {"rss": memory_of(p.pid)}


def measure(o, rig):
    records = prepare(o, rig)
    rows, links = alternate(o, rig, start)
    report(o, rig, rows, links, records)


def report(o, rig, rows, links, records):
    lines = ["# bench/lazy start", "", "Made by: `" + command_line("bench/lazy/run") + "`", machine() + ".",
             "From the start of the command, on an empty store, to the line READY of the image's own command under runc;"
             " eager is `lighter unpack`, the others `lighter mount` with an overlay. Figures are medians (minimum –"
             " maximum) over n runs; a ratio is the median of the ratios within one repetition.", ""]
    for name, measured in links.items():
        lines += [f"## {name}", "", f"Measured: {measured[-1]}.", "",
                  "| image | start | n | ready s | MB received by then | peak RSS of lighter MiB | time / eager |",
                  "|---|---|--:|--:|--:|--:|--:|"]
        for image in o.images:
            eager = rows.get((name, image, "eager"))
            for mode in o.modes:
                rs = rows[name, image, mode]
                ratio = cell([a["ready"] / b["ready"] for a, b in zip(rs, eager)]) if eager else ""
                lines.append(f"| {image} ({rig.layouts.compressed(image):.0f} MB) | {mode} | {len(rs)} | "
                             + " | ".join(cell([r[k] for r in rs]) for k in ("ready", "wire", "rss")) + f" | {ratio} |")
        lines.append("")
    if records:
        lines += ["## What a start reads", "", "By `lighter record --no-background` of the prioritized image, unshaped."
                  " Touched is what was read, compressed in whole chunks; fetched includes the tables of contents.", "",
                  "| image | files | bytes touched, uncompressed | compressed | bytes fetched | fetched / touched, compressed | requests |",
                  "|---|--:|--:|--:|--:|--:|--:|"]
        for image, r in records.items():
            share = r["bytesFetched"] / r["bytesNeeded"] if r.get("bytesNeeded") else 0
            lines.append(f"| {image} | {len(r['files'])} | {r['bytesTouched']} | {r['bytesNeeded']} | {r['bytesFetched']} | {share:.2f} | {r.get('requests')} |")
    publish(lines, o.out)
