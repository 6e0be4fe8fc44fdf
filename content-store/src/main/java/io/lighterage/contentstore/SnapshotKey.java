package io.lighterage.contentstore;

import io.lighterage.linux.Descriptors;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The name of a snapshot: any bytes but none. Clients put spaces, slashes and colons into it, and some of them
/// bytes that are no UTF-8, so it is never part of a path.
public final class SnapshotKey implements Comparable<SnapshotKey> {
    /// What the metadata store of containerd takes for a key.
    public static final int MAX_BYTES = 32 << 10;

    private static final int SHOWN_BYTES = 200;

    private final byte[] bytes;

    private SnapshotKey(byte[] bytes) {
        if (bytes.length == 0 || bytes.length > MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the name of a snapshot has " + bytes.length + " bytes; expected 1 to " + MAX_BYTES);
        }
        this.bytes = bytes;
    }

    /// @throws ImageException INVALID when there are none, or more than [#MAX_BYTES]
    public static SnapshotKey of(byte[] bytes) {
        return new SnapshotKey(bytes.clone());
    }

    public static SnapshotKey of(String text) {
        return new SnapshotKey(text.getBytes(StandardCharsets.UTF_8));
    }

    /// A copy of the bytes.
    public byte[] toBytes() {
        return bytes.clone();
    }

    /// As text; what is no UTF-8 is replaced.
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public int compareTo(SnapshotKey other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SnapshotKey key && Arrays.equals(bytes, key.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /// For messages: printable, and short.
    @Override
    public String toString() {
        String shown = Descriptors.printable(Arrays.copyOf(bytes, Math.min(bytes.length, SHOWN_BYTES)));
        return bytes.length > SHOWN_BYTES ? shown + "… (" + bytes.length + " bytes)" : shown;
    }
}
