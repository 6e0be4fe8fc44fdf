package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Errno;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// Owners, extended attributes, modes and times, in this order: changing an owner clears set-uid bits and
/// capabilities, and writing to a file changes its times.
final class Attributes {
    private static final int SET_ID = 06000;
    private static final byte[] NOTHING = {};
    static final String DEFAULT_ACL = "system.posix_acl_default";

    private final TargetTree tree;
    private final FileCalls calls;
    private final ProcessRights rights;
    private final OmissionLog omissions;

    /// Whether a new file really belonged to us when it was looked at: not so on an exported file system that maps
    /// root away, or on an id-mapped mount.
    private boolean ownersCertain;

    private boolean ownersChecked;

    Attributes(TargetTree tree, ProcessRights rights, OmissionLog omissions) {
        this.tree = tree;
        this.calls = tree.calls;
        this.rights = rights;
        this.omissions = omissions;
    }

    /// The mode to create a file with. When it is the entry's own, no later call is needed for it; otherwise the
    /// file stays private until its owner is right.
    int createMode(TarEntry entry, Directory parent) {
        boolean certain = (entry.mode() & (07000 | rights.umask())) == 0
                && entry.xattrs().isEmpty()
                && !parent.defaultAcl
                && ownerCertain(entry, parent);
        return certain ? entry.mode() : 0600;
    }

    /// Whether a new file has the entry's owner by itself. New files take the directory's group where it is set-gid
    /// or the mount says so; when that is ours too, it makes no difference.
    private boolean ownerCertain(TarEntry entry, Directory parent) {
        return ownersCertain
                && entry.uid() == Integer.toUnsignedLong(rights.uid())
                && entry.gid() == Integer.toUnsignedLong(rights.gid())
                && parent.gid == rights.gid();
    }

    /// Of a new regular file, through its descriptor.
    void setOnFile(int file, TarEntry entry, EntryPath path, Directory parent, int createdWith) {
        boolean owned = true;
        if (!ownerCertain(entry, parent)) {
            checkOwners(file);
            owned = owned(calls.fchown(file, (int) entry.uid(), (int) entry.gid()), entry, path);
        }
        for (Map.Entry<RawName, RawName> xattr : entry.xattrs().entrySet()) {
            if (allowed(xattr.getKey(), path)) {
                byte[] name = xattr.getKey().toBytes();
                accept(calls.fsetxattr(file, name, xattr.getValue().toBytes()), xattr.getKey(), path);
            }
        }
        int mode = effectiveMode(entry, path, owned);
        boolean asCreated = mode == createdWith && (mode & rights.umask()) == 0 && !parent.defaultAcl;
        if (!asCreated) {
            tree.refusal.check(calls.fchmod(file, mode), "set the mode of", path);
        }
        long seconds = entry.modifySeconds();
        int nanos = entry.modifyNanos();
        tree.refusal.check(calls.futimens(file, seconds, nanos, seconds, nanos), "set the times of", path);
    }

    private void checkOwners(int file) {
        if (!ownersChecked) {
            ownersChecked = true;
            FileStatus status = calls.statx(file, NOTHING);
            ownersCertain = status != null && status.uid() == rights.uid();
        }
    }

    /// Of a new name that is neither a file nor a directory.
    void setOnName(int directory, byte[] name, TarEntry entry, EntryPath path) {
        boolean owned = setOwner(directory, name, entry, path);
        setXattrs(directory, name, entry, path);
        if (entry.type() != TarEntry.Type.SYMLINK) {
            int mode = effectiveMode(entry, path, owned);
            tree.refusal.check(calls.fchmodat(directory, name, mode), "set the mode of", path);
        }
        long seconds = entry.modifySeconds();
        int nanos = entry.modifyNanos();
        tree.refusal.check(calls.utimensat(directory, name, seconds, nanos, seconds, nanos), "set the times of", path);
    }

    /// Of a directory; its times wait until the layer is complete.
    ///
    /// @param existed whether it was there before, so that extended attributes may have to go
    void setOnDirectory(int parent, byte[] name, TarEntry entry, EntryPath path, Directory directory, boolean existed) {
        if (existed) {
            clearXattrs(parent, name, path, directory.opaque);
        }
        boolean owned = setOwner(parent, name, entry, path);
        setXattrs(parent, name, entry, path);
        directory.gid = owned ? (int) entry.gid() : -1;
        directory.defaultAcl |= entry.xattrs().containsKey(RawName.of(DEFAULT_ACL));
        directory.modifySeconds = entry.modifySeconds();
        directory.modifyNanos = entry.modifyNanos();
        directory.touched = true;
        tree.setMode(parent, name, directory, entry.mode());
    }

    private boolean setOwner(int directory, byte[] name, TarEntry entry, EntryPath path) {
        int result = calls.fchownat(directory, name, (int) entry.uid(), (int) entry.gid(), Flags.AT_SYMLINK_NOFOLLOW);
        return owned(result, entry, path);
    }

    private boolean owned(int result, TarEntry entry, EntryPath path) {
        if (result == 0) {
            return true;
        }
        // EINVAL: an id that the user namespace does not have.
        if (rights.privileged() || (result != -Errno.EPERM && result != -Errno.EINVAL)) {
            throw tree.refusal.of(-result, "set owner " + entry.uid() + ":" + entry.gid() + " of", path);
        }
        boolean alreadyOurs = entry.uid() == Integer.toUnsignedLong(rights.uid())
                && entry.gid() == Integer.toUnsignedLong(rights.gid());
        if (!alreadyOurs) {
            omissions.note(Omission.Kind.OWNER, path, entry.uid() + ":" + entry.gid());
        }
        return alreadyOurs;
    }

    private int effectiveMode(TarEntry entry, EntryPath path, boolean owned) {
        if (owned || (entry.mode() & SET_ID) == 0) {
            return entry.mode();
        }
        omissions.note(Omission.Kind.SET_ID, path, "mode " + Integer.toOctalString(entry.mode()));
        return entry.mode() & ~SET_ID;
    }

    private void setXattrs(int directory, byte[] name, TarEntry entry, EntryPath path) {
        for (Map.Entry<RawName, RawName> xattr : entry.xattrs().entrySet()) {
            if (allowed(xattr.getKey(), path)) {
                byte[] attribute = xattr.getKey().toBytes();
                int result = calls.setxattrat(
                        directory, name, attribute, xattr.getValue().toBytes());
                accept(result, xattr.getKey(), path);
            }
        }
    }

    private boolean allowed(RawName name, EntryPath path) {
        byte[] bytes = name.toBytes();
        for (byte b : bytes) {
            if (b == 0) {
                throw tree.refusal.malformed(path, "has an extended attribute whose name holds a NUL byte");
            }
        }
        if (ReservedXattrs.isReserved(bytes)) {
            omissions.note(Omission.Kind.FORBIDDEN_XATTR, path, name.toString());
            return false;
        }
        return true;
    }

    private void accept(int result, RawName name, EntryPath path) {
        switch (-result) {
            case 0 -> {}
            case Errno.EOPNOTSUPP -> omissions.note(Omission.Kind.XATTR, path, name + ", not supported here");
            case Errno.EPERM, Errno.EACCES -> {
                if (rights.privileged() && name.equals(RawName.of("security.capability"))) {
                    throw tree.refusal.of(-result, "set " + name + " of", path);
                }
                omissions.note(Omission.Kind.XATTR, path, name + ", not permitted");
            }
            case Errno.ENOSPC ->
                throw new ImageException(
                        ErrorKind.EXHAUSTED,
                        "cannot set extended attribute " + EntryPath.shorten(name) + " of '" + path + "' in "
                                + tree.refusal.target() + " (layer " + tree.refusal.label()
                                + "): the file system is full or the attribute is larger than it stores; free space,"
                                + " or unpack to a file system with large attributes (xfs, btrfs)");
            default ->
                throw tree.refusal.of(-result, "set extended attribute " + EntryPath.shorten(name) + " of", path);
        }
    }

    /// A directory entry over a directory replaces what the lower layer said, extended attributes included.
    private void clearXattrs(int parent, byte[] name, EntryPath path, boolean keepMarks) {
        for (byte[] attribute : calls.listxattrat(parent, name)) {
            if (keepMarks && ReservedXattrs.isReserved(attribute)) {
                continue;
            }
            int result = calls.removexattrat(parent, name, attribute);
            // Labels of the security policy come back by themselves or cannot go.
            boolean tolerated = result == -Errno.ENODATA
                    || result == -Errno.EOPNOTSUPP
                    || ((result == -Errno.EPERM || result == -Errno.EACCES) && !startsWithUser(attribute));
            if (!tolerated) {
                tree.refusal.check(result, "remove extended attribute " + RawName.of(attribute) + " of", path);
            }
        }
    }

    private static boolean startsWithUser(byte[] attribute) {
        return new String(attribute, StandardCharsets.ISO_8859_1).startsWith("user.");
    }
}
