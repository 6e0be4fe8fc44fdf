package io.lighterage.app.config;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Times and sizes with their units, read and written.
final class Units {
    /// 18 digits always fit a long.
    private static final Pattern NUMBER_AND_UNIT = Pattern.compile("([0-9]{1,18}) ?([A-Za-z]+)");

    private static final Map<String, Long> MILLIS = Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L);
    private static final Map<String, Long> BYTES = bytes();

    private Units() {}

    /// Largest first, binary before decimal, so that the first that divides a size writes it best.
    private static Map<String, Long> bytes() {
        Map<String, Long> units = new LinkedHashMap<>();
        units.put("TiB", 1L << 40);
        units.put("GiB", 1L << 30);
        units.put("MiB", 1L << 20);
        units.put("TB", 1_000_000_000_000L);
        units.put("GB", 1_000_000_000L);
        units.put("MB", 1_000_000L);
        units.put("KiB", 1024L);
        units.put("kB", 1000L);
        units.put("B", 1L);
        return units;
    }

    static Optional<Duration> duration(String text) {
        return amount(text, MILLIS).map(Duration::ofMillis);
    }

    static Optional<Duration> seconds(long count) {
        return product(count, 1000).map(Duration::ofMillis);
    }

    static Optional<Long> size(String text) {
        return amount(text, BYTES);
    }

    static String duration(Duration time) {
        long millis = time.toMillis();
        if (millis == 0 || millis % 1000 != 0) {
            return millis + "ms";
        }
        return millis % 3_600_000 == 0
                ? millis / 3_600_000 + "h"
                : millis % 60_000 == 0 ? millis / 60_000 + "m" : millis / 1000 + "s";
    }

    static String size(long count) {
        for (Map.Entry<String, Long> unit : BYTES.entrySet()) {
            if (count % unit.getValue() == 0) {
                return count / unit.getValue() + unit.getKey();
            }
        }
        throw new IllegalStateException("a byte divides every size");
    }

    private static Optional<Long> amount(String text, Map<String, Long> units) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text);
        if (!matcher.matches() || !units.containsKey(matcher.group(2))) {
            return Optional.empty();
        }
        return product(Long.parseLong(matcher.group(1)), units.getOrDefault(matcher.group(2), 1L));
    }

    private static Optional<Long> product(long count, long unit) {
        long high = Math.multiplyHigh(count, unit);
        long low = count * unit;
        return high == (low >> 63) ? Optional.of(low) : Optional.empty();
    }
}
