package io.lighterage.stargz.format;

import io.lighterage.stargz.ByteSource;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Shows every piece to somebody else before it is handed out.
///
/// @param source stays the caller's to close
record TeeSource(ByteSource source, Consumer<ByteBuffer> other) implements ByteSource {
    @Override
    public @Nullable ByteBuffer next() {
        ByteBuffer piece = source.next();
        if (piece != null) {
            other.accept(piece.duplicate());
        }
        return piece;
    }

    @Override
    public void close() {}
}
