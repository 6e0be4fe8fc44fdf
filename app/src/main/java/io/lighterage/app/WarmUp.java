package io.lighterage.app;

import io.lighterage.runtime.ImageRuntime;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Loads SQLite and the HTTP client on the second processor while the first reads the command line. Whoever needs
/// either waits for it, so that no class is ever initialized from two sides.
final class WarmUp {
    private static final Set<String> VERBS = Set.of("pull", "unpack", "mount", "record", "snapshotter");

    private static @Nullable Thread running;

    private WarmUp() {}

    /// Starts when one of the words is a verb that opens the store and asks a registry; once a process.
    static synchronized void startFor(List<String> words) {
        if (running == null && words.stream().anyMatch(VERBS::contains)) {
            running = Thread.ofPlatform().daemon().name("warm-up").start(WarmUp::run);
        }
    }

    private static void run() {
        try {
            ImageRuntime.prepare();
        } catch (RuntimeException | LinkageError e) {
            System.getLogger(WarmUp.class.getName()).log(System.Logger.Level.DEBUG, "left to who needs it", e);
        }
    }

    /// Returns when what was started is done.
    static void await() {
        Thread started;
        synchronized (WarmUp.class) {
            started = running;
        }
        boolean interrupted = false;
        while (started != null && started.isAlive()) {
            try {
                started.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
