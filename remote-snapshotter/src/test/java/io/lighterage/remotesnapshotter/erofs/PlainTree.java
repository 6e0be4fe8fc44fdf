package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.Digest;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/// A root and files in it that differ by a rule: trees that no layer could make, or not in this short time.
class PlainTree implements ErofsTree {
    private final int files;
    private final IntFunction<RawName> names;
    private List<ErofsDevice> devices = List.of();
    private Map<RawName, RawName> xattrs = Map.of();
    private IntFunction<ErofsInode> inodes = _ -> file(ErofsInode.INSIDE, 0);

    PlainTree(int files, IntFunction<RawName> names) {
        this.files = files;
        this.names = names;
    }

    /// Files named by their numbers, in order.
    PlainTree(int files) {
        this(files, number -> RawName.of(String.format("%08d", number)));
    }

    static ErofsInode file(ErofsInode.Body body, long size) {
        return new ErofsInode(Flags.S_IFREG | 0644, 1, 0, 0, size, 0, 0, body);
    }

    PlainTree devices(long... blocks) {
        devices = new ArrayList<>();
        for (long each : blocks) {
            devices.add(new ErofsDevice("d" + devices.size(), each));
        }
        return this;
    }

    PlainTree xattrs(Map<RawName, RawName> each) {
        xattrs = each;
        return this;
    }

    PlainTree inodes(IntFunction<ErofsInode> each) {
        inodes = each;
        return this;
    }

    @Override
    public int inodes() {
        return files + 1;
    }

    @Override
    public int root() {
        return 0;
    }

    @Override
    public ErofsInode inode(int inode) {
        return inode == 0
                ? new ErofsInode(Flags.S_IFDIR | 0755, 2, 0, 0, 0, 0, 0, ErofsInode.INSIDE)
                : inodes.apply(inode);
    }

    @Override
    public void list(int directory, Visitor visitor) {
        for (int file = 1; file <= (directory == 0 ? files : 0); file++) {
            visitor.visit(names.apply(file), file);
        }
    }

    @Override
    public RawName target(int symlink) {
        return RawName.of("t".repeat((int) inode(symlink).size()));
    }

    @Override
    public Map<RawName, RawName> xattrs(int inode) {
        return inode == 0 ? Map.of() : xattrs;
    }

    @Override
    public List<ErofsDevice> devices() {
        return devices;
    }

    @Override
    public Digest identity() {
        return Digest.sha256(new byte[0]);
    }

    @Override
    public RawName path(int inode) {
        return inode == 0 ? RawName.EMPTY : names.apply(inode);
    }
}
