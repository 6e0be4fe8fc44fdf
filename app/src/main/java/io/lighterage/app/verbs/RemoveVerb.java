package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.ImageRecord;
import io.lighterage.runtime.ImageRuntime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `lighter rmi`.
@Command(name = "rmi", description = "Forget images; 'lighter gc' then frees the bytes that no other image needs.")
final class RemoveVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(
            paramLabel = "NAME",
            arity = "1..*",
            description = "Names of images, or the first 6 or more digits of their digests.")
    private List<String> names = List.of();

    RemoveVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    /// Removes what can be removed; when some names are not here, says so of each and ends as for one that is not.
    @Override
    public Integer call() {
        List<ImageRecord> removed = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        try (ImageRuntime runtime = invocation.openRuntime()) {
            for (String name : names) {
                try {
                    ImageRecord image = runtime.remove(name);
                    removed.add(image);
                    tell(image);
                } catch (ImageException e) {
                    if (e.kind() != ErrorKind.NOT_FOUND) {
                        throw e;
                    }
                    unknown.add(String.valueOf(e.getMessage()));
                }
            }
        }
        if (!unknown.isEmpty()) {
            throw new ImageException(ErrorKind.NOT_FOUND, String.join("; ", unknown));
        }
        if (invocation.json()) {
            invocation
                    .out()
                    .print(JsonText.document(Map.of(
                            "removed",
                            removed.stream()
                                    .map(image -> Map.of(
                                            "name",
                                            image.name(),
                                            "digest",
                                            image.target().digest()))
                                    .toList())));
        }
        return ExitCode.OK;
    }

    private void tell(ImageRecord image) {
        if (!invocation.json()) {
            invocation.out().println((invocation.options().quiet ? "" : "removed ") + image.name());
        }
    }
}
