package io.lighterage.remotesnapshotter.flat;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// Direct memory for replies that are late, so many buffers and no more.
final class ReplyBuffers {
    private final int bytes;
    private final Semaphore free;
    private final Deque<ByteBuffer> made = new ConcurrentLinkedDeque<>();

    /// @param count buffers
    /// @param bytes of each
    ReplyBuffers(int count, int bytes) {
        this.bytes = bytes;
        free = new Semaphore(count, true);
    }

    /// Lends a buffer, waiting for one.
    ///
    /// @throws ImageException CANCELLED when interrupted meanwhile
    void use(Consumer<ByteBuffer> user) {
        try {
            free.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ImageException(ErrorKind.CANCELLED, "interrupted while waiting for memory", e);
        }
        try {
            ByteBuffer found = made.poll();
            ByteBuffer buffer = found == null ? ByteBuffer.allocateDirect(bytes) : found;
            user.accept(buffer);
            made.push(buffer);
        } finally {
            free.release();
        }
    }
}
