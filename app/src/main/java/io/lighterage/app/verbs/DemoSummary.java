package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.demo.Demonstration;
import io.lighterage.app.demo.StartComparison;
import io.lighterage.runtime.PulledImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What `lighter demo` says at its end.
///
/// @param done what was done
/// @param kept whether the tree was left
record DemoSummary(Demonstration done, boolean kept) {
    List<String> lines() {
        PulledImage image = done.unpacked().image();
        String launcher = System.getProperty("lighter.command", "lighter");
        List<String> lines = new ArrayList<>(List.of(
                "",
                "Image      " + image.name() + ": " + done.sample().layers() + " layers",
                "Digest     " + image.target().digest(),
                "Pulled     " + ByteCount.text(image.stats().fetchedBytes())
                        + " over HTTP, each blob verified against its digest",
                "Unpacked   " + done.unpacked().entries() + " entries, "
                        + ByteCount.text(done.unpacked().bytes()) + ", while they arrived; each layer verified to its"
                        + " last byte",
                "Time       " + ByteCount.seconds(image.stats().elapsed().toMillis()) + " for both",
                "Again      " + ByteCount.text(done.again().stats().fetchedBytes()) + " fetched, "
                        + done.again().stats().elapsed().toMillis() + " ms: the store had all of it",
                kept
                        ? "Tree       " + done.tree() + " (remove " + done.folder() + " when you have seen enough)"
                        : "Tree       removed again; '" + launcher + " demo --keep' leaves it"));
        lines.addAll(starts());
        lines.addAll(List.of(
                "",
                "Try next:",
                "  " + launcher + " doctor                       what this machine has for it",
                "  " + launcher + " pull debian:12               any image, any registry",
                "  " + launcher + " unpack debian:12 rootfs      its root file system, in ./rootfs",
                "  " + launcher
                        + " convert --help               how images are made that 'mount' shows before they are here",
                "  " + launcher + " help                         everything else"));
        return lines;
    }

    private List<String> starts() {
        StartComparison starts = done.starts();
        List<String> lines = new ArrayList<>(List.of(
                "",
                "A start that reads " + starts.files().paths().size() + " files, "
                        + ByteCount.text(starts.files().bytes()) + ", over a line of " + starts.link() + ":",
                row("", "ready after", "received by then"),
                row("pulled and unpacked first", starts.eager()),
                row("mounted lazily", starts.lazy())));
        starts.unmounted()
                .ifPresent(reason -> lines.add(
                        "  (read from the tree within this process, as nothing can be mounted here: " + reason + ")"));
        return lines;
    }

    private static String row(String how, StartComparison.Start start) {
        return row(how, ByteCount.seconds(start.ready().toMillis()), ByteCount.text(start.received()));
    }

    private static String row(String how, String ready, String received) {
        return String.format(Locale.ROOT, "  %-26s%12s%18s", how, ready, received);
    }

    Map<String, Object> fields() {
        Map<String, Object> fields =
                new LinkedHashMap<>(PullVerb.fields(done.unpacked().image()));
        fields.put("entries", done.unpacked().entries());
        fields.put("unpackedBytes", done.unpacked().bytes());
        fields.put("secondPullFetchedBytes", done.again().stats().fetchedBytes());
        fields.put("secondPullMillis", done.again().stats().elapsed().toMillis());
        fields.put("requests", done.requests());
        fields.put("tree", kept ? done.tree() : null);
        StartComparison starts = done.starts();
        Map<String, Object> start = new LinkedHashMap<>();
        start.put("files", starts.files().paths().size());
        start.put("bytes", starts.files().bytes());
        start.put("megabits", starts.link().megabits());
        start.put("roundTripMillis", starts.link().roundTrip().toMillis());
        start.put("eagerMillis", starts.eager().ready().toMillis());
        start.put("eagerReceivedBytes", starts.eager().received());
        start.put("lazyMillis", starts.lazy().ready().toMillis());
        start.put("lazyReceivedBytes", starts.lazy().received());
        start.put("mounted", starts.unmounted().isEmpty());
        fields.put("start", start);
        return fields;
    }
}
