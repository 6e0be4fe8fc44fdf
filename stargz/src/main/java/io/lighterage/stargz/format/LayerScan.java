package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.util.Arrays;
import java.util.BitSet;

/// What entries of a layer are to be kept: the last of each path, and none that belongs to a format.
final class LayerScan {
    /// What to do with an entry.
    enum Verdict {
        KEEP,
        /// It is another format's and not the image's.
        DROP,
        /// It takes the place of an earlier one.
        REPLACE
    }

    private final PathTable paths;
    private final BitSet dropped = new BitSet();
    /// Paths of directories.
    private final BitSet directories = new BitSet();

    /// Paths that hard links have named.
    private final BitSet linked = new BitSet();
    private int[] entryOfPath = new int[64];
    private int entries;

    LayerScan(long seed) {
        paths = new PathTable(seed);
    }

    /// Takes the next entry of the stream.
    ///
    /// @throws ImageException UNSUPPORTED when the formats, which know files by their paths, cannot say what the
    ///     entry means
    Verdict see(TarEntry entry) {
        int number = entries++;
        RawName path = EntryPath.clean(entry.name());
        if (Landmarks.isReserved(path)) {
            dropped.set(number);
            return Verdict.DROP;
        }
        int known = paths.find(path);
        if (entry.type() == TarEntry.Type.HARD_LINK) {
            seeLink(entry, path);
        }
        if (known == PathTable.NONE) {
            int added = paths.add(path);
            if (added == entryOfPath.length) {
                entryOfPath = Arrays.copyOf(entryOfPath, added * 2);
            }
            set(added, number, entry);
            return Verdict.KEEP;
        }
        requireReplaceable(known, entry);
        dropped.set(entryOfPath[known]);
        set(known, number, entry);
        return Verdict.REPLACE;
    }

    private void set(int path, int number, TarEntry entry) {
        entryOfPath[path] = number;
        directories.set(path, entry.type() == TarEntry.Type.DIRECTORY);
    }

    private void seeLink(TarEntry entry, RawName path) {
        RawName target = EntryPath.clean(entry.linkName());
        int found = paths.find(target);
        if (found == PathTable.NONE || target.equals(path) || directories.get(found)) {
            throw refused(
                    entry,
                    "it is a hard link to '" + entry.linkName()
                            + "', which is no file that came before it in this layer");
        }
        linked.set(found);
    }

    private void requireReplaceable(int path, TarEntry entry) {
        if (directories.get(path) && entry.type() != TarEntry.Type.DIRECTORY) {
            throw refused(entry, "it takes the place of a directory of the same layer");
        }
        if (linked.get(path)) {
            throw refused(entry, "it takes the place of a file that the same layer has made a hard link to");
        }
    }

    private static ImageException refused(TarEntry entry, String happened) {
        return new ImageException(
                ErrorKind.UNSUPPORTED,
                "converting a layer: entry '" + entry.name() + "' cannot be held by a format with an index: " + happened
                        + "; expected each path once, after what it links to. Flatten or rebuild the image");
    }

    /// Entries seen.
    int entries() {
        return entries;
    }

    boolean isDropped(int entry) {
        return dropped.get(entry);
    }

    /// The entry kept for a cleaned path, or [PathTable#NONE].
    int entryAt(RawName path) {
        int found = paths.find(path);
        return found == PathTable.NONE ? PathTable.NONE : entryOfPath[found];
    }
}
