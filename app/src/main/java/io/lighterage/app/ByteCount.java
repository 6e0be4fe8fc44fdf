package io.lighterage.app;

import java.util.Locale;

/// Sizes and times as people read them.
public final class ByteCount {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB"};

    private ByteCount() {}

    /// Bytes in decimal units with three significant digits, such as `0 B`, `1.23 MB`, `45.6 GB`.
    public static String text(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f %s", value, UNITS[unit]);
    }

    /// Milliseconds as seconds or minutes, such as `0.4 s` and `2:05`.
    public static String seconds(long millis) {
        long whole = millis / 1000;
        return whole < 60
                ? String.format(Locale.ROOT, "%.1f s", millis / 1000.0)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }
}
