package io.lighterage.proxyplugin.filters;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;

/// Compiles patterns that cannot hang: RE2 takes time linear in what it reads, and these limits keep the program small
/// that a pattern becomes.
final class Patterns {
    private static final int LONGEST = 1024;

    /// RE2 writes `x{9}` out nine times, and `(x{9}){9}` 81 times.
    private static final int MOST_COPIES = 1000;

    private Patterns() {}

    /// @throws ImageException INVALID when it is none, or too large
    static Pattern compile(String pattern) {
        if (pattern.length() > LONGEST) {
            throw failure(pattern, "it has " + pattern.length() + " characters; expected at most " + LONGEST);
        }
        if (copies(pattern) > MOST_COPIES) {
            throw failure(pattern, "its repetitions make more than " + MOST_COPIES + " copies");
        }
        try {
            return Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw failure(pattern, String.valueOf(e.getMessage()));
        }
    }

    /// The product of all counts of repetition, nested or not: an upper bound.
    private static long copies(String pattern) {
        long copies = 1;
        for (int brace = pattern.indexOf('{'); brace >= 0; brace = pattern.indexOf('{', brace + 1)) {
            long most = 1;
            long number = 0;
            for (int i = brace + 1; i < pattern.length() && isPartOfCount(pattern.charAt(i)); i++) {
                char c = pattern.charAt(i);
                number = c == ',' ? 0 : Math.min(number * 10 + (c - '0'), MOST_COPIES + 1);
                most = Math.max(most, number);
            }
            copies = Math.min(copies * most, MOST_COPIES + 1);
        }
        return copies;
    }

    private static boolean isPartOfCount(char c) {
        return c == ',' || (c >= '0' && c <= '9');
    }

    private static ImageException failure(String pattern, String reason) {
        String shown = pattern.length() <= 100 ? pattern : pattern.substring(0, 100) + "…";
        return new ImageException(ErrorKind.INVALID, "cannot use the pattern '" + shown + "': " + reason);
    }
}
