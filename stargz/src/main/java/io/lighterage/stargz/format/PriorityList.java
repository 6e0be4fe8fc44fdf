package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Files to be placed first, the most urgent first.
///
/// One path a line, from the image's root with or without a slash; blank lines and those that begin with `#` are
/// passed over. Behind a tab may stand the ranges that are read of the file, `offset+length` joined by commas; layers
/// are ordered by whole files, so they are checked and not used.
///
/// @param paths cleaned
public record PriorityList(List<RawName> paths) {
    /// A list of nothing.
    public static final PriorityList NONE = new PriorityList(List.of());

    /// Largest list in bytes: a million paths of usual length.
    public static final int MAX_BYTES = 64 << 20;

    private static final Pattern RANGES = Pattern.compile("\\d{1,18}\\+\\d{1,18}(?:,\\d{1,18}\\+\\d{1,18})*+");

    public PriorityList {
        paths = List.copyOf(paths);
    }

    /// @throws ImageException INVALID, naming the line
    public static PriorityList parse(byte[] bytes) {
        if (bytes.length > MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the priority list has " + bytes.length + " bytes; expected at most " + MAX_BYTES);
        }
        List<RawName> paths = new ArrayList<>();
        int number = 1;
        for (int at = 0; at < bytes.length; number++) {
            int end = at;
            int tab = -1;
            for (; end < bytes.length && bytes[end] != '\n'; end++) {
                tab = bytes[end] == '\t' && tab < 0 ? end : tab;
            }
            if (tab >= 0
                    && !RANGES.matcher(RawName.of(bytes, tab + 1, end).toString())
                            .matches()) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "line " + number + " of the priority list has '" + RawName.of(bytes, tab + 1, end)
                                + "' behind its tab; expected offset+length, joined by commas");
            }
            RawName path = RawName.of(bytes, at, tab >= 0 ? tab : end);
            if (!path.isEmpty() && path.at(0) != '#') {
                paths.add(EntryPath.clean(path));
            }
            at = end + 1;
        }
        return new PriorityList(paths);
    }

    public boolean isEmpty() {
        return paths.isEmpty();
    }
}
