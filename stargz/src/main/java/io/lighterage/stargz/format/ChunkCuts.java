package io.lighterage.stargz.format;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// Where the chunks of one file begin, and which of them a start reads.
///
/// A file that is read in part gets chunks that begin and end where what is read does, so that a start fetches that and
/// little more, and the order of the bytes stays the same.
final class ChunkCuts {
    /// Reads are of whole pages.
    private static final long PAGE = 4096;

    /// What lies between two reads is kept with them up to here: about what a request of its own costs in time, and
    /// a chunk of its own in compression.
    static final long SMALLEST_GAP = 32 << 10;

    /// Parts of a read range become usable one after the other, and not after 4 MiB.
    static final int LARGEST_READ = 1 << 20;

    /// A start that goes another way than the recorded one should not pay for it with 4 MiB.
    static final int LARGEST_REST = 512 << 10;

    private final int chunkSize;
    /// Begins and ends of what is read, ascending.
    private final long[] bounds;
    private final List<Read> reads;

    /// What a start reads of the file.
    ///
    /// @param from first byte
    /// @param to first byte after it; may lie behind the end of the file
    /// @param rank 1 or more: when it is read, among all that is read of the image
    record Read(long from, long to, int rank) {}

    private ChunkCuts(int chunkSize, long[] bounds, List<Read> reads) {
        this.chunkSize = chunkSize;
        this.bounds = bounds;
        this.reads = reads;
    }

    /// Nothing is known of the file: chunks of one size.
    static ChunkCuts plain(int chunkSize) {
        return new ChunkCuts(chunkSize, new long[0], List.of());
    }

    /// @param reads in any order; empty ones do not count
    static ChunkCuts of(int chunkSize, List<Read> reads) {
        List<Read> sorted = reads.stream()
                .filter(read -> read.from() < read.to())
                .sorted(Comparator.comparingLong(Read::from))
                .toList();
        long[] bounds = new long[2 * sorted.size()];
        int count = 0;
        for (Read read : sorted) {
            long from = read.from() & -PAGE;
            long to = read.to() > Long.MAX_VALUE - PAGE ? Long.MAX_VALUE : (read.to() + PAGE - 1) & -PAGE;
            if (count > 0 && from - bounds[count - 1] < SMALLEST_GAP) {
                bounds[count - 1] = Math.max(bounds[count - 1], to);
            } else {
                bounds[count++] = from < SMALLEST_GAP ? 0 : from;
                bounds[count++] = to;
            }
        }
        return new ChunkCuts(chunkSize, Arrays.copyOf(bounds, count), sorted);
    }

    /// Bytes of the chunk that begins at `at`.
    ///
    /// @param size the file's
    int lengthAt(long at, long size) {
        if (bounds.length == 0) {
            return (int) Math.min(chunkSize, size - at);
        }
        int bound = boundAfter(at);
        long end = bound == bounds.length ? size : Math.min(bounds[bound], size);
        if (size - end < SMALLEST_GAP && isRead(at)) {
            end = size;
        }
        int largest = Math.min(chunkSize, isRead(at) ? LARGEST_READ : LARGEST_REST);
        return (int) Math.min(largest, end - at);
    }

    /// When a start reads the chunk that begins at `at`, 0 when it does not.
    ///
    /// @param length the chunk's
    int rankAt(long at, int length) {
        if (!isRead(at)) {
            return 0;
        }
        int rank = Integer.MAX_VALUE;
        for (Read read : reads) {
            if (read.from() < at + length && read.to() > at) {
                rank = Math.min(rank, read.rank());
            }
        }
        // between two reads that are kept together lies a chunk that neither touches
        return rank == Integer.MAX_VALUE ? reads.getFirst().rank() : rank;
    }

    private boolean isRead(long at) {
        return boundAfter(at) % 2 == 1;
    }

    private int boundAfter(long at) {
        int found = Arrays.binarySearch(bounds, at);
        return found >= 0 ? found + 1 : -found - 1;
    }
}
