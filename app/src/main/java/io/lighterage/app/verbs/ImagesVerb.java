package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.TextTable;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.runtime.ImageRuntime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `lighter images`.
@Command(name = "images", description = "List the images that are here; -q: their names only.")
final class ImagesVerb implements Callable<Integer> {
    private final Invocation invocation;

    ImagesVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        List<Map<String, Object>> documents = new ArrayList<>();
        TextTable table = new TextTable("NAME", "DIGEST", "SIZE", "UPDATED");
        try (ImageRuntime runtime = invocation.openRuntime()) {
            for (ImageRecord image : runtime.images()) {
                if (invocation.options().quiet && !invocation.json()) {
                    invocation.out().println(image.name());
                    continue;
                }
                long size = runtime.sizeOf(image);
                documents.add(fields(image, size));
                table.add(
                        image.name(),
                        image.target().digest().shortHex(),
                        ByteCount.text(size),
                        image.updatedAt().truncatedTo(ChronoUnit.SECONDS).toString());
            }
        }
        if (invocation.json()) {
            invocation.out().print(JsonText.document(documents));
        } else if (!invocation.options().quiet) {
            table.lines().forEach(invocation.out()::println);
        }
        return ExitCode.OK;
    }

    private static Map<String, Object> fields(ImageRecord image, long size) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", image.name());
        fields.put("digest", image.target().digest());
        fields.put("mediaType", image.target().mediaType());
        fields.put("bytes", size);
        fields.put("createdAt", image.createdAt());
        fields.put("updatedAt", image.updatedAt());
        fields.put("labels", image.labels());
        return fields;
    }
}
