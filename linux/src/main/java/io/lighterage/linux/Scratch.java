package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

/// One thread's native memory for the arguments of one system call at a time: applying a layer makes several calls
/// for each of 60,000 files, so nothing is allocated per call.
///
/// The memory belongs to automatic arenas: it lives as long as this object is reachable and dies with its thread.
/// Addresses taken from a [Slot] are valid until the slot is written again; whoever holds one keeps the
/// `Scratch` reachable across the call (see [Kernel#call]).
final class Scratch {
    /// `struct statx` is 256 bytes and the largest fixed structure we pass.
    static final int STRUCT_BYTES = 256;

    /// `XATTR_SIZE_MAX` and `XATTR_LIST_MAX` are both 64 KiB.
    static final int BULK_BYTES = 64 << 10;

    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    final MemorySegment state = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
    final MemorySegment struct = Arena.ofAuto().allocate(STRUCT_BYTES, 8);
    final Slot first = new Slot(1 << 10);
    final Slot second = new Slot(1 << 10);
    final Slot third = new Slot(64);
    final Slot bulk = new Slot(4 << 10);

    private Scratch() {}

    static Scratch ofThread() {
        return OF_THREAD.get();
    }

    /// One growable argument.
    static final class Slot {
        private MemorySegment memory;

        private Slot(int bytes) {
            memory = Arena.ofAuto().allocate(bytes, 8);
        }

        /// Writes a name with its terminating NUL and returns its address.
        ///
        /// @throws IllegalArgumentException if the name itself holds a NUL, which would cut it short unseen
        long name(byte[] name) {
            rejectNul(name);
            reserve(name.length + 1L);
            MemorySegment.copy(name, 0, memory, JAVA_BYTE, 0, name.length);
            memory.set(JAVA_BYTE, name.length, (byte) 0);
            return memory.address();
        }

        /// Writes a prefix of our own and a name behind it, NUL-terminated.
        long name(byte[] prefix, byte[] name) {
            rejectNul(name);
            long length = (long) prefix.length + name.length;
            reserve(length + 1);
            MemorySegment.copy(prefix, 0, memory, JAVA_BYTE, 0, prefix.length);
            MemorySegment.copy(name, 0, memory, JAVA_BYTE, prefix.length, name.length);
            memory.set(JAVA_BYTE, length, (byte) 0);
            return memory.address();
        }

        /// Writes bytes as they are.
        long bytes(byte[] value) {
            reserve(value.length);
            MemorySegment.copy(value, 0, memory, JAVA_BYTE, 0, value.length);
            return memory.address();
        }

        /// Makes room for the kernel to write `bytes` bytes.
        MemorySegment room(long bytes) {
            reserve(bytes);
            return memory;
        }

        private void reserve(long bytes) {
            if (memory.byteSize() < bytes) {
                memory = Arena.ofAuto().allocate(Math.max(bytes, 2 * memory.byteSize()), 8);
            }
        }

        private static void rejectNul(byte[] name) {
            for (byte b : name) {
                if (b == 0) {
                    throw new IllegalArgumentException("a name with a NUL byte cannot be passed to the kernel: '"
                            + Descriptors.printable(name) + "'");
                }
            }
        }
    }
}
