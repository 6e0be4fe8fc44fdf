package io.lighterage.remotesnapshotter.snapshots;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.SnapshotRecord;
import io.lighterage.linux.Descriptors;
import io.lighterage.linux.Errno;
import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.linux.MountCalls;
import io.lighterage.linux.MountFlags;
import io.lighterage.remotesnapshotter.apply.TreeRemover;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// `snapshots/<id>/{fs,work}` below a root. A directory is on disk before its snapshot is in the catalog, so one that
/// no record names is either being made by this process or left over.
final class SnapshotDirectories implements AutoCloseable {
    private static final byte[] FS = ascii("fs");
    private static final byte[] WORK = ascii("work");

    /// The modes overlayfs and containerd expect: `fs` is the root directory of whoever looks in.
    private static final int PRIVATE_MODE = 0700;

    private static final int FS_MODE = 0755;
    private static final int WORK_MODE = 0711;
    private static final int DIRECTORY = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_NOFOLLOW | Flags.O_CLOEXEC;
    private static final long WITHIN = Flags.RESOLVE_BENEATH | Flags.RESOLVE_NO_SYMLINKS;

    private final FileCalls calls;
    private final MountCalls mounts;
    private final Path path;
    private final int top;
    private final Set<Long> making = ConcurrentHashMap.newKeySet();

    private SnapshotDirectories(FileCalls calls, MountCalls mounts, Path path, int top) {
        this.calls = calls;
        this.mounts = mounts;
        this.path = path;
        this.top = top;
    }

    /// @throws ImageException INVALID when overlayfs could not be told of directories below this root
    static SnapshotDirectories open(FileCalls calls, MountCalls mounts, Path root) {
        Path path = root.toAbsolutePath().normalize().resolve("snapshots");
        String text = path.toString();
        if (text.chars().anyMatch(c -> c == ',' || c == ':' || c == '\\' || c < 0x20)) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot keep snapshots in " + path + ": overlayfs takes no path with a comma, colon, backslash or"
                            + " control character; choose another --root");
        }
        try {
            int above = Descriptors.openDirectory(calls, root);
            try {
                make(calls, above, ascii("snapshots"), PRIVATE_MODE, true);
            } finally {
                int ignored = calls.close(above);
            }
            return new SnapshotDirectories(calls, mounts, path, Descriptors.openDirectory(calls, path));
        } catch (ErrnoException e) {
            throw failure("cannot keep snapshots in " + path, e);
        }
    }

    Path fs(long id) {
        return path.resolve(id + "/fs");
    }

    Path work(long id) {
        return path.resolve(id + "/work");
    }

    /// A directory that goes again when it is closed, unless it was kept.
    final class Place implements AutoCloseable {
        private final long id;
        private boolean kept;

        private Place(long id) {
            this.id = id;
        }

        long id() {
            return id;
        }

        Path fs() {
            return SnapshotDirectories.this.fs(id);
        }

        /// There is a record of it now.
        void keep() {
            kept = true;
        }

        @Override
        public void close() {
            try {
                if (!kept) {
                    remove(id);
                }
            } finally {
                boolean known = making.remove(id);
                assert known : id;
            }
        }
    }

    /// Makes the directories of a snapshot and makes them durable.
    ///
    /// @param below what it lies on, from the top, whose owner the root directory gets
    Place make(long id, List<SnapshotRecord> below) {
        boolean fresh = making.add(id);
        assert fresh : id;
        Place place = new Place(id);
        try {
            byte[] name = name(id);
            make(calls, top, name, PRIVATE_MODE, false);
            int own = calls.openat2(top, name, DIRECTORY, 0, WITHIN);
            Descriptors.check(own, "openat2", name);
            try {
                make(calls, own, FS, FS_MODE, false);
                make(calls, own, WORK, WORK_MODE, false);
                if (!below.isEmpty()) {
                    takeOwner(own, below.getFirst().id());
                }
                Descriptors.check(calls.fsync(own), "fsync", name);
            } finally {
                int ignored = calls.close(own);
            }
            Descriptors.check(calls.fsync(top), "fsync", path.toString());
            return place;
        } catch (ErrnoException e) {
            place.close();
            throw failure("cannot make the directory of snapshot " + id + " in " + path, e);
        }
    }

    /// Makes sure that a snapshot of a mounted layer has a directory to mount it on. Not made durable: it can be made
    /// again.
    void make(long id) {
        byte[] name = name(id);
        try {
            makeUnlessThere(name, PRIVATE_MODE);
            makeUnlessThere(ascii(id + "/fs"), FS_MODE);
        } catch (ErrnoException e) {
            throw failure("cannot make the directory of snapshot " + id + " in " + path, e);
        }
    }

    /// What is there already may be mounted on, so it is not touched.
    private void makeUnlessThere(byte[] name, int mode) {
        int made = calls.mkdirat(top, name, mode);
        if (made != -Errno.EEXIST) {
            Descriptors.check(made, "mkdir", name);
            Descriptors.check(calls.fchmodat(top, name, mode), "chmod", name);
        }
    }

    private void takeOwner(int own, long parent) {
        byte[] name = ascii(parent + "/fs");
        FileStatus status = calls.statx(top, name);
        if (status == null) {
            throw new ErrnoException(Errno.ENOENT, "statx", fs(parent).toString());
        }
        Descriptors.check(calls.fchownat(own, FS, status.uid(), status.gid(), Flags.AT_SYMLINK_NOFOLLOW), "chown", FS);
    }

    /// Takes whatever is mounted on the snapshot away; readers keep it until they are done.
    void detach(long id) {
        int result;
        do {
            result = mounts.umount2(fs(id), MountFlags.MNT_DETACH | MountFlags.UMOUNT_NOFOLLOW);
        } while (result == 0);
    }

    /// Removes the directory with all that is in it, and never what is mounted there.
    ///
    /// @throws ImageException when it cannot be removed
    void remove(long id) {
        byte[] name = name(id);
        detach(id);
        try {
            FileStatus status = calls.statx(top, name);
            if (status == null) {
                return;
            }
            refuseMounted(id, status);
            TreeRemover.removeContents(calls, path.resolve(Long.toString(id)));
            Descriptors.check(calls.unlinkat(top, name, Flags.AT_REMOVEDIR), "rmdir", name);
        } catch (ErrnoException e) {
            throw failure("cannot remove the directory of snapshot " + id + " in " + path, e);
        }
    }

    private void refuseMounted(long id, FileStatus own) {
        FileStatus tree = calls.statx(top, ascii(id + "/fs"));
        boolean mounted =
                tree != null && (tree.deviceMajor() != own.deviceMajor() || tree.deviceMinor() != own.deviceMinor());
        if (mounted) {
            throw new ErrnoException(Errno.EBUSY, "umount", fs(id).toString());
        }
    }

    /// Those being made now.
    Set<Long> making() {
        return Set.copyOf(making);
    }

    /// Those on disk. Names that are no ids are passed over.
    List<Long> ids() {
        try {
            List<Long> ids = new ArrayList<>();
            int own = Descriptors.openDirectory(calls, path); // its own position, as others may be listing
            try {
                for (byte[] name : calls.list(own)) {
                    String text = new String(name, StandardCharsets.ISO_8859_1);
                    if (text.matches("[1-9][0-9]{0,17}")) {
                        ids.add(Long.valueOf(text));
                    }
                }
            } finally {
                int ignored = calls.close(own);
            }
            return ids;
        } catch (ErrnoException e) {
            throw failure("cannot list " + path, e);
        }
    }

    @Override
    public void close() {
        int ignored = calls.close(top);
    }

    /// @param mayExist whether one that is there is as good
    private static void make(FileCalls calls, int above, byte[] name, int mode, boolean mayExist) {
        int made = calls.mkdirat(above, name, mode);
        if (made != -Errno.EEXIST || !mayExist) {
            Descriptors.check(made, "mkdir", name);
        }
        Descriptors.check(calls.fchmodat(above, name, mode), "chmod", name); // whatever the umask has taken
    }

    static ImageException failure(String tried, ErrnoException cause) {
        String text = tried + ": " + cause.getMessage();
        return switch (cause.errno()) {
            case Errno.ENOSPC, Errno.EDQUOT, Errno.ENOMEM, Errno.EMFILE, Errno.ENFILE ->
                new ImageException(ErrorKind.EXHAUSTED, text + "; free some space or raise the limit", cause);
            case Errno.ENOTCONN, Errno.ESTALE ->
                new ImageException(ErrorKind.UNAVAILABLE, text + "; what served it has died: mount it again", cause);
            case Errno.EACCES, Errno.EPERM, Errno.EROFS ->
                new ImageException(ErrorKind.DENIED, text + "; run as root, on a writable --root", cause);
            default -> new ImageException(ErrorKind.INTERNAL, text + "; check the file system", cause);
        };
    }

    private static byte[] name(long id) {
        return ascii(Long.toString(id));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
