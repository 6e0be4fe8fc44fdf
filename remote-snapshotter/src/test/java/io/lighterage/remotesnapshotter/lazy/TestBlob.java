package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.resolver.RemoteBlob;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// A blob in memory that counts requests, and does with each what a test wants.
final class TestBlob implements RemoteBlob {
    private static final int PIECE = 8 << 10;

    private final byte[] bytes;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile Consumer<Request> before = request -> {};
    private volatile PieceHook hook = (offset, piece) -> {};
    private volatile boolean ignoresRanges;

    /// One call of [#stream].
    record Request(long offset, long length, int priority) {}

    /// Sees each piece before it is handed on, and may change it.
    interface PieceHook {
        void piece(long offset, byte[] piece);
    }

    TestBlob(byte[] bytes) {
        this.bytes = bytes.clone();
    }

    TestBlob before(Consumer<Request> action) {
        before = action;
        return this;
    }

    TestBlob onPiece(PieceHook action) {
        hook = action;
        return this;
    }

    TestBlob ignoringRanges() {
        ignoresRanges = true;
        return this;
    }

    /// Inverts a byte for good.
    void flip(long offset) {
        bytes[(int) offset] ^= 0x55;
    }

    List<Request> seen() {
        return List.copyOf(requests);
    }

    @Override
    public void stream(long offset, long length, int priority, Consumer<ByteBuffer> pieces) {
        Request request = new Request(offset, length, priority);
        requests.add(request);
        before.accept(request);
        for (long at = offset; at < offset + length; at += PIECE) {
            int count = (int) Math.min(PIECE, offset + length - at);
            byte[] piece = new byte[count];
            System.arraycopy(bytes, (int) at, piece, 0, count);
            hook.piece(at, piece);
            pieces.accept(ByteBuffer.wrap(piece));
        }
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public int read(long position, ByteBuffer target) {
        int count = (int) Math.min(target.remaining(), size() - position);
        target.put(bytes, (int) position, count);
        return count;
    }

    @Override
    public long requests() {
        return requests.size();
    }

    @Override
    public boolean ignoresRanges() {
        return ignoresRanges;
    }

    @Override
    public void close() {}
}
