package io.lighterage.app.verbs;

import io.lighterage.app.ExitCode;
import io.lighterage.app.Invocation;
import io.lighterage.app.JsonText;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.contentstore.manifest.Manifest;
import io.lighterage.contentstore.manifest.ManifestParser;
import io.lighterage.runtime.ImageDocuments;
import io.lighterage.runtime.ImageRuntime;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `lighter inspect`.
@Command(
        name = "inspect",
        description = "Describe an image as JSON: from the store when it is here, else from its registry.")
final class InspectVerb implements Callable<Integer> {
    private final Invocation invocation;

    @Parameters(paramLabel = "REF", description = "The image.")
    private String reference = "";

    @Option(names = "--remote", description = "Ask the registry although the image is here.")
    private boolean remote;

    InspectVerb(Invocation invocation) {
        this.invocation = invocation;
    }

    @Override
    public Integer call() {
        ImageDocuments documents;
        try (ImageRuntime runtime = invocation.openRuntime()) {
            documents = runtime.documents(reference, invocation.platform(), remote);
        }
        invocation.out().print(JsonText.document(describe(documents)));
        return ExitCode.OK;
    }

    /// The fields and their names are those people know from `skopeo inspect`, and then some.
    static Map<String, Object> describe(ImageDocuments documents) {
        Manifest.Image manifest =
                (Manifest.Image) ManifestParser.parse(documents.manifestDescriptor(), bytes(documents.manifestText()));
        ImageConfig config = MediaType.isConfig(manifest.config().mediaType())
                ? ManifestParser.parseConfig(manifest.config().digest(), bytes(documents.configText()))
                : ImageConfig.empty();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("Name", documents.name());
        fields.put("Digest", documents.target().digest());
        fields.put("Tag", tag(documents.name()));
        fields.put("ManifestDigest", documents.manifestDescriptor().digest());
        fields.put("MediaType", documents.target().mediaType());
        fields.put("Created", config.created());
        fields.put("Os", config.platform().os());
        fields.put("Architecture", config.platform().architecture());
        fields.put("Variant", config.platform().variant());
        fields.put("Labels", config.execution().labels());
        fields.put("Layers", manifest.layers().stream().map(Descriptor::digest).toList());
        fields.put(
                "LayersData", manifest.layers().stream().map(InspectVerb::layer).toList());
        fields.put(
                "Size", manifest.layers().stream().mapToLong(Descriptor::size).sum());
        fields.put("DiffIDs", config.diffIds());
        putExecution(fields, config.execution());
        fields.put("Platforms", platforms(documents));
        fields.put("Annotations", manifest.annotations());
        fields.put("Local", documents.local());
        return fields;
    }

    private static void putExecution(Map<String, Object> fields, ImageConfig.Execution execution) {
        fields.put("User", execution.user());
        fields.put("Env", execution.env());
        fields.put("Entrypoint", execution.entrypoint());
        fields.put("Cmd", execution.cmd());
        fields.put("WorkingDir", execution.workingDir());
    }

    private static Map<String, Object> layer(Descriptor layer) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("MIMEType", layer.mediaType());
        fields.put("Digest", layer.digest());
        fields.put("Size", layer.size());
        fields.put("Annotations", layer.annotations());
        return fields;
    }

    /// What the index offers; empty when the name stands for one manifest.
    private static List<String> platforms(ImageDocuments documents) {
        return switch (ManifestParser.parse(documents.target(), bytes(documents.targetText()))) {
            case Manifest.Image image -> List.of();
            case Manifest.Index index ->
                index.manifests().stream()
                        .flatMap(entry -> entry.platform().stream())
                        .map(Object::toString)
                        .toList();
        };
    }

    private static String tag(String name) {
        String untilDigest = name.contains("@") ? name.substring(0, name.indexOf('@')) : name;
        int colon = untilDigest.lastIndexOf(':');
        return colon > untilDigest.lastIndexOf('/') ? untilDigest.substring(colon + 1) : "";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
