package io.lighterage.stargz.compress;

import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;

/// A decoder of gzip members (RFC 1952) between direct buffers.
///
/// Owned by one thread, from its making to its end. One engine decodes one member after another, with [#reset] between
/// them.
public interface GzipEngine extends AutoCloseable {
    /// What people call the engine, such as `jdk`.
    String name();

    /// Decodes from `in` to `out`, advancing both, until the member ends, `in` is used up or `out` is full.
    /// When `out` is full there may be more to come even though `in` is used up.
    ///
    /// @return whether the member has ended, its CRC-32 and length verified; `in` then stands behind it
    /// @throws DataFormatException when the bytes are not a gzip member; only [#reset] and [#close] are of
    ///     use then
    boolean inflate(ByteBuffer in, ByteBuffer out) throws DataFormatException;

    /// Makes ready for the next member.
    void reset();

    @Override
    void close();
}
