package io.lighterage.linux;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;

/// Direct buffers that are given back together and at once, not when the collector finds time.
///
/// Any thread may use the buffers; none may touch them after [#close].
public final class NativeBuffers implements AutoCloseable {
    private final Arena memory;

    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    public NativeBuffers() {
        memory = Arena.ofShared();
    }

    /// A zeroed buffer of that many bytes, aligned for whole words.
    public ByteBuffer allocate(int bytes) {
        return memory.allocate(bytes, Long.BYTES).asByteBuffer();
    }

    /// Whether [#close] has not been called.
    public boolean isOpen() {
        return memory.scope().isAlive();
    }

    @Override
    public void close() {
        if (isOpen()) {
            memory.close();
        }
    }
}
