package io.lighterage.proxyplugin;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.LabelUpdate;
import io.lighterage.contentstore.SnapshotKey;
import io.lighterage.contentstore.SnapshotKind;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.linux.Descriptors;
import io.lighterage.proxyplugin.protocol.Info;
import io.lighterage.proxyplugin.protocol.Kind;
import io.lighterage.proxyplugin.protocol.Label;
import io.lighterage.proxyplugin.protocol.Mount;
import io.lighterage.remotesnapshotter.snapshots.SnapshotMount;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Our values as messages, and messages as our values.
final class Messages {
    private static final String LABELS = "labels";

    private Messages() {}

    /// @throws ImageException INVALID when there is none, or it is too long
    static SnapshotKey key(ByteString bytes) {
        return SnapshotKey.of(bytes.toByteArray());
    }

    /// Nothing where there are no bytes.
    static Optional<SnapshotKey> parent(ByteString bytes) {
        return bytes.isEmpty() ? Optional.empty() : Optional.of(key(bytes));
    }

    static ByteString bytes(SnapshotKey key) {
        return ByteString.copyFrom(key.toBytes());
    }

    /// @throws ImageException INVALID when one is no UTF-8
    static Map<String, String> labels(List<Label> labels) {
        Map<String, String> result = new HashMap<>();
        for (Label label : labels) {
            if (!label.getKey().isValidUtf8() || !label.getValue().isValidUtf8()) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "the label '" + Descriptors.printable(label.getKey().toByteArray())
                                + "' or its value is no UTF-8");
            }
            result.put(label.getKey().toStringUtf8(), label.getValue().toStringUtf8());
        }
        return result;
    }

    static Info info(SnapshotRecord record) {
        Info.Builder info = Info.newBuilder()
                .setName(bytes(record.key()))
                .setKind(kind(record.kind()))
                .setCreatedAt(timestamp(record.created()))
                .setUpdatedAt(timestamp(record.updated()));
        record.labels()
                .forEach((key, value) -> info.addLabels(Label.newBuilder()
                        .setKey(ByteString.copyFromUtf8(key))
                        .setValue(ByteString.copyFromUtf8(value))));
        record.parent().map(Messages::bytes).ifPresent(info::setParent);
        return info.build();
    }

    private static Kind kind(SnapshotKind kind) {
        return switch (kind) {
            case ACTIVE -> Kind.ACTIVE;
            case VIEW -> Kind.VIEW;
            case COMMITTED -> Kind.COMMITTED;
        };
    }

    private static Timestamp timestamp(Instant time) {
        return Timestamp.newBuilder()
                .setSeconds(time.getEpochSecond())
                .setNanos(time.getNano())
                .build();
    }

    static List<Mount> mounts(List<SnapshotMount> mounts) {
        return mounts.stream()
                .map(mount -> Mount.newBuilder()
                        .setType(mount.type())
                        .setSource(mount.source())
                        .addAllOptions(mount.options())
                        .build())
                .toList();
    }

    /// What a field mask asks for.
    ///
    /// @param paths `labels`, or `labels.` and a key, which may have dots; none means all labels
    /// @param labels the values
    /// @throws ImageException INVALID for any other path
    static LabelUpdate labelUpdate(List<String> paths, Map<String, String> labels) {
        boolean all = paths.isEmpty();
        Set<String> keys = new HashSet<>();
        for (String path : paths) {
            if (path.equals(LABELS)) {
                all = true;
            } else if (path.startsWith(LABELS + ".") && path.length() > LABELS.length() + 1) {
                keys.add(path.substring(LABELS.length() + 1));
            } else {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "cannot update '" + path.substring(0, Math.min(path.length(), 100))
                                + "' of a snapshot; expected the mask to have 'labels' or 'labels.KEY' only");
            }
        }
        return all ? new LabelUpdate.Replace(labels) : new LabelUpdate.Patch(keys, labels);
    }
}
