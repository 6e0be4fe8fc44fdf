package io.lighterage.stargz.index;

import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.function.Function;

/// Extended attributes as [IndexFormat] has them.
final class XattrBytes {
    /// `XATTR_NAME_MAX` of Linux.
    private static final int MAX_NAME = 255;

    /// `XATTR_SIZE_MAX` of Linux.
    private static final int MAX_VALUE = 1 << 16;

    /// As many names of one byte as `XATTR_LIST_MAX` of Linux allows.
    private static final int MAX_COUNT = 1 << 15;

    private XattrBytes() {}

    static byte[] encode(Map<RawName, RawName> attributes, Function<String, ImageException> invalid) {
        if (attributes.size() > MAX_COUNT) {
            throw invalid.apply("has " + attributes.size() + " extended attributes; Linux allows " + MAX_COUNT);
        }
        int length = 2;
        for (Map.Entry<RawName, RawName> attribute : attributes.entrySet()) {
            int name = attribute.getKey().length();
            int value = attribute.getValue().length();
            if (name == 0 || name > MAX_NAME || value > MAX_VALUE || holdsNul(attribute.getKey())) {
                throw invalid.apply("has an extended attribute '" + EntryPath.shown(attribute.getKey()) + "' of " + name
                        + " bytes with a value of " + value + "; Linux allows 1 to " + MAX_NAME
                        + " bytes, none NUL, and "
                        + MAX_VALUE);
            }
            length += 6 + name + value;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort((short) attributes.size());
        attributes.forEach((name, value) -> bytes.putShort((short) name.length())
                .putInt(value.length())
                .put(name.toBytes())
                .put(value.toBytes()));
        return bytes.array();
    }

    private static boolean holdsNul(RawName name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.at(i) == 0) {
                return true;
            }
        }
        return false;
    }
}
