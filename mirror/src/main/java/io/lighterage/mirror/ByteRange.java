package io.lighterage.mirror;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a `Range` header asks of a body of known size (RFC 9110, section 14).
sealed interface ByteRange {
    /// No range, one that is not understood, or several at once, which a server may answer with everything.
    record Whole() implements ByteRange {}

    /// Bytes `first` to `last`, both included and inside the body.
    record Part(long first, long last) implements ByteRange {
        long length() {
            return last - first + 1;
        }
    }

    /// Nothing of what is asked exists.
    record Unsatisfiable() implements ByteRange {}

    // 18 digits: the longest count that cannot overflow a long.
    Pattern SINGLE = Pattern.compile("\\s*bytes\\s*=\\s*(\\d{0,18})\\s*-\\s*(\\d{0,18})\\s*", Pattern.CASE_INSENSITIVE);

    static ByteRange parse(String header, long size) {
        Matcher matcher = SINGLE.matcher(header);
        if (!matcher.matches()) {
            return new Whole();
        }
        String first = matcher.group(1);
        String last = matcher.group(2);
        if (first.isEmpty()) {
            return last.isEmpty() ? new Whole() : suffix(Long.parseLong(last), size);
        }
        long from = Long.parseLong(first);
        long to = last.isEmpty() ? Long.MAX_VALUE : Long.parseLong(last);
        if (to < from) {
            return new Whole();
        }
        return from >= size ? new Unsatisfiable() : new Part(from, Math.min(to, size - 1));
    }

    private static ByteRange suffix(long length, long size) {
        if (length == 0 || size == 0) {
            return new Unsatisfiable();
        }
        return new Part(Math.max(0, size - length), size - 1);
    }
}
