package io.lighterage.resolver;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.BlobInfo;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;

/// An ingest in memory, as strict as a real one: writes past the end are refused, order does not matter.
public class MemoryIngest implements Ingest {
    private final Descriptor expected;
    private final byte[] bytes;
    /// Start to end of what is here; disjoint, not touching.
    private final TreeMap<Long, Long> here = new TreeMap<>();

    private final List<ByteRange> writes = new ArrayList<>();

    public MemoryIngest(Descriptor expected) {
        this.expected = expected;
        this.bytes = new byte[Math.toIntExact(expected.size())];
    }

    @Override
    public Descriptor expected() {
        return expected;
    }

    @Override
    public synchronized List<ByteRange> missing() {
        List<ByteRange> gaps = new ArrayList<>();
        long at = 0;
        for (Entry<Long, Long> range : here.entrySet()) {
            if (range.getKey() > at) {
                gaps.add(new ByteRange(at, range.getKey() - at));
            }
            at = range.getValue();
        }
        if (at < bytes.length) {
            gaps.add(new ByteRange(at, bytes.length - at));
        }
        return gaps;
    }

    @Override
    public void write(long offset, ByteBuffer source) {
        int count = source.remaining();
        if (offset + count > bytes.length) {
            throw new ImageException(ErrorKind.CORRUPT, "write passes the expected size");
        }
        source.get(bytes, (int) offset, count);
        note(offset, offset + count);
    }

    private synchronized void note(long from, long to) {
        writes.add(new ByteRange(from, to - from));
        long start = from;
        long end = to;
        Entry<Long, Long> before = here.floorEntry(start);
        if (before != null && before.getValue() >= start) {
            start = before.getKey();
            end = Math.max(end, before.getValue());
        }
        for (Entry<Long, Long> next = here.ceilingEntry(start);
                next != null && next.getKey() <= end;
                next = here.ceilingEntry(start)) {
            end = Math.max(end, next.getValue());
            here.remove(next.getKey());
        }
        here.put(start, end);
    }

    /// Every write so far, in order of arrival.
    public synchronized List<ByteRange> writes() {
        return List.copyOf(writes);
    }

    @Override
    public synchronized long contiguous() {
        Entry<Long, Long> first = here.firstEntry();
        return first == null || first.getKey() > 0 ? 0 : first.getValue();
    }

    /// Bytes here, gaps or not.
    public synchronized long present() {
        return here.entrySet().stream()
                .mapToLong(range -> range.getValue() - range.getKey())
                .sum();
    }

    @Override
    public Blob tail() {
        throw new UnsupportedOperationException("not needed here");
    }

    @Override
    public void fail(ImageException cause) {}

    @Override
    public BlobInfo commit() {
        if (!missing().isEmpty()) {
            throw new ImageException(ErrorKind.PRECONDITION, "bytes are missing: " + missing());
        }
        var hasher = expected.digest().newHasher();
        hasher.update(bytes);
        Digest actual = Digest.finish(expected.digest().algorithm(), hasher);
        if (!actual.equals(expected.digest())) {
            throw new ImageException(ErrorKind.CORRUPT, "digest is " + actual + "; expected " + expected.digest());
        }
        return new BlobInfo(actual, bytes.length, Instant.EPOCH, Map.of());
    }

    @Override
    public void close() {}
}
