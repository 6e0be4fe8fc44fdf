package io.lighterage.app;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Turns SIGINT and SIGTERM into an interrupt of the verb's thread and gives it time to put things in order: what was
/// downloaded is kept, half an unpacked tree is removed. The JVM then ends with 128 + the signal's number.
final class Interruption {
    /// Removing half a tree of 100,000 files takes seconds; a user who waits longer presses the keys again, in vain,
    /// so do not let them wait for ever.
    private static final int PATIENCE_SECONDS = 20;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean signalled;

    private Interruption() {}

    static Interruption ofCurrentThread() {
        Interruption interruption = new Interruption();
        Thread verb = Thread.currentThread();
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("interrupt").unstarted(() -> interruption.stop(verb)));
        return interruption;
    }

    /// Whether a signal is ending the process. It goes on ending once [#verbEnded] is called, with the signal's status.
    boolean signalled() {
        return signalled;
    }

    /// Says that there is nothing left to put in order.
    ///
    /// @return false when a signal is ending the process, which gives it its status
    boolean verbEnded() {
        ended.countDown();
        return !signalled;
    }

    private void stop(Thread verb) {
        if (ended.getCount() == 0) {
            return;
        }
        signalled = true;
        verb.interrupt();
        try {
            boolean tidy = ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assert tidy || ended.getCount() == 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
