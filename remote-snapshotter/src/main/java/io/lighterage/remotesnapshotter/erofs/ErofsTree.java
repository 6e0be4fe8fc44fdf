package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.Digest;
import io.lighterage.stargz.RawName;
import java.util.List;
import java.util.Map;

/// A tree as an EROFS image needs it: what `stat(2)` tells of each inode, the names in directories, and on
/// which device the bytes of files lie.
///
/// Inodes are numbers from 0 to `inodes() - 1`, dense enough for arrays; those that no name leads to are
/// left out. Every answer is the same each time: the image is planned first and written after.
public interface ErofsTree {
    /// One more than the highest number of an inode.
    int inodes();

    int root();

    ErofsInode inode(int inode);

    /// Tells all names in a directory, in ascending order of their unsigned bytes, without `.` and `..`.
    void list(int directory, Visitor visitor);

    /// Where a symlink leads, verbatim.
    RawName target(int symlink);

    /// Extended attributes with their full names, those of overlayfs included; see [XattrNames].
    Map<RawName, RawName> xattrs(int inode);

    /// The files that extents lie in, in the order in which they are given to the kernel; none of them is
    /// empty.
    List<ErofsDevice> devices();

    /// Of what the tree was made; the same for the same tree.
    Digest identity();

    /// One of the paths of an inode, for messages.
    RawName path(int inode);

    /// Told of what is in a directory.
    @FunctionalInterface
    interface Visitor {
        void visit(RawName name, int inode);
    }
}
