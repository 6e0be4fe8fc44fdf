package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Memory that a native library owns and lends us for the time of one call, by its address.
///
/// Nothing here can check an address: a wrong one ends the process. Whoever calls this has it from the library, in
/// the call that is still running.
public final class ForeignMemory {
    private ForeignMemory() {}

    /// `bytes` bytes at `address`, in the byte order of the machine.
    public static ByteBuffer at(long address, long bytes) {
        return MemorySegment.ofAddress(address)
                .reinterpret(bytes)
                .asByteBuffer()
                .order(ByteOrder.nativeOrder());
    }

    /// The bytes of a C string, without its NUL.
    public static byte[] string(long address) {
        MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE);
        int length = 0;
        while (memory.get(JAVA_BYTE, length) != 0) {
            length++;
        }
        byte[] bytes = new byte[length];
        MemorySegment.copy(memory, JAVA_BYTE, 0, bytes, 0, length);
        return bytes;
    }

    /// Where the remaining bytes of a direct buffer lie; valid while the buffer is reachable.
    public static long address(ByteBuffer direct) {
        return MemorySegment.ofBuffer(direct).address();
    }
}
