package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// What the terminal behind a descriptor is like.
public final class Terminal {
    /// `TIOCGWINSZ` of `asm-generic/ioctls.h`, the same on both architectures.
    private static final long GET_WINDOW_SIZE = 0x5413;

    private Terminal() {}

    /// Its size in characters.
    ///
    /// @param rows lines, at least 1
    /// @param columns characters a line, at least 1
    public record Size(int rows, int columns) {}

    /// The size of the terminal, or empty when the descriptor is none or the terminal does not know.
    public static Optional<Size> size(int descriptor) {
        Scratch scratch = Scratch.ofThread();
        MemorySegment window = scratch.struct; // struct winsize: four unsigned shorts, rows and columns first
        if (Kernel.call(scratch, CallNumbers.IOCTL, descriptor, GET_WINDOW_SIZE, window.address()) < 0) {
            return Optional.empty();
        }
        int rows = Short.toUnsignedInt(window.get(JAVA_SHORT, 0));
        int columns = Short.toUnsignedInt(window.get(JAVA_SHORT, 2));
        return rows > 0 && columns > 0 ? Optional.of(new Size(rows, columns)) : Optional.empty();
    }
}
