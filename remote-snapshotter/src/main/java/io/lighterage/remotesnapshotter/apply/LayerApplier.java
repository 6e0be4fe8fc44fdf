package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarReader;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;

/// Applies the entries of one layer, in order, to a tree.
///
/// For each entry: clean the name, find its directory inside the tree, handle whiteouts, remove what is there
/// (unless both are directories), create, then owner, extended attributes, mode, times. A directory's times are set
/// when the layer is complete, and a directory that the layer only works in keeps the times it had. What a hard link
/// entry says of owner, mode and times is ignored: its target has said it.
///
/// Contained: see [TargetTree]. Owned by one thread.
final class LayerApplier {
    private static final int MAX_MAJOR = 0xfff;
    private static final int MAX_MINOR = 0xfffff;

    private final FileCalls calls;
    private final TargetTree tree;
    private final Refusal refusal;
    private final ProcessRights rights;
    private final LowerLayers lowers;
    private final OmissionLog omissions = new OmissionLog();
    private final DirectoryTable table;
    private final ParentResolver resolver;
    private final Attributes attributes;
    private final Whiteouts whiteouts;
    private final HardLinks hardLinks;
    private long entries;
    private long files;
    private long fileBytes;

    LayerApplier(TargetTree tree, ProcessRights rights, LowerLayers lowers) {
        this.calls = tree.calls;
        this.tree = tree;
        this.refusal = tree.refusal;
        this.rights = rights;
        this.lowers = lowers;
        table = new DirectoryTable(ThreadLocalRandom.current().nextLong());
        resolver = new ParentResolver(tree, table, lowers);
        attributes = new Attributes(tree, rights, omissions);
        whiteouts = new Whiteouts(tree, table, resolver, lowers);
        hardLinks = new HardLinks(tree, table, resolver, lowers);
    }

    /// Applies every entry; the bytes after the end of the archive are the caller's.
    ///
    /// @throws ImageException INVALID for entries that cannot be, CANCELLED when interrupted, EXHAUSTED, DENIED and
    ///     others for what the file system says
    void apply(TarReader tar) {
        resolver.adoptRoot();
        for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new ImageException(
                        ErrorKind.CANCELLED, "unpacking layer " + refusal.label() + " was interrupted");
            }
            entries++;
            apply(entry, tar);
        }
        tree.finish(table);
    }

    /// What was done so far.
    ApplyReport report(long tarBytes) {
        return new ApplyReport(entries, files, fileBytes, tarBytes, omissions.toList());
    }

    private void apply(TarEntry entry, TarReader tar) {
        EntryPath path = EntryPath.clean(entry.name(), "name");
        if (path.isRoot()) {
            applyRoot(entry, path);
            return;
        }
        if (whiteouts.take(entry, path)) {
            return;
        }
        Directory directory = resolver.resolve(path.parent(), entry, path, ParentResolver.Missing.MAKE);
        if (directory == null) {
            throw new IllegalStateException("a parent that was to be made is missing");
        }
        byte[] name = path.base();
        switch (entry.type()) {
            case REGULAR -> regular(entry, path, directory, name, tar);
            case DIRECTORY -> directory(entry, path, directory, name);
            case HARD_LINK -> hardLinks.make(entry, path, directory, name);
            case SYMLINK -> symlink(entry, path, directory, name);
            case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> node(entry, path, directory, name);
        }
    }

    private void applyRoot(TarEntry entry, EntryPath path) {
        if (entry.type() != TarEntry.Type.DIRECTORY) {
            throw refusal.malformed(path, "would replace the root of the tree by a " + entry.type());
        }
        Directory root = table.root();
        try (TargetTree.Open in = tree.open(root)) {
            attributes.setOnDirectory(in.descriptor(), root.base(), entry, path, root, true);
        }
        root.inLayer = true;
    }

    private void regular(TarEntry entry, EntryPath path, Directory directory, byte[] name, TarReader tar) {
        int mode = attributes.createMode(entry, directory);
        int file = tree.createFile(directory, name, mode);
        if (file == -Errno.EEXIST) {
            clear(directory, name);
            file = tree.createFile(directory, name, mode);
        }
        refusal.check(file, "create", path);
        boolean complete = false;
        try {
            write(file, entry, path, tar);
            attributes.setOnFile(file, entry, path, directory, mode);
            complete = true;
        } finally {
            int closed = calls.close(file);
            if (complete) {
                refusal.check(closed, "finish writing", path);
            }
        }
        directory.noteCreated(name);
        files++;
        fileBytes += entry.size();
    }

    private void write(int file, TarEntry entry, EntryPath path, TarReader tar) {
        boolean sparse = !entry.sparse().isEmpty();
        long end = 0;
        for (ByteBuffer piece = tar.payload(); piece != null; piece = tar.payload()) {
            long at = tar.payloadOffset();
            end = at + piece.remaining();
            checkWritten(sparse ? calls.pwrite(file, piece, at) : calls.write(file, piece), entry, path);
        }
        if (end < entry.size()) {
            // A hole is at the end, or all there is.
            refusal.check(calls.ftruncate(file, entry.size()), "set the size of", path);
        }
    }

    private void checkWritten(long result, TarEntry entry, EntryPath path) {
        if (result < 0) {
            throw refusal.of((int) -result, "write the " + entry.size() + " bytes of", path);
        }
    }

    private void directory(TarEntry entry, EntryPath path, Directory parent, byte[] name) {
        boolean existed = false;
        boolean replaced = false;
        try (TargetTree.Open in = tree.open(parent)) {
            int result = calls.mkdirat(in.descriptor(), name, 0700);
            if (result == -Errno.EEXIST) {
                FileStatus status = calls.statx(in.descriptor(), name);
                existed = status != null && status.isDirectory();
                if (!existed) {
                    clear(parent, name);
                    replaced = true;
                    result = calls.mkdirat(in.descriptor(), name, 0700);
                }
            }
            if (!existed) {
                refusal.check(result, "create directory", path);
            }
            Directory known = table.get(RawName.of(parent.child(name)));
            Directory directory = known == null ? table.add(parent, name) : known;
            directory.defaultAcl |= parent.defaultAcl;
            parent.noteCreated(name);
            directory.inLayer = true;
            attributes.setOnDirectory(in.descriptor(), name, entry, path, directory, existed);
            if (replaced && lowers.isOverlay()) {
                // What this layer had there, a mark or a file, hid the lower directory; the new one must, too.
                lowers.markOpaque(in.descriptor(), name, directory);
            }
        }
    }

    private void symlink(TarEntry entry, EntryPath path, Directory directory, byte[] name) {
        byte[] target = entry.linkName().toBytes();
        if (target.length == 0 || target.length > EntryPath.MAX_PATH || contains(target, (byte) 0)) {
            throw refusal.malformed(
                    path,
                    "is a symlink to " + target.length + " bytes; a target has 1 to " + EntryPath.MAX_PATH
                            + " bytes and none of them is NUL");
        }
        try (TargetTree.Open in = tree.open(directory)) {
            int result = calls.symlinkat(target, in.descriptor(), name);
            if (result == -Errno.EEXIST) {
                clear(directory, name);
                result = calls.symlinkat(target, in.descriptor(), name);
            }
            refusal.check(result, "create symlink", path);
            attributes.setOnName(in.descriptor(), name, entry, path);
        }
        directory.noteCreated(name);
    }

    /// Devices and fifos. In overlay form a character device 0:0 is what overlayfs calls a whiteout, whoever made it,
    /// so it is taken for one; in merged form it is the device it says it is.
    private void node(TarEntry entry, EntryPath path, Directory directory, byte[] name) {
        boolean device = entry.type() != TarEntry.Type.FIFO;
        if (device && (entry.deviceMajor() > MAX_MAJOR || entry.deviceMinor() > MAX_MINOR)) {
            throw refusal.malformed(
                    path, "is device " + entry.deviceMajor() + ":" + entry.deviceMinor() + ", which Linux cannot have");
        }
        if (lowers.isOverlay() && isZeroDevice(entry)) {
            whiteouts.mark(directory, name, entry, path);
            return;
        }
        int type = typeBits(entry.type());
        int major = device ? (int) entry.deviceMajor() : 0;
        int minor = device ? (int) entry.deviceMinor() : 0;
        try (TargetTree.Open in = tree.open(directory)) {
            int result = calls.mknodat(in.descriptor(), name, type | 0600, major, minor);
            if (result == -Errno.EEXIST) {
                clear(directory, name);
                result = calls.mknodat(in.descriptor(), name, type | 0600, major, minor);
            }
            if (device && result == -Errno.EPERM && !rights.privileged()) {
                omissions.note(Omission.Kind.DEVICE, path, major + ":" + minor);
                return;
            }
            refusal.check(result, "create the node", path);
            attributes.setOnName(in.descriptor(), name, entry, path);
        }
        directory.noteCreated(name);
    }

    private static boolean isZeroDevice(TarEntry entry) {
        return entry.type() == TarEntry.Type.CHARACTER_DEVICE && entry.deviceMajor() == 0 && entry.deviceMinor() == 0;
    }

    private static int typeBits(TarEntry.Type type) {
        return switch (type) {
            case CHARACTER_DEVICE -> Flags.S_IFCHR;
            case BLOCK_DEVICE -> Flags.S_IFBLK;
            case FIFO -> Flags.S_IFIFO;
            case REGULAR, HARD_LINK, SYMLINK, DIRECTORY -> throw new IllegalArgumentException(type.toString());
        };
    }

    private void clear(Directory directory, byte[] name) {
        tree.remove(directory, name);
        table.forget(RawName.of(directory.child(name)));
        directory.touched = true;
    }

    private static boolean contains(byte[] bytes, byte wanted) {
        for (byte b : bytes) {
            if (b == wanted) {
                return true;
            }
        }
        return false;
    }
}
