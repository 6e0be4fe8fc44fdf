package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.BLOCK;
import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.INODE_BYTES;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.util.Map;

/// How much room one inode takes, and where.
///
/// @param inode what `stat(2)` tells of it
/// @param xattrs its extended attributes
/// @param xattrBytes how long they are behind it
/// @param held bytes of a directory's names or a symlink's target
/// @param blocks how many blocks of this image it has
/// @param tail bytes behind it: the rest of what it holds, when that is not in blocks, too
record InodeShape(ErofsInode inode, Map<RawName, RawName> xattrs, int xattrBytes, long held, long blocks, int tail) {
    static InodeShape of(ErofsTree tree, int number, int parent) {
        ErofsInode inode = tree.inode(number);
        long held = 0;
        if (inode.isDirectory()) {
            DirectoryBlocks.Size size = new DirectoryBlocks.Size();
            DirectoryEntries.list(tree, number, parent, (name, _) -> size.add(name));
            held = size.bytes();
        } else if (inode.isSymlink()) {
            held = targetLength(tree, number, inode);
        }
        return of(tree, number, inode, held);
    }

    /// Of an inode of which it is known how much it holds: finding that takes as long as listing a directory.
    static InodeShape ofKnown(ErofsTree tree, int number, long held) {
        return of(tree, number, tree.inode(number), held);
    }

    private static InodeShape of(ErofsTree tree, int number, ErofsInode inode, long held) {
        Map<RawName, RawName> xattrs = tree.xattrs(number);
        int xattrBytes = XattrArea.size(xattrs, () -> tree.path(number));
        int tail = (int) (held % BLOCK);
        if (INODE_BYTES + xattrBytes + tail > ErofsFormat.MAX_WITH_TAIL) {
            tail = 0;
        }
        return new InodeShape(inode, xattrs, xattrBytes, held, ErofsFormat.blocks(held - tail), tail);
    }

    private static long targetLength(ErofsTree tree, int number, ErofsInode inode) {
        int length = tree.target(number).length();
        if (length != inode.size() || length > ErofsFormat.MAX_TARGET) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot make an EROFS image: symlink '" + tree.path(number) + "' has " + inode.size()
                            + " bytes and a target of " + length + "; expected as many, at most "
                            + ErofsFormat.MAX_TARGET);
        }
        return length;
    }

    /// Bytes from the inode to the end of what lies behind it.
    long bytes() {
        return (long) INODE_BYTES + chunkAt() + (isOnDevice() ? ErofsFormat.CHUNK_BYTES : tail);
    }

    /// Whether its bytes are on a device.
    boolean isOnDevice() {
        return inode.body() instanceof ErofsInode.Extent;
    }

    /// How far behind the inode it is told where they are.
    private long chunkAt() {
        return isOnDevice() ? ErofsFormat.roundUp(xattrBytes, ErofsFormat.CHUNK_BYTES) : xattrBytes;
    }

    /// The first place at or after `end` that it may have. An inode does not cross blocks, and neither does
    /// one with its tail: older kernels read both at once.
    long placeAfter(long end) {
        long at = ErofsFormat.roundUp(end, ErofsFormat.INODE_UNIT);
        long together = tail > 0 ? bytes() : INODE_BYTES;
        return at % BLOCK + together > BLOCK ? ErofsFormat.roundUp(at, BLOCK) : at;
    }

    /// What `stat(2)` shows as its size.
    long size() {
        return held > 0 ? held : inode.size();
    }
}
