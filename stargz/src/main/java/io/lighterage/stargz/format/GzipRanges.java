package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.compress.GzipEngine;
import io.lighterage.stargz.compress.GzipEngines;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.DataFormatException;

/// Gzip members. A range is one, but more do no harm: writers may begin a member wherever they like.
final class GzipRanges implements RangeEngine {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final GzipEngine engine = GzipEngines.preferred();
    private ByteBuffer in = NOTHING;
    private boolean between;

    @Override
    public void begin(ByteBuffer compressed, List<ChunkDecoder.Part> parts) {
        engine.reset();
        in = compressed;
        between = false;
    }

    @Override
    public void fill(ByteBuffer target) {
        try {
            while (target.hasRemaining()) {
                if (between) {
                    if (!in.hasRemaining()) {
                        return;
                    }
                    engine.reset();
                }
                int left = in.remaining() + target.remaining();
                between = engine.inflate(in, target);
                if (!between && in.remaining() + target.remaining() == left) {
                    return;
                }
            }
        } catch (DataFormatException e) {
            throw new ImageException(
                    ErrorKind.CORRUPT, "decompressing a gzip member: the data are broken: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
