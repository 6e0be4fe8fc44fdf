package io.lighterage.remotesnapshotter.flat;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.util.concurrent.TimeUnit;

/// The log's lines about reads that could not be served: readers are told `EIO` only. Thread-safe.
public final class ReadFailures {
    private static final System.Logger LOG = System.getLogger(ReadFailures.class.getName());

    /// A failing read is tried again by the kernel and by programs; one line in this time is enough.
    private static final long SAME_FAILURE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private String lastFailure = "";
    private long lastFailureAt;

    /// @param layer where
    /// @param path the file that was read
    /// @param offset where in it
    /// @param length bytes wanted, at most
    /// @param cause what failed
    public void report(Digest layer, RawName path, long offset, long length, ImageException cause) {
        String message = String.valueOf(cause.getMessage());
        // the flat file says both already
        boolean named = message.contains(layer.toString()) && message.contains(path.toString());
        String failure = named ? message : "cannot read '" + path + "' of layer " + layer + ": " + message;
        if (isNew(failure)) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    failure + " (" + cause.kind() + ", at offset " + offset + ", up to " + length
                            + " bytes; the reader got EIO)");
            LOG.log(System.Logger.Level.DEBUG, failure, cause);
        }
    }

    private synchronized boolean isNew(String failure) {
        long now = System.nanoTime();
        boolean repeated = failure.equals(lastFailure) && now - lastFailureAt < SAME_FAILURE_NANOS;
        if (!repeated) {
            lastFailure = failure;
            lastFailureAt = now;
        }
        return !repeated;
    }
}
