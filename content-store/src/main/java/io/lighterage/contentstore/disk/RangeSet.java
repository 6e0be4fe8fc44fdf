package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Ingest.ByteRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Which bytes of a file are meant: ascending ranges that neither overlap nor touch. Its owner guards it.
///
/// Two plain arrays, since a blob rarely has more ranges than connections, and a write must not allocate.
final class RangeSet {
    private long[] starts = new long[8];
    private long[] ends = new long[8];
    private int count;

    void add(long start, long end) {
        if (start >= end) {
            return;
        }
        int from = firstEndingAtOrAfter(start);
        int to = from;
        long low = start;
        long high = end;
        while (to < count && starts[to] <= end) {
            low = Math.min(low, starts[to]);
            high = Math.max(high, ends[to]);
            to++;
        }
        if (to == from) {
            makeRoomAt(from);
        } else {
            closeGap(from + 1, to);
        }
        starts[from] = low;
        ends[from] = high;
    }

    void remove(long start, long end) {
        if (start >= end) {
            return;
        }
        int at = firstEndingAtOrAfter(start + 1);
        if (at < count && starts[at] < start) {
            long tail = ends[at];
            ends[at] = start;
            at++;
            if (tail > end) {
                makeRoomAt(at);
                starts[at] = end;
                ends[at] = tail;
                return;
            }
        }
        int to = at;
        while (to < count && ends[to] <= end) {
            to++;
        }
        closeGap(at, to);
        if (at < count && starts[at] < end) {
            starts[at] = end;
        }
    }

    /// The end of the range that holds `position`, or `position` itself when none does.
    long runEnd(long position) {
        int at = firstEndingAtOrAfter(position + 1);
        return at < count && starts[at] <= position ? ends[at] : position;
    }

    boolean overlaps(long start, long end) {
        int at = firstEndingAtOrAfter(start + 1);
        return at < count && starts[at] < end;
    }

    /// Where the first range that begins in `[start, end)` begins, or `end` when none does; no range holds `start`.
    long firstStart(long start, long end) {
        int at = firstEndingAtOrAfter(start + 1);
        return at < count ? Math.min(starts[at], end) : end;
    }

    boolean isEmpty() {
        return count == 0;
    }

    long total() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += ends[i] - starts[i];
        }
        return sum;
    }

    List<ByteRange> gaps(long size) {
        List<ByteRange> gaps = new ArrayList<>();
        long at = 0;
        for (int i = 0; i < count; i++) {
            if (starts[i] > at) {
                gaps.add(new ByteRange(at, starts[i] - at));
            }
            at = ends[i];
        }
        if (at < size) {
            gaps.add(new ByteRange(at, size - at));
        }
        return gaps;
    }

    private int firstEndingAtOrAfter(long position) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ends[middle] < position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void makeRoomAt(int index) {
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, count * 2);
            ends = Arrays.copyOf(ends, count * 2);
        }
        System.arraycopy(starts, index, starts, index + 1, count - index);
        System.arraycopy(ends, index, ends, index + 1, count - index);
        count++;
    }

    /// Drops the ranges with index `from` up to but not including `to`.
    private void closeGap(int from, int to) {
        if (from >= to) {
            return;
        }
        System.arraycopy(starts, to, starts, from, count - to);
        System.arraycopy(ends, to, ends, from, count - to);
        count -= to - from;
    }
}
