package io.lighterage.contentstore.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/// Remembers across processes which bytes of an ingest are here.
///
/// | offset | length | what |
/// |---|---|---|
/// | 0 | 8 | magic `LGTRANGE` |
/// | 8 | 8 | size of the blob, big endian |
/// | 16 | 8 | watermark: bytes here without a gap from 0, big endian |
/// | 24 | ⌈size / 256 KiB / 8⌉ | bit *n* of byte *n*/8, lowest first: chunk *n* is here entirely |
///
/// Written after the data it speaks of, without fsync. A killed process loses nothing but partly filled chunks and
/// less than a chunk of the prefix, since the page cache outlives it. After a power cut the map may promise bytes
/// that never reached the disk; then the digest does not match at the commit and everything is fetched again.
/// The file is written in full when created, so later marks cannot fail for want of space.
final class RangeFile {
    /// Small enough that what a killed process loses is fetched again in no time, large enough that a mark a chunk
    /// costs nothing.
    static final int CHUNK = 256 * 1024;

    private static final long MAGIC = 0x4c475452414e4745L;
    private static final int WATERMARK_AT = 16;
    private static final int BITS_AT = 24;
    private static final Set<StandardOpenOption> READ_WRITE =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);

    private final SteadyFile file;
    private final long size;
    private final byte[] bits;
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(8);
    private long watermark;

    private RangeFile(SteadyFile file, long size, byte[] bits, long watermark) {
        this.file = file;
        this.size = size;
        this.bits = bits;
        this.watermark = watermark;
    }

    /// Creates the map of an ingest with nothing here.
    static RangeFile create(Path path, long size) throws IOException {
        byte[] bits = new byte[bitBytes(size)];
        ByteBuffer whole = ByteBuffer.allocate(BITS_AT + bits.length);
        whole.putLong(MAGIC).putLong(size).putLong(0).rewind();
        Files.deleteIfExists(path);
        SteadyFile file = SteadyFile.open(path, READ_WRITE);
        try {
            file.write(0, whole);
        } catch (IOException e) {
            file.release();
            throw e;
        }
        return new RangeFile(file, size, bits, 0);
    }

    /// Opens the map of an earlier ingest; empty when there is none for a blob of this size.
    static Optional<RangeFile> open(Path path, long size) throws IOException {
        byte[] raw;
        try {
            if (Files.size(path) != BITS_AT + (long) bitBytes(size)) {
                return Optional.empty();
            }
            raw = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        ByteBuffer whole = ByteBuffer.wrap(raw);
        if (raw.length != BITS_AT + bitBytes(size) || whole.getLong() != MAGIC || whole.getLong() != size) {
            return Optional.empty();
        }
        long watermark = whole.getLong();
        if (watermark < 0 || watermark > size) {
            return Optional.empty();
        }
        byte[] bits = new byte[bitBytes(size)];
        whole.get(bits);
        return Optional.of(new RangeFile(SteadyFile.open(path, READ_WRITE), size, bits, watermark));
    }

    /// What is here, and within the first `onDisk` bytes.
    RangeSet ranges(long onDisk) {
        RangeSet here = new RangeSet();
        here.add(0, Math.min(watermark, onDisk));
        for (long chunk = 0; chunk * CHUNK < size; chunk++) {
            if (isSet(chunk)) {
                here.add(chunk * CHUNK, Math.min(onDisk, chunkEnd(chunk)));
            }
        }
        return here;
    }

    /// Notes that `[start, end)` was written: marks the chunks that are now whole, and the watermark once a chunk.
    void mark(RangeSet here, long start, long end) throws IOException {
        long contiguous = here.runEnd(0);
        if (contiguous - watermark >= CHUNK) {
            writeWatermark(contiguous);
        }
        if (start < contiguous) {
            return;
        }
        for (long chunk = start / CHUNK; chunk * CHUNK < end; chunk++) {
            if (!isSet(chunk) && here.runEnd(chunk * CHUNK) >= chunkEnd(chunk)) {
                set(chunk);
            }
        }
    }

    /// Notes the exact watermark.
    void markExactly(RangeSet here) throws IOException {
        long contiguous = here.runEnd(0);
        if (contiguous != watermark) {
            writeWatermark(contiguous);
        }
    }

    void close() throws IOException {
        file.release();
    }

    private void writeWatermark(long value) throws IOException {
        scratch.clear().putLong(value).flip();
        file.write(WATERMARK_AT, scratch);
        watermark = value;
    }

    private boolean isSet(long chunk) {
        return (bits[(int) (chunk >> 3)] & (1 << (chunk & 7))) != 0;
    }

    private void set(long chunk) throws IOException {
        int at = (int) (chunk >> 3);
        bits[at] |= (byte) (1 << (chunk & 7));
        scratch.clear().put(bits[at]).flip();
        file.write(BITS_AT + (long) at, scratch);
    }

    private long chunkEnd(long chunk) {
        return Math.min(size, (chunk + 1) * CHUNK);
    }

    private static int bitBytes(long size) {
        long chunks = size / CHUNK + (size % CHUNK == 0 ? 0 : 1);
        return Math.toIntExact((chunks + 7) / 8);
    }
}
