package io.lighterage.remotesnapshotter.mount;

import io.lighterage.linux.Errno;
import io.lighterage.linux.Flags;
import io.lighterage.linux.ForeignMemory;
import io.lighterage.remotesnapshotter.mount.FuseLibrary.FillDirectory;
import io.lighterage.remotesnapshotter.mount.FuseLibrary.Operation;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongFunction;

/// What libfuse is answered: each method is one operation of `fuse_operations`, its arguments addresses and numbers,
/// its result zero or more, or `-errno`. A directory's handle is the node itself; files have none.
///
/// Nothing here waits, save [#read].
final class FuseAnswers {
    private static final System.Logger LOG = System.getLogger(FuseAnswers.class.getName());
    private static final int O_ACCMODE = 3;
    private static final int W_OK = 2;
    private static final int X_OK = 1;

    private final ImageTree tree;
    private final ReadGate gate;
    private final LongFunction<FillDirectory> fillers;
    private volatile long knownFiller;
    private volatile FillDirectory filler = (buffer, name, stat, offset) -> 1;

    /// @param fillers makes the function behind an address
    FuseAnswers(ImageTree tree, ReadGate gate, LongFunction<FillDirectory> fillers) {
        this.tree = tree;
        this.gate = gate;
        this.fillers = fillers;
    }

    /// Puts every operation into the table. What would change the tree is refused even if somebody should remount it
    /// writable; attributes are not offered when there are none, since the kernel stops to ask then.
    void fill(FuseLibrary.Operations table) {
        table.set(Operation.GETATTR, FuseLibrary.Two.class, (path, stat) -> guard(() -> getattr(path, stat)));
        table.set(Operation.READLINK, FuseLibrary.Three.class, (p, to, size) -> guard(() -> readlink(p, to, size)));
        table.set(Operation.OPEN, FuseLibrary.Two.class, (path, info) -> guard(() -> open(info)));
        table.set(Operation.OPENDIR, FuseLibrary.Two.class, (path, info) -> guard(() -> opendir(path, info)));
        table.set(
                Operation.READ,
                FuseLibrary.Five.class,
                (path, to, size, offset, info) -> guard(() -> read(path, to, size, offset)));
        table.set(
                Operation.READDIR,
                FuseLibrary.Five.class,
                (path, to, fill, offset, info) -> guard(() -> readdir(to, fill, info)));
        table.set(Operation.STATFS, FuseLibrary.Two.class, (path, space) -> guard(() -> statfs(space)));
        table.set(Operation.ACCESS, FuseLibrary.Two.class, (path, mask) -> guard(() -> access(path, (int) mask)));
        if (tree.hasXattrs()) {
            table.set(
                    Operation.GETXATTR,
                    FuseLibrary.Four.class,
                    (path, name, to, size) -> guard(() -> getxattr(path, name, to, size)));
            table.set(
                    Operation.LISTXATTR,
                    FuseLibrary.Three.class,
                    (path, to, size) -> guard(() -> listxattr(path, to, size)));
        }
        FuseLibrary.Two refusal = (a, b) -> -Errno.EROFS;
        for (Operation change : new Operation[] {
            Operation.MKNOD,
            Operation.MKDIR,
            Operation.UNLINK,
            Operation.RMDIR,
            Operation.SYMLINK,
            Operation.RENAME,
            Operation.LINK,
            Operation.CHMOD,
            Operation.CHOWN,
            Operation.TRUNCATE,
            Operation.WRITE,
            Operation.SETXATTR,
            Operation.REMOVEXATTR,
            Operation.CREATE,
            Operation.UTIMENS,
            Operation.FALLOCATE
        }) {
            table.set(change, FuseLibrary.Two.class, refusal);
        }
    }

    /// No exception may reach C.
    private static int guard(IntSupplier answer) {
        try {
            return answer.getAsInt();
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a request of the kernel failed: " + e, e);
            return -Errno.EIO;
        }
    }

    private long node(long path) {
        byte[] bytes = ForeignMemory.string(path);
        return tree.find(bytes, bytes.length);
    }

    private int getattr(long path, long stat) {
        long node = node(path);
        if (node == ImageTree.NONE) {
            return -Errno.ENOENT;
        }
        FuseLayouts.putStat(ForeignMemory.at(stat, FuseLayouts.STAT_BYTES), tree.status(node));
        return 0;
    }

    private int readlink(long path, long to, long size) {
        long node = node(path);
        if (node == ImageTree.NONE) {
            return -Errno.ENOENT;
        }
        if (tree.kind(node) != Kind.SYMLINK) {
            return -Errno.EINVAL;
        }
        byte[] target = tree.target(node).toBytes();
        ByteBuffer out = ForeignMemory.at(to, size);
        int length = (int) Math.min(target.length, size - 1);
        out.put(target, 0, length).put((byte) 0);
        return 0;
    }

    /// Tells the kernel not to ask: from the first answer on it opens and closes files by itself and keeps what it has
    /// cached of them, which makes reading small files a second time several times faster.
    private int open(long info) {
        int flags = ForeignMemory.at(info, FuseLayouts.FILE_INFO_BYTES).getInt(0);
        boolean reads = (flags & O_ACCMODE) == Flags.O_RDONLY && (flags & Flags.O_TRUNC) == 0;
        return reads ? -Errno.ENOSYS : -Errno.EROFS;
    }

    private int opendir(long path, long info) {
        long node = node(path);
        if (node == ImageTree.NONE) {
            return -Errno.ENOENT;
        }
        if (!tree.isDirectory(node)) {
            return -Errno.ENOTDIR;
        }
        ForeignMemory.at(info, FuseLayouts.FILE_INFO_BYTES).putLong(FuseLayouts.FILE_INFO_HANDLE, node);
        return 0;
    }

    private static long handle(long info) {
        return ForeignMemory.at(info, FuseLayouts.FILE_INFO_BYTES).getLong(FuseLayouts.FILE_INFO_HANDLE);
    }

    private int read(long path, long to, long size, long offset) {
        long node = node(path);
        if (node == ImageTree.NONE) {
            return -Errno.ENOENT;
        }
        return gate.read(node, offset, ForeignMemory.at(to, size));
    }

    private int readdir(long to, long fill, long info) {
        FillDirectory entries = filler(fill);
        // The entry's struct stat, and behind it its name.
        ByteBuffer memory =
                ByteBuffer.allocateDirect(FuseLayouts.STAT_BYTES + 256).order(ByteOrder.nativeOrder());
        long node = handle(info);
        add(entries, to, memory, RawName.of("."), node);
        add(entries, to, memory, RawName.of(".."), node);
        int[] failed = new int[1];
        tree.list(node, (name, child) -> {
            failed[0] = add(entries, to, memory, name, child);
            return failed[0] == 0;
        });
        return failed[0] == 0 ? 0 : -Errno.ENOMEM;
    }

    private int add(FillDirectory entries, long to, ByteBuffer memory, RawName name, long node) {
        FuseLayouts.putEntry(memory, tree.number(node), tree.type(node));
        byte[] bytes = name.toBytes();
        memory.put(FuseLayouts.STAT_BYTES, bytes);
        memory.put(FuseLayouts.STAT_BYTES + bytes.length, (byte) 0);
        long stat = ForeignMemory.address(memory);
        return entries.fill(to, stat + FuseLayouts.STAT_BYTES, stat, 0);
    }

    /// libfuse has one such function, so it is looked up once.
    private FillDirectory filler(long address) {
        if (knownFiller != address) {
            filler = fillers.apply(address);
            knownFiller = address;
        }
        return filler;
    }

    private int statfs(long space) {
        ByteBuffer out = ForeignMemory.at(space, FuseLayouts.STATVFS_BYTES);
        FuseLayouts.putSpace(out, tree.bytes(), tree.inodes());
        return 0;
    }

    /// Asked only of mounts of ordinary users, who are let in everywhere: the tree is theirs, whatever its owners say,
    /// as it would be had they unpacked it.
    private int access(long path, int mask) {
        long node = node(path);
        if (node == ImageTree.NONE) {
            return -Errno.ENOENT;
        }
        if ((mask & W_OK) != 0) {
            return -Errno.EROFS;
        }
        boolean runnable = tree.kind(node) != Kind.REGULAR || (tree.status(node).mode() & 0111) != 0;
        return (mask & X_OK) == 0 || runnable ? 0 : -Errno.EACCES;
    }

    private int getxattr(long path, long name, long to, long size) {
        long node = node(path);
        if (node == ImageTree.NONE) {
            return -Errno.ENOENT;
        }
        RawName value = tree.xattrs(node).get(RawName.of(ForeignMemory.string(name)));
        return value == null ? -Errno.ENODATA : put(value.toBytes(), to, size);
    }

    private int listxattr(long path, long to, long size) {
        long node = node(path);
        if (node == ImageTree.NONE) {
            return -Errno.ENOENT;
        }
        Map<RawName, RawName> xattrs = tree.xattrs(node);
        int length =
                xattrs.keySet().stream().mapToInt(name -> name.length() + 1).sum();
        byte[] list = new byte[length];
        int at = 0;
        for (RawName name : xattrs.keySet()) {
            name.copyTo(list, at);
            at += name.length() + 1;
        }
        return put(list, to, size);
    }

    /// A size of 0 asks how much there is.
    private static int put(byte[] bytes, long to, long size) {
        if (size == 0) {
            return bytes.length;
        }
        if (size < bytes.length) {
            return -Errno.ERANGE;
        }
        ForeignMemory.at(to, size).put(bytes);
        return bytes.length;
    }
}
