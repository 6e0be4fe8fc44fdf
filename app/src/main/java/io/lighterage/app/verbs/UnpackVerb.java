package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.UnpackForm;
import io.lighterage.runtime.UnpackedImage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter unpack`.
@Command(
        name = "unpack",
        description = "Pull what is missing of an image and unpack it into a directory that is empty or not there yet;"
                + " prints the image's digest.")
final class UnpackVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(index = "0", paramLabel = "REF", description = "The image.")
    private String reference = "";

    @Parameters(index = "1", paramLabel = "DIR", description = "Where its root file system goes.")
    private Path directory = Path.of("");

    @Option(
            names = "--layers",
            description = "One directory a layer (00, 01, ...; base first), with overlay whiteouts, ready to be lower"
                    + " directories of an overlay mount.")
    private boolean layers;

    UnpackVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        UnpackForm form = layers ? UnpackForm.LAYERS : UnpackForm.MERGED;
        UnpackedImage unpacked;
        try (ImageRuntime runtime = invocation.openRuntime();
                ProgressDisplay progress = invocation.progress(reference, "unpack")) {
            unpacked = runtime.unpack(
                    reference, invocation.platform(), directory.toAbsolutePath().normalize(), form, progress);
        }
        for (String omission : unpacked.omissions()) {
            invocation.err().println("lighter: warning: " + omission);
        }
        if (invocation.json()) {
            invocation.out().print(JsonText.document(fields(unpacked)));
            return ExitCode.OK;
        }
        if (!invocation.options().quiet) {
            invocation.err().println(PullVerb.summary(unpacked.image()));
            invocation.err().println(summary(unpacked, directory));
        }
        invocation.err().flush();
        invocation.out().println(unpacked.image().target().digest());
        return ExitCode.OK;
    }

    static String summary(UnpackedImage unpacked, Path directory) {
        return "unpacked " + unpacked.entries() + " entries, " + ByteCount.text(unpacked.bytes()) + ", into "
                + directory;
    }

    private static Map<String, Object> fields(UnpackedImage unpacked) {
        Map<String, Object> fields = new LinkedHashMap<>(PullVerb.fields(unpacked.image()));
        fields.put("roots", unpacked.roots());
        fields.put("entries", unpacked.entries());
        fields.put("unpackedBytes", unpacked.bytes());
        fields.put("omissions", unpacked.omissions());
        return fields;
    }
}
