package io.lighterage.remotesnapshotter.mount;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.linux.Flags;
import io.lighterage.remotesnapshotter.apply.ReservedXattrs;
import io.lighterage.remotesnapshotter.lazy.LazyImage;
import io.lighterage.remotesnapshotter.mount.MergedDirectories.Merged;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import io.lighterage.stargz.index.LayerIndex.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The tree that the layers of an image make together, read-only: what unpacking all of them into one directory gives,
/// answered from their indexes. See [LayerMerge] for the rules.
///
/// A *node* is a long that stays the same for the same image: a layer and an inode in it. All nodes passed in are ones
/// this tree has given out. Immutable and thread-safe.
public final class ImageTree {
    /// No node.
    public static final long NONE = -1;

    /// Symlinks followed on one path, as when layers are unpacked.
    private static final int MAX_LINKS = 255;

    private static final int MAX_STEPS = 4096;

    /// What a layer says of a name that it hides in those below.
    private static final long HIDDEN = -2;

    private final List<LayerIndex> indexes;
    private final List<TreeLayer> layers;
    private final MergedDirectories merged;
    private final long[] numbersBefore;

    /// @param baseFirst the image's layers, at least one
    public ImageTree(List<TreeLayer> baseFirst) {
        this(baseFirst.stream().map(TreeLayer::index).toList(), List.copyOf(baseFirst), null);
    }

    /// The tree of an open image, which stays open as long as the tree is read.
    public static ImageTree of(LazyImage image) {
        return new ImageTree(image.layers().stream().map(TreeLayer::of).toList());
    }

    /// A tree without contents, of layers that are still being merged.
    ImageTree(List<LayerIndex> indexes, MergedDirectories merged) {
        this(indexes, List.of(), merged);
    }

    private ImageTree(List<LayerIndex> indexes, List<TreeLayer> layers, @Nullable MergedDirectories known) {
        if (indexes.isEmpty()) {
            throw new ImageException(ErrorKind.INVALID, "an image without layers has no tree to mount");
        }
        this.indexes = List.copyOf(indexes);
        this.layers = layers;
        this.merged = known == null ? LayerMerge.of(indexes) : known;
        numbersBefore = new long[indexes.size() + 1];
        for (int layer = 0; layer < indexes.size(); layer++) {
            numbersBefore[layer + 1] = numbersBefore[layer] + indexes.get(layer).inodeCount();
        }
    }

    /// Told of what is in a directory.
    @FunctionalInterface
    public interface Visitor {
        /// @return whether to go on
        boolean visit(RawName name, long node);
    }

    public long root() {
        Merged root = merged.of(Node.of(indexes.size() - 1, LayerIndex.ROOT));
        if (root == null) {
            throw new IllegalStateException("the root of a tree was not merged");
        }
        return root.parts[0];
    }

    /// What a directory has by a name, or [#NONE].
    public long lookup(long directory, RawName name) {
        Merged all = merged.of(directory);
        if (all == null) {
            return Math.max(NONE, see(directory, name));
        }
        for (long part : all.parts) {
            long node = see(part, name);
            if (node != NONE) {
                return Math.max(NONE, node);
            }
        }
        return NONE;
    }

    /// What one part of a directory says of a name: a node, NONE for nothing, or that lower layers are hidden.
    private long see(long part, RawName name) {
        int inode = index(part).lookup(Node.inode(part), name);
        return inode == LayerIndex.NONE ? NONE : seen(Node.of(Node.layer(part), inode));
    }

    /// What an entry of a part stands for, as [#see] says it.
    private long seen(long entry) {
        return switch (index(entry).kind(Node.inode(entry))) {
            case WHITEOUT -> HIDDEN;
            case LINK_BELOW -> merged.links.file(entry);
            case DIRECTORY -> shown(entry);
            case REGULAR, SYMLINK, CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> entry;
        };
    }

    private long shown(long directory) {
        if (merged.isNowhere(directory)) {
            return NONE;
        }
        Merged all = merged.of(directory);
        if (all != null) {
            return all.parts[0];
        }
        return index(directory).marksOnly(Node.inode(directory)) ? NONE : directory;
    }

    /// The node at a path below the root; slashes at its ends do not count. Symlinks are not followed.
    public long find(RawName path) {
        byte[] bytes = path.toBytes();
        return find(bytes, bytes.length);
    }

    /// As [#find(RawName)], of the first `length` bytes.
    long find(byte[] path, int length) {
        long node = root();
        int from = 0;
        while (from < length && node != NONE) {
            int to = from;
            while (to < length && path[to] != '/') {
                to++;
            }
            if (to > from) {
                node = isDirectory(node) ? lookup(node, RawName.of(path, from, to)) : NONE;
            }
            from = to + 1;
        }
        return node;
    }

    /// Where a symlink leads, as a process chrooted into the tree would find it.
    ///
    /// @param symlink path of the symlink, which may lead through others
    long follow(RawName symlink, RawName target) {
        Deque<RawName> left = new ArrayDeque<>();
        push(left, target);
        Deque<Long> way = new ArrayDeque<>();
        if (!isAbsolute(target)) {
            left.push(RawName.of(".."));
            push(left, symlink);
        }
        return walk(left, way, isAbsolute(target) ? NONE : find(symlink));
    }

    /// The node at a path below the root, of which only the last part is not followed when it is a symlink.
    long locate(RawName path) {
        byte[] bytes = path.toBytes();
        int base = bytes.length;
        while (base > 0 && bytes[base - 1] != '/') {
            base--;
        }
        Deque<RawName> left = new ArrayDeque<>();
        push(left, RawName.of(bytes, 0, base));
        long directory = walk(left, new ArrayDeque<>(), NONE);
        boolean found = directory != NONE && isDirectory(directory);
        return found ? lookup(directory, RawName.of(bytes, base, bytes.length)) : NONE;
    }

    /// @param first a symlink that is not followed the first time it is met: the one we are asked about
    private long walk(Deque<RawName> left, Deque<Long> way, long first) {
        way.push(root());
        int links = 0;
        int steps = 0;
        while (!left.isEmpty()) {
            RawName name = left.pop();
            if (++steps > MAX_STEPS || links > MAX_LINKS) {
                return NONE;
            }
            if (name.equals(RawName.of(".."))) {
                if (way.size() > 1) {
                    way.pop();
                }
                continue;
            }
            long node = isDirectory(way.element()) ? lookup(way.element(), name) : NONE;
            if (node == NONE) {
                return NONE;
            }
            if (kind(node) != Kind.SYMLINK || node == first) {
                way.push(node);
                continue;
            }
            links++;
            if (isAbsolute(target(node))) {
                while (way.size() > 1) {
                    way.pop();
                }
            }
            push(left, target(node));
        }
        return way.element();
    }

    private static boolean isAbsolute(RawName path) {
        return !path.isEmpty() && path.at(0) == '/';
    }

    private static void push(Deque<RawName> left, RawName path) {
        byte[] bytes = path.toBytes();
        int end = bytes.length;
        while (end > 0) {
            int start = end;
            while (start > 0 && bytes[start - 1] != '/') {
                start--;
            }
            boolean nothing = start == end || (end - start == 1 && bytes[start] == '.');
            if (!nothing) {
                left.push(RawName.of(bytes, start, end));
            }
            end = start - 1;
        }
    }

    /// All that is in a directory, sorted by unsigned bytes, without `.` and `..`.
    public void list(long directory, Visitor visitor) {
        Merged all = merged.of(directory);
        long[] parts = all == null ? new long[] {directory} : all.parts;
        PartNames names = new PartNames(indexes, parts);
        for (RawName name = names.next(); name != null; name = names.next()) {
            long node = NONE;
            for (int part = 0; part < parts.length && node == NONE; part++) {
                node = names.has(part) ? seen(names.node(part)) : NONE;
            }
            if (node > NONE && !visitor.visit(name, node)) {
                return;
            }
        }
    }

    /// REGULAR, DIRECTORY, SYMLINK, a device or FIFO; never WHITEOUT or LINK_BELOW.
    public Kind kind(long node) {
        return index(node).kind(Node.inode(node));
    }

    public boolean isDirectory(long node) {
        return kind(node) == Kind.DIRECTORY;
    }

    /// What `stat(2)` would tell.
    public NodeStatus status(long node) {
        Merged all = merged.of(node);
        long face = all == null ? node : all.face;
        LayerIndex index = index(face);
        int inode = Node.inode(face);
        Kind kind = index.kind(inode);
        boolean device = kind == Kind.CHARACTER_DEVICE || kind == Kind.BLOCK_DEVICE;
        return new NodeStatus(
                number(face),
                type(kind) | index.mode(inode),
                links(face, all),
                index.uid(inode),
                merged.group(face, index.gid(inode)),
                index.size(inode),
                index.modifySeconds(inode),
                index.modifyNanos(inode),
                device ? index.deviceMajor(inode) : 0,
                device ? index.deviceMinor(inode) : 0);
    }

    private int links(long face, @Nullable Merged all) {
        int inLayer = index(face).linkCount(Node.inode(face));
        int names = inLayer + merged.links.names(face) - merged.hiddenNames(face);
        return all == null ? names : 2 + all.directories;
    }

    /// The inode number, from 1: unique in the tree.
    public long number(long node) {
        return numbersBefore[Node.layer(node)] + Node.inode(node) + 1;
    }

    /// The `S_IFMT` bits of a node.
    public int type(long node) {
        return type(kind(node));
    }

    private static int type(Kind kind) {
        return switch (kind) {
            case REGULAR -> Flags.S_IFREG;
            case DIRECTORY -> Flags.S_IFDIR;
            case SYMLINK -> Flags.S_IFLNK;
            case CHARACTER_DEVICE -> Flags.S_IFCHR;
            case BLOCK_DEVICE -> Flags.S_IFBLK;
            case FIFO -> Flags.S_IFIFO;
            case WHITEOUT, LINK_BELOW -> throw new IllegalStateException("a mark was given out as a node");
        };
    }

    /// Of a symlink.
    public RawName target(long node) {
        return index(node).target(Node.inode(node));
    }

    /// The extended attributes that unpacking would have set: none that belong to overlayfs or other parts of the
    /// system, and none that Linux does not have on files of the kind.
    public Map<RawName, RawName> xattrs(long node) {
        Merged all = merged.of(node);
        long face = all == null ? node : all.face;
        Map<RawName, RawName> every = index(face).xattrs(Node.inode(face));
        if (every.isEmpty()) {
            return every;
        }
        Map<RawName, RawName> visible = new HashMap<>();
        Kind kind = kind(node);
        every.forEach((name, value) -> {
            if (ReservedXattrs.canBeSet(name, kind == Kind.REGULAR || kind == Kind.DIRECTORY)) {
                visible.put(name, value);
            }
        });
        return visible;
    }

    /// Whether any node of any layer has extended attributes.
    public boolean hasXattrs() {
        return indexes.stream().anyMatch(LayerIndex::hasXattrs);
    }

    /// The layer whose flat file holds a regular file's bytes.
    public TreeLayer layer(long node) {
        return layers.get(Node.layer(node));
    }

    /// One layer by its position, base 0.
    TreeLayer layerAt(int position) {
        return layers.get(position);
    }

    /// Where in that flat file they begin; only of a file that is not empty.
    public long flatOffset(long node) {
        return index(node).flatOffset(Node.inode(node));
    }

    /// Bytes of a regular file or of a symlink's target.
    public long size(long node) {
        return index(node).size(Node.inode(node));
    }

    /// Reads a regular file; fetches what is not here.
    ///
    /// @return how many bytes were put into `target`: all that it takes, or those to the end of the file
    /// @throws ImageException as [TreeContent#read]
    public int read(long node, long offset, ByteBuffer target) {
        long size = size(node);
        if (kind(node) != Kind.REGULAR || offset >= size) {
            return 0;
        }
        int count = (int) Math.min(target.remaining(), size - offset);
        ByteBuffer part = target.slice(target.position(), count);
        int done = layer(node).content().read(flatOffset(node) + offset, part);
        if (done != count) {
            throw new ImageException(
                    ErrorKind.INTERNAL,
                    "flat file of layer " + index(node).layer() + " gave " + done + " bytes at " + offset + " of '"
                            + path(node) + "'; expected " + count);
        }
        target.position(target.position() + count);
        return count;
    }

    /// One of the paths its layer has it by, without a leading slash; for messages.
    public RawName path(long node) {
        return index(node).path(Node.inode(node));
    }

    /// Inodes of all layers, hidden ones included.
    public long inodes() {
        return numbersBefore[indexes.size()];
    }

    /// Bytes of all flat files.
    public long bytes() {
        return indexes.stream().mapToLong(LayerIndex::flatSize).sum();
    }

    /// Of all layers, base first.
    List<LayerIndex> indexes() {
        return indexes;
    }

    private LayerIndex index(long node) {
        return indexes.get(Node.layer(node));
    }
}
