package io.lighterage.remotesnapshotter.erofs;

import static io.lighterage.remotesnapshotter.erofs.ErofsFormat.BLOCK;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import java.util.Arrays;
import java.util.List;

/// Where everything of an image lies, decided before a byte is written: inodes one behind another, what is
/// in a directory together, in the order in which a walk by breadth meets them.
///
/// Takes 17 bytes an inode. Immutable once made.
final class ErofsPlan {
    private static final int NOWHERE = 0;
    private static final int DIRECTORY = ErofsFormat.entryType(Flags.S_IFDIR);
    private static final int SYMLINK = ErofsFormat.entryType(Flags.S_IFLNK);

    private final ErofsTree tree;
    private final List<ErofsDevice> devices;
    private final int[] units;
    private final int[] parents;
    private final int[] held;
    private final byte[] types;
    private int[] order = new int[64];
    private int count;
    private long end;
    private long blocks;

    private ErofsPlan(ErofsTree tree) {
        this.tree = tree;
        devices = List.copyOf(tree.devices());
        if (devices.size() > ErofsFormat.MAX_DEVICES) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "an EROFS image would have " + devices.size() + " devices; at most " + ErofsFormat.MAX_DEVICES);
        }
        if (tree.inodes() > ErofsFormat.MAX_INODES) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "an EROFS image would be of " + tree.inodes() + " inodes; at most " + ErofsFormat.MAX_INODES
                            + ". Mount the image over FUSE");
        }
        units = new int[tree.inodes()];
        parents = new int[tree.inodes()];
        held = new int[tree.inodes()];
        types = new byte[tree.inodes()];
        end = ErofsHeader.bytes(devices.size());
    }

    /// @throws ImageException UNSUPPORTED when EROFS cannot hold the tree, INVALID when it is none
    static ErofsPlan of(ErofsTree tree) {
        ErofsPlan plan = new ErofsPlan(tree);
        plan.place(tree.root(), tree.root());
        if (!plan.isDirectory(tree.root())) {
            throw new ImageException(ErrorKind.INVALID, "the root of an EROFS image is no directory");
        }
        for (int at = 0; at < plan.count; at++) {
            int inode = plan.order[at];
            if (plan.isDirectory(inode)) {
                tree.list(inode, (name, child) -> plan.meet(inode, name, child));
            }
        }
        return plan;
    }

    private void meet(int directory, RawName name, int child) {
        if (units[child] == NOWHERE) {
            place(child, directory);
        } else if (isDirectory(child)) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot make an EROFS image: '" + name + "' in '" + tree.path(directory)
                            + "' is a directory that is elsewhere, too");
        }
    }

    private void place(int inode, int parent) {
        InodeShape shape = InodeShape.of(tree, inode, parent);
        if (shape.inode().body() instanceof ErofsInode.Extent extent) {
            check(inode, extent, shape.inode().size());
        }
        long at = shape.placeAfter(end);
        end = at + shape.bytes();
        blocks += shape.blocks();
        if (blocks() * BLOCK > ErofsFormat.MAX_BYTES) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "an EROFS image would have more than " + ErofsFormat.MAX_BYTES + " bytes of metadata, at '"
                            + tree.path(inode) + "'; real images have 1 % of it. Mount the image over FUSE");
        }
        units[inode] = (int) (at >>> ErofsFormat.SLOT_BITS);
        parents[inode] = parent;
        held[inode] = (int) shape.held(); // less than all of the image
        types[inode] = (byte) ErofsFormat.entryType(shape.inode().mode());
        if (count == order.length) {
            order = Arrays.copyOf(order, Math.min(units.length, 2 * count));
        }
        order[count++] = inode;
    }

    private void check(int inode, ErofsInode.Extent extent, long size) {
        boolean known = extent.device() < devices.size();
        long holds = known ? devices.get(extent.device()).bytes() : 0;
        if (extent.offset() > holds || size > holds - extent.offset()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot make an EROFS image: '" + tree.path(inode) + "' has " + size + " bytes at "
                            + extent.offset() + " of device " + extent.device() + ", which has " + holds);
        }
        if (size > ErofsFormat.MAX_FILE) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "cannot make an EROFS image: '" + tree.path(inode) + "' has " + size + " bytes; at most "
                            + ErofsFormat.MAX_FILE + ". Mount the image over FUSE");
        }
    }

    private boolean isDirectory(int inode) {
        return types[inode] == DIRECTORY;
    }

    /// Inodes that there are.
    int count() {
        return count;
    }

    /// The inode that comes at this position, from 0.
    int inode(int position) {
        return order[position];
    }

    InodeShape shape(int inode) {
        return InodeShape.ofKnown(tree, inode, held[inode]);
    }

    int parent(int inode) {
        return parents[inode];
    }

    /// Type of an inode in directory entries.
    int type(int inode) {
        return types[inode];
    }

    /// Whether an inode may have blocks of this image.
    boolean mayHold(int inode) {
        return types[inode] == DIRECTORY || types[inode] == SYMLINK;
    }

    /// Number of an inode in the image.
    int number(int inode) {
        return units[inode];
    }

    /// Where it lies.
    long offset(int inode) {
        return (long) units[inode] << ErofsFormat.SLOT_BITS;
    }

    /// The block that those of directories and long symlinks begin with.
    long firstBlock() {
        return ErofsFormat.blocks(end);
    }

    /// Blocks of the whole image.
    long blocks() {
        return firstBlock() + blocks;
    }

    ErofsTree tree() {
        return tree;
    }

    ErofsHeader header() {
        return new ErofsHeader(tree.identity(), devices, number(tree.root()), count, blocks());
    }
}
