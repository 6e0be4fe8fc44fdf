package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// The ingests this store has open, and whether the disk can hold what they still want.
final class LiveIngests {
    /// Left for the metadata and its log when a blob fits exactly.
    private static final long MARGIN = 1 << 20;

    private final Set<LocalIngest> live = new HashSet<>();

    /// @throws ImageException EXHAUSTED when the disk cannot hold the missing bytes of this one and of all others
    synchronized void add(LocalIngest ingest, Path where) {
        long wanted = ingest.remaining();
        long others = live.stream().mapToLong(LocalIngest::remaining).sum();
        long free = where.toFile().getUsableSpace();
        if (wanted > free - MARGIN - others) {
            throw new ImageException(
                    ErrorKind.EXHAUSTED,
                    "cannot begin blob " + ingest.expected().digest() + " in " + where + ": it needs " + wanted
                            + " bytes more, other downloads " + others + " and the metadata " + MARGIN + ", but "
                            + free + " are free; free some space (`lighter gc`) or choose another --root");
        }
        live.add(ingest);
    }

    synchronized void remove(LocalIngest ingest) {
        live.remove(ingest);
    }
}
