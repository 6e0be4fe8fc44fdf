package io.lighterage.resolver.registry;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/// Time, sleep and chance, so that tests can have their own.
///
/// @param clock what time it is
/// @param sleeper how to wait
/// @param random uniform in `[0, 1)`
record Timing(InstantSource clock, Sleeper sleeper, DoubleSupplier random) {
    /// Waits.
    interface Sleeper {
        void sleep(Duration duration) throws InterruptedException;
    }

    static Timing system() {
        return new Timing(
                InstantSource.system(),
                Thread::sleep,
                () -> ThreadLocalRandom.current().nextDouble());
    }
}
