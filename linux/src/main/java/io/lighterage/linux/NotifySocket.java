package io.lighterage.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The socket on which a service manager listens for what its services say of themselves: `sd_notify(3)`,
/// one datagram a message, without libsystemd. Stateless; safe for use by several threads.
///
/// @param address what `NOTIFY_SOCKET` holds: an absolute path, or a name in the abstract name space behind
///     `@`
public record NotifySocket(String address) {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDTIMEO = 20;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_NOSIGNAL = 0x4000;

    /// `sun_path` has 108 bytes; a path needs one of them for its NUL.
    private static final int LONGEST = 107;

    /// The kernel refuses more in one message (`SCM_MAX_FD`).
    public static final int MOST_DESCRIPTORS = 253;

    /// A manager that does not read for as long has other troubles; we go on.
    private static final long PATIENCE_SECONDS = 10;

    private static final int MESSAGE_BYTES = 56;
    private static final int CONTROL_HEADER_BYTES = 16;

    /// @throws IllegalArgumentException when the address is neither of the two, or too long
    public NotifySocket {
        boolean path = address.startsWith("/") && address.length() > 1;
        boolean name = address.startsWith("@") && address.length() > 1;
        if (!path && !name) {
            throw new IllegalArgumentException("'" + Descriptors.printable(address.getBytes(UTF_8))
                    + "' is neither an absolute path nor a name that begins with '@'");
        }
        if (address.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("'" + Descriptors.printable(address.getBytes(UTF_8)) + "' holds a NUL");
        }
        int bytes = address.getBytes(UTF_8).length;
        if (bytes > LONGEST) {
            throw new IllegalArgumentException(
                    "'" + address + "' has " + bytes + " bytes, and a socket's address at most " + LONGEST);
        }
    }

    /// Sends assignments, one a line, as `READY=1`.
    ///
    /// @throws ErrnoException when nobody takes them
    public void send(String assignments) {
        send(assignments, List.of());
    }

    /// Has the manager keep descriptors under a name (`FDSTORE=1`), and hand them to this service's next
    /// process. They stay open here as well.
    ///
    /// @param name ASCII without control characters and ':', at most 255 characters
    /// @param descriptors at least one and at most [#MOST_DESCRIPTORS]
    /// @throws ErrnoException when nobody takes them
    public void store(String name, List<Integer> descriptors) {
        boolean proper = !name.isEmpty()
                && name.length() <= 255
                && name.chars().allMatch(c -> c >= 0x20 && c < 0x7f && c != ':');
        if (!proper) {
            throw new IllegalArgumentException("'" + name + "' cannot name descriptors in a service manager's store");
        }
        if (descriptors.isEmpty() || descriptors.size() > MOST_DESCRIPTORS) {
            throw new IllegalArgumentException(
                    descriptors.size() + " descriptors; one message carries 1 to " + MOST_DESCRIPTORS);
        }
        send("FDSTORE=1\nFDNAME=" + name, descriptors);
    }

    private void send(String assignments, List<Integer> descriptors) {
        Scratch scratch = Scratch.ofThread();
        long socket = Kernel.call(scratch, CallNumbers.SOCKET, AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
        Descriptors.check(socket, "socket", address);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment patience = arena.allocate(16, 8);
            patience.set(JAVA_LONG, 0, PATIENCE_SECONDS);
            long set = Kernel.call(
                    scratch, CallNumbers.SETSOCKOPT, socket, SOL_SOCKET, SO_SNDTIMEO, patience.address(), 16);
            Descriptors.check(set, "setsockopt", address);
            MemorySegment message = message(arena, assignments, descriptors);
            long sent = Kernel.call(scratch, CallNumbers.SENDMSG, socket, message.address(), MSG_NOSIGNAL);
            Descriptors.check(sent, "sendmsg", address);
        } finally {
            int closed = Kernel.close(scratch, (int) socket);
            assert closed == 0 : closed;
        }
    }

    /// A `struct msghdr` with everything it points to.
    private MemorySegment message(Arena arena, String assignments, List<Integer> descriptors) {
        byte[] path = address.getBytes(UTF_8);
        boolean named = path[0] == '@';
        // An abstract name begins with a NUL and has the length that is told; a path ends with one.
        int nameBytes = 2 + path.length + (named ? 0 : 1);
        MemorySegment name = arena.allocate(nameBytes, 8);
        name.set(JAVA_SHORT, 0, (short) AF_UNIX);
        MemorySegment.copy(path, 0, name, JAVA_BYTE, 2, path.length);
        if (named) {
            name.set(JAVA_BYTE, 2, (byte) 0);
        }
        byte[] text = assignments.getBytes(UTF_8);
        MemorySegment content = arena.allocate(Math.max(1, text.length));
        MemorySegment.copy(text, 0, content, JAVA_BYTE, 0, text.length);
        MemorySegment vector = arena.allocate(16, 8);
        vector.set(JAVA_LONG, 0, content.address());
        vector.set(JAVA_LONG, 8, text.length);
        MemorySegment message = arena.allocate(MESSAGE_BYTES, 8);
        message.set(JAVA_LONG, 0, name.address());
        message.set(JAVA_INT, 8, nameBytes);
        message.set(JAVA_LONG, 16, vector.address());
        message.set(JAVA_LONG, 24, 1);
        if (!descriptors.isEmpty()) {
            MemorySegment control = control(arena, descriptors);
            message.set(JAVA_LONG, 32, control.address());
            message.set(JAVA_LONG, 40, control.byteSize());
        }
        return message;
    }

    private static MemorySegment control(Arena arena, List<Integer> descriptors) {
        long bytes = CONTROL_HEADER_BYTES + 4L * descriptors.size();
        MemorySegment control = arena.allocate((bytes + 7) & ~7L, 8);
        control.set(JAVA_LONG, 0, bytes);
        control.set(JAVA_INT, 8, SOL_SOCKET);
        control.set(JAVA_INT, 12, SCM_RIGHTS);
        for (int i = 0; i < descriptors.size(); i++) {
            control.set(JAVA_INT, CONTROL_HEADER_BYTES + 4L * i, descriptors.get(i));
        }
        return control;
    }
}
