package io.lighterage.app.verbs;

import io.lighterage.app.ByteCount;
import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.app.progress.ProgressDisplay;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.runtime.ConvertOptions;
import io.lighterage.runtime.ConvertedImage;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.stargz.format.LayerForm;
import io.lighterage.stargz.format.PriorityList;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter convert`.
@Command(
        name = "convert",
        description = "Write an image anew with layers that can be read in parts, for every platform it has or the one"
                + " of --platform; prints its digest. Layers that have the form already are kept as they are.")
final class ConvertVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(index = "0", paramLabel = "SRC", description = "The image.")
    private String source = "";

    @Parameters(
            index = "1",
            paramLabel = "DST",
            description = "Where it goes: oci:DIR or oci:DIR:TAG, or a registry's NAME:TAG.")
    private String destination = "";

    @Option(
            names = "--to",
            required = true,
            paramLabel = "estargz|zstd-chunked",
            description =
                    "What the layers become: eStargz, which stargz-snapshotter reads, or zstd:chunked, which podman"
                            + " reads.")
    private String form = "";

    @Option(
            names = "--chunk-size",
            paramLabel = "BYTES",
            description = "Longest part of a file that is read at once, 4096 to 16777216 (default: 4194304).")
    private @Nullable Integer chunkSize;

    @Option(
            names = "--prioritize",
            paramLabel = "FILE",
            description = "Files to place first, most urgent first: one path a line, behind a tab perhaps the ranges"
                    + " that are read (offset+length,...).")
    private @Nullable Path priorities;

    ConvertVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        ConvertOptions options = new ConvertOptions(
                form(form),
                chunkSize == null ? OptionalInt.empty() : OptionalInt.of(chunkSize),
                priorities == null ? PriorityList.NONE : PriorityList.parse(read(priorities)),
                invocation.platform());
        ConvertedImage image;
        try (ImageRuntime runtime = invocation.openRuntime();
                ProgressDisplay progress = invocation.progress(source, "convert")) {
            image = runtime.convert(source, destination, options, progress);
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

    private static LayerForm form(String word) {
        return Arrays.stream(LayerForm.values())
                .filter(form -> form.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new ImageException(
                        ErrorKind.INVALID,
                        "--to " + word + " is no form of layers; expected "
                                + Arrays.stream(LayerForm.values())
                                        .map(LayerForm::word)
                                        .collect(Collectors.joining(" or "))));
    }

    private static byte[] read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(PriorityList.MAX_BYTES + 1);
        } catch (IOException e) {
            throw new ImageException(
                    e instanceof NoSuchFileException ? ErrorKind.NOT_FOUND : ErrorKind.INVALID,
                    "cannot read the priority list " + file + ": " + e,
                    e);
        }
    }

    private static String summary(ConvertedImage image) {
        return "converted to " + image.name() + ": " + image.converted() + " layers, "
                + ByteCount.text(image.bytesBefore()) + " -> " + ByteCount.text(image.bytesAfter())
                + (image.kept() == 0 ? "" : ", " + image.kept() + " kept") + ", "
                + ByteCount.seconds(image.elapsed().toMillis());
    }

    private static Map<String, Object> fields(ConvertedImage image) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", image.name());
        fields.put("digest", image.target().digest());
        fields.put("images", image.images());
        fields.put("convertedLayers", image.converted());
        fields.put("keptLayers", image.kept());
        fields.put("bytesBefore", image.bytesBefore());
        fields.put("bytesAfter", image.bytesAfter());
        fields.put("elapsedMillis", image.elapsed().toMillis());
        return fields;
    }
}
