package io.lighterage.stargz.index;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.tar.TarEntry;
import io.lighterage.stargz.tar.TarFormat;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/// Builds the [LayerIndex] of a layer from its entries in archive order, deciding as unpacking them would: the
/// last entry of a path wins, a directory over a directory keeps what is in it, missing parents are made, symlinks
/// of the layer are followed on the way to a parent, and `.wh.` names hide. A hard link is another name of what
/// its target is at that moment; when there is no such thing yet, of what it is at the end, unless [#asWritten];
/// and when there is none then, of what the layers below have.
///
/// The landmarks and the table of contents of eStargz are left out. In the flat file, files stand in the order of
/// their first chunk's place in the blob, and in archive order where that is equal.
///
/// Not thread-safe.
public final class LayerIndexBuilder {
    static final String WHITEOUT = ".wh.";
    private static final String BOOKKEEPING = ".wh..wh.";
    private static final String OPAQUE = ".wh..wh..opq";

    /// What stands before it in the blob is to be fetched first.
    private static final String LANDMARK = ".prefetch.landmark";

    /// Entries of the root that say something about the blob and are no files of the layer.
    private static final Set<RawName> OF_THE_FORMAT =
            Set.of(RawName.of(LANDMARK), RawName.of(".no.prefetch.landmark"), RawName.of("stargz.index.json"));

    /// What Linux can have.
    private static final int MAX_MAJOR = 0xfff;

    private static final int MAX_MINOR = 0xfffff;

    private final Digest layer;
    private final Encoding encoding;
    private final IndexTree tree = new IndexTree(ThreadLocalRandom.current());
    private final ChunkRecords chunks;
    private final TreeWalk walk;
    private final HardLinks links;
    private final Map<Map<RawName, RawName>, Integer> xattrs = new HashMap<>();
    private long prefetchEnd;

    /// One piece of a file.
    ///
    /// @param fileOffset where it begins in the file
    /// @param length uncompressed bytes, 1 to [LayerIndex#MAX_CHUNK]
    /// @param blobOffset where the compressed range to fetch begins; 0 for [Encoding#NONE]
    /// @param blobEnd where it ends; 0 for [Encoding#NONE]; or [#OPEN]
    /// @param innerOffset bytes to skip in the decompressed range
    /// @param hole whether it is all zeros, so that nothing need be fetched
    /// @param digest sha256 of the uncompressed bytes
    /// @param rank when to fetch it, among the chunks of all layers that are to be fetched first; 0 for all others
    public record Chunk(
            long fileOffset,
            int length,
            long blobOffset,
            long blobEnd,
            long innerOffset,
            boolean hole,
            Digest digest,
            int rank) {
        /// The end of a range that ends where the next one begins, the last where [#openRangesEnd] says.
        public static final long OPEN = -1;

        /// One that is not prioritized.
        public Chunk(
                long fileOffset,
                int length,
                long blobOffset,
                long blobEnd,
                long innerOffset,
                boolean hole,
                Digest digest) {
            this(fileOffset, length, blobOffset, blobEnd, innerOffset, hole, digest, 0);
        }
    }

    /// @param layer digest of the compressed blob
    /// @param encoding how the blob holds the chunks
    public LayerIndexBuilder(Digest layer, Encoding encoding) {
        this.layer = layer;
        this.encoding = encoding;
        chunks = new ChunkRecords(encoding);
        walk = new TreeWalk(tree, layer.toString());
        links = new HardLinks(tree, walk);
        tree.nodes.putByte(0, IndexTree.KIND, IndexFormat.code(LayerIndex.Kind.DIRECTORY));
        tree.nodes.putInt(0, IndexTree.MODE, 0755);
        tree.set(0, IndexFormat.FLAG_IMPLIED);
    }

    /// The entries come in the order in which the layer is to be unpacked, as in a plain tar: a hard link to a
    /// name that is not there yet leads to what the layers below have by it, even if the layer names it later.
    public void asWritten() {
        links.asWritten();
    }

    /// Blob bytes `[0, blobOffset)` are the prioritized range. An entry `.prefetch.landmark` says so, too.
    public void prefetchEnd(long blobOffset) {
        if (blobOffset < 0 || blobOffset > IndexFormat.MAX_OFFSET) {
            throw new ImageException(
                    ErrorKind.INVALID, "the prioritized range of layer " + layer + " ends at " + blobOffset);
        }
        prefetchEnd = blobOffset;
    }

    /// Chunks may be [Chunk#OPEN] from now on; the last of their ranges ends here.
    public void openRangesEnd(long blobOffset) {
        chunks.openRangesEnd(blobOffset);
    }

    /// Adds the next entry of the archive.
    ///
    /// @param entry its name and link name as they stand in the archive; segments of a sparse file do not matter
    ///     here
    /// @param pieces of a regular file, tiling its size in ascending order; of all others none
    /// @throws ImageException INVALID when the entry cannot be, naming it; UNSUPPORTED for a chunk above
    ///     [LayerIndex#MAX_CHUNK]
    public void add(TarEntry entry, List<Chunk> pieces) {
        EntryPath path = EntryPath.clean(entry.name(), "name");
        if (path.isRoot()) {
            addRoot(entry, path);
            return;
        }
        if (path.baseAt() == 0 && OF_THE_FORMAT.contains(RawName.of(path.bytes()))) {
            chunks.passOver(pieces, fault -> walk.invalid(path, fault));
            if (path.baseIs(LANDMARK) && !pieces.isEmpty() && encoding != Encoding.NONE) {
                prefetchEnd(pieces.getFirst().blobOffset());
            }
            return;
        }
        TreeWalk.Need need = new TreeWalk.Need(path, true, false, entry.modifySeconds(), checkedNanos(entry, path));
        if (path.parentStarts(WHITEOUT) || path.baseStarts(WHITEOUT)) {
            chunks.passOver(pieces, fault -> walk.invalid(path, fault));
            addMark(path, need.forMark());
            return;
        }
        if (entry.type() != TarEntry.Type.REGULAR && !(pieces.isEmpty() && entry.size() == 0)) {
            throw walk.invalid(path, "is a " + entry.type() + " and yet has content");
        }
        int directory = walk.directory(path.parent(), need);
        if (entry.type() == TarEntry.Type.HARD_LINK) {
            links.add(directory, path, entry.linkName());
            return;
        }
        int node = node(directory, path, entry.type() == TarEntry.Type.DIRECTORY);
        describe(node, entry, path);
        content(node, entry, path, pieces);
    }

    private void addRoot(TarEntry entry, EntryPath path) {
        if (entry.type() != TarEntry.Type.DIRECTORY) {
            throw walk.invalid(path, "would replace the root by a " + entry.type());
        }
        checkedNanos(entry, path);
        describe(0, entry, path);
    }

    private void addMark(EntryPath path, TreeWalk.Need need) {
        if (path.parentStarts(BOOKKEEPING)) {
            return;
        }
        if (path.parentStarts(WHITEOUT)) {
            throw walk.invalid(path, "is below a whiteout; names starting with .wh. are reserved");
        }
        boolean opaque = path.baseIs(OPAQUE);
        if (path.baseStarts(BOOKKEEPING) && !opaque) {
            return;
        }
        int directory = walk.directory(path.parent(), need);
        if (opaque) {
            tree.set(directory, IndexFormat.FLAG_OPAQUE);
            return;
        }
        if (path.baseIs(WHITEOUT) || path.baseIs(WHITEOUT + ".") || path.baseIs(WHITEOUT + "..")) {
            throw walk.invalid(path, "is a whiteout of nothing: a file name must follow .wh.");
        }
        byte[] name = path.bytes();
        if (tree.find(directory, name, path.baseAt(), name.length) == IndexTree.NONE) {
            int mark = walk.add(directory, name, path.baseAt(), name.length);
            tree.nodes.putByte(mark, IndexTree.KIND, IndexFormat.code(LayerIndex.Kind.WHITEOUT));
        }
    }

    /// The node to describe: that of a directory that stays, or a new one in place of what is there.
    private int node(int directory, EntryPath path, boolean wantsDirectory) {
        byte[] name = path.bytes();
        int there = tree.find(directory, name, path.baseAt(), name.length);
        if (there != IndexTree.NONE) {
            if (wantsDirectory && tree.is(there, LayerIndex.Kind.DIRECTORY)) {
                return there;
            }
            tree.remove(there);
        }
        int node = walk.add(directory, name, path.baseAt(), name.length);
        if (there != IndexTree.NONE && wantsDirectory) {
            // what this layer had there hid what is below; so does the directory in its place
            tree.set(node, IndexFormat.FLAG_OPAQUE);
        }
        return node;
    }

    private void describe(int node, TarEntry entry, EntryPath path) {
        Records nodes = tree.nodes;
        nodes.putByte(node, IndexTree.KIND, IndexFormat.code(kind(entry.type())));
        nodes.putInt(node, IndexTree.MODE, entry.mode() & 07777);
        nodes.putInt(node, IndexTree.UID, id(entry.uid(), path));
        nodes.putInt(node, IndexTree.GID, id(entry.gid(), path));
        nodes.putLong(node, IndexTree.SECONDS, entry.modifySeconds());
        nodes.putInt(node, IndexTree.NANOS, entry.modifyNanos());
        nodes.putInt(node, IndexTree.XATTRS, xattrs(entry.xattrs(), path));
        tree.clear(node, IndexFormat.FLAG_IMPLIED);
        tree.clear(node, IndexFormat.FLAG_MARKS_ONLY);
        tree.clear(node, IndexFormat.FLAG_GROUP_BELOW);
    }

    private int id(long id, EntryPath path) {
        if (id < 0 || id > TarFormat.MAX_ID) {
            throw walk.invalid(path, "belongs to id " + id + "; expected 0 to " + TarFormat.MAX_ID);
        }
        return (int) id;
    }

    private int checkedNanos(TarEntry entry, EntryPath path) {
        if (entry.modifyNanos() < 0 || entry.modifyNanos() >= 1_000_000_000) {
            throw walk.invalid(path, "has a time of " + entry.modifyNanos() + " nanoseconds; expected less than 10^9");
        }
        return entry.modifyNanos();
    }

    /// Many files of a layer have the same attributes, a security label say; they are kept once.
    private int xattrs(Map<RawName, RawName> attributes, EntryPath path) {
        if (attributes.isEmpty()) {
            return 0;
        }
        Integer known = xattrs.get(attributes);
        if (known != null) {
            return known;
        }
        int place = 1 + tree.texts.add(XattrBytes.encode(attributes, fault -> walk.invalid(path, fault)));
        xattrs.put(attributes, place);
        return place;
    }

    private void content(int node, TarEntry entry, EntryPath path, List<Chunk> pieces) {
        switch (entry.type()) {
            case REGULAR -> {
                tree.nodes.putLong(node, IndexTree.SIZE, entry.size());
                tree.nodes.putInt(node, IndexTree.FIRST_CHUNK, chunks.count());
                tree.nodes.putInt(node, IndexTree.CHUNKS, pieces.size());
                chunks.add(entry.size(), pieces, fault -> walk.invalid(path, fault));
            }
            case SYMLINK -> {
                byte[] target = entry.linkName().toBytes();
                if (target.length == 0 || target.length > IndexFormat.MAX_PATH || holdsNul(target)) {
                    throw walk.invalid(
                            path,
                            "is a symlink to " + target.length + " bytes; a target has 1 to " + IndexFormat.MAX_PATH
                                    + " and none of them is NUL");
                }
                tree.nodes.putLong(node, IndexTree.SIZE, target.length);
                tree.nodes.putInt(node, IndexTree.TARGET, tree.texts.add(target));
            }
            case CHARACTER_DEVICE, BLOCK_DEVICE -> {
                long major = entry.deviceMajor();
                long minor = entry.deviceMinor();
                if (major < 0 || major > MAX_MAJOR || minor < 0 || minor > MAX_MINOR) {
                    throw walk.invalid(path, "is device " + major + ":" + minor + ", which Linux cannot have");
                }
                tree.nodes.putInt(node, IndexTree.SIZE, (int) major);
                tree.nodes.putInt(node, IndexTree.MINOR, (int) minor);
            }
            case DIRECTORY, FIFO, HARD_LINK -> {}
        }
    }

    private static boolean holdsNul(byte[] bytes) {
        for (byte b : bytes) {
            if (b == 0) {
                return true;
            }
        }
        return false;
    }

    private static LayerIndex.Kind kind(TarEntry.Type type) {
        return switch (type) {
            case REGULAR -> LayerIndex.Kind.REGULAR;
            case DIRECTORY -> LayerIndex.Kind.DIRECTORY;
            case SYMLINK -> LayerIndex.Kind.SYMLINK;
            case CHARACTER_DEVICE -> LayerIndex.Kind.CHARACTER_DEVICE;
            case BLOCK_DEVICE -> LayerIndex.Kind.BLOCK_DEVICE;
            case FIFO -> LayerIndex.Kind.FIFO;
            case HARD_LINK -> throw new IllegalArgumentException("a hard link has no inode of its own");
        };
    }

    /// Writes the index: to a new file beside `file`, made durable, then renamed to it.
    ///
    /// @return the index, opened
    /// @throws ImageException INVALID when hard links lead to directories or in a circle, or the layer is
    ///     too large; EXHAUSTED when the disk is full
    public LayerIndex write(Path file) {
        IndexFile.write(file, plan());
        return LayerIndex.open(file);
    }

    /// The bytes that [#write] writes.
    ///
    /// @throws ImageException as [#write]
    public ByteBuffer image() {
        return IndexFile.image(plan());
    }

    private IndexWriter plan() {
        links.resolve();
        chunks.closeRanges();
        IndexPlan plan = new IndexPlan(tree, chunks);
        return new IndexWriter(tree, chunks, plan, new IndexWriter.Facts(layer, encoding, prefetchEnd));
    }
}
