package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.XATTR_ENTRY;
import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.XATTR_HEADER;
import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.XATTR_UNIT;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.remotesnapshotter.erofs.XattrNames.Split;
import io.lighterage.stargz.RawName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/// The extended attributes of one inode as they lie behind it.
final class XattrArea {
    /// A name's rest has a byte for its length, a value two. Linux allows one byte more in a value.
    private static final int MAX_VALUE = 0xffff;

    /// The length of all has 16 bits, in units of 4 and counted from one less than the header.
    private static final int MAX_AREA = XATTR_HEADER + (0xffff - 1) * XATTR_UNIT;

    private XattrArea() {}

    /// Bytes of the area: a multiple of 4, or 0.
    ///
    /// @param path of the inode, for messages
    /// @throws ImageException UNSUPPORTED when EROFS has no room for them
    static int size(Map<RawName, RawName> attributes, Supplier<RawName> path) {
        if (attributes.isEmpty()) {
            return 0;
        }
        long size = XATTR_HEADER;
        for (Map.Entry<RawName, RawName> attribute : attributes.entrySet()) {
            RawName name = attribute.getKey();
            int value = attribute.getValue().length();
            Split split = XattrNames.split(name)
                    .orElseThrow(() -> failure(path, "'" + name + "', a name that EROFS does not have"));
            if (split.rest().length() > ErofsFormat.MAX_NAME || value > MAX_VALUE) {
                throw failure(
                        path,
                        "'" + name + "' with a value of " + value + " bytes; EROFS holds names of "
                                + ErofsFormat.MAX_NAME + " and values of " + MAX_VALUE);
            }
            size += entrySize(split, value);
        }
        if (size > MAX_AREA) {
            throw failure(path, "of " + size + " bytes together; EROFS holds " + MAX_AREA);
        }
        return (int) size;
    }

    private static long entrySize(Split split, int value) {
        return ErofsFormat.roundUp((long) XATTR_ENTRY + split.rest().length() + value, XATTR_UNIT);
    }

    /// What the inode says of the length of the area.
    static int count(int size) {
        return size == 0 ? 0 : (size - XATTR_HEADER) / XATTR_UNIT + 1;
    }

    /// The bytes, in the order of the names whatever that of the map.
    ///
    /// @param size what [#size] said
    static ByteBuffer encode(Map<RawName, RawName> attributes, int size) {
        ByteBuffer area = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        if (size == 0) {
            return area;
        }
        area.position(XATTR_HEADER);
        new TreeMap<>(attributes).forEach((name, value) -> {
            Split split = XattrNames.split(name).orElseThrow();
            int end = area.position() + (int) entrySize(split, value.length());
            area.put((byte) split.rest().length()).put((byte) split.prefix()).putShort((short) value.length());
            area.put(split.rest().toBytes()).put(value.toBytes()).position(end);
        });
        return area.flip();
    }

    private static ImageException failure(Supplier<RawName> path, String what) {
        return new ImageException(
                ErrorKind.UNSUPPORTED,
                "cannot make an EROFS image: '" + path.get() + "' has an extended attribute " + what
                        + ". Mount the image over FUSE");
    }
}
