package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.PulledImage;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `lighter pull`.
@Command(name = "pull", description = "Bring an image into the store; prints its digest.")
final class PullVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(paramLabel = "REF", description = "The image.")
    private String reference = "";

    PullVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        PulledImage image;
        try (ImageRuntime runtime = invocation.openRuntime();
                ProgressDisplay progress = invocation.progress(reference, "pull")) {
            image = runtime.pull(reference, invocation.platform(), progress);
        }
        if (invocation.json()) {
            invocation.out().print(JsonText.document(fields(image)));
            return ExitCode.OK;
        }
        if (!invocation.options().quiet) {
            invocation.err().println(summary(image));
            invocation.err().flush();
        }
        invocation.out().println(image.target().digest());
        return ExitCode.OK;
    }

    static String summary(PulledImage image) {
        PulledImage.Stats stats = image.stats();
        return "pulled " + image.name() + ": " + ByteCount.text(stats.fetchedBytes()) + " fetched, "
                + ByteCount.text(stats.presentBytes()) + " here already, "
                + ByteCount.seconds(stats.elapsed().toMillis());
    }

    static Map<String, Object> fields(PulledImage image) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", image.name());
        fields.put("digest", image.target().digest());
        fields.put("manifestDigest", image.manifestDescriptor().digest());
        fields.put("platform", image.config().platform());
        fields.put("layers", image.manifest().layers().size());
        fields.put("fetchedBytes", image.stats().fetchedBytes());
        fields.put("presentBytes", image.stats().presentBytes());
        fields.put("elapsedMillis", image.stats().elapsed().toMillis());
        return fields;
    }
}
