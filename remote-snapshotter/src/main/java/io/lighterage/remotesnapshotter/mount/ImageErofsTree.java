package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.remotesnapshotter.erofs.ErofsDevice;
import io.lighterage.remotesnapshotter.erofs.ErofsInode;
import io.lighterage.remotesnapshotter.erofs.ErofsTree;
import io.lighterage.remotesnapshotter.erofs.LayerErofsTree;
import io.lighterage.remotesnapshotter.erofs.XattrNames;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// All layers of an image as one tree, for one EROFS image: the kernel is shown what [ImageTree] says, and
/// lays nothing over anything. Its devices are the flat files of the layers that have any bytes, base
/// first.
///
/// This is the form that has every image: files of a lower layer with names in a higher one, and
/// directories that a layer works in without describing them.
public final class ImageErofsTree implements ErofsTree {
    private static final int NO_DEVICE = -1;

    private final ImageTree tree;
    private final List<LayerIndex> layers;
    private final List<ErofsDevice> devices = new ArrayList<>();
    private final int[] deviceOf;
    private final int[] numbersBefore;

    /// @throws ArithmeticException when the layers have more than 2^31 inodes together; a layer has at most
    ///     10^6
    public ImageErofsTree(ImageTree tree) {
        this.tree = tree;
        layers = tree.indexes();
        deviceOf = new int[layers.size()];
        numbersBefore = new int[layers.size()];
        if (tree.inodes() > Integer.MAX_VALUE) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "an EROFS image would be of " + tree.inodes() + " inodes. Mount the image over FUSE");
        }
        int before = 0;
        for (int layer = 0; layer < layers.size(); layer++) {
            LayerIndex index = layers.get(layer);
            numbersBefore[layer] = before;
            before += index.inodeCount();
            deviceOf[layer] = NO_DEVICE;
            if (index.flatSize() > 0) {
                deviceOf[layer] = devices.size();
                devices.add(LayerErofsTree.device(index));
            }
        }
    }

    private int number(long node) {
        return numbersBefore[Node.layer(node)] + Node.inode(node);
    }

    private long node(int number) {
        int found = Arrays.binarySearch(numbersBefore, number);
        int layer = found >= 0 ? found : -found - 2;
        return Node.of(layer, number - numbersBefore[layer]);
    }

    @Override
    public int inodes() {
        return (int) tree.inodes();
    }

    @Override
    public int root() {
        return number(tree.root());
    }

    @Override
    public ErofsInode inode(int inode) {
        long node = node(inode);
        NodeStatus status = tree.status(node);
        return new ErofsInode(
                status.mode(),
                status.links(),
                status.uid(),
                status.gid(),
                status.size(),
                status.modifySeconds(),
                status.modifyNanos(),
                body(node, status));
    }

    private ErofsInode.Body body(long node, NodeStatus status) {
        return switch (status.mode() & Flags.S_IFMT) {
            case Flags.S_IFCHR, Flags.S_IFBLK -> new ErofsInode.Node(status.major(), status.minor());
            case Flags.S_IFREG ->
                status.size() == 0
                        ? ErofsInode.INSIDE
                        : new ErofsInode.Extent(deviceOf[Node.layer(node)], tree.flatOffset(node));
            default -> ErofsInode.INSIDE;
        };
    }

    @Override
    public void list(int directory, Visitor visitor) {
        tree.list(node(directory), (name, node) -> {
            visitor.visit(name, number(node));
            return true;
        });
    }

    @Override
    public RawName target(int symlink) {
        return tree.target(node(symlink));
    }

    @Override
    public Map<RawName, RawName> xattrs(int inode) {
        long node = node(inode);
        Map<RawName, RawName> all = tree.xattrs(node);
        if (all.isEmpty()) {
            return all;
        }
        Map<RawName, RawName> settable = new HashMap<>(all);
        int type = tree.type(node);
        settable.keySet().removeIf(name -> !XattrNames.canBeSet(name, type));
        return settable;
    }

    @Override
    public List<ErofsDevice> devices() {
        return List.copyOf(devices);
    }

    /// The layers that the devices are the flat files of, in the same order: positions, base 0.
    public List<Integer> deviceLayers() {
        List<Integer> found = new ArrayList<>();
        for (int layer = 0; layer < deviceOf.length; layer++) {
            if (deviceOf[layer] != NO_DEVICE) {
                found.add(layer);
            }
        }
        return found;
    }

    /// The digest of the layers' digests, a line each, base first.
    @Override
    public Digest identity() {
        String lines = layers.stream().map(index -> index.layer() + "\n").collect(Collectors.joining());
        return Digest.sha256(lines.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public RawName path(int inode) {
        return tree.path(node(inode));
    }
}
