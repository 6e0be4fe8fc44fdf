package io.lighterage.stargz.format;

import java.nio.ByteBuffer;

/// Compresses stretches of bytes, each into something that decodes on its own: a gzip member or a zstd frame.
///
/// The same bytes give the same result, always. Used by one thread at a time.
interface MemberEncoder extends AutoCloseable {
    /// The most bytes that `length` of them can become.
    int bound(int length);

    /// Appends the remaining bytes of `raw`, compressed, to `out`, which has room for [#bound]. Both are direct.
    void encode(ByteBuffer raw, ByteBuffer out);

    @Override
    void close();
}
