package io.lighterage.stargz.format;

import io.lighterage.stargz.compress.GzipEngine;
import io.lighterage.stargz.compress.GzipEngines;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.DataFormatException;

/// Gzip members. A range is one, but more do no harm: writers may begin a member wherever they like.
final class GzipRanges implements RangeEngine {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final String what;
    private final GzipEngine engine = GzipEngines.preferred();
    private ByteBuffer in = NOTHING;
    private boolean between;

    GzipRanges(String what) {
        this.what = what;
    }

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
            throw RangeEngine.corrupt(what, "a gzip member is broken: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
