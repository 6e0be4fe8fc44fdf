package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/// `syscall(2)`: every system call goes through this one door, so interruption, `errno` and the lifetime of the
/// argument memory are handled in one place. Arguments a call does not have are passed as zero and ignored.
final class Kernel {
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final Linker.Option VARIADIC = Linker.Option.firstVariadicArg(1);
    private static final long ERRNO_AT =
            Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SYSCALL = link(FunctionDescriptor.of(
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    /// The shape of `read`, `write` and their kin, whose memory is the caller's: a segment instead of an address
    /// keeps the caller's arena from being closed during the call.
    private static final MethodHandle SYSCALL_ON_MEMORY =
            link(FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG));

    private Kernel() {}

    /// Makes a call until it is not interrupted. Addresses point into `scratch`, which stays reachable meanwhile.
    ///
    /// @return what the kernel returned, or `-errno`
    static long call(Scratch scratch, long number, long a, long b, long c, long d, long e) {
        try {
            while (true) {
                long result = (long) SYSCALL.invokeExact(scratch.state, number, a, b, c, d, e, 0L);
                if (result != -1) {
                    return result;
                }
                int errno = scratch.state.get(JAVA_INT, ERRNO_AT);
                if (errno != Errno.EINTR) {
                    return -errno;
                }
            }
        } catch (Throwable t) {
            throw unexpected(t);
        } finally {
            Reference.reachabilityFence(scratch);
        }
    }

    static long call(Scratch scratch, long number, long a, long b, long c, long d) {
        return call(scratch, number, a, b, c, d, 0);
    }

    static long call(Scratch scratch, long number, long a, long b, long c) {
        return call(scratch, number, a, b, c, 0, 0);
    }

    static long call(Scratch scratch, long number, long a, long b) {
        return call(scratch, number, a, b, 0, 0, 0);
    }

    static long call(Scratch scratch, long number, long a) {
        return call(scratch, number, a, 0, 0, 0, 0);
    }

    /// Makes a call of the shape (descriptor, memory, length of memory, offset) until it is not interrupted.
    static long transfer(Scratch scratch, long number, int descriptor, MemorySegment memory, long offset) {
        try {
            while (true) {
                long result = (long) SYSCALL_ON_MEMORY.invokeExact(
                        scratch.state, number, (long) descriptor, memory, memory.byteSize(), offset);
                if (result != -1) {
                    return result;
                }
                int errno = scratch.state.get(JAVA_INT, ERRNO_AT);
                if (errno != Errno.EINTR) {
                    return -errno;
                }
            }
        } catch (Throwable t) {
            throw unexpected(t);
        } finally {
            Reference.reachabilityFence(scratch);
        }
    }

    /// `close(2)`. Linux frees the descriptor even when the call is interrupted, so it is never repeated: a second
    /// close could hit a descriptor another thread has just been given.
    static int close(Scratch scratch, int descriptor) {
        try {
            long result =
                    (long) SYSCALL.invokeExact(scratch.state, CallNumbers.CLOSE, (long) descriptor, 0L, 0L, 0L, 0L, 0L);
            if (result != -1) {
                return 0;
            }
            int errno = scratch.state.get(JAVA_INT, ERRNO_AT);
            return errno == Errno.EINTR ? 0 : -errno;
        } catch (Throwable t) {
            throw unexpected(t);
        } finally {
            Reference.reachabilityFence(scratch);
        }
    }

    private static MethodHandle link(FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow("syscall"), descriptor, ERRNO, VARIADIC);
    }

    private static RuntimeException unexpected(Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        return t instanceof RuntimeException runtime ? runtime : new IllegalStateException("syscall(2) threw", t);
    }
}
