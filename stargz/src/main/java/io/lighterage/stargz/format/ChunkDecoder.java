package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.index.Encoding;
import java.nio.ByteBuffer;
import java.util.List;

/// Decodes the compressed ranges that hold chunks, one range at a time.
///
/// What comes out is only as good as what goes in: the caller compares digests. Nothing is decoded past the last
/// part that is wanted, so a range cannot become more than the chunks of an index say.
///
/// For one thread at a time.
public final class ChunkDecoder implements AutoCloseable {
    /// What is passed over is written here.
    private static final int SKIP_BYTES = 64 << 10;

    private final String what;
    private final RangeEngine engine;
    private final ByteBuffer skipped = ByteBuffer.allocateDirect(SKIP_BYTES);

    /// A stretch of the decompressed range that is wanted.
    ///
    /// @param innerOffset where it begins in the decompressed range
    /// @param target filled from its position to its limit
    public record Part(long innerOffset, ByteBuffer target) {}

    private ChunkDecoder(String what, RangeEngine engine) {
        this.what = what;
        this.engine = engine;
    }

    /// A decoder of ranges with this encoding.
    ///
    /// @param what names the blob in failures, such as `layer sha256:…`
    /// @throws ImageException INVALID for [Encoding#NONE], whose chunks cannot be decoded alone
    public static ChunkDecoder of(Encoding encoding, String what) {
        return new ChunkDecoder(
                what,
                switch (encoding) {
                    case GZIP_MEMBERS -> new GzipRanges(what);
                    case ZSTD_FRAMES -> new ZstdRanges(what);
                    case NONE ->
                        throw new ImageException(
                                ErrorKind.INVALID,
                                "cannot decode a part of " + what + " alone; it has to be read from its beginning");
                });
    }

    /// Decodes the remaining bytes of one range: a gzip member, or zstd frames.
    ///
    /// @param compressed consumed in part
    /// @param parts in ascending order, not overlapping; each target is filled to its limit
    /// @throws ImageException CORRUPT when the range is broken or holds too little; the parts before the one that
    ///     could not be filled are complete then
    public void decode(ByteBuffer compressed, List<Part> parts) {
        engine.begin(compressed, parts);
        long at = 0;
        for (Part part : parts) {
            if (part.innerOffset() < at) {
                throw new IllegalArgumentException("parts overlap or are out of order: " + parts);
            }
            while (at < part.innerOffset()) {
                skipped.clear().limit((int) Math.min(SKIP_BYTES, part.innerOffset() - at));
                int count = skipped.remaining();
                fill(skipped, at);
                at += count;
            }
            int length = part.target().remaining();
            fill(part.target(), at);
            at += length;
        }
    }

    private void fill(ByteBuffer target, long at) {
        int start = target.position();
        engine.fill(target);
        if (target.hasRemaining()) {
            throw RangeEngine.corrupt(
                    what, "it ends after " + (at + target.position() - start) + " bytes; expected more");
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
