package io.lighterage.stargz.format;

import java.nio.ByteBuffer;

/// Reads a stretch of a layer blob, which may lie behind a network.
@FunctionalInterface
public interface TocReader {
    /// All of the bytes `[offset, offset + length)`, or a failure.
    ByteBuffer read(long offset, long length);
}
