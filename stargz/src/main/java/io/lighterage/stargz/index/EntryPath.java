package io.lighterage.stargz.index;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A path of an archive, cleaned as if the layer's root were `/`: no empty, `.` or `..` parts, no slash at either end.
/// The root itself is empty.
final class EntryPath {
    private final byte[] bytes;
    private final int baseAt;

    private EntryPath(byte[] bytes, int baseAt) {
        this.bytes = bytes;
        this.baseAt = baseAt;
    }

    /// Cleans a name.
    ///
    /// @param what `name` or `link target`, for the message
    /// @throws ImageException INVALID when Linux could not have it
    static EntryPath clean(RawName name, String what) {
        byte[] raw = name.toBytes();
        byte[] out = new byte[raw.length];
        int length = 0;
        int from = 0;
        while (from < raw.length) {
            int to = from;
            while (to < raw.length && raw[to] != '/') {
                if (raw[to] == 0) {
                    throw invalid(name, what, "holds a NUL byte");
                }
                to++;
            }
            if (to - from > IndexFormat.MAX_NAME) {
                throw invalid(name, what, "has a part of " + (to - from) + " bytes; Linux allows 255");
            }
            length = append(out, length, raw, from, to);
            from = to + 1;
        }
        boolean fits = raw.length > 0 && length <= IndexFormat.MAX_PATH;
        if (!fits) {
            throw invalid(name, what, "has " + length + " bytes; expected 1 to " + IndexFormat.MAX_PATH);
        }
        return of(Arrays.copyOf(out, length));
    }

    private static EntryPath of(byte[] path) {
        int at = path.length;
        while (at > 0 && path[at - 1] != '/') {
            at--;
        }
        return new EntryPath(path, at);
    }

    private static int append(byte[] out, int length, byte[] raw, int from, int to) {
        if (isUp(raw, from, to)) {
            int cut = length;
            while (cut > 0) {
                cut--;
                if (out[cut] == '/') {
                    break;
                }
            }
            return cut;
        }
        if (isNothing(raw, from, to)) {
            return length;
        }
        int at = length;
        if (at > 0) {
            out[at++] = '/';
        }
        System.arraycopy(raw, from, out, at, to - from);
        return at + to - from;
    }

    /// Whether a part is `..`.
    static boolean isUp(byte[] path, int from, int to) {
        return to - from == 2 && path[from] == '.' && path[from + 1] == '.';
    }

    /// Whether a part is empty or `.`.
    static boolean isNothing(byte[] path, int from, int to) {
        return to == from || (to - from == 1 && path[from] == '.');
    }

    /// The path; not to be changed.
    byte[] bytes() {
        return bytes;
    }

    /// Where the last part begins.
    int baseAt() {
        return baseAt;
    }

    boolean isRoot() {
        return bytes.length == 0;
    }

    /// The directory that holds it; empty for those in the root.
    byte[] parent() {
        return Arrays.copyOf(bytes, Math.max(0, baseAt - 1));
    }

    boolean baseIs(String name) {
        return Arrays.equals(bytes, baseAt, bytes.length, ascii(name), 0, name.length());
    }

    boolean baseStarts(String prefix) {
        return starts(bytes, baseAt, bytes.length, prefix);
    }

    boolean parentStarts(String prefix) {
        int from = 0;
        for (int i = 0; i < baseAt; i++) {
            if (bytes[i] == '/') {
                if (starts(bytes, from, i, prefix)) {
                    return true;
                }
                from = i + 1;
            }
        }
        return false;
    }

    static boolean starts(byte[] bytes, int from, int to, String prefix) {
        int end = from + prefix.length();
        return end <= to && Arrays.equals(bytes, from, end, ascii(prefix), 0, prefix.length());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static ImageException invalid(RawName name, String what, String fault) {
        return new ImageException(
                ErrorKind.INVALID, "layer entry with " + what + " '" + shown(name) + "': the " + what + " " + fault);
    }

    /// At most 200 bytes of a name, for messages.
    static String shown(RawName name) {
        return name.length() <= 200 ? name.toString() : RawName.of(name.toBytes(), 0, 200) + "…";
    }

    @Override
    public String toString() {
        return isRoot() ? "/" : shown(RawName.of(bytes));
    }
}
