package io.lighterage.stargz.compress;

import java.nio.ByteBuffer;

/// One compression's way from the blob's bytes to uncompressed ones.
sealed interface Decoder extends AutoCloseable permits GzipDecoder, ZstdDecoder, Decoder.Plain {
    /// Fills `out` to its limit, or with what is left.
    ///
    /// @return false when nothing is left, which may be so even though `out` got some bytes
    boolean fill(ByteBuffer out);

    @Override
    void close();

    /// No compression.
    record Plain(BlobInput input) implements Decoder {
        @Override
        public boolean fill(ByteBuffer out) {
            while (out.hasRemaining()) {
                if (!input.transfer(out)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void close() {}
    }
}
