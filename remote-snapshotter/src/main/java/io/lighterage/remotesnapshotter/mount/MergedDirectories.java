package io.lighterage.remotesnapshotter.mount;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is not to be seen from one layer alone: directories that several layers have a part in, and how many names of
/// a hard-linked file are hidden. Everything else, which is nearly all of an image, costs nothing here.
///
/// Filled by [LayerMerge]; not changed afterwards, so safe for use by many threads.
final class MergedDirectories {
    private static final int ALONE = -1;

    private final List<Merged> directories = new ArrayList<>();
    private final LongTable numbers = new LongTable();
    private final LongTable nowhere = new LongTable();
    private final LongTable hiddenNames = new LongTable();
    private final LongTable groups = new LongTable();

    /// Names for files of lower layers.
    final LinksBelow links;

    MergedDirectories(LinksBelow links) {
        this.links = links;
    }

    /// One directory of the tree.
    static final class Merged {
        /// What each layer has in it, the topmost first; a layer may have two parts, one through a symlink.
        final long[] parts;

        /// The part whose owner, mode, times and attributes it has.
        final long face;

        /// How many directories are in it.
        int directories;

        private Merged(long[] parts, long face) {
            this.parts = parts;
            this.face = face;
        }
    }

    Merged add(long[] parts, long face) {
        Merged merged = new Merged(parts, face);
        for (long part : parts) {
            numbers.put(part, directories.size());
        }
        directories.add(merged);
        return merged;
    }

    /// The directory that this is a part of; null when it is all there is.
    @Nullable
    Merged of(long directory) {
        int number = numbers.get(directory, ALONE);
        return number < 0 ? null : directories.get(number);
    }

    /// Says that a layer's directory is not seen where the layer has it.
    void putNowhere(long directory) {
        nowhere.put(directory, 1);
    }

    boolean isNowhere(long directory) {
        return !nowhere.isEmpty() && nowhere.get(directory, 0) != 0;
    }

    void hideName(long node) {
        hiddenNames.increment(node);
    }

    int hiddenNames(long node) {
        return hiddenNames.isEmpty() ? 0 : hiddenNames.get(node, 0);
    }

    /// Says what group a layer's directory took from the one it is in.
    void setGroup(long directory, long gid) {
        groups.put(directory, (int) gid);
    }

    /// @param own the group it has otherwise
    long group(long directory, long own) {
        return groups.isEmpty() ? own : Integer.toUnsignedLong(groups.get(directory, (int) own));
    }

    int size() {
        return directories.size();
    }
}
