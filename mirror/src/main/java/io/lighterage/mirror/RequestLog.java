package io.lighterage.mirror;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// The latest requests, in order of arrival. An entry is there before its answer's first byte is sent, so whoever
/// has read an answer finds its request here.
final class RequestLog {
    // About 10 MB at most; a test that makes more requests counts something else.
    private static final int KEPT = 65_536;

    private final Deque<Entry> entries = new ArrayDeque<>();

    /// One line, filled as the answer proceeds.
    static final class Entry {
        private final RequestRecord request;
        private volatile int status;
        private volatile long sent;

        private Entry(RequestRecord request) {
            this.request = request;
        }

        void status(int answered) {
            status = answered;
        }

        /// Called by the one thread that writes the answer.
        void sent(long total) {
            sent = total;
        }

        private RequestRecord snapshot() {
            return new RequestRecord(
                    request.method(),
                    request.path(),
                    request.query(),
                    request.range(),
                    request.authScheme(),
                    status,
                    sent);
        }
    }

    Entry add(Call call, String query) {
        Entry entry = new Entry(new RequestRecord(
                call.method(), call.path(), query, call.header("range").orElse(""), call.authorizationScheme(), 0, 0));
        synchronized (entries) {
            if (entries.size() >= KEPT) {
                entries.removeFirst();
            }
            entries.addLast(entry);
        }
        return entry;
    }

    List<RequestRecord> snapshot() {
        synchronized (entries) {
            return entries.stream().map(Entry::snapshot).toList();
        }
    }

    void clear() {
        synchronized (entries) {
            entries.clear();
        }
    }
}
