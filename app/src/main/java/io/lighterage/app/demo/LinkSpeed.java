package io.lighterage.app.demo;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.time.Duration;

/// How slow a line is.
///
/// @param megabits Mbit/s in each direction, 10⁶ bits each; 0 for as fast as it goes
/// @param roundTrip how long a byte and its answer are under way
public record LinkSpeed(int megabits, Duration roundTrip) {
    /// A home's or a small office's line to a registry in the same country.
    private static final Duration USUAL_ROUND_TRIP = Duration.ofMillis(20);

    private static final int MAX_MEGABITS = 100_000;

    public LinkSpeed {
        if (megabits < 0 || megabits > MAX_MEGABITS || roundTrip.isNegative()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "a line of " + megabits + " Mbit/s and " + roundTrip.toMillis() + " ms; expected 0 to "
                            + MAX_MEGABITS + " Mbit/s and no negative time");
        }
    }

    /// A line of that speed with the usual round trip; 0 for one that takes no time.
    public static LinkSpeed of(int megabits) {
        return new LinkSpeed(megabits, megabits == 0 ? Duration.ZERO : USUAL_ROUND_TRIP);
    }

    /// How long a number of bytes takes the line.
    long nanos(long bytes) {
        return megabits == 0 ? 0 : bytes * 8000 / megabits;
    }

    @Override
    public String toString() {
        return megabits == 0 ? "no limit" : megabits + " Mbit/s and " + roundTrip.toMillis() + " ms";
    }
}
