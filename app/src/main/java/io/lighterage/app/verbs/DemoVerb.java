package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.demo.Demonstration;
import io.lighterage.runtime.PulledImage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `lighter demo`.
@Command(
        name = "demo",
        description = "Show the main thing on a sample image: made from files of this machine, served by a registry"
                + " inside this process, pulled and unpacked into a temporary folder.")
final class DemoVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Option(names = "--keep", description = "Leave the folder with the unpacked tree and the store.")
    private boolean keep;

    DemoVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Demonstration demonstration = Demonstration.run(invocation, this::say);
        if (!keep) {
            demonstration.remove();
        }
        if (invocation.json()) {
            invocation.out().print(JsonText.document(fields(demonstration)));
        } else if (invocation.options().quiet) {
            invocation.out().println(demonstration.sample().digest());
        } else {
            summary(demonstration).forEach(invocation.out()::println);
        }
        return ExitCode.OK;
    }

    private void say(String sentence) {
        if (!invocation.options().quiet && !invocation.json()) {
            invocation.err().println(sentence);
            invocation.err().flush();
        }
    }

    private List<String> summary(Demonstration done) {
        PulledImage image = done.unpacked().image();
        String launcher = System.getProperty("lighter.command", "lighter");
        return List.of(
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
                keep
                        ? "Tree       " + done.tree() + " (remove " + done.folder() + " when you have seen enough)"
                        : "Tree       removed again; '" + launcher + " demo --keep' leaves it",
                "",
                "Try next:",
                "  " + launcher + " doctor                       what this machine has for it",
                "  " + launcher + " pull debian:12               any image, any registry",
                "  " + launcher + " unpack debian:12 rootfs      its root file system, in ./rootfs",
                "  " + launcher + " help                         everything else");
    }

    private Map<String, Object> fields(Demonstration done) {
        Map<String, Object> fields =
                new LinkedHashMap<>(PullVerb.fields(done.unpacked().image()));
        fields.put("entries", done.unpacked().entries());
        fields.put("unpackedBytes", done.unpacked().bytes());
        fields.put("secondPullFetchedBytes", done.again().stats().fetchedBytes());
        fields.put("secondPullMillis", done.again().stats().elapsed().toMillis());
        fields.put("requests", done.requests());
        fields.put("tree", keep ? done.tree() : null);
        return fields;
    }
}
