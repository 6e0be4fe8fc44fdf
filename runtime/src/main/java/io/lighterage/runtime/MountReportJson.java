package io.lighterage.runtime;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A [MountReport] as JSON: what goes over the control socket and into the mount's record.
final class MountReportJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final double NANOS_PER_MILLI = 1e6;

    private MountReportJson() {}

    static String write(MountReport report) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("image", report.image());
        root.put("directory", report.directory());
        root.put("way", report.way());
        root.put("plan", report.plan());
        root.put("pid", report.pid());
        root.put("startedAt", report.startedAt().toString());
        ObjectNode opening = root.putObject("opening");
        opening.put("resolvingMillis", millis(report.opening().resolving()));
        opening.put("layersMillis", millis(report.opening().layers()));
        opening.put("mountingMillis", millis(report.opening().mounting()));
        ArrayNode layers = root.putArray("layers");
        report.layers().forEach(layer -> write(layer, layers.addObject()));
        ArrayNode slowest = root.putArray("slowest");
        report.slowest().forEach(read -> write(read, slowest.addObject()));
        return MAPPER.writeValueAsString(root);
    }

    private static void write(MountReport.Layer layer, ObjectNode to) {
        to.put("digest", layer.digest().toString());
        to.put("lazy", layer.lazy());
        to.put("bytesHere", layer.bytesHere());
        to.put("bytesTotal", layer.bytesTotal());
        to.put("compressedBytes", layer.compressedBytes());
        to.put("bytesFetched", layer.bytesFetched());
        to.put("requests", layer.requests());
        to.put("demandReads", layer.demandReads());
        to.put("demandMillis", millis(layer.demandTime()));
        to.put("waitingReads", layer.waitingReads());
        layer.lastError().ifPresent(message -> to.put("lastError", message));
    }

    private static void write(MountReport.SlowestRead read, ObjectNode to) {
        to.put("layer", read.layer().toString());
        to.put("path", read.path());
        to.put("offset", read.offset());
        to.put("length", read.length());
        to.put("bytesFetched", read.bytesFetched());
        to.put("roundTrips", read.roundTrips());
        to.put("waitedMillis", millis(read.waited()));
        to.put("at", read.at().toString());
    }

    private static double millis(Duration duration) {
        return Math.round(duration.toNanos() / NANOS_PER_MILLI * 1000) / 1000.0;
    }

    static MountReport read(String json) {
        try {
            JsonNode root = MAPPER.readTree(json);
            JsonNode opening = root.path("opening");
            List<MountReport.Layer> layers = new ArrayList<>();
            root.path("layers").forEach(layer -> layers.add(layer(layer)));
            List<MountReport.SlowestRead> slowest = new ArrayList<>();
            root.path("slowest").forEach(read -> slowest.add(slowest(read)));
            return new MountReport(
                    root.required("image").asString(),
                    root.required("directory").asString(),
                    root.path("way").asString("FUSE"), // records from before there was another
                    root.path("plan").asString(""),
                    root.required("pid").asLong(),
                    Instant.parse(root.required("startedAt").asString()),
                    new MountReport.Opening(
                            duration(opening, "resolvingMillis"),
                            duration(opening, "layersMillis"),
                            duration(opening, "mountingMillis")),
                    layers,
                    slowest);
        } catch (JacksonException | DateTimeException | IllegalArgumentException e) {
            throw new ImageException(
                    ErrorKind.CORRUPT, "a mount's report is not what this program writes: " + e.getMessage(), e);
        }
    }

    private static MountReport.Layer layer(JsonNode node) {
        return new MountReport.Layer(
                Digest.parse(node.required("digest").asString()),
                node.required("lazy").asBoolean(),
                node.required("bytesHere").asLong(),
                node.required("bytesTotal").asLong(),
                node.required("compressedBytes").asLong(),
                node.required("bytesFetched").asLong(),
                node.required("requests").asLong(),
                node.required("demandReads").asLong(),
                duration(node, "demandMillis"),
                node.required("waitingReads").asInt(),
                Optional.ofNullable(node.get("lastError")).map(JsonNode::asString));
    }

    private static MountReport.SlowestRead slowest(JsonNode node) {
        return new MountReport.SlowestRead(
                Digest.parse(node.required("layer").asString()),
                node.required("path").asString(),
                node.required("offset").asLong(),
                node.required("length").asLong(),
                node.required("bytesFetched").asLong(),
                node.required("roundTrips").asInt(),
                duration(node, "waitedMillis"),
                Instant.parse(node.required("at").asString()));
    }

    private static Duration duration(JsonNode node, String name) {
        return Duration.ofNanos((long) (node.required(name).asDouble() * NANOS_PER_MILLI));
    }
}
