package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// A process that does nothing but keep descriptors open, so that they outlive the process that has them: a `sleep`
/// in a session of its own. A later process, as root, takes copies of them by `pidfd_getfd(2)`.
///
/// @param pid its process id
/// @param started when it was started, in clock ticks since boot: with the id, no other process has both
public record DescriptorHolder(long pid, long started) {
    private static final System.Logger LOG = System.getLogger(DescriptorHolder.class.getName());

    private static final List<Path> PROGRAMS = List.of(Path.of("/bin/sleep"), Path.of("/usr/bin/sleep"));
    /// Busybox knows no `infinity`; this is 68 years.
    private static final String SECONDS = Integer.toString(Integer.MAX_VALUE);

    /// The number of the first that is held; below it are the standard ones.
    private static final int FIRST = 3;

    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final short POSIX_SPAWN_SETSID = 0x80;

    /// `posix_spawn_file_actions_t` and `posix_spawnattr_t` of glibc have 80 and 336 bytes.
    private static final long OPAQUE = 1024;

    /// Who was killed is gone within milliseconds.
    private static final int LOOKS = 1000;

    private static final long LOOK_NANOS = 1_000_000;

    private static final int START_FIELD_AFTER_NAME = 19;

    /// Starts one.
    ///
    /// @param descriptors of this process, to be held besides
    /// @return empty when this machine has no `sleep` or no library that can start it so
    public static Optional<DescriptorHolder> start(List<Integer> descriptors) {
        Optional<Path> program = PROGRAMS.stream().filter(Files::isExecutable).findFirst();
        if (program.isEmpty()) {
            return Optional.empty();
        }
        List<Integer> high = new ArrayList<>();
        try (Arena memory = Arena.ofConfined()) {
            for (int descriptor : descriptors) { // out of the way of the numbers that they get there
                high.add((int) Kernel.call(
                        Scratch.ofThread(),
                        CallNumbers.FCNTL,
                        descriptor,
                        F_DUPFD_CLOEXEC,
                        FIRST + descriptors.size()));
            }
            long pid = new Spawn(memory).run(program.get(), high);
            return Optional.of(new DescriptorHolder(pid, startOf(pid).orElse(-1L)));
        } catch (NoSuchElementException | IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "no process to hold descriptors: " + e);
            return Optional.empty();
        } finally {
            for (int descriptor : high) {
                int ignored = Kernel.close(Scratch.ofThread(), descriptor);
            }
        }
    }

    /// `posix_spawn(3)` and what prepares it.
    ///
    /// @param memory of the arguments
    private record Spawn(Arena memory) {
        long run(Path program, List<Integer> descriptors) throws IOException {
            MemorySegment actions = memory.allocate(OPAQUE, 16);
            MemorySegment attributes = memory.allocate(OPAQUE, 16);
            call("posix_spawn_file_actions_init", actions);
            call("posix_spawnattr_init", attributes);
            check(call(
                    handle("posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT)),
                    attributes,
                    POSIX_SPAWN_SETSID));
            MethodHandle open = handle(
                    "posix_spawn_file_actions_addopen",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
            for (int standard = 0; standard < FIRST; standard++) {
                check(call(open, actions, standard, memory.allocateFrom("/dev/null"), Flags.O_RDWR, 0));
            }
            MethodHandle copy = handle(
                    "posix_spawn_file_actions_adddup2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
            for (int i = 0; i < descriptors.size(); i++) {
                check(call(copy, actions, descriptors.get(i), FIRST + i));
            }
            // The locks and sockets of this process are not to outlive it.
            check(call(
                    handle(
                            "posix_spawn_file_actions_addclosefrom_np",
                            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT)),
                    actions,
                    FIRST + descriptors.size()));
            check(call(
                    handle("posix_spawn_file_actions_addchdir_np", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS)),
                    actions,
                    memory.allocateFrom("/")));
            MethodHandle spawn = handle(
                    "posix_spawn",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
            MemorySegment pid = memory.allocate(JAVA_INT);
            MemorySegment path = memory.allocateFrom(program.toString());
            check(call(spawn, pid, path, actions, attributes, strings("sleep", SECONDS), strings("LIGHTER=holder")));
            call("posix_spawnattr_destroy", attributes);
            call("posix_spawn_file_actions_destroy", actions);
            return pid.get(JAVA_INT, 0);
        }

        private MemorySegment strings(String... all) {
            MemorySegment array = memory.allocate(ADDRESS, all.length + 1L);
            for (int i = 0; i < all.length; i++) {
                array.setAtIndex(ADDRESS, i, memory.allocateFrom(all[i]));
            }
            return array;
        }

        private static void call(String name, MemorySegment argument) throws IOException {
            check(call(handle(name, FunctionDescriptor.of(JAVA_INT, ADDRESS)), argument));
        }

        private static int call(MethodHandle function, Object... arguments) {
            try {
                return (int) function.invokeWithArguments(arguments);
            } catch (Throwable t) {
                throw new IllegalStateException("a function of the C library threw", t);
            }
        }

        private static MethodHandle handle(String name, FunctionDescriptor shape) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape);
        }

        private static void check(int errno) throws IOException {
            if (errno != 0) {
                throw new IOException("posix_spawn: " + Errno.name(errno));
            }
        }
    }

    private static Optional<Long> startOf(long pid) {
        try {
            String status = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields =
                    status.substring(status.lastIndexOf(')') + 2).strip().split(" ");
            return fields[0].equals("Z")
                    ? Optional.empty()
                    : Optional.of(Long.parseLong(fields[START_FIELD_AFTER_NAME]));
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException e) {
            LOG.log(System.Logger.Level.TRACE, "process " + pid + " is not there", e);
            return Optional.empty();
        }
    }

    /// Whether it still holds.
    public boolean alive() {
        return startOf(pid).filter(ticks -> ticks == started).isPresent();
    }

    /// A copy of what it holds.
    ///
    /// @param index in the list that it was started with
    /// @return a descriptor of this process, or `-errno`: `-ESRCH` when it has ended
    public int take(int index) {
        if (!alive()) {
            return -Errno.ESRCH;
        }
        Scratch scratch = Scratch.ofThread();
        int process = (int) Kernel.call(scratch, CallNumbers.PIDFD_OPEN, pid, 0);
        if (process < 0) {
            return process;
        }
        try {
            return (int) Kernel.call(scratch, CallNumbers.PIDFD_GETFD, process, FIRST + index, 0);
        } finally {
            int ignored = Kernel.close(scratch, process);
        }
    }

    /// Has it let go of what it holds, and waits for that.
    public void end() {
        if (alive()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
            long ignored = Kernel.call(Scratch.ofThread(), CallNumbers.WAIT4, pid, 0, 0, 0); // if it is our child
            for (int look = 0; look < LOOKS && alive(); look++) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
    }
}
