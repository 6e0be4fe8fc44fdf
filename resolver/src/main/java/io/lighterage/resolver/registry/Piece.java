package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Ingest.ByteRange;
import org.jspecify.annotations.Nullable;

/// A part of a blob that one request brings. Its bytes are claimed before they are written, and what is not claimed can
/// be cut off and given to another request. Safe for use by several threads.
final class Piece {
    private final long offset;
    private final int generation;
    private long begun;
    private long at;
    private long end;
    private long advanced;
    private @Nullable Reply reply;

    /// @param generation how often these bytes were taken from another request
    /// @param begun what time it is, in nanoseconds
    Piece(ByteRange range, int generation, long begun) {
        this.offset = range.offset();
        this.at = range.offset();
        this.end = range.end();
        this.generation = generation;
        this.begun = begun;
        this.advanced = begun;
    }

    /// What is still to be fetched; nothing when the piece is complete or was cut to what it has.
    synchronized ByteRange rest() {
        return new ByteRange(at, end - at);
    }

    synchronized boolean isComplete() {
        return at == end;
    }

    /// Says which answer the rest comes from, so that a cut can end it.
    ///
    /// @param now what time it is, in nanoseconds
    synchronized void from(Reply answer, long now) {
        if (at == offset) {
            begun = now; // what it waited for a place in the queue says nothing about the connection
        }
        advanced = now;
        reply = answer;
        if (at == end) {
            answer.cancel(); // cut before the answer came
        }
    }

    /// Says that no answer is being read.
    synchronized void fromNowhere() {
        reply = null;
    }

    /// Makes bytes at the front this request's own.
    ///
    /// @param most how many there are
    /// @param now what time it is, in nanoseconds
    /// @return how many it may write
    synchronized int claim(int most, long now) {
        int claimed = (int) Math.min(most, end - at);
        at += claimed;
        advanced = now;
        return claimed;
    }

    /// Ends the piece where it is and the request with it.
    ///
    /// @return the bytes that nobody fetches any more
    synchronized ByteRange cut() {
        ByteRange rest = rest();
        end = at;
        Reply answer = reply;
        if (answer != null) {
            answer.cancel();
        }
        return rest;
    }

    int generation() {
        return generation;
    }

    /// Where the rest begins.
    synchronized long offset() {
        return at;
    }

    /// Whether an answer is being read.
    synchronized boolean isOpen() {
        return reply != null;
    }

    synchronized long fetched() {
        return at - offset;
    }

    synchronized long begun() {
        return begun;
    }

    synchronized long advanced() {
        return advanced;
    }
}
