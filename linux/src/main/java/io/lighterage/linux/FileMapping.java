package io.lighterage.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.function.Consumer;

/// A file in memory, read-only, for as long as this or its bytes can be reached. It must not become shorter meanwhile.
public final class FileMapping {
    /// `MADV_DONTNEED`: of a mapped file only the mapping of its pages goes, and comes back when they are read.
    private static final long DONTNEED = 4;

    private final ByteBuffer bytes;

    private FileMapping(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /// Maps the first `size` bytes.
    ///
    /// @param size 0 to [Integer#MAX_VALUE] bytes
    /// @throws IOException when it cannot be mapped
    public static FileMapping of(FileChannel file, long size) throws IOException {
        return new FileMapping(
                file.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto()).asByteBuffer());
    }

    /// The bytes, big-endian.
    public ByteBuffer bytes() {
        return bytes.duplicate();
    }

    /// Lets the pages that were read count as this process's memory no more, until they are read again. Safe at any
    /// time.
    public void letGo() {
        try {
            MemorySegment memory = MemorySegment.ofBuffer(bytes);
            long ignored =
                    Kernel.call(Scratch.ofThread(), CallNumbers.MADVISE, memory.address(), memory.byteSize(), DONTNEED);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /// Has the first `size` bytes looked at in a mapping that ends with the call, so that none of the pages that were
    /// touched counts as this process's memory any more.
    ///
    /// @param look must not keep the buffer; its use fails afterwards
    /// @throws IOException when it cannot be mapped
    public static void look(FileChannel file, long size, Consumer<ByteBuffer> look) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            look.accept(file.map(FileChannel.MapMode.READ_ONLY, 0, size, arena).asByteBuffer());
        }
    }
}
