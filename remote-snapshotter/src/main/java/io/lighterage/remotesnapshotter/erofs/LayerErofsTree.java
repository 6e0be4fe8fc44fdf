package io.lighterage.remotesnapshotter.erofs;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndex.Kind;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// One layer, in the form that overlayfs lays over others: hidden names are character devices 0:0, and
/// directories that hide what is below have the attribute `trusted.overlay.opaque`. Its device is the
/// layer's flat file.
///
/// Marks inside an opaque directory are left out: there is nothing to hide, and overlayfs would list them.
/// Directories that the layer does not describe look as [LayerIndex#implied] says where no other layer has
/// them; over a layer that has them, its attributes are hidden. `ErofsImageTree` has neither trouble, nor
/// that with links.
public final class LayerErofsTree implements ErofsTree {
    private static final RawName OPAQUE = RawName.of("trusted.overlay.opaque");
    private static final RawName YES = RawName.of("y");

    private final LayerIndex index;
    private final List<ErofsDevice> devices;
    private final BitSet nothingBelow = new BitSet();

    /// @throws ImageException UNSUPPORTED when the layer gives a name to a file that only a lower layer has
    public LayerErofsTree(LayerIndex index) {
        this.index = index;
        devices = index.flatSize() == 0 ? List.of() : List.of(device(index));
        if (index.hasLinksBelow()) {
            throw linkBelow();
        }
        for (int inode = LayerIndex.ROOT; inode < index.inodeCount(); inode++) {
            boolean directory = index.kind(inode) == Kind.DIRECTORY;
            if (directory && (index.opaque(inode) || nothingBelow.get(index.parent(inode)))) {
                nothingBelow.set(inode); // parents have lower numbers
            }
        }
    }

    /// The flat file of a layer, which must not be empty.
    public static ErofsDevice device(LayerIndex index) {
        String hex = index.layer().hex();
        String tag = hex.substring(0, Math.min(hex.length(), ErofsFormat.SLOT_TAG_BYTES));
        return new ErofsDevice(tag, ErofsFormat.blocks(index.flatSize()));
    }

    private ImageException linkBelow() {
        int link = LayerIndex.ROOT;
        while (index.kind(link) != Kind.LINK_BELOW) {
            link++;
        }
        return new ImageException(
                ErrorKind.UNSUPPORTED,
                "cannot make an EROFS image of layer " + index.layer() + " alone: '" + index.path(link)
                        + "' is a hard link to '" + index.target(link)
                        + "' of a lower layer. Mount the image over FUSE, or all of its layers in one EROFS image");
    }

    @Override
    public int inodes() {
        return index.inodeCount();
    }

    @Override
    public int root() {
        return LayerIndex.ROOT;
    }

    @Override
    public ErofsInode inode(int inode) {
        Kind kind = index.kind(inode);
        boolean mark = kind == Kind.WHITEOUT;
        return new ErofsInode(
                type(kind) | (mark ? 0 : index.mode(inode)),
                index.linkCount(inode),
                mark ? 0 : index.uid(inode),
                mark ? 0 : index.gid(inode),
                index.size(inode),
                index.modifySeconds(inode),
                index.modifyNanos(inode),
                body(kind, inode));
    }

    private ErofsInode.Body body(Kind kind, int inode) {
        return switch (kind) {
            case REGULAR ->
                index.size(inode) == 0 ? ErofsInode.INSIDE : new ErofsInode.Extent(0, index.flatOffset(inode));
            case CHARACTER_DEVICE, BLOCK_DEVICE ->
                new ErofsInode.Node(index.deviceMajor(inode), index.deviceMinor(inode));
            case WHITEOUT -> new ErofsInode.Node(0, 0);
            case DIRECTORY, SYMLINK, FIFO, LINK_BELOW -> ErofsInode.INSIDE;
        };
    }

    private static int type(Kind kind) {
        return switch (kind) {
            case REGULAR -> Flags.S_IFREG;
            case DIRECTORY -> Flags.S_IFDIR;
            case SYMLINK -> Flags.S_IFLNK;
            case CHARACTER_DEVICE, WHITEOUT -> Flags.S_IFCHR;
            case BLOCK_DEVICE -> Flags.S_IFBLK;
            case FIFO -> Flags.S_IFIFO;
            case LINK_BELOW -> throw new IllegalStateException("a layer with links to others was let in");
        };
    }

    @Override
    public void list(int directory, Visitor visitor) {
        int count = index.childCount(directory);
        boolean marks = !nothingBelow.get(directory);
        for (int position = 0; position < count; position++) {
            int child = index.childInode(directory, position);
            if (marks || index.kind(child) != Kind.WHITEOUT) {
                visitor.visit(index.childName(directory, position), child);
            }
        }
    }

    @Override
    public RawName target(int symlink) {
        return index.target(symlink);
    }

    @Override
    public Map<RawName, RawName> xattrs(int inode) {
        boolean opaque = index.kind(inode) == Kind.DIRECTORY && index.opaque(inode);
        if (!opaque && !index.hasXattrs(inode)) {
            return Map.of();
        }
        int mode = type(index.kind(inode));
        Map<RawName, RawName> all = new HashMap<>();
        index.xattrs(inode).forEach((name, value) -> {
            if (XattrNames.canBeSet(name, mode)) {
                all.put(name, value);
            }
        });
        if (opaque) {
            all.put(OPAQUE, YES);
        }
        return all;
    }

    @Override
    public List<ErofsDevice> devices() {
        return devices;
    }

    @Override
    public Digest identity() {
        return index.layer();
    }

    @Override
    public RawName path(int inode) {
        return index.path(inode);
    }
}
