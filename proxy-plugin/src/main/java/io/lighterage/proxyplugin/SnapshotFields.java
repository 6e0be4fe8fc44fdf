package io.lighterage.proxyplugin;

import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.proxyplugin.filters.Fields;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A snapshot as filters see it: `name`, `parent`, `kind` and `labels.KEY`, where the key may have dots.
///
/// @param record the snapshot
record SnapshotFields(SnapshotRecord record) implements Fields {
    @Override
    public Optional<String> value(List<String> path) {
        String rest = String.join(".", path.subList(1, path.size()));
        if (path.getFirst().equals("labels")) {
            return Optional.ofNullable(record.labels().get(rest));
        }
        if (path.size() > 1) {
            return Optional.empty();
        }
        return switch (path.getFirst()) {
            case "name" -> Optional.of(record.key().text());
            case "parent" -> Optional.of(record.parent().map(SnapshotKey::text).orElse(""));
            case "kind" -> Optional.of(record.kind().name().toLowerCase(Locale.ROOT));
            default -> Optional.empty();
        };
    }
}
