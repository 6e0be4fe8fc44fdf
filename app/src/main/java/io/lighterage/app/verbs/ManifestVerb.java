package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.runtime.ImageDocuments;
import io.lighterage.runtime.ImageRuntime;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter manifest`.
@Command(
        name = "manifest",
        description = "Print the manifest as it was served: with --platform that platform's, else what REF stands for.")
final class ManifestVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(paramLabel = "REF", description = "The image.")
    private String reference = "";

    @Option(names = "--remote", description = "Ask the registry although the image is here.")
    private boolean remote;

    ManifestVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        try (ImageRuntime runtime = invocation.openRuntime()) {
            ImageDocuments documents = runtime.documents(reference, invocation.platform(), remote);
            invocation
                    .out()
                    .print(invocation.platform().isPresent() ? documents.manifestText() : documents.targetText());
        }
        return ExitCode.OK;
    }
}
