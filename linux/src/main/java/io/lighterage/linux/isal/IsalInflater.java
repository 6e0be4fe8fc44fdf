package io.lighterage.linux.isal;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.DataFormatException;

/// Streaming inflate of one gzip member or raw deflate stream (RFC 1952, RFC 1951) through ISA-L, in about half the
/// processor time of the JDK's. CRC-32 and length of a gzip member are verified before [Status#FINISHED] is returned.
///
/// For one thread at a time; another may take over, or close it, once the first is done with it. Buffers may be
/// direct or on the heap; the library itself only ever sees memory of this object, with a margin on both sides, so
/// nobody can free or change it under the
/// library's hands, and a hostile stream that found a fault in it would have to write far to hit anything. The copy
/// does not show in measurements.
///
/// ```java
/// while (true) {
///     switch (inflater.inflate(in, out)) {
///         case NEEDS_INPUT -> refill(in);          // the end of all input here means the stream is cut off
///         case NEEDS_OUTPUT -> drain(out);
///         case FINISHED -> inflater.reset();       // further members follow if `in` has bytes left
///     }
/// }
/// ```
public final class IsalInflater implements AutoCloseable {
    /// What surrounds the deflate data.
    public enum Format {
        /// A gzip header and trailer.
        GZIP,
        /// Nothing, and nothing is verified. Up to 8 bytes behind the end may be taken from the input when the stream
        /// ends together with an input buffer.
        RAW
    }

    /// Why [IsalInflater#inflate] returned.
    public enum Status {
        /// All input is taken, and all output it gives is written.
        NEEDS_INPUT,
        /// The output buffer is full; there may be more to write even without more input.
        NEEDS_OUTPUT,
        /// The stream is complete and verified. Input behind it is left in the buffer.
        FINISHED
    }

    /// Output of one call of the library. Between 64 KiB and 1 MiB no size is faster.
    private static final int OUT_BYTES = 256 << 10;

    private static final int IN_BYTES = 128 << 10;

    /// Kept free on both sides of what the library reads and writes: more than any of its safety distances.
    private static final int MARGIN = 4 << 10;

    private enum Phase {
        HEADER,
        DATA,
        FINISHED,
        FAILED
    }

    private final IsalLibrary library;
    private final Format format;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment state = arena.allocate(InflateState.ROOM, 16);
    private final MemorySegment staged = arena.allocate(3 * MARGIN + IN_BYTES + OUT_BYTES, 64);
    private final GzipHeader header = new GzipHeader();
    private Phase phase = Phase.HEADER;

    private IsalInflater(IsalLibrary library, Format format) {
        this.library = library;
        this.format = format;
        reset();
    }

    /// An inflater for gzip; empty when the machine has no `libisal.so.2` or one of a version we do not know.
    public static Optional<IsalInflater> open() {
        return open(Format.GZIP);
    }

    /// As [#open()] for either format.
    public static Optional<IsalInflater> open(Format format) {
        return IsalLibrary.find().map(library -> new IsalInflater(library, format));
    }

    /// Inflates from `in` to `out`, advancing both, until one is used up or the stream ends.
    ///
    /// @throws DataFormatException if the stream is damaged; what was written to `out` is then
    ///     unspecified, and only [#reset] and [#close] are of use
    /// @throws IllegalArgumentException if `out` is read-only
    /// @throws IllegalStateException after a failure or [#close]
    public Status inflate(ByteBuffer in, ByteBuffer out) throws DataFormatException {
        if (out.isReadOnly()) {
            throw new IllegalArgumentException("the output buffer is read-only");
        }
        // Touches the state first, so that a closed inflater is refused in every phase.
        int flag = format == Format.GZIP ? InflateState.ISAL_GZIP_NO_HDR_VER : InflateState.ISAL_DEFLATE;
        state.set(JAVA_INT, InflateState.CRC_FLAG, flag);
        return switch (phase) {
            case FAILED -> throw new IllegalStateException("the stream failed before; reset the inflater first");
            case FINISHED -> Status.FINISHED;
            case HEADER -> readHeader(in) ? decode(in, out) : Status.NEEDS_INPUT;
            case DATA -> decode(in, out);
        };
    }

    /// Makes ready for the next member or stream, after any outcome.
    ///
    /// @throws IllegalStateException after [#close]
    public void reset() {
        library.init(state);
        header.reset();
        phase = format == Format.GZIP ? Phase.HEADER : Phase.DATA;
    }

    /// Frees the native memory.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private boolean readHeader(ByteBuffer in) throws DataFormatException {
        boolean complete = false;
        Phase next = Phase.FAILED;
        try {
            complete = header.read(in);
            next = complete ? Phase.DATA : Phase.HEADER;
        } finally {
            phase = next;
        }
        return complete;
    }

    private Status decode(ByteBuffer in, ByteBuffer out) throws DataFormatException {
        int start = in.position();
        while (true) {
            boolean moved = step(in, start, out);
            if (state.get(JAVA_INT, InflateState.BLOCK_STATE) == InflateState.ISAL_BLOCK_FINISH) {
                phase = Phase.FINISHED;
                return Status.FINISHED;
            }
            if (!out.hasRemaining()) {
                return Status.NEEDS_OUTPUT;
            }
            if (!in.hasRemaining()) {
                return Status.NEEDS_INPUT;
            }
            if (!moved) {
                throw failed("makes the library stand still");
            }
        }
    }

    /// One call of the library over as much of the buffers as is staged at once. Input read too far is put back, but
    /// not before `start`.
    ///
    /// @return whether anything was read or written
    private boolean step(ByteBuffer in, int start, ByteBuffer out) throws DataFormatException {
        int outSize = Math.min(out.remaining(), OUT_BYTES);
        // Deflate hardly ever needs more input than it gives output; staging more would be copied again.
        int inSize = Math.min(Math.min(in.remaining(), IN_BYTES), outSize + 1024);
        MemorySegment stagedIn = staged.asSlice(MARGIN, inSize);
        MemorySegment stagedOut = staged.asSlice(2 * MARGIN + IN_BYTES, outSize);
        MemorySegment.copy(MemorySegment.ofBuffer(in), 0, stagedIn, 0, inSize);
        int code = library.inflate(state, stagedIn, stagedOut);
        if (code != 0) {
            // The decoder's safety distances, 8 and 274 bytes, are then still missing in what it says is left.
            throw failed("has " + InflateState.meaning(code) + " (ISA-L code " + code + ")");
        }
        int read = inSize - state.get(JAVA_INT, InflateState.AVAIL_IN) - surplus();
        int written = outSize - state.get(JAVA_INT, InflateState.AVAIL_OUT);
        MemorySegment.copy(stagedOut, 0, MemorySegment.ofBuffer(out), 0, written);
        in.position(Math.max(start, in.position() + read));
        out.position(out.position() + written);
        return read != 0 || written != 0;
    }

    /// Whole bytes the library has read ahead behind the end of a raw stream; versions before 2.32.1 keep them, later
    /// ones hand them back in `avail_in`. They may have come from before this call of ours, beyond its reach.
    private int surplus() {
        boolean finished = state.get(JAVA_INT, InflateState.BLOCK_STATE) == InflateState.ISAL_BLOCK_FINISH;
        return finished ? state.get(JAVA_INT, InflateState.READ_IN_LENGTH) / 8 : 0;
    }

    private DataFormatException failed(String fault) {
        phase = Phase.FAILED;
        return new DataFormatException("the deflate stream " + fault);
    }
}
