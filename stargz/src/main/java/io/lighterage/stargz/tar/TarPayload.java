package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.TarFormat.BLOCK;

import io.lighterage.stargz.tar.TarEntry.Segment;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is left of the current entry's stored bytes, and where in the file they belong.
final class TarPayload {
    private final TarInput input;
    private long headerOffset;
    private long left;
    private int padding;
    private List<Segment> segments = List.of();
    private int segment;
    private long segmentLeft;
    private long offset;
    private long nextOffset;

    TarPayload(TarInput input) {
        this.input = input;
    }

    /// Bytes that fill `length` up to whole blocks.
    static int padding(long length) {
        return (int) (-length & BLOCK - 1);
    }

    /// Sets out on `stored` bytes that follow, all of which belong to the file one after another.
    void begin(long stored, TarHeader header) {
        headerOffset = header.offset();
        left = stored;
        padding = padding(stored);
        segments = List.of();
        segmentLeft = stored;
        offset = 0;
        nextOffset = 0;
    }

    /// Says that the bytes belong to these places, whose lengths sum up to what is left.
    void scatter(List<Segment> places) {
        segments = places;
        segment = 0;
        enterSegment();
    }

    private void enterSegment() {
        nextOffset = segments.get(segment).offset();
        segmentLeft = segments.get(segment).length();
    }

    /// Stored bytes not yet taken.
    long left() {
        return left;
    }

    long offset() {
        return offset;
    }

    @Nullable
    ByteBuffer next() {
        if (left == 0) {
            return null;
        }
        if (segmentLeft == 0) {
            segment++;
            enterSegment();
        }
        ByteBuffer piece = input.slice(segmentLeft);
        if (piece == null) {
            throw cut();
        }
        offset = nextOffset;
        int count = piece.remaining();
        nextOffset += count;
        segmentLeft -= count;
        left -= count;
        return piece;
    }

    /// Takes one block off the front, before any of it has been handed out.
    void takeBlock(byte[] block, TarHeader header) {
        if (left < BLOCK) {
            throw header.invalid("the sparse map is longer than the entry", "the map to end before the entry does");
        }
        if (input.read(block, 0, BLOCK) < BLOCK) {
            throw cut();
        }
        left -= BLOCK;
    }

    /// Passes over the rest and the padding, which may be missing at the end of the stream.
    void skip() {
        if (input.skip(left) < left) {
            throw cut();
        }
        input.skip(padding);
        abandon();
    }

    /// Forgets the rest without reading it.
    void abandon() {
        left = 0;
        padding = 0;
    }

    private io.lighterage.contentstore.ImageException cut() {
        return input.cut("inside the entry at " + headerOffset + ", " + left + " bytes before its end");
    }
}
