package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The name of a tar entry, cleaned as if the root of the tree were `/`: no empty, `.` or `..` components, no slash
/// at either end, so that no name can say anything above the root. The root itself is the empty path.
final class EntryPath {
    /// `PATH_MAX` less its NUL: one system call cannot say more.
    static final int MAX_PATH = 4095;

    /// `NAME_MAX` of every Linux file system.
    static final int MAX_NAME = 255;

    private final byte[] path;
    private final int baseStart;

    private EntryPath(byte[] path) {
        this.path = path;
        this.baseStart = lastSlash(path) + 1;
    }

    /// Cleans a name from an archive.
    ///
    /// @param what `name` or `link target`, for the message
    /// @throws ImageException INVALID when it is empty, overlong, or holds a NUL
    static EntryPath clean(RawName name, String what) {
        byte[] raw = name.toBytes();
        if (raw.length == 0) {
            throw new ImageException(
                    ErrorKind.INVALID, "a tar entry has an empty " + what + "; the layer is malformed");
        }
        byte[] out = new byte[raw.length];
        int length = 0;
        int at = 0;
        while (at < raw.length) {
            int end = at;
            while (end < raw.length && raw[end] != '/') {
                if (raw[end] == 0) {
                    throw invalid(name, what, "holds a NUL byte");
                }
                end++;
            }
            length = append(out, length, raw, at, end, name, what);
            at = end + 1;
        }
        if (length > MAX_PATH) {
            throw invalid(name, what, "is " + length + " bytes long; Linux allows " + MAX_PATH);
        }
        return new EntryPath(length == raw.length ? out : Arrays.copyOf(out, length));
    }

    private static int append(byte[] out, int length, byte[] raw, int from, int to, RawName name, String what) {
        int size = to - from;
        if (size == 0 || (size == 1 && raw[from] == '.')) {
            return length;
        }
        if (size == 2 && raw[from] == '.' && raw[from + 1] == '.') {
            int cut = length;
            while (cut > 0 && out[--cut] != '/') {}
            return cut;
        }
        if (size > MAX_NAME) {
            throw invalid(name, what, "has a component of " + size + " bytes; Linux allows " + MAX_NAME);
        }
        int at = length;
        if (at > 0) {
            out[at++] = '/';
        }
        System.arraycopy(raw, from, out, at, size);
        return at + size;
    }

    boolean isRoot() {
        return path.length == 0;
    }

    /// The path of the directory it is in; empty for the root.
    RawName parent() {
        return RawName.of(baseStart == 0 ? new byte[0] : Arrays.copyOf(path, baseStart - 1));
    }

    /// The last component; empty for the root.
    byte[] base() {
        return Arrays.copyOfRange(path, baseStart, path.length);
    }

    /// Whether some component before the last starts with the prefix.
    boolean hasParentStarting(byte[] prefix) {
        int start = 0;
        for (int i = 0; i < baseStart; i++) {
            if (path[i] == '/') {
                if (startsWith(path, start, i, prefix)) {
                    return true;
                }
                start = i + 1;
            }
        }
        return false;
    }

    boolean baseStarts(byte[] prefix) {
        return startsWith(path, baseStart, path.length, prefix);
    }

    private static boolean startsWith(byte[] path, int from, int to, byte[] prefix) {
        return to - from >= prefix.length && Arrays.equals(path, from, from + prefix.length, prefix, 0, prefix.length);
    }

    private static int lastSlash(byte[] path) {
        int at = path.length - 1;
        while (at >= 0 && path[at] != '/') {
            at--;
        }
        return at;
    }

    private static ImageException invalid(RawName name, String what, String fault) {
        return new ImageException(
                ErrorKind.INVALID, "tar entry with " + what + " '" + shorten(name) + "': the " + what + " " + fault);
    }

    /// At most 200 bytes of a name, for messages.
    static String shorten(RawName name) {
        return name.length() <= 200 ? name.toString() : RawName.of(Arrays.copyOf(name.toBytes(), 200)) + "…";
    }

    @Override
    public String toString() {
        return path.length == 0 ? "/" : shorten(RawName.of(path));
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
