package io.lighterage.app.progress;

import io.lighterage.runtime.ProgressListener;

/// Shows the progress of one pull or unpack; closing leaves the terminal ready for other output.
public interface ProgressDisplay extends ProgressListener, AutoCloseable {
    /// Shows nothing.
    ProgressDisplay NONE = event -> {};

    @Override
    default void close() {}
}
