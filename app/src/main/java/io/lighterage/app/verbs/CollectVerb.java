package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.contentstore.Store;
import io.lighterage.runtime.ImageRuntime;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `lighter gc`.
@Command(name = "gc", description = "Remove blobs that no image, lease or running pull needs, in every namespace.")
final class CollectVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Option(
            names = "--abandoned-hours",
            paramLabel = "N",
            defaultValue = "24",
            description = "Remove partial downloads nobody has written to for so long (default: ${DEFAULT-VALUE}).")
    private long abandonedHours = 24;

    @Option(
            names = "--layers-quota",
            paramLabel = "BYTES",
            description = "Also free the least recently used bytes of lazy layers that nobody has mounted, until so"
                    + " many are left; 0 frees all of them.")
    private @Nullable Long layersQuota;

    CollectVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        Store.GcReport report;
        long layersFreed;
        try (ImageRuntime runtime = invocation.openRuntime()) {
            report = runtime.store().gc(Duration.ofHours(Math.max(0, abandonedHours)));
            layersFreed = runtime.freeStrayLayers();
            if (layersQuota != null) {
                layersFreed += runtime.layers().trim(layersQuota);
            }
        }
        if (invocation.json()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("removedBlobs", report.removedBlobs());
            fields.put("removedBytes", report.removedBytes());
            fields.put("removedIngests", report.removedIngests());
            fields.put("removedLayerBytes", layersFreed);
            fields.put("keptBlobs", report.keptBlobs());
            fields.put("keptBytes", report.keptBytes());
            invocation.out().print(JsonText.document(fields));
        } else if (invocation.options().quiet) {
            invocation.out().println(report.removedBytes() + layersFreed);
        } else {
            invocation
                    .out()
                    .println("removed " + report.removedBlobs() + " blobs and " + report.removedIngests()
                            + " partial downloads, " + ByteCount.text(report.removedBytes()) + "; kept "
                            + report.keptBlobs() + " blobs, " + ByteCount.text(report.keptBytes())
                            + (layersQuota == null && layersFreed == 0
                                    ? ""
                                    : "; freed " + ByteCount.text(layersFreed) + " of lazy layers"));
        }
        return ExitCode.OK;
    }
}
