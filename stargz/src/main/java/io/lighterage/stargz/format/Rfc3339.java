package io.lighterage.stargz.format;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/// Times such as `2024-05-01T12:34:56.789Z` (RFC 3339).
final class Rfc3339 {
    /// `2024-05-01T12:34:56`
    private static final int PLAIN = 19;

    private static final int MOST_DIGITS = 9;

    private Rfc3339() {}

    /// @param seconds since the epoch
    /// @param nanos 0..999,999,999
    record Time(long seconds, int nanos) {
        static final Time EPOCH = new Time(0, 0);
    }

    /// @return null when it is no time; the epoch when it is empty
    static @Nullable Time parse(String text) {
        if (text.isEmpty()) {
            return Time.EPOCH;
        }
        try {
            return text.endsWith("Z") && text.length() > PLAIN ? utc(text) : other(text);
        } catch (DateTimeException | NumberFormatException e) {
            return null;
        }
    }

    private static Time other(String text) {
        OffsetDateTime time = OffsetDateTime.parse(text);
        return new Time(time.toEpochSecond(), time.getNano());
    }

    /// What nearly all are, without the costs of the general case.
    private static Time utc(String text) {
        boolean shaped = text.charAt(4) == '-'
                && text.charAt(7) == '-'
                && text.charAt(10) == 'T'
                && text.charAt(13) == ':'
                && text.charAt(16) == ':';
        int hour = digits(text, 11, 13);
        int minute = digits(text, 14, 16);
        int second = digits(text, 17, 19);
        if (!shaped || hour > 23 || minute > 59 || second > 59) {
            throw new NumberFormatException(text);
        }
        LocalDate day = LocalDate.of(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10));
        long seconds = day.toEpochDay() * 86_400 + hour * 3_600L + minute * 60L + second;
        return new Time(seconds, nanos(text));
    }

    private static int nanos(String text) {
        int digits = text.length() - 1 - PLAIN - 1;
        if (digits < 0) {
            return 0;
        }
        if (text.charAt(PLAIN) != '.' || digits == 0) {
            throw new NumberFormatException(text);
        }
        // what is finer than a nanosecond is cut off, as Go does
        int known = Math.min(digits, MOST_DIGITS);
        for (int i = PLAIN + 1 + known; i < text.length() - 1; i++) {
            digits(text, i, i + 1);
        }
        int nanos = digits(text, PLAIN + 1, PLAIN + 1 + known);
        for (int i = known; i < MOST_DIGITS; i++) {
            nanos *= 10;
        }
        return nanos;
    }

    private static int digits(String text, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw new NumberFormatException(text);
            }
            value = value * 10 + digit;
        }
        return value;
    }
}
