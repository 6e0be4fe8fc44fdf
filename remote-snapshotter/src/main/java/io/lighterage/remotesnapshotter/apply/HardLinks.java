package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import org.jspecify.annotations.Nullable;

/// Hard link entries. The target is a path of the archive: its directory is found inside the tree like any other,
/// and its last component is never followed.
final class HardLinks {
    private final TargetTree tree;
    private final FileCalls calls;
    private final DirectoryTable table;
    private final ParentResolver resolver;
    private final LowerLayers lowers;

    HardLinks(TargetTree tree, DirectoryTable table, ParentResolver resolver, LowerLayers lowers) {
        this.tree = tree;
        this.calls = tree.calls;
        this.table = table;
        this.resolver = resolver;
        this.lowers = lowers;
    }

    void make(TarEntry entry, EntryPath path, Directory directory, byte[] name) {
        EntryPath target = EntryPath.clean(entry.linkName(), "link target");
        Directory from = resolver.resolve(target.parent(), entry, path, ParentResolver.Missing.LEAVE);
        FileStatus status = from == null || target.isRoot() ? null : tree.stat(from, target.base());
        if (status != null && lowers.isWhiteout(status)) {
            throw missing(path, target);
        }
        if (target.isRoot() || (status != null && status.isDirectory())) {
            throw toDirectory(path, target);
        }
        if (from == null || status == null) {
            from = copyUp(entry, path, target);
            status = tree.stat(from, target.base());
        }
        link(path, from, target, directory, name, status);
        directory.noteCreated(name);
    }

    private void link(
            EntryPath path,
            Directory from,
            EntryPath target,
            Directory directory,
            byte[] name,
            @Nullable FileStatus status) {
        try (TargetTree.Open source = tree.open(from);
                TargetTree.Open in = tree.open(directory)) {
            byte[] base = target.base();
            int result = calls.linkat(source.descriptor(), base, in.descriptor(), name);
            if (result == -Errno.EEXIST) {
                FileStatus there = calls.statx(in.descriptor(), name);
                if (there != null && status != null && there.inode() == status.inode() && sameDevice(there, status)) {
                    return;
                }
                tree.remove(directory, name);
                table.forget(RawName.of(directory.child(name)));
                result = calls.linkat(source.descriptor(), base, in.descriptor(), name);
            }
            if (result == -Errno.ENOENT) {
                throw missing(path, target);
            }
            tree.refusal.check(result, "link to '" + target + "' the name", path);
        }
    }

    private static boolean sameDevice(FileStatus a, FileStatus b) {
        return a.deviceMajor() == b.deviceMajor() && a.deviceMinor() == b.deviceMinor();
    }

    /// Overlay form: the target is in a lower layer. As overlayfs does on `link(2)`, it becomes a file of this layer.
    private Directory copyUp(TarEntry entry, EntryPath path, EntryPath target) {
        if (!lowers.isOverlay()) {
            throw missing(path, target);
        }
        if (!lowers.isKnown()) {
            throw unsupported(
                    path,
                    target,
                    "not in this layer; unpack the layers into one directory, or in order with their lower layers"
                            + " named");
        }
        Directory directory = resolver.resolve(target.parent(), entry, path, ParentResolver.Missing.MAKE);
        LowerLayers.Found found = directory == null ? null : lowers.find(directory, target.base());
        if (directory == null || found == null) {
            throw missing(path, target);
        }
        if (found.status().isDirectory()) {
            throw toDirectory(path, target);
        }
        if (!found.status().isRegular()) {
            throw unsupported(path, target, "of a lower layer and no regular file; only those are copied up");
        }
        copy(found, directory, target);
        return directory;
    }

    private void copy(LowerLayers.Found found, Directory directory, EntryPath target) {
        byte[] name = target.base();
        int file = tree.refusal.check(tree.createFile(directory, name, 0600), "copy up", target);
        try (TargetTree.Open open = new TargetTree.Open(calls, file);
                TargetTree.Open in = tree.open(directory)) {
            lowers.copyContent(found, open.descriptor());
            lowers.copyAttributes(found, in.descriptor(), name);
            FileStatus status = found.status();
            tree.refusal.check(calls.fchmod(file, status.mode() & 07777), "set the mode of", target);
            long seconds = status.modifySeconds();
            int nanos = status.modifyNanos();
            tree.refusal.check(calls.futimens(file, seconds, nanos, seconds, nanos), "set the times of", target);
        }
        directory.noteCreated(name);
    }

    private ImageException missing(EntryPath path, EntryPath target) {
        return tree.refusal.malformed(
                path, "is a hard link to '" + target + "', which is neither earlier in this layer nor below it");
    }

    private ImageException toDirectory(EntryPath path, EntryPath target) {
        return tree.refusal.malformed(path, "is a hard link to directory '" + target + "'");
    }

    private ImageException unsupported(EntryPath path, EntryPath target, String reason) {
        return new ImageException(
                ErrorKind.UNSUPPORTED,
                "tar entry '" + path + "' of layer " + tree.refusal.label() + " is a hard link to '" + target
                        + "', which is " + reason);
    }
}
