package io.lighterage.contentstore.disk;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/// Runs file operations that must not stop half-way because their thread is interrupted; the interrupt is kept for
/// later.
final class Uninterrupted {
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    private Uninterrupted() {}

    /// @param action can be repeated; opens its channel itself or goes through a [SteadyFile]
    static void run(Action action) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    action.run();
                    return;
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
