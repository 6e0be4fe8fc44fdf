package io.lighterage.app.demo;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// One direction of a slow line, which all connections share: whoever sends waits until the line is free and has taken
/// what is sent. Thread-safe; never blocks, but says until when to wait.
final class Line {
    private final LinkSpeed speed;
    private final LongSupplier clock;
    private final AtomicLong carried = new AtomicLong();
    private long freeAt;

    /// @param clock nanoseconds
    Line(LinkSpeed speed, LongSupplier clock) {
        this.speed = speed;
        this.clock = clock;
        this.freeAt = clock.getAsLong();
    }

    /// Puts bytes on the line.
    ///
    /// @return when it has taken them all, on the clock; they arrive [#delay] later
    synchronized long send(int bytes) {
        long now = clock.getAsLong();
        freeAt = (freeAt - now > 0 ? freeAt : now) + speed.nanos(bytes);
        carried.addAndGet(bytes);
        return freeAt;
    }

    /// Nanoseconds from one end to the other.
    long delay() {
        return speed.roundTrip().toNanos() / 2;
    }

    /// Bytes sent so far.
    long carried() {
        return carried.get();
    }
}
