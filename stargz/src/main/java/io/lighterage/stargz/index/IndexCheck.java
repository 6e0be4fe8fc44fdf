package io.lighterage.stargz.index;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.BitSet;
import java.util.HexFormat;

/// What must hold of an index file before anybody relies on it. The digest finds every accident; the rest makes sure
/// that no accessor leaves the file or runs in circles whatever the bytes are.
final class IndexCheck {
    private final LayerIndex index;
    private final ByteBuffer image;
    private final String what;
    private final int inodes;
    private final int files;
    private final int directories;
    private final int entries;
    private final int texts;
    private final int textsAt;

    /// @param image one that passed [#header]
    IndexCheck(LayerIndex index, ByteBuffer image, String what) {
        this.index = index;
        this.image = image;
        this.what = what;
        inodes = image.getInt(IndexFormat.INODES);
        files = image.getInt(IndexFormat.FILES);
        directories = image.getInt(IndexFormat.DIRECTORIES);
        entries = image.getInt(IndexFormat.ENTRIES);
        texts = image.getInt(IndexFormat.TEXT_BYTES);
        textsAt = image.capacity() - texts;
    }

    /// Magic, version, digest, and that the sections add up to the whole.
    ///
    /// @throws ImageException CORRUPT, or UNSUPPORTED for another version
    static void header(ByteBuffer image, String what) {
        require(image.capacity() >= IndexFormat.HEADER, what, "it has " + image.capacity() + " bytes");
        require(image.getLong(0) == IndexFormat.MAGIC, what, "it does not begin with the magic number");
        MessageDigest hasher = Digest.newHasher("sha256");
        hasher.update(image.slice(IndexFormat.COVERED, image.capacity() - IndexFormat.COVERED));
        byte[] expected = new byte[IndexFormat.DIGEST_BYTES];
        image.get(IndexFormat.DIGEST, expected);
        require(MessageDigest.isEqual(expected, hasher.digest()), what, "its sha256 is not the one it names");
        int version = image.getInt(IndexFormat.VERSION_AT);
        if (version != IndexFormat.VERSION) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    "layer index " + what + " has version " + version + "; this program reads version "
                            + IndexFormat.VERSION + ". Remove it: it is made again when needed");
        }
        long size = IndexFormat.HEADER
                + count(image, IndexFormat.INODES, what) * IndexFormat.INODE
                + count(image, IndexFormat.ENTRIES, what) * IndexFormat.ENTRY
                + count(image, IndexFormat.CHUNKS, what) * IndexFormat.CHUNK
                + count(image, IndexFormat.PRIORITIES, what) * IndexFormat.PRIORITY
                + count(image, IndexFormat.NAME_BYTES, what)
                + count(image, IndexFormat.TEXT_BYTES, what);
        require(size == image.capacity(), what, "its sections make " + size + " bytes, not " + image.capacity());
        long numbered = count(image, IndexFormat.FILES, what) + count(image, IndexFormat.DIRECTORIES, what);
        boolean counted = image.getInt(IndexFormat.DIRECTORIES) >= 1 && numbered <= image.getInt(IndexFormat.INODES);
        require(counted, what, "its numbers of inodes do not fit");
        int encoding = image.getInt(IndexFormat.ENCODING);
        require(encoding >= 0 && encoding <= 2, what, "it names encoding " + encoding);
        int algorithm = image.get(IndexFormat.LAYER_ALGORITHM);
        require(algorithm == 1 || algorithm == 2, what, "it names digest algorithm " + algorithm);
    }

    private static long count(ByteBuffer image, int at, String what) {
        int count = image.getInt(at);
        require(count >= 0, what, "a section has a negative length");
        return count;
    }

    static Encoding encoding(ByteBuffer image) {
        return switch (image.getInt(IndexFormat.ENCODING)) {
            case 0 -> Encoding.NONE;
            case 1 -> Encoding.GZIP_MEMBERS;
            case 2 -> Encoding.ZSTD_FRAMES;
            default -> throw new ImageException(ErrorKind.CORRUPT, "a layer index names an unknown encoding");
        };
    }

    static Digest layer(ByteBuffer image) {
        boolean longer = image.get(IndexFormat.LAYER_ALGORITHM) == 2;
        byte[] digest = new byte[longer ? 64 : 32];
        image.get(IndexFormat.LAYER_DIGEST, digest);
        return new Digest(longer ? "sha512" : "sha256", HexFormat.of().formatHex(digest));
    }

    void run() {
        long flat = index.flatSize();
        long prefetch = index.prefetchEnd();
        require(flat >= 0 && flat <= IndexFormat.MAX_OFFSET, "the flat file has " + flat + " bytes");
        require(prefetch >= 0 && prefetch <= IndexFormat.MAX_OFFSET, "the prioritized range ends at " + prefetch);
        inodes();
        entries();
        chunks();
        priorities();
    }

    private void inodes() {
        long nextEntry = 0;
        for (int inode = 0; inode < inodes; inode++) {
            int at = IndexFormat.HEADER + inode * IndexFormat.INODE;
            int code = image.getShort(at) >>> 12 & 0xf;
            require(code >= 1 && code <= 8, inode, "is of kind", code);
            LayerIndex.Kind kind = index.kind(inode);
            boolean directory = kind == LayerIndex.Kind.DIRECTORY;
            boolean file = kind == LayerIndex.Kind.REGULAR && index.size(inode) != 0;
            boolean placed = (inode >= 1 && inode <= files) == file
                    && (inode == 0 || (inode > files && inode < files + directories)) == directory;
            require(placed, inode, "is out of its place, being of kind", code);
            int parent = index.parent(inode);
            boolean held = parent == 0 || (parent > files && parent < files + directories);
            require(held && (!directory || parent < inode || inode == 0), inode, "has the parent", parent);
            int nanos = index.modifyNanos(inode);
            require(nanos >= 0 && nanos < 1_000_000_000, inode, "has nanoseconds", nanos);
            require(index.linkCount(inode) >= 1, inode, "has links", index.linkCount(inode));
            if (directory) {
                int count = image.getInt(at + IndexFormat.INODE_COUNT);
                require(
                        count >= 0 && image.getInt(at + IndexFormat.INODE_FIRST) == nextEntry,
                        inode,
                        "has entries",
                        count);
                nextEntry += count;
            }
            if (kind == LayerIndex.Kind.SYMLINK || kind == LayerIndex.Kind.LINK_BELOW) {
                long size = index.size(inode);
                require(size >= 1 && size <= IndexFormat.MAX_PATH, inode, "has a target of bytes", size);
                requireText(inode, image.getInt(at + IndexFormat.INODE_PLACE), size);
            }
            xattrs(inode, image.getInt(at + IndexFormat.INODE_XATTRS));
        }
        require(nextEntry == entries, "the directories have " + nextEntry + " entries, not " + entries);
    }

    private void xattrs(int inode, int place) {
        if (place == 0) {
            return;
        }
        requireText(inode, place - 1, 2);
        long at = place - 1 + 2L;
        int count = Short.toUnsignedInt(image.getShort(textsAt + place - 1));
        for (int i = 0; i < count; i++) {
            requireText(inode, at, 6);
            int nameLength = Short.toUnsignedInt(image.getShort(textsAt + (int) at));
            int valueLength = image.getInt(textsAt + (int) at + 2);
            require(valueLength >= 0, inode, "has an extended attribute of bytes", valueLength);
            requireText(inode, at + 6, (long) nameLength + valueLength);
            at += 6L + nameLength + valueLength;
        }
    }

    private void requireText(int inode, long from, long length) {
        require(from >= 0 && from + length <= texts, inode, "refers to texts that are not there, at", from);
    }

    private void entries() {
        // the first pass makes the names safe to look at, for the second
        int end = image.capacity() - texts - image.getInt(IndexFormat.NAME_BYTES);
        for (int entry = 0; entry < entries; entry++) {
            int from = index.entries().nameAt(entry);
            require(from == end, "a name does not begin where the one before ends: number", entry);
            end = index.entries().nameEnd(entry);
            boolean fits = end > from && end - from <= IndexFormat.MAX_NAME && end <= textsAt;
            require(fits, "a name has the wrong length: number", entry);
            for (int at = from; at < end; at++) {
                byte b = image.get(at);
                require(b != 0 && b != '/', "a name holds a slash or NUL: number", entry);
            }
        }
        require(end == textsAt, "there are names without entries");
        for (int directory = 0;
                directory < files + directories;
                directory = directory == 0 ? files + 1 : directory + 1) {
            children(directory);
        }
    }

    private void children(int directory) {
        int count = index.childCount(directory);
        int first = image.getInt(IndexFormat.HEADER + directory * IndexFormat.INODE + IndexFormat.INODE_FIRST);
        for (int position = 0; position < count; position++) {
            int child = index.childInode(directory, position);
            require(child > 0 && child < inodes, directory, "has an inode in it:", child);
            boolean one = index.kind(child) != LayerIndex.Kind.DIRECTORY || index.parent(child) == directory;
            require(one, child, "is a directory of two, one of them", directory);
            require(
                    position == 0 || index.entries().ascends(first + position),
                    directory,
                    "has names out of order at",
                    position);
        }
    }

    private void chunks() {
        int chunk = 0;
        long end = 0;
        for (int file = 1; file <= files; file++) {
            long at = index.flatOffset(file);
            long fileEnd = at + index.size(file);
            require(at == pages(end) && fileEnd > at && fileEnd <= index.flatSize(), file, "lies at", at);
            while (at < fileEnd) {
                require(chunk < index.chunkCount(), file, "has too few chunks, the layer having", chunk);
                check(chunk, at);
                at += index.chunkLength(chunk++);
            }
            require(at == fileEnd, file, "has chunks of more bytes than it has, to", at);
            end = fileEnd;
        }
        require(chunk == index.chunkCount(), "there are chunks without a file");
        require(pages(end) == index.flatSize(), "the flat file is not as long as its files");
    }

    private void check(int chunk, long flat) {
        int length = index.chunkLength(chunk);
        boolean placed = index.chunkFlatOffset(chunk) == flat && length >= 1 && length <= LayerIndex.MAX_CHUNK;
        require(placed, "a chunk is out of its place: number", chunk);
        long range = index.chunkBlobEnd(chunk) - index.chunkBlobOffset(chunk);
        boolean alone = index.encoding() != Encoding.NONE && !index.chunkIsHole(chunk);
        require((range > 0) == alone, "a chunk has the wrong part of the blob: number", chunk);
    }

    private void priorities() {
        int last = 1;
        BitSet seen = new BitSet();
        IndexPriorities priorities = index.priorities();
        for (int position = 0; position < priorities.count(); position++) {
            int chunk = priorities.chunk(position);
            boolean known = chunk >= 0 && chunk < index.chunkCount();
            require(known && index.chunkIsPrioritized(chunk), "a chunk is not prioritized: number", chunk);
            require(!index.chunkIsHole(chunk) && !seen.get(chunk), "a chunk is wrongly prioritized: number", chunk);
            require(priorities.rank(position) >= last, "a chunk is prioritized out of turn: number", chunk);
            last = priorities.rank(position);
            seen.set(chunk);
        }
    }

    static long pages(long bytes) {
        return (bytes + IndexFormat.PAGE - 1) & -IndexFormat.PAGE;
    }

    private void require(boolean holds, int inode, String fault, long value) {
        if (!holds) {
            throw corrupt(what, "inode " + inode + " " + fault + " " + value);
        }
    }

    private void require(boolean holds, String fault, long value) {
        if (!holds) {
            throw corrupt(what, fault + " " + value);
        }
    }

    private void require(boolean holds, String fault) {
        require(holds, what, fault);
    }

    private static void require(boolean holds, String what, String fault) {
        if (!holds) {
            throw corrupt(what, fault);
        }
    }

    static ImageException corrupt(String what, String fault) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "layer index " + what + " is broken: " + fault + ". Remove it: it is made again when needed");
    }
}
