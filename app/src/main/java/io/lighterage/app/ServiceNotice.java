package io.lighterage.app;

import io.lighterage.linux.ErrnoException;
import io.lighterage.linux.NotifySocket;
import org.jspecify.annotations.Nullable;

/// Tells the service manager that started us, if one did, that we serve and that we stop. What goes wrong
/// with that is a warning: the service is worth more than its being known.
public final class ServiceNotice implements AutoCloseable {
    private final Invocation invocation;
    private final @Nullable NotifySocket socket;

    private ServiceNotice(Invocation invocation, @Nullable NotifySocket socket) {
        this.invocation = invocation;
        this.socket = socket;
    }

    /// Says that we serve. Closing says that we stop.
    ///
    /// @param status for people, one line
    public static ServiceNotice ready(Invocation invocation, String status) {
        String address = invocation.environment().getOrDefault("NOTIFY_SOCKET", "");
        ServiceNotice notice = new ServiceNotice(invocation, address.isEmpty() ? null : socket(invocation, address));
        notice.send("READY=1\nSTATUS=" + status.replaceAll("\\p{Cntrl}", "?"));
        return notice;
    }

    private static @Nullable NotifySocket socket(Invocation invocation, String address) {
        try {
            return new NotifySocket(address);
        } catch (IllegalArgumentException e) {
            warn(invocation, "cannot use NOTIFY_SOCKET: " + e.getMessage());
            return null;
        }
    }

    @Override
    public void close() {
        send("STOPPING=1\nSTATUS=stopping");
    }

    private void send(String assignments) {
        if (socket == null) {
            return;
        }
        try {
            socket.send(assignments);
        } catch (ErrnoException e) {
            warn(invocation, "cannot send " + assignments.lines().findFirst().orElse("") + ": " + e.getMessage());
        }
    }

    private static void warn(Invocation invocation, String what) {
        invocation.err().println("lighter: warning: the service manager is not told of us: " + what);
        invocation.err().flush();
    }
}
