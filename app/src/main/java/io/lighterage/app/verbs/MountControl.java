package io.lighterage.app.verbs;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.runtime.LazyMount;
import io.lighterage.runtime.MountReport;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The requests that a process with a mount answers, by name, and how they are put and read.
///
/// | request | arguments | answer |
/// |---|---|---|
/// | `status` | none | an array of reports, one a mount |
/// | `unmount` | `directory` | the last report; NOT_FOUND when it is not ours |
final class MountControl {
    static final String STATUS = "status";
    static final String UNMOUNT = "unmount";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private MountControl() {}

    static Map<String, Function<JsonNode, JsonNode>> handlers(LazyMount mounted) {
        return Map.of(
                STATUS, ignored -> MAPPER.createArrayNode().add(tree(mounted.report())),
                UNMOUNT,
                        arguments ->
                                unmount(mounted, arguments.path("directory").asString("")));
    }

    /// Those of a snapshotter, whose mounts go with their snapshots.
    ///
    /// @param reports how they stand
    static Map<String, Function<JsonNode, JsonNode>> handlers(Supplier<List<MountReport>> reports) {
        return Map.of(
                STATUS,
                        ignored -> {
                            ArrayNode all = MAPPER.createArrayNode();
                            reports.get().forEach(report -> all.add(tree(report)));
                            return all;
                        },
                UNMOUNT,
                        arguments -> {
                            throw refused(
                                    reports.get(), arguments.path("directory").asString(""));
                        });
    }

    private static ImageException refused(List<MountReport> reports, String directory) {
        return reports.stream().anyMatch(report -> report.directory().equals(directory))
                ? new ImageException(
                        ErrorKind.PRECONDITION,
                        directory + " belongs to a snapshot of containerd's; remove the image or the snapshot instead")
                : new ImageException(ErrorKind.NOT_FOUND, directory + " is not mounted by this process");
    }

    private static JsonNode unmount(LazyMount mounted, String directory) {
        if (!mounted.at().toString().equals(directory)) {
            throw new ImageException(ErrorKind.NOT_FOUND, directory + " is not mounted by this process");
        }
        JsonNode last = tree(mounted.report());
        mounted.close();
        return last;
    }

    private static JsonNode tree(MountReport report) {
        return MAPPER.readTree(report.json());
    }

    static ObjectNode arguments() {
        return MAPPER.createObjectNode();
    }

    /// Reads one report of an answer.
    static MountReport report(JsonNode node) {
        return MountReport.parse(node.toString());
    }
}
