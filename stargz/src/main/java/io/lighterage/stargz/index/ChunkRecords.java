package io.lighterage.stargz.index;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;

/// The chunks of a layer while its index is being built, as records of the file without their flat offset.
final class ChunkRecords {
    /// Skipping more than this to get at a chunk is no longer access to it; 4 GiB are 32 bits.
    private static final long MAX_INNER = (1L << 32) - 1;

    private final Records records = new Records(IndexFormat.CHUNK);
    private final Encoding encoding;
    private final Records begins = new Records(Long.BYTES);
    /// Rank of each chunk.
    private final Records ranks = new Records(Integer.BYTES);
    private long openEnd;

    ChunkRecords(Encoding encoding) {
        this.encoding = encoding;
    }

    int count() {
        return records.count();
    }

    /// Adds the chunks of one file.
    ///
    /// @param invalid gives the failure its entry
    void add(long size, List<LayerIndexBuilder.Chunk> pieces, Function<String, ImageException> invalid) {
        if (size < 0 || size > IndexFormat.MAX_OFFSET) {
            throw invalid.apply("has " + size + " bytes; expected 0 to " + IndexFormat.MAX_OFFSET);
        }
        long end = 0;
        for (LayerIndexBuilder.Chunk piece : pieces) {
            if (piece.fileOffset() != end) {
                throw invalid.apply("has a chunk at " + piece.fileOffset() + " where one at " + end + " was expected;"
                        + " chunks may neither overlap nor leave gaps");
            }
            check(piece, invalid);
            end += piece.length();
            if (end > size) {
                break;
            }
            add(piece);
        }
        if (end != size) {
            throw invalid.apply("has " + size + " bytes but its chunks have " + end + (end > size ? " or more" : ""));
        }
    }

    void openRangesEnd(long blobOffset) {
        openEnd = blobOffset;
    }

    /// Pieces of what is not in the index: they are somewhere in the blob, and another range may end there.
    void passOver(List<LayerIndexBuilder.Chunk> pieces, Function<String, ImageException> invalid) {
        for (LayerIndexBuilder.Chunk piece : pieces) {
            check(piece, invalid);
            begins.putLong(begins.add(), 0, piece.blobOffset());
        }
    }

    /// Where the range of a piece ends at most.
    private long end(LayerIndexBuilder.Chunk piece) {
        return piece.blobEnd() == LayerIndexBuilder.Chunk.OPEN ? openEnd : piece.blobEnd();
    }

    private void check(LayerIndexBuilder.Chunk piece, Function<String, ImageException> invalid) {
        if (piece.length() > LayerIndex.MAX_CHUNK) {
            ImageException reason = invalid.apply("has a chunk of " + piece.length() + " bytes, more than "
                    + LayerIndex.MAX_CHUNK + ", the limit; convert the image with smaller chunks");
            throw new ImageException(ErrorKind.UNSUPPORTED, reason.getMessage());
        }
        long range = end(piece) - piece.blobOffset();
        boolean fetched = encoding != Encoding.NONE && !piece.hole();
        boolean placed = piece.blobOffset() >= 0
                && end(piece) <= IndexFormat.MAX_OFFSET
                && (fetched ? range > 0 : range >= 0)
                && piece.innerOffset() >= 0
                && piece.innerOffset() <= MAX_INNER;
        if (piece.length() < 1 || !placed) {
            throw invalid.apply("has a chunk of " + piece.length() + " bytes, " + piece.innerOffset()
                    + " bytes into what blob bytes " + piece.blobOffset() + " to " + end(piece) + " become,"
                    + " which is not possible");
        }
        if (!piece.digest().algorithm().equals("sha256")) {
            ImageException reason = invalid.apply("has a chunk digest " + piece.digest() + "; expected sha256");
            throw new ImageException(ErrorKind.UNSUPPORTED, reason.getMessage());
        }
    }

    private void add(LayerIndexBuilder.Chunk piece) {
        int record = records.add();
        ranks.putInt(ranks.add(), 0, piece.hole() ? 0 : piece.rank());
        boolean fetched = encoding != Encoding.NONE && !piece.hole();
        boolean open = piece.blobEnd() == LayerIndexBuilder.Chunk.OPEN;
        long range = fetched && !open ? piece.blobEnd() - piece.blobOffset() : 0;
        records.putInt(record, 0, piece.length());
        records.putInt(record, IndexFormat.CHUNK_INNER, (int) piece.innerOffset());
        records.putLong(record, IndexFormat.CHUNK_FLAT, IndexFormat.flatWord(0, range));
        records.putLong(record, IndexFormat.CHUNK_BLOB, IndexFormat.blobWord(piece.blobOffset(), range, flags(piece)));
        records.put(
                record,
                IndexFormat.CHUNK_DIGEST,
                HexFormat.of().parseHex(piece.digest().hex()));
    }

    int rank(int chunk) {
        return ranks.getInt(chunk, 0);
    }

    private static int flags(LayerIndexBuilder.Chunk piece) {
        if (piece.hole()) {
            return IndexFormat.CHUNK_HOLE;
        }
        return piece.rank() > 0 ? IndexFormat.CHUNK_PRIORITIZED : 0;
    }

    /// Gives each range that is open its end: where the next one begins.
    void closeRanges() {
        if (openEnd == 0) {
            return;
        }
        long[] all = new long[records.count() + begins.count()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i < records.count() ? IndexFormat.upper40(blobWord(i)) : begins.getLong(i - records.count(), 0);
        }
        Arrays.sort(all);
        for (int chunk = 0; chunk < records.count(); chunk++) {
            long word = blobWord(chunk);
            if (IndexFormat.rangeLength(flatWord(chunk), word) == 0 && (word & IndexFormat.CHUNK_HOLE) == 0) {
                long offset = IndexFormat.upper40(word);
                long range = next(all, offset) - offset;
                records.putLong(chunk, IndexFormat.CHUNK_FLAT, IndexFormat.flatWord(0, range));
                records.putLong(chunk, IndexFormat.CHUNK_BLOB, IndexFormat.blobWord(offset, range, (int) word & 0xff));
            }
        }
    }

    private long next(long[] sorted, long offset) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] <= offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == sorted.length ? openEnd : Math.min(sorted[low], openEnd);
    }

    int length(int chunk) {
        return records.getInt(chunk, 0);
    }

    long blobWord(int chunk) {
        return records.getLong(chunk, IndexFormat.CHUNK_BLOB);
    }

    long flatWord(int chunk) {
        return records.getLong(chunk, IndexFormat.CHUNK_FLAT);
    }

    long innerOffset(int chunk) {
        return Integer.toUnsignedLong(records.getInt(chunk, IndexFormat.CHUNK_INNER));
    }

    ByteBuffer slice(int chunk) {
        return records.slice(chunk);
    }
}
