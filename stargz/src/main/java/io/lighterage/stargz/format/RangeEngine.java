package io.lighterage.stargz.format;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.List;

/// One encoding's way from a range's bytes to those of its chunks.
sealed interface RangeEngine extends AutoCloseable permits GzipRanges, ZstdRanges {
    /// Begins with a range; what was left of another is forgotten.
    ///
    /// @param parts what will be asked for
    void begin(ByteBuffer compressed, List<ChunkDecoder.Part> parts);

    /// Fills `target` to its limit, or with what is left.
    ///
    /// @throws ImageException CORRUPT
    void fill(ByteBuffer target);

    @Override
    void close();

    static ImageException corrupt(String what, String happened) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "decompressing a part of " + what + ": " + happened + ". The blob or what carried it is damaged");
    }
}
