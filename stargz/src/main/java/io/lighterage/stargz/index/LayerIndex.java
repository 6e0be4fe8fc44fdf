package io.lighterage.stargz.index;

import static io.lighterage.stargz.index.IndexFormat.CHUNK;
import static io.lighterage.stargz.index.IndexFormat.ENTRY;
import static io.lighterage.stargz.index.IndexFormat.HEADER;
import static io.lighterage.stargz.index.IndexFormat.INODE;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// The tree of one layer, and where the bytes of its files are: in the *flat file*, which holds the contents of all
/// files one after another, and in the blob, from whose *chunks* the flat file is filled. Made by
/// [LayerIndexBuilder].
///
/// Inodes are numbered from 0, the root, to `inodeCount() - 1`; chunks in ascending flat offset. Chunks tile exactly
/// the bytes of all files, not the padding between files. A number that is out of range, or an accessor that does not
/// fit the kind of an inode, is a defect of the caller: [IndexOutOfBoundsException] or a meaningless value.
///
/// Immutable, safe for any number of threads; the bytes are mapped, not on the heap. See [IndexFormat].
public final class LayerIndex {
    /// Inode number of the layer's root directory.
    public static final int ROOT = 0;

    /// No inode.
    public static final int NONE = -1;

    /// Longest chunk in bytes. Chunks are verified whole, so a reader holds one in memory; writers make 64 KiB to 4
    /// MiB.
    public static final int MAX_CHUNK = 256 << 20;

    private final ByteBuffer bytes;
    private final Runnable letGo;
    private final Digest layer;
    private final Encoding encoding;
    private final int inodes;
    private final int files;
    private final IndexEntries entries;
    private final IndexChunks chunks;
    private final IndexPriorities priorities;
    private final int textsAt;

    /// What an inode is. A whiteout hides the name in the layers below; no real entry has that name.
    public enum Kind {
        REGULAR,
        DIRECTORY,
        SYMLINK,
        CHARACTER_DEVICE,
        BLOCK_DEVICE,
        FIFO,
        WHITEOUT,
        /// Another name of what the layers below have at [LayerIndex#target].
        LINK_BELOW
    }

    /// @param image little-endian, checked
    /// @param letGo see [#letGo]
    LayerIndex(ByteBuffer image, Runnable letGo) {
        bytes = image;
        this.letGo = letGo;
        layer = IndexCheck.layer(image);
        encoding = IndexCheck.encoding(image);
        inodes = image.getInt(IndexFormat.INODES);
        files = image.getInt(IndexFormat.FILES);
        int entryCount = image.getInt(IndexFormat.ENTRIES);
        int entriesAt = HEADER + inodes * INODE;
        int chunksAt = entriesAt + entryCount * ENTRY;
        int prioritiesAt = chunksAt + image.getInt(IndexFormat.CHUNKS) * CHUNK;
        priorities = new IndexPriorities(image, prioritiesAt, image.getInt(IndexFormat.PRIORITIES));
        int namesAt = prioritiesAt + priorities.count() * IndexFormat.PRIORITY;
        textsAt = namesAt + image.getInt(IndexFormat.NAME_BYTES);
        entries = new IndexEntries(image, entriesAt, entryCount, namesAt, textsAt);
        chunks = new IndexChunks(image, chunksAt, image.getInt(IndexFormat.CHUNKS));
    }

    /// Maps an index file and checks all of it: digest, bounds, order.
    ///
    /// @throws ImageException CORRUPT when it is not what a builder wrote, NOT_FOUND when there is none,
    ///     UNSUPPORTED for another version, INTERNAL when it cannot be read
    public static LayerIndex open(Path file) {
        return IndexFile.open(file);
    }

    /// An index in memory: the remaining bytes, which must not change any more.
    ///
    /// @param what names it in failures
    /// @throws ImageException CORRUPT or UNSUPPORTED
    public static LayerIndex of(ByteBuffer bytes, String what) {
        ByteBuffer image = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        IndexCheck.header(image, what);
        LayerIndex index = new LayerIndex(image, () -> {});
        new IndexCheck(index, image, what).run();
        return index;
    }

    /// Lets what was read of its file count as this process's memory no more, until it is read again: of an index of
    /// many files that are hardly looked at any more, megabytes. Costs whoever reads next a fault a page.
    public void letGo() {
        letGo.run();
    }

    /// Digest of the compressed blob.
    public Digest layer() {
        return layer;
    }

    public Encoding encoding() {
        return encoding;
    }

    /// Bytes of the flat file, a multiple of 4096.
    public long flatSize() {
        return bytes.getLong(IndexFormat.FLAT_SIZE);
    }

    /// Compressed bytes of all chunks; 0 for [Encoding#NONE].
    public long fetchSize() {
        return bytes.getLong(IndexFormat.FETCH_SIZE);
    }

    /// Blob bytes `[0, prefetchEnd)` are the prioritized range; 0 when there is none.
    public long prefetchEnd() {
        return bytes.getLong(IndexFormat.PREFETCH_END);
    }

    public int inodeCount() {
        return inodes;
    }

    /// Regular files that are not empty: inodes 1 to `fileCount()`, in ascending flat offset.
    public int fileCount() {
        return files;
    }

    public Kind kind(int inode) {
        return IndexFormat.kind(bytes.getShort(at(inode)) >>> 12 & 0xf);
    }

    /// Permission bits, `07777`.
    public int mode(int inode) {
        return bytes.getShort(at(inode)) & 07777;
    }

    public long uid(int inode) {
        return Integer.toUnsignedLong(bytes.getInt(at(inode) + IndexFormat.INODE_UID));
    }

    public long gid(int inode) {
        return Integer.toUnsignedLong(bytes.getInt(at(inode) + IndexFormat.INODE_GID));
    }

    /// Bytes of a regular file or of a symlink's target; 0 for all others.
    public long size(int inode) {
        return switch (kind(inode)) {
            case REGULAR, SYMLINK, LINK_BELOW -> bytes.getLong(at(inode) + IndexFormat.INODE_SIZE);
            case DIRECTORY, CHARACTER_DEVICE, BLOCK_DEVICE, FIFO, WHITEOUT -> 0;
        };
    }

    /// Seconds since the epoch, may be negative.
    public long modifySeconds(int inode) {
        return bytes.getLong(at(inode) + IndexFormat.INODE_SECONDS);
    }

    /// 0..999,999,999
    public int modifyNanos(int inode) {
        return bytes.getInt(at(inode) + IndexFormat.INODE_NANOS);
    }

    /// Names of the inode in this layer; for a directory 2 and its subdirectories.
    public int linkCount(int inode) {
        return bytes.getInt(at(inode) + IndexFormat.INODE_LINKS);
    }

    public int deviceMajor(int inode) {
        return bytes.getInt(at(inode) + IndexFormat.INODE_FIRST);
    }

    public int deviceMinor(int inode) {
        return bytes.getInt(at(inode) + IndexFormat.INODE_COUNT);
    }

    /// Target of a symlink, verbatim; or path, cleaned, of what another name is given to.
    public RawName target(int inode) {
        return text(bytes.getInt(at(inode) + IndexFormat.INODE_PLACE), (int) size(inode));
    }

    /// Whether the directory hides all that the layers below have in it: it holds `.wh..wh..opq`, or this layer
    /// removed what was there before it made the directory.
    public boolean opaque(int directory) {
        return flag(directory, IndexFormat.FLAG_OPAQUE);
    }

    /// Whether the directory has no entry of its own in the layer, but something in it does. Where a lower layer has
    /// the directory, that layer's attributes stand; else it is 0755, root's, of
    /// the group of a set-gid directory it was made in, and as old as the entry that needed it.
    ///
    /// A directory that was made after this layer had hidden what was there before is not implied: it is a new one.
    /// One that was made earlier is, even when it is opaque or in an opaque directory.
    public boolean implied(int directory) {
        return flag(directory, IndexFormat.FLAG_IMPLIED) && !flag(directory, IndexFormat.FLAG_ANEW);
    }

    /// Whether the directory has no entry of its own and was made in one that had none by then either. Where no lower
    /// layer has the directory, it takes the group of the one it is in as that looks there, if that is set-gid.
    public boolean groupFromBelow(int directory) {
        return flag(directory, IndexFormat.FLAG_GROUP_BELOW);
    }

    /// Whether the directory is implied and only whiteouts are in it or below it. Where no lower layer has it, there
    /// is no such directory.
    public boolean marksOnly(int directory) {
        return flag(directory, IndexFormat.FLAG_MARKS_ONLY);
    }

    /// Extended attributes as they stand in the layer, reserved ones included, in its order.
    public Map<RawName, RawName> xattrs(int inode) {
        int place = bytes.getInt(at(inode) + IndexFormat.INODE_XATTRS);
        if (place == 0) {
            return Map.of();
        }
        int count = Short.toUnsignedInt(bytes.getShort(textsAt + place - 1));
        int at = place + 1;
        Map<RawName, RawName> all = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            int nameLength = Short.toUnsignedInt(bytes.getShort(textsAt + at));
            int valueLength = bytes.getInt(textsAt + at + 2);
            all.put(text(at + 6, nameLength), text(at + 6 + nameLength, valueLength));
            at += 6 + nameLength + valueLength;
        }
        return all;
    }

    /// Whether the inode has extended attributes.
    public boolean hasXattrs(int inode) {
        return bytes.getInt(at(inode) + IndexFormat.INODE_XATTRS) != 0;
    }

    /// Whether any inode of the layer has extended attributes.
    public boolean hasXattrs() {
        return (bytes.getInt(IndexFormat.FLAGS) & IndexFormat.FLAG_XATTRS) != 0;
    }

    /// Whether any inode is [Kind#LINK_BELOW].
    public boolean hasLinksBelow() {
        return (bytes.getInt(IndexFormat.FLAGS) & IndexFormat.FLAG_LINKS_BELOW) != 0;
    }

    public int childCount(int directory) {
        return kind(directory) == Kind.DIRECTORY ? bytes.getInt(at(directory) + IndexFormat.INODE_COUNT) : 0;
    }

    /// @param position 0 to `childCount(directory) - 1`, in the order of unsigned bytes
    public RawName childName(int directory, int position) {
        return entries.name(entry(directory, position));
    }

    public int childInode(int directory, int position) {
        return entries.inode(entry(directory, position));
    }

    /// The inode of a name in a directory, or [#NONE].
    public int lookup(int directory, RawName name) {
        int count = childCount(directory);
        return count == 0 ? NONE : entries.find(entry(directory, 0), count, name);
    }

    /// The directory that holds (one of) its names; [#ROOT] for the root.
    public int parent(int inode) {
        return bytes.getInt(at(inode) + IndexFormat.INODE_PARENT);
    }

    /// One of its paths, without a slash before it; for messages. Takes time in proportion to the directories on it.
    public RawName path(int inode) {
        Deque<RawName> names = new ArrayDeque<>();
        for (int at = inode; at != ROOT; at = parent(at)) {
            int directory = parent(at);
            int position = childCount(directory) - 1;
            while (position >= 0 && childInode(directory, position) != at) {
                position--;
            }
            names.push(position < 0 ? RawName.of("?") : childName(directory, position));
        }
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        for (RawName name : names) {
            if (path.size() > 0) {
                path.write('/');
            }
            path.writeBytes(name.toBytes());
        }
        return RawName.of(path.toByteArray());
    }

    /// Where the bytes of a regular file that is not empty begin in the flat file, a multiple of 4096.
    public long flatOffset(int inode) {
        return Integer.toUnsignedLong(bytes.getInt(at(inode) + IndexFormat.INODE_PLACE)) << IndexFormat.PAGE_BITS;
    }

    public int chunkCount() {
        return chunks.count();
    }

    /// The chunk that holds the byte at `flatOffset`, else the next one; `chunkCount()` past the last.
    public int chunkAt(long flatOffset) {
        return chunks.holding(flatOffset);
    }

    public long chunkFlatOffset(int chunk) {
        return chunks.flatOffset(chunk);
    }

    /// Uncompressed bytes, 1 to [#MAX_CHUNK].
    public int chunkLength(int chunk) {
        return chunks.length(chunk);
    }

    /// Where the compressed range to fetch begins. Several chunks may share one range.
    public long chunkBlobOffset(int chunk) {
        return chunks.blobOffset(chunk);
    }

    public long chunkBlobEnd(int chunk) {
        return chunks.blobEnd(chunk);
    }

    /// Bytes to skip in the decompressed range.
    public long chunkInnerOffset(int chunk) {
        return chunks.innerOffset(chunk);
    }

    /// Whether the chunk is all zeros and nothing need be fetched.
    public boolean chunkIsHole(int chunk) {
        return chunks.isHole(chunk);
    }

    /// Whether the chunk is to be fetched first. Never so for one that is a hole.
    public boolean chunkIsPrioritized(int chunk) {
        return chunks.isPrioritized(chunk);
    }

    /// The chunks that are to be fetched first. Where there are any, [#prefetchEnd] says less: others may stand before
    /// it.
    public IndexPriorities priorities() {
        return priorities;
    }

    /// Whether the remaining bytes are those of the chunk. The buffer's position stays.
    public boolean chunkMatches(int chunk, ByteBuffer candidate) {
        return chunks.matches(chunk, candidate);
    }

    /// The inode of the file the chunk belongs to.
    public int chunkInode(int chunk) {
        long flat = chunkFlatOffset(chunk);
        int low = 1;
        int high = files;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (flatOffset(middle) <= flat) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    IndexEntries entries() {
        return entries;
    }

    private int entry(int directory, int position) {
        return bytes.getInt(at(directory) + IndexFormat.INODE_FIRST) + position;
    }

    private int at(int inode) {
        return HEADER + Objects.checkIndex(inode, inodes) * INODE;
    }

    private boolean flag(int directory, int flag) {
        return (bytes.get(at(directory) + IndexFormat.INODE_FLAGS) & flag) != 0;
    }

    private RawName text(int from, int length) {
        byte[] copy = new byte[length];
        bytes.get(textsAt + from, copy);
        return RawName.of(copy, 0, length);
    }
}
