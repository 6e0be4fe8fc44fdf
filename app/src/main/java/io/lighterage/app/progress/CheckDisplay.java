package io.lighterage.app.progress;

import io.lighterage.app.ByteCount;
import io.lighterage.contentstore.Store;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/// Shows how far `fsck` has come: one line on a terminal, nothing elsewhere.
public final class CheckDisplay implements Store.FsckListener, AutoCloseable {
    private final @Nullable PrintStream terminal;
    private long shown = -1;

    /// @param terminal the terminal, or null where there is none
    public CheckDisplay(@Nullable PrintStream terminal) {
        this.terminal = terminal;
    }

    @Override
    public synchronized void checked(long blobs, long totalBlobs, long bytes, long totalBytes) {
        long percent = totalBytes == 0 ? 100 : bytes * 100 / totalBytes;
        if (terminal == null || percent == shown) {
            return;
        }
        shown = percent;
        terminal.print("\r\u001b[K" + percent + "%  " + blobs + " of " + totalBlobs + " blobs, " + ByteCount.text(bytes)
                + " of " + ByteCount.text(totalBytes));
        terminal.flush();
    }

    @Override
    public void close() {
        if (terminal != null && shown >= 0) {
            terminal.print("\r\u001b[K");
            terminal.flush();
        }
    }
}
