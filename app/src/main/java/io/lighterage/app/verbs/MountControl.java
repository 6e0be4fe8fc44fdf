package io.lighterage.app.verbs;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.runtime.LazyMount;
import io.lighterage.runtime.MountReport;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
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
