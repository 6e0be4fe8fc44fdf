package io.lighterage.app.setup;

import static io.lighterage.app.setup.SnapshotterPlace.quoted;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What a configuration of containerd needs so that it uses the snapshotter.
///
/// @param tables in the order in which they are written
public record ContainerdStanza(List<Table> tables) {
    /// Configuration of containerd 1.x, which 2.x reads as well.
    public static final int OF_CONTAINERD_1 = 2;

    /// Configuration of containerd 2.x.
    public static final int OF_CONTAINERD_2 = 3;

    /// Configuration of containerd 2.3, which has all of ours where the one of 2.x has it. It moved only
    /// what says where containerd listens.
    static final int OF_CONTAINERD_2_3 = 4;

    private static final String TRANSFER = "io.containerd.transfer.v1.local";

    public ContainerdStanza {
        tables = List.copyOf(tables);
    }

    /// One table.
    ///
    /// @param path keys from the top, the last of which may name an array of tables
    /// @param element whether it is one more element of an array of tables
    /// @param entries keys and their values; a value is a [String] or a [Boolean]
    public record Table(List<String> path, boolean element, Map<String, Object> entries) {
        public Table {
            path = List.copyOf(path);
            entries = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }

        String header() {
            String keys = path.stream()
                    .map(key -> key.matches("[A-Za-z0-9_-]+") ? key : quoted(key))
                    .collect(Collectors.joining("."));
            return element ? "[[" + keys + "]]" : "[" + keys + "]";
        }

        String text() {
            StringBuilder text = new StringBuilder(header()).append('\n');
            entries.forEach((key, value) -> text.append("  ")
                    .append(key)
                    .append(" = ")
                    .append(value instanceof String ? quoted(value) : value)
                    .append('\n'));
            return text.toString();
        }
    }

    /// @param version of the configuration, one of those above
    /// @param select whether kubelet's containers use it; else only who names it does
    public static ContainerdStanza of(SnapshotterPlace place, int version, boolean select) {
        return of(place, version, version, select);
    }

    /// @param version of the configuration
    /// @param reader the version that the containerd which reads it has for its own. One of 2.x takes
    ///     the tables of version 3 in a file of version 2, too; those of version 2 for the kubelet it
    ///     takes only where a table names a runtime
    /// @param select as above
    public static ContainerdStanza of(SnapshotterPlace place, int version, int reader, boolean select) {
        List<Table> tables = new ArrayList<>(proxy(place));
        if (select && version < OF_CONTAINERD_2) {
            tables.add(cri(place, List.of("plugins", "io.containerd.grpc.v1.cri", "containerd")));
        }
        if (Math.max(version, reader) >= OF_CONTAINERD_2) {
            if (select) {
                tables.add(cri(place, List.of("plugins", "io.containerd.cri.v1.images")));
            }
            tables.add(unpacking(place.name()));
        }
        return new ContainerdStanza(tables);
    }

    static List<Table> proxy(SnapshotterPlace place) {
        Map<String, Object> plugin = new LinkedHashMap<>();
        plugin.put("type", "snapshot");
        plugin.put("address", place.address().toString());
        plugin.put("platform", place.platform());
        Map<String, Object> exports = new LinkedHashMap<>();
        exports.put("root", place.root().toString());
        exports.put("enable_remote_snapshot_annotations", "true"); // a string: exports are strings
        return List.of(
                new Table(List.of("proxy_plugins", place.name()), false, plugin),
                new Table(List.of("proxy_plugins", place.name(), "exports"), false, exports));
    }

    /// Without annotations a layer's snapshot has no name but its chain's, and nothing to fetch it by.
    private static Table cri(SnapshotterPlace place, List<String> path) {
        Map<String, Object> entries = new LinkedHashMap<>();
        entries.put("snapshotter", place.name());
        entries.put("disable_snapshot_annotations", false);
        return new Table(path, false, entries);
    }

    /// The transfer service unpacks into no snapshotter that it has no such entry for.
    static Table unpacking(String snapshotter) {
        Map<String, Object> entries = new LinkedHashMap<>();
        entries.put("platform", "linux");
        entries.put("snapshotter", snapshotter);
        return new Table(List.of("plugins", TRANSFER, "unpack_config"), true, entries);
    }

    /// As it stands in a file, behind everything else.
    public String text() {
        return tables.stream().map(Table::text).collect(Collectors.joining("\n"));
    }
}
