package io.lighterage.stargz.format;

import io.lighterage.stargz.RawName;

/// Paths of entries as places in the layer: no leading or trailing slash, no empty, `.` or `..` components; `..` ends
/// at the root. The root is empty.
final class EntryPath {
    private EntryPath() {}

    static RawName clean(RawName name) {
        byte[] in = name.toBytes();
        byte[] out = new byte[in.length];
        int length = 0;
        int at = 0;
        while (at < in.length) {
            int end = at;
            while (end < in.length && in[end] != '/') {
                end++;
            }
            int count = end - at;
            if (count == 2 && in[at] == '.' && in[at + 1] == '.') {
                length = parentLength(out, length);
            } else if (count > 1 || (count == 1 && in[at] != '.')) {
                if (length > 0) {
                    out[length++] = '/';
                }
                System.arraycopy(in, at, out, length, count);
                length += count;
            }
            at = end + 1;
        }
        return RawName.of(out, 0, length);
    }

    /// The directory that holds a cleaned path which is not the root.
    static RawName parent(RawName path) {
        byte[] bytes = path.toBytes();
        return RawName.of(bytes, 0, parentLength(bytes, bytes.length));
    }

    private static int parentLength(byte[] path, int length) {
        int at = length - 1;
        while (at > 0 && path[at] != '/') {
            at--;
        }
        return Math.max(at, 0);
    }
}
