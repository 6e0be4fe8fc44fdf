package io.lighterage.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.function.Consumer;

/// Files in memory, read-only. A file must not become shorter while it is mapped.
public final class FileMapping {
    private FileMapping() {}

    /// Maps the first `size` bytes for as long as the buffer can be reached.
    ///
    /// @param size 0 to [Integer#MAX_VALUE] bytes
    /// @throws IOException when it cannot be mapped
    public static ByteBuffer of(FileChannel file, long size) throws IOException {
        return file.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto()).asByteBuffer();
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
