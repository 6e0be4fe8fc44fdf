package io.lighterage.remotesnapshotter.lazy;

import io.lighterage.stargz.format.ChunkDecoder;
import io.lighterage.stargz.index.Encoding;
import java.util.ArrayDeque;
import java.util.Deque;

/// The decoders of a layer that nobody uses right now: making one costs more than a chunk. Safe for any number of
/// threads.
final class Decoders implements AutoCloseable {
    private final Encoding encoding;
    private final String layer;
    private final Deque<ChunkDecoder> idle = new ArrayDeque<>();

    /// @param layer names it in failures
    Decoders(Encoding encoding, String layer) {
        this.encoding = encoding;
        this.layer = layer;
    }

    /// One for the caller alone, to be given back.
    ChunkDecoder take() {
        synchronized (idle) {
            ChunkDecoder decoder = idle.poll();
            if (decoder != null) {
                return decoder;
            }
        }
        return ChunkDecoder.of(encoding, layer);
    }

    void giveBack(ChunkDecoder decoder) {
        synchronized (idle) {
            idle.push(decoder);
        }
    }

    /// Closes those that were given back; nobody may use one any more.
    @Override
    public void close() {
        synchronized (idle) {
            idle.forEach(ChunkDecoder::close);
            idle.clear();
        }
    }
}
