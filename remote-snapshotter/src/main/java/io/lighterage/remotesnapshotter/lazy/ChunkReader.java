package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.disk.FileErrors;
import io.lighterage.stargz.index.LayerIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Reads verified chunks out of a flat file that is complete. Owned by one thread.
final class ChunkReader implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final LayerIndex index;

    ChunkReader(Path path, LayerIndex index) {
        this.path = path;
        this.index = index;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        } catch (IOException e) {
            throw FileErrors.of("cannot read restored contents", path, e);
        }
    }

    ByteBuffer read(int chunk) {
        ByteBuffer bytes = ByteBuffer.allocate(index.chunkLength(chunk));
        try {
            while (bytes.hasRemaining() && channel.read(bytes, index.chunkFlatOffset(chunk) + bytes.position()) > 0) {
                // read on
            }
        } catch (IOException e) {
            throw FileErrors.of("cannot read restored contents", path, e);
        }
        if (!index.chunkMatches(chunk, bytes.flip())) {
            throw new ImageException(
                    ErrorKind.CORRUPT, "chunk " + chunk + " of layer " + index.layer() + " is not what its blob holds");
        }
        return bytes;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw FileErrors.of("cannot close", path, e);
        }
    }
}
