"""Images converted, with and without a list of what their start reads, behind a link of a given rate, and started in
every mode in turn."""
import json, sys

from rig import IN_CLIENT, LIGHTER, PAYLOAD, reference, run, sh


def prepare(o, rig):
    """Converts, records what a start reads, converts again with that list, and pushes it all. Returns the records; of
    what is used again there are none."""
    records = {}
    for image in o.images:
        work = rig.work / "converted" / image
        work.mkdir(parents=True, exist_ok=True)
        source, root, priorities = f"oci:{rig.layouts.at / image}:latest", rig.work / "prepare-root", work / "priorities"
        rig.registry.push(rig.layouts.at / image, image)
        if o.reuse and (work / "index.json").exists():
            for tag in {"plain"} | {"prioritized"} & set(o.modes):
                rig.registry.push(work, image, tag)
            continue
        convert = [LIGHTER, "convert", "--root", str(root), "--progress", "none", "--to", o.to]
        run(convert + [source, f"oci:{work}:plain"], rig.log)
        rig.registry.push(work, image, "plain")
        if "prioritized" in o.modes:
            record(o, rig, reference(image, "plain"), ["--no-background", "--out", str(priorities)])
            run(convert + ["--prioritize", str(priorities), source, f"oci:{work}:prioritized"], rig.log)
            rig.registry.push(work, image, "prioritized")
            records[image] = record(o, rig, reference(image, "prioritized"), ["--no-background"])
        told = {k: v for k, v in records.get(image, {}).items() if k != "files"}
        print(f"prepared {image}: {told}", file=sys.stderr, flush=True)
    return records


def record(o, rig, ref, options):
    with rig.disk.fresh() as d:
        return json.loads(sh(*IN_CLIENT, LIGHTER, "record", "--root", str(d / "root"), "--plain-http", "--progress", "none",
                             "--format", "json", "--until", o.until, "--seconds", str(o.patience), *options, ref))


def link(o, rig, word):
    """Sets the link `none` or MBIT/MS; returns how it is called and what it turned out to be."""
    if word == "none":
        rig.net.link()
        name, mbit = "unshaped", None
    else:
        mbit, rtt = (float(x) for x in word.split("/"))
        rig.net.link(mbit, rtt)
        name = f"{mbit:g} Mbit/s, {rtt:g} ms"
    image = o.images[0]
    largest = max(rig.layouts.manifest(image)["layers"], key=lambda layer: layer["size"])
    got, connect = rig.net.measure(f"http://{reference(image).split('/')[0]}/v2/{image}/blobs/{largest['digest']}")
    measured = f"one connection gets {got:.1f} Mbit/s for {largest['size'] / 1e6:.0f} MB" + (
        f" (at most {mbit * PAYLOAD:.1f})" if mbit else "") + f"; a handshake takes {connect:.2f} ms"
    print(f"link {name}: {measured}", file=sys.stderr, flush=True)
    return name, measured


def alternate(o, rig, start):
    """Starts every image in every mode over every link, `o.reps` times, each on a disk of its own. Returns the rows by
    link, image and mode, and by link what it turned out to be. An image that does not start once is left out, here and
    in `o.images`, and the rest is measured."""
    rows, links = {}, {}
    for rep in range(-1, o.reps):  # one round of warm-up, not counted
        for word in o.links if rep >= 0 else o.links[:1]:
            name, measured = link(o, rig, word)
            links.setdefault(name, []).append(measured)
            for image in o.images if rep >= 0 else o.images[:1]:
                for mode in o.modes:
                    try:
                        with rig.disk.fresh() as d:
                            row = start(mode, image, o, rig, d)
                    except SystemExit as failure:
                        print(f"{image} is left out from here on: {failure}", file=sys.stderr, flush=True)
                        o.images = [other for other in o.images if other != image]
                        break
                    if rep >= 0:
                        rows.setdefault((name, image, mode), []).append(row)
                    print(f"{'warm-up' if rep < 0 else rep} {name} {image} {mode}: "
                          + " ".join(f"{k}={v:.2f}" for k, v in row.items()), file=sys.stderr, flush=True)
    return rows, links
