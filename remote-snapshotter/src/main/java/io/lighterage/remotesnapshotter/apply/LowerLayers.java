package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Overlay form: the marks of this layer, and what the layers below have at a path, by the rules of overlayfs
/// (whiteouts, opaque directories, topmost wins). In merged form there are none: everything is in the one tree.
final class LowerLayers implements AutoCloseable {
    private static final byte[] OPAQUE_YES = EntryPath.ascii("y");
    private static final byte[] NOTHING = {};

    private final FileCalls calls;
    private final Refusal refusal;
    private final ProcessRights rights;
    private final boolean overlay;
    private final byte[] opaqueName;
    private final List<Integer> roots = new ArrayList<>();

    LowerLayers(FileCalls calls, ApplyOptions options, Refusal refusal, ProcessRights rights) {
        this.calls = calls;
        this.refusal = refusal;
        this.rights = rights;
        this.overlay = options.form() == ApplyOptions.Form.OVERLAY;
        this.opaqueName = EntryPath.ascii(options.userXattrs() ? "user.overlay.opaque" : "trusted.overlay.opaque");
        try {
            for (Path lower : overlay ? options.lowers() : List.<Path>of()) {
                int flags = Flags.O_PATH | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
                byte[] name = RawName.of(lower.toString()).toBytes();
                int root = calls.openat2(Flags.AT_FDCWD, name, flags, 0, 0);
                roots.add(refusal.check(root, "open lower layer", lower));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    boolean isOverlay() {
        return overlay;
    }

    /// Whether we know what is below.
    boolean isKnown() {
        return !roots.isEmpty();
    }

    /// Whether a file of this tree or of a lower one is overlayfs's way to say "not here".
    boolean isWhiteout(FileStatus status) {
        return overlay
                && (status.mode() & Flags.S_IFMT) == Flags.S_IFCHR
                && status.targetMajor() == 0
                && status.targetMinor() == 0;
    }

    /// Marks a directory of this layer as hiding the lower ones.
    void markOpaque(int parent, byte[] name, Directory directory) {
        directory.opaque = true;
        refusal.check(
                calls.setxattrat(parent, name, opaqueName, OPAQUE_YES),
                "mark as opaque (" + RawName.of(opaqueName) + ") the directory",
                directory);
    }

    /// What a lower layer has at a path.
    ///
    /// @param root descriptor of that layer
    /// @param path canonical path in it
    record Found(int root, RawName path, FileStatus status) {}

    /// What shows at `name` in a directory when only the lower layers are looked at, or null.
    @Nullable
    Found find(Directory directory, byte[] name) {
        if (roots.isEmpty()) {
            return null;
        }
        for (Directory at = directory; at != null; at = at.parent) {
            if (at.opaque) {
                return null;
            }
        }
        byte[] path = directory.child(name);
        List<Integer> merged = roots;
        Found found = null;
        for (int end = 1; end <= path.length; end++) {
            if (end == path.length || path[end] == '/') {
                RawName prefix = RawName.of(java.util.Arrays.copyOf(path, end));
                List<Integer> next = new ArrayList<>();
                found = look(merged, prefix, next);
                if (found == null || (end < path.length && !found.status().isDirectory())) {
                    return null;
                }
                merged = next;
            }
        }
        return found;
    }

    /// The topmost at one path, and in `next` the layers whose directories merge there.
    private @Nullable Found look(List<Integer> layers, RawName path, List<Integer> next) {
        Found top = null;
        for (int layer : layers) {
            int file = open(layer, path, Flags.O_PATH | Flags.O_NOFOLLOW);
            if (file < 0) {
                continue;
            }
            try (TargetTree.Open in = new TargetTree.Open(calls, file)) {
                FileStatus status = calls.statx(in.descriptor(), NOTHING);
                if (status == null || isWhiteout(status)) {
                    return top;
                }
                if (!status.isDirectory()) {
                    return top == null ? new Found(layer, path, status) : top;
                }
                top = top == null ? new Found(layer, path, status) : top;
                next.add(layer);
                if (calls.getxattrat(in.descriptor(), new byte[] {'.'}, opaqueName) != null) {
                    return top;
                }
            }
        }
        return top;
    }

    private int open(int layer, RawName path, int flags) {
        return calls.openat2(layer, path.toBytes(), flags | Flags.O_CLOEXEC, 0, TargetTree.RESOLVE);
    }

    byte[] readLink(Found found) {
        int file =
                refusal.check(open(found.root(), found.path(), Flags.O_PATH | Flags.O_NOFOLLOW), "open", found.path());
        try (TargetTree.Open in = new TargetTree.Open(calls, file)) {
            return calls.readlinkat(in.descriptor(), NOTHING);
        }
    }

    /// Gives a name of this layer the owner and extended attributes that it has below; the mode is the caller's.
    void copyAttributes(Found from, int parent, byte[] name) {
        int file = refusal.check(open(from.root(), from.path(), Flags.O_PATH | Flags.O_NOFOLLOW), "open", from.path());
        try (TargetTree.Open in = new TargetTree.Open(calls, file)) {
            int owned = calls.fchownat(
                    parent, name, from.status().uid(), from.status().gid(), Flags.AT_SYMLINK_NOFOLLOW);
            if (rights.privileged()) {
                refusal.check(owned, "set the owner of", from.path());
            }
        }
        copyXattrs(from, parent, name);
    }

    private void copyXattrs(Found from, int parent, byte[] name) {
        RawName path = from.path();
        int slash = path.length() - 1;
        byte[] bytes = path.toBytes();
        while (slash >= 0 && bytes[slash] != '/') {
            slash--;
        }
        byte[] base = java.util.Arrays.copyOfRange(bytes, slash + 1, bytes.length);
        RawName above = slash < 0 ? RawName.of(".") : RawName.of(java.util.Arrays.copyOf(bytes, slash));
        int directory = refusal.check(open(from.root(), above, Flags.O_PATH | Flags.O_DIRECTORY), "open", above);
        try (TargetTree.Open in = new TargetTree.Open(calls, directory)) {
            for (byte[] attribute : calls.listxattrat(in.descriptor(), base)) {
                byte[] value = calls.getxattrat(in.descriptor(), base, attribute);
                if (value != null && !ReservedXattrs.isReserved(attribute)) {
                    int result = calls.setxattrat(parent, name, attribute, value);
                    if (rights.privileged()) {
                        refusal.check(result, "set " + RawName.of(attribute) + " of", path);
                    }
                }
            }
        }
    }

    /// Copies the bytes of a lower regular file to an open file of this layer, as overlayfs does before it links.
    void copyContent(Found from, int to) {
        int file =
                refusal.check(open(from.root(), from.path(), Flags.O_RDONLY | Flags.O_NOFOLLOW), "open", from.path());
        try (TargetTree.Open in = new TargetTree.Open(calls, file);
                FileChannel source = channel(in.descriptor(), StandardOpenOption.READ);
                FileChannel target = channel(to, StandardOpenOption.WRITE)) {
            long size = source.size();
            long at = 0;
            while (at < size) {
                at += source.transferTo(at, size - at, target);
            }
        } catch (IOException e) {
            boolean full = String.valueOf(e.getMessage()).contains("No space left");
            int errno = full ? io.lighterage.linux.Errno.ENOSPC : io.lighterage.linux.Errno.EIO;
            throw refusal.of(errno, "copy up", from.path());
        }
    }

    private static FileChannel channel(int descriptor, StandardOpenOption option) throws IOException {
        return FileChannel.open(Path.of("/proc/self/fd/" + descriptor), option);
    }

    @Override
    public void close() {
        for (int root : roots) {
            int ignored = calls.close(root);
        }
        roots.clear();
    }
}
