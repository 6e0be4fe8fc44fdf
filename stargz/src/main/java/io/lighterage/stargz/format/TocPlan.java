package io.lighterage.stargz.format;

/// What of a blob to read in order to open it.
public sealed interface TocPlan {
    /// First byte to read.
    long offset();

    /// The table of contents itself, where the annotations say where it is.
    ///
    /// @param offset of its first byte
    /// @param length of it as it is stored
    record Exact(long offset, long length) implements TocPlan {}

    /// From `offset` to the end of the blob: the footer there says where the table of contents is, which begins at
    /// `offset` or behind it when the guess is good.
    record Tail(long offset) implements TocPlan {}
}
