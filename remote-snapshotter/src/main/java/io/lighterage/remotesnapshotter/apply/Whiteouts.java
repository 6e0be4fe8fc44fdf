package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.FileCalls;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Whiteouts of the OCI image specification: `.wh.NAME` hides what lower layers have at `NAME`, `.wh..wh..opq` all
/// they have in a directory. Neither touches what this layer itself brings, wherever in the stream it stands.
///
/// In merged form what is hidden is removed; in overlay form it is marked the way overlayfs reads it.
final class Whiteouts {
    static final byte[] PREFIX = EntryPath.ascii(".wh.");

    /// Other names with this prefix are bookkeeping of aufs and mean nothing to us.
    static final byte[] META_PREFIX = EntryPath.ascii(".wh..wh.");

    private static final byte[] OPAQUE = EntryPath.ascii(".wh..wh..opq");

    private final TargetTree tree;
    private final FileCalls calls;
    private final DirectoryTable table;
    private final ParentResolver resolver;
    private final LowerLayers lowers;

    Whiteouts(TargetTree tree, DirectoryTable table, ParentResolver resolver, LowerLayers lowers) {
        this.tree = tree;
        this.calls = tree.calls;
        this.table = table;
        this.resolver = resolver;
        this.lowers = lowers;
    }

    /// Applies an entry whose name or one of whose directories may be special.
    ///
    /// @return false when it is an ordinary entry, to be created
    /// @throws io.lighterage.contentstore.ImageException INVALID for names that hide nothing there could be
    boolean take(TarEntry entry, EntryPath path) {
        if (path.hasParentStarting(META_PREFIX)) {
            return true;
        }
        if (path.hasParentStarting(PREFIX)) {
            throw tree.refusal.malformed(path, "is below a whiteout; names starting with .wh. are reserved");
        }
        if (!path.baseStarts(PREFIX)) {
            return false;
        }
        byte[] base = path.base();
        if (Arrays.equals(base, OPAQUE)) {
            opaque(entry, path);
        } else if (!path.baseStarts(META_PREFIX)) {
            hide(entry, path, Arrays.copyOfRange(base, PREFIX.length, base.length));
        }
        return true;
    }

    private void hide(TarEntry entry, EntryPath path, byte[] name) {
        boolean valid = name.length > 0 && !isDots(name);
        if (!valid) {
            throw tree.refusal.malformed(path, "is a whiteout of nothing: a file name must follow .wh.");
        }
        Directory directory = directoryOf(entry, path);
        if (directory == null) {
            return;
        }
        if (directory.created(name)) {
            Directory child = table.get(RawName.of(directory.child(name)));
            if (child != null) {
                hideContent(child);
            }
        } else if (lowers.isOverlay()) {
            mark(directory, name, entry, path);
        } else {
            tree.remove(directory, name);
            table.forget(RawName.of(directory.child(name)));
            directory.touched = true;
        }
    }

    private void opaque(TarEntry entry, EntryPath path) {
        Directory directory = directoryOf(entry, path);
        if (directory != null) {
            hideContent(directory);
        }
    }

    /// Hides all that lower layers have in a directory this layer has, too.
    private void hideContent(Directory directory) {
        // In overlay form only marks of this layer can go: below an opaque directory they would be listed.
        removeNotOurs(directory);
        if (lowers.isOverlay()) {
            Directory above = directory.parent == null ? directory : directory.parent;
            try (TargetTree.Open in = tree.open(above)) {
                lowers.markOpaque(in.descriptor(), directory.base(), directory);
            }
        }
    }

    private void removeNotOurs(Directory directory) {
        for (byte[] name : tree.list(directory)) {
            RawName full = RawName.of(directory.child(name));
            if (!directory.created(name)) {
                tree.remove(directory, name);
                table.forget(full);
                directory.touched = true;
            } else {
                Directory child = table.get(full);
                if (child != null) {
                    removeNotOurs(child);
                }
            }
        }
    }

    /// In merged form a whiteout in a missing directory hides nothing; in overlay form the mark needs the directory.
    private @Nullable Directory directoryOf(TarEntry entry, EntryPath path) {
        ParentResolver.Missing missing =
                lowers.isOverlay() ? ParentResolver.Missing.MAKE_FOR_MARK : ParentResolver.Missing.LEAVE;
        return resolver.resolve(path.parent(), entry, path, missing);
    }

    /// Makes the mark of a hidden name, unless we know that there is nothing to hide: overlayfs lists a mark in a
    /// directory that only one layer has.
    void mark(Directory directory, byte[] name, TarEntry entry, EntryPath path) {
        // A directory that only holds marks goes with them.
        tree.remove(directory, name);
        table.forget(RawName.of(directory.child(name)));
        for (Directory at = directory; at != null; at = at.parent) {
            if (at.opaque) {
                return;
            }
        }
        if (lowers.isKnown() && lowers.find(directory, name) == null) {
            return;
        }
        try (TargetTree.Open in = tree.open(directory)) {
            tree.refusal.check(
                    calls.mknodat(in.descriptor(), name, Flags.S_IFCHR, 0, 0), "make the whiteout mark", path);
            directory.touched = true;
            long seconds = entry.modifySeconds();
            int nanos = entry.modifyNanos();
            tree.refusal.check(
                    calls.utimensat(in.descriptor(), name, seconds, nanos, seconds, nanos), "set the times of", path);
        }
    }

    private static boolean isDots(byte[] name) {
        return name[0] == '.' && (name.length == 1 || (name.length == 2 && name[1] == '.'));
    }
}
