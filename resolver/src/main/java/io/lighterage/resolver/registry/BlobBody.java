package io.lighterage.resolver.registry;

/// An open answer with bytes of a blob.
///
/// @param reply the answer
/// @param offset where in the blob its body begins
/// @param end where in the blob its body ends
record BlobBody(Reply reply, long offset, long end) implements AutoCloseable {
    @Override
    public void close() {
        reply.close();
    }
}
