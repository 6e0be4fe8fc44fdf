package io.lighterage.app.progress;

import io.lighterage.runtime.ProgressEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is known of one pull or unpack at a moment: the sum of the events so far. Not safe for several threads.
final class Board {
    private final Map<String, Row> rows = new LinkedHashMap<>();
    private String name = "";
    private boolean complete;
    private @Nullable Instant begin;

    /// One blob. Downloading and unpacking overlap, so both are kept.
    ///
    /// @param subject its digest
    /// @param state the furthest it has come
    /// @param fetched bytes here
    /// @param size bytes in all, 0 when not known
    /// @param unpacked uncompressed bytes applied
    /// @param since when its bytes began to arrive
    /// @param resumedAt bytes that were here then
    record Row(
            String subject,
            ProgressEvent.State state,
            long fetched,
            long size,
            long unpacked,
            Instant since,
            long resumedAt) {

        Row with(ProgressEvent event) {
            ProgressEvent.State furthest = event.state().compareTo(state) > 0 ? event.state() : state;
            boolean begins = event.state() == ProgressEvent.State.DOWNLOADING && fetched == 0;
            boolean unpacks = event.state().compareTo(ProgressEvent.State.UNPACKING) >= 0;
            return new Row(
                    subject,
                    furthest,
                    unpacks ? fetched : Math.max(fetched, event.current()),
                    Math.max(size, unpacks ? 0 : event.total()),
                    unpacks ? Math.max(unpacked, event.current()) : unpacked,
                    begins ? event.at() : since,
                    begins ? event.current() : resumedAt);
        }

        /// Whether all its bytes are here.
        boolean here() {
            return state == ProgressEvent.State.EXISTS
                    || (state.compareTo(ProgressEvent.State.DOWNLOADED) >= 0 && fetched >= size);
        }

        /// Bytes a second since they began to arrive.
        long rate(Instant now) {
            long millis = Duration.between(since, now).toMillis();
            return millis <= 0 ? 0 : (fetched - resumedAt) * 1000 / millis;
        }
    }

    void apply(ProgressEvent event) {
        if (begin == null) {
            begin = event.at();
        }
        if (Subjects.isDigest(event.subject())) {
            Row first = new Row(event.subject(), ProgressEvent.State.WAITING, 0, 0, 0, event.at(), 0);
            rows.put(event.subject(), rows.getOrDefault(event.subject(), first).with(event));
        } else {
            name = event.subject();
            complete |= event.state() == ProgressEvent.State.COMPLETE;
        }
    }

    String name() {
        return name;
    }

    List<Row> rows() {
        return List.copyOf(rows.values());
    }

    boolean complete() {
        return complete;
    }

    Duration elapsed(Instant now) {
        return begin == null ? Duration.ZERO : Duration.between(begin, now);
    }

    long fetched() {
        return rows.values().stream().mapToLong(Row::fetched).sum();
    }

    long size() {
        return rows.values().stream().mapToLong(Row::size).sum();
    }
}
