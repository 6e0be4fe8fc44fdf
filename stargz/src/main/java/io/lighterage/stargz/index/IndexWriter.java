package io.lighterage.stargz.index;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.stream.LongStream;

/// Puts a finished tree into the order and the bytes of [IndexFormat].
final class IndexWriter {
    private final IndexTree tree;
    private final ChunkRecords chunks;
    private final IndexPlan plan;
    private final Facts facts;
    private int nameBytes;
    private int chunkCount;
    private long flatSize;
    private long fetchSize;
    private int flags;
    private final int[] pageOf;
    /// Of each prioritized chunk its rank, and below it its number in the file; ascending.
    private long[] priorities = {};

    /// What the header says besides numbers.
    record Facts(Digest layer, Encoding encoding, long prefetchEnd) {}

    IndexWriter(IndexTree tree, ChunkRecords chunks, IndexPlan plan, Facts facts) {
        this.tree = tree;
        this.chunks = chunks;
        this.plan = plan;
        this.facts = facts;
        pageOf = new int[plan.files + 1];
        measureNames();
        placeFiles();
    }

    private void measureNames() {
        for (int child : plan.children) {
            nameBytes += tree.visibleLength(child);
        }
        for (int number = 0; number < plan.inodes; number++) {
            int node = plan.nodeOf[number];
            flags |= tree.nodes.getInt(node, IndexTree.XATTRS) == 0 ? 0 : IndexFormat.FLAG_XATTRS;
            flags |= tree.is(node, LayerIndex.Kind.LINK_BELOW) ? IndexFormat.FLAG_LINKS_BELOW : 0;
        }
    }

    private void placeFiles() {
        LongStream.Builder ranked = LongStream.builder();
        long end = 0;
        long rangeAt = -1;
        for (int number = 1; number <= plan.files; number++) {
            int node = plan.nodeOf[number];
            pageOf[number] = (int) (end >>> IndexFormat.PAGE_BITS);
            end = IndexCheck.pages(end + tree.nodes.getLong(node, IndexTree.SIZE));
            if (end > IndexFormat.MAX_OFFSET) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "layer " + facts.layer() + " has more than " + IndexFormat.MAX_OFFSET
                                + " bytes of files, the limit, at '" + tree.path(node) + "'");
            }
            int first = tree.nodes.getInt(node, IndexTree.FIRST_CHUNK);
            int last = first + tree.nodes.getInt(node, IndexTree.CHUNKS);
            for (int chunk = first; chunk < last; chunk++) {
                if (chunks.rank(chunk) > 0) {
                    ranked.add((long) chunks.rank(chunk) << Integer.SIZE | (chunkCount + chunk - first));
                }
                long range = IndexFormat.rangeLength(chunks.flatWord(chunk), chunks.blobWord(chunk));
                long offset = IndexFormat.upper40(chunks.blobWord(chunk));
                if (range > 0 && offset != rangeAt) {
                    fetchSize += range;
                    rangeAt = offset;
                }
            }
            chunkCount += last - first;
        }
        priorities = ranked.build().sorted().toArray();
        flatSize = end;
    }

    /// Bytes of the whole.
    ///
    /// @throws ImageException INVALID when a file of that size could not be mapped
    int size() {
        long size = IndexFormat.HEADER
                + (long) plan.inodes * IndexFormat.INODE
                + (long) plan.children.length * IndexFormat.ENTRY
                + (long) chunkCount * IndexFormat.CHUNK
                + (long) priorities.length * IndexFormat.PRIORITY
                + nameBytes
                + tree.texts.length();
        if (size > Integer.MAX_VALUE) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "the index of layer " + facts.layer() + " would have " + size + " bytes; expected less than 2 GiB");
        }
        return (int) size;
    }

    /// Everything but the first [IndexFormat#COVERED] bytes, in order.
    void write(IndexOutput out) throws IOException {
        header(out.room(IndexFormat.HEADER - IndexFormat.COVERED));
        int firstEntry = 0;
        for (int number = 0; number < plan.inodes; number++) {
            firstEntry += inode(number, firstEntry, out.room(IndexFormat.INODE));
        }
        entries(out);
        for (int number = 1; number <= plan.files; number++) {
            fileChunks(number, out);
        }
        for (long priority : priorities) {
            out.room(IndexFormat.PRIORITY).putInt((int) priority).putInt((int) (priority >>> Integer.SIZE));
        }
        for (int directory = 0; directory < plan.directories; directory++) {
            int node = plan.nodeOf[plan.directoryNumber(directory)];
            for (int i = plan.childrenFrom[node]; i < plan.childrenFrom[node + 1]; i++) {
                byte[] name = tree.visibleName(plan.children[i]);
                out.room(name.length).put(name);
            }
        }
        out.write(tree.texts.buffer());
    }

    private void header(ByteBuffer out) {
        byte[] digest = HexFormat.of().parseHex(facts.layer().hex());
        int start = out.position();
        out.putInt(IndexFormat.VERSION)
                .putInt(facts.encoding().code())
                .putLong(digest.length == IndexFormat.LAYER_DIGEST_BYTES ? 2 : 1)
                .put(digest)
                .put(new byte[IndexFormat.LAYER_DIGEST_BYTES - digest.length])
                .putLong(flatSize)
                .putLong(fetchSize)
                .putLong(facts.prefetchEnd())
                .putInt(plan.inodes)
                .putInt(plan.files)
                .putInt(plan.directories)
                .putInt(plan.children.length)
                .putInt(chunkCount)
                .putInt(nameBytes)
                .putInt(tree.texts.length())
                .putInt(flags)
                .putInt(priorities.length)
                .putInt(0);
        if (out.position() - start != IndexFormat.HEADER - IndexFormat.COVERED) {
            throw new IllegalStateException("the header has another length than it should");
        }
    }

    /// @return how many entries the inode has as a directory
    private int inode(int number, int firstEntry, ByteBuffer out) {
        int node = plan.nodeOf[number];
        Records nodes = tree.nodes;
        LayerIndex.Kind kind = IndexFormat.kind(tree.kind(node));
        int entries = 0;
        out.putShort((short) (tree.kind(node) << 12 | nodes.getInt(node, IndexTree.MODE)))
                .put(nodes.getByte(node, IndexTree.FLAGS))
                .put((byte) 0)
                .putInt(nodes.getInt(node, IndexTree.UID))
                .putInt(nodes.getInt(node, IndexTree.GID))
                .putInt(plan.links[node])
                .putLong(nodes.getLong(node, IndexTree.SECONDS))
                .putInt(nodes.getInt(node, IndexTree.NANOS))
                .putInt(plan.numberOf[plan.parentOf[node]]);
        if (kind == LayerIndex.Kind.DIRECTORY) {
            entries = plan.childrenFrom[node + 1] - plan.childrenFrom[node];
            out.putInt(firstEntry).putInt(entries);
        } else {
            out.putLong(nodes.getLong(node, IndexTree.SIZE));
        }
        boolean file = number >= 1 && number <= plan.files;
        out.putInt(file ? pageOf[number] : nodes.getInt(node, IndexTree.TARGET))
                .putInt(nodes.getInt(node, IndexTree.XATTRS));
        return entries;
    }

    private void entries(IndexOutput out) throws IOException {
        int nameAt = 0;
        for (int directory = 0; directory < plan.directories; directory++) {
            int node = plan.nodeOf[plan.directoryNumber(directory)];
            for (int i = plan.childrenFrom[node]; i < plan.childrenFrom[node + 1]; i++) {
                int child = plan.children[i];
                out.room(IndexFormat.ENTRY)
                        .putInt(nameAt)
                        .putInt(plan.numberOf[tree.nodes.getInt(child, IndexTree.INODE)]);
                nameAt += tree.visibleLength(child);
            }
        }
    }

    private void fileChunks(int number, IndexOutput out) throws IOException {
        int node = plan.nodeOf[number];
        long flat = Integer.toUnsignedLong(pageOf[number]) << IndexFormat.PAGE_BITS;
        int first = tree.nodes.getInt(node, IndexTree.FIRST_CHUNK);
        int last = first + tree.nodes.getInt(node, IndexTree.CHUNKS);
        for (int chunk = first; chunk < last; chunk++) {
            ByteBuffer room = out.room(IndexFormat.CHUNK);
            int at = room.position();
            room.put(chunks.slice(chunk));
            long word = chunks.flatWord(chunk) | flat << 24;
            room.putLong(at + IndexFormat.CHUNK_FLAT, word);
            flat += chunks.length(chunk);
        }
    }
}
