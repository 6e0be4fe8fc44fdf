package io.lighterage.remotesnapshotter.lazy;

import java.util.Optional;

/// Finds sequential readers among the reads of a flat file, and says how far ahead of them to fetch.
///
/// A reader that goes on where it stopped gets 128 KiB ahead, and twice as much each time it has used half of
/// that, up to 4 MiB. Readers are told apart by where they are, so two in one file do not disturb each other.
final class ReadAhead {
    static final long FIRST = 128 << 10;
    static final long LARGEST = 4 << 20;
    /// More readers at once than this lose their place, and begin anew.
    private static final int READERS = 32;
    /// The kernel's own read-ahead may come out of order by so much.
    private static final long SLACK = 256 << 10;

    /// Bytes `[from, to)` of the flat file.
    record Stretch(long from, long to) {}

    private final Reader[] readers = new Reader[READERS];
    private long turn;

    private static final class Reader {
        private long next = Long.MIN_VALUE;
        private long window;
        private long ahead;
        private long used;
    }

    ReadAhead() {
        for (int i = 0; i < READERS; i++) {
            readers[i] = new Reader();
        }
    }

    /// What to fetch besides, after a read of `[offset, end)`.
    synchronized Optional<Stretch> after(long offset, long end) {
        turn++;
        Reader reader = find(offset);
        reader.used = turn;
        if (!isSequel(reader, offset)) {
            reader.next = end;
            reader.window = 0;
            reader.ahead = end;
            return Optional.empty();
        }
        reader.next = Math.max(reader.next, end);
        reader.ahead = Math.max(reader.ahead, reader.next);
        if (reader.ahead - reader.next > reader.window / 2) {
            return Optional.empty();
        }
        reader.window = reader.window == 0 ? FIRST : Math.min(LARGEST, 2 * reader.window);
        long from = reader.ahead;
        reader.ahead = reader.next + reader.window;
        return from < reader.ahead ? Optional.of(new Stretch(from, reader.ahead)) : Optional.empty();
    }

    private static boolean isSequel(Reader reader, long offset) {
        return reader.next != Long.MIN_VALUE && Math.abs(offset - reader.next) <= (reader.window == 0 ? 0 : SLACK);
    }

    private Reader find(long offset) {
        Reader oldest = readers[0];
        for (Reader reader : readers) {
            if (isSequel(reader, offset)) {
                return reader;
            }
            if (reader.used < oldest.used) {
                oldest = reader;
            }
        }
        return oldest;
    }
}
