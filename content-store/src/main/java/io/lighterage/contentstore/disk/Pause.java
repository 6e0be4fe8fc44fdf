package io.lighterage.contentstore.disk;

/// Waits between two looks at something another process does.
@FunctionalInterface
interface Pause {
    void millis(long millis) throws InterruptedException;
}
