package io.lighterage.runtime;

/// Hears of progress, from any thread and often; must not block.
@FunctionalInterface
public interface ProgressListener {
    /// Hears nothing.
    ProgressListener NONE = event -> {};

    void on(ProgressEvent event);
}
