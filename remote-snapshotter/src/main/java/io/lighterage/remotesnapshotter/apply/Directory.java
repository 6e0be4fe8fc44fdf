package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.FileStatus;
import io.lighterage.stargz.RawName;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A directory the layer being applied has to do with, under its canonical path (no symlinks in it). Facts only, no
/// descriptor: each entry opens its directory anew, and the kernel refuses when a symlink has come into the path.
final class Directory {
    final RawName path;
    final @Nullable Directory parent;
    private final long seed;
    private @Nullable NameSet created;

    // Children as a chain through the directories themselves: a layer may have a million of them.
    private @Nullable Directory firstChild;
    private @Nullable Directory previous;
    private @Nullable Directory next;

    /// Permission bits as they are on disk now.
    int mode;

    int gid;

    /// Whether new children inherit an ACL, so that their mode is not what was asked for.
    boolean defaultAcl;

    /// Whether this layer has an entry for it or below it.
    boolean inLayer;

    /// Whether its content changed, so that its times must be set (again) at the end.
    boolean touched;

    /// Whether this layer hides what lower layers have in it (overlay form).
    boolean opaque;

    /// Permission bits to set at the end, or -1: without privilege a directory stays `u+rwx` while we work in it.
    int finalMode = -1;

    long modifySeconds;
    int modifyNanos;

    /// @param seed for the hashes of names, see [NameSet]
    Directory(RawName path, @Nullable Directory parent, long seed) {
        this.path = path;
        this.parent = parent;
        this.seed = seed;
        if (parent != null) {
            next = parent.firstChild;
            if (next != null) {
                next.previous = this;
            }
            parent.firstChild = this;
        }
    }

    void remember(FileStatus status) {
        mode = status.mode() & 07777;
        gid = status.gid();
        modifySeconds = status.modifySeconds();
        modifyNanos = status.modifyNanos();
    }

    boolean isRoot() {
        return parent == null;
    }

    /// Last component; `.` for the root.
    byte[] base() {
        if (path.isEmpty()) {
            return new byte[] {'.'};
        }
        byte[] bytes = path.toBytes();
        int at = bytes.length;
        while (at > 0 && bytes[at - 1] != '/') {
            at--;
        }
        return Arrays.copyOfRange(bytes, at, bytes.length);
    }

    /// Canonical path of a child.
    byte[] child(byte[] name) {
        if (path.isEmpty()) {
            return name.clone();
        }
        byte[] full = Arrays.copyOf(path.toBytes(), path.length() + 1 + name.length);
        full[path.length()] = '/';
        System.arraycopy(name, 0, full, path.length() + 1, name.length);
        return full;
    }

    void forEachChild(Consumer<Directory> action) {
        for (Directory child = firstChild; child != null; child = child.next) {
            action.accept(child);
        }
    }

    /// Takes it out of its parent's chain.
    void detach() {
        if (next != null) {
            next.previous = previous;
        }
        if (previous != null) {
            previous.next = next;
        } else if (parent != null) {
            parent.firstChild = next;
        }
        next = null;
        previous = null;
    }

    /// Whether this layer made the name.
    boolean created(byte[] name) {
        return created != null && created.contains(name);
    }

    /// Notes that this layer made the name; the directories above are of this layer then, too.
    void noteCreated(byte[] name) {
        touched = true;
        add(name);
        Directory at = this;
        while (!at.inLayer) {
            at.inLayer = true;
            Directory above = at.parent;
            if (above == null) {
                return;
            }
            above.add(at.base());
            at = above;
        }
    }

    private void add(byte[] name) {
        NameSet names = created;
        if (names == null) {
            names = new NameSet(seed);
            created = names;
        }
        names.add(name);
    }

    @Override
    public String toString() {
        return path.isEmpty() ? "/" : EntryPath.shorten(path);
    }
}
