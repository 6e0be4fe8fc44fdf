package io.lighterage.linux.isal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// `libisal.so.2`, found once and believed only after it has shown that it lays out its state as we think.
///
/// @param init `void isal_inflate_init(struct inflate_state *)`
/// @param inflate `int isal_inflate(struct inflate_state *)`
record IsalLibrary(MethodHandle init, MethodHandle inflate) {
    private static final System.Logger LOG = System.getLogger(IsalLibrary.class.getName());
    private static final String NAME = "libisal.so.2";
    private static final byte CANARY = (byte) 0xa5;

    /// The library of this machine; empty when there is none or it is not one we understand.
    static Optional<IsalLibrary> find() {
        return Found.LIBRARY;
    }

    private static final class Found {
        private static final Optional<IsalLibrary> LIBRARY = load(NAME);
    }

    static Optional<IsalLibrary> load(String name) {
        IsalLibrary library;
        try {
            SymbolLookup lookup = SymbolLookup.libraryLookup(name, Arena.global());
            Linker linker = Linker.nativeLinker();
            library = new IsalLibrary(
                    linker.downcallHandle(lookup.findOrThrow("isal_inflate_init"), FunctionDescriptor.ofVoid(ADDRESS)),
                    linker.downcallHandle(
                            lookup.findOrThrow("isal_inflate"), FunctionDescriptor.of(JAVA_INT, ADDRESS)));
        } catch (IllegalArgumentException | java.util.NoSuchElementException e) {
            LOG.log(System.Logger.Level.DEBUG, () -> name + " is not usable here: " + e.getMessage());
            return Optional.empty();
        }
        if (!library.behaves()) {
            LOG.log(System.Logger.Level.WARNING, () -> name + " is of a version Lighterage does not know; not used");
            return Optional.empty();
        }
        return Optional.of(library);
    }

    void init(MemorySegment state) {
        try {
            init.invokeExact(state);
        } catch (Throwable t) {
            throw new IllegalStateException("isal_inflate_init could not be called", t);
        }
    }

    /// Runs the library over `in` and `out`: native memory of the arena of `state`, so that all three live as long.
    ///
    /// @return zero or the library's error code
    int inflate(MemorySegment state, MemorySegment in, MemorySegment out) {
        state.set(JAVA_LONG, InflateState.NEXT_IN, in.address());
        state.set(JAVA_INT, InflateState.AVAIL_IN, Math.toIntExact(in.byteSize()));
        state.set(JAVA_LONG, InflateState.NEXT_OUT, out.address());
        state.set(JAVA_INT, InflateState.AVAIL_OUT, Math.toIntExact(out.byteSize()));
        try {
            return (int) inflate.invokeExact(state);
        } catch (Throwable t) {
            throw new IllegalStateException("isal_inflate could not be called", t);
        } finally {
            // No address outlives the call it is valid for.
            state.set(JAVA_LONG, InflateState.NEXT_IN, 0);
            state.set(JAVA_LONG, InflateState.NEXT_OUT, 0);
        }
    }

    /// A rehearsal on memory with a marked rim: the fields are where we think, nothing behind them is written, a
    /// stream comes out as it went in, and a wrong checksum is noticed.
    private boolean behaves() {
        byte[] text = "a lighter takes cargo off a ship still at anchor, piece by piece; "
                .repeat(40)
                .getBytes(StandardCharsets.US_ASCII);
        byte[] good = deflateWithTrailer(text);
        byte[] bad = good.clone();
        bad[bad.length - 5] ^= 1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(InflateState.ROOM, 16).fill(CANARY);
            MemorySegment out = arena.allocate(text.length + 64L).fill(CANARY);
            return isInitialised(state)
                    && inflateAll(state, copy(arena, good), out) == 0
                    && state.get(JAVA_INT, InflateState.BLOCK_STATE) == InflateState.ISAL_BLOCK_FINISH
                    && state.get(JAVA_INT, InflateState.AVAIL_IN) == 0
                    && state.get(JAVA_INT, InflateState.AVAIL_OUT) == 64
                    && Arrays.equals(out.asSlice(0, text.length).toArray(JAVA_BYTE), text)
                    && inflateAll(state, copy(arena, bad), out) == -6
                    && rimIsUntouched(state);
        }
    }

    private boolean isInitialised(MemorySegment state) {
        init(state);
        return state.get(JAVA_LONG, InflateState.NEXT_IN) == 0
                && state.get(JAVA_LONG, InflateState.NEXT_OUT) == 0
                && state.get(JAVA_INT, InflateState.AVAIL_IN) == 0
                && state.get(JAVA_INT, InflateState.AVAIL_OUT) == 0
                && state.get(JAVA_INT, InflateState.READ_IN_LENGTH) == 0
                && state.get(JAVA_INT, InflateState.BLOCK_STATE) == 0
                && state.get(JAVA_INT, InflateState.CRC_FLAG) == 0
                && state.get(JAVA_SHORT, InflateState.TMP_IN_SIZE) == 0
                && state.get(JAVA_INT, InflateState.TMP_OUT_VALID) == 0
                && rimIsUntouched(state);
    }

    private int inflateAll(MemorySegment state, MemorySegment in, MemorySegment out) {
        init(state);
        state.set(JAVA_INT, InflateState.CRC_FLAG, InflateState.ISAL_GZIP_NO_HDR_VER);
        return inflate(state, in, out);
    }

    private static boolean rimIsUntouched(MemorySegment state) {
        return state.asSlice(InflateState.SIZE).elements(JAVA_BYTE).allMatch(b -> b.get(JAVA_BYTE, 0) == CANARY);
    }

    private static MemorySegment copy(Arena arena, byte[] bytes) {
        return arena.allocateFrom(JAVA_BYTE, bytes);
    }

    private static byte[] deflateWithTrailer(byte[] text) {
        byte[] buffer = new byte[text.length + 64];
        int length;
        try (Deflater deflater = new Deflater(6, true)) {
            deflater.setInput(text);
            deflater.finish();
            length = deflater.deflate(buffer);
        }
        CRC32 crc = new CRC32();
        crc.update(text);
        for (int i = 0; i < 4; i++) {
            buffer[length + i] = (byte) (crc.getValue() >> (8 * i));
            buffer[length + 4 + i] = (byte) (text.length >> (8 * i));
        }
        return Arrays.copyOf(buffer, length + 8);
    }
}
