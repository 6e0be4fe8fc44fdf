package io.lighterage.runtime.bundle;

/// Why a container's run is over.
public enum Ending {
    /// The line that was waited for was printed.
    LINE,
    /// The time it was given has passed.
    TIME,
    /// Its process ended by itself.
    EXIT
}
