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
/// passed over. Behind a tab may stand the ranges that are read of the file, `offset+length` joined by commas. A path
/// may
/// be listed again with further ranges. Layers are ordered by whole files; the ranges say where their chunks begin and
/// in
/// which order those are fetched.
///
/// @param items one for each line
public record PriorityList(List<Item> items) {
    /// A list of nothing.
    public static final PriorityList NONE = new PriorityList(List.of());

    /// Largest list in bytes: a million paths of usual length.
    public static final int MAX_BYTES = 64 << 20;

    /// A file.
    ///
    /// @param path cleaned
    /// @param ranges what is read of it, in the order of the list; none means everything
    public record Item(RawName path, List<Range> ranges) {
        public Item {
            ranges = List.copyOf(ranges);
        }

        /// The whole file.
        public static Item whole(RawName path) {
            return new Item(path, List.of());
        }
    }

    /// Bytes `[offset, offset + length)` of a file.
    public record Range(long offset, long length) {}

    private static final Pattern RANGES = Pattern.compile("\\d{1,18}\\+\\d{1,18}(?:,\\d{1,18}\\+\\d{1,18})*+");

    public PriorityList {
        items = List.copyOf(items);
    }

    /// @throws ImageException INVALID, naming the line
    public static PriorityList parse(byte[] bytes) {
        if (bytes.length > MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the priority list has " + bytes.length + " bytes; expected at most " + MAX_BYTES);
        }
        List<Item> items = new ArrayList<>();
        int number = 1;
        for (int at = 0; at < bytes.length; number++) {
            int end = at;
            int tab = -1;
            for (; end < bytes.length && bytes[end] != '\n'; end++) {
                tab = bytes[end] == '\t' && tab < 0 ? end : tab;
            }
            List<Range> ranges = tab < 0 ? List.of() : ranges(RawName.of(bytes, tab + 1, end), number);
            RawName path = RawName.of(bytes, at, tab >= 0 ? tab : end);
            if (!path.isEmpty() && path.at(0) != '#') {
                items.add(new Item(EntryPath.clean(path), ranges));
            }
            at = end + 1;
        }
        return new PriorityList(items);
    }

    private static List<Range> ranges(RawName text, int line) {
        if (!RANGES.matcher(text.toString()).matches()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "line " + line + " of the priority list has '" + text
                            + "' behind its tab; expected offset+length, joined by commas");
        }
        List<Range> ranges = new ArrayList<>();
        for (String range : text.toString().split(",")) {
            int plus = range.indexOf('+');
            ranges.add(new Range(Long.parseLong(range.substring(0, plus)), Long.parseLong(range.substring(plus + 1))));
        }
        return ranges;
    }

    public boolean isEmpty() {
        return items.isEmpty();
    }
}
